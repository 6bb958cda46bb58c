//! Faults of allocation, instantiation, and what instances share.

use std::sync::Arc;

use wassay_model::TrapKinds;

use super::Fault;
use super::steps::Known;
use crate::exec::store::{
    Cell, Extern, GlobalAddr, Instance, MemAddr, ModuleInst, Reference, Store, TableAddr, TagAddr,
};
use crate::exec::{ExecError, Host, invoke, memory};
use crate::syntax::{DataMode, ElemMode, ExternType, Instr, Mutability};
use crate::valid::types::TypeId;

/// What faults remember.
#[derive(Clone, Debug, Default)]
pub(crate) struct State {
    /// The globals written by the running invocation, with their values before.
    pub(super) written: Vec<(GlobalAddr, Cell)>,
    /// For a new instance, an older one of the same module.
    twin: Option<usize>,
    /// What instances know of the sizes of memories that they import.
    pub(super) known: Vec<Known>,
    /// Element segments that code dropped.
    pub(super) dropped: Vec<(usize, Vec<Reference>)>,
    /// What an instance imports, as it was before its segments.
    before: Vec<Imported>,
    /// What trapped last.
    pub(super) trapped: Option<TrapKinds>,
}

/// The contents of something imported.
#[derive(Clone, Debug)]
enum Imported {
    Mem(MemAddr, Vec<u8>),
    Table(TableAddr, Vec<Reference>),
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
                    | Fault::StartOnce
                    | Fault::ImportedGlobalsOfFirst,
                ),
                [older @ .., new],
            ) => older.iter().position(|older| Arc::ptr_eq(&older.loaded, &new.loaded)),
            _ => None,
        };
        let (Some(twin), [older @ .., new]) = (self.twin, instances) else { return };
        match fault {
            Some(Fault::MemoryShared) => {
                let own = new.mems.len() - new.loaded.module.mems.len();
                new.mems.truncate(own);
                new.mems.extend_from_slice(&older[twin].mems[own..]);
            }
            Some(Fault::ImportedGlobalsOfFirst) => {
                let imported = new.loaded.module.imports.iter().filter_map(|import| match import.ty {
                    ExternType::Global(ty) => Some(ty.mutability),
                    _ => None,
                });
                for (at, mutability) in imported.enumerate() {
                    if mutability == Mutability::Const {
                        new.globals[at] = older[twin].globals[at];
                    }
                }
            }
            _ => {}
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
        if let Err(ExecError::Trap(kinds)) = outcome {
            self.planted.trapped = Some(*kinds);
        }
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
            Some(Fault::TagImportedTwice) => {
                let instance = &mut self.instances[at as usize];
                let imported = instance.tags.len() - instance.loaded.module.tags.len();
                for index in 1..imported {
                    let addr = instance.tags[index];
                    if instance.tags[..index].contains(&addr) {
                        self.tags.push(self.tags[addr.at()]);
                        instance.tags[index] = TagAddr(self.tags.len() as u32 - 1);
                    }
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
            Some(Fault::HostGrowthStale) => {
                let instance = &self.instances[at as usize];
                let imported = instance.mems.len() - instance.loaded.module.mems.len();
                for memory in &instance.mems[..imported] {
                    let size = self.mems[memory.at()].bytes.len() as u64;
                    let of = instance.funcs.last().copied();
                    self.planted.known.push(Known { of, memory: *memory, size });
                }
            }
            Some(Fault::PriorImageVisible) => self.show_prior_image(at),
            Some(Fault::DataBeforeElements) => self.write_data(host, at)?,
            Some(Fault::StartTrapUndoes) => self.keep_imported(at),
            _ => {}
        }
        Ok(())
    }

    /// The first memory that a new instance defines gets what an older instance of another module wrote to its own when
    /// it was instantiated.
    fn show_prior_image(&mut self, at: u32) {
        let new = &self.instances[at as usize];
        let own = new.mems.len() - new.loaded.module.mems.len();
        let Some(memory) = new.mems.get(own) else { return };
        let older = self.instances[..at as usize]
            .iter()
            .rev()
            .find(|older| !older.loaded.module.mems.is_empty() && !Arc::ptr_eq(&older.loaded, &new.loaded));
        let Some(older) = older else { return };
        let first = older.mems.len() - older.loaded.module.mems.len();
        for data in &older.loaded.module.datas {
            let DataMode::Active { mem, offset } = &data.mode else { continue };
            let start = match offset.as_slice() {
                [Instr::I32Const(start), Instr::End] => u64::from(start.cast_unsigned()),
                [Instr::I64Const(start), Instr::End] => start.cast_unsigned(),
                _ => continue,
            };
            let bytes = &mut self.mems[memory.at()].bytes;
            if let (true, Some(range)) = (mem.at() == first, memory::range(bytes.len(), start, data.init.len() as u64))
            {
                bytes[range].copy_from_slice(&data.init);
            }
        }
    }

    /// Writes active data segments.
    fn write_data(&mut self, host: &mut dyn Host, at: u32) -> Result<(), ExecError> {
        let loaded = Arc::clone(&self.instances[at as usize].loaded);
        for (data, code) in loaded.module.datas.iter().zip(&loaded.code.datas) {
            if let DataMode::Active { mem: target, .. } = &data.mode {
                let offset = self.offset(host, at, *code)?;
                let target = self.instances[at as usize].mems[target.at()];
                let bytes = &mut self.mems[target.at()].bytes;
                memory::init(bytes, &data.init, offset, 0, data.init.len() as u64).map_err(ExecError::Trap)?;
            }
        }
        Ok(())
    }

    /// Keeps what a new instance imports, if its start function may trap.
    fn keep_imported(&mut self, at: u32) {
        let instance = &self.instances[at as usize];
        let module = &instance.loaded.module;
        let mems = &instance.mems[..instance.mems.len() - module.mems.len()];
        let tables = &instance.tables[..instance.tables.len() - module.tables.len()];
        self.planted.before.clear();
        if module.start.is_none() || mems.is_empty() {
            return;
        }
        let mems = mems.iter().map(|addr| Imported::Mem(*addr, self.mems[addr.at()].bytes.clone()));
        let tables = tables.iter().map(|addr| Imported::Table(*addr, self.tables[addr.at()].elements.clone()));
        self.planted.before.extend(mems.chain(tables));
    }

    /// The start function of a new instance has ended.
    pub(crate) fn after_start<T>(&mut self, outcome: &Result<T, ExecError>) {
        for imported in std::mem::take(&mut self.planted.before) {
            if !matches!(outcome, Err(ExecError::Trap(_))) {
                continue;
            }
            // What has grown stays as large as it is.
            match imported {
                Imported::Mem(addr, bytes) => {
                    if let Some(now) = self.mems[addr.at()].bytes.get_mut(..bytes.len()) {
                        now.copy_from_slice(&bytes);
                    }
                }
                Imported::Table(addr, elements) => {
                    if let Some(now) = self.tables[addr.at()].elements.get_mut(..elements.len()) {
                        now.copy_from_slice(&elements);
                    }
                }
            }
        }
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

/// Whether an element segment is not dropped when it has been copied.
pub(crate) fn keeps_active(fault: Option<Fault>, mode: &ElemMode) -> bool {
    fault == Some(Fault::ActiveElementsKept) && matches!(mode, ElemMode::Active { .. })
}
