//! A worker for tinywasm, an interpreter that rewrites modules into instructions of its own, in releases since 0.9.
//! It must not know how operations travel.

#[path = "../../common/imports.rs"]
mod imports;
#[path = "../../common/protocol.rs"]
mod protocol;

use std::process::ExitCode;

use protocol::{End, Hello, Limits};
use tinywasm::engine::{Config, StackConfig};
use tinywasm::parser::{ParseError, Parser, ParserOptions};
use tinywasm::types::{ExternRef, FuncType, WasmType, WasmValue};
use tinywasm::{Error, ExecProgress, ExternItem, Function, HostFunction, Imports, Module, ModuleInstance, Store, Trap};

/// Slots of each value stack. The defaults, and their 1024 frames, end a recursion before `frames_max`.
const SLOTS: StackConfig = StackConfig::dynamic(1024, 1 << 20);

fn main() -> ExitCode {
    protocol::serve(|options| match options.first() {
        Some(option) => Err(format!("no option `{option}`: tinywasm has none")),
        // More threads would be spawned and joined for every module.
        None => Ok(Tinywasm { parser: Parser::with_options(ParserOptions::default().with_parser_threads(1)) }),
    })
}

struct Tinywasm {
    parser: Parser,
}

impl protocol::Engine for Tinywasm {
    type Module = Module;
    type Session = Session;

    fn hello(&self) -> Hello {
        Hello {
            version: env!("CARGO_PKG_VERSION"),
            has_fuel: true,
            builtins: &["func_id", "extern_id", "host_value"],
            blind_spots: &[("limits", "memories and tables are bounded by their own maxima only")],
        }
    }

    fn open(&mut self, limits: &Limits) -> Result<Session, End> {
        let frames_max = limits.frames_max;
        let config =
            Config::new().with_value_stack(SLOTS).with_call_stack(StackConfig::dynamic(frames_max.min(64), frames_max));
        let fuel_max = u32::try_from(limits.fuel_max).unwrap_or(u32::MAX);
        Ok(Session { store: Store::new(tinywasm::Engine::new(config)), fuel_max })
    }

    fn compile(&mut self, _: &mut Session, bytes: &[u8]) -> Result<Module, End> {
        self.parser.parse_module_bytes(imports::numbered(bytes)).map_err(|error| end(&Error::Parser(error)))
    }
}

struct Session {
    store: Store,
    fuel_max: u32,
}

impl Session {
    fn run(&mut self, func: &Function) -> Result<Vec<WasmValue>, End> {
        let fuel_max = self.fuel_max;
        let progress = func.call_resumable(&mut self.store, &[]).and_then(|mut call| call.resume_with_fuel(fuel_max));
        match progress {
            Ok(ExecProgress::Completed(values)) => Ok(values),
            Ok(ExecProgress::Suspended) => Err(End::exhausted("fuel", "suspended")),
            Err(error) => Err(end(&error)),
        }
    }
}

impl protocol::Session for Session {
    type Module = Module;
    type Instance = ModuleInstance;
    type Extern = ExternItem;

    fn instantiate(&mut self, module: &Module, imports: Vec<ExternItem>) -> Result<ModuleInstance, End> {
        let mut defined = Imports::new();
        for (position, import) in imports.into_iter().enumerate() {
            let name = imports::name(position);
            match import {
                ExternItem::Func(func) => defined.define(imports::MODULE, &name, func),
                ExternItem::Memory(memory) => defined.define(imports::MODULE, &name, memory),
                ExternItem::Table(table) => defined.define(imports::MODULE, &name, table),
                ExternItem::Global(global) => defined.define(imports::MODULE, &name, global),
            };
        }
        let made = ModuleInstance::instantiate_no_start(&mut self.store, module, Some(defined));
        let made = made.map_err(|error| end(&error))?;
        // The start function is run apart, since only a call that can be resumed counts fuel.
        if let Some(start) = made.start_func(&self.store).map_err(|error| end(&error))? {
            self.run(&start)?;
        }
        Ok(made)
    }

    fn export(&mut self, instance: &ModuleInstance, name: &str) -> Option<ExternItem> {
        instance.extern_item(name).ok()
    }

    fn builtin(&mut self, name: &str) -> Option<ExternItem> {
        let (params, results, run): (_, _, fn(&WasmValue) -> WasmValue) = match name {
            "func_id" => ([WasmType::RefFunc], [WasmType::I32], number_of),
            "extern_id" => ([WasmType::RefExtern], [WasmType::I32], number_of),
            "host_value" => ([WasmType::I32], [WasmType::RefExtern], host_value),
            _ => return None,
        };
        let ty = FuncType::new(&params, &results);
        let func = HostFunction::from_untyped(&mut self.store, &ty, move |_, args| Ok(args.iter().map(run).collect()));
        Some(ExternItem::Func(func))
    }

    fn call(&mut self, instance: &ModuleInstance, name: &str) -> Result<i32, End> {
        let func = instance.func_untyped(&self.store, name);
        let func = func.map_err(|error| End::absent(format!("no function `{name}`: {error}")))?;
        match self.run(&func)?.as_slice() {
            [WasmValue::I32(result)] => Ok(*result),
            other => Err(End::unclassified(format!("`{name}` returned {} values", other.len()))),
        }
    }

    fn read(&mut self, instance: &ModuleInstance, memory: &str, offset: usize, to: &mut [u8]) -> Option<()> {
        instance.memory(memory).ok()?.read_exact(&self.store, offset, to).ok()
    }

    fn write(&mut self, instance: &ModuleInstance, memory: &str, offset: usize, from: &[u8]) -> Option<()> {
        instance.memory(memory).ok()?.copy_from_slice(&mut self.store, offset, from).ok()
    }

    fn size(&mut self, instance: &ModuleInstance, memory: &str) -> Option<usize> {
        instance.memory(memory).ok()?.len(&self.store).ok()
    }
}

/// A function's address, or what a host value carries: the engine numbers both by themselves.
fn number_of(value: &WasmValue) -> WasmValue {
    let number = match value {
        WasmValue::RefFunc(func) => func.addr(),
        WasmValue::RefExtern(object) => object.addr(),
        _ => None,
    };
    WasmValue::I32(number.map_or(-1, u32::cast_signed))
}

fn host_value(value: &WasmValue) -> WasmValue {
    match value {
        WasmValue::I32(number) => WasmValue::RefExtern(ExternRef::new(Some(number.cast_unsigned()))),
        _ => WasmValue::RefExtern(ExternRef::null()),
    }
}

fn end(error: &Error) -> End {
    let words = error.to_string();
    match error {
        Error::Trap(code) => trap(code, words),
        Error::Linker(_) => End::unlinkable(words),
        Error::UnsupportedFeature(_) => End::refused(words),
        // The validator's limits are those that engines share (appendix A.3), and it has only this text.
        Error::Parser(ParseError::ParseError { message, .. }) if message.contains(" exceeds limit of ") => {
            End::refused(words)
        }
        Error::Parser(ParseError::UnsupportedOperator(_)) => End::refused(words),
        Error::Parser(_) => End::rejected(words),
        _ => End::unclassified(words),
    }
}

fn trap(code: &Trap, words: String) -> End {
    let kinds: &[&str] = match code {
        Trap::Unreachable => &["unreachable"],
        Trap::MemoryOutOfBounds { .. } => &["memory-out-of-bounds", "segment-out-of-bounds"],
        Trap::TableOutOfBounds { .. } => &["table-out-of-bounds", "segment-out-of-bounds"],
        Trap::DivisionByZero => &["integer-divide-by-zero"],
        Trap::InvalidConversionToInt => &["invalid-conversion-to-integer"],
        Trap::IntegerOverflow => &["integer-overflow"],
        Trap::UndefinedElement { .. } => &["undefined-element"],
        Trap::UninitializedElement { .. } => &["uninitialized-element"],
        Trap::IndirectCallTypeMismatch { .. } => &["indirect-call-type-mismatch"],
        Trap::CallStackOverflow | Trap::ValueStackOverflow => return End::exhausted("stack", words),
        Trap::OutOfMemory => return End::exhausted("memory", words),
        _ => return End::unclassified(words),
    };
    End::trap(kinds, words)
}
