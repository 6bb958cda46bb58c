//! What the modules that are made for a case have in common: they repeat the types of a module of the case, import
//! things one by one, and move values between locals and slots.

use std::sync::Arc;

use wasm_encoder::{
    AbstractHeapType as OutAbstract, BlockType, CodeSection, Encode as _, EntityType, ExportKind, ExportSection,
    Function, FunctionSection, HeapType as OutHeap, ImportSection, InstructionSink, MemArg, MemArgTarget, MemoryType,
    RawSection, RefType as OutRef, TableSection, TableType, TagKind, TagType, ValType as Out,
};
use wasmparser::{AbstractHeapType, HeapType, RefType, ValType};
use wassay_model::{Feature, Features};

use crate::layout::kind;
use crate::read::{Composite, Entity, Module, concrete};
use crate::{Builtin, SEAT, Worker};

/// What an import of a made module is given.
#[derive(Clone, Debug)]
pub(crate) enum Source {
    /// An export of the instance that is driven.
    Own(Arc<str>),
    /// An export of the frame.
    Frame(&'static str),
    /// An export of the trace.
    Trace(&'static str),
    /// The eye on the memory of this position.
    Eye(usize),
    /// What the import of this position of the driven module was given.
    Import(usize),
    /// A function of the worker.
    Builtin(Builtin),
}

/// Where a value goes.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Place {
    /// An address of the module's memory.
    At(u32),
    /// Behind the address in a local.
    Behind(u32, u32),
    /// To this function, a word at a time.
    Put(u32),
}

/// Whether the number of an object is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Identify {
    Yes,
    No,
}

/// The roof that a heap type stands under.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Hierarchy {
    Func,
    Extern,
    Any,
    Exn,
    /// Null is its only reference.
    Empty,
}

/// A module being made.
pub(crate) struct Builder<'m> {
    pub(crate) module: &'m Module,
    worker: &'m Worker,
    usable: Features,
    own_types: Vec<Vec<u8>>,
    imports: ImportSection,
    pub(crate) sources: Vec<Source>,
    funcs: u32,
    tables: u32,
    globals: u32,
    tags: u32,
    builtins: [Option<u32>; 4],
    /// Whether it has a table of its own, behind those that are imported.
    has_seat: bool,
    defined: Vec<(u32, Function)>,
    exports: Vec<String>,
}

impl<'m> Builder<'m> {
    pub(crate) fn new(module: &'m Module, worker: &'m Worker, usable: Features) -> Self {
        Self {
            module,
            worker,
            usable,
            own_types: Vec::new(),
            imports: ImportSection::new(),
            sources: Vec::new(),
            funcs: 0,
            tables: 0,
            globals: 0,
            tags: 0,
            builtins: [None; 4],
            has_seat: false,
            defined: Vec::new(),
            exports: Vec::new(),
        }
    }

    /// Whether instructions of the feature may be used.
    pub(crate) const fn may(&self, feature: Feature) -> bool {
        self.usable.contains(feature)
    }

    /// The index of a function type of our own.
    pub(crate) fn own_type(&mut self, params: &[Out], results: &[Out]) -> u32 {
        let mut bytes = vec![0x60];
        params.encode(&mut bytes);
        results.encode(&mut bytes);
        let position = self.own_types.iter().position(|known| *known == bytes).unwrap_or_else(|| {
            self.own_types.push(bytes);
            self.own_types.len() - 1
        });
        (self.module.types.len() + position) as u32
    }

    fn import(&mut self, source: Source, ty: EntityType) {
        // The names say nothing: what is given goes by the order. They are unlike for those who look at them.
        self.imports.import("w", &self.sources.len().to_string(), ty);
        self.sources.push(source);
    }

    pub(crate) fn import_func(&mut self, source: Source, ty: u32) -> u32 {
        self.import(source, EntityType::Function(ty));
        self.funcs += 1;
        self.funcs - 1
    }

    /// Imports a function whose type is of our own.
    pub(crate) fn import_own(&mut self, source: Source, params: &[Out], results: &[Out]) -> u32 {
        let ty = self.own_type(params, results);
        self.import_func(source, ty)
    }

    /// Imports the memory of the frame or the trace.
    pub(crate) fn import_memory(&mut self, source: Source) {
        let ty = MemoryType { minimum: 2, maximum: None, memory64: false, shared: false, page_size_log2: None };
        self.import(source, EntityType::Memory(ty));
    }

    /// Imports an export that is a table, a global or a tag, or what an import was given. Returns its index.
    pub(crate) fn import_entity(&mut self, source: Source, entity: Entity) -> Option<u32> {
        let (ty, space) = match entity {
            Entity::Func(ty) => (EntityType::Function(ty), &mut self.funcs),
            Entity::Tag(ty) => {
                (EntityType::Tag(TagType { kind: TagKind::Exception, func_type_idx: ty }), &mut self.tags)
            }
            Entity::Global(ty) => {
                let ty = wasm_encoder::GlobalType {
                    val_type: out(ty.content_type)?,
                    mutable: ty.mutable,
                    shared: ty.shared,
                };
                (EntityType::Global(ty), &mut self.globals)
            }
            Entity::Table(ty) => {
                let ty = TableType {
                    element_type: out_ref(ty.element_type)?,
                    table64: ty.table64,
                    minimum: ty.initial,
                    maximum: ty.maximum,
                    shared: ty.shared,
                };
                (EntityType::Table(ty), &mut self.tables)
            }
            Entity::Memory(_) => return None,
        };
        let index = *space;
        *space += 1;
        self.import(source, ty);
        Some(index)
    }

    /// The index of a builtin, where the worker has it.
    pub(crate) fn builtin(&mut self, builtin: Builtin) -> Option<u32> {
        if !self.worker.builtins.has(builtin) {
            return None;
        }
        if self.builtins[builtin as usize].is_none() {
            let any = Out::Ref(OutRef { nullable: true, heap_type: OutHeap::ANY });
            let (params, results) = match builtin {
                Builtin::FuncId => (Out::FUNCREF, Out::I32),
                Builtin::ExternId => (Out::EXTERNREF, Out::I32),
                Builtin::HostValue => (Out::I32, Out::EXTERNREF),
                Builtin::AnyId => (any, Out::I32),
            };
            self.builtins[builtin as usize] = Some(self.import_own(Source::Builtin(builtin), &[params], &[results]));
        }
        self.builtins[builtin as usize]
    }

    /// The table of its own, through which it calls. No table may be imported after that.
    pub(crate) const fn seat(&mut self) -> u32 {
        self.has_seat = true;
        self.tables
    }

    /// Whether no function was added.
    pub(crate) const fn defines_nothing(&self) -> bool {
        self.defined.is_empty()
    }

    /// Adds a function of this type under this name.
    pub(crate) fn define(&mut self, name: String, ty: u32, code: Code) {
        self.defined.push((ty, code.finish()));
        self.exports.push(name);
    }

    /// The module, and what its imports are given.
    pub(crate) fn finish(self) -> (Arc<[u8]>, Vec<Source>) {
        let mut types = Vec::with_capacity(self.module.groups.len() + 64);
        (self.module.group_count + self.own_types.len() as u32).encode(&mut types);
        types.extend_from_slice(&self.module.groups);
        self.own_types.iter().for_each(|ty| types.extend_from_slice(ty));
        let (mut functions, mut exports, mut code) = (FunctionSection::new(), ExportSection::new(), CodeSection::new());
        for ((index, (ty, function)), name) in (self.funcs..).zip(&self.defined).zip(&self.exports) {
            functions.function(*ty);
            exports.export(name, ExportKind::Func, index);
            code.function(function);
        }
        let mut module = wasm_encoder::Module::new();
        module.section(&RawSection { id: 1, data: &types });
        module.section(&self.imports).section(&functions);
        if self.has_seat {
            exports.export(SEAT, ExportKind::Table, self.tables);
            let ty = TableType {
                element_type: OutRef::FUNCREF,
                table64: false,
                minimum: 1,
                // Of tables that cannot grow some engines keep a copy in which writes from outside do not show.
                maximum: None,
                shared: false,
            };
            module.section(TableSection::new().table(ty));
        }
        module.section(&exports).section(&code);
        (module.finish().into(), self.sources)
    }

    /// The roof that a heap type stands under; none for types that no engine is asked about.
    pub(crate) fn hierarchy(&self, heap: HeapType) -> Option<Hierarchy> {
        Some(match heap {
            HeapType::Abstract { shared: true, .. } => return None,
            HeapType::Abstract { ty, .. } => match ty {
                AbstractHeapType::Func => Hierarchy::Func,
                AbstractHeapType::Extern => Hierarchy::Extern,
                AbstractHeapType::Any
                | AbstractHeapType::Eq
                | AbstractHeapType::Struct
                | AbstractHeapType::Array
                | AbstractHeapType::I31 => Hierarchy::Any,
                AbstractHeapType::Exn => Hierarchy::Exn,
                AbstractHeapType::None
                | AbstractHeapType::NoExtern
                | AbstractHeapType::NoFunc
                | AbstractHeapType::NoExn => Hierarchy::Empty,
                AbstractHeapType::Cont | AbstractHeapType::NoCont => return None,
            },
            heap => match self.module.types.get(concrete(heap)? as usize)? {
                Composite::Func(_) => Hierarchy::Func,
                Composite::Struct | Composite::Array => Hierarchy::Any,
                Composite::Other => return None,
            },
        })
    }

    /// Whether values of the type can be moved at all.
    pub(crate) fn movable(&self, ty: ValType) -> bool {
        match ty {
            ValType::Ref(ty) => self.hierarchy(ty.heap_type()).is_some() && out_ref(ty).is_some(),
            _ => true,
        }
    }

    /// Moves the value of a local into a slot.
    pub(crate) fn store(&mut self, code: &mut Code, ty: ValType, local: u32, place: Place, identify: Identify) {
        let high = match ty {
            ValType::Ref(ty) => {
                self.classify(code, ty.heap_type(), local, identify);
                true
            }
            ValType::V128 => true,
            _ => false,
        };
        for half in 0..2_u8 {
            // Words above numbers are not looked at where they lie; a record is digested as a whole.
            if half == 1 && !high && matches!(place, Place::At(_)) {
                break;
            }
            match place {
                Place::At(_) => _ = code.emit().i32_const(0),
                Place::Behind(base, _) => _ = code.emit().local_get(base),
                Place::Put(_) => {}
            }
            match (ty, half) {
                (ValType::I32, 0) => _ = code.emit().local_get(local).i64_extend_i32_u(),
                (ValType::I64, 0) => _ = code.emit().local_get(local),
                (ValType::F32, 0) => _ = code.emit().local_get(local).i32_reinterpret_f32().i64_extend_i32_u(),
                (ValType::F64, 0) => _ = code.emit().local_get(local).i64_reinterpret_f64(),
                (ValType::V128, half) => _ = code.emit().local_get(local).i64x2_extract_lane(half),
                (ValType::Ref(_), 0) => {
                    let kind = code.kind();
                    code.emit().local_get(kind);
                }
                (ValType::Ref(_), _) => {
                    let number = code.number();
                    code.emit().local_get(number);
                }
                _ => _ = code.emit().i64_const(0),
            }
            let offset = u32::from(half) * 8;
            match place {
                Place::At(address) => code.emit().i64_store(word_at(address + offset)),
                Place::Behind(_, behind) => code.emit().i64_store(word_at(behind + offset)),
                Place::Put(put) => code.emit().call(put),
            };
        }
    }

    /// Leaves kind and number of a reference in the two locals for them.
    pub(crate) fn classify(&mut self, code: &mut Code, heap: HeapType, local: u32, identify: Identify) {
        let (kind, number) = (code.kind(), code.number());
        code.emit().i64_const(kind::NULL.cast_signed()).local_set(kind).i64_const(0).local_set(number);
        let hierarchy = self.hierarchy(heap).unwrap_or(Hierarchy::Empty);
        if hierarchy == Hierarchy::Empty {
            return;
        }
        code.emit().local_get(local).ref_is_null().i32_eqz().if_(BlockType::Empty);
        match hierarchy {
            Hierarchy::Func => {
                let id = if identify == Identify::Yes { self.builtin(Builtin::FuncId) } else { None };
                object(code, kind::FUNC, id, local);
            }
            Hierarchy::Exn => object(code, kind::EXN, None, local),
            Hierarchy::Any => self.classify_any(code, local, identify, [kind::STRUCT, kind::ARRAY]),
            Hierarchy::Extern => match self.builtin(Builtin::ExternId) {
                None => object(code, kind::OPAQUE, None, local),
                Some(extern_id) => {
                    let found = code.local(Out::I32);
                    code.emit().local_get(local).call(extern_id).local_tee(found).i32_const(-1).i32_ne();
                    code.emit().if_(BlockType::Empty);
                    code.emit().i64_const(kind::EXTERN.cast_signed()).local_set(kind);
                    code.emit().local_get(found).i64_extend_i32_u().local_set(number).else_();
                    if self.may(Feature::Gc) {
                        let any = code.local(Out::Ref(OutRef { nullable: true, heap_type: OutHeap::ANY }));
                        code.emit().local_get(local).any_convert_extern().local_set(any);
                        self.classify_any(code, any, identify, [kind::OPAQUE; 2]);
                    } else {
                        object(code, kind::OPAQUE, None, local);
                    }
                    code.emit().end();
                }
            },
            Hierarchy::Empty => {}
        }
        code.emit().end();
    }

    /// The same for a reference that is not null, under `any`, where structures and arrays have these kinds.
    fn classify_any(&mut self, code: &mut Code, local: u32, identify: Identify, objects: [u64; 2]) {
        let (kind, number) = (code.kind(), code.number());
        let id = if identify == Identify::Yes { self.builtin(Builtin::AnyId) } else { None };
        code.emit().local_get(local).ref_test_non_null(plain(OutAbstract::I31)).if_(BlockType::Empty);
        code.emit().i64_const(kind::I31.cast_signed()).local_set(kind);
        code.emit()
            .local_get(local)
            .ref_cast_non_null(plain(OutAbstract::I31))
            .i31_get_s()
            .i64_extend_i32_s()
            .local_set(number);
        code.emit().else_().local_get(local).ref_test_non_null(plain(OutAbstract::Struct)).if_(BlockType::Empty);
        object(code, objects[0], id, local);
        code.emit().else_().local_get(local).ref_test_non_null(plain(OutAbstract::Array)).if_(BlockType::Empty);
        object(code, objects[1], id, local);
        code.emit().else_();
        match self.builtin(Builtin::ExternId) {
            Some(extern_id) => {
                code.emit().i64_const(kind::EXTERN.cast_signed()).local_set(kind);
                code.emit().local_get(local).extern_convert_any().call(extern_id).i64_extend_i32_u().local_set(number);
            }
            None => object(code, kind::OPAQUE, None, local),
        }
        code.emit().end().end().end();
    }
}

/// Leaves the kind, and the number that the builtin tells.
fn object(code: &mut Code, of: u64, id: Option<u32>, local: u32) {
    let (kind, number) = (code.kind(), code.number());
    match id {
        None => _ = code.emit().i64_const((of + kind::UNKNOWN).cast_signed()).local_set(kind),
        Some(id) => {
            code.emit().i64_const(of.cast_signed()).local_set(kind);
            code.emit().local_get(local).call(id).i64_extend_i32_u().local_set(number);
        }
    }
}

/// The body of a function being made.
pub(crate) struct Code {
    params: u32,
    locals: Vec<Out>,
    bytes: Vec<u8>,
    classified: Option<(u32, u32)>,
}

impl Code {
    pub(crate) const fn new(params: u32) -> Self {
        Self { params, locals: Vec::new(), bytes: Vec::new(), classified: None }
    }

    /// A local of its own.
    pub(crate) fn local(&mut self, ty: Out) -> u32 {
        self.locals.push(ty);
        self.params + self.locals.len() as u32 - 1
    }

    pub(crate) fn emit(&mut self) -> InstructionSink<'_> {
        InstructionSink::new(&mut self.bytes)
    }

    fn classified(&mut self) -> (u32, u32) {
        match self.classified {
            Some(both) => both,
            None => {
                let both = (self.local(Out::I64), self.local(Out::I64));
                *self.classified.insert(both)
            }
        }
    }

    /// The local that holds the kind of the last classified reference.
    pub(crate) fn kind(&mut self) -> u32 {
        self.classified().0
    }

    /// The local that holds its number.
    pub(crate) fn number(&mut self) -> u32 {
        self.classified().1
    }

    fn finish(self) -> Function {
        let mut function = Function::new_with_locals_types(self.locals);
        function.raw(self.bytes);
        function
    }
}

/// A word of a 32-bit memory 0, at a constant offset.
pub(crate) fn word_at(offset: u32) -> MemArg {
    MemArg { offset: u64::from(offset), align: 0, target: MemArgTarget::Memory(0), ordering: None }
}

const fn plain(ty: OutAbstract) -> OutHeap {
    OutHeap::Abstract { shared: false, ty }
}

/// A value type for the encoder; none for proposals that no engine is asked about.
pub(crate) fn out(ty: ValType) -> Option<Out> {
    Some(match ty {
        ValType::I32 => Out::I32,
        ValType::I64 => Out::I64,
        ValType::F32 => Out::F32,
        ValType::F64 => Out::F64,
        ValType::V128 => Out::V128,
        ValType::Ref(ty) => Out::Ref(out_ref(ty)?),
    })
}

fn out_ref(ty: RefType) -> Option<OutRef> {
    Some(OutRef { nullable: ty.is_nullable(), heap_type: out_heap(ty.heap_type())? })
}

/// A heap type for the encoder, likewise.
pub(crate) fn out_heap(heap: HeapType) -> Option<OutHeap> {
    let HeapType::Abstract { shared: false, ty } = heap else { return concrete(heap).map(OutHeap::Concrete) };
    let ty = match ty {
        AbstractHeapType::Func => OutAbstract::Func,
        AbstractHeapType::Extern => OutAbstract::Extern,
        AbstractHeapType::Any => OutAbstract::Any,
        AbstractHeapType::None => OutAbstract::None,
        AbstractHeapType::NoExtern => OutAbstract::NoExtern,
        AbstractHeapType::NoFunc => OutAbstract::NoFunc,
        AbstractHeapType::Eq => OutAbstract::Eq,
        AbstractHeapType::Struct => OutAbstract::Struct,
        AbstractHeapType::Array => OutAbstract::Array,
        AbstractHeapType::I31 => OutAbstract::I31,
        AbstractHeapType::Exn => OutAbstract::Exn,
        AbstractHeapType::NoExn => OutAbstract::NoExn,
        AbstractHeapType::Cont | AbstractHeapType::NoCont => return None,
    };
    Some(plain(ty))
}
