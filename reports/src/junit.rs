//! JUnit XML: a suite for each engine and file, a case for each assertion that did not pass, and one case for all
//! that passed or were skipped for one reason. The attribute `assertions` says how many a case stands for.

use std::time::Duration;

use quick_junit::{NonSuccessKind, Property, Report, TestCase, TestCaseStatus, TestSuite};
use wassay_model::suite::SuiteState;

use crate::entry::{Entry, entries, message};
use crate::record::Record;

/// Why no JUnit file can be made.
#[derive(Debug, thiserror::Error)]
#[error("the JUnit report cannot be written: {0}")]
pub struct JunitError(#[from] quick_junit::SerializeError);

/// The record as JUnit XML.
///
/// # Errors
/// The XML writer refuses.
pub fn junit(record: &Record) -> Result<String, JunitError> {
    let manifest = &record.manifest;
    let mut report = Report::new(format!("{} {}", manifest.suite.name, manifest.suite.version));
    if let Some(elapsed) = record.elapsed_ms {
        report.set_time(Duration::from_millis(elapsed));
    }
    for (column, engine) in record.engines().iter().enumerate() {
        for file in &record.files {
            if file.file.assertions.is_empty() {
                continue;
            }
            let mut suite = TestSuite::new(format!("{} / {}", engine.id, file.file.path));
            suite.set_time(Duration::from_micros(file.answers[column].micros));
            suite.add_property(Property::new("engine", engine.id.name.to_string()));
            suite.add_property(Property::new("version", engine.id.version.clone()));
            suite.add_property(Property::new("proposal", file.file.proposal.clone()));
            suite.add_property(Property::new("suite", manifest.suite.digest.clone()));
            suite.add_property(Property::new("started", manifest.started.clone()));
            for gap in &record.gaps {
                suite.add_property(Property::new("incomplete", gap.clone()));
            }
            for entry in entries(record, file, column) {
                suite.add_test_case(case(&entry, &engine.id.to_string(), &file.file.path));
            }
            report.add_test_suite(suite);
        }
    }
    Ok(report.to_string()?)
}

fn case(entry: &Entry<'_>, engine: &str, path: &str) -> TestCase {
    let mut status = match entry.state {
        SuiteState::Pass => TestCaseStatus::success(),
        SuiteState::Known | SuiteState::Skip | SuiteState::Unsupported => TestCaseStatus::skipped(),
        SuiteState::Fail | SuiteState::Unexpected => TestCaseStatus::non_success(NonSuccessKind::Failure),
        SuiteState::Crash | SuiteState::Timeout => TestCaseStatus::non_success(NonSuccessKind::Error),
    };
    if entry.state != SuiteState::Pass {
        let text = message(entry);
        let first = text.lines().next().unwrap_or_default();
        status.set_message(if entry.state == SuiteState::Known {
            format!("known failure: {}", entry.reason)
        } else {
            first.to_owned()
        });
        if entry.state.is_red() {
            status.set_type(entry.state.name());
            status.set_description(text);
        }
    }
    let mut case = TestCase::new(entry.name.clone(), status);
    case.set_classname(format!("{engine}/{path}"));
    case.set_assertions(usize::try_from(entry.assertions).unwrap_or(usize::MAX));
    case
}
