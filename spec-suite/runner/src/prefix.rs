//! Which step an engine died of, when all that is known is that it died: shorter and shorter plans tell.

use wassay_model::{Ending, Observation, TestCase};

/// The deadline of one shortened plan, in milliseconds: an engine that hangs costs this a few times over.
const DEADLINE_MS: u32 = 10_000;

/// The observation of an engine up to the step that it died of: `observation`, and the steps before the death,
/// found by asking for shortened plans with `ask`. Where steps are known already, or nobody died, it is
/// `observation` itself.
///
/// A death that comes only sometimes is laid at a step that may be innocent.
///
/// # Errors
///
/// Those of `ask`.
pub fn locate<E>(
    case: &TestCase,
    observation: Observation,
    mut ask: impl FnMut(&TestCase) -> Result<Observation, E>,
) -> Result<Observation, E> {
    let died = matches!(
        observation.ending,
        Ending::Crashed(_) | Ending::TimedOut | Ending::OutOfMemory | Ending::Unclassified(_)
    );
    if !died || !observation.steps.is_empty() {
        return Ok(observation);
    }
    let mut shortened = case.clone();
    shortened.limits.deadline_ms = shortened.limits.deadline_ms.min(DEADLINE_MS);
    let mut located = observation;
    // The first `done` steps are survived, the first `fatal` are not.
    let (mut done, mut fatal) = (0, case.plan.steps.len());
    while fatal - done > 1 {
        let middle = done + (fatal - done) / 2;
        shortened.plan.steps.clear();
        shortened.plan.steps.extend_from_slice(&case.plan.steps[..middle]);
        let shorter = ask(&shortened)?;
        if shorter.ending == Ending::Finished {
            done = middle;
            located.steps = shorter.steps;
            located.words = shorter.words;
            located.timing = shorter.timing;
        } else {
            fatal = middle;
        }
    }
    Ok(located)
}

#[cfg(test)]
mod tests {
    use super::*;
    use wassay_model::{Crash, CrashManner, EngineId, EngineName, Features, HostCalls, Outcome, Step, Timing};

    /// An engine that dies of step `fatal`.
    fn engine(fatal: usize) -> impl FnMut(&TestCase) -> Result<Observation, ()> {
        move |case| {
            let count = case.plan.steps.len();
            let step = Step { outcome: Outcome::Returned(vec![]), host_calls: HostCalls::default(), state: None };
            let crash = Crash { manner: CrashManner::Signal(11), words: String::new() };
            let survives = count <= fatal;
            Ok(Observation {
                engine: EngineId { name: EngineName::plain("made-up"), version: "1".to_owned() },
                steps: if survives { vec![step; count] } else { vec![] },
                ending: if survives { Ending::Finished } else { Ending::Crashed(crash) },
                open: vec![],
                words: vec![],
                instructions: vec![],
                timing: Timing::default(),
            })
        }
    }

    #[test]
    fn the_fatal_step_is_found_wherever_it_is() {
        let text = "(module)".repeat(9);
        let case = crate::parse("a.wast", &text, Features::V3).unwrap().case;
        for fatal in 0..9 {
            let mut asked = 0;
            let mut engine = engine(fatal);
            let whole = engine(&case).unwrap();
            let located = locate(&case, whole, |case| {
                asked += 1;
                engine(case)
            });
            assert_eq!(
                located.map(|located| (located.steps.len(), located.ending == Ending::Finished)),
                Ok((fatal, false))
            );
            assert!(asked <= 4, "{asked}");
        }
    }
}
