//! Features of the standard and its proposals: what a case needs and what an engine can do.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

macro_rules! features {
    ($($(#[$doc:meta])* $variant:ident = $name:literal,)*) => {
        /// A part of the language that an engine may lack.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[repr(u8)]
        pub enum Feature { $($(#[$doc])* $variant,)* }

        impl Feature {
            /// Every feature, oldest first.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// The name in records and on the command line.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }
        }
    };
}

features! {
    /// Import and export of mutable globals (2.0).
    MutableGlobal = "mutable-global",
    /// `extend8_s` and its kin (2.0).
    SignExtension = "sign-extension",
    /// `trunc_sat` (2.0).
    SaturatingTruncation = "saturating-truncation",
    /// Several results, and blocks with parameters (2.0).
    MultiValue = "multi-value",
    /// `memory.copy`, passive segments and their kin (2.0).
    BulkMemory = "bulk-memory",
    /// `funcref`, `externref`, several tables (2.0).
    ReferenceTypes = "reference-types",
    /// Fixed-width vectors (2.0).
    Simd = "simd",
    /// Vectors with results that depend on the implementation (3.0).
    RelaxedSimd = "relaxed-simd",
    /// `return_call` (3.0).
    TailCall = "tail-call",
    /// Arithmetic in constant expressions (3.0).
    ExtendedConst = "extended-const",
    /// Several memories (3.0).
    MultiMemory = "multi-memory",
    /// Memories and tables with 64-bit addresses (3.0).
    Memory64 = "memory64",
    /// Typed function references (3.0).
    FunctionReferences = "function-references",
    /// Structures, arrays and casts (3.0).
    Gc = "gc",
    /// Tags, `throw` and `try_table` (3.0).
    Exceptions = "exceptions",
    /// Shared memories and atomics (proposal).
    Threads = "threads",
    /// 128-bit sums and products (proposal).
    WideArithmetic = "wide-arithmetic",
    /// Memories whose pages are not 64 KiB (proposal).
    CustomPageSizes = "custom-page-sizes",
}

impl fmt::Display for Feature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A set of features.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Features(u32);

impl Features {
    /// WebAssembly 1.0.
    pub const V1: Self = Self(0);
    /// Everything that has a name here.
    pub const ALL: Self = Self::of(Feature::ALL);
    /// WebAssembly 2.0.
    pub const V2: Self = Self::of(&[
        Feature::MutableGlobal,
        Feature::SignExtension,
        Feature::SaturatingTruncation,
        Feature::MultiValue,
        Feature::BulkMemory,
        Feature::ReferenceTypes,
        Feature::Simd,
    ]);
    /// WebAssembly 3.0.
    pub const V3: Self = Self::V2.union(Self::of(&[
        Feature::RelaxedSimd,
        Feature::TailCall,
        Feature::ExtendedConst,
        Feature::MultiMemory,
        Feature::Memory64,
        Feature::FunctionReferences,
        Feature::Gc,
        Feature::Exceptions,
    ]));

    /// The set of the given features.
    #[must_use]
    pub const fn of(features: &[Feature]) -> Self {
        let mut bits = 0;
        let mut index = 0;
        while index < features.len() {
            bits |= 1 << features[index] as u8;
            index += 1;
        }
        Self(bits)
    }

    /// Everything in either set.
    #[must_use]
    pub const fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Everything in this set that is not in `other`.
    #[must_use]
    pub const fn minus(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// Whether `feature` is in the set.
    #[must_use]
    pub const fn contains(self, feature: Feature) -> bool {
        self.0 & (1 << feature as u8) != 0
    }

    /// Whether the set has no member.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The features in the set, oldest first.
    pub fn iter(self) -> impl Iterator<Item = Feature> {
        Feature::ALL.iter().copied().filter(move |feature| self.contains(*feature))
    }
}

impl Serialize for Features {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() {
            serializer.collect_seq(self.iter().map(Feature::name))
        } else {
            self.0.serialize(serializer)
        }
    }
}

impl<'de> Deserialize<'de> for Features {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if !deserializer.is_human_readable() {
            return Ok(Self(u32::deserialize(deserializer)?));
        }
        let mut features = Self::V1;
        for name in Vec::<String>::deserialize(deserializer)? {
            let feature = Feature::ALL
                .iter()
                .find(|feature| feature.name() == name)
                .ok_or_else(|| de::Error::custom(format!("`{name}` is not a feature")))?;
            features = features.union(Self::of(&[*feature]));
        }
        Ok(features)
    }
}

impl Serialize for Feature {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

impl<'de> Deserialize<'de> for Feature {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;
        Self::ALL
            .iter()
            .copied()
            .find(|feature| feature.name() == name)
            .ok_or_else(|| de::Error::custom(format!("`{name}` is not a feature")))
    }
}
