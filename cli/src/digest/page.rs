//! What a night amounts to, in the order in which a reader asks.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use wassay_model::run::{Bucket, End, Summary};

use super::{Night, ReducedRow};

/// Of opcodes with cells that were never observed, so many are named; `ledger.json` has all cells.
const OPCODES_SHOWN: usize = 20;
/// The quantile of the normal distribution for a bound on one side, with 95 % confidence.
const QUANTILE: f64 = 1.645;

pub(super) fn page(night: &Night) -> String {
    let mut text = String::new();
    // Writing to a string cannot fail.
    let _ = head(&mut text, night)
        .and_then(|()| denominators(&mut text, &night.summary))
        .and_then(|()| throughput(&mut text, &night.summary))
        .and_then(|()| coverage(&mut text, night))
        .and_then(|()| not_looked_at(&mut text, night))
        .and_then(|()| divergences(&mut text, night))
        .and_then(|()| triage(&mut text, night))
        .and_then(|()| risk(&mut text, &night.summary))
        .and_then(|()| health(&mut text, night));
    text
}

type Written = std::fmt::Result;

fn head(out: &mut String, night: &Night) -> Written {
    let manifest = &night.summary.manifest;
    let end = match night.summary.end {
        End::Complete => "all cases are done",
        End::Time => "the time was up",
        End::Signal => "a signal ended it",
    };
    writeln!(out, "# Wassay, seed {}, profile {}\n", manifest.seed, manifest.profile)?;
    let alarms = night.alarms();
    if alarms.is_empty() {
        writeln!(out, "**Quiet.** Nothing new; {end}.\n")?;
    } else {
        writeln!(out, "**To look at:** {}; {end}.\n", alarms.join("; "))?;
    }
    let engines: Vec<String> =
        manifest.engines.iter().map(|engine| format!("{} ({})", engine.name, engine.version)).collect();
    writeln!(out, "Engines: {}. Wassay {}.", engines.join(", "), manifest.program)?;
    if manifest.shards > 1 {
        writeln!(out, "\nThis is part {} of {}, counted from 0.", manifest.shard, manifest.shards)?;
    }
    Ok(())
}

fn denominators(out: &mut String, summary: &Summary) -> Written {
    let tally = &summary.tally;
    writeln!(out, "\n## Denominators\n")?;
    writeln!(out, "| What | Count | Share |\n|---|---:|---:|")?;
    let valid = tally.cases - tally.refused_modules.min(tally.cases);
    row(out, "cases drawn", tally.cases, tally.cases)?;
    row(out, "cases whose modules the reference takes", valid, tally.cases)?;
    row(out, "calls planned", tally.calls, tally.calls)?;
    row(out, "calls compared", tally.calls_compared, tally.calls)?;
    row(out, "calls that returned a value on two engines or more", tally.calls_with_values, tally.calls)?;
    let made = tally.outcomes.values().sum();
    for (outcome, count) in by_count(&tally.outcomes) {
        row(out, &format!("calls on the reference: {outcome}"), count, made)?;
    }
    row(out, "calls that trapped within 100 instructions", tally.calls_trapped_early, made)?;

    writeln!(out, "\n| Engine | One case in | Asked | Finished | Declined | Timed out | Crashed | Other |")?;
    writeln!(out, "|---|---:|---:|---:|---:|---:|---:|---:|")?;
    for lineup in &summary.manifest.lineup {
        let name = lineup.engine.to_string();
        let Some(engine) = tally.engines.get(&name) else {
            writeln!(out, "| {name} | {} | 0 | - | - | - | - | - |", lineup.every)?;
            continue;
        };
        let of = |part: &str| -> u64 {
            engine.endings.iter().filter(|(word, _)| word.starts_with(part)).map(|(_, count)| count).sum()
        };
        let parts = [of("finished"), of("declined"), of("timed-out"), of("crashed")];
        let other = engine.endings.values().sum::<u64>() - parts.iter().sum::<u64>();
        let [finished, declined, late, crashed] = parts;
        let every = lineup.every;
        writeln!(
            out,
            "| {name} | {every} | {} | {finished} | {declined} | {late} | {crashed} | {other} |",
            engine.asked
        )?;
    }
    Ok(())
}

fn throughput(out: &mut String, summary: &Summary) -> Written {
    let (tally, times) = (&summary.tally, &summary.times);
    let lane_seconds = (times.lanes_ns as f64 / 1e9).max(1e-9);
    writeln!(out, "\n## Throughput\n")?;
    writeln!(
        out,
        "{:.0} s on {} lanes: {:.0} cases and {:.0} compared calls that returned a value, each a second and lane. \
         Engines took {} of the lanes' time, generation {}, comparing {}, tracing {}.\n",
        times.wall_ns as f64 / 1e9,
        times.lanes,
        tally.cases as f64 / lane_seconds,
        tally.calls_with_values as f64 / lane_seconds,
        share(times.engines_ns(), times.lanes_ns),
        share(times.generate_ns, times.lanes_ns),
        share(times.judge_ns, times.lanes_ns),
        share(times.trace_ns, times.lanes_ns),
    )?;
    writeln!(
        out,
        "| Engine | Cases | Mean, us a case | Load | Instantiate | Invoke |\n|---|---:|---:|---:|---:|---:|"
    )?;
    for (engine, (timing, cases)) in &times.engines {
        let each = |part: u64| part.checked_div(*cases).unwrap_or_default() / 1000;
        writeln!(
            out,
            "| {engine} | {cases} | {} | {} | {} | {} |",
            each(timing.total_ns()),
            each(timing.load_ns),
            each(timing.instantiate_ns),
            each(timing.invoke_ns),
        )?;
    }
    Ok(())
}

fn coverage(out: &mut String, night: &Night) -> Written {
    writeln!(out, "\n## Coverage\n")?;
    let Some(ledger) = &night.ledger else {
        return writeln!(out, "The run has no `ledger.json`: nothing can be said.");
    };
    let (observed, all) = night.summary.cells;
    writeln!(
        out,
        "{observed} of {all} known cells were executed and observed on {} engines or more; one case in {} is traced.",
        ledger.engines_min, ledger.every
    )?;
    let mut opcodes: BTreeMap<&str, (u64, u64)> = BTreeMap::new();
    for name in &ledger.never {
        opcodes.entry(opcode(name)).or_default().0 += 1;
    }
    let mut once = 0;
    for (name, count) in &ledger.observed {
        opcodes.entry(opcode(name)).or_default().1 += 1;
        once += u64::from(*count == 1);
    }
    let blank: Vec<&str> = opcodes.iter().filter(|(_, (_, seen))| *seen == 0).map(|(opcode, _)| *opcode).collect();
    let grouped = grouped(&blank).join(", ");
    writeln!(out, "\n**Opcodes of which nothing was observed, {}:** {}.\n", blank.len(), or_none(grouped))?;
    let mut rows: Vec<(&str, (u64, u64))> =
        opcodes.into_iter().filter(|(_, (never, seen))| *never * *seen > 0).collect();
    rows.sort_by(|a, b| b.1.0.cmp(&a.1.0).then(a.0.cmp(b.0)));
    if !rows.is_empty() {
        writeln!(out, "| Opcode | Cells never observed | Observed |\n|---|---:|---:|")?;
        for (opcode, (never, seen)) in rows.iter().take(OPCODES_SHOWN) {
            writeln!(out, "| `{opcode}` | {never} | {seen} |")?;
        }
        if rows.len() > OPCODES_SHOWN {
            writeln!(
                out,
                "\n{} more opcodes have such cells; `ledger.json` names every cell.",
                rows.len() - OPCODES_SHOWN
            )?;
        }
    }
    writeln!(out, "\n{once} cells were observed in one case only.")
}

/// Opcodes in few words: those with all but their last part in common stand together where they are several.
fn grouped(opcodes: &[&str]) -> Vec<String> {
    let mut groups: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for opcode in opcodes {
        let (group, last) = opcode.rsplit_once('.').unwrap_or((opcode, ""));
        groups.entry(group).or_default().push(last);
    }
    let name = |group: &str, last: &str| if last.is_empty() { group.to_owned() } else { format!("{group}.{last}") };
    let mut words = Vec::new();
    for (group, members) in groups {
        if members.len() > 3 {
            words.push(format!("`{group}.*` ({})", members.len()));
        } else {
            words.extend(members.iter().map(|last| format!("`{}`", name(group, last))));
        }
    }
    words
}

/// A cell's opcode: what stands before the number of the operand.
fn opcode(cell: &str) -> &str {
    cell.split_once(':').map_or(cell, |(opcode, _)| opcode)
}

fn not_looked_at(out: &mut String, night: &Night) -> Written {
    let summary = &night.summary;
    writeln!(out, "\n## Not looked at\n")?;
    for (engine, why) in &summary.times.set_aside {
        writeln!(out, "- **{engine} was set aside**, and not asked from then on: {}.", cell(why))?;
    }
    let names = &summary.switched_off;
    if names.is_empty() {
        return writeln!(
            out,
            "The run does not say what was switched off: a program from before there was a list made it."
        );
    }
    writeln!(
        out,
        "{} things are switched off on purpose for these engines; `fuzz/switched-off.toml` has the reasons.\n",
        names.len()
    )?;
    writeln!(out, "| Name | What does not happen | What looks at it instead | Until |\n|---|---|---|---|")?;
    for name in names {
        match night.switched_off.iter().find(|row| row.name == *name) {
            Some(row) => {
                let instead = row.instead.as_deref().unwrap_or("nothing");
                writeln!(out, "| {name} | {} | {} | {} |", cell(&row.what), cell(instead), row.expires)?;
            }
            None => writeln!(out, "| {} | unknown to this program | - | - |", cell(name))?,
        }
    }
    Ok(())
}

fn divergences(out: &mut String, night: &Night) -> Written {
    let summary = &night.summary;
    let tally = &summary.tally;
    writeln!(out, "\n## Divergences\n")?;
    writeln!(out, "| What | Count |\n|---|---:|")?;
    for ruling in ["diverge", "allowed", "inconclusive", "agree"] {
        let count = tally.rulings.get(ruling).copied().unwrap_or_default();
        writeln!(out, "| cases ruled `{ruling}` | {count} |")?;
    }
    for (reason, count) in by_count(&tally.reasons) {
        writeln!(out, "| differences allowed or left open: {} | {count} |", cell(reason))?;
    }
    writeln!(out, "| steps behind a horizon, not judged | {} |", tally.unjudged_steps)?;
    let hits = |buckets: &[&Bucket]| buckets.iter().map(|bucket| bucket.hits).sum::<u64>();
    let (known, new): (Vec<&Bucket>, Vec<&Bucket>) =
        summary.buckets.iter().partition(|bucket| night.issues_of(&bucket.name).is_some());
    writeln!(out, "| findings of known buckets | {} in {} |", hits(&known), known.len())?;
    writeln!(out, "| **findings of new buckets** | **{} in {}** |", hits(&new), new.len())?;
    let flaky: u64 = summary.buckets.iter().map(|bucket| bucket.flaky).sum();
    writeln!(out, "| flaky findings | {flaky} |")
}

fn triage(out: &mut String, night: &Night) -> Written {
    writeln!(out, "\n## Triage\n")?;
    let buckets = &night.summary.buckets;
    if buckets.is_empty() {
        return writeln!(out, "No finding.");
    }
    if night.reduced.is_none() {
        writeln!(out, "Nothing was reduced, so no bucket can be held against the known issues.\n")?;
    }
    writeln!(out, "| Bucket | First case | Hits | Flaky | Known as | Bytes | Reduced in | Reproducer |")?;
    writeln!(out, "|---|---:|---:|---:|---|---:|---:|---|")?;
    // What is new comes first.
    let mut rows: Vec<(bool, &Bucket)> =
        buckets.iter().map(|bucket| (night.issues_of(&bucket.name).is_some(), bucket)).collect();
    rows.sort_by_key(|(known, bucket)| (*known, bucket.first_case));
    for (_, bucket) in &rows {
        let known = night.issues_of(&bucket.name).map_or_else(|| "**new**".to_owned(), |issues| issues.join(", "));
        // The smallest speaks for its bucket.
        let shown = night.reduced_of(&bucket.name).filter(|row| row.folder.is_some()).min_by_key(|row| row.bytes.1);
        let (bytes, seconds, folder) = match shown {
            Some(ReducedRow { bytes: (before, after), seconds, folder, .. }) => (
                format!("{before} to {after}"),
                format!("{seconds:.1} s"),
                night.below(folder.as_deref().unwrap_or_default()),
            ),
            None if night.reduced_of(&bucket.name).next().is_some() => ("-".into(), "-".into(), "gone".to_owned()),
            None => ("-".into(), "-".into(), format!("not reduced: {}", bucket.folder)),
        };
        writeln!(
            out,
            "| {} | {} | {} | {} | {known} | {bytes} | {seconds} | {} |",
            cell(&bucket.name),
            bucket.first_case,
            bucket.hits,
            bucket.flaky,
            cell(&folder)
        )?;
    }
    writeln!(out)?;
    for (known, bucket) in rows {
        if !known {
            writeln!(out, "- `{}`: {}", bucket.name, cell(&bucket.explanation))?;
        }
    }
    Ok(())
}

fn risk(out: &mut String, summary: &Summary) -> Written {
    writeln!(out, "\n## Residual risk\n")?;
    let n = summary.tally.cases;
    if n == 0 {
        return writeln!(out, "No case was drawn.");
    }
    let Missing { f1, f2, mass, bound } = missing(n, summary.buckets.iter().map(|bucket| bucket.hits));
    let buckets = summary.buckets.len();
    writeln!(
        out,
        "Cases are drawn without looking at what earlier ones did, so counts of buckets say what is left: n = {n} \
         cases, {buckets} buckets, f1 = {f1} seen once, f2 = {f2} seen twice. The next case falls into a bucket that \
         was never seen with a probability of {mass:.2e} (Good and Turing's f1/n), below {bound:.2e} with 95 % \
         confidence{}. This holds of this profile and these engines, and of what the judge can see.",
        if buckets == 0 { " (3/n, since nothing was found)" } else { "" }
    )?;
    if summary.manifest.lineup.iter().any(|row| row.every > 1) {
        writeln!(out, "\nOf engines that are asked for one case in N, n is smaller by up to that factor.")?;
    }
    Ok(())
}

/// The share of cases that fall into buckets that were not seen yet.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Missing {
    f1: u64,
    f2: u64,
    /// The estimate: f1/n.
    mass: f64,
    /// What it is below with 95 % confidence.
    bound: f64,
}

/// The estimate of Good and Turing, with Esty's variance (Annals of Statistics 11, 1983), and never below the rule of
/// three.
fn missing(n: u64, hits: impl Iterator<Item = u64>) -> Missing {
    let (mut f1, mut f2) = (0, 0);
    for hits in hits {
        f1 += u64::from(hits == 1);
        f2 += u64::from(hits == 2);
    }
    let (once, twice, all) = (f1 as f64, f2 as f64, n as f64);
    let mass = (once / all).min(1.0);
    let deviation = (once * (1.0 - mass) + 2.0 * twice).sqrt() / all;
    let bound = (mass + QUANTILE * deviation).max(3.0 / all).min(1.0);
    Missing { f1, f2, mass, bound }
}

fn health(out: &mut String, night: &Night) -> Written {
    writeln!(out, "\n## Health\n")?;
    match &night.canaries {
        None => writeln!(out, "- Canaries: none were planted in this run.")?,
        Some(score) => {
            for row in &score.profiles {
                let last =
                    row.found.values().max().map_or_else(String::new, |case| format!(", the last in case {case}"));
                writeln!(
                    out,
                    "- Canaries in {}: {} of {} found{last}; {} cases.",
                    row.profile,
                    row.found.len(),
                    row.found.len() + row.missed.len(),
                    row.cases_made
                )?;
                if !row.missed.is_empty() {
                    writeln!(out, "- **Canaries not found:** {}.", row.missed.join(", "))?;
                }
            }
        }
    }
    let restarts = &night.summary.times.restarts;
    let restarts: Vec<String> = restarts.iter().map(|(word, count)| format!("{word} {count}")).collect();
    writeln!(out, "- Workers started again: {}.", or_none(restarts.join(", ")))?;
    writeln!(
        out,
        "- Lost answers: {} in the {} cases of whole chunks (must be 0).",
        night.lost.answers, night.lost.cases
    )?;
    let Some(replayed) = &night.regressions else {
        return writeln!(out, "- Regressions: not replayed.");
    };
    let mut states: BTreeMap<String, u64> = BTreeMap::new();
    for row in &replayed.rows {
        *states.entry(row.state.clone()).or_default() += 1;
    }
    let states: Vec<String> = by_count(&states).into_iter().map(|(state, count)| format!("{count} {state}")).collect();
    writeln!(out, "- Regressions replayed: {} ({}).", replayed.rows.len(), or_none(states.join(", ")))?;
    for row in replayed.rows.iter().filter(|row| row.is_red()) {
        let known = if row.known.is_empty() { String::new() } else { format!(" [{}]", row.known.join(", ")) };
        writeln!(out, "  - **{}** `{}`{known}: {}", row.state, row.name, cell(&row.words))?;
    }
    Ok(())
}

fn row(out: &mut String, what: &str, part: u64, whole: u64) -> Written {
    writeln!(out, "| {} | {part} | {} |", cell(what), share(part, whole))
}

fn share(part: u64, whole: u64) -> String {
    if whole == 0 { "-".to_owned() } else { format!("{:.1} %", part as f64 / whole as f64 * 100.0) }
}

fn or_none(text: String) -> String {
    if text.is_empty() { "none".to_owned() } else { text }
}

/// The most frequent first.
fn by_count(counts: &BTreeMap<String, u64>) -> Vec<(&str, u64)> {
    let mut rows: Vec<(&str, u64)> = counts.iter().map(|(word, count)| (word.as_str(), *count)).collect();
    rows.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(b.0)));
    rows
}

/// Text that fits into one cell of a table: engines choose some of these words.
fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace(['\n', '\r'], " ").replace('<', "&lt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn missing_mass_is_the_share_of_buckets_seen_once() {
        let Missing { f1, f2, mass, bound } = missing(1000, [1, 1, 2, 7].into_iter());
        assert_eq!((f1, f2), (2, 1));
        assert!((mass - 0.002).abs() < 1e-12);
        // sqrt(2 * 0.998 + 2) = 1.99900
        assert!((bound - (0.002 + 1.645 * 1.999_00 / 1000.0)).abs() < 1e-6, "{bound}");
    }

    #[test]
    fn without_a_finding_the_rule_of_three_bounds_the_missing_mass() {
        let found = missing(300, std::iter::empty());
        assert_eq!((found.mass, found.bound), (0.0, 0.01));
        // Buckets that were seen often leave no more certainty than that.
        assert_eq!(missing(300, [50].into_iter()).bound, 0.01);
    }

    #[test]
    fn a_probability_is_at_most_one() {
        assert_eq!(missing(1, [1, 1].into_iter()).bound, 1.0);
    }

    #[test]
    fn opcodes_of_one_kind_stand_together() {
        let opcodes = ["i32.a.b", "i32.a.c", "i32.a.d", "i32.a.e", "i32.b", "select"];
        assert_eq!(grouped(&opcodes), ["`i32.b`", "`i32.a.*` (4)", "`select`"]);
    }

    #[test]
    fn words_of_engines_do_not_leave_their_cell() {
        assert_eq!(cell("a | b\n<script>"), "a \\| b &lt;script>");
    }
}
