//! One rule a test: each allowance with a case that needs it and a case just outside.

mod kit;

use kit::{
    case, crash, ended, made, met, observation, returned, step, trapped, with_bytes, with_call, with_digest,
    with_global, with_memory, with_table,
};
use wassay_judge::{Strictness, judge, judge_strictly};
use wassay_model::{
    Allowance, Contents, Digest, Ending, Exception, Feature, Features, Identity, Observation, OpenChoice, Outcome,
    Reason, Ref, Resource, Ruling, Site, SiteKind, Step, StepIdx, TrapKind, Verdict,
};

/// The verdict on the reference against one engine, each with these steps behind the instantiation.
fn pair(open: &[(u32, OpenChoice)], expected: Vec<Step>, actual: Vec<Step>) -> Verdict {
    strictly(Strictness::STANDARD, open, expected, actual)
}

fn strictly(strictness: Strictness, open: &[(u32, OpenChoice)], expected: Vec<Step>, actual: Vec<Step>) -> Verdict {
    let plan = case(expected.len() as u32);
    let whole = |steps: Vec<Step>| std::iter::once(made()).chain(steps).collect();
    let reference = open
        .iter()
        .fold(observation("reference", whole(expected)), |so_far, (step, choice)| met(so_far, *step, *choice));
    judge_strictly(strictness, &plan, &[reference, observation("other", whole(actual))])
}

#[track_caller]
fn check(verdict: &Verdict, ruling: Ruling, reason: impl Into<Option<Reason>>) {
    assert_eq!(verdict.ruling, ruling, "{verdict:#?}");
    assert_eq!(verdict.differences.first().map(|difference| difference.reason), reason.into(), "{verdict:#?}");
}

const NAN: (u32, OpenChoice) = (1, OpenChoice::NanBits);
const CANONICAL: &str = "f32:0x7fc00000";
const NEGATIVE: &str = "f32:0xffc00000";
const ARITHMETIC: &str = "f32:0x7fc00001";
const SIGNALLING: &str = "f32:0x7fa00000";

#[test]
fn nan_bits_are_allowed_between_arithmetic_nans_once_an_operator_made_one() {
    for actual in [NEGATIVE, ARITHMETIC] {
        let verdict = pair(&[NAN], vec![returned(&[CANONICAL])], vec![returned(&[actual])]);
        check(&verdict, Ruling::Allowed, Reason::Allowance(Allowance::NanBits));
    }
    let wide = pair(&[NAN], vec![returned(&["f64:0x7ff8000000000000"])], vec![returned(&["f64:0xfff8000000000000"])]);
    check(&wide, Ruling::Allowed, Reason::Allowance(Allowance::NanBits));
}

#[test]
fn nan_bits_are_not_allowed_where_the_reference_made_no_nan() {
    let verdict = pair(&[], vec![returned(&[CANONICAL])], vec![returned(&[NEGATIVE])]);
    check(&verdict, Ruling::Diverge, Reason::Deterministic);
    let later = pair(
        &[(2, OpenChoice::NanBits)],
        vec![returned(&[CANONICAL]), returned(&[])],
        vec![returned(&[NEGATIVE]), returned(&[])],
    );
    check(&later, Ruling::Diverge, Reason::Deterministic);
}

#[test]
fn a_signalling_nan_and_a_number_for_a_nan_are_open_and_not_allowed() {
    for actual in [SIGNALLING, "f32:0x3f800000"] {
        let verdict = pair(&[NAN], vec![returned(&[CANONICAL])], vec![returned(&[actual])]);
        check(&verdict, Ruling::Inconclusive, Reason::After(OpenChoice::NanBits));
    }
}

#[test]
fn nan_bits_without_the_allowance_diverge() {
    let strict = Strictness::STANDARD.without(Allowance::NanBits);
    let verdict = strictly(strict, &[NAN], vec![returned(&[CANONICAL])], vec![returned(&[NEGATIVE])]);
    check(&verdict, Ruling::Diverge, Reason::Allowance(Allowance::NanBits));
    let verdict = strictly(strict, &[NAN], vec![returned(&["i32:1"])], vec![returned(&["i32:2"])]);
    check(&verdict, Ruling::Diverge, Reason::Deterministic);
}

#[test]
fn without_the_reference_nans_are_allowed_and_then_excuse_what_follows() {
    let verdict = judge(
        &case(2),
        &[
            observation("a", vec![made(), returned(&[CANONICAL]), returned(&["i32:1"])]),
            observation("b", vec![made(), returned(&[NEGATIVE]), returned(&["i32:2"])]),
            observation("c", vec![made(), returned(&[CANONICAL]), returned(&["i32:2"])]),
        ],
    );
    let rulings: Vec<_> = verdict.differences.iter().map(|d| (d.engine.to_string(), d.ruling)).collect();
    let expected = [("b", Ruling::Allowed), ("b", Ruling::Inconclusive), ("c", Ruling::Diverge)];
    assert_eq!(rulings, expected.map(|(engine, ruling)| (engine.to_owned(), ruling)));
}

#[test]
fn vector_lanes_may_differ_only_where_both_hold_nans() {
    let plain = "v128:0x000000003f8000007fc0000000000007";
    let nan = "v128:0x000000003f800000ffc0000100000007";
    let both = "v128:0x000000003f800000ffc0000100000008";
    check(
        &pair(&[NAN], vec![returned(&[plain])], vec![returned(&[nan])]),
        Ruling::Allowed,
        Reason::Allowance(Allowance::NanBits),
    );
    check(
        &pair(&[NAN], vec![returned(&[plain])], vec![returned(&[both])]),
        Ruling::Inconclusive,
        Reason::After(OpenChoice::NanBits),
    );
    check(&pair(&[], vec![returned(&[plain])], vec![returned(&[nan])]), Ruling::Diverge, Reason::Deterministic);
}

#[test]
fn after_a_nan_every_difference_is_open_and_agreement_still_counts() {
    let verdict = pair(
        &[NAN],
        vec![returned(&["i32:1"]), returned(&["i32:5"]), trapped(&[TrapKind::Unreachable])],
        vec![returned(&["i32:2"]), returned(&["i32:5"]), returned(&[])],
    );
    check(&verdict, Ruling::Inconclusive, Reason::After(OpenChoice::NanBits));
    assert_eq!(verdict.differences.len(), 2);
    assert_eq!((verdict.compared.calls, verdict.compared.unjudged_steps), (3, 0));
    assert!(verdict.horizons.is_empty());
}

#[test]
fn memory_bytes_inside_nans_are_allowed_once_bytes_were_captured() {
    let plain = [0, 0, 0, 1, 0, 0, 0xc0, 0x7f];
    let nan = [0, 0, 0, 1, 0, 0, 0xc0, 0xff];
    let beside = [0, 0, 0, 2, 0, 0, 0xc0, 0xff];
    let at = |verdict: &Verdict| verdict.differences[0].site.clone();
    let verdict = pair(&[NAN], vec![with_bytes(made(), &plain)], vec![with_bytes(made(), &nan)]);
    check(&verdict, Ruling::Allowed, Reason::Allowance(Allowance::NanBits));
    assert_eq!(at(&verdict), Site::Memory { step: StepIdx(1), export: kit::name("m"), offset: Some(7) });
    let verdict = pair(&[NAN], vec![with_bytes(made(), &plain)], vec![with_bytes(made(), &beside)]);
    check(&verdict, Ruling::Inconclusive, Reason::After(OpenChoice::NanBits));
    assert_eq!(at(&verdict), Site::Memory { step: StepIdx(1), export: kit::name("m"), offset: Some(3) });
    let verdict = pair(&[NAN], vec![with_digest(made(), &plain)], vec![with_digest(made(), &nan)]);
    check(&verdict, Ruling::Inconclusive, Reason::After(OpenChoice::NanBits));
    let verdict = pair(&[], vec![with_bytes(made(), &plain)], vec![with_bytes(made(), &nan)]);
    check(&verdict, Ruling::Diverge, Reason::Deterministic);
}

#[test]
fn bytes_that_were_cut_hide_no_difference() {
    // As if both memories went on behind what was recorded, and differed there.
    let cut = |bytes: &[u8], digest| {
        let mut step = with_bytes(made(), bytes);
        let Contents::Full { digest: recorded, .. } = &mut step.state.as_mut().unwrap().memories[0].1.contents else {
            panic!("the kit records bytes")
        };
        *recorded = Digest(digest);
        vec![step]
    };
    let verdict = pair(&[], cut(&[1], 1), cut(&[1], 2));
    check(&verdict, Ruling::Diverge, Reason::Deterministic);
    let (plain, negative) = ([0, 0, 0xc0, 0x7f], [0, 0, 0xc0, 0xff]);
    let verdict = pair(&[NAN], cut(&plain, 1), cut(&negative, 2));
    check(&verdict, Ruling::Inconclusive, Reason::After(OpenChoice::NanBits));
}

#[test]
fn unread_contents_are_counted_and_not_compared() {
    let verdict = pair(&[], vec![with_digest(made(), &[1])], vec![with_memory(made(), 65536, Contents::Unread)]);
    check(&verdict, Ruling::Agree, None);
    assert_eq!(verdict.compared.blind, 1);
}

#[test]
fn trap_words_may_overlap_and_must_not_be_disjoint() {
    let memory = TrapKind::MemoryOutOfBounds;
    let table = TrapKind::TableOutOfBounds;
    let wide = || vec![trapped(&[memory, table])];
    check(&pair(&[], vec![trapped(&[memory])], wide()), Ruling::Agree, None);
    check(&pair(&[], vec![trapped(&[memory])], vec![trapped(&[])]), Ruling::Agree, None);
    let verdict = pair(&[], vec![trapped(&[TrapKind::Unreachable])], wide());
    check(&verdict, Ruling::Diverge, Reason::Deterministic);
    assert_eq!(verdict.differences[0].site, Site::TrapKind(StepIdx(1)));
    let strict = Strictness::STANDARD.without(Allowance::TrapWords);
    check(&strictly(strict, &[], vec![trapped(&[memory])], wide()), Ruling::Inconclusive, Reason::BlindSpot);
}

#[test]
fn refusal_words_may_differ_and_a_refusal_is_no_success() {
    let refused = |outcome: &Outcome| vec![step(outcome.clone())];
    let words = [Outcome::Malformed, Outcome::Invalid, Outcome::Rejected];
    for expected in &words {
        for actual in words.iter().filter(|actual| *actual != expected) {
            let verdict = pair(&[], refused(expected), refused(actual));
            check(&verdict, Ruling::Allowed, Reason::Allowance(Allowance::RefusalWords));
        }
        for outside in [Outcome::Returned(vec![]), Outcome::Unlinkable, Outcome::Absent] {
            check(&pair(&[], refused(expected), refused(&outside)), Ruling::Diverge, Reason::Deterministic);
        }
    }
    let strict = Strictness::STANDARD.without(Allowance::RefusalWords);
    let verdict = strictly(strict, &[], refused(&Outcome::Malformed), refused(&Outcome::Invalid));
    check(&verdict, Ruling::Diverge, Reason::Allowance(Allowance::RefusalWords));
}

#[test]
fn untold_identities_agree_and_told_ones_must_be_the_same() {
    let result = |reference: &str| vec![returned(&[reference])];
    for (expected, actual) in [
        ("ref:func:#1", "ref:func"),
        ("ref:func", "ref:func:#1"),
        ("ref:struct:#0", "ref:opaque"),
        ("ref:extern:3", "ref:opaque:#9"),
    ] {
        check(&pair(&[], result(expected), result(actual)), Ruling::Agree, None);
        let strict = Strictness::STANDARD.without(Allowance::UntoldIdentity);
        check(&strictly(strict, &[], result(expected), result(actual)), Ruling::Inconclusive, Reason::BlindSpot);
    }
    for (expected, actual) in [
        ("ref:func:#1", "ref:func:#2"),
        ("ref:null", "ref:func"),
        ("ref:null", "ref:opaque"),
        ("ref:extern:1", "ref:extern:2"),
        ("ref:i31:1", "ref:i31:2"),
        ("ref:struct", "ref:array"),
    ] {
        check(&pair(&[], result(expected), result(actual)), Ruling::Diverge, Reason::Deterministic);
    }
}

#[test]
fn relaxed_vectors_leave_what_follows_open_and_nothing_before() {
    let steps = |first: &str, second: &str| vec![returned(&[first]), returned(&[second])];
    let relaxed = [(2, OpenChoice::RelaxedVector)];
    let verdict = pair(&relaxed, steps("i32:1", "i32:1"), steps("i32:1", "i32:2"));
    check(&verdict, Ruling::Inconclusive, Reason::After(OpenChoice::RelaxedVector));
    check(&pair(&relaxed, steps("i32:1", "i32:1"), steps("i32:2", "i32:1")), Ruling::Diverge, Reason::Deterministic);
    let strict = Strictness::STANDARD.without(Allowance::RelaxedVector);
    let verdict = strictly(strict, &relaxed, steps("i32:1", "i32:1"), steps("i32:1", "i32:2"));
    check(&verdict, Ruling::Diverge, Reason::Deterministic);
}

#[test]
fn without_the_reference_a_case_with_relaxed_vectors_is_open_from_the_start() {
    let mut relaxed = case(1);
    let observations =
        [observation("a", vec![made(), returned(&["i32:1"])]), observation("b", vec![made(), returned(&["i32:2"])])];
    check(&judge(&relaxed, &observations), Ruling::Diverge, Reason::Deterministic);
    relaxed.features = Features::of(&[Feature::RelaxedSimd]);
    check(&judge(&relaxed, &observations), Ruling::Inconclusive, Reason::After(OpenChoice::RelaxedVector));
}

#[test]
fn a_growth_may_be_refused_and_is_judged_before_the_result() {
    let grown = |result: &str, bytes| vec![with_memory(returned(&[result]), bytes, Contents::Unread), made(), made()];
    let verdict = pair(&[], grown("i32:1", 131_072), grown("i32:-1", 65536));
    check(&verdict, Ruling::Inconclusive, Reason::After(OpenChoice::RefusedGrowth));
    assert_eq!(verdict.differences.len(), 1);
    assert_eq!(verdict.horizons[0].step, StepIdx(2));
    assert_eq!(verdict.compared.unjudged_steps, 2);
    let verdict = pair(&[], grown("i32:1", 65536), grown("i32:1", 131_072));
    check(&verdict, Ruling::Diverge, Reason::Deterministic);
    let refused = [(1, OpenChoice::RefusedGrowth)];
    let verdict = pair(&refused, grown("i32:-1", 65536), grown("i32:1", 131_072));
    check(&verdict, Ruling::Inconclusive, Reason::After(OpenChoice::RefusedGrowth));
    assert_eq!(verdict.horizons.len(), 1);
}

#[test]
fn a_smaller_table_is_a_refused_growth_and_a_larger_one_is_not() {
    let table = |elements| vec![with_table(made(), elements, &[])];
    check(&pair(&[], table(3), table(2)), Ruling::Inconclusive, Reason::After(OpenChoice::RefusedGrowth));
    check(&pair(&[], table(2), table(3)), Ruling::Diverge, Reason::Deterministic);
}

#[test]
fn tables_are_compared_by_runs_however_these_are_cut() {
    let func = |number| Ref::Func(Identity::Known(number));
    let table = |runs: &[(u64, Ref)]| vec![with_table(made(), 4, runs)];
    let expected = || table(&[(2, Ref::Null), (2, func(0))]);
    check(
        &pair(&[], expected(), table(&[(1, Ref::Null), (1, Ref::Null), (1, func(0)), (1, func(0))])),
        Ruling::Agree,
        None,
    );
    let verdict = pair(&[], expected(), table(&[(2, Ref::Null), (1, Ref::Func(Identity::Unknown)), (1, func(1))]));
    check(&verdict, Ruling::Diverge, Reason::Deterministic);
    let site = Site::Table { step: StepIdx(1), export: kit::name("t"), element: 3 };
    assert_eq!(verdict.differences[0].site, site);
    // One side could not read all of it.
    check(&pair(&[], expected(), table(&[(2, Ref::Null)])), Ruling::Agree, None);
}

#[test]
fn exhaustion_starts_a_horizon_on_one_side_or_both() {
    let out = |resource| vec![with_global(step(Outcome::Exhausted(resource)), "i32:1"), returned(&["i32:1"])];
    let verdict = pair(&[], out(Resource::Fuel), vec![returned(&["i32:1"]), returned(&["i32:2"])]);
    check(&verdict, Ruling::Inconclusive, Reason::Limit);
    assert_eq!(verdict.compared.unjudged_steps, 1);
    let both = vec![with_global(step(Outcome::Exhausted(Resource::Stack)), "i32:2"), returned(&["i32:2"])];
    let verdict = pair(&[], out(Resource::Fuel), both);
    check(&verdict, Ruling::Agree, None);
    assert_eq!(verdict.horizons[0].reason, Reason::Limit);
    assert_eq!((verdict.compared.calls, verdict.compared.unjudged_steps), (0, 1));
}

#[test]
fn a_wait_is_no_finding_where_the_reference_ran_out_of_fuel() {
    let expected = vec![made(), step(Outcome::Exhausted(Resource::Fuel)), made()];
    let waiting = |steps| ended("other", steps, Ending::TimedOut);
    let verdict = judge(&case(2), &[observation("reference", expected.clone()), waiting(vec![made()])]);
    check(&verdict, Ruling::Inconclusive, Reason::Limit);
    let verdict = judge(&case(2), &[observation("reference", expected), waiting(vec![])]);
    check(&verdict, Ruling::Diverge, Reason::Ending);
}

#[test]
fn a_crash_is_a_finding_whatever_came_before() {
    let expected = vec![made(), step(Outcome::Exhausted(Resource::Stack)), made()];
    for steps in [vec![], vec![made()], expected[..2].to_vec()] {
        let verdict = judge(&case(2), &[observation("reference", expected.clone()), ended("other", steps, crash())]);
        check(&verdict, Ruling::Diverge, Reason::Ending);
    }
}

#[test]
fn steps_before_a_crash_are_compared() {
    let verdict = judge(
        &case(2),
        &[
            observation("reference", vec![made(), returned(&["i32:1"]), made()]),
            ended("other", vec![made(), returned(&["i32:2"])], crash()),
        ],
    );
    let sites: Vec<_> = verdict.differences.iter().map(|difference| difference.site.clone()).collect();
    assert_eq!(sites, [Site::Result { step: StepIdx(1), position: 0 }, Site::Ending]);
}

#[test]
fn a_crash_of_the_reference_is_a_finding_against_us() {
    for others in [vec![], vec![observation("other", vec![made(), made()])]] {
        let mut observations = vec![ended("reference", vec![made()], crash())];
        observations.extend(others);
        let verdict = judge(&case(1), &observations);
        check(&verdict, Ruling::Diverge, Reason::Ending);
        assert_eq!(verdict.differences[0].engine.to_string(), "reference");
    }
}

#[test]
fn judging_stops_at_the_first_step_that_diverges_and_keeps_all_of_it() {
    let steps = |value: &str| vec![with_global(returned(&[value, value]), value), returned(&[value])];
    let verdict = pair(&[], steps("i32:1"), steps("i32:2"));
    let sites: Vec<_> = verdict.differences.iter().map(|difference| difference.site.kind()).collect();
    assert_eq!(sites, [SiteKind::Result, SiteKind::Result, SiteKind::Global]);
    assert_eq!((verdict.compared.calls, verdict.compared.unjudged_steps), (1, 0));
}

#[test]
fn host_calls_are_compared_in_order_with_their_arguments() {
    let calls = |list: &[(&str, &str)]| {
        vec![list.iter().fold(made(), |so_far, (function, arg)| with_call(so_far, function, &[arg]))]
    };
    let expected = || calls(&[("a", "i32:1"), ("b", "i32:2")]);
    let site = |verdict: &Verdict| verdict.differences[0].site.clone();
    let at = |call| Site::HostCalls { step: StepIdx(1), call };
    assert_eq!(site(&pair(&[], expected(), calls(&[("b", "i32:2"), ("a", "i32:1")]))), at(0));
    assert_eq!(site(&pair(&[], expected(), calls(&[("a", "i32:1"), ("b", "i32:3")]))), at(1));
    assert_eq!(site(&pair(&[], expected(), calls(&[("a", "i32:1")]))), at(1));
    let nan = |bits| calls(&[("a", bits)]);
    check(&pair(&[NAN], nan(CANONICAL), nan(NEGATIVE)), Ruling::Allowed, Reason::Allowance(Allowance::NanBits));
    check(&pair(&[], nan(CANONICAL), nan(NEGATIVE)), Ruling::Diverge, Reason::Deterministic);
    let rest = |digest| {
        let mut steps = expected();
        steps[0].host_calls.count = 3;
        steps[0].host_calls.rest = Digest(digest);
        steps
    };
    assert_eq!(site(&pair(&[], rest(1), rest(2))), at(2));
}

#[test]
fn an_export_that_one_side_lacks_is_a_divergence() {
    for expected in [with_global(made(), "i32:1"), with_digest(made(), &[]), with_table(made(), 0, &[])] {
        let mut empty = made();
        empty.state = Some(wassay_model::State::default());
        let verdict = pair(&[], vec![expected.clone()], vec![empty.clone()]);
        check(&verdict, Ruling::Diverge, Reason::Deterministic);
        check(&pair(&[], vec![empty], vec![expected]), Ruling::Diverge, Reason::Deterministic);
    }
}

#[test]
fn exceptions_are_compared_by_what_they_carry_where_both_tell() {
    let threw = |payload: Option<&[&str]>| {
        let values = |list: &[&str]| list.iter().map(|value| value.parse().unwrap()).collect();
        vec![step(Outcome::Threw(Exception { payload: payload.map(values) }))]
    };
    check(&pair(&[], threw(Some(&["i32:1"])), threw(Some(&["i32:2"]))), Ruling::Diverge, Reason::Deterministic);
    check(&pair(&[], threw(Some(&["i32:1"])), threw(Some(&[]))), Ruling::Diverge, Reason::Deterministic);
    let verdict = pair(&[], threw(Some(&["i32:1"])), threw(None));
    check(&verdict, Ruling::Agree, None);
    assert_eq!(verdict.compared.blind, 1);
}

#[test]
fn what_is_compared_is_counted_once_a_step() {
    let steps = || {
        vec![
            made(),
            with_global(returned(&["i32:1"]), "i32:1"),
            returned(&[]),
            trapped(&[TrapKind::Unreachable]),
            step(Outcome::Absent),
        ]
    };
    let engines: Vec<Observation> =
        ["reference", "a", "b", "c"].iter().map(|name| observation(name, steps())).collect();
    let compared = judge(&case(4), &engines).compared;
    assert_eq!((compared.calls, compared.calls_with_values, compared.states), (3, 1, 1));
    assert_eq!(judge(&case(4), &engines[..1]).compared, wassay_model::Compared::default());
}

#[test]
fn the_order_of_the_engines_says_nothing() {
    let reference = observation("reference", vec![made(), returned(&["i32:1"]), returned(&["i32:1"])]);
    let others = [
        observation("a", vec![made(), returned(&["i32:2"]), returned(&["i32:1"])]),
        observation("b", vec![made(), returned(&["i32:1"]), step(Outcome::Exhausted(Resource::Fuel))]),
        ended("c", vec![made()], crash()),
        ended("d", vec![], Ending::Declined(Feature::Simd)),
        ended("e", vec![made(), returned(&["i32:1"])], Ending::TimedOut),
    ];
    let plan = case(2);
    let expected = {
        let mut all = vec![reference.clone()];
        all.extend(others.iter().cloned());
        judge(&plan, &all)
    };
    // All rotations, each with the reference at every place, and backwards.
    for turn in 0..others.len() {
        for place in 0..=others.len() {
            let mut all = others.to_vec();
            all.rotate_left(turn);
            all.insert(place, reference.clone());
            assert_eq!(judge(&plan, &all), expected);
            all.reverse();
            assert_eq!(judge(&plan, &all), expected);
        }
    }
}

#[test]
fn identical_observations_agree_and_cost_next_to_nothing() {
    for (name, outcome) in kit::outcomes() {
        let steps = || vec![made(), with_digest(step(outcome.clone()), &[1, 2])];
        let all: Vec<Observation> = ["reference", "a", "b"].iter().map(|name| observation(name, steps())).collect();
        let verdict = judge(&case(1), &all);
        let expected = if name == "unclassified" { Ruling::Inconclusive } else { Ruling::Agree };
        assert_eq!(verdict.ruling, expected, "{name}");
    }
}

/// `case` with a module whose one function has the code, in hexadecimal: `f32 f32 -> f32`.
fn pair_in(code: &[u8], expected: Step, actual: Step) -> Verdict {
    let mut case = case(1);
    let mut module =
        b"\0asm\x01\0\0\0\x01\x07\x01\x60\x02\x7d\x7d\x01\x7d\x03\x02\x01\0\x05\x03\x01\0\x01\x0a".to_vec();
    module.extend([code.len() as u8 + 4, 1, code.len() as u8 + 2, 0]);
    module.extend(code);
    module.push(0x0b);
    case.modules[0].bytes.0 = module;
    let reference = met(observation("reference", vec![made(), expected]), 1, OpenChoice::NanBits);
    judge(&case, &[reference, observation("wasmi", vec![made(), actual])])
}

#[test]
fn where_no_instruction_tells_nans_apart_only_their_bits_are_open() {
    // `f32.max` alone; and with a reinterpretation, a store or a sign that moves behind it.
    let max = [0x20, 0, 0x20, 1, 0x97];
    for actual in [SIGNALLING, "f32:0x3f800000"] {
        let verdict = pair_in(&max, returned(&[CANONICAL]), returned(&[actual]));
        check(&verdict, Ruling::Diverge, Reason::Deterministic);
    }
    let verdict = pair_in(&max, returned(&[CANONICAL]), returned(&[NEGATIVE]));
    check(&verdict, Ruling::Allowed, Reason::Allowance(Allowance::NanBits));
    for behind in [&[0xbc, 0xbe][..], &[0x20, 0, 0x98], &[0x1a, 0x41, 0, 0x20, 0, 0x38, 2, 0, 0x20, 0]] {
        let code = [&max, behind].concat();
        let verdict = pair_in(&code, returned(&[CANONICAL]), returned(&["f32:0x3f800000"]));
        check(&verdict, Ruling::Inconclusive, Reason::After(OpenChoice::NanBits));
    }
}
