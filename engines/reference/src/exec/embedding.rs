//! What an embedder does with a store (appendix A.1, "Embedding"): make, invoke, look.

use std::any::Any;

use wassay_model::{FuncType, HeapType, Identity, Nullability, Ref, ValType, Value};

use super::choices::{Choices, Kept};
use super::heap::{self, Handle, Heap, Object};
use super::store::{
    Cell, Extern, FuncAddr, FuncInst, FuncKind, GlobalAddr, HostFuncId, Instance, LoadedModule, MemAddr, MemInst,
    ModuleInst, Reference, Stack, Store, TableAddr, TagAddr,
};
use super::{Config, ExecError, Host, LoadError, Open, Resource, Thrown, invoke, planted};
use crate::syntax::{CompType, ExternIdx, Finality, RefType, StorageType, SubType};
use crate::valid::types::{TypeId, TypeInterner};

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
            choices: Kept::default(),
            planted: planted::State::default(),
        }
    }

    /// An empty store for which something else than the deterministic profile makes the choices.
    #[must_use]
    pub fn with_choices(config: Config, choices: impl Choices) -> Self {
        let mut store = Self::new(config);
        store.choices.other = Some(Box::new(choices));
        store
    }

    /// The choices that the store was made with, if they are of this type.
    pub fn choices_mut<C: Choices>(&mut self) -> Option<&mut C> {
        let choices: &mut dyn Any = self.choices.other.as_deref_mut()?;
        choices.downcast_mut()
    }

    /// Loads a module for stores of this configuration.
    ///
    /// # Errors
    /// As [`LoadedModule::load`].
    pub fn load(&self, bytes: &[u8]) -> Result<LoadedModule, LoadError> {
        LoadedModule::load(bytes, &self.config)
    }

    /// Invokes a function (section 4.7, "Invocation").
    ///
    /// # Errors
    /// If it traps, exhausts a limit, or the arguments don't fit.
    pub fn invoke(&mut self, func: FuncAddr, args: &[Value], host: &mut dyn Host) -> Result<Vec<Value>, ExecError> {
        let ty = self.func_type(func).ok_or(ExecError::Arguments)?;
        if args.len() != ty.params.len() || !args.iter().zip(&ty.params).all(|(arg, ty)| self.has_type(*arg, *ty)) {
            return Err(ExecError::Arguments);
        }
        self.refuel();
        let outcome = invoke::invoke(self, host, func, args);
        self.after_invocation(&outcome);
        outcome
    }

    /// An invocation from outside has all fuel; one from a host function what is left of the outer one's.
    pub(super) fn refuel(&mut self) {
        if self.nesting == 0 {
            self.fuel = self.config.limits.fuel;
        }
    }

    /// What is left of [`super::Limits::fuel`] after the last invocation or instantiation.
    #[must_use]
    pub fn fuel_left(&self) -> u64 {
        self.fuel
    }

    /// Where the standard left something open since the last call of this function.
    pub fn take_open(&mut self) -> Open {
        std::mem::take(&mut self.open)
    }

    /// Makes a function of the host's (section 4.7, "Allocation"). The type names no type of a module.
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
        self.mems.get(memory.at()).map_or(0, MemInst::pages)
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

    /// Puts a function into a table of functions (`table_write`, appendix A.1 of the standard). Returns whether there is
    /// such an element.
    pub fn table_write(&mut self, table: TableAddr, index: u32, func: FuncAddr) -> bool {
        let table = self.tables.get_mut(table.at());
        let element = table.and_then(|table| table.elements.get_mut(usize::try_from(index).ok()?));
        element.map(|element| *element = Reference::Func(func)).is_some()
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

    /// Makes a tag of the host's (section 4.7, "Allocation"). The type names no type of a module.
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
        if self.heap.room(size, self.config.limits.heap_bytes, self.config.collection, &roots).is_none() {
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

    /// Whether a value has a type, whose types are those of the store (4.5, "Value Typing").
    pub(super) fn has_type(&self, value: Value, ty: ValType) -> bool {
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
    pub(super) fn reference_of(&self, value: Ref) -> Option<Reference> {
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

    pub(super) fn cell_of(&self, value: Value) -> Option<Cell> {
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

/// Whether a reference has a type of the store (section 4.5, "Value Typing"). What has been converted is on the other side of
/// `extern.convert_any` without looking different, so a place of type `extern` may hold any object.
pub(super) fn ref_has_type(
    types: &TypeInterner,
    funcs: &[FuncInst],
    heap: &Heap,
    reference: Reference,
    ty: RefType,
) -> bool {
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
    pub(super) fn observed(self) -> Ref {
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
    pub(super) fn value(self, ty: ValType) -> Value {
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
