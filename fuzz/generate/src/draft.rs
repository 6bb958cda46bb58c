//! A module under construction: sections in any order, indices handed out as entities are added.
//!
//! Families that write whole modules themselves use it; it adds nothing of its own but the data count section.
//! What it does not do is look after validity: imports of a kind come before definitions of that kind, and
//! functions that `ref.func` names outside of elements, globals and exports are declared by the caller.

use wasm_encoder::{
    CodeSection, CompositeInnerType, ConstExpr, DataCountSection, DataSection, DataSegment, ElementSection,
    ElementSegment, EntityType, ExportKind, ExportSection, Function, FunctionSection, GlobalSection, GlobalType,
    ImportSection, InstructionSink, MemorySection, MemoryType, Module, StartSection, SubType, TableSection, TableType,
    TagKind, TagSection, TagType, TypeSection, ValType,
};

/// See the module.
#[derive(Debug, Default)]
pub(crate) struct Draft {
    types: TypeSection,
    types_count: u32,
    /// Function types that were asked for by what they take and return.
    interned: Vec<(Vec<ValType>, Vec<ValType>, u32)>,
    imports: ImportSection,
    functions: FunctionSection,
    functions_count: u32,
    /// Bodies in the order of definition; a declared function has none yet.
    bodies: Vec<Option<Vec<u8>>>,
    functions_imported: u32,
    tables: TableSection,
    tables_count: u32,
    memories: MemorySection,
    memories_count: u32,
    tags: TagSection,
    tags_count: u32,
    globals: GlobalSection,
    globals_count: u32,
    exports: ExportSection,
    start: Option<u32>,
    elements: ElementSection,
    data: DataSection,
    /// Whether the section that counts data segments is left out.
    uncounted: bool,
}

#[allow(dead_code, reason = "each family needs a part of it")]
impl Draft {
    /// The index of the function type; added where it is new.
    pub(crate) fn func_type(&mut self, params: &[ValType], results: &[ValType]) -> u32 {
        if let Some((_, _, index)) = self.interned.iter().find(|(p, r, _)| p == params && r == results) {
            return *index;
        }
        self.types.ty().function(params.iter().copied(), results.iter().copied());
        self.interned.push((params.to_vec(), results.to_vec(), self.types_count));
        self.types_count += 1;
        self.types_count - 1
    }

    /// Adds a function type even where an equal one is there; its index.
    pub(crate) fn plain_func_type(&mut self, params: &[ValType], results: &[ValType]) -> u32 {
        self.types.ty().function(params.iter().copied(), results.iter().copied());
        self.types_count += 1;
        self.types_count - 1
    }

    /// Adds a group of recursive types; the index of its first one.
    pub(crate) fn rec_group(&mut self, types: Vec<SubType>) -> u32 {
        let first = self.types_count;
        self.types_count += types.len() as u32;
        self.types.ty().rec(types);
        first
    }

    /// Adds a type that stands alone.
    pub(crate) fn subtype(&mut self, ty: &SubType) -> u32 {
        self.types.ty().subtype(ty);
        self.types_count += 1;
        self.types_count - 1
    }

    /// The index that the next type will get.
    pub(crate) const fn next_type(&self) -> u32 {
        self.types_count
    }

    /// Imports something; its index among its kind.
    pub(crate) fn import(&mut self, module: &str, name: &str, ty: EntityType) -> u32 {
        self.imports.import(module, name, ty);
        let count = match ty {
            EntityType::Function(_) | EntityType::FunctionExact(_) => {
                debug_assert!(self.bodies.is_empty(), "imports come first");
                self.functions_imported += 1;
                &mut self.functions_count
            }
            EntityType::Table(_) => &mut self.tables_count,
            EntityType::Memory(_) => &mut self.memories_count,
            EntityType::Global(_) => &mut self.globals_count,
            EntityType::Tag(_) => &mut self.tags_count,
        };
        *count += 1;
        *count - 1
    }

    /// The index that the next function will get.
    pub(crate) const fn next_func(&self) -> u32 {
        self.functions_count
    }

    /// Adds a function; the writer leaves the final `end` to this.
    pub(crate) fn func(&mut self, ty: u32, locals: &[ValType], write: impl FnOnce(&mut InstructionSink<'_>)) -> u32 {
        let index = self.declare(ty);
        self.define(index, locals, write);
        index
    }

    /// Adds a function whose body comes later, since bodies before it name it.
    pub(crate) fn declare(&mut self, ty: u32) -> u32 {
        self.functions.function(ty);
        self.bodies.push(None);
        self.functions_count += 1;
        self.functions_count - 1
    }

    /// Writes the body of a declared function.
    pub(crate) fn define(&mut self, func: u32, locals: &[ValType], write: impl FnOnce(&mut InstructionSink<'_>)) {
        let mut code = Vec::new();
        let mut sink = InstructionSink::new(&mut code);
        write(&mut sink);
        sink.end();
        self.define_raw(func, locals, &code);
    }

    /// Writes the body of a declared function from bytes that end with `end`.
    pub(crate) fn define_raw(&mut self, func: u32, locals: &[ValType], code: &[u8]) {
        let mut function = Function::new_with_locals_types(locals.iter().copied());
        function.raw(code.iter().copied());
        self.bodies[(func - self.functions_imported) as usize] = Some(function.into_raw_body());
    }

    /// Adds a table, of nulls or of what the expression says.
    pub(crate) fn table(&mut self, ty: TableType, initial: Option<&ConstExpr>) -> u32 {
        match initial {
            Some(initial) => self.tables.table_with_init(ty, initial),
            None => self.tables.table(ty),
        };
        self.tables_count += 1;
        self.tables_count - 1
    }

    /// Adds a memory.
    pub(crate) fn memory(&mut self, ty: MemoryType) -> u32 {
        self.memories.memory(ty);
        self.memories_count += 1;
        self.memories_count - 1
    }

    /// Adds an exception tag.
    pub(crate) fn tag(&mut self, func_type_idx: u32) -> u32 {
        self.tags.tag(TagType { kind: TagKind::Exception, func_type_idx });
        self.tags_count += 1;
        self.tags_count - 1
    }

    /// Adds a global.
    pub(crate) fn global(&mut self, ty: GlobalType, initial: &ConstExpr) -> u32 {
        self.globals.global(ty, initial);
        self.globals_count += 1;
        self.globals_count - 1
    }

    /// Exports something.
    pub(crate) fn export(&mut self, name: &str, kind: ExportKind, index: u32) {
        self.exports.export(name, kind, index);
    }

    /// Sets the start function.
    pub(crate) fn start(&mut self, func: u32) {
        self.start = Some(func);
    }

    /// Adds an element segment.
    pub(crate) fn element(&mut self, segment: ElementSegment<'_>) -> u32 {
        self.elements.segment(segment);
        self.elements.len() - 1
    }

    /// Adds a data segment.
    pub(crate) fn data<D: IntoIterator<Item = u8, IntoIter: ExactSizeIterator>>(
        &mut self,
        segment: DataSegment<'_, D>,
    ) -> u32 {
        self.data.segment(segment);
        self.data.len() - 1
    }

    /// Leaves the data count section out: what has neither `memory.init` nor `data.drop` runs without bulk memory.
    pub(crate) fn leave_data_uncounted(&mut self) {
        self.uncounted = true;
    }

    /// The module.
    ///
    /// # Panics
    ///
    /// A declared function has no body.
    pub(crate) fn finish(self) -> Vec<u8> {
        let mut module = Module::new();
        module.section(&self.types);
        if !self.imports.is_empty() {
            module.section(&self.imports);
        }
        if !self.bodies.is_empty() {
            module.section(&self.functions);
        }
        if !self.tables.is_empty() {
            module.section(&self.tables);
        }
        if !self.memories.is_empty() {
            module.section(&self.memories);
        }
        if !self.tags.is_empty() {
            module.section(&self.tags);
        }
        if !self.globals.is_empty() {
            module.section(&self.globals);
        }
        module.section(&self.exports);
        if let Some(function_index) = self.start {
            module.section(&StartSection { function_index });
        }
        if !self.elements.is_empty() {
            module.section(&self.elements);
        }
        if !self.data.is_empty() && !self.uncounted {
            // Always, though only `memory.init` and `data.drop` need it: it costs two bytes.
            module.section(&DataCountSection { count: self.data.len() });
        }
        if !self.bodies.is_empty() {
            let mut code = CodeSection::new();
            for body in &self.bodies {
                code.raw(body.as_deref().expect("a declared function is defined"));
            }
            module.section(&code);
        }
        if !self.data.is_empty() {
            module.section(&self.data);
        }
        module.finish()
    }
}

/// The subtype that is final and has no supertype.
#[allow(dead_code, reason = "for families with recursive types")]
pub(crate) fn plain_subtype(inner: CompositeInnerType) -> SubType {
    SubType {
        is_final: true,
        supertype_idxs: Vec::new(),
        composite_type: wasm_encoder::CompositeType { inner, shared: false, descriptor: None, describes: None },
    }
}

/// A memory with 32-bit addresses and pages of 64 KiB.
#[allow(dead_code, reason = "for families that write modules")]
pub(crate) const fn memory_type(minimum: u64, maximum: u64) -> MemoryType {
    MemoryType { minimum, maximum: Some(maximum), memory64: false, shared: false, page_size_log2: None }
}

/// A table with 32-bit indices.
#[allow(dead_code, reason = "for families that write modules")]
pub(crate) const fn table_type(element_type: wasm_encoder::RefType, minimum: u64, maximum: u64) -> TableType {
    TableType { element_type, minimum, maximum: Some(maximum), table64: false, shared: false }
}

/// A mutable global.
#[allow(dead_code, reason = "for families that write modules")]
pub(crate) const fn mutable(val_type: ValType) -> GlobalType {
    GlobalType { val_type, mutable: true, shared: false }
}
