//! `wassay fuzz`: the main job.

use std::io::{IsTerminal as _, Write as _};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use wassay_campaign::{Campaign, CampaignError, FolderError, Live, RunFolder, Until};
use wassay_child::{Crew, CrewSpec};
use wassay_model::run::{End, Manifest, SCHEMA};

use crate::args::{Format, Fuzz};
use crate::exit::{Exit, Failure, OrExit as _};
use crate::{lineup, off, summary, triage};

/// Cases in a chunk: small enough that a resumed run does little twice, large enough that a journal line and
/// one more look at each kind of finding cost nothing beside them.
const CHUNK: u64 = 256;
/// How long a run lasts when nothing is said.
const DEFAULT_TIME: Duration = Duration::from_secs(60);
/// Time for the reduction at the end, where nobody says how much: at least this, and this part of the run's time. Each
/// bucket has its turn first, and a long run has many.
const TRIAGE_MIN: Duration = Duration::from_secs(60);
const TRIAGE_PART: u32 = 10;
/// How often a line of progress is printed where there is no terminal.
const LINE_EVERY: Duration = Duration::from_secs(10);

/// The profile where nothing is said.
const PROFILE: &str = "mix";

pub(crate) fn main(args: &Fuzz) -> Result<Exit, Failure> {
    if args.score {
        return crate::score::main(args);
    }
    let folder = match &args.resume {
        Some(path) => RunFolder::resume(path).map_err(folder_failure)?,
        None => create(args)?,
    };
    let manifest = folder.manifest().clone();
    let jobs = args.jobs.map_or_else(processors, usize::from);
    let crew = lineup::crew_spec(&manifest.lineup, args.memory)?;
    if args.resume.is_some() {
        check_versions(&manifest, &crew)?;
    }
    let time = match (args.time, manifest.cases) {
        (None, None) => Some(DEFAULT_TIME),
        (time, _) => time,
    };

    let stop = stop_on_signal()?;
    let format = Format::or_fitting(args.format);
    let path = folder.path().to_owned();
    eprintln!(
        "seed {}, profile {}, engines {}, {jobs} lanes, folder {}",
        manifest.seed,
        manifest.profile,
        manifest.lineup.iter().map(|row| row.engine.to_string()).collect::<Vec<_>>().join(","),
        path.display()
    );
    let begun = Instant::now();
    let mut progress = Progress::new(time, manifest.cases, folder.tally().cases);
    let switched_off = off::names(manifest.lineup.iter().map(|row| &row.engine))?;
    let campaign = Campaign { folder, crew, jobs, until: Until { time }, switched_off };
    let outcome = campaign.run(&stop, &mut |live| progress.show(live));
    progress.clear();
    let mut summary = outcome.map_err(campaign_failure)?;
    if summary.end != End::Signal {
        let time = args.triage.unwrap_or_else(|| TRIAGE_MIN.max(begun.elapsed() / TRIAGE_PART));
        triage::triage(&mut summary, &path, time, args.memory, &stop)?;
    }

    let mut out = std::io::stdout().lock();
    match format {
        Format::Json => {
            let text = serde_json::to_string_pretty(&summary).or_exit(Exit::Internal)?;
            writeln!(out, "{text}").or_exit(Exit::CannotWrite)?;
        }
        Format::Human => {
            let switched_off = off::by_part(&summary.switched_off)?;
            summary::print(&summary, &switched_off, &path, &mut out).or_exit(Exit::CannotWrite)?;
            triage::print(&summary, &path, &mut out)?;
        }
    }
    // A run that a signal ended is to be run again, whatever it found so far: that is in its folder.
    Ok(match (summary.end, !triage::has_new(&summary)) {
        (End::Signal, _) => Exit::Preempted,
        (End::Complete | End::Time, false) => Exit::Found,
        (End::Complete | End::Time, true) => Exit::Clean,
    })
}

/// A flag that the first signal raises.
pub(crate) fn stop_on_signal() -> Result<Arc<AtomicBool>, Failure> {
    let stop = Arc::new(AtomicBool::new(false));
    let flag = Arc::clone(&stop);
    ctrlc::set_handler(move || {
        // The first signal ends the run in order; a second one, by an impatient person, at once. The journal
        // bears that.
        if flag.swap(true, Ordering::Relaxed) {
            std::process::exit(i32::from(Exit::Preempted as u8));
        }
    })
    .or_exit(Exit::Internal)?;
    Ok(stop)
}

/// How many lanes work where nothing is said.
pub(crate) fn processors() -> usize {
    std::thread::available_parallelism().map_or(1, std::num::NonZero::get)
}

fn create(args: &Fuzz) -> Result<RunFolder, Failure> {
    let seed = args.seed.unwrap_or_else(|| {
        // Nothing here needs to be unpredictable: two runs should just not be the same one.
        let now = jiff::Timestamp::now().as_nanosecond();
        now.unsigned_abs() as u64 % 1_000_000_000
    });
    let profile = args.profile.as_deref().unwrap_or(PROFILE);
    wassay_generate::Profile::parse(profile).or_exit(Exit::Usage)?;
    let lineup = lineup::lineup(lineup::engines(&args.engines)?, args.sample)?;
    let crew = lineup::crew_spec(&lineup, args.memory)?;
    let engines = Crew::new(crew).muster().or_exit(Exit::EngineUnavailable)?;
    let (shard, shards) = args.shard.unwrap_or((0, 1));
    let manifest = Manifest {
        schema: SCHEMA.to_owned(),
        program: env!("CARGO_PKG_VERSION").to_owned(),
        seed,
        profile: profile.to_owned(),
        lineup,
        engines: engines.into_iter().map(|introduction| introduction.id).collect(),
        shard,
        shards,
        chunk: CHUNK,
        cases: args.cases,
    };
    let path = args.out.clone().unwrap_or_else(|| default_folder(seed, args.shard));
    RunFolder::create(&path, manifest).map_err(folder_failure)
}

fn default_folder(seed: u64, shard: Option<(u64, u64)>) -> PathBuf {
    let date = jiff::Zoned::now().date();
    let shard = shard.map(|(shard, shards)| format!("-{shard}of{shards}")).unwrap_or_default();
    PathBuf::from("runs").join(format!("{date}-{seed}{shard}"))
}

/// A run goes on with the engines that it began with, or its findings would not be of one piece.
fn check_versions(manifest: &Manifest, crew: &CrewSpec) -> Result<(), Failure> {
    let now = Crew::new(crew.clone()).muster().or_exit(Exit::EngineUnavailable)?;
    for (introduction, then) in now.iter().zip(&manifest.engines) {
        let id = &introduction.id;
        if id != then {
            // A name may hold a part of a version, or none.
            let error = anyhow::anyhow!(
                "the run began with `{}` in version {}, and here it is {}; start a new run",
                then.name,
                then.version,
                id.version
            );
            return Err(Failure::new(Exit::EngineUnavailable, error));
        }
    }
    Ok(())
}

fn folder_failure(error: FolderError) -> Failure {
    let exit = match error {
        FolderError::Read { .. } | FolderError::Broken { .. } => Exit::BadInput,
        FolderError::Write { .. } | FolderError::Occupied { .. } | FolderError::Locked { .. } => Exit::CannotWrite,
    };
    Failure::new(exit, error)
}

fn campaign_failure(error: CampaignError) -> Failure {
    match error {
        CampaignError::Folder(error) => folder_failure(error),
        CampaignError::Profile(..) => Failure::new(Exit::BadInput, error),
        CampaignError::Crew(_) => Failure::new(Exit::EngineUnavailable, error),
        CampaignError::Lanes(_) => Failure::new(Exit::Internal, error),
    }
}

/// What a person sees while the run goes on, on standard error.
struct Progress {
    bar: ProgressBar,
    terminal: bool,
    began: Instant,
    last_line: Instant,
    time: Option<Duration>,
    cases: Option<u64>,
    before: u64,
}

impl Progress {
    fn new(time: Option<Duration>, cases: Option<u64>, before: u64) -> Self {
        let terminal = std::io::stderr().is_terminal();
        let bar = if terminal {
            let (length, template) = match (cases, time) {
                (Some(cases), _) => (cases, "{bar:24} {pos}/{len} cases, {msg}, {eta} left"),
                (None, time) => (time.unwrap_or(DEFAULT_TIME).as_secs().max(1), "{bar:24} {elapsed}/{len}s, {msg}"),
            };
            let bar = ProgressBar::with_draw_target(Some(length), ProgressDrawTarget::stderr_with_hz(5));
            if let Ok(style) = ProgressStyle::with_template(template) {
                bar.set_style(style);
            }
            bar
        } else {
            ProgressBar::hidden()
        };
        let now = Instant::now();
        Self { bar, terminal, began: now, last_line: now, time, cases, before }
    }

    fn show(&mut self, live: &Live) {
        let seconds = self.began.elapsed().as_secs_f64().max(0.001);
        let cases = live.cases.load(Ordering::Relaxed);
        let calls = live.calls_with_values.load(Ordering::Relaxed);
        let message = format!(
            "{:.0} cases/s, {:.0} calls/s, {} declines, {} findings in {} buckets",
            cases as f64 / seconds,
            calls as f64 / seconds,
            live.declines.load(Ordering::Relaxed),
            live.findings.load(Ordering::Relaxed),
            live.buckets.load(Ordering::Relaxed),
        );
        if self.terminal {
            self.bar.set_position(if self.cases.is_some() { self.before + cases } else { seconds as u64 });
            self.bar.set_message(message);
        } else if self.last_line.elapsed() >= LINE_EVERY {
            self.last_line = Instant::now();
            let goal = match (self.cases, self.time) {
                (Some(all), _) => format!("{}/{all} cases", self.before + cases),
                (None, Some(time)) => format!("{seconds:.0}/{} s, {cases} cases", time.as_secs()),
                (None, None) => format!("{seconds:.0} s, {cases} cases"),
            };
            eprintln!("{goal}, {message}");
        }
    }

    fn clear(&self) {
        self.bar.finish_and_clear();
    }
}
