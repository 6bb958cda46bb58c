//! Modules (section 2.5).

use super::{
    FuncIdx, FuncType, GlobalIdx, GlobalType, Instr, MemIdx, MemType, Pools, RefType, SubType, TableIdx, TableType,
    TagIdx, TypeIdx, ValType,
};

/// A module (section 2.5). Custom sections have no meaning and are not kept.
#[derive(Clone, Debug, Default)]
pub struct Module {
    /// All defined types by [`TypeIdx`], recursive group after recursive group.
    pub types: Vec<SubType>,
    /// The sizes of the recursive groups, in order; their sum is the number of `types`.
    pub rec_groups: Vec<u32>,
    /// What the module imports.
    pub imports: Vec<Import>,
    /// The functions that the module defines.
    pub funcs: Vec<Func>,
    /// The tables that the module defines.
    pub tables: Vec<Table>,
    /// The memories that the module defines.
    pub mems: Vec<MemType>,
    /// The tags that the module defines, by the function type whose parameters are their payload.
    pub tags: Vec<TypeIdx>,
    /// The globals that the module defines.
    pub globals: Vec<Global>,
    /// What the module exports.
    pub exports: Vec<Export>,
    /// The function to call at the end of instantiation.
    pub start: Option<FuncIdx>,
    /// Element segments.
    pub elems: Vec<Elem>,
    /// The data count section. Without it no code may name a data segment.
    pub data_count: Option<u32>,
    /// Data segments.
    pub datas: Vec<Data>,
    /// Immediates too large for an [`Instr`], of all bodies and constant expressions.
    pub pools: Pools,
}

impl Module {
    /// The recursive groups, each with the index of its first type.
    pub fn groups(&self) -> impl Iterator<Item = (TypeIdx, &[SubType])> {
        let mut first = 0usize;
        self.rec_groups.iter().map(move |size| {
            let start = first;
            first += *size as usize;
            (TypeIdx(u32::try_from(start).unwrap_or(u32::MAX)), &self.types[start..first])
        })
    }

    /// The function type at `index`, or `None` if there is no type or it is not a function.
    #[must_use]
    pub fn func_type(&self, index: TypeIdx) -> Option<&FuncType> {
        match &self.types.get(index.at())?.comp {
            super::CompType::Func(ty) => Some(ty),
            _ => None,
        }
    }
}

/// A function (section 2.5 Modules).
#[derive(Clone, Debug)]
pub struct Func {
    /// Its type.
    pub ty: TypeIdx,
    /// Runs of locals of one type, after the parameters. Their counts add up to at most 50 000.
    pub locals: Vec<(u32, ValType)>,
    /// Its body, flat as in the binary, with the final `end`.
    pub body: Vec<Instr>,
}

/// A table (section 2.5 Modules).
#[derive(Clone, Debug)]
pub struct Table {
    /// Its type.
    pub ty: TableType,
    /// The constant expression that gives its first elements; null without it.
    pub init: Option<Vec<Instr>>,
}

/// A global (section 2.5 Modules).
#[derive(Clone, Debug)]
pub struct Global {
    /// Its type.
    pub ty: GlobalType,
    /// The constant expression that gives its first value, with the final `end`.
    pub init: Vec<Instr>,
}

/// An element segment (section 2.5 Modules).
#[derive(Clone, Debug)]
pub struct Elem {
    /// What its elements are.
    pub ty: RefType,
    /// Its elements.
    pub init: ElemInit,
    /// What becomes of it.
    pub mode: ElemMode,
}

/// The elements of a segment.
#[derive(Clone, Debug)]
pub enum ElemInit {
    /// References to functions, the short form of `ref.func` expressions.
    Funcs(Vec<FuncIdx>),
    /// Constant expressions, each with its final `end`.
    Exprs(Vec<Vec<Instr>>),
}

impl ElemInit {
    /// The number of elements.
    #[must_use]
    pub fn len(&self) -> usize {
        match self {
            Self::Funcs(funcs) => funcs.len(),
            Self::Exprs(exprs) => exprs.len(),
        }
    }

    /// Whether there is no element.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// What becomes of an element segment.
#[derive(Clone, Debug)]
pub enum ElemMode {
    /// Code may copy it.
    Passive,
    /// Instantiation copies it into a table and drops it.
    Active {
        /// The table.
        table: TableIdx,
        /// The constant expression for the first position, with the final `end`.
        offset: Vec<Instr>,
    },
    /// It only declares that its functions are referred to.
    Declarative,
}

/// A data segment (section 2.5 Modules).
#[derive(Clone, Debug)]
pub struct Data {
    /// Its bytes.
    pub init: Vec<u8>,
    /// What becomes of it.
    pub mode: DataMode,
}

/// What becomes of a data segment.
#[derive(Clone, Debug)]
pub enum DataMode {
    /// Code may copy it.
    Passive,
    /// Instantiation copies it into a memory and drops it.
    Active {
        /// The memory.
        mem: MemIdx,
        /// The constant expression for the first address, with the final `end`.
        offset: Vec<Instr>,
    },
}

/// An import (section 2.5 Modules).
#[derive(Clone, Debug)]
pub struct Import {
    /// The first name.
    pub module: String,
    /// The second name.
    pub name: String,
    /// What it must be.
    pub ty: ExternType,
}

/// The type of something imported or exported (section 2.3 Types).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ExternType {
    /// A function.
    Func(TypeIdx),
    /// A table.
    Table(TableType),
    /// A memory.
    Mem(MemType),
    /// A global.
    Global(GlobalType),
    /// A tag, by its function type.
    Tag(TypeIdx),
}

/// An export (section 2.5 Modules).
#[derive(Clone, Debug)]
pub struct Export {
    /// Its name, unique in the module.
    pub name: String,
    /// What is exported.
    pub index: ExternIdx,
}

/// An index into one of the spaces that can be exported.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ExternIdx {
    /// A function.
    Func(FuncIdx),
    /// A table.
    Table(TableIdx),
    /// A memory.
    Mem(MemIdx),
    /// A global.
    Global(GlobalIdx),
    /// A tag.
    Tag(TagIdx),
}
