//! `cargo xtask tidy`: every tracked file and every manifest in, complaints out.
//! Rules are pure functions of a path and a text; only this file touches the disk and starts programs.
//! Rules read lines, not syntax trees: they are cheap and predictable, and a determined author can trick
//! them. They catch slips, not malice.

mod edges;
mod file;
mod links;
mod manifest;
mod rust;
mod text;

use std::collections::BTreeSet;
use std::path::Path;
use std::process::{Command, ExitCode};

use anyhow::{Context, Result, ensure};

use file::{Complaint, SourceFile};

/// Every rule with what it asks for. `docs/CONTRIBUTING.md` names them all; a test holds it to that.
const RULES: &[(&str, &str)] = &[
    ("edges", "crates know only those that the table allows; pure rooms take few dependencies"),
    ("manifest", "a crate is named after its folder, says what it is for, and takes the workspace's lints"),
    ("opening", "`lib.rs` and `main.rs` open with a module comment"),
    ("unsafe", "unsafe code stays in the rooms that talk to engines; the reference forbids it"),
    ("leftover", "no unfinished code, no debugging print, no ignored test"),
    ("issue", "a note of work to do carries an issue number"),
    ("words", "no name that says nothing: managers, helpers, utils, `process()`"),
    ("panic", "no `.unwrap()` outside tests; no panic on the bytes of a module"),
    ("pure", "rooms of pure functions see no files, clocks, environment or random order"),
    ("print", "only programs print or exit"),
    ("length", "a file is at most 1500 lines long"),
    ("space", "no white space at the end of a line, no tabs in Rust, one newline at the end of a file"),
    ("machine", "no path of somebody's machine"),
    ("registry", "no host name of a package registry outside lock files"),
    ("link", "relative links in Markdown lead to files of the repository"),
    ("exemption", "every exemption is used"),
];

/// A place where a rule does not hold, and why.
struct Exemption {
    rule: &'static str,
    path: &'static str,
    /// For the reader of the table; nothing prints it.
    #[expect(dead_code, reason = "the table is where it is read")]
    reason: &'static str,
}

const EXEMPTIONS: &[Exemption] = &[Exemption {
    rule: "print",
    path: "engines/in-process/src/chaos.rs",
    reason: "an engine that does on purpose what engines must not: it floods streams and leaves the program",
}];

/// One line for each rule.
pub(crate) fn list() -> String {
    RULES.iter().map(|(name, what)| format!("{name:<10} {what}\n")).collect()
}

/// Checks the repository that the current folder belongs to.
pub(crate) fn run() -> Result<ExitCode> {
    let root = output("git", &["rev-parse", "--show-toplevel"], Path::new("."))?;
    let root = Path::new(root.trim());
    let paths = output("git", &["ls-files", "-z", "--cached", "--others", "--exclude-standard"], root)?;
    let paths: BTreeSet<&str> = paths.split('\0').filter(|path| root.join(path).is_file()).collect();

    let mut files = Vec::new();
    for path in &paths {
        let bytes = std::fs::read(root.join(path)).with_context(|| format!("cannot read {path}"))?;
        // What is no text has no lines to complain about.
        if let Ok(text) = String::from_utf8(bytes)
            && !text.contains('\0')
        {
            files.push(SourceFile::new(path, text));
        }
    }

    let mut complaints: Vec<Complaint> = files.iter().flat_map(|file| check_file(file, &paths)).collect();
    let packages = packages(root, &files)?;
    for package in &packages {
        complaints.extend(manifest::check(package));
        complaints.extend(edges::check(package));
    }
    let mut complaints = exempt(complaints, EXEMPTIONS);
    complaints.sort();

    for complaint in &complaints {
        println!("{complaint}");
    }
    let rules = RULES.len();
    println!("tidy: {} files, {} crates, {rules} rules: {}", paths.len(), packages.len(), counted(complaints.len()));
    Ok(if complaints.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn check_file(file: &SourceFile, paths: &BTreeSet<&str>) -> Vec<Complaint> {
    let mut complaints = text::check(file);
    if file.extension() == "rs" {
        complaints.extend(rust::check(file));
    }
    if file.extension() == "md" {
        complaints.extend(links::check(file, paths));
    }
    complaints
}

/// Drops the complaints that the table covers, and complains about the entries that cover none.
fn exempt(mut complaints: Vec<Complaint>, exemptions: &[Exemption]) -> Vec<Complaint> {
    for exemption in exemptions {
        let before = complaints.len();
        complaints.retain(|complaint| complaint.rule != exemption.rule || complaint.path != exemption.path);
        if complaints.len() == before {
            let message = format!("nothing here breaks `{}` any more: take the exemption out", exemption.rule);
            complaints.push(Complaint::new(exemption.path, 1, "exemption", message));
        }
    }
    complaints
}

/// The workspace's packages, then those with a workspace of their own.
fn packages(root: &Path, files: &[SourceFile]) -> Result<Vec<manifest::Package>> {
    let mut packages: Vec<manifest::Package> = Vec::new();
    let manifests = files.iter().filter(|file| file.path == "Cargo.toml" || file.path.ends_with("/Cargo.toml"));
    // The root comes first: it answers for all its members.
    let (roots, members): (Vec<_>, Vec<_>) = manifests.partition(|file| file.path == "Cargo.toml");
    for file in roots.into_iter().chain(members) {
        if packages.iter().any(|package| package.manifest == file.path) {
            continue;
        }
        let arguments = ["metadata", "--no-deps", "--offline", "--format-version=1", "--manifest-path", &file.path];
        let json = output("cargo", &arguments, root)?;
        let found = manifest::read(&json, |absolute| {
            let relative = Path::new(absolute).strip_prefix(root).ok()?.to_str()?;
            files.iter().find(|file| file.path == relative)
        })?;
        packages.extend(found);
    }
    Ok(packages)
}

fn output(program: &str, arguments: &[&str], folder: &Path) -> Result<String> {
    let output = Command::new(program).args(arguments).current_dir(folder).output();
    let output = output.with_context(|| format!("cannot start {program}"))?;
    let errors = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{program} {} failed:\n{errors}", arguments.join(" "));
    String::from_utf8(output.stdout).with_context(|| format!("{program} does not speak UTF-8"))
}

fn counted(complaints: usize) -> String {
    match complaints {
        0 => "clean".into(),
        1 => "1 complaint".into(),
        n => format!("{n} complaints"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn complaint(path: &str, rule: &'static str) -> Complaint {
        Complaint::new(path, 3, rule, "x")
    }

    const LONG: Exemption = Exemption { rule: "length", path: "a.rs", reason: "a table" };

    #[test]
    fn an_exemption_covers_one_rule_in_one_file() {
        let found = vec![complaint("a.rs", "length"), complaint("a.rs", "space"), complaint("b.rs", "length")];
        let left = exempt(found, &[LONG]);
        assert_eq!(left, [complaint("a.rs", "space"), complaint("b.rs", "length")]);
    }

    #[test]
    fn an_exemption_that_covers_nothing_is_a_complaint() {
        let left = exempt(vec![complaint("b.rs", "length")], &[LONG]);
        assert_eq!(left.iter().map(|complaint| complaint.rule).collect::<Vec<_>>(), ["length", "exemption"]);
    }

    #[test]
    fn the_contributors_guide_names_every_rule() {
        let guide = include_str!("../../../../docs/CONTRIBUTING.md");
        for (name, _) in RULES {
            assert!(guide.contains(&format!("| `{name}` |")), "docs/CONTRIBUTING.md does not name the rule `{name}`");
        }
    }

    #[test]
    fn a_file_is_checked_by_the_rules_for_its_kind() {
        let paths = BTreeSet::from(["docs/a.md", "cli/src/main.rs"]);
        let rules_for = |path: &str, text: &str| {
            let complaints = check_file(&SourceFile::new(path, text.into()), &paths);
            complaints.iter().map(|complaint| complaint.rule).collect::<Vec<_>>()
        };
        assert_eq!(rules_for("docs/a.md", "[gone](gone.md)\n"), ["link"]);
        assert_eq!(rules_for("cli/src/main.rs", "fn main() {}\n"), ["opening"]);
        assert_eq!(rules_for("cli/data.txt", "[gone](gone.md)\nfn main() {}\n"), [""; 0]);
    }
}
