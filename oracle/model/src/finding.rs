//! Findings: divergences, crashes, hangs and refusals with their evidence, and what groups them.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{CaseId, EngineId, EngineName, SiteKind, Verdict};

/// A case that engines do not agree on, or that ended one of them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// The case.
    pub case: CaseId,
    /// Its number in the run.
    pub index: u64,
    /// What groups it with others.
    pub signature: Signature,
    /// Who took part.
    pub engines: Vec<EngineId>,
    /// The judge's word.
    pub verdict: Verdict,
    /// The difference that gave the finding its signature, in a sentence.
    pub explanation: String,
    /// How often the difference came back when the case was run again, and out of how many runs.
    pub confirmed: (u32, u32),
}

/// What a bucket groups by and a reduction preserves. Never stack frames.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Signature {
    /// Who differs, each with the class of what it did.
    pub parties: Vec<Party>,
    /// Against whom, and the class of what that one did.
    pub against: Option<Party>,
    /// The kind of place where it shows first.
    pub site: SiteKind,
    /// The opcodes that the difference cannot do without, as far as known; empty before a reduction.
    pub skeleton: Vec<String>,
}

/// An engine and the class of what it did.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Party {
    /// Who.
    pub engine: EngineName,
    /// The class: `returned`, `trapped:unreachable`, `crashed:signal-11`, ...
    pub class: String,
}

impl fmt::Display for Party {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.engine, self.class)
    }
}
