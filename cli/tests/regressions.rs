//! The scripts in `fuzz/regressions`: each was once a divergence, and states what the standard says.

mod common;

use std::path::{Path, PathBuf};

use common::{stderr, stdout, wassay};

fn scripts() -> Vec<PathBuf> {
    let root = Path::new(&std::env::var("CARGO_MANIFEST_DIR").unwrap()).join("../fuzz/regressions");
    let mut scripts: Vec<PathBuf> = std::fs::read_dir(root)
        .expect("the folder is there")
        .map(|entry| entry.expect("the folder can be read").path())
        .filter(|path| path.is_dir())
        .map(|path| path.join("case.wast"))
        .collect();
    scripts.sort();
    scripts
}

#[test]
fn the_reference_passes_every_regression_script() {
    let scripts = scripts();
    assert!(!scripts.is_empty());
    for script in scripts {
        let path = script.to_str().expect("plain names");
        let output = wassay(&["run", path, "--engines", "reference"]);
        assert_eq!(output.status.code(), Some(0), "{path}\n{}{}", stdout(&output), stderr(&output));
        let text = stdout(&output);
        assert!(text.contains("commands passed, 0 failed"), "{path}\n{text}");
    }
}

#[test]
fn every_regression_has_a_note() {
    for script in scripts() {
        let note = script.with_file_name("note.md");
        let text = std::fs::read_to_string(&note).unwrap_or_default();
        assert!(text.len() > 100, "{} says nothing", note.display());
    }
}
