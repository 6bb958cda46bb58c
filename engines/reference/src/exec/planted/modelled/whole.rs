//! What faults of the third list that is held out have to know of a whole module, and what they change of it before its
//! bodies are looked through.

use std::collections::{BTreeMap, BTreeSet};

use super::Fault as F;
use super::locals::is_control;
use crate::syntax::{
    BlockType, CastBranch, Catch, CatchKind, CompType, ElemInit, ElemMode, ExternIdx, ExternType, FieldIdx, Func,
    FuncIdx, Instr, LabelIdx, MemIdx, Module, Pools, StorageType, SubType, TypeIdx, ValType,
};

/// How long a function may be that is inlined.
const SHORT: usize = 16;

/// What a rewriting has to know of the whole module.
#[derive(Default)]
pub(super) struct Whole {
    /// What the element segments put into the tables that only `table.set` changes.
    pub(super) elements: BTreeMap<(u32, u32), FuncIdx>,
    /// By function: itself, if a loop has it inlined.
    pub(super) inlined: Vec<Option<Func>>,
    /// Packed fields that always have the same constant, which does not fit.
    pub(super) packed: Vec<((TypeIdx, FieldIdx), i32)>,
    /// The memories that may become as large as 2^64 bytes.
    pub(super) full: Vec<MemIdx>,
}

impl Whole {
    /// Only what the fault is about.
    pub(super) fn of(fault: F, module: &Module) -> Self {
        match fault {
            F::TableSetOverlooked => Self { elements: elements(module), ..Self::default() },
            F::InlinedLocalsKept => Self { inlined: inlined(module), ..Self::default() },
            F::PackedConstantWhole => Self { packed: packed(module), ..Self::default() },
            F::ConstantAddressFullMaximum => {
                let imported = module.imports.iter().filter_map(|import| match import.ty {
                    ExternType::Mem(ty) => Some(ty),
                    _ => None,
                });
                let mems = imported.chain(module.mems.iter().copied());
                let full = mems
                    .enumerate()
                    .filter(|(_, ty)| ty.limits.max.is_some_and(|max| u128::from(max) << ty.page_log2 == 1 << 64));
                Self { full: full.map(|(at, _)| MemIdx(at as u32)).collect(), ..Self::default() }
            }
            _ => Self::default(),
        }
    }
}

/// All bodies and constant expressions.
fn expressions(module: &Module) -> impl Iterator<Item = &[Instr]> {
    let elems = module.elems.iter().flat_map(|elem| match &elem.init {
        ElemInit::Exprs(exprs) => exprs.as_slice(),
        ElemInit::Funcs(_) => &[],
    });
    let bodies = module.funcs.iter().map(|func| func.body.as_slice());
    let globals = module.globals.iter().map(|global| global.init.as_slice());
    let tables = module.tables.iter().filter_map(|table| table.init.as_deref());
    bodies.chain(globals).chain(tables).chain(elems.map(Vec::as_slice))
}

fn elements(module: &Module) -> BTreeMap<(u32, u32), FuncIdx> {
    let imported = module.imports.iter().filter(|import| matches!(import.ty, ExternType::Table(_))).count();
    let (mut set, mut otherwise) = (BTreeSet::new(), BTreeSet::new());
    for instr in module.funcs.iter().flat_map(|func| &func.body) {
        match instr {
            Instr::TableSet(table) => set.insert(table.0),
            Instr::TableGrow(table)
            | Instr::TableFill(table)
            | Instr::TableCopy { dst: table, .. }
            | Instr::TableInit { table, .. } => otherwise.insert(table.0),
            _ => false,
        };
    }
    for export in &module.exports {
        if let ExternIdx::Table(table) = export.index {
            otherwise.insert(table.0);
        }
    }
    let mut found = BTreeMap::new();
    for elem in &module.elems {
        let ElemMode::Active { table, offset } = &elem.mode else { continue };
        let [Instr::I32Const(first), Instr::End] = offset.as_slice() else { continue };
        if table.at() < imported || !set.contains(&table.0) || otherwise.contains(&table.0) {
            continue;
        }
        let funcs: Vec<Option<FuncIdx>> = match &elem.init {
            ElemInit::Funcs(funcs) => funcs.iter().copied().map(Some).collect(),
            ElemInit::Exprs(exprs) => exprs
                .iter()
                .map(|expr| match expr.as_slice() {
                    [Instr::RefFunc(func), Instr::End] => Some(*func),
                    _ => None,
                })
                .collect(),
        };
        for (at, func) in (first.cast_unsigned()..).zip(funcs) {
            match func {
                Some(func) => found.insert((table.0, at), func),
                None => found.remove(&(table.0, at)),
            };
        }
    }
    found
}

fn inlined(module: &Module) -> Vec<Option<Func>> {
    let imported = module.imports.iter().filter(|import| matches!(import.ty, ExternType::Func(_))).count();
    let own = module.funcs.iter().map(|func| {
        let [body @ .., Instr::End] = func.body.as_slice() else { return None };
        let straight = !body.iter().any(|instr| is_control(*instr) || branches(*instr));
        let locals = func.locals.iter().filter(|(count, _)| *count > 0);
        let begins = locals.clone().all(|(count, ty)| *count as usize <= SHORT && !matches!(ty, ValType::Ref(_)));
        (straight && begins && body.len() <= SHORT && locals.count() > 0).then(|| func.clone())
    });
    std::iter::repeat_with(|| None).take(imported).chain(own).collect()
}

/// Whether an instruction that is not told by `is_control` names a label.
pub(super) const fn branches(instr: Instr) -> bool {
    matches!(
        instr,
        Instr::BrIf(_) | Instr::BrOnNull(_) | Instr::BrOnNonNull(_) | Instr::BrOnCast(_) | Instr::BrOnCastFail(_)
    )
}

fn packed(module: &Module) -> Vec<((TypeIdx, FieldIdx), i32)> {
    let types = || module.types.iter().enumerate().map(|(at, ty)| (TypeIdx(at as u32), ty));
    let extended = |ty: TypeIdx| module.types.iter().any(|other| other.supers.contains(&ty));
    // Where there is a type like it, structures of that are of this one too.
    let twin = |ty: TypeIdx, of: &SubType| types().any(|(at, other)| at != ty && other == of);
    let mut found = Vec::new();
    for (ty, of) in types() {
        let CompType::Struct(fields) = &of.comp else { continue };
        if extended(ty) || twin(ty, of) || !of.supers.is_empty() {
            continue;
        }
        for (index, field) in fields.iter().enumerate() {
            let mask = match field.storage {
                StorageType::I8 => 0xff,
                StorageType::I16 => 0xffff,
                StorageType::Val(_) => continue,
            };
            let at = FieldIdx(index as u32);
            let constant = only_constant(module, ty, at, fields.len());
            found.extend(constant.filter(|value| value & mask != *value).map(|value| ((ty, at), value)));
        }
    }
    found
}

/// What all structures of a type have in a field that nobody writes.
fn only_constant(module: &Module, ty: TypeIdx, field: FieldIdx, fields: usize) -> Option<i32> {
    let mut only = None;
    for expr in expressions(module) {
        for (at, instr) in expr.iter().enumerate() {
            match instr {
                Instr::StructNewDefault(new) if *new == ty => return None,
                Instr::StructSet { ty: set, field: written } if (*set, *written) == (ty, field) => return None,
                Instr::StructNew(new) if *new == ty => {
                    let operands = expr.get(at.checked_sub(fields)?..at)?;
                    let Instr::I32Const(value) = operands.get(field.at())? else { return None };
                    let simple = |instr: &Instr| super::is_simple(*instr) || matches!(instr, Instr::RefNull(_));
                    if !operands.iter().all(simple) || only.is_some_and(|only| only != *value) {
                        return None;
                    }
                    only = Some(*value);
                }
                _ => {}
            }
        }
    }
    only
}

/// Changes of a whole module, before its bodies are looked through.
pub(super) fn prepare(fault: F, module: &mut Module) {
    if fault != F::CatchLeavesLoop {
        return;
    }
    let without_payload = payloads(module);
    let Module { funcs, pools, .. } = module;
    for func in funcs {
        // From the last one on, so that the positions before stay what they are.
        for start in (0..func.body.len()).rev() {
            if func.body[start] == Instr::Loop(BlockType::Empty) {
                leave(&mut func.body, start, pools, &without_payload);
            }
        }
    }
}

/// By tag: whether it has no parameters.
fn payloads(module: &Module) -> Vec<bool> {
    let imported = module.imports.iter().filter_map(|import| match import.ty {
        ExternType::Tag(ty) => Some(ty),
        _ => None,
    });
    let empty = |ty: TypeIdx| module.func_type(ty).is_some_and(|ty| ty.params.is_empty());
    imported.chain(module.tags.iter().copied()).map(empty).collect()
}

/// Where a loop ends that a handler comes to which passes nothing.
fn handled(body: &[Instr], start: usize, pools: &Pools, without_payload: &[bool]) -> Option<usize> {
    let (mut depth, mut led) = (0_usize, false);
    for (at, instr) in body.iter().enumerate().skip(start + 1) {
        match instr {
            Instr::TryTable(table) => {
                let table = pools.try_tables.get(*table as usize)?;
                led |= pools.catches(table.catches).iter().any(|catch| comes(catch, depth, without_payload));
                depth += 1;
            }
            Instr::Block(_) | Instr::Loop(_) | Instr::If(_) => depth += 1,
            Instr::End if depth == 0 => return led.then_some(at),
            Instr::End => depth -= 1,
            _ => {}
        }
    }
    None
}

/// Whether a handler passes nothing and its label is the one at this depth.
fn comes(catch: &Catch, depth: usize, without_payload: &[bool]) -> bool {
    let passes_nothing = match catch.kind {
        CatchKind::Tag(tag) => without_payload.get(tag.at()) == Some(&true),
        CatchKind::All => true,
        CatchKind::TagRef(_) | CatchKind::AllRef => false,
    };
    catch.label.at() == depth && passes_nothing
}

/// Puts a block around a loop that handlers come to, for them to leave instead.
fn leave(body: &mut Vec<Instr>, start: usize, pools: &mut Pools, without_payload: &[bool]) {
    let Some(end) = handled(body, start, pools, without_payload) else { return };
    let mut depth = 0_usize;
    for instr in &mut body[start + 1..=end] {
        // A label of the loop itself stays, and those around it are one further away.
        let moved = |label: LabelIdx| if label.at() > depth { LabelIdx(label.0 + 1) } else { label };
        match instr {
            Instr::Br(label) | Instr::BrIf(label) | Instr::BrOnNull(label) | Instr::BrOnNonNull(label) => {
                *label = moved(*label);
            }
            Instr::BrTable(labels) => {
                let others: Vec<LabelIdx> = pools.labels(*labels).iter().map(|label| moved(*label)).collect();
                labels.start = pools.labels.len() as u32;
                pools.labels.extend(others);
            }
            Instr::BrOnCast(cast) | Instr::BrOnCastFail(cast) => {
                let Some(other) = pools.casts.get(*cast as usize).copied() else { return };
                *cast = pools.casts.len() as u32;
                pools.casts.push(CastBranch { label: moved(other.label), ..other });
            }
            Instr::TryTable(table) => {
                let Some(mut other) = pools.try_tables.get(*table as usize).copied() else { return };
                let mut catches = pools.catches(other.catches).to_vec();
                for catch in &mut catches {
                    let leaves = comes(catch, depth, without_payload);
                    catch.label = if leaves { LabelIdx(catch.label.0 + 1) } else { moved(catch.label) };
                }
                other.catches.start = pools.catches.len() as u32;
                pools.catches.extend(catches);
                *table = pools.try_tables.len() as u32;
                pools.try_tables.push(other);
                depth += 1;
            }
            Instr::Block(_) | Instr::Loop(_) | Instr::If(_) => depth += 1,
            Instr::End => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    body.insert(end, Instr::End);
    body.insert(start, Instr::Block(BlockType::Empty));
}
