//! Versions as people and package managers write them, whole or in part.

use std::cmp::Ordering;

/// A version: numbers between points, and what follows them.
///
/// Package managers do not agree on a form (`22.4.1`, `0.28`, `2.50.6-1~deb12u2`), so only that much is read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Version {
    text: String,
    numbers: Vec<u64>,
    rest: String,
}

/// Longer than any version that a package manager gave.
const LENGTH_MAX: usize = 64;

impl Version {
    /// Reads a version. The error says what is wrong with it.
    pub(crate) fn parse(text: &str) -> Result<Self, &'static str> {
        if text.len() > LENGTH_MAX {
            return Err("it is too long");
        }
        // A version becomes a folder's name and a word of a command line.
        if !text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '~' | '_')) {
            return Err("it holds more than letters, digits, points and hyphens");
        }
        let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
        let (numbers, rest) = text.split_at(end);
        let numbers: Result<Vec<u64>, _> = numbers.trim_end_matches('.').split('.').map(str::parse).collect();
        match numbers {
            Ok(numbers) if !text.ends_with('.') && !text[..end].ends_with('.') => {
                Ok(Self { text: text.to_owned(), numbers, rest: rest.to_owned() })
            }
            _ => Err("it is not numbers with points between them, as in 22 or 22.4.1"),
        }
    }

    /// As it was written.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// Whether it can only be one release: three numbers, or something behind them.
    pub(crate) fn is_whole(&self) -> bool {
        self.numbers.len() >= 3 || !self.rest.is_empty()
    }

    /// Whether nothing follows the numbers, as it does in previews.
    pub(crate) fn is_numbers_only(&self) -> bool {
        self.rest.is_empty()
    }

    /// Whether `other` is this version, or one of those that it is the beginning of: `22` covers `22.4.1`.
    pub(crate) fn covers(&self, other: &Self) -> bool {
        if self.text == other.text {
            return true;
        }
        self.rest.is_empty() && other.numbers.starts_with(&self.numbers) && {
            // A pre-release is only meant where it is named.
            other.rest.is_empty() || !other.rest.starts_with('-') || other.rest.contains('~')
        }
    }
}

impl Ord for Version {
    fn cmp(&self, other: &Self) -> Ordering {
        let is_release = |version: &Self| !version.rest.starts_with('-');
        self.numbers
            .cmp(&other.numbers)
            .then_with(|| is_release(self).cmp(&is_release(other)))
            .then_with(|| self.rest.cmp(&other.rest))
    }
}

impl PartialOrd for Version {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn version(text: &str) -> Version {
        Version::parse(text).unwrap()
    }

    #[test]
    fn a_part_covers_what_begins_with_it_number_by_number() {
        for (part, whole, covered) in [
            ("22", "22.4.1", true),
            ("22.4", "22.4.1", true),
            ("22.4.1", "22.4.1", true),
            ("2", "22.4.1", false),
            ("22.4", "22.41.0", false),
            ("22.4.1", "22.4", false),
            ("1", "1.2.0-beta.1", false),
            ("1.2.0-beta.1", "1.2.0-beta.1", true),
            ("2.50", "2.50.6-1~deb12u2", true),
            ("153", "153.7.0esr-1~deb12u1", true),
        ] {
            assert_eq!(version(part).covers(&version(whole)), covered, "{part} {whole}");
        }
    }

    #[test]
    fn versions_are_ordered_by_their_numbers_and_a_release_is_newer_than_its_previews() {
        let mut versions = ["1.10.0", "1.9.0", "2.0.0", "2.0.0-rc.1", "1.9"].map(version);
        versions.sort();
        assert_eq!(versions.map(|version| version.text), ["1.9", "1.9.0", "1.10.0", "2.0.0-rc.1", "2.0.0"]);
    }

    #[test]
    fn what_cannot_be_a_version_is_refused() {
        for text in ["", "latest", "22.", ".22", "1..2", "../etc", "1/2", "1 2", "99999999999999999999999", "^1", "*"] {
            assert!(Version::parse(text).is_err(), "{text}");
        }
        assert!(Version::parse(&"1".repeat(65)).is_err());
    }
}
