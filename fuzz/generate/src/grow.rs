//! Code that wasm-smith rarely writes, put into its bodies: operators on values that are at hand, and
//! small statements with the instructions that need three operands of the right types at once.
//!
//! Everything here leaves the stack's types as they were, so it fits between any two instructions.

use wasm_encoder::{BlockType, InstructionSink, RefType, ValType};
use wasmparser::Operator;
use wassay_model::{Feature, Value};

use crate::body::{Lanes, Pass, plain};
use crate::rewrite::Unfit;
use crate::values;

/// A run of opcodes (section 5.4.8), both ends included.
pub(crate) type Opcodes = [(u8, u8)];

/// Operators without a trap: two operands and a result of one type.
pub(crate) const fn binary(ty: ValType) -> &'static Opcodes {
    match ty {
        ValType::I32 => &[(0x6a, 0x6c), (0x71, 0x78)],
        ValType::I64 => &[(0x7c, 0x7e), (0x83, 0x8a)],
        ValType::F32 => &[(0x92, 0x98)],
        _ => &[(0xa0, 0xa6)],
    }
}

/// Operators with one operand and a result of the same type.
pub(crate) const fn unary(ty: ValType, sign_extension: bool) -> &'static Opcodes {
    match (ty, sign_extension) {
        (ValType::I32, false) => &[(0x67, 0x69)],
        (ValType::I32, true) => &[(0x67, 0x69), (0xc0, 0xc1)],
        (ValType::I64, false) => &[(0x79, 0x7b)],
        (ValType::I64, true) => &[(0x79, 0x7b), (0xc2, 0xc4)],
        (ValType::F32, _) => &[(0x8b, 0x91)],
        _ => &[(0x99, 0x9f)],
    }
}

/// The first of the signed and unsigned division, the signed and unsigned remainder.
const fn division(ty: ValType) -> u8 {
    if matches!(ty, ValType::I32) { 0x6d } else { 0x7f }
}

/// Comparisons of two operands.
const fn comparison(ty: ValType) -> (u8, u8) {
    match ty {
        ValType::I32 => (0x46, 0x4f),
        ValType::I64 => (0x51, 0x5a),
        ValType::F32 => (0x5b, 0x60),
        _ => (0x61, 0x66),
    }
}

/// Conversions from the first type into the second.
const CONVERSIONS: [(ValType, ValType, &Opcodes); 12] = [
    (ValType::I64, ValType::I32, &[(0xa7, 0xa7)]),
    (ValType::F32, ValType::I32, &[(0xbc, 0xbc)]),
    (ValType::I32, ValType::I64, &[(0xac, 0xad)]),
    (ValType::F64, ValType::I64, &[(0xbd, 0xbd)]),
    (ValType::I32, ValType::F32, &[(0xb2, 0xb3), (0xbe, 0xbe)]),
    (ValType::I64, ValType::F32, &[(0xb4, 0xb5)]),
    (ValType::F64, ValType::F32, &[(0xb6, 0xb6)]),
    (ValType::I32, ValType::F64, &[(0xb7, 0xb8)]),
    (ValType::I64, ValType::F64, &[(0xb9, 0xba), (0xbf, 0xbf)]),
    (ValType::F32, ValType::F64, &[(0xbb, 0xbb)]),
    // Guarded truncation.
    (ValType::F64, ValType::I32, &[(0xaa, 0xab)]),
    (ValType::F32, ValType::I64, &[(0xae, 0xaf)]),
];

/// How deep statements nest.
const DEPTH_MAX: u32 = 2;

impl Pass<'_, '_> {
    /// Makes more of the value of the type that lies on the stack.
    pub(crate) fn grow(&mut self, ty: ValType) -> Result<(), Unfit> {
        if ty == ValType::V128 {
            self.grow_vector();
            return Ok(());
        }
        if !matches!(ty, ValType::I32 | ValType::I64 | ValType::F32 | ValType::F64) {
            return Ok(());
        }
        match self.all.draw.below(20) {
            16.. => self.shape(ty)?,
            0..8 => {
                self.operand(ty);
                self.one_of(binary(ty));
            }
            8..10 => {
                let signs = self.all.style.features.contains(Feature::SignExtension);
                self.one_of(unary(ty, signs));
            }
            10 if matches!(ty, ValType::I32 | ValType::I64) => {
                self.operand(ty);
                // Signed, unsigned; quotient, remainder.
                let choice = self.all.draw.below(4) as u8;
                self.guard_divisor(ty, choice & 1 == 0);
                self.out.push(division(ty) + choice);
            }
            10..12 => self.there_and_back(ty)?,
            12..14 => {
                // A comparison chooses between the value and another.
                let local = self.scratch(ty, 0);
                self.sink().local_tee(local);
                self.operand(ty);
                self.sink().local_get(local);
                self.operand(ty);
                self.one_of(&[comparison(ty)]);
                self.sink().select();
            }
            14 => {
                // Through memory.
                if self.memory_is_at_hand() {
                    let local = self.scratch(ty, 0);
                    let address = self.all.draw.below(256).cast_signed();
                    let at = plain(0, u64::from(self.all.draw.below(64)), 0);
                    let mut sink = self.sink();
                    sink.local_set(local).i32_const(address).local_get(local);
                    match ty {
                        ValType::I32 => sink.i32_store(at).i32_const(address).i32_load(at),
                        ValType::I64 => sink.i64_store(at).i32_const(address).i64_load(at),
                        ValType::F32 => sink.f32_store(at).i32_const(address).f32_load(at),
                        _ => sink.f64_store(at).i32_const(address).f64_load(at),
                    };
                }
            }
            _ => {
                // The value again, from a local.
                let local = self.scratch(ty, 0);
                self.sink().local_tee(local).local_get(local);
                self.one_of(binary(ty));
            }
        }
        Ok(())
    }

    /// Converts the value into another type, does something there, and converts it back.
    fn there_and_back(&mut self, ty: ValType) -> Result<(), Unfit> {
        let floats = self.all.style.floats;
        let others: &[ValType] = match (ty, floats) {
            (ValType::I32, false) => &[ValType::I64],
            (_, false) => &[ValType::I32],
            (ValType::I32, true) => &[ValType::I64, ValType::F32, ValType::F64],
            (ValType::I64, true) => &[ValType::I32, ValType::F32, ValType::F64],
            (ValType::F32, true) => &[ValType::I32, ValType::I64, ValType::F64],
            _ => &[ValType::I32, ValType::I64, ValType::F32],
        };
        let other = self.all.draw.pick(others);
        self.convert(ty, other)?;
        self.operand(other);
        self.one_of(binary(other));
        self.convert(other, ty)
    }

    fn convert(&mut self, from: ValType, to: ValType) -> Result<(), Unfit> {
        use ValType::{F32, F64, I32, I64};
        let saturating = self.all.style.features.contains(Feature::SaturatingTruncation);
        let truncation: Option<(Operator<'_>, u8, u8)> = match (from, to, self.all.draw.percent(50)) {
            (F32, I32, true) => Some((Operator::I32TruncF32S, 0xa8, 0)),
            (F32, I32, false) => Some((Operator::I32TruncF32U, 0xa9, 1)),
            (F64, I32, true) => Some((Operator::I32TruncF64S, 0xaa, 2)),
            (F64, I32, false) => Some((Operator::I32TruncF64U, 0xab, 3)),
            (F32, I64, true) => Some((Operator::I64TruncF32S, 0xae, 4)),
            (F32, I64, false) => Some((Operator::I64TruncF32U, 0xaf, 5)),
            (F64, I64, true) => Some((Operator::I64TruncF64S, 0xb0, 6)),
            (F64, I64, false) => Some((Operator::I64TruncF64U, 0xb1, 7)),
            _ => None,
        };
        let reinterpreted = matches!((from, to), (F32, I32) | (F64, I64)) && self.all.draw.percent(50);
        if let Some((operator, opcode, saturating_opcode)) = truncation
            && !reinterpreted
        {
            if saturating && self.all.draw.percent(60) {
                self.out.extend([0xfc, saturating_opcode]);
                return Ok(());
            }
            return self.guard(&operator, &[opcode]).map(|_| ());
        }
        let found = CONVERSIONS.iter().find(|(one, other, _)| (*one, *other) == (from, to));
        self.one_of(found.ok_or(Unfit)?.2);
        Ok(())
    }

    /// One of the opcodes; a float result that may be a NaN is canonicalised where the case is.
    pub(crate) fn one_of(&mut self, opcodes: &Opcodes) {
        let (first, last) = self.all.draw.pick(opcodes);
        let opcode = first + self.all.draw.below(u32::from(last - first) + 1) as u8;
        self.out.push(opcode);
        let lanes = match opcode {
            0x8d..=0x97 | 0xb6 => Lanes::F32,
            0x9b..=0xa5 | 0xbb => Lanes::F64,
            _ => return,
        };
        if self.all.style.canonicalise {
            self.canonicalise(lanes);
        }
    }

    /// A value of the type: mostly one that varies, else a constant.
    pub(crate) fn operand(&mut self, ty: ValType) {
        if self.all.draw.percent(65) && self.read_something(ty) {
            return;
        }
        let ty = match ty {
            ValType::I32 => wassay_model::ValType::I32,
            ValType::I64 => wassay_model::ValType::I64,
            ValType::F32 => wassay_model::ValType::F32,
            ValType::F64 => wassay_model::ValType::F64,
            ValType::V128 => wassay_model::ValType::V128,
            ValType::Ref(reference) => {
                self.sink().ref_null(reference.heap_type);
                return;
            }
        };
        let value = values::argument(ty, self.all.draw);
        let mut sink = self.sink();
        match value {
            Some(Value::I32(bits)) => sink.i32_const(bits.cast_signed()),
            Some(Value::I64(bits)) => sink.i64_const(bits.cast_signed()),
            Some(Value::F32(bits)) => sink.f32_const(f32::from_bits(bits).into()),
            Some(Value::F64(bits)) => sink.f64_const(f64::from_bits(bits).into()),
            Some(Value::V128(bits)) => sink.v128_const(bits.cast_signed()),
            Some(Value::Ref(_)) | None => return,
        };
    }

    pub(crate) fn memory_is_at_hand(&self) -> bool {
        self.all.interior.memories.first().is_some_and(|memory| memory.minimum > 0 && !memory.memory64)
    }

    /// A global that can be set, and its type.
    fn variable(&mut self) -> Option<(u32, ValType)> {
        let globals = &self.all.interior.globals;
        let first = self.all.draw.position(globals.len());
        let numeric = |ty| matches!(ty, ValType::I32 | ValType::I64 | ValType::F32 | ValType::F64);
        let fit = |global: &usize| globals[*global].mutable && numeric(globals[*global].val_type);
        let found = (first..globals.len()).chain(0..first).find(fit)?;
        Some((found as u32, globals[found].val_type))
    }

    /// Puts the `i32` on the stack where it is seen: into a global, or into memory.
    fn sink_i32(&mut self) {
        let global = self.find_variable_i32();
        let stores = self.memory_is_at_hand();
        let local = self.scratch(ValType::I32, 0);
        let address = self.all.draw.below(128).cast_signed();
        let mut sink = self.sink();
        match global {
            Some(global) => sink.global_get(global).i32_add().global_set(global),
            None if stores => sink.local_set(local).i32_const(address).local_get(local).i32_store(plain(0, 0, 2)),
            None => sink.drop(),
        };
    }

    fn find_variable_i32(&mut self) -> Option<u32> {
        let fit = |global: &wasm_encoder::GlobalType| global.mutable && global.val_type == ValType::I32;
        self.all.interior.globals.iter().position(fit).map(|global| global as u32)
    }

    /// Writes a statement: instructions that take nothing from the stack and leave nothing there.
    pub(crate) fn statement(&mut self, depth: u32) -> Result<(), Unfit> {
        let bulk = self.all.style.features.contains(Feature::BulkMemory);
        let references = self.all.style.features.contains(Feature::ReferenceTypes);
        let tables = self.all.interior.tables.len();
        let table = self.all.draw.position(tables) as u32;
        let scalar_table = tables > 0 && !self.all.interior.tables.iter().any(|table| table.table64);
        let memory = self.memory_is_at_hand();
        match self.all.draw.below(22) {
            0..3 if memory => self.store(),
            3..5 => {
                if let Some((global, ty)) = self.variable() {
                    self.operand(ty);
                    self.grow(ty)?;
                    self.sink().global_set(global);
                }
            }
            5 if memory && bulk => self.guarded(3, &Operator::MemoryFill { mem: 0 }, &[0xfc, 11, 0])?,
            6 if memory && bulk => {
                self.guarded(3, &Operator::MemoryCopy { dst_mem: 0, src_mem: 0 }, &[0xfc, 10, 0, 0])?;
            }
            7..9 if memory && bulk && !self.all.interior.data.is_empty() => {
                let data_index = self.all.draw.position(self.all.interior.data.len()) as u32;
                let raw = [0xfc, 8, data_index as u8, 0];
                self.guarded(3, &Operator::MemoryInit { data_index, mem: 0 }, &raw)?;
            }
            9 if memory => {
                let by = self.all.draw.below(2).cast_signed();
                self.sink().i32_const(by).memory_grow(0);
                self.sink_i32();
            }
            10 if scalar_table && references => {
                let element = ValType::Ref(self.all.interior.tables[table as usize].element_type);
                match self.all.draw.below(4) {
                    0 => {
                        self.operand(ValType::I32);
                        self.operand(element);
                        let raw = written(|sink| sink.table_set(table));
                        self.guarded(0, &Operator::TableSet { table }, &raw)?;
                    }
                    1 => {
                        let raw = written(|sink| sink.table_get(table));
                        self.guarded(1, &Operator::TableGet { table }, &raw)?;
                        self.sink().ref_is_null();
                        self.sink_i32();
                    }
                    2 => {
                        self.operand(ValType::I32);
                        self.operand(element);
                        self.operand(ValType::I32);
                        let raw = written(|sink| sink.table_fill(table));
                        self.guarded(0, &Operator::TableFill { table }, &raw)?;
                    }
                    _ => {
                        self.operand(element);
                        let by = self.all.draw.below(3).cast_signed();
                        self.sink().i32_const(by).table_grow(table);
                        self.sink_i32();
                    }
                }
            }
            11 if scalar_table && bulk => {
                let raw = written(|sink| sink.table_copy(table, table));
                self.guarded(3, &Operator::TableCopy { dst_table: table, src_table: table }, &raw)?;
            }
            12..14 if scalar_table && bulk => {
                // A segment whose type is the table's.
                let ty = self.all.interior.tables[table as usize].element_type;
                let segments = &self.all.interior.element_types;
                let first = self.all.draw.position(segments.len());
                let found = (first..segments.len()).chain(0..first).find(|segment| segments[*segment] == ty);
                if let Some(elem_index) = found.map(|segment| segment as u32) {
                    let raw = written(|sink| sink.table_init(table, elem_index));
                    self.guarded(3, &Operator::TableInit { elem_index, table }, &raw)?;
                }
            }
            14 if references => {
                let ty = if self.all.draw.percent(50) { ValType::EXTERNREF } else { ValType::FUNCREF };
                self.operand(ty);
                self.operand(ty);
                self.operand(ValType::I32);
                self.sink().typed_select(ty).ref_is_null();
                self.sink_i32();
            }
            15..17 if scalar_table && self.all.indirect.is_some() => self.call_through_table()?,
            17 if depth < DEPTH_MAX => {
                // A branch by a table: 0 and 1 leave out as many statements, all else leaves out both.
                self.sink().block(BlockType::Empty).block(BlockType::Empty).block(BlockType::Empty);
                self.operand(ValType::I32);
                self.sink().i32_const(3).i32_and().br_table([0, 1], 2).end();
                self.statement(depth + 1)?;
                self.sink().end();
                self.statement(depth + 1)?;
                self.sink().end();
            }
            18..20 if depth < DEPTH_MAX => {
                self.operand(ValType::I32);
                self.sink().if_(BlockType::Empty);
                self.statement(depth + 1)?;
                self.sink().else_();
                self.statement(depth + 1)?;
                self.sink().end();
            }
            20 if depth < DEPTH_MAX => {
                // A loop that counts down, so it takes no fuel. Its counter is no statement's scratch.
                let turns = self.all.draw.between(2, 9).cast_signed();
                self.locals.push(ValType::I32);
                let counter = self.locals.len() as u32 - 1;
                self.reserved.push(counter);
                self.sink().i32_const(turns).local_set(counter).loop_(BlockType::Empty);
                self.statement(depth + 1)?;
                self.statement(depth + 1)?;
                self.sink().local_get(counter).i32_const(1).i32_sub().local_tee(counter).br_if(0).end();
            }
            _ => {
                self.operand(ValType::I32);
                self.grow(ValType::I32)?;
                self.sink_i32();
            }
        }
        Ok(())
    }

    /// Stores something somewhere in the first memory.
    fn store(&mut self) {
        let types: &[ValType] = if self.all.style.floats {
            &[ValType::I32, ValType::I64, ValType::F32, ValType::F64]
        } else {
            &[ValType::I32, ValType::I64]
        };
        let ty = self.all.draw.pick(types);
        self.operand(ValType::I32);
        let mask = if self.all.draw.percent(80) { 0xff } else { 0x7fff };
        self.sink().i32_const(mask).i32_and();
        self.operand(ty);
        let at = plain(0, u64::from(self.all.draw.below(128)), 0);
        let narrow = self.all.draw.below(4);
        let mut sink = self.sink();
        match (ty, narrow) {
            (ValType::I32, 0) => sink.i32_store8(at),
            (ValType::I32, 1) => sink.i32_store16(at),
            (ValType::I32, _) => sink.i32_store(at),
            (ValType::I64, 0) => sink.i64_store8(at),
            (ValType::I64, 1) => sink.i64_store16(at),
            (ValType::I64, 2) => sink.i64_store32(at),
            (ValType::I64, _) => sink.i64_store(at),
            (ValType::F32, _) => sink.f32_store(at),
            (_, _) => sink.f64_store(at),
        };
    }

    /// Pushes so many `i32` operands, then writes the instruction with its guards.
    fn guarded(&mut self, operands: u32, operator: &Operator<'_>, raw: &[u8]) -> Result<(), Unfit> {
        for _ in 0..operands {
            self.operand(ValType::I32);
        }
        if !self.guard(operator, raw)? {
            self.out.extend_from_slice(raw);
        }
        Ok(())
    }

    /// Calls a function through the table, and lets its numeric results be seen.
    fn call_through_table(&mut self) -> Result<(), Unfit> {
        let Some(indirect) = self.all.indirect else { return Ok(()) };
        let first = self.all.draw.position(self.all.interior.types.len());
        let types = &self.all.interior.types;
        let found = (first..types.len())
            .chain(0..first)
            .find(|ty| types[*ty].as_ref().is_some_and(|signature| indirect.slot(signature).is_some()));
        let Some(type_index) = found else { return Ok(()) };
        let Some(signature) = &types[type_index] else { return Ok(()) };
        if signature.params.iter().any(|ty| matches!(ty, ValType::Ref(reference) if !is_plain(*reference))) {
            return Ok(());
        }
        for param in &signature.params {
            self.operand(*param);
        }
        let operator = Operator::CallIndirect { type_index: type_index as u32, table_index: indirect.table };
        self.guarded(1, &operator, &[])?;
        for result in signature.results.iter().rev() {
            match result {
                ValType::I32 => self.sink_i32(),
                ValType::I64 => {
                    self.sink().i32_wrap_i64();
                    self.sink_i32();
                }
                _ => {
                    self.sink().drop();
                }
            }
        }
        Ok(())
    }
}

fn is_plain(reference: RefType) -> bool {
    reference == RefType::FUNCREF || reference == RefType::EXTERNREF
}

/// The bytes of one instruction.
fn written(write: impl for<'a, 'b> FnOnce(&'a mut InstructionSink<'b>) -> &'a mut InstructionSink<'b>) -> Vec<u8> {
    let mut bytes = Vec::new();
    write(&mut InstructionSink::new(&mut bytes));
    bytes
}
