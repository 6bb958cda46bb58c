//! Objects of one function: made, changed, read and compared where they are, of which compilers make locals, constants
//! or nothing at all. Statements are drawn one after the other over a few locals. What a value comes from (a constant,
//! the seed, another object, a call that counts) is drawn for each field apart.

use wasm_encoder::{
    AbstractHeapType, BlockType, CompositeInnerType, ConstExpr, ExportKind, FieldType, HeapType, InstructionSink,
    RefType, StorageType, StructType, ValType,
};

use super::module::{ANYREF, ARRAY, Argument, EQ, Kit, STRUCT, absorb};
use super::types::{BYTES, Composite, LONGS, NODE, non_null, nullable};
use crate::draft::{mutable, plain_subtype};
use crate::draw::Draw;

const NONE: HeapType = HeapType::Abstract { shared: false, ty: AbstractHeapType::None };
/// The parameter, and the sum.
const SEED: u32 = 0;
const ACC: u32 = 1;

/// What a function works on.
struct Scratch<'d> {
    draw: &'d mut Draw,
    /// Locals of structures, each with its type; two for each type.
    objects: Vec<(u32, u32)>,
    /// A local of any reference, one of an array of numbers, and one of a small integer's number. Behind it are one of
    /// the structure that is never read, and a counter.
    any: u32,
    longs: u32,
    number: u32,
    /// A mutable global that functions which see only it may write, too.
    root: u32,
    /// Counts, and returns 64 bits, a number, a null of no type.
    counting: [u32; 3],
    /// A function whose result is the lowest null, for each type.
    nulls: Vec<(u32, u32)>,
    /// A structure that is written and never read.
    unread: u32,
    /// A structure of a byte and 16 bits.
    packed: u32,
}

impl Kit<'_> {
    /// The functions, what they call, and one that says how often that was called.
    pub(super) fn scratch(&mut self, root: u32, draw: &mut Draw) {
        let count = self.draft.global(mutable(ValType::I64), &ConstExpr::i64_const(1));
        let counted = self.draft.func_type(&[], &[ValType::I64]);
        let narrow = self.draft.func_type(&[], &[ValType::I32]);
        let none = self.draft.func_type(&[], &[ValType::Ref(RefType { nullable: true, heap_type: NONE })]);
        let tick = |sink: &mut InstructionSink<'_>, by: i64| {
            sink.global_get(count).i64_const(31).i64_mul().i64_const(by).i64_add().global_set(count);
        };
        let counting = [
            self.draft.func(counted, &[], |sink| {
                tick(sink, 1);
                sink.global_get(count);
            }),
            self.draft.func(narrow, &[], |sink| {
                tick(sink, 2);
                sink.i32_const(9);
            }),
            self.draft.func(none, &[], |sink| {
                tick(sink, 3);
                sink.ref_null(NONE);
            }),
        ];
        let structures: Vec<u32> = (0..)
            .zip(&self.world.types)
            .filter(|(_, ty)| matches!(ty, Composite::Struct(_)))
            .map(|(index, _)| index)
            .collect();
        let nulls: Vec<(u32, u32)> = structures
            .iter()
            .take(2)
            .map(|index| {
                // The result's type is the structure's, or one above it.
                let above = [HeapType::Concrete(*index), STRUCT, EQ, HeapType::ANY];
                let heap_type = draw.pick(&above);
                let ty = self.draft.func_type(&[], &[ValType::Ref(RefType { nullable: true, heap_type })]);
                let func = self.draft.func(ty, &[], |sink| {
                    sink.ref_null(NONE);
                });
                (*index, func)
            })
            .collect();
        let field = FieldType { element_type: StorageType::Val(ValType::I64), mutable: true };
        let unread = StructType { fields: Box::new([field]) };
        let unread = self.draft.subtype(&plain_subtype(CompositeInnerType::Struct(unread)));
        let narrow = |element_type| FieldType { element_type, mutable: draw.percent(50) };
        let packed = StructType { fields: Box::new([StorageType::I8, StorageType::I16].map(narrow)) };
        let packed = self.draft.subtype(&plain_subtype(CompositeInnerType::Struct(packed)));
        for name in ["scratch", "scratched"] {
            let (first, second) = (draw.pick(&structures), draw.pick(&structures));
            let types = [first, first, second, NODE, NODE];
            let objects: Vec<(u32, u32)> = (ACC + 1..).zip(types).collect();
            let next = ACC + 1 + objects.len() as u32;
            let mut scratch = Scratch {
                draw: &mut *draw,
                objects,
                any: next,
                longs: next + 1,
                number: next + 2,
                root,
                counting,
                nulls: nulls.clone(),
                unread,
                packed,
            };
            let mut locals = vec![ValType::I64];
            locals.extend(types.map(|ty| ValType::Ref(nullable(ty))));
            locals.extend([
                ANYREF,
                ValType::Ref(nullable(LONGS)),
                ValType::I32,
                ValType::Ref(nullable(unread)),
                ValType::I32,
            ]);
            let ty = self.draft.func_type(&[ValType::I64], &[ValType::I64]);
            let mut code = Vec::new();
            let mut sink = InstructionSink::new(&mut code);
            scratch.begin(self, &mut sink);
            let statements = scratch.draw.between(8, 24);
            for _ in 0..statements {
                scratch.statement(self, &mut sink, 1);
            }
            sink.local_get(ACC).end();
            let func = self.draft.declare(ty);
            self.define(func, &locals, &code);
            self.draft.export(name, ExportKind::Func, func);
            self.exports.push((name, vec![Argument::Seed]));
        }
        let index = self.draft.func(counted, &[], |sink| {
            sink.global_get(count);
        });
        self.draft.export("counted", ExportKind::Func, index);
        self.exports.push(("counted", Vec::new()));
    }
}

impl Scratch<'_> {
    /// Every local gets an object, or nearly every one.
    fn begin(&mut self, kit: &Kit<'_>, sink: &mut InstructionSink<'_>) {
        for (local, ty) in self.objects.clone() {
            if self.draw.percent(96) {
                self.new_object(kit, sink, ty);
                sink.local_set(local);
            }
        }
        sink.i64_const(3).i64_const(4).local_get(SEED).array_new_fixed(LONGS, 3).local_set(self.longs);
    }

    fn fields<'k>(kit: &Kit<'k>, ty: u32) -> &'k [FieldType] {
        match &kit.world.types[ty as usize] {
            Composite::Struct(fields) => fields,
            Composite::Array(_) => &[],
        }
    }

    /// A new object: of constants, of numbers that are known at run time only, of default values.
    fn new_object(&mut self, kit: &Kit<'_>, sink: &mut InstructionSink<'_>, ty: u32) {
        if self.draw.percent(15) {
            sink.struct_new_default(ty);
            return;
        }
        let constant = self.draw.percent(40);
        for field in Self::fields(kit, ty) {
            if constant {
                self.constant(sink, field.element_type);
            } else {
                self.value(kit, sink, field.element_type);
            }
        }
        sink.struct_new(ty);
    }

    fn constant(&mut self, sink: &mut InstructionSink<'_>, storage: StorageType) {
        let bits = if self.draw.percent(30) { u64::from(self.draw.below(3)) } else { self.draw.bits() };
        match storage {
            StorageType::I8 | StorageType::I16 | StorageType::Val(ValType::I32) => sink.i32_const(bits as i32),
            StorageType::Val(ValType::I64) => sink.i64_const(bits.cast_signed()),
            StorageType::Val(ValType::F32) => sink.i32_const(bits as i32).f32_reinterpret_i32(),
            StorageType::Val(ValType::F64) => sink.i64_const(bits.cast_signed()).f64_reinterpret_i64(),
            StorageType::Val(ValType::V128) => sink.i64_const(bits.cast_signed()).i64x2_splat(),
            StorageType::Val(ValType::Ref(RefType { heap_type: heap @ HeapType::Concrete(_), .. })) => {
                sink.ref_null(if self.draw.percent(50) { heap } else { NONE })
            }
            StorageType::Val(ValType::Ref(_)) => sink.i32_const(bits as i32).ref_i31(),
        };
    }

    /// Any value for a field.
    fn value(&mut self, kit: &Kit<'_>, sink: &mut InstructionSink<'_>, storage: StorageType) {
        match (storage, self.draw.below(6)) {
            (_, 0 | 1) => self.constant(sink, storage),
            (StorageType::Val(ValType::I64), 2) => {
                sink.call(self.counting[0]);
            }
            (StorageType::I8 | StorageType::I16 | StorageType::Val(ValType::I32), 2) => {
                sink.call(self.counting[1]);
            }
            (StorageType::Val(ValType::Ref(wanted)), 2..=4) => {
                // An object that is there, where one fits.
                let fitting: Vec<(u32, u32)> = self
                    .objects
                    .iter()
                    .copied()
                    .filter(|(_, ty)| match wanted.heap_type {
                        HeapType::Concrete(to) => kit.world.below(to).contains(ty),
                        heap => heap == HeapType::ANY || heap == EQ,
                    })
                    .collect();
                match self.draw.pick(&[0, 1, 1]) {
                    1 if !fitting.is_empty() => {
                        sink.local_get(self.draw.pick(&fitting).0);
                    }
                    _ if wanted.heap_type == HeapType::ANY => {
                        sink.call(self.counting[2]);
                    }
                    _ => self.constant(sink, storage),
                }
            }
            _ => kit.push(sink, storage, SEED, None, self.draw),
        }
    }

    fn object(&mut self) -> (u32, u32) {
        self.draw.pick(&self.objects)
    }

    /// Another local of the same type, if there is one.
    fn twin(&mut self, local: u32, ty: u32) -> u32 {
        let twins: Vec<u32> =
            self.objects.iter().filter(|(other, of)| *of == ty && *other != local).map(|(other, _)| *other).collect();
        if twins.is_empty() { local } else { self.draw.pick(&twins) }
    }

    /// Takes an `i32` into the sum.
    fn take(sink: &mut InstructionSink<'_>) {
        sink.i64_extend_i32_u();
        absorb(sink, ACC);
    }

    fn read(&mut self, kit: &Kit<'_>, sink: &mut InstructionSink<'_>, ty: u32) {
        let fields = Self::fields(kit, ty);
        let at = self.draw.position(fields.len());
        let Some(field) = fields.get(at) else {
            sink.drop();
            return;
        };
        kit.get(sink, ty, at as u32, field.element_type, self.draw);
        kit.digest(sink, field.element_type, None);
        absorb(sink, ACC);
    }

    fn write(&mut self, kit: &Kit<'_>, sink: &mut InstructionSink<'_>, local: u32, ty: u32) {
        let writable: Vec<(u32, FieldType)> =
            (0..).zip(Self::fields(kit, ty).iter().copied()).filter(|(_, field)| field.mutable).collect();
        if writable.is_empty() {
            return;
        }
        let (at, field) = self.draw.pick(&writable);
        sink.local_get(local);
        self.value(kit, sink, field.element_type);
        sink.struct_set(ty, at);
    }

    fn statement(&mut self, kit: &Kit<'_>, sink: &mut InstructionSink<'_>, depth: u32) {
        let (local, ty) = self.object();
        let twin = self.twin(local, ty);
        match self.draw.below(if depth > 0 { 24 } else { 20 }) {
            0 if self.draw.percent(60) => {
                for storage in [StorageType::I8, StorageType::I16] {
                    if self.draw.percent(60) {
                        self.constant(sink, storage);
                    } else {
                        self.value(kit, sink, storage);
                    }
                }
                sink.struct_new(self.packed);
                let field = self.draw.below(2);
                if self.draw.percent(60) {
                    sink.struct_get_s(self.packed, field);
                } else {
                    sink.struct_get_u(self.packed, field);
                }
                Self::take(sink);
            }
            // One that is read at once and forgotten.
            0 | 1 => {
                self.new_object(kit, sink, ty);
                self.read(kit, sink, ty);
            }
            2 => {
                self.new_object(kit, sink, ty);
                if self.draw.percent(30) {
                    sink.local_tee(local);
                    self.read(kit, sink, ty);
                } else {
                    sink.local_set(local);
                }
            }
            3 | 4 => {
                sink.local_get(local);
                self.read(kit, sink, ty);
            }
            5 | 6 => {
                self.write(kit, sink, local, ty);
                sink.local_get(if self.draw.percent(60) { local } else { twin });
                self.read(kit, sink, ty);
            }
            // Two names of one object, or no more.
            7 => {
                sink.local_get(local);
                if self.draw.percent(30) {
                    sink.ref_as_non_null();
                }
                sink.local_set(twin);
            }
            8 | 9 => {
                let other = if self.draw.percent(50) { local } else { self.object().0 };
                sink.local_get(local).local_get(other).ref_eq();
                Self::take(sink);
            }
            10 => {
                // A small integer, against one that may be the same.
                let value = self.draw.bits() as i32;
                sink.i32_const(value).local_set(self.number);
                let other = if self.draw.percent(70) { value } else { value ^ i32::MIN };
                match self.draw.below(3) {
                    0 => sink.local_get(self.number).ref_i31().i32_const(other).ref_i31().ref_eq(),
                    1 => sink.local_get(SEED).i32_wrap_i64().ref_i31().i32_const(other).ref_i31().ref_eq(),
                    _ => sink.i32_const(other).ref_i31().i31_get_s(),
                };
                Self::take(sink);
            }
            11 | 12 => self.chain(kit, sink),
            13 => {
                let heap = self.draw.pick(&[HeapType::Concrete(ty), HeapType::Concrete(NODE), EQ, STRUCT, ARRAY, NONE]);
                sink.local_get(local);
                if self.draw.percent(50) {
                    sink.ref_test_nullable(heap);
                } else {
                    sink.ref_test_non_null(heap);
                }
                Self::take(sink);
            }
            // It goes where others can write it, and comes back.
            14 => {
                sink.local_get(local).local_set(self.any).local_get(local).global_set(self.root);
                sink.local_get(local).ref_is_null().if_(BlockType::Empty).else_();
                sink.local_get(local).ref_as_non_null().local_get(SEED).call(kit.touches[ty as usize]);
                absorb(sink, ACC);
                sink.end();
                sink.local_get(local);
                self.read(kit, sink, ty);
            }
            15 => {
                sink.global_get(self.root).ref_test_non_null(HeapType::Concrete(ty)).if_(BlockType::Empty);
                sink.global_get(self.root).ref_cast_non_null(HeapType::Concrete(ty));
                self.read(kit, sink, ty);
                sink.end();
            }
            16 => {
                let (_, null) = self.draw.pick(&self.nulls);
                sink.call(null).ref_is_null();
                Self::take(sink);
            }
            17 | 18 => self.array(sink),
            // Written and never read: but what is written is called for first, and null traps then.
            19 => {
                let object = self.number + 1;
                if self.draw.percent(97) {
                    sink.i64_const(1).struct_new(self.unread).local_set(object);
                }
                sink.local_get(object).call(self.counting[0]).struct_set(self.unread, 0);
            }
            20 | 21 => {
                let bit = i64::from(self.draw.below(60));
                sink.local_get(SEED).i64_const(bit).i64_shr_u().i32_wrap_i64().i32_const(1).i32_and();
                sink.if_(BlockType::Empty);
                self.statement(kit, sink, depth - 1);
                sink.else_();
                self.statement(kit, sink, depth - 1);
                sink.end();
            }
            22 => {
                // Twice: what was known at first is known no more.
                let turns = self.draw.between(2, 3).cast_signed();
                let counter = self.number + 2;
                sink.i32_const(turns).local_set(counter).loop_(BlockType::Empty);
                self.statement(kit, sink, depth - 1);
                self.statement(kit, sink, depth - 1);
                sink.local_get(counter).i32_const(1).i32_sub().local_tee(counter).br_if(0).end();
            }
            _ => {
                // A cast that keeps what is known, in a block.
                let to = non_null(ty);
                sink.block(BlockType::Result(ANYREF)).local_get(local);
                sink.br_on_cast_fail(0, RefType::ANYREF, to);
                self.read(kit, sink, ty);
                sink.ref_null(HeapType::ANY).end().drop();
            }
        }
    }

    /// A node in a node in a node: fields of fields, through casts.
    fn chain(&mut self, kit: &Kit<'_>, sink: &mut InstructionSink<'_>) {
        let node = HeapType::Concrete(NODE);
        let nodes: Vec<u32> = self.objects.iter().filter(|(_, ty)| *ty == NODE).map(|(local, _)| *local).collect();
        sink.local_get(SEED).ref_null(node).local_get(SEED).ref_null(node);
        match self.draw.below(4) {
            0 => sink.local_get(SEED).i32_wrap_i64().ref_i31(),
            1 => sink.struct_new_default(NODE),
            2 => sink.local_get(self.draw.pick(&nodes)),
            _ => sink.ref_null(HeapType::ANY),
        };
        sink.struct_new(NODE);
        let kept = self.draw.percent(40);
        if kept {
            let local = self.draw.pick(&nodes);
            sink.local_tee(local).struct_new(NODE);
            sink.struct_get(NODE, 2).ref_cast_non_null(node).local_get(local).ref_eq();
            Self::take(sink);
            let local = self.draw.pick(&nodes);
            sink.local_get(local);
            return self.read(kit, sink, NODE);
        }
        sink.struct_new(NODE).struct_get(NODE, 2);
        if self.draw.percent(70) {
            sink.ref_cast_non_null(node);
        } else {
            sink.ref_cast_nullable(node);
        }
        sink.struct_get(NODE, 2);
        let heap = self.draw.pick(&[EQ, EQ, HeapType::I31, STRUCT, node]);
        sink.ref_test_non_null(heap);
        Self::take(sink);
    }

    /// A short array with elements that are known.
    fn array(&mut self, sink: &mut InstructionSink<'_>) {
        let at = self.draw.below(3).cast_signed();
        match self.draw.below(5) {
            0 => {
                sink.i64_const(7).local_get(SEED).i64_const(-1).array_new_fixed(LONGS, 3).i32_const(at).array_get(LONGS)
            }
            1 => sink.local_get(self.longs).i32_const(at).array_get(LONGS),
            2 => {
                sink.local_get(self.longs).i32_const(at).call(self.counting[0]).array_set(LONGS);
                sink.local_get(self.longs).i32_const(self.draw.below(3).cast_signed()).array_get(LONGS)
            }
            3 => {
                sink.i32_const(self.draw.bits() as i32).i32_const(5).array_new(BYTES).i32_const(at);
                if self.draw.percent(50) {
                    sink.array_get_s(BYTES);
                } else {
                    sink.array_get_u(BYTES);
                }
                sink.i64_extend_i32_s()
            }
            _ => sink.local_get(self.longs).array_len().i64_extend_i32_u(),
        };
        absorb(sink, ACC);
    }
}
