//! What the `broken` family promises of its cases.

use wasmparser::Validator;
use wassay_adapter::wasm_features;
use wassay_generate::{Profile, generate};
use wassay_model::{Action, Features, TestCase};

fn cases(count: u64) -> impl Iterator<Item = TestCase> {
    let profile = Profile::parse("broken").unwrap();
    (0..count).map(move |index| generate(7, index, &profile))
}

/// Whether it has nothing but small modules in which a value comes to where a type is wanted.
fn is_about_types(case: &TestCase) -> bool {
    case.modules[0].name != "unchanged"
}

fn is_valid(bytes: &[u8], features: Features) -> bool {
    Validator::new_with_features(wasm_features(features)).validate_all(bytes).is_ok()
}

#[test]
fn a_case_is_a_function_of_seed_and_index() {
    assert!(cases(20).eq(cases(20)));
}

#[test]
fn modules_are_loaded_and_nothing_else_and_only_the_first_is_unchanged() {
    for case in cases(100) {
        assert!(case.plan.steps.iter().all(|step| matches!(step.action, Action::Load { .. })));
        assert_eq!(case.plan.steps.len(), case.modules.len());
        if is_about_types(&case) {
            continue;
        }
        let first = &case.modules[0].bytes;
        assert!(is_valid(&first.0, case.features));
        assert!(case.modules[1..].iter().all(|module| module.bytes != *first));
    }
}

#[test]
fn verdicts_do_not_depend_on_features_that_an_engine_may_lack() {
    for module in cases(200).flat_map(|case| {
        let features = case.features;
        case.modules.into_iter().map(move |module| (features, module))
    }) {
        let (features, module) = module;
        let with = |features| is_valid(&module.bytes.0, features);
        assert_eq!(with(features), with(Features::ALL), "{} with {features:?}", module.name);
    }
}

#[test]
fn most_cases_are_full_and_hold_both_valid_and_invalid_modules() {
    let (mut modules, mut valid) = (0_u32, 0_u32);
    for case in cases(300).filter(|case| !is_about_types(case)) {
        for module in &case.modules[1..] {
            modules += 1;
            valid += u32::from(is_valid(&module.bytes.0, Features::ALL));
        }
    }
    assert!(modules > 150 * 7, "{modules}");
    let percent = valid * 100 / modules;
    assert!((5..=60).contains(&percent), "{percent} %");
}

#[test]
fn values_come_to_where_they_fit_about_as_often_as_not() {
    let (mut modules, mut valid) = (0_u32, 0_u32);
    for case in cases(300).filter(is_about_types) {
        for module in &case.modules {
            modules += 1;
            valid += u32::from(is_valid(&module.bytes.0, case.features));
        }
    }
    assert!(modules > 1000, "{modules}");
    let percent = valid * 100 / modules;
    println!("{percent} % of {modules} are valid");
    assert!((35..=75).contains(&percent), "{percent} %");
}
