//! What the `smith` profile promises of its cases.

use std::collections::{BTreeMap, BTreeSet};

use wasmparser::{ExternalKind, FuncType, Parser, Payload, TypeRef, ValType as Parsed, Validator};
use wassay_adapter::wasm_features;
use wassay_generate::{Profile, generate};
use wassay_model::{Action, Feature, Features, Host, Provenance, Ref, Snapshot, TestCase, Value, host};

const SEED: u64 = 0x5eed;

fn smith() -> Profile {
    Profile::parse("smith").expect("the profile exists")
}

fn cases(count: u64) -> impl Iterator<Item = TestCase> {
    (0..count).map(|index| generate(SEED, index, &smith()))
}

fn traits(case: &TestCase) -> &[String] {
    match &case.provenance {
        Provenance::Generated { traits, .. } => traits,
        Provenance::File { .. } => &[],
    }
}

#[track_caller]
fn assert_valid(case: &TestCase) {
    for module in &case.modules {
        let validated = Validator::new_with_features(wasm_features(case.features)).validate_all(&module.bytes.0);
        if let Err(error) = validated {
            panic!("{:?}, module {}, with {:?}: {error}", case.provenance, module.name, case.features);
        }
    }
}

/// What a plan may name in a module.
#[derive(Default)]
struct Interface {
    functions: BTreeMap<String, FuncType>,
    globals: BTreeSet<String>,
    imports: Vec<(String, String)>,
    limits: Vec<(u64, Option<u64>)>,
    exported: BTreeMap<&'static str, u32>,
    defined: BTreeMap<&'static str, u32>,
    operators: Vec<String>,
}

fn interface(module: &[u8]) -> Interface {
    let mut interface = Interface::default();
    let (mut types, mut functions) = (Vec::new(), Vec::new());
    for payload in Parser::new(0).parse_all(module) {
        match payload.expect("a module") {
            Payload::TypeSection(section) => {
                types.extend(section.into_iter_err_on_gc_types().map(|ty| ty.expect("a function type")));
            }
            Payload::ImportSection(section) => {
                for import in section.into_imports() {
                    let import = import.expect("an import");
                    interface.imports.push((import.module.to_owned(), import.name.to_owned()));
                    match import.ty {
                        TypeRef::Func(ty) => functions.push(ty),
                        TypeRef::Table(ty) => interface.limits.push((ty.initial, ty.maximum)),
                        TypeRef::Memory(ty) => interface.limits.push((ty.initial, ty.maximum)),
                        _ => {}
                    }
                }
            }
            Payload::FunctionSection(section) => {
                *interface.defined.entry("functions").or_default() += section.count();
                functions.extend(section.into_iter().map(|ty| ty.expect("an index")));
            }
            Payload::TableSection(section) => {
                *interface.defined.entry("tables").or_default() += section.count();
                interface.limits.extend(section.into_iter().map(|table| {
                    let ty = table.expect("a table").ty;
                    (ty.initial, ty.maximum)
                }));
            }
            Payload::MemorySection(section) => {
                *interface.defined.entry("memories").or_default() += section.count();
                interface.limits.extend(section.into_iter().map(|memory| {
                    let ty = memory.expect("a memory");
                    (ty.initial, ty.maximum)
                }));
            }
            Payload::GlobalSection(section) => *interface.defined.entry("globals").or_default() += section.count(),
            Payload::ExportSection(section) => {
                for export in section {
                    let export = export.expect("an export");
                    let kind = match export.kind {
                        ExternalKind::Func | ExternalKind::FuncExact => {
                            let ty = types[functions[export.index as usize] as usize].clone();
                            interface.functions.insert(export.name.to_owned(), ty);
                            "functions"
                        }
                        ExternalKind::Table => "tables",
                        ExternalKind::Memory => "memories",
                        ExternalKind::Global => {
                            interface.globals.insert(export.name.to_owned());
                            "globals"
                        }
                        ExternalKind::Tag => "tags",
                    };
                    *interface.exported.entry(kind).or_default() += 1;
                }
            }
            _ => {}
        }
    }
    interface.operators = operators(module);
    interface
}

/// The names of all instructions, in order. Not part of [`interface`] for modules beyond 2.0.
fn operators(module: &[u8]) -> Vec<String> {
    let mut operators = Vec::new();
    for payload in Parser::new(0).parse_all(module) {
        if let Payload::CodeSectionEntry(body) = payload.expect("a module") {
            let mut reader = body.get_operators_reader().expect("code");
            while !reader.eof() {
                let text = format!("{:?}", reader.read().expect("an instruction"));
                operators.push(text.split([' ', '{', '(']).next().unwrap_or_default().to_owned());
            }
        }
    }
    operators
}

fn main_module(case: &TestCase) -> &[u8] {
    &case.modules.last().expect("a module").bytes.0
}

fn fits(value: &Value, ty: Parsed) -> bool {
    match (value, ty) {
        (Value::I32(_), Parsed::I32)
        | (Value::I64(_), Parsed::I64)
        | (Value::F32(_), Parsed::F32)
        | (Value::F64(_), Parsed::F64)
        | (Value::V128(_), Parsed::V128) => true,
        (Value::Ref(Ref::Null), Parsed::Ref(ty)) => ty.is_nullable(),
        (Value::Ref(Ref::Extern(_)), Parsed::Ref(ty)) => ty == wasmparser::RefType::EXTERNREF,
        _ => false,
    }
}

#[test]
fn two_thousand_cases_are_valid_with_exactly_their_features() {
    for case in cases(2000) {
        assert_valid(&case);
        assert!(case.features.minus(smith().features()).is_empty());
    }
}

#[test]
fn a_case_depends_on_seed_and_index_alone() {
    let forward: Vec<TestCase> = (0..64).map(|index| generate(7, index, &smith())).collect();
    let mut backward: Vec<TestCase> = (0..64).rev().map(|index| generate(7, index, &smith())).collect();
    backward.reverse();
    assert_eq!(forward, backward);
    let elsewhere = std::thread::spawn(|| generate(7, 40, &smith())).join().expect("no panic");
    assert_eq!(elsewhere, forward[40]);
    assert_ne!(generate(8, 40, &smith()).id(), forward[40].id());
}

#[test]
fn cases_of_a_run_are_all_different() {
    let ids: BTreeSet<_> = cases(1000).map(|case| case.id()).collect();
    assert_eq!(ids.len(), 1000);
}

#[test]
fn memories_and_tables_have_small_maxima() {
    for case in cases(1000) {
        for module in &case.modules {
            for (initial, maximum) in interface(&module.bytes.0).limits {
                let maximum = maximum.expect("a maximum");
                assert!(initial <= maximum && maximum <= 100, "{initial} to {maximum}");
            }
        }
    }
}

#[test]
fn everything_that_a_module_defines_is_exported() {
    for case in cases(500) {
        for module in &case.modules {
            let mut interface = interface(&module.bytes.0);
            // A wrapper is exported once, under the name that plans call.
            interface.defined.retain(|_, count| *count > 0);
            assert_eq!(interface.exported, interface.defined);
        }
    }
}

#[test]
fn plans_name_what_exists_and_pass_what_fits() {
    for case in cases(1000) {
        let mut instances: Vec<Interface> = Vec::new();
        let mut registered: BTreeSet<&str> = BTreeSet::new();
        for step in &case.plan.steps {
            match &step.action {
                Action::Load { .. } => panic!("nothing is only loaded"),
                Action::Instantiate { module } => {
                    let interface = interface(&case.modules[module.position()].bytes.0);
                    for (from, _) in &interface.imports {
                        let answered = (from == host::MODULE && case.host == Host::Deterministic)
                            || registered.contains(from.as_str());
                        assert!(answered, "{from} answers");
                    }
                    instances.push(interface);
                }
                Action::Register { instance, name } => {
                    assert!(instance.position() < instances.len());
                    registered.insert(name);
                }
                Action::Invoke { instance, export, args } => {
                    let ty = &instances[instance.position()].functions[export];
                    assert_eq!(args.len(), ty.params().len());
                    assert!(args.iter().zip(ty.params()).all(|(arg, ty)| fits(arg, *ty)), "{args:?} for {ty:?}");
                }
                Action::Get { instance, export } => {
                    assert!(instances[instance.position()].globals.contains(export));
                }
            }
        }
    }
}

#[test]
fn plans_make_many_calls_and_take_few_snapshots_and_one_at_the_end() {
    let (mut calls, mut snapshots) = (0, 0);
    for case in cases(1000) {
        calls += case.plan.steps.iter().filter(|step| matches!(step.action, Action::Invoke { .. })).count();
        let taken = case.plan.steps.iter().filter(|step| step.snapshot == Snapshot::Take).count();
        assert!((1..=3).contains(&taken), "{taken}");
        assert_eq!(case.plan.steps.last().expect("a step").snapshot, Snapshot::Take);
        snapshots += taken;
    }
    assert!((22_000..=40_000).contains(&calls), "{calls}");
    assert!((2_000..=2_600).contains(&snapshots), "{snapshots}");
}

#[test]
fn every_trait_and_feature_is_in_its_share_of_cases() {
    let mut counts: BTreeMap<String, u32> = BTreeMap::new();
    for case in cases(2000) {
        for name in traits(&case) {
            *counts.entry(name.clone()).or_default() += 1;
        }
        for feature in case.features.iter() {
            *counts.entry(feature.name().to_owned()).or_default() += 1;
        }
    }
    for (name, low, high) in [
        ("canonicalised", 45, 55),
        ("companion", 20, 40),
        ("host", 15, 35),
        ("start", 8, 25),
        ("integers-only", 5, 12),
        ("guards-masked", 65, 85),
        ("guards-exact", 8, 17),
        ("guards-some", 4, 13),
        ("guards-none", 1, 8),
        ("redrawn", 0, 1),
        ("fallback", 0, 0),
        ("mutable-global", 100, 100),
        ("sign-extension", 75, 95),
        ("saturating-truncation", 75, 95),
        ("multi-value", 75, 95),
        ("bulk-memory", 75, 95),
        ("reference-types", 40, 60),
    ] {
        let count = counts.get(name).copied().unwrap_or(0);
        assert!((low * 20..=high * 20).contains(&count), "{name}: {count} of 2000");
    }
}

#[test]
fn every_scalar_opcode_of_2_0_is_emitted() {
    // 172 of 1.0, 5 sign extensions, 8 saturating truncations, 7 of bulk memory, 9 of reference types.
    const OPCODES: usize = 172 + 5 + 8 + 7 + 9;
    let mut counts: BTreeMap<String, u32> = BTreeMap::new();
    for case in cases(3000) {
        for operator in interface(main_module(&case)).operators {
            *counts.entry(operator).or_default() += 1;
        }
    }
    assert_eq!(counts.len(), OPCODES, "{:?}", counts.keys());
    let rare: Vec<_> = counts.iter().filter(|(_, count)| **count < 50).collect();
    assert!(rare.is_empty(), "{rare:?}");
}

#[test]
fn arguments_reach_edges_nans_and_references() {
    let mut seen: BTreeMap<&str, u32> = BTreeMap::new();
    for case in cases(500) {
        for step in &case.plan.steps {
            let Action::Invoke { args, .. } = &step.action else { continue };
            for arg in args {
                let name = match *arg {
                    Value::I32(0 | 1 | u32::MAX | 0x7fff_ffff | 0x8000_0000) => "i32 edge",
                    Value::I64(0 | 1 | u64::MAX | 0x7fff_ffff_ffff_ffff | 0x8000_0000_0000_0000) => "i64 edge",
                    Value::F32(0x7f80_0001) => "f32 signalling NaN",
                    Value::F32(0x8000_0000) => "f32 negative zero",
                    Value::F64(0x7ff0_0000_0000_0001) => "f64 signalling NaN",
                    Value::F64(1) => "f64 denormal",
                    Value::Ref(Ref::Null) => "null",
                    Value::Ref(Ref::Extern(_)) => "host value",
                    _ => "other",
                };
                *seen.entry(name).or_default() += 1;
            }
        }
    }
    assert_eq!(seen.len(), 9, "{seen:?}");
}

#[test]
fn canonicalised_cases_replace_every_nan_that_an_operator_makes() {
    let makes_nan = |operator: &str| {
        let scalar = operator.starts_with("F32") || operator.starts_with("F64");
        let kinds = ["Add", "Sub", "Mul", "Div", "Min", "Max", "Sqrt", "Ceil", "Floor", "Trunc", "Nearest"];
        scalar && (kinds.iter().any(|kind| &operator[3..] == *kind) || operator.contains("mote"))
    };
    let mut replaced = 0;
    for case in cases(500).filter(|case| traits(case).iter().any(|name| name == "canonicalised")) {
        let operators = interface(main_module(&case)).operators;
        for next in operators.windows(6).filter(|next| makes_nan(&next[0])) {
            // The guards of truncations work on what is no NaN any more.
            let guard = next[1].contains("Const") || next[1].contains("Trunc");
            let width = if next[0].starts_with("F32") { "F32" } else { "F64" };
            let replacement = ["LocalTee", &format!("{width}Const"), "LocalGet", "LocalGet", &format!("{width}Eq")];
            assert!(guard || next[1..].iter().eq(replacement), "{:?}: {next:?}", case.provenance);
            replaced += u32::from(!guard);
        }
    }
    assert!(replaced > 1000, "{replaced}");
}

#[test]
fn a_wider_profile_is_a_switch_in_the_features() {
    let features = Features::V3.union(Features::of(&[Feature::WideArithmetic]));
    let wide = smith().with_features(features);
    let uses = |case: &TestCase, starts: &[&str]| {
        let operators = operators(main_module(case));
        operators.iter().any(|operator| starts.iter().any(|start| operator.starts_with(start)))
    };
    let (mut vectors, mut tail_calls, mut structures, mut throws) = (0, 0, 0, 0);
    for index in 0..1000 {
        let case = generate(SEED, index, &wide);
        assert_valid(&case);
        vectors += u32::from(uses(&case, &["F32x4", "I8x16", "V128"]));
        tail_calls += u32::from(uses(&case, &["ReturnCall"]));
        structures += u32::from(uses(&case, &["Struct", "Array", "RefI31"]));
        throws += u32::from(uses(&case, &["Throw", "TryTable"]));
    }
    for count in [vectors, tail_calls, structures, throws] {
        assert!(count > 20, "{vectors} {tail_calls} {structures} {throws}");
    }
}
