//! The table of docs/ENGINES.md says what the engines of this machine do now.

mod common;

use std::fs;
use std::io::{self, Write as _};
use std::path::Path;

use common::{stderr, stdout};

const BEGIN: &str = "<!-- kit: begin -->";
const END: &str = "<!-- kit: end -->";

/// Engines that every build has: none of these may be skipped.
const LINKED: &[&str] =
    &["reference", "wasmi", "wasmi@1.1.0", "tinywasm", "dlr", "wasmtime", "wasmtime+winch", "wasmtime+pulley"];

/// The cells of a row of a Markdown table, without what aligns them.
fn cells(line: &str) -> Vec<&str> {
    line.trim().trim_matches('|').split('|').map(str::trim).collect()
}

/// The rows of the table on the page, its head and its rule left out.
fn rows(page: &str) -> Vec<Vec<&str>> {
    let (_, rest) = page.split_once(BEGIN).expect("the page marks where the table begins");
    let (table, _) = rest.split_once(END).expect("the page marks where the table ends");
    table.lines().filter(|line| line.starts_with('|')).skip(2).map(cells).collect()
}

#[test]
fn the_kits_table_is_what_the_engines_of_this_machine_do() {
    let path = Path::new(&std::env::var("CARGO_MANIFEST_DIR").unwrap()).join("../docs/ENGINES.md");
    let page = fs::read_to_string(&path).expect("the page is there");
    let rows = rows(&page);
    assert!(rows.len() >= 12, "{} rows", rows.len());
    for engine in LINKED {
        assert!(rows.iter().any(|row| row[0] == *engine), "{engine} has no row");
    }
    for row in rows {
        let engine = row[0];
        let output = common::wassay(&["engines", "probe", "--format", "markdown", engine]);
        let text = stdout(&output);
        let seen = text.lines().filter(|line| line.starts_with('|')).nth(2).map(cells);
        let unlike = match &seen {
            None => Some(format!("it cannot be asked here: {}", stderr(&output).trim())),
            Some(seen) if seen[1] != row[1] => {
                Some(format!("it is version {} here and {} on the page", seen[1], row[1]))
            }
            Some(_) => None,
        };
        if let Some(why) = unlike {
            assert!(!LINKED.contains(&engine), "{engine} is linked, and {why}");
            // Not by the macro, whose output is shown of failed tests only.
            let _ = writeln!(io::stderr(), "skipped: {engine}: {why}");
            continue;
        }
        let seen = seen.expect("it was asked");
        assert_eq!(seen, row, "{engine}: make the table of docs/ENGINES.md again with the command that it names");
    }
}
