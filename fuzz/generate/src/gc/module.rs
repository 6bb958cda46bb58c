//! The functions over the types of a case.

use std::borrow::Cow;

use wasm_encoder::{
    AbstractHeapType, BlockType, ConstExpr, DataSegment, DataSegmentMode, ElementMode, ElementSegment, Elements,
    EntityType, ExportKind, FieldType, HeapType, Instruction, InstructionSink, RefType, StorageType, ValType,
};

use super::COMPANION;
use super::types::{ANYS, BYTES, Composite, LONGS, NODE, SHORTS, World, non_null, nullable};
use crate::draft::{Draft, mutable, table_type};
use crate::draw::Draw;

pub(super) const ANYREF: ValType = ValType::Ref(RefType::ANYREF);
const SUM_PARAMS: [ValType; 2] = [ANYREF, ValType::I32];
const MAKE_PARAMS: [ValType; 2] = [ValType::I64, ValType::I32];
pub(super) const EQ: HeapType = HeapType::Abstract { shared: false, ty: AbstractHeapType::Eq };
pub(super) const STRUCT: HeapType = HeapType::Abstract { shared: false, ty: AbstractHeapType::Struct };
pub(super) const ARRAY: HeapType = HeapType::Abstract { shared: false, ty: AbstractHeapType::Array };
/// How many references the table keeps.
const KEPT: u64 = 16;
const DATA: u32 = 64;
const ELEMENTS: u32 = 9;

/// What to pass to an exported function.
#[derive(Clone, Copy, Debug)]
pub(super) enum Argument {
    /// A number from which objects follow.
    Seed,
    /// A number below the bound.
    Small(u32),
    /// How often; now and then thousands of times.
    Many,
    /// A host value.
    Host,
}

/// The main module.
pub(super) struct Heap {
    pub(super) bytes: Vec<u8>,
    pub(super) exports: Vec<(&'static str, Vec<Argument>)>,
    pub(super) mutable_global: bool,
    pub(super) bulk: bool,
}

/// The functions that every module has.
pub(super) struct Kit<'w> {
    pub(super) world: &'w World,
    pub(super) draft: Draft,
    /// From a number and a depth to anything.
    pub(super) any: u32,
    /// From a reference and a depth to a number.
    sum: u32,
    /// For each type: from a number and a depth to an object.
    makes: Vec<u32>,
    /// For each type: the sum of an object.
    sums: Vec<u32>,
    /// For each type: changes an object.
    pub(super) touches: Vec<u32>,
    pub(super) exports: Vec<(&'static str, Vec<Argument>)>,
}

/// Takes the `i64` on the stack into the local.
pub(super) fn absorb(sink: &mut InstructionSink<'_>, local: u32) {
    sink.local_get(local).i64_const(9).i64_rotl().i64_xor().i64_const(0x1_0001).i64_mul().local_set(local);
}

/// An `i64` that depends on the seed in the local, unlike for each salt.
fn salted(sink: &mut InstructionSink<'_>, seed: u32, salt: u32) {
    sink.local_get(seed).i64_const(i64::from(salt % 64)).i64_rotl().i64_const(i64::from(salt) * 0x9e37).i64_add();
}

impl Heap {
    /// The second module: what it exports makes and sums objects of types that are the main module's own.
    pub(super) fn companion(world: &World, draw: &mut Draw) -> Vec<u8> {
        let mut kit = Kit::new(world, false, draw);
        for (name, index) in [("make", kit.makes[world.types.len() - 1]), ("any", kit.any), ("sum", kit.sum)] {
            kit.draft.export(name, ExportKind::Func, index);
        }
        let initial = ConstExpr::extended([
            Instruction::I64Const(draw.bits().cast_signed()),
            Instruction::I32Const(3),
            Instruction::ArrayNew(LONGS),
        ]);
        let ty = wasm_encoder::GlobalType { val_type: ValType::Ref(non_null(LONGS)), mutable: false, shared: false };
        let global = kit.draft.global(ty, &initial);
        kit.draft.export("longs", ExportKind::Global, global);
        kit.draft.finish()
    }

    /// The module that the plan calls.
    pub(super) fn main(world: &World, companion: bool, draw: &mut Draw) -> Self {
        let mut kit = Kit::new(world, companion, draw);
        let table = kit.draft.table(table_type(RefType::ANYREF, KEPT, KEPT), None);
        let root = kit.draft.global(mutable(ANYREF), &ConstExpr::ref_null(HeapType::ANY));
        kit.draft.export("table", ExportKind::Table, table);
        let mutable_global = draw.percent(60);
        if mutable_global {
            kit.draft.export("root", ExportKind::Global, root);
        }
        kit.keeping(table, root);
        kit.initial(draw);
        kit.casts(draw);
        kit.arrays(draw);
        kit.ends(draw);
        kit.list(table, root, draw);
        kit.churn(table, draw);
        kit.conversions();
        let bulk = draw.percent(70);
        if bulk {
            kit.segments(draw);
        }
        if companion {
            kit.across();
        }
        kit.scratch(root, draw);
        Self { bytes: kit.draft.finish(), exports: kit.exports, mutable_global, bulk }
    }
}

impl<'w> Kit<'w> {
    /// The types and the functions over them; with imports before them where there is a companion.
    fn new(world: &'w World, imports: bool, draw: &mut Draw) -> Self {
        let mut draft = Draft::default();
        let first = draft.rec_group(world.group());
        debug_assert_eq!(first, 0);
        let any_type = draft.func_type(&MAKE_PARAMS, &[ANYREF]);
        let sum_type = draft.func_type(&SUM_PARAMS, &[ValType::I64]);
        if imports {
            let last = world.types.len() as u32 - 1;
            let make_type = draft.func_type(&MAKE_PARAMS, &[ValType::Ref(non_null(last))]);
            for (name, ty) in [("make", make_type), ("any", any_type), ("sum", sum_type)] {
                draft.import(COMPANION, name, EntityType::Function(ty));
            }
            let ty =
                wasm_encoder::GlobalType { val_type: ValType::Ref(non_null(LONGS)), mutable: false, shared: false };
            draft.import(COMPANION, "longs", EntityType::Global(ty));
        }
        let any = draft.declare(any_type);
        let sum = draft.declare(sum_type);
        let (mut makes, mut sums, mut touches) = (Vec::new(), Vec::new(), Vec::new());
        for index in 0..world.types.len() as u32 {
            let own = ValType::Ref(non_null(index));
            let make = draft.func_type(&MAKE_PARAMS, &[own]);
            let sum = draft.func_type(&[own, ValType::I32], &[ValType::I64]);
            let touch = draft.func_type(&[own, ValType::I64], &[ValType::I64]);
            makes.push(draft.declare(make));
            sums.push(draft.declare(sum));
            touches.push(draft.declare(touch));
        }
        let mut kit = Self { world, draft, any, sum, makes, sums, touches, exports: Vec::new() };
        kit.define_any(draw);
        kit.define_sum(draw);
        for index in 0..world.types.len() as u32 {
            match &world.types[index as usize] {
                Composite::Struct(fields) => kit.define_struct(index, fields, draw),
                Composite::Array(field) => kit.define_array(index, *field, draw),
            }
        }
        kit
    }

    pub(super) fn define(&mut self, func: u32, locals: &[ValType], code: &[u8]) {
        self.draft.define_raw(func, locals, code);
    }

    fn export(
        &mut self,
        name: &'static str,
        arguments: &[Argument],
        result: ValType,
        locals: &[ValType],
        write: impl FnOnce(&mut InstructionSink<'_>),
    ) {
        let params: Vec<ValType> = arguments
            .iter()
            .map(|argument| match argument {
                Argument::Seed => ValType::I64,
                Argument::Small(_) | Argument::Many => ValType::I32,
                Argument::Host => ValType::EXTERNREF,
            })
            .collect();
        let ty = self.draft.func_type(&params, &[result]);
        let index = self.draft.func(ty, locals, write);
        self.draft.export(name, ExportKind::Func, index);
        self.exports.push((name, arguments.to_vec()));
    }

    /// (seed, depth) to anything: an object of a type that the seed chooses, a small integer, null.
    fn define_any(&mut self, draw: &mut Draw) {
        let mut code = Vec::new();
        let mut sink = InstructionSink::new(&mut code);
        let count = self.makes.len() as u32;
        sink.local_get(1).i32_const(0).i32_le_s().if_(BlockType::Empty);
        sink.local_get(0).i32_wrap_i64().ref_i31().return_().end();
        // One block for each type, one for the integer; the rest is null.
        for _ in 0..=count {
            sink.block(BlockType::Empty);
        }
        let mut labels: Vec<u32> = (0..=count).collect();
        draw.shuffle(&mut labels);
        sink.local_get(0).i64_const(i64::from(draw.below(60))).i64_rotl().i32_wrap_i64();
        sink.i32_const(count.cast_signed() + 2).i32_rem_u().br_table(labels, draw.below(count + 1)).end();
        for make in &self.makes {
            sink.local_get(0).i64_const(3).i64_rotl().local_get(1).i32_const(1).i32_sub().call(*make).return_().end();
        }
        sink.local_get(0).i32_wrap_i64().i32_const(5).i32_rem_u().i32_eqz();
        sink.if_(BlockType::Result(ANYREF)).ref_null(HeapType::ANY).else_();
        sink.local_get(0).i32_wrap_i64().i32_const(-1).i32_xor().ref_i31().end().end();
        self.define(self.any, &[], &code);
    }

    /// (reference, depth) to a number: by casts to every type, subtypes first.
    fn define_sum(&mut self, draw: &mut Draw) {
        let mut code = Vec::new();
        let mut sink = InstructionSink::new(&mut code);
        sink.local_get(0).ref_is_null().if_(BlockType::Empty).i64_const(11).return_().end();
        sink.local_get(1).i32_const(0).i32_le_s().if_(BlockType::Empty).i64_const(13).return_().end();
        let i31 = RefType { nullable: false, heap_type: HeapType::I31 };
        sink.block(BlockType::Result(ANYREF)).local_get(0).br_on_cast_fail(0, RefType::ANYREF, i31);
        if draw.percent(50) {
            sink.i31_get_s()
        } else {
            sink.i31_get_u()
        };
        sink.i64_extend_i32_s().return_().end().drop();
        for index in (0..self.sums.len() as u32).rev() {
            let to = non_null(index);
            match draw.below(3) {
                0 => {
                    sink.block(BlockType::Result(ANYREF)).local_get(0).br_on_cast_fail(0, RefType::ANYREF, to);
                    sink.local_get(1).call(self.sums[index as usize]).return_().end().drop();
                }
                1 => {
                    // Out of two blocks: the inner one where it is of another type.
                    sink.block(BlockType::Empty).block(BlockType::Result(ValType::Ref(to)));
                    sink.local_get(0).br_on_cast(0, RefType::ANYREF, to).drop().br(1).end();
                    sink.local_get(1).call(self.sums[index as usize]).return_().end();
                }
                _ => {
                    sink.local_get(0).ref_test_non_null(to.heap_type).if_(BlockType::Empty);
                    sink.local_get(0).ref_cast_non_null(to.heap_type);
                    sink.local_get(1).call(self.sums[index as usize]).return_().end();
                }
            }
        }
        sink.i64_const(17).end();
        self.define(self.sum, &[], &code);
    }

    /// Pushes a value for a field, from the seed and, for references, as deep as the depth says.
    pub(super) fn push(
        &self,
        sink: &mut InstructionSink<'_>,
        storage: StorageType,
        seed: u32,
        depth: Option<u32>,
        draw: &mut Draw,
    ) {
        let salt = draw.below(1000);
        match storage {
            StorageType::I8 | StorageType::I16 | StorageType::Val(ValType::I32) => {
                salted(sink, seed, salt);
                sink.i32_wrap_i64();
            }
            StorageType::Val(ValType::I64) => salted(sink, seed, salt),
            StorageType::Val(ValType::F32) => {
                salted(sink, seed, salt);
                sink.i32_wrap_i64().f32_reinterpret_i32();
            }
            StorageType::Val(ValType::F64) => {
                salted(sink, seed, salt);
                sink.f64_reinterpret_i64();
            }
            StorageType::Val(ValType::V128) => {
                salted(sink, seed, salt);
                sink.i64x2_splat().local_get(seed).i64x2_replace_lane(draw.below(2) as u8);
            }
            StorageType::Val(ValType::Ref(reference)) => match (reference.heap_type, depth) {
                (HeapType::Concrete(index), Some(depth)) => {
                    let fitting = self.world.below(index);
                    let make = self.makes[draw.pick(&fitting) as usize];
                    sink.local_get(depth).i32_const(0).i32_gt_s().if_(BlockType::Result(ValType::Ref(reference)));
                    salted(sink, seed, salt);
                    sink.local_get(depth).i32_const(1).i32_sub().call(make);
                    sink.else_().ref_null(reference.heap_type).end();
                }
                (HeapType::Concrete(_), None) => {
                    sink.ref_null(reference.heap_type);
                }
                (heap, Some(depth)) if heap == HeapType::ANY => {
                    salted(sink, seed, salt);
                    sink.local_get(depth).i32_const(1).i32_sub().call(self.any);
                }
                _ => {
                    salted(sink, seed, salt);
                    sink.i32_wrap_i64().ref_i31();
                }
            },
        }
    }

    /// Turns the value of a field that is on the stack into an `i64`; `depth` is the local that says how deep.
    pub(super) fn digest(&self, sink: &mut InstructionSink<'_>, storage: StorageType, depth: Option<u32>) {
        match storage {
            StorageType::I8 | StorageType::I16 | StorageType::Val(ValType::I32) => {
                sink.i64_extend_i32_s();
            }
            StorageType::Val(ValType::I64) => {}
            StorageType::Val(ValType::F32) => {
                sink.i32_reinterpret_f32().i64_extend_i32_s();
            }
            StorageType::Val(ValType::F64) => {
                sink.i64_reinterpret_f64();
            }
            StorageType::Val(ValType::V128) => {
                sink.i64x2_extract_lane(1);
            }
            StorageType::Val(ValType::Ref(_)) => {
                match depth {
                    Some(depth) => sink.local_get(depth).i32_const(1).i32_sub(),
                    None => sink.i32_const(2),
                };
                sink.call(self.sum);
            }
        }
    }

    pub(super) fn get(
        &self,
        sink: &mut InstructionSink<'_>,
        index: u32,
        at: u32,
        storage: StorageType,
        draw: &mut Draw,
    ) {
        match storage {
            StorageType::Val(_) => sink.struct_get(index, at),
            _ if draw.percent(50) => sink.struct_get_s(index, at),
            _ => sink.struct_get_u(index, at),
        };
    }

    fn define_struct(&mut self, index: u32, fields: &[FieldType], draw: &mut Draw) {
        let mut code = Vec::new();
        let mut sink = InstructionSink::new(&mut code);
        if draw.percent(30) {
            // Every field has a default value.
            sink.local_get(0).i64_const(7).i64_and().i64_eqz().if_(BlockType::Empty);
            sink.struct_new_default(index).return_().end();
        }
        for field in fields {
            self.push(&mut sink, field.element_type, 0, Some(1), draw);
        }
        sink.struct_new(index).end();
        self.define(self.makes[index as usize], &[], &code);

        // 2: the sum.
        let mut code = Vec::new();
        let mut sink = InstructionSink::new(&mut code);
        sink.i64_const(i64::from(index) + 100).local_set(2);
        for (field, at) in fields.iter().zip(0..) {
            sink.local_get(0);
            self.get(&mut sink, index, at, field.element_type, draw);
            self.digest(&mut sink, field.element_type, Some(1));
            absorb(&mut sink, 2);
        }
        sink.local_get(2).end();
        self.define(self.sums[index as usize], &[ValType::I64], &code);

        // Sets what can be set, and reads it again through both signs.
        let mut code = Vec::new();
        let mut sink = InstructionSink::new(&mut code);
        for (field, at) in fields.iter().zip(0..) {
            if !field.mutable {
                continue;
            }
            sink.local_get(0);
            self.push(&mut sink, field.element_type, 1, None, draw);
            sink.struct_set(index, at);
            if !matches!(field.element_type, StorageType::Val(ValType::Ref(_))) {
                sink.local_get(0);
                self.get(&mut sink, index, at, field.element_type, draw);
                self.digest(&mut sink, field.element_type, None);
                absorb(&mut sink, 2);
            }
        }
        sink.local_get(2).end();
        self.define(self.touches[index as usize], &[ValType::I64], &code);
    }

    pub(super) fn element(&self, sink: &mut InstructionSink<'_>, index: u32, storage: StorageType, draw: &mut Draw) {
        match storage {
            StorageType::Val(_) => sink.array_get(index),
            _ if draw.percent(50) => sink.array_get_s(index),
            _ => sink.array_get_u(index),
        };
    }

    fn define_array(&mut self, index: u32, field: FieldType, draw: &mut Draw) {
        let storage = field.element_type;
        let mut code = Vec::new();
        let mut sink = InstructionSink::new(&mut code);
        let length = draw.pick(&[3, 7, 15]);
        let size = |sink: &mut InstructionSink<'_>| {
            sink.local_get(0).i32_wrap_i64().i32_const(length).i32_and();
        };
        sink.local_get(0).i64_const(6).i64_and().i64_eqz().if_(BlockType::Empty);
        size(&mut sink);
        sink.array_new_default(index).return_().end();
        sink.local_get(0).i64_const(8).i64_and().i64_eqz().if_(BlockType::Empty);
        let fixed = draw.below(5);
        for _ in 0..fixed {
            self.push(&mut sink, storage, 0, Some(1), draw);
        }
        sink.array_new_fixed(index, fixed).return_().end();
        self.push(&mut sink, storage, 0, Some(1), draw);
        size(&mut sink);
        sink.array_new(index).end();
        self.define(self.makes[index as usize], &[], &code);

        // 2: the sum, 3: the index.
        let mut code = Vec::new();
        let mut sink = InstructionSink::new(&mut code);
        sink.local_get(0).array_len().i64_extend_i32_u().local_set(2);
        sink.block(BlockType::Empty).loop_(BlockType::Empty);
        sink.local_get(3).local_get(0).array_len().i32_ge_u().br_if(1);
        sink.local_get(0).local_get(3);
        self.element(&mut sink, index, storage, draw);
        self.digest(&mut sink, storage, Some(1));
        absorb(&mut sink, 2);
        sink.local_get(3).i32_const(1).i32_add().local_set(3).br(0).end().end().local_get(2).end();
        self.define(self.sums[index as usize], &[ValType::I64, ValType::I32], &code);

        // Sets one element, then some more of them, then copies within itself. 2: the sum, 3: the length.
        let mut code = Vec::new();
        let mut sink = InstructionSink::new(&mut code);
        sink.local_get(0).array_len().local_tee(3).i32_eqz().if_(BlockType::Empty).i64_const(5).return_().end();
        let at = |sink: &mut InstructionSink<'_>, shift: i64| {
            sink.local_get(1).i64_const(shift).i64_shr_u().i32_wrap_i64().local_get(3).i32_rem_u();
        };
        if field.mutable {
            sink.local_get(0);
            at(&mut sink, 0);
            self.push(&mut sink, storage, 1, None, draw);
            sink.array_set(index);
            // From somewhere to the end.
            sink.local_get(0);
            at(&mut sink, 7);
            self.push(&mut sink, storage, 1, None, draw);
            sink.local_get(3);
            at(&mut sink, 7);
            sink.i32_sub().array_fill(index);
            if draw.percent(70) {
                // Both ways, overlapping.
                sink.local_get(0);
                let forth = draw.percent(50);
                if forth {
                    at(&mut sink, 11);
                    sink.local_get(0).i32_const(0);
                } else {
                    sink.i32_const(0).local_get(0);
                    at(&mut sink, 11);
                }
                sink.local_get(3);
                at(&mut sink, 11);
                sink.i32_sub().array_copy(index, index);
            }
        }
        sink.local_get(0);
        at(&mut sink, 3);
        self.element(&mut sink, index, storage, draw);
        self.digest(&mut sink, storage, None);
        absorb(&mut sink, 2);
        sink.local_get(2).end();
        self.define(self.touches[index as usize], &[ValType::I64, ValType::I32], &code);
    }

    /// Objects that stay from call to call, in a table and a global.
    fn keeping(&mut self, table: u32, root: u32) {
        let (any, sum) = (self.any, self.sum);
        let depth = Argument::Small(4);
        self.export("build", &[Argument::Seed, depth], ValType::I64, &[], |sink| {
            sink.local_get(0).local_get(1).call(any).i32_const(4).call(sum);
        });
        self.export("object", &[Argument::Seed, depth], ANYREF, &[], |sink| {
            sink.local_get(0).local_get(1).call(any);
        });
        self.export("keep", &[Argument::Small(KEPT as u32), Argument::Seed, depth], ValType::I64, &[], |sink| {
            // What stood there becomes the root.
            sink.local_get(0).table_get(table).global_set(root);
            sink.local_get(0).local_get(1).local_get(2).call(any).table_set(table);
            sink.global_get(root).i32_const(3).call(sum);
        });
        self.export("kept", &[], ValType::I64, &[ValType::I32, ValType::I64], |sink| {
            sink.global_get(root).i32_const(4).call(sum).local_set(1);
            sink.loop_(BlockType::Empty).local_get(0).table_get(table).i32_const(4).call(sum);
            absorb(sink, 1);
            sink.local_get(0).i32_const(1).i32_add().local_tee(0).i32_const(KEPT as i32).i32_lt_u().br_if(0).end();
            sink.local_get(1);
        });
        // Changes whatever stands in the table, and lets its sum be known.
        let touches = self.touches.clone();
        self.export("touch", &[Argument::Small(KEPT as u32), Argument::Seed], ValType::I64, &[], |sink| {
            for (touch, index) in touches.iter().zip(0..touches.len() as u32).rev() {
                sink.block(BlockType::Result(ANYREF)).local_get(0).table_get(table);
                sink.br_on_cast_fail(0, RefType::ANYREF, non_null(index));
                sink.local_get(1).call(*touch).return_().end().drop();
            }
            sink.local_get(0).table_get(table).i32_const(3).call(sum);
        });
    }

    /// Globals that begin with an object, and are cast to what it is.
    fn initial(&mut self, draw: &mut Draw) {
        let structure = draw.pick(&[NODE, NODE, self.makes.len() as u32 - 1]);
        let structure =
            if matches!(self.world.types[structure as usize], Composite::Struct(_)) { structure } else { NODE };
        let number = Instruction::I32Const(draw.bits() as i32);
        let objects = [
            (structure, vec![Instruction::StructNewDefault(structure)]),
            (BYTES, vec![number, Instruction::I32Const(3), Instruction::ArrayNew(BYTES)]),
        ];
        let sum = self.sum;
        let mut globals = Vec::new();
        for (index, made) in objects {
            let mutable = draw.percent(50);
            let val_type = if draw.percent(50) { ANYREF } else { ValType::Ref(nullable(index)) };
            let ty = wasm_encoder::GlobalType { val_type, mutable, shared: false };
            globals.push((index, self.draft.global(ty, &ConstExpr::extended(made))));
        }
        self.export("initial", &[Argument::Small(4)], ValType::I64, &[], |sink| {
            for (index, global) in &globals {
                sink.global_get(*global).ref_test_non_null(HeapType::Concrete(*index)).i64_extend_i32_u();
                sink.global_get(*global).ref_cast_non_null(HeapType::Concrete(*index)).i32_const(2).call(sum);
                sink.i64_xor();
            }
            sink.i64_add().local_get(0).i64_extend_i32_u().i64_add();
        });
    }

    fn casts(&mut self, draw: &mut Draw) {
        let (any, count) = (self.any, self.makes.len() as u32);
        let abstracts =
            [EQ, HeapType::I31, STRUCT, ARRAY, HeapType::Abstract { shared: false, ty: AbstractHeapType::None }];
        let mut heaps: Vec<HeapType> = (0..count).map(HeapType::Concrete).chain(abstracts).collect();
        draw.shuffle(&mut heaps);
        let nullable: Vec<bool> = heaps.iter().map(|_| draw.percent(40)).collect();
        self.export("tests", &[Argument::Seed], ValType::I32, &[ANYREF, ValType::I32], |sink| {
            sink.local_get(0).i32_const(2).call(any).local_set(1);
            for (heap, nullable) in heaps.iter().zip(&nullable) {
                sink.local_get(2).i32_const(1).i32_shl().local_get(1);
                if *nullable {
                    sink.ref_test_nullable(*heap)
                } else {
                    sink.ref_test_non_null(*heap)
                };
                sink.i32_or().local_set(2);
            }
            sink.local_get(2);
        });
        // What traps where the object is of another type: the seed says of which type it is, mostly a fitting one.
        let to = draw.below(count);
        let fitting = self.makes[draw.pick(&self.world.below(to)) as usize];
        let sum = self.sums[to as usize];
        self.export("cast", &[Argument::Seed], ValType::I64, &[], |sink| {
            sink.block(BlockType::Result(ANYREF));
            sink.local_get(0).i32_const(2).call(fitting);
            sink.local_get(0).i64_const(7).i64_and().i64_const(0).i64_ne().br_if(0).drop();
            sink.local_get(0).i32_const(2).call(any).end();
            sink.ref_cast_non_null(HeapType::Concrete(to)).i32_const(3).call(sum);
        });
        let make = self.makes[draw.position(self.makes.len())];
        self.export(
            "equal",
            &[Argument::Seed],
            ValType::I32,
            &[ValType::Ref(RefType::EQREF), ValType::Ref(RefType::EQREF)],
            |sink| {
                sink.local_get(0).i32_const(2).call(make).local_set(1);
                sink.local_get(0).i32_const(2).call(make).local_set(2);
                sink.local_get(1).local_get(2).ref_eq().i32_const(1).i32_shl();
                sink.local_get(1).local_get(1).ref_eq().i32_or().i32_const(1).i32_shl();
                // Small integers are equal by what they are.
                sink.local_get(0).i32_wrap_i64().ref_i31();
                sink.local_get(0).i64_const(0x7fff_ffff).i64_and().i32_wrap_i64().ref_i31().ref_eq().i32_or();
                sink.i32_const(1).i32_shl().local_get(1).ref_null(EQ).ref_eq().i32_or();
            },
        );
        self.export("integer", &[Argument::Seed], ValType::I32, &[], |sink| {
            sink.local_get(0).i32_wrap_i64().ref_i31().i31_get_s();
            sink.local_get(0).i32_wrap_i64().ref_i31().i31_get_u().i32_const(3).i32_rotl().i32_xor();
        });
    }

    /// Arrays of the plan's own sizes, with indices that are in range but for a few.
    fn arrays(&mut self, draw: &mut Draw) {
        let packed = draw.pick(&[BYTES, SHORTS]);
        let loose = draw.percent(15);
        let sum = self.sums[packed as usize];
        let args = [Argument::Many, Argument::Seed, Argument::Many];
        self.export("packed", &args, ValType::I64, &[ValType::Ref(nullable(packed)), ValType::I32], |sink| {
            // 3: the array, 4: an index.
            sink.local_get(1).i32_wrap_i64().local_get(0).i32_const(1).i32_add().array_new(packed).local_set(3);
            sink.local_get(2);
            if !loose {
                sink.local_get(0).i32_const(1).i32_add().i32_rem_u();
            }
            sink.local_set(4);
            sink.local_get(3).local_get(4).local_get(1).i64_const(32).i64_shr_u().i32_wrap_i64().array_set(packed);
            sink.local_get(3).local_get(4).array_get_s(packed).i64_extend_i32_s();
            sink.local_get(3).local_get(4).array_get_u(packed).i64_extend_i32_u().i64_const(17).i64_rotl().i64_xor();
            sink.local_get(3).ref_as_non_null().i32_const(1).call(sum).i64_xor();
        });
        if let Some(from) = (0..self.world.types.len() as u32).find(|index| self.is_array_below_anys(*index)) {
            // Elements become less special on their way.
            let (make, sum) = (self.makes[from as usize], self.sums[ANYS as usize]);
            let locals = [ValType::Ref(nullable(from)), ValType::Ref(nullable(ANYS))];
            self.export("widened", &[Argument::Seed, Argument::Many], ValType::I64, &locals, |sink| {
                sink.local_get(0).i32_const(2).call(make).local_tee(2).array_len().i32_const(3).i32_add();
                sink.array_new_default(ANYS).local_tee(3);
                sink.local_get(1).i32_const(3).i32_and();
                sink.local_get(2).i32_const(0).local_get(2).array_len().array_copy(ANYS, from);
                sink.local_get(3).ref_as_non_null().i32_const(2).call(sum);
            });
        }
        let touch = self.touches[LONGS as usize];
        let sum = self.sums[LONGS as usize];
        self.export(
            "longs",
            &[Argument::Many, Argument::Seed],
            ValType::I64,
            &[ValType::Ref(nullable(LONGS))],
            |sink| {
                sink.local_get(0).i32_const(1).i32_add().array_new_default(LONGS).local_tee(2).ref_as_non_null();
                sink.local_get(1).call(touch);
                sink.local_get(2).ref_as_non_null().i32_const(1).call(sum).i64_xor();
            },
        );
    }

    /// Whether a type is an array of references whose elements [`ANYS`] takes too.
    fn is_array_below_anys(&self, index: u32) -> bool {
        use AbstractHeapType::{Any, Array, Eq, I31, Struct};
        match &self.world.types[index as usize] {
            Composite::Array(FieldType { element_type: StorageType::Val(ValType::Ref(reference)), .. }) => {
                let is_below = match reference.heap_type {
                    HeapType::Abstract { ty, .. } => matches!(ty, Any | Array | Eq | I31 | Struct),
                    _ => true,
                };
                index != ANYS && is_below
            }
            _ => false,
        }
    }

    /// The last elements of an array, and the first that is none.
    fn ends(&mut self, draw: &mut Draw) {
        let writes = draw.percent(40);
        let locals = [ValType::Ref(nullable(LONGS))];
        self.export("ends", &[Argument::Many, Argument::Small(3), Argument::Seed], ValType::I64, &locals, |sink| {
            sink.local_get(2).local_get(0).i32_const(1).i32_add().array_new(LONGS).local_set(3);
            let at = |sink: &mut InstructionSink<'_>| {
                sink.local_get(3).local_get(3).array_len().i32_const(2).i32_sub().local_get(1).i32_add();
            };
            if writes {
                at(sink);
                sink.i64_const(-3).array_set(LONGS);
            }
            at(sink);
            sink.array_get(LONGS);
        });
        // Nothing at all, at the end and behind it; all of it, and one element too many.
        let fills = draw.percent(50);
        self.export("edges", &[Argument::Many, Argument::Small(4), Argument::Seed], ValType::I64, &locals, |sink| {
            sink.local_get(2).local_get(0).i32_const(1).i32_add().array_new(LONGS).local_set(3);
            let start = |sink: &mut InstructionSink<'_>| {
                // 0, or beyond the end by up to two.
                sink.i32_const(0).local_get(3).array_len().local_get(1).i32_add().i32_const(1).i32_sub();
                sink.local_get(2).i64_const(1).i64_and().i32_wrap_i64().select();
            };
            let length = |sink: &mut InstructionSink<'_>| {
                // From 0 the whole, and elsewhere nothing.
                sink.local_get(3).array_len().local_get(1).i32_const(2).i32_shr_u().i32_add();
                sink.i32_const(0).local_get(2).i64_const(1).i64_and().i32_wrap_i64().select();
            };
            sink.local_get(3);
            start(sink);
            if fills {
                sink.local_get(2).i64_const(-1).i64_xor();
            } else {
                sink.local_get(3).i32_const(0);
            }
            length(sink);
            if fills {
                sink.array_fill(LONGS);
            } else {
                sink.array_copy(LONGS, LONGS);
            }
            sink.local_get(3).i32_const(0).array_get(LONGS).local_get(3).local_get(3).array_len();
            sink.i32_const(1).i32_sub().array_get(LONGS).i64_const(1).i64_rotl().i64_xor();
        });
    }

    /// A list of many nodes, with garbage between, walked at the end.
    fn list(&mut self, table: u32, root: u32, draw: &mut Draw) {
        let (any, sum, bytes) = (self.any, self.sum, self.makes[BYTES as usize]);
        let node = ValType::Ref(nullable(NODE));
        let garbage = draw.below(3);
        let roots = draw.below(3);
        // 2: the head, 3: the sum.
        self.export("list", &[Argument::Many, Argument::Seed], ValType::I64, &[node, ValType::I64], |sink| {
            sink.loop_(BlockType::Empty);
            sink.local_get(1).local_get(0).i64_extend_i32_u().i64_add();
            match roots {
                0 => sink.local_get(2),
                1 => sink.global_get(root).ref_cast_nullable(HeapType::Concrete(NODE)),
                _ => sink.i32_const(0).table_get(table).ref_cast_nullable(HeapType::Concrete(NODE)),
            };
            match garbage {
                0 => sink.local_get(1).local_get(0).i64_extend_i32_u().i64_mul().i32_const(1).call(any),
                1 => sink.local_get(0).ref_i31(),
                _ => sink.local_get(0).i64_extend_i32_u().i32_const(0).call(bytes),
            };
            sink.struct_new(NODE).local_set(2);
            // What is made here is dropped at once.
            sink.local_get(0).i32_const(63).i32_and().array_new_default(BYTES).drop();
            match roots {
                0 => {}
                1 => {
                    sink.local_get(2).global_set(root);
                }
                _ => {
                    sink.i32_const(0).local_get(2).table_set(table);
                }
            }
            sink.local_get(0).i32_const(1).i32_sub().local_tee(0).i32_const(0).i32_gt_s().br_if(0).end();
            // A list that another call would go on with is cut off.
            sink.block(BlockType::Empty).loop_(BlockType::Empty);
            sink.local_get(2).ref_is_null().br_if(1);
            sink.local_get(2).struct_get(NODE, 0);
            absorb(sink, 3);
            sink.local_get(2).struct_get(NODE, 2).i32_const(2).call(sum);
            absorb(sink, 3);
            sink.local_get(2).struct_get(NODE, 1).local_set(2).br(0).end().end();
            sink.ref_null(HeapType::ANY).global_set(root).i32_const(0).ref_null(HeapType::ANY).table_set(table);
            sink.local_get(3);
        });
        // The roots that a list takes for its own hold no other object when it starts.
        if roots > 0 {
            self.before_list(table, root);
        }
    }

    /// Lists go on from the roots, which other functions fill with what is no list: a wrapper empties them first.
    fn before_list(&mut self, table: u32, root: u32) {
        let at = self.exports.iter().position(|(name, _)| *name == "list").expect("it was added");
        self.exports.remove(at);
        let list = self.draft.next_func() - 1;
        self.export("fresh-list", &[Argument::Many, Argument::Seed], ValType::I64, &[], |sink| {
            sink.ref_null(HeapType::ANY).global_set(root).i32_const(0).ref_null(HeapType::ANY).table_set(table);
            sink.local_get(0).local_get(1).call(list);
        });
    }

    /// Objects made in a loop while others wait in locals, operands and an array, which are summed at the end.
    fn churn(&mut self, table: u32, draw: &mut Draw) {
        let (any, sum) = (self.any, self.sum);
        let waiting = draw.between(1, 12);
        let length = draw.pick(&[3, 8, 31]);
        let kept = ValType::Ref(nullable(ANYS));
        let locals = [kept, ANYREF, ValType::I64];
        // 2: the array, 3: a local that is kept, 4: the sum.
        self.export("churn", &[Argument::Many, Argument::Seed], ValType::I64, &locals, |sink| {
            sink.i32_const(length).array_new_default(ANYS).local_set(2);
            sink.local_get(1).i32_const(3).call(any).local_set(3);
            for number in 0..waiting {
                sink.local_get(1).i64_const(i64::from(number) * 77 + 1).i64_mul().i32_const(2).call(any);
            }
            sink.loop_(BlockType::Empty);
            sink.local_get(2).local_get(0).i32_const(length).i32_rem_u();
            sink.local_get(1).local_get(0).i64_extend_i32_u().i64_xor().i32_const(2).call(any).array_set(ANYS);
            sink.local_get(0).i32_const(0xff).i32_and().array_new_default(SHORTS).drop();
            sink.local_get(0).i32_const(31).i32_and().i32_eqz().if_(BlockType::Empty);
            sink.local_get(0).i32_const(KEPT as i32 - 1).i32_and().local_get(3).table_set(table);
            sink.local_get(1).local_get(0).i64_extend_i32_u().i64_sub().i32_const(2).call(any).local_set(3).end();
            sink.local_get(0).i32_const(1).i32_sub().local_tee(0).i32_const(0).i32_gt_s().br_if(0).end();
            for _ in 0..waiting {
                sink.i32_const(3).call(sum);
                absorb(sink, 4);
            }
            sink.local_get(2)
                .i32_const(3)
                .call(sum)
                .local_get(3)
                .i32_const(3)
                .call(sum)
                .i64_xor()
                .local_get(4)
                .i64_xor();
        });
    }

    /// To host references and back.
    fn conversions(&mut self) {
        let (any, sum) = (self.any, self.sum);
        self.export("outside", &[Argument::Seed], ValType::I64, &[ANYREF, ANYREF], |sink| {
            sink.local_get(0)
                .i32_const(2)
                .call(any)
                .local_tee(1)
                .extern_convert_any()
                .any_convert_extern()
                .local_set(2);
            sink.local_get(2).i32_const(3).call(sum);
            // The same object as before, where it is one.
            sink.local_get(1).ref_test_non_null(EQ).if_(BlockType::Result(ValType::I32));
            sink.local_get(1).ref_cast_non_null(EQ).local_get(2).ref_cast_non_null(EQ).ref_eq();
            sink.else_().i32_const(2).end().i64_extend_i32_u().i64_add();
        });
        self.export("host", &[Argument::Host], ValType::EXTERNREF, &[ANYREF], |sink| {
            sink.local_get(0).any_convert_extern().local_tee(1).ref_test_nullable(EQ).drop();
            sink.local_get(1).extern_convert_any();
        });
    }

    /// Arrays from data and element segments.
    fn segments(&mut self, draw: &mut Draw) {
        let mut bytes = [0; DATA as usize];
        draw.fill(&mut bytes);
        let data = self.draft.data(DataSegment { mode: DataSegmentMode::Passive, data: bytes });
        let items: Vec<ConstExpr> = (0..ELEMENTS)
            .map(|_| {
                let number = Instruction::I32Const(draw.bits() as i32);
                match draw.below(4) {
                    0 => ConstExpr::ref_null(HeapType::ANY),
                    1 => ConstExpr::extended([number, Instruction::RefI31]),
                    2 => ConstExpr::extended([
                        number,
                        Instruction::I32Const(draw.below(5).cast_signed()),
                        Instruction::ArrayNew(BYTES),
                    ]),
                    _ => ConstExpr::extended([Instruction::StructNewDefault(NODE)]),
                }
            })
            .collect();
        let elements = Elements::Expressions(RefType::ANYREF, Cow::Owned(items));
        let segment = self.draft.element(ElementSegment { mode: ElementMode::Passive, elements });
        let packed = draw.pick(&[BYTES, SHORTS, LONGS]);
        let width = match packed {
            BYTES => 1,
            SHORTS => 2,
            _ => 8,
        };
        let sum = self.sum;
        // Past the end in a few calls.
        let room = DATA / width;
        let args = [Argument::Small(8), Argument::Small(room - 7)];
        let reference = ValType::Ref(nullable(packed));
        self.export("data", &args, ValType::I64, &[reference], |sink| {
            sink.local_get(0).local_get(1).array_new_data(packed, data).local_tee(2).i32_const(2).call(sum);
            // Over again, from another place.
            sink.local_get(2).i32_const(0).i32_const(1).local_get(1).array_init_data(packed, data);
            sink.local_get(2).i32_const(2).call(sum).i64_xor();
        });
        self.export("fresh-data", &args, ValType::I64, &[], |sink| {
            sink.local_get(0).local_get(1).array_new_data(packed, data).i32_const(2).call(sum);
        });
        let args = [Argument::Small(4), Argument::Small(ELEMENTS - 2)];
        self.export("elements", &args, ValType::I64, &[ValType::Ref(nullable(ANYS))], |sink| {
            sink.local_get(0).local_get(1).array_new_elem(ANYS, segment).local_tee(2).i32_const(3).call(sum);
            sink.local_get(2).i32_const(0).i32_const(0).local_get(1).array_init_elem(ANYS, segment);
            sink.local_get(2).i32_const(3).call(sum).i64_xor();
        });
        if draw.percent(30) {
            self.export("drop", &[], ValType::I32, &[], |sink| {
                sink.elem_drop(segment).data_drop(data).i32_const(1);
            });
        }
    }

    /// Objects that one module makes and the other sums up. The companion's functions are imported in this order.
    fn across(&mut self) {
        let (make, any, sum) = (0, 1, 2);
        let (own_any, own_sum) = (self.any, self.sum);
        let last = self.makes.len() - 1;
        let (own_make, own_sums, own_touch) = (self.makes[last], self.sums[last], self.touches[last]);
        let depth = Argument::Small(3);
        self.export("across", &[Argument::Seed, depth], ValType::I64, &[], |sink| {
            sink.local_get(0).local_get(1).call(any).i32_const(3).call(own_sum);
            sink.local_get(0).local_get(1).call(own_any).i32_const(3).call(sum).i64_const(1).i64_rotl().i64_xor();
        });
        let object = ValType::Ref(nullable(last as u32));
        self.export("typed", &[Argument::Seed, depth], ValType::I64, &[object], |sink| {
            sink.local_get(0).local_get(1).call(make).local_tee(2).ref_as_non_null().local_get(0).call(own_touch);
            sink.local_get(2).ref_as_non_null().i32_const(3).call(own_sums).i64_xor();
            sink.local_get(0).local_get(1).call(own_make).i32_const(3).call(sum).i64_xor();
        });
        let touch = self.touches[LONGS as usize];
        self.export("shared", &[Argument::Seed], ValType::I64, &[], |sink| {
            sink.global_get(0).local_get(0).call(touch).global_get(0).i32_const(1).call(sum).i64_xor();
        });
    }
}
