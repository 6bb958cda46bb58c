//! Reading and merging records: what is whole, what is not, and what is refused.

mod common;

use common::{older, parse, small, small_text};
use wassay_model::suite::{SUITE_SCHEMA, SuiteEvent, SuiteState};
use wassay_reports::{Counts, Record, Tally};

#[test]
fn a_record_has_every_assertion_of_every_engine_in_some_state() {
    let record = small();
    assert!(record.is_complete(), "{:?}", record.gaps);
    let tally = Tally::new(&record);
    for column in 0..record.engines().len() {
        let mut sum = tally.engine(column);
        sum += tally.text[column];
        assert_eq!(sum.total(), record.assertions());
        let from_proposals: u64 = tally.proposals.values().map(|counts| counts[column].total()).sum();
        assert_eq!(from_proposals, tally.engine(column).total());
    }
    let mut all = Counts::default();
    (0..record.engines().len()).for_each(|column| all += tally.engine(column));
    for state in SuiteState::ALL {
        assert!(all.get(state) > 0, "the record should have {}", state.name());
    }
}

#[test]
fn an_engine_that_did_not_start_is_skipped_for_that_reason() {
    let record = small();
    let column = record.engines().iter().position(|engine| engine.trouble.is_some()).unwrap();
    assert!(record.reason(&record.files[0], column, 0).contains("is not installed"));
}

#[test]
fn what_an_engine_lacks_is_the_reason_where_the_record_tells_none() {
    let record = small();
    let file = record.files.iter().find(|file| file.file.proposal == "gc").unwrap();
    assert_eq!(record.reason(file, 3, 0), "lacks function-references, gc, exceptions");
}

#[test]
fn a_record_without_its_end_is_incomplete() {
    let text = small_text();
    let lines: Vec<&str> = text.lines().collect();
    let cut = lines[..lines.len() - 1].join("\n") + "\n";
    let record = parse(&cut).unwrap();
    assert_eq!(record.gaps, ["The record from 2026-11-25T09:30:00Z is cut short: its last line is missing."]);
}

#[test]
fn a_record_that_breaks_off_in_a_line_is_incomplete_at_every_byte() {
    let text = small_text();
    let first = text.find('\n').unwrap() + 1;
    for end in (first..text.len() - 1).filter(|end| text.is_char_boundary(*end)) {
        let record = parse(&text[..end]).unwrap_or_else(|error| panic!("cut at {end}: {error}"));
        assert!(!record.is_complete(), "cut at {end}");
        for file in &record.files {
            assert!(file.answers.iter().all(|answer| answer.states.len() == file.file.assertions.len()));
        }
    }
}

#[test]
fn a_record_of_the_first_version_and_its_like_of_the_second_are_one() {
    let old = small_text();
    assert!(old.starts_with("{\"schema\":\"wassay-suite/1\""));
    let mut lines = old.lines();
    let mut new = lines.next().unwrap().replacen("wassay-suite/1", SUITE_SCHEMA, 1) + "\n";
    for line in lines {
        let event: SuiteEvent = serde_json::from_str(line).unwrap();
        new += &(serde_json::to_string(&event).unwrap() + "\n");
    }
    assert!(new.contains("\"hashes\"") && new.len() < old.len(), "{} and {} bytes", new.len(), old.len());
    let summary = |text: &str| wassay_reports::summary(&parse(text).unwrap()).unwrap();
    assert_eq!(summary(&new), summary(&old));
    let first = new.find('\n').unwrap() + 1;
    for end in (first..new.len() - 1).filter(|end| new.is_char_boundary(*end)) {
        let record = parse(&new[..end]).unwrap_or_else(|error| panic!("cut at {end}: {error}"));
        assert!(!record.is_complete(), "cut at {end}");
    }
}

#[test]
fn damage_is_an_error_with_file_and_line() {
    let text = small_text();
    let lines: Vec<&str> = text.lines().collect();
    let with = |line: usize, replacement: &str| {
        let mut lines = lines.clone();
        lines[line - 1] = replacement;
        parse(&(lines.join("\n") + "\n")).unwrap_err()
    };
    let result = lines.iter().position(|line| line.contains("\"event\":\"result\"")).unwrap() + 1;
    let short = lines[result - 1].replacen("\"states\":\"P", "\"states\":\"", 1);
    let strange = lines[result - 1].replacen("\"states\":\"P", "\"states\":\"Z", 1);
    let stranger = lines[result - 1].replacen("\"engine\":\"reference\"", "\"engine\":\"nobody\"", 1);
    let elsewhere = lines[result - 1].replacen("core/i32.wast", "core/i33.wast", 1);
    let end = lines.len();
    let fewer = lines[end - 1].replacen("\"pass\":30", "\"pass\":29", 1);
    assert_ne!(fewer, lines[end - 1]);
    for (error, words) in [
        (with(3, "{\"event\":"), "record.jsonl, line 3: it is no event"),
        (with(3, "{\"event\":\"else\"}"), "line 3: it is no event"),
        (with(result, &short), "it has 11 states for the 12 assertions of core/i32.wast"),
        (with(result, &strange), "`Z` stands for no state"),
        (with(result, &stranger), "a result of nobody, which the manifest does not name"),
        (with(result, &elsewhere), "a result for core/i33.wast, of which no line before tells"),
        (with(result + 1, lines[result - 1]), "it is a second result of reference for core/i32.wast"),
        (with(result, lines[1]), "it tells of the file core/i32.wast a second time"),
        (with(end, &fewer), "it counts 29 x pass for reference, and the lines before it have 30"),
        (with(1, "{}"), "line 1: it names no schema"),
        (with(1, "not JSON"), "line 1: it is no manifest"),
        (
            with(1, "{\"schema\":\"wassay-suite/9\"}"),
            "its schema is `wassay-suite/9`, and this program reads `wassay-suite/2`",
        ),
        (parse("").unwrap_err(), "record.jsonl is empty"),
        (parse(&format!("{text}{}\n", lines[1])).unwrap_err(), "it stands behind the end of the record"),
    ] {
        assert!(error.contains(words), "{error}\nshould say: {words}");
        assert!(error.contains("record.jsonl") && error.contains("wassay spec"), "{error}");
    }
}

#[test]
fn a_missing_file_is_an_error_with_its_name() {
    let error = Record::read("no/such/record.jsonl".as_ref()).unwrap_err().to_string();
    assert!(error.starts_with("cannot read no/such/record.jsonl"), "{error}");
}

/// The record with only some of its engines.
fn only(columns: &[usize]) -> Record {
    let mut record = small();
    record.manifest.engines = columns.iter().map(|column| record.manifest.engines[*column].clone()).collect();
    for file in &mut record.files {
        file.answers = columns.iter().map(|column| file.answers[*column].clone()).collect();
    }
    record
}

#[test]
fn engines_of_several_records_stand_side_by_side() {
    let merged = Record::merge(vec![only(&[0, 1]), only(&[2, 3, 4, 5, 6])]).unwrap();
    assert_eq!(merged.engines(), small().engines());
    assert_eq!(
        wassay_reports::summary(&merged).unwrap().replace("96420", "48210"),
        wassay_reports::summary(&small()).unwrap()
    );
}

#[test]
fn records_that_do_not_fit_together_are_refused() {
    let refused = |records| Record::merge(records).unwrap_err().to_string();
    assert!(refused(vec![small(), older()]).contains("compare runs of two suites with --diff"));
    assert!(refused(vec![only(&[0]), only(&[0, 1])]).contains("reference 0.1.0 stands in two records"));
    let mut fewer = only(&[1]);
    fewer.files.pop();
    assert!(refused(vec![only(&[0]), fewer.clone()]).contains("the same --filter"));
    assert!(refused(vec![fewer, only(&[0])]).contains("the same --filter"));
    assert!(refused(vec![]).contains("no record"));
}
