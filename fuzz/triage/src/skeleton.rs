//! The opcodes that a reduced case cannot do without.
//!
//! Whatever only carries values to and fro (constants, locals, blocks, `drop`) is left out, since it depends on
//! the chance of the reduction; where nothing else is there, it is kept. What no opcode shows (a start function,
//! active segments, tags, types with a declared supertype) is named in parentheses.

use std::collections::{BTreeMap, BTreeSet};

use wasmparser::{ElementKind, ExternalKind, FunctionBody, Operator, Parser, Payload, TypeRef};
use wassay_model::{Action, TestCase};

/// Opcodes that show what others did, or give them something to do it with: they tell a fault only where no other does.
/// A load that goes wrong needs something in memory, and any store will do.
pub(crate) const WITNESSES: &[&str] = &[
    "call",
    "f32.store",
    "f64.store",
    "global.set",
    "i32.store",
    "i32.store16",
    "i32.store8",
    "i64.store",
    "i64.store16",
    "i64.store32",
    "i64.store8",
    "local.tee",
    "memory.fill",
    "ref.func",
    "ref.is_null",
    "unreachable",
    "v128.store",
];
/// Opcodes that say nothing where any other is there.
pub(crate) const CARRIERS: &[&str] = &[
    "block",
    "drop",
    "else",
    "end",
    "f32.const",
    "f64.const",
    "global.get",
    "i32.const",
    "i64.const",
    "local.get",
    "local.set",
    "loop",
    "nop",
    "ref.null",
    "return",
    "v128.const",
];

/// What shows that a memory is shared: it stays so only where the finding needs it.
const SHARED: &str = "(shared)";

/// The distinct opcodes of the functions that a case's plan reaches, sorted by name, without those that only carry
/// values. Empty where a module does not decode.
#[must_use]
pub fn skeleton(case: &TestCase) -> Vec<String> {
    let Some((opcodes, marks)) = gathered(case) else { return Vec::new() };
    let (named, always): (BTreeSet<String>, BTreeSet<String>) = marks.into_iter().partition(|mark| mark == "(local)");
    let without = |left_out: &[&str]| -> BTreeSet<String> {
        opcodes.iter().filter(|opcode| !left_out.contains(&opcode.as_str())).chain(&always).cloned().collect()
    };
    let mut skeleton = without(CARRIERS);
    if skeleton.is_empty() {
        skeleton = without(&["end"]).into_iter().chain(named).collect();
    }
    skeleton.into_iter().collect()
}

/// All opcodes of the functions that a case's plan reaches, and what no opcode shows, sorted by name. Empty where a
/// module does not decode.
#[must_use]
pub fn opcodes(case: &TestCase) -> Vec<String> {
    let (opcodes, marks) = gathered(case).unwrap_or_default();
    opcodes.union(&marks).cloned().collect()
}

/// Opcodes and marks of all modules; none where one does not decode.
fn gathered(case: &TestCase) -> Option<(BTreeSet<String>, BTreeSet<String>)> {
    let mut opcodes = BTreeSet::new();
    let mut marks = BTreeSet::new();
    for (index, module) in case.modules.iter().enumerate() {
        let instances: Vec<usize> = instances_of(case, index);
        let invoked: BTreeSet<&str> = case
            .plan
            .steps
            .iter()
            .filter_map(|step| match &step.action {
                Action::Invoke { instance, export, .. } if instances.contains(&instance.position()) => {
                    Some(export.as_str())
                }
                _ => None,
            })
            .collect();
        // What another module imports may be called from there.
        let all_exports = case.modules.len() > 1;
        of_module(&module.bytes.0, &invoked, all_exports, &mut opcodes, &mut marks)?;
    }
    Some((opcodes, marks))
}

/// The instances that a plan makes of a module.
fn instances_of(case: &TestCase, module: usize) -> Vec<usize> {
    let made = case.plan.steps.iter().filter_map(|step| match &step.action {
        Action::Instantiate { module } => Some(module.position()),
        _ => None,
    });
    made.enumerate().filter(|(_, of)| *of == module).map(|(instance, _)| instance).collect()
}

fn of_module(
    module: &[u8],
    invoked: &BTreeSet<&str>,
    all_exports: bool,
    opcodes: &mut BTreeSet<String>,
    marks: &mut BTreeSet<String>,
) -> Option<()> {
    let mut imported = 0;
    let mut types: Vec<usize> = Vec::new();
    let mut funcs: Vec<u32> = Vec::new();
    let mut bodies: BTreeMap<u32, FunctionBody<'_>> = BTreeMap::new();
    let mut open: Vec<u32> = Vec::new();
    let mut in_segments: Vec<u32> = Vec::new();
    for payload in Parser::new(0).parse_all(module) {
        match payload.ok()? {
            Payload::TypeSection(section) => {
                for group in section {
                    for ty in group.ok()?.into_types() {
                        if !ty.supertype_idxs.is_empty() {
                            marks.insert("(supertype)".to_owned());
                        }
                        types.push(match &ty.composite_type.inner {
                            wasmparser::CompositeInnerType::Func(ty) => ty.results().len(),
                            _ => 0,
                        });
                    }
                }
            }
            Payload::ImportSection(section) => {
                for import in section.into_imports() {
                    match import.ok()?.ty {
                        TypeRef::Func(ty) | TypeRef::FuncExact(ty) => {
                            imported += 1;
                            funcs.push(ty);
                        }
                        TypeRef::Tag(_) => {
                            marks.insert("(tag)".to_owned());
                        }
                        TypeRef::Memory(ty) if ty.shared => {
                            marks.insert(SHARED.to_owned());
                        }
                        _ => {}
                    }
                }
            }
            Payload::FunctionSection(section) => {
                for ty in section {
                    funcs.push(ty.ok()?);
                }
            }
            Payload::ExportSection(section) => {
                for export in section {
                    let export = export.ok()?;
                    let is_func = matches!(export.kind, ExternalKind::Func | ExternalKind::FuncExact);
                    if is_func && (all_exports || invoked.contains(export.name)) {
                        open.push(export.index);
                    }
                }
            }
            Payload::MemorySection(section) => {
                for ty in section {
                    if ty.ok()?.shared {
                        marks.insert(SHARED.to_owned());
                    }
                }
            }
            Payload::TagSection(_) => {
                marks.insert("(tag)".to_owned());
            }
            Payload::StartSection { func, .. } => {
                marks.insert("(start)".to_owned());
                open.push(func);
            }
            Payload::ElementSection(section) => {
                for element in section {
                    let element = element.ok()?;
                    if matches!(element.kind, ElementKind::Active { .. }) {
                        marks.insert("(elem)".to_owned());
                    }
                    match element.items {
                        wasmparser::ElementItems::Functions(items) => {
                            for func in items {
                                in_segments.push(func.ok()?);
                            }
                        }
                        wasmparser::ElementItems::Expressions(_, items) => {
                            for expr in items {
                                for operator in expr.ok()?.get_operators_reader() {
                                    if let Operator::RefFunc { function_index } = operator.ok()? {
                                        in_segments.push(function_index);
                                    }
                                }
                            }
                        }
                    }
                }
            }
            Payload::DataSection(section) => {
                for datum in section {
                    if matches!(datum.ok()?.kind, wasmparser::DataKind::Active { .. }) {
                        marks.insert("(data)".to_owned());
                    }
                }
            }
            Payload::CodeSectionEntry(body) => {
                bodies.insert(imported + bodies.len() as u32, body);
            }
            _ => {}
        }
    }
    if all_exports {
        // Another module may call them, through a table that they share.
        open.extend(&in_segments);
    }
    if open.is_empty() {
        // Nothing is called, so what matters is how the module is loaded, and that looks at all of it.
        open.extend(bodies.keys());
    }
    let mut reached = BTreeSet::new();
    while let Some(func) = open.pop() {
        if !reached.insert(func) {
            continue;
        }
        let Some(body) = bodies.get(&func) else { continue };
        if funcs.get(func as usize).and_then(|ty| types.get(*ty as usize)).is_some_and(|results| *results > 1) {
            marks.insert("(several results)".to_owned());
        }
        if body.get_locals_reader().ok()?.get_count() > 0 {
            marks.insert("(local)".to_owned());
        }
        for operator in body.get_operators_reader().ok()? {
            let operator = operator.ok()?;
            match &operator {
                Operator::Call { function_index }
                | Operator::ReturnCall { function_index }
                | Operator::RefFunc { function_index } => open.push(*function_index),
                Operator::CallIndirect { .. }
                | Operator::ReturnCallIndirect { .. }
                | Operator::TableGet { .. }
                | Operator::TableInit { .. } => open.extend(&in_segments),
                _ => {}
            }
            opcodes.insert(mnemonic(&operator));
        }
    }
    Some(())
}

/// The standard's name of an opcode, as in `i32.add`.
#[must_use]
pub fn mnemonic(operator: &Operator<'_>) -> String {
    macro_rules! visit_names {
        ($(@$proposal:ident $op:ident $({ $($arg:ident: $argty:ty),* })? => $visit:ident ($($ann:tt)*))*) => {
            match operator {
                $(Operator::$op { .. } => stringify!($visit),)*
                _ => "visit_unknown",
            }
        };
    }
    spelled(wasmparser::for_each_operator!(visit_names))
}

/// From the name of a visitor's method to the name in the text format.
fn spelled(method: &str) -> String {
    const HEADS: &[&str] = &[
        "i32", "i64", "f32", "f64", "v128", "i8x16", "i16x8", "i32x4", "i64x2", "f32x4", "f64x2", "memory", "table",
        "local", "global", "ref", "struct", "array", "i31", "elem", "data", "any", "extern", "atomic",
    ];
    let name = method.strip_prefix("visit_").unwrap_or(method);
    if name == "typed_select" {
        return "select".to_owned();
    }
    match name.split_once('_') {
        Some((head, rest)) if HEADS.contains(&head) => {
            let Some(atomic) = rest.strip_prefix("atomic_") else { return format!("{head}.{rest}") };
            // `rmw16.add_u`: the width belongs to the first word.
            let atomic = match atomic.split_once('_') {
                Some((width, operation)) if width.starts_with("rmw") => format!("{width}.{operation}"),
                _ => atomic.to_owned(),
            };
            format!("{head}.atomic.{atomic}")
        }
        _ => name.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn opcodes_are_spelled_as_in_the_text_format() {
        for (method, name) in [
            ("visit_i32_add", "i32.add"),
            ("visit_i64_trunc_sat_f32_u", "i64.trunc_sat_f32_u"),
            ("visit_memory_grow", "memory.grow"),
            ("visit_br_if", "br_if"),
            ("visit_call_indirect", "call_indirect"),
            ("visit_typed_select", "select"),
            ("visit_i32_atomic_load", "i32.atomic.load"),
            ("visit_i64_atomic_store32", "i64.atomic.store32"),
            ("visit_i32_atomic_rmw16_add_u", "i32.atomic.rmw16.add_u"),
            ("visit_i64_atomic_rmw_cmpxchg", "i64.atomic.rmw.cmpxchg"),
            ("visit_memory_atomic_wait32", "memory.atomic.wait32"),
            ("visit_i8x16_shuffle", "i8x16.shuffle"),
        ] {
            assert_eq!(spelled(method), name);
        }
    }
}
