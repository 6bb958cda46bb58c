//! The traits that an engine implements.

use wassay_model::{Capabilities, EngineId, FuncType, InstanceIdx, Limits, ModuleIdx, OpenChoice, Outcome, Ref, Value};

use crate::HostHandle;

/// An engine, configured once and asked many times.
pub trait Engine {
    /// Who this is.
    fn id(&self) -> &EngineId;

    /// What it can do, and what cannot be seen of it.
    fn capabilities(&self) -> &Capabilities;

    /// Opens a fresh store for one case. Host functions are answered by `host`.
    ///
    /// # Errors
    ///
    /// [`Outcome::Unclassified`], [`Outcome::Refused`] or [`Outcome::Exhausted`] where the engine cannot
    /// make a store.
    fn open<'a>(&'a mut self, limits: &Limits, host: HostHandle) -> Result<Box<dyn Session + 'a>, Outcome>;
}

/// A store of an engine, and everything in it.
///
/// Every method translates what the engine says by variant, or by an exact table of its texts where it
/// has only texts. What cannot be placed is [`Outcome::Unclassified`]. Nothing is guessed: a method
/// that cannot know answers [`None`] or an outcome that says so.
pub trait Session {
    /// Decodes, validates and, where the engine does so, compiles a module. `Returned` with no values on
    /// success, otherwise `Malformed`, `Invalid`, `Rejected`, `Refused`, ... Called once for each module
    /// index, before any use of it.
    fn load(&mut self, module: ModuleIdx, bytes: &[u8]) -> Outcome;

    /// Links and instantiates a loaded module as instance number `instance`, with one extern for each
    /// import, in the module's order. The start function runs here, with full fuel. `Unlinkable` where
    /// there are too few or too many externs: so it is where our reader could not read the imports.
    fn instantiate(&mut self, module: ModuleIdx, instance: InstanceIdx, imports: &[Extern<'_>]) -> Outcome;

    /// Invokes an exported function, with full fuel. `Absent` where there is no such function.
    fn invoke(&mut self, instance: InstanceIdx, export: &str, args: &[Value]) -> Outcome;

    /// Reads an exported global. `None` where there is no such global.
    fn global(&mut self, instance: InstanceIdx, export: &str) -> Option<Value>;

    /// Shows the bytes of an exported memory to `look`. Returns its size in bytes, and does not call
    /// `look` where that is more than `bytes_max`. `None` where there is no such memory.
    fn memory(
        &mut self,
        instance: InstanceIdx,
        export: &str,
        bytes_max: u64,
        look: &mut dyn FnMut(&[u8]),
    ) -> Option<u64>;

    /// Shows the elements of an exported table to `look`, from index 0 on, until it returns `false`.
    /// Returns the table's size in elements; `None` where there is no such table.
    ///
    /// Identities, here and in results and globals, are any numbers that are equal for the same object and
    /// unlike for others, through the whole session; the walk renumbers them.
    fn table(&mut self, instance: InstanceIdx, export: &str, look: &mut dyn FnMut(Ref) -> bool) -> Option<u64>;

    /// The engine's own words for the last outcome that was no return.
    fn words(&mut self) -> Option<String>;

    /// Choices of the standard that the last step met. Only the reference knows.
    fn open_choices(&mut self) -> Vec<OpenChoice> {
        Vec::new()
    }

    /// How many instructions the last step took, where the engine counts just those.
    fn instructions(&mut self) -> Option<u64> {
        None
    }
}

/// What an import is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extern<'a> {
    /// An export of an earlier instance, of whatever kind it is there.
    Export {
        /// Which instance.
        instance: InstanceIdx,
        /// The export's name.
        export: &'a str,
    },
    /// A function of the deterministic host, of exactly the type that the import declares. Each import is
    /// given a function of its own, whatever its name, so that identities are alike on all engines.
    Host {
        /// The import's name.
        name: &'a str,
        /// Its type.
        ty: &'a FuncType,
    },
}
