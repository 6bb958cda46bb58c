//! A comparison of two engines as JUnit XML, SARIF and Markdown: transitions only, with counts of what stayed.

use std::collections::BTreeMap;
use std::time::Duration;

use quick_junit::{NonSuccessKind, Property, Report, TestCase, TestCaseStatus, TestSuite};
use serde_json::{Value, json};
use wassay_model::regress::{RegressCorpus, RegressRecord, Transition, TransitionKind};
use wassay_model::suite::SuiteState;

use crate::junit::JunitError;
use crate::markdown::cell;
use crate::sarif::uri;

/// So many transitions of a kind are listed in Markdown; the rest is counted.
const LISTED: usize = 20;

/// The comparison as JUnit XML: a suite for each part of the corpus, a case for each transition, one for all that
/// stayed as it was, and one for each item that was left out.
///
/// # Errors
/// The XML writer refuses.
pub fn regress_junit(record: &RegressRecord) -> Result<String, JunitError> {
    let title = format!("{} to {}", record.old, record.new);
    let mut report = Report::new(title.clone());
    report.set_time(Duration::from_millis(record.elapsed_ms));
    for corpus in &record.corpora {
        let mut suite = TestSuite::new(corpus.name.clone());
        for (name, value) in [
            ("old", record.old.to_string()),
            ("new", record.new.to_string()),
            ("started", record.started.clone()),
            ("command", record.command.clone()),
        ] {
            suite.add_property(Property::new(name, value));
        }
        let own = record.transitions.iter().filter(|transition| transition.corpus == corpus.name);
        let mut changed = 0;
        for transition in own {
            changed += 1;
            suite.add_test_case(case(transition, &title));
        }
        let stayed = unchanged(corpus, changed);
        let mut rest = TestCase::new(format!("{stayed} x unchanged"), TestCaseStatus::success());
        rest.set_classname(title.clone());
        rest.set_assertions(usize::try_from(stayed).unwrap_or(usize::MAX));
        suite.add_test_case(rest);
        for left_out in record.left_out.iter().filter(|left_out| left_out.corpus == corpus.name) {
            let mut status = TestCaseStatus::skipped();
            status.set_message(left_out.why.clone());
            let mut case = TestCase::new(left_out.item.clone(), status);
            case.set_classname(title.clone());
            suite.add_test_case(case);
        }
        report.add_test_suite(suite);
    }
    Ok(report.to_string()?)
}

/// What stayed as it was: assertions and cases without a transition.
fn unchanged(corpus: &RegressCorpus, changed: u64) -> u64 {
    corpus.new.values().sum::<u64>().saturating_sub(changed)
}

fn case(transition: &Transition, class: &str) -> TestCase {
    let mut status = match transition.kind {
        TransitionKind::NewCrash => TestCaseStatus::non_success(NonSuccessKind::Error),
        kind if kind.is_regression() => TestCaseStatus::non_success(NonSuccessKind::Failure),
        TransitionKind::NewlyPassing | TransitionKind::Otherwise => TestCaseStatus::success(),
        _ => TestCaseStatus::skipped(),
    };
    if !matches!(transition.kind, TransitionKind::NewlyPassing | TransitionKind::Otherwise) {
        status.set_message(format!("{}: {}", transition.kind.name(), transition.after_words));
    }
    if transition.kind.is_regression() {
        status.set_type(transition.kind.word());
        status.set_description(words(transition));
    }
    let mut case = TestCase::new(transition.id.clone(), status);
    case.set_classname(class.to_owned());
    case.set_assertions(1);
    case
}

/// A transition in a few lines.
fn words(transition: &Transition) -> String {
    let mut lines = vec![
        format!("before: {}", said(transition.before, &transition.before_words)),
        format!("now: {}", said(transition.after, &transition.after_words)),
    ];
    if transition.is_flaky() {
        lines.push(format!("flaky: seen in {} of {} looks", transition.confirmed.0, transition.confirmed.1));
    }
    lines.extend(transition.known.as_ref().map(|known| format!("known issue: {known}")));
    lines.push(format!("again: {}", transition.command));
    lines.join("\n")
}

fn said(state: SuiteState, words: &str) -> String {
    if words.is_empty() { state.name().to_owned() } else { format!("{} ({words})", state.name()) }
}

/// The comparison as a SARIF 2.1.0 log: a result for each transition for the worse.
#[must_use]
pub fn regress_sarif(record: &RegressRecord) -> Value {
    let worse = || record.transitions.iter().filter(|transition| transition.kind.is_regression());
    let rules: BTreeMap<&str, Value> = worse()
        .map(|transition| {
            let kind = transition.kind;
            let rule = json!({
                "id": format!("regress/{}", kind.word()),
                "shortDescription": { "text": kind.name() },
            });
            (kind.word(), rule)
        })
        .collect();
    let results: Vec<Value> = worse().map(|transition| result(record, transition)).collect();
    json!({
        "$schema": "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "wassay",
                "version": record.program,
                "rules": rules.into_values().collect::<Vec<_>>(),
            } },
            "automationDetails": { "id": format!("wassay-regress/{}/", record.new.name.name) },
            "invocations": [{
                "commandLine": record.command,
                "executionSuccessful": record.left_out.is_empty(),
                "startTimeUtc": record.started,
            }],
            "properties": {
                "old": record.old.to_string(),
                "new": record.new.to_string(),
                "machine": record.machine,
                "leftOut": record.left_out,
            },
            "results": results,
        }],
    })
}

fn result(record: &RegressRecord, transition: &Transition) -> Value {
    let mut result = json!({
        "ruleId": format!("regress/{}", transition.kind.word()),
        "level": if transition.is_flaky() { "warning" } else { "error" },
        "message": { "text": format!("{} from {} to {}\n{}", transition.kind.name(), record.old, record.new,
            words(transition)) },
        "locations": [{
            "physicalLocation": {
                "artifactLocation": { "uri": uri(&transition.item), "uriBaseId": "CORPUS" },
                "region": { "startLine": transition.line.unwrap_or(1).max(1) },
            },
        }],
        "partialFingerprints": {
            "wassayTransition/v1": format!("{}/{}/{}", record.new.name.name, transition.kind.word(), transition.id),
        },
        "properties": { "corpus": transition.corpus, "command": transition.command },
    });
    if let Some(known) = &transition.known {
        result["suppressions"] = json!([{ "kind": "external", "justification": format!("known issue {known}") }]);
    }
    result
}

/// The comparison as Markdown.
#[must_use]
pub fn regress_markdown(record: &RegressRecord) -> String {
    let mut lines = vec![format!("# From {} to {}", cell(&record.old.to_string()), cell(&record.new.to_string()))];
    let mut line = |text: String| lines.push(text);
    line(String::new());
    line(format!("{}, {}", cell(&record.machine), cell(&record.started)));
    line(String::new());
    line("| corpus | items | passed before | passed now | load before, now (ms) | run before, now (ms) |".to_owned());
    line("|---|--:|--:|--:|--:|--:|".to_owned());
    for corpus in &record.corpora {
        let passed = |states: &BTreeMap<SuiteState, u64>| {
            let all: u64 = states.values().sum();
            format!("{} of {all}", states.get(&SuiteState::Pass).copied().unwrap_or_default())
        };
        let ms = |micros: [u64; 2]| format!("{:.1}, {:.1}", micros[0] as f64 / 1000.0, micros[1] as f64 / 1000.0);
        line(format!(
            "| {} | {} | {} | {} | {} | {} |",
            cell(&corpus.name),
            corpus.items,
            passed(&corpus.old),
            passed(&corpus.new),
            ms(corpus.load_micros),
            ms(corpus.run_micros)
        ));
    }
    if record.transitions.is_empty() {
        line(String::new());
        line("Nothing changed.".to_owned());
    }
    for kind in TransitionKind::ALL {
        let own: Vec<&Transition> = record.transitions.iter().filter(|transition| transition.kind == kind).collect();
        if own.is_empty() {
            continue;
        }
        line(String::new());
        line(format!("## {}: {}", kind.name(), own.len()));
        line(String::new());
        for transition in own.iter().take(LISTED) {
            let flaky = match transition.is_flaky() {
                true => format!(", flaky ({} of {})", transition.confirmed.0, transition.confirmed.1),
                false => String::new(),
            };
            let known = transition.known.as_ref().map(|known| format!(", known issue {}", cell(known)));
            line(format!(
                "- `{}`{flaky}{}: {}; before: {}",
                cell(&transition.id),
                known.unwrap_or_default(),
                cell(&said(transition.after, &transition.after_words)),
                cell(&said(transition.before, &transition.before_words)),
            ));
        }
        if own.len() > LISTED {
            line(format!("- and {} more", own.len() - LISTED));
        }
        if kind.is_regression() {
            line(String::new());
            line(format!("    {}", own[0].command));
        }
    }
    if !record.left_out.is_empty() {
        line(String::new());
        line(format!("## left out: {}", record.left_out.len()));
        line(String::new());
        for left_out in record.left_out.iter().take(LISTED) {
            line(format!("- {}: {}", cell(&left_out.item), cell(&left_out.why)));
        }
    }
    lines.join("\n") + "\n"
}
