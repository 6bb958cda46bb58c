//! A `.wast` script in, a [`TestCase`](wassay_model::TestCase) with expectations out; an observation of that
//! case in, a result for each assertion out. And a finding as a `.wast` that an engine's own people can run.
//!
//! This room must not know any engine. What is *not* guaranteed: that quoted text says anything about an
//! engine (it tests only our text parser, so it is counted apart), and that a script's commands behind a
//! failed module mean much.

mod directory;
mod evaluate;
mod script;
mod spectest;
mod write;

pub use directory::{features_of_directory, features_of_script};
pub use evaluate::{CheckResult, State, evaluate, evaluate_texts};
pub use script::{Check, Kind, Script, SyntaxError, TextCheck, parse};
pub use write::{wat, write_wast};
