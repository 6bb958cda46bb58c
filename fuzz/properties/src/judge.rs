//! The judge: it rules on any case with any observations, has words for its verdict, and does not find that an
//! observation diverges from its own copy.
//!
//! Bytes that are a case with observations, in JSON or in postcard, are taken as they are. All others are a question, as
//! in [`crate::question`], and what the reference observes of it.

use serde::{Deserialize, Serialize};
use wassay_adapter::Prepared;
use wassay_judge::{describe_action, explain, judge, original};
use wassay_model::{Ending, EngineName, Observation, Ruling, StepIdx, TestCase};

use crate::Broken;
use crate::engines::observe;
use crate::question::question;

/// What is judged.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Matter {
    /// The case.
    pub case: TestCase,
    /// What engines made of it, or may have.
    pub observations: Vec<Observation>,
}

/// Judges what the bytes are.
///
/// # Errors
/// A verdict that changes with the order of the observations, or a copy that diverges.
pub fn check(bytes: &[u8]) -> Result<(), Broken> {
    let Some(matter) = matter(bytes) else { return Ok(()) };
    let broken = |what: String| Broken { what, bytes: bytes.to_vec() };
    let verdict = judge(&matter.case, &matter.observations);
    let _ = explain(&verdict, &matter.case);
    for step in 0..=matter.case.plan.steps.len() {
        let _ = describe_action(&matter.case, StepIdx(step as u32));
    }
    for difference in &verdict.differences {
        let _ = original(difference, &matter.case);
    }
    // Steps that are said to mean the same may well contradict each other in what was made up.
    let case = TestCase { relations: Vec::new(), ..matter.case };
    for observation in matter.observations.iter().filter(|observation| observation.ending == Ending::Finished) {
        let mut copy = observation.clone();
        copy.engine.name = EngineName::plain("copy");
        let verdict = judge(&case, &[observation.clone(), copy]);
        if verdict.ruling == Ruling::Diverge {
            return Err(broken(format!("an observation diverges from its copy: {}", explain(&verdict, &case))));
        }
    }
    Ok(())
}

fn matter(bytes: &[u8]) -> Option<Matter> {
    if bytes.first() == Some(&b'{') {
        return serde_json::from_slice(bytes).ok();
    }
    if let Ok(matter) = postcard::from_bytes(bytes) {
        return Some(matter);
    }
    let case = question(bytes)?;
    let observations = observe("reference", &Prepared::new(&case)).into_iter().collect();
    Some(Matter { case, observations })
}
