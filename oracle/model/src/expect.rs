//! What a suite expects of a step: patterns, as `.wast` writes them.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::Value;

/// What a suite expects of a step.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Expected {
    /// That it succeeds, with whatever results.
    Success,
    /// That it returns results of these patterns.
    Return(Vec<Pattern>),
    /// That it traps; the suite's words say why.
    Trap(String),
    /// That a resource runs out.
    Exhaustion,
    /// That the module does not decode.
    Malformed,
    /// That the module does not validate.
    Invalid,
    /// That the module does not link.
    Unlinkable,
    /// That an exception leaves the outermost frame.
    Exception,
}

/// A pattern that a result has to match.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Pattern {
    /// Just this value, bit for bit.
    Value(Value),
    /// A NaN of type `f32`.
    NanF32(Nan),
    /// A NaN of type `f64`.
    NanF64(Nan),
    /// A vector of four `f32` lanes, lane 0 first.
    F32x4([Lane<u32>; 4]),
    /// A vector of two `f64` lanes, lane 0 first.
    F64x2([Lane<u64>; 2]),
    /// Any reference of a kind that is not null.
    Ref(RefPattern),
    /// Any of several patterns.
    Either(Vec<Pattern>),
}

/// A class of NaNs (section 4.3.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Nan {
    /// The first bit of the payload is set, and no other.
    Canonical,
    /// The first bit of the payload is set.
    Arithmetic,
}

/// A lane of a vector of floats.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Lane<Bits> {
    /// Just these bits.
    Bits(Bits),
    /// A NaN.
    Nan(Nan),
}

/// A kind of reference; null is [`Pattern::Value`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RefPattern {
    /// A function.
    Func,
    /// A host value, of whatever number.
    Extern,
    /// Any internal reference.
    Any,
    /// A reference that can be compared by identity.
    Eq,
    /// A 31-bit integer.
    I31,
    /// A structure.
    Struct,
    /// An array.
    Array,
}

impl fmt::Display for Expected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Success => f.write_str("success"),
            Self::Return(patterns) if patterns.is_empty() => f.write_str("return nothing"),
            Self::Return(patterns) => {
                f.write_str("return ")?;
                separated(f, patterns, ", ")
            }
            Self::Trap(words) => write!(f, "trap ({words})"),
            Self::Exhaustion => f.write_str("exhaustion"),
            Self::Malformed => f.write_str("malformed"),
            Self::Invalid => f.write_str("invalid"),
            Self::Unlinkable => f.write_str("unlinkable"),
            Self::Exception => f.write_str("an exception"),
        }
    }
}

fn separated(f: &mut fmt::Formatter<'_>, items: &[impl fmt::Display], separator: &str) -> fmt::Result {
    for (position, item) in items.iter().enumerate() {
        if position > 0 {
            f.write_str(separator)?;
        }
        item.fmt(f)?;
    }
    Ok(())
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Value(value) => f.write_str(&value.for_people()),
            Self::NanF32(nan) => write!(f, "f32:{nan}"),
            Self::NanF64(nan) => write!(f, "f64:{nan}"),
            Self::F32x4(lanes) => {
                f.write_str("f32x4:")?;
                separated(f, lanes, " ")
            }
            Self::F64x2(lanes) => {
                f.write_str("f64x2:")?;
                separated(f, lanes, " ")
            }
            Self::Ref(pattern) => write!(f, "ref:{pattern}"),
            Self::Either(patterns) => {
                f.write_str("either ")?;
                separated(f, patterns, " or ")
            }
        }
    }
}

impl fmt::Display for Nan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Canonical => "nan:canonical",
            Self::Arithmetic => "nan:arithmetic",
        })
    }
}

impl<Bits: fmt::LowerHex> fmt::Display for Lane<Bits> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bits(bits) => write!(f, "{bits:#x}"),
            Self::Nan(nan) => nan.fmt(f),
        }
    }
}

impl fmt::Display for RefPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Func => "func",
            Self::Extern => "extern",
            Self::Any => "any",
            Self::Eq => "eq",
            Self::I31 => "i31",
            Self::Struct => "struct",
            Self::Array => "array",
        })
    }
}
