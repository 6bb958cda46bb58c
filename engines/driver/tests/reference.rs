//! The reference, driven through operations, shows what it shows when it is asked directly.

mod common;

use std::convert::Infallible;

use common::{Reference, directly};
use wasmparser::Validator;
use wassay_adapter::{Prepared, kit, wasm_features};
use wassay_driver::{Answer, Builtin, Builtins, Callers, End, ImportEntry, Kept, Op, Raise, Request, Script, Worker};
use wassay_generate::{Profile, generate};
use wassay_in_process::open;
use wassay_model::{
    Action, Bound, Bytes, Capabilities, Capture, Ending, Exception, Feature, Features, Host, Identity, InstanceIdx,
    Limits, Module, ModuleIdx, Observation, Outcome, Plan, PlanStep, Provenance, Ref, Snapshot, TestCase, Value,
};

const ALL: Features =
    Features::V3.union(Features::of(&[Feature::Threads, Feature::WideArithmetic, Feature::CustomPageSizes]));

fn on_a_large_stack(run: impl FnOnce() + Send + 'static) {
    std::thread::Builder::new().stack_size(64 << 20).spawn(run).unwrap().join().unwrap();
}

/// What a driver cannot see is taken out of both.
fn comparable(mut driven: Observation, mut direct: Observation) -> (Observation, Observation) {
    for (driven, direct) in driven.steps.iter_mut().zip(&mut direct.steps) {
        // An exception whose tag the module neither exports nor imports shows nothing of its payload.
        if let (
            Outcome::Threw(Exception { payload: told @ None }),
            Outcome::Threw(Exception { payload: Some(known) }),
        ) = (&mut driven.outcome, &direct.outcome)
        {
            *told = Some(known.clone());
        }
    }
    direct.engine = driven.engine.clone();
    for observation in [&mut driven, &mut direct] {
        observation.open.clear();
        observation.words.clear();
        observation.instructions.clear();
        observation.timing = wassay_model::Timing::default();
    }
    (driven, direct)
}

fn same(name: &str, driven: Observation, direct: Observation) -> Option<String> {
    let (driven, direct) = comparable(driven, direct);
    if driven == direct {
        return None;
    }
    for (index, (driven, direct)) in driven.steps.iter().zip(&direct.steps).enumerate() {
        if driven != direct {
            return Some(format!("{name}: step {index}:\n  driven {driven:?}\n  direct {direct:?}"));
        }
    }
    Some(format!(
        "{name}: {:?} after {} steps, {:?} after {}",
        driven.ending,
        driven.steps.len(),
        direct.ending,
        direct.steps.len()
    ))
}

/// What is unlike between the two ways of asking, for each of these cases and both captures.
fn unlike<'c>(
    driven: &mut Reference,
    engine: &str,
    cases: impl IntoIterator<Item = (&'c str, &'c TestCase)>,
) -> Vec<String> {
    let mut direct = open(&engine.parse().unwrap()).unwrap();
    let mut unlike = Vec::new();
    for (name, case) in cases {
        for capture in [Capture::Digests, Capture::Full] {
            unlike.extend(same(name, driven.ask(case, capture), directly(&mut *direct, case, capture)));
        }
    }
    unlike
}

fn assert_alike<'c>(driven: &mut Reference, cases: impl IntoIterator<Item = (&'c str, &'c TestCase)>) {
    let unlike = unlike(driven, "reference", cases);
    assert!(unlike.is_empty(), "{} observations:\n{}", unlike.len(), unlike.join("\n"));
}

/// A worker that looks at the state by itself.
fn looking() -> Reference {
    let mut driven = Reference::looking(ALL);
    assert_eq!(driven.probe(), ALL);
    driven
}

fn probed(drivers: bool, keeps: bool) -> Reference {
    let mut driven = Reference::new(ALL, drivers, keeps);
    assert_eq!(driven.probe(), ALL);
    driven
}

fn case(modules: &[String], steps: Vec<Action>) -> TestCase {
    let modules = modules.iter().map(|text| Module { name: "m".to_owned(), bytes: Bytes(kit::module(text)) }).collect();
    let steps = steps.into_iter().map(|action| PlanStep { action, snapshot: Snapshot::Take }).collect();
    TestCase {
        modules,
        plan: Plan { steps },
        host: Host::Deterministic,
        features: ALL,
        limits: Limits::default(),
        provenance: Provenance::File { path: "test".to_owned() },
        relations: Vec::new(),
    }
}

fn instantiate(module: u32) -> Action {
    Action::Instantiate { module: ModuleIdx(module) }
}

fn invoke(instance: u32, export: &str, args: Vec<Value>) -> Action {
    Action::Invoke { instance: InstanceIdx(instance), export: export.to_owned(), args }
}

/// SplitMix64: the tests' own random numbers.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let bits = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        bits ^ (bits >> 31)
    }

    fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }
}

#[test]
fn every_kit_case_is_seen_through_drivers_as_it_is_directly() {
    on_a_large_stack(|| {
        let cases = kit::cases();
        let cases = || cases.iter().map(|case| (case.name, &case.case));
        assert_alike(&mut probed(true, false), cases());
        assert_alike(&mut probed(true, true), cases());
        assert_alike(&mut looking(), cases());
    });
}

#[test]
fn a_mistake_of_the_engine_is_seen_through_drivers() {
    on_a_large_stack(|| {
        let cases = kit::cases();
        let cases = cases.iter().map(|case| (case.name, &case.case));
        assert!(unlike(&mut probed(true, false), "faulty+memory-grow-new-size", cases).len() > 1);
    });
}

#[test]
fn kit_cases_without_linking_are_seen_without_drivers_as_they_are_directly() {
    on_a_large_stack(|| {
        let mut driven = probed(false, false);
        let cases = kit::cases();
        let alone = cases.iter().filter(|kit| {
            let script =
                Script::lower(&Prepared::new(&kit.case), Capture::Full, &driven.worker, &mut Callers::default());
            !script.ops().iter().any(|op| match op {
                Op::Instance { imports, .. } => imports.iter().any(|import| matches!(import, ImportEntry::Exports(_))),
                _ => false,
            })
        });
        let alone: Vec<(&str, &TestCase)> = alone.map(|case| (case.name, &case.case)).collect();
        assert!(alone.len() > 80, "{} cases", alone.len());
        assert_alike(&mut driven, alone);
    });
}

#[test]
fn the_driven_reference_passes_the_kit() {
    on_a_large_stack(|| {
        let mut driven = probed(true, true);
        let features = driven.worker.features;
        let capabilities = Capabilities { features, bound: Bound::Fuel, blind_spots: [].into() };
        let mut ask = |case: &TestCase, capture: Capture| Ok::<_, Infallible>(driven.ask(case, capture));
        let Ok(results) = kit::check_with(&capabilities, &mut ask);
        assert_eq!(kit::failures(&results), "");
        assert!(results.iter().filter(|result| result.verdict == kit::KitVerdict::Passed).count() > 100);
    });
}

#[test]
fn generated_cases_are_seen_through_drivers_as_they_are_directly() {
    on_a_large_stack(|| {
        // Beyond 2.0 drivers tell fewer identities than the walk does, which the judge knows and this test does not.
        let profile = Profile::parse("smith").unwrap();
        let cases: Vec<(String, TestCase)> =
            (0..400).map(|index| (format!("smith {index}"), generate(7, index, &profile))).collect();
        assert_alike(&mut probed(true, true), cases.iter().map(|(name, case)| (name.as_str(), case)));
        assert_alike(&mut looking(), cases.iter().map(|(name, case)| (name.as_str(), case)));
        let mut foreseeing = looking();
        for ahead in cases.chunks(8) {
            foreseeing.foresee(&ahead.iter().map(|(_, case)| case).collect::<Vec<_>>());
            assert_alike(&mut foreseeing, ahead.iter().map(|(name, case)| (name.as_str(), case)));
        }
    });
}

#[test]
fn types_that_come_seldom_share_a_module_where_they_are_foreseen() {
    let text = |results: &str, value: &str| format!(r#"(module (func (export "f") (result {results}) {value}))"#);
    let lone = case(&[text("i64 f64", "(i64.const 1) (f64.const 1)")], vec![instantiate(0), invoke(0, "f", vec![])]);
    let other = case(&[text("f64 i32", "(f64.const 1) (i32.const 1)")], vec![instantiate(0), invoke(0, "f", vec![])]);
    let worker = looking().worker;
    let mut callers = Callers::default();
    let mut lower = |foreseen: &[&TestCase], case: &TestCase| {
        callers.foresee(foreseen, &worker);
        let script = Script::lower(&Prepared::new(case), Capture::Digests, &worker, &mut callers);
        let made = script.ops().iter().filter(|op| matches!(op, Op::Module { module, .. } if *module > 0)).count();
        let keeps = script.ops().iter().filter_map(|op| match op {
            Op::Keep { keep, edition, bytes, .. } => Some((*keep, *edition, bytes.clone())),
            _ => None,
        });
        (made, keeps.collect::<Vec<_>>())
    };
    let (drivers, keeps) = lower(&[], &lone);
    assert_eq!((drivers, keeps.len()), (1, 0), "nothing was foreseen");
    let (drivers, keeps) = lower(&[&lone], &lone);
    assert_eq!((drivers, keeps.len()), (1, 0), "a set for one case would be a driver by another name");
    let (drivers, first) = lower(&[&lone, &other], &lone);
    assert_eq!((drivers, first.len()), (0, 1));
    let (drivers, second) = lower(&[&lone, &other], &other);
    assert_eq!((drivers, second.len()), (0, 1));
    assert_eq!((first[0].0, &first[0].2), (second[0].0, &second[0].2), "the same module for both");
    assert_ne!(first[0].1, second[0].1, "and another set each time that one is made");
    let (drivers, keeps) = lower(&[&other, &other], &lone);
    assert_eq!((drivers, keeps.len()), (1, 0), "another type was foreseen");
}

/// A process is sent what it keeps once, and again where it could not keep it or another edition comes.
#[test]
fn what_a_process_keeps_is_sent_once() {
    let keep = |edition| Op::Keep { keep: -4, edition, bytes: b"\0asm"[..].into(), imports: [].into() };
    let mut kept = Kept::default();
    let bytes_are_sent = |kept: &mut Kept, op: &Op| {
        let mut line = Vec::new();
        let ops = std::slice::from_ref(op);
        Request { request: 1, stream: false, batch: false, limits: Limits::default(), ops }.write(&mut line, kept);
        String::from_utf8(line).unwrap().contains("0061736d")
    };
    assert!(bytes_are_sent(&mut kept, &keep(1)));
    assert!(!bytes_are_sent(&mut kept, &keep(1)));
    assert!(bytes_are_sent(&mut kept, &keep(2)));
    kept.fail(&keep(2));
    assert!(bytes_are_sent(&mut kept, &keep(2)));
    assert!(bytes_are_sent(&mut Kept::default(), &keep(2)), "another process");
}

#[test]
fn modules_that_are_made_for_a_case_need_no_feature_that_it_has_not() {
    let generated = Profile::parse("smith")
        .into_iter()
        .flat_map(|profile| (0..200).map(move |index| generate(11, index, &profile)));
    for case in kit::cases().into_iter().map(|kit| kit.case).chain(generated) {
        for (builtins, looks) in [(&Builtin::ALL[..], false), (&[], false), (&Builtin::ALL, true)] {
            let builtins = Builtins::of(builtins);
            let mut callers = Callers::default();
            let worker = Worker {
                drivers: true,
                keeps: true,
                builtins,
                seats: looks,
                callers: looks,
                looks,
                features: Features::V1,
            };
            // One is too few for a set.
            callers.foresee(&[&case, &case], &worker);
            let script = Script::lower(&Prepared::new(&case), Capture::Full, &worker, &mut callers);
            for op in script.ops() {
                let bytes = match op {
                    Op::Module { module, bytes } if !(0..case.modules.len() as i32).contains(module) => bytes,
                    Op::Keep { bytes, .. } => bytes,
                    _ => continue,
                };
                let mut validator = Validator::new_with_features(wasm_features(case.features));
                // The types that a driver repeats may be the invalid ones of the case.
                let theirs_valid = case.modules.iter().all(|module| {
                    Validator::new_with_features(wasm_features(case.features)).validate_all(&module.bytes.0).is_ok()
                });
                if theirs_valid && let Err(error) = validator.validate_all(bytes) {
                    panic!("{error} in {:?} with {:?}", case.provenance, case.features);
                }
            }
        }
    }
}

#[test]
fn functions_of_plain_types_are_invoked_by_callers_that_outlive_the_case() {
    let mut callers = Callers::default();
    let mut keeps = |text: &str, exports: &[&str]| -> (Vec<i32>, usize) {
        let invokes = exports.iter().map(|export| invoke(0, export, Vec::new()));
        let case = case(&[text.to_owned()], [instantiate(0)].into_iter().chain(invokes).collect());
        let script = Script::lower(&Prepared::new(&case), Capture::Digests, &looking().worker, &mut callers);
        let made = script.ops().iter().filter(|op| matches!(op, Op::Module { module, .. } if *module > 0)).count();
        let keeps = script.ops().iter().filter_map(|op| match op {
            Op::Keep { keep, .. } => Some(*keep),
            _ => None,
        });
        (keeps.collect(), made)
    };
    let text = r#"(module (func (export "a") (result i64 f64) (i64.const 1) (f64.const 1))
        (func (export "b") (result f32) (f32.const 1)) (func (export "c") (result f32) (f32.const 2)))"#;
    // Types that come once and never again are left to drivers.
    assert_eq!(keeps(text, &["a", "b", "c"]), (Vec::new(), 1));
    (0..10).for_each(|_| _ = keeps(text, &["a", "b"]));
    let (plain, made) = keeps(text, &["a", "b", "c"]);
    assert_eq!((plain.len(), made), (2, 0), "two types, and no driver");
    let again = keeps(r#"(module (func (export "x") (result f32) (f32.const 3)))"#, &["x"]);
    assert_eq!(again, (plain[1..].to_vec(), 0), "the same number in another case");
    for of_the_module in [
        r#"(module (type $t (sub (func (result f32)))) (func (export "x") (type $t) (f32.const 1)))"#,
        r#"(module (rec (type $t (func (result f32))) (type (func))) (func (export "x") (type $t) (f32.const 1)))"#,
        r#"(module (type $s (struct)) (func (export "x") (result (ref null $s)) (ref.null $s)))"#,
        r#"(module (tag (export "t")) (func (export "x") (result f32) (f32.const 1)))"#,
    ] {
        (0..10).for_each(|_| assert_eq!(keeps(of_the_module, &["x"]), (Vec::new(), 1), "{of_the_module}"));
    }
}

#[test]
fn memories_of_every_kind_and_size_are_digested_as_the_model_says() {
    on_a_large_stack(|| {
        let mut random = Random(3);
        let mut cases = Vec::new();
        let mut add = |ty: String, bytes: u64| {
            let mut data = String::new();
            for _ in 0..random.below(6) {
                let offset = random.below(bytes.max(1));
                let byte = random.below(256);
                if offset < bytes {
                    let index = if ty.starts_with("i64") { "i64" } else { "i32" };
                    data += &format!("(data ({index}.const {offset}) \"\\{byte:02x}\")");
                }
            }
            let text = format!("(module (memory (export \"m\") {ty}) (export \"again\" (memory 0)) {data})");
            let mut case = case(&[text], vec![instantiate(0)]);
            case.limits.memory_pages_max = 2048;
            cases.push((ty, case));
        };
        for bytes in [0, 1, 7, 8, 9, 63, 64, 65, 255, 256, 257, 300, 511, 512, 1000, 4096, 70_001] {
            add(format!("{bytes} (pagesize 1)"), bytes);
            add(format!("i64 {bytes} (pagesize 1)"), bytes);
            add(format!("{bytes} {bytes} shared (pagesize 1)"), bytes);
        }
        for pages in [0, 1, 2, 17] {
            add(format!("{pages}"), pages << 16);
            add(format!("i64 {pages}"), pages << 16);
            add(format!("{pages} 100 shared"), pages << 16);
            add(format!("i64 {pages} 100 shared"), pages << 16);
        }
        // Beyond what is read, and full of bytes beyond what is recorded.
        add("1025 (pagesize 65536)".to_owned(), 0);
        assert_alike(&mut probed(true, true), cases.iter().map(|(name, case)| (name.as_str(), case)));
        assert_alike(&mut looking(), cases.iter().map(|(name, case)| (name.as_str(), case)));
        let fill = r#"(module (memory (export "m") 40)
            (func (export "f") (param i32 i32) (memory.fill (i32.const 5) (local.get 0) (local.get 1))))"#;
        let fills = (1..14).map(|byte| invoke(0, "f", vec![Value::I32(byte), Value::I32(2_000_000)]));
        let filled = case(&[fill.to_owned()], [instantiate(0)].into_iter().chain(fills).collect());
        assert_alike(&mut probed(true, true), [("filled", &filled)]);
        assert_alike(&mut looking(), [("filled", &filled)]);
        assert_alike(&mut probed(true, false), [("filled", &filled)]);
        assert_alike(&mut probed(false, false), [("filled", &filled)]);
    });
}

#[test]
fn the_hosts_answers_and_its_trace_are_those_of_the_model() {
    on_a_large_stack(|| {
        let mut random = Random(5);
        let types = ["i32", "i64", "f32", "f64", "v128", "funcref", "externref", "anyref"];
        let mut cases = Vec::new();
        for _ in 0..60 {
            let mut text = String::from("(module");
            let mut calls = Vec::new();
            for func in 0..3 {
                let params: Vec<usize> = (0..random.below(6)).map(|_| random.below(8) as usize).collect();
                let results: Vec<usize> = (0..random.below(4)).map(|_| random.below(8) as usize).collect();
                let name: String = (0..random.below(40)).map(|_| char::from(b'a' + random.below(26) as u8)).collect();
                let list = |kinds: &[usize]| kinds.iter().map(|kind| types[*kind]).collect::<Vec<_>>().join(" ");
                text += &format!(
                    "(func $f{func} (import \"host\" \"{name}\") (param {}) (result {}))",
                    list(&params),
                    list(&results)
                );
                let forward: String = (0..params.len()).map(|at| format!("(local.get {at})")).collect();
                let drop = "(drop)".repeat(results.len());
                calls.push((func, list(&params), forward, drop, params));
            }
            let mut steps = vec![instantiate(0)];
            for (func, params, forward, drop, kinds) in calls {
                text += &format!(
                    "(func (export \"many{func}\") (param {params}) (local $i i32)
                        (loop (call $f{func} {forward}) {drop}
                            (local.set $i (i32.add (local.get $i) (i32.const 1)))
                            (br_if 0 (i32.lt_u (local.get $i) (i32.const 12)))))
                    (export \"f{func}\" (func $f{func}))
                    (func (export \"trap{func}\") (param {params}) (call $f{func} {forward}) {drop} unreachable)"
                );
                for export in ["f", "many", "trap", "f"] {
                    let args = kinds
                        .iter()
                        .map(|kind| match kind {
                            0 => Value::I32(random.next() as u32),
                            1 => Value::I64(random.next()),
                            2 if random.below(2) == 0 => Value::F32(0x7fc0_0000 | random.next() as u32),
                            2 => Value::F32(random.next() as u32),
                            3 if random.below(2) == 0 => Value::F64(0x7ff8_0000_0000_0000 | random.next()),
                            3 => Value::F64(random.next()),
                            4 => Value::V128(u128::from(random.next()) << 64 | u128::from(random.next())),
                            6 if random.below(2) == 0 => Value::Ref(Ref::Extern(random.below(100) as u32)),
                            7 if random.below(2) == 0 => Value::Ref(Ref::I31(random.below(100) as i32 - 50)),
                            7 if random.below(2) == 0 => Value::Ref(Ref::Extern(random.below(100) as u32)),
                            _ => Value::Ref(Ref::Null),
                        })
                        .collect();
                    steps.push(invoke(0, &format!("{export}{func}"), args));
                }
            }
            cases.push(case(&[text + ")"], steps));
        }
        assert_alike(&mut probed(true, false), cases.iter().map(|case| ("host", case)));
    });
}

#[test]
fn exceptions_show_the_payload_of_tags_that_the_module_exports_or_imports() {
    on_a_large_stack(|| {
        let first = r#"(module (tag (export "t") (param i32 externref))
            (func (export "throw") (param i32 externref) (throw 0 (local.get 0) (local.get 1))))"#;
        let second = r#"(module (tag $t (import "a" "t") (param i32 externref)) (tag $own (export "own"))
            (func $f (import "a" "throw") (param i32 externref))
            (func (export "through") (param i32 externref) (result i32)
                (call $f (local.get 0) (local.get 1)) (i32.const 3))
            (func (export "returns") (result i64) (i64.const 4))
            (func (export "own-throw") (throw $own)))"#;
        let register = Action::Register { instance: InstanceIdx(0), name: "a".to_owned() };
        let args = || vec![Value::I32(9), Value::Ref(Ref::Extern(4))];
        let steps = vec![
            instantiate(0),
            register,
            instantiate(1),
            invoke(0, "throw", args()),
            invoke(1, "through", args()),
            invoke(1, "returns", vec![]),
            invoke(1, "own-throw", vec![]),
        ];
        let case = case(&[first.to_owned(), second.to_owned()], steps);
        let mut driven = probed(true, true);
        let seen = driven.ask(&case, Capture::Digests);
        let threw = |values| Outcome::Threw(Exception { payload: Some(values) });
        assert_eq!(seen.steps[3].outcome, threw(args()));
        assert_eq!(seen.steps[4].outcome, threw(args()));
        assert_eq!(seen.steps[5].outcome, Outcome::Returned(vec![Value::I64(4)]));
        assert_eq!(seen.steps[6].outcome, threw(vec![]));
        assert_alike(&mut driven, [("exceptions", &case)]);
    });
}

#[test]
fn the_probes_find_exactly_the_features_that_are_there() {
    use Feature::{
        BulkMemory, Exceptions, FunctionReferences, Gc, MultiMemory, MultiValue, ReferenceTypes, RelaxedSimd, Simd,
    };
    on_a_large_stack(|| {
        let mut wrong = Vec::new();
        for off in ALL.iter() {
            let off = match off {
                ReferenceTypes => Features::of(&[ReferenceTypes, FunctionReferences, Gc, Exceptions]),
                FunctionReferences => Features::of(&[FunctionReferences, Gc]),
                // Segments that are declared, passive, or for another memory came with bulk memory.
                BulkMemory => {
                    Features::of(&[BulkMemory, ReferenceTypes, MultiMemory, FunctionReferences, Gc, Exceptions])
                }
                Simd => Features::of(&[Simd, RelaxedSimd]),
                // To catch with a reference is to receive two values.
                MultiValue => Features::of(&[MultiValue, Exceptions]),
                other => Features::of(&[other]),
            };
            for (drivers, keeps) in [(true, false), (true, true), (false, false)] {
                let found = Reference::new(ALL.minus(off), drivers, keeps).probe();
                let list = |features: Features| features.iter().map(Feature::name).collect::<Vec<_>>();
                if found != ALL.minus(off) {
                    let missing = list(ALL.minus(off).minus(found));
                    wrong.push(format!("without {:?}: {missing:?} missing, {:?} found", list(off), list(found)));
                }
            }
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    });
}

#[test]
fn a_worker_without_host_values_refuses_steps_that_pass_them_and_nothing_else() {
    on_a_large_stack(|| {
        let text = r#"(module (func (export "id") (param externref) (result externref) (local.get 0))
            (func (export "one") (result i32) (i32.const 1)))"#;
        let steps = vec![instantiate(0), invoke(0, "one", vec![]), invoke(0, "id", vec![Value::Ref(Ref::Extern(3))])];
        let case = case(&[text.to_owned()], steps);
        let mut driven = probed(true, false);
        driven.worker.builtins = Builtins::of(&[]);
        let seen = driven.ask(&case, Capture::Digests);
        assert_eq!(seen.steps[1].outcome, Outcome::Returned(vec![Value::I32(1)]));
        assert!(matches!(&seen.steps[2].outcome, Outcome::Refused(why) if why.contains("host values")), "{seen:?}");
    });
}

/// Answers that were true, with mistakes of every sort in them: raising them ends in an observation or an error.
#[test]
fn whatever_is_answered_nothing_panics() {
    on_a_large_stack(|| {
        let mut random = Random(11);
        let mut errors = 0;
        for (drivers, keeps) in [(true, true), (true, false), (false, false)] {
            let mut driven = probed(drivers, keeps);
            for kit in kit::cases() {
                let prepared = Prepared::new(&kit.case);
                let script = Script::lower(&prepared, Capture::Full, &driven.worker, &mut Callers::default());
                let mut raise = Raise::new(&script, common::id());
                let answers = driven.request(script.ops(), &kit.case.limits, Some(&mut raise));
                for _ in 0..8 {
                    let mut raise = Raise::new(&script, common::id());
                    for answer in &answers {
                        let mut answer = answer.clone();
                        spoil(&mut answer, &mut random);
                        if raise.answer(answer).is_err() {
                            errors += 1;
                            assert!(raise.answer(answers[0].clone()).is_err());
                            break;
                        }
                    }
                    let done = raise.steps_done();
                    let seen = raise.finish(Ending::Finished);
                    assert_eq!(seen.steps.len(), done);
                    assert_eq!(seen.ending == Ending::Finished, done == kit.case.plan.steps.len());
                }
            }
        }
        assert!(errors > 100, "{errors}");
    });
}

fn spoil(answer: &mut Answer, random: &mut Random) {
    match random.below(40) {
        0 => answer.out = None,
        1 => answer.values = None,
        2 => answer.op = answer.op.wrapping_add(random.below(3)),
        3 => answer.end = Some(End::Absent),
        4 => answer.end = None,
        5 => answer.bytes = Some(random.next()),
        6 => answer.elements = Some(random.below(3)),
        7 => answer.blocks = Some(vec![(random.next(), vec![1]), (0, vec![2; 9])]),
        8 => answer.refs = Some(vec![Ref::Null; 5]),
        9 => answer.ns = Some(u64::MAX),
        10 => answer.values = Some(vec![Value::I32(1), Value::Ref(Ref::Func(Identity::Known(5)))]),
        11..=14 => {
            if let Some(out) = &mut answer.out {
                out.truncate(random.below(out.len() as u64 + 1) as usize);
            }
        }
        15..=25 => {
            if let Some(out) = answer.out.as_mut().filter(|out| !out.is_empty()) {
                let position = random.below(out.len() as u64) as usize;
                out[position] = random.next() as u8;
            }
        }
        26 => answer.out = Some((0..random.below(200)).map(|_| random.next() as u8).collect()),
        _ => {}
    }
}

#[test]
fn steps_that_were_answered_are_seen_where_the_program_died_in_the_middle() {
    on_a_large_stack(|| {
        let mut driven = probed(true, true);
        let text = r#"(module (global (export "g") i32 (i32.const 7)) (func (export "f")))"#;
        let case = case(&[text.to_owned()], vec![instantiate(0), invoke(0, "f", vec![]), invoke(0, "f", vec![])]);
        let script = Script::lower(&Prepared::new(&case), Capture::Digests, &driven.worker, &mut Callers::default());
        let mut whole = Raise::new(&script, common::id());
        let answers = driven.request(script.ops(), &case.limits, Some(&mut whole));
        let whole = whole.finish(Ending::Finished);
        for count in 0..answers.len() {
            let mut raise = Raise::new(&script, common::id());
            answers[..count].iter().for_each(|answer| raise.answer(answer.clone()).unwrap());
            let seen = raise.finish(Ending::TimedOut);
            assert_eq!(seen.ending, Ending::TimedOut);
            assert_eq!(seen.steps, whole.steps[..seen.steps.len()]);
        }
    });
}

/// An engine that refuses the module which reads the state has the exports all the same: nothing is known of them.
#[test]
fn the_state_of_an_instance_whose_driver_was_refused_is_not_seen() {
    on_a_large_stack(|| {
        let mut driven = probed(true, true);
        let text = r#"(module (global (export "g") i32 (i32.const 7)))"#;
        let case = case(&[text.to_owned()], vec![instantiate(0)]);
        let script = Script::lower(&Prepared::new(&case), Capture::Digests, &driven.worker, &mut Callers::default());
        let mut whole = Raise::new(&script, common::id());
        let mut answers = driven.request(script.ops(), &case.limits, Some(&mut whole));
        let whole = whole.finish(Ending::Finished);
        assert_eq!(whole.steps[0].state.as_ref().map(|state| state.globals.len()), Some(1));
        let last = script.ops().iter().rposition(|op| matches!(op, Op::Instance { .. })).unwrap();
        answers[last].end = Some(End::Unlinkable);
        for answer in &mut answers[last + 1..] {
            answer.end = Some(End::Absent);
        }
        let mut raise = Raise::new(&script, common::id());
        answers.into_iter().for_each(|answer| raise.answer(answer).unwrap());
        let seen = raise.finish(Ending::Finished);
        assert_eq!((&seen.steps[0].outcome, &seen.steps[0].state), (&Outcome::Returned(vec![]), &None));
    });
}
