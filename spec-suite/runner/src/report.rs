//! From a file of a suite to its row in a record, and from observations to results.

use std::borrow::Cow;
use std::collections::{BTreeSet, HashMap};

use wassay_adapter::Interface;
use wassay_model::suite::{SuiteAssertion, SuiteDetail, SuiteFile, SuiteForm, SuiteResult, SuiteState};
use wassay_model::{Action, CaseId, Ending, EngineName, Features, Observation, Snapshot, StepIdx, TestCase};

use crate::forms::condensed;
use crate::known::Known;
use crate::needs::{EVERYTHING, needs};
use crate::suite::SourceFile;
use crate::{CheckResult, Script, State, SyntaxError, evaluate, parse};

/// Characters of a command, and of the module that it is about, that a detail quotes.
const COMMAND_MAX: usize = 1_000;
const MODULE_MAX: usize = 2_000;

/// A file of a suite, read and ready to be asked.
#[derive(Clone, Debug)]
pub struct SuiteScript {
    /// Its row in the record.
    pub file: SuiteFile,
    /// What is wrong with its text, if it does not parse.
    pub broken: Option<String>,
    script: Option<Script>,
    text: Cow<'static, str>,
    /// Of each assertion of `file`, what it is in the script.
    rows: Vec<Row>,
}

#[derive(Clone, Copy, Debug)]
enum Row {
    /// A position in [`Script::checks`].
    Check(usize),
    Text,
}

/// As much as engines can count that count with signed numbers.
const FUEL_MAX: u64 = i64::MAX as u64;

/// What came of asking an engine.
#[derive(Clone, Copy, Debug)]
pub enum Answer<'a> {
    /// It was asked.
    Observed(&'a Observation),
    /// It could not be asked this file, for this reason.
    NotAsked(&'a str),
    /// It could not be asked any file; the record says so at the engine.
    Missing,
}

impl SuiteScript {
    /// Reads a file: its assertions with their identifiers, and what they need of an engine.
    #[must_use]
    pub fn read(source: &SourceFile) -> Self {
        let read = source.text.as_ref().map_err(Clone::clone).and_then(|text| {
            read_script(source, text).map(|script| (script, text.clone())).map_err(|error| error.to_string())
        });
        let mut file = SuiteFile {
            path: source.path.clone(),
            proposal: source.proposal.clone(),
            origin: source.origin,
            features: Features::V1,
            assertions: Vec::new(),
            skipped: source.skipped.clone(),
        };
        match read {
            Ok((script, text)) => {
                file.features = script.case.features;
                let (assertions, rows) = assertions(&source.path, &script, &text);
                file.assertions = assertions;
                Self { file, broken: None, script: Some(script), text, rows }
            }
            Err(words) => {
                file.skipped = Some(format!("the script cannot be read: {words}"));
                Self { file, broken: Some(words), script: None, text: Cow::Borrowed(""), rows: Vec::new() }
            }
        }
    }

    /// Leaves out the assertions that `wanted` does not name by their identifier. All are run all the same,
    /// since later commands build on earlier ones.
    pub fn retain(&mut self, wanted: impl Fn(&str) -> bool) {
        let keep: Vec<bool> = self.file.assertions.iter().map(|assertion| wanted(&assertion.id)).collect();
        let mut flags = keep.iter();
        self.file.assertions.retain(|_| flags.next().is_some_and(|keep| *keep));
        let mut flags = keep.iter();
        self.rows.retain(|_| flags.next().is_some_and(|keep| *keep));
    }

    /// The script; none where it does not parse.
    #[must_use]
    pub const fn script(&self) -> Option<&Script> {
        self.script.as_ref()
    }

    /// The step of the case that an assertion looks at, by its position; none where it looks at none.
    #[must_use]
    pub fn step_of(&self, assertion: usize) -> Option<StepIdx> {
        match *self.rows.get(assertion)? {
            Row::Check(check) => self.script.as_ref()?.checks.get(check)?.step,
            Row::Text => None,
        }
    }

    /// What to ask engines, in full capture, so that their words are heard; none where there is nothing to ask.
    #[must_use]
    pub fn case(&self) -> Option<TestCase> {
        if self.file.skipped.is_some() || !self.rows.iter().any(|row| matches!(row, Row::Check(_))) {
            return None;
        }
        let mut case = self.script.as_ref()?.case.clone();
        for step in &mut case.plan.steps {
            step.snapshot = Snapshot::Never;
        }
        // Some engines count the length of a bulk operation before they look at its bounds. Here only the deadline
        // ends a script.
        case.limits.fuel_max = FUEL_MAX;
        Some(case)
    }

    /// What an engine made of the file.
    #[must_use]
    pub fn result(&self, engine: &EngineName, answer: Answer<'_>, known: &Known) -> SuiteResult {
        let mut result = SuiteResult {
            file: self.file.path.clone(),
            engine: engine.clone(),
            states: String::with_capacity(self.rows.len()),
            details: Vec::new(),
            micros: 0,
        };
        let mut evaluated = Vec::new();
        if let (Answer::Observed(observation), Some(script), None) = (answer, &self.script, &self.file.skipped) {
            result.micros = observation.timing.total_ns() / 1000;
            evaluated = evaluate(script, observation);
        }
        for (position, row) in self.rows.iter().enumerate() {
            let judged = match (*row, answer) {
                (Row::Check(number), Answer::Observed(observation)) if !evaluated.is_empty() => {
                    self.judge(position, number, &evaluated[number], observation, known)
                }
                (Row::Check(_), Answer::NotAsked(why)) if self.file.skipped.is_none() => {
                    (SuiteState::Skip, Some(self.detail(position, why)))
                }
                _ => (SuiteState::Skip, None),
            };
            result.states.push(judged.0.letter());
            result.details.extend(judged.1);
        }
        result
    }

    fn judge(
        &self,
        position: usize,
        number: usize,
        checked: &CheckResult,
        observation: &Observation,
        known: &Known,
    ) -> (SuiteState, Option<SuiteDetail>) {
        let assertion = &self.file.assertions[position];
        let (path, line) = (&self.file.path, assertion.line);
        let failure = known.failure(path, line, &assertion.id);
        let (state, reason) = match &checked.state {
            State::Pass => match failure {
                None => return (SuiteState::Pass, None),
                Some(_) if known.is_only_sometimes(path, line, &assertion.id) => return (SuiteState::Pass, None),
                Some(why) => (SuiteState::Unexpected, format!("it is listed as failing: {why}")),
            },
            // For the file's own reason.
            State::Unsupported(_) if matches!(observation.ending, Ending::Declined(_)) => {
                return (SuiteState::Unsupported, None);
            }
            State::Unsupported(why) => (SuiteState::Unsupported, why.clone()),
            State::Skip(why) => (SuiteState::Skip, why.clone()),
            State::Fail => {
                match (known.overtaken(path, line), failure.or_else(|| known.failure_of_kind(&assertion.kind))) {
                    (Some(why), _) => (SuiteState::Skip, format!("overtaken: {why}")),
                    (None, Some(why)) => (SuiteState::Known, why.to_owned()),
                    (None, None) => (SuiteState::Fail, String::new()),
                }
            }
            State::Crash | State::Timeout => match failure {
                Some(why) => (SuiteState::Known, why.to_owned()),
                None if checked.state == State::Crash => (SuiteState::Crash, String::new()),
                None => (SuiteState::Timeout, String::new()),
            },
        };
        let mut detail = self.detail(position, &reason);
        if matches!(state, SuiteState::Pass | SuiteState::Unsupported) {
            return (state, Some(detail));
        }
        // What was never reached says nothing of its own.
        let was_reached = self.step(number).is_some_and(|step| step < observation.steps.len());
        if was_reached || state != SuiteState::Skip {
            detail.expected.clone_from(&checked.expected);
            detail.actual = self.actual(number, checked, observation);
        }
        if !matches!(state, SuiteState::Skip) {
            detail.source = self.source(number);
        }
        (state, Some(detail))
    }

    fn detail(&self, position: usize, reason: &str) -> SuiteDetail {
        SuiteDetail {
            assertion: position as u32,
            expected: String::new(),
            actual: String::new(),
            reason: reason.to_owned(),
            source: String::new(),
        }
    }

    fn step(&self, number: usize) -> Option<usize> {
        Some(self.script.as_ref()?.checks.get(number)?.step?.position())
    }

    /// What came, with the engine's own words or the last words of its program.
    fn actual(&self, number: usize, checked: &CheckResult, observation: &Observation) -> String {
        let step = self.step(number);
        let said = observation.words.iter().find(|(words, _)| Some(words.position()) == step).map(|(_, words)| words);
        let words = match (&observation.ending, said) {
            (_, Some(words)) => words,
            (Ending::Crashed(crash), None) if checked.state == State::Crash => &crash.words,
            _ => return checked.actual.clone(),
        };
        let words = shortened(words.trim(), COMMAND_MAX);
        if words.is_empty() { checked.actual.clone() } else { format!("{}: {words}", checked.actual) }
    }

    /// The command, behind the module that it is about.
    fn source(&self, number: usize) -> String {
        let Some(script) = &self.script else { return String::new() };
        let Some(check) = script.checks.get(number) else { return String::new() };
        let command = |number: u32| script.commands.get(number as usize).and_then(|range| self.text.get(range.clone()));
        let text = shortened(command(check.command).unwrap_or_default(), COMMAND_MAX);
        let module = check
            .step
            .and_then(|step| module_of(&script.case, step.position()))
            .and_then(|module| *script.modules_from.get(module)?)
            .filter(|from| *from != check.command)
            .and_then(command);
        match module {
            Some(module) => format!("{}\n{text}", shortened(module, MODULE_MAX)),
            None => text,
        }
    }
}

/// The module that a step is about, by position.
fn module_of(case: &TestCase, step: usize) -> Option<usize> {
    let instance = match &case.plan.steps.get(step)?.action {
        Action::Load { module } | Action::Instantiate { module } => return Some(module.position()),
        Action::Register { instance, .. } | Action::Invoke { instance, .. } | Action::Get { instance, .. } => instance,
    };
    let made = case.plan.steps.iter().filter_map(|step| match step.action {
        Action::Instantiate { module } => Some(module.position()),
        _ => None,
    });
    made.into_iter().nth(instance.position())
}

fn shortened(text: &str, characters_max: usize) -> String {
    match text.char_indices().nth(characters_max) {
        None => text.to_owned(),
        Some((end, _)) => format!("{} ... ({} bytes in all)", &text[..end], text.len()),
    }
}

/// Reads the script with just the features that it needs.
fn read_script(source: &SourceFile, text: &str) -> Result<Script, SyntaxError> {
    let allowed = source.folder.unwrap_or(EVERYTHING);
    let mut script = parse(&source.path, text, allowed)?;
    let needed = needs(&script, source.folder);
    if needed == script.case.features {
        return Ok(script);
    }
    if script.modules_from.iter().any(Option::is_none) {
        // The module that we brought along is made for the features.
        return parse(&source.path, text, needed);
    }
    script.case.features = needed;
    Ok(script)
}

/// The rows of a script in the order of its commands.
fn assertions(path: &str, script: &Script, text: &str) -> (Vec<SuiteAssertion>, Vec<Row>) {
    let origins = origins(script);
    let mut rows: Vec<(u32, Row, SuiteAssertion)> = Vec::with_capacity(script.checks.len() + script.texts.len());
    let named = |command: u32, about: Option<&CaseId>| {
        let range = script.commands.get(command as usize).cloned().unwrap_or_default();
        let words = condensed(text.get(range).unwrap_or_default());
        let about = about.map(ToString::to_string).unwrap_or_default();
        let hash = CaseId::of([words.as_bytes(), about.as_bytes()]).to_string();
        format!("{path}:{command}:{}", &hash[..8])
    };
    for (number, check) in script.checks.iter().enumerate() {
        let about = check.step.and_then(|step| origins.get(step.position())?.as_ref());
        let assertion = SuiteAssertion {
            id: named(check.command, about),
            line: check.line,
            kind: check.kind.name().to_owned(),
            form: SuiteForm::Binary,
        };
        rows.push((check.command, Row::Check(number), assertion));
    }
    for check in &script.texts {
        let assertion = SuiteAssertion {
            id: named(check.command, None),
            line: check.line,
            kind: check.kind.name().to_owned(),
            form: SuiteForm::Text,
        };
        rows.push((check.command, Row::Text, assertion));
    }
    rows.sort_by_key(|(command, ..)| *command);
    rows.into_iter().map(|(_, row, assertion)| (assertion, row)).unzip()
}

/// Of each step, the hash of the module that it is about, together with those of the instances that the module
/// imports from.
fn origins(script: &Script) -> Vec<Option<CaseId>> {
    let case = &script.case;
    let interfaces: Vec<Option<Interface>> =
        case.modules.iter().map(|module| Interface::read(&module.bytes.0)).collect();
    let mut instances: Vec<Option<CaseId>> = Vec::new();
    let mut registered: HashMap<&str, usize> = HashMap::new();
    let mut origins = Vec::with_capacity(case.plan.steps.len());
    for step in &case.plan.steps {
        let origin = match &step.action {
            Action::Load { module } => case.modules.get(module.position()).map(|known| CaseId::of([&*known.bytes.0])),
            Action::Instantiate { module } => {
                let interface = interfaces.get(module.position()).and_then(Option::as_ref);
                let from: BTreeSet<&str> = interface
                    .into_iter()
                    .flat_map(|known| &known.imports)
                    .map(|import| import.module.as_str())
                    .collect();
                let providers = from.into_iter().filter_map(|name| instances.get(*registered.get(name)?)?.as_ref());
                let providers: Vec<String> = providers.map(ToString::to_string).collect();
                let made = case.modules.get(module.position()).and_then(|known| {
                    // What we bring along may change without the suite having changed.
                    (*script.modules_from.get(module.position())?)?;
                    let parts = providers.iter().map(String::as_bytes);
                    Some(CaseId::of(std::iter::once(&*known.bytes.0).chain(parts)))
                });
                instances.push(made);
                made
            }
            Action::Register { instance, name } => {
                registered.insert(name, instance.position());
                instances.get(instance.position()).copied().flatten()
            }
            Action::Invoke { instance, .. } | Action::Get { instance, .. } => {
                instances.get(instance.position()).copied().flatten()
            }
        };
        origins.push(origin);
    }
    origins
}
