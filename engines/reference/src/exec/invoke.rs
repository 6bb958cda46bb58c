//! The border between the machine and the embedder: arguments and results of invocations, calls of host functions,
//! constant expressions.

use wassay_model::Value;

use super::heap::{Handle, Object};
use super::lower::FuncCode;
use super::machine::run;
use super::store::{Cell, FuncAddr, FuncInst, FuncKind, Reference, Stack, Store, extend};
use super::{ExecError, Host, Resource, Thrown};
use crate::syntax::{Arity, ValType};

/// Invokes a function with arguments of its parameters' types (section 4.7, "Invocation").
pub(crate) fn invoke(
    store: &mut Store,
    host: &mut dyn Host,
    func: FuncAddr,
    args: &[Value],
) -> Result<Vec<Value>, ExecError> {
    let FuncKind::Wasm { instance, func: index } = store.funcs[func.at()].kind else {
        return call_host(store, host, func, args);
    };
    let code = store.instances[instance as usize].loaded.code.funcs[index as usize];
    let (slot_base, ref_base) = (store.stack.sp, store.stack.rp);
    let outcome = store.reserve(code.params, code.results).and_then(|()| {
        for arg in args {
            store.push(*arg)?;
        }
        run(store, host, instance, code)
    });
    let results = outcome.and_then(|()| {
        let ty = store.types.func(store.funcs[func.at()].ty).map(|ty| ty.results.clone()).unwrap_or_default();
        let (mut slot, mut reference) = (slot_base, ref_base);
        ty.into_iter().map(|ty| store.value(ty, &mut slot, &mut reference)).collect()
    });
    (store.stack.sp, store.stack.rp) = (slot_base, ref_base);
    results
}

/// Evaluates a constant expression in an instance that is being made; the value is left above the stacks.
pub(crate) fn evaluate(
    store: &mut Store,
    host: &mut dyn Host,
    instance: u32,
    code: FuncCode,
) -> Result<Cell, ExecError> {
    let (slot_base, ref_base) = (store.stack.sp, store.stack.rp);
    let outcome = store.reserve(code.params, code.results).and_then(|()| run(store, host, instance, code));
    (store.stack.sp, store.stack.rp) = (slot_base, ref_base);
    outcome?;
    let slot = |n| store.stack.slots.get(slot_base + n).copied().unwrap_or_default();
    Ok(Cell {
        slots: [slot(0), if code.results.slots == 2 { slot(1) } else { 0 }],
        reference: match code.results.refs {
            0 => Reference::Null,
            _ => store.stack.refs.get(ref_base).copied().unwrap_or_default(),
        },
    })
}

/// Calls a host function (4.6, "Function Calls") and holds its results against its type.
fn call_host(store: &mut Store, host: &mut dyn Host, func: FuncAddr, args: &[Value]) -> Result<Vec<Value>, ExecError> {
    let FuncInst { ty, kind: FuncKind::Host(id) } = store.funcs[func.at()] else {
        return Err(ExecError::Internal("a function of Wasm was called as one of the host"));
    };
    if store.nesting >= store.config.limits.nesting {
        return Err(ExecError::Exhausted(Resource::Nesting));
    }
    store.nesting += 1;
    let mut results = Vec::new();
    let outcome = host.call(store, id, args, &mut results);
    store.nesting -= 1;
    outcome?;
    let types = store.types.func(ty).map(|ty| ty.results.as_slice()).unwrap_or_default();
    let fit = results.len() == types.len() && results.iter().zip(types).all(|(value, ty)| store.has_type(*value, *ty));
    if fit { Ok(results) } else { Err(ExecError::HostResults) }
}

/// Calls a host function whose arguments lie on top of the stacks; its results take their place.
pub(crate) fn host_step(store: &mut Store, host: &mut dyn Host, func: FuncAddr) -> Result<(), ExecError> {
    let Some(ty) = store.types.func(store.funcs[func.at()].ty) else {
        return Err(ExecError::Internal("a function has no function type"));
    };
    let params = ty.params.clone();
    let arity = Arity::of_all(&params);
    let bases = store.stack.sp.checked_sub(arity.slots as usize).zip(store.stack.rp.checked_sub(arity.refs as usize));
    let Some((slot_base, ref_base)) = bases else {
        return Err(ExecError::Internal("arguments are missing"));
    };
    let (mut slot, mut reference) = (slot_base, ref_base);
    let args: Result<Vec<Value>, ExecError> =
        params.into_iter().map(|ty| store.value(ty, &mut slot, &mut reference)).collect();
    let results = call_host(store, host, func, &args?)?;
    (store.stack.sp, store.stack.rp) = (slot_base, ref_base);
    results.into_iter().try_for_each(|result| store.push(result))
}

impl Store {
    /// An exception that no frame has caught, as the embedder sees it.
    pub(crate) fn thrown(&mut self, handle: Handle) -> ExecError {
        let reference = Reference::Exn(handle);
        self.heap.pin(reference);
        let Some(Object::Exn { tag, slots, refs }) = self.heap.get(handle) else {
            return ExecError::Internal("an exception is something else");
        };
        let Some(ty) = self.tags.get(tag.at()).and_then(|ty| self.types.func(*ty)) else {
            return ExecError::Internal("a tag is missing");
        };
        let (mut slots, mut refs) = (slots.iter(), refs.iter());
        let payload: Vec<(Cell, ValType)> = ty
            .params
            .iter()
            .map(|ty| {
                let mut cell = Cell::default();
                let arity = Arity::of(*ty);
                for word in cell.slots.iter_mut().take(arity.slots as usize) {
                    *word = slots.next().copied().unwrap_or_default();
                }
                if arity.refs == 1 {
                    cell.reference = refs.next().copied().unwrap_or_default();
                }
                (cell, *ty)
            })
            .collect();
        let tag = *tag;
        for (cell, _) in &payload {
            self.heap.pin(cell.reference);
        }
        let payload = payload.into_iter().map(|(cell, ty)| cell.value(ty)).collect();
        ExecError::Threw(Thrown { tag, payload, exception: reference.observed() })
    }

    /// Makes room for what a call takes and leaves, on top of the stacks.
    fn reserve(&mut self, params: Arity, results: Arity) -> Result<(), ExecError> {
        let limit = self.config.limits.slots;
        let slot_end = self.stack.sp + params.slots.max(results.slots) as usize;
        let ref_end = self.stack.rp + params.refs.max(results.refs) as usize;
        if slot_end > self.stack.slots.len() && extend(&mut self.stack.slots, slot_end, limit).is_none()
            || ref_end > self.stack.refs.len() && extend(&mut self.stack.refs, ref_end, limit).is_none()
        {
            return Err(ExecError::Exhausted(Resource::Slots));
        }
        Ok(())
    }

    /// Puts a value on top of the stacks.
    fn push(&mut self, value: Value) -> Result<(), ExecError> {
        let arity = match value {
            Value::V128(_) => Arity { slots: 2, refs: 0 },
            Value::Ref(_) => Arity { slots: 0, refs: 1 },
            _ => Arity { slots: 1, refs: 0 },
        };
        self.reserve(arity, Arity::default())?;
        let cell = self.cell_of(value).ok_or(ExecError::Arguments)?;
        let Stack { slots, refs, sp, rp, .. } = &mut self.stack;
        for word in cell.slots.into_iter().take(arity.slots as usize) {
            slots[*sp] = word;
            *sp += 1;
        }
        if arity.refs == 1 {
            refs[*rp] = cell.reference;
            *rp += 1;
        }
        Ok(())
    }

    /// Reads the value of a type that lies at two positions of the stacks, and moves them behind it.
    fn value(&mut self, ty: ValType, slot: &mut usize, reference: &mut usize) -> Result<Value, ExecError> {
        let mut cell = Cell::default();
        let arity = Arity::of(ty);
        let words = self.stack.slots.get(*slot..*slot + arity.slots as usize);
        let references = self.stack.refs.get(*reference..*reference + arity.refs as usize);
        let (Some(words), Some(references)) = (words, references) else {
            return Err(ExecError::Internal("values lie beyond the stack"));
        };
        cell.slots[..words.len()].copy_from_slice(words);
        if let Some(reference) = references.first() {
            cell.reference = *reference;
        }
        *slot += words.len();
        *reference += references.len();
        // The embedder may keep what it sees.
        self.heap.pin(cell.reference);
        Ok(cell.value(ty))
    }
}
