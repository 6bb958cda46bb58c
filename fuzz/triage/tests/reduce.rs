//! Reductions with questions that need no engine: what is asked is something about the candidate itself.

use std::ops::ControlFlow;

use wasmparser::{Operator, Parser, Payload, Validator, WasmFeatures};
use wassay_model::{
    Action, Bytes, Feature, Features, Host, InstanceIdx, Limits, Module, ModuleIdx, Plan, PlanStep, Provenance,
    Snapshot, TestCase, Value,
};
use wassay_triage::{Options, Progress, Question, Reduced, mnemonic, module_bytes, reduce, skeleton};

/// A question that a function answers, with an end after so many candidates.
struct Asked<F> {
    holds: F,
    left: u64,
}

impl<F: FnMut(&TestCase) -> bool> Question for Asked<F> {
    fn still(&mut self, candidates: &[TestCase]) -> Vec<bool> {
        candidates.iter().map(|case| (self.holds)(case)).collect()
    }

    fn go_on(&mut self, _: Progress<'_>) -> ControlFlow<()> {
        self.left = self.left.saturating_sub(1);
        if self.left == 0 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }
}

fn ask(case: &TestCase, options: Options, holds: impl FnMut(&TestCase) -> bool) -> Reduced {
    reduce(case, &mut Asked { holds, left: u64::MAX }, options)
}

fn encoded(text: &str) -> Vec<u8> {
    let buffer = wast::parser::ParseBuffer::new(text).unwrap();
    wast::parser::parse::<wast::Wat<'_>>(&buffer).unwrap().encode().unwrap()
}

fn case(modules: Vec<Vec<u8>>, actions: Vec<Action>) -> TestCase {
    let name = |(index, bytes)| Module { name: format!("m{index}"), bytes: Bytes(bytes) };
    let step = |action| PlanStep { action, snapshot: Snapshot::Take };
    TestCase {
        modules: modules.into_iter().enumerate().map(name).collect(),
        plan: Plan { steps: actions.into_iter().map(step).collect() },
        host: Host::Deterministic,
        features: Features::V3,
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

#[test]
fn a_memory_stays_shared_where_the_finding_needs_it_and_nowhere_else() {
    let store = encoded(r#"(module (memory (export "m") 1 2 shared))"#);
    let user = encoded(
        r#"(module (import "store" "m" (memory 1 2 shared))
            (func (export "f") (result i32) (i32.clz (i32.load (i32.const 8)))))"#,
    );
    let register = Action::Register { instance: InstanceIdx(0), name: "store".to_owned() };
    let actions = vec![instantiate(0), register, instantiate(1), invoke(1, "f", Vec::new())];
    let features = Features::V3.union(Features::of(&[Feature::Threads]));
    let case = TestCase { features, ..case(vec![store, user], actions) };
    let has = |case: &TestCase, opcode: &str| skeleton(case).iter().any(|known| known == opcode);
    let free = ask(&case, Options::default(), |case| has(case, "i32.load"));
    assert_eq!(skeleton(&free.case), ["i32.load"]);
    let bound = ask(&case, Options::default(), |case| has(case, "i32.load") && has(case, "(shared)"));
    assert_eq!(skeleton(&bound.case), ["(shared)", "i32.load"]);
}

/// A module of many functions; one of them has an `i32.clz` deep inside.
fn large() -> TestCase {
    let mut text = String::from("(module (memory 3 9) (table 4 funcref) (elem (i32.const 0) func $f0 $f1)\n");
    text.push_str("(data (i32.const 16) \"some bytes that nobody reads\") (global $g (mut i64) (i64.const 77))\n");
    for number in 0..20 {
        let inner = if number == 13 { "(i32.clz (i32.add (local.get 0) (i32.const 70000)))" } else { "(i32.const 5)" };
        text.push_str(&format!(
            "(func $f{number} (export \"function {number}\") (param i32 i64) (result i32 i64) (local f64)
               (global.set $g (i64.add (global.get $g) (local.get 1)))
               (block (br_if 0 (i32.eqz (local.get 0)))
                 (loop (if (i32.lt_u (local.get 0) (i32.const 9)) (then (i32.store offset=8 (i32.const 64) (i32.const 3))))))
               (i32.xor {inner} (i32.load (i32.const 4))) (i64.mul (local.get 1) (i64.const 3)))\n"
        ));
    }
    text.push(')');
    let mut actions = vec![instantiate(0)];
    for number in 0..20 {
        actions.push(invoke(0, &format!("function {number}"), vec![Value::I32(123_456), Value::I64(9)]));
    }
    case(vec![encoded(&text)], actions)
}

/// Whether the plan still calls an export whose function has the opcode, in a valid module.
fn calls_opcode(case: &TestCase, opcode: &str) -> bool {
    let calls = |module: &Module, index: usize| {
        assert!(
            Validator::new_with_features(WasmFeatures::all()).validate_all(&module.bytes.0).is_ok(),
            "a candidate of a valid module is not valid"
        );
        let (mut exports, mut bodies, mut imported) = (Vec::new(), Vec::new(), 0);
        for payload in Parser::new(0).parse_all(&module.bytes.0) {
            match payload.unwrap() {
                Payload::ImportSection(section) => imported = section.into_imports().count(),
                Payload::ExportSection(section) => {
                    exports.extend(
                        section.into_iter().map(|export| export.unwrap()).map(|e| (e.name.to_owned(), e.index)),
                    );
                }
                Payload::CodeSectionEntry(body) => {
                    let operators: Vec<Operator<'_>> =
                        body.get_operators_reader().unwrap().into_iter().map(Result::unwrap).collect();
                    bodies.push(operators.iter().any(|operator| mnemonic(operator) == opcode));
                }
                _ => {}
            }
        }
        let mut made = Vec::new();
        case.plan.steps.iter().any(|step| match &step.action {
            Action::Instantiate { module } => {
                made.push(module.position());
                false
            }
            Action::Invoke { instance, export, .. } => {
                made.get(instance.position()) == Some(&index)
                    && exports.iter().any(|(name, func)| {
                        name == export
                            && (*func as usize).checked_sub(imported).and_then(|defined| bodies.get(defined))
                                == Some(&true)
                    })
            }
            _ => false,
        })
    };
    case.modules.iter().enumerate().any(|(index, module)| calls(module, index))
}

#[test]
fn a_large_module_is_reduced_to_one_opcode_in_one_function() {
    let reduced = ask(&large(), Options::default(), |case| calls_opcode(case, "i32.clz"));
    assert!(reduced.complete);
    assert!(
        reduced.bytes.1 <= 40,
        "{} bytes: {}",
        reduced.bytes.1,
        wasmprinter::print_bytes(&reduced.case.modules[0].bytes.0).unwrap()
    );
    assert_eq!(reduced.case.plan.steps.len(), 2);
    assert_eq!(skeleton(&reduced.case), ["i32.clz"]);
    assert_eq!(reduced.case.limits, Limits::default());
}

#[test]
fn a_seed_decides_everything_and_the_batch_nothing() {
    let run = |seed, batch| {
        ask(&large(), Options { seed, batch, ..Options::default() }, |case| calls_opcode(case, "i32.clz"))
    };
    for seed in [0, 7] {
        let first = run(seed, 1);
        let (again, batched) = (run(seed, 1), run(seed, 4));
        assert_eq!((first.case.id(), first.asked), (again.case.id(), again.asked));
        assert_eq!(first.case.id(), batched.case.id(), "seed {seed}");
    }
}

#[test]
fn the_first_pass_of_wasm_shrink_is_asked_of_and_decided_by_the_seed_too() {
    let run =
        |attempts| ask(&large(), Options { attempts, ..Options::default() }, |case| calls_opcode(case, "i32.clz"));
    let (without, with, again) = (run(0), run(40), run(40));
    assert_eq!((with.case.id(), with.asked), (again.case.id(), again.asked));
    assert!(with.asked != without.asked, "it asked about nothing");
    assert!(with.complete && with.bytes.1 <= 40, "{} bytes", with.bytes.1);
    // Broken off in the middle of it, it keeps the smallest that it had come to.
    let mut few = Asked { holds: |case: &TestCase| calls_opcode(case, "i32.clz"), left: 30 };
    let reduced = reduce(&large(), &mut few, Options { attempts: 1000, ..Options::default() });
    assert!(!reduced.complete && calls_opcode(&reduced.case, "i32.clz"));
    assert!(reduced.bytes.1 < reduced.bytes.0, "{:?}", reduced.bytes);
}

#[test]
fn less_fuel_is_not_tried_where_the_finding_is_that_it_does_not_end() {
    let mut fuels = std::collections::BTreeSet::new();
    let holds = |case: &TestCase| {
        fuels.insert(case.limits.fuel_max);
        calls_opcode(case, "i32.clz")
    };
    ask(&large(), Options { endless: true, ..Options::default() }, holds);
    assert_eq!(fuels.into_iter().collect::<Vec<_>>(), [Limits::default().fuel_max]);
}

#[test]
fn a_reduction_that_is_broken_off_keeps_the_best_so_far() {
    let case = large();
    let mut sizes = Vec::new();
    for left in [1, 10, 60, 1000] {
        let reduced = reduce(
            &case,
            &mut Asked { holds: |case: &TestCase| calls_opcode(case, "i32.clz"), left },
            Options::default(),
        );
        assert!(calls_opcode(&reduced.case, "i32.clz"));
        assert!(reduced.asked < left);
        sizes.push(reduced.bytes.1);
    }
    assert_eq!(sizes[0], module_bytes(&case));
    assert!(sizes.is_sorted_by(|a, b| a >= b) && sizes[0] > sizes[3], "{sizes:?}");
}

#[test]
fn an_answer_that_is_always_no_leaves_the_case_alone() {
    let case = large();
    let reduced = ask(&case, Options::default(), |_| false);
    assert_eq!(reduced.case, case);
}

#[test]
fn a_module_that_does_not_decode_is_reduced_byte_by_byte() {
    let mut bytes =
        encoded("(module (memory 1) (func (export \"f\") (result i32) (i32.add (i32.const 1) (i32.const 2))))");
    // An opcode that there is none of, in place of the addition.
    let at = bytes.iter().position(|byte| *byte == 0x6a).unwrap();
    bytes[at] = 0xff;
    let case = case(vec![bytes], vec![Action::Load { module: ModuleIdx(0) }]);
    let reduced = ask(&case, Options::default(), |case| {
        let is_bad = |module: &Module| {
            let good = b"\0asm\x01\0\0\0";
            module.bytes.0.starts_with(good) && module.bytes.0.contains(&0xff)
        };
        case.modules.iter().any(is_bad)
    });
    assert_eq!(reduced.case.modules[0].bytes.0, b"\0asm\x01\0\0\0\xff");
}

#[test]
fn an_invalid_module_stays_invalid_in_its_own_way() {
    let bytes = encoded(
        "(module (memory 1) (global i32 (i32.const 0)) (func (result i64) (i64.const 2)) (func (result i64) (i32.const 7)))",
    );
    let wrong = |bytes: &[u8]| {
        let words = Validator::new_with_features(WasmFeatures::all()).validate_all(bytes).err();
        words.is_some_and(|error| error.message().contains("type mismatch"))
    };
    assert!(wrong(&bytes));
    let case = case(vec![bytes], vec![Action::Load { module: ModuleIdx(0) }]);
    let reduced =
        ask(&case, Options::default(), |case| case.modules.first().is_some_and(|module| wrong(&module.bytes.0)));
    assert!(wrong(&reduced.case.modules[0].bytes.0));
    assert!(reduced.bytes.1 <= 30, "{} bytes", reduced.bytes.1);
}

#[test]
fn linked_modules_keep_what_links_them() {
    let first = encoded(
        "(module (memory 1) (func (export \"unused\")) (func (export \"add\") (param i32) (result i32)
           (i32.add (i32.popcnt (local.get 0)) (i32.load (i32.const 0)))))",
    );
    let second = encoded(
        "(module (import \"first\" \"add\" (func $add (param i32) (result i32)))
           (func (export \"other\") (drop (call $add (i32.const 3))))
           (func (export \"run\") (param i32) (result i32) (i32.mul (i32.const 2) (call $add (local.get 0)))))",
    );
    let third = encoded("(module (func (export \"nothing\")))");
    let actions = vec![
        instantiate(2),
        instantiate(0),
        Action::Register { instance: InstanceIdx(1), name: "first".to_owned() },
        instantiate(1),
        invoke(0, "nothing", vec![]),
        invoke(2, "other", vec![]),
        invoke(2, "run", vec![Value::I32(99)]),
    ];
    let case = case(vec![first, second, third], actions);
    // The call has to go through both modules.
    let goes_through = |case: &TestCase| {
        let registers = case.plan.steps.iter().any(|step| matches!(&step.action, Action::Register { .. }));
        registers && case.modules.len() >= 2 && calls_opcode(case, "call") && {
            let printed = case.modules.iter().map(|module| wasmprinter::print_bytes(&module.bytes.0).unwrap());
            printed.collect::<String>().contains("i32.popcnt")
        }
    };
    assert!(goes_through(&case));
    let reduced = ask(&case, Options::default(), goes_through);
    assert_eq!(reduced.case.modules.len(), 2);
    assert!(reduced.case.plan.steps.len() <= 4, "{:?}", reduced.case.plan);
    assert!(reduced.bytes.1 < reduced.bytes.0 * 3 / 4, "{:?}", reduced.bytes);
}

#[test]
fn arguments_become_simple() {
    let reduced = ask(&large(), Options::default(), |case| {
        let asks = |step: &PlanStep| match &step.action {
            Action::Invoke { args, .. } => {
                matches!(args.first(), Some(Value::I32(number)) if number.cast_signed() >= 100)
            }
            _ => false,
        };
        calls_opcode(case, "i32.clz") && case.plan.steps.iter().any(asks)
    });
    let Action::Invoke { args, .. } = &reduced.case.plan.steps[1].action else { panic!("{:?}", reduced.case.plan) };
    assert_eq!(args, &[Value::I32(100)]);
}

#[test]
fn opcodes_of_a_module_that_is_only_loaded_are_those_of_all_its_functions() {
    let module =
        encoded("(module (func unreachable select drop) (func (export \"f\") (drop (i32.clz (i32.const 1)))))");
    let loaded = case(vec![module.clone()], vec![Action::Load { module: ModuleIdx(0) }]);
    assert_eq!(skeleton(&loaded), ["i32.clz", "select", "unreachable"]);
    let called = case(vec![module], vec![instantiate(0), invoke(0, "f", vec![])]);
    assert_eq!(skeleton(&called), ["i32.clz"]);
}

#[test]
fn a_function_in_a_segment_is_reached_through_a_table_that_modules_share() {
    let owner = encoded(
        "(module (type $t (func)) (table (export \"table\") 1 1 funcref)
           (func (export \"run\") (call_indirect (type $t) (i32.const 0))))",
    );
    let other = encoded(
        "(module (import \"m\" \"table\" (table 1 1 funcref)) (elem (i32.const 0) $f)
           (func $f (drop (i32.clz (i32.const 1)))) (func (drop (i32.ctz (i32.const 1)))))",
    );
    let actions = vec![
        instantiate(0),
        Action::Register { instance: InstanceIdx(0), name: "m".to_owned() },
        instantiate(1),
        invoke(0, "run", vec![]),
    ];
    assert_eq!(skeleton(&case(vec![owner, other], actions)), ["(elem)", "call_indirect", "i32.clz"]);
}

/// What the operand of the rotation below is, as the standard has it.
const OPERAND: i64 = -77;

/// A question for which the operand of a rotation has to be what it was: the product, or a value that stands for it.
struct Rotation {
    /// Whether a constant will do, or only what an argument brings.
    constant: bool,
    /// Cases whose values were asked for.
    probes: u32,
}

impl Question for Rotation {
    fn still(&mut self, candidates: &[TestCase]) -> Vec<bool> {
        let holds = |case: &TestCase| {
            let Some(Ok(printed)) = case.modules.first().map(|module| wasmprinter::print_bytes(&module.bytes.0)) else {
                return false;
            };
            let given = case.plan.steps.iter().any(|step| match &step.action {
                Action::Invoke { args, .. } => args.contains(&Value::I64(OPERAND.cast_unsigned())),
                _ => false,
            });
            let product = printed.contains("i64.mul");
            let stands_for_it = match self.constant {
                true => printed.contains(&format!("i64.const {OPERAND}\n")),
                false => given && printed.contains("local.get"),
            };
            calls_opcode(case, "i64.rotr") && (product || stands_for_it)
        };
        candidates.iter().map(holds).collect()
    }

    fn values(&mut self, case: &TestCase) -> Vec<Option<Value>> {
        self.probes += 1;
        assert!(
            Validator::new().validate_all(&case.modules[0].bytes.0).is_ok(),
            "what is asked of the standard is valid"
        );
        let value = |step: &PlanStep| match &step.action {
            Action::Get { .. } => Some(Value::I64(OPERAND.cast_unsigned())),
            _ => None,
        };
        case.plan.steps.iter().map(value).collect()
    }

    fn go_on(&mut self, _: Progress<'_>) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }
}

/// A rotation whose operand is computed, and of whose result something is computed.
fn rotation() -> TestCase {
    let module = encoded(
        "(module (global $g (export \"g\") (mut i64) (i64.const 5)) (func (export \"f\") (param i64) (result i32)
           (i32.wrap_i64 (i64.rotr (i64.mul (global.get $g) (local.get 0)) (i64.const 3)))))",
    );
    case(vec![module], vec![instantiate(0), invoke(0, "f", vec![Value::I64(3)])])
}

#[test]
fn an_operand_that_no_simple_value_can_replace_becomes_what_it_was() {
    let mut question = Rotation { constant: true, probes: 0 };
    let reduced = reduce(&rotation(), &mut question, Options::default());
    assert!(reduced.complete && question.probes > 0);
    assert_eq!(skeleton(&reduced.case), ["i64.rotr"]);
    let again =
        reduce(&rotation(), &mut Rotation { constant: true, probes: 0 }, Options { batch: 4, ..Options::default() });
    assert_eq!(reduced.case.id(), again.case.id());
}

#[test]
fn where_no_constant_will_do_an_argument_brings_what_an_operand_was() {
    let mut question = Rotation { constant: false, probes: 0 };
    let reduced = reduce(&rotation(), &mut question, Options::default());
    assert_eq!(skeleton(&reduced.case), ["i64.rotr"]);
    let Action::Invoke { args, .. } = &reduced.case.plan.steps[1].action else { panic!("{:?}", reduced.case.plan) };
    assert_eq!(args, &[Value::I64(OPERAND.cast_unsigned())]);
}

#[test]
fn without_anybody_who_knows_values_operands_stay() {
    let reduced = ask(&rotation(), Options::default(), |case| {
        Rotation { constant: true, probes: 0 }.still(std::slice::from_ref(case))[0]
    });
    assert_eq!(skeleton(&reduced.case), ["i64.mul", "i64.rotr"]);
}

#[test]
fn a_function_returns_what_matters_at_once() {
    // The count goes through a conversion, a product, a block and an `if` before anything is returned.
    let module = encoded(
        "(module (global $g (mut i64) (i64.const 0)) (func (export \"f\") (param i32) (result f64)
           (if (result f64) (i32.lt_s (local.get 0) (i32.const 9))
             (then (block (result f64) (f64.const 4)
               (f64.mul (f64.convert_i32_u (i32.sub (i32.clz (local.get 0)) (i32.const 3))))))
             (else (f64.const 1)))))",
    );
    let case = case(vec![module], vec![instantiate(0), invoke(0, "f", vec![Value::I32(3)])]);
    // Something has to be returned.
    let reduced = ask(&case, Options::default(), |case| {
        let printed = wasmprinter::print_bytes(&case.modules[0].bytes.0).unwrap_or_default();
        let returns = printed.lines().any(|line| line.contains("(func (;0;)") && line.contains("(result"));
        calls_opcode(case, "i32.clz") && returns
    });
    let printed = wasmprinter::print_bytes(&reduced.case.modules[0].bytes.0).unwrap();
    assert_eq!(skeleton(&reduced.case), ["i32.clz"], "{printed}");
    assert!(!printed.contains("return") && !printed.contains("block"), "{printed}");
}
