//! Faults planted on purpose, one at a time: an engine that carries one must be found out by whoever claims to test
//! engines.
//!
//! Lowering puts [`Op::Planted`] in the place of the operator that is to be wrong, so the true rules know nothing of
//! faults. The few faults that no operator shows (instantiation, sharing) are asked for where they act.

use wassay_model::{TrapKind, TrapKinds};

use super::atomic::{self, Ended};
use super::choices::Choices;
use super::heap::Heap;
use super::numerics::{float32, float64, int32, int64};
use super::op::Op;
use super::store::{DataInst, ElemInst, FuncAddr, FuncInst, GlobalInst, Instance, MemInst, Reference, TableInst};
use super::{Ask, Config, memory, table};
use crate::syntax::{AtomicOp, LoadOp, StoreLaneOp, VectorOp};
use crate::valid::types::TypeInterner;

mod access;
mod bytes;
mod front;
mod instances;
mod list;
mod modelled;
mod object;
mod refused;
mod runtime;
mod steps;
mod syntax;
mod third;
mod touch;
mod vector;
mod verdicts;

pub(crate) use front::load;
pub(crate) use instances::{State, data_offset, keeps_active};
pub use list::{Chapter, Fault};
pub(crate) use third::{element_offset, seen_memory};

/// Appends an operator, or what a fault makes of it. Branches stay last, since lowering completes them later.
pub(crate) fn emit(fault: Fault, op: Op, ops: &mut Vec<Op>) {
    let planted = |index, immediate| Op::Planted { fault, index, immediate };
    let before = access::before(fault, op)
        .or_else(|| object::before(fault, op))
        .or_else(|| steps::before(fault, op))
        .or_else(|| runtime::before(fault, op))
        .or_else(|| third::before(fault, op));
    if let Some(before) = before {
        ops.push(before);
    }
    let plain = planted(0, 0);
    let instead = match (fault, op) {
        (Fault::I32ShlUnmasked, Op::I32Shl)
        | (Fault::I64ShrUNarrowMask, Op::I64ShrU)
        | (Fault::I64RotrLeft, Op::I64Rotr)
        | (Fault::I32DivSOverflow, Op::I32DivS)
        | (Fault::I32DivUByZero, Op::I32DivU)
        | (Fault::I64DivUSigned, Op::I64DivU)
        | (Fault::I32RemSSign, Op::I32RemS)
        | (Fault::I32ClzOfZero, Op::I32Clz)
        | (Fault::I64PopcntHighBit, Op::I64Popcnt)
        | (Fault::I64LtUSigned, Op::I64LtU)
        | (Fault::I32GeSUnsigned, Op::I32GeS)
        | (Fault::I32Extend8SZero, Op::I32Extend8S)
        | (Fault::F32NearestHalfAway, Op::F32Nearest)
        | (Fault::F64MinZeros, Op::F64Min)
        | (Fault::F32MaxNan, Op::F32Max)
        | (Fault::F64CopysignSwapped, Op::F64Copysign)
        | (Fault::F32AddSignallingNan, Op::F32Add)
        | (Fault::F64SqrtZero, Op::F64Sqrt)
        | (Fault::F32NegNan, Op::F32Neg)
        | (Fault::F64LeUnordered, Op::F64Le)
        | (Fault::I32TruncF64SBound, Op::I32TruncF64S)
        | (Fault::I64TruncF32SNan, Op::I64TruncF32S)
        | (Fault::I32TruncSatF32UNegative, Op::I32TruncSatF32U)
        | (Fault::I64ExtendI32SZero, Op::I64ExtendI32S)
        | (Fault::F32ConvertI64UTwice, Op::F32ConvertI64U)
        | (Fault::F32DemoteTowardsZero, Op::F32DemoteF64)
        | (Fault::SelectLowByte, Op::Select)
        | (Fault::SelectRefSwapped, Op::SelectRef)
        | (Fault::SelectVectorSwapped, Op::SelectVector)
        | (Fault::ShuffleOneVector, Op::Shuffle(_)) => {
            let index = if let Op::Shuffle(lanes) = op { lanes } else { 0 };
            planted(index, 0)
        }
        (Fault::GlobalSetHalf | Fault::GlobalLostOnTrap, Op::GlobalSet(index))
        | (Fault::TableGrowNull, Op::TableGrow(index))
        | (Fault::TableFillShort, Op::TableFill(index))
        | (Fault::MemoryGrowNewSize, Op::MemoryGrow(index))
        | (Fault::MemorySizeStale, Op::MemorySize(index))
        | (Fault::MemoryFillLong, Op::MemoryFill(index)) => planted(index, 0),
        (Fault::TableCopyForward, Op::TableCopy { dst, src })
        | (Fault::MemoryCopyForward, Op::MemoryCopy { dst, src })
            if dst == src =>
        {
            planted(dst, 0)
        }
        (Fault::I32Load8SZero, Op::I32Load8S { memory, offset })
        | (Fault::Load64Half, Op::Load64 { memory, offset })
        | (Fault::Load32AtEnd | Fault::Load32PastEnd | Fault::Load32OffsetWraps, Op::Load32 { memory, offset })
        | (Fault::Store16Wide, Op::Store16 { memory, offset })
        | (Fault::Store64Torn, Op::Store64 { memory, offset }) => planted(memory, offset),
        (Fault::CallIndirectUnchecked, Op::CallIndirect { table, ty }) => planted(table, u64::from(ty)),
        (Fault::AtomicAddNew, Op::Atomic { op: AtomicOp::I32AtomicRmwAdd, memory, offset })
        | (Fault::AtomicCmpxchgAlways, Op::Atomic { op: AtomicOp::I32AtomicRmwCmpxchg, memory, offset })
        | (Fault::AtomicNotifyOne, Op::Atomic { op: AtomicOp::MemoryAtomicNotify, memory, offset }) => {
            planted(memory, offset)
        }
        // Another right operator in its place.
        (Fault::AtomicLoadUnaligned, Op::Atomic { op: AtomicOp::I32AtomicLoad, memory, offset }) => {
            Op::Load32 { memory, offset }
        }
        (Fault::I8x16ShrSUnsigned, Op::Vector(VectorOp::I8x16ShrS)) => Op::Vector(VectorOp::I8x16ShrU),
        (Fault::I16x8AddSatSWraps, Op::Vector(VectorOp::I16x8AddSatS)) => Op::Vector(VectorOp::I16x8Add),
        (Fault::I32x4ExtendHighSigned, Op::Vector(VectorOp::I32x4ExtendHighI16x8U)) => {
            Op::Vector(VectorOp::I32x4ExtendHighI16x8S)
        }
        (Fault::I64x2ExtmulHighLow, Op::Vector(VectorOp::I64x2ExtmulHighI32x4S)) => {
            Op::Vector(VectorOp::I64x2ExtmulLowI32x4S)
        }
        (Fault::F32x4PminMin, Op::Vector(VectorOp::F32x4Pmin)) => Op::Vector(VectorOp::F32x4Min),
        (Fault::Load32ZeroSplat, Op::LoadVector { op: LoadOp::V128Load32Zero, memory, offset }) => {
            Op::LoadVector { op: LoadOp::V128Load32Splat, memory, offset }
        }
        (Fault::Store16LaneBeside, Op::StoreLane { op: op @ StoreLaneOp::V128Store16Lane, lane, memory, offset }) => {
            Op::StoreLane { op, lane: lane ^ 1, memory, offset }
        }
        (Fault::Load32FirstMemory, Op::Load32 { offset, .. }) => Op::Load32 { memory: 0, offset },
        (Fault::StructGetSZero, Op::StructGetS { slot, bits }) => Op::StructGetU { slot, bits },
        (Fault::ArrayGetSZero, Op::ArrayGetS(width)) => Op::ArrayGet(width),
        (Fault::I31GetSZero, Op::I31GetS) => Op::I31GetU,
        (Fault::UnreachableKind, Op::Unreachable) => plain,
        (Fault::RefTestNull, Op::RefTest(cast)) => planted(cast, 0),
        // No operator in its place.
        (Fault::ElemDropIgnored, Op::ElemDrop(_))
        | (Fault::DataDropIgnored, Op::DataDrop(_))
        | (Fault::LocalTeeLost, Op::LocalTee(_))
        | (Fault::RefAsNonNullPasses, Op::RefAsNonNull) => return,
        // An operator before it.
        (Fault::BrIfLowHalf, Op::BrIf(_) | Op::BrIfShift { .. })
        | (Fault::ReturnSwapped, Op::Return { slots: 2, refs: 0 })
        | (Fault::MemoryInitFromStart, Op::MemoryInit { .. }) => {
            ops.push(plain);
            op
        }
        (Fault::BrTableDefault, Op::BrTable { count, .. }) => {
            ops.push(planted(count, 0));
            op
        }
        _ => vector::instead(fault, op)
            .or_else(|| access::instead(fault, op))
            .or_else(|| object::instead(fault, op))
            .or_else(|| steps::instead(fault, op))
            .or_else(|| runtime::instead(fault, op))
            .or_else(|| third::instead(fault, op))
            .unwrap_or(op),
    };
    ops.push(instead);
}

/// What a wrong operator sees of the machine.
pub(crate) struct View<'a> {
    pub(crate) config: &'a Config,
    pub(crate) state: &'a mut State,
    pub(crate) instance: &'a Instance,
    pub(crate) instances: &'a [Instance],
    pub(crate) types: &'a TypeInterner,
    pub(crate) funcs: &'a [FuncInst],
    pub(crate) heap: &'a mut Heap,
    pub(crate) tables: &'a mut [TableInst],
    pub(crate) mems: &'a mut [MemInst],
    pub(crate) globals: &'a mut [GlobalInst],
    pub(crate) elems: &'a mut [ElemInst],
    pub(crate) datas: &'a mut [DataInst],
    pub(crate) slots: &'a mut [u64],
    pub(crate) sp: &'a mut usize,
    pub(crate) refs: &'a mut [Reference],
    pub(crate) rp: &'a mut usize,
    pub(crate) pages: &'a mut u64,
    pub(crate) table_elements: &'a mut u64,
    pub(crate) ask: Ask<'a, dyn Choices>,
}

/// How the machine goes on.
pub(crate) enum Next {
    /// With the next operator.
    Op,
    /// With a call.
    Call(FuncAddr),
}

impl View<'_> {
    /// The n-th slot from the top, counted from 1.
    fn top(&mut self, n: usize) -> Option<&mut u64> {
        self.slots.get_mut(self.sp.checked_sub(n)?)
    }

    fn pop(&mut self) -> Option<u64> {
        let value = *self.top(1)?;
        *self.sp -= 1;
        Some(value)
    }

    fn push(&mut self, value: u64) -> Option<()> {
        *self.slots.get_mut(*self.sp)? = value;
        *self.sp += 1;
        Some(())
    }

    fn pop_ref(&mut self) -> Option<Reference> {
        *self.rp = self.rp.checked_sub(1)?;
        self.refs.get(*self.rp).copied()
    }

    fn memory(&mut self, index: u32) -> Option<&mut MemInst> {
        self.mems.get_mut(self.instance.mems.get(index as usize)?.at())
    }

    fn table(&mut self, index: u32) -> Option<&mut TableInst> {
        self.tables.get_mut(self.instance.tables.get(index as usize)?.at())
    }

    fn unop(&mut self, op: impl FnOnce(u64) -> u64) -> Option<()> {
        let a = self.top(1)?;
        *a = op(*a);
        Some(())
    }

    fn binop(&mut self, op: impl FnOnce(u64, u64) -> u64) -> Option<()> {
        let b = self.pop()?;
        self.unop(|a| op(a, b))
    }

    fn try_binop(&mut self, op: impl FnOnce(u64, u64) -> Result<u64, TrapKind>) -> Option<Result<(), TrapKind>> {
        let b = self.pop()?;
        let a = self.top(1)?;
        Some(op(*a, b).map(|value| *a = value))
    }
}

fn f32_of(slot: u64) -> f32 {
    f32::from_bits(slot as u32)
}

fn slot_of(value: f32) -> u64 {
    let bits = if value.is_nan() { super::choices::CANONICAL_32 } else { value.to_bits() };
    u64::from(bits)
}

fn slot_of_64(value: f64) -> u64 {
    if value.is_nan() { super::choices::CANONICAL_64 } else { value.to_bits() }
}

/// Executes a wrong operator; `None` if the stacks are too short for it.
#[cold]
pub(crate) fn step(view: &mut View<'_>, fault: Fault, index: u32, immediate: u64) -> Option<Result<Next, TrapKinds>> {
    let outcome = match fault {
        Fault::CallIndirectUnchecked => return call_unchecked(view, index, immediate as usize),
        Fault::IndirectCallOwnFunction => return runtime::call_own(view, index, immediate as usize),
        Fault::TrapKindStale => return third::stale(view, index, immediate),
        Fault::AtomicAddNew | Fault::AtomicCmpxchgAlways | Fault::AtomicNotifyOne => {
            return atomic_step(view, fault, index, immediate);
        }
        _ => value_step(view, fault, index, immediate)?,
    };
    Some(outcome.map(|()| Next::Op).map_err(TrapKinds::from))
}

#[allow(clippy::too_many_lines, reason = "one arm a fault")]
fn value_step(view: &mut View<'_>, fault: Fault, index: u32, immediate: u64) -> Option<Result<(), TrapKind>> {
    let trapped = |kind| Some(Err(kind));
    match fault {
        Fault::I32ShlUnmasked => {
            view.binop(|a, b| u64::from((a as u32).checked_shl(b as u32).unwrap_or(0)))?;
        }
        Fault::I64ShrUNarrowMask => view.binop(|a, b| a >> (b % 32))?,
        Fault::I64RotrLeft => view.binop(int64::rotl)?,
        Fault::I32DivSOverflow => {
            return view.try_binop(|a, b| match int32::div_s(a as u32, b as u32) {
                Err(TrapKind::IntegerOverflow) => Ok(a),
                result => result.map(u64::from),
            });
        }
        Fault::I32DivUByZero => view.binop(|a, b| (a as u32).checked_div(b as u32).map_or(0, u64::from))?,
        Fault::I64DivUSigned => {
            return view.try_binop(|a, b| match int64::div_s(a, b) {
                Err(TrapKind::IntegerOverflow) => Ok(a),
                result => result,
            });
        }
        Fault::I32RemSSign => {
            return view.try_binop(|a, b| {
                let remainder = int32::rem_s(a as u32, b as u32)?;
                let (remainder, divisor) = (remainder.cast_signed(), (b as u32).cast_signed());
                let wrong = if remainder != 0 && (remainder < 0) != (divisor < 0) {
                    remainder.wrapping_add(divisor)
                } else {
                    remainder
                };
                Ok(u64::from(wrong.cast_unsigned()))
            });
        }
        Fault::I32ClzOfZero => view.unop(|a| u64::from(int32::clz(a as u32).min(31)))?,
        Fault::I64PopcntHighBit => view.unop(|a| int64::popcnt(a << 1))?,
        Fault::I64LtUSigned => view.binop(|a, b| u64::from(int64::lt_s(a, b)))?,
        Fault::I32GeSUnsigned => view.binop(|a, b| u64::from(int32::ge_u(a as u32, b as u32)))?,
        Fault::I32Extend8SZero => view.unop(|a| a & 0xff)?,
        Fault::F32NearestHalfAway => view.unop(|a| slot_of(f32_of(a).round()))?,
        Fault::F64MinZeros => view.binop(|a, b| {
            let (x, y) = (f64::from_bits(a), f64::from_bits(b));
            slot_of_64(if x == y { x } else { float64::min(x, y) })
        })?,
        Fault::F32MaxNan => view.binop(|a, b| slot_of(f32_of(a).max(f32_of(b))))?,
        Fault::F64CopysignSwapped => view.binop(|a, b| float64::copysign(b, a))?,
        Fault::F32AddSignallingNan => view.binop(|a, b| {
            let sum = float32::add(f32_of(a), f32_of(b));
            if sum.is_nan() { 0x7f80_0001 } else { slot_of(sum) }
        })?,
        Fault::F64SqrtZero => view.unop(|a| slot_of_64(f64::from_bits(a).sqrt() + 0.0))?,
        Fault::F32NegNan => view.unop(|a| slot_of(-f32_of(a)))?,
        Fault::F64LeUnordered => view.binop(|a, b| u64::from(!float64::gt(f64::from_bits(a), f64::from_bits(b))))?,
        Fault::I32TruncF64SBound => {
            let a = f64::from_bits(*view.top(1)?);
            match super::numerics::trunc_s_f64_i32(a) {
                Ok(0x8000_0000) => return trapped(TrapKind::IntegerOverflow),
                Ok(value) => *view.top(1)? = u64::from(value),
                Err(kind) => return trapped(kind),
            }
        }
        Fault::I64TruncF32SNan => {
            let a = f32_of(*view.top(1)?);
            match super::numerics::trunc_s_f32_i64(a) {
                Err(TrapKind::InvalidConversion) => *view.top(1)? = 0,
                Ok(value) => *view.top(1)? = value,
                Err(kind) => return trapped(kind),
            }
        }
        Fault::I32TruncSatF32UNegative => view.unop(|a| {
            let a = f32_of(a);
            if a <= -1.0 { u64::from(u32::MAX) } else { u64::from(a as u32) }
        })?,
        Fault::I64ExtendI32SZero => {}
        Fault::F32ConvertI64UTwice => view.unop(|a| slot_of(a as f64 as f32))?,
        Fault::F32DemoteTowardsZero => view.unop(|a| {
            let (exact, rounded) = (f64::from_bits(a), f64::from_bits(a) as f32);
            let away = f64::from(rounded).abs() > exact.abs();
            slot_of(if away { f32::from_bits(rounded.to_bits() - 1) } else { rounded })
        })?,
        Fault::SelectLowByte => {
            let condition = view.pop()?;
            view.binop(|a, b| if condition & 0xff == 0 { b } else { a })?;
        }
        Fault::SelectRefSwapped => {
            let condition = view.pop()? as u32;
            let second = view.pop_ref()?;
            if condition != 0 {
                *view.refs.get_mut(view.rp.checked_sub(1)?)? = second;
            }
        }
        Fault::GlobalSetHalf | Fault::GlobalLostOnTrap => {
            let value = view.pop()?;
            let addr = *view.instance.globals.get(index as usize)?;
            let global = view.globals.get_mut(addr.at())?;
            if fault == Fault::GlobalLostOnTrap {
                view.state.written.push((addr, global.cell));
                global.cell.slots[0] = value;
            } else {
                global.cell.slots[0] = u64::from(value as u32);
            }
        }
        Fault::TableGrowNull => {
            let delta = view.pop()?;
            view.pop_ref()?;
            let table = view.tables.get_mut(view.instance.tables.get(index as usize)?.at())?;
            let old = table::grow(table, delta, Reference::Null, view.config, view.table_elements, &mut view.ask);
            let addr = table.ty.addr;
            view.push(old.unwrap_or(memory::minus_one(addr)))?;
        }
        Fault::TableFillShort => {
            let len = view.pop()?;
            let value = view.pop_ref()?;
            let start = view.pop()?;
            let elements = &mut view.table(index)?.elements;
            if memory::range(elements.len(), start, len).is_none() {
                return trapped(TrapKind::TableOutOfBounds);
            }
            return Some(table::fill(elements, start, value, len.saturating_sub(1)));
        }
        Fault::TableCopyForward => {
            let (len, src, dst) = (view.pop()?, view.pop()?, view.pop()?);
            let elements = &mut view.table(index)?.elements;
            let (from, to) = (memory::range(elements.len(), src, len), memory::range(elements.len(), dst, len));
            let (Some(from), Some(to)) = (from, to) else { return trapped(TrapKind::TableOutOfBounds) };
            for (from, to) in from.zip(to) {
                elements[to] = elements[from];
            }
        }
        Fault::I32Load8SZero => {
            let address = *view.top(1)?;
            match memory::load::<1>(&view.memory(index)?.bytes, address, immediate) {
                Ok([byte]) => *view.top(1)? = u64::from(byte),
                Err(kind) => return trapped(kind),
            }
        }
        Fault::Load64Half => {
            let address = *view.top(1)?;
            match memory::load::<8>(&view.memory(index)?.bytes, address, immediate) {
                Ok(bytes) => *view.top(1)? = u64::from_le_bytes(bytes) & 0xffff_ffff,
                Err(kind) => return trapped(kind),
            }
        }
        Fault::Load32AtEnd => {
            let address = *view.top(1)?;
            // One byte more has to exist.
            match memory::load::<5>(&view.memory(index)?.bytes, address, immediate) {
                Ok([a, b, c, d, _]) => *view.top(1)? = u64::from(u32::from_le_bytes([a, b, c, d])),
                Err(kind) => return trapped(kind),
            }
        }
        Fault::Load32PastEnd => {
            let address = *view.top(1)?;
            let bytes = &view.memory(index)?.bytes;
            let word = memory::load::<4>(bytes, address, immediate).or_else(|kind| {
                memory::load::<3>(bytes, address, immediate).map(|[a, b, c]| [a, b, c, 0]).or(Err(kind))
            });
            match word {
                Ok(bytes) => *view.top(1)? = u64::from(u32::from_le_bytes(bytes)),
                Err(kind) => return trapped(kind),
            }
        }
        Fault::Load32OffsetWraps => {
            let address = *view.top(1)?;
            let wrapped = u64::from((address as u32).wrapping_add(immediate as u32));
            match memory::load::<4>(&view.memory(index)?.bytes, wrapped, 0) {
                Ok(bytes) => *view.top(1)? = u64::from(u32::from_le_bytes(bytes)),
                Err(kind) => return trapped(kind),
            }
        }
        Fault::Store16Wide => {
            let (value, address) = (view.pop()?, view.pop()?);
            let bytes = &mut view.memory(index)?.bytes;
            let wide = memory::store(bytes, address, immediate, (value as u32).to_le_bytes());
            return Some(wide.or_else(|_| memory::store(bytes, address, immediate, (value as u16).to_le_bytes())));
        }
        Fault::Store64Torn => {
            let (value, address) = (view.pop()?, view.pop()?);
            let bytes = &mut view.memory(index)?.bytes;
            let stored = memory::store(bytes, address, immediate, value.to_le_bytes());
            let start = address.checked_add(immediate).and_then(|start| usize::try_from(start).ok());
            if let (Err(_), Some(rest)) = (stored, start.and_then(|start| bytes.get_mut(start..))) {
                rest.copy_from_slice(&value.to_le_bytes()[..rest.len()]);
            }
            return Some(stored);
        }
        Fault::MemoryGrowNewSize => {
            let delta = view.pop()?;
            let memory = view.mems.get_mut(view.instance.mems.get(index as usize)?.at())?;
            let old = memory::grow(memory, delta, view.config, view.pages, &mut view.ask);
            let addr = memory.ty.addr;
            view.push(old.map_or(memory::minus_one(addr), |old| old + delta))?;
        }
        Fault::MemorySizeStale => {
            let memory = view.memory(index)?;
            let pages = memory.pages();
            let stale = pages == memory.ty.limits.min + 1;
            view.push(if stale { pages - 1 } else { pages })?;
        }
        Fault::MemoryFillLong => {
            let (len, value, start) = (view.pop()?, view.pop()?, view.pop()?);
            let bytes = &mut view.memory(index)?.bytes;
            let long = memory::fill(bytes, start, value as u8, len.saturating_add(1));
            return Some(long.or_else(|_| memory::fill(bytes, start, value as u8, len)));
        }
        Fault::MemoryCopyForward => {
            let (len, src, dst) = (view.pop()?, view.pop()?, view.pop()?);
            let bytes = &mut view.memory(index)?.bytes;
            let (from, to) = (memory::range(bytes.len(), src, len), memory::range(bytes.len(), dst, len));
            let (Some(from), Some(to)) = (from, to) else { return trapped(TrapKind::MemoryOutOfBounds) };
            for (from, to) in from.zip(to) {
                bytes[to] = bytes[from];
            }
        }
        Fault::SelectVectorSwapped => {
            let condition = view.pop()? as u32;
            let second = (*view.top(2)?, *view.top(1)?);
            *view.sp -= 2;
            if condition != 0 {
                (*view.top(2)?, *view.top(1)?) = second;
            }
        }
        Fault::ShuffleOneVector => {
            let lanes = view.instance.loaded.module.pools.vectors.get(index as usize)?;
            let lanes = lanes.map(|lane| lane % 16);
            crate::exec::vector::shuffle(
                &mut crate::exec::vector::Operands { slots: view.slots, sp: view.sp },
                &lanes,
            )?;
        }
        Fault::RefTestNull => {
            let reference = view.pop_ref()?;
            let ty = *view.instance.casts.get(index as usize)?;
            let holds = super::embedding::ref_has_type(view.types, view.funcs, view.heap, reference, ty);
            view.push(u64::from(holds || reference == Reference::Null))?;
        }
        Fault::UnreachableKind => return trapped(TrapKind::IntegerDivideByZero),
        // Before the operator itself.
        Fault::MemoryInitFromStart => *view.top(2)? = 0,
        Fault::BrTableDefault => {
            view.unop(|a| if a as u32 == index && index > 0 { a - 1 } else { a })?;
        }
        Fault::BrIfLowHalf => view.unop(|a| a & 0xffff)?,
        Fault::ReturnSwapped => {
            let (a, b) = (*view.top(2)?, *view.top(1)?);
            *view.top(2)? = b;
            *view.top(1)? = a;
        }
        _ => {
            return match fault.chapter() {
                _ if fault.model().is_some() => steps::step(view, fault, index, immediate),
                Chapter::Vector => vector::step(view, fault).map(Ok),
                Chapter::Reference | Chapter::Gc => object::step(view, fault, index, immediate),
                _ => access::step(view, fault, index, immediate),
            };
        }
    }
    Some(Ok(()))
}

/// An atomic instruction with something wrong before it or after it. Where it lies is checked as ever.
fn atomic_step(view: &mut View<'_>, fault: Fault, index: u32, offset: u64) -> Option<Result<Next, TrapKinds>> {
    let operand = *view.top(1)?;
    let op = match fault {
        Fault::AtomicAddNew => AtomicOp::I32AtomicRmwAdd,
        Fault::AtomicCmpxchgAlways => {
            view.pop()?;
            *view.top(1)? = operand;
            AtomicOp::I32AtomicRmwXchg
        }
        _ => AtomicOp::MemoryAtomicNotify,
    };
    let memory = view.mems.get_mut(view.instance.mems.get(index as usize)?.at())?;
    let operands = &mut crate::exec::vector::Operands { slots: view.slots, sp: view.sp };
    match atomic::step(operands, memory, op, offset)? {
        Err(Ended::Trap(kinds)) => return Some(Err(kinds)),
        // None of these waits.
        Ok(()) | Err(Ended::Asleep) => {}
    }
    match fault {
        Fault::AtomicAddNew => view.unop(|old| u64::from((old as u32).wrapping_add(operand as u32)))?,
        Fault::AtomicNotifyOne => view.unop(|_| 1)?,
        _ => {}
    }
    Some(Ok(Next::Op))
}

/// `call_indirect` that compares how many operands a type takes and leaves, instead of the type.
fn call_unchecked(view: &mut View<'_>, table: u32, ty: usize) -> Option<Result<Next, TrapKinds>> {
    let at = view.pop()?;
    let element = usize::try_from(at).ok().and_then(|at| view.table(table)?.elements.get(at).copied());
    let func = match element {
        None => return Some(Err(TrapKind::UndefinedElement.into())),
        Some(Reference::Func(func)) => func,
        Some(_) => return Some(Err(TrapKind::UninitializedElement.into())),
    };
    let found = view.types.func(view.funcs.get(func.at())?.ty)?;
    let expected = view.types.func(*view.instance.types.get(ty)?)?;
    let arity = |types: &[crate::syntax::ValType]| crate::syntax::Arity::of_all(types);
    if arity(&found.params) == arity(&expected.params) && arity(&found.results) == arity(&expected.results) {
        Some(Ok(Next::Call(func)))
    } else {
        Some(Err(TrapKind::IndirectCallTypeMismatch.into()))
    }
}
