//! Faults of allocation, instantiation, and what instances share.

use std::sync::Arc;

use super::Fault;
use crate::exec::store::{Cell, Extern, GlobalAddr, Instance, ModuleInst, Store, TableAddr};
use crate::exec::{ExecError, Host, invoke, memory};
use crate::syntax::{DataMode, ExternType};
use crate::valid::types::TypeId;

/// What faults remember.
#[derive(Clone, Debug, Default)]
pub(crate) struct State {
    /// The globals written by the running invocation, with their values before.
    pub(super) written: Vec<(GlobalAddr, Cell)>,
    /// For a new instance, an older one of the same module.
    twin: Option<usize>,
}

impl State {
    /// The last instance is new, and has no globals, tables and segments of its own yet.
    pub(crate) fn instantiated(&mut self, instances: &mut [Instance], fault: Option<Fault>) {
        self.twin = match (fault, &mut *instances) {
            (
                Some(
                    Fault::GlobalShared
                    | Fault::MemoryShared
                    | Fault::TableShared
                    | Fault::DataDropShared
                    | Fault::StartOnce,
                ),
                [older @ .., new],
            ) => older.iter().position(|older| Arc::ptr_eq(&older.loaded, &new.loaded)),
            _ => None,
        };
        if let (Some(Fault::MemoryShared), Some(twin), [older @ .., new]) = (fault, self.twin, instances) {
            let own = new.mems.len() - new.loaded.module.mems.len();
            new.mems.truncate(own);
            new.mems.extend_from_slice(&older[twin].mems[own..]);
        }
    }

    /// The global that a new instance gets in place of its own.
    pub(crate) fn shared_global(
        &self,
        instances: &[Instance],
        new: u32,
        defined: usize,
        fault: Option<Fault>,
    ) -> Option<GlobalAddr> {
        if fault != Some(Fault::GlobalShared) {
            return None;
        }
        let own = instances[new as usize].globals.len() - defined;
        instances[self.twin?].globals.get(own + defined).copied()
    }
}

impl Store {
    /// Something that was invoked has ended.
    pub(crate) fn after_invocation<T>(&mut self, outcome: &Result<T, ExecError>) {
        for (addr, before) in self.planted.written.drain(..).rev() {
            if matches!(outcome, Err(ExecError::Trap(_))) {
                self.globals[addr.at()].cell = before;
            }
        }
    }

    /// Whether the start function is called at the end of the instantiation.
    pub(crate) fn starts_at_the_end(&self) -> bool {
        match self.config.fault {
            Some(Fault::StartSkipped | Fault::StartFirst) => false,
            Some(Fault::StartOnce) => self.planted.twin.is_none(),
            _ => true,
        }
    }

    /// Whether an import that matches is refused all the same.
    pub(crate) fn refuses_import(&self, given: Extern, wanted: ExternType, types: &[TypeId]) -> bool {
        match (self.config.fault, given, wanted) {
            (Some(Fault::ImportGrownRefused), Extern::Mem(addr), ExternType::Mem(ty)) => {
                self.mems.get(addr.at()).is_some_and(|found| found.ty.limits.min < ty.limits.min)
            }
            (Some(Fault::ImportSubtypeRefused), Extern::Func(addr), ExternType::Func(ty)) => {
                self.funcs.get(addr.at()).is_some_and(|found| found.ty != types[ty.at()])
            }
            _ => false,
        }
    }

    /// The instance is whole, and no segment is written yet.
    pub(crate) fn before_segments(&mut self, host: &mut dyn Host, at: u32) -> Result<(), ExecError> {
        match self.config.fault {
            Some(Fault::SegmentsCheckedFirst) => self.segments_fit_first(host, at)?,
            Some(Fault::DataDropShared) => {
                if let Some(twin) = self.planted.twin {
                    self.instances[at as usize].first_data = self.instances[twin].first_data;
                }
            }
            Some(Fault::TableShared) => {
                if let Some(twin) = self.planted.twin {
                    let shared = self.instances[twin].tables.clone();
                    let new = &mut self.instances[at as usize];
                    let own = new.tables.len() - new.loaded.module.tables.len();
                    new.tables[own..].copy_from_slice(&shared[own..]);
                }
            }
            Some(Fault::ImportedGlobalCopied) => {
                let instance = &mut self.instances[at as usize];
                let imported = instance.globals.len() - instance.loaded.module.globals.len();
                for addr in &mut instance.globals[..imported] {
                    self.globals.push(self.globals[addr.at()]);
                    *addr = GlobalAddr(self.globals.len() as u32 - 1);
                }
            }
            Some(Fault::ImportedTableCopied) => {
                let instance = &mut self.instances[at as usize];
                let imported = instance.tables.len() - instance.loaded.module.tables.len();
                for addr in &mut instance.tables[..imported] {
                    self.tables.push(self.tables[addr.at()].clone());
                    *addr = TableAddr(self.tables.len() as u32 - 1);
                }
            }
            Some(Fault::StartFirst) => {
                let start = self.instances[at as usize].loaded.module.start;
                if let Some(start) = start {
                    let func = self.instances[ModuleInst(at).at()].funcs[start.at()];
                    invoke::invoke(self, host, func, &[])?;
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// The rule before bulk memory instructions: nothing is written unless all segments fit.
    fn segments_fit_first(&mut self, host: &mut dyn Host, at: u32) -> Result<(), ExecError> {
        let loaded = Arc::clone(&self.instances[at as usize].loaded);
        for (data, code) in loaded.module.datas.iter().zip(&loaded.code.datas) {
            if let DataMode::Active { mem: target, .. } = &data.mode {
                let offset = self.offset(host, at, *code)?;
                let target = self.instances[at as usize].mems[target.at()];
                let size = self.mems[target.at()].bytes.len();
                memory::range(size, offset, data.init.len() as u64).ok_or(wassay_model::TrapKind::MemoryOutOfBounds)?;
            }
        }
        Ok(())
    }
}

/// Where an active data segment of `len` bytes goes instead of `offset`.
pub(crate) fn data_offset(fault: Option<Fault>, offset: u64, size: usize, len: usize) -> u64 {
    match fault {
        Some(Fault::DataSegmentLate) if memory::range(size, offset.saturating_add(1), len as u64).is_some() => {
            offset + 1
        }
        Some(Fault::DataAtEndTraps) if offset.checked_add(len as u64) == Some(size as u64) => u64::MAX,
        Some(Fault::EmptyDataAnywhere) if len == 0 => 0,
        _ => offset,
    }
}
