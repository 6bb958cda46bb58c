//! Two steps that say the same, on one engine alone: what holds them to be alike, and what does not.

mod kit;

use kit::{made, met, observation, returned, step, trapped, with_call, with_digest};
use wassay_judge::{explain, judge};
use wassay_model::{
    Action, Alike, Allowance, Feature, Features, InstanceIdx, ModuleIdx, Observation, OpenChoice, Outcome, Reason,
    Resource, Ruling, Site, Snapshot, Step, StepIdx, TestCase, TrapKind, Verdict,
};

const CANONICAL: &str = "f32:0x7fc00000";
const NEGATIVE: &str = "f32:0xffc00000";

/// Two instances, and a call of each, that are one the rewrite of the other.
fn case() -> TestCase {
    let mut case = kit::case(3);
    case.plan.steps[1].action = Action::Instantiate { module: ModuleIdx(0) };
    if let Action::Invoke { instance, args, .. } = &mut case.plan.steps[3].action {
        *instance = InstanceIdx(1);
        args.clear();
    }
    case.relations = vec![Alike { original: StepIdx(2), rewritten: StepIdx(3) }];
    case
}

fn alone(engine: &str, original: Step, rewritten: Step) -> Observation {
    observation(engine, vec![made(), made(), original, rewritten])
}

fn verdict(original: Step, rewritten: Step) -> Verdict {
    judge(&case(), &[alone("one", original, rewritten)])
}

#[track_caller]
fn check(verdict: &Verdict, ruling: Ruling, reason: impl Into<Option<Reason>>) {
    assert_eq!(verdict.ruling, ruling, "{verdict:#?}");
    assert_eq!(verdict.differences.first().map(|difference| difference.reason), reason.into(), "{verdict:#?}");
}

#[test]
fn one_engine_that_contradicts_itself_diverges() {
    for (original, rewritten) in [
        (returned(&["i32:1"]), returned(&["i32:2"])),
        (returned(&["i32:1"]), trapped(&[TrapKind::Unreachable])),
        (trapped(&[TrapKind::IntegerOverflow]), trapped(&[TrapKind::Unreachable])),
        (returned(&["ref:null"]), returned(&["ref:func:#1"])),
        (with_call(returned(&[]), "h", &["i32:1"]), with_call(returned(&[]), "h", &["i32:2"])),
        (with_call(returned(&[]), "h", &[]), returned(&[])),
        (made(), step(Outcome::Absent)),
    ] {
        check(&verdict(original, rewritten), Ruling::Diverge, Reason::Rewritten);
    }
}

#[test]
fn one_engine_that_says_the_same_twice_agrees() {
    for (original, rewritten) in [
        (returned(&["i32:1", "f64:0x0"]), returned(&["i32:1", "f64:0x0"])),
        (trapped(&[TrapKind::Unreachable]), trapped(&[TrapKind::Unreachable])),
        // Functions of two instances are two functions.
        (returned(&["ref:func:#0"]), returned(&["ref:func:#1"])),
        (with_call(returned(&[]), "h", &["i32:1"]), with_call(returned(&[]), "h", &["i32:1"])),
    ] {
        let verdict = verdict(original, rewritten);
        check(&verdict, Ruling::Agree, None);
        assert_eq!(verdict.compared.rewrites, 1);
    }
}

#[test]
fn the_bits_of_a_nan_are_open_here_too() {
    let steps = || (returned(&[CANONICAL]), returned(&[NEGATIVE]));
    let (original, rewritten) = steps();
    check(&verdict(original, rewritten), Ruling::Allowed, Reason::Allowance(Allowance::NanBits));
    // The reference made none.
    let reference = || alone("reference", returned(&[CANONICAL]), returned(&[CANONICAL]));
    let (original, rewritten) = steps();
    let other = alone("one", original, rewritten);
    let judged = judge(&case(), &[reference(), other.clone()]);
    assert_eq!(judged.ruling, Ruling::Diverge);
    let judged = judge(&case(), &[met(reference(), 2, OpenChoice::NanBits), other]);
    assert_eq!(judged.ruling, Ruling::Allowed);
}

#[test]
fn nothing_follows_from_a_step_that_ran_out_of_something() {
    for outcome in [Outcome::Exhausted(Resource::Stack), Outcome::Refused("locals".to_owned())] {
        check(&verdict(returned(&["i32:1"]), step(outcome.clone())), Ruling::Inconclusive, Reason::Limit);
        // What an instance was cut short in is unlike from then on.
        let cut = observation("one", vec![made(), step(outcome), returned(&["i32:1"]), returned(&["i32:2"])]);
        check(&judge(&case(), &[cut]), Ruling::Agree, None);
    }
}

#[test]
fn a_growth_that_was_refused_explains_any_unlikeness() {
    let other = alone("one", returned(&["i32:1"]), returned(&["i32:2"]));
    let judged = judge(&case(), &[met(other, 1, OpenChoice::RefusedGrowth)]);
    check(&judged, Ruling::Inconclusive, Reason::After(OpenChoice::RefusedGrowth));
}

#[test]
fn a_relaxed_instruction_explains_it_where_nobody_says_that_none_mattered() {
    let mut relaxed = case();
    relaxed.features = relaxed.features.union(Features::of(&[Feature::RelaxedSimd]));
    let other = alone("one", returned(&["i32:1"]), returned(&["i32:2"]));
    check(&judge(&relaxed, &[other]), Ruling::Inconclusive, Reason::After(OpenChoice::RelaxedVector));
}

#[test]
fn a_relation_that_the_reference_contradicts_proves_nothing_about_others() {
    let reference = alone("reference", returned(&["i32:1"]), returned(&["i32:2"]));
    let other = alone("one", returned(&["i32:1"]), returned(&["i32:2"]));
    let judged = judge(&case(), &[reference, other]);
    check(&judged, Ruling::Diverge, Reason::Rewritten);
    let engines: Vec<String> = judged.differences.iter().map(|difference| difference.engine.to_string()).collect();
    assert_eq!(engines, ["reference"]);
}

#[test]
fn what_the_reference_says_already_is_not_said_again() {
    let reference = alone("reference", returned(&["i32:1"]), returned(&["i32:1"]));
    let other = alone("one", returned(&["i32:1"]), returned(&["i32:2"]));
    let judged = judge(&case(), &[reference, other]);
    assert_eq!(judged.differences.len(), 1);
    check(&judged, Ruling::Diverge, Reason::Deterministic);
}

#[test]
fn without_a_reference_every_engine_is_held_against_itself() {
    let wrong = alone("wrong", returned(&["i32:1"]), returned(&["i32:2"]));
    let right = alone("right", returned(&["i32:1"]), returned(&["i32:1"]));
    for observations in [[wrong.clone(), right.clone()], [right, wrong]] {
        let judged = judge(&case(), &observations);
        let of_itself = judged.differences.iter().filter(|difference| difference.reason == Reason::Rewritten);
        assert_eq!(of_itself.map(|difference| difference.engine.to_string()).collect::<Vec<_>>(), ["wrong"]);
    }
}

#[test]
fn the_state_is_compared_where_the_plan_looks_at_it() {
    let named = |bytes: &[u8], instance| {
        let mut step = with_digest(made(), bytes);
        for (name, _) in &mut step.state.get_or_insert_default().memories {
            name.instance = InstanceIdx(instance);
        }
        step
    };
    check(&verdict(named(&[1], 0), named(&[1], 1)), Ruling::Agree, None);
    let unlike = verdict(named(&[1], 0), named(&[2], 1));
    check(&unlike, Ruling::Diverge, Reason::Rewritten);
    assert!(matches!(unlike.differences[0].site, Site::Memory { .. }));
    let mut unasked = case();
    unasked.plan.steps[2].snapshot = Snapshot::Skip;
    check(&judge(&unasked, &[alone("one", named(&[1], 0), named(&[2], 1))]), Ruling::Agree, None);
}

#[test]
fn relations_that_name_no_steps_are_passed_over() {
    let mut odd = case();
    odd.relations = vec![
        Alike { original: StepIdx(3), rewritten: StepIdx(2) },
        Alike { original: StepIdx(2), rewritten: StepIdx(40) },
    ];
    check(&judge(&odd, &[alone("one", returned(&["i32:1"]), returned(&["i32:2"]))]), Ruling::Agree, None);
}

#[test]
fn the_sentence_names_both_steps() {
    let found = verdict(returned(&["i32:0"]), returned(&["i32:1"]));
    let sentence = explain(&found, &case());
    assert!(
        sentence.starts_with(
            "one returned i32:1 as result 0 of step 3 (invoke \"f\" of instance 1), where step 2 (invoke \"f\" of \
             instance 0 with i32:1), of which it is a rewrite that keeps the meaning, returned i32:0 on the same \
             engine: the standard gives both the same meaning"
        ),
        "{sentence}"
    );
    let alike = explain(&verdict(returned(&["i32:0"]), returned(&["i32:0"])), &case());
    assert!(alike.contains("1 step was compared with the one of which it is a rewrite"), "{alike}");
}
