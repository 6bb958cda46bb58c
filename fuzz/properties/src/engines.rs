//! Engines in the process of the fuzzer, asked one question and judged as in a campaign.
//!
//! Nothing catches an engine here that brings the process down, so those are left out that are known to do so or that
//! need the process for themselves:
//! - wasmtime: Winch 48 kills its process for about one case in twenty; Cranelift takes milliseconds for what an
//!   interpreter takes microseconds for, and its handlers of signals meet those of libFuzzer and the sanitizers;
//! - wasmi 2.0: its faults in code with `select`, `if` and `br_table` show in most modules, and some of them jump
//!   to where there is no code.
//!
//! What is *not* guaranteed: that engines agree where [`FAULTS`] accounts for it. The table is coarser than the faults
//! are, since it sees what a module holds and not what it does.

use std::collections::BTreeSet;

use wasmparser::{Parser, Payload, ValType};
use wassay_adapter::{Prepared, walk};
use wassay_in_process::open;
use wassay_judge::{explain, judge};
use wassay_model::{Capture, EngineName, Observation, Ruling, TestCase};

use crate::Broken;
use crate::question::question;

/// What a known fault of an engine does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Does {
    /// It makes the engine panic, or take the memory of the machine: the engine is not asked.
    Ends,
    /// It makes the engine err: a divergence of the engine is accounted for.
    Errs,
}

/// A known fault: the engine, what the fault does, opcodes or marks all of which a case has that can show it, some of
/// which one is enough, and the reason.
type Fault = (&'static str, Does, &'static [&'static str], &'static [&'static str], &'static str);

/// A local declared with a reference type.
const REFERENCE_LOCAL: &str = "(local ref)";

const FAULTS: &[Fault] = &[
    ("wasmi@1.1.0", Does::Errs, &["(data)", "(elem)"], &[], "segments-data-before-elem"),
    ("wasmi@1.1.0", Does::Errs, &["loop", "br_if"], &[], "wasmi-1-loop-four-values"),
    ("tinywasm", Does::Errs, &["(data)", "(elem)"], &[], "segments-data-before-elem"),
    ("tinywasm", Does::Errs, &[REFERENCE_LOCAL], &[], "tinywasm-null-locals"),
    (
        "tinywasm",
        Does::Errs,
        &["select"],
        &["unreachable", "br", "br_table", "return"],
        "tinywasm-rejects-unreachable-select",
    ),
    ("tinywasm", Does::Ends, &["table.fill"], &[], "tinywasm-table-fill-func"),
    ("tinywasm", Does::Ends, &["memory.init"], &[], "tinywasm-memory-init-panic"),
    ("tinywasm", Does::Ends, &["table.grow"], &[], "it is not told of the limit of tables"),
    ("tinywasm", Does::Errs, &["local.tee", "if"], &[], "tinywasm-tee-after-if"),
    ("dlr", Does::Ends, &["memory.grow"], &[], "dlr-memory-grow-wraps"),
    ("dlr", Does::Ends, &["table.grow"], &[], "it is not told of the limit of tables"),
];

/// Asks the engines about the bytes.
///
/// # Errors
/// An engine diverges, and no known fault accounts for it.
///
/// # Panics
/// An engine panics, or is not linked.
pub fn agree(engines: &[&str], bytes: &[u8]) -> Result<Asked, Broken> {
    let Some(case) = question(bytes) else { return Ok(Asked::Nothing) };
    agree_on(engines, &case).map_err(|what| Broken { what, bytes: bytes.to_vec() })
}

/// What came of a question.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Asked {
    /// It was none.
    Nothing,
    /// Fewer than two engines took it.
    Declined,
    /// Engines differ, and known faults account for it.
    Known,
    /// Engines agree, and no call was compared that returned a value.
    Agree,
    /// Engines agree on values.
    AgreeOnValues,
}

fn agree_on(engines: &[&str], case: &TestCase) -> Result<Asked, String> {
    let marks = marks(case);
    let prepared = Prepared::new(case);
    let mut observations = Vec::new();
    for engine in engines.iter().filter(|engine| fault(engine, Does::Ends, &marks).is_none()) {
        if let Some(observation) = observe(engine, &prepared) {
            observations.push(observation);
        }
    }
    let verdict = judge(case, &observations);
    let mut known = false;
    for difference in verdict.differences.iter().filter(|difference| difference.ruling == Ruling::Diverge) {
        if fault(&difference.engine.to_string(), Does::Errs, &marks).is_none() {
            return Err(explain(&verdict, case));
        }
        known = true;
    }
    Ok(match () {
        () if known => Asked::Known,
        () if observations.len() < 2 => Asked::Declined,
        () if verdict.compared.calls_with_values > 0 => Asked::AgreeOnValues,
        () => Asked::Agree,
    })
}

/// What an engine makes of a case; nothing where it declines.
pub(crate) fn observe(engine: &str, prepared: &Prepared<'_>) -> Option<Observation> {
    let name: EngineName = engine.parse().expect("the names are written in this crate");
    let mut engine = open(&name).expect("the engine is linked");
    let missing = prepared.case().features.minus(engine.capabilities().features);
    missing.iter().next().is_none().then(|| walk(&mut *engine, prepared, Capture::Digests))
}

/// The known fault that accounts for what an engine does with a case of these marks.
fn fault(engine: &str, does: Does, marks: &BTreeSet<String>) -> Option<&'static Fault> {
    FAULTS.iter().find(|(name, what, all, any, _)| {
        let has = |opcode: &&str| marks.contains(*opcode);
        *name == engine && *what == does && all.iter().all(has) && (any.is_empty() || any.iter().any(has))
    })
}

/// The opcodes of a case, and what else faults are told by.
fn marks(case: &TestCase) -> BTreeSet<String> {
    let mut marks: BTreeSet<String> = wassay_triage::opcodes(case).into_iter().collect();
    if case.modules.iter().any(|module| has_reference_local(&module.bytes.0)) {
        marks.insert(REFERENCE_LOCAL.to_owned());
    }
    marks
}

fn has_reference_local(bytes: &[u8]) -> bool {
    Parser::new(0).parse_all(bytes).any(|payload| {
        let Ok(Payload::CodeSectionEntry(body)) = payload else { return false };
        body.get_locals_reader()
            .is_ok_and(|locals| locals.into_iter().any(|local| matches!(local, Ok((_, ValType::Ref(_))))))
    })
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn every_fault_is_of_an_engine_here_and_has_a_regression_or_a_reason() {
        let folder = Path::new(&std::env::var("CARGO_MANIFEST_DIR").unwrap()).join("../regressions");
        for (engine, _, all, _, why) in FAULTS {
            assert!(open(&engine.parse().unwrap()).is_ok(), "{engine}");
            assert!(!all.is_empty(), "{why} would account for everything");
            assert!(why.contains(' ') || folder.join(why).join("case.wast").exists(), "{why}");
        }
    }
}
