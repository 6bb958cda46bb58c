//! What the second major release of wasmi calls otherwise.

use std::collections::HashMap;
use std::fmt::Write as _;

pub(super) use wasmi_2 as wasmi;
use wassay_model::{Outcome, Resource};

#[path = "adapter.rs"]
#[allow(clippy::duplicate_mod, reason = "one source for two releases")]
mod adapter;

pub(crate) use adapter::open;

pub(super) use wasmi::Nullable;
use wasmi::errors::{ErrorKind, InstantiationError};
use wasmi::{Func, Ref, Table, TrapCode, Val, ValType};

pub(crate) const VERSION: &str = "2.0.0";

pub(super) fn default(ty: ValType) -> Val {
    Val::default_for_ty(ty)
}

pub(super) fn element(table: &Table, store: impl wasmi::AsContext, index: u64) -> Option<Val> {
    Some(match table.get(store, index)? {
        Ref::Func(func) => Val::FuncRef(func),
        Ref::Extern(value) => Val::ExternRef(value),
    })
}

pub(super) fn is_mismatch(error: &InstantiationError) -> bool {
    matches!(
        error,
        InstantiationError::MismatchedNumberOfImports { .. } | InstantiationError::ImportTypeMismatch { .. }
    )
}

pub(super) fn is_limit(kind: &ErrorKind) -> bool {
    matches!(kind, ErrorKind::UserLimits(_) | ErrorKind::ImplementationLimits(_))
}

pub(super) fn exhausted(code: TrapCode) -> Option<Outcome> {
    (code == TrapCode::OutOfSystemMemory).then_some(Outcome::Exhausted(Resource::Memory))
}

/// Numbers functions. The only thing that can be asked of a handle is to print itself, and it
/// prints its index in the store.
#[derive(Default)]
pub(super) struct Functions {
    known: HashMap<String, u32>,
    text: String,
}

impl Functions {
    pub(super) fn key(&mut self, func: Func) -> u32 {
        self.text.clear();
        write!(self.text, "{func:?}").expect("a String takes all text");
        if let Some(key) = self.known.get(&self.text) {
            return *key;
        }
        let key = u32::try_from(self.known.len()).unwrap_or(u32::MAX);
        self.known.insert(self.text.clone(), key);
        key
    }
}
