//! A worker for WAMR, an interpreter for small devices, as the crate `wamr-sys` carries it; an option chooses its
//! classic interpreter. It must not know how operations travel.

#[path = "../../common/imports.rs"]
mod imports;
#[allow(dead_code, reason = "values cross otherwise")]
#[path = "../../common/protocol.rs"]
mod protocol;
#[path = "../../common/values.rs"]
mod values;

mod engine;

use std::collections::BTreeMap;
use std::ffi::CString;
use std::process::ExitCode;
use std::rc::Rc;

use engine::{Api, FuncType, Interpreter};
use protocol::{End, Hello, Limits};
use values::{Element, Import, Memory, Parent, Table, Value};

const PAGE_BYTES: usize = 65_536;
/// The kinds of imports and exports.
const FUNC: u8 = 0;
const TABLE: u8 = 1;
const MEMORY: u8 = 2;
const GLOBAL: u8 = 3;

fn main() -> ExitCode {
    values::serve(|options| {
        let interpreter = match options {
            [] => Interpreter::Fast,
            [option] if option == "fast" => Interpreter::Fast,
            [option] if option == "classic" => Interpreter::Classic,
            [option] => return Err(format!("no option `{option}`: this worker has `fast` and `classic`")),
            _ => return Err("there is one interpreter at a time".to_owned()),
        };
        Ok(Wamr { api: Api::start(interpreter)? })
    })
}

struct Wamr {
    api: Api,
}

impl values::Engine for Wamr {
    type Session = Session;

    fn hello(&self) -> Hello {
        Hello {
            version: env!("CARGO_PKG_VERSION"),
            has_fuel: false,
            builtins: &[],
            blind_spots: &[
                ("linking", "instances share functions and constants, but no memory, table or mutable global"),
                ("several results of the host", "imported functions give one result at most"),
            ],
        }
    }

    fn open(&mut self, limits: &Limits, parent: &Rc<Parent>) -> Session {
        let pages = u32::try_from(limits.memory_bytes_max / PAGE_BYTES).unwrap_or(u32::MAX);
        Session { api: self.api, pages, parent: Rc::clone(parent), instances: 0, functions: BTreeMap::new() }
    }
}

struct Session {
    api: Api,
    /// How far memories may grow.
    pages: u32,
    parent: Rc<Parent>,
    /// How many were made.
    instances: u64,
    /// A number for each function that was seen, by where it was made.
    functions: BTreeMap<(u64, u32), u64>,
}

/// An instance with what its module exports: names, kinds and indices.
struct Instance {
    inner: Rc<engine::Instance>,
    exports: Vec<(String, u8, u32)>,
}

impl Instance {
    /// The index of an export of this kind.
    fn index(&self, name: &str, kind: u8) -> Option<u32> {
        let named = |export: &&(String, u8, u32)| export.0 == name && export.1 == kind;
        self.exports.iter().find(named).map(|(_, _, index)| *index)
    }

    fn function(&self, name: &str) -> Result<engine::Function, End> {
        if self.index(name, FUNC).is_none() {
            return Err(End::absent(format!("no function `{name}`")));
        }
        let text = CString::new(name).map_err(|_| End::refused("the engine takes no names with zero bytes"))?;
        let function = self.inner.function(&text);
        function.ok_or_else(|| End::unclassified(format!("the engine does not find its function `{name}`")))
    }
}

impl values::Session for Session {
    /// Its bytes: what an instance imports is written into the engine's module, so that each instance has its own.
    type Module = Vec<u8>;
    type Instance = Instance;

    fn compile(&mut self, bytes: Vec<u8>) -> Result<Vec<u8>, End> {
        engine::Module::load(self.api, imports::numbered(&bytes)).map_err(|words| refusal(&words))?;
        Ok(bytes)
    }

    fn instantiate(&mut self, module: &Vec<u8>, given: Vec<Import<'_, Instance>>) -> Result<Instance, End> {
        let mut loaded = engine::Module::load(self.api, imports::numbered(module)).map_err(|words| refusal(&words))?;
        let kinds = imports::kinds(module);
        if kinds.len() != given.len() {
            return Err(End::unclassified(format!("{} imports for a module with {}", given.len(), kinds.len())));
        }
        let (mut functions, mut globals) = (0, 0);
        for (kind, import) in kinds.into_iter().zip(given) {
            match kind {
                FUNC => {
                    self.link_function(&mut loaded, functions, import)?;
                    functions += 1;
                }
                GLOBAL => {
                    link_global(&mut loaded, globals, &import)?;
                    globals += 1;
                }
                _ => return Err(End::refused("the engine gives no instance the memory or table of another")),
            }
        }
        if !loaded.bound_memories(self.pages) {
            return Err(End::refused("a memory begins larger than the limit"));
        }
        self.instances += 1;
        let inner = loaded.instantiate(self.instances).map_err(|words| start_end(&words))?;
        Ok(Instance { inner, exports: imports::exports(module) })
    }

    fn invoke(&mut self, instance: &Instance, name: &str, args: &[Value]) -> Result<Vec<Value>, End> {
        let function = instance.function(name)?;
        instance.inner.call(&function, args).map_err(|words| end(&words))
    }

    fn global(&mut self, instance: &Instance, name: &str) -> Result<Value, End> {
        let index = instance.index(name, GLOBAL).ok_or_else(|| End::absent(format!("no global `{name}`")))?;
        let global = instance.inner.global(index);
        global.map(|(value, _)| value).ok_or_else(|| End::unclassified(format!("`{name}` is none of the engine's")))
    }

    fn memory(&mut self, instance: &Instance, name: &str, bytes_max: u64) -> Option<Memory> {
        let (size, bytes) = instance.inner.memory(instance.index(name, MEMORY)?, bytes_max)?;
        Some(Memory { size, bytes })
    }

    fn table(&mut self, instance: &Instance, name: &str, elements_max: usize) -> Option<Table> {
        let (size, elements) = instance.inner.table(instance.index(name, TABLE)?, elements_max)?;
        let elements = elements.into_iter().map(|element| match element {
            None => Element::Null,
            Some(index) => {
                let next = self.functions.len() as u64;
                Element::Func(*self.functions.entry(instance.inner.origin(index)).or_insert(next))
            }
        });
        Some(Table { size, elements: elements.collect() })
    }
}

impl Session {
    fn link_function(
        &self,
        module: &mut engine::Module,
        position: u32,
        import: Import<'_, Instance>,
    ) -> Result<(), End> {
        let wanted = module.imported_function(position).ok_or_else(|| End::refused(NO_TYPE))?;
        // The engine takes one value back from a function that it calls so.
        if wanted.results.len() > 1 {
            return Err(End::refused("imported functions have one result at most"));
        }
        match import {
            Import::Host { name, params, results } => {
                if wanted != (FuncType { params, results }) {
                    return Err(End::unclassified(format!("the host's `{name}` has another type than its import")));
                }
                module.link_host(position, Rc::clone(&self.parent), name, wanted);
            }
            Import::Export { instance, name } => {
                check_kind(instance, name, FUNC)?;
                let function = instance.function(name)?;
                if function.ty != wanted {
                    return Err(End::refused(UNCHECKED));
                }
                module.link_function(position, &instance.inner, function);
            }
        }
        Ok(())
    }
}

fn link_global(module: &mut engine::Module, position: u32, import: &Import<'_, Instance>) -> Result<(), End> {
    let Import::Export { instance, name } = import else {
        return Err(End::unclassified("a function of the host for a global"));
    };
    check_kind(instance, name, GLOBAL)?;
    let (ty, is_mutable) = module.imported_global(position).ok_or_else(|| End::refused(NO_TYPE))?;
    let index = instance.index(name, GLOBAL).ok_or_else(|| End::unlinkable(format!("no export `{name}`")))?;
    let (value, was_mutable) = instance.inner.global(index).ok_or_else(|| End::refused(NO_TYPE))?;
    if is_mutable || was_mutable {
        return Err(End::refused("the engine gives no instance a mutable global of another"));
    }
    if ty != value.ty {
        return Err(End::refused(UNCHECKED));
    }
    module.link_global(position, value);
    Ok(())
}

/// Sees that an export is there, and of the wanted kind.
fn check_kind(instance: &Instance, name: &str, kind: u8) -> Result<(), End> {
    let export = instance.exports.iter().find(|export| export.0 == name);
    match export {
        None => Err(End::unlinkable(format!("no export `{name}`"))),
        Some((_, found, _)) if *found == kind => Ok(()),
        Some(_) => Err(End::refused(UNCHECKED)),
    }
}

/// The engine takes what it is given, whatever its type; so the worker does not say what the engine would.
const UNCHECKED: &str = "the import has another type, which the engine does not check";
const NO_TYPE: &str = "the type is none of the engine's";

/// One message for accesses of memories and of data segments.
const MEMORIES: &[&str] = &["memory-out-of-bounds", "segment-out-of-bounds"];

/// The engine's exceptions, with the kinds of traps that they may mean.
const TRAPS: &[(&str, &[&str])] = &[
    ("unreachable", &["unreachable"]),
    ("out of bounds memory access", MEMORIES),
    ("data segment does not fit", MEMORIES),
    ("elements segment does not fit", &["table-out-of-bounds", "segment-out-of-bounds"]),
    ("integer overflow", &["integer-overflow"]),
    ("integer divide by zero", &["integer-divide-by-zero"]),
    ("invalid conversion to integer", &["invalid-conversion-to-integer"]),
    ("undefined element", &["undefined-element"]),
    ("uninitialized element", &["uninitialized-element"]),
    ("indirect call type mismatch", &["indirect-call-type-mismatch"]),
    ("unaligned atomic", &["unaligned-atomic"]),
    ("wait on unshared memory", &["expected-shared-memory"]),
];

const NO_MEMORY: &str = "allocate memory failed";

fn end(words: &str) -> End {
    if let Some((_, kinds)) = TRAPS.iter().find(|(message, _)| *message == words) {
        return End::trap(kinds, words);
    }
    match words {
        // That of the engine's frames, and that of the thread.
        "stack overflow" | "native stack overflow" => End::exhausted("stack", words),
        NO_MEMORY => End::exhausted("memory", words),
        "unsupported opcode" => End::refused(words),
        _ => End::unclassified(words),
    }
}

/// What the engine says of an instance that it did not make.
fn start_end(words: &str) -> End {
    let words = words.trim_start_matches("WASM module instantiate failed: ").trim_start_matches("Exception: ");
    match words {
        NO_MEMORY => End::refused(words),
        _ => end(words),
    }
}

/// What the engine says of a module that it does not accept.
fn refusal(words: &str) -> End {
    match words.trim_start_matches("WASM module load failed: ") {
        NO_MEMORY => End::refused(words),
        words => End::rejected(words),
    }
}
