//! What groups findings.
//!
//! Nothing was reduced when a signature is first made, so it holds only what does not depend on the code
//! around the fault:
//!
//! - *Who* differs, and from whom. Engines that differ from the pivot in the same way are the parties of
//!   one signature; an engine that differs in another way has a signature of its own.
//! - *The class* of what each side did. A wrong value is one class, `value`, wherever it shows: a fault of
//!   an addition is a wrong result in one case, a wrong byte or table element in another, and a wrong
//!   argument of a host call in a third, as chance has it. All of these have [`SiteKind::Result`] as their
//!   site here. Sizes belong to it, too.
//! - Trap kinds, where a trap stands against something else, since a check that is missing is another
//!   fault for each kind of check.
//! - Nothing of a crash but its manner; whom it is held against says nothing, so nobody is.
//!
//! - An engine that contradicts itself, in two steps that say the same, is held against itself.
//!
//! Steps, positions, offsets, values and words are left out: they change from case to case.

use wassay_model::{
    CrashManner, Difference, Ending, EngineName, Observation, Outcome, Party, Ruling, Signature, Site, SiteKind,
    StepIdx, TestCase, Verdict,
};

/// The class of a wrong value.
const VALUE: &str = "value";

/// The signature of a case's first and worst difference; a verdict without differences has an empty one.
#[must_use]
pub fn signature(case: &TestCase, verdict: &Verdict, observations: &[Observation]) -> Signature {
    signatures(case, verdict, observations).into_iter().next().unwrap_or(Signature {
        parties: Vec::new(),
        against: None,
        site: SiteKind::Outcome,
        skeleton: Vec::new(),
    })
}

/// One signature for each way in which engines differ, the one that shows first in front.
///
/// Only differences with the verdict's own ruling count, and of each engine only the first of a kind of
/// evidence: its first difference of values or outcomes, and how its program ended.
#[must_use]
pub fn signatures(case: &TestCase, verdict: &Verdict, observations: &[Observation]) -> Vec<Signature> {
    let mut found: Vec<Signature> = Vec::new();
    let mut seen: Vec<(&EngineName, bool)> = Vec::new();
    if verdict.ruling == Ruling::Agree {
        return found;
    }
    for difference in verdict.differences.iter().filter(|difference| difference.ruling == verdict.ruling) {
        let key = (&difference.engine, difference.site == Site::Ending);
        if seen.contains(&key) {
            continue;
        }
        seen.push(key);
        let Described { actual, against, site } = describe(case, difference, observations);
        let party = Party { engine: difference.engine.clone(), class: actual };
        let same = found.iter_mut().find(|signature| {
            signature.site == site
                && signature.against == against
                && signature.parties.iter().all(|other| other.class == party.class)
        });
        match same {
            Some(signature) => signature.parties.push(party),
            None => found.push(Signature { parties: vec![party], against, site, skeleton: Vec::new() }),
        }
    }
    for signature in &mut found {
        signature.parties.sort();
    }
    found
}

/// The signature of what an engine did at a step where it is known to be wrong, held against what another did there. An
/// engine that did not come that far is told by how its program ended.
#[must_use]
pub fn signature_at(step: StepIdx, engine: &Observation, against: &Observation) -> Signature {
    let outcome = |observation: &Observation| Some(observation.steps.get(step.position())?.outcome.clone());
    let party = |observation: &Observation, class: String| Party { engine: observation.engine.name.clone(), class };
    let (actual, expected) = (outcome(engine), outcome(against));
    let (class_of_engine, class_of_other, site) = match (&actual, &expected) {
        (None, _) => (ending_class(&engine.ending), None, SiteKind::Ending),
        (Some(Outcome::Returned(_)), Some(Outcome::Returned(_))) => {
            (VALUE.to_owned(), Some(VALUE.to_owned()), SiteKind::Result)
        }
        (Some(actual @ Outcome::Trapped(_)), Some(expected @ Outcome::Trapped(_))) => {
            (class(actual), Some(class(expected)), SiteKind::TrapKind)
        }
        (Some(actual), expected) => (class(actual), expected.as_ref().map(class), SiteKind::Outcome),
    };
    Signature {
        parties: vec![party(engine, class_of_engine)],
        against: class_of_other.map(|class| party(against, class)),
        site,
        skeleton: Vec::new(),
    }
}

struct Described {
    actual: String,
    against: Option<Party>,
    site: SiteKind,
}

fn describe(case: &TestCase, difference: &Difference, observations: &[Observation]) -> Described {
    let observation = |name: &EngineName| observations.iter().find(|observation| observation.engine.name == *name);
    let party = |class: String| Some(Party { engine: difference.against.clone(), class });
    let at = |name: &EngineName, step: StepIdx| {
        let step = observation(name).and_then(|observation| observation.steps.get(step.position()));
        step.map_or_else(|| "unknown".to_owned(), |step| class(&step.outcome))
    };
    match difference.site {
        Site::Ending => Described {
            actual: observation(&difference.engine)
                .map_or_else(|| "unknown".to_owned(), |observation| ending_class(&observation.ending)),
            against: None,
            site: SiteKind::Ending,
        },
        Site::Outcome(step) | Site::TrapKind(step) => {
            let measure = original(case, difference).unwrap_or(step);
            let (actual, expected) = (at(&difference.engine, step), at(&difference.against, measure));
            Described { actual, against: party(expected), site: difference.site.kind() }
        }
        Site::Result { .. }
        | Site::HostCalls { .. }
        | Site::Global { .. }
        | Site::MemorySize { .. }
        | Site::Memory { .. }
        | Site::TableSize { .. }
        | Site::Table { .. } => {
            Described { actual: VALUE.to_owned(), against: party(VALUE.to_owned()), site: SiteKind::Result }
        }
    }
}

/// The step that an engine is held against, where it is held against itself.
fn original(case: &TestCase, difference: &Difference) -> Option<StepIdx> {
    let step = difference.site.step().filter(|_| difference.engine == difference.against)?;
    case.relations.iter().find(|relation| relation.rewritten == step).map(|relation| relation.original)
}

/// The class of an outcome: `returned`, `trapped:unreachable`, `rejected`, ...
#[must_use]
pub fn class(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Returned(_) => "returned".to_owned(),
        Outcome::Trapped(kinds) => format!("trapped:{kinds}"),
        Outcome::Threw(_) => "threw".to_owned(),
        Outcome::Exhausted(_) => "exhausted".to_owned(),
        // How a refusal is worded is nobody's fault.
        Outcome::Malformed | Outcome::Invalid | Outcome::Rejected => "rejected".to_owned(),
        Outcome::Unlinkable => "unlinkable".to_owned(),
        Outcome::Refused(_) => "refused".to_owned(),
        Outcome::Absent => "absent".to_owned(),
        Outcome::Unclassified(_) => "unclassified".to_owned(),
    }
}

fn ending_class(ending: &Ending) -> String {
    match ending {
        Ending::Finished => "finished-early".to_owned(),
        Ending::Crashed(crash) => match crash.manner {
            CrashManner::Panic => "crashed:panic".to_owned(),
            CrashManner::Signal(signal) => format!("crashed:signal-{signal}"),
            CrashManner::Exit(status) => format!("crashed:exit-{status}"),
        },
        Ending::TimedOut => "timed-out".to_owned(),
        Ending::OutOfMemory => "out-of-memory".to_owned(),
        Ending::Declined(_) => "declined".to_owned(),
        Ending::Unclassified(_) => "unclassified".to_owned(),
    }
}
