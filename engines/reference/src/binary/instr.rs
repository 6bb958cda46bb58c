//! Instructions and expressions (section 5.4).

use wassay_model::Feature;

use super::limits;
use super::reader::{Read, Reader, malformed, within};
use crate::syntax::{
    AtomicOp, BlockType, CastBranch, Catch, CatchKind, DataIdx, ElemIdx, FieldIdx, FuncIdx, GlobalIdx, Instr, LabelIdx,
    LaneOp, LoadLaneOp, LoadOp, LocalIdx, MemIdx, Nullability, NumericOp, PoolRange, Pools, RefType, StoreLaneOp,
    StoreOp, TableIdx, TagIdx, TryTable, TypeIdx, VectorOp,
};

/// A structured instruction that is still open. The grammar has to know, since `else` may stand only in an `if`.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Open {
    /// Everything but an `if` that may still have its `else`.
    Plain,
    /// An `if` before its `else`.
    If,
}

/// What the bodies of a module share while they are read.
pub(super) struct Bodies {
    pub(super) pools: Pools,
    /// Explicit, so that nesting is bounded by the length of the module and not by our stack.
    open: Vec<Open>,
    /// Whether a data segment may be named (section 5.5 Modules): in function bodies only after a data count section, in
    /// constant expressions always, since there it is for the validator to reject.
    pub(super) has_data_count: bool,
}

impl Bodies {
    pub(super) fn new() -> Self {
        Self { pools: Pools::default(), open: Vec::new(), has_data_count: true }
    }
}

/// The immediates of a memory access.
struct MemArg {
    align: u8,
    mem: MemIdx,
    offset: u64,
}

impl Reader<'_> {
    /// 5.4, "Expressions": an expression, up to and with the `end` that closes it.
    pub(super) fn expr(&mut self, bodies: &mut Bodies, instrs: &mut Vec<Instr>) -> Read<()> {
        bodies.open.clear();
        loop {
            let offset = self.pos;
            let instr = self.instr(bodies)?;
            instrs.push(instr);
            match instr {
                Instr::Block(_) | Instr::Loop(_) | Instr::TryTable(_) => bodies.open.push(Open::Plain),
                Instr::If(_) => bodies.open.push(Open::If),
                Instr::Else => match bodies.open.last_mut() {
                    Some(open @ Open::If) => *open = Open::Plain,
                    _ => return Err(malformed(offset, "else outside of an if".to_owned())),
                },
                Instr::End => match bodies.open.pop() {
                    Some(_) => {}
                    None => return Ok(()),
                },
                _ => {}
            }
        }
    }

    /// A constant expression; most are one instruction and `end`.
    pub(super) fn const_expr(&mut self, bodies: &mut Bodies) -> Read<Vec<Instr>> {
        let mut instrs = Vec::with_capacity(2);
        self.expr(bodies, &mut instrs)?;
        Ok(instrs)
    }

    #[inline]
    fn label(&mut self) -> Read<LabelIdx> {
        self.u32().map(LabelIdx)
    }

    #[inline]
    fn table(&mut self) -> Read<TableIdx> {
        self.u32().map(TableIdx)
    }

    /// A memory index where the versions before multi-memory had a zero byte.
    fn mem(&mut self) -> Read<MemIdx> {
        if self.has(Feature::MultiMemory) {
            self.u32().map(MemIdx)
        } else {
            self.zero_byte("memory index")?;
            Ok(MemIdx(0))
        }
    }

    fn data(&mut self, bodies: &Bodies) -> Read<DataIdx> {
        // 5.5 Modules: without the data count section, the validator of a streaming engine could not check the index.
        if !bodies.has_data_count {
            return Err(malformed(self.pos, "data count section required".to_owned()));
        }
        self.u32().map(DataIdx)
    }

    /// 5.4, "Control Instructions"
    #[inline]
    fn block_type(&mut self) -> Read<BlockType> {
        let byte = self.peek()?;
        if byte == 0x40 {
            self.pos += 1;
            return Ok(BlockType::Empty);
        }
        // A negative number of one byte is a value type, everything else a type index.
        if byte & 0xC0 == 0x40 {
            return self.val_type().map(BlockType::Val);
        }
        let offset = self.pos;
        self.need(Feature::MultiValue, offset, "type index as a block type")?;
        match u32::try_from(self.s33()?) {
            Ok(index) => Ok(BlockType::Func(TypeIdx(index))),
            Err(_) => Err(malformed(offset, "block type expected".to_owned())),
        }
    }

    /// 5.4, "Memory Instructions": bit 6 of the alignment says that a memory index follows.
    #[inline]
    fn mem_arg(&mut self) -> Read<MemArg> {
        let at = self.pos;
        let mut align = self.u32()?;
        let mut mem = MemIdx(0);
        // Before memory64, the alignment of the greatest address space was 2^31.
        if align >= 0x20 && !self.has(Feature::Memory64) && !self.has(Feature::MultiMemory) {
            return Err(malformed(at, format!("malformed memop flags {align:#x}")));
        }
        if align >= 0x40 {
            if align >= 0x80 || !self.has(Feature::MultiMemory) {
                return Err(malformed(at, format!("malformed memop flags {align:#x}")));
            }
            align -= 0x40;
            mem = MemIdx(self.u32()?);
        }
        let offset = if self.has(Feature::Memory64) { self.u64()? } else { u64::from(self.u32()?) };
        Ok(MemArg { align: align as u8, mem, offset })
    }

    fn lane(&mut self) -> Read<u8> {
        self.byte()
    }

    #[inline]
    fn load(&mut self, op: LoadOp) -> Read<Instr> {
        let MemArg { align, mem, offset } = self.mem_arg()?;
        Ok(Instr::Load { op, align, mem, offset })
    }

    #[inline]
    fn store(&mut self, op: StoreOp) -> Read<Instr> {
        let MemArg { align, mem, offset } = self.mem_arg()?;
        Ok(Instr::Store { op, align, mem, offset })
    }

    #[inline]
    fn instr(&mut self, bodies: &mut Bodies) -> Read<Instr> {
        let offset = self.pos;
        let opcode = self.byte()?;
        Ok(match opcode {
            // 5.4 Control instructions.
            0x00 => Instr::Unreachable,
            0x01 => Instr::Nop,
            0x02 => Instr::Block(self.block_type()?),
            0x03 => Instr::Loop(self.block_type()?),
            0x04 => Instr::If(self.block_type()?),
            0x05 => Instr::Else,
            0x0B => Instr::End,
            0x0C => Instr::Br(self.label()?),
            0x0D => Instr::BrIf(self.label()?),
            0x0E => self.br_table(bodies)?,
            0x0F => Instr::Return,
            0x10 => Instr::Call(FuncIdx(self.u32()?)),
            0x11 => {
                let (ty, table) = self.indirect()?;
                Instr::CallIndirect { table, ty }
            }
            0x08 | 0x0A | 0x1F => {
                self.need(Feature::Exceptions, offset, "exception instruction")?;
                match opcode {
                    0x08 => Instr::Throw(TagIdx(self.u32()?)),
                    0x0A => Instr::ThrowRef,
                    _ => self.try_table(bodies)?,
                }
            }
            0x12 | 0x13 => {
                self.need(Feature::TailCall, offset, "tail call")?;
                if opcode == 0x12 {
                    Instr::ReturnCall(FuncIdx(self.u32()?))
                } else {
                    let (ty, table) = self.indirect()?;
                    Instr::ReturnCallIndirect { table, ty }
                }
            }
            0x14 => {
                self.need(Feature::FunctionReferences, offset, "call_ref")?;
                Instr::CallRef(self.type_idx()?)
            }
            0x15 => {
                self.need(Feature::FunctionReferences, offset, "return_call_ref")?;
                self.need(Feature::TailCall, offset, "return_call_ref")?;
                Instr::ReturnCallRef(self.type_idx()?)
            }

            // 5.4 Parametric instructions.
            0x1A => Instr::Drop,
            0x1B => Instr::Select,
            0x1C => {
                self.need(Feature::ReferenceTypes, offset, "select with a type")?;
                let start = bodies.pools.types.len() as u32;
                let len = self.len("types of a select")?;
                for _ in 0..len {
                    let ty = self.val_type()?;
                    bodies.pools.types.push(ty);
                }
                Instr::SelectTyped(PoolRange { start, len })
            }

            // 5.4 Variable instructions.
            0x20 => Instr::LocalGet(LocalIdx(self.u32()?)),
            0x21 => Instr::LocalSet(LocalIdx(self.u32()?)),
            0x22 => Instr::LocalTee(LocalIdx(self.u32()?)),
            0x23 => Instr::GlobalGet(GlobalIdx(self.u32()?)),
            0x24 => Instr::GlobalSet(GlobalIdx(self.u32()?)),

            // 5.4 Table instructions; more of them below 0xFC.
            0x25 | 0x26 => {
                self.need(Feature::ReferenceTypes, offset, "table access")?;
                let table = self.table()?;
                if opcode == 0x25 { Instr::TableGet(table) } else { Instr::TableSet(table) }
            }

            // 5.4 Memory instructions.
            0x28..=0x35 => match LoadOp::from_opcode(u32::from(opcode)) {
                Some(op) => self.load(op)?,
                None => return Err(illegal(offset, opcode, None)),
            },
            0x36..=0x3E => match StoreOp::from_opcode(u32::from(opcode)) {
                Some(op) => self.store(op)?,
                None => return Err(illegal(offset, opcode, None)),
            },
            0x3F => Instr::MemorySize(self.mem()?),
            0x40 => Instr::MemoryGrow(self.mem()?),

            // 5.4 Numeric instructions.
            0x41 => Instr::I32Const(self.s32()?),
            0x42 => Instr::I64Const(self.s64()?),
            0x43 => Instr::F32Const(u32::from_le_bytes(self.array()?)),
            0x44 => Instr::F64Const(u64::from_le_bytes(self.array()?)),
            0x45..=0xC4 => match NumericOp::from_opcode(u32::from(opcode)) {
                Some(op) => {
                    if opcode >= 0xC0 {
                        self.need(Feature::SignExtension, offset, op.name())?;
                    }
                    Instr::Numeric(op)
                }
                None => return Err(illegal(offset, opcode, None)),
            },

            // 5.4 Reference instructions.
            0xD0..=0xD2 => {
                self.need(Feature::ReferenceTypes, offset, "reference instruction")?;
                match opcode {
                    0xD0 => Instr::RefNull(self.heap_type()?),
                    0xD1 => Instr::RefIsNull,
                    _ => Instr::RefFunc(FuncIdx(self.u32()?)),
                }
            }
            0xD3 => {
                self.need(Feature::Gc, offset, "ref.eq")?;
                Instr::RefEq
            }
            0xD4..=0xD6 => {
                self.need(Feature::FunctionReferences, offset, "reference instruction")?;
                match opcode {
                    0xD4 => Instr::RefAsNonNull,
                    0xD5 => Instr::BrOnNull(self.label()?),
                    _ => Instr::BrOnNonNull(self.label()?),
                }
            }

            0xFB => self.aggregate(bodies, offset)?,
            0xFC => self.miscellaneous(bodies, offset)?,
            0xFD => self.vector(bodies, offset)?,
            0xFE => self.atomic(offset)?,
            _ => return Err(illegal(offset, opcode, None)),
        })
    }

    fn indirect(&mut self) -> Read<(TypeIdx, TableIdx)> {
        let ty = self.type_idx()?;
        if self.has(Feature::ReferenceTypes) {
            Ok((ty, self.table()?))
        } else {
            self.zero_byte("table index")?;
            Ok((ty, TableIdx(0)))
        }
    }

    #[inline(never)]
    fn br_table(&mut self, bodies: &mut Bodies) -> Read<Instr> {
        let start = bodies.pools.labels.len() as u32;
        let len = self.len("labels")?;
        bodies.pools.labels.reserve(len as usize + 1);
        for _ in 0..=len {
            let label = self.label()?;
            bodies.pools.labels.push(label);
        }
        Ok(Instr::BrTable(PoolRange { start, len: len + 1 }))
    }

    #[inline(never)]
    fn try_table(&mut self, bodies: &mut Bodies) -> Read<Instr> {
        let block = self.block_type()?;
        let start = bodies.pools.catches.len() as u32;
        let len = self.len("handlers")?;
        for _ in 0..len {
            let offset = self.pos;
            let kind = match self.byte()? {
                0 => CatchKind::Tag(TagIdx(self.u32()?)),
                1 => CatchKind::TagRef(TagIdx(self.u32()?)),
                2 => CatchKind::All,
                3 => CatchKind::AllRef,
                byte => return Err(malformed(offset, format!("malformed handler {byte:#04x}"))),
            };
            let label = self.label()?;
            bodies.pools.catches.push(Catch { kind, label });
        }
        let index = bodies.pools.try_tables.len() as u32;
        bodies.pools.try_tables.push(TryTable { block, catches: PoolRange { start, len } });
        Ok(Instr::TryTable(index))
    }

    /// 5.4, reference and aggregate instructions, the prefix 0xFB.
    #[inline(never)]
    fn aggregate(&mut self, bodies: &mut Bodies, offset: usize) -> Read<Instr> {
        let code = self.u32()?;
        self.need(Feature::Gc, offset, "instruction with prefix 0xfb")?;
        Ok(match code {
            0 => Instr::StructNew(self.type_idx()?),
            1 => Instr::StructNewDefault(self.type_idx()?),
            2..=5 => {
                let ty = self.type_idx()?;
                let field = FieldIdx(self.u32()?);
                match code {
                    2 => Instr::StructGet { ty, field },
                    3 => Instr::StructGetS { ty, field },
                    4 => Instr::StructGetU { ty, field },
                    _ => Instr::StructSet { ty, field },
                }
            }
            6 => Instr::ArrayNew(self.type_idx()?),
            7 => Instr::ArrayNewDefault(self.type_idx()?),
            8 => {
                let ty = self.type_idx()?;
                let len = self.u32()?;
                within(len, limits::ARRAY_FIXED, "operands of array.new_fixed")?;
                Instr::ArrayNewFixed { ty, len }
            }
            9 => {
                let ty = self.type_idx()?;
                Instr::ArrayNewData { ty, data: self.data(bodies)? }
            }
            10 => {
                let ty = self.type_idx()?;
                Instr::ArrayNewElem { ty, elem: ElemIdx(self.u32()?) }
            }
            11 => Instr::ArrayGet(self.type_idx()?),
            12 => Instr::ArrayGetS(self.type_idx()?),
            13 => Instr::ArrayGetU(self.type_idx()?),
            14 => Instr::ArraySet(self.type_idx()?),
            15 => Instr::ArrayLen,
            16 => Instr::ArrayFill(self.type_idx()?),
            17 => {
                let dst = self.type_idx()?;
                Instr::ArrayCopy { dst, src: self.type_idx()? }
            }
            18 => {
                let ty = self.type_idx()?;
                Instr::ArrayInitData { ty, data: self.data(bodies)? }
            }
            19 => {
                let ty = self.type_idx()?;
                Instr::ArrayInitElem { ty, elem: ElemIdx(self.u32()?) }
            }
            20..=23 => {
                let nullability = if code & 1 == 0 { Nullability::NonNull } else { Nullability::Nullable };
                let ty = RefType { nullability, heap: self.heap_type()? };
                if code < 22 { Instr::RefTest(ty) } else { Instr::RefCast(ty) }
            }
            24 | 25 => {
                let at = self.pos;
                let flags = self.byte()?;
                if flags > 3 {
                    return Err(malformed(at, format!("malformed br_on_cast flags {flags:#04x}")));
                }
                let null = |bit| if flags & bit == 0 { Nullability::NonNull } else { Nullability::Nullable };
                let label = self.label()?;
                let from = RefType { nullability: null(1), heap: self.heap_type()? };
                let to = RefType { nullability: null(2), heap: self.heap_type()? };
                let index = bodies.pools.casts.len() as u32;
                bodies.pools.casts.push(CastBranch { label, from, to });
                if code == 24 { Instr::BrOnCast(index) } else { Instr::BrOnCastFail(index) }
            }
            26 => Instr::AnyConvertExtern,
            27 => Instr::ExternConvertAny,
            28 => Instr::RefI31,
            29 => Instr::I31GetS,
            30 => Instr::I31GetU,
            _ => return Err(illegal(offset, 0xFB, Some(code))),
        })
    }

    /// The prefix 0xFC: saturating truncation, bulk operations, wide arithmetic.
    #[inline(never)]
    fn miscellaneous(&mut self, bodies: &mut Bodies, offset: usize) -> Read<Instr> {
        let code = self.u32()?;
        match code {
            0..=7 => self.need(Feature::SaturatingTruncation, offset, "saturating truncation")?,
            8..=14 => self.need(Feature::BulkMemory, offset, "bulk instruction")?,
            15..=17 => self.need(Feature::ReferenceTypes, offset, "table instruction")?,
            19..=22 => self.need(Feature::WideArithmetic, offset, "wide arithmetic")?,
            _ => return Err(illegal(offset, 0xFC, Some(code))),
        }
        Ok(match code {
            8 => {
                let data = self.data(bodies)?;
                Instr::MemoryInit { mem: self.mem()?, data }
            }
            9 => Instr::DataDrop(self.data(bodies)?),
            10 => {
                let dst = self.mem()?;
                Instr::MemoryCopy { dst, src: self.mem()? }
            }
            11 => Instr::MemoryFill(self.mem()?),
            12 => {
                let elem = ElemIdx(self.u32()?);
                Instr::TableInit { table: self.table()?, elem }
            }
            13 => Instr::ElemDrop(ElemIdx(self.u32()?)),
            14 => {
                let dst = self.table()?;
                Instr::TableCopy { dst, src: self.table()? }
            }
            15 => Instr::TableGrow(self.table()?),
            16 => Instr::TableSize(self.table()?),
            17 => Instr::TableFill(self.table()?),
            _ => match NumericOp::from_opcode(0xFC_000 | code) {
                Some(op) => Instr::Numeric(op),
                None => return Err(illegal(offset, 0xFC, Some(code))),
            },
        })
    }

    /// 5.4 Vector instructions, the prefix 0xFD.
    #[inline(never)]
    fn vector(&mut self, bodies: &mut Bodies, offset: usize) -> Read<Instr> {
        let code = self.u32()?;
        let feature = if code < 0x100 { Feature::Simd } else { Feature::RelaxedSimd };
        self.need(feature, offset, "vector instruction")?;
        if code > 0xFFF {
            return Err(illegal(offset, 0xFD, Some(code)));
        }
        let opcode = 0xFD_000 | code;
        if let Some(op) = VectorOp::from_opcode(opcode) {
            return Ok(Instr::Vector(op));
        }
        if code == 12 || code == 13 {
            let index = bodies.pools.vectors.len() as u32;
            bodies.pools.vectors.push(self.array()?);
            return Ok(if code == 12 { Instr::V128Const(index) } else { Instr::Shuffle(index) });
        }
        if let Some(op) = LaneOp::from_opcode(opcode) {
            return Ok(Instr::Lane { op, lane: self.lane()? });
        }
        if let Some(op) = LoadOp::from_opcode(opcode) {
            return self.load(op);
        }
        if let Some(op) = StoreOp::from_opcode(opcode) {
            return self.store(op);
        }
        if let Some(op) = LoadLaneOp::from_opcode(opcode) {
            let MemArg { align, mem, offset } = self.mem_arg()?;
            return Ok(Instr::LoadLane { op, align, lane: self.lane()?, mem, offset });
        }
        if let Some(op) = StoreLaneOp::from_opcode(opcode) {
            let MemArg { align, mem, offset } = self.mem_arg()?;
            return Ok(Instr::StoreLane { op, align, lane: self.lane()?, mem, offset });
        }
        Err(illegal(offset, 0xFD, Some(code)))
    }

    /// Threads proposal, the prefix 0xFE.
    #[inline(never)]
    fn atomic(&mut self, offset: usize) -> Read<Instr> {
        let code = self.u32()?;
        self.need(Feature::Threads, offset, "atomic instruction")?;
        if code == 3 {
            self.zero_byte("atomic.fence")?;
            return Ok(Instr::AtomicFence);
        }
        if code > 0xFFF {
            return Err(illegal(offset, 0xFE, Some(code)));
        }
        match AtomicOp::from_opcode(0xFE_000 | code) {
            Some(op) => {
                let MemArg { align, mem, offset } = self.mem_arg()?;
                Ok(Instr::Atomic { op, align, mem, offset })
            }
            None => Err(illegal(offset, 0xFE, Some(code))),
        }
    }
}

#[cold]
fn illegal(offset: usize, opcode: u8, code: Option<u32>) -> Box<super::DecodeError> {
    malformed(
        offset,
        match code {
            None => format!("illegal opcode {opcode:#04x}"),
            Some(code) => format!("illegal opcode {opcode:#04x} {code:#04x}"),
        },
    )
}
