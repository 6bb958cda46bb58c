//! Bulk operations on a memory and a table with 64-bit addresses, one after the other in no order: what one leaves, the
//! next one finds.

use crate::memory::{self, Memory, PAGE, escaped};
use crate::model::{Cells, Draw};
use crate::script::{Addr, Script, i32, i64};
use crate::table::{self, SIZE};

const DATA: &[u8] = b"0123456789ab";
const ROUNDS: usize = 8;
const OPERATIONS: usize = 60;

/// Every bulk operation, mixed.
pub(crate) fn bulk64() -> String {
    let mut script = Script::new("Bulk operations with 64-bit addresses, mixed.");
    let elements = Cells((0..6).map(|at| (at != 2).then_some(at)).collect());
    let module = format!(
        r#"(module
  (memory $m i64 1 1)
{}{}{}{}  (data $d "{}")
  (elem $e {})
  (func (export "memory.copy") (param i64 i64 i64) (memory.copy (local.get 0) (local.get 1) (local.get 2)))
  (func (export "memory.fill") (param i64 i32 i64) (memory.fill (local.get 0) (local.get 1) (local.get 2)))
  (func (export "memory.init") (param i64 i32 i32) (memory.init $d (local.get 0) (local.get 1) (local.get 2)))
  (func (export "data.drop") (data.drop $d))
  (func (export "table.copy") (param i64 i64 i64) (table.copy (local.get 0) (local.get 1) (local.get 2)))
  (func (export "table.clear") (param i64 i64) (table.fill $t (local.get 0) (ref.null func) (local.get 1)))
  (func (export "table.init") (param i64 i32 i32) (table.init $t $e (local.get 0) (local.get 1) (local.get 2)))
  (func (export "elem.drop") (elem.drop $e))
)"#,
        table::funcs(),
        Memory::segments("$m", Addr::I64),
        memory::tellers("$m", Addr::I64, ""),
        table::table("t", Addr::I64, &table::initial()),
        escaped(DATA),
        table::elements(&elements)
    );
    for round in 0..ROUNDS {
        script.line(&module);
        let (mut bytes, mut cells) = (Memory::new(), table::initial());
        let (mut data, mut elem) = (Cells(DATA.to_vec()), elements.clone());
        let mut draw = Draw(round as u64);
        for _ in 0..OPERATIONS {
            let [to, at] = [(); 2].map(|()| place(&mut draw, PAGE));
            let [slot, from] = [(); 2].map(|()| place(&mut draw, SIZE));
            let (len, few) = (length(&mut draw), draw.below(6));
            let value = draw.below(512);
            match draw.below(9) {
                0 | 1 => {
                    let outcome = bytes.0.copy(to, at, len);
                    script.operates("memory.copy", &[i64(to), i64(at), i64(len)], outcome, memory::WORDS);
                }
                2 => {
                    let outcome = bytes.0.fill(to, value as u8, len);
                    script.operates("memory.fill", &[i64(to), i32(value), i64(len)], outcome, memory::WORDS);
                }
                3 => {
                    let outcome = bytes.0.init(to, &data, value % 16, few);
                    script.operates("memory.init", &[i64(to), i32(value % 16), i32(few)], outcome, memory::WORDS);
                }
                4 | 5 => {
                    let outcome = cells.copy(slot, from, few);
                    script.operates("table.copy", &[i64(slot), i64(from), i64(few)], outcome, table::WORDS);
                }
                6 => {
                    let outcome = cells.fill(slot, None, few);
                    script.operates("table.clear", &[i64(slot), i64(few)], outcome, table::WORDS);
                }
                7 => {
                    let outcome = cells.init(slot, &elem, value % 8, few);
                    script.operates("table.init", &[i64(slot), i32(value % 8), i32(few)], outcome, table::WORDS);
                }
                _ if value.is_multiple_of(4) => {
                    data.drop();
                    script.returns("data.drop", &[], &[]);
                }
                _ if value % 4 == 1 => {
                    elem.drop();
                    script.returns("elem.drop", &[], &[]);
                }
                _ => {
                    let outcome = bytes.0.fill(PAGE - few, value as u8, few);
                    script.operates("memory.fill", &[i64(PAGE - few), i32(value), i64(few)], outcome, memory::WORDS);
                }
            }
            script.returns("ends", &[], &[i64(bytes.ends())]);
            script.returns("state_t", &[], &[i64(table::state(&cells))]);
        }
        script.returns("all", &[], &[i64(bytes.all())]);
    }
    script.text()
}

/// Near the beginning, near the end, or at an edge.
fn place(draw: &mut Draw, size: u64) -> u64 {
    match draw.below(8) {
        0 => draw.pick(&Addr::I64.edges(size)),
        1..=3 => size - draw.below(12),
        _ => draw.below(12),
    }
}

fn length(draw: &mut Draw) -> u64 {
    match draw.below(8) {
        0 => draw.pick(&Addr::I64.edges(PAGE)),
        _ => draw.below(20),
    }
}
