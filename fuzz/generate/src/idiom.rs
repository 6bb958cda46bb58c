//! The `idiom` family: what compilers look at together.
//!
//! Bugs of compilers are seldom in one instruction. They are in a rewriting of two or three that follow each other, in
//! what waits on the stack while a local, a global or a block changes it, in constants that are folded, and in
//! accesses that are merged into the operator that takes them. So functions here are small and dense: expressions of
//! few operators over few locals and favourite constants ([`trees`]), and moves between locals, the stack and blocks
//! ([`moves`]). A module has many of them, and each is called often.
//!
//! Floats are either computed with or looked at bit by bit, never both in one module: the bits of NaNs that the
//! standard leaves open reach nothing that tells them apart.

mod moves;
mod trees;

use wasm_encoder::{
    ConstExpr, DataSegment, DataSegmentMode, ElementSegment, Elements, ExportKind, GlobalType, RefType, ValType,
};
use wassay_model::{Feature, Features, Host, TestCase, Value};

use crate::Order;
use crate::draft::{Draft, memory_type, mutable, table_type};
use crate::draw::Draw;
use crate::script::Script;
use crate::{encode, values};

/// How many functions a module has.
const FUNCTIONS: (u32, u32) = (14, 26);
/// The bytes of the one page of memory.
const PAGE: u64 = 0x1_0000;
/// Where eight words lie that are addresses, and where nothing is stored.
const POINTERS: u64 = 192;
/// Types of numbers.
const NUMBERS: [ValType; 4] = [ValType::I32, ValType::I64, ValType::F32, ValType::F64];

/// What the functions of a module share.
struct Scope {
    allowed: Features,
    used: Features,
    /// Floats are looked at bit by bit, and not computed with.
    exact: bool,
    /// The memory has 64-bit addresses.
    wide: bool,
    /// By type of number: a mutable global and an immutable one.
    globals: [(u32, u32); 4],
    /// Changes the mutable globals of integers, and returns one.
    bump: u32,
    /// Changes them and returns nothing.
    touch: u32,
    /// Wraps an `i64`.
    wrap: u32,
    /// The difference of two `i32`, by way of a tail call where there are some.
    difference: u32,
    /// Two results, both parameters; and four constants.
    pair: Option<u32>,
    quad: Option<u32>,
    /// A table of functions that may grow a little.
    table: Option<u32>,
    /// A tag, and a function that throws it if its argument is not 0.
    thrower: Option<u32>,
    tag: u32,
    /// A structure with two fields that can be written, an `i32` and an `i64`.
    structure: Option<u32>,
    /// A passive data segment, and its length.
    segment: Option<(u32, u32)>,
}

impl Scope {
    const fn may(&self, feature: Feature) -> bool {
        self.allowed.contains(feature)
    }

    const fn need(&mut self, features: &[Feature]) {
        self.used = self.used.union(Features::of(features));
    }

    fn func_type(&mut self, draft: &mut Draft, params: &[ValType], results: &[ValType]) -> u32 {
        if results.len() > 1 {
            self.need(&[Feature::MultiValue]);
        }
        if params.iter().chain(results).any(|ty| *ty == ValType::V128) {
            self.need(&[Feature::Simd]);
        }
        draft.func_type(params, results)
    }
}

/// The position of a type of numbers among them.
fn position(ty: ValType) -> Option<usize> {
    NUMBERS.iter().position(|number| *number == ty)
}

/// A function under construction.
struct Writer<'a> {
    scope: &'a mut Scope,
    draft: &'a mut Draft,
    draw: &'a mut Draw,
    code: Vec<u8>,
    /// Parameters and locals.
    locals: Vec<ValType>,
    params: usize,
    /// Constants that come again and again: a distance, and any number.
    distance: u32,
    number: u64,
}

impl<'a> Writer<'a> {
    fn new(scope: &'a mut Scope, draft: &'a mut Draft, draw: &'a mut Draw, params: &[ValType]) -> Self {
        let distance = draw.pick(&[0, 1, 2, 3, 4, 7, 8, 16, 24, 24, 31, 32, 33, 36, 48, 56, 63]);
        let number = values::integer(draw, 64);
        Self { scope, draft, draw, code: Vec::new(), locals: params.to_vec(), params: params.len(), distance, number }
    }

    fn fresh(&mut self, ty: ValType) -> u32 {
        self.locals.push(ty);
        self.locals.len() as u32 - 1
    }

    /// The body, and the locals that are no parameters.
    fn finish(mut self) -> (Vec<u8>, Vec<ValType>) {
        self.code.push(0x0b);
        let locals = self.locals.split_off(self.params);
        (self.code, locals)
    }

    fn op(&mut self, code: u32) {
        encode::opcode(&mut self.code, code);
    }

    fn leb(&mut self, number: u32) {
        encode::unsigned(&mut self.code, u64::from(number));
    }

    fn with(&mut self, code: u32, index: u32) {
        self.op(code);
        self.leb(index);
    }

    fn get(&mut self, local: u32) {
        self.with(0x20, local);
    }

    fn set(&mut self, local: u32) {
        self.with(0x21, local);
    }

    fn tee(&mut self, local: u32) {
        self.with(0x22, local);
    }

    fn call(&mut self, func: u32) {
        self.with(0x10, func);
    }

    fn i32(&mut self, value: u32) {
        encode::constant(&mut self.code, Value::I32(value));
    }

    fn i64(&mut self, value: u64) {
        encode::constant(&mut self.code, Value::I64(value));
    }

    /// An access to memory; its address is on the stack.
    fn access(&mut self, code: u32, offset: u64) {
        self.op(code);
        encode::memory_argument(&mut self.code, 0, 0, offset);
    }

    /// One of the locals of the type: the first of them half of the time.
    fn local_of(&mut self, ty: ValType) -> Option<u32> {
        let all: Vec<u32> = (0..self.locals.len() as u32).filter(|at| self.locals[*at as usize] == ty).collect();
        if all.is_empty() {
            return None;
        }
        Some(if self.draw.percent(50) { all[0] } else { self.draw.pick(&all) })
    }

    /// A constant of the type, at an edge or one that came before.
    fn constant(&mut self, ty: ValType) {
        let value = match ty {
            ValType::I32 => Value::I32(self.integer(32) as u32),
            ValType::I64 => Value::I64(self.integer(64)),
            ValType::F32 => Value::F32(self.draw.pick(&values::F32)),
            ValType::F64 => Value::F64(self.draw.pick(&values::F64)),
            _ => {
                self.scope.need(&[Feature::Simd]);
                Value::V128(values::vector(self.draw))
            }
        };
        encode::constant(&mut self.code, value);
    }

    fn integer(&mut self, width: u32) -> u64 {
        match self.draw.below(10) {
            0..2 => u64::from(self.draw.below(4)),
            2 => self.number,
            3 => u64::from(self.distance),
            4 => self.draw.pick(&[0xff, 0xffff, 0x7fff_ffff, 0xffff_ffff, 0xff00, 0xffff_ff80, 0xffff_8000]),
            5 => u64::from(self.draw.pick(&[7_u32, 8, 16, 24, 31, 32, 33, 63, 64, 66])).wrapping_neg(),
            _ => values::integer(self.draw, width),
        }
    }
}

/// Makes a case; its provenance has no seed yet.
pub(crate) fn generate(order: &Order, draw: &mut Draw) -> (TestCase, Vec<&'static str>) {
    let mut draft = Draft::default();
    let mut scope = scaffold(order.features, &mut draft, draw);
    let mut functions = Vec::new();
    let mut traits = vec![if scope.exact { "bits" } else { "arithmetic" }];
    for number in 0..draw.between(FUNCTIONS.0, FUNCTIONS.1) {
        let params = params(&mut scope, draw);
        let (code, locals, results) = if draw.percent(55) {
            trees::function(&mut scope, &mut draft, draw, &params)
        } else {
            moves::function(&mut scope, &mut draft, draw, &params)
        };
        let ty = scope.func_type(&mut draft, &params, &results);
        let index = draft.declare(ty);
        draft.define_raw(index, &locals, &code);
        draft.export(&format!("f{number}"), ExportKind::Func, index);
        functions.push(params);
    }
    if scope.used.contains(Feature::Simd) {
        traits.push("vectors");
    }
    let mut script = Script::new(Host::None);
    if draw.percent(20) {
        // Somebody else was here before.
        let bytes = earlier(draw);
        let module = script.module("earlier", bytes);
        script.instantiate(module);
    }
    let module = script.module("main", draft.finish());
    let instance = script.instantiate(module);
    for round in 0..8 {
        for (number, params) in functions.iter().enumerate() {
            let args = params.iter().map(|ty| argument(*ty, round, draw)).collect();
            script.invoke(instance, &format!("f{number}"), args);
        }
        if matches!(round, 0 | 3 | 7) {
            script.snapshot();
        }
    }
    (script.finish(scope.used), traits)
}

/// A module with a memory of its own and some data in it.
fn earlier(draw: &mut Draw) -> Vec<u8> {
    let mut draft = Draft::default();
    draft.leave_data_uncounted();
    let memory = draft.memory(memory_type(1, 2));
    draft.export("memory", ExportKind::Memory, memory);
    for _ in 0..draw.between(1, 3) {
        let offset = ConstExpr::i32_const(draw.below(0x1000).cast_signed());
        let bytes: Vec<u8> = (0..draw.between(1, 40)).map(|_| draw.bits() as u8).collect();
        draft.data(DataSegment { mode: DataSegmentMode::Active { memory_index: 0, offset: &offset }, data: bytes });
    }
    draft.finish()
}

/// Two parameters of one type and some of others.
fn params(scope: &mut Scope, draw: &mut Draw) -> Vec<ValType> {
    let mut types = vec![ValType::I32, ValType::I32, ValType::I64, ValType::I64, ValType::F64, ValType::F32];
    if scope.may(Feature::Simd) {
        types.push(ValType::V128);
    }
    let main = draw.pick(&types);
    let mut params = vec![main, main, ValType::I32];
    params.extend((0..draw.below(4)).map(|_| draw.pick(&types)));
    if draw.percent(if main == ValType::V128 { 15 } else { 6 }) {
        // More than registers take.
        params.extend(std::iter::repeat_n(main, 8));
    }
    params
}

/// Small numbers first, edges later.
fn argument(ty: ValType, round: u32, draw: &mut Draw) -> Value {
    let small = round < 2 || draw.percent(20);
    match ty {
        ValType::I32 if small => Value::I32(draw.below(40)),
        ValType::I64 if small => Value::I64(u64::from(draw.below(40))),
        ValType::I32 => {
            Value::I32(if draw.percent(15) { narrow(draw) as u32 } else { values::integer(draw, 32) as u32 })
        }
        ValType::I64 => Value::I64(if draw.percent(15) { narrow(draw) } else { values::integer(draw, 64) }),
        ValType::F32 => {
            Value::F32(if small { (draw.below(64) as f32 / 4.0).to_bits() } else { draw.pick(&values::F32) })
        }
        ValType::F64 => {
            Value::F64(if small { f64::from(draw.below(64) as f32 / 4.0).to_bits() } else { draw.pick(&values::F64) })
        }
        _ => Value::V128(values::vector(draw)),
    }
}

/// What has a sign in 8 or 16 bits.
fn narrow(draw: &mut Draw) -> u64 {
    draw.pick(&[0x80, 0xff, 0xfe, 0x7f, 0x8000, 0xffff, 0x7fff, 0xff80, 0xffff_ff80, 0x1_0000_0080])
}

/// Memory, globals and the functions that others call.
fn scaffold(features: Features, draft: &mut Draft, draw: &mut Draw) -> Scope {
    let mut allowed = Features::V1;
    for (feature, percent) in [
        (Feature::SignExtension, 80),
        (Feature::MultiValue, 80),
        (Feature::BulkMemory, 60),
        (Feature::Simd, 45),
        (Feature::ReferenceTypes, 60),
        (Feature::TailCall, 40),
        (Feature::Memory64, 15),
    ] {
        if features.contains(feature) && draw.percent(percent) {
            allowed = allowed.union(Features::of(&[feature]));
        }
    }
    if allowed.contains(Feature::ReferenceTypes) {
        if features.contains(Feature::Exceptions) && draw.percent(50) {
            allowed = allowed.union(Features::of(&[Feature::Exceptions]));
        }
        let objects = Features::of(&[Feature::FunctionReferences, Feature::Gc]);
        if objects.minus(features).is_empty() && draw.percent(30) {
            allowed = allowed.union(objects);
        }
    }
    let mut scope = Scope {
        allowed,
        used: Features::of(&[Feature::MutableGlobal]),
        exact: draw.percent(50),
        wide: allowed.contains(Feature::Memory64),
        globals: [(0, 0); 4],
        bump: 0,
        touch: 0,
        wrap: 0,
        difference: 0,
        pair: None,
        quad: None,
        table: None,
        thrower: None,
        tag: 0,
        structure: None,
        segment: None,
    };
    if scope.wide {
        scope.need(&[Feature::Memory64]);
    }
    memory(&mut scope, draft, draw);
    for (at, ty) in NUMBERS.into_iter().enumerate() {
        let value = |draw: &mut Draw| match ty {
            ValType::I32 => ConstExpr::i32_const((values::integer(draw, 32) as u32).cast_signed()),
            ValType::I64 => ConstExpr::i64_const(values::integer(draw, 64).cast_signed()),
            ValType::F32 => ConstExpr::f32_const(1.5.into()),
            _ => ConstExpr::f64_const(2.5.into()),
        };
        let changed = draft.global(mutable(ty), &value(draw));
        draft.export(&format!("g{changed}"), ExportKind::Global, changed);
        let fixed = draft.global(GlobalType { val_type: ty, mutable: false, shared: false }, &value(draw));
        scope.globals[at] = (changed, fixed);
    }
    helpers(&mut scope, draft, draw);
    scope
}

fn memory(scope: &mut Scope, draft: &mut Draft, draw: &mut Draw) {
    let memory = draft.memory(wasm_encoder::MemoryType { memory64: scope.wide, ..memory_type(1, 1) });
    draft.export("memory", ExportKind::Memory, memory);
    let mut fill = |start: u64, len: usize, draw: &mut Draw| {
        // No byte with the sign and few that are large: as floats these are numbers.
        let bytes: Vec<u8> = (0..len).map(|_| draw.pick(&[0_u8, 1, 2, 0x3f, 0x40, 0x7e, 0x11, 0x80])).collect();
        let offset = if scope.wide {
            ConstExpr::i64_const(start.cast_signed())
        } else {
            ConstExpr::i32_const((start as u32).cast_signed())
        };
        draft.data(DataSegment { mode: DataSegmentMode::Active { memory_index: 0, offset: &offset }, data: bytes });
    };
    fill(0, POINTERS as usize, draw);
    fill(PAGE - 32, 32, draw);
    let offset = if scope.wide { ConstExpr::i64_const(POINTERS as i64) } else { ConstExpr::i32_const(POINTERS as i32) };
    let pointers: Vec<u8> = (0..8).flat_map(|_| draw.below(128).to_le_bytes()).collect();
    draft.data(DataSegment { mode: DataSegmentMode::Active { memory_index: 0, offset: &offset }, data: pointers });
    // Some that overlap, in any order: the last one wins.
    for _ in 0..draw.below(4) {
        let start = draw.between(100, 120);
        let bytes: Vec<u8> = (0..draw.between(1, 16)).map(|_| draw.bits() as u8).collect();
        let offset = match scope.wide {
            true => ConstExpr::i64_const(start.into()),
            false => ConstExpr::i32_const(start.cast_signed()),
        };
        draft.data(DataSegment { mode: DataSegmentMode::Active { memory_index: 0, offset: &offset }, data: bytes });
    }
    if scope.may(Feature::BulkMemory) {
        scope.need(&[Feature::BulkMemory]);
        let len = draw.between(4, 20);
        let bytes: Vec<u8> = (0..len).map(|_| draw.bits() as u8).collect();
        let segment = draft.data(DataSegment { mode: DataSegmentMode::Passive, data: bytes });
        scope.segment = Some((segment, len));
    } else {
        draft.leave_data_uncounted();
    }
}

fn helpers(scope: &mut Scope, draft: &mut Draft, draw: &mut Draw) {
    use ValType::{I32, I64};
    let [(narrow, _), (wide, _), ..] = scope.globals;
    let step = (values::integer(draw, 32) as u32 | 1).cast_signed();
    let ty = draft.func_type(&[], &[I32]);
    scope.bump = draft.func(ty, &[], |sink| {
        sink.global_get(narrow).i32_const(step).i32_add().global_set(narrow);
        sink.global_get(wide).i64_const(7).i64_rotl().i64_const(1).i64_add().global_set(wide).global_get(narrow);
    });
    let ty = draft.func_type(&[], &[]);
    scope.touch = draft.func(ty, &[], |sink| {
        sink.global_get(narrow).i32_const(step).i32_xor().global_set(narrow);
        sink.global_get(wide).i64_const(3).i64_sub().global_set(wide);
    });
    let ty = draft.func_type(&[I64], &[I32]);
    scope.wrap = draft.func(ty, &[], |sink| {
        sink.local_get(0).i32_wrap_i64();
    });
    let ty = draft.func_type(&[I32, I32], &[I32]);
    let inner = draft.func(ty, &[], |sink| {
        sink.local_get(0).local_get(1).i32_sub();
    });
    scope.difference = inner;
    // The same type under another index.
    let other = draft.plain_func_type(&[I32, I32], &[I32]);
    let table = draft.table(table_type(RefType::FUNCREF, 2, 12), None);
    draft.export("table", ExportKind::Table, table);
    draft.element(ElementSegment {
        mode: wasm_encoder::ElementMode::Active { table: None, offset: &ConstExpr::i32_const(0) },
        elements: Elements::Functions(vec![inner].into()),
    });
    let (tail, indirect) = (scope.may(Feature::TailCall), draw.percent(60));
    if tail {
        scope.need(&[Feature::TailCall]);
    }
    if tail || indirect {
        scope.difference = draft.func(ty, &[], |sink| {
            sink.local_get(0).local_get(1);
            match (tail, indirect) {
                (true, true) => sink.i32_const(0).return_call_indirect(table, other),
                (true, false) => sink.return_call(inner),
                _ => sink.i32_const(0).call_indirect(table, other),
            };
        });
    }
    if scope.may(Feature::MultiValue) {
        let ty = scope.func_type(draft, &[I32, I32], &[I32, I32]);
        let turned = draw.percent(50);
        scope.pair = Some(draft.func(ty, &[], |sink| {
            sink.local_get(u32::from(turned)).local_get(u32::from(!turned));
        }));
        let constants: Vec<i32> = (0..4).map(|_| (values::integer(draw, 32) as u32).cast_signed()).collect();
        let ty = scope.func_type(draft, &[], &[I32; 4]);
        scope.quad = Some(draft.func(ty, &[], |sink| {
            for constant in &constants {
                sink.i32_const(*constant);
            }
        }));
    }
    if scope.may(Feature::ReferenceTypes) {
        scope.table = Some(table);
    }
    if scope.may(Feature::Exceptions) {
        scope.need(&[Feature::ReferenceTypes, Feature::Exceptions]);
        let ty = draft.func_type(&[], &[]);
        let tag = draft.tag(ty);
        scope.tag = tag;
        let ty = draft.func_type(&[I32], &[]);
        scope.thrower = Some(draft.func(ty, &[], |sink| {
            sink.local_get(0).if_(wasm_encoder::BlockType::Empty).throw(tag).end();
        }));
    }
    if scope.may(Feature::Gc) {
        use wasm_encoder::{CompositeInnerType, FieldType, StorageType, StructType};
        scope.need(&[Feature::ReferenceTypes, Feature::FunctionReferences, Feature::Gc]);
        let field = |ty| FieldType { element_type: StorageType::Val(ty), mutable: true };
        let fields = vec![field(I32), field(I64)].into();
        let structure = CompositeInnerType::Struct(StructType { fields });
        scope.structure = Some(draft.subtype(&crate::draft::plain_subtype(structure)));
    }
}
