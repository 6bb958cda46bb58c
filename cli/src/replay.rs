//! `wassay replay`: findings and regressions again, on chosen engines.

use std::io::Write as _;

use console::style;
use wassay_judge::explain;
use wassay_model::{Ending, EngineId, Finding, Party, Signature};

use crate::args::{Format, Replay};
use crate::exit::{Exit, Failure, OrExit as _};
use crate::lineup;
use crate::reduce::LOOKS;
use crate::reduce::jury::{Judged, Jury, is_same, with_expectation};
use crate::reduce::known::{self, Known};
use crate::reduce::subject::{self, Subject};

/// What became of a finding, worst last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
enum State {
    /// Nothing diverges, though something did.
    Gone,
    /// Nothing diverges, as it should be.
    Pass,
    /// It is still there, and a known issue accounts for it.
    Known,
    /// An engine that was to be asked cannot be, or declined the case.
    EngineMissing,
    /// The case cannot be read.
    Unreadable,
    /// A row of known issues says that an engine fails it, and no such failure is seen.
    Stale,
    /// It is still there.
    Still,
    /// Something diverges, with another signature.
    Changed,
}

#[derive(Debug, serde::Serialize)]
struct Row {
    name: String,
    state: State,
    /// The issues that account for it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    known: Vec<String>,
    /// The signatures seen now.
    signatures: Vec<Signature>,
    /// In words: what diverges, or why nothing can be said.
    words: String,
}

#[derive(Debug, serde::Serialize)]
struct Document {
    schema: &'static str,
    rows: Vec<Row>,
}

pub(crate) fn main(args: &Replay) -> Result<Exit, Failure> {
    let known = known::read(&known::today()?)?;
    let mut rows = Vec::new();
    for path in &args.paths {
        for subject in subject::read_all(path)? {
            rows.push(match subject {
                Ok(subject) => row(&subject, args, &known)?,
                Err(failure) => Row {
                    name: path.display().to_string(),
                    state: State::Unreadable,
                    known: Vec::new(),
                    signatures: Vec::new(),
                    words: format!("{:#}", failure.error),
                },
            });
        }
    }
    let has = |state| rows.iter().any(|row: &Row| row.state == state);
    let exit = match () {
        () if has(State::Still) || has(State::Changed) || has(State::Stale) => Exit::Found,
        () if has(State::Unreadable) => Exit::BadInput,
        () if has(State::EngineMissing) => Exit::EngineUnavailable,
        () => Exit::Clean,
    };
    let mut out = std::io::stdout().lock();
    match Format::or_fitting(args.format) {
        Format::Json => {
            let document = Document { schema: "wassay-replay/1", rows };
            let text = serde_json::to_string_pretty(&document).or_exit(Exit::Internal)?;
            writeln!(out, "{text}").or_exit(Exit::CannotWrite)?;
        }
        Format::Human => print(&rows, &mut out).or_exit(Exit::CannotWrite)?,
    }
    Ok(exit)
}

fn print(rows: &[Row], out: &mut impl std::io::Write) -> std::io::Result<()> {
    for row in rows {
        let state = format!("{:15}", word(row.state));
        let state = match row.state {
            State::Gone | State::Pass => style(state).green(),
            State::Known | State::EngineMissing => style(state).yellow(),
            State::Still | State::Changed | State::Stale | State::Unreadable => style(state).red(),
        };
        let known = if row.known.is_empty() { String::new() } else { format!(" [{}]", row.known.join(", ")) };
        writeln!(out, "{state} {}{known}", style(&row.name).bold())?;
        if !row.words.is_empty() {
            writeln!(out, "    {}", row.words)?;
        }
    }
    let count = |state| rows.iter().filter(|row| row.state == state).count();
    let all = [
        State::Still,
        State::Changed,
        State::Stale,
        State::Known,
        State::Gone,
        State::Pass,
        State::EngineMissing,
        State::Unreadable,
    ];
    let counts: Vec<String> = all
        .into_iter()
        .filter(|state| count(*state) > 0)
        .map(|state| format!("{} {}", count(state), word(state)))
        .collect();
    writeln!(out, "{} replayed: {}", rows.len(), counts.join(", "))
}

const fn word(state: State) -> &'static str {
    match state {
        State::Gone => "gone",
        State::Pass => "pass",
        State::Known => "known",
        State::EngineMissing => "engine missing",
        State::Unreadable => "unreadable",
        State::Still => "still there",
        State::Changed => "changed",
        State::Stale => "known no longer",
    }
}

fn row(subject: &Subject, args: &Replay, known: &Known) -> Result<Row, Failure> {
    let mut row = Row {
        name: subject.name(),
        state: State::Pass,
        known: Vec::new(),
        signatures: Vec::new(),
        words: String::new(),
    };
    let engines = match (&args.engines, subject.engines()) {
        (Some(list), _) => with_expectation(lineup::engines(list)?),
        (None, engines) if engines.is_empty() => lineup::engines("default")?,
        (None, engines) => engines,
    };
    let mut jury = match Jury::new(&engines, 1, args.memory) {
        Ok(jury) => jury,
        Err(Failure { exit: Exit::EngineUnavailable, error }) => {
            row.state = State::EngineMissing;
            row.words = format!("{error:#}");
            return Ok(row);
        }
        Err(failure) => return Err(failure),
    };
    let judged = match &subject.finding {
        // What flickers is gone only when it was looked for as often as it was before it was written down.
        Some(Finding { confirmed: (times, of), .. }) => {
            jury.judge_until_seen(&subject.case, if times < of { LOOKS } else { 1 })?
        }
        None => jury.judge(&subject.case)?,
    };
    row.signatures.clone_from(&judged.signatures);
    // A finding's opcodes are those of its reduction; of a script all may be what matters.
    let opcodes = match &subject.finding {
        Some(finding) => known::matched(&subject.case, &finding.signature.skeleton),
        None => wassay_triage::opcodes(&subject.case),
    };
    for signature in &mut row.signatures {
        signature.skeleton.clone_from(&opcodes);
    }
    row.state = state(subject, &judged, known, &mut row);
    if judged.signatures.is_empty() && subject.finding.is_some() {
        let declined = judged.observations.iter().filter(|seen| matches!(seen.ending, Ending::Declined(_)));
        let missing: Vec<String> = declined.map(|seen| format!("{} {}", seen.engine.name, seen.ending)).collect();
        if !missing.is_empty() {
            row.state = State::EngineMissing;
            row.words = missing.join(", ");
        }
    } else if !judged.signatures.is_empty() {
        row.words = explain(&judged.verdict, &subject.case);
    } else if let Some(failure) = failed_line(subject, &judged) {
        // Engines may agree and all be wrong: a script says itself what is right.
        row.state = State::Still;
        row.words = failure;
    }
    stale(subject, &judged, known, &mut row);
    Ok(row)
}

/// A row of known issues that its own script no longer shows must not go on accounting for other findings.
fn stale(subject: &Subject, judged: &Judged, known: &Known, row: &mut Row) {
    if subject.script.is_none() || row.state > State::Known {
        return;
    }
    let answered: Vec<&EngineId> = judged
        .observations
        .iter()
        .filter(|seen| !matches!(seen.ending, Ending::Declined(_)))
        .map(|seen| &seen.engine)
        .collect();
    let gone: Vec<&str> = known
        .shown_by(&row.name, &answered)
        .into_iter()
        .filter(|issue| !row.known.contains(&issue.name))
        .map(|issue| issue.name.as_str())
        .collect();
    if !gone.is_empty() {
        row.state = State::Stale;
        row.words = format!(
            "fuzz/known has {} for a version that was asked, and this script does not show it: take the row out, or \
             end its range of versions",
            gone.join(", ")
        );
    }
}

/// The first line of a script that an engine fails.
fn failed_line(subject: &Subject, judged: &Judged) -> Option<String> {
    let script = subject.script.as_ref()?;
    judged.observations.iter().find_map(|observation| {
        let results = wassay_runner::evaluate(script, observation);
        let failed = results.into_iter().find(|result| result.state == wassay_runner::State::Fail)?;
        let engine = &observation.engine;
        Some(format!("{engine}, line {}: expected {}, and it {}", failed.line, failed.expected, failed.actual))
    })
}

fn state(subject: &Subject, judged: &Judged, known: &Known, row: &mut Row) -> State {
    if row.signatures.is_empty() {
        return if subject.finding.is_some() { State::Gone } else { State::Pass };
    }
    let engines: Vec<&EngineId> = judged.observations.iter().map(|seen| &seen.engine).collect();
    let mut all_known = true;
    for signature in &row.signatures {
        // Engines that break in the same way may have unlike reasons.
        for party in &signature.parties {
            let alone = Signature { parties: vec![Party::clone(party)], ..signature.clone() };
            match known.of_signature(&alone, &engines) {
                Some(issue) if !row.known.contains(&issue.name) => row.known.push(issue.name.clone()),
                Some(_) => {}
                None => all_known = false,
            }
        }
    }
    let recorded = subject.finding.as_ref().map(|finding| &finding.signature);
    match recorded {
        _ if all_known => State::Known,
        Some(recorded) if !judged.signatures.iter().any(|found| is_same(found, recorded)) => State::Changed,
        _ => State::Still,
    }
}
