//! Vector instructions (sections 4.3 and 4.6).
//!
//! A vector is a `u128` with lane 0 in its lowest bits, and takes two slots, the low half first. Every function returns
//! `None` if the stack is too short, which validation rules out.

use std::array::from_fn;

use wassay_model::TrapKind;

use super::choices::{Choices, Parameter};
use super::numerics::{self as num, float32, float64, result32, result64};
use super::{Ask, memory};
use crate::syntax::{LaneOp, LoadLaneOp, LoadOp, StoreLaneOp, VectorOp};

/// The stack of slots, as an instruction sees it.
pub(crate) struct Operands<'a> {
    pub(crate) slots: &'a mut [u64],
    pub(crate) sp: &'a mut usize,
}

impl Operands<'_> {
    pub(super) fn pop(&mut self) -> Option<u64> {
        *self.sp = self.sp.checked_sub(1)?;
        self.slots.get(*self.sp).copied()
    }

    pub(super) fn push(&mut self, value: u64) -> Option<()> {
        *self.slots.get_mut(*self.sp)? = value;
        *self.sp += 1;
        Some(())
    }

    fn pop_vector(&mut self) -> Option<u128> {
        let high = self.pop()?;
        let low = self.pop()?;
        Some(u128::from(high) << 64 | u128::from(low))
    }

    fn push_vector(&mut self, value: u128) -> Option<()> {
        self.push(value as u64)?;
        self.push((value >> 64) as u64)
    }

    /// vvunop, vunop
    fn unary(&mut self, op: impl FnOnce(u128) -> u128) -> Option<()> {
        let a = self.pop_vector()?;
        self.push_vector(op(a))
    }

    /// vvbinop, vbinop, vrelop
    fn binary(&mut self, op: impl FnOnce(u128, u128) -> u128) -> Option<()> {
        let b = self.pop_vector()?;
        let a = self.pop_vector()?;
        self.push_vector(op(a, b))
    }

    /// vvternop, vternop
    fn ternary(&mut self, op: impl FnOnce(u128, u128, u128) -> u128) -> Option<()> {
        let c = self.pop_vector()?;
        let b = self.pop_vector()?;
        let a = self.pop_vector()?;
        self.push_vector(op(a, b, c))
    }

    /// vvtestop, vtestop, vbitmask
    fn test(&mut self, op: impl FnOnce(u128) -> u32) -> Option<()> {
        let a = self.pop_vector()?;
        self.push(u64::from(op(a)))
    }

    /// vshiftop
    fn shift(&mut self, op: impl FnOnce(u128, u32) -> u128) -> Option<()> {
        let distance = self.pop()? as u32;
        let a = self.pop_vector()?;
        self.push_vector(op(a, distance))
    }
}

/// What a vector can be divided into. Floats are lanes of bits, so that no NaN changes on its way.
trait Lane: Copy {
    const BITS: u32;
    fn take(bits: u128) -> Self;
    fn bits(self) -> u128;
}

macro_rules! lanes {
    ($($ty:ty as $unsigned:ty),*) => {
        $(
            impl Lane for $ty {
                const BITS: u32 = <$ty>::BITS;
                #[inline(always)]
                fn take(bits: u128) -> Self {
                    bits as $ty
                }
                #[inline(always)]
                fn bits(self) -> u128 {
                    u128::from(self as $unsigned)
                }
            }
        )*
    };
}

lanes!(u8 as u8, i8 as u8, u16 as u16, i16 as u16, u32 as u32, i32 as u32, u64 as u64, i64 as u64);

/// 4.3 lanes
#[inline(always)]
fn lanes<T: Lane, const N: usize>(vector: u128) -> [T; N] {
    from_fn(|at| T::take(vector >> (at as u32 * T::BITS)))
}

/// 4.3 lanes, inverted
#[inline(always)]
fn vector<T: Lane, const N: usize>(lanes: [T; N]) -> u128 {
    lanes.into_iter().enumerate().fold(0, |sum, (at, lane)| sum | lane.bits() << (at as u32 * T::BITS))
}

fn map<T: Lane, U: Lane, const N: usize>(a: u128, mut op: impl FnMut(T) -> U) -> u128 {
    let a = lanes::<T, N>(a);
    vector::<U, N>(from_fn(|at| op(a[at])))
}

fn zip<T: Lane, U: Lane, const N: usize>(a: u128, b: u128, mut op: impl FnMut(T, T) -> U) -> u128 {
    let (a, b) = (lanes::<T, N>(a), lanes::<T, N>(b));
    vector::<U, N>(from_fn(|at| op(a[at], b[at])))
}

/// vrelop: a lane of ones where it holds, of zeros elsewhere.
fn compare<T: Lane, const N: usize>(a: u128, b: u128, op: impl Fn(T, T) -> bool) -> u128 {
    let (a, b) = (lanes::<T, N>(a), lanes::<T, N>(b));
    let ones = u128::MAX >> (128 - T::BITS);
    (0..N).fold(0, |sum, at| if op(a[at], b[at]) { sum | ones << (at as u32 * T::BITS) } else { sum })
}

fn splat<T: Lane, const N: usize>(value: u64) -> u128 {
    vector::<T, N>([T::take(u128::from(value)); N])
}

/// Lanes of half as many and twice as wide, from the low or the high half. `N` counts the results.
fn extend<T: Lane, U: Lane, const N: usize>(a: u128, op: impl Fn(T) -> U) -> u128 {
    vector::<U, N>(from_fn(|at| op(T::take(a >> (at as u32 * T::BITS)))))
}

fn extend_pair<T: Lane, U: Lane, const N: usize>(a: u128, b: u128, op: impl Fn(T, T) -> U) -> u128 {
    let lane = |vector: u128, at: usize| T::take(vector >> (at as u32 * T::BITS));
    vector::<U, N>(from_fn(|at| op(lane(a, at), lane(b, at))))
}

/// Neighbours put together. `N` counts the results.
fn pairwise<T: Lane, U: Lane, const N: usize>(a: u128, op: impl Fn(T, T) -> U) -> u128 {
    let lane = |at: usize| T::take(a >> (at as u32 * T::BITS));
    vector::<U, N>(from_fn(|at| op(lane(2 * at), lane(2 * at + 1))))
}

/// The lanes of `a`, then those of `b`, half as wide. `N` counts the lanes of one operand.
fn narrow<T: Lane, U: Lane, const N: usize>(a: u128, b: u128, op: impl Fn(T) -> U) -> u128 {
    let half = |vector: u128| {
        lanes::<T, N>(vector)
            .into_iter()
            .enumerate()
            .fold(0, |sum, (at, lane)| sum | op(lane).bits() << (at as u32 * U::BITS))
    };
    half(a) | half(b) << 64
}

fn all_true<T: Lane, const N: usize>(a: u128) -> u32 {
    u32::from(lanes::<T, N>(a).into_iter().all(|lane| lane.bits() != 0))
}

fn bitmask<T: Lane, const N: usize>(a: u128) -> u32 {
    let tops = lanes::<T, N>(a).into_iter().enumerate();
    tops.fold(0, |sum, (at, lane)| sum | ((lane.bits() >> (T::BITS - 1)) as u32) << at)
}

/// `i8x16.shuffle`
pub(crate) fn shuffle(operands: &mut Operands<'_>, indices: &[u8; 16]) -> Option<()> {
    operands.binary(|a, b| {
        let (a, b) = (a.to_le_bytes(), b.to_le_bytes());
        u128::from_le_bytes(indices.map(|at| if at < 16 { a[at as usize] } else { b[at as usize % 16] }))
    })
}

/// `i8x16.swizzle`: an index beyond the vector selects 0.
fn swizzle(a: u128, indices: u128) -> u128 {
    let a = a.to_le_bytes();
    u128::from_le_bytes(indices.to_le_bytes().map(|at| a.get(at as usize).copied().unwrap_or(0)))
}

/// `extract_lane` and `replace_lane`
pub(crate) fn lane(operands: &mut Operands<'_>, op: LaneOp, lane: u8) -> Option<()> {
    use LaneOp as L;
    let width = 128 / u32::from(op.lanes());
    let at = u32::from(lane) * width;
    let replaced = match op {
        L::I8x16ReplaceLane
        | L::I16x8ReplaceLane
        | L::I32x4ReplaceLane
        | L::I64x2ReplaceLane
        | L::F32x4ReplaceLane
        | L::F64x2ReplaceLane => Some(operands.pop()?),
        _ => None,
    };
    let vector = operands.pop_vector()?;
    let ones = u128::MAX >> (128 - width);
    if let Some(value) = replaced {
        return operands.push_vector(vector & !(ones << at) | (u128::from(value) & ones) << at);
    }
    let bits = (vector >> at & ones) as u64;
    operands.push(match op {
        L::I8x16ExtractLaneS => u64::from(num::int32::extend8_s(bits as u32)),
        L::I16x8ExtractLaneS => u64::from(num::int32::extend16_s(bits as u32)),
        _ => bits,
    })
}

/// `v128.load` and its kin
pub(crate) fn load(operands: &mut Operands<'_>, bytes: &[u8], op: LoadOp, offset: u64) -> Option<Result<(), TrapKind>> {
    use LoadOp as L;
    let address = operands.pop()?;
    let loaded = match op.width() {
        1 => memory::load(bytes, address, offset).map(|bytes| u128::from(u8::from_le_bytes(bytes))),
        2 => memory::load(bytes, address, offset).map(|bytes| u128::from(u16::from_le_bytes(bytes))),
        4 => memory::load(bytes, address, offset).map(|bytes| u128::from(u32::from_le_bytes(bytes))),
        8 => memory::load(bytes, address, offset).map(|bytes| u128::from(u64::from_le_bytes(bytes))),
        _ => memory::load(bytes, address, offset).map(u128::from_le_bytes),
    };
    let bits = match loaded {
        Ok(bits) => bits,
        Err(kind) => return Some(Err(kind)),
    };
    operands
        .push_vector(match op {
            L::V128Load8x8S => extend::<i8, i16, 8>(bits, i16::from),
            L::V128Load8x8U => extend::<u8, u16, 8>(bits, u16::from),
            L::V128Load16x4S => extend::<i16, i32, 4>(bits, i32::from),
            L::V128Load16x4U => extend::<u16, u32, 4>(bits, u32::from),
            L::V128Load32x2S => extend::<i32, i64, 2>(bits, i64::from),
            L::V128Load32x2U => extend::<u32, u64, 2>(bits, u64::from),
            L::V128Load8Splat => splat::<u8, 16>(bits as u64),
            L::V128Load16Splat => splat::<u16, 8>(bits as u64),
            L::V128Load32Splat => splat::<u32, 4>(bits as u64),
            L::V128Load64Splat => splat::<u64, 2>(bits as u64),
            // `v128.load`, `load32_zero`, `load64_zero`: the rest is zero.
            _ => bits,
        })
        .map(Ok)
}

/// `v128.store`
pub(crate) fn store(operands: &mut Operands<'_>, bytes: &mut [u8], offset: u64) -> Option<Result<(), TrapKind>> {
    let vector = operands.pop_vector()?;
    let address = operands.pop()?;
    Some(memory::store(bytes, address, offset, vector.to_le_bytes()))
}

/// `v128.loadN_lane`
pub(crate) fn load_lane(
    operands: &mut Operands<'_>,
    bytes: &[u8],
    op: LoadLaneOp,
    lane: u8,
    offset: u64,
) -> Option<Result<(), TrapKind>> {
    let vector = operands.pop_vector()?;
    let address = operands.pop()?;
    let width = u32::from(op.width()) * 8;
    let loaded = match op.width() {
        1 => memory::load(bytes, address, offset).map(|bytes| u128::from(u8::from_le_bytes(bytes))),
        2 => memory::load(bytes, address, offset).map(|bytes| u128::from(u16::from_le_bytes(bytes))),
        4 => memory::load(bytes, address, offset).map(|bytes| u128::from(u32::from_le_bytes(bytes))),
        _ => memory::load(bytes, address, offset).map(|bytes| u128::from(u64::from_le_bytes(bytes))),
    };
    let bits = match loaded {
        Ok(bits) => bits,
        Err(kind) => return Some(Err(kind)),
    };
    let at = u32::from(lane) * width;
    let ones = u128::MAX >> (128 - width);
    operands.push_vector(vector & !(ones << at) | bits << at).map(Ok)
}

/// `v128.storeN_lane`
pub(crate) fn store_lane(
    operands: &mut Operands<'_>,
    bytes: &mut [u8],
    op: StoreLaneOp,
    lane: u8,
    offset: u64,
) -> Option<Result<(), TrapKind>> {
    let vector = operands.pop_vector()?;
    let address = operands.pop()?;
    let bits = vector >> (u32::from(lane) * u32::from(op.width()) * 8);
    Some(match op.width() {
        1 => memory::store(bytes, address, offset, (bits as u8).to_le_bytes()),
        2 => memory::store(bytes, address, offset, (bits as u16).to_le_bytes()),
        4 => memory::store(bytes, address, offset, (bits as u32).to_le_bytes()),
        _ => memory::store(bytes, address, offset, (bits as u64).to_le_bytes()),
    })
}

// Floats as lanes of bits.

impl Ask<'_, dyn Choices> {
    fn f32<const N: usize>(&mut self, value: f32, inputs: [u32; N]) -> u32 {
        result32(value, inputs, self.choices, self.open)
    }

    fn f64<const N: usize>(&mut self, value: f64, inputs: [u64; N]) -> u64 {
        result64(value, inputs, self.choices, self.open)
    }
}

fn f32_unary(a: u128, ask: &mut Ask<'_, dyn Choices>, op: impl Fn(f32) -> f32) -> u128 {
    map::<u32, u32, 4>(a, |a| ask.f32(op(f32::from_bits(a)), [a]))
}
fn f32_binary(a: u128, b: u128, ask: &mut Ask<'_, dyn Choices>, op: impl Fn(f32, f32) -> f32) -> u128 {
    zip::<u32, u32, 4>(a, b, |a, b| ask.f32(op(f32::from_bits(a), f32::from_bits(b)), [a, b]))
}
fn f32_compare(a: u128, b: u128, op: impl Fn(f32, f32) -> bool) -> u128 {
    compare::<u32, 4>(a, b, |a, b| op(f32::from_bits(a), f32::from_bits(b)))
}
fn f64_unary(a: u128, ask: &mut Ask<'_, dyn Choices>, op: impl Fn(f64) -> f64) -> u128 {
    map::<u64, u64, 2>(a, |a| ask.f64(op(f64::from_bits(a)), [a]))
}
fn f64_binary(a: u128, b: u128, ask: &mut Ask<'_, dyn Choices>, op: impl Fn(f64, f64) -> f64) -> u128 {
    zip::<u64, u64, 2>(a, b, |a, b| ask.f64(op(f64::from_bits(a), f64::from_bits(b)), [a, b]))
}
fn f64_compare(a: u128, b: u128, op: impl Fn(f64, f64) -> bool) -> u128 {
    compare::<u64, 2>(a, b, |a, b| op(f64::from_bits(a), f64::from_bits(b)))
}

/// fpmin, fpmax: one of the operands, bit for bit: the second if the comparison holds.
fn f32_pick(a: u128, b: u128, second: impl Fn(f32, f32) -> bool) -> u128 {
    zip::<u32, u32, 4>(a, b, |a, b| if second(f32::from_bits(a), f32::from_bits(b)) { b } else { a })
}
fn f64_pick(a: u128, b: u128, second: impl Fn(f64, f64) -> bool) -> u128 {
    zip::<u64, u64, 2>(a, b, |a, b| if second(f64::from_bits(a), f64::from_bits(b)) { b } else { a })
}

/// ibitselect
fn bitselect(a: u128, b: u128, mask: u128) -> u128 {
    a & mask | b & !mask
}

/// iq15mulr_sat_s: only -1 times -1 saturates.
fn q15mulr_sat(a: i16, b: i16) -> i16 {
    let product = (i32::from(a) * i32::from(b) + 0x4000) >> 15;
    product.clamp(i32::from(i16::MIN), i32::from(i16::MAX)) as i16
}

// 4.3, "Relaxed Operations". `index` is the operator's parameter; 0 is the deterministic profile.

/// frelaxed_madd: two roundings, or one. The class of a NaN is that of all three inputs either way.
fn f32_madd(operands: [u128; 3], index: u8, ask: &mut Ask<'_, dyn Choices>) -> u128 {
    let [a, b, c] = operands.map(lanes::<u32, 4>);
    vector::<u32, 4>(from_fn(|at| {
        let inputs = [a[at], b[at], c[at]];
        let [a, b, c] = inputs.map(f32::from_bits);
        ask.f32(if index == 0 { a * b + c } else { a.mul_add(b, c) }, inputs)
    }))
}
fn f64_madd(operands: [u128; 3], index: u8, ask: &mut Ask<'_, dyn Choices>) -> u128 {
    let [a, b, c] = operands.map(lanes::<u64, 2>);
    vector::<u64, 2>(from_fn(|at| {
        let inputs = [a[at], b[at], c[at]];
        let [a, b, c] = inputs.map(f64::from_bits);
        ask.f64(if index == 0 { a * b + c } else { a.mul_add(b, c) }, inputs)
    }))
}

/// frelaxed_min, frelaxed_max: which operand is the result, bit for bit, and for 3 of zeros of opposite signs, `zero`.
fn picked<T: Copy>((a, b): (T, T), (a_nan, b_nan, zeros): (bool, bool, bool), index: u8, zero: T) -> Option<T> {
    match index {
        1 if a_nan || b_nan || zeros => Some(a),
        2 if a_nan || b_nan || zeros => Some(b),
        3 if a_nan => Some(b),
        3 if b_nan => Some(a),
        3 if zeros => Some(zero),
        _ => None,
    }
}
fn f32_relaxed(a: u128, b: u128, index: u8, zero: u32, mut op: impl FnMut(u32, u32) -> u32) -> u128 {
    zip::<u32, u32, 4>(a, b, |a, b| {
        let (x, y) = (f32::from_bits(a), f32::from_bits(b));
        picked((a, b), (x.is_nan(), y.is_nan(), x == 0.0 && y == 0.0 && a != b), index, zero)
            .unwrap_or_else(|| op(a, b))
    })
}
fn f64_relaxed(a: u128, b: u128, index: u8, zero: u64, mut op: impl FnMut(u64, u64) -> u64) -> u128 {
    zip::<u64, u64, 2>(a, b, |a, b| {
        let (x, y) = (f64::from_bits(a), f64::from_bits(b));
        picked((a, b), (x.is_nan(), y.is_nan(), x == 0.0 && y == 0.0 && a != b), index, zero)
            .unwrap_or_else(|| op(a, b))
    })
}

/// irelaxed_dot_mul and the sum of neighbours, which saturates: the second factor is signed, or unsigned.
fn relaxed_dot(a: u128, b: u128, index: u8) -> u128 {
    let products = |at: usize| {
        let (a, b) = (a >> (8 * at), b >> (8 * at));
        i32::from(i8::take(a)) * if index == 0 { i32::from(i8::take(b)) } else { i32::from(u8::take(b)) }
    };
    let (least, greatest) = (i32::from(i16::MIN), i32::from(i16::MAX));
    vector::<i16, 8>(from_fn(|at| (products(2 * at) + products(2 * at + 1)).clamp(least, greatest) as i16))
}

/// irelaxed_q15mulr_s
fn relaxed_q15mulr(a: i16, b: i16, index: u8) -> i16 {
    if index == 1 && (a, b) == (i16::MIN, i16::MIN) { i16::MIN } else { q15mulr_sat(a, b) }
}

/// relaxed_trunc with sign, from the exact result and the saturated one.
fn relaxed_trunc_s(exact: Result<u32, TrapKind>, saturated: u32, index: u8) -> u32 {
    match index {
        0 => saturated,
        _ => exact.unwrap_or(1 << 31),
    }
}

/// relaxed_trunc without sign
fn relaxed_trunc_u(exact: Result<u32, TrapKind>, saturated: u32, index: u8) -> u32 {
    exact.unwrap_or(match index {
        0 => saturated,
        1 => u32::MAX,
        2 => u32::MAX - 1,
        _ => 1 << 31,
    })
}

/// irelaxed_swizzle
fn relaxed_swizzle(a: u128, indices: u128, index: u8) -> u128 {
    match index {
        0 => swizzle(a, indices),
        _ => swizzle(a, map::<u8, u8, 16>(indices, |at| if at < 128 { at % 16 } else { at })),
    }
}

/// irelaxed_laneselect
fn laneselect<T: Lane, const N: usize>(operands: [u128; 3], index: u8) -> u128 {
    let [a, b, mask] = operands;
    let ones = u128::MAX >> (128 - T::BITS);
    let mask = match index {
        0 => mask,
        _ => (0..N as u32)
            .map(|at| at * T::BITS)
            .fold(0, |sum, at| if mask >> (at + T::BITS - 1) & 1 == 1 { sum | ones << at } else { sum }),
    };
    bitselect(a, b, mask)
}

/// The parameter that decides about an operator.
fn parameter(op: VectorOp) -> Option<Parameter> {
    use VectorOp as V;
    Some(match op {
        V::I8x16RelaxedSwizzle => Parameter::Swizzle,
        V::I32x4RelaxedTruncF32x4S | V::I32x4RelaxedTruncF64x2SZero => Parameter::TruncS,
        V::I32x4RelaxedTruncF32x4U | V::I32x4RelaxedTruncF64x2UZero => Parameter::TruncU,
        V::F32x4RelaxedMadd | V::F32x4RelaxedNmadd | V::F64x2RelaxedMadd | V::F64x2RelaxedNmadd => Parameter::Fmadd,
        V::I8x16RelaxedLaneselect
        | V::I16x8RelaxedLaneselect
        | V::I32x4RelaxedLaneselect
        | V::I64x2RelaxedLaneselect => Parameter::Laneselect,
        V::F32x4RelaxedMin | V::F64x2RelaxedMin => Parameter::Fmin,
        V::F32x4RelaxedMax | V::F64x2RelaxedMax => Parameter::Fmax,
        V::I16x8RelaxedQ15mulrS => Parameter::Iq15mulr,
        V::I16x8RelaxedDotI8x16I7x16S | V::I32x4RelaxedDotI8x16I7x16AddS => Parameter::Idot,
        _ => return None,
    })
}

/// Whether implementations may differ about a relaxed operator on these operands (4.3, "Relaxed Operations").
fn relaxed_is_open(op: VectorOp, a: u128, b: u128, c: u128) -> bool {
    use VectorOp as V;
    let f32s = |vector: u128| lanes::<u32, 4>(vector).map(f32::from_bits);
    let f64s = |vector: u128| lanes::<u64, 2>(vector).map(f64::from_bits);
    match op {
        V::I8x16RelaxedSwizzle => lanes::<u8, 16>(b).iter().any(|at| (16..128).contains(at)),
        V::I32x4RelaxedTruncF32x4S => f32s(a).into_iter().any(|a| num::trunc_s_f32_i32(a).is_err()),
        V::I32x4RelaxedTruncF32x4U => f32s(a).into_iter().any(|a| num::trunc_u_f32_i32(a).is_err()),
        V::I32x4RelaxedTruncF64x2SZero => f64s(a).into_iter().any(|a| num::trunc_s_f64_i32(a).is_err()),
        V::I32x4RelaxedTruncF64x2UZero => f64s(a).into_iter().any(|a| num::trunc_u_f64_i32(a).is_err()),
        V::F32x4RelaxedMadd | V::F32x4RelaxedNmadd => {
            let sign = if op == V::F32x4RelaxedMadd { 1.0 } else { -1.0 };
            let (a, b, c) = (f32s(a), f32s(b), f32s(c));
            (0..4).any(|at| {
                let fused = (sign * a[at]).mul_add(b[at], c[at]);
                let twice = sign * a[at] * b[at] + c[at];
                fused.to_bits() != twice.to_bits() && !(fused.is_nan() && twice.is_nan())
            })
        }
        V::F64x2RelaxedMadd | V::F64x2RelaxedNmadd => {
            let sign = if op == V::F64x2RelaxedMadd { 1.0 } else { -1.0 };
            let (a, b, c) = (f64s(a), f64s(b), f64s(c));
            (0..2).any(|at| {
                let fused = (sign * a[at]).mul_add(b[at], c[at]);
                let twice = sign * a[at] * b[at] + c[at];
                fused.to_bits() != twice.to_bits() && !(fused.is_nan() && twice.is_nan())
            })
        }
        V::I8x16RelaxedLaneselect => lanes::<i8, 16>(c).iter().any(|mask| !matches!(mask, 0 | -1)),
        V::I16x8RelaxedLaneselect => lanes::<i16, 8>(c).iter().any(|mask| !matches!(mask, 0 | -1)),
        V::I32x4RelaxedLaneselect => lanes::<i32, 4>(c).iter().any(|mask| !matches!(mask, 0 | -1)),
        V::I64x2RelaxedLaneselect => lanes::<i64, 2>(c).iter().any(|mask| !matches!(mask, 0 | -1)),
        V::F32x4RelaxedMin | V::F32x4RelaxedMax => f32s(a)
            .into_iter()
            .zip(f32s(b))
            .any(|(a, b)| a.is_nan() || b.is_nan() || a == b && a.to_bits() != b.to_bits()),
        V::F64x2RelaxedMin | V::F64x2RelaxedMax => f64s(a)
            .into_iter()
            .zip(f64s(b))
            .any(|(a, b)| a.is_nan() || b.is_nan() || a == b && a.to_bits() != b.to_bits()),
        V::I16x8RelaxedQ15mulrS => {
            lanes::<i16, 8>(a).into_iter().zip(lanes::<i16, 8>(b)).any(|pair| pair == (i16::MIN, i16::MIN))
        }
        V::I16x8RelaxedDotI8x16I7x16S | V::I32x4RelaxedDotI8x16I7x16AddS => {
            lanes::<i8, 16>(b).into_iter().any(i8::is_negative)
        }
        _ => false,
    }
}

/// A vector instruction without immediates.
#[allow(clippy::too_many_lines, reason = "one arm an operator")]
pub(crate) fn apply(operands: &mut Operands<'_>, op: VectorOp, ask: &mut Ask<'_, dyn Choices>) -> Option<()> {
    use VectorOp as V;
    let mut index = 0;
    if op as u8 >= V::I8x16RelaxedSwizzle as u8 {
        let count = op.signature().operands.len();
        let mut given = [0; 3];
        let base = operands.sp.checked_sub(2 * count)?;
        for (operand, words) in given.iter_mut().zip(operands.slots.get(base..*operands.sp)?.chunks_exact(2)) {
            *operand = u128::from(words[1]) << 64 | u128::from(words[0]);
        }
        if let Some(parameter) = parameter(op)
            && relaxed_is_open(op, given[0], given[1], given[2])
        {
            ask.open.relaxed = ask.open.relaxed.saturating_add(1);
            index = ask.choices.relaxed(parameter);
        }
    }
    macro_rules! zip_lanes {
        ($ty:ty, $n:literal, $op:expr) => {
            operands.binary(|a, b| zip::<$ty, $ty, $n>(a, b, $op))
        };
    }
    macro_rules! map_lanes {
        ($ty:ty, $n:literal, $op:expr) => {
            operands.unary(|a| map::<$ty, $ty, $n>(a, $op))
        };
    }
    macro_rules! compare_lanes {
        ($ty:ty, $n:literal, $op:expr) => {
            operands.binary(|a, b| compare::<$ty, $n>(a, b, |a, b| $op(&a, &b)))
        };
    }
    macro_rules! shift_lanes {
        ($ty:ty, $n:literal, $op:expr) => {
            // The distance is taken modulo the width of a lane, as `wrapping_shl` and `wrapping_shr` do.
            operands.shift(|a, distance| map::<$ty, $ty, $n>(a, |a| $op(a, distance)))
        };
    }
    macro_rules! extend_lanes {
        (low $from:ty, $to:ty, $n:literal) => {
            operands.unary(|a| extend::<$from, $to, $n>(a, <$to>::from))
        };
        (high $from:ty, $to:ty, $n:literal) => {
            operands.unary(|a| extend::<$from, $to, $n>(a >> 64, <$to>::from))
        };
    }
    macro_rules! extmul {
        (low $from:ty, $to:ty, $n:literal) => {
            operands.binary(|a, b| extend_pair::<$from, $to, $n>(a, b, |a, b| <$to>::from(a) * <$to>::from(b)))
        };
        (high $from:ty, $to:ty, $n:literal) => {
            operands
                .binary(|a, b| extend_pair::<$from, $to, $n>(a >> 64, b >> 64, |a, b| <$to>::from(a) * <$to>::from(b)))
        };
    }
    match op {
        V::I8x16Swizzle => operands.binary(swizzle),
        V::I8x16RelaxedSwizzle => operands.binary(|a, b| relaxed_swizzle(a, b, index)),

        V::I8x16Splat => splat_of::<u8, 16>(operands),
        V::I16x8Splat => splat_of::<u16, 8>(operands),
        V::I32x4Splat | V::F32x4Splat => splat_of::<u32, 4>(operands),
        V::I64x2Splat | V::F64x2Splat => splat_of::<u64, 2>(operands),

        V::I8x16Eq => compare_lanes!(i8, 16, i8::eq),
        V::I8x16Ne => compare_lanes!(i8, 16, i8::ne),
        V::I8x16LtS => compare_lanes!(i8, 16, i8::lt),
        V::I8x16LtU => compare_lanes!(u8, 16, u8::lt),
        V::I8x16GtS => compare_lanes!(i8, 16, i8::gt),
        V::I8x16GtU => compare_lanes!(u8, 16, u8::gt),
        V::I8x16LeS => compare_lanes!(i8, 16, i8::le),
        V::I8x16LeU => compare_lanes!(u8, 16, u8::le),
        V::I8x16GeS => compare_lanes!(i8, 16, i8::ge),
        V::I8x16GeU => compare_lanes!(u8, 16, u8::ge),
        V::I16x8Eq => compare_lanes!(i16, 8, i16::eq),
        V::I16x8Ne => compare_lanes!(i16, 8, i16::ne),
        V::I16x8LtS => compare_lanes!(i16, 8, i16::lt),
        V::I16x8LtU => compare_lanes!(u16, 8, u16::lt),
        V::I16x8GtS => compare_lanes!(i16, 8, i16::gt),
        V::I16x8GtU => compare_lanes!(u16, 8, u16::gt),
        V::I16x8LeS => compare_lanes!(i16, 8, i16::le),
        V::I16x8LeU => compare_lanes!(u16, 8, u16::le),
        V::I16x8GeS => compare_lanes!(i16, 8, i16::ge),
        V::I16x8GeU => compare_lanes!(u16, 8, u16::ge),
        V::I32x4Eq => compare_lanes!(i32, 4, i32::eq),
        V::I32x4Ne => compare_lanes!(i32, 4, i32::ne),
        V::I32x4LtS => compare_lanes!(i32, 4, i32::lt),
        V::I32x4LtU => compare_lanes!(u32, 4, u32::lt),
        V::I32x4GtS => compare_lanes!(i32, 4, i32::gt),
        V::I32x4GtU => compare_lanes!(u32, 4, u32::gt),
        V::I32x4LeS => compare_lanes!(i32, 4, i32::le),
        V::I32x4LeU => compare_lanes!(u32, 4, u32::le),
        V::I32x4GeS => compare_lanes!(i32, 4, i32::ge),
        V::I32x4GeU => compare_lanes!(u32, 4, u32::ge),
        V::I64x2Eq => compare_lanes!(i64, 2, i64::eq),
        V::I64x2Ne => compare_lanes!(i64, 2, i64::ne),
        V::I64x2LtS => compare_lanes!(i64, 2, i64::lt),
        V::I64x2GtS => compare_lanes!(i64, 2, i64::gt),
        V::I64x2LeS => compare_lanes!(i64, 2, i64::le),
        V::I64x2GeS => compare_lanes!(i64, 2, i64::ge),
        V::F32x4Eq => operands.binary(|a, b| f32_compare(a, b, float32::eq)),
        V::F32x4Ne => operands.binary(|a, b| f32_compare(a, b, float32::ne)),
        V::F32x4Lt => operands.binary(|a, b| f32_compare(a, b, float32::lt)),
        V::F32x4Gt => operands.binary(|a, b| f32_compare(a, b, float32::gt)),
        V::F32x4Le => operands.binary(|a, b| f32_compare(a, b, float32::le)),
        V::F32x4Ge => operands.binary(|a, b| f32_compare(a, b, float32::ge)),
        V::F64x2Eq => operands.binary(|a, b| f64_compare(a, b, float64::eq)),
        V::F64x2Ne => operands.binary(|a, b| f64_compare(a, b, float64::ne)),
        V::F64x2Lt => operands.binary(|a, b| f64_compare(a, b, float64::lt)),
        V::F64x2Gt => operands.binary(|a, b| f64_compare(a, b, float64::gt)),
        V::F64x2Le => operands.binary(|a, b| f64_compare(a, b, float64::le)),
        V::F64x2Ge => operands.binary(|a, b| f64_compare(a, b, float64::ge)),

        V::V128Not => operands.unary(|a| !a),
        V::V128And => operands.binary(|a, b| a & b),
        V::V128Andnot => operands.binary(|a, b| a & !b),
        V::V128Or => operands.binary(|a, b| a | b),
        V::V128Xor => operands.binary(|a, b| a ^ b),
        V::V128Bitselect => operands.ternary(bitselect),
        V::I8x16RelaxedLaneselect => operands.ternary(|a, b, c| laneselect::<u8, 16>([a, b, c], index)),
        V::I16x8RelaxedLaneselect => operands.ternary(|a, b, c| laneselect::<u16, 8>([a, b, c], index)),
        V::I32x4RelaxedLaneselect => operands.ternary(|a, b, c| laneselect::<u32, 4>([a, b, c], index)),
        V::I64x2RelaxedLaneselect => operands.ternary(|a, b, c| laneselect::<u64, 2>([a, b, c], index)),
        V::V128AnyTrue => operands.test(|a| u32::from(a != 0)),

        V::I8x16AllTrue => operands.test(all_true::<u8, 16>),
        V::I16x8AllTrue => operands.test(all_true::<u16, 8>),
        V::I32x4AllTrue => operands.test(all_true::<u32, 4>),
        V::I64x2AllTrue => operands.test(all_true::<u64, 2>),
        V::I8x16Bitmask => operands.test(bitmask::<u8, 16>),
        V::I16x8Bitmask => operands.test(bitmask::<u16, 8>),
        V::I32x4Bitmask => operands.test(bitmask::<u32, 4>),
        V::I64x2Bitmask => operands.test(bitmask::<u64, 2>),

        V::I8x16Abs => map_lanes!(i8, 16, i8::wrapping_abs),
        V::I16x8Abs => map_lanes!(i16, 8, i16::wrapping_abs),
        V::I32x4Abs => map_lanes!(i32, 4, i32::wrapping_abs),
        V::I64x2Abs => map_lanes!(i64, 2, i64::wrapping_abs),
        V::I8x16Neg => map_lanes!(i8, 16, i8::wrapping_neg),
        V::I16x8Neg => map_lanes!(i16, 8, i16::wrapping_neg),
        V::I32x4Neg => map_lanes!(i32, 4, i32::wrapping_neg),
        V::I64x2Neg => map_lanes!(i64, 2, i64::wrapping_neg),
        V::I8x16Popcnt => map_lanes!(u8, 16, |a: u8| a.count_ones() as u8),

        V::I8x16Shl => shift_lanes!(u8, 16, u8::wrapping_shl),
        V::I8x16ShrS => shift_lanes!(i8, 16, i8::wrapping_shr),
        V::I8x16ShrU => shift_lanes!(u8, 16, u8::wrapping_shr),
        V::I16x8Shl => shift_lanes!(u16, 8, u16::wrapping_shl),
        V::I16x8ShrS => shift_lanes!(i16, 8, i16::wrapping_shr),
        V::I16x8ShrU => shift_lanes!(u16, 8, u16::wrapping_shr),
        V::I32x4Shl => shift_lanes!(u32, 4, u32::wrapping_shl),
        V::I32x4ShrS => shift_lanes!(i32, 4, i32::wrapping_shr),
        V::I32x4ShrU => shift_lanes!(u32, 4, u32::wrapping_shr),
        V::I64x2Shl => shift_lanes!(u64, 2, u64::wrapping_shl),
        V::I64x2ShrS => shift_lanes!(i64, 2, i64::wrapping_shr),
        V::I64x2ShrU => shift_lanes!(u64, 2, u64::wrapping_shr),

        V::I8x16Add => zip_lanes!(u8, 16, u8::wrapping_add),
        V::I8x16AddSatS => zip_lanes!(i8, 16, i8::saturating_add),
        V::I8x16AddSatU => zip_lanes!(u8, 16, u8::saturating_add),
        V::I8x16Sub => zip_lanes!(u8, 16, u8::wrapping_sub),
        V::I8x16SubSatS => zip_lanes!(i8, 16, i8::saturating_sub),
        V::I8x16SubSatU => zip_lanes!(u8, 16, u8::saturating_sub),
        V::I8x16MinS => zip_lanes!(i8, 16, i8::min),
        V::I8x16MinU => zip_lanes!(u8, 16, u8::min),
        V::I8x16MaxS => zip_lanes!(i8, 16, i8::max),
        V::I8x16MaxU => zip_lanes!(u8, 16, u8::max),
        V::I8x16AvgrU => zip_lanes!(u8, 16, |a: u8, b: u8| (u16::from(a) + u16::from(b)).div_ceil(2) as u8),
        V::I16x8Add => zip_lanes!(u16, 8, u16::wrapping_add),
        V::I16x8AddSatS => zip_lanes!(i16, 8, i16::saturating_add),
        V::I16x8AddSatU => zip_lanes!(u16, 8, u16::saturating_add),
        V::I16x8Sub => zip_lanes!(u16, 8, u16::wrapping_sub),
        V::I16x8SubSatS => zip_lanes!(i16, 8, i16::saturating_sub),
        V::I16x8SubSatU => zip_lanes!(u16, 8, u16::saturating_sub),
        V::I16x8Mul => zip_lanes!(u16, 8, u16::wrapping_mul),
        V::I16x8MinS => zip_lanes!(i16, 8, i16::min),
        V::I16x8MinU => zip_lanes!(u16, 8, u16::min),
        V::I16x8MaxS => zip_lanes!(i16, 8, i16::max),
        V::I16x8MaxU => zip_lanes!(u16, 8, u16::max),
        V::I16x8AvgrU => zip_lanes!(u16, 8, |a: u16, b: u16| (u32::from(a) + u32::from(b)).div_ceil(2) as u16),
        V::I16x8Q15mulrSatS => zip_lanes!(i16, 8, q15mulr_sat),
        V::I16x8RelaxedQ15mulrS => zip_lanes!(i16, 8, |a, b| relaxed_q15mulr(a, b, index)),
        V::I32x4Add => zip_lanes!(u32, 4, u32::wrapping_add),
        V::I32x4Sub => zip_lanes!(u32, 4, u32::wrapping_sub),
        V::I32x4Mul => zip_lanes!(u32, 4, u32::wrapping_mul),
        V::I32x4MinS => zip_lanes!(i32, 4, i32::min),
        V::I32x4MinU => zip_lanes!(u32, 4, u32::min),
        V::I32x4MaxS => zip_lanes!(i32, 4, i32::max),
        V::I32x4MaxU => zip_lanes!(u32, 4, u32::max),
        V::I64x2Add => zip_lanes!(u64, 2, u64::wrapping_add),
        V::I64x2Sub => zip_lanes!(u64, 2, u64::wrapping_sub),
        V::I64x2Mul => zip_lanes!(u64, 2, u64::wrapping_mul),

        V::I32x4DotI16x8S => operands.binary(|a, b| {
            let products = |at: usize| {
                let lane = |vector: u128| i32::from(i16::take(vector >> (16 * at)));
                lane(a) * lane(b)
            };
            vector::<i32, 4>(from_fn(|at| products(2 * at).wrapping_add(products(2 * at + 1))))
        }),
        V::I16x8RelaxedDotI8x16I7x16S => operands.binary(|a, b| relaxed_dot(a, b, index)),
        V::I32x4RelaxedDotI8x16I7x16AddS => operands.ternary(|a, b, c| {
            let sums = pairwise::<i16, i32, 4>(relaxed_dot(a, b, index), |a, b| i32::from(a) + i32::from(b));
            zip::<u32, u32, 4>(sums, c, u32::wrapping_add)
        }),

        V::I8x16NarrowI16x8S => operands.binary(|a, b| narrow::<i16, i8, 8>(a, b, |a| a.clamp(-128, 127) as i8)),
        V::I8x16NarrowI16x8U => operands.binary(|a, b| narrow::<i16, u8, 8>(a, b, |a| a.clamp(0, 255) as u8)),
        V::I16x8NarrowI32x4S => operands.binary(|a, b| narrow::<i32, i16, 4>(a, b, |a| a.clamp(-32768, 32767) as i16)),
        V::I16x8NarrowI32x4U => operands.binary(|a, b| narrow::<i32, u16, 4>(a, b, |a| a.clamp(0, 65535) as u16)),
        V::I16x8ExtendLowI8x16S => extend_lanes!(low i8, i16, 8),
        V::I16x8ExtendHighI8x16S => extend_lanes!(high i8, i16, 8),
        V::I16x8ExtendLowI8x16U => extend_lanes!(low u8, u16, 8),
        V::I16x8ExtendHighI8x16U => extend_lanes!(high u8, u16, 8),
        V::I32x4ExtendLowI16x8S => extend_lanes!(low i16, i32, 4),
        V::I32x4ExtendHighI16x8S => extend_lanes!(high i16, i32, 4),
        V::I32x4ExtendLowI16x8U => extend_lanes!(low u16, u32, 4),
        V::I32x4ExtendHighI16x8U => extend_lanes!(high u16, u32, 4),
        V::I64x2ExtendLowI32x4S => extend_lanes!(low i32, i64, 2),
        V::I64x2ExtendHighI32x4S => extend_lanes!(high i32, i64, 2),
        V::I64x2ExtendLowI32x4U => extend_lanes!(low u32, u64, 2),
        V::I64x2ExtendHighI32x4U => extend_lanes!(high u32, u64, 2),
        V::I16x8ExtmulLowI8x16S => extmul!(low i8, i16, 8),
        V::I16x8ExtmulHighI8x16S => extmul!(high i8, i16, 8),
        V::I16x8ExtmulLowI8x16U => extmul!(low u8, u16, 8),
        V::I16x8ExtmulHighI8x16U => extmul!(high u8, u16, 8),
        V::I32x4ExtmulLowI16x8S => extmul!(low i16, i32, 4),
        V::I32x4ExtmulHighI16x8S => extmul!(high i16, i32, 4),
        V::I32x4ExtmulLowI16x8U => extmul!(low u16, u32, 4),
        V::I32x4ExtmulHighI16x8U => extmul!(high u16, u32, 4),
        V::I64x2ExtmulLowI32x4S => extmul!(low i32, i64, 2),
        V::I64x2ExtmulHighI32x4S => extmul!(high i32, i64, 2),
        V::I64x2ExtmulLowI32x4U => extmul!(low u32, u64, 2),
        V::I64x2ExtmulHighI32x4U => extmul!(high u32, u64, 2),
        V::I16x8ExtaddPairwiseI8x16S => {
            operands.unary(|a| pairwise::<i8, i16, 8>(a, |a, b| i16::from(a) + i16::from(b)))
        }
        V::I16x8ExtaddPairwiseI8x16U => {
            operands.unary(|a| pairwise::<u8, u16, 8>(a, |a, b| u16::from(a) + u16::from(b)))
        }
        V::I32x4ExtaddPairwiseI16x8S => {
            operands.unary(|a| pairwise::<i16, i32, 4>(a, |a, b| i32::from(a) + i32::from(b)))
        }
        V::I32x4ExtaddPairwiseI16x8U => {
            operands.unary(|a| pairwise::<u16, u32, 4>(a, |a, b| u32::from(a) + u32::from(b)))
        }

        V::F32x4Abs => map_lanes!(u32, 4, float32::abs),
        V::F32x4Neg => map_lanes!(u32, 4, float32::neg),
        V::F32x4Sqrt => operands.unary(|a| f32_unary(a, ask, float32::sqrt)),
        V::F32x4Ceil => operands.unary(|a| f32_unary(a, ask, float32::ceil)),
        V::F32x4Floor => operands.unary(|a| f32_unary(a, ask, float32::floor)),
        V::F32x4Trunc => operands.unary(|a| f32_unary(a, ask, float32::trunc)),
        V::F32x4Nearest => operands.unary(|a| f32_unary(a, ask, float32::nearest)),
        V::F32x4Add => operands.binary(|a, b| f32_binary(a, b, ask, float32::add)),
        V::F32x4Sub => operands.binary(|a, b| f32_binary(a, b, ask, float32::sub)),
        V::F32x4Mul => operands.binary(|a, b| f32_binary(a, b, ask, float32::mul)),
        V::F32x4Div => operands.binary(|a, b| f32_binary(a, b, ask, float32::div)),
        V::F32x4Min => operands.binary(|a, b| f32_binary(a, b, ask, float32::min)),
        V::F32x4RelaxedMin => operands.binary(|a, b| {
            f32_relaxed(a, b, index, 1 << 31, |a, b| {
                ask.f32(float32::min(f32::from_bits(a), f32::from_bits(b)), [a, b])
            })
        }),
        V::F32x4Max => operands.binary(|a, b| f32_binary(a, b, ask, float32::max)),
        V::F32x4RelaxedMax => operands.binary(|a, b| {
            f32_relaxed(a, b, index, 0, |a, b| ask.f32(float32::max(f32::from_bits(a), f32::from_bits(b)), [a, b]))
        }),
        V::F32x4Pmin => operands.binary(|a, b| f32_pick(a, b, |a, b| b < a)),
        V::F32x4Pmax => operands.binary(|a, b| f32_pick(a, b, |a, b| a < b)),
        V::F64x2Abs => map_lanes!(u64, 2, float64::abs),
        V::F64x2Neg => map_lanes!(u64, 2, float64::neg),
        V::F64x2Sqrt => operands.unary(|a| f64_unary(a, ask, float64::sqrt)),
        V::F64x2Ceil => operands.unary(|a| f64_unary(a, ask, float64::ceil)),
        V::F64x2Floor => operands.unary(|a| f64_unary(a, ask, float64::floor)),
        V::F64x2Trunc => operands.unary(|a| f64_unary(a, ask, float64::trunc)),
        V::F64x2Nearest => operands.unary(|a| f64_unary(a, ask, float64::nearest)),
        V::F64x2Add => operands.binary(|a, b| f64_binary(a, b, ask, float64::add)),
        V::F64x2Sub => operands.binary(|a, b| f64_binary(a, b, ask, float64::sub)),
        V::F64x2Mul => operands.binary(|a, b| f64_binary(a, b, ask, float64::mul)),
        V::F64x2Div => operands.binary(|a, b| f64_binary(a, b, ask, float64::div)),
        V::F64x2Min => operands.binary(|a, b| f64_binary(a, b, ask, float64::min)),
        V::F64x2RelaxedMin => operands.binary(|a, b| {
            f64_relaxed(a, b, index, 1 << 63, |a, b| {
                ask.f64(float64::min(f64::from_bits(a), f64::from_bits(b)), [a, b])
            })
        }),
        V::F64x2Max => operands.binary(|a, b| f64_binary(a, b, ask, float64::max)),
        V::F64x2RelaxedMax => operands.binary(|a, b| {
            f64_relaxed(a, b, index, 0, |a, b| ask.f64(float64::max(f64::from_bits(a), f64::from_bits(b)), [a, b]))
        }),
        V::F64x2Pmin => operands.binary(|a, b| f64_pick(a, b, |a, b| b < a)),
        V::F64x2Pmax => operands.binary(|a, b| f64_pick(a, b, |a, b| a < b)),

        V::F32x4RelaxedMadd => operands.ternary(|a, b, c| f32_madd([a, b, c], index, ask)),
        V::F32x4RelaxedNmadd => {
            operands.ternary(|a, b, c| f32_madd([map::<u32, u32, 4>(a, float32::neg), b, c], index, ask))
        }
        V::F64x2RelaxedMadd => operands.ternary(|a, b, c| f64_madd([a, b, c], index, ask)),
        V::F64x2RelaxedNmadd => {
            operands.ternary(|a, b, c| f64_madd([map::<u64, u64, 2>(a, float64::neg), b, c], index, ask))
        }

        V::I32x4TruncSatF32x4S => map_lanes!(u32, 4, |a| num::trunc_sat_s_f32_i32(f32::from_bits(a))),
        V::I32x4RelaxedTruncF32x4S => map_lanes!(u32, 4, |a| {
            let a = f32::from_bits(a);
            relaxed_trunc_s(num::trunc_s_f32_i32(a), num::trunc_sat_s_f32_i32(a), index)
        }),
        V::I32x4TruncSatF32x4U => map_lanes!(u32, 4, |a| num::trunc_sat_u_f32_i32(f32::from_bits(a))),
        V::I32x4RelaxedTruncF32x4U => map_lanes!(u32, 4, |a| {
            let a = f32::from_bits(a);
            relaxed_trunc_u(num::trunc_u_f32_i32(a), num::trunc_sat_u_f32_i32(a), index)
        }),
        V::I32x4TruncSatF64x2SZero => operands.unary(|a| {
            let [low, high] = lanes::<u64, 2>(a).map(|a| num::trunc_sat_s_f64_i32(f64::from_bits(a)));
            vector::<u32, 4>([low, high, 0, 0])
        }),
        V::I32x4RelaxedTruncF64x2SZero => operands.unary(|a| {
            let [low, high] = lanes::<u64, 2>(a)
                .map(f64::from_bits)
                .map(|a| relaxed_trunc_s(num::trunc_s_f64_i32(a), num::trunc_sat_s_f64_i32(a), index));
            vector::<u32, 4>([low, high, 0, 0])
        }),
        V::I32x4TruncSatF64x2UZero => operands.unary(|a| {
            let [low, high] = lanes::<u64, 2>(a).map(|a| num::trunc_sat_u_f64_i32(f64::from_bits(a)));
            vector::<u32, 4>([low, high, 0, 0])
        }),
        V::I32x4RelaxedTruncF64x2UZero => operands.unary(|a| {
            let [low, high] = lanes::<u64, 2>(a)
                .map(f64::from_bits)
                .map(|a| relaxed_trunc_u(num::trunc_u_f64_i32(a), num::trunc_sat_u_f64_i32(a), index));
            vector::<u32, 4>([low, high, 0, 0])
        }),
        V::F32x4ConvertI32x4S => map_lanes!(u32, 4, |a: u32| (a.cast_signed() as f32).to_bits()),
        V::F32x4ConvertI32x4U => map_lanes!(u32, 4, |a: u32| (a as f32).to_bits()),
        V::F64x2ConvertLowI32x4S => operands.unary(|a| extend::<i32, u64, 2>(a, |a| f64::from(a).to_bits())),
        V::F64x2ConvertLowI32x4U => operands.unary(|a| extend::<u32, u64, 2>(a, |a| f64::from(a).to_bits())),
        V::F32x4DemoteF64x2Zero => operands.unary(|a| {
            let [low, high] = lanes::<u64, 2>(a).map(|a| num::demote(a, ask.choices, ask.open));
            vector::<u32, 4>([low, high, 0, 0])
        }),
        V::F64x2PromoteLowF32x4 => operands.unary(|a| {
            let [low, high, _, _] = lanes::<u32, 4>(a);
            vector::<u64, 2>([low, high].map(|a| num::promote(a, ask.choices, ask.open)))
        }),
    }
}

fn splat_of<T: Lane, const N: usize>(operands: &mut Operands<'_>) -> Option<()> {
    let value = operands.pop()?;
    operands.push_vector(splat::<T, N>(value))
}
