//! The pass over wasm-smith's output: what wasm-smith leaves to chance, or to nobody.
//!
//! - **Exports**: everything that the module defines, under short names: `f0`, `m0`, `t0`, `g0` by index.
//! - **Limits**: small, always with a maximum; memories have a page in nearly all cases.
//! - **Contents** of element segments (wasm-smith 0.263 leaves them empty) and of data segments.
//! - **Fuel**, by a global exported as `fuel`. Every function entry takes a unit, and every activation
//!   may make so many turns of loops, which a local counts. A function that has run out of either returns
//!   what lies in its locals instead of trapping: the call still returns something to compare, its caller
//!   goes on, and the global tells two engines apart that took different ways. A function that may not
//!   return null traps instead. Runs are bounded by fuel x turns x the length of a body, and frames by
//!   fuel, which stays far below the 1000 frames of some interpreters.
//! - **Wrappers** `call0`, `call1`, ... around up to eight functions: they fill the fuel, call, and append
//!   a global or two to the results, where values end that function bodies drop. A plan cannot set a
//!   global from outside, so the alternative is an exported function that fills the fuel, invoked before
//!   each call: one function to compile instead of eight small ones, but twice the invocations, twice
//!   the steps to record, compare and ship between processes, and nothing to observe in half of them.
//! - **Guards** and **values**, in the bodies: see [`crate::body`].
//!
//! Entities are only appended, so no index changes.

use std::fmt::Write as _;

use wasm_encoder::{
    CodeSection, ConstExpr, DataCountSection, DataSection, DataSegment, DataSegmentMode, ElementMode, ElementSection,
    ElementSegment, Elements, Encode, ExportKind, ExportSection, GlobalType, InstructionSink, MemorySection,
    MemoryType, Module, RawSection, SectionId, StartSection, TableSection, TableType, ValType,
};
use wasmparser::{
    BinaryReaderError, CompositeInnerType, DataKind, ElementItems, ElementKind, FromReader, FunctionBody, Parser,
    Payload, SectionLimited, TableInit, TypeRef,
};
use wassay_model::{Feature, Features, host};

use crate::body::{self, Bodies};
use crate::companion;
use crate::draw::Draw;
use crate::guard::Indirect;

/// How traps are kept away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Guard {
    /// By our own pass, which bends operands into range at so many of a hundred sites. An access then
    /// really happens, where wasm-smith's guards mostly choose the way around it.
    Sites(u32),
    /// By wasm-smith, which asks before each access whether it would trap.
    Exact,
}

/// What the pass does to a module.
#[derive(Clone, Debug)]
pub(crate) struct Style {
    /// What the module may use.
    pub(crate) features: Features,
    /// Whether there are floats in it.
    pub(crate) floats: bool,
    /// How traps are kept away.
    pub(crate) guard: Guard,
    /// Whether every NaN that an operator makes is replaced by the canonical one.
    pub(crate) canonicalise: bool,
    /// How many of a hundred constants become reads of parameters, locals and globals.
    pub(crate) substitute: u32,
    /// How many of a hundred values at hand become an operand of something more.
    pub(crate) growth: u32,
    /// Before how many of a hundred instructions a statement is put.
    pub(crate) statements: u32,
    /// Function entries for each call that a plan makes.
    pub(crate) fuel: i32,
    /// Turns of loops for each activation of a function.
    pub(crate) turns: i32,
}

/// A finished module, and what a plan needs to know of it.
#[derive(Clone, Debug)]
pub(crate) struct Rewritten {
    /// The module.
    pub(crate) bytes: Vec<u8>,
    /// The functions to call.
    pub(crate) wrappers: Vec<Wrapper>,
    /// The names of exported globals.
    pub(crate) globals: Vec<String>,
    /// Whether it imports from the companion.
    pub(crate) imports_companion: bool,
    /// Whether it imports from the host.
    pub(crate) imports_host: bool,
    /// Whether it has a start function.
    pub(crate) start: bool,
}

/// An exported function that fills the fuel and calls another.
#[derive(Clone, Debug)]
pub(crate) struct Wrapper {
    /// The export's name.
    pub(crate) export: String,
    /// What it takes.
    pub(crate) params: Vec<wassay_model::ValType>,
}

/// Why a module could not be rewritten.
#[derive(Debug)]
pub(crate) struct Unfit;

impl From<BinaryReaderError> for Unfit {
    fn from(_: BinaryReaderError) -> Self {
        Self
    }
}

impl From<wasm_encoder::reencode::Error> for Unfit {
    fn from(_: wasm_encoder::reencode::Error) -> Self {
        Self
    }
}

/// How many functions a plan calls.
const WRAPPERS_MAX: u32 = 8;

/// A page of memory.
pub(crate) const PAGE: u64 = 65536;

/// A function type of the module.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Signature {
    pub(crate) params: Vec<ValType>,
    pub(crate) results: Vec<ValType>,
}

/// A segment: how long it is at run time, 0 once instantiation has dropped it.
pub(crate) type SegmentLen = u32;

/// What the module holds, imports first in every index space.
#[derive(Default)]
pub(crate) struct Interior {
    /// By type index; `None` where the type is not a function's.
    pub(crate) types: Vec<Option<Signature>>,
    /// Type indices.
    pub(crate) functions: Vec<u32>,
    pub(crate) functions_imported: u32,
    pub(crate) tables: Vec<TableType>,
    pub(crate) memories: Vec<MemoryType>,
    pub(crate) globals: Vec<GlobalType>,
    pub(crate) elements: Vec<SegmentLen>,
    pub(crate) element_types: Vec<wasm_encoder::RefType>,
    pub(crate) data: Vec<SegmentLen>,
}

impl Interior {
    /// The type of a function.
    pub(crate) fn signature(&self, function: u32) -> Option<&Signature> {
        self.types.get(*self.functions.get(function as usize)? as usize)?.as_ref()
    }
}

/// The sections as wasm-smith wrote them.
#[derive(Default)]
struct Sections<'a> {
    types: Option<Raw<'a>>,
    imports: Option<Raw<'a>>,
    functions: Option<Raw<'a>>,
    tables: Vec<wasmparser::Table<'a>>,
    memories: Vec<MemoryType>,
    tags: Option<Raw<'a>>,
    globals: Option<Raw<'a>>,
    start: Option<u32>,
    elements: Vec<wasmparser::Element<'a>>,
    data: Vec<wasmparser::Data<'a>>,
    data_count: bool,
    bodies: Vec<FunctionBody<'a>>,
    tables_imported: u32,
    memories_imported: u32,
    globals_imported: u32,
    imports_companion: bool,
    imports_host: bool,
}

/// A section as a count and the bytes behind it.
#[derive(Clone, Copy)]
struct Raw<'a> {
    count: u32,
    items: &'a [u8],
}

impl<'a> Raw<'a> {
    fn of<T: FromReader<'a>>(module: &'a [u8], section: &SectionLimited<'a, T>) -> Self {
        let range = section.original_position() as usize..section.range().end as usize;
        Self { count: section.count(), items: module.get(range).unwrap_or_default() }
    }
}

/// Writes a section that holds what it held and more.
fn extended(module: &mut Module, id: SectionId, old: Option<Raw<'_>>, more_count: u32, more: &[u8]) {
    let old = old.unwrap_or(Raw { count: 0, items: &[] });
    if old.count + more_count == 0 {
        return;
    }
    let mut data = Vec::with_capacity(old.items.len() + more.len() + 5);
    (old.count + more_count).encode(&mut data);
    data.extend_from_slice(old.items);
    data.extend_from_slice(more);
    module.section(&RawSection { id: id.into(), data: &data });
}

/// Rewrites `module`.
pub(crate) fn rewrite(module: &[u8], style: &Style, draw: &mut Draw) -> Result<Rewritten, Unfit> {
    let (sections, mut interior) = read(module)?;
    let tables = limit_tables(&sections, &mut interior, draw)?;
    let memories = limit_memories(&sections, &mut interior, draw);
    let fuel = count(&interior.globals);
    let indirect = Indirect::plan(&interior);
    let elements = fill_elements(&sections, &mut interior, indirect.as_ref(), style, draw)?;
    let data = fill_data(&sections, &mut interior, style, draw)?;

    let mut code = CodeSection::new();
    let mut bodies = Bodies { interior: &interior, style, indirect: indirect.as_ref(), fuel, draw };
    for (function, old) in (interior.functions_imported..).zip(&sections.bodies) {
        code.raw(&body::rewrite(&mut bodies, function, old)?);
    }
    let wrappers = Wrappers::write(&interior, fuel, style, draw, &mut code);

    let mut new = Module::new();
    extended(&mut new, SectionId::Type, sections.types, wrappers.types_count, &wrappers.types);
    extended(&mut new, SectionId::Import, sections.imports, 0, &[]);
    extended(&mut new, SectionId::Function, sections.functions, count(&wrappers.list), &wrappers.functions);
    if !tables.is_empty() {
        new.section(&tables);
    }
    if !memories.is_empty() {
        new.section(&memories);
    }
    extended(&mut new, SectionId::Tag, sections.tags, 0, &[]);
    let mut fuel_bytes = Vec::new();
    GlobalType { val_type: ValType::I32, mutable: true, shared: false }.encode(&mut fuel_bytes);
    ConstExpr::i32_const(style.fuel).encode(&mut fuel_bytes);
    extended(&mut new, SectionId::Global, sections.globals, 1, &fuel_bytes);
    let globals = write_exports(&mut new, &sections, &interior, fuel, &wrappers.list);
    if let Some(function_index) = sections.start {
        new.section(&StartSection { function_index });
    }
    if !elements.is_empty() {
        new.section(&elements);
    }
    if sections.data_count {
        new.section(&DataCountSection { count: data.len() });
    }
    if !code.is_empty() {
        new.section(&code);
    }
    if !data.is_empty() {
        new.section(&data);
    }
    Ok(Rewritten {
        bytes: new.finish(),
        wrappers: wrappers.list,
        globals,
        imports_companion: sections.imports_companion,
        imports_host: sections.imports_host,
        start: sections.start.is_some(),
    })
}

impl Rewritten {
    /// What stands in for a case that could not be made: a function that returns its argument.
    pub(crate) fn identity() -> Self {
        let mut types = wasm_encoder::TypeSection::new();
        types.ty().function([ValType::I64], [ValType::I64]);
        let mut functions = wasm_encoder::FunctionSection::new();
        functions.function(0);
        let mut exports = ExportSection::new();
        exports.export("call0", ExportKind::Func, 0);
        let mut body = wasm_encoder::Function::new([]);
        body.raw([0x20, 0x00, 0x0b]);
        let mut code = CodeSection::new();
        code.function(&body);
        let mut module = Module::new();
        module.section(&types).section(&functions).section(&exports).section(&code);
        Self {
            bytes: module.finish(),
            wrappers: vec![Wrapper { export: "call0".to_owned(), params: vec![wassay_model::ValType::I64] }],
            globals: Vec::new(),
            imports_companion: false,
            imports_host: false,
            start: false,
        }
    }
}

/// The length of an index space, which the format bounds far below 2^32.
fn count<T>(items: &[T]) -> u32 {
    u32::try_from(items.len()).unwrap_or(u32::MAX)
}

fn read(module: &[u8]) -> Result<(Sections<'_>, Interior), Unfit> {
    let mut sections = Sections::default();
    let mut interior = Interior::default();
    for payload in Parser::new(0).parse_all(module) {
        match payload? {
            Payload::TypeSection(section) => {
                sections.types = Some(Raw::of(module, &section));
                for group in section {
                    for ty in group?.into_types() {
                        interior.types.push(match ty.composite_type.inner {
                            CompositeInnerType::Func(ty) => {
                                Some(Signature { params: val_types(ty.params())?, results: val_types(ty.results())? })
                            }
                            _ => None,
                        });
                    }
                }
            }
            Payload::ImportSection(section) => {
                sections.imports = Some(Raw::of(module, &section));
                for import in section.into_imports() {
                    let import = import?;
                    sections.imports_companion |= import.module == companion::NAME;
                    sections.imports_host |= import.module == host::MODULE;
                    match import.ty {
                        TypeRef::Func(ty) | TypeRef::FuncExact(ty) => {
                            interior.functions.push(ty);
                            interior.functions_imported += 1;
                        }
                        TypeRef::Table(ty) => {
                            interior.tables.push(ty.try_into()?);
                            sections.tables_imported += 1;
                        }
                        TypeRef::Memory(ty) => {
                            interior.memories.push(ty.into());
                            sections.memories_imported += 1;
                        }
                        TypeRef::Global(ty) => {
                            interior.globals.push(ty.try_into()?);
                            sections.globals_imported += 1;
                        }
                        TypeRef::Tag(_) => {}
                    }
                }
            }
            Payload::FunctionSection(section) => {
                sections.functions = Some(Raw::of(module, &section));
                for ty in section {
                    interior.functions.push(ty?);
                }
            }
            Payload::TableSection(section) => {
                for table in section {
                    sections.tables.push(table?);
                }
            }
            Payload::MemorySection(section) => {
                for memory in section {
                    sections.memories.push(memory?.into());
                }
            }
            Payload::TagSection(section) => sections.tags = Some(Raw::of(module, &section)),
            Payload::GlobalSection(section) => {
                sections.globals = Some(Raw::of(module, &section));
                for global in section {
                    interior.globals.push(global?.ty.try_into()?);
                }
            }
            Payload::StartSection { func, .. } => sections.start = Some(func),
            Payload::ElementSection(section) => {
                for element in section {
                    sections.elements.push(element?);
                }
            }
            Payload::DataCountSection { .. } => sections.data_count = true,
            Payload::DataSection(section) => {
                for data in section {
                    sections.data.push(data?);
                }
            }
            Payload::CodeSectionEntry(body) => sections.bodies.push(body),
            _ => {}
        }
    }
    Ok((sections, interior))
}

fn val_types(types: &[wasmparser::ValType]) -> Result<Vec<ValType>, Unfit> {
    types.iter().map(|ty| ValType::try_from(*ty).map_err(Unfit::from)).collect()
}

fn limit_tables(sections: &Sections<'_>, interior: &mut Interior, draw: &mut Draw) -> Result<TableSection, Unfit> {
    let mut tables = TableSection::new();
    for table in &sections.tables {
        let mut ty = TableType::try_from(table.ty)?;
        let (low, high) = draw.weighted(&[((0, 0), 1), ((1, 1), 2), ((2, 10), 8), ((2, 40), 8)]);
        ty.minimum = draw.between(low, high).into();
        ty.maximum = Some(ty.minimum + draw.pick(&[0, 1, 7, 60]));
        match &table.init {
            TableInit::RefNull => tables.table(ty),
            TableInit::Expr(init) => tables.table_with_init(ty, &expression(init)?),
        };
        interior.tables.push(ty);
    }
    Ok(tables)
}

fn limit_memories(sections: &Sections<'_>, interior: &mut Interior, draw: &mut Draw) -> MemorySection {
    let mut memories = MemorySection::new();
    for memory in &sections.memories {
        let mut ty = *memory;
        ty.minimum = draw.weighted(&[(0, 3), (1, 75), (2, 17), (3, 5)]);
        ty.maximum = Some((ty.minimum + u64::from(draw.below(3))).max(1));
        memories.memory(ty);
        interior.memories.push(ty);
    }
    memories
}

/// A constant expression of the module, without the `end` that the encoder puts behind it.
fn expression(expr: &wasmparser::ConstExpr<'_>) -> Result<ConstExpr, Unfit> {
    let mut reader = expr.get_binary_reader();
    let bytes = reader.read_bytes(reader.bytes_remaining())?;
    Ok(ConstExpr::raw(bytes.strip_suffix(&[0x0b]).unwrap_or(bytes).iter().copied()))
}

/// Whether a segment's place is left as it is, at the risk that instantiation traps.
fn leave_offset(style: &Style, draw: &mut Draw) -> bool {
    match style.guard {
        Guard::Exact | Guard::Sites(100) => false,
        Guard::Sites(_) => draw.percent(5),
    }
}

/// An offset at which `len` items fit into `room`.
fn offset(wide: bool, room: u64, len: u32, draw: &mut Draw) -> ConstExpr {
    let last = room.saturating_sub(u64::from(len)) as u32;
    let place = match draw.below(4) {
        0 => 0,
        1 => last,
        2 => draw.below(last.min(256) + 1),
        _ => draw.below(last + 1),
    };
    if wide { ConstExpr::i64_const(i64::from(place)) } else { ConstExpr::i32_const(place.cast_signed()) }
}

fn fill_elements(
    sections: &Sections<'_>,
    interior: &mut Interior,
    indirect: Option<&Indirect>,
    style: &Style,
    draw: &mut Draw,
) -> Result<ElementSection, Unfit> {
    let mut section = ElementSection::new();
    for element in &sections.elements {
        let mut wanted = draw.pick(&[0, 1, 2, 4, 8, 16]);
        let (mode, left) = match &element.kind {
            ElementKind::Passive => (None, true),
            ElementKind::Declared => (None, false),
            ElementKind::Active { table_index, offset_expr } => {
                let table = interior.tables.get(table_index.unwrap_or(0) as usize).ok_or(Unfit)?;
                let place = if leave_offset(style, draw) {
                    expression(offset_expr)?
                } else {
                    wanted = wanted.min(table.minimum as u32);
                    offset(table.table64, table.minimum, wanted, draw)
                };
                (Some((*table_index, place)), false)
            }
        };
        let functions: Vec<u32> = (0..wanted).map(|_| draw.below(count(&interior.functions))).collect();
        let nulls: Vec<ConstExpr>;
        let elements = match &element.items {
            ElementItems::Functions(_) if interior.functions.is_empty() => Elements::Functions([].as_slice().into()),
            ElementItems::Functions(_) => Elements::Functions(functions.as_slice().into()),
            ElementItems::Expressions(ty, _) => {
                let ty = wasm_encoder::RefType::try_from(*ty)?;
                nulls = functions
                    .iter()
                    .map(|function| {
                        if ty == wasm_encoder::RefType::FUNCREF && !interior.functions.is_empty() && draw.percent(75) {
                            ConstExpr::ref_func(*function)
                        } else {
                            ConstExpr::ref_null(ty.heap_type)
                        }
                    })
                    .collect();
                Elements::Expressions(ty, nulls.as_slice().into())
            }
        };
        let mode = match (&mode, &element.kind) {
            (Some((table, offset)), _) => ElementMode::Active { table: *table, offset },
            (None, ElementKind::Declared) => ElementMode::Declared,
            (None, _) => ElementMode::Passive,
        };
        interior.element_types.push(match &element.items {
            ElementItems::Functions(_) => wasm_encoder::RefType::FUNCREF,
            ElementItems::Expressions(ty, _) => wasm_encoder::RefType::try_from(*ty)?,
        });
        section.segment(ElementSegment { mode, elements });
        interior.elements.push(if left { wanted } else { 0 });
    }
    if let Some(indirect) = indirect {
        let zero = if interior.tables[indirect.table as usize].table64 {
            ConstExpr::i64_const(0)
        } else {
            ConstExpr::i32_const(0)
        };
        let table = if indirect.table == 0 { None } else { Some(indirect.table) };
        section.active(table, &zero, Elements::Functions(indirect.slots.as_slice().into()));
    }
    Ok(section)
}

fn fill_data(
    sections: &Sections<'_>,
    interior: &mut Interior,
    style: &Style,
    draw: &mut Draw,
) -> Result<DataSection, Unfit> {
    let mut section = DataSection::new();
    for data in &sections.data {
        let mut content = vec![0; draw.pick(&[0, 1, 4, 16, 16, 64, 200]) as usize];
        match draw.below(3) {
            // Small numbers, which are addresses and indices where they are loaded.
            0 => content.iter_mut().for_each(|byte| *byte = draw.pick(&[0, 0, 1, 2, 8, 0x7f, 0x80, 0xff])),
            _ => draw.fill(&mut content),
        }
        match &data.kind {
            DataKind::Passive => {
                interior.data.push(count(&content));
                section.segment(DataSegment { mode: DataSegmentMode::Passive, data: content });
            }
            DataKind::Active { memory_index, offset_expr } => {
                let memory = interior.memories.get(*memory_index as usize).ok_or(Unfit)?;
                let room = memory.minimum * PAGE;
                let place = if leave_offset(style, draw) {
                    expression(offset_expr)?
                } else {
                    content.truncate(room as usize);
                    offset(memory.memory64, room, count(&content), draw)
                };
                interior.data.push(0);
                let mode = DataSegmentMode::Active { memory_index: *memory_index, offset: &place };
                section.segment(DataSegment { mode, data: content });
            }
        }
    }
    Ok(section)
}

/// The wrappers, written and typed.
#[derive(Default)]
struct Wrappers {
    list: Vec<Wrapper>,
    types: Vec<u8>,
    types_count: u32,
    functions: Vec<u8>,
}

impl Wrappers {
    fn write(interior: &Interior, fuel: u32, style: &Style, draw: &mut Draw, code: &mut CodeSection) -> Self {
        let mut wrappers = Self::default();
        let mut new_types: Vec<Signature> = Vec::new();
        let mut callees: Vec<u32> = (interior.functions_imported..count(&interior.functions)).collect();
        draw.shuffle(&mut callees);
        // A function that takes nothing has one answer for each state: it is called where others are few.
        callees.sort_by_key(|callee| interior.signature(*callee).is_none_or(|ty| ty.params.is_empty()));
        let mutable: Vec<(u32, ValType)> = (0..)
            .zip(&interior.globals)
            .filter(|(_, global)| global.mutable && !global.shared)
            .map(|(index, global)| (index, global.val_type))
            .collect();
        for callee in callees.into_iter().take(draw.between(5, WRAPPERS_MAX) as usize) {
            let Some(inner) = interior.signature(callee) else { continue };
            let Some(params) = inner.params.iter().map(|ty| model_type(*ty)).collect::<Option<Vec<_>>>() else {
                continue;
            };
            let room = if style.features.contains(Feature::MultiValue) { 2 } else { 1 - inner.results.len().min(1) };
            let wanted = match draw.below(10) {
                0 => 0,
                choice if inner.results.is_empty() => room.min(1 + choice as usize % 2),
                choice => room.min(choice as usize % 3),
            };
            let mut seen: Vec<(u32, ValType)> = Vec::new();
            for _ in 0..wanted.min(mutable.len()) {
                // The last globals are those that wasm-smith drops values into.
                let tail = mutable.len().min(4);
                let from = if draw.percent(50) { mutable.len() - tail } else { 0 };
                let global = mutable[from + draw.position(mutable.len() - from)];
                if !seen.contains(&global) {
                    seen.push(global);
                }
            }
            let outer = Signature {
                params: inner.params.clone(),
                results: inner.results.iter().copied().chain(seen.iter().map(|(_, ty)| *ty)).collect(),
            };
            let old = interior.types.iter().position(|ty| ty.as_ref() == Some(&outer));
            let index = old.unwrap_or_else(|| {
                let known = new_types.iter().position(|ty| *ty == outer).unwrap_or_else(|| {
                    wasm_encoder::FuncType::new(outer.params.iter().copied(), outer.results.iter().copied())
                        .encode_into(&mut wrappers.types);
                    new_types.push(outer.clone());
                    new_types.len() - 1
                });
                interior.types.len() + known
            });
            (index as u32).encode(&mut wrappers.functions);

            let mut body = vec![0]; // no locals
            let mut sink = InstructionSink::new(&mut body);
            sink.i32_const(style.fuel).global_set(fuel);
            for param in 0..count(&inner.params) {
                sink.local_get(param);
            }
            sink.call(callee);
            for (global, _) in &seen {
                sink.global_get(*global);
            }
            sink.end();
            code.raw(&body);
            let mut export = String::from("call");
            let _ = write!(export, "{}", wrappers.list.len());
            wrappers.list.push(Wrapper { export, params });
        }
        wrappers.types_count = count(&new_types);
        wrappers
    }
}

trait EncodeInto {
    fn encode_into(&self, bytes: &mut Vec<u8>);
}

impl EncodeInto for wasm_encoder::FuncType {
    /// The form of a final function type without supertypes, alone in its group.
    fn encode_into(&self, bytes: &mut Vec<u8>) {
        bytes.push(0x60);
        self.params().encode(bytes);
        self.results().encode(bytes);
    }
}

/// A type of parameter for which a plan can write values.
/// The type as plans know it, if they have values of it.
pub(crate) fn model_of(ty: wasmparser::ValType) -> Option<wassay_model::ValType> {
    model_type(ValType::try_from(ty).ok()?)
}

fn model_type(ty: ValType) -> Option<wassay_model::ValType> {
    use wasm_encoder::{AbstractHeapType as Abstract, HeapType};
    use wassay_model::{HeapType as Heap, Nullability, RefType, ValType as Model};
    Some(match ty {
        ValType::I32 => Model::I32,
        ValType::I64 => Model::I64,
        ValType::F32 => Model::F32,
        ValType::F64 => Model::F64,
        ValType::V128 => Model::V128,
        ValType::Ref(reference) => {
            let heap = match reference.heap_type {
                HeapType::Abstract { shared: false, ty: Abstract::Extern } => Heap::Extern,
                HeapType::Abstract { shared: false, ty: Abstract::Func } => Heap::Func,
                HeapType::Abstract { shared: false, ty: Abstract::Any } => Heap::Any,
                HeapType::Abstract { shared: false, ty: Abstract::Eq } => Heap::Eq,
                HeapType::Abstract { shared: false, ty: Abstract::I31 } => Heap::I31,
                // Only null can be written for all others.
                _ if reference.nullable => Heap::None,
                _ => return None,
            };
            let nullability = if reference.nullable { Nullability::Nullable } else { Nullability::NonNull };
            if heap == Heap::Func && nullability == Nullability::NonNull {
                return None;
            }
            Model::Ref(RefType { nullability, heap })
        }
    })
}

/// Exports what the module defines; what it imports is exported by the companion. Returns the globals'
/// names.
fn write_exports(
    new: &mut Module,
    sections: &Sections<'_>,
    interior: &Interior,
    fuel: u32,
    wrappers: &[Wrapper],
) -> Vec<String> {
    let mut exports = ExportSection::new();
    let mut name = String::new();
    let mut named = |letter: char, index: u32| -> String {
        name.clear();
        let _ = write!(name, "{letter}{index}");
        name.clone()
    };
    for (position, wrapper) in (0..).zip(wrappers) {
        exports.export(&wrapper.export, ExportKind::Func, count(&interior.functions) + position);
    }
    for index in interior.functions_imported..count(&interior.functions) {
        exports.export(&named('f', index), ExportKind::Func, index);
    }
    for index in sections.tables_imported..count(&interior.tables) {
        exports.export(&named('t', index), ExportKind::Table, index);
    }
    for index in sections.memories_imported..count(&interior.memories) {
        exports.export(&named('m', index), ExportKind::Memory, index);
    }
    let mut globals = Vec::new();
    for index in sections.globals_imported..count(&interior.globals) {
        let name = named('g', index);
        exports.export(&name, ExportKind::Global, index);
        globals.push(name);
    }
    exports.export("fuel", ExportKind::Global, fuel);
    new.section(&exports);
    globals
}
