//! Arguments: half at the edges of their types, half random bits.

use wassay_model::{HeapType, Nullability, Ref, ValType, Value};

use crate::draw::Draw;

/// Edges of `f32`, as bits: zeros, ones, denormals and the smallest and greatest normal numbers,
/// infinities, canonical, arithmetic and signalling NaNs of both signs, the last numbers before and the
/// first ones past each integer type's range, halves (where rounding ties).
#[rustfmt::skip]
pub(crate) const F32: [u32; 34] = [
    0x0000_0000, 0x8000_0000, 0x3f80_0000, 0xbf80_0000, // +-0, +-1
    0x0000_0001, 0x8000_0001, 0x007f_ffff, 0x807f_ffff, // denormals
    0x0080_0000, 0x8080_0000, 0x7f7f_ffff, 0xff7f_ffff, // normal, at the ends
    0x7f80_0000, 0xff80_0000, // infinities
    0x7fc0_0000, 0xffc0_0000, 0x7fc0_0001, 0xffff_ffff, 0x7f80_0001, 0xffa0_0000, // NaNs
    0x4eff_ffff, 0x4f00_0000, 0xcf00_0000, 0xcf00_0001, 0x4f7f_ffff, 0x4f80_0000, // 2^31, 2^32
    0x5eff_ffff, 0x5f00_0000, 0xdf00_0000, 0x5f7f_ffff, 0x5f80_0000, // 2^63, 2^64
    0x3f00_0000, 0x4020_0000, 0xbf80_0001, // 0.5, 2.5, just below -1
];

/// Edges of `f64`, likewise.
#[rustfmt::skip]
pub(crate) const F64: [u64; 38] = [
    0x0000_0000_0000_0000, 0x8000_0000_0000_0000, 0x3ff0_0000_0000_0000, 0xbff0_0000_0000_0000,
    0x0000_0000_0000_0001, 0x8000_0000_0000_0001, 0x000f_ffff_ffff_ffff, 0x800f_ffff_ffff_ffff,
    0x0010_0000_0000_0000, 0x8010_0000_0000_0000, 0x7fef_ffff_ffff_ffff, 0xffef_ffff_ffff_ffff,
    0x7ff0_0000_0000_0000, 0xfff0_0000_0000_0000,
    0x7ff8_0000_0000_0000, 0xfff8_0000_0000_0000, 0x7ff8_0000_0000_0001, 0xffff_ffff_ffff_ffff,
    0x7ff0_0000_0000_0001, 0xfff4_0000_0000_0000,
    0x41df_ffff_ffc0_0000, 0x41df_ffff_ffff_ffff, 0x41e0_0000_0000_0000, // around 2^31
    0xc1e0_0000_0000_0000, 0xc1e0_0000_001f_ffff, 0xc1e0_0000_0020_0000, // around -2^31 and -2^31 - 1
    0x41ef_ffff_ffe0_0000, 0x41ef_ffff_ffff_ffff, 0x41f0_0000_0000_0000, // around 2^32
    0x43df_ffff_ffff_ffff, 0x43e0_0000_0000_0000, 0xc3e0_0000_0000_0000, // around 2^63
    0x43ef_ffff_ffff_ffff, 0x43f0_0000_0000_0000, // around 2^64
    0x3fe0_0000_0000_0000, 0x4004_0000_0000_0000, 0xbff0_0000_0000_0001, // 0.5, 2.5, just below -1
    0x47ef_ffff_f000_0000, // what rounds to infinity as f32
];

/// A value of the type to pass to a function; `None` for a type without a value that a plan can write.
pub(crate) fn argument(ty: ValType, draw: &mut Draw) -> Option<Value> {
    let edge = draw.percent(50);
    Some(match ty {
        ValType::I32 if edge => Value::I32(integer(draw, 32) as u32),
        ValType::I32 => Value::I32(draw.bits() as u32),
        ValType::I64 if edge => Value::I64(integer(draw, 64)),
        ValType::I64 => Value::I64(draw.bits()),
        ValType::F32 if edge => Value::F32(draw.pick(&F32)),
        ValType::F32 => Value::F32(draw.bits() as u32),
        ValType::F64 if edge => Value::F64(draw.pick(&F64)),
        ValType::F64 => Value::F64(draw.bits()),
        ValType::V128 if edge => Value::V128(vector(draw)),
        ValType::V128 => Value::V128(u128::from(draw.bits()) << 64 | u128::from(draw.bits())),
        ValType::Ref(reference) => match reference.heap {
            HeapType::Extern if !edge || reference.nullability == Nullability::NonNull => {
                Value::Ref(Ref::Extern(draw.below(8)))
            }
            HeapType::I31 | HeapType::Eq | HeapType::Any if !edge || reference.nullability == Nullability::NonNull => {
                // The sign of a 31-bit integer is its bit 30.
                Value::Ref(Ref::I31((integer(draw, 32) as u32).cast_signed() << 1 >> 1))
            }
            _ if reference.nullability == Nullability::Nullable => Value::Ref(Ref::Null),
            _ => return None,
        },
    })
}

/// 0, 1, -1, the smallest, the greatest, a power of two and its neighbours, a small number.
pub(crate) fn integer(draw: &mut Draw, width: u32) -> u64 {
    let power = 1_u64 << draw.below(width);
    let bits = match draw.below(8) {
        0 => 0,
        1 => 1,
        2 => u64::MAX,
        3 => 1 << (width - 1),
        4 => (1 << (width - 1)) - 1,
        5 => u64::from(draw.below(64)),
        6 => power.wrapping_neg(),
        _ => power.wrapping_add(u64::from(draw.below(3))).wrapping_sub(1),
    };
    if width == 32 { bits & 0xffff_ffff } else { bits }
}

/// Edges in every lane, for a lane width that is drawn too.
pub(crate) fn vector(draw: &mut Draw) -> u128 {
    let width = draw.pick(&[8, 16, 32, 64]);
    let float = draw.percent(50);
    let mut bits = 0_u128;
    for _ in 0..128 / width {
        let lane = match width {
            32 if float => u64::from(draw.pick(&F32)),
            64 if float => draw.pick(&F64),
            _ => integer(draw, width) & (u64::MAX >> (64 - width)),
        };
        bits = bits << width | u128::from(lane);
    }
    bits
}
