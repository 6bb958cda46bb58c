//! The rule `link`: relative links in Markdown lead to files or folders of the repository.
//! It reads inline links and reference definitions outside code; it does not look at anchors, nor at
//! addresses on the web.

use std::collections::BTreeSet;

use super::file::{Complaint, SourceFile};

pub(crate) fn check(file: &SourceFile, paths: &BTreeSet<&str>) -> Vec<Complaint> {
    let mut complaints = Vec::new();
    let mut fenced = false;
    for (number, line) in file.lines() {
        if line.trim_start().starts_with("```") {
            fenced = !fenced;
            continue;
        }
        if fenced {
            continue;
        }
        for target in targets(&without_code(line)) {
            if let Some(why) = broken(&file.path, target, paths) {
                complaints.push(Complaint::new(&file.path, number, "link", format!("`{target}` {why}")));
            }
        }
    }
    complaints
}

/// Code between backquotes becomes nothing.
fn without_code(line: &str) -> String {
    line.split('`').step_by(2).collect()
}

fn targets(line: &str) -> Vec<&str> {
    let mut targets = Vec::new();
    for (at, _) in line.match_indices("](") {
        let rest = &line[at + 2..];
        if let Some(end) = rest.find([')', ' ']) {
            targets.push(&rest[..end]);
        }
    }
    if line.starts_with('[')
        && let Some((_, rest)) = line.split_once("]: ")
    {
        targets.extend(rest.split_whitespace().next());
    }
    targets
}

fn broken(from: &str, target: &str, paths: &BTreeSet<&str>) -> Option<&'static str> {
    let (path, _) = target.split_once('#').unwrap_or((target, ""));
    let elsewhere = path.contains("://") || path.starts_with("mailto:") || path.is_empty();
    if elsewhere {
        return None;
    }
    if path.starts_with('/') {
        return Some("starts at the root of a web site: write it relative to this file");
    }
    let mut parts: Vec<&str> = from.split('/').collect();
    parts.pop();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                if parts.pop().is_none() {
                    return Some("leaves the repository");
                }
            }
            part => parts.push(part),
        }
    }
    let resolved = parts.join("/");
    let folder = format!("{resolved}/");
    let exists = resolved.is_empty() || paths.iter().any(|path| *path == resolved || path.starts_with(&folder));
    (!exists).then_some("leads to no file that is tracked or about to be")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn fires(text: &str, lines: &[usize]) {
        let paths = BTreeSet::from(["README.md", "docs/A.md", "docs/deep/B.md", "cli/src/main.rs"]);
        let found = check(&SourceFile::new("docs/A.md", text.into()), &paths);
        assert_eq!(found.iter().map(|complaint| complaint.line).collect::<Vec<_>>(), lines, "{text:?}");
    }

    #[test]
    fn a_link_to_a_file_a_folder_or_a_part_of_either_resolves() {
        fires("[a](A.md) [b](deep/B.md#part) [c](../cli/src/) [d](..)\n[e](#here) [f](./deep)\n", &[]);
    }

    #[test]
    fn a_link_to_nothing_is_found_on_its_line() {
        fires("[a](A.md)\n[b](B.md) and [c](A.md)\n![picture](x.png \"title\")\n", &[2, 3]);
        fires("[a]: deep/C.md\n[b]: deep/B.md\n", &[1]);
    }

    #[test]
    fn a_link_out_of_the_repository_is_broken() {
        fires("[a](../../x.md)\n[b](/docs/A.md)\n", &[1, 2]);
    }

    #[test]
    fn addresses_on_the_web_are_not_looked_at() {
        fires("[a](https://example.org/x.md) [b](mailto:a@example.org)\n", &[]);
    }

    #[test]
    fn code_holds_no_links() {
        fires("`[a](gone.md)`\n```\n[a](gone.md)\n```\n[a](gone.md)\n", &[5]);
    }
}
