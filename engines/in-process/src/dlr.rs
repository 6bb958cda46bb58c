//! dlr-wasm-interpreter: interprets the bytes in place, in the words of the standard.
//!
//! The engine's functions are `unsafe` wherever they take an address: the address must be one of the same
//! store. Here every address lives beside the one store that made it, in [`Case`], and none leaves it, so
//! each `SAFETY` below says the same.
//!
//! Not guaranteed: that memories and tables stay within the case's limits. The engine has no hook for
//! them, so a case declares its maxima.
#![allow(unsafe_code, reason = "the engine's interface is unsafe wherever it takes an address")]

use std::cell::OnceCell;
use std::collections::BTreeMap;

use dlr_wasm_interpreter::{
    Config, ExternAddr, ExternVal, F32, F64, FuncAddr, HostCall, InstantiationOutcome, Module, ModuleAddr, NumType,
    ResultType, RunState, RuntimeError, Store, TrapError, decode_and_validate,
};
use wassay_adapter::{Engine, Extern, HostHandle, Session};
use wassay_model::{
    Bound, Capabilities, EngineId, EngineName, Features, FuncType, HeapType, Identity, InstanceIdx, Limits, ModuleIdx,
    Outcome, Ref, RefType, Resource, TrapKind, TrapKinds, ValType, Value,
};

use crate::Unavailable;

pub(crate) const VERSION: &str = "0.2.0";

struct Dlr {
    id: EngineId,
    capabilities: Capabilities,
    bytes: Bytes,
}

/// Opens the engine.
pub(crate) fn open(name: &EngineName) -> Result<Box<dyn Engine>, Unavailable> {
    let blind_spots = BTreeMap::from([(
        "host-calls-of-start".to_owned(),
        "the engine cannot call host functions while it instantiates: such a start function is refused".to_owned(),
    )]);
    Ok(Box::new(Dlr {
        id: EngineId { name: name.clone(), version: VERSION.to_owned() },
        capabilities: Capabilities { features: Features::V2, bound: Bound::Fuel, blind_spots },
        bytes: Bytes::default(),
    }))
}

impl Engine for Dlr {
    fn id(&self) -> &EngineId {
        &self.id
    }

    fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }

    fn open<'a>(&'a mut self, limits: &Limits, host: HostHandle) -> Result<Box<dyn Session + 'a>, Outcome> {
        self.bytes = Bytes::default();
        Ok(Box::new(Case {
            store: Store::new(Settings),
            bytes: &self.bytes,
            host,
            host_funcs: Vec::new(),
            fuel_max: limits.fuel_max,
            modules: Vec::new(),
            instances: Vec::new(),
            functions: Vec::new(),
            last: None,
        }))
    }
}

/// Modules of a case, as a list that grows at its end while earlier ones are borrowed: the engine reads
/// instructions from the bytes as long as the store lives.
#[derive(Default)]
struct Bytes(OnceCell<Box<Node>>);

struct Node {
    bytes: Box<[u8]>,
    rest: Bytes,
}

/// The engine's bounds, which are constants. The default number of frames ends a recursion before
/// `frames_max` does.
struct Settings;

impl Config for Settings {
    const MAX_VALUE_STACK_SIZE: usize = 1 << 20;
    const MAX_CALL_STACK_SIZE: usize = 10_000;
}

struct Case<'a> {
    store: Store<'a, Settings>,
    /// Where the next module's bytes go.
    bytes: &'a Bytes,
    host: HostHandle,
    /// Host functions by the number that the engine calls them by: the position here.
    host_funcs: Vec<(String, Vec<ValType>)>,
    fuel_max: u64,
    modules: Vec<Option<Module<'a>>>,
    instances: Vec<Option<ModuleAddr>>,
    /// Functions that were met as references; the position is the identity.
    functions: Vec<FuncAddr>,
    last: Option<String>,
}

impl Session for Case<'_> {
    fn load(&mut self, module: ModuleIdx, bytes: &[u8]) -> Outcome {
        let node = self.bytes.0.get_or_init(|| Box::new(Node { bytes: bytes.into(), rest: Bytes::default() }));
        self.bytes = &node.rest;
        match decode_and_validate(&node.bytes, &mut ()) {
            Ok(loaded) => {
                crate::put(&mut self.modules, module.position(), loaded);
                Outcome::Returned(Vec::new())
            }
            // Its variant for decoding holds errors that the standard calls invalid, and the others hold
            // errors that the standard calls malformed.
            Err(error) => {
                self.last = Some(error.to_string());
                Outcome::Rejected
            }
        }
    }

    fn instantiate(&mut self, module: ModuleIdx, instance: InstanceIdx, imports: &[Extern<'_>]) -> Outcome {
        let Some(Some(module)) = self.modules.get(module.position()).cloned() else { return Outcome::Absent };
        let mut externs = Vec::with_capacity(imports.len());
        for import in imports {
            let found = match *import {
                Extern::Export { instance, export } => self.export(instance, export),
                Extern::Host { name, ty } => self.host_func(name, ty).map(ExternVal::Func),
            };
            match found {
                Some(found) => externs.push(found),
                None => return Outcome::Unlinkable,
            }
        }
        // SAFETY: the addresses among the imports are of this store.
        match unsafe { self.store.module_instantiate(&module, externs, Some(self.fuel_max)) } {
            Ok(InstantiationOutcome { module_addr, .. }) => {
                crate::put(&mut self.instances, instance.position(), module_addr);
                Outcome::Returned(Vec::new())
            }
            Err(error) => self.fail(&error),
        }
    }

    fn invoke(&mut self, instance: InstanceIdx, export: &str, args: &[Value]) -> Outcome {
        let Some(ExternVal::Func(func)) = self.export(instance, export) else { return Outcome::Absent };
        let mut inputs = Vec::with_capacity(args.len());
        for arg in args {
            match self.input(*arg, func, inputs.len()) {
                Some(value) => inputs.push(value),
                None => return Outcome::Unclassified(format!("the adapter cannot pass {arg}")),
            }
        }
        // SAFETY: the function's address is of this store, and the arguments hold none.
        let mut state = unsafe { self.store.invoke(func, inputs, Some(self.fuel_max)) };
        let mut called = false;
        loop {
            match state {
                Ok(RunState::Finished { values, .. }) => {
                    return Outcome::Returned(values.into_iter().map(|value| self.output(value)).collect());
                }
                Ok(RunState::HostCalled { host_call, resumable }) => {
                    let answer = self.answer(&host_call);
                    // SAFETY: the call comes from this store, and the answer holds no address.
                    state = unsafe { self.store.finish_host_call(resumable, answer) };
                    called = true;
                }
                // After a host call the engine hands back what is to go on, whatever fuel it has left.
                Ok(RunState::Resumable { resumable, .. }) if called => {
                    // SAFETY: the computation comes from this store.
                    state = unsafe { self.store.resume_wasm(resumable) };
                    called = false;
                }
                Ok(RunState::Resumable { .. }) => return Outcome::Exhausted(Resource::Fuel),
                Err(error) => return self.fail(&error),
            }
        }
    }

    fn global(&mut self, instance: InstanceIdx, export: &str) -> Option<Value> {
        let ExternVal::Global(global) = self.export(instance, export)? else { return None };
        // SAFETY: the address is of this store.
        let value = unsafe { self.store.global_read(global) };
        Some(self.output(value))
    }

    fn memory(
        &mut self,
        instance: InstanceIdx,
        export: &str,
        bytes_max: u64,
        look: &mut dyn FnMut(&[u8]),
    ) -> Option<u64> {
        let ExternVal::Mem(memory) = self.export(instance, export)? else { return None };
        // SAFETY: the address is of this store.
        let bytes = unsafe { self.store.mem_data_mut(memory) };
        if bytes.len() as u64 <= bytes_max {
            look(bytes);
        }
        Some(bytes.len() as u64)
    }

    fn table(&mut self, instance: InstanceIdx, export: &str, look: &mut dyn FnMut(Ref) -> bool) -> Option<u64> {
        let ExternVal::Table(table) = self.export(instance, export)? else { return None };
        // SAFETY: the address is of this store.
        let size = unsafe { self.store.table_size(table) };
        for index in 0..size {
            // SAFETY: the address is of this store.
            let Ok(element) = (unsafe { self.store.table_read(table, index) }) else { break };
            if !look(self.reference(element)) {
                break;
            }
        }
        Some(u64::from(size))
    }

    fn words(&mut self) -> Option<String> {
        self.last.take()
    }
}

impl Case<'_> {
    fn export(&self, instance: InstanceIdx, name: &str) -> Option<ExternVal> {
        let instance = self.instances.get(instance.position()).copied().flatten()?;
        // SAFETY: the address is of this store.
        unsafe { self.store.instance_export(instance, name) }.ok()
    }

    fn fail(&mut self, error: &RuntimeError) -> Outcome {
        self.last = Some(error.to_string());
        outcome(error)
    }

    fn host_func(&mut self, name: &str, ty: &FuncType) -> Option<FuncAddr> {
        let types = |types: &[ValType]| {
            Some(ResultType { valtypes: types.iter().map(|ty| val_type(*ty)).collect::<Option<Vec<_>>>()? })
        };
        let ty_of_engine = dlr_wasm_interpreter::FuncType { params: types(&ty.params)?, returns: types(&ty.results)? };
        let number = self.host_funcs.len();
        self.host_funcs.push((name.to_owned(), ty.results.clone()));
        Some(self.store.func_alloc(ty_of_engine, number))
    }

    fn answer(&mut self, call: &HostCall) -> Vec<dlr_wasm_interpreter::Value> {
        let args: Vec<Value> = call
            .params
            .iter()
            .map(|arg| match self.output(*arg) {
                Value::Ref(Ref::Func(_)) => Value::Ref(Ref::Func(Identity::Unknown)),
                value => value,
            })
            .collect();
        let (name, results) = &self.host_funcs[call.hostcode];
        let answers = self.host.call(name, &args, results);
        answers.into_iter().zip(results).filter_map(|(answer, ty)| input(answer, val_type(*ty)?)).collect()
    }

    fn input(&self, arg: Value, func: FuncAddr, position: usize) -> Option<dlr_wasm_interpreter::Value> {
        // SAFETY: the address is of this store.
        let ty = unsafe { self.store.func_type(func) };
        input(arg, *ty.params.valtypes.get(position)?)
    }

    fn output(&mut self, value: dlr_wasm_interpreter::Value) -> Value {
        match value {
            dlr_wasm_interpreter::Value::I32(bits) => Value::I32(bits),
            dlr_wasm_interpreter::Value::I64(bits) => Value::I64(bits),
            dlr_wasm_interpreter::Value::F32(float) => Value::F32(float.to_bits()),
            dlr_wasm_interpreter::Value::F64(float) => Value::F64(float.to_bits()),
            dlr_wasm_interpreter::Value::V128(bytes) => Value::V128(u128::from_le_bytes(bytes)),
            dlr_wasm_interpreter::Value::Ref(reference) => Value::Ref(self.reference(reference)),
        }
    }

    fn reference(&mut self, reference: dlr_wasm_interpreter::Ref) -> Ref {
        match reference {
            dlr_wasm_interpreter::Ref::Null(_) => Ref::Null,
            dlr_wasm_interpreter::Ref::Extern(ExternAddr(number)) => {
                u32::try_from(number).map_or(Ref::Opaque(Identity::Unknown), Ref::Extern)
            }
            dlr_wasm_interpreter::Ref::Func(func) => {
                let known = self.functions.iter().position(|known| *known == func);
                let number = known.unwrap_or_else(|| {
                    self.functions.push(func);
                    self.functions.len() - 1
                });
                Ref::Func(u32::try_from(number).map_or(Identity::Unknown, Identity::Known))
            }
        }
    }
}

fn val_type(ty: ValType) -> Option<dlr_wasm_interpreter::ValType> {
    use dlr_wasm_interpreter::{RefType as Reference, ValType as Type};
    Some(match ty {
        ValType::I32 => Type::NumType(NumType::I32),
        ValType::I64 => Type::NumType(NumType::I64),
        ValType::F32 => Type::NumType(NumType::F32),
        ValType::F64 => Type::NumType(NumType::F64),
        ValType::V128 => Type::VecType,
        ValType::Ref(RefType { heap: HeapType::Func, .. }) => Type::RefType(Reference::FuncRef),
        ValType::Ref(RefType { heap: HeapType::Extern, .. }) => Type::RefType(Reference::ExternRef),
        ValType::Ref(_) => return None,
    })
}

/// The engine's form of a value of a type, which tells the type of a null.
fn input(value: Value, ty: dlr_wasm_interpreter::ValType) -> Option<dlr_wasm_interpreter::Value> {
    use dlr_wasm_interpreter::{Ref as Reference, Value as Theirs};
    Some(match value {
        Value::I32(bits) => Theirs::I32(bits),
        Value::I64(bits) => Theirs::I64(bits),
        Value::F32(bits) => Theirs::F32(F32::from_bits(bits)),
        Value::F64(bits) => Theirs::F64(F64::from_bits(bits)),
        Value::V128(bits) => Theirs::V128(bits.to_le_bytes()),
        Value::Ref(Ref::Null) => match ty {
            dlr_wasm_interpreter::ValType::RefType(ty) => Theirs::Ref(Reference::Null(ty)),
            _ => return None,
        },
        Value::Ref(Ref::Extern(number)) => Theirs::Ref(Reference::Extern(ExternAddr(number as usize))),
        Value::Ref(_) => return None,
    })
}

/// What an error means.
fn outcome(error: &RuntimeError) -> Outcome {
    match error {
        RuntimeError::Trap(code) => Outcome::Trapped(trap(code)),
        RuntimeError::TableAccessOutOfBounds => Outcome::Trapped(TABLE),
        RuntimeError::StackExhaustion => Outcome::Exhausted(Resource::Stack),
        RuntimeError::OutOfFuel => Outcome::Exhausted(Resource::Fuel),
        RuntimeError::InvalidImportType | RuntimeError::ExternValsLenMismatch => Outcome::Unlinkable,
        RuntimeError::UnsupportedHostCallDuringInstantiation => Outcome::Refused(error.to_string()),
        _ => Outcome::Unclassified(error.to_string()),
    }
}

/// One code for accesses of tables and of element segments.
const TABLE: TrapKinds = TrapKinds::of(&[TrapKind::TableOutOfBounds, TrapKind::SegmentOutOfBounds]);

fn trap(code: &TrapError) -> TrapKinds {
    match code {
        TrapError::DivideBy0 => TrapKind::IntegerDivideByZero.into(),
        TrapError::UnrepresentableResult => TrapKind::IntegerOverflow.into(),
        TrapError::BadConversionToInteger => TrapKind::InvalidConversion.into(),
        TrapError::MemoryOrDataAccessOutOfBounds => {
            TrapKinds::of(&[TrapKind::MemoryOutOfBounds, TrapKind::SegmentOutOfBounds])
        }
        TrapError::TableOrElementAccessOutOfBounds => TABLE,
        TrapError::UninitializedElement | TrapError::IndirectCallNullFuncRef => TrapKind::UninitializedElement.into(),
        TrapError::SignatureMismatch => TrapKind::IndirectCallTypeMismatch.into(),
        TrapError::TableAccessOutOfBounds => TrapKind::UndefinedElement.into(),
        TrapError::ReachedUnreachable => TrapKind::Unreachable.into(),
    }
}
