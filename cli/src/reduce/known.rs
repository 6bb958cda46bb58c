//! The known issues in `fuzz/known`, which are part of the program.

use anyhow::Context as _;
use wassay_model::{EngineId, Finding, Observation, Signature, TestCase};
use wassay_triage::KnownIssue;

use crate::exit::{Exit, Failure, OrExit as _};

/// The files, by name.
const FILES: &[(&str, &str)] = &[
    ("bun.toml", include_str!("../../../fuzz/known/bun.toml")),
    ("deno.toml", include_str!("../../../fuzz/known/deno.toml")),
    ("dlr.toml", include_str!("../../../fuzz/known/dlr.toml")),
    ("js102.toml", include_str!("../../../fuzz/known/js102.toml")),
    ("jsc.toml", include_str!("../../../fuzz/known/jsc.toml")),
    ("node.toml", include_str!("../../../fuzz/known/node.toml")),
    ("tinywasm.toml", include_str!("../../../fuzz/known/tinywasm.toml")),
    ("wamr.toml", include_str!("../../../fuzz/known/wamr.toml")),
    ("wasmer.toml", include_str!("../../../fuzz/known/wasmer.toml")),
    ("wasmi.toml", include_str!("../../../fuzz/known/wasmi.toml")),
    ("wasmtime.toml", include_str!("../../../fuzz/known/wasmtime.toml")),
];

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    issue: Vec<KnownIssue>,
}

/// Every known issue, with its range of versions.
pub(crate) struct Known {
    rows: Vec<(KnownIssue, semver::VersionReq)>,
}

/// Today, as in 2027-06-30.
pub(crate) fn today() -> Result<String, Failure> {
    Ok(jiff::Zoned::now().date().to_string())
}

/// Reads all files. A row that has expired by `today` accounts for nothing.
pub(crate) fn read(today: &str) -> Result<Known, Failure> {
    let mut rows = Vec::new();
    for (name, text) in FILES {
        let place = || format!("fuzz/known/{name}");
        let file: File = toml::from_str(text).with_context(place).or_exit(Exit::Internal)?;
        for issue in file.issue {
            let place = || format!("fuzz/known/{name}, issue {:?}", issue.name);
            let range = issue.versions.parse().with_context(place).or_exit(Exit::Internal)?;
            let expires: jiff::civil::Date = issue.expires.parse().with_context(place).or_exit(Exit::Internal)?;
            if expires.to_string().as_str() < today {
                eprintln!("wassay: {}: expired on {expires}, and accounts for nothing any more", place());
                continue;
            }
            rows.push((issue, range));
        }
    }
    Ok(Known { rows })
}

impl Known {
    /// The issue that accounts for the finding of a reduced case: every engine that differs has to be accounted for.
    pub(crate) fn of(&self, case: &TestCase, finding: &Finding, observations: &[Observation]) -> Option<&KnownIssue> {
        let engines: Vec<&EngineId> = observations.iter().map(|observation| &observation.engine).collect();
        let skeleton = matched(case, &finding.signature.skeleton);
        self.of_signature(&Signature { skeleton, ..finding.signature.clone() }, &engines)
    }

    /// The same, of a signature alone.
    pub(crate) fn of_signature(&self, signature: &Signature, engines: &[&EngineId]) -> Option<&KnownIssue> {
        let mut found = None;
        for party in &signature.parties {
            let version =
                engines.iter().find(|engine| engine.name == party.engine).map(|engine| engine.version.as_str());
            let (issue, _) = self.rows.iter().find(|(issue, range)| {
                issue.matches(party, signature) && version.and_then(semver_of).is_some_and(|it| range.matches(&it))
            })?;
            found = found.or(Some(issue));
        }
        found
    }

    /// The rows whose script this is and whose engine, in a version that has the issue, is among those that were
    /// asked: each has to account for something, or is out of date.
    pub(crate) fn shown_by(&self, script: &str, engines: &[&EngineId]) -> Vec<&KnownIssue> {
        let is_asked = |issue: &KnownIssue, range: &semver::VersionReq| {
            engines.iter().any(|engine| {
                engine.name.name == issue.engine.name
                    && issue.engine.options.iter().all(|option| engine.name.options.contains(option))
                    && semver_of(&engine.version).is_some_and(|version| range.matches(&version))
            })
        };
        let rows = self.rows.iter().filter(|(issue, range)| {
            !script.is_empty() && issue.regression.ends_with(&format!("/{script}")) && is_asked(issue, range)
        });
        rows.map(|(issue, _)| issue).collect()
    }

    /// Every row.
    #[cfg(test)]
    fn issues(&self) -> impl Iterator<Item = &KnownIssue> {
        self.rows.iter().map(|(issue, _)| issue)
    }
}

/// What rows are held against: the opcodes of a reduced case, those too that only carry values and that a signature
/// leaves out, such as `loop`. A finding that is not reduced has none.
pub(crate) fn matched(case: &TestCase, skeleton: &[String]) -> Vec<String> {
    if skeleton.is_empty() {
        return Vec::new();
    }
    let mut all = wassay_triage::opcodes(case);
    // Most cases have a local: as a mark it counts only where nothing else is there.
    all.retain(|opcode| !opcode.starts_with('(') || skeleton.contains(opcode));
    all
}

/// The version in what an engine says of itself, as a semantic version. The first word that begins like one counts,
/// with its first three numbers: packages of systems put `-1~deb12u2` and the like behind them, and some engines have
/// four.
fn semver_of(text: &str) -> Option<semver::Version> {
    let mut words = text.split(char::is_whitespace).map(|word| word.strip_prefix('v').unwrap_or(word));
    words.find_map(|word| {
        word.parse().ok().or_else(|| {
            let end = word.find(|letter: char| !letter.is_ascii_digit() && letter != '.').unwrap_or(word.len());
            let numbers: Result<Vec<u64>, _> = word[..end].split('.').map(str::parse).collect();
            match numbers.ok()?[..] {
                [major, minor] => Some(semver::Version::new(major, minor, 0)),
                [major, minor, patch, ..] => Some(semver::Version::new(major, minor, patch)),
                _ => None,
            }
        })
    })
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn every_file_of_the_folder_is_part_of_the_program() {
        let folder = Path::new(&std::env::var("CARGO_MANIFEST_DIR").unwrap()).join("../fuzz/known");
        let mut names: Vec<String> = std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .filter(|name| name.ends_with(".toml"))
            .collect();
        names.sort();
        assert_eq!(names, FILES.iter().map(|(name, _)| (*name).to_owned()).collect::<Vec<_>>());
    }

    #[test]
    fn every_issue_leads_to_its_note_and_its_script() {
        let root = Path::new(&std::env::var("CARGO_MANIFEST_DIR").unwrap()).join("..");
        let known = read("2026-01-01").unwrap();
        assert!(known.issues().count() >= 8);
        for issue in known.issues() {
            assert!(root.join(&issue.link).exists(), "{}: no {}", issue.name, issue.link);
            assert!(root.join(&issue.regression).exists(), "{}: no {}", issue.name, issue.regression);
            assert!(!issue.owner.is_empty(), "{} has no owner", issue.name);
        }
    }

    #[test]
    fn no_row_has_expired() {
        let all = read("0000-01-01").unwrap().issues().count();
        let valid = read(&today().unwrap()).unwrap().issues().count();
        assert_eq!(all, valid, "a row of fuzz/known has expired: look whether the issue is still there");
    }

    #[test]
    fn versions_are_found_in_what_engines_say_of_themselves() {
        for (text, version) in [
            ("48.0.8", "48.0.8"),
            ("wasmi 2.0.0", "2.0.0"),
            ("v20.20.2", "20.20.2"),
            ("2.50.6-1~deb12u2", "2.50.6"),
            ("153.7.0esr-1~deb12u1", "153.7.0"),
            ("2.0.0-beta.1", "2.0.0-beta.1"),
            ("20.20.2 (V8 11.3.244.8-node.38)", "20.20.2"),
            ("V8 11.3.244.8", "11.3.244"),
            ("0.40", "0.40.0"),
        ] {
            assert_eq!(semver_of(text).unwrap().to_string(), version);
        }
        assert!(semver_of("unknown").is_none());
    }
}
