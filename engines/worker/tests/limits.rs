//! The linked engines at their limits: whatever they do there is an answer, and the next case works.

mod common;

use common::{ask, case, crew, is_sound};
use wassay_child::Crew;
use wassay_model::{Ending, EngineName, Observation, Outcome, Resource, TestCase};

/// Every linked engine that means well.
fn engines() -> Vec<String> {
    let names: Vec<String> = wassay_in_process::list()
        .into_iter()
        .map(|listed| listed.name)
        .filter(|name: &EngineName| !matches!(&*name.name, "chaos" | "faulty"))
        .map(|name| name.to_string())
        .collect();
    assert!(names.len() > 3, "{names:?}");
    names
}

/// Asks every engine `case`, checks each ending and outcome, and then asks for something easy.
fn check(case: &TestCase, expected: impl Fn(&Observation) -> bool) {
    let names = engines();
    let mut crew: Crew = crew(&names.iter().map(String::as_str).collect::<Vec<_>>());
    for observation in ask(&mut crew, case, names.len()) {
        let last = observation.steps.last().map(|step| &step.outcome);
        println!("{}: {}, last step: {last:?}", observation.engine, observation.ending);
        assert!(expected(&observation), "{}: {:?}, {last:?}", observation.engine, observation.ending);
    }
    let easy = common::case("(module (memory (export \"m\") 1) (func (export \"f\")))", "f");
    for observation in ask(&mut crew, &easy, names.len()) {
        assert!(is_sound(&observation), "{observation:?}");
    }
    println!("{:?}", crew.statistics());
}

fn last(observation: &Observation) -> Option<&Outcome> {
    observation.steps.last().map(|step| &step.outcome)
}

/// Whether the program has gone through, or ran out of memory, or died, which is for the judge to judge.
fn is_told(observation: &Observation) -> bool {
    let is_blind = matches!(last(observation), Some(Outcome::Unclassified(_)));
    matches!(observation.ending, Ending::Finished | Ending::OutOfMemory | Ending::Crashed(_)) && !is_blind
}

#[test]
fn an_endless_loop_is_stopped_by_fuel_or_by_the_clock() {
    let mut case = case("(module (func (export \"f\") (loop (br 0))))", "f");
    case.limits.deadline_ms = 2000;
    case.limits.fuel_max = 1_000_000;
    check(&case, |observation| match observation.ending {
        Ending::TimedOut => true,
        Ending::Finished => last(observation) == Some(&Outcome::Exhausted(Resource::Fuel)),
        _ => false,
    });
}

#[test]
fn an_endless_start_function_is_stopped_too() {
    let mut case = case("(module (func $f (loop (br 0))) (start $f) (func (export \"f\")))", "f");
    case.limits.deadline_ms = 2000;
    case.limits.fuel_max = 1_000_000;
    check(&case, |observation| match observation.ending {
        Ending::TimedOut => true,
        Ending::Finished => observation.steps[0].outcome == Outcome::Exhausted(Resource::Fuel),
        _ => false,
    });
}

#[test]
fn deep_recursion_is_an_answer() {
    let wat = "(module (func $f (export \"f\") (result i32) (call $down (i32.const 100000)))
        (func $down (param i32) (result i32)
            (if (result i32) (local.get 0)
                (then (i32.add (i32.const 1) (call $down (i32.sub (local.get 0) (i32.const 1)))))
                (else (i32.const 0)))))";
    check(&case(wat, "f"), is_told);
}

/// A case whose own limits allow everything: only the process's limit is left.
fn unlimited(wat: &str) -> TestCase {
    let mut case = case(wat, "f");
    case.limits.memory_pages_max = 65536;
    case.limits.table_elements_max = u32::MAX;
    case
}

#[test]
fn a_memory_of_four_gibibytes_is_an_answer() {
    let wat = "(module (memory (export \"m\") 65536) (func (export \"f\") (i32.store8 (i32.const -1) (i32.const 1))))";
    check(&case(wat, "f"), is_told);
    check(&unlimited(wat), is_told);
}

#[test]
fn a_memory_that_grows_to_four_gibibytes_is_an_answer() {
    let wat = "(module (memory (export \"m\") 1) (func (export \"f\")
        (if (i32.eq (memory.grow (i32.const 65535)) (i32.const -1)) (then (return)))
        (i32.store8 (i32.const -1) (i32.const 1))))";
    check(&case(wat, "f"), is_told);
    check(&unlimited(wat), is_told);
}

#[test]
fn a_memory_that_is_filled_while_it_grows_is_an_answer() {
    let wat = "(module (memory (export \"m\") 1) (func (export \"f\")
        (loop
            (memory.fill (i32.shl (i32.sub (memory.size) (i32.const 1)) (i32.const 16)) (i32.const 1) (i32.const 65536))
            (br_if 0 (i32.ne (memory.grow (i32.const 1)) (i32.const -1))))))";
    check(&unlimited(wat), is_told);
}

#[test]
fn a_table_of_four_billion_elements_is_an_answer() {
    let wat = "(module (table (export \"t\") 0xffffffff funcref) (func (export \"f\")))";
    check(&case(wat, "f"), is_told);
    check(&unlimited(wat), is_told);
}
