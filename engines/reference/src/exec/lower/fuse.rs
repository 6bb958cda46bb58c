//! Fused operators: `local.get`, constants, `local.set` and comparisons become operands, results and conditions of the
//! operators beside them.
//!
//! DEVIATION: an operand that a `local.get` or a constant would push is not pushed. It waits, with the height at which it
//! would lie, until an operator takes it from where it is, or until something needs the stack as the standard has it; then
//! it is copied there. What is seen from outside is the same, fuel included: an instruction without an operator of its own
//! is paid for by the next operator of those that were made after it.
//!
//! Nothing waits across a label, so a branch always finds the whole stack.

use super::{LabelKind, Lowering, NONE, Place};
use crate::exec::op::{Op, Shift, Slots, Test, TestWith, With};
use crate::syntax::{Arity, Instr, LoadOp, LocalIdx, NumericOp, StoreOp};
use crate::valid::Note;

/// What waits to be pushed.
#[derive(Clone, Copy, Debug)]
enum Source {
    Local(u16),
    Const(u64),
}

/// An operand: at a place in the frame, or known.
#[derive(Clone, Copy)]
enum Operand {
    At(u16),
    Const(u64),
}

/// A comparison whose branch comes next.
#[derive(Clone, Copy)]
pub(super) struct Condition {
    op: NumericOp,
    a: u16,
    b: Operand,
}

/// What lowering remembers between the instructions of a straight line.
#[derive(Default)]
pub(super) struct Fusing {
    /// The operands that wait, with their places, lowest first.
    waiting: Vec<(u16, Source)>,
    /// Instructions that the next operator pays for.
    owed: u8,
    condition: Option<Condition>,
    /// The place of the result of the last operator, if a `local.set` may still change it.
    result: Option<u16>,
}

/// More would not fit into an operator's count.
const MOST_WAITING: usize = 100;
/// Beyond this, places in the frame might not fit into an operator.
const MOST_SLOTS: u16 = 60_000;

impl Lowering<'_> {
    /// Lowers an instruction as part of a fused operator; false if it has to be lowered by itself, with the operands that
    /// it touches where the standard has them.
    pub(super) fn fused(&mut self, instr: Instr, next: Option<&Instr>, note: Note) -> bool {
        // The end of the operand stack, before the instruction.
        let end = self.end(note);
        if end > MOST_SLOTS {
            return self.settled(0, end);
        }
        let mut result = self.fusing.result.take();
        match instr {
            Instr::LocalGet(index) => match self.slot(index) {
                Some(at) => self.wait(end, Source::Local(at)),
                None => return self.settled(0, end),
            },
            Instr::I32Const(value) => self.wait(end, Source::Const(u64::from(value.cast_unsigned()))),
            Instr::I64Const(value) => self.wait(end, Source::Const(value.cast_unsigned())),
            Instr::F32Const(bits) => self.wait(end, Source::Const(u64::from(bits))),
            Instr::F64Const(bits) => self.wait(end, Source::Const(bits)),
            Instr::LocalSet(index) | Instr::LocalTee(index) => {
                let Some(at) = self.slot(index) else { return self.settled(0, end) };
                let tee = matches!(instr, Instr::LocalTee(_));
                if self.fusing.waiting.iter().any(|(_, source)| matches!(source, Source::Local(read) if *read == at)) {
                    self.settled(0, end);
                    result = None;
                }
                match result {
                    Some(result) if result == end - 1 => {
                        // A tee reads the value again from the local, and is paid for there.
                        self.redirect(at, end - 1, u8::from(!tee));
                        if tee {
                            self.wait(end - 1, Source::Local(at));
                        }
                    }
                    _ if tee => return self.settled(0, end),
                    _ => {
                        let value = self.operand(end - 1);
                        let paid = self.paid() + 1;
                        self.emit(match value {
                            Operand::At(a) => Op::Copy(paid, Slots { to: at, a, b: 0, top: end - 1 }),
                            Operand::Const(bits) => Op::Put(paid, With::new(at, 0, end - 1, bits)),
                        });
                    }
                }
            }
            Instr::Numeric(op) => {
                if let Some((slots, with)) = binary(op) {
                    let (to, top) = (end - 2, end - 1);
                    let b = self.operand(end - 1);
                    let a = self.place(end - 2);
                    let paid = self.paid();
                    self.emit(match b {
                        Operand::At(b) => slots(paid, Slots { to, a, b, top }),
                        Operand::Const(bits) => with(paid, With::new(to, a, top, bits)),
                    });
                    self.fusing.result = Some(to);
                } else if self.decides(op, next, note) {
                    self.fusing.condition = Some(if op == NumericOp::I32Eqz {
                        Condition { op: NumericOp::I32Eq, a: self.place(end - 1), b: Operand::Const(0) }
                    } else {
                        let with = comparison(op).is_some_and(|(_, with)| with.is_some());
                        let b = if with { self.operand(end - 1) } else { Operand::At(self.place(end - 1)) };
                        Condition { op, a: self.place(end - 2), b }
                    });
                    self.fusing.owed += 1;
                } else {
                    return self.settled(end - op.signature().operands.len() as u16, end);
                }
            }
            Instr::Load { op, mem, offset, .. } => {
                let load = match op {
                    LoadOp::I32Load8U | LoadOp::I64Load8U => Op::Load8USlot,
                    LoadOp::I32Load16U | LoadOp::I64Load16U => Op::Load16USlot,
                    LoadOp::I32Load | LoadOp::F32Load | LoadOp::I64Load32U => Op::Load32Slot,
                    LoadOp::I64Load | LoadOp::F64Load => Op::Load64Slot,
                    LoadOp::I32Load8S => Op::I32Load8SSlot,
                    _ => return self.settled(0, end),
                };
                if mem.0 != 0 {
                    return self.settled(0, end);
                }
                let a = self.place(end - 1);
                let paid = self.paid();
                self.emit(load(paid, With::new(end - 1, a, end, offset)));
            }
            Instr::Store { op, mem, offset, .. } => {
                let store = match op {
                    StoreOp::I32Store8 | StoreOp::I64Store8 => Op::Store8Slots,
                    StoreOp::I32Store16 | StoreOp::I64Store16 => Op::Store16Slots,
                    StoreOp::I32Store | StoreOp::F32Store | StoreOp::I64Store32 => Op::Store32Slots,
                    StoreOp::I64Store | StoreOp::F64Store => Op::Store64Slots,
                    StoreOp::V128Store => return self.settled(0, end),
                };
                if mem.0 != 0 {
                    return self.settled(0, end);
                }
                let value = self.place(end - 1);
                let a = self.place(end - 2);
                let paid = self.paid();
                self.emit(store(paid, With::new(value, a, end - 2, offset)));
            }
            Instr::BrIf(label) => {
                let height = Arity { slots: note.slots - 1, refs: note.refs };
                if self.shift(label, height) != Shift::default() {
                    return self.settled(0, end);
                }
                let (condition, top) = self.condition(end);
                self.branch_if(condition, top);
                let site = self.here() - 1;
                let target = self.target(label, site);
                self.patch(site, target);
            }
            Instr::If(ty) => {
                let (Condition { op, a, b }, top) = self.condition(end);
                self.branch_if(Condition { op: inverse(op), a, b }, top);
                self.open(LabelKind::If(self.here() - 1), ty, note, 1);
            }
            _ => return self.settled(0, end),
        }
        true
    }

    /// The end of the operand stack; a frame that is too large for fused operators has nothing that waits.
    fn end(&self, note: Note) -> u16 {
        u16::try_from(u64::from(self.frame.slots) + u64::from(note.slots)).unwrap_or(u16::MAX)
    }

    /// A local in a slot that operators can name.
    fn slot(&self, index: LocalIdx) -> Option<u16> {
        match self.locals[index.at()] {
            Place::Slot(at) => u16::try_from(at).ok().filter(|at| *at <= MOST_SLOTS),
            _ => None,
        }
    }

    /// Whether the comparison only decides about the branch that comes next.
    fn decides(&mut self, op: NumericOp, next: Option<&Instr>, note: Note) -> bool {
        if op != NumericOp::I32Eqz && comparison(op).is_none() {
            return false;
        }
        match next {
            Some(Instr::If(_)) => true,
            Some(Instr::BrIf(label)) => {
                let slots = note.slots - op.signature().operands.len() as u32;
                self.shift(*label, Arity { slots, refs: note.refs }) == Shift::default()
            }
            _ => false,
        }
    }

    /// What the branch at hand depends on, and the end of the stack without it.
    fn condition(&mut self, end: u16) -> (Condition, u16) {
        let condition = self.fusing.condition.take().unwrap_or_else(|| {
            let a = self.place(end - 1);
            Condition { op: NumericOp::I32Ne, a, b: Operand::Const(0) }
        });
        self.settled(0, end - 1);
        (condition, end - 1)
    }

    /// Emits a branch, whose target is not known yet, that is taken if the condition holds.
    fn branch_if(&mut self, Condition { op, a, b }: Condition, top: u16) {
        let paid = self.paid();
        let Some((slots, with)) = comparison(op) else { return };
        self.emit(match (b, with) {
            (Operand::Const(b), Some(with)) => with(paid, TestWith { a, top, b: b as u32, target: NONE }),
            // Only what has a form with a constant is given one.
            (Operand::Const(_), None) => Op::Unreachable,
            (Operand::At(b), _) => slots(paid, Test { a, b, top, target: NONE }),
        });
    }

    /// Lets the last operator write its result to a local.
    fn redirect(&mut self, local: u16, end: u16, units: u8) {
        if let Some((paid, to, top)) = self.code.ops.last_mut().and_then(Op::result) {
            *paid += units;
            (*to, *top) = (local, end);
        }
    }

    /// Pushes what waits at `from` and above; false, for an instruction that is then lowered by itself.
    fn settled(&mut self, from: u16, end: u16) -> bool {
        let first = self.fusing.waiting.partition_point(|(at, _)| *at < from);
        for position in first..self.fusing.waiting.len() {
            let (to, source) = self.fusing.waiting[position];
            let paid = self.paid();
            self.emit(match source {
                Source::Local(a) => Op::Copy(paid, Slots { to, a, b: 0, top: end }),
                Source::Const(bits) => Op::Put(paid, With::new(to, 0, end, bits)),
            });
        }
        self.fusing.waiting.truncate(first);
        if self.fusing.owed > 0 && first > 0 {
            // What waits further down can be pushed late, but not be paid late.
            self.settled(0, end);
        }
        false
    }

    fn wait(&mut self, at: u16, source: Source) {
        if self.fusing.waiting.len() == MOST_WAITING {
            self.settled(0, at);
        }
        self.fusing.waiting.push((at, source));
        self.fusing.owed += 1;
    }

    /// The operand at a place of the stack, which does not wait any more.
    fn operand(&mut self, at: u16) -> Operand {
        match self.fusing.waiting.pop_if(|(waiting, _)| *waiting == at) {
            Some((_, Source::Local(local))) => Operand::At(local),
            Some((_, Source::Const(bits))) => Operand::Const(bits),
            None => Operand::At(at),
        }
    }

    /// Where an operand is that has to be somewhere: constants are put where they belong.
    fn place(&mut self, at: u16) -> u16 {
        match self.operand(at) {
            Operand::At(place) => place,
            Operand::Const(bits) => {
                let paid = self.paid();
                self.emit(Op::Put(paid, With::new(at, 0, at + 1, bits)));
                at
            }
        }
    }

    /// What the next operator pays for instructions before its own.
    fn paid(&mut self) -> u8 {
        std::mem::take(&mut self.fusing.owed)
    }
}

type Binary = (fn(u8, Slots) -> Op, fn(u8, With) -> Op);

/// The fused forms of an operator with two operands that never traps.
fn binary(op: NumericOp) -> Option<Binary> {
    Some(match op {
        NumericOp::I32Add => (Op::I32AddSlots, Op::I32AddWith),
        NumericOp::I32Sub => (Op::I32SubSlots, Op::I32SubWith),
        NumericOp::I32Mul => (Op::I32MulSlots, Op::I32MulWith),
        NumericOp::I32And => (Op::I32AndSlots, Op::I32AndWith),
        NumericOp::I32Or => (Op::I32OrSlots, Op::I32OrWith),
        NumericOp::I32Xor => (Op::I32XorSlots, Op::I32XorWith),
        NumericOp::I32Shl => (Op::I32ShlSlots, Op::I32ShlWith),
        NumericOp::I32ShrS => (Op::I32ShrSSlots, Op::I32ShrSWith),
        NumericOp::I32ShrU => (Op::I32ShrUSlots, Op::I32ShrUWith),
        NumericOp::I32Rotl => (Op::I32RotlSlots, Op::I32RotlWith),
        NumericOp::I32Rotr => (Op::I32RotrSlots, Op::I32RotrWith),
        NumericOp::I64Add => (Op::I64AddSlots, Op::I64AddWith),
        NumericOp::I64Sub => (Op::I64SubSlots, Op::I64SubWith),
        NumericOp::I64Mul => (Op::I64MulSlots, Op::I64MulWith),
        NumericOp::I64And => (Op::I64AndSlots, Op::I64AndWith),
        NumericOp::I64Or => (Op::I64OrSlots, Op::I64OrWith),
        NumericOp::I64Xor => (Op::I64XorSlots, Op::I64XorWith),
        NumericOp::I64Shl => (Op::I64ShlSlots, Op::I64ShlWith),
        NumericOp::I64ShrS => (Op::I64ShrSSlots, Op::I64ShrSWith),
        NumericOp::I64ShrU => (Op::I64ShrUSlots, Op::I64ShrUWith),
        NumericOp::I64Rotl => (Op::I64RotlSlots, Op::I64RotlWith),
        NumericOp::I64Rotr => (Op::I64RotrSlots, Op::I64RotrWith),
        NumericOp::F32Add => (Op::F32AddSlots, Op::F32AddWith),
        NumericOp::F32Sub => (Op::F32SubSlots, Op::F32SubWith),
        NumericOp::F32Mul => (Op::F32MulSlots, Op::F32MulWith),
        NumericOp::F64Add => (Op::F64AddSlots, Op::F64AddWith),
        NumericOp::F64Sub => (Op::F64SubSlots, Op::F64SubWith),
        NumericOp::F64Mul => (Op::F64MulSlots, Op::F64MulWith),
        _ => return None,
    })
}

type Comparison = (fn(u8, Test) -> Op, Option<fn(u8, TestWith) -> Op>);

/// The branches on a comparison.
fn comparison(op: NumericOp) -> Option<Comparison> {
    Some(match op {
        NumericOp::I32Eq => (Op::BrIfI32Eq, Some(Op::BrIfI32EqWith)),
        NumericOp::I32Ne => (Op::BrIfI32Ne, Some(Op::BrIfI32NeWith)),
        NumericOp::I32LtS => (Op::BrIfI32LtS, Some(Op::BrIfI32LtSWith)),
        NumericOp::I32LtU => (Op::BrIfI32LtU, Some(Op::BrIfI32LtUWith)),
        NumericOp::I32GtS => (Op::BrIfI32GtS, Some(Op::BrIfI32GtSWith)),
        NumericOp::I32GtU => (Op::BrIfI32GtU, Some(Op::BrIfI32GtUWith)),
        NumericOp::I32LeS => (Op::BrIfI32LeS, Some(Op::BrIfI32LeSWith)),
        NumericOp::I32LeU => (Op::BrIfI32LeU, Some(Op::BrIfI32LeUWith)),
        NumericOp::I32GeS => (Op::BrIfI32GeS, Some(Op::BrIfI32GeSWith)),
        NumericOp::I32GeU => (Op::BrIfI32GeU, Some(Op::BrIfI32GeUWith)),
        NumericOp::I64Eq => (Op::BrIfI64Eq, None),
        NumericOp::I64Ne => (Op::BrIfI64Ne, None),
        NumericOp::I64LtS => (Op::BrIfI64LtS, None),
        NumericOp::I64LtU => (Op::BrIfI64LtU, None),
        NumericOp::I64GtS => (Op::BrIfI64GtS, None),
        NumericOp::I64GtU => (Op::BrIfI64GtU, None),
        NumericOp::I64LeS => (Op::BrIfI64LeS, None),
        NumericOp::I64LeU => (Op::BrIfI64LeU, None),
        NumericOp::I64GeS => (Op::BrIfI64GeS, None),
        NumericOp::I64GeU => (Op::BrIfI64GeU, None),
        _ => return None,
    })
}

/// The comparison that holds where this one does not.
fn inverse(op: NumericOp) -> NumericOp {
    match op {
        NumericOp::I32Eq => NumericOp::I32Ne,
        NumericOp::I32Ne => NumericOp::I32Eq,
        NumericOp::I32LtS => NumericOp::I32GeS,
        NumericOp::I32LtU => NumericOp::I32GeU,
        NumericOp::I32GtS => NumericOp::I32LeS,
        NumericOp::I32GtU => NumericOp::I32LeU,
        NumericOp::I32LeS => NumericOp::I32GtS,
        NumericOp::I32LeU => NumericOp::I32GtU,
        NumericOp::I32GeS => NumericOp::I32LtS,
        NumericOp::I32GeU => NumericOp::I32LtU,
        NumericOp::I64Eq => NumericOp::I64Ne,
        NumericOp::I64Ne => NumericOp::I64Eq,
        NumericOp::I64LtS => NumericOp::I64GeS,
        NumericOp::I64LtU => NumericOp::I64GeU,
        NumericOp::I64GtS => NumericOp::I64LeS,
        NumericOp::I64GtU => NumericOp::I64LeU,
        NumericOp::I64LeS => NumericOp::I64GtS,
        NumericOp::I64LeU => NumericOp::I64GtU,
        NumericOp::I64GeS => NumericOp::I64LtS,
        NumericOp::I64GeU => NumericOp::I64LtU,
        other => other,
    }
}
