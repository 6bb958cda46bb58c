//! Records to make reports of.
#![allow(dead_code, unreachable_pub, reason = "each test file uses its part of this one")]

use std::collections::BTreeMap;
use std::path::PathBuf;

use wassay_model::suite::{
    SUITE_SCHEMA, SuiteAssertion, SuiteDetail, SuiteEnd, SuiteEngine, SuiteEvent, SuiteFile, SuiteForm, SuiteId,
    SuiteManifest, SuiteOrigin, SuiteResult, SuiteState,
};
use wassay_model::{Bound, Capabilities, EngineId, Features};
use wassay_reports::Record;

pub fn path(name: &str) -> PathBuf {
    PathBuf::from(std::env::var("CARGO_MANIFEST_DIR").unwrap()).join("tests/records").join(name)
}

/// Six files, seven engines, every state.
pub fn small() -> Record {
    Record::read(&path("small.jsonl")).expect("the record is good")
}

/// An earlier run of most of `small`.
pub fn older() -> Record {
    Record::read(&path("older.jsonl")).expect("the record is good")
}

pub fn small_text() -> String {
    std::fs::read_to_string(path("small.jsonl")).expect("the record can be read")
}

/// A text that is read as a record.
pub fn parse(text: &str) -> Result<Record, String> {
    Record::parse("record.jsonl", text.as_bytes()).map_err(|error| error.to_string())
}

/// A record of ten engines on as many files and assertions as the real suite has. One assertion in a hundred fails
/// on most of the engines, and one in five on the last; the modules quoted are as long as real ones.
pub fn large() -> Record {
    const FILES: usize = 611;
    const ASSERTIONS: usize = 223;
    let source = "(module (func (export \"f\") (param i32 i64 v128) (result v128) local.get 2))\n".repeat(12);
    let engines: Vec<SuiteEngine> = (0..10)
        .map(|number| SuiteEngine {
            id: EngineId {
                name: format!("engine-{number}+option").parse().expect("it is a name"),
                version: "1.2.3".to_owned(),
            },
            capabilities: Some(Capabilities {
                features: Features::V3,
                bound: Bound::Fuel,
                blind_spots: BTreeMap::new(),
            }),
            trouble: None,
        })
        .collect();
    let manifest = SuiteManifest {
        schema: SUITE_SCHEMA.to_owned(),
        program: "0.1.0".to_owned(),
        started: "2026-11-25T09:30:00Z".to_owned(),
        command: "wassay spec --engines all".to_owned(),
        machine: "linux x86_64".to_owned(),
        suite: SuiteId { name: "synthetic".to_owned(), version: "1".to_owned(), digest: "0".repeat(32) },
        engines: engines.clone(),
    };
    let mut lines = vec![serde_json::to_string(&manifest).expect("it is JSON")];
    let mut totals: BTreeMap<String, BTreeMap<SuiteState, u64>> = BTreeMap::new();
    let mut random = 1_u32;
    let mut draw = move |below: u32| {
        random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (random >> 8) % below
    };
    let mut put = |event: &SuiteEvent| lines.push(serde_json::to_string(event).expect("it is JSON"));
    for file in 0..FILES {
        let path = format!("proposals/number-{}/a_file_with_a_usual_name_{file}.wast", file % 18);
        let assertions = (0..ASSERTIONS).map(|number| SuiteAssertion {
            id: format!("{path}:{number}:0123abcd"),
            line: 3 * u32::try_from(number).expect("it is small") + 1,
            kind: "assert_return".to_owned(),
            form: SuiteForm::Binary,
        });
        put(&SuiteEvent::File(SuiteFile {
            path: path.clone(),
            proposal: format!("number-{}", file % 18),
            origin: SuiteOrigin::Official,
            features: Features::V3,
            assertions: assertions.collect(),
            skipped: None,
        }));
        for (column, engine) in engines.iter().enumerate() {
            let rate = if column == 9 { 5 } else { 100 };
            let failing: Vec<bool> = (0..ASSERTIONS).map(|_| column > 0 && draw(rate) == 0).collect();
            let states: String = failing.iter().map(|fails| if *fails { 'F' } else { 'P' }).collect();
            let sums = totals.entry(engine.id.name.to_string()).or_default();
            for fails in &failing {
                *sums.entry(if *fails { SuiteState::Fail } else { SuiteState::Pass }).or_default() += 1;
            }
            let details = failing.iter().enumerate().filter(|(_, fails)| **fails).map(|(number, _)| SuiteDetail {
                assertion: u32::try_from(number).expect("it is small"),
                expected: "v128:0x000102030405060708090a0b0c0d0e0f".to_owned(),
                actual: "v128:0x0f0e0d0c0b0a09080706050403020100".to_owned(),
                reason: String::new(),
                source: source.clone(),
            });
            put(&SuiteEvent::Result(SuiteResult {
                file: path.clone(),
                engine: engine.id.name.clone(),
                states,
                details: details.collect(),
                micros: 12_345,
            }));
        }
    }
    put(&SuiteEvent::End(SuiteEnd { totals, elapsed_ms: 100_000, relaxed: Vec::new() }));
    parse(&(lines.join("\n") + "\n")).expect("the record is good")
}
