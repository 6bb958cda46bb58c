//! The driver of a module: what invokes its functions, and looks at its globals, memories and tables.

use std::collections::HashMap;
use std::sync::Arc;

use wasm_encoder::{BlockType, Catch, ValType as Out};
use wasmparser::{AbstractHeapType, HeapType, ValType};
use wassay_adapter::limits::ELEMENTS_MAX;
use wassay_model::{Capture, Feature, Features, Ref, Value};

use crate::build::{Builder, Code, Hierarchy, Identify, Place, Source, out, out_heap, word_at};
use crate::caller::{Caller, Callers};
use crate::fixed::{Pages, reader};
use crate::layout::{CROSSING_BYTES_MAX, NO_MORE, SLOT, kind};
use crate::read::{Entity, Export, Module, Signature};
use crate::slot::Shape;
use crate::{Builtin, FRAME, Number, Referent, Worker};

/// What a plan wants of the instances of a module.
#[derive(Debug, Default)]
pub(crate) struct Wants {
    /// Functions that are invoked, with the kinds of references that are passed, by parameter.
    pub(crate) funcs: Vec<(Arc<str>, Vec<RefArgs>)>,
    /// Their positions: a plan may invoke hundreds, over and over.
    positions: HashMap<Arc<str>, usize>,
    /// Globals that are read.
    pub(crate) gets: Vec<Arc<str>>,
    /// Whether the state is looked at.
    pub(crate) state: bool,
    /// Whether the case may have structures and arrays.
    pub(crate) has_objects: bool,
}

/// The kinds of references that are passed as an argument.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct RefArgs {
    null: bool,
    host: bool,
    i31: bool,
}

impl RefArgs {
    /// Adds the kind of an argument.
    pub(crate) const fn add(&mut self, arg: Value) {
        match arg {
            Value::Ref(Ref::Extern(_)) => self.host = true,
            Value::Ref(Ref::I31(_)) => self.i31 = true,
            Value::Ref(_) => self.null = true,
            _ => {}
        }
    }
}

impl Wants {
    /// The position of a function among those that are invoked, with these arguments taken into account.
    pub(crate) fn func(&mut self, name: &str, args: &[Value]) -> usize {
        let position = self.positions.get(name).copied().unwrap_or_else(|| {
            let name: Arc<str> = name.into();
            self.positions.insert(Arc::clone(&name), self.funcs.len());
            self.funcs.push((name, vec![RefArgs::default(); args.len()]));
            self.funcs.len() - 1
        });
        self.funcs[position].1.iter_mut().zip(args).for_each(|(kinds, arg)| kinds.add(*arg));
        position
    }

    /// The position of a global among those that are read.
    pub(crate) fn get(&mut self, name: &str) -> usize {
        self.gets.iter().position(|known| **known == *name).unwrap_or_else(|| {
            self.gets.push(name.into());
            self.gets.len() - 1
        })
    }
}

/// A driver, and how to read what it leaves.
#[derive(Debug)]
pub(crate) struct Driver {
    pub(crate) bytes: Arc<[u8]>,
    pub(crate) sources: Vec<Source>,
    /// The memories that need an eye, each by the name of an export.
    pub(crate) eyes: Vec<(Arc<str>, Pages)>,
    /// By position in [`Wants::funcs`]; or why the function cannot be invoked.
    pub(crate) funcs: Vec<Result<Callee, &'static str>>,
    /// By position in [`Wants::gets`].
    pub(crate) gets: Vec<Result<Shape, &'static str>>,
    /// What a look at the state leaves, in order.
    pub(crate) state: Arc<[Item]>,
    /// How the worker is asked for each of it, where it looks by itself.
    pub(crate) glances: Vec<Ask>,
    /// Whether the module has any function that is called.
    pub(crate) is_idle: bool,
}

impl Driver {
    /// The callers that invoke functions in its stead, each once.
    pub(crate) fn kept(&self) -> impl Iterator<Item = &Caller> {
        let mut seen = Vec::new();
        self.funcs.iter().filter_map(move |callee| match &callee.as_ref().ok()?.of {
            CallerOf::Kept(caller) if !seen.contains(&caller.instance) => {
                seen.push(caller.instance);
                Some(&**caller)
            }
            _ => None,
        })
    }
}

/// How a worker is asked for an export.
#[derive(Debug)]
pub(crate) enum Ask {
    Memory,
    Number(Number, i32),
    Reference(Referent),
    Table(Referent),
    /// For this function of the driver.
    Driver(Arc<str>),
}

/// The function that invokes one of the instance, and what it leaves.
#[derive(Clone, Debug)]
pub(crate) struct Callee {
    pub(crate) of: CallerOf,
    pub(crate) func: Arc<str>,
    pub(crate) crossing: Arc<Crossing>,
}

/// Whose function it is.
#[derive(Clone, Debug)]
pub(crate) enum CallerOf {
    /// The driver's.
    Driver,
    /// A caller's, which the worker keeps.
    Kept(Arc<Caller>),
}

/// What a function leaves.
#[derive(Debug)]
pub(crate) struct Crossing {
    pub(crate) results: Vec<Shape>,
    /// The payloads of the exceptions that are told apart. Where there are any, a word comes first: 0 where the
    /// function returned, else the position here and one.
    pub(crate) payloads: Vec<Vec<Shape>>,
}

/// An export that is looked at.
#[derive(Clone, Debug)]
pub(crate) struct Item {
    pub(crate) name: Arc<str>,
    pub(crate) look: Look,
}

/// What it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Look {
    Memory,
    Global(Shape),
    Table,
}

const TOO_WIDE: &str = "the function has more parameters or results than the frame can hold";
const UNKNOWN_TYPE: &str = "the type is of a proposal that drivers do not know";
const NO_HOST_VALUES: &str = "the worker cannot make host values";

/// Makes the driver of a module.
pub(crate) fn driver(
    module: &Module,
    wants: &Wants,
    capture: Capture,
    worker: &Worker,
    usable: Features,
    callers: &mut Callers,
) -> Driver {
    let mut builder = Builder::new(module, worker, usable);
    builder.import_memory(Source::Frame("mem"));
    let tags = tags(&mut builder);
    let returns_bytes = builder.own_type(&[], &[Out::I32]);
    let mut gets = Vec::with_capacity(wants.gets.len());
    for (position, name) in wants.gets.iter().enumerate() {
        let Some(Entity::Global(ty)) = module.export(name).map(|export| export.entity) else {
            gets.push(Err(UNKNOWN_TYPE));
            continue;
        };
        let mut code = Code::new(0);
        gets.push(match global(&mut builder, &mut code, name, ty, Place::At(FRAME.output)) {
            None => Err(UNKNOWN_TYPE),
            Some(shape) => {
                code.emit().i32_const(SLOT.cast_signed()).end();
                builder.define(format!("g{position}"), returns_bytes, code);
                Ok(shape)
            }
        });
    }
    let (mut eyes, mut items, mut glances) = (Vec::new(), Vec::new(), Vec::new());
    if wants.state && worker.looks {
        for (position, export) in module.exports.iter().enumerate() {
            if let Some((look, ask)) = glance(&mut builder, position, export, wants.has_objects) {
                items.push(Item { name: Arc::clone(&export.name), look });
                glances.push(ask);
            }
        }
    } else if wants.state {
        let code = state(&mut builder, capture, &mut eyes, &mut items);
        if !items.is_empty() {
            builder.define("state".to_owned(), returns_bytes, code);
        }
    }
    // Behind all tables that are imported.
    let mut funcs: Vec<Result<Callee, &'static str>> = Vec::with_capacity(wants.funcs.len());
    // Functions that call through the seat, by the type of what they call and what is passed.
    let mut seated: Vec<(u32, &[RefArgs], Callee)> = Vec::new();
    for (position, (name, args)) in wants.funcs.iter().enumerate() {
        let Some(Entity::Func(ty)) = module.export(name).map(|export| export.entity) else {
            funcs.push(Err(UNKNOWN_TYPE));
            continue;
        };
        let known = seated.iter().find(|(known, passed, _)| *known == ty && *passed == args.as_slice());
        if let Some((_, _, callee)) = known {
            funcs.push(Ok(callee.clone()));
            continue;
        }
        let kept = match module.signature(ty) {
            // What tells exceptions apart belongs to the instance.
            Some(signature) if tags.is_empty() => callers.of(signature, args, worker, usable),
            _ => None,
        };
        let made = match kept {
            Some(caller) => Ok(Callee {
                func: Arc::clone(&caller.func),
                crossing: Arc::clone(&caller.crossing),
                of: CallerOf::Kept(caller),
            }),
            None => {
                let through = if worker.seats { Through::Seat } else { Through::Import(name) };
                func(&mut builder, ty, through, args, &tags).map(|(code, crossing)| {
                    let func = format!("f{position}");
                    builder.define(func.clone(), returns_bytes, code);
                    Callee { of: CallerOf::Driver, func: func.into(), crossing: Arc::new(crossing) }
                })
            }
        };
        if let (true, Ok(callee)) = (worker.seats, &made) {
            seated.push((ty, args, callee.clone()));
        }
        funcs.push(made);
    }
    let is_idle = builder.defines_nothing();
    let (bytes, sources) = builder.finish();
    Driver { bytes, sources, eyes, funcs, gets, state: items.into(), glances, is_idle }
}

/// A tag whose exceptions are told apart.
pub(crate) struct Tag {
    index: u32,
    payload: Arc<Signature>,
}

/// The tags that the module exports, and those that it imports: what both sides of its calls can name.
fn tags(builder: &mut Builder<'_>) -> Vec<Tag> {
    let module = builder.module;
    if !builder.may(Feature::Exceptions) {
        return Vec::new();
    }
    let exported = module.exports.iter().map(|export| (Source::Own(Arc::clone(&export.name)), export.entity));
    let imported = module.imports.iter().enumerate().map(|(position, entity)| (Source::Import(position), *entity));
    let mut tags = Vec::new();
    for (source, entity) in exported.chain(imported) {
        let Entity::Tag(ty) = entity else { continue };
        let Some(payload) = module.signature(ty) else { continue };
        let fits = (payload.params.len() as u32).saturating_mul(SLOT) < CROSSING_BYTES_MAX - 8;
        if fits
            && payload.params.iter().all(|ty| builder.movable(*ty))
            && let Some(index) = builder.import_entity(source, entity)
        {
            tags.push(Tag { index, payload: Arc::clone(payload) });
        }
    }
    tags
}

/// How a function is reached.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Through<'a> {
    /// It is imported, by the name of an export.
    Import(&'a Arc<str>),
    /// It lies in the table. Nothing is imported, which engines make a stub for each time.
    Seat,
}

/// The function that invokes one of this type.
pub(crate) fn func(
    builder: &mut Builder<'_>,
    ty: u32,
    through: Through<'_>,
    args: &[RefArgs],
    tags: &[Tag],
) -> Result<(Code, Crossing), &'static str> {
    let module = builder.module;
    let signature = Arc::clone(module.signature(ty).ok_or(UNKNOWN_TYPE)?);
    if !signature.params.iter().chain(&signature.results).all(|ty| builder.movable(*ty)) {
        return Err(UNKNOWN_TYPE);
    }
    let widest = signature.params.len().max(signature.results.len());
    if widest >= (CROSSING_BYTES_MAX / SLOT) as usize {
        return Err(TOO_WIDE);
    }
    if args.iter().any(|arg| arg.host) && builder.builtin(Builtin::HostValue).is_none() {
        return Err(NO_HOST_VALUES);
    }
    let index = match through {
        Through::Import(name) => Some(builder.import_func(Source::Own(Arc::clone(name)), ty)),
        Through::Seat => None,
    };
    let mut code = Code::new(0);
    let results = out_types(&signature.results)?;
    for tag in tags {
        let block = block_type(builder, &tag.payload.params)?;
        code.emit().block(block);
    }
    if !tags.is_empty() {
        let block = block_type(builder, &signature.results)?;
        // The innermost block is the last tag's.
        let catches = (0..).zip(tags.iter().rev()).map(|(label, tag)| Catch::One { tag: tag.index, label });
        let catches: Vec<Catch> = catches.collect();
        code.emit().try_table(block, catches);
    }
    for ((position, ty), kinds) in (0..).zip(&signature.params).zip(args) {
        load(builder, &mut code, *ty, *kinds, FRAME.input + position * SLOT)?;
    }
    match index {
        Some(index) => _ = code.emit().call(index),
        None => {
            let seat = builder.seat();
            code.emit().i32_const(0).call_indirect(seat, ty);
        }
    }
    if !tags.is_empty() {
        code.emit().end();
    }
    leave(builder, &mut code, &signature.results, &results, (!tags.is_empty()).then_some(0));
    for (position, tag) in tags.iter().enumerate().rev() {
        code.emit().return_().end();
        let types = out_types(&tag.payload.params)?;
        leave(builder, &mut code, &tag.payload.params, &types, Some(position as u64 + 1));
    }
    code.emit().end();
    let shapes = |types: &[ValType]| types.iter().map(|ty| Shape::from(*ty)).collect();
    let payloads = tags.iter().map(|tag| shapes(&tag.payload.params)).collect();
    Ok((code, Crossing { results: shapes(&signature.results), payloads }))
}

fn out_types(types: &[ValType]) -> Result<Vec<Out>, &'static str> {
    types.iter().map(|ty| out(*ty).ok_or(UNKNOWN_TYPE)).collect()
}

fn block_type(builder: &mut Builder<'_>, results: &[ValType]) -> Result<BlockType, &'static str> {
    Ok(match *out_types(results)?.as_slice() {
        [] => BlockType::Empty,
        [ty] => BlockType::Result(ty),
        ref types => BlockType::FunctionType(builder.own_type(&[], types)),
    })
}

/// Moves the values on the stack into the frame, behind a word that says what they are, and says how many bytes.
fn leave(builder: &mut Builder<'_>, code: &mut Code, types: &[ValType], outs: &[Out], status: Option<u64>) {
    let mut start = FRAME.output;
    let locals: Vec<u32> = outs.iter().map(|ty| code.local(*ty)).collect();
    for local in locals.iter().rev() {
        code.emit().local_set(*local);
    }
    if let Some(status) = status {
        code.emit().i32_const(0).i64_const(status.cast_signed()).i64_store(word_at(start));
        start += 8;
    }
    for ((position, ty), local) in (0..).zip(types).zip(locals) {
        builder.store(code, *ty, local, Place::At(start + position * SLOT), Identify::Yes);
    }
    let bytes = start - FRAME.output + types.len() as u32 * SLOT;
    code.emit().i32_const(bytes.cast_signed());
}

/// Puts an argument on the stack.
fn load(
    builder: &mut Builder<'_>,
    code: &mut Code,
    ty: ValType,
    kinds: RefArgs,
    address: u32,
) -> Result<(), &'static str> {
    let at = word_at(address);
    match ty {
        ValType::I32 => _ = code.emit().i32_const(0).i32_load(at),
        ValType::I64 => _ = code.emit().i32_const(0).i64_load(at),
        ValType::F32 => _ = code.emit().i32_const(0).f32_load(at),
        ValType::F64 => _ = code.emit().i32_const(0).f64_load(at),
        ValType::V128 => _ = code.emit().i32_const(0).v128_load(at),
        ValType::Ref(reference) => {
            let heap = reference.heap_type();
            let own = out(ty).ok_or(UNKNOWN_TYPE)?;
            let mut open = 0;
            let mut choices = [(kinds.null, kind::NULL), (kinds.host, kind::EXTERN), (kinds.i31, kind::I31)]
                .into_iter()
                .filter_map(|(passed, kind)| passed.then_some(kind))
                .peekable();
            while let Some(choice) = choices.next() {
                if choices.peek().is_some() {
                    code.emit().i32_const(0).i64_load(at).i64_const(choice.cast_signed()).i64_eq();
                    code.emit().if_(BlockType::Result(own));
                    open += 1;
                }
                reference_of(builder, code, heap, choice, address + 8)?;
                if choice == kind::EXTERN && !reference.is_nullable() {
                    code.emit().ref_as_non_null();
                }
                if choices.peek().is_some() {
                    code.emit().else_();
                }
            }
            for _ in 0..open {
                code.emit().end();
            }
        }
    }
    Ok(())
}

fn reference_of(
    builder: &mut Builder<'_>,
    code: &mut Code,
    heap: HeapType,
    choice: u64,
    number: u32,
) -> Result<(), &'static str> {
    match choice {
        kind::NULL => _ = code.emit().ref_null(out_heap(heap).ok_or(UNKNOWN_TYPE)?),
        kind::EXTERN => {
            let host_value = builder.builtin(Builtin::HostValue).ok_or(NO_HOST_VALUES)?;
            code.emit().i32_const(0).i32_load(word_at(number)).call(host_value);
            if builder.hierarchy(heap) == Some(Hierarchy::Any) {
                code.emit().any_convert_extern();
            }
        }
        _ => _ = code.emit().i32_const(0).i32_load(word_at(number)).ref_i31(),
    }
    Ok(())
}

/// Moves an exported global into a slot.
fn global(
    builder: &mut Builder<'_>,
    code: &mut Code,
    name: &Arc<str>,
    ty: wasmparser::GlobalType,
    place: Place,
) -> Option<Shape> {
    if !builder.movable(ty.content_type) {
        return None;
    }
    let index = builder.import_entity(Source::Own(Arc::clone(name)), Entity::Global(ty))?;
    let local = code.local(out(ty.content_type)?);
    code.emit().global_get(index).local_set(local);
    builder.store(code, ty.content_type, local, place, Identify::Yes);
    Some(Shape::from(ty.content_type))
}

/// How a worker that looks by itself is asked for an export: what it does not know, a function of the driver shows.
fn glance(builder: &mut Builder<'_>, position: usize, export: &Export, has_objects: bool) -> Option<(Look, Ask)> {
    let referent = |ty: wasmparser::RefType| match ty.heap_type() {
        HeapType::Abstract { shared: false, ty: AbstractHeapType::Func } => Some(Referent::Func),
        // With objects, such a value may be one of them in disguise, which only instructions tell.
        HeapType::Abstract { shared: false, ty: AbstractHeapType::Extern } if !has_objects => Some(Referent::Extern),
        _ => None,
    };
    let look = match export.entity {
        Entity::Func(_) | Entity::Tag(_) => return None,
        Entity::Memory(_) => return Some((Look::Memory, Ask::Memory)),
        Entity::Global(ty) => {
            let look = Look::Global(Shape::from(ty.content_type));
            let number = match ty.content_type {
                ValType::I32 => Some(Number::I32),
                ValType::I64 => Some(Number::I64),
                ValType::F32 => Some(Number::F32),
                ValType::F64 => Some(Number::F64),
                ValType::V128 => None,
                ValType::Ref(ty) => match referent(ty) {
                    Some(referent) => return Some((look, Ask::Reference(referent))),
                    None => None,
                },
            };
            if let Some(number) = number
                && !ty.shared
            {
                return Some((look, Ask::Number(number, reader(number, ty.mutable))));
            }
            look
        }
        Entity::Table(ty) => {
            if let Some(referent) = referent(ty.element_type)
                && !ty.table64
                && !ty.shared
            {
                return builder.may(Feature::ReferenceTypes).then_some((Look::Table, Ask::Table(referent)));
            }
            Look::Table
        }
    };
    let put = builder.import_own(Source::Frame("put"), &[Out::I64], &[]);
    let begin = builder.import_own(Source::Frame("begin"), &[], &[]);
    let end = builder.import_own(Source::Frame("end"), &[], &[Out::I32]);
    let mut code = Code::new(0);
    code.emit().call(begin);
    match export.entity {
        Entity::Global(ty) => _ = global(builder, &mut code, &export.name, ty, Place::Put(put))?,
        Entity::Table(ty) => table(builder, &mut code, &export.name, ty, put)?,
        _ => return None,
    }
    code.emit().call(end).end();
    let returns_bytes = builder.own_type(&[], &[Out::I32]);
    let name = format!("s{position}");
    builder.define(name.clone(), returns_bytes, code);
    Some((look, Ask::Driver(name.into())))
}

/// The function that looks at everything that is exported.
fn state(
    builder: &mut Builder<'_>,
    capture: Capture,
    eyes: &mut Vec<(Arc<str>, Pages)>,
    items: &mut Vec<Item>,
) -> Code {
    let module = builder.module;
    let begin = builder.import_own(Source::Frame("begin"), &[], &[]);
    let put = builder.import_own(Source::Frame("put"), &[Out::I64], &[]);
    let end = builder.import_own(Source::Frame("end"), &[], &[Out::I32]);
    let mut code = Code::new(0);
    code.emit().call(begin);
    // Memories that have an eye, by index, with its function.
    let mut seen: Vec<(u32, u32)> = Vec::new();
    for export in &module.exports {
        let look = match export.entity {
            Entity::Func(_) | Entity::Tag(_) => continue,
            Entity::Memory(ty) => {
                let known = seen.iter().find(|(index, _)| *index == export.index).map(|(_, eye)| *eye);
                let eye = known.unwrap_or_else(|| {
                    let eye = builder.import_own(Source::Eye(eyes.len()), &[Out::I32], &[]);
                    let pages =
                        Pages { wide: ty.memory64, shared: ty.shared, size_log2: ty.page_size_log2.unwrap_or(16) };
                    eyes.push((Arc::clone(&export.name), pages));
                    seen.push((export.index, eye));
                    eye
                });
                code.emit().i32_const(i32::from(capture == Capture::Full)).call(eye);
                Look::Memory
            }
            Entity::Global(ty) => match global(builder, &mut code, &export.name, ty, Place::Put(put)) {
                None => continue,
                Some(shape) => Look::Global(shape),
            },
            Entity::Table(ty) => match table(builder, &mut code, &export.name, ty, put) {
                None => continue,
                Some(()) => Look::Table,
            },
        };
        items.push(Item { name: Arc::clone(&export.name), look });
    }
    code.emit().call(end).end();
    code
}

/// Looks at a table: its size, and its elements as runs of equal references.
fn table(
    builder: &mut Builder<'_>,
    code: &mut Code,
    name: &Arc<str>,
    ty: wasmparser::TableType,
    put: u32,
) -> Option<()> {
    let element = ValType::Ref(ty.element_type);
    if !builder.may(Feature::ReferenceTypes) || !builder.movable(element) {
        return None;
    }
    let index = builder.import_entity(Source::Own(Arc::clone(name)), Entity::Table(ty))?;
    let value = code.local(out(element)?);
    let [size, at, run, last_kind, last_number] = [(); 5].map(|()| code.local(Out::I64));
    let (kind, number) = (code.kind(), code.number());
    code.emit().table_size(index);
    if !ty.table64 {
        code.emit().i64_extend_i32_u();
    }
    code.emit().local_tee(size).call(put);
    let elements_max = ELEMENTS_MAX.cast_signed();
    code.emit().i64_const(elements_max).local_get(size).local_get(size).i64_const(elements_max).i64_gt_u().select();
    code.emit().local_set(size).i64_const(0).local_set(at).i64_const(0).local_set(run);
    code.emit().block(BlockType::Empty).loop_(BlockType::Empty);
    code.emit().local_get(at).local_get(size).i64_ge_u().br_if(1);
    code.emit().local_get(at);
    if !ty.table64 {
        code.emit().i32_wrap_i64();
    }
    code.emit().table_get(index).local_set(value);
    builder.classify(code, ty.element_type.heap_type(), value, Identify::Yes);
    code.emit().local_get(kind).local_get(last_kind).i64_ne();
    code.emit().local_get(number).local_get(last_number).i64_ne().i32_or();
    code.emit().if_(BlockType::Empty);
    put_run(code, put, run, last_kind, last_number);
    code.emit().i64_const(0).local_set(run).end();
    code.emit().local_get(run).i64_const(1).i64_add().local_set(run);
    code.emit().local_get(kind).local_set(last_kind).local_get(number).local_set(last_number);
    code.emit().local_get(at).i64_const(1).i64_add().local_set(at).br(0).end().end();
    put_run(code, put, run, last_kind, last_number);
    code.emit().i64_const(NO_MORE.cast_signed()).call(put);
    Some(())
}

fn put_run(code: &mut Code, put: u32, run: u32, kind: u32, number: u32) {
    code.emit().local_get(run).i64_eqz().i32_eqz().if_(BlockType::Empty);
    code.emit().local_get(run).call(put).local_get(kind).call(put).local_get(number).call(put).end();
}
