//! What an engine did with a case. No word in here judges.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{Bytes, Digest, EngineId, Feature, InstanceIdx, Ref, StepIdx, TrapKinds, Value};

/// What one engine did with one case.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Observation {
    /// Who.
    pub engine: EngineId,
    /// What was seen of each step, as far as the engine came.
    pub steps: Vec<Step>,
    /// What happened to the program that ran the engine.
    pub ending: Ending,
    /// The choices of the standard that the engine says it met, by step. Only the reference says.
    pub open: Vec<(StepIdx, OpenChoice)>,
    /// The engine's own words for outcomes that are no return, by step. Evidence for people; never compared.
    pub words: Vec<(StepIdx, String)>,
    /// How many instructions each step took, where the engine counts just those: the reference does.
    /// Empty elsewhere. Never compared.
    pub instructions: Vec<u64>,
    /// Where the engine's time went. Never compared.
    pub timing: Timing,
}

/// What was seen of one step.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// How it ended.
    pub outcome: Outcome,
    /// Calls of host functions that it made.
    pub host_calls: HostCalls,
    /// The state after it, where the plan asks for it. Recorded after traps too: a store keeps what was
    /// written before (section 4.6, appendix "soundness" rests on it).
    pub state: Option<State>,
}

/// What the standard can say about a step.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// It succeeded, with these results; loading, instantiating and registering have none.
    Returned(Vec<Value>),
    /// A trap.
    Trapped(TrapKinds),
    /// An exception left the outermost frame.
    Threw(Exception),
    /// A resource ran out. Not a trap: where it happens is each engine's own matter.
    Exhausted(Resource),
    /// The module does not decode (chapter 5).
    Malformed,
    /// The module does not validate (chapter 3).
    Invalid,
    /// The module was refused before it ran and the engine does not tell decoding from validation.
    Rejected,
    /// An import is missing or does not match (section 4.7.1).
    Unlinkable,
    /// A limit of the implementation (appendix A.3).
    Refused(String),
    /// The step needs an instance or an export that does not exist, for example since instantiation failed.
    Absent,
    /// The engine reported an error that the adapter's table does not place: a blind spot. The words are the engine's.
    Unclassified(String),
}

/// An exception that left the outermost frame.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exception {
    /// What it carried, where the embedding can read it.
    pub payload: Option<Vec<Value>>,
}

/// What can run out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Resource {
    /// Frames or bytes of the call stack.
    Stack,
    /// Steps.
    Fuel,
    /// Memory of the host.
    Memory,
}

/// What happened to the program that ran the engine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Ending {
    /// It went through the whole plan.
    Finished,
    /// It died, or it panicked and the panic was caught.
    Crashed(Crash),
    /// It did not answer in time and was killed.
    TimedOut,
    /// It used more memory than it may.
    OutOfMemory,
    /// It was not asked: it lacks the feature.
    Declined(Feature),
    /// It answered what cannot be an answer. The words say what came.
    Unclassified(String),
}

/// How a program died.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Crash {
    /// How.
    pub manner: CrashManner,
    /// The last words on its error stream, or the panic's message.
    pub words: String,
}

/// How a program died.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CrashManner {
    /// A panic of Rust code, caught.
    Panic,
    /// A signal, by number.
    Signal(i32),
    /// It exited by itself, with this status.
    Exit(i32),
}

/// A place where the standard leaves a choice, met during a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OpenChoice {
    /// An operator made a NaN: sign and payload are open within its class (section 4.3.3).
    NanBits,
    /// A growth failed although the declared maximum allows it (sections 4.6.9, 4.6.10).
    RefusedGrowth,
    /// A relaxed vector instruction met an input for which results may differ (section 4.3.5).
    RelaxedVector,
}

/// The exported state of every instance.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct State {
    /// Exported memories, by instance and then in the module's order of exports.
    pub memories: Vec<(ExportName, MemoryState)>,
    /// Exported globals.
    pub globals: Vec<(ExportName, Value)>,
    /// Exported tables.
    pub tables: Vec<(ExportName, TableState)>,
}

/// An export of an instance.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ExportName {
    /// Of which instance.
    pub instance: InstanceIdx,
    /// Under which name.
    pub name: String,
}

impl fmt::Display for ExportName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} of instance {}", self.name, self.instance)
    }
}

/// What a memory holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MemoryState {
    /// Its size in bytes.
    pub bytes: u64,
    /// Its contents.
    pub contents: Contents,
}

/// The contents of a memory, as far as they were recorded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Contents {
    /// Too large to be read.
    Unread,
    /// The digest of all bytes.
    Digest(Digest),
    /// The digest, and all bytes in blocks that are not all zero.
    Full {
        /// The digest of all bytes.
        digest: Digest,
        /// Blocks by offset in bytes, ascending.
        blocks: Vec<(u64, Bytes)>,
    },
}

impl Contents {
    /// The digest, where the contents were read.
    #[must_use]
    pub const fn digest(&self) -> Option<Digest> {
        match self {
            Self::Unread => None,
            Self::Digest(digest) | Self::Full { digest, .. } => Some(*digest),
        }
    }
}

/// What a table holds: its elements as runs of equal references.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TableState {
    /// Its size in elements.
    pub elements: u64,
    /// Runs of equal references, from index 0 on; short of `elements` where the table is too large to be read.
    pub runs: Vec<(u64, Ref)>,
}

/// The calls of host functions that a step made.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct HostCalls {
    /// How many.
    pub count: u32,
    /// The first ones.
    pub first: Vec<HostCall>,
    /// The digest of all the others, chained; zero where there is none.
    pub rest: Digest,
}

/// One call of a host function.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HostCall {
    /// The name of the import.
    pub name: String,
    /// What Wasm passed.
    pub args: Vec<Value>,
    /// What the host answered.
    pub results: Vec<Value>,
}

/// How much of the state an observation records.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Capture {
    /// Digests, at the steps where the plan asks for a snapshot.
    Digests,
    /// Bytes, after every step, and the engine's words: for cases in which engines differ.
    Full,
}

/// Where an engine's time went, in nanoseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Timing {
    /// Decoding, validating, compiling.
    pub load_ns: u64,
    /// Linking and instantiating, making a store and giving it back included.
    pub instantiate_ns: u64,
    /// Invoking.
    pub invoke_ns: u64,
}

impl Timing {
    /// All of the engine's own time.
    #[must_use]
    pub const fn total_ns(self) -> u64 {
        self.load_ns.saturating_add(self.instantiate_ns).saturating_add(self.invoke_ns)
    }

    /// Adds the time of another observation. What a worker says of its engine's time may be anything.
    pub const fn add(&mut self, other: Self) {
        self.load_ns = self.load_ns.saturating_add(other.load_ns);
        self.instantiate_ns = self.instantiate_ns.saturating_add(other.instantiate_ns);
        self.invoke_ns = self.invoke_ns.saturating_add(other.invoke_ns);
    }
}

impl fmt::Display for Resource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Stack => "the stack",
            Self::Fuel => "fuel",
            Self::Memory => "memory",
        })
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Returned(values) if values.is_empty() => f.write_str("returned nothing"),
            Self::Returned(values) => {
                f.write_str("returned ")?;
                for (position, value) in values.iter().enumerate() {
                    if position > 0 {
                        f.write_str(", ")?;
                    }
                    f.write_str(&value.for_people())?;
                }
                Ok(())
            }
            Self::Trapped(kinds) => write!(f, "trapped ({kinds})"),
            Self::Threw(_) => f.write_str("threw an exception"),
            Self::Exhausted(resource) => write!(f, "exhausted {resource}"),
            Self::Malformed => f.write_str("refused the module as malformed"),
            Self::Invalid => f.write_str("refused the module as invalid"),
            Self::Rejected => f.write_str("refused the module"),
            Self::Unlinkable => f.write_str("refused to link"),
            Self::Refused(limit) => write!(f, "refused by a limit of its own ({limit})"),
            Self::Absent => f.write_str("had no such instance or export"),
            Self::Unclassified(words) => write!(f, "answered with an error that is not in our table ({words})"),
        }
    }
}

impl fmt::Display for Ending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Finished => f.write_str("finished"),
            Self::Crashed(crash) => match crash.manner {
                CrashManner::Panic => f.write_str("panicked"),
                CrashManner::Signal(signal) => write!(f, "died of signal {signal}"),
                CrashManner::Exit(status) => write!(f, "exited with status {status}"),
            },
            Self::TimedOut => f.write_str("timed out"),
            Self::OutOfMemory => f.write_str("ran out of memory"),
            Self::Declined(feature) => write!(f, "declined ({feature})"),
            Self::Unclassified(words) => write!(f, "gave no answer ({words})"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Timing;

    #[test]
    fn times_that_nobody_can_have_taken_add_up_to_no_panic() {
        let mut all = Timing { load_ns: u64::MAX, instantiate_ns: 1, invoke_ns: 2 };
        assert_eq!(all.total_ns(), u64::MAX);
        all.add(all);
        assert_eq!(all, Timing { load_ns: u64::MAX, instantiate_ns: 2, invoke_ns: 4 });
    }
}
