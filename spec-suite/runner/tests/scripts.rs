//! Scripts read, evaluated and written.

use wassay_model::{
    Action, Bytes, Crash, CrashManner, Ending, EngineId, EngineName, Expected, Feature, Features, Host, HostCall,
    HostCalls, Identity, InstanceIdx, Limits, Module, ModuleIdx, Observation, OpenChoice, Outcome, Plan, PlanStep,
    Provenance, Ref, Resource, Snapshot, Step, StepIdx, TestCase, Timing, TrapKind, Value,
};
use wassay_runner::{Kind, Script, State, evaluate, evaluate_texts, parse, write_wast};

fn script(text: &str) -> Script {
    parse("a.wast", text, Features::V3).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

fn observation(outcomes: Vec<Outcome>, ending: Ending) -> Observation {
    let step = |outcome| Step { outcome, host_calls: HostCalls::default(), state: None };
    Observation {
        engine: EngineId { name: EngineName::plain("reference"), version: "1".to_owned() },
        steps: outcomes.into_iter().map(step).collect(),
        ending,
        open: vec![],
        words: vec![],
        instructions: vec![],
        timing: Timing::default(),
    }
}

fn returned(values: &[&str]) -> Outcome {
    Outcome::Returned(values.iter().map(|value| value.parse().unwrap()).collect())
}

const SMALL: &str = r#"(module $m (func (export "f") (param i32) (result i32) (local.get 0)) (global (export "g") i32 (i32.const 7)))
(assert_return (invoke "f" (i32.const 1)) (i32.const 1))
(assert_return (get $m "g") (i32.const 7))
(assert_trap (invoke "f" (i32.const 2)) "unreachable")
(assert_trap (invoke "f" (i32.const 2)) "words that nobody knows")
(assert_malformed (module quote "(modul)") "unexpected token")
(assert_malformed (module binary "\00asm") "unexpected end")
(register "m" $m)
"#;

#[test]
fn commands_become_steps_with_their_lines() {
    let script = script(SMALL);
    let kinds: Vec<_> = script.checks.iter().map(|check| (check.kind, check.line, check.command)).collect();
    assert_eq!(
        kinds,
        [
            (Kind::Module, 1, 0),
            (Kind::AssertReturn, 2, 1),
            (Kind::AssertReturn, 3, 2),
            (Kind::AssertTrap, 4, 3),
            (Kind::AssertTrap, 5, 4),
            (Kind::AssertMalformed, 7, 6),
            (Kind::Register, 8, 7),
        ]
    );
    assert_eq!((script.texts.len(), script.texts[0].line), (1, 6));
    assert!(script.texts[0].refusal.is_some());
    assert_eq!(script.case.plan.steps.len(), 7);
    assert_eq!(script.case.plan.steps[5].action, Action::Load { module: ModuleIdx(1) });
}

#[test]
fn results_follow_from_outcomes() {
    let script = script(SMALL);
    let all = observation(
        vec![
            returned(&[]),
            returned(&["i32:2"]),
            returned(&["i32:7"]),
            Outcome::Trapped(TrapKind::Unreachable.into()),
            Outcome::Trapped(TrapKind::Unreachable.into()),
            Outcome::Rejected,
            Outcome::Unclassified("?".to_owned()),
        ],
        Ending::Finished,
    );
    let states: Vec<State> = evaluate(&script, &all).into_iter().map(|result| result.state).collect();
    let [State::Pass, State::Fail, State::Pass, State::Pass, State::Unsupported(why), State::Pass, State::Skip(_)] =
        states.as_slice()
    else {
        panic!("{states:?}")
    };
    assert!(why.contains("words that nobody knows"));
    assert_eq!(evaluate_texts(&script)[0].state, State::Pass);
}

#[test]
fn behind_a_call_that_no_host_value_could_be_passed_to_a_failure_says_nothing() {
    let states = |arg: &str, call: Outcome, value: &str| -> Vec<State> {
        let script = script(&format!(
            r#"(module (func (export "set") (param externref)) (func (export "take") (param i32))
                (global (export "g") i32 (i32.const 7)))
            (assert_return (invoke {arg}))
            (assert_return (get "g") (i32.const 7))"#
        ));
        let outcomes = vec![returned(&[]), call, returned(&[value])];
        evaluate(&script, &observation(outcomes, Ending::Finished)).into_iter().map(|result| result.state).collect()
    };
    let passing = r#""set" (ref.extern 1)"#;
    let refused = || Outcome::Refused("the worker cannot make host values".to_owned());
    let State::Skip(why) = &states(passing, refused(), "i32:8")[2] else { panic!("it is no failure of the engine's") };
    assert!(why.contains("cannot make host values"), "{why}");
    assert_eq!(states(passing, refused(), "i32:7")[2], State::Pass);
    // All others are failures: behind a call that was made, one that passes nothing of the host, an unknown error.
    for (arg, call) in [
        (passing, returned(&[])),
        (r#""take" (i32.const 1)"#, refused()),
        (passing, Outcome::Unclassified("what?".to_owned())),
    ] {
        assert_eq!(states(arg, call, "i32:8")[2], State::Fail, "{arg}");
    }
}

#[test]
fn the_command_that_ended_the_program_is_told_from_those_behind_it() {
    let script = script(SMALL);
    let crash = Ending::Crashed(Crash { manner: CrashManner::Panic, words: String::new() });
    for (ending, first) in [(crash, State::Crash), (Ending::TimedOut, State::Timeout)] {
        let states: Vec<State> = evaluate(&script, &observation(vec![returned(&[])], ending))
            .into_iter()
            .map(|result| result.state)
            .collect();
        assert_eq!((&states[0], &states[1]), (&State::Pass, &first));
        assert!(matches!(&states[2], State::Skip(_)));
    }
    let declined = evaluate(&script, &observation(vec![], Ending::Declined(Feature::Gc)));
    assert!(declined.iter().all(|result| result.state == State::Unsupported("gc".to_owned())));
}

#[test]
fn a_script_that_imports_from_spectest_brings_it_along() {
    let script = script(r#"(module (import "spectest" "print_i32" (func (param i32))))"#);
    let actions: Vec<&Action> = script.case.plan.steps.iter().map(|step| &step.action).collect();
    let register = Action::Register { instance: InstanceIdx(0), name: "spectest".to_owned() };
    assert_eq!(actions[1], &register);
    assert_eq!((actions.len(), script.checks.len(), script.checks[0].step), (3, 1, Some(StepIdx(2))));
    let spelled = r#"(module binary "\00asm\01\00\00\00\01\05\01\60\01\7f\00\02\17\01\08\73\70\65\63\74\65\73\74\09print_i32\00\00")"#;
    assert_eq!(self::script(spelled).case.plan.steps.len(), 3);
    let without = self::script("(module)");
    assert_eq!(without.case.plan.steps.len(), 1);
}

#[test]
fn definitions_are_instantiated_by_name_and_definitions_alone_are_not() {
    let script = script(
        r#"(module definition $M (global (export "g") (mut i32) (i32.const 0)))
(module instance $A $M)
(module instance $B $M)
(assert_return (get $A "g") (i32.const 0))
(assert_return (get "g") (i32.const 0))"#,
    );
    let actions: Vec<Action> = script.case.plan.steps.into_iter().map(|step| step.action).collect();
    let get = |instance| Action::Get { instance: InstanceIdx(instance), export: "g".to_owned() };
    assert_eq!(
        actions,
        [
            Action::Load { module: ModuleIdx(0) },
            Action::Instantiate { module: ModuleIdx(0) },
            Action::Instantiate { module: ModuleIdx(0) },
            get(0),
            get(1),
        ]
    );
}

#[test]
fn commands_that_no_plan_can_hold_are_rows_with_a_reason() {
    let script = script(
        r#"(module $M)
(thread $T (shared (module $M)) (invoke "f"))
(wait $T)
(assert_suspension (invoke $M "f") "unhandled")"#,
    );
    let rows: Vec<_> = script.checks.iter().map(|check| (check.kind, check.unsupported.is_some())).collect();
    assert_eq!(rows, [(Kind::Module, false), (Kind::Thread, true), (Kind::Wait, true), (Kind::AssertSuspension, true)]);
}

#[test]
fn a_module_that_cannot_be_encoded_leaves_a_hole_and_not_another_module() {
    let script = script(
        r#"(module $M (func (export "f")))
(module $N (func (export "f") (call $nowhere)))
(invoke "f")
(invoke $M "f")"#,
    );
    let rows: Vec<_> = script.checks.iter().map(|check| check.unsupported.is_some()).collect();
    assert_eq!(rows, [false, true, true, false]);
    assert!(script.checks[1].unsupported.as_ref().unwrap().contains("nowhere"));
}

#[test]
fn errors_name_file_line_and_column() {
    for (text, start) in [
        ("(module)\n(assert_return (invoke \"f\") (i32.konst 1))", "a.wast:2:30: "),
        ("(module)\n  (frobnicate)", "a.wast:2:4: "),
        ("(module)\n\"", "a.wast:2:"),
        ("(invoke $x \"f\")", "a.wast:1:2: there is no instance $x"),
        ("(invoke \"f\")", "a.wast:1:2: there is no instance yet"),
        ("(module instance $I $M)", "a.wast:1:2: there is no module $M"),
    ] {
        let error = parse("a.wast", text, Features::V3).unwrap_err().to_string();
        assert!(error.starts_with(start), "{error}");
    }
}

#[test]
fn patterns_are_read_as_they_are_written() {
    let script = script(
        r#"(module (func (export "f")))
(assert_return (invoke "f") (f32.const nan:canonical) (f64.const nan:arithmetic) (f32.const nan:0x200000)
  (v128.const i8x16 1 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0xff) (v128.const f32x4 nan:canonical 1 -0 nan:arithmetic)
  (ref.null) (ref.extern 3) (ref.func) (ref.i31) (either (i32.const 1) (i32.const 2)))"#,
    );
    let Expected::Return(patterns) = &script.checks[1].expected else { panic!() };
    let text: Vec<String> = patterns.iter().map(ToString::to_string).collect();
    assert_eq!(
        text,
        [
            "f32:nan:canonical",
            "f64:nan:arithmetic",
            "f32:0x7fa00000 (NaN)",
            "v128:0xff000000000000000000000000000001",
            "f32x4:nan:canonical 0x3f800000 0x80000000 nan:arithmetic",
            "ref:null",
            "ref:extern:3",
            "ref:func",
            "ref:i31",
            "either i32:1 or i32:2",
        ]
    );
}

/// A case with the given modules in the text format.
fn case(modules: &[&str], actions: Vec<Action>, host: Host) -> TestCase {
    let module = |text: &&str| {
        let bytes = script(text).case.modules.remove(0).bytes;
        Module { name: String::new(), bytes }
    };
    TestCase {
        modules: modules.iter().map(module).collect(),
        plan: Plan { steps: actions.into_iter().map(|action| PlanStep { action, snapshot: Snapshot::Skip }).collect() },
        host,
        features: Features::V3,
        limits: Limits::default(),
        provenance: Provenance::File { path: String::new() },
        relations: Vec::new(),
    }
}

fn invoke(instance: u32, export: &str, args: &[&str]) -> Action {
    let args = args.iter().map(|value| value.parse().unwrap()).collect();
    Action::Invoke { instance: InstanceIdx(instance), export: export.to_owned(), args }
}

#[test]
fn what_is_written_is_read_back_as_the_same_plan_and_expects_what_was_observed() {
    let all = r#"(module
      (func (export "n") (param i32 i64 f32 f64 v128 externref funcref))
      (func (export "a \"b\" \ff\c3\a4") (result f32) (f32.const 0))
      (func (export "r") (result funcref) (ref.null func))
      (global (export "g") i64 (i64.const 1)))"#;
    // The name of the second export is no UTF-8, which no module may have.
    let all = all.replace("\\ff", "");
    let actions = vec![
        Action::Instantiate { module: ModuleIdx(0) },
        Action::Instantiate { module: ModuleIdx(1) },
        Action::Instantiate { module: ModuleIdx(0) },
        Action::Register { instance: InstanceIdx(0), name: "x \"y\"\n".to_owned() },
        invoke(
            2,
            "n",
            &[
                "i32:-5",
                "i64:-9223372036854775808",
                "f32:0x7fa00001",
                "f64:0xfff8000000000000",
                "v128:0x00112233445566778899aabbccddeeff",
                "ref:extern:4",
                "ref:null",
            ],
        ),
        invoke(0, "a \"b\" \u{e4}", &[]),
        invoke(0, "a \"b\" \u{e4}", &[]),
        invoke(0, "r", &[]),
        invoke(
            0,
            "n",
            &[
                "i32:1",
                "i64:2",
                "f32:0.1",
                "f64:1e300",
                "v128:0x00000000000000000000000000000000",
                "ref:null",
                "ref:null",
            ],
        ),
        Action::Get { instance: InstanceIdx(2), export: "g".to_owned() },
        invoke(0, "r", &[]),
    ];
    let case = case(&[&all, "(module (func unreachable) (start 0))"], actions, Host::None);
    let mut observation = observation(
        vec![
            returned(&[]),
            Outcome::Trapped(TrapKind::Unreachable.into()),
            returned(&[]),
            returned(&[]),
            returned(&[]),
            returned(&["f32:0x7fc00001"]),
            returned(&["f32:0x00000001"]),
            returned(&["ref:func:#0"]),
            Outcome::Trapped(TrapKind::CastFailure.into()),
            returned(&["i64:-1"]),
            Outcome::Exhausted(Resource::Stack),
        ],
        Ending::Finished,
    );
    let text = write_wast(&case, &observation);
    insta::assert_snapshot!(text);
    let back = script(&text);
    assert_eq!(without_modules(&back.case), without_modules(&case));
    for (result, check) in evaluate(&back, &observation).iter().zip(&back.checks) {
        assert_eq!(result.state, State::Pass, "{result:?} {check:?}");
    }
    // Where a NaN's bits are open, they are not asserted.
    observation.open.push((StepIdx(5), OpenChoice::NanBits));
    assert!(write_wast(&case, &observation).contains("nan:arithmetic"));
}

/// The plan, with modules by their content, since a script repeats a module that is instantiated twice.
fn without_modules(case: &TestCase) -> Vec<(Action, Option<&Bytes>)> {
    let actions = case.plan.steps.iter().map(|step| &step.action);
    actions
        .map(|action| match action {
            Action::Instantiate { module } => {
                (Action::Instantiate { module: ModuleIdx(0) }, Some(&case.modules[module.position()].bytes))
            }
            Action::Load { module } => {
                (Action::Load { module: ModuleIdx(0) }, Some(&case.modules[module.position()].bytes))
            }
            other => (other.clone(), None),
        })
        .map(|(action, bytes)| (action, bytes.filter(|bytes| bytes.0.len() < 12)))
        .collect()
}

#[test]
fn the_recorded_host_is_replayed_by_a_module() {
    let module = r#"(module (import "host" "h" (func (param i32 f64) (result i32 externref)))
      (import "host" "k" (func (result v128)))
      (func (export "f")))"#;
    let case =
        case(&[module], vec![Action::Instantiate { module: ModuleIdx(0) }, invoke(0, "f", &[])], Host::Deterministic);
    let mut observation = observation(vec![returned(&[]), returned(&[])], Ending::Finished);
    let call = |name: &str, args: &[&str], results: &[&str]| HostCall {
        name: name.to_owned(),
        args: args.iter().map(|value| value.parse().unwrap()).collect(),
        results: results.iter().map(|value| value.parse().unwrap()).collect(),
    };
    observation.steps[1].host_calls.count = 3;
    observation.steps[1].host_calls.first = vec![
        call("h", &["i32:1", "f64:0x7ff8000000000000"], &["i32:7", "ref:null"]),
        call("k", &[], &["v128:0x00112233445566778899aabbccddeeff"]),
        call("h", &["i32:-1", "f64:0.5"], &["i32:8", "ref:null"]),
    ];
    let text = write_wast(&case, &observation);
    insta::assert_snapshot!(text);
    let back = script(&text);
    let actions: Vec<_> = back.case.plan.steps.iter().map(|step| &step.action).collect();
    assert_eq!(actions[1], &Action::Register { instance: InstanceIdx(0), name: "host".to_owned() });
    assert_eq!(actions.len(), 5);
    assert!(back.checks.iter().all(|check| check.unsupported.is_none()));
}

#[test]
fn modules_that_are_refused_are_written_with_the_refusal() {
    let broken = Module { name: String::new(), bytes: Bytes(b"\0asm\x01\0\0\0\xff".to_vec()) };
    let mut case = case(
        &["(module)"],
        vec![
            Action::Load { module: ModuleIdx(0) },
            Action::Load { module: ModuleIdx(1) },
            Action::Load { module: ModuleIdx(1) },
            Action::Instantiate { module: ModuleIdx(0) },
            Action::Instantiate { module: ModuleIdx(0) },
        ],
        Host::None,
    );
    case.modules.push(broken);
    let observation = observation(
        vec![
            returned(&[]),
            Outcome::Malformed,
            Outcome::Rejected,
            Outcome::Unlinkable,
            Outcome::Refused("size".to_owned()),
        ],
        Ending::Finished,
    );
    let text = write_wast(&case, &observation);
    insta::assert_snapshot!(text);
    let back = script(&text);
    assert_eq!(without_modules(&back.case), without_modules(&case)[..4]);
    assert!(evaluate(&back, &observation).iter().all(|result| result.state == State::Pass));
}

#[test]
fn references_without_a_pattern_are_still_invoked() {
    let case = case(
        &["(module (func (export \"f\")))"],
        vec![Action::Instantiate { module: ModuleIdx(0) }, invoke(0, "f", &[])],
        Host::None,
    );
    let exn = Outcome::Returned(vec![Value::Ref(Ref::Exn(Identity::Known(0)))]);
    let text = write_wast(&case, &observation(vec![returned(&[]), exn], Ending::Finished));
    assert!(text.ends_with("\n(invoke $i0 \"f\")\n"), "{text}");
}
