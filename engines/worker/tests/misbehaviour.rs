//! What engines do to their process, and what is seen of it.

mod common;

use common::{ask, case, chaos, crew, is_sound, peace, spec};
use wassay_child::{CrewError, RestartReason};
use wassay_model::{Crash, CrashManner, Ending, EngineName, Isolation};

/// The engine `chaos+KIND` stands between two calm ones: it ends as `expected` says, the others answer the
/// same case, and everyone answers the next.
fn check(kind: &str, deadline_ms: Option<u32>, expected: impl Fn(&Ending) -> bool) -> wassay_child::Crew {
    let chaotic = format!("chaos+{kind}");
    let mut crew = crew(&["chaos+calm", &chaotic, "chaos+calm"]);
    let mut case = chaos();
    case.limits.deadline_ms = deadline_ms.unwrap_or(case.limits.deadline_ms);
    for round in 0..2 {
        let seen = ask(&mut crew, &case, 3);
        assert!(expected(&seen[1].ending), "{kind}, round {round}: {:?}", seen[1].ending);
        assert_eq!(seen[1].engine.name.to_string(), chaotic);
        assert!(is_sound(&seen[0]) && is_sound(&seen[2]), "{kind}, round {round}: {seen:?}");
        assert_eq!(seen[0].steps.len(), 2);
        let seen = ask(&mut crew, &peace(), 3);
        assert!(seen.iter().all(is_sound), "{kind}, after round {round}: {seen:?}");
    }
    assert!(crew.statistics().flaky.is_empty(), "{kind}: {:?}", crew.statistics());
    crew
}

fn died(manner: CrashManner, word: &str) -> impl Fn(&Ending) -> bool {
    move |ending| matches!(ending, Ending::Crashed(Crash { manner: seen, words }) if *seen == manner && words.contains(word))
}

fn restarts(crew: &wassay_child::Crew, engine: &str, reason: RestartReason) -> u64 {
    let engine: EngineName = engine.parse().unwrap();
    crew.statistics().restarts.get(&engine).and_then(|reasons| reasons.get(&reason)).copied().unwrap_or(0)
}

#[test]
fn a_panic_is_caught_and_keeps_its_words_and_the_process() {
    let words = |word| died(CrashManner::Panic, word);
    let crew = check("panic", None, |seen| words("chaos panics as told")(seen) && words("chaos.rs:")(seen));
    assert_eq!(crew.statistics().started, 1);
}

#[test]
fn a_panic_in_a_destructor_is_caught_too() {
    let crew = check("panic-on-drop", None, died(CrashManner::Panic, "on being dropped"));
    assert_eq!(crew.statistics().started, 1);
}

#[test]
fn an_abort_is_told_by_its_signal_and_confirmed_in_a_fresh_process() {
    let crew = check("abort", None, died(CrashManner::Signal(6), ""));
    // Once in company and once alone, in either round.
    assert_eq!(restarts(&crew, "chaos+abort", RestartReason::Death), 4);
}

#[test]
fn a_segmentation_fault_is_told_by_its_signal() {
    check("segfault", None, died(CrashManner::Signal(11), ""));
}

#[test]
fn an_exit_is_told_by_its_status() {
    check("exit", None, died(CrashManner::Exit(3), ""));
}

#[test]
fn the_last_words_are_kept() {
    check("last-words", None, died(CrashManner::Exit(4), "chaos says goodbye"));
}

#[test]
fn the_end_of_the_stack_is_a_crash_that_says_so() {
    check("stack-overflow", None, died(CrashManner::Signal(6), "has overflowed its stack"));
}

#[test]
fn exhausted_memory_is_no_crash() {
    let crew = check("eat-memory", None, |ending| *ending == Ending::OutOfMemory);
    assert!(restarts(&crew, "chaos+eat-memory", RestartReason::Memory) > 0);
}

#[test]
fn memory_is_watched_where_the_worker_does_not_limit_itself() {
    let mut spec = spec(&["chaos+calm", "chaos+eat-memory"]);
    // Of an option that comes twice the first stands: the worker allows itself more than the crew does.
    spec.launch.args = ["--memory-max-bytes".into(), (8_u64 << 30).to_string().into()].into();
    let mut crew = wassay_child::Crew::new(spec);
    let seen = ask(&mut crew, &chaos(), 2);
    assert!(is_sound(&seen[0]));
    assert_eq!(seen[1].ending, Ending::OutOfMemory);
}

#[test]
fn who_hangs_is_killed_at_the_deadline_and_nobody_else() {
    let crew = check("hang", Some(300), |ending| *ending == Ending::TimedOut);
    assert_eq!(restarts(&crew, "chaos+hang", RestartReason::Deadline), 2);
}

#[test]
fn each_engine_has_the_deadline_to_itself() {
    let mut crew = crew(&["chaos+sleep"; 5]);
    let mut case = chaos();
    // Five times 300 ms is more than this, once is far less.
    case.limits.deadline_ms = 1200;
    assert!(ask(&mut crew, &case, 5).iter().all(is_sound));
    assert_eq!(crew.statistics().started, 1);
}

#[test]
fn a_flood_of_output_neither_blocks_nor_garbles() {
    let mut crew = crew(&["chaos+calm", "chaos+print", "chaos+calm"]);
    for _ in 0..3 {
        assert!(ask(&mut crew, &chaos(), 3).iter().all(is_sound));
    }
    assert_eq!(crew.statistics().started, 1);
}

#[test]
fn garbage_in_the_protocol_names_the_engine_and_shows_what_came() {
    let words = "chaos writes what is no frame";
    check("garbage", None, |ending| matches!(ending, Ending::Unclassified(seen) if seen.contains(words)));
}

#[test]
fn half_an_answer_is_garbage() {
    check("half-answer", None, |ending| matches!(ending, Ending::Unclassified(seen) if seen.contains("checksum")));
}

#[test]
fn a_crash_that_does_not_recur_is_counted_and_the_second_answer_stands() {
    let mut crew = crew(&["chaos+calm", "chaos+abort-second"]);
    for _ in 0..2 {
        assert!(ask(&mut crew, &chaos(), 2).iter().all(is_sound));
    }
    let name: EngineName = "chaos+abort-second".parse().unwrap();
    assert_eq!(crew.statistics().flaky.get(&name), Some(&1));
}

#[test]
fn several_culprits_of_one_group_are_told_apart() {
    let mut crew = crew(&["chaos+abort", "chaos+calm", "chaos+exit", "chaos+panic", "chaos+calm", "chaos+segfault"]);
    for _ in 0..2 {
        let seen = ask(&mut crew, &chaos(), 6);
        assert!(died(CrashManner::Signal(6), "")(&seen[0].ending));
        assert!(died(CrashManner::Exit(3), "")(&seen[2].ending));
        assert!(died(CrashManner::Panic, "")(&seen[3].ending));
        assert!(died(CrashManner::Signal(11), "")(&seen[5].ending));
        assert!(is_sound(&seen[1]) && is_sound(&seen[4]));
    }
}

#[test]
fn engines_of_their_own_process_take_nobody_along() {
    let mut spec = spec(&["chaos+abort", "chaos+calm", "chaos+calm"]);
    spec.seats[0].isolation = Isolation::Own;
    let mut crew = wassay_child::Crew::new(spec);
    crew.muster().unwrap();
    assert_eq!(crew.process_ids().len(), 2);
    let calm = crew.process_ids()[1];
    let seen = ask(&mut crew, &chaos(), 3);
    assert!(died(CrashManner::Signal(6), "")(&seen[0].ending));
    assert!(is_sound(&seen[1]) && is_sound(&seen[2]));
    assert!(crew.process_ids().contains(&calm), "the calm ones are still in their first process");
}

#[test]
fn only_the_engines_that_are_wanted_answer_and_in_the_order_of_wanting() {
    let mut crew = crew(&["chaos+calm", "chaos+exit", "chaos+sleep"]);
    let seen = crew.ask(&chaos(), &[2, 0], wassay_model::Capture::Full).unwrap();
    let names: Vec<_> = seen.iter().map(|observation| observation.engine.name.to_string()).collect();
    assert_eq!(names, ["chaos+sleep", "chaos+calm"]);
    assert!(crew.ask(&chaos(), &[], wassay_model::Capture::Full).unwrap().is_empty());
}

#[test]
fn a_large_case_passes_through() {
    let mut crew = crew(&["chaos+calm", "chaos+print"]);
    let data = "\\00".repeat(3 << 20);
    let case =
        case(&format!("(module (memory 64) (data (i32.const 0) \"{data}\") (func (export \"chaos\")))"), "chaos");
    for _ in 0..2 {
        assert!(ask(&mut crew, &case, 2).iter().all(is_sound));
    }
}

#[test]
fn muster_introduces_the_engines_in_the_order_of_seats() {
    let mut crew = crew(&["chaos+calm", "chaos+exit"]);
    let names: Vec<_> = crew.muster().unwrap().into_iter().map(|engine| engine.id.name.to_string()).collect();
    assert_eq!(names, ["chaos+calm", "chaos+exit"]);
}

#[test]
fn an_engine_that_cannot_be_opened_is_named() {
    let mut crew = crew(&["chaos+calm", "chaos+nonsense"]);
    for _ in 0..2 {
        match crew.ask(&peace(), &[0], wassay_model::Capture::Digests) {
            Err(CrewError::Unavailable { engine, words }) => {
                assert_eq!(engine.to_string(), "chaos+nonsense");
                assert!(words.contains("nonsense") && words.contains("calm"), "{words}");
            }
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn an_engine_that_kills_its_worker_at_the_start_is_named() {
    match crew(&["chaos+calm", "chaos+abort-on-open"]).muster() {
        Err(CrewError::Start { engines, how, .. }) => {
            assert_eq!((&*engines, &*how), ("`chaos+abort-on-open`", "died of signal 6"));
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_program_that_is_no_worker_is_told_so() {
    let mut spec = spec(&["chaos+calm"]);
    spec.launch.program = "echo".into();
    let words = wassay_child::Crew::new(spec).muster().unwrap_err().to_string();
    assert!(words.contains("echo") && words.contains("no worker") && words.contains("chaos+calm"), "{words}");
}
