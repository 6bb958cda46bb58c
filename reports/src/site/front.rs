//! The front page: engines, the matrix of engines and proposals, where it is red, and times; and the list of files.

use askama::Template;
use wassay_model::suite::{SuiteForm, SuiteGroup, SuiteOrigin, SuiteState};

use super::chart::{bar, measure};
use super::text::{duration, grouped, meaning, percent, sign, slug};
use super::{Cell, Engine, Frame, Page, Pages, SiteError, breakable, proposal_name};
use crate::tally::Counts;

/// So many of the files with most failures are on the front page.
const WORST_FILES: usize = 15;

/// The columns of the table of engines, as a reader wants them.
pub(super) const COLUMNS: [SuiteState; 8] = [
    SuiteState::Pass,
    SuiteState::Fail,
    SuiteState::Crash,
    SuiteState::Timeout,
    SuiteState::Unexpected,
    SuiteState::Known,
    SuiteState::Unsupported,
    SuiteState::Skip,
];

#[derive(Template)]
#[template(path = "front.html")]
struct Front<'a> {
    page: Page<'a>,
    suite: String,
    digest: &'a str,
    date: String,
    machine: &'a str,
    commands: Vec<&'a str>,
    assertions: String,
    asked: String,
    text: String,
    editions: String,
    additions: String,
    engines: &'a [Engine],
    states: Vec<State>,
    rows: Vec<EngineRow<'a>>,
    matrix: Vec<MatrixRow>,
    worst: Vec<WorstRow>,
    red_files: usize,
    relaxed: Option<Relaxed<'a>>,
    elapsed: String,
}

/// A state in the legend.
pub(super) struct State {
    pub(super) letter: char,
    pub(super) sign: &'static str,
    pub(super) name: &'static str,
    pub(super) meaning: &'static str,
}

pub(super) fn states() -> Vec<State> {
    let state = |state: SuiteState| State {
        letter: state.letter(),
        sign: sign(state),
        name: state.name(),
        meaning: meaning(state),
    };
    COLUMNS.into_iter().map(state).collect()
}

struct EngineRow<'a> {
    engine: &'a Engine,
    trouble: &'a str,
    bar: String,
    percent: String,
    /// What the table is sorted by.
    key: u64,
    asked: String,
    counts: Vec<Count>,
    editions: String,
    additions: String,
    micros: u64,
    time: String,
    time_bar: String,
}

/// A number under a state.
pub(super) struct Count {
    pub(super) letter: char,
    pub(super) number: u64,
    pub(super) text: String,
}

pub(super) fn numbers(counts: &Counts) -> Vec<Count> {
    COLUMNS
        .into_iter()
        .map(|state| Count { letter: state.letter(), number: counts.get(state), text: grouped(counts.get(state)) })
        .collect()
}

struct MatrixRow {
    name: String,
    anchor: String,
    total: String,
    cells: Vec<Cell>,
}

struct WorstRow {
    path: String,
    slug: String,
    proposal: String,
    red: u64,
    /// Who fails it: the engine's name and how many.
    who: Vec<(String, String)>,
}

struct Relaxed<'a> {
    parameters: Vec<&'a str>,
    rows: Vec<(String, Vec<(String, &'a str)>)>,
}

pub(super) fn pages(frame: &Frame<'_>, pages: &mut Pages) -> Result<(), SiteError> {
    let record = frame.record;
    let manifest = &record.manifest;
    let tally = &frame.tally;
    let slowest = tally.micros.iter().copied().max().unwrap_or(0);
    let rows = record
        .engines()
        .iter()
        .enumerate()
        .map(|(column, engine)| {
            let counts = &tally.official[column];
            EngineRow {
                engine: &frame.engines[column],
                trouble: engine.trouble.as_deref().unwrap_or(""),
                bar: bar(counts, 200),
                percent: percent(counts.passed(), counts.asked()),
                key: if counts.asked() == 0 { 0 } else { 1 + counts.passed() * 1_000_000 / counts.asked() },
                asked: grouped(counts.asked()),
                counts: numbers(counts),
                editions: of_asked(&tally.editions[column]),
                additions: of_asked(&tally.additions[column]),
                micros: tally.micros[column],
                time: duration(tally.micros[column]),
                time_bar: measure(tally.micros[column], slowest, 100),
            }
        })
        .collect();
    let matrix = SuiteGroup::ALL
        .into_iter()
        .flat_map(|group| {
            tally.rows(group).into_iter().map(move |(name, counts)| MatrixRow {
                name: proposal_name(group, name),
                anchor: proposal_anchor(group, name),
                total: grouped(counts.iter().map(Counts::total).max().unwrap_or(0)),
                cells: counts.iter().map(Cell::new).collect(),
            })
        })
        .collect();
    let mut worst = worst_files(frame);
    let red_files = worst.len();
    worst.truncate(WORST_FILES);
    let asked = |group| -> u64 {
        let files = record.files.iter().filter(|file| file.file.group() == group);
        let assertions = files.flat_map(|file| &file.file.assertions);
        assertions.filter(|assertion| assertion.form == SuiteForm::Binary).count() as u64
    };
    let (official, editions) = (asked(SuiteGroup::Official), asked(SuiteGroup::Edition));
    let additions = asked(SuiteGroup::Addition);
    let front = Front {
        page: frame.page("WebAssembly conformance", "", "index.html"),
        suite: format!("{} {}", manifest.suite.name, manifest.suite.version),
        digest: &manifest.suite.digest,
        date: date(&manifest.started),
        machine: &manifest.machine,
        commands: manifest.command.lines().collect(),
        assertions: grouped(record.assertions()),
        asked: grouped(official),
        text: grouped(record.assertions() - official - editions - additions),
        editions: grouped(editions),
        additions: grouped(additions),
        engines: &frame.engines,
        states: states(),
        rows,
        matrix,
        worst,
        red_files,
        relaxed: relaxed(frame),
        elapsed: record.elapsed_ms.map_or_else(String::new, |millis| duration(millis.saturating_mul(1000))),
    };
    pages.put("index.html", &front)?;
    pages.put("files.html", &files(frame))
}

/// How many passed of those that were asked; nothing where none was.
fn of_asked(counts: &Counts) -> String {
    match counts.asked() {
        0 => "–".to_owned(),
        asked => format!("{}/{}", grouped(counts.passed()), grouped(asked)),
    }
}

/// The day of a time as RFC 3339 writes it, for people; the text itself where it is no such time.
pub(super) fn date(started: &str) -> String {
    const MONTHS: [&str; 12] = [
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ];
    let Ok(time) = started.parse::<jiff::Timestamp>() else { return started.to_owned() };
    let day = time.to_zoned(jiff::tz::TimeZone::UTC);
    let month = usize::try_from(day.month()).ok().and_then(|month| MONTHS.get(month.checked_sub(1)?));
    format!("{} {} {}", day.day(), month.copied().unwrap_or("?"), day.year())
}

pub(super) fn proposal_anchor(group: SuiteGroup, proposal: &str) -> String {
    match group {
        SuiteGroup::Official | SuiteGroup::Edition => format!("p-{}", slug(proposal)),
        SuiteGroup::Addition => format!("o-{}", slug(proposal)),
    }
}

fn worst_files(frame: &Frame<'_>) -> Vec<WorstRow> {
    let mut rows: Vec<WorstRow> = frame
        .record
        .files
        .iter()
        .enumerate()
        .filter_map(|(index, file)| {
            let counts: Vec<Counts> = file.answers.iter().map(|answer| Counts::of(&answer.states)).collect();
            let red: u64 = counts.iter().map(Counts::red).sum();
            (red > 0).then(|| WorstRow {
                path: breakable(&file.file.path),
                slug: frame.files[index].clone(),
                proposal: file.file.proposal.clone(),
                red,
                who: frame
                    .engines
                    .iter()
                    .zip(&counts)
                    .filter(|(_, counts)| counts.red() > 0)
                    .map(|(engine, counts)| (engine.name.clone(), grouped(counts.red())))
                    .collect(),
            })
        })
        .collect();
    rows.sort_by_key(|row| std::cmp::Reverse(row.red));
    rows
}

fn relaxed<'a>(frame: &Frame<'a>) -> Option<Relaxed<'a>> {
    let record = frame.record;
    let first = record.relaxed.first()?;
    let parameters: Vec<&str> = first.choices.iter().map(|choice| choice.parameter.as_str()).collect();
    let rows = record
        .relaxed
        .iter()
        .map(|vector| {
            let cells = parameters.iter().map(|parameter| {
                match vector.choices.iter().find(|choice| choice.parameter == *parameter) {
                    Some(choice) => {
                        let index = choice.index.map_or_else(|| "?".to_owned(), |index| index.to_string());
                        (index, choice.meaning.as_str())
                    }
                    None => ("–".to_owned(), "not inferred"),
                }
            });
            (vector.engine.to_string(), cells.collect())
        })
        .collect();
    Some(Relaxed { parameters, rows })
}

#[derive(Template)]
#[template(path = "files.html")]
struct Files<'a> {
    page: Page<'a>,
    engines: &'a [Engine],
    rows: Vec<FileRow>,
}

struct FileRow {
    path: String,
    slug: String,
    proposal: String,
    ours: bool,
    total: u64,
    cells: Vec<Cell>,
}

fn files<'a>(frame: &'a Frame<'_>) -> Files<'a> {
    let rows = frame
        .record
        .files
        .iter()
        .zip(&frame.files)
        .map(|(file, slug)| FileRow {
            path: breakable(&file.file.path),
            slug: slug.clone(),
            proposal: file.file.proposal.clone(),
            ours: file.file.origin == SuiteOrigin::Addition,
            total: file.file.assertions.len() as u64,
            cells: file.answers.iter().map(|answer| short(&Counts::of(&answer.states))).collect(),
        })
        .collect();
    Files { page: frame.page("Files", "", "files.html"), engines: &frame.engines, rows }
}

/// A cell for a table of hundreds of rows: a sign, and what is wrong in words.
fn short(counts: &Counts) -> Cell {
    let mut cell = Cell::new(counts);
    cell.rest = String::new();
    cell.main = match counts.worst() {
        None | Some(SuiteState::Pass) => String::new(),
        Some(state) => format!("{} {}", grouped(counts.get(state)), state.name()),
    };
    cell
}
