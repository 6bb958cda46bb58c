//! What engines are asked when they are compared: scripts, findings, the suite, cases drawn from a seed; and what
//! an engine made of each.

use std::path::Path;

use anyhow::anyhow;
use wassay_child::{Crew, CrewError};
use wassay_generate::Profile;
use wassay_judge::{explain, judge};
use wassay_model::suite::SuiteState;
use wassay_model::{Capture, Ending, Observation, Ruling, Signature, StepIdx, TestCase};
use wassay_runner::{Answer, Expectations, Script, State, SuiteScript};

use crate::exit::{Exit, Failure, OrExit as _};
use crate::reduce::subject::{self, Subject};
use crate::spec;

/// What begins the name of cases that are drawn.
const SEED: &str = "seed:";
/// The name of the official suite.
const SUITE: &str = "suite";

/// A part of the corpus, as it is named on the command line.
pub(crate) struct Corpus {
    pub(crate) name: String,
    pub(crate) items: Vec<Item>,
    /// What cannot be read, with the reason.
    pub(crate) broken: Vec<(String, String)>,
}

/// Something that engines are asked.
pub(crate) struct Item {
    /// A name that stays the same from run to run.
    pub(crate) name: String,
    pub(crate) case: TestCase,
    by: By,
    /// The command that shows it on these engines, where there is one.
    again: Option<String>,
}

/// Who says what is right.
enum By {
    /// The script.
    Script(Box<Script>),
    /// The script, as a file of the suite.
    Suite(Box<SuiteScript>),
    /// The judge, who holds an engine against the reference. The case is looked at in these ways, one after the
    /// other, until somebody differs: bytes say more than digests, and may leave open what digests ruled.
    Judge(&'static [Capture]),
}

/// What an engine made of an assertion or a case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Mark {
    pub(crate) id: String,
    pub(crate) line: Option<u32>,
    pub(crate) state: SuiteState,
    /// What was seen, where it is not simply right.
    pub(crate) words: String,
    /// Of a case that the judge ruled on.
    pub(crate) signatures: Vec<Signature>,
    /// Of an assertion that failed: the classes of what the engine did and of what the standard asks for.
    pub(crate) failure: Option<Signature>,
}

impl Mark {
    /// Whether the engine did not do what is expected.
    pub(crate) fn is_red(&self) -> bool {
        matches!(self.state, SuiteState::Fail | SuiteState::Crash | SuiteState::Timeout)
    }
}

impl Corpus {
    /// Reads `suite`, `seed:N:CASES`, or what a path leads to.
    pub(crate) fn read(name: &str, profile: &str) -> Result<Self, Failure> {
        if name == SUITE {
            return Ok(Self::of_scripts(name, spec::pinned_suite().files.iter().map(SuiteScript::read), None));
        }
        if let Some(numbers) = name.strip_prefix(SEED) {
            return Self::drawn(name, numbers, profile);
        }
        let path = Path::new(name);
        if !path.exists() {
            let error = anyhow!("there is no {name}; a corpus is a file, a folder, `suite`, or `seed:N:CASES`");
            return Err(Failure::new(Exit::BadInput, error));
        }
        match subject::read_all(path) {
            Ok(subjects) => Ok(Self::of_subjects(name, subjects)),
            // A folder without findings may be one of scripts.
            Err(failure) if path.is_dir() => match wassay_runner::folder(path) {
                Ok(suite) => Ok(Self::of_scripts(name, suite.files.iter().map(SuiteScript::read), Some(path))),
                Err(_) => Err(failure),
            },
            Err(failure) => Err(failure),
        }
    }

    fn drawn(name: &str, numbers: &str, profile: &str) -> Result<Self, Failure> {
        let profile_read = Profile::parse(profile).or_exit(Exit::Usage)?;
        let parsed = numbers.split_once(':').and_then(|(seed, cases)| Some((seed.parse().ok()?, cases.parse().ok()?)));
        let Some((seed, cases)): Option<(u64, u64)> = parsed else {
            let error = anyhow!("`{name}` is not seed:N:CASES, as in seed:7:1000");
            return Err(Failure::new(Exit::Usage, error));
        };
        let item = |index| Item {
            name: format!("{profile}-{seed}-{index}"),
            case: wassay_generate::generate(seed, index, &profile_read),
            by: By::Judge(&[Capture::Digests]),
            again: Some(format!("wassay regress OLD NEW --corpus seed:{seed}:{} --profile {profile}", index + 1)),
        };
        Ok(Self { name: name.to_owned(), items: (0..cases).map(item).collect(), broken: Vec::new() })
    }

    fn of_subjects(name: &str, subjects: Vec<Result<Subject, Failure>>) -> Self {
        let mut corpus = Self { name: name.to_owned(), items: Vec::new(), broken: Vec::new() };
        for subject in subjects {
            match subject {
                Ok(subject) => corpus.items.push(Item::of_subject(subject)),
                Err(failure) => corpus.broken.push((name.to_owned(), format!("{:#}", failure.error))),
            }
        }
        corpus
    }

    fn of_scripts(name: &str, scripts: impl Iterator<Item = SuiteScript>, folder: Option<&Path>) -> Self {
        let mut corpus = Self { name: name.to_owned(), items: Vec::new(), broken: Vec::new() };
        for script in scripts {
            let path = script.file.path.clone();
            let suite = folder.map(|folder| format!(" --suite {}", folder.display())).unwrap_or_default();
            match (&script.broken, script.case()) {
                (Some(why), _) => corpus.broken.push((path, why.clone())),
                (None, Some(case)) => corpus.items.push(Item {
                    again: Some(format!("wassay spec{suite} --filter '{path}' --engines OLD,NEW")),
                    name: path,
                    case,
                    by: By::Suite(Box::new(script)),
                }),
                // It asks nothing of an engine.
                (None, None) => {}
            }
        }
        corpus
    }
}

impl Item {
    pub(crate) fn of_subject(subject: Subject) -> Self {
        let mut path = subject.path.clone();
        if path.is_dir() {
            path = path.join("case.json");
        }
        let again = format!("wassay run {} --engines reference,OLD,NEW", path.display());
        let name = subject.name();
        match subject.script {
            Some(script) => Self { name, case: subject.case, by: By::Script(Box::new(script)), again: Some(again) },
            None => {
                Self { name, case: subject.case, by: By::Judge(&[Capture::Digests, Capture::Full]), again: Some(again) }
            }
        }
    }

    /// The command that shows it again on two engines.
    pub(crate) fn again(&self, old: &str, new: &str) -> String {
        self.again.as_ref().map(|text| text.replace("OLD", old).replace("NEW", new)).unwrap_or_default()
    }

    /// Asks the engines at `seats`, the first of which answers for the standard. Of an engine that dies it is found out
    /// at which step.
    pub(crate) fn ask(&self, crew: &mut Crew, seats: &[usize]) -> Result<Vec<Observation>, CrewError> {
        let captures: &[Capture] = match &self.by {
            By::Judge(captures) => captures,
            By::Script(_) | By::Suite(_) => &[Capture::Full],
        };
        let mut observations = Vec::new();
        for capture in captures {
            let asked = crew.ask(&self.case, seats, *capture)?;
            observations.clear();
            for (seat, whole) in seats.iter().zip(asked) {
                let again = |case: &TestCase| crew.ask(case, &[*seat], *capture).map(|mut seen| seen.remove(0));
                observations.push(match self.by {
                    By::Judge(_) => whole,
                    By::Script(_) | By::Suite(_) => wassay_runner::locate(&self.case, whole, again)?,
                });
            }
            let Some((reference, others)) = observations.split_first() else { break };
            let is_red = |mark: &Mark| mark.is_red();
            if others.iter().any(|other| self.marks(reference, other).iter().any(is_red)) {
                break;
            }
        }
        Ok(observations)
    }

    /// What an engine made of it. `reference` is what the standard says, as far as it came.
    pub(crate) fn marks(&self, reference: &Observation, observation: &Observation) -> Vec<Mark> {
        match &self.by {
            By::Script(script) => self.of_script(script, reference, observation),
            By::Suite(script) => of_suite(script, reference, observation),
            By::Judge(_) => vec![self.judged(reference, observation)],
        }
    }

    fn of_script(&self, script: &Script, reference: &Observation, observation: &Observation) -> Vec<Mark> {
        let results = wassay_runner::evaluate(script, observation);
        let mark = |(check, result): (&wassay_runner::Check, wassay_runner::CheckResult)| {
            let (state, words) = match &result.state {
                State::Pass => (SuiteState::Pass, String::new()),
                State::Fail => (SuiteState::Fail, format!("expected {}, and it {}", result.expected, result.actual)),
                State::Skip(why) => (SuiteState::Skip, why.clone()),
                State::Unsupported(why) => (SuiteState::Unsupported, why.clone()),
                State::Crash => (SuiteState::Crash, observation.ending.to_string()),
                State::Timeout => (SuiteState::Timeout, observation.ending.to_string()),
            };
            let id = format!("{}:{}", self.name, result.command);
            let failure = failure(state, check.step, reference, observation);
            Mark { id, line: Some(result.line), state, words, signatures: Vec::new(), failure }
        };
        script.checks.iter().zip(results).map(mark).collect()
    }

    fn judged(&self, reference: &Observation, observation: &Observation) -> Mark {
        let mut mark = Mark {
            id: self.name.clone(),
            line: None,
            state: SuiteState::Pass,
            words: String::new(),
            signatures: Vec::new(),
            failure: None,
        };
        if let Ending::Declined(_) = observation.ending {
            mark.state = SuiteState::Unsupported;
            mark.words = observation.ending.to_string();
            return mark;
        }
        let both = [reference.clone(), observation.clone()];
        let verdict = judge(&self.case, &both);
        match verdict.ruling {
            Ruling::Agree | Ruling::Allowed => {}
            Ruling::Inconclusive => {
                mark.state = SuiteState::Skip;
                mark.words = explain(&verdict, &self.case);
            }
            Ruling::Diverge => {
                mark.state = match observation.ending {
                    Ending::TimedOut => SuiteState::Timeout,
                    Ending::Crashed(_) | Ending::OutOfMemory => SuiteState::Crash,
                    _ => SuiteState::Fail,
                };
                mark.words = explain(&verdict, &self.case);
                mark.signatures = wassay_triage::signatures(&self.case, &verdict, &both);
            }
        }
        mark
    }
}

/// The classes of a failed assertion: what the engine did at its step, held against the reference.
fn failure(
    state: SuiteState,
    step: Option<StepIdx>,
    reference: &Observation,
    observation: &Observation,
) -> Option<Signature> {
    let is_red = matches!(state, SuiteState::Fail | SuiteState::Crash | SuiteState::Timeout);
    step.filter(|_| is_red).map(|step| wassay_triage::signature_at(step, observation, reference))
}

fn of_suite(script: &SuiteScript, reference: &Observation, observation: &Observation) -> Vec<Mark> {
    let engine = &observation.engine;
    // The lists of known failures are about ratios; here only changes matter.
    let none = Expectations::default();
    let result = script.result(&engine.name, Answer::Observed(observation), &none.of(engine));
    let mut details = result.details.iter().peekable();
    let states = result.states.chars().filter_map(SuiteState::of_letter);
    let rows = script.file.assertions.iter().zip(states).enumerate();
    rows.map(|(position, (assertion, state))| {
        let detail = details.next_if(|detail| detail.assertion as usize == position);
        let words = detail.map_or_else(String::new, |detail| match state {
            SuiteState::Fail => format!("expected {}, and it {}", detail.expected, detail.actual),
            SuiteState::Crash | SuiteState::Timeout => observation.ending.to_string(),
            _ => detail.reason.clone(),
        });
        let failure = failure(state, script.step_of(position), reference, observation);
        let (id, line) = (assertion.id.clone(), Some(assertion.line));
        Mark { id, line, state, words, signatures: Vec::new(), failure }
    })
    .collect()
}
