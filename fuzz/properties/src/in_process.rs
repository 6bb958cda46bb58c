//! Execution on every engine that may share a process with the fuzzer: they do the same with a module and the calls of
//! its exports. `engines.rs` says who is left out, and why.

use crate::Broken;
use crate::engines::agree;

/// Who is asked.
pub const ENGINES: &[&str] = &["reference", "wasmi@1.1.0", "tinywasm", "dlr"];

/// Asks all of them.
///
/// # Errors
/// A divergence that no known fault accounts for.
pub fn check(bytes: &[u8]) -> Result<(), Broken> {
    agree(ENGINES, bytes).map(drop)
}
