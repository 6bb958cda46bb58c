//! Passes over function bodies: fewer instructions, simpler operands, no locals that nobody uses.

use std::collections::{BTreeMap, BTreeSet};

use wasm_encoder::{Ieee32, Ieee64, Instruction};
use wasmparser::Operator;

use super::plan::integers;
use super::rewrite::{Body, Change, Item};
use super::tree::{Bottom, Outline, Shift, Tree, outline, zeros};
use super::{Facts, Session, Workshop};

/// All passes of this kind over all functions; whether one found something.
pub(crate) fn shrink(session: &mut Session<'_>, index: usize) -> bool {
    let Some(facts) = Facts::read(&session.best.modules[index].bytes.0) else { return false };
    let mut order: Vec<u32> = (0..facts.body_lengths.len() as u32).collect();
    // The longest first: what it loses need not be asked about again.
    order.sort_by_key(|defined| std::cmp::Reverse(facts.body_lengths[*defined as usize]));
    let beginning = session.beginning(order.len());
    order.rotate_left(beginning);
    let mut found = false;
    for defined in order {
        found |= runs(session, index, defined);
        found |= trees(session, index, defined);
        found |= locals(session, index, defined);
    }
    found
}

/// Makes a candidate of new code for one function.
pub(crate) fn with_code<'a>(
    workshop: &Workshop,
    defined: u32,
    outline: &Outline<'a>,
    code: Vec<Item<'a>>,
) -> Option<wassay_model::TestCase> {
    let body = Body { locals: outline.locals.clone(), code };
    workshop.changed(&Change { bodies: BTreeMap::from([(defined, body)]), ..Change::default() })
}

/// What stands for a tree once it is gone: what it took is dropped, and zeros are left.
fn remains<'a>(tree: &Tree, bottom: Bottom) -> Option<Vec<Item<'a>>> {
    let mut code: Vec<Item<'a>> = vec![Item::New(Instruction::Drop); tree.outside];
    code.extend(zeros(&tree.results, bottom)?);
    Some(code)
}

/// Runs of instructions in every sequence: long ones first.
fn runs(session: &mut Session<'_>, index: usize, defined: u32) -> bool {
    let mut found = false;
    for number in 0.. {
        let workshop = session.workshop(index);
        let features = session.features(index);
        let Some(outline) = outline(workshop.module(), defined, features) else { return found };
        // The outermost sequence is finished last.
        let Some(sequence) = outline.sequences.iter().rev().nth(number) else { return found };
        let pieces: Vec<&Tree> = sequence.iter().map(|tree| &outline.trees[*tree]).collect();
        if pieces.len() < 2 {
            continue;
        }
        found |= session.drop_pieces(pieces.len(), |dropped| {
            let mut code = Vec::new();
            let mut at = 0;
            for piece in dropped {
                let tree = pieces[*piece];
                code.extend(outline.items(at..tree.lo));
                code.extend(remains(tree, Bottom::Internal)?);
                at = tree.hi;
            }
            code.extend(outline.items(at..outline.operators.len()));
            with_code(&workshop, defined, &outline, code)
        });
    }
    found
}

/// Every tree from the front to the back, and the large ones first.
fn trees(session: &mut Session<'_>, index: usize, defined: u32) -> bool {
    let mut found = false;
    let mut cursor = 0;
    loop {
        let workshop = session.workshop(index);
        let features = session.features(index);
        let Some(outline) = outline(workshop.module(), defined, features) else { return found };
        let mut order: Vec<&Tree> = outline.trees.iter().filter(|tree| tree.lo >= cursor).collect();
        order.sort_by_key(|tree| (tree.lo, std::cmp::Reverse(tree.hi)));
        let (workshop, outline) = (&workshop, &outline);
        let candidates = order.into_iter().flat_map(|tree| {
            let lo = tree.lo;
            variants(outline, tree)
                .into_iter()
                .filter_map(move |code| Some((lo, with_code(workshop, defined, outline, code)?)))
        });
        match session.first(candidates) {
            Some(lo) => cursor = lo,
            None => return found,
        }
        found = true;
    }
}

/// Simpler code for a tree, the simplest first.
fn variants<'a>(outline: &Outline<'a>, tree: &Tree) -> Vec<Vec<Item<'a>>> {
    let mut all: Vec<Vec<Item<'a>>> = Vec::new();
    let operators = &outline.operators[tree.lo..tree.hi];
    let mut put = |code: Vec<Item<'a>>| all.push(outline.spliced(tree.lo, tree.hi, code));
    if let [only] = operators
        && is_simplest(only)
        && tree.outside == 0
    {
        return Vec::new();
    }
    for bottom in [Bottom::Internal, Bottom::Func] {
        if let Some(code) = remains(tree, bottom) {
            put(code);
        }
    }
    // A zero may hide what a one shows: shifting it, rounding it, dividing by it.
    if tree.outside == 0
        && operators.len() > 1
        && let [Some(ty)] = tree.results.as_slice()
        && let Some(one) = one(*ty)
    {
        put(vec![one]);
    }
    for operand in &tree.operands {
        let operand = &outline.trees[*operand];
        let fits = operand.results.len() == tree.results.len()
            && operand.results.iter().zip(&tree.results).all(|(a, b)| a.is_none() || b.is_none() || a == b);
        if fits && operand.outside == tree.outside {
            put(outline.items(operand.lo..operand.hi).collect());
        }
    }
    let last = tree.construct.map_or(tree.hi - 1, |construct| construct.start);
    // What stands between the operands stays: other instructions, which may be the ones that matter.
    if let Some(zeros) = zeros(&tree.results, Bottom::Internal) {
        let mut code = Vec::new();
        let mut at = tree.lo;
        for operand in &tree.operands {
            let operand = &outline.trees[*operand];
            code.extend(outline.items(at..operand.lo.max(at)));
            at = operand.hi.max(at);
        }
        code.extend(outline.items(at..last));
        if !code.is_empty() && !tree.operands.is_empty() {
            code.extend(zeros);
            put(code);
        }
    }
    let before = || outline.items(tree.lo..last).collect::<Vec<_>>();
    if last > tree.lo
        && let Some(zeros) = zeros(&tree.results, Bottom::Internal)
    {
        let mut code = before();
        code.extend(vec![Item::New(Instruction::Drop); tree.pops]);
        code.extend(zeros);
        put(code);
    }
    if tree.hi - tree.lo > 1 {
        put(vec![Item::New(Instruction::Unreachable)]);
    }
    if let Some(construct) = tree.construct {
        let inner_end = construct.otherwise.unwrap_or(construct.end);
        let is_if = matches!(outline.operators[construct.start], Operator::If { .. });
        let drop = is_if.then_some(Item::New(Instruction::Drop));
        let other = construct.otherwise.map(|otherwise| otherwise + 1..construct.end);
        for range in std::iter::once(construct.start + 1..inner_end).chain(other) {
            if let Some(inner) = outline.unlabelled(range, Shift::Out) {
                let mut code = before();
                code.extend(drop.clone());
                code.extend(inner);
                put(code);
            }
        }
        if let Some(otherwise) = construct.otherwise {
            let mut code: Vec<Item<'a>> = outline.items(tree.lo..otherwise).collect();
            code.push(Item::New(Instruction::End));
            put(code);
        }
    }
    if let Operator::BrTable { targets } = &outline.operators[tree.hi - 1] {
        let mut code = before();
        code.push(Item::New(Instruction::Drop));
        code.push(Item::New(Instruction::Br(targets.default())));
        put(code);
    }
    for simple in simpler_operators(&outline.operators[tree.hi - 1]) {
        let mut code: Vec<Item<'a>> = outline.items(tree.lo..tree.hi - 1).collect();
        code.push(simple);
        put(code);
    }
    all
}

/// The one of a number's type.
fn one<'a>(ty: wasmparser::ValType) -> Option<Item<'a>> {
    Some(Item::New(match ty {
        wasmparser::ValType::I32 => Instruction::I32Const(1),
        wasmparser::ValType::I64 => Instruction::I64Const(1),
        wasmparser::ValType::F32 => Instruction::F32Const(Ieee32::new(1.0_f32.to_bits())),
        wasmparser::ValType::F64 => Instruction::F64Const(Ieee64::new(1.0_f64.to_bits())),
        wasmparser::ValType::V128 | wasmparser::ValType::Ref(_) => return None,
    }))
}

/// Whether an instruction alone cannot be replaced by anything simpler.
fn is_simplest(operator: &Operator<'_>) -> bool {
    match operator {
        Operator::I32Const { value } => *value == 0,
        Operator::I64Const { value } => *value == 0,
        Operator::F32Const { value } => value.bits() == 0,
        Operator::F64Const { value } => value.bits() == 0,
        Operator::V128Const { value } => value.i128() == 0,
        Operator::RefNull { .. } => true,
        _ => false,
    }
}

/// Instructions that do the same with simpler immediates.
fn simpler_operators<'a>(operator: &Operator<'a>) -> Vec<Item<'a>> {
    let new = |instruction| Item::New(instruction);
    match operator {
        Operator::I32Const { value } => integers(i64::from(*value))
            .filter(|simple| *simple != 0)
            .map(|simple| new(Instruction::I32Const(simple as i32)))
            .collect(),
        Operator::I64Const { value } => {
            integers(*value).filter(|simple| *simple != 0).map(|simple| new(Instruction::I64Const(simple))).collect()
        }
        Operator::F32Const { value } if value.bits() != 1.0_f32.to_bits() => {
            vec![new(Instruction::F32Const(Ieee32::new(1.0_f32.to_bits())))]
        }
        Operator::F64Const { value } if value.bits() != 1.0_f64.to_bits() => {
            vec![new(Instruction::F64Const(Ieee64::new(1.0_f64.to_bits())))]
        }
        Operator::V128Const { value } => (0..4)
            .map(|lane| value.i128() & !(0xffff_ffff_i128 << (32 * lane)))
            .filter(|simple| *simple != value.i128())
            .map(|simple| new(Instruction::V128Const(simple)))
            .collect(),
        operator => without_offset(operator).map(Item::Kept).into_iter().collect(),
    }
}

/// A load or store without its offset and its promise of alignment.
fn without_offset<'a>(operator: &Operator<'a>) -> Option<Operator<'a>> {
    let mut operator = operator.clone();
    let memarg = match &mut operator {
        Operator::I32Load { memarg }
        | Operator::I64Load { memarg }
        | Operator::F32Load { memarg }
        | Operator::F64Load { memarg }
        | Operator::I32Load8S { memarg }
        | Operator::I32Load8U { memarg }
        | Operator::I32Load16S { memarg }
        | Operator::I32Load16U { memarg }
        | Operator::I64Load8S { memarg }
        | Operator::I64Load8U { memarg }
        | Operator::I64Load16S { memarg }
        | Operator::I64Load16U { memarg }
        | Operator::I64Load32S { memarg }
        | Operator::I64Load32U { memarg }
        | Operator::I32Store { memarg }
        | Operator::I64Store { memarg }
        | Operator::F32Store { memarg }
        | Operator::F64Store { memarg }
        | Operator::I32Store8 { memarg }
        | Operator::I32Store16 { memarg }
        | Operator::I64Store8 { memarg }
        | Operator::I64Store16 { memarg }
        | Operator::I64Store32 { memarg }
        | Operator::V128Load { memarg }
        | Operator::V128Store { memarg } => memarg,
        _ => return None,
    };
    if memarg.offset == 0 && memarg.align == 0 {
        return None;
    }
    (memarg.offset, memarg.align) = (0, 0);
    Some(operator)
}

/// Declared locals that no instruction names.
fn locals(session: &mut Session<'_>, index: usize, defined: u32) -> bool {
    let workshop = session.workshop(index);
    let Some(outline) = outline(workshop.module(), defined, session.features(index)) else { return false };
    let params = outline.params.len() as u32;
    let used: BTreeSet<u32> = outline.operators.iter().filter_map(local_of).collect();
    let unused: BTreeSet<u32> =
        (params..params + outline.locals.len() as u32).filter(|local| !used.contains(local)).collect();
    if unused.is_empty() {
        return false;
    }
    let code = renumbered(&outline, |local| local - unused.range(..local).count() as u32);
    let locals =
        (params..).zip(&outline.locals).filter(|(local, _)| !unused.contains(local)).map(|(_, ty)| *ty).collect();
    let body = Body { locals, code };
    session.take(workshop.changed(&Change { bodies: BTreeMap::from([(defined, body)]), ..Change::default() }))
}

/// The local that an instruction names.
pub(crate) fn local_of(operator: &Operator<'_>) -> Option<u32> {
    match operator {
        Operator::LocalGet { local_index }
        | Operator::LocalSet { local_index }
        | Operator::LocalTee { local_index } => Some(*local_index),
        _ => None,
    }
}

/// The whole body with its locals renumbered.
pub(crate) fn renumbered<'a>(outline: &Outline<'a>, number: impl Fn(u32) -> u32) -> Vec<Item<'a>> {
    let items = outline.items(0..outline.operators.len());
    items.map(|item| with_local(item, &number)).collect()
}

/// An instruction with its local renumbered.
pub(crate) fn with_local<'a>(mut item: Item<'a>, number: &impl Fn(u32) -> u32) -> Item<'a> {
    if let Item::Kept(
        Operator::LocalGet { local_index } | Operator::LocalSet { local_index } | Operator::LocalTee { local_index },
    ) = &mut item
    {
        *local_index = number(*local_index);
    }
    item
}
