//! The `control` family: structured programs whose results depend on the path that was taken.
//!
//! Every function keeps a running hash in a local. Each value that a branch, a block, a handler or a call leaves
//! goes into the hash, and so does the place where it was left: a wrong branch shows in the result. Programs are
//! well typed by construction, and they end: each loop and each function that may recur takes from one counter, and
//! where it is used up the function returns what it has. Functions that call others count their depth down too.
//!
//! Floats are never computed with in ways that make a NaN, so every bit of every result is determined.

mod body;
mod shapes;

use wasm_encoder::{
    ConstExpr, ElementMode, ElementSegment, Elements, EntityType, ExportKind, HeapType, Ieee32, Ieee64,
    InstructionSink, RefType, ValType,
};
use wassay_model::{Feature, Features, Host, TestCase, host};

use crate::Order;
use crate::draft::{Draft, mutable, table_type};
use crate::draw::Draw;
use crate::script::Script;
use crate::values;

use self::body::Body;

/// The name under which the second module is registered.
const COMPANION: &str = "env";

/// A function that bodies may call. Its first parameter is the depth that is left.
#[derive(Clone, Debug)]
struct Callee {
    index: u32,
    ty: u32,
    params: Vec<ValType>,
    results: Vec<ValType>,
}

/// What a case is drawn from, and the module that it becomes.
struct Program {
    draft: Draft,
    allowed: Features,
    /// What the modules need so far.
    used: Features,
    /// The types of values, each as often as it is to be drawn.
    types: Vec<ValType>,
    callees: Vec<Callee>,
    /// A host function from a number to a number.
    host: Option<u32>,
    tags: Vec<(u32, Vec<ValType>)>,
    /// The slots of the table: positions in `callees`.
    slots: Vec<usize>,
    fuel: u32,
    path: u32,
    exports: Vec<(String, Vec<ValType>)>,
}

impl Program {
    /// Whether the case may use the feature.
    const fn may(&self, feature: Feature) -> bool {
        self.allowed.contains(feature)
    }

    /// States that a module needs the feature, with what it is built on.
    const fn need(&mut self, feature: Feature) {
        let all: &[Feature] = match feature {
            Feature::Exceptions => &[Feature::ReferenceTypes, Feature::Exceptions],
            Feature::FunctionReferences => &[Feature::ReferenceTypes, Feature::FunctionReferences],
            Feature::Gc => &[Feature::ReferenceTypes, Feature::FunctionReferences, Feature::Gc],
            _ => &[feature],
        };
        self.used = self.used.union(Features::of(all));
    }

    fn need_types(&mut self, types: &[ValType]) {
        for ty in types {
            match *ty {
                ValType::V128 => self.need(Feature::Simd),
                ValType::EXNREF => self.need(Feature::Exceptions),
                ValType::FUNCREF | ValType::EXTERNREF => self.need(Feature::ReferenceTypes),
                ValType::Ref(RefType { heap_type: HeapType::Concrete(_), .. }) => {
                    self.need(Feature::FunctionReferences);
                }
                ValType::Ref(_) => self.need(Feature::Gc),
                _ => {}
            }
        }
    }

    fn func_type(&mut self, params: &[ValType], results: &[ValType]) -> u32 {
        if results.len() > 1 {
            self.need(Feature::MultiValue);
        }
        self.need_types(params);
        self.need_types(results);
        self.draft.func_type(params, results)
    }

    fn draw_types(&self, low: u32, high: u32, draw: &mut Draw) -> Vec<ValType> {
        (0..draw.between(low, high)).map(|_| draw.pick(&self.types)).collect()
    }

    /// As many results as the case may have.
    fn draw_results(&self, high: u32, draw: &mut Draw) -> Vec<ValType> {
        if self.may(Feature::MultiValue) { self.draw_types(1, high, draw) } else { self.draw_types(1, 1, draw) }
    }
}

/// Makes a case; its provenance has no seed yet.
pub(crate) fn generate(order: &Order, draw: &mut Draw) -> (TestCase, Vec<&'static str>) {
    let mut program = Program::draw(order.features, draw);
    let mut traits = Vec::new();
    let hosted = draw.percent(25);
    let mut script = Script::new(if hosted { Host::Deterministic } else { Host::None });

    if program.may(Feature::Exceptions) {
        for _ in 0..draw.between(1, 3) {
            let mut params = program.draw_types(0, 3, draw);
            // Twice the same: whoever takes them in another order is not found out by their types.
            if draw.percent(35) {
                params.extend(params.last().copied());
            }
            program.tags.push((0, params));
        }
    }
    // What the companion offers has the one type that bodies of both modules know.
    let shared = (vec![ValType::I32, ValType::I64], vec![ValType::I64]);
    let shared_type = program.func_type(&shared.0, &shared.1);
    let with_companion = draw.percent(35);
    if with_companion {
        traits.push("companion");
        let bytes = companion(&mut program, draw);
        let module = script.module(COMPANION, bytes);
        let instance = script.instantiate(module);
        script.register(instance, COMPANION);
        for name in ["echo", "back"] {
            let index = program.draft.import(COMPANION, name, EntityType::Function(shared_type));
            program.callees.push(Callee {
                index,
                ty: shared_type,
                params: shared.0.clone(),
                results: shared.1.clone(),
            });
        }
        if !program.tags.is_empty() {
            let index = program.draft.import(COMPANION, "thrower", EntityType::Function(shared_type));
            let (params, results) = shared.clone();
            program.callees.push(Callee { index, ty: shared_type, params, results });
        }
    }
    if hosted {
        traits.push("host");
        let ty = program.func_type(&[ValType::I64], &[ValType::I64]);
        program.host = Some(program.draft.import(host::MODULE, "h", EntityType::Function(ty)));
    }
    for position in 0..program.tags.len() {
        program.need(Feature::Exceptions);
        let params = program.tags[position].1.clone();
        let ty = program.func_type(&params, &[]);
        program.tags[position].0 = if with_companion && position == 0 {
            let kind = wasm_encoder::TagKind::Exception;
            let tag = wasm_encoder::TagType { kind, func_type_idx: ty };
            program.draft.import(COMPANION, "tag", EntityType::Tag(tag))
        } else {
            program.draft.tag(ty)
        };
    }
    program.fuel = program.draft.global(mutable(ValType::I32), &ConstExpr::i32_const(0));
    program.path = program.draft.global(mutable(ValType::I64), &ConstExpr::i64_const(0));
    program.draft.export("path", ExportKind::Global, program.path);
    program.need(Feature::MutableGlobal);

    // Functions that call each other: few signatures, so that tail calls and tables find partners.
    let imported = program.callees.len();
    let mut signatures = vec![shared];
    for _ in 0..draw.between(1, 2) {
        let mut params = vec![ValType::I32];
        params.extend(program.draw_types(0, if draw.percent(10) { 12 } else { 4 }, draw));
        let results = if draw.percent(50) { signatures[0].1.clone() } else { program.draw_results(3, draw) };
        signatures.push((params, results));
    }
    for number in 0..draw.between(2, 5) {
        let (params, results) =
            if number == 0 { signatures[0].clone() } else { signatures[draw.position(signatures.len())].clone() };
        let ty = program.func_type(&params, &results);
        let index = program.draft.declare(ty);
        program.callees.push(Callee { index, ty, params, results });
    }
    fill_table(&mut program, with_companion, imported, draw);

    for position in imported..program.callees.len() {
        let callee = program.callees[position].clone();
        let budget = draw.between(10, 60);
        let body = Body::new(&mut program, draw, &callee.params, &callee.results, budget);
        let (code, locals) = body.inner();
        program.draft.define_raw(callee.index, &locals, &code);
    }
    for number in 0..draw.between(1, 3) {
        let high = draw.pick(&[4, 4, 8]);
        let params = program.draw_types(1, high, draw);
        let mut results = vec![ValType::I64];
        if program.may(Feature::MultiValue) {
            results.extend(program.draw_types(0, 4, draw));
        }
        let ty = program.func_type(&params, &results);
        let budget = draw.between(30, 120);
        let body = Body::new(&mut program, draw, &params, &results, budget);
        let (code, locals) = body.entry();
        let index = program.draft.declare(ty);
        program.draft.define_raw(index, &locals, &code);
        export(&mut program, &format!("run{number}"), index, &params);
    }
    for (name, percent, write) in shapes::ALL {
        if draw.percent(*percent) && write(&mut program, draw) {
            traits.push(name);
        }
    }

    let Program { draft, used, exports, .. } = program;
    let module = script.module("main", draft.finish());
    let instance = script.instantiate(module);
    let mut calls = Vec::new();
    for (name, params) in &exports {
        for _ in 0..draw.between(3, 6) {
            let args = params.iter().map(|ty| argument(*ty, draw)).collect();
            calls.push((name, args));
        }
    }
    draw.shuffle(&mut calls);
    for (name, args) in calls {
        script.invoke(instance, name, args);
    }
    script.get(instance, "path");
    script.snapshot();
    (script.finish(used), traits)
}

/// Every type that parameters of exports have is one that a plan can write.
fn argument(ty: ValType, draw: &mut Draw) -> wassay_model::Value {
    use wassay_model::{RefType, ValType as Model, Value};
    let ty = match ty {
        ValType::I32 => Model::I32,
        ValType::I64 => Model::I64,
        ValType::F32 => Model::F32,
        ValType::F64 => Model::F64,
        ValType::V128 => Model::V128,
        ValType::EXTERNREF => Model::Ref(RefType::EXTERN),
        ValType::Ref(_) => return Value::Ref(wassay_model::Ref::Null),
    };
    values::argument(ty, draw).unwrap_or(Value::Ref(wassay_model::Ref::Null))
}

fn export(program: &mut Program, name: &str, index: u32, params: &[ValType]) {
    program.draft.export(name, ExportKind::Func, index);
    program.exports.push((name.to_owned(), params.to_vec()));
}

impl Program {
    fn draw(allowed: Features, draw: &mut Draw) -> Self {
        let mut features = Features::of(&[Feature::MutableGlobal]);
        for (feature, percent) in [
            (Feature::MultiValue, 85),
            (Feature::SignExtension, 70),
            (Feature::Simd, 40),
            (Feature::ReferenceTypes, 55),
            (Feature::TailCall, 45),
        ] {
            if allowed.contains(feature) && draw.percent(percent) {
                features = features.union(Features::of(&[feature]));
            }
        }
        if features.contains(Feature::ReferenceTypes) {
            for (feature, percent) in [(Feature::Exceptions, 55), (Feature::FunctionReferences, 45), (Feature::Gc, 30)]
            {
                let built_on = feature != Feature::Gc || features.contains(Feature::FunctionReferences);
                if allowed.contains(feature) && built_on && draw.percent(percent) {
                    features = features.union(Features::of(&[feature]));
                }
            }
        }
        let mut types = vec![ValType::I32, ValType::I32, ValType::I64, ValType::I64];
        if draw.percent(85) {
            types.extend([ValType::F32, ValType::F64]);
        }
        if features.contains(Feature::Simd) {
            types.extend([ValType::V128, ValType::V128]);
        }
        if features.contains(Feature::ReferenceTypes) && draw.percent(60) {
            types.push(ValType::FUNCREF);
            // Baseline compilers do not take them.
            if draw.percent(40) {
                types.push(ValType::EXTERNREF);
            }
        }
        if features.contains(Feature::Gc) {
            types.extend([ValType::Ref(RefType::ANYREF); 3]);
        }
        Self {
            draft: Draft::default(),
            allowed: features,
            used: Features::V1,
            types,
            callees: Vec::new(),
            host: None,
            tags: Vec::new(),
            slots: Vec::new(),
            fuel: 0,
            path: 0,
            exports: Vec::new(),
        }
    }
}

/// The table that indirect calls go through; bodies name functions, so all stand in an element segment.
fn fill_table(program: &mut Program, with_companion: bool, imported: usize, draw: &mut Draw) {
    // The companion calls what stands in its first slots, and those have its type.
    let shared: Vec<usize> = (imported..program.callees.len())
        .filter(|at| program.callees[*at].ty == program.callees[imported].ty)
        .collect();
    program.slots = (0..SHARED_SLOTS).map(|_| draw.pick(&shared)).collect();
    program.slots.extend(0..program.callees.len());
    let size = u64::from(SHARED_SLOTS) + 16;
    let table = if with_companion {
        program.draft.import(COMPANION, "table", EntityType::Table(table_type(RefType::FUNCREF, size, size)))
    } else {
        program.draft.table(table_type(RefType::FUNCREF, size, size), None)
    };
    debug_assert_eq!(table, 0);
    let functions: Vec<u32> = program.slots.iter().map(|slot| program.callees[*slot].index).collect();
    program.draft.element(ElementSegment {
        mode: ElementMode::Active { table: None, offset: &ConstExpr::i32_const(0) },
        elements: Elements::Functions(functions.into()),
    });
}

/// The slots through which the companion calls back.
const SHARED_SLOTS: u32 = 4;

/// The second module: what it exports calls back through its table, and throws what the main module catches.
fn companion(program: &mut Program, draw: &mut Draw) -> Vec<u8> {
    let mut draft = Draft::default();
    let ty = draft.func_type(&[ValType::I32, ValType::I64], &[ValType::I64]);
    let size = u64::from(SHARED_SLOTS) + 16;
    let table = draft.table(table_type(RefType::FUNCREF, size, size), None);
    draft.export("table", ExportKind::Table, table);
    let tail = program.may(Feature::TailCall) && draw.percent(60);
    if tail {
        program.need(Feature::TailCall);
    }
    let rotation = i64::from(draw.below(64));
    let echo = draft.func(ty, &[], |sink| {
        sink.local_get(1).i64_const(rotation).i64_rotl().local_get(0).i64_extend_i32_u().i64_xor();
    });
    let back = draft.func(ty, &[], |sink| {
        sink.local_get(0).i32_const(0).i32_le_s().if_(wasm_encoder::BlockType::Empty);
        sink.local_get(1).return_().end();
        sink.local_get(0).i32_const(1).i32_sub().local_get(1).i64_const(rotation | 1).i64_add();
        sink.local_get(1).i32_wrap_i64().i32_const(SHARED_SLOTS.cast_signed() - 1).i32_and();
        if tail {
            sink.return_call_indirect(table, ty);
        } else {
            sink.call_indirect(table, ty).i64_const(3).i64_rotl();
        }
    });
    if let Some((_, params)) = program.tags.first() {
        let tag_type = draft.func_type(params, &[]);
        let params = params.clone();
        program.need(Feature::Exceptions);
        program.need_types(&params);
        let tag = draft.tag(tag_type);
        draft.export("tag", ExportKind::Tag, tag);
        let thrower = draft.func(ty, &[], |sink| {
            sink.local_get(1).i64_const(3).i64_and().i64_eqz().if_(wasm_encoder::BlockType::Empty);
            for ty in &params {
                from_hash(sink, *ty, 1);
            }
            sink.throw(tag).end().local_get(1).i64_const(5).i64_rotl();
        });
        draft.export("thrower", ExportKind::Func, thrower);
    }
    draft.export("echo", ExportKind::Func, echo);
    draft.export("back", ExportKind::Func, back);
    draft.finish()
}

/// Pushes a value of the type that depends on the `i64` local; null for references.
fn from_hash(sink: &mut InstructionSink<'_>, ty: ValType, hash: u32) {
    match ty {
        ValType::I32 => sink.local_get(hash).i32_wrap_i64(),
        ValType::I64 => sink.local_get(hash),
        ValType::F32 => sink.local_get(hash).f32_convert_i64_s(),
        ValType::F64 => sink.local_get(hash).f64_convert_i64_s(),
        ValType::V128 => sink.local_get(hash).i64x2_splat(),
        ValType::Ref(reference) => sink.ref_null(reference.heap_type),
    };
}

/// Turns the top of the stack into an `i64`: of a vector one half, of a reference what can be asked of it.
fn to_bits(sink: &mut InstructionSink<'_>, ty: ValType, lane: u8) {
    match ty {
        ValType::I32 => sink.i64_extend_i32_u(),
        ValType::I64 => sink,
        ValType::F32 => sink.i32_reinterpret_f32().i64_extend_i32_u(),
        ValType::F64 => sink.i64_reinterpret_f64(),
        ValType::V128 => sink.i64x2_extract_lane(lane),
        ValType::Ref(RefType::ANYREF) => sink.ref_test_non_null(HeapType::I31).i64_extend_i32_u(),
        ValType::Ref(_) => sink.ref_is_null().i64_extend_i32_u(),
    };
}

/// Pushes a constant.
fn constant(sink: &mut InstructionSink<'_>, ty: ValType, draw: &mut Draw) {
    let edge = |draw: &mut Draw| match draw.below(6) {
        0 => 0,
        1 => u64::MAX,
        2 => 1 << draw.below(64),
        3 => (1 << draw.below(64)) - 1,
        4 => u64::from(draw.below(300)),
        _ => draw.bits(),
    };
    match ty {
        ValType::I32 => sink.i32_const(edge(draw) as i32),
        ValType::I64 => sink.i64_const(edge(draw).cast_signed()),
        ValType::F32 => sink.f32_const(Ieee32::new(edge(draw) as u32)),
        ValType::F64 => sink.f64_const(Ieee64::new(edge(draw))),
        ValType::V128 => sink.v128_const((u128::from(edge(draw)) << 64 | u128::from(edge(draw))).cast_signed()),
        ValType::Ref(reference) => sink.ref_null(reference.heap_type),
    };
}
