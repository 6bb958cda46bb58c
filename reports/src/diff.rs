//! What changed from one run to another: transitions of single assertions, never ratios, since a ratio may stay
//! while one assertion breaks and another is mended.

use std::collections::{BTreeMap, HashMap};

use wassay_model::suite::{SuiteEngine, SuiteState};

use crate::record::Record;
use crate::tally::{Counts, Tally};

/// A kind of transition, in the order in which a reader wants them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ChangeKind {
    /// It crashes or hangs now, and did not before.
    NewCrash,
    /// It fails now, and did not before.
    NewlyFailing,
    /// It passes now, and did not before.
    NewlyPassing,
    /// It was answered before, and is skipped or unsupported now.
    NoLongerAsked,
    /// It is another failure than before, or is skipped where it was unsupported.
    Otherwise,
    /// Only the new run has it.
    Appeared,
    /// Only the old run has it.
    Vanished,
}

impl ChangeKind {
    /// All of them, in order.
    pub const ALL: [Self; 7] = [
        Self::NewCrash,
        Self::NewlyFailing,
        Self::NewlyPassing,
        Self::NoLongerAsked,
        Self::Otherwise,
        Self::Appeared,
        Self::Vanished,
    ];

    /// The name in pages.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::NewCrash => "new crash or hang",
            Self::NewlyFailing => "newly failing",
            Self::NewlyPassing => "newly passing",
            Self::NoLongerAsked => "no longer asked",
            Self::Otherwise => "changed otherwise",
            Self::Appeared => "appeared",
            Self::Vanished => "vanished",
        }
    }

    /// Whether it is for the worse.
    #[must_use]
    pub const fn is_regression(self) -> bool {
        matches!(self, Self::NewCrash | Self::NewlyFailing)
    }
}

/// One assertion whose state changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// Which kind.
    pub kind: ChangeKind,
    /// The file.
    pub file: String,
    /// The assertion's stable name.
    pub id: String,
    /// Its line, in the newer run where that has it.
    pub line: u32,
    /// The command.
    pub command: String,
    /// The state before; none where it appeared.
    pub before: Option<SuiteState>,
    /// The state now; none where it vanished.
    pub after: Option<SuiteState>,
}

/// What changed on one engine.
#[derive(Clone, Debug)]
pub struct EngineChanges {
    /// The engine in the old run.
    pub before: SuiteEngine,
    /// The engine in the new run.
    pub after: SuiteEngine,
    /// All counts of the old run, quoted text aside.
    pub counts_before: Counts,
    /// All counts of the new run, quoted text aside.
    pub counts_after: Counts,
    /// The transitions, file by file.
    pub changes: Vec<Change>,
}

impl EngineChanges {
    /// How many of a kind there are.
    #[must_use]
    pub fn count(&self, kind: ChangeKind) -> usize {
        self.changes.iter().filter(|change| change.kind == kind).count()
    }
}

/// What changed between two runs.
#[derive(Clone, Debug)]
pub struct Changes {
    /// When the old run began.
    pub started_before: String,
    /// When the new run began.
    pub started_after: String,
    /// The suite of the old run: name, version, digest.
    pub suite_before: [String; 3],
    /// The suite of the new run.
    pub suite_after: [String; 3],
    /// The number of assertions then and now.
    pub assertions: [u64; 2],
    /// Engines that stand in both runs.
    pub engines: Vec<EngineChanges>,
    /// Engines that only the old run has.
    pub engines_vanished: Vec<SuiteEngine>,
    /// Engines that only the new run has.
    pub engines_appeared: Vec<SuiteEngine>,
}

impl Changes {
    /// Compares two records. Engines are paired by their names; one that has another version in its name, as in
    /// `wasmi@1.1.0` and `wasmi@2.0.0`, is paired if it is the only one left with its name and options.
    #[must_use]
    pub fn between(old: &Record, new: &Record) -> Self {
        let (pairs, vanished, appeared) = pairs(old, new);
        let (old_tally, new_tally) = (Tally::new(old), Tally::new(new));
        let engines = pairs
            .into_iter()
            .map(|(before, after)| EngineChanges {
                before: old.engines()[before].clone(),
                after: new.engines()[after].clone(),
                counts_before: old_tally.engine(before),
                counts_after: new_tally.engine(after),
                changes: transitions(old, before, new, after),
            })
            .collect();
        let suite = |record: &Record| {
            let suite = &record.manifest.suite;
            [suite.name.clone(), suite.version.clone(), suite.digest.clone()]
        };
        Self {
            started_before: old.manifest.started.clone(),
            started_after: new.manifest.started.clone(),
            suite_before: suite(old),
            suite_after: suite(new),
            assertions: [old.assertions(), new.assertions()],
            engines,
            engines_vanished: vanished.into_iter().map(|column| old.engines()[column].clone()).collect(),
            engines_appeared: appeared.into_iter().map(|column| new.engines()[column].clone()).collect(),
        }
    }

    /// What changed from one column of a record to another, as from one version of an engine to the next.
    #[must_use]
    pub fn of_columns(record: &Record, before: usize, after: usize) -> EngineChanges {
        let tally = Tally::new(record);
        EngineChanges {
            before: record.engines()[before].clone(),
            after: record.engines()[after].clone(),
            counts_before: tally.engine(before),
            counts_after: tally.engine(after),
            changes: transitions(record, before, record, after),
        }
    }

    /// How many transitions of a kind there are on all engines.
    #[must_use]
    pub fn count(&self, kind: ChangeKind) -> usize {
        self.engines.iter().map(|engine| engine.count(kind)).sum()
    }

    /// Whether something is worse than before: a new failure, crash or hang, or an engine that cannot be started
    /// any more.
    #[must_use]
    pub fn has_regression(&self) -> bool {
        self.engines.iter().any(|engine| {
            engine.before.trouble.is_none() && engine.after.trouble.is_some()
                || engine.changes.iter().any(|change| change.kind.is_regression())
        })
    }
}

/// Pairs of columns, the columns that only the old record has, and those that only the new one has.
fn pairs(old: &Record, new: &Record) -> (Vec<(usize, usize)>, Vec<usize>, Vec<usize>) {
    let mut pairs = Vec::new();
    let mut appeared = Vec::new();
    let mut vanished: Vec<usize> = (0..old.engines().len()).collect();
    for (after, engine) in new.engines().iter().enumerate() {
        match vanished.iter().position(|before| old.engines()[*before].id.name == engine.id.name) {
            Some(place) => pairs.push((vanished.remove(place), after)),
            None => appeared.push(after),
        }
    }
    let base = |engine: &SuiteEngine| (engine.id.name.name.clone(), engine.id.name.options.clone());
    let mut only_new = Vec::new();
    for after in appeared.clone() {
        let wanted = base(&new.engines()[after]);
        let candidates: Vec<usize> =
            vanished.iter().copied().filter(|before| base(&old.engines()[*before]) == wanted).collect();
        let rivals = appeared.iter().filter(|other| base(&new.engines()[**other]) == wanted).count();
        match candidates[..] {
            [before] if rivals == 1 => {
                vanished.retain(|one| *one != before);
                pairs.push((before, after));
            }
            _ => only_new.push(after),
        }
    }
    pairs.sort_by_key(|(_, after)| *after);
    (pairs, vanished, only_new)
}

fn transitions(old: &Record, before: usize, new: &Record, after: usize) -> Vec<Change> {
    let mut known: HashMap<&str, (&str, u32, &str, SuiteState)> = HashMap::new();
    for file in &old.files {
        for (assertion, state) in file.file.assertions.iter().zip(&file.answers[before].states) {
            known.insert(&assertion.id, (&file.file.path, assertion.line, &assertion.kind, *state));
        }
    }
    let mut changes: BTreeMap<(&str, u32, &str), Change> = BTreeMap::new();
    for file in &new.files {
        for (assertion, state) in file.file.assertions.iter().zip(&file.answers[after].states) {
            let earlier = known.remove(assertion.id.as_str()).map(|(.., state)| state);
            let Some(kind) = kind(earlier, *state) else { continue };
            changes.insert(
                (&file.file.path, assertion.line, &assertion.id),
                Change {
                    kind,
                    file: file.file.path.clone(),
                    id: assertion.id.clone(),
                    line: assertion.line,
                    command: assertion.kind.clone(),
                    before: earlier,
                    after: Some(*state),
                },
            );
        }
    }
    for (id, (file, line, command, state)) in known {
        changes.insert(
            (file, line, id),
            Change {
                kind: ChangeKind::Vanished,
                file: file.to_owned(),
                id: id.to_owned(),
                line,
                command: command.to_owned(),
                before: Some(state),
                after: None,
            },
        );
    }
    changes.into_values().collect()
}

fn kind(before: Option<SuiteState>, after: SuiteState) -> Option<ChangeKind> {
    use SuiteState::{Crash, Fail, Known, Pass, Skip, Timeout, Unexpected, Unsupported};
    let died = |state| matches!(state, Crash | Timeout);
    let failed = |state| matches!(state, Fail | Known);
    let passed = |state| matches!(state, Pass | Unexpected);
    let Some(before) = before else { return Some(ChangeKind::Appeared) };
    if before == after {
        return None;
    }
    Some(match after {
        after if died(after) && !died(before) => ChangeKind::NewCrash,
        after if failed(after) && !failed(before) && !died(before) => ChangeKind::NewlyFailing,
        after if passed(after) && !passed(before) => ChangeKind::NewlyPassing,
        Skip | Unsupported if !matches!(before, Skip | Unsupported) => ChangeKind::NoLongerAsked,
        _ => ChangeKind::Otherwise,
    })
}
