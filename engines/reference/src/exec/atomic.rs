//! Atomic instructions (threads proposal) for a single agent.
//!
//! DEVIATION: the proposal has agents and a relaxed memory model. With one agent every access is ordered already, so an atomic access is a plain one that must be aligned. Nobody else
//! waits, so `memory.atomic.notify` wakes nobody; nobody else notifies, so a wait runs into its timeout at once, and one
//! without a timeout can only be reported: it would sleep for ever.

use wassay_model::{TrapKind, TrapKinds};

use super::store::MemInst;
use super::vector::Operands;
use crate::syntax::{AtomicOp, Sharing};

/// How an atomic instruction ended, if it did not go on.
pub(crate) enum Ended {
    Trap(TrapKinds),
    /// It waits for an agent that does not exist.
    Asleep,
}

/// What `memory.atomic.wait` returns.
const NOT_EQUAL: u64 = 1;
const TIMED_OUT: u64 = 2;

/// What an instruction does with the number in memory.
enum Access {
    Load,
    Store,
    /// From the number that was there and the operand.
    Modify(fn(u64, u64) -> u64),
    CompareExchange,
    Notify,
    Wait,
}

fn access(op: AtomicOp) -> Access {
    use AtomicOp as A;
    match op {
        A::MemoryAtomicNotify => Access::Notify,
        A::MemoryAtomicWait32 | A::MemoryAtomicWait64 => Access::Wait,
        A::I32AtomicLoad
        | A::I64AtomicLoad
        | A::I32AtomicLoad8U
        | A::I32AtomicLoad16U
        | A::I64AtomicLoad8U
        | A::I64AtomicLoad16U
        | A::I64AtomicLoad32U => Access::Load,
        A::I32AtomicStore
        | A::I64AtomicStore
        | A::I32AtomicStore8
        | A::I32AtomicStore16
        | A::I64AtomicStore8
        | A::I64AtomicStore16
        | A::I64AtomicStore32 => Access::Store,
        A::I32AtomicRmwAdd
        | A::I64AtomicRmwAdd
        | A::I32AtomicRmw8AddU
        | A::I32AtomicRmw16AddU
        | A::I64AtomicRmw8AddU
        | A::I64AtomicRmw16AddU
        | A::I64AtomicRmw32AddU => Access::Modify(u64::wrapping_add),
        A::I32AtomicRmwSub
        | A::I64AtomicRmwSub
        | A::I32AtomicRmw8SubU
        | A::I32AtomicRmw16SubU
        | A::I64AtomicRmw8SubU
        | A::I64AtomicRmw16SubU
        | A::I64AtomicRmw32SubU => Access::Modify(u64::wrapping_sub),
        A::I32AtomicRmwAnd
        | A::I64AtomicRmwAnd
        | A::I32AtomicRmw8AndU
        | A::I32AtomicRmw16AndU
        | A::I64AtomicRmw8AndU
        | A::I64AtomicRmw16AndU
        | A::I64AtomicRmw32AndU => Access::Modify(|old, operand| old & operand),
        A::I32AtomicRmwOr
        | A::I64AtomicRmwOr
        | A::I32AtomicRmw8OrU
        | A::I32AtomicRmw16OrU
        | A::I64AtomicRmw8OrU
        | A::I64AtomicRmw16OrU
        | A::I64AtomicRmw32OrU => Access::Modify(|old, operand| old | operand),
        A::I32AtomicRmwXor
        | A::I64AtomicRmwXor
        | A::I32AtomicRmw8XorU
        | A::I32AtomicRmw16XorU
        | A::I64AtomicRmw8XorU
        | A::I64AtomicRmw16XorU
        | A::I64AtomicRmw32XorU => Access::Modify(|old, operand| old ^ operand),
        A::I32AtomicRmwXchg
        | A::I64AtomicRmwXchg
        | A::I32AtomicRmw8XchgU
        | A::I32AtomicRmw16XchgU
        | A::I64AtomicRmw8XchgU
        | A::I64AtomicRmw16XchgU
        | A::I64AtomicRmw32XchgU => Access::Modify(|_, operand| operand),
        A::I32AtomicRmwCmpxchg
        | A::I64AtomicRmwCmpxchg
        | A::I32AtomicRmw8CmpxchgU
        | A::I32AtomicRmw16CmpxchgU
        | A::I64AtomicRmw8CmpxchgU
        | A::I64AtomicRmw16CmpxchgU
        | A::I64AtomicRmw32CmpxchgU => Access::CompareExchange,
    }
}

/// Executes an atomic instruction; `None` if the stack is too short for it, which validation rules out.
pub(crate) fn step(
    operands: &mut Operands<'_>,
    memory: &mut MemInst,
    op: AtomicOp,
    offset: u64,
) -> Option<Result<(), Ended>> {
    let access = access(op);
    let second = match access {
        Access::CompareExchange | Access::Wait => operands.pop()?,
        _ => 0,
    };
    let first = match access {
        Access::Load => 0,
        _ => operands.pop()?,
    };
    let address = operands.pop()?;
    let start = match check(memory, &access, op.width(), address, offset) {
        Ok(start) => start,
        Err(kinds) => return Some(Err(Ended::Trap(kinds))),
    };
    let width = op.width() as usize;
    let bytes = memory.bytes.get_mut(start..)?.get_mut(..width)?;
    let mut word = [0; 8];
    word[..width].copy_from_slice(bytes);
    let old = u64::from_le_bytes(word);
    let ones = u64::MAX >> (64 - 8 * width);
    let mut write = |value: u64| bytes.copy_from_slice(&value.to_le_bytes()[..width]);
    match access {
        Access::Load => operands.push(old)?,
        Access::Store => write(first),
        Access::Modify(modify) => {
            write(modify(old, first));
            operands.push(old)?;
        }
        Access::CompareExchange => {
            // The expected value is wrapped to the width of the access.
            if old == first & ones {
                write(second);
            }
            operands.push(old)?;
        }
        Access::Notify => operands.push(0)?,
        Access::Wait if old != first & ones => operands.push(NOT_EQUAL)?,
        Access::Wait if second.cast_signed() < 0 => return Some(Err(Ended::Asleep)),
        Access::Wait => operands.push(TIMED_OUT)?,
    }
    Some(Ok(()))
}

/// Where the access lies. All reasons for a trap are told at once, since the proposal's texts and engines look for them
/// in different orders.
fn check(memory: &MemInst, access: &Access, width: u8, address: u64, offset: u64) -> Result<usize, TrapKinds> {
    let sum = u128::from(address) + u128::from(offset);
    let reasons = [
        (!sum.is_multiple_of(u128::from(width)), TrapKind::UnalignedAtomic),
        (sum + u128::from(width) > memory.bytes.len() as u128, TrapKind::MemoryOutOfBounds),
        (matches!(access, Access::Wait) && memory.ty.sharing == Sharing::Unshared, TrapKind::ExpectedSharedMemory),
    ];
    if reasons.iter().all(|(holds, _)| !holds) {
        return Ok(sum as usize);
    }
    let kinds: Vec<TrapKind> = reasons.into_iter().filter_map(|(holds, kind)| holds.then_some(kind)).collect();
    Err(TrapKinds::of(&kinds))
}
