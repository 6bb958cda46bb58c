//! Where two memories of one size differ, once their bytes were captured.

use wassay_model::{Bytes, Digest, MemoryState};

use crate::likeness::{is_arithmetic_f32, is_arithmetic_f64};

/// The bytes of a memory: blocks by offset, zero elsewhere.
type Blocks = [(u64, Bytes)];

/// How two memories differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Unlikeness {
    /// The first byte that differs and is no part of a NaN on both sides; if there is none, the first
    /// byte that differs.
    pub(crate) offset: u64,
    /// What stands there.
    pub(crate) expected: u8,
    /// See `expected`.
    pub(crate) actual: u8,
    /// Whether every byte that differs is part of an arithmetic NaN on both sides.
    pub(crate) nans_only: bool,
}

/// Compares two memories; `None` where no recorded byte differs.
pub(crate) fn unlikeness(expected: &Blocks, actual: &Blocks) -> Option<Unlikeness> {
    let mut first = None;
    // Blocks of one side may lie where the other side has only zeros, or be cut elsewhere, so both lists
    // are walked; a byte that both lists hold is looked at twice, which changes nothing.
    for (offset, bytes) in merged(expected, actual) {
        for (position, _) in bytes.0.iter().enumerate() {
            let offset = offset + position as u64;
            let (left, right) = (byte(expected, offset), byte(actual, offset));
            if left == right {
                continue;
            }
            let difference = Unlikeness { offset, expected: left, actual: right, nans_only: true };
            if !is_in_nan(expected, actual, offset) {
                return Some(Unlikeness { nans_only: false, ..difference });
            }
            first = first.or(Some(difference));
        }
    }
    first
}

/// Whether the blocks are all that the memory holds: large ones are cut when they are recorded.
pub(crate) fn is_whole(blocks: &Blocks, memory: &MemoryState) -> bool {
    let Ok(size) = usize::try_from(memory.bytes) else { return false };
    let mut bytes = vec![0; size];
    for (offset, block) in blocks {
        let Some(place) = usize::try_from(*offset).ok().and_then(|start| bytes.get_mut(start..start + block.0.len()))
        else {
            return false;
        };
        place.copy_from_slice(&block.0);
    }
    memory.contents.digest() == Some(Digest::of(&bytes))
}

/// All blocks of both sides by offset, without those that are the same on both sides.
fn merged<'a>(expected: &'a Blocks, actual: &'a Blocks) -> Vec<&'a (u64, Bytes)> {
    let lacks = |blocks: &Blocks, block: &(u64, Bytes)| match blocks.binary_search_by_key(&block.0, |other| other.0) {
        Ok(position) => blocks[position].1 != block.1,
        Err(_) => true,
    };
    let mut blocks: Vec<_> = expected.iter().filter(|block| lacks(actual, block)).collect();
    blocks.extend(actual.iter().filter(|block| lacks(expected, block)));
    blocks.sort_by_key(|block| block.0);
    blocks
}

fn byte(blocks: &Blocks, offset: u64) -> u8 {
    let behind = blocks.partition_point(|block| block.0 <= offset);
    let Some((start, bytes)) = behind.checked_sub(1).map(|position| &blocks[position]) else { return 0 };
    usize::try_from(offset - start).ok().and_then(|position| bytes.0.get(position)).copied().unwrap_or(0)
}

/// Whether the byte at `offset` lies in a window of 4 or 8 bytes that is an arithmetic NaN on both sides.
/// Stores need not be aligned, so every window counts.
fn is_in_nan(expected: &Blocks, actual: &Blocks, offset: u64) -> bool {
    let window = |blocks: &Blocks, start: u64| -> [u8; 8] {
        std::array::from_fn(|position| byte(blocks, start + position as u64))
    };
    let starts = |width: u64| {
        (offset.saturating_sub(width - 1)..=offset).map(|start| (window(expected, start), window(actual, start)))
    };
    let narrow = |bytes: [u8; 8]| is_arithmetic_f32(u64::from_le_bytes(bytes) as u32);
    let wide = |bytes: [u8; 8]| is_arithmetic_f64(u64::from_le_bytes(bytes));
    starts(4).any(|(left, right)| narrow(left) && narrow(right))
        || starts(8).any(|(left, right)| wide(left) && wide(right))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn blocks(list: &[(u64, &[u8])]) -> Vec<(u64, Bytes)> {
        list.iter().map(|(offset, bytes)| (*offset, Bytes(bytes.to_vec()))).collect()
    }

    #[test]
    fn the_first_byte_that_differs_is_named_however_blocks_are_cut() {
        let whole = blocks(&[(0, &[1, 2, 3, 4]), (8, &[5, 0, 0, 0])]);
        for (other, offset) in [
            (blocks(&[(0, &[1, 2, 3, 4]), (8, &[5, 0, 0, 0])]), None),
            (blocks(&[(0, &[1, 2]), (2, &[3, 4]), (8, &[5])]), None),
            (blocks(&[(0, &[1, 2, 3, 4])]), Some(8)),
            (blocks(&[(0, &[1, 2, 3, 5]), (8, &[5, 0, 0, 0])]), Some(3)),
            (blocks(&[(0, &[1, 2, 3, 4]), (8, &[5, 0, 0, 0]), (12, &[0, 0, 9, 0])]), Some(14)),
        ] {
            assert_eq!(unlikeness(&whole, &other).map(|found| found.offset), offset);
            assert_eq!(unlikeness(&other, &whole).map(|found| found.offset), offset);
        }
    }

    #[test]
    fn a_byte_counts_as_nan_only_inside_a_nan_of_both_sides() {
        let plain = blocks(&[(0, &[0, 0, 0, 0, 0, 0, 0xc0, 0x7f, 0, 0, 0, 0])]);
        let negative = blocks(&[(0, &[0, 0, 0, 0, 0, 0, 0xc0, 0xff, 0, 0, 0, 0])]);
        let signalling = blocks(&[(0, &[0, 0, 0, 0, 0, 1, 0x80, 0x7f, 0, 0, 0, 0])]);
        let beside = blocks(&[(0, &[0, 0, 0, 0, 0, 0, 0xc0, 0xff, 1, 0, 0, 0])]);
        assert!(unlikeness(&plain, &negative).unwrap().nans_only);
        assert!(!unlikeness(&plain, &signalling).unwrap().nans_only);
        let found = unlikeness(&plain, &beside).unwrap();
        assert_eq!((found.offset, found.nans_only), (8, false));
    }
}
