//! `wassay engines probe`: what an engine can do by its own account, and how it does in the kit.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::time::{Duration, Instant};

use console::style;
use wassay_adapter::kit::{self, KitResult, KitVerdict};
use wassay_model::{Bound, Capabilities, Capture, EngineId, EngineName, Feature, Limits, TestCase};

use crate::args::{Probe, TableFormat};
use crate::exit::{Exit, Failure, OrExit as _};
use crate::lineup;

/// How long an engine may take to open, in milliseconds.
const START_DEADLINE_MS: u32 = 60_000;
/// How long a case of the kit may take, in milliseconds.
const KIT_DEADLINE_MS: u32 = 30_000;
/// How often it is said how far the kit has come: engines that are programs for one case each take minutes.
const WORD_EVERY: Duration = Duration::from_secs(10);

/// How one engine did.
#[derive(serde::Serialize)]
struct Report {
    name: EngineName,
    /// None where it does not start.
    #[serde(skip_serializing_if = "Option::is_none")]
    outcome: Option<Outcome>,
    /// Why it does not start, or could not be asked any more.
    #[serde(skip_serializing_if = "Option::is_none")]
    trouble: Option<String>,
}

#[derive(serde::Serialize)]
struct Outcome {
    #[serde(flatten)]
    id: EngineId,
    capabilities: Capabilities,
    counts: Counts,
    by_group: BTreeMap<&'static str, Counts>,
    cases: Vec<Case>,
}

/// Cases of the kit by what came of them.
#[derive(Clone, Copy, Default, serde::Serialize)]
struct Counts {
    passed: u32,
    failed: u32,
    /// The engine lacks a feature, or does not count its steps.
    declined: u32,
    /// Nothing is wrong, but not everything could be seen.
    blind: u32,
    /// The time was up.
    #[serde(skip_serializing_if = "is_zero")]
    skipped: u32,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for it")]
const fn is_zero(count: &u32) -> bool {
    *count == 0
}

#[derive(serde::Serialize)]
struct Case {
    name: &'static str,
    group: &'static str,
    verdict: &'static str,
    /// What was expected and what was seen, or what is lacking.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    lines: Vec<String>,
}

#[derive(serde::Serialize)]
struct Document {
    schema: &'static str,
    engines: Vec<Report>,
}

impl Counts {
    fn add(&mut self, verdict: &KitVerdict) {
        match verdict {
            KitVerdict::Passed => self.passed += 1,
            KitVerdict::Failed(_) => self.failed += 1,
            KitVerdict::Declined(_) | KitVerdict::Uncounted => self.declined += 1,
            KitVerdict::Skipped => self.skipped += 1,
            KitVerdict::Blind(_) => self.blind += 1,
        }
    }

    fn ran(self) -> u32 {
        self.passed + self.failed + self.blind
    }

    /// A cell of a table: how many of those that ran passed, and what else there was.
    fn cell(self) -> String {
        if self.ran() == 0 {
            return "-".to_owned();
        }
        let mut cell = format!("{}/{}", self.passed, self.ran());
        if self.blind > 0 {
            cell.push_str(&format!(" ({} blind)", self.blind));
        }
        if self.skipped > 0 {
            cell.push_str(&format!(" ({} not asked)", self.skipped));
        }
        cell
    }
}

impl From<KitResult> for Case {
    fn from(result: KitResult) -> Self {
        let (verdict, lines) = match result.verdict {
            KitVerdict::Passed => ("passed", Vec::new()),
            KitVerdict::Failed(lines) => ("failed", lines),
            KitVerdict::Declined(feature) => ("declined", vec![format!("the engine lacks {feature}")]),
            KitVerdict::Uncounted => ("declined", vec!["the engine does not count its steps".to_owned()]),
            KitVerdict::Skipped => ("skipped", Vec::new()),
            KitVerdict::Blind(lines) => ("blind", lines),
        };
        Self { name: result.name, group: result.group, verdict, lines }
    }
}

pub(crate) fn main(args: &Probe) -> Result<Exit, Failure> {
    let names = lineup::engines(&args.names.join(","))?;
    let mut reports = Vec::new();
    let mut out = io::stdout().lock();
    let format = args.format.unwrap_or(TableFormat::Human);
    let one_by_one = format == TableFormat::Human && !args.table;
    for name in names {
        let report = probe(name, args.memory, Duration::from_secs(args.time));
        if one_by_one {
            print(&report, &mut out).or_exit(Exit::CannotWrite)?;
        } else if let Some(trouble) = &report.trouble {
            eprintln!("wassay: {trouble}");
        }
        reports.push(report);
    }
    let exit = if reports.iter().any(|report| report.trouble.is_some()) {
        Exit::EngineUnavailable
    } else if reports
        .iter()
        .filter_map(|report| report.outcome.as_ref())
        .any(|outcome| outcome.counts.failed + outcome.counts.skipped > 0)
    {
        Exit::Found
    } else {
        Exit::Clean
    };
    match format {
        TableFormat::Human if args.table => {
            print_table(&reports, Layout::Columns, &mut out).or_exit(Exit::CannotWrite)?;
        }
        TableFormat::Human => {}
        TableFormat::Markdown => print_table(&reports, Layout::Markdown, &mut out).or_exit(Exit::CannotWrite)?,
        TableFormat::Json => {
            let document = Document { schema: "wassay-engines-probe/1", engines: reports };
            let text = serde_json::to_string_pretty(&document).or_exit(Exit::Internal)?;
            writeln!(out, "{text}").or_exit(Exit::CannotWrite)?;
        }
    }
    Ok(exit)
}

fn probe(name: EngineName, memory_mib: u64, time: Duration) -> Report {
    let trouble = |name, error: String| Report { name, outcome: None, trouble: Some(error) };
    let (mut crew, introduction) = match super::muster(&name, memory_mib, START_DEADLINE_MS) {
        Ok(mustered) => mustered,
        Err(failure) => return trouble(name, format!("{:#}", failure.error)),
    };
    let mut ask = |case: &TestCase, capture: Capture| {
        // What the kit measures is not speed: on a busy machine an endless recursion takes its time.
        let limits = Limits { deadline_ms: KIT_DEADLINE_MS, ..case.limits };
        let case = TestCase { limits, ..case.clone() };
        let mut observations = crew.ask(&case, &[0], capture)?;
        Ok::<_, wassay_child::CrewError>(observations.remove(0))
    };
    let began = Instant::now();
    let mut said = began;
    let mut goes_on = |position: usize, count: usize| {
        if said.elapsed() >= WORD_EVERY {
            said = Instant::now();
            eprintln!("wassay: {name}: {position} of {count} cases of the kit after {} s", began.elapsed().as_secs());
        }
        began.elapsed() < time
    };
    let results = match kit::check_while(&introduction.capabilities, &mut goes_on, &mut ask) {
        Ok(results) => results,
        Err(error) => return trouble(name, error.to_string()),
    };
    let mut counts = Counts::default();
    let mut by_group: BTreeMap<&'static str, Counts> = BTreeMap::new();
    for result in &results {
        counts.add(&result.verdict);
        by_group.entry(result.group).or_default().add(&result.verdict);
    }
    let cases = results.into_iter().map(Case::from).collect();
    let outcome = Outcome { id: introduction.id, capabilities: introduction.capabilities, counts, by_group, cases };
    Report { name, outcome: Some(outcome), trouble: None }
}

fn print(report: &Report, out: &mut impl Write) -> io::Result<()> {
    if let Some(trouble) = &report.trouble {
        writeln!(out, "{}: {} {trouble}", style(&report.name).bold(), style("cannot be asked:").red())?;
    }
    let Some(Outcome { id, capabilities, counts, cases, .. }) = &report.outcome else { return Ok(()) };
    writeln!(out, "{} {}", style(&report.name).bold(), id.version)?;
    let features: Vec<&str> = capabilities.features.iter().map(Feature::name).collect();
    writeln!(out, "  features: {}", if features.is_empty() { "those of 1.0".to_owned() } else { features.join(" ") })?;
    let lacking: Vec<&str> =
        Feature::ALL.iter().filter(|feature| !capabilities.features.contains(**feature)).map(|f| f.name()).collect();
    if !lacking.is_empty() {
        writeln!(out, "  lacking: {}", lacking.join(" "))?;
    }
    let bound = match capabilities.bound {
        Bound::Fuel => "fuel",
        Bound::Kill => "nothing; its process is killed",
    };
    writeln!(out, "  what bounds it: {bound}")?;
    for (what, why) in &capabilities.blind_spots {
        writeln!(out, "  cannot be seen: {what} ({why})")?;
    }
    for case in cases.iter().filter(|case| matches!(case.verdict, "failed" | "blind")) {
        let verdict = match case.verdict {
            "failed" => style(case.verdict).red(),
            verdict => style(verdict).yellow(),
        };
        writeln!(out, "  {verdict}: {}: {}", case.group, case.name)?;
        for line in &case.lines {
            // An engine's words may have several lines.
            writeln!(out, "      {}", line.replace('\n', "\n        "))?;
        }
    }
    let Counts { passed, failed, declined, blind, skipped } = counts;
    writeln!(out, "  kit: {passed} passed, {failed} failed, {declined} declined, {blind} blind")?;
    if *skipped > 0 {
        writeln!(out, "  {skipped} cases were not asked, since the time was up: see --time")?;
    }
    Ok(())
}

/// How a table is set.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Layout {
    Columns,
    Markdown,
}

/// Engines line by line, groups of the kit column by column.
fn print_table(reports: &[Report], layout: Layout, out: &mut impl Write) -> io::Result<()> {
    let mut groups: Vec<&str> = Vec::new();
    for case in kit::cases() {
        if !groups.contains(&case.group) {
            groups.push(case.group);
        }
    }
    let heads = ["engine", "version"].into_iter().chain(groups.iter().copied()).chain(["all", "declined"]);
    let mut rows: Vec<Vec<String>> = vec![heads.map(str::to_owned).collect()];
    for report in reports {
        let mut row = vec![report.name.to_string()];
        match &report.outcome {
            None => row.extend(["does not start".to_owned()].into_iter().chain(groups.iter().map(|_| String::new()))),
            Some(outcome) => {
                row.push(outcome.id.version.clone());
                let counts = |group: &&str| outcome.by_group.get(group).copied().unwrap_or_default().cell();
                row.extend(groups.iter().map(counts));
                row.extend([outcome.counts.cell(), outcome.counts.declined.to_string()]);
            }
        }
        row.resize(rows[0].len(), String::new());
        rows.push(row);
    }
    let widths: Vec<usize> = (0..rows[0].len())
        .map(|column| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0))
        .collect();
    for (position, row) in rows.iter().enumerate() {
        let cells: Vec<String> = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:width$}")).collect();
        match layout {
            Layout::Columns => writeln!(out, "{}", cells.join("  ").trim_end())?,
            Layout::Markdown => writeln!(out, "| {} |", cells.join(" | "))?,
        }
        if position == 0 && layout == Layout::Markdown {
            let rule: Vec<String> = widths.iter().map(|width| "-".repeat(*width)).collect();
            writeln!(out, "| {} |", rule.join(" | "))?;
        }
    }
    Ok(())
}
