//! Recorded evidence: `good/` holds what the standard allows or leaves open, `bad/` what it does not. A file
//! dropped into either folder is a test. With `WASSAY_RECORD=1` the verdicts are written anew, for review.

use std::fs;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use wassay_judge::{explain, judge};
use wassay_model::{Observation, Ruling, TestCase, Verdict};

/// A file of evidence.
#[derive(Serialize, Deserialize)]
struct Evidence {
    /// What this is evidence of.
    about: String,
    case: TestCase,
    observations: Vec<Observation>,
    /// Missing only in a file that was never recorded.
    expected: Option<Verdict>,
    explanation: Option<String>,
}

fn files(folder: &str) -> Vec<PathBuf> {
    let folder = Path::new(&std::env::var("CARGO_MANIFEST_DIR").unwrap()).join("evidence").join(folder);
    let mut files: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    assert!(!files.is_empty());
    files
}

fn check(folder: &str, holds: impl Fn(Ruling) -> bool) {
    for file in files(folder) {
        let mut evidence: Evidence = serde_json::from_slice(&fs::read(&file).unwrap())
            .unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        let verdict = judge(&evidence.case, &evidence.observations);
        let explanation = explain(&verdict, &evidence.case);
        assert!(holds(verdict.ruling), "{}: {}: {explanation}", file.display(), evidence.about);
        if std::env::var_os("WASSAY_RECORD").is_some() {
            evidence.expected = Some(verdict);
            evidence.explanation = Some(explanation);
            fs::write(&file, serde_json::to_string_pretty(&evidence).unwrap() + "\n").unwrap();
        } else {
            assert_eq!(Some(verdict), evidence.expected, "{}: {}", file.display(), evidence.about);
            assert_eq!(Some(explanation), evidence.explanation, "{}", file.display());
        }
    }
}

#[test]
fn good_evidence_is_no_divergence() {
    check("good", |ruling| ruling < Ruling::Diverge);
}

#[test]
fn bad_evidence_is_a_divergence() {
    check("bad", |ruling| ruling == Ruling::Diverge);
}
