//! What wasm-mutate 0.263 does not keep: its peephole rewrites write a basic block anew from the graph of its values, and
//! then an instruction that reads state or traps may stand behind one that was to come after it. So
//!
//! ```text
//! (i64.load32_s (memory.size)) (global.set 2 ...) (i64.popcnt)
//! ```
//!
//! sets the global before the load traps. A rewrite is taken only if nothing like that can have happened.

use std::collections::BTreeSet;

use wasmparser::{Operator, Parser, Payload};

/// Whether in each basic block of the rewritten module what reads or writes state, or traps, comes in an order that
/// some block of the original has too. So blocks may be moved and copied, which other rewrites do, and left out.
pub(super) fn kept(original: &[u8], rewritten: &[u8]) -> bool {
    let (Some(before), Some(after)) = (blocks(original), blocks(rewritten)) else { return false };
    after.is_subset(&before)
}

/// The effects of every basic block, by the instructions' names.
fn blocks(module: &[u8]) -> Option<BTreeSet<Vec<String>>> {
    // What has no effects may come anew.
    let mut blocks = BTreeSet::from([Vec::new()]);
    for payload in Parser::new(0).parse_all(module) {
        let Payload::CodeSectionEntry(body) = payload.ok()? else { continue };
        let mut operators = body.get_operators_reader().ok()?;
        let mut block = Vec::new();
        while !operators.eof() {
            let operator = operators.read().ok()?;
            if ends_block(&operator) {
                blocks.insert(std::mem::take(&mut block));
            } else {
                let text = format!("{operator:?}");
                let name = text.split([' ', '{', '(']).next().unwrap_or_default();
                if has_effect(name) {
                    block.push(name.to_owned());
                }
            }
        }
    }
    Some(blocks)
}

const fn ends_block(operator: &Operator<'_>) -> bool {
    matches!(
        operator,
        Operator::Block { .. }
            | Operator::Loop { .. }
            | Operator::If { .. }
            | Operator::Else
            | Operator::End
            | Operator::Br { .. }
            | Operator::BrIf { .. }
            | Operator::BrTable { .. }
            | Operator::Return
            | Operator::Unreachable
    )
}

/// Names of the standard's instructions, as wasmparser writes them.
fn has_effect(name: &str) -> bool {
    let state = ["Load", "Store", "Atomic", "Global", "Memory", "Table", "Call", "Data", "Elem"];
    let trapping = ["Div", "Rem", "TruncF"];
    state.iter().any(|part| name.contains(part))
        || trapping.iter().any(|part| {
            name.strip_prefix("I32").or(name.strip_prefix("I64")).is_some_and(|rest| rest.starts_with(part))
        })
}

#[cfg(test)]
mod tests {
    use wasm_encoder::{CodeSection, Function, FunctionSection, InstructionSink, MemArg, Module, TypeSection};

    use super::*;

    fn module(write: impl FnOnce(&mut InstructionSink<'_>)) -> Vec<u8> {
        let mut types = TypeSection::new();
        types.ty().function([], []);
        let mut functions = FunctionSection::new();
        functions.function(0);
        let mut function = Function::new([]);
        write(&mut function.instructions());
        function.instructions().end();
        let mut code = CodeSection::new();
        code.function(&function);
        let mut module = Module::new();
        module.section(&types).section(&functions).section(&code);
        module.finish()
    }

    fn at() -> MemArg {
        crate::body::plain(0, 0, 0)
    }

    #[test]
    fn a_load_behind_what_followed_it_is_another_order() {
        let before = module(|sink| {
            sink.i32_const(0).i64_load32_s(at()).i32_const(1).global_set(0).i64_popcnt().drop();
        });
        let after = module(|sink| {
            sink.i32_const(1).global_set(0).i32_const(0).i64_load32_s(at()).i64_popcnt().drop();
        });
        assert!(!kept(&before, &after));
        assert!(kept(&before, &before));
    }

    #[test]
    fn pure_instructions_and_whole_blocks_may_change() {
        let before = module(|sink| {
            sink.i32_const(0).i32_load(at()).drop();
        });
        let after = module(|sink| {
            sink.block(wasm_encoder::BlockType::Empty).end();
            sink.i32_const(7).i32_const(7).i32_xor().i32_load(at()).i32_const(1).i32_add().drop();
        });
        assert!(kept(&before, &after));
    }
}
