//! A Markdown summary: a table of engines and states, and the first failures of each engine.

use wassay_model::suite::SuiteState;

use crate::entry::{command, stands_alone};
use crate::record::Record;
use crate::site::text::{grouped, percent};
use crate::tally::{Counts, Tally};

/// So many failures of an engine are listed; the rest is counted.
const LISTED: usize = 10;

/// A table for the page of a project: nothing in it but what engines did, so that the same engines and the same suite
/// give the same table.
#[must_use]
pub fn conformance(record: &Record) -> String {
    let tally = Tally::new(record);
    let mut lines = vec![
        "| engine | version | passed of asked | share | known failures | red | unsupported | skipped | other editions | \
         additions |"
            .to_owned(),
        format!("|---|---|{}", "--:|".repeat(8)),
    ];
    for (column, engine) in record.engines().iter().enumerate() {
        let counts = tally.official[column];
        let of = |counts: Counts| match counts.asked() {
            0 => "-".to_owned(),
            asked => format!("{} of {asked}", counts.passed()),
        };
        let shown = |count: u64| if count == 0 { "-".to_owned() } else { count.to_string() };
        lines.push(format!(
            "| {} | {} | {} | {} | {} | {} | {} | {} | {} | {} |",
            cell(&engine.id.name.to_string()),
            cell(&engine.id.version),
            of(counts),
            percent(counts.passed(), counts.asked()).replace('\u{202f}', " "),
            shown(counts.get(SuiteState::Known)),
            shown(counts.red()),
            shown(counts.get(SuiteState::Unsupported)),
            shown(counts.get(SuiteState::Skip)),
            of(tally.editions[column]),
            of(tally.additions[column]),
        ));
    }
    lines.join("\n") + "\n"
}

/// The record as Markdown.
#[must_use]
pub fn markdown(record: &Record) -> String {
    let manifest = &record.manifest;
    let tally = Tally::new(record);
    let mut lines: Vec<String> = Vec::new();
    let mut line = |line: String| lines.push(line);
    line("# WebAssembly conformance".to_owned());
    line(String::new());
    for gap in &record.gaps {
        line(format!("**Incomplete.** {gap}"));
        line(String::new());
    }
    line(format!(
        "{} assertions of {} {} (`{}`) on {} engines, {}, {}.",
        grouped(record.assertions()),
        cell(&manifest.suite.name),
        cell(&manifest.suite.version),
        cell(&manifest.suite.digest),
        record.engines().len(),
        cell(&manifest.machine),
        cell(&manifest.started),
    ));
    line(String::new());
    line("| engine | version | passed of asked | pass | fail | known | unexpected | crash | timeout | unsupported | skip | \
          other editions passed | additions passed | quoted text | total |"
        .to_owned());
    line(format!("|---|---|{}", "--:|".repeat(13)));
    for (column, engine) in record.engines().iter().enumerate() {
        let counts = tally.official[column];
        let (text_count, editions, additions) =
            (tally.text[column].total(), tally.editions[column], tally.additions[column]);
        let of = |state| grouped(counts.get(state));
        line(format!(
            "| {} | {} | {} | {} | {} | {} | {} | {} | {} | {} | {} | {} of {} | {} of {} | {} | {} |",
            cell(&engine.id.name.to_string()),
            cell(&engine.id.version),
            percent(counts.passed(), counts.asked()),
            of(SuiteState::Pass),
            of(SuiteState::Fail),
            of(SuiteState::Known),
            of(SuiteState::Unexpected),
            of(SuiteState::Crash),
            of(SuiteState::Timeout),
            of(SuiteState::Unsupported),
            of(SuiteState::Skip),
            grouped(editions.passed()),
            grouped(editions.total()),
            grouped(additions.passed()),
            grouped(additions.total()),
            grouped(text_count),
            grouped(counts.total() + editions.total() + additions.total() + text_count),
        ));
    }
    for (column, engine) in record.engines().iter().enumerate() {
        if let Some(trouble) = &engine.trouble {
            line(String::new());
            line(format!("**{}** could not be started: {}", cell(&engine.id.to_string()), cell(trouble)));
            continue;
        }
        let failures: Vec<_> = record
            .files
            .iter()
            .flat_map(|file| file.file.assertions.iter().zip(&file.answers[column].states))
            .filter(|(_, state)| stands_alone(**state) && **state != SuiteState::Known)
            .collect();
        if failures.is_empty() {
            continue;
        }
        line(String::new());
        line(format!("## {}: {} red", cell(&engine.id.to_string()), grouped(failures.len() as u64)));
        line(String::new());
        for (assertion, state) in failures.iter().take(LISTED) {
            let name = &assertion.id;
            line(format!("- {}: `{}`, line {}, {}", state.name(), cell(name), assertion.line, cell(&assertion.kind)));
        }
        if failures.len() > LISTED {
            line(format!("- and {} more", grouped((failures.len() - LISTED) as u64)));
        }
        if let Some((assertion, _)) = failures.first() {
            line(String::new());
            line(format!("    {}", command(record, &assertion.id, &[engine.id.name.to_string()])));
        }
    }
    lines.join("\n") + "\n"
}

/// A text inside a table or a line: what Markdown would take for its own is escaped.
pub(crate) fn cell(text: &str) -> String {
    text.replace('\\', "\\\\").replace('|', "\\|").replace('`', "'").replace(['\n', '\r'], " ").replace('<', "&lt;")
}
