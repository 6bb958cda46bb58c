//! A [`TestCase`](wassay_model::TestCase) in; by step, the cells of the language that the step executed, out. A cell is
//! an opcode, the shape of an operand, and where the result goes: see [`wassay_generate::Cell`].
//!
//! [`sites`] reads from a module, for each instruction, the cells that it is an instance of. [`mark`] puts a store to
//! a memory of its own behind each of those instructions. The [`Tracer`] runs the marked modules on the reference
//! and reads the marks after every step. So what was executed is measured and what it means is read off the code,
//! and neither needs anything of the interpreter.
//!
//! This room must not know the judge, nor any engine but the reference. What is *not* guaranteed: that a value which
//! went into a local, or through a branch, is followed further; such cells are not counted.

mod mark;
mod sites;
mod trace;

pub use mark::{MARKS, mark};
pub use sites::{Site, Unreadable, sites};
pub use trace::{Seen, Tracer, is_observed};
