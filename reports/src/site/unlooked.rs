//! What was not looked at: nobody should take silence for success.

use std::collections::BTreeMap;

use askama::Template;
use wassay_model::suite::{SuiteForm, SuiteState};

use super::text::{grouped, sign};
use super::{Engine, Frame, Page, Pages, SiteError, breakable};

#[derive(Template)]
#[template(path = "unlooked.html")]
struct Unlooked<'a> {
    page: Page<'a>,
    text: String,
    files: Vec<(String, String, String, &'a str)>,
    engines: Vec<EngineReasons<'a>>,
    missing: Vec<(&'a str, &'a str)>,
}

struct EngineReasons<'a> {
    engine: &'a Engine,
    total: String,
    rows: Vec<Reason>,
    blind: Vec<(&'a str, &'a str)>,
}

struct Reason {
    letter: char,
    sign: &'static str,
    state: &'static str,
    count: u64,
    text: String,
    reason: String,
    /// In how many files.
    files: String,
}

pub(super) fn page(frame: &Frame<'_>, pages: &mut Pages) -> Result<(), SiteError> {
    let record = frame.record;
    let text = record
        .files
        .iter()
        .flat_map(|file| &file.file.assertions)
        .filter(|assertion| assertion.form == SuiteForm::Text)
        .count();
    let files = record
        .files
        .iter()
        .zip(&frame.files)
        .filter_map(|(file, slug)| {
            let reason = file.file.skipped.as_deref()?;
            Some((breakable(&file.file.path), slug.clone(), grouped(file.file.assertions.len() as u64), reason))
        })
        .collect();
    let engines = (0..frame.engines.len()).map(|column| reasons(frame, column)).collect();
    let missing = frame
        .engines
        .iter()
        .zip(record.engines())
        .filter_map(|(engine, told)| Some((engine.title.as_str(), told.trouble.as_deref()?)))
        .collect();
    let page = Unlooked {
        page: frame.page("What was not looked at", "", "not-looked-at.html"),
        text: grouped(text as u64),
        files,
        engines,
        missing,
    };
    pages.put("not-looked-at.html", &page)
}

fn reasons<'a>(frame: &'a Frame<'_>, column: usize) -> EngineReasons<'a> {
    let record = frame.record;
    let mut counted: BTreeMap<(SuiteState, String), (u64, u64)> = BTreeMap::new();
    for file in &record.files {
        let mut here: BTreeMap<(SuiteState, String), u64> = BTreeMap::new();
        for (position, state) in file.answers[column].states.iter().enumerate() {
            if matches!(state, SuiteState::Skip | SuiteState::Unsupported) {
                *here.entry((*state, record.reason(file, column, position))).or_default() += 1;
            }
        }
        for (key, count) in here {
            let sums = counted.entry(key).or_default();
            sums.0 += count;
            sums.1 += 1;
        }
    }
    let total: u64 = counted.values().map(|(count, _)| count).sum();
    let mut rows: Vec<Reason> = counted
        .into_iter()
        .map(|((state, reason), (count, files))| Reason {
            letter: state.letter(),
            sign: sign(state),
            state: state.name(),
            count,
            text: grouped(count),
            reason,
            files: grouped(files),
        })
        .collect();
    rows.sort_by_key(|row| std::cmp::Reverse(row.count));
    let blind = record.engines()[column]
        .capabilities
        .iter()
        .flat_map(|capabilities| &capabilities.blind_spots)
        .map(|(word, reason)| (word.as_str(), reason.as_str()))
        .collect();
    EngineReasons { engine: &frame.engines[column], total: grouped(total), rows, blind }
}
