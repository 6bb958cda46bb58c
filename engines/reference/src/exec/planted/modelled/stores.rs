//! Faults of accesses to memories, and of objects.

use super::{Fault as F, Place};
use crate::syntax::Instr::{self, Numeric as Num};
use crate::syntax::{MemIdx, NumericOp as N, StoreOp, ValType};

/// Rewrites what `after` begins with.
#[allow(clippy::too_many_lines, reason = "one arm a fault")]
pub(super) fn rewrite(fault: F, place: &mut Place<'_, '_>, before: &[Instr], after: &[Instr]) -> Option<usize> {
    let now = *after.first()?;
    match (fault, before, after) {
        (F::AddressShiftWide, [.., Instr::I32Const(by @ 1..=3)], [Num(N::I32Shl), Instr::Load { mem, .. }, ..])
            if !place.context.is_wide(*mem) =>
        {
            // Beyond 32 bits lies no memory.
            let index = place.locals.fresh(ValType::I32);
            place.put(
                1,
                &[
                    Instr::Drop,
                    Instr::LocalTee(index),
                    Instr::I32Const(*by),
                    now,
                    Instr::I32Const(-1),
                    Instr::LocalGet(index),
                    Instr::I32Const(32 - by),
                    Num(N::I32ShrU),
                    Num(N::I32Eqz),
                    Instr::Select,
                ],
            )
        }
        (
            F::AddressShiftMasked,
            [.., Instr::I64Const(by)],
            [Num(N::I64Shl), Num(N::I64Add), Instr::Load { op, mem, .. }, ..],
        ) if place.context.is_wide(*mem)
            && by & 63 > 7
            && (by & 7).cast_unsigned() == u64::from(op.width().trailing_zeros()) =>
        {
            place.put(1, &[Instr::Drop, Instr::I64Const(by & 7), now])
        }
        (
            F::LoadMergedTwice,
            _,
            [
                Instr::Load { op: crate::syntax::LoadOp::I32Load, .. },
                Instr::I32Const(by),
                Num(N::I32Add),
                Instr::LocalTee(sum),
                Instr::Load { mem, .. },
                ..,
            ],
        ) if !place.context.is_wide(*mem) => {
            place.put(4, &[now, after[1], after[2], Instr::LocalSet(*sum), Instr::I32Const(*by)])
        }
        (F::StoreFirstMemory, _, [Instr::Store { op, align, mem: MemIdx(1..), offset }, ..]) => {
            let (Instr::Store { mem, .. }, first) = (now, MemIdx(0)) else { return None };
            if place.context.is_wide(mem) != place.context.is_wide(first) {
                return None;
            }
            place.put(1, &[Instr::Store { op: *op, align: *align, mem: first, offset: *offset }])
        }
        (
            F::StoreConstantHalf,
            [.., Instr::LocalGet(_), Instr::I64Const(value)],
            [Instr::Store { op: StoreOp::I64Store, .. }, ..],
        ) => place.put(1, &[Instr::Drop, Instr::I64Const(value & 0xffff_ffff), now]),
        (F::LaneStoreOffsetByte, _, [Instr::StoreLane { op, align, lane, mem, offset }, ..]) if *offset > 0xff => {
            let offset = offset & 0xff;
            place.put(1, &[Instr::StoreLane { op: *op, align: *align, lane: *lane, mem: *mem, offset }])
        }
        (F::FillSameOperands, [.., a, b, c], [Instr::MemoryFill(_), ..])
            if a == b
                && b == c
                && matches!(
                    a,
                    Instr::LocalGet(_)
                        | Instr::I32Const(_)
                        | Instr::TableSize(_)
                        | Instr::MemorySize(_)
                        | Instr::GlobalGet(_)
                ) =>
        {
            let len = place.locals.fresh(ValType::I32);
            place.put(1, &[Instr::LocalSet(len), Instr::Drop, Instr::I32Const(0), Instr::LocalGet(len), now])
        }
        (F::MemoryInitPastSegment, _, [Instr::MemoryInit { data, .. }, ..]) => {
            let len = i32::try_from((*place.context.passive.get(data.at())?)?).ok()?;
            let mut local = || place.locals.fresh(ValType::I32);
            let (wanted, from, left) = (local(), local(), local());
            place.put(
                1,
                &[
                    Instr::LocalSet(wanted),
                    Instr::LocalSet(from),
                    // The lesser of where to start and where the segment ends.
                    Instr::LocalGet(from),
                    Instr::I32Const(len),
                    Instr::LocalGet(from),
                    Instr::I32Const(len),
                    Num(N::I32LtU),
                    Instr::Select,
                    Instr::LocalTee(from),
                    // The lesser of what is wanted and what is left.
                    Instr::LocalGet(wanted),
                    Instr::I32Const(len),
                    Instr::LocalGet(from),
                    Num(N::I32Sub),
                    Instr::LocalTee(left),
                    Instr::LocalGet(wanted),
                    Instr::LocalGet(left),
                    Num(N::I32LtU),
                    Instr::Select,
                    now,
                ],
            )
        }
        (
            F::RefTestOfNew,
            [
                ..,
                Instr::StructNew(_)
                | Instr::StructNewDefault(_)
                | Instr::ArrayNew(_)
                | Instr::ArrayNewDefault(_)
                | Instr::ArrayNewFixed { .. }
                | Instr::RefI31,
            ],
            [Instr::RefTest(_), ..],
        ) => place.put(1, &[now, Num(N::I32Eqz)]),
        _ => None,
    }
}
