//! Values in slots, as Rust sees them.

use wasmparser::ValType;
use wassay_model::{Identity, Ref, Value};

use crate::layout::{SLOT, kind};

/// What type of value a slot holds, as far as reading it takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    I32,
    I64,
    F32,
    F64,
    V128,
    Ref,
}

impl From<ValType> for Shape {
    fn from(ty: ValType) -> Self {
        match ty {
            ValType::I32 => Self::I32,
            ValType::I64 => Self::I64,
            ValType::F32 => Self::F32,
            ValType::F64 => Self::F64,
            ValType::V128 => Self::V128,
            ValType::Ref(_) => Self::Ref,
        }
    }
}

/// Reads words from what a driver left in the frame.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Words<'a> {
    bytes: &'a [u8],
}

impl<'a> Words<'a> {
    pub(crate) const fn of(bytes: &'a [u8]) -> Self {
        Self { bytes }
    }

    /// The next word; none where there is no whole one.
    pub(crate) fn next(&mut self) -> Option<u64> {
        let (word, rest) = self.bytes.split_first_chunk()?;
        self.bytes = rest;
        Some(u64::from_le_bytes(*word))
    }

    /// Bytes as they are.
    pub(crate) fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.bytes.split_at_checked(count)?;
        self.bytes = rest;
        Some(taken)
    }

    pub(crate) const fn is_empty(self) -> bool {
        self.bytes.is_empty()
    }

    /// A slot.
    pub(crate) fn value(&mut self, shape: Shape) -> Option<Value> {
        let (low, high) = (self.next()?, self.next()?);
        Some(match shape {
            Shape::I32 => Value::I32(low as u32),
            Shape::I64 => Value::I64(low),
            Shape::F32 => Value::F32(low as u32),
            Shape::F64 => Value::F64(low),
            Shape::V128 => Value::V128(u128::from(high) << 64 | u128::from(low)),
            Shape::Ref => Value::Ref(reference(low, high)?),
        })
    }

    /// Slots, one behind the other.
    pub(crate) fn values(&mut self, shapes: &[Shape]) -> Option<Vec<Value>> {
        shapes.iter().map(|shape| self.value(*shape)).collect()
    }
}

/// The reference of this kind and number.
pub(crate) fn reference(kind: u64, number: u64) -> Option<Ref> {
    let identity = match kind & kind::UNKNOWN {
        0 => Identity::Known(number as u32),
        _ => Identity::Unknown,
    };
    Some(match (kind & !kind::UNKNOWN, identity) {
        (kind::NULL, Identity::Known(_)) => Ref::Null,
        (kind::EXTERN, Identity::Known(number)) => Ref::Extern(number),
        (kind::I31, Identity::Known(number)) => Ref::I31(number.cast_signed()),
        (kind::FUNC, identity) => Ref::Func(identity),
        (kind::STRUCT, identity) => Ref::Struct(identity),
        (kind::ARRAY, identity) => Ref::Array(identity),
        (kind::EXN, identity) => Ref::Exn(identity),
        (kind::OPAQUE, identity) => Ref::Opaque(identity),
        _ => return None,
    })
}

/// Appends the slot of an argument.
pub(crate) fn write_arg(arg: Value, input: &mut Vec<u8>) {
    let start = input.len();
    match arg {
        Value::I32(bits) | Value::F32(bits) => input.extend(bits.to_le_bytes()),
        Value::I64(bits) | Value::F64(bits) => input.extend(bits.to_le_bytes()),
        Value::V128(bits) => input.extend(bits.to_le_bytes()),
        Value::Ref(reference) => {
            let (kind, number) = match reference {
                Ref::Extern(number) => (kind::EXTERN, number),
                Ref::I31(number) => (kind::I31, number.cast_unsigned()),
                // Nothing else fits a parameter: a plan cannot name an object.
                _ => (kind::NULL, 0),
            };
            input.extend(kind.to_le_bytes());
            input.extend(u64::from(number).to_le_bytes());
        }
    }
    input.resize(start + SLOT as usize, 0);
}
