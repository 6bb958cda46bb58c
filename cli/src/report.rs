//! `wassay report`: records in, a folder of pages and machine formats out.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use wassay_reports::{ChangeKind, Changes, Format, PublishError, Record, bundle, conformance, publish};

use crate::args::{Report, ReportFormat};
use crate::exit::{Exit, Failure, OrExit as _};

/// The file of a run's folder that holds its record.
const RECORD: &str = "record.jsonl";
/// Where runs are kept.
const RUNS: &str = "runs";

pub(crate) fn main(report: &Report) -> Result<Exit, Failure> {
    let changes = match report.diff.as_slice() {
        [old, new] => Some((read(old, report.partial)?, read(new, report.partial)?)),
        _ => None,
    };
    let mut left_out = Vec::new();
    let mut record = match (report.records.as_slice(), &changes) {
        ([], Some((_, new))) => new.clone(),
        ([], None) => read(&newest()?, report.partial)?,
        (paths, _) => Record::merge(read_all(paths, report.partial, &mut left_out)?).or_exit(Exit::BadInput)?,
    };
    let history = match report.history.as_slice() {
        [] => Vec::new(),
        paths => read_all(paths, report.partial, &mut left_out)?,
    };
    record.gaps.extend(left_out);
    let changes = changes.map(|(old, new)| Changes::between(&old, &new));
    let formats: Vec<Format> = if report.formats.is_empty() {
        Format::ALL.to_vec()
    } else {
        report.formats.iter().map(|format| format_of(*format)).collect()
    };
    // What is wrong with the page is known before anything is published.
    let page = report.into.as_ref().map(|path| Ok((path, with_table(path, &conformance(&record))?))).transpose()?;
    let files = bundle(&record, &formats, changes.as_ref(), &history).or_exit(Exit::Internal)?;
    publish(&report.out, files.iter().map(|(name, text)| (name.as_str(), text.as_bytes()))).map_err(|error| {
        let exit = match error {
            PublishError::Write { .. } | PublishError::Occupied { .. } => Exit::CannotWrite,
            PublishError::Name { .. } => Exit::Internal,
        };
        Failure::new(exit, error)
    })?;
    if let Some((path, text)) = page {
        fs::write(path, text).or_exit(Exit::CannotWrite)?;
    }
    tell(report, &record, changes.as_ref(), &files).or_exit(Exit::CannotWrite)?;
    Ok(if changes.is_some_and(|changes| changes.has_regression()) { Exit::Found } else { Exit::Clean })
}

/// What a page has around the table.
const BEGIN: &str = "<!-- conformance: begin -->\n";
const END: &str = "<!-- conformance: end -->";

/// A page with another table.
fn with_table(page: &Path, table: &str) -> Result<String, Failure> {
    let text = fs::read_to_string(page)
        .map_err(|error| Failure::new(Exit::BadInput, anyhow::anyhow!("{}: {error}", page.display())))?;
    let around = text.split_once(BEGIN).and_then(|(before, rest)| Some((before, rest.split_once(END)?.1)));
    let Some((before, behind)) = around else {
        let error = anyhow::anyhow!(
            "{}: there is no line `{}` with a line `{END}` behind it, between which the table would stand",
            page.display(),
            BEGIN.trim_end()
        );
        return Err(Failure::new(Exit::BadInput, error));
    };
    Ok(format!("{before}{BEGIN}{table}{END}{behind}"))
}

/// The record in a file or in the folder of a run; one that is not whole only where that was allowed.
fn read(path: &Path, partial: bool) -> Result<Record, Failure> {
    let file = if path.is_dir() { path.join(RECORD) } else { path.to_owned() };
    let record = Record::read(&file).or_exit(Exit::BadInput)?;
    if !record.is_complete() && !partial {
        let gaps = record.gaps.join(" ");
        let error = anyhow::anyhow!(
            "{}: {gaps} Nothing was published; run `wassay spec` again, or allow it with --partial, and every page \
             will say so",
            file.display()
        );
        return Err(Failure::new(Exit::BadInput, error));
    }
    Ok(record)
}

/// Several records. Where what is not whole is allowed, one that cannot be read is left out, which the pages will
/// say, as long as there is another.
fn read_all(paths: &[PathBuf], partial: bool, left_out: &mut Vec<String>) -> Result<Vec<Record>, Failure> {
    let mut records = Vec::with_capacity(paths.len());
    let mut last = None;
    for path in paths {
        match read(path, partial) {
            Ok(record) => records.push(record),
            Err(failure) if partial => {
                eprintln!("wassay: left out: {:#}", failure.error);
                left_out.push(format!("A record was left out: {:#}.", failure.error));
                last = Some(failure);
            }
            Err(failure) => return Err(failure),
        }
    }
    match last {
        Some(failure) if records.is_empty() => Err(failure),
        _ => Ok(records),
    }
}

/// The record of the last run of the suite: their folders are named after the day, and numbered within it.
fn newest() -> Result<PathBuf, Failure> {
    let runs = fs::read_dir(RUNS).into_iter().flatten().flatten().map(|entry| entry.path());
    let key = |path: &PathBuf| {
        let name = path.file_name()?.to_str()?.strip_prefix("spec-")?.to_owned();
        path.join(RECORD).is_file().then(|| age_key(&name))
    };
    runs.filter_map(|path| Some((key(&path)?, path))).max().map(|(_, path)| path).ok_or_else(|| {
        let error =
            anyhow::anyhow!("there is no {RUNS}/spec-*/{RECORD} here: run `wassay spec` first, or name a record");
        Failure::new(Exit::BadInput, error)
    })
}

/// Sorts names by the numbers in them: `2026-11-29-10` comes after `2026-11-29-9`, and that after `2026-11-29`.
fn age_key(name: &str) -> Vec<u64> {
    name.split(|c: char| !c.is_ascii_digit()).filter_map(|part| part.parse().ok()).collect()
}

fn tell(
    report: &Report,
    record: &Record,
    changes: Option<&Changes>,
    files: &std::collections::BTreeMap<String, String>,
) -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    let bytes: usize = files.values().map(String::len).sum();
    writeln!(
        out,
        "{}: {} assertions on {} engines, {} files, {:.1} MB",
        report.out.join(if files.contains_key("index.html") { "index.html" } else { "" }).display(),
        record.assertions(),
        record.engines().len(),
        files.len(),
        bytes as f64 / 1e6
    )?;
    for gap in &record.gaps {
        writeln!(out, "incomplete: {gap}")?;
    }
    if let Some(changes) = changes {
        for kind in ChangeKind::ALL {
            if changes.count(kind) > 0 {
                writeln!(out, "{}: {}", kind.name(), changes.count(kind))?;
            }
        }
    }
    Ok(())
}

fn format_of(format: ReportFormat) -> Format {
    match format {
        ReportFormat::Html => Format::Html,
        ReportFormat::Junit => Format::Junit,
        ReportFormat::Sarif => Format::Sarif,
        ReportFormat::Ctrf => Format::Ctrf,
        ReportFormat::Markdown => Format::Markdown,
        ReportFormat::Badge => Format::Badge,
        ReportFormat::Features => Format::Features,
        ReportFormat::Json => Format::Json,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tenth_run_of_a_day_is_newer_than_the_ninth() {
        let mut names = ["2026-11-29-10", "2026-11-30", "2026-11-29-9", "2026-11-29"];
        names.sort_by_key(|name| age_key(name));
        assert_eq!(names, ["2026-11-29", "2026-11-29-9", "2026-11-29-10", "2026-11-30"]);
    }
}
