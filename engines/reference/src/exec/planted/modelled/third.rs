//! Faults of the third list that is held out, whatever instruction they are about.

use std::collections::BTreeSet;

use super::locals::is_control;
use super::whole::branches;
use super::{Fault as F, Place, is_simple};
use crate::syntax::Instr::{self, Numeric as Num};
use crate::syntax::{
    BlockType, FuncIdx, HeapType, LabelIdx, LaneOp, LoadOp, LocalIdx, MemIdx, Nullability, NumericOp as N, RefType,
    TypeIdx, ValType, VectorOp as V,
};

/// Rewrites what `after` begins with.
#[allow(clippy::too_many_lines, reason = "one arm a fault")]
pub(super) fn rewrite(fault: F, place: &mut Place<'_, '_>, before: &[Instr], after: &[Instr]) -> Option<usize> {
    let now = *after.first()?;
    match (fault, before, after) {
        (F::BrIfNeConstants, [.., Instr::I32Const(_), Instr::I32Const(_), Num(N::I32Ne)], [Instr::BrIf(_), ..])
        | (F::BrIfNeConstants, [.., Instr::I64Const(_), Instr::I64Const(_), Num(N::I64Ne)], [Instr::BrIf(_), ..]) => {
            place.put(1, &[Num(N::I32Eqz), now])
        }
        (
            F::CompareUnsignedConstants,
            [.., Instr::I32Const(_), Instr::I32Const(_)] | [.., Instr::I64Const(_), Instr::I64Const(_)],
            [Num(op), ..],
        ) => place.put(1, &[Num(signed(*op)?)]),
        (F::NarrowLoadReinterpreted, _, [Instr::Load { op, mem, offset, .. }, Num(reinterpret), ..]) => {
            let op = match (op, reinterpret) {
                (
                    LoadOp::I32Load8S | LoadOp::I32Load8U | LoadOp::I32Load16S | LoadOp::I32Load16U,
                    N::F32ReinterpretI32,
                ) => LoadOp::F32Load,
                (
                    LoadOp::I64Load8S
                    | LoadOp::I64Load8U
                    | LoadOp::I64Load16S
                    | LoadOp::I64Load16U
                    | LoadOp::I64Load32S
                    | LoadOp::I64Load32U,
                    N::F64ReinterpretI64,
                ) => LoadOp::F64Load,
                _ => return None,
            };
            place.put(2, &[Instr::Load { op, align: 0, mem: *mem, offset: *offset }])
        }
        (F::AndOrConstants, _, [Instr::I32Const(_), Num(N::I32And), Instr::I32Const(_), Num(N::I32Or), ..])
        | (F::AndOrConstants, _, [Instr::I64Const(_), Num(N::I64And), Instr::I64Const(_), Num(N::I64Or), ..]) => {
            place.put(4, &after[2..4])
        }
        (F::SelfUpdateOverwritten, [.., Num(shift)], [Instr::LocalGet(joined), Num(op), Instr::LocalSet(set), ..])
            if joined == set && is_shift(*shift) && place.locals.count() >= 16 =>
        {
            let zero = match op {
                N::I32Or | N::I32Xor | N::I32And | N::I32Add => Instr::I32Const(0),
                N::I64Or | N::I64Xor | N::I64And | N::I64Add => Instr::I64Const(0),
                _ => return None,
            };
            place.put(3, &[zero, after[1], after[2]])
        }
        (F::NestedShiftOverwritten, [.., by, Num(inner)], [Num(op), ..])
            if is_shift(*op) && is_shift(*inner) && !super::is_constant(*by) =>
        {
            let count = place.start_of(place.at)?;
            // What one instruction makes is made again.
            if is_simple(*before.get(count.checked_sub(1)?)?) {
                return None;
            }
            let kept = place.locals.fresh(*op.signature().results.first()?);
            let get = Instr::LocalGet(kept);
            place.put(1, &[Instr::LocalSet(kept), Instr::Drop, get, get, now])
        }
        (
            F::IndirectIndexOverwritten,
            _,
            [Instr::CallIndirect { ty, .. } | Instr::ReturnCallIndirect { ty, .. }, ..],
        ) => {
            let first = overwriting(place, before, *ty)?;
            place.put(1, &[Instr::Drop, first, now])
        }
        (F::TableSetOverlooked, [.., Instr::I32Const(index)], [Instr::CallIndirect { table, ty }, ..]) => {
            let func = place.context.whole.elements.get(&(table.0, index.cast_unsigned()))?;
            if place.context.funcs.get(func.at()) != Some(ty) {
                return None;
            }
            place.put(1, &[Instr::Drop, Instr::Call(*func)])
        }
        (F::InlinedLocalsKept, _, [Instr::Call(func), ..]) => inline(place, *func),
        (F::CallBehindBrIf, _, _) => behind_br_if(place, after),
        (F::LoadSignThroughOperator, _, [Instr::Load { op, align, mem, offset }, Instr::LocalSet(local), ..]) => {
            let (op, extension) = match op {
                LoadOp::I32Load8U => (LoadOp::I32Load8S, N::I32Extend8S),
                LoadOp::I32Load16U => (LoadOp::I32Load16S, N::I32Extend16S),
                _ => return None,
            };
            if !extended_only(place, *local, extension) {
                return None;
            }
            place.put(1, &[Instr::Load { op, align: *align, mem: *mem, offset: *offset }])
        }
        (F::ReinterpretedBlockLost, _, [Instr::Block(BlockType::Val(_)), ..]) => block_of_load(place),
        (F::ReinterpretedLocalLate, _, [Instr::LocalGet(local), Num(op), ..]) if is_reinterpretation(*op) => {
            let (set, above) = written_below(place, *local, place.at + 2, 1)?;
            let again = [Instr::LocalGet(*local), Num(*op)];
            let instrs = match above {
                None => vec![Instr::Drop, again[0], again[1]],
                Some(ty) => {
                    let kept = place.locals.fresh(ty);
                    vec![Instr::LocalSet(kept), Instr::Drop, again[0], again[1], Instr::LocalGet(kept)]
                }
            };
            place.later.push((set + 1, instrs));
            place.put(2, &after[..2])
        }
        (F::LocalTwiceLate, _, [Instr::LocalGet(local), Instr::LocalGet(other), ..]) if local == other => {
            let ty = place.locals.ty(*local).filter(|ty| !matches!(ty, ValType::Ref(_)))?;
            let (set, None) = written_below(place, *local, place.at + 2, 2)? else { return None };
            let upper = place.locals.fresh(ty);
            let instrs = vec![Instr::LocalSet(upper), Instr::Drop, now, Instr::LocalGet(upper)];
            place.later.push((set + 1, instrs));
            place.put(2, &[now, now])
        }
        (F::PackedConstantWhole, _, [Instr::StructGetU { ty, field } | Instr::StructGetS { ty, field }, ..]) => {
            let known = place.context.whole.packed.iter().find(|(at, ..)| *at == (*ty, *field))?;
            place.put(1, &[Instr::RefAsNonNull, Instr::Drop, Instr::I32Const(known.1)])
        }
        (
            F::ConstantAddressFullMaximum | F::ConstantAddressWraps,
            _,
            [Instr::Load { mem, .. } | Instr::Store { mem, .. }, ..],
        ) if place.context.is_wide(*mem) => constant_address(fault, place, before),
        (F::DeadStoreDivergent, [.., address, value], [Instr::Store { .. }, cond, Instr::If(BlockType::Empty), ..])
            if is_simple(*address) && is_simple(*value) && is_simple(*cond) =>
        {
            let ([again, other, store, ..], then) = (&after[3..], place.at + 2) else { return None };
            let (end, Some(otherwise)) = place.end_of(then)? else { return None };
            let stored = again == address && is_simple(*other) && *store == now && then + 3 < otherwise;
            if !stored || !super::is_constant(*address) || !endless(place, end) {
                return None;
            }
            place.put(1, &[Instr::Drop, Instr::Drop])
        }
        (F::SiblingArmReused, _, [Instr::LocalGet(_), other, Num(op), ..]) if is_simple(*other) => {
            let [_, _] = op.signature().operands else { return None };
            let again = in_sibling(place, &after[..3], *op)?;
            let kept = place.locals.fresh(*op.signature().results.first()?);
            place.later.push((again + 3, vec![Instr::Drop, Instr::LocalGet(kept)]));
            place.put(3, &[now, *other, Num(*op), Instr::LocalTee(kept)])
        }
        (F::ExtractLaneUHighBits, _, [Instr::Lane { op, lane }, ..]) => {
            let first = match op {
                LaneOp::I8x16ExtractLaneU => *lane,
                LaneOp::I16x8ExtractLaneU => lane * 2,
                _ => return None,
            };
            // Behind the vector lie zeros.
            let lanes = std::array::from_fn(|byte| if byte < 4 { (first + byte as u8).min(16) } else { 16 });
            let zeros = place.vector([0; 16]);
            place.vectors.push(lanes);
            let shuffle = Instr::Shuffle(place.vectors.len() as u32 - 1);
            place.put(1, &[zeros, shuffle, Instr::Lane { op: LaneOp::I32x4ExtractLane, lane: 0 }])
        }
        (F::TruncSatLanesTrap, _, [Instr::Vector(op @ (V::I32x4TruncSatF32x4S | V::I32x4TruncSatF32x4U)), ..]) => {
            let trunc = if *op == V::I32x4TruncSatF32x4S { N::I32TruncF32S } else { N::I32TruncF32U };
            let vector = place.locals.fresh(ValType::V128);
            place.out.push(Instr::LocalSet(vector));
            for lane in 0..4 {
                let extract = Instr::Lane { op: LaneOp::F32x4ExtractLane, lane };
                place.out.extend_from_slice(&[Instr::LocalGet(vector), extract, Num(trunc), Instr::Drop]);
            }
            place.put(1, &[Instr::LocalGet(vector), now])
        }
        (F::NullLocalAbstract, [.., Instr::LocalGet(local)], [Instr::RefTest(to) | Instr::RefCast(to), ..])
            if to.nullability == Nullability::Nullable && matches!(to.heap, HeapType::Concrete(_)) =>
        {
            if !holds_first_null(place, *local) {
                return None;
            }
            match now {
                Instr::RefTest(_) => place.put(1, &[Instr::Drop, Instr::I32Const(0)]),
                _ => place.put(1, &[Instr::RefCast(RefType { nullability: Nullability::NonNull, ..*to })]),
            }
        }
        (F::NullBranchUnrelated, [.., Instr::LocalGet(local)], [Instr::BrOnCast(cast), ..]) => {
            let to = place.context.pools.casts.get(*cast as usize)?.to;
            let Some(ValType::Ref(RefType { heap: HeapType::Concrete(found), .. })) = place.locals.ty(*local) else {
                return None;
            };
            let HeapType::Concrete(wanted) = to.heap else { return None };
            let related = extends(place, found, wanted) || extends(place, wanted, found);
            if related || to.nullability == Nullability::NonNull {
                return None;
            }
            place.put(1, &[Instr::RefAsNonNull])
        }
        (F::VectorLocalHigh, [], _) => {
            let read: BTreeSet<u32> = after.iter().filter_map(read_local).collect();
            for local in read.range(place.locals.params.len() as u32..).map(|local| LocalIdx(*local)) {
                if place.locals.ty(local) == Some(ValType::V128) {
                    let begins = place.vector(std::array::from_fn(|byte| if byte < 8 { 0 } else { 0xff }));
                    place.out.extend_from_slice(&[begins, Instr::LocalSet(local)]);
                }
            }
            place.put(1, &[now])
        }
        _ => None,
    }
}

/// The comparison of signed numbers in the place of an unsigned one.
const fn signed(op: N) -> Option<N> {
    Some(match op {
        N::I32LtU => N::I32LtS,
        N::I32GtU => N::I32GtS,
        N::I32LeU => N::I32LeS,
        N::I32GeU => N::I32GeS,
        N::I64LtU => N::I64LtS,
        N::I64GtU => N::I64GtS,
        N::I64LeU => N::I64LeS,
        N::I64GeU => N::I64GeS,
        _ => return None,
    })
}

const fn is_shift(op: N) -> bool {
    matches!(
        op,
        N::I32Shl
            | N::I32ShrS
            | N::I32ShrU
            | N::I32Rotl
            | N::I32Rotr
            | N::I64Shl
            | N::I64ShrS
            | N::I64ShrU
            | N::I64Rotl
            | N::I64Rotr
    )
}

const fn is_reinterpretation(op: N) -> bool {
    matches!(op, N::I32ReinterpretF32 | N::I64ReinterpretF64 | N::F32ReinterpretI32 | N::F64ReinterpretI64)
}

/// So many locals a function may have that gets those of another one.
const MANY: u32 = 10_000;

/// The argument that takes the place of the index of an indirect call here.
fn overwriting(place: &Place<'_, '_>, before: &[Instr], ty: TypeIdx) -> Option<Instr> {
    let params = &place.context.func_type(ty)?.params;
    let last = *before.last()?;
    let index = place.start_of(place.at)?;
    let args = before.get(index.checked_sub(params.len())?..index)?;
    let locals: Vec<u32> = args.iter().map(read_local).collect::<Option<_>>()?;
    // Those that lie side by side already need not be moved.
    let scattered = locals.windows(2).any(|pair| pair[1] != pair[0] + 1);
    let computed = !is_simple(last) && place.ty_of(last) == Some(ValType::I32);
    if params.first() != Some(&ValType::I32) || !scattered || !computed {
        return None;
    }
    args.first().copied()
}

/// A call without control instructions in its callee, in a loop: the callee's body, with locals of its own that nobody
/// sets to zero.
fn inline(place: &mut Place<'_, '_>, func: FuncIdx) -> Option<usize> {
    let inlined = place.context.whole.inlined.get(func.at())?.as_ref()?;
    let repeated = place.around(place.at).iter().any(|at| matches!(place.old[*at], Instr::Loop(_)));
    // There may be as many locals as there may be.
    if !repeated || place.locals.count() > MANY {
        return None;
    }
    let params = &place.context.callee(func)?.params;
    let runs = inlined.locals.iter().flat_map(|(count, ty)| std::iter::repeat_n(*ty, *count as usize));
    let locals: Vec<LocalIdx> = params.iter().copied().chain(runs).map(|ty| place.locals.fresh(ty)).collect();
    for param in locals[..params.len()].iter().rev() {
        place.out.push(Instr::LocalSet(*param));
    }
    for instr in &inlined.body[..inlined.body.len() - 1] {
        place.out.push(match *instr {
            Instr::LocalGet(local) => Instr::LocalGet(*locals.get(local.at())?),
            Instr::LocalSet(local) => Instr::LocalSet(*locals.get(local.at())?),
            Instr::LocalTee(local) => Instr::LocalTee(*locals.get(local.at())?),
            other => other,
        });
    }
    Some(1)
}

/// A call whose result goes to a local, and then a `br_if`: the call is made last.
fn behind_br_if(place: &mut Place<'_, '_>, after: &[Instr]) -> Option<usize> {
    let args = after.iter().take_while(|instr| is_simple(**instr)).count();
    let [Instr::Call(func), Instr::LocalSet(local), cond, Instr::BrIf(_), ..] = &after[args..] else { return None };
    let params = place.context.callee(*func)?.params.len();
    let declared = local.at() >= place.locals.params.len();
    if params != args || !declared || !is_simple(*cond) || *cond == Instr::LocalGet(*local) {
        return None;
    }
    let first = place.at + args + 4;
    let last = match place.around(place.at).last() {
        Some(block) => place.end_of(*block)?.0,
        None => place.old.len(),
    };
    // Nobody may read it where the call may not have been made.
    let misread = |(at, instr): (usize, &Instr)| match instr {
        Instr::LocalGet(read) => read == local && !(first..last).contains(&at),
        Instr::LocalSet(set) | Instr::LocalTee(set) => set == local && at != place.at + args + 1,
        _ => false,
    };
    if place.old.iter().enumerate().any(misread) {
        return None;
    }
    place.out.extend_from_slice(&after[args + 2..args + 4]);
    place.put(args + 4, &after[..args + 2])
}

/// Whether a local is written once, and each time that it is read there is one operator between it and the extension.
fn extended_only(place: &Place<'_, '_>, local: LocalIdx, extension: N) -> bool {
    let get = Instr::LocalGet(local);
    let written = |instr: &&Instr| matches!(instr, Instr::LocalSet(set) | Instr::LocalTee(set) if *set == local);
    let operands = |op: &N| op.signature().operands.len();
    let reads: Vec<usize> =
        place.old.iter().enumerate().filter(|(_, instr)| **instr == get).map(|(at, _)| at).collect();
    let extended = |at: &usize| match place.old[*at..] {
        [_, Num(op), Num(last), ..] => last == extension && op != extension && operands(&op) == 1,
        [_, other, Num(op), Num(last), ..] => {
            last == extension && is_simple(other) && other != get && operands(&op) == 2
        }
        _ => false,
    };
    let extended = |at: &usize| {
        let below = at.checked_sub(1).and_then(|below| place.old.get(below)).is_some_and(|below| is_simple(*below));
        let second =
            below && matches!(place.old[*at..], [_, Num(op), Num(last), ..] if last == extension && operands(&op) == 2);
        extended(at) || second
    };
    place.old.iter().filter(written).count() == 1 && !reads.is_empty() && reads.iter().all(extended)
}

/// A block that ends with a load, and whose result's bits are taken for another type: that load alone.
fn block_of_load(place: &mut Place<'_, '_>) -> Option<usize> {
    let (end, _) = place.end_of(place.at)?;
    let inside = place.old.get(place.at + 1..end)?;
    let ([lost @ .., address, Instr::Load { op, mem, offset, .. }], Some(Num(reinterpret))) =
        (inside, place.old.get(end + 1))
    else {
        return None;
    };
    let branches = |instr: &Instr| is_control(*instr) || branches(*instr);
    let op = match (op, reinterpret) {
        (LoadOp::I32Load, N::F32ReinterpretI32) => LoadOp::F32Load,
        (LoadOp::I64Load, N::F64ReinterpretI64) => LoadOp::F64Load,
        (LoadOp::F32Load, N::I32ReinterpretF32) => LoadOp::I32Load,
        (LoadOp::F64Load, N::I64ReinterpretF64) => LoadOp::I64Load,
        _ => return None,
    };
    if lost.is_empty() || lost.iter().any(branches) || !is_simple(*address) {
        return None;
    }
    let load = Instr::Load { op, align: 0, mem: *mem, offset: *offset };
    place.put(end + 2 - place.at, &[*address, load])
}

/// Where a local is written next while `height` values wait that are on the stack before position `from`, with nothing
/// above them, or only what `local.tee` leaves, whose type is told.
fn written_below(
    place: &Place<'_, '_>,
    local: LocalIdx,
    from: usize,
    height: usize,
) -> Option<(usize, Option<ValType>)> {
    let mut above = 0_usize;
    for (at, instr) in place.old.iter().enumerate().skip(from) {
        let (pops, pushes) = match instr {
            Instr::LocalSet(_) | Instr::Drop => (1, 0),
            other => place.arity(*other)?,
        };
        above = above.checked_sub(pops)? + pushes;
        let written = match instr {
            Instr::LocalSet(set) | Instr::LocalTee(set) => *set == local,
            _ => false,
        };
        // At the end of the function nothing is left to be inserted before.
        if written && at + 1 < place.old.len() {
            return match (instr, above) {
                (Instr::LocalSet(_), 0) => Some((at, None)),
                (Instr::LocalTee(_), 1) if height == 1 => Some((at, Some(place.locals.ty(local)?))),
                _ => None,
            };
        }
    }
    None
}

/// An access at a constant address that is not made as it stands.
fn constant_address(fault: F, place: &mut Place<'_, '_>, before: &[Instr]) -> Option<usize> {
    let now = place.old[place.at];
    let (mem, offset, value): (MemIdx, u64, Option<ValType>) = match now {
        Instr::Load { mem, offset, .. } => (mem, offset, None),
        Instr::Store { op, mem, offset, .. } => (mem, offset, Some(op.ty())),
        _ => return None,
    };
    let end = if value.is_some() { place.start_of(place.at)? } else { place.at };
    let Some(Instr::I64Const(address)) = end.checked_sub(1).and_then(|at| before.get(at)) else { return None };
    let (sum, wraps) = address.cast_unsigned().overflowing_add(offset);
    let (address, access) = match fault {
        F::ConstantAddressFullMaximum if !wraps && sum != 0 && place.context.whole.full.contains(&mem) => (-1, now),
        F::ConstantAddressWraps if wraps => {
            let access = match now {
                Instr::Load { op, align, mem, .. } => Instr::Load { op, align, mem, offset: 0 },
                Instr::Store { op, align, mem, .. } => Instr::Store { op, align, mem, offset: 0 },
                _ => return None,
            };
            (sum.cast_signed(), access)
        }
        _ => return None,
    };
    match value {
        None => place.put(1, &[Instr::Drop, Instr::I64Const(address), access]),
        Some(ty) => {
            let value = place.locals.fresh(ty);
            let set = Instr::LocalSet(value);
            place.put(1, &[set, Instr::Drop, Instr::I64Const(address), Instr::LocalGet(value), access])
        }
    }
}

/// Whether what ends at this position ends with a loop that nothing leaves at its end.
fn endless(place: &Place<'_, '_>, end: usize) -> bool {
    let Some([Instr::Br(LabelIdx(0)), Instr::End]) = end.checked_sub(2).and_then(|at| place.old.get(at..end)) else {
        return false;
    };
    place.around(end - 1).last().is_some_and(|at| matches!(place.old[*at], Instr::Loop(_)))
}

/// Where the other arm of an `if` computes the same as the first one does here.
fn in_sibling(place: &Place<'_, '_>, computed: &[Instr], op: N) -> Option<usize> {
    let traps = matches!(
        op,
        N::I32DivS | N::I32DivU | N::I32RemS | N::I32RemU | N::I64DivS | N::I64DivU | N::I64RemS | N::I64RemU
    );
    let start = *place.around(place.at).last()?;
    let (Instr::If(_), (end, Some(otherwise))) = (place.old[start], place.end_of(start)?) else { return None };
    if traps || place.at > otherwise {
        return None;
    }
    let written = |instr: &Instr| {
        let read = |local: LocalIdx| computed.contains(&Instr::LocalGet(local));
        matches!(instr, Instr::LocalSet(local) | Instr::LocalTee(local) if read(*local))
    };
    let arm = place.old.get(otherwise + 1..end)?;
    let again = arm.windows(computed.len()).position(|window| window == computed)?;
    let again = otherwise + 1 + again;
    let between = place.old[start..again].iter().any(written);
    (!between && place.around(again).last() == Some(&start)).then_some(again)
}

/// Whether a local of an abstract type still holds the null that it began with here.
fn holds_first_null(place: &Place<'_, '_>, local: LocalIdx) -> bool {
    let writes = |instr: &Instr| matches!(instr, Instr::LocalSet(set) | Instr::LocalTee(set) if *set == local);
    let again = place.around(place.at).iter().any(|at| matches!(place.old[*at], Instr::Loop(_)));
    let until = if again { place.old.len() } else { place.at };
    let abstract_type =
        matches!(place.locals.ty(local), Some(ValType::Ref(ty)) if !matches!(ty.heap, HeapType::Concrete(_)));
    abstract_type && local.at() >= place.locals.params.len() && !place.old[..until].iter().any(writes)
}

fn read_local(instr: &Instr) -> Option<u32> {
    match instr {
        Instr::LocalGet(local) => Some(local.0),
        _ => None,
    }
}

/// Whether a type is another one or declares it, or a type that does, as its supertype.
fn extends(place: &Place<'_, '_>, mut ty: u32, other: u32) -> bool {
    loop {
        if ty == other {
            return true;
        }
        match place.context.types.get(ty as usize).and_then(|ty| ty.supers.first()) {
            Some(above) if above.0 < ty => ty = above.0,
            _ => return false,
        }
    }
}
