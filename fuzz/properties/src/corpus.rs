//! What a fuzzer begins with: for every property, inputs that come far.

use std::collections::BTreeMap;

use wassay_adapter::Prepared;
use wassay_generate::{Family, Profile, generate};
use wassay_model::run::{Chunk, Manifest, RunEvent, SCHEMA, Tally};
use wassay_model::{EngineId, EngineName, Isolation, Lineup};

use crate::engines::observe;
use crate::judge::Matter;
use crate::protocol::{DRIVERS, FULL, KEEPS, LOOKS, NUMBERED};
use crate::question::{order, question};
use crate::seeds::{Seed, Seeds};

/// Cases of each family that inputs name.
const ORDERS: u16 = 8;
/// Cases of the family `real` whose modules are taken.
const REAL_CASES: u64 = 64;
/// Records of a suite's run.
const RECORDS: [&str; 2] = [
    include_str!("../../../reports/tests/records/small.jsonl"),
    include_str!("../../../reports/tests/records/older.jsonl"),
];

/// Inputs for the property of this name. None where there is no such property.
#[must_use]
pub fn corpus(name: &str, seeds: &Seeds) -> Option<Vec<Vec<u8>>> {
    let modules = |seeds: &[Seed]| seeds.iter().map(|seed| seed.bytes.clone()).collect::<Vec<_>>();
    Some(match name {
        "decode_validate" => [modules(&seeds.valid), modules(&seeds.broken), real()].concat(),
        "reference_wasmi" | "in_process" => [modules(&seeds.valid), real(), orders()].concat(),
        "judge" => [matters(), orders()].concat(),
        "journal" => RECORDS.iter().map(|record| record.as_bytes().to_vec()).chain([journal()]).collect(),
        "protocol" => answers(),
        _ => return None,
    })
}

/// Modules that real compilers made, and those that put them together.
#[must_use]
pub fn real() -> Vec<Vec<u8>> {
    let profile = Profile::alone(Family::Real);
    let cases = (0..REAL_CASES).map(|index| generate(0, index, &profile));
    let mut modules: Vec<Vec<u8>> = cases.flat_map(|case| case.modules).map(|module| module.bytes.0).collect();
    modules.sort();
    modules.dedup();
    modules
}

fn orders() -> Vec<Vec<u8>> {
    Family::ALL.iter().flat_map(|family| (0..ORDERS).map(|index| order(*family, 0, index))).collect()
}

/// What engines see of a case of each family, in both formats.
fn matters() -> Vec<Vec<u8>> {
    let mut inputs = Vec::new();
    for family in Family::ALL {
        let Some(case) = question(&order(*family, 0, 0)) else { continue };
        let prepared = Prepared::new(&case);
        let observations = ["reference", "wasmi@1.1.0"].iter().filter_map(|name| observe(name, &prepared)).collect();
        let matter = Matter { case, observations };
        inputs.extend(serde_json::to_vec(&matter));
        inputs.extend(postcard::to_stdvec(&matter));
    }
    inputs
}

/// The journal of a small run, behind its manifest.
fn journal() -> Vec<u8> {
    let engine = EngineName::plain("reference");
    let manifest = Manifest {
        schema: SCHEMA.to_owned(),
        program: "0.1.0".to_owned(),
        seed: 1,
        profile: "smith".to_owned(),
        lineup: vec![Lineup { engine: engine.clone(), isolation: Isolation::Group, every: 1, phase: 0 }],
        engines: vec![EngineId { name: engine, version: "0.1.0".to_owned() }],
        shard: 0,
        shards: 1,
        chunk: 4,
        cases: Some(10),
    };
    let chunk = |number| {
        let cases = manifest.cases_of(number);
        let tally = Tally { cases: cases.end - cases.start, calls: 7, ..Tally::default() };
        let cells = BTreeMap::from([("i32.add param return".to_owned(), 3)]);
        RunEvent::Chunk(Box::new(Chunk { number, cases_digest: None, tally, cells }))
    };
    let mut text = serde_json::to_vec(&manifest).unwrap_or_default();
    text.push(b'\n');
    for number in 0..3 {
        text.extend(serde_json::to_vec(&chunk(number)).unwrap_or_default());
        text.push(b'\n');
    }
    text
}

/// Lines of workers, for each kind of worker and a case of each family.
fn answers() -> Vec<Vec<u8>> {
    let hello = r#"{"wassay":1,"version":"1","bound":"kill","drivers":true,"keeps":true,"builtins":["func_id"]}"#;
    let lines = [
        r#"{"op":0,"ns":81000}"#,
        r#"{"op":0,"out":"2a00000000000000"}"#,
        r#"{"op":0,"values":["i32:1"]}"#,
        r#"{"op":0,"bytes":65536,"blocks":[[64,"00ff"]]}"#,
        r#"{"op":0,"elements":2,"refs":["ref:null","ref:func"]}"#,
        r#"{"op":0,"end":"trap","kinds":["unreachable"],"words":"x"}"#,
        r#"{"op":0,"end":"exhausted","resource":"fuel"}"#,
        r#"{"host":"f","args":["i64:-1"]}"#,
        r#"{"done":1}"#,
    ];
    let mut inputs = Vec::new();
    for flags in [0, DRIVERS, DRIVERS | KEEPS, DRIVERS | KEEPS | FULL, DRIVERS | KEEPS | LOOKS, FULL] {
        for family in 0..Family::ALL.len() as u8 {
            for first in 0..lines.len() {
                let mut input = vec![flags | NUMBERED, family];
                input.extend(hello.as_bytes());
                // Most operations of a script succeed.
                for line in std::iter::repeat_n(lines[0], usize::from(family)).chain([lines[first], lines[0], lines[8]])
                {
                    input.push(b'\n');
                    input.extend(line.as_bytes());
                }
                inputs.push(input);
            }
        }
    }
    inputs
}

#[cfg(test)]
mod tests {
    use wasmparser::{BinaryReader, OperatorsReader};

    use super::*;
    use crate::ALL;

    /// The entries of the dictionary that OSS-Fuzz is given, by name.
    fn dictionary() -> Vec<(&'static str, Vec<u8>)> {
        let text = include_str!("../../../scripts/oss-fuzz/wasm.dict");
        let lines = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
        let bytes = |mut text: &str| {
            let mut bytes = Vec::new();
            while let Some(first) = text.chars().next() {
                let (byte, rest) = match text.strip_prefix("\\x") {
                    Some(hex) => (u8::from_str_radix(&hex[..2], 16).unwrap(), &hex[2..]),
                    None => (first as u8, &text[1..]),
                };
                bytes.push(byte);
                text = rest;
            }
            bytes
        };
        lines
            .map(|line| {
                let (name, value) = line.split_once('=').unwrap();
                (name, bytes(value.strip_prefix('"').unwrap().strip_suffix('"').unwrap()))
            })
            .collect()
    }

    #[test]
    fn every_instruction_of_the_dictionary_is_one() {
        let dictionary = dictionary();
        // `else` and `end` are none by themselves.
        let other = ["magic", "section_", "type_", "limits_", "leb_", "else", "end"];
        let instructions = dictionary.iter().filter(|(name, _)| !other.iter().any(|other| name.starts_with(other)));
        let mut count = 0;
        for (name, bytes) in instructions {
            let mut reader = OperatorsReader::new(BinaryReader::new(bytes, 0));
            assert!(reader.read().is_ok() && reader.eof(), "{name}: {bytes:02x?}");
            count += 1;
        }
        assert!(count > 500, "{count}");
        assert_eq!(dictionary[0], ("magic", b"\0asm\x01\0\0\0".to_vec()));
    }

    #[test]
    fn every_property_has_a_corpus_of_which_it_holds() {
        let mut seeds = Seeds::default();
        seeds.add_smith(1, 20);
        for property in ALL {
            let inputs = corpus(property.name, &seeds).unwrap();
            assert!(inputs.len() > 2, "{}", property.name);
            for input in inputs {
                assert_eq!((property.check)(&input), Ok(()), "{}", property.name);
            }
        }
        assert!(corpus("nothing", &seeds).is_none());
    }
}
