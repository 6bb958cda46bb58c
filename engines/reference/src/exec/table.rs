//! Table instructions (section 4.6) as functions on one table's elements.

use wassay_model::{TrapKind, TrapKinds};

use super::choices::{Choices, Decision, Growth};
use super::memory::range;
use super::store::{Reference, TableInst};
use super::{Ask, Config};
use crate::syntax::AddrType;

/// An element segment or table access beyond the segment: engines report either kind.
pub(crate) const SEGMENT_OR_TABLE: TrapKinds =
    TrapKinds::of(&[TrapKind::TableOutOfBounds, TrapKind::SegmentOutOfBounds]);

/// `table.get`
pub(crate) fn get(elements: &[Reference], index: u64) -> Result<Reference, TrapKind> {
    let element = usize::try_from(index).ok().and_then(|index| elements.get(index));
    element.copied().ok_or(TrapKind::TableOutOfBounds)
}

/// `table.set`
pub(crate) fn set(elements: &mut [Reference], index: u64, value: Reference) -> Result<(), TrapKind> {
    let element = usize::try_from(index).ok().and_then(|index| elements.get_mut(index));
    *element.ok_or(TrapKind::TableOutOfBounds)? = value;
    Ok(())
}

/// `table.fill`
pub(crate) fn fill(elements: &mut [Reference], start: u64, value: Reference, len: u64) -> Result<(), TrapKind> {
    let range = range(elements.len(), start, len).ok_or(TrapKind::TableOutOfBounds)?;
    elements[range].fill(value);
    Ok(())
}

/// `table.copy` within one table: as if through a buffer.
pub(crate) fn copy_within(elements: &mut [Reference], dst: u64, src: u64, len: u64) -> Result<(), TrapKind> {
    let from = range(elements.len(), src, len).ok_or(TrapKind::TableOutOfBounds)?;
    let to = range(elements.len(), dst, len).ok_or(TrapKind::TableOutOfBounds)?;
    elements.copy_within(from, to.start);
    Ok(())
}

/// `table.copy` between two tables.
pub(crate) fn copy(to: &mut [Reference], from: &[Reference], dst: u64, src: u64, len: u64) -> Result<(), TrapKind> {
    let from = range(from.len(), src, len).map(|range| &from[range]).ok_or(TrapKind::TableOutOfBounds)?;
    let to = range(to.len(), dst, len).map(|range| &mut to[range]).ok_or(TrapKind::TableOutOfBounds)?;
    to.copy_from_slice(from);
    Ok(())
}

/// `table.init`
pub(crate) fn init(
    elements: &mut [Reference],
    segment: &[Reference],
    dst: u64,
    src: u64,
    len: u64,
) -> Result<(), TrapKinds> {
    let from = range(segment.len(), src, len).map(|range| &segment[range]).ok_or(SEGMENT_OR_TABLE)?;
    let to = range(elements.len(), dst, len).map(|range| &mut elements[range]).ok_or(TrapKind::TableOutOfBounds)?;
    to.copy_from_slice(from);
    Ok(())
}

/// The number of elements beyond which a table of the type can't be addressed.
pub(crate) fn last_size(addr: AddrType) -> u64 {
    match addr {
        AddrType::I32 => u64::from(u32::MAX),
        AddrType::I64 => u64::MAX,
    }
}

/// Growing tables (section 4.7, "Growing Tables"): the old size, or `None` if the table keeps it.
///
/// `total` is the number of elements of all tables of the store together.
pub(crate) fn grow(
    table: &mut TableInst,
    delta: u64,
    value: Reference,
    config: &Config,
    total: &mut u64,
    ask: &mut Ask<'_, dyn Choices>,
) -> Option<u64> {
    let old = table.elements.len() as u64;
    let new = old.checked_add(delta)?;
    if new > table.ty.limits.max.unwrap_or(u64::MAX).min(last_size(table.ty.addr)) {
        return None;
    }
    let sum = total.checked_add(delta).filter(|sum| *sum <= config.limits.table_elements);
    let granted = sum.filter(|_| ask.choices.growth(Growth::Table(delta)) == Decision::Granted);
    let Some(sum) = granted.filter(|_| reserve(&mut table.elements, delta).is_some()) else {
        ask.open.growth_refused = ask.open.growth_refused.saturating_add(1);
        return None;
    };
    table.elements.resize(new as usize, value);
    *total = sum;
    Some(old)
}

/// Makes room for more elements, if the process has it.
fn reserve(elements: &mut Vec<Reference>, more: u64) -> Option<()> {
    let more = usize::try_from(more).ok()?;
    elements.try_reserve(more).or_else(|_| elements.try_reserve_exact(more)).ok()
}

/// The elements of a new table, if the process has room for them.
pub(crate) fn filled(value: Reference, size: u64) -> Option<Vec<Reference>> {
    let mut elements = Vec::new();
    reserve(&mut elements, size)?;
    elements.resize(size as usize, value);
    Some(elements)
}
