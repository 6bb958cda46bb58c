//! Rules for Rust sources.

mod lexer;

use super::file::{Complaint, SourceFile, has_word};
use super::text;
use lexer::Lexed;

/// Where unsafe code may stand, each with its reason.
const UNSAFE_IN: &[&str] = &[
    "engines/in-process/",   // some engines have only a C-like interface
    "engines/worker/",       // limits on the process itself are set through the operating system
    "engines/workers/wamr/", // an engine in C
];

/// A whole crate in which the compiler forbids it, so that no attribute further down can allow it again.
const FORBIDS_UNSAFE: &[&str] = &["engines/reference/src/lib.rs"];

/// Code that reads bytes which nobody has checked: a panic here is an engine crash of our own.
const READS_MODULES: &[&str] = &["engines/reference/src/binary/", "engines/reference/src/valid/"];

/// The same input gives the same output, everywhere and always.
const PURE: &[&str] =
    &["oracle/model/src/", "oracle/judge/src/", "engines/reference/src/", "fuzz/generate/src/", "fuzz/triage/src/"];

const IMPURE: &[&str] =
    &["std::env", "std::fs", "std::io", "std::net", "std::process", "std::thread", "Instant", "SystemTime"];

/// Pure rooms whose outputs are recorded: an order that changes from run to run would change the record.
const ORDERED: &[&str] = &["oracle/model/src/", "oracle/judge/src/", "fuzz/generate/src/", "fuzz/triage/src/"];

const UNORDERED: &[&str] = &["HashMap", "HashSet", "RandomState"];

/// The programs. Everything else is a library, and its caller owns the streams and the exit code.
const PROGRAMS: &[&str] = &["cli/", "engines/worker/", "fuzz/targets/", "scripts/"];

const PRINTS: &[&str] = &["print!", "println!", "eprint!", "eprintln!", "process::exit"];

const LEFTOVERS: &[(&str, &str)] = &[
    ("todo!", "unfinished code: write it, or return an error that says what is missing"),
    ("unimplemented!", "unfinished code: write it, or return an error that says what is missing"),
    ("dbg!", "a debugging print"),
    ("#[ignore", "an ignored test: fix it, or take it out"),
];

pub(crate) fn check(file: &SourceFile) -> Vec<Complaint> {
    let lexed = Lexed::new(&file.text);
    let mut complaints = Vec::new();
    complaints.extend(opening(file));
    complaints.extend(forbids_unsafe(file, &lexed));
    complaints.extend(words_of_path(file));
    let all_test = is_test(&file.path);
    let is_build_script = file.name() == "build.rs";
    for line in lexed.lines() {
        let mut complain =
            |rule, message: String| complaints.push(Complaint::new(&file.path, line.number, rule, message));
        for (word, message) in LEFTOVERS {
            if has_word(line.code, word) {
                complain("leftover", format!("`{word}`: {message}"));
            }
        }
        if has_word(line.code, "unsafe") && !file.is_in(UNSAFE_IN) {
            complain("unsafe", format!("unsafe code stays in {}", UNSAFE_IN.join(" and ")));
        }
        if let Some(word) = empty_word(line.code) {
            complain("words", format!("`{word}` does not say what it is or does: use a word of the standard"));
        }
        if text::needs_issue(line.comment) {
            complaints.push(text::issue(&file.path, line.number));
        }
        if all_test || line.is_test {
            continue;
        }
        let mut complain =
            |rule, message: String| complaints.push(Complaint::new(&file.path, line.number, rule, message));
        if line.code.contains(".unwrap()") && !is_build_script {
            complain("panic", "`.unwrap()`: return an error, or say with `.expect(\"...\")` why it cannot fail".into());
        }
        if file.is_in(READS_MODULES) && has_word(line.code, "panic!") {
            complain("panic", "a module must not bring the reference down: return an error".into());
        }
        if file.is_in(PURE)
            && let Some(word) = IMPURE.iter().find(|word| has_word(line.code, word))
        {
            complain("pure", format!("`{word}` makes results depend on more than arguments: the caller passes data"));
        }
        if file.is_in(ORDERED)
            && let Some(word) = UNORDERED.iter().find(|word| has_word(line.code, word))
        {
            complain("pure", format!("`{word}` iterates in another order in each run: use a `BTreeMap` or `BTreeSet`"));
        }
        if !file.is_in(PROGRAMS)
            && !is_build_script
            && let Some(word) = PRINTS.iter().find(|word| has_word(line.code, word))
        {
            complain("print", format!("`{word}` in a library: return a value, or emit an event"));
        }
    }
    complaints
}

/// Tests may panic, print and read the clock.
fn is_test(path: &str) -> bool {
    let (folders, name) = path.rsplit_once('/').unwrap_or(("", path));
    folders.split('/').any(|folder| matches!(folder, "tests" | "benches" | "examples")) || name == "tests.rs"
}

fn opening(file: &SourceFile) -> Option<Complaint> {
    let is_root = ["src/lib.rs", "src/main.rs"].iter().any(|root| file.path.ends_with(root));
    let opens = file.text.starts_with("//! ");
    let message = "open with `//!`: what comes in, what goes out, what must not be known here";
    (is_root && !opens).then(|| Complaint::new(&file.path, 1, "opening", message))
}

fn forbids_unsafe(file: &SourceFile, lexed: &Lexed) -> Option<Complaint> {
    let must = FORBIDS_UNSAFE.contains(&file.path.as_str());
    let does = lexed.lines().any(|line| line.code.trim() == "#![forbid(unsafe_code)]");
    (must && !does).then(|| Complaint::new(&file.path, 1, "unsafe", "this crate says `#![forbid(unsafe_code)]`"))
}

fn words_of_path(file: &SourceFile) -> Option<Complaint> {
    let words = file.path.split(['/', '_', '-', '.']);
    let word = words.into_iter().find(|word| is_empty_word(word))?;
    let message = format!("a file or folder named `{word}` holds anything: name what it holds");
    Some(Complaint::new(&file.path, 1, "words", message))
}

fn is_empty_word(word: &str) -> bool {
    let word = word.to_ascii_lowercase();
    matches!(word.strip_suffix('s').unwrap_or(&word), "manager" | "helper" | "util" | "utility" | "utilitie")
}

/// The name that a line declares, if it says nothing.
fn empty_word(code: &str) -> Option<&str> {
    let is_inside = |c: char| c.is_alphanumeric() || c == '_';
    let mut words = code.split(|c| !is_inside(c)).filter(|word| !word.is_empty());
    while let Some(word) = words.next() {
        match word {
            "struct" | "enum" | "trait" | "type" | "union" | "mod" => {
                let name = words.next()?;
                if parts(name).any(is_empty_word) {
                    return Some(name);
                }
            }
            "fn" => {
                let name = words.next()?;
                if name == "process" {
                    return Some(name);
                }
            }
            _ => {}
        }
    }
    None
}

/// The words that a name in `CamelCase` or `snake_case` is made of.
fn parts(name: &str) -> impl Iterator<Item = &str> {
    let starts = name.char_indices().filter(|(_, c)| c.is_uppercase() || *c == '_').map(|(at, _)| at);
    let mut bounds: Vec<usize> = std::iter::once(0).chain(starts).chain([name.len()]).collect();
    bounds.dedup();
    let pieces: Vec<&str> = bounds.windows(2).map(|pair| name[pair[0]..pair[1]].trim_matches('_')).collect();
    pieces.into_iter()
}

#[cfg(test)]
mod tests {
    use super::super::file::tests::lines_of;
    use super::*;

    #[track_caller]
    fn fires(rule: &str, path: &str, text: &str, lines: &[usize]) {
        let complaints = check(&SourceFile::new(path, text.into()));
        assert_eq!(lines_of(&complaints, rule), lines, "{rule} on {path}: {text}");
    }

    #[test]
    fn a_crate_opens_with_a_module_comment() {
        fires("opening", "cli/src/main.rs", "//! Flags in.\n\nfn main() {}\n", &[]);
        fires("opening", "cli/src/main.rs", "// Flags in.\n", &[1]);
        fires("opening", "cli/src/main.rs", "use a;\n//! Flags in.\n", &[1]);
        fires("opening", "oracle/judge/src/lib.rs", "", &[1]);
        fires("opening", "oracle/judge/src/matrix.rs", "use a;\n", &[]);
    }

    #[test]
    fn unsafe_stays_where_engines_are_spoken_to() {
        let text = "//! unsafe\nfn f() { unsafe { g() } }\nconst A: &str = \"unsafe\"; // unsafe\n";
        fires("unsafe", "oracle/judge/src/a.rs", text, &[2]);
        fires("unsafe", "oracle/judge/tests/a.rs", text, &[2]);
        fires("unsafe", "engines/in-process/src/a.rs", text, &[]);
        fires("unsafe", "engines/worker/src/a.rs", text, &[]);
        fires("unsafe", "oracle/judge/src/lib.rs", "//! A.\n#![deny(unsafe_code)]\n", &[]);
    }

    #[test]
    fn the_reference_forbids_unsafe() {
        fires("unsafe", "engines/reference/src/lib.rs", "//! A.\n#![forbid(unsafe_code)]\n", &[]);
        fires("unsafe", "engines/reference/src/lib.rs", "//! A.\n// #![forbid(unsafe_code)]\n", &[1]);
    }

    #[test]
    fn unfinished_code_is_found_and_talk_about_it_is_not() {
        fires("leftover", "cli/src/a.rs", "fn a() {\n    todo!()\n}\n// todo!()\n", &[2]);
        fires("leftover", "cli/src/a.rs", "unimplemented!(\"x\");\nf(\"dbg!(x)\");\nlet x = dbg!(1);\n", &[1, 3]);
        fires("leftover", "cli/src/a.rs", "#[test]\n#[ignore]\nfn a() {}\n#[ignore = \"slow\"]\n", &[2, 4]);
    }

    #[test]
    fn a_note_in_a_comment_carries_an_issue_number() {
        fires("issue", "cli/src/a.rs", "// TODO: later\n// TODO(#12): later\n/* FIXME(me) */\n", &[1, 3]);
        fires("issue", "cli/src/a.rs", "let TODO = \"FIXME\";\n/// A TODO\n", &[2]);
    }

    #[test]
    fn names_that_say_nothing_are_found_in_declarations() {
        fires("words", "cli/src/a.rs", "struct EngineManager;\nenum HelperKind {}\n", &[1, 2]);
        fires("words", "cli/src/a.rs", "pub(crate) mod utils;\ntrait JsonUtil {}\nfn process(a: A) {}\n", &[1, 2, 3]);
        fires("words", "cli/src/a.rs", "struct Utilization;\nfn process_id() {}\nuse x::Helper;\n// mod util\n", &[]);
    }

    #[test]
    fn names_that_say_nothing_are_found_in_paths() {
        fires("words", "cli/src/util.rs", "", &[1]);
        fires("words", "cli/tests/common_helpers/mod.rs", "", &[1]);
        fires("words", "cli/src/utilization.rs", "", &[]);
    }

    #[test]
    fn unwrap_is_for_tests() {
        let text = "fn a() {\n    b().unwrap();\n}\n\n#[cfg(test)]\nmod tests {\n    fn a() { b().unwrap(); }\n}\n";
        fires("panic", "cli/src/a.rs", text, &[2]);
        for path in ["cli/tests/a.rs", "cli/benches/a.rs", "cli/src/a/tests.rs", "cli/build.rs"] {
            fires("panic", path, text, &[]);
        }
        fires("panic", "cli/src/a.rs", "a().expect(\"b\");\na.unwrap_or(1);\n// a.unwrap()\n", &[]);
    }

    #[test]
    fn the_front_end_of_the_reference_returns_errors() {
        let text = "fn a() {\n    panic!(\"b\");\n}\n#[cfg(test)]\nmod tests { fn a() { panic!() } }\n";
        fires("panic", "engines/reference/src/binary/a.rs", text, &[2]);
        fires("panic", "engines/reference/src/valid/a.rs", text, &[2]);
        fires("panic", "engines/reference/src/exec/a.rs", text, &[]);
    }

    #[test]
    fn pure_rooms_see_only_their_arguments() {
        for line in ["use std::fs;", "let a = std::env::var(b);", "Instant::now()", "let a: SystemTime = b;"] {
            let text = format!("//! std::fs\n{line}\n#[cfg(test)]\nmod tests {{\n    {line}\n}}\n");
            fires("pure", "oracle/judge/src/a.rs", &text, &[2]);
            fires("pure", "engines/reference/src/a.rs", &text, &[2]);
            fires("pure", "fuzz/campaign/src/a.rs", &text, &[]);
            fires("pure", "oracle/judge/tests/a.rs", &text, &[]);
        }
    }

    #[test]
    fn recorded_rooms_keep_an_order() {
        let text = "use std::collections::{BTreeMap, HashMap};\n";
        fires("pure", "fuzz/generate/src/a.rs", text, &[1]);
        fires("pure", "engines/reference/src/a.rs", text, &[]);
        fires("pure", "fuzz/generate/src/a.rs", "use std::collections::BTreeMap;\n", &[]);
    }

    #[test]
    fn libraries_do_not_print_or_exit() {
        let text = "println!(\"a\");\neprint!(\"b\");\nstd::process::exit(1);\nwriteln!(f, \"c\");\n";
        fires("print", "fuzz/campaign/src/a.rs", text, &[1, 2, 3]);
        fires("print", "cli/src/a.rs", text, &[]);
        fires("print", "engines/worker/src/a.rs", text, &[]);
        fires("print", "engines/in-process/build.rs", text, &[]);
        fires("print", "fuzz/campaign/tests/a.rs", text, &[]);
    }
}
