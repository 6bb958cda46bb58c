//! What the `control` family promises of its cases.

mod measure;

use measure::{case, cases_depend_on_seed_and_index_alone, emits, features_are_exact, gates};
use wassay_model::Value;

#[test]
fn cases_are_valid_and_need_exactly_their_features() {
    features_are_exact("control", 300);
}

#[test]
fn a_case_depends_on_seed_and_index_alone() {
    cases_depend_on_seed_and_index_alone("control");
}

#[test]
fn the_reference_finishes_the_cases_and_calls_return_values() {
    let gates = gates("control", "reference", 300);
    assert!(gates.taken == 300 && gates.finished >= 95 && gates.late >= 98 && gates.returned >= 90, "{gates:?}");
    assert!(gates.trapped <= 5, "{gates:?}");
}

#[test]
fn interpreters_finish_the_cases_that_they_take() {
    for engine in ["wasmi", "tinywasm", "dlr"] {
        let gates = gates("control", engine, 200);
        assert!(gates.taken >= 60 && gates.finished >= 95 && gates.returned >= 90, "{engine}: {gates:?}");
    }
}

#[test]
fn every_kind_of_control_instruction_is_emitted() {
    emits(
        "control",
        400,
        &[
            "Unreachable",
            "Block",
            "Loop",
            "If",
            "Else",
            "Br",
            "BrIf",
            "BrTable",
            "Return",
            "Call",
            "CallIndirect",
            "CallRef",
            "ReturnCall",
            "ReturnCallIndirect",
            "ReturnCallRef",
            "TryTable",
            "Throw",
            "ThrowRef",
            "BrOnNull",
            "BrOnNonNull",
            "BrOnCast",
            "BrOnCastFail",
            "Select",
            "TypedSelect",
        ],
    );
}

#[test]
fn functions_are_called_with_unlike_arguments_of_several_types() {
    let mut kinds = std::collections::BTreeSet::new();
    for index in 0..200 {
        for step in &case("control", index).plan.steps {
            let wassay_model::Action::Invoke { args, .. } = &step.action else { continue };
            kinds.extend(args.iter().map(|arg| match arg {
                Value::I32(_) => "i32",
                Value::I64(_) => "i64",
                Value::F32(_) => "f32",
                Value::F64(_) => "f64",
                Value::V128(_) => "v128",
                Value::Ref(_) => "reference",
            }));
        }
    }
    assert_eq!(kinds.len(), 6, "{kinds:?}");
}
