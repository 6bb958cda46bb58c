//! Faults of references, structures and arrays.

use wassay_model::{HeapType, TrapKind};

use super::{Fault, View};
use crate::exec::heap;
use crate::exec::op::Op;
use crate::exec::store::Reference;

/// What stands before an operator.
pub(super) fn before(fault: Fault, op: Op) -> Option<Op> {
    let index = match (fault, op) {
        (Fault::RefCastNullTraps, Op::RefCast(_)) => 0,
        (Fault::ArrayNewDataElements, Op::ArrayNewData { ty, .. }) => ty,
        (Fault::ArrayFillShort, Op::ArrayFill(width)) => width.into(),
        _ => return None,
    };
    Some(Op::Planted { fault, index, immediate: 0 })
}

/// What stands in the place of an operator.
pub(super) fn instead(fault: Fault, op: Op) -> Option<Op> {
    let index = match (fault, op) {
        (Fault::RefIsNullI31, Op::RefIsNull)
        | (Fault::RefEqI31, Op::RefEq)
        | (Fault::ArrayCopyForward, Op::ArrayCopy)
        | (Fault::RefI31Narrow, Op::RefI31) => 0,
        (Fault::RefTestAnyStruct, Op::RefTest(cast)) => cast,
        (Fault::ArrayGetPastEnd, Op::ArrayGet(width @ 1..=8)) => width.into(),
        _ => return None,
    };
    Some(Op::Planted { fault, index, immediate: 0 })
}

/// Executes a wrong operator, or what stands before a right one; `None` if the stacks are too short for it, or what
/// is no array lies where an array must.
pub(super) fn step(view: &mut View<'_>, fault: Fault, index: u32, _: u64) -> Option<Result<(), TrapKind>> {
    match fault {
        Fault::RefCastNullTraps if *view.refs.get(view.rp.checked_sub(1)?)? == Reference::Null => {
            return Some(Err(TrapKind::CastFailure));
        }
        Fault::ArrayNewDataElements => {
            let width = view.instance.loaded.code.widths.get(index as usize).copied()?;
            let offset = view.top(2)?;
            *offset = u64::from((*offset as u32).wrapping_mul(width.into()));
        }
        // The length is on top. Whether all of it fits is found out before it is too short.
        Fault::ArrayFillShort => {
            let (len, slots) = (
                *view.top(1)? as u32,
                match index {
                    0 => 0,
                    16 => 2,
                    _ => 1,
                },
            );
            let start = *view.top(2 + slots)?;
            let below = if index == 0 { 2 } else { 1 };
            let array = *view.refs.get(view.rp.checked_sub(below)?)?;
            if let Ok(elements) = view.heap.array(array)
                && elements.range(start, len.into()).is_some()
            {
                *view.top(1)? = len.saturating_sub(1).into();
            }
        }
        Fault::RefIsNullI31 => {
            let reference = view.pop_ref()?;
            view.push(u64::from(matches!(reference, Reference::Null | Reference::I31(0))))?;
        }
        Fault::RefEqI31 => {
            let (b, a) = (view.pop_ref()?, view.pop_ref()?);
            view.push(u64::from(a == b && !matches!(a, Reference::I31(_))))?;
        }
        Fault::RefI31Narrow => {
            let value = view.pop()? as u32;
            *view.refs.get_mut(*view.rp)? = Reference::I31(value & 0x3fff_ffff | (value >> 31) << 30);
            *view.rp += 1;
        }
        Fault::RefTestAnyStruct => {
            let reference = view.pop_ref()?;
            let ty = *view.instance.casts.get(index as usize)?;
            let holds = crate::exec::embedding::ref_has_type(view.types, view.funcs, view.heap, reference, ty);
            let any = matches!((reference, ty.heap), (Reference::Struct(_), HeapType::Concrete(_)));
            view.push(u64::from(holds || any))?;
        }
        Fault::ArrayGetPastEnd => {
            let at = view.pop()? as u32;
            let array = view.pop_ref()?;
            let elements = match view.heap.array(array) {
                Ok(elements) => elements,
                Err(kind) => return Some(Err(kind?)),
            };
            let value = match heap::element(elements.bytes, index as u8, at) {
                Some(value) => value,
                None if u64::from(at) == elements.len() => 0,
                None => return Some(Err(TrapKind::ArrayOutOfBounds)),
            };
            view.push(value as u64)?;
        }
        Fault::ArrayCopyForward => {
            let (len, from) = (u64::from(view.pop()? as u32), view.pop()?);
            let source = view.pop_ref()?;
            let to = view.pop()?;
            let target = view.pop_ref()?;
            let steps = if source == target { len } else { 0 };
            // The whole is tried first with no more than its bounds, and then an element at a time.
            let probe = |view: &mut View<'_>, at: u64, array| match view.heap.array(array) {
                Ok(elements) => elements.range(at, len).map(|_| ()).ok_or(TrapKind::ArrayOutOfBounds),
                Err(kind) => Err(kind.unwrap_or(TrapKind::NullReference)),
            };
            for (at, array) in [(to, target), (from, source)] {
                if let Err(kind) = probe(view, at, array) {
                    return Some(Err(kind));
                }
            }
            if steps == 0 {
                view.heap.array_copy((target, to), (source, from), len).ok()?;
            }
            for step in 0..steps {
                view.heap.array_copy((target, to + step), (source, from + step), 1).ok()?;
            }
        }
        // The others have no operator, or another right one.
        _ => {}
    }
    Some(Ok(()))
}
