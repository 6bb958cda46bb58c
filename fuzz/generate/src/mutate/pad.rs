//! Our own rewrites that keep the meaning: instructions that do nothing, operands of commutative operators in the
//! other order, constants in disguise, blocks around bodies, unused variables, types and functions.

use std::convert::Infallible;

use wasm_encoder::reencode::{Error, Reencode, utils};
use wasm_encoder::{BlockType, CodeSection, Function, FunctionSection, Instruction, TypeSection, ValType};
use wasmparser::{
    CodeSectionReader, FunctionBody, FunctionSectionReader, Operator, Parser, Payload, TypeRef, TypeSectionReader,
};

use crate::draw::Draw;

/// Rewrites a module; `None` where it cannot be read.
pub(crate) fn pad(bytes: &[u8], draw: &mut Draw) -> Option<Vec<u8>> {
    let signatures = signatures(bytes)?;
    let percent = draw.pick(&[5, 20, 50]);
    let wrapped = draw.percent(50);
    let idle = draw.percent(50).then(|| draw.between(1, 40));
    let mut padder = Padder { draw, signatures, next: 0, types: 0, percent, wrapped, idle };
    let mut module = wasm_encoder::Module::new();
    padder.parse_core_module(&mut module, Parser::new(0), bytes).ok()?;
    Some(module.finish())
}

/// How many parameters each defined function has, and its one result, where it has one or none.
fn signatures(bytes: &[u8]) -> Option<Vec<(u32, Option<BlockType>)>> {
    let mut types = Vec::new();
    let mut signatures = Vec::new();
    for payload in Parser::new(0).parse_all(bytes) {
        match payload.ok()? {
            Payload::TypeSection(section) => {
                for ty in section.into_iter_err_on_gc_types() {
                    let ty = ty.ok()?;
                    let result = match ty.results() {
                        [] => Some(BlockType::Empty),
                        [wasmparser::ValType::I32] => Some(BlockType::Result(ValType::I32)),
                        [wasmparser::ValType::I64] => Some(BlockType::Result(ValType::I64)),
                        [wasmparser::ValType::F32] => Some(BlockType::Result(ValType::F32)),
                        [wasmparser::ValType::F64] => Some(BlockType::Result(ValType::F64)),
                        _ => None,
                    };
                    types.push((ty.params().len() as u32, result));
                }
            }
            Payload::ImportSection(section) => {
                for import in section.into_imports() {
                    // Imports have no bodies; reading them finds out whether they can be read.
                    let _: TypeRef = import.ok()?.ty;
                }
            }
            Payload::FunctionSection(section) => {
                for index in section {
                    signatures.push(*types.get(index.ok()? as usize)?);
                }
            }
            _ => {}
        }
    }
    Some(signatures)
}

struct Padder<'a> {
    draw: &'a mut Draw,
    signatures: Vec<(u32, Option<BlockType>)>,
    next: usize,
    types: u32,
    /// How often there is something behind an instruction.
    percent: u32,
    /// Whether bodies stand in a block.
    wrapped: bool,
    /// How many functions nobody calls.
    idle: Option<u32>,
}

impl Reencode for Padder<'_> {
    type Error = Infallible;

    fn parse_type_section(
        &mut self,
        types: &mut TypeSection,
        section: TypeSectionReader<'_>,
    ) -> Result<(), Error<Infallible>> {
        for group in section.clone() {
            self.types += group?.types().len() as u32;
        }
        utils::parse_type_section(self, types, section)?;
        types.ty().function([ValType::I64], [ValType::I64]);
        Ok(())
    }

    fn parse_function_section(
        &mut self,
        functions: &mut FunctionSection,
        section: FunctionSectionReader<'_>,
    ) -> Result<(), Error<Infallible>> {
        utils::parse_function_section(self, functions, section)?;
        for _ in 0..self.idle.unwrap_or(0) {
            functions.function(self.types);
        }
        Ok(())
    }

    fn parse_code_section(
        &mut self,
        code: &mut CodeSection,
        section: CodeSectionReader<'_>,
    ) -> Result<(), Error<Infallible>> {
        utils::parse_code_section(self, code, section)?;
        for number in 0..self.idle.unwrap_or(0) {
            let mut function = Function::new([(number, ValType::I64)]);
            function.instructions().local_get(0).i64_const(i64::from(number)).i64_add().end();
            code.function(&function);
        }
        Ok(())
    }

    fn parse_function_body(&mut self, code: &mut CodeSection, body: FunctionBody<'_>) -> Result<(), Error<Infallible>> {
        let (params, result) = self.signatures.get(self.next).copied().unwrap_or((0, None));
        self.next += 1;
        let mut locals = Vec::new();
        let mut scratch = params;
        for group in body.get_locals_reader()? {
            let (count, ty) = group?;
            scratch += count;
            locals.push((count, self.val_type(ty)?));
        }
        // Two of each kind for values on their way, and some that nobody needs.
        locals.extend([(2, ValType::I32), (2, ValType::I64), (self.draw.below(3), ValType::F64)]);
        let mut function = Function::new(locals);
        let mut reader = body.get_operators_reader()?;
        let wrap = result.filter(|_| self.wrapped);
        if let Some(result) = wrap {
            function.instruction(&Instruction::Block(result));
        }
        while !reader.eof() {
            let mut ahead = reader.clone();
            let operator = ahead.read()?;
            if commutes(&operator) && self.draw.percent(self.percent) {
                let first = scratch + if takes_i32(&operator) { 0 } else { 2 };
                let mut sink = function.instructions();
                sink.local_set(first).local_set(first + 1).local_get(first).local_get(first + 1);
            }
            function.instruction(&self.parse_instruction(&mut reader)?);
            if !reader.eof() && self.draw.percent(self.percent) {
                self.filler(&mut function, &operator, scratch);
            }
        }
        if wrap.is_some() {
            function.instruction(&Instruction::End);
        }
        code.function(&function);
        Ok(())
    }
}

impl Padder<'_> {
    /// Something that changes nothing, behind an instruction.
    fn filler(&mut self, function: &mut Function, operator: &Operator<'_>, scratch: u32) {
        let mut sink = function.instructions();
        let mask = self.draw.bits();
        let narrow = mask as u32 as i32;
        let kind = self.draw.below(6);
        if makes_i32(operator) {
            match kind {
                0 => sink.i32_const(narrow).i32_xor().i32_const(narrow).i32_xor(),
                1 => sink.i32_const(0).i32_add(),
                2 => sink.local_set(scratch).local_get(scratch),
                3 => sink.local_tee(scratch).drop().local_get(scratch),
                4 => sink
                    .i32_const(narrow)
                    .local_get(scratch)
                    .i32_const(0)
                    .select()
                    .local_set(scratch + 1)
                    .local_get(scratch + 1)
                    .drop()
                    .i32_const(0)
                    .i32_or(),
                _ => sink.i32_const(0).i32_shl(),
            };
        } else if makes_i64(operator) {
            match kind {
                0 => sink.i64_const(mask.cast_signed()).i64_xor().i64_const(mask.cast_signed()).i64_xor(),
                1 => sink.i64_const(0).i64_sub(),
                2 => sink.local_set(scratch + 2).local_get(scratch + 2),
                3 => sink.local_tee(scratch + 2).drop().local_get(scratch + 2),
                4 => sink.i64_const(-1).i64_and(),
                _ => sink.i64_const(64).i64_rotl(),
            };
        } else {
            match kind {
                0 | 1 => sink.nop(),
                2 => sink.block(BlockType::Empty).end(),
                3 => sink.i32_const(narrow).drop(),
                4 => sink.i32_const(0).if_(BlockType::Empty).unreachable().end(),
                _ => sink.block(BlockType::Empty).br(0).i32_const(narrow).drop().end(),
            };
        }
    }
}

const fn commutes(operator: &Operator<'_>) -> bool {
    use Operator::{
        I32Add, I32And, I32Eq, I32Mul, I32Ne, I32Or, I32Xor, I64Add, I64And, I64Eq, I64Mul, I64Ne, I64Or, I64Xor,
    };
    matches!(
        operator,
        I32Add
            | I32Mul
            | I32And
            | I32Or
            | I32Xor
            | I32Eq
            | I32Ne
            | I64Add
            | I64Mul
            | I64And
            | I64Or
            | I64Xor
            | I64Eq
            | I64Ne
    )
}

const fn takes_i32(operator: &Operator<'_>) -> bool {
    use Operator::{I32Add, I32And, I32Eq, I32Mul, I32Ne, I32Or, I32Xor};
    matches!(operator, I32Add | I32Mul | I32And | I32Or | I32Xor | I32Eq | I32Ne)
}

const fn makes_i32(operator: &Operator<'_>) -> bool {
    use Operator::{
        I32Add, I32And, I32Clz, I32Const, I32Ctz, I32Eq, I32Eqz, I32GeS, I32GeU, I32GtS, I32GtU, I32LeS, I32LeU,
        I32Load, I32LtS, I32LtU, I32Mul, I32Ne, I32Or, I32Popcnt, I32Rotl, I32Rotr, I32Shl, I32ShrS, I32ShrU, I32Sub,
        I32WrapI64, I32Xor, I64Eq, I64Eqz, I64LtS, I64LtU, I64Ne,
    };
    matches!(
        operator,
        I32Add
            | I32And
            | I32Clz
            | I32Const { .. }
            | I32Ctz
            | I32Eq
            | I32Eqz
            | I32GeS
            | I32GeU
            | I32GtS
            | I32GtU
            | I32LeS
            | I32LeU
            | I32Load { .. }
            | I32LtS
            | I32LtU
            | I32Mul
            | I32Ne
            | I32Or
            | I32Popcnt
            | I32Rotl
            | I32Rotr
            | I32Shl
            | I32ShrS
            | I32ShrU
            | I32Sub
            | I32WrapI64
            | I32Xor
            | I64Eq
            | I64Eqz
            | I64LtS
            | I64LtU
            | I64Ne
    )
}

const fn makes_i64(operator: &Operator<'_>) -> bool {
    use Operator::{
        I64Add, I64And, I64Clz, I64Const, I64ExtendI32S, I64ExtendI32U, I64Load, I64Mul, I64Or, I64Popcnt, I64Rotl,
        I64Rotr, I64Shl, I64ShrS, I64ShrU, I64Sub, I64Xor,
    };
    matches!(
        operator,
        I64Add
            | I64And
            | I64Clz
            | I64Const { .. }
            | I64ExtendI32S
            | I64ExtendI32U
            | I64Load { .. }
            | I64Mul
            | I64Or
            | I64Popcnt
            | I64Rotl
            | I64Rotr
            | I64Shl
            | I64ShrS
            | I64ShrU
            | I64Sub
            | I64Xor
    )
}
