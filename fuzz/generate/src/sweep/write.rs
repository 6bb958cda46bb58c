//! One function: an instruction, its operands in their shapes, its result in its sink.

use wassay_model::{Features, Ref, Value};

use super::Spec;
use super::table::{Imm, Lanes, OPS, Op, Role, Ty, inverse};
use crate::cell::{Shape, Sink};
use crate::draw::Draw;
use crate::{encode, values};

/// Where things are in the memory of every module of the sweep. The first bytes, [`RAMP_LEN`] of them, tell their
/// address; loads and blocks work on them.
pub(super) const RAMP_LEN: u64 = 0x110;
/// Tables of values to load, by type: [`SLOTS`] of 16 bytes each.
const REGIONS: u64 = 0x200;
pub(super) const SLOTS: u32 = 16;
/// What operands that are no plain values are loaded from: integers of 8 bytes.
const SMALL_REGION: u64 = 0x700;
pub(super) const SMALL: [u64; 8] = [8, 0, 16, 0x70, 24, 0x40, 32, 0x38];
/// From here on each function has 256 bytes for itself.
const PRIVATE: u64 = 0x1000;

/// Where the values of a type are.
pub(super) const fn region(ty: Ty) -> u64 {
    REGIONS + 0x100 * ty as u64
}

/// Where the small integers are.
pub(super) const fn small_region() -> u64 {
    SMALL_REGION
}

/// What a parameter of a function is drawn from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Domain {
    pub(super) ty: Ty,
    pub(super) kind: Kind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A value for an operand; `open` tells that some values leave the result open.
    Value { lanes: Lanes, open: bool },
    /// An address; of naturally aligned accesses.
    Address { aligned: bool },
    /// Pages.
    Delta,
    /// Bytes.
    Length,
    /// All ones or zeros.
    Mask,
    /// Zero or not.
    Condition,
    /// The address of a slot, relative to its region; `open` as above.
    Slot { open: bool },
    /// The address of a small integer, relative to its region.
    Small,
    /// An element of the table of functions.
    Element,
}

/// In which calls [`Kind::Condition`] selects what is looked at: the even ones where the flag is set.
pub(super) const fn selects(round: u32, first: bool) -> bool {
    round.is_multiple_of(2) == first
}

/// How many times a function with parameters is called.
pub(super) const ROUNDS: u32 = 8;
/// The first round in which results may be open.
pub(super) const OPEN_ROUND: u32 = 3;

/// A written function.
pub(super) struct Written {
    pub(super) params: Vec<Domain>,
    pub(super) results: Vec<Ty>,
    pub(super) locals: Vec<Ty>,
    /// With its final `end`.
    pub(super) code: Vec<u8>,
    /// Whether a constant may leave the result open: then it is called late.
    pub(super) late: bool,
    /// The parameter that selects, and whether what is looked at comes first.
    pub(super) selector: Option<(usize, bool)>,
}

/// What a module has, by what its functions need.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Uses {
    /// Regions of memory, a bit for each type.
    pub(super) regions: u8,
    pub(super) small: bool,
}

/// Indices that all functions of a module share.
#[derive(Clone, Copy, Debug)]
pub(super) struct Layout {
    /// The functions that return their argument, by type.
    pub(super) identity: [u32; 7],
    pub(super) globals: [u32; 7],
    /// Types `() -> i32`.
    pub(super) leaf_type: u32,
    /// Tables: of leaves, of `funcref` and of `externref`.
    pub(super) leaves: u32,
    pub(super) tables: [u32; 2],
    /// A function that `ref.func` may name.
    pub(super) leaf: u32,
    /// Whether memory and table of leaves have 64-bit addresses.
    pub(super) wide: bool,
}

pub(super) struct Writer<'a> {
    pub(super) layout: &'a Layout,
    pub(super) draw: &'a mut Draw,
    pub(super) uses: &'a mut Uses,
    /// The number of the function in its module.
    pub(super) number: u32,
    code: Vec<u8>,
    params: Vec<Domain>,
    locals: Vec<Ty>,
    late: bool,
    /// The sign of the next constant zero, where floating-point constants are zeros.
    zeros: Option<bool>,
}

/// What the functions of a spec need beyond the instruction itself.
pub(super) fn features(spec: &Spec) -> Features {
    use wassay_model::Feature::{Memory64, MultiValue, MutableGlobal, SignExtension};
    let op = &OPS[usize::from(spec.op)];
    let mut features = op.features;
    let mut add = |more| features = features.union(more);
    match spec.sink {
        Sink::LocalTee => add(Features::of(&[MultiValue])),
        Sink::Global => add(Features::of(&[MutableGlobal])),
        Sink::Address | Sink::TableIndex if op.results[0] == Ty::I64 => add(Features::of(&[Memory64])),
        _ => {}
    }
    for (operand, (ty, _)) in op.params.iter().enumerate() {
        match spec.shapes[operand] {
            Shape::Extended if matches!(ty, Ty::I32 | Ty::I64) => add(Features::of(&[SignExtension])),
            Shape::Inverse => {
                if let Some(other) = inverse(usize::from(spec.op), operand) {
                    add(OPS[other].features);
                }
            }
            _ => {}
        }
    }
    features
}

impl<'a> Writer<'a> {
    pub(super) fn new(layout: &'a Layout, draw: &'a mut Draw, uses: &'a mut Uses, number: u32) -> Self {
        Self {
            layout,
            draw,
            uses,
            number,
            code: Vec::new(),
            params: Vec::new(),
            locals: Vec::new(),
            late: false,
            zeros: None,
        }
    }

    pub(super) fn write(mut self, spec: &Spec) -> Written {
        let op = &OPS[usize::from(spec.op)];
        let result = op.results.first().copied();
        let private = PRIVATE + u64::from(self.number) * 0x100;
        if let Some((ty, _)) = op.params.first().filter(|(ty, _)| !ty.is_ref() && self.draw.percent(6)) {
            // Parameters that nobody reads: those that are read come by the stack then, or out of spilled registers.
            for _ in 0..self.draw.pick(&[6, 8, 9, 13]) {
                self.param(*ty, Kind::Value { lanes: op.lanes, open: false });
            }
        }
        // Two constants meet in few functions.
        let constants = spec.shapes.iter().filter(|shape| **shape == Shape::Const).count();
        if self.draw.percent(if constants > 1 { 50 } else { 25 }) {
            self.zeros = Some(self.draw.percent(50));
        }
        // What lies below the operands on the stack, and parameters of the sink.
        let mut selector = None;
        match (spec.sink, result) {
            (Sink::SelectOperand, Some(ty)) => {
                let first = self.draw.percent(50);
                selector = Some((self.param(Ty::I32, Kind::Condition) as usize, first));
                if !first {
                    self.other(ty);
                }
            }
            (Sink::Store, Some(ty)) if ty.is_ref() => self.i32(self.number % 8),
            (Sink::Store, Some(_)) => self.address(private),
            (Sink::SelectCondition, _) => {
                self.i32(0x1111);
                self.i32(0x2222);
            }
            (Sink::BrTable, _) => {
                for _ in 0..4 {
                    self.code.extend([0x02, 0x40]);
                }
            }
            (Sink::BrIf, _) => self.code.extend([0x02, 0x40]),
            _ => {}
        }

        let offset = match op.imm {
            Imm::Mem(_) | Imm::MemLane(..) if op.results.is_empty() || op.is_atomic() => private,
            Imm::Mem(_) | Imm::MemLane(..) => u64::from(self.draw.below(2)) * 8,
            _ => 0,
        };
        let first = self.code.len();
        let mut address = Vec::new();
        let shared = self.shared(op, spec);
        for operand in 0..op.params.len() {
            self.operand(usize::from(spec.op), operand, spec.shapes[operand], shared);
            if operand == 0 {
                address = self.code[first..].to_vec();
            }
        }
        self.instruction(op, offset);

        let mut results = Vec::new();
        // The second result of wide arithmetic is returned behind what the sink makes of the first.
        let rest = op.results.get(1).map(|ty| {
            let high = self.local(*ty);
            self.local_op(0x21, high);
            (high, *ty)
        });
        match result {
            Some(ty) => self.sink(spec.sink, op, ty, private, selector, &mut results),
            None => {
                self.code.extend(address);
                if op.features.contains(wassay_model::Feature::Simd) {
                    self.memory_access(0xfd_000, 0, offset);
                    results.push(Ty::V128);
                } else {
                    self.memory_access(0x29, 0, offset);
                    results.push(Ty::I64);
                }
            }
        }
        if let Some((high, ty)) = rest {
            self.local_op(0x20, high);
            results.push(ty);
        }
        self.code.push(0x0b);
        Written { params: self.params, results, locals: self.locals, code: self.code, late: self.late, selector }
    }

    /// The local that all operands of one type share in the shape "same".
    fn shared(&mut self, op: &Op, spec: &Spec) -> Option<(Ty, u32)> {
        let (ty, _) = op.params.iter().zip(spec.shapes).find(|(_, shape)| *shape == Shape::Same)?.0;
        let of = || op.params.iter().filter(|(other, _)| other == ty);
        // The narrowest meaning bounds the value.
        let role = of().map(|(_, role)| *role).find(|role| *role != Role::Value).unwrap_or(Role::Value);
        let kind = self.kind(op, role);
        Some((*ty, self.param(*ty, kind)))
    }

    fn kind(&self, op: &Op, role: Role) -> Kind {
        match role {
            Role::Value => Kind::Value { lanes: op.lanes, open: op.open },
            Role::Address => Kind::Address { aligned: op.is_atomic() },
            Role::Source => Kind::Address { aligned: false },
            Role::Delta => Kind::Delta,
            Role::Length => Kind::Length,
            Role::Mask => Kind::Mask,
            Role::Condition => Kind::Condition,
        }
    }

    fn operand(&mut self, number: usize, operand: usize, shape: Shape, shared: Option<(Ty, u32)>) {
        let op = &OPS[number];
        let (ty, role) = op.params[operand];
        let kind = self.kind(op, role);
        match shape {
            Shape::Param | Shape::None => self.get_param(ty, kind),
            Shape::Same => match shared {
                Some((of, local)) if of == ty => self.local_op(0x20, local),
                _ => self.get_param(ty, kind),
            },
            Shape::Const => self.constant(op, ty, role),
            Shape::Loaded => self.loaded(op, ty, role),
            Shape::Called => {
                if ty == Ty::Func {
                    self.get_param(Ty::I32, Kind::Element);
                } else {
                    self.get_param(ty, kind);
                }
                self.code.push(0x10);
                let identity = self.layout.identity[ty as usize];
                self.leb(u64::from(identity));
            }
            Shape::Inverse => self.inverse(number, operand),
            Shape::Compared => self.compared(op, ty, role),
            Shape::Extended => self.extended(op, ty, role),
        }
    }

    fn constant(&mut self, op: &Op, ty: Ty, role: Role) {
        let kind = self.kind(op, role);
        if ty.is_ref() {
            return match ty == Ty::Func && self.draw.percent(50) {
                true => {
                    self.code.push(0xd2);
                    let leaf = self.layout.leaf;
                    self.leb(u64::from(leaf));
                }
                false => self.code.extend([0xd0, ty.byte()]),
            };
        }
        if let (Some(negative), Ty::F32 | Ty::F64, Role::Value) = (self.zeros, ty, role) {
            // Of two the signs are unlike, mostly.
            self.zeros = Some(negative != self.draw.percent(80));
            self.late |= op.open;
            let sign = u64::from(negative);
            return self.value(if ty == Ty::F32 { Value::F32((sign << 31) as u32) } else { Value::F64(sign << 63) });
        }
        // Early rounds have calm values; what traps always observes nothing.
        let edge = role == Role::Value && !op.traps && self.draw.percent(if op.open { 45 } else { 80 });
        if op.traps && !op.open && matches!(ty, Ty::I32 | Ty::I64) && self.draw.percent(50) {
            // A divisor that a compiler divides by in a way of its own; neither 0 nor -1.
            let power = 1_u64 << self.draw.between(1, if ty == Ty::I32 { 31 } else { 63 });
            let divisor = if self.draw.percent(25) { power.wrapping_neg() } else { power };
            return self.value(if ty == Ty::I32 { Value::I32(divisor as u32) } else { Value::I64(divisor) });
        }
        if edge && op.open {
            self.late = true;
        }
        let round = if edge { ROUNDS - 1 } else { 1 };
        let value = argument(Domain { ty, kind }, round, self.draw, None);
        self.value(value);
    }

    fn loaded(&mut self, op: &Op, ty: Ty, role: Role) {
        let index_ty = if self.layout.wide { Ty::I64 } else { Ty::I32 };
        if ty.is_ref() {
            // `table.set`, then `table.get`: tables start with what a plan cannot write, or with nulls.
            let table = u64::from(self.layout.tables[usize::from(ty == Ty::Extern)]);
            if ty == Ty::Func {
                self.get_param(Ty::I32, Kind::Element);
            } else {
                let slot = 8 + self.number % 8;
                self.i32(slot);
                self.get_param(ty, Kind::Value { lanes: Lanes::Integer, open: false });
                self.code.push(0x26);
                self.leb(table);
                self.i32(slot);
            }
            self.code.push(0x25);
            self.leb(table);
        } else if role == Role::Value {
            self.uses.regions |= 1 << ty as u8;
            self.get_param(index_ty, Kind::Slot { open: op.open });
            self.load(ty, region(ty));
        } else if role == Role::Mask {
            self.uses.regions |= 1 << ty as u8;
            self.get_param(index_ty, Kind::Slot { open: true });
            self.load(ty, region(ty));
        } else {
            self.uses.small = true;
            self.get_param(index_ty, Kind::Small);
            self.load(ty, small_region());
        }
    }

    fn inverse(&mut self, number: usize, operand: usize) {
        let op = &OPS[number];
        let (ty, role) = op.params[operand];
        let kind = self.kind(op, role);
        if role != Role::Value {
            self.get_param(ty, kind);
            if ty == Ty::V128 {
                self.simd(77);
            } else {
                self.i32(if matches!(role, Role::Condition | Role::Delta) { 1 } else { 8 });
                self.code.push(0x73);
            }
            return;
        }
        if let Some(other) = inverse(number, operand) {
            let other = &OPS[other];
            for (ty, _) in &other.params {
                let kind = Kind::Value { lanes: other.lanes, open: op.open || other.open };
                self.get_param(*ty, kind);
            }
            self.instruction(other, 0);
            return;
        }
        self.get_param(ty, kind);
        match ty {
            Ty::I32 => {
                self.i32(u32::MAX);
                self.code.push(0x73);
            }
            Ty::I64 => {
                self.value(Value::I64(u64::MAX));
                self.code.push(0x85);
            }
            Ty::F32 => self.code.push(0x8c),
            Ty::F64 => self.code.push(0x9a),
            Ty::V128 => match op.lanes {
                Lanes::Integer => self.simd(77),
                Lanes::F32 => self.simd(225),
                Lanes::F64 => self.simd(237),
            },
            Ty::Func | Ty::Extern => {}
        }
    }

    /// A comparison that holds for calm values.
    fn compared(&mut self, op: &Op, ty: Ty, role: Role) {
        if role == Role::Condition {
            self.get_param(Ty::I32, Kind::Condition);
            self.i32(0);
            self.code.push(0x47);
            return;
        }
        if role != Role::Value && ty == Ty::I32 {
            let kind = self.kind(op, role);
            self.get_param(Ty::I32, kind);
            self.i32(8);
            self.code.push(0x4b);
            if role != Role::Delta {
                self.i32(3);
                self.code.push(0x74);
            }
            return;
        }
        let kind = Kind::Value { lanes: op.lanes, open: op.open };
        self.get_param(ty, kind);
        let choice = self.draw.below(4) as usize;
        match ty {
            Ty::I32 => {
                self.i32([0, 2, 1, 100][choice]);
                self.code.push([0x47, 0x4a, 0x4b, 0x4c][choice]);
            }
            Ty::I64 => {
                self.value(Value::I64([0, 2, 1, 100][choice]));
                self.code.push([0x52, 0x55, 0x56, 0x57][choice]);
                self.code.push([0xad, 0xac][self.draw.position(2)]);
            }
            Ty::F32 => {
                self.value(Value::F32([0.0_f32, 1.0, 1.0, 1e6][choice].to_bits()));
                self.code.push([0x5c, 0x5e, 0x60, 0x5d][choice]);
                self.code.push([0xb2, 0xb3][self.draw.position(2)]);
            }
            Ty::F64 => {
                self.value(Value::F64([0.0_f64, 1.0, 1.0, 1e6][choice].to_bits()));
                self.code.push([0x62, 0x64, 0x66, 0x63][choice]);
                self.code.push([0xb7, 0xb8][self.draw.position(2)]);
            }
            Ty::V128 => {
                // Unlike zero; of floats, 1 where it holds, since all ones would be a NaN.
                self.value(Value::V128(0));
                match op.lanes {
                    Lanes::Integer => self.simd([36, 46, 56, 215][choice]),
                    Lanes::F32 => self.simd(66),
                    Lanes::F64 => self.simd(72),
                }
                if role == Role::Value && op.lanes != Lanes::Integer {
                    let one = match op.lanes {
                        Lanes::F32 => (0..4).fold(0, |bits, lane| bits | u128::from(1_f32.to_bits()) << (32 * lane)),
                        _ => (0..2).fold(0, |bits, lane| bits | u128::from(1_f64.to_bits()) << (64 * lane)),
                    };
                    self.value(Value::V128(one));
                    self.simd(78);
                }
            }
            Ty::Func | Ty::Extern => {}
        }
    }

    fn extended(&mut self, op: &Op, ty: Ty, role: Role) {
        let kind = self.kind(op, role);
        let calm = Kind::Value { lanes: op.lanes, open: op.open };
        match ty {
            Ty::I32 => {
                self.get_param(ty, kind);
                self.code.push([0xc0, 0xc1][self.draw.position(2)]);
            }
            Ty::I64 => {
                let choice = self.draw.position(5);
                self.get_param(if choice < 2 { Ty::I32 } else { Ty::I64 }, calm);
                self.code.push([0xac, 0xad, 0xc2, 0xc3, 0xc4][choice]);
            }
            Ty::F32 => {
                self.get_param(Ty::I32, calm);
                self.code.push([0xb2, 0xb3][self.draw.position(2)]);
            }
            Ty::F64 => match self.draw.below(3) {
                0 => {
                    self.get_param(Ty::I32, calm);
                    self.code.push([0xb7, 0xb8][self.draw.position(2)]);
                }
                _ => {
                    self.get_param(Ty::F32, Kind::Value { lanes: op.lanes, open: true });
                    self.code.push(0xbb);
                }
            },
            Ty::V128 if role == Role::Mask => {
                self.get_param(ty, Kind::Mask);
                self.one_of(&[135, 167, 199]);
            }
            Ty::V128 => match op.lanes {
                Lanes::Integer => {
                    self.get_param(ty, calm);
                    self.one_of(&[135, 136, 137, 138, 167, 168, 169, 170, 199, 200, 201, 202]);
                }
                Lanes::F32 => {
                    self.get_param(ty, Kind::Value { lanes: Lanes::Integer, open: op.open });
                    self.one_of(&[250, 251]);
                }
                Lanes::F64 => {
                    self.get_param(ty, Kind::Value { lanes: Lanes::F32, open: true });
                    self.simd(95);
                }
            },
            Ty::Func | Ty::Extern => {}
        }
    }

    /// The instruction, its operands being on the stack.
    fn instruction(&mut self, op: &Op, offset: u64) {
        match op.imm {
            Imm::Mem(log2) | Imm::MemLane(log2, _) => {
                let align = if op.is_atomic() { log2 } else { self.draw.below(u32::from(log2) + 1) as u8 };
                self.memory_access(op.code, align, offset);
            }
            _ => self.opcode(op.code),
        }
        match op.imm {
            Imm::Nothing | Imm::Mem(_) => {}
            Imm::Lane(lanes) | Imm::MemLane(_, lanes) => {
                let lane = self.draw.below(u32::from(lanes)) as u8;
                self.code.push(lane);
            }
            Imm::Shuffle => {
                let turn = self.draw.below(32) as u8;
                let lanes: [u8; 16] = match self.draw.below(8) {
                    0 => std::array::from_fn(|lane| (lane as u8 + turn) % 32),
                    1 => std::array::from_fn(|lane| 15 - lane as u8),
                    2 => std::array::from_fn(|lane| lane as u8 / 2 + 16 * (lane as u8 % 2)),
                    3 => std::array::from_fn(|lane| 8 + lane as u8 / 2 + 16 * (lane as u8 % 2)),
                    4 => [turn; 16],
                    5 => std::array::from_fn(|lane| (lane as u8 / 4 * 8 + lane as u8 % 4 + turn / 8 * 4) % 32),
                    6 => std::array::from_fn(|lane| lane as u8 * 2 + turn % 2),
                    _ => std::array::from_fn(|_| self.draw.below(32) as u8),
                };
                self.code.extend(lanes);
            }
            Imm::Memory => self.code.push(0),
            Imm::Memories | Imm::Init => self.code.extend([0, 0]),
            Imm::Select => {
                let ty = op.params[0].0.byte();
                self.code.extend([1, ty]);
            }
            Imm::Null => {
                let ty = op.results[0].byte();
                self.code.push(ty);
            }
            Imm::Func => {
                let leaf = self.layout.leaf;
                self.leb(u64::from(leaf));
            }
        }
    }

    /// The two ways on from a condition.
    fn decide(&mut self, sink: Sink) {
        match sink {
            Sink::BrIf => {
                self.code.extend([0x0d, 0]);
                self.i32(0x3333);
                self.code.extend([0x0f, 0x0b]);
                self.i32(0x4444);
            }
            Sink::If => {
                self.code.extend([0x04, 0x7f]);
                self.i32(0x5555);
                self.code.push(0x05);
                self.i32(0x6666);
                self.code.push(0x0b);
            }
            _ => self.code.push(0x1b),
        }
    }

    #[rustfmt::skip]
    fn sink(&mut self, sink: Sink, op: &Op, ty: Ty, private: u64, selector: Option<(usize, bool)>, results: &mut Vec<Ty>) {
        let layout = *self.layout;
        results.push(ty);
        match sink {
            Sink::Return | Sink::State => {}
            Sink::LocalSet => {
                let local = self.local(ty);
                self.local_op(0x21, local);
                self.local_op(0x20, local);
            }
            Sink::LocalTee => {
                let local = self.local(ty);
                self.local_op(0x22, local);
                self.local_op(0x20, local);
                results.push(ty);
            }
            Sink::Store if ty.is_ref() => {
                let table = u64::from(layout.tables[usize::from(ty == Ty::Extern)]);
                self.code.push(0x26);
                self.leb(table);
                self.i32(self.number % 8);
                self.code.push(0x25);
                self.leb(table);
            }
            Sink::Store => {
                let store = match ty { Ty::I32 => 0x36, Ty::I64 => 0x37, Ty::F32 => 0x38, Ty::F64 => 0x39, _ => 0xfd_00b };
                self.memory_access(store, 0, 0);
                self.address(private);
                self.load(ty, 0);
            }
            Sink::Global => {
                let global = u64::from(layout.globals[ty as usize]);
                self.code.push(0x24);
                self.leb(global);
                self.code.push(0x23);
                self.leb(global);
            }
            Sink::SelectOperand => {
                let (param, first) = selector.unwrap_or((0, true));
                if first {
                    self.other(ty);
                }
                self.local_op(0x20, param as u32);
                match ty.is_ref() {
                    true => self.code.extend([0x1c, 1, ty.byte()]),
                    false => self.code.push(0x1b),
                }
            }
            Sink::Argument => {
                self.code.push(0x10);
                let function = if ty == Ty::Func { layout.identity[6] + 1 } else { layout.identity[ty as usize] };
                self.leb(u64::from(function));
            }
            Sink::BrIf | Sink::If | Sink::SelectCondition => {
                if op.boolean && self.draw.percent(33) {
                    // The negation of a comparison of floats is no comparison.
                    self.code.push(0x45);
                }
                self.decide(sink);
            }
            Sink::BrTable => {
                self.code.extend([0x0e, 3, 0, 1, 2, 3]);
                for number in 0..4 {
                    self.code.push(0x0b);
                    self.i32(0x7770 + number);
                    if number < 3 {
                        self.code.push(0x0f);
                    }
                }
            }
            Sink::Address => {
                self.mask(op, ty, 0xff);
                let (load, loaded) = self.draw.pick(&[(0x2d, Ty::I32), (0x2f, Ty::I32), (0x28, Ty::I32), (0x29, Ty::I64)]);
                self.memory_access(load, 0, 0);
                *results = vec![loaded];
            }
            Sink::TableIndex => {
                self.mask(op, ty, 7);
                self.code.push(0x11);
                self.leb(u64::from(layout.leaf_type));
                self.leb(u64::from(layout.leaves));
                *results = vec![Ty::I32];
            }
        }
    }

    /// Keeps an index in bounds, where it is not 0 or 1 of its own.
    fn mask(&mut self, op: &Op, ty: Ty, mask: u32) {
        if op.boolean {
            return;
        }
        match ty {
            Ty::I64 => {
                self.value(Value::I64(u64::from(mask)));
                self.code.push(0x83);
            }
            _ => {
                self.i32(mask);
                self.code.push(0x71);
            }
        }
    }

    /// A value that is not looked at.
    fn other(&mut self, ty: Ty) {
        match ty {
            Ty::I32 => self.i32(0x0123_4567),
            Ty::I64 => self.value(Value::I64(0x0123_4567_89ab_cdef)),
            Ty::F32 => self.value(Value::F32(0x4123_4567)),
            Ty::F64 => self.value(Value::F64(0x4123_4567_89ab_cdef)),
            Ty::V128 => self.value(Value::V128(0x0123_4567_89ab_cdef_1122_3344_5566_7788)),
            Ty::Func => {
                self.code.push(0xd2);
                let leaf = self.layout.leaf;
                self.leb(u64::from(leaf) + 1);
            }
            Ty::Extern => self.code.extend([0xd0, ty.byte()]),
        }
    }

    fn param(&mut self, ty: Ty, kind: Kind) -> u32 {
        self.params.push(Domain { ty, kind });
        self.params.len() as u32 - 1
    }

    fn get_param(&mut self, ty: Ty, kind: Kind) {
        let param = self.param(ty, kind);
        self.local_op(0x20, param);
    }

    /// All parameters are known by now: locals come behind them.
    fn local(&mut self, ty: Ty) -> u32 {
        self.locals.push(ty);
        (self.params.len() + self.locals.len()) as u32 - 1
    }

    fn local_op(&mut self, code: u8, local: u32) {
        self.code.push(code);
        self.leb(u64::from(local));
    }

    fn load(&mut self, ty: Ty, offset: u64) {
        let code = match ty {
            Ty::I32 => 0x28,
            Ty::I64 => 0x29,
            Ty::F32 => 0x2a,
            Ty::F64 => 0x2b,
            _ => 0xfd_000,
        };
        self.memory_access(code, 0, offset);
    }

    fn memory_access(&mut self, code: u32, align: u8, offset: u64) {
        self.opcode(code);
        encode::memory_argument(&mut self.code, align, 0, offset);
    }

    fn address(&mut self, address: u64) {
        match self.layout.wide {
            true => self.value(Value::I64(address)),
            false => self.i32(address as u32),
        }
    }

    fn opcode(&mut self, code: u32) {
        encode::opcode(&mut self.code, code);
    }

    fn simd(&mut self, number: u32) {
        self.opcode(0xfd_000 | number);
    }

    /// One of some vector instructions.
    fn one_of(&mut self, numbers: &[u32]) {
        let number = self.draw.pick(numbers);
        self.simd(number);
    }

    fn i32(&mut self, bits: u32) {
        self.value(Value::I32(bits));
    }

    fn value(&mut self, value: Value) {
        encode::constant(&mut self.code, value);
    }

    fn leb(&mut self, number: u64) {
        encode::unsigned(&mut self.code, number);
    }
}

const CALM_F32: [f32; 8] = [2.5, 7.0, 1.5, 100.0, 3.25, 10.75, 4.0, 6.5];
/// The widths of things, and what lies beside them: edges of shifts, counts and extensions.
const WIDTHS: [u64; 14] = [7, 8, 9, 15, 16, 17, 31, 32, 33, 63, 64, 65, 127, 128];
/// Where consecutive integers stop being floats.
const MANTISSAS: [u64; 8] =
    [(1 << 24) - 1, 1 << 24, (1 << 24) + 1, (1 << 25) + 3, (1 << 53) - 1, (1 << 53) + 1, (1 << 54) + 2, (1 << 54) + 6];

/// An argument for a round: plain in the first, calm in the second, at the edges later. `selects` is what a
/// condition must say.
pub(super) fn argument(domain: Domain, round: u32, draw: &mut Draw, selects: Option<bool>) -> Value {
    let wide = |bits: u64| if domain.ty == Ty::I64 { Value::I64(bits) } else { Value::I32(bits as u32) };
    match domain.kind {
        Kind::Value { lanes, open } => {
            value(domain.ty, lanes, if open && round < OPEN_ROUND { round.min(1) } else { round }, draw)
        }
        Kind::Address { aligned: true } => Value::I32(draw.below(15) * 8),
        Kind::Address { aligned: false } => Value::I32(draw.below(if round < 2 { 15 } else { 0x71 })),
        Kind::Delta => Value::I32(
            draw.pick(&[0, 0, 1, 2, 0xffff, 0x10000, u32::MAX, 0x8000_0000][..if round < 2 { 3 } else { 8 }]),
        ),
        Kind::Length => Value::I32(draw.below(if round < 2 { 9 } else { 0x60 })),
        Kind::Mask => {
            let bits = draw.bits();
            Value::V128(
                (0..16)
                    .fold(0, |mask, lane| mask | if bits >> (lane / 8) & 1 == 1 { 0xff_u128 << (8 * lane) } else { 0 }),
            )
        }
        Kind::Condition => match selects {
            Some(false) => Value::I32(0),
            Some(true) => Value::I32(draw.pick(&[1, 2, u32::MAX, 0x8000_0000])),
            None => Value::I32(draw.pick(&[0, 1, 1, 0x8000_0000])),
        },
        Kind::Slot { open } => {
            let slots = match round {
                0 | 1 => 2,
                _ if open && round < OPEN_ROUND => 8,
                _ => SLOTS,
            };
            wide(u64::from(draw.below(slots) * 16))
        }
        Kind::Small => wide(u64::from(draw.below(8) * 8)),
        Kind::Element => Value::I32(draw.below(8)),
    }
}

/// A value that is plain in round 0, calm in round 1, at an edge of its type or random later; NaNs come last.
pub(super) fn value(ty: Ty, lanes: Lanes, round: u32, draw: &mut Draw) -> Value {
    let calm = round < 2;
    match ty {
        Ty::I32 if calm => Value::I32(3 + draw.below(if round == 0 { 10 } else { 97 })),
        Ty::I64 if calm => Value::I64(u64::from(3 + draw.below(if round == 0 { 10 } else { 97 }))),
        Ty::I32 => Value::I32(integer(draw, 32) as u32),
        Ty::I64 => Value::I64(integer(draw, 64)),
        Ty::F32 if calm => Value::F32(draw.pick(&CALM_F32).to_bits()),
        Ty::F64 if calm => Value::F64(f64::from(draw.pick(&CALM_F32)).to_bits()),
        Ty::F32 => Value::F32(float32(round, draw)),
        Ty::F64 => Value::F64(float64(round, draw)),
        Ty::V128 => Value::V128(match lanes {
            Lanes::Integer if calm => u128::from_le_bytes(std::array::from_fn(|_| 1 + draw.below(15) as u8)),
            // Lanes that are taken together are at the edge together.
            Lanes::Integer if draw.percent(30) => {
                let width = draw.pick(&[8, 16, 32, 64]);
                let lane = values::integer(draw, width) & (u64::MAX >> (64 - width));
                (0..128 / width).fold(0, |bits, _| bits << width | u128::from(lane))
            }
            Lanes::Integer => values::vector(draw),
            Lanes::F32 => (0..4).fold(0, |bits, _| {
                bits << 32 | u128::from(if calm { draw.pick(&CALM_F32).to_bits() } else { float32(round, draw) })
            }),
            Lanes::F64 => (0..2).fold(0, |bits, _| {
                let lane = if calm { f64::from(draw.pick(&CALM_F32)).to_bits() } else { float64(round, draw) };
                bits << 64 | u128::from(lane)
            }),
        }),
        Ty::Func => Value::Ref(Ref::Null),
        Ty::Extern if draw.percent(25) => Value::Ref(Ref::Null),
        Ty::Extern => Value::Ref(Ref::Extern(draw.below(8))),
    }
}

fn integer(draw: &mut Draw, width: u32) -> u64 {
    let bits = match draw.below(9) {
        0 => draw.pick(&WIDTHS),
        1 => draw.pick(&MANTISSAS),
        2 => draw.bits(),
        3 => tie(draw, width),
        _ => values::integer(draw, width),
    };
    if width == 32 { bits & 0xffff_ffff } else { bits }
}

/// An integer halfway between two floats, or beside that: there it matters that a conversion rounds once, and to even.
fn tie(draw: &mut Draw, width: u32) -> u64 {
    let precision = if width > 53 && draw.percent(40) { 53 } else { 24 };
    let top = draw.between(precision + 1, width - 1);
    let half = 1_u64 << (top - precision);
    let odd = if draw.percent(50) { half << 1 } else { 0 };
    ((1_u64 << top) | odd | half).wrapping_add(draw.pick(&[0, 1, u64::MAX]))
}

/// Numbers until the last two rounds; then NaNs too.
fn float32(round: u32, draw: &mut Draw) -> u32 {
    let bits = match draw.below(20) {
        0..4 => 0x8000_0000 * draw.below(2),
        4 => 0x7f80_0000 | (0x8000_0000 * draw.below(2)),
        5..16 => draw.pick(&values::F32),
        _ => draw.bits() as u32,
    };
    if f32::from_bits(bits).is_nan() && round < ROUNDS - 2 { bits & 0xff80_0000 } else { bits }
}

fn float64(round: u32, draw: &mut Draw) -> u64 {
    let bits = match draw.below(20) {
        0..4 => u64::from(draw.below(2)) << 63,
        4 => 0x7ff0_0000_0000_0000 | (u64::from(draw.below(2)) << 63),
        5..16 => draw.pick(&values::F64),
        _ => draw.bits(),
    };
    if f64::from_bits(bits).is_nan() && round < ROUNDS - 2 { bits & 0xfff0_0000_0000_0000 } else { bits }
}
