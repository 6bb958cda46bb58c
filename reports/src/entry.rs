//! The lines of formats that list tests: an assertion that did not pass is a line of its own, the others of a
//! file are counted in one line a state and reason. Hundreds of thousands of passes would help no reader.

use std::collections::BTreeMap;

use wassay_model::suite::{SuiteAssertion, SuiteDetail, SuiteState};

use crate::record::{FileAnswers, Record};

/// A line.
pub(crate) struct Entry<'a> {
    /// The stable name: that of the assertion, or the file's with state and reason.
    pub(crate) id: String,
    /// For people.
    pub(crate) name: String,
    pub(crate) state: SuiteState,
    pub(crate) reason: String,
    /// How many assertions it stands for.
    pub(crate) assertions: u64,
    /// The assertion, where it is one.
    pub(crate) single: Option<(&'a SuiteAssertion, Option<&'a SuiteDetail>)>,
}

/// Whether an assertion has to be a line of its own.
pub(crate) fn stands_alone(state: SuiteState) -> bool {
    state.is_red() || state == SuiteState::Known
}

/// The lines of a file on an engine: those that stand alone in order, then the counts.
pub(crate) fn entries<'a>(record: &Record, file: &'a FileAnswers, engine: usize) -> Vec<Entry<'a>> {
    let answer = &file.answers[engine];
    let mut entries = Vec::new();
    let mut counted: BTreeMap<(SuiteState, String), u64> = BTreeMap::new();
    for (position, (assertion, state)) in file.file.assertions.iter().zip(&answer.states).enumerate() {
        if !stands_alone(*state) {
            *counted.entry((*state, record.reason(file, engine, position))).or_default() += 1;
            continue;
        }
        let detail = u32::try_from(position).ok().and_then(|position| answer.details.get(&position));
        entries.push(Entry {
            id: assertion.id.clone(),
            name: format!("line {}: {} ({})", assertion.line, assertion.kind, assertion.id),
            state: *state,
            reason: record.reason(file, engine, position),
            assertions: 1,
            single: Some((assertion, detail)),
        });
    }
    for ((state, reason), assertions) in counted {
        let because = if reason.is_empty() { String::new() } else { format!(": {reason}") };
        entries.push(Entry {
            id: format!("{}:{}{because}", file.file.path, state.name()),
            name: format!("{assertions} x {}{because}", state.name()),
            state,
            reason,
            assertions,
            single: None,
        });
    }
    entries
}

/// What came and what should have come, in a few lines.
pub(crate) fn message(entry: &Entry<'_>) -> String {
    let mut lines = Vec::new();
    if let Some((_, Some(detail))) = entry.single {
        if !detail.expected.is_empty() {
            lines.push(format!("expected: {}", detail.expected));
        }
        if !detail.actual.is_empty() {
            lines.push(format!("actual: {}", detail.actual));
        }
    }
    if !entry.reason.is_empty() {
        lines.push(format!("reason: {}", entry.reason));
    }
    if lines.is_empty() {
        lines.push(entry.state.name().to_owned());
    }
    lines.join("\n")
}

/// The command that asks an engine one assertion, or the assertions of one file, again.
pub(crate) fn command(record: &Record, filter: &str, engines: &[String]) -> String {
    let mut words = vec!["wassay".to_owned(), "spec".to_owned()];
    let told: Vec<&str> = record.manifest.command.lines().next().unwrap_or("").split_whitespace().collect();
    for (index, word) in told.iter().enumerate() {
        if *word == "--suite" {
            words.extend(told.get(index..index + 2).unwrap_or_default().iter().map(|word| (*word).to_owned()));
        } else if word.starts_with("--suite=") {
            words.push((*word).to_owned());
        }
    }
    words.extend(["--filter".to_owned(), quoted(filter)]);
    if !engines.is_empty() {
        words.extend(["--engines".to_owned(), quoted(&engines.join(","))]);
    }
    words.join(" ")
}

/// A word of a shell's command line.
fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:@+,=%".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', "'\\''"))
    }
}
