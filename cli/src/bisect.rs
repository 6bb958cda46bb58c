//! `wassay bisect`: the first released version of an engine that shows a finding, or that does not any more.

mod print;
mod search;

use std::time::Instant;

use anyhow::anyhow;
use wassay_child::Crew;
use wassay_fleet::by_age;
use wassay_judge::REFERENCE;
use wassay_model::suite::SuiteState;
use wassay_model::{EngineName, Signature};

use crate::args::{Bisect, Format};
use crate::corpus::{Item, Mark};
use crate::exit::{Exit, Failure, OrExit as _};
use crate::reduce::subject::{self, Subject};
use crate::{lineup, regress};
use search::{Answer, Found, search};

/// What a release did.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub(crate) struct Row {
    pub(crate) engine: EngineName,
    pub(crate) state: State,
    /// What was seen, or why nothing was.
    pub(crate) words: String,
    /// In which run, from 1; none where it was not asked.
    pub(crate) run: Option<u32>,
}

/// What a release says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum State {
    /// It does what is expected.
    Good,
    /// It shows the finding.
    Bad,
    /// It says neither: it cannot be installed or started, declines, or differs in another way.
    Skip,
}

#[derive(Debug, serde::Serialize)]
pub(crate) struct Document {
    pub(crate) schema: &'static str,
    pub(crate) finding: String,
    pub(crate) engine: EngineName,
    /// How many releases were to be searched, and the first and the last of them.
    pub(crate) releases: usize,
    pub(crate) first: EngineName,
    pub(crate) last: EngineName,
    /// What was asked, the oldest release first.
    pub(crate) rows: Vec<Row>,
    /// How often engines were asked; the two ends are asked together.
    pub(crate) runs: u32,
    pub(crate) seconds: f64,
    #[serde(flatten)]
    pub(crate) outcome: Outcome,
}

/// What came of it.
#[derive(Clone, Debug, serde::Serialize)]
#[serde(tag = "outcome", rename_all = "kebab-case")]
pub(crate) enum Outcome {
    /// From one release to the next, but for those between that say nothing, the behaviour changes.
    Found {
        /// What the later one is.
        change: Change,
        /// The last one as it was.
        before: EngineName,
        /// The first one as it is.
        after: EngineName,
        /// Those between, which say nothing.
        between: Vec<EngineName>,
        /// Further changes, where more releases were asked than a search takes.
        further: Vec<(EngineName, State)>,
    },
    /// The ends do the same, so there is nothing to search between them.
    NoChange {
        /// What both do.
        state: State,
    },
    /// Fewer than two releases say anything.
    NothingToSearch,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Change {
    /// The later one is the first that shows the finding.
    FirstBad,
    /// The later one is the first that does not show it any more.
    FirstGood,
}

pub(crate) fn main(args: &Bisect) -> Result<Exit, Failure> {
    let began = Instant::now();
    let subject = one_subject(args)?;
    let finding = subject.name();
    let target = Target {
        signature: subject.finding.as_ref().map(|finding| finding.signature.clone()),
        item: Item::of_subject(subject),
    };
    let releases = releases(args)?;
    let (Some(first), Some(last)) = (releases.first().cloned(), releases.last().cloned()) else {
        return Err(Failure::new(Exit::Usage, anyhow!("there is no release of {} to search", args.engine)));
    };
    let mut bench = Bench { args, target, rows: Vec::new(), runs: 0 };
    let outcome = match args.all {
        true => bench.every(&releases)?,
        false => bench.search(&releases)?,
    };
    let mut rows = bench.rows;
    let age = |name: &EngineName| releases.iter().position(|other| other == name);
    rows.sort_by_key(|row| age(&row.engine));
    let document = Document {
        schema: "wassay-bisect/1",
        finding,
        engine: args.engine.clone(),
        releases: releases.len(),
        first,
        last,
        rows,
        runs: bench.runs,
        seconds: began.elapsed().as_secs_f64(),
        outcome,
    };
    print::print(&document, Format::or_fitting(args.format))?;
    Ok(match document.outcome {
        Outcome::Found { .. } => Exit::Clean,
        Outcome::NoChange { .. } => Exit::BadInput,
        Outcome::NothingToSearch => Exit::EngineUnavailable,
    })
}

fn one_subject(args: &Bisect) -> Result<Subject, Failure> {
    let mut subjects = subject::read_all(&args.path)?;
    if subjects.len() > 1 {
        let error = anyhow!(
            "{} holds {} findings; a search is for one: give the folder of one, or a file",
            args.path.display(),
            subjects.len()
        );
        return Err(Failure::new(Exit::Usage, error));
    }
    subjects.pop().unwrap_or_else(|| Err(Failure::new(Exit::BadInput, anyhow!("there is nothing to search for"))))
}

/// The releases to search, the oldest first.
fn releases(args: &Bisect) -> Result<Vec<EngineName>, Failure> {
    if let Some(version) = &args.engine.version {
        let error = anyhow!("--engine names an engine without a version; {version} may be an end: --good or --bad");
        return Err(Failure::new(Exit::Usage, error));
    }
    let of = |version: &str| EngineName { version: Some(version.to_owned()), ..args.engine.clone() };
    let mut all: Vec<EngineName> = if !args.versions.is_empty() {
        args.versions.iter().map(|version| of(version)).collect()
    } else if args.install {
        let fleet = lineup::fleet()?;
        fleet
            .releases(&args.engine, &mut |progress| {
                crate::engines::show(&args.engine, progress);
            })
            .or_exit(Exit::EngineUnavailable)?
    } else {
        // Nobody asked for the network.
        let here = lineup::installed(&lineup::fleet()?)?.into_iter().filter(|name| name.name == args.engine.name);
        here.filter_map(|name| name.version).map(|version| of(&version)).collect()
    };
    all.extend(lineup::linked_versions(&args.engine.name).iter().map(|version| of(version)));
    let text = |name: &EngineName| name.version.clone().unwrap_or_default();
    all.sort_by(|one, other| by_age(&text(one), &text(other)));
    all.dedup();
    let ends: Vec<&String> = args.good.iter().chain(&args.bad).collect();
    for end in &ends {
        if !all.iter().any(|name| name.version.as_ref() == Some(end)) {
            if !args.versions.is_empty() {
                let error = anyhow!("{end} is not among --versions");
                return Err(Failure::new(Exit::Usage, error));
            }
            all.push(of(end));
        }
    }
    all.sort_by(|one, other| by_age(&text(one), &text(other)));
    let place = |end: &&String| all.iter().position(|name| name.version.as_ref() == Some(*end));
    let places: Vec<usize> = ends.iter().filter_map(place).collect();
    let (from, to) = match (&args.good, &args.bad) {
        (Some(_), Some(_)) => (places.iter().min().copied(), places.iter().max().copied()),
        // The other end is the oldest one: what is good now and was bad is searched with both ends given.
        (None, Some(_)) => (Some(0), places.first().copied()),
        (Some(_), None) => (places.first().copied(), Some(all.len().saturating_sub(1))),
        (None, None) => (Some(0), Some(all.len().saturating_sub(1))),
    };
    match (from, to) {
        (Some(from), Some(to)) if from < to => Ok(all[from..=to].to_vec()),
        _ if all.len() < 2 && !args.install => {
            let error = anyhow!(
                "{} releases of {} are here, and a search needs two; --install brings those that it needs",
                all.len(),
                args.engine
            );
            Err(Failure::new(Exit::EngineUnavailable, error))
        }
        _ => Err(Failure::new(Exit::Usage, anyhow!("the two ends are the same release"))),
    }
}

/// What is looked for.
struct Target {
    item: Item,
    /// As it was recorded, or as it was first seen.
    signature: Option<Signature>,
}

struct Bench<'a> {
    args: &'a Bisect,
    target: Target,
    rows: Vec<Row>,
    runs: u32,
}

impl Bench<'_> {
    fn search(&mut self, releases: &[EngineName]) -> Result<Outcome, Failure> {
        let found = search(releases.len(), &mut |places| {
            let names: Vec<EngineName> = places.iter().map(|place| releases[*place].clone()).collect();
            self.ask(&names)
        })?;
        Ok(match found {
            Found::Change { before, after, bad_first } => Outcome::Found {
                change: if bad_first { Change::FirstGood } else { Change::FirstBad },
                before: releases[before].clone(),
                after: releases[after].clone(),
                between: releases[before + 1..after].to_vec(),
                further: Vec::new(),
            },
            Found::Same(Answer::Bad) => Outcome::NoChange { state: State::Bad },
            Found::Same(_) => Outcome::NoChange { state: State::Good },
            Found::Nothing => Outcome::NothingToSearch,
        })
    }

    /// Asks every release, and says every change.
    fn every(&mut self, releases: &[EngineName]) -> Result<Outcome, Failure> {
        let mut said: Vec<(usize, Answer)> = Vec::new();
        for (place, name) in releases.iter().enumerate() {
            let answer = self.ask(std::slice::from_ref(name))?[0];
            if answer != Answer::Skip {
                said.push((place, answer));
            }
        }
        let Some((first, rest)) = said.split_first() else { return Ok(Outcome::NothingToSearch) };
        let mut now = *first;
        let mut changes: Vec<(usize, usize, Answer)> = Vec::new();
        for next in rest {
            if next.1 != now.1 {
                changes.push((now.0, next.0, next.1));
            }
            now = *next;
        }
        let state = |answer| if answer == Answer::Bad { State::Bad } else { State::Good };
        let Some(((before, after, answer), further)) = changes.split_first() else {
            return Ok(Outcome::NoChange { state: state(first.1) });
        };
        Ok(Outcome::Found {
            change: if *answer == Answer::Bad { Change::FirstBad } else { Change::FirstGood },
            before: releases[*before].clone(),
            after: releases[*after].clone(),
            between: releases[before + 1..*after].to_vec(),
            further: further.iter().map(|(_, after, answer)| (releases[*after].clone(), state(*answer))).collect(),
        })
    }

    /// Asks some releases in one run.
    fn ask(&mut self, names: &[EngineName]) -> Result<Vec<Answer>, Failure> {
        // One that cannot be started must not keep the others from being asked.
        let mut here: Vec<EngineName> = Vec::new();
        let mut absent: Vec<(EngineName, String)> = Vec::new();
        for name in names {
            match self.ready(name) {
                Ok(()) => here.push(name.clone()),
                Err(failure) if failure.exit == Exit::EngineUnavailable => {
                    absent.push((name.clone(), format!("{:#}", failure.error)));
                }
                Err(failure) => return Err(failure),
            }
        }
        let mut seen: Vec<(EngineName, Vec<Mark>)> = Vec::new();
        if !here.is_empty() {
            self.runs += 1;
            let seats = std::iter::once(EngineName::plain(REFERENCE)).chain(here.clone()).collect();
            let lineup = lineup::lineup(seats, Some(1))?;
            let mut crew = Crew::new(lineup::crew_spec(&lineup, self.args.memory)?);
            let seats: Vec<usize> = (0..lineup.len()).collect();
            let observations = self.target.item.ask(&mut crew, &seats).or_exit(Exit::EngineUnavailable)?;
            let marks = |observation| self.target.item.marks(&observations[0], observation);
            seen = here.into_iter().zip(observations[1..].iter().map(marks)).collect();
        }
        let mut answers = Vec::new();
        for name in names {
            let (state, words, run) = match seen.iter().find(|(other, _)| other == name) {
                Some((_, marks)) => {
                    let (state, words) = self.target.state(marks, &self.args.engine);
                    (state, words, Some(self.runs))
                }
                None => {
                    let why = absent.iter().find(|(other, _)| other == name).map(|(_, why)| why.clone());
                    (State::Skip, why.unwrap_or_default(), None)
                }
            };
            let word = print::word(state);
            eprintln!("{name}: {word}{}", if words.is_empty() { String::new() } else { format!(": {words}") });
            answers.push(match state {
                State::Good => Answer::Good,
                State::Bad => Answer::Bad,
                State::Skip => Answer::Skip,
            });
            self.rows.push(Row { engine: name.clone(), state, words, run });
        }
        Ok(answers)
    }

    /// Sees that a release is here and starts; with `--install` it is brought.
    fn ready(&self, name: &EngineName) -> Result<(), Failure> {
        if self.args.install {
            regress::ensure(name)?;
        }
        let lineup = lineup::lineup(vec![name.clone()], Some(1))?;
        Crew::new(lineup::crew_spec(&lineup, self.args.memory)?).muster().or_exit(Exit::EngineUnavailable)?;
        Ok(())
    }
}

impl Target {
    /// What a release's marks say. The first failure that is seen is what is looked for, where none was recorded.
    fn state(&mut self, marks: &[Mark], engine: &EngineName) -> (State, String) {
        let Some(mark) = marks.iter().find(|mark| mark.is_red()) else {
            // What was not asked is not passed.
            let passes = marks.iter().any(|mark| mark.state == SuiteState::Pass);
            let silent = marks.iter().find(|mark| matches!(mark.state, SuiteState::Unsupported | SuiteState::Skip));
            return match silent {
                Some(silent) if !passes || silent.state == SuiteState::Unsupported => {
                    (State::Skip, format!("it says nothing: {}", silent.words))
                }
                _ => (State::Good, String::new()),
            };
        };
        let line = mark.line.map(|line| format!("line {line}: ")).unwrap_or_default();
        let words = format!("{line}{}", mark.words);
        if mark.signatures.is_empty() {
            return (State::Bad, words);
        }
        let recorded = self.signature.get_or_insert_with(|| mark.signatures[0].clone());
        match mark.signatures.iter().any(|seen| is_alike(seen, recorded, engine)) {
            true => (State::Bad, words),
            false => (State::Skip, format!("it differs in another way: {words}")),
        }
    }
}

/// Whether two signatures are of one behaviour, whatever the release is called.
fn is_alike(seen: &Signature, recorded: &Signature, engine: &EngineName) -> bool {
    let class = |signature: &Signature| signature.against.as_ref().map(|party| party.class.clone());
    let mut own = recorded.parties.iter().filter(|party| party.engine.name == engine.name).peekable();
    // A finding of another engine is searched for by what was done alone.
    let parties: Vec<&str> = match own.peek() {
        Some(_) => own.map(|party| party.class.as_str()).collect(),
        None => recorded.parties.iter().map(|party| party.class.as_str()).collect(),
    };
    seen.site == recorded.site
        && class(seen) == class(recorded)
        && seen.parties.iter().all(|party| parties.contains(&party.class.as_str()))
}
