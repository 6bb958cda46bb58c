//! The module `spectest` that scripts import from, as an ordinary module of the case: an engine needs no
//! host functions for the suite, and what it makes of this module is part of what is tested.

use std::fmt::Write as _;

use wassay_model::{Feature, Features};

/// The name under which scripts import it.
pub(crate) const NAME: &str = "spectest";

/// The module's memory that only scripts about threads import: it is the second one, so a script that
/// does not ask for it should not need an engine that allows two.
pub(crate) const SHARED_MEMORY: &str = "shared_memory";

/// The module, as far as an engine with these features can load it.
pub(crate) fn bytes(features: Features) -> Vec<u8> {
    let mut text = String::from(
        r#"(module
  (global (export "global_i32") i32 (i32.const 666))
  (global (export "global_i64") i64 (i64.const 666))
  (global (export "global_f32") f32 (f32.const 666.6))
  (global (export "global_f64") f64 (f64.const 666.6))
  (table (export "table") 10 20 funcref)
  (memory (export "memory") 1 2)
"#,
    );
    // Nobody reads what is printed, so nothing is.
    for (name, params) in [
        ("print", ""),
        ("print_i32", "i32"),
        ("print_i64", "i64"),
        ("print_f32", "f32"),
        ("print_f64", "f64"),
        ("print_i32_f32", "i32 f32"),
        ("print_f64_f64", "f64 f64"),
    ] {
        writeln!(text, "  (func (export \"{name}\") (param {params}))").expect("a string takes all");
    }
    if features.contains(Feature::Memory64) {
        text.push_str("  (table (export \"table64\") i64 10 20 funcref)\n");
    }
    if features.contains(Feature::Threads) && features.contains(Feature::MultiMemory) {
        text.push_str("  (memory (export \"shared_memory\") 1 2 shared)\n");
    }
    text.push(')');
    encode(&text)
}

fn encode(text: &str) -> Vec<u8> {
    let buffer = wast::parser::ParseBuffer::new(text).expect("our own text is well-formed");
    let mut wat = wast::parser::parse::<wast::Wat<'_>>(&buffer).expect("our own text parses");
    wat.encode().expect("our own module encodes")
}
