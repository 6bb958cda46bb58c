//! The types of a case: one recursive group, the same in every module.

use wasm_encoder::{
    ArrayType, CompositeInnerType, FieldType, HeapType, RefType, StorageType, StructType, SubType, ValType,
};

use crate::draft::plain_subtype;
use crate::draw::Draw;

/// The types of the group, in order; the first has index 0 in every module.
#[derive(Debug)]
pub(super) struct World {
    pub(super) types: Vec<Composite>,
    supertypes: Vec<Option<u32>>,
    finals: Vec<bool>,
}

/// What a type is made of.
#[derive(Clone, Debug)]
pub(super) enum Composite {
    Struct(Vec<FieldType>),
    Array(FieldType),
}

/// The list's node: a number, the next node, something.
pub(super) const NODE: u32 = 0;
/// Bytes, mutable.
pub(super) const BYTES: u32 = 1;
/// 16-bit integers, mutable.
pub(super) const SHORTS: u32 = 2;
/// References to anything, mutable.
pub(super) const ANYS: u32 = 3;
/// 64-bit integers, mutable.
pub(super) const LONGS: u32 = 4;
/// The types before this one are in every case.
const FIXED: usize = 5;

const fn field(element_type: StorageType, mutable: bool) -> FieldType {
    FieldType { element_type, mutable }
}

/// The nullable reference to a type of the group.
pub(super) const fn nullable(index: u32) -> RefType {
    RefType { nullable: true, heap_type: HeapType::Concrete(index) }
}

/// The reference to a type of the group without null.
pub(super) const fn non_null(index: u32) -> RefType {
    RefType { nullable: false, heap_type: HeapType::Concrete(index) }
}

const ANY: StorageType = StorageType::Val(ValType::Ref(RefType::ANYREF));

impl World {
    pub(super) fn draw(vectors: bool, draw: &mut Draw) -> Self {
        let node = vec![
            field(StorageType::Val(ValType::I64), true),
            field(StorageType::Val(ValType::Ref(nullable(NODE))), true),
            field(ANY, true),
        ];
        let mut world = Self {
            types: vec![
                Composite::Struct(node),
                Composite::Array(field(StorageType::I8, true)),
                Composite::Array(field(StorageType::I16, true)),
                Composite::Array(field(ANY, true)),
                Composite::Array(field(StorageType::Val(ValType::I64), true)),
            ],
            supertypes: vec![None; FIXED],
            finals: vec![true; FIXED],
        };
        let structures = draw.between(2, 6) as usize;
        let count = FIXED + structures;
        for at in FIXED..count {
            // The chain: a supertype among those before that are open.
            let open: Vec<usize> = (FIXED..at).filter(|other| !world.finals[*other]).collect();
            let above = (!open.is_empty() && draw.percent(65)).then(|| draw.pick(&open));
            let mut fields = above.map_or_else(Vec::new, |above| match &world.types[above] {
                Composite::Struct(fields) => fields.clone(),
                Composite::Array(_) => Vec::new(),
            });
            // A field that can't be changed may become more special in the subtype.
            for own in &mut fields {
                if !own.mutable && own.element_type == ANY && draw.percent(50) {
                    own.element_type = StorageType::Val(ValType::Ref(RefType::EQREF));
                }
            }
            for _ in 0..draw.between(u32::from(fields.is_empty()), 4) {
                let element_type = storage(vectors, count as u32, fields.len(), draw);
                fields.push(field(element_type, draw.percent(65)));
            }
            world.types.push(Composite::Struct(fields));
            world.supertypes.push(above.map(|above| above as u32));
            world.finals.push(draw.percent(30));
        }
        for _ in 0..draw.below(3) {
            let element_type = storage(vectors, count as u32, 0, draw);
            world.types.push(Composite::Array(field(element_type, draw.percent(80))));
            world.supertypes.push(None);
            world.finals.push(draw.percent(60));
        }
        world
    }

    /// The group, for the type section.
    pub(super) fn group(&self) -> Vec<SubType> {
        let all = self.types.iter().zip(&self.supertypes).zip(&self.finals);
        all.map(|((composite, supertype), is_final)| {
            let mut ty = plain_subtype(match composite {
                Composite::Struct(fields) => {
                    CompositeInnerType::Struct(StructType { fields: fields.clone().into_boxed_slice() })
                }
                Composite::Array(field) => CompositeInnerType::Array(ArrayType(*field)),
            });
            ty.is_final = *is_final;
            ty.supertype_idxs = supertype.iter().copied().collect();
            ty
        })
        .collect()
    }

    /// The type itself, and those below it.
    pub(super) fn below(&self, index: u32) -> Vec<u32> {
        (0..self.types.len() as u32)
            .filter(|at| {
                let mut up = Some(*at);
                while let Some(here) = up {
                    if here == index {
                        return true;
                    }
                    up = self.supertypes[here as usize];
                }
                false
            })
            .collect()
    }

    pub(super) fn has_vectors(&self) -> bool {
        let vector = |field: &FieldType| field.element_type == StorageType::Val(ValType::V128);
        self.types.iter().any(|composite| match composite {
            Composite::Struct(fields) => fields.iter().any(vector),
            Composite::Array(field) => vector(field),
        })
    }
}

/// What a field holds. Few fields are references, since each leads to a graph of its own.
fn storage(vectors: bool, count: u32, position: usize, draw: &mut Draw) -> StorageType {
    let reference = if position < 3 { 3 } else { 1 };
    match draw.weighted(&[
        (0, 4),
        (1, 4),
        (2, 3),
        (3, 3),
        (4, 2),
        (5, 2),
        (6, if vectors { 3 } else { 0 }),
        (7, reference),
        (8, 1),
        (9, 2),
        (10, reference * 2),
    ]) {
        0 => StorageType::I8,
        1 => StorageType::I16,
        2 => StorageType::Val(ValType::I32),
        3 => StorageType::Val(ValType::I64),
        4 => StorageType::Val(ValType::F32),
        5 => StorageType::Val(ValType::F64),
        6 => StorageType::Val(ValType::V128),
        7 => ANY,
        8 => StorageType::Val(ValType::Ref(RefType::EQREF)),
        9 => StorageType::Val(ValType::Ref(RefType::I31REF)),
        _ => StorageType::Val(ValType::Ref(nullable(draw.below(count)))),
    }
}
