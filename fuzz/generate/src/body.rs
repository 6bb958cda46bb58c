//! The pass over one function body: fuel, guards, NaNs, and values.
//!
//! Bytes are copied as they are; around some instructions others are put in, and some are replaced.
//! No types are tracked: what is put in works on operands whose types the instruction itself fixes, so
//! it validates behind `br` and `unreachable` too.
//!
//! - **Fuel** and turns of loops: see [`crate::rewrite`].
//! - **Guards**: see [`crate::guard`].
//! - **NaNs**: where a case is canonicalised, each result of a float operator that may be a NaN is
//!   replaced by the positive canonical NaN if it is one. Demotion and promotion are included. A NaN that
//!   comes in as an argument or by a load keeps its bits: moving it is deterministic.
//! - **Values**: constants become reads of parameters, locals and globals, so that what a function
//!   computes depends on what it was called with. Constants that only fill a function's results
//!   become small expressions of them.

use wasm_encoder::{BlockType, Encode, InstructionSink, ValType};
use wasmparser::{FunctionBody, Operator};

use crate::draw::Draw;
use crate::guard::Indirect;
use crate::rewrite::{Guard, Interior, Signature, Style, Unfit};

/// Bytes of code in one body, above which nothing more is put in.
const OUT_MAX: usize = 4096;

/// What the bodies of a module share.
pub(crate) struct Bodies<'a> {
    /// What the module holds.
    pub(crate) interior: &'a Interior,
    /// What is to be done.
    pub(crate) style: &'a Style,
    /// Where indirect calls find functions.
    pub(crate) indirect: Option<&'a Indirect>,
    /// The global that holds the fuel.
    pub(crate) fuel: u32,
    /// The case's stream.
    pub(crate) draw: &'a mut Draw,
}

/// The pass over one body.
pub(crate) struct Pass<'a, 'b> {
    pub(crate) all: &'a mut Bodies<'b>,
    function: u32,
    ty: &'a Signature,
    /// The local that counts turns of loops.
    turns: Option<u32>,
    /// Parameters, declared locals, then scratch locals.
    pub(crate) locals: Vec<ValType>,
    /// Scratch locals that are taken for the whole body.
    pub(crate) reserved: Vec<u32>,
    /// How many of them the program itself may read.
    own: usize,
    pub(crate) out: Vec<u8>,
    /// Constants that nothing has consumed yet: where they start in `out`, and their types.
    pending: Vec<(usize, ValType)>,
}

/// Rewrites the body of a function.
pub(crate) fn rewrite(all: &mut Bodies<'_>, function: u32, old: &FunctionBody<'_>) -> Result<Vec<u8>, Unfit> {
    let interior = all.interior;
    let ty = interior.signature(function).ok_or(Unfit)?;
    let mut locals = ty.params.clone();
    for group in old.get_locals_reader()? {
        let (count, ty) = group?;
        locals.extend(std::iter::repeat_n(ValType::try_from(ty)?, count as usize));
    }
    let own = locals.len();
    let body = old.as_bytes();
    let base = old.range().start;
    let mut pass = Pass {
        all,
        function,
        ty,
        turns: None,
        locals,
        reserved: Vec::new(),
        own,
        out: Vec::with_capacity(body.len() * 2),
        pending: Vec::new(),
    };
    pass.take_fuel();
    let mut reader = old.get_operators_reader()?;
    while !reader.eof() {
        let start = reader.original_position();
        let operator = reader.read()?;
        let end = reader.original_position();
        let raw = body.get((start - base) as usize..(end - base) as usize).ok_or(Unfit)?;
        if reader.eof() {
            pass.fill_results();
            pass.out.extend_from_slice(raw);
        } else {
            pass.operator(&operator, raw)?;
        }
    }
    Ok(pass.finish())
}

impl Pass<'_, '_> {
    /// The body: local declarations, then code.
    fn finish(self) -> Vec<u8> {
        let declared = &self.locals[self.ty.params.len()..];
        let groups: Vec<&[ValType]> = declared.chunk_by(|one, next| one == next).collect();
        let mut body = Vec::with_capacity(self.out.len() + 16);
        (groups.len() as u32).encode(&mut body);
        for group in groups {
            (group.len() as u32).encode(&mut body);
            group[0].encode(&mut body);
        }
        body.extend_from_slice(&self.out);
        body
    }

    /// The function that the body is of.
    pub(crate) const fn function(&self) -> u32 {
        self.function
    }

    pub(crate) fn sink(&mut self) -> InstructionSink<'_> {
        InstructionSink::new(&mut self.out)
    }

    /// A local that the program itself does not see; `slot` tells locals of one type apart.
    pub(crate) fn scratch(&mut self, ty: ValType, slot: usize) -> u32 {
        let free = |local: &usize| self.locals[*local] == ty && !self.reserved.contains(&(*local as u32));
        let free: Vec<usize> = (self.own..self.locals.len()).filter(free).take(slot + 1).collect();
        for _ in free.len()..=slot {
            self.locals.push(ty);
        }
        free.get(slot).copied().unwrap_or(self.locals.len() - 1) as u32
    }

    /// Takes a unit of fuel, or returns where there is none.
    fn take_fuel(&mut self) {
        let fuel = self.all.fuel;
        self.sink().global_get(fuel).i32_eqz().if_(BlockType::Empty);
        self.give_up();
        self.sink().end().global_get(fuel).i32_const(1).i32_sub().global_set(fuel);
    }

    /// Counts a turn of a loop, or returns where there have been enough.
    fn take_turn(&mut self) {
        let counter = self.turns.unwrap_or_else(|| {
            self.locals.push(ValType::I32);
            let counter = self.locals.len() as u32 - 1;
            self.reserved.push(counter);
            self.turns = Some(counter);
            counter
        });
        let turns = self.all.style.turns;
        self.sink().local_get(counter).i32_const(turns).i32_ge_u().if_(BlockType::Empty);
        self.give_up();
        self.sink().end().local_get(counter).i32_const(1).i32_add().local_set(counter);
    }

    /// Returns what lies in locals and globals, so that the answer still depends on what was computed,
    /// and zeros of types for which there is nothing.
    fn give_up(&mut self) {
        let results = self.ty.results.as_slice();
        if results.iter().any(|ty| matches!(ty, ValType::Ref(reference) if !reference.nullable)) {
            self.sink().unreachable();
            return;
        }
        for ty in results {
            if let Some(local) = self.find_local(*ty, self.own) {
                self.sink().local_get(local);
            } else if let Some(global) = self.find_global(*ty) {
                self.sink().global_get(global);
            } else {
                zero(&mut self.sink(), *ty);
            }
        }
        self.sink().return_();
    }

    /// Turns most calls of this function and of those before it, which would mostly never end, into calls
    /// of later functions of the type, or into values of what the call returns.
    fn forward_call(&mut self, callee: u32) -> bool {
        let interior = self.all.interior;
        let forward = |callee: u32| callee < interior.functions_imported || callee > self.function;
        if forward(callee) || !self.all.draw.percent(85) {
            return false;
        }
        let Some(ty) = interior.signature(callee) else { return false };
        let count = interior.functions.len() as u32;
        let first = self.all.draw.below(count);
        let other =
            (first..count).chain(0..first).find(|other| forward(*other) && interior.signature(*other) == Some(ty));
        if let Some(other) = other {
            self.sink().call(other);
            return true;
        }
        if ty.results.iter().any(|ty| matches!(ty, ValType::Ref(_))) || !self.all.draw.percent(75) {
            return false;
        }
        for param in ty.params.iter().rev() {
            self.leave(*param);
        }
        for result in &ty.results {
            self.operand(*result);
        }
        true
    }

    /// Takes a value from the stack and lets it be seen, in a global where there is one for its type.
    fn leave(&mut self, ty: ValType) {
        let globals = &self.all.interior.globals;
        let found = globals.iter().position(|global| global.mutable && global.val_type == ty);
        match found {
            Some(global) if matches!(ty, ValType::I32) => {
                self.sink().global_get(global as u32).i32_xor().global_set(global as u32);
            }
            Some(global) if matches!(ty, ValType::I64) => {
                self.sink().global_get(global as u32).i64_xor().global_set(global as u32);
            }
            Some(global) if self.all.draw.percent(50) => {
                self.sink().global_set(global as u32);
            }
            _ => {
                self.sink().drop();
            }
        }
    }

    fn operator(&mut self, operator: &Operator<'_>, raw: &[u8]) -> Result<(), Unfit> {
        if self.all.draw.percent(self.all.style.statements) && self.out.len() < OUT_MAX {
            self.statement(0)?;
        }
        if let Some(ty) = constant(operator) {
            let start = self.out.len();
            // wasm-smith's own guards hold constants that must stay.
            let free = self.all.style.guard != Guard::Exact;
            let percent = self.all.style.substitute;
            if !(free && self.all.draw.percent(percent) && self.read_something(ty)) {
                self.out.extend_from_slice(raw);
            }
            if free {
                self.maybe_grow(Some(ty))?;
            }
            self.pending.push((start, ty));
            return Ok(());
        }
        self.pending.clear();
        let guarded = match self.all.style.guard {
            Guard::Exact => false,
            Guard::Sites(percent) => self.all.draw.percent(percent),
        };
        let written = match operator {
            Operator::Call { function_index } => self.forward_call(*function_index),
            _ => guarded && self.guard(operator, raw)?,
        };
        if !written {
            self.out.extend_from_slice(raw);
        }
        if matches!(operator, Operator::Loop { .. }) {
            self.take_turn();
        }
        if self.all.style.canonicalise
            && let Some(lanes) = lanes_that_may_be_nan(operator)
        {
            self.canonicalise(lanes);
        }
        if self.all.style.guard != Guard::Exact {
            self.maybe_grow(self.result(operator))?;
        }
        Ok(())
    }

    /// The type of the value that the instruction leaves on top, for some instructions.
    fn result(&self, operator: &Operator<'_>) -> Option<ValType> {
        Some(match operator {
            Operator::LocalGet { local_index } | Operator::LocalTee { local_index } => {
                *self.locals.get(*local_index as usize)?
            }
            Operator::GlobalGet { global_index } => self.all.interior.globals.get(*global_index as usize)?.val_type,
            Operator::I32Load { .. } | Operator::I32Load8S { .. } | Operator::I32Load16U { .. } => ValType::I32,
            Operator::I64Load { .. } | Operator::I64Load8U { .. } | Operator::I64Load32S { .. } => ValType::I64,
            Operator::F32Load { .. } | Operator::F32ConvertI32S | Operator::F32ConvertI64U => ValType::F32,
            Operator::F64Load { .. } | Operator::F64ConvertI32U | Operator::F64ConvertI64S => ValType::F64,
            Operator::I32Add | Operator::I32Mul | Operator::I32WrapI64 => ValType::I32,
            Operator::I64Sub | Operator::I64Xor | Operator::I64ExtendI32S => ValType::I64,
            _ => return None,
        })
    }

    fn maybe_grow(&mut self, ty: Option<ValType>) -> Result<(), Unfit> {
        match ty {
            Some(ty) if self.all.draw.percent(self.all.style.growth) && self.out.len() < OUT_MAX => self.grow(ty),
            _ => Ok(()),
        }
    }

    // --- values ---

    /// Reads a parameter, a local or a global of the type, if there is one; also a reference of one of
    /// the module's functions.
    pub(crate) fn read_something(&mut self, ty: ValType) -> bool {
        let from_param = self.all.draw.percent(75);
        let local = if from_param { self.find_local(ty, self.ty.params.len()) } else { None };
        if let Some(local) = local.or_else(|| self.find_local(ty, self.own)) {
            self.sink().local_get(local);
            return true;
        }
        if ty == ValType::FUNCREF {
            let functions = self.all.interior.functions.len() as u32;
            let imported = self.all.interior.functions_imported;
            if functions > imported {
                // It is exported, and so counts as declared.
                let function = imported + self.all.draw.below(functions - imported);
                self.sink().ref_func(function);
                return true;
            }
        }
        if self.convert_parameter(ty) {
            return true;
        }
        if let Some(global) = self.find_global(ty) {
            self.sink().global_get(global);
            return true;
        }
        false
    }

    /// A local of the type among the first `among`.
    fn find_local(&mut self, ty: ValType, among: usize) -> Option<u32> {
        let first = self.all.draw.position(among);
        (first..among).chain(0..first).find(|local| self.locals[*local] == ty).map(|local| local as u32)
    }

    fn find_global(&mut self, ty: ValType) -> Option<u32> {
        let globals = &self.all.interior.globals;
        let first = self.all.draw.position(globals.len());
        let found = (first..globals.len()).chain(0..first).find(|global| globals[*global].val_type == ty);
        found.map(|global| global as u32)
    }

    /// Makes a value of the type from a parameter of another.
    fn convert_parameter(&mut self, ty: ValType) -> bool {
        let params = self.ty.params.len();
        let first = self.all.draw.position(params);
        for param in (first..params).chain(0..first) {
            let from = self.locals[param];
            let mut sink = InstructionSink::new(&mut self.out);
            let param = param as u32;
            match (from, ty) {
                (ValType::I64, ValType::I32) => sink.local_get(param).i32_wrap_i64(),
                (ValType::F32, ValType::I32) => sink.local_get(param).i32_reinterpret_f32(),
                (ValType::I32, ValType::I64) => sink.local_get(param).i64_extend_i32_s(),
                (ValType::F64, ValType::I64) => sink.local_get(param).i64_reinterpret_f64(),
                (ValType::I32, ValType::F32) => sink.local_get(param).f32_reinterpret_i32(),
                (ValType::I64, ValType::F32) => sink.local_get(param).f32_convert_i64_s(),
                (ValType::I64, ValType::F64) => sink.local_get(param).f64_reinterpret_i64(),
                (ValType::I32, ValType::F64) => sink.local_get(param).f64_convert_i32_u(),
                (ValType::Ref(_), ValType::I32) => sink.local_get(param).ref_is_null(),
                _ => continue,
            };
            return true;
        }
        false
    }

    /// Replaces the constants that a body ends with by expressions of parameters and state.
    fn fill_results(&mut self) {
        let fillers = std::mem::take(&mut self.pending);
        let Some((start, _)) = fillers.first() else { return };
        let old = self.out.split_off(*start);
        let ends = fillers.iter().skip(1).map(|(next, _)| *next).chain([start + old.len()]);
        for ((begin, ty), end) in fillers.iter().zip(ends) {
            let raw = &old[begin - start..end - start];
            if !(self.all.draw.percent(85) && self.filler(*ty, raw)) {
                self.out.extend_from_slice(raw);
            }
        }
    }

    /// An expression of the type, from something that varies and from the constant itself.
    fn filler(&mut self, ty: ValType, raw: &[u8]) -> bool {
        if !(self.load_filler(ty) || self.read_something(ty)) {
            return false;
        }
        let choice = self.all.draw.below(6);
        let reinterpreted = match ty {
            ValType::F32 => Some(ValType::I32),
            ValType::F64 => Some(ValType::I64),
            _ => None,
        };
        // Half of the floats stay as they are: an operator on them would mostly make NaNs of NaNs.
        match ty {
            ValType::I32 | ValType::I64 => self.out.extend_from_slice(raw),
            ValType::F32 | ValType::F64 if choice < 3 => self.out.extend_from_slice(raw),
            _ => return true,
        }
        let mut sink = InstructionSink::new(&mut self.out);
        match (ty, choice) {
            (ValType::I32, 0) => sink.i32_add(),
            (ValType::I32, 1) => sink.i32_sub(),
            (ValType::I32, 2) => sink.i32_xor(),
            (ValType::I32, 3) => sink.i32_rotl(),
            (ValType::I32, 4) => sink.i32_mul(),
            (ValType::I32, _) => sink.i32_shr_s(),
            (ValType::I64, 0) => sink.i64_add(),
            (ValType::I64, 1) => sink.i64_sub(),
            (ValType::I64, 2) => sink.i64_xor(),
            (ValType::I64, 3) => sink.i64_rotl(),
            (ValType::I64, 4) => sink.i64_mul(),
            (ValType::I64, _) => sink.i64_shr_s(),
            (ValType::F32, 0) => sink.f32_copysign(),
            (ValType::F32, 1) => sink.f32_add(),
            (ValType::F32, _) => sink.f32_max(),
            (ValType::F64, 0) => sink.f64_copysign(),
            (ValType::F64, 1) => sink.f64_mul(),
            (_, _) => sink.f64_min(),
        };
        if let Some(integer) = reinterpreted
            && self.all.style.canonicalise
            && choice > 0
        {
            self.canonicalise(if integer == ValType::I32 { Lanes::F32 } else { Lanes::F64 });
        }
        true
    }

    /// Now and then, what a function leaves behind in memory is its result.
    fn load_filler(&mut self, ty: ValType) -> bool {
        let Some(memory) = self.all.interior.memories.first() else { return false };
        if memory.minimum == 0 || memory.memory64 || !self.all.draw.percent(25) {
            return false;
        }
        let address = self.all.draw.below(256).cast_signed();
        let at = plain(0, 0, 0);
        let mut sink = self.sink();
        match ty {
            ValType::I32 => sink.i32_const(address).i32_load(at),
            ValType::I64 => sink.i32_const(address).i64_load(at),
            ValType::F32 => sink.i32_const(address).f32_load(at),
            ValType::F64 => sink.i32_const(address).f64_load(at),
            _ => return false,
        };
        true
    }

    // --- NaNs ---

    /// Replaces the value on the stack by the canonical NaN if it is a NaN.
    pub(crate) fn canonicalise(&mut self, lanes: Lanes) {
        const F32: u32 = 0x7fc0_0000;
        const F64: u64 = 0x7ff8_0000_0000_0000;
        let ty = match lanes {
            Lanes::F32 => ValType::F32,
            Lanes::F64 => ValType::F64,
            Lanes::F32x4 | Lanes::F64x2 => ValType::V128,
        };
        let local = self.scratch(ty, 0);
        let mut sink = self.sink();
        sink.local_tee(local);
        match lanes {
            Lanes::F32 => sink.f32_const(f32::from_bits(F32).into()),
            Lanes::F64 => sink.f64_const(f64::from_bits(F64).into()),
            Lanes::F32x4 => sink.v128_const((u128::from(F32) * 0x1_0000_0001_0000_0001_0000_0001).cast_signed()),
            Lanes::F64x2 => sink.v128_const((u128::from(F64) << 64 | u128::from(F64)).cast_signed()),
        };
        sink.local_get(local).local_get(local);
        match lanes {
            Lanes::F32 => sink.f32_eq().select(),
            Lanes::F64 => sink.f64_eq().select(),
            Lanes::F32x4 => sink.f32x4_eq().v128_bitselect(),
            Lanes::F64x2 => sink.f64x2_eq().v128_bitselect(),
        };
    }
}

/// The operands of an access to a memory.
pub(crate) fn plain(memory: u32, offset: u64, align: u32) -> wasm_encoder::MemArg {
    wasm_encoder::MemArg { offset, align, target: wasm_encoder::MemArgTarget::Memory(memory), ordering: None }
}

/// The type of a constant that may be replaced.
fn constant(operator: &Operator<'_>) -> Option<ValType> {
    Some(match operator {
        Operator::I32Const { .. } => ValType::I32,
        Operator::I64Const { .. } => ValType::I64,
        Operator::F32Const { .. } => ValType::F32,
        Operator::F64Const { .. } => ValType::F64,
        Operator::V128Const { .. } => ValType::V128,
        Operator::RefNull { hty: wasmparser::HeapType::EXTERN } => ValType::EXTERNREF,
        Operator::RefNull { hty: wasmparser::HeapType::FUNC } => ValType::FUNCREF,
        _ => return None,
    })
}

/// The default value of the type, which must have one.
pub(crate) fn zero(sink: &mut InstructionSink<'_>, ty: ValType) {
    match ty {
        ValType::I32 => sink.i32_const(0),
        ValType::I64 => sink.i64_const(0),
        ValType::F32 => sink.f32_const(0.0.into()),
        ValType::F64 => sink.f64_const(0.0.into()),
        ValType::V128 => sink.v128_const(0),
        ValType::Ref(reference) => sink.ref_null(reference.heap_type),
    };
}

/// The lanes of a float result.
#[derive(Clone, Copy)]
pub(crate) enum Lanes {
    F32,
    F64,
    F32x4,
    F64x2,
}

/// Float operators whose result, if a NaN, has bits that the standard leaves open (section 4.3.3).
fn lanes_that_may_be_nan(operator: &Operator<'_>) -> Option<Lanes> {
    use Operator as O;
    Some(match operator {
        O::F32Add
        | O::F32Sub
        | O::F32Mul
        | O::F32Div
        | O::F32Min
        | O::F32Max
        | O::F32Sqrt
        | O::F32Ceil
        | O::F32Floor
        | O::F32Trunc
        | O::F32Nearest
        | O::F32DemoteF64 => Lanes::F32,
        O::F64Add
        | O::F64Sub
        | O::F64Mul
        | O::F64Div
        | O::F64Min
        | O::F64Max
        | O::F64Sqrt
        | O::F64Ceil
        | O::F64Floor
        | O::F64Trunc
        | O::F64Nearest
        | O::F64PromoteF32 => Lanes::F64,
        O::F32x4Add
        | O::F32x4Sub
        | O::F32x4Mul
        | O::F32x4Div
        | O::F32x4Min
        | O::F32x4Max
        | O::F32x4Sqrt
        | O::F32x4Ceil
        | O::F32x4Floor
        | O::F32x4Trunc
        | O::F32x4Nearest
        | O::F32x4DemoteF64x2Zero
        | O::F32x4RelaxedMin
        | O::F32x4RelaxedMax
        | O::F32x4RelaxedMadd
        | O::F32x4RelaxedNmadd => Lanes::F32x4,
        O::F64x2Add
        | O::F64x2Sub
        | O::F64x2Mul
        | O::F64x2Div
        | O::F64x2Min
        | O::F64x2Max
        | O::F64x2Sqrt
        | O::F64x2Ceil
        | O::F64x2Floor
        | O::F64x2Trunc
        | O::F64x2Nearest
        | O::F64x2PromoteLowF32x4
        | O::F64x2RelaxedMin
        | O::F64x2RelaxedMax
        | O::F64x2RelaxedMadd
        | O::F64x2RelaxedNmadd => Lanes::F64x2,
        _ => return None,
    })
}
