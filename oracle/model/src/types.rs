//! Types as the standard's chapter 2.3 names them, as far as a plan or an observation needs them.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A value type (section 2.3.5).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ValType {
    /// 32-bit integer.
    I32,
    /// 64-bit integer.
    I64,
    /// 32-bit float.
    F32,
    /// 64-bit float.
    F64,
    /// 128-bit vector.
    V128,
    /// Reference.
    Ref(RefType),
}

/// A reference type (section 2.3.4): a heap type that may or may not include null.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct RefType {
    /// Whether null belongs to the type.
    pub nullability: Nullability,
    /// What a non-null reference points to.
    pub heap: HeapType,
}

/// Whether a reference type includes null.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Nullability {
    /// Null is not a value of the type.
    NonNull,
    /// Null is a value of the type.
    Nullable,
}

/// A heap type (section 2.3.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum HeapType {
    /// Every function.
    Func,
    /// No function: its only reference is null.
    NoFunc,
    /// Every host value.
    Extern,
    /// No host value: its only reference is null.
    NoExtern,
    /// Every internal reference.
    Any,
    /// References that can be compared by identity.
    Eq,
    /// 31-bit integers in a reference.
    I31,
    /// Every structure.
    Struct,
    /// Every array.
    Array,
    /// No internal reference: its only reference is null.
    None,
    /// Every exception.
    Exn,
    /// No exception: its only reference is null.
    NoExn,
    /// A type that the module defines, by its index there.
    Concrete(u32),
}

impl RefType {
    /// `funcref`, short for `(ref null func)`.
    pub const FUNC: Self = Self { nullability: Nullability::Nullable, heap: HeapType::Func };
    /// `externref`, short for `(ref null extern)`.
    pub const EXTERN: Self = Self { nullability: Nullability::Nullable, heap: HeapType::Extern };
}

impl fmt::Display for ValType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::I32 => f.write_str("i32"),
            Self::I64 => f.write_str("i64"),
            Self::F32 => f.write_str("f32"),
            Self::F64 => f.write_str("f64"),
            Self::V128 => f.write_str("v128"),
            Self::Ref(reference) => reference.fmt(f),
        }
    }
}

impl fmt::Display for RefType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.nullability {
            Nullability::NonNull => write!(f, "(ref {})", self.heap),
            Nullability::Nullable => write!(f, "(ref null {})", self.heap),
        }
    }
}

impl fmt::Display for HeapType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Func => "func",
            Self::NoFunc => "nofunc",
            Self::Extern => "extern",
            Self::NoExtern => "noextern",
            Self::Any => "any",
            Self::Eq => "eq",
            Self::I31 => "i31",
            Self::Struct => "struct",
            Self::Array => "array",
            Self::None => "none",
            Self::Exn => "exn",
            Self::NoExn => "noexn",
            Self::Concrete(index) => return write!(f, "{index}"),
        })
    }
}

/// The type of a function (section 2.3.7).
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct FuncType {
    /// What the caller passes.
    pub params: Vec<ValType>,
    /// What the callee returns.
    pub results: Vec<ValType>,
}
