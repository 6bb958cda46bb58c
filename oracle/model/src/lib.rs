//! The nouns. Every room takes one of them and makes the next:
//! seed -> [`TestCase`] -> [`Observation`] (one an engine) -> [`Verdict`] -> [`Finding`] -> bucket.
//!
//! This room must not know any other: it holds plain data that can be written to disk, and no verbs
//! beyond printing, parsing and hashing it.

mod case;
mod digest;
mod engine;
mod expect;
mod feature;
mod finding;
pub mod host;
mod observation;
pub mod off;
pub mod regress;
pub mod run;
pub mod suite;
mod trap;
mod types;
mod value;
mod verdict;

pub use case::{
    Action, Alike, Bytes, Host, InstanceIdx, Limits, Lineup, Module, ModuleIdx, Plan, PlanStep, Provenance, Snapshot,
    StepIdx, TestCase,
};
pub use digest::{CaseId, Digest, NotHexadecimal};
pub use engine::{Bound, Capabilities, EngineId, EngineName, EngineNameError, Isolation};
pub use expect::{Expected, Lane, Nan, Pattern, RefPattern};
pub use feature::{Feature, Features};
pub use finding::{Finding, Party, Signature};
pub use observation::{
    Capture, Contents, Crash, CrashManner, Ending, Exception, ExportName, HostCall, HostCalls, MemoryState,
    Observation, OpenChoice, Outcome, Resource, State, Step, TableState, Timing,
};
pub use trap::{TrapKind, TrapKinds};
pub use types::{FuncType, HeapType, Nullability, RefType, ValType};
pub use value::{Identity, Ref, Value, ValueSyntaxError};
pub use verdict::{Allowance, Compared, Difference, Horizon, Reason, Ruling, Site, SiteKind, Verdict};
