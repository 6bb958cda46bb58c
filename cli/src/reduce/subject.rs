//! What is to be reduced or replayed: the folder of a finding, or a file.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, anyhow};
use wassay_model::{EngineName, Finding, TestCase};

use crate::args::Run;
use crate::exit::{Exit, Failure, OrExit as _};
use crate::run;

/// Folders below each other, at most: a run's folder has its findings three below.
const DEPTH_MAX: u32 = 4;

/// A case and what is known of it.
#[derive(Debug)]
pub(crate) struct Subject {
    /// Where it comes from.
    pub(crate) path: PathBuf,
    pub(crate) case: TestCase,
    /// What was found, where the case comes from a finding's folder.
    pub(crate) finding: Option<Finding>,
    /// What a script expects, where the case is one.
    pub(crate) script: Option<wassay_runner::Script>,
}

impl Subject {
    /// What people call it: the last two parts of its path.
    pub(crate) fn name(&self) -> String {
        let parts: Vec<_> = self.path.iter().collect();
        let name: PathBuf = parts[parts.len().saturating_sub(2)..].iter().collect();
        name.display().to_string()
    }

    /// The engines that took part in the finding.
    pub(crate) fn engines(&self) -> Vec<EngineName> {
        self.finding.iter().flat_map(|finding| &finding.engines).map(|engine| engine.name.clone()).collect()
    }
}

/// Everything that a path leads to: a file, the folder of a finding, or a folder of these. Each is read by
/// itself, so that a broken one does not keep the others from being looked at.
pub(crate) fn read_all(path: &Path) -> Result<Vec<Result<Subject, Failure>>, Failure> {
    if !path.is_dir() {
        return Ok(vec![read(path)]);
    }
    let mut found = Vec::new();
    walk(path, 0, &mut found)?;
    if found.is_empty() {
        let error = anyhow!(
            "{} holds no finding: give a folder with a case.json or a case.wast in it or below it, or a file",
            path.display()
        );
        return Err(Failure::new(Exit::BadInput, error));
    }
    Ok(found.iter().map(|path| read(path)).collect())
}

fn walk(folder: &Path, depth: u32, found: &mut Vec<PathBuf>) -> Result<(), Failure> {
    for name in ["case.json", "case.wast"] {
        if folder.join(name).exists() {
            found.push(folder.join(name));
            return Ok(());
        }
    }
    if depth == DEPTH_MAX {
        return Ok(());
    }
    let reading = || format!("cannot read the folder {}", folder.display());
    let mut below = Vec::new();
    for entry in fs::read_dir(folder).with_context(reading).or_exit(Exit::BadInput)? {
        let path = entry.with_context(reading).or_exit(Exit::BadInput)?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        // Cases whose ruling is open are no findings, and a folder that is being written is none yet.
        if path.is_dir() && name != "open" && !name.ends_with(".part") {
            below.push(path);
        }
    }
    // The order of a folder is nobody's choice.
    below.sort();
    below.iter().try_for_each(|path| walk(path, depth + 1, found))
}

fn read(path: &Path) -> Result<Subject, Failure> {
    let folder = path.parent().unwrap_or(Path::new("."));
    let beside = folder.join("finding.json");
    let of_finding = path.file_name().is_some_and(|name| name == "case.json") && beside.exists();
    let args = Run {
        file: path.to_owned(),
        invoke: Vec::new(),
        engines: String::new(),
        deadline: Duration::ZERO,
        memory: 0,
        format: None,
    };
    let run::Source { mut case, script } = run::Source::read(&args)?;
    // The deadline is the case's own, or the usual one.
    case.limits.deadline_ms = deadline_of(path).unwrap_or(wassay_model::Limits::default().deadline_ms);
    let finding: Option<Finding> = if of_finding {
        let bytes = fs::read(&beside).with_context(|| format!("cannot read {}", beside.display()));
        let finding = serde_json::from_slice(&bytes.or_exit(Exit::BadInput)?)
            .with_context(|| {
                format!("{} is not the record of a finding; the run that wrote it writes it anew", beside.display())
            })
            .or_exit(Exit::BadInput)?;
        Some(finding)
    } else {
        None
    };
    let path = if path.file_name().is_some_and(|name| name == "case.json" || name == "case.wast") && of_finding {
        folder.to_owned()
    } else {
        path.to_owned()
    };
    Ok(Subject { path, case, finding, script })
}

/// The deadline that a recorded case has.
fn deadline_of(path: &Path) -> Option<u32> {
    let bytes = fs::read(path).ok().filter(|_| path.extension().is_some_and(|extension| extension == "json"))?;
    serde_json::from_slice::<TestCase>(&bytes).ok().map(|case| case.limits.deadline_ms)
}
