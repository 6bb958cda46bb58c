//! What the `table` family promises of its cases.

mod measure;

use measure::{case, cases_depend_on_seed_and_index_alone, emits, features_are_exact, gates};
use wasmparser::{Parser, Payload};

#[test]
fn cases_are_valid_and_need_exactly_their_features() {
    features_are_exact("table", 400);
}

#[test]
fn a_case_depends_on_seed_and_index_alone() {
    cases_depend_on_seed_and_index_alone("table");
}

// Its subject is the edge of the table, past which lies a trap within a few instructions: so its bound is a call in
// four, and what it must return is two thirds.
#[test]
fn the_reference_finishes_the_cases_and_most_calls_return_values() {
    let gates = gates("table", "reference", 500);
    assert!(gates.taken == 500 && gates.finished >= 95 && gates.late >= 75 && gates.returned >= 66, "{gates:?}");
    assert!(gates.trapped >= 8, "edges are met: {gates:?}");
}

// Not wasmi: it dies of functions that outlive an instantiation that trapped, and would take the test with it.
#[test]
fn interpreters_finish_the_cases_that_they_take() {
    for engine in ["tinywasm", "dlr"] {
        let gates = gates("table", engine, 300);
        assert!(gates.taken >= 60 && gates.finished >= 95 && gates.returned >= 66, "{engine}: {gates:?}");
    }
}

#[test]
fn every_table_instruction_is_emitted() {
    emits(
        "table",
        300,
        &[
            "TableGet",
            "TableSet",
            "TableSize",
            "TableGrow",
            "TableFill",
            "TableCopy",
            "TableInit",
            "ElemDrop",
            "CallIndirect",
            "ReturnCallIndirect",
            "CallRef",
            "ReturnCallRef",
        ],
    );
}

#[test]
fn every_table_has_a_small_maximum() {
    let mut types = std::collections::BTreeSet::new();
    for index in 0..400 {
        for module in &case("table", index).modules {
            for payload in Parser::new(0).parse_all(&module.bytes.0) {
                let Payload::TableSection(section) = payload.expect("a module") else { continue };
                for table in section {
                    let ty = table.expect("a table").ty;
                    assert!(ty.maximum.is_some_and(|maximum| maximum <= 300), "case {index}: {ty:?}");
                    types.insert(format!("{} {}", ty.element_type, ty.table64));
                }
            }
        }
    }
    // Nine kinds of elements, and 64-bit indices for most of them.
    assert!(types.len() >= 14, "{types:?}");
}
