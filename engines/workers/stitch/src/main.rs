//! A worker for makepad-stitch, an interpreter whose instructions call each other. It must not know how operations
//! travel. The engine aborts on some modules: then the process ends, and the parent sees it.

#[path = "../../common/imports.rs"]
mod imports;
#[path = "../../common/protocol.rs"]
mod protocol;

use std::error::Error as _;
use std::process::ExitCode;

use makepad_stitch::{Engine, Error, ExternRef, ExternVal, Func, FuncRef, Instance, Linker, Module, Store, Val};
use protocol::{End, Hello, Limits};

fn main() -> ExitCode {
    protocol::serve(|options| match options.first() {
        Some(option) => Err(format!("no option `{option}`: makepad-stitch has none")),
        None => Ok(Stitch { engine: Engine::new() }),
    })
}

struct Stitch {
    engine: Engine,
}

impl protocol::Engine for Stitch {
    type Module = Module;
    type Session = Session;

    fn hello(&self) -> Hello {
        Hello {
            version: env!("CARGO_PKG_VERSION"),
            has_fuel: false,
            builtins: &["func_id", "extern_id", "host_value"],
            blind_spots: &[("limits", "the engine has none for memories, tables and frames")],
        }
    }

    fn open(&mut self, _: &Limits) -> Result<Session, End> {
        Ok(Session { store: Store::new(self.engine.clone()) })
    }

    fn compile(&mut self, _: &mut Session, bytes: &[u8]) -> Result<Module, End> {
        Module::new(&self.engine, &imports::numbered(bytes)).map_err(|error| End::rejected(error.to_string()))
    }
}

struct Session {
    store: Store,
}

impl protocol::Session for Session {
    type Module = Module;
    type Instance = Instance;
    type Extern = ExternVal;

    fn instantiate(&mut self, module: &Module, imports: Vec<ExternVal>) -> Result<Instance, End> {
        let mut linker = Linker::new();
        for (position, import) in imports.into_iter().enumerate() {
            linker.define(imports::MODULE, &imports::name(position), import);
        }
        linker.instantiate(&mut self.store, module).map_err(|error| end(&error))
    }

    fn export(&mut self, instance: &Instance, name: &str) -> Option<ExternVal> {
        instance.exported_val(name)
    }

    fn builtin(&mut self, name: &str) -> Option<ExternVal> {
        let store = &mut self.store;
        Some(ExternVal::Func(match name {
            "func_id" => Func::wrap(store, func_id),
            "extern_id" => Func::wrap(store, extern_id),
            "host_value" => Func::wrap(store, host_value),
            _ => return None,
        }))
    }

    fn call(&mut self, instance: &Instance, name: &str) -> Result<i32, End> {
        let func = instance.exported_func(name);
        let func = func.ok_or_else(|| End::absent(format!("no function `{name}`")))?;
        let mut results = [Val::I32(0)];
        func.call(&mut self.store, &[], &mut results).map_err(|error| end(&error))?;
        match results {
            [Val::I32(result)] => Ok(result),
            [other] => Err(End::unclassified(format!("`{name}` returned {other:?}"))),
        }
    }

    fn read(&mut self, instance: &Instance, memory: &str, offset: usize, to: &mut [u8]) -> Option<()> {
        let bytes = instance.exported_mem(memory)?.bytes(&self.store);
        to.copy_from_slice(bytes.get(offset..offset.checked_add(to.len())?)?);
        Some(())
    }

    fn write(&mut self, instance: &Instance, memory: &str, offset: usize, from: &[u8]) -> Option<()> {
        let bytes = instance.exported_mem(memory)?.bytes_mut(&mut self.store);
        bytes.get_mut(offset..offset.checked_add(from.len())?)?.copy_from_slice(from);
        Some(())
    }

    fn size(&mut self, instance: &Instance, memory: &str) -> Option<usize> {
        Some(instance.exported_mem(memory)?.bytes(&self.store).len())
    }
}

/// The index that is printed for a handle is the address of the function in its store.
fn func_id(func: FuncRef) -> i32 {
    let printed = func.get().map(|func| format!("{func:?}")).unwrap_or_default();
    let digits = printed.split("0x").nth(1).unwrap_or_default();
    let digits: String = digits.chars().take_while(char::is_ascii_hexdigit).collect();
    // Functions are boxes of more than 16 bytes, so these bits tell them apart within 64 GiB.
    u64::from_str_radix(&digits, 16).map_or(-1, |address| (address >> 4) as i32)
}

fn host_value(store: &mut Store, number: i32) -> ExternRef {
    ExternRef::new::<i32>(store, Some(number))
}

fn extern_id(store: &mut Store, value: ExternRef) -> i32 {
    value.get(store).and_then(|value| value.downcast_ref().copied()).unwrap_or(-1)
}

/// The engine's trap messages, with the kinds of traps that they may mean.
const TRAPS: &[(&str, &[&str])] = &[
    ("unreachable", &["unreachable"]),
    ("type mismatch", &["indirect-call-type-mismatch"]),
    ("element uninitialized", &["uninitialized-element"]),
    ("integer divide by zero", &["integer-divide-by-zero"]),
    ("integer overflow", &["integer-overflow"]),
    ("invalid conversion to integer", &["invalid-conversion-to-integer"]),
    ("table access out of bounds", &["table-out-of-bounds", "undefined-element", "segment-out-of-bounds"]),
    ("memory access out of bounds", &["memory-out-of-bounds", "segment-out-of-bounds"]),
];

fn end(error: &Error) -> End {
    let words = error.source().map(ToString::to_string).unwrap_or_default();
    match error {
        // The type of traps is not public.
        Error::Trap(_) if words == "stack overflow" => End::exhausted("stack", words),
        Error::Trap(_) => match TRAPS.iter().find(|(message, _)| *message == words) {
            Some((_, kinds)) => End::trap(kinds, words),
            None => End::unclassified(words),
        },
        Error::Instantiate(_) => End::unlinkable(words),
        Error::Decode(_) => End::rejected(words),
        // Of segments, while an instance is made.
        Error::Table(_) => End::trap(&["table-out-of-bounds", "segment-out-of-bounds"], words),
        Error::Memory(_) => End::trap(&["memory-out-of-bounds", "segment-out-of-bounds"], words),
        Error::Func(_) | Error::Global(_) => End::unclassified(words),
    }
}
