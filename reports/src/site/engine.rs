//! The page of an engine: who it is, what it can do, what cannot be seen of it, its counts, and what it fails.

use askama::Template;
use wassay_model::suite::{SuiteGroup, SuiteState};
use wassay_model::{Bound, EngineName, Feature};

use super::front::{Count, State, numbers, proposal_anchor, states};
use super::text::{clip, duration, grouped, percent, sign};
use super::{Frame, Page, Pages, SiteError, breakable, proposal_name};
use crate::entry::{command, stands_alone};
use crate::tally::Counts;

/// So many failures of a file are listed on the engine's page; the file's own page has more.
const LISTED: usize = 12;
/// Files with failures beyond this number are closed at first.
const OPEN: usize = 3;

#[derive(Template)]
#[template(path = "engine.html")]
struct EnginePage<'a> {
    page: Page<'a>,
    name: String,
    version: &'a str,
    trouble: &'a str,
    passed: String,
    asked: String,
    percent: String,
    time: String,
    bound: &'static str,
    can: Vec<&'static str>,
    cannot: Vec<&'static str>,
    probed: bool,
    blind: Vec<(&'a str, &'a str)>,
    relaxed: Vec<(&'a str, String, &'a str)>,
    states: Vec<State>,
    rows: Vec<Row>,
    red: String,
    known: String,
    files: Vec<FileFailures>,
    command: String,
}

struct Row {
    anchor: String,
    name: String,
    total: String,
    percent: String,
    counts: Vec<Count>,
    whole: bool,
}

struct FileFailures {
    path: String,
    slug: String,
    counts: Vec<(char, &'static str, String)>,
    open: bool,
    failures: Vec<Failure>,
    more: String,
}

struct Failure {
    address: String,
    line: u32,
    kind: String,
    letter: char,
    sign: &'static str,
    state: &'static str,
    what: String,
}

pub(super) fn pages(frame: &Frame<'_>, pages: &mut Pages) -> Result<(), SiteError> {
    for (column, engine) in frame.engines.iter().enumerate() {
        let path = format!("engines/{}.html", engine.slug);
        pages.put(&path, &page(frame, column))?;
    }
    Ok(())
}

/// Parameter, index and meaning of each choice; nothing where none was inferred.
fn relaxed<'a>(frame: &'a Frame<'_>, engine: &EngineName) -> Vec<(&'a str, String, &'a str)> {
    let vectors = frame.record.relaxed.iter().filter(|vector| vector.engine == *engine);
    let index = |index: Option<u8>| index.map_or_else(|| "?".to_owned(), |index| index.to_string());
    vectors
        .flat_map(|vector| &vector.choices)
        .map(|choice| (choice.parameter.as_str(), index(choice.index), choice.meaning.as_str()))
        .collect()
}

fn page<'a>(frame: &'a Frame<'_>, column: usize) -> EnginePage<'a> {
    let record = frame.record;
    let engine = &record.engines()[column];
    let counts = frame.tally.official[column];
    let everything = frame.tally.engine(column);
    let capabilities = engine.capabilities.as_ref();
    let (can, cannot) = capabilities.map_or_else(Default::default, |capabilities| {
        let (can, cannot): (Vec<Feature>, Vec<Feature>) =
            Feature::ALL.iter().partition(|feature| capabilities.features.contains(**feature));
        let names = |features: Vec<Feature>| features.into_iter().map(Feature::name).collect();
        (names(can), names(cannot))
    });
    let row = |anchor: String, name: String, counts: &Counts, whole: bool| Row {
        anchor,
        name,
        total: grouped(counts.total()),
        percent: percent(counts.passed(), counts.asked()),
        counts: numbers(counts),
        whole,
    };
    let mut rows = vec![row("all".to_owned(), "official suite".to_owned(), &counts, true)];
    for group in SuiteGroup::ALL {
        for (name, counts) in frame.tally.rows(group) {
            rows.push(row(proposal_anchor(group, name), proposal_name(group, name), &counts[column], false));
        }
    }
    let text = frame.tally.text[column];
    if text.total() > 0 {
        rows.push(row("text".to_owned(), "quoted text".to_owned(), &text, false));
    }
    EnginePage {
        page: frame.page(frame.engines[column].title.clone(), "../", ""),
        name: frame.engines[column].breakable(),
        version: &engine.id.version,
        trouble: engine.trouble.as_deref().unwrap_or(""),
        passed: grouped(counts.passed()),
        asked: grouped(counts.asked()),
        percent: percent(counts.passed(), counts.asked()),
        time: duration(frame.tally.micros[column]),
        bound: match capabilities.map(|capabilities| capabilities.bound) {
            Some(Bound::Fuel) => "it counts its steps and stops by itself",
            Some(Bound::Kill) => "only the end of its process stops it",
            None => "unknown",
        },
        can,
        cannot,
        probed: capabilities.is_some(),
        blind: capabilities
            .iter()
            .flat_map(|capabilities| &capabilities.blind_spots)
            .map(|(word, reason)| (word.as_str(), reason.as_str()))
            .collect(),
        relaxed: relaxed(frame, &engine.id.name),
        states: states(),
        rows,
        red: grouped(everything.red()),
        known: grouped(everything.get(SuiteState::Known)),
        files: failures(frame, column),
        command: command(record, "*", &[frame.engines[column].name.clone()]).replace(" --filter '*'", ""),
    }
}

fn failures(frame: &Frame<'_>, column: usize) -> Vec<FileFailures> {
    let mut groups = Vec::new();
    for (index, file) in frame.record.files.iter().enumerate() {
        let answer = &file.answers[column];
        let alone: Vec<usize> =
            (0..answer.states.len()).filter(|position| stands_alone(answer.states[*position])).collect();
        if alone.is_empty() {
            continue;
        }
        let failures = alone.iter().take(LISTED).map(|position| {
            let assertion = &file.file.assertions[*position];
            let state = answer.states[*position];
            let detail = u32::try_from(*position).ok().and_then(|position| answer.details.get(&position));
            let what = detail.map_or_else(String::new, |detail| match (&*detail.expected, &*detail.actual) {
                ("", "") => clip(&detail.reason, 110),
                (expected, "") => format!("expected {}", clip(expected, 90)),
                ("", actual) => clip(actual, 110),
                (expected, actual) => format!("expected {}, got {}", clip(expected, 60), clip(actual, 90)),
            });
            let address = if frame.is_shown(index, *position) {
                frame.address(index, &assertion.id)
            } else {
                format!("files/{}.html", frame.files[index])
            };
            Failure {
                address,
                line: assertion.line,
                kind: assertion.kind.clone(),
                letter: state.letter(),
                sign: sign(state),
                state: state.name(),
                what,
            }
        });
        let counts = Counts::of(&answer.states);
        groups.push(FileFailures {
            path: breakable(&file.file.path),
            slug: frame.files[index].clone(),
            counts: counts
                .present()
                .filter(|(state, _)| stands_alone(*state))
                .map(|(state, count)| (state.letter(), sign(state), format!("{} {}", grouped(count), state.name())))
                .collect(),
            open: false,
            failures: failures.collect(),
            more: match alone.len().saturating_sub(LISTED) {
                0 => String::new(),
                more => grouped(more as u64),
            },
        });
    }
    for group in groups.iter_mut().take(OPEN) {
        group.open = true;
    }
    groups
}
