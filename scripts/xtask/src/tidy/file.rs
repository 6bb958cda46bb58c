//! A file as the rules see it, and what they say about it.

use std::fmt;

/// A text file of the repository.
#[derive(Debug)]
pub(crate) struct SourceFile {
    /// Relative to the root, with `/`.
    pub(crate) path: String,
    pub(crate) text: String,
}

impl SourceFile {
    pub(crate) fn new(path: &str, text: String) -> SourceFile {
        SourceFile { path: path.into(), text }
    }

    /// What follows the last dot of the file's name; empty when there is none.
    pub(crate) fn extension(&self) -> &str {
        self.path.rsplit_once('.').map_or("", |(_, extension)| if extension.contains('/') { "" } else { extension })
    }

    pub(crate) fn name(&self) -> &str {
        self.path.rsplit_once('/').map_or(&self.path, |(_, name)| name)
    }

    /// Whether the file lies in one of these folders, which are written with a `/` at the end.
    pub(crate) fn is_in(&self, folders: &[&str]) -> bool {
        folders.iter().any(|folder| self.path.starts_with(folder))
    }

    /// Lines with their numbers, which start at 1.
    pub(crate) fn lines(&self) -> impl Iterator<Item = (usize, &str)> {
        (1..).zip(self.text.lines())
    }
}

/// What a rule says about one line. Complaints sort by place.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Complaint {
    pub(crate) path: String,
    pub(crate) line: usize,
    pub(crate) rule: &'static str,
    pub(crate) message: String,
}

impl Complaint {
    pub(crate) fn new(path: &str, line: usize, rule: &'static str, message: impl Into<String>) -> Complaint {
        Complaint { path: path.into(), line, rule, message: message.into() }
    }
}

impl fmt::Display for Complaint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}: {}", self.path, self.line, self.rule, self.message)
    }
}

/// Whether `word` stands in `line` with no letter, digit or underscore next to it.
///
/// Where the word itself begins or ends with punctuation, that side needs no boundary.
pub(crate) fn has_word(line: &str, word: &str) -> bool {
    let inside = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '_');
    line.match_indices(word).any(|(at, _)| {
        let (before, after) = (&line[..at], &line[at + word.len()..]);
        let glued_left = inside(word.chars().next()) && inside(before.chars().next_back());
        let glued_right = inside(word.chars().next_back()) && inside(after.chars().next());
        !glued_left && !glued_right
    })
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// The numbers of the lines that a rule complains about.
    pub(crate) fn lines_of(complaints: &[Complaint], rule: &str) -> Vec<usize> {
        complaints.iter().filter(|complaint| complaint.rule == rule).map(|complaint| complaint.line).collect()
    }

    #[test]
    fn an_extension_belongs_to_the_name_and_not_to_a_folder() {
        for (path, extension) in [("a/b.rs", "rs"), ("a.b/run", ""), (".ci/run", ""), ("LICENSE", "")] {
            assert_eq!(SourceFile::new(path, String::new()).extension(), extension, "{path}");
        }
    }

    #[test]
    fn a_word_ends_where_its_letters_end() {
        assert!(has_word("x = dbg!(y)", "dbg!"));
        assert!(has_word("unsafe {", "unsafe"));
        assert!(!has_word("#![forbid(unsafe_code)]", "unsafe"));
        assert!(!has_word("my_dbg!(y)", "dbg!"));
        assert!(has_word("a.unwrap()", ".unwrap()"));
    }

    #[test]
    fn a_complaint_prints_in_the_form_that_editors_follow() {
        assert_eq!(Complaint::new("a.rs", 7, "words", "no").to_string(), "a.rs:7: words: no");
    }
}
