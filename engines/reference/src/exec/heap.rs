//! Structures, arrays and exceptions (section 4.2), in an arena, found by handle.
//!
//! DEVIATION: the standard keeps every object for ever. Here memory is reclaimed by marking from the roots and sweeping. The roots are exact, since references have a stack of
//! their own; what the embedder has seen is pinned. A collection is never observable: a handle is reused only when
//! nobody can hold it any more.

use std::ops::Range;

use wassay_model::TrapKind;

use super::memory::range;
use super::store::{Cell, ElemInst, GlobalInst, Reference, TableInst, TagAddr};
use crate::valid::types::TypeId;

/// What an object takes besides its contents, for the limit.
const HEADER: u64 = 64;
/// No collection before so much has been allocated.
const LEAST_THRESHOLD: u64 = 1 << 20;

/// Where an object is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Handle(pub(crate) u32);

impl Handle {
    const fn at(self) -> usize {
        self.0 as usize
    }
}

/// An object.
#[derive(Clone, Debug)]
pub(crate) enum Object {
    /// Numbers and vectors of the fields in their order, and references in theirs, as on the operand stacks.
    Struct { ty: TypeId, slots: Box<[u64]>, refs: Box<[Reference]> },
    /// Elements as bytes, `width` each, or as references if `width` is 0.
    Array { ty: TypeId, width: u8, bytes: Box<[u8]>, refs: Box<[Reference]> },
    /// An exception with its payload.
    Exn { tag: TagAddr, slots: Box<[u64]>, refs: Box<[Reference]> },
}

impl Object {
    fn refs(&self) -> &[Reference] {
        match self {
            Self::Struct { refs, .. } | Self::Array { refs, .. } | Self::Exn { refs, .. } => refs,
        }
    }

    /// What it counts for in [`super::Limits::heap_bytes`].
    fn size(&self) -> u64 {
        let numbers = match self {
            Self::Struct { slots, .. } | Self::Exn { slots, .. } => size_of_val::<[u64]>(slots),
            Self::Array { bytes, .. } => bytes.len(),
        };
        size(numbers as u64, self.refs().len() as u64)
    }
}

/// What an object with so many bytes of numbers and so many references counts for.
pub(crate) fn size(bytes: u64, refs: u64) -> u64 {
    refs.saturating_mul(size_of::<Reference>() as u64).saturating_add(bytes).saturating_add(HEADER)
}

#[derive(Clone, Debug)]
struct Place {
    object: Option<Object>,
    marked: bool,
    /// The embedder has seen it.
    pinned: bool,
}

/// When to collect.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Collection {
    /// When enough has been allocated since the last time.
    #[default]
    WhenNeeded,
    /// Before every allocation: for tests that a collection can't be observed.
    Always,
}

/// All objects of a store.
#[derive(Clone, Debug)]
pub(crate) struct Heap {
    places: Vec<Place>,
    free: Vec<Handle>,
    bytes: u64,
    /// Collect when there are more bytes than this.
    threshold: u64,
    /// References may lie where the collector does not look, as during instantiation.
    pub(crate) paused: bool,
    worklist: Vec<Handle>,
}

/// Where live references are, apart from pinned objects.
pub(crate) struct Roots<'a> {
    pub(crate) stack: &'a [Reference],
    pub(crate) globals: &'a [GlobalInst],
    pub(crate) tables: &'a [TableInst],
    pub(crate) elems: &'a [ElemInst],
}

impl Heap {
    pub(crate) fn new() -> Self {
        Self {
            places: Vec::new(),
            free: Vec::new(),
            bytes: 0,
            threshold: LEAST_THRESHOLD,
            paused: false,
            worklist: Vec::new(),
        }
    }

    /// Makes room for an object of a size: what a collection cost, in references looked at, or `None` if the limit
    /// does not allow the object.
    ///
    /// Without a price, an allocation that leaves the heap at its limit could collect all of it again and again.
    pub(crate) fn room(&mut self, size: u64, limit: u64, collection: Collection, roots: &Roots<'_>) -> Option<u64> {
        let needed = self.bytes.saturating_add(size) > self.threshold.min(limit);
        let mut cost = 0;
        if (needed || collection == Collection::Always) && !self.paused {
            let looked_at = self.collect(roots);
            // That tests collect at every allocation must not change when fuel runs out.
            cost = if collection == Collection::Always { 0 } else { looked_at };
            self.threshold = (self.bytes * 2).max(LEAST_THRESHOLD);
        }
        (self.bytes.saturating_add(size) <= limit).then_some(cost)
    }

    pub(crate) fn alloc(&mut self, object: Object) -> Handle {
        self.bytes += object.size();
        let place = Place { object: Some(object), marked: false, pinned: false };
        if let Some(handle) = self.free.pop() {
            self.places[handle.at()] = place;
            return handle;
        }
        self.places.push(place);
        Handle(self.places.len() as u32 - 1)
    }

    /// The bytes of all objects, by the count of the limit.
    pub(crate) fn bytes(&self) -> u64 {
        self.bytes
    }

    pub(crate) fn get(&self, handle: Handle) -> Option<&Object> {
        self.places.get(handle.at())?.object.as_ref()
    }

    pub(crate) fn get_mut(&mut self, handle: Handle) -> Option<&mut Object> {
        self.places.get_mut(handle.at())?.object.as_mut()
    }

    /// Two arrays at once, if they are not the same.
    pub(crate) fn pair_mut(&mut self, a: Handle, b: Handle) -> Option<(&mut Object, &mut Object)> {
        let [a, b] = self.places.get_disjoint_mut([a.at(), b.at()]).ok()?;
        Some((a.object.as_mut()?, b.object.as_mut()?))
    }

    /// Keeps what a reference points to for as long as the store lives.
    pub(crate) fn pin(&mut self, reference: Reference) {
        if let Some(place) = reference.handle().and_then(|handle| self.places.get_mut(handle.at())) {
            place.pinned = true;
        }
    }

    #[cold]
    fn collect(&mut self, roots: &Roots<'_>) -> u64 {
        let mut looked_at = self.places.len() + roots.stack.len() + roots.globals.len();
        for at in 0..self.places.len() {
            if self.places[at].pinned {
                self.mark(Reference::Struct(Handle(at as u32)));
            }
        }
        for reference in roots.stack {
            self.mark(*reference);
        }
        for GlobalInst { cell: Cell { reference, .. }, .. } in roots.globals {
            self.mark(*reference);
        }
        for table in roots.tables {
            looked_at += table.elements.len();
            for reference in &table.elements {
                self.mark(*reference);
            }
        }
        for elem in roots.elems {
            looked_at += elem.elements.len();
            for reference in &elem.elements {
                self.mark(*reference);
            }
        }
        // A worklist, since a list of a million objects would overflow the host's stack.
        while let Some(handle) = self.worklist.pop() {
            let Some(object) = self.places[handle.at()].object.take() else { continue };
            looked_at += object.refs().len();
            for reference in object.refs() {
                self.mark(*reference);
            }
            self.places[handle.at()].object = Some(object);
        }
        for (at, place) in self.places.iter_mut().enumerate() {
            if std::mem::take(&mut place.marked) {
                continue;
            }
            if let Some(object) = place.object.take() {
                self.bytes -= object.size();
                self.free.push(Handle(at as u32));
            }
        }
        looked_at as u64
    }

    fn mark(&mut self, reference: Reference) {
        let Some(handle) = reference.handle() else { return };
        if let Some(place) = self.places.get_mut(handle.at())
            && !place.marked
        {
            place.marked = true;
            self.worklist.push(handle);
        }
    }
}

/// Why there is no object to work on: a trap, or, if `None`, a state that validation rules out.
pub(crate) type Wrong = Option<TrapKind>;

/// An array's elements.
pub(crate) struct Elements<B, R> {
    pub(crate) width: u8,
    pub(crate) bytes: B,
    pub(crate) refs: R,
}

impl Heap {
    /// The fields of a structure.
    pub(crate) fn fields(&self, reference: Reference) -> Result<(&[u64], &[Reference]), Wrong> {
        match self.get(structure(reference)?) {
            Some(Object::Struct { slots, refs, .. }) => Ok((slots, refs)),
            _ => Err(None),
        }
    }

    pub(crate) fn fields_mut(&mut self, reference: Reference) -> Result<(&mut [u64], &mut [Reference]), Wrong> {
        match self.get_mut(structure(reference)?) {
            Some(Object::Struct { slots, refs, .. }) => Ok((slots, refs)),
            _ => Err(None),
        }
    }

    /// The elements of an array.
    pub(crate) fn array(&self, reference: Reference) -> Result<Elements<&[u8], &[Reference]>, Wrong> {
        match self.get(array(reference)?) {
            Some(Object::Array { width, bytes, refs, .. }) => Ok(Elements { width: *width, bytes, refs }),
            _ => Err(None),
        }
    }

    pub(crate) fn array_mut(&mut self, reference: Reference) -> Result<Elements<&mut [u8], &mut [Reference]>, Wrong> {
        match self.get_mut(array(reference)?) {
            Some(Object::Array { width, bytes, refs, .. }) => Ok(Elements { width: *width, bytes, refs }),
            _ => Err(None),
        }
    }

    /// `array.copy`: as if through a buffer.
    pub(crate) fn array_copy(
        &mut self,
        (dst, to): (Reference, u64),
        (src, from): (Reference, u64),
        len: u64,
    ) -> Result<(), Wrong> {
        let (target, source) = (self.array(dst)?, self.array(src)?);
        let (to, from) = match (target.range(to, len), source.range(from, len)) {
            (Some(to), Some(from)) => (to, from),
            _ => return Err(Some(TrapKind::ArrayOutOfBounds)),
        };
        if dst == src {
            let elements = self.array_mut(dst)?;
            match elements.width {
                0 => elements.refs.copy_within(from, to.start),
                _ => elements.bytes.copy_within(from, to.start),
            }
            return Ok(());
        }
        match self.pair_mut(array(dst)?, array(src)?) {
            Some((Object::Array { width: 0, refs: target, .. }, Object::Array { refs: source, .. })) => {
                target[to].copy_from_slice(&source[from]);
            }
            Some((Object::Array { bytes: target, .. }, Object::Array { bytes: source, .. })) => {
                target[to].copy_from_slice(&source[from]);
            }
            _ => return Err(None),
        }
        Ok(())
    }
}

impl<B: AsRef<[u8]>, R: AsRef<[Reference]>> Elements<B, R> {
    pub(crate) fn len(&self) -> u64 {
        match self.width {
            0 => self.refs.as_ref().len() as u64,
            width => (self.bytes.as_ref().len() / width as usize) as u64,
        }
    }

    /// Where `len` elements from `start` lie in `refs` or in `bytes`, if all of them exist.
    pub(crate) fn range(&self, start: u64, len: u64) -> Option<Range<usize>> {
        let range = range(self.len() as usize, start, len)?;
        let width = self.width.max(1) as usize;
        Some(range.start * width..range.end * width)
    }
}

fn structure(reference: Reference) -> Result<Handle, Wrong> {
    match reference {
        Reference::Struct(handle) => Ok(handle),
        Reference::Null => Err(Some(TrapKind::NullReference)),
        _ => Err(None),
    }
}

fn array(reference: Reference) -> Result<Handle, Wrong> {
    match reference {
        Reference::Array(handle) => Ok(handle),
        Reference::Null => Err(Some(TrapKind::NullReference)),
        _ => Err(None),
    }
}

// Elements of arrays that are numbers, by their width in bytes. `None` is an index beyond the array.

/// The element's bits, zero-extended.
pub(crate) fn element(bytes: &[u8], width: u8, index: u32) -> Option<u128> {
    let width = width as usize;
    let start = (index as usize).checked_mul(width)?;
    let mut word = [0; 16];
    word[..width].copy_from_slice(bytes.get(start..)?.get(..width)?);
    Some(u128::from_le_bytes(word))
}

pub(crate) fn set_element(bytes: &mut [u8], width: u8, index: u32, value: u128) -> Option<()> {
    let width = width as usize;
    let start = (index as usize).checked_mul(width)?;
    bytes.get_mut(start..)?.get_mut(..width)?.copy_from_slice(&value.to_le_bytes()[..width]);
    Some(())
}

/// Many elements of one value.
pub(crate) fn repeat(bytes: &mut [u8], width: u8, value: u128) {
    let pattern = value.to_le_bytes();
    match width {
        1 => bytes.fill(pattern[0]),
        _ => bytes.chunks_exact_mut(width.max(1) as usize).for_each(|element| {
            element.copy_from_slice(&pattern[..element.len()]);
        }),
    }
}
