//! Tables with 64-bit addresses.
//!
//! Elements are functions that return their own number, or null. The hash of a table is computed by calling each.

use std::fmt::Write as _;

use crate::links;
use crate::model::{Cells, Draw, HASH_FACTOR, HASH_START, OutOfBounds, hash};
use crate::script::{Addr, Script, i32, i64};

/// Elements of most tables here.
pub(crate) const SIZE: u64 = 16;
pub(crate) const WORDS: &str = "out of bounds table access";
/// How many functions there are.
const FUNCS: u64 = 8;

/// The number of a function, or null.
pub(crate) type Element = Option<u64>;
pub(crate) type Table = Cells<Element>;

/// What most tables begin with: functions and nulls in turns.
pub(crate) fn initial() -> Table {
    Cells((0..SIZE).map(|at| (at % 5 != 4).then_some(at % FUNCS)).collect())
}

pub(crate) fn state(table: &Table) -> u64 {
    hash(table.0.iter().map(|element| element.map_or(0, |func| func + 1)))
}

/// The functions, `$f0` to `$f7`.
pub(crate) fn funcs() -> String {
    let mut text = String::from("  (type $number (func (result i32)))\n");
    for func in 0..FUNCS {
        writeln!(text, "  (func $f{func} (type $number) (i32.const {func}))").expect("a string takes all");
    }
    text
}

/// Elements as a segment writes them.
pub(crate) fn elements(table: &Table) -> String {
    let element = |element: &Element| match element {
        Some(func) => format!(" (ref.func $f{func})"),
        None => " (ref.null func)".to_owned(),
    };
    format!("funcref{}", table.0.iter().map(element).collect::<String>())
}

/// A table with its first elements, and a function that tells its state.
pub(crate) fn table(name: &str, addr: Addr, content: &Table) -> String {
    let (ty, start, factor) = (addr.name(), i64(HASH_START), i64(HASH_FACTOR));
    let (zero, size, elements) = (addr.number(0), content.len(), elements(content));
    format!(
        r#"  (table ${name} (export "{name}") {ty} {size} {size} funcref)
  (elem (table ${name}) (offset {zero}) {elements})
  (func (export "state_{name}") (result i64)
    (local $at {ty}) (local $hash i64)
    (local.set $hash {start})
    (loop $next
      (local.set $hash
        (i64.mul
          (i64.xor
            (local.get $hash)
            (if (result i64) (ref.is_null (table.get ${name} (local.get $at)))
              (then (i64.const 0))
              (else (i64.extend_i32_u
                (i32.add (i32.const 1) (call_indirect ${name} (type $number) (local.get $at)))))))
          {factor}))
      (local.set $at ({ty}.add (local.get $at) ({ty}.const 1)))
      (br_if $next ({ty}.lt_u (local.get $at) ({ty}.const {size}))))
    (local.get $hash))
"#
    )
}

fn told(script: &mut Script, name: &str, content: &Table) {
    script.returns(&format!("state_{name}"), &[], &[i64(state(content))]);
}

/// A reference of the host, or null.
fn host(element: Element) -> String {
    element.map_or_else(|| "(ref.null extern)".to_owned(), |number| format!("(ref.extern {number})"))
}

/// `table.copy` within and between tables with 64-bit addresses.
pub(crate) fn copy64() -> String {
    let mut script = Script::new("table.copy with 64-bit addresses.");
    let source = Cells((0..SIZE + 3).map(|at| (at % 3 != 0).then_some(at * 5 % FUNCS)).collect());
    let module = format!(
        r#"(module
{}{}{}  (func (export "copy") (param i64 i64 i64) (table.copy $t $t (local.get 0) (local.get 1) (local.get 2)))
  (func (export "copy_from_u") (param i64 i64 i64) (table.copy $t $u (local.get 0) (local.get 1) (local.get 2)))
)"#,
        funcs(),
        table("t", Addr::I64, &initial()),
        table("u", Addr::I64, &source)
    );
    let copy = |script: &mut Script, content: &mut Table, [to, at, len]: [u64; 3]| {
        let outcome = content.copy(to, at, len);
        script.operates("copy", &[i64(to), i64(at), i64(len)], outcome, WORDS);
        told(script, "t", content);
    };
    script.line(";; Every way in which short ranges overlap.");
    for to in 0..6 {
        script.line(&module);
        let mut content = initial();
        for at in 0..6 {
            for len in 0..6 {
                copy(&mut script, &mut content, [to, at, len]);
            }
        }
    }
    script.line(";; Every edge against every other.");
    for to in Addr::I64.edges(SIZE) {
        script.line(&module);
        let mut content = initial();
        for at in Addr::I64.edges(SIZE) {
            for len in Addr::I64.edges(SIZE) {
                copy(&mut script, &mut content, [to, at, len]);
            }
        }
    }
    script.line(";; From a longer table.");
    script.line(&module);
    let mut content = initial();
    let mut draw = Draw(1);
    for _ in 0..300 {
        let [to, at, len] = match draw.below(3) {
            0 => [(); 3].map(|()| draw.pick(&Addr::I64.edges(SIZE + 3))),
            _ => [draw.below(SIZE), draw.below(SIZE + 3), draw.below(6)],
        };
        let outcome = content.init(to, &source, at, len);
        script.operates("copy_from_u", &[i64(to), i64(at), i64(len)], outcome, WORDS);
        told(&mut script, "t", &content);
    }
    told(&mut script, "u", &source);
    for wrong in 0..3 {
        let operands: Vec<String> = (0..3).map(|at| if at == wrong { i32(0) } else { i64(0) }).collect();
        let module = format!("(table i64 1 funcref) (func (table.copy {}))", operands.join(" "));
        script.invalid(&module, "type mismatch");
    }
    let types = "(table $a i64 1 funcref) (table $b i64 1 externref)";
    let operands = "(i64.const 0) (i64.const 0) (i64.const 0)";
    script.invalid(&format!("{types} (func (table.copy $a $b {operands}))"), "type mismatch");
    script.text()
}

/// `table.copy` between tables, each with 32-bit or 64-bit addresses.
pub(crate) fn copy_mixed() -> String {
    let mut script = Script::new("table.copy between tables of different address types.");
    let source = Cells((0..SIZE).map(|at| (at % 3 != 0).then_some(at * 3 % FUNCS)).collect());
    for (one, other) in [(Addr::I32, Addr::I64), (Addr::I64, Addr::I32)] {
        let (a, b) = (one.name(), other.name());
        let module = format!(
            r#"(module
{}{}{}  (func (export "copy") (param {a} {b} i32) (table.copy $t $u (local.get 0) (local.get 1) (local.get 2)))
)"#,
            funcs(),
            table("t", one, &initial()),
            table("u", other, &source)
        );
        for to in one.edges(SIZE) {
            script.line(&module);
            let mut content = initial();
            for at in other.edges(SIZE) {
                for len in [0, 1, 2, 7, SIZE, SIZE + 1, 0xffff_ffff] {
                    let outcome = content.init(to, &source, at, len);
                    script.operates("copy", &[one.number(to), other.number(at), i32(len)], outcome, WORDS);
                    told(&mut script, "t", &content);
                }
            }
            told(&mut script, "u", &source);
        }
        let right = [one, other, Addr::I32];
        for wrong in 0..3 {
            let other_than = |addr| if addr == Addr::I32 { Addr::I64 } else { Addr::I32 };
            let operand = |at: usize| if at == wrong { other_than(right[at]) } else { right[at] }.number(0);
            let operands = format!("{} {} {}", operand(0), operand(1), operand(2));
            let tables = format!("(table $a {a} 1 funcref) (table $b {b} 1 funcref)");
            script.invalid(&format!("{tables} (func (table.copy $a $b {operands}))"), "type mismatch");
        }
    }
    script.text()
}

/// `table.init` and `elem.drop`, and active segments, in a table with 64-bit addresses.
pub(crate) fn init64() -> String {
    let mut script = Script::new("table.init, elem.drop and active segments with 64-bit addresses.");
    let segment: Table = Cells((0..9).map(|at| (at != 4).then_some((at + 3) % FUNCS)).collect());
    let module = format!(
        r#"(module
{}{}  (elem $p {})
  (elem $z funcref)
  (elem $active (table $t) (offset (i64.const 3)) funcref)
  (elem $declared declare func $f1)
  (func (export "init") (param i64 i32 i32) (table.init $t $p (local.get 0) (local.get 1) (local.get 2)))
  (func (export "init_empty") (param i64 i32 i32) (table.init $t $z (local.get 0) (local.get 1) (local.get 2)))
  (func (export "init_active") (param i64 i32 i32) (table.init $t $active (local.get 0) (local.get 1) (local.get 2)))
  (func (export "init_declared") (param i64 i32 i32)
    (table.init $t $declared (local.get 0) (local.get 1) (local.get 2)))
  (func (export "drop") (elem.drop $p))
  (func (export "drop_active") (elem.drop $active))
)"#,
        funcs(),
        table("t", Addr::I64, &initial()),
        elements(&segment)
    );
    let init = |script: &mut Script, content: &mut Table, name, segment: &Table, [to, at, len]: [u64; 3]| {
        let outcome = content.init(to, segment, at, len);
        script.operates(name, &[i64(to), i32(at), i32(len)], outcome, WORDS);
        told(script, "t", content);
    };
    for to in Addr::I64.edges(SIZE) {
        script.line(&module);
        let mut content = initial();
        for at in Addr::I32.edges(segment.len()) {
            for len in Addr::I32.edges(segment.len()) {
                init(&mut script, &mut content, "init", &segment, [to, at, len]);
            }
        }
        script.line(";; Segments that are empty, whether written so, active, declared or dropped.");
        script.returns("drop", &[], &[]);
        let empty = Cells(Vec::new());
        for name in ["init_empty", "init_active", "init_declared", "init"] {
            for (at, len) in [(0, 0), (0, 1), (1, 0), (0xffff_ffff, 1)] {
                init(&mut script, &mut content, name, &empty, [to, at, len]);
            }
        }
        script.returns("drop", &[], &[]);
        script.returns("drop_active", &[], &[]);
        init(&mut script, &mut content, "init", &empty, [to, 0, 0]);
    }
    active_segments(&mut script);
    for operands in [[i32(0), i32(0), i32(0)], [i64(0), i64(0), i32(0)], [i64(0), i32(0), i64(0)]] {
        let operands = operands.join(" ");
        script.invalid(
            &format!("(table i64 1 funcref) (elem funcref) (func (table.init 0 0 {operands}))"),
            "type mismatch",
        );
    }
    script.invalid("(table i64 1 funcref) (elem (i32.const 0) func)", "type mismatch");
    script.invalid("(table i32 1 funcref) (elem (i64.const 0) func)", "type mismatch");
    script.text()
}

/// Segments are written one after the other, and one that does not fit traps: what those before it wrote stays.
fn active_segments(script: &mut Script) {
    script.line(";; Active segments, seen through the table that they are written to.");
    let owner =
        format!("(module $owner\n{}{})\n(register \"owner\" $owner)", funcs(), table("t", Addr::I64, &initial()));
    script.line(&owner);
    let mut content = initial();
    for (number, offset) in (0..).zip(Addr::I64.edges(SIZE)) {
        for len in [0, 1, 7, 8] {
            let (first, element) = ((number + len) % FUNCS, (number * 3 + len) % FUNCS);
            let segment = Cells(vec![Some(element); len as usize]);
            let module = format!(
                r#"(module
  (import "owner" "t" (table i64 16 funcref))
{}  (elem (i64.const 2) func $f{first})
  (elem (table 0) (offset {}) {}))"#,
                funcs(),
                i64(offset),
                elements(&segment)
            );
            content.set(2, Some(first)).expect("the first element fits");
            match content.init(offset, &segment, 0, len) {
                Ok(()) => script.line(&module),
                Err(OutOfBounds) => script.line(&format!("(assert_trap {module} \"{WORDS}\")")),
            }
            script.line(&format!("(assert_return (invoke $owner \"state_t\") {})", i64(state(&content))));
        }
    }
}

/// A table of the host's references, and the instructions on it.
fn host_table(limits: &str) -> String {
    format!(
        r#"(module
  (table $t i64 {limits} externref)
  (func (export "get") (param i64) (result externref) (table.get $t (local.get 0)))
  (func (export "set") (param i64 externref) (table.set $t (local.get 0) (local.get 1)))
  (func (export "fill") (param i64 externref i64) (table.fill $t (local.get 0) (local.get 1) (local.get 2)))
  (func (export "grow") (param externref i64) (result i64) (table.grow $t (local.get 0) (local.get 1)))
  (func (export "size") (result i64) (table.size $t))
)"#
    )
}

/// Asks for an element, which may not be there.
fn get(script: &mut Script, content: &Table, at: u64) {
    match content.get(at) {
        Ok(element) => script.returns("get", &[i64(at)], &[host(element)]),
        Err(OutOfBounds) => script.traps("get", &[i64(at)], WORDS),
    }
}

/// `table.fill` in a table with 64-bit addresses.
pub(crate) fn fill64() -> String {
    let mut script = Script::new("table.fill with 64-bit addresses.");
    script.line(&host_table("16"));
    let mut content = Cells(vec![None; SIZE as usize]);
    let mut value = 0;
    let edges = Addr::I64.edges(SIZE);
    let short = (0..5).flat_map(|at| (0..5).map(move |len| (at * 3, len)));
    let far = edges.iter().flat_map(|at| edges.iter().map(|len| (*at, *len)));
    for (at, len) in short.chain(far) {
        value += 1;
        let element = (value % 7 != 0).then_some(value);
        let outcome = content.fill(at, element, len);
        script.operates("fill", &[i64(at), host(element), i64(len)], outcome, WORDS);
        // Around the edges of what was filled, and around those of the table.
        for place in [at, at.wrapping_sub(1), at.wrapping_add(len), at.wrapping_add(len).wrapping_sub(1), 0, SIZE - 1] {
            get(&mut script, &content, place);
        }
    }
    let body = |operands: &str| format!("(table i64 1 externref) (func (table.fill {operands}))");
    script.invalid(&body("(i32.const 0) (ref.null extern) (i64.const 0)"), "type mismatch");
    script.invalid(&body("(i64.const 0) (ref.null extern) (i32.const 0)"), "type mismatch");
    script.invalid(&body("(i64.const 0) (ref.null func) (i64.const 0)"), "type mismatch");
    script.text()
}

/// `table.get` in a table with 64-bit addresses.
pub(crate) fn get64() -> String {
    let mut script = Script::new("table.get with 64-bit addresses.");
    for size in [0, 1, 8, 16, 1000] {
        script.line(&host_table(&size.to_string()));
        let mut content = Cells(vec![None; size as usize]);
        for at in (0..size).step_by(3) {
            content.set(at, Some(at)).expect("it is there");
            script.returns("set", &[i64(at), host(Some(at))], &[]);
        }
        let edges = [Addr::I64.edges(size.max(7)), Addr::I32.edges(size.max(7))].concat();
        // An address whose low half is that of an element is still another address.
        let beyond = [0x1_0000_0000_u64, 1 << 63, 3 << 32].map(|high| high + size / 2);
        for at in edges.into_iter().chain(beyond).chain((0..size).take(40)) {
            get(&mut script, &content, at);
        }
    }
    let body =
        |operand: &str, result: &str| format!("(table i64 1 externref) (func (result {result}) (table.get {operand}))");
    script.invalid(&body("(i32.const 0)", "externref"), "type mismatch");
    script.invalid(&body("", "externref"), "type mismatch");
    script.invalid(&body("(i64.const 0)", "funcref"), "type mismatch");
    script.invalid("(func (result externref) (table.get 0 (i64.const 0)))", "unknown table");
    script.text()
}

/// `table.set` in a table with 64-bit addresses.
pub(crate) fn set64() -> String {
    let mut script = Script::new("table.set with 64-bit addresses.");
    script.line(&host_table("16"));
    let mut content = Cells(vec![None; SIZE as usize]);
    let mut value = 0;
    let beyond = [0x1_0000_0003, 0x1_0000_000f, (1 << 63) + 5];
    for at in (0..SIZE).chain(Addr::I64.edges(SIZE)).chain(beyond) {
        for element in [true, false, true] {
            value += 1;
            let element = element.then_some(value);
            let outcome = content.set(at, element);
            script.operates("set", &[i64(at), host(element)], outcome, WORDS);
            // The element itself, and the one that the low half of the address would name.
            get(&mut script, &content, at);
            get(&mut script, &content, at % SIZE);
        }
    }
    let body = |operands: &str| format!("(table i64 1 externref) (func (table.set {operands}))");
    script.invalid(&body("(i32.const 0) (ref.null extern)"), "type mismatch");
    script.invalid(&body("(i64.const 0) (ref.null func)"), "type mismatch");
    script.invalid(&body("(i64.const 0)"), "type mismatch");
    script.text()
}

/// `table.grow` in a table with 64-bit addresses.
pub(crate) fn grow64() -> String {
    let mut script = Script::new("table.grow with 64-bit addresses.");
    for (min, max) in [(0, 0), (0, 10), (10, 10), (1, 0x1_0000), (5, 0xffff_ffff), (5, 0x1_0000_0000), (3, u64::MAX)] {
        script.line(&host_table(&format!("{min} {max:#x}")));
        let mut content: Table = Cells(vec![None; min as usize]);
        // Past the maximum a growth must fail; a huge one below it may, so none is asked for.
        let failing = |size: u64| {
            let room = max - size;
            let beyond = [room.checked_add(1), room.checked_add(2), Some(u64::MAX)];
            beyond.into_iter().flatten().filter(move |by| *by > room)
        };
        for (number, by) in [0, 1, 0, 2, 4, 3, 1, 7].into_iter().enumerate() {
            let element = (number % 3 != 2).then_some(number as u64);
            for by in std::iter::once(by).chain(failing(content.len())) {
                // -1 if it fails.
                let before = content.grow(element, by, max).unwrap_or(u64::MAX);
                script.returns("grow", &[host(element), i64(by)], &[i64(before)]);
                script.returns("size", &[], &[i64(content.len())]);
                for at in [0, content.len().wrapping_sub(1), content.len(), u64::MAX, 0x1_0000_0000] {
                    get(&mut script, &content, at);
                }
            }
        }
    }
    script.line(";; Without a maximum only what addresses cannot name must fail.");
    script.line(&host_table("2"));
    let mut content: Table = Cells(vec![None; 2]);
    for by in [u64::MAX, u64::MAX - 1, 0, 3, u64::MAX - 4] {
        let before = content.grow(Some(by & 0xff), by, u64::MAX).unwrap_or(u64::MAX);
        script.returns("grow", &[host(Some(by & 0xff)), i64(by)], &[i64(before)]);
        script.returns("size", &[], &[i64(content.len())]);
        (0..6).for_each(|at| get(&mut script, &content, at));
    }
    let body = |operands: &str, result: &str| {
        format!("(table i64 1 externref) (func (result {result}) (table.grow {operands}))")
    };
    script.invalid(&body("(ref.null extern) (i32.const 0)", "i64"), "type mismatch");
    script.invalid(&body("(ref.null extern) (i64.const 0)", "i32"), "type mismatch");
    script.invalid(&body("(ref.null func) (i64.const 0)", "i64"), "type mismatch");
    script.invalid(&body("(i64.const 0)", "i64"), "type mismatch");
    script.text()
}

/// `table.size` in tables with 64-bit addresses.
pub(crate) fn size64() -> String {
    let mut script = Script::new("table.size with 64-bit addresses.");
    let tables = [("i64 0", 0), ("i64 1", 1), ("i64 0 2", 0), ("i64 3 8", 3), ("i32 4 5", 4), ("i64 1000", 1000)];
    let mut module = String::from("(module\n");
    for (number, (limits, _)) in tables.iter().enumerate() {
        let ty = &limits[..3];
        write!(
            module,
            "  (table $t{number} {limits} funcref)
  (func (export \"size{number}\") (result {ty}) (table.size $t{number}))
  (func (export \"grow{number}\") (param {ty}) (result {ty}) (table.grow $t{number} (ref.null func) (local.get 0)))\n"
        )
        .expect("a string takes all");
    }
    script.line(&(module + ")"));
    let mut sizes: Vec<(Addr, Table, u64)> = tables
        .iter()
        .map(|(limits, size)| {
            let mut words = limits.split(' ');
            let addr = if words.next() == Some("i64") { Addr::I64 } else { Addr::I32 };
            let max = words.nth(1).map_or(10_000, |max| max.parse().expect("a number"));
            (addr, Cells(vec![None; *size]), max)
        })
        .collect();
    for round in 0..6 {
        for number in 0..sizes.len() {
            let (addr, content, max) = &mut sizes[number];
            let by = (round + number as u64) % 4;
            let failed = if *addr == Addr::I64 { u64::MAX } else { 0xffff_ffff };
            let before = content.grow(None, by, *max).unwrap_or(failed);
            script.returns(&format!("grow{number}"), &[addr.number(by)], &[addr.number(before)]);
            // No other table has changed.
            for (number, (addr, content, _)) in sizes.iter().enumerate() {
                script.returns(&format!("size{number}"), &[], &[addr.number(content.len())]);
            }
        }
    }
    script.invalid("(table i64 1 funcref) (func (result i32) (table.size))", "type mismatch");
    script.invalid("(table i32 1 funcref) (func (result i64) (table.size))", "type mismatch");
    script.invalid("(func (result i64) (table.size 0))", "unknown table");
    script.text()
}

/// Declarations of tables with 64-bit addresses, and how they are linked.
pub(crate) fn table64() -> String {
    let mut script = Script::new("Declarations and links of tables with 64-bit addresses.");
    for limits in ["0", "1", "0 0", "0 1", "1 256", "0 0xffff_ffff", "0 0x1_0000_0000", "0 0xffff_ffff_ffff_ffff"] {
        script.line(&format!("(module (table i64 {limits} funcref))"));
        script.line(&format!("(module (table i64 {limits} externref))"));
        script.line(&format!("(module definition (import \"nobody\" \"has it\" (table i64 {limits} funcref)))"));
    }
    script.line("(module definition (table i64 0xffff_ffff_ffff_ffff funcref))");
    for limits in ["1 0", "0xffff_ffff 0", "0x1_0000_0000 0xffff_ffff", "0xffff_ffff_ffff_ffff 0xffff_ffff_ffff_fffe"] {
        let words = "size minimum must not be greater than maximum";
        script.invalid(&format!("(table i64 {limits} funcref)"), words);
        script.invalid(&format!("(import \"nobody\" \"has it\" (table i64 {limits} funcref))"), words);
    }
    links::grid(&mut script, "table", " funcref");
    script.line(";; Elements are of the type that the table says, whatever its addresses.");
    script.line("(module $host (table (export \"t\") i64 1 externref))\n(register \"host\" $host)");
    let wrong = r#"(module (import "host" "t" (table i64 1 funcref)))"#;
    script.line(&format!("(assert_unlinkable {wrong} \"incompatible import type\")"));
    script.text()
}
