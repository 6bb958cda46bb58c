//! Test cases: modules, and a plan of what to do with them.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::{CaseId, EngineName, Features, Value};

/// One question for every engine: modules, what to do with them, and within which limits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TestCase {
    /// The modules, in the order that [`ModuleIdx`] counts.
    pub modules: Vec<Module>,
    /// What to do.
    pub plan: Plan,
    /// Who answers imports that no registered instance provides.
    pub host: Host,
    /// What the modules use; an engine that lacks one of them declines the case.
    pub features: Features,
    /// How far an engine may go.
    pub limits: Limits,
    /// Where the case comes from. Not part of its identity.
    pub provenance: Provenance,
    /// Which steps say the same, whatever the engine: a rewrite that keeps the meaning, called like its original.
    /// What engines see does not depend on it, so it is no part of the identity.
    #[serde(default)]
    pub relations: Vec<Alike>,
}

/// Two steps of one plan that must end alike on every engine: an oracle that needs no second engine.
///
/// Results, traps and host calls are compared, and where the plan looks at the state after both steps, what the
/// instances of the two export under the same names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Alike {
    /// The step that is the measure.
    pub original: StepIdx,
    /// A later one, of the rewritten module.
    pub rewritten: StepIdx,
}

impl TestCase {
    /// The case's name: the hash of all that engines see.
    ///
    /// # Panics
    ///
    /// Never: plain data always serialises into memory.
    #[must_use]
    pub fn id(&self) -> CaseId {
        let rest = postcard::to_stdvec(&(&self.plan, self.host, self.limits)).expect("plain data serialises");
        CaseId::of(self.modules.iter().map(|module| &*module.bytes.0).chain([&*rest]))
    }
}

/// A module in the binary format.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Module {
    /// What to call it in reports.
    pub name: String,
    /// The module, valid or not.
    pub bytes: Bytes,
}

/// Raw bytes: Base64 in records that people may open, themselves elsewhere.
#[derive(Clone, Default, PartialEq, Eq, Hash)]
pub struct Bytes(pub Vec<u8>);

impl fmt::Debug for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} bytes", self.0.len())
    }
}

impl Serialize for Bytes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        use base64::Engine as _;
        if serializer.is_human_readable() {
            serializer.serialize_str(&base64::engine::general_purpose::STANDARD.encode(&self.0))
        } else {
            serde_bytes::serialize(&self.0, serializer)
        }
    }
}

impl<'de> Deserialize<'de> for Bytes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        use base64::Engine as _;
        if deserializer.is_human_readable() {
            let text = String::deserialize(deserializer)?;
            base64::engine::general_purpose::STANDARD.decode(text).map(Self).map_err(de::Error::custom)
        } else {
            serde_bytes::deserialize(deserializer).map(Self)
        }
    }
}

macro_rules! index {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub u32);

        impl $name {
            /// The index as a position in a slice.
            #[must_use]
            pub const fn position(self) -> usize {
                self.0 as usize
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

index! {
    /// A module of a case.
    ModuleIdx
}
index! {
    /// An instance of a case: instances are numbered by the plan's `Instantiate` steps, whether or not
    /// those succeed.
    InstanceIdx
}
index! {
    /// A step of a plan, and of the observations made of it.
    StepIdx
}

/// What to do, step by step. Every argument is chosen before anything runs.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Plan {
    /// The steps, in order.
    pub steps: Vec<PlanStep>,
}

/// An action, and whether the state is looked at after it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlanStep {
    /// What to do.
    pub action: Action,
    /// Whether to look at the state afterwards.
    pub snapshot: Snapshot,
}

/// Whether the state (exported memories, globals, tables of every instance) is recorded after a step.
///
/// Digesting a memory costs more than a short call, so a plan says where it is worth it. Results,
/// traps and host calls are recorded at every step.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Snapshot {
    /// Only what the step itself yields.
    #[default]
    Skip,
    /// The state of every instance too.
    Take,
    /// Not even in full capture, where the state is recorded after every other step: for steps that are known
    /// to say nothing.
    Never,
}

/// The verbs of `.wast`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Action {
    /// Decode and validate a module, without making an instance of it.
    Load {
        /// Which module.
        module: ModuleIdx,
    },
    /// Decode, validate, link and instantiate a module; imports come from registered instances, then
    /// from the host.
    Instantiate {
        /// Which module.
        module: ModuleIdx,
    },
    /// Make an instance's exports importable under a name.
    Register {
        /// Which instance.
        instance: InstanceIdx,
        /// The module name that imports will use.
        name: String,
    },
    /// Invoke an exported function.
    Invoke {
        /// Of which instance.
        instance: InstanceIdx,
        /// The export's name.
        export: String,
        /// What to pass.
        args: Vec<Value>,
    },
    /// Read an exported global.
    Get {
        /// Of which instance.
        instance: InstanceIdx,
        /// The export's name.
        export: String,
    },
}

/// Who answers imports that no registered instance provides.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Host {
    /// Nobody: such an import is unlinkable.
    #[default]
    None,
    /// Function imports of any type from the module named [`crate::host::MODULE`] are answered by
    /// [`crate::host::answer`].
    Deterministic,
}

/// How far an engine may go. Exceeding a limit is an outcome and not a trap.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    /// Fuel for each step, in the engine's own unit (about one instruction), where the engine counts.
    pub fuel_max: u64,
    /// Frames on the call stack, where the engine counts frames.
    pub frames_max: u32,
    /// Pages of 64 KiB in one memory, above which a growth is refused where the embedding can say so.
    pub memory_pages_max: u32,
    /// Elements in one table, likewise.
    pub table_elements_max: u32,
    /// Wall-clock time for the whole case on one engine, in milliseconds.
    pub deadline_ms: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            fuel_max: 100_000_000,
            frames_max: 10_000,
            memory_pages_max: 1024,
            table_elements_max: 1_000_000,
            deadline_ms: 5_000,
        }
    }
}

/// Where a case comes from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Provenance {
    /// A generator made it.
    Generated {
        /// The seed of the run.
        seed: u64,
        /// The number of the case in the run.
        index: u64,
        /// The profile.
        profile: String,
        /// What a reader of statistics may want to group by, such as `canonicalised`.
        traits: Vec<String>,
    },
    /// A file.
    File {
        /// Its path, as given.
        path: String,
    },
}

/// An engine of a run: how it is isolated and how often it is asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lineup {
    /// The engine's name.
    pub engine: EngineName,
    /// Whether it shares a process.
    pub isolation: crate::Isolation,
    /// It is asked for the cases *k* with `k % every == phase`.
    pub every: u64,
    /// See `every`.
    pub phase: u64,
}

impl Lineup {
    /// Whether the engine is asked for case number `index`.
    #[must_use]
    pub const fn takes(&self, index: u64) -> bool {
        index % self.every == self.phase
    }
}
