//! The modules of a case: tables, what stands in them, and a function for each operation.

use std::borrow::Cow;

use wasm_encoder::{
    AbstractHeapType, ArrayType, BlockType, Catch, CompositeInnerType, ConstExpr, ElementMode, ElementSegment,
    Elements, EntityType, ExportKind, FieldType, FuncType, HeapType, InstructionSink, RefType, StorageType, StructType,
    TableType, ValType,
};
use wassay_model::{Feature, Features, host};

use super::{COMPANION, Export, Kind, Operation, Shape};
use crate::draft::{Draft, plain_subtype, table_type};
use crate::draw::Draw;

/// The modules, and what the plan has to know of them.
pub(super) struct Built {
    pub(super) main: Vec<u8>,
    pub(super) companion: Option<Vec<u8>>,
    pub(super) shapes: Vec<Shape>,
    pub(super) exports: Vec<Export>,
    pub(super) used: Features,
    /// Whether instantiation traps after some segments have been written to an imported table.
    pub(super) partial: bool,
    /// Whether functions have types that are subtypes of each other.
    pub(super) subtypes: bool,
}

/// The types of a module that its tables speak of.
#[derive(Clone, Copy, Default)]
struct Types {
    /// From `i32` to `i32`.
    plain: u32,
    structure: u32,
    array: u32,
}

struct Build {
    draft: Draft,
    allowed: Features,
    used: Features,
    types: Types,
    /// Functions that may stand in tables: those of the plain type first.
    functions: Vec<u32>,
    plain_count: usize,
    /// Types for indirect calls, each of which takes and returns an `i32`.
    call_types: Vec<u32>,
    shapes: Vec<Shape>,
    /// For each kind that occurs: from a number to a reference, and from a reference to a number.
    makers: Vec<(Kind, u32, u32)>,
    exports: Vec<Export>,
    tag: u32,
}

fn push_index(sink: &mut InstructionSink<'_>, wide: bool, value: u32) {
    if wide {
        sink.i64_const(i64::from(value))
    } else {
        sink.i32_const(value.cast_signed())
    };
}

impl Built {
    pub(super) fn draw(allowed: Features, companion: bool, hosted: bool, draw: &mut Draw) -> Self {
        let full = allowed.contains(Feature::ReferenceTypes);
        let mut build = Build {
            draft: Draft::default(),
            allowed,
            used: Features::V1,
            types: Types::default(),
            functions: Vec::new(),
            plain_count: 0,
            call_types: Vec::new(),
            shapes: Vec::new(),
            makers: Vec::new(),
            exports: Vec::new(),
            tag: 0,
        };
        build.draw_shapes(full, companion, draw);
        let subtypes = build.draw_types(draw);
        let first = build.shapes[0];
        let imported = companion && first.kind == Kind::Func;
        let plain = build.types.plain;

        let mut companion_bytes = None;
        if companion {
            companion_bytes = Some(companion_module(first, draw));
            for name in ["f", "g"] {
                let index = build.draft.import(COMPANION, name, EntityType::Function(plain));
                build.functions.push(index);
            }
        }
        if hosted {
            let index = build.draft.import(host::MODULE, "h", EntityType::Function(plain));
            build.functions.push(index);
        }
        build.define_tables(imported, draw);
        build.define_functions(draw);
        let partial = imported && draw.percent(8);
        build.segments(partial, imported, draw);
        build.operations(full, draw);
        let Build { draft, used, shapes, exports, .. } = build;
        Self { main: draft.finish(), companion: companion_bytes, shapes, exports, used, partial, subtypes }
    }
}

/// What the companion exports: a table, two functions, and an indirect call through its own table.
fn companion_module(first: Shape, draw: &mut Draw) -> Vec<u8> {
    let mut draft = Draft::default();
    let ty = draft.func_type(&[ValType::I32], &[ValType::I32]);
    let call_type = draft.func_type(&[ValType::I32, ValType::I32], &[ValType::I32]);
    let (minimum, maximum) = (u64::from(first.minimum), u64::from(first.maximum));
    let table = draft.table(table_type(RefType::FUNCREF, minimum, maximum), None);
    draft.export("table", ExportKind::Table, table);
    let odd = draw.bits() as i32 | 1;
    let f = draft.func(ty, &[], |sink| {
        sink.local_get(0).i32_const(odd).i32_mul();
    });
    let g = draft.func(ty, &[], |sink| {
        sink.local_get(0).i32_const(odd).i32_xor();
    });
    let call = draft.func(call_type, &[], |sink| {
        sink.local_get(1).local_get(0).call_indirect(table, ty).i32_const(7).i32_rotl();
    });
    for (name, index) in [("f", f), ("g", g), ("call", call)] {
        draft.export(name, ExportKind::Func, index);
    }
    draft.element(ElementSegment {
        mode: ElementMode::Active { table: None, offset: &ConstExpr::i32_const(0) },
        elements: Elements::Functions(Cow::Borrowed(&[g, f])),
    });
    draft.finish()
}

impl Build {
    const fn may(&self, feature: Feature) -> bool {
        self.allowed.contains(feature)
    }

    const fn need(&mut self, feature: Feature) {
        let all: &[Feature] = match feature {
            Feature::Exceptions => &[Feature::ReferenceTypes, Feature::Exceptions],
            Feature::FunctionReferences => &[Feature::ReferenceTypes, Feature::FunctionReferences],
            Feature::Gc => &[Feature::ReferenceTypes, Feature::FunctionReferences, Feature::Gc],
            _ => &[feature],
        };
        self.used = self.used.union(Features::of(all));
    }

    fn draw_shapes(&mut self, full: bool, companion: bool, draw: &mut Draw) {
        let mut kinds = vec![(Kind::Func, 6)];
        if full {
            kinds.push((Kind::Extern, 2));
        }
        if self.may(Feature::FunctionReferences) {
            kinds.extend([(Kind::Typed, 5), (Kind::NonNull, 4)]);
        }
        if self.may(Feature::Gc) {
            kinds.extend([(Kind::Any, 3), (Kind::I31, 3), (Kind::Struct, 3), (Kind::Array, 3)]);
        }
        if self.may(Feature::Exceptions) {
            kinds.push((Kind::Exn, 5));
        }
        let count = if full { draw.between(1, 4) } else { 1 };
        for number in 0..count {
            let minimum = draw.weighted(&[(3, 1), (8, 3), (17, 3), (40, 2), (130, 1)]);
            let maximum = minimum + draw.pick(&[1, 4, 10, 100]);
            // The first is what the companion shares.
            let first = number == 0 && companion;
            let kind = if first || number == 0 && draw.percent(50) { Kind::Func } else { draw.weighted(&kinds) };
            let wide = !first && self.may(Feature::Memory64) && draw.percent(60);
            match kind {
                Kind::Func => {}
                Kind::Extern => self.need(Feature::ReferenceTypes),
                Kind::Typed | Kind::NonNull => self.need(Feature::FunctionReferences),
                Kind::Exn => self.need(Feature::Exceptions),
                _ => self.need(Feature::Gc),
            }
            if wide {
                self.need(Feature::Memory64);
            }
            self.shapes.push(Shape { kind, minimum, maximum, wide });
        }
    }

    /// The types; whether functions have types that are subtypes of each other.
    fn draw_types(&mut self, draw: &mut Draw) -> bool {
        let (params, results) = ([ValType::I32], [ValType::I32]);
        self.types.plain = self.draft.func_type(&params, &results);
        self.call_types.push(self.types.plain);
        if self.used.contains(Feature::Gc) {
            let field = |mutable| FieldType { element_type: StorageType::Val(ValType::I32), mutable };
            let structure = StructType { fields: Box::new([field(true)]) };
            self.types.structure = self.draft.subtype(&plain_subtype(CompositeInnerType::Struct(structure)));
            self.types.array = self.draft.subtype(&plain_subtype(CompositeInnerType::Array(ArrayType(field(true)))));
        }
        if !self.may(Feature::Gc) || draw.percent(30) {
            return false;
        }
        self.need(Feature::Gc);
        let function = |is_final, supertype: Option<u32>| {
            let mut ty = plain_subtype(CompositeInnerType::Func(FuncType::new(params, results)));
            ty.is_final = is_final;
            ty.supertype_idxs = supertype.into_iter().collect();
            ty
        };
        let above = self.draft.subtype(&function(false, None));
        let below = self.draft.subtype(&function(false, Some(above)));
        let last = self.draft.subtype(&function(true, Some(below)));
        // Two groups that are the same, and types that are like theirs but stand alone.
        let group = || vec![function(true, None), function(false, None)];
        let one = self.draft.rec_group(group());
        let other = self.draft.rec_group(group());
        self.call_types.extend([above, below, last, one, other, one + 1, other + 1]);
        true
    }

    fn ref_type(&self, kind: Kind) -> RefType {
        let of = |nullable, heap_type| RefType { nullable, heap_type };
        match kind {
            Kind::Func => RefType::FUNCREF,
            Kind::Extern => RefType::EXTERNREF,
            Kind::Typed => of(true, HeapType::Concrete(self.types.plain)),
            Kind::NonNull => of(false, HeapType::Concrete(self.types.plain)),
            Kind::Any => RefType::ANYREF,
            Kind::I31 => RefType::I31REF,
            Kind::Struct => of(true, HeapType::Abstract { shared: false, ty: AbstractHeapType::Struct }),
            Kind::Array => RefType::ARRAYREF,
            Kind::Exn => RefType::EXNREF,
        }
    }

    fn define_tables(&mut self, imported: bool, draw: &mut Draw) {
        // `ref.func` in an initialiser may name functions that come later.
        let next = self.draft.next_func();
        for at in 0..self.shapes.len() {
            let shape = self.shapes[at];
            let ty = TableType {
                element_type: self.ref_type(shape.kind),
                minimum: shape.minimum.into(),
                maximum: Some(shape.maximum.into()),
                table64: shape.wide,
                shared: false,
            };
            let index = if at == 0 && imported {
                self.draft.import(COMPANION, "table", EntityType::Table(ty))
            } else {
                let initial = match shape.kind {
                    Kind::NonNull => Some(ConstExpr::ref_func(next)),
                    Kind::Typed | Kind::Func if self.used.contains(Feature::FunctionReferences) && draw.percent(50) => {
                        Some(ConstExpr::ref_func(next + 1))
                    }
                    _ => None,
                };
                self.draft.table(ty, initial.as_ref())
            };
            debug_assert_eq!(index as usize, at);
            // Without 2.0 not more than one table may be exported, and there is one only.
            self.draft.export(&format!("table{at}"), ExportKind::Table, index);
        }
        if self.shapes.iter().any(|shape| shape.kind == Kind::Exn) {
            let ty = self.draft.func_type(&[ValType::I32], &[]);
            self.tag = self.draft.tag(ty);
        }
        if self.shapes.len() > 1 {
            self.need(Feature::ReferenceTypes);
        }
    }

    /// What stands in tables: each function says by its result which it is. One grows a table under its caller.
    fn define_functions(&mut self, draw: &mut Draw) {
        let plain = self.types.plain;
        for number in 0..draw.between(3, 6) {
            let (factor, addend) = (draw.bits() as i32 | 1, 1000 * number as i32);
            let index = self.draft.func(plain, &[], |sink| {
                sink.local_get(0).i32_const(factor).i32_mul().i32_const(addend).i32_add();
            });
            self.functions.push(index);
        }
        if self.may(Feature::ReferenceTypes) && draw.percent(60) {
            self.need(Feature::ReferenceTypes);
            let at = draw.position(self.shapes.len());
            let shape = self.shapes[at];
            let table = at as u32;
            // Grows by a copy of its first element where that is not null, by one or two.
            let index = self.draft.func(plain, &[], |sink| {
                push_index(sink, shape.wide, 0);
                sink.table_get(table);
                if shape.wide {
                    sink.local_get(0).i32_const(1).i32_and().i32_const(1).i32_add().i64_extend_i32_u();
                } else {
                    sink.local_get(0).i32_const(1).i32_and().i32_const(1).i32_add();
                }
                sink.table_grow(table);
                if shape.wide {
                    sink.i32_wrap_i64();
                }
                sink.i32_const(16).i32_shl();
                sink.table_size(table);
                if shape.wide {
                    sink.i32_wrap_i64();
                }
                sink.i32_xor().local_get(0).i32_xor();
            });
            self.functions.push(index);
        }
        self.plain_count = self.functions.len();
        for ty in self.call_types[1..].iter().copied() {
            let mark = draw.bits() as i32;
            let index = self.draft.func(ty, &[], |sink| {
                sink.local_get(0).i32_const(mark).i32_xor();
            });
            self.functions.push(index);
        }
        // What no call with one of these types fits.
        let odd = self.draft.func_type(&[ValType::I64], &[ValType::I32]);
        let index = self.draft.func(odd, &[], |sink| {
            sink.local_get(0).i32_wrap_i64();
        });
        self.functions.push(index);
        // Whatever `ref.func` names is exported.
        for (number, index) in self.functions.clone().into_iter().enumerate() {
            self.draft.export(&format!("f{number}"), ExportKind::Func, index);
        }
    }

    /// Functions of a table of this kind, mostly of the plain type.
    fn pick_functions(&self, kind: Kind, count: u32, draw: &mut Draw) -> Vec<u32> {
        (0..count)
            .map(|_| {
                let plain = kind != Kind::Func || draw.percent(85);
                let range = if plain { &self.functions[..self.plain_count] } else { &self.functions };
                draw.pick(range)
            })
            .collect()
    }

    /// Active segments that leave few nulls, and passive ones that `table.init` reads.
    fn segments(&mut self, partial: bool, imported: bool, draw: &mut Draw) {
        for at in 0..self.shapes.len() {
            let shape = self.shapes[at];
            let (start, length) = if imported && at == 0 {
                (2, shape.minimum.saturating_sub(2))
            } else {
                let start = draw.below(3).min(shape.minimum);
                (start, shape.minimum - start)
            };
            let length = length.min(60);
            let offset =
                if shape.wide { ConstExpr::i64_const(start.into()) } else { ConstExpr::i32_const(start.cast_signed()) };
            let table = if at == 0 && shape.kind == Kind::Func { None } else { Some(at as u32) };
            if let Some(elements) = self.elements(shape.kind, length, draw) {
                let mode = ElementMode::Active { table, offset: &offset };
                let segment = self.draft.element(ElementSegment { mode, elements });
                // It was dropped when it had been written: of a length there is nothing more in it.
                if self.may(Feature::BulkMemory) && draw.percent(15) {
                    self.init(at, segment, length.min(3), draw);
                }
            }
        }
        if partial {
            // Partly past the end: what came before it has been written.
            let offset = ConstExpr::i32_const(self.shapes[0].minimum.cast_signed() - 1);
            let elements = Elements::Functions(self.pick_functions(Kind::Func, 3, draw).into());
            self.draft.element(ElementSegment { mode: ElementMode::Active { table: None, offset: &offset }, elements });
        }
        if !self.may(Feature::BulkMemory) {
            return;
        }
        for _ in 0..draw.between(1, 3) {
            let at = draw.position(self.shapes.len());
            let shape = self.shapes[at];
            let length = draw.between(1, 12);
            let mode = if draw.percent(12) { ElementMode::Declared } else { ElementMode::Passive };
            let declared = matches!(mode, ElementMode::Declared);
            let Some(elements) = self.elements(shape.kind, length, draw) else { continue };
            let segment = self.draft.element(ElementSegment { mode, elements });
            self.init(at, segment, if declared { 0 } else { length }, draw);
        }
    }

    /// A function that copies out of a segment, with as many elements as its calls ask for; in some cases one that
    /// drops it.
    fn init(&mut self, at: usize, segment: u32, length: u32, draw: &mut Draw) {
        self.need(Feature::BulkMemory);
        let (index, table) = (self.shapes[at].index(), at as u32);
        let name = format!("init{segment}");
        self.op(&name, Operation::Init(at, length), &[index, ValType::I32, ValType::I32], ValType::I32, |sink| {
            sink.local_get(0).local_get(1).local_get(2).table_init(table, segment).i32_const(1);
        });
        if draw.percent(35) {
            self.op(&format!("drop{segment}"), Operation::Plain, &[], ValType::I32, |sink| {
                sink.elem_drop(segment).i32_const(2);
            });
        }
    }

    /// As many elements for a segment; nothing where the kind has no constant expressions.
    fn elements(&mut self, kind: Kind, length: u32, draw: &mut Draw) -> Option<Elements<'static>> {
        match kind {
            Kind::Func if !self.may(Feature::ReferenceTypes) || draw.percent(50) => {
                Some(Elements::Functions(self.pick_functions(kind, length, draw).into()))
            }
            Kind::Func | Kind::Typed | Kind::NonNull => {
                let heap = if kind == Kind::Func { HeapType::FUNC } else { HeapType::Concrete(self.types.plain) };
                let functions = self.pick_functions(kind, length, draw);
                let items = functions.into_iter().map(|function| {
                    if kind != Kind::NonNull && draw.percent(12) {
                        ConstExpr::ref_null(heap)
                    } else {
                        ConstExpr::ref_func(function)
                    }
                });
                let items: Vec<ConstExpr> = items.collect();
                self.need(Feature::ReferenceTypes);
                Some(Elements::Expressions(self.ref_type(kind), items.into()))
            }
            Kind::Any | Kind::I31 | Kind::Struct | Kind::Array => {
                let items: Vec<ConstExpr> = (0..length).map(|_| self.constant(kind, draw)).collect();
                Some(Elements::Expressions(self.ref_type(kind), items.into()))
            }
            // Null is the only constant of its type.
            Kind::Extern => {
                let items = vec![ConstExpr::ref_null(HeapType::EXTERN); length as usize];
                Some(Elements::Expressions(RefType::EXTERNREF, items.into()))
            }
            Kind::Exn => None,
        }
    }

    fn constant(&self, kind: Kind, draw: &mut Draw) -> ConstExpr {
        use wasm_encoder::Instruction::{ArrayNewFixed, I32Const, RefI31, StructNew};
        let number = I32Const(draw.below(1 << 20).cast_signed());
        match (kind, draw.below(8)) {
            (_, 0) => ConstExpr::ref_null(self.ref_type(kind).heap_type),
            (Kind::Struct, _) | (Kind::Any, 1 | 2) => ConstExpr::extended([number, StructNew(self.types.structure)]),
            (Kind::Array, _) | (Kind::Any, 3 | 4) => {
                let array_type_index = self.types.array;
                ConstExpr::extended([number, ArrayNewFixed { array_type_index, array_size: 1 }])
            }
            _ => ConstExpr::extended([number, RefI31]),
        }
    }

    /// Adds and exports a function.
    fn op(
        &mut self,
        name: &str,
        operation: Operation,
        params: &[ValType],
        result: ValType,
        write: impl FnOnce(&mut InstructionSink<'_>),
    ) {
        let ty = self.draft.func_type(params, &[result]);
        let index = self.draft.func(ty, &[], write);
        self.draft.export(name, ExportKind::Func, index);
        self.exports.push(Export { name: name.to_owned(), operation });
    }

    /// The functions from a number to a reference of the kind, and back.
    fn makers(&mut self, kind: Kind, draw: &mut Draw) -> (u32, u32) {
        if let Some((_, make, look)) = self.makers.iter().find(|(other, ..)| *other == kind) {
            return (*make, *look);
        }
        let reference = self.ref_type(kind);
        let types = self.types;
        let tag = self.tag;
        let functions = self.pick_functions(kind, 5, draw);
        let make_type = self.draft.func_type(&[ValType::I32], &[ValType::Ref(reference)]);
        let make = if kind == Kind::Extern {
            // Host values come from the plan.
            0
        } else {
            self.draft.func(make_type, &[], |sink| {
                let heap = reference.heap_type;
                if reference.nullable {
                    sink.local_get(0)
                        .i32_const(7)
                        .i32_and()
                        .i32_eqz()
                        .if_(BlockType::Empty)
                        .ref_null(heap)
                        .return_()
                        .end();
                }
                match kind {
                    Kind::Func | Kind::Typed | Kind::NonNull => {
                        for (function, number) in functions[1..].iter().zip(1..) {
                            sink.local_get(0).i32_const(number).i32_eq().if_(BlockType::Empty);
                            sink.ref_func(*function).return_().end();
                        }
                        sink.ref_func(functions[0]);
                    }
                    Kind::I31 => {
                        sink.local_get(0).ref_i31();
                    }
                    Kind::Struct => {
                        sink.local_get(0).struct_new(types.structure);
                    }
                    Kind::Array => {
                        sink.local_get(0).local_get(0).i32_const(3).i32_and().array_new(types.array);
                    }
                    Kind::Any => {
                        sink.local_get(0)
                            .i32_const(1)
                            .i32_and()
                            .if_(BlockType::Empty)
                            .local_get(0)
                            .ref_i31()
                            .return_()
                            .end();
                        sink.local_get(0).struct_new(types.structure);
                    }
                    Kind::Exn => {
                        sink.block(BlockType::Result(ValType::EXNREF));
                        sink.try_table(BlockType::Empty, [Catch::AllRef { label: 0 }]);
                        sink.local_get(0).throw(tag).end().unreachable().end();
                    }
                    Kind::Extern => {}
                }
            })
        };
        let look_type = self.draft.func_type(&[ValType::Ref(reference)], &[ValType::I32]);
        let plain = types.plain;
        let look = self.draft.func(look_type, &[], |sink| {
            if reference.nullable {
                sink.local_get(0).ref_is_null().if_(BlockType::Empty).i32_const(-1).return_().end();
            }
            match kind {
                Kind::Func | Kind::Extern => {
                    sink.i32_const(1);
                }
                Kind::Typed | Kind::NonNull => {
                    sink.i32_const(77).local_get(0).call_ref(plain);
                }
                Kind::I31 => {
                    sink.local_get(0).i31_get_s();
                }
                Kind::Struct => {
                    sink.local_get(0)
                        .ref_cast_non_null(HeapType::Concrete(types.structure))
                        .struct_get(types.structure, 0);
                }
                Kind::Array => {
                    sink.local_get(0).array_len().i32_const(500).i32_add();
                }
                Kind::Any => {
                    sink.block(BlockType::Result(ValType::Ref(RefType { nullable: false, heap_type: HeapType::I31 })));
                    sink.local_get(0);
                    sink.br_on_cast(0, RefType::ANYREF, RefType { nullable: false, heap_type: HeapType::I31 });
                    sink.ref_test_non_null(HeapType::Concrete(types.structure)).i32_const(-7).i32_sub().return_().end();
                    sink.i31_get_u();
                }
                Kind::Exn => {
                    sink.block(BlockType::Result(ValType::I32));
                    sink.try_table(BlockType::Empty, [Catch::One { tag, label: 0 }]);
                    sink.local_get(0).throw_ref().end().unreachable().end();
                }
            }
        });
        self.makers.push((kind, make, look));
        (make, look)
    }

    fn operations(&mut self, full: bool, draw: &mut Draw) {
        for at in 0..self.shapes.len() {
            let shape = self.shapes[at];
            let (table, index) = (at as u32, shape.index());
            let reference = self.ref_type(shape.kind);
            let (make, look) = if full { self.makers(shape.kind, draw) } else { (0, 0) };
            let of_functions = matches!(shape.kind, Kind::Func | Kind::Typed | Kind::NonNull);
            if of_functions {
                let mut called = vec![self.types.plain, self.types.plain];
                if shape.kind == Kind::Func {
                    called.extend((0..draw.below(4)).map(|_| draw.pick(&self.call_types)));
                }
                for (number, ty) in called.into_iter().enumerate() {
                    let tail = self.may(Feature::TailCall) && draw.percent(40);
                    if tail {
                        self.need(Feature::TailCall);
                    }
                    if at > 0 {
                        self.need(Feature::ReferenceTypes);
                    }
                    let through = full && shape.kind != Kind::Func && draw.percent(50);
                    let name = format!("call{at}_{number}");
                    // Something waits below the call.
                    let waits = draw.percent(40);
                    self.op(&name, Operation::Call(at), &[index, ValType::I32], ValType::I32, |sink| {
                        if waits {
                            sink.local_get(1).i32_const(3).i32_rotl();
                        }
                        sink.local_get(1).local_get(0);
                        match (through, tail) {
                            (true, true) => sink.table_get(table).return_call_ref(ty),
                            (true, false) => sink.table_get(table).call_ref(ty),
                            (false, true) => sink.return_call_indirect(table, ty),
                            (false, false) => sink.call_indirect(table, ty),
                        };
                        if waits && !tail {
                            sink.i32_sub();
                        } else if waits {
                            // Not reached, and takes what the stack is said to have.
                            sink.i32_add();
                        }
                    });
                }
            }
            self.sum(at, look, full);
            if !full {
                if self.may(Feature::BulkMemory) {
                    self.need(Feature::BulkMemory);
                    let params = [ValType::I32, ValType::I32, ValType::I32];
                    self.op("copy0_0", Operation::Copy(0, 0), &params, ValType::I32, |sink| {
                        sink.local_get(0).local_get(1).local_get(2).table_copy(0, 0).i32_const(1);
                    });
                }
                continue;
            }
            self.need(Feature::ReferenceTypes);
            self.need(Feature::BulkMemory);
            let value = if shape.kind == Kind::Extern { ValType::EXTERNREF } else { ValType::I32 };
            let push = |sink: &mut InstructionSink<'_>, local: u32| {
                sink.local_get(local);
                if shape.kind != Kind::Extern {
                    sink.call(make);
                }
            };
            self.op(&format!("look{at}"), Operation::Read(at), &[index], ValType::I32, |sink| {
                sink.local_get(0).table_get(table).call(look);
            });
            if matches!(shape.kind, Kind::Func | Kind::Extern | Kind::Any) {
                let result = ValType::Ref(reference);
                self.op(&format!("get{at}"), Operation::Read(at), &[index], result, |sink| {
                    sink.local_get(0).table_get(table);
                });
            }
            self.op(&format!("set{at}"), Operation::Write(at), &[index, value], ValType::I32, |sink| {
                sink.local_get(0);
                push(sink, 1);
                sink.table_set(table).local_get(0).table_get(table).call(look);
            });
            self.op(&format!("grow{at}"), Operation::Grow(at), &[index, value], index, |sink| {
                push(sink, 1);
                sink.local_get(0).table_grow(table);
            });
            if !shape.wide && draw.percent(30) {
                // The result as a number without sign, which -1 is not.
                self.op(&format!("grown{at}"), Operation::Grow(at), &[index, value], ValType::I64, |sink| {
                    push(sink, 1);
                    sink.local_get(0).table_grow(table).i64_extend_i32_u();
                });
            }
            self.op(&format!("size{at}"), Operation::Plain, &[], index, |sink| {
                sink.table_size(table);
            });
            self.op(&format!("fill{at}"), Operation::Fill(at), &[index, value, index], index, |sink| {
                sink.local_get(0);
                push(sink, 1);
                sink.local_get(2).table_fill(table).table_size(table);
            });
            self.sequences(at, make, look, value, draw);
        }
        if full {
            self.copies(draw);
            if self.may(Feature::Gc) && draw.percent(25) {
                self.nulls(draw);
            }
        }
    }

    /// A table whose elements can be null only, as large as the first one, so that calls come near its end.
    fn nulls(&mut self, draw: &mut Draw) {
        self.need(Feature::Gc);
        let shape = self.shapes[0];
        let bottoms = [AbstractHeapType::None, AbstractHeapType::NoFunc, AbstractHeapType::NoExtern];
        let heap_type = HeapType::Abstract { shared: false, ty: draw.pick(&bottoms) };
        let element_type = RefType { nullable: true, heap_type };
        let (minimum, maximum) = (u64::from(shape.minimum), Some(u64::from(shape.maximum)));
        let ty = TableType { element_type, minimum, maximum, table64: shape.wide, shared: false };
        let table = self.draft.table(ty, None);
        self.op("null", Operation::Read(0), &[shape.index()], ValType::I32, |sink| {
            sink.local_get(0).table_get(table).ref_is_null();
        });
    }

    /// Copies between all tables of which one's elements may stand in the other.
    fn copies(&mut self, draw: &mut Draw) {
        for to in 0..self.shapes.len() {
            for from in 0..self.shapes.len() {
                let (target, source) = (self.shapes[to], self.shapes[from]);
                let fits = target.kind == source.kind
                    || matches!(
                        (target.kind, source.kind),
                        (Kind::Func, Kind::Typed | Kind::NonNull)
                            | (Kind::Typed, Kind::NonNull)
                            | (Kind::Any, Kind::I31 | Kind::Struct | Kind::Array)
                    );
                if !fits {
                    continue;
                }
                let length = if target.wide && source.wide { ValType::I64 } else { ValType::I32 };
                let params = [target.index(), source.index(), length];
                let (one, other) = (to as u32, from as u32);
                let waits = draw.percent(8);
                let name = format!("copy{to}_{from}");
                self.op(&name, Operation::Copy(to, from), &params, target.index(), |sink| {
                    if waits {
                        sink.local_get(0);
                    }
                    sink.local_get(0).local_get(1).local_get(2).table_copy(one, other);
                    if !waits {
                        sink.table_size(one);
                    }
                });
            }
        }
    }

    /// A number that depends on every element and its place. Without 2.0, calls a few of them.
    fn sum(&mut self, at: usize, look: u32, full: bool) {
        let (table, shape) = (at as u32, self.shapes[at]);
        let ty = self.draft.func_type(&[], &[ValType::I32]);
        if full {
            self.need(Feature::ReferenceTypes);
        }
        let plain = self.types.plain;
        let write = |sink: &mut InstructionSink<'_>| {
            if !full {
                sink.i32_const(5).i32_const(shape.minimum.cast_signed() - 1).call_indirect(0, plain);
                return;
            }
            // 0: index, 1: sum
            sink.block(BlockType::Empty).loop_(BlockType::Empty);
            sink.local_get(0).table_size(table);
            if shape.wide {
                sink.i64_ge_u()
            } else {
                sink.i32_ge_u()
            };
            sink.br_if(1);
            sink.local_get(1).i32_const(5).i32_rotl().local_get(0).table_get(table).call(look).i32_xor().local_set(1);
            sink.local_get(0);
            if shape.wide {
                sink.i64_const(1).i64_add()
            } else {
                sink.i32_const(1).i32_add()
            };
            sink.local_set(0).br(0).end().end().local_get(1);
        };
        let index = self.draft.func(ty, &[shape.index(), ValType::I32], write);
        let name = format!("sum{at}");
        self.draft.export(&name, ExportKind::Func, index);
        self.exports.push(Export { name, operation: Operation::Plain });
    }

    /// Operations one after another, on indices that are brought within the table.
    fn sequences(&mut self, at: usize, make: u32, look: u32, value: ValType, draw: &mut Draw) {
        let (table, shape) = (at as u32, self.shapes[at]);
        let of_functions = matches!(shape.kind, Kind::Func | Kind::Typed | Kind::NonNull);
        let plain = self.types.plain;
        let name = format!("sequence{at}");
        let params = [ValType::I32, value, ValType::I32];
        let ty = self.draft.func_type(&params, &[ValType::I32]);
        // 3: an index within the table, 4: the sum.
        let write = |sink: &mut InstructionSink<'_>| {
            let narrow = |sink: &mut InstructionSink<'_>| {
                if shape.wide {
                    sink.i32_wrap_i64();
                }
            };
            let push = |sink: &mut InstructionSink<'_>| {
                sink.local_get(1);
                if shape.kind != Kind::Extern {
                    sink.call(make);
                }
            };
            for _ in 0..draw.between(2, 7) {
                // index = (number + k) mod size, which grows on the way.
                sink.local_get(0).i32_const(draw.below(40).cast_signed()).i32_add();
                if shape.wide {
                    sink.i64_extend_i32_u().table_size(table).i64_rem_u();
                } else {
                    sink.table_size(table).i32_rem_u();
                }
                sink.local_set(3);
                let kind = draw.below(7);
                // One engine dies of a copy over which operands wait; in most cases it gets to see the rest.
                let early = kind == 4 && draw.percent(85);
                if !early {
                    sink.local_get(4).i32_const(7).i32_rotl();
                }
                match kind {
                    0 => {
                        sink.local_get(3).table_get(table).call(look);
                    }
                    1 => {
                        sink.local_get(3);
                        push(sink);
                        sink.table_set(table).local_get(3).table_get(table).call(look);
                    }
                    2 => {
                        push(sink);
                        push_index(sink, shape.wide, draw.below(3));
                        sink.table_grow(table);
                        narrow(sink);
                        sink.table_size(table);
                        narrow(sink);
                        sink.i32_add();
                    }
                    3 => {
                        // To the very end of the table.
                        sink.local_get(3);
                        push(sink);
                        sink.table_size(table).local_get(3);
                        if shape.wide {
                            sink.i64_sub()
                        } else {
                            sink.i32_sub()
                        };
                        sink.table_fill(table).local_get(2);
                    }
                    4 => {
                        // Both ways: from the index to the start, and from the start to the index.
                        let forth = draw.percent(50);
                        if forth {
                            push_index(sink, shape.wide, 0);
                            sink.local_get(3);
                        } else {
                            sink.local_get(3);
                            push_index(sink, shape.wide, 0);
                        }
                        sink.table_size(table).local_get(3);
                        if shape.wide {
                            sink.i64_sub()
                        } else {
                            sink.i32_sub()
                        };
                        sink.table_copy(table, table);
                        if early {
                            sink.local_get(4).i32_const(7).i32_rotl();
                        }
                        sink.local_get(3).table_get(table).call(look);
                    }
                    5 if of_functions => {
                        // Null is not called; another type may be.
                        sink.local_get(3).table_get(table).ref_is_null().if_(BlockType::Result(ValType::I32));
                        sink.i32_const(-3).else_();
                        sink.local_get(2).local_get(3).call_indirect(table, plain).end();
                    }
                    _ => {
                        sink.table_size(table);
                        narrow(sink);
                    }
                }
                sink.i32_xor().local_set(4);
            }
            sink.local_get(4);
        };
        let index = self.draft.func(ty, &[shape.index(), ValType::I32], write);
        self.draft.export(&name, ExportKind::Func, index);
        for _ in 0..3 {
            self.exports.push(Export { name: name.clone(), operation: Operation::Sequence(at) });
        }
    }
}
