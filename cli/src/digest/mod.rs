//! `wassay digest`: the folder of a night, or of one run, as a page of Markdown.

mod page;

use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, anyhow};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use wassay_model::off::SwitchedOff;
use wassay_model::run::{Ledger, Manifest, RunEvent, SCHEMA, Summary};

use crate::args::Digest;
use crate::exit::{Exit, Failure, OrExit as _};
use crate::off;

/// What a night left in its folder. Whatever is missing is said to be missing.
#[derive(Debug)]
struct Night {
    /// Where it is.
    folder: PathBuf,
    summary: Summary,
    ledger: Option<Ledger>,
    lost: Lost,
    regressions: Option<Replayed>,
    reduced: Option<Reduced>,
    canaries: Option<Score>,
    /// Every row that this program knows; the summary names those that concern the run.
    switched_off: Vec<SwitchedOff>,
}

/// Answers that should be in the journal and are not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Lost {
    /// Cases of chunks that are whole.
    cases: u64,
    /// Of those, engine by engine, the answers that should be counted and are not.
    answers: u64,
}

/// What `wassay replay --format json` prints.
#[derive(Debug, Deserialize)]
struct Replayed {
    rows: Vec<ReplayedRow>,
}

#[derive(Debug, Deserialize)]
struct ReplayedRow {
    name: String,
    state: String,
    #[serde(default)]
    known: Vec<String>,
    words: String,
}

/// The `index.json` of `wassay reduce`.
#[derive(Debug, Deserialize)]
struct Reduced {
    rows: Vec<ReducedRow>,
}

#[derive(Clone, Debug, Deserialize)]
struct ReducedRow {
    /// BUCKET/CASE of the run.
    name: String,
    state: String,
    bytes: (usize, usize),
    seconds: f64,
    known: Option<String>,
    folder: Option<String>,
}

/// The `score.json` of `wassay fuzz --score`.
#[derive(Debug, Deserialize)]
struct Score {
    profiles: Vec<Scored>,
}

#[derive(Debug, Deserialize)]
struct Scored {
    profile: String,
    cases_made: u64,
    found: std::collections::BTreeMap<String, u64>,
    missed: Vec<String>,
}

pub(crate) fn main(args: &Digest) -> Result<Exit, Failure> {
    let night = Night::read(&args.folder)?;
    let mut out = std::io::stdout().lock();
    out.write_all(page::page(&night).as_bytes()).or_exit(Exit::CannotWrite)?;
    Ok(if night.alarms().is_empty() { Exit::Clean } else { Exit::Found })
}

impl Night {
    fn read(folder: &Path) -> Result<Self, Failure> {
        let below = folder.join("run");
        let run = if below.is_dir() { below.as_path() } else { folder };
        let summary: Summary = json(&run.join("summary.json"))?.ok_or_else(|| {
            let error = anyhow!(
                "{} holds no summary.json, which the end of a run writes: name the folder of a run, or one that \
                 scripts/nightly has made",
                run.display()
            );
            Failure::new(Exit::BadInput, error)
        })?;
        if summary.schema != SCHEMA {
            let path = run.join("summary.json");
            let error =
                anyhow!("{}: its version is {:?}, and this program reads {SCHEMA:?}", path.display(), summary.schema);
            return Err(Failure::new(Exit::BadInput, error));
        }
        Ok(Self {
            folder: folder.to_owned(),
            lost: lost(&summary.manifest, &run.join("journal.jsonl"))?,
            ledger: json(&run.join("ledger.json"))?,
            regressions: json(&folder.join("regressions.json"))?,
            reduced: json(&folder.join("reduced").join("index.json"))?,
            canaries: json(&folder.join("canaries").join("score.json"))?,
            switched_off: off::read()?,
            summary,
        })
    }

    /// What somebody has to look at, in words; nothing after a quiet night.
    fn alarms(&self) -> Vec<String> {
        let mut alarms = Vec::new();
        let new = self.summary.buckets.iter().filter(|bucket| self.issues_of(&bucket.name).is_none()).count();
        if new > 0 {
            alarms.push(counted(
                new,
                "bucket that no known issue accounts for",
                "buckets that no known issue accounts for",
            ));
        }
        let red = self.regressions.iter().flat_map(|replayed| &replayed.rows).filter(|row| row.is_red()).count();
        if red > 0 {
            alarms.push(counted(
                red,
                "regression that is there again or has changed",
                "regressions that are there again or have changed",
            ));
        }
        let missed: usize = self.canaries.iter().flat_map(|score| &score.profiles).map(|row| row.missed.len()).sum();
        if missed > 0 {
            alarms.push(counted(missed, "canary was not found", "canaries were not found"));
        }
        if self.lost.answers > 0 {
            alarms.push(format!("{} answers are lost", self.lost.answers));
        }
        alarms
    }

    /// A path as a reader finds it from the page.
    fn below(&self, path: &str) -> String {
        Path::new(path).strip_prefix(&self.folder).unwrap_or(Path::new(path)).display().to_string()
    }

    /// What became of the findings of a bucket that were reduced.
    fn reduced_of<'a>(&'a self, bucket: &str) -> impl Iterator<Item = &'a ReducedRow> + use<'a> {
        let rows = self.reduced.iter().flat_map(|reduced| &reduced.rows);
        let prefix = format!("{bucket}/");
        rows.filter(move |row| row.name.starts_with(&prefix))
    }

    /// The known issues that account for a bucket: for every finding of it that was reduced and still shows.
    /// A bucket of which none was reduced is new until somebody has looked.
    fn issues_of<'a>(&'a self, bucket: &str) -> Option<Vec<&'a str>> {
        let mut issues = Vec::new();
        for row in self.reduced_of(bucket).filter(|row| row.state != "gone") {
            let issue = row.known.as_deref()?;
            if !issues.contains(&issue) {
                issues.push(issue);
            }
        }
        (!issues.is_empty()).then_some(issues)
    }
}

fn counted(count: usize, one: &str, several: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { several })
}

impl ReplayedRow {
    fn is_red(&self) -> bool {
        !matches!(self.state.as_str(), "gone" | "pass" | "known" | "engine-missing")
    }
}

/// Counts, in the chunks that are whole, the cases that each engine should have been asked and was not. An
/// engine that declined was asked.
fn lost(manifest: &Manifest, path: &Path) -> Result<Lost, Failure> {
    let reading = || format!("cannot read {}", path.display());
    let file = fs::File::open(path).with_context(reading).or_exit(Exit::BadInput)?;
    let mut lost = Lost::default();
    for (number, line) in BufReader::new(file).lines().enumerate() {
        let line = line.with_context(reading).or_exit(Exit::BadInput)?;
        let place = || format!("{}, line {}", path.display(), number + 1);
        let RunEvent::Chunk(chunk) = serde_json::from_str(&line).with_context(place).or_exit(Exit::BadInput)? else {
            continue;
        };
        let cases = manifest.cases_of(chunk.number);
        // The end of a run leaves chunks that were begun; what they lack was never asked.
        if chunk.tally.cases != cases.end - cases.start {
            continue;
        }
        lost.cases += chunk.tally.cases;
        for row in &manifest.lineup {
            let expected = cases.clone().filter(|case| row.takes(*case)).count() as u64;
            let asked = chunk.tally.engines.get(&row.engine.to_string()).map_or(0, |tally| tally.asked);
            lost.answers += expected.saturating_sub(asked);
        }
    }
    Ok(lost)
}

/// What a file holds; nothing if it isn't there.
fn json<T: DeserializeOwned>(path: &Path) -> Result<Option<T>, Failure> {
    if !path.exists() {
        return Ok(None);
    }
    let reading = || format!("cannot read {}", path.display());
    let text = fs::read(path).with_context(reading).or_exit(Exit::BadInput)?;
    let value = serde_json::from_slice(&text).with_context(|| format!("{} is not as it should be", path.display()));
    value.map(Some).or_exit(Exit::BadInput)
}
