//! Execution: the reference and wasmi do the same with a module and the calls of its exports.
//!
//! The partner is wasmi 1.1 and not 2.0: both have known faults, but those of 2.0 lie in `select` and `if`, which most
//! modules have, so that little would be left to look at.

use crate::Broken;
use crate::engines::agree;

/// Who is asked.
pub const ENGINES: &[&str] = &["reference", "wasmi@1.1.0"];

/// Asks both.
///
/// # Errors
/// A divergence that no known fault accounts for.
pub fn check(bytes: &[u8]) -> Result<(), Broken> {
    agree(ENGINES, bytes).map(drop)
}
