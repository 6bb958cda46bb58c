//! Expressions of few operators, drawn from operators that are often rewritten together.

use wasm_encoder::ValType;
use wassay_model::Feature;

use super::{PAGE, POINTERS, Scope, Writer, position};
use crate::draft::Draft;
use crate::draw::Draw;
use crate::encode;

/// An operator: opcode, types of the operands and of the result, and the groups that it belongs to.
struct Op {
    code: u32,
    operands: &'static [ValType],
    result: ValType,
    groups: u16,
}

// Groups of operators that compilers rewrite together.
const BITS: u16 = 1;
const SHIFTS: u16 = 2;
const SUMS: u16 = 4;
const TESTS: u16 = 8;
const WIDTHS: u16 = 16;
const QUOTIENTS: u16 = 32;
const FLOATS: u16 = 64;
const SIGNS: u16 = 128;
const LANES: u16 = 256;
const MASKS: u16 = 512;

macro_rules! ops {
    ($($groups:expr => $operands:tt $result:ident: $($code:literal),+;)*) => {
        &[$($(Op { code: $code, operands: &$operands, result: ValType::$result, groups: $groups },)+)*]
    };
}

const I: ValType = ValType::I32;
const L: ValType = ValType::I64;
const F: ValType = ValType::F32;
const D: ValType = ValType::F64;
const V: ValType = ValType::V128;

const OPS: &[Op] = ops! {
    BITS | SHIFTS => [I, I] I32: 0x71, 0x72, 0x73;
    BITS | SHIFTS => [L, L] I64: 0x83, 0x84, 0x85;
    SHIFTS | WIDTHS => [I, I] I32: 0x74, 0x75, 0x76;
    SHIFTS | BITS => [I, I] I32: 0x77, 0x78;
    SHIFTS | WIDTHS => [L, L] I64: 0x86, 0x87, 0x88;
    SHIFTS | BITS => [L, L] I64: 0x89, 0x8a;
    SUMS | WIDTHS => [I, I] I32: 0x6a, 0x6b;
    SUMS => [I, I] I32: 0x6c;
    SUMS | WIDTHS => [L, L] I64: 0x7c, 0x7d;
    SUMS => [L, L] I64: 0x7e;
    TESTS | BITS => [I] I32: 0x45;
    TESTS | BITS => [L] I32: 0x50;
    TESTS | SUMS | WIDTHS => [I, I] I32: 0x46, 0x47, 0x48, 0x49, 0x4a, 0x4b, 0x4c, 0x4d, 0x4e, 0x4f;
    TESTS | SUMS | WIDTHS => [L, L] I32: 0x51, 0x52, 0x53, 0x54, 0x55, 0x56, 0x57, 0x58, 0x59, 0x5a;
    TESTS | FLOATS | SIGNS => [F, F] I32: 0x5b, 0x5c, 0x5d, 0x5e, 0x5f, 0x60;
    TESTS | FLOATS | SIGNS => [D, D] I32: 0x61, 0x62, 0x63, 0x64, 0x65, 0x66;
    WIDTHS => [I] I32: 0xc0, 0xc1;
    WIDTHS => [L] I64: 0xc2, 0xc3, 0xc4;
    WIDTHS => [L] I32: 0xa7;
    WIDTHS | SUMS => [I] I64: 0xac, 0xad;
    QUOTIENTS => [I, I] I32: 0x6d, 0x6e, 0x6f, 0x70;
    QUOTIENTS => [L, L] I64: 0x7f, 0x80, 0x81, 0x82;
    BITS => [I] I32: 0x67, 0x68, 0x69;
    BITS => [L] I64: 0x79, 0x7a, 0x7b;
    FLOATS => [F, F] F32: 0x92, 0x93, 0x94, 0x95, 0x96, 0x97;
    FLOATS => [D, D] F64: 0xa0, 0xa1, 0xa2, 0xa3, 0xa4, 0xa5;
    FLOATS => [F] F32: 0x8d, 0x8e, 0x8f, 0x90, 0x91;
    FLOATS => [D] F64: 0x9b, 0x9c, 0x9d, 0x9e, 0x9f;
    FLOATS => [F] F64: 0xbb;
    FLOATS => [D] F32: 0xb6;
    FLOATS => [I] F64: 0xb7, 0xb8;
    FLOATS => [I] F32: 0xb2, 0xb3;
    FLOATS => [L] F64: 0xb9, 0xba;
    FLOATS => [L] F32: 0xb4, 0xb5;
    FLOATS | SIGNS => [F] F32: 0x8b, 0x8c;
    FLOATS | SIGNS => [D] F64: 0x99, 0x9a;
    SIGNS => [F, F] F32: 0x98;
    SIGNS => [D, D] F64: 0xa6;
    SIGNS => [F] I32: 0xbc;
    SIGNS => [D] I64: 0xbd;
    SIGNS => [I] F32: 0xbe;
    SIGNS => [L] F64: 0xbf;
    // Shuffles, swizzles, shifts and lanes.
    LANES => [V, V] V128: 0xfd_00d, 0xfd_00d, 0xfd_00d, 0xfd_00e, 0xfd_00e;
    LANES | MASKS => [V, I] V128: 0xfd_06b, 0xfd_06c, 0xfd_06d, 0xfd_08b, 0xfd_08c, 0xfd_08d, 0xfd_0ab, 0xfd_0ac,
        0xfd_0ad, 0xfd_0cb, 0xfd_0cc, 0xfd_0cc, 0xfd_0cd;
    LANES => [V, V] V128: 0xfd_09c, 0xfd_09d, 0xfd_09e, 0xfd_09f, 0xfd_0bc, 0xfd_0bd, 0xfd_0dc, 0xfd_0dd, 0xfd_0df;
    LANES => [V, V] V128: 0xfd_065, 0xfd_066, 0xfd_085, 0xfd_086, 0xfd_06f, 0xfd_070, 0xfd_072, 0xfd_073;
    MASKS => [V, V] V128: 0xfd_023, 0xfd_024, 0xfd_02d, 0xfd_02e, 0xfd_037, 0xfd_038, 0xfd_0d6, 0xfd_0d7, 0xfd_041,
        0xfd_042, 0xfd_047, 0xfd_048;
    MASKS | LANES => [V, V] V128: 0xfd_04e, 0xfd_04f, 0xfd_050, 0xfd_051;
    MASKS => [V, V, V] V128: 0xfd_052, 0xfd_052;
    MASKS => [V] I32: 0xfd_053, 0xfd_063, 0xfd_064, 0xfd_083, 0xfd_084, 0xfd_0a3, 0xfd_0a4, 0xfd_0c3, 0xfd_0c4;
    LANES => [I] V128: 0xfd_00f, 0xfd_010, 0xfd_011;
    LANES => [L] V128: 0xfd_012;
};

/// A function that returns some expressions.
pub(super) fn function(
    scope: &mut Scope,
    draft: &mut Draft,
    draw: &mut Draw,
    params: &[ValType],
) -> (Vec<u8>, Vec<ValType>, Vec<ValType>) {
    let many = scope.may(Feature::MultiValue);
    let exact = scope.exact;
    let mut writer = Writer::new(scope, draft, draw, params);
    if writer.draw.percent(8) {
        // So many locals that some of them are in no register.
        for _ in 0..24 {
            writer.fresh(params[0]);
        }
    }
    let groups = writer.groups(params[0], exact);
    let count = if many { writer.draw.between(1, 3) } else { 1 };
    let mut results = Vec::new();
    for number in 0..count {
        let ty = if number == 0 || writer.draw.percent(50) { writer.result(params[0]) } else { ValType::I32 };
        let depth = writer.draw.pick(&[1, 2, 2, 3, 3, 4]);
        writer.tree(ty, depth, groups);
        results.push(ty);
    }
    let (code, locals) = writer.finish();
    (code, locals, results)
}

impl Writer<'_> {
    /// Two groups, one of them for the type.
    fn groups(&mut self, ty: ValType, exact: bool) -> u16 {
        let own: &[u16] = match ty {
            ValType::F32 | ValType::F64 if exact => &[SIGNS],
            ValType::F32 | ValType::F64 => &[FLOATS],
            ValType::V128 => &[LANES, MASKS],
            _ => &[BITS, SHIFTS, SUMS, TESTS, WIDTHS, WIDTHS, QUOTIENTS],
        };
        let one = self.draw.pick(own);
        let other = self.draw.pick(&[one, BITS, SHIFTS, SUMS, TESTS, WIDTHS]);
        one | other
    }

    /// What the expression is of, mostly the type of the first parameter.
    fn result(&mut self, main: ValType) -> ValType {
        match main {
            ValType::I32 | ValType::I64 => self.draw.pick(&[ValType::I32, ValType::I64, main]),
            _ => self.draw.pick(&[main, main, ValType::I32]),
        }
    }

    pub(super) fn tree(&mut self, ty: ValType, depth: u32, groups: u16) {
        if depth == 0 || self.draw.percent(8) {
            return self.leaf(ty);
        }
        match self.draw.below(100) {
            0..9 => return self.select(ty, depth, groups),
            9..16 if ty == ValType::I32 => return self.called(depth, groups),
            16..19 if matches!(ty, ValType::I32 | ValType::I64) => return self.rotation(ty, depth, groups),
            19..22 if ty == ValType::I32 => return self.sign_extended(depth, groups),
            22..26 if ty == ValType::I32 => return self.summed_comparison(depth, groups),
            34..37 if ty == ValType::I32 => return self.tested_above(depth, groups),
            26..30 => return self.arms(ty, depth, groups),
            30..34 => return self.out_of_block(ty),
            _ => {}
        }
        let fits = |op: &&Op| {
            op.result == ty
                && op.groups & groups != 0
                && (!(0xc0..=0xc4).contains(&op.code) || self.scope.may(Feature::SignExtension))
                && (op.result != ValType::V128 && !op.operands.contains(&ValType::V128) || self.scope.may(Feature::Simd))
                // Bits of floats are made, or looked at.
                && (op.groups & FLOATS == 0 || op.groups & (SIGNS | TESTS) != 0 || !self.scope.exact)
                && (op.groups & SIGNS == 0 || op.groups & (FLOATS | TESTS) != 0 || self.scope.exact)
        };
        let fitting: Vec<&Op> = OPS.iter().filter(fits).collect();
        if fitting.is_empty() {
            return self.leaf(ty);
        }
        let op = self.draw.pick(&fitting);
        self.apply(op, depth, groups);
    }

    fn apply(&mut self, op: &Op, depth: u32, groups: u16) {
        if op.result == ValType::V128 || op.operands.contains(&ValType::V128) {
            self.scope.need(&[Feature::Simd]);
        }
        if (0xc0..=0xc4).contains(&op.code) {
            self.scope.need(&[Feature::SignExtension]);
        }
        match op.operands {
            [a, b] if a == b && self.draw.percent(12) => {
                // The same value twice.
                if let Some(local) = self.local_of(*a) {
                    self.get(local);
                    self.get(local);
                } else {
                    self.leaf(*a);
                    self.leaf(*b);
                }
            }
            [a, b] if a == b && is_number(*a) && self.draw.percent(7) => {
                self.constant(*a);
                self.constant(*b);
            }
            [a, b] if op.groups & QUOTIENTS != 0 => {
                self.tree(*a, depth - 1, groups);
                self.divisor(*b, op.code);
            }
            [a, b] if matches!(op.code, 0x74..=0x78 | 0x86..=0x8a) || matches!(op.operands, [V, I]) => {
                self.tree(*a, depth - 1, groups);
                self.by(*b, depth, groups);
            }
            [a, b] if is_number(*a) && self.draw.percent(35) => {
                // A constant on one side, mostly the second.
                if self.draw.percent(20) {
                    self.constant(*a);
                    self.tree(*b, depth - 1, groups);
                } else {
                    self.tree(*a, depth - 1, groups);
                    self.constant(*b);
                }
            }
            [V, V, V] => {
                self.leaf(V);
                self.leaf(V);
                match self.local_of(V) {
                    // Where a vector equals itself, which NaNs do not, or differs.
                    Some(local) if self.draw.percent(40) => {
                        self.get(local);
                        self.get(local);
                        let code = self.draw.pick(&[0xfd_041, 0xfd_047, 0xfd_042, 0xfd_023, 0xfd_02e]);
                        self.op(code);
                    }
                    _ => self.tree(V, depth - 1, MASKS),
                }
            }
            [V, V] if op.code == 0xfd_00d && depth > 1 && self.draw.percent(40) => {
                // Of what is shuffled already.
                self.leaf(V);
                self.shuffled();
            }
            operands => {
                for ty in operands {
                    if matches!(ty, ValType::F32 | ValType::F64) && self.draw.percent(30) {
                        self.load(*ty);
                    } else {
                        self.tree(*ty, depth - 1, groups);
                    }
                }
            }
        }
        self.op(op.code);
        if op.code == 0xfd_00d {
            self.lanes();
        }
    }

    fn shuffled(&mut self) {
        self.leaf(V);
        self.leaf(V);
        self.op(0xfd_00d);
        self.lanes();
    }

    /// Lanes of the first vector only, of the second only, or of both.
    fn lanes(&mut self) {
        let side = self.draw.below(4);
        for _ in 0..16 {
            let lane = match side {
                0 => self.draw.below(16),
                1 => 16 + self.draw.below(16),
                _ => self.draw.below(32),
            };
            self.code.push(lane as u8);
        }
    }

    /// What to shift by: a constant mostly, and often one that came before or makes up the width with it.
    fn by(&mut self, ty: ValType, depth: u32, groups: u16) {
        if self.draw.percent(20) {
            return self.tree(ty, depth - 1, groups);
        }
        let width = if ty == ValType::I64 { 64 } else { 32 };
        let distance = self.distance;
        let by = match self.draw.below(6) {
            0..3 => distance,
            3 => width - distance % width,
            4 => self.draw.pick(&[0, 1, 2, 3, 8, 16, 24, 31, 32, 33, 36, 40, 63, 64, 65]),
            _ => (self.draw.below(80)).wrapping_neg(),
        };
        if ty == ValType::I64 { self.i64(i64::from(by.cast_signed()).cast_unsigned()) } else { self.i32(by) }
    }

    /// What to divide by, rarely 0.
    fn divisor(&mut self, ty: ValType, code: u32) {
        let signed_remainder = matches!(code, 0x6f | 0x81);
        match self.draw.below(4) {
            0 => {
                self.leaf(ty);
                if ty == ValType::I64 {
                    self.i64(1);
                } else {
                    self.i32(1);
                }
                self.op(if ty == ValType::I64 { 0x84 } else { 0x72 });
            }
            1 if signed_remainder || self.draw.percent(30) => {
                if ty == ValType::I64 {
                    self.i64(u64::MAX);
                } else {
                    self.i32(u32::MAX);
                }
            }
            _ => {
                let by = self.integer(if ty == ValType::I64 { 64 } else { 32 });
                if ty == ValType::I64 { self.i64(by.max(1)) } else { self.i32((by as u32).max(1)) }
            }
        }
    }

    pub(super) fn leaf(&mut self, ty: ValType) {
        match self.draw.below(20) {
            0..4 => self.constant(ty),
            4 | 5 if position(ty).is_some() => {
                let (changed, fixed) = self.scope.globals[position(ty).unwrap_or_default()];
                let global = if self.draw.percent(60) { changed } else { fixed };
                self.with(0x23, global);
            }
            6 => self.load(ty),
            7 if ty == ValType::I32 && self.scope.table.is_some() => self.grown(),
            8 if ty == ValType::I32 => self.call(self.scope.bump),
            _ => match self.local_of(ty) {
                Some(local) => self.get(local),
                None => self.constant(ty),
            },
        }
    }

    /// The result of growing the table, which fails now and then.
    fn grown(&mut self) {
        self.scope.need(&[Feature::ReferenceTypes]);
        self.code.extend([0xd0, 0x70]);
        let delta = self.draw.pick(&[0, 0, 1, 100, 100]);
        self.i32(delta);
        self.op(0xfc_00f);
        self.leb(self.scope.table.unwrap_or_default());
    }

    /// A load of the type, at the end of the memory or in its beginning.
    pub(super) fn load(&mut self, ty: ValType) {
        let codes: &[(u32, u64)] = match ty {
            ValType::I32 => &[(0x28, 4), (0x28, 4), (0x2c, 1), (0x2d, 1), (0x2e, 2), (0x2f, 2)],
            ValType::I64 => &[(0x29, 8), (0x29, 8), (0x30, 1), (0x33, 2), (0x34, 4), (0x35, 4)],
            ValType::F32 => &[(0x2a, 4)],
            ValType::F64 => &[(0x2b, 8)],
            _ => &[(0xfd_000, 16)],
        };
        if ty == ValType::V128 {
            self.scope.need(&[Feature::Simd]);
        }
        let (code, width) = self.draw.pick(codes);
        let offset = self.address(width);
        self.access(code, offset);
    }

    /// Pushes an address for an access of so many bytes; the offset to use with it.
    fn address(&mut self, width: u64) -> u64 {
        let wide = self.scope.wide;
        let ty = if wide { ValType::I64 } else { ValType::I32 };
        let (and, add, shl) = if wide { (0x83, 0x7c, 0x86) } else { (0x71, 0x6a, 0x74) };
        let push = |writer: &mut Self, value: u64| if wide { writer.i64(value) } else { writer.i32(value as u32) };
        match self.draw.below(8) {
            0..3 => {
                // The last bytes of all.
                let offset = u64::from(self.draw.below(2)) * 16;
                push(self, PAGE - width - offset);
                offset
            }
            3 => {
                let value = u64::from(self.draw.below(64));
                push(self, value);
                0
            }
            4 => {
                // An index and its scale: bits that are shifted out are none.
                let scale = self.draw.between(1, 3);
                self.leaf(ty);
                let bits = if wide { 0x1f } else { 0x1f | (7 << 29 << (3 - scale)) };
                push(self, bits);
                self.op(and);
                push(self, u64::from(scale));
                self.op(shl);
                0
            }
            5 => {
                // A base and a scaled index.
                let scale = self.draw.pick(&[0_u64, 1, 2, 3, 3, 8, 9, 10, 11, 11, 12, 64, 66, 67]);
                self.leaf(ty);
                push(self, 0x7f);
                self.op(and);
                self.leaf(ty);
                push(self, 7);
                self.op(and);
                push(self, scale);
                self.op(shl);
                self.op(add);
                0
            }
            6 if !wide => {
                // A pointer that is loaded, and a sum with it that is kept and an address.
                let kept = self.fresh(ValType::I32);
                let value = POINTERS + u64::from(self.draw.below(8)) * 4;
                push(self, value);
                self.access(0x28, 0);
                let value = u64::from(self.draw.below(64));
                push(self, value);
                self.op(add);
                self.tee(kept);
                0
            }
            _ => {
                self.leaf(ty);
                push(self, 0x7f);
                self.op(and);
                let value = u64::from(self.draw.below(64));
                push(self, value);
                self.op(add);
                u64::from(self.draw.below(3)) * 4
            }
        }
    }

    fn select(&mut self, ty: ValType, depth: u32, groups: u16) {
        if !is_number(ty) && ty != V {
            return self.leaf(ty);
        }
        match self.draw.below(5) {
            // The greater or the lesser of two, or the other one.
            4 if is_number(ty) => {
                let (Some(one), Some(other)) = (self.local_of(ty), self.local_of(ty)) else { return self.leaf(ty) };
                self.get(one);
                self.get(other);
                let turned = self.draw.percent(50);
                self.get(if turned { other } else { one });
                self.get(if turned { one } else { other });
                let first = match ty {
                    ValType::I32 => 0x48,
                    ValType::I64 => 0x53,
                    ValType::F32 => 0x5d,
                    _ => 0x63,
                };
                let test = self.draw.below(if matches!(ty, ValType::I32 | ValType::I64) { 8 } else { 4 });
                self.op(first + test);
            }
            // Between what is compared and another.
            0 if ty == ValType::I32 => {
                let Some(local) = self.local_of(ty) else { return self.leaf(ty) };
                self.constant(ty);
                self.get(local);
                self.get(local);
                self.op(0x45);
            }
            1 => {
                self.tree(ty, depth - 1, groups);
                self.tree(ty, depth - 1, groups);
                let chosen = self.draw.below(2);
                self.i32(chosen);
            }
            _ => {
                self.tree(ty, depth - 1, groups);
                self.tree(ty, depth - 1, groups);
                self.tree(ValType::I32, depth - 1, TESTS);
            }
        }
        self.code.push(0x1b);
    }

    /// The result of a call.
    fn called(&mut self, depth: u32, groups: u16) {
        match (self.draw.below(5), self.scope.pair, self.scope.quad) {
            (0, Some(pair), _) => {
                self.tree(ValType::I32, depth - 1, groups);
                self.tree(ValType::I32, depth - 1, groups);
                self.call(pair);
                self.op(0x6b);
            }
            (1, _, Some(quad)) => {
                self.call(quad);
                self.code.extend([0x6b, 0x6b, 0x6b]);
            }
            (2, ..) => {
                self.tree(ValType::I64, depth - 1, groups);
                self.call(self.scope.wrap);
            }
            _ => {
                self.tree(ValType::I32, depth - 1, groups);
                self.leaf(ValType::I32);
                self.call(self.scope.difference);
            }
        }
    }

    /// Two shifts that may make up a rotation.
    fn rotation(&mut self, ty: ValType, depth: u32, groups: u16) {
        let (left, right, or) = if ty == ValType::I64 { (0x86, 0x88, 0x84) } else { (0x74, 0x76, 0x72) };
        let width = if ty == ValType::I64 { 64 } else { 32 };
        let by = if self.draw.percent(40) { self.draw.pick(&[0, width]) } else { self.draw.below(width) };
        for (code, by) in [(left, by), (right, width - by)] {
            if self.draw.percent(60) {
                self.leaf(ty);
            } else {
                self.tree(ty, depth - 1, groups);
            }
            if ty == ValType::I64 {
                self.i64(u64::from(by));
            } else {
                self.i32(by);
            }
            self.op(code);
        }
        self.op(or);
    }

    /// Sign extensions by shifts, one in the other, with distances that are the same or not.
    fn sign_extended(&mut self, depth: u32, groups: u16) {
        let own = self.draw.pick(&[16, 24, 24]);
        self.tree(ValType::I32, depth - 1, groups);
        for number in 0..self.draw.between(1, 2) {
            let other = if number > 0 && self.draw.percent(50) { self.draw.below(96).wrapping_sub(70) } else { own };
            self.i32(other);
            self.op(0x74);
            self.i32(own);
            self.op(0x75);
        }
    }

    /// A sum with a constant, or what is extended, compared.
    fn summed_comparison(&mut self, depth: u32, groups: u16) {
        let wide = self.draw.percent(50);
        let ty = if wide { ValType::I64 } else { ValType::I32 };
        let first = if wide { 0x51 } else { 0x46 };
        let extended = !wide && self.scope.may(Feature::SignExtension) && self.draw.percent(50);
        let constant_first = self.draw.percent(25);
        if constant_first {
            self.constant(ty);
        }
        if extended {
            self.scope.need(&[Feature::SignExtension]);
            self.leaf(ty);
            let extension = self.draw.pick(&[0xc0, 0xc1]);
            self.op(extension);
        } else if self.draw.percent(50) {
            self.tree(ty, depth - 1, groups);
            self.constant(ty);
            self.op(if wide { 0x7c } else { 0x6a });
        } else {
            self.constant(ty);
            self.tree(ty, depth - 1, groups);
            self.op(if wide { 0x7c } else { 0x6a });
        }
        if !constant_first {
            if extended && self.draw.percent(50) {
                // Of the same value as likely as not.
                self.leaf(ty);
                let extension = self.draw.pick(&[0xc0, 0xc1]);
                self.op(extension);
            } else if extended {
                let narrow = super::narrow(self.draw) as u32;
                let with = if self.draw.percent(50) { narrow } else { narrow.wrapping_neg() };
                self.i32(with);
            } else {
                self.constant(ty);
            }
        }
        // Equality is what extensions are compared for.
        let code = first + if extended && self.draw.percent(50) { self.draw.below(2) } else { self.draw.below(10) };
        self.op(code);
    }

    /// A test of something else, right behind an operator that a test could be merged with.
    fn tested_above(&mut self, depth: u32, groups: u16) {
        self.tree(ValType::I32, depth - 1, groups);
        self.leaf(ValType::I32);
        let code = self.draw.pick(&[0x71, 0x72, 0x73, 0x6a]);
        self.op(code);
        match self.draw.below(3) {
            0 => {
                let (changed, fixed) = self.scope.globals[0];
                let global = if self.draw.percent(30) { changed } else { fixed };
                self.with(0x23, global);
            }
            _ => self.leaf(ValType::I32),
        }
        self.op(0x45);
        let code = self.draw.pick(&[0x73, 0x6a, 0x6b]);
        self.op(code);
    }

    /// `if` with an access in one arm that may only be done there.
    fn arms(&mut self, ty: ValType, depth: u32, groups: u16) {
        let Some(number) = position(ty) else { return self.leaf(ty) };
        let load = [0x28, 0x29, 0x2a, 0x2b][number];
        let kind = [0x7f, 0x7e, 0x7d, 0x7c][number];
        let address = self.local_of(ValType::I32).filter(|_| !self.scope.wide && self.draw.percent(60));
        if let Some(address) = address {
            // In bounds where the condition says so.
            self.get(address);
            self.i32(PAGE as u32 - 8);
            self.op(0x4d);
            self.code.extend([0x04, kind]);
            self.get(address);
            self.access(load, 0);
        } else {
            self.tree(ValType::I32, depth - 1, TESTS | groups);
            self.code.extend([0x04, kind]);
            self.tree(ty, depth - 1, groups);
        }
        self.code.push(0x05);
        if self.draw.percent(60) {
            self.constant(ty);
        } else {
            self.leaf(ty);
        }
        self.code.push(0x0b);
    }

    /// A value that a branch takes out of a block, before another one.
    fn out_of_block(&mut self, ty: ValType) {
        let Some(number) = position(ty) else { return self.leaf(ty) };
        self.code.extend([0x02, [0x7f, 0x7e, 0x7d, 0x7c][number]]);
        if self.draw.percent(60) {
            self.constant(ty);
        } else {
            self.leaf(ty);
        }
        if self.draw.percent(50) {
            self.with(0x0c, 0);
        } else {
            let condition = self.draw.below(2);
            if self.draw.percent(50) {
                self.i32(condition);
            } else {
                self.leaf(ValType::I32);
            }
            self.with(0x0d, 0);
        }
        self.code.push(0x0b);
        if self.draw.percent(60) && matches!(ty, ValType::I32 | ValType::I64) {
            self.constant(ty);
            let codes: &[u32] = if ty == ValType::I64 { &[0x7c, 0x7d, 0x85] } else { &[0x6a, 0x6b, 0x73] };
            let code = self.draw.pick(codes);
            encode::opcode(&mut self.code, code);
        }
    }
}

fn is_number(ty: ValType) -> bool {
    position(ty).is_some()
}
