//! `call_indirect` through tables with 64-bit addresses.

use crate::model::{Cells, OutOfBounds};
use crate::script::{Addr, Script, i32, i64};
use crate::table::SIZE;

/// What an element is.
#[derive(Clone, Copy)]
enum Callee {
    Null,
    /// Adds the number to its argument, both of 32 bits.
    Add32(u64),
    /// Adds the number to its argument, both of 64 bits.
    Add64(u64),
}

const WORDS: [&str; 3] = ["undefined element", "uninitialized element", "indirect call type mismatch"];

/// `call_indirect` by way of every element and of every edge, as either type, before and after changes to the table.
pub(crate) fn call_indirect64() -> String {
    let mut script = Script::new("call_indirect through tables with 64-bit addresses.");
    let mut table = Cells(vec![Callee::Null; SIZE as usize]);
    for at in 0..SIZE as usize {
        table.0[at] = match at % 4 {
            3 => Callee::Null,
            1 => Callee::Add64(at as u64),
            _ => Callee::Add32(at as u64),
        };
    }
    let mut module = String::from(
        r#"(module
  (type $narrow (func (param i32) (result i32)))
  (type $wide (func (param i64) (result i64)))
  (table $other 3 funcref)
  (table $t i64 16 32 funcref)
  (func (export "narrow") (param i64 i32) (result i32)
    (call_indirect $t (type $narrow) (local.get 1) (local.get 0)))
  (func (export "wide") (param i64 i64) (result i64)
    (call_indirect $t (type $wide) (local.get 1) (local.get 0)))
  (func (export "copy") (param i64 i64 i64) (table.copy $t $t (local.get 0) (local.get 1) (local.get 2)))
  (func (export "grow") (param i64) (result i64) (table.grow $t (ref.null func) (local.get 0)))
"#,
    );
    for (at, callee) in table.0.iter().enumerate() {
        module += &match callee {
            Callee::Null => continue,
            Callee::Add32(number) => format!(
                "  (func $f{at} (type $narrow) (i32.add (local.get 0) (i32.const {number})))
  (elem (table $t) (offset (i64.const {at})) func $f{at})\n"
            ),
            Callee::Add64(number) => format!(
                "  (func $f{at} (type $wide) (i64.add (local.get 0) (i64.const {number})))
  (elem (table $t) (offset (i64.const {at})) func $f{at})\n"
            ),
        };
    }
    script.line(&(module + ")"));
    every_call(&mut script, &table);
    script.line(";; After copies within the table, and after it has grown by nulls.");
    for (to, at, len) in [(2, 0, 5), (0, 1, 7), (15, 0, 1), (16, 0, 0), (9, 1, 7)] {
        table.copy(to, at, len).expect("the ranges lie within the table");
        script.returns("copy", &[i64(to), i64(at), i64(len)], &[]);
        every_call(&mut script, &table);
    }
    for (by, max) in [(4, 32), (u64::MAX, 32), (12, 32), (1, 32)] {
        let before = table.grow(Callee::Null, by, max).unwrap_or(u64::MAX);
        script.returns("grow", &[i64(by)], &[i64(before)]);
        every_call(&mut script, &table);
    }
    let body =
        |operand: &str| format!("(type $t (func)) (table i64 1 funcref) (func (call_indirect (type $t) {operand}))");
    script.invalid(&body("(i32.const 0)"), "type mismatch");
    script.invalid(&body(""), "type mismatch");
    script.invalid("(table i64 1 externref) (func (call_indirect (i64.const 0)))", "type mismatch");
    script.text()
}

fn every_call(script: &mut Script, table: &Cells<Callee>) {
    let beyond = [0x1_0000_0000, 0x1_0000_0002, (1 << 63) + 1, u64::MAX - 15];
    for at in (0..table.len()).chain(Addr::I64.edges(SIZE)).chain(beyond) {
        let argument = at.wrapping_mul(3) & 0xffff;
        let element = table.get(at);
        let [undefined, uninitialized, mismatch] = WORDS;
        let (narrow, wide) = ([i64(at), i32(argument)], [i64(at), i64(argument)]);
        match element {
            Err(OutOfBounds) => {
                script.traps("narrow", &narrow, undefined);
                script.traps("wide", &wide, undefined);
            }
            Ok(Callee::Null) => {
                script.traps("narrow", &narrow, uninitialized);
                script.traps("wide", &wide, uninitialized);
            }
            Ok(Callee::Add32(number)) => {
                script.returns("narrow", &narrow, &[i32(argument + number)]);
                script.traps("wide", &wide, mismatch);
            }
            Ok(Callee::Add64(number)) => {
                script.traps("narrow", &narrow, mismatch);
                script.returns("wide", &wide, &[i64(argument + number)]);
            }
        }
    }
}
