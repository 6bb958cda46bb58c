//! Types (section 2.3). The ones that a plan or an observation also needs live in `wassay_model`.

pub use wassay_model::{FuncType, HeapType, Nullability, RefType, ValType};

use super::TypeIdx;

/// How many places a sequence of values takes on the two operand stacks.
///
/// Numbers take one slot and vectors two on the stack of slots; references take one place on the stack of references.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Arity {
    /// 64-bit slots.
    pub slots: u32,
    /// References.
    pub refs: u32,
}

impl Arity {
    /// The places that one value of type `ty` takes.
    #[must_use]
    pub const fn of(ty: ValType) -> Self {
        match ty {
            ValType::I32 | ValType::I64 | ValType::F32 | ValType::F64 => Self { slots: 1, refs: 0 },
            ValType::V128 => Self { slots: 2, refs: 0 },
            ValType::Ref(_) => Self { slots: 0, refs: 1 },
        }
    }

    /// The places that a sequence of values takes.
    #[must_use]
    pub fn of_all(types: &[ValType]) -> Self {
        types.iter().fold(Self::default(), |sum, ty| {
            let one = Self::of(*ty);
            Self { slots: sum.slots + one.slots, refs: sum.refs + one.refs }
        })
    }
}

/// Whether a field or a global can be written (section 2.3 Types).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Mutability {
    /// Written once, when it is made.
    Const,
    /// Written at any time.
    Var,
}

/// What a field holds (section 2.3 Types). Packed types exist only in fields.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum StorageType {
    /// A whole value.
    Val(ValType),
    /// The low 8 bits of an `i32`.
    I8,
    /// The low 16 bits of an `i32`.
    I16,
}

impl StorageType {
    /// The type that the field has on the operand stack.
    #[must_use]
    pub const fn unpacked(self) -> ValType {
        match self {
            Self::Val(ty) => ty,
            Self::I8 | Self::I16 => ValType::I32,
        }
    }
}

/// A field of a structure, or the elements of an array (section 2.3 Types).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct FieldType {
    /// Whether it can be written.
    pub mutability: Mutability,
    /// What it holds.
    pub storage: StorageType,
}

/// A composite type (section 2.3 Types).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum CompType {
    /// A function.
    Func(FuncType),
    /// A structure, by its fields.
    Struct(Vec<FieldType>),
    /// An array, by its elements.
    Array(FieldType),
}

/// Whether a type may be a supertype (section 2.3 Types).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Finality {
    /// No type may name it as its supertype.
    Final,
    /// Other types may extend it.
    Open,
}

/// A member of a recursive group (section 2.3 Types).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct SubType {
    /// Whether others may extend it.
    pub finality: Finality,
    /// The supertypes it declares. The grammar allows many, validation at most one.
    pub supers: Vec<TypeIdx>,
    /// Its structure.
    pub comp: CompType,
}

/// The type of addresses of a memory or table (section 2.3 Types).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AddrType {
    /// 32-bit addresses.
    I32,
    /// 64-bit addresses.
    I64,
}

impl AddrType {
    /// The type that an address has on the operand stack.
    #[must_use]
    pub const fn val(self) -> ValType {
        match self {
            Self::I32 => ValType::I32,
            Self::I64 => ValType::I64,
        }
    }

    /// The narrower of two address types: the type of a length that has to fit both (3.4, `memory.copy`).
    #[must_use]
    pub const fn min(self, other: Self) -> Self {
        match (self, other) {
            (Self::I64, Self::I64) => Self::I64,
            _ => Self::I32,
        }
    }
}

/// The size range of a memory or table (section 2.3 Types), in pages or elements.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Limits {
    /// The size at the start.
    pub min: u64,
    /// The size beyond which it must not grow.
    pub max: Option<u64>,
}

/// Whether threads share a memory (threads proposal).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Sharing {
    /// One thread only.
    Unshared,
    /// Visible to several threads.
    Shared,
}

/// The type of a memory (section 2.3 Types).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct MemType {
    /// The type of its addresses.
    pub addr: AddrType,
    /// Its size in pages.
    pub limits: Limits,
    /// Whether threads share it.
    pub sharing: Sharing,
    /// The binary logarithm of the page size in bytes: 16, or 0 with custom page sizes.
    pub page_log2: u8,
}

/// The type of a table (section 2.3 Types).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct TableType {
    /// The type of its addresses.
    pub addr: AddrType,
    /// Its size in elements.
    pub limits: Limits,
    /// What it holds.
    pub elem: RefType,
}

/// The type of a global (section 2.3 Types).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct GlobalType {
    /// Whether it can be written.
    pub mutability: Mutability,
    /// What it holds.
    pub val: ValType,
}
