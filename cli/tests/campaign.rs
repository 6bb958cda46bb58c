//! A campaign as a user starts it: the same twice, stopped anywhere, and with nowhere to write.

mod common;

use std::collections::BTreeMap;
use std::fs;
use std::process::Stdio;
use std::time::{Duration, Instant};

use common::{command, findings, fuzz, journal, resume, stderr};
use wassay_model::run::{CELL_CASES_MAX, RunEvent};

/// An engine with a fault, so that there are findings to lose.
const FAULTY: &str = "faulty+i32-shl-unmasked,reference,wasmi";
/// Cases on which these engines do the same each time. In the mix wasmi 2.0 meets faults of its own that read what
/// earlier calls left, and then two runs differ in what it did and not in what we did.
const PROFILE: &str = "smith";

#[test]
fn the_same_seed_gives_the_same_journal_whatever_the_number_of_lanes() {
    let folder = tempfile::tempdir().unwrap();
    let run = |name: &str, jobs: &str| {
        let out = folder.path().join(name);
        let (output, summary) =
            fuzz(&out, &["--seed", "5", "--cases", "1200", "--profile", PROFILE, "--engines", FAULTY, "--jobs", jobs]);
        assert!(summary.is_some(), "{}", stderr(&output));
        out
    };
    let (one, again, three) = (run("one", "1"), run("again", "1"), run("three", "3"));
    assert_eq!(journal(&one), journal(&again));
    assert_eq!(journal(&one), journal(&three));
    assert!(journal(&one).contains("\"event\":\"finding\""));
    // Evidence holds timings, so only the names and the cases are the same.
    let cases =
        |folder| findings(folder).into_iter().filter(|(name, _)| name.ends_with("case.json")).collect::<Vec<_>>();
    assert_eq!(cases(&one), cases(&three));
}

#[test]
fn shards_do_the_cases_of_the_whole_between_them() {
    let folder = tempfile::tempdir().unwrap();
    let lines = |name: &str, extra: &[&str]| {
        let out = folder.path().join(name);
        let mut args = vec!["--seed", "6", "--cases", "1100", "--profile", PROFILE, "--engines", FAULTY];
        args.extend(extra);
        fuzz(&out, &args);
        journal(&out).lines().map(str::to_owned).collect::<Vec<_>>()
    };
    let whole = lines("whole", &[]);
    let mut parts = lines("part0", &["--shard", "0/2"]);
    parts.extend(lines("part1", &["--shard", "1/2"]));
    let sorted = |mut lines: Vec<String>| {
        lines.sort();
        lines
    };
    assert!(sorted(in_one(parts)) == sorted(in_one(whole)));
}

#[test]
fn of_the_cases_that_few_can_take_some_are_asked_of_engines_whose_turn_it_is_not() {
    let folder = tempfile::tempdir().unwrap();
    let asked = |profile: &str, engines: &str| {
        let args = ["--seed", "1", "--cases", "40", "--profile", profile, "--sample", "4", "--engines", engines];
        let (output, summary) = fuzz(&folder.path().join(profile), &args);
        let tallies = summary.unwrap_or_else(|| panic!("{}", stderr(&output))).tally.engines;
        tallies.into_iter().map(|(engine, tally)| (engine, tally.asked)).collect::<BTreeMap<_, _>>()
    };
    // wasmi has no structures; with the reference, both compilers make three that take one case in four.
    let few = asked("gc", "reference,wasmi,wasmtime,wasmtime+pulley");
    assert_eq!([few["reference"], few["wasmi"], few["wasmtime"], few["wasmtime+pulley"]], [40, 40, 10, 20]);
    // Where three take it without them, compilers have their turns and no more.
    let many = asked("size", "reference,wasmi,wasmi@1.1.0,wasmtime,wasmtime+pulley");
    assert_eq!([many["wasmtime"], many["wasmtime+pulley"]], [10, 10]);
}

/// Lines of one run from lines of its shards: of each cell only the first cases of a run are told, so what a shard tells
/// beyond them is left out.
fn in_one(lines: Vec<String>) -> Vec<String> {
    let mut events: Vec<RunEvent> = lines.iter().map(|line| serde_json::from_str(line).unwrap()).collect();
    events.sort_by_key(|event| match event {
        RunEvent::Chunk(chunk) => chunk.number,
        RunEvent::Finding(finding) => finding.index,
    });
    let mut known: BTreeMap<String, u64> = BTreeMap::new();
    for event in &mut events {
        if let RunEvent::Chunk(chunk) = event {
            chunk.cells.retain(|cell, count| {
                let before = known.entry(cell.clone()).or_default();
                *count = (*count).min(CELL_CASES_MAX - *before);
                *before += *count;
                *count > 0
            });
        }
    }
    events.iter().map(|event| serde_json::to_string(event).unwrap()).collect()
}

#[test]
fn a_run_that_was_killed_anywhere_and_resumed_is_the_same_as_one_that_was_not() {
    let folder = tempfile::tempdir().unwrap();
    let args = ["--seed", "7", "--cases", "4000", "--profile", PROFILE, "--engines", FAULTY];
    let whole = folder.path().join("whole");
    fuzz(&whole, &args);
    let expected = journal(&whole);

    let out = folder.path().join("killed");
    let mut kills = 0;
    for round in 0..5_u64 {
        let mut all = vec!["fuzz", "--format", "json"];
        let path = out.to_str().unwrap();
        if out.join("manifest.json").exists() {
            all.extend(["--resume", path]);
        } else {
            all.extend(args);
            all.extend(["--out", path]);
        }
        let mut child = command(&all).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        // At moments that have nothing to do with what the program is doing.
        std::thread::sleep(Duration::from_millis(350 + round * 97));
        if child.try_wait().unwrap().is_none() {
            kills += 1;
        }
        child.kill().unwrap();
        child.wait().unwrap();
    }
    assert!(kills > 0, "the run was over before it could be killed");
    // A kill in the middle of a write leaves half a line.
    let mut torn = journal(&out).into_bytes();
    torn.extend_from_slice(b"{\"event\":\"chu");
    fs::write(out.join("journal.jsonl"), torn).unwrap();
    resume(&out);
    assert_eq!(journal(&out), expected);
    let names = |folder| findings(folder).into_iter().map(|(name, _)| name).collect::<Vec<_>>();
    assert_eq!(names(&out), names(&whole));
}

/// The processes whose parent is `parent`.
fn children(parent: u32) -> Vec<u32> {
    let mut found = Vec::new();
    for entry in fs::read_dir("/proc").unwrap().flatten() {
        let Some(id) = entry.file_name().to_str().and_then(|name| name.parse::<u32>().ok()) else { continue };
        let Ok(stat) = fs::read_to_string(entry.path().join("stat")) else { continue };
        // The command's name, in brackets, may hold anything; the parent is the second word behind it.
        let parent_id = stat.rsplit(')').next().and_then(|rest| rest.split_whitespace().nth(1));
        if parent_id == Some(&parent.to_string()) {
            found.push(id);
        }
    }
    found
}

#[test]
fn killed_workers_cost_no_finding_and_make_none() {
    let folder = tempfile::tempdir().unwrap();
    let args = ["--seed", "8", "--cases", "2500", "--profile", PROFILE, "--engines", FAULTY];
    let whole = folder.path().join("whole");
    fuzz(&whole, &args);

    let out = folder.path().join("killed");
    let mut all = vec!["fuzz", "--out", out.to_str().unwrap()];
    all.extend(args);
    let mut child = command(&all).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let mut killed = 0;
    let began = Instant::now();
    while child.try_wait().unwrap().is_none() && began.elapsed() < Duration::from_secs(300) {
        std::thread::sleep(Duration::from_millis(120));
        if killed < 12
            && let Some(worker) = children(child.id()).first()
        {
            let worker = worker.to_string();
            killed += u32::from(std::process::Command::new("kill").args(["-9", &worker]).status().unwrap().success());
        }
    }
    child.wait().unwrap();
    assert!(killed > 0, "no worker was killed");
    assert_eq!(journal(&out), journal(&whole));
}

#[test]
fn a_signal_ends_a_run_in_order_and_it_can_be_resumed() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("run");
    let args = ["fuzz", "--seed", "9", "--cases", "1000000", "--engines", "reference", "--out", out.to_str().unwrap()];
    let child = command(&args).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    std::thread::sleep(Duration::from_millis(1500));
    std::process::Command::new("kill").args(["-TERM", &child.id().to_string()]).status().unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(75), "{}", stderr(&output));
    assert!(common::stdout(&output).contains("ended by a signal"));
    assert!(out.join("summary.json").exists());
}

#[test]
fn a_full_disk_ends_the_run_with_73_and_names_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("run");
    fs::create_dir(&out).unwrap();
    std::os::unix::fs::symlink("/dev/full", out.join("journal.jsonl")).unwrap();
    let (output, _) = fuzz(&out, &["--seed", "1", "--cases", "64", "--engines", "reference,wasmi"]);
    assert_eq!(output.status.code(), Some(73), "{}", stderr(&output));
    let words = stderr(&output);
    assert!(words.contains("journal.jsonl") && words.contains("--out"), "{words}");
}

#[test]
fn a_folder_that_cannot_be_made_ends_the_run_with_73() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    fs::write(&file, b"").unwrap();
    let (output, _) = fuzz(&file.join("run"), &["--seed", "1", "--cases", "1", "--engines", "reference"]);
    assert_eq!(output.status.code(), Some(73), "{}", stderr(&output));
}

#[test]
fn a_folder_that_holds_a_run_is_not_written_over() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("run");
    let args = ["--seed", "1", "--cases", "1", "--engines", "reference"];
    fuzz(&out, &args);
    let before = journal(&out);
    let (output, _) = fuzz(&out, &args);
    assert_eq!(output.status.code(), Some(73));
    assert!(stderr(&output).contains("--resume"), "{}", stderr(&output));
    assert_eq!(journal(&out), before);
}

#[test]
fn a_folder_without_a_run_cannot_be_resumed() {
    let folder = tempfile::tempdir().unwrap();
    let output = resume(folder.path());
    assert_eq!(output.status.code(), Some(65));
    assert!(stderr(&output).contains("manifest.json"), "{}", stderr(&output));
}

#[test]
fn a_broken_journal_line_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("run");
    fuzz(&out, &["--seed", "1", "--cases", "100", "--engines", "reference"]);
    let text = journal(&out).replacen("\"event\"", "\"evnt\"", 1);
    fs::write(out.join("journal.jsonl"), text).unwrap();
    let output = resume(&out);
    assert_eq!(output.status.code(), Some(65));
    assert!(stderr(&output).contains("line 1"), "{}", stderr(&output));
}

#[test]
fn an_engine_that_does_not_exist_ends_the_run_with_69_and_says_which_there_are() {
    let folder = tempfile::tempdir().unwrap();
    let (output, _) = fuzz(&folder.path().join("run"), &["--engines", "reference,wasmo"]);
    assert_eq!(output.status.code(), Some(69));
    let words = stderr(&output);
    assert!(words.contains("wasmo") && words.contains("wasmi"), "{words}");
}
