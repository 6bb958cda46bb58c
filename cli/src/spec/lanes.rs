//! Lanes: threads that take one file after the other, each with workers of its own.

use std::collections::BTreeMap;
use std::io;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc;

use wassay_child::{Crew, CrewError};
use wassay_model::suite::{SuiteFile, SuiteRelaxed, SuiteResult};
use wassay_model::{Capture, Observation, TestCase};
use wassay_runner::{Answer, CHOICES, Expectations, Known, SourceFile, SuiteScript, infer_choices, locate, vacuous};

use super::{Contestant, Selection};

/// A parser of text recurses as deep as a script nests.
const STACK_BYTES: usize = 32 << 20;

/// What all lanes share.
pub(crate) struct Job<'a> {
    pub(crate) files: &'a [SourceFile],
    pub(crate) engines: &'a [Contestant],
    pub(crate) expectations: &'a Expectations,
    pub(crate) selection: Selection,
    pub(crate) vacuity: bool,
    /// Set when the run is to end.
    pub(crate) stop: &'a AtomicBool,
}

/// What came of one file.
pub(crate) struct Outcome {
    pub(crate) file: SuiteFile,
    /// What is wrong with its text, if it does not parse.
    pub(crate) broken: Option<String>,
    /// Of each engine.
    pub(crate) results: Vec<SuiteResult>,
    /// Where the file is the one that shows them.
    pub(crate) relaxed: Vec<SuiteRelaxed>,
    /// By engine, how many of its assertions pass whatever they expect; only where that was asked for.
    pub(crate) vacuous: BTreeMap<String, u64>,
}

/// Asks all engines all files on `jobs` lanes. `each` is handed the outcomes in the order of the files, without
/// the files that were not selected.
pub(crate) fn run(job: &Job<'_>, jobs: usize, each: &mut dyn FnMut(Outcome) -> io::Result<()>) -> io::Result<()> {
    // The largest first, so that no lane is left alone with one at the end.
    let mut order: Vec<usize> = (0..job.files.len()).collect();
    order.sort_by_key(|file| std::cmp::Reverse(job.files[*file].text.as_ref().map_or(0, |text| text.len())));
    let known: Vec<Known> = job.engines.iter().map(|engine| job.expectations.of(&engine.row.id)).collect();
    let next = AtomicUsize::new(0);
    let failed = AtomicBool::new(false);
    let ends = || job.stop.load(Ordering::Relaxed) || failed.load(Ordering::Relaxed);
    let (sender, receiver) = mpsc::channel::<(usize, Option<Outcome>)>();
    std::thread::scope(|scope| {
        for _ in 0..jobs {
            let sender = sender.clone();
            let (order, known, next, ends) = (&order, &known, &next, &ends);
            let lane = move || {
                let mut lane = Lane { job, known, crew: None };
                while let Some(file) = order.get(next.fetch_add(1, Ordering::Relaxed)).filter(|_| !ends()) {
                    if sender.send((*file, lane.file(&job.files[*file]))).is_err() {
                        return;
                    }
                }
            };
            std::thread::Builder::new().stack_size(STACK_BYTES).spawn_scoped(scope, lane)?;
        }
        drop(sender);
        let mut waiting: BTreeMap<usize, Option<Outcome>> = BTreeMap::new();
        let mut expected = 0;
        for (file, outcome) in receiver {
            waiting.insert(file, outcome);
            while let Some(outcome) = waiting.remove(&expected) {
                expected += 1;
                if let Some(Err(error)) = outcome.map(&mut *each) {
                    failed.store(true, Ordering::Relaxed);
                    return Err(error);
                }
            }
        }
        Ok(())
    })
}

struct Lane<'a> {
    job: &'a Job<'a>,
    /// Of each engine.
    known: &'a [Known],
    /// Of the engines that start; made when it is first needed.
    crew: Option<Crew>,
}

impl Lane<'_> {
    /// What comes of a file; nothing where nothing of it is selected.
    fn file(&mut self, source: &SourceFile) -> Option<Outcome> {
        let selection = &self.job.selection;
        if !selection.has_proposal(&source.proposal) {
            return None;
        }
        let mut script = SuiteScript::read(source);
        if !selection.has(&source.path) {
            script.retain(|id| selection.has(id));
            if script.file.assertions.is_empty() {
                return None;
            }
        }
        let mut outcome = Outcome {
            file: script.file.clone(),
            broken: script.broken.clone(),
            results: Vec::new(),
            relaxed: Vec::new(),
            vacuous: BTreeMap::new(),
        };
        let mut observations = script.case().map(|case| self.ask(&case)).unwrap_or_default().into_iter();
        for (engine, known) in self.job.engines.iter().zip(self.known) {
            let name = &engine.row.id.name;
            let observed = if engine.lineup.is_some() { observations.next() } else { None };
            let answer = match (&engine.lineup, &observed) {
                (None, _) | (Some(_), None) => Answer::Missing,
                (Some(_), Some(Ok(observation))) => Answer::Observed(observation),
                (Some(_), Some(Err(words))) => Answer::NotAsked(words),
            };
            outcome.results.push(script.result(name, answer, known));
            if let (Some(Ok(observation)), Some(read)) = (&observed, script.script()) {
                if source.path == CHOICES {
                    outcome.relaxed.extend(infer_choices(name, read, observation));
                }
                if self.job.vacuity {
                    outcome.vacuous.insert(name.to_string(), vacuous(read, observation).len() as u64);
                }
            }
        }
        Some(outcome)
    }

    /// Asks every engine that starts; one that cannot be asked says why.
    fn ask(&mut self, case: &TestCase) -> Vec<Result<Observation, String>> {
        let count = self.job.engines.iter().filter(|engine| engine.lineup.is_some()).count();
        let crew = match &mut self.crew {
            Some(crew) => crew,
            none => match Contestant::crew(self.job.engines) {
                Ok(spec) => none.insert(Crew::new(spec)),
                Err(failure) => return vec![Err(failure.error.to_string()); count],
            },
        };
        let everyone: Vec<usize> = (0..count).collect();
        let asked: Vec<Result<Observation, CrewError>> = match crew.ask(case, &everyone, Capture::Full) {
            Ok(observations) => observations.into_iter().map(Ok).collect(),
            // One of them cannot be asked; the others can.
            Err(_) => everyone.iter().map(|seat| ask_one(crew, case, *seat)).collect(),
        };
        let located = asked.into_iter().enumerate().map(|(seat, asked)| {
            let whole = asked.map_err(|error| error.to_string())?;
            locate(case, whole, |case| ask_one(crew, case, seat)).map_err(|error| error.to_string())
        });
        located.collect()
    }
}

fn ask_one(crew: &mut Crew, case: &TestCase, seat: usize) -> Result<Observation, CrewError> {
    let mut observations = crew.ask(case, &[seat], Capture::Full)?;
    Ok(observations.remove(0))
}
