//! Chapter 5 of the standard: from bytes to syntax.
//!
//! Decoding knows the grammar and nothing more: it promises neither that indices are in bounds nor that types fit.
//! It never panics, never recurses, and allocates no more than a constant times the length of its input.

mod instr;
mod module;
mod reader;
mod types;

use wassay_model::Features;

use crate::syntax::Module;

/// Bytes are not a module, or too large a one.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// The bytes don't follow the grammar.
    #[error("malformed module at byte {offset}: {why}")]
    Malformed {
        /// Where, from the start of the module.
        offset: usize,
        /// What was expected and what was found.
        why: String,
    },
    /// The module may follow the grammar, but exceeds a limit of ours. Another implementation may accept it.
    #[error("limit exceeded: {what}")]
    Limit {
        /// Which limit.
        what: String,
    },
}

/// Decodes a module. A construct whose feature is not in `features` is malformed, as in the versions before it.
///
/// # Errors
/// The first violation of the grammar or of [`limits`].
pub fn decode(bytes: &[u8], features: Features) -> Result<Module, DecodeError> {
    module::decode(bytes, features).map_err(|error| *error)
}

/// Implementation limits: those that the JavaScript interface names as portable (its section "Implementation-defined
/// Limits"), so that no engine in a browser accepts less. Without them a few bytes could ask for gigabytes.
pub mod limits {
    /// Defined types of a module.
    pub const TYPES: u32 = 1_000_000;
    /// Functions that a module imports and defines, each.
    pub const FUNCS: u32 = 1_000_000;
    /// Imports of a module.
    pub const IMPORTS: u32 = 1_000_000;
    /// Exports of a module.
    pub const EXPORTS: u32 = 1_000_000;
    /// Globals of a module.
    pub const GLOBALS: u32 = 1_000_000;
    /// Tags of a module.
    pub const TAGS: u32 = 1_000_000;
    /// Data segments of a module.
    pub const DATAS: u32 = 100_000;
    /// Element segments of a module.
    pub const ELEMS: u32 = 100_000;
    /// Elements of a segment.
    pub const ELEM_LEN: u32 = 10_000_000;
    /// Tables of a module.
    pub const TABLES: u32 = 100_000;
    /// Memories of a module.
    pub const MEMS: u32 = 100;
    /// Parameters of a function or block.
    pub const PARAMS: u32 = 1_000;
    /// Results of a function or block.
    pub const RESULTS: u32 = 1_000;
    /// Bytes of a body.
    pub const BODY: u32 = 7_654_321;
    /// Locals of a function.
    pub const LOCALS: u32 = 50_000;
    /// Fields of a structure.
    pub const FIELDS: u32 = 10_000;
    /// Operands of `array.new_fixed`.
    pub const ARRAY_FIXED: u32 = 10_000;
    /// Proper supertypes of a type.
    pub const SUBTYPING_DEPTH: u8 = 63;
    /// Bytes of a name.
    pub const NAME: u32 = 100_000;
}
