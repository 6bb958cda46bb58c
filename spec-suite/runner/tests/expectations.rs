//! The lists of known failures fit the suite that they speak of.

use std::collections::{BTreeMap, BTreeSet};

use wassay_model::suite::{SuiteOrigin, SuiteState};
use wassay_model::{EngineId, EngineName};
use wassay_runner::{Answer, Expectations, Known, Place, SuiteScript, pinned};

/// The scripts of ours that other crates make are not here, so what lists say of them is held where they are.
fn scripts() -> Vec<SuiteScript> {
    pinned([]).files.iter().map(SuiteScript::read).collect()
}

#[test]
fn every_entry_names_an_assertion_and_every_assertion_has_an_identifier_of_its_own() {
    let mut lines: BTreeSet<Place> = BTreeSet::new();
    let mut ids: BTreeSet<String> = BTreeSet::new();
    let mut count = 0;
    for script in scripts() {
        assert_eq!(script.broken, None);
        for assertion in &script.file.assertions {
            lines.insert(Place::Line(script.file.path.clone(), assertion.line));
            assert!(ids.insert(assertion.id.clone()), "{} is there twice", assertion.id);
            count += 1;
        }
    }
    assert!(count > 136_000, "{count} assertions");
    let expectations = Expectations::of_the_pinned_suite().unwrap();
    let is_known = |place: &Place| match place {
        Place::Line(file, _) if file.starts_with("additions/memory64/") => true,
        Place::Line(..) => lines.contains(place),
        Place::Id(id) => ids.contains(id),
    };
    let unknown: Vec<Place> = expectations.places().into_iter().filter(|place| !is_known(place)).collect();
    assert!(unknown.is_empty(), "{unknown:?}");
}

#[test]
fn every_file_is_counted_under_a_name_and_asks_only_what_it_needs() {
    let mut proposals: BTreeMap<String, u32> = BTreeMap::new();
    for script in scripts() {
        *proposals.entry(script.file.proposal.clone()).or_default() += 1;
        let (path, features) = (&*script.file.path, script.file.features);
        match path {
            // The integers of 3.0 ask nothing newer than sign extension.
            "wasm-v3/i32.wast" => assert_eq!(names(features), "sign-extension"),
            "proposals/gc/struct.wast" => assert!(names(features).contains("gc"), "{features:?}"),
            "proposals/simd/simd_lane.wast" => assert_eq!(names(features), "simd"),
            _ if script.file.origin == SuiteOrigin::Addition => {
                assert!(names(features).contains("relaxed-simd"), "{path}: {features:?}");
            }
            _ => {}
        }
    }
    for name in ["core", "core-1.0", "simd", "relaxed-simd", "memory64", "gc", "exceptions", "threads", "tail-call"] {
        assert!(proposals.contains_key(name), "{name} is not among {proposals:?}");
    }
}

fn names(features: wassay_model::Features) -> String {
    features.iter().map(wassay_model::Feature::name).collect::<Vec<_>>().join(" ")
}

#[test]
fn an_engine_that_is_missing_or_was_not_asked_is_skipped_everywhere() {
    let engine = EngineName::plain("made-up");
    let script = scripts().into_iter().find(|script| script.file.path == "wasm-v3/fac.wast").unwrap();
    for (answer, details) in [(Answer::Missing, false), (Answer::NotAsked("it is away"), true)] {
        let result = script.result(&engine, answer, &Known::default());
        assert_eq!(result.states.len(), script.file.assertions.len());
        assert!(result.states.chars().all(|state| state == SuiteState::Skip.letter()), "{}", result.states);
        assert_eq!(!result.details.is_empty(), details);
    }
}

#[test]
fn the_reference_has_no_known_failures() {
    let id = EngineId { name: EngineName::plain("reference"), version: "0.1.0".to_owned() };
    let known = Expectations::of_the_pinned_suite().unwrap().of(&id);
    for script in scripts() {
        for assertion in &script.file.assertions {
            assert_eq!(known.failure(&script.file.path, assertion.line, &assertion.id), None);
        }
    }
}
