//! Type equivalence and matching (sections 3.1 and 3.3).
//!
//! A [`TypeInterner`] gives equal types equal names. Every recursive group is interned once by its structure, in which
//! a reference to an earlier group is a [`TypeId`] and a reference into the group itself is a position. So two types
//! are equivalent exactly if they have the same [`TypeId`], also across modules: the validator uses an interner of its
//! own for every module, a store one for all its modules.
//!
//! **Two readings of [`HeapType::Concrete`].** In [`crate::syntax`] it holds a [`TypeIdx`] of the module. In types that
//! come out of an interner (*closed* types) it holds a [`TypeId`]. [`close`] and its kin translate. All matching
//! functions here take closed types.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

use crate::syntax::{
    CompType, FieldType, Finality, FuncType, HeapType, Module, Mutability, Nullability, RefType, StorageType, SubType,
    TypeIdx, ValType,
};

/// The name of a defined type in a [`TypeInterner`]: equal ids are equivalent types.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TypeId(pub u32);

impl TypeId {
    /// The id as a position in a slice.
    #[must_use]
    pub const fn at(self) -> usize {
        self.0 as usize
    }
}

/// A defined type (section 3.1 Conventions), closed.
#[derive(Clone, Debug)]
pub struct DefType {
    /// Whether others may extend it.
    pub finality: Finality,
    /// Its structure; `Concrete` holds a [`TypeId`].
    pub comp: CompType,
    /// Its proper supertypes from the root down. Their number is the type's depth.
    pub ancestors: Box<[TypeId]>,
}

/// A set of defined types in which equal ids mean equivalent types.
#[derive(Clone, Debug, Default)]
pub struct TypeInterner {
    types: Vec<DefType>,
    /// The structure of a group, as words, to the id of its first type; the others follow it.
    groups: HashMap<Box<[u32]>, TypeId, BuildHasherDefault<WordHasher>>,
    key: Vec<u32>,
}

impl TypeInterner {
    /// The type with this id.
    #[must_use]
    pub fn get(&self, id: TypeId) -> &DefType {
        &self.types[id.at()]
    }

    /// The structure of the type with this id (its expansion, section 3.1 Conventions).
    #[must_use]
    pub fn expand(&self, id: TypeId) -> &CompType {
        &self.types[id.at()].comp
    }

    /// The function type with this id, or `None` if it is a structure or an array.
    #[must_use]
    pub fn func(&self, id: TypeId) -> Option<&FuncType> {
        match self.expand(id) {
            CompType::Func(ty) => Some(ty),
            _ => None,
        }
    }

    /// The number of types.
    #[must_use]
    pub fn len(&self) -> usize {
        self.types.len()
    }

    /// Whether there is no type.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.types.is_empty()
    }

    /// Interns all types of a module that is known to be valid. The result is indexed by [`TypeIdx`].
    pub fn intern_module(&mut self, module: &Module) -> Vec<TypeId> {
        let mut ids = Vec::with_capacity(module.types.len());
        for (_, group) in module.groups() {
            self.intern_group(group, &mut ids);
        }
        ids
    }

    /// Interns the group that follows the types in `ids` and appends its ids there.
    ///
    /// Indices in the group must lie below `ids.len() + group.len()`, and declared supertypes before the type itself:
    /// the validator sees to that beforehand.
    pub fn intern_group(&mut self, group: &[SubType], ids: &mut Vec<TypeId>) {
        self.key.clear();
        for sub in group {
            write_sub(&mut self.key, sub, ids);
        }
        if let Some(first) = self.groups.get(self.key.as_slice()) {
            ids.extend((first.0..).take(group.len()).map(TypeId));
            return;
        }
        let first = TypeId(u32::try_from(self.types.len()).expect("a store holds less than 2^32 types"));
        self.groups.insert(self.key.as_slice().into(), first);
        let known = ids.len();
        ids.extend((first.0..).take(group.len()).map(TypeId));
        for (position, sub) in group.iter().enumerate() {
            let ancestors = match sub.supers.first() {
                None => Box::default(),
                Some(parent) => {
                    debug_assert!(parent.at() < known + position);
                    let parent = ids[parent.at()];
                    let above = &self.get(parent).ancestors;
                    let mut ancestors = Vec::with_capacity(above.len() + 1);
                    ancestors.extend_from_slice(above);
                    ancestors.push(parent);
                    ancestors.into_boxed_slice()
                }
            };
            self.types.push(DefType { finality: sub.finality, comp: close_comp(ids, &sub.comp), ancestors });
        }
    }

    /// Whether the type `sub` is `sup` or declares it as a supertype, directly or not (section 3.3 Matching).
    #[must_use]
    pub fn def_matches(&self, sub: TypeId, sup: TypeId) -> bool {
        sub == sup || self.get(sub).ancestors.get(self.get(sup).ancestors.len()) == Some(&sup)
    }

    /// Heap type matching (section 3.3 Matching).
    #[must_use]
    pub fn heap_matches(&self, sub: HeapType, sup: HeapType) -> bool {
        use HeapType as H;
        match (sub, sup) {
            (H::Concrete(sub), H::Concrete(sup)) => self.def_matches(TypeId(sub), TypeId(sup)),
            (H::Concrete(sub), sup) => matches!(
                (self.expand(TypeId(sub)), sup),
                (CompType::Func(_), H::Func)
                    | (CompType::Struct(_), H::Struct | H::Eq | H::Any)
                    | (CompType::Array(_), H::Array | H::Eq | H::Any)
            ),
            (H::None, H::Concrete(sup)) => !matches!(self.expand(TypeId(sup)), CompType::Func(_)),
            (H::NoFunc, H::Concrete(sup)) => matches!(self.expand(TypeId(sup)), CompType::Func(_)),
            (sub, sup) => {
                sub == sup
                    || matches!(
                        (sub, sup),
                        (H::None, H::I31 | H::Struct | H::Array | H::Eq | H::Any)
                            | (H::I31 | H::Struct | H::Array, H::Eq | H::Any)
                            | (H::Eq, H::Any)
                            | (H::NoFunc, H::Func)
                            | (H::NoExtern, H::Extern)
                            | (H::NoExn, H::Exn)
                    )
            }
        }
    }

    /// Reference type matching (section 3.3 Matching).
    #[must_use]
    pub fn ref_matches(&self, sub: RefType, sup: RefType) -> bool {
        (sub.nullability == Nullability::NonNull || sup.nullability == Nullability::Nullable)
            && self.heap_matches(sub.heap, sup.heap)
    }

    /// Value type matching (section 3.3 Matching).
    #[must_use]
    pub fn val_matches(&self, sub: ValType, sup: ValType) -> bool {
        match (sub, sup) {
            (ValType::Ref(sub), ValType::Ref(sup)) => self.ref_matches(sub, sup),
            _ => sub == sup,
        }
    }

    /// Result type matching (section 3.3 Matching).
    #[must_use]
    pub fn result_matches(&self, sub: &[ValType], sup: &[ValType]) -> bool {
        sub.len() == sup.len() && sub.iter().zip(sup).all(|(sub, sup)| self.val_matches(*sub, *sup))
    }

    /// Composite type matching (section 3.3 Matching).
    #[must_use]
    pub fn comp_matches(&self, sub: &CompType, sup: &CompType) -> bool {
        match (sub, sup) {
            (CompType::Func(sub), CompType::Func(sup)) => {
                self.result_matches(&sup.params, &sub.params) && self.result_matches(&sub.results, &sup.results)
            }
            // A structure may add fields at its end.
            (CompType::Struct(sub), CompType::Struct(sup)) => {
                sub.len() >= sup.len() && sub.iter().zip(sup).all(|(sub, sup)| self.field_matches(*sub, *sup))
            }
            (CompType::Array(sub), CompType::Array(sup)) => self.field_matches(*sub, *sup),
            _ => false,
        }
    }

    /// Field type matching (section 3.3 Matching): a field that can be written must match in both directions.
    #[must_use]
    pub fn field_matches(&self, sub: FieldType, sup: FieldType) -> bool {
        sub.mutability == sup.mutability
            && self.storage_matches(sub.storage, sup.storage)
            && (sub.mutability == Mutability::Const || self.storage_matches(sup.storage, sub.storage))
    }

    fn storage_matches(&self, sub: StorageType, sup: StorageType) -> bool {
        match (sub, sup) {
            (StorageType::Val(sub), StorageType::Val(sup)) => self.val_matches(sub, sup),
            _ => sub == sup,
        }
    }
}

/// Closes a heap type: `Concrete` goes from a [`TypeIdx`] of the module, whose types are `ids`, to a [`TypeId`].
#[must_use]
pub fn close_heap(ids: &[TypeId], heap: HeapType) -> HeapType {
    match heap {
        HeapType::Concrete(index) => HeapType::Concrete(ids[index as usize].0),
        _ => heap,
    }
}

/// Closes a reference type.
#[must_use]
pub fn close_ref(ids: &[TypeId], ty: RefType) -> RefType {
    RefType { nullability: ty.nullability, heap: close_heap(ids, ty.heap) }
}

/// Closes a value type.
#[must_use]
pub fn close(ids: &[TypeId], ty: ValType) -> ValType {
    match ty {
        ValType::Ref(ty) => ValType::Ref(close_ref(ids, ty)),
        _ => ty,
    }
}

fn close_field(ids: &[TypeId], field: FieldType) -> FieldType {
    let storage = match field.storage {
        StorageType::Val(ty) => StorageType::Val(close(ids, ty)),
        packed => packed,
    };
    FieldType { mutability: field.mutability, storage }
}

fn close_all(ids: &[TypeId], types: &[ValType]) -> Vec<ValType> {
    types.iter().map(|ty| close(ids, *ty)).collect()
}

fn close_comp(ids: &[TypeId], comp: &CompType) -> CompType {
    match comp {
        CompType::Func(ty) => {
            CompType::Func(FuncType { params: close_all(ids, &ty.params), results: close_all(ids, &ty.results) })
        }
        CompType::Struct(fields) => CompType::Struct(fields.iter().map(|field| close_field(ids, *field)).collect()),
        CompType::Array(field) => CompType::Array(close_field(ids, *field)),
    }
}

// The key of a group: an injective encoding of its structure as words. What comes first in every part tells its
// length, so no two structures share a key.

/// A reference to a type outside of the group; the word after it is a `TypeId`.
const OUTER: u32 = 16;
/// A reference into the group; the word after it is a position.
const INNER: u32 = 17;

fn write_index(key: &mut Vec<u32>, index: TypeIdx, ids: &[TypeId], flags: u32) {
    match ids.get(index.at()) {
        Some(id) => key.extend([OUTER | flags, id.0]),
        None => key.extend([INNER | flags, index.0 - ids.len() as u32]),
    }
}

fn write_val(key: &mut Vec<u32>, ty: ValType, ids: &[TypeId]) {
    const NULLABLE: u32 = 32;
    const NON_NULL: u32 = 64;
    let reference = match ty {
        ValType::I32 => return key.push(0),
        ValType::I64 => return key.push(1),
        ValType::F32 => return key.push(2),
        ValType::F64 => return key.push(3),
        ValType::V128 => return key.push(4),
        ValType::Ref(reference) => reference,
    };
    let flags = match reference.nullability {
        Nullability::Nullable => NULLABLE,
        Nullability::NonNull => NON_NULL,
    };
    let heap = match reference.heap {
        HeapType::Concrete(index) => return write_index(key, TypeIdx(index), ids, flags),
        HeapType::Func => 0,
        HeapType::NoFunc => 1,
        HeapType::Extern => 2,
        HeapType::NoExtern => 3,
        HeapType::Any => 4,
        HeapType::Eq => 5,
        HeapType::I31 => 6,
        HeapType::Struct => 7,
        HeapType::Array => 8,
        HeapType::None => 9,
        HeapType::Exn => 10,
        HeapType::NoExn => 11,
    };
    key.push(heap | flags);
}

fn write_field(key: &mut Vec<u32>, field: FieldType, ids: &[TypeId]) {
    key.push(match field.mutability {
        Mutability::Const => 0,
        Mutability::Var => 1,
    });
    match field.storage {
        StorageType::Val(ty) => write_val(key, ty, ids),
        StorageType::I8 => key.push(5),
        StorageType::I16 => key.push(6),
    }
}

fn write_sub(key: &mut Vec<u32>, sub: &SubType, ids: &[TypeId]) {
    key.push(match sub.finality {
        Finality::Final => 0,
        Finality::Open => 1,
    });
    key.push(sub.supers.len() as u32);
    for parent in &sub.supers {
        write_index(key, *parent, ids, 0);
    }
    match &sub.comp {
        CompType::Func(ty) => {
            key.extend([0, ty.params.len() as u32, ty.results.len() as u32]);
            for ty in ty.params.iter().chain(&ty.results) {
                write_val(key, *ty, ids);
            }
        }
        CompType::Struct(fields) => {
            key.extend([1, fields.len() as u32]);
            for field in fields {
                write_field(key, *field, ids);
            }
        }
        CompType::Array(field) => {
            key.push(2);
            write_field(key, *field, ids);
        }
    }
}

/// A fast hash of words. Keys come from modules, so a module can be built to collide; the number of types is limited,
/// and the cost stays with whoever fuzzes us that way.
#[derive(Clone, Copy, Debug, Default)]
struct WordHasher(u64);

impl Hasher for WordHasher {
    fn finish(&self) -> u64 {
        // The table takes its bits from both ends of the word.
        self.0 ^ (self.0 >> 32)
    }

    fn write(&mut self, bytes: &[u8]) {
        for chunk in bytes.chunks(8) {
            let mut word = [0; 8];
            word[..chunk.len()].copy_from_slice(chunk);
            self.write_u64(u64::from_le_bytes(word));
        }
    }

    fn write_u64(&mut self, word: u64) {
        self.0 = (self.0.rotate_left(5) ^ word).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    }

    fn write_usize(&mut self, word: usize) {
        self.write_u64(word as u64);
    }
}
