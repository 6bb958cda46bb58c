//! WAMR behind safe functions: modules that are linked and instantiated, calls, and what their exports hold. It must
//! not know how operations travel.

use std::ffi::{CStr, CString, c_char, c_void};
use std::ptr::NonNull;
use std::rc::Rc;
use std::sync::OnceLock;

use crate::values::{Parent, Type, Value};

/// Of the stack on which the engine keeps its frames.
const STACK_BYTES: u32 = 2 << 20;
/// What the engine's own messages fit into.
const WORDS_BYTES: u32 = 256;

/// A module, an instance, a function or an environment of the engine.
type Handle = NonNull<c_void>;

/// The type of a function, as `engine.c` shows it.
#[repr(C)]
struct Shape {
    types: *const u8,
    params: u32,
    results: u32,
    param_cells: u32,
    result_cells: u32,
}

/// The functions of `engine.c`, in its order.
#[repr(C)]
struct Interface {
    start: unsafe extern "C" fn() -> bool,
    load: unsafe extern "C" fn(*mut u8, u32, *mut c_char, u32) -> Option<Handle>,
    unload: unsafe extern "C" fn(Handle),
    imported_function: unsafe extern "C" fn(Handle, u32, *mut Shape) -> bool,
    link_function: unsafe extern "C" fn(Handle, u32, unsafe extern "C" fn(Handle, *mut u64), *const c_void) -> bool,
    imported_global: unsafe extern "C" fn(Handle, u32, *mut u8, *mut bool) -> bool,
    link_global: unsafe extern "C" fn(Handle, u32, u64) -> bool,
    bound_memories: unsafe extern "C" fn(Handle, u32) -> bool,
    instantiate: unsafe extern "C" fn(Handle, u32, *mut c_char, u32) -> Option<Handle>,
    deinstantiate: unsafe extern "C" fn(Handle),
    environment: unsafe extern "C" fn(Handle, u32) -> Option<Handle>,
    end_environment: unsafe extern "C" fn(Handle),
    function: unsafe extern "C" fn(Handle, *const c_char) -> Option<Handle>,
    index_of: unsafe extern "C" fn(Handle, Handle) -> u32,
    shape: unsafe extern "C" fn(Handle) -> Shape,
    call: unsafe extern "C" fn(Handle, Handle, u32, *mut u32) -> bool,
    attachment: unsafe extern "C" fn(Handle) -> *const c_void,
    instance_of: unsafe extern "C" fn(Handle) -> Handle,
    exception: unsafe extern "C" fn(Handle) -> *const c_char,
    set_exception: unsafe extern "C" fn(Handle, *const c_char),
    global: unsafe extern "C" fn(Handle, u32, *mut u8, *mut bool, *mut u64) -> bool,
    memory: unsafe extern "C" fn(Handle, u32, *mut *const u8, *mut u64) -> bool,
    table: unsafe extern "C" fn(Handle, u32, *mut *const u32, *mut u32) -> bool,
}

unsafe extern "C" {
    // SAFETY: both only return the address of a constant.
    safe fn wassay_wamr_fast() -> &'static Interface;
    safe fn wassay_wamr_classic() -> &'static Interface;
}

/// Which of the engine's interpreters runs.
#[derive(Clone, Copy)]
pub enum Interpreter {
    /// The one that the engine's own program has: code is translated before it runs.
    Fast,
    Classic,
}

/// The engine of this process, started once.
static ENGINE: OnceLock<&'static Interface> = OnceLock::new();

/// The engine, which was started.
#[derive(Clone, Copy)]
pub struct Api(&'static Interface);

impl Api {
    /// Starts the engine, for the whole life of the process.
    pub fn start(interpreter: Interpreter) -> Result<Self, String> {
        let chosen = match interpreter {
            Interpreter::Fast => wassay_wamr_fast(),
            Interpreter::Classic => wassay_wamr_classic(),
        };
        let interface = *ENGINE.get_or_init(|| chosen);
        // SAFETY: nothing else of the engine has been called yet: whatever is, needs this value.
        match unsafe { (interface.start)() } {
            true => Ok(Self(interface)),
            false => Err("the engine does not start".to_owned()),
        }
    }
}

fn value_type(byte: u8) -> Option<Type> {
    match byte {
        0x7f => Some(Type::I32),
        0x7e => Some(Type::I64),
        0x7d => Some(Type::F32),
        0x7c => Some(Type::F64),
        _ => None,
    }
}

/// The type of a function.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FuncType {
    pub params: Vec<Type>,
    pub results: Vec<Type>,
}

impl FuncType {
    /// What the engine shows, and nothing where it has types that it should have refused.
    ///
    /// # Safety
    ///
    /// The module that the shape comes from is loaded.
    unsafe fn read(shape: &Shape) -> Option<Self> {
        let (params, results) = (shape.params as usize, shape.results as usize);
        // SAFETY: the engine keeps so many bytes there as long as the module is loaded.
        let types = unsafe { std::slice::from_raw_parts(shape.types, params + results) };
        let types = types.iter().map(|byte| value_type(*byte)).collect::<Option<Vec<_>>>()?;
        let (params, results) = types.split_at(params);
        Some(Self { params: params.to_vec(), results: results.to_vec() })
    }
}

/// The engine's words, without what it puts before all of them.
fn words(buffer: &[u8]) -> String {
    let text = buffer.split(|byte| *byte == 0).next().unwrap_or_default();
    String::from_utf8_lossy(text).trim_start_matches("Exception: ").to_owned()
}

/// Runs something that may leave words, and returns them where it returned nothing.
fn or_words<T>(run: impl FnOnce(*mut c_char, u32) -> Option<T>) -> Result<T, String> {
    let mut buffer = [0; WORDS_BYTES as usize];
    run(buffer.as_mut_ptr().cast(), WORDS_BYTES).ok_or_else(|| words(&buffer))
}

/// The bytes of a module, which the engine reads and rewrites as long as it is loaded.
struct Bytes(NonNull<[u8]>);

impl Bytes {
    fn new(bytes: Vec<u8>) -> Self {
        Self(NonNull::from(Box::leak(bytes.into_boxed_slice())))
    }
}

impl Drop for Bytes {
    fn drop(&mut self) {
        // SAFETY: it came from a box, which is given back once.
        drop(unsafe { Box::from_raw(self.0.as_ptr()) });
    }
}

/// A function that modules import.
enum Target {
    /// A function of the host, which the parent carries out.
    Host { parent: Rc<Parent>, name: String, ty: FuncType },
    /// A function of another instance.
    Linked { callee: Rc<Instance>, function: Function },
}

/// A module that is loaded, for one instance: what it imports is written into it.
pub struct Module {
    api: &'static Interface,
    handle: Handle,
    /// What it imports, by position; the engine has their addresses.
    targets: Vec<Rc<Target>>,
    /// Freed after the module is unloaded, which the order of the fields and `drop` see to.
    _bytes: Bytes,
}

impl Drop for Module {
    fn drop(&mut self) {
        // SAFETY: it was loaded, and its instance is gone, which owned this.
        unsafe { (self.api.unload)(self.handle) };
    }
}

impl Module {
    /// Loads a module; the error is the engine's words.
    pub fn load(api: Api, bytes: Vec<u8>) -> Result<Self, String> {
        let size = u32::try_from(bytes.len()).map_err(|_| "the engine takes modules below 4 GiB".to_owned())?;
        let bytes = Bytes::new(bytes);
        // SAFETY: the bytes live as long as the module, nobody else reads them, and the words have room.
        let handle = or_words(|to, room| unsafe { (api.0.load)(bytes.0.as_ptr().cast(), size, to, room) })?;
        Ok(Self { api: api.0, handle, targets: Vec::new(), _bytes: bytes })
    }

    /// The type of an imported function; the position is that among functions.
    pub fn imported_function(&self, position: u32) -> Option<FuncType> {
        let mut shape = Shape { types: std::ptr::null(), params: 0, results: 0, param_cells: 0, result_cells: 0 };
        // SAFETY: the module is loaded, and a position beyond its imports is refused.
        let found = unsafe { (self.api.imported_function)(self.handle, position, &raw mut shape) };
        // SAFETY: the shape was filled in, and the module is loaded.
        if found { unsafe { FuncType::read(&shape) } } else { None }
    }

    /// The type of an imported global, and whether it is mutable.
    pub fn imported_global(&self, position: u32) -> Option<(Type, bool)> {
        let (mut ty, mut is_mutable) = (0, false);
        // SAFETY: the module is loaded, and a position beyond its imports is refused.
        let found = unsafe { (self.api.imported_global)(self.handle, position, &raw mut ty, &raw mut is_mutable) };
        if found { Some((value_type(ty)?, is_mutable)) } else { None }
    }

    /// Gives an import a function of the host, whose type is the import's.
    pub fn link_host(&mut self, position: u32, parent: Rc<Parent>, name: String, ty: FuncType) {
        self.link(position, Target::Host { parent, name, ty });
    }

    /// Gives an import a function of another instance, whose type is the import's.
    pub fn link_function(&mut self, position: u32, callee: &Rc<Instance>, function: Function) {
        self.link(position, Target::Linked { callee: Rc::clone(callee), function });
    }

    fn link(&mut self, position: u32, target: Target) {
        let target = Rc::new(target);
        let attachment = Rc::as_ptr(&target).cast();
        // SAFETY: the module is loaded and keeps the target. The function takes what the engine passes to functions
        // that are called with an array.
        let linked = unsafe { (self.api.link_function)(self.handle, position, called, attachment) };
        if linked {
            self.targets.push(target);
        }
    }

    /// Gives an import the value of a global that never changes.
    pub fn link_global(&mut self, position: u32, value: Value) {
        // SAFETY: the module is loaded, and a position beyond its imports is refused.
        unsafe { (self.api.link_global)(self.handle, position, value.bits) };
    }

    /// Sets how far memories may grow; false where one begins beyond that.
    pub fn bound_memories(&mut self, pages: u32) -> bool {
        // SAFETY: the module is loaded and has no instance yet.
        unsafe { (self.api.bound_memories)(self.handle, pages) }
    }

    /// Makes the instance and runs the start function; the error is the engine's words. All imports are linked.
    pub fn instantiate(self, number: u64) -> Result<Rc<Instance>, String> {
        // SAFETY: the module is loaded and linked; functions that the start function calls are kept by it.
        let handle = or_words(|to, room| unsafe { (self.api.instantiate)(self.handle, STACK_BYTES, to, room) })?;
        // SAFETY: the instance has just been made.
        let Some(environment) = (unsafe { (self.api.environment)(handle, STACK_BYTES) }) else {
            // SAFETY: it was made above, and nothing else knows it.
            unsafe { (self.api.deinstantiate)(handle) };
            return Err("allocate memory failed".to_owned());
        };
        Ok(Rc::new(Instance { api: self.api, handle, environment, number, module: self }))
    }
}

/// A function of an instance.
#[derive(Clone)]
pub struct Function {
    handle: Handle,
    pub ty: FuncType,
    /// Cells of 32 bits that arguments and results take.
    cells: (u32, u32),
}

/// An instance.
pub struct Instance {
    api: &'static Interface,
    handle: Handle,
    /// Where it is called: the engine's stack.
    environment: Handle,
    /// Unlike for all instances of a request.
    number: u64,
    /// Unloaded after the instance is gone.
    module: Module,
}

impl Drop for Instance {
    fn drop(&mut self) {
        // SAFETY: both were made, nothing runs in them, and whoever imports from the instance keeps it alive.
        unsafe {
            (self.api.end_environment)(self.environment);
            (self.api.deinstantiate)(self.handle);
        }
    }
}

impl Instance {
    /// The exported function of a name.
    pub fn function(&self, name: &CStr) -> Option<Function> {
        // SAFETY: the instance is alive, and the name ends with a zero.
        let handle = unsafe { (self.api.function)(self.handle, name.as_ptr()) }?;
        // SAFETY: the function is the instance's.
        let shape = unsafe { (self.api.shape)(handle) };
        // SAFETY: the module is loaded as long as the instance is alive.
        let ty = unsafe { FuncType::read(&shape) }?;
        Some(Function { handle, ty, cells: (shape.param_cells, shape.result_cells) })
    }

    /// Calls one of the instance's functions; the error is the engine's words. Nothing is called, and nothing
    /// returned, where the arguments are not of its type.
    pub fn call(&self, function: &Function, args: &[Value]) -> Result<Vec<Value>, String> {
        if !args.iter().map(|arg| arg.ty).eq(function.ty.params.iter().copied()) {
            return Err("the arguments are not of the function's type".to_owned());
        }
        let mut cells = Vec::new();
        for arg in args {
            cells.push(arg.bits as u32);
            if is_wide(arg.ty) {
                cells.push((arg.bits >> 32) as u32);
            }
        }
        let (param_cells, result_cells) = function.cells;
        // The engine and its types must agree: it reads and writes as many as it says.
        if cells.len() != param_cells as usize || cells_of(&function.ty.results) != result_cells as usize {
            return Err("the engine counts the cells of the function's type otherwise".to_owned());
        }
        cells.resize(cells.len().max(result_cells as usize), 0);
        // SAFETY: the function is the instance's; there are as many cells as it takes, and room for its results.
        let returned = unsafe { (self.api.call)(self.environment, function.handle, param_cells, cells.as_mut_ptr()) };
        // SAFETY: the instance is alive.
        let exception = unsafe { (self.api.exception)(self.handle) };
        if !exception.is_null() {
            // SAFETY: the engine's words end with a zero, and stay until the next line.
            let exception = words(unsafe { CStr::from_ptr(exception) }.to_bytes());
            // SAFETY: the instance is alive; null takes the exception away, which would end the next call too.
            unsafe { (self.api.set_exception)(self.handle, std::ptr::null()) };
            return Err(exception);
        }
        if !returned {
            return Err("the engine did not call the function, and does not say why".to_owned());
        }
        let mut cells = cells.into_iter().map(u64::from);
        let mut next = || cells.next().unwrap_or_default();
        let values = function.ty.results.iter().map(|ty| {
            let low = next();
            Value { ty: *ty, bits: if is_wide(*ty) { low | next() << 32 } else { low } }
        });
        Ok(values.collect())
    }

    /// A global by its index, and whether it is mutable.
    pub fn global(&self, index: u32) -> Option<(Value, bool)> {
        let (mut ty, mut is_mutable, mut bits) = (0, false, 0);
        // SAFETY: the instance is alive, and an index beyond its globals is refused.
        let found = unsafe { (self.api.global)(self.handle, index, &raw mut ty, &raw mut is_mutable, &raw mut bits) };
        if found { Some((Value { ty: value_type(ty)?, bits }, is_mutable)) } else { None }
    }

    /// The size of a memory, and its bytes where they are not more than that.
    pub fn memory(&self, index: u32, bytes_max: u64) -> Option<(u64, Option<Vec<u8>>)> {
        let (mut bytes, mut size) = (std::ptr::null(), 0);
        // SAFETY: the instance is alive, and an index beyond its memories is refused.
        if !unsafe { (self.api.memory)(self.handle, index, &raw mut bytes, &raw mut size) } {
            return None;
        }
        let length = usize::try_from(size).ok().filter(|_| size <= bytes_max);
        let copied = length.map(|length| match length {
            // An empty memory has no address.
            0 => Vec::new(),
            // SAFETY: so many bytes are there, and nothing runs that would change them or let them grow.
            length => unsafe { std::slice::from_raw_parts(bytes, length) }.to_vec(),
        });
        Some((size, copied))
    }

    /// The size of a table, and its first elements: indices of functions.
    pub fn table(&self, index: u32, elements_max: usize) -> Option<(u64, Vec<Option<u32>>)> {
        let (mut elements, mut count) = (std::ptr::null(), 0);
        // SAFETY: the instance is alive, and an index beyond its tables is refused.
        if !unsafe { (self.api.table)(self.handle, index, &raw mut elements, &raw mut count) } {
            return None;
        }
        let shown = elements_max.min(count as usize);
        let read = |at| {
            // SAFETY: the table has more elements than `at`. The engine does not align them, and nothing runs.
            let element = unsafe { elements.add(at).read_unaligned() };
            (element != u32::MAX).then_some(element)
        };
        Some((u64::from(count), (0..shown).map(read).collect()))
    }

    /// Where a function of the index was made: an instance and its index there. Each instance has its own functions of
    /// the host.
    pub fn origin(&self, index: u32) -> (u64, u32) {
        match self.module.targets.get(index as usize).map(|target| &**target) {
            None | Some(Target::Host { .. }) => (self.number, index),
            Some(Target::Linked { callee, function }) => {
                // SAFETY: the function is that instance's, which is alive.
                callee.origin(unsafe { (self.api.index_of)(callee.handle, function.handle) })
            }
        }
    }
}

const fn is_wide(ty: Type) -> bool {
    matches!(ty, Type::I64 | Type::F64)
}

fn cells_of(types: &[Type]) -> usize {
    types.iter().map(|ty| if is_wide(*ty) { 2 } else { 1 }).sum()
}

/// What the engine calls for every imported function, with its arguments in an array, where the result goes too.
///
/// # Safety
///
/// Only the engine calls it, for a function that [`Module::link`] has linked.
unsafe extern "C" fn called(environment: Handle, values: *mut u64) {
    let Some(api) = ENGINE.get() else { return };
    // SAFETY: the attachment is what `link` has set, and the module that runs keeps it.
    let Some(target) = (unsafe { (api.attachment)(environment).cast::<Target>().as_ref() }) else { return };
    let ty = match target {
        Target::Host { ty, .. } => ty,
        Target::Linked { function, .. } => &function.ty,
    };
    let arg = |(position, ty): (usize, &Type)| {
        // SAFETY: the engine has made an entry for each parameter of the type, which is the import's.
        let bits = unsafe { values.add(position).read() };
        Value { ty: *ty, bits: if is_wide(*ty) { bits } else { bits & 0xffff_ffff } }
    };
    let args: Vec<Value> = ty.params.iter().enumerate().map(arg).collect();
    let results = match target {
        Target::Host { parent, name, .. } => parent.ask(name, &args),
        Target::Linked { callee, function } => callee.call(function, &args),
    };
    let returned =
        results.and_then(|results| match results.iter().map(|value| value.ty).eq(ty.results.iter().copied()) {
            true => Ok(results),
            false => Err("the results are not of the function's type".to_owned()),
        });
    match returned.as_deref() {
        Ok([]) => {}
        // SAFETY: the array has room for a result, where there are no parameters too.
        Ok([result, ..]) => unsafe { values.write(result.bits) },
        Err(words) => {
            let words = CString::new(words.replace('\0', " ")).unwrap_or_default();
            // SAFETY: the environment is that of the instance that calls; the engine copies the words.
            unsafe { (api.set_exception)((api.instance_of)(environment), words.as_ptr()) };
        }
    }
}
