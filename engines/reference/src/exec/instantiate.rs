//! Instantiation (section 4.7, "Instantiation") and import matching (section 3.3).

use std::sync::Arc;

use super::lower::FuncCode;
use super::store::{
    Cell, DataInst, ElemInst, Extern, FuncAddr, FuncInst, FuncKind, GlobalAddr, GlobalInst, Instance, LoadedModule,
    MemAddr, MemInst, ModuleInst, Reference, Store, TableAddr, TableInst, TagAddr,
};
use super::{ExecError, Host, Resource, invoke, memory, planted, table};
use crate::syntax::{DataMode, ElemInit, ElemMode, ExternType, GlobalType, Limits, MemType, Mutability, TableType};
use crate::valid::types::{TypeId, TypeInterner, close, close_ref};

/// Why a module has no instance.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InstantiateError {
    /// An import does not match: nothing has been executed.
    #[error("unlinkable: {0}")]
    Unlinkable(#[from] Unlinkable),
    /// A constant expression, a segment or the start function ended otherwise; what was written before stays.
    #[error(transparent)]
    Exec(#[from] ExecError),
}

/// What does not match among the imports.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unlinkable {
    /// There are more or fewer imports than the module wants.
    #[error("{wanted} imports are wanted, {given} given")]
    Count {
        /// How many the module has.
        wanted: usize,
        /// How many were given.
        given: usize,
    },
    /// One import has another type.
    #[error("import `{module}` `{name}` is not of the type that is wanted")]
    Type {
        /// The first name.
        module: String,
        /// The second name.
        name: String,
    },
}

impl Store {
    /// Instantiates a module with its imports in order (section 4.7, "Instantiation").
    ///
    /// # Errors
    /// If imports don't match, a limit is reached, or something traps.
    pub fn instantiate(
        &mut self,
        module: &LoadedModule,
        imports: &[Extern],
        host: &mut dyn Host,
    ) -> Result<ModuleInst, InstantiateError> {
        // Values on their way into the instance are not where the collector looks.
        let paused = std::mem::replace(&mut self.heap.paused, true);
        let instance = self.instantiate_without_start(module, imports, host);
        self.heap.paused = paused;
        let instance = instance?;
        // 17.: the start function.
        if let (Some(start), true) = (module.0.module.start, self.starts_at_the_end()) {
            let func = self.instances[instance.at()].funcs[start.at()];
            let outcome = invoke::invoke(self, host, func, &[]);
            self.after_invocation(&outcome);
            self.after_start(&outcome);
            outcome?;
        }
        Ok(instance)
    }

    fn instantiate_without_start(
        &mut self,
        module: &LoadedModule,
        imports: &[Extern],
        host: &mut dyn Host,
    ) -> Result<ModuleInst, InstantiateError> {
        let loaded = &module.0;
        let syntax = &loaded.module;
        // 1., 2.: the module is valid.
        // 3.
        if imports.len() != syntax.imports.len() {
            return Err(Unlinkable::Count { wanted: syntax.imports.len(), given: imports.len() }.into());
        }
        // 4., 5.
        let types = self.types.intern_module(syntax);
        for (import, given) in syntax.imports.iter().zip(imports) {
            if !self.matches(*given, import.ty, &types) || self.refuses_import(*given, import.ty, &types) {
                let (module, name) = (import.module.clone(), import.name.clone());
                return Err(Unlinkable::Type { module, name }.into());
            }
        }
        self.refuel();
        let mems = self.room_for(syntax)?;
        // 4.7, "Allocation". The instance is in the store before its globals are, because their initial values
        // refer to its functions and to the globals before them.
        let at = self.instances.len() as u32;
        let instance = self.alloc_imports_and_funcs(loaded, imports, types, mems);
        self.instances.push(instance);
        self.planted.instantiated(&mut self.instances, self.config.fault);
        // 6.-10.: initial values of globals, tables and elements.
        for (index, (global, code)) in syntax.globals.iter().zip(&loaded.code.globals).enumerate() {
            let cell = invoke::evaluate(self, host, at, *code)?;
            let ty = close_global(global.ty, &self.instances[at as usize].types);
            let addr = match self.planted.shared_global(&self.instances, at, index, self.config.fault) {
                Some(addr) => addr,
                None => {
                    self.globals.push(GlobalInst { ty, cell });
                    GlobalAddr(self.globals.len() as u32 - 1)
                }
            };
            self.instances[at as usize].globals.push(addr);
        }
        for (table, code) in syntax.tables.iter().zip(&loaded.code.tables) {
            let value = match code {
                Some(code) => invoke::evaluate(self, host, at, *code)?.reference,
                None => Reference::Null,
            };
            let ty = close_table(table.ty, &self.instances[at as usize].types);
            let elements = table::filled(value, ty.limits.min).ok_or(ExecError::Exhausted(Resource::Memory))?;
            self.table_elements += ty.limits.min;
            self.tables.push(TableInst { ty, elements });
            self.instances[at as usize].tables.push(TableAddr(self.tables.len() as u32 - 1));
        }
        let first_elem = self.elems.len();
        for (elem, code) in syntax.elems.iter().zip(&loaded.code.elems) {
            let elements = match &elem.init {
                ElemInit::Funcs(funcs) => {
                    let instance = &self.instances[at as usize];
                    funcs.iter().map(|func| Reference::Func(instance.funcs[func.at()])).collect()
                }
                ElemInit::Exprs(_) => {
                    let mut elements = Vec::with_capacity(code.elements.len());
                    for code in &code.elements {
                        elements.push(invoke::evaluate(self, host, at, *code)?.reference);
                    }
                    elements
                }
            };
            self.elems.push(ElemInst { elements });
        }
        let first_data = self.datas.len();
        self.datas.extend((0..syntax.datas.len()).map(|index| DataInst::new(Arc::clone(loaded), index)));
        let instance = &mut self.instances[at as usize];
        (instance.first_elem, instance.first_data) = (first_elem as u32, first_data as u32);

        self.before_segments(host, at)?;
        // 11.-15.: active element segments, each copied and then dropped; declarative ones are dropped.
        for (index, (elem, code)) in syntax.elems.iter().zip(&loaded.code.elems).enumerate() {
            let segment = first_elem + index;
            match &elem.mode {
                ElemMode::Passive => continue,
                ElemMode::Declarative => {}
                ElemMode::Active { table: target, .. } => {
                    let offset = planted::element_offset(self.config.fault, self.offset(host, at, code.offset)?);
                    let target = self.instances[at as usize].tables[target.at()];
                    let elements = &self.elems[segment].elements;
                    let len = elements.len() as u64;
                    table::init(&mut self.tables[target.at()].elements, elements, offset, 0, len)
                        .map_err(ExecError::Trap)?;
                }
            }
            if !planted::keeps_active(self.config.fault, &elem.mode) {
                self.elems[segment].elements = Vec::new();
            }
        }
        // 16.: active data segments.
        for (index, (data, code)) in syntax.datas.iter().zip(&loaded.code.datas).enumerate() {
            if let DataMode::Active { mem: target, .. } = &data.mode {
                let offset = self.offset(host, at, *code)?;
                let target = self.instances[at as usize].mems[target.at()];
                let bytes = &mut self.mems[target.at()].bytes;
                let offset = planted::data_offset(self.config.fault, offset, bytes.len(), data.init.len());
                memory::init(bytes, &data.init, offset, 0, data.init.len() as u64).map_err(ExecError::Trap)?;
                self.datas[first_data + index].dropped = true;
            }
        }
        Ok(ModuleInst(at))
    }

    /// Whether what is given has the type that an import wants (3.3, "External types").
    fn matches(&self, given: Extern, wanted: ExternType, types: &[TypeId]) -> bool {
        match (given, wanted) {
            (Extern::Func(addr), ExternType::Func(ty)) => {
                let found = self.funcs.get(addr.at());
                found.is_some_and(|found| self.types.def_matches(found.ty, types[ty.at()]))
            }
            (Extern::Table(addr), ExternType::Table(ty)) => self.tables.get(addr.at()).is_some_and(|found| {
                let limits = Limits { min: found.elements.len() as u64, max: found.ty.limits.max };
                table_matches(&self.types, TableType { limits, ..found.ty }, close_table(ty, types))
            }),
            (Extern::Mem(addr), ExternType::Mem(ty)) => {
                let found = self.mems.get(addr.at());
                let seen =
                    |found: &MemInst| with_size(planted::seen_memory(self.config.fault, found.ty, ty), found.pages());
                found.is_some_and(|found| mem_matches(seen(found), ty))
            }
            (Extern::Global(addr), ExternType::Global(ty)) => {
                let found = self.globals.get(addr.at());
                found.is_some_and(|found| global_matches(&self.types, found.ty, close_global(ty, types)))
            }
            (Extern::Tag(addr), ExternType::Tag(ty)) => {
                self.tags.get(addr.at()).is_some_and(|found| *found == types[ty.at()])
            }
            _ => false,
        }
    }

    /// The bytes of the module's memories, if all memories and tables fit into our limits.
    fn room_for(&mut self, module: &crate::syntax::Module) -> Result<Vec<Vec<u8>>, ExecError> {
        let mems = module.mems.iter().map(|ty| memory::charged_pages(*ty, ty.limits.min));
        if mems.fold(self.pages, u64::saturating_add) > self.config.limits.pages {
            return Err(ExecError::Exhausted(Resource::Pages));
        }
        let tables = module.tables.iter().map(|table| table.ty.limits.min);
        if tables.fold(self.table_elements, u64::saturating_add) > self.config.limits.table_elements {
            return Err(ExecError::Exhausted(Resource::TableElements));
        }
        let zeroed = |ty: &MemType| memory::zeroed(memory::size_of_pages(*ty, ty.limits.min)?);
        module.mems.iter().map(zeroed).collect::<Option<_>>().ok_or(ExecError::Exhausted(Resource::Memory))
    }

    fn alloc_imports_and_funcs(
        &mut self,
        loaded: &Arc<super::store::Loaded>,
        imports: &[Extern],
        types: Vec<TypeId>,
        mems: Vec<Vec<u8>>,
    ) -> Instance {
        let module = &loaded.module;
        let at = self.instances.len() as u32;
        let mut instance = Instance {
            loaded: Arc::clone(loaded),
            casts: loaded.code.casts.iter().map(|ty| close_ref(&types, *ty)).collect(),
            types,
            funcs: Vec::with_capacity(module.funcs.len()),
            tables: Vec::new(),
            mems: Vec::new(),
            globals: Vec::with_capacity(module.globals.len()),
            tags: Vec::new(),
            first_elem: 0,
            first_data: 0,
        };
        for import in imports {
            match *import {
                Extern::Func(addr) => instance.funcs.push(addr),
                Extern::Table(addr) => instance.tables.push(addr),
                Extern::Mem(addr) => instance.mems.push(addr),
                Extern::Global(addr) => instance.globals.push(addr),
                Extern::Tag(addr) => instance.tags.push(addr),
            }
        }
        for (index, func) in module.funcs.iter().enumerate() {
            instance.funcs.push(FuncAddr(self.funcs.len() as u32));
            let kind = FuncKind::Wasm { instance: at, func: index as u32 };
            self.funcs.push(FuncInst { ty: instance.types[func.ty.at()], kind });
        }
        for (ty, bytes) in module.mems.iter().zip(mems) {
            instance.mems.push(MemAddr(self.mems.len() as u32));
            self.pages += memory::charged_pages(*ty, ty.limits.min);
            self.mems.push(MemInst { ty: *ty, bytes });
        }
        for ty in &module.tags {
            instance.tags.push(TagAddr(self.tags.len() as u32));
            self.tags.push(instance.types[ty.at()]);
        }
        instance
    }

    /// The position of an active segment.
    pub(crate) fn offset(&mut self, host: &mut dyn Host, at: u32, code: Option<FuncCode>) -> Result<u64, ExecError> {
        let code = code.ok_or(ExecError::Internal("an active segment has no position"))?;
        let Cell { slots: [offset, _], .. } = invoke::evaluate(self, host, at, code)?;
        Ok(offset)
    }
}

/// 3.3, table types: elements are read and written, so their types must be equivalent.
fn table_matches(types: &TypeInterner, a: TableType, b: TableType) -> bool {
    let elements = types.ref_matches(a.elem, b.elem) && types.ref_matches(b.elem, a.elem);
    a.addr == b.addr && limits_match(a.limits, b.limits) && elements
}

/// 3.3, global types: one that can be written must have an equivalent type.
fn global_matches(types: &TypeInterner, a: GlobalType, b: GlobalType) -> bool {
    a.mutability == b.mutability
        && types.val_matches(a.val, b.val)
        && (a.mutability == Mutability::Const || types.val_matches(b.val, a.val))
}

/// 3.3, memory types.
fn mem_matches(a: MemType, b: MemType) -> bool {
    a.addr == b.addr && a.sharing == b.sharing && a.page_log2 == b.page_log2 && limits_match(a.limits, b.limits)
}

/// 3.3, limits: at least the minimum; a maximum, if one is wanted, at most as large.
fn limits_match(a: Limits, b: Limits) -> bool {
    a.min >= b.min && b.max.is_none_or(|wanted| a.max.is_some_and(|given| given <= wanted))
}

/// A global's type in terms of the store's types.
fn close_global(ty: GlobalType, types: &[TypeId]) -> GlobalType {
    GlobalType { mutability: ty.mutability, val: close(types, ty.val) }
}

/// A table's type in terms of the store's types.
fn close_table(ty: TableType, types: &[TypeId]) -> TableType {
    TableType { addr: ty.addr, limits: ty.limits, elem: close_ref(types, ty.elem) }
}

/// A memory instance's type: its minimum is the size that it has now.
fn with_size(ty: MemType, pages: u64) -> MemType {
    MemType { limits: Limits { min: pages, max: ty.limits.max }, ..ty }
}
