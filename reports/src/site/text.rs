//! Numbers, names and states as people read them.

use std::collections::HashSet;

use wassay_model::suite::SuiteState;

/// A number in groups of three digits, between narrow spaces that do not break.
pub(crate) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3 * 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push('\u{202f}');
        }
        text.push(digit);
    }
    text
}

/// A share in percent, rounded down so that `100 %` means all; a dash where there is nothing to share.
pub(crate) fn percent(part: u64, whole: u64) -> String {
    if whole == 0 {
        return "–".to_owned();
    }
    let hundredths = u128::from(part) * 10_000 / u128::from(whole);
    match (hundredths / 100, hundredths % 100) {
        (whole, 0) => format!("{whole}\u{202f}%"),
        (whole, rest) => format!("{whole}.{rest:02}\u{202f}%"),
    }
}

/// A time in the unit that fits it.
pub(crate) fn duration(micros: u64) -> String {
    match micros {
        0 => "–".to_owned(),
        1..1_000 => format!("{micros}\u{202f}µs"),
        1_000..1_000_000 => format!("{}\u{202f}ms", micros / 1_000),
        1_000_000..120_000_000 => format!("{}.{}\u{202f}s", micros / 1_000_000, micros / 100_000 % 10),
        _ => format!("{}\u{202f}min", micros / 60_000_000),
    }
}

/// The sign that stands before a state's name, so that nobody has to tell colours apart.
pub(crate) const fn sign(state: SuiteState) -> &'static str {
    match state {
        SuiteState::Pass => "✓",
        SuiteState::Fail => "✗",
        SuiteState::Known => "≈",
        SuiteState::Unexpected => "!",
        SuiteState::Skip => "○",
        SuiteState::Unsupported => "–",
        SuiteState::Crash => "↯",
        SuiteState::Timeout => "◔",
    }
}

/// What a state means, for the legend.
pub(crate) const fn meaning(state: SuiteState) -> &'static str {
    match state {
        SuiteState::Pass => "as the standard says",
        SuiteState::Fail => "not as the standard says",
        SuiteState::Known => "fails, as the list of known failures says",
        SuiteState::Unexpected => "passes, although the list of known failures says otherwise",
        SuiteState::Skip => "not asked, or the answer says neither",
        SuiteState::Unsupported => "the engine lacks a feature",
        SuiteState::Crash => "the engine's program died",
        SuiteState::Timeout => "no answer in time",
    }
}

/// The beginning of a text, in at most so many characters and on one line.
pub(crate) fn clip(text: &str, length: usize) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.chars().count() <= length {
        return line;
    }
    let kept: String = line.chars().take(length.saturating_sub(1)).collect();
    format!("{}…", kept.trim_end())
}

/// Names that can be used in file names and addresses, one for each text and no two alike.
pub(crate) fn slugs(texts: &[String]) -> Vec<String> {
    let mut taken = HashSet::new();
    texts
        .iter()
        .map(|text| {
            let plain = slug(text);
            let mut candidate = plain.clone();
            let mut number = 2;
            // File systems that ignore case would let two of them overwrite each other.
            while !taken.insert(candidate.to_lowercase()) {
                candidate = format!("{plain}-{number}");
                number += 1;
            }
            candidate
        })
        .collect()
}

/// A text with everything replaced that is not plain; never empty, and never hidden.
pub(crate) fn slug(text: &str) -> String {
    let plain: String = text
        .chars()
        .map(|c| match c {
            'a'..='z' | 'A'..='Z' | '0'..='9' | '-' | '_' | '.' => c,
            '/' => '.',
            _ => '-',
        })
        .take(120)
        .collect();
    let trimmed = plain.trim_start_matches(['.', '-']);
    if trimmed.is_empty() { "unnamed".to_owned() } else { trimmed.to_owned() }
}

/// The name of an assertion within its file's page: the end of its stable name, so that links stay good.
pub(crate) fn anchor(path: &str, id: &str) -> String {
    let rest = id.strip_prefix(path).unwrap_or(id).trim_start_matches(':');
    format!("a-{}", slug(rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped_from_the_right() {
        for (number, text) in [(0, "0"), (999, "999"), (1000, "1 000"), (136_252, "136 252"), (1_234_567, "1 234 567")]
        {
            assert_eq!(grouped(number).replace('\u{202f}', " "), text);
        }
    }

    #[test]
    fn a_hundred_percent_means_all() {
        for (part, whole, text) in
            [(62_598, 62_598, "100 %"), (62_597, 62_598, "99.99 %"), (0, 5, "0 %"), (1, 3, "33.33 %"), (0, 0, "–")]
        {
            assert_eq!(percent(part, whole).replace('\u{202f}', " "), text);
        }
    }

    #[test]
    fn no_two_file_names_are_alike_and_none_leads_out() {
        let texts = ["a/b", "a.b", "A.B", "../../etc", "", "exec:/x y"].map(str::to_owned);
        assert_eq!(slugs(&texts), ["a.b", "a.b-2", "A.B-3", "etc", "unnamed", "exec-.x-y"]);
    }

    #[test]
    fn an_anchor_is_the_part_of_the_name_behind_the_file() {
        assert_eq!(anchor("gc/array.wast", "gc/array.wast:12:1a2b3c4d"), "a-12-1a2b3c4d");
    }
}
