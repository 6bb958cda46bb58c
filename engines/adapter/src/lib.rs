//! A [`TestCase`](wassay_model::TestCase) in, an [`Observation`](wassay_model::Observation) of one engine
//! out. This room holds the traits that an engine implements, the walk of a plan over them, and the kit
//! that every adapter must pass.
//!
//! It must not know any engine, nor what counts as different: it records.

mod engine;
mod features;
mod host;
mod interface;
pub mod kit;
mod walk;
pub mod wire;

pub use engine::{Engine, Extern, Session};
pub use features::{needed_features, wasm_features};
pub use host::{FIRST, FIRST_IN_FULL, HostHandle, slot};
pub use interface::{Export, ExternKind, Import, Interface};
pub use walk::{Check, Identities, Prepared, blocks, walk};

/// How much an observation records at most.
pub mod limits {
    pub use crate::walk::{BLOCK, BLOCK_BYTES_MAX, BLOCK_BYTES_MAX_IN_ALL, ELEMENTS_MAX, MEMORY_BYTES_MAX};
}
