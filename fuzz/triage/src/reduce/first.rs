//! The first pass: wasm-shrink, which tries the rewrites of wasm-mutate that make a module smaller, at random.
//!
//! It knows nothing of plans, of several modules or of what a step returned, and most of its attempts change nothing
//! that matters; so it is given a number of attempts in vain, and all that follows is ours.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use wasm_shrink::WasmShrink;

use super::{Session, module_bytes};

/// Makes each module smaller for as long as fewer than `attempts` in a row were in vain.
pub(super) fn shrink(session: &mut Session<'_>, attempts: u32) {
    for index in 0..session.best.modules.len() {
        // It reads valid modules only.
        if attempts == 0 || session.guards[index].is_none() {
            continue;
        }
        let module = session.best.modules[index].bytes.0.clone();
        let workshop = session.workshop(index);
        let run = WasmShrink::default().seed(session.options.seed).attempts(attempts).allow_empty(true);
        let (mut is_first, mut asks) = (true, false);
        let mut predicate = |candidate: &[u8]| {
            // The module itself is asked about first, and known to show the finding.
            if std::mem::take(&mut is_first) {
                return Ok(true);
            }
            let Some(case) = workshop.with(candidate.to_vec()) else { return Ok(false) };
            asks = true;
            let still = session.still(&case);
            asks = false;
            if still == Some(true) && module_bytes(&case) < module_bytes(&session.best) {
                // Whatever ends it, the best so far is kept.
                session.best = case;
            }
            // Any error ends it.
            still.ok_or_else(|| fmt::Error.into())
        };
        // What its rewrites were not written for may end in a panic, and costs the rest of this module's first pass; a
        // panic of ours is one. What it returns was taken already, and an error of its own leaves that as it is.
        if let Err(panic) = catch_unwind(AssertUnwindSafe(|| run.run(module, &mut predicate)))
            && asks
        {
            resume_unwind(panic);
        }
    }
}
