//! Chapter 2 of the standard: the structure of a module, as plain data.
//!
//! A [`Module`] is what the decoder makes and the validator judges. Nothing here promises that a module is valid:
//! indices may be out of bounds and types may not fit until [`crate::valid::validate`] has said otherwise.

mod index;
mod instr;
mod module;
mod ops;
mod types;

pub use index::{
    DataIdx, ElemIdx, FieldIdx, FuncIdx, GlobalIdx, LabelIdx, LocalIdx, MemIdx, TableIdx, TagIdx, TypeIdx,
};
pub use instr::{BlockType, CastBranch, Catch, CatchKind, Instr, PoolRange, Pools, TryTable};
pub use module::{
    Data, DataMode, Elem, ElemInit, ElemMode, Export, ExternIdx, ExternType, Func, Global, Import, Module, Table,
};
pub use ops::{AtomicOp, LaneOp, LoadLaneOp, LoadOp, NumericOp, Signature, StoreLaneOp, StoreOp, VectorOp};
pub use types::{
    AddrType, Arity, CompType, FieldType, Finality, FuncType, GlobalType, HeapType, Limits, MemType, Mutability,
    Nullability, RefType, Sharing, StorageType, SubType, TableType, ValType,
};
