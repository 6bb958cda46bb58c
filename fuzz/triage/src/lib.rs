//! A case's verdict and observations in, the [`Signature`](wassay_model::Signature) of its finding and the
//! bucket that this belongs to out.
//!
//! This room must know neither engines nor the judge: whether two findings are the same is asked of their
//! signatures alone.
//!
//! What is *not* guaranteed: that one bucket is one bug. Two faults of one engine that show in the same way
//! share a bucket until a reduction has found the opcodes that tell them apart.

mod bucket;
mod signature;

pub use bucket::bucket_name;
pub use signature::{class, signature, signatures};
