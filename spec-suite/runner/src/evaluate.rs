//! What an observation says about each command of a script.

use serde::{Deserialize, Serialize};
use wassay_judge::expect::matches;
use wassay_model::{Ending, Observation, Outcome};

use crate::{Check, Kind, Script};

/// The result of one command of a script.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckResult {
    /// The command's number in the script, from 0.
    pub command: u32,
    /// Its line, from 1.
    pub line: u32,
    /// What kind of command it is.
    pub kind: Kind,
    /// The result.
    pub state: State,
    /// What was expected, in words.
    pub expected: String,
    /// What came, in words; empty where nothing did.
    pub actual: String,
}

/// How a command went.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// As expected.
    Pass,
    /// Not as expected.
    Fail,
    /// The engine's answer says neither; the words say why.
    Skip(String),
    /// It was not asked: the engine lacks the feature, or no plan can hold the command.
    Unsupported(String),
    /// The engine's program died of it.
    Crash,
    /// The engine did not come back in time.
    Timeout,
}

/// What `observation`, made of the script's case, says about each of its commands, in the script's order.
#[must_use]
pub fn evaluate(script: &Script, observation: &Observation) -> Vec<CheckResult> {
    let mut refused = None;
    script
        .checks
        .iter()
        .map(|check| {
            let mut result = evaluate_one(check, observation);
            let outcome = check.step.and_then(|step| observation.steps.get(step.position())).map(|step| &step.outcome);
            match (outcome, &refused) {
                (Some(Outcome::Refused(limit)), None) => refused = Some(limit.clone()),
                // What needs an instance that a limit of the engine's own has prevented says nothing of it.
                (Some(Outcome::Absent), Some(limit)) if result.state == State::Fail => {
                    result.state = State::Skip(format!("needs what the engine refused before ({limit})"));
                }
                _ => {}
            }
            result
        })
        .collect()
}

fn evaluate_one(check: &Check, observation: &Observation) -> CheckResult {
    let (state, actual) = match (&check.unsupported, check.step, &observation.ending) {
        (_, _, Ending::Declined(feature)) => (State::Unsupported(feature.to_string()), String::new()),
        (Some(why), ..) => (State::Unsupported(why.clone()), String::new()),
        (None, Some(step), ending) => match observation.steps.get(step.position()) {
            Some(step) => (compare(check, &step.outcome), step.outcome.to_string()),
            None => (missing(step.position() == observation.steps.len(), ending), ending.to_string()),
        },
        (None, None, _) => (State::Unsupported("the command is no step".to_owned()), String::new()),
    };
    CheckResult {
        command: check.command,
        line: check.line,
        kind: check.kind,
        state,
        expected: check.expected.to_string(),
        actual,
    }
}

fn compare(check: &Check, outcome: &Outcome) -> State {
    match outcome {
        _ if matches(&check.expected, outcome) => State::Pass,
        // A limit of an implementation is no failure (appendix A.3), and what our tables do not place says
        // nothing about the engine. Both are shown.
        Outcome::Refused(_) | Outcome::Unclassified(_) => State::Skip(outcome.to_string()),
        _ => State::Fail,
    }
}

/// The state of a command that was not reached, or at which the program ended.
fn missing(is_first: bool, ending: &Ending) -> State {
    match ending {
        Ending::Crashed(_) if is_first => State::Crash,
        Ending::TimedOut if is_first => State::Timeout,
        _ => State::Skip(format!("not reached: the engine {ending} before")),
    }
}

/// What our own text parser says about the commands that only ask for one. They say nothing about engines.
#[must_use]
pub fn evaluate_texts(script: &Script) -> Vec<CheckResult> {
    let result = |text: &crate::TextCheck| CheckResult {
        command: text.command,
        line: text.line,
        kind: text.kind,
        state: if text.refusal.is_some() { State::Pass } else { State::Fail },
        expected: format!("refused ({})", text.message),
        actual: match &text.refusal {
            Some(words) => format!("refused ({words})"),
            None => "taken".to_owned(),
        },
    };
    script.texts.iter().map(result).collect()
}
