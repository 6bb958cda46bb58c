//! What memories and tables are: a row of cells. An operation checks its ranges in numbers that cannot wrap, and then
//! changes all that it has to, or traps and changes nothing.

use std::ops::Range;

/// A range does not lie within the cells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct OutOfBounds;

/// The cells of a range; none if it ends beyond the last.
fn range(size: usize, start: u64, len: u64) -> Result<Range<usize>, OutOfBounds> {
    let end = u128::from(start) + u128::from(len);
    if end <= size as u128 { Ok(start as usize..end as usize) } else { Err(OutOfBounds) }
}

/// The bytes of a memory, or the elements of a table or of a segment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Cells<T>(pub(crate) Vec<T>);

impl<T: Copy> Cells<T> {
    pub(crate) fn len(&self) -> u64 {
        self.0.len() as u64
    }

    pub(crate) fn get(&self, at: u64) -> Result<T, OutOfBounds> {
        range(self.0.len(), at, 1).map(|cells| self.0[cells.start])
    }

    pub(crate) fn set(&mut self, at: u64, value: T) -> Result<(), OutOfBounds> {
        self.fill(at, value, 1)
    }

    pub(crate) fn fill(&mut self, at: u64, value: T, len: u64) -> Result<(), OutOfBounds> {
        let cells = range(self.0.len(), at, len)?;
        self.0[cells].fill(value);
        Ok(())
    }

    /// Copies from another row, or from a segment.
    pub(crate) fn init(&mut self, to: u64, from: &Self, at: u64, len: u64) -> Result<(), OutOfBounds> {
        let source = range(from.0.len(), at, len)?;
        let target = range(self.0.len(), to, len)?;
        self.0[target].copy_from_slice(&from.0[source]);
        Ok(())
    }

    /// Copies within the row: what is read is what was there before.
    pub(crate) fn copy(&mut self, to: u64, at: u64, len: u64) -> Result<(), OutOfBounds> {
        let before = self.clone();
        self.init(to, &before, at, len)
    }

    /// Drops a segment: afterwards it is empty.
    pub(crate) fn drop(&mut self) {
        self.0.clear();
    }

    /// Adds cells, up to a maximum; the number there was before.
    pub(crate) fn grow(&mut self, value: T, by: u64, max: u64) -> Result<u64, OutOfBounds> {
        let before = self.len();
        let after = u128::from(before) + u128::from(by);
        if after > u128::from(max) {
            return Err(OutOfBounds);
        }
        self.0.resize(after as usize, value);
        Ok(before)
    }
}

/// FNV-1a over numbers. A script computes the same of what it sees.
pub(crate) fn hash(numbers: impl IntoIterator<Item = u64>) -> u64 {
    numbers.into_iter().fold(HASH_START, |hash, number| (hash ^ number).wrapping_mul(HASH_FACTOR))
}

/// What [`hash`] begins with.
pub(crate) const HASH_START: u64 = 0xcbf2_9ce4_8422_2325;
/// What [`hash`] multiplies by.
pub(crate) const HASH_FACTOR: u64 = 0x0000_0100_0000_01b3;

/// Numbers without order, always the same (SplitMix64).
pub(crate) struct Draw(pub(crate) u64);

impl Draw {
    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut word = self.0;
        word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (word ^ (word >> 31)) % bound
    }

    pub(crate) fn pick<T: Copy>(&mut self, options: &[T]) -> T {
        options[self.below(options.len() as u64) as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn copies_read_what_was_there_before_in_both_directions() {
        let row = Cells(vec![1, 2, 3, 4, 5]);
        for (to, at, expected) in [(1, 0, [1, 1, 2, 3, 5]), (0, 1, [2, 3, 4, 4, 5])] {
            let mut row = row.clone();
            assert_eq!(row.copy(to, at, 3), Ok(()));
            assert_eq!(row.0, expected);
        }
    }

    #[test]
    fn nothing_changes_where_a_range_ends_beyond_the_last_cell() {
        let mut row = Cells(vec![1, 2, 3]);
        assert_eq!(row.fill(2, 9, 2), Err(OutOfBounds));
        assert_eq!(row.fill(u64::MAX, 9, 2), Err(OutOfBounds), "the end wraps around to 1");
        assert_eq!(row.copy(0, 1, u64::MAX), Err(OutOfBounds), "the end wraps around to 0");
        assert_eq!(row.copy(4, 0, 0), Err(OutOfBounds));
        assert_eq!(row.fill(3, 9, 0), Ok(()));
        assert_eq!(row, Cells(vec![1, 2, 3]));
    }

    #[test]
    fn growth_stops_at_the_maximum() {
        let mut row = Cells(vec![1]);
        assert_eq!(row.grow(2, 1, 2), Ok(1));
        assert_eq!(row.grow(3, 1, 2), Err(OutOfBounds));
        assert_eq!(row.grow(3, u64::MAX, u64::MAX), Err(OutOfBounds));
        assert_eq!(row, Cells(vec![1, 2]));
    }

    #[test]
    fn a_dropped_segment_is_empty() {
        let (mut row, mut segment) = (Cells(vec![0, 0]), Cells(vec![1, 2]));
        segment.drop();
        assert_eq!(row.init(0, &segment, 0, 1), Err(OutOfBounds));
        assert_eq!(row.init(2, &segment, 0, 0), Ok(()));
    }
}
