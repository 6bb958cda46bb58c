//! Guards bend the operands of an instruction that may trap: an address is masked to lie in the memory's
//! initial size, a divisor is made one that divides, a float is clamped into the integer's range, the
//! index of an indirect call becomes a slot that holds a function of the right type.
//!
//! The standard's own conditions are not asked for at run time, so the instruction is reached on every
//! way, and the code stays small. What guards do not cover: `unreachable`, segments that were dropped,
//! tables that were overwritten, null references, casts and arrays.

use wasm_encoder::{Encode, InstructionSink, RefType, ValType};
use wasmparser::{MemArg, MemArgTarget, Operator};

use crate::body::{Pass, plain, zero};
use crate::rewrite::{Interior, PAGE, Signature, Unfit};

/// A table whose first elements are functions by type: two for each type.
#[derive(Debug)]
pub(crate) struct Indirect {
    /// The table.
    pub(crate) table: u32,
    /// Its first elements.
    pub(crate) slots: Vec<u32>,
    types: Vec<Signature>,
}

impl Indirect {
    /// Chooses a table of functions, if there is one with room for a type.
    pub(crate) fn plan(interior: &Interior) -> Option<Self> {
        let fits = |ty: &&wasm_encoder::TableType| ty.element_type == RefType::FUNCREF && ty.minimum >= 2;
        let table = interior.tables.iter().position(|ty| fits(&ty))?;
        let room = interior.tables[table].minimum as usize / 2;
        let mut indirect = Self { table: table as u32, slots: Vec::new(), types: Vec::new() };
        for function in 0..interior.functions.len() as u32 {
            let Some(ty) = interior.signature(function) else { continue };
            if let Some(known) = indirect.types.iter().position(|known| known == ty) {
                indirect.slots[2 * known + 1] = function;
            } else if indirect.types.len() < room {
                indirect.types.push(ty.clone());
                indirect.slots.extend([function, function]);
            }
        }
        Some(indirect)
    }

    /// The first of the two elements that hold functions of this type.
    pub(crate) fn slot(&self, ty: &Signature) -> Option<u64> {
        Some(2 * self.types.iter().position(|known| known == ty)? as u64)
    }
}

impl Pass<'_, '_> {
    /// Writes the instruction with guards before it; `false` leaves writing it to the caller.
    pub(crate) fn guard(&mut self, operator: &Operator<'_>, raw: &[u8]) -> Result<bool, Unfit> {
        if let Some(access) = Access::of(operator) {
            return self.guard_access(&access, raw);
        }
        let interior = self.all.interior;
        match operator {
            Operator::I32DivU | Operator::I32RemU => self.guard_divisor(ValType::I32, false),
            Operator::I64DivU | Operator::I64RemU => self.guard_divisor(ValType::I64, false),
            Operator::I32DivS | Operator::I32RemS => self.guard_divisor(ValType::I32, true),
            Operator::I64DivS | Operator::I64RemS => self.guard_divisor(ValType::I64, true),
            Operator::I32TruncF32S => self.clamp_f32(-2_147_483_648.0, 2_147_483_520.0),
            Operator::I32TruncF32U => self.clamp_f32(-0.75, 4_294_967_040.0),
            Operator::I64TruncF32S => self.clamp_f32(-9_223_372_036_854_775_808.0, 9_223_371_487_098_961_920.0),
            Operator::I64TruncF32U => self.clamp_f32(-0.75, 18_446_742_974_197_923_840.0),
            Operator::I32TruncF64S => self.clamp_f64(-2_147_483_648.75, 2_147_483_647.75),
            Operator::I32TruncF64U => self.clamp_f64(-0.75, 4_294_967_295.75),
            Operator::I64TruncF64S => self.clamp_f64(-9_223_372_036_854_775_808.0, 9_223_372_036_854_774_784.0),
            Operator::I64TruncF64U => self.clamp_f64(-0.75, 18_446_744_073_709_549_568.0),
            Operator::MemoryFill { mem } => {
                let memory = memory(interior, *mem)?;
                let length = self.length(memory.room);
                self.mask(&[(memory.index, memory.half()), (ValType::I32, None), (memory.index, length)]);
            }
            Operator::MemoryCopy { dst_mem, src_mem } => {
                let (to, from) = (memory(interior, *dst_mem)?, memory(interior, *src_mem)?);
                let length = self.length(to.room.min(from.room));
                let wide = to.index == ValType::I64 && from.index == ValType::I64;
                let length_type = if wide { ValType::I64 } else { ValType::I32 };
                self.mask(&[(to.index, to.half()), (from.index, from.half()), (length_type, length)]);
            }
            Operator::MemoryInit { data_index, mem } => {
                let memory = memory(interior, *mem)?;
                let segment = half_mask(u64::from(interior.data.get(*data_index as usize).copied().unwrap_or(0)));
                self.mask(&[(memory.index, memory.half()), (ValType::I32, segment), (ValType::I32, segment)]);
            }
            Operator::TableGet { table: index } => {
                let table = table(interior, *index)?;
                self.mask(&[(table.index, table.whole())]);
            }
            Operator::TableSet { table: index } => {
                let table = table(interior, *index)?;
                self.mask(&[(table.index, table.whole()), (table.element, None)]);
            }
            Operator::TableFill { table: index } => {
                let table = table(interior, *index)?;
                self.mask(&[(table.index, table.half()), (table.element, None), (table.index, table.half())]);
            }
            Operator::TableCopy { dst_table, src_table } => {
                let (to, from) = (table(interior, *dst_table)?, table(interior, *src_table)?);
                let wide = to.index == ValType::I64 && from.index == ValType::I64;
                let length_type = if wide { ValType::I64 } else { ValType::I32 };
                let length = if to.room < from.room { to.half() } else { from.half() };
                self.mask(&[(to.index, to.half()), (from.index, from.half()), (length_type, length)]);
            }
            Operator::TableInit { elem_index, table: index } => {
                let table = table(interior, *index)?;
                let segment = u64::from(interior.elements.get(*elem_index as usize).copied().unwrap_or(0));
                let length = half_mask(segment.min(table.room));
                self.mask(&[(table.index, table.half()), (ValType::I32, half_mask(segment)), (ValType::I32, length)]);
            }
            // A dropped segment makes later copies out of it trap.
            Operator::DataDrop { .. } | Operator::ElemDrop { .. } => return Ok(self.all.draw.percent(80)),
            Operator::CallIndirect { type_index, .. } => return self.guard_call(*type_index),
            _ => return Ok(false),
        }
        self.out.extend_from_slice(raw);
        Ok(true)
    }

    /// A length to mask by: short mostly, since a long copy only costs time.
    fn length(&mut self, room: u64) -> Option<u64> {
        let long = self.all.draw.percent(10);
        half_mask(room).map(|mask| if long { mask } else { mask.min(0xff) })
    }

    /// Masks the operands that have a mask. The operands' types are known, so those above the lowest
    /// masked one rest in scratch locals meanwhile.
    fn mask(&mut self, operands: &[(ValType, Option<u64>)]) {
        let Some(lowest) = operands.iter().position(|(_, mask)| mask.is_some()) else { return };
        let locals: Vec<u32> = (lowest + 1..operands.len()).map(|slot| self.scratch(operands[slot].0, slot)).collect();
        let mut sink = InstructionSink::new(&mut self.out);
        for (position, local) in (lowest + 1..operands.len()).zip(&locals).rev() {
            let (ty, mask) = operands[position];
            and(&mut sink, ty, mask);
            sink.local_set(*local);
        }
        let (ty, mask) = operands[lowest];
        and(&mut sink, ty, mask);
        for local in locals {
            sink.local_get(local);
        }
    }

    fn guard_access(&mut self, access: &Access, raw: &[u8]) -> Result<bool, Unfit> {
        let MemArgTarget::Memory(memory_index) = access.at.target else { return Ok(false) };
        let memory = memory(self.all.interior, memory_index)?;
        if memory.room == 0 {
            return Ok(false);
        }
        let width = u64::from(access.width);
        let (mask, offset) = match self.all.draw.below(10) {
            // A small window, so that loads find what was stored.
            0..6 => (0xff, access.at.offset & 0xff),
            // Half of the memory, and the offset that wasm-smith chose, where it fits.
            6..9 => {
                let half = memory.half().unwrap_or(0);
                let offset = access.at.offset;
                (half, if offset + width <= memory.room - half { offset } else { offset & 0x3ff })
            }
            // The whole memory, so that the last access ends where the memory does.
            _ => (memory.whole().unwrap_or(0) & !15, 16 - width),
        };
        let mut operands = vec![(memory.index, Some(mask))];
        operands.extend(access.value.map(|ty| (ty, None)));
        self.mask(&operands);
        // The opcode, then the operands of the access anew.
        let opcode_len = match raw.first() {
            Some(0xfc..=0xfe) => 1 + raw[1..].iter().take_while(|byte| **byte & 0x80 != 0).count() + 1,
            _ => 1,
        };
        self.out.extend_from_slice(raw.get(..opcode_len).ok_or(Unfit)?);
        plain(memory_index, offset, access.at.align.into()).encode(&mut self.out);
        self.out.extend(access.lane);
        Ok(true)
    }

    /// Makes the divisor on the stack neither 0 nor, for signed operators, -1.
    pub(crate) fn guard_divisor(&mut self, ty: ValType, signed: bool) {
        let choice = self.all.draw.below(3);
        let local = self.scratch(ty, 0);
        let mut sink = self.sink();
        match (ty, choice, signed) {
            // 0 becomes 1; what is left to trap is the smallest number by -1.
            (ValType::I32, 0, false) => {
                sink.local_tee(local).i32_const(1).local_get(local).select();
            }
            (_, 0, false) => {
                sink.local_set(local).i64_const(1).local_get(local).local_get(local).i64_eqz().select();
            }
            (ValType::I32, 1, _) => {
                sink.i32_const(0x7fff).i32_and().i32_const(1).i32_add();
            }
            (_, 1, _) => {
                sink.i64_const(0x7fff_ffff).i64_and().i64_const(1).i64_add();
            }
            // Bit 0 set: not 0. Bit 1 clear: not -1.
            (ValType::I32, _, _) => {
                sink.i32_const(!2).i32_and().i32_const(1).i32_or();
            }
            _ => {
                sink.i64_const(!2).i64_and().i64_const(1).i64_or();
            }
        }
    }

    fn clamp_f32(&mut self, low: f32, high: f32) {
        let local = self.scratch(ValType::F32, 0);
        let mut sink = self.sink();
        sink.local_tee(local).f32_const(0.0.into()).local_get(local).local_get(local).f32_eq().select();
        sink.f32_const(low.into()).f32_max().f32_const(high.into()).f32_min();
    }

    fn clamp_f64(&mut self, low: f64, high: f64) {
        let local = self.scratch(ValType::F64, 0);
        let mut sink = self.sink();
        sink.local_tee(local).f64_const(0.0.into()).local_get(local).local_get(local).f64_eq().select();
        sink.f64_const(low.into()).f64_max().f64_const(high.into()).f64_min();
    }

    /// Aims an indirect call at one of the two slots that hold functions of its type; where there are
    /// none, the call becomes what it leaves behind.
    fn guard_call(&mut self, type_index: u32) -> Result<bool, Unfit> {
        let interior = self.all.interior;
        let ty = interior.types.get(type_index as usize).and_then(Option::as_ref).ok_or(Unfit)?;
        let Some(indirect) = self.all.indirect else { return Ok(false) };
        let index = table(interior, indirect.table)?.index;
        // The operand's type is that of the table that the instruction names: both are told apart by
        // features, and a case with 64-bit tables keeps wasm-smith's call.
        if interior.tables.iter().any(|table| table.table64) {
            return Ok(false);
        }
        let mut sink = InstructionSink::new(&mut self.out);
        if let Some(slot) = indirect.slot(ty) {
            and(&mut sink, index, Some(1));
            sink.i32_const(slot as i32).i32_add();
            sink.call_indirect(indirect.table, type_index);
        } else if ty.results.iter().all(|ty| !matches!(ty, ValType::Ref(reference) if !reference.nullable)) {
            for _ in 0..=ty.params.len() {
                sink.drop();
            }
            for ty in &ty.results {
                zero(&mut sink, *ty);
            }
        } else {
            return Ok(false);
        }
        Ok(true)
    }
}

fn and(sink: &mut InstructionSink<'_>, ty: ValType, mask: Option<u64>) {
    match (ty, mask) {
        (ValType::I64, Some(mask)) => sink.i64_const(mask.cast_signed()).i64_and(),
        (_, Some(mask)) => sink.i32_const((mask as u32).cast_signed()).i32_and(),
        (_, None) => sink,
    };
}

/// A memory or table: the type of its addresses, and how many there are from the start.
struct Space {
    index: ValType,
    room: u64,
    element: ValType,
}

impl Space {
    /// A mask for addresses, such that as many follow each.
    fn half(&self) -> Option<u64> {
        half_mask(self.room)
    }

    /// A mask for addresses.
    fn whole(&self) -> Option<u64> {
        (self.room > 0).then(|| (1 << self.room.ilog2()) - 1)
    }
}

/// The greatest mask such that two masked numbers add up to no more than `room`.
fn half_mask(room: u64) -> Option<u64> {
    Some(if room < 2 { 0 } else { (1 << (room.ilog2() - 1)) - 1 })
}

fn memory(interior: &Interior, index: u32) -> Result<Space, Unfit> {
    let ty = interior.memories.get(index as usize).ok_or(Unfit)?;
    let index = if ty.memory64 { ValType::I64 } else { ValType::I32 };
    Ok(Space { index, room: ty.minimum * PAGE, element: ValType::I32 })
}

fn table(interior: &Interior, index: u32) -> Result<Space, Unfit> {
    let ty = interior.tables.get(index as usize).ok_or(Unfit)?;
    let index = if ty.table64 { ValType::I64 } else { ValType::I32 };
    Ok(Space { index, room: ty.minimum, element: ValType::Ref(ty.element_type) })
}

/// A load or store.
struct Access {
    at: MemArg,
    /// Bytes touched.
    width: u8,
    /// What lies above the address: a value to store, or a vector to load a lane into.
    value: Option<ValType>,
    /// The lane, for those that have one.
    lane: Option<u8>,
}

impl Access {
    fn of(operator: &Operator<'_>) -> Option<Self> {
        use Operator as O;
        let access = |at: &MemArg, width, value, lane| Some(Self { at: *at, width, value, lane });
        match operator {
            O::I32Load8S { memarg }
            | O::I32Load8U { memarg }
            | O::I64Load8S { memarg }
            | O::I64Load8U { memarg }
            | O::V128Load8Splat { memarg } => access(memarg, 1, None, None),
            O::I32Load16S { memarg }
            | O::I32Load16U { memarg }
            | O::I64Load16S { memarg }
            | O::I64Load16U { memarg }
            | O::V128Load16Splat { memarg } => access(memarg, 2, None, None),
            O::I32Load { memarg }
            | O::F32Load { memarg }
            | O::I64Load32S { memarg }
            | O::I64Load32U { memarg }
            | O::V128Load32Splat { memarg }
            | O::V128Load32Zero { memarg } => access(memarg, 4, None, None),
            O::I64Load { memarg }
            | O::F64Load { memarg }
            | O::V128Load8x8S { memarg }
            | O::V128Load8x8U { memarg }
            | O::V128Load16x4S { memarg }
            | O::V128Load16x4U { memarg }
            | O::V128Load32x2S { memarg }
            | O::V128Load32x2U { memarg }
            | O::V128Load64Splat { memarg }
            | O::V128Load64Zero { memarg } => access(memarg, 8, None, None),
            O::V128Load { memarg } => access(memarg, 16, None, None),
            O::I32Store8 { memarg } => access(memarg, 1, Some(ValType::I32), None),
            O::I32Store16 { memarg } => access(memarg, 2, Some(ValType::I32), None),
            O::I32Store { memarg } => access(memarg, 4, Some(ValType::I32), None),
            O::I64Store8 { memarg } => access(memarg, 1, Some(ValType::I64), None),
            O::I64Store16 { memarg } => access(memarg, 2, Some(ValType::I64), None),
            O::I64Store32 { memarg } => access(memarg, 4, Some(ValType::I64), None),
            O::I64Store { memarg } => access(memarg, 8, Some(ValType::I64), None),
            O::F32Store { memarg } => access(memarg, 4, Some(ValType::F32), None),
            O::F64Store { memarg } => access(memarg, 8, Some(ValType::F64), None),
            O::V128Store { memarg } => access(memarg, 16, Some(ValType::V128), None),
            O::V128Load8Lane { memarg, lane } | O::V128Store8Lane { memarg, lane } => {
                access(memarg, 1, Some(ValType::V128), Some(*lane))
            }
            O::V128Load16Lane { memarg, lane } | O::V128Store16Lane { memarg, lane } => {
                access(memarg, 2, Some(ValType::V128), Some(*lane))
            }
            O::V128Load32Lane { memarg, lane } | O::V128Store32Lane { memarg, lane } => {
                access(memarg, 4, Some(ValType::V128), Some(*lane))
            }
            O::V128Load64Lane { memarg, lane } | O::V128Store64Lane { memarg, lane } => {
                access(memarg, 8, Some(ValType::V128), Some(*lane))
            }
            _ => None,
        }
    }
}
