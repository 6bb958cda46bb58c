//! Profiles: which families a run draws from, how often, and from which part of the language.

use wassay_model::{Feature, Features};

/// What a run generates.
///
/// A family is a file of this crate and a variant of [`Family`]; a profile mixes families by weight and
/// says which features their swarms may draw. Widening the language is a change of `features` alone: no
/// family enables what its profile does not list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Profile {
    /// The name on the command line and in [`wassay_model::Provenance::Generated`].
    pub name: &'static str,
    /// The families that cases are drawn from, each with its weight.
    pub families: &'static [(Family, u32)],
    /// The features that a case may use. Each case draws a subset.
    pub features: Features,
}

/// A way to make cases.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Family {
    /// wasm-smith under a swarm, and a pass over its output that keeps values flowing.
    Smith,
}

/// WebAssembly 2.0 without vectors: what every engine in the line-up runs.
const V2_SCALAR: Features = Features::V2.minus(Features::of(&[Feature::Simd]));

const PROFILES: &[Profile] = &[Profile { name: "smith", families: &[(Family::Smith, 1)], features: V2_SCALAR }];

impl Profile {
    /// Every profile.
    #[must_use]
    pub const fn all() -> &'static [Self] {
        PROFILES
    }

    /// The profile of this name.
    #[must_use]
    pub fn by_name(name: &str) -> Option<&'static Self> {
        PROFILES.iter().find(|profile| profile.name == name)
    }
}
