//! A crew of engines: the question goes out to every worker at once, the answers come home, and what
//! died on the way is found out and asked again.
//!
//! # Who is to blame
//!
//! A worker that dies takes the answers of the engines before the culprit along. So the culprit, which
//! the progress record names, is asked alone in a fresh process, and the others are asked again without
//! it. Where no culprit is known, everyone is asked alone. Only what an engine does alone in a fresh
//! process is written down as its deed: there nobody else can have done it. A process that was killed
//! from outside is replaced and asked the same again.
//!
//! Exceeding the deadline is taken at the first word: confirming it would cost another deadline.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use wassay_adapter::Prepared;
use wassay_adapter::wire::{
    Hello, Introduction, PROTOCOL, Progress, Stage, WireError, WorkerArgs, decode, decode_answer, encode_case,
    encode_request,
};
use wassay_model::{Capture, Crash, CrashManner, Ending, EngineName, Isolation, Observation, TestCase, Timing};

use wassay_driver::{Callers, Raise, Script, Worker};

use crate::conversation::{Conversation, Scripts};
use crate::death::{self, SIGKILL};
use crate::process::{Process, now_ns, wait};
use crate::spec::{CrewError, CrewSpec, Dialect, Launch};

mod lines;

/// How often clock and memory are looked at while nothing comes: memory can grow by a few gigabytes in
/// a second, and a look costs some ten microseconds.
const TICK_MS: u64 = 20;
/// What a worker may take beyond its engines' deadlines to read a request and to write its answer.
const GRACE_MS: u64 = 10_000;
/// How many times the deadline passes at most while a worker waits for a processor that others use.
const PATIENCE: u64 = 4;
/// How often a case is asked again after its worker was killed from outside.
const LOST_MAX: u32 = 2;
/// How often a worker may fail while it starts. Where it never has started, that is an error then; an engine that
/// has answered before is set aside.
const STARTS_MAX: u32 = 3;

/// Engines in worker processes.
///
/// Processes are started when they are first needed, and end when the crew is dropped.
#[derive(Debug)]
pub struct Crew {
    groups: Vec<Group>,
    /// Of each seat: its group, and its position there.
    seats: Vec<(usize, u16)>,
    start_deadline_ms: u32,
    serial: u64,
    statistics: Statistics,
    /// The callers of workers that speak lines.
    callers: Callers,
    /// The case's bytes; kept to be used again.
    case: Vec<u8>,
}

/// What became of a crew's processes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Statistics {
    /// Processes started.
    pub started: u64,
    /// Processes lost, by the engine that was running and the reason.
    pub restarts: BTreeMap<EngineName, BTreeMap<RestartReason, u64>>,
    /// Processes lost while no engine was known to be running.
    pub restarts_between: BTreeMap<RestartReason, u64>,
    /// By engine, deaths that did not recur when it was asked alone in a fresh process.
    pub flaky: BTreeMap<EngineName, u64>,
    /// By engine with a program of its own, how long its answers took.
    pub turns: BTreeMap<EngineName, Turns>,
    /// Engines of which no process could be started again, and why. They are not asked any more.
    pub set_aside: BTreeMap<EngineName, String>,
}

/// Time of the questions that one engine answered whole.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Turns {
    /// How many.
    pub count: u64,
    /// From where the operations were looked for until the answer was understood, in nanoseconds.
    pub asked_ns: u64,
    /// The engine's own time in that.
    pub own_ns: u64,
}

/// Why a process was lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RestartReason {
    /// It died.
    Death,
    /// It was killed at the deadline.
    Deadline,
    /// It was killed, or aborted, for want of memory.
    Memory,
    /// It answered what cannot be an answer.
    Garbage,
    /// Somebody else killed it.
    Killed,
}

/// Engines that share a process.
#[derive(Debug)]
struct Group {
    launch: Launch,
    engines: Vec<EngineName>,
    /// Of each engine, its place in the crew.
    places: Vec<usize>,
    memory_max_bytes: u64,
    process: Option<Process>,
    /// The conversation with a worker that speaks lines; none where frames are spoken.
    talk: Option<Conversation>,
    /// Once known.
    introductions: Vec<Introduction>,
    /// Failures while starting, since it last succeeded.
    failed_starts: u32,
    /// Why no further process is started.
    aside: Option<String>,
    tasks: VecDeque<Task>,
    turn: Option<Turn>,
}

/// A question to some engines of a group.
#[derive(Clone, Debug)]
struct Task {
    engines: Vec<u16>,
    /// Whether only a process will do that has not answered anything.
    fresh: Fresh,
    /// How often it was lost to a kill from outside.
    lost: u32,
    origin: Origin,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fresh {
    Any,
    Needed,
}

/// Whether a death stands behind a task.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Origin {
    Asked,
    /// The engine is under suspicion.
    Suspect,
}

#[derive(Debug)]
struct Turn {
    task: Task,
    /// The request, once it is sent.
    sent: Option<Sent>,
}

#[derive(Clone, Copy, Debug)]
struct Sent {
    serial: u64,
    at_ns: u64,
    /// When it was begun to be made.
    begun_ns: u64,
}

/// The question that a crew is asked.
#[derive(Clone, Copy)]
struct Question<'a> {
    /// The case as frames carry it.
    case: &'a [u8],
    /// The case for workers that speak lines, where there are some.
    prepared: Option<&'a Prepared<'a>>,
    capture: Capture,
    deadline_ms: u64,
    start_deadline_ms: u64,
}

/// What crews of all groups write into.
struct Books<'a> {
    serial: &'a mut u64,
    scripts: Scripts,
    callers: &'a mut Callers,
    statistics: &'a mut Statistics,
    observations: &'a mut [Option<Observation>],
}

/// How a turn failed.
enum Failure {
    Deadline,
    Memory,
    /// With what came.
    Garbage(String),
    /// The stream ended.
    Death,
}

impl Crew {
    /// A crew, none of whose processes is started yet.
    #[must_use]
    pub fn new(spec: CrewSpec) -> Self {
        let mut groups: Vec<Group> = Vec::new();
        let mut shared: Vec<usize> = Vec::new();
        let mut seats = Vec::with_capacity(spec.seats.len());
        for (place, seat) in spec.seats.into_iter().enumerate() {
            let launch = seat.launch.unwrap_or_else(|| spec.launch.clone());
            let known = match seat.isolation {
                _ if launch.dialect == Dialect::Lines => None,
                Isolation::Own => None,
                Isolation::Group => {
                    let room = usize::from(u16::MAX);
                    shared
                        .iter()
                        .copied()
                        .find(|&known| groups[known].launch == launch && groups[known].engines.len() < room)
                }
            };
            let index = known.unwrap_or(groups.len());
            if known.is_none() {
                if seat.isolation == Isolation::Group && launch.dialect == Dialect::Frames {
                    shared.push(index);
                }
                groups.push(Group {
                    talk: (launch.dialect == Dialect::Lines).then(Conversation::default),
                    launch,
                    engines: Vec::new(),
                    places: Vec::new(),
                    memory_max_bytes: spec.memory_max_bytes,
                    process: None,
                    introductions: Vec::new(),
                    failed_starts: 0,
                    aside: None,
                    tasks: VecDeque::new(),
                    turn: None,
                });
            }
            let group = &mut groups[index];
            seats.push((index, u16::try_from(group.engines.len()).unwrap_or(u16::MAX)));
            group.engines.push(seat.engine);
            group.places.push(place);
        }
        Self {
            groups,
            seats,
            start_deadline_ms: spec.start_deadline_ms,
            serial: 0,
            statistics: Statistics::default(),
            callers: Callers::default(),
            case: Vec::new(),
        }
    }

    /// Starts every process and says who the engines are and what they can do, seat by seat.
    ///
    /// # Errors
    ///
    /// [`CrewError`], where a process does not start or an engine cannot be opened.
    pub fn muster(&mut self) -> Result<Vec<Introduction>, CrewError> {
        for group in &mut self.groups {
            group.tasks.push_back(Task::new(Vec::new()));
        }
        // Nothing is asked, so what is said of the question does not matter.
        self.work(None, Capture::Digests, TICK_MS, &mut [])?;
        let introduce =
            |&(group, position): &(usize, u16)| self.groups[group].introductions[usize::from(position)].clone();
        Ok(self.seats.iter().map(introduce).collect())
    }

    /// Asks the engines at the seats `wanted` and returns an observation of each, in that order.
    ///
    /// # Errors
    ///
    /// [`CrewError`], where a process does not start, an engine cannot be opened or the case cannot be
    /// sent. The crew can be asked again after that.
    ///
    /// # Panics
    ///
    /// Where there is no such seat, or one is wanted twice.
    pub fn ask(&mut self, case: &TestCase, wanted: &[usize], capture: Capture) -> Result<Vec<Observation>, CrewError> {
        self.case.clear();
        encode_case(case, &mut self.case).map_err(CrewError::Case)?;
        for seat in wanted {
            let (group, position) = self.seats[*seat];
            let tasks = &mut self.groups[group].tasks;
            match tasks.front_mut() {
                Some(task) => task.engines.push(position),
                None => tasks.push_back(Task::new(vec![position])),
            }
        }
        let mut observations = vec![None; self.seats.len()];
        let speaks_lines = wanted.iter().any(|seat| self.groups[self.seats[*seat].0].talk.is_some());
        let prepared = speaks_lines.then(|| Prepared::new(case));
        self.work(prepared.as_ref(), capture, case.limits.deadline_ms.into(), &mut observations)?;
        let take = |seat: &usize| observations[*seat].take().expect("every seat that is wanted once was asked");
        Ok(wanted.iter().map(take).collect())
    }

    /// Says which cases will be asked next, each with the seats that will be wanted: what several of them need is made
    /// once. Cases can be asked without that.
    pub fn foresee(&mut self, cases: &[(&TestCase, &[usize])]) {
        let worker_of = |group: &Group| group.talk.as_ref().and_then(|talk| talk.worker.clone());
        let workers: Vec<Option<Worker>> = self.groups.iter().map(worker_of).collect();
        for (index, worker) in workers.iter().enumerate() {
            let Some(worker) = worker.as_ref().filter(|_| !workers[..index].contains(worker)) else { continue };
            let is_wanted =
                |wanted: &[usize]| wanted.iter().any(|seat| workers[self.seats[*seat].0].as_ref() == Some(worker));
            let wanted: Vec<&TestCase> =
                cases.iter().filter(|(_, wanted)| is_wanted(wanted)).map(|(case, _)| *case).collect();
            self.callers.foresee(&wanted, worker);
        }
    }

    /// What became of the processes so far.
    #[must_use]
    pub const fn statistics(&self) -> &Statistics {
        &self.statistics
    }

    /// Whether the engine at a seat is not asked any more, since it had answered once and no process of it could be
    /// started again. What it would be asked ends as [`Ending::Unclassified`].
    #[must_use]
    pub fn is_set_aside(&self, seat: usize) -> bool {
        self.seats.get(seat).is_some_and(|(group, _)| self.groups[*group].aside.is_some())
    }

    /// The numbers of the processes that stand ready now.
    #[must_use]
    pub fn process_ids(&self) -> Vec<u32> {
        self.groups.iter().filter_map(|group| group.process.as_ref()).map(Process::id).collect()
    }

    /// Works off the tasks of all groups.
    fn work(
        &mut self,
        prepared: Option<&Prepared<'_>>,
        capture: Capture,
        deadline_ms: u64,
        observations: &mut [Option<Observation>],
    ) -> Result<(), CrewError> {
        let start_deadline_ms = self.start_deadline_ms.into();
        let question = Question { case: &self.case, prepared, capture, deadline_ms, start_deadline_ms };
        let scripts = Scripts::default();
        let (statistics, callers) = (&mut self.statistics, &mut self.callers);
        let mut books = Books { serial: &mut self.serial, scripts, callers, statistics, observations };
        let worked = work(&mut self.groups, question, &mut books);
        if worked.is_err() {
            for group in &mut self.groups {
                group.tasks.clear();
                // Its answer would be taken for another's.
                if group.turn.take().is_some() {
                    group.process = None;
                }
            }
        }
        worked
    }
}

fn work(groups: &mut [Group], question: Question<'_>, books: &mut Books<'_>) -> Result<(), CrewError> {
    let tick = Duration::from_millis(TICK_MS.min(question.deadline_ms.max(1)));
    loop {
        for group in &mut *groups {
            group.proceed(question, books)?;
        }
        if groups.iter().all(|group| group.turn.is_none()) {
            return Ok(());
        }
        let busy = groups.iter_mut().filter(|group| group.turn.is_some());
        wait(busy.filter_map(|group| group.process.as_mut()), tick)?;
        for group in groups.iter_mut().filter(|group| group.turn.is_some()) {
            group.look(question, books)?;
        }
    }
}

impl Task {
    fn new(engines: Vec<u16>) -> Self {
        Self { engines, fresh: Fresh::Any, lost: 0, origin: Origin::Asked }
    }

    fn alone(engine: u16, origin: Origin) -> Self {
        Self { engines: vec![engine], fresh: Fresh::Needed, lost: 0, origin }
    }
}

impl Group {
    /// Begins the next task, where none is under way.
    fn proceed(&mut self, question: Question<'_>, books: &mut Books<'_>) -> Result<(), CrewError> {
        if self.turn.is_some() {
            return Ok(());
        }
        if self.aside.is_some() {
            self.decline_all(books);
            return Ok(());
        }
        let Some(task) = self.tasks.pop_front() else { return Ok(()) };
        if task.fresh == Fresh::Needed && self.process.as_ref().is_some_and(|process| process.answered > 0) {
            self.process = None;
        }
        if self.process.is_none() {
            let args = WorkerArgs {
                engines: self.engines.clone(),
                memory_max_bytes: Some(self.memory_max_bytes),
                progress: None,
            };
            self.process = Some(Process::start(&self.launch, args)?);
            if let Some(talk) = &mut self.talk {
                talk.restart();
            }
            books.statistics.started += 1;
        }
        self.turn = Some(Turn { task, sent: None });
        self.send_when_ready(question, books)
    }

    /// Sends the request of the present turn, once the process has said hello.
    fn send_when_ready(&mut self, question: Question<'_>, books: &mut Books<'_>) -> Result<(), CrewError> {
        let (Some(process), Some(turn)) = (&mut self.process, &mut self.turn) else { return Ok(()) };
        if !process.greeted {
            return Ok(());
        }
        if turn.task.engines.is_empty() {
            self.turn = None;
            return Ok(());
        }
        if self.talk.is_some() {
            self.send_lines(question, books);
            return Ok(());
        }
        let begun_ns = now_ns();
        *books.serial += 1;
        let serial = *books.serial;
        process
            .send(|out| encode_request(serial, &turn.task.engines, question.capture, question.case, out))
            .map_err(CrewError::Case)?;
        turn.sent = Some(Sent { serial, at_ns: now_ns(), begun_ns });
        Ok(())
    }

    /// Looks at what has come from the process, or at the clock where nothing has.
    fn look(&mut self, question: Question<'_>, books: &mut Books<'_>) -> Result<(), CrewError> {
        if self.talk.is_some() {
            return self.look_lines(question, books);
        }
        let (Some(process), Some(turn)) = (&mut self.process, &self.turn) else { return Ok(()) };
        let Some(sent) = turn.sent else { return self.look_for_hello(question, books) };
        let read = match process.frames.frame() {
            Ok(Some(payload)) => {
                let introductions = &self.introductions;
                let ids = turn.task.engines.iter().map(|engine| &introductions[usize::from(*engine)].id);
                match decode_answer(payload, sent.serial, ids) {
                    Ok(observations) => Ok(Some(observations)),
                    Err(error) => Err(error),
                }
            }
            Ok(None) => Ok(None),
            Err(error) => Err(error),
        };
        match read {
            Ok(Some(observations)) => {
                // Worker and parent take turns: what follows an answer was not written by the worker.
                match process.frames.pending() {
                    0 => self.succeed(observations, books),
                    bytes => self.fail(&Failure::Garbage(WireError::Surplus { bytes }.to_string()), books),
                }
            }
            Ok(None) if process.closed => self.fail(&Failure::Death, books),
            Ok(None) => {
                if let Some(failure) = overrun(process, sent, self.memory_max_bytes, question.deadline_ms) {
                    self.fail(&failure, books);
                }
            }
            Err(error) => self.fail(&Failure::Garbage(error.to_string()), books),
        }
        Ok(())
    }

    fn look_for_hello(&mut self, question: Question<'_>, books: &mut Books<'_>) -> Result<(), CrewError> {
        let Some(process) = &mut self.process else { return Ok(()) };
        let hello = match process.frames.frame() {
            Ok(Some(payload)) => match decode::<Hello>("hello", payload) {
                Ok(hello) if hello.protocol != PROTOCOL => Err(WireError::Version { found: hello.protocol }),
                Ok(hello) if hello.engines.len() != self.engines.len() => {
                    Err(WireError::Count { expected: self.engines.len(), found: hello.engines.len() })
                }
                other => other.map(Some),
            },
            Ok(None) => Ok(None),
            Err(error) => Err(error),
        };
        match hello {
            Ok(Some(hello)) => {
                process.greet();
                self.failed_starts = 0;
                self.introductions.clear();
                for (name, engine) in self.engines.iter().zip(hello.engines) {
                    let unavailable = |words| CrewError::Unavailable { engine: name.clone(), words };
                    self.introductions.push(engine.map_err(unavailable)?);
                }
                self.send_when_ready(question, books)
            }
            Ok(None) if process.closed => self.fail_to_start(books),
            Ok(None) if now_ns().saturating_sub(process.started_ns) > question.start_deadline_ms * 1_000_000 => {
                Err(self.too_slow(question.start_deadline_ms))
            }
            Ok(None) => Ok(()),
            Err(error) => Err(CrewError::Hello {
                program: self.launch.program.clone(),
                engines: self.opening(),
                words: error.to_string(),
            }),
        }
    }

    /// Ends a process that does not say hello.
    fn too_slow(&mut self, start_deadline_ms: u64) -> CrewError {
        let engines = self.opening();
        let words = self.process.take().map(Process::kill).unwrap_or_default();
        let how = format!("took more than {start_deadline_ms} ms");
        CrewError::Start { engines, how, words: behind_colon(&words) }
    }

    /// The engine that is being opened, or all of them.
    fn opening(&self) -> String {
        match self.process.as_ref().and_then(Process::progress) {
            Some(Progress { serial: 0, stage: Stage::Engine(position), .. }) => {
                self.engines.get(usize::from(position)).map(|engine| format!("`{engine}`"))
            }
            _ => None,
        }
        .unwrap_or_else(|| self.engines.iter().map(|engine| format!("`{engine}`")).collect::<Vec<_>>().join(", "))
    }

    fn fail_to_start(&mut self, books: &mut Books<'_>) -> Result<(), CrewError> {
        let engines = self.opening();
        let Some(process) = self.process.take() else { return Ok(()) };
        let (status, words) = process.bury();
        self.failed_starts += 1;
        if self.failed_starts < STARTS_MAX {
            *books.statistics.restarts_between.entry(RestartReason::Death).or_default() += 1;
            if let Some(turn) = self.turn.take() {
                self.tasks.push_front(turn.task);
            }
            return Ok(());
        }
        let how = status.map_or_else(|| "closed its answers".to_owned(), death::describe);
        if self.has_answered_before() {
            self.set_aside(format!("it {how} while it started{}", behind_colon(&words)), books);
            return Ok(());
        }
        self.failed_starts = 0;
        Err(CrewError::Start { engines, how, words: behind_colon(&words) })
    }

    fn succeed(&mut self, observations: Vec<Observation>, books: &mut Books<'_>) {
        let (Some(process), Some(turn)) = (&mut self.process, self.turn.take()) else { return };
        process.answered += 1;
        if let (Some(_), [observation], Some(sent)) = (&self.talk, observations.as_slice(), turn.sent) {
            let turns = books.statistics.turns.entry(self.engines[0].clone()).or_default();
            turns.count += 1;
            turns.asked_ns += now_ns().saturating_sub(sent.begun_ns);
            turns.own_ns = turns.own_ns.saturating_add(observation.timing.total_ns());
        }
        for (engine, observation) in turn.task.engines.into_iter().zip(observations) {
            let position = usize::from(engine);
            if turn.task.origin == Origin::Suspect {
                *books.statistics.flaky.entry(self.engines[position].clone()).or_default() += 1;
            }
            books.observations[self.places[position]] = Some(observation);
        }
    }

    /// Ends a process that failed, and finds out what that says and what is to be asked next.
    fn fail(&mut self, failure: &Failure, books: &mut Books<'_>) {
        let (Some(process), Some(Turn { task, sent: Some(sent) })) = (self.process.take(), self.turn.take()) else {
            return;
        };
        let raise = self.take_raise();
        let progress = process.progress().filter(|progress| progress.serial == sent.serial);
        let running = match progress.map(|progress| progress.stage) {
            Some(Stage::Engine(engine)) if task.engines.contains(&engine) => Some(engine),
            // Nobody else is there.
            None if raise.is_some() => Some(0),
            _ => None,
        };
        let was_fresh = process.answered == 0;
        let (ending, reason) = match failure {
            Failure::Deadline => {
                process.kill();
                (Ending::TimedOut, RestartReason::Deadline)
            }
            Failure::Memory => {
                process.kill();
                (Ending::OutOfMemory, RestartReason::Memory)
            }
            Failure::Garbage(error) => {
                process.kill();
                (Ending::Unclassified(format!("its worker wrote what is no answer: {error}")), RestartReason::Garbage)
            }
            Failure::Death => match process.bury() {
                (None, words) => {
                    let words = format!("its worker closed its answers and went on{}", behind_colon(&words));
                    (Ending::Unclassified(words), RestartReason::Garbage)
                }
                (Some(status), words) => match death::classify(status, &words) {
                    Ending::OutOfMemory => (Ending::OutOfMemory, RestartReason::Memory),
                    ending @ Ending::Crashed(Crash { manner: CrashManner::Signal(SIGKILL), .. }) => {
                        (ending, RestartReason::Killed)
                    }
                    ending => (ending, RestartReason::Death),
                },
            },
        };
        // Whoever writes into the protocol, it is read only after others have had their turn.
        let culprit = running.filter(|_| reason != RestartReason::Garbage || raise.is_some());
        let counts = match culprit {
            Some(engine) => books.statistics.restarts.entry(self.engines[usize::from(engine)].clone()).or_default(),
            None => &mut books.statistics.restarts_between,
        };
        *counts.entry(reason).or_default() += 1;

        // Killed from outside, or dead before it had read the request.
        let is_lost = reason == RestartReason::Killed
            || (reason == RestartReason::Death && progress.is_none() && raise.is_none());
        if is_lost && task.lost < LOST_MAX {
            self.tasks.push_front(Task { lost: task.lost + 1, ..task });
            return;
        }
        let is_proven = reason == RestartReason::Deadline || was_fresh;
        match (task.engines.as_slice(), culprit) {
            (&[engine], _) if is_proven => self.note_from(raise, engine, ending, books),
            (_, Some(engine)) if reason == RestartReason::Deadline => {
                self.note(engine, ending, books);
                self.ask_without(engine, task);
            }
            (_, Some(engine)) | (&[engine], None) => {
                self.ask_without(engine, task);
                // First, since the next process is fresh anyway.
                self.tasks.push_front(Task::alone(engine, Origin::Suspect));
            }
            (engines, None) => {
                self.tasks.extend(engines.iter().map(|engine| Task::alone(*engine, Origin::Asked)));
            }
        }
    }

    fn ask_without(&mut self, engine: u16, mut task: Task) {
        task.engines.retain(|other| *other != engine);
        if !task.engines.is_empty() {
            self.tasks.push_front(Task { lost: 0, ..task });
        }
    }

    /// Notes an ending with the steps that came before it, where they are known.
    fn note_from(&self, raise: Option<Raise<Arc<Script>>>, engine: u16, ending: Ending, books: &mut Books<'_>) {
        match raise {
            Some(raise) => {
                let place = self.places[usize::from(engine)];
                books.observations[place] = Some(raise.finish(ending));
            }
            None => self.note(engine, ending, books),
        }
    }

    fn note(&self, engine: u16, ending: Ending, books: &mut Books<'_>) {
        let position = usize::from(engine);
        books.observations[self.places[position]] = Some(Observation {
            engine: self.introductions[position].id.clone(),
            steps: Vec::new(),
            ending,
            open: Vec::new(),
            words: Vec::new(),
            instructions: Vec::new(),
            timing: Timing::default(),
        });
    }
}

/// Whether a process that is at work has exceeded its memory or its time.
fn overrun(process: &mut Process, sent: Sent, memory_max_bytes: u64, deadline_ms: u64) -> Option<Failure> {
    let now = now_ns();
    if !process.is_due(now, TICK_MS.min(deadline_ms) * 1_000_000) {
        return None;
    }
    if process.memory_bytes().is_some_and(|bytes| bytes > memory_max_bytes) {
        return Some(Failure::Memory);
    }
    // Each engine has the deadline to itself, from the beginning of its turn.
    let (since_ns, allowed_ms) = match process.progress() {
        Some(Progress { serial, stage, since_ns }) if serial == sent.serial => match stage {
            Stage::Engine(_) => (since_ns, deadline_ms),
            Stage::Between => (since_ns, deadline_ms + GRACE_MS),
        },
        Some(_) => (sent.at_ns, deadline_ms + GRACE_MS),
        None if process.keeps_progress() => (sent.at_ns, deadline_ms + GRACE_MS),
        // One engine, and nothing before or behind its turn.
        None => (sent.at_ns, deadline_ms),
    };
    is_late(process, now, since_ns, allowed_ms * 1_000_000).then_some(Failure::Deadline)
}

/// Whether what a process has done since `since_ns` has lasted too long.
fn is_late(process: &mut Process, now: u64, since_ns: u64, allowed_ns: u64) -> bool {
    let elapsed_ns = now.saturating_sub(since_ns);
    // Most turns end long before, and need not be looked at so closely.
    elapsed_ns >= allowed_ns / 4 && is_overdue(elapsed_ns, process.waited_ns(since_ns), allowed_ns)
}

/// Whether a turn has lasted too long. Time in which the engine could have run, but found no processor, is not its own:
/// on a busy machine it would be called hanging for what others do. A limit holds for that too.
const fn is_overdue(elapsed_ns: u64, waited_ns: u64, allowed_ns: u64) -> bool {
    elapsed_ns > allowed_ns * PATIENCE || elapsed_ns.saturating_sub(waited_ns) > allowed_ns
}

fn behind_colon(words: &str) -> String {
    if words.is_empty() { String::new() } else { format!(": {words}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_without_a_processor_does_not_count_and_has_a_limit() {
        for (elapsed, waited, is_late) in [
            (5_000, 0, false),
            (5_001, 0, true),
            (7_000, 2_000, false),
            (7_001, 2_000, true),
            // Threads that wait beside each other count each, which may be more than all of the time.
            (20_000, 90_000, false),
            (20_001, 90_000, true),
        ] {
            assert_eq!(is_overdue(elapsed, waited, 5_000), is_late, "{elapsed} of which {waited} waiting");
        }
    }

    #[test]
    fn a_crew_can_be_handed_to_another_thread() {
        fn is_send<T: Send>(_: &T) {}
        let launch = Launch::this_program(["worker".into()]);
        is_send(&Crew::new(CrewSpec::new(launch, &[])));
    }
}
