//! Faults of the second list that was held out once, as wrong operators: what shows only in a state of the machine.

use wassay_model::{TrapKind, TrapKinds};

use super::{Fault, Next, View, third};
use crate::exec::memory;
use crate::exec::op::Op;
use crate::exec::store::{FuncKind, Reference};
use crate::syntax::{AddrType, DataMode, LoadOp};

/// In place of a width in bytes: `array.copy`.
const COPY: u32 = u32::MAX;

/// Added to the index of a memory: the vector lies above the address.
const BELOW_VECTOR: u32 = 1 << 31;

/// What stands before an operator.
pub(super) fn before(fault: Fault, op: Op) -> Option<Op> {
    let (index, immediate) = match (fault, op) {
        (Fault::TruncUNegativeFraction, Op::I32TruncF32U | Op::I64TruncF32U)
        | (Fault::CopysignOfNan, Op::F32Copysign) => (32, 0),
        (Fault::TruncUNegativeFraction, Op::I32TruncF64U | Op::I64TruncF64U)
        | (Fault::CopysignOfNan, Op::F64Copysign) => (64, 0),
        (
            Fault::LaneAccessWide,
            Op::LoadVector {
                op: LoadOp::V128Load8Splat | LoadOp::V128Load16Splat | LoadOp::V128Load32Splat | LoadOp::V128Load64Splat,
                memory,
                offset,
            },
        ) => (memory, offset),
        (Fault::LaneAccessWide, Op::LoadLane { memory, offset, .. } | Op::StoreLane { memory, offset, .. }) => {
            (memory | BELOW_VECTOR, offset)
        }
        (Fault::DropForgetsLater, Op::DataDrop(index)) => (index, 0),
        (Fault::DropForgetsLater, Op::ElemDrop(index)) => (index, 1),
        (Fault::TableFillIndexHalf, Op::TableFill(table))
        | (Fault::CallIndirectIndexHalf, Op::CallIndirect { table, .. } | Op::ReturnCallIndirect { table, .. })
        | (Fault::TableInitEmptyAnywhere, Op::TableInit { table, .. }) => (table, 0),
        (Fault::ArrayEmptyUnchecked | Fault::ArrayFillWholeTraps | Fault::ArrayFillStartMany, Op::ArrayFill(width)) => {
            (width.into(), 0)
        }
        (Fault::ArrayEmptyUnchecked, Op::ArrayCopy) => (COPY, 0),
        _ => return None,
    };
    Some(Op::Planted { fault, index, immediate })
}

/// What stands in the place of an operator.
pub(super) fn instead(fault: Fault, op: Op) -> Option<Op> {
    match (fault, op) {
        (Fault::MemoryGrowWraps, Op::MemoryGrow(index)) => Some(Op::Planted { fault, index, immediate: 0 }),
        (Fault::IndirectCallOwnFunction, Op::CallIndirect { table, ty }) => {
            Some(Op::Planted { fault, index: table, immediate: ty.into() })
        }
        _ => None,
    }
}

/// Executes a wrong operator, or what stands before a right one; `None` if the stacks are too short for it.
#[allow(clippy::too_many_lines, reason = "one arm a fault")]
pub(super) fn step(view: &mut View<'_>, fault: Fault, index: u32, immediate: u64) -> Option<Result<(), TrapKind>> {
    match fault {
        Fault::TruncUNegativeFraction => {
            let bits = *view.top(1)?;
            let value = if index == 32 { f64::from(super::f32_of(bits)) } else { f64::from_bits(bits) };
            if value > -1.0 && value < 0.0 {
                return Some(Err(TrapKind::IntegerOverflow));
            }
        }
        Fault::CopysignOfNan => {
            let (of, sign) = (*view.top(2)?, 1_u64 << (index - 1));
            let nan = if index == 32 { super::f32_of(of).is_nan() } else { f64::from_bits(of).is_nan() };
            if nan {
                view.unop(|from| from & !sign | of & sign)?;
            }
        }
        Fault::LaneAccessWide => {
            let address = *view.top(if index & BELOW_VECTOR == 0 { 1 } else { 3 })?;
            let size = view.memory(index & !BELOW_VECTOR)?.bytes.len();
            let start = address.checked_add(immediate);
            if start.and_then(|start| memory::range(size, start, 16)).is_none() {
                return Some(Err(TrapKind::MemoryOutOfBounds));
            }
        }
        Fault::MemoryGrowWraps => {
            let delta = view.pop()?;
            let memory = view.mems.get_mut(view.instance.mems.get(index as usize)?.at())?;
            let (ty, old) = (memory.ty, memory.pages());
            if ty.addr == AddrType::I64 && old.checked_add(delta).is_none() {
                let new = old.wrapping_add(delta);
                memory.bytes.truncate((new << ty.page_log2) as usize);
                let freed = memory::charged_pages(ty, old).saturating_sub(memory::charged_pages(ty, new));
                *view.pages = view.pages.saturating_sub(freed);
                view.push(old)?;
            } else {
                let grown = memory::grow(memory, delta, view.config, view.pages, &mut view.ask);
                view.push(grown.unwrap_or(memory::minus_one(ty.addr)))?;
            }
        }
        Fault::DropForgetsLater if immediate == 0 => {
            let segments = &view.instance.loaded.module.datas;
            let first = view.instance.first_data as usize;
            for (at, segment) in segments.iter().enumerate().skip(index as usize + 1) {
                if matches!(segment.mode, DataMode::Passive) {
                    view.datas.get_mut(first + at)?.dropped = false;
                }
            }
        }
        Fault::DropForgetsLater => {
            let first = view.instance.first_elem as usize;
            let (dropped, end) = (first + index as usize, first + view.instance.loaded.module.elems.len());
            let later = |at: usize| at > dropped && at < end;
            for (at, elements) in view.state.dropped.iter().filter(|(at, _)| later(*at)) {
                view.elems.get_mut(*at)?.elements.clone_from(elements);
            }
            view.state.dropped.retain(|(at, _)| !later(*at));
            // What is kept here is kept from the collector, so it must not be the collector's.
            let elements = &view.elems.get(dropped)?.elements;
            if !elements.is_empty() && elements.iter().all(|element| element.handle().is_none()) {
                view.state.dropped.push((dropped, elements.clone()));
            }
        }
        Fault::TableFillIndexHalf if view.table(index)?.ty.addr == AddrType::I64 => *view.top(2)? &= 0xffff_ffff,
        Fault::CallIndirectIndexHalf if view.table(index)?.ty.addr == AddrType::I64 => *view.top(1)? &= 0xffff_ffff,
        Fault::TableInitEmptyAnywhere if *view.top(1)? as u32 == 0 => (*view.top(2)?, *view.top(3)?) = (0, 0),
        Fault::ArrayEmptyUnchecked if *view.top(1)? as u32 != 0 => {}
        Fault::ArrayEmptyUnchecked if index == COPY => (*view.top(2)?, *view.top(3)?) = (0, 0),
        Fault::ArrayEmptyUnchecked => *view.top(2 + slots(index))? = 0,
        Fault::ArrayFillWholeTraps | Fault::ArrayFillStartMany => {
            let (len, start) = (u64::from(*view.top(1)? as u32), u64::from(*view.top(2 + slots(index))? as u32));
            let array = *view.refs.get(view.rp.checked_sub(if index == 0 { 2 } else { 1 })?)?;
            let Ok(elements) = view.heap.array(array) else { return Some(Ok(())) };
            let whole = elements.len();
            if fault == Fault::ArrayFillWholeTraps && len > 0 && len == whole {
                return Some(Err(TrapKind::ArrayOutOfBounds));
            }
            // Whether all of it fits is found out before it is another length.
            if fault == Fault::ArrayFillStartMany && elements.range(start, len).is_some() {
                *view.top(1)? = start.min(whole - start);
            }
        }
        _ => return third::step(view, fault, index),
    }
    Some(Ok(()))
}

/// How many slots the elements of an array take that have so many bytes.
const fn slots(width: u32) -> usize {
    match width {
        0 => 0,
        16 => 2,
        _ => 1,
    }
}

/// `call_indirect` that looks for another instance's function among its own.
pub(super) fn call_own(view: &mut View<'_>, table: u32, ty: usize) -> Option<Result<Next, TrapKinds>> {
    let trapped = |kind: TrapKind| Some(Err(kind.into()));
    let at = view.pop()?;
    let element = usize::try_from(at).ok().and_then(|at| view.table(table)?.elements.get(at).copied());
    let func = match element {
        None => return trapped(TrapKind::UndefinedElement),
        Some(Reference::Func(func)) => func,
        Some(_) => return trapped(TrapKind::UninitializedElement),
    };
    let called = match view.funcs.get(func.at())?.kind {
        FuncKind::Wasm { instance, func: index } if !view.instance.funcs.contains(&func) => {
            let other = view.instances.get(instance as usize)?;
            let imported = other.funcs.len() - other.loaded.module.funcs.len();
            match view.instance.funcs.get(imported + index as usize) {
                Some(own) => *own,
                None => return trapped(TrapKind::UndefinedElement),
            }
        }
        _ => func,
    };
    let wanted = *view.instance.types.get(ty)?;
    if view.types.def_matches(view.funcs.get(called.at())?.ty, wanted) {
        Some(Ok(Next::Call(called)))
    } else {
        trapped(TrapKind::IndirectCallTypeMismatch)
    }
}
