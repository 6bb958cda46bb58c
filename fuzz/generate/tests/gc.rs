//! What the `gc` family promises of its cases.

mod measure;

use measure::{cases_depend_on_seed_and_index_alone, emits, features_are_exact, gates};

#[test]
fn cases_are_valid_and_need_exactly_their_features() {
    features_are_exact("gc", 200);
}

#[test]
fn a_case_depends_on_seed_and_index_alone() {
    cases_depend_on_seed_and_index_alone("gc");
}

#[test]
fn the_reference_finishes_the_cases_and_calls_return_values() {
    let gates = gates("gc", "reference", 200);
    assert!(gates.taken == 200 && gates.finished >= 95 && gates.late >= 90 && gates.returned >= 85, "{gates:?}");
    assert!(gates.trapped >= 1, "casts fail now and then: {gates:?}");
}

// The one other engine that is linked and has garbage collection; compiling is slow, so it gets few cases.
#[test]
fn wasmtime_finishes_the_cases() {
    let gates = gates("gc", "wasmtime+pulley", 12);
    assert!(gates.taken == 12 && gates.finished >= 95 && gates.returned >= 80, "{gates:?}");
}

#[test]
fn every_instruction_of_garbage_collection_is_emitted() {
    emits(
        "gc",
        200,
        &[
            "StructNew",
            "StructNewDefault",
            "StructGet",
            "StructGetS",
            "StructGetU",
            "StructSet",
            "ArrayNew",
            "ArrayNewDefault",
            "ArrayNewFixed",
            "ArrayNewData",
            "ArrayNewElem",
            "ArrayGet",
            "ArrayGetS",
            "ArrayGetU",
            "ArraySet",
            "ArrayLen",
            "ArrayFill",
            "ArrayCopy",
            "ArrayInitData",
            "ArrayInitElem",
            "RefI31",
            "I31GetS",
            "I31GetU",
            "RefTestNonNull",
            "RefTestNullable",
            "RefCastNonNull",
            "RefCastNullable",
            "BrOnCast",
            "BrOnCastFail",
            "AnyConvertExtern",
            "ExternConvertAny",
            "RefEq",
            "RefAsNonNull",
        ],
    );
}
