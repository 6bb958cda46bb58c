//! What the judge says of the observations of a case.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{EngineName, ExportName, OpenChoice, StepIdx};

/// The judge's word on a case, worst last: verdicts are merged by taking the greater.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Ruling {
    /// Everything compared was alike.
    #[default]
    Agree,
    /// There are differences, and the standard allows each of them.
    Allowed,
    /// There are differences of which the evidence does not say whether they are allowed.
    Inconclusive,
    /// There is a difference that no allowance covers.
    Diverge,
}

impl fmt::Display for Ruling {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Agree => "agree",
            Self::Allowed => "allowed",
            Self::Inconclusive => "inconclusive",
            Self::Diverge => "diverge",
        })
    }
}

/// A ruling with its reasons.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verdict {
    /// The worst of the differences' rulings.
    pub ruling: Ruling,
    /// Every difference, in the order of steps; at each engine's horizon its list ends.
    pub differences: Vec<Difference>,
    /// Where judging stopped, by engine.
    pub horizons: Vec<Horizon>,
    /// What was compared.
    pub compared: Compared,
}

/// Two observations unlike at one site.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Difference {
    /// Where.
    pub site: Site,
    /// Which engine is held against which expectation.
    pub engine: EngineName,
    /// What the engine showed there, in words.
    pub actual: String,
    /// Against whom: the reference, or the engine that stands first, or the engine itself, where a step is held
    /// against the one of which it is a rewrite.
    pub against: EngineName,
    /// What was expected, in words.
    pub expected: String,
    /// Allowed, inconclusive or divergent.
    pub ruling: Ruling,
    /// Why.
    pub reason: Reason,
}

/// Why a difference is ruled as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reason {
    /// The standard leaves no choice here.
    Deterministic,
    /// Two steps that say the same ended unlike on one engine, and the standard leaves no choice here.
    Rewritten,
    /// The difference is covered by an allowance.
    Allowance(Allowance),
    /// The difference may follow from a choice that was met earlier.
    After(OpenChoice),
    /// One side ran out of a resource or refused by a limit of its own.
    Limit,
    /// One side's answer is not in our tables, or it was not read.
    BlindSpot,
    /// The engine's program died, hung or was not understood.
    Ending,
}

/// What the standard allows two engines to differ in. Closed: comparison code has no other exception.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Allowance {
    /// Section 4.3.3: sign and payload of a NaN that an operator made.
    NanBits,
    /// The trap kinds overlap: the standard says that an instruction traps, not with which words.
    TrapWords,
    /// Chapter 7 leaves it to the embedder whether a refusal before instantiation says malformed or invalid.
    RefusalWords,
    /// Identities that one of the embeddings cannot tell (appendix A.1 asks for no such operation).
    UntoldIdentity,
    /// Section 4.3.5: a relaxed vector instruction.
    RelaxedVector,
}

/// Where judging stopped for one engine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Horizon {
    /// Which engine.
    pub engine: EngineName,
    /// The first step that was not judged.
    pub step: StepIdx,
    /// Why.
    pub reason: Reason,
}

/// How much was compared, over all engines of a case.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Compared {
    /// Invocations that at least two engines made and that were judged, counted once each.
    pub calls: u32,
    /// Those of them that returned at least one value on at least two engines.
    pub calls_with_values: u32,
    /// Snapshots of the state that were compared on at least two engines, counted once each.
    pub states: u32,
    /// Steps that lie behind a horizon, over all engines.
    pub unjudged_steps: u32,
    /// Things that could not be compared since one side did not read or tell them, over all engines.
    #[serde(default)]
    pub blind: u32,
    /// Steps that were held against the one of which they are a rewrite, over all engines.
    #[serde(default)]
    pub rewrites: u32,
}

/// Where a difference lies.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Site {
    /// In what happened to the program.
    Ending,
    /// In how a step ended.
    Outcome(StepIdx),
    /// In the kind of a trap.
    TrapKind(StepIdx),
    /// In a result.
    Result {
        /// Of which step.
        step: StepIdx,
        /// The position among the results, from 0.
        position: u32,
    },
    /// In the calls of host functions.
    HostCalls {
        /// During which step.
        step: StepIdx,
        /// The first call that differs, from 0.
        call: u32,
    },
    /// In an exported global.
    Global {
        /// After which step.
        step: StepIdx,
        /// Which one.
        export: ExportName,
    },
    /// In the size of an exported memory.
    MemorySize {
        /// After which step.
        step: StepIdx,
        /// Which one.
        export: ExportName,
    },
    /// In the bytes of an exported memory.
    Memory {
        /// After which step.
        step: StepIdx,
        /// Which one.
        export: ExportName,
        /// The offset of the first byte that differs, where bytes were captured.
        offset: Option<u64>,
    },
    /// In the size of an exported table.
    TableSize {
        /// After which step.
        step: StepIdx,
        /// Which one.
        export: ExportName,
    },
    /// In an element of an exported table.
    Table {
        /// After which step.
        step: StepIdx,
        /// Which one.
        export: ExportName,
        /// The first element that differs.
        element: u64,
    },
}

/// The kind of a site: what bucketing keeps of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SiteKind {
    /// See [`Site::Ending`].
    Ending,
    /// See [`Site::Outcome`].
    Outcome,
    /// See [`Site::TrapKind`].
    TrapKind,
    /// See [`Site::Result`].
    Result,
    /// See [`Site::HostCalls`].
    HostCalls,
    /// See [`Site::Global`].
    Global,
    /// See [`Site::MemorySize`] and [`Site::Memory`].
    Memory,
    /// See [`Site::TableSize`] and [`Site::Table`].
    Table,
}

impl Site {
    /// The step at which the difference shows, where there is one.
    #[must_use]
    pub const fn step(&self) -> Option<StepIdx> {
        match self {
            Self::Ending => None,
            Self::Outcome(step)
            | Self::TrapKind(step)
            | Self::Result { step, .. }
            | Self::HostCalls { step, .. }
            | Self::Global { step, .. }
            | Self::MemorySize { step, .. }
            | Self::Memory { step, .. }
            | Self::TableSize { step, .. }
            | Self::Table { step, .. } => Some(*step),
        }
    }

    /// The kind.
    #[must_use]
    pub const fn kind(&self) -> SiteKind {
        match self {
            Self::Ending => SiteKind::Ending,
            Self::Outcome(_) => SiteKind::Outcome,
            Self::TrapKind(_) => SiteKind::TrapKind,
            Self::Result { .. } => SiteKind::Result,
            Self::HostCalls { .. } => SiteKind::HostCalls,
            Self::Global { .. } => SiteKind::Global,
            Self::MemorySize { .. } | Self::Memory { .. } => SiteKind::Memory,
            Self::TableSize { .. } | Self::Table { .. } => SiteKind::Table,
        }
    }
}

impl fmt::Display for Site {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ending => f.write_str("the program's ending"),
            Self::Outcome(step) => write!(f, "the outcome of step {step}"),
            Self::TrapKind(step) => write!(f, "the kind of the trap in step {step}"),
            Self::Result { step, position } => write!(f, "result {position} of step {step}"),
            Self::HostCalls { step, call } => write!(f, "host call {call} of step {step}"),
            Self::Global { step, export } => write!(f, "global {export} after step {step}"),
            Self::MemorySize { step, export } => write!(f, "the size of memory {export} after step {step}"),
            Self::Memory { step, export, offset: Some(offset) } => {
                write!(f, "memory {export} at offset {offset:#x} after step {step}")
            }
            Self::Memory { step, export, offset: None } => write!(f, "memory {export} after step {step}"),
            Self::TableSize { step, export } => write!(f, "the size of table {export} after step {step}"),
            Self::Table { step, export, element } => {
                write!(f, "element {element} of table {export} after step {step}")
            }
        }
    }
}
