//! [`Observation`]s of one case in, a [`Verdict`] out; and a sentence for people about it. Pure functions.
//!
//! This room must not know any engine: the one name that it knows is the reference's, whose answer is the
//! expectation, and whose notes say where the standard leaves a choice.
//!
//! What is *not* guaranteed: that an agreement is right (all engines may share a mistake), that identities
//! are compared across unlike walks, and that a difference which is ruled inconclusive is harmless.

mod contained;
pub mod expect;
mod explain;
mod likeness;
mod memory;
mod pair;
mod rewritten;
mod strictness;

pub use explain::{describe_action, explain, original};
pub use strictness::Strictness;

use wassay_model::{
    Action, Compared, Difference, Ending, EngineName, Horizon, Observation, Reason, Ruling, Site, StepIdx, TestCase,
    Verdict,
};

use crate::pair::Pair;

/// The name of the engine whose answer is the expectation.
pub const REFERENCE: &str = "reference";

/// Judges with every allowance of the standard.
///
/// The engine named [`REFERENCE`] is what the others are held against, if it finished; otherwise the first
/// engine that finished. An engine that declined is not compared.
///
/// Each engine is held against itself as well, by the case's relations: two steps that say the same must end
/// alike, whoever else was asked. Where the reference contradicts itself, the relation proves nothing about others,
/// and of an engine that differs from the reference it would only say so again.
#[must_use]
pub fn judge(case: &TestCase, observations: &[Observation]) -> Verdict {
    judge_strictly(Strictness::STANDARD, case, observations)
}

/// Judges with the allowances of `strictness` only.
#[must_use]
pub fn judge_strictly(strictness: Strictness, case: &TestCase, observations: &[Observation]) -> Verdict {
    let pivot = pivot(observations);
    let mut tally = Tally::new(case);
    let mut differences: Vec<(StepIdx, Difference)> = Vec::new();
    let mut horizons = Vec::new();
    let mut rewrites = 0;
    let reference = pivot.map(|pivot| &observations[pivot]).filter(|pivot| pivot.engine.name.name == REFERENCE);
    let mut relations_max = usize::MAX;
    if let Some(reference) = reference.filter(|_| !case.relations.is_empty()) {
        let (found, held) =
            Pair::new(strictness, case, reference, reference, &mut Tally::new(case)).relations(usize::MAX);
        differences.extend(found.differences);
        relations_max = held;
        rewrites += held;
    }
    for (position, observation) in observations.iter().enumerate() {
        if matches!(observation.ending, Ending::Declined(_)) {
            continue;
        }
        let mut diverges = false;
        if Some(position) != pivot {
            let found = match pivot.map(|pivot| &observations[pivot]) {
                Some(pivot) => Pair::new(strictness, case, pivot, observation, &mut tally).compare(),
                None => pair::Found::alone(observation),
            };
            diverges = found.differences.iter().any(|(_, difference)| difference.ruling == Ruling::Diverge);
            differences.extend(found.differences);
            horizons.extend(found.horizon);
        }
        let is_reference = reference.is_some() && Some(position) == pivot;
        let says_nothing_new = diverges && reference.is_some();
        if !case.relations.is_empty() && !is_reference && !says_nothing_new {
            let teller = reference.unwrap_or(observation);
            let mut unread = Tally::new(case);
            let (found, held) = Pair::new(strictness, case, teller, observation, &mut unread).relations(relations_max);
            differences.extend(found.differences);
            rewrites += held;
        }
    }
    tally.compared.rewrites = rewrites as u32;
    // The order of engines among the observations says nothing, so it must not show in the verdict.
    differences.sort_by(|(step, difference), (other_step, other)| {
        (step, &difference.engine).cmp(&(other_step, &other.engine))
    });
    horizons.sort_by(|horizon: &Horizon, other| (horizon.step, &horizon.engine).cmp(&(other.step, &other.engine)));
    let differences: Vec<Difference> = differences.into_iter().map(|(_, difference)| difference).collect();
    Verdict {
        ruling: differences.iter().map(|difference| difference.ruling).max().unwrap_or(Ruling::Agree),
        differences,
        horizons,
        compared: tally.counts(case),
    }
}

/// Which observation the others are held against.
#[must_use]
pub fn pivot(observations: &[Observation]) -> Option<usize> {
    let finished = |observation: &Observation| observation.ending == Ending::Finished;
    observations
        .iter()
        .position(|observation| finished(observation) && observation.engine.name.name == REFERENCE)
        .or_else(|| observations.iter().position(finished))
}

/// What was compared, by step of the plan: a step counts once, however many engines made it.
struct Tally {
    steps: Vec<Seen>,
    compared: Compared,
}

/// What was compared of a step, on at least one engine besides the pivot.
#[derive(Clone, Copy, Default)]
struct Seen {
    call: bool,
    values: bool,
    state: bool,
}

impl Tally {
    fn new(case: &TestCase) -> Self {
        Self { steps: vec![Seen::default(); case.plan.steps.len()], compared: Compared::default() }
    }

    fn counts(mut self, case: &TestCase) -> Compared {
        for (step, seen) in case.plan.steps.iter().zip(&self.steps) {
            let call = seen.call && matches!(step.action, Action::Invoke { .. });
            self.compared.calls += u32::from(call);
            self.compared.calls_with_values += u32::from(call && seen.values);
            self.compared.states += u32::from(seen.state);
        }
        self.compared
    }
}

/// A difference in the program's ending; there need not be anyone to hold it against.
fn ending_difference(
    observation: &Observation,
    against: &EngineName,
    expected: &str,
    ruling: Ruling,
    reason: Reason,
) -> Difference {
    let words = match &observation.ending {
        Ending::Crashed(crash) => crash.words.lines().next().unwrap_or_default(),
        _ => "",
    };
    // Of a program that died nothing is left of the steps before: then no step is named.
    let mut actual = match observation.steps.len() {
        0 => observation.ending.to_string(),
        step => format!("{} in step {step}", observation.ending),
    };
    if !words.is_empty() {
        actual.push_str(": ");
        actual.extend(words.chars().take(160));
    }
    Difference {
        site: Site::Ending,
        engine: observation.engine.name.clone(),
        actual,
        against: against.clone(),
        expected: expected.to_owned(),
        ruling,
        reason,
    }
}
