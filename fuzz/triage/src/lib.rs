//! A case's verdict and observations in, the [`Signature`](wassay_model::Signature) of its finding out, and the
//! bucket that this belongs to; a case and a question in, the smallest case with the same answer out; a reduced
//! finding in, the files for an engine's people out.
//!
//! This room must know neither engines nor the judge: whether two findings are the same is asked of their
//! signatures alone, and whether a smaller case still shows the finding is for the caller to say.
//!
//! What is *not* guaranteed: that one bucket is one bug. Two faults of one engine that show in the same way
//! share a bucket until a reduction has found the opcodes that tell them apart.

mod bucket;
mod group;
mod javascript;
mod known;
mod reduce;
mod report;
mod rule;
mod signature;
mod skeleton;

pub use bucket::bucket_name;
pub use group::{Group, Hit, distance, group};
pub use javascript::write_javascript;
pub use known::{Classes, KnownIssue};
pub use reduce::{Options, Progress, Question, Reduced, module_bytes, reduce};
pub use report::{Blame, Report, write_report};
pub use rule::rules;
pub use signature::{class, signature, signature_at, signatures};
pub use skeleton::{mnemonic, opcodes, skeleton};
