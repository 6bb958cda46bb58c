//! Relaxed vector instructions (section 4.3.5): scripts of our own that ask what the suite leaves out, and the
//! choices of an engine, inferred from its answers.
//!
//! The standard gives nine parameters, each an index into a list of results, and an implementation fixes each
//! of them once. So every result has to be one of the list, the same every time, and one index has to explain
//! all results of all instructions that share a parameter.

mod probes;
mod scripts;

use wassay_judge::expect::matches_value;
use wassay_model::suite::{RelaxedChoice, SuiteRelaxed};
use wassay_model::{EngineName, Observation, Outcome};

use crate::{Kind, Script};
use probes::{Parameter, Probe, probes};

pub(crate) use scripts::scripts;

/// The path of the script whose answers show the choices.
pub const CHOICES: &str = "additions/relaxed-simd/choices.wast";

/// The choices that an engine's answers to the script at [`CHOICES`] show; none where it answered nothing.
#[must_use]
pub fn infer_choices(engine: &EngineName, script: &Script, observation: &Observation) -> Option<SuiteRelaxed> {
    let calls = script.checks.iter().filter(|check| check.kind == Kind::AssertReturn);
    let answer = |step: usize| match &observation.steps.get(step)?.outcome {
        Outcome::Returned(values) => values.first().copied(),
        _ => None,
    };
    let answers: Vec<(Probe, wassay_model::Value)> = probes()
        .into_iter()
        .zip(calls)
        .filter_map(|(probe, check)| Some((probe, answer(check.step?.position())?)))
        .collect();
    if answers.is_empty() {
        return None;
    }
    let choices = Parameter::ALL.into_iter().map(|parameter| {
        // By instruction, the indices that explain all of its answers.
        let mut fitting: Vec<(&str, Vec<u8>)> = Vec::new();
        for (probe, value) in answers.iter().filter(|(probe, _)| probe.parameter == parameter) {
            let fits = |index: &u8| matches_value(&probe.results[usize::from(*index)], *value);
            let indices: Vec<u8> = (0..parameter.count()).filter(fits).collect();
            match fitting.iter_mut().find(|(instruction, _)| *instruction == probe.instruction) {
                Some((_, known)) => known.retain(|index| indices.contains(index)),
                None => fitting.push((probe.instruction, indices)),
            }
        }
        conclude(parameter, &fitting)
    });
    Some(SuiteRelaxed { engine: engine.clone(), choices: choices.collect() })
}

fn conclude(parameter: Parameter, fitting: &[(&str, Vec<u8>)]) -> RelaxedChoice {
    let common = |index: &u8| fitting.iter().all(|(_, indices)| indices.contains(index));
    let left: Vec<u8> = (0..parameter.count()).filter(common).collect();
    let (index, meaning) = match (left.as_slice(), fitting.is_empty()) {
        (_, true) => (None, "no answer".to_owned()),
        ([index], false) => (Some(*index), parameter.meaning(*index).to_owned()),
        ([], false) => {
            let each = fitting.iter().map(|(instruction, indices)| match **indices {
                [] => format!("{instruction}: none of the standard's"),
                [index] => format!("{instruction}: {index}"),
                _ => format!("{instruction}: any of {indices:?}"),
            });
            (None, format!("no single index ({})", each.collect::<Vec<_>>().join("; ")))
        }
        (_, false) => (None, format!("any of {left:?}")),
    };
    RelaxedChoice { parameter: parameter.name().to_owned(), index, meaning }
}

#[cfg(test)]
mod tests {
    use super::*;
    use wassay_model::{Ending, EngineId, Features, HostCalls, Step, Timing, Value};

    fn observe(script: &Script, answer: impl Fn(usize) -> Outcome) -> Observation {
        let steps = (0..script.case.plan.steps.len())
            .map(|step| Step { outcome: answer(step), host_calls: HostCalls::default(), state: None })
            .collect();
        Observation {
            engine: EngineId { name: EngineName::plain("made-up"), version: "1".to_owned() },
            steps,
            ending: Ending::Finished,
            open: vec![],
            words: vec![],
            instructions: vec![],
            timing: Timing::default(),
        }
    }

    fn script() -> Script {
        let text = scripts().into_iter().find(|(path, _)| *path == CHOICES).unwrap().1;
        crate::parse(CHOICES, &text, Features::V3).unwrap()
    }

    fn infer(index_of: impl Fn(&Probe) -> u8) -> Vec<RelaxedChoice> {
        let (script, probes) = (script(), probes());
        // Step 0 is the module.
        let observation = observe(&script, |step| match step.checked_sub(1) {
            None => Outcome::Returned(vec![]),
            Some(position) => {
                let probe = &probes[position];
                Outcome::Returned(vec![Value::V128(probe.sample(index_of(probe)))])
            }
        });
        infer_choices(&EngineName::plain("made-up"), &script, &observation).unwrap().choices
    }

    #[test]
    fn every_index_of_every_parameter_is_told_from_the_others() {
        for wanted in 0..4 {
            let choices = infer(|probe| wanted.min(probe.parameter.count() - 1));
            for (choice, parameter) in choices.iter().zip(Parameter::ALL) {
                assert_eq!(choice.index, Some(wanted.min(parameter.count() - 1)), "{choice:?}");
                assert_eq!(choice.meaning, parameter.meaning(wanted.min(parameter.count() - 1)));
            }
        }
    }

    #[test]
    fn instructions_that_choose_differently_have_no_index_in_common() {
        let choices = infer(|probe| u8::from(probe.instruction == "f64x2.relaxed_madd"));
        assert_eq!(choices[0].index, None);
        assert!(choices[0].meaning.contains("f64x2.relaxed_madd: 1"), "{}", choices[0].meaning);
        assert_eq!(choices[1].index, Some(0));
    }

    #[test]
    fn an_engine_without_answers_has_no_choices() {
        let script = script();
        let observation = observe(&script, |_| Outcome::Invalid);
        assert_eq!(infer_choices(&EngineName::plain("made-up"), &script, &observation), None);
    }
}
