//! What workers that speak lines do to the protocol, and what is seen of it.

use std::path::Path;

use wassay_child::{Crew, CrewError, CrewSpec, Launch, RestartReason, Seat};
use wassay_model::{
    Action, Bytes, Capture, CrashManner, Ending, EngineName, Features, Host, InstanceIdx, Isolation, Limits, Module,
    ModuleIdx, Observation, Outcome, Plan, PlanStep, Provenance, Snapshot, TestCase, Value,
};

const MEMORY_BYTES_MAX: u64 = 512 << 20;
const DEADLINE_MS: u32 = 30_000;

fn seat(kind: &str) -> Seat {
    let program = Path::new(&std::env::var("CARGO_MANIFEST_DIR").unwrap()).join("tests/unruly.py");
    Seat {
        engine: format!("exec:unruly+{kind}").parse().unwrap(),
        isolation: Isolation::Own,
        launch: Some(Launch::lines("python3", [program.into(), "--option".into(), kind.into()])),
    }
}

fn crew_of(seats: Vec<Seat>) -> Crew {
    Crew::new(CrewSpec {
        launch: Launch::this_program([]),
        seats,
        memory_max_bytes: MEMORY_BYTES_MAX,
        start_deadline_ms: 20_000,
    })
}

/// The unruly worker between two calm ones.
fn crew(kind: &str) -> Crew {
    crew_of(vec![seat("calm"), seat(kind), seat("calm")])
}

/// One module that exports the function `f`, and two calls of it.
fn case(deadline_ms: u32) -> TestCase {
    let bytes =
        b"\0asm\x01\0\0\0\x01\x05\x01\x60\0\x01\x7f\x03\x02\x01\0\x07\x05\x01\x01f\0\0\x0a\x06\x01\x04\0\x41\x2a\x0b";
    let step = |action| PlanStep { action, snapshot: Snapshot::Skip };
    let invoke = || step(Action::Invoke { instance: InstanceIdx(0), export: "f".to_owned(), args: Vec::new() });
    TestCase {
        modules: vec![Module { name: "m".to_owned(), bytes: Bytes(bytes.to_vec()) }],
        plan: Plan { steps: vec![step(Action::Instantiate { module: ModuleIdx(0) }), invoke(), invoke()] },
        host: Host::None,
        features: Features::V1,
        limits: Limits { deadline_ms, ..Limits::default() },
        provenance: Provenance::File { path: "test".to_owned() },
        relations: Vec::new(),
    }
}

fn is_sound(observation: &Observation) -> bool {
    let returned = Outcome::Returned(vec![Value::I32(42)]);
    observation.ending == Ending::Finished
        && observation.steps.len() == 3
        && observation.steps[1].outcome == returned
        && observation.steps[2].outcome == returned
}

/// Asks twice: the unruly one ends as `expected` says and the calm ones are not disturbed.
fn check(kind: &str, deadline_ms: u32, expected: impl Fn(&Observation) -> bool) -> Crew {
    let mut crew = crew(kind);
    for round in 0..2 {
        let seen = crew.ask(&case(deadline_ms), &[0, 1, 2], Capture::Digests).unwrap();
        assert!(expected(&seen[1]), "{kind}, round {round}: {:?}", seen[1]);
        assert!(is_sound(&seen[0]) && is_sound(&seen[2]), "{kind}, round {round}: {seen:?}");
    }
    crew
}

fn restarts(crew: &Crew, kind: &str, reason: RestartReason) -> u64 {
    let engine: EngineName = format!("exec:unruly+{kind}").parse().unwrap();
    crew.statistics().restarts.get(&engine).and_then(|reasons| reasons.get(&reason)).copied().unwrap_or(0)
}

fn error(kind: &str) -> String {
    let mut crew = crew_of(vec![seat(kind)]);
    crew.muster().unwrap_err().to_string()
}

#[test]
fn a_calm_worker_is_introduced_by_its_version_and_its_probes_and_answers() {
    let mut crew = crew("calm");
    let introductions = crew.muster().unwrap();
    assert_eq!(introductions[1].id.to_string(), "exec:unruly+calm 1");
    check("calm", DEADLINE_MS, is_sound);
}

#[test]
fn a_death_keeps_the_steps_before_it_and_the_last_words() {
    let crew = check("dies", DEADLINE_MS, |seen| {
        matches!(&seen.ending, Ending::Crashed(crash) if crash.manner == CrashManner::Exit(7) && crash.words == "out of ideas")
            && seen.steps.len() == 1
    });
    // The process is fresh in either round, so it is believed at once.
    assert_eq!(restarts(&crew, "dies", RestartReason::Death), 2);
}

#[test]
fn a_death_that_does_not_recur_is_counted_as_flaky() {
    let marker = tempfile::TempDir::new().unwrap();
    let mut unruly = seat("dies-once");
    unruly.launch.as_mut().unwrap().args.push(marker.path().join("died").into());
    let mut crew = crew_of(vec![unruly]);
    let mut ask = || crew.ask(&case(DEADLINE_MS), &[0], Capture::Digests).unwrap().remove(0);
    // A fresh process is believed at once: only one that has answered before is asked again.
    assert!(matches!(ask().ending, Ending::Crashed(_)));
    assert!(is_sound(&ask()));
}

#[test]
fn a_hang_ends_at_the_deadline_with_its_process() {
    let crew = check("hangs", 300, |seen| seen.ending == Ending::TimedOut);
    assert_eq!(restarts(&crew, "hangs", RestartReason::Deadline), 2);
}

#[test]
fn memory_without_bound_is_cut_off() {
    check("eats", DEADLINE_MS, |seen| seen.ending == Ending::OutOfMemory);
}

#[test]
fn memory_of_what_a_worker_has_started_counts_as_its_own() {
    let crew = check("has-eaten", DEADLINE_MS, |seen| seen.ending == Ending::OutOfMemory);
    assert_eq!(restarts(&crew, "has-eaten", RestartReason::Memory), 2);
}

#[test]
fn what_is_no_answer_is_shown() {
    for (kind, words) in [
        ("out-of-order", "operation"),
        ("no-json", "[object Object]"),
        ("floods", "xxxx"),
        ("unknown-trap", "boredom"),
        ("ends-early", "request"),
        ("talks-on", "follows"),
    ] {
        check(kind, DEADLINE_MS, |seen| match &seen.ending {
            Ending::Unclassified(seen) => seen.contains(words),
            _ => false,
        });
    }
}

#[test]
fn a_flooded_error_stream_disturbs_nobody() {
    check("floods-errors", DEADLINE_MS, is_sound);
}

#[test]
fn a_worker_that_dies_of_a_probe_is_asked_the_others() {
    let mut crew = crew_of(vec![seat("dies-of-a-probe"), seat("calm")]);
    let introductions = crew.muster().unwrap();
    let (dying, calm) = (introductions[0].capabilities.features, introductions[1].capabilities.features);
    assert_ne!(dying, calm);
    assert_eq!(calm.minus(dying).iter().count(), 1, "one feature is lost, and not those behind it");
    assert!(is_sound(&crew.ask(&case(DEADLINE_MS), &[0], Capture::Digests).unwrap()[0]));
}

#[test]
fn a_worker_that_keeps_nothing_has_its_frame_again_after_it_died_of_a_probe() {
    let introductions = crew_of(vec![seat("dies-of-a-driven-probe"), seat("calm")]).muster().unwrap();
    let (dying, calm) = (introductions[0].capabilities.features, introductions[1].capabilities.features);
    assert_eq!(calm.minus(dying).iter().count(), 1, "one feature is lost, and not those behind it");
}

#[test]
fn a_feature_that_no_probe_found_is_declined_without_asking() {
    let mut crew = crew_of(vec![seat("unable")]);
    let mut case = case(DEADLINE_MS);
    case.features = Features::V2;
    let seen = crew.ask(&case, &[0], Capture::Digests).unwrap().remove(0);
    assert!(matches!(seen.ending, Ending::Declined(_)) && seen.steps.is_empty(), "{seen:?}");
}

#[test]
fn a_worker_that_is_none_is_named_with_what_it_said() {
    for (kind, expected) in
        [("stillborn", "no engine here"), ("chatty", "Welcome to the engine!"), ("future", "version 2")]
    {
        let words = error(kind);
        assert!(words.contains(expected) && words.contains("unruly"), "{kind}: {words}");
    }
}

#[test]
fn a_worker_that_never_says_hello_is_given_up() {
    let mut crew = Crew::new(CrewSpec {
        launch: Launch::this_program([]),
        seats: vec![seat("silent")],
        memory_max_bytes: MEMORY_BYTES_MAX,
        start_deadline_ms: 500,
    });
    let words = crew.muster().unwrap_err().to_string();
    assert!(words.contains("took more than 500 ms"), "{words}");
}

#[test]
fn an_engine_that_is_replaced_while_it_is_asked_is_an_error() {
    let mut crew = crew_of(vec![seat("other-version")]);
    crew.muster().unwrap();
    // The number of the process: it is killed from outside, and another is started.
    let id = crew.process_ids()[0];
    std::process::Command::new("kill").args(["-KILL", &id.to_string()]).status().unwrap();
    let error = crew.ask(&case(DEADLINE_MS), &[0], Capture::Digests).unwrap_err();
    assert!(matches!(&error, CrewError::Changed { .. }), "{error}");
}

/// A worker that answers in its first process, dies of the first case, and then comes back as `kind` says.
fn returning(kind: &str, marker: &Path) -> Crew {
    let mut unruly = seat(kind);
    unruly.launch.as_mut().unwrap().args.push(marker.join("start").into());
    Crew::new(CrewSpec {
        launch: Launch::this_program([]),
        seats: vec![seat("calm"), unruly],
        memory_max_bytes: MEMORY_BYTES_MAX,
        start_deadline_ms: if kind == "returns-mute" { 2_000 } else { 20_000 },
    })
}

#[test]
fn an_engine_that_cannot_be_started_again_is_set_aside_and_named_and_the_others_go_on() {
    for (kind, words, reason) in [
        ("returns-garbled", "Welcome back!", RestartReason::Garbage),
        ("returns-garbled-in-setup", "Segmentation fault", RestartReason::Garbage),
        ("returns-dying", "no way back", RestartReason::Death),
        ("returns-mute", "more than 2000 ms", RestartReason::Deadline),
    ] {
        let marker = tempfile::TempDir::new().unwrap();
        let mut crew = returning(kind, marker.path());
        crew.muster().unwrap();
        let ask = |crew: &mut Crew| crew.ask(&case(DEADLINE_MS), &[0, 1], Capture::Digests).unwrap();
        let seen = ask(&mut crew);
        assert!(is_sound(&seen[0]) && matches!(seen[1].ending, Ending::Crashed(_)), "{kind}: {seen:?}");
        assert!(!crew.is_set_aside(1), "{kind}");
        let seen = ask(&mut crew);
        let is_given_up = |ending: &Ending| matches!(ending, Ending::Unclassified(said) if said.contains(words) && said.contains("started again"));
        assert!(is_sound(&seen[0]) && is_given_up(&seen[1].ending) && seen[1].steps.is_empty(), "{kind}: {seen:?}");
        assert!(crew.is_set_aside(1) && !crew.is_set_aside(0), "{kind}");
        let named = &crew.statistics().set_aside;
        let engine: EngineName = format!("exec:unruly+{kind}").parse().unwrap();
        assert!(named.len() == 1 && named[&engine].contains(words), "{kind}: {named:?}");
        assert!(crew.statistics().restarts_between[&reason] >= 2, "{kind}: {:?}", crew.statistics());
        // From then on no process is started.
        let started = crew.statistics().started;
        let seen = ask(&mut crew);
        assert!(is_sound(&seen[0]) && is_given_up(&seen[1].ending), "{kind}: {seen:?}");
        assert_eq!(crew.statistics().started, started, "{kind}");
    }
}

#[test]
fn garbage_in_the_set_up_of_one_later_process_costs_no_answer() {
    let marker = tempfile::TempDir::new().unwrap();
    let mut crew = returning("returns-garbled-once", marker.path());
    crew.muster().unwrap();
    let mut ask = || crew.ask(&case(DEADLINE_MS), &[0, 1], Capture::Digests).unwrap().remove(1);
    assert!(matches!(ask().ending, Ending::Crashed(_)));
    assert!(is_sound(&ask()));
    assert!(is_sound(&ask()));
    assert!(!crew.is_set_aside(1));
    assert_eq!(crew.statistics().restarts_between[&RestartReason::Garbage], 1);
}
