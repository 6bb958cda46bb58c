//! What the `sweep` family promises of its cases.

mod common;

use std::collections::{BTreeMap, BTreeSet};

use common::Went;
use wasmparser::Validator;
use wassay_adapter::wasm_features;
use wassay_generate::{Cell, Profile, Shape, Sink, generate, generate_with_cells, sweep_cases, sweep_cells};
use wassay_model::{Action, Feature, Features, TestCase};

fn sweep() -> Profile {
    Profile::parse("sweep").expect("the profile exists")
}

fn whole() -> impl Iterator<Item = TestCase> {
    (0..sweep_cases(Features::ALL)).map(|index| generate(1, index, &sweep()))
}

/// A name without what the text format and wasmparser put between its parts.
fn plain(name: &str) -> String {
    name.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_ascii_lowercase()
}

/// Every operator that wasmparser knows, and the proposal that it puts it under.
fn operators() -> Vec<(&'static str, &'static str)> {
    macro_rules! list {
        ($(@$proposal:ident $op:ident $({ $($field:ident: $ty:ty),* })? => $visit:ident ($($ann:tt)*))*) => {
            vec![$((stringify!($proposal), stringify!($op))),*]
        };
    }
    wasmparser::for_each_operator!(list)
}

#[test]
fn the_whole_sweep_is_valid_with_exactly_its_features() {
    for case in whole() {
        let valid = |features| {
            Validator::new_with_features(wasm_features(features)).validate_all(&case.modules[0].bytes.0).map(|_| ())
        };
        if let Err(error) = valid(case.features) {
            panic!("{:?}, with {:?}: {error}", case.provenance, case.features);
        }
        // Where a value is extended to `i64`, the instruction is drawn, and older ones are among those drawn from.
        for feature in case.features.iter().filter(|feature| *feature != Feature::SignExtension) {
            let without = case.features.minus(Features::of(&[feature]));
            assert!(valid(without).is_err(), "{:?}: {feature} is not needed", case.provenance);
        }
    }
}

#[test]
fn every_instruction_that_makes_a_value_of_numbers_vectors_or_memory_is_swept() {
    let swept: BTreeSet<String> = sweep_cells(Features::ALL).iter().map(|cell| plain(cell.opcode)).collect();
    let classes = [
        "mvp",
        "sign_extension",
        "saturating_float_to_int",
        "bulk_memory",
        "reference_types",
        "simd",
        "relaxed_simd",
        "threads",
        "wide_arithmetic",
    ];
    // Control and variables, which are sinks and shapes; tables, which are another family's; constants, which are
    // a shape; what waits; what has neither operands nor results. The rest has a type behind its name.
    let elsewhere: BTreeSet<&str> = "Unreachable Nop Block Loop If Else End Br BrIf BrTable Return Call CallIndirect \
        Drop LocalGet LocalSet LocalTee GlobalGet GlobalSet TableInit ElemDrop TableCopy TableFill TableGet TableSet \
        TableGrow TableSize TypedSelectMulti I32Const I64Const F32Const F64Const V128Const DataDrop AtomicFence \
        MemoryAtomicWait32 MemoryAtomicWait64"
        .split_whitespace()
        .collect();
    let typed: BTreeMap<&str, &str> = [
        ("Select", "select.f64"),
        ("TypedSelect", "select.t.extern"),
        ("RefNull", "ref.null.func"),
        ("RefIsNull", "ref.is_null.extern"),
        ("RefFunc", "ref.func"),
    ]
    .into();
    let (mut found, mut missing) = (0, Vec::new());
    for (_, name) in operators().iter().filter(|(proposal, _)| classes.contains(proposal)) {
        if elsewhere.contains(name) {
            continue;
        }
        let ours = typed.get(name).map_or_else(|| plain(name), |ours| plain(ours));
        if swept.contains(&ours) { found += 1 } else { missing.push(*name) }
    }
    assert!(missing.is_empty(), "{missing:?}");
    // Beside these the sweep has `select` of ten more types, and `ref.null` and `ref.is_null` of another one.
    assert_eq!(swept.len(), found + 10 + 2);
}

/// The instruction of a cell is in the function that is called: names of the table belong to their codes.
#[test]
fn functions_hold_the_instruction_that_their_cells_name() {
    for index in 0..sweep_cases(Features::ALL) {
        let (case, cells) = generate_with_cells(1, index, &sweep());
        let mut bodies: Vec<BTreeSet<String>> = Vec::new();
        for payload in wasmparser::Parser::new(0).parse_all(&case.modules[0].bytes.0) {
            if let wasmparser::Payload::CodeSectionEntry(body) = payload.expect("a module") {
                let mut reader = body.get_operators_reader().expect("code");
                let mut names = BTreeSet::new();
                while !reader.eof() {
                    let text = format!("{:?}", reader.read().expect("an instruction"));
                    names.insert(plain(text.split([' ', '{', '(']).next().unwrap_or_default()));
                }
                bodies.push(names);
            }
        }
        // The functions of the sweep come last.
        let swept = case.plan.steps.iter().filter_map(|step| match &step.action {
            Action::Invoke { export, .. } => export[1..].parse::<usize>().ok(),
            _ => None,
        });
        let first = bodies.len() - 1 - swept.max().expect("a call");
        for (step, cell) in cells {
            let Action::Invoke { export, .. } = &case.plan.steps[step.position()].action else {
                panic!("a cell is observed by a call");
            };
            let body = &bodies[first + export[1..].parse::<usize>().expect("a number")];
            let name = match cell.opcode.split('.').collect::<Vec<_>>()[..] {
                ["select", "t", _] => "typedselect".to_owned(),
                ["select", _] => "select".to_owned(),
                ["ref", "null" | "is_null", _] => plain(cell.opcode.rsplit_once('.').expect("a type").0),
                _ => plain(cell.opcode),
            };
            assert!(body.contains(&name), "{cell}: {body:?}");
        }
    }
}

#[test]
fn a_case_depends_on_seed_and_index_alone_and_is_the_same_with_its_cells() {
    let forward: Vec<TestCase> = (0..40).map(|index| generate(1, index * 29, &sweep())).collect();
    let mut backward: Vec<TestCase> =
        (0..40).rev().map(|index| generate_with_cells(1, index * 29, &sweep()).0).collect();
    backward.reverse();
    assert_eq!(forward, backward);
    assert_ne!(generate(2, 0, &sweep()).id(), forward[0].id());
}

#[test]
fn every_opcode_meets_every_shape_and_sink_of_its_types() {
    let cells: BTreeSet<Cell> = sweep_cells(Features::ALL).into_iter().collect();
    let has = |opcode, operand, ty, shape, sink| cells.contains(&Cell { opcode, operand, ty, shape, sink });
    let of_any =
        [Sink::Return, Sink::LocalSet, Sink::LocalTee, Sink::Store, Sink::Global, Sink::SelectOperand, Sink::Argument];
    let of_i32 = [Sink::BrIf, Sink::If, Sink::SelectCondition, Sink::BrTable, Sink::Address, Sink::TableIndex];
    let of_number =
        [Shape::Param, Shape::Const, Shape::Loaded, Shape::Inverse, Shape::Compared, Shape::Extended, Shape::Called];
    for shape in of_number {
        for sink in of_any {
            for operand in 0..2 {
                assert!(has("f32.mul", operand, "f32", shape, sink), "{shape} {sink}");
                assert!(has("i16x8.q15mulr_sat_s", operand, "v128", shape, sink), "{shape} {sink}");
                assert!(has("i64.div_u", operand, "i64", shape, sink), "{shape} {sink}");
            }
            assert!(has("select.v128", 2, "i32", shape, sink), "{shape} {sink}");
            assert!(has("i64.add128", 3, "i64", shape, sink), "{shape} {sink}");
            assert!(has("v128.load32_lane", 1, "v128", shape, sink), "{shape} {sink}");
        }
        for sink in of_any.into_iter().chain(of_i32) {
            assert!(has("i32.rem_s", 1, "i32", shape, sink), "{shape} {sink}");
            assert!(has("i8x16.bitmask", 0, "v128", shape, sink), "{shape} {sink}");
            assert!(has("i32.load8_s", 0, "i32", shape, sink), "{shape} {sink}");
        }
        assert!(has("v128.store16_lane", 1, "v128", shape, Sink::State), "{shape}");
    }
    for sink in [Sink::Address, Sink::TableIndex] {
        assert!(has("i64.shr_u", 0, "i64", Shape::Param, sink), "{sink}");
    }
    assert!(has("memory.size", 0, "i32", Shape::None, Sink::BrTable));
    assert!(has("i8x16.shuffle", 0, "v128", Shape::Same, Sink::Return));
    assert!(has("select.t.extern", 0, "externref", Shape::Called, Sink::Global));
    // What holds for these holds for all: of an operand, the number of cells follows from the two types.
    let mut counts: BTreeMap<(&str, u8), u32> = BTreeMap::new();
    for cell in cells.iter().filter(|cell| !matches!(cell.shape, Shape::Same | Shape::None)) {
        *counts.entry((cell.opcode, cell.operand)).or_default() += 1;
    }
    let allowed = [7, 7 * 7, 7 * 9, 7 * 13, 4 * 7, 4 * 13];
    assert!(counts.values().all(|count| allowed.contains(count)), "{counts:?}");
}

#[test]
fn every_cell_is_observed_by_a_call_that_returns() {
    let runs = Features::ALL.minus(Features::of(&[Feature::Threads]));
    let (mut missing, mut calls, mut values, mut early) = (BTreeSet::from_iter(sweep_cells(runs)), 0, 0, 0);
    for index in 0..sweep_cases(runs) {
        let (case, cells) = generate_with_cells(1, index, &sweep().with_features(runs));
        let steps = common::run(&case).expect("the interpreter has the features");
        for (step, cell) in cells {
            if steps[step.position()] == Went::Returned(true) {
                missing.remove(&cell);
            }
        }
        for (went, step) in steps.iter().zip(&case.plan.steps) {
            if matches!(step.action, Action::Invoke { .. }) {
                calls += 1;
                values += u32::from(*went == Went::Returned(true));
                early += u32::from(matches!(went, Went::Trapped(fuel) if *fuel < 200));
            }
        }
    }
    assert!(missing.is_empty(), "{} cells, such as {:?}", missing.len(), missing.first().map(ToString::to_string));
    println!("{calls} calls, {values} return a value, {early} trap at once");
    assert!(values * 100 >= calls * 95, "{values} of {calls}");
    assert!(early * 100 <= calls * 5, "{early} of {calls}");
}

#[test]
fn modules_are_small_and_many_functions_share_one() {
    let sizes: Vec<usize> = whole().map(|case| case.modules[0].bytes.0.len()).collect();
    let mean = sizes.iter().sum::<usize>() / sizes.len();
    println!(
        "{} modules, {mean} bytes on average, {} at most, {} cells",
        sizes.len(),
        sizes.iter().max().unwrap_or(&0),
        sweep_cells(Features::ALL).len()
    );
    assert!((1000..4000).contains(&mean), "{mean}");
    assert!(sizes.iter().all(|size| *size < 8000));
}

#[test]
fn a_narrower_profile_sweeps_what_it_allows() {
    let narrow = Profile::parse("sweep").expect("a profile").with_features(Features::V1);
    for index in 0..sweep_cases(Features::V1) {
        assert_eq!(generate(1, index, &narrow).features, Features::V1);
    }
    let cells = sweep_cells(Features::V1);
    assert!(cells.iter().all(|cell| cell.ty != "v128" && !cell.opcode.contains("extend8_s")));
    assert!(cells.iter().any(|cell| cell.opcode == "f64.nearest"));
}
