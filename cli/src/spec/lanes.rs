//! Lanes: threads that ask one team of engines one file after the other.
//!
//! A team is what is asked together: the engines that are linked, which share a process, or one engine that is a
//! program of its own. A lane stays with its team until the team has been asked everything, so that only as many
//! teams run at a time as there are lanes, and an engine that takes minutes keeps no other from going on. A lane
//! that finds no team without a lane helps the one that has most left.

use std::collections::BTreeMap;
use std::io;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::RecvTimeoutError;
use std::sync::{Mutex, OnceLock, PoisonError, mpsc};
use std::time::{Duration, Instant};

use wassay_child::{Crew, CrewError};
use wassay_model::suite::{SuiteFile, SuiteRelaxed, SuiteResult};
use wassay_model::{Capture, Observation, TestCase};
use wassay_runner::{Answer, CHOICES, Expectations, Known, SourceFile, SuiteScript, infer_choices, locate, vacuous};

use super::board::Board;
use super::{Contestant, Selection};

/// A parser of text recurses as deep as a script nests.
const STACK_BYTES: usize = 32 << 20;
/// How long nothing comes until that is told.
const QUIET: Duration = Duration::from_secs(1);

/// What all lanes share.
pub(crate) struct Job<'a> {
    pub(crate) files: &'a [SourceFile],
    pub(crate) engines: &'a [Contestant],
    pub(crate) expectations: &'a Expectations,
    pub(crate) selection: Selection,
    pub(crate) vacuity: bool,
    /// The time after which an engine is asked nothing more.
    pub(crate) engine_time: Option<Duration>,
    /// Set when the run is to end.
    pub(crate) stop: &'a AtomicBool,
}

/// What comes of a run while it goes on.
pub(crate) enum News {
    /// A team is being asked.
    Begun { team: usize },
    /// Nothing came for a moment.
    Quiet,
    /// A team was asked a file.
    Asked {
        team: usize,
        /// How many assertions of how many engines are red.
        red: u64,
    },
    /// Every team was asked a file.
    File(Box<Outcome>),
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

/// Engines that are asked together, as positions in the list of all; those that do not start are in none.
pub(crate) fn teams(engines: &[Contestant]) -> Vec<Vec<usize>> {
    let mut linked = Vec::new();
    let mut teams = Vec::new();
    for (position, engine) in engines.iter().enumerate().filter(|(_, engine)| engine.lineup.is_some()) {
        if engine.is_linked { linked.push(position) } else { teams.push(vec![position]) }
    }
    // Nobody knows how long the others take, so they begin.
    teams.extend(Some(linked).filter(|linked| !linked.is_empty()));
    teams
}

/// What a lane says.
enum Word {
    Begun { team: usize },
    Part(Part),
}

/// What came of asking a team one file.
struct Part {
    team: usize,
    file: usize,
    /// Whether anything of the file is selected.
    selected: bool,
    /// By engine.
    shares: BTreeMap<usize, Share>,
}

/// What one engine made of a file.
struct Share {
    result: SuiteResult,
    relaxed: Option<SuiteRelaxed>,
    vacuous: Option<u64>,
}

/// Asks all teams all files on `jobs` lanes. The outcomes come in the order of the files, without the files that
/// were not selected.
pub(crate) fn run(
    job: &Job<'_>,
    teams: &[Vec<usize>],
    jobs: usize,
    each: &mut dyn FnMut(News) -> io::Result<()>,
) -> io::Result<()> {
    let weights = job.files.iter().map(|file| file.text.as_ref().map_or(0, |text| text.len() as u64));
    let board = Mutex::new(Board::new(weights.collect(), teams.len()));
    let known: Vec<Known> = job.engines.iter().map(|engine| job.expectations.of(&engine.row.id)).collect();
    let shared = Shared {
        job,
        teams,
        known: &known,
        scripts: job.files.iter().map(|_| OnceLock::new()).collect(),
        spent: job.engines.iter().map(|_| AtomicU64::new(0)).collect(),
    };
    let failed = AtomicBool::new(false);
    let ends = || job.stop.load(Ordering::Relaxed) || failed.load(Ordering::Relaxed);
    let (sender, receiver) = mpsc::channel::<Word>();
    std::thread::scope(|scope| {
        for _ in 0..jobs {
            let sender = sender.clone();
            let (shared, board, ends) = (&shared, &board, &ends);
            let lane = move || {
                let mut lane = Lane { shared, team: None, crew: None };
                // A lane that panics takes nothing along: the board is whole between two calls.
                let next = |team| board.lock().unwrap_or_else(PoisonError::into_inner).next(team);
                while let Some((team, file)) = next(lane.team).filter(|_| !ends()) {
                    if lane.team != Some(team) && sender.send(Word::Begun { team }).is_err() {
                        return;
                    }
                    let began = Instant::now();
                    let part = lane.ask_file(team, file);
                    board.lock().unwrap_or_else(PoisonError::into_inner).note(team, file, began.elapsed());
                    if sender.send(Word::Part(part)).is_err() {
                        return;
                    }
                }
            };
            std::thread::Builder::new().stack_size(STACK_BYTES).spawn_scoped(scope, lane)?;
        }
        drop(sender);
        let mut waiting: BTreeMap<usize, Vec<Part>> = BTreeMap::new();
        let mut expected = 0;
        loop {
            let mut told;
            match receiver.recv_timeout(QUIET) {
                Ok(Word::Begun { team }) => told = each(News::Begun { team }),
                Ok(Word::Part(part)) => {
                    let red = part.shares.values().map(|share| share.result.red()).sum();
                    told = each(News::Asked { team: part.team, red });
                    waiting.entry(part.file).or_default().push(part);
                }
                Err(RecvTimeoutError::Timeout) => told = each(News::Quiet),
                Err(RecvTimeoutError::Disconnected) => break,
            }
            while told.is_ok() && waiting.get(&expected).is_some_and(|parts| parts.len() == teams.len()) {
                let parts = waiting.remove(&expected).unwrap_or_default();
                if let Some(outcome) = shared.outcome(expected, parts) {
                    told = each(News::File(Box::new(outcome)));
                }
                expected += 1;
            }
            if told.is_err() {
                failed.store(true, Ordering::Relaxed);
                return told;
            }
        }
        Ok(())
    })
}

struct Shared<'a> {
    job: &'a Job<'a>,
    teams: &'a [Vec<usize>],
    /// Of each engine.
    known: &'a [Known],
    /// Of each file, once a lane has read it; nothing where nothing of it is selected.
    scripts: Vec<OnceLock<Option<SuiteScript>>>,
    /// Of each engine, the microseconds that it has taken.
    spent: Vec<AtomicU64>,
}

impl Shared<'_> {
    fn script(&self, file: usize) -> Option<&SuiteScript> {
        self.scripts[file].get_or_init(|| self.read(&self.job.files[file])).as_ref()
    }

    fn read(&self, source: &SourceFile) -> Option<SuiteScript> {
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
        Some(script)
    }

    /// What all teams together say of a file.
    fn outcome(&self, file: usize, parts: Vec<Part>) -> Option<Outcome> {
        if !parts.iter().any(|part| part.selected) {
            return None;
        }
        let script = self.script(file)?;
        let mut outcome = Outcome {
            file: script.file.clone(),
            broken: script.broken.clone(),
            results: Vec::with_capacity(self.job.engines.len()),
            relaxed: Vec::new(),
            vacuous: BTreeMap::new(),
        };
        let mut shares: BTreeMap<usize, Share> = parts.into_iter().flat_map(|part| part.shares).collect();
        for (position, engine) in self.job.engines.iter().enumerate() {
            let name = &engine.row.id.name;
            match shares.remove(&position) {
                Some(share) => {
                    outcome.results.push(share.result);
                    outcome.relaxed.extend(share.relaxed);
                    outcome.vacuous.extend(share.vacuous.map(|count| (name.to_string(), count)));
                }
                None => outcome.results.push(script.result(name, Answer::Missing, &self.known[position])),
            }
        }
        Some(outcome)
    }

    /// Whether an engine has used up its time.
    fn is_out_of_time(&self, engine: usize) -> bool {
        let spent = Duration::from_micros(self.spent[engine].load(Ordering::Relaxed));
        self.job.engine_time.is_some_and(|time| spent >= time)
    }
}

struct Lane<'a> {
    shared: &'a Shared<'a>,
    /// With whom it is.
    team: Option<usize>,
    /// Of that team, once it was needed; or why its processes do not start.
    crew: Option<Result<Crew, String>>,
}

/// What an engine answered to a file, and the time that it took.
struct Asked {
    observed: Result<Observation, String>,
    micros: u64,
}

impl Lane<'_> {
    fn ask_file(&mut self, team: usize, file: usize) -> Part {
        if self.team != Some(team) {
            // The processes of the team before end here.
            (self.team, self.crew) = (Some(team), None);
        }
        let shared = self.shared;
        let mut part = Part { team, file, selected: false, shares: BTreeMap::new() };
        let Some(script) = shared.script(file) else { return part };
        part.selected = true;
        let mut asked = script.case().map(|case| self.ask(&case)).unwrap_or_default();
        for position in shared.teams[team].iter().copied() {
            let name = &shared.job.engines[position].row.id.name;
            let asked = asked.remove(&position);
            let answer = match &asked {
                None => Answer::Missing,
                Some(Asked { observed: Ok(observation), .. }) => Answer::Observed(observation),
                Some(Asked { observed: Err(words), .. }) => Answer::NotAsked(words),
            };
            let mut share = Share {
                result: script.result(name, answer, &shared.known[position]),
                relaxed: None,
                vacuous: shared.job.vacuity.then_some(0),
            };
            share.result.micros = asked.as_ref().map_or(0, |asked| asked.micros);
            if let (Answer::Observed(observation), Some(read)) = (answer, script.script()) {
                if shared.job.files[file].path == CHOICES {
                    share.relaxed = infer_choices(name, read, observation);
                }
                if shared.job.vacuity {
                    share.vacuous = Some(vacuous(read, observation).len() as u64);
                }
            }
            part.shares.insert(position, share);
        }
        part
    }

    /// Asks every engine of the team that has time left; one that cannot be asked says why.
    fn ask(&mut self, case: &TestCase) -> BTreeMap<usize, Asked> {
        let shared = self.shared;
        let team = self.team.map_or(&[][..], |team| &shared.teams[team]);
        let crew = self.crew.get_or_insert_with(|| {
            let members = team.iter().map(|position| &shared.job.engines[*position]);
            let spec = Contestant::crew(members).map_err(|failure| failure.error.to_string())?;
            let mut crew = Crew::new(spec);
            // What it takes to start is no time of an engine's.
            crew.muster().map_err(|error| error.to_string())?;
            Ok(crew)
        });
        let refusal = |words: String| Asked { observed: Err(words), micros: 0 };
        let crew = match crew {
            Ok(crew) => crew,
            Err(words) => return team.iter().map(|position| (*position, refusal(words.clone()))).collect(),
        };
        let mut answers = BTreeMap::new();
        let (out_of_time, seats): (Vec<usize>, Vec<usize>) =
            (0..team.len()).partition(|seat| shared.is_out_of_time(team[*seat]));
        let time = shared.job.engine_time.unwrap_or_default();
        for seat in out_of_time {
            let words = format!("out of time: the run gave each engine {} s in all", time.as_secs_f64());
            answers.insert(team[seat], refusal(words));
        }
        if seats.is_empty() {
            return answers;
        }
        let began = Instant::now();
        let asked: Vec<Result<Observation, CrewError>> = match crew.ask(case, &seats, Capture::Full) {
            Ok(observations) => observations.into_iter().map(Ok).collect(),
            // One of them cannot be asked; the others can.
            Err(_) => seats.iter().map(|seat| ask_one(crew, case, *seat)).collect(),
        };
        for (seat, asked) in seats.into_iter().zip(asked) {
            let observed = asked.map_err(|error| error.to_string()).and_then(|whole| {
                locate(case, whole, |case| ask_one(crew, case, seat)).map_err(|error| error.to_string())
            });
            let position = team[seat];
            // Who shares a process is known by its own clock only. The clocks of programs differ: some count what
            // others leave out, and a program for each case has none.
            let micros = match &observed {
                Ok(observation) if shared.job.engines[position].is_linked => observation.timing.total_ns() / 1000,
                _ => u64::try_from(began.elapsed().as_micros()).unwrap_or(u64::MAX),
            };
            shared.spent[position].fetch_add(micros, Ordering::Relaxed);
            answers.insert(position, Asked { observed, micros });
        }
        answers
    }
}

fn ask_one(crew: &mut Crew, case: &TestCase, seat: usize) -> Result<Observation, CrewError> {
    let mut observations = crew.ask(case, &[seat], Capture::Full)?;
    Ok(observations.remove(0))
}
