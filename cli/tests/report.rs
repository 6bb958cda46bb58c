//! `wassay report` as a user runs it.

mod common;

use std::path::{Path, PathBuf};

use common::{stderr, stdout, wassay};

fn record(name: &str) -> String {
    let path = PathBuf::from(std::env::var("CARGO_MANIFEST_DIR").unwrap()).join("../reports/tests/records").join(name);
    path.to_str().expect("the tree has plain names").to_owned()
}

fn text(path: &Path) -> &str {
    path.to_str().expect("temporary folders have plain names")
}

#[test]
fn a_record_becomes_a_site_and_every_format() {
    let home = tempfile::tempdir().unwrap();
    let out = home.path().join("report");
    let output = wassay(&["report", &record("small.jsonl"), "--out", text(&out)]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert!(stdout(&output).contains("34 assertions on 7 engines"), "{}", stdout(&output));
    for name in [
        "index.html",
        "not-looked-at.html",
        "engines/wasmi.html",
        "files/core.i32.wast.html",
        "junit.xml",
        "wassay.sarif",
        "ctrf.json",
        "summary.md",
        "summary.json",
        "badge.svg",
        "features.json",
    ] {
        assert!(out.join(name).is_file(), "{name} is missing");
    }
}

#[test]
fn only_the_formats_that_were_asked_for_are_written() {
    let home = tempfile::tempdir().unwrap();
    let out = home.path().join("report");
    let output = wassay(&["report", &record("small.jsonl"), "--out", text(&out), "--formats", "markdown,badge"]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert!(out.join("summary.md").is_file() && out.join("badge.svg").is_file());
    assert!(!out.join("index.html").exists() && !out.join("junit.xml").exists());
}

#[test]
fn a_diff_that_is_worse_ends_with_1_and_names_transitions() {
    let home = tempfile::tempdir().unwrap();
    let out = home.path().join("report");
    let (old, new) = (record("older.jsonl"), record("small.jsonl"));
    let output = wassay(&["report", "--diff", &old, &new, "--history", &old, "--out", text(&out)]);
    assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
    assert!(stdout(&output).contains("newly failing: 1\n"), "{}", stdout(&output));
    assert!(out.join("changes.html").is_file() && out.join("history.html").is_file());
    let output = wassay(&["report", "--diff", &new, &old, "--out", text(&out)]);
    assert_eq!(output.status.code(), Some(0), "{}", stdout(&output));
    assert!(stdout(&output).contains("newly passing: 1\n"), "{}", stdout(&output));
}

#[test]
fn an_incomplete_record_is_refused_and_leaves_the_old_report() {
    let home = tempfile::tempdir().unwrap();
    let out = home.path().join("report");
    assert_eq!(wassay(&["report", &record("small.jsonl"), "--out", text(&out)]).status.code(), Some(0));
    let before = std::fs::read_to_string(out.join("index.html")).unwrap();
    let whole = std::fs::read_to_string(record("small.jsonl")).unwrap();
    let folder = home.path().join("spec-1");
    std::fs::create_dir(&folder).unwrap();
    std::fs::write(folder.join("record.jsonl"), &whole[..whole.len() / 2]).unwrap();
    let output = wassay(&["report", text(&folder), "--out", text(&out)]);
    assert_eq!(output.status.code(), Some(65));
    assert!(stderr(&output).contains("is cut short") && stderr(&output).contains("--partial"), "{}", stderr(&output));
    assert_eq!(std::fs::read_to_string(out.join("index.html")).unwrap(), before);
    let output = wassay(&["report", text(&folder), "--out", text(&out), "--partial"]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert!(std::fs::read_to_string(out.join("index.html")).unwrap().contains("Incomplete."));
}

#[test]
fn a_record_that_cannot_be_read_is_left_out_where_that_is_allowed_and_the_rest_is_reported() {
    let home = tempfile::tempdir().unwrap();
    let out = home.path().join("report");
    let broken = home.path().join("broken.jsonl");
    std::fs::write(&broken, "{\"schema\":\"wassay-suite/9\"}\n").unwrap();
    let small = record("small.jsonl");
    let args = ["report", &small, text(&broken), "--out", text(&out)];
    assert_eq!(wassay(&args).status.code(), Some(65));
    assert!(!out.exists());
    let output = wassay(&[&args[..], &["--partial"]].concat());
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert!(
        stderr(&output).contains("left out: ") && stderr(&output).contains("wassay-suite/9"),
        "{}",
        stderr(&output)
    );
    let page = std::fs::read_to_string(out.join("index.html")).unwrap();
    assert!(page.contains("A record was left out") && page.contains("7 engines"), "the page says what is missing");
    let output = wassay(&["report", text(&broken), "--partial", "--out", text(&out)]);
    assert_eq!(output.status.code(), Some(65), "nothing is left");
}

#[test]
fn what_cannot_be_used_or_written_is_said_with_its_exit_status() {
    let home = tempfile::tempdir().unwrap();
    let broken = home.path().join("broken.jsonl");
    std::fs::write(&broken, "{\"schema\":\"wassay-suite/9\"}\n").unwrap();
    std::fs::write(home.path().join("letter"), "dear").unwrap();
    let small = record("small.jsonl");
    for (args, status, words) in [
        (vec!["report", text(&broken)], 65, "its schema is `wassay-suite/9`"),
        (vec!["report", "no/such.jsonl"], 65, "cannot read no/such.jsonl"),
        (vec!["report", &small, &small], 65, "stands in two records"),
        (vec!["report", &small, "--out", text(home.path())], 73, "is there and is no report"),
        (
            vec!["report", &small, "--out", text(&home.path().join("r")), "--into", text(&broken)],
            65,
            "there is no line",
        ),
        (vec!["report", &small, "--formats", "pdf"], 64, "invalid value 'pdf'"),
    ] {
        let output = wassay(&args);
        assert_eq!(output.status.code(), Some(status), "{args:?}: {}", stderr(&output));
        assert!(stderr(&output).contains(words), "{args:?}: {}", stderr(&output));
    }
    assert!(home.path().join("letter").is_file());
}
