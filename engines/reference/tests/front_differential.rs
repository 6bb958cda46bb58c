//! Decoding and validation against `wasmparser`: four of the engines validate with it, so it is our best partner.
//!
//! The modules of the suite are mutated and both are asked whether they accept the result. `FRONT_MUTANTS` says how
//! many mutants, `FRONT_SEED` which ones.

mod front_modules;

use std::collections::{BTreeMap, HashSet};

use front_modules::{Claim, suite};
use wasmparser::{Validator, WasmFeatures};
use wassay_model::{Feature, Features};
use wassay_reference::binary::{DecodeError, decode};
use wassay_reference::valid::validate;

/// SplitMix64.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut word = self.0;
        word = (word ^ (word >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        word = (word ^ (word >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        word ^ (word >> 31)
    }

    fn below(&mut self, bound: usize) -> usize {
        (self.next() % bound.max(1) as u64) as usize
    }
}

/// Bytes that mean something in many places.
const TELLING: &[u8] = &[
    0x00, 0x01, 0x02, 0x03, 0x04, 0x05, 0x0B, 0x0C, 0x0D, 0x10, 0x1A, 0x1B, 0x20, 0x21, 0x40, 0x41, 0x4E, 0x4F, 0x50,
    0x5E, 0x5F, 0x60, 0x63, 0x64, 0x6A, 0x6E, 0x6F, 0x70, 0x71, 0x7B, 0x7C, 0x7D, 0x7E, 0x7F, 0x80, 0xD0, 0xD2, 0xFB,
    0xFC, 0xFD, 0xFE, 0xFF,
];

fn byte(random: &mut Random) -> u8 {
    if random.below(2) == 0 { TELLING[random.below(TELLING.len())] } else { random.next() as u8 }
}

fn read_u32(bytes: &[u8], at: &mut usize) -> Option<usize> {
    let mut value = 0;
    for shift in (0..35).step_by(7) {
        let byte = *bytes.get(*at)?;
        *at += 1;
        value |= usize::from(byte & 0x7F) << shift;
        if byte & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}

fn write_u32(bytes: &mut Vec<u8>, mut value: usize) {
    while value >= 0x80 {
        bytes.push(value as u8 | 0x80);
        value >>= 7;
    }
    bytes.push(value as u8);
}

/// The sized parts that follow one another from `at` on: their starts, and their contents.
fn parts(bytes: &[u8], mut at: usize, with_id: bool) -> Vec<(usize, std::ops::Range<usize>)> {
    let mut parts = Vec::new();
    while at < bytes.len() {
        let start = at;
        at += usize::from(with_id);
        let Some(size) = read_u32(bytes, &mut at) else { break };
        if at + size > bytes.len() {
            break;
        }
        parts.push((start, at..at + size));
        at += size;
    }
    parts
}

fn mutate_bytes(random: &mut Random, bytes: &mut Vec<u8>, other: &[u8]) {
    let at = random.below(bytes.len());
    match random.below(12) {
        0..=2 if !bytes.is_empty() => bytes[at] ^= 1 << random.below(8),
        3..=6 if !bytes.is_empty() => bytes[at] = byte(random),
        7 if !bytes.is_empty() => bytes[at] = bytes[at].wrapping_add(1),
        8 => bytes.insert(at, byte(random)),
        9 if !bytes.is_empty() => {
            bytes.remove(at);
        }
        10 => {
            // A few bytes of another place, or of another module.
            let source = if random.below(2) == 0 { bytes.clone() } else { other.to_vec() };
            let from = random.below(source.len());
            let len = random.below(8).min(source.len() - from);
            bytes.splice(at..at, source[from..from + len].iter().copied());
        }
        _ => {
            let len = random.below(6).min(bytes.len() - at);
            bytes.drain(at..at + len);
        }
    }
}

/// Mutates the contents of one section, or one body, and corrects the sizes around it: otherwise most mutants would
/// die of their sizes.
fn mutate_inside(random: &mut Random, module: &[u8], other: &[u8]) -> Option<Vec<u8>> {
    let sections = parts(module, 8, true);
    let (start, content) = sections.get(random.below(sections.len()))?.clone();
    let mut section = module[content.clone()].to_vec();
    if module[start] == 10 && random.below(4) > 0 {
        let mut at = 0;
        read_u32(&section, &mut at)?;
        let bodies = parts(&section, at, false);
        let (start, content) = bodies.get(random.below(bodies.len()))?.clone();
        let mut body = section[content.clone()].to_vec();
        mutate_bytes(random, &mut body, other);
        let mut changed = section[..start].to_vec();
        write_u32(&mut changed, body.len());
        changed.extend(body);
        changed.extend(&section[content.end..]);
        section = changed;
    } else {
        mutate_bytes(random, &mut section, other);
    }
    let mut changed = module[..=start].to_vec();
    write_u32(&mut changed, section.len());
    changed.extend(section);
    changed.extend(&module[content.end..]);
    Some(changed)
}

fn mutant(random: &mut Random, module: &[u8], other: &[u8]) -> Vec<u8> {
    let mut mutant = module.to_vec();
    for _ in 0..=random.below(6) / 3 * random.below(3) {
        if random.below(20) == 0 {
            mutate_bytes(random, &mut mutant, other);
        } else if let Some(changed) = mutate_inside(random, &mutant, other) {
            mutant = changed;
        }
    }
    mutant
}

fn partner_features(features: Features) -> WasmFeatures {
    use Feature as F;
    let mut theirs = WasmFeatures::FLOATS | WasmFeatures::GC_TYPES;
    for feature in features.iter() {
        theirs |= match feature {
            F::MutableGlobal => WasmFeatures::MUTABLE_GLOBAL,
            F::SignExtension => WasmFeatures::SIGN_EXTENSION,
            F::SaturatingTruncation => WasmFeatures::SATURATING_FLOAT_TO_INT,
            F::MultiValue => WasmFeatures::MULTI_VALUE,
            F::BulkMemory => WasmFeatures::BULK_MEMORY,
            F::ReferenceTypes => WasmFeatures::REFERENCE_TYPES,
            F::Simd => WasmFeatures::SIMD,
            F::RelaxedSimd => WasmFeatures::RELAXED_SIMD,
            F::TailCall => WasmFeatures::TAIL_CALL,
            F::ExtendedConst => WasmFeatures::EXTENDED_CONST,
            F::MultiMemory => WasmFeatures::MULTI_MEMORY,
            F::Memory64 => WasmFeatures::MEMORY64,
            F::FunctionReferences => WasmFeatures::FUNCTION_REFERENCES,
            F::Gc => WasmFeatures::GC,
            F::Exceptions => WasmFeatures::EXCEPTIONS,
            F::Threads => WasmFeatures::THREADS,
            F::WideArithmetic => WasmFeatures::WIDE_ARITHMETIC,
            F::CustomPageSizes => WasmFeatures::CUSTOM_PAGE_SIZES,
        };
    }
    theirs
}

/// Every feature but one, and those that build on it.
fn without_one(random: &mut Random) -> Features {
    use Feature as F;
    let one = Feature::ALL[random.below(Feature::ALL.len())];
    let dependents: &[Feature] = match one {
        F::BulkMemory | F::ReferenceTypes => &[F::ReferenceTypes, F::FunctionReferences, F::Gc, F::Exceptions],
        F::FunctionReferences => &[F::Gc],
        F::Simd => &[F::RelaxedSimd],
        _ => &[],
    };
    Features::of(Feature::ALL).minus(Features::of(&[one])).minus(Features::of(dependents))
}

/// What we say: nothing if we accept.
fn ours(bytes: &[u8], features: Features) -> Result<(), String> {
    match decode(bytes, features) {
        Ok(module) => validate(&module, features).map(|_| ()).map_err(|error| error.to_string()),
        Err(error @ (DecodeError::Malformed { .. } | DecodeError::Limit { .. })) => Err(error.to_string()),
    }
}

fn theirs(bytes: &[u8], features: Features) -> Result<(), String> {
    let result = Validator::new_with_features(partner_features(features)).validate_all(bytes);
    result.map(|_| ()).map_err(|error| error.to_string())
}

/// Disagreements that we understand: part of our message, part of theirs, the reason. An empty part stands for
/// acceptance.
const EXPLAINED: &[(&str, &str, &str)] = &[
    ("reference type needs the feature function-references", "", LONG_FORM),
    ("element type other than funcref needs the feature reference-types", "", LONG_FORM),
    (
        "segment kind needs the feature bulk-memory",
        "",
        "wasmparser reads active segments with an explicit index without bulk memory, which brought them",
    ),
    (
        "return_call_ref needs the feature tail-call",
        "",
        "wasmparser takes return_call_ref for a part of function references alone",
    ),
    (
        "memory index: zero byte expected",
        "",
        "wasmparser reads the zero bytes of memory.copy as indices, in more than one byte, before multi-memory",
    ),
];

const LONG_FORM: &str = "wasmparser reads `63 70` as funcref before there were typed references";

fn explanation(ours: &Result<(), String>, theirs: &Result<(), String>) -> Option<&'static str> {
    let fits = |said: &Result<(), String>, part: &str| match said {
        Ok(()) => part.is_empty(),
        Err(said) => !part.is_empty() && said.contains(part),
    };
    EXPLAINED.iter().find(|(our, their, _)| fits(ours, our) && fits(theirs, their)).map(|(_, _, why)| *why)
}

fn number(variable: &str, default: u64) -> u64 {
    std::env::var(variable).map_or(default, |text| text.parse().expect("the variable holds a number"))
}

#[test]
fn front_and_wasmparser_accept_the_same_mutants() {
    let mut seen = HashSet::new();
    // Mutants of valid modules tell more, since one step away from them lies both what is valid and what is not.
    let (mut valid, mut broken) = (Vec::new(), Vec::new());
    for case in suite().cases {
        let Ok(bytes) = case.bytes else { continue };
        if bytes.len() >= 8 && bytes.len() < 1 << 16 && seen.insert(bytes.clone()) {
            let modules = if case.claim == Claim::Valid { &mut valid } else { &mut broken };
            modules.push((case.features, bytes));
        }
    }
    let mut random = Random(number("FRONT_SEED", 0));
    let mut counts: BTreeMap<String, u64> = BTreeMap::new();
    let mut failures = Vec::new();
    for number in 0..number("FRONT_MUTANTS", 5_000) {
        let modules = if random.below(8) == 0 { &broken } else { &valid };
        let (features, module) = &modules[random.below(modules.len())];
        let (_, other) = &valid[random.below(valid.len())];
        let bytes = mutant(&mut random, module, other);
        let features = match random.below(8) {
            0 => Features::of(Feature::ALL),
            1 => without_one(&mut random),
            _ => *features,
        };
        let (ours, theirs) = (ours(&bytes, features), theirs(&bytes, features));
        let what = match (&ours, &theirs) {
            (Ok(()), Ok(())) => "both accept".to_owned(),
            (Err(_), Err(_)) => "both reject".to_owned(),
            _ => match explanation(&ours, &theirs) {
                Some(why) => format!("explained: {why}"),
                None => {
                    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
                    failures.push(format!("mutant {number}: we say {ours:?}, wasmparser {theirs:?}: {hex}"));
                    "unexplained".to_owned()
                }
            },
        };
        *counts.entry(what).or_default() += 1;
    }
    for (what, count) in &counts {
        println!("{count:8}  {what}");
    }
    let shown = failures.iter().take(30).cloned().collect::<Vec<_>>().join("\n");
    assert!(failures.is_empty(), "{} disagreements:\n{shown}", failures.len());
}
