//! wasmtime: compilers (Cranelift at three levels of optimisation, Winch) and an interpreter of its own
//! byte code (Pulley), behind one interface.
//!
//! The configuration stays near the default, since that is where an engine is used; what differs is
//! what a bounded run needs (fuel, a larger stack, limits) and the proposals that are off by default.

use std::collections::{BTreeMap, HashMap};
use std::hash::{DefaultHasher, Hasher as _};

use wasmtime::{
    AnyRef, AsContextMut, ExnRef, ExternRef, ExternType, Func, GcHeapOutOfMemory, I31, Instance, Module, OptLevel,
    OutOfMemory, Rooted, Store, StoreLimits, Strategy, ThrownException, Trap, Val,
};
use wassay_adapter::{Engine, Extern, HostHandle, Session};
use wassay_model::{
    Bound, Capabilities, EngineId, EngineName, Exception, Feature, Features, Identity, InstanceIdx, Limits, ModuleIdx,
    Outcome, Ref, Resource, TrapKind, TrapKinds, ValType, Value,
};

use crate::Unavailable;

pub(crate) const VERSION: &str = "48.0.8";

/// Bytes of stack that Wasm may use. The default of 512 KiB ends a recursion before `frames_max`; the
/// thread that runs the engine has twice as much.
const STACK_BYTES_MAX: usize = 8 << 20;

const WINCH: Features = Features::V2.union(Features::of(&[
    Feature::ExtendedConst,
    Feature::MultiMemory,
    Feature::Memory64,
    Feature::Threads,
    Feature::WideArithmetic,
    Feature::CustomPageSizes,
]));
const PULLEY: Features = Features::V3.union(Features::of(&[Feature::WideArithmetic, Feature::CustomPageSizes]));
const CRANELIFT: Features = PULLEY.union(Features::of(&[Feature::Threads]));

/// What each option sets.
const OPTIONS: &[(&str, Setting)] = &[
    ("opt-none", Setting::Level(OptLevel::None)),
    ("opt-size", Setting::Level(OptLevel::SpeedAndSize)),
    ("opt-speed", Setting::Level(OptLevel::Speed)),
    ("winch", Setting::Backend(Backend::Winch)),
    ("pulley", Setting::Backend(Backend::Pulley)),
];

#[derive(Clone, Copy)]
enum Setting {
    Level(OptLevel),
    Backend(Backend),
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Backend {
    Cranelift,
    Winch,
    Pulley,
}

struct Wasmtime {
    id: EngineId,
    capabilities: Capabilities,
    engine: wasmtime::Engine,
}

/// Opens the engine as the options of its name say.
pub(crate) fn open(name: &EngineName) -> Result<Box<dyn Engine>, Unavailable> {
    let mut level = None;
    let mut backend = Backend::Cranelift;
    for option in &name.options {
        match OPTIONS.iter().find(|(known, _)| known == option) {
            Some((_, Setting::Level(setting))) => level = Some(*setting),
            Some((_, Setting::Backend(setting))) => backend = *setting,
            None => {
                return Err(Unavailable::Option {
                    name: name.name.clone(),
                    option: option.clone(),
                    known: crate::registry::known_options(OPTIONS.iter().map(|(known, _)| *known)),
                });
            }
        }
    }
    let start = |error: wasmtime::Error| Unavailable::Start { name: name.to_string(), words: format!("{error:#}") };
    let mut config = wasmtime::Config::new();
    config
        .consume_fuel(true)
        .max_wasm_stack(STACK_BYTES_MAX)
        .async_stack_size(STACK_BYTES_MAX)
        .wasm_wide_arithmetic(true)
        .wasm_custom_page_sizes(true)
        .wasm_threads(backend != Backend::Pulley)
        .shared_memory(backend != Backend::Pulley);
    if let Some(level) = level {
        config.cranelift_opt_level(level);
    }
    let features = match backend {
        Backend::Cranelift => CRANELIFT,
        Backend::Winch => {
            config.strategy(Strategy::Winch);
            WINCH
        }
        Backend::Pulley => {
            config.target("pulley64").map_err(start)?;
            PULLEY
        }
    };
    if backend != Backend::Winch {
        config.wasm_function_references(true).wasm_gc(true).wasm_exceptions(true).wasm_tail_call(true);
    }
    let mut blind_spots = BTreeMap::from([(
        "reference-identity".to_owned(),
        "a function that one instance imports from another has an address of its own there; once a case links \
         functions between instances, functions are told apart from null only"
            .to_owned(),
    )]);
    if backend == Backend::Winch {
        blind_spots.insert("externref".to_owned(), "modules with host references are refused".to_owned());
    }
    Ok(Box::new(Wasmtime {
        id: EngineId { name: name.clone(), version: VERSION.to_owned() },
        capabilities: Capabilities { features, bound: Bound::Fuel, blind_spots },
        engine: wasmtime::Engine::new(&config).map_err(start)?,
    }))
}

impl Engine for Wasmtime {
    fn id(&self) -> &EngineId {
        &self.id
    }

    fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }

    fn open<'a>(&'a mut self, limits: &Limits, host: HostHandle) -> Result<Box<dyn Session + 'a>, Outcome> {
        let store_limits = wasmtime::StoreLimitsBuilder::new()
            .memory_size(limits.memory_pages_max as usize * 65_536)
            .table_elements(limits.table_elements_max as usize)
            .build();
        let mut store = Store::try_new(&self.engine, store_limits).map_err(|error| outcome(&error))?;
        store.limiter(|limits| limits);
        Ok(Box::new(Case {
            store,
            host,
            fuel_max: limits.fuel_max,
            modules: Vec::new(),
            instances: Vec::new(),
            args: Vec::new(),
            results: Vec::new(),
            objects: Objects::default(),
            last: None,
        }))
    }
}

struct Case {
    store: Store<StoreLimits>,
    host: HostHandle,
    fuel_max: u64,
    modules: Vec<Option<Module>>,
    instances: Vec<Option<Instance>>,
    args: Vec<Val>,
    results: Vec<Val>,
    objects: Objects,
    last: Option<wasmtime::Error>,
}

impl Session for Case {
    fn load(&mut self, module: ModuleIdx, bytes: &[u8]) -> Outcome {
        match Module::from_binary(self.store.engine(), bytes) {
            Ok(loaded) => {
                crate::put(&mut self.modules, module.position(), loaded);
                Outcome::Returned(Vec::new())
            }
            Err(error) => {
                let outcome = refusal(&error);
                self.last = Some(error);
                outcome
            }
        }
    }

    fn instantiate(&mut self, module: ModuleIdx, instance: InstanceIdx, imports: &[Extern<'_>]) -> Outcome {
        let Some(module) = self.modules.get(module.position()).and_then(Clone::clone) else { return Outcome::Absent };
        let mut externs = Vec::with_capacity(imports.len());
        for (position, import) in imports.iter().enumerate() {
            let found = match *import {
                Extern::Export { instance, export } => {
                    self.instance(instance).and_then(|instance| instance.get_export(&mut self.store, export))
                }
                Extern::Host { name, ty } => self.host_func(&module, position, name, &ty.results),
            };
            match found {
                Some(found) => {
                    if let (Extern::Export { .. }, wasmtime::Extern::Func(_)) = (import, &found) {
                        self.objects.functions_are_linked = true;
                    }
                    externs.push(found);
                }
                None => return Outcome::Unlinkable,
            }
        }
        self.fill_up();
        match Instance::new(&mut self.store, &module, &externs) {
            Ok(made) => {
                crate::put(&mut self.instances, instance.position(), made);
                Outcome::Returned(Vec::new())
            }
            Err(error) => self.fail(error),
        }
    }

    fn invoke(&mut self, instance: InstanceIdx, export: &str, args: &[Value]) -> Outcome {
        let Some(func) = self.instance(instance).and_then(|instance| instance.get_func(&mut self.store, export)) else {
            return Outcome::Absent;
        };
        let ty = func.ty(&self.store);
        let mut inputs = std::mem::take(&mut self.args);
        inputs.clear();
        for (arg, param) in args.iter().zip(ty.params()) {
            match self.val(*arg, &param) {
                Some(val) => inputs.push(val),
                None => return Outcome::Unclassified(format!("the adapter cannot pass {arg}")),
            }
        }
        let mut outputs = std::mem::take(&mut self.results);
        outputs.clear();
        // What stands here is overwritten whatever its type.
        outputs.resize(ty.results().len(), Val::I32(0));
        self.fill_up();
        let outcome = match func.call(&mut self.store, &inputs, &mut outputs) {
            Ok(()) => {
                let values = outputs.iter().map(|val| self.objects.value(val, &mut self.store)).collect();
                Outcome::Returned(values)
            }
            Err(error) => self.fail(error),
        };
        self.args = inputs;
        self.results = outputs;
        outcome
    }

    fn global(&mut self, instance: InstanceIdx, export: &str) -> Option<Value> {
        let global = self.instance(instance)?.get_global(&mut self.store, export)?;
        let val = global.get(&mut self.store);
        Some(self.objects.value(&val, &mut self.store))
    }

    fn memory(
        &mut self,
        instance: InstanceIdx,
        export: &str,
        bytes_max: u64,
        look: &mut dyn FnMut(&[u8]),
    ) -> Option<u64> {
        match self.instance(instance)?.get_export(&mut self.store, export)? {
            wasmtime::Extern::Memory(memory) => {
                let data = memory.data(&self.store);
                let bytes = data.len() as u64;
                if bytes <= bytes_max {
                    look(data);
                }
                Some(bytes)
            }
            wasmtime::Extern::SharedMemory(memory) => {
                let data = memory.data();
                let bytes = data.len() as u64;
                if bytes <= bytes_max {
                    look(&copy(data));
                }
                Some(bytes)
            }
            _ => None,
        }
    }

    fn table(&mut self, instance: InstanceIdx, export: &str, look: &mut dyn FnMut(Ref) -> bool) -> Option<u64> {
        let table = self.instance(instance)?.get_table(&mut self.store, export)?;
        let size = table.size(&self.store);
        for index in 0..size {
            let Some(element) = table.get(&mut self.store, index) else { break };
            if !look(self.objects.reference(&element, &mut self.store)) {
                break;
            }
        }
        Some(size)
    }

    fn words(&mut self) -> Option<String> {
        self.last.take().map(|error| format!("{error:#}"))
    }
}

/// The bytes of a shared memory, as they are now.
#[allow(unsafe_code, reason = "the bytes of a shared memory can be had in no other way")]
fn copy(data: &[std::cell::UnsafeCell<u8>]) -> Vec<u8> {
    // SAFETY: other threads could write these bytes only by running Wasm or by holding the memory; the
    // session runs Wasm on its own thread alone and is not running it now, and nobody else has the memory.
    data.iter().map(|byte| unsafe { *byte.get() }).collect()
}

impl Case {
    fn instance(&self, instance: InstanceIdx) -> Option<Instance> {
        self.instances.get(instance.position()).copied().flatten()
    }

    fn fill_up(&mut self) {
        self.store.set_fuel(self.fuel_max).expect("fuel metering is on");
    }

    fn fail(&mut self, error: wasmtime::Error) -> Outcome {
        let outcome = if error.is::<ThrownException>() { self.thrown() } else { outcome(&error) };
        self.last = Some(error);
        outcome
    }

    fn thrown(&mut self) -> Outcome {
        let payload = self.store.take_pending_exception().and_then(|exception| {
            let vals: Vec<Val> = exception.fields(&mut self.store).ok()?.collect();
            Some(vals.iter().map(|val| self.objects.value(val, &mut self.store)).collect())
        });
        Outcome::Threw(Exception { payload })
    }

    /// A host function of the type that the module's import has: the engine's own form of it, since it
    /// may name types that the module defines.
    fn host_func(
        &mut self,
        module: &Module,
        position: usize,
        name: &str,
        answers: &[ValType],
    ) -> Option<wasmtime::Extern> {
        let ExternType::Func(ty) = module.imports().nth(position)?.ty() else { return None };
        let host = self.host.clone();
        let name = name.to_owned();
        let answers = answers.to_vec();
        // What references are answered with.
        let nulls: Vec<Val> =
            ty.results().map(|ty| ty.as_ref().map_or(Val::I32(0), |ty| Val::null_ref(ty.heap_type()))).collect();
        let func = Func::new(&mut self.store, ty, move |mut caller, params, results| {
            let args: Vec<Value> = params.iter().map(|val| anonymous(val, &mut caller)).collect();
            results.copy_from_slice(&nulls);
            for (result, answer) in results.iter_mut().zip(host.call(&name, &args, &answers)) {
                if let Some(val) = number(answer) {
                    *result = val;
                }
            }
            Ok(())
        });
        Some(func.into())
    }

    fn val(&mut self, arg: Value, param: &wasmtime::ValType) -> Option<Val> {
        let heap = param.as_ref().map(wasmtime::RefType::heap_type);
        match arg {
            Value::Ref(Ref::Null) => heap.map(Val::null_ref),
            Value::Ref(Ref::Extern(number)) => {
                let object = ExternRef::new(&mut self.store, number).ok()?;
                match heap? {
                    wasmtime::HeapType::Extern => Some(Val::ExternRef(Some(object))),
                    _ => Some(Val::AnyRef(Some(AnyRef::convert_extern(&mut self.store, object).ok()?))),
                }
            }
            Value::Ref(Ref::I31(number)) => {
                Some(Val::AnyRef(Some(AnyRef::from_i31(&mut self.store, I31::wrapping_i32(number)))))
            }
            _ => number(arg),
        }
    }
}

fn number(value: Value) -> Option<Val> {
    Some(match value {
        Value::I32(bits) => Val::I32(bits.cast_signed()),
        Value::I64(bits) => Val::I64(bits.cast_signed()),
        Value::F32(bits) => Val::F32(bits),
        Value::F64(bits) => Val::F64(bits),
        Value::V128(bits) => Val::V128(bits.into()),
        Value::Ref(_) => return None,
    })
}

fn plain(val: &Val) -> Option<Value> {
    Some(match val {
        Val::I32(bits) => Value::I32(bits.cast_unsigned()),
        Val::I64(bits) => Value::I64(bits.cast_unsigned()),
        Val::F32(bits) => Value::F32(*bits),
        Val::F64(bits) => Value::F64(*bits),
        Val::V128(bits) => Value::V128(bits.as_u128()),
        Val::FuncRef(None) | Val::ExternRef(None) | Val::AnyRef(None) | Val::ExnRef(None) | Val::ContRef(None) => {
            Value::Ref(Ref::Null)
        }
        _ => return None,
    })
}

/// A value that a host function is given. Objects are told apart from null only: the numbering of
/// objects belongs to the session, which a host function cannot reach.
fn anonymous(val: &Val, mut store: impl AsContextMut<Data = StoreLimits>) -> Value {
    plain(val).unwrap_or_else(|| {
        let mut objects = Objects { functions_are_linked: true, ..Objects::default() };
        match objects.value(val, &mut store) {
            Value::Ref(Ref::Struct(_)) => Value::Ref(Ref::Struct(Identity::Unknown)),
            Value::Ref(Ref::Array(_)) => Value::Ref(Ref::Array(Identity::Unknown)),
            Value::Ref(Ref::Exn(_)) => Value::Ref(Ref::Exn(Identity::Unknown)),
            Value::Ref(Ref::Opaque(_)) => Value::Ref(Ref::Opaque(Identity::Unknown)),
            value => value,
        }
    })
}

/// Objects that the session has met, numbered. Rooted references are held for the whole case, so that
/// no object's place is given to another.
#[derive(Default)]
struct Objects {
    /// Functions by address.
    functions: HashMap<usize, u32>,
    /// A function that is imported from another instance has one address there and one here, and the
    /// engine does not say that they are the same.
    functions_are_linked: bool,
    internal: HashMap<u64, Vec<(Rooted<AnyRef>, u32)>>,
    exceptions: HashMap<u64, Vec<(Rooted<ExnRef>, u32)>>,
    met: u32,
}

impl Objects {
    fn value(&mut self, val: &Val, store: &mut impl AsContextMut<Data = StoreLimits>) -> Value {
        if let Some(value) = plain(val) {
            return value;
        }
        Value::Ref(match val {
            Val::FuncRef(Some(func)) => self.function(func, store),
            Val::ExternRef(Some(object)) => self.external(object, store),
            Val::AnyRef(Some(object)) => self.internal(object, store),
            Val::ExnRef(Some(object)) => Ref::Exn(self.exception(object, store)),
            _ => Ref::Opaque(Identity::Unknown),
        })
    }

    fn reference(&mut self, element: &wasmtime::Ref, store: &mut impl AsContextMut<Data = StoreLimits>) -> Ref {
        match element {
            wasmtime::Ref::Func(Some(func)) => self.function(func, store),
            wasmtime::Ref::Extern(Some(object)) => self.external(object, store),
            wasmtime::Ref::Any(Some(object)) => self.internal(object, store),
            wasmtime::Ref::Exn(Some(object)) => Ref::Exn(self.exception(object, store)),
            _ => Ref::Null,
        }
    }

    fn function(&mut self, func: &Func, store: &mut impl AsContextMut<Data = StoreLimits>) -> Ref {
        if self.functions_are_linked {
            return Ref::Func(Identity::Unknown);
        }
        let next = u32::try_from(self.functions.len()).unwrap_or(u32::MAX);
        let address = func.to_raw(&mut *store).addr();
        Ref::Func(Identity::Known(*self.functions.entry(address).or_insert(next)))
    }

    /// A host value, or an internal one in an external reference: `extern.convert_any` makes no object.
    fn external(&mut self, object: &Rooted<ExternRef>, store: &mut impl AsContextMut<Data = StoreLimits>) -> Ref {
        if let Some(number) = host_value(object, store) {
            return Ref::Extern(number);
        }
        match AnyRef::convert_extern(&mut *store, *object) {
            Ok(object) => self.internal(&object, store),
            Err(_) => Ref::Opaque(Identity::Unknown),
        }
    }

    fn internal(&mut self, object: &Rooted<AnyRef>, store: &mut impl AsContextMut<Data = StoreLimits>) -> Ref {
        if let Ok(Some(number)) = object.as_i31(&*store) {
            return Ref::I31(number.get_i32());
        }
        if let Ok(object) = ExternRef::convert_any(&mut *store, *object)
            && let Some(number) = host_value(&object, store)
        {
            return Ref::Extern(number);
        }
        let identity = number_of(&mut self.internal, &mut self.met, object, store);
        match (object.is_struct(&*store), object.is_array(&*store)) {
            (Ok(true), _) => Ref::Struct(identity),
            (_, Ok(true)) => Ref::Array(identity),
            _ => Ref::Opaque(identity),
        }
    }

    fn exception(&mut self, object: &Rooted<ExnRef>, store: &mut impl AsContextMut<Data = StoreLimits>) -> Identity {
        number_of(&mut self.exceptions, &mut self.met, object, store)
    }
}

fn host_value(object: &Rooted<ExternRef>, store: &mut impl AsContextMut<Data = StoreLimits>) -> Option<u32> {
    object.data(store.as_context()).ok()??.downcast_ref().copied()
}

fn number_of<T: wasmtime::GcRef>(
    known: &mut HashMap<u64, Vec<(Rooted<T>, u32)>>,
    met: &mut u32,
    object: &Rooted<T>,
    store: &mut impl AsContextMut<Data = StoreLimits>,
) -> Identity {
    let mut hasher = DefaultHasher::new();
    if object.ref_hash(&*store, &mut hasher).is_err() {
        return Identity::Unknown;
    }
    let alike = known.entry(hasher.finish()).or_default();
    if let Some((_, number)) = alike.iter().find(|(other, _)| Rooted::ref_eq(&*store, other, object).unwrap_or(false)) {
        return Identity::Known(*number);
    }
    let number = *met;
    *met += 1;
    alike.push((*object, number));
    Identity::Known(number)
}

/// What a part of one of an error's causes means, where a module was to be loaded. The first row that fits
/// any cause counts.
const REFUSALS: &[(&str, Refusal)] = &[
    // Winch has no host references, and says so as if their modules were invalid.
    ("gc types are disallowed but found type which requires gc", Refusal::Limit),
    // The validator's limits are those that engines share (appendix A.3), and it has only this text.
    (" exceeds limit of ", Refusal::Limit),
    ("Unsupported feature", Refusal::Limit),
    ("Implementation limit exceeded", Refusal::Limit),
    ("Invalid input WebAssembly code at offset", Refusal::Rejected),
    // Of the validator, whose errors end so. Winch validates a body while it compiles it.
    (" (at offset 0x", Refusal::Rejected),
    ("failed to parse WebAssembly module", Refusal::Rejected),
    ("failed to compile", Refusal::Limit),
];

#[derive(Clone, Copy)]
enum Refusal {
    Rejected,
    Limit,
}

fn refusal(error: &wasmtime::Error) -> Outcome {
    let texts: Vec<String> = error.chain().map(ToString::to_string).collect();
    match REFUSALS.iter().find(|(part, _)| texts.iter().any(|text| text.contains(part))) {
        Some((_, Refusal::Rejected)) => Outcome::Rejected,
        Some((_, Refusal::Limit)) => Outcome::Refused(texts.join(": ")),
        None => outcome(error),
    }
}

/// What the beginning of an error means that comes of instantiating or invoking and has no type.
const TEXTS: &[(&str, Meaning)] = &[
    ("incompatible import type for `", Meaning::Unlinkable),
    ("memory minimum size of ", Meaning::Limit),
    ("table minimum size of ", Meaning::Limit),
    ("resource limit exceeded: ", Meaning::Limit),
];

#[derive(Clone, Copy)]
enum Meaning {
    Unlinkable,
    Limit,
}

fn outcome(error: &wasmtime::Error) -> Outcome {
    if let Some(code) = error.downcast_ref::<Trap>() {
        return trap(*code);
    }
    if error.is::<GcHeapOutOfMemory<()>>() || error.is::<OutOfMemory>() {
        return Outcome::Exhausted(Resource::Memory);
    }
    let text = error.to_string();
    if text.starts_with("expected ") && text.contains(" imports, found ") {
        return Outcome::Unlinkable;
    }
    match TEXTS.iter().find(|(start, _)| text.starts_with(start)) {
        Some((_, Meaning::Unlinkable)) => Outcome::Unlinkable,
        Some((_, Meaning::Limit)) => Outcome::Refused(text),
        None => Outcome::Unclassified(format!("{error:#}")),
    }
}

/// One code for accesses of memories and of data segments.
const MEMORY: TrapKinds = TrapKinds::of(&[TrapKind::MemoryOutOfBounds, TrapKind::SegmentOutOfBounds]);
/// One code for accesses of tables, of element segments, and for the index of an indirect call.
const TABLE: TrapKinds =
    TrapKinds::of(&[TrapKind::TableOutOfBounds, TrapKind::UndefinedElement, TrapKind::SegmentOutOfBounds]);

fn trap(code: Trap) -> Outcome {
    Outcome::Trapped(match code {
        Trap::MemoryOutOfBounds => MEMORY,
        Trap::TableOutOfBounds => TABLE,
        Trap::HeapMisaligned => TrapKind::UnalignedAtomic.into(),
        Trap::IndirectCallToNull => TrapKind::UninitializedElement.into(),
        Trap::BadSignature => TrapKind::IndirectCallTypeMismatch.into(),
        Trap::IntegerOverflow => TrapKind::IntegerOverflow.into(),
        Trap::IntegerDivisionByZero => TrapKind::IntegerDivideByZero.into(),
        Trap::BadConversionToInteger => TrapKind::InvalidConversion.into(),
        Trap::UnreachableCodeReached => TrapKind::Unreachable.into(),
        Trap::AtomicWaitNonSharedMemory => TrapKind::ExpectedSharedMemory.into(),
        Trap::NullReference => TrapKind::NullReference.into(),
        Trap::ArrayOutOfBounds => TrapKind::ArrayOutOfBounds.into(),
        Trap::AllocationTooLarge => TrapKind::AllocationTooLarge.into(),
        Trap::CastFailure => TrapKind::CastFailure.into(),
        Trap::StackOverflow => return Outcome::Exhausted(Resource::Stack),
        Trap::OutOfFuel => return Outcome::Exhausted(Resource::Fuel),
        // The component model's, stack switching's, and those that this configuration does not raise.
        other => return Outcome::Unclassified(other.to_string()),
    })
}
