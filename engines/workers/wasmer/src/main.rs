//! A worker for wasmer, with the compilers that it is built with; an option chooses one. It must not know how
//! operations travel.

#[path = "../../common/protocol.rs"]
mod protocol;

use std::cell::RefCell;
use std::process::ExitCode;

use protocol::{End, Hello, Limits};
use wasmer::sys::EngineBuilder;
use wasmer::{
    CompileError, Extern, ExternRef, Function, FunctionEnv, FunctionEnvMut, FunctionType, Instance, InstantiationError,
    LinkError, Memory, Module, RuntimeError, Store, Type, Value,
};

/// Requests after which the engine is made anew: it never frees the code of a module.
const REQUESTS_PER_ENGINE: u32 = 256;

fn main() -> ExitCode {
    protocol::serve(|options| {
        let compiler = match options {
            [] => Compiler::ALL.first().copied().ok_or("built without a compiler")?,
            [option] => Compiler::named(option)?,
            _ => return Err("there is one compiler at a time".to_owned()),
        };
        Ok(Wasmer { engine: compiler.engine(), compiler, generation: 0, requests: 0 })
    })
}

#[derive(Clone, Copy)]
enum Compiler {
    #[cfg(feature = "singlepass")]
    Singlepass,
    #[cfg(feature = "cranelift")]
    Cranelift,
}

impl Compiler {
    const ALL: &[Self] = &[
        #[cfg(feature = "singlepass")]
        Self::Singlepass,
        #[cfg(feature = "cranelift")]
        Self::Cranelift,
    ];

    fn name(self) -> &'static str {
        match self {
            #[cfg(feature = "singlepass")]
            Self::Singlepass => "singlepass",
            #[cfg(feature = "cranelift")]
            Self::Cranelift => "cranelift",
        }
    }

    fn named(name: &str) -> Result<Self, String> {
        let found = Self::ALL.iter().find(|compiler| compiler.name() == name);
        let names: Vec<&str> = Self::ALL.iter().map(|compiler| compiler.name()).collect();
        found.copied().ok_or_else(|| format!("no option `{name}`: this worker is built with {}", names.join(", ")))
    }

    fn engine(self) -> wasmer::Engine {
        match self {
            #[cfg(feature = "singlepass")]
            Self::Singlepass => EngineBuilder::new(wasmer::sys::Singlepass::default()).engine().into(),
            #[cfg(feature = "cranelift")]
            Self::Cranelift => EngineBuilder::new(wasmer::sys::Cranelift::default()).engine().into(),
        }
    }
}

struct Wasmer {
    compiler: Compiler,
    engine: wasmer::Engine,
    /// How many engines there were before.
    generation: u32,
    requests: u32,
}

/// A module, compiled anew where it outlives the engine.
struct Compiled {
    bytes: Vec<u8>,
    made: RefCell<(u32, Module)>,
}

impl protocol::Engine for Wasmer {
    type Module = Compiled;
    type Session = Session;

    fn hello(&self) -> Hello {
        Hello {
            version: env!("CARGO_PKG_VERSION"),
            has_fuel: false,
            builtins: &["extern_id", "host_value"],
            blind_spots: &[
                ("func identity", "a function that passes through the host gets a new handle each time"),
                ("limits", "memories and tables are bounded by their own maxima only"),
            ],
        }
    }

    fn open(&mut self, _: &Limits) -> Result<Session, End> {
        if self.requests == REQUESTS_PER_ENGINE {
            self.engine = self.compiler.engine();
            self.generation += 1;
            self.requests = 0;
        }
        self.requests += 1;
        let mut store = Store::new(self.engine.clone());
        let host = FunctionEnv::new(&mut store, ());
        Ok(Session { store, host, generation: self.generation })
    }

    fn compile(&mut self, session: &mut Session, bytes: &[u8]) -> Result<Compiled, End> {
        let module = session.compile(bytes)?;
        Ok(Compiled { bytes: bytes.to_vec(), made: RefCell::new((session.generation, module)) })
    }
}

struct Session {
    store: Store,
    host: FunctionEnv<()>,
    generation: u32,
}

impl Session {
    fn compile(&self, bytes: &[u8]) -> Result<Module, End> {
        Module::from_binary(&self.store, bytes).map_err(|error| refusal(&error))
    }

    fn memory<'a>(&self, instance: &'a Instance, name: &str) -> Option<&'a Memory> {
        instance.exports.get_memory(name).ok()
    }
}

impl protocol::Session for Session {
    type Module = Compiled;
    type Instance = Instance;
    type Extern = Extern;

    // What is imported is called through a stub, and there are functions that it fails for.
    const SEATS: bool = true;

    fn instantiate(&mut self, module: &Compiled, imports: Vec<Extern>) -> Result<Instance, End> {
        let mut made = module.made.borrow_mut();
        if made.0 != self.generation {
            *made = (self.generation, self.compile(&module.bytes)?);
        }
        Instance::new_by_index(&mut self.store, &made.1, &imports).map_err(|error| match error {
            InstantiationError::Link(LinkError::Trap(error)) | InstantiationError::Start(error) => end(&error),
            InstantiationError::Link(LinkError::Resource(words)) => End::refused(words),
            InstantiationError::Link(error) => End::unlinkable(error),
            error => End::unclassified(error),
        })
    }

    fn export(&mut self, instance: &Instance, name: &str) -> Option<Extern> {
        instance.exports.get_extern(name).cloned()
    }

    fn builtin(&mut self, name: &str) -> Option<Extern> {
        let (store, host) = (&mut self.store, &self.host);
        Some(Extern::Function(match name {
            "extern_id" => {
                let ty = FunctionType::new([Type::ExternRef], [Type::I32]);
                Function::new_with_env(store, host, ty, extern_id)
            }
            "host_value" => {
                let ty = FunctionType::new([Type::I32], [Type::ExternRef]);
                Function::new_with_env(store, host, ty, host_value)
            }
            _ => return None,
        }))
    }

    fn seat(&mut self, table: Extern, func: Extern) -> Option<()> {
        match (table, func) {
            (Extern::Table(table), Extern::Function(func)) => {
                table.set(&mut self.store, 0, Value::FuncRef(Some(func))).ok()
            }
            _ => None,
        }
    }

    fn call(&mut self, instance: &Instance, name: &str) -> Result<i32, End> {
        let func = instance.exports.get_function(name);
        let func = func.map_err(|error| End::absent(format!("no function `{name}`: {error}")))?;
        let results = func.call(&mut self.store, &[]).map_err(|error| end(&error))?;
        match &*results {
            [Value::I32(result)] => Ok(*result),
            other => Err(End::unclassified(format!("`{name}` returned {} values", other.len()))),
        }
    }

    fn read(&mut self, instance: &Instance, memory: &str, offset: usize, to: &mut [u8]) -> Option<()> {
        self.memory(instance, memory)?.view(&self.store).read(offset as u64, to).ok()
    }

    fn write(&mut self, instance: &Instance, memory: &str, offset: usize, from: &[u8]) -> Option<()> {
        self.memory(instance, memory)?.view(&self.store).write(offset as u64, from).ok()
    }

    fn size(&mut self, instance: &Instance, memory: &str) -> Option<usize> {
        usize::try_from(self.memory(instance, memory)?.view(&self.store).data_size()).ok()
    }
}

fn extern_id(mut host: FunctionEnvMut<'_, ()>, args: &[Value]) -> Result<Vec<Value>, RuntimeError> {
    let (_, store) = host.data_and_store_mut();
    let number = match args {
        [Value::ExternRef(Some(object))] => object.downcast::<i32>(&store).copied(),
        _ => None,
    };
    Ok(vec![Value::I32(number.unwrap_or(-1))])
}

fn host_value(mut host: FunctionEnvMut<'_, ()>, args: &[Value]) -> Result<Vec<Value>, RuntimeError> {
    let (_, mut store) = host.data_and_store_mut();
    let number = args.first().and_then(Value::i32).unwrap_or(-1);
    Ok(vec![Value::ExternRef(Some(ExternRef::new(&mut store, number)))])
}

/// What an error means, where a module was to be compiled.
fn refusal(error: &CompileError) -> End {
    let words = error.to_string();
    match error {
        // The validator's limits are those that engines share (appendix A.3), and it has only this text.
        _ if words.contains(" exceeds limit of ") => End::refused(words),
        CompileError::Validate(_) => End::rejected(words),
        CompileError::Wasm(_) if words.contains("nvalid input WebAssembly code") => End::rejected(words),
        CompileError::Wasm(_)
        | CompileError::Codegen(_)
        | CompileError::UnsupportedFeature(_)
        | CompileError::UnsupportedTarget(_)
        | CompileError::Resource(_) => End::refused(words),
        _ => End::unclassified(words),
    }
}

/// One code for accesses of memories and of data segments.
const MEMORY: &[&str] = &["memory-out-of-bounds", "segment-out-of-bounds"];
/// One code for accesses of tables, of element segments, and for the index of an indirect call.
const TABLE: &[&str] = &["table-out-of-bounds", "undefined-element", "segment-out-of-bounds"];

/// The engine's trap messages, with the kinds of traps that they may mean.
const TRAPS: &[(&str, &[&str])] = &[
    ("unreachable", &["unreachable"]),
    ("out of bounds memory access", MEMORY),
    ("undefined element: out of bounds table access", TABLE),
    ("uninitialized element", &["uninitialized-element"]),
    ("indirect call type mismatch", &["indirect-call-type-mismatch"]),
    ("integer overflow", &["integer-overflow"]),
    ("integer divide by zero", &["integer-divide-by-zero"]),
    ("invalid conversion to integer", &["invalid-conversion-to-integer"]),
    ("misaligned heap", &["unaligned-atomic"]),
    ("unaligned atomic access", &["unaligned-atomic"]),
    ("uninitialized exnref", &["null-reference"]),
];

fn end(error: &RuntimeError) -> End {
    let words = error.message();
    if let Some((_, kinds)) = TRAPS.iter().find(|(message, _)| *message == words) {
        return End::trap(kinds, words);
    }
    match words.as_str() {
        "call stack exhausted" => End::exhausted("stack", words),
        "uncaught exception" => End::threw(words),
        _ => End::unclassified(words),
    }
}
