//! What the `edge` family promises of its cases.

mod common;
mod gates;

use std::collections::{BTreeMap, BTreeSet};

use common::Went;
use gates::{observe, traits};
use wasmparser::{ExternalKind, Operator, Parser, Payload, Validator};
use wassay_adapter::wasm_features;
use wassay_generate::{Profile, edge_cases, generate};
use wassay_model::{Action, Feature, Features, Outcome, TestCase, Value};

fn edge() -> Profile {
    Profile::parse("edge").expect("the profile exists")
}

fn cases(count: u64) -> impl Iterator<Item = TestCase> {
    (0..count).map(|index| generate(1, index, &edge()))
}

#[test]
fn two_rounds_of_cases_are_valid_with_exactly_their_features() {
    for case in cases(2 * edge_cases(Features::ALL)) {
        let valid = |features| {
            Validator::new_with_features(wasm_features(features)).validate_all(&case.modules[0].bytes.0).map(|_| ())
        };
        if let Err(error) = valid(case.features) {
            panic!("{:?}, with {:?}: {error}", case.provenance, case.features);
        }
        // Vectors stand on nothing else, so each feature is one that the module does not do without.
        for feature in case.features.iter() {
            assert!(valid(case.features.minus(Features::of(&[feature]))).is_err(), "{:?}: {feature}", case.provenance);
        }
    }
}

#[test]
fn a_case_depends_on_seed_and_index_alone() {
    let forward: Vec<TestCase> = cases(40).collect();
    let mut backward: Vec<TestCase> = (0..40).rev().map(|index| generate(1, index, &edge())).collect();
    backward.reverse();
    assert_eq!(forward, backward);
    assert_ne!(generate(2, 7, &edge()).id(), forward[7].id());
}

/// A memory: 64-bit, size in pages, the page's size, how many the module has, and whether it is shared.
type Memory = (bool, u64, Option<u32>, u32, bool);

/// The opcodes of a module, and the memory that it accesses.
fn contents(module: &[u8]) -> (BTreeSet<String>, Memory) {
    let (mut opcodes, mut memory) = (BTreeSet::new(), (false, 0, None, 0, false));
    for payload in Parser::new(0).parse_all(module) {
        match payload.expect("a module") {
            Payload::MemorySection(section) => {
                let count = section.count();
                let last = section.into_iter().last().expect("a memory").expect("a memory");
                memory = (last.memory64, last.initial, last.page_size_log2, count, last.shared);
            }
            Payload::CodeSectionEntry(body) => {
                let mut reader = body.get_operators_reader().expect("code");
                while !reader.eof() {
                    let text = format!("{:?}", reader.read().expect("an instruction"));
                    opcodes.insert(text.split([' ', '{', '(']).next().unwrap_or_default().to_owned());
                }
            }
            _ => {}
        }
    }
    (opcodes, memory)
}

#[test]
fn one_round_of_cases_puts_every_access_into_every_kind_of_memory() {
    let mut met: BTreeSet<(String, Memory)> = BTreeSet::new();
    for case in cases(edge_cases(Features::ALL)) {
        let (opcodes, memory) = contents(&case.modules[0].bytes.0);
        met.extend(opcodes.into_iter().map(|opcode| (opcode, memory)));
    }
    let memories: BTreeSet<_> = met.iter().map(|(_, memory)| *memory).collect();
    assert_eq!(memories.len(), 40 + 12, "{memories:?}");
    let opcodes: BTreeSet<&str> = met.iter().map(|(opcode, _)| opcode.as_str()).collect();
    let waits = |name: &str| name.contains("Wait") || name == "AtomicFence";
    let accesses = opcodes
        .iter()
        .filter(|name| ["Load", "Store", "Rmw"].iter().any(|part| name.contains(part)) || name.starts_with("Memory"));
    for opcode in accesses.filter(|name| !waits(name)) {
        for memory in &memories {
            // What a function reads back with is in every module that stores; the rest is there by plan.
            assert!(met.contains(&((*opcode).to_owned(), *memory)), "{opcode} in {memory:?}");
        }
    }
    for opcode in ["MemoryAtomicWait32", "MemoryAtomicWait64", "AtomicFence"] {
        let where_met: Vec<&Memory> = met.iter().filter(|(name, _)| name == opcode).map(|(_, memory)| memory).collect();
        assert!(!where_met.is_empty() && where_met.iter().all(|memory| memory.4), "{opcode} in {where_met:?}");
    }
    // 14 scalar loads and 9 stores, 22 of vectors, 14 atomic loads and stores, 49 atomic operations.
    let accesses = opcodes.iter().filter(|name| ["Load", "Store", "Rmw"].iter().any(|part| name.contains(part)));
    assert_eq!(accesses.count(), 14 + 9 + 22 + 14 + 49);
    for opcode in ["MemoryFill", "MemoryCopy", "MemoryInit", "MemoryGrow", "DataDrop"] {
        assert!(opcodes.contains(opcode), "{opcode}");
    }
}

#[test]
fn accesses_are_asked_at_the_last_address_that_fits_and_at_the_next() {
    // Of a plain load with its static offset in a memory whose end is known, both calls are in the plan.
    let mut asked = 0;
    for case in cases(edge_cases(Features::ALL)) {
        let module = &case.modules[0].bytes.0;
        let (_, (_, pages, page_log2, ..)) = contents(module);
        let bytes = pages << page_log2.unwrap_or(16);
        let (mut bodies, mut names) = (Vec::new(), Vec::new());
        for payload in Parser::new(0).parse_all(module) {
            match payload.expect("a module") {
                // Nothing is imported, so functions are numbered like their bodies.
                Payload::ExportSection(exports) => names.extend(exports.into_iter().filter_map(|export| {
                    let export = export.expect("an export");
                    let is_function = export.kind == ExternalKind::Func && export.name.starts_with('f');
                    is_function.then(|| (export.name.to_owned(), export.index as usize))
                })),
                Payload::CodeSectionEntry(body) => {
                    let mut reader = body.get_operators_reader().expect("code");
                    let mut first = None;
                    while !reader.eof() {
                        if let Operator::I64Load { memarg } = reader.read().expect("an instruction") {
                            first = Some(memarg.offset);
                        }
                    }
                    bodies.push(first);
                }
                _ => {}
            }
        }
        for (name, index) in names {
            let Some(last) = bodies[index].and_then(|offset: u64| bytes.checked_sub(offset.checked_add(8)?)) else {
                continue;
            };
            let addresses: BTreeSet<u64> = case
                .plan
                .steps
                .iter()
                .filter_map(|step| match &step.action {
                    Action::Invoke { export, args, .. } if *export == name => match args[..] {
                        [Value::I32(address)] => Some(u64::from(address)),
                        [Value::I64(address)] => Some(address),
                        _ => None,
                    },
                    _ => None,
                })
                .collect();
            assert!(addresses.contains(&last) && addresses.contains(&(last + 1)), "{:?}: {last}", case.provenance);
            asked += 1;
        }
    }
    assert!(asked > 10, "{asked}");
}

/// Not for another number, and for the one that is there until the time is up, which is at once.
#[test]
fn waiting_ends_and_says_why() {
    let mut ends: BTreeMap<(bool, u32), u32> = BTreeMap::new();
    for case in cases(edge_cases(Features::ALL)).filter(|case| traits(case).iter().any(|name| name == "shared")) {
        for (planned, step) in case.plan.steps.iter().zip(observe(&case).steps) {
            let Action::Invoke { export, .. } = &planned.action else { continue };
            if let (true, Outcome::Returned(values)) = (export.starts_with("wait"), &step.outcome) {
                let [Value::I32(end)] = values[..] else { panic!("{:?}: {values:?}", case.provenance) };
                *ends.entry((export.ends_with("present"), end)).or_default() += 1;
            }
        }
    }
    let seen = |present, end| ends.get(&(present, end)).copied().unwrap_or_default();
    assert!(seen(false, 1) > 100 && seen(true, 2) > 100, "{ends:?}");
    assert_eq!(seen(true, 1), 0, "what is there is another number than what is there");
    assert!(ends.keys().all(|(_, end)| (1..=2).contains(end)), "{ends:?}");
}

#[test]
fn features_of_a_narrower_profile_are_the_only_ones() {
    let narrow = edge().with_features(Features::V1);
    for index in 0..edge_cases(Features::V1) {
        assert_eq!(generate(1, index, &narrow).features, Features::V1);
    }
    assert!(edge_cases(Features::V1) < edge_cases(Features::of(&[Feature::Memory64])));
}

#[test]
fn at_least_half_of_the_calls_return_a_value_and_a_fifth_trap() {
    let (mut calls, mut values, mut traps, mut cases_run) = (0, 0, 0, 0);
    for case in cases(edge_cases(Features::ALL)) {
        let Some(steps) = common::run(&case) else { continue };
        cases_run += 1;
        for (went, step) in steps.iter().zip(&case.plan.steps) {
            if matches!(step.action, Action::Invoke { .. }) {
                calls += 1;
                values += u64::from(*went == Went::Returned(true));
                traps += u64::from(matches!(went, Went::Trapped(_)));
            }
        }
    }
    let share = |part: u64| part * 100 / calls;
    println!("{cases_run} cases, {calls} calls, {} % return a value, {} % trap", share(values), share(traps));
    assert!(share(values) >= 50, "{values} of {calls}");
    assert!(share(traps) >= 20, "{traps} of {calls}");
}
