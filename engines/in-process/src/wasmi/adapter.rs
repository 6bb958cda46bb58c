//! The adapter for every release of wasmi; the module around it says what differs.

use std::collections::BTreeMap;

use wassay_adapter::{Engine, Extern, ExternKind, HostHandle, Interface, Session};
use wassay_model::{
    Bound, Capabilities, EngineId, EngineName, Feature, Features, FuncType, HeapType, Identity, InstanceIdx, Limits,
    ModuleIdx, Outcome, Ref, RefType, Resource, TrapKind, TrapKinds, ValType, Value,
};

use super::wasmi::errors::{ErrorKind, FuelError, InstantiationError, MemoryError, TableError};
use super::wasmi::{self, Error, F32, F64, Instance, Module, Store, StoreLimits, TrapCode, V128, Val};
use super::{Functions, Nullable, VERSION};
use crate::Unavailable;

const FEATURES: Features = Features::V2.union(Features::of(&[
    Feature::RelaxedSimd,
    Feature::TailCall,
    Feature::ExtendedConst,
    Feature::MultiMemory,
    Feature::Memory64,
    Feature::WideArithmetic,
    Feature::CustomPageSizes,
]));

/// Bytes of the value stack. The default of 1 MB ends a recursion long before `frames_max`.
const STACK_BYTES_MAX: usize = 64 << 20;
/// Cases after which the engine is made anew: it never frees the code of a module.
const CASES_PER_ENGINE: u32 = 256;

struct Wasmi {
    id: EngineId,
    capabilities: Capabilities,
    engine: wasmi::Engine,
    /// The recursion limit that `engine` was made with.
    frames_max: u32,
    cases: u32,
}

/// Opens the engine.
pub(crate) fn open(name: &EngineName) -> Result<Box<dyn Engine>, Unavailable> {
    let frames_max = Limits::default().frames_max;
    Ok(Box::new(Wasmi {
        id: EngineId { name: name.clone(), version: VERSION.to_owned() },
        capabilities: Capabilities { features: FEATURES, bound: Bound::Fuel, blind_spots: BTreeMap::new() },
        engine: engine(frames_max),
        frames_max,
        cases: 0,
    }))
}

fn engine(frames_max: u32) -> wasmi::Engine {
    let mut config = wasmi::Config::default();
    config
        .consume_fuel(true)
        .wasm_custom_page_sizes(true)
        .wasm_wide_arithmetic(true)
        .set_max_stack_height(STACK_BYTES_MAX)
        .set_max_recursion_depth(frames_max as usize);
    wasmi::Engine::new(&config)
}

impl Engine for Wasmi {
    fn id(&self) -> &EngineId {
        &self.id
    }

    fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }

    fn open<'a>(&'a mut self, limits: &Limits, host: HostHandle) -> Result<Box<dyn Session + 'a>, Outcome> {
        if self.cases == CASES_PER_ENGINE || self.frames_max != limits.frames_max {
            self.engine = engine(limits.frames_max);
            self.frames_max = limits.frames_max;
            self.cases = 0;
        }
        self.cases += 1;
        let store_limits = wasmi::StoreLimitsBuilder::new()
            .memory_size(limits.memory_pages_max as usize * 65_536)
            .table_elements(limits.table_elements_max as usize)
            .build();
        let mut store = Store::new(&self.engine, store_limits);
        store.limiter(|limits| limits);
        Ok(Box::new(Case {
            store,
            host,
            fuel_max: limits.fuel_max,
            modules: Vec::new(),
            instances: Vec::new(),
            args: Vec::new(),
            results: Vec::new(),
            functions: Functions::default(),
            last: None,
        }))
    }
}

struct Case {
    store: Store<StoreLimits>,
    host: HostHandle,
    fuel_max: u64,
    modules: Vec<Option<Loaded>>,
    instances: Vec<Option<Instance>>,
    args: Vec<Val>,
    results: Vec<Val>,
    functions: Functions,
    last: Option<Error>,
}

/// A module, and which of its imports the engine wants first, second, and so on: it wants functions, then
/// tables, memories and globals, each in the module's order.
#[derive(Clone)]
struct Loaded {
    module: Module,
    order: Vec<usize>,
}

impl Loaded {
    fn new(module: Module, bytes: &[u8]) -> Self {
        let imports = Interface::read(bytes).map(|interface| interface.imports).unwrap_or_default();
        let mut order: Vec<usize> = (0..imports.len()).collect();
        order.sort_by_key(|position| match imports[*position].kind {
            ExternKind::Func(_) => 0,
            ExternKind::Table => 1,
            ExternKind::Memory => 2,
            ExternKind::Global => 3,
            ExternKind::Tag => 4,
        });
        Self { module, order }
    }
}

impl Session for Case {
    fn load(&mut self, module: ModuleIdx, bytes: &[u8]) -> Outcome {
        // `Module::new` takes the text format too, in which the empty text, for one, is a module. Binary
        // modules start with this magic, so the engine would refuse all others.
        if !bytes.starts_with(b"\0asm") {
            return Outcome::Rejected;
        }
        match Module::new(self.store.engine(), bytes) {
            Ok(loaded) => {
                crate::put(&mut self.modules, module.position(), Loaded::new(loaded, bytes));
                Outcome::Returned(Vec::new())
            }
            Err(error) => self.fail(error),
        }
    }

    fn instantiate(&mut self, module: ModuleIdx, instance: InstanceIdx, imports: &[Extern<'_>]) -> Outcome {
        let Some(Some(Loaded { module, order })) = self.modules.get(module.position()).cloned() else {
            return Outcome::Absent;
        };
        let mut externs = Vec::with_capacity(imports.len());
        for import in order.iter().filter_map(|position| imports.get(*position)) {
            let found = match *import {
                Extern::Export { instance, export } => {
                    self.instance(instance).and_then(|instance| instance.get_export(&self.store, export))
                }
                Extern::Host { name, ty } => self.host_func(name, ty).map(wasmi::Extern::Func),
            };
            match found {
                Some(found) => externs.push(found),
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
        let Some(func) = self.instance(instance).and_then(|instance| instance.get_func(&self.store, export)) else {
            return Outcome::Absent;
        };
        let mut inputs = std::mem::take(&mut self.args);
        inputs.clear();
        for arg in args {
            match self.val(*arg, &func, inputs.len()) {
                Some(val) => inputs.push(val),
                None => return Outcome::Unclassified(format!("the adapter cannot pass {arg}")),
            }
        }
        let mut outputs = std::mem::take(&mut self.results);
        outputs.clear();
        outputs.extend(func.ty(&self.store).results().iter().map(|ty| super::default(*ty)));
        self.fill_up();
        let outcome = match func.call(&mut self.store, &inputs, &mut outputs) {
            Ok(()) => {
                Outcome::Returned(outputs.iter().map(|val| value(val, &self.store, &mut self.functions)).collect())
            }
            Err(error) => self.fail(error),
        };
        self.args = inputs;
        self.results = outputs;
        outcome
    }

    fn global(&mut self, instance: InstanceIdx, export: &str) -> Option<Value> {
        let global = self.instance(instance)?.get_global(&self.store, export)?;
        Some(value(&global.get(&self.store), &self.store, &mut self.functions))
    }

    fn memory(
        &mut self,
        instance: InstanceIdx,
        export: &str,
        bytes_max: u64,
        look: &mut dyn FnMut(&[u8]),
    ) -> Option<u64> {
        let memory = self.instance(instance)?.get_memory(&self.store, export)?;
        let data = memory.data(&self.store);
        let bytes = data.len() as u64;
        if bytes <= bytes_max {
            look(data);
        }
        Some(bytes)
    }

    fn table(&mut self, instance: InstanceIdx, export: &str, look: &mut dyn FnMut(Ref) -> bool) -> Option<u64> {
        let table = self.instance(instance)?.get_table(&self.store, export)?;
        let size = table.size(&self.store);
        for index in 0..size {
            let Some(element) = super::element(&table, &self.store, index) else { break };
            let Value::Ref(element) = value(&element, &self.store, &mut self.functions) else { break };
            if !look(element) {
                break;
            }
        }
        Some(size)
    }

    fn words(&mut self) -> Option<String> {
        self.last.take().map(|error| error.to_string())
    }
}

impl Case {
    fn instance(&self, instance: InstanceIdx) -> Option<Instance> {
        self.instances.get(instance.position()).copied().flatten()
    }

    fn fill_up(&mut self) {
        self.store.set_fuel(self.fuel_max).expect("fuel metering is on");
    }

    fn fail(&mut self, error: Error) -> Outcome {
        let outcome = outcome(&error);
        self.last = Some(error);
        outcome
    }

    fn host_func(&mut self, name: &str, ty: &FuncType) -> Option<wasmi::Func> {
        let params = ty.params.iter().map(|ty| val_type(*ty)).collect::<Option<Vec<_>>>()?;
        let results = ty.results.iter().map(|ty| val_type(*ty)).collect::<Option<Vec<_>>>()?;
        let host = self.host.clone();
        let name = name.to_owned();
        let answers = ty.results.clone();
        Some(wasmi::Func::new(
            &mut self.store,
            wasmi::FuncType::new(params, results),
            move |caller, params, results| {
                // Identities of functions that Wasm passes out are not told: the record would need the
                // session's numbering, and null or not is what traces compare.
                let args: Vec<Value> = params.iter().map(|val| anonymous(val, &caller)).collect();
                for (result, answer) in results.iter_mut().zip(host.call(&name, &args, &answers)) {
                    // References are answered by null, which stands there already.
                    if let Some(val) = number(answer) {
                        *result = val;
                    }
                }
                Ok(())
            },
        ))
    }

    /// The engine's form of an argument; a null needs its type, which the function tells.
    fn val(&mut self, arg: Value, func: &wasmi::Func, position: usize) -> Option<Val> {
        match arg {
            Value::Ref(Ref::Null) => func.ty(&self.store).params().get(position).map(|ty| super::default(*ty)),
            Value::Ref(Ref::Extern(number)) => {
                Some(Val::ExternRef(Nullable::Val(wasmi::ExternRef::new(&mut self.store, number))))
            }
            _ => number(arg),
        }
    }
}

fn val_type(ty: ValType) -> Option<wasmi::ValType> {
    Some(match ty {
        ValType::I32 => wasmi::ValType::I32,
        ValType::I64 => wasmi::ValType::I64,
        ValType::F32 => wasmi::ValType::F32,
        ValType::F64 => wasmi::ValType::F64,
        ValType::V128 => wasmi::ValType::V128,
        ValType::Ref(RefType { heap: HeapType::Func, .. }) => wasmi::ValType::FuncRef,
        ValType::Ref(RefType { heap: HeapType::Extern, .. }) => wasmi::ValType::ExternRef,
        ValType::Ref(_) => return None,
    })
}

fn number(value: Value) -> Option<Val> {
    Some(match value {
        Value::I32(bits) => Val::I32(bits.cast_signed()),
        Value::I64(bits) => Val::I64(bits.cast_signed()),
        Value::F32(bits) => Val::F32(F32::from_bits(bits)),
        Value::F64(bits) => Val::F64(F64::from_bits(bits)),
        Value::V128(bits) => Val::V128(V128::from(bits)),
        Value::Ref(_) => return None,
    })
}

fn value(val: &Val, store: &Store<StoreLimits>, functions: &mut Functions) -> Value {
    match val {
        Val::FuncRef(Nullable::Val(func)) => Value::Ref(Ref::Func(Identity::Known(functions.key(*func)))),
        Val::ExternRef(Nullable::Val(object)) => Value::Ref(external(object.data(store))),
        _ => plain(val),
    }
}

fn anonymous(val: &Val, caller: &wasmi::Caller<'_, StoreLimits>) -> Value {
    match val {
        Val::FuncRef(Nullable::Val(_)) => Value::Ref(Ref::Func(Identity::Unknown)),
        Val::ExternRef(Nullable::Val(object)) => Value::Ref(external(object.data(caller))),
        _ => plain(val),
    }
}

fn external(data: &dyn std::any::Any) -> Ref {
    data.downcast_ref().map_or(Ref::Opaque(Identity::Unknown), |number| Ref::Extern(*number))
}

fn plain(val: &Val) -> Value {
    match val {
        Val::I32(bits) => Value::I32(bits.cast_unsigned()),
        Val::I64(bits) => Value::I64(bits.cast_unsigned()),
        Val::F32(bits) => Value::F32(bits.to_bits()),
        Val::F64(bits) => Value::F64(bits.to_bits()),
        Val::V128(bits) => Value::V128(bits.as_u128()),
        Val::FuncRef(_) | Val::ExternRef(_) => Value::Ref(Ref::Null),
    }
}

/// What an error means.
fn outcome(error: &Error) -> Outcome {
    if let Some(code) = error.as_trap_code() {
        return trap(code);
    }
    let words = || error.to_string();
    match error.kind() {
        // The validator's limits are those that engines share (appendix A.3), and it has only this text.
        ErrorKind::Wasm(error) if error.message().contains(" exceeds limit of ") => Outcome::Refused(words()),
        ErrorKind::Wasm(_) | ErrorKind::Read(_) => Outcome::Rejected,
        ErrorKind::Translation(_) | ErrorKind::Ir(_) => Outcome::Refused(words()),
        ErrorKind::Fuel(FuelError::OutOfFuel { .. }) => Outcome::Exhausted(Resource::Fuel),
        ErrorKind::Memory(MemoryError::OutOfSystemMemory) | ErrorKind::Table(TableError::OutOfSystemMemory) => {
            Outcome::Exhausted(Resource::Memory)
        }
        ErrorKind::Table(TableError::CopyOutOfBounds) => Outcome::Trapped(TABLE),
        ErrorKind::Memory(_) | ErrorKind::Table(_) => Outcome::Refused(words()),
        ErrorKind::Instantiation(error) => match error {
            InstantiationError::GlobalTypeMismatch { .. }
            | InstantiationError::FuncTypeMismatch { .. }
            | InstantiationError::TableTypeMismatch { .. }
            | InstantiationError::MemoryTypeMismatch { .. } => Outcome::Unlinkable,
            InstantiationError::ElementSegmentDoesNotFit { .. } => Outcome::Trapped(TABLE),
            InstantiationError::TooManyInstances
            | InstantiationError::TooManyTables
            | InstantiationError::TooManyMemories
            | InstantiationError::FailedToInstantiateMemory(_)
            | InstantiationError::FailedToInstantiateTable(_) => Outcome::Refused(words()),
            error if super::is_mismatch(error) => Outcome::Unlinkable,
            _ => Outcome::Unclassified(words()),
        },
        kind if super::is_limit(kind) => Outcome::Refused(words()),
        _ => Outcome::Unclassified(words()),
    }
}

/// One code for accesses of memories and of data segments.
const MEMORY: TrapKinds = TrapKinds::of(&[TrapKind::MemoryOutOfBounds, TrapKind::SegmentOutOfBounds]);
/// One code for accesses of tables, of element segments, and for the index of an indirect call.
const TABLE: TrapKinds =
    TrapKinds::of(&[TrapKind::TableOutOfBounds, TrapKind::UndefinedElement, TrapKind::SegmentOutOfBounds]);

fn trap(code: TrapCode) -> Outcome {
    if let Some(outcome) = super::exhausted(code) {
        return outcome;
    }
    Outcome::Trapped(match code {
        TrapCode::UnreachableCodeReached => TrapKind::Unreachable.into(),
        TrapCode::MemoryOutOfBounds => MEMORY,
        TrapCode::TableOutOfBounds => TABLE,
        TrapCode::IndirectCallToNull => TrapKind::UninitializedElement.into(),
        TrapCode::IntegerDivisionByZero => TrapKind::IntegerDivideByZero.into(),
        TrapCode::IntegerOverflow => TrapKind::IntegerOverflow.into(),
        TrapCode::BadConversionToInteger => TrapKind::InvalidConversion.into(),
        TrapCode::BadSignature => TrapKind::IndirectCallTypeMismatch.into(),
        TrapCode::StackOverflow => return Outcome::Exhausted(Resource::Stack),
        TrapCode::OutOfFuel => return Outcome::Exhausted(Resource::Fuel),
        TrapCode::GrowthOperationLimited => return Outcome::Refused(code.trap_message().to_owned()),
        #[allow(unreachable_patterns, reason = "the earlier release has no more codes")]
        _ => return Outcome::Unclassified(code.trap_message().to_owned()),
    })
}
