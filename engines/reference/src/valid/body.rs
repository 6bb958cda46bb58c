//! Instructions and expressions (section 3.4), by the algorithm of the standard's appendix "Validation Algorithm":
//! a stack of operand types and a stack of control frames, both explicit.

use wassay_model::Feature;

use super::context::{Check, Context, List, Shape, invalid};
use super::notes::{FuncNotes, Note, Operand};
use super::ty::Ty;
use crate::syntax::{
    Arity, BlockType, CatchKind, CompType, FieldIdx, FieldType, Func, FuncIdx, GlobalIdx, HeapType, Instr, LabelIdx,
    LocalIdx, MemIdx, Mutability, Nullability, RefType, Signature, StorageType, TypeIdx, ValType,
};

/// What opened a control frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Opened {
    /// `block`, `try_table`, `else`, or the body itself.
    Block,
    /// `loop`: its label takes parameters, not results.
    Loop,
    /// `if`, before an `else`.
    If,
}

/// A control frame of the algorithm.
#[derive(Clone, Copy, Debug)]
struct Frame {
    opened: Opened,
    params: List,
    results: List,
    /// The number of operands below the block.
    floor: u32,
    /// Their sizes, as [`Body::size`].
    size: u64,
    /// The number of entries of [`Body::inits`] at the start of the block.
    inits: u32,
    /// Whether the rest of the block is unreachable, and its operand stack polymorphic.
    unreachable: bool,
    /// Whether the block itself stands in unreachable code. Its operand stack isn't polymorphic then.
    dead: bool,
}

impl Frame {
    /// What a branch to the frame's label takes.
    fn label(&self) -> List {
        if self.opened == Opened::Loop { self.params } else { self.results }
    }
}

/// How many locals have their types in a plain list. Beyond, they are looked up in their runs, because a module could
/// otherwise make us write out 50 000 locals for every ten bytes.
const PLAIN_LOCALS: u32 = 512;

/// The state of the algorithm. One is used for all bodies of a module, so that its buffers are allocated once.
#[derive(Default)]
pub(super) struct Body {
    operands: Vec<Ty>,
    frames: Vec<Frame>,
    /// The floor of the innermost frame.
    floor: usize,
    /// The heights of the two operand stacks: slots in the low half, references in the high half. The sum of the sizes
    /// of `operands`.
    size: u64,
    max: Arity,
    /// Whether the code is reachable.
    reachable: bool,

    locals: Vec<Ty>,
    /// Runs of locals by the index behind their last.
    runs: Vec<(u32, Ty)>,
    local_count: u32,
    /// Bits of locals that have no value yet; empty if every local of the function starts with one.
    unset: Vec<u64>,
    /// The locals that got their first value, in order, to be undone at the end of the block.
    inits: Vec<LocalIdx>,

    /// The index of the current instruction, for messages.
    pub(super) at: usize,
    /// What the current instruction's note should say.
    operand: Operand,
}

impl Body {
    /// 3.5 Functions: one of them, after its type has been looked up.
    pub(super) fn func(&mut self, context: &mut Context<'_>, func: &Func, shape: Shape) -> Check<FuncNotes> {
        self.at = 0;
        self.set_locals(context, func, shape)?;
        let mut notes = FuncNotes { notes: Vec::with_capacity(func.body.len()), max: Arity::default() };
        self.run(context, &func.body, shape.results, |body, context, instr| {
            let (size, reachable) = (body.size, body.reachable);
            body.operand = Operand::None;
            body.instr(context, instr)?;
            notes.notes.push(Note { slots: size as u32, refs: (size >> 32) as u32, reachable, operand: body.operand });
            body.max.slots = body.max.slots.max(body.size as u32);
            body.max.refs = body.max.refs.max((body.size >> 32) as u32);
            Ok(())
        })?;
        notes.max = self.max;
        Ok(notes)
    }

    /// 3.4, "Constant Expressions": a constant expression with a result of type `ty`.
    pub(super) fn constant(&mut self, context: &mut Context<'_>, expr: &[Instr], ty: Ty) -> Check {
        self.at = 0;
        self.locals.clear();
        self.runs.clear();
        self.unset.clear();
        self.local_count = 0;
        let result = context.single(ty);
        self.run(context, expr, result, |body, context, instr| {
            is_constant(context, instr)?;
            body.instr(context, instr)
        })
    }

    fn run(
        &mut self,
        context: &mut Context<'_>,
        instrs: &[Instr],
        results: List,
        mut step: impl FnMut(&mut Self, &mut Context<'_>, &Instr) -> Check,
    ) -> Check {
        self.operands.clear();
        self.frames.clear();
        self.inits.clear();
        self.floor = 0;
        self.size = 0;
        self.max = Arity::default();
        self.reachable = true;
        self.frames.push(Frame {
            opened: Opened::Block,
            params: List::default(),
            results,
            floor: 0,
            size: 0,
            inits: 0,
            unreachable: false,
            dead: false,
        });
        for (at, instr) in instrs.iter().enumerate() {
            self.at = at;
            step(self, context, instr)?;
        }
        // The decoder balances every `end`, so the last one has closed the body's own frame.
        debug_assert!(self.frames.is_empty());
        Ok(())
    }

    // Locals.

    /// 3.4, "Variable Instructions": parameters have a value, other locals have one if their type has a default.
    fn set_locals(&mut self, context: &Context<'_>, func: &Func, shape: Shape) -> Check {
        self.locals.clear();
        self.runs.clear();
        self.unset.clear();
        self.locals.extend_from_slice(context.types(shape.params));
        let params = shape.params.len;
        let mut count = params;
        for (run, ty) in &func.locals {
            let ty = context.val_type(*ty)?;
            if !ty.is_defaultable() {
                self.mark_unset(count, count + run);
            }
            count += run;
            self.runs.push((count, ty));
            let plain = count.min(PLAIN_LOCALS.max(params)) as usize;
            if plain > self.locals.len() {
                self.locals.resize(plain, ty);
            }
        }
        self.local_count = count;
        Ok(())
    }

    /// Takes the value of the locals in a range, by whole words: there may be 50 000 of them for ten bytes of module.
    fn mark_unset(&mut self, start: u32, end: u32) {
        self.unset.resize(self.unset.len().max(end as usize / 64 + 1), 0);
        let mut first = start;
        while first < end {
            let next = ((first / 64 + 1) * 64).min(end);
            let ones = u64::MAX >> (64 - (next - first));
            self.unset[first as usize / 64] |= ones << (first % 64);
            first = next;
        }
    }

    #[inline]
    fn is_set(&self, local: LocalIdx) -> bool {
        self.unset.get(local.at() / 64).is_none_or(|word| word & 1 << (local.0 % 64) == 0)
    }

    #[inline]
    fn local(&self, local: LocalIdx) -> Check<Ty> {
        match self.locals.get(local.at()) {
            Some(ty) => Ok(*ty),
            None => self.far_local(local),
        }
    }

    #[cold]
    fn far_local(&self, local: LocalIdx) -> Check<Ty> {
        let run = self.runs.partition_point(|(end, _)| *end <= local.0);
        match self.runs.get(run) {
            Some((_, ty)) => Ok(*ty),
            None => Err(invalid(format!("unknown local {local}, the function has {}", self.local_count))),
        }
    }

    /// A local has a value from here to the end of the block.
    #[inline]
    fn init(&mut self, local: LocalIdx) {
        if !self.is_set(local) {
            self.unset[local.at() / 64] &= !(1 << (local.0 % 64));
            self.inits.push(local);
        }
    }

    fn undo_inits(&mut self, keep: u32) {
        for local in self.inits.drain(keep as usize..) {
            self.unset[local.at() / 64] |= 1 << (local.0 % 64);
        }
    }

    // Operands.

    #[inline]
    fn push(&mut self, ty: Ty) {
        self.operands.push(ty);
        self.size += ty.size();
    }

    fn push_list(&mut self, context: &Context<'_>, list: List) {
        for ty in context.types(list) {
            self.push(*ty);
        }
    }

    /// Pops whatever there is; the bottom type if the stack is polymorphic and nothing is left.
    #[inline]
    fn pop_any(&mut self) -> Check<Ty> {
        if self.operands.len() > self.floor
            && let Some(ty) = self.operands.pop()
        {
            self.size -= ty.size();
            return Ok(ty);
        }
        self.pop_nothing("a value")
    }

    #[cold]
    fn pop_nothing(&self, expected: &str) -> Check<Ty> {
        if self.innermost().unreachable {
            Ok(Ty::BOT)
        } else {
            Err(invalid(format!("type mismatch: expected {expected}, found an empty stack")))
        }
    }

    #[inline]
    fn pop(&mut self, context: &Context<'_>, want: Ty) -> Check {
        if self.operands.last() == Some(&want) && self.operands.len() > self.floor {
            self.operands.pop();
            self.size -= want.size();
            return Ok(());
        }
        self.pop_matching(context, want).map(|_| ())
    }

    /// Pops an operand of a type that matches `want`, and gives that type.
    fn pop_matching(&mut self, context: &Context<'_>, want: Ty) -> Check<Ty> {
        if self.operands.len() == self.floor {
            if self.innermost().unreachable {
                return Ok(Ty::BOT);
            }
            return self.pop_nothing(&context.show(want));
        }
        let got = self.pop_any()?;
        if context.matches(got, want) { Ok(got) } else { Err(mismatch(context, want, got)) }
    }

    fn pop_list(&mut self, context: &Context<'_>, list: List) -> Check {
        for ty in context.types(list).iter().rev() {
            self.pop(context, *ty)?;
        }
        Ok(())
    }

    /// Pops a reference of any type.
    fn pop_ref(&mut self) -> Check<Ty> {
        match self.pop_any()? {
            Ty::BOT => Ok(Ty::REF_BOT),
            ty if ty.is_ref() => Ok(ty),
            ty => Err(invalid(format!("type mismatch: expected a reference, found {}", show_number(ty)))),
        }
    }

    /// Checks that the top of the stack matches `list`, and leaves it as it is.
    fn check_top(&self, context: &Context<'_>, list: List) -> Check {
        let operands = &self.operands[self.floor..];
        let wanted = context.types(list);
        for (depth, want) in wanted.iter().rev().enumerate() {
            let Some(position) = operands.len().checked_sub(depth + 1) else {
                // `pop_nothing` knows whether the stack is polymorphic; if so, all deeper operands exist as well.
                return self.pop_nothing(&context.show(*want)).map(|_| ());
            };
            let got = operands[position];
            if !context.matches(got, *want) {
                return Err(mismatch(context, *want, got));
            }
        }
        Ok(())
    }

    #[inline]
    fn operator(&mut self, context: &Context<'_>, signature: Signature) -> Check {
        for ty in signature.operands.iter().rev() {
            self.pop(context, Ty::of(*ty))?;
        }
        for ty in signature.results {
            self.push(Ty::of(*ty));
        }
        Ok(())
    }

    // Control frames.

    fn innermost(&self) -> &Frame {
        // Every instruction stands inside the body's frame: the `end` that closes it is the last instruction.
        &self.frames[self.frames.len() - 1]
    }

    #[inline]
    fn label(&self, label: LabelIdx) -> Check<List> {
        match self.frames.len().checked_sub(label.at() + 1) {
            Some(position) => Ok(self.frames[position].label()),
            None => Err(invalid(format!("unknown label {label}"))),
        }
    }

    fn block_shape(context: &mut Context<'_>, ty: BlockType) -> Check<Shape> {
        // 3.2, "Block Types", and 3.4, "Control Instructions"
        Ok(match ty {
            BlockType::Empty => Shape { params: List::default(), results: List::default() },
            BlockType::Val(ty) => {
                let ty = context.val_type(ty)?;
                Shape { params: List::default(), results: context.single(ty) }
            }
            BlockType::Func(index) => context.shape(index)?,
        })
    }

    fn enter(&mut self, context: &Context<'_>, opened: Opened, shape: Shape) -> Check {
        self.pop_list(context, shape.params)?;
        self.push_frame(context, opened, shape, !self.reachable);
        Ok(())
    }

    fn push_frame(&mut self, context: &Context<'_>, opened: Opened, shape: Shape, dead: bool) {
        self.floor = self.operands.len();
        self.frames.push(Frame {
            opened,
            params: shape.params,
            results: shape.results,
            floor: self.floor as u32,
            size: self.size,
            inits: self.inits.len() as u32,
            unreachable: false,
            dead,
        });
        self.reachable = !dead;
        self.push_list(context, shape.params);
    }

    /// Closes the innermost frame: its results have to be on the stack, and nothing else.
    fn leave(&mut self, context: &Context<'_>) -> Check<Frame> {
        let frame = *self.innermost();
        self.pop_list(context, frame.results)?;
        if self.operands.len() != self.floor {
            return Err(invalid(format!(
                "type mismatch: {} values too many at the end of the block",
                self.operands.len() - self.floor
            )));
        }
        self.undo_inits(frame.inits);
        self.frames.pop();
        match self.frames.last() {
            Some(outer) => {
                self.floor = outer.floor as usize;
                self.reachable = !(outer.unreachable || outer.dead);
            }
            None => self.floor = 0,
        }
        Ok(frame)
    }

    /// What follows an unconditional branch has any operands it likes.
    fn diverge(&mut self) {
        self.operands.truncate(self.floor);
        if let Some(frame) = self.frames.last_mut() {
            frame.unreachable = true;
            self.size = frame.size;
        }
        self.reachable = false;
    }

    // Groups of instructions.

    fn call(&mut self, context: &Context<'_>, shape: Shape) -> Check {
        self.pop_list(context, shape.params)?;
        self.push_list(context, shape.results);
        Ok(())
    }

    fn tail_call(&mut self, context: &Context<'_>, shape: Shape) -> Check {
        let (ours, theirs) = (context.types(self.frames[0].results), context.types(shape.results));
        if ours.len() != theirs.len() || !theirs.iter().zip(ours).all(|(sub, sup)| context.matches(*sub, *sup)) {
            return Err(invalid("type mismatch: the callee's results don't match the caller's"));
        }
        self.pop_list(context, shape.params)?;
        self.diverge();
        Ok(())
    }

    fn indirect(&mut self, context: &Context<'_>, table: crate::syntax::TableIdx, ty: TypeIdx) -> Check<Shape> {
        let table = context.table(table)?;
        if !context.matches(table.elem, Ty::nullable(HeapType::Func)) {
            return Err(invalid("type mismatch: an indirect call needs a table of functions"));
        }
        let shape = context.shape(ty)?;
        self.pop(context, table.addr)?;
        Ok(shape)
    }

    /// 3.4, "Memory Instructions": the address operand's type, once alignment and offset are checked.
    fn access(&self, context: &Context<'_>, mem: MemIdx, align: u8, offset: u64, width: u8) -> Check<Ty> {
        let addr = context.mem_addr(mem)?;
        if align >= 8 || 1u32 << align > u32::from(width) {
            return Err(invalid(format!("alignment 2^{align} must not be larger than natural, {width}")));
        }
        if addr == Ty::I32 && offset > u64::from(u32::MAX) {
            return Err(invalid(format!("offset {offset} out of range of 32-bit addresses")));
        }
        Ok(addr)
    }

    /// Length operands: the narrower of two address types.
    fn narrower(a: Ty, b: Ty) -> Ty {
        if a == Ty::I64 && b == Ty::I64 { Ty::I64 } else { Ty::I32 }
    }

    fn field(context: &Context<'_>, ty: TypeIdx, field: FieldIdx) -> Check<FieldType> {
        let fields = context.fields(ty)?;
        fields.get(field.at()).copied().ok_or_else(|| invalid(format!("unknown field {field} of type {ty}")))
    }

    fn struct_get(&mut self, context: &Context<'_>, ty: TypeIdx, field: FieldIdx, packing: Packing) -> Check {
        let field = Self::field(context, ty, field)?;
        packing.check(field.storage)?;
        self.pop(context, reference(context, ty, Nullability::Nullable)?)?;
        self.push(Ty::of(field.storage.unpacked()));
        Ok(())
    }

    fn array_get(&mut self, context: &Context<'_>, ty: TypeIdx, packing: Packing) -> Check {
        let field = context.array(ty)?;
        packing.check(field.storage)?;
        self.pop(context, Ty::I32)?;
        self.pop(context, reference(context, ty, Nullability::Nullable)?)?;
        self.push(Ty::of(field.storage.unpacked()));
        Ok(())
    }

    /// `array.init_*`: [array, position, position in the segment, length] -> []
    fn array_init(&mut self, context: &Context<'_>, ty: TypeIdx) -> Check {
        for _ in 0..3 {
            self.pop(context, Ty::I32)?;
        }
        self.pop(context, reference(context, ty, Nullability::Nullable)?)
    }

    /// `array.new_data` and `array.new_elem`: [position in the segment, length] -> [array]
    fn array_new_segment(&mut self, context: &Context<'_>, ty: TypeIdx) -> Check {
        self.pop(context, Ty::I32)?;
        self.pop(context, Ty::I32)?;
        self.push(reference(context, ty, Nullability::NonNull)?);
        Ok(())
    }

    /// [any reference of the hierarchy] -> [.], for tests and casts to `ty`.
    fn pop_castable(&mut self, context: &Context<'_>, ty: RefType) -> Check<Ty> {
        let ty = context.ref_type(ty)?;
        self.pop(context, Ty::nullable(top(context, ty.heap)))?;
        Ok(Ty::of_ref(ty))
    }

    /// The types of a branch on a cast: the label, the operand, the target.
    fn cast_branch(context: &Context<'_>, body: &Self, index: u32) -> Check<(List, Ty, Ty)> {
        let branch = context.pools.casts[index as usize];
        let from = Ty::of_ref(context.ref_type(branch.from)?);
        let to = Ty::of_ref(context.ref_type(branch.to)?);
        if !context.matches(to, from) {
            return Err(invalid(format!(
                "type mismatch: {} is no subtype of {}",
                context.show(to),
                context.show(from)
            )));
        }
        Ok((body.label(branch.label)?, from, to))
    }

    /// A conditional branch that passes the label's operands, the last of which has type `last` and is not on the
    /// stack.
    fn branch_with(&mut self, context: &Context<'_>, label: List, last: Ty) -> Check {
        let Some(len) = label.len.checked_sub(1) else {
            return Err(invalid("type mismatch: the label takes no reference"));
        };
        let want = context.types(label)[len as usize];
        if !context.matches(last, want) {
            return Err(mismatch(context, want, last));
        }
        self.pass(context, List { start: label.start, len })
    }

    /// What a conditional branch passes stays on the stack, with the label's types.
    fn pass(&mut self, context: &Context<'_>, list: List) -> Check {
        if list.len > 0 {
            self.pop_list(context, list)?;
            self.push_list(context, list);
        }
        Ok(())
    }

    /// 3.4, "Control Instructions": a handler, before the frame of its block is opened.
    fn handler(&self, context: &Context<'_>, kind: CatchKind, label: LabelIdx) -> Check {
        let label = context.types(self.label(label)?);
        let exn = Ty::non_null(HeapType::Exn);
        let (payload, last) = match kind {
            CatchKind::Tag(tag) => (context.types(context.tag(tag)?.params), None),
            CatchKind::TagRef(tag) => (context.types(context.tag(tag)?.params), Some(exn)),
            CatchKind::All => (&[][..], None),
            CatchKind::AllRef => (&[][..], Some(exn)),
        };
        let passed = payload.iter().copied().chain(last);
        if payload.len() + usize::from(last.is_some()) == label.len()
            && passed.zip(label).all(|(sub, sup)| context.matches(sub, *sup))
        {
            Ok(())
        } else {
            Err(invalid("type mismatch: what the handler passes doesn't match the label"))
        }
    }

    /// 3.4 One instruction.
    #[inline]
    fn instr(&mut self, context: &mut Context<'_>, instr: &Instr) -> Check {
        match *instr {
            // 3.4, control, parametric and variable instructions: the most frequent first.
            Instr::LocalGet(local) => {
                let ty = self.local(local)?;
                if !self.is_set(local) {
                    return Err(invalid(format!("uninitialized local {local}")));
                }
                self.push(ty);
            }
            Instr::LocalSet(local) => {
                let ty = self.local(local)?;
                self.pop(context, ty)?;
                self.init(local);
            }
            Instr::LocalTee(local) => {
                let ty = self.local(local)?;
                self.pop(context, ty)?;
                self.push(ty);
                self.init(local);
            }
            Instr::I32Const(_) => self.push(Ty::I32),
            Instr::I64Const(_) => self.push(Ty::I64),
            Instr::F32Const(_) => self.push(Ty::F32),
            Instr::F64Const(_) => self.push(Ty::F64),
            Instr::Numeric(op) => self.operator(context, op.signature())?,

            // Parametric instructions.
            Instr::Nop => {}
            Instr::Unreachable => self.diverge(),
            Instr::Drop => self.operand = kind(self.pop_any()?),
            Instr::Select => {
                self.pop(context, Ty::I32)?;
                let second = self.pop_any()?;
                let first = self.pop_any()?;
                if first.is_ref() || second.is_ref() {
                    return Err(invalid("type mismatch: select without a type takes numbers or vectors"));
                }
                if first != second && first != Ty::BOT && second != Ty::BOT {
                    return Err(mismatch(context, first, second));
                }
                let ty = if first == Ty::BOT { second } else { first };
                self.operand = kind(ty);
                self.push(ty);
            }
            Instr::SelectTyped(types) => {
                let &[ty] = context.pools.types(types) else {
                    return Err(invalid("invalid result arity: select takes exactly one type"));
                };
                let ty = context.val_type(ty)?;
                self.pop(context, Ty::I32)?;
                self.pop(context, ty)?;
                self.pop(context, ty)?;
                self.operand = kind(ty);
                self.push(ty);
            }

            // Control instructions.
            Instr::Block(ty) => {
                let shape = Self::block_shape(context, ty)?;
                self.enter(context, Opened::Block, shape)?;
            }
            Instr::Loop(ty) => {
                let shape = Self::block_shape(context, ty)?;
                self.enter(context, Opened::Loop, shape)?;
            }
            Instr::If(ty) => {
                let shape = Self::block_shape(context, ty)?;
                self.pop(context, Ty::I32)?;
                self.enter(context, Opened::If, shape)?;
            }
            Instr::TryTable(index) => {
                let try_table = context.pools.try_tables[index as usize];
                for catch in context.pools.catches(try_table.catches) {
                    self.handler(context, catch.kind, catch.label)?;
                }
                let shape = Self::block_shape(context, try_table.block)?;
                self.enter(context, Opened::Block, shape)?;
            }
            Instr::Else => {
                let frame = self.leave(context)?;
                if frame.opened != Opened::If {
                    return Err(invalid("else outside of an if"));
                }
                let shape = Shape { params: frame.params, results: frame.results };
                self.push_frame(context, Opened::Block, shape, frame.dead);
            }
            Instr::End => {
                let frame = self.leave(context)?;
                if frame.opened == Opened::If {
                    // Without an `else`, the parameters are the results.
                    let (params, results) = (context.types(frame.params), context.types(frame.results));
                    if params.len() != results.len()
                        || !params.iter().zip(results).all(|(sub, sup)| context.matches(*sub, *sup))
                    {
                        return Err(invalid("type mismatch: an if without else passes its parameters on"));
                    }
                }
                self.push_list(context, frame.results);
            }
            Instr::Br(label) => {
                let types = self.label(label)?;
                self.pop_list(context, types)?;
                self.diverge();
            }
            Instr::BrIf(label) => {
                let types = self.label(label)?;
                self.pop(context, Ty::I32)?;
                self.pass(context, types)?;
            }
            Instr::BrTable(range) => {
                self.pop(context, Ty::I32)?;
                let labels = context.pools.labels(range);
                let arity = match labels.last() {
                    Some(default) => self.label(*default)?.len,
                    None => 0,
                };
                let mut last = None;
                for label in labels {
                    // Long tables tend to have long runs of one label.
                    if last == Some(label) {
                        continue;
                    }
                    last = Some(label);
                    let types = self.label(*label)?;
                    if types.len != arity {
                        return Err(invalid(format!(
                            "type mismatch: label {label} has another arity than the default"
                        )));
                    }
                    self.check_top(context, types)?;
                }
                self.diverge();
            }
            Instr::BrOnNull(label) => {
                let types = self.label(label)?;
                let ty = self.pop_ref()?;
                self.pass(context, types)?;
                self.push(ty.as_non_null());
            }
            Instr::BrOnNonNull(label) => {
                let types = self.label(label)?;
                let ty = self.pop_ref()?;
                self.branch_with(context, types, ty.as_non_null())?;
            }
            Instr::BrOnCast(index) => {
                let (label, from, to) = Self::cast_branch(context, self, index)?;
                self.pop(context, from)?;
                self.branch_with(context, label, to)?;
                self.push(difference(from, to));
            }
            Instr::BrOnCastFail(index) => {
                let (label, from, to) = Self::cast_branch(context, self, index)?;
                self.pop(context, from)?;
                self.branch_with(context, label, difference(from, to))?;
                self.push(to);
            }
            Instr::Return => {
                self.pop_list(context, self.frames[0].results)?;
                self.diverge();
            }
            Instr::Call(func) => {
                let shape = context.shape(context.func(func)?)?;
                self.call(context, shape)?;
            }
            Instr::CallRef(ty) => {
                let shape = context.shape(ty)?;
                self.pop(context, reference(context, ty, Nullability::Nullable)?)?;
                self.call(context, shape)?;
            }
            Instr::CallIndirect { table, ty } => {
                let shape = self.indirect(context, table, ty)?;
                self.call(context, shape)?;
            }
            Instr::ReturnCall(func) => {
                let shape = context.shape(context.func(func)?)?;
                self.tail_call(context, shape)?;
            }
            Instr::ReturnCallRef(ty) => {
                let shape = context.shape(ty)?;
                self.pop(context, reference(context, ty, Nullability::Nullable)?)?;
                self.tail_call(context, shape)?;
            }
            Instr::ReturnCallIndirect { table, ty } => {
                let shape = self.indirect(context, table, ty)?;
                self.tail_call(context, shape)?;
            }
            Instr::Throw(tag) => {
                let shape = context.tag(tag)?;
                self.pop_list(context, shape.params)?;
                self.diverge();
            }
            Instr::ThrowRef => {
                self.pop(context, Ty::nullable(HeapType::Exn))?;
                self.diverge();
            }

            // Variable instructions; those of locals stand above.
            Instr::GlobalGet(global) => self.push(context.global(global)?.val),
            Instr::GlobalSet(global) => self.global_set(context, global)?,

            // Table instructions.
            Instr::TableGet(table) => {
                let table = context.table(table)?;
                self.pop(context, table.addr)?;
                self.push(table.elem);
            }
            Instr::TableSet(table) => {
                let table = context.table(table)?;
                self.pop(context, table.elem)?;
                self.pop(context, table.addr)?;
            }
            Instr::TableSize(table) => self.push(context.table(table)?.addr),
            Instr::TableGrow(table) => {
                let table = context.table(table)?;
                self.pop(context, table.addr)?;
                self.pop(context, table.elem)?;
                self.push(table.addr);
            }
            Instr::TableFill(table) => {
                let table = context.table(table)?;
                self.pop(context, table.addr)?;
                self.pop(context, table.elem)?;
                self.pop(context, table.addr)?;
            }
            Instr::TableCopy { dst, src } => {
                let (dst, src) = (context.table(dst)?, context.table(src)?);
                if !context.matches(src.elem, dst.elem) {
                    return Err(mismatch(context, dst.elem, src.elem));
                }
                self.pop(context, Self::narrower(dst.addr, src.addr))?;
                self.pop(context, src.addr)?;
                self.pop(context, dst.addr)?;
            }
            Instr::TableInit { table, elem } => {
                let (table, elem) = (context.table(table)?, context.elem(elem)?);
                if !context.matches(elem, table.elem) {
                    return Err(mismatch(context, table.elem, elem));
                }
                self.pop(context, Ty::I32)?;
                self.pop(context, Ty::I32)?;
                self.pop(context, table.addr)?;
            }
            Instr::ElemDrop(elem) => {
                context.elem(elem)?;
            }

            // Memory instructions.
            Instr::Load { op, align, mem, offset } => {
                let addr = self.access(context, mem, align, offset, op.width())?;
                self.pop(context, addr)?;
                self.push(Ty::of(op.ty()));
            }
            Instr::Store { op, align, mem, offset } => {
                let addr = self.access(context, mem, align, offset, op.width())?;
                self.pop(context, Ty::of(op.ty()))?;
                self.pop(context, addr)?;
            }
            Instr::LoadLane { op, align, lane, mem, offset } => {
                let addr = self.access(context, mem, align, offset, op.width())?;
                check_lane(lane, 16 / op.width())?;
                self.pop(context, Ty::V128)?;
                self.pop(context, addr)?;
                self.push(Ty::V128);
            }
            Instr::StoreLane { op, align, lane, mem, offset } => {
                let addr = self.access(context, mem, align, offset, op.width())?;
                check_lane(lane, 16 / op.width())?;
                self.pop(context, Ty::V128)?;
                self.pop(context, addr)?;
            }
            Instr::MemorySize(mem) => self.push(context.mem_addr(mem)?),
            Instr::MemoryGrow(mem) => {
                let addr = context.mem_addr(mem)?;
                self.pop(context, addr)?;
                self.push(addr);
            }
            Instr::MemoryFill(mem) => {
                let addr = context.mem_addr(mem)?;
                self.pop(context, addr)?;
                self.pop(context, Ty::I32)?;
                self.pop(context, addr)?;
            }
            Instr::MemoryCopy { dst, src } => {
                let (dst, src) = (context.mem_addr(dst)?, context.mem_addr(src)?);
                self.pop(context, Self::narrower(dst, src))?;
                self.pop(context, src)?;
                self.pop(context, dst)?;
            }
            Instr::MemoryInit { mem, data } => {
                let addr = context.mem_addr(mem)?;
                context.data(data)?;
                self.pop(context, Ty::I32)?;
                self.pop(context, Ty::I32)?;
                self.pop(context, addr)?;
            }
            Instr::DataDrop(data) => context.data(data)?,
            Instr::Atomic { op, align, mem, offset } => {
                let addr = self.access(context, mem, align, offset, op.width())?;
                // Threads proposal: an atomic access has exactly its natural alignment.
                if 1 << align != op.width() {
                    return Err(invalid(format!("atomic alignment must be {}", op.width())));
                }
                let signature = op.signature();
                for ty in signature.operands.iter().rev() {
                    self.pop(context, Ty::of(*ty))?;
                }
                self.pop(context, addr)?;
                for ty in signature.results {
                    self.push(Ty::of(*ty));
                }
            }
            Instr::AtomicFence => {}

            // Reference instructions.
            Instr::RefNull(heap) => {
                let heap = context.heap(heap)?;
                self.push(Ty::nullable(heap));
            }
            Instr::RefIsNull => {
                self.pop_ref()?;
                self.push(Ty::I32);
            }
            Instr::RefFunc(func) => self.ref_func(context, func)?,
            Instr::RefAsNonNull => {
                let ty = self.pop_ref()?;
                self.push(ty.as_non_null());
            }
            Instr::RefEq => {
                self.pop(context, Ty::nullable(HeapType::Eq))?;
                self.pop(context, Ty::nullable(HeapType::Eq))?;
                self.push(Ty::I32);
            }
            Instr::RefTest(ty) => {
                self.pop_castable(context, ty)?;
                self.push(Ty::I32);
            }
            Instr::RefCast(ty) => {
                let ty = self.pop_castable(context, ty)?;
                self.push(ty);
            }
            Instr::RefI31 => {
                self.pop(context, Ty::I32)?;
                self.push(Ty::non_null(HeapType::I31));
            }
            Instr::I31GetS | Instr::I31GetU => {
                self.pop(context, Ty::nullable(HeapType::I31))?;
                self.push(Ty::I32);
            }
            Instr::AnyConvertExtern => self.convert(context, HeapType::Extern, HeapType::Any)?,
            Instr::ExternConvertAny => self.convert(context, HeapType::Any, HeapType::Extern)?,

            // Aggregate instructions.
            Instr::StructNew(ty) => {
                for field in context.fields(ty)?.iter().rev() {
                    self.pop(context, Ty::of(field.storage.unpacked()))?;
                }
                self.push(reference(context, ty, Nullability::NonNull)?);
            }
            Instr::StructNewDefault(ty) => {
                if !context.fields(ty)?.iter().all(|field| Ty::of(field.storage.unpacked()).is_defaultable()) {
                    return Err(invalid(format!("a field of type {ty} has no default value")));
                }
                self.push(reference(context, ty, Nullability::NonNull)?);
            }
            Instr::StructGet { ty, field } => self.struct_get(context, ty, field, Packing::None)?,
            Instr::StructGetS { ty, field } | Instr::StructGetU { ty, field } => {
                self.struct_get(context, ty, field, Packing::Packed)?;
            }
            Instr::StructSet { ty, field } => {
                let field = Self::field(context, ty, field)?;
                check_mutable(field)?;
                self.pop(context, Ty::of(field.storage.unpacked()))?;
                self.pop(context, reference(context, ty, Nullability::Nullable)?)?;
            }
            Instr::ArrayNew(ty) => {
                let field = context.array(ty)?;
                self.pop(context, Ty::I32)?;
                self.pop(context, Ty::of(field.storage.unpacked()))?;
                self.push(reference(context, ty, Nullability::NonNull)?);
            }
            Instr::ArrayNewDefault(ty) => {
                if !Ty::of(context.array(ty)?.storage.unpacked()).is_defaultable() {
                    return Err(invalid(format!("the elements of type {ty} have no default value")));
                }
                self.pop(context, Ty::I32)?;
                self.push(reference(context, ty, Nullability::NonNull)?);
            }
            Instr::ArrayNewFixed { ty, len } => {
                let elem = Ty::of(context.array(ty)?.storage.unpacked());
                for _ in 0..len {
                    self.pop(context, elem)?;
                }
                self.push(reference(context, ty, Nullability::NonNull)?);
            }
            Instr::ArrayNewData { ty, data } => {
                check_bytes(context.array(ty)?)?;
                context.data(data)?;
                self.array_new_segment(context, ty)?;
            }
            Instr::ArrayNewElem { ty, elem } => {
                check_elem(context, context.array(ty)?, context.elem(elem)?)?;
                self.array_new_segment(context, ty)?;
            }
            Instr::ArrayGet(ty) => self.array_get(context, ty, Packing::None)?,
            Instr::ArrayGetS(ty) | Instr::ArrayGetU(ty) => self.array_get(context, ty, Packing::Packed)?,
            Instr::ArraySet(ty) => {
                let field = context.array(ty)?;
                check_mutable(field)?;
                self.pop(context, Ty::of(field.storage.unpacked()))?;
                self.pop(context, Ty::I32)?;
                self.pop(context, reference(context, ty, Nullability::Nullable)?)?;
            }
            Instr::ArrayLen => {
                self.pop(context, Ty::nullable(HeapType::Array))?;
                self.push(Ty::I32);
            }
            Instr::ArrayFill(ty) => {
                let field = context.array(ty)?;
                check_mutable(field)?;
                self.pop(context, Ty::I32)?;
                self.pop(context, Ty::of(field.storage.unpacked()))?;
                self.pop(context, Ty::I32)?;
                self.pop(context, reference(context, ty, Nullability::Nullable)?)?;
            }
            Instr::ArrayCopy { dst, src } => {
                let (to, from) = (context.array(dst)?, context.array(src)?);
                check_mutable(to)?;
                let fits = match (from.storage, to.storage) {
                    (StorageType::Val(sub), StorageType::Val(sup)) => context.interner.val_matches(sub, sup),
                    (sub, sup) => sub == sup,
                };
                if !fits {
                    return Err(invalid(format!("array types do not match: type {src} is copied to type {dst}")));
                }
                self.pop(context, Ty::I32)?;
                self.pop(context, Ty::I32)?;
                self.pop(context, reference(context, src, Nullability::Nullable)?)?;
                self.pop(context, Ty::I32)?;
                self.pop(context, reference(context, dst, Nullability::Nullable)?)?;
            }
            Instr::ArrayInitData { ty, data } => {
                let field = context.array(ty)?;
                check_mutable(field)?;
                check_bytes(field)?;
                context.data(data)?;
                self.array_init(context, ty)?;
            }
            Instr::ArrayInitElem { ty, elem } => {
                let field = context.array(ty)?;
                check_mutable(field)?;
                check_elem(context, field, context.elem(elem)?)?;
                self.array_init(context, ty)?;
            }

            // Vector instructions.
            Instr::V128Const(_) => self.push(Ty::V128),
            Instr::Shuffle(index) => {
                for lane in context.pools.vectors[index as usize] {
                    check_lane(lane, 32)?;
                }
                self.pop(context, Ty::V128)?;
                self.pop(context, Ty::V128)?;
                self.push(Ty::V128);
            }
            Instr::Lane { op, lane } => {
                check_lane(lane, op.lanes())?;
                self.operator(context, op.signature())?;
            }
            Instr::Vector(op) => self.operator(context, op.signature())?,
        }
        Ok(())
    }

    fn global_set(&mut self, context: &Context<'_>, global: GlobalIdx) -> Check {
        let shape = context.global(global)?;
        if shape.mutability == Mutability::Const {
            return Err(invalid(format!("global {global} is immutable")));
        }
        self.pop(context, shape.val)
    }

    fn ref_func(&mut self, context: &Context<'_>, func: FuncIdx) -> Check {
        let ty = context.func(func)?;
        if !context.declared[func.at()] {
            return Err(invalid(format!("undeclared function reference {func}")));
        }
        // Before typed references, the type of a reference to a function said nothing of the function.
        self.push(reference(context, ty, Nullability::NonNull)?);
        Ok(())
    }

    /// `any.convert_extern` and `extern.convert_any` keep nullability.
    fn convert(&mut self, context: &Context<'_>, from: HeapType, to: HeapType) -> Check {
        let ty = self.pop_matching(context, Ty::nullable(from))?;
        // The bottom type may be taken for a type without null.
        self.push(if ty.is_nullable() { Ty::nullable(to) } else { Ty::non_null(to) });
        Ok(())
    }
}

/// How a field is read.
#[derive(Clone, Copy)]
enum Packing {
    /// As it is.
    None,
    /// With an extension.
    Packed,
}

impl Packing {
    fn check(self, storage: StorageType) -> Check {
        match (self, storage) {
            (Self::None, StorageType::Val(_)) | (Self::Packed, StorageType::I8 | StorageType::I16) => Ok(()),
            (Self::None, _) => Err(invalid("the field is packed: get needs a sign")),
            (Self::Packed, _) => Err(invalid("the field is unpacked: get takes no sign")),
        }
    }
}

/// A reference to a defined type.
fn reference(context: &Context<'_>, ty: TypeIdx, nullability: Nullability) -> Check<Ty> {
    Ok(Ty::of_ref(RefType { nullability, heap: HeapType::Concrete(context.type_id(ty)?.0) }))
}

/// The heap type above all others of the hierarchy.
fn top(context: &Context<'_>, heap: HeapType) -> HeapType {
    match heap {
        HeapType::Func | HeapType::NoFunc => HeapType::Func,
        HeapType::Extern | HeapType::NoExtern => HeapType::Extern,
        HeapType::Exn | HeapType::NoExn => HeapType::Exn,
        HeapType::Any | HeapType::Eq | HeapType::I31 | HeapType::Struct | HeapType::Array | HeapType::None => {
            HeapType::Any
        }
        HeapType::Concrete(id) => match context.interner.expand(super::types::TypeId(id)) {
            CompType::Func(_) => HeapType::Func,
            CompType::Struct(_) | CompType::Array(_) => HeapType::Any,
        },
    }
}

/// 3.1 Conventions: what remains of `from` when a test for `to` has failed: if `to` takes null, null is ruled out.
fn difference(from: Ty, to: Ty) -> Ty {
    if to.is_nullable() { from.as_non_null() } else { from }
}

fn kind(ty: Ty) -> Operand {
    ty.val().map_or(if ty.is_ref() { Operand::Ref } else { Operand::None }, Operand::of)
}

fn check_lane(lane: u8, lanes: u8) -> Check {
    if lane < lanes { Ok(()) } else { Err(invalid(format!("invalid lane index {lane}, there are {lanes}"))) }
}

fn check_mutable(field: FieldType) -> Check {
    match field.mutability {
        Mutability::Var => Ok(()),
        Mutability::Const => Err(invalid("the field is immutable")),
    }
}

/// Arrays of references cannot be made from bytes.
fn check_bytes(field: FieldType) -> Check {
    match field.storage.unpacked() {
        ValType::Ref(_) => Err(invalid("array type is not numeric or vector")),
        _ => Ok(()),
    }
}

fn check_elem(context: &Context<'_>, field: FieldType, elem: Ty) -> Check {
    match field.storage {
        StorageType::Val(ty) if context.matches(elem, Ty::of(ty)) => Ok(()),
        _ => Err(invalid(format!("type mismatch: the segment's {} doesn't match the array", context.show(elem)))),
    }
}

/// 3.4, "Constant Expressions": which instructions may stand in a constant expression.
fn is_constant(context: &Context<'_>, instr: &Instr) -> Check {
    let gc = context.has(Feature::Gc);
    let constant = match *instr {
        Instr::I32Const(_)
        | Instr::I64Const(_)
        | Instr::F32Const(_)
        | Instr::F64Const(_)
        | Instr::V128Const(_)
        | Instr::RefNull(_)
        | Instr::RefFunc(_)
        | Instr::End => true,
        Instr::Numeric(op) => {
            use crate::syntax::NumericOp as N;
            context.has(Feature::ExtendedConst)
                && matches!(op, N::I32Add | N::I32Sub | N::I32Mul | N::I64Add | N::I64Sub | N::I64Mul)
        }
        Instr::RefI31
        | Instr::StructNew(_)
        | Instr::StructNewDefault(_)
        | Instr::ArrayNew(_)
        | Instr::ArrayNewDefault(_)
        | Instr::ArrayNewFixed { .. }
        | Instr::AnyConvertExtern
        | Instr::ExternConvertAny => gc,
        Instr::GlobalGet(global) => {
            let shape = context.global(global)?;
            if global.at() >= context.visible_globals {
                return Err(invalid(format!("unknown global {global}: not visible in this constant expression")));
            }
            shape.mutability == Mutability::Const
        }
        _ => false,
    };
    if constant { Ok(()) } else { Err(invalid("constant expression required")) }
}

#[cold]
fn mismatch(context: &Context<'_>, want: Ty, got: Ty) -> Box<super::Invalid> {
    invalid(format!("type mismatch: expected {}, found {}", context.show(want), context.show(got)))
}

#[cold]
fn show_number(ty: Ty) -> String {
    ty.val().map_or_else(|| "bot".to_owned(), |ty| ty.to_string())
}
