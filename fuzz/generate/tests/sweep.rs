//! What the `sweep` family promises of its cases.

use std::collections::{BTreeMap, BTreeSet};

use wasmparser::Validator;
use wassay_adapter::wasm_features;
use wassay_generate::{Cell, Profile, Shape, Sink, generate, generate_with_cells, sweep_cases, sweep_cells};
use wassay_model::{Feature, Features, TestCase};

fn sweep() -> Profile {
    Profile::parse("sweep").expect("the profile exists")
}

fn whole() -> impl Iterator<Item = TestCase> {
    (0..sweep_cases(Features::ALL)).map(|index| generate(1, index, &sweep()))
}

#[test]
fn the_whole_sweep_is_valid_with_exactly_its_features() {
    for case in whole() {
        for module in &case.modules {
            let valid = |features| Validator::new_with_features(wasm_features(features)).validate_all(&module.bytes.0);
            if let Err(error) = valid(case.features) {
                panic!("{:?}, with {:?}: {error}", case.provenance, case.features);
            }
        }
    }
}
