//! The official suite's verdicts on decoding and validation, module by module.

mod front_modules;

use std::collections::BTreeMap;

use front_modules::{Case, Claim, Written, suite};
use wassay_reference::binary::{DecodeError, decode};
use wassay_reference::valid::validate;

/// What we say about a module, with the reason.
fn verdict(case: &Case, bytes: &[u8]) -> (Claim, String) {
    let module = match decode(bytes, case.features) {
        Ok(module) => module,
        Err(DecodeError::Limit { what }) => panic!("{}: the suite exceeds a limit: {what}", case.name),
        Err(error) => return (Claim::Malformed, error.to_string()),
    };
    match validate(&module, case.features) {
        Ok(validated) => {
            for (func, notes) in module.funcs.iter().zip(&validated.funcs) {
                assert_eq!(func.body.len(), notes.notes.len(), "{}: a note for every instruction", case.name);
            }
            (Claim::Valid, String::new())
        }
        Err(error) => (Claim::Invalid, error.to_string()),
    }
}

/// Modules about which an old proposal says something else than the standard that it became a part of, with the reason.
const OVERTAKEN: &[(&str, &str)] = &[(
    "reference-types/unreached-invalid.wast:539",
    "2.0 lets the labels of an unreachable br_table have different types: each need only match the bottom type",
)];

#[test]
fn front_agrees_with_every_module_of_the_suite() {
    let suite = suite();
    let mut counts: BTreeMap<String, u32> = BTreeMap::new();
    let mut failures = Vec::new();
    for case in &suite.cases {
        let mut count = |what: &str| *counts.entry(format!("{:?}, {what}", case.claim)).or_default() += 1;
        let bytes = match (&case.bytes, case.written, case.claim) {
            (Ok(bytes), ..) => bytes,
            (Err(_), Written::Quoted, Claim::Malformed) => {
                count("quoted: refused by the text parser already");
                continue;
            }
            (Err(error), ..) => {
                failures.push(format!("{}: {:?}, but the text parser says: {error}", case.name, case.claim));
                continue;
            }
        };
        let (claim, why) = verdict(case, bytes);
        let holds = match case.written {
            Written::Plainly => claim == case.claim,
            // The text parser has made bytes of a text that it should have refused; which class we find is our affair.
            Written::Quoted => (claim == Claim::Valid) == (case.claim == Claim::Valid),
        };
        if let Some((_, why)) = OVERTAKEN.iter().find(|(name, _)| *name == case.name) {
            assert!(!holds, "{}: no longer overtaken: {why}", case.name);
            count("overtaken by the standard");
        } else if holds {
            count(if case.written == Written::Quoted { "quoted: bytes judged" } else { "judged" });
        } else {
            failures.push(format!("{}: {:?}, but we say {claim:?} {why}", case.name, case.claim));
        }
    }
    for (what, count) in &counts {
        println!("{count:6}  {what}");
    }
    println!("{:6}  skipped", suite.skipped.len());
    for skipped in &suite.skipped {
        println!("        {skipped}");
    }
    assert!(failures.is_empty(), "{} of {}:\n{}", failures.len(), suite.cases.len(), failures.join("\n"));
}
