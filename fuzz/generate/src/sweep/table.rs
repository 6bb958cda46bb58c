//! Opcodes: names, encodings and types, from chapter 5.4 of the standard and the binary formats of the proposals.
//!
//! What is here is what takes and makes values: numeric, vector, memory, atomic and parametric instructions, and
//! those of references that need no other entity. Control, variables, tables, garbage collection and exceptions
//! belong to other families. Left out with a reason: the constants (they are a shape), `memory.atomic.wait` (it
//! wants a shared memory, which the family `edge` has), `atomic.fence` and `data.drop` (nothing goes in and nothing comes out).

use std::sync::LazyLock;

use wassay_model::{Feature, Features};

/// A type of value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Ty {
    I32,
    I64,
    F32,
    F64,
    V128,
    Func,
    Extern,
}

impl Ty {
    pub(crate) const ALL: [Self; 7] =
        [Self::I32, Self::I64, Self::F32, Self::F64, Self::V128, Self::Func, Self::Extern];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::I32 => "i32",
            Self::I64 => "i64",
            Self::F32 => "f32",
            Self::F64 => "f64",
            Self::V128 => "v128",
            Self::Func => "funcref",
            Self::Extern => "externref",
        }
    }

    /// The type in the binary format (section 5.3).
    pub(crate) const fn byte(self) -> u8 {
        match self {
            Self::I32 => 0x7f,
            Self::I64 => 0x7e,
            Self::F32 => 0x7d,
            Self::F64 => 0x7c,
            Self::V128 => 0x7b,
            Self::Func => 0x70,
            Self::Extern => 0x6f,
        }
    }

    pub(crate) const fn encoded(self) -> wasm_encoder::ValType {
        use wasm_encoder::{RefType, ValType};
        match self {
            Self::I32 => ValType::I32,
            Self::I64 => ValType::I64,
            Self::F32 => ValType::F32,
            Self::F64 => ValType::F64,
            Self::V128 => ValType::V128,
            Self::Func => ValType::Ref(RefType::FUNCREF),
            Self::Extern => ValType::Ref(RefType::EXTERNREF),
        }
    }

    pub(crate) const fn is_ref(self) -> bool {
        matches!(self, Self::Func | Self::Extern)
    }

    /// What a module needs that has it.
    pub(crate) const fn features(self) -> Features {
        match self {
            Self::V128 => Features::of(&[Feature::Simd]),
            Self::Func | Self::Extern => Features::of(&[Feature::ReferenceTypes]),
            _ => Features::V1,
        }
    }
}

/// What an operand means, as far as it bounds the values that make sense.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    Value,
    /// An address in memory, of a load, a store or a block.
    Address,
    /// Pages.
    Delta,
    /// Bytes of a block.
    Length,
    /// A place in a data segment.
    Source,
    /// A vector whose lanes are all ones or all zeros.
    Mask,
    /// Zero or not.
    Condition,
}

/// What stands behind the opcode.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Imm {
    Nothing,
    /// A memory argument; the binary logarithm of the access's width in bytes.
    Mem(u8),
    /// A lane below this.
    Lane(u8),
    /// Both.
    MemLane(u8, u8),
    /// Sixteen lanes of two vectors.
    Shuffle,
    /// A memory.
    Memory,
    /// Two memories.
    Memories,
    /// A data segment and a memory.
    Init,
    /// The type that `select` selects from.
    Select,
    /// The heap type of a null.
    Null,
    /// A function.
    Func,
}

/// How a vector's lanes are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lanes {
    Integer,
    F32,
    F64,
}

/// An instruction.
#[derive(Clone, Debug)]
pub(crate) struct Op {
    pub(crate) name: &'static str,
    /// The opcode; `0xPP_NNN` is the number NNN behind the prefix PP.
    pub(crate) code: u32,
    pub(crate) params: Vec<(Ty, Role)>,
    pub(crate) results: Vec<Ty>,
    pub(crate) imm: Imm,
    pub(crate) features: Features,
    /// Whether some operands make it trap, addresses aside.
    pub(crate) traps: bool,
    /// Whether the standard leaves its result open for some operands: it makes NaNs, or is relaxed.
    pub(crate) open: bool,
    /// Whether its result is 0 or 1.
    pub(crate) boolean: bool,
    /// How it reads the vectors that it takes.
    pub(crate) lanes: Lanes,
}

impl Op {
    pub(crate) const fn is_memory(&self) -> bool {
        matches!(self.imm, Imm::Mem(_) | Imm::MemLane(..) | Imm::Memory | Imm::Memories | Imm::Init)
    }

    pub(crate) const fn is_atomic(&self) -> bool {
        self.code >> 12 == 0xfe
    }
}

/// Every instruction of the table.
pub(crate) static OPS: LazyLock<Vec<Op>> = LazyLock::new(|| ROWS.iter().map(Row::op).collect());

/// The position of an instruction in [`OPS`].
pub(crate) fn position(name: &str) -> Option<usize> {
    ROWS.iter().position(|row| row.name == name)
}

/// The instruction that undoes the one at a position of [`OPS`], or comes close: its result has the type of the
/// operand that it stands for.
pub(crate) fn inverse(op: usize, operand: usize) -> Option<usize> {
    static KNOWN: LazyLock<Vec<[Option<usize>; 4]>> = LazyLock::new(|| {
        let of =
            |op: &Op| std::array::from_fn(|operand| (operand < op.params.len()).then(|| undo(op, operand)).flatten());
        OPS.iter().map(of).collect()
    });
    KNOWN[op][operand]
}

fn undo(op: &Op, operand: usize) -> Option<usize> {
    let (ty, _) = op.params[operand];
    let (prefix, rest) = op.name.split_once('.')?;
    const SAME: &[(&str, &str)] = &[
        ("add", "sub"),
        ("sub", "add"),
        ("mul", "div_u"),
        ("mul", "div"),
        ("div", "mul"),
        ("div_s", "mul"),
        ("div_u", "mul"),
        ("shl", "shr_u"),
        ("shr_s", "shl"),
        ("shr_u", "shl"),
        ("rotl", "rotr"),
        ("rotr", "rotl"),
        ("and", "or"),
        ("or", "and"),
        ("xor", "xor"),
        ("not", "not"),
        ("eqz", "eqz"),
        ("neg", "neg"),
        ("abs", "neg"),
        ("min", "max"),
        ("max", "min"),
        ("min_s", "max_s"),
        ("max_s", "min_s"),
        ("min_u", "max_u"),
        ("max_u", "min_u"),
        ("pmin", "pmax"),
        ("pmax", "pmin"),
        ("add_sat_s", "sub_sat_s"),
        ("sub_sat_s", "add_sat_s"),
        ("add_sat_u", "sub_sat_u"),
        ("sub_sat_u", "add_sat_u"),
        ("extend8_s", "shl"),
        ("extend16_s", "shl"),
        ("extend32_s", "shl"),
        ("shuffle", "shuffle"),
    ];
    let fits = |name: String| {
        let found = position(&name)?;
        let other = &OPS[found];
        let plain = other.params.iter().all(|(_, role)| *role == Role::Value);
        (plain && other.results == [ty] && !other.is_memory()).then_some(found)
    };
    if let Some(found) =
        SAME.iter().filter(|(name, _)| *name == rest).find_map(|(_, other)| fits(format!("{prefix}.{other}")))
    {
        return Some(found);
    }
    if let Some(lane) = rest.strip_prefix("extract_lane") {
        return fits(format!("{prefix}.{}", if lane.is_empty() { "replace_lane" } else { "splat" }));
    }
    if rest == "splat" || rest == "replace_lane" {
        return fits(format!("{prefix}.extract_lane")).or_else(|| fits(format!("{prefix}.extract_lane_s")));
    }
    // Conversions name the other type; its signedness follows.
    let from = ["i8x16", "i16x8", "i32x4", "i64x2", "f32x4", "f64x2", "i32", "i64", "f32", "f64"]
        .into_iter()
        .find(|from| rest.contains(&format!("_{from}")))?;
    let sign = if rest.contains("_u") { "u" } else { "s" };
    [
        format!("{from}.wrap_{prefix}"),
        format!("{from}.reinterpret_{prefix}"),
        format!("{from}.demote_{prefix}"),
        format!("{from}.promote_{prefix}"),
        format!("{from}.convert_{prefix}_{sign}"),
        format!("{from}.trunc_sat_{prefix}_{sign}"),
        format!("{from}.extend_{prefix}_{sign}"),
        format!("{from}.extend_low_{prefix}_{sign}"),
        format!("{from}.narrow_{prefix}_{sign}"),
        format!("{from}.convert_low_{prefix}_{sign}"),
        format!("{from}.trunc_sat_{prefix}_{sign}_zero"),
        format!("{from}.demote_{prefix}_zero"),
        format!("{from}.promote_low_{prefix}"),
    ]
    .into_iter()
    .find_map(fits)
}

struct Row {
    code: u32,
    name: &'static str,
    /// Operands, a colon, results, a letter each; see [`letter`].
    types: &'static str,
    imm: Imm,
}

const fn row(code: u32, name: &'static str, types: &'static str, imm: Imm) -> Row {
    Row { code, name, types, imm }
}

const fn letter(letter: u8) -> (Ty, Role) {
    match letter {
        b'I' => (Ty::I64, Role::Value),
        b'f' => (Ty::F32, Role::Value),
        b'F' => (Ty::F64, Role::Value),
        b'v' => (Ty::V128, Role::Value),
        b'r' => (Ty::Func, Role::Value),
        b'x' => (Ty::Extern, Role::Value),
        b'a' => (Ty::I32, Role::Address),
        b'd' => (Ty::I32, Role::Delta),
        b'l' => (Ty::I32, Role::Length),
        b's' => (Ty::I32, Role::Source),
        b'm' => (Ty::V128, Role::Mask),
        b'w' => (Ty::I32, Role::Condition),
        _ => (Ty::I32, Role::Value),
    }
}

impl Row {
    fn op(&self) -> Op {
        let (params, results) = self.types.split_once(':').unwrap_or((self.types, ""));
        let params: Vec<_> = params.bytes().map(letter).collect();
        let results: Vec<_> = results.bytes().map(|byte| letter(byte).0).collect();
        let (prefix, rest) = self.name.split_once('.').unwrap_or(("", self.name));
        let relaxed = self.code >= 0xfd_100 && self.code < 0xfe_000;
        let mut features = match self.code {
            0xc0..=0xc4 => Features::of(&[Feature::SignExtension]),
            0xfc_000..=0xfc_007 => Features::of(&[Feature::SaturatingTruncation]),
            0xfc_008..=0xfc_00b => Features::of(&[Feature::BulkMemory]),
            0xfc_013..=0xfc_016 => Features::of(&[Feature::WideArithmetic, Feature::MultiValue]),
            0x1c | 0xd0..=0xd2 => Features::of(&[Feature::ReferenceTypes]),
            0xfe_000.. => Features::of(&[Feature::Threads]),
            _ if relaxed => Features::of(&[Feature::RelaxedSimd]),
            _ => Features::V1,
        };
        for ty in params.iter().map(|(ty, _)| ty).chain(&results) {
            features = features.union(ty.features());
        }
        let float = matches!(prefix, "f32" | "f64" | "f32x4" | "f64x2");
        let makes_nan = matches!(
            rest,
            "add" | "sub" | "mul" | "div" | "min" | "max" | "sqrt" | "ceil" | "floor" | "trunc" | "nearest"
        ) || rest.starts_with("demote")
            || rest.starts_with("promote");
        let compares = ["eq", "ne", "lt", "gt", "le", "ge"].contains(&rest.split('_').next().unwrap_or_default());
        let lanes = if self.name.contains("f64x2") && !self.name.starts_with("f64x2.promote") {
            if self.name.starts_with("f64x2.convert") { Lanes::Integer } else { Lanes::F64 }
        } else if self.name.contains("f32x4") {
            if self.name.starts_with("f32x4.convert") { Lanes::Integer } else { Lanes::F32 }
        } else {
            Lanes::Integer
        };
        Op {
            name: self.name,
            code: self.code,
            imm: self.imm,
            features,
            traps: ((0x6d..=0x70).contains(&self.code) || (0x7f..=0x82).contains(&self.code))
                || ((0xa8..=0xb1).contains(&self.code) && rest.starts_with("trunc")),
            open: float && makes_nan || relaxed,
            boolean: results == [Ty::I32]
                && (rest == "eqz" || compares || rest.ends_with("_true") || self.code == 0xd1),
            lanes,
            params,
            results,
        }
    }
}

use Imm::{Init, Lane, Mem, MemLane, Memories, Memory, Nothing, Shuffle};

#[rustfmt::skip]
const ROWS: &[Row] = &[
    // parametric and references
    row(0x1b, "select.i32", "iiw:i", Nothing),
    row(0x1b, "select.i64", "IIw:I", Nothing),
    row(0x1b, "select.f32", "ffw:f", Nothing),
    row(0x1b, "select.f64", "FFw:F", Nothing),
    row(0x1b, "select.v128", "vvw:v", Nothing),
    row(0x1c, "select.t.i32", "iiw:i", Imm::Select),
    row(0x1c, "select.t.i64", "IIw:I", Imm::Select),
    row(0x1c, "select.t.f32", "ffw:f", Imm::Select),
    row(0x1c, "select.t.f64", "FFw:F", Imm::Select),
    row(0x1c, "select.t.v128", "vvw:v", Imm::Select),
    row(0x1c, "select.t.func", "rrw:r", Imm::Select),
    row(0x1c, "select.t.extern", "xxw:x", Imm::Select),
    row(0xd0, "ref.null.func", ":r", Imm::Null),
    row(0xd0, "ref.null.extern", ":x", Imm::Null),
    row(0xd1, "ref.is_null.func", "r:i", Nothing),
    row(0xd1, "ref.is_null.extern", "x:i", Nothing),
    row(0xd2, "ref.func", ":r", Imm::Func),
    // mvp
    row(0x28, "i32.load", "a:i", Mem(2)),
    row(0x29, "i64.load", "a:I", Mem(3)),
    row(0x2a, "f32.load", "a:f", Mem(2)),
    row(0x2b, "f64.load", "a:F", Mem(3)),
    row(0x2c, "i32.load8_s", "a:i", Mem(0)),
    row(0x2d, "i32.load8_u", "a:i", Mem(0)),
    row(0x2e, "i32.load16_s", "a:i", Mem(1)),
    row(0x2f, "i32.load16_u", "a:i", Mem(1)),
    row(0x30, "i64.load8_s", "a:I", Mem(0)),
    row(0x31, "i64.load8_u", "a:I", Mem(0)),
    row(0x32, "i64.load16_s", "a:I", Mem(1)),
    row(0x33, "i64.load16_u", "a:I", Mem(1)),
    row(0x34, "i64.load32_s", "a:I", Mem(2)),
    row(0x35, "i64.load32_u", "a:I", Mem(2)),
    row(0x36, "i32.store", "ai:", Mem(2)),
    row(0x37, "i64.store", "aI:", Mem(3)),
    row(0x38, "f32.store", "af:", Mem(2)),
    row(0x39, "f64.store", "aF:", Mem(3)),
    row(0x3a, "i32.store8", "ai:", Mem(0)),
    row(0x3b, "i32.store16", "ai:", Mem(1)),
    row(0x3c, "i64.store8", "aI:", Mem(0)),
    row(0x3d, "i64.store16", "aI:", Mem(1)),
    row(0x3e, "i64.store32", "aI:", Mem(2)),
    row(0x3f, "memory.size", ":i", Memory),
    row(0x40, "memory.grow", "d:i", Memory),
    row(0x45, "i32.eqz", "i:i", Nothing),
    row(0x46, "i32.eq", "ii:i", Nothing),
    row(0x47, "i32.ne", "ii:i", Nothing),
    row(0x48, "i32.lt_s", "ii:i", Nothing),
    row(0x49, "i32.lt_u", "ii:i", Nothing),
    row(0x4a, "i32.gt_s", "ii:i", Nothing),
    row(0x4b, "i32.gt_u", "ii:i", Nothing),
    row(0x4c, "i32.le_s", "ii:i", Nothing),
    row(0x4d, "i32.le_u", "ii:i", Nothing),
    row(0x4e, "i32.ge_s", "ii:i", Nothing),
    row(0x4f, "i32.ge_u", "ii:i", Nothing),
    row(0x50, "i64.eqz", "I:i", Nothing),
    row(0x51, "i64.eq", "II:i", Nothing),
    row(0x52, "i64.ne", "II:i", Nothing),
    row(0x53, "i64.lt_s", "II:i", Nothing),
    row(0x54, "i64.lt_u", "II:i", Nothing),
    row(0x55, "i64.gt_s", "II:i", Nothing),
    row(0x56, "i64.gt_u", "II:i", Nothing),
    row(0x57, "i64.le_s", "II:i", Nothing),
    row(0x58, "i64.le_u", "II:i", Nothing),
    row(0x59, "i64.ge_s", "II:i", Nothing),
    row(0x5a, "i64.ge_u", "II:i", Nothing),
    row(0x5b, "f32.eq", "ff:i", Nothing),
    row(0x5c, "f32.ne", "ff:i", Nothing),
    row(0x5d, "f32.lt", "ff:i", Nothing),
    row(0x5e, "f32.gt", "ff:i", Nothing),
    row(0x5f, "f32.le", "ff:i", Nothing),
    row(0x60, "f32.ge", "ff:i", Nothing),
    row(0x61, "f64.eq", "FF:i", Nothing),
    row(0x62, "f64.ne", "FF:i", Nothing),
    row(0x63, "f64.lt", "FF:i", Nothing),
    row(0x64, "f64.gt", "FF:i", Nothing),
    row(0x65, "f64.le", "FF:i", Nothing),
    row(0x66, "f64.ge", "FF:i", Nothing),
    row(0x67, "i32.clz", "i:i", Nothing),
    row(0x68, "i32.ctz", "i:i", Nothing),
    row(0x69, "i32.popcnt", "i:i", Nothing),
    row(0x6a, "i32.add", "ii:i", Nothing),
    row(0x6b, "i32.sub", "ii:i", Nothing),
    row(0x6c, "i32.mul", "ii:i", Nothing),
    row(0x6d, "i32.div_s", "ii:i", Nothing),
    row(0x6e, "i32.div_u", "ii:i", Nothing),
    row(0x6f, "i32.rem_s", "ii:i", Nothing),
    row(0x70, "i32.rem_u", "ii:i", Nothing),
    row(0x71, "i32.and", "ii:i", Nothing),
    row(0x72, "i32.or", "ii:i", Nothing),
    row(0x73, "i32.xor", "ii:i", Nothing),
    row(0x74, "i32.shl", "ii:i", Nothing),
    row(0x75, "i32.shr_s", "ii:i", Nothing),
    row(0x76, "i32.shr_u", "ii:i", Nothing),
    row(0x77, "i32.rotl", "ii:i", Nothing),
    row(0x78, "i32.rotr", "ii:i", Nothing),
    row(0x79, "i64.clz", "I:I", Nothing),
    row(0x7a, "i64.ctz", "I:I", Nothing),
    row(0x7b, "i64.popcnt", "I:I", Nothing),
    row(0x7c, "i64.add", "II:I", Nothing),
    row(0x7d, "i64.sub", "II:I", Nothing),
    row(0x7e, "i64.mul", "II:I", Nothing),
    row(0x7f, "i64.div_s", "II:I", Nothing),
    row(0x80, "i64.div_u", "II:I", Nothing),
    row(0x81, "i64.rem_s", "II:I", Nothing),
    row(0x82, "i64.rem_u", "II:I", Nothing),
    row(0x83, "i64.and", "II:I", Nothing),
    row(0x84, "i64.or", "II:I", Nothing),
    row(0x85, "i64.xor", "II:I", Nothing),
    row(0x86, "i64.shl", "II:I", Nothing),
    row(0x87, "i64.shr_s", "II:I", Nothing),
    row(0x88, "i64.shr_u", "II:I", Nothing),
    row(0x89, "i64.rotl", "II:I", Nothing),
    row(0x8a, "i64.rotr", "II:I", Nothing),
    row(0x8b, "f32.abs", "f:f", Nothing),
    row(0x8c, "f32.neg", "f:f", Nothing),
    row(0x8d, "f32.ceil", "f:f", Nothing),
    row(0x8e, "f32.floor", "f:f", Nothing),
    row(0x8f, "f32.trunc", "f:f", Nothing),
    row(0x90, "f32.nearest", "f:f", Nothing),
    row(0x91, "f32.sqrt", "f:f", Nothing),
    row(0x92, "f32.add", "ff:f", Nothing),
    row(0x93, "f32.sub", "ff:f", Nothing),
    row(0x94, "f32.mul", "ff:f", Nothing),
    row(0x95, "f32.div", "ff:f", Nothing),
    row(0x96, "f32.min", "ff:f", Nothing),
    row(0x97, "f32.max", "ff:f", Nothing),
    row(0x98, "f32.copysign", "ff:f", Nothing),
    row(0x99, "f64.abs", "F:F", Nothing),
    row(0x9a, "f64.neg", "F:F", Nothing),
    row(0x9b, "f64.ceil", "F:F", Nothing),
    row(0x9c, "f64.floor", "F:F", Nothing),
    row(0x9d, "f64.trunc", "F:F", Nothing),
    row(0x9e, "f64.nearest", "F:F", Nothing),
    row(0x9f, "f64.sqrt", "F:F", Nothing),
    row(0xa0, "f64.add", "FF:F", Nothing),
    row(0xa1, "f64.sub", "FF:F", Nothing),
    row(0xa2, "f64.mul", "FF:F", Nothing),
    row(0xa3, "f64.div", "FF:F", Nothing),
    row(0xa4, "f64.min", "FF:F", Nothing),
    row(0xa5, "f64.max", "FF:F", Nothing),
    row(0xa6, "f64.copysign", "FF:F", Nothing),
    row(0xa7, "i32.wrap_i64", "I:i", Nothing),
    row(0xa8, "i32.trunc_f32_s", "f:i", Nothing),
    row(0xa9, "i32.trunc_f32_u", "f:i", Nothing),
    row(0xaa, "i32.trunc_f64_s", "F:i", Nothing),
    row(0xab, "i32.trunc_f64_u", "F:i", Nothing),
    row(0xac, "i64.extend_i32_s", "i:I", Nothing),
    row(0xad, "i64.extend_i32_u", "i:I", Nothing),
    row(0xae, "i64.trunc_f32_s", "f:I", Nothing),
    row(0xaf, "i64.trunc_f32_u", "f:I", Nothing),
    row(0xb0, "i64.trunc_f64_s", "F:I", Nothing),
    row(0xb1, "i64.trunc_f64_u", "F:I", Nothing),
    row(0xb2, "f32.convert_i32_s", "i:f", Nothing),
    row(0xb3, "f32.convert_i32_u", "i:f", Nothing),
    row(0xb4, "f32.convert_i64_s", "I:f", Nothing),
    row(0xb5, "f32.convert_i64_u", "I:f", Nothing),
    row(0xb6, "f32.demote_f64", "F:f", Nothing),
    row(0xb7, "f64.convert_i32_s", "i:F", Nothing),
    row(0xb8, "f64.convert_i32_u", "i:F", Nothing),
    row(0xb9, "f64.convert_i64_s", "I:F", Nothing),
    row(0xba, "f64.convert_i64_u", "I:F", Nothing),
    row(0xbb, "f64.promote_f32", "f:F", Nothing),
    row(0xbc, "i32.reinterpret_f32", "f:i", Nothing),
    row(0xbd, "i64.reinterpret_f64", "F:I", Nothing),
    row(0xbe, "f32.reinterpret_i32", "i:f", Nothing),
    row(0xbf, "f64.reinterpret_i64", "I:F", Nothing),
    // sign_extension
    row(0xc0, "i32.extend8_s", "i:i", Nothing),
    row(0xc1, "i32.extend16_s", "i:i", Nothing),
    row(0xc2, "i64.extend8_s", "I:I", Nothing),
    row(0xc3, "i64.extend16_s", "I:I", Nothing),
    row(0xc4, "i64.extend32_s", "I:I", Nothing),
    // saturating_float_to_int
    row(0xfc_000, "i32.trunc_sat_f32_s", "f:i", Nothing),
    row(0xfc_001, "i32.trunc_sat_f32_u", "f:i", Nothing),
    row(0xfc_002, "i32.trunc_sat_f64_s", "F:i", Nothing),
    row(0xfc_003, "i32.trunc_sat_f64_u", "F:i", Nothing),
    row(0xfc_004, "i64.trunc_sat_f32_s", "f:I", Nothing),
    row(0xfc_005, "i64.trunc_sat_f32_u", "f:I", Nothing),
    row(0xfc_006, "i64.trunc_sat_f64_s", "F:I", Nothing),
    row(0xfc_007, "i64.trunc_sat_f64_u", "F:I", Nothing),
    // bulk_memory
    row(0xfc_008, "memory.init", "asl:", Init),
    row(0xfc_00a, "memory.copy", "aal:", Memories),
    row(0xfc_00b, "memory.fill", "ail:", Memory),
    // reference_types
    // threads
    row(0xfe_000, "memory.atomic.notify", "ai:i", Mem(2)),
    row(0xfe_010, "i32.atomic.load", "a:i", Mem(2)),
    row(0xfe_011, "i64.atomic.load", "a:I", Mem(3)),
    row(0xfe_012, "i32.atomic.load8_u", "a:i", Mem(0)),
    row(0xfe_013, "i32.atomic.load16_u", "a:i", Mem(1)),
    row(0xfe_014, "i64.atomic.load8_u", "a:I", Mem(0)),
    row(0xfe_015, "i64.atomic.load16_u", "a:I", Mem(1)),
    row(0xfe_016, "i64.atomic.load32_u", "a:I", Mem(2)),
    row(0xfe_017, "i32.atomic.store", "ai:", Mem(2)),
    row(0xfe_018, "i64.atomic.store", "aI:", Mem(3)),
    row(0xfe_019, "i32.atomic.store8", "ai:", Mem(0)),
    row(0xfe_01a, "i32.atomic.store16", "ai:", Mem(1)),
    row(0xfe_01b, "i64.atomic.store8", "aI:", Mem(0)),
    row(0xfe_01c, "i64.atomic.store16", "aI:", Mem(1)),
    row(0xfe_01d, "i64.atomic.store32", "aI:", Mem(2)),
    row(0xfe_01e, "i32.atomic.rmw.add", "ai:i", Mem(2)),
    row(0xfe_01f, "i64.atomic.rmw.add", "aI:I", Mem(3)),
    row(0xfe_020, "i32.atomic.rmw8.add_u", "ai:i", Mem(0)),
    row(0xfe_021, "i32.atomic.rmw16.add_u", "ai:i", Mem(1)),
    row(0xfe_022, "i64.atomic.rmw8.add_u", "aI:I", Mem(0)),
    row(0xfe_023, "i64.atomic.rmw16.add_u", "aI:I", Mem(1)),
    row(0xfe_024, "i64.atomic.rmw32.add_u", "aI:I", Mem(2)),
    row(0xfe_025, "i32.atomic.rmw.sub", "ai:i", Mem(2)),
    row(0xfe_026, "i64.atomic.rmw.sub", "aI:I", Mem(3)),
    row(0xfe_027, "i32.atomic.rmw8.sub_u", "ai:i", Mem(0)),
    row(0xfe_028, "i32.atomic.rmw16.sub_u", "ai:i", Mem(1)),
    row(0xfe_029, "i64.atomic.rmw8.sub_u", "aI:I", Mem(0)),
    row(0xfe_02a, "i64.atomic.rmw16.sub_u", "aI:I", Mem(1)),
    row(0xfe_02b, "i64.atomic.rmw32.sub_u", "aI:I", Mem(2)),
    row(0xfe_02c, "i32.atomic.rmw.and", "ai:i", Mem(2)),
    row(0xfe_02d, "i64.atomic.rmw.and", "aI:I", Mem(3)),
    row(0xfe_02e, "i32.atomic.rmw8.and_u", "ai:i", Mem(0)),
    row(0xfe_02f, "i32.atomic.rmw16.and_u", "ai:i", Mem(1)),
    row(0xfe_030, "i64.atomic.rmw8.and_u", "aI:I", Mem(0)),
    row(0xfe_031, "i64.atomic.rmw16.and_u", "aI:I", Mem(1)),
    row(0xfe_032, "i64.atomic.rmw32.and_u", "aI:I", Mem(2)),
    row(0xfe_033, "i32.atomic.rmw.or", "ai:i", Mem(2)),
    row(0xfe_034, "i64.atomic.rmw.or", "aI:I", Mem(3)),
    row(0xfe_035, "i32.atomic.rmw8.or_u", "ai:i", Mem(0)),
    row(0xfe_036, "i32.atomic.rmw16.or_u", "ai:i", Mem(1)),
    row(0xfe_037, "i64.atomic.rmw8.or_u", "aI:I", Mem(0)),
    row(0xfe_038, "i64.atomic.rmw16.or_u", "aI:I", Mem(1)),
    row(0xfe_039, "i64.atomic.rmw32.or_u", "aI:I", Mem(2)),
    row(0xfe_03a, "i32.atomic.rmw.xor", "ai:i", Mem(2)),
    row(0xfe_03b, "i64.atomic.rmw.xor", "aI:I", Mem(3)),
    row(0xfe_03c, "i32.atomic.rmw8.xor_u", "ai:i", Mem(0)),
    row(0xfe_03d, "i32.atomic.rmw16.xor_u", "ai:i", Mem(1)),
    row(0xfe_03e, "i64.atomic.rmw8.xor_u", "aI:I", Mem(0)),
    row(0xfe_03f, "i64.atomic.rmw16.xor_u", "aI:I", Mem(1)),
    row(0xfe_040, "i64.atomic.rmw32.xor_u", "aI:I", Mem(2)),
    row(0xfe_041, "i32.atomic.rmw.xchg", "ai:i", Mem(2)),
    row(0xfe_042, "i64.atomic.rmw.xchg", "aI:I", Mem(3)),
    row(0xfe_043, "i32.atomic.rmw8.xchg_u", "ai:i", Mem(0)),
    row(0xfe_044, "i32.atomic.rmw16.xchg_u", "ai:i", Mem(1)),
    row(0xfe_045, "i64.atomic.rmw8.xchg_u", "aI:I", Mem(0)),
    row(0xfe_046, "i64.atomic.rmw16.xchg_u", "aI:I", Mem(1)),
    row(0xfe_047, "i64.atomic.rmw32.xchg_u", "aI:I", Mem(2)),
    row(0xfe_048, "i32.atomic.rmw.cmpxchg", "aii:i", Mem(2)),
    row(0xfe_049, "i64.atomic.rmw.cmpxchg", "aII:I", Mem(3)),
    row(0xfe_04a, "i32.atomic.rmw8.cmpxchg_u", "aii:i", Mem(0)),
    row(0xfe_04b, "i32.atomic.rmw16.cmpxchg_u", "aii:i", Mem(1)),
    row(0xfe_04c, "i64.atomic.rmw8.cmpxchg_u", "aII:I", Mem(0)),
    row(0xfe_04d, "i64.atomic.rmw16.cmpxchg_u", "aII:I", Mem(1)),
    row(0xfe_04e, "i64.atomic.rmw32.cmpxchg_u", "aII:I", Mem(2)),
    // simd
    row(0xfd_000, "v128.load", "a:v", Mem(4)),
    row(0xfd_001, "v128.load8x8_s", "a:v", Mem(3)),
    row(0xfd_002, "v128.load8x8_u", "a:v", Mem(3)),
    row(0xfd_003, "v128.load16x4_s", "a:v", Mem(3)),
    row(0xfd_004, "v128.load16x4_u", "a:v", Mem(3)),
    row(0xfd_005, "v128.load32x2_s", "a:v", Mem(3)),
    row(0xfd_006, "v128.load32x2_u", "a:v", Mem(3)),
    row(0xfd_007, "v128.load8_splat", "a:v", Mem(0)),
    row(0xfd_008, "v128.load16_splat", "a:v", Mem(1)),
    row(0xfd_009, "v128.load32_splat", "a:v", Mem(2)),
    row(0xfd_00a, "v128.load64_splat", "a:v", Mem(3)),
    row(0xfd_05c, "v128.load32_zero", "a:v", Mem(2)),
    row(0xfd_05d, "v128.load64_zero", "a:v", Mem(3)),
    row(0xfd_00b, "v128.store", "av:", Mem(4)),
    row(0xfd_054, "v128.load8_lane", "av:v", MemLane(0, 16)),
    row(0xfd_055, "v128.load16_lane", "av:v", MemLane(1, 8)),
    row(0xfd_056, "v128.load32_lane", "av:v", MemLane(2, 4)),
    row(0xfd_057, "v128.load64_lane", "av:v", MemLane(3, 2)),
    row(0xfd_058, "v128.store8_lane", "av:", MemLane(0, 16)),
    row(0xfd_059, "v128.store16_lane", "av:", MemLane(1, 8)),
    row(0xfd_05a, "v128.store32_lane", "av:", MemLane(2, 4)),
    row(0xfd_05b, "v128.store64_lane", "av:", MemLane(3, 2)),
    row(0xfd_00d, "i8x16.shuffle", "vv:v", Shuffle),
    row(0xfd_015, "i8x16.extract_lane_s", "v:i", Lane(16)),
    row(0xfd_016, "i8x16.extract_lane_u", "v:i", Lane(16)),
    row(0xfd_017, "i8x16.replace_lane", "vi:v", Lane(16)),
    row(0xfd_018, "i16x8.extract_lane_s", "v:i", Lane(8)),
    row(0xfd_019, "i16x8.extract_lane_u", "v:i", Lane(8)),
    row(0xfd_01a, "i16x8.replace_lane", "vi:v", Lane(8)),
    row(0xfd_01b, "i32x4.extract_lane", "v:i", Lane(4)),
    row(0xfd_01c, "i32x4.replace_lane", "vi:v", Lane(4)),
    row(0xfd_01d, "i64x2.extract_lane", "v:I", Lane(2)),
    row(0xfd_01e, "i64x2.replace_lane", "vI:v", Lane(2)),
    row(0xfd_01f, "f32x4.extract_lane", "v:f", Lane(4)),
    row(0xfd_020, "f32x4.replace_lane", "vf:v", Lane(4)),
    row(0xfd_021, "f64x2.extract_lane", "v:F", Lane(2)),
    row(0xfd_022, "f64x2.replace_lane", "vF:v", Lane(2)),
    row(0xfd_00e, "i8x16.swizzle", "vv:v", Nothing),
    row(0xfd_00f, "i8x16.splat", "i:v", Nothing),
    row(0xfd_010, "i16x8.splat", "i:v", Nothing),
    row(0xfd_011, "i32x4.splat", "i:v", Nothing),
    row(0xfd_012, "i64x2.splat", "I:v", Nothing),
    row(0xfd_013, "f32x4.splat", "f:v", Nothing),
    row(0xfd_014, "f64x2.splat", "F:v", Nothing),
    row(0xfd_023, "i8x16.eq", "vv:v", Nothing),
    row(0xfd_024, "i8x16.ne", "vv:v", Nothing),
    row(0xfd_025, "i8x16.lt_s", "vv:v", Nothing),
    row(0xfd_026, "i8x16.lt_u", "vv:v", Nothing),
    row(0xfd_027, "i8x16.gt_s", "vv:v", Nothing),
    row(0xfd_028, "i8x16.gt_u", "vv:v", Nothing),
    row(0xfd_029, "i8x16.le_s", "vv:v", Nothing),
    row(0xfd_02a, "i8x16.le_u", "vv:v", Nothing),
    row(0xfd_02b, "i8x16.ge_s", "vv:v", Nothing),
    row(0xfd_02c, "i8x16.ge_u", "vv:v", Nothing),
    row(0xfd_02d, "i16x8.eq", "vv:v", Nothing),
    row(0xfd_02e, "i16x8.ne", "vv:v", Nothing),
    row(0xfd_02f, "i16x8.lt_s", "vv:v", Nothing),
    row(0xfd_030, "i16x8.lt_u", "vv:v", Nothing),
    row(0xfd_031, "i16x8.gt_s", "vv:v", Nothing),
    row(0xfd_032, "i16x8.gt_u", "vv:v", Nothing),
    row(0xfd_033, "i16x8.le_s", "vv:v", Nothing),
    row(0xfd_034, "i16x8.le_u", "vv:v", Nothing),
    row(0xfd_035, "i16x8.ge_s", "vv:v", Nothing),
    row(0xfd_036, "i16x8.ge_u", "vv:v", Nothing),
    row(0xfd_037, "i32x4.eq", "vv:v", Nothing),
    row(0xfd_038, "i32x4.ne", "vv:v", Nothing),
    row(0xfd_039, "i32x4.lt_s", "vv:v", Nothing),
    row(0xfd_03a, "i32x4.lt_u", "vv:v", Nothing),
    row(0xfd_03b, "i32x4.gt_s", "vv:v", Nothing),
    row(0xfd_03c, "i32x4.gt_u", "vv:v", Nothing),
    row(0xfd_03d, "i32x4.le_s", "vv:v", Nothing),
    row(0xfd_03e, "i32x4.le_u", "vv:v", Nothing),
    row(0xfd_03f, "i32x4.ge_s", "vv:v", Nothing),
    row(0xfd_040, "i32x4.ge_u", "vv:v", Nothing),
    row(0xfd_0d6, "i64x2.eq", "vv:v", Nothing),
    row(0xfd_0d7, "i64x2.ne", "vv:v", Nothing),
    row(0xfd_0d8, "i64x2.lt_s", "vv:v", Nothing),
    row(0xfd_0d9, "i64x2.gt_s", "vv:v", Nothing),
    row(0xfd_0da, "i64x2.le_s", "vv:v", Nothing),
    row(0xfd_0db, "i64x2.ge_s", "vv:v", Nothing),
    row(0xfd_041, "f32x4.eq", "vv:v", Nothing),
    row(0xfd_042, "f32x4.ne", "vv:v", Nothing),
    row(0xfd_043, "f32x4.lt", "vv:v", Nothing),
    row(0xfd_044, "f32x4.gt", "vv:v", Nothing),
    row(0xfd_045, "f32x4.le", "vv:v", Nothing),
    row(0xfd_046, "f32x4.ge", "vv:v", Nothing),
    row(0xfd_047, "f64x2.eq", "vv:v", Nothing),
    row(0xfd_048, "f64x2.ne", "vv:v", Nothing),
    row(0xfd_049, "f64x2.lt", "vv:v", Nothing),
    row(0xfd_04a, "f64x2.gt", "vv:v", Nothing),
    row(0xfd_04b, "f64x2.le", "vv:v", Nothing),
    row(0xfd_04c, "f64x2.ge", "vv:v", Nothing),
    row(0xfd_04d, "v128.not", "v:v", Nothing),
    row(0xfd_04e, "v128.and", "vv:v", Nothing),
    row(0xfd_04f, "v128.andnot", "vv:v", Nothing),
    row(0xfd_050, "v128.or", "vv:v", Nothing),
    row(0xfd_051, "v128.xor", "vv:v", Nothing),
    row(0xfd_052, "v128.bitselect", "vvv:v", Nothing),
    row(0xfd_053, "v128.any_true", "v:i", Nothing),
    row(0xfd_060, "i8x16.abs", "v:v", Nothing),
    row(0xfd_061, "i8x16.neg", "v:v", Nothing),
    row(0xfd_062, "i8x16.popcnt", "v:v", Nothing),
    row(0xfd_063, "i8x16.all_true", "v:i", Nothing),
    row(0xfd_064, "i8x16.bitmask", "v:i", Nothing),
    row(0xfd_065, "i8x16.narrow_i16x8_s", "vv:v", Nothing),
    row(0xfd_066, "i8x16.narrow_i16x8_u", "vv:v", Nothing),
    row(0xfd_06b, "i8x16.shl", "vi:v", Nothing),
    row(0xfd_06c, "i8x16.shr_s", "vi:v", Nothing),
    row(0xfd_06d, "i8x16.shr_u", "vi:v", Nothing),
    row(0xfd_06e, "i8x16.add", "vv:v", Nothing),
    row(0xfd_06f, "i8x16.add_sat_s", "vv:v", Nothing),
    row(0xfd_070, "i8x16.add_sat_u", "vv:v", Nothing),
    row(0xfd_071, "i8x16.sub", "vv:v", Nothing),
    row(0xfd_072, "i8x16.sub_sat_s", "vv:v", Nothing),
    row(0xfd_073, "i8x16.sub_sat_u", "vv:v", Nothing),
    row(0xfd_076, "i8x16.min_s", "vv:v", Nothing),
    row(0xfd_077, "i8x16.min_u", "vv:v", Nothing),
    row(0xfd_078, "i8x16.max_s", "vv:v", Nothing),
    row(0xfd_079, "i8x16.max_u", "vv:v", Nothing),
    row(0xfd_07b, "i8x16.avgr_u", "vv:v", Nothing),
    row(0xfd_07c, "i16x8.extadd_pairwise_i8x16_s", "v:v", Nothing),
    row(0xfd_07d, "i16x8.extadd_pairwise_i8x16_u", "v:v", Nothing),
    row(0xfd_080, "i16x8.abs", "v:v", Nothing),
    row(0xfd_081, "i16x8.neg", "v:v", Nothing),
    row(0xfd_082, "i16x8.q15mulr_sat_s", "vv:v", Nothing),
    row(0xfd_083, "i16x8.all_true", "v:i", Nothing),
    row(0xfd_084, "i16x8.bitmask", "v:i", Nothing),
    row(0xfd_085, "i16x8.narrow_i32x4_s", "vv:v", Nothing),
    row(0xfd_086, "i16x8.narrow_i32x4_u", "vv:v", Nothing),
    row(0xfd_087, "i16x8.extend_low_i8x16_s", "v:v", Nothing),
    row(0xfd_088, "i16x8.extend_high_i8x16_s", "v:v", Nothing),
    row(0xfd_089, "i16x8.extend_low_i8x16_u", "v:v", Nothing),
    row(0xfd_08a, "i16x8.extend_high_i8x16_u", "v:v", Nothing),
    row(0xfd_08b, "i16x8.shl", "vi:v", Nothing),
    row(0xfd_08c, "i16x8.shr_s", "vi:v", Nothing),
    row(0xfd_08d, "i16x8.shr_u", "vi:v", Nothing),
    row(0xfd_08e, "i16x8.add", "vv:v", Nothing),
    row(0xfd_08f, "i16x8.add_sat_s", "vv:v", Nothing),
    row(0xfd_090, "i16x8.add_sat_u", "vv:v", Nothing),
    row(0xfd_091, "i16x8.sub", "vv:v", Nothing),
    row(0xfd_092, "i16x8.sub_sat_s", "vv:v", Nothing),
    row(0xfd_093, "i16x8.sub_sat_u", "vv:v", Nothing),
    row(0xfd_095, "i16x8.mul", "vv:v", Nothing),
    row(0xfd_096, "i16x8.min_s", "vv:v", Nothing),
    row(0xfd_097, "i16x8.min_u", "vv:v", Nothing),
    row(0xfd_098, "i16x8.max_s", "vv:v", Nothing),
    row(0xfd_099, "i16x8.max_u", "vv:v", Nothing),
    row(0xfd_09b, "i16x8.avgr_u", "vv:v", Nothing),
    row(0xfd_09c, "i16x8.extmul_low_i8x16_s", "vv:v", Nothing),
    row(0xfd_09d, "i16x8.extmul_high_i8x16_s", "vv:v", Nothing),
    row(0xfd_09e, "i16x8.extmul_low_i8x16_u", "vv:v", Nothing),
    row(0xfd_09f, "i16x8.extmul_high_i8x16_u", "vv:v", Nothing),
    row(0xfd_07e, "i32x4.extadd_pairwise_i16x8_s", "v:v", Nothing),
    row(0xfd_07f, "i32x4.extadd_pairwise_i16x8_u", "v:v", Nothing),
    row(0xfd_0a0, "i32x4.abs", "v:v", Nothing),
    row(0xfd_0a1, "i32x4.neg", "v:v", Nothing),
    row(0xfd_0a3, "i32x4.all_true", "v:i", Nothing),
    row(0xfd_0a4, "i32x4.bitmask", "v:i", Nothing),
    row(0xfd_0a7, "i32x4.extend_low_i16x8_s", "v:v", Nothing),
    row(0xfd_0a8, "i32x4.extend_high_i16x8_s", "v:v", Nothing),
    row(0xfd_0a9, "i32x4.extend_low_i16x8_u", "v:v", Nothing),
    row(0xfd_0aa, "i32x4.extend_high_i16x8_u", "v:v", Nothing),
    row(0xfd_0ab, "i32x4.shl", "vi:v", Nothing),
    row(0xfd_0ac, "i32x4.shr_s", "vi:v", Nothing),
    row(0xfd_0ad, "i32x4.shr_u", "vi:v", Nothing),
    row(0xfd_0ae, "i32x4.add", "vv:v", Nothing),
    row(0xfd_0b1, "i32x4.sub", "vv:v", Nothing),
    row(0xfd_0b5, "i32x4.mul", "vv:v", Nothing),
    row(0xfd_0b6, "i32x4.min_s", "vv:v", Nothing),
    row(0xfd_0b7, "i32x4.min_u", "vv:v", Nothing),
    row(0xfd_0b8, "i32x4.max_s", "vv:v", Nothing),
    row(0xfd_0b9, "i32x4.max_u", "vv:v", Nothing),
    row(0xfd_0ba, "i32x4.dot_i16x8_s", "vv:v", Nothing),
    row(0xfd_0bc, "i32x4.extmul_low_i16x8_s", "vv:v", Nothing),
    row(0xfd_0bd, "i32x4.extmul_high_i16x8_s", "vv:v", Nothing),
    row(0xfd_0be, "i32x4.extmul_low_i16x8_u", "vv:v", Nothing),
    row(0xfd_0bf, "i32x4.extmul_high_i16x8_u", "vv:v", Nothing),
    row(0xfd_0c0, "i64x2.abs", "v:v", Nothing),
    row(0xfd_0c1, "i64x2.neg", "v:v", Nothing),
    row(0xfd_0c3, "i64x2.all_true", "v:i", Nothing),
    row(0xfd_0c4, "i64x2.bitmask", "v:i", Nothing),
    row(0xfd_0c7, "i64x2.extend_low_i32x4_s", "v:v", Nothing),
    row(0xfd_0c8, "i64x2.extend_high_i32x4_s", "v:v", Nothing),
    row(0xfd_0c9, "i64x2.extend_low_i32x4_u", "v:v", Nothing),
    row(0xfd_0ca, "i64x2.extend_high_i32x4_u", "v:v", Nothing),
    row(0xfd_0cb, "i64x2.shl", "vi:v", Nothing),
    row(0xfd_0cc, "i64x2.shr_s", "vi:v", Nothing),
    row(0xfd_0cd, "i64x2.shr_u", "vi:v", Nothing),
    row(0xfd_0ce, "i64x2.add", "vv:v", Nothing),
    row(0xfd_0d1, "i64x2.sub", "vv:v", Nothing),
    row(0xfd_0d5, "i64x2.mul", "vv:v", Nothing),
    row(0xfd_0dc, "i64x2.extmul_low_i32x4_s", "vv:v", Nothing),
    row(0xfd_0dd, "i64x2.extmul_high_i32x4_s", "vv:v", Nothing),
    row(0xfd_0de, "i64x2.extmul_low_i32x4_u", "vv:v", Nothing),
    row(0xfd_0df, "i64x2.extmul_high_i32x4_u", "vv:v", Nothing),
    row(0xfd_067, "f32x4.ceil", "v:v", Nothing),
    row(0xfd_068, "f32x4.floor", "v:v", Nothing),
    row(0xfd_069, "f32x4.trunc", "v:v", Nothing),
    row(0xfd_06a, "f32x4.nearest", "v:v", Nothing),
    row(0xfd_0e0, "f32x4.abs", "v:v", Nothing),
    row(0xfd_0e1, "f32x4.neg", "v:v", Nothing),
    row(0xfd_0e3, "f32x4.sqrt", "v:v", Nothing),
    row(0xfd_0e4, "f32x4.add", "vv:v", Nothing),
    row(0xfd_0e5, "f32x4.sub", "vv:v", Nothing),
    row(0xfd_0e6, "f32x4.mul", "vv:v", Nothing),
    row(0xfd_0e7, "f32x4.div", "vv:v", Nothing),
    row(0xfd_0e8, "f32x4.min", "vv:v", Nothing),
    row(0xfd_0e9, "f32x4.max", "vv:v", Nothing),
    row(0xfd_0ea, "f32x4.pmin", "vv:v", Nothing),
    row(0xfd_0eb, "f32x4.pmax", "vv:v", Nothing),
    row(0xfd_074, "f64x2.ceil", "v:v", Nothing),
    row(0xfd_075, "f64x2.floor", "v:v", Nothing),
    row(0xfd_07a, "f64x2.trunc", "v:v", Nothing),
    row(0xfd_094, "f64x2.nearest", "v:v", Nothing),
    row(0xfd_0ec, "f64x2.abs", "v:v", Nothing),
    row(0xfd_0ed, "f64x2.neg", "v:v", Nothing),
    row(0xfd_0ef, "f64x2.sqrt", "v:v", Nothing),
    row(0xfd_0f0, "f64x2.add", "vv:v", Nothing),
    row(0xfd_0f1, "f64x2.sub", "vv:v", Nothing),
    row(0xfd_0f2, "f64x2.mul", "vv:v", Nothing),
    row(0xfd_0f3, "f64x2.div", "vv:v", Nothing),
    row(0xfd_0f4, "f64x2.min", "vv:v", Nothing),
    row(0xfd_0f5, "f64x2.max", "vv:v", Nothing),
    row(0xfd_0f6, "f64x2.pmin", "vv:v", Nothing),
    row(0xfd_0f7, "f64x2.pmax", "vv:v", Nothing),
    row(0xfd_0f8, "i32x4.trunc_sat_f32x4_s", "v:v", Nothing),
    row(0xfd_0f9, "i32x4.trunc_sat_f32x4_u", "v:v", Nothing),
    row(0xfd_0fa, "f32x4.convert_i32x4_s", "v:v", Nothing),
    row(0xfd_0fb, "f32x4.convert_i32x4_u", "v:v", Nothing),
    row(0xfd_0fc, "i32x4.trunc_sat_f64x2_s_zero", "v:v", Nothing),
    row(0xfd_0fd, "i32x4.trunc_sat_f64x2_u_zero", "v:v", Nothing),
    row(0xfd_0fe, "f64x2.convert_low_i32x4_s", "v:v", Nothing),
    row(0xfd_0ff, "f64x2.convert_low_i32x4_u", "v:v", Nothing),
    row(0xfd_05e, "f32x4.demote_f64x2_zero", "v:v", Nothing),
    row(0xfd_05f, "f64x2.promote_low_f32x4", "v:v", Nothing),
    // relaxed_simd
    row(0xfd_100, "i8x16.relaxed_swizzle", "vv:v", Nothing),
    row(0xfd_101, "i32x4.relaxed_trunc_f32x4_s", "v:v", Nothing),
    row(0xfd_102, "i32x4.relaxed_trunc_f32x4_u", "v:v", Nothing),
    row(0xfd_103, "i32x4.relaxed_trunc_f64x2_s_zero", "v:v", Nothing),
    row(0xfd_104, "i32x4.relaxed_trunc_f64x2_u_zero", "v:v", Nothing),
    row(0xfd_105, "f32x4.relaxed_madd", "vvv:v", Nothing),
    row(0xfd_106, "f32x4.relaxed_nmadd", "vvv:v", Nothing),
    row(0xfd_107, "f64x2.relaxed_madd", "vvv:v", Nothing),
    row(0xfd_108, "f64x2.relaxed_nmadd", "vvv:v", Nothing),
    row(0xfd_109, "i8x16.relaxed_laneselect", "vvm:v", Nothing),
    row(0xfd_10a, "i16x8.relaxed_laneselect", "vvm:v", Nothing),
    row(0xfd_10b, "i32x4.relaxed_laneselect", "vvm:v", Nothing),
    row(0xfd_10c, "i64x2.relaxed_laneselect", "vvm:v", Nothing),
    row(0xfd_10d, "f32x4.relaxed_min", "vv:v", Nothing),
    row(0xfd_10e, "f32x4.relaxed_max", "vv:v", Nothing),
    row(0xfd_10f, "f64x2.relaxed_min", "vv:v", Nothing),
    row(0xfd_110, "f64x2.relaxed_max", "vv:v", Nothing),
    row(0xfd_111, "i16x8.relaxed_q15mulr_s", "vv:v", Nothing),
    row(0xfd_112, "i16x8.relaxed_dot_i8x16_i7x16_s", "vv:v", Nothing),
    row(0xfd_113, "i32x4.relaxed_dot_i8x16_i7x16_add_s", "vvv:v", Nothing),
    // wide_arithmetic
    row(0xfc_013, "i64.add128", "IIII:II", Nothing),
    row(0xfc_014, "i64.sub128", "IIII:II", Nothing),
    row(0xfc_015, "i64.mul_wide_s", "II:II", Nothing),
    row(0xfc_016, "i64.mul_wide_u", "II:II", Nothing),
];
