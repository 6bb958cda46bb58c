//! Every class of outcome against every other, and every ending, as reviewed snapshots.

mod kit;

use std::fmt::Write as _;

use kit::{case, crash, ended, made, observation, outcomes, returned, step};
use wassay_judge::judge;
use wassay_model::{Ending, Feature, Ruling, Verdict};

/// `agree`, or the ruling and reason; `|` behind it where a horizon begins.
fn word(verdict: &Verdict) -> String {
    let mut word = match verdict.differences.first() {
        None => "agree".to_owned(),
        Some(difference) => format!("{} {:?}", difference.ruling, difference.reason),
    };
    if !verdict.horizons.is_empty() {
        word.push_str(" |");
    }
    word
}

#[test]
fn outcome_by_outcome() {
    let mut table = String::new();
    for (expected_name, expected) in outcomes() {
        for (actual_name, actual) in outcomes() {
            let verdict = judge(
                &case(2),
                &[
                    observation("reference", vec![made(), step(expected.clone()), made()]),
                    observation("other", vec![made(), step(actual), made()]),
                ],
            );
            writeln!(table, "{expected_name:12} {actual_name:12} {}", word(&verdict)).unwrap();
        }
    }
    insta::assert_snapshot!(table);
}

#[test]
fn endings_of_an_engine_and_of_the_reference() {
    let endings = [
        Ending::Finished,
        crash(),
        Ending::TimedOut,
        Ending::OutOfMemory,
        Ending::Declined(Feature::Simd),
        Ending::Unclassified("garbage".to_owned()),
    ];
    let mut table = String::new();
    for reference in &endings {
        for other in &endings {
            let steps = || vec![made(), returned(&["i32:1"])];
            let verdict = judge(
                &case(2),
                &[ended("reference", steps(), reference.clone()), ended("other", steps(), other.clone())],
            );
            writeln!(table, "{:28} {:28} {}", reference.to_string(), other.to_string(), word(&verdict)).unwrap();
        }
    }
    insta::assert_snapshot!(table);
}

#[test]
fn verdicts_merge_by_taking_the_worst() {
    let order = [Ruling::Agree, Ruling::Allowed, Ruling::Inconclusive, Ruling::Diverge];
    assert!(order.is_sorted());
    let verdict = judge(
        &case(2),
        &[
            observation("reference", vec![made(), returned(&["i32:1"]), step(kit::outcomes().remove(4).1)]),
            observation("a", vec![made(), returned(&["i32:1"]), step(kit::outcomes().remove(5).1)]),
            observation("b", vec![made(), returned(&["i32:2"]), made()]),
            observation("c", vec![made(), step(kit::outcomes().remove(3).1), made()]),
        ],
    );
    let rulings: Vec<_> =
        verdict.differences.iter().map(|difference| (difference.engine.to_string(), difference.ruling)).collect();
    assert_eq!(
        rulings,
        [("b".to_owned(), Ruling::Diverge), ("c".to_owned(), Ruling::Inconclusive), ("a".to_owned(), Ruling::Allowed)]
    );
    assert_eq!(verdict.ruling, Ruling::Diverge);
}
