//! What the machine executes: a flat list of operators, one for one instruction of the standard, or a fused one for
//! several.
//!
//! DEVIATION: `block`, `loop`, `nop` and `end` have no operator, and there are no labels on the stack: lowering has resolved every label to a position in the list and
//! to what a branch keeps and drops. Loads and stores that do the same to bytes share an operator (`i32.load` and
//! `f32.load` both move 32 bits).

use super::planted::Fault;
use crate::syntax::{Arity, AtomicOp, LaneOp, LoadLaneOp, LoadOp, NumericOp, StoreLaneOp, VectorOp};

macro_rules! ops {
    (numeric: $($numeric:ident)*; $($rest:tt)*) => {
        /// An operator with its immediates.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) enum Op {
            /// A numeric operator on the operand stack. These have a number of their own: no more than 256 operators can
            /// have theirs in a byte.
            Numeric(NumericOp),
            $($rest)*
        }

        #[allow(non_upper_case_globals, reason = "they stand for variants, in patterns too")]
        impl Op {
            $(pub(crate) const $numeric: Self = Self::Numeric(NumericOp::$numeric);)*
        }
    };
}

ops! {
    numeric:
        I32Eqz I32Eq I32Ne I32LtS I32LtU I32GtS I32GtU I32LeS I32LeU I32GeS I32GeU
        I64Eqz I64Eq I64Ne I64LtS I64LtU I64GtS I64GtU I64LeS I64LeU I64GeS I64GeU
        F32Eq F32Ne F32Lt F32Gt F32Le F32Ge
        F64Eq F64Ne F64Lt F64Gt F64Le F64Ge
        I32Clz I32Ctz I32Popcnt I32Add I32Sub I32Mul I32DivS I32DivU I32RemS I32RemU
        I32And I32Or I32Xor I32Shl I32ShrS I32ShrU I32Rotl I32Rotr
        I64Clz I64Ctz I64Popcnt I64Add I64Sub I64Mul I64DivS I64DivU I64RemS I64RemU
        I64And I64Or I64Xor I64Shl I64ShrS I64ShrU I64Rotl I64Rotr
        F32Abs F32Neg F32Ceil F32Floor F32Trunc F32Nearest F32Sqrt
        F32Add F32Sub F32Mul F32Div F32Min F32Max F32Copysign
        F64Abs F64Neg F64Ceil F64Floor F64Trunc F64Nearest F64Sqrt
        F64Add F64Sub F64Mul F64Div F64Min F64Max F64Copysign
        I32WrapI64 I32TruncF32S I32TruncF32U I32TruncF64S I32TruncF64U
        I64ExtendI32S I64ExtendI32U I64TruncF32S I64TruncF32U I64TruncF64S I64TruncF64U
        F32ConvertI32S F32ConvertI32U F32ConvertI64S F32ConvertI64U F32DemoteF64
        F64ConvertI32S F64ConvertI32U F64ConvertI64S F64ConvertI64U F64PromoteF32
        I32ReinterpretF32 I64ReinterpretF64 F32ReinterpretI32 F64ReinterpretI64
        I32Extend8S I32Extend16S I64Extend8S I64Extend16S I64Extend32S
        I32TruncSatF32S I32TruncSatF32U I32TruncSatF64S I32TruncSatF64U
        I64TruncSatF32S I64TruncSatF32U I64TruncSatF64S I64TruncSatF64U
        I64Add128 I64Sub128 I64MulWideS I64MulWideU;

    // Control. Targets are positions in the module's list.
    Unreachable,
    Br(u32),
    BrIf(u32),
    /// Taken if the condition is zero: the `if` instruction.
    BrUnless(u32),
    /// A branch that drops operands under the ones that it keeps; `shift` says how many.
    BrShift { target: u32, shift: u32 },
    BrIfShift { target: u32, shift: u32 },
    /// `count` targets and the default, in the side table.
    BrTable { first: u32, count: u32 },
    BrOnNull(u32),
    BrOnNullShift { target: u32, shift: u32 },
    BrOnNonNull(u32),
    BrOnNonNullShift { target: u32, shift: u32 },
    /// Branches if the reference has the type, or, if `unless`, has it not; the branch is in the side table.
    BrOnCast { branch: u32, cast: u32, unless: bool },
    Return { slots: u32, refs: u32 },
    /// A function that the module defines, counted without imports.
    Call(u32),
    /// A function that the module imports.
    CallImport(u32),
    CallIndirect { table: u32, ty: u32 },
    CallRef,
    ReturnCall(u32),
    ReturnCallImport(u32),
    ReturnCallIndirect { table: u32, ty: u32 },
    ReturnCallRef,
    Throw(u32),
    ThrowRef,

    // Parametric: by where the operand lies.
    Drop,
    DropVector,
    DropRef,
    Select,
    SelectVector,
    SelectRef,

    // Variables: locals by their place in the frame.
    LocalGet(u32),
    LocalSet(u32),
    LocalTee(u32),
    LocalGetVector(u32),
    LocalSetVector(u32),
    LocalTeeVector(u32),
    LocalGetRef(u32),
    LocalSetRef(u32),
    LocalTeeRef(u32),
    GlobalGet(u32),
    GlobalSet(u32),
    GlobalGetVector(u32),
    GlobalSetVector(u32),
    GlobalGetRef(u32),
    GlobalSetRef(u32),

    // Tables.
    TableGet(u32),
    TableSet(u32),
    TableSize(u32),
    TableGrow(u32),
    TableFill(u32),
    TableCopy { dst: u32, src: u32 },
    TableInit { table: u32, elem: u32 },
    ElemDrop(u32),

    // Memories.
    Load8U { memory: u32, offset: u64 },
    Load16U { memory: u32, offset: u64 },
    Load32 { memory: u32, offset: u64 },
    Load64 { memory: u32, offset: u64 },
    I32Load8S { memory: u32, offset: u64 },
    I32Load16S { memory: u32, offset: u64 },
    I64Load8S { memory: u32, offset: u64 },
    I64Load16S { memory: u32, offset: u64 },
    I64Load32S { memory: u32, offset: u64 },
    Store8 { memory: u32, offset: u64 },
    Store16 { memory: u32, offset: u64 },
    Store32 { memory: u32, offset: u64 },
    Store64 { memory: u32, offset: u64 },
    LoadVector { op: LoadOp, memory: u32, offset: u64 },
    StoreVector { memory: u32, offset: u64 },
    LoadLane { op: LoadLaneOp, lane: u8, memory: u32, offset: u64 },
    StoreLane { op: StoreLaneOp, lane: u8, memory: u32, offset: u64 },
    MemorySize(u32),
    MemoryGrow(u32),
    MemoryFill(u32),
    MemoryCopy { dst: u32, src: u32 },
    MemoryInit { memory: u32, data: u32 },
    DataDrop(u32),
    Atomic { op: AtomicOp, memory: u32, offset: u64 },

    // References and aggregates.
    RefNull,
    RefIsNull,
    RefFunc(u32),
    RefAsNonNull,
    RefEq,
    /// The types of casts are in the instance.
    RefTest(u32),
    RefCast(u32),
    RefI31,
    I31GetS,
    I31GetU,
    StructNew(u32),
    StructNewDefault(u32),
    // Fields by their place among the object's slots or references; packed ones by their width in bits.
    StructGet(u32),
    StructGetVector(u32),
    StructGetRef(u32),
    StructGetS { slot: u32, bits: u8 },
    StructGetU { slot: u32, bits: u8 },
    StructSet(u32),
    StructSetVector(u32),
    StructSetRef(u32),
    ArrayNew(u32),
    ArrayNewDefault(u32),
    ArrayNewFixed { ty: u32, len: u32 },
    ArrayNewData { ty: u32, data: u32 },
    ArrayNewElem { ty: u32, elem: u32 },
    // Elements by their width in bytes, 0 for references. Packed elements are zero-extended by `ArrayGet`.
    ArrayGet(u8),
    ArrayGetS(u8),
    ArraySet(u8),
    ArrayLen,
    ArrayFill(u8),
    ArrayCopy,
    ArrayInitData { width: u8, data: u32 },
    ArrayInitElem(u32),

    // Constants: the bits as they lie in a slot.
    Const(u64),

    // Vectors.
    /// A constant in the side pool.
    ConstVector(u32),
    /// Lanes in the side pool.
    Shuffle(u32),
    Lane { op: LaneOp, lane: u8 },
    Vector(VectorOp),

    // Fused operators, which do what several instructions do (see `fuse`). The number is the fuel that they take beyond
    // the one unit that every operator takes.
    /// A copy within the frame. The number is all the fuel that it takes, which may be none.
    Copy(u8, Slots),
    /// A constant; the number as for `Copy`.
    Put(u8, With),
    I32AddSlots(u8, Slots),
    I32AddWith(u8, With),
    I32SubSlots(u8, Slots),
    I32SubWith(u8, With),
    I32MulSlots(u8, Slots),
    I32MulWith(u8, With),
    I32AndSlots(u8, Slots),
    I32AndWith(u8, With),
    I32OrSlots(u8, Slots),
    I32OrWith(u8, With),
    I32XorSlots(u8, Slots),
    I32XorWith(u8, With),
    I32ShlSlots(u8, Slots),
    I32ShlWith(u8, With),
    I32ShrSSlots(u8, Slots),
    I32ShrSWith(u8, With),
    I32ShrUSlots(u8, Slots),
    I32ShrUWith(u8, With),
    I32RotlSlots(u8, Slots),
    I32RotlWith(u8, With),
    I32RotrSlots(u8, Slots),
    I32RotrWith(u8, With),
    I64AddSlots(u8, Slots),
    I64AddWith(u8, With),
    I64SubSlots(u8, Slots),
    I64SubWith(u8, With),
    I64MulSlots(u8, Slots),
    I64MulWith(u8, With),
    I64AndSlots(u8, Slots),
    I64AndWith(u8, With),
    I64OrSlots(u8, Slots),
    I64OrWith(u8, With),
    I64XorSlots(u8, Slots),
    I64XorWith(u8, With),
    I64ShlSlots(u8, Slots),
    I64ShlWith(u8, With),
    I64ShrSSlots(u8, Slots),
    I64ShrSWith(u8, With),
    I64ShrUSlots(u8, Slots),
    I64ShrUWith(u8, With),
    I64RotlSlots(u8, Slots),
    I64RotlWith(u8, With),
    I64RotrSlots(u8, Slots),
    I64RotrWith(u8, With),
    F32AddSlots(u8, Slots),
    F32AddWith(u8, With),
    F32SubSlots(u8, Slots),
    F32SubWith(u8, With),
    F32MulSlots(u8, Slots),
    F32MulWith(u8, With),
    F64AddSlots(u8, Slots),
    F64AddWith(u8, With),
    F64SubSlots(u8, Slots),
    F64SubWith(u8, With),
    F64MulSlots(u8, Slots),
    F64MulWith(u8, With),
    // From and to memory 0.
    Load8USlot(u8, With),
    Load16USlot(u8, With),
    Load32Slot(u8, With),
    Load64Slot(u8, With),
    I32Load8SSlot(u8, With),
    Store8Slots(u8, With),
    Store16Slots(u8, With),
    Store32Slots(u8, With),
    Store64Slots(u8, With),
    // Branches that are taken if the comparison holds.
    BrIfI32Eq(u8, Test),
    BrIfI32Ne(u8, Test),
    BrIfI32LtS(u8, Test),
    BrIfI32LtU(u8, Test),
    BrIfI32GtS(u8, Test),
    BrIfI32GtU(u8, Test),
    BrIfI32LeS(u8, Test),
    BrIfI32LeU(u8, Test),
    BrIfI32GeS(u8, Test),
    BrIfI32GeU(u8, Test),
    BrIfI64Eq(u8, Test),
    BrIfI64Ne(u8, Test),
    BrIfI64LtS(u8, Test),
    BrIfI64LtU(u8, Test),
    BrIfI64GtS(u8, Test),
    BrIfI64GtU(u8, Test),
    BrIfI64LeS(u8, Test),
    BrIfI64LeU(u8, Test),
    BrIfI64GeS(u8, Test),
    BrIfI64GeU(u8, Test),
    BrIfI32EqWith(u8, TestWith),
    BrIfI32NeWith(u8, TestWith),
    BrIfI32LtSWith(u8, TestWith),
    BrIfI32LtUWith(u8, TestWith),
    BrIfI32GtSWith(u8, TestWith),
    BrIfI32GtUWith(u8, TestWith),
    BrIfI32LeSWith(u8, TestWith),
    BrIfI32LeUWith(u8, TestWith),
    BrIfI32GeSWith(u8, TestWith),
    BrIfI32GeUWith(u8, TestWith),

    /// An operator of the engine that is wrong on purpose; never made without a configured fault.
    Planted { fault: Fault, index: u32, immediate: u64 },
}

impl Op {
    /// The fuel, the result's place and the new end of the stack of a fused operator with two operands.
    pub(crate) fn result(&mut self) -> Option<(&mut u8, &mut u16, &mut u16)> {
        match self {
            Self::I32AddSlots(paid, at)
            | Self::I32SubSlots(paid, at)
            | Self::I32MulSlots(paid, at)
            | Self::I32AndSlots(paid, at)
            | Self::I32OrSlots(paid, at)
            | Self::I32XorSlots(paid, at)
            | Self::I32ShlSlots(paid, at)
            | Self::I32ShrSSlots(paid, at)
            | Self::I32ShrUSlots(paid, at)
            | Self::I32RotlSlots(paid, at)
            | Self::I32RotrSlots(paid, at)
            | Self::I64AddSlots(paid, at)
            | Self::I64SubSlots(paid, at)
            | Self::I64MulSlots(paid, at)
            | Self::I64AndSlots(paid, at)
            | Self::I64OrSlots(paid, at)
            | Self::I64XorSlots(paid, at)
            | Self::I64ShlSlots(paid, at)
            | Self::I64ShrSSlots(paid, at)
            | Self::I64ShrUSlots(paid, at)
            | Self::I64RotlSlots(paid, at)
            | Self::I64RotrSlots(paid, at)
            | Self::F32AddSlots(paid, at)
            | Self::F32SubSlots(paid, at)
            | Self::F32MulSlots(paid, at)
            | Self::F64AddSlots(paid, at)
            | Self::F64SubSlots(paid, at)
            | Self::F64MulSlots(paid, at) => Some((paid, &mut at.to, &mut at.top)),
            Self::I32AddWith(paid, at)
            | Self::I32SubWith(paid, at)
            | Self::I32MulWith(paid, at)
            | Self::I32AndWith(paid, at)
            | Self::I32OrWith(paid, at)
            | Self::I32XorWith(paid, at)
            | Self::I32ShlWith(paid, at)
            | Self::I32ShrSWith(paid, at)
            | Self::I32ShrUWith(paid, at)
            | Self::I32RotlWith(paid, at)
            | Self::I32RotrWith(paid, at)
            | Self::I64AddWith(paid, at)
            | Self::I64SubWith(paid, at)
            | Self::I64MulWith(paid, at)
            | Self::I64AndWith(paid, at)
            | Self::I64OrWith(paid, at)
            | Self::I64XorWith(paid, at)
            | Self::I64ShlWith(paid, at)
            | Self::I64ShrSWith(paid, at)
            | Self::I64ShrUWith(paid, at)
            | Self::I64RotlWith(paid, at)
            | Self::I64RotrWith(paid, at)
            | Self::F32AddWith(paid, at)
            | Self::F32SubWith(paid, at)
            | Self::F32MulWith(paid, at)
            | Self::F64AddWith(paid, at)
            | Self::F64SubWith(paid, at)
            | Self::F64MulWith(paid, at) => Some((paid, &mut at.to, &mut at.top)),
            _ => None,
        }
    }

    /// The target of a branch.
    pub(crate) fn target(&mut self) -> Option<&mut u32> {
        match self {
            Self::Br(target)
            | Self::BrIf(target)
            | Self::BrUnless(target)
            | Self::BrOnNull(target)
            | Self::BrOnNonNull(target)
            | Self::BrShift { target, .. }
            | Self::BrIfShift { target, .. }
            | Self::BrOnNullShift { target, .. }
            | Self::BrOnNonNullShift { target, .. } => Some(target),
            Self::BrIfI32Eq(_, at)
            | Self::BrIfI32Ne(_, at)
            | Self::BrIfI32LtS(_, at)
            | Self::BrIfI32LtU(_, at)
            | Self::BrIfI32GtS(_, at)
            | Self::BrIfI32GtU(_, at)
            | Self::BrIfI32LeS(_, at)
            | Self::BrIfI32LeU(_, at)
            | Self::BrIfI32GeS(_, at)
            | Self::BrIfI32GeU(_, at)
            | Self::BrIfI64Eq(_, at)
            | Self::BrIfI64Ne(_, at)
            | Self::BrIfI64LtS(_, at)
            | Self::BrIfI64LtU(_, at)
            | Self::BrIfI64GtS(_, at)
            | Self::BrIfI64GtU(_, at)
            | Self::BrIfI64LeS(_, at)
            | Self::BrIfI64LeU(_, at)
            | Self::BrIfI64GeS(_, at)
            | Self::BrIfI64GeU(_, at) => Some(&mut at.target),
            Self::BrIfI32EqWith(_, at)
            | Self::BrIfI32NeWith(_, at)
            | Self::BrIfI32LtSWith(_, at)
            | Self::BrIfI32LtUWith(_, at)
            | Self::BrIfI32GtSWith(_, at)
            | Self::BrIfI32GtUWith(_, at)
            | Self::BrIfI32LeSWith(_, at)
            | Self::BrIfI32LeUWith(_, at)
            | Self::BrIfI32GeSWith(_, at)
            | Self::BrIfI32GeUWith(_, at) => Some(&mut at.target),
            _ => None,
        }
    }
}

/// Where the operands of a fused operator lie, counted in slots from the start of the frame, like all that follow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Slots {
    pub(crate) to: u16,
    pub(crate) a: u16,
    pub(crate) b: u16,
    /// Where the operand stack ends afterwards.
    pub(crate) top: u16,
}

/// A fused operator's operand and result, and a constant or an offset. A store takes its value from `to`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct With {
    pub(crate) to: u16,
    pub(crate) a: u16,
    pub(crate) top: u16,
    /// As bytes, which need no alignment: so the operator takes 16 bytes.
    bits: [u8; 8],
}

impl With {
    pub(crate) fn new(to: u16, a: u16, top: u16, bits: u64) -> Self {
        Self { to, a, top, bits: bits.to_le_bytes() }
    }

    #[inline(always)]
    pub(crate) fn bits(self) -> u64 {
        u64::from_le_bytes(self.bits)
    }
}

/// A comparison that decides about a branch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Test {
    pub(crate) a: u16,
    pub(crate) b: u16,
    pub(crate) top: u16,
    pub(crate) target: u32,
}

/// A comparison with a constant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TestWith {
    pub(crate) a: u16,
    pub(crate) top: u16,
    pub(crate) b: u32,
    pub(crate) target: u32,
}

/// What a branch does to the operand stacks: it keeps the topmost operands and drops the ones below them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Shift {
    pub(crate) keep_slots: u32,
    pub(crate) drop_slots: u32,
    pub(crate) keep_refs: u32,
    pub(crate) drop_refs: u32,
}

/// A target in a side table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Branch {
    pub(crate) target: u32,
    pub(crate) shift: Shift,
}

/// The code of a `try_table`: exceptions that leave it are offered to its handlers, first one first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Guard {
    /// Positions of the first operator inside and the first one behind.
    pub(crate) start: u32,
    pub(crate) end: u32,
    /// Its handlers in the side table.
    pub(crate) first: u32,
    pub(crate) count: u32,
}

/// A handler.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Handler {
    /// The tag that it catches, or any.
    pub(crate) tag: Option<u32>,
    /// Whether it passes the exception on.
    pub(crate) with_ref: bool,
    /// The target, in the side table of branches.
    pub(crate) branch: u32,
    /// The heights of the operand stacks under the target's operands, from the start of the frame.
    pub(crate) height: Arity,
}

#[cfg(test)]
mod tests {
    use super::Op;

    #[test]
    fn an_op_takes_at_most_16_bytes() {
        assert!(size_of::<Op>() <= 16, "{}", size_of::<Op>());
    }
}
