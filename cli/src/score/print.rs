//! A score as tables: for people in a terminal, and for the page that keeps it.

use std::io::{self, Write};
use std::path::Path;

use anyhow::anyhow;

use super::{FaultRow, ProfileRow, Score};
use crate::exit::{Exit, Failure, OrExit as _};

const BEGIN: &str = "<!-- score: written by `wassay fuzz --score --write` -->";
const END: &str = "<!-- score: end -->";
/// Within how many cases profiles are compared.
const EARLY: u64 = 5_000;

/// A table for a terminal, and what was not found.
pub(super) fn human(score: &Score, folder: &Path, out: &mut impl Write) -> io::Result<()> {
    let table = table(score);
    let widths: Vec<usize> = (0..table[0].len())
        .map(|column| table.iter().map(|row| row[column].chars().count()).max().unwrap_or(0))
        .collect();
    for row in &table {
        let cells: Vec<String> = row
            .iter()
            .zip(&widths)
            .enumerate()
            .map(|(at, (cell, width))| if at == 0 { format!("{cell:<width$}") } else { format!("{cell:>width$}") })
            .collect();
        writeln!(out, "{}", cells.join("  ").trim_end())?;
    }
    for profile in score.profiles.iter().filter(|profile| is_ours(profile)) {
        writeln!(out, "{}", missed(profile))?;
    }
    if !score.complete {
        writeln!(out, "Not complete: ended by a signal, or cases are left over")?;
    }
    writeln!(out, "Folder {}", folder.display())
}

/// One row a chapter, one column a profile.
fn table(score: &Score) -> Vec<Vec<String>> {
    let mut table = Vec::new();
    let line = |name: &str, cell: &dyn Fn(&ProfileRow) -> String| {
        std::iter::once(name.to_owned()).chain(score.profiles.iter().map(cell)).collect::<Vec<String>>()
    };
    table.push(line("chapter", &|row| row.profile.clone()));
    for chapter in wassay_in_process::planted_chapters() {
        let faults: Vec<&FaultRow> = score.faults.iter().filter(|fault| fault.chapter == chapter).collect();
        if !faults.is_empty() {
            table.push(line(chapter, &|row| {
                let found = faults.iter().filter(|fault| row.found.contains_key(fault.name)).count();
                format!("{found}/{}", faults.len())
            }));
        }
    }
    // What engines really had, apart from what was made up to break each rule.
    let list = |is_in: fn(&FaultRow) -> bool| score.faults.iter().filter(|fault| is_in(fault)).collect();
    let lists: [(&str, Vec<&FaultRow>); 3] = [
        ("made up", list(|fault| fault.model.is_none())),
        ("modelled on bugs", list(|fault| fault.model.is_some())),
        ("of these, held out", list(|fault| fault.held_out)),
    ];
    for (name, faults) in lists {
        if !faults.is_empty() && faults.len() < score.faults.len() {
            table.push(line(name, &|row| {
                let found = faults.iter().filter(|fault| row.found.contains_key(fault.name)).count();
                format!("{found}/{}", faults.len())
            }));
        }
    }
    let all = score.faults.len();
    let share = |found: usize| format!("{:.1} %", found as f64 / all.max(1) as f64 * 100.0);
    table.push(line("all", &|row| format!("{}/{all}", row.found.len())));
    table.push(line("share", &|row| share(row.found.len())));
    table.push(line(&format!("share within {EARLY} cases"), &|row| {
        share(row.found.values().filter(|first| **first < EARLY).count())
    }));
    table
        .push(line("median of the cases needed", &|row| median(row).map_or("-".to_owned(), |cases| cases.to_string())));
    table.push(line("cases", &|row| row.cases_made.to_string()));
    table
}

/// How many cases the middle one of the faults that were found needed.
fn median(row: &ProfileRow) -> Option<u64> {
    let mut firsts: Vec<u64> = row.found.values().copied().collect();
    firsts.sort_unstable();
    firsts.get(firsts.len() / 2).map(|first| first + 1)
}

/// What plain wasm-smith misses is most of it; `score.json` has the list.
fn is_ours(row: &ProfileRow) -> bool {
    !row.profile.starts_with("plain")
}

fn missed(row: &ProfileRow) -> String {
    if row.missed.is_empty() {
        return format!("{} found all", row.profile);
    }
    format!("{} did not find: {}", row.profile, row.missed.join(", "))
}

/// Whether the page has room for a score.
pub(super) fn check_markers(page: &Path) -> Result<(), Failure> {
    let text = std::fs::read_to_string(page).or_exit(Exit::BadInput)?;
    parts(page, &text).map(|_| ())
}

/// What stands before the score and behind it.
fn parts<'a>(page: &Path, text: &'a str) -> Result<(&'a str, &'a str), Failure> {
    let found = text.split_once(BEGIN).and_then(|(before, rest)| Some((before, rest.split_once(END)?.1)));
    found.ok_or_else(|| {
        Failure::new(Exit::BadInput, anyhow!("{} has no lines `{BEGIN}` and `{END}` for a score", page.display()))
    })
}

/// Puts the score between the two markers of a page.
pub(super) fn write_page(page: &Path, score: &Score) -> Result<(), Failure> {
    let text = std::fs::read_to_string(page).or_exit(Exit::BadInput)?;
    let (before, after) = parts(page, &text)?;
    let mut lines = Vec::new();
    for (at, row) in table(score).iter().enumerate() {
        lines.push(format!("| {} |", row.join(" | ")));
        if at == 0 {
            lines.push(format!(
                "|{}|",
                ["---"].into_iter().chain(row.iter().skip(1).map(|_| "---:")).collect::<Vec<_>>().join("|")
            ));
        }
    }
    lines.push(String::new());
    lines.push(format!("Seed {}, version {}, {} faults.", score.seed, score.program, score.faults.len()));
    for profile in score.profiles.iter().filter(|profile| is_ours(profile)) {
        lines.push(String::new());
        lines.push(missed(profile) + ".");
    }
    let text = format!("{before}{BEGIN}\n\n{}\n\n{END}{after}", lines.join("\n"));
    std::fs::write(page, text).or_exit(Exit::CannotWrite)
}
