//! Faults of blocks, of what functions return, and of handlers.

use super::{Fault as F, Place, is_constant, is_simple, number, zero};
use crate::syntax::Instr;
use crate::syntax::{BlockType, LabelIdx, LocalIdx, ValType};

/// Rewrites what `after` begins with.
pub(super) fn rewrite(fault: F, place: &mut Place<'_, '_>, before: &[Instr], after: &[Instr]) -> Option<usize> {
    let now = *after.first()?;
    match (fault, before, after) {
        (
            F::LoadUnconditional,
            _,
            [Instr::If(BlockType::Val(ty)), address, load @ Instr::Load { .. }, Instr::Else, otherwise, Instr::End, ..],
        ) if number(*ty) && is_simple(*address) && is_constant(*otherwise) => {
            let condition = place.locals.fresh(ValType::I32);
            place.put(
                6,
                &[Instr::LocalSet(condition), *address, *load, *otherwise, Instr::LocalGet(condition), Instr::Select],
            )
        }
        (F::BelowBlockParams, _, [Instr::I64Const(_), ..]) => {
            let constants = after[1..].iter().take_while(|instr| is_constant(**instr)).count();
            let Instr::If(ty) = after.get(constants + 1)? else { return None };
            // One of the constants is the condition.
            let (params, _) = place.context.block(*ty)?;
            if params.len() < 2 || params.len() + 1 != constants {
                return None;
            }
            place.put(1, &[Instr::I64Const(0x1_0000_0001)])
        }
        (F::IfParamLost, _, [Instr::If(ty), ..]) => {
            let (params, _) = place.context.block(*ty)?;
            let ([param], (end, None)) = (params, place.end_of(place.at)?) else { return None };
            place.later.push((end, vec![Instr::Else, Instr::Drop, zero(*param)?]));
            place.put(1, &[now])
        }
        (F::BrConstantOverwritten, [.., value, Instr::Br(LabelIdx(0))], [Instr::End, next, ..])
            if is_constant(*value) && std::mem::discriminant(value) == std::mem::discriminant(next) =>
        {
            match place.old.get(*place.around(place.at).last()?)? {
                Instr::Block(BlockType::Val(ty)) if place.ty_of(*next) == Some(*ty) => {
                    place.put(1, &[now, Instr::Drop, *next])
                }
                _ => None,
            }
        }
        (F::ReturnedLocalsSame, [.., Instr::LocalGet(a), Instr::LocalGet(b)], [Instr::End])
            if a != b && place.func.results.len() == 2 && place.func.results[0] == place.func.results[1] =>
        {
            let get = Instr::LocalGet(*b);
            // The second may have a subtype only.
            if matches!(place.func.results[0], ValType::Ref(_)) {
                return None;
            }
            place.put(1, &[Instr::Drop, Instr::Drop, get, get, now])
        }
        (F::ReturnedConstants, _, [Instr::End]) => {
            let count = place.func.results.len();
            let constants = before.get(before.len().checked_sub(count)?..)?;
            let same =
                constants.windows(2).all(|pair| std::mem::discriminant(&pair[0]) == std::mem::discriminant(&pair[1]));
            if count < 3 || !same || !constants.iter().all(|instr| is_constant(*instr)) {
                return None;
            }
            place.out.extend(std::iter::repeat_n(Instr::Drop, count));
            place.out.push(constants[0]);
            place.out.extend_from_slice(&constants[2..]);
            place.put(1, &[constants[count - 1], now])
        }
        (F::TryLocalsRestored | F::CatchClobbersLocal, _, [Instr::TryTable(table), ..]) => {
            handlers(fault, place, *table as usize)
        }
        _ => None,
    }
}

/// Code that is run where one of the handlers takes over.
fn handlers(fault: F, place: &mut Place<'_, '_>, table: usize) -> Option<usize> {
    let now = place.old[place.at];
    let table = place.context.pools.try_tables.get(table)?;
    let (end, _) = place.end_of(place.at)?;
    // What is done there: which locals get which values.
    let (mut saved, mut restored) = (Vec::new(), Vec::new());
    if fault == F::CatchClobbersLocal {
        let (count, ty) = *place.locals.runs.iter().rev().find(|(count, ty)| *count >= 2 && number(*ty))?;
        let behind = place.locals.runs.iter().rev().take_while(|run| **run != (count, ty));
        let last = place.locals.count() - behind.fold(0, |sum, (count, _)| sum + count) - 1;
        restored.extend([zero(ty)?, Instr::LocalSet(LocalIdx(last))]);
    } else {
        let mut written: Vec<LocalIdx> = place.old[place.at..end]
            .iter()
            .filter_map(|instr| match instr {
                Instr::LocalSet(local) | Instr::LocalTee(local) => Some(*local),
                _ => None,
            })
            .collect();
        written.sort_unstable_by_key(|local| local.0);
        written.dedup();
        for local in written {
            let ty = place.locals.ty(local)?;
            if number(ty) || ty == ValType::V128 {
                let old = place.locals.fresh(ty);
                saved.extend([Instr::LocalGet(local), Instr::LocalSet(old)]);
                restored.extend([Instr::LocalGet(old), Instr::LocalSet(local)]);
            }
        }
    }
    if restored.is_empty() {
        return None;
    }
    let around = place.around(place.at);
    let mut landings: Vec<usize> = Vec::new();
    for catch in place.context.pools.catches(table.catches) {
        let Some(target) = around.len().checked_sub(catch.label.at() + 1).map(|at| around[at]) else { continue };
        // Only a handler or a branch comes to the end of such a block.
        if let (Instr::Block(_), Some((end, _))) = (place.old[target], place.end_of(target)) {
            let leaves = matches!(
                place.old[end - 1],
                Instr::Br(_) | Instr::Return | Instr::Unreachable | Instr::ReturnCall(_) | Instr::Throw(_)
            );
            if leaves && !landings.contains(&end) {
                landings.push(end);
            }
        }
    }
    if landings.is_empty() {
        return None;
    }
    let inside = place.locals.fresh(ValType::I32);
    for landing in landings {
        let mut instrs = vec![Instr::LocalGet(inside), Instr::If(BlockType::Empty)];
        instrs.extend_from_slice(&restored);
        instrs.extend([Instr::End, Instr::I32Const(0), Instr::LocalSet(inside)]);
        place.later.push((landing + 1, instrs));
    }
    place.later.push((end + 1, vec![Instr::I32Const(0), Instr::LocalSet(inside)]));
    place.out.extend_from_slice(&saved);
    place.put(1, &[Instr::I32Const(1), Instr::LocalSet(inside), now])
}
