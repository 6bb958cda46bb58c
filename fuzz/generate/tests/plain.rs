//! What the families that are held against others promise, and `smith` in the whole language.

use wasmparser::{Parser, Payload, Validator};
use wassay_adapter::wasm_features;
use wassay_generate::{Family, Profile, generate};
use wassay_model::{Action, Features, TestCase};

#[track_caller]
fn assert_valid(case: &TestCase) {
    for module in &case.modules {
        let validated = Validator::new_with_features(wasm_features(case.features)).validate_all(&module.bytes.0);
        if let Err(error) = validated {
            panic!("{:?}, module {}, with {:?}: {error}", case.provenance, module.name, case.features);
        }
    }
}

fn cases(family: Family, count: u64) -> Vec<TestCase> {
    (0..count).map(|index| generate(7, index, &Profile::alone(family))).collect()
}

#[test]
fn every_case_is_valid_with_the_features_that_it_names() {
    for family in [Family::Plain, Family::PlainBest, Family::Smith] {
        cases(family, 150).iter().for_each(assert_valid);
    }
}

#[test]
fn every_feature_of_the_standard_is_in_some_case_of_smith_and_of_the_best_settings() {
    for family in [Family::Smith, Family::PlainBest] {
        let seen = cases(family, 60).iter().fold(Features::V1, |seen, case| seen.union(case.features));
        let lacking = Features::V3.minus(seen);
        assert!(lacking.is_empty(), "{family}: {lacking:?}");
    }
}

#[test]
fn a_case_is_a_function_of_its_number() {
    for family in [Family::Plain, Family::PlainBest] {
        assert_eq!(cases(family, 20), cases(family, 20));
    }
}

#[test]
fn the_best_settings_export_and_call_several_functions_and_import_nothing() {
    for case in cases(Family::PlainBest, 40) {
        let mut imports = 0;
        for payload in Parser::new(0).parse_all(&case.modules[0].bytes.0) {
            if let Payload::ImportSection(section) = payload.unwrap() {
                imports += section.count();
            }
        }
        assert_eq!(imports, 0);
        let mut called: Vec<&str> = case
            .plan
            .steps
            .iter()
            .filter_map(|step| match &step.action {
                Action::Invoke { export, .. } => Some(export.as_str()),
                _ => None,
            })
            .collect();
        called.sort_unstable();
        called.dedup();
        assert!(called.len() >= 2, "{:?}: {called:?}", case.provenance);
    }
}
