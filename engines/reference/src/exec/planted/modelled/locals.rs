//! Faults of what waits on the stack while a local or a global is written.

use super::{Fault as F, Place, is_simple, number};
use crate::syntax::Instr::{self, Numeric as Num};
use crate::syntax::{LocalIdx, NumericOp as N, ValType};

/// Rewrites what `after` begins with.
pub(super) fn rewrite(fault: F, place: &mut Place<'_, '_>, before: &[Instr], after: &[Instr]) -> Option<usize> {
    let now = *after.first()?;
    match (fault, before, after) {
        (F::BrIfValueLate, _, [Instr::LocalGet(a), condition, Instr::BrIf(_), value, Instr::LocalSet(b), ..])
            if a == b && is_simple(*condition) && is_simple(*value) =>
        {
            place.out.extend_from_slice(&after[..5]);
            place.put(5, &[Instr::Drop, Instr::LocalGet(*a)])
        }
        (F::TeeChainOld, [.., Instr::LocalGet(a)], [Instr::LocalTee(b), Instr::LocalTee(c), ..])
            if a != b && b != c =>
        {
            tee_old(place, *b, *c)
        }
        (
            F::TeeAfterGlobal,
            [.., Instr::GlobalGet(_), Instr::LocalGet(_), Instr::LocalSet(_)],
            [Instr::LocalTee(b), Instr::LocalTee(c), ..],
        ) if b != c => tee_old(place, *b, *c),
        (F::TeeAcrossEnd, [.., Instr::LocalGet(a), Instr::End], [Instr::LocalTee(_), ..]) => {
            place.put(1, &[Instr::Drop, Instr::LocalGet(*a), now])
        }
        (
            F::TeeInsideRedundant,
            [.., Instr::LocalGet(a)],
            [Instr::LocalTee(b), Instr::LocalSet(c) | Instr::LocalTee(c), ..],
        ) if a == c && a != b => Some(1),
        (F::LoopLocalLate, _, [Instr::Loop(_), ..]) | (F::BlockLocalLate, _, [Instr::Block(_), ..]) => {
            let Instr::LocalGet(waiting) = before.last()? else { return None };
            late(place, *waiting)
        }
        (F::IfLocalLate, _, [Instr::If(_), ..]) => {
            let condition = place.start_of(place.at)?;
            let Instr::LocalGet(waiting) = before.get(condition.checked_sub(1)?)? else { return None };
            late(place, *waiting)
        }
        (
            F::BrIfValueChanged,
            _,
            [
                Instr::LocalGet(a),
                condition,
                Instr::LocalTee(b),
                Instr::BrIf(crate::syntax::LabelIdx(0)),
                Instr::Drop,
                Instr::LocalGet(c),
                Instr::End,
                ..,
            ],
        ) if a == b && b == c && is_simple(*condition) => place.put(5, &[*condition, Instr::LocalSet(*a)]),
        (
            F::FieldReadLate,
            _,
            [
                Instr::LocalGet(object),
                get @ (Instr::StructGet { ty, field }
                | Instr::StructGetS { ty, field }
                | Instr::StructGetU { ty, field }),
                set @ Instr::LocalSet(kept),
                Instr::LocalGet(other),
                value,
                Instr::StructSet { ty: written, field: which },
                ..,
            ],
        ) if ty == written
            && field == which
            && kept != object
            && kept != other
            && is_simple(*value)
            && *value != Instr::LocalGet(*kept) =>
        {
            place.out.extend_from_slice(&after[3..6]);
            place.put(6, &[Instr::LocalGet(*object), *get, *set])
        }
        (F::GlobalStaleAfterCall, _, [Instr::GlobalGet(global), ..]) if !place.context.is_const(*global) => {
            // Read again behind a call, in the same stretch of code without a write of its own.
            let (mut called, mut again) = (false, None);
            for (at, instr) in after.iter().enumerate().skip(1) {
                match instr {
                    Instr::Call(_) | Instr::CallIndirect { .. } | Instr::CallRef(_) => called = true,
                    Instr::GlobalGet(other) if other == global && called => {
                        again = Some(at);
                        break;
                    }
                    Instr::GlobalSet(other) if other == global => break,
                    other if is_control(*other) => break,
                    _ => {}
                }
            }
            let (again, ty) = (again?, place.context.globals.get(global.at())?.val);
            if matches!(ty, ValType::Ref(_)) {
                return None;
            }
            let old = place.locals.fresh(ty);
            place.later.push((place.at + again + 1, vec![Instr::Drop, Instr::LocalGet(old)]));
            place.put(1, &[now, Instr::LocalTee(old)])
        }
        (F::BelowTailCall, _, [Instr::Call(func), ..]) if *place.context.tail_calls.get(func.at())? => {
            let ty = place.context.callee(*func)?.clone();
            let mut start = place.at;
            for _ in &ty.params {
                start = place.start_of(start)?;
            }
            let below = *before.get(start.checked_sub(1)?)?;
            let lost = place.ty_of(below).filter(|ty| number(*ty))?;
            if place.arity(below)?.1 != 1 {
                return None;
            }
            match ty.results.as_slice() {
                [] => place.put(1, &[now, Instr::Drop, super::zero(lost)?]),
                [result] => {
                    let kept = place.locals.fresh(*result);
                    place.put(1, &[now, Instr::LocalSet(kept), Instr::Drop, super::zero(lost)?, Instr::LocalGet(kept)])
                }
                _ => None,
            }
        }
        (
            F::TrapAfterStore,
            _,
            [
                Num(
                    N::I32DivS
                    | N::I32DivU
                    | N::I32RemS
                    | N::I32RemU
                    | N::I64DivS
                    | N::I64DivU
                    | N::I64RemS
                    | N::I64RemU,
                ),
                set @ Instr::LocalSet(quotient),
                address,
                value,
                store @ Instr::Store { .. },
                ..,
            ],
        ) if [address, value].iter().all(|instr| is_simple(**instr) && **instr != Instr::LocalGet(*quotient)) => {
            place.put(5, &[*address, *value, *store, now, *set])
        }
        _ => None,
    }
}

pub(super) const fn is_control(instr: Instr) -> bool {
    matches!(
        instr,
        Instr::Block(_)
            | Instr::Loop(_)
            | Instr::If(_)
            | Instr::Else
            | Instr::End
            | Instr::TryTable(_)
            | Instr::Br(_)
            | Instr::BrTable(_)
            | Instr::Return
            | Instr::Unreachable
            | Instr::ReturnCall(_)
            | Instr::ReturnCallIndirect { .. }
            | Instr::ReturnCallRef(_)
            | Instr::Throw(_)
            | Instr::ThrowRef
    )
}

/// Two `local.tee`: the value that is left is what the first local held.
fn tee_old(place: &mut Place<'_, '_>, first: LocalIdx, second: LocalIdx) -> Option<usize> {
    let ty = place.locals.ty(first).filter(|ty| !matches!(ty, ValType::Ref(_)))?;
    let old = place.locals.fresh(ty);
    place.put(
        2,
        &[
            Instr::LocalGet(first),
            Instr::LocalSet(old),
            Instr::LocalTee(first),
            Instr::LocalSet(second),
            Instr::LocalGet(old),
        ],
    )
}

/// The value of a local lies below the block at this place, and is what the local holds behind it.
fn late(place: &mut Place<'_, '_>, waiting: LocalIdx) -> Option<usize> {
    let now = place.old[place.at];
    let (Instr::Block(ty) | Instr::Loop(ty) | Instr::If(ty)) = now else { return None };
    let (params, results) = place.context.block(ty)?;
    if !params.is_empty() || matches!(place.locals.ty(waiting)?, ValType::Ref(_)) {
        return None;
    }
    let (end, _) = place.end_of(place.at)?;
    let writes = |instr: &Instr| *instr == Instr::LocalSet(waiting) || *instr == Instr::LocalTee(waiting);
    // At the end of the function nothing is left to be inserted before.
    if !place.old[place.at..end].iter().any(writes) || end + 1 >= place.old.len() {
        return None;
    }
    let instrs = match results.as_slice() {
        [] => vec![Instr::Drop, Instr::LocalGet(waiting)],
        [result] => {
            let kept = place.locals.fresh(*result);
            vec![Instr::LocalSet(kept), Instr::Drop, Instr::LocalGet(waiting), Instr::LocalGet(kept)]
        }
        _ => return None,
    };
    place.later.push((end + 1, instrs));
    place.put(1, &[now])
}
