//! What is switched off on purpose: a row of data for each, so that nobody forgets it.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::EngineName;

/// The rows of `fuzz/switched-off.toml`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SwitchedOffs {
    /// Every one.
    pub off: Vec<SwitchedOff>,
}

/// Something that is not generated, not asked or not compared, although it could be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SwitchedOff {
    /// A short name.
    pub name: String,
    /// What does not happen.
    pub what: String,
    /// In which part.
    pub part: Part,
    /// Why not.
    pub reason: String,
    /// What looks at it all the same, if anything does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instead: Option<String>,
    /// The engines whose questions it is about; none where it is about all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub engines: Vec<EngineName>,
    /// Instructions that no family writes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub instructions: Vec<String>,
    /// A divergence that is accounted for, or a question that is not asked, in the properties.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub excuse: Option<Excuse>,
    /// A disagreement of decoders that is accounted for, in the properties.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub explained: Option<Explained>,
    /// Where in the code. None for what the code reads from the row itself.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub places: Vec<Place>,
    /// Where it is described: a path in the repository.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub link: Option<String>,
    /// Who looks after the row.
    pub owner: String,
    /// The last day, as in 2027-06-30. After it somebody has to look again.
    pub expires: String,
}

/// The part of the program that leaves something out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Part {
    /// What is never generated.
    Generator,
    /// Whom a campaign does not ask, or not always.
    LineUp,
    /// What adapters do not switch on, pass or show.
    Adapters,
    /// What the ledger does not see.
    Ledger,
    /// What properties and targets do not ask or accept.
    Properties,
    /// What of the official suite is not asked.
    Suite,
}

impl Part {
    /// Every part.
    pub const ALL: &[Self] =
        &[Self::Generator, Self::LineUp, Self::Adapters, Self::Ledger, Self::Properties, Self::Suite];

    /// Whether it is a part of a campaign.
    #[must_use]
    pub const fn is_of_campaigns(self) -> bool {
        !matches!(self, Self::Properties | Self::Suite)
    }
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Generator => "generator",
            Self::LineUp => "line-up",
            Self::Adapters => "adapters",
            Self::Ledger => "ledger",
            Self::Properties => "properties",
            Self::Suite => "suite",
        })
    }
}

/// A known fault for which properties make room: they see what a module holds and not what it does, so this is coarser
/// than a known issue.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Excuse {
    /// Whose.
    pub engine: EngineName,
    /// What the fault does.
    pub does: Does,
    /// Opcodes or marks all of which a case has that can show it.
    pub all: Vec<String>,
    /// Those of which one is enough. Any will do where there is none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub any: Vec<String>,
}

/// What a known fault of an engine does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Does {
    /// It makes the engine panic, or take the memory of the machine: the engine is not asked.
    Ends,
    /// It makes the engine err: a divergence of the engine is accounted for.
    Errs,
}

/// A disagreement of the reference's decoder and validator with wasmparser that is understood.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Explained {
    /// A part of the reference's message; empty stands for acceptance.
    pub ours: String,
    /// A part of wasmparser's, likewise.
    pub theirs: String,
}

/// A place in the code.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Place {
    /// A path in the repository.
    pub file: String,
    /// What stands there; where it is left out, `switched-off: ` and the row's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
}

impl SwitchedOff {
    /// Whether it is about one of these engines: by its name and options, whatever its version.
    #[must_use]
    pub fn concerns<'a>(&self, mut engines: impl Iterator<Item = &'a EngineName>) -> bool {
        self.engines.is_empty()
            || engines.any(|asked| {
                self.engines.iter().any(|engine| {
                    engine.name == asked.name && engine.options.iter().all(|option| asked.options.contains(option))
                })
            })
    }

    /// What stands at a place.
    #[must_use]
    pub fn anchor(&self, place: &Place) -> String {
        place.text.clone().unwrap_or_else(|| format!("switched-off: {}", self.name))
    }
}
