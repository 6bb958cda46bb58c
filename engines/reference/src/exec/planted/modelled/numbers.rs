//! Faults of numeric and vector instructions, by the shape of their operands.

use super::{Fault as F, Place, zero};
use crate::syntax::Instr::{self, Numeric as Num, Vector};
use crate::syntax::{LaneOp, LoadOp, LocalIdx, NumericOp as N, ValType, VectorOp as V};

/// Rewrites what `after` begins with.
#[allow(clippy::too_many_lines, reason = "one arm a fault")]
pub(super) fn rewrite(fault: F, place: &mut Place<'_, '_>, before: &[Instr], after: &[Instr]) -> Option<usize> {
    let now = *after.first()?;
    match (fault, before, after) {
        (F::DivUConstantSigned, [.., Instr::I32Const(by)], [Num(N::I32DivU), ..]) if *by < 0 => {
            place.put(1, &[Instr::Drop, Instr::Drop, Instr::I32Const(0)])
        }
        (F::DivUConstantSigned, [.., Instr::I32Const(by)], [Num(N::I32RemU), ..]) if *by < 0 => {
            place.put(1, &[Instr::Drop])
        }
        (F::ShiftBothConstant, [.., Instr::I32Const(_), Instr::I32Const(by)], [Num(N::I32ShrU), ..])
            if by.cast_unsigned() >= 32 =>
        {
            place.put(1, &[Instr::Drop, Instr::Drop, Instr::I32Const(0)])
        }
        (F::ShlConstantsNarrow, [.., Instr::I64Const(_), Instr::I64Const(by)], [Num(N::I64Shl), ..])
            if by & 63 >= 32 =>
        {
            place.put(1, &[Instr::Drop, Instr::Drop, Instr::I64Const(0)])
        }
        (F::CompareConstantsNarrow, [.., Instr::I64Const(a), Instr::I64Const(b)], [Num(op), ..])
            if op.signature().operands == [ValType::I64, ValType::I64] && op.signature().results == [ValType::I32] =>
        {
            let low = |value: i64| Instr::I64Const((value as i32).into());
            place.put(1, &[Instr::Drop, Instr::Drop, low(*a), low(*b), now])
        }
        (F::TableGrowWide, [.., Instr::TableGrow(_)], [Num(N::I64ExtendI32U), ..]) => {
            place.put(1, &[Num(N::I64ExtendI32S)])
        }
        (F::ReturnedHighBits, [.., Instr::Call(func)], [Num(N::I64ExtendI32U), ..])
            if *place.context.wraps.get(func.at())? =>
        {
            place.put(1, &[now, Instr::I64Const(1 << 32), Num(N::I64Or)])
        }
        (F::NeAboveEqz, _, [Num(N::F64Ne | N::F32Ne), ..]) => {
            let second = place.start_of(place.at)?;
            let first = place.start_of(second)?;
            match before.get(first.checked_sub(1)?)? {
                Num(N::I32Eqz | N::I64Eqz) => place.put(1, &[Instr::Drop, Instr::Drop, Instr::I32Const(0)]),
                _ => None,
            }
        }
        (F::RotateByZero, _, [Num(N::I32Or | N::I64Or), ..]) => rotate_by_zero(place, before, now),
        (F::CompareSumConstants, _, [Num(N::I64LtS | N::I64GtS | N::I64LeS | N::I64GeS), ..]) => {
            compare_sum(place, before, now)
        }
        (F::CompareSignExtensions, _, [Num(N::I32Eq | N::I32Ne), ..]) => {
            let start = place.start_of(place.at)?;
            let (a, b) = match (before.get(start.checked_sub(1)?)?, before.last()?) {
                (Num(N::I32Extend8S), Num(N::I32Extend16S)) => (0xff, 0xffff),
                (Num(N::I32Extend16S), Num(N::I32Extend8S)) => (0xffff, 0xff),
                _ => return None,
            };
            let second = place.locals.fresh(ValType::I32);
            place.put(
                1,
                &[
                    Instr::LocalSet(second),
                    Instr::I32Const(a),
                    Num(N::I32And),
                    Instr::LocalGet(second),
                    Instr::I32Const(b),
                    Num(N::I32And),
                    now,
                ],
            )
        }
        (
            F::CompareExtendedConstant,
            [.., Num(extension @ (N::I32Extend8S | N::I32Extend16S)), Instr::I32Const(with)],
            [Num(N::I32Eq | N::I32Ne), ..],
        ) => {
            let mask = if *extension == N::I32Extend8S { 0xff } else { 0xffff };
            place.put(1, &[Instr::Drop, Instr::I32Const(mask), Num(N::I32And), Instr::I32Const(*with), now])
        }
        (
            F::CompareSameTrue,
            [.., Instr::LocalGet(a), Instr::LocalGet(b)],
            [Num(N::F32Le | N::F32Ge | N::F64Le | N::F64Ge), ..],
        ) if a == b => place.put(1, &[Instr::Drop, Instr::Drop, Instr::I32Const(1)]),
        (
            F::AndEqzAcrossGlobal,
            [.., Num(N::I32And | N::I32Or | N::I32Xor), Instr::GlobalGet(global)],
            [Num(N::I32Eqz), ..],
        ) if place.context.is_const(*global) => eqz_of_below(place),
        (
            F::AndEqzAcrossValue,
            [.., Num(N::I32And | N::I32Or | N::I32Xor), Instr::I32Const(_) | Instr::LocalGet(_)],
            [Num(N::I32Eqz), ..],
        ) => eqz_of_below(place),
        (
            F::SignShiftTwice,
            _,
            [
                Instr::I32Const(24),
                Num(N::I32Shl),
                Instr::I32Const(24),
                Num(N::I32ShrS),
                Instr::I32Const(by),
                Num(N::I32Shl),
                Instr::I32Const(24),
                Num(N::I32ShrS),
                ..,
            ],
        ) if by & 31 != 24 => place.put(8, &after[..4]),
        (F::ExtendLowWord, _, [Num(N::I64Extend8S | N::I64Extend16S), ..]) => {
            place.put(1, &[now, Instr::I64Const(0xffff_ffff), Num(N::I64And)])
        }
        (F::RemMinusOneTraps, _, [Num(op @ (N::I32RemS | N::I64RemS)), ..]) => {
            // The quotient traps where the remainder is said to.
            let (ty, div) = if *op == N::I32RemS { (ValType::I32, N::I32DivS) } else { (ValType::I64, N::I64DivS) };
            let (second, first) = (place.locals.fresh(ty), place.locals.fresh(ty));
            let get = [Instr::LocalGet(first), Instr::LocalGet(second)];
            place.put(
                1,
                &[Instr::LocalSet(second), Instr::LocalTee(first), get[1], Num(div), Instr::Drop, get[0], get[1], now],
            )
        }
        (F::RotlUnmasked, _, [Num(N::I32Rotl), ..]) => {
            let by = place.locals.fresh(ValType::I32);
            place.put(
                1,
                &[
                    Instr::LocalTee(by),
                    now,
                    Instr::I32Const(0),
                    Instr::LocalGet(by),
                    Instr::I32Const(32),
                    Num(N::I32LtU),
                    Instr::Select,
                ],
            )
        }
        (F::AbsThroughDouble, _, [Num(N::F32Abs), ..]) => {
            let bits = place.locals.fresh(ValType::I32);
            place.put(
                1,
                &[
                    now,
                    Num(N::I32ReinterpretF32),
                    Instr::LocalTee(bits),
                    Instr::I32Const(0x0040_0000),
                    Instr::I32Const(0),
                    Instr::LocalGet(bits),
                    Instr::I32Const(0x7f80_0000),
                    Num(N::I32GtU),
                    Instr::Select,
                    Num(N::I32Or),
                    Num(N::F32ReinterpretI32),
                ],
            )
        }
        (
            F::SelectOfCompared,
            [.., Instr::I32Const(1), Instr::LocalGet(a), Instr::LocalGet(b), Num(N::I32Eqz)],
            [Instr::Select, ..],
        ) if a == b => {
            let value = place.locals.fresh(ValType::I32);
            place.put(1, &[Instr::Drop, Instr::LocalSet(value), Instr::Drop, Instr::LocalGet(value)])
        }
        (F::SelectFalseConstant, [.., Instr::I32Const(0)], [Instr::Select | Instr::SelectTyped(_), ..]) => {
            place.put(1, &[Instr::Drop, Instr::I32Const(1), now])
        }
        (F::SelectConstantOverwritten, _, [Num(op), ..]) => {
            let [a, b] = op.signature().operands else { return None };
            let start = place.start_of(place.at)?;
            let computed = matches!(before.last()?, Num(_) | Instr::Load { .. });
            if a != b || !computed || !matches!(before[..start], [.., Instr::I32Const(_), Instr::Select]) {
                return None;
            }
            let second = place.locals.fresh(*b);
            let get = Instr::LocalGet(second);
            place.put(1, &[Instr::LocalSet(second), Instr::Drop, get, get, now])
        }
        (F::FloatSelectSpilled, _, [Instr::Select, ..]) if place.locals.count() >= 16 => {
            let condition = place.start_of(place.at)?;
            let ty = place.ty_of(*before.get(condition.checked_sub(1)?)?)?;
            if !matches!(ty, ValType::F32 | ValType::F64) {
                return None;
            }
            let kept = place.locals.fresh(ValType::I32);
            place.put(1, &[Instr::LocalSet(kept), Instr::Drop, zero(ty)?, Instr::LocalGet(kept), now])
        }
        _ => vectors(fault, place, before, after),
    }
}

/// `eqz` of what lies below its operand: what engines that fuse it with the operator before make of it.
fn eqz_of_below(place: &mut Place<'_, '_>) -> Option<usize> {
    let below = place.locals.fresh(ValType::I32);
    place.put(1, &[Instr::Drop, Instr::LocalTee(below), Instr::LocalGet(below), Num(N::I32Eqz)])
}

fn rotate_by_zero(place: &mut Place<'_, '_>, before: &[Instr], now: Instr) -> Option<usize> {
    let start = place.start_of(place.at)?;
    let (left, right, bits, ty) = match (now, &before[..start], before) {
        (Num(N::I32Or), [.., Instr::I32Const(left), Num(N::I32Shl)], [.., Instr::I32Const(right), Num(N::I32ShrU)]) => {
            (i64::from(*left), i64::from(*right), 32, ValType::I32)
        }
        (Num(N::I64Or), [.., Instr::I64Const(left), Num(N::I64Shl)], [.., Instr::I64Const(right), Num(N::I64ShrU)]) => {
            (*left, *right, 64, ValType::I64)
        }
        _ => return None,
    };
    let (left, right) = (left.rem_euclid(bits), right.rem_euclid(bits));
    if (left + right) % bits != 0 || left != 0 && right != 0 {
        return None;
    }
    let second = place.locals.fresh(ty);
    place.put(1, &[Instr::LocalSet(second), Instr::Drop, Instr::LocalGet(second)])
}

fn compare_sum(place: &mut Place<'_, '_>, before: &[Instr], now: Instr) -> Option<usize> {
    if let [.., Instr::I64Const(added), Num(N::I64Add), Instr::I64Const(with)] = before {
        let (added, moved) = (Instr::I64Const(*added), Instr::I64Const(with.wrapping_sub(*added)));
        return place.put(1, &[Instr::Drop, added, Num(N::I64Sub), moved, now]);
    }
    let start = place.start_of(place.at)?;
    match (&before[..start], &before[start..]) {
        ([.., Instr::I64Const(with)], [Instr::I64Const(added), .., Num(N::I64Add)]) => {
            let sum = place.locals.fresh(ValType::I64);
            let (added, moved) = (Instr::I64Const(*added), Instr::I64Const(with.wrapping_sub(*added)));
            let rest = [added, Num(N::I64Sub), Instr::LocalSet(sum), Instr::Drop, moved, Instr::LocalGet(sum), now];
            place.put(1, &rest)
        }
        _ => None,
    }
}

fn vectors(fault: F, place: &mut Place<'_, '_>, before: &[Instr], after: &[Instr]) -> Option<usize> {
    let now = *after.first()?;
    match (fault, before, after) {
        (F::ShuffleSameOperand, [.., Instr::LocalGet(a), Instr::LocalGet(b)], [Instr::Shuffle(lanes), ..])
            if a == b =>
        {
            let lanes = *place.vectors.get(*lanes as usize)?;
            shuffle(place, lanes.map(|lane| if lane > 16 { lane - 1 } else { lane }))
        }
        (F::ShuffleOfShuffle, [.., Instr::Shuffle(_)], [Instr::Shuffle(lanes), ..]) => {
            let lanes = *place.vectors.get(*lanes as usize)?;
            if lanes.iter().any(|lane| *lane < 16) {
                return None;
            }
            shuffle(place, lanes.map(|lane| lane - 16))
        }
        (F::SwizzleChangesMask, [.., Instr::LocalGet(mask)], [Vector(V::I8x16Swizzle), ..]) => {
            let added = place.vector([0x70; 16]);
            let mask = *mask;
            place.put(1, &[now, Instr::LocalGet(mask), added, Vector(V::I8x16AddSatU), Instr::LocalSet(mask)])
        }
        (
            F::NeChangesOperand,
            [.., Instr::LocalGet(operand)],
            [Vector(V::I8x16Ne | V::I16x8Ne | V::I32x4Ne | V::I64x2Ne), ..],
        ) => {
            let ones = place.vector([0xff; 16]);
            place.put(1, &[now, ones, Instr::LocalSet(*operand)])
        }
        (
            F::BitselectEqualSelf,
            [.., Instr::LocalGet(a), Instr::LocalGet(b), Vector(V::F64x2Eq | V::F32x4Eq)],
            [Vector(V::V128Bitselect), ..],
        ) if a == b => place.put(1, &[Instr::Drop, Instr::Drop]),
        (F::I64x2ShrSConstant, [.., Instr::I32Const(by)], [Vector(V::I64x2ShrS), ..]) if by & 63 > 32 => {
            let (vector, by) = (place.locals.fresh(ValType::V128), by & 63);
            place.put(
                1,
                &[
                    Instr::Drop,
                    Instr::LocalTee(vector),
                    Instr::I32Const(by),
                    now,
                    Instr::LocalGet(vector),
                    Instr::Lane { op: LaneOp::I32x4ExtractLane, lane: 2 },
                    Instr::I32Const(by - 32),
                    Num(N::I32ShrS),
                    Instr::Lane { op: LaneOp::I32x4ReplaceLane, lane: 2 },
                ],
            )
        }
        (
            F::ExtmulSpilled,
            [.., Instr::LocalGet(_), Instr::LocalGet(LocalIdx(spilled @ 8..))],
            [Vector(V::I16x8ExtmulHighI8x16S), ..],
        ) if (*spilled as usize) < place.locals.params.len() => place.put(1, &[Vector(V::I16x8ExtmulLowI8x16S)]),
        (F::CopysignWideLoad, _, [Instr::Load { op: LoadOp::F64Load, .. }, Num(N::F64Copysign), ..])
        | (F::CopysignWideLoad, _, [Instr::Load { op: LoadOp::F32Load, .. }, Num(N::F32Copysign), ..])
        | (
            F::RoundWideLoad,
            _,
            [Instr::Load { op: LoadOp::F64Load, .. }, Num(N::F64Ceil | N::F64Floor | N::F64Trunc | N::F64Nearest), ..],
        )
        | (
            F::RoundWideLoad,
            _,
            [Instr::Load { op: LoadOp::F32Load, .. }, Num(N::F32Ceil | N::F32Floor | N::F32Trunc | N::F32Nearest), ..],
        ) => {
            let Instr::Load { mem, offset, .. } = now else { return None };
            let address = place.locals.fresh(if place.context.is_wide(mem) { ValType::I64 } else { ValType::I32 });
            let wide = Instr::Load { op: LoadOp::V128Load, align: 0, mem, offset };
            place.put(1, &[Instr::LocalTee(address), wide, Instr::Drop, Instr::LocalGet(address), now])
        }
        _ => None,
    }
}

fn shuffle(place: &mut Place<'_, '_>, lanes: [u8; 16]) -> Option<usize> {
    place.vectors.push(lanes);
    let index = place.vectors.len() as u32 - 1;
    place.put(1, &[Instr::Shuffle(index)])
}
