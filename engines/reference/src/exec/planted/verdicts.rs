//! Verdicts of the second list that was held out once: what it refuses and accepts, and where it puts segments.

use super::refused::made;
use super::{Fault, third};
use crate::exec::LoadError;
use crate::syntax::{
    AddrType, BlockType, CatchKind, CompType, ElemMode, ExternType, HeapType, Instr, Module, Nullability, RefType,
    TableType, TypeIdx, ValType,
};

/// How a module that is valid is refused.
pub(super) fn verdict(fault: Fault, module: &Module) -> Option<LoadError> {
    let bodies = || module.funcs.iter().map(|func| func.body.as_slice());
    let non_null = |ty: RefType| ty.nullability == Nullability::NonNull;
    let refused = match fault {
        Fault::ThrowSubtypeRefused => {
            let tags = tag_types(module);
            bodies().any(|body| {
                body.windows(2).any(|pair| {
                    let [value, Instr::Throw(tag)] = pair else { return false };
                    let params = tags.get(tag.at()).and_then(|ty| module.func_type(*ty)).map(|ty| &ty.params);
                    match (params.and_then(|params| params.last()), made(*value)) {
                        (Some(ValType::Ref(wanted)), Some(found)) => *wanted != found,
                        _ => false,
                    }
                })
            })
        }
        Fault::CastNullableRefused => bodies().any(|body| {
            body.windows(2).any(|pair| {
                let [value, Instr::RefCast(to)] = pair else { return false };
                !non_null(*to) && made(*value).is_some_and(non_null)
            })
        }),
        Fault::CatchRefNonNullRefused => any_instr(module, |_, instr, labels| {
            let Instr::TryTable(table) = instr else { return false };
            let Some(table) = module.pools.try_tables.get(*table as usize) else { return false };
            module.pools.catches(table.catches).iter().any(|catch| {
                let label = labels.len().checked_sub(catch.label.at() + 1).and_then(|at| labels[at].last());
                let passes = matches!(catch.kind, CatchKind::TagRef(_) | CatchKind::AllRef);
                passes && matches!(label, Some(ValType::Ref(ty)) if non_null(*ty) && ty.heap == HeapType::Exn)
            })
        }),
        Fault::DeadSelectRefused => any_instr(module, |before, instr, labels| {
            let ([.., Instr::Unreachable, Instr::BrIf(label)], Instr::Select) = (before, instr) else { return false };
            labels.len().checked_sub(label.at() + 1).is_some_and(|at| labels[at].len() == 1)
        }),
        _ => false,
    };
    refused.then(|| LoadError::Invalid(format!("refused: {}", fault.name())))
}

/// Makes valid what is accepted wrongly, before anything is validated.
pub(super) fn accept(fault: Fault, module: &mut Module) {
    if fault != Fault::ForwardSupertypeAccepted {
        return third::accept(fault, module);
    }
    let mut first = 0;
    for size in &module.rec_groups {
        let end = first + *size as usize;
        for at in first..end.min(module.types.len()) {
            module.types[at].supers.retain(|above| above.at() < at || above.at() >= end);
        }
        first = end;
    }
}

/// Puts segments where they don't belong.
pub(super) fn displace(fault: Fault, module: &mut Module) {
    let imported = |import: &crate::syntax::Import| match import.ty {
        ExternType::Table(ty) => Some(ty),
        _ => None,
    };
    let tables: Vec<TableType> = module.imports.iter().filter_map(imported).collect();
    let tables: Vec<TableType> = tables.into_iter().chain(module.tables.iter().map(|table| table.ty)).collect();
    let zero = |addr: AddrType| match addr {
        AddrType::I32 => vec![Instr::I32Const(0), Instr::End],
        AddrType::I64 => vec![Instr::I64Const(0), Instr::End],
    };
    for elem in &mut module.elems {
        let empty = elem.init.is_empty();
        if let ElemMode::Active { table, offset } = &mut elem.mode
            && let Some(ty) = tables.get(table.at())
            && (fault == Fault::GlobalOffsetZero && reads_global(offset)
                || fault == Fault::EmptyElementsAnywhere && empty)
        {
            *offset = zero(ty.addr);
        }
    }
    if fault == Fault::GlobalOffsetZero {
        let memories = module.imports.iter().filter_map(|import| match import.ty {
            ExternType::Mem(ty) => Some(ty.addr),
            _ => None,
        });
        let memories: Vec<AddrType> = memories.chain(module.mems.iter().map(|ty| ty.addr)).collect();
        for data in &mut module.datas {
            if let crate::syntax::DataMode::Active { mem, offset } = &mut data.mode
                && let Some(addr) = memories.get(mem.at())
                && reads_global(offset)
            {
                *offset = zero(*addr);
            }
        }
    }
}

/// Whether a constant expression reads a global.
pub(super) fn reads_global(expr: &[Instr]) -> bool {
    expr.iter().any(|instr| matches!(instr, Instr::GlobalGet(_)))
}

/// The types of all tags, imports first.
fn tag_types(module: &Module) -> Vec<TypeIdx> {
    let imported = module.imports.iter().filter_map(|import| match import.ty {
        ExternType::Tag(ty) => Some(ty),
        _ => None,
    });
    imported.chain(module.tags.iter().copied()).collect()
}

/// Whether there is an instruction of which this holds, told what stands before it and what branches to the labels
/// around it take, outermost first.
fn any_instr(module: &Module, holds: impl Fn(&[Instr], &Instr, &[Vec<ValType>]) -> bool) -> bool {
    let block = |ty: BlockType, is_loop: bool| match ty {
        BlockType::Empty => Vec::new(),
        BlockType::Val(_) if is_loop => Vec::new(),
        BlockType::Val(ty) => vec![ty],
        BlockType::Func(ty) => match module.types.get(ty.at()).map(|ty| &ty.comp) {
            Some(CompType::Func(ty)) => if is_loop { &ty.params } else { &ty.results }.clone(),
            _ => Vec::new(),
        },
    };
    module.funcs.iter().any(|func| {
        let mut labels = vec![block(BlockType::Func(func.ty), false)];
        func.body.iter().enumerate().any(|(at, instr)| {
            if holds(&func.body[..at], instr, &labels) {
                return true;
            }
            match instr {
                Instr::Block(ty) | Instr::If(ty) => labels.push(block(*ty, false)),
                Instr::Loop(ty) => labels.push(block(*ty, true)),
                Instr::TryTable(table) => {
                    let table = module.pools.try_tables.get(*table as usize);
                    labels.push(block(table.map_or(BlockType::Empty, |table| table.block), false));
                }
                Instr::End => {
                    labels.pop();
                }
                _ => {}
            }
            false
        })
    })
}
