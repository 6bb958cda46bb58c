//! The name of an engine in, the program that hosts it out: where it is installed, how to launch it, or how
//! to install it. This room knows package managers, a cache folder and the workers that are not linked.
//!
//! It must not run a case, nor know what an answer means.
//!
//! Every engine family is a row of one table (`table.rs`): where it comes from, where its program lies, how a
//! worker is made of it and which options it has. What the rows share is done once: `channel.rs` talks to
//! package managers, `cache.rs` keeps what they brought.
//!
//! What is *not* guaranteed: that what was found still runs. The caller starts it and is told.

mod cache;
mod channel;
mod error;
mod fleet;
mod releases;
mod run;
mod scripts;
mod table;
mod version;

pub use cache::Broken;
pub use error::FleetError;
pub use fleet::{Cost, Fleet, Hosted, Installed, Offer, Progress, by_age};
