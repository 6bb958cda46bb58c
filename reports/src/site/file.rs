//! The page of a file: who did how well on it, which assertions did not pass everywhere, and for each that failed
//! what was expected, what came, the text, and the command that asks it again.

use askama::Template;
use wassay_model::suite::{SuiteOrigin, SuiteState};

use super::front::{Count, State, numbers, states};
use super::text::{anchor, duration, grouped, sign};
use super::{Cell, Engine, Frame, Page, Pages, SiteError, breakable};
use crate::entry::{command, entries, stands_alone};
use crate::record::{FileAnswers, Record};
use crate::tally::Counts;

/// So many failing assertions of the whole site are shown in full, to keep it within some megabytes.
const SHOWN: usize = 6_000;
/// So many of one file are shown in full, so that its page opens quickly.
const SHOWN_ON_A_PAGE: usize = 200;
/// So many bytes of the suite's text are quoted on a page.
const QUOTED_ON_A_PAGE: usize = 200_000;
/// So many bytes of the suite's text are quoted on the whole site.
const QUOTED: usize = 5_000_000;

#[derive(Template)]
#[template(path = "file.html")]
struct FilePage<'a> {
    page: Page<'a>,
    path: String,
    proposal: &'a str,
    ours: bool,
    needs: Vec<&'static str>,
    total: String,
    skipped: &'a str,
    engines: &'a [Engine],
    states: Vec<State>,
    summary: Vec<SummaryRow<'a>>,
    rows: Vec<Row>,
    everywhere: bool,
    sections: Vec<Section>,
    /// How many failing assertions are not shown in full; empty for none.
    folded: String,
    command: String,
}

struct SummaryRow<'a> {
    engine: &'a Engine,
    counts: Vec<Count>,
    time: String,
    reasons: Vec<(String, String)>,
}

/// One assertion, or neighbours that went the same way everywhere; on pages with more failures than are shown, what
/// stands between two that are shown.
struct Row {
    lines: String,
    what: String,
    /// Where it is shown in full; empty for others.
    anchor: String,
    /// The states on each engine; none where all pass.
    cells: Vec<RowCell>,
}

struct RowCell {
    letter: char,
    sign: &'static str,
    text: String,
}

struct Mark {
    letter: char,
    sign: &'static str,
    name: &'static str,
}

struct Section {
    anchor: String,
    line: u32,
    kind: String,
    id: String,
    expected: String,
    /// Those that did not pass.
    answers: Vec<AnswerRow>,
    /// The others by state.
    others: Vec<(Mark, String)>,
    source: String,
    cut: bool,
    command: String,
}

struct AnswerRow {
    engine: String,
    slug: String,
    mark: Mark,
    actual: String,
    reason: String,
}

fn mark(state: SuiteState) -> Mark {
    Mark { letter: state.letter(), sign: sign(state), name: state.name() }
}

/// The positions of the assertions that failed somewhere.
fn failing(file: &FileAnswers) -> Vec<usize> {
    (0..file.file.assertions.len())
        .filter(|position| file.answers.iter().any(|answer| stands_alone(answer.states[*position])))
        .collect()
}

/// By file, which assertions are shown in full: all, or as many of each file as fit into the whole.
pub(super) fn shown(record: &Record) -> Vec<Vec<usize>> {
    let mut shown: Vec<Vec<usize>> = record.files.iter().map(failing).collect();
    let cost = |cap: usize| shown.iter().map(|positions| positions.len().min(cap)).sum::<usize>();
    let (mut low, mut high) = (0, shown.iter().map(Vec::len).max().unwrap_or(0));
    while low < high {
        let middle = (low + high).div_ceil(2);
        if cost(middle) <= SHOWN { low = middle } else { high = middle - 1 }
    }
    for positions in &mut shown {
        positions.truncate(low.clamp(1, SHOWN_ON_A_PAGE));
    }
    shown
}

pub(super) fn pages(frame: &Frame<'_>, pages: &mut Pages) -> Result<(), SiteError> {
    let mut quoted = 0;
    for index in 0..frame.record.files.len() {
        let path = format!("files/{}.html", frame.files[index]);
        pages.put(&path, &page(frame, index, &mut quoted))?;
    }
    Ok(())
}

fn page<'a>(frame: &'a Frame<'_>, index: usize, quoted: &mut usize) -> FilePage<'a> {
    let record = frame.record;
    let file = &record.files[index];
    let summary = file
        .answers
        .iter()
        .enumerate()
        .map(|(column, answer)| SummaryRow {
            engine: &frame.engines[column],
            counts: numbers(&Counts::of(&answer.states)),
            time: duration(answer.micros),
            reasons: entries(record, file, column)
                .into_iter()
                .filter(|entry| entry.single.is_none() && entry.state != SuiteState::Pass)
                .map(|entry| (format!("{} {}", grouped(entry.assertions), entry.state.name()), entry.reason))
                .collect(),
        })
        .collect();
    let failing = failing(file);
    let shown = &frame.shown[index];
    let mut quoted_here = 0;
    let sections = shown.iter().map(|position| section(frame, file, *position, &mut quoted_here, quoted)).collect();
    FilePage {
        page: frame.page(file.file.path.clone(), "../", ""),
        path: breakable(&file.file.path),
        proposal: &file.file.proposal,
        ours: file.file.origin == SuiteOrigin::Addition,
        needs: file.file.features.iter().map(wassay_model::Feature::name).collect(),
        total: grouped(file.file.assertions.len() as u64),
        skipped: file.file.skipped.as_deref().unwrap_or(""),
        engines: &frame.engines,
        states: states(),
        summary,
        rows: rows(file, shown, failing.len() > shown.len()),
        everywhere: file.answers.iter().all(|answer| answer.states.iter().all(|state| *state == SuiteState::Pass)),
        sections,
        folded: match failing.len() - shown.len() {
            0 => String::new(),
            more => grouped(more as u64),
        },
        command: command(record, &file.file.path, &[]),
    }
}

fn rows(file: &FileAnswers, shown: &[usize], crowded: bool) -> Vec<Row> {
    let assertions = &file.file.assertions;
    let states =
        |position: usize| -> Vec<SuiteState> { file.answers.iter().map(|answer| answer.states[position]).collect() };
    let mut rows = Vec::new();
    let mut start = 0;
    while start < assertions.len() {
        let here = states(start);
        let single = shown.binary_search(&start).is_ok();
        let mut end = start + 1;
        while !single
            && end < assertions.len()
            && shown.binary_search(&end).is_err()
            && (crowded || states(end) == here)
        {
            end += 1;
        }
        let (first, last) = (&assertions[start], &assertions[end - 1]);
        let same_kind = assertions[start..end].iter().all(|assertion| assertion.kind == first.kind);
        let kind = if same_kind { first.kind.as_str() } else { "assertions" };
        let cells: Vec<RowCell> = file
            .answers
            .iter()
            .map(|answer| {
                let counts = Counts::of(&answer.states[start..end]);
                let cell = Cell::new(&counts);
                let text = match counts.present().next() {
                    Some((state, count)) if count == counts.total() => state.name().to_owned(),
                    _ => cell.rest,
                };
                RowCell { letter: cell.letter, sign: cell.sign, text }
            })
            .collect();
        let passed = cells.iter().all(|cell| cell.letter == 'P' && cell.text == SuiteState::Pass.name());
        let cells = if passed { Vec::new() } else { cells };
        rows.push(Row {
            lines: if first.line == last.line {
                first.line.to_string()
            } else {
                format!("{}–{}", first.line, last.line)
            },
            what: if end - start == 1 {
                first.kind.clone()
            } else {
                format!("{} × {kind}", grouped((end - start) as u64))
            },
            anchor: if single { anchor(&file.file.path, &first.id) } else { String::new() },
            cells,
        });
        start = end;
    }
    rows
}

fn section(
    frame: &Frame<'_>,
    file: &FileAnswers,
    position: usize,
    quoted_here: &mut usize,
    quoted: &mut usize,
) -> Section {
    let assertion = &file.file.assertions[position];
    let mut answers = Vec::new();
    let mut others: Vec<(SuiteState, Vec<&str>)> = Vec::new();
    let (mut expected, mut source) = ("", "");
    let mut failing = Vec::new();
    for (column, answer) in file.answers.iter().enumerate() {
        let engine = &frame.engines[column];
        let state = answer.states[position];
        let detail = u32::try_from(position).ok().and_then(|position| answer.details.get(&position));
        if let Some(detail) = detail {
            expected = if expected.is_empty() { &detail.expected } else { expected };
            source = if source.is_empty() { &detail.source } else { source };
        }
        if stands_alone(state) {
            failing.push(engine.name.clone());
            answers.push(AnswerRow {
                engine: engine.title.clone(),
                slug: engine.slug.clone(),
                mark: mark(state),
                actual: detail.map_or_else(String::new, |detail| detail.actual.clone()),
                reason: detail.map_or_else(String::new, |detail| detail.reason.clone()),
            });
        } else {
            match others.iter_mut().find(|(one, _)| *one == state) {
                Some((_, engines)) => engines.push(&engine.name),
                None => others.push((state, vec![&engine.name])),
            }
        }
    }
    let fits = *quoted_here + source.len() <= QUOTED_ON_A_PAGE && *quoted + source.len() <= QUOTED;
    if fits {
        *quoted_here += source.len();
        *quoted += source.len();
    }
    Section {
        anchor: anchor(&file.file.path, &assertion.id),
        line: assertion.line,
        kind: assertion.kind.clone(),
        id: assertion.id.clone(),
        expected: expected.to_owned(),
        answers,
        others: others.into_iter().map(|(state, engines)| (mark(state), engines.join(", "))).collect(),
        cut: !fits && !source.is_empty(),
        source: if fits { source.to_owned() } else { String::new() },
        command: command(frame.record, &assertion.id, &failing),
    }
}
