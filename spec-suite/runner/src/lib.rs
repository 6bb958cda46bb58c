//! A `.wast` script in, a [`TestCase`](wassay_model::TestCase) with expectations out; an observation of that
//! case in, a result for each assertion out. A whole suite (the pinned one with our additions, or a folder) in,
//! the rows of its record out, with the failures that are known beforehand told apart. And a finding as a `.wast`
//! that an engine's own people can run.
//!
//! This room must not know any engine. What is *not* guaranteed: that quoted text says anything about an
//! engine (it tests only our text parser, so it is counted apart), and that a script's commands behind a
//! failed module mean much.

mod directory;
mod evaluate;
mod forms;
mod known;
mod needs;
mod prefix;
mod relaxed;
mod report;
mod script;
mod spectest;
mod suite;
mod vacuity;
mod write;

pub use directory::{features_of_directory, features_of_script};
pub use evaluate::{CheckResult, State, evaluate, evaluate_texts};
pub use known::{Expectations, Known, ListError, Place};
pub use prefix::locate;
pub use relaxed::{CHOICES, infer_choices};
pub use report::{Answer, SuiteScript};
pub use script::{Check, Kind, Script, SyntaxError, TextCheck, parse};
pub use suite::{SourceFile, Suite, SuiteError, folder, pinned};
pub use vacuity::vacuous;
pub use write::{wat, write_wast};
