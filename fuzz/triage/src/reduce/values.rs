//! Passes that put values in the place of code: what an operand was becomes a constant or an argument, and a function
//! returns a value at once instead of what the rest of it makes of that.
//!
//! What an operand was, this room cannot know. It makes a case whose last steps get it, and asks the caller what the
//! standard says of these.

use std::collections::{BTreeMap, BTreeSet};

use wasm_encoder::reencode::{Reencode as _, RoundtripReencoder};
use wasm_encoder::{Instruction, ValType};
use wasmparser::Operator;
use wassay_model::{Action, Features, InstanceIdx, PlanStep, Snapshot, TestCase, Value};

use super::inline::{instruction, plan_only, zero_value};
use super::rewrite::{Body, Change, Item, Space, count};
use super::tree::{Outline, Tree, outline};
use super::{Facts, Session, Workshop, body, sections};
use crate::skeleton::{CARRIERS, mnemonic};

/// Values that are asked about at once, at most.
const VALUES_MAX: usize = 256;

/// Three instructions stand where one stood, and an engine may count them.
const FUEL_FACTOR: u64 = 3;

/// Operands that become what they were, over all functions; whether one did.
pub(crate) fn known(session: &mut Session<'_>, index: usize) -> bool {
    let Some(facts) = Facts::read(&session.best.modules[index].bytes.0) else { return false };
    let mut found = false;
    for defined in 0..facts.body_lengths.len() as u32 {
        let mut cursor = 0;
        while let Some(next) = known_from(session, index, defined, cursor) {
            cursor = next;
            found = true;
        }
    }
    found
}

/// The first tree from `cursor` on that can be what it was.
fn known_from(session: &mut Session<'_>, index: usize, defined: u32, cursor: usize) -> Option<usize> {
    let workshop = session.workshop(index);
    let outline = outline(workshop.module(), defined, session.features(index))?;
    let mut trees: Vec<&Tree> =
        outline.trees.iter().filter(|tree| tree.lo >= cursor && is_computed(&outline, tree)).collect();
    trees.sort_by_key(|tree| (tree.lo, std::cmp::Reverse(tree.hi)));
    trees.truncate(VALUES_MAX);
    let values = session.values(&probe(&workshop, index, defined, &outline, &trees)?);
    let facts = Facts::read(workshop.module())?;
    let names = match workshop.case().modules.len() {
        1 => plan_only(&workshop, &facts).into_iter().find(|(only, _)| *only == defined).map(|(_, names)| names),
        _ => None,
    };
    let mut candidates = Vec::new();
    for (tree, value) in trees.into_iter().zip(values) {
        let Some(constant) = value.and_then(instruction) else { continue };
        let code = outline.spliced(tree.lo, tree.hi, [Item::New(constant)]);
        candidates.extend(body::with_code(&workshop, defined, &outline, code).map(|case| (tree.lo, case)));
        let is_local = tree.hi - tree.lo == 1 && matches!(outline.operators[tree.lo], Operator::LocalGet { .. });
        if let (Some(names), Some(value), Some(signature), false) = (&names, value, facts.signature(defined), is_local)
        {
            let case = with_argument(&workshop, (defined, names), signature, &outline, tree, value);
            candidates.extend(case.map(|case| (tree.lo, case)));
        }
    }
    session.first(candidates)
}

/// Whether a tree leaves one number and is more than a constant.
fn is_computed(outline: &Outline<'_>, tree: &Tree) -> bool {
    let is_constant = tree.hi - tree.lo == 1
        && matches!(
            outline.operators[tree.lo],
            Operator::I32Const { .. }
                | Operator::I64Const { .. }
                | Operator::F32Const { .. }
                | Operator::F64Const { .. }
                | Operator::V128Const { .. }
        );
    tree.outside == 0 && number_of(tree).is_some() && !is_constant
}

/// The type of the one number that a tree leaves.
fn number_of(tree: &Tree) -> Option<ValType> {
    match tree.results.as_slice() {
        [Some(wasmparser::ValType::Ref(_))] => None,
        [Some(ty)] => RoundtripReencoder.val_type(*ty).ok(),
        _ => None,
    }
}

/// The case with a global for each of the trees, which holds what the tree left last, and a step that gets it.
fn probe(workshop: &Workshop, index: usize, defined: u32, outline: &Outline<'_>, trees: &[&Tree]) -> Option<TestCase> {
    let first = count(workshop.module(), Space::Global)?;
    let mut code = Vec::new();
    for (position, item) in outline.items(0..outline.operators.len()).enumerate() {
        code.push(item);
        for (global, _) in (first..).zip(trees).filter(|(_, tree)| tree.hi == position + 1) {
            code.extend([Instruction::GlobalSet(global), Instruction::GlobalGet(global)].map(Item::New));
        }
    }
    let body = Body { locals: outline.locals.clone(), code };
    let marked =
        (Change { bodies: BTreeMap::from([(defined, body)]), ..Change::default() }).apply(workshop.module())?;
    let facts = Facts::read(workshop.module())?;
    // Longer than every other name, and so unlike all of them.
    let longest = facts.exports.iter().map(|export| export.name.len()).max().unwrap_or(0);
    let names: Vec<String> = (0..trees.len()).map(|number| format!("{}{number}", "v".repeat(longest + 1))).collect();
    let types = trees.iter().map(|tree| number_of(tree)).collect::<Option<Vec<ValType>>>()?;
    let globals: Vec<(&str, ValType)> = names.iter().map(String::as_str).zip(types).collect();
    let mut case = workshop.case().clone();
    case.modules[index].bytes.0 = sections::with_globals(&marked, first, &globals)?;
    case.features = case.features.union(Features::V2);
    case.limits.fuel_max = case.limits.fuel_max.saturating_mul(FUEL_FACTOR);
    let made = case.plan.steps.iter().filter_map(|step| match &step.action {
        Action::Instantiate { module } => Some(module.position()),
        _ => None,
    });
    let instance = InstanceIdx(made.enumerate().filter(|(_, module)| *module == index).last()?.0 as u32);
    let get = |export: String| PlanStep { action: Action::Get { instance, export }, snapshot: Snapshot::Skip };
    case.plan.steps.extend(names.into_iter().map(get));
    Some(case)
}

/// The case with a further parameter in the place of a tree, and with a value for it wherever the plan calls the
/// function.
fn with_argument(
    workshop: &Workshop,
    (defined, names): (u32, &[String]),
    (params, results): &(Vec<ValType>, Vec<ValType>),
    outline: &Outline<'_>,
    tree: &Tree,
    value: Value,
) -> Option<TestCase> {
    let new = params.len() as u32;
    let moved = |item| body::with_local(item, &|local| if local >= new { local + 1 } else { local });
    let mut code: Vec<Item<'_>> = outline.items(0..tree.lo).map(moved).collect();
    code.push(Item::New(Instruction::LocalGet(new)));
    code.extend(outline.items(tree.hi..outline.operators.len()).map(moved));
    let mut types = params.clone();
    types.push(number_of(tree)?);
    let change = Change {
        bodies: BTreeMap::from([(defined, Body { locals: outline.locals.clone(), code })]),
        types: BTreeMap::from([(defined, (types, results.clone()))]),
        ..Change::default()
    };
    let mut case = workshop.changed(&change)?;
    for step in &mut case.plan.steps {
        if let Action::Invoke { export, args, .. } = &mut step.action
            && names.contains(export)
        {
            args.push(value);
        }
    }
    Some(case)
}

/// A function that the plan alone calls returns the value of a tree as soon as there is one, the earliest first.
pub(crate) fn returned(session: &mut Session<'_>, index: usize) -> Option<()> {
    if session.best.modules.len() != 1 || session.guards[index].is_none() {
        return None;
    }
    let workshop = session.workshop(index);
    let facts = Facts::read(workshop.module())?;
    let features = session.features(index);
    let mut candidates = Vec::new();
    for (defined, _) in plan_only(&workshop, &facts) {
        let Some((params, _)) = facts.signature(defined) else { continue };
        let Some(outline) = outline(workshop.module(), defined, features) else { continue };
        let whole = length(outline.items(0..outline.operators.len()));
        for (ty, code) in cuts(&outline) {
            if length(code.iter().cloned()) < whole {
                let change = Change {
                    bodies: BTreeMap::from([(defined, Body { locals: outline.locals.clone(), code })]),
                    types: BTreeMap::from([(defined, (params.clone(), vec![ty]))]),
                    ..Change::default()
                };
                candidates.extend(workshop.changed(&change).map(|case| ((), case)));
            }
        }
    }
    session.first(candidates)
}

/// The plan calls a function that others call, and that function returns a value as soon as there is one. Whoever called
/// it traps instead, so that it may have another type, and nothing starts by itself.
pub(crate) fn alone(session: &mut Session<'_>, index: usize) -> Option<()> {
    if session.best.modules.len() != 1 || session.guards[index].is_none() {
        return None;
    }
    let workshop = session.workshop(index);
    let facts = Facts::read(workshop.module())?;
    let features = session.features(index);
    let outlines: Vec<Option<Outline<'_>>> =
        (0..facts.body_lengths.len() as u32).map(|defined| outline(workshop.module(), defined, features)).collect();
    let by_plan: BTreeSet<u32> = plan_only(&workshop, &facts).into_iter().map(|(defined, _)| defined).collect();
    let mut candidates = Vec::new();
    for (defined, outline) in (0..).zip(&outlines) {
        let (Some(outline), Some((params, _))) = (outline, facts.signature(defined)) else { continue };
        let args: Option<Vec<Value>> = params.iter().map(|ty| zero_value(*ty)).collect();
        let Some(args) = args.filter(|_| !by_plan.contains(&defined)) else { continue };
        let func = defined + facts.imported_funcs;
        let calls = |operator: &Operator<'_>| matches!(operator, Operator::Call { function_index } | Operator::ReturnCall { function_index } if *function_index == func);
        let mut stubs = BTreeMap::new();
        for (caller, other) in (0..).zip(&outlines) {
            if other.as_ref().is_some_and(|other| other.operators.iter().any(calls)) {
                let code = [Instruction::Unreachable, Instruction::End].map(Item::New).to_vec();
                stubs.insert(caller, Body { locals: Vec::new(), code });
            }
        }
        for (position, export) in facts.exports.iter().enumerate().filter(|(_, export)| export.index != func) {
            let invokes =
                |action: &Action| matches!(action, Action::Invoke { export: name, .. } if *name == export.name);
            if !workshop.case().plan.steps.iter().any(|step| invokes(&step.action)) {
                continue;
            }
            for (ty, code) in cuts(outline) {
                let mut bodies = stubs.clone();
                bodies.insert(defined, Body { locals: outline.locals.clone(), code });
                let change = Change {
                    bodies,
                    types: BTreeMap::from([(defined, (params.clone(), vec![ty]))]),
                    targets: BTreeMap::from([(position, func)]),
                    ..Change::default()
                };
                let Some(module) = change.apply(workshop.module()) else { continue };
                let module = match facts.start {
                    Some(_) => sections::without_start(&module).unwrap_or(module),
                    None => module,
                };
                let Some(mut case) = workshop.with(module) else { continue };
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
    }
    session.first(candidates)
}

/// For each tree that leaves one value, the earliest first: the type of the value, and the code that returns it at once.
fn cuts<'a>(outline: &Outline<'a>) -> Vec<(ValType, Vec<Item<'a>>)> {
    let mut trees: Vec<&Tree> = outline.trees.iter().collect();
    trees.sort_by_key(|tree| (tree.hi, tree.lo));
    let cut = |tree: &Tree| {
        let [Some(ty)] = tree.results.as_slice() else { return None };
        Some((RoundtripReencoder.val_type(*ty).ok()?, cut_behind(outline, tree.hi)))
    };
    trees.into_iter().filter_map(cut).collect()
}

/// How long code is: first the instructions that do more than to bring values and to end something, then all of them.
fn length<'a>(code: impl Iterator<Item = Item<'a>>) -> (usize, usize) {
    code.fold((0, 0), |(telling, all), item| {
        let tells_nothing = match item {
            Item::New(_) => true,
            Item::Kept(operator) => {
                CARRIERS.contains(&mnemonic(&operator).as_str()) || matches!(operator, Operator::Unreachable)
            }
        };
        (telling + usize::from(!tells_nothing), all + 1)
    })
}

/// The code up to `hi`, which then returns; what is open there is closed.
fn cut_behind<'a>(outline: &Outline<'a>, hi: usize) -> Vec<Item<'a>> {
    // The constructs that are open, each with whether it is an `if` that had no `else` yet.
    let mut open: Vec<bool> = Vec::new();
    for operator in &outline.operators[..hi] {
        match operator {
            Operator::Block { .. } | Operator::Loop { .. } | Operator::TryTable { .. } => open.push(false),
            Operator::If { .. } => open.push(true),
            Operator::Else => {
                open.pop();
                open.push(false);
            }
            Operator::End => {
                open.pop();
            }
            _ => {}
        }
    }
    let mut code: Vec<Item<'a>> = outline.items(0..hi).collect();
    code.push(Item::New(Instruction::Return));
    for needs_else in open.into_iter().rev() {
        if needs_else {
            code.extend([Instruction::Else, Instruction::Unreachable].map(Item::New));
        }
        // What a branch to the construct's end leaves is nothing to return.
        code.extend([Instruction::End, Instruction::Unreachable].map(Item::New));
    }
    code.push(Item::New(Instruction::End));
    code
}

/// No `return` in front of a function's end, and none of the values that lie below what it returns.
pub(crate) fn tail(session: &mut Session<'_>, index: usize) -> Option<()> {
    let workshop = session.workshop(index);
    let facts = Facts::read(workshop.module())?;
    let features = session.features(index);
    let mut candidates = Vec::new();
    for defined in 0..facts.body_lengths.len() as u32 {
        let Some(outline) = outline(workshop.module(), defined, features) else { continue };
        let end = outline.operators.len() - 1;
        let Some(at) = outline.operators.iter().rposition(|operator| matches!(operator, Operator::Return)) else {
            continue;
        };
        // Behind it nothing is reached, but for the ends of constructs that it does not stand in.
        if outline.operators[at + 1..end].iter().any(|operator| !matches!(operator, Operator::Unreachable)) {
            continue;
        }
        let Some(sequence) = outline.sequences.last() else { continue };
        let Some(last) = sequence.iter().map(|tree| &outline.trees[*tree]).find(|tree| tree.hi == at + 1) else {
            continue;
        };
        let (mut without, mut dropped): (Vec<Item<'_>>, Vec<Item<'_>>) = (Vec::new(), Vec::new());
        for tree in sequence.iter().map(|tree| &outline.trees[*tree]).filter(|tree| tree.hi <= last.lo) {
            dropped.extend(outline.items(tree.lo..tree.hi));
            dropped.extend(vec![Item::New(Instruction::Drop); tree.results.len()]);
            if tree.results.is_empty() {
                without.extend(outline.items(tree.lo..tree.hi));
            }
        }
        for mut code in [without, dropped] {
            code.extend(outline.items(last.lo..at));
            code.push(Item::New(Instruction::End));
            candidates.extend(body::with_code(&workshop, defined, &outline, code).map(|case| ((), case)));
        }
    }
    session.first(candidates)
}
