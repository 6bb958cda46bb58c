//! The end of a comparison, for people and for programs.

use std::io::{self, Write};

use console::style;
use wassay_model::regress::{RegressRecord, Transition, TransitionKind};

use crate::args::Format;
use crate::exit::{Exit, Failure, OrExit as _};

pub(crate) fn print(record: &RegressRecord, format: Format) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    match format {
        Format::Json => {
            let text = serde_json::to_string_pretty(record).or_exit(Exit::Internal)?;
            writeln!(out, "{text}").or_exit(Exit::CannotWrite)
        }
        Format::Human => human(record, &mut out).or_exit(Exit::CannotWrite),
    }
}

fn human(record: &RegressRecord, out: &mut impl Write) -> io::Result<()> {
    writeln!(out, "{} {} to {}", style("From").bold(), record.old, record.new)?;
    for corpus in &record.corpora {
        let passed = |states: &std::collections::BTreeMap<wassay_model::suite::SuiteState, u64>| {
            let all: u64 = states.values().sum();
            format!("{} of {all}", states.get(&wassay_model::suite::SuiteState::Pass).copied().unwrap_or_default())
        };
        let ms = |micros: u64| micros as f64 / 1000.0;
        writeln!(
            out,
            "  {}: {} items; passed {} before, {} now; load {:.1} ms and {:.1} ms, run {:.1} ms and {:.1} ms",
            corpus.name,
            corpus.items,
            passed(&corpus.old),
            passed(&corpus.new),
            ms(corpus.load_micros[0]),
            ms(corpus.load_micros[1]),
            ms(corpus.run_micros[0]),
            ms(corpus.run_micros[1]),
        )?;
    }
    for kind in TransitionKind::ALL {
        let own: Vec<&Transition> = record.transitions.iter().filter(|one| one.kind == kind).collect();
        if own.is_empty() {
            continue;
        }
        let title = format!("{}: {}", kind.name(), own.len());
        writeln!(out, "{}", if kind.is_regression() { style(title).red().bold() } else { style(title).bold() })?;
        for transition in own {
            let line = transition.line.map(|line| format!(", line {line}")).unwrap_or_default();
            let flaky = match transition.is_flaky() {
                true => format!(", flaky ({} of {})", transition.confirmed.0, transition.confirmed.1),
                false => String::new(),
            };
            let known = transition.known.as_ref().map(|known| format!(" [{known}]")).unwrap_or_default();
            writeln!(out, "  {}{line}{flaky}{known}", style(&transition.id).bold())?;
            for (when, state, words) in [
                ("before", transition.before, &transition.before_words),
                ("now", transition.after, &transition.after_words),
            ] {
                let words = if words.is_empty() { String::new() } else { format!(": {words}") };
                writeln!(out, "    {when} {}{words}", state.name())?;
            }
            if kind.is_regression() {
                writeln!(out, "    {}", transition.command)?;
            }
        }
    }
    if !record.left_out.is_empty() {
        writeln!(out, "left out: {}", record.left_out.len())?;
        for left_out in &record.left_out {
            writeln!(out, "  {}: {}", left_out.item, left_out.why)?;
        }
    }
    let SlowerWords(rule) = SlowerWords::of(record);
    match record.transitions.is_empty() {
        true => writeln!(out, "{} ({rule})", style("Nothing changed").green().bold()),
        false => writeln!(out, "{} transitions ({rule})", record.transitions.len()),
    }
}

/// What counts as slower, in words.
struct SlowerWords(String);

impl SlowerWords {
    fn of(record: &RegressRecord) -> Self {
        let rule = &record.slower;
        let floor = rule.floor_micros as f64 / 1000.0;
        Self(format!("slower means by more than {} times and {floor} ms, medians of {} looks", rule.factor, rule.looks))
    }
}
