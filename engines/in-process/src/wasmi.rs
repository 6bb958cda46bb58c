//! wasmi: an interpreter that translates to register code. Two releases are linked, since a release that
//! differs from the one before it is a finding by itself.
//!
//! Both are driven by one source, `wasmi/adapter.rs`, compiled once against each; `wasmi/v1.rs` and
//! `wasmi/v2.rs` hold what differs between their interfaces.

#[cfg(feature = "wasmi-1")]
pub(crate) mod v1;
#[cfg(feature = "wasmi")]
pub(crate) mod v2;
