//! The folder of a run: manifest, journal, findings, summary.
//!
//! ```text
//! manifest.json            what the run is
//! journal.jsonl            one RunEvent a line, in the order of case numbers
//! ledger.json              which cells of the language were observed; written at the end of each session
//! summary.json             counts, buckets and times; written at the end of each session
//! findings/BUCKET/CASE/    evidence, see `evidence`
//! open/REASON/CASE/        the same for a few cases whose ruling is inconclusive
//! ```

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, BufRead as _, BufReader, Seek as _, Write as _};
use std::path::{Path, PathBuf};

use wassay_model::Finding;
use wassay_model::run::{Bucket, CELL_CASES_MAX, Chunk, Ledger, Manifest, RunEvent, SCHEMA, Summary, Tally, Times};

use crate::evidence::Evidence;

/// Findings of one bucket whose evidence is kept. The others are journal lines: seed and number make
/// their cases again.
const EVIDENCE_PER_BUCKET: u64 = 10;
/// Inconclusive cases of one reason whose evidence is kept.
const EVIDENCE_PER_REASON: u64 = 5;

/// Why a run folder cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum FolderError {
    /// Something cannot be written.
    #[error("cannot write {path}: {source}; free some space or choose another folder with --out")]
    Write {
        /// What.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Something cannot be read.
    #[error("cannot read {path}: {source}; is it the folder of a run?")]
    Read {
        /// What.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The folder is in use or holds something already.
    #[error("{path} already holds a run: go on with --resume {path}, or choose another folder with --out")]
    Occupied {
        /// Which.
        path: PathBuf,
    },
    /// Another process writes to it.
    #[error("{path} is being written by another process: wait for it, or choose another folder with --out")]
    Locked {
        /// Which.
        path: PathBuf,
    },
    /// A record is not what it should be.
    #[error("{path}, line {line}: {why}; the run cannot be resumed, start a new one")]
    Broken {
        /// Which file.
        path: PathBuf,
        /// Which line, from 1.
        line: usize,
        /// What is wrong.
        why: String,
    },
}

/// A run's folder, open for writing.
#[derive(Debug)]
pub struct RunFolder {
    path: PathBuf,
    manifest: Manifest,
    journal: File,
    /// How many of this run's chunks are in the journal, whole.
    chunks: u64,
    tally: Tally,
    cells: BTreeMap<String, u64>,
    buckets: BTreeMap<String, Bucket>,
    open_kept: BTreeMap<String, u64>,
    times: Times,
}

impl RunFolder {
    /// Makes the folder of a new run.
    ///
    /// # Errors
    ///
    /// The folder cannot be written, or it holds a run already.
    pub fn create(path: &Path, manifest: Manifest) -> Result<Self, FolderError> {
        fs::create_dir_all(path.join("findings")).map_err(writing(path))?;
        let manifest_path = path.join("manifest.json");
        if manifest_path.exists() {
            return Err(FolderError::Occupied { path: path.to_owned() });
        }
        let journal_path = path.join("journal.jsonl");
        let journal =
            OpenOptions::new().create(true).append(true).open(&journal_path).map_err(writing(&journal_path))?;
        lock(&journal, path)?;
        write_json(&manifest_path, &manifest)?;
        Ok(Self {
            path: path.to_owned(),
            manifest,
            journal,
            chunks: 0,
            tally: Tally::default(),
            cells: BTreeMap::new(),
            buckets: BTreeMap::new(),
            open_kept: BTreeMap::new(),
            times: Times::default(),
        })
    }

    /// Opens the folder of a run that was stopped, however it was stopped.
    ///
    /// The journal is cut behind its last whole chunk: what stands there belongs to cases that are done
    /// again.
    ///
    /// # Errors
    ///
    /// There is no run, another process writes to it, or a line that should be whole is broken.
    pub fn resume(path: &Path) -> Result<Self, FolderError> {
        let manifest_path = path.join("manifest.json");
        let text = fs::read(&manifest_path).map_err(reading(&manifest_path))?;
        let manifest: Manifest = serde_json::from_slice(&text).map_err(|error| FolderError::Broken {
            path: manifest_path.clone(),
            line: error.line(),
            why: error.to_string(),
        })?;
        if manifest.schema != SCHEMA {
            let why = format!("the record's version is {:?} and this program reads {SCHEMA:?}", manifest.schema);
            return Err(FolderError::Broken { path: manifest_path, line: 1, why });
        }
        let journal_path = path.join("journal.jsonl");
        let mut journal = OpenOptions::new()
            .create(true)
            .read(true)
            .append(true)
            .open(&journal_path)
            .map_err(writing(&journal_path))?;
        lock(&journal, path)?;
        let times = fs::read(path.join("summary.json"))
            .ok()
            .and_then(|text| serde_json::from_slice::<Summary>(&text).ok())
            .map(|summary| summary.times)
            .unwrap_or_default();

        let mut kept = Kept::default();
        let mut bytes_kept = 0;
        let mut bytes_read = 0;
        let mut reader = BufReader::new(&journal);
        let mut line = Vec::new();
        let mut pending = Vec::new();
        for number in 1.. {
            line.clear();
            let length = reader.read_until(b'\n', &mut line).map_err(reading(&journal_path))?;
            bytes_read += length as u64;
            // A last line without its end is what a kill leaves.
            if length == 0 || line.last() != Some(&b'\n') {
                break;
            }
            let event = serde_json::from_slice(&line).map_err(|error| FolderError::Broken {
                path: journal_path.clone(),
                line: number,
                why: error.to_string(),
            })?;
            match event {
                RunEvent::Finding(finding) => pending.push(*finding),
                RunEvent::Chunk(chunk) => {
                    let expected = manifest.shard + kept.chunks * manifest.shards;
                    let cases = manifest.cases_of(chunk.number);
                    // Stopping may leave a chunk without a case, and so without a line, before others.
                    if chunk.number > expected {
                        break;
                    }
                    if chunk.number != expected {
                        let why = format!("chunk {} stands where chunk {expected} should", chunk.number);
                        return Err(FolderError::Broken { path: journal_path, line: number, why });
                    }
                    if chunk.tally.cases != cases.end - cases.start {
                        break;
                    }
                    kept.take(&chunk, pending.drain(..));
                    bytes_kept = bytes_read;
                }
            }
        }
        drop(reader);
        journal.set_len(bytes_kept).map_err(writing(&journal_path))?;
        journal.seek(io::SeekFrom::End(0)).map_err(writing(&journal_path))?;
        Ok(Self {
            path: path.to_owned(),
            manifest,
            journal,
            chunks: kept.chunks,
            tally: kept.tally,
            cells: kept.cells,
            buckets: kept.buckets,
            open_kept: BTreeMap::new(),
            times,
        })
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What the run is.
    #[must_use]
    pub const fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// How many of this run's chunks are done.
    #[must_use]
    pub const fn chunks(&self) -> u64 {
        self.chunks
    }

    /// What is counted so far.
    #[must_use]
    pub const fn tally(&self) -> &Tally {
        &self.tally
    }

    /// Cells observed so far.
    #[must_use]
    pub const fn cells(&self) -> &BTreeMap<String, u64> {
        &self.cells
    }

    /// What was found so far, by bucket.
    #[must_use]
    pub const fn buckets(&self) -> &BTreeMap<String, Bucket> {
        &self.buckets
    }

    /// Times of this and earlier sessions.
    pub const fn times_mut(&mut self) -> &mut Times {
        &mut self.times
    }

    /// Appends a chunk with its findings: evidence first, then the lines.
    pub(crate) fn append(
        &mut self,
        chunk: &Chunk,
        findings: Vec<(Finding, Evidence)>,
        open: &[(String, Evidence)],
    ) -> Result<(), FolderError> {
        let path = self.path.join("journal.jsonl");
        let mut lines = Vec::new();
        for (finding, evidence) in findings {
            let bucket = wassay_triage::bucket_name(&finding.signature);
            let folder = format!("findings/{bucket}/{}", short(&finding));
            let row = count(&mut self.buckets, &finding, &bucket);
            if row.hits <= EVIDENCE_PER_BUCKET {
                evidence.write(&self.path.join(&folder), &folder, Some(&finding))?;
            }
            write_line(&mut lines, &path, &RunEvent::Finding(Box::new(finding)))?;
        }
        for (reason, evidence) in open {
            let kept = self.open_kept.entry(reason.clone()).or_default();
            if *kept < EVIDENCE_PER_REASON {
                *kept += 1;
                let folder = format!("open/{reason}/{}", &evidence.case.id().to_string()[..16]);
                evidence.write(&self.path.join(&folder), &folder, None)?;
            }
        }
        let mut chunk = chunk.clone();
        chunk.cells.retain(|cell, count| enter(&mut self.cells, cell, count));
        self.tally.add(&chunk.tally);
        write_line(&mut lines, &path, &RunEvent::Chunk(Box::new(chunk)))?;
        self.journal.write_all(&lines).map_err(writing(&path))?;
        self.chunks += 1;
        Ok(())
    }

    /// Writes the summary.
    pub(crate) fn finish(&mut self, summary: &Summary, ledger: &Ledger) -> Result<(), FolderError> {
        let path = self.path.join("journal.jsonl");
        self.journal.sync_all().map_err(writing(&path)).or_else(|error| match error {
            // Not every kind of file can be synchronised; that is no loss of what was written.
            FolderError::Write { ref source, .. } if source.kind() == io::ErrorKind::InvalidInput => Ok(()),
            error => Err(error),
        })?;
        write_json(&self.path.join("ledger.json"), ledger)?;
        write_json(&self.path.join("summary.json"), summary)
    }
}

/// What of a journal is kept on resuming.
#[derive(Default)]
struct Kept {
    chunks: u64,
    tally: Tally,
    cells: BTreeMap<String, u64>,
    buckets: BTreeMap<String, Bucket>,
}

impl Kept {
    fn take(&mut self, chunk: &Chunk, findings: impl Iterator<Item = Finding>) {
        for finding in findings {
            let bucket = wassay_triage::bucket_name(&finding.signature);
            count(&mut self.buckets, &finding, &bucket);
        }
        self.tally.add(&chunk.tally);
        for (cell, count) in &chunk.cells {
            enter(&mut self.cells, cell, &mut count.clone());
        }
        self.chunks += 1;
    }
}

/// Adds observations of a cell up to the bound, and leaves in `count` how many of them were added.
fn enter(cells: &mut BTreeMap<String, u64>, cell: &str, count: &mut u64) -> bool {
    let known = cells.entry(cell.to_owned()).or_default();
    *count = (*count).min(CELL_CASES_MAX.saturating_sub(*known));
    *known += *count;
    *count > 0
}

fn short(finding: &Finding) -> String {
    finding.case.to_string()[..16].to_owned()
}

/// Counts a finding in its bucket, making the bucket where it is the first.
fn count<'a>(buckets: &'a mut BTreeMap<String, Bucket>, finding: &Finding, name: &str) -> &'a Bucket {
    let bucket = buckets.entry(name.to_owned()).or_insert_with(|| Bucket {
        name: name.to_owned(),
        explanation: finding.explanation.clone(),
        engines: finding.signature.parties.iter().map(|party| party.engine.clone()).collect(),
        hits: 0,
        flaky: 0,
        first_case: finding.index,
        folder: format!("findings/{name}/{}", short(finding)),
    });
    bucket.hits += 1;
    let (times, runs) = finding.confirmed;
    if times < runs {
        bucket.flaky += 1;
    }
    bucket
}

fn lock(journal: &File, path: &Path) -> Result<(), FolderError> {
    match journal.try_lock() {
        Ok(()) => Ok(()),
        Err(TryLockError::WouldBlock) => Err(FolderError::Locked { path: path.to_owned() }),
        // A file system that knows no locks: two writers are then the user's own care.
        Err(TryLockError::Error(_)) => Ok(()),
    }
}

/// A line that is missing would be a finding that is lost, so a failure here ends the run.
fn write_line(lines: &mut Vec<u8>, path: &Path, event: &RunEvent) -> Result<(), FolderError> {
    serde_json::to_writer(&mut *lines, event).map_err(|error| writing(path)(error.into()))?;
    lines.push(b'\n');
    Ok(())
}

/// Writes a file beside its place and moves it there, so that a reader sees all of it or nothing.
fn write_json<T: serde::Serialize>(path: &Path, value: &T) -> Result<(), FolderError> {
    let mut text = serde_json::to_vec_pretty(value)
        .map_err(|error| FolderError::Write { path: path.to_owned(), source: error.into() })?;
    text.push(b'\n');
    let beside = path.with_extension("json.part");
    fs::write(&beside, text).and_then(|()| fs::rename(&beside, path)).map_err(writing(path))
}

pub(crate) fn writing(path: &Path) -> impl FnOnce(io::Error) -> FolderError {
    let path = path.to_owned();
    move |source| FolderError::Write { path, source }
}

fn reading(path: &Path) -> impl FnOnce(io::Error) -> FolderError {
    let path = path.to_owned();
    move |source| FolderError::Read { path, source }
}
