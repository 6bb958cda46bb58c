//! The commands of `docs/WALKTHROUGH.md`, run one after the other in an empty folder.

mod common;

use std::fs;
use std::path::{Path, PathBuf};

use common::{command, stderr, stdout};

/// A command of the page, with what stands below it.
#[derive(Debug, Default)]
struct Step {
    command: String,
    /// Parts of what it prints.
    parts: Vec<String>,
    exit: i32,
    /// Engines without which it is left out.
    needs: Vec<String>,
}

fn root() -> PathBuf {
    Path::new(&std::env::var("CARGO_MANIFEST_DIR").unwrap()).join("..")
}

/// The commands of the blocks that are marked as a console's.
fn steps(page: &str) -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::new();
    let mut inside = false;
    for line in page.lines() {
        match line {
            "```console" => inside = true,
            "```" => inside = false,
            _ if !inside => {}
            line => match (line.strip_prefix("$ "), steps.last_mut()) {
                (Some(command), _) => steps.push(Step { command: command.to_owned(), ..Step::default() }),
                (None, Some(step)) => {
                    if let Some(status) = line.strip_prefix("# exit ") {
                        step.exit = status.parse().expect("it is a number");
                    } else if let Some(engines) = line.strip_prefix("# needs ") {
                        step.needs = engines.split_whitespace().map(str::to_owned).collect();
                    } else {
                        step.parts.push(line.to_owned());
                    }
                }
                (None, None) => panic!("{line:?} stands before the first command"),
            },
        }
    }
    steps
}

/// Whether an engine can be run here.
fn is_here(folder: &Path, name: &str) -> bool {
    let path = folder.join("empty.wat");
    fs::write(&path, "(module)").expect("the folder can be written");
    let output = command(&["run", path.to_str().expect("plain names"), "--engines", name]).output();
    output.expect("the program starts").status.code() == Some(0)
}

#[test]
fn every_command_of_the_walkthrough_does_what_the_page_says() {
    let page = fs::read_to_string(root().join("docs/WALKTHROUGH.md")).unwrap();
    let steps = steps(&page);
    assert!(steps.len() >= 10, "{steps:#?}");
    let folder = tempfile::tempdir().unwrap();
    std::os::unix::fs::symlink(root().canonicalize().unwrap().join("fuzz"), folder.path().join("fuzz")).unwrap();
    let mut run = 0;
    for Step { command: line, parts, exit, needs } in &steps {
        let missing: Vec<&String> = needs.iter().filter(|name| !is_here(folder.path(), name)).collect();
        if !missing.is_empty() {
            println!("left out, for want of {missing:?}: {line}");
            continue;
        }
        let words: Vec<&str> = line.split_whitespace().collect();
        assert_eq!(words[0], "wassay", "{line}");
        let mut command = command(&words[1..]);
        let output = command.current_dir(folder.path()).output().expect("the program starts");
        let (out, err) = (stdout(&output), stderr(&output));
        assert_eq!(output.status.code(), Some(*exit), "{line}\n{out}{err}");
        for part in parts {
            assert!(out.contains(part.as_str()), "{line}\nprints no {part:?}\n{out}{err}");
        }
        run += 1;
    }
    assert!(run >= 8, "only {run} commands were run");
    for file in ["junit.xml", "log.sarif", "changes.md"] {
        assert!(folder.path().join(file).exists(), "{file}");
    }
}

#[test]
fn the_reference_passes_the_scripts_of_historic_faults() {
    let folder = root().join("fuzz/historic");
    let scripts = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut count = 0;
    for script in scripts.filter(|path| path.extension().is_some_and(|extension| extension == "wast")) {
        let output = common::wassay(&["run", script.to_str().unwrap(), "--engines", "reference,wasmtime"]);
        assert_eq!(output.status.code(), Some(0), "{}", stdout(&output));
        count += 1;
    }
    assert!(count >= 2);
}
