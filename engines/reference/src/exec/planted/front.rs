//! Loading with a fault: decoding and validation that accept too much or too little.
//!
//! What is accepted wrongly is mended, so that the machine meets valid code only: alignment that is too large becomes
//! the largest that is allowed, of two sections that must not be two the first one stays.

use std::borrow::Cow;
use std::sync::Arc;

use super::{Fault, bytes, modelled, refused, syntax, verdicts};
use crate::exec::store::{Loaded, LoadedModule};
use crate::exec::{Config, LoadError, lower};
use crate::syntax::{
    AddrType, BlockType, CompType, Data, DataMode, Elem, ElemInit, ElemMode, ExternType, Finality, HeapType, Instr,
    Limits, MemIdx, Module, Mutability, Nullability, RefType, TypeIdx, ValType,
};
use crate::{binary, valid};

/// Decodes, validates and lowers a module, one of them wrongly.
pub(crate) fn load(fault: Fault, bytes: &[u8], config: &Config) -> Result<LoadedModule, LoadError> {
    let bytes = mend_bytes(fault, bytes)?;
    let mut module = binary::decode(&bytes, config.features).map_err(LoadError::from)?;
    if fault.model().is_some() {
        refused::accept(fault, &mut module);
        // The others know of valid code only.
        valid::validate(&module, config.features).map_err(|error| LoadError::Invalid(error.to_string()))?;
        modelled::rewrite(fault, &mut module);
    }
    mend(fault, &mut module);
    syntax::rewrite(fault, &mut module);
    let validated = valid::validate(&module, config.features).map_err(|error| LoadError::Invalid(error.to_string()))?;
    refuse(fault, &module)?;
    syntax::spill(fault, &mut module, &validated);
    let mut code = lower::lower(&module, &validated, Some(fault))
        .map_err(|unknown| LoadError::Limit(format!("not implemented: {:?}", unknown.0)))?;
    if fault == Fault::OuterHandlersFirst {
        code.guards.reverse();
    }
    for func in &mut module.funcs {
        func.body = Vec::new();
    }
    Ok(LoadedModule(Arc::new(Loaded { module, code })))
}

/// Whether a module that is well-formed and valid is refused.
pub(super) fn refuses(fault: Fault, bytes: &[u8], module: &Module) -> bool {
    mend_bytes(fault, bytes).is_err() || refuse(fault, module).is_err()
}

/// A section as it stands in the bytes.
#[derive(Clone, Copy)]
pub(super) struct Section<'a> {
    pub(super) id: u8,
    /// How many bytes its size takes.
    size_len: usize,
    pub(super) content: &'a [u8],
}

/// The whole sections, and what is left behind them.
pub(super) fn sections(bytes: &[u8]) -> (Vec<Section<'_>>, &[u8]) {
    let mut sections = Vec::new();
    let mut rest = bytes.get(8..).unwrap_or_default();
    while let Some((id, behind)) = rest.split_first() {
        let Some((size, size_len)) = leb(behind) else { break };
        let Some(content) =
            usize::try_from(size).ok().and_then(|size| behind.get(size_len..)?.get(..size)).filter(|_| *id <= 13)
        else {
            break;
        };
        sections.push(Section { id: *id, size_len, content });
        rest = &behind[size_len + content.len()..];
    }
    (sections, rest)
}

/// An unsigned number of up to ten bytes, and its length.
fn leb(bytes: &[u8]) -> Option<(u64, usize)> {
    let len = bytes.iter().take(10).position(|byte| *byte < 0x80)? + 1;
    let value = bytes[..len].iter().rev().fold(0, |value: u64, byte| value << 7 | u64::from(byte & 0x7f));
    Some((value, len))
}

fn put_leb(mut value: u64, out: &mut Vec<u8>) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

fn minimal(section: &Section<'_>) -> usize {
    let mut bytes = Vec::new();
    put_leb(section.content.len() as u64, &mut bytes);
    bytes.len()
}

pub(super) fn assemble(bytes: &[u8], sections: &[Section<'_>], rest: &[u8]) -> Vec<u8> {
    let mut out = bytes.get(..8).unwrap_or(bytes).to_vec();
    for section in sections {
        out.push(section.id);
        put_leb(section.content.len() as u64, &mut out);
        out.extend_from_slice(section.content);
    }
    out.extend_from_slice(rest);
    out
}

/// The place of a section among the others.
const fn place(id: u8) -> u8 {
    match id {
        13 => 6,
        6..=9 => id + 1,
        12 => 11,
        10 => 12,
        11 => 13,
        _ => id,
    }
}

fn mend_bytes(fault: Fault, bytes: &[u8]) -> Result<Cow<'_, [u8]>, LoadError> {
    let malformed = |what: &str| Err(LoadError::Malformed(what.to_owned()));
    let whole = || sections(bytes);
    Ok(Cow::Owned(match fault {
        Fault::VersionUnchecked if bytes.starts_with(b"\0asm") && bytes.len() >= 8 => {
            let mut bytes = bytes.to_vec();
            bytes[4..8].copy_from_slice(&[1, 0, 0, 0]);
            bytes
        }
        Fault::SectionOrderUnchecked => {
            let (mut sections, rest) = whole();
            sections.retain(|section| section.id != 0);
            sections.sort_by_key(|section| place(section.id));
            assemble(bytes, &sections, rest)
        }
        Fault::SectionTwiceAccepted => {
            let (mut sections, rest) = whole();
            let mut seen = [false; 14];
            sections.retain(|section| section.id == 0 || !std::mem::replace(&mut seen[usize::from(section.id)], true));
            assemble(bytes, &sections, rest)
        }
        Fault::CustomSectionUnchecked => {
            let (mut sections, rest) = whole();
            sections.retain(|section| section.id != 0);
            assemble(bytes, &sections, rest)
        }
        Fault::DataCountUnchecked => {
            let (mut sections, rest) = whole();
            let count = sections
                .iter()
                .find(|section| section.id == 11)
                .map_or(0, |section| leb(section.content).map_or(0, |(count, _)| count));
            let mut counted = Vec::new();
            put_leb(count, &mut counted);
            for section in &mut sections {
                if section.id == 12 {
                    section.content = &counted;
                }
            }
            assemble(bytes, &sections, rest)
        }
        Fault::SizeOverlongAccepted => {
            let (sections, rest) = whole();
            assemble(bytes, &sections, rest)
        }
        Fault::JunkIgnored => {
            let (sections, _) = whole();
            assemble(bytes, &sections, &[])
        }
        Fault::SizePaddedRefused if whole().0.iter().any(|section| section.size_len > minimal(section)) => {
            return malformed("the size of a section is too long");
        }
        Fault::CustomBetweenRefused if whole().0.windows(2).any(|pair| pair[0].id == 0 && pair[1].id != 0) => {
            return malformed("a custom section between others");
        }
        Fault::SectionEmptyRefused
            if whole().0.iter().any(|section| section.content == [0] && !matches!(section.id, 0 | 8 | 12)) =>
        {
            return malformed("a section without members");
        }
        _ => return Ok(bytes::mend(fault, bytes)?.map_or(Cow::Borrowed(bytes), Cow::Owned)),
    }))
}

/// Makes valid what a fault accepts, and what an import asks for less than it does.
fn mend(fault: Fault, module: &mut Module) {
    let instrs = |module: &mut Module, change: &mut dyn FnMut(&mut Instr)| {
        module.funcs.iter_mut().flat_map(|func| &mut func.body).for_each(change);
    };
    match fault {
        Fault::AlignmentUnchecked => instrs(module, &mut |instr| {
            let (align, width) = match instr {
                Instr::Load { op, align, .. } => (align, op.width()),
                Instr::Store { op, align, .. } => (align, op.width()),
                Instr::LoadLane { op, align, .. } => (align, op.width()),
                Instr::StoreLane { op, align, .. } => (align, op.width()),
                _ => return,
            };
            *align = (*align).min(width.trailing_zeros() as u8);
        }),
        Fault::LaneUnchecked => {
            instrs(module, &mut |instr| {
                if let Instr::Lane { op, lane } = instr {
                    *lane %= op.lanes();
                }
            });
            let mut shuffles = Vec::new();
            instrs(module, &mut |instr| {
                if let Instr::Shuffle(lanes) = instr {
                    shuffles.push(*lanes as usize);
                }
            });
            for lanes in shuffles {
                module.pools.vectors[lanes] = module.pools.vectors[lanes].map(|lane| lane % 32);
            }
        }
        Fault::ExportsUnchecked => {
            let mut names = std::collections::HashSet::new();
            module.exports.retain(|export| names.insert(export.name.clone()));
        }
        Fault::LimitsUnchecked => limits(module, |limits| limits.max = limits.max.map(|max| max.max(limits.min))),
        Fault::MemoryRangeUnchecked => {
            for ty in &mut module.mems {
                if ty.addr == AddrType::I32 && ty.page_log2 == 16 {
                    ty.limits.min = ty.limits.min.min(1 << 16);
                    ty.limits.max = ty.limits.max.map(|max| max.min(1 << 16));
                }
            }
        }
        Fault::GlobalSetUnchecked => {
            let imported = module.imports.iter().filter(|import| matches!(import.ty, ExternType::Global(_))).count();
            let mut set = Vec::new();
            instrs(module, &mut |instr| {
                if let Instr::GlobalSet(global) = instr {
                    set.extend(global.at().checked_sub(imported));
                }
            });
            for global in set {
                if let Some(global) = module.globals.get_mut(global) {
                    global.ty.mutability = Mutability::Var;
                }
            }
        }
        Fault::RefFuncUnchecked => {
            let imported = module.imports.iter().filter(|import| matches!(import.ty, ExternType::Func(_))).count();
            let named = syntax::named(module, imported + module.funcs.len());
            if !named.is_empty() {
                let ty = RefType { nullability: Nullability::Nullable, heap: HeapType::Func };
                module.elems.push(Elem { ty, init: ElemInit::Funcs(named), mode: ElemMode::Declarative });
            }
        }
        Fault::FinalUnchecked => module.types.iter_mut().for_each(|ty| ty.finality = Finality::Open),
        Fault::StartUnchecked => {
            let imported = module.imports.iter().filter_map(|import| match import.ty {
                ExternType::Func(ty) => Some(ty),
                _ => None,
            });
            let mut types = imported.chain(module.funcs.iter().map(|func| func.ty));
            let ty = module.start.and_then(|start| types.nth(start.at())).and_then(|ty| module.func_type(ty));
            if ty.is_some_and(|ty| !ty.params.is_empty() || !ty.results.is_empty()) {
                module.start = None;
            }
        }
        Fault::ImportMemoryUnchecked => {
            for import in &mut module.imports {
                if let ExternType::Mem(ty) = &mut import.ty {
                    ty.limits.min = 0;
                }
            }
        }
        Fault::ImportTableUnchecked => {
            for import in &mut module.imports {
                if let ExternType::Table(ty) = &mut import.ty {
                    ty.limits.max = None;
                }
            }
        }
        Fault::SegmentsSorted => sort_segments(&mut module.datas),
        Fault::ImportedOffsetTraps => refused::displace(module),
        Fault::GlobalOffsetZero | Fault::EmptyElementsAnywhere => verdicts::displace(fault, module),
        _ => {}
    }
}

/// Of two active segments of a memory that overlap, the one with the lower position comes first.
fn sort_segments(datas: &mut [Data]) {
    for later in 1..datas.len() {
        for earlier in 0..later {
            if let (Some((memory, start)), Some((other, next))) = (position(&datas[earlier]), position(&datas[later]))
                && memory == other
                && start > next
                && next + datas[later].init.len() as u64 > start
            {
                datas.swap(earlier, later);
            }
        }
    }
}

/// Where an active segment lies, if its position is a constant.
fn position(data: &Data) -> Option<(u32, u64)> {
    let DataMode::Active { mem, offset } = &data.mode else { return None };
    match offset.as_slice() {
        [Instr::I32Const(start), Instr::End] => Some((mem.0, start.cast_unsigned().into())),
        [Instr::I64Const(start), Instr::End] if *start >= 0 => Some((mem.0, (start.cast_unsigned()).min(1 << 48))),
        _ => None,
    }
}

fn limits(module: &mut Module, mut change: impl FnMut(&mut Limits)) {
    module.mems.iter_mut().for_each(|ty| change(&mut ty.limits));
    module.tables.iter_mut().for_each(|table| change(&mut table.ty.limits));
}

/// Refuses what is valid.
fn refuse(fault: Fault, module: &Module) -> Result<(), LoadError> {
    let bodies = || module.funcs.iter().map(|func| func.body.as_slice());
    let imported = module.imports.iter().filter(|import| matches!(import.ty, ExternType::Func(_))).count();
    let is_long = |block: &BlockType| matches!(block, BlockType::Func(ty) if ty.0 >= 64);
    let refused = match fault {
        Fault::DeadCodeRefused => bodies().any(|body| {
            body.windows(2).any(|pair| pair[0] == Instr::Unreachable && !matches!(pair[1], Instr::End | Instr::Else))
        }),
        Fault::ImportTwiceRefused => {
            let mut names = std::collections::HashSet::new();
            !module.imports.iter().all(|import| names.insert((&import.module, &import.name)))
        }
        Fault::StartImportedRefused => module.start.is_some_and(|start| start.at() < imported),
        Fault::BrTableEmptyRefused => {
            bodies().flatten().any(|instr| matches!(instr, Instr::BrTable(targets) if targets.len == 1))
        }
        Fault::BlockTypeLongRefused => {
            let long = bodies()
                .flatten()
                .any(|instr| matches!(instr, Instr::Block(ty) | Instr::Loop(ty) | Instr::If(ty) if is_long(ty)));
            if long {
                return Err(LoadError::Malformed("a block type of more than one byte".to_owned()));
            }
            false
        }
        Fault::MemoryIndexBitRefused => {
            let indexed = |instr: &Instr| {
                matches!(
                    instr,
                    Instr::Load { mem: MemIdx(1..), .. }
                        | Instr::Store { mem: MemIdx(1..), .. }
                        | Instr::LoadLane { mem: MemIdx(1..), .. }
                        | Instr::StoreLane { mem: MemIdx(1..), .. }
                        | Instr::Atomic { mem: MemIdx(1..), .. }
                )
            };
            if bodies().flatten().any(indexed) {
                return Err(LoadError::Malformed("a memory argument with an index".to_owned()));
            }
            false
        }
        Fault::ArrayCopyDirection => bodies().flatten().any(|instr| {
            let element = |ty: TypeIdx| match module.types.get(ty.at()).map(|ty| &ty.comp) {
                Some(CompType::Array(element)) => Some(element.storage),
                _ => None,
            };
            // What is valid and unlike is a subtype.
            matches!(instr, Instr::ArrayCopy { dst, src } if element(*dst) != element(*src))
        }),
        Fault::BrTableLoopRefused => bodies().any(|body| {
            any_br_table(module, body, |labels, _| {
                labels.iter().any(|label| label.is_loop && label.params.len() != label.results.len())
            })
        }),
        Fault::BrTableDeadRefused => bodies().any(|body| {
            any_br_table(module, body, |labels, dead| {
                dead && labels.windows(2).any(|pair| pair[0].types() != pair[1].types())
            })
        }),
        _ => return refused::verdict(fault, module).map_or(Ok(()), Err),
    };
    if refused { Err(LoadError::Invalid(format!("refused: {}", fault.name()))) } else { Ok(()) }
}

/// A label, and what its block takes and leaves.
struct Label<'a> {
    is_loop: bool,
    params: &'a [ValType],
    results: &'a [ValType],
}

impl<'a> Label<'a> {
    /// What a branch to it takes.
    fn types(&self) -> &'a [ValType] {
        if self.is_loop { self.params } else { self.results }
    }
}

/// Whether there is a `br_table` in a valid body of which this holds, told its labels and whether `unreachable` or a
/// branch stands right before it or before the constant that it takes.
fn any_br_table(module: &Module, body: &[Instr], holds: impl Fn(&[&Label<'_>], bool) -> bool) -> bool {
    let mut open: Vec<Label<'_>> = Vec::new();
    for (at, instr) in body.iter().enumerate() {
        match instr {
            Instr::Block(ty) | Instr::Loop(ty) | Instr::If(ty) => {
                open.push(label(module, *ty, matches!(instr, Instr::Loop(_))));
            }
            Instr::TryTable(table) => {
                let block = module.pools.try_tables.get(*table as usize).map_or(BlockType::Empty, |table| table.block);
                open.push(label(module, block, false));
            }
            Instr::End => {
                open.pop();
            }
            Instr::BrTable(targets) => {
                let labels: Vec<&Label<'_>> = module
                    .pools
                    .labels(*targets)
                    .iter()
                    .filter_map(|label| open.get(open.len().checked_sub(label.at() + 1)?))
                    .collect();
                let leaves = |instr: Option<&Instr>| {
                    matches!(instr, Some(Instr::Unreachable | Instr::Br(_) | Instr::Return | Instr::BrTable(_)))
                };
                let last = at.checked_sub(1).and_then(|at| body.get(at));
                let constant = matches!(last, Some(Instr::I32Const(_)));
                let before = if constant { at.checked_sub(2).and_then(|at| body.get(at)) } else { last };
                if holds(&labels, leaves(before)) {
                    return true;
                }
            }
            _ => {}
        }
    }
    false
}

fn label(module: &Module, ty: BlockType, is_loop: bool) -> Label<'_> {
    const NUMBERS: [ValType; 5] = [ValType::I32, ValType::I64, ValType::F32, ValType::F64, ValType::V128];
    match ty {
        BlockType::Empty => Label { is_loop, params: &[], results: &[] },
        // All references are alike here.
        BlockType::Val(ty) => {
            let at = NUMBERS.iter().position(|number| *number == ty);
            static REFERENCE: [ValType; 1] = [ValType::Ref(RefType::FUNC)];
            static TYPES: [ValType; 5] = NUMBERS;
            Label { is_loop, params: &[], results: at.map_or(&REFERENCE, |at| &TYPES[at..=at]) }
        }
        BlockType::Func(ty) => {
            let ty = module.func_type(ty);
            let (params, results) = ty.map_or((&[][..], &[][..]), |ty| (&ty.params, &ty.results));
            Label { is_loop, params, results }
        }
    }
}
