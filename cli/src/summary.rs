//! The end of a run, for people.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write};
use std::path::Path;

use console::style;
use wassay_generate::Family;
use wassay_model::off::Part;
use wassay_model::run::{End, Ledger, Summary};

/// Of opcodes of which nothing was observed, so many are named.
const OPCODES_SHOWN: usize = 8;

/// Prints what was done, what was compared, what was not looked at, where the time went and what was found.
pub(crate) fn print(
    summary: &Summary,
    switched_off: &BTreeMap<Option<Part>, Vec<String>>,
    folder: &Path,
    out: &mut impl Write,
) -> io::Result<()> {
    let tally = &summary.tally;
    let times = &summary.times;
    let seconds = times.wall_ns as f64 / 1e9;
    let lane_seconds = (times.lanes_ns as f64 / 1e9).max(1e-9);
    let heading = |text: &str| style(text.to_owned()).bold();

    let end = match summary.end {
        End::Complete => "complete",
        End::Time => "time is up",
        End::Signal => "ended by a signal",
    };
    writeln!(out, "{} seed {}, profile {}, {end}", heading("Run"), summary.manifest.seed, summary.manifest.profile)?;
    writeln!(
        out,
        "  {} cases in {seconds:.1} s on {} lanes: {:.0} cases and {:.0} compared calls that returned a value \
         a second and lane",
        tally.cases,
        times.lanes,
        tally.cases as f64 / lane_seconds,
        tally.calls_with_values as f64 / lane_seconds,
    )?;
    // What else cases are told by, summary.json counts: in a mix of families there is too much of it to be read.
    let mut families: Vec<(&str, u64)> =
        Family::ALL.iter().filter_map(|family| Some((family.name(), *tally.traits.get(family.name())?))).collect();
    families.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    let families: Vec<String> =
        families.into_iter().map(|(name, count)| format!("{name} {}", percent(count, tally.cases))).collect();
    let bytes = tally.module_bytes.checked_div(tally.cases).unwrap_or_default();
    writeln!(out, "  modules of {bytes} bytes a case; families: {}", or_none(families.join(", ")))?;

    writeln!(out, "{}", heading("Compared"))?;
    writeln!(
        out,
        "  {} calls planned, {} compared ({}), {} of them returned a value ({}); {} snapshots of the state",
        tally.calls,
        tally.calls_compared,
        percent(tally.calls_compared, tally.calls),
        tally.calls_with_values,
        percent(tally.calls_with_values, tally.calls),
        tally.states,
    )?;
    let mut outcomes: Vec<_> = tally.outcomes.iter().collect();
    outcomes.sort_by(|a, b| b.1.cmp(a.1).then(a.0.cmp(b.0)));
    let calls_seen: u64 = outcomes.iter().map(|(_, count)| **count).sum();
    let outcomes: Vec<String> =
        outcomes.iter().map(|(word, count)| format!("{word} {}", percent(**count, calls_seen))).collect();
    writeln!(out, "  outcomes of calls: {}", or_none(outcomes.join(", ")))?;
    let rulings: Vec<String> = tally.rulings.iter().map(|(word, count)| format!("{word} {count}")).collect();
    writeln!(out, "  cases by ruling: {}", or_none(rulings.join(", ")))?;

    writeln!(out, "{}", heading("Quality gates"))?;
    gate(out, "cases whose modules are valid", tally.cases - tally.refused_modules, tally.cases, 100.0)?;
    let early = tally.calls_trapped_early;
    gate(out, "calls that do not trap within 100 instructions", calls_seen - early.min(calls_seen), calls_seen, 80.0)?;
    gate(out, "calls that returned an observed value", tally.calls_with_values, tally.calls, 60.0)?;
    for (engine, row) in &tally.engines {
        let declined: u64 =
            row.endings.iter().filter(|(ending, _)| ending.starts_with("declined")).map(|(_, count)| count).sum();
        let finished = row.endings.get("finished").copied().unwrap_or_default();
        gate(out, &format!("cases that {engine} finished"), finished, row.asked - declined, 95.0)?;
    }

    writeln!(out, "{}", heading("Ledger"))?;
    let (observed, all) = summary.cells;
    writeln!(
        out,
        "  {observed} of {all} cells (opcode, operand's shape, where the result goes) were executed and observed: \
         {}",
        folder.join("ledger.json").display()
    )?;
    let blank = std::fs::read(folder.join("ledger.json")).ok().and_then(|text| serde_json::from_slice(&text).ok());
    let blank = blank.map_or_else(Vec::new, |ledger: Ledger| blank_opcodes(&ledger));
    if !blank.is_empty() {
        let shown = blank[..blank.len().min(OPCODES_SHOWN)].join(", ");
        let more = if blank.len() > OPCODES_SHOWN { ", ..." } else { "" };
        writeln!(out, "  of {} opcodes nothing was observed: {shown}{more}", blank.len())?;
    }

    writeln!(out, "{}", heading("Not looked at"))?;
    let mut nothing = true;
    for (engine, row) in &tally.engines {
        let rest = endings(&row.endings);
        if !rest.is_empty() {
            nothing = false;
            writeln!(out, "  {engine}: {} of {} cases", rest.join(", "), row.asked)?;
        }
    }
    for row in &summary.manifest.lineup {
        if row.every > 1 {
            nothing = false;
            writeln!(
                out,
                "  {} was asked for one case in {}, and at times where too few others could take it",
                row.engine, row.every
            )?;
        }
    }
    for (engine, why) in &times.set_aside {
        nothing = false;
        writeln!(out, "  {engine} was set aside, and not asked from then on: {why}")?;
    }
    let reasons: Vec<String> = tally.reasons.iter().map(|(word, count)| format!("{word} {count}")).collect();
    if !reasons.is_empty() {
        nothing = false;
        writeln!(out, "  differences allowed or left open: {}", reasons.join(", "))?;
    }
    if tally.unjudged_steps > 0 {
        nothing = false;
        writeln!(out, "  {} steps lie behind a horizon and were not judged", tally.unjudged_steps)?;
    }
    if !summary.switched_off.is_empty() {
        nothing = false;
        writeln!(
            out,
            "  switched off on purpose, each until a day and for a reason (fuzz/switched-off.toml): {}",
            summary.switched_off.len()
        )?;
        for (part, names) in switched_off {
            let part = part.map_or_else(|| "unknown to this program".to_owned(), |part| part.to_string());
            writeln!(out, "    {part}: {}", names.join(", "))?;
        }
    }
    if nothing {
        writeln!(out, "  nothing was left out")?;
    }

    writeln!(out, "{}", heading("Time"))?;
    let share = |part: u64| percent(part, times.lanes_ns);
    let (engines, generation, judge) = (share(times.engines_ns()), share(times.generate_ns), share(times.judge_ns));
    // Engines in processes of their own run beside each other, so their times together may exceed a lane's.
    if times.overhead() < 0.0 {
        writeln!(out, "  engines {engines} (beside each other), generation {generation}, comparing {judge}")?;
    } else {
        let ours = times.overhead() * 100.0;
        writeln!(
            out,
            "  engines {engines}, generation {generation}, ours {ours:.1} % (of it comparing {judge}, tracing {})",
            share(times.trace_ns)
        )?;
        if times.engines_ns() > 0 {
            let over = times.overhead() * times.lanes_ns as f64 / times.engines_ns() as f64 * 100.0;
            writeln!(out, "  ours over the engines' own time: {over:.0} %")?;
        }
    }
    for (engine, (timing, cases)) in &times.engines {
        let each = |part: u64| part.checked_div(*cases).unwrap_or_default() / 1000;
        writeln!(
            out,
            "  {engine}: {} us a case (load {}, instantiate {}, invoke {})",
            each(timing.total_ns()),
            each(timing.load_ns),
            each(timing.instantiate_ns),
            each(timing.invoke_ns),
        )?;
    }
    for (engine, (asked_ns, own_ns, count)) in &times.turns {
        if *own_ns > 0 && *count > 0 {
            let over = (*asked_ns as f64 / *own_ns as f64 - 1.0) * 100.0;
            writeln!(
                out,
                "  {engine}: {} us from a question to its answer, {over:.0} % over its own time",
                asked_ns / count / 1000
            )?;
        }
    }
    let restarts: Vec<String> = times.restarts.iter().map(|(word, count)| format!("{word} {count}")).collect();
    if !restarts.is_empty() {
        writeln!(out, "  workers started again: {}", restarts.join(", "))?;
    }

    if summary.buckets.is_empty() {
        writeln!(out, "{} no finding in {} cases", style("Nothing found:").green().bold(), tally.cases)?;
        if tally.cases > 0 {
            // The rule of three: with no event in n trials, the rate is below 3/n with 95 % confidence.
            writeln!(
                out,
                "  with 95 % confidence, fewer than one case in {} of this profile holds one",
                tally.cases.div_ceil(3)
            )?;
        }
    } else {
        let findings: u64 = summary.buckets.iter().map(|bucket| bucket.hits).sum();
        writeln!(out, "{} {findings} findings in {} buckets", style("Found:").red().bold(), summary.buckets.len())?;
        for bucket in &summary.buckets {
            let flaky = if bucket.flaky > 0 { format!(", {} of them flaky", bucket.flaky) } else { String::new() };
            writeln!(
                out,
                "  {}{} ({} hits{flaky}, first in case {})",
                style(&bucket.name).bold(),
                if summary.is_known(bucket) { " [known]" } else { "" },
                bucket.hits,
                bucket.first_case
            )?;
            writeln!(out, "    {}", bucket.explanation)?;
            let engines: Vec<String> = summary.manifest.lineup.iter().map(|row| row.engine.to_string()).collect();
            writeln!(
                out,
                "    wassay run {} --engines {}",
                folder.join(&bucket.folder).join("case.json").display(),
                engines.join(",")
            )?;
        }
    }
    writeln!(out, "{} {}", heading("Folder"), folder.display())
}

/// The opcodes of which no cell was observed.
fn blank_opcodes(ledger: &Ledger) -> Vec<String> {
    let opcode = |cell: &String| cell.split(':').next().unwrap_or_default().to_owned();
    let seen: BTreeSet<String> = ledger.observed.keys().map(opcode).collect();
    let never: BTreeSet<String> = ledger.never.iter().map(opcode).collect();
    never.difference(&seen).cloned().collect()
}

/// What became of cases that an engine did not finish: what it did first, then how many it declined and for want of
/// what.
fn endings(endings: &BTreeMap<String, u64>) -> Vec<String> {
    let mut words = Vec::new();
    let mut declined: Vec<(&str, u64)> = Vec::new();
    for (ending, count) in endings.iter().filter(|(ending, _)| *ending != "finished") {
        match ending.strip_prefix("declined:") {
            Some(feature) => declined.push((feature, *count)),
            None => words.push(format!("{ending} {count}")),
        }
    }
    declined.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    let all: u64 = declined.iter().map(|(_, count)| count).sum();
    let features: Vec<String> = declined.iter().map(|(feature, count)| format!("{feature} {count}")).collect();
    if all > 0 {
        words.push(format!("declined {all} for want of {}", features.join(", ")));
    }
    words
}

fn gate(out: &mut impl Write, what: &str, part: u64, whole: u64, percent_min: f64) -> io::Result<()> {
    let share = if whole == 0 { 100.0 } else { part as f64 / whole as f64 * 100.0 };
    let word = if share >= percent_min { style("held").green() } else { style("MISSED").red() };
    writeln!(out, "  {word} {share:5.1} % {what} (at least {percent_min:.0} %)")
}

fn percent(part: u64, whole: u64) -> String {
    if whole == 0 {
        return "-".to_owned();
    }
    format!("{:.1} %", part as f64 / whole as f64 * 100.0)
}

fn or_none(text: String) -> String {
    if text.is_empty() { "none".to_owned() } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_opcode_is_blank_if_none_of_its_cells_was_observed() {
        let ledger = Ledger {
            schema: String::new(),
            engines_min: 3,
            every: 8,
            never: ["i32.add:0/i32/param/return", "i32.sub:0/i32/param/return", "i32.sub:1/i32/param/return"]
                .map(str::to_owned)
                .into(),
            observed: BTreeMap::from([("i32.add:1/i32/param/return".to_owned(), 1)]),
        };
        assert_eq!(blank_opcodes(&ledger), ["i32.sub"]);
    }

    #[test]
    fn what_an_engine_declined_is_one_number_with_its_reasons() {
        let row = |pairs: &[(&str, u64)]| pairs.iter().map(|(word, count)| ((*word).to_owned(), *count)).collect();
        assert_eq!(
            endings(&row(&[("finished", 9), ("crashed", 2), ("declined:gc", 3), ("declined:simd", 7)])),
            ["crashed 2", "declined 10 for want of simd 7, gc 3"]
        );
        assert_eq!(endings(&row(&[("finished", 9)])), [""; 0]);
    }
}
