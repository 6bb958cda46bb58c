//! What validation tells lowering about every instruction.

use wassay_model::Features;
use wassay_reference::binary::decode;
use wassay_reference::syntax::Arity;
use wassay_reference::valid::{FuncNotes, Operand, validate};

fn notes(text: &str) -> FuncNotes {
    let buffer = wast::parser::ParseBuffer::new(text).expect("the text has tokens");
    let mut module = wast::parser::parse::<wast::Wat<'_>>(&buffer).expect("the text is a module");
    let bytes = module.encode().expect("the module has bytes");
    let module = decode(&bytes, Features::V3).expect("the module decodes");
    let mut validated = validate(&module, Features::V3).expect("the module is valid");
    validated.funcs.remove(0)
}

/// Checks the heights before every instruction of a body: slots and references, or nothing where it is unreachable.
fn check(body: &str, expected: &[Option<(u32, u32)>]) {
    let notes = notes(&format!("(module (type $t (struct)) (func {body}))"));
    let heights: Vec<_> = notes.notes.iter().map(|note| note.reachable.then_some((note.slots, note.refs))).collect();
    assert_eq!(heights, expected, "{body}");
}

const fn at(slots: u32, refs: u32) -> Option<(u32, u32)> {
    Some((slots, refs))
}

#[test]
fn vectors_take_two_slots_and_references_none() {
    check(
        "i32.const 0 v128.const i64x2 0 0 ref.null func drop drop drop",
        &[at(0, 0), at(1, 0), at(3, 0), at(3, 1), at(3, 0), at(1, 0), at(0, 0)],
    );
}

#[test]
fn parameters_and_locals_do_not_count() {
    check("(param i64 externref) (local v128) local.get 0 drop", &[at(0, 0), at(1, 0), at(0, 0)]);
}

#[test]
fn code_after_a_branch_is_unreachable_up_to_the_end_of_its_block() {
    check(
        "i32.const 0 block br 0 i32.const 1 drop end drop",
        &[at(0, 0), at(1, 0), at(1, 0), None, None, None, at(1, 0), at(0, 0)],
    );
}

#[test]
fn blocks_in_unreachable_code_are_unreachable() {
    check(
        "unreachable block i32.const 0 if nop else nop end end nop",
        &[at(0, 0), None, None, None, None, None, None, None, None, None, None],
    );
}

#[test]
fn an_else_is_reachable_after_an_unreachable_branch() {
    check(
        "i32.const 0 if (result i32) unreachable else i32.const 1 end drop",
        &[at(0, 0), at(1, 0), at(0, 0), None, at(0, 0), at(1, 0), at(1, 0), at(0, 0)],
    );
}

#[test]
fn the_stack_holds_the_results_after_an_unreachable_end() {
    check(
        "block (result v128 (ref null $t)) unreachable end drop drop",
        &[at(0, 0), at(0, 0), None, at(2, 1), at(2, 0), at(0, 0)],
    );
}

#[test]
fn block_parameters_stay_where_they_are() {
    check(
        "i32.const 0 i64.const 0 loop (param i64) (result i64) nop end drop drop",
        &[at(0, 0), at(1, 0), at(2, 0), at(2, 0), at(2, 0), at(2, 0), at(1, 0), at(0, 0)],
    );
}

#[test]
fn drop_and_select_say_what_they_work_on() {
    let operands = |body: &str| -> Vec<Operand> {
        let notes = notes(&format!("(module (func {body}))"));
        notes.notes.iter().map(|note| note.operand).filter(|operand| *operand != Operand::None).collect()
    };
    assert_eq!(operands("f32.const 0 drop"), [Operand::Slot]);
    assert_eq!(operands("ref.null any drop"), [Operand::Ref]);
    assert_eq!(
        operands("v128.const i64x2 0 0 v128.const i64x2 0 0 i32.const 0 select drop"),
        [Operand::Vector, Operand::Vector]
    );
    assert_eq!(
        operands("ref.null any ref.null any i32.const 0 select (result anyref) drop"),
        [Operand::Ref, Operand::Ref]
    );
    assert_eq!(operands("unreachable select drop"), []);
}

#[test]
fn the_greatest_height_is_that_between_instructions() {
    let notes = notes("(module (func i32.const 0 v128.const i64x2 0 0 drop ref.null any drop drop))");
    assert_eq!(notes.max, Arity { slots: 3, refs: 1 });
}
