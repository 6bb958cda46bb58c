//! Faults modelled on bugs that engines had, as wrong operators: what shows only in a state of the machine.

use wassay_model::TrapKind;

use super::{Fault, View, runtime};
use crate::exec::op::{Op, Shift};
use crate::exec::store::{FuncAddr, FuncKind, MemAddr, Reference};
use crate::exec::{memory, table};
use crate::syntax::{AddrType, ElemMode, ExternType, HeapType};

/// How large an instance takes an imported memory to be.
#[derive(Clone, Copy, Debug)]
pub(super) struct Known {
    /// A function that only this instance has.
    pub(super) of: Option<FuncAddr>,
    pub(super) memory: MemAddr,
    pub(super) size: u64,
}

/// What stands before an operator.
pub(super) fn before(fault: Fault, op: Op) -> Option<Op> {
    let (index, immediate) = match (fault, op) {
        (Fault::BrValuesOverlap, Op::BrShift { shift, .. }) => (shift, 0),
        (Fault::BrValuesOverlap, Op::BrIfShift { shift, .. }) => (shift, 1),
        (Fault::BrTableValuesBelow, Op::BrTable { first, count }) => (first, u64::from(count)),
        (Fault::ImportIndirectSubtype, Op::CallIndirect { table, ty })
        | (Fault::TailIndirectIndex, Op::ReturnCallIndirect { table, ty }) => (table, u64::from(ty)),
        (Fault::MemoryCopyMixed, Op::MemoryCopy { dst, src }) | (Fault::TableCopyMixed, Op::TableCopy { dst, src })
            if dst != src =>
        {
            (dst, u64::from(src))
        }
        (Fault::TableInitDeclared | Fault::TableInitActiveTraps, Op::TableInit { elem, .. }) => (elem, 0),
        (Fault::BrTableLowBits, Op::BrTable { count: count @ 4096.., .. }) => (count & 0xfff, 0),
        (Fault::HostGrowthStale, op) => return load(op).map(|(memory, reach)| planted(fault, memory, reach)),
        _ => return None,
    };
    Some(planted(fault, index, immediate))
}

/// What stands in the place of an operator.
pub(super) fn instead(fault: Fault, op: Op) -> Option<Op> {
    match (fault, op) {
        (Fault::SelectVectorHalf, Op::SelectVector) => Some(planted(fault, 0, 0)),
        (Fault::NoneTableUnchecked, Op::TableGet(index))
        | (Fault::TableGrowFailureHalf, Op::TableGrow(index))
        | (Fault::HostGrowthStale, Op::MemoryGrow(index)) => Some(planted(fault, index, 0)),
        _ => None,
    }
}

const fn planted(fault: Fault, index: u32, immediate: u64) -> Op {
    Op::Planted { fault, index, immediate }
}

/// The memory of a load of numbers, and how far behind the address it reaches.
fn load(op: Op) -> Option<(u32, u64)> {
    let (memory, offset, width) = match op {
        Op::Load8U { memory, offset } | Op::I32Load8S { memory, offset } | Op::I64Load8S { memory, offset } => {
            (memory, offset, 1)
        }
        Op::Load16U { memory, offset } | Op::I32Load16S { memory, offset } | Op::I64Load16S { memory, offset } => {
            (memory, offset, 2)
        }
        Op::Load32 { memory, offset } | Op::I64Load32S { memory, offset } => (memory, offset, 4),
        Op::Load64 { memory, offset } => (memory, offset, 8),
        _ => return None,
    };
    Some((memory, offset.saturating_add(width)))
}

impl View<'_> {
    fn function_at(&mut self, index: u32, at: u64) -> Option<FuncAddr> {
        match self.table(index)?.elements.get(usize::try_from(at).ok()?) {
            Some(Reference::Func(func)) => Some(*func),
            _ => None,
        }
    }

    /// What the instance knows of an imported memory; nothing of its own ones.
    fn known(&mut self, index: u32) -> Option<&mut Known> {
        let (of, memory) = (self.instance.funcs.last().copied(), *self.instance.mems.get(index as usize)?);
        self.state.known.iter_mut().find(|known| known.of == of && known.memory == memory)
    }

    fn shift(&self, index: usize) -> Option<Shift> {
        self.instance.loaded.code.shifts.get(index).copied()
    }
}

/// Executes a wrong operator, or what stands before a right one; `None` if the stacks are too short for it.
#[allow(clippy::too_many_lines, reason = "one arm a fault")]
pub(super) fn step(view: &mut View<'_>, fault: Fault, index: u32, immediate: u64) -> Option<Result<(), TrapKind>> {
    match fault {
        Fault::SelectVectorHalf => {
            let condition = view.pop()? as u32;
            let (high, low) = (view.pop()?, view.pop()?);
            *view.top(1)? = high;
            if condition == 0 {
                *view.top(2)? = low;
            }
        }
        Fault::BrValuesOverlap => {
            let skipped = immediate as usize;
            if skipped == 1 && *view.top(1)? as u32 == 0 {
                return Some(Ok(()));
            }
            let shift = view.shift(index as usize)?;
            let (keep, drop) = (shift.keep_slots as usize, shift.drop_slots as usize);
            if keep >= 3 && drop > 0 && drop < keep {
                // As if copied from the last one on: each overwrites one that is still to be copied.
                let top = view.sp.checked_sub(skipped)?;
                let from = top.checked_sub(keep)?;
                for at in (drop..keep).rev() {
                    *view.slots.get_mut(from + at - drop)? = *view.slots.get(from + at)?;
                }
            }
        }
        Fault::BrTableValuesBelow => {
            let target = (*view.top(1)? as u32).min(immediate as u32);
            let shift = view.instance.loaded.code.branches.get(index as usize + target as usize)?.shift;
            let (keep, drop) = (shift.keep_slots as usize, shift.drop_slots as usize);
            if keep >= 2 && drop >= 1 {
                let old = *view.top(1 + keep + drop)?;
                *view.top(1 + keep)? = old;
            }
        }
        Fault::ImportIndirectSubtype => {
            let at = *view.top(1)?;
            if let Some(func) = view.function_at(index, at) {
                let imports = view.instance.loaded.module.imports.iter().filter_map(|import| match import.ty {
                    ExternType::Func(ty) => Some(ty),
                    _ => None,
                });
                let declared = imports.zip(&view.instance.funcs).find(|(_, import)| **import == func);
                if let Some((declared, _)) = declared {
                    let declared = *view.instance.types.get(declared.at())?;
                    let wanted = *view.instance.types.get(immediate as usize)?;
                    if !view.types.def_matches(declared, wanted) {
                        return Some(Err(TrapKind::IndirectCallTypeMismatch));
                    }
                }
            }
        }
        Fault::TailIndirectIndex => {
            let at = *view.top(1)?;
            let func = view.function_at(index, at);
            let kind = func.and_then(|func| view.funcs.get(func.at())).map(|func| func.kind);
            if let (Some(addr), Some(FuncKind::Wasm { func, .. })) = (func, kind) {
                let defined = &view.instance.loaded.module.funcs;
                let imported = view.instance.funcs.len() - defined.len();
                let own = view.instance.funcs.get(imported + func as usize) == Some(&addr);
                if own && defined.get(func as usize)?.ty.0 != immediate as u32 {
                    return Some(Err(TrapKind::IndirectCallTypeMismatch));
                }
            }
        }
        Fault::MemoryCopyMixed => {
            let narrow = |view: &mut View<'_>, index: u32| Some(view.memory(index)?.ty.addr == AddrType::I32);
            let (to, from) = (narrow(view, index)?, narrow(view, immediate as u32)?);
            if to != from {
                *view.top(3)? &= 0xffff_ffff;
                *view.top(2)? &= 0xffff_ffff;
            }
        }
        Fault::TableCopyMixed => {
            let narrow = |view: &mut View<'_>, index: u32| Some(view.table(index)?.ty.addr == AddrType::I32);
            let (to, from) = (narrow(view, index)?, narrow(view, immediate as u32)?);
            if to != from {
                *view.top(3)? &= 0xffff_ffff;
                *view.top(2)? &= 0xffff_ffff;
            }
        }
        Fault::TableInitDeclared => {
            let elem = view.instance.loaded.module.elems.get(index as usize)?;
            if matches!(elem.mode, ElemMode::Declarative) && elem.ty.heap == HeapType::Extern {
                return Some(Err(TrapKind::TableOutOfBounds));
            }
        }
        Fault::TableInitActiveTraps => {
            let elem = view.instance.loaded.module.elems.get(index as usize)?;
            if matches!(elem.mode, ElemMode::Active { .. }) && *view.top(1)? as u32 == 0 {
                return Some(Err(TrapKind::TableOutOfBounds));
            }
        }
        Fault::BrTableLowBits => {
            view.unop(|target| if target as u32 >= index { u64::from(u32::MAX) } else { target })?;
        }
        Fault::NoneTableUnchecked => {
            let at = view.pop()?;
            let table = view.table(index)?;
            let nulls = matches!(table.ty.elem.heap, HeapType::None | HeapType::NoFunc | HeapType::NoExtern);
            let element = match table::get(&table.elements, at) {
                Err(_) if nulls => Reference::Null,
                Err(kind) => return Some(Err(kind)),
                Ok(element) => element,
            };
            *view.refs.get_mut(*view.rp)? = element;
            *view.rp += 1;
        }
        Fault::TableGrowFailureHalf => {
            let delta = view.pop()?;
            let value = view.pop_ref()?;
            let table = view.tables.get_mut(view.instance.tables.get(index as usize)?.at())?;
            let old = table::grow(table, delta, value, view.config, view.table_elements, &mut view.ask);
            view.push(old.unwrap_or(memory::minus_one(AddrType::I32)))?;
        }
        Fault::HostGrowthStale if immediate == 0 => {
            let delta = view.pop()?;
            let memory = view.mems.get_mut(view.instance.mems.get(index as usize)?.at())?;
            let failure = memory::minus_one(memory.ty.addr);
            let old = memory::grow(memory, delta, view.config, view.pages, &mut view.ask);
            let size = memory.bytes.len() as u64;
            if let (Some(_), Some(known)) = (old, view.known(index)) {
                known.size = size;
            }
            view.push(old.unwrap_or(failure))?;
        }
        Fault::HostGrowthStale => {
            let address = *view.top(1)?;
            if let Some(known) = view.known(index)
                && address.checked_add(immediate).is_none_or(|end| end > known.size)
            {
                return Some(Err(TrapKind::MemoryOutOfBounds));
            }
        }
        _ => return runtime::step(view, fault, index, immediate),
    }
    Some(Ok(()))
}
