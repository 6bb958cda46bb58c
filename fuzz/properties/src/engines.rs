//! Engines in the process of the fuzzer, asked one question and judged as in a campaign.
//!
//! Nothing catches an engine here that brings the process down, so those are left out that are known to do so or that
//! need the process for themselves: wasmtime and wasmi 2.0. `fuzz/switched-off.toml` has the reasons.
//!
//! What is *not* guaranteed: that engines agree where an excuse of that file accounts for it. Excuses are coarser than
//! the faults are, since they see what a module holds and not what it does.

use std::collections::BTreeSet;

use wasmparser::{Parser, Payload, ValType};
use wassay_adapter::{Prepared, walk};
use wassay_in_process::open;
use wassay_judge::{explain, judge};
use wassay_model::off::Does;
use wassay_model::{Capture, EngineName, Observation, Ruling, TestCase};

use crate::Broken;
use crate::off::excuse;
use crate::question::question;

/// A local declared with a reference type.
const REFERENCE_LOCAL: &str = "(local ref)";
/// More than one module.
const MODULES: &str = "(several modules)";

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
    for engine in engines.iter().filter(|engine| excuse(engine, Does::Ends, |mark| marks.contains(mark)).is_none()) {
        if let Some(observation) = observe(engine, &prepared) {
            observations.push(observation);
        }
    }
    let verdict = judge(case, &observations);
    let mut known = false;
    for difference in verdict.differences.iter().filter(|difference| difference.ruling == Ruling::Diverge) {
        if excuse(&difference.engine.to_string(), Does::Errs, |mark| marks.contains(mark)).is_none() {
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

/// The opcodes of a case, and what else faults are told by.
fn marks(case: &TestCase) -> BTreeSet<String> {
    let mut marks: BTreeSet<String> = wassay_triage::opcodes(case).into_iter().collect();
    if case.modules.iter().any(|module| has_reference_local(&module.bytes.0)) {
        marks.insert(REFERENCE_LOCAL.to_owned());
    }
    if case.modules.len() > 1 {
        marks.insert(MODULES.to_owned());
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
