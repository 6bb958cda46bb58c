//! The ways out of the machine's loop are calls, so that what they make takes no registers inside of it.

use wassay_model::TrapKinds;

use crate::exec::{ExecError, Resource};

#[cold]
#[inline(never)]
pub(super) fn trapped(kinds: TrapKinds) -> ExecError {
    ExecError::Trap(kinds)
}

#[cold]
#[inline(never)]
pub(super) fn exhausted(resource: Resource) -> ExecError {
    ExecError::Exhausted(resource)
}

#[cold]
#[inline(never)]
pub(super) fn internal(why: &'static str) -> ExecError {
    ExecError::Internal(why)
}
