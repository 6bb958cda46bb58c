//! SARIF 2.1.0: a run for each engine, a result for each assertion that failed. Rules are named after the command
//! and the manner, so that they stay the same from run to run; known failures are results that are suppressed.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use wassay_model::suite::SuiteState;

use crate::entry::{command, entries, message};
use crate::record::Record;

/// The record as a SARIF log.
#[must_use]
pub fn sarif(record: &Record) -> Value {
    let runs: Vec<Value> = (0..record.engines().len()).map(|column| run(record, column)).collect();
    json!({
        "$schema": "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json",
        "version": "2.1.0",
        "runs": runs,
    })
}

fn run(record: &Record, column: usize) -> Value {
    let manifest = &record.manifest;
    let engine = &record.engines()[column];
    let mut rules: BTreeMap<String, Value> = BTreeMap::new();
    let mut results = Vec::new();
    for file in &record.files {
        for entry in entries(record, file, column) {
            let Some((assertion, _)) = entry.single else { continue };
            let (rule, text) = rule(entry.state, &assertion.kind);
            rules.entry(rule.clone()).or_insert_with(|| json!({ "id": rule, "shortDescription": { "text": text } }));
            let mut result = json!({
                "ruleId": rule,
                "level": if entry.state == SuiteState::Known { "note" } else { "error" },
                "message": { "text": format!("{} on {}\n{}", assertion.kind, engine.id, message(&entry)) },
                "locations": [{
                    "physicalLocation": {
                        "artifactLocation": { "uri": uri(&file.file.path), "uriBaseId": "SUITE" },
                        "region": { "startLine": assertion.line.max(1) },
                    },
                }],
                "partialFingerprints": { "wassayAssertion/v1": format!("{}/{}", engine.id.name, assertion.id) },
                "properties": {
                    "state": entry.state.name(),
                    "proposal": file.file.proposal,
                    "command": command(record, &assertion.id, &[engine.id.name.to_string()]),
                },
            });
            if entry.state == SuiteState::Known {
                result["suppressions"] = json!([{ "kind": "external", "justification": entry.reason }]);
            }
            results.push(result);
        }
    }
    json!({
        "tool": {
            "driver": {
                "name": "wassay",
                "version": manifest.program,
                "rules": rules.into_values().collect::<Vec<_>>(),
            },
        },
        "automationDetails": { "id": format!("wassay-spec/{}/", engine.id.name) },
        "invocations": [{
            "commandLine": manifest.command,
            "executionSuccessful": record.is_complete() && engine.trouble.is_none(),
            "startTimeUtc": manifest.started,
        }],
        "properties": {
            "engine": engine.id.to_string(),
            "suite": format!("{} {}", manifest.suite.name, manifest.suite.version),
            "suiteDigest": manifest.suite.digest,
            "machine": manifest.machine,
            "incomplete": record.gaps,
        },
        "results": results,
    })
}

/// The stable name of what went wrong, and what it means.
fn rule(state: SuiteState, kind: &str) -> (String, String) {
    match state {
        SuiteState::Crash => ("spec/crash".to_owned(), "the engine's program died".to_owned()),
        SuiteState::Timeout => ("spec/timeout".to_owned(), "the engine did not come back in time".to_owned()),
        SuiteState::Unexpected => {
            ("spec/unexpected-pass".to_owned(), "the list of known failures names it, and it passes".to_owned())
        }
        _ => (format!("spec/{kind}"), format!("`{kind}` did not go as the standard says")),
    }
}

/// A path as a relative URI: what is not plain is written in hexadecimal.
pub(crate) fn uri(path: &str) -> String {
    let mut uri = String::new();
    for byte in path.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => uri.push(char::from(byte)),
            _ => uri.push_str(&format!("%{byte:02X}")),
        }
    }
    uri
}
