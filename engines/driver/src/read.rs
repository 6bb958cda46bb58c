//! What a module takes and gives, with its types in full: a driver imports the same things under the same types.

use std::sync::Arc;

use wasmparser::{
    CompositeInnerType, Encoding, ExternalKind, GlobalType, HeapType, Imports, MemoryType, Parser, Payload, TableType,
    TypeRef, TypeSectionReader, UnpackedIndex, ValType,
};

/// A module as far as its driver must know it.
#[derive(Debug, Default)]
pub(crate) struct Module {
    /// The recursive groups of the type section, as the module has them.
    pub(crate) groups: Vec<u8>,
    /// How many they are.
    pub(crate) group_count: u32,
    /// The types, by index.
    pub(crate) types: Vec<Composite>,
    /// The imports, in the module's order.
    pub(crate) imports: Vec<Entity>,
    /// The exports, in the module's order.
    pub(crate) exports: Vec<Export>,
    /// Whether instantiating the module runs a function.
    pub(crate) starts: bool,
}

/// A type that a module defines.
#[derive(Debug)]
pub(crate) enum Composite {
    Func(Arc<Signature>),
    Struct,
    Array,
    Other,
}

#[derive(Debug, Default)]
pub(crate) struct Signature {
    pub(crate) params: Vec<ValType>,
    pub(crate) results: Vec<ValType>,
    /// Whether it is the same type in every module that writes it down: alone in its group, final, without a supertype,
    /// and of types that no module defines (core specification 3.0, section 3.1.4, "Rolling and Unrolling").
    pub(crate) is_plain: bool,
}

/// Something that is imported or exported, with its type.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Entity {
    /// By the index of its type.
    Func(u32),
    Table(TableType),
    Memory(MemoryType),
    Global(GlobalType),
    /// By the index of its type.
    Tag(u32),
}

#[derive(Debug)]
pub(crate) struct Export {
    pub(crate) name: Arc<str>,
    pub(crate) entity: Entity,
    /// The index in the space of its kind.
    pub(crate) index: u32,
}

#[derive(Default)]
struct Spaces {
    funcs: Vec<u32>,
    tables: Vec<TableType>,
    memories: Vec<MemoryType>,
    globals: Vec<GlobalType>,
    tags: Vec<u32>,
}

impl Spaces {
    fn push(&mut self, entity: Entity) {
        match entity {
            Entity::Func(ty) => self.funcs.push(ty),
            Entity::Table(ty) => self.tables.push(ty),
            Entity::Memory(ty) => self.memories.push(ty),
            Entity::Global(ty) => self.globals.push(ty),
            Entity::Tag(ty) => self.tags.push(ty),
        }
    }

    fn get(&self, kind: ExternalKind, index: u32) -> Option<Entity> {
        let at = index as usize;
        Some(match kind {
            ExternalKind::Func | ExternalKind::FuncExact => Entity::Func(*self.funcs.get(at)?),
            ExternalKind::Table => Entity::Table(*self.tables.get(at)?),
            ExternalKind::Memory => Entity::Memory(*self.memories.get(at)?),
            ExternalKind::Global => Entity::Global(*self.globals.get(at)?),
            ExternalKind::Tag => Entity::Tag(*self.tags.get(at)?),
        })
    }
}

impl Module {
    /// Reads the sections up to the start function. `None` where they do not decode.
    pub(crate) fn read(bytes: &[u8]) -> Option<Self> {
        let mut module = Self::default();
        let mut spaces = Spaces::default();
        for payload in Parser::new(0).parse_all(bytes) {
            match payload.ok()? {
                Payload::Version { encoding: Encoding::Component, .. } => return None,
                Payload::TypeSection(section) => module.read_types(section, bytes)?,
                Payload::ImportSection(section) => {
                    let mut add = |ty: TypeRef| {
                        let entity = entity(ty);
                        spaces.push(entity);
                        module.imports.push(entity);
                    };
                    for group in section {
                        match group.ok()? {
                            Imports::Single(_, import) => add(import.ty),
                            Imports::Compact1 { items, .. } => {
                                for item in items {
                                    add(item.ok()?.ty);
                                }
                            }
                            Imports::Compact2 { ty, names, .. } => {
                                for name in names {
                                    name.ok()?;
                                    add(ty);
                                }
                            }
                        }
                    }
                }
                Payload::FunctionSection(section) => {
                    for index in section {
                        spaces.funcs.push(index.ok()?);
                    }
                }
                Payload::TableSection(section) => {
                    for table in section {
                        spaces.tables.push(table.ok()?.ty);
                    }
                }
                Payload::MemorySection(section) => {
                    for memory in section {
                        spaces.memories.push(memory.ok()?);
                    }
                }
                Payload::TagSection(section) => {
                    for tag in section {
                        spaces.tags.push(tag.ok()?.func_type_idx);
                    }
                }
                Payload::GlobalSection(section) => {
                    for global in section {
                        spaces.globals.push(global.ok()?.ty);
                    }
                }
                Payload::ExportSection(section) => {
                    for export in section {
                        let export = export.ok()?;
                        let entity = spaces.get(export.kind, export.index)?;
                        module.exports.push(Export { name: export.name.into(), entity, index: export.index });
                    }
                }
                Payload::StartSection { .. } => {
                    module.starts = true;
                    break;
                }
                // What stands behind the start function's place in the order of sections.
                Payload::ElementSection(_)
                | Payload::DataCountSection { .. }
                | Payload::CodeSectionStart { .. }
                | Payload::DataSection(_) => break,
                _ => {}
            }
        }
        Some(module)
    }

    fn read_types(&mut self, section: TypeSectionReader<'_>, bytes: &[u8]) -> Option<()> {
        let range = section.range();
        let contents = bytes.get(usize::try_from(range.start).ok()?..usize::try_from(range.end).ok()?)?;
        // Behind the count, in LEB128.
        let count_bytes = contents.iter().position(|byte| byte & 0x80 == 0)? + 1;
        self.groups = contents[count_bytes..].to_vec();
        self.group_count = section.count();
        for group in section {
            let group = group.ok()?;
            let is_alone = group.types().len() == 1;
            for sub in group.types() {
                self.types.push(match &sub.composite_type.inner {
                    CompositeInnerType::Func(ty) => Composite::Func(Arc::new(Signature {
                        params: ty.params().to_vec(),
                        results: ty.results().to_vec(),
                        is_plain: is_alone
                            && sub.is_final
                            && sub.supertype_idxs.is_empty()
                            && !sub.composite_type.shared
                            && ty.params().iter().chain(ty.results()).all(is_of_no_module),
                    })),
                    CompositeInnerType::Struct(_) => Composite::Struct,
                    CompositeInnerType::Array(_) => Composite::Array,
                    CompositeInnerType::Cont(_) => Composite::Other,
                });
            }
        }
        Some(())
    }

    /// The export of this name.
    pub(crate) fn export(&self, name: &str) -> Option<&Export> {
        self.exports.iter().find(|export| &*export.name == name)
    }

    /// Whether it imports or exports a tag.
    pub(crate) fn has_tags(&self) -> bool {
        let exported = self.exports.iter().map(|export| &export.entity);
        self.imports.iter().chain(exported).any(|entity| matches!(entity, Entity::Tag(_)))
    }

    /// The function type of this index.
    pub(crate) fn signature(&self, ty: u32) -> Option<&Arc<Signature>> {
        match self.types.get(ty as usize)? {
            Composite::Func(signature) => Some(signature),
            _ => None,
        }
    }
}

fn entity(ty: TypeRef) -> Entity {
    match ty {
        TypeRef::Func(index) | TypeRef::FuncExact(index) => Entity::Func(index),
        TypeRef::Table(ty) => Entity::Table(ty),
        TypeRef::Memory(ty) => Entity::Memory(ty),
        TypeRef::Global(ty) => Entity::Global(ty),
        TypeRef::Tag(ty) => Entity::Tag(ty.func_type_idx),
    }
}

/// Whether a value type means the same in every module.
fn is_of_no_module(ty: &ValType) -> bool {
    match ty {
        ValType::Ref(ty) => matches!(ty.heap_type(), HeapType::Abstract { shared: false, .. }),
        _ => true,
    }
}

/// The index of a type that the module defines.
pub(crate) fn concrete(heap: HeapType) -> Option<u32> {
    match heap {
        HeapType::Concrete(UnpackedIndex::Module(index)) => Some(index),
        _ => None,
    }
}
