//! Memories with 64-bit addresses: `memory.copy`, `memory.fill`, `memory.init`, and how memories are linked.

use std::fmt::Write as _;

use crate::links;
use crate::model::{Cells, HASH_FACTOR, HASH_START, OutOfBounds, hash};
use crate::script::{Addr, Script, i32, i64};

pub(crate) const PAGE: u64 = 65536;
/// How many bytes at either end a script looks at after every operation.
const WINDOW: u64 = 40;
pub(crate) const WORDS: &str = "out of bounds memory access";

/// A memory of one page, as its script sees it.
pub(crate) struct Memory(pub(crate) Cells<u8>);

impl Memory {
    /// With different bytes at either end.
    pub(crate) fn new() -> Self {
        let mut bytes = vec![0; PAGE as usize];
        for at in 0..WINDOW as usize {
            bytes[at] = at as u8 + 1;
            bytes[(PAGE - WINDOW) as usize + at] = 0x80 + at as u8;
        }
        Self(Cells(bytes))
    }

    /// The segments that give a memory those bytes.
    pub(crate) fn segments(memory: &str, addr: Addr) -> String {
        let bytes = Self::new().0.0;
        let part = |from: u64| {
            let bytes = &bytes[from as usize..(from + WINDOW) as usize];
            format!("  (data (memory {memory}) (offset {}) \"{}\")\n", addr.number(from), escaped(bytes))
        };
        part(0) + &part(PAGE - WINDOW)
    }

    /// The hash of both ends.
    pub(crate) fn ends(&self) -> u64 {
        let bytes = &self.0.0;
        let ends = bytes[..WINDOW as usize].iter().chain(&bytes[(PAGE - WINDOW) as usize..]);
        hash(ends.map(|byte| u64::from(*byte)))
    }

    /// The hash of everything.
    pub(crate) fn all(&self) -> u64 {
        hash(self.0.0.iter().map(|byte| u64::from(*byte)))
    }
}

pub(crate) fn escaped(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "\\{byte:02x}").expect("a string takes all");
        text
    })
}

/// Functions that tell the state of a memory: `ends` and `all`, with something appended to their names.
pub(crate) fn tellers(memory: &str, addr: Addr, suffix: &str) -> String {
    let (ty, start, factor) = (addr.name(), i64(HASH_START), i64(HASH_FACTOR));
    let (zero, window, rest, page) =
        (addr.number(0), addr.number(WINDOW), addr.number(PAGE - WINDOW), addr.number(PAGE));
    format!(
        r#"  (func $fold{suffix} (param $at {ty}) (param $end {ty}) (param $hash i64) (result i64)
    (block $done
      (loop $next
        (br_if $done ({ty}.ge_u (local.get $at) (local.get $end)))
        (local.set $hash
          (i64.mul (i64.xor (local.get $hash) (i64.load8_u {memory} (local.get $at))) {factor}))
        (local.set $at ({ty}.add (local.get $at) ({ty}.const 1)))
        (br $next)))
    (local.get $hash))
  (func (export "ends{suffix}") (result i64)
    (call $fold{suffix} {rest} {page} (call $fold{suffix} {zero} {window} {start})))
  (func (export "all{suffix}") (result i64) (call $fold{suffix} {zero} {page} {start}))
"#
    )
}

/// The module of most scripts here: a memory of a page, its tellers, and more.
fn module(more: &str) -> String {
    let (segments, tellers) = (Memory::segments("$m", Addr::I64), tellers("$m", Addr::I64, ""));
    format!("(module\n  (memory $m (export \"mem\") i64 1 1)\n{segments}{tellers}{more})")
}

/// What follows an operation: the state it left, also if it trapped.
fn ends(script: &mut Script, memory: &Memory) {
    script.returns("ends", &[], &[i64(memory.ends())]);
}

fn all(script: &mut Script, memory: &Memory) {
    script.returns("all", &[], &[i64(memory.all())]);
}

/// `memory.copy` in a memory with 64-bit addresses.
pub(crate) fn copy64() -> String {
    let mut script = Script::new("memory.copy with 64-bit addresses.");
    let module = module(
        "  (func (export \"copy\") (param i64 i64 i64)
    (memory.copy $m $m (local.get 0) (local.get 1) (local.get 2)))\n",
    );
    let copy = |script: &mut Script, memory: &mut Memory, to, at, len| {
        let outcome = memory.0.copy(to, at, len);
        script.operates("copy", &[i64(to), i64(at), i64(len)], outcome, WORDS);
        ends(script, memory);
    };
    script.line(";; Every way in which short ranges overlap.");
    for to in 0..7 {
        script.line(&module);
        let mut memory = Memory::new();
        for at in 0..7 {
            for len in 0..6 {
                copy(&mut script, &mut memory, to, at, len);
            }
        }
        all(&mut script, &memory);
    }
    script.line(";; Every edge against every other.");
    for to in Addr::I64.edges(PAGE) {
        script.line(&module);
        let mut memory = Memory::new();
        for at in Addr::I64.edges(PAGE) {
            for len in Addr::I64.edges(PAGE) {
                copy(&mut script, &mut memory, to, at, len);
            }
        }
        all(&mut script, &memory);
    }
    let body = |operands: &str| format!("(memory i64 1) (func (memory.copy {operands}))");
    script.line(";; Operands are all 64 bits wide.");
    for wrong in 0..3 {
        let operands: Vec<String> = (0..3).map(|at| if at == wrong { i32(0) } else { i64(0) }).collect();
        script.invalid(&body(&operands.join(" ")), "type mismatch");
    }
    script.invalid(&body(""), "type mismatch");
    script.invalid("(func (memory.copy (i64.const 0) (i64.const 0) (i64.const 0)))", "unknown memory");
    script.text()
}

/// `memory.copy` between memories, each with 32-bit or 64-bit addresses.
pub(crate) fn copy_mixed() -> String {
    let mut script = Script::new("memory.copy between memories of different address types.");
    for (one, other) in [(Addr::I32, Addr::I32), (Addr::I32, Addr::I64), (Addr::I64, Addr::I32), (Addr::I64, Addr::I64)]
    {
        let len_ty = one.least(other);
        let (a, b, n) = (one.name(), other.name(), len_ty.name());
        let module = format!(
            "(module\n  (memory $a {a} 1 1)\n  (memory $b {b} 1 1)\n{}{}{}  (func (export \"copy\") (param {a} {b} {n})
    (memory.copy $a $b (local.get 0) (local.get 1) (local.get 2)))\n)",
            Memory::segments("$a", one),
            tellers("$a", one, ""),
            tellers("$b", other, "_source"),
        );
        for to in one.edges(PAGE) {
            script.line(&module);
            let (mut memory, source) = (Memory::new(), Memory(Cells(vec![0; PAGE as usize])));
            for at in other.edges(PAGE) {
                for len in [0, 1, 7, PAGE - 7, PAGE, PAGE + 1, 0xffff_ffff] {
                    let outcome = memory.0.init(to, &source.0, at, len);
                    let args = [one.number(to), other.number(at), len_ty.number(len)];
                    script.operates("copy", &args, outcome, WORDS);
                    ends(&mut script, &memory);
                }
            }
            script.returns("ends_source", &[], &[i64(source.ends())]);
            all(&mut script, &memory);
        }
        // One operand after the other of the type that it must not have.
        let right = [one, other, len_ty];
        for wrong in 0..3 {
            let other_than = |addr| if addr == Addr::I32 { Addr::I64 } else { Addr::I32 };
            let operand = |at: usize| if at == wrong { other_than(right[at]) } else { right[at] }.number(0);
            let operands = format!("{} {} {}", operand(0), operand(1), operand(2));
            let module = format!("(memory $a {a} 1) (memory $b {b} 1) (func (memory.copy $a $b {operands}))");
            script.invalid(&module, "type mismatch");
        }
    }
    script.text()
}

/// `memory.fill` in a memory with 64-bit addresses.
pub(crate) fn fill64() -> String {
    let mut script = Script::new("memory.fill with 64-bit addresses.");
    let module = module(
        "  (func (export \"fill\") (param i64 i32 i64)
    (memory.fill $m (local.get 0) (local.get 1) (local.get 2)))\n",
    );
    let fill = |script: &mut Script, memory: &mut Memory, at, value: u64, len| {
        // Only the low byte counts.
        let outcome = memory.0.fill(at, value as u8, len);
        script.operates("fill", &[i64(at), i32(value), i64(len)], outcome, WORDS);
        ends(script, memory);
    };
    script.line(";; Short ranges, and values of which all but the low byte is cut off.");
    script.line(&module);
    let mut memory = Memory::new();
    for at in [0, 1, 3, 8, PAGE - 9, PAGE - 6] {
        for len in 0..6 {
            for value in [0, 1, 0x7f, 0x80, 0xff, 0x100, 0x1ff, 0x8000_0000, 0xffff_ffff] {
                fill(&mut script, &mut memory, at, value, len);
            }
        }
    }
    all(&mut script, &memory);
    script.line(";; Every edge against every other.");
    for at in Addr::I64.edges(PAGE) {
        script.line(&module);
        let mut memory = Memory::new();
        for (number, len) in Addr::I64.edges(PAGE).into_iter().enumerate() {
            fill(&mut script, &mut memory, at, 0x41 + number as u64, len);
        }
        all(&mut script, &memory);
    }
    script.line(";; The address and the length are 64 bits wide, the value 32.");
    for operands in [[i32(0), i32(0), i64(0)], [i64(0), i64(0), i64(0)], [i64(0), i32(0), i32(0)]] {
        script.invalid(&format!("(memory i64 1) (func (memory.fill {}))", operands.join(" ")), "type mismatch");
    }
    script.invalid("(func (memory.fill (i64.const 0) (i32.const 0) (i64.const 0)))", "unknown memory");
    script.text()
}

const SEGMENT: &[u8] = b"abcdefghijklmnop";

/// `memory.init` and `data.drop`, and active segments, in a memory with 64-bit addresses.
pub(crate) fn init64() -> String {
    let mut script = Script::new("memory.init, data.drop and active segments with 64-bit addresses.");
    let module = module(&format!(
        r#"  (data $p "{}")
  (data $z "")
  (data $active (memory $m) (offset (i64.const 3)) "")
  (func (export "init") (param i64 i32 i32) (memory.init $p (local.get 0) (local.get 1) (local.get 2)))
  (func (export "init_empty") (param i64 i32 i32) (memory.init $z (local.get 0) (local.get 1) (local.get 2)))
  (func (export "init_active") (param i64 i32 i32) (memory.init $active (local.get 0) (local.get 1) (local.get 2)))
  (func (export "drop") (data.drop $p))
  (func (export "drop_active") (data.drop $active))
"#,
        escaped(SEGMENT)
    ));
    let (full, empty) = (Cells(SEGMENT.to_vec()), Cells(Vec::new()));
    let init = |script: &mut Script, memory: &mut Memory, name, segment: &Cells<u8>, [to, at, len]: [u64; 3]| {
        let outcome = memory.0.init(to, segment, at, len);
        script.operates(name, &[i64(to), i32(at), i32(len)], outcome, WORDS);
        ends(script, memory);
    };
    for to in Addr::I64.edges(PAGE) {
        script.line(&module);
        let mut memory = Memory::new();
        for at in Addr::I32.edges(SEGMENT.len() as u64) {
            for len in Addr::I32.edges(SEGMENT.len() as u64) {
                init(&mut script, &mut memory, "init", &full, [to, at, len]);
            }
        }
        script.line(";; Segments that are empty, whether written so, active or dropped.");
        let mut dropped = full.clone();
        dropped.drop();
        script.returns("drop", &[], &[]);
        for (name, segment) in [("init_empty", &empty), ("init_active", &empty), ("init", &dropped)] {
            for (at, len) in [(0, 0), (0, 1), (1, 0), (0, 0xffff_ffff), (0xffff_ffff, 1), (16, 0)] {
                init(&mut script, &mut memory, name, segment, [to, at, len]);
            }
        }
        script.line(";; Dropping again is no error.");
        script.returns("drop", &[], &[]);
        script.returns("drop_active", &[], &[]);
        init(&mut script, &mut memory, "init", &dropped, [to, 0, 0]);
        all(&mut script, &memory);
    }
    active_segments(&mut script);
    for operands in [[i32(0), i32(0), i32(0)], [i64(0), i64(0), i32(0)], [i64(0), i32(0), i64(0)]] {
        let operands = operands.join(" ");
        script.invalid(&format!("(memory i64 1) (data \"\") (func (memory.init 0 {operands}))"), "type mismatch");
    }
    script.invalid("(memory i64 1) (data (i32.const 0) \"\")", "type mismatch");
    script.invalid("(memory i32 1) (data (i64.const 0) \"\")", "type mismatch");
    let unknown = "(memory i64 1) (func (memory.init 1 (i64.const 0) (i32.const 0) (i32.const 0)))";
    script.invalid(unknown, "unknown data segment");
    script.text()
}

/// Segments are written one after the other, and one that does not fit traps: what those before it wrote stays.
fn active_segments(script: &mut Script) {
    script.line(";; Active segments, seen through the memory that they are written to.");
    script.line(&module("").replacen("(module", "(module $owner", 1));
    script.line("(register \"owner\" $owner)");
    let mut memory = Memory::new();
    for (number, offset) in Addr::I64.edges(PAGE).into_iter().enumerate() {
        for len in [0, 1, 7, 8] {
            let bytes = vec![0x61 + number as u8; len];
            let first = [0x41 + number as u8 + len as u8];
            let module = format!(
                r#"(module (import "owner" "mem" (memory i64 1)) (data (i64.const 2) "{}") (data {} "{}"))"#,
                escaped(&first),
                i64(offset),
                escaped(&bytes)
            );
            memory.0.set(2, first[0]).expect("the first byte fits");
            match memory.0.init(offset, &Cells(bytes), 0, len as u64) {
                Ok(()) => script.line(&module),
                Err(OutOfBounds) => script.line(&format!("(assert_trap {module} \"{WORDS}\")")),
            }
            script.line(&format!("(assert_return (invoke $owner \"ends\") {})", i64(memory.ends())));
        }
    }
    script.line(&format!("(assert_return (invoke $owner \"all\") {})", i64(memory.all())));
}

/// Which memories may be linked to which imports.
pub(crate) fn imports64() -> String {
    let mut script = Script::new("Linking of memories with 64-bit addresses.");
    links::grid(&mut script, "memory", "");
    script.line(";; A memory that has grown is as large as it is.");
    script.line(
        r#"(module $grows (memory (export "mem") i64 1 4)
  (func (export "grow") (param i64) (result i64) (memory.grow (local.get 0)))
  (func (export "size") (result i64) (memory.size)))
(register "grows" $grows)"#,
    );
    let mut pages = Cells(vec![0_u8; 1]);
    for by in [0, 1, 0xffff_ffff, 0x1_0000_0000, u64::MAX, 1 << 48, 1, 0, 2, 1, 1] {
        let import = |pages| format!(r#"(module (import "grows" "mem" (memory i64 {pages} 4)))"#);
        let before = pages.grow(0, by, 4).unwrap_or(u64::MAX);
        script.line(&format!("(assert_return (invoke $grows \"grow\" {}) {})", i64(by), i64(before)));
        script.line(&format!("(assert_return (invoke $grows \"size\") {})", i64(pages.len())));
        script.line(&import(pages.len()));
        if pages.len() < 4 {
            let words = "incompatible import type";
            script.line(&format!("(assert_unlinkable {} \"{words}\")", import(pages.len() + 1)));
        }
    }
    script.text()
}
