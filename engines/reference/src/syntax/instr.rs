//! Instructions (section 2.4), flat as they stand in the binary: `block`, `else` and `end` are instructions of a
//! sequence, and a body ends with the `end` of the function itself.
//!
//! Operators that differ only in what they compute share a variant ([`Instr::Numeric`], [`Instr::Load`], ...) and are
//! told apart by an operator from a table in `ops`, which knows names, opcodes, types and features.

use super::{
    AtomicOp, DataIdx, ElemIdx, FieldIdx, FuncIdx, GlobalIdx, HeapType, LabelIdx, LaneOp, LoadLaneOp, LoadOp, LocalIdx,
    MemIdx, NumericOp, RefType, StoreLaneOp, StoreOp, TableIdx, TagIdx, TypeIdx, ValType, VectorOp,
};

/// The type of a block (section 2.4, "Control Instructions").
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum BlockType {
    /// No parameters, no result.
    Empty,
    /// No parameters, one result.
    Val(ValType),
    /// As a function of this type.
    Func(TypeIdx),
}

/// A part of one of the [`Pools`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct PoolRange {
    /// Where it starts.
    pub start: u32,
    /// How long it is.
    pub len: u32,
}

/// Immediates that don't fit an [`Instr`].
#[derive(Clone, Debug, Default)]
pub struct Pools {
    /// Targets of `br_table`; the last of a range is the default.
    pub labels: Vec<LabelIdx>,
    /// Types of `select`.
    pub types: Vec<ValType>,
    /// Vector constants and shuffle lanes, in memory order.
    pub vectors: Vec<[u8; 16]>,
    /// Branches on casts.
    pub casts: Vec<CastBranch>,
    /// Blocks with handlers.
    pub try_tables: Vec<TryTable>,
    /// Handlers.
    pub catches: Vec<Catch>,
}

impl Pools {
    /// The targets of a `br_table`; the last is the default.
    #[must_use]
    pub fn labels(&self, range: PoolRange) -> &[LabelIdx] {
        &self.labels[range.start as usize..][..range.len as usize]
    }

    /// The types of a `select`.
    #[must_use]
    pub fn types(&self, range: PoolRange) -> &[ValType] {
        &self.types[range.start as usize..][..range.len as usize]
    }

    /// The handlers of a `try_table`.
    #[must_use]
    pub fn catches(&self, range: PoolRange) -> &[Catch] {
        &self.catches[range.start as usize..][..range.len as usize]
    }
}

/// The immediates of `br_on_cast` and `br_on_cast_fail`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct CastBranch {
    /// Where to.
    pub label: LabelIdx,
    /// The type of the operand.
    pub from: RefType,
    /// The type to test for.
    pub to: RefType,
}

/// The immediates of `try_table`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct TryTable {
    /// The type of the block.
    pub block: BlockType,
    /// Its handlers, first match first, in [`Pools::catches`].
    pub catches: PoolRange,
}

/// A handler (section 2.4, "Control Instructions").
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Catch {
    /// What it catches and what it passes on.
    pub kind: CatchKind,
    /// Where to; the label is counted outside of the `try_table`.
    pub label: LabelIdx,
}

/// What a handler catches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CatchKind {
    /// `catch`: exceptions with the tag; passes the payload.
    Tag(TagIdx),
    /// `catch_ref`: exceptions with the tag; passes the payload and the exception.
    TagRef(TagIdx),
    /// `catch_all`: every exception; passes nothing.
    All,
    /// `catch_all_ref`: every exception; passes the exception.
    AllRef,
}

/// An instruction. At most 16 bytes and plain to copy; what is larger lies in [`Pools`].
///
/// Floats are bits. `align` is the binary logarithm of the alignment, as in the binary.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "fields are the immediates, named as in the standard")]
pub enum Instr {
    // 2.4 Control instructions.
    /// `unreachable`
    Unreachable,
    /// `nop`
    Nop,
    /// `block`
    Block(BlockType),
    /// `loop`
    Loop(BlockType),
    /// `if`
    If(BlockType),
    /// `else`
    Else,
    /// `try_table`, an index into [`Pools::try_tables`]
    TryTable(u32),
    /// `end`
    End,
    /// `br`
    Br(LabelIdx),
    /// `br_if`
    BrIf(LabelIdx),
    /// `br_table`, targets in [`Pools::labels`], the last is the default
    BrTable(PoolRange),
    /// `br_on_null`
    BrOnNull(LabelIdx),
    /// `br_on_non_null`
    BrOnNonNull(LabelIdx),
    /// `br_on_cast`, an index into [`Pools::casts`]
    BrOnCast(u32),
    /// `br_on_cast_fail`, an index into [`Pools::casts`]
    BrOnCastFail(u32),
    /// `return`
    Return,
    /// `call`
    Call(FuncIdx),
    /// `call_ref`
    CallRef(TypeIdx),
    /// `call_indirect`
    CallIndirect { table: TableIdx, ty: TypeIdx },
    /// `return_call`
    ReturnCall(FuncIdx),
    /// `return_call_ref`
    ReturnCallRef(TypeIdx),
    /// `return_call_indirect`
    ReturnCallIndirect { table: TableIdx, ty: TypeIdx },
    /// `throw`
    Throw(TagIdx),
    /// `throw_ref`
    ThrowRef,

    // 2.4 Parametric instructions.
    /// `drop`
    Drop,
    /// `select` without a type: both operands are numbers or vectors
    Select,
    /// `select` with types, in [`Pools::types`]; valid only with exactly one
    SelectTyped(PoolRange),

    // 2.4 Variable instructions.
    /// `local.get`
    LocalGet(LocalIdx),
    /// `local.set`
    LocalSet(LocalIdx),
    /// `local.tee`
    LocalTee(LocalIdx),
    /// `global.get`
    GlobalGet(GlobalIdx),
    /// `global.set`
    GlobalSet(GlobalIdx),

    // 2.4 Table instructions.
    /// `table.get`
    TableGet(TableIdx),
    /// `table.set`
    TableSet(TableIdx),
    /// `table.size`
    TableSize(TableIdx),
    /// `table.grow`
    TableGrow(TableIdx),
    /// `table.fill`
    TableFill(TableIdx),
    /// `table.copy`
    TableCopy { dst: TableIdx, src: TableIdx },
    /// `table.init`
    TableInit { table: TableIdx, elem: ElemIdx },
    /// `elem.drop`
    ElemDrop(ElemIdx),

    // 2.4 Memory instructions.
    /// Loads of numbers and vectors
    Load { op: LoadOp, align: u8, mem: MemIdx, offset: u64 },
    /// Stores of numbers and vectors
    Store { op: StoreOp, align: u8, mem: MemIdx, offset: u64 },
    /// `v128.loadN_lane`
    LoadLane { op: LoadLaneOp, align: u8, lane: u8, mem: MemIdx, offset: u64 },
    /// `v128.storeN_lane`
    StoreLane { op: StoreLaneOp, align: u8, lane: u8, mem: MemIdx, offset: u64 },
    /// `memory.size`
    MemorySize(MemIdx),
    /// `memory.grow`
    MemoryGrow(MemIdx),
    /// `memory.fill`
    MemoryFill(MemIdx),
    /// `memory.copy`
    MemoryCopy { dst: MemIdx, src: MemIdx },
    /// `memory.init`
    MemoryInit { mem: MemIdx, data: DataIdx },
    /// `data.drop`
    DataDrop(DataIdx),
    /// Atomic accesses, `memory.atomic.notify` and `.wait` (threads proposal)
    Atomic { op: AtomicOp, align: u8, mem: MemIdx, offset: u64 },
    /// `atomic.fence` (threads proposal)
    AtomicFence,

    // 2.4 Reference and aggregate instructions.
    /// `ref.null`
    RefNull(HeapType),
    /// `ref.is_null`
    RefIsNull,
    /// `ref.func`
    RefFunc(FuncIdx),
    /// `ref.as_non_null`
    RefAsNonNull,
    /// `ref.eq`
    RefEq,
    /// `ref.test`
    RefTest(RefType),
    /// `ref.cast`
    RefCast(RefType),
    /// `struct.new`
    StructNew(TypeIdx),
    /// `struct.new_default`
    StructNewDefault(TypeIdx),
    /// `struct.get`
    StructGet { ty: TypeIdx, field: FieldIdx },
    /// `struct.get_s`
    StructGetS { ty: TypeIdx, field: FieldIdx },
    /// `struct.get_u`
    StructGetU { ty: TypeIdx, field: FieldIdx },
    /// `struct.set`
    StructSet { ty: TypeIdx, field: FieldIdx },
    /// `array.new`
    ArrayNew(TypeIdx),
    /// `array.new_default`
    ArrayNewDefault(TypeIdx),
    /// `array.new_fixed`
    ArrayNewFixed { ty: TypeIdx, len: u32 },
    /// `array.new_data`
    ArrayNewData { ty: TypeIdx, data: DataIdx },
    /// `array.new_elem`
    ArrayNewElem { ty: TypeIdx, elem: ElemIdx },
    /// `array.get`
    ArrayGet(TypeIdx),
    /// `array.get_s`
    ArrayGetS(TypeIdx),
    /// `array.get_u`
    ArrayGetU(TypeIdx),
    /// `array.set`
    ArraySet(TypeIdx),
    /// `array.len`
    ArrayLen,
    /// `array.fill`
    ArrayFill(TypeIdx),
    /// `array.copy`
    ArrayCopy { dst: TypeIdx, src: TypeIdx },
    /// `array.init_data`
    ArrayInitData { ty: TypeIdx, data: DataIdx },
    /// `array.init_elem`
    ArrayInitElem { ty: TypeIdx, elem: ElemIdx },
    /// `any.convert_extern`
    AnyConvertExtern,
    /// `extern.convert_any`
    ExternConvertAny,
    /// `ref.i31`
    RefI31,
    /// `i31.get_s`
    I31GetS,
    /// `i31.get_u`
    I31GetU,

    // 2.4 Numeric instructions.
    /// `i32.const`
    I32Const(i32),
    /// `i64.const`
    I64Const(i64),
    /// `f32.const`, as bits
    F32Const(u32),
    /// `f64.const`, as bits
    F64Const(u64),
    /// Every other numeric instruction: no immediates, types from [`NumericOp::signature`]
    Numeric(NumericOp),

    // 2.4 Vector instructions.
    /// `v128.const`, an index into [`Pools::vectors`]
    V128Const(u32),
    /// `i8x16.shuffle`, an index into [`Pools::vectors`]; valid only if every lane is below 32
    Shuffle(u32),
    /// `extract_lane` and `replace_lane`
    Lane { op: LaneOp, lane: u8 },
    /// Every other vector instruction: no immediates, types from [`VectorOp::signature`]
    Vector(VectorOp),
}

#[cfg(test)]
mod tests {
    use super::Instr;

    #[test]
    fn an_instruction_takes_at_most_16_bytes() {
        assert!(size_of::<Instr>() <= 16, "{}", size_of::<Instr>());
    }
}
