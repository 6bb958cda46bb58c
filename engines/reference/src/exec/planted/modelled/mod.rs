//! Faults modelled on bugs that engines had, as rewriting of valid code: the condition of the bug is looked for among
//! the instructions around an instruction, and what stands in its place computes what the engine computed.
//!
//! A module is validated before it is rewritten, so that what is invalid stays so, and afterwards again, so that the
//! machine meets valid code only.

mod blocks;
mod held;
mod locals;
mod numbers;
mod second;
mod stores;
mod third;
mod whole;

use super::Fault;
use crate::syntax::Instr::{self, Numeric as Num};
use crate::syntax::{
    BlockType, CompType, DataMode, ExternType, FieldIdx, FuncIdx, FuncType, GlobalType, LaneOp, LocalIdx, MemIdx,
    Module, Mutability, Pools, SubType, TypeIdx, ValType,
};

/// What a rewriting has to know of the module.
struct Context<'a> {
    types: &'a [SubType],
    /// By function, imports first.
    funcs: &'a [TypeIdx],
    globals: &'a [GlobalType],
    wide_memories: &'a [bool],
    /// By data segment: how many bytes a passive one has.
    passive: &'a [Option<usize>],
    /// By function: whether its last instruction wraps a 64-bit value.
    wraps: &'a [bool],
    /// By function: whether it ends in a tail call with arguments.
    tail_calls: &'a [bool],
    /// The fields that some function reads.
    read_fields: &'a [(TypeIdx, FieldIdx)],
    /// By global: the type of the structure that it holds for good.
    initial: &'a [Option<TypeIdx>],
    whole: &'a whole::Whole,
    pools: &'a Pools,
}

impl Context<'_> {
    fn func_type(&self, ty: TypeIdx) -> Option<&FuncType> {
        match &self.types.get(ty.at())?.comp {
            CompType::Func(ty) => Some(ty),
            _ => None,
        }
    }

    fn callee(&self, func: FuncIdx) -> Option<&FuncType> {
        self.func_type(*self.funcs.get(func.at())?)
    }

    /// The parameters and results of a block.
    fn block(&self, ty: BlockType) -> Option<(&[ValType], Vec<ValType>)> {
        match ty {
            BlockType::Empty => Some((&[], Vec::new())),
            BlockType::Val(ty) => Some((&[], vec![ty])),
            BlockType::Func(ty) => self.func_type(ty).map(|ty| (ty.params.as_slice(), ty.results.clone())),
        }
    }

    fn is_wide(&self, mem: MemIdx) -> bool {
        self.wide_memories.get(mem.at()).copied().unwrap_or(false)
    }

    fn is_const(&self, global: crate::syntax::GlobalIdx) -> bool {
        self.globals.get(global.at()).is_some_and(|ty| ty.mutability == Mutability::Const)
    }
}

/// The locals of a function, with room for more.
struct Locals<'a> {
    params: &'a [ValType],
    runs: &'a mut Vec<(u32, ValType)>,
}

impl Locals<'_> {
    fn count(&self) -> u32 {
        self.runs.iter().fold(self.params.len() as u32, |sum, (count, _)| sum.saturating_add(*count))
    }

    fn ty(&self, local: LocalIdx) -> Option<ValType> {
        let mut index = local.0;
        if let Some(ty) = self.params.get(local.at()) {
            return Some(*ty);
        }
        index -= self.params.len() as u32;
        for (count, ty) in self.runs.iter() {
            if index < *count {
                return Some(*ty);
            }
            index -= count;
        }
        None
    }

    fn fresh(&mut self, ty: ValType) -> LocalIdx {
        let index = self.count();
        self.runs.push((1, ty));
        LocalIdx(index)
    }
}

/// The place that a rewriting looks at.
struct Place<'a, 'b> {
    context: &'a Context<'a>,
    locals: &'a mut Locals<'b>,
    /// The function's type.
    func: &'a FuncType,
    /// The whole body as it was, and the position in it.
    old: &'a [Instr],
    at: usize,
    out: &'a mut Vec<Instr>,
    /// What is to be inserted before later positions.
    later: &'a mut Vec<(usize, Vec<Instr>)>,
    vectors: &'a mut Vec<[u8; 16]>,
}

impl<'a> Place<'a, '_> {
    fn before(&self) -> &'a [Instr] {
        &self.old[..self.at]
    }

    /// Writes `instrs` in the place of `taken` instructions.
    fn put(&mut self, taken: usize, instrs: &[Instr]) -> Option<usize> {
        self.out.extend_from_slice(instrs);
        Some(taken)
    }

    fn vector(&mut self, bytes: [u8; 16]) -> Instr {
        self.vectors.push(bytes);
        Instr::V128Const(self.vectors.len() as u32 - 1)
    }

    /// What an instruction takes from the stack and leaves there, if both are known here.
    fn arity(&self, instr: Instr) -> Option<(usize, usize)> {
        Some(match instr {
            Instr::I32Const(_)
            | Instr::I64Const(_)
            | Instr::F32Const(_)
            | Instr::F64Const(_)
            | Instr::V128Const(_)
            | Instr::LocalGet(_)
            | Instr::GlobalGet(_)
            | Instr::MemorySize(_)
            | Instr::TableSize(_)
            | Instr::RefNull(_)
            | Instr::RefFunc(_)
            | Instr::StructNewDefault(_) => (0, 1),
            Instr::LocalTee(_)
            | Instr::Load { .. }
            | Instr::MemoryGrow(_)
            | Instr::TableGet(_)
            | Instr::RefIsNull
            | Instr::RefAsNonNull
            | Instr::RefTest(_)
            | Instr::RefCast(_)
            | Instr::StructGet { .. }
            | Instr::StructGetS { .. }
            | Instr::StructGetU { .. }
            | Instr::ArrayLen
            | Instr::ArrayNewDefault(_)
            | Instr::RefI31
            | Instr::I31GetS
            | Instr::I31GetU
            | Instr::AnyConvertExtern
            | Instr::ExternConvertAny => (1, 1),
            Instr::Shuffle(_)
            | Instr::LoadLane { .. }
            | Instr::TableGrow(_)
            | Instr::RefEq
            | Instr::ArrayGet(_)
            | Instr::ArrayGetS(_)
            | Instr::ArrayGetU(_) => (2, 1),
            Instr::Select | Instr::SelectTyped(_) => (3, 1),
            Num(op) => (op.signature().operands.len(), op.signature().results.len()),
            Instr::Vector(op) => (op.signature().operands.len(), op.signature().results.len()),
            Instr::Lane { op, .. } => match op {
                LaneOp::I8x16ReplaceLane
                | LaneOp::I16x8ReplaceLane
                | LaneOp::I32x4ReplaceLane
                | LaneOp::I64x2ReplaceLane
                | LaneOp::F32x4ReplaceLane
                | LaneOp::F64x2ReplaceLane => (2, 1),
                _ => (1, 1),
            },
            Instr::Call(func) => {
                let ty = self.context.callee(func)?;
                (ty.params.len(), ty.results.len())
            }
            _ => return None,
        })
    }

    /// Where the expression starts whose value is on top of the stack before position `end`; `None` if it is no single
    /// expression of instructions whose arity is known.
    fn start_of(&self, end: usize) -> Option<usize> {
        let mut wanted = 1;
        for at in (0..end).rev() {
            let (pops, pushes) = self.arity(self.old[at])?;
            if pushes != 1 {
                return None;
            }
            wanted = wanted - 1 + pops;
            if wanted == 0 {
                return Some(at);
            }
        }
        None
    }

    /// The type of the value that an instruction leaves.
    fn ty_of(&self, instr: Instr) -> Option<ValType> {
        match instr {
            Instr::I32Const(_) => Some(ValType::I32),
            Instr::I64Const(_) => Some(ValType::I64),
            Instr::F32Const(_) => Some(ValType::F32),
            Instr::F64Const(_) => Some(ValType::F64),
            Instr::V128Const(_) | Instr::Shuffle(_) => Some(ValType::V128),
            Instr::LocalGet(local) | Instr::LocalTee(local) => self.locals.ty(local),
            Instr::GlobalGet(global) => self.context.globals.get(global.at()).map(|ty| ty.val),
            Instr::Load { op, .. } => Some(op.ty()),
            Num(op) => op.signature().results.first().copied(),
            Instr::Vector(op) => op.signature().results.first().copied(),
            Instr::Call(func) => self.context.callee(func)?.results.first().copied(),
            _ => None,
        }
    }

    /// The position of the `end` that belongs to the block instruction at `at`, and of its `else`.
    fn end_of(&self, at: usize) -> Option<(usize, Option<usize>)> {
        let (mut depth, mut otherwise) = (0_usize, None);
        for (index, instr) in self.old.iter().enumerate().skip(at + 1) {
            match instr {
                Instr::Block(_) | Instr::Loop(_) | Instr::If(_) | Instr::TryTable(_) => depth += 1,
                Instr::Else if depth == 0 => otherwise = Some(index),
                Instr::End if depth == 0 => return Some((index, otherwise)),
                Instr::End => depth -= 1,
                _ => {}
            }
        }
        None
    }

    /// The block instructions around a position, outermost first.
    fn around(&self, at: usize) -> Vec<usize> {
        let mut open = Vec::new();
        for (index, instr) in self.old[..at].iter().enumerate() {
            match instr {
                Instr::Block(_) | Instr::Loop(_) | Instr::If(_) | Instr::TryTable(_) => open.push(index),
                Instr::End => {
                    open.pop();
                }
                _ => {}
            }
        }
        open
    }
}

const fn number(ty: ValType) -> bool {
    matches!(ty, ValType::I32 | ValType::I64 | ValType::F32 | ValType::F64)
}

/// The zero of a type of numbers.
const fn zero(ty: ValType) -> Option<Instr> {
    Some(match ty {
        ValType::I32 => Instr::I32Const(0),
        ValType::I64 => Instr::I64Const(0),
        ValType::F32 => Instr::F32Const(0),
        ValType::F64 => Instr::F64Const(0),
        ValType::V128 | ValType::Ref(_) => return None,
    })
}

const fn is_constant(instr: Instr) -> bool {
    matches!(instr, Instr::I32Const(_) | Instr::I64Const(_) | Instr::F32Const(_) | Instr::F64Const(_))
}

/// A value that one instruction makes without effect, whatever else happens.
const fn is_simple(instr: Instr) -> bool {
    is_constant(instr) || matches!(instr, Instr::LocalGet(_))
}

/// Rewrites all bodies of a valid module.
pub(super) fn rewrite(fault: Fault, module: &mut Module) {
    second::prepare(fault, module);
    whole::prepare(fault, module);
    let whole = whole::Whole::of(fault, module);
    let (mut funcs, mut globals, mut wide_memories) = (Vec::new(), Vec::new(), Vec::new());
    let is_wide = |ty: &crate::syntax::MemType| ty.addr == crate::syntax::AddrType::I64;
    for import in &module.imports {
        match &import.ty {
            ExternType::Func(ty) => funcs.push(*ty),
            ExternType::Global(ty) => globals.push(*ty),
            ExternType::Mem(ty) => wide_memories.push(is_wide(ty)),
            ExternType::Table(_) | ExternType::Tag(_) => {}
        }
    }
    let imported = funcs.len();
    let initial =
        if fault == Fault::CastOfInitialObject { second::initial_objects(module, globals.len()) } else { Vec::new() };
    funcs.extend(module.funcs.iter().map(|func| func.ty));
    globals.extend(module.globals.iter().map(|global| global.ty));
    wide_memories.extend(module.mems.iter().map(is_wide));
    let passive: Vec<Option<usize>> =
        module.datas.iter().map(|data| matches!(data.mode, DataMode::Passive).then_some(data.init.len())).collect();
    let types = std::mem::take(&mut module.types);
    let has_params = |ty: TypeIdx| matches!(types.get(ty.at()).map(|ty| &ty.comp), Some(CompType::Func(ty)) if !ty.params.is_empty());
    let (mut wraps, mut tail_calls) = (vec![false; imported], vec![false; imported]);
    for func in &module.funcs {
        wraps.push(matches!(func.body.as_slice(), [.., Num(crate::syntax::NumericOp::I32WrapI64), Instr::End]));
        tail_calls.push(match func.body.as_slice() {
            [.., Instr::ReturnCall(callee), Instr::End] => funcs.get(callee.at()).is_some_and(|ty| has_params(*ty)),
            [.., Instr::ReturnCallIndirect { ty, .. }, Instr::End] => has_params(*ty),
            _ => false,
        });
    }
    let read_fields = if fault == Fault::NullTrapBeforeValue { held::read_fields(module) } else { Vec::new() };
    let mut vectors = std::mem::take(&mut module.pools.vectors);
    let context = Context {
        types: &types,
        funcs: &funcs,
        globals: &globals,
        wide_memories: &wide_memories,
        passive: &passive,
        wraps: &wraps,
        tail_calls: &tail_calls,
        read_fields: &read_fields,
        initial: &initial,
        whole: &whole,
        pools: &module.pools,
    };
    for func in &mut module.funcs {
        let Some(ty) = context.func_type(func.ty) else { continue };
        let old = std::mem::take(&mut func.body);
        let mut locals = Locals { params: &ty.params, runs: &mut func.locals };
        let mut later: Vec<(usize, Vec<Instr>)> = Vec::new();
        let mut at = 0;
        while at < old.len() {
            // What was noted last stands innermost.
            for (_, instrs) in later.iter().rev().filter(|(position, _)| *position == at) {
                func.body.extend_from_slice(instrs);
            }
            let mut place = Place {
                context: &context,
                locals: &mut locals,
                func: ty,
                old: &old,
                at,
                out: &mut func.body,
                later: &mut later,
                vectors: &mut vectors,
            };
            if let Some(taken) = rewrite_at(fault, &mut place) {
                at += taken;
            } else {
                func.body.push(old[at]);
                at += 1;
            }
        }
    }
    module.pools.vectors = vectors;
    module.types = types;
}

/// Rewrites the instructions at a place, if the fault is about them: how many they are.
fn rewrite_at(fault: Fault, place: &mut Place<'_, '_>) -> Option<usize> {
    let (before, after) = (place.before(), &place.old[place.at..]);
    numbers::rewrite(fault, place, before, after)
        .or_else(|| locals::rewrite(fault, place, before, after))
        .or_else(|| stores::rewrite(fault, place, before, after))
        .or_else(|| blocks::rewrite(fault, place, before, after))
        .or_else(|| held::rewrite(fault, place, before, after))
        .or_else(|| second::rewrite(fault, place, before, after))
        .or_else(|| third::rewrite(fault, place, before, after))
}
