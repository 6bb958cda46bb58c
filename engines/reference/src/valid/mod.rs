//! Chapter 3 of the standard: which modules are valid.
//!
//! [`validate`] answers for a whole module at once and gives lowering what it learned, as [`Validated`]. It knows no
//! limits: what is too large for us, the decoder has refused. It doesn't recurse.

mod body;
mod context;
mod notes;
mod ty;
pub mod types;

use std::collections::HashSet;
use std::fmt;

use wassay_model::{Feature, Features};

use self::body::Body;
use self::context::{Check, Context, GlobalShape, TableShape, invalid};
pub use self::notes::{FuncNotes, Note, Operand, Validated};
use self::ty::Ty;
use crate::syntax::{
    AddrType, CompType, DataIdx, DataMode, ElemIdx, ElemInit, ElemMode, ExternIdx, ExternType, Finality, FuncIdx,
    GlobalIdx, GlobalType, HeapType, Instr, Limits, MemIdx, MemType, Module, Mutability, RefType, Sharing, StorageType,
    SubType, TableIdx, TableType, TagIdx, TypeIdx, ValType,
};

/// A module is not valid.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("invalid {place}: {why}")]
pub struct Invalid {
    /// Which part of the module.
    pub place: Place,
    /// What was expected and what was found.
    pub why: String,
}

/// A part of a module.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// The module as a whole.
    Module,
    /// A type.
    Type(TypeIdx),
    /// An import, counted from 0.
    Import(u32),
    /// A function.
    Func(FuncIdx),
    /// An instruction of a function, counted from 0.
    Instr(FuncIdx, u32),
    /// A table.
    Table(TableIdx),
    /// A memory.
    Mem(MemIdx),
    /// A tag.
    Tag(TagIdx),
    /// A global.
    Global(GlobalIdx),
    /// An export, counted from 0.
    Export(u32),
    /// The start function.
    Start,
    /// An element segment.
    Elem(ElemIdx),
    /// A data segment.
    Data(DataIdx),
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Module => f.write_str("module"),
            Self::Type(index) => write!(f, "type {index}"),
            Self::Import(index) => write!(f, "import {index}"),
            Self::Func(index) => write!(f, "function {index}"),
            Self::Instr(index, at) => write!(f, "function {index}, instruction {at}"),
            Self::Table(index) => write!(f, "table {index}"),
            Self::Mem(index) => write!(f, "memory {index}"),
            Self::Tag(index) => write!(f, "tag {index}"),
            Self::Global(index) => write!(f, "global {index}"),
            Self::Export(index) => write!(f, "export {index}"),
            Self::Start => f.write_str("start"),
            Self::Elem(index) => write!(f, "element segment {index}"),
            Self::Data(index) => write!(f, "data segment {index}"),
        }
    }
}

impl Invalid {
    #[cold]
    fn at(mut self: Box<Self>, place: Place) -> Box<Self> {
        if self.place == Place::Module {
            self.place = place;
        }
        self
    }
}

/// Validates a module (section 3.5 Modules). A construct whose feature is not in `features` is invalid, where the decoder
/// has not already refused it. The module has to be as [`crate::binary::decode`] makes them: within its limits, groups
/// that add up, every `end` in its place.
///
/// # Errors
/// The first violation that is found.
pub fn validate(module: &Module, features: Features) -> Result<Validated, Invalid> {
    check(module, features).map_err(|error| *error)
}

fn check(module: &Module, features: Features) -> Check<Validated> {
    let mut context = Context::new(module, features);
    check_types(&mut context, module)?;
    context.make_shapes();

    // Imports come first in every index space.
    for (index, import) in (0..).zip(&module.imports) {
        check_import(&mut context, import.ty).map_err(|error| error.at(Place::Import(index)))?;
    }
    let imported_funcs = context.funcs.len();
    let imported_globals = context.globals.len();
    for func in &module.funcs {
        let place = Place::Func(FuncIdx(context.funcs.len() as u32));
        context.shape(func.ty).map_err(|error| error.at(place))?;
        context.funcs.push(func.ty);
    }
    declare_funcs(&mut context, module);

    // 3.5 Modules: constant expressions see imported globals and, with GC, those before them.
    let mut body = Body::default();
    context.visible_globals = imported_globals;
    for table in &module.tables {
        let place = Place::Table(TableIdx(context.tables.len() as u32));
        check_table(&mut context, &mut body, table.ty, table.init.as_deref()).map_err(|error| error.at(place))?;
    }
    for mem in &module.mems {
        let place = Place::Mem(MemIdx(context.mems.len() as u32));
        check_mem(&context, mem).map_err(|error| error.at(place))?;
        context.mems.push(*mem);
    }
    check_counts(&context)?;
    for tag in &module.tags {
        let place = Place::Tag(TagIdx(context.tags.len() as u32));
        check_tag(&mut context, *tag).map_err(|error| error.at(place))?;
    }
    for global in &module.globals {
        let place = Place::Global(GlobalIdx(context.globals.len() as u32));
        let shape = check_global(&context, global.ty).map_err(|error| error.at(place))?;
        body.constant(&mut context, &global.init, shape.val).map_err(|error| error.at(place))?;
        context.globals.push(shape);
        if features.contains(Feature::Gc) {
            context.visible_globals = context.globals.len();
        }
    }
    check_exports(&context, module)?;
    if let Some(start) = module.start {
        check_start(&context, start).map_err(|error| error.at(Place::Start))?;
    }
    // Bodies may name any segment, so the segments' types come before the segments themselves.
    for (index, elem) in (0..).zip(&module.elems) {
        let place = Place::Elem(ElemIdx(index));
        let ty = context.ref_type(elem.ty).map_err(|error| error.at(place))?;
        context.elems.push(Ty::of_ref(ty));
    }
    for (index, elem) in (0..).zip(&module.elems) {
        let place = Place::Elem(ElemIdx(index));
        let ty = context.elems[index as usize];
        check_elem(&mut context, &mut body, ty, elem).map_err(|error| error.at(place))?;
    }
    for (index, data) in (0..).zip(&module.datas) {
        let place = Place::Data(DataIdx(index));
        check_data(&mut context, &mut body, &data.mode).map_err(|error| error.at(place))?;
    }

    let mut funcs = Vec::with_capacity(module.funcs.len());
    for (index, func) in (imported_funcs as u32..).zip(&module.funcs) {
        let shape = context.shape(func.ty)?;
        let notes = body
            .func(&mut context, func, shape)
            .map_err(|error| error.at(Place::Instr(FuncIdx(index), body.at as u32)))?;
        funcs.push(notes);
    }
    Ok(Validated { interner: context.interner, type_ids: context.type_ids, funcs })
}

// 3.2 and 3.5 Types.

fn check_types(context: &mut Context<'_>, module: &Module) -> Check {
    for (first, group) in module.groups() {
        // Before GC brought recursion, a type could name only those before it.
        let bound = if context.has(Feature::Gc) { first.0 + group.len() as u32 } else { first.0 };
        for (index, ty) in (first.0..).zip(group) {
            let index = TypeIdx(index);
            check_indices(context, index, ty, bound).map_err(|error| error.at(Place::Type(index)))?;
        }
        context.interner.intern_group(group, &mut context.type_ids);
        for (index, ty) in (first.0..).zip(group) {
            let index = TypeIdx(index);
            check_supertype(context, index, ty).map_err(|error| error.at(Place::Type(index)))?;
        }
    }
    Ok(())
}

/// What a type names lies in its own group or before; its supertype lies before the type itself.
fn check_indices(context: &Context<'_>, index: TypeIdx, ty: &SubType, bound: u32) -> Check {
    let check = |ty: &ValType| match ty {
        ValType::Ref(RefType { heap: HeapType::Concrete(named), .. }) if *named >= bound => {
            Err(invalid(format!("unknown type {named}")))
        }
        _ => Ok(()),
    };
    let check_storage = |storage: StorageType| check(&storage.unpacked());
    match ty.supers.as_slice() {
        [] => {}
        [parent] if parent.0 < index.0 => {}
        [parent] => return Err(invalid(format!("unknown type {parent}: a supertype must come before"))),
        _ => return Err(invalid("sub type: more than one supertype")),
    }
    match &ty.comp {
        CompType::Func(func) => {
            func.params.iter().chain(&func.results).try_for_each(check)?;
            if func.results.len() > 1 && !context.has(Feature::MultiValue) {
                return Err(invalid("invalid result arity: more than one result needs the feature multi-value"));
            }
            Ok(())
        }
        CompType::Struct(fields) => fields.iter().try_for_each(|field| check_storage(field.storage)),
        CompType::Array(field) => check_storage(field.storage),
    }
}

/// 3.2 Subtypes: a subtype's structure matches that of its supertype, which is not final.
fn check_supertype(context: &Context<'_>, index: TypeIdx, ty: &SubType) -> Check {
    let [parent] = ty.supers.as_slice() else {
        return Ok(());
    };
    let sup = context.interner.get(context.type_id(*parent)?);
    let sub = context.interner.get(context.type_id(index)?);
    if sup.finality == Finality::Final {
        return Err(invalid(format!("sub type: the supertype {parent} is final")));
    }
    if !context.interner.comp_matches(&sub.comp, &sup.comp) {
        return Err(invalid(format!("sub type: does not match its supertype {parent}")));
    }
    Ok(())
}

// 3.2 External types, 3.5 imports.

fn check_import(context: &mut Context<'_>, ty: ExternType) -> Check {
    match ty {
        ExternType::Func(ty) => {
            context.shape(ty)?;
            context.funcs.push(ty);
        }
        ExternType::Table(ty) => {
            let shape = check_table_type(context, ty)?;
            context.tables.push(shape);
        }
        ExternType::Mem(ty) => {
            check_mem(context, &ty)?;
            context.mems.push(ty);
        }
        ExternType::Global(ty) => {
            if ty.mutability == Mutability::Var && !context.has(Feature::MutableGlobal) {
                return Err(invalid("a mutable global cannot be imported without the feature mutable-global"));
            }
            let shape = check_global(context, ty)?;
            context.globals.push(shape);
        }
        ExternType::Tag(ty) => check_tag(context, ty)?,
    }
    Ok(())
}

/// 3.2 Limits: sizes lie in a range of `bound` units.
fn check_limits(limits: Limits, bound: u64, what: &str) -> Check {
    if limits.min > bound || limits.max.is_some_and(|max| max > bound) {
        return Err(invalid(format!("{what} must be at most {bound}")));
    }
    match limits.max {
        Some(max) if max < limits.min => {
            Err(invalid(format!("size minimum must not be greater than maximum: {} > {max}", limits.min)))
        }
        _ => Ok(()),
    }
}

/// 3.2 Memory types, and the proposals for threads and custom page sizes.
fn check_mem(context: &Context<'_>, ty: &MemType) -> Check {
    match ty.page_log2 {
        16 => {}
        0 if context.has(Feature::CustomPageSizes) => {}
        log2 => return Err(invalid(format!("invalid custom page size 2^{log2}"))),
    }
    // The size in bytes is at most 2^32 or 2^64; with pages of one byte, the number of pages has to be an address, too.
    let (bits, greatest) = match ty.addr {
        AddrType::I32 => (32, u64::from(u32::MAX)),
        AddrType::I64 => (64, u64::MAX),
    };
    let bound = 1u64.checked_shl(bits - u32::from(ty.page_log2)).unwrap_or(u64::MAX).min(greatest);
    check_limits(ty.limits, bound, "memory size in pages")?;
    if ty.sharing == Sharing::Shared && ty.limits.max.is_none() {
        return Err(invalid("shared memory must have maximum"));
    }
    Ok(())
}

/// 3.2 Table types.
fn check_table_type(context: &Context<'_>, ty: TableType) -> Check<TableShape> {
    let elem = Ty::of_ref(context.ref_type(ty.elem)?);
    let bound = match ty.addr {
        AddrType::I32 => u64::from(u32::MAX),
        AddrType::I64 => u64::MAX,
    };
    check_limits(ty.limits, bound, "table size")?;
    Ok(TableShape { addr: Ty::of(ty.addr.val()), elem })
}

/// 3.2 Global types.
fn check_global(context: &Context<'_>, ty: GlobalType) -> Check<GlobalShape> {
    Ok(GlobalShape { mutability: ty.mutability, val: context.val_type(ty.val)? })
}

/// 3.2 Tag types.
fn check_tag(context: &mut Context<'_>, ty: TypeIdx) -> Check {
    let shape = context.shape(ty)?;
    if shape.results.len != 0 {
        return Err(invalid("non-empty tag result type"));
    }
    context.tags.push(shape);
    Ok(())
}

/// What several tables and memories need.
fn check_counts(context: &Context<'_>) -> Check {
    if context.tables.len() > 1 && !context.has(Feature::ReferenceTypes) {
        return Err(invalid("multiple tables need the feature reference-types"));
    }
    if context.mems.len() > 1 && !context.has(Feature::MultiMemory) {
        return Err(invalid("multiple memories need the feature multi-memory"));
    }
    Ok(())
}

/// 3.5 Tables.
fn check_table(context: &mut Context<'_>, body: &mut Body, ty: TableType, init: Option<&[Instr]>) -> Check {
    let shape = check_table_type(context, ty)?;
    match init {
        Some(init) => body.constant(context, init, shape.elem)?,
        None if shape.elem.is_defaultable() => {}
        None => return Err(invalid("type mismatch: a table of non-null references needs an initial value")),
    }
    context.tables.push(shape);
    Ok(())
}

/// 3.5 Modules: the functions that are named anywhere but in bodies and by `start`.
fn declare_funcs(context: &mut Context<'_>, module: &Module) {
    let mut declared = vec![false; context.funcs.len()];
    let mut declare = |func: FuncIdx| {
        if let Some(slot) = declared.get_mut(func.at()) {
            *slot = true;
        }
    };
    let mut declare_expr = |expr: &[Instr]| {
        for instr in expr {
            if let Instr::RefFunc(func) = instr {
                declare(*func);
            }
        }
    };
    for table in &module.tables {
        declare_expr(table.init.as_deref().unwrap_or(&[]));
    }
    for global in &module.globals {
        declare_expr(&global.init);
    }
    for elem in &module.elems {
        if let ElemMode::Active { offset, .. } = &elem.mode {
            declare_expr(offset);
        }
        if let ElemInit::Exprs(exprs) = &elem.init {
            exprs.iter().for_each(|expr| declare_expr(expr));
        }
    }
    for data in &module.datas {
        if let DataMode::Active { offset, .. } = &data.mode {
            declare_expr(offset);
        }
    }
    for elem in &module.elems {
        if let ElemInit::Funcs(funcs) = &elem.init {
            funcs.iter().copied().for_each(&mut declare);
        }
    }
    for export in &module.exports {
        if let ExternIdx::Func(func) = export.index {
            declare(func);
        }
    }
    context.declared = declared;
}

/// 3.5 Exports, and modules: names are unique.
fn check_exports(context: &Context<'_>, module: &Module) -> Check {
    for (index, export) in (0..).zip(&module.exports) {
        check_export(context, export.index).map_err(|error| error.at(Place::Export(index)))?;
    }
    let names = || (0..).zip(module.exports.iter().map(|export| export.name.as_str()));
    let duplicate = if module.exports.len() <= 8 {
        names().find(|(index, name)| names().take(*index as usize).any(|(_, other)| other == *name))
    } else {
        let mut seen = HashSet::with_capacity(module.exports.len());
        names().find(|(_, name)| !seen.insert(*name))
    };
    match duplicate {
        Some((index, name)) => Err(invalid(format!("duplicate export name {name:?}")).at(Place::Export(index))),
        None => Ok(()),
    }
}

fn check_export(context: &Context<'_>, index: ExternIdx) -> Check {
    match index {
        ExternIdx::Func(index) => context.func(index).map(|_| ()),
        ExternIdx::Table(index) => context.table(index).map(|_| ()),
        ExternIdx::Mem(index) => context.mem(index).map(|_| ()),
        ExternIdx::Tag(index) => context.tag(index).map(|_| ()),
        ExternIdx::Global(index) => {
            let shape = context.global(index)?;
            if shape.mutability == Mutability::Var && !context.has(Feature::MutableGlobal) {
                return Err(invalid("a mutable global cannot be exported without the feature mutable-global"));
            }
            Ok(())
        }
    }
}

/// 3.5 The start function.
fn check_start(context: &Context<'_>, start: FuncIdx) -> Check {
    let shape = context.shape(context.func(start)?)?;
    if shape.params.len == 0 && shape.results.len == 0 {
        Ok(())
    } else {
        Err(invalid("the start function takes and returns nothing"))
    }
}

/// 3.5 Element segments.
fn check_elem(context: &mut Context<'_>, body: &mut Body, ty: Ty, elem: &crate::syntax::Elem) -> Check {
    if let ElemMode::Active { table, offset } = &elem.mode {
        let table = context.table(*table)?;
        if !context.matches(ty, table.elem) {
            return Err(invalid(format!(
                "type mismatch: the table holds {}, the segment {}",
                context.show(table.elem),
                context.show(ty)
            )));
        }
        body.constant(context, offset, table.addr)?;
    }
    match &elem.init {
        ElemInit::Funcs(funcs) => funcs.iter().try_for_each(|func| context.func(*func).map(|_| ())),
        ElemInit::Exprs(exprs) => exprs.iter().try_for_each(|expr| body.constant(context, expr, ty)),
    }
}

/// 3.5 Data segments.
fn check_data(context: &mut Context<'_>, body: &mut Body, mode: &DataMode) -> Check {
    match mode {
        DataMode::Passive => Ok(()),
        DataMode::Active { mem, offset } => {
            let addr = context.mem_addr(*mem)?;
            body.constant(context, offset, addr)
        }
    }
}
