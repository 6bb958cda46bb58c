//! The record of a comparison of two engines on one corpus: what changed from the one to the other, and nothing else.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::EngineId;
use crate::suite::SuiteState;

/// The version of the record.
pub const REGRESS_SCHEMA: &str = "wassay-regress/1";

/// Two engines on one corpus.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RegressRecord {
    /// [`REGRESS_SCHEMA`].
    pub schema: String,
    /// The version of the program.
    pub program: String,
    /// When it began, as RFC 3339 writes it, in UTC.
    pub started: String,
    /// The command line that makes this record again.
    pub command: String,
    /// The machine: operating system and instruction set, as in `linux x86_64`.
    pub machine: String,
    /// The engine as it was.
    pub old: EngineId,
    /// The engine as it is.
    pub new: EngineId,
    /// What counts as slower.
    pub slower: SlowerRule,
    /// What was asked, a row for each part of the corpus.
    pub corpora: Vec<RegressCorpus>,
    /// What changed, what is worse first.
    pub transitions: Vec<Transition>,
    /// What could not be asked.
    pub left_out: Vec<LeftOut>,
    /// How long it took, in milliseconds.
    pub elapsed_ms: u64,
}

/// When an engine counts as slower: both bounds have to be passed by the medians of so many looks.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct SlowerRule {
    /// The new time is more than this many times the old one.
    pub factor: f64,
    /// And longer by more than this, in microseconds.
    pub floor_micros: u64,
    /// Looks.
    pub looks: u32,
}

/// A part of the corpus.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RegressCorpus {
    /// As it was named on the command line.
    pub name: String,
    /// Scripts and cases.
    pub items: u64,
    /// States on the old engine: of the assertions of scripts, and of cases.
    pub old: BTreeMap<SuiteState, u64>,
    /// States on the new engine.
    pub new: BTreeMap<SuiteState, u64>,
    /// Time for loading modules on the old and the new engine, in microseconds.
    pub load_micros: [u64; 2],
    /// Time for everything else.
    pub run_micros: [u64; 2],
}

/// A kind of transition, in the order in which a reader wants them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TransitionKind {
    /// The engine crashes or hangs now, and did not before.
    NewCrash,
    /// It fails now, and did not before.
    NewlyFailing,
    /// Loading takes longer than it may.
    SlowerLoad,
    /// Running takes longer than it may.
    SlowerRun,
    /// It was answered before, and is skipped or unsupported now.
    NoLongerAsked,
    /// It passes now, and did not before.
    NewlyPassing,
    /// Any other change, as from a crash to a failure.
    Otherwise,
}

impl TransitionKind {
    /// All of them, in order.
    pub const ALL: [Self; 7] = [
        Self::NewCrash,
        Self::NewlyFailing,
        Self::SlowerLoad,
        Self::SlowerRun,
        Self::NoLongerAsked,
        Self::NewlyPassing,
        Self::Otherwise,
    ];

    /// The transition between two states; none where nothing changed, or nothing was said before.
    #[must_use]
    pub fn between(before: SuiteState, after: SuiteState) -> Option<Self> {
        use SuiteState::{Crash, Fail, Known, Pass, Skip, Timeout, Unexpected, Unsupported};
        let is_dead = |state| matches!(state, Crash | Timeout);
        let is_failed = |state| matches!(state, Fail | Known);
        let is_passed = |state| matches!(state, Pass | Unexpected);
        let is_silent = |state| matches!(state, Skip | Unsupported);
        match (before, after) {
            (before, after) if before == after => None,
            (before, after) if is_silent(before) && (is_silent(after) || is_passed(after)) => None,
            (before, after) if is_passed(before) && is_passed(after) || is_failed(before) && is_failed(after) => None,
            (before, after) if is_dead(after) && !is_dead(before) => Some(Self::NewCrash),
            (before, after) if is_failed(after) && !is_dead(before) => Some(Self::NewlyFailing),
            (_, after) if is_passed(after) => Some(Self::NewlyPassing),
            (_, after) if is_silent(after) => Some(Self::NoLongerAsked),
            _ => Some(Self::Otherwise),
        }
    }

    /// The name in pages.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::NewCrash => "new crash or hang",
            Self::NewlyFailing => "newly failing",
            Self::SlowerLoad => "slower to load",
            Self::SlowerRun => "slower to run",
            Self::NoLongerAsked => "no longer asked",
            Self::NewlyPassing => "newly passing",
            Self::Otherwise => "changed otherwise",
        }
    }

    /// The name in machine formats.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::NewCrash => "new-crash",
            Self::NewlyFailing => "newly-failing",
            Self::SlowerLoad => "slower-load",
            Self::SlowerRun => "slower-run",
            Self::NoLongerAsked => "no-longer-asked",
            Self::NewlyPassing => "newly-passing",
            Self::Otherwise => "otherwise",
        }
    }

    /// Whether it is for the worse.
    #[must_use]
    pub const fn is_regression(self) -> bool {
        matches!(self, Self::NewCrash | Self::NewlyFailing | Self::SlowerLoad | Self::SlowerRun)
    }
}

/// What changed in one place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Transition {
    /// Which kind.
    pub kind: TransitionKind,
    /// The part of the corpus.
    pub corpus: String,
    /// The script or the case.
    pub item: String,
    /// A name that stays the same from run to run.
    pub id: String,
    /// The line of the script, from 1; none for a case.
    pub line: Option<u32>,
    /// The state before.
    pub before: SuiteState,
    /// The state now.
    pub after: SuiteState,
    /// What was seen before, in words.
    pub before_words: String,
    /// What is seen now, in words.
    pub after_words: String,
    /// How often the transition showed, and in how many looks: fewer means that it flickers.
    pub confirmed: (u32, u32),
    /// The known issue of the new engine that accounts for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub known: Option<String>,
    /// The command that shows it again.
    pub command: String,
}

impl Transition {
    /// Whether it did not show in every look.
    #[must_use]
    pub const fn is_flaky(&self) -> bool {
        self.confirmed.0 < self.confirmed.1
    }
}

/// What could not be asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeftOut {
    /// The part of the corpus.
    pub corpus: String,
    /// Which item.
    pub item: String,
    /// Why.
    pub why: String,
}

impl RegressRecord {
    /// Whether something is worse than before.
    #[must_use]
    pub fn has_regression(&self) -> bool {
        self.transitions.iter().any(|transition| transition.kind.is_regression())
    }

    /// How many transitions of a kind there are.
    #[must_use]
    pub fn count(&self, kind: TransitionKind) -> usize {
        self.transitions.iter().filter(|transition| transition.kind == kind).count()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_transition_is_a_change_that_says_something() {
        use SuiteState::{Crash, Fail, Known, Pass, Skip, Timeout, Unsupported};
        for (before, after, kind) in [
            (Pass, Pass, None),
            (Pass, Fail, Some(TransitionKind::NewlyFailing)),
            (Unsupported, Fail, Some(TransitionKind::NewlyFailing)),
            (Unsupported, Pass, None),
            (Fail, Crash, Some(TransitionKind::NewCrash)),
            (Skip, Timeout, Some(TransitionKind::NewCrash)),
            (Crash, Timeout, Some(TransitionKind::Otherwise)),
            (Crash, Fail, Some(TransitionKind::Otherwise)),
            (Crash, Pass, Some(TransitionKind::NewlyPassing)),
            (Fail, Pass, Some(TransitionKind::NewlyPassing)),
            (Known, Fail, None),
            (Pass, Unsupported, Some(TransitionKind::NoLongerAsked)),
        ] {
            assert_eq!(TransitionKind::between(before, after), kind, "{before:?} {after:?}");
        }
    }

    #[test]
    fn words_are_those_of_the_record() {
        for kind in TransitionKind::ALL {
            assert_eq!(serde_json::to_value(kind).unwrap(), kind.word());
        }
    }
}
