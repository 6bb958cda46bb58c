//! The front end of the reference on mutants: it agrees with `wasmparser` and takes no more memory than it says.
//!
//! The allocator counts for the whole process, so this file has one test.

use peak_alloc::PeakAlloc;
use wassay_properties::decode_validate::Answer;
use wassay_properties::front::{STACK_BYTES, run};
use wassay_properties::seeds::Seeds;

#[global_allocator]
static ALLOCATOR: PeakAlloc = PeakAlloc;

/// How many mutants are tried; the example `mutants` tries as many as it is told to.
const MUTANTS: u64 = 20_000;

/// Runs something and returns how many bytes it had allocated at most.
fn measure(run: &mut dyn FnMut()) -> usize {
    let before = ALLOCATOR.current_usage();
    ALLOCATOR.reset_peak_usage();
    run();
    ALLOCATOR.peak_usage().saturating_sub(before)
}

#[test]
fn front_and_wasmparser_accept_the_same_mutants_within_bounded_memory() {
    let mut seeds = Seeds::of_suite();
    assert!(seeds.valid.len() > 1_500 && seeds.broken.len() > 1_500, "{}, {}", seeds.valid.len(), seeds.broken.len());
    seeds.add_smith(0, 500);
    let test = || run(&seeds, 0, 0..MUTANTS, &measure);
    let report = std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().stack_size(STACK_BYTES).spawn_scoped(scope, test).unwrap();
        thread.join().unwrap()
    });
    for (answer, count) in &report.answers {
        println!("{count:8}  {answer:?}");
    }
    println!("at most {} bytes of memory", report.memory);
    let list: Vec<String> = report.broken.iter().map(|(number, broken)| format!("mutant {number}: {broken}")).collect();
    assert!(list.is_empty(), "{} fail:\n{}", list.len(), list[..list.len().min(30)].join("\n"));
    // Mutants that are all refused, or all accepted, would say little.
    for answer in [Answer::Accept, Answer::Refuse] {
        assert!(report.answers[&answer] > MUTANTS / 10, "{answer:?}: {:?}", report.answers);
    }
    assert_eq!(report.mutants, MUTANTS);
}
