//! Atomic instructions with one agent (threads proposal).

mod exec_kit;

use exec_kit::Ran;
use wassay_model::{Feature, Features};
use wassay_reference::exec::Config;

fn config() -> Config {
    Config::new(Features::V3.union(Features::of(&[Feature::Threads])))
}

/// Evaluates an expression beside a shared memory, one that is not, and one with 64-bit addresses.
#[track_caller]
fn check(expression: &str, expected: &str) {
    let ends = expected.starts_with("trap") || expected.starts_with("exhausted");
    let func = if ends {
        format!("(func (export \"f\") (drop {expression}))")
    } else {
        let types: Vec<_> = expected.split(' ').filter_map(|value| value.split(':').next()).collect();
        format!("(func (export \"f\") (result {}) {expression})", types.join(" "))
    };
    let module = format!(
        r#"(module (memory $m 1 1 shared) (memory $own 1) (memory $wide i64 1 1 shared)
            (data (memory $m) (i32.const 0) "\11\22\33\44\55\66\77\88") {func})"#
    );
    assert_eq!(Ran::new(&module, config()).call("f", &[]), expected, "{expression}");
}

#[test]
fn accesses_are_of_their_width_and_extend_with_zeros() {
    check("(i32.atomic.load (i32.const 4))", "i32:-2005440939");
    check("(i32.atomic.load8_u (i32.const 7))", "i32:136");
    check("(i64.atomic.load32_u (i32.const 4))", "i64:2289526357");
    check("(i64.atomic.load16_u offset=6 (i32.const 0))", "i64:34935");
    check("(i64.atomic.store8 (i32.const 0) (i64.const -1)) (i64.load (i32.const 0))", "i64:-8613303245920328961");
    check("(i64.atomic.store $wide (i64.const 8) (i64.const 5)) (i64.atomic.load $wide (i64.const 8))", "i64:5");
    check("(atomic.fence) (i32.const 1)", "i32:1");
}

#[test]
fn modifications_return_what_was_there() {
    for (op, left) in
        [("add", 0x1100_0004), ("sub", 0x10ff_fffe), ("and", 1), ("or", 0x1100_0003), ("xor", 0x1100_0002), ("xchg", 3)]
    {
        check(
            &format!(
                "(i64.store $own (i32.const 8) (i64.const 0x11000001))
                (i64.atomic.rmw.{op} $own (i32.const 8) (i64.const 3)) (i64.load $own (i32.const 8))"
            ),
            &format!("i64:{} i64:{left}", 0x1100_0001),
        );
    }
    // Narrow ones wrap and leave the neighbours alone.
    check("(i32.atomic.rmw8.add_u (i32.const 7) (i32.const 0x1f0)) (i32.load8_u (i32.const 7))", "i32:136 i32:120");
    check("(i32.atomic.rmw16.sub_u (i32.const 0) (i32.const -1)) (i32.load (i32.const 0))", "i32:8721 i32:1144201746");
    check(
        "(i64.atomic.rmw32.xchg_u (i32.const 0) (i64.const -1)) (i64.load (i32.const 0))",
        "i64:1144201745 i64:-8613303242769563649",
    );
}

#[test]
fn an_exchange_compares_with_the_wrapped_value() {
    check(
        "(i32.atomic.rmw.cmpxchg (i32.const 0) (i32.const 0) (i32.const 9)) (i32.load (i32.const 0))",
        "i32:1144201745 i32:1144201745",
    );
    check(
        "(i32.atomic.rmw.cmpxchg (i32.const 0) (i32.const 0x44332211) (i32.const 9)) (i32.load (i32.const 0))",
        "i32:1144201745 i32:9",
    );
    check(
        "(i32.atomic.rmw8.cmpxchg_u (i32.const 0) (i32.const 0xabc11) (i32.const 0x1ff)) (i32.load16_u (i32.const 0))",
        "i32:17 i32:8959",
    );
    check(
        "(i64.atomic.rmw32.cmpxchg_u (i32.const 0) (i64.const -1) (i64.const 0)) (i32.load (i32.const 0))",
        "i64:1144201745 i32:1144201745",
    );
}

#[test]
fn accesses_trap_where_they_are_not_aligned_or_out_of_bounds() {
    check("(i32.atomic.load (i32.const 2))", "trap unaligned-atomic");
    check("(i64.atomic.load offset=4 (i32.const 0))", "trap unaligned-atomic");
    // The sum of address and offset has to be aligned, not the address.
    check("(i64.atomic.load offset=4 (i32.const 4))", "i64:0");
    check("(i32.atomic.load (i32.const 65536))", "trap memory-out-of-bounds");
    check("(i32.atomic.load offset=0xfffffffc (i32.const -4))", "trap memory-out-of-bounds");
    check("(i64.atomic.load $wide offset=0xfffffffffffffff8 (i64.const 16))", "trap memory-out-of-bounds");
    check("(i64.atomic.rmw.add (i32.const 65533) (i64.const 1))", "trap memory-out-of-bounds|unaligned-atomic");
    check("(i32.atomic.rmw16.cmpxchg_u (i32.const 1) (i32.const 0) (i32.const 0))", "trap unaligned-atomic");
    check("(memory.atomic.notify (i32.const 65536) (i32.const 0))", "trap memory-out-of-bounds");
    check("(memory.atomic.notify (i32.const 2) (i32.const 0))", "trap unaligned-atomic");
    check("(memory.atomic.wait64 (i32.const 4) (i64.const 0) (i64.const 0))", "trap unaligned-atomic");
}

#[test]
fn a_single_agent_waits_for_nobody_and_wakes_nobody() {
    check("(memory.atomic.notify (i32.const 0) (i32.const -1))", "i32:0");
    check("(memory.atomic.notify $own (i32.const 0) (i32.const 1))", "i32:0");
    check("(memory.atomic.wait32 (i32.const 0) (i32.const 0) (i64.const -1))", "i32:1");
    check("(memory.atomic.wait32 (i32.const 0) (i32.const 0x44332211) (i64.const 0))", "i32:2");
    check("(memory.atomic.wait64 (i32.const 8) (i64.const 0) (i64.const 0x7fffffffffffffff))", "i32:2");
    check("(memory.atomic.wait64 $wide (i64.const 8) (i64.const 1) (i64.const 5))", "i32:1");
    check("(memory.atomic.wait64 (i32.const 8) (i64.const 0) (i64.const -1))", "exhausted Agents");
    check("(memory.atomic.wait32 $own (i32.const 0) (i32.const 1) (i64.const 0))", "trap expected-shared-memory");
    check(
        "(memory.atomic.wait32 $own (i32.const 2) (i32.const 1) (i64.const 0))",
        "trap unaligned-atomic|expected-shared-memory",
    );
}

#[test]
fn a_shared_memory_grows_as_any() {
    let module = r#"(module (memory 1 2 shared) (func (export "f") (result i32 i32 i32)
        (memory.grow (i32.const 1)) (memory.grow (i32.const 1)) (i32.atomic.load (i32.const 131068))))"#;
    assert_eq!(Ran::new(module, config()).call("f", &[]), "i32:1 i32:-1 i32:0");
}
