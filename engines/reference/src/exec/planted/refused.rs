//! Verdicts of the faults that were held out first: what they refuse, and what they accept.

use super::{Fault, verdicts};
use crate::exec::LoadError;
use crate::syntax::{
    AddrType, BlockType, CompType, DataMode, ElemInit, ElemMode, ExternType, HeapType, Instr, Limits, Module,
    Mutability, Nullability, RefType, TableType, TypeIdx, ValType,
};

/// How a module that is valid is refused.
pub(super) fn verdict(fault: Fault, module: &Module) -> Option<LoadError> {
    let bodies = || module.funcs.iter().map(|func| func.body.as_slice());
    let refused = match fault {
        Fault::CastIndexRefused => bodies()
            .flatten()
            .any(|instr| matches!(instr, Instr::RefCast(RefType { heap: HeapType::Concrete(128..), .. }))),
        Fault::CallRefSubtypeRefused => bodies().any(|body| {
            body.windows(3).any(|window| {
                let [value, Instr::LocalGet(_) | Instr::RefFunc(_) | Instr::GlobalGet(_), Instr::CallRef(ty)] = window
                else {
                    return false;
                };
                matches!((last_param(module, *ty), made(*value)), (Some(wanted), Some(found)) if wanted != found)
            })
        }),
        Fault::NullResultRefused => module.funcs.iter().any(|func| {
            let internal = |ty: &ValType| {
                let ValType::Ref(ty) = ty else { return false };
                matches!(ty.heap, HeapType::Any | HeapType::Eq | HeapType::I31 | HeapType::Struct | HeapType::Array)
            };
            matches!(func.body.as_slice(), [.., Instr::RefNull(HeapType::None), Instr::End])
                && module.func_type(func.ty).and_then(|ty| ty.results.last()).is_some_and(internal)
        }),
        Fault::EqualTypeRefused => bodies().any(|body| {
            body.windows(2).any(|pair| {
                let [value, Instr::Call(func)] = pair else { return false };
                let wanted = func_types(module).get(func.at()).and_then(|ty| last_param(module, *ty));
                match (wanted.map(|ty| ty.heap), made(*value).map(|ty| ty.heap)) {
                    (Some(HeapType::Concrete(wanted)), Some(HeapType::Concrete(found))) => {
                        !declared(module, found, wanted)
                    }
                    _ => false,
                }
            })
        }),
        Fault::ImportedTableRefused if module.funcs.is_empty() => {
            let imported: Vec<TableType> = module
                .imports
                .iter()
                .filter_map(|import| match import.ty {
                    ExternType::Table(ty) => Some(ty),
                    _ => None,
                })
                .collect();
            module.elems.iter().any(|elem| match &elem.mode {
                ElemMode::Active { table, .. } => {
                    imported.get(table.at()).is_some_and(|ty| ty.addr == AddrType::I64 || ty.elem != RefType::FUNC)
                }
                _ => false,
            })
        }
        Fault::DeadInnerBlockRefused => bodies().any(|body| dead_inner_block(module, body)),
        Fault::DeclaredTypedMalformed => {
            let typed = module.elems.iter().any(|elem| {
                matches!(elem.mode, ElemMode::Declarative) && matches!(elem.ty.heap, HeapType::Concrete(_))
            });
            return typed.then(|| LoadError::Malformed("a declarative segment of a defined type".to_owned()));
        }
        Fault::OwnOffsetRefused => module.elems.iter().any(|elem| match &elem.mode {
            ElemMode::Active { offset, .. } => offset
                .iter()
                .any(|instr| matches!(instr, Instr::GlobalGet(global) if global.at() >= imported_globals(module))),
            _ => false,
        }),
        Fault::SegmentSizeRefused => {
            let imported = module.imports.iter().filter_map(|import| match import.ty {
                ExternType::Mem(ty) => Some(ty),
                _ => None,
            });
            let mems: Vec<_> = imported.chain(module.mems.iter().copied()).collect();
            module.datas.iter().any(|data| {
                let DataMode::Active { mem, offset } = &data.mode else { return false };
                let start = match offset.as_slice() {
                    [Instr::I32Const(start), Instr::End] => u64::from(start.cast_unsigned()),
                    [Instr::I64Const(start), Instr::End] => start.cast_unsigned(),
                    _ => return false,
                };
                let size = mems.get(mem.at()).map_or(u64::MAX, |ty| {
                    let Limits { min, .. } = ty.limits;
                    min.saturating_mul(1 << ty.page_log2)
                });
                start.saturating_add(data.init.len() as u64) > size
            })
        }
        _ => return verdicts::verdict(fault, module),
    };
    refused.then(|| LoadError::Invalid(format!("refused: {}", fault.name())))
}

/// Makes valid what is accepted wrongly, before anything is validated.
pub(super) fn accept(fault: Fault, module: &mut Module) {
    if fault != Fault::ElementMutableGlobal {
        return verdicts::accept(fault, module);
    }
    let imported = imported_globals(module);
    for elem in &mut module.elems {
        let ElemInit::Exprs(exprs) = &mut elem.init else { continue };
        for expr in exprs {
            let [Instr::GlobalGet(global), Instr::End] = expr.as_slice() else { continue };
            let own = global.at().checked_sub(imported).and_then(|at| module.globals.get(at));
            if let Some(global) = own.filter(|global| global.ty.mutability == Mutability::Var) {
                *expr = global.init.clone();
            }
        }
    }
}

/// Segments that lie where an imported global says lie at the last address.
pub(super) fn displace(module: &mut Module) {
    let imported = imported_globals(module);
    let types: Vec<ValType> = module
        .imports
        .iter()
        .filter_map(|import| match import.ty {
            ExternType::Global(ty) => Some(ty.val),
            _ => None,
        })
        .collect();
    let offsets = module
        .datas
        .iter_mut()
        .filter_map(|data| match &mut data.mode {
            DataMode::Active { offset, .. } => Some(offset),
            DataMode::Passive => None,
        })
        .chain(module.elems.iter_mut().filter_map(|elem| match &mut elem.mode {
            ElemMode::Active { offset, .. } => Some(offset),
            ElemMode::Passive | ElemMode::Declarative => None,
        }));
    for offset in offsets {
        if let [Instr::GlobalGet(global), Instr::End] = offset.as_slice()
            && global.at() < imported
        {
            let last = if types[global.at()] == ValType::I64 { Instr::I64Const(-1) } else { Instr::I32Const(-1) };
            *offset = vec![last, Instr::End];
        }
    }
}

fn imported_globals(module: &Module) -> usize {
    module.imports.iter().filter(|import| matches!(import.ty, ExternType::Global(_))).count()
}

/// The types of all functions, imports first.
fn func_types(module: &Module) -> Vec<TypeIdx> {
    let imported = module.imports.iter().filter_map(|import| match import.ty {
        ExternType::Func(ty) => Some(ty),
        _ => None,
    });
    imported.chain(module.funcs.iter().map(|func| func.ty)).collect()
}

/// The last parameter of a type of functions, if it is a reference.
fn last_param(module: &Module, ty: TypeIdx) -> Option<RefType> {
    match &module.types.get(ty.at())?.comp {
        CompType::Func(ty) => match ty.params.last()? {
            ValType::Ref(ty) => Some(*ty),
            _ => None,
        },
        _ => None,
    }
}

/// The type of the reference that an instruction makes.
pub(super) const fn made(instr: Instr) -> Option<RefType> {
    let (nullability, heap) = match instr {
        Instr::RefNull(heap) => (Nullability::Nullable, heap),
        Instr::RefI31 => (Nullability::NonNull, HeapType::I31),
        Instr::StructNew(ty)
        | Instr::StructNewDefault(ty)
        | Instr::ArrayNew(ty)
        | Instr::ArrayNewDefault(ty)
        | Instr::ArrayNewFixed { ty, .. } => (Nullability::NonNull, HeapType::Concrete(ty.0)),
        _ => return None,
    };
    Some(RefType { nullability, heap })
}

/// Whether a type is another one, or declares it as a supertype.
fn declared(module: &Module, mut ty: u32, other: u32) -> bool {
    // Supertypes come first, so this ends.
    loop {
        if ty == other {
            return true;
        }
        match module.types.get(ty as usize).and_then(|ty| ty.supers.first()) {
            Some(above) if above.0 < ty => ty = above.0,
            _ => return false,
        }
    }
}

/// Whether a block with results ends, behind a branch, with an empty block.
fn dead_inner_block(module: &Module, body: &[Instr]) -> bool {
    let mut open = Vec::new();
    for (at, instr) in body.iter().enumerate() {
        match instr {
            Instr::Block(ty) => {
                let leaves = at.checked_sub(1).is_some_and(|at| {
                    matches!(body[at], Instr::Br(_) | Instr::Return | Instr::Unreachable | Instr::BrTable(_))
                });
                let ends = matches!(body[at + 1..], [Instr::End, Instr::End, ..]);
                if *ty == BlockType::Empty && leaves && ends && open.last() == Some(&true) {
                    return true;
                }
                open.push(match ty {
                    BlockType::Empty => false,
                    BlockType::Val(_) => true,
                    BlockType::Func(ty) => module.func_type(*ty).is_some_and(|ty| !ty.results.is_empty()),
                });
            }
            Instr::Loop(_) | Instr::If(_) | Instr::TryTable(_) => open.push(false),
            Instr::End => {
                open.pop();
            }
            _ => {}
        }
    }
    false
}
