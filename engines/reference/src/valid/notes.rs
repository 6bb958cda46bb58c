//! What validation knows about every instruction, as plain data for lowering.

use super::types::{TypeId, TypeInterner};
use crate::syntax::{Arity, RefType, ValType};

/// A module is valid, and here is what was learned on the way.
#[derive(Clone, Debug)]
pub struct Validated {
    /// The module's types, interned. Ids are those of this interner, not of a store.
    pub interner: TypeInterner,
    /// The id in `interner` by [`crate::syntax::TypeIdx`].
    pub type_ids: Vec<TypeId>,
    /// One entry for every function that the module defines, in order.
    pub funcs: Vec<FuncNotes>,
}

/// What is known about the body of a function.
#[derive(Clone, Debug, Default)]
pub struct FuncNotes {
    /// One note for every instruction of the body, in parallel.
    pub notes: Vec<Note>,
    /// The greatest heights of the two operand stacks between any two instructions, locals not counted. It may be more
    /// than reachable code needs.
    pub max: Arity,
}

/// What is known about one instruction.
///
/// Heights are those of the operand stack *before* the instruction, counted from the operand stack at function entry:
/// locals are not counted. Numbers take one 64-bit slot, vectors two; references take none, and count in `refs`.
///
/// For `else` and `end` they are the heights at the end of the sequence that they close; after the `end`, the stack
/// holds the label's results above the heights at the block's start without its parameters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Note {
    /// Slots on the stack of numbers and vectors.
    pub slots: u32,
    /// References on the stack of references.
    pub refs: u32,
    /// False after an unconditional branch up to the end of its block, and in blocks that start there. There heights
    /// mean nothing. An `else` or `end` may be unreachable from the code before it and still open reachable code.
    pub reachable: bool,
    /// What `drop` and `select` work on; `None` for all other instructions, and where it is unknown (unreachable).
    pub operand: Operand,
}

/// The kind of a polymorphic operand.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Operand {
    /// Not known, or not needed.
    #[default]
    None,
    /// A number, in one slot.
    Slot,
    /// A vector, in two slots.
    Vector,
    /// A reference.
    Ref,
}

impl Operand {
    /// The kind of values of type `ty`.
    #[must_use]
    pub const fn of(ty: ValType) -> Self {
        match ty {
            ValType::I32 | ValType::I64 | ValType::F32 | ValType::F64 => Self::Slot,
            ValType::V128 => Self::Vector,
            ValType::Ref(RefType { .. }) => Self::Ref,
        }
    }
}
