//! Starting the program as a user does.
#![allow(dead_code, unreachable_pub, missing_docs, reason = "each test file uses its part of this one")]

use std::path::Path;
use std::process::{Command, Output, Stdio};

use wassay_model::run::Summary;

/// The program, with its output kept.
pub fn wassay(args: &[&str]) -> Output {
    command(args).output().expect("the program starts")
}

pub fn command(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_wassay"));
    command.args(args).stdin(Stdio::null()).env("NO_COLOR", "1");
    command
}

pub fn stdout(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

pub fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// `wassay fuzz` into `folder` without reducing what it finds, and its summary.
pub fn fuzz(folder: &Path, args: &[&str]) -> (Output, Option<Summary>) {
    let mut all = vec!["--triage", "0s"];
    all.extend(args);
    fuzz_and_triage(folder, &all)
}

/// The same, with what was found reduced.
pub fn fuzz_and_triage(folder: &Path, args: &[&str]) -> (Output, Option<Summary>) {
    let out = folder.to_str().expect("temporary folders have plain names");
    let mut all = vec!["fuzz", "--format", "json", "--out", out];
    all.extend(args);
    let output = wassay(&all);
    let summary = serde_json::from_slice(&output.stdout).ok();
    (output, summary)
}

pub fn resume(folder: &Path) -> Output {
    wassay(&[
        "fuzz",
        "--format",
        "json",
        "--triage",
        "0s",
        "--resume",
        folder.to_str().expect("temporary folders have plain names"),
    ])
}

pub fn journal(folder: &Path) -> String {
    std::fs::read_to_string(folder.join("journal.jsonl")).expect("the journal is there")
}

/// Every file below `findings`, with its content.
pub fn findings(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let mut files = Vec::new();
    let mut folders = vec![folder.join("findings")];
    while let Some(next) = folders.pop() {
        for entry in std::fs::read_dir(&next).expect("the folder can be read") {
            let path = entry.expect("the folder can be read").path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let name = path.strip_prefix(folder).expect("the file is below").display().to_string();
                files.push((name, std::fs::read(&path).expect("the file can be read")));
            }
        }
    }
    files.sort();
    files
}
