//! Every property as a plain loop: on its corpus and on mutants of it, the same each time.

use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::OnceLock;

use rand::{RngCore as _, SeedableRng as _};
use rand_xoshiro::Xoshiro256PlusPlus;
use wassay_properties::corpus::corpus;
use wassay_properties::engines::{Asked, agree};
use wassay_properties::mutants::mutant;
use wassay_properties::seeds::Seeds;
use wassay_properties::{Broken, by_name, in_process, reference_wasmi};

fn seeds() -> &'static Seeds {
    static SEEDS: OnceLock<Seeds> = OnceLock::new();
    SEEDS.get_or_init(|| {
        let mut seeds = Seeds::of_suite();
        seeds.add_smith(0, 200);
        seeds
    })
}

/// The inputs of these numbers that are not held, each with what was seen; a panic is one of those.
fn failures(
    numbers: Range<u64>,
    input: impl Fn(u64) -> Vec<u8>,
    check: impl Fn(&[u8]) -> Result<(), Broken>,
) -> Vec<String> {
    let mut failures = Vec::new();
    for number in numbers {
        let bytes = input(number);
        match catch_unwind(AssertUnwindSafe(|| check(&bytes))) {
            Ok(Ok(())) => {}
            Ok(Err(broken)) => failures.push(format!("input {number}: {broken}")),
            Err(_) => {
                let bytes = Broken { what: "a panic".to_owned(), bytes };
                failures.push(format!("input {number}: {bytes}"));
            }
        }
    }
    failures
}

/// Text or records: a few bytes of one input of the corpus changed, or two of them put together.
fn changed(inputs: &[Vec<u8>], number: u64) -> Vec<u8> {
    let mut random = Xoshiro256PlusPlus::seed_from_u64(number);
    let mut below = |bound: usize| (random.next_u64() % bound.max(1) as u64) as usize;
    let mut bytes = inputs[below(inputs.len())].clone();
    for _ in 0..=below(4) {
        let at = below(bytes.len());
        match below(6) {
            0 if !bytes.is_empty() => bytes[at] ^= 1 << below(8),
            1 if !bytes.is_empty() => bytes[at] = b"0123456789-\"{}[],:\n"[below(19)],
            2 => bytes.truncate(at),
            3 => {
                let other = &inputs[below(inputs.len())];
                let from = below(other.len());
                bytes.truncate(at);
                bytes.extend(&other[from..]);
            }
            4 => {
                // A number that is greater than any that is meant.
                let digit = bytes[at.min(bytes.len())..].iter().position(u8::is_ascii_digit);
                if let Some(digit) = digit {
                    bytes.splice(at + digit..=at + digit, *b"18446744073709551615");
                }
            }
            _ => {
                let end = (at + below(20)).min(bytes.len());
                let piece = bytes[at..end].to_vec();
                bytes.splice(at..at, piece);
            }
        }
    }
    bytes
}

fn hold(name: &str, count: u64) {
    let inputs = corpus(name, seeds()).unwrap();
    let failures = failures(0..count, |number| changed(&inputs, number), by_name(name).unwrap().check);
    assert!(failures.is_empty(), "{} fail:\n{}", failures.len(), failures[..failures.len().min(20)].join("\n"));
}

/// The inputs of the property of this name that are modules: seeds first, as they are, and then mutants.
fn module(number: u64) -> Vec<u8> {
    let valid = &seeds().valid;
    match valid.get(number as usize) {
        Some(seed) => seed.bytes.clone(),
        None => mutant(seeds(), 1, number).1,
    }
}

fn engines_hold(engines: &[&str], count: u64) {
    let answers = std::sync::Mutex::new(std::collections::BTreeMap::<Asked, u64>::new());
    let failures = failures(0..count, module, |bytes| {
        let asked = agree(engines, bytes)?;
        *answers.lock().unwrap().entry(asked).or_default() += 1;
        Ok(())
    });
    let answers = answers.into_inner().unwrap();
    println!("{answers:?}");
    assert!(failures.is_empty(), "{} fail:\n{}", failures.len(), failures[..failures.len().min(20)].join("\n"));
    // A loop in which little is compared would say little.
    assert!(answers[&Asked::AgreeOnValues] > count / 10, "{answers:?}");
}

#[test]
fn the_reference_and_wasmi_agree_on_modules_of_the_suite_and_their_mutants() {
    engines_hold(reference_wasmi::ENGINES, 6_000);
}

#[test]
fn engines_in_one_process_agree_on_modules_of_the_suite_and_their_mutants() {
    engines_hold(in_process::ENGINES, 4_000);
}

#[test]
fn the_judge_takes_whatever_observations_there_are() {
    hold("judge", 3_000);
}

#[test]
fn readers_of_records_take_any_bytes() {
    hold("journal", 3_000);
}

#[test]
fn workers_may_write_anything() {
    hold("protocol", 5_000);
}

#[test]
fn a_faulty_engine_is_noticed_by_the_loop() {
    for fault in ["i32-shl-unmasked", "br-table-default"] {
        let engine = format!("faulty+{fault}");
        let engines = ["reference", &engine];
        let failures = failures(0..6_000, module, |bytes| agree(&engines, bytes).map(drop));
        assert!(!failures.is_empty(), "{fault} shows in nothing");
        assert!(failures[0].contains("faulty"), "{}", failures[0]);
    }
}

#[test]
fn a_panic_is_noticed_by_the_loop() {
    let seen = failures(
        0..3,
        |number| vec![number as u8],
        |bytes| {
            assert!(bytes[0] != 1, "on purpose");
            Ok(())
        },
    );
    assert_eq!(seen, ["input 1: a panic, on the bytes 01"]);
}
