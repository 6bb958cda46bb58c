//! The reference interpreter: module bytes in, what the standard says about them out.
//! The rooms are the standard's chapters: [`syntax`] (2), [`binary`] (5), [`valid`] (3) and execution (4).
//! It must not know any engine under test, nor share a decoder or validator with one.

#![forbid(unsafe_code)]

pub mod binary;
pub mod exec;
pub mod syntax;
pub mod valid;

pub use exec::{
    AllowedError, Chapter, Collection, Config, ExecError, Extern, Fault, FuncAddr, GlobalAddr, Host, HostFuncId,
    InstantiateError, Limits, LoadError, LoadedModule, MemAddr, ModuleInst, NoHost, Open, Resource, RestoreError, Run,
    Runs, Snapshot, Store, TableAddr, TagAddr, Thrown, Unlinkable, choices,
};
