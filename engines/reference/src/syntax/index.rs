//! Indices (section 2.5 Modules): one newtype a space, so that a function cannot be looked up among the tables.

use std::fmt;

macro_rules! indices {
    ($($(#[$doc:meta])* $name:ident,)*) => {
        $(
            $(#[$doc])*
            #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
            pub struct $name(pub u32);

            impl $name {
                /// The index as a position in a slice.
                #[must_use]
                pub const fn at(self) -> usize {
                    self.0 as usize
                }
            }

            impl fmt::Display for $name {
                fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                    self.0.fmt(f)
                }
            }
        )*
    };
}

indices! {
    /// A defined type, counted through all recursive groups of the module.
    TypeIdx,
    /// A function; imports come first.
    FuncIdx,
    /// A table; imports come first.
    TableIdx,
    /// A memory; imports come first.
    MemIdx,
    /// A global; imports come first.
    GlobalIdx,
    /// An exception tag; imports come first.
    TagIdx,
    /// An element segment.
    ElemIdx,
    /// A data segment.
    DataIdx,
    /// A local of the function; parameters come first.
    LocalIdx,
    /// An enclosing label, counted from the innermost, which is 0.
    LabelIdx,
    /// A field of a structure.
    FieldIdx,
}
