//! A prepared case in, a list of the worker protocol's operations out; the answers to them in, an
//! [`Observation`](wassay_model::Observation) out. This room makes the modules that drive the instances under
//! test, so that every bit crosses as bytes.
//!
//! It must not know how the operations travel, nor which engine carries them out.

mod build;
mod caller;
mod drive;
mod fixed;
mod hex;
mod host;
mod layout;
mod lines;
mod ops;
mod probe;
mod raise;
mod read;
mod script;
mod slot;

pub use caller::Callers;
pub use fixed::setup;
pub use lines::{Answer, End, Hello, HostCall, Line, LineError};
pub use ops::{
    Builtin, Builtins, FRAME, Frame, Glimpse, ImportEntry, Kept, Number, Op, PROTOCOL, Referent, Request, SEAT, Worker,
};
pub use probe::{Probes, probes};
pub use raise::{AnswerError, Raise};
pub use script::Script;
