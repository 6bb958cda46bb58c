//! Runs in order of time, and versions of one engine side by side: a line for each engine, and what changed at each
//! step.

use std::collections::BTreeMap;

use askama::Template;
use wassay_model::EngineName;

use super::chart::line;
use super::front::date;
use super::text::{duration, grouped, percent};
use super::{Frame, Page, Pages, SiteError};
use crate::diff::{Change, ChangeKind, Changes, EngineChanges};
use crate::record::Record;
use crate::tally::{Counts, Tally};

#[derive(Template)]
#[template(path = "history.html")]
struct History<'a> {
    page: Page<'a>,
    runs: Vec<Run>,
    engines: Vec<Series>,
    steps: Vec<Step>,
    versions: Vec<Series>,
    /// What changed from each version to the next.
    upgrades: Vec<Step>,
}

struct Run {
    date: String,
    started: String,
    suite: String,
    assertions: String,
    elapsed: String,
    incomplete: bool,
}

/// One engine over runs, or the versions of one engine.
struct Series {
    name: String,
    line: String,
    points: Vec<Point>,
}

struct Point {
    label: String,
    /// Passed of the whole suite: asked or not, so that an engine that learns something rises.
    of_suite: String,
    passed: String,
    /// Passed of asked.
    asked: String,
    percent: String,
    time: String,
    absent: bool,
}

struct Step {
    title: String,
    lines: Vec<StepLine>,
}

struct StepLine {
    engine: String,
    regression: bool,
    what: String,
    examples: Vec<String>,
}

/// Whether some engine stands in the record in several versions.
pub(super) fn has_versions(record: &Record) -> bool {
    families(record).values().any(|columns| columns.len() > 1)
}

/// Columns by name and options, whatever the version.
fn families(record: &Record) -> BTreeMap<String, Vec<usize>> {
    let mut families: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for (column, engine) in record.engines().iter().enumerate() {
        let family = EngineName { version: None, ..engine.id.name.clone() };
        families.entry(family.to_string()).or_default().push(column);
    }
    families
}

pub(super) fn page(frame: &Frame<'_>, earlier: &[Record], pages: &mut Pages) -> Result<(), SiteError> {
    let mut records: Vec<&Record> = earlier.iter().collect();
    if !records.is_empty() {
        records.push(frame.record);
    }
    // RFC 3339 in UTC sorts as text.
    records.sort_by(|one, two| one.manifest.started.cmp(&two.manifest.started));
    let tallies: Vec<Tally> = records.iter().map(|record| Tally::new(record)).collect();
    let runs = records
        .iter()
        .map(|record| Run {
            date: date(&record.manifest.started),
            started: record.manifest.started.clone(),
            suite: format!("{} {}", record.manifest.suite.name, record.manifest.suite.version),
            assertions: grouped(record.assertions()),
            elapsed: record.elapsed_ms.map_or_else(|| "–".to_owned(), |millis| duration(millis.saturating_mul(1000))),
            incomplete: !record.is_complete(),
        })
        .collect();
    let mut names: Vec<String> = Vec::new();
    for engine in records.iter().flat_map(|record| record.engines()) {
        let name = engine.id.name.to_string();
        if !names.contains(&name) {
            names.push(name);
        }
    }
    let days: Vec<String> = records.iter().map(|record| date(&record.manifest.started)).collect();
    // Where a day has several runs, the hour tells them apart.
    let is_ambiguous = days.windows(2).any(|pair| pair[0] == pair[1]);
    let moment = |record: &Record| {
        let started = &record.manifest.started;
        let hour = started.split_once('T').and_then(|(_, clock)| clock.get(..5)).filter(|_| is_ambiguous);
        hour.map_or_else(|| date(started), |hour| format!("{}, {hour}", date(started)))
    };
    let engines: Vec<Series> = names
        .into_iter()
        .map(|name| {
            let points: Vec<(String, Option<(Counts, u64)>)> = records
                .iter()
                .zip(&tallies)
                .map(|(record, tally)| {
                    let column = record.engines().iter().position(|engine| engine.id.name.to_string() == name);
                    let id = column.map(|column| &record.engines()[column].id);
                    let version = id.map_or("", |id| super::beyond_name(id.name.version.as_deref(), &id.version));
                    let between = if version.is_empty() { "" } else { ": " };
                    let label = format!("{}{between}{version}", moment(record));
                    (label, column.map(|column| (tally.official[column], tally.micros[column])))
                })
                .collect();
            series(name, points)
        })
        // A single point is no history.
        .filter(|series| series.points.iter().filter(|point| !point.absent).count() > 1)
        .collect();
    let mut families = families(frame.record);
    families.retain(|_, columns| columns.len() > 1);
    for columns in families.values_mut() {
        columns.sort_by_key(|column| version_key(&frame.record.engines()[*column].id.version));
    }
    let upgrades = families.iter().map(|(name, columns)| {
        let version = |column: usize| &*frame.record.engines()[column].id.version;
        let steps = columns.windows(2).map(|pair| {
            let changes = Changes::of_columns(frame.record, pair[0], pair[1]);
            (format!("{name} {} → {}", version(pair[0]), version(pair[1])), changes)
        });
        // The newest first.
        let steps: Vec<_> = steps.collect();
        steps.into_iter().rev().map(|(title, changes)| Step { title, lines: step_lines("", &changes) })
    });
    let upgrades = upgrades.flatten().collect();
    let versions = families
        .into_iter()
        .map(|(name, columns)| {
            let points = columns
                .into_iter()
                .map(|column| {
                    let label = frame.record.engines()[column].id.version.clone();
                    (label, Some((frame.tally.official[column], frame.tally.micros[column])))
                })
                .collect();
            series(name, points)
        })
        .collect();
    let steps = records.windows(2).map(|pair| step(&Changes::between(pair[0], pair[1]))).rev().collect();
    pages.put(
        "history.html",
        &History { page: frame.page("History", "", "history.html"), runs, engines, steps, versions, upgrades },
    )
}

fn series(name: String, points: Vec<(String, Option<(Counts, u64)>)>) -> Series {
    let shares: Vec<Option<f64>> = points
        .iter()
        .map(|(_, counted)| {
            let (counts, _) = counted.as_ref()?;
            (counts.total() > 0).then(|| counts.passed() as f64 / counts.total() as f64)
        })
        .collect();
    let points = points
        .into_iter()
        .map(|(label, counted)| match counted {
            Some((counts, micros)) => Point {
                label,
                of_suite: percent(counts.passed(), counts.total()),
                passed: format!("{}/{}", grouped(counts.passed()), grouped(counts.total())),
                asked: grouped(counts.asked()),
                percent: percent(counts.passed(), counts.asked()),
                time: duration(micros),
                absent: false,
            },
            None => Point {
                label,
                of_suite: String::new(),
                passed: String::new(),
                asked: String::new(),
                percent: String::new(),
                time: String::new(),
                absent: true,
            },
        })
        .collect();
    Series { name, line: line(&shares), points }
}

/// Sorts versions by their numbers: 9 stands before 10.
fn version_key(version: &str) -> Vec<u64> {
    version.split(|c: char| !c.is_ascii_digit()).filter_map(|part| part.parse().ok()).collect()
}

/// What changed on one engine, a line a kind.
fn step_lines(engine: &str, changes: &EngineChanges) -> Vec<StepLine> {
    let mut lines = Vec::new();
    for kind in ChangeKind::ALL {
        let found: Vec<&Change> = changes.changes.iter().filter(|change| change.kind == kind).collect();
        if found.is_empty() {
            continue;
        }
        // Three places at most, of three files.
        let mut examples: Vec<&Change> = Vec::new();
        for change in &found {
            if examples.len() < 3 && examples.iter().all(|example| example.file != change.file) {
                examples.push(change);
            }
        }
        lines.push(StepLine {
            engine: engine.to_owned(),
            regression: kind.is_regression(),
            what: format!("{} {}", grouped(found.len() as u64), kind.name()),
            examples: examples.iter().map(|change| format!("{}, line {}", change.file, change.line)).collect(),
        });
    }
    lines
}

fn step(changes: &Changes) -> Step {
    let of_engine = |engine: &EngineChanges| step_lines(&engine.after.id.to_string(), engine);
    let mut lines: Vec<StepLine> = changes.engines.iter().flat_map(of_engine).collect();
    let whole = |engine: &wassay_model::suite::SuiteEngine, what: &str| StepLine {
        engine: engine.id.to_string(),
        regression: false,
        what: what.to_owned(),
        examples: Vec::new(),
    };
    lines.extend(changes.engines_appeared.iter().map(|engine| whole(engine, "first run")));
    lines.extend(changes.engines_vanished.iter().map(|engine| whole(engine, "not in this run")));
    Step { title: format!("{} → {}", changes.started_before, changes.started_after), lines }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_sorted_by_their_numbers() {
        let mut versions = ["10.0.0", "9.2.1", "9.10.0"];
        versions.sort_by_key(|version| version_key(version));
        assert_eq!(versions, ["9.2.1", "9.10.0", "10.0.0"]);
    }
}
