//! Code in the shapes that compilers rewrite and allocators struggle with: many live values, values that stay on the
//! stack across a call, constants that invite a cheaper operator, operators that undo each other, and vectors.
//!
//! Everything takes the value on top of the stack and leaves one of the same type.

use wasm_encoder::{BlockType, Encode as _, ValType};
use wassay_model::Feature;

use crate::body::{Lanes, Pass, plain};
use crate::grow::{Opcodes, binary, unary};
use crate::rewrite::Unfit;

impl Pass<'_, '_> {
    /// Puts the number on the stack into one of these shapes.
    pub(crate) fn shape(&mut self, ty: ValType) -> Result<(), Unfit> {
        match self.all.draw.below(10) {
            0 => self.pressure(ty),
            1 => self.across_a_call(ty),
            2..4 => self.with_a_constant(ty),
            4 => {
                // The same local on both sides.
                let local = self.scratch(ty, 0);
                self.sink().local_set(local).local_get(local).local_get(local);
                self.one_of(binary(ty));
            }
            5 => {
                // Read, written and read again.
                let local = self.scratch(ty, 0);
                self.sink().local_set(local).local_get(local);
                self.operand(ty);
                self.sink().local_tee(local);
                self.one_of(binary(ty));
            }
            6 => {
                self.operand(ty);
                self.operand(ValType::I32);
                self.sink().i32_eqz().select();
            }
            7 => self.negated_comparison(ty),
            8 => self.undone(ty),
            _ => self.address(ty),
        }
        Ok(())
    }

    /// More live values than there are registers, with something done to one of them meanwhile.
    fn pressure(&mut self, ty: ValType) {
        let live = self.all.draw.between(6, 26);
        for _ in 0..live {
            self.operand(ty);
        }
        let signs = self.all.style.features.contains(Feature::SignExtension);
        match ty {
            ValType::I64 => {
                // Narrowed and widened while everything else waits.
                self.sink().i32_wrap_i64();
                self.one_of(&[(0xac, 0xad)]);
            }
            _ => self.one_of(unary(ty, signs)),
        }
        for _ in 0..live {
            self.one_of(binary(ty));
        }
    }

    /// The value waits on the stack while a later function runs, where one returns the type.
    fn across_a_call(&mut self, ty: ValType) {
        let interior = self.all.interior;
        let (first, count) = (self.function() + 1, interior.functions.len() as u32);
        let numeric = |ty: &ValType| matches!(ty, ValType::I32 | ValType::I64 | ValType::F32 | ValType::F64);
        let fits = |callee: &u32| {
            interior.signature(*callee).is_some_and(|found| found.results == [ty] && found.params.iter().all(numeric))
        };
        let Some(callee) = (first.max(interior.functions_imported)..count).find(fits) else { return };
        for param in interior.signature(callee).map(|found| found.params.as_slice()).unwrap_or_default() {
            self.operand(*param);
        }
        self.sink().call(callee);
        self.one_of(binary(ty));
    }

    /// An operator with a constant that a compiler has a shorter way for.
    fn with_a_constant(&mut self, ty: ValType) {
        let draw = &mut *self.all.draw;
        let (power, wide, choice) = (draw.between(1, 30), draw.between(32, 130), draw.below(4));
        let sign = draw.percent(50);
        match (ty, choice) {
            (ValType::I32, 0..2) => {
                // Neither 0 nor -1, so it does not trap.
                self.sink().i32_const(1 << power);
                self.one_of(&[(0x6d, 0x70)]);
            }
            (ValType::I32, _) => {
                self.sink().i32_const(wide.cast_signed());
                self.one_of(&[(0x74, 0x78)]);
            }
            (ValType::I64, 0..2) => {
                self.sink().i64_const(1 << (power * 2));
                self.one_of(&[(0x7f, 0x82)]);
            }
            (ValType::I64, 2) => {
                // Between 2^31 and 2^32, and next to what a double holds.
                let value = if sign { (1 << 31) + i64::from(wide) } else { (1 << 53) + i64::from(wide | 1) };
                self.sink().i64_const(value);
                self.one_of(&[(0x7c, 0x7e)]);
            }
            (ValType::I64, _) => {
                self.sink().i64_const(wide.into());
                self.one_of(&[(0x86, 0x8a)]);
            }
            (ValType::F32, 0..2) => {
                self.sink().f32_const(if sign { 0.0_f32 } else { -0.0 }.into());
                self.one_of(&[(0x92, 0x94)]);
            }
            (ValType::F32, _) => {
                self.sink().f32_const((wide as f32).into());
                self.one_of(&[(0x94, 0x95)]);
            }
            (_, 0..2) => {
                self.sink().f64_const(if sign { 0.0_f64 } else { 1.0 }.into());
                self.one_of(&[(0xa0, 0xa3)]);
            }
            (..) => {
                self.sink().f64_const(f64::from(wide).into());
                self.one_of(&[(0xa2, 0xa3)]);
            }
        }
    }

    /// A comparison, negated, chooses between the value and another.
    fn negated_comparison(&mut self, ty: ValType) {
        let comparison: &Opcodes = match ty {
            ValType::I32 => &[(0x46, 0x4f)],
            ValType::I64 => &[(0x51, 0x5a)],
            ValType::F32 => &[(0x5b, 0x60)],
            _ => &[(0x61, 0x66)],
        };
        let local = self.scratch(ty, 0);
        self.sink().local_tee(local);
        self.operand(ty);
        self.sink().local_get(local);
        self.operand(ty);
        self.one_of(comparison);
        self.sink().i32_eqz();
        if self.all.draw.percent(50) {
            self.sink().select();
        } else {
            // As a branch: the second value stays only where the first is not wanted.
            let (condition, other) = (self.scratch(ValType::I32, 1), self.scratch(ty, 1));
            self.sink()
                .local_set(condition)
                .local_set(other)
                .drop()
                .block(BlockType::Result(ty))
                .local_get(local)
                .local_get(condition)
                .br_if(0)
                .drop()
                .local_get(other)
                .end();
        }
    }

    /// Two operators of which the second nearly undoes the first.
    fn undone(&mut self, ty: ValType) {
        let pairs: &[(u8, u8)] = match ty {
            ValType::I64 => &[(0xa7, 0xac), (0xa7, 0xad), (0xbf, 0xbd), (0xb9, 0xb0)],
            ValType::F64 => &[(0xb6, 0xbb), (0xbd, 0xbf)],
            ValType::I32 => &[(0xac, 0xa7), (0xad, 0xa7), (0xbe, 0xbc), (0x67, 0x67), (0x45, 0x45)],
            _ => &[(0xbb, 0xb6), (0xbc, 0xbe)],
        };
        let (there, back) = self.all.draw.pick(pairs);
        let is_float = |opcode| matches!(opcode, 0xb2..=0xbb | 0xbd..=0xbf);
        // A truncation would trap; integers-only cases stay so.
        if back == 0xb0 || ((is_float(there) || is_float(back)) && !self.all.style.floats) {
            return;
        }
        self.one_of(&[(there, there)]);
        self.one_of(&[(back, back)]);
    }

    /// A load whose address is a sum that wraps around, and the value behind it.
    fn address(&mut self, ty: ValType) {
        if !self.memory_is_at_hand() {
            return;
        }
        let base = self.all.draw.between(1, 4096).cast_signed();
        let at = plain(0, u64::from(self.all.draw.below(64)), 0);
        let to = self.all.draw.below(256).cast_signed();
        let mut sink = self.sink();
        sink.i32_const(-base).i32_const(base + to).i32_add();
        match ty {
            ValType::I32 => sink.i32_load(at),
            ValType::I64 => sink.i64_load(at),
            ValType::F32 => sink.f32_load(at),
            _ => sink.f64_load(at),
        };
        self.one_of(binary(ty));
    }

    /// Makes more of the vector on the stack.
    pub(crate) fn grow_vector(&mut self) {
        match self.all.draw.below(12) {
            0..5 => {
                self.operand(ValType::V128);
                self.vector_op(BINARY, 81);
            }
            5..7 => self.vector_op(UNARY, 77),
            7 => {
                self.operand(ValType::I32);
                self.vector_op(&[(107, 109), (139, 141), (171, 173), (203, 205)], 107);
            }
            8 => {
                self.vector_op(&[(83, 83), (99, 100), (131, 132), (163, 164), (195, 196)], 83);
                let splat = self.all.draw.between(15, 17);
                self.put_vector_op(splat);
            }
            9 => {
                self.operand(ValType::V128);
                self.put_vector_op(13);
                for _ in 0..16 {
                    let lane = self.all.draw.below(32) as u8;
                    self.out.push(lane);
                }
            }
            10 if self.memory_is_at_hand() => {
                let local = self.scratch(ValType::V128, 0);
                let address = self.all.draw.below(256).cast_signed();
                self.sink().local_set(local).i32_const(address).local_get(local).v128_store(plain(0, 0, 0));
                self.sink().i32_const(address);
                self.vector_op(&[(0, 10), (92, 93)], 0);
                // Alignment and offset.
                self.out.extend([0, 0]);
            }
            10 => {
                self.operand(ValType::V128);
                self.operand(ValType::I32);
                self.sink().select();
            }
            _ => {
                // A lane out of it, and back into another.
                let local = self.scratch(ValType::V128, 0);
                self.sink().local_tee(local).local_get(local);
                const LANES: [(u32, u32, u32); 8] = [
                    (21, 23, 16),
                    (22, 23, 16),
                    (24, 26, 8),
                    (25, 26, 8),
                    (27, 28, 4),
                    (29, 30, 2),
                    (31, 32, 4),
                    (33, 34, 2),
                ];
                let kinds = if self.all.style.floats { 8 } else { 6 };
                let (extract, replace, lanes) = self.all.draw.pick(&LANES[..kinds]);
                for opcode in [extract, replace] {
                    self.put_vector_op(opcode);
                    let lane = self.all.draw.below(lanes) as u8;
                    self.out.push(lane);
                }
            }
        }
    }

    /// One of the opcodes, or the other one where it would bring floats into a case without any.
    fn vector_op(&mut self, opcodes: &[(u32, u32)], without_floats: u32) {
        let (first, last) = self.all.draw.pick(opcodes);
        let mut opcode = self.all.draw.between(first, last);
        let is_float = matches!(opcode, 65..=76 | 94 | 95 | 103..=106 | 116 | 117 | 122 | 148 | 224..=255);
        if is_float && !self.all.style.floats {
            opcode = without_floats;
        }
        self.put_vector_op(opcode);
        let lanes = match opcode {
            94 | 103..=106 | 227..=233 => Lanes::F32x4,
            95 | 116 | 117 | 122 | 148 | 239..=245 => Lanes::F64x2,
            _ => return,
        };
        if self.all.style.canonicalise {
            self.canonicalise(lanes);
        }
    }

    fn put_vector_op(&mut self, opcode: u32) {
        self.out.push(0xfd);
        opcode.encode(&mut self.out);
    }
}

/// Vector operators with two vectors (section 5.4.9), runs of opcodes with both ends included.
const BINARY: &[(u32, u32)] = &[
    (14, 14),
    (35, 76),
    (78, 81),
    (101, 102),
    (110, 115),
    (118, 121),
    (123, 123),
    (130, 130),
    (133, 134),
    (142, 147),
    (149, 153),
    (155, 159),
    (174, 174),
    (177, 177),
    (181, 186),
    (188, 191),
    (206, 206),
    (209, 209),
    (213, 223),
    (228, 235),
    (240, 247),
];

/// Those with one.
const UNARY: &[(u32, u32)] = &[
    (77, 77),
    (94, 98),
    (103, 106),
    (116, 117),
    (122, 122),
    (124, 129),
    (135, 138),
    (148, 148),
    (160, 161),
    (167, 170),
    (192, 193),
    (199, 202),
    (224, 225),
    (227, 227),
    (236, 237),
    (239, 239),
    (248, 255),
];
