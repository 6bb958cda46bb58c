//! Passes that move the border between functions: callees that are called at once, callees that become part of
//! their callers, parameters and results that nobody needs.

use std::collections::BTreeMap;

use wasm_encoder::{BlockType, Instruction, ValType};
use wasmparser::Operator;
use wassay_model::{Action, Ref, TestCase, Value};

use super::body::{local_of, renumbered, with_local};
use super::facts::Signature;
use super::rewrite::{Body, Change, Item, Space};
use super::tree::{Outline, Shift, outline};
use super::{Facts, Session, Workshop, values};

/// All passes of this kind; whether one found something.
pub(crate) fn shrink(session: &mut Session<'_>, index: usize) -> bool {
    let mut found = false;
    for pass in [values::returned, values::tail, retarget, inline, params, results] {
        // One thing found makes room for another.
        while pass(session, index).is_some() {
            found = true;
        }
    }
    found
}

fn facts_of(workshop: &Workshop) -> Option<Facts> {
    Facts::read(workshop.module())
}

/// The plan calls a function's callee itself.
fn retarget(session: &mut Session<'_>, index: usize) -> Option<()> {
    let workshop = session.workshop(index);
    let facts = facts_of(&workshop)?;
    let features = session.features(index);
    let mut candidates = Vec::new();
    for (position, export) in facts.exports.iter().enumerate() {
        let is_invoked = facts.exported_func(&export.name).is_some()
            && workshop.case().plan.steps.iter().any(|step| invokes(&step.action, &export.name));
        let Some(defined) = export.index.checked_sub(facts.imported_funcs).filter(|_| is_invoked) else { continue };
        let Some(outline) = outline(workshop.module(), defined, features) else { continue };
        for tree in &outline.trees {
            let Operator::Call { function_index } = outline.operators[tree.hi - 1] else { continue };
            let callee = function_index.checked_sub(facts.imported_funcs);
            let Some((params, _)) = callee.and_then(|callee| facts.signature(callee)) else { continue };
            if function_index == export.index {
                continue;
            }
            let constants: Vec<Option<Value>> = if tree.operands.len() == params.len() {
                tree.operands.iter().map(|operand| constant(&outline, *operand)).collect()
            } else {
                vec![None; params.len()]
            };
            let args: Option<Vec<Value>> =
                constants.into_iter().zip(params).map(|(value, ty)| value.or_else(|| zero_value(*ty))).collect();
            let Some(args) = args else { continue };
            let targets = BTreeMap::from([(position, function_index)]);
            let Some(mut case) = workshop.changed(&Change { targets, ..Change::default() }) else { continue };
            for step in &mut case.plan.steps {
                if let Action::Invoke { export: name, args: old, .. } = &mut step.action
                    && *name == export.name
                {
                    old.clone_from(&args);
                }
            }
            candidates.push(((), case));
        }
    }
    session.first(candidates)
}

fn invokes(action: &Action, name: &str) -> bool {
    matches!(action, Action::Invoke { export, .. } if export == name)
}

/// The value of a tree that is a constant.
fn constant(outline: &Outline<'_>, tree: usize) -> Option<Value> {
    let tree = &outline.trees[tree];
    if tree.hi - tree.lo != 1 {
        return None;
    }
    Some(match &outline.operators[tree.lo] {
        Operator::I32Const { value } => Value::I32(value.cast_unsigned()),
        Operator::I64Const { value } => Value::I64(value.cast_unsigned()),
        Operator::F32Const { value } => Value::F32(value.bits()),
        Operator::F64Const { value } => Value::F64(value.bits()),
        Operator::V128Const { value } => Value::V128(value.i128().cast_unsigned()),
        Operator::RefNull { .. } => Value::Ref(Ref::Null),
        _ => return None,
    })
}

pub(crate) fn zero_value(ty: ValType) -> Option<Value> {
    Some(match ty {
        ValType::I32 => Value::I32(0),
        ValType::I64 => Value::I64(0),
        ValType::F32 => Value::F32(0),
        ValType::F64 => Value::F64(0),
        ValType::V128 => Value::V128(0),
        ValType::Ref(reference) => return reference.nullable.then_some(Value::Ref(Ref::Null)),
    })
}

/// A value as the instruction that makes it.
pub(crate) fn instruction(value: Value) -> Option<Instruction<'static>> {
    Some(match value {
        Value::I32(bits) => Instruction::I32Const(bits.cast_signed()),
        Value::I64(bits) => Instruction::I64Const(bits.cast_signed()),
        Value::F32(bits) => Instruction::F32Const(wasm_encoder::Ieee32::new(bits)),
        Value::F64(bits) => Instruction::F64Const(wasm_encoder::Ieee64::new(bits)),
        Value::V128(bits) => Instruction::V128Const(bits.cast_signed()),
        Value::Ref(_) => return None,
    })
}

/// A callee's body in the place of the calls, where the module is shorter for it.
fn inline(session: &mut Session<'_>, index: usize) -> Option<()> {
    let workshop = session.workshop(index);
    let facts = facts_of(&workshop)?;
    let features = session.features(index);
    let mut candidates = Vec::new();
    for caller in 0..facts.body_lengths.len() as u32 {
        let Some(outer) = outline(workshop.module(), caller, features) else { continue };
        let mut callees: Vec<u32> = Vec::new();
        for operator in &outer.operators {
            if let Operator::Call { function_index } = operator
                && let Some(callee) = function_index.checked_sub(facts.imported_funcs)
                && callee != caller
                && !callees.contains(&callee)
            {
                callees.push(callee);
            }
        }
        for callee in callees {
            let Some(inner) = outline(workshop.module(), callee, features) else { continue };
            let Some(body) = inlined(&facts, &outer, &inner, callee) else { continue };
            let bodies = BTreeMap::from([(caller, body)]);
            let Some(module) = (Change { bodies, ..Change::default() }).apply(workshop.module()) else { continue };
            let dropped = std::collections::BTreeSet::from([(Space::Func, callee + facts.imported_funcs)]);
            let module = (Change { dropped, ..Change::default() }).apply(&module).unwrap_or(module);
            if module.len() <= workshop.module().len()
                && let Some(case) = workshop.with(module)
            {
                candidates.push(((), case));
            }
        }
    }
    session.first(candidates)
}

fn inlined<'a>(facts: &Facts, outer: &Outline<'a>, inner: &Outline<'a>, callee: u32) -> Option<Body<'a>> {
    let (_, results) = facts.signature(callee)?;
    let block = match &**results {
        [] => BlockType::Empty,
        [only] => BlockType::Result(*only),
        several => {
            let fits = |ty: &Option<Signature>| ty.as_ref().is_some_and(|(p, r)| p.is_empty() && r == several);
            BlockType::FunctionType(facts.types.iter().position(fits)? as u32)
        }
    };
    let first_local = (outer.params.len() + outer.locals.len()) as u32;
    let number = |local: u32| local + first_local;
    let mut code = Vec::new();
    for item in outer.items(0..outer.operators.len()) {
        match item {
            Item::Kept(Operator::Call { function_index }) if function_index == callee + facts.imported_funcs => {
                for param in (0..inner.params.len() as u32).rev() {
                    code.push(Item::New(Instruction::LocalSet(number(param))));
                }
                code.push(Item::New(Instruction::Block(block)));
                let body = inner.unlabelled(0..inner.operators.len(), Shift::Inlined)?;
                code.extend(body.into_iter().map(|item| with_local(item, &number)));
            }
            item => code.push(item),
        }
    }
    let locals = outer.locals.iter().chain(&inner.params).chain(&inner.locals).copied().collect();
    Some(Body { locals, code })
}

/// The functions that nobody but the plan calls, each with the names under which it is exported.
pub(crate) fn plan_only(workshop: &Workshop, facts: &Facts) -> Vec<(u32, Vec<String>)> {
    let Some(mentions) = super::rewrite::mentions_in_code(workshop.module()) else { return Vec::new() };
    (0..facts.body_lengths.len() as u32)
        .filter(|defined| {
            let func = defined + facts.imported_funcs;
            !mentions.contains(&(Space::Func, func)) && facts.start != Some(func)
        })
        .map(|defined| {
            let func = defined + facts.imported_funcs;
            let exports = facts.exports.iter();
            let names = exports
                .filter(|export| facts.exported_func(&export.name) == Some(func))
                .map(|export| export.name.clone());
            (defined, names.collect())
        })
        .filter(|(_, names): &(u32, Vec<String>)| !names.is_empty())
        .collect()
}

/// Parameters: those that nobody reads, and those that the plan always gives the same value.
fn params(session: &mut Session<'_>, index: usize) -> Option<()> {
    if session.best.modules.len() != 1 {
        return None;
    }
    let workshop = session.workshop(index);
    let facts = facts_of(&workshop)?;
    let features = session.features(index);
    let mut candidates = Vec::new();
    for (defined, names) in plan_only(&workshop, &facts) {
        let Some((types, results)) = facts.signature(defined) else { continue };
        let Some(outline) = outline(workshop.module(), defined, features) else { continue };
        for param in 0..types.len() {
            let Some(case) = without_param(&workshop, &outline, (defined, &names), (types, results), param) else {
                continue;
            };
            candidates.push(((), case));
        }
    }
    session.first(candidates)
}

fn without_param(
    workshop: &Workshop,
    outline: &Outline<'_>,
    (defined, names): (u32, &[String]),
    (types, results): (&[ValType], &[ValType]),
    param: usize,
) -> Option<TestCase> {
    let mut values: Vec<Value> = Vec::new();
    for step in &workshop.case().plan.steps {
        if let Action::Invoke { export, args, .. } = &step.action
            && names.contains(export)
        {
            values.push(*args.get(param)?);
        }
    }
    let local = param as u32;
    let is_read = outline.operators.iter().any(|operator| local_of(operator) == Some(local));
    let is_written = outline.operators.iter().any(|operator| {
        matches!(operator, Operator::LocalSet { local_index } | Operator::LocalTee { local_index } if *local_index == local)
    });
    let first = values.first().copied();
    if is_read && (is_written || values.iter().any(|value| Some(*value) != first)) {
        return None;
    }
    let constant = if is_read { Some(instruction(first?)?) } else { None };
    let code = renumbered(outline, |number| if number > local { number - 1 } else { number });
    let code = code
        .into_iter()
        .zip(&outline.operators)
        .map(|(item, old)| match &constant {
            Some(constant) if local_of(old) == Some(local) => Item::New(constant.clone()),
            _ => item,
        })
        .collect();
    let mut types = types.to_vec();
    types.remove(param);
    let change = Change {
        bodies: BTreeMap::from([(defined, Body { locals: outline.locals.clone(), code })]),
        types: BTreeMap::from([(defined, (types, results.to_vec()))]),
        ..Change::default()
    };
    let mut case = workshop.changed(&change)?;
    for step in &mut case.plan.steps {
        if let Action::Invoke { export, args, .. } = &mut step.action
            && names.contains(export)
        {
            args.remove(param);
        }
    }
    Some(case)
}

/// Results that the finding does not need.
fn results(session: &mut Session<'_>, index: usize) -> Option<()> {
    if session.best.modules.len() != 1 {
        return None;
    }
    let workshop = session.workshop(index);
    let facts = facts_of(&workshop)?;
    let features = session.features(index);
    let mut candidates = Vec::new();
    for (defined, _) in plan_only(&workshop, &facts) {
        let Some((params, results)) = facts.signature(defined) else { continue };
        let Some(outline) = outline(workshop.module(), defined, features) else { continue };
        let Some(sequence) = outline.sequences.last() else { continue };
        for result in 0..results.len() {
            let mut types = results.clone();
            types.remove(result);
            let types = BTreeMap::from([(defined, (params.clone(), types))]);
            let mut put = |code| {
                let bodies = BTreeMap::from([(defined, Body { locals: outline.locals.clone(), code })]);
                let change = Change { bodies, types: types.clone(), ..Change::default() };
                candidates.extend(workshop.changed(&change).map(|case| ((), case)));
            };
            // The code may not fall through, and then nothing has to be taken away.
            put(outline.items(0..outline.operators.len()).collect());
            if result + 1 == results.len() {
                let end = outline.operators.len() - 1;
                put(outline.spliced(end, end, [Item::New(Instruction::Drop)]));
            }
            let values: Vec<usize> =
                sequence.iter().copied().filter(|tree| !outline.trees[*tree].results.is_empty()).collect();
            if values.len() == results.len() {
                let tree = &outline.trees[values[result]];
                put(outline.spliced(tree.lo, tree.hi, []));
                put(outline.spliced(tree.hi, tree.hi, [Item::New(Instruction::Drop)]));
            }
        }
    }
    session.first(candidates)
}
