//! Trap kinds, as sets: an engine whose one message covers two kinds reports both.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// Why an instruction trapped (the rules of section 4.6 say where; the words follow the suite's).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum TrapKind {
    /// `unreachable` was executed.
    Unreachable,
    /// Integer division or remainder by zero.
    IntegerDivideByZero,
    /// The quotient, or a truncated float, is not representable.
    IntegerOverflow,
    /// A NaN was converted to an integer.
    InvalidConversion,
    /// A memory access, or the destination or source of a bulk operation, is out of bounds.
    MemoryOutOfBounds,
    /// A table access is out of bounds.
    TableOutOfBounds,
    /// An indirect call's index is beyond the table.
    UndefinedElement,
    /// An indirect call met a null element.
    UninitializedElement,
    /// An indirect call met a function of another type.
    IndirectCallTypeMismatch,
    /// A null reference was used where an object is needed.
    NullReference,
    /// A cast failed.
    CastFailure,
    /// An array index is out of bounds.
    ArrayOutOfBounds,
    /// A data or element segment is too short for the access.
    SegmentOutOfBounds,
    /// An allocation asks for more than can be represented.
    AllocationTooLarge,
    /// An atomic access is not aligned.
    UnalignedAtomic,
    /// A wait on memory that is not shared.
    ExpectedSharedMemory,
    /// A host function ended the computation.
    Host,
}

impl TrapKind {
    /// Every kind, in the order of declaration.
    pub const ALL: [Self; 17] = [
        Self::Unreachable,
        Self::IntegerDivideByZero,
        Self::IntegerOverflow,
        Self::InvalidConversion,
        Self::MemoryOutOfBounds,
        Self::TableOutOfBounds,
        Self::UndefinedElement,
        Self::UninitializedElement,
        Self::IndirectCallTypeMismatch,
        Self::NullReference,
        Self::CastFailure,
        Self::ArrayOutOfBounds,
        Self::SegmentOutOfBounds,
        Self::AllocationTooLarge,
        Self::UnalignedAtomic,
        Self::ExpectedSharedMemory,
        Self::Host,
    ];

    /// The name in records.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Unreachable => "unreachable",
            Self::IntegerDivideByZero => "integer-divide-by-zero",
            Self::IntegerOverflow => "integer-overflow",
            Self::InvalidConversion => "invalid-conversion-to-integer",
            Self::MemoryOutOfBounds => "memory-out-of-bounds",
            Self::TableOutOfBounds => "table-out-of-bounds",
            Self::UndefinedElement => "undefined-element",
            Self::UninitializedElement => "uninitialized-element",
            Self::IndirectCallTypeMismatch => "indirect-call-type-mismatch",
            Self::NullReference => "null-reference",
            Self::CastFailure => "cast-failure",
            Self::ArrayOutOfBounds => "array-out-of-bounds",
            Self::SegmentOutOfBounds => "segment-out-of-bounds",
            Self::AllocationTooLarge => "allocation-too-large",
            Self::UnalignedAtomic => "unaligned-atomic",
            Self::ExpectedSharedMemory => "expected-shared-memory",
            Self::Host => "host",
        }
    }
}

impl fmt::Display for TrapKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A set of trap kinds: what a trap, as its engine reported it, may mean.
///
/// The empty set stands for a trap whose kind the engine does not tell.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct TrapKinds(u32);

impl TrapKinds {
    /// The engine said "trap" and nothing more.
    pub const UNTOLD: Self = Self(0);

    /// The set of the given kinds.
    #[must_use]
    pub const fn of(kinds: &[TrapKind]) -> Self {
        let mut bits = 0;
        let mut index = 0;
        while index < kinds.len() {
            bits |= 1 << kinds[index] as u8;
            index += 1;
        }
        Self(bits)
    }

    /// Whether `kind` is in the set.
    #[must_use]
    pub const fn contains(self, kind: TrapKind) -> bool {
        self.0 & (1 << kind as u8) != 0
    }

    /// Whether two reports may mean the same trap. A trap of untold kind may mean any.
    #[must_use]
    pub const fn overlaps(self, other: Self) -> bool {
        self.0 == 0 || other.0 == 0 || self.0 & other.0 != 0
    }

    /// The kinds in the set.
    pub fn iter(self) -> impl Iterator<Item = TrapKind> {
        TrapKind::ALL.into_iter().filter(move |kind| self.contains(*kind))
    }
}

impl From<TrapKind> for TrapKinds {
    fn from(kind: TrapKind) -> Self {
        Self::of(&[kind])
    }
}

impl fmt::Display for TrapKinds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0 == 0 {
            return f.write_str("untold");
        }
        for (position, kind) in self.iter().enumerate() {
            if position > 0 {
                f.write_str("|")?;
            }
            f.write_str(kind.name())?;
        }
        Ok(())
    }
}

impl Serialize for TrapKinds {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() {
            serializer.collect_seq(self.iter().map(TrapKind::name))
        } else {
            self.0.serialize(serializer)
        }
    }
}

impl<'de> Deserialize<'de> for TrapKinds {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if !deserializer.is_human_readable() {
            let bits = u32::deserialize(deserializer)?;
            if bits >> TrapKind::ALL.len() != 0 {
                return Err(de::Error::custom("a trap kind that this version does not know"));
            }
            return Ok(Self(bits));
        }
        let mut kinds = Self::UNTOLD;
        for name in Vec::<String>::deserialize(deserializer)? {
            let kind = TrapKind::ALL
                .into_iter()
                .find(|kind| kind.name() == name)
                .ok_or_else(|| de::Error::custom(format!("`{name}` is not a trap kind")))?;
            kinds.0 |= 1 << kind as u8;
        }
        Ok(kinds)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sets_overlap_only_where_a_kind_is_shared_or_untold() {
        let wide = TrapKinds::of(&[TrapKind::MemoryOutOfBounds, TrapKind::TableOutOfBounds]);
        assert!(wide.overlaps(TrapKind::TableOutOfBounds.into()));
        assert!(!wide.overlaps(TrapKind::Unreachable.into()));
        assert!(wide.overlaps(TrapKinds::UNTOLD));
    }

    #[test]
    fn every_kind_survives_both_forms_of_record() {
        for kind in TrapKind::ALL {
            let kinds = TrapKinds::from(kind);
            let json = serde_json::to_string(&kinds).unwrap();
            assert_eq!(serde_json::from_str::<TrapKinds>(&json).unwrap(), kinds);
            let bytes = postcard::to_stdvec(&kinds).unwrap();
            assert_eq!(postcard::from_bytes::<TrapKinds>(&bytes).unwrap(), kinds);
        }
    }
}
