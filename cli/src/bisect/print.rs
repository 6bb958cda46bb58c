//! What was run, and what came of it.

use std::io::{self, Write};

use console::style;

use super::{Change, Document, Outcome, State};
use crate::args::Format;
use crate::exit::{Exit, Failure, OrExit as _};

pub(crate) fn print(document: &Document, format: Format) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    match format {
        Format::Json => {
            let text = serde_json::to_string_pretty(document).or_exit(Exit::Internal)?;
            writeln!(out, "{text}").or_exit(Exit::CannotWrite)
        }
        Format::Human => human(document, &mut out).or_exit(Exit::CannotWrite),
    }
}

pub(crate) const fn word(state: State) -> &'static str {
    match state {
        State::Good => "good",
        State::Bad => "bad",
        State::Skip => "skipped",
    }
}

fn human(document: &Document, out: &mut impl Write) -> io::Result<()> {
    let Document { finding, releases, first, last, runs, seconds, .. } = document;
    writeln!(out, "{finding}: {releases} releases, {first} to {last}")?;
    for row in &document.rows {
        let state = format!("{:7}", word(row.state));
        let state = match row.state {
            State::Good => style(state).green(),
            State::Bad => style(state).red(),
            State::Skip => style(state).yellow(),
        };
        let run = row.run.map(|run| format!("run {run}")).unwrap_or_else(|| "not run".to_owned());
        let words = if row.words.is_empty() { String::new() } else { format!(": {}", row.words) };
        writeln!(out, "  {state} {} ({run}){words}", style(&row.engine).bold())?;
    }
    match &document.outcome {
        Outcome::Found { change, before, after, between, further } => {
            let (what, last_one) = match change {
                Change::FirstBad => ("the first bad release", "the last good one"),
                Change::FirstGood => ("the first good release", "the last bad one"),
            };
            writeln!(out, "{} is {what}; {last_one} is {before}", style(after).bold())?;
            if !between.is_empty() {
                let names: Vec<String> = between.iter().map(ToString::to_string).collect();
                writeln!(out, "  those between say nothing, and may be it: {}", names.join(", "))?;
            }
            for (engine, state) in further {
                writeln!(out, "  it changes again: {engine} is {}", word(*state))?;
            }
        }
        Outcome::NoChange { state } => writeln!(
            out,
            "both ends are {}: there is nothing to search between them; name others with --good and --bad, or ask \
             every release with --all",
            word(*state)
        )?,
        Outcome::NothingToSearch => writeln!(out, "fewer than two releases say anything, so nothing can be searched")?,
    }
    writeln!(out, "{runs} runs, {seconds:.1} s")
}
