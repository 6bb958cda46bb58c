//! What an observation says about each command of a script.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use wassay_adapter::Interface;
use wassay_judge::expect::matches;
use wassay_model::{Action, Ending, InstanceIdx, Observation, Outcome, Ref, Resource, Value};

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
    /// The engine's program died of it, was ended because of its memory, or gave no answer.
    Crash,
    /// The engine did not come back in time.
    Timeout,
}

/// What `observation`, made of the script's case, says about each of its commands, in the script's order.
#[must_use]
pub fn evaluate(script: &Script, observation: &Observation) -> Vec<CheckResult> {
    let mut is_alive = true;
    let made = instantiations(script);
    let unmade = unmade_calls(script, observation);
    script
        .checks
        .iter()
        .map(|check| {
            let mut result = evaluate_one(check, observation, is_alive);
            is_alive &= !matches!(result.state, State::Crash | State::Timeout);
            // What needs an instance that did not come to be says nothing of its own: the failure is counted
            // where the instance was to be made.
            let missing = match result.state {
                State::Fail => missing_instance(check, script, &made, observation),
                _ => None,
            };
            // Whatever was expected of linking: where the exports are missing, a refusal to link says nothing.
            if let Some((line, why)) = missing.or_else(|| missing_provider(check, script, &made, observation)) {
                result.state = State::Skip(format!("needs the instance of line {line}: the engine {why}"));
            }
            if result.state == State::Fail
                && let Some(what) = unmade_before(check, script, &unmade, observation)
            {
                result.state = State::Skip(format!("comes after a call of the instance that was {what}"));
            }
            result
        })
        .collect()
}

/// Of each instance, the first call that was not made, since it passes a value of the host and no such value can be
/// made. An engine's own refusal of any other call leaves what comes behind it as it is.
fn unmade_calls(script: &Script, observation: &Observation) -> BTreeMap<InstanceIdx, usize> {
    let mut first = BTreeMap::new();
    for (position, (planned, seen)) in script.case.plan.steps.iter().zip(&observation.steps).enumerate() {
        if let (Action::Invoke { instance, args, .. }, Outcome::Refused(_)) = (&planned.action, &seen.outcome)
            && args.iter().any(|arg| matches!(arg, Value::Ref(Ref::Extern(_))))
        {
            first.entry(*instance).or_insert(position);
        }
    }
    first
}

/// What came of such a call before a command on the same instance, which lacks its effect from then on.
fn unmade_before<'o>(
    check: &Check,
    script: &Script,
    unmade: &BTreeMap<InstanceIdx, usize>,
    observation: &'o Observation,
) -> Option<&'o Outcome> {
    let step = check.step?.position();
    let (Action::Invoke { instance, .. } | Action::Get { instance, .. }) = &script.case.plan.steps.get(step)?.action
    else {
        return None;
    };
    let call = *unmade.get(instance).filter(|call| **call < step)?;
    Some(&observation.steps.get(call)?.outcome)
}

/// The steps that make the instances, in the order of the instances.
fn instantiations(script: &Script) -> Vec<usize> {
    let steps = script.case.plan.steps.iter().enumerate();
    steps.filter(|(_, step)| matches!(step.action, Action::Instantiate { .. })).map(|(step, _)| step).collect()
}

/// The line of the command that was to make the instance which a command found absent, and what came of it; none
/// where the command found what it asked for, or where the instance is there.
fn missing_instance<'o>(
    check: &Check,
    script: &Script,
    made: &[usize],
    observation: &'o Observation,
) -> Option<(u32, &'o Outcome)> {
    let step = check.step?.position();
    let outcome = |step: usize| observation.steps.get(step).map(|step| &step.outcome);
    if outcome(step) != Some(&Outcome::Absent) {
        return None;
    }
    let (Action::Invoke { instance, .. } | Action::Get { instance, .. } | Action::Register { instance, .. }) =
        &script.case.plan.steps.get(step)?.action
    else {
        return None;
    };
    origin(instance.position(), script, made, observation)
}

/// The line of the command that was to make an instance from whose exports a module imports, and what came of it;
/// none where the module was not refused at linking, or where all such instances are there.
fn missing_provider<'o>(
    check: &Check,
    script: &Script,
    made: &[usize],
    observation: &'o Observation,
) -> Option<(u32, &'o Outcome)> {
    let (step, steps) = (check.step?.position(), &script.case.plan.steps);
    let outcome = |step: usize| observation.steps.get(step).map(|step| &step.outcome);
    let Action::Instantiate { module } = &steps.get(step)?.action else { return None };
    if outcome(step) != Some(&Outcome::Unlinkable) {
        return None;
    }
    let interface = Interface::read(&script.case.modules.get(module.position())?.bytes.0)?;
    let absent = |name: &str| {
        let last = steps.iter().take(step).enumerate().rev().find_map(|(position, step)| match &step.action {
            Action::Register { instance, name: known } if known == name => Some((position, instance)),
            _ => None,
        });
        last.filter(|(position, _)| outcome(*position) == Some(&Outcome::Absent)).map(|(_, instance)| instance)
    };
    let instance = interface.imports.iter().find_map(|import| absent(&import.module))?;
    origin(instance.position(), script, made, observation)
}

/// The line of the command that was to make an instance, and what came of it; none where it came to be.
fn origin<'o>(
    instance: usize,
    script: &Script,
    made: &[usize],
    observation: &'o Observation,
) -> Option<(u32, &'o Outcome)> {
    let origin = *made.get(instance)?;
    let outcome = |step: usize| observation.steps.get(step).map(|step| &step.outcome);
    let why = outcome(origin).filter(|outcome| !matches!(outcome, Outcome::Returned(_)))?;
    let command = script.checks.iter().find(|check| check.step.is_some_and(|step| step.position() == origin))?;
    Some((command.line, why))
}

/// `is_alive`: nothing before has been laid to the death of the program.
fn evaluate_one(check: &Check, observation: &Observation, is_alive: bool) -> CheckResult {
    let (state, actual) = match (&check.unsupported, check.step, &observation.ending) {
        (_, _, Ending::Declined(feature)) => (State::Unsupported(feature.to_string()), String::new()),
        (Some(why), ..) => (State::Unsupported(why.clone()), String::new()),
        (None, Some(step), ending) => match observation.steps.get(step.position()) {
            Some(step) => (compare(check, &step.outcome), step.outcome.to_string()),
            None => (missing(is_alive, ending), ending.to_string()),
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
        // Fuel is a bound of ours, and what uses it up is the engine's own affair: some count the length of a bulk
        // operation before they look at its bounds. A loop without end is for the deadline to find.
        Outcome::Exhausted(Resource::Fuel) => State::Skip("its counting of fuel ended the step".to_owned()),
        _ => State::Fail,
    }
}

/// The state of a command without an observed step. The program's end is laid to the first of them: the step that
/// it died of may belong to no command, as those of a module do that we bring along.
fn missing(is_first: bool, ending: &Ending) -> State {
    match ending {
        Ending::Crashed(_) | Ending::OutOfMemory | Ending::Unclassified(_) if is_first => State::Crash,
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
