//! A prepared case in, a list of the worker protocol's operations out; the answers to them in, an
//! [`Observation`](wassay_model::Observation) out. This room makes the modules that drive the instances under
//! test, so that every bit crosses as bytes.
//!
//! It must not know how the operations travel, nor which engine carries them out.
