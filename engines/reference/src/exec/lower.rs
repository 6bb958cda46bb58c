//! Lowering: a valid module's bodies become one list of [`Op`]s.
//!
//! Validation has already computed the height of both operand stacks before every instruction, so nothing is typed
//! here: a label becomes a position, a branch says how many operands it keeps and drops, and unreachable code, whose
//! heights mean nothing, is left out. DEVIATION: the standard reduces the instructions themselves.

mod fuse;

use super::op::{Branch, Guard, Handler, Op, Shift};
use super::planted::{self, Fault};
use crate::syntax::{
    Arity, BlockType, CatchKind, CompType, DataMode, ElemInit, ElemMode, ExternType, FieldIdx, FuncType, Instr,
    LabelIdx, LoadOp, Module, RefType, StorageType, StoreOp, TypeIdx, ValType,
};
use crate::valid::{FuncNotes, Note, Operand, Validated};

/// The code of a module.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Code {
    pub(crate) ops: Vec<Op>,
    /// By defined function.
    pub(crate) funcs: Vec<FuncCode>,
    /// Targets of `br_table`.
    pub(crate) branches: Vec<Branch>,
    pub(crate) shifts: Vec<Shift>,
    /// Inner ones before the ones around them.
    pub(crate) guards: Vec<Guard>,
    pub(crate) handlers: Vec<Handler>,
    /// Types that references are tested for.
    pub(crate) casts: Vec<RefType>,
    /// By type: what the fields of a structure take.
    pub(crate) structs: Vec<Arity>,
    /// By type: the width in bytes of the elements of an array, 0 for references.
    pub(crate) widths: Vec<u8>,
    /// By defined global.
    pub(crate) globals: Vec<FuncCode>,
    /// By defined table, where it has an initial value.
    pub(crate) tables: Vec<Option<FuncCode>>,
    pub(crate) elems: Vec<ElemCode>,
    /// The position of an active segment.
    pub(crate) datas: Vec<Option<FuncCode>>,
}

/// A function's code, or a constant expression's, which is a function without parameters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct FuncCode {
    /// Where it starts in the list.
    pub(crate) entry: u32,
    pub(crate) params: Arity,
    /// Locals, parameters included.
    pub(crate) locals: Arity,
    pub(crate) results: Arity,
    /// The most that the frame ever takes, locals included.
    pub(crate) extent: Arity,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct ElemCode {
    /// The position of an active segment.
    pub(crate) offset: Option<FuncCode>,
    /// The elements, where they are expressions.
    pub(crate) elements: Vec<FuncCode>,
}

/// An instruction that the machine does not know yet.
#[derive(Debug)]
pub(crate) struct Unknown(pub(crate) Instr);

/// Lowers all bodies and constant expressions.
pub(crate) fn lower(module: &Module, validated: &Validated, fault: Option<Fault>) -> Result<Code, Unknown> {
    let mut lowering = Lowering {
        module,
        fault,
        code: Code::default(),
        imported_funcs: 0,
        globals: Vec::new(),
        locals: Vec::new(),
        labels: Vec::new(),
        guards: Vec::new(),
        frame: Arity::default(),
        fields: Vec::new(),
        // A fault takes the place of an operator that stands for one instruction.
        fuse: fault.is_none(),
        fusing: fuse::Fusing::default(),
    };
    lowering.layouts();
    for import in &module.imports {
        match import.ty {
            ExternType::Func(_) => lowering.imported_funcs += 1,
            ExternType::Global(ty) => lowering.globals.push(ty.val),
            _ => {}
        }
    }
    lowering.globals.extend(module.globals.iter().map(|global| global.ty.val));
    lowering.code.ops.reserve(module.funcs.iter().map(|func| func.body.len()).sum());
    for (func, notes) in module.funcs.iter().zip(&validated.funcs) {
        let code = lowering.func(func, notes)?;
        lowering.code.funcs.push(code);
    }
    for global in &module.globals {
        let code = lowering.constant(&global.init, global.ty.val)?;
        lowering.code.globals.push(code);
    }
    for table in &module.tables {
        let ty = ValType::Ref(table.ty.elem);
        let code = table.init.as_ref().map(|init| lowering.constant(init, ty)).transpose()?;
        lowering.code.tables.push(code);
    }
    for elem in &module.elems {
        let mut code = ElemCode::default();
        if let ElemMode::Active { offset, .. } = &elem.mode {
            code.offset = Some(lowering.constant(offset, ValType::I64)?);
        }
        if let ElemInit::Exprs(exprs) = &elem.init {
            for expr in exprs {
                code.elements.push(lowering.constant(expr, ValType::Ref(elem.ty))?);
            }
        }
        lowering.code.elems.push(code);
    }
    for data in &module.datas {
        let code = match &data.mode {
            DataMode::Active { offset, .. } => Some(lowering.constant(offset, ValType::I64)?),
            DataMode::Passive => None,
        };
        lowering.code.datas.push(code);
    }
    Ok(lowering.code)
}

struct Lowering<'a> {
    module: &'a Module,
    fault: Option<Fault>,
    code: Code,
    imported_funcs: u32,
    /// The types of all globals, imports first.
    globals: Vec<ValType>,
    /// Where the locals of the current function lie in its frame.
    locals: Vec<Place>,
    /// The labels around the current instruction, innermost last; the first is the function's.
    labels: Vec<Label>,
    /// The guards around the current instruction.
    guards: Vec<Guard>,
    /// What the locals of the current function take.
    frame: Arity,
    /// By type: where the fields of a structure lie in the object.
    fields: Vec<Vec<Place>>,
    /// Whether one operator may stand for several instructions.
    fuse: bool,
    fusing: fuse::Fusing,
}

/// Where a value lies among others that lie in their order, in slots and references apart.
#[derive(Clone, Copy)]
enum Place {
    Slot(u32),
    Vector(u32),
    Ref(u32),
}

impl Place {
    /// The place of a value of a type behind others that take so much.
    fn behind(before: Arity, ty: ValType) -> Self {
        match ty {
            ValType::Ref(_) => Self::Ref(before.refs),
            ValType::V128 => Self::Vector(before.slots),
            _ => Self::Slot(before.slots),
        }
    }
}

#[derive(Clone, Copy)]
struct Label {
    kind: LabelKind,
    /// Whether code before its block reaches it.
    reachable: bool,
    /// The heights of the operand stacks under the block's parameters.
    base: Arity,
    /// What a branch to it passes.
    arity: Arity,
    /// Branches that wait for its position: the last one, which holds the one before it in place of its target.
    waiting: u32,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum LabelKind {
    /// The position is known: branches go back to it.
    Loop(u32),
    Block,
    /// The branch that skips to the `else`.
    If(u32),
    /// The innermost guard ends with the block.
    Try,
    Func,
}

/// The end of a chain of waiting branches.
const NONE: u32 = u32::MAX;
/// Set in a chain for branches in the side table.
const IN_TABLE: u32 = 1 << 31;

impl<'a> Lowering<'a> {
    fn func(&mut self, func: &crate::syntax::Func, notes: &FuncNotes) -> Result<FuncCode, Unknown> {
        let FuncType { params, results } = self.func_type(func.ty);
        let (params, results) = (params.as_slice(), Arity::of_all(results));
        let mut locals = Arity::default();
        self.locals.clear();
        let declared = func.locals.iter().flat_map(|(count, ty)| std::iter::repeat_n(*ty, *count as usize));
        let places = params.iter().copied().chain(declared).map(|ty| {
            let place = Place::behind(locals, ty);
            locals = sum(locals, Arity::of(ty));
            place
        });
        self.locals.extend(places);
        self.frame = locals;
        let code = FuncCode {
            entry: self.here(),
            params: Arity::of_all(params),
            locals,
            results,
            // An exception can bring results that no code of the function has had on the stack.
            extent: sum(
                locals,
                Arity { slots: notes.max.slots.max(results.slots), refs: notes.max.refs.max(results.refs) },
            ),
        };
        self.labels.clear();
        self.labels.push(Label {
            kind: LabelKind::Func,
            reachable: true,
            base: Arity::default(),
            arity: results,
            waiting: NONE,
        });
        for (at, (instr, note)) in func.body.iter().zip(&notes.notes).enumerate() {
            if !(self.fuse && note.reachable && self.fused(*instr, func.body.get(at + 1), *note)) {
                self.instr(*instr, *note)?;
            }
        }
        Ok(code)
    }

    /// A constant expression: a straight line, so heights are not needed, and its length bounds them.
    fn constant(&mut self, expr: &[Instr], ty: ValType) -> Result<FuncCode, Unknown> {
        let results = Arity::of(ty);
        let entry = self.here();
        let bound = expr.len() as u32;
        self.labels.clear();
        self.labels.push(Label {
            kind: LabelKind::Func,
            reachable: true,
            base: Arity::default(),
            arity: results,
            waiting: NONE,
        });
        let note = Note { slots: 0, refs: 0, reachable: true, operand: Operand::None };
        for instr in expr {
            self.instr(*instr, note)?;
        }
        let extent = Arity { slots: 2 * bound, refs: bound };
        Ok(FuncCode { entry, params: Arity::default(), locals: Arity::default(), results, extent })
    }

    fn func_type(&self, index: TypeIdx) -> &'a FuncType {
        static NONE: FuncType = FuncType { params: Vec::new(), results: Vec::new() };
        self.module.func_type(index).unwrap_or(&NONE)
    }

    fn here(&self) -> u32 {
        self.code.ops.len() as u32
    }

    fn emit(&mut self, op: Op) {
        match self.fault {
            None => self.code.ops.push(op),
            Some(fault) => planted::emit(fault, op, &mut self.code.ops),
        }
    }

    /// How structures and arrays are laid out.
    fn layouts(&mut self) {
        for sub in &self.module.types {
            let mut arity = Arity::default();
            let mut places = Vec::new();
            let mut width = 0;
            match &sub.comp {
                CompType::Func(_) => {}
                CompType::Struct(fields) => {
                    for field in fields {
                        let ty = field.storage.unpacked();
                        places.push(Place::behind(arity, ty));
                        arity = sum(arity, Arity::of(ty));
                    }
                }
                CompType::Array(element) => width = width_of(element.storage),
            }
            self.code.structs.push(arity);
            self.code.widths.push(width);
            self.fields.push(places);
        }
    }

    fn width(&self, ty: TypeIdx) -> u8 {
        self.code.widths[ty.at()]
    }

    /// The bits of a packed field.
    fn packed(&self, ty: TypeIdx, field: FieldIdx) -> u8 {
        match &self.module.types[ty.at()].comp {
            CompType::Struct(fields) => width_of(fields[field.at()].storage) * 8,
            _ => 0,
        }
    }

    fn cast(&mut self, ty: RefType) -> u32 {
        self.code.casts.push(ty);
        self.code.casts.len() as u32 - 1
    }

    /// The handlers of a `try_table`, whose labels are counted outside of it.
    fn guard(&mut self, table: u32, note: Note) -> BlockType {
        let module = self.module;
        let table = module.pools.try_tables[table as usize];
        if note.reachable {
            let first = self.code.handlers.len() as u32;
            for catch in module.pools.catches(table.catches) {
                let (tag, with_ref) = match catch.kind {
                    CatchKind::Tag(tag) => (Some(tag.0), false),
                    CatchKind::TagRef(tag) => (Some(tag.0), true),
                    CatchKind::All => (None, false),
                    CatchKind::AllRef => (None, true),
                };
                let height = sum(self.frame, self.label(catch.label).base);
                let branch = self.code.branches.len() as u32;
                let target = self.target(catch.label, branch | IN_TABLE);
                self.code.branches.push(Branch { target, shift: Shift::default() });
                self.code.handlers.push(Handler { tag, with_ref, branch, height });
            }
            if self.fault == Some(Fault::HandlersReversed) {
                self.code.handlers[first as usize..].reverse();
            }
            self.guards.push(Guard { start: self.here(), end: 0, first, count: table.catches.len });
        }
        table.block
    }

    fn open(&mut self, kind: LabelKind, block: BlockType, note: Note, operands: u32) {
        let (params, results) = match block {
            BlockType::Empty => (Arity::default(), Arity::default()),
            BlockType::Val(ty) => (Arity::default(), Arity::of(ty)),
            BlockType::Func(index) => {
                let ty = self.func_type(index);
                (Arity::of_all(&ty.params), Arity::of_all(&ty.results))
            }
        };
        let base = Arity {
            slots: note.slots.wrapping_sub(operands).wrapping_sub(params.slots),
            refs: note.refs.wrapping_sub(params.refs),
        };
        let arity = if matches!(kind, LabelKind::Loop(_)) { params } else { results };
        self.labels.push(Label { kind, reachable: note.reachable, base, arity, waiting: NONE });
    }

    fn label(&mut self, index: LabelIdx) -> &mut Label {
        let position = self.labels.len() - 1 - index.at();
        &mut self.labels[position]
    }

    /// What a branch does to the stacks, taken where they are at `height`.
    fn shift(&mut self, index: LabelIdx, height: Arity) -> Shift {
        let label = self.label(index);
        if label.kind == LabelKind::Func {
            // The `return` at the end takes its results from the top.
            return Shift::default();
        }
        let drop_slots = height.slots - label.arity.slots - label.base.slots;
        let drop_refs = height.refs - label.arity.refs - label.base.refs;
        Shift {
            keep_slots: if drop_slots == 0 { 0 } else { label.arity.slots },
            drop_slots,
            keep_refs: if drop_refs == 0 { 0 } else { label.arity.refs },
            drop_refs,
        }
    }

    /// The target to write into a branch to `index` that will stand at `site`.
    fn target(&mut self, index: LabelIdx, site: u32) -> u32 {
        let label = self.label(index);
        match label.kind {
            LabelKind::Loop(position) => position,
            _ => std::mem::replace(&mut label.waiting, site),
        }
    }

    /// Emits a branch in the form that its shift needs.
    fn branch(&mut self, index: LabelIdx, height: Arity, plain: impl Fn(u32) -> Op, shifted: impl Fn(u32, u32) -> Op) {
        let shift = self.shift(index, height);
        // The operator's position is known only after it, since a planted fault may put something before it.
        let op = if shift == Shift::default() {
            plain(NONE)
        } else {
            self.code.shifts.push(shift);
            shifted(NONE, self.code.shifts.len() as u32 - 1)
        };
        self.emit(op);
        let site = self.here() - 1;
        let target = self.target(index, site);
        self.patch(site, target);
    }

    /// Writes a branch's target and returns what stood there.
    fn patch(&mut self, site: u32, position: u32) -> u32 {
        let target = if site & IN_TABLE != 0 {
            &mut self.code.branches[(site & !IN_TABLE) as usize].target
        } else {
            match self.code.ops[site as usize].target() {
                Some(target) => target,
                // Only branches wait.
                None => return NONE,
            }
        };
        std::mem::replace(target, position)
    }

    /// Gives all branches that wait for a label the current position.
    fn resolve(&mut self, mut waiting: u32) {
        let here = self.here();
        while waiting != NONE {
            waiting = self.patch(waiting, here);
        }
    }

    fn instr(&mut self, instr: Instr, note: Note) -> Result<(), Unknown> {
        match instr {
            Instr::Block(ty) => self.open(LabelKind::Block, ty, note, 0),
            Instr::Loop(ty) => self.open(LabelKind::Loop(self.here()), ty, note, 0),
            Instr::If(ty) => {
                if note.reachable {
                    self.emit(Op::BrUnless(NONE));
                }
                self.open(LabelKind::If(self.here().wrapping_sub(1)), ty, note, 1);
            }
            Instr::TryTable(table) => {
                let block = self.guard(table, note);
                self.open(LabelKind::Try, block, note, 0);
            }
            Instr::Else => {
                let Label { kind, reachable, .. } = *self.label(LabelIdx(0));
                if note.reachable {
                    self.branch(LabelIdx(0), Arity { slots: note.slots, refs: note.refs }, Op::Br, |target, shift| {
                        Op::BrShift { target, shift }
                    });
                }
                if let (LabelKind::If(site), true) = (kind, reachable) {
                    self.patch(site, self.here());
                }
                self.label(LabelIdx(0)).kind = LabelKind::Block;
            }
            Instr::End => {
                let Some(label) = self.labels.pop() else { return Ok(()) };
                if !label.reachable {
                    return Ok(());
                }
                self.resolve(label.waiting);
                match label.kind {
                    LabelKind::If(site) => {
                        self.patch(site, self.here());
                    }
                    LabelKind::Try => {
                        // Guards end in the reverse order of their starts, so inner ones come first.
                        let guard = self.guards.pop();
                        self.code.guards.extend(guard.map(|guard| Guard { end: self.here(), ..guard }));
                    }
                    LabelKind::Func => self.emit(Op::Return { slots: label.arity.slots, refs: label.arity.refs }),
                    LabelKind::Block | LabelKind::Loop(_) => {}
                }
            }
            _ if note.reachable => return self.reachable(instr, note),
            _ => {}
        }
        Ok(())
    }

    fn reachable(&mut self, instr: Instr, note: Note) -> Result<(), Unknown> {
        let height = Arity { slots: note.slots, refs: note.refs };
        let below = |slots, refs| Arity { slots: height.slots - slots, refs: height.refs - refs };
        let op = match instr {
            Instr::Unreachable => Op::Unreachable,
            Instr::Nop => return Ok(()),
            Instr::Br(label) => {
                if self.label(label).kind == LabelKind::Func {
                    self.emit_return();
                } else {
                    self.branch(label, height, Op::Br, |target, shift| Op::BrShift { target, shift });
                }
                return Ok(());
            }
            Instr::BrIf(label) => {
                let shifted = |target, shift| Op::BrIfShift { target, shift };
                self.branch(label, below(1, 0), Op::BrIf, shifted);
                return Ok(());
            }
            Instr::BrTable(range) => {
                let first = self.code.branches.len() as u32;
                let module = self.module;
                for index in module.pools.labels(range) {
                    let shift = self.shift(*index, below(1, 0));
                    let site = self.code.branches.len() as u32 | IN_TABLE;
                    let target = self.target(*index, site);
                    self.code.branches.push(Branch { target, shift });
                }
                Op::BrTable { first, count: range.len - 1 }
            }
            Instr::BrOnNull(label) => {
                let shifted = |target, shift| Op::BrOnNullShift { target, shift };
                self.branch(label, below(0, 1), Op::BrOnNull, shifted);
                return Ok(());
            }
            Instr::BrOnNonNull(label) => {
                let shifted = |target, shift| Op::BrOnNonNullShift { target, shift };
                self.branch(label, height, Op::BrOnNonNull, shifted);
                return Ok(());
            }
            Instr::Return => {
                self.emit_return();
                return Ok(());
            }
            Instr::Call(func) => match func.0.checked_sub(self.imported_funcs) {
                Some(defined) => Op::Call(defined),
                None => Op::CallImport(func.0),
            },
            Instr::CallRef(_) => Op::CallRef,
            Instr::CallIndirect { table, ty } => Op::CallIndirect { table: table.0, ty: ty.0 },
            Instr::ReturnCall(func) => match func.0.checked_sub(self.imported_funcs) {
                Some(defined) => Op::ReturnCall(defined),
                None => Op::ReturnCallImport(func.0),
            },
            Instr::ReturnCallRef(_) => Op::ReturnCallRef,
            Instr::ReturnCallIndirect { table, ty } => Op::ReturnCallIndirect { table: table.0, ty: ty.0 },

            Instr::Drop => match note.operand {
                Operand::Ref => Op::DropRef,
                Operand::Vector => Op::DropVector,
                Operand::Slot | Operand::None => Op::Drop,
            },
            Instr::Select | Instr::SelectTyped(_) => match note.operand {
                Operand::Ref => Op::SelectRef,
                Operand::Vector => Op::SelectVector,
                Operand::Slot | Operand::None => Op::Select,
            },

            Instr::LocalGet(index) => match self.locals[index.at()] {
                Place::Slot(at) => Op::LocalGet(at),
                Place::Vector(at) => Op::LocalGetVector(at),
                Place::Ref(at) => Op::LocalGetRef(at),
            },
            Instr::LocalSet(index) => match self.locals[index.at()] {
                Place::Slot(at) => Op::LocalSet(at),
                Place::Vector(at) => Op::LocalSetVector(at),
                Place::Ref(at) => Op::LocalSetRef(at),
            },
            Instr::LocalTee(index) => match self.locals[index.at()] {
                Place::Slot(at) => Op::LocalTee(at),
                Place::Vector(at) => Op::LocalTeeVector(at),
                Place::Ref(at) => Op::LocalTeeRef(at),
            },
            Instr::GlobalGet(index) => match self.globals[index.at()] {
                ValType::Ref(_) => Op::GlobalGetRef(index.0),
                ValType::V128 => Op::GlobalGetVector(index.0),
                _ => Op::GlobalGet(index.0),
            },
            Instr::GlobalSet(index) => match self.globals[index.at()] {
                ValType::Ref(_) => Op::GlobalSetRef(index.0),
                ValType::V128 => Op::GlobalSetVector(index.0),
                _ => Op::GlobalSet(index.0),
            },

            Instr::TableGet(table) => Op::TableGet(table.0),
            Instr::TableSet(table) => Op::TableSet(table.0),
            Instr::TableSize(table) => Op::TableSize(table.0),
            Instr::TableGrow(table) => Op::TableGrow(table.0),
            Instr::TableFill(table) => Op::TableFill(table.0),
            Instr::TableCopy { dst, src } => Op::TableCopy { dst: dst.0, src: src.0 },
            Instr::TableInit { table, elem } => Op::TableInit { table: table.0, elem: elem.0 },
            Instr::ElemDrop(elem) => Op::ElemDrop(elem.0),

            Instr::Load { op, mem, offset, .. } => {
                let memory = mem.0;
                match op {
                    LoadOp::I32Load8U | LoadOp::I64Load8U => Op::Load8U { memory, offset },
                    LoadOp::I32Load16U | LoadOp::I64Load16U => Op::Load16U { memory, offset },
                    LoadOp::I32Load | LoadOp::F32Load | LoadOp::I64Load32U => Op::Load32 { memory, offset },
                    LoadOp::I64Load | LoadOp::F64Load => Op::Load64 { memory, offset },
                    LoadOp::I32Load8S => Op::I32Load8S { memory, offset },
                    LoadOp::I32Load16S => Op::I32Load16S { memory, offset },
                    LoadOp::I64Load8S => Op::I64Load8S { memory, offset },
                    LoadOp::I64Load16S => Op::I64Load16S { memory, offset },
                    LoadOp::I64Load32S => Op::I64Load32S { memory, offset },
                    _ => Op::LoadVector { op, memory, offset },
                }
            }
            Instr::Store { op, mem, offset, .. } => {
                let memory = mem.0;
                match op {
                    StoreOp::I32Store8 | StoreOp::I64Store8 => Op::Store8 { memory, offset },
                    StoreOp::I32Store16 | StoreOp::I64Store16 => Op::Store16 { memory, offset },
                    StoreOp::I32Store | StoreOp::F32Store | StoreOp::I64Store32 => Op::Store32 { memory, offset },
                    StoreOp::I64Store | StoreOp::F64Store => Op::Store64 { memory, offset },
                    StoreOp::V128Store => Op::StoreVector { memory, offset },
                }
            }
            Instr::LoadLane { op, lane, mem, offset, .. } => Op::LoadLane { op, lane, memory: mem.0, offset },
            Instr::StoreLane { op, lane, mem, offset, .. } => Op::StoreLane { op, lane, memory: mem.0, offset },
            Instr::MemorySize(mem) => Op::MemorySize(mem.0),
            Instr::MemoryGrow(mem) => Op::MemoryGrow(mem.0),
            Instr::MemoryFill(mem) => Op::MemoryFill(mem.0),
            Instr::MemoryCopy { dst, src } => Op::MemoryCopy { dst: dst.0, src: src.0 },
            Instr::MemoryInit { mem, data } => Op::MemoryInit { memory: mem.0, data: data.0 },
            Instr::DataDrop(data) => Op::DataDrop(data.0),
            Instr::Atomic { op, mem, offset, .. } => Op::Atomic { op, memory: mem.0, offset },
            // Nothing to order for a single agent.
            Instr::AtomicFence => return Ok(()),

            Instr::RefNull(_) => Op::RefNull,
            Instr::RefIsNull => Op::RefIsNull,
            Instr::RefFunc(func) => Op::RefFunc(func.0),
            Instr::RefAsNonNull => Op::RefAsNonNull,
            Instr::RefEq => Op::RefEq,
            Instr::RefTest(ty) => Op::RefTest(self.cast(ty)),
            Instr::RefCast(ty) => Op::RefCast(self.cast(ty)),
            Instr::BrOnCast(index) | Instr::BrOnCastFail(index) => {
                let unless = matches!(instr, Instr::BrOnCastFail(_));
                let immediates = self.module.pools.casts[index as usize];
                let shift = self.shift(immediates.label, height);
                let branch = self.code.branches.len() as u32;
                let target = self.target(immediates.label, branch | IN_TABLE);
                self.code.branches.push(Branch { target, shift });
                Op::BrOnCast { branch, cast: self.cast(immediates.to), unless }
            }
            Instr::Throw(tag) => Op::Throw(tag.0),
            Instr::ThrowRef => Op::ThrowRef,
            Instr::RefI31 => Op::RefI31,
            Instr::I31GetS => Op::I31GetS,
            Instr::I31GetU => Op::I31GetU,
            Instr::StructNew(ty) => Op::StructNew(ty.0),
            Instr::StructNewDefault(ty) => Op::StructNewDefault(ty.0),
            Instr::StructGet { ty, field } => match self.fields[ty.at()][field.at()] {
                Place::Slot(slot) => Op::StructGet(slot),
                Place::Vector(slot) => Op::StructGetVector(slot),
                Place::Ref(at) => Op::StructGetRef(at),
            },
            Instr::StructGetS { ty, field } | Instr::StructGetU { ty, field } => {
                let Place::Slot(slot) = self.fields[ty.at()][field.at()] else { return Err(Unknown(instr)) };
                let bits = self.packed(ty, field);
                match instr {
                    Instr::StructGetS { .. } => Op::StructGetS { slot, bits },
                    _ => Op::StructGetU { slot, bits },
                }
            }
            Instr::StructSet { ty, field } => match self.fields[ty.at()][field.at()] {
                Place::Slot(slot) => Op::StructSet(slot),
                Place::Vector(slot) => Op::StructSetVector(slot),
                Place::Ref(at) => Op::StructSetRef(at),
            },
            Instr::ArrayNew(ty) => Op::ArrayNew(ty.0),
            Instr::ArrayNewDefault(ty) => Op::ArrayNewDefault(ty.0),
            Instr::ArrayNewFixed { ty, len } => Op::ArrayNewFixed { ty: ty.0, len },
            Instr::ArrayNewData { ty, data } => Op::ArrayNewData { ty: ty.0, data: data.0 },
            Instr::ArrayNewElem { ty, elem } => Op::ArrayNewElem { ty: ty.0, elem: elem.0 },
            Instr::ArrayGet(ty) | Instr::ArrayGetU(ty) => Op::ArrayGet(self.width(ty)),
            Instr::ArrayGetS(ty) => Op::ArrayGetS(self.width(ty)),
            Instr::ArraySet(ty) => Op::ArraySet(self.width(ty)),
            Instr::ArrayLen => Op::ArrayLen,
            Instr::ArrayFill(ty) => Op::ArrayFill(self.width(ty)),
            Instr::ArrayCopy { .. } => Op::ArrayCopy,
            Instr::ArrayInitData { ty, data } => Op::ArrayInitData { width: self.width(ty), data: data.0 },
            Instr::ArrayInitElem { elem, .. } => Op::ArrayInitElem(elem.0),
            // The reference stays as it is: the type of the place says on which side it stands.
            Instr::AnyConvertExtern | Instr::ExternConvertAny => return Ok(()),

            Instr::I32Const(value) => Op::Const(u64::from(value.cast_unsigned())),
            Instr::I64Const(value) => Op::Const(value.cast_unsigned()),
            Instr::F32Const(bits) => Op::Const(u64::from(bits)),
            Instr::F64Const(bits) => Op::Const(bits),
            Instr::Numeric(op) => Op::Numeric(op),

            Instr::V128Const(index) => Op::ConstVector(index),
            Instr::Shuffle(index) => Op::Shuffle(index),
            Instr::Lane { op, lane } => Op::Lane { op, lane },
            Instr::Vector(op) => Op::Vector(op),

            _ => return Err(Unknown(instr)),
        };
        self.emit(op);
        Ok(())
    }

    fn emit_return(&mut self) {
        let arity = self.labels[0].arity;
        self.emit(Op::Return { slots: arity.slots, refs: arity.refs });
    }
}

/// The bytes that a value takes in an array, 0 for references.
fn width_of(storage: StorageType) -> u8 {
    match storage {
        StorageType::I8 => 1,
        StorageType::I16 => 2,
        StorageType::Val(ValType::I32 | ValType::F32) => 4,
        StorageType::Val(ValType::I64 | ValType::F64) => 8,
        StorageType::Val(ValType::V128) => 16,
        StorageType::Val(ValType::Ref(_)) => 0,
    }
}

fn sum(a: Arity, b: Arity) -> Arity {
    Arity { slots: a.slots + b.slots, refs: a.refs + b.refs }
}
