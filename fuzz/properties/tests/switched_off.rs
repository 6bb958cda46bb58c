//! `fuzz/switched-off.toml`, as far as properties go by it, and that every instruction without a row is written.

use std::collections::BTreeSet;

use wasmparser::{Operator, Parser, Payload};
use wassay_generate::{Family, Profile, generate};
use wassay_in_process::open;
use wassay_model::off::{Does, Explained};
use wassay_properties::off::{excuse, excuses, explained, unwritten_instructions};

/// Cases of the mix in which every instruction that some family writes comes.
const CASES: u64 = 12_000;
/// Proposals of wasmparser that are no feature of ours: `proposals-without-a-generator` is about them.
const FOREIGN: &[&str] = &[
    "acquire_release_atomics",
    "custom_descriptors",
    "legacy_exceptions",
    "memory_control",
    "shared_everything_threads",
    "stack_switching",
];

/// A select of several results, which wasmparser reads and no version of the standard has.
const INVALID: &str = "visit_typed_select_multi";

macro_rules! instructions {
    ($(@$proposal:ident $op:ident $({ $($arg:ident: $argty:ty),* })? => $visit:ident ($($ann:tt)*))*) => {
        /// Every instruction, each with its proposal.
        const ALL: &[(&str, &str)] = &[$((stringify!($proposal), stringify!($visit)),)*];

        fn name(operator: &Operator<'_>) -> &'static str {
            match operator {
                $(Operator::$op { .. } => stringify!($visit),)*
                _ => "visit_unknown",
            }
        }
    };
}
wasmparser::for_each_operator!(instructions);

#[test]
fn the_mix_writes_every_instruction_but_those_with_a_row() {
    let mut missing: BTreeSet<String> = ALL
        .iter()
        .filter(|(proposal, visit)| !FOREIGN.contains(proposal) && *visit != INVALID)
        .map(|(_, visit)| visit.replacen("visit_", "", 1))
        .collect();
    assert!(missing.len() > 550, "{}", missing.len());
    // What is changed at random may hold anything, in places that no engine reaches.
    let mix = Profile::parse("mix").unwrap();
    let families = mix.families().iter().filter(|(family, _)| *family != Family::Broken);
    let families: Vec<String> = families.map(|(family, weight)| format!("{family}:{weight}")).collect();
    let mix = Profile::parse(&families.join(",")).unwrap();
    for module in (0..CASES).flat_map(|index| generate(1, index, &mix).modules) {
        for payload in Parser::new(0).parse_all(&module.bytes.0) {
            let Ok(Payload::CodeSectionEntry(body)) = payload else { continue };
            let Ok(operators) = body.get_operators_reader() else { continue };
            for operator in operators.into_iter().map_while(Result::ok) {
                missing.remove(name(&operator).trim_start_matches("visit_"));
            }
        }
    }
    let rows: BTreeSet<String> = unwritten_instructions().map(|name| name.replace('.', "_")).collect();
    assert_eq!(missing, rows);
}

#[test]
fn every_excuse_is_of_an_engine_here_and_of_some_cases_only() {
    assert!(excuses().count() > 5);
    for (name, excuse) in excuses() {
        assert!(open(&excuse.engine).is_ok(), "{name}: {}", excuse.engine);
        assert!(!excuse.all.is_empty(), "{name} would account for everything");
    }
}

#[test]
fn every_explanation_is_of_one_side_that_accepts() {
    assert!(explained().count() > 2);
    for (reason, Explained { ours, theirs }) in explained() {
        assert!(ours.is_empty() != theirs.is_empty(), "{reason}");
    }
}

#[test]
fn an_excuse_asks_for_all_its_opcodes_and_for_one_of_the_others() {
    let with = |opcodes: &'static [&'static str]| move |opcode: &String| opcodes.contains(&opcode.as_str());
    let row = "properties-tinywasm-unreachable-select";
    assert_eq!(excuse("tinywasm", Does::Errs, with(&["select", "br"])), Some(row));
    assert_eq!(excuse("tinywasm", Does::Errs, with(&["select"])), None);
    assert_eq!(excuse("tinywasm", Does::Errs, with(&["br"])), None);
    assert_eq!(excuse("tinywasm", Does::Ends, with(&["select", "br"])), None);
    assert_eq!(excuse("dlr", Does::Errs, with(&["select", "br"])), None);
}
