//! Cells: what a ledger of coverage counts.
//!
//! A cell is an opcode, one of its operands with the shape in which it comes, and the place where the result
//! goes. It is *observed* by a call that returned a value which depends on the instruction's result. Execution alone
//! is not observation.

use std::fmt;

macro_rules! named {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $text:literal,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum $name { $($(#[$variant_doc])* $variant,)* }

        impl $name {
            /// All of them, in the order of the declaration.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// The name in the text of a cell.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $text,)* }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.name())
            }
        }
    };
}

named! {
    /// Where an operand comes from.
    Shape {
        /// A parameter of the function.
        Param = "param",
        /// A constant.
        Const = "const",
        /// Loaded from memory; a reference: from a table.
        Loaded = "loaded",
        /// The result of the operator that undoes the instruction, or of one close to that.
        Inverse = "inverse",
        /// The result of a comparison, made a value of the operand's type.
        Compared = "compared",
        /// A narrower value, extended.
        Extended = "extended",
        /// The result of a call.
        Called = "called",
        /// The same local as every other operand of that type.
        Same = "same",
        /// The instruction takes no operand.
        None = "none",
    }
}

named! {
    /// Where the result goes.
    Sink {
        /// It is returned.
        Return = "return",
        /// `local.set`, and the local is returned.
        LocalSet = "local.set",
        /// `local.tee`, and both are returned.
        LocalTee = "local.tee",
        /// A store of its type (a reference: `table.set`), and what was stored is read and returned.
        Store = "store",
        /// `global.set` of an exported global, which is read and returned.
        Global = "global",
        /// An operand of `select`, in a call that selects it.
        SelectOperand = "select",
        /// An argument of a call whose result is returned.
        Argument = "argument",
        /// The condition of `br_if`.
        BrIf = "br_if",
        /// The condition of `if`.
        If = "if",
        /// The condition of `select`.
        SelectCondition = "condition",
        /// The index of `br_table`.
        BrTable = "br_table",
        /// The address of a load; of a 64-bit memory, where it is an `i64`.
        Address = "address",
        /// The index of `call_indirect`; of a 64-bit table, where it is an `i64`.
        TableIndex = "index",
        /// The instruction has no result: what it did to memory is loaded and returned.
        State = "state",
    }
}

/// One cell. Its text is `i32.add:1/i32/const/store`: opcode, position of the operand (from 0), the operand's type,
/// its shape, the sink.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Cell {
    /// The instruction's name in the text format. `select` comes with the type that it selects from, as in
    /// `select.f64`, and with `select.t.f64` where the type is an immediate; `ref.null` and `ref.is_null` with the
    /// type too, as in `ref.is_null.extern`.
    pub opcode: &'static str,
    /// Which operand the shape is of. 0 where there is none, and where the shape is [`Shape::Same`].
    pub operand: u8,
    /// The operand's type; the result's, where there is no operand.
    pub ty: &'static str,
    /// How the operand comes.
    pub shape: Shape,
    /// Where the result goes.
    pub sink: Sink,
}

impl fmt::Display for Cell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}/{}/{}/{}", self.opcode, self.operand, self.ty, self.shape, self.sink)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_of_a_cell_has_all_its_parts() {
        let cell = Cell { opcode: "i32.add", operand: 1, ty: "i32", shape: Shape::Const, sink: Sink::Store };
        assert_eq!(cell.to_string(), "i32.add:1/i32/const/store");
    }
}
