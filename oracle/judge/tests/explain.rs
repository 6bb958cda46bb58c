//! The sentences that people read, as reviewed snapshots.

mod kit;

use std::fmt::Write as _;

use kit::{
    case, crash, ended, made, met, observation, returned, step, trapped, with_bytes, with_call, with_global,
    with_memory, with_table,
};
use wassay_judge::{Strictness, explain, judge, judge_strictly};
use wassay_model::{Allowance, Contents, Ending, Identity, OpenChoice, Outcome, Ref, Resource, Step, TrapKind};

#[test]
fn every_kind_of_difference_has_a_sentence() {
    let func = |number| Ref::Func(Identity::Known(number));
    let pairs: Vec<(&str, Step, Step)> = vec![
        ("agreement", returned(&["i32:1"]), returned(&["i32:1"])),
        ("result", returned(&["f32:0x3fc00000"]), returned(&["f32:0xbfc00000"])),
        ("outcome", returned(&["i32:1"]), trapped(&[TrapKind::IntegerOverflow])),
        ("trap kind", trapped(&[TrapKind::Unreachable]), trapped(&[TrapKind::NullReference, TrapKind::CastFailure])),
        ("limit", returned(&["i32:1"]), step(Outcome::Exhausted(Resource::Stack))),
        ("both exhausted", step(Outcome::Exhausted(Resource::Fuel)), step(Outcome::Exhausted(Resource::Stack))),
        ("blind spot", returned(&["i32:1"]), step(Outcome::Unclassified("wat".to_owned()))),
        ("refusal words", step(Outcome::Malformed), step(Outcome::Invalid)),
        ("memory", with_bytes(made(), &[1, 2, 3]), with_bytes(made(), &[1, 2, 4])),
        ("memory size", with_memory(made(), 65536, Contents::Unread), with_memory(made(), 131_072, Contents::Unread)),
        ("growth", with_memory(made(), 131_072, Contents::Unread), with_memory(made(), 65536, Contents::Unread)),
        ("global", with_global(made(), "i64:1"), with_global(made(), "i64:2")),
        ("table", with_table(made(), 2, &[(1, Ref::Null), (1, func(0))]), with_table(made(), 2, &[(2, Ref::Null)])),
        ("host call", with_call(made(), "h", &["i32:1"]), with_call(made(), "h", &["i32:2"])),
        ("host calls", with_call(made(), "h", &["i32:1"]), made()),
    ];
    let mut text = String::new();
    for (name, expected, actual) in pairs {
        let plan = case(2);
        let verdict = judge(
            &plan,
            &[
                observation("reference", vec![made(), expected, made()]),
                observation("other@2", vec![made(), actual, made()]),
            ],
        );
        writeln!(text, "{name}: {}", explain(&verdict, &plan)).unwrap();
    }
    insta::assert_snapshot!(text);
}

#[test]
fn endings_choices_and_several_engines_have_sentences() {
    let plan = case(2);
    let steps = |value: &str| vec![made(), returned(&[value]), made()];
    let nan = || met(observation("reference", steps("f32:0x7fc00000")), 1, OpenChoice::NanBits);
    let mut text = String::new();
    for (name, strictness, observations) in [
        (
            "crash",
            Strictness::STANDARD,
            vec![observation("reference", steps("i32:1")), ended("a", vec![made()], crash())],
        ),
        ("alone", Strictness::STANDARD, vec![ended("a", vec![made()], Ending::TimedOut)]),
        ("nan", Strictness::STANDARD, vec![nan(), observation("a", steps("f32:0xffc00000"))]),
        (
            "strict",
            Strictness::STANDARD.without(Allowance::NanBits),
            vec![nan(), observation("a", steps("f32:0xffc00000"))],
        ),
        ("after", Strictness::STANDARD, vec![nan(), observation("a", steps("f32:0x00000000"))]),
        (
            "several",
            Strictness::STANDARD,
            vec![
                observation("reference", steps("i32:1")),
                observation("a", steps("i32:2")),
                observation("b", steps("i32:2")),
                observation("c", steps("i32:3")),
            ],
        ),
    ] {
        let verdict = judge_strictly(strictness, &plan, &observations);
        writeln!(text, "{name}: {}", explain(&verdict, &plan)).unwrap();
    }
    insta::assert_snapshot!(text);
}
