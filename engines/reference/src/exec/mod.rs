//! Chapter 4 of the standard: execution.
//!
//! [`LoadedModule`] in, values and state out. Where the standard leaves something open, [`choices`] decides: the
//! deterministic profile unless a store is made with other ones. [`Open`] counts the places where the standard would
//! have allowed something else.
//!
//! Not guaranteed: that a store can be used after [`ExecError::Internal`], which is a finding against us.

mod allowed;
mod atomic;
pub mod choices;
mod embedding;
mod heap;
mod instantiate;
mod invoke;
mod lower;
mod machine;
mod memory;
mod numerics;
mod op;
mod planted;
mod snapshot;
mod store;
mod table;
mod vector;

use std::sync::Arc;

use wassay_model::{Features, Ref, TrapKind, TrapKinds, Value};

use crate::{binary, valid};
pub use allowed::{AllowedError, Run, Runs};
pub use heap::Collection;
pub use instantiate::{InstantiateError, Unlinkable};
pub use planted::{Chapter, Fault};
pub use snapshot::{RestoreError, Snapshot};
use store::Loaded;
pub use store::{
    Extern, FuncAddr, GlobalAddr, HostFuncId, LoadedModule, MemAddr, ModuleInst, Store, TableAddr, TagAddr,
};

/// How a store behaves.
#[derive(Clone, Copy, Debug)]
pub struct Config {
    /// What modules may use.
    pub features: Features,
    /// How much an invocation may use.
    pub limits: Limits,
    /// When objects are reclaimed.
    pub collection: Collection,
    /// What is wrong on purpose; for the engine that tests the testers.
    pub fault: Option<Fault>,
}

impl Config {
    /// The features, with default limits and no fault.
    #[must_use]
    pub fn new(features: Features) -> Self {
        Self { features, limits: Limits::default(), collection: Collection::WhenNeeded, fault: None }
    }
}

/// Bounds. Reaching one is an outcome of its own, neither a trap nor an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Instructions in one invocation or instantiation; bulk instructions count by length. Without it, an infinite
    /// loop would never end.
    pub fuel: u64,
    /// Nested calls. Without it, recursion would fill the memory of the process.
    pub frames: u32,
    /// Slots of locals and operands, and likewise references, of all frames together.
    pub slots: u32,
    /// Pages of 64 KiB, of all memories of a store together.
    pub pages: u64,
    /// Elements of all tables of a store together.
    pub table_elements: u64,
    /// Bytes of all structures, arrays and exceptions of a store together that are in use at one time.
    pub heap_bytes: u64,
    /// Invocations from inside host functions, which are the only recursion on the host's stack.
    pub nesting: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            fuel: 100_000_000,
            frames: 10_000,
            slots: 1 << 20,
            pages: 1 << 14,
            table_elements: 10_000_000,
            heap_bytes: 1 << 27,
            nesting: 50,
        }
    }
}

/// Where the standard left the result open since the counters were last taken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Open {
    /// NaNs that operators generated: their sign is free, and often their payload.
    pub nan: u64,
    /// Relaxed vector operators whose operands let implementations differ.
    pub relaxed: u64,
    /// Growths refused by a limit of ours where the declared maximum would have allowed them.
    pub growth_refused: u64,
}

/// What an operator with a choice asks, and where that is counted.
pub(crate) struct Ask<'a, C: ?Sized> {
    pub(crate) choices: &'a mut C,
    pub(crate) open: &'a mut Open,
}

/// Which limit was reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Resource {
    /// [`Limits::fuel`]
    Fuel,
    /// [`Limits::frames`]
    Frames,
    /// [`Limits::slots`]
    Slots,
    /// [`Limits::pages`]
    Pages,
    /// [`Limits::table_elements`]
    TableElements,
    /// [`Limits::heap_bytes`]
    HeapBytes,
    /// [`Limits::nesting`]
    Nesting,
    /// The process has no more memory to give, whatever our limits say.
    Memory,
    /// `memory.atomic.wait` without a timeout waits for another agent, and there is none: it would sleep for ever.
    Agents,
}

/// How an invocation ended, if not with results.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ExecError {
    /// An instruction trapped. Several kinds where engines tell them differently.
    #[error("trap: {0}")]
    Trap(TrapKinds),
    /// An exception was thrown that nothing in Wasm catches.
    #[error("exception with tag {:?}", .0.tag)]
    Threw(Thrown),
    /// A limit was reached.
    #[error("{0:?} exhausted")]
    Exhausted(Resource),
    /// The caller's arguments don't have the types of the parameters.
    #[error("arguments don't fit the function")]
    Arguments,
    /// A host function returned what its type does not say.
    #[error("a host function's results don't fit its type")]
    HostResults,
    /// A state that validation rules out: a finding against us.
    #[error("internal: {0}")]
    Internal(&'static str),
}

/// An exception that has left Wasm, or that a host function throws into it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Thrown {
    /// Its tag.
    pub tag: TagAddr,
    /// What it carries, by the tag's type.
    pub payload: Vec<Value>,
    /// The exception itself.
    pub exception: Ref,
}

impl From<TrapKind> for ExecError {
    fn from(kind: TrapKind) -> Self {
        Self::Trap(kind.into())
    }
}

/// Why bytes can't be instantiated.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LoadError {
    /// They are not a module.
    #[error("malformed: {0}")]
    Malformed(String),
    /// They are a module that is not valid.
    #[error("invalid: {0}")]
    Invalid(String),
    /// They exceed what we support.
    #[error("limit: {0}")]
    Limit(String),
}

impl From<binary::DecodeError> for LoadError {
    fn from(error: binary::DecodeError) -> Self {
        match error {
            binary::DecodeError::Malformed { .. } => Self::Malformed(error.to_string()),
            binary::DecodeError::Limit { .. } => Self::Limit(error.to_string()),
        }
    }
}

/// What the embedder provides.
pub trait Host {
    /// Calls a host function with arguments of its parameters' types; `results` is empty and has to be filled with
    /// values of its results' types.
    ///
    /// The function may change the store and invoke again.
    ///
    /// # Errors
    /// Whatever ends the computation: a trap, or the error of an invocation that the host made itself.
    fn call(
        &mut self,
        store: &mut Store,
        func: HostFuncId,
        args: &[Value],
        results: &mut Vec<Value>,
    ) -> Result<(), ExecError>;
}

/// A host without functions.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoHost;

impl Host for NoHost {
    fn call(&mut self, _: &mut Store, _: HostFuncId, _: &[Value], _: &mut Vec<Value>) -> Result<(), ExecError> {
        Err(ExecError::Internal("a host without functions was called"))
    }
}

impl LoadedModule {
    /// Decodes, validates and lowers a module.
    ///
    /// # Errors
    /// If it is malformed, invalid or beyond our limits.
    pub fn load(bytes: &[u8], config: &Config) -> Result<Self, LoadError> {
        if let Some(fault) = config.fault {
            return planted::load(fault, bytes, config);
        }
        let mut module = binary::decode(bytes, config.features)?;
        let validated =
            valid::validate(&module, config.features).map_err(|error| LoadError::Invalid(error.to_string()))?;
        let code = lower::lower(&module, &validated, None)
            .map_err(|unknown| LoadError::Limit(format!("not implemented: {:?}", unknown.0)))?;
        for func in &mut module.funcs {
            func.body = Vec::new();
        }
        Ok(Self(Arc::new(Loaded { module, code })))
    }

    /// The imports, in order: the two names of each.
    pub fn imports(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.module.imports.iter().map(|import| (import.module.as_str(), import.name.as_str()))
    }

    /// The names of the exports, in order.
    pub fn exports(&self) -> impl Iterator<Item = &str> {
        self.0.module.exports.iter().map(|export| export.name.as_str())
    }
}
