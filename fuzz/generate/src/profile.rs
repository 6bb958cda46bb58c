//! Profiles: which families a run draws from, how often, and from which part of the language.

use std::fmt;

use wassay_model::{Feature, Features};

/// What a run generates: a named mix of families.
///
/// A family is a file of this crate and a variant of [`Family`]. The name of a profile is a word of
/// [`Profile::named`] or a mix such as `sweep:3,edge`, in which a family's weight follows its name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Profile {
    name: String,
    families: Vec<(Family, u32)>,
    features: Features,
}

macro_rules! families {
    ($($(#[$doc:meta])* $variant:ident = $name:literal;)*) => {
        /// A way to make cases.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Family { $($(#[$doc])* $variant,)* }

        impl Family {
            /// Every family.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// The name in profiles and in a case's traits.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }
        }
    };
}

families! {
    /// wasm-smith under a swarm, and a pass over its output that keeps values flowing.
    Smith = "smith";
    /// One instruction a function: every opcode with every shape of its operands and every place for its result.
    Sweep = "sweep";
    /// What compilers look at together: expressions of few operators, and values that wait while locals change.
    Idiom = "idiom";
    /// Every access to memory at the edges of memories of all kinds.
    Edge = "edge";
    /// Structured programs: branches, loops, calls of every kind, exceptions, values that wait on the stack.
    Control = "control";
    /// Every table operation on every reference type, at the edges of the table.
    Table = "table";
    /// Graphs of structures and arrays: made, changed, cast, collected, summed.
    Gc = "gc";
    /// A small program, and the same stretched across thresholds of encodings.
    Size = "size";
    /// Several modules that share memories, tables, globals and tags.
    Link = "link";
    /// A case of `smith`, and its plan again on a rewrite that keeps the meaning.
    Mutate = "mutate";
    /// Calls of a host and of an instance that acts as one, between accesses to the state that both see.
    Host = "host";
    /// Valid modules with something changed: what decoders and validators say of them.
    Broken = "broken";
    /// Programs that real compilers made, and pieces of the official suite put together.
    Real = "real";
    /// wasm-smith with its defaults and nothing of ours, to be held against.
    Plain = "plain";
    /// wasm-smith with the best settings that it has and nothing of ours.
    PlainBest = "plain-best";
}

impl fmt::Display for Family {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Why a text names no profile.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProfileError {
    text: String,
    why: String,
}

impl fmt::Display for ProfileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let families: Vec<&str> = Family::ALL.iter().map(|family| family.name()).collect();
        write!(
            f,
            "there is no profile {:?}: {}; known are {}, and mixes of families with weights, as in smith:3,{} \
             (families: {})",
            self.text,
            self.why,
            Profile::NAMES.join(", "),
            families.last().unwrap_or(&"smith"),
            families.join(", ")
        )
    }
}

impl std::error::Error for ProfileError {}

/// WebAssembly 2.0 without vectors: what every engine in the line-up runs.
const V2_SCALAR: Features = Features::V2.minus(Features::of(&[Feature::Simd]));

/// The families of the profile `mix`, by the share of cases that each gets. What finds most with a case gets most of
/// them, and what has a list to go through gets enough to go through it in a night.
const MIX: &[(Family, u32)] = &[
    (Family::Smith, 4),
    (Family::Sweep, 36),
    (Family::Idiom, 15),
    (Family::Edge, 6),
    (Family::Control, 7),
    (Family::Table, 7),
    (Family::Gc, 6),
    (Family::Size, 4),
    (Family::Link, 6),
    (Family::Mutate, 1),
    (Family::Host, 3),
    (Family::Broken, 8),
    (Family::Real, 1),
];

impl Profile {
    /// The profiles that have a name of their own. Every family's name is a profile too.
    pub const NAMES: &[&str] = &["smith", "mix"];

    /// Every profile that has a name.
    pub fn all() -> impl Iterator<Item = Self> {
        Self::NAMES.iter().filter_map(|name| Self::named(name))
    }

    /// The profile that a text names.
    ///
    /// # Errors
    ///
    /// A word is no profile and no family, a weight is no number from 1 on, or a family comes twice.
    pub fn parse(text: &str) -> Result<Self, ProfileError> {
        if let Some(profile) = Self::named(text) {
            return Ok(profile);
        }
        let wrong = |why: String| ProfileError { text: text.to_owned(), why };
        let mut families: Vec<(Family, u32)> = Vec::new();
        for part in text.split(',') {
            let (name, weight) = part.split_once(':').unwrap_or((part, "1"));
            let family = Family::ALL
                .iter()
                .find(|family| family.name() == name)
                .ok_or_else(|| wrong(format!("{name:?} is no family")))?;
            let weight: u32 = weight
                .parse()
                .ok()
                .filter(|weight| (1..=1_000_000).contains(weight))
                .ok_or_else(|| wrong(format!("the weight {weight:?} is no number from 1 to 1000000")))?;
            if families.iter().any(|(other, _)| other == family) {
                return Err(wrong(format!("{name} comes twice")));
            }
            families.push((*family, weight));
        }
        Ok(Self { name: text.to_owned(), families, features: Features::ALL })
    }

    /// The family alone, in the whole language.
    #[must_use]
    pub fn alone(family: Family) -> Self {
        Self { name: format!("{family}:1"), families: vec![(family, 1)], features: Features::ALL }
    }

    fn named(name: &str) -> Option<Self> {
        let (families, features): (&[(Family, u32)], _) = match name {
            // In the part of the language that every linked engine runs, so that no engine declines.
            "smith" => (&[(Family::Smith, 1)], V2_SCALAR),
            // Every family that is ours, in the whole language.
            "mix" => (MIX, Features::ALL),
            _ => return None,
        };
        Some(Self { name: name.to_owned(), families: families.to_vec(), features })
    }

    /// The same mix over another part of the language.
    #[must_use]
    pub fn with_features(self, features: Features) -> Self {
        Self { features, ..self }
    }

    /// The text that names it.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The families that cases are drawn from, each with its weight.
    #[must_use]
    pub fn families(&self) -> &[(Family, u32)] {
        &self.families
    }

    /// The features that its cases may use. Each case draws a part of them.
    #[must_use]
    pub const fn features(&self) -> Features {
        self.features
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mix_is_read_with_its_weights() {
        let profile = Profile::parse("smith:3").unwrap();
        assert_eq!(profile.families(), [(Family::Smith, 3)]);
        assert_eq!(profile.name(), "smith:3");
    }

    #[test]
    fn a_broken_mix_is_refused_with_its_reason() {
        for (text, why) in
            [("nothing", "is no family"), ("smith:0", "weight"), ("smith,smith", "twice"), ("", "is no family")]
        {
            assert!(Profile::parse(text).unwrap_err().to_string().contains(why), "{text}");
        }
    }

    #[test]
    fn a_family_alone_is_what_its_name_says() {
        for family in Family::ALL {
            let alone = Profile::alone(*family);
            assert_eq!(Profile::parse(alone.name()).as_ref(), Ok(&alone));
        }
    }

    #[test]
    fn the_mix_has_no_family_that_is_there_to_be_held_against() {
        let mix = Profile::parse("mix").unwrap();
        assert!(mix.families().iter().all(|(family, _)| !matches!(family, Family::Plain | Family::PlainBest)));
    }

    #[test]
    fn every_name_is_a_profile() {
        assert_eq!(Profile::all().count(), Profile::NAMES.len());
        assert!(Family::ALL.iter().all(|family| Profile::parse(family.name()).is_ok()));
    }
}
