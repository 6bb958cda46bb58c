//! Instructions whose work depends on a length, and the other ones on tables and segments: one function out of the
//! machine's loop, so that their variables take no registers there.

use wassay_model::{TrapKind, TrapKinds};

use super::{BYTES_A_UNIT, REFS_A_UNIT, UNITS_A_PAGE};
use crate::exec::choices::Choices;
use crate::exec::heap::{self, Heap, Object, Roots};
use crate::exec::numerics::wide;
use crate::exec::op::Op;
use crate::exec::store::{DataInst, ElemInst, GlobalInst, Instance, MemInst, Reference, TableInst};
use crate::exec::{Ask, Config, ExecError, Resource, memory as mem, table};

/// What the instructions work on.
pub(super) struct Bulk<'a> {
    pub(super) config: &'a Config,
    pub(super) instance: &'a Instance,
    pub(super) heap: &'a mut Heap,
    pub(super) tables: &'a mut [TableInst],
    pub(super) mems: &'a mut [MemInst],
    pub(super) globals: &'a [GlobalInst],
    pub(super) elems: &'a mut [ElemInst],
    pub(super) datas: &'a mut [DataInst],
    pub(super) slots: &'a mut [u64],
    pub(super) refs: &'a mut [Reference],
    pub(super) pages: &'a mut u64,
    pub(super) table_elements: &'a mut u64,
    pub(super) ask: Ask<'a, dyn Choices>,
    pub(super) sp: usize,
    pub(super) rp: usize,
    pub(super) fuel: u64,
}

type Done<T = ()> = Result<T, ExecError>;

fn trap(kinds: impl Into<TrapKinds>) -> ExecError {
    ExecError::Trap(kinds.into())
}

/// What validation rules out.
fn known<T>(option: Option<T>) -> Done<T> {
    option.ok_or(ExecError::Internal("an instruction on tables, segments or arrays met what validation rules out"))
}

fn object<T>(result: Result<T, Option<TrapKind>>) -> Done<T> {
    result.map_err(|kind| match kind {
        Some(kind) => trap(kind),
        None => ExecError::Internal("a reference to an object is something else"),
    })
}

fn paid(fuel: u64, units: u64) -> Done<u64> {
    fuel.checked_sub(units).ok_or(ExecError::Exhausted(Resource::Fuel))
}

impl Bulk<'_> {
    /// Carries out one of these instructions.
    #[cold]
    #[inline(never)]
    pub(super) fn step(&mut self, op: Op) -> Done {
        match op {
            // 4.6 Aggregate instructions
            Op::ArrayNew(ty) => {
                let width = self.width(ty)?;
                let len = u64::from(self.pop()? as u32);
                if width == 0 {
                    self.room(heap::size(0, len))?;
                    let value = self.pop_ref()?;
                    return self.push_array(ty, 0, Box::default(), vec![value; len as usize].into_boxed_slice());
                }
                let value = self.pop_element(width)?;
                self.room(heap::size(len * u64::from(width), 0))?;
                let mut bytes = vec![0; len as usize * width as usize].into_boxed_slice();
                if value != 0 {
                    heap::repeat(&mut bytes, width, value);
                }
                self.push_array(ty, width, bytes, Box::default())?;
            }
            Op::ArrayNewDefault(ty) => {
                let width = self.width(ty)?;
                let len = u64::from(self.pop()? as u32);
                if width == 0 {
                    self.room(heap::size(0, len))?;
                    let nulls = vec![Reference::Null; len as usize].into_boxed_slice();
                    return self.push_array(ty, 0, Box::default(), nulls);
                }
                self.room(heap::size(len * u64::from(width), 0))?;
                let bytes = vec![0; len as usize * width as usize].into_boxed_slice();
                self.push_array(ty, width, bytes, Box::default())?;
            }
            Op::ArrayNewFixed { ty, len } => {
                let width = self.width(ty)?;
                if width == 0 {
                    self.room(heap::size(0, u64::from(len)))?;
                    let start = known(self.rp.checked_sub(len as usize))?;
                    let elements = Box::from(known(self.refs.get(start..self.rp))?);
                    self.rp = start;
                    return self.push_array(ty, 0, Box::default(), elements);
                }
                self.room(heap::size(u64::from(len) * u64::from(width), 0))?;
                let slots = len as usize * if width == 16 { 2 } else { 1 };
                let start = known(self.sp.checked_sub(slots))?;
                let elements = known(self.slots.get(start..self.sp))?.iter();
                let bytes = elements.flat_map(|slot| slot.to_le_bytes().into_iter().take(width as usize)).collect();
                self.sp = start;
                self.push_array(ty, width, bytes, Box::default())?;
            }
            Op::ArrayNewData { ty, data } => {
                let width = self.width(ty)?;
                let len = u64::from(self.pop()? as u32) * u64::from(width);
                let start = self.pop()?;
                let position = (self.instance.first_data + data) as usize;
                let size = known(self.datas.get(position))?.bytes().len();
                let range = mem::range(size, start, len).ok_or_else(|| trap(mem::SEGMENT_OR_MEMORY))?;
                self.room(heap::size(len, 0))?;
                let bytes = Box::from(&known(self.datas.get(position))?.bytes()[range]);
                self.push_array(ty, width, bytes, Box::default())?;
            }
            Op::ArrayNewElem { ty, elem } => {
                let len = u64::from(self.pop()? as u32);
                let start = self.pop()?;
                let position = (self.instance.first_elem + elem) as usize;
                let size = known(self.elems.get(position))?.elements.len();
                let range = mem::range(size, start, len).ok_or_else(|| trap(table::SEGMENT_OR_TABLE))?;
                self.room(heap::size(0, len))?;
                let elements = Box::from(&known(self.elems.get(position))?.elements[range]);
                self.push_array(ty, 0, Box::default(), elements)?;
            }
            Op::ArrayFill(width) => {
                let len = u64::from(self.pop()? as u32);
                let (value, value_ref) = match width {
                    0 => (0, self.pop_ref()?),
                    width => (self.pop_element(width)?, Reference::Null),
                };
                let start = self.pop()?;
                let array = self.pop_ref()?;
                let elements = object(self.heap.array_mut(array))?;
                let range = elements.range(start, len).ok_or_else(|| trap(TrapKind::ArrayOutOfBounds))?;
                self.fuel = paid(self.fuel, range.len() as u64 / REFS_A_UNIT)?;
                if width == 0 {
                    elements.refs[range].fill(value_ref);
                } else {
                    heap::repeat(&mut elements.bytes[range], width, value);
                }
            }
            Op::ArrayCopy => {
                let len = u64::from(self.pop()? as u32);
                let (from, source) = (self.pop()?, self.pop_ref()?);
                let (to, target) = (self.pop()?, self.pop_ref()?);
                object(self.heap.array_copy((target, to), (source, from), len))?;
                self.fuel = paid(self.fuel, len / REFS_A_UNIT)?;
            }
            Op::ArrayInitData { width, data } => {
                let len = u64::from(self.pop()? as u32);
                let (from, to) = (self.pop()?, self.pop()?);
                let array = self.pop_ref()?;
                let elements = object(self.heap.array_mut(array))?;
                let to = elements.range(to, len).ok_or_else(|| trap(TrapKind::ArrayOutOfBounds))?;
                let bytes = known(self.datas.get((self.instance.first_data + data) as usize))?.bytes();
                let from = mem::range(bytes.len(), from, len * u64::from(width));
                let from = from.ok_or_else(|| trap(mem::SEGMENT_OR_MEMORY))?;
                self.fuel = paid(self.fuel, from.len() as u64 / BYTES_A_UNIT)?;
                elements.bytes[to].copy_from_slice(&bytes[from]);
            }
            Op::ArrayInitElem(elem) => {
                let len = u64::from(self.pop()? as u32);
                let (from, to) = (self.pop()?, self.pop()?);
                let array = self.pop_ref()?;
                let elements = object(self.heap.array_mut(array))?;
                let to = elements.range(to, len).ok_or_else(|| trap(TrapKind::ArrayOutOfBounds))?;
                let segment = &known(self.elems.get((self.instance.first_elem + elem) as usize))?.elements;
                let from = mem::range(segment.len(), from, len).ok_or_else(|| trap(table::SEGMENT_OR_TABLE))?;
                self.fuel = paid(self.fuel, from.len() as u64 / REFS_A_UNIT)?;
                elements.refs[to].copy_from_slice(&segment[from]);
            }

            // 4.6 Table instructions
            Op::TableGrow(index) => {
                let delta = self.pop()?;
                let value = self.pop_ref()?;
                // Paid before, since a refused growth costs nothing and a granted one is no larger than the limit.
                self.fuel = paid(self.fuel, delta.min(self.config.limits.table_elements) / REFS_A_UNIT)?;
                let address = *known(self.instance.tables.get(index as usize))?;
                let grown = known(self.tables.get_mut(address.at()))?;
                let old = table::grow(grown, delta, value, self.config, self.table_elements, &mut self.ask);
                let result = old.unwrap_or(mem::minus_one(grown.ty.addr));
                self.push(result)?;
            }
            Op::TableFill(index) => {
                let len = self.pop()?;
                let value = self.pop_ref()?;
                let start = self.pop()?;
                let size = self.table(index)?.len();
                self.fuel = paid(self.fuel, len.min(size as u64) / REFS_A_UNIT)?;
                table::fill(self.table(index)?, start, value, len).map_err(trap)?;
            }
            Op::TableCopy { dst, src } => {
                let (len, from, to) = (self.pop()?, self.pop()?, self.pop()?);
                let source = *known(self.instance.tables.get(src as usize))?;
                let target = *known(self.instance.tables.get(dst as usize))?;
                self.fuel = paid(self.fuel, len.min(self.config.limits.table_elements) / REFS_A_UNIT)?;
                if source == target {
                    return table::copy_within(self.table(dst)?, to, from, len).map_err(trap);
                }
                let [target, source] = known(self.tables.get_disjoint_mut([target.at(), source.at()]).ok())?;
                table::copy(&mut target.elements, &source.elements, to, from, len).map_err(trap)?;
            }
            Op::TableInit { table: index, elem } => {
                let (len, from, to) = (self.pop()?, self.pop()?, self.pop()?);
                let address = *known(self.instance.tables.get(index as usize))?;
                let segment = &known(self.elems.get((self.instance.first_elem + elem) as usize))?.elements;
                self.fuel = paid(self.fuel, len.min(segment.len() as u64) / REFS_A_UNIT)?;
                let elements = &mut known(self.tables.get_mut(address.at()))?.elements;
                table::init(elements, segment, to, from, len).map_err(trap)?;
            }
            Op::ElemDrop(elem) => {
                known(self.elems.get_mut((self.instance.first_elem + elem) as usize))?.elements = Vec::new();
            }

            // 4.6 Memory instructions
            Op::MemoryGrow(index) => {
                let delta = self.pop()?;
                self.fuel = paid(self.fuel, delta.min(self.config.limits.pages).saturating_mul(UNITS_A_PAGE))?;
                let address = *known(self.instance.mems.get(index as usize))?;
                let grown = known(self.mems.get_mut(address.at()))?;
                let old = mem::grow(grown, delta, self.config, self.pages, &mut self.ask);
                let result = old.unwrap_or(mem::minus_one(grown.ty.addr));
                self.push(result)?;
            }
            Op::MemoryFill(index) => {
                let (len, value, start) = (self.pop()?, self.pop()? as u8, self.pop()?);
                let size = self.memory(index)?.len();
                self.fuel = paid(self.fuel, len.min(size as u64) / BYTES_A_UNIT)?;
                mem::fill(self.memory(index)?, start, value, len).map_err(trap)?;
            }
            Op::MemoryCopy { dst, src } => {
                let (len, from, to) = (self.pop()?, self.pop()?, self.pop()?);
                let source = *known(self.instance.mems.get(src as usize))?;
                let target = *known(self.instance.mems.get(dst as usize))?;
                let size = self.memory(src)?.len();
                self.fuel = paid(self.fuel, len.min(size as u64) / BYTES_A_UNIT)?;
                if source == target {
                    return mem::copy_within(self.memory(dst)?, to, from, len).map_err(trap);
                }
                let [target, source] = known(self.mems.get_disjoint_mut([target.at(), source.at()]).ok())?;
                mem::copy(&mut target.bytes, &source.bytes, to, from, len).map_err(trap)?;
            }
            Op::MemoryInit { memory: index, data } => {
                let (len, from, to) = (self.pop()?, self.pop()?, self.pop()?);
                let address = *known(self.instance.mems.get(index as usize))?;
                let segment = known(self.datas.get((self.instance.first_data + data) as usize))?.bytes();
                self.fuel = paid(self.fuel, len.min(segment.len() as u64) / BYTES_A_UNIT)?;
                let bytes = &mut known(self.mems.get_mut(address.at()))?.bytes;
                mem::init(bytes, segment, to, from, len).map_err(trap)?;
            }
            Op::DataDrop(data) => {
                known(self.datas.get_mut((self.instance.first_data + data) as usize))?.dropped = true;
            }
            _ => return Err(ExecError::Internal("an operator has come to a place for others")),
        }
        Ok(())
    }

    fn pop(&mut self) -> Done<u64> {
        self.sp = known(self.sp.checked_sub(1))?;
        known(self.slots.get(self.sp).copied())
    }

    fn pop_ref(&mut self) -> Done<Reference> {
        self.rp = known(self.rp.checked_sub(1))?;
        known(self.refs.get(self.rp).copied())
    }

    /// A number of the width of an array's elements.
    fn pop_element(&mut self, width: u8) -> Done<u128> {
        let high = if width == 16 { self.pop()? } else { 0 };
        Ok(wide(self.pop()?, high))
    }

    fn push(&mut self, value: u64) -> Done {
        *known(self.slots.get_mut(self.sp))? = value;
        self.sp += 1;
        Ok(())
    }

    fn push_array(&mut self, ty: u32, width: u8, bytes: Box<[u8]>, refs: Box<[Reference]>) -> Done {
        let ty = *known(self.instance.types.get(ty as usize))?;
        let array = Reference::Array(self.heap.alloc(Object::Array { ty, width, bytes, refs }));
        *known(self.refs.get_mut(self.rp))? = array;
        self.rp += 1;
        Ok(())
    }

    fn width(&self, ty: u32) -> Done<u8> {
        known(self.instance.loaded.code.widths.get(ty as usize).copied())
    }

    fn table(&mut self, index: u32) -> Done<&mut Vec<Reference>> {
        let address = *known(self.instance.tables.get(index as usize))?;
        Ok(&mut known(self.tables.get_mut(address.at()))?.elements)
    }

    fn memory(&mut self, index: u32) -> Done<&mut Vec<u8>> {
        let address = *known(self.instance.mems.get(index as usize))?;
        Ok(&mut known(self.mems.get_mut(address.at()))?.bytes)
    }

    /// Before an allocation, whose references must still lie on the stack.
    fn room(&mut self, size: u64) -> Done {
        let stack = known(self.refs.get(..self.rp))?;
        let roots = Roots { stack, globals: self.globals, tables: self.tables, elems: self.elems };
        let room = self.heap.room(size, self.config.limits.heap_bytes, self.config.collection, &roots);
        let looked_at = room.ok_or(ExecError::Exhausted(Resource::HeapBytes))?;
        self.fuel = paid(self.fuel, looked_at / REFS_A_UNIT)?;
        if !mem::available(size) {
            return Err(ExecError::Exhausted(Resource::Memory));
        }
        self.fuel = paid(self.fuel, size / BYTES_A_UNIT)?;
        Ok(())
    }
}
