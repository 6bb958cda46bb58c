//! The canonical summary: one JSON document with every count, sorted, and the names of all that failed.

use std::collections::BTreeMap;

use serde::Serialize;
use wassay_model::suite::{SuiteGroup, SuiteId, SuiteState};

use crate::record::Record;
use crate::tally::{Counts, Tally};

/// The version of the document.
pub const SUMMARY_SCHEMA: &str = "wassay-report/2";

#[derive(Serialize)]
struct Document<'a> {
    schema: &'static str,
    program: &'a str,
    started: &'a str,
    command: &'a str,
    machine: &'a str,
    suite: &'a SuiteId,
    assertions: u64,
    complete: bool,
    incomplete: &'a [String],
    elapsed_ms: Option<u64>,
    engines: Vec<Engine<'a>>,
}

#[derive(Serialize)]
struct Engine<'a> {
    name: String,
    version: &'a str,
    trouble: Option<&'a str>,
    micros: u64,
    official: BTreeMap<&'static str, u64>,
    editions: BTreeMap<&'static str, u64>,
    additions: BTreeMap<&'static str, u64>,
    text: BTreeMap<&'static str, u64>,
    proposals: BTreeMap<String, BTreeMap<&'static str, u64>>,
    edition_proposals: BTreeMap<String, BTreeMap<&'static str, u64>>,
    addition_proposals: BTreeMap<String, BTreeMap<&'static str, u64>>,
    /// Names of assertions by state, for those that failed in any way.
    failures: BTreeMap<&'static str, Vec<&'a str>>,
}

/// The summary, as JSON with sorted keys.
///
/// # Errors
/// None that occurs: the document has no map whose keys are not texts.
pub fn summary(record: &Record) -> Result<String, serde_json::Error> {
    let tally = Tally::new(record);
    let manifest = &record.manifest;
    let engines = record
        .engines()
        .iter()
        .enumerate()
        .map(|(column, engine)| Engine {
            name: engine.id.name.to_string(),
            version: &engine.id.version,
            trouble: engine.trouble.as_deref(),
            micros: tally.micros[column],
            official: by_name(&tally.official[column]),
            editions: by_name(&tally.editions[column]),
            additions: by_name(&tally.additions[column]),
            text: by_name(&tally.text[column]),
            proposals: by_proposal(&tally, SuiteGroup::Official, column),
            edition_proposals: by_proposal(&tally, SuiteGroup::Edition, column),
            addition_proposals: by_proposal(&tally, SuiteGroup::Addition, column),
            failures: failures(record, column),
        })
        .collect();
    let document = Document {
        schema: SUMMARY_SCHEMA,
        program: &manifest.program,
        started: &manifest.started,
        command: &manifest.command,
        machine: &manifest.machine,
        suite: &manifest.suite,
        assertions: record.assertions(),
        complete: record.is_complete(),
        incomplete: &record.gaps,
        elapsed_ms: record.elapsed_ms,
        engines,
    };
    serde_json::to_string_pretty(&document).map(|text| text + "\n")
}

fn by_name(counts: &Counts) -> BTreeMap<&'static str, u64> {
    counts.present().map(|(state, count)| (state.name(), count)).collect()
}

fn by_proposal(tally: &Tally, group: SuiteGroup, column: usize) -> BTreeMap<String, BTreeMap<&'static str, u64>> {
    tally.rows(group).into_iter().map(|(name, counts)| (name.to_owned(), by_name(&counts[column]))).collect()
}

fn failures(record: &Record, column: usize) -> BTreeMap<&'static str, Vec<&str>> {
    let mut failures: BTreeMap<&'static str, Vec<&str>> = BTreeMap::new();
    for file in &record.files {
        for (assertion, state) in file.file.assertions.iter().zip(&file.answers[column].states) {
            if state.is_red() || *state == SuiteState::Known {
                failures.entry(state.name()).or_default().push(&assertion.id);
            }
        }
    }
    failures
}
