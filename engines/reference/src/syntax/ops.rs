//! Operators by table: name, opcode, types. What the decoder, the validator and lowering need to know about an operator
//! stands in one row, so that they cannot disagree.
//!
//! An opcode behind a prefix is written with the prefix in front: `0xFD_00E` is 0xFD followed by 14.

use wassay_model::Feature;

use super::ValType::{self, F32, F64, I32, I64, V128};

/// What an operator takes from the operand stack, deepest first, and what it leaves there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Signature {
    /// Operands.
    pub operands: &'static [ValType],
    /// Results.
    pub results: &'static [ValType],
}

/// Makes an operator enum and its table from rows `Variant = opcode "name": rest;`.
macro_rules! operators {
    (
        $(#[$doc:meta])* $name:ident: $row:ty;
        $($variant:ident = $code:literal $text:literal: $value:expr;)*
    ) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[repr(u8)]
        pub enum $name {
            $(
                #[doc = concat!("`", $text, "`")]
                $variant,
            )*
        }

        impl $name {
            /// Every operator of the table, in its order: `ALL[op as usize] == op`.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            const ROWS: &[$row] = &[$($value,)*];

            /// The name in the text format.
            #[must_use]
            pub const fn name(self) -> &'static str {
                const NAMES: &[&str] = &[$($text,)*];
                NAMES[self as usize]
            }

            /// The opcode, with the prefix in front.
            #[must_use]
            pub const fn opcode(self) -> u32 {
                const CODES: &[u32] = &[$($code,)*];
                CODES[self as usize]
            }

            /// The operator with this opcode, if it is in the table.
            #[must_use]
            pub const fn from_opcode(code: u32) -> Option<Self> {
                match code {
                    $($code => Some(Self::$variant),)*
                    _ => None,
                }
            }
        }
    };
}

/// Operators whose types are all there is to know.
macro_rules! plain_operators {
    (
        $(#[$doc:meta])* $name:ident {
            $($variant:ident = $code:literal $text:literal: [$($operand:ident),*] -> [$($result:ident),*];)*
        }
    ) => {
        operators! {
            $(#[$doc])* $name: Signature;
            $($variant = $code $text: Signature { operands: &[$($operand),*], results: &[$($result),*] };)*
        }

        impl $name {
            /// What it takes and leaves.
            #[must_use]
            pub const fn signature(self) -> Signature {
                Self::ROWS[self as usize]
            }
        }
    };
}

/// Operators that access memory at one width and move one type of value.
macro_rules! access_operators {
    (
        $(#[$doc:meta])* $name:ident {
            $($variant:ident = $code:literal $text:literal: $width:literal $ty:ident;)*
        }
    ) => {
        operators! {
            $(#[$doc])* $name: (u8, ValType);
            $($variant = $code $text: ($width, $ty);)*
        }

        impl $name {
            /// The number of bytes that it accesses.
            #[must_use]
            pub const fn width(self) -> u8 {
                Self::ROWS[self as usize].0
            }

            /// The value that it loads or stores, as it is on the operand stack.
            #[must_use]
            pub const fn ty(self) -> ValType {
                Self::ROWS[self as usize].1
            }
        }
    };
}

plain_operators! {
    /// Numeric instructions without immediates (section 2.4, "Numeric Instructions").
    NumericOp {
        // Tests and comparisons.
        I32Eqz = 0x45 "i32.eqz": [I32] -> [I32];
        I32Eq = 0x46 "i32.eq": [I32, I32] -> [I32];
        I32Ne = 0x47 "i32.ne": [I32, I32] -> [I32];
        I32LtS = 0x48 "i32.lt_s": [I32, I32] -> [I32];
        I32LtU = 0x49 "i32.lt_u": [I32, I32] -> [I32];
        I32GtS = 0x4A "i32.gt_s": [I32, I32] -> [I32];
        I32GtU = 0x4B "i32.gt_u": [I32, I32] -> [I32];
        I32LeS = 0x4C "i32.le_s": [I32, I32] -> [I32];
        I32LeU = 0x4D "i32.le_u": [I32, I32] -> [I32];
        I32GeS = 0x4E "i32.ge_s": [I32, I32] -> [I32];
        I32GeU = 0x4F "i32.ge_u": [I32, I32] -> [I32];
        I64Eqz = 0x50 "i64.eqz": [I64] -> [I32];
        I64Eq = 0x51 "i64.eq": [I64, I64] -> [I32];
        I64Ne = 0x52 "i64.ne": [I64, I64] -> [I32];
        I64LtS = 0x53 "i64.lt_s": [I64, I64] -> [I32];
        I64LtU = 0x54 "i64.lt_u": [I64, I64] -> [I32];
        I64GtS = 0x55 "i64.gt_s": [I64, I64] -> [I32];
        I64GtU = 0x56 "i64.gt_u": [I64, I64] -> [I32];
        I64LeS = 0x57 "i64.le_s": [I64, I64] -> [I32];
        I64LeU = 0x58 "i64.le_u": [I64, I64] -> [I32];
        I64GeS = 0x59 "i64.ge_s": [I64, I64] -> [I32];
        I64GeU = 0x5A "i64.ge_u": [I64, I64] -> [I32];
        F32Eq = 0x5B "f32.eq": [F32, F32] -> [I32];
        F32Ne = 0x5C "f32.ne": [F32, F32] -> [I32];
        F32Lt = 0x5D "f32.lt": [F32, F32] -> [I32];
        F32Gt = 0x5E "f32.gt": [F32, F32] -> [I32];
        F32Le = 0x5F "f32.le": [F32, F32] -> [I32];
        F32Ge = 0x60 "f32.ge": [F32, F32] -> [I32];
        F64Eq = 0x61 "f64.eq": [F64, F64] -> [I32];
        F64Ne = 0x62 "f64.ne": [F64, F64] -> [I32];
        F64Lt = 0x63 "f64.lt": [F64, F64] -> [I32];
        F64Gt = 0x64 "f64.gt": [F64, F64] -> [I32];
        F64Le = 0x65 "f64.le": [F64, F64] -> [I32];
        F64Ge = 0x66 "f64.ge": [F64, F64] -> [I32];
        // Integer arithmetic.
        I32Clz = 0x67 "i32.clz": [I32] -> [I32];
        I32Ctz = 0x68 "i32.ctz": [I32] -> [I32];
        I32Popcnt = 0x69 "i32.popcnt": [I32] -> [I32];
        I32Add = 0x6A "i32.add": [I32, I32] -> [I32];
        I32Sub = 0x6B "i32.sub": [I32, I32] -> [I32];
        I32Mul = 0x6C "i32.mul": [I32, I32] -> [I32];
        I32DivS = 0x6D "i32.div_s": [I32, I32] -> [I32];
        I32DivU = 0x6E "i32.div_u": [I32, I32] -> [I32];
        I32RemS = 0x6F "i32.rem_s": [I32, I32] -> [I32];
        I32RemU = 0x70 "i32.rem_u": [I32, I32] -> [I32];
        I32And = 0x71 "i32.and": [I32, I32] -> [I32];
        I32Or = 0x72 "i32.or": [I32, I32] -> [I32];
        I32Xor = 0x73 "i32.xor": [I32, I32] -> [I32];
        I32Shl = 0x74 "i32.shl": [I32, I32] -> [I32];
        I32ShrS = 0x75 "i32.shr_s": [I32, I32] -> [I32];
        I32ShrU = 0x76 "i32.shr_u": [I32, I32] -> [I32];
        I32Rotl = 0x77 "i32.rotl": [I32, I32] -> [I32];
        I32Rotr = 0x78 "i32.rotr": [I32, I32] -> [I32];
        I64Clz = 0x79 "i64.clz": [I64] -> [I64];
        I64Ctz = 0x7A "i64.ctz": [I64] -> [I64];
        I64Popcnt = 0x7B "i64.popcnt": [I64] -> [I64];
        I64Add = 0x7C "i64.add": [I64, I64] -> [I64];
        I64Sub = 0x7D "i64.sub": [I64, I64] -> [I64];
        I64Mul = 0x7E "i64.mul": [I64, I64] -> [I64];
        I64DivS = 0x7F "i64.div_s": [I64, I64] -> [I64];
        I64DivU = 0x80 "i64.div_u": [I64, I64] -> [I64];
        I64RemS = 0x81 "i64.rem_s": [I64, I64] -> [I64];
        I64RemU = 0x82 "i64.rem_u": [I64, I64] -> [I64];
        I64And = 0x83 "i64.and": [I64, I64] -> [I64];
        I64Or = 0x84 "i64.or": [I64, I64] -> [I64];
        I64Xor = 0x85 "i64.xor": [I64, I64] -> [I64];
        I64Shl = 0x86 "i64.shl": [I64, I64] -> [I64];
        I64ShrS = 0x87 "i64.shr_s": [I64, I64] -> [I64];
        I64ShrU = 0x88 "i64.shr_u": [I64, I64] -> [I64];
        I64Rotl = 0x89 "i64.rotl": [I64, I64] -> [I64];
        I64Rotr = 0x8A "i64.rotr": [I64, I64] -> [I64];
        // Float arithmetic.
        F32Abs = 0x8B "f32.abs": [F32] -> [F32];
        F32Neg = 0x8C "f32.neg": [F32] -> [F32];
        F32Ceil = 0x8D "f32.ceil": [F32] -> [F32];
        F32Floor = 0x8E "f32.floor": [F32] -> [F32];
        F32Trunc = 0x8F "f32.trunc": [F32] -> [F32];
        F32Nearest = 0x90 "f32.nearest": [F32] -> [F32];
        F32Sqrt = 0x91 "f32.sqrt": [F32] -> [F32];
        F32Add = 0x92 "f32.add": [F32, F32] -> [F32];
        F32Sub = 0x93 "f32.sub": [F32, F32] -> [F32];
        F32Mul = 0x94 "f32.mul": [F32, F32] -> [F32];
        F32Div = 0x95 "f32.div": [F32, F32] -> [F32];
        F32Min = 0x96 "f32.min": [F32, F32] -> [F32];
        F32Max = 0x97 "f32.max": [F32, F32] -> [F32];
        F32Copysign = 0x98 "f32.copysign": [F32, F32] -> [F32];
        F64Abs = 0x99 "f64.abs": [F64] -> [F64];
        F64Neg = 0x9A "f64.neg": [F64] -> [F64];
        F64Ceil = 0x9B "f64.ceil": [F64] -> [F64];
        F64Floor = 0x9C "f64.floor": [F64] -> [F64];
        F64Trunc = 0x9D "f64.trunc": [F64] -> [F64];
        F64Nearest = 0x9E "f64.nearest": [F64] -> [F64];
        F64Sqrt = 0x9F "f64.sqrt": [F64] -> [F64];
        F64Add = 0xA0 "f64.add": [F64, F64] -> [F64];
        F64Sub = 0xA1 "f64.sub": [F64, F64] -> [F64];
        F64Mul = 0xA2 "f64.mul": [F64, F64] -> [F64];
        F64Div = 0xA3 "f64.div": [F64, F64] -> [F64];
        F64Min = 0xA4 "f64.min": [F64, F64] -> [F64];
        F64Max = 0xA5 "f64.max": [F64, F64] -> [F64];
        F64Copysign = 0xA6 "f64.copysign": [F64, F64] -> [F64];
        // Conversions.
        I32WrapI64 = 0xA7 "i32.wrap_i64": [I64] -> [I32];
        I32TruncF32S = 0xA8 "i32.trunc_f32_s": [F32] -> [I32];
        I32TruncF32U = 0xA9 "i32.trunc_f32_u": [F32] -> [I32];
        I32TruncF64S = 0xAA "i32.trunc_f64_s": [F64] -> [I32];
        I32TruncF64U = 0xAB "i32.trunc_f64_u": [F64] -> [I32];
        I64ExtendI32S = 0xAC "i64.extend_i32_s": [I32] -> [I64];
        I64ExtendI32U = 0xAD "i64.extend_i32_u": [I32] -> [I64];
        I64TruncF32S = 0xAE "i64.trunc_f32_s": [F32] -> [I64];
        I64TruncF32U = 0xAF "i64.trunc_f32_u": [F32] -> [I64];
        I64TruncF64S = 0xB0 "i64.trunc_f64_s": [F64] -> [I64];
        I64TruncF64U = 0xB1 "i64.trunc_f64_u": [F64] -> [I64];
        F32ConvertI32S = 0xB2 "f32.convert_i32_s": [I32] -> [F32];
        F32ConvertI32U = 0xB3 "f32.convert_i32_u": [I32] -> [F32];
        F32ConvertI64S = 0xB4 "f32.convert_i64_s": [I64] -> [F32];
        F32ConvertI64U = 0xB5 "f32.convert_i64_u": [I64] -> [F32];
        F32DemoteF64 = 0xB6 "f32.demote_f64": [F64] -> [F32];
        F64ConvertI32S = 0xB7 "f64.convert_i32_s": [I32] -> [F64];
        F64ConvertI32U = 0xB8 "f64.convert_i32_u": [I32] -> [F64];
        F64ConvertI64S = 0xB9 "f64.convert_i64_s": [I64] -> [F64];
        F64ConvertI64U = 0xBA "f64.convert_i64_u": [I64] -> [F64];
        F64PromoteF32 = 0xBB "f64.promote_f32": [F32] -> [F64];
        I32ReinterpretF32 = 0xBC "i32.reinterpret_f32": [F32] -> [I32];
        I64ReinterpretF64 = 0xBD "i64.reinterpret_f64": [F64] -> [I64];
        F32ReinterpretI32 = 0xBE "f32.reinterpret_i32": [I32] -> [F32];
        F64ReinterpretI64 = 0xBF "f64.reinterpret_i64": [I64] -> [F64];
        // Sign extension.
        I32Extend8S = 0xC0 "i32.extend8_s": [I32] -> [I32];
        I32Extend16S = 0xC1 "i32.extend16_s": [I32] -> [I32];
        I64Extend8S = 0xC2 "i64.extend8_s": [I64] -> [I64];
        I64Extend16S = 0xC3 "i64.extend16_s": [I64] -> [I64];
        I64Extend32S = 0xC4 "i64.extend32_s": [I64] -> [I64];
        // Saturating truncation.
        I32TruncSatF32S = 0xFC_000 "i32.trunc_sat_f32_s": [F32] -> [I32];
        I32TruncSatF32U = 0xFC_001 "i32.trunc_sat_f32_u": [F32] -> [I32];
        I32TruncSatF64S = 0xFC_002 "i32.trunc_sat_f64_s": [F64] -> [I32];
        I32TruncSatF64U = 0xFC_003 "i32.trunc_sat_f64_u": [F64] -> [I32];
        I64TruncSatF32S = 0xFC_004 "i64.trunc_sat_f32_s": [F32] -> [I64];
        I64TruncSatF32U = 0xFC_005 "i64.trunc_sat_f32_u": [F32] -> [I64];
        I64TruncSatF64S = 0xFC_006 "i64.trunc_sat_f64_s": [F64] -> [I64];
        I64TruncSatF64U = 0xFC_007 "i64.trunc_sat_f64_u": [F64] -> [I64];
        // Wide arithmetic (proposal): low half first.
        I64Add128 = 0xFC_013 "i64.add128": [I64, I64, I64, I64] -> [I64, I64];
        I64Sub128 = 0xFC_014 "i64.sub128": [I64, I64, I64, I64] -> [I64, I64];
        I64MulWideS = 0xFC_015 "i64.mul_wide_s": [I64, I64] -> [I64, I64];
        I64MulWideU = 0xFC_016 "i64.mul_wide_u": [I64, I64] -> [I64, I64];
    }
}

impl NumericOp {
    /// The feature that brought the operator, if it is younger than 1.0.
    #[must_use]
    pub const fn feature(self) -> Option<Feature> {
        match self.opcode() {
            0xC0..=0xC4 => Some(Feature::SignExtension),
            0xFC_000..=0xFC_007 => Some(Feature::SaturatingTruncation),
            0xFC_013..=0xFC_016 => Some(Feature::WideArithmetic),
            _ => None,
        }
    }
}

plain_operators! {
    /// Vector instructions without immediates (section 2.4, "Vector Instructions").
    VectorOp {
        I8x16Swizzle = 0xFD_00E "i8x16.swizzle": [V128, V128] -> [V128];
        I8x16Splat = 0xFD_00F "i8x16.splat": [I32] -> [V128];
        I16x8Splat = 0xFD_010 "i16x8.splat": [I32] -> [V128];
        I32x4Splat = 0xFD_011 "i32x4.splat": [I32] -> [V128];
        I64x2Splat = 0xFD_012 "i64x2.splat": [I64] -> [V128];
        F32x4Splat = 0xFD_013 "f32x4.splat": [F32] -> [V128];
        F64x2Splat = 0xFD_014 "f64x2.splat": [F64] -> [V128];
        I8x16Eq = 0xFD_023 "i8x16.eq": [V128, V128] -> [V128];
        I8x16Ne = 0xFD_024 "i8x16.ne": [V128, V128] -> [V128];
        I8x16LtS = 0xFD_025 "i8x16.lt_s": [V128, V128] -> [V128];
        I8x16LtU = 0xFD_026 "i8x16.lt_u": [V128, V128] -> [V128];
        I8x16GtS = 0xFD_027 "i8x16.gt_s": [V128, V128] -> [V128];
        I8x16GtU = 0xFD_028 "i8x16.gt_u": [V128, V128] -> [V128];
        I8x16LeS = 0xFD_029 "i8x16.le_s": [V128, V128] -> [V128];
        I8x16LeU = 0xFD_02A "i8x16.le_u": [V128, V128] -> [V128];
        I8x16GeS = 0xFD_02B "i8x16.ge_s": [V128, V128] -> [V128];
        I8x16GeU = 0xFD_02C "i8x16.ge_u": [V128, V128] -> [V128];
        I16x8Eq = 0xFD_02D "i16x8.eq": [V128, V128] -> [V128];
        I16x8Ne = 0xFD_02E "i16x8.ne": [V128, V128] -> [V128];
        I16x8LtS = 0xFD_02F "i16x8.lt_s": [V128, V128] -> [V128];
        I16x8LtU = 0xFD_030 "i16x8.lt_u": [V128, V128] -> [V128];
        I16x8GtS = 0xFD_031 "i16x8.gt_s": [V128, V128] -> [V128];
        I16x8GtU = 0xFD_032 "i16x8.gt_u": [V128, V128] -> [V128];
        I16x8LeS = 0xFD_033 "i16x8.le_s": [V128, V128] -> [V128];
        I16x8LeU = 0xFD_034 "i16x8.le_u": [V128, V128] -> [V128];
        I16x8GeS = 0xFD_035 "i16x8.ge_s": [V128, V128] -> [V128];
        I16x8GeU = 0xFD_036 "i16x8.ge_u": [V128, V128] -> [V128];
        I32x4Eq = 0xFD_037 "i32x4.eq": [V128, V128] -> [V128];
        I32x4Ne = 0xFD_038 "i32x4.ne": [V128, V128] -> [V128];
        I32x4LtS = 0xFD_039 "i32x4.lt_s": [V128, V128] -> [V128];
        I32x4LtU = 0xFD_03A "i32x4.lt_u": [V128, V128] -> [V128];
        I32x4GtS = 0xFD_03B "i32x4.gt_s": [V128, V128] -> [V128];
        I32x4GtU = 0xFD_03C "i32x4.gt_u": [V128, V128] -> [V128];
        I32x4LeS = 0xFD_03D "i32x4.le_s": [V128, V128] -> [V128];
        I32x4LeU = 0xFD_03E "i32x4.le_u": [V128, V128] -> [V128];
        I32x4GeS = 0xFD_03F "i32x4.ge_s": [V128, V128] -> [V128];
        I32x4GeU = 0xFD_040 "i32x4.ge_u": [V128, V128] -> [V128];
        F32x4Eq = 0xFD_041 "f32x4.eq": [V128, V128] -> [V128];
        F32x4Ne = 0xFD_042 "f32x4.ne": [V128, V128] -> [V128];
        F32x4Lt = 0xFD_043 "f32x4.lt": [V128, V128] -> [V128];
        F32x4Gt = 0xFD_044 "f32x4.gt": [V128, V128] -> [V128];
        F32x4Le = 0xFD_045 "f32x4.le": [V128, V128] -> [V128];
        F32x4Ge = 0xFD_046 "f32x4.ge": [V128, V128] -> [V128];
        F64x2Eq = 0xFD_047 "f64x2.eq": [V128, V128] -> [V128];
        F64x2Ne = 0xFD_048 "f64x2.ne": [V128, V128] -> [V128];
        F64x2Lt = 0xFD_049 "f64x2.lt": [V128, V128] -> [V128];
        F64x2Gt = 0xFD_04A "f64x2.gt": [V128, V128] -> [V128];
        F64x2Le = 0xFD_04B "f64x2.le": [V128, V128] -> [V128];
        F64x2Ge = 0xFD_04C "f64x2.ge": [V128, V128] -> [V128];
        V128Not = 0xFD_04D "v128.not": [V128] -> [V128];
        V128And = 0xFD_04E "v128.and": [V128, V128] -> [V128];
        V128Andnot = 0xFD_04F "v128.andnot": [V128, V128] -> [V128];
        V128Or = 0xFD_050 "v128.or": [V128, V128] -> [V128];
        V128Xor = 0xFD_051 "v128.xor": [V128, V128] -> [V128];
        V128Bitselect = 0xFD_052 "v128.bitselect": [V128, V128, V128] -> [V128];
        V128AnyTrue = 0xFD_053 "v128.any_true": [V128] -> [I32];
        F32x4DemoteF64x2Zero = 0xFD_05E "f32x4.demote_f64x2_zero": [V128] -> [V128];
        F64x2PromoteLowF32x4 = 0xFD_05F "f64x2.promote_low_f32x4": [V128] -> [V128];
        I8x16Abs = 0xFD_060 "i8x16.abs": [V128] -> [V128];
        I8x16Neg = 0xFD_061 "i8x16.neg": [V128] -> [V128];
        I8x16Popcnt = 0xFD_062 "i8x16.popcnt": [V128] -> [V128];
        I8x16AllTrue = 0xFD_063 "i8x16.all_true": [V128] -> [I32];
        I8x16Bitmask = 0xFD_064 "i8x16.bitmask": [V128] -> [I32];
        I8x16NarrowI16x8S = 0xFD_065 "i8x16.narrow_i16x8_s": [V128, V128] -> [V128];
        I8x16NarrowI16x8U = 0xFD_066 "i8x16.narrow_i16x8_u": [V128, V128] -> [V128];
        F32x4Ceil = 0xFD_067 "f32x4.ceil": [V128] -> [V128];
        F32x4Floor = 0xFD_068 "f32x4.floor": [V128] -> [V128];
        F32x4Trunc = 0xFD_069 "f32x4.trunc": [V128] -> [V128];
        F32x4Nearest = 0xFD_06A "f32x4.nearest": [V128] -> [V128];
        I8x16Shl = 0xFD_06B "i8x16.shl": [V128, I32] -> [V128];
        I8x16ShrS = 0xFD_06C "i8x16.shr_s": [V128, I32] -> [V128];
        I8x16ShrU = 0xFD_06D "i8x16.shr_u": [V128, I32] -> [V128];
        I8x16Add = 0xFD_06E "i8x16.add": [V128, V128] -> [V128];
        I8x16AddSatS = 0xFD_06F "i8x16.add_sat_s": [V128, V128] -> [V128];
        I8x16AddSatU = 0xFD_070 "i8x16.add_sat_u": [V128, V128] -> [V128];
        I8x16Sub = 0xFD_071 "i8x16.sub": [V128, V128] -> [V128];
        I8x16SubSatS = 0xFD_072 "i8x16.sub_sat_s": [V128, V128] -> [V128];
        I8x16SubSatU = 0xFD_073 "i8x16.sub_sat_u": [V128, V128] -> [V128];
        F64x2Ceil = 0xFD_074 "f64x2.ceil": [V128] -> [V128];
        F64x2Floor = 0xFD_075 "f64x2.floor": [V128] -> [V128];
        I8x16MinS = 0xFD_076 "i8x16.min_s": [V128, V128] -> [V128];
        I8x16MinU = 0xFD_077 "i8x16.min_u": [V128, V128] -> [V128];
        I8x16MaxS = 0xFD_078 "i8x16.max_s": [V128, V128] -> [V128];
        I8x16MaxU = 0xFD_079 "i8x16.max_u": [V128, V128] -> [V128];
        F64x2Trunc = 0xFD_07A "f64x2.trunc": [V128] -> [V128];
        I8x16AvgrU = 0xFD_07B "i8x16.avgr_u": [V128, V128] -> [V128];
        I16x8ExtaddPairwiseI8x16S = 0xFD_07C "i16x8.extadd_pairwise_i8x16_s": [V128] -> [V128];
        I16x8ExtaddPairwiseI8x16U = 0xFD_07D "i16x8.extadd_pairwise_i8x16_u": [V128] -> [V128];
        I32x4ExtaddPairwiseI16x8S = 0xFD_07E "i32x4.extadd_pairwise_i16x8_s": [V128] -> [V128];
        I32x4ExtaddPairwiseI16x8U = 0xFD_07F "i32x4.extadd_pairwise_i16x8_u": [V128] -> [V128];
        I16x8Abs = 0xFD_080 "i16x8.abs": [V128] -> [V128];
        I16x8Neg = 0xFD_081 "i16x8.neg": [V128] -> [V128];
        I16x8Q15mulrSatS = 0xFD_082 "i16x8.q15mulr_sat_s": [V128, V128] -> [V128];
        I16x8AllTrue = 0xFD_083 "i16x8.all_true": [V128] -> [I32];
        I16x8Bitmask = 0xFD_084 "i16x8.bitmask": [V128] -> [I32];
        I16x8NarrowI32x4S = 0xFD_085 "i16x8.narrow_i32x4_s": [V128, V128] -> [V128];
        I16x8NarrowI32x4U = 0xFD_086 "i16x8.narrow_i32x4_u": [V128, V128] -> [V128];
        I16x8ExtendLowI8x16S = 0xFD_087 "i16x8.extend_low_i8x16_s": [V128] -> [V128];
        I16x8ExtendHighI8x16S = 0xFD_088 "i16x8.extend_high_i8x16_s": [V128] -> [V128];
        I16x8ExtendLowI8x16U = 0xFD_089 "i16x8.extend_low_i8x16_u": [V128] -> [V128];
        I16x8ExtendHighI8x16U = 0xFD_08A "i16x8.extend_high_i8x16_u": [V128] -> [V128];
        I16x8Shl = 0xFD_08B "i16x8.shl": [V128, I32] -> [V128];
        I16x8ShrS = 0xFD_08C "i16x8.shr_s": [V128, I32] -> [V128];
        I16x8ShrU = 0xFD_08D "i16x8.shr_u": [V128, I32] -> [V128];
        I16x8Add = 0xFD_08E "i16x8.add": [V128, V128] -> [V128];
        I16x8AddSatS = 0xFD_08F "i16x8.add_sat_s": [V128, V128] -> [V128];
        I16x8AddSatU = 0xFD_090 "i16x8.add_sat_u": [V128, V128] -> [V128];
        I16x8Sub = 0xFD_091 "i16x8.sub": [V128, V128] -> [V128];
        I16x8SubSatS = 0xFD_092 "i16x8.sub_sat_s": [V128, V128] -> [V128];
        I16x8SubSatU = 0xFD_093 "i16x8.sub_sat_u": [V128, V128] -> [V128];
        F64x2Nearest = 0xFD_094 "f64x2.nearest": [V128] -> [V128];
        I16x8Mul = 0xFD_095 "i16x8.mul": [V128, V128] -> [V128];
        I16x8MinS = 0xFD_096 "i16x8.min_s": [V128, V128] -> [V128];
        I16x8MinU = 0xFD_097 "i16x8.min_u": [V128, V128] -> [V128];
        I16x8MaxS = 0xFD_098 "i16x8.max_s": [V128, V128] -> [V128];
        I16x8MaxU = 0xFD_099 "i16x8.max_u": [V128, V128] -> [V128];
        I16x8AvgrU = 0xFD_09B "i16x8.avgr_u": [V128, V128] -> [V128];
        I16x8ExtmulLowI8x16S = 0xFD_09C "i16x8.extmul_low_i8x16_s": [V128, V128] -> [V128];
        I16x8ExtmulHighI8x16S = 0xFD_09D "i16x8.extmul_high_i8x16_s": [V128, V128] -> [V128];
        I16x8ExtmulLowI8x16U = 0xFD_09E "i16x8.extmul_low_i8x16_u": [V128, V128] -> [V128];
        I16x8ExtmulHighI8x16U = 0xFD_09F "i16x8.extmul_high_i8x16_u": [V128, V128] -> [V128];
        I32x4Abs = 0xFD_0A0 "i32x4.abs": [V128] -> [V128];
        I32x4Neg = 0xFD_0A1 "i32x4.neg": [V128] -> [V128];
        I32x4AllTrue = 0xFD_0A3 "i32x4.all_true": [V128] -> [I32];
        I32x4Bitmask = 0xFD_0A4 "i32x4.bitmask": [V128] -> [I32];
        I32x4ExtendLowI16x8S = 0xFD_0A7 "i32x4.extend_low_i16x8_s": [V128] -> [V128];
        I32x4ExtendHighI16x8S = 0xFD_0A8 "i32x4.extend_high_i16x8_s": [V128] -> [V128];
        I32x4ExtendLowI16x8U = 0xFD_0A9 "i32x4.extend_low_i16x8_u": [V128] -> [V128];
        I32x4ExtendHighI16x8U = 0xFD_0AA "i32x4.extend_high_i16x8_u": [V128] -> [V128];
        I32x4Shl = 0xFD_0AB "i32x4.shl": [V128, I32] -> [V128];
        I32x4ShrS = 0xFD_0AC "i32x4.shr_s": [V128, I32] -> [V128];
        I32x4ShrU = 0xFD_0AD "i32x4.shr_u": [V128, I32] -> [V128];
        I32x4Add = 0xFD_0AE "i32x4.add": [V128, V128] -> [V128];
        I32x4Sub = 0xFD_0B1 "i32x4.sub": [V128, V128] -> [V128];
        I32x4Mul = 0xFD_0B5 "i32x4.mul": [V128, V128] -> [V128];
        I32x4MinS = 0xFD_0B6 "i32x4.min_s": [V128, V128] -> [V128];
        I32x4MinU = 0xFD_0B7 "i32x4.min_u": [V128, V128] -> [V128];
        I32x4MaxS = 0xFD_0B8 "i32x4.max_s": [V128, V128] -> [V128];
        I32x4MaxU = 0xFD_0B9 "i32x4.max_u": [V128, V128] -> [V128];
        I32x4DotI16x8S = 0xFD_0BA "i32x4.dot_i16x8_s": [V128, V128] -> [V128];
        I32x4ExtmulLowI16x8S = 0xFD_0BC "i32x4.extmul_low_i16x8_s": [V128, V128] -> [V128];
        I32x4ExtmulHighI16x8S = 0xFD_0BD "i32x4.extmul_high_i16x8_s": [V128, V128] -> [V128];
        I32x4ExtmulLowI16x8U = 0xFD_0BE "i32x4.extmul_low_i16x8_u": [V128, V128] -> [V128];
        I32x4ExtmulHighI16x8U = 0xFD_0BF "i32x4.extmul_high_i16x8_u": [V128, V128] -> [V128];
        I64x2Abs = 0xFD_0C0 "i64x2.abs": [V128] -> [V128];
        I64x2Neg = 0xFD_0C1 "i64x2.neg": [V128] -> [V128];
        I64x2AllTrue = 0xFD_0C3 "i64x2.all_true": [V128] -> [I32];
        I64x2Bitmask = 0xFD_0C4 "i64x2.bitmask": [V128] -> [I32];
        I64x2ExtendLowI32x4S = 0xFD_0C7 "i64x2.extend_low_i32x4_s": [V128] -> [V128];
        I64x2ExtendHighI32x4S = 0xFD_0C8 "i64x2.extend_high_i32x4_s": [V128] -> [V128];
        I64x2ExtendLowI32x4U = 0xFD_0C9 "i64x2.extend_low_i32x4_u": [V128] -> [V128];
        I64x2ExtendHighI32x4U = 0xFD_0CA "i64x2.extend_high_i32x4_u": [V128] -> [V128];
        I64x2Shl = 0xFD_0CB "i64x2.shl": [V128, I32] -> [V128];
        I64x2ShrS = 0xFD_0CC "i64x2.shr_s": [V128, I32] -> [V128];
        I64x2ShrU = 0xFD_0CD "i64x2.shr_u": [V128, I32] -> [V128];
        I64x2Add = 0xFD_0CE "i64x2.add": [V128, V128] -> [V128];
        I64x2Sub = 0xFD_0D1 "i64x2.sub": [V128, V128] -> [V128];
        I64x2Mul = 0xFD_0D5 "i64x2.mul": [V128, V128] -> [V128];
        I64x2Eq = 0xFD_0D6 "i64x2.eq": [V128, V128] -> [V128];
        I64x2Ne = 0xFD_0D7 "i64x2.ne": [V128, V128] -> [V128];
        I64x2LtS = 0xFD_0D8 "i64x2.lt_s": [V128, V128] -> [V128];
        I64x2GtS = 0xFD_0D9 "i64x2.gt_s": [V128, V128] -> [V128];
        I64x2LeS = 0xFD_0DA "i64x2.le_s": [V128, V128] -> [V128];
        I64x2GeS = 0xFD_0DB "i64x2.ge_s": [V128, V128] -> [V128];
        I64x2ExtmulLowI32x4S = 0xFD_0DC "i64x2.extmul_low_i32x4_s": [V128, V128] -> [V128];
        I64x2ExtmulHighI32x4S = 0xFD_0DD "i64x2.extmul_high_i32x4_s": [V128, V128] -> [V128];
        I64x2ExtmulLowI32x4U = 0xFD_0DE "i64x2.extmul_low_i32x4_u": [V128, V128] -> [V128];
        I64x2ExtmulHighI32x4U = 0xFD_0DF "i64x2.extmul_high_i32x4_u": [V128, V128] -> [V128];
        F32x4Abs = 0xFD_0E0 "f32x4.abs": [V128] -> [V128];
        F32x4Neg = 0xFD_0E1 "f32x4.neg": [V128] -> [V128];
        F32x4Sqrt = 0xFD_0E3 "f32x4.sqrt": [V128] -> [V128];
        F32x4Add = 0xFD_0E4 "f32x4.add": [V128, V128] -> [V128];
        F32x4Sub = 0xFD_0E5 "f32x4.sub": [V128, V128] -> [V128];
        F32x4Mul = 0xFD_0E6 "f32x4.mul": [V128, V128] -> [V128];
        F32x4Div = 0xFD_0E7 "f32x4.div": [V128, V128] -> [V128];
        F32x4Min = 0xFD_0E8 "f32x4.min": [V128, V128] -> [V128];
        F32x4Max = 0xFD_0E9 "f32x4.max": [V128, V128] -> [V128];
        F32x4Pmin = 0xFD_0EA "f32x4.pmin": [V128, V128] -> [V128];
        F32x4Pmax = 0xFD_0EB "f32x4.pmax": [V128, V128] -> [V128];
        F64x2Abs = 0xFD_0EC "f64x2.abs": [V128] -> [V128];
        F64x2Neg = 0xFD_0ED "f64x2.neg": [V128] -> [V128];
        F64x2Sqrt = 0xFD_0EF "f64x2.sqrt": [V128] -> [V128];
        F64x2Add = 0xFD_0F0 "f64x2.add": [V128, V128] -> [V128];
        F64x2Sub = 0xFD_0F1 "f64x2.sub": [V128, V128] -> [V128];
        F64x2Mul = 0xFD_0F2 "f64x2.mul": [V128, V128] -> [V128];
        F64x2Div = 0xFD_0F3 "f64x2.div": [V128, V128] -> [V128];
        F64x2Min = 0xFD_0F4 "f64x2.min": [V128, V128] -> [V128];
        F64x2Max = 0xFD_0F5 "f64x2.max": [V128, V128] -> [V128];
        F64x2Pmin = 0xFD_0F6 "f64x2.pmin": [V128, V128] -> [V128];
        F64x2Pmax = 0xFD_0F7 "f64x2.pmax": [V128, V128] -> [V128];
        I32x4TruncSatF32x4S = 0xFD_0F8 "i32x4.trunc_sat_f32x4_s": [V128] -> [V128];
        I32x4TruncSatF32x4U = 0xFD_0F9 "i32x4.trunc_sat_f32x4_u": [V128] -> [V128];
        F32x4ConvertI32x4S = 0xFD_0FA "f32x4.convert_i32x4_s": [V128] -> [V128];
        F32x4ConvertI32x4U = 0xFD_0FB "f32x4.convert_i32x4_u": [V128] -> [V128];
        I32x4TruncSatF64x2SZero = 0xFD_0FC "i32x4.trunc_sat_f64x2_s_zero": [V128] -> [V128];
        I32x4TruncSatF64x2UZero = 0xFD_0FD "i32x4.trunc_sat_f64x2_u_zero": [V128] -> [V128];
        F64x2ConvertLowI32x4S = 0xFD_0FE "f64x2.convert_low_i32x4_s": [V128] -> [V128];
        F64x2ConvertLowI32x4U = 0xFD_0FF "f64x2.convert_low_i32x4_u": [V128] -> [V128];
        // Relaxed operators.
        I8x16RelaxedSwizzle = 0xFD_100 "i8x16.relaxed_swizzle": [V128, V128] -> [V128];
        I32x4RelaxedTruncF32x4S = 0xFD_101 "i32x4.relaxed_trunc_f32x4_s": [V128] -> [V128];
        I32x4RelaxedTruncF32x4U = 0xFD_102 "i32x4.relaxed_trunc_f32x4_u": [V128] -> [V128];
        I32x4RelaxedTruncF64x2SZero = 0xFD_103 "i32x4.relaxed_trunc_f64x2_s_zero": [V128] -> [V128];
        I32x4RelaxedTruncF64x2UZero = 0xFD_104 "i32x4.relaxed_trunc_f64x2_u_zero": [V128] -> [V128];
        F32x4RelaxedMadd = 0xFD_105 "f32x4.relaxed_madd": [V128, V128, V128] -> [V128];
        F32x4RelaxedNmadd = 0xFD_106 "f32x4.relaxed_nmadd": [V128, V128, V128] -> [V128];
        F64x2RelaxedMadd = 0xFD_107 "f64x2.relaxed_madd": [V128, V128, V128] -> [V128];
        F64x2RelaxedNmadd = 0xFD_108 "f64x2.relaxed_nmadd": [V128, V128, V128] -> [V128];
        I8x16RelaxedLaneselect = 0xFD_109 "i8x16.relaxed_laneselect": [V128, V128, V128] -> [V128];
        I16x8RelaxedLaneselect = 0xFD_10A "i16x8.relaxed_laneselect": [V128, V128, V128] -> [V128];
        I32x4RelaxedLaneselect = 0xFD_10B "i32x4.relaxed_laneselect": [V128, V128, V128] -> [V128];
        I64x2RelaxedLaneselect = 0xFD_10C "i64x2.relaxed_laneselect": [V128, V128, V128] -> [V128];
        F32x4RelaxedMin = 0xFD_10D "f32x4.relaxed_min": [V128, V128] -> [V128];
        F32x4RelaxedMax = 0xFD_10E "f32x4.relaxed_max": [V128, V128] -> [V128];
        F64x2RelaxedMin = 0xFD_10F "f64x2.relaxed_min": [V128, V128] -> [V128];
        F64x2RelaxedMax = 0xFD_110 "f64x2.relaxed_max": [V128, V128] -> [V128];
        I16x8RelaxedQ15mulrS = 0xFD_111 "i16x8.relaxed_q15mulr_s": [V128, V128] -> [V128];
        I16x8RelaxedDotI8x16I7x16S = 0xFD_112 "i16x8.relaxed_dot_i8x16_i7x16_s": [V128, V128] -> [V128];
        I32x4RelaxedDotI8x16I7x16AddS = 0xFD_113 "i32x4.relaxed_dot_i8x16_i7x16_add_s": [V128, V128, V128] -> [V128];
    }
}

impl VectorOp {
    /// The feature that brought the operator.
    #[must_use]
    pub const fn feature(self) -> Feature {
        if self.opcode() >= 0xFD_100 { Feature::RelaxedSimd } else { Feature::Simd }
    }
}

plain_operators! {
    /// Vector instructions that name one lane (section 2.4, "Vector Instructions").
    LaneOp {
        I8x16ExtractLaneS = 0xFD_015 "i8x16.extract_lane_s": [V128] -> [I32];
        I8x16ExtractLaneU = 0xFD_016 "i8x16.extract_lane_u": [V128] -> [I32];
        I8x16ReplaceLane = 0xFD_017 "i8x16.replace_lane": [V128, I32] -> [V128];
        I16x8ExtractLaneS = 0xFD_018 "i16x8.extract_lane_s": [V128] -> [I32];
        I16x8ExtractLaneU = 0xFD_019 "i16x8.extract_lane_u": [V128] -> [I32];
        I16x8ReplaceLane = 0xFD_01A "i16x8.replace_lane": [V128, I32] -> [V128];
        I32x4ExtractLane = 0xFD_01B "i32x4.extract_lane": [V128] -> [I32];
        I32x4ReplaceLane = 0xFD_01C "i32x4.replace_lane": [V128, I32] -> [V128];
        I64x2ExtractLane = 0xFD_01D "i64x2.extract_lane": [V128] -> [I64];
        I64x2ReplaceLane = 0xFD_01E "i64x2.replace_lane": [V128, I64] -> [V128];
        F32x4ExtractLane = 0xFD_01F "f32x4.extract_lane": [V128] -> [F32];
        F32x4ReplaceLane = 0xFD_020 "f32x4.replace_lane": [V128, F32] -> [V128];
        F64x2ExtractLane = 0xFD_021 "f64x2.extract_lane": [V128] -> [F64];
        F64x2ReplaceLane = 0xFD_022 "f64x2.replace_lane": [V128, F64] -> [V128];
    }
}

impl LaneOp {
    /// The number of lanes of the vector.
    #[must_use]
    pub const fn lanes(self) -> u8 {
        match self {
            Self::I8x16ExtractLaneS | Self::I8x16ExtractLaneU | Self::I8x16ReplaceLane => 16,
            Self::I16x8ExtractLaneS | Self::I16x8ExtractLaneU | Self::I16x8ReplaceLane => 8,
            Self::I32x4ExtractLane | Self::I32x4ReplaceLane | Self::F32x4ExtractLane | Self::F32x4ReplaceLane => 4,
            Self::I64x2ExtractLane | Self::I64x2ReplaceLane | Self::F64x2ExtractLane | Self::F64x2ReplaceLane => 2,
        }
    }
}

access_operators! {
    /// Loads of numbers and vectors (section 2.4, "Memory Instructions").
    LoadOp {
        I32Load = 0x28 "i32.load": 4 I32;
        I64Load = 0x29 "i64.load": 8 I64;
        F32Load = 0x2A "f32.load": 4 F32;
        F64Load = 0x2B "f64.load": 8 F64;
        I32Load8S = 0x2C "i32.load8_s": 1 I32;
        I32Load8U = 0x2D "i32.load8_u": 1 I32;
        I32Load16S = 0x2E "i32.load16_s": 2 I32;
        I32Load16U = 0x2F "i32.load16_u": 2 I32;
        I64Load8S = 0x30 "i64.load8_s": 1 I64;
        I64Load8U = 0x31 "i64.load8_u": 1 I64;
        I64Load16S = 0x32 "i64.load16_s": 2 I64;
        I64Load16U = 0x33 "i64.load16_u": 2 I64;
        I64Load32S = 0x34 "i64.load32_s": 4 I64;
        I64Load32U = 0x35 "i64.load32_u": 4 I64;
        V128Load = 0xFD_000 "v128.load": 16 V128;
        V128Load8x8S = 0xFD_001 "v128.load8x8_s": 8 V128;
        V128Load8x8U = 0xFD_002 "v128.load8x8_u": 8 V128;
        V128Load16x4S = 0xFD_003 "v128.load16x4_s": 8 V128;
        V128Load16x4U = 0xFD_004 "v128.load16x4_u": 8 V128;
        V128Load32x2S = 0xFD_005 "v128.load32x2_s": 8 V128;
        V128Load32x2U = 0xFD_006 "v128.load32x2_u": 8 V128;
        V128Load8Splat = 0xFD_007 "v128.load8_splat": 1 V128;
        V128Load16Splat = 0xFD_008 "v128.load16_splat": 2 V128;
        V128Load32Splat = 0xFD_009 "v128.load32_splat": 4 V128;
        V128Load64Splat = 0xFD_00A "v128.load64_splat": 8 V128;
        V128Load32Zero = 0xFD_05C "v128.load32_zero": 4 V128;
        V128Load64Zero = 0xFD_05D "v128.load64_zero": 8 V128;
    }
}

access_operators! {
    /// Stores of numbers and vectors (section 2.4, "Memory Instructions").
    StoreOp {
        I32Store = 0x36 "i32.store": 4 I32;
        I64Store = 0x37 "i64.store": 8 I64;
        F32Store = 0x38 "f32.store": 4 F32;
        F64Store = 0x39 "f64.store": 8 F64;
        I32Store8 = 0x3A "i32.store8": 1 I32;
        I32Store16 = 0x3B "i32.store16": 2 I32;
        I64Store8 = 0x3C "i64.store8": 1 I64;
        I64Store16 = 0x3D "i64.store16": 2 I64;
        I64Store32 = 0x3E "i64.store32": 4 I64;
        V128Store = 0xFD_00B "v128.store": 16 V128;
    }
}

access_operators! {
    /// Loads into one lane (section 2.4, "Memory Instructions"): address and vector in, vector out.
    LoadLaneOp {
        V128Load8Lane = 0xFD_054 "v128.load8_lane": 1 V128;
        V128Load16Lane = 0xFD_055 "v128.load16_lane": 2 V128;
        V128Load32Lane = 0xFD_056 "v128.load32_lane": 4 V128;
        V128Load64Lane = 0xFD_057 "v128.load64_lane": 8 V128;
    }
}

access_operators! {
    /// Stores of one lane (section 2.4, "Memory Instructions"): address and vector in.
    StoreLaneOp {
        V128Store8Lane = 0xFD_058 "v128.store8_lane": 1 V128;
        V128Store16Lane = 0xFD_059 "v128.store16_lane": 2 V128;
        V128Store32Lane = 0xFD_05A "v128.store32_lane": 4 V128;
        V128Store64Lane = 0xFD_05B "v128.store64_lane": 8 V128;
    }
}

/// Makes the table of atomic accesses.
macro_rules! atomic_operators {
    ($($variant:ident = $code:literal $text:literal: $width:literal [$($operand:ident),*] -> [$($result:ident),*];)*) => {
        operators! {
            /// Accesses that are atomic, waits and notifications (threads proposal).
            AtomicOp: (u8, Signature);
            $(
                $variant = $code $text:
                    ($width, Signature { operands: &[$($operand),*], results: &[$($result),*] });
            )*
        }
    };
}

atomic_operators! {
    MemoryAtomicNotify = 0xFE_000 "memory.atomic.notify": 4 [I32] -> [I32];
    MemoryAtomicWait32 = 0xFE_001 "memory.atomic.wait32": 4 [I32, I64] -> [I32];
    MemoryAtomicWait64 = 0xFE_002 "memory.atomic.wait64": 8 [I64, I64] -> [I32];
    I32AtomicLoad = 0xFE_010 "i32.atomic.load": 4 [] -> [I32];
    I64AtomicLoad = 0xFE_011 "i64.atomic.load": 8 [] -> [I64];
    I32AtomicLoad8U = 0xFE_012 "i32.atomic.load8_u": 1 [] -> [I32];
    I32AtomicLoad16U = 0xFE_013 "i32.atomic.load16_u": 2 [] -> [I32];
    I64AtomicLoad8U = 0xFE_014 "i64.atomic.load8_u": 1 [] -> [I64];
    I64AtomicLoad16U = 0xFE_015 "i64.atomic.load16_u": 2 [] -> [I64];
    I64AtomicLoad32U = 0xFE_016 "i64.atomic.load32_u": 4 [] -> [I64];
    I32AtomicStore = 0xFE_017 "i32.atomic.store": 4 [I32] -> [];
    I64AtomicStore = 0xFE_018 "i64.atomic.store": 8 [I64] -> [];
    I32AtomicStore8 = 0xFE_019 "i32.atomic.store8": 1 [I32] -> [];
    I32AtomicStore16 = 0xFE_01A "i32.atomic.store16": 2 [I32] -> [];
    I64AtomicStore8 = 0xFE_01B "i64.atomic.store8": 1 [I64] -> [];
    I64AtomicStore16 = 0xFE_01C "i64.atomic.store16": 2 [I64] -> [];
    I64AtomicStore32 = 0xFE_01D "i64.atomic.store32": 4 [I64] -> [];
    I32AtomicRmwAdd = 0xFE_01E "i32.atomic.rmw.add": 4 [I32] -> [I32];
    I64AtomicRmwAdd = 0xFE_01F "i64.atomic.rmw.add": 8 [I64] -> [I64];
    I32AtomicRmw8AddU = 0xFE_020 "i32.atomic.rmw8.add_u": 1 [I32] -> [I32];
    I32AtomicRmw16AddU = 0xFE_021 "i32.atomic.rmw16.add_u": 2 [I32] -> [I32];
    I64AtomicRmw8AddU = 0xFE_022 "i64.atomic.rmw8.add_u": 1 [I64] -> [I64];
    I64AtomicRmw16AddU = 0xFE_023 "i64.atomic.rmw16.add_u": 2 [I64] -> [I64];
    I64AtomicRmw32AddU = 0xFE_024 "i64.atomic.rmw32.add_u": 4 [I64] -> [I64];
    I32AtomicRmwSub = 0xFE_025 "i32.atomic.rmw.sub": 4 [I32] -> [I32];
    I64AtomicRmwSub = 0xFE_026 "i64.atomic.rmw.sub": 8 [I64] -> [I64];
    I32AtomicRmw8SubU = 0xFE_027 "i32.atomic.rmw8.sub_u": 1 [I32] -> [I32];
    I32AtomicRmw16SubU = 0xFE_028 "i32.atomic.rmw16.sub_u": 2 [I32] -> [I32];
    I64AtomicRmw8SubU = 0xFE_029 "i64.atomic.rmw8.sub_u": 1 [I64] -> [I64];
    I64AtomicRmw16SubU = 0xFE_02A "i64.atomic.rmw16.sub_u": 2 [I64] -> [I64];
    I64AtomicRmw32SubU = 0xFE_02B "i64.atomic.rmw32.sub_u": 4 [I64] -> [I64];
    I32AtomicRmwAnd = 0xFE_02C "i32.atomic.rmw.and": 4 [I32] -> [I32];
    I64AtomicRmwAnd = 0xFE_02D "i64.atomic.rmw.and": 8 [I64] -> [I64];
    I32AtomicRmw8AndU = 0xFE_02E "i32.atomic.rmw8.and_u": 1 [I32] -> [I32];
    I32AtomicRmw16AndU = 0xFE_02F "i32.atomic.rmw16.and_u": 2 [I32] -> [I32];
    I64AtomicRmw8AndU = 0xFE_030 "i64.atomic.rmw8.and_u": 1 [I64] -> [I64];
    I64AtomicRmw16AndU = 0xFE_031 "i64.atomic.rmw16.and_u": 2 [I64] -> [I64];
    I64AtomicRmw32AndU = 0xFE_032 "i64.atomic.rmw32.and_u": 4 [I64] -> [I64];
    I32AtomicRmwOr = 0xFE_033 "i32.atomic.rmw.or": 4 [I32] -> [I32];
    I64AtomicRmwOr = 0xFE_034 "i64.atomic.rmw.or": 8 [I64] -> [I64];
    I32AtomicRmw8OrU = 0xFE_035 "i32.atomic.rmw8.or_u": 1 [I32] -> [I32];
    I32AtomicRmw16OrU = 0xFE_036 "i32.atomic.rmw16.or_u": 2 [I32] -> [I32];
    I64AtomicRmw8OrU = 0xFE_037 "i64.atomic.rmw8.or_u": 1 [I64] -> [I64];
    I64AtomicRmw16OrU = 0xFE_038 "i64.atomic.rmw16.or_u": 2 [I64] -> [I64];
    I64AtomicRmw32OrU = 0xFE_039 "i64.atomic.rmw32.or_u": 4 [I64] -> [I64];
    I32AtomicRmwXor = 0xFE_03A "i32.atomic.rmw.xor": 4 [I32] -> [I32];
    I64AtomicRmwXor = 0xFE_03B "i64.atomic.rmw.xor": 8 [I64] -> [I64];
    I32AtomicRmw8XorU = 0xFE_03C "i32.atomic.rmw8.xor_u": 1 [I32] -> [I32];
    I32AtomicRmw16XorU = 0xFE_03D "i32.atomic.rmw16.xor_u": 2 [I32] -> [I32];
    I64AtomicRmw8XorU = 0xFE_03E "i64.atomic.rmw8.xor_u": 1 [I64] -> [I64];
    I64AtomicRmw16XorU = 0xFE_03F "i64.atomic.rmw16.xor_u": 2 [I64] -> [I64];
    I64AtomicRmw32XorU = 0xFE_040 "i64.atomic.rmw32.xor_u": 4 [I64] -> [I64];
    I32AtomicRmwXchg = 0xFE_041 "i32.atomic.rmw.xchg": 4 [I32] -> [I32];
    I64AtomicRmwXchg = 0xFE_042 "i64.atomic.rmw.xchg": 8 [I64] -> [I64];
    I32AtomicRmw8XchgU = 0xFE_043 "i32.atomic.rmw8.xchg_u": 1 [I32] -> [I32];
    I32AtomicRmw16XchgU = 0xFE_044 "i32.atomic.rmw16.xchg_u": 2 [I32] -> [I32];
    I64AtomicRmw8XchgU = 0xFE_045 "i64.atomic.rmw8.xchg_u": 1 [I64] -> [I64];
    I64AtomicRmw16XchgU = 0xFE_046 "i64.atomic.rmw16.xchg_u": 2 [I64] -> [I64];
    I64AtomicRmw32XchgU = 0xFE_047 "i64.atomic.rmw32.xchg_u": 4 [I64] -> [I64];
    I32AtomicRmwCmpxchg = 0xFE_048 "i32.atomic.rmw.cmpxchg": 4 [I32, I32] -> [I32];
    I64AtomicRmwCmpxchg = 0xFE_049 "i64.atomic.rmw.cmpxchg": 8 [I64, I64] -> [I64];
    I32AtomicRmw8CmpxchgU = 0xFE_04A "i32.atomic.rmw8.cmpxchg_u": 1 [I32, I32] -> [I32];
    I32AtomicRmw16CmpxchgU = 0xFE_04B "i32.atomic.rmw16.cmpxchg_u": 2 [I32, I32] -> [I32];
    I64AtomicRmw8CmpxchgU = 0xFE_04C "i64.atomic.rmw8.cmpxchg_u": 1 [I64, I64] -> [I64];
    I64AtomicRmw16CmpxchgU = 0xFE_04D "i64.atomic.rmw16.cmpxchg_u": 2 [I64, I64] -> [I64];
    I64AtomicRmw32CmpxchgU = 0xFE_04E "i64.atomic.rmw32.cmpxchg_u": 4 [I64, I64] -> [I64];
}

impl AtomicOp {
    /// The number of bytes that it accesses; the alignment has to be exactly this.
    #[must_use]
    pub const fn width(self) -> u8 {
        Self::ROWS[self as usize].0
    }

    /// What it takes above the address, and what it leaves.
    #[must_use]
    pub const fn signature(self) -> Signature {
        Self::ROWS[self as usize].1
    }
}
