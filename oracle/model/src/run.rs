//! The records of a run: its manifest, and the events of its journal, one JSON object a line.

use std::collections::BTreeMap;
use std::ops::Range;

use serde::{Deserialize, Serialize};

use crate::{CaseId, EngineId, EngineName, Finding, Lineup, Timing};

/// The version of the records below; a reader refuses a journal of another one.
pub const SCHEMA: &str = "wassay-run/1";

/// What a run is: everything that decides its findings.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// [`SCHEMA`].
    pub schema: String,
    /// The version of the program.
    pub program: String,
    /// The seed that every case is drawn from.
    pub seed: u64,
    /// The generator's profile.
    pub profile: String,
    /// Who is asked, how isolated, and how often.
    pub lineup: Vec<Lineup>,
    /// Who answered to those names when the run began.
    pub engines: Vec<EngineId>,
    /// This run does the chunks *c* with `c % shards == shard`.
    pub shard: u64,
    /// See `shard`.
    pub shards: u64,
    /// Cases in a chunk: the unit of sharding, of journal lines and of resuming.
    pub chunk: u64,
    /// Where the run ends, counted over all shards; none where only the clock or a signal ends it.
    pub cases: Option<u64>,
}

impl Manifest {
    /// The numbers of the cases in a chunk.
    #[must_use]
    pub fn cases_of(&self, chunk: u64) -> Range<u64> {
        let first = chunk.saturating_mul(self.chunk);
        let end = first.saturating_add(self.chunk);
        first..self.cases.map_or(end, |cases| cases.clamp(first, end))
    }
}

/// A line of the journal.
///
/// Lines stand in the order of case numbers, whatever order lanes finished in. A chunk's findings stand
/// before its [`RunEvent::Chunk`]; what stands behind the last of those is done again on resuming.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub enum RunEvent {
    /// A finding; its folder is written before the line is.
    Finding(Box<Finding>),
    /// A chunk of cases is done.
    Chunk(Box<Chunk>),
}

/// What happened in one chunk of cases.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Chunk {
    /// The chunk's number; it holds the cases from `number * manifest.chunk` on.
    pub number: u64,
    /// The hash of the names of its cases: two runs that differ here did not run the same cases.
    pub cases_digest: Option<CaseId>,
    /// What is counted.
    pub tally: Tally,
    /// Cells of the language that its cases were observed to execute, by their text, with the number of cases. Of each
    /// cell only the first [`CELL_CASES_MAX`] cases of a run are told.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub cells: BTreeMap<String, u64>,
}

/// Up to how many cases the observations of a cell are counted in a run: what matters are the rare ones, and a journal
/// is not to grow for the others.
pub const CELL_CASES_MAX: u64 = 10;

/// The ledger of a run: `ledger.json` in its folder.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ledger {
    /// The version of this record.
    pub schema: String,
    /// On how many engines a result is compared before what made it counts as observed.
    pub engines_min: u64,
    /// One case in so many is traced.
    pub every: u64,
    /// Cells that no case has observed, of those that are known to exist.
    pub never: Vec<String>,
    /// Cells that were observed, with the number of cases, up to [`CELL_CASES_MAX`].
    pub observed: BTreeMap<String, u64>,
}

/// The version of [`Ledger`].
pub const LEDGER_SCHEMA: &str = "wassay-ledger/1";

/// Counts over some cases. Every one is a sum, so tallies can be added in any order.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tally {
    /// Cases drawn.
    pub cases: u64,
    /// Cases of which the expectation's side (the reference) refused a module before it ran.
    pub refused_modules: u64,
    /// Bytes of modules drawn.
    pub module_bytes: u64,
    /// Cases whose NaNs are canonicalised in the module itself, and cases by the generator's other traits.
    pub traits: BTreeMap<String, u64>,
    /// Invocations planned.
    pub calls: u64,
    /// Invocations judged against at least one other engine.
    pub calls_compared: u64,
    /// Those that returned a value on at least two engines.
    pub calls_with_values: u64,
    /// Invocations by outcome on the expectation's side (the reference).
    pub outcomes: BTreeMap<String, u64>,
    /// Invocations that trapped within their first 100 instructions, on the reference.
    pub calls_trapped_early: u64,
    /// Snapshots compared.
    pub states: u64,
    /// Steps behind horizons, by reason.
    pub unjudged_steps: u64,
    /// Cases by ruling.
    pub rulings: BTreeMap<String, u64>,
    /// Differences that were allowed or left open, by reason.
    pub reasons: BTreeMap<String, u64>,
    /// By engine.
    pub engines: BTreeMap<String, EngineTally>,
}

/// Counts of one engine.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct EngineTally {
    /// Cases it was asked.
    pub asked: u64,
    /// Cases by the program's ending: `finished`, `declined:simd`, `crashed`, ...
    pub endings: BTreeMap<String, u64>,
}

impl Tally {
    /// Adds another tally to this one.
    pub fn add(&mut self, other: &Self) {
        fn merge(into: &mut BTreeMap<String, u64>, from: &BTreeMap<String, u64>) {
            for (key, count) in from {
                *into.entry(key.clone()).or_default() += count;
            }
        }
        self.cases += other.cases;
        self.refused_modules += other.refused_modules;
        self.module_bytes += other.module_bytes;
        self.calls += other.calls;
        self.calls_compared += other.calls_compared;
        self.calls_with_values += other.calls_with_values;
        self.calls_trapped_early += other.calls_trapped_early;
        self.states += other.states;
        self.unjudged_steps += other.unjudged_steps;
        merge(&mut self.traits, &other.traits);
        merge(&mut self.outcomes, &other.outcomes);
        merge(&mut self.rulings, &other.rulings);
        merge(&mut self.reasons, &other.reasons);
        for (engine, tally) in &other.engines {
            let into = self.engines.entry(engine.clone()).or_default();
            into.asked += tally.asked;
            merge(&mut into.endings, &tally.endings);
        }
    }
}

/// A bucket: the findings of one signature.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bucket {
    /// The folder's name.
    pub name: String,
    /// The first finding's explanation.
    pub explanation: String,
    /// Who differs.
    pub engines: Vec<EngineName>,
    /// Findings in the bucket.
    pub hits: u64,
    /// Of those, findings that did not come back in every run that was made of them.
    pub flaky: u64,
    /// The number of the first case.
    pub first_case: u64,
    /// The folder of the first finding, relative to the run's folder.
    pub folder: String,
}

/// Where the time of a run went. Differs from run to run, so it stands beside the journal and not in it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Times {
    /// Lanes that worked side by side.
    pub lanes: u64,
    /// Wall-clock time of the run.
    pub wall_ns: u64,
    /// Time in lanes, summed: the whole that the others are shares of.
    pub lanes_ns: u64,
    /// Generating.
    pub generate_ns: u64,
    /// Waiting for answers, the engines' own time included.
    pub ask_ns: u64,
    /// Comparing.
    pub judge_ns: u64,
    /// Tracing for the ledger.
    #[serde(default)]
    pub trace_ns: u64,
    /// The engines' own time, and cases timed, by engine.
    pub engines: BTreeMap<String, (Timing, u64)>,
    /// By engine with a program of its own: the time from a question to its answer, the engine's own time in that, and
    /// how many questions it answered.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub turns: BTreeMap<String, (u64, u64, u64)>,
    /// Worker processes that were started again, by engine and reason.
    pub restarts: BTreeMap<String, u64>,
    /// Engines that were not asked any more, since no worker of theirs could be started again, and why.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub set_aside: BTreeMap<String, String>,
}

impl Times {
    /// The engines' own time, summed.
    #[must_use]
    pub fn engines_ns(&self) -> u64 {
        self.engines.values().fold(0, |sum, (timing, _)| sum.saturating_add(timing.total_ns()))
    }

    /// The share of lane time that is neither generation nor the engines' own: ours, from 0 to 1.
    #[must_use]
    pub fn overhead(&self) -> f64 {
        if self.lanes_ns == 0 {
            return 0.0;
        }
        1.0 - self.generate_ns.saturating_add(self.engines_ns()) as f64 / self.lanes_ns as f64
    }

    /// Adds another lane's or session's times to these.
    pub fn add(&mut self, other: &Self) {
        self.lanes = self.lanes.max(other.lanes);
        self.wall_ns += other.wall_ns;
        self.lanes_ns += other.lanes_ns;
        self.generate_ns += other.generate_ns;
        self.ask_ns += other.ask_ns;
        self.judge_ns += other.judge_ns;
        self.trace_ns += other.trace_ns;
        for (engine, (timing, cases)) in &other.engines {
            let (total, count) = self.engines.entry(engine.clone()).or_default();
            total.add(*timing);
            *count += cases;
        }
        for (engine, (asked_ns, own_ns, count)) in &other.turns {
            let total = self.turns.entry(engine.clone()).or_default();
            *total = (total.0 + asked_ns, total.1.saturating_add(*own_ns), total.2 + count);
        }
        for (key, count) in &other.restarts {
            *self.restarts.entry(key.clone()).or_default() += count;
        }
        for (engine, why) in &other.set_aside {
            self.set_aside.entry(engine.clone()).or_insert_with(|| why.clone());
        }
    }
}

/// What a run amounts to: `summary.json` in its folder.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Summary {
    /// [`SCHEMA`].
    pub schema: String,
    /// What ran.
    pub manifest: Manifest,
    /// What is counted, over every case in the journal.
    pub tally: Tally,
    /// What was found, unlike things first, then by first case.
    pub buckets: Vec<Bucket>,
    /// How many cells of the language were observed, and how many exist; `ledger.json` has them by name.
    #[serde(default)]
    pub cells: (u64, u64),
    /// Where the time went, over this and all earlier sessions of the run.
    pub times: Times,
    /// Why it ended.
    pub end: End,
    /// The rows of `fuzz/switched-off.toml` that concern the run, by name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub switched_off: Vec<String>,
    /// What reducing the findings came to; none where it was not done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub triage: Option<Triage>,
}

/// What reducing a run's findings came to. It decides which buckets are known: opcodes are told only then.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Triage {
    /// Findings whose evidence was kept.
    pub kept: u64,
    /// Those that were reduced.
    pub reduced: u64,
    /// Those that did not show any more.
    pub gone: u64,
    /// By bucket.
    pub buckets: BTreeMap<String, BucketTriage>,
    /// The reduced findings in groups, each of what seems to be one fault, unlike ones first.
    pub groups: Vec<TriageGroup>,
}

/// What of a bucket was reduced.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct BucketTriage {
    /// Findings that were reduced.
    pub reduced: u64,
    /// Of those, how many each known issue accounts for.
    pub known: BTreeMap<String, u64>,
}

impl BucketTriage {
    /// Whether something was looked at, and known issues account for all of it.
    #[must_use]
    pub fn is_known(&self) -> bool {
        self.reduced > 0 && self.known.values().sum::<u64>() == self.reduced
    }
}

/// Reduced findings that seem to be of one fault.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TriageGroup {
    /// The name of the plainest of them.
    pub name: String,
    /// How many there are.
    pub hits: u64,
    /// Of those, how many did not come back in every run.
    pub flaky: u64,
    /// The known issues that account for findings of the group.
    pub known: Vec<String>,
    /// How many no known issue accounts for.
    pub new: u64,
    /// The opcodes of the plainest of those that are not known, or of all.
    pub opcodes: Vec<String>,
    /// The bytes of its modules.
    pub bytes: u64,
    /// Its folder, relative to the run's folder.
    pub folder: String,
}

impl Summary {
    /// Whether known issues account for a bucket, as far as was looked.
    #[must_use]
    pub fn is_known(&self, bucket: &Bucket) -> bool {
        self.triage.as_ref().and_then(|triage| triage.buckets.get(&bucket.name)).is_some_and(BucketTriage::is_known)
    }
}

/// Why a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum End {
    /// Every case that was asked for is done.
    Complete,
    /// The time is up.
    Time,
    /// A signal asked for the end.
    Signal,
}
