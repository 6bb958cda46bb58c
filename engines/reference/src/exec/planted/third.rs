//! Faults of the third list that is held out: what shows only in a state of the machine, what is accepted, and what is
//! read of the bytes.

use wassay_model::{Features, TrapKind, TrapKinds};

use super::front::{Section, assemble, sections};
use super::{Fault, Next, View};
use crate::binary;
use crate::exec::memory;
use crate::exec::op::Op;
use crate::exec::store::Reference;
use crate::exec::table;
use crate::syntax::{AddrType, Instr, MemType, Module, Nullability, Sharing};

/// In place of a table: the tail call is of a reference.
const BY_REFERENCE: u64 = 1;

/// What stands before an operator.
pub(super) fn before(fault: Fault, op: Op) -> Option<Op> {
    let (index, immediate) = match (fault, op) {
        (Fault::TruncUTopFraction, Op::I32TruncF64U) => (0, 0),
        (Fault::MemoryFillAddressHalf, Op::MemoryFill(memory)) => (memory, 0),
        (Fault::TrapKindStale, Op::ReturnCallIndirect { table, .. }) => (table, 0),
        (Fault::TrapKindStale, Op::ReturnCallRef) => (0, BY_REFERENCE),
        _ => return None,
    };
    Some(Op::Planted { fault, index, immediate })
}

/// What stands in the place of an operator.
pub(super) fn instead(fault: Fault, op: Op) -> Option<Op> {
    match (fault, op) {
        (Fault::TableGrowMaximumSigned, Op::TableGrow(index)) => Some(Op::Planted { fault, index, immediate: 0 }),
        _ => None,
    }
}

/// Executes a wrong operator, or what stands before a right one; `None` if the stacks are too short for it.
pub(super) fn step(view: &mut View<'_>, fault: Fault, index: u32) -> Option<Result<(), TrapKind>> {
    match fault {
        Fault::TruncUTopFraction => {
            let value = f64::from_bits(*view.top(1)?);
            if value > f64::from(u32::MAX) && value < f64::from(u32::MAX) + 1.0 {
                return Some(Err(TrapKind::IntegerOverflow));
            }
        }
        Fault::MemoryFillAddressHalf if view.memory(index)?.ty.addr == AddrType::I64 => {
            *view.top(1)? &= 0xffff_ffff;
            *view.top(3)? &= 0xffff_ffff;
        }
        Fault::TableGrowMaximumSigned => {
            let delta = view.pop()?;
            let value = view.pop_ref()?;
            let table = view.tables.get_mut(view.instance.tables.get(index as usize)?.at())?;
            let failure = memory::minus_one(table.ty.addr);
            let old = match table.ty.limits.max {
                Some(max) if max > i64::MAX.cast_unsigned() => None,
                _ => table::grow(table, delta, value, view.config, view.table_elements, &mut view.ask),
            };
            view.push(old.unwrap_or(failure))?;
        }
        // The others have no operator, or another right one.
        _ => {}
    }
    Some(Ok(()))
}

/// What stands before a tail call that traps.
pub(super) fn stale(view: &mut View<'_>, index: u32, immediate: u64) -> Option<Result<Next, TrapKinds>> {
    let traps = if immediate == BY_REFERENCE {
        *view.refs.get(view.rp.checked_sub(1)?)? == Reference::Null
    } else {
        *view.top(1)? >= view.table(index)?.elements.len() as u64
    };
    Some(view.state.trapped.filter(|_| traps).map_or(Ok(Next::Op), Err))
}

/// Where an active element segment goes instead of `offset`.
pub(crate) const fn element_offset(fault: Option<Fault>, offset: u64) -> u64 {
    match fault {
        Some(Fault::ElementOffsetHalf) => offset & 0xffff_ffff,
        _ => offset,
    }
}

/// The type that a memory is taken to have where another one is wanted.
pub(crate) fn seen_memory(fault: Option<Fault>, found: MemType, wanted: MemType) -> MemType {
    if fault == Some(Fault::SharedMemoryImported) && found.sharing == Sharing::Shared {
        return MemType { sharing: wanted.sharing, ..found };
    }
    found
}

/// Makes valid what is accepted wrongly, before anything is validated.
pub(super) fn accept(fault: Fault, module: &mut Module) {
    match fault {
        Fault::TableDefaultUnchecked => {
            for table in module.tables.iter_mut().filter(|table| table.init.is_none()) {
                table.ty.elem.nullability = Nullability::Nullable;
            }
        }
        Fault::SelectTypesUnchecked => {
            for instr in module.funcs.iter_mut().flat_map(|func| &mut func.body) {
                if matches!(instr, Instr::SelectTyped(types) if types.len != 1) {
                    *instr = Instr::Select;
                }
            }
        }
        _ => {}
    }
}

/// The bytes that a fault reads instead, if they are others.
pub(super) fn mend(fault: Fault, bytes: &[u8]) -> Option<Vec<u8>> {
    // In a module that is well-formed the two bytes mean something else.
    if fault != Fault::LimitsPaddedAccepted || binary::decode(bytes, Features::ALL).is_ok() {
        return None;
    }
    let (mut sections, rest) = sections(bytes);
    let mended: Vec<Option<Vec<u8>>> = sections.iter().map(unpadded_limits).collect();
    for (section, mended) in sections.iter_mut().zip(&mended) {
        if let Some(mended) = mended {
            section.content = mended;
        }
    }
    Some(assemble(bytes, &sections, rest))
}

/// A section of memories, or of tables of an abstract type, whose first limits have flags of two bytes, with one byte
/// for them.
fn unpadded_limits(section: &Section<'_>) -> Option<Vec<u8>> {
    let at = match section.id {
        4 => 2,
        5 => 1,
        _ => return None,
    };
    let (before, behind) = section.content.split_at_checked(at)?;
    let [flags @ 0x80..=0x87, 0, behind @ ..] = behind else { return None };
    Some([before, &[flags & 0x7f], behind].concat())
}
