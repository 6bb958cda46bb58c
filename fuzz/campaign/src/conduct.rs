//! The conductor: hands chunks to lanes and writes what comes back in the order of case numbers.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use wassay_child::{Crew, CrewError, CrewSpec};
use wassay_generate::{Profile, ProfileError};
use wassay_ledger::Tracer;
use wassay_model::run::{End, LEDGER_SCHEMA, Ledger, SCHEMA, Summary, Times};

use crate::folder::{FolderError, RunFolder};
use crate::lane::{Done, Lane, TRACED_EVERY, observed_by};
use crate::pin;

/// How far lanes may run ahead of the journal, in chunks: what waits for a slow chunk is kept in memory.
const AHEAD_MAX: u64 = 512;
/// The stack of a lane's thread: generators recurse.
const STACK_BYTES: usize = 16 << 20;
/// How often a watcher is told, at least.
const BEAT: Duration = Duration::from_millis(100);

/// Why a campaign cannot go on.
#[derive(Debug, thiserror::Error)]
pub enum CampaignError {
    /// The folder cannot be written.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// Workers cannot be started.
    #[error(transparent)]
    Crew(#[from] CrewError),
    /// The manifest names a profile that this program does not have.
    #[error(transparent)]
    Profile(#[from] ProfileError),
    /// Threads cannot be started.
    #[error("cannot start the lanes: {0}")]
    Lanes(String),
}

/// When a session of a run ends, apart from the end of its cases.
#[derive(Clone, Copy, Debug, Default)]
pub struct Until {
    /// When this much time has passed.
    pub time: Option<Duration>,
}

/// A run that is about to begin or to go on.
#[derive(Debug)]
pub struct Campaign {
    /// The run's folder, new or resumed.
    pub folder: RunFolder,
    /// How to start workers. Its line-up is the manifest's.
    pub crew: CrewSpec,
    /// Lanes.
    pub jobs: usize,
    /// When to stop.
    pub until: Until,
    /// What is switched off, for the summary: names that nothing here looks at.
    pub switched_off: Vec<String>,
}

/// What a watcher sees while a campaign runs.
#[derive(Debug, Default)]
pub struct Live {
    /// Cases judged in this session.
    pub cases: AtomicU64,
    /// Compared calls that returned a value, in this session.
    pub calls_with_values: AtomicU64,
    /// Cases that an engine declined.
    pub declines: AtomicU64,
    /// Findings in the journal.
    pub findings: AtomicU64,
    /// Buckets of findings in the journal.
    pub buckets: AtomicU64,
}

impl Campaign {
    /// Runs until the cases are done, the time is up or `stop` is set. `watch` is called a few times a
    /// second.
    ///
    /// # Errors
    ///
    /// The folder cannot be written, or workers cannot be started. What was journaled stays, and the run
    /// can be resumed.
    pub fn run(mut self, stop: &AtomicBool, watch: &mut dyn FnMut(&Live)) -> Result<Summary, CampaignError> {
        let began = Instant::now();
        let manifest = self.folder.manifest().clone();
        let profile = &Profile::parse(&manifest.profile)?;
        let live = Live::default();
        live.findings.store(self.folder.buckets().values().map(|bucket| bucket.hits).sum(), Ordering::Relaxed);
        live.buckets.store(self.folder.buckets().len() as u64, Ordering::Relaxed);

        let next = AtomicU64::new(self.folder.chunks());
        let written = AtomicU64::new(self.folder.chunks());
        let halt = AtomicBool::new(false);
        let time_is_up = || self.until.time.is_some_and(|time| began.elapsed() >= time);
        let stopping = || stop.load(Ordering::Relaxed) || halt.load(Ordering::Relaxed) || time_is_up();
        let (sender, receiver) = mpsc::channel::<Message>();

        let lane = |place: Option<usize>, sender: mpsc::Sender<Message>| {
            if let Some(cpu) = place {
                pin::stay_on(cpu);
            }
            let crew = Crew::new(self.crew.clone());
            let mut lane = Lane { manifest: &manifest, profile, crew, times: Times::default(), tracer: Tracer::new() };
            let mut failure = None;
            while !stopping() {
                let position = next.fetch_add(1, Ordering::Relaxed);
                let number = manifest.shard + position * manifest.shards;
                if manifest.cases_of(number).is_empty() {
                    break;
                }
                while position > written.load(Ordering::Relaxed) + AHEAD_MAX && !stopping() {
                    std::thread::sleep(Duration::from_millis(2));
                }
                let done = lane.chunk(number, stopping, |tally| {
                    live.cases.fetch_add(tally.cases, Ordering::Relaxed);
                    live.calls_with_values.fetch_add(tally.calls_with_values, Ordering::Relaxed);
                    let declined: u64 = tally
                        .engines
                        .values()
                        .flat_map(|engine| &engine.endings)
                        .filter(|(ending, _)| ending.starts_with("declined"))
                        .map(|(_, count)| count)
                        .sum();
                    live.declines.fetch_add(declined, Ordering::Relaxed);
                });
                match done {
                    Ok(done) => {
                        let _ = sender.send(Message::Done(position, Box::new(done)));
                    }
                    Err(error) => {
                        failure = Some(error);
                        break;
                    }
                }
            }
            // The receiver lives as long as any lane does, so nothing is lost here.
            let _ = match failure {
                None => sender.send(Message::Left(Box::new(lane.leave()))),
                Some(error) => sender.send(Message::Failed(error)),
            };
        };

        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(self.jobs)
            .stack_size(STACK_BYTES)
            .thread_name(|index| format!("lane-{index}"))
            .build()
            .map_err(|error| CampaignError::Lanes(error.to_string()))?;

        let folder = &mut self.folder;
        let mut session = Times { lanes: self.jobs as u64, ..Times::default() };
        let mut failure: Option<CampaignError> = None;
        pool.in_place_scope(|scope| {
            let lane = &lane;
            let places = pin::places(self.jobs);
            for index in 0..self.jobs {
                let sender = sender.clone();
                let place = places.get(index).copied();
                scope.spawn(move |_| lane(place, sender));
            }
            drop(sender);
            let mut waiting: BTreeMap<u64, Box<Done>> = BTreeMap::new();
            let mut position = written.load(Ordering::Relaxed);
            loop {
                match receiver.recv_timeout(BEAT) {
                    Ok(Message::Done(at, done)) => {
                        waiting.insert(at, done);
                    }
                    Ok(Message::Left(times)) => session.add(&times),
                    Ok(Message::Failed(error)) => {
                        halt.store(true, Ordering::Relaxed);
                        failure.get_or_insert(error.into());
                    }
                    Err(mpsc::RecvTimeoutError::Timeout) => {}
                    Err(mpsc::RecvTimeoutError::Disconnected) => break,
                }
                while failure.is_none() {
                    let Some(done) = waiting.remove(&position) else { break };
                    let Done { chunk, findings, open, .. } = *done;
                    // A chunk that stopping left without a case is not worth a line.
                    if chunk.tally.cases > 0
                        && let Err(error) = folder.append(&chunk, findings, &open)
                    {
                        halt.store(true, Ordering::Relaxed);
                        failure = Some(error.into());
                        break;
                    }
                    position += 1;
                    written.store(position, Ordering::Relaxed);
                    live.findings.store(folder.buckets().values().map(|bucket| bucket.hits).sum(), Ordering::Relaxed);
                    live.buckets.store(folder.buckets().len() as u64, Ordering::Relaxed);
                }
                watch(&live);
            }
        });
        if let Some(failure) = failure {
            return Err(failure);
        }

        let end = if stop.load(Ordering::Relaxed) {
            End::Signal
        } else if manifest.cases.is_some() && !time_is_up_before_the_end(folder) {
            End::Complete
        } else {
            End::Time
        };
        session.wall_ns = u64::try_from(began.elapsed().as_nanos()).unwrap_or(u64::MAX);
        folder.times_mut().add(&session);
        let ledger = ledger(folder);
        let summary = Summary {
            cells: (ledger.observed.len() as u64, (ledger.observed.len() + ledger.never.len()) as u64),
            schema: SCHEMA.to_owned(),
            manifest,
            tally: folder.tally().clone(),
            buckets: ranked(folder),
            times: folder.times_mut().clone(),
            end,
            switched_off: self.switched_off,
            triage: None,
        };
        folder.finish(&summary, &ledger)?;
        Ok(summary)
    }
}

/// What of the language the run has observed, and what it has not.
fn ledger(folder: &RunFolder) -> Ledger {
    let observed = folder.cells().clone();
    // What is known to exist: whatever the sweep of the whole language goes through.
    let never = wassay_generate::sweep_cells(wassay_model::Features::ALL)
        .iter()
        .map(ToString::to_string)
        .filter(|cell| !observed.contains_key(cell))
        .collect();
    Ledger {
        schema: LEDGER_SCHEMA.to_owned(),
        engines_min: observed_by(folder.manifest()) as u64,
        every: TRACED_EVERY,
        never,
        observed,
    }
}

enum Message {
    Done(u64, Box<Done>),
    Left(Box<Times>),
    Failed(CrewError),
}

/// Whether cases are left over.
fn time_is_up_before_the_end(folder: &RunFolder) -> bool {
    let manifest = folder.manifest();
    let expected: u64 = (manifest.shard..)
        .step_by(usize::try_from(manifest.shards).unwrap_or(usize::MAX))
        .map(|number| manifest.cases_of(number))
        .take_while(|cases| !cases.is_empty())
        .map(|cases| cases.end - cases.start)
        .sum();
    folder.tally().cases < expected
}

/// Buckets in the order of reading: each next one shares as few engines as possible with those before it,
/// then the earlier found first.
fn ranked(folder: &RunFolder) -> Vec<wassay_model::run::Bucket> {
    let mut left: Vec<_> = folder.buckets().values().cloned().collect();
    left.sort_by(|a, b| a.first_case.cmp(&b.first_case).then_with(|| a.name.cmp(&b.name)));
    let mut ranked: Vec<wassay_model::run::Bucket> = Vec::with_capacity(left.len());
    while !left.is_empty() {
        let shared = |bucket: &wassay_model::run::Bucket| {
            ranked.iter().filter(|before| before.engines == bucket.engines).count()
        };
        let best = (0..left.len()).min_by_key(|index| shared(&left[*index])).unwrap_or_default();
        ranked.push(left.remove(best));
    }
    ranked
}
