//! `wassay spec`: the conformance suite on chosen engines.

mod board;
mod lanes;
mod print;
mod progress;
mod record;

use std::collections::BTreeMap;
use std::io::{self, Write as _};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Instant;

use anyhow::anyhow;
use wassay_adapter::wire::Introduction;
use wassay_child::{Crew, CrewError, CrewSpec};
use wassay_model::suite::{
    SUITE_SCHEMA, SuiteEnd, SuiteEngine, SuiteEvent, SuiteFile, SuiteForm, SuiteManifest, SuiteResult, SuiteState,
};
use wassay_model::{EngineId, Lineup};
use wassay_runner::{Expectations, Suite, folder, pinned};

use crate::args::{Format, Spec};
use crate::exit::{Exit, Failure, OrExit as _};
use crate::lineup;
use lanes::{Job, News, Outcome};
use print::Summary;
use progress::Progress;
use record::Record;

pub(crate) fn main(args: &Spec) -> Result<Exit, Failure> {
    let began = Instant::now();
    let (suite, expectations) = suite(args)?;
    let engines = engines(args)?;
    let manifest = manifest(&suite, &engines);
    let teams = lanes::teams(&engines);
    let units = suite.files.len().saturating_mul(teams.len());
    let jobs = args.jobs.map_or_else(crate::fuzz::processors, usize::from).min(units).max(1);
    let stop = stop_on_signals()?;
    let mut record = Record::create(&record_folder(args)?, &manifest).or_exit(Exit::CannotWrite)?;
    let mut summary = Summary::new(&manifest);
    let names = teams.iter().map(|team| team_name(team, &engines));
    let mut progress = Progress::new(names.collect(), suite.files.len());
    let mut lines = JsonLines { wanted: Format::or_fitting(args.format) == Format::Json };

    let job = Job {
        files: &suite.files,
        engines: &engines,
        expectations: &expectations,
        selection: Selection::new(args),
        vacuity: args.vacuity,
        engine_time: Some(args.engine_time).filter(|time| !time.is_zero()),
        stop: &stop,
    };
    let finished = lanes::run(&job, &teams, jobs, &mut |news| {
        let outcome = match news {
            News::Begun { team } => {
                progress.begin(team);
                return Ok(());
            }
            News::Quiet => {
                progress.tell();
                return Ok(());
            }
            News::Asked { team, red } => {
                progress.show(team, red);
                return Ok(());
            }
            News::File(outcome) => *outcome,
        };
        record.write(&SuiteEvent::File(outcome.file.clone()))?;
        for result in &outcome.results {
            record.write(&SuiteEvent::Result(result.clone()))?;
            lines.print(&outcome.file, result)?;
        }
        summary.add(outcome);
        Ok(())
    });
    progress.clear();
    finished.or_exit(Exit::CannotWrite)?;

    let interrupted = stop.load(Ordering::Relaxed);
    summary.end.elapsed_ms = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
    if !interrupted && summary.files == 0 {
        let error = anyhow!("nothing in the suite has the name or the proposal that was asked for");
        return Err(Failure::new(Exit::Usage, error));
    }
    let path = match interrupted {
        true => None,
        false => Some(record.finish(&summary.end).or_exit(Exit::CannotWrite)?),
    };
    for words in &summary.broken {
        eprintln!("wassay: {words}");
    }
    let mut out = io::stdout().lock();
    if lines.wanted {
        lines.end(&summary, args.vacuity)
    } else {
        print::print(&summary, &manifest, args.vacuity, path.as_deref(), &mut out)
    }
    .or_exit(Exit::CannotWrite)?;
    out.flush().or_exit(Exit::CannotWrite)?;
    Ok(exit(&summary, &manifest, interrupted))
}

fn exit(summary: &Summary, manifest: &SuiteManifest, interrupted: bool) -> Exit {
    let is_red =
        |(_, states): (_, &BTreeMap<SuiteState, u64>)| states.iter().any(|(state, count)| state.is_red() && *count > 0);
    if interrupted {
        Exit::Preempted
    } else if summary.files > 0 && summary.broken.len() as u64 == summary.files {
        Exit::BadInput
    } else if summary.end.totals.iter().any(is_red)
        || !summary.broken.is_empty()
        || summary.vacuous.get("reference").is_some_and(|count| *count > 0)
    {
        Exit::Found
    } else if manifest.engines.iter().any(|engine| engine.trouble.is_some()) {
        Exit::EngineUnavailable
    } else {
        Exit::Clean
    }
}

fn suite(args: &Spec) -> Result<(Suite, Expectations), Failure> {
    match &args.suite {
        // The lists of known failures name the files of the pinned suite.
        Some(path) => Ok((folder(path).or_exit(Exit::BadInput)?, Expectations::default())),
        None => Ok((pinned_suite(), Expectations::of_the_pinned_suite().or_exit(Exit::Internal)?)),
    }
}

pub(crate) fn pinned_suite() -> Suite {
    // The folder says what they are counted under.
    let path = |name| format!("additions/memory64/{name}");
    pinned(wassay_additions::all().into_iter().map(|script| (path(script.name), script.text)))
}

/// An engine that was asked for.
struct Contestant {
    row: SuiteEngine,
    /// How its worker is started; none where it does not start.
    lineup: Option<Lineup>,
    /// Whether it is part of this program.
    is_linked: bool,
    memory_mib: u64,
}

impl Contestant {
    /// The crew of those that start.
    fn crew<'a>(members: impl Iterator<Item = &'a Self> + Clone) -> Result<CrewSpec, Failure> {
        let lineup: Vec<Lineup> = members.clone().filter_map(|one| one.lineup.clone()).collect();
        lineup::crew_spec(&lineup, members.map(|one| one.memory_mib).max().unwrap_or_default())
    }
}

/// What a team is called while it is asked.
fn team_name(team: &[usize], engines: &[Contestant]) -> String {
    match team {
        [one] => engines[*one].row.id.name.to_string(),
        several => format!("{} linked engines", several.len()),
    }
}

/// Who is asked, each started once alone: one that does not start must not keep the others from being asked.
fn engines(args: &Spec) -> Result<Vec<Contestant>, Failure> {
    let lineup = lineup::lineup(lineup::engines(&args.engines)?, Some(1))?;
    let specs = lineup.iter().map(|row| lineup::crew_spec(std::slice::from_ref(row), args.memory));
    let specs: Vec<Mutex<Option<CrewSpec>>> =
        specs.map(|spec| spec.map(|spec| Mutex::new(Some(spec)))).collect::<Result<_, _>>()?;
    // Some take seconds until they are probed.
    let mustered: Vec<OnceLock<Result<Option<Introduction>, CrewError>>> =
        specs.iter().map(|_| OnceLock::new()).collect();
    let next = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..crate::fuzz::processors().min(specs.len()) {
            scope.spawn(|| {
                while let Some(position) = Some(next.fetch_add(1, Ordering::Relaxed)).filter(|at| *at < specs.len()) {
                    let spec = specs[position].lock().ok().and_then(|mut spec| spec.take());
                    let Some(spec) = spec else { continue };
                    let introduced = Crew::new(spec).muster().map(|all| all.into_iter().next());
                    let _ = mustered[position].set(introduced);
                }
            });
        }
    });
    let mut all = Vec::new();
    for (row, introduced) in lineup.into_iter().zip(mustered) {
        let is_linked = lineup::is_linked(&row.engine);
        let contestant = match introduced.into_inner() {
            Some(Ok(introduction)) => introduction.map(|introduction| Contestant {
                row: SuiteEngine { id: introduction.id, capabilities: Some(introduction.capabilities), trouble: None },
                lineup: Some(row),
                is_linked,
                memory_mib: args.memory,
            }),
            Some(Err(error)) => {
                eprintln!("wassay: {error}");
                let id = EngineId { version: row.engine.version.clone().unwrap_or_default(), name: row.engine };
                let row = SuiteEngine { id, capabilities: None, trouble: Some(error.to_string()) };
                Some(Contestant { row, lineup: None, is_linked, memory_mib: args.memory })
            }
            None => None,
        };
        all.extend(contestant);
    }
    if all.iter().all(|one| one.lineup.is_none()) {
        return Err(Failure::new(Exit::EngineUnavailable, anyhow!("no engine that was asked for starts")));
    }
    Ok(all)
}

fn manifest(suite: &Suite, engines: &[Contestant]) -> SuiteManifest {
    let now = jiff::Timestamp::now();
    let quoted = |word: String| if word.contains(char::is_whitespace) { format!("'{word}'") } else { word };
    let words: Vec<String> = std::env::args().skip(1).map(quoted).collect();
    SuiteManifest {
        schema: SUITE_SCHEMA.to_owned(),
        program: env!("CARGO_PKG_VERSION").to_owned(),
        started: now.round(jiff::Unit::Second).unwrap_or(now).to_string(),
        command: format!("wassay {}", words.join(" ")),
        machine: format!("{} {}", std::env::consts::OS, std::env::consts::ARCH),
        suite: suite.id.clone(),
        engines: engines.iter().map(|one| one.row.clone()).collect(),
    }
}

/// The folder that was asked for, or one of today that is not there yet.
fn record_folder(args: &Spec) -> Result<PathBuf, Failure> {
    if let Some(path) = &args.out {
        return Ok(path.clone());
    }
    let date = jiff::Zoned::now().date();
    for number in 1_u64.. {
        let suffix = if number == 1 { String::new() } else { format!("-{number}") };
        let path = PathBuf::from("runs").join(format!("spec-{date}{suffix}"));
        if !path.exists() {
            return Ok(path);
        }
    }
    Err(Failure::new(Exit::CannotWrite, anyhow!("there are too many folders runs/spec-{date}-N")))
}

fn stop_on_signals() -> Result<Arc<AtomicBool>, Failure> {
    let stop = Arc::new(AtomicBool::new(false));
    let flag = Arc::clone(&stop);
    ctrlc::set_handler(move || {
        // The first signal ends the run in order, the second one at once: nothing is published before the end.
        if flag.swap(true, Ordering::Relaxed) {
            std::process::exit(i32::from(Exit::Preempted as u8));
        }
    })
    .or_exit(Exit::Internal)?;
    Ok(stop)
}

/// What of the suite was asked for.
pub(crate) struct Selection {
    pattern: Option<String>,
    proposal: Option<String>,
}

impl Selection {
    fn new(args: &Spec) -> Self {
        Self { pattern: args.filter.clone(), proposal: args.proposal.clone() }
    }

    pub(crate) fn has_proposal(&self, proposal: &str) -> bool {
        self.proposal.as_ref().is_none_or(|wanted| wanted == proposal)
    }

    /// Whether a path or an identifier is meant: by a part of it, or as a whole by a pattern with `*` and `?`.
    pub(crate) fn has(&self, name: &str) -> bool {
        let Some(pattern) = &self.pattern else { return true };
        if pattern.contains(['*', '?']) { fits(pattern.as_bytes(), name.as_bytes()) } else { name.contains(pattern) }
    }
}

/// Whether a text fits a pattern in which `*` stands for any characters and `?` for one.
fn fits(pattern: &[u8], text: &[u8]) -> bool {
    let (mut at, mut seen) = (0, 0);
    // Where to go on when the text does not fit: behind the last star, with one more character under it.
    let mut retry = None;
    while seen < text.len() {
        match pattern.get(at) {
            Some(b'*') => {
                at += 1;
                retry = Some((at, seen));
            }
            Some(one) if *one == b'?' || *one == text[seen] => {
                at += 1;
                seen += 1;
            }
            _ => {
                let Some((behind, from)) = retry else { return false };
                at = behind;
                seen = from + 1;
                retry = Some((behind, seen));
            }
        }
    }
    pattern[at..].iter().all(|one| *one == b'*')
}

/// One object an assertion and engine, on standard output.
struct JsonLines {
    wanted: bool,
}

#[derive(serde::Serialize)]
struct JsonLine<'a> {
    id: &'a str,
    file: &'a str,
    line: u32,
    kind: &'a str,
    form: SuiteForm,
    engine: String,
    state: SuiteState,
    #[serde(skip_serializing_if = "str::is_empty")]
    expected: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    actual: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    reason: &'a str,
}

#[derive(serde::Serialize)]
struct JsonEnd<'a> {
    schema: &'static str,
    totals: &'a BTreeMap<String, BTreeMap<SuiteState, u64>>,
    relaxed: &'a [wassay_model::suite::SuiteRelaxed],
    #[serde(skip_serializing_if = "Option::is_none")]
    vacuous: Option<&'a BTreeMap<String, u64>>,
    broken: &'a [String],
    elapsed_ms: u64,
}

impl JsonLines {
    fn print(&mut self, file: &SuiteFile, result: &SuiteResult) -> io::Result<()> {
        if !self.wanted {
            return Ok(());
        }
        let mut out = io::BufWriter::new(io::stdout().lock());
        let mut details = result.details.iter().peekable();
        for ((position, assertion), state) in file.assertions.iter().enumerate().zip(result.states.chars()) {
            let detail = details.next_if(|detail| detail.assertion as usize == position);
            let line = JsonLine {
                id: &assertion.id,
                file: &file.path,
                line: assertion.line,
                kind: &assertion.kind,
                form: assertion.form,
                engine: result.engine.to_string(),
                state: SuiteState::of_letter(state).unwrap_or(SuiteState::Skip),
                expected: detail.map_or("", |detail| &detail.expected),
                actual: detail.map_or("", |detail| &detail.actual),
                reason: detail.map_or("", |detail| &detail.reason),
            };
            serde_json::to_writer(&mut out, &line)?;
            out.write_all(b"\n")?;
        }
        out.flush()
    }

    fn end(&self, summary: &Summary, vacuity: bool) -> io::Result<()> {
        let end = JsonEnd {
            schema: "wassay-spec/1",
            totals: &summary.end.totals,
            relaxed: &summary.end.relaxed,
            vacuous: vacuity.then_some(&summary.vacuous),
            broken: &summary.broken,
            elapsed_ms: summary.end.elapsed_ms,
        };
        let mut out = io::stdout().lock();
        serde_json::to_writer(&mut out, &end)?;
        out.write_all(b"\n")
    }
}

/// Adds the states of a file to the sums of each engine.
fn count(end: &mut SuiteEnd, outcome: &Outcome) {
    for result in &outcome.results {
        let counts = end.totals.entry(result.engine.to_string()).or_default();
        for state in result.states.chars().filter_map(SuiteState::of_letter) {
            *counts.entry(state).or_default() += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stars_and_question_marks_stand_for_characters() {
        for (pattern, text, expected) in [
            ("*", "", true),
            ("a*c", "abc", true),
            ("a*c", "abcd", false),
            ("a?c", "abc", true),
            ("a?c", "ac", false),
            ("*/gc/*", "proposals/gc/array.wast", true),
            ("*b*bb", "abbabb", true),
            ("*b*bb", "abbab", false),
        ] {
            assert_eq!(fits(pattern.as_bytes(), text.as_bytes()), expected, "{pattern} {text}");
        }
    }

    #[test]
    fn every_entry_of_the_lists_about_our_own_scripts_names_an_assertion() {
        use wassay_runner::{Place, SuiteScript};

        let is_ours = |path: &str| path.starts_with("additions/");
        let mut lines = std::collections::BTreeSet::new();
        for source in pinned_suite().files.iter().filter(|source| is_ours(&source.path)) {
            let file = SuiteScript::read(source).file;
            assert_eq!(file.skipped, None);
            lines.extend(file.assertions.into_iter().map(|assertion| (file.path.clone(), assertion.line)));
        }
        let mut count = 0;
        for place in Expectations::of_the_pinned_suite().unwrap().places() {
            if let Place::Line(file, line) = place
                && is_ours(&file)
            {
                assert!(lines.contains(&(file.clone(), line)), "there is no assertion on {file}:{line}");
                count += 1;
            }
        }
        assert!(count > 0, "no list speaks of our own scripts any more");
    }

    #[test]
    fn a_selection_without_stars_means_a_part_of_a_name() {
        let selection = Selection { pattern: Some("gc/arr".to_owned()), proposal: Some("gc".to_owned()) };
        assert!(selection.has("proposals/gc/array.wast") && !selection.has("proposals/gc/i31.wast"));
        assert!(selection.has_proposal("gc") && !selection.has_proposal("simd"));
    }
}
