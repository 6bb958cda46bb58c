//! The records of a run: its manifest, and the events of its journal, one JSON object a line.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{CaseId, EngineId, EngineName, Finding, Lineup};

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
}

/// Counts over some cases. Every one is a sum, so tallies can be added in any order.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tally {
    /// Cases drawn.
    pub cases: u64,
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

/// What a bucket's folder says of itself: the first finding, and how many came after it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BucketSummary {
    /// The folder's name.
    pub name: String,
    /// The first finding's explanation.
    pub explanation: String,
    /// Who differs.
    pub engines: Vec<EngineName>,
    /// Findings in the bucket.
    pub hits: u64,
    /// Case numbers, the first few.
    pub cases: Vec<u64>,
}
