//! CTRF, the common test report format: the lines of JUnit as JSON. `extra.assertions` says how many assertions a
//! test stands for, and the summary's `extra` counts assertions rather than tests.

use serde_json::{Map, Value, json};
use wassay_model::suite::SuiteState;

use crate::entry::{entries, message};
use crate::record::Record;
use crate::tally::Counts;

/// The version of the specification that is followed.
const SPEC_VERSION: &str = "0.0.0";

/// The record as a CTRF document.
#[must_use]
pub fn ctrf(record: &Record) -> Value {
    let manifest = &record.manifest;
    let mut tests = Vec::new();
    let mut counted = [0_u64; 4];
    let mut assertions = Counts::default();
    let mut suites = 0_u64;
    for (column, engine) in record.engines().iter().enumerate() {
        for file in &record.files {
            assertions += Counts::of(&file.answers[column].states);
            let entries = entries(record, file, column);
            suites += u64::from(!entries.is_empty());
            for entry in entries {
                let (status, place) = status(entry.state);
                counted[place] += 1;
                let mut test = Map::new();
                test.insert("name".to_owned(), json!(entry.name));
                test.insert("status".to_owned(), json!(status));
                test.insert("rawStatus".to_owned(), json!(entry.state.name()));
                test.insert("duration".to_owned(), json!(0));
                test.insert("testId".to_owned(), json!(format!("{}/{}", engine.id.name, entry.id)));
                test.insert("suite".to_owned(), json!([engine.id.to_string(), file.file.path]));
                test.insert("filePath".to_owned(), json!(file.file.path));
                test.insert("extra".to_owned(), json!({ "assertions": entry.assertions }));
                if entry.state != SuiteState::Pass {
                    test.insert("message".to_owned(), json!(message(&entry)));
                }
                if let Some((assertion, detail)) = entry.single {
                    test.insert("line".to_owned(), json!(assertion.line));
                    if let Some(detail) = detail.filter(|detail| !detail.source.is_empty()) {
                        test.insert("snippet".to_owned(), json!(detail.source));
                    }
                }
                tests.push(Value::Object(test));
            }
        }
    }
    let start = millis(&manifest.started);
    let elapsed = record.elapsed_ms.unwrap_or(0);
    let states: Map<String, Value> =
        SuiteState::ALL.into_iter().map(|state| (state.name().to_owned(), json!(assertions.get(state)))).collect();
    json!({
        "reportFormat": "CTRF",
        "specVersion": SPEC_VERSION,
        "generatedBy": format!("wassay {}", manifest.program),
        "results": {
            "tool": { "name": "wassay", "version": manifest.program },
            "summary": {
                "tests": tests.len(),
                "passed": counted[0],
                "failed": counted[1],
                "skipped": counted[2],
                "pending": 0,
                "other": counted[3],
                "suites": suites,
                "start": start,
                "stop": start.saturating_add_unsigned(elapsed),
                "duration": elapsed,
                "extra": { "assertions": states, "incomplete": record.gaps },
            },
            "tests": tests,
            "environment": {
                "osPlatform": manifest.machine,
                "testEnvironment": format!("{} {} {}", manifest.suite.name, manifest.suite.version, manifest.suite.digest),
                "extra": { "engines": record.engines().iter().map(|engine| engine.id.to_string()).collect::<Vec<_>>() },
            },
        },
    })
}

/// The word of CTRF for a state, and its place among the counts. A known failure is `other`: neither green nor news.
fn status(state: SuiteState) -> (&'static str, usize) {
    match state {
        SuiteState::Pass => ("passed", 0),
        SuiteState::Fail | SuiteState::Unexpected | SuiteState::Crash | SuiteState::Timeout => ("failed", 1),
        SuiteState::Skip | SuiteState::Unsupported => ("skipped", 2),
        SuiteState::Known => ("other", 3),
    }
}

/// Milliseconds since 1970; 0 for a text that is no time.
fn millis(started: &str) -> i64 {
    started.parse::<jiff::Timestamp>().map_or(0, jiff::Timestamp::as_millisecond)
}
