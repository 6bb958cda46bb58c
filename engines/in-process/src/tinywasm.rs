//! tinywasm: a small interpreter that rewrites modules into instructions of its own.
//!
//! Not guaranteed: that tables stay within the case's limits. The engine has no hook for them, so a case
//! that grows a table declares a maximum.

use std::collections::{BTreeMap, BTreeSet};

use tinywasm::engine::{Config, LinearMemory, MemoryBackend, StackConfig, VecMemory};
use tinywasm::parser::{ParseError, Parser, ParserOptions};
use tinywasm::types::{ExternRef, ModuleInner, WasmType, WasmValue};
use tinywasm::{Error, ExecProgress, ExternItem, Function, HostFunction, Imports, Module, ModuleInstance, Store, Trap};
use wassay_adapter::{Engine, Extern, HostHandle, Session};
use wassay_model::{
    Bound, Capabilities, EngineId, EngineName, Feature, Features, FuncType, HeapType, Identity, InstanceIdx, Limits,
    ModuleIdx, Outcome, Ref, RefType, Resource, TrapKind, TrapKinds, ValType, Value,
};

use crate::Unavailable;

pub(crate) const VERSION: &str = "0.10.0";

const FEATURES: Features = Features::V2.union(Features::of(&[
    Feature::RelaxedSimd,
    Feature::TailCall,
    Feature::ExtendedConst,
    Feature::MultiMemory,
    Feature::Memory64,
    Feature::WideArithmetic,
    Feature::CustomPageSizes,
]));

/// Slots of each value stack. The defaults, and their 1024 frames, end a recursion before `frames_max`.
const SLOTS: StackConfig = StackConfig::dynamic(1024, 1 << 20);

struct Tinywasm {
    id: EngineId,
    capabilities: Capabilities,
    parser: Parser,
}

/// Opens the engine.
pub(crate) fn open(name: &EngineName) -> Result<Box<dyn Engine>, Unavailable> {
    Ok(Box::new(Tinywasm {
        id: EngineId { name: name.clone(), version: VERSION.to_owned() },
        capabilities: Capabilities { features: FEATURES, bound: Bound::Fuel, blind_spots: BTreeMap::new() },
        // More threads would be spawned and joined for every module.
        parser: Parser::with_options(ParserOptions::default().with_parser_threads(1)),
    }))
}

impl Engine for Tinywasm {
    fn id(&self) -> &EngineId {
        &self.id
    }

    fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }

    fn open<'a>(&'a mut self, limits: &Limits, host: HostHandle) -> Result<Box<dyn Session + 'a>, Outcome> {
        let frames_max = limits.frames_max as usize;
        let memory_bytes_max = limits.memory_pages_max as usize * 65_536;
        let config = Config::new()
            .with_value_stack(SLOTS)
            .with_call_stack(StackConfig::dynamic(frames_max.min(64), frames_max))
            .with_memory_backend(Bounded::backend(memory_bytes_max));
        Ok(Box::new(Case {
            parser: &self.parser,
            store: Store::new(tinywasm::Engine::new(config)),
            host,
            memory_bytes_max: memory_bytes_max as u64,
            table_elements_max: u64::from(limits.table_elements_max),
            fuel_max: u32::try_from(limits.fuel_max).unwrap_or(u32::MAX),
            modules: Vec::new(),
            instances: Vec::new(),
            bytes: Vec::new(),
            last: None,
        }))
    }
}

/// The engine's own default memory, which refuses to grow beyond the case's limit: unbounded, one
/// `memory.grow` of a 64-bit memory could take all that the machine has.
struct Bounded {
    memory: VecMemory,
    bytes_max: usize,
}

impl Bounded {
    fn backend(bytes_max: usize) -> MemoryBackend {
        MemoryBackend::custom(move |ty| {
            let bytes = usize::try_from(ty.initial_size()).map_err(|_| Trap::OutOfMemory)?;
            Ok(Self { memory: VecMemory::try_new(bytes)?, bytes_max })
        })
    }
}

/// Hands methods on, so that none of the engine's own ways through memory is replaced by a default.
macro_rules! hand_on {
    ($(fn $name:ident(&self $(, $arg:ident: $ty:ty)*) -> $result:ty;)*
     mut $(fn $mut_name:ident(&mut self $(, $mut_arg:ident: $mut_ty:ty)*) -> $mut_result:ty;)*) => {
        $(#[inline] fn $name(&self $(, $arg: $ty)*) -> $result { self.memory.$name($($arg),*) })*
        $(#[inline] fn $mut_name(&mut self $(, $mut_arg: $mut_ty)*) -> $mut_result { self.memory.$mut_name($($mut_arg),*) })*
    };
}

impl LinearMemory for Bounded {
    fn grow_to(&mut self, bytes: usize) -> Result<(), Trap> {
        if bytes > self.bytes_max {
            return Err(Trap::OutOfMemory);
        }
        self.memory.grow_to(bytes)
    }

    hand_on! {
        fn len(&self) -> usize;
        fn read(&self, addr: usize, to: &mut [u8]) -> usize;
        fn read_exact(&self, addr: usize, to: &mut [u8]) -> Option<()>;
        fn read_vec(&self, addr: usize, len: usize) -> Option<Vec<u8>>;
        fn read_8(&self, addr: usize) -> Result<[u8; 1], Trap>;
        fn read_16(&self, addr: usize) -> Result<[u8; 2], Trap>;
        fn read_32(&self, addr: usize) -> Result<[u8; 4], Trap>;
        fn read_64(&self, addr: usize) -> Result<[u8; 8], Trap>;
        fn read_128(&self, addr: usize) -> Result<[u8; 16], Trap>;
        mut
        fn write(&mut self, addr: usize, from: &[u8]) -> usize;
        fn write_all(&mut self, addr: usize, from: &[u8]) -> Option<()>;
        fn fill(&mut self, addr: usize, len: usize, byte: u8) -> Option<()>;
        fn copy_within(&mut self, to: usize, from: usize, len: usize) -> Option<()>;
        fn write_8(&mut self, addr: usize, bytes: &[u8]) -> Result<(), Trap>;
        fn write_16(&mut self, addr: usize, bytes: &[u8]) -> Result<(), Trap>;
        fn write_32(&mut self, addr: usize, bytes: &[u8]) -> Result<(), Trap>;
        fn write_64(&mut self, addr: usize, bytes: &[u8]) -> Result<(), Trap>;
        fn write_128(&mut self, addr: usize, bytes: &[u8]) -> Result<(), Trap>;
    }
}

struct Case<'a> {
    parser: &'a Parser,
    store: Store,
    host: HostHandle,
    memory_bytes_max: u64,
    table_elements_max: u64,
    fuel_max: u32,
    modules: Vec<Option<Module>>,
    /// With the module that each is of.
    instances: Vec<Option<(ModuleInstance, Module)>>,
    /// A copy of a memory: the engine shows no slice.
    bytes: Vec<u8>,
    last: Option<Error>,
}

impl Session for Case<'_> {
    fn load(&mut self, module: ModuleIdx, bytes: &[u8]) -> Outcome {
        match self.parser.parse_module_bytes(bytes) {
            Ok(loaded) => {
                crate::put(&mut self.modules, module.position(), without_doubled_imports(loaded));
                Outcome::Returned(Vec::new())
            }
            Err(error) => self.fail(Error::Parser(error)),
        }
    }

    fn instantiate(&mut self, module: ModuleIdx, instance: InstanceIdx, imports: &[Extern<'_>]) -> Outcome {
        let Some(module) = self.modules.get(module.position()).and_then(Clone::clone) else { return Outcome::Absent };
        if module.imports.len() != imports.len() {
            return Outcome::Unlinkable;
        }
        if module.memory_types.iter().any(|ty| ty.initial_size() > self.memory_bytes_max)
            || module.table_types.iter().any(|ty| ty.size_initial > self.table_elements_max)
        {
            return Outcome::Refused("a memory or table begins larger than the case allows".to_owned());
        }
        let mut defined = Imports::new();
        for (import, wanted) in imports.iter().zip(&module.imports) {
            let found = match *import {
                Extern::Export { instance, export } => {
                    self.instance(instance).and_then(|instance| instance.extern_item(export).ok())
                }
                Extern::Host { name, ty } => self.host_func(name, ty).map(ExternItem::Func),
            };
            match found {
                Some(ExternItem::Func(func)) => defined.define(&wanted.module, &wanted.name, func),
                Some(ExternItem::Memory(memory)) => defined.define(&wanted.module, &wanted.name, memory),
                Some(ExternItem::Table(table)) => defined.define(&wanted.module, &wanted.name, table),
                Some(ExternItem::Global(global)) => defined.define(&wanted.module, &wanted.name, global),
                None => return Outcome::Unlinkable,
            };
        }
        // The start function is run apart, since only a call that can be resumed counts fuel.
        let made = match ModuleInstance::instantiate_no_start(&mut self.store, &module, Some(defined)) {
            Ok(made) => made,
            Err(error) => return self.fail(error),
        };
        match made.start_func(&self.store) {
            Ok(None) => {}
            Ok(Some(start)) => match self.call(&start, &[]) {
                Outcome::Returned(_) => {}
                outcome => return outcome,
            },
            Err(error) => return self.fail(error),
        }
        crate::put(&mut self.instances, instance.position(), (made, module));
        Outcome::Returned(Vec::new())
    }

    fn invoke(&mut self, instance: InstanceIdx, export: &str, args: &[Value]) -> Outcome {
        let Some(Ok(func)) = self.instance(instance).map(|instance| instance.func_untyped(&self.store, export)) else {
            return Outcome::Absent;
        };
        let mut inputs = Vec::with_capacity(args.len());
        for (position, arg) in args.iter().enumerate() {
            match self.input(*arg, instance, export, position) {
                Some(value) => inputs.push(value),
                None => return Outcome::Unclassified(format!("the adapter cannot pass {arg}")),
            }
        }
        self.call(&func, &inputs)
    }

    fn global(&mut self, instance: InstanceIdx, export: &str) -> Option<Value> {
        self.instance(instance)?.global_get(&self.store, export).ok().map(output)
    }

    fn memory(
        &mut self,
        instance: InstanceIdx,
        export: &str,
        bytes_max: u64,
        look: &mut dyn FnMut(&[u8]),
    ) -> Option<u64> {
        let memory = self.instance(instance)?.memory(export).ok()?;
        let len = memory.len(&self.store).ok()?;
        if len as u64 <= bytes_max {
            self.bytes.resize(len, 0);
            memory.read_exact(&self.store, 0, &mut self.bytes).ok()?;
            look(&self.bytes);
        }
        Some(len as u64)
    }

    fn table(&mut self, instance: InstanceIdx, export: &str, look: &mut dyn FnMut(Ref) -> bool) -> Option<u64> {
        let table = self.instance(instance)?.table(export).ok()?;
        let size = table.size(&self.store).ok()?;
        for index in 0..u32::try_from(size).unwrap_or(u32::MAX) {
            let Ok(element) = table.get(&self.store, index) else { break };
            let Value::Ref(element) = output(element) else { break };
            if !look(element) {
                break;
            }
        }
        Some(size as u64)
    }

    fn words(&mut self) -> Option<String> {
        self.last.take().map(|error| error.to_string())
    }
}

impl Case<'_> {
    fn instance(&self, instance: InstanceIdx) -> Option<&ModuleInstance> {
        Some(&self.instances.get(instance.position())?.as_ref()?.0)
    }

    fn fail(&mut self, error: Error) -> Outcome {
        let outcome = outcome(&error);
        self.last = Some(error);
        outcome
    }

    fn call(&mut self, func: &Function, args: &[WasmValue]) -> Outcome {
        let fuel_max = self.fuel_max;
        let progress = func.call_resumable(&mut self.store, args).and_then(|mut call| call.resume_with_fuel(fuel_max));
        match progress {
            Ok(ExecProgress::Completed(values)) => Outcome::Returned(values.into_iter().map(output).collect()),
            Ok(ExecProgress::Suspended) => Outcome::Exhausted(Resource::Fuel),
            Err(error) => self.fail(error),
        }
    }

    /// The engine's form of an argument. Its nulls have a type, and only the module tells it.
    fn input(&self, arg: Value, instance: InstanceIdx, export: &str, position: usize) -> Option<WasmValue> {
        match arg {
            Value::Ref(Ref::Null) => {
                let (_, module) = self.instances.get(instance.position())?.as_ref()?;
                let export = module.exports.iter().find(|known| *known.name == *export)?;
                let ty = *module.func_type_idxs.get(export.index as usize)?;
                Some(module.func_types.get(ty as usize)?.params().get(position)?.default_value())
            }
            Value::Ref(Ref::Extern(number)) => Some(WasmValue::RefExtern(ExternRef::new(Some(number)))),
            _ => number(arg),
        }
    }

    fn host_func(&mut self, name: &str, ty: &FuncType) -> Option<Function> {
        let params = ty.params.iter().map(|ty| wasm_type(*ty)).collect::<Option<Vec<_>>>()?;
        let results = ty.results.iter().map(|ty| wasm_type(*ty)).collect::<Option<Vec<_>>>()?;
        let host = self.host.clone();
        let name = name.to_owned();
        let answers = ty.results.clone();
        let nulls: Vec<WasmValue> = results.iter().map(WasmType::default_value).collect();
        let ty = tinywasm::types::FuncType::new(&params, &results);
        Some(HostFunction::from_untyped(&mut self.store, &ty, move |_, args| {
            let args: Vec<Value> = args.iter().map(|arg| anonymous(*arg)).collect();
            let answered = host.call(&name, &args, &answers);
            // References are answered by null.
            Ok(answered.into_iter().zip(&nulls).map(|(answer, null)| number(answer).unwrap_or(*null)).collect())
        }))
    }
}

/// The engine finds imports by their names, so a module that imports one name twice would be given one
/// item for both: then its imports are renamed to their positions.
fn without_doubled_imports(module: Module) -> Module {
    let mut names = BTreeSet::new();
    if module.imports.iter().all(|import| names.insert((&import.module, &import.name))) {
        return module;
    }
    let mut inner: ModuleInner = (*module).clone();
    for (position, import) in inner.imports.iter_mut().enumerate() {
        import.name = position.to_string().into();
    }
    inner.into()
}

fn wasm_type(ty: ValType) -> Option<WasmType> {
    Some(match ty {
        ValType::I32 => WasmType::I32,
        ValType::I64 => WasmType::I64,
        ValType::F32 => WasmType::F32,
        ValType::F64 => WasmType::F64,
        ValType::V128 => WasmType::V128,
        ValType::Ref(RefType { heap: HeapType::Func, .. }) => WasmType::RefFunc,
        ValType::Ref(RefType { heap: HeapType::Extern, .. }) => WasmType::RefExtern,
        ValType::Ref(_) => return None,
    })
}

fn number(value: Value) -> Option<WasmValue> {
    Some(match value {
        Value::I32(bits) => WasmValue::I32(bits.cast_signed()),
        Value::I64(bits) => WasmValue::I64(bits.cast_signed()),
        Value::F32(bits) => WasmValue::F32(f32::from_bits(bits)),
        Value::F64(bits) => WasmValue::F64(f64::from_bits(bits)),
        Value::V128(bits) => WasmValue::V128(bits.to_le_bytes()),
        Value::Ref(_) => return None,
    })
}

fn output(value: WasmValue) -> Value {
    match value {
        WasmValue::I32(bits) => Value::I32(bits.cast_unsigned()),
        WasmValue::I64(bits) => Value::I64(bits.cast_unsigned()),
        WasmValue::F32(float) => Value::F32(float.to_bits()),
        WasmValue::F64(float) => Value::F64(float.to_bits()),
        WasmValue::V128(bytes) => Value::V128(u128::from_le_bytes(bytes)),
        WasmValue::RefExtern(object) => Value::Ref(object.addr().map_or(Ref::Null, Ref::Extern)),
        WasmValue::RefFunc(func) => Value::Ref(func.addr().map_or(Ref::Null, |addr| Ref::Func(Identity::Known(addr)))),
    }
}

/// What a host function is given; identities of functions are not told there by any adapter.
fn anonymous(value: WasmValue) -> Value {
    match output(value) {
        Value::Ref(Ref::Func(_)) => Value::Ref(Ref::Func(Identity::Unknown)),
        value => value,
    }
}

/// What an error means.
fn outcome(error: &Error) -> Outcome {
    match error {
        Error::Trap(code) => trap(code),
        Error::Linker(_) => Outcome::Unlinkable,
        Error::UnsupportedFeature(_) => Outcome::Refused(error.to_string()),
        // The validator's limits are those that engines share (appendix A.3), and it has only this text.
        Error::Parser(ParseError::ParseError { message, .. }) if message.contains(" exceeds limit of ") => {
            Outcome::Refused(error.to_string())
        }
        Error::Parser(ParseError::UnsupportedOperator(_)) => Outcome::Refused(error.to_string()),
        // Validation, decoding, and failures of the rewriting: the latter refuse valid modules.
        Error::Parser(_) => Outcome::Rejected,
        _ => Outcome::Unclassified(error.to_string()),
    }
}

fn trap(code: &Trap) -> Outcome {
    Outcome::Trapped(match code {
        Trap::Unreachable => TrapKind::Unreachable.into(),
        Trap::MemoryOutOfBounds { .. } => TrapKinds::of(&[TrapKind::MemoryOutOfBounds, TrapKind::SegmentOutOfBounds]),
        Trap::TableOutOfBounds { .. } => TrapKinds::of(&[TrapKind::TableOutOfBounds, TrapKind::SegmentOutOfBounds]),
        Trap::DivisionByZero => TrapKind::IntegerDivideByZero.into(),
        Trap::InvalidConversionToInt => TrapKind::InvalidConversion.into(),
        Trap::IntegerOverflow => TrapKind::IntegerOverflow.into(),
        Trap::UndefinedElement { .. } => TrapKind::UndefinedElement.into(),
        Trap::UninitializedElement { .. } => TrapKind::UninitializedElement.into(),
        Trap::IndirectCallTypeMismatch { .. } => TrapKind::IndirectCallTypeMismatch.into(),
        Trap::CallStackOverflow | Trap::ValueStackOverflow => return Outcome::Exhausted(Resource::Stack),
        Trap::OutOfMemory => return Outcome::Exhausted(Resource::Memory),
        other => return Outcome::Unclassified(other.to_string()),
    })
}
