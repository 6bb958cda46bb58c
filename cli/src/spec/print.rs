//! The end of a run, for people.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::Path;

use console::style;
use wassay_model::suite::{SuiteEnd, SuiteForm, SuiteGroup, SuiteManifest, SuiteState};

use super::lanes::Outcome;

/// Files with red assertions that are printed, assertions of each, and characters of a line.
const FILES_MAX: usize = 20;
const ASSERTIONS_MAX: usize = 5;
const LINE_MAX: usize = 160;

/// What a run amounts to.
#[derive(Default)]
pub(crate) struct Summary {
    /// Files that were selected.
    pub(crate) files: u64,
    pub(crate) assertions: u64,
    /// Of these, those of other editions of the core.
    editions: u64,
    /// Of these, those of our own scripts.
    additions: u64,
    /// Of these, those of quoted text.
    texts: u64,
    pub(crate) end: SuiteEnd,
    /// The files that do not parse, in words.
    pub(crate) broken: Vec<String>,
    /// By engine.
    pub(crate) vacuous: BTreeMap<String, u64>,
    /// Files that were skipped as a whole, by reason.
    skipped: BTreeMap<String, u64>,
    /// By file.
    red: Vec<(String, Vec<Red>)>,
}

struct Red {
    line: u32,
    kind: String,
    engine: String,
    state: SuiteState,
    words: String,
}

impl Summary {
    pub(crate) fn new(manifest: &SuiteManifest) -> Self {
        let mut summary = Self::default();
        for engine in &manifest.engines {
            summary.end.totals.insert(engine.id.name.to_string(), BTreeMap::new());
        }
        summary
    }

    pub(crate) fn add(&mut self, outcome: Outcome) {
        super::count(&mut self.end, &outcome);
        let Outcome { file, broken, results, relaxed, vacuous } = outcome;
        let count = file.assertions.len() as u64;
        self.files += 1;
        self.assertions += count;
        match file.group() {
            SuiteGroup::Official => {}
            SuiteGroup::Edition => self.editions += count,
            SuiteGroup::Addition => self.additions += count,
        }
        self.texts += file.assertions.iter().filter(|assertion| assertion.form == SuiteForm::Text).count() as u64;
        match (broken, file.skipped) {
            (Some(words), _) => self.broken.push(words),
            (None, Some(why)) => *self.skipped.entry(why).or_default() += 1,
            (None, None) => {}
        }
        self.end.relaxed.extend(relaxed);
        for (engine, count) in vacuous {
            *self.vacuous.entry(engine).or_default() += count;
        }
        let mut red = Vec::new();
        for result in &results {
            for detail in &result.details {
                let position = detail.assertion as usize;
                // Every letter is one byte.
                let letter = result.states.as_bytes().get(position).copied().map(char::from);
                let state = letter.and_then(SuiteState::of_letter);
                let (Some(state), Some(assertion)) = (state, file.assertions.get(position)) else { continue };
                if state.is_red() {
                    red.push(Red {
                        line: assertion.line,
                        kind: assertion.kind.clone(),
                        engine: result.engine.to_string(),
                        state,
                        words: match state {
                            SuiteState::Unexpected => detail.reason.clone(),
                            _ => format!("expected {}, and it {}", detail.expected, detail.actual),
                        },
                    });
                }
            }
        }
        if !red.is_empty() {
            red.sort_by(|a, b| (a.line, &a.engine).cmp(&(b.line, &b.engine)));
            self.red.push((file.path, red));
        }
    }
}

/// Prints what was run, a table of engines and states, what is red, and what engines chose.
pub(crate) fn print(
    summary: &Summary,
    manifest: &SuiteManifest,
    vacuity: bool,
    record: Option<&Path>,
    out: &mut impl Write,
) -> io::Result<()> {
    let heading = |text: &str| style(text.to_owned()).bold();
    let suite = &manifest.suite;
    writeln!(
        out,
        "{} {} {}: {} files, {} assertions ({} of other editions of the core, which \
         repeat much; {} of our own scripts; {} of quoted text, which ask no engine) in {:.1} s",
        heading("Suite"),
        suite.name,
        suite.version,
        summary.files,
        summary.assertions,
        summary.editions,
        summary.additions,
        summary.texts,
        summary.end.elapsed_ms as f64 / 1000.0,
    )?;
    for (why, files) in &summary.skipped {
        writeln!(out, "  {files} files were not run: {why}")?;
    }
    for words in &summary.broken {
        writeln!(out, "  {} {words}", style("cannot be read:").red())?;
    }
    table(summary, manifest, out)?;
    red(summary, out)?;
    if !summary.end.relaxed.is_empty() {
        relaxed(summary, out)?;
    }
    if vacuity {
        writeln!(out, "{}", heading("Passing assertions that pass with a broken expectation too"))?;
        for engine in &manifest.engines {
            let name = engine.id.name.to_string();
            writeln!(out, "  {name}: {}", summary.vacuous.get(&name).copied().unwrap_or_default())?;
        }
    }
    match record {
        Some(path) => writeln!(out, "{} {}", heading("Record"), path.display()),
        None => writeln!(out, "{} ended by a signal before it was complete: there is no record", style("Run").red()),
    }
}

fn table(summary: &Summary, manifest: &SuiteManifest, out: &mut impl Write) -> io::Result<()> {
    let mut rows: Vec<Vec<String>> = vec![["engine", "version"].map(str::to_owned).to_vec()];
    rows[0].extend(SuiteState::ALL.iter().map(|state| state.name().to_owned()));
    rows[0].push("text".to_owned());
    for engine in &manifest.engines {
        let name = engine.id.name.to_string();
        let counts = summary.end.totals.get(&name);
        let mut row = vec![name, engine.id.version.clone()];
        for state in SuiteState::ALL {
            let count = counts.and_then(|counts| counts.get(&state)).copied().unwrap_or_default();
            // Text has a column of its own.
            let count = if state == SuiteState::Skip { count.saturating_sub(summary.texts) } else { count };
            row.push(if count == 0 { "-".to_owned() } else { count.to_string() });
        }
        row.push(summary.texts.to_string());
        rows.push(row);
    }
    let widths: Vec<usize> = (0..rows[0].len())
        .map(|column| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or_default())
        .collect();
    for (number, row) in rows.iter().enumerate() {
        let mut line = String::from(" ");
        for (column, (cell, width)) in row.iter().zip(&widths).enumerate() {
            let padded = if column < 2 { format!("{cell:width$}") } else { format!("{cell:>width$}") };
            let is_red = column >= 2 && SuiteState::ALL.get(column - 2).is_some_and(|state| state.is_red());
            line.push(' ');
            match (number, is_red && cell != "-") {
                (0, _) => line.push_str(&style(padded).bold().to_string()),
                (_, true) => line.push_str(&style(padded).red().to_string()),
                (_, false) => line.push_str(&padded),
            }
        }
        writeln!(out, "{line}")?;
    }
    for engine in &manifest.engines {
        if let Some(trouble) = &engine.trouble {
            writeln!(out, "  {} was not asked: {trouble}", engine.id.name)?;
        }
    }
    Ok(())
}

fn red(summary: &Summary, out: &mut impl Write) -> io::Result<()> {
    if summary.red.is_empty() {
        return writeln!(out, "{}", style("Nothing is red").green().bold());
    }
    writeln!(out, "{}", style("Red").red().bold())?;
    for (path, reds) in summary.red.iter().take(FILES_MAX) {
        writeln!(out, "  {} ({})", style(path).bold(), reds.len())?;
        for red in reds.iter().take(ASSERTIONS_MAX) {
            let words = red.words.replace('\n', " ");
            let shown: String = words.chars().take(LINE_MAX).collect();
            let more = if shown.len() < words.len() { " ..." } else { "" };
            writeln!(out, "    line {} {}: {} {}: {shown}{more}", red.line, red.kind, red.engine, red.state.name())?;
        }
        if reds.len() > ASSERTIONS_MAX {
            writeln!(out, "    and {} more", reds.len() - ASSERTIONS_MAX)?;
        }
    }
    if summary.red.len() > FILES_MAX {
        writeln!(out, "  and {} more files", summary.red.len() - FILES_MAX)?;
    }
    Ok(())
}

/// Engines that chose alike share a line.
fn relaxed(summary: &Summary, out: &mut impl Write) -> io::Result<()> {
    writeln!(out, "{}", style("Choices of relaxed vector instructions").bold())?;
    let parameters = summary.end.relaxed.first().map(|engine| engine.choices.len()).unwrap_or_default();
    for position in 0..parameters {
        let mut groups: Vec<(String, Vec<String>)> = Vec::new();
        let mut parameter = "";
        for engine in &summary.end.relaxed {
            let Some(choice) = engine.choices.get(position) else { continue };
            parameter = &choice.parameter;
            let index = choice.index.map_or_else(|| "-".to_owned(), |index| index.to_string());
            let what = format!("{index} {}", choice.meaning);
            match groups.iter_mut().find(|(known, _)| *known == what) {
                Some((_, engines)) => engines.push(engine.engine.to_string()),
                None => groups.push((what, vec![engine.engine.to_string()])),
            }
        }
        for (what, engines) in groups {
            writeln!(out, "  {parameter:12} {what} [{}]", engines.join(", "))?;
        }
    }
    Ok(())
}
