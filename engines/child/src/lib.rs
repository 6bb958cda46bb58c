//! A [`TestCase`](wassay_model::TestCase) in, one [`Observation`](wassay_model::Observation) of each wanted
//! engine out, whatever the engines do: they run in worker processes, which a [`Crew`] starts, feeds,
//! bounds in time and memory, and replaces when they die. A crash, a hang and a memory blow-up are
//! observations; [`CrewError`] means that *we* could not ask.
//!
//! This room must not know any engine, nor judge what it brings home.
//!
//! What is *not* guaranteed: that a death is seen twice. One that does not recur when its engine is asked
//! alone in a fresh process is counted in [`Statistics::flaky`], and the second answer stands.

mod conversation;
mod crew;
mod death;
mod process;
mod spec;

pub use crew::{Crew, RestartReason, Statistics, Turns};
pub use spec::{CrewError, CrewSpec, Dialect, Launch, Seat};
