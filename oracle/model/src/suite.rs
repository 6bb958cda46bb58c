//! The records of a run of the conformance suite: one JSON object a line.
//!
//! The first line is a [`SuiteManifest`]; [`SuiteEvent`]s follow; the last is [`SuiteEvent::End`], without
//! which a record is cut short. A file is told once with all its assertions, and what an engine made of it in
//! one line, so that a record of ten engines stays within some megabytes.

mod packed;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{Capabilities, EngineId, EngineName, Features};

/// The version of the records below; a reader refuses a record of another one, but for those of
/// [`SUITE_SCHEMAS_OLDER`].
pub const SUITE_SCHEMA: &str = "wassay-suite/2";

/// The versions before, which are read as well. The first had every assertion and every detail in full.
pub const SUITE_SCHEMAS_OLDER: &[&str] = &["wassay-suite/1"];

/// What was run, and on whom.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SuiteManifest {
    /// [`SUITE_SCHEMA`].
    pub schema: String,
    /// The version of the program.
    pub program: String,
    /// When it began, as RFC 3339 writes it, in UTC.
    pub started: String,
    /// The command line that makes this record again.
    pub command: String,
    /// The machine: operating system and instruction set, as in `linux x86_64`.
    pub machine: String,
    /// Which suite.
    pub suite: SuiteId,
    /// Who was asked, in the order of columns.
    pub engines: Vec<SuiteEngine>,
}

/// Which suite was run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SuiteId {
    /// Its name: a package or a folder.
    pub name: String,
    /// Its version, where it has one.
    pub version: String,
    /// The hash of all files, in hexadecimal.
    pub digest: String,
}

/// An engine of the run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SuiteEngine {
    /// Who.
    pub id: EngineId,
    /// What it says, or what probing found, that it can do; none where it could not be started.
    pub capabilities: Option<Capabilities>,
    /// Why it could not be started. All its assertions are then skipped for this reason.
    pub trouble: Option<String>,
}

/// A line of the record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub enum SuiteEvent {
    /// A file of the suite, before anyone's results for it.
    File(SuiteFile),
    /// What an engine made of a file.
    Result(SuiteResult),
    /// The run is complete.
    End(SuiteEnd),
}

/// A file of the suite.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "packed::FileForm", into = "packed::FileForm")]
pub struct SuiteFile {
    /// Its path in the suite, as in `proposals/gc/array.wast`.
    pub path: String,
    /// What it is counted under, as in `core`, `simd`, `gc`, `threads`.
    pub proposal: String,
    /// Official, or one of our additions, which are counted apart.
    pub origin: SuiteOrigin,
    /// What a case of this file needs.
    pub features: Features,
    /// Its assertions, in order.
    pub assertions: Vec<SuiteAssertion>,
    /// Why nothing of it was run, where that is so: it does not parse, or it needs what no engine has.
    pub skipped: Option<String>,
}

/// Where a file comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SuiteOrigin {
    /// The official suite.
    Official,
    /// Our own, for the holes of the package.
    Addition,
}

/// Sums of files that must not be added up: some repeat others, some are not official.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum SuiteGroup {
    /// The official suite: the core of the current edition, and proposals.
    Official,
    /// Other editions of the core, earlier ones and the next: most of their assertions repeat those of the current
    /// one.
    Edition,
    /// Our own additions.
    Addition,
}

impl SuiteGroup {
    /// Every group.
    pub const ALL: [Self; 3] = [Self::Official, Self::Edition, Self::Addition];
}

impl SuiteFile {
    /// The sum that the file is part of. Other editions of the core are counted under names like `core-2.0`.
    #[must_use]
    pub fn group(&self) -> SuiteGroup {
        match self.origin {
            SuiteOrigin::Addition => SuiteGroup::Addition,
            SuiteOrigin::Official if self.proposal.starts_with("core-") => SuiteGroup::Edition,
            SuiteOrigin::Official => SuiteGroup::Official,
        }
    }
}

/// An assertion, or a command that has to succeed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SuiteAssertion {
    /// The stable name: file, command number and the hash of the command with what it depends on.
    pub id: String,
    /// Its line in the file, from 1.
    pub line: u32,
    /// The command, as in `assert_return`.
    pub kind: String,
    /// Whether it asks something of an engine, or of a reader of the text format.
    pub form: SuiteForm,
}

/// What an assertion is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SuiteForm {
    /// Modules in the binary format, and what they do.
    Binary,
    /// Quoted text: it asks nothing of an engine, and is counted apart.
    Text,
}

/// What an engine made of a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "packed::ResultForm", into = "packed::ResultForm")]
pub struct SuiteResult {
    /// The file's path.
    pub file: String,
    /// Who.
    pub engine: EngineName,
    /// The states of the file's assertions in order, a letter each ([`SuiteState::letter`]).
    pub states: String,
    /// More on those that neither passed nor are unsupported for the file's own reason. Two kinds of skipped
    /// assertions have none, because their reason is the same for every engine: those of a file that is skipped
    /// as a whole ([`SuiteFile::skipped`]), and those of [`SuiteForm::Text`].
    pub details: Vec<SuiteDetail>,
    /// The time that the engine took, in microseconds: by its own clock where it shares a process with others, and
    /// until its answer was there where it is a program of its own.
    pub micros: u64,
}

impl SuiteResult {
    /// How many assertions are red.
    #[must_use]
    pub fn red(&self) -> u64 {
        self.states.chars().filter_map(SuiteState::of_letter).filter(|state| state.is_red()).count() as u64
    }
}

/// How an assertion went on an engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SuiteState {
    /// As expected.
    Pass,
    /// Not as expected.
    Fail,
    /// Not as expected, as the list of known failures says.
    Known,
    /// As expected, although the list of known failures says otherwise.
    Unexpected,
    /// The answer says neither, or nothing was asked; the reason stands beside it.
    Skip,
    /// The engine lacks a feature.
    Unsupported,
    /// The engine's program died of it.
    Crash,
    /// The engine did not come back in time.
    Timeout,
}

impl SuiteState {
    /// Every state, best first.
    pub const ALL: [Self; 8] = [
        Self::Pass,
        Self::Unexpected,
        Self::Known,
        Self::Unsupported,
        Self::Skip,
        Self::Fail,
        Self::Timeout,
        Self::Crash,
    ];

    /// The letter that stands for it in [`SuiteResult::states`].
    #[must_use]
    pub const fn letter(self) -> char {
        match self {
            Self::Pass => 'P',
            Self::Fail => 'F',
            Self::Known => 'K',
            Self::Unexpected => 'X',
            Self::Skip => 'S',
            Self::Unsupported => 'U',
            Self::Crash => 'C',
            Self::Timeout => 'T',
        }
    }

    /// The state that a letter stands for.
    #[must_use]
    pub fn of_letter(letter: char) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.letter() == letter)
    }

    /// The name in records and reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Fail => "fail",
            Self::Known => "known",
            Self::Unexpected => "unexpected",
            Self::Skip => "skip",
            Self::Unsupported => "unsupported",
            Self::Crash => "crash",
            Self::Timeout => "timeout",
        }
    }

    /// Whether the run is red because of it: a failure that nobody knew of, or a pass that nobody expected.
    #[must_use]
    pub const fn is_red(self) -> bool {
        matches!(self, Self::Fail | Self::Unexpected | Self::Crash | Self::Timeout)
    }
}

/// What a person wants to know of one assertion on one engine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SuiteDetail {
    /// The assertion's position in the file's list.
    pub assertion: u32,
    /// What was expected, in words.
    pub expected: String,
    /// What came, in words; empty where nothing did.
    pub actual: String,
    /// Why it was skipped, is unsupported or is known to fail; empty for others.
    pub reason: String,
    /// The command and the module that it is about, as the file has them, shortened where they are long;
    /// empty where the assertion neither failed nor crashed.
    pub source: String,
}

/// The sums of a run.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SuiteEnd {
    /// Counts by engine (as named) and state.
    pub totals: BTreeMap<String, BTreeMap<SuiteState, u64>>,
    /// How long the run took, in milliseconds.
    pub elapsed_ms: u64,
    /// Which of the allowed results of relaxed vector instructions each engine gives; engines without those
    /// instructions, and engines that were not asked for them, are left out.
    #[serde(default)]
    pub relaxed: Vec<SuiteRelaxed>,
}

/// The nine parameters of relaxed vector instructions (section 4.3.5), as inferred from what an engine returned.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SuiteRelaxed {
    /// Who.
    pub engine: EngineName,
    /// The parameters, in the standard's order.
    pub choices: Vec<RelaxedChoice>,
}

/// What an engine chose for one parameter.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RelaxedChoice {
    /// The parameter, as the standard calls it: `R_fmadd`.
    pub parameter: String,
    /// The index into the standard's list of results, from 0; none where observations fit no single index.
    pub index: Option<u8>,
    /// What that means, in words; where there is no index, why not.
    pub meaning: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_and_names_tell_states_apart() {
        for state in SuiteState::ALL {
            assert_eq!(SuiteState::of_letter(state.letter()), Some(state));
            assert_eq!(serde_json::to_string(&state).unwrap(), format!("\"{}\"", state.name()));
        }
        assert_eq!(SuiteState::of_letter('?'), None);
    }
}
