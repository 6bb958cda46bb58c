//! What the `idiom` family promises of its cases.

mod measure;

use measure::{case, cases_depend_on_seed_and_index_alone, emits, features_are_exact, gates};
use wassay_model::Provenance;

#[test]
fn cases_are_valid_and_need_exactly_their_features() {
    features_are_exact("idiom", 300);
}

#[test]
fn a_case_depends_on_seed_and_index_alone() {
    cases_depend_on_seed_and_index_alone("idiom");
}

#[test]
fn the_reference_finishes_the_cases_and_calls_return_values() {
    let gates = gates("idiom", "reference", 200);
    assert!(gates.taken == 200 && gates.finished >= 99 && gates.late >= 90 && gates.returned >= 90, "{gates:?}");
    assert!(gates.trapped >= 1, "divisions trap now and then: {gates:?}");
}

#[test]
fn wasmi_finishes_what_it_takes() {
    let gates = gates("idiom", "wasmi", 60);
    assert!(gates.taken >= 10 && gates.finished >= 99 && gates.returned >= 90, "{gates:?}");
}

#[test]
fn what_compilers_fold_and_what_waits_is_there() {
    emits(
        "idiom",
        200,
        &[
            "I32Shl",
            "I64ShrU",
            "I32Rotl",
            "I32RemS",
            "I64DivU",
            "I32Extend8S",
            "I64ExtendI32U",
            "I32WrapI64",
            "F64Copysign",
            "F32Floor",
            "F64Ne",
            "Select",
            "LocalTee",
            "GlobalGet",
            "Block",
            "Loop",
            "If",
            "Br",
            "BrIf",
            "TryTable",
            "StructGet",
            "StructSet",
            "RefTestNonNull",
            "TableGrow",
            "MemoryFill",
            "MemoryInit",
            "I8x16Shuffle",
            "I8x16Swizzle",
            "I64x2ShrS",
            "V128Bitselect",
            "V128Store8Lane",
            "ReturnCall",
        ],
    );
}

#[test]
fn floats_are_computed_with_or_looked_at_bit_by_bit() {
    let mut kinds = std::collections::BTreeSet::new();
    for index in 0..100 {
        let case = case("idiom", index);
        let Provenance::Generated { traits, .. } = &case.provenance else { panic!("{:?}", case.provenance) };
        let names = measure::operators_of(&case);
        let computes = ["F32Add", "F64Mul", "F64Sqrt", "F32DemoteF64", "F64Nearest"];
        let looks = ["F64Copysign", "F32Copysign", "I32ReinterpretF32", "I64ReinterpretF64", "F64Store", "F32Store"];
        let has = |list: &[&str]| list.iter().any(|name| names.contains(*name));
        assert!(!(has(&computes) && has(&looks)), "case {index}: {traits:?}");
        kinds.insert((has(&computes), has(&looks)));
    }
    assert!(kinds.contains(&(true, false)) && kinds.contains(&(false, true)), "{kinds:?}");
}
