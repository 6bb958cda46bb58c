//! A worker for wasmi, in any release since 0.31: one source, with what differs between the releases behind the
//! names that `build.rs` sets. It must not know how operations travel.

#![allow(clippy::useless_conversion, reason = "types are unlike in some releases and alike in others")]

#[path = "../../common/imports.rs"]
mod imports;
#[path = "../../common/protocol.rs"]
mod protocol;
mod references;

use std::cell::RefCell;
use std::collections::HashMap;
use std::process::ExitCode;

use protocol::{End, Hello, Limits};
use wasmi::{Error, Extern, Func, Instance, Memory, Module, Store, StoreLimits, StoreLimitsBuilder};

/// Slots of the value stack. The default ends a recursion long before `frames_max`.
#[cfg(not(has_flat_stack_limits))]
const STACK_SLOTS_MAX: usize = 8 << 20;
/// Bytes of the value stack.
#[cfg(has_flat_stack_limits)]
const STACK_BYTES_MAX: usize = 64 << 20;
/// Requests after which the engine is made anew: it never frees the code of a module.
const REQUESTS_PER_ENGINE: u32 = 256;

fn main() -> ExitCode {
    protocol::serve(|options| match options.first() {
        Some(option) => Err(format!("no option `{option}`: wasmi has none")),
        None => Ok(Wasmi { engine: engine(0), frames_max: 0, generation: 0, requests: 0 }),
    })
}

/// What a store carries.
struct Data {
    limits: StoreLimits,
    /// Functions by the only thing that a handle tells of itself, its index in the store as it is printed.
    functions: HashMap<String, i32>,
}

impl Data {
    fn number_of(&mut self, func: Func) -> i32 {
        let next = i32::try_from(self.functions.len()).unwrap_or(i32::MAX);
        *self.functions.entry(format!("{func:?}")).or_insert(next)
    }
}

struct Wasmi {
    engine: wasmi::Engine,
    /// The recursion limit that `engine` was made with.
    frames_max: usize,
    /// How many engines there were before.
    generation: u32,
    requests: u32,
}

fn engine(frames_max: usize) -> wasmi::Engine {
    let mut config = wasmi::Config::default();
    config.consume_fuel(true).wasm_tail_call(true).wasm_extended_const(true);
    #[cfg(has_multi_memory)]
    config.wasm_multi_memory(true);
    #[cfg(has_memory64)]
    config.wasm_memory64(true).wasm_custom_page_sizes(true);
    #[cfg(has_wide_arithmetic)]
    config.wasm_wide_arithmetic(true);
    #[cfg(has_simd)]
    config.wasm_simd(true);
    #[cfg(has_relaxed_simd)]
    config.wasm_relaxed_simd(true);
    #[cfg(has_flat_stack_limits)]
    config.set_max_stack_height(STACK_BYTES_MAX).set_max_recursion_depth(frames_max);
    #[cfg(not(has_flat_stack_limits))]
    if let Ok(limits) = wasmi::StackLimits::new(1024, STACK_SLOTS_MAX, frames_max) {
        config.set_stack_limits(limits);
    }
    wasmi::Engine::new(&config)
}

/// A module, compiled anew where it outlives the engine.
struct Compiled {
    bytes: Vec<u8>,
    /// Which of its imports the engine wants first, second, and so on: it wants functions, then tables, memories
    /// and globals, each in the module's order.
    #[cfg(links_by_position)]
    order: Vec<usize>,
    made: RefCell<(u32, Module)>,
}

impl protocol::Engine for Wasmi {
    type Module = Compiled;
    type Session = Session;

    fn hello(&self) -> Hello {
        Hello {
            version: env!("CARGO_PKG_VERSION"),
            has_fuel: true,
            builtins: &["func_id", "extern_id", "host_value"],
            blind_spots: &[],
        }
    }

    fn open(&mut self, limits: &Limits) -> Result<Session, End> {
        if self.requests == REQUESTS_PER_ENGINE || self.frames_max != limits.frames_max {
            self.engine = engine(limits.frames_max);
            self.frames_max = limits.frames_max;
            self.generation += 1;
            self.requests = 0;
        }
        self.requests += 1;
        let store_limits = StoreLimitsBuilder::new()
            .memory_size(limits.memory_bytes_max)
            .table_elements(limits.table_elements_max.try_into().unwrap_or_default())
            .build();
        let mut store = Store::new(&self.engine, Data { limits: store_limits, functions: HashMap::new() });
        store.limiter(|data| &mut data.limits);
        Ok(Session {
            store,
            generation: self.generation,
            fuel_max: limits.fuel_max,
            #[cfg(not(sets_fuel))]
            fuel_given: 0,
        })
    }

    fn compile(&mut self, session: &mut Session, bytes: &[u8]) -> Result<Compiled, End> {
        // The engine takes the text format too, in which the empty text, for one, is a module.
        if !bytes.starts_with(b"\0asm") {
            return Err(End::rejected("no magic"));
        }
        let bytes = if cfg!(links_by_position) { bytes.to_vec() } else { imports::numbered(bytes) };
        let module = session.compile(&bytes)?;
        Ok(Compiled {
            made: RefCell::new((session.generation, module)),
            #[cfg(links_by_position)]
            order: order(&bytes),
            bytes,
        })
    }
}

#[cfg(links_by_position)]
fn order(bytes: &[u8]) -> Vec<usize> {
    let kinds = imports::kinds(bytes);
    let mut order: Vec<usize> = (0..kinds.len()).collect();
    order.sort_by_key(|position| kinds[*position]);
    order
}

struct Session {
    store: Store<Data>,
    generation: u32,
    fuel_max: u64,
    #[cfg(not(sets_fuel))]
    fuel_given: u64,
}

impl Session {
    fn compile(&self, bytes: &[u8]) -> Result<Module, End> {
        Module::new(self.store.engine(), bytes).map_err(|error| refusal(&error))
    }

    #[cfg(sets_fuel)]
    fn fill_up(&mut self) {
        self.store.set_fuel(self.fuel_max).expect("fuel metering is on");
    }

    /// Fuel can only be added in this release.
    #[cfg(not(sets_fuel))]
    fn fill_up(&mut self) {
        let left = self.fuel_given - self.store.fuel_consumed().expect("fuel metering is on");
        let added = self.fuel_max.saturating_sub(left);
        self.store.add_fuel(added).expect("fuel metering is on");
        self.fuel_given += added;
    }

    #[cfg(links_by_position)]
    fn link(&mut self, compiled: &Compiled, module: &Module, imports: &[Extern]) -> Result<Instance, Error> {
        let imports: Vec<Extern> =
            compiled.order.iter().filter_map(|position| imports.get(*position)).copied().collect();
        Instance::new(&mut self.store, module, &imports)
    }

    /// This release links by name only.
    #[cfg(not(links_by_position))]
    fn link(&mut self, _: &Compiled, module: &Module, imports: &[Extern]) -> Result<Instance, Error> {
        let mut linker = wasmi::Linker::new(self.store.engine());
        for (position, import) in imports.iter().enumerate() {
            linker.define(imports::MODULE, &imports::name(position), *import)?;
        }
        linker.instantiate(&mut self.store, module)?.start(&mut self.store)
    }

    fn memory(&self, instance: &Instance, name: &str) -> Option<Memory> {
        instance.get_memory(&self.store, name)
    }
}

impl protocol::Session for Session {
    type Module = Compiled;
    type Instance = Instance;
    type Extern = Extern;

    fn instantiate(&mut self, module: &Compiled, imports: Vec<Extern>) -> Result<Instance, End> {
        let mut made = module.made.borrow_mut();
        if made.0 != self.generation {
            *made = (self.generation, self.compile(&module.bytes)?);
        }
        self.fill_up();
        self.link(module, &made.1, &imports).map_err(|error| end(&error))
    }

    fn export(&mut self, instance: &Instance, name: &str) -> Option<Extern> {
        instance.get_export(&self.store, name)
    }

    fn builtin(&mut self, name: &str) -> Option<Extern> {
        let store = &mut self.store;
        Some(Extern::Func(match name {
            "func_id" => Func::wrap(store, references::func_id),
            "extern_id" => Func::wrap(store, references::extern_id),
            "host_value" => Func::wrap(store, references::host_value),
            _ => return None,
        }))
    }

    fn call(&mut self, instance: &Instance, name: &str) -> Result<i32, End> {
        let func = instance.get_typed_func::<(), i32>(&self.store, name);
        let func = func.map_err(|error| End::absent(format!("no function `{name}`: {error}")))?;
        self.fill_up();
        func.call(&mut self.store, ()).map_err(|error| end(&Error::from(error)))
    }

    fn read(&mut self, instance: &Instance, memory: &str, offset: usize, to: &mut [u8]) -> Option<()> {
        self.memory(instance, memory)?.read(&self.store, offset, to).ok()
    }

    fn write(&mut self, instance: &Instance, memory: &str, offset: usize, from: &[u8]) -> Option<()> {
        self.memory(instance, memory)?.write(&mut self.store, offset, from).ok()
    }

    fn size(&mut self, instance: &Instance, memory: &str) -> Option<usize> {
        Some(self.memory(instance, memory)?.data(&self.store).len())
    }
}

/// What an error means, where a module was to be compiled.
fn refusal(error: &Error) -> End {
    let words = error.to_string();
    // The validator's limits are those that engines share (appendix A.3), and it has only this text.
    if words.contains(" exceeds limit of ") || is_limit(error) { End::refused(words) } else { End::rejected(words) }
}

#[cfg(sets_fuel)]
fn is_limit(error: &Error) -> bool {
    use wasmi::errors::ErrorKind;
    !matches!(error.kind(), ErrorKind::Wasm(_) | ErrorKind::Read(_))
}

#[cfg(not(sets_fuel))]
fn is_limit(error: &Error) -> bool {
    // What the translation refuses has a variant beside those of the parser, whose type is not public. What the
    // validator refuses while it translates is among it, and ends as all its messages do.
    let Error::Module(module) = error else { return false };
    format!("{module:?}").starts_with("Translation") && !error.to_string().contains("(at offset 0x")
}

/// One code for accesses of memories and of data segments.
const MEMORY: &[&str] = &["memory-out-of-bounds", "segment-out-of-bounds"];
/// One code for accesses of tables, of element segments, and for the index of an indirect call.
const TABLE: &[&str] = &["table-out-of-bounds", "undefined-element", "segment-out-of-bounds"];

/// The engine's trap messages, the same in all releases, with the kinds of traps that they may mean.
const TRAPS: &[(&str, &[&str])] = &[
    ("wasm `unreachable` instruction executed", &["unreachable"]),
    ("out of bounds memory access", MEMORY),
    ("undefined element: out of bounds table access", TABLE),
    ("out of bounds table access", TABLE),
    ("uninitialized element 2", &["uninitialized-element"]),
    ("uninitialized element", &["uninitialized-element"]),
    ("integer divide by zero", &["integer-divide-by-zero"]),
    ("integer overflow", &["integer-overflow"]),
    ("invalid conversion to integer", &["invalid-conversion-to-integer"]),
    ("indirect call type mismatch", &["indirect-call-type-mismatch"]),
];

/// The beginnings of messages of linking.
const UNLINKABLE: &[&str] = &[
    "encountered mismatch between number of given externals",
    "invalid number of imports",
    "mismatched number of imports",
    "imported global",
    "imported function",
    "imported table",
    "imported memory",
    "cannot find definition for import",
    "found definition for import",
    "function type mismatch for import",
    "global variable type mismatch for import",
    "import ",
];

/// The beginnings of messages of limits.
const LIMITS: &[&str] = &[
    "too many instances",
    "tried to instantiate too many",
    "failed to instantiate memory",
    "failed to instantiate table",
    "growth operation limited",
];

fn end(error: &Error) -> End {
    let words = error.to_string();
    let text = words.as_str();
    let begins = |starts: &[&str]| starts.iter().any(|start| text.starts_with(start));
    if let Some((_, kinds)) = TRAPS.iter().find(|(message, _)| *message == text) {
        return End::trap(kinds, text);
    }
    if text == "call stack exhausted" {
        return End::exhausted("stack", text);
    }
    if text.starts_with("all fuel consumed by WebAssembly") || text.contains("ran out of fuel") {
        return End::exhausted("fuel", text);
    }
    if text == "out of system memory" {
        return End::exhausted("memory", text);
    }
    // An element segment that does not fit is told in a longer text.
    if text.starts_with("out of bounds table access: ") {
        return End::trap(TABLE, text);
    }
    let is_mismatch = (text.starts_with("expected ") && text.contains(" but found "))
        || (text.starts_with("mismatched ") && text.contains(" import type: expected "));
    if begins(UNLINKABLE) || is_mismatch {
        return End::unlinkable(text);
    }
    if begins(LIMITS) {
        return End::refused(text);
    }
    End::unclassified(text)
}
