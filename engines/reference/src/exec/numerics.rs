//! Numeric operators on scalars (section 4.3).
//!
//! Integers are unsigned words, floats are native floats. Two things are left to the caller: which bits
//! a generated NaN has (`result32`, `result64`), because Rust guarantees none, and the operators that are
//! defined on bits (`abs`, `neg`, `copysign`, `reinterpret`), which never see a float here.

use wassay_model::TrapKind;

use super::Open;
use super::choices::{Choices, NanClass};

/// The bits of a result of an f32 operator (4.3, "NaN Propagation").
///
/// An operator's NaN has a sign that the standard leaves open, and often a payload too, so every one is counted.
#[inline(always)]
pub(crate) fn result32<const N: usize>(
    value: f32,
    inputs: [u32; N],
    choices: &mut (impl Choices + ?Sized),
    open: &mut Open,
) -> u32 {
    if value.is_nan() {
        open.nan = open.nan.saturating_add(1);
        return choices.nan32(NanClass::of32(inputs));
    }
    value.to_bits()
}

/// The bits of a result of an f64 operator.
#[inline(always)]
pub(crate) fn result64<const N: usize>(
    value: f64,
    inputs: [u64; N],
    choices: &mut (impl Choices + ?Sized),
    open: &mut Open,
) -> u64 {
    if value.is_nan() {
        open.nan = open.nan.saturating_add(1);
        return choices.nan64(NanClass::of64(inputs));
    }
    value.to_bits()
}

/// `demote` (4.3, "Conversions")
pub(crate) fn demote(a: u64, choices: &mut (impl Choices + ?Sized), open: &mut Open) -> u32 {
    let result = f64::from_bits(a) as f32;
    if result.is_nan() {
        open.nan = open.nan.saturating_add(1);
        return choices.nan32(NanClass::of64([a]));
    }
    result.to_bits()
}

/// `promote` (4.3, "Conversions")
pub(crate) fn promote(a: u32, choices: &mut (impl Choices + ?Sized), open: &mut Open) -> u64 {
    let result = f64::from(f32::from_bits(a));
    if result.is_nan() {
        open.nan = open.nan.saturating_add(1);
        return choices.nan64(NanClass::of32([a]));
    }
    result.to_bits()
}

/// 128 bits from two slots.
pub(crate) fn wide(low: u64, high: u64) -> u128 {
    u128::from(high) << 64 | u128::from(low)
}

macro_rules! integer {
    ($module:ident, $unsigned:ty, $signed:ty) => {
        /// Section 4.3, "Integer Operations", for one width.
        pub(crate) mod $module {
            use wassay_model::TrapKind;

            const WIDTH: u32 = <$unsigned>::BITS;

            // iadd, isub, imul: modulo 2^N.
            pub(crate) const fn add(a: $unsigned, b: $unsigned) -> $unsigned {
                a.wrapping_add(b)
            }
            pub(crate) const fn sub(a: $unsigned, b: $unsigned) -> $unsigned {
                a.wrapping_sub(b)
            }
            pub(crate) const fn mul(a: $unsigned, b: $unsigned) -> $unsigned {
                a.wrapping_mul(b)
            }

            // idiv_u: undefined for 0.
            pub(crate) fn div_u(a: $unsigned, b: $unsigned) -> Result<$unsigned, TrapKind> {
                a.checked_div(b).ok_or(TrapKind::IntegerDivideByZero)
            }

            // idiv_s: undefined for 0, and for the least value over -1, whose quotient 2^(N-1) is not representable.
            pub(crate) fn div_s(a: $unsigned, b: $unsigned) -> Result<$unsigned, TrapKind> {
                if b == 0 {
                    return Err(TrapKind::IntegerDivideByZero);
                }
                let quotient = a.cast_signed().checked_div(b.cast_signed()).ok_or(TrapKind::IntegerOverflow)?;
                Ok(quotient.cast_unsigned())
            }

            // irem_u: undefined for 0.
            pub(crate) fn rem_u(a: $unsigned, b: $unsigned) -> Result<$unsigned, TrapKind> {
                a.checked_rem(b).ok_or(TrapKind::IntegerDivideByZero)
            }

            // irem_s: the sign of the dividend; the least value over -1 has the remainder 0 and does not trap.
            pub(crate) fn rem_s(a: $unsigned, b: $unsigned) -> Result<$unsigned, TrapKind> {
                if b == 0 {
                    return Err(TrapKind::IntegerDivideByZero);
                }
                Ok(a.cast_signed().wrapping_rem(b.cast_signed()).cast_unsigned())
            }

            pub(crate) const fn and(a: $unsigned, b: $unsigned) -> $unsigned {
                a & b
            }
            pub(crate) const fn or(a: $unsigned, b: $unsigned) -> $unsigned {
                a | b
            }
            pub(crate) const fn xor(a: $unsigned, b: $unsigned) -> $unsigned {
                a ^ b
            }

            // ishl, ishr, irotl, irotr: the distance is taken modulo N.
            pub(crate) const fn shl(a: $unsigned, b: $unsigned) -> $unsigned {
                a.wrapping_shl((b % WIDTH as $unsigned) as u32)
            }
            pub(crate) const fn shr_u(a: $unsigned, b: $unsigned) -> $unsigned {
                a.wrapping_shr((b % WIDTH as $unsigned) as u32)
            }
            pub(crate) const fn shr_s(a: $unsigned, b: $unsigned) -> $unsigned {
                a.cast_signed().wrapping_shr((b % WIDTH as $unsigned) as u32).cast_unsigned()
            }
            pub(crate) const fn rotl(a: $unsigned, b: $unsigned) -> $unsigned {
                a.rotate_left((b % WIDTH as $unsigned) as u32)
            }
            pub(crate) const fn rotr(a: $unsigned, b: $unsigned) -> $unsigned {
                a.rotate_right((b % WIDTH as $unsigned) as u32)
            }

            // iclz, ictz: N for zero.
            pub(crate) const fn clz(a: $unsigned) -> $unsigned {
                a.leading_zeros() as $unsigned
            }
            pub(crate) const fn ctz(a: $unsigned) -> $unsigned {
                a.trailing_zeros() as $unsigned
            }
            pub(crate) const fn popcnt(a: $unsigned) -> $unsigned {
                a.count_ones() as $unsigned
            }

            // iextend{M}_s: the low M bits, sign-extended.
            pub(crate) const fn extend8_s(a: $unsigned) -> $unsigned {
                (a as i8 as $signed).cast_unsigned()
            }
            pub(crate) const fn extend16_s(a: $unsigned) -> $unsigned {
                (a as i16 as $signed).cast_unsigned()
            }

            // Tests and comparisons: 1 or 0.
            pub(crate) const fn eqz(a: $unsigned) -> bool {
                a == 0
            }
            pub(crate) const fn eq(a: $unsigned, b: $unsigned) -> bool {
                a == b
            }
            pub(crate) const fn ne(a: $unsigned, b: $unsigned) -> bool {
                a != b
            }
            pub(crate) const fn lt_s(a: $unsigned, b: $unsigned) -> bool {
                a.cast_signed() < b.cast_signed()
            }
            pub(crate) const fn lt_u(a: $unsigned, b: $unsigned) -> bool {
                a < b
            }
            pub(crate) const fn gt_s(a: $unsigned, b: $unsigned) -> bool {
                a.cast_signed() > b.cast_signed()
            }
            pub(crate) const fn gt_u(a: $unsigned, b: $unsigned) -> bool {
                a > b
            }
            pub(crate) const fn le_s(a: $unsigned, b: $unsigned) -> bool {
                a.cast_signed() <= b.cast_signed()
            }
            pub(crate) const fn le_u(a: $unsigned, b: $unsigned) -> bool {
                a <= b
            }
            pub(crate) const fn ge_s(a: $unsigned, b: $unsigned) -> bool {
                a.cast_signed() >= b.cast_signed()
            }
            pub(crate) const fn ge_u(a: $unsigned, b: $unsigned) -> bool {
                a >= b
            }
        }
    };
}

integer!(int32, u32, i32);
integer!(int64, u64, i64);

macro_rules! float {
    ($module:ident, $float:ty, $bits:ty) => {
        /// Section 4.3, "Floating-Point Operations", for one width. A NaN among the results has no particular bits.
        pub(crate) mod $module {
            pub(crate) fn add(a: $float, b: $float) -> $float {
                a + b
            }
            pub(crate) fn sub(a: $float, b: $float) -> $float {
                a - b
            }
            pub(crate) fn mul(a: $float, b: $float) -> $float {
                a * b
            }
            pub(crate) fn div(a: $float, b: $float) -> $float {
                a / b
            }

            // fmin: a NaN if either is one (`f32::min` would return the other), and -0 is less than +0
            // (`<` says that they are equal).
            pub(crate) fn min(a: $float, b: $float) -> $float {
                if a.is_nan() || b.is_nan() {
                    <$float>::NAN
                } else if a == b {
                    <$float>::from_bits(a.to_bits() | b.to_bits())
                } else if a < b {
                    a
                } else {
                    b
                }
            }

            // fmax: as fmin; of two zeros the result is negative only if both are.
            pub(crate) fn max(a: $float, b: $float) -> $float {
                if a.is_nan() || b.is_nan() {
                    <$float>::NAN
                } else if a == b {
                    <$float>::from_bits(a.to_bits() & b.to_bits())
                } else if a > b {
                    a
                } else {
                    b
                }
            }

            pub(crate) fn sqrt(a: $float) -> $float {
                a.sqrt()
            }
            pub(crate) fn ceil(a: $float) -> $float {
                a.ceil()
            }
            pub(crate) fn floor(a: $float) -> $float {
                a.floor()
            }
            pub(crate) fn trunc(a: $float) -> $float {
                a.trunc()
            }

            // fnearest: ties to even (`round` would send 2.5 to 3); -0.5 gives -0.
            pub(crate) fn nearest(a: $float) -> $float {
                a.round_ties_even()
            }

            // fabs, fneg, fcopysign: the sign bit and nothing else, whatever the payload of a NaN.
            const SIGN: $bits = 1 << (<$bits>::BITS - 1);

            pub(crate) const fn abs(a: $bits) -> $bits {
                a & !SIGN
            }
            pub(crate) const fn neg(a: $bits) -> $bits {
                a ^ SIGN
            }
            pub(crate) const fn copysign(a: $bits, b: $bits) -> $bits {
                (a & !SIGN) | (b & SIGN)
            }

            // Comparisons: an unordered pair is only `ne`.
            pub(crate) fn eq(a: $float, b: $float) -> bool {
                a == b
            }
            pub(crate) fn ne(a: $float, b: $float) -> bool {
                a != b
            }
            pub(crate) fn lt(a: $float, b: $float) -> bool {
                a < b
            }
            pub(crate) fn gt(a: $float, b: $float) -> bool {
                a > b
            }
            pub(crate) fn le(a: $float, b: $float) -> bool {
                a <= b
            }
            pub(crate) fn ge(a: $float, b: $float) -> bool {
                a >= b
            }
        }
    };
}

float!(float32, f32, u32);
float!(float64, f64, u64);

/// `trunc_u` and `trunc_s` (section 4.3, "Conversions"): undefined for NaN, for the infinities and out of range.
///
/// The range is checked after truncation, so that -0.9 gives 0; both bounds are powers of two, which every float
/// format represents, where the greatest integer itself (2^31 - 1 as f32, say) would round up.
macro_rules! truncation {
    ($name:ident, $float:ty, $integer:ty, $unsigned:ty, $least:literal, $beyond:literal) => {
        pub(crate) fn $name(a: $float) -> Result<$unsigned, TrapKind> {
            if a.is_nan() {
                return Err(TrapKind::InvalidConversion);
            }
            let whole = a.trunc();
            if !($least..$beyond).contains(&whole) {
                return Err(TrapKind::IntegerOverflow);
            }
            Ok(whole as $integer as $unsigned)
        }
    };
}

truncation!(trunc_s_f32_i32, f32, i32, u32, -2147483648.0, 2147483648.0);
truncation!(trunc_u_f32_i32, f32, u32, u32, 0.0, 4294967296.0);
truncation!(trunc_s_f64_i32, f64, i32, u32, -2147483648.0, 2147483648.0);
truncation!(trunc_u_f64_i32, f64, u32, u32, 0.0, 4294967296.0);
truncation!(trunc_s_f32_i64, f32, i64, u64, -9223372036854775808.0, 9223372036854775808.0);
truncation!(trunc_u_f32_i64, f32, u64, u64, 0.0, 18446744073709551616.0);
truncation!(trunc_s_f64_i64, f64, i64, u64, -9223372036854775808.0, 9223372036854775808.0);
truncation!(trunc_u_f64_i64, f64, u64, u64, 0.0, 18446744073709551616.0);

// trunc_sat (4.3, "Conversions"): Rust's `as` is the same function: 0 for NaN, the nearest bound out of range.
pub(crate) fn trunc_sat_s_f32_i32(a: f32) -> u32 {
    (a as i32).cast_unsigned()
}
pub(crate) fn trunc_sat_u_f32_i32(a: f32) -> u32 {
    a as u32
}
pub(crate) fn trunc_sat_s_f64_i32(a: f64) -> u32 {
    (a as i32).cast_unsigned()
}
pub(crate) fn trunc_sat_u_f64_i32(a: f64) -> u32 {
    a as u32
}
pub(crate) fn trunc_sat_s_f32_i64(a: f32) -> u64 {
    (a as i64).cast_unsigned()
}
pub(crate) fn trunc_sat_u_f32_i64(a: f32) -> u64 {
    a as u64
}
pub(crate) fn trunc_sat_s_f64_i64(a: f64) -> u64 {
    (a as i64).cast_unsigned()
}
pub(crate) fn trunc_sat_u_f64_i64(a: f64) -> u64 {
    a as u64
}

#[cfg(test)]
mod tests {
    use super::super::choices::Deterministic;
    use super::*;

    #[test]
    fn operators_are_exact_where_the_obvious_code_is_wrong() {
        assert_eq!(int32::div_s(0x8000_0000, u32::MAX), Err(TrapKind::IntegerOverflow));
        assert_eq!(int32::rem_s(0x8000_0000, u32::MAX), Ok(0));
        assert_eq!(int32::shl(1, 33), 2);
        assert_eq!(int64::shr_s(1 << 63, u64::MAX), u64::MAX);
        assert_eq!(int64::rotl(1, (1 << 40) + 1), 2);
        assert_eq!(float32::min(0.0, -0.0).to_bits(), 0x8000_0000);
        assert_eq!(float32::max(-0.0, 0.0).to_bits(), 0);
        assert!(float64::min(f64::NAN, 1.0).is_nan());
        assert_eq!(float64::nearest(2.5), 2.0);
        assert_eq!(float64::nearest(-0.5).to_bits(), 1 << 63);
        assert_eq!(float32::nearest(8388609.0), 8388609.0);
        assert_eq!(trunc_s_f32_i32(-2147483648.0), Ok(0x8000_0000));
        assert_eq!(trunc_s_f32_i32(2147483648.0), Err(TrapKind::IntegerOverflow));
        assert_eq!(trunc_s_f64_i32(-2147483648.9), Ok(0x8000_0000));
        assert_eq!(trunc_s_f64_i32(-2147483649.0), Err(TrapKind::IntegerOverflow));
        assert_eq!(trunc_u_f64_i32(-0.9), Ok(0));
        assert_eq!(trunc_u_f32_i64(-1.0), Err(TrapKind::IntegerOverflow));
        assert_eq!(trunc_u_f32_i64(f32::NAN), Err(TrapKind::InvalidConversion));
    }

    #[test]
    fn only_generated_nans_are_counted() {
        let mut open = Open::default();
        let mut choices = Deterministic;
        assert_eq!(result32(f32::from_bits(0xffc0_1234), [0xffc0_1234], &mut choices, &mut open), 0x7fc0_0000);
        assert_eq!(result64(1.0, [0], &mut choices, &mut open), 1.0_f64.to_bits());
        assert_eq!(open.nan, 1);
    }
}
