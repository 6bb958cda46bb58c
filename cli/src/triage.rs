//! After a campaign: its findings reduced and grouped, and told from issues that are known.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

use wassay_model::Signature;
use wassay_model::run::{Summary, Triage, TriageGroup};
use wassay_triage::Hit;

use crate::args::Reduce;
use crate::exit::{Exit, Failure, OrExit as _};
use crate::reduce::{self, Row, State, folder, known, subject};

/// The folder of reduced findings in a run's folder.
const FOLDER: &str = "reduced";
/// Time for one finding.
const EACH: Duration = Duration::from_secs(30);

/// Reduces a run's findings for at most `time`, and writes what came of it into the run's folder.
pub(crate) fn triage(
    summary: &mut Summary,
    run: &Path,
    time: Duration,
    memory_mib: u64,
    stop: &AtomicBool,
) -> Result<(), Failure> {
    if summary.buckets.is_empty() || time.is_zero() {
        return Ok(());
    }
    let known = known::read(&known::today()?)?;
    let out = run.join(FOLDER);
    let mut subjects = Vec::new();
    let mut waiting: Vec<std::vec::IntoIter<_>> = Vec::new();
    for bucket in &summary.buckets {
        let path = run.join("findings").join(&bucket.name);
        waiting.push(subject::read_all(&path)?.into_iter());
    }
    // One of each bucket, then the next of each: whatever the time allows is spread over them.
    while waiting.iter().any(|bucket| bucket.len() > 0) {
        for bucket in &mut waiting {
            match bucket.next() {
                Some(Ok(subject)) => subjects.push(subject),
                Some(Err(failure)) => eprintln!("wassay: {:#}; the others are reduced", failure.error),
                None => {}
            }
        }
    }
    eprintln!("reducing {} findings into {}", subjects.len(), out.display());
    let args = Reduce {
        paths: Vec::new(),
        engines: None,
        time: EACH.min(time),
        seed: 0,
        attempts: 0,
        jobs: None,
        out: out.clone(),
        memory: memory_mib,
        format: None,
    };
    let rows = reduce::all(&subjects, &args, &known, stop, Some(Instant::now() + time))?;
    let mut triage = Triage { kept: subjects.len() as u64, ..Triage::default() };
    for row in &rows {
        match row.state {
            State::Reduced | State::Stopped => {}
            State::Gone => {
                triage.gone += 1;
                continue;
            }
            State::EngineMissing => continue,
        }
        triage.reduced += 1;
        let bucket = row.name.split('/').next().unwrap_or_default();
        let bucket = triage.buckets.entry(bucket.to_owned()).or_default();
        bucket.reduced += 1;
        if let Some(issue) = &row.known {
            *bucket.known.entry(issue.clone()).or_default() += 1;
        }
    }
    triage.groups = groups(&rows, run);
    summary.triage = Some(triage);
    folder::write_json(&out.join("index.json"), &reduce::Summary::new(rows, 0))?;
    folder::write_json(&run.join("summary.json"), summary)
}

fn groups(rows: &[Row], run: &Path) -> Vec<TriageGroup> {
    let with: Vec<(&Row, &Signature)> = rows.iter().filter_map(|row| Some((row, row.signature.as_ref()?))).collect();
    let hit = |(row, signature): &(&Row, &Signature)| Hit { signature: (*signature).clone(), confirmed: row.confirmed };
    let hits: Vec<Hit> = with.iter().map(hit).collect();
    let made = wassay_triage::group(&hits).into_iter().map(|group| {
        let mut known: BTreeMap<&str, u64> = BTreeMap::new();
        let mut new = None;
        let mut new_count = 0;
        for member in &group.members {
            match &with[*member].0.known {
                Some(issue) => *known.entry(issue).or_default() += 1,
                None => {
                    new.get_or_insert(*member);
                    new_count += 1;
                }
            }
        }
        let shown = with[new.unwrap_or(group.members[0])];
        let folder = shown.0.folder.as_ref().map(|folder| folder.strip_prefix(run).unwrap_or(folder));
        TriageGroup {
            name: group.name,
            hits: group.members.len() as u64,
            flaky: group.flaky as u64,
            known: known.into_keys().map(str::to_owned).collect(),
            new: new_count,
            opcodes: shown.1.skeleton.clone(),
            bytes: shown.0.bytes.1 as u64,
            folder: folder.map(|folder| folder.display().to_string()).unwrap_or_default(),
        }
    });
    let mut groups: Vec<TriageGroup> = made.collect();
    // What is new comes first; the order among them stays.
    groups.sort_by_key(|group| group.new == 0);
    groups
}

/// Prints what the reduction says, for people.
pub(crate) fn print(summary: &Summary, run: &Path, out: &mut impl std::io::Write) -> Result<(), Failure> {
    let Some(triage) = &summary.triage else { return Ok(()) };
    lines(summary, triage, run, out).or_exit(Exit::CannotWrite)
}

fn lines(summary: &Summary, triage: &Triage, run: &Path, out: &mut impl std::io::Write) -> std::io::Result<()> {
    use console::style;
    let known: Vec<_> = summary.buckets.iter().filter(|bucket| summary.is_known(bucket)).collect();
    let hits: u64 = known.iter().map(|bucket| bucket.hits).sum();
    let new = summary.buckets.len() - known.len();
    let left = triage.kept - triage.reduced - triage.gone;
    let left = if left > 0 { format!(", {left} left for want of time or of an engine") } else { String::new() };
    writeln!(
        out,
        "{} {} of {} kept findings reduced, {} gone{left}",
        style("Reduced").bold(),
        triage.reduced,
        triage.kept,
        triage.gone
    )?;
    let mut by_issue: BTreeMap<&str, u64> = BTreeMap::new();
    for (issue, count) in triage.buckets.values().flat_map(|bucket| &bucket.known) {
        *by_issue.entry(issue).or_default() += count;
    }
    for (issue, count) in by_issue {
        writeln!(out, "  {} {issue}: {count}", style("known").yellow())?;
    }
    for group in triage.groups.iter().filter(|group| group.new > 0) {
        let flaky = if group.flaky > 0 { format!(", {} of them flaky", group.flaky) } else { String::new() };
        writeln!(
            out,
            "  {} {} ({} findings{flaky}, {} bytes): {}",
            style("new").red(),
            style(&group.name).bold(),
            group.new,
            group.bytes,
            group.opcodes.join(" ")
        )?;
        writeln!(out, "    {}", run.join(&group.folder).join("report.md").display())?;
    }
    let verdict = format!("{} known buckets with {hits} findings, {new} new buckets", known.len());
    writeln!(out, "  {}", if new == 0 { style(verdict).green() } else { style(verdict).red() })
}

/// Whether anything was found that no known issue accounts for.
pub(crate) fn has_new(summary: &Summary) -> bool {
    summary.buckets.iter().any(|bucket| !summary.is_known(bucket))
}
