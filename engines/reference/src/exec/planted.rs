//! Faults planted on purpose, one at a time: an engine that carries one must be found out by whoever claims to test
//! engines.
//!
//! Lowering puts [`Op::Planted`] in the place of the operator that is to be wrong, so the true rules know nothing of
//! faults. The few faults that no operator shows (instantiation, sharing) are asked for where they act.

use std::sync::Arc;

use wassay_model::{TrapKind, TrapKinds};

use super::atomic::{self, Ended};
use super::choices::Choices;
use super::heap::Heap;
use super::numerics::{float32, float64, int32, int64};
use super::op::Op;
use super::store::{Cell, FuncAddr, FuncInst, GlobalAddr, GlobalInst, Instance, MemInst, Reference, Store, TableInst};
use super::{Ask, Config, ExecError, memory, table};
use crate::syntax::{AtomicOp, LoadOp, StoreLaneOp, VectorOp};
use crate::valid::types::TypeInterner;

macro_rules! faults {
    ($($(#[$doc:meta])* $variant:ident = $name:literal $section:literal;)*) => {
        /// What is wrong.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Fault { $($(#[$doc])* $variant,)* }

        impl Fault {
            /// Every fault, in the order of the standard's sections.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// The name in records and on the command line.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// The section of the standard that it breaks.
            #[must_use]
            pub const fn section(self) -> &'static str {
                match self { $(Self::$variant => $section,)* }
            }
        }
    };
}

faults! {
    /// `i32.shl` by 32 or more gives 0.
    I32ShlUnmasked = "i32-shl-unmasked" "4.3 Integer Operations";
    /// `i64.shr_u` takes the distance modulo 32.
    I64ShrUNarrowMask = "i64-shr-u-narrow-mask" "4.3 Integer Operations";
    /// `i64.rotr` rotates to the left.
    I64RotrLeft = "i64-rotr-left" "4.3 Integer Operations";
    /// `i32.div_s` of the least value by -1 gives the least value.
    I32DivSOverflow = "i32-div-s-overflow" "4.3 Integer Operations";
    /// `i32.div_u` by zero gives 0.
    I32DivUByZero = "i32-div-u-by-zero" "4.3 Integer Operations";
    /// `i64.div_u` divides as if signed.
    I64DivUSigned = "i64-div-u-signed" "4.3 Integer Operations";
    /// `i32.rem_s` has the sign of the divisor.
    I32RemSSign = "i32-rem-s-sign" "4.3 Integer Operations";
    /// `i32.clz` of 0 is 31.
    I32ClzOfZero = "i32-clz-of-zero" "4.3 Integer Operations";
    /// `i64.popcnt` overlooks the highest bit.
    I64PopcntHighBit = "i64-popcnt-high-bit" "4.3 Integer Operations";
    /// `i64.lt_u` compares as if signed.
    I64LtUSigned = "i64-lt-u-signed" "4.3 Integer Operations";
    /// `i32.ge_s` compares as if unsigned.
    I32GeSUnsigned = "i32-ge-s-unsigned" "4.3 Integer Operations";
    /// `i32.extend8_s` fills with zeros.
    I32Extend8SZero = "i32-extend8-s-zero" "4.3 Integer Operations";
    /// `f32.nearest` rounds halves away from zero.
    F32NearestHalfAway = "f32-nearest-half-away" "4.3 Floating-Point Operations";
    /// `f64.min` of two zeros is the first.
    F64MinZeros = "f64-min-zeros" "4.3 Floating-Point Operations";
    /// `f32.max` of a NaN and a number is the number.
    F32MaxNan = "f32-max-nan" "4.3 Floating-Point Operations";
    /// `f64.copysign` exchanges its operands.
    F64CopysignSwapped = "f64-copysign-swapped" "4.3 Floating-Point Operations";
    /// `f32.add` leaves a NaN with a payload that is neither canonical nor quiet.
    F32AddSignallingNan = "f32-add-signalling-nan" "4.3 Floating-Point Operations";
    /// `f64.sqrt` of -0 is 0.
    F64SqrtZero = "f64-sqrt-zero" "4.3 Floating-Point Operations";
    /// `f32.neg` makes a NaN canonical.
    F32NegNan = "f32-neg-nan" "4.3 Floating-Point Operations";
    /// `f64.le` holds for unordered operands.
    F64LeUnordered = "f64-le-unordered" "4.3 Floating-Point Operations";
    /// `i32.trunc_f64_s` traps for the least integer.
    I32TruncF64SBound = "i32-trunc-f64-s-bound" "4.3 Conversions";
    /// `i64.trunc_f32_s` of a NaN gives 0.
    I64TruncF32SNan = "i64-trunc-f32-s-nan" "4.3 Conversions";
    /// `i32.trunc_sat_f32_u` of a negative number gives the greatest value.
    I32TruncSatF32UNegative = "i32-trunc-sat-f32-u-negative" "4.3 Conversions";
    /// `i64.extend_i32_s` fills with zeros.
    I64ExtendI32SZero = "i64-extend-i32-s-zero" "4.3 Conversions";
    /// `f32.convert_i64_u` rounds twice, by way of an f64.
    F32ConvertI64UTwice = "f32-convert-i64-u-twice" "4.3 Conversions";
    /// `f32.demote_f64` rounds towards zero.
    F32DemoteTowardsZero = "f32-demote-towards-zero" "4.3 Conversions";
    /// `i8x16.shr_s` fills with zeros.
    I8x16ShrSUnsigned = "i8x16-shr-s-unsigned" "4.3 Vector Operations";
    /// `i16x8.add_sat_s` wraps around.
    I16x8AddSatSWraps = "i16x8-add-sat-s-wraps" "4.3 Vector Operations";
    /// `i32x4.extend_high_i16x8_u` fills with the sign.
    I32x4ExtendHighSigned = "i32x4-extend-high-signed" "4.3 Vector Operations";
    /// `i64x2.extmul_high_i32x4_s` multiplies the low halves.
    I64x2ExtmulHighLow = "i64x2-extmul-high-low" "4.3 Vector Operations";
    /// `f32x4.pmin` is `f32x4.min`: NaNs and zeros come out otherwise.
    F32x4PminMin = "f32x4-pmin-min" "4.3 Vector Operations";
    /// `i8x16.shuffle` takes the second vector's lanes from the first.
    ShuffleOneVector = "shuffle-one-vector" "4.6 Vector Instructions";
    /// `v128.load32_zero` repeats the number.
    Load32ZeroSplat = "load32-zero-splat" "4.6 Memory Instructions";
    /// `v128.store16_lane` stores the lane beside.
    Store16LaneBeside = "store16-lane-beside" "4.6 Memory Instructions";
    /// 32-bit loads from a memory that is not the first are from the first.
    Load32FirstMemory = "load32-first-memory" "4.6 Memory Instructions";
    /// `struct.get_s` fills with zeros.
    StructGetSZero = "struct-get-s-zero" "4.6 Aggregate Instructions";
    /// `array.get_s` fills with zeros.
    ArrayGetSZero = "array-get-s-zero" "4.6 Aggregate Instructions";
    /// `i31.get_s` fills with zeros.
    I31GetSZero = "i31-get-s-zero" "4.6 Aggregate Instructions";
    /// `ref.test` holds for null whatever the type.
    RefTestNull = "ref-test-null" "4.6 Reference Instructions";
    /// `select` of vectors exchanges its operands.
    SelectVectorSwapped = "select-vector-swapped" "4.6 Parametric Instructions";
    /// The last handler of a `try_table` that matches is taken, not the first.
    HandlersReversed = "handlers-reversed" "4.6 Control Instructions";
    /// `select` looks at the low byte of the condition only.
    SelectLowByte = "select-low-byte" "4.6 Parametric Instructions";
    /// `select` of references exchanges its operands.
    SelectRefSwapped = "select-ref-swapped" "4.6 Parametric Instructions";
    /// `global.set` is undone if the invocation traps afterwards.
    GlobalLostOnTrap = "global-lost-on-trap" "4.6 Variable Instructions";
    /// `global.set` keeps only the low half of 64 bits.
    GlobalSetHalf = "global-set-half" "4.6 Variable Instructions";
    /// `local.tee` of a number leaves the operand but not the local.
    LocalTeeLost = "local-tee-lost" "4.6 Variable Instructions";
    /// `table.grow` fills with null.
    TableGrowNull = "table-grow-null" "4.6 Table Instructions";
    /// `table.fill` stops one element early.
    TableFillShort = "table-fill-short" "4.6 Table Instructions";
    /// `table.copy` onto a later part of the same table copies what it has just written.
    TableCopyForward = "table-copy-forward" "4.6 Table Instructions";
    /// `elem.drop` does nothing.
    ElemDropIgnored = "elem-drop-ignored" "4.6 Table Instructions";
    /// `i32.load8_s` fills with zeros.
    I32Load8SZero = "i32-load8-s-zero" "4.6 Memory Instructions";
    /// 64-bit loads lose the high half.
    Load64Half = "load64-half" "4.6 Memory Instructions";
    /// 32-bit loads trap where they end with the memory.
    Load32AtEnd = "load32-at-end" "4.6 Memory Instructions";
    /// 32-bit loads may reach one byte beyond the memory.
    Load32PastEnd = "load32-past-end" "4.6 Memory Instructions";
    /// The sum of address and offset wraps at 32 bits in 32-bit loads.
    Load32OffsetWraps = "load32-offset-wraps" "4.6 Memory Instructions";
    /// 16-bit stores write 4 bytes.
    Store16Wide = "store16-wide" "4.6 Memory Instructions";
    /// 64-bit stores that don't fit write their beginning before the trap.
    Store64Torn = "store64-torn" "4.6 Memory Instructions";
    /// `memory.grow` returns the new size.
    MemoryGrowNewSize = "memory-grow-new-size" "4.6 Memory Instructions";
    /// `memory.size` does not see the growth by a single page.
    MemorySizeStale = "memory-size-stale" "4.6 Memory Instructions";
    /// `memory.fill` writes one byte more.
    MemoryFillLong = "memory-fill-long" "4.6 Memory Instructions";
    /// `memory.copy` onto a later part of the memory copies what it has just written.
    MemoryCopyForward = "memory-copy-forward" "4.6 Memory Instructions";
    /// `memory.init` always starts with the first byte of the segment.
    MemoryInitFromStart = "memory-init-from-start" "4.6 Memory Instructions";
    /// `data.drop` does nothing.
    DataDropIgnored = "data-drop-ignored" "4.6 Memory Instructions";
    /// `i32.atomic.rmw.add` returns the new value.
    AtomicAddNew = "atomic-add-new" "4.6 Atomic Memory Instructions";
    /// `i32.atomic.rmw.cmpxchg` writes whatever it finds.
    AtomicCmpxchgAlways = "atomic-cmpxchg-always" "4.6 Atomic Memory Instructions";
    /// `i32.atomic.load` need not be aligned.
    AtomicLoadUnaligned = "atomic-load-unaligned" "4.6 Atomic Memory Instructions";
    /// `memory.atomic.notify` claims to have woken one agent.
    AtomicNotifyOne = "atomic-notify-one" "4.6 Atomic Memory Instructions";
    /// `unreachable` reports a division by zero.
    UnreachableKind = "unreachable-kind" "4.6 Control Instructions";
    /// `br_table` with the first index beyond its targets goes to the last of them.
    BrTableDefault = "br-table-default" "4.6 Control Instructions";
    /// `br_if` looks at the low half of the condition only.
    BrIfLowHalf = "br-if-low-half" "4.6 Control Instructions";
    /// `call_indirect` accepts a function of another type, as long as it takes and leaves as much.
    CallIndirectUnchecked = "call-indirect-unchecked" "4.6 Function Calls";
    /// Two results of a function are exchanged.
    ReturnSwapped = "return-swapped" "4.6 Function Calls";
    /// Instances of one module share the globals that it defines.
    GlobalShared = "global-shared" "4.7 Allocation";
    /// Active data segments are written one byte later, if they fit there.
    DataSegmentLate = "data-segment-late" "4.7 Instantiation";
    /// Nothing is written by instantiation unless all data segments fit, as before bulk memory.
    SegmentsCheckedFirst = "segments-checked-first" "4.7 Instantiation";
    /// The start function is not called.
    StartSkipped = "start-skipped" "4.7 Instantiation";
}

impl Fault {
    /// The fault of this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|fault| fault.name() == name)
    }
}

/// Appends an operator, or what a fault makes of it. Branches stay last, since lowering completes them later.
pub(crate) fn emit(fault: Fault, op: Op, ops: &mut Vec<Op>) {
    let planted = |index, immediate| Op::Planted { fault, index, immediate };
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
        | (Fault::LocalTeeLost, Op::LocalTee(_)) => return,
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
        _ => op,
    };
    ops.push(instead);
}

/// What faults remember.
#[derive(Clone, Debug, Default)]
pub(crate) struct State {
    /// The globals written by the running invocation, with their values before.
    written: Vec<(GlobalAddr, Cell)>,
    /// For a new instance, an older one of the same module.
    twin: Option<usize>,
}

impl State {
    /// The last instance is new.
    pub(crate) fn instantiated(&mut self, instances: &[Instance], fault: Option<Fault>) {
        self.twin = match (fault, instances) {
            (Some(Fault::GlobalShared), [older @ .., new]) => {
                older.iter().position(|older| Arc::ptr_eq(&older.loaded, &new.loaded))
            }
            _ => None,
        };
    }

    /// The global that a new instance gets in place of its own.
    pub(crate) fn shared_global(&self, instances: &[Instance], new: u32, defined: usize) -> Option<GlobalAddr> {
        let own = instances[new as usize].globals.len() - defined;
        instances[self.twin?].globals.get(own + defined).copied()
    }
}

impl Store {
    /// Something that was invoked has ended.
    pub(crate) fn after_invocation<T>(&mut self, outcome: &Result<T, ExecError>) {
        for (addr, before) in self.planted.written.drain(..).rev() {
            if matches!(outcome, Err(ExecError::Trap(_))) {
                self.globals[addr.at()].cell = before;
            }
        }
    }
}

/// Where an active data segment of `len` bytes goes instead of `offset`.
pub(crate) fn data_offset(fault: Option<Fault>, offset: u64, size: usize, len: usize) -> u64 {
    let fits = memory::range(size, offset.saturating_add(1), len as u64).is_some();
    if fault == Some(Fault::DataSegmentLate) && fits { offset + 1 } else { offset }
}

/// What a wrong operator sees of the machine.
pub(crate) struct View<'a> {
    pub(crate) config: &'a Config,
    pub(crate) state: &'a mut State,
    pub(crate) instance: &'a Instance,
    pub(crate) types: &'a TypeInterner,
    pub(crate) funcs: &'a [FuncInst],
    pub(crate) heap: &'a Heap,
    pub(crate) tables: &'a mut [TableInst],
    pub(crate) mems: &'a mut [MemInst],
    pub(crate) globals: &'a mut [GlobalInst],
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
            super::vector::shuffle(&mut super::vector::Operands { slots: view.slots, sp: view.sp }, &lanes)?;
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
        // These have no operator, or another right one.
        Fault::CallIndirectUnchecked
        | Fault::AtomicAddNew
        | Fault::AtomicCmpxchgAlways
        | Fault::AtomicLoadUnaligned
        | Fault::AtomicNotifyOne
        | Fault::LocalTeeLost
        | Fault::ElemDropIgnored
        | Fault::DataDropIgnored
        | Fault::I8x16ShrSUnsigned
        | Fault::I16x8AddSatSWraps
        | Fault::I32x4ExtendHighSigned
        | Fault::I64x2ExtmulHighLow
        | Fault::F32x4PminMin
        | Fault::Load32ZeroSplat
        | Fault::Store16LaneBeside
        | Fault::Load32FirstMemory
        | Fault::StructGetSZero
        | Fault::ArrayGetSZero
        | Fault::I31GetSZero
        | Fault::HandlersReversed
        | Fault::GlobalShared
        | Fault::DataSegmentLate
        | Fault::SegmentsCheckedFirst
        | Fault::StartSkipped => {}
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
    let operands = &mut super::vector::Operands { slots: view.slots, sp: view.sp };
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
