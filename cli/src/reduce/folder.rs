//! The folder of a reduced finding: all that an engine's people need, and nothing that needs us.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use anyhow::Context as _;
use wassay_judge::REFERENCE;
use wassay_model::{Finding, Observation, TestCase};
use wassay_triage::{Blame, KnownIssue, Report, bucket_name, write_javascript, write_report};

use crate::exit::{Exit, Failure, OrExit as _};

/// A reduced finding, ready to be written.
pub(crate) struct Reproducer<'a> {
    pub(crate) case: &'a TestCase,
    pub(crate) finding: &'a Finding,
    pub(crate) observations: &'a [Observation],
    /// Bytes of all modules before and after.
    pub(crate) bytes: (usize, usize),
    pub(crate) known: Option<&'a KnownIssue>,
}

impl Reproducer<'_> {
    /// Writes the folder below `out`, whole or not at all, in place of one of the same name; says where it is.
    pub(crate) fn write(&self, out: &Path) -> Result<PathBuf, Failure> {
        let id = self.case.id().to_string();
        let target = out.join(bucket_name(&self.finding.signature)).join(&id[..16.min(id.len())]);
        // Two lanes may come to the same case at the same time.
        let part = target.with_extension(format!("{:?}.part", std::thread::current().id()).replace(['(', ')'], ""));
        let writing = |path: &Path| format!("cannot write {}; choose another folder with --out", path.display());
        fs::create_dir_all(&part).with_context(|| writing(&part)).or_exit(Exit::CannotWrite)?;
        for (name, content) in self.files()? {
            let path = part.join(name);
            fs::write(&path, content).with_context(|| writing(&path)).or_exit(Exit::CannotWrite)?;
        }
        // One lane at a time: removing and renaming are two steps.
        static MOVING: Mutex<()> = Mutex::new(());
        let _moving = MOVING.lock().unwrap_or_else(PoisonError::into_inner);
        if target.exists() {
            fs::remove_dir_all(&target).with_context(|| writing(&target)).or_exit(Exit::CannotWrite)?;
        }
        fs::rename(&part, &target).with_context(|| writing(&target)).or_exit(Exit::CannotWrite)?;
        Ok(target)
    }

    fn files(&self) -> Result<Vec<(String, Vec<u8>)>, Failure> {
        let blame = Blame::of(self.finding, self.observations, REFERENCE);
        let expectation =
            self.observations.iter().find(|observation| Some(&observation.engine.name) == blame.expectation.as_ref());
        let mut files = Vec::new();
        let several = self.case.modules.len() > 1;
        for (index, module) in self.case.modules.iter().enumerate() {
            let name = if several { format!("case.{index}") } else { "case".to_owned() };
            files.push((format!("{name}.wasm"), module.bytes.0.clone()));
            // A module that does not decode has no text.
            if let Ok(text) = wassay_runner::wat(&module.bytes.0) {
                files.push((format!("{name}.wat"), text.into_bytes()));
            }
        }
        if let Some(expectation) = expectation.or(self.observations.first()) {
            files.push(("case.wast".to_owned(), wassay_runner::write_wast(self.case, expectation).into_bytes()));
        }
        files.push(("case.js".to_owned(), write_javascript(self.case, expectation).into_bytes()));
        let engines: Vec<String> = self.finding.engines.iter().map(|engine| engine.name.to_string()).collect();
        let commands = [
            format!("wassay run case.wast --engines {}", engines.join(",")),
            format!("wassay run case.json --engines {}", engines.join(",")),
            "node case.js".to_owned(),
        ];
        let page = write_report(&Report {
            case: self.case,
            finding: self.finding,
            observations: self.observations,
            blame: &blame,
            bytes: Some(self.bytes),
            known: self.known.map(|issue| (issue.name.as_str(), issue.link.as_str())),
            commands: &commands,
        });
        files.push(("report.md".to_owned(), page.into_bytes()));
        files.push(("case.json".to_owned(), json(self.case)?));
        files.push(("finding.json".to_owned(), json(self.finding)?));
        files.push(("observations.json".to_owned(), json(&self.observations)?));
        Ok(files)
    }
}

fn json<T: serde::Serialize + ?Sized>(value: &T) -> Result<Vec<u8>, Failure> {
    let mut text = serde_json::to_vec_pretty(value).or_exit(Exit::Internal)?;
    text.push(b'\n');
    Ok(text)
}

/// Writes a record beside its place and moves it there, so that a reader sees all of it or nothing.
pub(crate) fn write_json<T: serde::Serialize>(path: &Path, value: &T) -> Result<(), Failure> {
    let writing = || format!("cannot write {}; choose another folder with --out", path.display());
    let folder = path.parent().unwrap_or(Path::new("."));
    let beside = path.with_extension("json.part");
    let text = json(value)?;
    fs::create_dir_all(folder)
        .and_then(|()| fs::write(&beside, text))
        .and_then(|()| fs::rename(&beside, path))
        .with_context(writing)
        .or_exit(Exit::CannotWrite)
}

/// Where the best so far of a reduction is kept while it goes on.
pub(crate) struct Unfinished {
    path: PathBuf,
}

impl Unfinished {
    /// That of a case, with the seed that decides the order of pieces.
    pub(crate) fn of(out: &Path, case: &TestCase, seed: u64) -> Self {
        let id = case.id().to_string();
        Self { path: out.join("unfinished.part").join(format!("{}-{seed}.json", &id[..16.min(id.len())])) }
    }

    /// What was kept; nothing where nothing was, or where it is not whole.
    pub(crate) fn read(&self) -> Option<TestCase> {
        serde_json::from_slice(&fs::read(&self.path).ok()?).ok()
    }

    pub(crate) fn write(&self, case: &TestCase) -> Result<(), Failure> {
        write_json(&self.path, case)
    }

    /// Removes it, and the folder with the last of them.
    pub(crate) fn remove(&self) {
        let _ = fs::remove_file(&self.path);
        let _ = self.path.parent().map(fs::remove_dir);
    }
}
