//! Planted faults on modules that generators make.
#![cfg(feature = "reference")]

use wassay_adapter::{Prepared, walk};
use wassay_generate::{Profile, generate};
use wassay_model::{Capture, Ending, EngineName, Outcome};

/// Faults that are about what is refused.
const REFUSING: [&str; 20] = [
    "array-copy-direction",
    "br-table-dead-refused",
    "br-table-loop-refused",
    "memory-index-bit-refused",
    "import-twice-refused",
    "start-imported-refused",
    "cast-index-refused",
    "call-ref-subtype-refused",
    "null-result-refused",
    "equal-type-refused",
    "imported-table-refused",
    "dead-inner-block-refused",
    "declared-typed-malformed",
    "own-offset-refused",
    "segment-size-refused",
    "throw-subtype-refused",
    "catch-ref-non-null-refused",
    "cast-nullable-refused",
    "dead-select-refused",
    "sub-opcode-padded-refused",
];

// What a fault makes of code has to be valid code again, or it would be found by an accident of ours.
#[test]
fn faults_modelled_on_bugs_leave_valid_modules_valid() {
    let faults: Vec<&str> = wassay_in_process::planted_faults()
        .iter()
        .filter(|fault| fault.model.is_some() && !REFUSING.contains(&fault.name))
        .map(|fault| fault.name)
        .collect();
    assert!(faults.len() > 70, "{}", faults.len());
    let mut touched = 0;
    for family in ["idiom", "control", "smith", "sweep", "gc", "plain-best", "link", "size"] {
        let profile = Profile::parse(family).expect("a family");
        for index in 0..12 {
            let case = generate(7, index, &profile);
            let mut asked: Vec<&str> = Vec::new();
            for module in &case.modules {
                asked.extend(wassay_in_process::faults_touching(&module.bytes.0, &faults));
            }
            asked.sort_unstable();
            asked.dedup();
            touched += asked.len();
            for fault in asked {
                let name: EngineName = format!("faulty+{fault}").parse().expect("a name");
                let mut engine = wassay_in_process::open(&name).expect("the engine");
                let seen = walk(&mut *engine, &Prepared::new(&case), Capture::Digests);
                assert!(
                    matches!(seen.ending, Ending::Finished | Ending::TimedOut),
                    "{fault}, {family} {index}: {:?}",
                    seen.ending
                );
                for step in &seen.steps {
                    assert!(
                        !matches!(step.outcome, Outcome::Invalid | Outcome::Malformed | Outcome::Unclassified(_)),
                        "{fault}, {family} {index}: {}",
                        step.outcome
                    );
                }
            }
        }
    }
    assert!(touched > 500, "{touched}");
}
