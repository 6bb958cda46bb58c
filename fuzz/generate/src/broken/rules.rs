//! Small modules at the edge of one rule: each has something that the rule just allows, or just forbids. Random changes
//! of large modules rarely meet a rule in isolation; here every rule has its turn, with everything else in order.

use wassay_model::Value;

use crate::draw::Draw;
use crate::encode;
use crate::sweep::table::{Imm, OPS, Op, Ty};

/// What a rule is about.
const RULES: &[fn(&mut Parts, &mut Draw)] = &[
    operand_types,
    operand_types,
    alignment,
    lanes,
    indices,
    indices,
    blocks,
    blocks,
    dead_code,
    branches,
    results,
    constants,
    references,
    variables,
    opcodes,
    exports,
    imports,
    limits,
    limits,
    globals,
    start,
    subtypes,
    elements,
    datas,
    counts,
    bodies,
];

/// What a change of the finished sections is about.
const CHANGES: &[fn(&mut Layout, &mut Draw)] =
    &[version, order, twice, custom, sizes, sizes, junk, empty, data_count, vectors, unknown_section];

/// A module that one rule decides on.
pub(super) fn module(draw: &mut Draw) -> Vec<u8> {
    let mut parts = Parts::draw(draw);
    if draw.percent(65) {
        draw.pick(RULES)(&mut parts, draw);
        parts.layout().bytes()
    } else {
        let mut layout = parts.layout();
        draw.pick(CHANGES)(&mut layout, draw);
        layout.bytes()
    }
}

/// A module as lists of encoded members.
#[derive(Default)]
struct Parts {
    types: Vec<Vec<u8>>,
    imports: Vec<Vec<u8>>,
    funcs: Vec<Vec<u8>>,
    tables: Vec<Vec<u8>>,
    memories: Vec<Vec<u8>>,
    globals: Vec<Vec<u8>>,
    exports: Vec<Vec<u8>>,
    start: Option<u32>,
    elements: Vec<Vec<u8>>,
    /// Whether the number of data segments stands before the code.
    counted: bool,
    codes: Vec<Vec<u8>>,
    datas: Vec<Vec<u8>>,
    /// Functions, globals that are imported.
    imported: [u32; 2],
}

/// The types that every module has: `() -> ()`, `i32 -> i32`, `i32 i64 -> i64`, `() -> i32`.
const TYPES: [&[u8]; 4] =
    [&[0x60, 0, 0], &[0x60, 1, 0x7f, 1, 0x7f], &[0x60, 2, 0x7f, 0x7e, 1, 0x7e], &[0x60, 0, 1, 0x7f]];
const I32: u8 = 0x7f;
const I64: u8 = 0x7e;
const NUMBERS: [u8; 4] = [I32, I64, 0x7d, 0x7c];

fn leb(number: u32) -> Vec<u8> {
    let mut bytes = Vec::new();
    encode::unsigned(&mut bytes, number.into());
    bytes
}

fn joined(parts: &[&[u8]]) -> Vec<u8> {
    parts.concat()
}

fn name(text: &[u8]) -> Vec<u8> {
    joined(&[&leb(text.len() as u32), text])
}

/// `i32.const 0` and the like.
fn zero(ty: Ty) -> Vec<u8> {
    let mut code = Vec::new();
    match ty {
        Ty::Func => code.extend([0xd0, 0x70]),
        _ => encode::constant(
            &mut code,
            match ty {
                Ty::I64 => Value::I64(0),
                Ty::F32 => Value::F32(0),
                Ty::F64 => Value::F64(0),
                Ty::V128 => Value::V128(0),
                Ty::Extern => Value::Ref(wassay_model::Ref::Null),
                _ => Value::I32(0),
            },
        ),
    }
    code
}

impl Parts {
    fn draw(draw: &mut Draw) -> Self {
        let mut parts = Self { counted: draw.percent(50), ..Self::default() };
        parts.types = TYPES.iter().map(|ty| ty.to_vec()).collect();
        if draw.percent(35) {
            // Indices of types need two bytes, or just one.
            parts.types.extend((0..draw.pick(&[60, 61, 62, 123, 124, 125])).map(|_| TYPES[1].to_vec()));
        }
        if draw.percent(50) {
            parts.imports.push(joined(&[&name(b"m"), &name(b"f"), &[0, 0]]));
            parts.imports.push(joined(&[&name(b"m"), &name(b"g"), &[3, I32, 0]]));
            parts.imported = [1, 1];
        }
        parts.tables.push(vec![0x70, 1, 4, 8]);
        parts.memories.push(vec![1, 1, 2]);
        parts.globals.push(vec![I32, 0, 0x41, 7, 0x0b]);
        parts.globals.push(vec![I32, 1, 0x41, 7, 0x0b]);
        let func = parts.func(1, &[0x20, 0]);
        parts.func(2, &[0x20, 1]);
        parts.export(b"f", 0, func);
        parts.export(b"m", 2, 0);
        parts.elements.push(joined(&[&[0, 0x41, 0, 0x0b, 1], &leb(func)]));
        parts.datas.push(vec![0, 0x41, 0, 0x0b, 2, b'a', b'b']);
        parts
    }

    fn funcs(&self) -> u32 {
        self.imported[0] + self.funcs.len() as u32
    }

    fn globals(&self) -> u32 {
        self.imported[1] + self.globals.len() as u32
    }

    /// A function without locals; its `end` is added.
    fn func(&mut self, ty: u32, code: &[u8]) -> u32 {
        self.body(ty, joined(&[&[0], code, &[0x0b]]))
    }

    fn body(&mut self, ty: u32, body: Vec<u8>) -> u32 {
        self.funcs.push(leb(ty));
        self.codes.push(joined(&[&leb(body.len() as u32), &body]));
        self.funcs() - 1
    }

    fn export(&mut self, text: &[u8], kind: u8, index: u32) {
        self.exports.push(joined(&[&name(text), &[kind], &leb(index)]));
    }

    fn layout(self) -> Layout {
        let mut sections = Vec::new();
        let count = leb(self.datas.len() as u32);
        let lists = [
            (1, self.types),
            (2, self.imports),
            (3, self.funcs),
            (4, self.tables),
            (5, self.memories),
            (6, self.globals),
            (7, self.exports),
            (8, self.start.map(leb).into_iter().collect()),
            (9, self.elements),
            (12, if self.counted { vec![count] } else { Vec::new() }),
            (10, self.codes),
            (11, self.datas),
        ];
        for (id, list) in lists {
            if list.is_empty() {
                continue;
            }
            let count = if matches!(id, 8 | 12) { Vec::new() } else { leb(list.len() as u32) };
            sections.push(Section { id, size: Size::Least, content: joined(&[&count, &list.concat()]) });
        }
        Layout { preamble: *b"\0asm\x01\0\0\0", sections, rest: Vec::new() }
    }
}

/// How a size is written.
#[derive(Clone, Copy)]
enum Size {
    Least,
    /// With so many bytes.
    Padded(usize),
    /// Another number than the size.
    Off(i64),
}

#[derive(Clone)]
struct Section {
    id: u8,
    size: Size,
    content: Vec<u8>,
}

struct Layout {
    preamble: [u8; 8],
    sections: Vec<Section>,
    rest: Vec<u8>,
}

impl Layout {
    fn bytes(&self) -> Vec<u8> {
        let mut bytes = self.preamble.to_vec();
        for section in &self.sections {
            bytes.push(section.id);
            let size = section.content.len() as u32;
            match section.size {
                Size::Least => bytes.extend(leb(size)),
                Size::Padded(len) => bytes.extend(padded(size.into(), len)),
                Size::Off(by) => encode::unsigned(&mut bytes, (i64::from(size) + by).max(0) as u64),
            }
            bytes.extend(&section.content);
        }
        bytes.extend(&self.rest);
        bytes
    }

    fn position(&self, draw: &mut Draw) -> usize {
        draw.position(self.sections.len())
    }
}

/// A number in exactly so many bytes.
fn padded(number: u64, len: usize) -> Vec<u8> {
    (0..len)
        .map(|at| {
            let bits = number.checked_shr(7 * at as u32).unwrap_or(0) as u8 & 0x7f;
            if at + 1 < len { bits | 0x80 } else { bits }
        })
        .collect()
}

// Rules of the finished sections (chapter 5.5).

fn version(layout: &mut Layout, draw: &mut Draw) {
    let at = draw.position(8);
    layout.preamble[at] = draw.pick(&[0, 1, 2, 0x0d, 0x61, 0x73, 0x6d, 0xff]);
}

fn order(layout: &mut Layout, draw: &mut Draw) {
    let section = layout.sections.remove(layout.position(draw));
    let at = draw.position(layout.sections.len() + 1);
    layout.sections.insert(at, section);
}

fn twice(layout: &mut Layout, draw: &mut Draw) {
    let at = layout.position(draw);
    let mut copy = layout.sections[at].clone();
    if draw.percent(50) && !matches!(copy.id, 8 | 12) {
        copy.content = vec![0];
    }
    layout.sections.insert(at + 1, copy);
}

fn custom(layout: &mut Layout, draw: &mut Draw) {
    let content: &[u8] = draw.pick::<&[u8]>(&[
        &[1, b'x'],
        &[1, b'x', 1, 2, 3],
        &[0],
        &[2, 0xc3, 0xa4],
        &[0x81, 0, b'x'],
        // No name, one that is too long, ones that are no UTF-8.
        &[],
        &[5, b'x'],
        &[1, 0xff],
        &[1, 0x80],
        &[2, 0xc0, 0x80],
        &[3, 0xed, 0xa0, 0x80],
        &[4, 0xf4, 0x90, 0x80, 0x80],
        &[0x80, 0x80, 0x80, 0x80, 0x80, 0],
    ]);
    let at = draw.position(layout.sections.len() + 1);
    layout.sections.insert(at, Section { id: 0, size: Size::Least, content: content.to_vec() });
}

fn sizes(layout: &mut Layout, draw: &mut Draw) {
    let at = layout.position(draw);
    layout.sections[at].size = match draw.below(4) {
        0 => Size::Off(draw.pick(&[-1, 1, 2, 0x7fff_ffff])),
        1 => Size::Padded(draw.pick(&[6, 7, 10])),
        _ => Size::Padded(draw.between(2, 5) as usize),
    };
}

fn junk(layout: &mut Layout, draw: &mut Draw) {
    layout.rest = draw
        .pick::<&[u8]>(&[
            &[0],
            &[0x0b],
            &[0x80],
            &[0x0e, 0],
            &[0xff; 3],
            &[0, 5, 1],
            &[11, 3, 0],
            &[0, 0x80],
            &[0, 1, 0],
        ])
        .to_vec();
}

/// A list of nothing is allowed wherever its section may stand.
fn empty(layout: &mut Layout, draw: &mut Draw) {
    let order = [1, 2, 3, 4, 5, 13, 6, 7, 9, 10, 11];
    let id = draw.pick(&order);
    let place = |id: u8| order.iter().position(|other| *other == id);
    layout.sections.retain(|section| section.id != id);
    let at = layout.sections.iter().position(|section| place(section.id) > place(id)).unwrap_or(layout.sections.len());
    layout.sections.insert(at, Section { id, size: Size::Least, content: vec![0] });
}

fn data_count(layout: &mut Layout, draw: &mut Draw) {
    layout.sections.retain(|section| section.id != 12);
    let at = layout.sections.iter().position(|section| section.id >= 10).unwrap_or(layout.sections.len());
    let content = draw.pick::<&[u8]>(&[&[0], &[1], &[2], &[0x81, 0], &[1, 0], &[], &[0xff, 0xff, 0xff, 0xff, 0x0f]]);
    layout.sections.insert(at, Section { id: 12, size: Size::Least, content: content.to_vec() });
    if draw.percent(20) {
        layout.sections.retain(|section| section.id != 11);
    }
}

/// How many members a section has.
fn vectors(layout: &mut Layout, draw: &mut Draw) {
    let at = layout.position(draw);
    let content = &mut layout.sections[at].content;
    let count = content[0];
    let other = match draw.below(5) {
        0 => padded(count.into(), 5),
        1 => padded(count.into(), 6),
        2 => vec![0xff, 0xff, 0xff, 0xff, 0x1f],
        3 => vec![count.wrapping_add(1) & 0x7f],
        _ => vec![count.wrapping_sub(1) & 0x7f],
    };
    if count < 0x80 {
        content.splice(..1, other);
    }
}

fn unknown_section(layout: &mut Layout, draw: &mut Draw) {
    let at = draw.position(layout.sections.len() + 1);
    let content = draw.pick::<&[u8]>(&[&[], &[0], &[1, b'x']]).to_vec();
    layout
        .sections
        .insert(at, Section { id: draw.pick(&[14, 15, 0x40, 0x7f, 0x80, 0xff]), size: Size::Least, content });
}

// Rules of instructions (chapters 3.4 and 5.4).

/// What an instruction takes, its opcode and its immediates.
fn instruction(op: &Op, align: u8, lane: u8) -> Vec<u8> {
    let mut code = Vec::new();
    encode::opcode(&mut code, op.code);
    match op.imm {
        Imm::Nothing => {}
        Imm::Mem(_) => code.extend([align, 0]),
        Imm::Lane(_) => code.push(lane),
        Imm::MemLane(..) => code.extend([align, 0, lane]),
        Imm::Shuffle => code.extend((0..16).map(|at| if at == 9 { lane } else { at })),
        Imm::Memory | Imm::Func => code.push(0),
        Imm::Memories | Imm::Init => code.extend([0, 0]),
        Imm::Select => code.extend([1, op.params[0].0.byte()]),
        Imm::Null => code.push(op.results[0].byte()),
    }
    code
}

fn natural(op: &Op) -> u8 {
    match op.imm {
        Imm::Mem(log2) | Imm::MemLane(log2, _) => log2,
        _ => 0,
    }
}

fn with_operands(op: &Op, instruction: &[u8], wrong: Option<(usize, Ty)>) -> Vec<u8> {
    let mut code = Vec::new();
    for (number, (ty, _)) in op.params.iter().enumerate() {
        code.extend(zero(wrong.filter(|(at, _)| *at == number).map_or(*ty, |(_, wrong)| wrong)));
    }
    code.extend(instruction);
    code.extend(op.results.iter().map(|_| 0x1a));
    code
}

/// An instruction whose operands are right, of another type, too few or too many.
fn operand_types(parts: &mut Parts, draw: &mut Draw) {
    let op = &OPS[draw.position(OPS.len())];
    let instruction = instruction(op, natural(op), 0);
    parts.counted = true;
    let mut code = match draw.below(8) {
        0 | 1 => with_operands(op, &instruction, None),
        2 => [instruction, vec![0x1a; op.results.len()]].concat(),
        3 => [zero(Ty::I32), with_operands(op, &instruction, None)].concat(),
        _ if op.params.is_empty() => with_operands(op, &instruction, None),
        _ => {
            let ty = draw.pick(&[Ty::I32, Ty::I64, Ty::F32, Ty::F64, Ty::V128, Ty::Extern]);
            with_operands(op, &instruction, Some((draw.position(op.params.len()), ty)))
        }
    };
    if let (true, Some(result)) = (draw.percent(20), op.results.first()) {
        // The result is of the type that it is.
        code.pop();
        code.extend(draw.pick(&[*result, Ty::I32, Ty::I64]).is_ref().then_some(0xd1));
        code.push(0x1a);
    }
    parts.func(0, &code);
}

/// Alignments up to that of the access, and beyond.
fn alignment(parts: &mut Parts, draw: &mut Draw) {
    let accesses: Vec<&Op> = OPS.iter().filter(|op| matches!(op.imm, Imm::Mem(_) | Imm::MemLane(..))).collect();
    let op = draw.pick(&accesses);
    let natural = natural(op);
    let align = draw.pick(&[natural, natural + 1, natural + 1, natural + 2, natural.saturating_sub(1), 31, 32, 63]);
    parts.func(0, &with_operands(op, &instruction(op, align, 0), None));
}

/// The last lane, and the one behind it.
fn lanes(parts: &mut Parts, draw: &mut Draw) {
    let laned: Vec<(&Op, u8)> = OPS
        .iter()
        .filter_map(|op| match op.imm {
            Imm::Lane(lanes) | Imm::MemLane(_, lanes) => Some((op, lanes)),
            Imm::Shuffle => Some((op, 32)),
            _ => None,
        })
        .collect();
    let (op, count) = draw.pick(&laned);
    let lane = draw.pick(&[count - 1, count, count, count + 1, 0x7f, 0xff]);
    parts.func(0, &with_operands(op, &instruction(op, natural(op), lane), None));
}

/// The last index of each space, and the one behind it.
fn indices(parts: &mut Parts, draw: &mut Draw) {
    let behind = draw.below(2);
    let index = |count: usize| leb(count as u32 + behind - 1);
    parts.counted = true;
    let code: Vec<u8> = match draw.below(12) {
        // With itself, so that it may be called.
        0 => joined(&[&[0x10], &leb(parts.funcs() + behind)]),
        1 => joined(&[&[0x23], &leb(parts.globals() + behind - 1), &[0x1a]]),
        2 => joined(&[&[0x41, 0, 0x41, 0, 0x11], &index(parts.types.len()), &[0]]),
        3 => joined(&[&[0x41, 0, 0x25], &index(1), &[0x1a]]),
        4 => joined(&[&[0x41, 0, 0x41, 0, 0x41, 0, 0xfc, 8], &index(1), &[0]]),
        5 => joined(&[&[0xfc, 9], &index(1)]),
        6 => joined(&[&[0xfc, 13], &index(1)]),
        7 => joined(&[&[0x0c], &index(1)]),
        8 => joined(&[&[0x02], &index(4), &[0x0b, 0x1a]]),
        9 => joined(&[&[0x3f], &index(1), &[0x1a]]),
        10 => joined(&[&[0x20], &index(1), &[0x1a]]),
        _ => joined(&[&[0xd2], &leb(parts.funcs() + behind), &[0x1a]]),
    };
    let ty = if draw.percent(50) { 0 } else { 1 };
    let code = if ty == 1 { joined(&[&code, &[0x20, 0]]) } else { code };
    let func = parts.func(ty, &code);
    if draw.percent(50) {
        parts.export(b"i", 0, func);
    }
}

/// Types of blocks: short and long, with operands and results that are right or not.
fn blocks(parts: &mut Parts, draw: &mut Draw) {
    let opcode = draw.pick(&[0x02, 0x03, 0x04]);
    let condition: &[u8] = if opcode == 0x04 { &[0x41, 1] } else { &[] };
    let last = parts.types.len() as u32 - 1;
    // All types from 4 on are `i32 -> i32`; an index is a signed number of 33 bits.
    let long = draw.pick(&[1, last, last, last.saturating_sub(1), last + 1]);
    let mut index = Vec::new();
    encode::constant(&mut index, Value::I64(long.into()));
    index.remove(0);
    let mut code = match draw.below(8) {
        0 => joined(&[condition, &[opcode, 0x40, 0x0b]]),
        1 => joined(&[condition, &[opcode, I32, 0x41, 0, 0x0b, 0x1a]]),
        2 => joined(&[condition, &[opcode, I32, 0x42, 0, 0x0b, 0x1a]]),
        3 => joined(&[condition, &[opcode, I32, 0x41, 0, 0x05, 0x41, 0, 0x0b, 0x1a]]),
        4 => joined(&[condition, &[opcode, draw.pick(&[0x40, 0x41, 0x50, 0x7a, 0x77]), 0x0b]]),
        _ => joined(&[&[0x41, 0], condition, &[opcode], &index, &[0x0b, 0x1a]]),
    };
    match draw.below(12) {
        0 => code.extend([0x05]),
        1 => {
            code.pop();
        }
        2 => code.push(0x0b),
        _ => {}
    }
    parts.func(0, &code);
}

/// Code that is never reached is typed all the same, with operands of any type.
fn dead_code(parts: &mut Parts, draw: &mut Draw) {
    let end: &[u8] = draw.pick::<&[u8]>(&[&[0x00], &[0x0f], &[0x0c, 0], &[0x03, 0x40, 0x0c, 0, 0x0b, 0x00]]);
    let behind: &[u8] = draw.pick::<&[u8]>(&[
        &[],
        &[0x01],
        &[0x6a, 0x1a],
        &[0x1a],
        &[0x1b, 0x1a],
        &[0x42, 0, 0xa7, 0x6a, 0x1a],
        &[0x41, 0, 0x6a, 0x1a, 0x1a],
        // An operand of the wrong type, a value too many, what is no instruction.
        &[0x42, 0, 0x6a, 0x1a],
        &[0x41, 0],
        &[0x41, 0, 0x42, 0, 0x41, 0, 0x1b, 0x1a],
        &[0x20, 9, 0x1a],
        &[0xff],
    ]);
    parts.func(0, &joined(&[end, behind]));
}

/// `br_table` and `br_if` with labels that agree or not.
fn branches(parts: &mut Parts, draw: &mut Draw) {
    let code: &[u8] = draw.pick::<&[u8]>(&[
        &[0x41, 0, 0x0e, 0, 0],
        &[0x02, 0x40, 0x41, 0, 0x0e, 0, 0, 0x0b],
        &[0x41, 0, 0x0e, 1, 0, 0],
        &[0x02, 0x40, 0x41, 0, 0x0e, 2, 0, 1, 0, 0x0b],
        &[0x02, 0x40, 0x41, 0, 0x0d, 1, 0x0b],
        &[0x02, I32, 0x41, 0, 0x41, 0, 0x0d, 0, 0x0b, 0x1a],
        // Labels of unlike types, one that is not there, no value for one.
        &[0x02, I32, 0x41, 0, 0x41, 0, 0x0e, 1, 0, 1, 0x0b, 0x1a],
        &[0x41, 0, 0x0e, 0, 1],
        &[0x41, 0, 0x0e, 1, 1, 0],
        &[0x02, I32, 0x41, 0, 0x0d, 0, 0x0b, 0x1a],
        &[0x02, I32, 0x42, 0, 0x0c, 0, 0x0b, 0x1a],
        &[0x42, 0, 0x0e, 0, 0],
    ]);
    parts.func(0, code);
}

/// What a function leaves behind is what its type says; what it calls gets what its type says.
fn results(parts: &mut Parts, draw: &mut Draw) {
    let (ty, code) = draw.pick::<(u32, &[u8])>(&[
        (3, &[0x41, 0]),
        (3, &[0x41, 0, 0x0f]),
        (3, &[0x42, 0, 0x41, 0, 0x0f]),
        (0, &[0x0f]),
        (3, &[0x42, 0]),
        (3, &[]),
        (3, &[0x41, 0, 0x41, 0]),
        (3, &[0x42, 0, 0x0f]),
        (0, &[0x41, 0]),
    ]);
    if draw.percent(60) {
        parts.func(ty, code);
        return;
    }
    let func = leb(parts.imported[0]);
    let (before, behind) = draw.pick::<(&[u8], &[u8])>(&[
        (&[0x41, 0], &[0x1a]),
        (&[], &[0x1a]),
        (&[0x42, 0], &[0x1a]),
        (&[0x41, 0], &[0xa7, 0x1a]),
        (&[0x41, 0], &[]),
    ]);
    let call = draw.pick(&[0x10, 0x10, 0x12]);
    parts.func(0, &joined(&[before, &[call], &func, behind]));
}

/// Numbers as long as they may be, and longer (section 5.2.2).
fn constants(parts: &mut Parts, draw: &mut Draw) {
    let code: &[u8] = draw.pick::<&[u8]>(&[
        &[0x41, 0x80, 0x80, 0x80, 0x80, 0x78],
        &[0x41, 0xff, 0xff, 0xff, 0xff, 0x07],
        &[0x41, 0x80, 0x80, 0x80, 0x80, 0x00],
        &[0x41, 0xff, 0xff, 0xff, 0xff, 0x7f],
        &[0x41, 0x80, 0x80, 0x80, 0x80, 0x08],
        &[0x41, 0x80, 0x80, 0x80, 0x80, 0x70],
        &[0x41, 0x80, 0x80, 0x80, 0x80, 0x80, 0x00],
        &[0x42, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x7f],
        &[0x42, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x00],
        &[0x42, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x01],
        &[0x42, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x00],
        &[0x23, 0x80, 0x80, 0x80, 0x80, 0x00],
        &[0x23, 0x80, 0x80, 0x80, 0x80, 0x10],
        &[0x23, 0x80, 0x80, 0x80, 0x80, 0x80, 0x00],
        &[0x41, 0, 0x28, 0x82, 0x00, 0x80, 0x80, 0x80, 0x80, 0x00],
        &[0x41, 0, 0x28, 0x02, 0xff, 0xff, 0xff, 0xff, 0x0f],
        &[0x41, 0, 0x28, 0x02, 0xff, 0xff, 0xff, 0xff, 0x1f],
        &[0x41, 0, 0x28, 0x02, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x00],
    ]);
    parts.func(0, &joined(&[code, &[0x1a]]));
}

/// `ref.func` names what something outside of functions names.
fn references(parts: &mut Parts, draw: &mut Draw) {
    let own = parts.funcs();
    let func = parts.func(0, &joined(&[&[0xd2], &leb(own), &[0x1a]]));
    match draw.below(6) {
        0 => parts.export(b"r", 0, func),
        1 => parts.elements.push(joined(&[&[3, 0, 1], &leb(func)])),
        2 => parts.globals.push(joined(&[&[0x70, 0, 0xd2], &leb(func), &[0x0b]])),
        3 => parts.start = Some(func),
        _ => {}
    }
}

/// Only what is mutable may be set.
fn variables(parts: &mut Parts, draw: &mut Draw) {
    let global = draw.below(parts.globals());
    let value = zero(draw.pick(&[Ty::I32, Ty::I32, Ty::I32, Ty::I64]));
    parts.func(0, &joined(&[&value, &[0x24], &leb(global)]));
}

fn opcodes(parts: &mut Parts, draw: &mut Draw) {
    let code: &[u8] = draw.pick::<&[u8]>(&[
        &[0x01],
        &[0xff],
        &[0x27],
        &[0xfc, 0x7f],
        &[0xfc, 0xff, 0xff, 0x03],
        &[0xfc, 0x80, 0x00],
        &[0xfd, 0xff, 0x7f],
        // Numbers behind a prefix may be longer than they need be.
        &[0x43, 0, 0, 0, 0, 0xfc, 0x80, 0x00, 0x1a],
        &[0x44, 0, 0, 0, 0, 0, 0, 0, 0, 0xfc, 0x87, 0x80, 0x80, 0x80, 0x00, 0x1a],
        &[0x44, 0, 0, 0, 0, 0, 0, 0, 0, 0xfc, 0x87, 0x80, 0x80, 0x80, 0x80, 0x00, 0x1a],
        &[0x41, 0, 0x41, 0, 0x41, 0, 0xfc, 0x8a, 0x80, 0x00, 0, 0],
        &[0x41, 0, 0xfd, 0x8f, 0x00, 0x1a],
        &[0x41, 0, 0xfe, 0x90, 0x80, 0x00, 2, 0, 0x1a],
        &[0x41, 0, 0x1c, 0, 0x1a],
        &[0x41, 0, 0x41, 0, 0x41, 0, 0x1c, 1, 0x7f, 0x1a],
        &[0x41, 0, 0x41, 0, 0x41, 0, 0x1c, 2, 0x7f, 0x7f, 0x1a],
        &[0x41, 0, 0x42, 0, 0x41, 0, 0x1b, 0x1a],
        &[0xd0, 0x70, 0xd0, 0x70, 0x41, 0, 0x1b, 0x1a],
    ]);
    parts.func(0, code);
}

// Rules of modules (chapters 3.2 and 3.5).

fn exports(parts: &mut Parts, draw: &mut Draw) {
    let text: &[u8] = draw.pick::<&[u8]>(&[b"f", b"m", b"", b"new", b"new", b"\xff", b"\xc3\xa4", b"\xed\xa0\x80"]);
    let kind = draw.pick(&[0, 0, 1, 2, 3, 4, 5]);
    let count = [parts.funcs(), 1, 1, parts.globals(), 0, 1][usize::from(kind)];
    parts.export(text, kind, draw.pick(&[0, count.saturating_sub(1), count]));
}

fn imports(parts: &mut Parts, draw: &mut Draw) {
    let kind = draw.pick::<&[u8]>(&[
        &[0, 0],
        &[0, 1],
        &[2, 0, 1],
        &[1, 0x70, 0, 1],
        &[3, I32, 1],
        &[0, 0x80, 1],
        &[3, I32, 2],
        &[3, 0x40, 0],
        &[5, 0],
        &[0x7f, 0],
    ]);
    let text: &[u8] = draw.pick::<&[u8]>(&[b"", b"a", b"a", b"\xc3\xa4", b"\xff"]);
    let import = joined(&[&name(b"n"), &name(text), kind]);
    // Twice the same is allowed: what belongs to indices behind it is only right by chance, and verdicts tell.
    let times = if draw.percent(60) { 2 } else { 1 };
    if times == 2 && !parts.imports.is_empty() && draw.percent(30) {
        parts.imports.push(parts.imports[1].clone());
    } else {
        parts.imports.extend(vec![import; times]);
    }
    if kind[0] == 0 && draw.percent(70) {
        parts.start = Some(draw.below(3));
    }
}

/// Minima, maxima and how large anything may be.
fn limits(parts: &mut Parts, draw: &mut Draw) {
    let flag = draw.pick::<u8>(&[0, 1, 1, 1, 1, 2, 3, 0x08, 0x40, 0x80]);
    let pages = [0, 1, 0x7fff, 0xffff, 0x1_0000, 0x1_0001, 0x1_0001, u32::MAX];
    let elements = [4, 5, 100, 0xffff, 10_000_000];
    let is_memory = draw.percent(60);
    let (minimum, maximum) = if is_memory {
        (draw.pick(&pages), draw.pick(&pages))
    } else {
        (draw.pick(&elements[..3]), draw.pick(&elements).max(draw.below(2) * 5))
    };
    let small = draw.below(4);
    let (minimum, maximum) = if draw.percent(40) { (small + draw.below(2), small) } else { (minimum, maximum) };
    let mut limits = joined(&[&[flag], &leb(minimum)]);
    if flag & 1 == 1 {
        limits.extend(leb(maximum));
    }
    if is_memory {
        parts.memories[0] = limits;
    } else {
        parts.tables[0] = joined(&[&[draw.pick(&[0x70, 0x70, 0x70, 0x6f, I32])], &limits]);
    }
}

fn globals(parts: &mut Parts, draw: &mut Draw) {
    let ty = draw.pick(&[I32, I32, I64, 0x40, 0x7d]);
    let mutable = draw.pick(&[0, 1, 1, 2]);
    let own = leb(parts.globals());
    let initial: Vec<u8> = match draw.below(9) {
        0 => joined(&[&[0x23], &own]),
        1 => vec![0x23, 0],
        2 => joined(&[&[0x23], &leb(parts.globals() - 1)]),
        3 => vec![0x41, 0, 0x41, 0],
        4 => vec![0x41, 0, 0x41, 0, 0x6a],
        5 => vec![0x41, 0, 0x45],
        6 => Vec::new(),
        7 => vec![0x42, 0],
        _ => vec![0x41, 0],
    };
    parts.globals.push(joined(&[&[ty, mutable], &initial, &[0x0b]]));
}

fn start(parts: &mut Parts, draw: &mut Draw) {
    let empty = parts.func(0, &[]);
    parts.func(3, &[0x41, 0]);
    parts.start = Some(draw.pick(&[0, 0, empty, empty - 1, empty - 2, empty + 1, empty + 2]));
}

fn subtypes(parts: &mut Parts, draw: &mut Draw) {
    let next = parts.types.len() as u32;
    // Open, final, or written as short as possible, which is final.
    let base: &[u8] = draw.pick::<&[u8]>(&[&[0x50, 0], &[0x50, 0], &[0x4f, 0], &[]]);
    let structure: &[u8] = &[0x5f, 1, I32, 0];
    let shape = draw.pick::<&[u8]>(&[&[0x60, 1, I32, 0], structure, &[0x5e, I64, 1]]);
    let other = draw.pick::<&[u8]>(&[shape, shape, shape, structure, &[0x5f, 2, I32, 0, I64, 1], &[0x60, 0, 0]]);
    parts.types.push(joined(&[base, shape]));
    let of = draw.pick(&[next, next, next, next + 1, 0]);
    let head = draw.pick(&[0x50, 0x4f]);
    let mut derived = joined(&[&[head, 1], &leb(of), other]);
    if draw.percent(20) {
        derived = joined(&[&[0x4e, 1], &derived]);
    }
    parts.types.push(derived);
}

fn elements(parts: &mut Parts, draw: &mut Draw) {
    let behind = leb(parts.funcs() - draw.below(2));
    let element: Vec<u8> = match draw.below(10) {
        0 => joined(&[&[0, 0x41, 0, 0x0b, 1], &behind]),
        1 => vec![0, 0x42, 0, 0x0b, 0],
        2 => joined(&[&[1, 0, 1], &behind]),
        3 => vec![1, 1, 0],
        4 => vec![2, draw.below(2) as u8, 0x41, 0, 0x0b, 0, 0],
        5 => joined(&[&[4, 0x41, 0, 0x0b, 1, 0xd2], &behind, &[0x0b]]),
        6 => vec![5, 0x70, 1, 0xd0, draw.pick(&[0x70, 0x6f]), 0x0b],
        7 => vec![draw.pick(&[7, 8, 9]), 0x70, 0],
        8 => vec![6, 0, 0x41, 0, 0x0b, draw.pick(&[0x70, 0x6f]), 0],
        _ => vec![0, 0x41, 0, 0x41, 0, 0x0b, 0],
    };
    parts.elements.push(element);
}

fn datas(parts: &mut Parts, draw: &mut Draw) {
    let data: &[u8] = draw.pick::<&[u8]>(&[
        &[0, 0x41, 0, 0x0b, 0],
        &[0, 0x41, 0, 0x0b, 1, 7],
        &[1, 1, 7],
        &[2, 0, 0x41, 0, 0x0b, 0],
        &[2, 1, 0x41, 0, 0x0b, 0],
        &[0, 0x42, 0, 0x0b, 0],
        &[0, 0x0b, 0],
        &[0, 0x41, 0, 0x0b, 9],
        &[3, 0],
        &[0, 0x23, 0, 0x0b, 0],
    ]);
    parts.datas.push(data.to_vec());
    if draw.percent(15) {
        parts.memories.clear();
    }
    if draw.percent(30) {
        // Needs the number of segments before the code.
        parts.func(0, &[0xfc, 9, draw.below(3) as u8]);
    }
}

/// As many bodies as functions.
fn counts(parts: &mut Parts, draw: &mut Draw) {
    match draw.below(4) {
        0 => parts.funcs.push(leb(0)),
        1 => parts.codes.push(vec![2, 0, 0x0b]),
        2 => parts.funcs.push(leb(parts.types.len() as u32)),
        _ => {
            parts
                .types
                .push(draw.pick::<&[u8]>(&[&[0x61, 0, 0], &[0x60, 1, 0x40, 0], &[0x60, 0, 2, I32, I64]]).to_vec());
        }
    }
}

/// Locals, and where a body ends.
fn bodies(parts: &mut Parts, draw: &mut Draw) {
    let ty = draw.pick(&NUMBERS);
    let body: Vec<u8> = match draw.below(8) {
        0 => vec![1, 3, ty, 0x0b],
        1 => vec![2, 0, ty, 1, ty, 0x20, 0, 0x1a, 0x0b],
        2 => vec![1, 1, 0x40, 0x0b],
        3 => vec![2, 1, ty, 0x0b],
        4 => vec![0],
        5 => vec![0, 0x0b, 0x0b],
        6 => vec![0, 0x0b, 0x01],
        _ => vec![0x80, 0x80, 0x80, 0x80, 0x00, 0x0b],
    };
    parts.body(0, body);
}
