//! The deterministic host: a pure function that every embedding of every engine answers with.

use crate::{Digest, Ref, ValType, Value};

/// The module name under which the deterministic host answers.
pub const MODULE: &str = "host";

/// What the host function `name` answers to its `call`-th call (from 0, counted over the whole case and
/// all host functions) with `args`.
///
/// The answer depends on all three, so that a call that is lost, doubled, reordered or made with other
/// arguments changes what follows. Half of the answers are values at the edges of their types. Floats
/// are never NaN: a NaN among the *arguments* may have bits that the standard leaves open, so the digest
/// takes every NaN for the same.
#[must_use]
pub fn answer(name: &str, call: u32, args: &[Value], results: &[ValType]) -> Vec<Value> {
    let mut text = Vec::with_capacity(name.len() + 4 + args.len() * 16);
    text.extend_from_slice(name.as_bytes());
    text.extend_from_slice(&call.to_le_bytes());
    for arg in args {
        text.extend_from_slice(&without_nan_bits(*arg).to_le_bytes());
    }
    let mut state = Digest::of(&text).0 as u64;
    results
        .iter()
        .map(|result| {
            // One step of the SplitMix64 sequence (Steele, Lea, Flood 2014, "Fast splittable
            // pseudorandom number generators", figure 14).
            state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mut bits = state;
            bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            bits ^= bits >> 31;
            value(*result, bits)
        })
        .collect()
}

fn without_nan_bits(value: Value) -> u128 {
    match value {
        Value::I32(bits) => u128::from(bits),
        Value::I64(bits) => u128::from(bits),
        Value::F32(bits) if f32::from_bits(bits).is_nan() => 0x7fc0_0000,
        Value::F32(bits) => u128::from(bits),
        Value::F64(bits) if f64::from_bits(bits).is_nan() => 0x7ff8_0000_0000_0000,
        Value::F64(bits) => u128::from(bits),
        // The lanes' type is unknown here: any of them may be a NaN. The trace still shows the bits.
        Value::V128(_) => 1,
        Value::Ref(Ref::Null) => 2,
        Value::Ref(_) => 3,
    }
}

const EDGES_32: [u32; 8] = [0, 1, u32::MAX, 0x7fff_ffff, 0x8000_0000, 31, 32, 0xffff];
const EDGES_64: [u64; 8] = [0, 1, u64::MAX, 0x7fff_ffff_ffff_ffff, 0x8000_0000_0000_0000, 63, 64, 0xffff_ffff];
const EDGES_F32: [f32; 8] = [0.0, -0.0, 1.0, -1.5, f32::INFINITY, f32::MIN_POSITIVE, f32::MAX, 2_147_483_648.0];
const EDGES_F64: [f64; 8] =
    [0.0, -0.0, 1.0, -1.5, f64::NEG_INFINITY, f64::MIN_POSITIVE, f64::MAX, 9_007_199_254_740_993.0];

fn value(kind: ValType, bits: u64) -> Value {
    let edge = bits & 1 == 1;
    let pick = (bits >> 1) as usize % 8;
    let rest = bits >> 4;
    match kind {
        ValType::I32 if edge => Value::I32(EDGES_32[pick]),
        ValType::I32 => Value::I32(rest as u32),
        ValType::I64 if edge => Value::I64(EDGES_64[pick]),
        ValType::I64 => Value::I64(bits.rotate_left(17)),
        ValType::F32 if edge => Value::F32(EDGES_F32[pick].to_bits()),
        ValType::F32 => Value::F32((rest as u32 as f32 / 65536.0 - 32768.0).to_bits()),
        ValType::F64 if edge => Value::F64(EDGES_F64[pick].to_bits()),
        ValType::F64 => Value::F64((rest as f64 / 1_048_576.0 - 549_755_813_888.0).to_bits()),
        ValType::V128 => Value::V128(u128::from(bits) << 64 | u128::from(bits.rotate_left(32))),
        // A host function whose result must not be null is never generated: it has no answer to give.
        ValType::Ref(_) => Value::Ref(Ref::Null),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_answer_depends_on_name_call_and_arguments() {
        let base = answer("f", 0, &[Value::I32(1)], &[ValType::I64; 4]);
        assert_ne!(answer("g", 0, &[Value::I32(1)], &[ValType::I64; 4]), base);
        assert_ne!(answer("f", 1, &[Value::I32(1)], &[ValType::I64; 4]), base);
        assert_ne!(answer("f", 0, &[Value::I32(2)], &[ValType::I64; 4]), base);
    }

    #[test]
    fn nan_bits_of_an_argument_do_not_change_the_answer() {
        let with = |bits| answer("f", 3, &[Value::F32(bits)], &[ValType::I64]);
        assert_eq!(with(0x7fc0_0000), with(0xffc0_0001));
        assert_ne!(with(0x7fc0_0000), with(0x7f80_0000));
    }

    #[test]
    fn no_float_answer_is_nan() {
        for call in 0..10_000 {
            for value in answer("f", call, &[], &[ValType::F32, ValType::F64]) {
                match value {
                    Value::F32(bits) => assert!(!f32::from_bits(bits).is_nan()),
                    Value::F64(bits) => assert!(!f64::from_bits(bits).is_nan()),
                    other => panic!("{other} is no float"),
                }
            }
        }
    }
}
