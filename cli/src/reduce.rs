//! `wassay reduce`: findings made small, keeping their signatures.

pub(crate) mod folder;
pub(crate) mod jury;
pub(crate) mod known;
pub(crate) mod subject;

use std::collections::BTreeMap;
use std::io::Write as _;
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use console::style;
use wassay_adapter::needed_features;
use wassay_judge::{REFERENCE, explain};
use wassay_model::{
    Capture, EngineName, Features, Finding, Limits, Party, Provenance, Ruling, Signature, SiteKind, TestCase, Value,
};
use wassay_triage::{Hit, Options, Progress, Question, module_bytes, skeleton};

use crate::args::{Format, Reduce};
use crate::exit::{Exit, Failure, OrExit as _};
use crate::lineup;
use jury::{Judged, Jury, is_same};
use subject::Subject;

/// How often a reduced finding is looked at again before it is called stable.
pub(crate) const LOOKS: u32 = 10;
/// How often a case has to show its finding at first, or it counts as one that flickers.
const FIRST_LOOKS: u32 = 3;
/// Time for one engine and candidate: what needs longer is no good reproducer.
const DEADLINE_MS: u32 = 2_000;
/// The same where the finding is a hang, and every candidate that shows it takes all of it.
const HANG_DEADLINE_MS: u32 = 500;
/// More than any engine uses up, and as much as those count that count with signed numbers.
const ENDLESS_FUEL: u64 = i64::MAX as u64;
/// How often the best so far is written down.
const KEEP_EVERY: Duration = Duration::from_secs(1);
/// How often a line of progress is printed.
const LINE_EVERY: Duration = Duration::from_secs(10);

pub(crate) fn main(args: &Reduce) -> Result<Exit, Failure> {
    let known = known::read(&known::today()?)?;
    let mut subjects = Vec::new();
    let mut broken = 0;
    for path in &args.paths {
        for subject in subject::read_all(path)? {
            match subject {
                Ok(subject) => subjects.push(subject),
                Err(failure) => {
                    eprintln!("wassay: {:#}; the others are reduced", failure.error);
                    broken += 1;
                }
            }
        }
    }
    if subjects.is_empty() {
        return Err(Failure::new(Exit::BadInput, anyhow::anyhow!("none of the {broken} cases can be read")));
    }
    let stop = std::sync::Arc::new(AtomicBool::new(false));
    let flag = std::sync::Arc::clone(&stop);
    ctrlc::set_handler(move || {
        // The first signal ends the reductions in order; a second one at once.
        if flag.swap(true, Ordering::Relaxed) {
            std::process::exit(i32::from(Exit::Preempted as u8));
        }
    })
    .or_exit(Exit::Internal)?;
    let rows = all(&subjects, args, &known, &stop, None)?;
    let summary = Summary::new(rows, broken);
    folder::write_json(&args.out.join("index.json"), &summary)?;
    print(&summary, args)?;
    let complete = summary.rows.len() == subjects.len();
    let new =
        summary.rows.iter().any(|row| matches!(row.state, State::Reduced | State::Stopped) && row.known.is_none());
    let ended =
        stop.load(Ordering::Relaxed) && (!complete || summary.rows.iter().any(|row| row.state == State::Stopped));
    if ended {
        eprintln!("wassay: a signal ended this; the same command goes on from the best so far");
    }
    Ok(match () {
        () if ended => Exit::Preempted,
        () if broken > 0 => Exit::BadInput,
        () if new => Exit::Found,
        () if summary.engine_missing > 0 => Exit::EngineUnavailable,
        () => Exit::Clean,
    })
}

/// Reduces findings on several lanes; none is begun after `until`. Those that were not begun have no row.
pub(crate) fn all(
    subjects: &[Subject],
    args: &Reduce,
    known: &known::Known,
    stop: &AtomicBool,
    until: Option<Instant>,
) -> Result<Vec<Row>, Failure> {
    let jobs = args.jobs.map_or_else(processors, usize::from);
    let lanes = jobs.min(subjects.len());
    let next = AtomicUsize::new(0);
    let done: Mutex<BTreeMap<usize, Row>> = Mutex::new(BTreeMap::new());
    let failed: Mutex<Option<Failure>> = Mutex::new(None);
    std::thread::scope(|scope| {
        for _ in 0..lanes {
            scope.spawn(|| {
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    let Some(subject) = subjects.get(number) else { break };
                    if stop.load(Ordering::Relaxed) || until.is_some_and(|until| Instant::now() >= until) {
                        break;
                    }
                    let row = match one(subject, args, known, jobs.div_ceil(lanes), stop) {
                        // One engine that is not here any more must not keep the others' findings from being reduced.
                        Err(Failure { exit: Exit::EngineUnavailable, error }) => {
                            Ok(Row { state: State::EngineMissing, words: format!("{error:#}"), ..Row::of(subject) })
                        }
                        done => done,
                    };
                    match row {
                        Ok(row) => {
                            eprintln!("[{}/{}] {}", number + 1, subjects.len(), row.words());
                            if let Ok(mut done) = done.lock() {
                                done.insert(number, row);
                            }
                        }
                        Err(failure) => {
                            stop.store(true, Ordering::Relaxed);
                            if let Ok(mut failed) = failed.lock() {
                                failed.get_or_insert(failure);
                            }
                        }
                    }
                }
            });
        }
    });
    if let Ok(Some(failure)) = failed.into_inner() {
        return Err(failure);
    }
    Ok(done.into_inner().unwrap_or_default().into_values().collect())
}

fn processors() -> usize {
    std::thread::available_parallelism().map_or(1, std::num::NonZero::get)
}

/// What became of a finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum State {
    /// Nothing smaller was found any more.
    Reduced,
    /// The time was up or a signal came: the best so far is kept.
    Stopped,
    /// It does not show any more.
    Gone,
    /// An engine that it needs cannot be asked.
    EngineMissing,
}

/// One finding's reduction.
#[derive(Clone, Debug, serde::Serialize)]
pub(crate) struct Row {
    pub(crate) name: String,
    pub(crate) state: State,
    /// Bytes of all modules before and after.
    pub(crate) bytes: (usize, usize),
    /// Steps of the plan before and after.
    pub(crate) steps: (usize, usize),
    pub(crate) asked: u64,
    pub(crate) seconds: f64,
    pub(crate) signature: Option<Signature>,
    /// Whether the record of the finding had another signature than what was seen now.
    pub(crate) changed: bool,
    pub(crate) confirmed: (u32, u32),
    pub(crate) known: Option<String>,
    pub(crate) folder: Option<PathBuf>,
    /// Why nothing can be said.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(crate) words: String,
}

impl Row {
    /// Of a finding that nothing was done to.
    fn of(subject: &Subject) -> Self {
        let bytes = module_bytes(&subject.case);
        let steps = subject.case.plan.steps.len();
        Self {
            name: subject.name(),
            state: State::Gone,
            bytes: (bytes, bytes),
            steps: (steps, steps),
            asked: 0,
            seconds: 0.0,
            signature: None,
            changed: false,
            confirmed: (0, 0),
            known: None,
            folder: None,
            words: String::new(),
        }
    }

    fn words(&self) -> String {
        let (before, after) = self.bytes;
        let what = match self.state {
            State::Gone => return format!("{}: gone, the engines agree on it now", self.name),
            State::EngineMissing => return format!("{}: left out, {}", self.name, self.words),
            State::Reduced => "",
            State::Stopped => ", not finished",
        };
        format!(
            "{}: {before} -> {after} bytes, {} -> {} steps, {} candidates, {:.1} s{what}",
            self.name, self.steps.0, self.steps.1, self.asked, self.seconds
        )
    }
}

/// A group of rows.
#[derive(Debug, serde::Serialize)]
pub(crate) struct Bucket {
    pub(crate) name: String,
    pub(crate) signature: Signature,
    pub(crate) hits: usize,
    pub(crate) flaky: usize,
    /// The folder of the plainest of them.
    pub(crate) folder: Option<PathBuf>,
}

#[derive(Debug, serde::Serialize)]
pub(crate) struct Summary {
    pub(crate) schema: &'static str,
    pub(crate) rows: Vec<Row>,
    pub(crate) buckets: Vec<Bucket>,
    pub(crate) median_bytes: Option<usize>,
    pub(crate) median_seconds: Option<f64>,
    pub(crate) gone: usize,
    pub(crate) engine_missing: usize,
    pub(crate) unreadable: usize,
}

impl Summary {
    pub(crate) fn new(rows: Vec<Row>, unreadable: usize) -> Self {
        let with: Vec<(&Row, &Signature)> =
            rows.iter().filter_map(|row| Some((row, row.signature.as_ref()?))).collect();
        let hits: Vec<Hit> = with
            .iter()
            .map(|(row, signature)| Hit { signature: (*signature).clone(), confirmed: row.confirmed })
            .collect();
        let buckets = wassay_triage::group(&hits)
            .into_iter()
            .map(|group| Bucket {
                hits: group.members.len(),
                flaky: group.flaky,
                folder: with[group.members[0]].0.folder.clone(),
                name: group.name,
                signature: group.signature,
            })
            .collect();
        let mut bytes: Vec<usize> = with.iter().map(|(row, _)| row.bytes.1).collect();
        bytes.sort_unstable();
        let mut seconds: Vec<f64> = with.iter().map(|(row, _)| row.seconds).collect();
        seconds.sort_by(f64::total_cmp);
        Self {
            schema: "wassay-reduce/1",
            median_bytes: bytes.get(bytes.len() / 2).copied(),
            median_seconds: seconds.get(seconds.len() / 2).copied(),
            gone: rows.iter().filter(|row| row.state == State::Gone).count(),
            engine_missing: rows.iter().filter(|row| row.state == State::EngineMissing).count(),
            buckets,
            rows,
            unreadable,
        }
    }
}

fn print(summary: &Summary, args: &Reduce) -> Result<(), Failure> {
    let mut out = std::io::stdout().lock();
    if Format::or_fitting(args.format) == Format::Json {
        let text = serde_json::to_string_pretty(summary).or_exit(Exit::Internal)?;
        return writeln!(out, "{text}").or_exit(Exit::CannotWrite);
    }
    let mut text = String::new();
    for bucket in &summary.buckets {
        let flaky = if bucket.flaky > 0 { format!(", {} of them flaky", bucket.flaky) } else { String::new() };
        text.push_str(&format!(
            "{} ({} findings{flaky}): {}\n",
            style(&bucket.name).bold(),
            bucket.hits,
            bucket.signature.skeleton.join(" ")
        ));
        if let Some(folder) = &bucket.folder {
            text.push_str(&format!("    {}\n", folder.join("report.md").display()));
        }
    }
    let reduced = summary.rows.len() - summary.gone - summary.engine_missing;
    text.push_str(&format!("{reduced} findings in {} buckets, {} gone", summary.buckets.len(), summary.gone));
    if summary.engine_missing > 0 {
        text.push_str(&format!(", {} left out for want of an engine", summary.engine_missing));
    }
    if let (Some(bytes), Some(seconds)) = (summary.median_bytes, summary.median_seconds) {
        text.push_str(&format!("; median {bytes} bytes in {seconds:.1} s"));
    }
    writeln!(out, "{text}").or_exit(Exit::CannotWrite)
}

/// Which engines are asked: those of the signature where there is one, in an order that puts the expectation first.
fn concerned(subject: &Subject, args: &Reduce) -> Result<Vec<EngineName>, Failure> {
    if let Some(list) = &args.engines {
        return lineup::engines(list).map(jury::with_expectation);
    }
    let Some(finding) = &subject.finding else { return lineup::engines("default") };
    let took_part = subject.engines();
    let mut engines: Vec<EngineName> = took_part.iter().filter(|name| name.name == REFERENCE).cloned().collect();
    let parties = finding.signature.against.iter().chain(&finding.signature.parties);
    for Party { engine, .. } in parties {
        if !engines.contains(engine) {
            engines.push(engine.clone());
        }
    }
    // An engine that contradicts itself: somebody has to say that the two steps do mean the same.
    let is_party = |engine: &EngineName| finding.signature.parties.iter().any(|party| party.engine == *engine);
    if finding.signature.against.iter().any(|against| is_party(&against.engine)) {
        return Ok(jury::with_expectation(engines));
    }
    // A crash is held against nobody, but somebody has to say that the case is a good one.
    if engines.len() == 1 {
        engines.extend(took_part.into_iter().find(|name| *name != engines[0]));
    }
    Ok(engines)
}

/// The signature to keep: the recorded one where it still shows, or the first that shows now.
fn target(subject: &Subject, judged: &Judged) -> Option<(Signature, bool)> {
    let recorded = subject.finding.as_ref().map(|finding| &finding.signature);
    if let Some(recorded) = recorded
        && let Some(found) = judged.signatures.iter().find(|found| is_same(found, recorded))
    {
        return Some((found.clone(), false));
    }
    judged.signatures.first().map(|found| (found.clone(), recorded.is_some()))
}

/// The signature to keep, and how often the case did not show any before it did. What a campaign has seen is looked for
/// several times before it counts as gone: a finding may flicker.
fn first_seen(jury: &mut Jury, subject: &Subject) -> Result<(Option<(Signature, bool)>, u32), Failure> {
    let looks = if subject.finding.is_some() { LOOKS } else { 1 };
    for missed in 0..looks {
        if let Some(found) = target(subject, &jury.judge_until_seen(&subject.case, 1)?) {
            return Ok((Some(found), missed));
        }
    }
    Ok((None, looks))
}

fn hangs(signature: &Signature) -> bool {
    signature.parties.iter().any(|party| party.class == "timed-out")
}

/// After how many looks a finding that flickers shows in nineteen of twenty cases.
fn enough_looks(jury: &mut Jury, subject: &Subject, signature: &Signature) -> Result<u32, Failure> {
    jury.looks = 1;
    let mut times = 0;
    for _ in 0..LOOKS {
        times += u32::from(jury.still(std::slice::from_ref(&subject.case), signature)? == [true]);
    }
    let missing = 1.0 - f64::from(times) / f64::from(LOOKS);
    let mut looks = 1;
    while looks < LOOKS && missing.powi(looks.cast_signed()) > 0.05 {
        looks += 1;
    }
    Ok(looks)
}

/// The engines that a kept signature needs.
fn needed(signature: &Signature, engines: &[EngineName]) -> Vec<EngineName> {
    let parties: Vec<&EngineName> =
        signature.parties.iter().chain(&signature.against).map(|party| &party.engine).collect();
    let mut kept: Vec<EngineName> =
        engines.iter().filter(|name| name.name == REFERENCE || parties.contains(name)).cloned().collect();
    if kept.len() == 1 {
        kept.extend(engines.iter().find(|name| **name != kept[0]).cloned());
    }
    kept
}

fn one(
    subject: &Subject,
    args: &Reduce,
    known: &known::Known,
    batch: usize,
    stop: &AtomicBool,
) -> Result<Row, Failure> {
    let began = Instant::now();
    let bytes = module_bytes(&subject.case);
    let mut row = Row::of(subject);
    let engines = concerned(subject, args)?;
    let mut jury = Jury::new(&engines, 1, args.memory)?;
    if subject.finding.as_ref().is_some_and(|finding| hangs(&finding.signature)) {
        // What just exceeded its deadline may just keep it today; candidates have this one too.
        jury.deadline_ms = Some(HANG_DEADLINE_MS);
    }
    let (found, missed) = first_seen(&mut jury, subject)?;
    let Some((signature, changed)) = found else {
        row.seconds = began.elapsed().as_secs_f64();
        row.confirmed = (0, missed);
        return Ok(row);
    };
    let mut jury = Jury::new(&needed(&signature, &engines), batch, args.memory)?;
    jury.deadline_ms = Some(if hangs(&signature) { HANG_DEADLINE_MS } else { DEADLINE_MS });
    // What shows without bytes of every step shows faster.
    for capture in [Capture::Digests, Capture::Full] {
        jury.capture = capture;
        if jury.still(std::slice::from_ref(&subject.case), &signature)? == [true] {
            break;
        }
    }
    let mut flickers =
        missed > 0 || subject.finding.as_ref().is_some_and(|finding| finding.confirmed.0 < finding.confirmed.1);
    for _ in 0..FIRST_LOOKS {
        flickers |= jury.still(std::slice::from_ref(&subject.case), &signature)? != [true];
    }
    if flickers {
        jury.looks = enough_looks(&mut jury, subject, &signature)?;
        if jury.looks > 1 {
            eprintln!("{}: it flickers, so that each candidate is looked at up to {} times", row.name, jury.looks);
        }
    }
    let mut asking = Asking {
        jury,
        signature: &signature,
        name: row.name.clone(),
        until: began + args.time,
        stop,
        last_line: began,
        unfinished: folder::Unfinished::of(&args.out, &subject.case, args.seed),
        last_kept: (began, bytes),
        failure: None,
    };
    // An earlier reduction of the same case with the same seed may have been killed.
    let start = asking.unfinished.read().filter(|case| asking.still(std::slice::from_ref(case)) == [true]);
    if let Some(start) = &start {
        eprintln!("{}: goes on from {} bytes, where an earlier reduction was ended", asking.name, module_bytes(start));
    }
    // Where fuel ends each call, only many of them together take too long, and every candidate comes closer to the
    // deadline. Without it the one that does not end is left.
    let endless = |asking: &mut Asking<'_>, mut case: TestCase| {
        let fuel = std::mem::replace(&mut case.limits.fuel_max, ENDLESS_FUEL);
        if !hangs(asking.signature) || asking.still(std::slice::from_ref(&case)) != [true] {
            case.limits.fuel_max = fuel;
        }
        case
    };
    let start = endless(&mut asking, start.unwrap_or_else(|| subject.case.clone()));
    let options = Options { seed: args.seed, batch, attempts: args.attempts, endless: hangs(&signature) };
    let mut reduced = wassay_triage::reduce(&start, &mut asking, options);
    // Whoever replays it has new processes.
    asking.jury.fresh = true;
    let shows = |asking: &mut Asking<'_>, case: &TestCase| asking.still(std::slice::from_ref(case)) == [true];
    if !shows(&mut asking, &finished(subject, reduced.case.clone())) && shows(&mut asking, &subject.case) {
        eprintln!("{}: it took what earlier cases left behind; reduced again, each look in new processes", asking.name);
        let asked = reduced.asked;
        let start = endless(&mut asking, subject.case.clone());
        reduced = wassay_triage::reduce(&start, &mut asking, options);
        reduced.asked += asked;
    }
    reduced.bytes.0 = bytes;
    let Asking { mut jury, failure, unfinished, .. } = asking;
    if let Some(failure) = failure {
        return Err(failure);
    }
    // What the time or a signal ended is kept for whoever goes on.
    match reduced.complete {
        true => unfinished.remove(),
        false => unfinished.write(&reduced.case)?,
    }
    let case = finished(subject, reduced.case);
    let mut times = 0;
    jury.looks = 1;
    for _ in 0..LOOKS {
        times += u32::from(jury.still(std::slice::from_ref(&case), &signature)? == [true]);
    }
    // Everybody is asked at the end, those too that the reduction did without.
    let mut everyone = engines;
    for name in if args.engines.is_some() { Vec::new() } else { subject.engines() } {
        if !everyone.contains(&name) {
            // Whoever took part then and is not here now is left out, as the report shows.
            match Jury::new(std::slice::from_ref(&name), 1, args.memory) {
                Ok(_) => everyone.push(name),
                Err(Failure { exit: Exit::EngineUnavailable, error }) => eprintln!("{}: {error:#}", row.name),
                Err(failure) => return Err(failure),
            }
        }
    }
    let mut jury = Jury::new(&everyone, 1, args.memory)?;
    jury.fresh = true;
    let looks = if flickers { LOOKS } else { 1 };
    let judged = jury.judge_until_seen(&case, looks)?;
    let mut finding = finding(&case, &judged, &signature, (times, LOOKS));
    finding.signature.skeleton = skeleton(&case);
    row.known = known.of(&case, &finding, &judged.observations).map(|issue| issue.name.clone());
    row.state = if reduced.complete { State::Reduced } else { State::Stopped };
    row.bytes = reduced.bytes;
    row.steps.1 = case.plan.steps.len();
    row.asked = reduced.asked;
    row.seconds = began.elapsed().as_secs_f64();
    row.changed = changed;
    row.confirmed = (times, LOOKS);
    row.signature = Some(finding.signature.clone());
    let written = folder::Reproducer {
        case: &case,
        finding: &finding,
        observations: &judged.observations,
        bytes: reduced.bytes,
        known: known.of(&case, &finding, &judged.observations),
    };
    row.folder = Some(written.write(&args.out)?);
    Ok(row)
}

/// The reduced case with what it really needs, and where it comes from.
fn finished(subject: &Subject, mut case: TestCase) -> TestCase {
    let needed: Option<Vec<Features>> = case.modules.iter().map(|module| needed_features(&module.bytes.0)).collect();
    if let Some(needed) = needed {
        case.features = needed.into_iter().fold(Features::V1, Features::union);
    }
    if let (Provenance::File { path }, true) = (&mut case.provenance, subject.finding.is_none()) {
        *path = subject.path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    }
    case.limits.deadline_ms = case.limits.deadline_ms.max(Limits::default().deadline_ms);
    case
}

/// The finding as it is now: the differences that make up its signature come first.
fn finding(case: &TestCase, judged: &Judged, signature: &Signature, confirmed: (u32, u32)) -> Finding {
    let mut verdict = judged.verdict.clone();
    let is_party = |engine: &EngineName| signature.parties.iter().any(|party| party.engine == *engine);
    let is_ending = signature.site == SiteKind::Ending;
    let rank = |difference: &wassay_model::Difference| {
        let fits = (difference.site.kind() == SiteKind::Ending) == is_ending;
        (difference.ruling != Ruling::Diverge, !is_party(&difference.engine), !fits)
    };
    verdict.differences.sort_by_key(rank);
    let own = wassay_model::Verdict {
        differences: verdict.differences.iter().filter(|difference| is_party(&difference.engine)).cloned().collect(),
        ..verdict.clone()
    };
    let shown = if own.differences.is_empty() { &verdict } else { &own };
    let index = match &case.provenance {
        Provenance::Generated { index, .. } => *index,
        Provenance::File { .. } => 0,
    };
    Finding {
        case: case.id(),
        index,
        signature: signature.clone(),
        engines: judged.observations.iter().map(|observation| observation.engine.clone()).collect(),
        explanation: explain(shown, case),
        verdict,
        confirmed,
    }
}

/// Candidates are put to a jury until the time is up.
struct Asking<'a> {
    jury: Jury,
    signature: &'a Signature,
    name: String,
    until: Instant,
    stop: &'a AtomicBool,
    last_line: Instant,
    /// Where the best so far is kept, against a kill.
    unfinished: folder::Unfinished,
    /// When that was last written, and with how many bytes.
    last_kept: (Instant, usize),
    failure: Option<Failure>,
}

impl Question for Asking<'_> {
    fn still(&mut self, candidates: &[TestCase]) -> Vec<bool> {
        match self.jury.still(candidates, self.signature) {
            Ok(answers) => answers,
            Err(failure) => {
                self.failure = Some(failure);
                vec![false; candidates.len()]
            }
        }
    }

    fn values(&mut self, case: &TestCase) -> Vec<Option<Value>> {
        match self.jury.values(case) {
            Ok(values) => values,
            Err(failure) => {
                self.failure = Some(failure);
                Vec::new()
            }
        }
    }

    fn go_on(&mut self, progress: Progress<'_>) -> ControlFlow<()> {
        if self.last_line.elapsed() >= LINE_EVERY {
            self.last_line = Instant::now();
            let Progress { bytes, asked, round, best } = progress;
            let steps = best.plan.steps.len();
            eprintln!("{}: {bytes} bytes, {steps} steps, {asked} candidates, round {round}", self.name);
        }
        if self.last_kept.0.elapsed() >= KEEP_EVERY && progress.bytes < self.last_kept.1 {
            self.last_kept = (Instant::now(), progress.bytes);
            self.failure = self.unfinished.write(progress.best).err();
        }
        if self.failure.is_some() || self.stop.load(Ordering::Relaxed) || Instant::now() >= self.until {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    }
}
