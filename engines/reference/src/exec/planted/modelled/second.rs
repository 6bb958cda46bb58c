//! Faults of the second list that was held out once, whatever instruction they are about.

use super::{Fault as F, Place, is_simple, number};
use crate::syntax::Instr::{self, Numeric as Num, Vector};
use crate::syntax::{
    AtomicOp, BlockType, CompType, Data, DataIdx, DataMode, HeapType, LabelIdx, LaneOp, LoadOp, LocalIdx, MemIdx,
    Module, Nullability, NumericOp as N, PoolRange, RefType, TypeIdx, ValType, VectorOp as V,
};

/// Rewrites what `after` begins with.
#[allow(clippy::too_many_lines, reason = "one arm a fault")]
pub(super) fn rewrite(fault: F, place: &mut Place<'_, '_>, before: &[Instr], after: &[Instr]) -> Option<usize> {
    let now = *after.first()?;
    match (fault, before, after) {
        (F::MinZerosConstant, [.., Instr::F32Const(a), Instr::F32Const(b)], [Num(N::F32Min | N::F32Max), ..])
            if a ^ b == 1 << 31 && a << 1 == 0 =>
        {
            place.put(1, &[Instr::Drop])
        }
        (F::MinZerosConstant, [.., Instr::F64Const(a), Instr::F64Const(b)], [Num(N::F64Min | N::F64Max), ..])
            if a ^ b == 1 << 63 && a << 1 == 0 =>
        {
            place.put(1, &[Instr::Drop])
        }
        (F::RotlZeroConstants, [.., Instr::I32Const(_), Instr::I32Const(0)], [Num(N::I32Rotl), ..]) => {
            place.put(1, &[Instr::Drop, Instr::Drop, Instr::I32Const(-1)])
        }
        (
            F::SelectGreaterSwapped,
            [
                ..,
                Instr::LocalGet(first),
                Instr::LocalGet(second),
                Instr::LocalGet(greater),
                Instr::LocalGet(less),
                Num(N::I64GtS),
            ],
            [Instr::Select, ..],
        ) if first == less && second == greater => place.put(1, &[Num(N::I32Eqz), now]),
        (
            F::ReplaceLaneFromMemory,
            [.., Instr::GlobalGet(_) | Instr::Load { op: LoadOp::F64Load, .. }],
            [Instr::Lane { op: LaneOp::F64x2ReplaceLane, lane: 0 }, ..],
        ) => place.put(1, &[now, Instr::I64Const(0), Instr::Lane { op: LaneOp::I64x2ReplaceLane, lane: 1 }]),
        (F::I64x2ShrSLocal, [.., Instr::LocalGet(_), Instr::I32Const(by)], [Vector(V::I64x2ShrS), ..]) => {
            place.put(1, &[Instr::Drop, Instr::I32Const(by & 31), now])
        }
        (F::ExtmulEvenOdd, _, [Vector(op), ..]) => {
            let (width, high) = extended_product(*op)?;
            let lanes = place.shuffled(width, high);
            let (a, b) = (place.locals.fresh(ValType::V128), place.locals.fresh(ValType::V128));
            let (get_a, get_b) = (Instr::LocalGet(a), Instr::LocalGet(b));
            place.put(1, &[Instr::LocalSet(b), Instr::LocalSet(a), get_a, get_a, lanes, get_b, get_b, lanes, now])
        }
        (F::MemoryFillFirst, _, [Instr::MemoryFill(mem @ MemIdx(1..)), ..])
            if place.context.is_wide(*mem) == place.context.is_wide(MemIdx(0)) =>
        {
            place.put(1, &[Instr::MemoryFill(MemIdx(0))])
        }
        (
            F::AtomicOffsetIgnored,
            _,
            [
                Instr::Atomic {
                    op:
                        op @ (AtomicOp::MemoryAtomicNotify | AtomicOp::MemoryAtomicWait32 | AtomicOp::MemoryAtomicWait64),
                    align,
                    mem,
                    offset: 1..,
                },
                ..,
            ],
        ) => place.put(1, &[Instr::Atomic { op: *op, align: *align, mem: *mem, offset: 0 }]),
        (F::TailCallSeventhArgument, _, [Instr::ReturnCall(func), ..]) => {
            let params = &place.context.callee(*func)?.params;
            let lost = match params.last().filter(|_| integers(params) >= 7)? {
                ValType::I32 => Instr::I32Const(1_068_625_176),
                ValType::I64 => Instr::I64Const(1_068_625_176),
                _ => return None,
            };
            place.put(1, &[Instr::Drop, lost, now])
        }
        (F::TailCallSeventhArgument, _, [Instr::ReturnCallIndirect { ty, .. }, ..])
            if integers(&place.context.func_type(*ty)?.params) >= 7 =>
        {
            place.put(1, &[Instr::Unreachable])
        }
        (F::LoopParamsTrap, _, [Instr::Loop(ty), ..]) if !place.context.block(*ty)?.0.is_empty() => {
            place.put(1, &[Instr::Unreachable, now])
        }
        (F::BrTableIndexFirst, _, _) => index_first(place, after),
        (F::IfConditionBelow, _, [Instr::If(ty), ..]) => {
            let (params, results) = place.context.block(*ty)?;
            let ([], [result]) = (params, results.as_slice()) else { return None };
            let condition = place.start_of(place.at)?;
            let below = *before.get(condition.checked_sub(1)?)?;
            let (end, _) = place.end_of(place.at)?;
            // At the end of the function nothing is left to be inserted before.
            let last = end + 1 >= place.old.len();
            if last || place.arity(below)?.1 != 1 || place.ty_of(below) != Some(ValType::I32) {
                return None;
            }
            let (kept, result) = (place.locals.fresh(ValType::I32), place.locals.fresh(*result));
            let (set, get) = (Instr::LocalSet(result), Instr::LocalGet(result));
            place.later.push((end + 1, vec![set, Instr::Drop, Instr::LocalGet(kept), get]));
            place.put(1, &[Instr::LocalTee(kept), now])
        }
        (
            F::CastOfInitialObject,
            [.., Instr::GlobalGet(global)],
            [Instr::RefCast(RefType { heap: HeapType::Concrete(ty), .. }), ..],
        ) if place.context.initial.get(global.at()) == Some(&Some(TypeIdx(*ty))) => {
            let to = RefType { nullability: Nullability::NonNull, heap: HeapType::Concrete(*ty) };
            place.put(1, &[Instr::Drop, Instr::RefNull(HeapType::None), Instr::RefCast(to)])
        }
        (
            F::LoadAfterAddressSet,
            _,
            [
                get @ Instr::LocalGet(address),
                load @ Instr::Load { .. },
                value,
                Instr::LocalSet(set) | Instr::LocalTee(set),
                ..,
            ],
        ) if address == set && is_simple(*value) => {
            place.out.extend_from_slice(&[*value, Instr::LocalSet(*set), *get, *load]);
            if matches!(after[3], Instr::LocalTee(_)) { place.put(4, &[*get]) } else { Some(4) }
        }
        _ => None,
    }
}

impl Place<'_, '_> {
    /// A shuffle of a vector with itself that moves the odd lanes of so many bytes to the high half, or the even ones to
    /// the low half.
    fn shuffled(&mut self, width: usize, odd: bool) -> Instr {
        let half = 8 / width;
        let lanes = std::array::from_fn(|byte| {
            let lane = byte / width % half * 2 + usize::from(odd);
            (lane * width + byte % width) as u8
        });
        self.vectors.push(lanes);
        Instr::Shuffle(self.vectors.len() as u32 - 1)
    }
}

/// How many bytes the lanes have that an operator multiplies, and whether they are those of the high half.
const fn extended_product(op: V) -> Option<(usize, bool)> {
    Some(match op {
        V::I16x8ExtmulLowI8x16S | V::I16x8ExtmulLowI8x16U => (1, false),
        V::I16x8ExtmulHighI8x16S | V::I16x8ExtmulHighI8x16U => (1, true),
        V::I32x4ExtmulLowI16x8S | V::I32x4ExtmulLowI16x8U => (2, false),
        V::I32x4ExtmulHighI16x8S | V::I32x4ExtmulHighI16x8U => (2, true),
        V::I64x2ExtmulLowI32x4S | V::I64x2ExtmulLowI32x4U => (4, false),
        V::I64x2ExtmulHighI32x4S | V::I64x2ExtmulHighI32x4U => (4, true),
        _ => return None,
    })
}

fn integers(types: &[ValType]) -> usize {
    types.iter().filter(|ty| matches!(ty, ValType::I32 | ValType::I64)).count()
}

/// How long an expression may be that changes its place.
const NEAR: usize = 16;

/// The value of a `br_table` starts here, and the index is made before it.
fn index_first(place: &mut Place<'_, '_>, after: &[Instr]) -> Option<usize> {
    let table = |instr: &Instr| match instr {
        Instr::BrTable(labels) => Some(*labels),
        _ => None,
    };
    let (distance, labels) = after.iter().take(NEAR).enumerate().find_map(|(at, instr)| Some((at, table(instr)?)))?;
    let index = place.start_of(place.at + distance)?;
    if place.start_of(index)? != place.at || !one_value(place, place.at + distance, labels) {
        return None;
    }
    let (value, index) = after[..distance].split_at(index - place.at);
    let kept = place.locals.fresh(ValType::I32);
    place.out.extend_from_slice(index);
    place.out.push(Instr::LocalSet(kept));
    place.out.extend_from_slice(value);
    place.put(distance, &[Instr::LocalGet(kept)])
}

/// Whether all labels at a place are the same, and it takes one value.
fn one_value(place: &Place<'_, '_>, at: usize, labels: PoolRange) -> bool {
    let labels = place.context.pools.labels(labels);
    let Some(label) = labels.first().filter(|first| labels.iter().all(|label| label == *first)) else { return false };
    let around = place.around(at);
    let types = match around.len().checked_sub(label.at() + 1).map(|at| place.old[around[at]]) {
        None => Some(place.func.results.len()),
        Some(Instr::Loop(ty)) => place.context.block(ty).map(|(params, _)| params.len()),
        Some(Instr::Block(ty) | Instr::If(ty)) => place.context.block(ty).map(|(_, results)| results.len()),
        Some(_) => None,
    };
    types == Some(1)
}

/// Changes of a whole module, before its bodies are looked through.
pub(super) fn prepare(fault: F, module: &mut Module) {
    match fault {
        F::ArrayNewDataDropped => keep_data(module),
        F::HandlerToFunction => return_first_local(module),
        _ => {}
    }
}

/// What `array.new_data` reads becomes a segment of its own, which nobody drops.
fn keep_data(module: &mut Module) {
    let mut kept: Vec<(DataIdx, DataIdx)> = Vec::new();
    for instr in module.funcs.iter_mut().flat_map(|func| &mut func.body) {
        let Instr::ArrayNewData { data, .. } = instr else { continue };
        let known = kept.iter().find(|(old, _)| old == data).map(|(_, new)| *new);
        if let (None, Some(Data { init, .. })) = (known, module.datas.get(data.at())) {
            let copy = Data { init: init.clone(), mode: DataMode::Passive };
            kept.push((*data, DataIdx(module.datas.len() as u32)));
            module.datas.push(copy);
        }
        if let Some((_, new)) = kept.iter().find(|(old, _)| old == data) {
            *data = *new;
        }
    }
    module.data_count = module.data_count.map(|_| module.datas.len() as u32);
}

/// Functions with a handler that leaves them get a block that it leaves instead.
fn return_first_local(module: &mut Module) {
    let types = std::mem::take(&mut module.types);
    for func in &mut module.funcs {
        let Some(CompType::Func(ty)) = types.get(func.ty.at()).map(|ty| &ty.comp) else { continue };
        let first = ty.params.first().or(func.locals.iter().find(|(count, _)| *count > 0).map(|(_, ty)| ty));
        // A local that is declared may have no value yet if it cannot be null.
        let set = !ty.params.is_empty() || first.is_some_and(|ty| number(*ty));
        let ([result], true) = (ty.results.as_slice(), set) else { continue };
        if first != Some(result) {
            continue;
        }
        if let Some(body) = leaving(&func.body, &module.pools) {
            let mut wrapped = vec![Instr::Block(BlockType::Val(*result))];
            wrapped.extend(body);
            wrapped.extend([Instr::Return, Instr::End, Instr::Drop, Instr::LocalGet(LocalIdx(0)), Instr::End]);
            func.body = wrapped;
        }
    }
    module.types = types;
}

/// A body without its last `end` and without branches out of it, if a handler leaves it and no branch does that depends
/// on something.
fn leaving(body: &[Instr], pools: &crate::syntax::Pools) -> Option<Vec<Instr>> {
    let (mut depth, mut left, mut out) = (0_usize, false, Vec::new());
    for instr in &body[..body.len().checked_sub(1)?] {
        let leaves = |label: LabelIdx| label.at() == depth;
        match *instr {
            Instr::Br(label) if leaves(label) => {
                out.push(Instr::Return);
                continue;
            }
            Instr::BrIf(label) | Instr::BrOnNull(label) | Instr::BrOnNonNull(label) if leaves(label) => return None,
            Instr::BrTable(labels) if pools.labels(labels).iter().any(|label| leaves(*label)) => return None,
            Instr::BrOnCast(cast) | Instr::BrOnCastFail(cast)
                if pools.casts.get(cast as usize).is_none_or(|cast| leaves(cast.label)) =>
            {
                return None;
            }
            Instr::TryTable(table) => {
                let catches = pools.catches(pools.try_tables.get(table as usize)?.catches);
                left |= catches.iter().any(|catch| leaves(catch.label));
                depth += 1;
            }
            Instr::Block(_) | Instr::Loop(_) | Instr::If(_) => depth += 1,
            Instr::End => depth = depth.checked_sub(1)?,
            _ => {}
        }
        out.push(*instr);
    }
    left.then_some(out)
}

/// By global: the type of the structure that it begins with, if no function writes it.
pub(super) fn initial_objects(module: &Module, imported: usize) -> Vec<Option<TypeIdx>> {
    let written = |global: usize| {
        let mut instrs = module.funcs.iter().flat_map(|func| &func.body);
        instrs.any(|instr| matches!(instr, Instr::GlobalSet(written) if written.at() == global))
    };
    let own = module.globals.iter().enumerate().map(|(at, global)| match global.init.as_slice() {
        [.., Instr::StructNew(ty) | Instr::StructNewDefault(ty), Instr::End] => {
            Some(*ty).filter(|_| !written(imported + at))
        }
        _ => None,
    });
    std::iter::repeat_n(None, imported).chain(own).collect()
}
