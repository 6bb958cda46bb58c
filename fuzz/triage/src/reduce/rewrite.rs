//! Changes to a module: what is dropped, renumbered or replaced on the way from its bytes to new ones.
//!
//! A change is applied while the module is encoded anew, so every index that is left is renumbered wherever it
//! stands. Naming something that was dropped makes the change impossible, and that is all that is said of it.

use std::collections::{BTreeMap, BTreeSet};

use wasm_encoder::reencode::{Error, Reencode, utils};
use wasm_encoder::{Function, Instruction, Module, ValType};
use wasmparser::Operator;

use super::sections;

/// Something that the new module cannot have, because it was dropped or does not decode.
#[derive(Debug)]
pub(crate) struct Impossible;

type Result<T> = std::result::Result<T, Error<Impossible>>;

/// An index space of the binary format (section 2.5).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Space {
    Type,
    Func,
    Table,
    Memory,
    Global,
    Tag,
    Elem,
    Data,
}

impl Space {
    pub(crate) const ALL: [Self; 8] =
        [Self::Type, Self::Func, Self::Table, Self::Memory, Self::Global, Self::Tag, Self::Elem, Self::Data];
}

/// An instruction of a new body.
#[derive(Clone, Debug)]
pub(crate) enum Item<'a> {
    /// One of the old body.
    Kept(Operator<'a>),
    /// Another one. Its indices are those of the old module.
    New(Instruction<'static>),
}

/// A function's body: the types of its declared locals and its instructions, the last `end` included.
#[derive(Clone, Debug)]
pub(crate) struct Body<'a> {
    pub(crate) locals: Vec<ValType>,
    pub(crate) code: Vec<Item<'a>>,
}

/// What is to be changed. The empty change leaves a module as it is, but for custom sections.
#[derive(Clone, Debug, Default)]
pub(crate) struct Change<'a> {
    /// What is dropped, by index.
    pub(crate) dropped: BTreeSet<(Space, u32)>,
    /// Exports that are dropped, by position.
    pub(crate) exports: BTreeSet<usize>,
    /// New names of exports, by position.
    pub(crate) names: BTreeMap<usize, String>,
    /// Other functions behind exports of functions, by position.
    pub(crate) targets: BTreeMap<usize, u32>,
    /// New bodies, by index among the defined functions.
    pub(crate) bodies: BTreeMap<u32, Body<'a>>,
    /// New types of defined functions, by index among these: parameters and results.
    pub(crate) types: BTreeMap<u32, (Vec<ValType>, Vec<ValType>)>,
    /// Types of index that are replaced by an equal one of a smaller index.
    pub(crate) same_types: BTreeMap<u32, u32>,
    /// New contents of data segments.
    pub(crate) data: BTreeMap<u32, Vec<u8>>,
    /// Which items of element segments are kept.
    pub(crate) elems: BTreeMap<u32, BTreeSet<usize>>,
    /// New smallest and greatest size of defined memories, by position among these.
    pub(crate) memories: BTreeMap<u32, (u64, Option<u64>)>,
    /// The same of tables.
    pub(crate) tables: BTreeMap<u32, (u64, Option<u64>)>,
    /// Defined globals that begin with zero, by position among these.
    pub(crate) zeroed: BTreeSet<u32>,
}

impl Change<'_> {
    /// The module with the change made; none where that cannot be.
    pub(crate) fn apply(&self, module: &[u8]) -> Option<Vec<u8>> {
        Rewriter::new(self, module).ok()?.run(module).ok()
    }
}

/// Everything that a module mentions outside its type section, and what its types mention of each other.
#[derive(Debug, Default)]
pub(crate) struct Mentions {
    pub(crate) outside: BTreeSet<(Space, u32)>,
    pub(crate) by_type: BTreeMap<u32, BTreeSet<u32>>,
}

/// What a module mentions; none where it does not decode.
pub(crate) fn mentions(module: &[u8]) -> Option<Mentions> {
    let change = Change::default();
    let mut rewriter = Rewriter::new(&change, module).ok()?;
    rewriter.run(module).ok()?;
    let mut mentions = Mentions { outside: std::mem::take(&mut rewriter.mentioned), ..Mentions::default() };
    for payload in wasmparser::Parser::new(0).parse_all(module) {
        if let wasmparser::Payload::TypeSection(section) = payload.ok()? {
            let mut index = 0;
            for group in section {
                for ty in group.ok()?.into_types() {
                    rewriter.mentioned.clear();
                    rewriter.sub_type(ty).ok()?;
                    let types = rewriter.mentioned.iter().map(|(_, index)| *index).collect();
                    mentions.by_type.insert(index, types);
                    index += 1;
                }
            }
        }
    }
    Some(mentions)
}

struct Rewriter<'c, 'a> {
    change: &'c Change<'a>,
    /// By space: the new index of each old one that something was dropped before.
    maps: BTreeMap<Space, Vec<Option<u32>>>,
    mentioned: BTreeSet<(Space, u32)>,
    /// The type section's new size, before types that the change adds.
    types_kept: u32,
    /// Types that the change adds.
    added: Vec<(Vec<ValType>, Vec<ValType>)>,
    /// The function whose body comes next, among the defined ones.
    next_body: u32,
    imported: BTreeMap<Space, u32>,
}

/// How many there are, by index space.
type Counts = BTreeMap<Space, u32>;

/// How many of each kind a module imports, and how many it has in all.
fn sizes(module: &[u8]) -> std::result::Result<(Counts, Counts), wasmparser::Error> {
    use wasmparser::{Payload, TypeRef};
    let (mut imported, mut all) = (BTreeMap::new(), BTreeMap::new());
    let mut add = |space, count| *all.entry(space).or_insert(0) += count;
    for payload in wasmparser::Parser::new(0).parse_all(module) {
        match payload? {
            Payload::TypeSection(section) => {
                for group in section {
                    add(Space::Type, group?.types().len() as u32);
                }
            }
            Payload::ImportSection(section) => {
                for import in section.into_imports() {
                    let space = match import?.ty {
                        TypeRef::Func(_) | TypeRef::FuncExact(_) => Space::Func,
                        TypeRef::Table(_) => Space::Table,
                        TypeRef::Memory(_) => Space::Memory,
                        TypeRef::Global(_) => Space::Global,
                        TypeRef::Tag(_) => Space::Tag,
                    };
                    *imported.entry(space).or_insert(0) += 1;
                    add(space, 1);
                }
            }
            Payload::FunctionSection(section) => add(Space::Func, section.count()),
            Payload::TableSection(section) => add(Space::Table, section.count()),
            Payload::MemorySection(section) => add(Space::Memory, section.count()),
            Payload::GlobalSection(section) => add(Space::Global, section.count()),
            Payload::TagSection(section) => add(Space::Tag, section.count()),
            Payload::ElementSection(section) => add(Space::Elem, section.count()),
            Payload::DataSection(section) => add(Space::Data, section.count()),
            _ => {}
        }
    }
    Ok((imported, all))
}

impl<'c, 'a> Rewriter<'c, 'a> {
    fn new(change: &'c Change<'a>, module: &[u8]) -> Result<Self> {
        let (imported, all) = sizes(module)?;
        let mut maps = BTreeMap::new();
        let is_dropped = |space, index| {
            change.dropped.contains(&(space, index)) || space == Space::Type && change.same_types.contains_key(&index)
        };
        for space in Space::ALL {
            let mut next = 0;
            let map: Vec<Option<u32>> = (0..all.get(&space).copied().unwrap_or(0))
                .map(|index| {
                    if is_dropped(space, index) {
                        return None;
                    }
                    next += 1;
                    Some(next - 1)
                })
                .collect();
            maps.insert(space, map);
        }
        let types_kept = maps[&Space::Type].iter().flatten().count() as u32;
        Ok(Self { change, maps, mentioned: BTreeSet::new(), types_kept, added: Vec::new(), next_body: 0, imported })
    }

    fn run(&mut self, bytes: &[u8]) -> Result<Vec<u8>> {
        // Types that bodies need are known before anything is encoded: the type section comes first.
        for ty in self.change.types.values() {
            if !self.added.contains(ty) {
                self.added.push(ty.clone());
            }
        }
        let mut module = Module::new();
        self.parse_core_module(&mut module, wasmparser::Parser::new(0), bytes)?;
        Ok(sections::without_empty(&module.finish()))
    }

    fn index(&mut self, space: Space, index: u32) -> Result<u32> {
        self.mentioned.insert((space, index));
        self.maps[&space].get(index as usize).copied().flatten().ok_or(Error::UserError(Impossible))
    }

    fn is_dropped(&self, space: Space, index: u32) -> bool {
        self.change.dropped.contains(&(space, index))
    }

    /// The index of a definition that stands at `position` of its section.
    fn defined(&self, space: Space, position: usize) -> u32 {
        self.imported.get(&space).copied().unwrap_or(0) + position as u32
    }
}

impl Reencode for Rewriter<'_, '_> {
    type Error = Impossible;

    fn type_index(&mut self, index: u32) -> Result<u32> {
        let index = self.change.same_types.get(&index).copied().unwrap_or(index);
        self.index(Space::Type, index)
    }

    fn function_index(&mut self, index: u32) -> Result<u32> {
        self.index(Space::Func, index)
    }

    fn table_index(&mut self, index: u32) -> Result<u32> {
        self.index(Space::Table, index)
    }

    fn memory_index(&mut self, index: u32) -> Result<u32> {
        self.index(Space::Memory, index)
    }

    fn global_index(&mut self, index: u32) -> Result<u32> {
        self.index(Space::Global, index)
    }

    fn tag_index(&mut self, index: u32) -> Result<u32> {
        self.index(Space::Tag, index)
    }

    fn element_index(&mut self, index: u32) -> Result<u32> {
        self.index(Space::Elem, index)
    }

    fn data_index(&mut self, index: u32) -> Result<u32> {
        self.index(Space::Data, index)
    }

    fn parse_custom_section(&mut self, _: &mut Module, _: wasmparser::CustomSectionReader<'_>) -> Result<()> {
        Ok(())
    }

    fn parse_type_section(
        &mut self,
        types: &mut wasm_encoder::TypeSection,
        section: wasmparser::TypeSectionReader<'_>,
    ) -> Result<()> {
        let outside = std::mem::take(&mut self.mentioned);
        let mut index = 0;
        for group in section {
            let group = group?;
            let explicit = group.is_explicit_rec_group();
            let mut kept = Vec::new();
            for ty in group.into_types() {
                if self.maps[&Space::Type][index].is_some() {
                    kept.push(self.sub_type(ty)?);
                }
                index += 1;
            }
            match (explicit, &*kept) {
                (_, []) => {}
                (false, [ty]) => types.ty().subtype(ty),
                _ => types.ty().rec(kept),
            }
        }
        for (params, results) in &self.added {
            types.ty().function(params.iter().copied(), results.iter().copied());
        }
        self.mentioned = outside;
        Ok(())
    }

    fn parse_import_section(
        &mut self,
        imports: &mut wasm_encoder::ImportSection,
        section: wasmparser::ImportSectionReader<'_>,
    ) -> Result<()> {
        use wasmparser::TypeRef;
        let mut next: BTreeMap<Space, u32> = BTreeMap::new();
        for import in section.into_imports() {
            let import = import?;
            let space = match import.ty {
                TypeRef::Func(_) | TypeRef::FuncExact(_) => Space::Func,
                TypeRef::Table(_) => Space::Table,
                TypeRef::Memory(_) => Space::Memory,
                TypeRef::Global(_) => Space::Global,
                TypeRef::Tag(_) => Space::Tag,
            };
            let index = next.entry(space).or_insert(0);
            if !self.is_dropped(space, *index) {
                imports.import(import.module, import.name, self.entity_type(import.ty)?);
            }
            *index += 1;
        }
        Ok(())
    }

    fn parse_function_section(
        &mut self,
        functions: &mut wasm_encoder::FunctionSection,
        section: wasmparser::FunctionSectionReader<'_>,
    ) -> Result<()> {
        for (position, ty) in section.into_iter().enumerate() {
            let ty = ty?;
            if self.is_dropped(Space::Func, self.defined(Space::Func, position)) {
                continue;
            }
            let index = match self.change.types.get(&(position as u32)) {
                Some(ty) => {
                    let added = self.added.iter().position(|added| added == ty).ok_or(Error::UserError(Impossible))?;
                    self.types_kept + added as u32
                }
                None => self.type_index(ty)?,
            };
            functions.function(index);
        }
        Ok(())
    }

    fn parse_table_section(
        &mut self,
        tables: &mut wasm_encoder::TableSection,
        section: wasmparser::TableSectionReader<'_>,
    ) -> Result<()> {
        for (position, table) in section.into_iter().enumerate() {
            let mut table = table?;
            if self.is_dropped(Space::Table, self.defined(Space::Table, position)) {
                continue;
            }
            if let Some((initial, maximum)) = self.change.tables.get(&(position as u32)) {
                table.ty.initial = *initial;
                table.ty.maximum = *maximum;
            }
            self.parse_table(tables, table)?;
        }
        Ok(())
    }

    fn parse_memory_section(
        &mut self,
        memories: &mut wasm_encoder::MemorySection,
        section: wasmparser::MemorySectionReader<'_>,
    ) -> Result<()> {
        for (position, memory) in section.into_iter().enumerate() {
            let mut memory = memory?;
            if self.is_dropped(Space::Memory, self.defined(Space::Memory, position)) {
                continue;
            }
            if let Some((initial, maximum)) = self.change.memories.get(&(position as u32)) {
                memory.initial = *initial;
                memory.maximum = *maximum;
            }
            memories.memory(self.memory_type(memory)?);
        }
        Ok(())
    }

    fn parse_tag_section(
        &mut self,
        tags: &mut wasm_encoder::TagSection,
        section: wasmparser::TagSectionReader<'_>,
    ) -> Result<()> {
        for (position, tag) in section.into_iter().enumerate() {
            let tag = tag?;
            if !self.is_dropped(Space::Tag, self.defined(Space::Tag, position)) {
                tags.tag(self.tag_type(tag)?);
            }
        }
        Ok(())
    }

    fn parse_global_section(
        &mut self,
        globals: &mut wasm_encoder::GlobalSection,
        section: wasmparser::GlobalSectionReader<'_>,
    ) -> Result<()> {
        for (position, global) in section.into_iter().enumerate() {
            let global = global?;
            if self.is_dropped(Space::Global, self.defined(Space::Global, position)) {
                continue;
            }
            if self.change.zeroed.contains(&(position as u32)) {
                let ty = self.global_type(global.ty)?;
                let zero = super::tree::zero(ty.val_type).ok_or(Error::UserError(Impossible))?;
                globals.global(ty, &wasm_encoder::ConstExpr::extended([zero]));
            } else {
                self.parse_global(globals, global)?;
            }
        }
        Ok(())
    }

    fn parse_export_section(
        &mut self,
        exports: &mut wasm_encoder::ExportSection,
        section: wasmparser::ExportSectionReader<'_>,
    ) -> Result<()> {
        for (position, export) in section.into_iter().enumerate() {
            let export = export?;
            if self.change.exports.contains(&position) {
                continue;
            }
            let name = self.change.names.get(&position).map_or(export.name, String::as_str);
            let target = self.change.targets.get(&position).copied().unwrap_or(export.index);
            exports.export(name, self.export_kind(export.kind)?, self.external_index(export.kind, target)?);
        }
        Ok(())
    }

    fn parse_unknown_section(&mut self, _: &mut Module, _: u8, _: &[u8]) -> Result<()> {
        Err(Error::UserError(Impossible))
    }

    fn parse_element_section(
        &mut self,
        elements: &mut wasm_encoder::ElementSection,
        section: wasmparser::ElementSectionReader<'_>,
    ) -> Result<()> {
        for (index, element) in section.into_iter().enumerate() {
            let element = element?;
            if self.is_dropped(Space::Elem, index as u32) {
                continue;
            }
            let Some(kept) = self.change.elems.get(&(index as u32)) else {
                self.parse_element(elements, element)?;
                continue;
            };
            let items = self.some_items(element.items, kept)?;
            match element.kind {
                wasmparser::ElementKind::Active { table_index, offset_expr } => {
                    let table = self.table_index(table_index.unwrap_or(0))?;
                    let offset = self.const_expr(offset_expr)?;
                    elements.active((table != 0 || table_index.is_some()).then_some(table), &offset, items)
                }
                wasmparser::ElementKind::Passive => elements.passive(items),
                wasmparser::ElementKind::Declared => elements.declared(items),
            };
        }
        Ok(())
    }

    fn parse_data_section(
        &mut self,
        data: &mut wasm_encoder::DataSection,
        section: wasmparser::DataSectionReader<'_>,
    ) -> Result<()> {
        for (index, datum) in section.into_iter().enumerate() {
            let mut datum = datum?;
            if self.is_dropped(Space::Data, index as u32) {
                continue;
            }
            if let Some(bytes) = self.change.data.get(&(index as u32)) {
                datum.data = bytes;
            }
            self.parse_data(data, datum)?;
        }
        Ok(())
    }

    fn data_count(&mut self, count: u32) -> Result<u32> {
        let dropped = self.change.dropped.iter().filter(|(space, _)| *space == Space::Data).count() as u32;
        Ok(count.saturating_sub(dropped))
    }

    fn parse_function_body(
        &mut self,
        code: &mut wasm_encoder::CodeSection,
        func: wasmparser::FunctionBody<'_>,
    ) -> Result<()> {
        let position = self.next_body;
        self.next_body += 1;
        if self.is_dropped(Space::Func, self.defined(Space::Func, position as usize)) {
            return Ok(());
        }
        let change = self.change;
        let Some(body) = change.bodies.get(&position) else {
            return utils::parse_function_body(self, code, func);
        };
        let mut function = Function::new_with_locals_types(body.locals.iter().copied());
        for item in &body.code {
            match item {
                Item::Kept(operator) => function.instruction(&self.instruction(operator.clone())?),
                Item::New(instruction) => function.instruction(instruction),
            };
        }
        code.function(&function);
        Ok(())
    }
}

impl Rewriter<'_, '_> {
    /// The items of an element segment at the given positions.
    fn some_items<'e>(
        &mut self,
        items: wasmparser::ElementItems<'_>,
        kept: &BTreeSet<usize>,
    ) -> Result<wasm_encoder::Elements<'e>> {
        Ok(match items {
            wasmparser::ElementItems::Functions(section) => {
                let mut funcs = Vec::new();
                for (position, func) in section.into_iter().enumerate() {
                    let func = func?;
                    if kept.contains(&position) {
                        funcs.push(self.function_index(func)?);
                    }
                }
                wasm_encoder::Elements::Functions(funcs.into())
            }
            wasmparser::ElementItems::Expressions(ty, section) => {
                let mut exprs = Vec::new();
                for (position, expr) in section.into_iter().enumerate() {
                    let expr = expr?;
                    if kept.contains(&position) {
                        exprs.push(self.const_expr(expr)?);
                    }
                }
                wasm_encoder::Elements::Expressions(self.ref_type(ty)?, exprs.into())
            }
        })
    }
}

/// Whether a module has something of this index.
pub(crate) fn exists(module: &[u8], space: Space, index: u32) -> bool {
    count(module, space).is_some_and(|count| index < count)
}

/// How many of a kind a module has, imported ones too; none where it does not decode.
pub(crate) fn count(module: &[u8], space: Space) -> Option<u32> {
    Some(sizes(module).ok()?.1.get(&space).copied().unwrap_or(0))
}

/// What bodies, segments and globals mention, and not the exports.
pub(crate) fn mentions_in_code(module: &[u8]) -> Option<BTreeSet<(Space, u32)>> {
    let (head, mut sections) = sections::split(module)?;
    // Without its exports and its start, a module mentions a function only where it can be called or passed on.
    sections.retain(|section| section.id != 7 && section.id != 8);
    Some(mentions(&sections::join(&head, &sections))?.outside)
}
