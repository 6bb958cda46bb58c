//! Chapter 4 of the standard: execution.
//!
//! [`LoadedModule`] in, values and state out. The floats are those of the deterministic profile: every NaN that an
//! operator generates is the positive canonical one, and [`Open`] counts the places where the standard would have
//! allowed something else.
//!
//! Not guaranteed: that a store can be used after [`ExecError::Internal`], which is a finding against us.

mod heap;
mod instantiate;
mod lower;
mod machine;
mod memory;
mod numerics;
mod op;
mod planted;
mod store;
mod table;
mod vector;

use std::sync::Arc;

use wassay_model::{Features, FuncType, HeapType, Identity, Nullability, Ref, TrapKind, TrapKinds, ValType, Value};

use crate::syntax::{CompType, ExternIdx, Finality, GlobalType, MemType, RefType, StorageType, SubType, TableType};
use crate::valid::types::{TypeId, TypeInterner, close, close_ref};
use crate::{binary, valid};
pub use heap::Collection;
use heap::{Handle, Heap, Object};
pub use instantiate::{InstantiateError, Unlinkable};
pub use planted::Fault;
use store::{Cell, FuncInst, FuncKind, Instance, Loaded, Reference, Stack};
pub use store::{
    Extern, FuncAddr, GlobalAddr, HostFuncId, LoadedModule, MemAddr, ModuleInst, Store, TableAddr, TagAddr,
};

/// How a store behaves.
#[derive(Clone, Copy, Debug)]
pub struct Config {
    /// What modules may use.
    pub features: Features,
    /// How much an invocation may use.
    pub limits: Limits,
    /// When objects are reclaimed.
    pub collection: Collection,
    /// What is wrong on purpose; for the engine that tests the testers.
    pub fault: Option<Fault>,
}

impl Config {
    /// The features, with default limits and no fault.
    #[must_use]
    pub fn new(features: Features) -> Self {
        Self { features, limits: Limits::default(), collection: Collection::WhenNeeded, fault: None }
    }
}

/// Bounds. Reaching one is an outcome of its own, neither a trap nor an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Instructions in one invocation or instantiation; bulk instructions count by length. Without it, an infinite
    /// loop would never end.
    pub fuel: u64,
    /// Nested calls. Without it, recursion would fill the memory of the process.
    pub frames: u32,
    /// Slots of locals and operands, and likewise references, of all frames together.
    pub slots: u32,
    /// Pages of 64 KiB, of all memories of a store together.
    pub pages: u64,
    /// Elements of all tables of a store together.
    pub table_elements: u64,
    /// Bytes of all structures, arrays and exceptions of a store together that are in use at one time.
    pub heap_bytes: u64,
    /// Invocations from inside host functions, which are the only recursion on the host's stack.
    pub nesting: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            fuel: 100_000_000,
            frames: 10_000,
            slots: 1 << 20,
            pages: 1 << 14,
            table_elements: 10_000_000,
            heap_bytes: 1 << 27,
            nesting: 50,
        }
    }
}

/// Where the standard left the result open since the counters were last taken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Open {
    /// NaNs that operators generated: their sign is free, and often their payload.
    pub nan: u64,
    /// Relaxed vector operators whose operands let implementations differ.
    pub relaxed: u64,
    /// Growths refused by a limit of ours where the declared maximum would have allowed them.
    pub growth_refused: u64,
}

/// Which limit was reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Resource {
    /// [`Limits::fuel`]
    Fuel,
    /// [`Limits::frames`]
    Frames,
    /// [`Limits::slots`]
    Slots,
    /// [`Limits::pages`]
    Pages,
    /// [`Limits::table_elements`]
    TableElements,
    /// [`Limits::heap_bytes`]
    HeapBytes,
    /// [`Limits::nesting`]
    Nesting,
}

/// How an invocation ended, if not with results.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ExecError {
    /// An instruction trapped. Several kinds where engines tell them differently.
    #[error("trap: {0}")]
    Trap(TrapKinds),
    /// An exception was thrown that nothing in Wasm catches.
    #[error("exception with tag {:?}", .0.tag)]
    Threw(Thrown),
    /// A limit was reached.
    #[error("{0:?} exhausted")]
    Exhausted(Resource),
    /// The caller's arguments don't have the types of the parameters.
    #[error("arguments don't fit the function")]
    Arguments,
    /// A host function returned what its type does not say.
    #[error("a host function's results don't fit its type")]
    HostResults,
    /// A state that validation rules out: a finding against us.
    #[error("internal: {0}")]
    Internal(&'static str),
}

/// An exception that has left Wasm, or that a host function throws into it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Thrown {
    /// Its tag.
    pub tag: TagAddr,
    /// What it carries, by the tag's type.
    pub payload: Vec<Value>,
    /// The exception itself.
    pub exception: Ref,
}

impl From<TrapKind> for ExecError {
    fn from(kind: TrapKind) -> Self {
        Self::Trap(kind.into())
    }
}

/// Why bytes can't be instantiated.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LoadError {
    /// They are not a module.
    #[error("malformed: {0}")]
    Malformed(String),
    /// They are a module that is not valid.
    #[error("invalid: {0}")]
    Invalid(String),
    /// They exceed what we support.
    #[error("limit: {0}")]
    Limit(String),
}

/// What the embedder provides.
pub trait Host {
    /// Calls a host function with arguments of its parameters' types; `results` is empty and has to be filled with
    /// values of its results' types.
    ///
    /// The function may change the store and invoke again.
    ///
    /// # Errors
    /// Whatever ends the computation: a trap, or the error of an invocation that the host made itself.
    fn call(
        &mut self,
        store: &mut Store,
        func: HostFuncId,
        args: &[Value],
        results: &mut Vec<Value>,
    ) -> Result<(), ExecError>;
}

/// A host without functions.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoHost;

impl Host for NoHost {
    fn call(&mut self, _: &mut Store, _: HostFuncId, _: &[Value], _: &mut Vec<Value>) -> Result<(), ExecError> {
        Err(ExecError::Internal("a host without functions was called"))
    }
}

impl LoadedModule {
    /// Decodes, validates and lowers a module.
    ///
    /// # Errors
    /// If it is malformed, invalid or beyond our limits.
    pub fn load(bytes: &[u8], config: &Config) -> Result<Self, LoadError> {
        let mut module = binary::decode(bytes, config.features).map_err(|error| match error {
            binary::DecodeError::Malformed { .. } => LoadError::Malformed(error.to_string()),
            binary::DecodeError::Limit { .. } => LoadError::Limit(error.to_string()),
        })?;
        let validated =
            valid::validate(&module, config.features).map_err(|error| LoadError::Invalid(error.to_string()))?;
        let code = lower::lower(&module, &validated, config.fault)
            .map_err(|unknown| LoadError::Limit(format!("not implemented: {:?}", unknown.0)))?;
        for func in &mut module.funcs {
            func.body = Vec::new();
        }
        Ok(Self(Arc::new(Loaded { module, code })))
    }

    /// The imports, in order: the two names of each.
    pub fn imports(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.module.imports.iter().map(|import| (import.module.as_str(), import.name.as_str()))
    }

    /// The names of the exports, in order.
    pub fn exports(&self) -> impl Iterator<Item = &str> {
        self.0.module.exports.iter().map(|export| export.name.as_str())
    }
}

impl Store {
    /// An empty store.
    #[must_use]
    pub fn new(config: Config) -> Self {
        Self {
            config,
            types: TypeInterner::default(),
            funcs: Vec::new(),
            tables: Vec::new(),
            mems: Vec::new(),
            globals: Vec::new(),
            tags: Vec::new(),
            elems: Vec::new(),
            datas: Vec::new(),
            instances: Vec::new(),
            heap: Heap::new(),
            stack: Stack::default(),
            fuel: 0,
            nesting: 0,
            pages: 0,
            table_elements: 0,
            open: Open::default(),
            planted: planted::State::default(),
        }
    }

    /// Loads a module for stores of this configuration.
    ///
    /// # Errors
    /// As [`LoadedModule::load`].
    pub fn load(&self, bytes: &[u8]) -> Result<LoadedModule, LoadError> {
        LoadedModule::load(bytes, &self.config)
    }

    /// Invokes a function (section 4.7.8).
    ///
    /// # Errors
    /// If it traps, exhausts a limit, or the arguments don't fit.
    pub fn invoke(&mut self, func: FuncAddr, args: &[Value], host: &mut dyn Host) -> Result<Vec<Value>, ExecError> {
        let ty = self.func_type(func).ok_or(ExecError::Arguments)?;
        if args.len() != ty.params.len() || !args.iter().zip(&ty.params).all(|(arg, ty)| self.has_type(*arg, *ty)) {
            return Err(ExecError::Arguments);
        }
        self.refuel();
        let outcome = machine::invoke(self, host, func, args);
        self.after_invocation(&outcome);
        outcome
    }

    /// An invocation from outside has all fuel; one from a host function what is left of the outer one's.
    fn refuel(&mut self) {
        if self.nesting == 0 {
            self.fuel = self.config.limits.fuel;
        }
    }

    /// What is left of [`Limits::fuel`] after the last invocation or instantiation.
    #[must_use]
    pub fn fuel_left(&self) -> u64 {
        self.fuel
    }

    /// Where the standard left something open since the last call of this function.
    pub fn take_open(&mut self) -> Open {
        std::mem::take(&mut self.open)
    }

    /// Makes a function of the host's (section 4.7.2). The type names no type of a module.
    pub fn alloc_host_func(&mut self, ty: FuncType, id: HostFuncId) -> FuncAddr {
        let ty = self.intern_func(ty);
        let addr = FuncAddr(self.funcs.len() as u32);
        self.funcs.push(FuncInst { ty, kind: FuncKind::Host(id) });
        addr
    }

    /// What an instance exports under a name.
    #[must_use]
    pub fn export(&self, instance: ModuleInst, name: &str) -> Option<Extern> {
        self.exports(instance).find(|export| export.0 == name).map(|export| export.1)
    }

    /// The exports of an instance, in the module's order.
    pub fn exports(&self, instance: ModuleInst) -> impl Iterator<Item = (&str, Extern)> {
        let instance = self.instances.get(instance.at());
        let exports = instance.into_iter().flat_map(|instance| {
            instance.loaded.module.exports.iter().map(|export| (export.name.as_str(), instance.at(export.index)))
        });
        exports.filter_map(|(name, found)| Some((name, found?)))
    }

    /// The type of a function. Types of modules that it names are identifiers of the store.
    #[must_use]
    pub fn func_type(&self, func: FuncAddr) -> Option<&FuncType> {
        self.types.func(self.funcs.get(func.at())?.ty)
    }

    /// Whether a function is one of the host's.
    #[must_use]
    pub fn is_host_func(&self, func: FuncAddr) -> bool {
        self.funcs.get(func.at()).is_some_and(|func| matches!(func.kind, FuncKind::Host(_)))
    }

    /// The bytes of a memory.
    #[must_use]
    pub fn memory_bytes(&self, memory: MemAddr) -> &[u8] {
        self.mems.get(memory.at()).map_or(&[], |memory| &memory.bytes)
    }

    /// The bytes of a memory, for a host that writes them.
    pub fn memory_bytes_mut(&mut self, memory: MemAddr) -> &mut [u8] {
        self.mems.get_mut(memory.at()).map_or(&mut [], |memory| &mut memory.bytes)
    }

    /// The size of a memory, in its pages.
    #[must_use]
    pub fn memory_pages(&self, memory: MemAddr) -> u64 {
        self.mems.get(memory.at()).map_or(0, store::MemInst::pages)
    }

    /// The elements of a table; functions are identified by their address, objects by a number that stays theirs from
    /// here on.
    pub fn table_elements(&mut self, table: TableAddr) -> impl ExactSizeIterator<Item = Ref> {
        let elements = self.tables.get(table.at()).map_or(&[][..], |table| &table.elements);
        elements.iter().map(|element| {
            self.heap.pin(*element);
            element.observed()
        })
    }

    /// The value of a global.
    pub fn global_value(&mut self, global: GlobalAddr) -> Option<Value> {
        let global = self.globals.get(global.at())?;
        self.heap.pin(global.cell.reference);
        Some(global.cell.value(global.ty.val))
    }

    /// The fields of a structure or the elements of an array, packed ones zero-extended.
    pub fn object_values(&mut self, object: Ref) -> Option<Vec<Value>> {
        let handle = self.reference_of(object)?.handle()?;
        let mut values = Vec::new();
        match self.heap.get(handle)? {
            Object::Struct { ty, slots, refs } => {
                let CompType::Struct(fields) = self.types.expand(*ty) else { return None };
                let (mut slots, mut refs) = (slots.iter().copied(), refs.iter().copied());
                for field in fields {
                    let mut cell = Cell::default();
                    match field.storage {
                        StorageType::I8 => cell.slots[0] = slots.next()? & 0xff,
                        StorageType::I16 => cell.slots[0] = slots.next()? & 0xffff,
                        StorageType::Val(ValType::V128) => cell.slots = [slots.next()?, slots.next()?],
                        StorageType::Val(ValType::Ref(_)) => cell.reference = refs.next()?,
                        StorageType::Val(_) => cell.slots[0] = slots.next()?,
                    }
                    values.push((cell, field.storage.unpacked()));
                }
            }
            Object::Array { ty, width, bytes, refs } => {
                let CompType::Array(element) = self.types.expand(*ty) else { return None };
                let ty = element.storage.unpacked();
                values.extend(refs.iter().map(|reference| (Cell { slots: [0; 2], reference: *reference }, ty)));
                for at in 0..bytes.len().checked_div(*width as usize).unwrap_or(0) {
                    let bits = heap::element(bytes, *width, at as u32)?;
                    let slots = [bits as u64, (bits >> 64) as u64];
                    values.push((Cell { slots, reference: Reference::Null }, ty));
                }
            }
            Object::Exn { .. } => return None,
        }
        let values = values.into_iter().map(|(cell, ty)| {
            self.heap.pin(cell.reference);
            cell.value(ty)
        });
        Some(values.collect())
    }

    /// Makes a tag of the host's (section 4.7.2). The type names no type of a module.
    pub fn alloc_tag(&mut self, params: Vec<ValType>) -> TagAddr {
        let ty = self.intern_func(FuncType { params, results: Vec::new() });
        self.tags.push(ty);
        TagAddr(self.tags.len() as u32 - 1)
    }

    /// Makes an exception for a host function to throw: its error.
    ///
    /// # Errors
    /// If the values don't fit the tag, or there is no room.
    pub fn alloc_exception(&mut self, tag: TagAddr, payload: Vec<Value>) -> Result<ExecError, ExecError> {
        let ty = self.tags.get(tag.at()).and_then(|ty| self.types.func(*ty)).ok_or(ExecError::Arguments)?;
        let fit = payload.len() == ty.params.len()
            && payload.iter().zip(&ty.params).all(|(value, ty)| self.has_type(*value, *ty));
        if !fit {
            return Err(ExecError::Arguments);
        }
        let (mut slots, mut refs) = (Vec::new(), Vec::new());
        for value in &payload {
            let cell = self.cell_of(*value).ok_or(ExecError::Arguments)?;
            match value {
                Value::V128(_) => slots.extend(cell.slots),
                Value::Ref(_) => refs.push(cell.reference),
                _ => slots.push(cell.slots[0]),
            }
        }
        let roots = heap::Roots {
            stack: self.stack.refs.get(..self.stack.rp).unwrap_or_default(),
            globals: &self.globals,
            tables: &self.tables,
            elems: &self.elems,
        };
        let size = heap::size(slots.len() as u64 * 8, refs.len() as u64);
        if !self.heap.room(size, self.config.limits.heap_bytes, self.config.collection, &roots) {
            return Err(ExecError::Exhausted(Resource::HeapBytes));
        }
        let handle = self.heap.alloc(Object::Exn { tag, slots: slots.into(), refs: refs.into() });
        self.heap.pin(Reference::Exn(handle));
        Ok(ExecError::Threw(Thrown { tag, payload, exception: Reference::Exn(handle).observed() }))
    }

    fn intern_func(&mut self, ty: FuncType) -> TypeId {
        let sub = SubType { finality: Finality::Final, supers: Vec::new(), comp: CompType::Func(ty) };
        let mut ids = Vec::new();
        self.types.intern_group(&[sub], &mut ids);
        ids[0]
    }

    /// Whether a value has a type, whose types are those of the store (4.7.1, "External typing").
    fn has_type(&self, value: Value, ty: ValType) -> bool {
        match (value, ty) {
            (Value::I32(_), ValType::I32)
            | (Value::I64(_), ValType::I64)
            | (Value::F32(_), ValType::F32)
            | (Value::F64(_), ValType::F64)
            | (Value::V128(_), ValType::V128) => true,
            (Value::Ref(value), ValType::Ref(ty)) => self
                .reference_of(value)
                .is_some_and(|reference| ref_has_type(&self.types, &self.funcs, &self.heap, reference, ty)),
            _ => false,
        }
    }

    /// The reference that the embedder means, if there is one.
    fn reference_of(&self, value: Ref) -> Option<Reference> {
        let number = match value {
            Ref::Null => return Some(Reference::Null),
            Ref::Extern(value) => return Some(Reference::Extern(value)),
            Ref::I31(value) => return Some(Reference::I31(value.cast_unsigned() & 0x7fff_ffff)),
            Ref::Func(Identity::Known(func)) => {
                return (func < self.funcs.len() as u32).then_some(Reference::Func(FuncAddr(func)));
            }
            Ref::Struct(Identity::Known(number))
            | Ref::Array(Identity::Known(number))
            | Ref::Exn(Identity::Known(number))
            | Ref::Opaque(Identity::Known(number)) => number,
            _ => return None,
        };
        let handle = Handle(number);
        Some(match self.heap.get(handle)? {
            Object::Struct { .. } => Reference::Struct(handle),
            Object::Array { .. } => Reference::Array(handle),
            Object::Exn { .. } => Reference::Exn(handle),
        })
    }

    fn cell_of(&self, value: Value) -> Option<Cell> {
        let mut cell = Cell::default();
        match value {
            Value::I32(bits) | Value::F32(bits) => cell.slots[0] = u64::from(bits),
            Value::I64(bits) | Value::F64(bits) => cell.slots[0] = bits,
            Value::V128(bits) => cell.slots = [bits as u64, (bits >> 64) as u64],
            Value::Ref(value) => cell.reference = self.reference_of(value)?,
        }
        Some(cell)
    }
}

/// Whether a reference has a type of the store (4.7.1). What has been converted is on the other side of
/// `extern.convert_any` without looking different, so a place of type `extern` may hold any object.
fn ref_has_type(types: &TypeInterner, funcs: &[FuncInst], heap: &Heap, reference: Reference, ty: RefType) -> bool {
    let found = match reference {
        Reference::Null => return ty.nullability == Nullability::Nullable,
        Reference::Extern(_) => return matches!(ty.heap, HeapType::Extern | HeapType::Any),
        Reference::Func(func) => match funcs.get(func.at()) {
            Some(func) => HeapType::Concrete(func.ty.0),
            None => return false,
        },
        Reference::I31(_) => HeapType::I31,
        Reference::Struct(handle) | Reference::Array(handle) | Reference::Exn(handle) => match heap.get(handle) {
            Some(Object::Struct { ty, .. } | Object::Array { ty, .. }) => HeapType::Concrete(ty.0),
            Some(Object::Exn { .. }) => HeapType::Exn,
            None => return false,
        },
    };
    let internal = !matches!(reference, Reference::Func(_) | Reference::Exn(_));
    types.heap_matches(found, ty.heap) || ty.heap == HeapType::Extern && internal
}

impl Instance {
    fn at(&self, index: ExternIdx) -> Option<Extern> {
        Some(match index {
            ExternIdx::Func(index) => Extern::Func(*self.funcs.get(index.at())?),
            ExternIdx::Table(index) => Extern::Table(*self.tables.get(index.at())?),
            ExternIdx::Mem(index) => Extern::Mem(*self.mems.get(index.at())?),
            ExternIdx::Global(index) => Extern::Global(*self.globals.get(index.at())?),
            ExternIdx::Tag(index) => Extern::Tag(*self.tags.get(index.at())?),
        })
    }
}

impl Reference {
    /// The reference as the embedder sees it: functions by their address, objects by their handle.
    fn observed(self) -> Ref {
        let known = |handle: Handle| Identity::Known(handle.0);
        match self {
            Self::Null => Ref::Null,
            Self::Func(func) => Ref::Func(Identity::Known(func.0)),
            Self::Extern(value) => Ref::Extern(value),
            Self::I31(value) => Ref::I31((value << 1).cast_signed() >> 1),
            Self::Struct(handle) => Ref::Struct(known(handle)),
            Self::Array(handle) => Ref::Array(known(handle)),
            Self::Exn(handle) => Ref::Exn(known(handle)),
        }
    }
}

impl Cell {
    fn value(self, ty: ValType) -> Value {
        let [low, high] = self.slots;
        match ty {
            ValType::I32 => Value::I32(low as u32),
            ValType::I64 => Value::I64(low),
            ValType::F32 => Value::F32(low as u32),
            ValType::F64 => Value::F64(low),
            ValType::V128 => Value::V128(u128::from(high) << 64 | u128::from(low)),
            ValType::Ref(ty) => Value::Ref(match (ty.heap, self.reference.observed()) {
                // From outside, an object behind `externref` shows nothing of its structure.
                (HeapType::Extern, Ref::Struct(identity) | Ref::Array(identity)) => Ref::Opaque(identity),
                (_, observed) => observed,
            }),
        }
    }
}

/// A global's type in terms of the store's types.
fn close_global(ty: GlobalType, types: &[TypeId]) -> GlobalType {
    GlobalType { mutability: ty.mutability, val: close(types, ty.val) }
}

/// A table's type in terms of the store's types.
fn close_table(ty: TableType, types: &[TypeId]) -> TableType {
    TableType { addr: ty.addr, limits: ty.limits, elem: close_ref(types, ty.elem) }
}

/// A memory instance's type: its minimum is the size that it has now.
fn with_size(ty: MemType, pages: u64) -> MemType {
    MemType { limits: crate::syntax::Limits { min: pages, max: ty.limits.max }, ..ty }
}
