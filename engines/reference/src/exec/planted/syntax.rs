//! Faults that rewrite instructions before they are validated: what a compiler's own rewriting gets wrong, what a
//! decoder misreads, and what only a large module shows.

use super::Fault as F;
use crate::syntax::Instr::{self, Numeric as Num};
use crate::syntax::{
    CatchKind, CompType, ExternIdx, ExternType, FuncIdx, FuncType, GlobalType, LoadOp, LocalIdx, Module,
    NumericOp as N, SubType, TagIdx, TypeIdx, ValType,
};
use crate::valid::Validated;

/// What a rewriting has to know of the module.
struct Context<'a> {
    types: &'a [SubType],
    funcs: &'a [TypeIdx],
    tags: &'a [TypeIdx],
    globals: &'a [GlobalType],
    wide_memories: &'a [bool],
}

impl Context<'_> {
    fn func_type(&self, ty: Option<&TypeIdx>) -> Option<&FuncType> {
        match &self.types.get(ty?.at())?.comp {
            CompType::Func(ty) => Some(ty),
            _ => None,
        }
    }
}

/// The locals of a function, with room for more.
struct Locals<'a> {
    params: u32,
    runs: &'a mut Vec<(u32, ValType)>,
    body_len: usize,
}

impl Locals<'_> {
    fn fresh(&mut self, ty: ValType) -> LocalIdx {
        let index = self.runs.iter().fold(self.params, |sum, (count, _)| sum.saturating_add(*count));
        self.runs.push((1, ty));
        LocalIdx(index)
    }
}

/// Rewrites all bodies.
pub(super) fn rewrite(fault: F, module: &mut Module) {
    match fault {
        F::CatchAllOverlooked => return overlook_catch_all(module),
        F::TagsByType => return merge_tags(module),
        _ => {}
    }
    let (mut funcs, mut tags, mut globals, mut wide_memories) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    let is_wide = |ty: &crate::syntax::MemType| ty.addr == crate::syntax::AddrType::I64;
    for import in &module.imports {
        match &import.ty {
            ExternType::Func(ty) => funcs.push(*ty),
            ExternType::Tag(ty) => tags.push(*ty),
            ExternType::Global(ty) => globals.push(*ty),
            ExternType::Mem(ty) => wide_memories.push(is_wide(ty)),
            ExternType::Table(_) => {}
        }
    }
    funcs.extend(module.funcs.iter().map(|func| func.ty));
    tags.extend(&module.tags);
    globals.extend(module.globals.iter().map(|global| global.ty));
    wide_memories.extend(module.mems.iter().map(is_wide));
    let context =
        Context { types: &module.types, funcs: &funcs, tags: &tags, globals: &globals, wide_memories: &wide_memories };
    for func in &mut module.funcs {
        let params = context.func_type(Some(&func.ty)).map_or(0, |ty| ty.params.len() as u32);
        let old = std::mem::take(&mut func.body);
        let mut locals = Locals { params, runs: &mut func.locals, body_len: old.len() };
        let mut rest = old.as_slice();
        while let Some(first) = rest.first() {
            match place(fault, rest, &mut func.body, &context, &mut locals) {
                Some(taken) => rest = &rest[taken..],
                None => {
                    func.body.push(*first);
                    rest = &rest[1..];
                }
            }
        }
    }
}

/// Whether the bodies of a valid module come out otherwise.
pub(super) fn changes(fault: F, module: &Module, validated: &Validated) -> bool {
    let mut other = module.clone();
    if fault.model().is_some() {
        super::modelled::rewrite(fault, &mut other);
    } else {
        rewrite(fault, &mut other);
    }
    spill(fault, &mut other, validated);
    // Another index of a vector is another vector: none is added but for a change.
    let bodies = module.funcs.iter().zip(&other.funcs).all(|(a, b)| a.body == b.body);
    let lens = |module: &Module| module.pools.try_tables.iter().map(|table| table.catches.len).collect::<Vec<_>>();
    let exports = module.exports.iter().zip(&other.exports).all(|(a, b)| a.index == b.index);
    !(bodies && exports && module.pools.catches == other.pools.catches && lens(module) == lens(&other))
}

/// Rewrites the instructions at the beginning of `rest`, if the fault is about them: how many they are.
#[allow(clippy::too_many_lines, reason = "one arm a fault")]
fn place(
    fault: F,
    rest: &[Instr],
    out: &mut Vec<Instr>,
    context: &Context<'_>,
    locals: &mut Locals<'_>,
) -> Option<usize> {
    let power = |value: i64| value > 1 && value & (value - 1) == 0;
    let mut put = |taken: usize, instrs: &[Instr]| {
        out.extend_from_slice(instrs);
        Some(taken)
    };
    match (fault, rest) {
        (F::DivPowerOfTwo, [Instr::I32Const(by), Num(N::I32DivS), ..]) if power((*by).into()) => {
            put(2, &[Instr::I32Const(by.trailing_zeros().cast_signed()), Num(N::I32ShrS)])
        }
        (F::RemPowerOfTwo, [Instr::I64Const(by), Num(N::I64RemS), ..]) if power(*by) => {
            put(2, &[Instr::I64Const(by - 1), Num(N::I64And)])
        }
        (F::ShiftConstantWide, [Instr::I32Const(by), Num(N::I32ShrU), ..]) if by.cast_unsigned() >= 32 => {
            put(2, &[Instr::Drop, Instr::I32Const(0)])
        }
        (F::SelectAfterEqz, [Num(N::I32Eqz), Instr::Select, ..]) => put(2, &[Instr::Select]),
        (F::NotLessGreaterEqual, [Num(N::F64Lt), Num(N::I32Eqz), ..]) => put(2, &[Num(N::F64Ge)]),
        (F::SubSameLocal, [Instr::LocalGet(a), Instr::LocalGet(b), Num(N::F64Sub), ..]) if a == b => {
            put(3, &[Instr::F64Const(0)])
        }
        (F::WrapExtendFolded, [Num(N::I32WrapI64), Num(N::I64ExtendI32U), ..])
        | (F::DemotePromoteFolded, [Num(N::F32DemoteF64), Num(N::F64PromoteF32), ..])
        | (F::AddZeroFolded, [Instr::F32Const(0), Num(N::F32Add), ..]) => put(2, &[]),
        (F::AddressFolded, [Instr::I32Const(by), Num(N::I32Add), Instr::Load { op, align, mem, offset }, ..])
            if *by >= 0 && *offset + by.unsigned_abs() as u64 <= u64::from(u32::MAX) =>
        {
            let offset = *offset + u64::from(by.unsigned_abs());
            put(3, &[Instr::Load { op: *op, align: *align, mem: *mem, offset }])
        }
        (F::AddImmediateSigned, [Instr::I64Const(by @ 0x8000_0000..=0xffff_ffff), Num(N::I64Add), ..]) => {
            put(2, &[Instr::I64Const((*by as i32).into()), Num(N::I64Add)])
        }
        (F::DivReciprocal, [Instr::F64Const(by), Num(N::F64Div), ..]) => {
            put(2, &[Instr::F64Const((1.0 / f64::from_bits(*by)).to_bits()), Num(N::F64Mul)])
        }
        (F::GlobalReadLate, [Instr::GlobalGet(global), Instr::Call(func), ..]) => {
            let ty = context.func_type(context.funcs.get(func.at()))?;
            let ([], [result]) = (ty.params.as_slice(), ty.results.as_slice()) else { return None };
            context.globals.get(global.at())?;
            let kept = locals.fresh(*result);
            put(2, &[Instr::Call(*func), Instr::LocalSet(kept), Instr::GlobalGet(*global), Instr::LocalGet(kept)])
        }
        // The operand that `local.tee` takes is made by one instruction between the two.
        (
            F::LocalReadLate,
            [
                Instr::LocalGet(a),
                value @ (Instr::I32Const(_) | Instr::I64Const(_) | Instr::F32Const(_) | Instr::F64Const(_)),
                Instr::LocalTee(b),
                ..,
            ],
        ) if a == b => put(3, &[*value, Instr::LocalTee(*b), Instr::LocalGet(*a)]),
        (F::LocalReadLate, [Instr::LocalGet(a), Instr::LocalGet(value), Instr::LocalTee(b), ..]) if a == b => {
            put(3, &[Instr::LocalGet(*value), Instr::LocalTee(*b), Instr::LocalGet(*a)])
        }

        (F::I32ConstFourBytes, [Instr::I32Const(value), ..]) => put(1, &[Instr::I32Const(value << 4 >> 4)]),
        (F::I64ConstDouble, [Instr::I64Const(value), ..]) => put(1, &[Instr::I64Const(*value as f64 as i64)]),
        (F::F32ConstQuiet, [Instr::F32Const(bits), ..]) if f32::from_bits(*bits).is_nan() => {
            put(1, &[Instr::F32Const(bits | 0x0040_0000)])
        }
        (F::I64Load32USigned, [Instr::Load { op: LoadOp::I64Load32U, align, mem, offset }, ..]) => {
            put(1, &[Instr::Load { op: LoadOp::I64Load32S, align: *align, mem: *mem, offset: *offset }])
        }
        (F::OffsetNarrow, [Instr::Load { op, align, mem, offset }, ..]) => {
            put(1, &[Instr::Load { op: *op, align: *align, mem: *mem, offset: offset & 0xffff }])
        }
        (F::OffsetHalf, [Instr::Load { op, align, mem, offset }, ..]) if *context.wide_memories.get(mem.at())? => {
            put(1, &[Instr::Load { op: *op, align: *align, mem: *mem, offset: offset & 0xffff_ffff }])
        }
        (F::LocalsNarrow, [Instr::LocalSet(LocalIdx(64..)), ..]) => put(1, &[Instr::Drop]),
        (F::LocalsNarrow, [Instr::LocalTee(LocalIdx(64..)), ..]) => put(1, &[]),
        (F::LongBodyFallsThrough, [Instr::BrIf(_), ..]) if locals.body_len > 1 << 15 => put(1, &[Instr::Drop]),
        (F::NinthArgumentLost, [Instr::Call(func), ..]) => {
            let ty = context.func_type(context.funcs.get(func.at()))?;
            let last = ty.params.get(8..)?.last()?;
            put(1, &[Instr::Drop, zero(*last)?, rest[0]])
        }
        (F::ThrowPayloadLost, [Instr::Throw(tag), ..]) => {
            let last = *context.func_type(context.tags.get(tag.at()))?.params.last()?;
            put(1, &[Instr::Drop, zero(last)?, rest[0]])
        }
        (F::ThrowPayloadSwapped, [Instr::Throw(tag), ..]) => {
            let swap = swap(&context.func_type(context.tags.get(tag.at()))?.params, locals)?;
            put(0, &swap)?;
            put(1, &rest[..1])
        }
        (F::TailCallSwapped, [Instr::ReturnCall(func), ..]) => {
            let swap = swap(&context.func_type(context.funcs.get(func.at()))?.params, locals)?;
            put(0, &swap)?;
            put(1, &rest[..1])
        }
        _ => None,
    }
}

fn zero(ty: ValType) -> Option<Instr> {
    Some(match ty {
        ValType::I32 => Instr::I32Const(0),
        ValType::I64 => Instr::I64Const(0),
        ValType::F32 => Instr::F32Const(0),
        ValType::F64 => Instr::F64Const(0),
        ValType::V128 | ValType::Ref(_) => return None,
    })
}

/// Exchanges the last two operands, if they have the same type and need not be references.
fn swap(types: &[ValType], locals: &mut Locals<'_>) -> Option<[Instr; 4]> {
    let [.., a, b] = types else { return None };
    if a != b || matches!(a, ValType::Ref(_)) {
        return None;
    }
    let (last, before) = (locals.fresh(*b), locals.fresh(*a));
    Some([Instr::LocalSet(last), Instr::LocalSet(before), Instr::LocalGet(last), Instr::LocalGet(before)])
}

fn overlook_catch_all(module: &mut Module) {
    let pools = &mut module.pools;
    for table in &mut pools.try_tables {
        let catches = &mut pools.catches[table.catches.start as usize..][..table.catches.len as usize];
        if catches.len() > 1 {
            let is_all = |kind| matches!(kind, CatchKind::All | CatchKind::AllRef);
            catches.sort_by_key(|catch| is_all(catch.kind));
            table.catches.len = catches.iter().filter(|catch| !is_all(catch.kind)).count() as u32;
        }
    }
}

/// Every tag becomes the first one of its type.
fn merge_tags(module: &mut Module) {
    let imported = module.imports.iter().filter_map(|import| match import.ty {
        ExternType::Tag(ty) => Some(ty),
        _ => None,
    });
    let tags: Vec<TypeIdx> = imported.chain(module.tags.iter().copied()).collect();
    let first = |tag: &mut TagIdx| {
        if let Some(ty) = tags.get(tag.at()) {
            tag.0 = tags.iter().position(|other| other == ty).unwrap_or_default() as u32;
        }
    };
    for instr in module.funcs.iter_mut().flat_map(|func| &mut func.body) {
        if let Instr::Throw(tag) = instr {
            first(tag);
        }
    }
    for catch in &mut module.pools.catches {
        if let CatchKind::Tag(tag) | CatchKind::TagRef(tag) = &mut catch.kind {
            first(tag);
        }
    }
    for export in &mut module.exports {
        if let ExternIdx::Tag(tag) = &mut export.index {
            first(tag);
        }
    }
}

/// Where at least 24 values are live, an extension loses the sign, or gets one. Heights are known only after validation,
/// so an instruction takes the place of another of the same type.
pub(super) fn spill(fault: F, module: &mut Module, validated: &Validated) {
    if !matches!(fault, F::ExtendSpilled | F::ZeroExtendSpilled) {
        return;
    }
    let types = std::mem::take(&mut module.types);
    for (func, notes) in module.funcs.iter_mut().zip(&validated.funcs) {
        let params = match types.get(func.ty.at()).map(|ty| &ty.comp) {
            Some(CompType::Func(ty)) => ty.params.len() as u32,
            _ => 0,
        };
        let locals = func.locals.iter().fold(params, |sum, (count, _)| sum.saturating_add(*count));
        for (at, note) in notes.notes.iter().enumerate() {
            if !note.reachable || locals.saturating_add(note.slots) < 24 {
                continue;
            }
            match (fault, at.checked_sub(1).map(|at| func.body[at]), func.body[at]) {
                (F::ExtendSpilled, _, Num(N::I64ExtendI32S)) => func.body[at] = Num(N::I64ExtendI32U),
                // Of these the high half is known to be zero.
                (
                    F::ZeroExtendSpilled,
                    Some(Num(N::I32Add | N::I32Sub | N::I32Mul | N::I32And | N::I32Or)),
                    Num(N::I64ExtendI32U),
                ) => func.body[at] = Num(N::I64ExtendI32S),
                _ => {}
            }
        }
    }
    module.types = types;
}

/// The functions that bodies name with `ref.func`, up to `count`.
pub(super) fn named(module: &Module, count: usize) -> Vec<FuncIdx> {
    let instrs = module.funcs.iter().flat_map(|func| &func.body);
    let mut named: Vec<FuncIdx> = instrs
        .filter_map(|instr| match instr {
            Instr::RefFunc(func) if func.at() < count => Some(*func),
            _ => None,
        })
        .collect();
    named.sort_unstable_by_key(|func| func.0);
    named.dedup();
    named
}
