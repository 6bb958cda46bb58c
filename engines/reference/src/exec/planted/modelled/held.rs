//! Faults that were held out first, whatever instruction they are about.

use super::{Fault as F, Place, is_constant, is_simple, number};
use crate::syntax::Instr::{self, Numeric as Num};
use crate::syntax::{
    AtomicOp, BlockType, CompType, FieldIdx, LabelIdx, LoadOp, LocalIdx, MemIdx, NumericOp as N, TypeIdx, ValType,
};

/// Rewrites what `after` begins with.
#[allow(clippy::too_many_lines, reason = "one arm a fault")]
pub(super) fn rewrite(fault: F, place: &mut Place<'_, '_>, before: &[Instr], after: &[Instr]) -> Option<usize> {
    let now = *after.first()?;
    match (fault, before, after) {
        (F::RemUMinusOne, [.., Instr::I32Const(-1)], [Num(N::I32RemU), ..]) => {
            place.put(1, &[Instr::Drop, Instr::Drop, Instr::I32Const(0)])
        }
        (F::RemUMinusOne, [.., Instr::I64Const(-1)], [Num(N::I64RemU), ..]) => {
            place.put(1, &[Instr::Drop, Instr::Drop, Instr::I64Const(0)])
        }
        (F::I31ConstantUnlike, [first @ .., Instr::I32Const(value), Instr::RefI31], [Instr::RefEq, ..])
            if value & 1 << 30 != 0 && !matches!(first, [.., Instr::I32Const(_), Instr::RefI31]) =>
        {
            place.put(1, &[Instr::Drop, Instr::Drop, Instr::I32Const(0)])
        }
        (F::I32ConstSignBit, _, [Instr::I32Const(value @ 0x4000_0000..), ..]) => {
            place.put(1, &[Instr::I32Const(value << 1 >> 1)])
        }
        (
            F::FieldOfFieldTest,
            [
                ..,
                Instr::StructGet { ty: outer, field: first },
                Instr::RefCast(_),
                Instr::StructGet { ty: inner, field: second },
            ],
            [Instr::RefTest(_), ..],
        ) if outer == inner && first == second => place.put(1, &[now, Instr::Drop, Instr::I32Const(0)]),
        (F::MemoryInitActiveTraps, _, [Instr::MemoryInit { data, .. }, ..])
            if place.context.passive.get(data.at())?.is_none() =>
        {
            place.put(1, &[Instr::Unreachable])
        }
        (
            F::NotifyOffsetWraps,
            _,
            [Instr::Atomic { op: op @ AtomicOp::MemoryAtomicNotify, align, mem, offset: offset @ 1.. }, ..],
        ) => {
            let count = place.locals.fresh(ValType::I32);
            let (added, add) = if place.context.is_wide(*mem) {
                (Instr::I64Const(offset.cast_signed()), N::I64Add)
            } else {
                (Instr::I32Const(*offset as i32), N::I32Add)
            };
            let notify = Instr::Atomic { op: *op, align: *align, mem: *mem, offset: 0 };
            place.put(1, &[Instr::LocalSet(count), added, Num(add), Instr::LocalGet(count), notify])
        }
        (F::FieldPrecomputed, [.., Instr::LocalGet(local)], [Instr::StructGet { ty, field: FieldIdx(0) }, ..]) => {
            let [constant, made] = written_once(place, *local)?;
            let fields = match &place.context.types.get(ty.at())?.comp {
                CompType::Struct(fields) => fields.len(),
                _ => return None,
            };
            if fields != 1 || made != Instr::StructNew(*ty) || !is_constant(constant) {
                return None;
            }
            place.put(1, &[Instr::Drop, constant])
        }
        (F::NewObjectUnlikeItself, [.., Instr::LocalGet(a), Instr::LocalGet(b)], [Instr::RefEq, ..]) if a == b => {
            let [_, made] = written_once(place, *a)?;
            match made {
                Instr::StructNew(_)
                | Instr::StructNewDefault(_)
                | Instr::ArrayNew(_)
                | Instr::ArrayNewDefault(_)
                | Instr::ArrayNewFixed { .. } => place.put(1, &[Instr::Drop, Instr::Drop, Instr::I32Const(0)]),
                _ => None,
            }
        }
        (F::NullTrapBeforeValue, [.., Instr::LocalGet(_)], [Instr::Call(func), Instr::StructSet { ty, field }, ..])
            if !place.context.read_fields.contains(&(*ty, *field)) =>
        {
            let callee = place.context.callee(*func)?;
            if !callee.params.is_empty() || callee.results.len() != 1 {
                return None;
            }
            place.put(1, &[Instr::RefAsNonNull, now])
        }
        (F::LaneTrapBeforeVector, [.., address], [Instr::Call(func), access, ..]) if is_simple(*address) => {
            let (width, mem, offset): (u8, MemIdx, u64) = match access {
                Instr::LoadLane { op, mem, offset, .. } => (op.width(), *mem, *offset),
                Instr::StoreLane { op, mem, offset, .. } => (op.width(), *mem, *offset),
                _ => return None,
            };
            let callee = place.context.callee(*func)?;
            if !callee.params.is_empty() || callee.results != [ValType::V128] {
                return None;
            }
            let op = match width {
                1 => LoadOp::I32Load8U,
                2 => LoadOp::I32Load16U,
                4 => LoadOp::I32Load,
                _ => LoadOp::I64Load,
            };
            place.put(1, &[*address, Instr::Load { op, align: 0, mem, offset }, Instr::Drop, now])
        }
        (F::TailCallCaught, _, [Instr::ReturnCall(func), ..])
            if place.around(place.at).iter().any(|at| matches!(place.old[*at], Instr::TryTable(_))) =>
        {
            place.put(1, &[Instr::Call(*func), Instr::Return])
        }
        (F::OuterLoopOnce, _, [Instr::Br(LabelIdx(0)), Instr::End, ..]) if place.func.params.len() >= 4 => {
            let around = place.around(place.at);
            let [.., block, start] = around.as_slice() else { return None };
            let nested = place.old[start + 1..place.at].iter().any(|instr| matches!(instr, Instr::Loop(_)));
            let shape = (place.old[*block], place.old[*start]);
            if !nested || shape != (Instr::Block(BlockType::Empty), Instr::Loop(BlockType::Empty)) {
                return None;
            }
            place.put(1, &[Instr::Br(LabelIdx(1))])
        }
        (F::NewFieldUnsigned, [.., Instr::I32Const(_), Instr::StructNew(_)], [Instr::StructGetS { ty, field }, ..]) => {
            place.put(1, &[Instr::StructGetU { ty: *ty, field: *field }])
        }
        _ => None,
    }
}

/// The two instructions before the only one that writes a local, if it lies before this place.
fn written_once(place: &Place<'_, '_>, local: LocalIdx) -> Option<[Instr; 2]> {
    let writes = |instr: &Instr| *instr == Instr::LocalSet(local) || *instr == Instr::LocalTee(local);
    let mut written = place.old.iter().enumerate().filter(|(_, instr)| writes(instr));
    let (at, _) = written.next()?;
    if written.next().is_some() || at >= place.at || place.locals.ty(local).is_none_or(number) {
        return None;
    }
    Some([*place.old.get(at.checked_sub(2)?)?, place.old[at - 1]])
}

/// The fields of structures that some function reads.
pub(super) fn read_fields(module: &crate::syntax::Module) -> Vec<(TypeIdx, FieldIdx)> {
    let instrs = module.funcs.iter().flat_map(|func| &func.body);
    instrs
        .filter_map(|instr| match instr {
            Instr::StructGet { ty, field } | Instr::StructGetS { ty, field } | Instr::StructGetU { ty, field } => {
                Some((*ty, *field))
            }
            _ => None,
        })
        .collect()
}
