//! Every format of a small record that has every state, held against its schema, its sums and a snapshot.

mod common;

use common::{large, older, small};
use serde_json::Value;
use wassay_model::suite::SuiteState;
use wassay_reports::{
    ChangeKind, Changes, Format, Tally, badges, bundle, ctrf, features, junit, markdown, sarif, summary,
};

fn check(schema: &str, document: &Value) {
    let schema: Value = serde_json::from_str(schema).unwrap();
    let validator = jsonschema::draft7::new(&schema).unwrap();
    let errors: Vec<String> =
        validator.iter_errors(document).map(|error| format!("{}: {error}", error.instance_path())).collect();
    assert!(errors.is_empty(), "{errors:#?}");
}

/// How many assertions are in a state, on all engines.
fn count(states: &[SuiteState]) -> u64 {
    let record = small();
    let answers = record.files.iter().flat_map(|file| &file.answers);
    answers.flat_map(|answer| &answer.states).filter(|state| states.contains(state)).count() as u64
}

const RED: [SuiteState; 4] = [SuiteState::Fail, SuiteState::Crash, SuiteState::Timeout, SuiteState::Unexpected];

#[test]
fn sarif_fits_the_schema_and_has_every_failure() {
    let log = sarif(&small());
    // The published schema has a stray bracket in one pattern, which is no regular expression of JavaScript.
    let schema = include_str!("schemas/sarif-2.1.0.json");
    let mended = schema.replace("^[a-zA-Z]{2}|^[a-zA-Z]{2}-[a-zA-Z]{2}]?$", "^[a-zA-Z]{2}(-[a-zA-Z]{2})?$");
    assert_ne!(mended, schema);
    check(&mended, &log);
    let results: Vec<&Value> =
        log["runs"].as_array().unwrap().iter().flat_map(|run| run["results"].as_array().unwrap()).collect();
    let known: Vec<_> = results.iter().filter(|result| result["suppressions"].is_array()).collect();
    assert_eq!(known.len() as u64, count(&[SuiteState::Known]));
    assert_eq!(results.len() as u64, count(&RED) + count(&[SuiteState::Known]));
    insta::assert_json_snapshot!(log["runs"][2]);
}

#[test]
fn rules_are_named_after_what_went_wrong_and_not_after_a_run() {
    let log = sarif(&small());
    let mut rules: Vec<&str> = log["runs"]
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|run| run["tool"]["driver"]["rules"].as_array().unwrap())
        .map(|rule| rule["id"].as_str().unwrap())
        .collect();
    rules.sort_unstable();
    rules.dedup();
    assert_eq!(rules, ["spec/assert_return", "spec/crash", "spec/timeout", "spec/unexpected-pass"]);
}

#[test]
fn ctrf_fits_the_schema_and_its_counts_are_those_of_its_tests() {
    let document = ctrf(&small());
    check(include_str!("schemas/ctrf-0.0.json"), &document);
    let tests = document["results"]["tests"].as_array().unwrap();
    let summary = &document["results"]["summary"];
    assert_eq!(summary["tests"], tests.len());
    for status in ["passed", "failed", "skipped", "pending", "other"] {
        let found = tests.iter().filter(|test| test["status"] == status).count();
        assert_eq!(summary[status], found, "{status}");
    }
    let assertions: u64 = tests.iter().map(|test| test["extra"]["assertions"].as_u64().unwrap()).sum();
    assert_eq!(assertions, small().assertions() * small().engines().len() as u64);
    let failed = tests.iter().filter(|test| test["status"] == "failed").count() as u64;
    assert_eq!(failed, count(&RED));
    assert_eq!(summary["stop"].as_i64().unwrap() - summary["start"].as_i64().unwrap(), 48_210);
}

/// An element, the attributes that it must have, those that it may have, and what may stand in it.
type Element = (&'static str, &'static [&'static str], &'static [&'static str], &'static [&'static str]);

/// What readers of JUnit files agree on: the elements, the attributes that they must and may have, and what may stand
/// in them, in this order. There is no one published schema; this is what Jenkins and the tools that follow it take.
const JUNIT: &[Element] = &[
    (
        "testsuites",
        &[],
        &["name", "time", "tests", "failures", "errors", "disabled", "skipped", "timestamp"],
        &["testsuite"],
    ),
    (
        "testsuite",
        &["name", "tests"],
        &["failures", "errors", "disabled", "skipped", "time", "timestamp", "hostname", "id", "package"],
        &["properties", "testcase", "system-out", "system-err"],
    ),
    ("properties", &[], &[], &["property"]),
    ("property", &["name", "value"], &[], &[]),
    (
        "testcase",
        &["name", "classname"],
        &["assertions", "time", "status"],
        &["skipped", "error", "failure", "system-out", "system-err"],
    ),
    ("skipped", &[], &["message"], &[]),
    ("error", &["type"], &["message"], &[]),
    ("failure", &["type"], &["message"], &[]),
];

/// Holds an element, and all in it, against [`JUNIT`].
fn check_junit(node: roxmltree::Node<'_, '_>) {
    let name = node.tag_name().name();
    let (_, required, optional, children) =
        JUNIT.iter().find(|row| row.0 == name).unwrap_or_else(|| panic!("<{name}> is no element of JUnit files"));
    for wanted in *required {
        assert!(node.attribute(*wanted).is_some_and(|value| !value.is_empty()), "<{name}> has no {wanted}");
    }
    for attribute in node.attributes() {
        let (key, value) = (attribute.name(), attribute.value());
        assert!(required.contains(&key) || optional.contains(&key), "<{name}> must not have {key}");
        let counts = ["tests", "failures", "errors", "disabled", "assertions"];
        assert!(!counts.contains(&key) || value.parse::<u64>().is_ok(), "<{name} {key}={value:?}>");
        assert!(key != "time" || value.parse::<f64>().is_ok_and(|time| time >= 0.0), "<{name} {key}={value:?}>");
        let is_time = |value: &str| value.parse::<jiff::Timestamp>().is_ok();
        assert!(key != "timestamp" || is_time(value), "<{name} {key}={value:?}>");
    }
    let mut at = 0;
    for child in node.children().filter(roxmltree::Node::is_element) {
        let place = children.iter().position(|known| *known == child.tag_name().name());
        let place = place.unwrap_or_else(|| panic!("<{}> must not stand in <{name}>", child.tag_name().name()));
        assert!(place >= at, "<{}> is out of order in <{name}>", child.tag_name().name());
        at = place;
        check_junit(child);
    }
}

#[test]
fn junit_is_xml_whose_counts_are_those_of_its_cases() {
    let text = junit(&small()).unwrap();
    let document = roxmltree::Document::parse(&text).unwrap();
    let root = document.root_element();
    assert_eq!(root.tag_name().name(), "testsuites");
    check_junit(root);
    let number = |node: roxmltree::Node<'_, '_>, name: &str| -> usize {
        node.attribute(name).unwrap_or_else(|| panic!("{name} is missing")).parse().unwrap()
    };
    let mut sums = [0; 4];
    let mut assertions = 0;
    for suite in root.children().filter(roxmltree::Node::is_element) {
        assert_eq!(suite.tag_name().name(), "testsuite");
        assert!(suite.attribute("name").is_some());
        let cases: Vec<_> = suite.children().filter(|node| node.has_tag_name("testcase")).collect();
        let with = |name: &str| cases.iter().filter(|case| case.children().any(|node| node.has_tag_name(name))).count();
        let counted = [cases.len(), with("failure"), with("error"), with("skipped")];
        let told = ["tests", "failures", "errors"].map(|name| number(suite, name));
        assert_eq!(told, counted[..3]);
        assert!(cases.iter().all(|case| case.attribute("name").is_some() && case.attribute("classname").is_some()));
        assertions += cases.iter().map(|case| number(*case, "assertions")).sum::<usize>();
        for (sum, count) in sums.iter_mut().zip(counted) {
            *sum += count;
        }
    }
    assert_eq!(["tests", "failures", "errors"].map(|name| number(root, name)), sums[..3]);
    assert_eq!(assertions as u64, small().assertions() * small().engines().len() as u64);
    assert_eq!(sums[1] as u64, count(&[SuiteState::Fail, SuiteState::Unexpected]));
    assert_eq!(sums[2] as u64, count(&[SuiteState::Crash, SuiteState::Timeout]));
    insta::assert_snapshot!(text.split("<testsuite ").find(|part| part.contains("chaos+crash")).unwrap());
}

#[test]
fn markdown_is_a_table_and_the_first_failures() {
    insta::assert_snapshot!(markdown(&small()));
}

#[test]
fn badges_are_svg_that_names_engine_and_share() {
    let badges = badges(&small()).unwrap();
    assert_eq!(badges.len(), 1 + small().engines().len());
    for (name, text) in &badges {
        let document = roxmltree::Document::parse(text).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(document.root_element().tag_name().name(), "svg");
    }
    let label = |wanted: &str| {
        let (_, text) = badges.iter().find(|(name, _)| name == wanted).unwrap();
        let document = roxmltree::Document::parse(text).unwrap();
        document.root_element().attribute("aria-label").unwrap().replace('\u{202f}', " ")
    };
    assert_eq!(label("badges/reference.svg"), "reference 0.1.0: 100 % of 30");
    assert_eq!(label("badges/node-26.4.0.svg"), "node@26.4.0: not run");
    assert_eq!(label("badge.svg"), "wasm conformance: 7 engines, 6 red");
}

#[test]
fn features_have_the_form_of_the_communitys_table() {
    let table = features(&small());
    for engine in table["browsers"].as_object().unwrap().values() {
        assert!(engine["url"].is_string() && engine["logo"].is_string());
        for (key, status) in engine["features"].as_object().unwrap() {
            assert!(table["features"][key]["description"].is_string(), "{key} is not described");
            assert!(status[1].as_str().is_some_and(|note| !note.is_empty()), "{key}: {status}");
            assert!(status[0].is_boolean() || status[0].is_string(), "{key}: {status}");
        }
    }
    let status = |engine: &str, key: &str| table["browsers"][engine]["features"][key].clone();
    assert_eq!(status("wasmtime", "gc")[0], "48.0.8");
    assert_eq!(status("wasmi", "gc")[0], false);
    assert_eq!(status("wasmtime+winch", "simd")[0], false, "one assertion fails, known or not");
    assert_eq!(status("node@26.4.0", "gc"), Value::Null, "it was not asked");
}

#[test]
fn one_pass_of_a_proposal_is_no_feature() {
    let mut record = small();
    let wasmi = record.engines().iter().position(|engine| engine.id.name.to_string() == "wasmi").unwrap();
    let file = record.files.iter_mut().find(|file| file.file.proposal == "gc").unwrap();
    file.answers[wasmi].states[0] = SuiteState::Pass;
    assert_eq!(features(&record)["browsers"]["wasmi"]["features"]["gc"][0], false);
    record.manifest.engines[wasmi].capabilities = None;
    let status = features(&record)["browsers"]["wasmi"]["features"]["gc"].clone();
    assert_eq!(
        status,
        serde_json::json!([false, "Measured: 1 of 1 assertions pass; 4 more need something that it lacks"])
    );
}

#[test]
fn the_summary_has_every_count() {
    let text = summary(&small()).unwrap();
    let document: Value = serde_json::from_str(&text).unwrap();
    let engine = &document["engines"][5];
    insta::assert_json_snapshot!(engine);
    let tally = Tally::new(&small());
    assert_eq!(document["engines"][0]["official"]["pass"], tally.official[0].get(SuiteState::Pass));
}

#[test]
fn an_incomplete_record_says_so_in_every_format_and_on_every_page() {
    let text = common::small_text();
    let cut = text.lines().take(12).collect::<Vec<_>>().join("\n");
    let record = common::parse(&cut).unwrap();
    let files = bundle(&record, &Format::ALL, Some(&Changes::between(&older(), &record)), &[older()]).unwrap();
    for (name, text) in &files {
        let silent = ["style.css", "table.js"].contains(&name.as_str());
        let said = text.to_lowercase().contains("incomplete") || name == "badges/node-26.4.0.svg";
        assert!(silent || said, "{name} does not say that the record is incomplete");
    }
    let whole = bundle(&small(), &Format::ALL, None, &[]).unwrap();
    assert!(!whole["index.html"].contains("Incomplete"));
}

#[test]
fn a_diff_has_transitions_and_pairs_versions_of_an_engine() {
    let changes = Changes::between(&older(), &small());
    let of = |name: &str| {
        let engine = changes.engines.iter().find(|engine| engine.after.id.name.to_string() == name).unwrap();
        ChangeKind::ALL.map(|kind| engine.count(kind))
    };
    assert_eq!(of("wasmi"), [0, 1, 0, 0, 0, 5, 0]);
    assert_eq!(of("wasmi@1.1.0"), [0, 0, 0, 0, 0, 5, 0], "paired with wasmi@1.0.9");
    assert!(changes.engines_appeared.is_empty() && changes.engines_vanished.is_empty());
    assert!(changes.has_regression());
    let back = Changes::between(&small(), &older());
    assert_eq!(back.count(ChangeKind::NewlyPassing), 1);
    assert_eq!(back.count(ChangeKind::Vanished), 35);
    assert!(!back.has_regression());
    let none = Changes::between(&small(), &small());
    assert!(none.engines.iter().all(|engine| engine.changes.is_empty()));
}

#[test]
fn a_site_of_ten_engines_on_the_whole_suite_stays_small() {
    let record = large();
    assert!(record.assertions() > 136_000 && record.engines().len() == 10);
    let files = bundle(&record, &[Format::Html], None, &[]).unwrap();
    let whole: usize = files.values().map(String::len).sum();
    let below = |folder: &str| -> usize {
        files.iter().filter(|(name, _)| name.starts_with(folder)).map(|(_, text)| text.len()).sum()
    };
    assert!(whole < 30_000_000, "{whole} bytes: files {}, engines {}", below("files/"), below("engines/"));
    let front = files["index.html"].len() + files["style.css"].len() + files["table.js"].len();
    assert!(front < 300_000, "the front page has {front} bytes");
    assert!(files["files.html"].len() < 700_000, "the list of files has {} bytes", files["files.html"].len());
    assert!(files.len() > 611);
}
