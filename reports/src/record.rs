//! Records of the conformance suite, read and checked.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::path::Path;

use wassay_model::suite::{
    SUITE_SCHEMA, SUITE_SCHEMAS_OLDER, SuiteDetail, SuiteEnd, SuiteEngine, SuiteEvent, SuiteFile, SuiteForm,
    SuiteManifest, SuiteRelaxed, SuiteResult, SuiteState,
};

/// A run of the suite: what was asked, and what every engine made of it.
#[derive(Clone, Debug)]
pub struct Record {
    /// What was run, and on whom.
    pub manifest: SuiteManifest,
    /// The files, in the order of the record.
    pub files: Vec<FileAnswers>,
    /// How long the run took, in milliseconds; none where the record does not tell.
    pub elapsed_ms: Option<u64>,
    /// Which of the allowed results of relaxed vector instructions each engine gives, where the record tells.
    pub relaxed: Vec<SuiteRelaxed>,
    /// What is missing from the record, in sentences; a complete record has none.
    pub gaps: Vec<String>,
}

/// A file of the suite with everyone's answers.
#[derive(Clone, Debug)]
pub struct FileAnswers {
    /// What was asked.
    pub file: SuiteFile,
    /// The answers, in the order of the manifest's engines.
    pub answers: Vec<Answer>,
}

/// What one engine made of a file.
#[derive(Clone, Debug)]
pub struct Answer {
    /// A state for each assertion of the file.
    pub states: Vec<SuiteState>,
    /// More on some of them, by position.
    pub details: BTreeMap<u32, SuiteDetail>,
    /// The time that the engine took, in microseconds.
    pub micros: u64,
    /// Why there is no answer, where there is none; every state is then a skip.
    pub absent: Option<String>,
}

/// Why a record cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum RecordError {
    /// The file cannot be read.
    #[error("cannot read {name}: {source}; give the record.jsonl that `wassay spec` wrote")]
    Read {
        /// The file.
        name: String,
        /// Why.
        source: io::Error,
    },
    /// The file has no lines.
    #[error("{name} is empty: it is no record; run `wassay spec` again")]
    Empty {
        /// The file.
        name: String,
    },
    /// The first line is of another kind, or of another version.
    #[error(
        "{name}, line 1: its schema is `{found}`, and this program reads `{SUITE_SCHEMA}` and older ones; make \
         the record again with `wassay spec`, or read it with the program that wrote it"
    )]
    Schema {
        /// The file.
        name: String,
        /// The schema that it names.
        found: String,
    },
    /// A line is not what it should be.
    #[error("{name}, line {line}: {why}; the record was changed or damaged, make it again with `wassay spec`")]
    Line {
        /// The file.
        name: String,
        /// The line, from 1.
        line: usize,
        /// What is wrong with it.
        why: String,
    },
}

/// Why records cannot be laid side by side.
#[derive(Debug, thiserror::Error)]
pub enum MergeError {
    /// There is none.
    #[error("no record was given")]
    None,
    /// They are of two suites.
    #[error(
        "the record from {later} is of suite {found}, and the one from {earlier} of {expected}: engines stand side \
         by side on one suite only; compare runs of two suites with --diff"
    )]
    Suite {
        /// When the first began.
        earlier: String,
        /// When the other began.
        later: String,
        /// The suite of the first.
        expected: String,
        /// The suite of the other.
        found: String,
    },
    /// One asked what the other did not.
    #[error(
        "`{path}` is not the same in the records from {earlier} and {later}: engines stand side by side on the same \
         assertions only; run both with the same --filter and --proposal"
    )]
    Files {
        /// When the first began.
        earlier: String,
        /// When the other began.
        later: String,
        /// The first file that differs.
        path: String,
    },
    /// One engine stands in two of them.
    #[error("{engine} stands in two records: give the older one with --history, or compare the two with --diff")]
    Engine {
        /// Which.
        engine: String,
    },
}

impl Record {
    /// Reads the record in a file.
    ///
    /// # Errors
    /// The file cannot be read, is of another version, or has a line that is not what it should be. A record that
    /// is cut short is no error: [`Record::gaps`] says what is missing.
    pub fn read(path: &Path) -> Result<Self, RecordError> {
        let name = path.display().to_string();
        let file = File::open(path).map_err(|source| RecordError::Read { name: name.clone(), source })?;
        Self::parse(&name, BufReader::new(file))
    }

    /// Reads a record; errors call it `name`.
    ///
    /// # Errors
    /// Those of [`Record::read`].
    pub fn parse(name: &str, mut lines: impl BufRead) -> Result<Self, RecordError> {
        let mut reader: Option<Reader> = None;
        let mut bytes = Vec::new();
        for line in 1.. {
            bytes.clear();
            let read = lines
                .read_until(b'\n', &mut bytes)
                .map_err(|source| RecordError::Read { name: name.to_owned(), source })?;
            if read == 0 {
                break;
            }
            let whole = bytes.last() == Some(&b'\n');
            let wrong = |why: String| RecordError::Line { name: name.to_owned(), line, why };
            let Some(reader) = &mut reader else {
                reader = Some(Reader::new(manifest(name, &bytes)?));
                continue;
            };
            match serde_json::from_slice::<SuiteEvent>(&bytes) {
                Ok(event) => reader.take(event).map_err(wrong)?,
                // Whoever was killed while writing leaves half a line, and that is the last one.
                Err(error) if !whole && error.is_eof() => reader.cut = Some(line),
                Err(error) => return Err(wrong(format!("it is no event of a record ({error})"))),
            }
        }
        reader
            .ok_or_else(|| RecordError::Empty { name: name.to_owned() })?
            .finish()
            .map_err(|(line, why)| RecordError::Line { name: name.to_owned(), line, why })
    }

    /// Whether nothing is missing.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.gaps.is_empty()
    }

    /// The engines, in the order of columns.
    #[must_use]
    pub fn engines(&self) -> &[SuiteEngine] {
        &self.manifest.engines
    }

    /// The number of assertions that every engine is asked.
    #[must_use]
    pub fn assertions(&self) -> u64 {
        self.files.iter().map(|file| file.file.assertions.len() as u64).sum()
    }

    /// Lays records of one suite side by side, engine by engine.
    ///
    /// # Errors
    /// The suites or the assertions differ, or an engine in the same version stands in two of them.
    pub fn merge(records: Vec<Self>) -> Result<Self, MergeError> {
        let mut records = records.into_iter();
        let mut merged = records.next().ok_or(MergeError::None)?;
        for record in records {
            merged.join(record)?;
        }
        Ok(merged)
    }

    fn join(&mut self, other: Self) -> Result<(), MergeError> {
        let earlier = self.manifest.started.clone();
        let later = other.manifest.started.clone();
        if self.manifest.suite.digest != other.manifest.suite.digest {
            let name = |record: &Self| {
                let suite = &record.manifest.suite;
                format!("{} {} ({})", suite.name, suite.version, suite.digest)
            };
            return Err(MergeError::Suite { earlier, later, expected: name(self), found: name(&other) });
        }
        if let Some(engine) = other.engines().iter().find(|engine| self.engines().iter().any(|one| one.id == engine.id))
        {
            return Err(MergeError::Engine { engine: engine.id.to_string() });
        }
        let mut others: HashMap<String, FileAnswers> =
            other.files.into_iter().map(|file| (file.file.path.clone(), file)).collect();
        for file in &mut self.files {
            match others.remove(&file.file.path) {
                Some(one) if one.file == file.file => file.answers.extend(one.answers),
                _ => return Err(MergeError::Files { earlier, later, path: file.file.path.clone() }),
            }
        }
        if let Some(path) = others.into_keys().min() {
            return Err(MergeError::Files { earlier, later, path });
        }
        if other.manifest.command != self.manifest.command {
            self.manifest.command = format!("{}\n{}", self.manifest.command, other.manifest.command);
        }
        self.manifest.engines.extend(other.manifest.engines);
        self.elapsed_ms = self.elapsed_ms.zip(other.elapsed_ms).map(|(one, two)| one + two);
        self.relaxed.extend(other.relaxed);
        self.gaps.extend(other.gaps);
        Ok(())
    }

    /// Why an assertion of a file is in the state that it is in on an engine; empty where nothing more is known.
    #[must_use]
    pub fn reason(&self, file: &FileAnswers, engine: usize, assertion: usize) -> String {
        let answer = &file.answers[engine];
        let detail = u32::try_from(assertion).ok().and_then(|assertion| answer.details.get(&assertion));
        if let Some(detail) = detail.filter(|detail| !detail.reason.is_empty()) {
            return detail.reason.clone();
        }
        match answer.states[assertion] {
            SuiteState::Unsupported => {
                let missing: Vec<&str> = self.engines()[engine]
                    .capabilities
                    .iter()
                    .flat_map(|capabilities| file.file.features.minus(capabilities.features).iter())
                    .map(wassay_model::Feature::name)
                    .collect();
                if missing.is_empty() {
                    "a feature is missing, and the record does not say which".to_owned()
                } else {
                    format!("lacks {}", missing.join(", "))
                }
            }
            SuiteState::Skip => {
                let absent = answer.absent.clone().or_else(|| file.file.skipped.clone());
                absent.unwrap_or_else(|| match file.file.assertions[assertion].form {
                    SuiteForm::Text => "quoted text asks nothing of an engine".to_owned(),
                    SuiteForm::Binary => "the record gives no reason".to_owned(),
                })
            }
            _ => String::new(),
        }
    }
}

fn manifest(name: &str, line: &[u8]) -> Result<SuiteManifest, RecordError> {
    let wrong = |why: String| RecordError::Line { name: name.to_owned(), line: 1, why };
    let value: serde_json::Value =
        serde_json::from_slice(line).map_err(|error| wrong(format!("it is no manifest of a record ({error})")))?;
    match value.get("schema").and_then(serde_json::Value::as_str) {
        Some(known) if known == SUITE_SCHEMA || SUITE_SCHEMAS_OLDER.contains(&known) => {}
        Some(found) => return Err(RecordError::Schema { name: name.to_owned(), found: found.to_owned() }),
        None => return Err(wrong("it names no schema, so this is no record of the suite".to_owned())),
    }
    let manifest: SuiteManifest =
        serde_json::from_value(value).map_err(|error| wrong(format!("it is no manifest of a record ({error})")))?;
    let mut seen = BTreeSet::new();
    match manifest.engines.iter().find(|engine| !seen.insert(engine.id.name.clone())) {
        Some(engine) => Err(wrong(format!("it names the engine {} twice", engine.id.name))),
        None => Ok(manifest),
    }
}

/// Takes events, and holds them against what came before.
struct Reader {
    manifest: SuiteManifest,
    files: Vec<SuiteFile>,
    by_path: HashMap<String, usize>,
    results: Vec<Vec<Option<Answer>>>,
    end: Option<(usize, SuiteEnd)>,
    /// The number of events so far.
    events: usize,
    /// The line that breaks off.
    cut: Option<usize>,
}

impl Reader {
    fn new(manifest: SuiteManifest) -> Self {
        Self {
            manifest,
            files: Vec::new(),
            by_path: HashMap::new(),
            results: Vec::new(),
            end: None,
            events: 0,
            cut: None,
        }
    }

    fn take(&mut self, event: SuiteEvent) -> Result<(), String> {
        if self.end.is_some() {
            return Err("it stands behind the end of the record".to_owned());
        }
        self.events += 1;
        match event {
            SuiteEvent::File(file) => self.take_file(file),
            SuiteEvent::Result(result) => self.take_result(result),
            SuiteEvent::End(end) => {
                self.end = Some((self.events + 1, end));
                Ok(())
            }
        }
    }

    fn take_file(&mut self, file: SuiteFile) -> Result<(), String> {
        if self.by_path.insert(file.path.clone(), self.files.len()).is_some() {
            return Err(format!("it tells of the file {} a second time", file.path));
        }
        self.results.push(vec![None; self.manifest.engines.len()]);
        self.files.push(file);
        Ok(())
    }

    fn take_result(&mut self, result: SuiteResult) -> Result<(), String> {
        let SuiteResult { file: path, engine, states: letters, details, micros, .. } = result;
        let Some(&index) = self.by_path.get(&path) else {
            return Err(format!("it is a result for {path}, of which no line before tells"));
        };
        let Some(column) = self.manifest.engines.iter().position(|one| one.id.name == engine) else {
            return Err(format!("it is a result of {engine}, which the manifest does not name"));
        };
        let expected = self.files[index].assertions.len();
        let mut states = Vec::with_capacity(expected);
        for letter in letters.chars() {
            states.push(SuiteState::of_letter(letter).ok_or_else(|| format!("`{letter}` stands for no state"))?);
        }
        if states.len() != expected {
            return Err(format!("it has {} states for the {expected} assertions of {path}", states.len()));
        }
        let mut by_position = BTreeMap::new();
        for detail in details {
            let position = detail.assertion;
            if position as usize >= expected {
                return Err(format!("it tells of assertion {position} of {path}, which has {expected}"));
            }
            by_position.insert(position, detail);
        }
        let place = &mut self.results[index][column];
        if place.is_some() {
            return Err(format!("it is a second result of {engine} for {path}"));
        }
        *place = Some(Answer { states, details: by_position, micros, absent: None });
        Ok(())
    }

    fn finish(self) -> Result<Record, (usize, String)> {
        let Self { manifest, files, results, end, cut, .. } = self;
        let mut gaps = Vec::new();
        if end.is_none() {
            let place =
                cut.map_or_else(|| "its last line is missing".to_owned(), |line| format!("line {line} breaks off"));
            gaps.push(format!("The record from {} is cut short: {place}.", manifest.started));
        }
        let mut missing = vec![0_u64; manifest.engines.len()];
        let answered: Vec<FileAnswers> = files
            .into_iter()
            .zip(results)
            .map(|(file, row)| {
                let answers = row.into_iter().enumerate().map(|(column, answer)| {
                    answer.unwrap_or_else(|| {
                        let engine = &manifest.engines[column];
                        let told = file.skipped.clone().or_else(|| engine.trouble.clone());
                        let absent = told.unwrap_or_else(|| {
                            missing[column] += 1;
                            "the record ends before it".to_owned()
                        });
                        let states = vec![SuiteState::Skip; file.assertions.len()];
                        Answer { states, details: BTreeMap::new(), micros: 0, absent: Some(absent) }
                    })
                });
                FileAnswers { answers: answers.collect(), file }
            })
            .collect();
        for (engine, count) in manifest.engines.iter().zip(missing).filter(|(_, count)| *count > 0) {
            gaps.push(format!("There is no result of {} for {count} files.", engine.id));
        }
        let mut record = Record { manifest, files: answered, elapsed_ms: None, relaxed: Vec::new(), gaps };
        if let Some((line, end)) = end {
            record.check_totals(&end).map_err(|why| (line, why))?;
            record.elapsed_ms = Some(end.elapsed_ms);
            record.relaxed = end.relaxed;
        }
        Ok(record)
    }
}

impl Record {
    /// The sums that a run wrote at its end are those of its lines, or something was lost in between.
    fn check_totals(&self, end: &SuiteEnd) -> Result<(), String> {
        for (column, engine) in self.engines().iter().enumerate() {
            let name = engine.id.name.to_string();
            let Some(told) = end.totals.get(&name) else { continue };
            let mut counted: BTreeMap<SuiteState, u64> = BTreeMap::new();
            for state in self.files.iter().flat_map(|file| &file.answers[column].states) {
                *counted.entry(*state).or_default() += 1;
            }
            for state in SuiteState::ALL {
                let of = |sums: &BTreeMap<SuiteState, u64>| sums.get(&state).copied().unwrap_or(0);
                if of(told) != of(&counted) {
                    return Err(format!(
                        "it counts {} x {} for {name}, and the lines before it have {}",
                        of(told),
                        state.name(),
                        of(&counted)
                    ));
                }
            }
        }
        Ok(())
    }
}
