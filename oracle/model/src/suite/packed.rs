//! How a file and a result are written: what repeats is written once, so that a record of twenty engines stays
//! within some megabytes. Records of the first version have every assertion and every detail in full, and are read
//! as well.

use std::collections::BTreeMap;
use std::num::ParseIntError;

use serde::{Deserialize, Serialize};

use super::{SuiteAssertion, SuiteDetail, SuiteFile, SuiteForm, SuiteOrigin, SuiteResult};
use crate::{EngineName, Features};

/// No file has so many assertions; a record that says so is damaged.
const ASSERTIONS_MAX: usize = 1 << 24;
/// The length of the hash at the end of an identifier.
const HASH_LEN: usize = 8;

/// What is wrong with a line.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Unpackable {
    #[error("`{0}` is no number")]
    Number(String),
    #[error("more than {ASSERTIONS_MAX} assertions")]
    Many,
    #[error("`{0}` is no count with the name of a command")]
    Kind(String),
    #[error("there are {lines} lines, {commands} commands, {kinds} kinds and {hashes} hashes of assertions")]
    Counts { lines: usize, commands: usize, kinds: usize, hashes: usize },
    #[error("a detail speaks of text {0}, which is not there")]
    Text(u32),
}

/// [`SuiteFile`] as it is written.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct FileForm {
    path: String,
    proposal: String,
    origin: SuiteOrigin,
    features: Features,
    assertions: AssertionsForm,
    skipped: Option<String>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(untagged)]
enum AssertionsForm {
    Rows(Vec<SuiteAssertion>),
    Packed {
        /// The lines in order, where `3-5` stands for 3, 4 and 5.
        lines: String,
        /// The command numbers, likewise.
        commands: String,
        /// How many of a kind stand one behind the other, as in `12 assert_return`; of quoted text with `text`
        /// behind it.
        kinds: Vec<String>,
        /// The hashes, one behind the other.
        hashes: String,
    },
}

/// [`SuiteResult`] as it is written.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct ResultForm {
    file: String,
    engine: EngineName,
    /// Each letter with the number of times that it stands there, where that is more than one.
    states: String,
    details: DetailsForm,
    micros: u64,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(untagged)]
enum DetailsForm {
    Rows(Vec<SuiteDetail>),
    Packed {
        /// What the groups are made of, each text once.
        texts: Vec<String>,
        /// Assertions by position, and the positions of their texts: expected, actual, reason, source.
        groups: Vec<(String, u32, u32, u32, u32)>,
    },
}

impl From<SuiteFile> for FileForm {
    fn from(file: SuiteFile) -> Self {
        let assertions = pack_assertions(&file).unwrap_or(AssertionsForm::Rows(file.assertions));
        Self {
            path: file.path,
            proposal: file.proposal,
            origin: file.origin,
            features: file.features,
            assertions,
            skipped: file.skipped,
        }
    }
}

impl TryFrom<FileForm> for SuiteFile {
    type Error = Unpackable;

    fn try_from(form: FileForm) -> Result<Self, Unpackable> {
        let assertions = match form.assertions {
            AssertionsForm::Rows(rows) => rows,
            AssertionsForm::Packed { lines, commands, kinds, hashes } => {
                unpack_assertions(&form.path, &lines, &commands, &kinds, &hashes)?
            }
        };
        Ok(Self {
            path: form.path,
            proposal: form.proposal,
            origin: form.origin,
            features: form.features,
            assertions,
            skipped: form.skipped,
        })
    }
}

impl From<SuiteResult> for ResultForm {
    fn from(result: SuiteResult) -> Self {
        Self {
            file: result.file,
            engine: result.engine,
            states: pack_states(&result.states),
            details: pack_details(result.details),
            micros: result.micros,
        }
    }
}

impl TryFrom<ResultForm> for SuiteResult {
    type Error = Unpackable;

    fn try_from(form: ResultForm) -> Result<Self, Unpackable> {
        Ok(Self {
            file: form.file,
            engine: form.engine,
            states: unpack_states(&form.states)?,
            details: unpack_details(form.details)?,
            micros: form.micros,
        })
    }
}

/// None where an identifier is of another form than path, command and hash.
fn pack_assertions(file: &SuiteFile) -> Option<AssertionsForm> {
    let (mut commands, mut hashes) = (Vec::new(), String::new());
    let mut kinds: Vec<(usize, &str, SuiteForm)> = Vec::new();
    for SuiteAssertion { id, kind, form, .. } in &file.assertions {
        let (command, hash) = id.strip_prefix(&*file.path)?.strip_prefix(':')?.split_once(':')?;
        let number: u32 = command.parse().ok().filter(|number: &u32| number.to_string() == command)?;
        if hash.len() != HASH_LEN || !hash.is_ascii() || kind.is_empty() || kind.contains(' ') {
            return None;
        }
        commands.push(number);
        hashes.push_str(hash);
        match kinds.last_mut() {
            Some((count, known, of)) if known == kind && of == form => *count += 1,
            _ => kinds.push((1, kind, *form)),
        }
    }
    let kinds = kinds.into_iter().map(|(count, kind, form)| match form {
        SuiteForm::Binary => format!("{count} {kind}"),
        SuiteForm::Text => format!("{count} {kind} text"),
    });
    let lines: Vec<u32> = file.assertions.iter().map(|assertion| assertion.line).collect();
    Some(AssertionsForm::Packed {
        lines: pack_numbers(&lines),
        commands: pack_numbers(&commands),
        kinds: kinds.collect(),
        hashes,
    })
}

fn unpack_assertions(
    path: &str,
    lines: &str,
    commands: &str,
    kinds: &[String],
    hashes: &str,
) -> Result<Vec<SuiteAssertion>, Unpackable> {
    let (lines, commands) = (unpack_numbers(lines)?, unpack_numbers(commands)?);
    let mut forms: Vec<(&str, SuiteForm)> = Vec::new();
    for entry in kinds {
        let wrong = || Unpackable::Kind(entry.clone());
        let (count, name) = entry.split_once(' ').ok_or_else(wrong)?;
        let (kind, form) = match name.split_once(' ') {
            None => (name, SuiteForm::Binary),
            Some((kind, "text")) => (kind, SuiteForm::Text),
            Some(_) => return Err(wrong()),
        };
        let count: usize = count.parse().map_err(|_| wrong())?;
        if count > ASSERTIONS_MAX - forms.len() {
            return Err(Unpackable::Many);
        }
        forms.extend(std::iter::repeat_n((kind, form), count));
    }
    let hashes: Vec<&str> =
        if hashes.is_ascii() { hashes.as_bytes().chunks(HASH_LEN).flat_map(str::from_utf8).collect() } else { vec![] };
    let count = lines.len();
    if [commands.len(), forms.len(), hashes.len()] != [count; 3] {
        let (commands, kinds, hashes) = (commands.len(), forms.len(), hashes.len());
        return Err(Unpackable::Counts { lines: count, commands, kinds, hashes });
    }
    let rows = lines.into_iter().zip(commands).zip(forms).zip(hashes);
    Ok(rows
        .map(|(((line, command), (kind, form)), hash)| SuiteAssertion {
            id: format!("{path}:{command}:{hash}"),
            line,
            kind: kind.to_owned(),
            form,
        })
        .collect())
}

fn pack_states(states: &str) -> String {
    let mut runs: Vec<(char, usize)> = Vec::new();
    for letter in states.chars() {
        match runs.last_mut() {
            Some((known, count)) if *known == letter => *count += 1,
            _ => runs.push((letter, 1)),
        }
    }
    let run = |(letter, count): (char, usize)| match count {
        1 => letter.to_string(),
        _ => format!("{letter}{count}"),
    };
    runs.into_iter().map(run).collect()
}

/// Letters without numbers, as records of the first version have them, stand for themselves.
fn unpack_states(runs: &str) -> Result<String, Unpackable> {
    let mut states = String::with_capacity(runs.len());
    let mut rest = runs.chars().peekable();
    while let Some(letter) = rest.next() {
        let mut digits = String::new();
        while let Some(digit) = rest.next_if(char::is_ascii_digit) {
            digits.push(digit);
        }
        let count = if digits.is_empty() { 1 } else { number(&digits)? as usize };
        if count > ASSERTIONS_MAX - states.len().min(ASSERTIONS_MAX) {
            return Err(Unpackable::Many);
        }
        states.extend(std::iter::repeat_n(letter, count));
    }
    Ok(states)
}

fn pack_details(details: Vec<SuiteDetail>) -> DetailsForm {
    if details.is_empty() {
        return DetailsForm::Rows(details);
    }
    let mut texts: Vec<String> = Vec::new();
    let mut known: BTreeMap<String, u32> = BTreeMap::new();
    let mut position = |text: String| match known.get(&text) {
        Some(position) => *position,
        None => {
            let position = texts.len() as u32;
            texts.push(text.clone());
            known.insert(text, position);
            position
        }
    };
    // In the order of their first assertions.
    let mut groups: Vec<([u32; 4], Vec<u32>)> = Vec::new();
    let mut by_texts: BTreeMap<[u32; 4], usize> = BTreeMap::new();
    for detail in details {
        let texts = [detail.expected, detail.actual, detail.reason, detail.source].map(&mut position);
        let group = *by_texts.entry(texts).or_insert_with(|| {
            groups.push((texts, Vec::new()));
            groups.len() - 1
        });
        groups[group].1.push(detail.assertion);
    }
    let group = |([expected, actual, reason, source], assertions): ([u32; 4], Vec<u32>)| {
        (pack_numbers(&assertions), expected, actual, reason, source)
    };
    DetailsForm::Packed { groups: groups.into_iter().map(group).collect(), texts }
}

fn unpack_details(form: DetailsForm) -> Result<Vec<SuiteDetail>, Unpackable> {
    let (texts, groups) = match form {
        DetailsForm::Rows(rows) => return Ok(rows),
        DetailsForm::Packed { texts, groups } => (texts, groups),
    };
    let text = |position: u32| texts.get(position as usize).cloned().ok_or(Unpackable::Text(position));
    let mut details: Vec<SuiteDetail> = Vec::new();
    for (assertions, expected, actual, reason, source) in groups {
        let told = SuiteDetail {
            assertion: 0,
            expected: text(expected)?,
            actual: text(actual)?,
            reason: text(reason)?,
            source: text(source)?,
        };
        let assertions = unpack_numbers(&assertions)?;
        details.extend(assertions.into_iter().map(|assertion| SuiteDetail { assertion, ..told.clone() }));
    }
    details.sort_by_key(|detail| detail.assertion);
    Ok(details)
}

/// Numbers in order, where `3-5` stands for 3, 4 and 5.
fn pack_numbers(numbers: &[u32]) -> String {
    let mut runs: Vec<(u32, u32)> = Vec::new();
    for &number in numbers {
        match runs.last_mut() {
            Some((_, last)) if last.checked_add(1) == Some(number) => *last = number,
            _ => runs.push((number, number)),
        }
    }
    let run = |(first, last): (u32, u32)| match last - first {
        0 => first.to_string(),
        _ => format!("{first}-{last}"),
    };
    runs.into_iter().map(run).collect::<Vec<_>>().join(",")
}

fn unpack_numbers(text: &str) -> Result<Vec<u32>, Unpackable> {
    let mut numbers = Vec::new();
    for run in text.split(',').filter(|_| !text.is_empty()) {
        let (first, last) = match run.split_once('-') {
            Some((first, last)) => (number(first)?, number(last)?),
            None => (number(run)?, number(run)?),
        };
        if last.saturating_sub(first) as usize >= ASSERTIONS_MAX - numbers.len().min(ASSERTIONS_MAX) {
            return Err(Unpackable::Many);
        }
        numbers.extend(first..=last);
    }
    Ok(numbers)
}

fn number(text: &str) -> Result<u32, Unpackable> {
    text.parse().map_err(|_: ParseIntError| Unpackable::Number(text.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(ids: &[&str]) -> SuiteFile {
        let row = |(number, id): (usize, &&str)| SuiteAssertion {
            id: (*id).to_owned(),
            line: 7 + 2 * (number as u32 / 2),
            kind: if number < 2 { "module" } else { "assert_malformed" }.to_owned(),
            form: if number == 3 { SuiteForm::Text } else { SuiteForm::Binary },
        };
        SuiteFile {
            path: "a/b.wast".to_owned(),
            proposal: "core".to_owned(),
            origin: SuiteOrigin::Official,
            features: Features::V1,
            assertions: ids.iter().enumerate().map(row).collect(),
            skipped: None,
        }
    }

    fn result(states: &str, details: Vec<SuiteDetail>) -> SuiteResult {
        let engine = EngineName::plain("reference");
        SuiteResult { file: "a/b.wast".to_owned(), engine, states: states.to_owned(), details, micros: 1 }
    }

    #[test]
    fn a_file_is_read_as_it_was_whatever_its_identifiers_are() {
        let usual = ["a/b.wast:0:01234567", "a/b.wast:1:89abcdef", "a/b.wast:2:00000000", "a/b.wast:9:ffffffff"];
        for (ids, packed) in [
            (usual.to_vec(), true),
            (vec![], true),
            (vec!["a/b.wast:0:01234567", "elsewhere:1:89abcdef"], false),
            (vec!["a/b.wast:0:short"], false),
            (vec!["a/b.wast:01:01234567"], false),
        ] {
            let file = file(&ids);
            let text = serde_json::to_string(&file).unwrap();
            assert_eq!(text.contains("hashes"), packed, "{text}");
            assert_eq!(serde_json::from_str::<SuiteFile>(&text).unwrap(), file);
        }
        let text = serde_json::to_string(&file(&usual)).unwrap();
        assert!(text.contains("\"lines\":\"7,7,9,9\",\"commands\":\"0-2,9\""), "{text}");
        assert!(text.contains("[\"2 module\",\"1 assert_malformed\",\"1 assert_malformed text\"]"), "{text}");
    }

    #[test]
    fn a_result_is_read_as_it_was_and_what_repeats_is_written_once() {
        let detail = |assertion, reason: &str, source: &str| SuiteDetail {
            assertion,
            expected: String::new(),
            actual: "nothing".to_owned(),
            reason: reason.to_owned(),
            source: source.to_owned(),
        };
        let details = vec![detail(2, "why", ""), detail(3, "why", ""), detail(4, "", "(module)"), detail(5, "why", "")];
        for result in [result("PPSSFS", details), result("", vec![]), result("P", vec![])] {
            let text = serde_json::to_string(&result).unwrap();
            assert_eq!(serde_json::from_str::<SuiteResult>(&text).unwrap(), result);
            assert!(text.matches("why").count() <= 1, "{text}");
        }
        assert_eq!(pack_states("PPSSFS"), "P2S2FS");
    }

    #[test]
    fn letters_and_rows_of_the_first_version_are_read() {
        let text = "{\"file\":\"a/b.wast\",\"engine\":\"reference\",\"states\":\"PPSF\",\"details\":[{\"assertion\":3,\
                    \"expected\":\"a\",\"actual\":\"b\",\"reason\":\"\",\"source\":\"\"}],\"micros\":1}";
        let read: SuiteResult = serde_json::from_str(text).unwrap();
        assert_eq!((read.states.as_str(), read.details.len()), ("PPSF", 1));
    }

    #[test]
    fn damage_is_an_error_and_never_a_great_deal_of_memory() {
        let file = |lines: &str, commands: &str, kinds: &str, hashes: &str| {
            let text = format!(
                "{{\"path\":\"a\",\"proposal\":\"core\",\"origin\":\"official\",\"features\":[],\"skipped\":null,\
                 \"assertions\":{{\"lines\":\"{lines}\",\"commands\":\"{commands}\",\"kinds\":[\"{kinds}\"],\
                 \"hashes\":\"{hashes}\"}}}}"
            );
            serde_json::from_str::<SuiteFile>(&text).map_err(|error| error.to_string())
        };
        assert_eq!(file("1-2", "0-1", "2 module", "0123456789abcdef").unwrap().assertions.len(), 2);
        for (lines, commands, kinds, hashes, words) in [
            ("1-2", "0-1", "2 module", "01234567", "2 lines, 2 commands, 2 kinds and 1 hashes"),
            ("1-x", "0-1", "2 module", "0123456789abcdef", "`x` is no number"),
            ("0-4294967295", "0", "1 module", "01234567", "more than"),
            ("1", "0", "4294967295 module", "01234567", "more than"),
            ("1", "0", "module", "01234567", "`module` is no count"),
            ("2-1", "0", "1 module", "01234567", "0 lines"),
        ] {
            let error = file(lines, commands, kinds, hashes).unwrap_err();
            assert!(error.contains(words), "{error}\nshould say: {words}");
        }
        assert_eq!(unpack_states("P4000000000"), Err(Unpackable::Many));
        let groups = vec![("0".to_owned(), 0, 0, 0, 1)];
        let wrong = unpack_details(DetailsForm::Packed { texts: vec![String::new()], groups });
        assert_eq!(wrong, Err(Unpackable::Text(1)));
    }
}
