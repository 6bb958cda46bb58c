//! Memory instructions (section 4.6) as functions on one memory's bytes. Addresses are 64 bits wide whatever the
//! memory's address type: a 32-bit address plus a 32-bit offset then never wraps, and a 64-bit sum that would wrap is
//! out of bounds.

use wassay_model::{TrapKind, TrapKinds};

use super::choices::{Choices, Decision, Growth};
use super::store::MemInst;
use super::{Ask, Config};
use crate::syntax::{AddrType, MemType};

/// A data segment or memory access beyond the segment: engines report either kind.
pub(crate) const SEGMENT_OR_MEMORY: TrapKinds =
    TrapKinds::of(&[TrapKind::MemoryOutOfBounds, TrapKind::SegmentOutOfBounds]);

/// `t.load`: the bytes at `address + offset`.
#[inline(always)]
pub(crate) fn load<const N: usize>(bytes: &[u8], address: u64, offset: u64) -> Result<[u8; N], TrapKind> {
    let range = effective(address, offset).and_then(|start| bytes.get(start..));
    range.and_then(|range| range.first_chunk().copied()).ok_or(TrapKind::MemoryOutOfBounds)
}

/// `t.store`: nothing is written unless all of it can be.
#[inline(always)]
pub(crate) fn store<const N: usize>(
    bytes: &mut [u8],
    address: u64,
    offset: u64,
    value: [u8; N],
) -> Result<(), TrapKind> {
    let range = effective(address, offset).and_then(|start| bytes.get_mut(start..));
    *range.and_then(|range| range.first_chunk_mut()).ok_or(TrapKind::MemoryOutOfBounds)? = value;
    Ok(())
}

#[inline(always)]
fn effective(address: u64, offset: u64) -> Option<usize> {
    usize::try_from(address.checked_add(offset)?).ok()
}

/// The part of `len` elements from `start`, if all of it exists; also for a length of zero, which must not begin
/// beyond the end.
pub(crate) fn range(size: usize, start: u64, len: u64) -> Option<std::ops::Range<usize>> {
    let end = start.checked_add(len)?;
    (end <= size as u64).then_some(start as usize..end as usize)
}

/// `memory.fill`
pub(crate) fn fill(bytes: &mut [u8], start: u64, value: u8, len: u64) -> Result<(), TrapKind> {
    let range = range(bytes.len(), start, len).ok_or(TrapKind::MemoryOutOfBounds)?;
    bytes[range].fill(value);
    Ok(())
}

/// `memory.copy` within one memory: as if through a buffer, so overlapping is harmless.
pub(crate) fn copy_within(bytes: &mut [u8], dst: u64, src: u64, len: u64) -> Result<(), TrapKind> {
    let from = range(bytes.len(), src, len).ok_or(TrapKind::MemoryOutOfBounds)?;
    let to = range(bytes.len(), dst, len).ok_or(TrapKind::MemoryOutOfBounds)?;
    bytes.copy_within(from, to.start);
    Ok(())
}

/// `memory.copy` between two memories.
pub(crate) fn copy(to: &mut [u8], from: &[u8], dst: u64, src: u64, len: u64) -> Result<(), TrapKind> {
    let from = range(from.len(), src, len).map(|range| &from[range]).ok_or(TrapKind::MemoryOutOfBounds)?;
    let to = range(to.len(), dst, len).map(|range| &mut to[range]).ok_or(TrapKind::MemoryOutOfBounds)?;
    to.copy_from_slice(from);
    Ok(())
}

/// `memory.init`
pub(crate) fn init(bytes: &mut [u8], data: &[u8], dst: u64, src: u64, len: u64) -> Result<(), TrapKinds> {
    let from = range(data.len(), src, len).map(|range| &data[range]).ok_or(SEGMENT_OR_MEMORY)?;
    let to = range(bytes.len(), dst, len).map(|range| &mut bytes[range]).ok_or(TrapKind::MemoryOutOfBounds)?;
    to.copy_from_slice(from);
    Ok(())
}

/// The number of pages beyond which a memory of the type can't be addressed.
pub(crate) fn last_page(ty: MemType) -> u64 {
    match ty.addr {
        AddrType::I32 => (1 << 32) >> ty.page_log2,
        AddrType::I64 => u64::MAX >> ty.page_log2,
    }
}

/// Growing memories (section 4.7, "Growing Memories"): the old size in pages, or `None` if the memory keeps it.
///
/// `pages` is the number of pages of all memories of the store together.
pub(crate) fn grow(
    memory: &mut MemInst,
    delta: u64,
    config: &Config,
    pages: &mut u64,
    ask: &mut Ask<'_, dyn Choices>,
) -> Option<u64> {
    // 1., 2.
    let old = memory.pages();
    // 3. The new size must fit the declared maximum and the address type ...
    let new = old.checked_add(delta)?;
    if new > memory.ty.limits.max.unwrap_or(u64::MAX).min(last_page(memory.ty)) {
        return None;
    }
    // ... and what we allow and have, which are among the refusals that the standard leaves to an engine.
    let total = pages.checked_add(charged_pages(memory.ty, delta)).filter(|total| *total <= config.limits.pages);
    let granted = total.filter(|_| ask.choices.growth(Growth::Memory(delta)) == Decision::Granted);
    // 4.
    let grown = granted.filter(|_| extend(&mut memory.bytes, size_of_pages(memory.ty, new)));
    let Some(total) = grown else {
        ask.open.growth_refused = ask.open.growth_refused.saturating_add(1);
        return None;
    };
    *pages = total;
    Some(old)
}

/// Whether a memory has been made so large, with zeros.
fn extend(bytes: &mut Vec<u8>, size: Option<usize>) -> bool {
    let Some(size) = size else { return false };
    let more = size - bytes.len();
    // Fresh memory from the system is zero without being touched, which pays as soon as it is most of the result.
    if more > bytes.len() {
        let Some(mut fresh) = zeroed(size) else { return false };
        fresh[..bytes.len()].copy_from_slice(bytes);
        *bytes = fresh;
    } else {
        // Room for later growths too, or if that is too much, just for this one.
        if bytes.try_reserve(more).is_err() && bytes.try_reserve_exact(more).is_err() {
            return false;
        }
        bytes.resize(size, 0);
    }
    true
}

/// The bytes of so many pages, if the process can address them.
pub(crate) fn size_of_pages(ty: MemType, pages: u64) -> Option<usize> {
    usize::try_from(u128::from(pages) << ty.page_log2).ok()
}

/// Less than this is not asked for in advance.
const SMALL: u64 = 1 << 20;

/// Whether the system would give so many bytes.
///
/// Not guaranteed: that it gives them a moment later, when other threads may have taken them, or that it can keep its
/// word when they are touched, if it has promised more memory than there is.
pub(crate) fn available(bytes: u64) -> bool {
    bytes < SMALL || usize::try_from(bytes).is_ok_and(|bytes| Vec::<u8>::new().try_reserve_exact(bytes).is_ok())
}

/// Zeros that the system hands out untouched, which no fallible function of the standard library does: so it is asked
/// first whether it would.
pub(crate) fn zeroed(size: usize) -> Option<Vec<u8>> {
    available(size as u64).then(|| vec![0; size])
}

/// What pages of a memory count for in [`super::Limits::pages`], which is in units of 64 KiB.
pub(crate) fn charged_pages(ty: MemType, pages: u64) -> u64 {
    match ty.page_log2 {
        16.. => pages,
        small => (pages >> (16 - small)) + 1,
    }
}

/// What a refused growth returns.
pub(crate) fn minus_one(addr: AddrType) -> u64 {
    match addr {
        AddrType::I32 => u64::from(u32::MAX),
        AddrType::I64 => u64::MAX,
    }
}
