//! Where things lie in the memories of the parent's own modules, and how their words are coded.

/// Bytes of a slot, which holds one value: numbers in their own bytes and zeros above; of a reference, its kind
/// in the low word and its number in the high one.
pub(crate) const SLOT: u32 = 16;

/// Where the trace's memory has room for a record that is digested and forgotten. Below it texts to be digested are
/// put together.
pub(crate) const ASIDE: u32 = 32 << 10;
/// Where it keeps the values at the edges of their types.
pub(crate) const EDGES: u32 = 65_024;
/// Where it keeps records: the number of the host function, its arguments, its results.
pub(crate) const RECORDS: u32 = 65_536;

/// Bytes that a text to be digested has at most.
pub(crate) const TEXT_BYTES_MAX: u32 = ASIDE;
/// Bytes that a record has at most.
pub(crate) const RECORD_BYTES_MAX: u32 = EDGES - ASIDE;

/// Bytes that the arguments of a call have at most, and likewise its results: what lies in the frame's first pages.
pub(crate) const CROSSING_BYTES_MAX: u32 = 65_536;

/// How the contents of a memory follow.
pub(crate) const UNREAD: u64 = 0;
/// See [`UNREAD`].
pub(crate) const DIGEST: u64 = 1;
/// See [`UNREAD`].
pub(crate) const FULL: u64 = 2;
/// Ends a list of blocks in the place of an offset, and a list of runs in the place of a count.
pub(crate) const NO_MORE: u64 = u64::MAX;

/// Kinds of references, as drivers write them.
pub(crate) mod kind {
    pub(crate) const NULL: u64 = 0;
    pub(crate) const FUNC: u64 = 1;
    pub(crate) const EXTERN: u64 = 2;
    pub(crate) const I31: u64 = 3;
    pub(crate) const STRUCT: u64 = 4;
    pub(crate) const ARRAY: u64 = 5;
    pub(crate) const EXN: u64 = 6;
    pub(crate) const OPAQUE: u64 = 7;
    /// Added where the number is not known.
    pub(crate) const UNKNOWN: u64 = 16;
}
