//! What changed between two runs, by engine: transitions only.

use askama::Template;
use wassay_model::suite::SuiteState;

use super::text::{grouped, percent, sign, slug};
use super::{Frame, Page, Pages, SiteError};
use crate::diff::{Change, ChangeKind, Changes, EngineChanges};
use crate::tally::Counts;

/// So many transitions of one kind are listed for an engine; the rest is counted.
const LISTED: usize = 300;

/// A longer list of good news is closed at first.
const OPEN: usize = 40;

#[derive(Template)]
#[template(path = "changes.html")]
struct ChangesPage<'a> {
    page: Page<'a>,
    before: &'a str,
    after: &'a str,
    suites: Vec<(&'static str, String, String)>,
    same_suite: bool,
    kinds: Vec<&'static str>,
    rows: Vec<Row>,
    groups: Vec<Group>,
    vanished: Vec<String>,
    appeared: Vec<String>,
}

struct Row {
    anchor: String,
    engine: String,
    versions: String,
    before: String,
    after: String,
    counts: Vec<(String, bool)>,
}

struct Group {
    anchor: String,
    engine: String,
    kinds: Vec<Kind>,
}

struct Kind {
    name: &'static str,
    regression: bool,
    open: bool,
    total: String,
    rows: Vec<ChangeRow>,
    more: String,
}

struct ChangeRow {
    file: String,
    /// Empty where the new record does not show it.
    address: String,
    line: u32,
    command: String,
    before: (char, &'static str, &'static str),
    after: (char, &'static str, &'static str),
}

pub(super) fn page(frame: &Frame<'_>, changes: &Changes, pages: &mut Pages) -> Result<(), SiteError> {
    let rows = changes
        .engines
        .iter()
        .map(|engine| Row {
            anchor: slug(&engine.after.id.name.to_string()),
            engine: engine.after.id.name.to_string(),
            versions: if engine.before.id.version == engine.after.id.version {
                engine.after.id.version.clone()
            } else {
                format!("{} → {}", engine.before.id.version, engine.after.id.version)
            },
            before: share(&engine.counts_before),
            after: share(&engine.counts_after),
            counts: ChangeKind::ALL
                .into_iter()
                .map(|kind| (grouped(engine.count(kind) as u64), engine.count(kind) > 0 && kind.is_regression()))
                .collect(),
        })
        .collect();
    let mut changed: Vec<&EngineChanges> = changes.engines.iter().filter(|engine| !engine.changes.is_empty()).collect();
    changed.sort_by_key(|engine| !engine.changes.iter().any(|change| change.kind.is_regression()));
    let groups = changed
        .into_iter()
        .map(|engine| Group {
            anchor: slug(&engine.after.id.name.to_string()),
            engine: engine.after.id.to_string(),
            kinds: ChangeKind::ALL
                .into_iter()
                .filter_map(|kind| {
                    let changes: Vec<&Change> = engine.changes.iter().filter(|change| change.kind == kind).collect();
                    (!changes.is_empty()).then(|| Kind {
                        name: kind.name(),
                        regression: kind.is_regression(),
                        open: kind.is_regression() || kind == ChangeKind::NewlyPassing && changes.len() <= OPEN,
                        total: grouped(changes.len() as u64),
                        rows: changes.iter().take(LISTED).map(|change| row(frame, change)).collect(),
                        more: match changes.len().saturating_sub(LISTED) {
                            0 => String::new(),
                            more => grouped(more as u64),
                        },
                    })
                })
                .collect(),
        })
        .collect();
    let suite = |suite: &[String; 3]| format!("{} {} ({})", suite[0], suite[1], suite[2]);
    let page = ChangesPage {
        page: frame.page("What changed", "", "changes.html"),
        before: &changes.started_before,
        after: &changes.started_after,
        suites: vec![
            ("before", suite(&changes.suite_before), grouped(changes.assertions[0])),
            ("now", suite(&changes.suite_after), grouped(changes.assertions[1])),
        ],
        same_suite: changes.suite_before == changes.suite_after,
        kinds: ChangeKind::ALL.into_iter().map(ChangeKind::name).collect(),
        rows,
        groups,
        vanished: changes.engines_vanished.iter().map(|engine| engine.id.to_string()).collect(),
        appeared: changes.engines_appeared.iter().map(|engine| engine.id.to_string()).collect(),
    };
    pages.put("changes.html", &page)
}

fn share(counts: &Counts) -> String {
    format!("{}/{} ({})", grouped(counts.passed()), grouped(counts.asked()), percent(counts.passed(), counts.asked()))
}

fn row(frame: &Frame<'_>, change: &Change) -> ChangeRow {
    let state = |state: Option<SuiteState>| match state {
        Some(state) => (state.letter(), sign(state), state.name()),
        None => ('N', "·", "absent"),
    };
    let address = match frame.record.files.iter().position(|file| file.file.path == change.file) {
        Some(file) => {
            let assertions = &frame.record.files[file].file.assertions;
            match assertions.iter().position(|assertion| assertion.id == change.id) {
                Some(position) if frame.is_shown(file, position) => frame.address(file, &change.id),
                _ => format!("files/{}.html", frame.files[file]),
            }
        }
        None => String::new(),
    };
    ChangeRow {
        file: super::breakable(&change.file),
        address,
        line: change.line,
        command: change.command.clone(),
        before: state(change.before),
        after: state(change.after),
    }
}
