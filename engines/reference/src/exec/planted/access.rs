//! Faults of memories, tables and control.

use wassay_model::TrapKind;

use super::{Fault, View};
use crate::exec::op::Op;
use crate::exec::store::Reference;
use crate::exec::{memory, table};
use crate::syntax::{AddrType, LoadOp};

/// What stands before an operator.
pub(super) fn before(fault: Fault, op: Op) -> Option<Op> {
    let index = match (fault, op) {
        (Fault::IfLowByte, Op::BrUnless(_)) | (Fault::TableInitFromStart, Op::TableInit { .. }) => 0,
        (Fault::MemoryCopyEmptyTraps, Op::MemoryCopy { dst, .. }) => dst,
        (Fault::CallIndirectStale, Op::CallIndirect { table, .. }) => table,
        (Fault::TableGetIndexHalf, Op::TableGet(table)) => table,
        (Fault::Load64AddressHalf, Op::Load64 { memory, .. }) => memory,
        (Fault::BrTableNarrow, Op::BrTable { .. }) => 128,
        _ => return None,
    };
    Some(Op::Planted { fault, index, immediate: 0 })
}

/// What stands in the place of an operator.
pub(super) fn instead(fault: Fault, op: Op) -> Option<Op> {
    let planted = |index| Op::Planted { fault, index, immediate: 0 };
    Some(match (fault, op) {
        (Fault::MemoryCopyWrongMemory, Op::MemoryCopy { dst, .. }) => Op::MemoryCopy { dst, src: dst },
        (Fault::MemorySizeFirst, Op::MemorySize(_)) => Op::MemorySize(0),
        (Fault::MemoryGrowFailureHalf | Fault::MemoryGrowPastMax, Op::MemoryGrow(memory)) => planted(memory),
        (Fault::Load8x8SZero, Op::LoadVector { op: LoadOp::V128Load8x8S, memory, offset }) => {
            Op::LoadVector { op: LoadOp::V128Load8x8U, memory, offset }
        }
        (Fault::TableSizeStale, Op::TableSize(table)) | (Fault::TableGrowZeroFails, Op::TableGrow(table)) => {
            planted(table)
        }
        (Fault::TableCopyWrongTable, Op::TableCopy { dst, src }) if dst != src => {
            Op::Planted { fault, index: dst, immediate: src.into() }
        }
        _ => return None,
    })
}

/// Executes a wrong operator, or what stands before a right one; `None` if the stacks are too short for it.
pub(super) fn step(view: &mut View<'_>, fault: Fault, index: u32, immediate: u64) -> Option<Result<(), TrapKind>> {
    match fault {
        Fault::IfLowByte => view.unop(|condition| condition & 0xff)?,
        Fault::TableInitFromStart => *view.top(2)? = 0,
        Fault::BrTableNarrow => {
            view.unop(|target| if target as u32 >= index { u64::from(u32::MAX) } else { target })?;
        }
        Fault::MemoryCopyEmptyTraps => {
            let (len, dst) = (*view.top(1)?, *view.top(3)?);
            if len == 0 && dst >= view.memory(index)?.bytes.len() as u64 {
                return Some(Err(TrapKind::MemoryOutOfBounds));
            }
        }
        Fault::CallIndirectStale => {
            let at = *view.top(1)?;
            if at >= view.table(index)?.ty.limits.min {
                return Some(Err(TrapKind::UndefinedElement));
            }
        }
        Fault::TableGetIndexHalf if view.table(index)?.ty.addr == AddrType::I64 => {
            view.unop(|at| at & 0xffff_ffff)?;
        }
        Fault::Load64AddressHalf if view.memory(index)?.ty.addr == AddrType::I64 => {
            view.unop(|address| address & 0xffff_ffff)?;
        }
        Fault::MemoryGrowFailureHalf | Fault::MemoryGrowPastMax => {
            let delta = view.pop()?;
            let memory = view.mems.get_mut(view.instance.mems.get(index as usize)?.at())?;
            let declared = memory.ty.limits.max;
            if fault == Fault::MemoryGrowPastMax {
                memory.ty.limits.max = declared.map(|max| max + 1);
            }
            let old = memory::grow(memory, delta, view.config, view.pages, &mut view.ask);
            memory.ty.limits.max = declared;
            let failure = match fault {
                Fault::MemoryGrowFailureHalf => memory::minus_one(AddrType::I32),
                _ => memory::minus_one(memory.ty.addr),
            };
            view.push(old.unwrap_or(failure))?;
        }
        Fault::TableSizeStale => {
            let size = view.table(index)?.ty.limits.min;
            view.push(size)?;
        }
        Fault::TableGrowZeroFails => {
            let delta = view.pop()?;
            let value = view.pop_ref()?;
            let table = view.tables.get_mut(view.instance.tables.get(index as usize)?.at())?;
            let failure = memory::minus_one(table.ty.addr);
            let old = match delta {
                0 => None,
                _ => table::grow(table, delta, value, view.config, view.table_elements, &mut view.ask),
            };
            view.push(old.unwrap_or(failure))?;
        }
        Fault::TableCopyWrongTable => {
            let (len, src, dst) = (view.pop()?, view.pop()?, view.pop()?);
            let to = view.instance.tables.get(index as usize)?.at();
            let from = view.instance.tables.get(immediate as usize)?.at();
            let same_type = view.tables.get(to)?.ty.elem == view.tables.get(from)?.ty.elem;
            let source: Vec<Reference> = view.tables.get(if same_type { to } else { from })?.elements.clone();
            return Some(table::copy(&mut view.tables.get_mut(to)?.elements, &source, dst, src, len));
        }
        // The others have no operator, or another right one.
        _ => {}
    }
    Some(Ok(()))
}
