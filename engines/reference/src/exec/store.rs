//! The store (section 4.2) and what lives in it: plain owned data, named by address, which is a position in a list.
//! Nothing is ever freed before the store is.

use std::sync::Arc;

use super::choices::Kept;
use super::heap::{Handle, Heap};
use super::lower::{Code, FuncCode};
use super::planted;
use super::{Config, Open};
use crate::syntax::{GlobalType, MemType, Module, RefType, TableType};
use crate::valid::types::{TypeId, TypeInterner};

macro_rules! addresses {
    ($($(#[$doc:meta])* $name:ident;)*) => {
        $(
            $(#[$doc])*
            #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
            pub struct $name(pub u32);

            impl $name {
                pub(crate) const fn at(self) -> usize {
                    self.0 as usize
                }
            }
        )*
    };
}

addresses! {
    /// A function of the store. Two references to functions are the same exactly if their addresses are.
    FuncAddr;
    /// A table of the store.
    TableAddr;
    /// A memory of the store.
    MemAddr;
    /// A global of the store.
    GlobalAddr;
    /// An exception tag of the store.
    TagAddr;
    /// A module instance of the store.
    ModuleInst;
}

/// A host function, as the host knows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct HostFuncId(pub u32);

/// What a module can import and export (section 4.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Extern {
    /// A function.
    Func(FuncAddr),
    /// A table.
    Table(TableAddr),
    /// A memory.
    Mem(MemAddr),
    /// A global.
    Global(GlobalAddr),
    /// A tag.
    Tag(TagAddr),
}

/// A reference as the machine holds it (section 4.2).
///
/// DEVIATION: the nulls of all types are one value, and the standard's `ref.extern` is no wrapper: `any.convert_extern` and `extern.convert_any` leave it as it is: the type of the place says which side it is on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) enum Reference {
    #[default]
    Null,
    Func(FuncAddr),
    /// A host value.
    Extern(u32),
    /// 31 bits; the highest of the word is zero.
    I31(u32),
    Struct(Handle),
    Array(Handle),
    Exn(Handle),
}

impl Reference {
    /// Where the object is, if it is one of the heap's.
    pub(crate) const fn handle(self) -> Option<Handle> {
        match self {
            Self::Struct(handle) | Self::Array(handle) | Self::Exn(handle) => Some(handle),
            Self::Null | Self::Func(_) | Self::Extern(_) | Self::I31(_) => None,
        }
    }
}

/// A module that is decoded, valid and lowered: usable many times and in many stores.
#[derive(Clone, Debug)]
pub struct LoadedModule(pub(crate) Arc<Loaded>);

#[derive(Debug)]
pub(crate) struct Loaded {
    /// The module without its bodies.
    pub(crate) module: Module,
    pub(crate) code: Code,
}

/// All state (section 4.2).
#[derive(Debug)]
pub struct Store {
    pub(crate) config: Config,
    pub(crate) types: TypeInterner,
    pub(crate) funcs: Vec<FuncInst>,
    pub(crate) tables: Vec<TableInst>,
    pub(crate) mems: Vec<MemInst>,
    pub(crate) globals: Vec<GlobalInst>,
    pub(crate) tags: Vec<TypeId>,
    pub(crate) elems: Vec<ElemInst>,
    pub(crate) datas: Vec<DataInst>,
    pub(crate) instances: Vec<Instance>,
    pub(crate) heap: Heap,
    pub(crate) stack: Stack,
    /// What is left for the running invocation.
    pub(crate) fuel: u64,
    /// How many invocations are nested through host functions.
    pub(crate) nesting: u32,
    /// Pages of all memories together.
    pub(crate) pages: u64,
    /// Elements of all tables together.
    pub(crate) table_elements: u64,
    pub(crate) open: Open,
    pub(crate) choices: Kept,
    pub(crate) planted: planted::State,
}

/// The stack (section 4.2).
///
/// DEVIATION: the standard has one stack of values, labels and frames, apart from the store. Here numbers, references and
/// frames have a stack each, labels have none, and all lie in the store, so that a host function can be handed the
/// whole.
#[derive(Debug, Default)]
pub(crate) struct Stack {
    /// Locals and operands that are numbers or vectors, frame over frame.
    pub(crate) slots: Vec<u64>,
    /// Locals and operands that are references.
    pub(crate) refs: Vec<Reference>,
    pub(crate) frames: Vec<Frame>,
    /// Height of `slots`; kept in a local of the machine while it runs.
    pub(crate) sp: usize,
    /// Height of `refs`.
    pub(crate) rp: usize,
}

/// What is needed to go on with a caller: the frame and return address of section 4.2.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Frame {
    pub(crate) instance: u32,
    pub(crate) pc: u32,
    /// Where the caller's locals start in `slots`.
    pub(crate) slot_base: u32,
    /// Where the caller's locals start in `refs`.
    pub(crate) ref_base: u32,
}

impl Frame {
    /// In place of an instance: the caller is not Wasm.
    pub(crate) const OUTSIDE: u32 = u32::MAX;
}

/// A function instance (section 4.2).
#[derive(Clone, Copy, Debug)]
pub(crate) struct FuncInst {
    pub(crate) ty: TypeId,
    pub(crate) kind: FuncKind,
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum FuncKind {
    /// `func` counts the functions that the instance's module defines.
    Wasm {
        instance: u32,
        func: u32,
    },
    Host(HostFuncId),
}

/// A table instance (section 4.2); the type's minimum is the size at allocation.
#[derive(Clone, Debug)]
pub(crate) struct TableInst {
    pub(crate) ty: TableType,
    pub(crate) elements: Vec<Reference>,
}

/// A memory instance (section 4.2).
#[derive(Clone, Debug)]
pub(crate) struct MemInst {
    pub(crate) ty: MemType,
    pub(crate) bytes: Vec<u8>,
}

impl MemInst {
    pub(crate) fn pages(&self) -> u64 {
        self.bytes.len() as u64 >> self.ty.page_log2
    }
}

/// A global instance (section 4.2). Numbers use the first word, vectors both, references the reference.
#[derive(Clone, Copy, Debug)]
pub(crate) struct GlobalInst {
    pub(crate) ty: GlobalType,
    pub(crate) cell: Cell,
}

/// One value of any type, without its type.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Cell {
    pub(crate) slots: [u64; 2],
    pub(crate) reference: Reference,
}

/// An element instance (section 4.2); empty once dropped.
#[derive(Clone, Debug)]
pub(crate) struct ElemInst {
    pub(crate) elements: Vec<Reference>,
}

/// A data instance (section 4.2).
#[derive(Clone, Debug)]
pub(crate) struct DataInst {
    source: Arc<Loaded>,
    index: usize,
    pub(crate) dropped: bool,
}

impl DataInst {
    pub(crate) fn new(source: Arc<Loaded>, index: usize) -> Self {
        Self { source, index, dropped: false }
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        if self.dropped { &[] } else { &self.source.module.datas[self.index].init }
    }
}

/// A module instance (section 4.2). All addresses are positions in the store.
#[derive(Clone, Debug)]
pub(crate) struct Instance {
    pub(crate) loaded: Arc<Loaded>,
    pub(crate) types: Vec<TypeId>,
    pub(crate) funcs: Vec<FuncAddr>,
    pub(crate) tables: Vec<TableAddr>,
    pub(crate) mems: Vec<MemAddr>,
    pub(crate) globals: Vec<GlobalAddr>,
    pub(crate) tags: Vec<TagAddr>,
    /// The module's types of casts in terms of the store's.
    pub(crate) casts: Vec<RefType>,
    /// The first element instance; the others follow.
    pub(crate) first_elem: u32,
    /// The first data instance; the others follow.
    pub(crate) first_data: u32,
}

/// The code of a function that an instance's module defines.
pub(crate) fn func_code(instances: &[Instance], instance: u32, func: u32) -> Option<&FuncCode> {
    instances.get(instance as usize)?.loaded.code.funcs.get(func as usize)
}

/// The bytes of the instance's memory 0, or none.
pub(crate) fn first_memory<'a>(mems: &'a mut [MemInst], instance: &Instance) -> &'a mut [u8] {
    match instance.mems.first().and_then(|address| mems.get_mut(address.at())) {
        Some(memory) => &mut memory.bytes,
        None => &mut [],
    }
}

/// Makes a stack at least `height` high, if the limit allows.
#[cold]
pub(crate) fn extend<T: Copy + Default>(stack: &mut Vec<T>, height: usize, limit: u32) -> Option<&mut [T]> {
    if height > limit as usize {
        return None;
    }
    let len = (stack.len() * 2).clamp(height, limit as usize);
    stack.try_reserve_exact(len - stack.len()).ok()?;
    stack.resize(len, T::default());
    Some(stack)
}
