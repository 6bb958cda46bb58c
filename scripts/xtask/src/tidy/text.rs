//! Rules for every text file.

use super::file::{Complaint, SourceFile};

/// A file longer than this holds more than one subject.
const LINES_MAX: usize = 1500;

/// Files that people write. Recorded data is not held to a length or to a style of white space.
const WRITTEN: &[&str] = &["rs", "toml", "md", "sh", "js", "mjs", "py", "yml", "yaml", "css", "html"];

/// Folders at the top of a file system that differ from machine to machine.
/// Written in halves: the rule reads this file too.
const MACHINE: &[&str] = &[
    concat!("/ho", "me/"),
    concat!("/ro", "ot/"),
    concat!("/tm", "p/"),
    concat!("/Use", "rs/"),
    concat!("/wo", "rk/"),
    concat!("C:\\Use", "rs\\"),
];

/// Where packages come from is the reader's choice (a mirror, a vendored copy), not the repository's.
const REGISTRIES: &[&str] = &[
    concat!("crates", ".io"),
    concat!("registry.npmjs", ".org"),
    concat!("registry.yarnpkg", ".com"),
    concat!("npmjs", ".com"),
    concat!("pypi", ".org"),
    concat!("pythonhosted", ".org"),
    concat!("deb.debian", ".org"),
    concat!("archive.ubuntu", ".com"),
    concat!("proxy.golang", ".org"),
];

pub(crate) fn check(file: &SourceFile) -> Vec<Complaint> {
    let mut complaints = Vec::new();
    if WRITTEN.contains(&file.extension()) || file.text.starts_with("#!/") {
        complaints.extend(length(file));
        complaints.extend(space(file));
        complaints.extend(script_notes(file));
    }
    complaints.extend(machine(file));
    complaints.extend(registry(file));
    complaints
}

fn length(file: &SourceFile) -> Option<Complaint> {
    let lines = file.text.lines().count();
    let message = || format!("{lines} lines, and {LINES_MAX} is the limit: split the file by subject");
    (lines > LINES_MAX).then(|| Complaint::new(&file.path, lines, "length", message()))
}

fn space(file: &SourceFile) -> Vec<Complaint> {
    let complain = |line, message: &str| Complaint::new(&file.path, line, "space", message);
    let mut complaints = Vec::new();
    for (number, line) in (1..).zip(file.text.split('\n')) {
        if line.ends_with(char::is_whitespace) {
            complaints.push(complain(number, "white space at the end of the line"));
        }
        if file.extension() == "rs" && line.contains('\t') {
            complaints.push(complain(number, "a tab: indent with spaces, write `\\t` in strings"));
        }
    }
    let lines = file.text.lines().count();
    if !file.text.is_empty() && !file.text.ends_with('\n') {
        complaints.push(complain(lines, "no newline at the end of the file"));
    }
    if file.text.ends_with("\n\n") {
        complaints.push(complain(lines, "an empty line at the end of the file"));
    }
    complaints
}

/// The rule `issue` for languages whose comments run from a sign to the end of the line.
/// Rust has its own lexer, and Markdown may talk about such notes.
fn script_notes(file: &SourceFile) -> Vec<Complaint> {
    let sign = match file.extension() {
        "rs" | "md" | "html" => return Vec::new(),
        "js" | "mjs" | "css" => "/",
        _ => "#",
    };
    let noted = file.lines().filter(|(_, line)| line.split_once(sign).is_some_and(|(_, rest)| needs_issue(rest)));
    noted.map(|(number, _)| issue(&file.path, number)).collect()
}

pub(crate) fn issue(path: &str, line: usize) -> Complaint {
    Complaint::new(path, line, "issue", "say where the work is tracked: `TODO(#12): ...`, or do it now")
}

/// Whether a comment notes work to do without the number of an issue.
pub(crate) fn needs_issue(comment: &str) -> bool {
    ["TODO", "FIXME", "XXX", "HACK"].iter().any(|note| {
        comment.match_indices(note).any(|(at, _)| {
            let glued = |c: char| c.is_alphanumeric() || c == '_';
            let rest = &comment[at + note.len()..];
            if comment[..at].ends_with(glued) || rest.starts_with(glued) {
                return false;
            }
            let number = rest.strip_prefix("(#").and_then(|rest| rest.split_once(')')).map(|(number, _)| number);
            !number.is_some_and(|number| !number.is_empty() && number.chars().all(|c| c.is_ascii_digit()))
        })
    })
}

fn machine(file: &SourceFile) -> Vec<Complaint> {
    let mut complaints = Vec::new();
    for (number, line) in file.lines() {
        for folder in MACHINE {
            // Inside a longer path or an address these are ordinary names.
            let starts = |at: usize| {
                !line[..at].ends_with(|c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | '/' | '}' | '~'))
            };
            if line.match_indices(folder).any(|(at, _)| starts(at)) {
                let message = format!(
                    "`{folder}` exists on some machines only: use a path relative to the repository, or `std::env::temp_dir()`"
                );
                complaints.push(Complaint::new(&file.path, number, "machine", message));
            }
        }
    }
    complaints
}

fn registry(file: &SourceFile) -> Vec<Complaint> {
    // Cargo writes the registry's index into every entry.
    if file.name() == "Cargo.lock" {
        return Vec::new();
    }
    let mut complaints = Vec::new();
    for (number, line) in file.lines() {
        for host in REGISTRIES {
            let glued = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-');
            let stands = |at: usize| !line[..at].ends_with(glued) && !line[at + host.len()..].starts_with(glued);
            if line.match_indices(host).any(|(at, _)| stands(at)) {
                let message =
                    format!("`{host}`: name the package and its version, and leave the host to the package manager");
                complaints.push(Complaint::new(&file.path, number, "registry", message));
            }
        }
    }
    complaints
}

#[cfg(test)]
mod tests {
    use super::super::file::tests::lines_of;
    use super::*;

    #[track_caller]
    fn fires(rule: &str, path: &str, text: &str, lines: &[usize]) {
        let complaints = check(&SourceFile::new(path, text.into()));
        assert_eq!(lines_of(&complaints, rule), lines, "{rule} on {path}: {text:?}");
    }

    #[test]
    fn a_file_may_fill_the_limit_and_no_line_more() {
        fires("length", "a/src/b.rs", &"x\n".repeat(1500), &[]);
        fires("length", "a/src/b.rs", &"x\n".repeat(1501), &[1501]);
        fires("length", "suite/data.wast", &"x\n".repeat(1501), &[]);
    }

    #[test]
    fn white_space_ends_no_line() {
        fires("space", "a.md", "good\n\nbad \n\tindented\nworse\t\n", &[3, 5]);
        fires("space", "a.sh", "bad\r\n", &[1]);
        fires("space", ".ci/run", "#!/bin/sh\nbad \n", &[2]);
        fires("space", "a.snap", "data \n", &[]);
    }

    #[test]
    fn rust_holds_no_tab() {
        fires("space", "a.rs", "fn a() {\n\tb();\n}\n", &[2]);
    }

    #[test]
    fn a_file_ends_with_one_newline() {
        fires("space", "a.rs", "a\nb", &[2]);
        fires("space", "a.rs", "a\nb\n\n", &[3]);
        fires("space", "a.rs", "a\nb\n", &[]);
        fires("space", "a.rs", "", &[]);
    }

    #[test]
    fn a_note_in_a_script_carries_an_issue_number() {
        fires("issue", "a.sh", "# TODO: later\n# TODO(#7): later\n", &[1]);
        fires("issue", "a.js", "f(); // FIXME\n/* XXX */\nconst TODO = 1;\n", &[1, 2]);
        fires("issue", "a.toml", "a = 1 # HACK(#x)\n# the word TODOS\n", &[1]);
        fires("issue", "a.md", "A TODO needs a number.\n", &[]);
    }

    #[test]
    fn a_path_of_a_machine_is_found_wherever_it_starts() {
        for folder in MACHINE {
            fires("machine", "a.json", &format!("good\n\"{folder}x\"\n"), &[2]);
            fires("machine", "run", &format!("DIR={folder}x\n"), &[1]);
        }
    }

    #[test]
    fn a_folder_with_such_a_name_further_down_is_no_machine_path() {
        for before in ["https://example.org", "..", "$HOME", "crate", "${DIR}", "~"] {
            fires("machine", "a.md", &format!("{before}{}x\n", MACHINE[2]), &[]);
        }
    }

    #[test]
    fn a_registry_is_found_by_its_host_and_below_it() {
        for host in REGISTRIES {
            fires("registry", "a.json", &format!("ok\n\"https://{host}/x\"\n"), &[2]);
            fires("registry", "a.rs", &format!("// static.{host}\n"), &[1]);
        }
    }

    #[test]
    fn the_index_in_a_lock_file_and_longer_names_are_no_registry() {
        let index = format!("source = \"registry+https://{}/index\"\n", REGISTRIES[0]);
        fires("registry", "engines/x/Cargo.lock", &index, &[]);
        fires("registry", "a.toml", &format!("https://github.com/rust-lang/{}-index\n", REGISTRIES[0]), &[]);
        fires("registry", "a.md", &format!("my{}\n", REGISTRIES[4]), &[]);
    }
}
