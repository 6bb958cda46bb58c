//! Which findings share a bucket, and under which name.

use std::collections::BTreeSet;

use wassay_model::{
    Crash, CrashManner, Difference, Ending, EngineId, EngineName, ExportName, Features, Host, HostCalls, InstanceIdx,
    Limits, Observation, Outcome, Plan, Provenance, Reason, Ruling, Signature, Site, SiteKind, Step, StepIdx, TestCase,
    Timing, TrapKind, Verdict,
};
use wassay_triage::{bucket_name, signature, signature_at, signatures};

fn case() -> TestCase {
    TestCase {
        modules: vec![],
        plan: Plan::default(),
        host: Host::None,
        features: Features::V1,
        limits: Limits::default(),
        provenance: Provenance::File { path: String::new() },
        relations: Vec::new(),
    }
}

fn engine(name: &str) -> EngineName {
    name.parse().unwrap()
}

fn observation(name: &str, outcome: Outcome, ending: Ending) -> Observation {
    Observation {
        engine: EngineId { name: engine(name), version: "1".to_owned() },
        steps: vec![Step { outcome, host_calls: HostCalls::default(), state: None }],
        ending,
        open: vec![],
        words: vec![],
        instructions: vec![],
        timing: Timing::default(),
    }
}

fn difference(name: &str, site: Site) -> Difference {
    Difference {
        site,
        engine: engine(name),
        actual: "this".to_owned(),
        against: engine("reference"),
        expected: "that".to_owned(),
        ruling: Ruling::Diverge,
        reason: Reason::Deterministic,
    }
}

fn verdict(differences: Vec<Difference>) -> Verdict {
    Verdict { ruling: Ruling::Diverge, differences, ..Verdict::default() }
}

/// The signature of one engine that differs from the reference at `site`.
fn one(name: &str, site: Site, expected: Outcome, actual: Outcome, ending: Ending) -> Signature {
    let observations = [observation("reference", expected, Ending::Finished), observation(name, actual, ending)];
    signature(&case(), &verdict(vec![difference(name, site)]), &observations)
}

const STEP: StepIdx = StepIdx(0);

fn export(name: &str) -> ExportName {
    ExportName { instance: InstanceIdx(0), name: name.to_owned() }
}

fn returned() -> Outcome {
    Outcome::Returned(vec![])
}

fn value_sites() -> Vec<Site> {
    vec![
        Site::Result { step: STEP, position: 3 },
        Site::Global { step: STEP, export: export("g") },
        Site::Memory { step: STEP, export: export("m"), offset: Some(9) },
        Site::MemorySize { step: STEP, export: export("m") },
        Site::Table { step: STEP, export: export("t"), element: 9 },
        Site::TableSize { step: STEP, export: export("t") },
        Site::HostCalls { step: STEP, call: 2 },
    ]
}

fn crashed(manner: CrashManner) -> Ending {
    Ending::Crashed(Crash { manner, words: "at 0x1234".to_owned() })
}

#[test]
fn a_wrong_value_has_one_signature_wherever_it_shows() {
    let all: BTreeSet<Signature> =
        value_sites().into_iter().map(|site| one("wasmi", site, returned(), returned(), Ending::Finished)).collect();
    assert_eq!(all.len(), 1, "{all:#?}");
}

#[test]
fn signatures_tell_who_and_which_class_apart() {
    let trapped = |kind: TrapKind| Outcome::Trapped(kind.into());
    let outcome = |expected, actual| one("wasmi", Site::Outcome(STEP), expected, actual, Ending::Finished);
    let ending = |ending| one("wasmi", Site::Ending, returned(), returned(), ending);
    let all = [
        one("wasmi", value_sites().remove(0), returned(), returned(), Ending::Finished),
        one("tinywasm", value_sites().remove(0), returned(), returned(), Ending::Finished),
        outcome(returned(), trapped(TrapKind::Unreachable)),
        outcome(returned(), trapped(TrapKind::MemoryOutOfBounds)),
        outcome(trapped(TrapKind::Unreachable), returned()),
        outcome(returned(), Outcome::Rejected),
        outcome(Outcome::Malformed, returned()),
        ending(crashed(CrashManner::Signal(11))),
        ending(crashed(CrashManner::Panic)),
        ending(Ending::TimedOut),
    ];
    let names: BTreeSet<String> = all.iter().map(bucket_name).collect();
    assert_eq!(names.len(), all.len());
    insta::assert_snapshot!(all.iter().map(bucket_name).collect::<Vec<_>>().join("\n"));
}

#[test]
fn refusals_share_a_class_however_they_are_worded() {
    let refused = |outcome| one("wasmi", Site::Outcome(STEP), returned(), outcome, Ending::Finished);
    assert_eq!(refused(Outcome::Malformed), refused(Outcome::Invalid));
    assert_eq!(refused(Outcome::Rejected), refused(Outcome::Invalid));
}

#[test]
fn words_of_a_crash_and_its_place_do_not_count() {
    let crash = |words: &str, steps: usize| {
        let mut crashed = observation(
            "wasmi",
            returned(),
            Ending::Crashed(Crash { manner: CrashManner::Panic, words: words.to_owned() }),
        );
        crashed.steps.truncate(steps);
        let all = [observation("reference", returned(), Ending::Finished), crashed];
        signature(&case(), &verdict(vec![difference("wasmi", Site::Ending)]), &all)
    };
    assert_eq!(crash("a", 0), crash("b", 1));
}

#[test]
fn engines_that_differ_in_the_same_way_are_one_signature_and_others_have_their_own() {
    let observations = [
        observation("reference", returned(), Ending::Finished),
        observation("b", returned(), Ending::Finished),
        observation("a", returned(), crashed(CrashManner::Signal(11))),
        observation("c", returned(), Ending::Finished),
    ];
    let verdict = verdict(vec![
        difference("c", Site::Global { step: STEP, export: export("g") }),
        difference("b", Site::Result { step: STEP, position: 0 }),
        difference("b", Site::Global { step: STEP, export: export("g") }),
        difference("a", Site::Ending),
    ]);
    let all = signatures(&case(), &verdict, &observations);
    let parties: Vec<Vec<String>> =
        all.iter().map(|signature| signature.parties.iter().map(ToString::to_string).collect()).collect();
    assert_eq!(parties, [vec!["b value", "c value"], vec!["a crashed:signal-11"]]);
    assert_eq!(all[1].against, None);
    assert_eq!(signature(&case(), &verdict, &observations), all[0]);
}

#[test]
fn a_verdict_without_differences_has_an_empty_signature() {
    let empty = signature(&case(), &Verdict::default(), &[]);
    assert_eq!((empty.parties.len(), empty.against), (0, None));
}

#[test]
fn names_are_tame_and_short() {
    let wild = Signature {
        parties: (0..9)
            .map(|number| wassay_model::Party {
                engine: engine(&format!("exec:/opt/My Engine {number}/bin")),
                class: "trapped:memory-out-of-bounds|table-out-of-bounds".to_owned(),
            })
            .collect(),
        against: None,
        site: SiteKind::Outcome,
        skeleton: vec!["i32.add".to_owned()],
    };
    let name = bucket_name(&wild);
    assert!(name.len() <= 81, "{name}");
    assert!(
        name.chars().all(|letter| letter.is_ascii_lowercase() || letter.is_ascii_digit() || ".+_-".contains(letter))
    );
    let other = Signature { skeleton: vec!["i32.sub".to_owned()], ..wild };
    assert_ne!(bucket_name(&other), name);
}

#[test]
fn what_is_wrong_at_a_step_has_the_class_of_what_was_done_there() {
    let trapped = |kind| Outcome::Trapped(kind);
    let of = |actual: Outcome, expected: Outcome| {
        let seen = observation("wasmi", actual, Ending::Finished);
        signature_at(STEP, &seen, &observation("reference", expected, Ending::Finished))
    };
    let words = |signature: &Signature| {
        (
            signature.parties[0].class.clone(),
            signature.against.as_ref().map(|party| party.class.clone()),
            signature.site,
        )
    };
    let value = || "value".to_owned();
    assert_eq!(words(&of(returned(), returned())), (value(), Some(value()), SiteKind::Result));
    let (divide, unreachable) = (TrapKind::IntegerDivideByZero.into(), TrapKind::Unreachable.into());
    let by_zero = "trapped:integer-divide-by-zero".to_owned();
    assert_eq!(
        words(&of(trapped(divide), returned())),
        (by_zero.clone(), Some("returned".to_owned()), SiteKind::Outcome)
    );
    let other = Some("trapped:unreachable".to_owned());
    assert_eq!(words(&of(trapped(divide), trapped(unreachable))), (by_zero, other, SiteKind::TrapKind));
    let dead = Observation { steps: Vec::new(), ..observation("wasmi", returned(), Ending::TimedOut) };
    let dead = signature_at(STEP, &dead, &observation("reference", returned(), Ending::Finished));
    assert_eq!(words(&dead), ("timed-out".to_owned(), None, SiteKind::Ending));
}
