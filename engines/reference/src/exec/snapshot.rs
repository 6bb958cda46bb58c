//! Snapshots of a store: all of it, as plain owned data, to go back to later or to go on from in another store.
//!
//! The objects keep their handles and the collector its state, so whatever is run after a snapshot is taken and after it
//! is restored gives the same results and takes the same fuel.

use super::memory::available;
use super::store::{Stack, Store};
use super::{ExecError, Resource};

/// A store as it was. It has no part in the store: nothing that happens there changes it.
#[derive(Debug)]
pub struct Snapshot(Store);

/// Why a store is not restored; it is as before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RestoreError {
    /// A host function was to restore it: the invocation that called the function goes on in the store.
    #[error("an invocation is running in the store")]
    Running,
    /// The process has no room for a copy of the snapshot.
    #[error("no memory for the state of a snapshot")]
    Memory,
}

impl Store {
    /// The store as it is now, without the operands of invocations that are running.
    ///
    /// # Errors
    /// [`Resource::Memory`], if the process has no room for a second one.
    pub fn snapshot(&self) -> Result<Snapshot, ExecError> {
        Ok(Snapshot(self.copy()?))
    }

    /// Puts the store into the state of a snapshot, which may be of another store. What the store is configured to do
    /// is part of it, and so are its choices.
    ///
    /// # Errors
    /// Inside a host function, or if there is no room for the copy.
    pub fn restore(&mut self, snapshot: &Snapshot) -> Result<(), RestoreError> {
        if self.nesting > 0 {
            return Err(RestoreError::Running);
        }
        let copy = snapshot.0.copy().map_err(|_| RestoreError::Memory)?;
        let stack = std::mem::take(&mut self.stack);
        *self = Self { stack, ..copy };
        Ok(())
    }

    fn copy(&self) -> Result<Self, ExecError> {
        let bytes = self.mems.iter().map(|memory| memory.bytes.len()).sum::<usize>();
        let elements = self.tables.iter().map(|table| size_of_val(table.elements.as_slice())).sum::<usize>();
        if !available(bytes as u64 + elements as u64 + self.heap.bytes()) {
            return Err(ExecError::Exhausted(Resource::Memory));
        }
        Ok(Self {
            config: self.config,
            types: self.types.clone(),
            funcs: self.funcs.clone(),
            tables: self.tables.clone(),
            mems: self.mems.clone(),
            globals: self.globals.clone(),
            tags: self.tags.clone(),
            elems: self.elems.clone(),
            datas: self.datas.clone(),
            instances: self.instances.clone(),
            heap: self.heap.clone(),
            stack: Stack::default(),
            fuel: self.fuel,
            nesting: 0,
            pages: self.pages,
            table_elements: self.table_elements,
            open: self.open,
            choices: self.choices.clone(),
            planted: self.planted.clone(),
        })
    }
}
