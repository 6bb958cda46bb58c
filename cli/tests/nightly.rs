//! A short night, as scripts/nightly makes it: one folder with all records and a page.

mod common;

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use common::{fuzz, stderr, stdout, wassay};

fn night(folder: &Path, args: &[&str]) -> Output {
    let root = PathBuf::from(std::env::var("CARGO_MANIFEST_DIR").unwrap()).join("..");
    let mut command = Command::new(root.join("scripts/nightly"));
    command.args(["--out", folder.to_str().unwrap()]).args(args).stdin(Stdio::null());
    command.env("WASSAY", env!("CARGO_BIN_EXE_wassay")).env("NO_COLOR", "1").output().unwrap()
}

fn page(folder: &Path) -> String {
    std::fs::read_to_string(folder.join("summary.md")).unwrap()
}

#[test]
fn a_night_leaves_one_folder_with_every_record_and_a_page() {
    let home = tempfile::tempdir().unwrap();
    let out = home.path().join("night");
    let args = ["--cases", "300", "--seed", "5", "--engines", "faulty+i32-shl-unmasked,reference"];
    let output = night(&out, &args);
    assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
    for file in
        ["run/summary.json", "run/journal.jsonl", "regressions.json", "reduced/index.json", "canaries/score.json"]
    {
        assert!(out.join(file).exists(), "{file} is missing");
    }
    let page = page(&out);
    for part in
        ["Denominators", "Throughput", "Coverage", "Not looked at", "Divergences", "Triage", "Residual risk", "Health"]
    {
        assert!(page.contains(&format!("\n## {part}\n")), "{part} is missing:\n{page}");
    }
    assert!(page.contains("**To look at:**") && page.contains("| **new** |"), "{page}");
    assert!(page.contains("| cases drawn | 300 | 100.0 % |"), "{page}");
    assert!(page.contains("| one-thread-alone |"), "{page}");
    assert!(page.contains("- Canaries in mix: 15 of 15 found"), "{page}");
    assert!(page.contains("- Lost answers: 0 in the 300 cases"), "{page}");
    // The reproducer is named as it is found from the page.
    let row = page.lines().find(|line| line.contains("| **new** |")).unwrap();
    let folder = row.trim_end_matches(" |").rsplit("| ").next().unwrap();
    assert!(out.join(folder).join("report.md").exists(), "{row}");
    // Nobody overwrites a night.
    assert_eq!(night(&out, &args).status.code(), Some(73));
}

#[test]
fn a_night_without_a_difference_is_quiet() {
    let home = tempfile::tempdir().unwrap();
    let out = home.path().join("night");
    let output = night(&out, &["--cases", "50", "--seed", "5", "--engines", "reference"]);
    assert_eq!(output.status.code(), Some(0), "{}{}", stderr(&output), stdout(&output));
    let page = page(&out);
    assert!(page.contains("**Quiet.**") && page.contains("(3/n, since nothing was found)"), "{page}");
}

#[test]
fn a_run_alone_has_a_page_that_says_what_is_missing() {
    let home = tempfile::tempdir().unwrap();
    let out = home.path().join("run");
    fuzz(&out, &["--seed", "5", "--cases", "300", "--engines", "faulty+i32-shl-unmasked,reference"]);
    let output = wassay(&["digest", out.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(1));
    let page = stdout(&output);
    assert!(page.contains("Nothing was reduced") && page.contains("Regressions: not replayed"), "{page}");
    // An answer that is missing in the journal is counted.
    let journal = std::fs::read_to_string(out.join("journal.jsonl")).unwrap();
    let less = journal.replacen("\"reference\":{\"asked\":256", "\"reference\":{\"asked\":255", 1);
    assert_ne!(less, journal);
    std::fs::write(out.join("journal.jsonl"), less).unwrap();
    let page = stdout(&wassay(&["digest", out.to_str().unwrap()]));
    assert!(page.contains("1 answers are lost"), "{page}");
}

#[test]
fn what_is_no_run_is_refused_with_its_name() {
    let home = tempfile::tempdir().unwrap();
    let output = wassay(&["digest", home.path().to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(65));
    assert!(stderr(&output).contains("holds no summary.json"), "{}", stderr(&output));
}
