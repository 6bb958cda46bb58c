//! The static site: pages that need nothing but themselves, one style sheet and one small script, and work from a
//! folder as well as from a server.

mod changes;
mod chart;
mod engine;
mod file;
mod front;
mod history;
pub(crate) mod text;
mod unlooked;

use std::collections::BTreeMap;

use wassay_model::suite::{SuiteGroup, SuiteState};

use crate::diff::Changes;
use crate::record::Record;
use crate::tally::{Counts, Tally};
use text::{anchor, grouped, sign, slugs};

const STYLE: &str = include_str!("../../templates/style.css");
const SCRIPT: &str = include_str!("../../templates/table.js");

/// Why a site cannot be made.
#[derive(Debug, thiserror::Error)]
#[error("the page {page} cannot be rendered: {source}; this is a fault of the program")]
pub struct SiteError {
    page: String,
    source: askama::Error,
}

/// What a site is made of.
#[derive(Clone, Copy, Debug)]
pub struct Site<'a> {
    /// The record that it shows.
    pub record: &'a Record,
    /// What changed since another one.
    pub changes: Option<&'a Changes>,
    /// Earlier records, in any order.
    pub history: &'a [Record],
    /// Other files of the report: what they are called, and where they are from the front page.
    pub formats: &'a [(String, String)],
}

/// The pages by their paths.
///
/// # Errors
/// A template cannot be rendered.
pub fn site(site: &Site<'_>) -> Result<BTreeMap<String, String>, SiteError> {
    let record = site.record;
    let names: Vec<String> = record.engines().iter().map(|engine| engine.id.name.to_string()).collect();
    let paths: Vec<String> = record.files.iter().map(|file| file.file.path.clone()).collect();
    let frame = Frame {
        record,
        tally: Tally::new(record),
        engines: record
            .engines()
            .iter()
            .zip(slugs(&names))
            .map(|(engine, slug)| Engine {
                name: engine.id.name.to_string(),
                version: beyond_name(engine.id.name.version.as_deref(), &engine.id.version).to_owned(),
                title: engine.id.to_string(),
                slug,
            })
            .collect(),
        files: slugs(&paths),
        shown: file::shown(record),
        has_changes: site.changes.is_some(),
        has_history: !site.history.is_empty() || history::has_versions(record),
        formats: site.formats,
    };
    let mut pages = Pages::default();
    pages.text("style.css", STYLE.to_owned());
    pages.text("table.js", SCRIPT.to_owned());
    front::pages(&frame, &mut pages)?;
    engine::pages(&frame, &mut pages)?;
    file::pages(&frame, &mut pages)?;
    unlooked::page(&frame, &mut pages)?;
    if let Some(changes) = site.changes {
        changes::page(&frame, changes, &mut pages)?;
    }
    if frame.has_history {
        history::page(&frame, site.history, &mut pages)?;
    }
    Ok(pages.0)
}

/// What a version says beyond the version in the engine's name: `V8 14.6` of `26.1.0 (V8 14.6)`.
fn beyond_name<'a>(named: Option<&str>, version: &'a str) -> &'a str {
    match named.and_then(|named| version.strip_prefix(named)) {
        Some(rest) if !rest.starts_with(|c: char| c.is_ascii_digit() || c == '.') => {
            let rest = rest.trim();
            rest.strip_prefix('(').and_then(|inner| inner.strip_suffix(')')).unwrap_or(rest)
        }
        _ => version,
    }
}

#[derive(Default)]
struct Pages(BTreeMap<String, String>);

impl Pages {
    fn put(&mut self, path: &str, template: &impl askama::Template) -> Result<(), SiteError> {
        let text = template.render().map_err(|source| SiteError { page: path.to_owned(), source })?;
        self.text(path, text);
        Ok(())
    }

    fn text(&mut self, path: &str, text: String) {
        self.0.insert(path.to_owned(), text);
    }
}

/// What all pages share.
struct Frame<'a> {
    record: &'a Record,
    tally: Tally,
    engines: Vec<Engine>,
    /// The name of each file's page.
    files: Vec<String>,
    /// By file, the positions of the assertions that its page shows in full.
    shown: Vec<Vec<usize>>,
    has_changes: bool,
    has_history: bool,
    formats: &'a [(String, String)],
}

/// An engine as pages name it.
struct Engine {
    name: String,
    /// Empty where the name has it.
    version: String,
    title: String,
    slug: String,
}

impl Engine {
    /// The name with places where it may break, escaped.
    fn breakable(&self) -> String {
        breakable(&self.name)
    }
}

/// A name that may break before what is not a letter, escaped for HTML.
fn breakable(name: &str) -> String {
    let mut text = String::new();
    for c in name.chars() {
        match c {
            '&' => text.push_str("&amp;"),
            '<' => text.push_str("&lt;"),
            '>' => text.push_str("&gt;"),
            '"' => text.push_str("&quot;"),
            '@' | '+' | '/' | '-' | '_' => {
                text.push_str("<wbr>");
                text.push(c);
            }
            _ => text.push(c),
        }
    }
    text
}

/// The head and the foot of a page.
struct Page<'a> {
    title: String,
    /// The way from the page to the front page.
    root: &'static str,
    links: Vec<Link>,
    gaps: &'a [String],
    foot: String,
    formats: &'a [(String, String)],
}

/// A link of the navigation.
struct Link {
    path: &'static str,
    text: &'static str,
    here: bool,
}

impl<'a> Frame<'a> {
    fn page(&self, title: impl Into<String>, root: &'static str, here: &str) -> Page<'a> {
        let link = |path: &'static str, text: &'static str| Link { path, text, here: path == here };
        let mut links = vec![
            link("index.html", "Overview"),
            link("files.html", "Files"),
            link("not-looked-at.html", "Not looked at"),
        ];
        if self.has_changes {
            links.push(link("changes.html", "Changes"));
        }
        if self.has_history {
            links.push(link("history.html", "History"));
        }
        let manifest = &self.record.manifest;
        Page {
            title: title.into(),
            root,
            links,
            gaps: &self.record.gaps,
            foot: format!(
                "{} {} · {} · wassay {} on {}",
                manifest.suite.name, manifest.suite.version, manifest.started, manifest.program, manifest.machine
            ),
            formats: self.formats,
        }
    }

    /// Whether the page of a file shows an assertion in full.
    fn is_shown(&self, file: usize, position: usize) -> bool {
        self.shown[file].binary_search(&position).is_ok()
    }

    /// The address of an assertion from the front page.
    fn address(&self, file: usize, id: &str) -> String {
        format!("files/{}.html#{}", self.files[file], anchor(&self.record.files[file].file.path, id))
    }
}

/// A cell that says how an engine did on something.
struct Cell {
    letter: char,
    sign: &'static str,
    main: String,
    /// What is not a pass, in words.
    rest: String,
    /// What a table is sorted by: the share of passes in ten thousandths, failures before what was not asked.
    key: u64,
}

impl Cell {
    fn new(counts: &Counts) -> Self {
        let Some(worst) = counts.worst() else {
            return Self { letter: 'N', sign: "", main: String::new(), rest: String::new(), key: 0 };
        };
        let rest: Vec<String> = counts
            .present()
            .filter(|(state, _)| *state != SuiteState::Pass)
            .map(|(state, count)| format!("{}\u{a0}{}", grouped(count), state.name()))
            .collect();
        let (main, rest) = if counts.asked() == 0 {
            // Nothing was asked: the state's name alone says more than a zero.
            (worst.name().to_owned(), if rest.len() > 1 { rest.join(", ") } else { String::new() })
        } else if counts.passed() == counts.total() {
            (grouped(counts.total()), rest.join(", "))
        } else {
            (format!("{}/{}", grouped(counts.passed()), grouped(counts.total())), rest.join(", "))
        };
        let key = if counts.asked() == 0 { 0 } else { 1 + counts.passed() * 10_000 / counts.total().max(1) };
        // A few passes beside hundreds that were never asked are no green cell.
        let unasked = [SuiteState::Unsupported, SuiteState::Skip].into_iter().max_by_key(|state| counts.get(*state));
        let shown = match (worst, unasked) {
            (SuiteState::Pass, Some(state)) if counts.get(state) > counts.passed() => state,
            _ => worst,
        };
        Self { letter: shown.letter(), sign: sign(shown), main, rest, key }
    }
}

/// The name of a proposal's row.
fn proposal_name(group: SuiteGroup, proposal: &str) -> String {
    match group {
        SuiteGroup::Official => proposal.to_owned(),
        SuiteGroup::Edition => format!("{proposal} (other edition)"),
        SuiteGroup::Addition => format!("{proposal} (ours)"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_said_once() {
        for (named, version, rest) in [
            (Some("26.1.0"), "26.1.0 (V8 14.6)", "V8 14.6"),
            (Some("26.1.0"), "26.1.0", ""),
            (Some("26.1"), "26.1.0 (V8 14.6)", "26.1.0 (V8 14.6)"),
            (None, "48.0.8", "48.0.8"),
            (Some("2.5"), "Firefox 2.5", "Firefox 2.5"),
        ] {
            assert_eq!(beyond_name(named, version), rest, "{version}");
        }
    }

    #[test]
    fn a_few_passes_beside_much_that_is_unsupported_are_no_green_cell() {
        let mut states = vec![SuiteState::Unsupported; 782];
        states.push(SuiteState::Pass);
        let cell = Cell::new(&Counts::of(&states));
        assert_eq!((cell.letter, cell.sign), ('U', "–"));
        assert_eq!(cell.main, "1/783");
        states.push(SuiteState::Fail);
        assert_eq!(Cell::new(&Counts::of(&states)).letter, 'F', "a failure is seen in any case");
        assert_eq!(Cell::new(&Counts::of(&[SuiteState::Pass, SuiteState::Pass, SuiteState::Skip])).letter, 'P');
    }
}
