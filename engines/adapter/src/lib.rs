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
pub use host::HostHandle;
pub use interface::{Export, ExternKind, Import, Interface};
pub use walk::{Prepared, walk};
