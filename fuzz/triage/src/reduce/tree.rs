//! A function's body as trees: each instruction with the operands that were computed for it.
//!
//! The validator says how high the operand stack is and what lies on it, so that a tree can be replaced by
//! constants of the right types. Where code is unreachable that is a guess, and what is made of it is validated
//! again before anybody is asked.

use wasm_encoder::{AbstractHeapType, HeapType, Instruction, ValType};
use wasmparser::{FuncValidatorAllocations, Operator, Parser, Payload, ValidPayload, Validator, WasmFeatures};

use super::rewrite::Item;

/// What a construct of control is made of, as positions of its instructions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Construct {
    pub(crate) start: usize,
    pub(crate) otherwise: Option<usize>,
    pub(crate) end: usize,
}

/// An instruction, or a whole construct of control, together with its operands.
#[derive(Clone, Debug)]
pub(crate) struct Tree {
    /// Where the first operand begins.
    pub(crate) lo: usize,
    /// Behind the last instruction.
    pub(crate) hi: usize,
    /// What is taken from the stack as it was before `lo`.
    pub(crate) outside: usize,
    /// What is left on the stack; none stands for the type of unreachable code.
    pub(crate) results: Vec<Option<wasmparser::ValType>>,
    /// The trees of the operands, each in the range of this one.
    pub(crate) operands: Vec<usize>,
    /// How many operands the last instruction takes.
    pub(crate) pops: usize,
    pub(crate) construct: Option<Construct>,
}

/// A body in all its parts.
#[derive(Debug)]
pub(crate) struct Outline<'a> {
    pub(crate) params: Vec<ValType>,
    /// The declared locals.
    pub(crate) locals: Vec<ValType>,
    pub(crate) operators: Vec<Operator<'a>>,
    pub(crate) trees: Vec<Tree>,
    /// The trees that make up a sequence of instructions, for the body and every block in it.
    pub(crate) sequences: Vec<Vec<usize>>,
}

struct Frame {
    start: usize,
    lo: usize,
    operands: Vec<usize>,
    pops: usize,
    otherwise: Option<usize>,
    base: usize,
    params: usize,
    sequence: Vec<usize>,
}

/// The outline of a defined function, by position among these; none where it does not validate or uses the
/// exceptions of old.
pub(crate) fn outline(module: &[u8], which: u32, features: WasmFeatures) -> Option<Outline<'_>> {
    let mut validator = Validator::new_with_features(features);
    let mut next = 0;
    for payload in Parser::new(0).parse_all(module) {
        let payload = payload.ok()?;
        if let ValidPayload::Func(func, body) = validator.payload(&payload).ok()? {
            if next == which {
                return one(func.into_validator(FuncValidatorAllocations::default()), &body);
            }
            next += 1;
        } else if matches!(payload, Payload::End(_)) {
            return None;
        }
    }
    None
}

fn one<'a, R: wasmparser::WasmModuleResources>(
    mut validator: wasmparser::FuncValidator<R>,
    body: &wasmparser::FunctionBody<'a>,
) -> Option<Outline<'a>> {
    use wasm_encoder::reencode::{Reencode as _, RoundtripReencoder};
    let params = validator.len_locals();
    let mut reader = body.get_binary_reader();
    validator.read_locals(&mut reader).ok()?;
    let mut types = Vec::new();
    for group in body.get_locals_reader().ok()? {
        let (count, ty) = group.ok()?;
        let ty = RoundtripReencoder.val_type(ty).ok()?;
        types.extend(std::iter::repeat_n(ty, count as usize));
    }
    let param_types = (0..params)
        .map(|index| RoundtripReencoder.val_type(validator.get_local_type(index)?).ok())
        // Types of the validator's own cannot be written: such a parameter is left alone.
        .map(|ty| ty.unwrap_or(ValType::FUNCREF))
        .collect();
    let mut operators = Vec::new();
    let mut trees: Vec<Tree> = Vec::new();
    let mut sequences: Vec<Vec<usize>> = Vec::new();
    let mut stack: Vec<Option<usize>> = Vec::new();
    let whole = |start, lo| Frame {
        start,
        lo,
        operands: Vec::new(),
        pops: 0,
        otherwise: None,
        base: 0,
        params: 0,
        sequence: Vec::new(),
    };
    let mut frames = vec![whole(0, 0)];
    // By instruction: the height of the stack before it, and once it has taken its operands.
    let mut heights: Vec<(usize, usize)> = Vec::new();
    let mut reader = body.get_operators_reader().ok()?;
    while !reader.eof() {
        let (operator, offset) = reader.read_with_offset().ok()?;
        let at = operators.len();
        let (pops, pushes) = operator.operator_arity(&validator)?;
        let (pops, pushes) = (pops as usize, pushes as usize);
        let before = validator.operand_stack_height() as usize;
        let floor = validator.get_control_frame(0)?.height;
        validator.op(offset, &operator).ok()?;
        operators.push(operator.clone());
        heights.push((before, before.saturating_sub(pops).max(floor)));
        let is_new_block = matches!(
            operator,
            Operator::Block { .. } | Operator::Loop { .. } | Operator::If { .. } | Operator::TryTable { .. }
        );
        match operator {
            Operator::Try { .. }
            | Operator::Catch { .. }
            | Operator::CatchAll
            | Operator::Delegate { .. }
            | Operator::Rethrow { .. } => return None,
            Operator::Else => {
                let frame = frames.last_mut()?;
                frame.otherwise = Some(at);
                let done = std::mem::take(&mut frame.sequence);
                sequences.push(done);
                stack.truncate(frame.base);
                stack.extend(std::iter::repeat_n(None, frame.params));
                continue;
            }
            Operator::End if frames.len() == 1 => break,
            _ => {}
        }
        let frame = frames.last_mut()?;
        let (lo, operands, taken, construct) = if matches!(operator, Operator::End) {
            let Frame { start, lo, operands, pops, otherwise, base, sequence, .. } = frames.pop()?;
            sequences.push(sequence);
            stack.truncate(base);
            (lo, operands, pops, Some(Construct { start, otherwise, end: at }))
        } else {
            let available = stack.len() - frame.base;
            let popped = stack.split_off(stack.len() - pops.min(available));
            let mut operands: Vec<usize> = popped.into_iter().flatten().collect();
            operands.dedup();
            let lo = operands.iter().map(|tree| trees[*tree].lo).min().unwrap_or(at);
            (lo, operands, pops, None)
        };
        if is_new_block {
            let base = stack.len();
            stack.extend(std::iter::repeat_n(None, pushes));
            frames.push(Frame {
                start: at,
                lo,
                operands,
                pops,
                otherwise: None,
                base,
                params: pushes,
                sequence: Vec::new(),
            });
            continue;
        }
        let after = validator.operand_stack_height() as usize;
        let deepest = |lo: usize| heights[lo..=at].iter().map(|(_, floor)| *floor).min().unwrap_or(before);
        let first = construct.map_or(at, |construct| construct.start);
        let (mut lo, mut operands) = (lo, operands);
        if after.saturating_sub(deepest(lo)) != pushes {
            // Something else stays on the stack in between: the instruction is looked at without its operands.
            (lo, operands) = (first, Vec::new());
        }
        let results = (0..pushes).rev().map(|depth| validator.get_operand_type(depth).flatten()).collect::<Vec<_>>();
        let outside = heights[lo].0.saturating_sub(deepest(lo));
        let number = trees.len();
        trees.push(Tree { lo, hi: at + 1, outside, results, operands, pops: taken, construct });
        let frame = frames.last_mut()?;
        while frame.sequence.last().is_some_and(|last| trees[*last].lo >= lo) {
            frame.sequence.pop();
        }
        frame.sequence.push(number);
        if validator.get_control_frame(0)?.unreachable {
            let base = frame.base;
            stack.truncate(base);
        }
        stack.extend(std::iter::repeat_n(Some(number), pushes));
    }
    sequences.push(frames.pop()?.sequence);
    Some(Outline { params: param_types, locals: types, operators, trees, sequences })
}

/// The zero of a type; none for references that are never null.
pub(crate) fn zero(ty: ValType) -> Option<Instruction<'static>> {
    Some(match ty {
        ValType::I32 => Instruction::I32Const(0),
        ValType::I64 => Instruction::I64Const(0),
        ValType::F32 => Instruction::F32Const(wasm_encoder::Ieee32::new(0)),
        ValType::F64 => Instruction::F64Const(wasm_encoder::Ieee64::new(0)),
        ValType::V128 => Instruction::V128Const(0),
        ValType::Ref(reference) if reference.nullable => Instruction::RefNull(reference.heap_type),
        ValType::Ref(_) => return None,
    })
}

/// Which null stands for a type that the validator knows only by a number of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Bottom {
    Internal,
    Func,
}

/// Instructions that leave zeros of the given types.
pub(crate) fn zeros(types: &[Option<wasmparser::ValType>], bottom: Bottom) -> Option<Vec<Item<'static>>> {
    use wasm_encoder::reencode::{Reencode as _, RoundtripReencoder};
    types
        .iter()
        .map(|ty| {
            let Some(ty) = ty else { return Some(Item::New(Instruction::I32Const(0))) };
            if let wasmparser::ValType::Ref(reference) = ty
                && reference.is_nullable()
                && reference.is_concrete_type_ref()
            {
                let ty = match bottom {
                    Bottom::Internal => AbstractHeapType::None,
                    Bottom::Func => AbstractHeapType::NoFunc,
                };
                return Some(Item::New(Instruction::RefNull(HeapType::Abstract { shared: false, ty })));
            }
            zero(RoundtripReencoder.val_type(*ty).ok()?).map(Item::New)
        })
        .collect()
}

impl<'a> Outline<'a> {
    /// The code as it is.
    pub(crate) fn items(&self, range: std::ops::Range<usize>) -> impl Iterator<Item = Item<'a>> + '_ {
        self.operators[range].iter().cloned().map(Item::Kept)
    }

    /// The code with a range replaced.
    pub(crate) fn spliced(&self, lo: usize, hi: usize, with: impl IntoIterator<Item = Item<'a>>) -> Vec<Item<'a>> {
        let mut code: Vec<Item<'a>> = self.items(0..lo).collect();
        code.extend(with);
        code.extend(self.items(hi..self.operators.len()));
        code
    }

    /// The instructions of a range inside a construct whose own label goes away, and which stands `depth` blocks
    /// below it at first. None where something branches to that label.
    pub(crate) fn unlabelled(&self, range: std::ops::Range<usize>, shift: Shift) -> Option<Vec<Item<'a>>> {
        let mut depth = 0;
        let mut code = Vec::new();
        for operator in &self.operators[range] {
            if matches!(operator, Operator::End) {
                depth -= 1;
            }
            code.push(relabelled(operator, depth, shift)?);
            if matches!(
                operator,
                Operator::Block { .. } | Operator::Loop { .. } | Operator::If { .. } | Operator::TryTable { .. }
            ) {
                depth += 1;
            }
        }
        Some(code)
    }
}

/// What becomes of labels that lead out of a piece of code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shift {
    /// The construct around it goes away.
    Out,
    /// `return` becomes a branch to the outermost label, and everything moves into that many blocks.
    Inlined,
}

/// An instruction with its labels as they are once the label `depth` levels out is gone.
fn relabelled<'a>(operator: &Operator<'a>, depth: u32, shift: Shift) -> Option<Item<'a>> {
    let label = |label: u32| match shift {
        Shift::Inlined => Some(label),
        Shift::Out if label == depth => None,
        Shift::Out => Some(label - u32::from(label > depth)),
    };
    let mut operator = operator.clone();
    match &mut operator {
        Operator::Br { relative_depth }
        | Operator::BrIf { relative_depth }
        | Operator::BrOnNull { relative_depth }
        | Operator::BrOnNonNull { relative_depth }
        | Operator::BrOnCast { relative_depth, .. }
        | Operator::BrOnCastFail { relative_depth, .. } => *relative_depth = label(*relative_depth)?,
        Operator::BrTable { targets } => {
            let labels: Option<Vec<u32>> = targets.targets().map(|target| label(target.ok()?)).collect();
            return Some(Item::New(Instruction::BrTable(labels?.into(), label(targets.default())?)));
        }
        Operator::TryTable { try_table } => {
            use wasmparser::Catch;
            for catch in &mut try_table.catches {
                match catch {
                    Catch::One { label: to, .. }
                    | Catch::OneRef { label: to, .. }
                    | Catch::All { label: to }
                    | Catch::AllRef { label: to } => *to = label(*to)?,
                }
            }
        }
        Operator::Return if shift == Shift::Inlined => return Some(Item::New(Instruction::Br(depth))),
        Operator::ReturnCall { .. } | Operator::ReturnCallIndirect { .. } | Operator::ReturnCallRef { .. }
            if shift == Shift::Inlined =>
        {
            return None;
        }
        _ => {}
    }
    Some(Item::Kept(operator))
}
