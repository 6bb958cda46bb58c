//! Types in one word, for the validator's operand stack: almost every check is one comparison.

use crate::syntax::{HeapType, Nullability, RefType, ValType};

/// A closed value type, or one of the two bottom types that stand for what unreachable code may contain
/// (section 3.1 Conventions).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Ty(u32);

const REF: u32 = 1 << 31;
const NULLABLE: u32 = 1 << 30;
const CONCRETE: u32 = 1 << 29;
const HEAP: u32 = CONCRETE - 1;
/// The heap type below all others.
const HEAP_BOT: u32 = 15;

impl Ty {
    /// Below every value type.
    pub(super) const BOT: Self = Self(0);
    pub(super) const I32: Self = Self(1);
    pub(super) const I64: Self = Self(2);
    pub(super) const F32: Self = Self(3);
    pub(super) const F64: Self = Self(4);
    pub(super) const V128: Self = Self(5);
    /// `(ref bot)`: below every reference type.
    pub(super) const REF_BOT: Self = Self(REF | HEAP_BOT);

    pub(super) const fn of(ty: ValType) -> Self {
        match ty {
            ValType::I32 => Self::I32,
            ValType::I64 => Self::I64,
            ValType::F32 => Self::F32,
            ValType::F64 => Self::F64,
            ValType::V128 => Self::V128,
            ValType::Ref(ty) => Self::of_ref(ty),
        }
    }

    pub(super) const fn of_ref(ty: RefType) -> Self {
        let null = match ty.nullability {
            Nullability::Nullable => NULLABLE,
            Nullability::NonNull => 0,
        };
        Self(REF | null | heap_word(ty.heap))
    }

    /// `(ref null heap)`
    pub(super) const fn nullable(heap: HeapType) -> Self {
        Self(REF | NULLABLE | heap_word(heap))
    }

    /// `(ref heap)`
    pub(super) const fn non_null(heap: HeapType) -> Self {
        Self(REF | heap_word(heap))
    }

    pub(super) const fn is_ref(self) -> bool {
        self.0 & REF != 0
    }

    pub(super) const fn is_nullable(self) -> bool {
        self.0 & NULLABLE != 0
    }

    /// The reference type without null.
    pub(super) const fn as_non_null(self) -> Self {
        Self(self.0 & !NULLABLE)
    }

    /// Whether the heap types are the same, or this one is the bottom.
    pub(super) const fn heap_is_below(self, sup: Self) -> bool {
        let heap = self.0 & (CONCRETE | HEAP);
        heap == HEAP_BOT || heap == sup.0 & (CONCRETE | HEAP)
    }

    /// The heap type of a reference type that is not the bottom.
    pub(super) const fn heap(self) -> HeapType {
        if self.0 & CONCRETE != 0 {
            return HeapType::Concrete(self.0 & HEAP);
        }
        match self.0 & HEAP {
            0 => HeapType::Func,
            1 => HeapType::NoFunc,
            2 => HeapType::Extern,
            3 => HeapType::NoExtern,
            4 => HeapType::Any,
            5 => HeapType::Eq,
            6 => HeapType::I31,
            7 => HeapType::Struct,
            8 => HeapType::Array,
            9 => HeapType::None,
            10 => HeapType::Exn,
            _ => HeapType::NoExn,
        }
    }

    /// The type, or `None` for the two bottoms.
    pub(super) const fn val(self) -> Option<ValType> {
        Some(match self {
            Self::BOT => return None,
            Self::I32 => ValType::I32,
            Self::I64 => ValType::I64,
            Self::F32 => ValType::F32,
            Self::F64 => ValType::F64,
            Self::V128 => ValType::V128,
            _ if self.0 & (CONCRETE | HEAP) == HEAP_BOT => return None,
            _ => {
                let nullability = if self.is_nullable() { Nullability::Nullable } else { Nullability::NonNull };
                ValType::Ref(RefType { nullability, heap: self.heap() })
            }
        })
    }

    /// Whether a local of the type starts with a value (section 3.2 Types, defaultable types).
    pub(super) const fn is_defaultable(self) -> bool {
        !self.is_ref() || self.is_nullable()
    }

    /// What the type takes on the two operand stacks: slots in the low half, references in the high half.
    #[inline]
    pub(super) const fn size(self) -> u64 {
        const SIZES: [u64; 8] = [0, 1, 1, 1, 1, 2, 0, 0];
        if self.is_ref() { 1 << 32 } else { SIZES[(self.0 & 7) as usize] }
    }
}

const fn heap_word(heap: HeapType) -> u32 {
    match heap {
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
        HeapType::Concrete(id) => CONCRETE | (id & HEAP),
    }
}
