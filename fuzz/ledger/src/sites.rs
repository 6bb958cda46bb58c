//! What each instruction of a module is an instance of: read off the code, without running it.

use std::collections::HashMap;
use std::fmt;
use std::sync::OnceLock;

use wasmparser::{
    BinaryReaderError, FuncValidator, FunctionBody, Operator, Parser, Payload, RefType, ValType, ValidPayload,
    Validator, ValidatorResources, WasmFeatures,
};
use wassay_generate::{Cell, Shape, Sink, undoing};

/// An instruction with the cells that it is an instance of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Site {
    /// The function, among those that the module defines.
    pub function: usize,
    /// Where the next instruction begins, as an offset into the module.
    pub end: u64,
    /// Its cells.
    pub cells: Vec<Cell>,
    /// Where its result goes.
    pub sink: Sink,
}

/// The module cannot be read, so nothing can be said of it.
#[derive(Clone, Debug)]
pub struct Unreadable(String);

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the module's cells cannot be read off: {}", self.0)
    }
}

impl std::error::Error for Unreadable {}

impl From<BinaryReaderError> for Unreadable {
    fn from(error: BinaryReaderError) -> Self {
        Self(error.to_string())
    }
}

/// The instructions of a valid module that are instances of cells, in the order of the code.
///
/// # Errors
///
/// The module is not valid.
pub fn sites(module: &[u8]) -> Result<Vec<Site>, Unreadable> {
    let mut validator = Validator::new_with_features(WasmFeatures::all());
    let mut found = Vec::new();
    let mut function = 0;
    for payload in Parser::new(0).parse_all(module) {
        let payload: Payload<'_> = payload?;
        if let ValidPayload::Func(func, body) = validator.payload(&payload)? {
            read(func.into_validator(Default::default()), &body, function, &mut found)?;
            function += 1;
        }
    }
    Ok(found)
}

/// Where a value on the stack comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Value {
    origin: Origin,
    /// The instructions that made it, among those of this function that have cells: two for the result of an `if`.
    makers: Vec<usize>,
    /// The name of the one instruction whose result it is.
    by: Option<&'static str>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Origin {
    Param(u32),
    Local(u32),
    Shape(Shape),
    Other,
}

const UNKNOWN: Value = Value { origin: Origin::Other, makers: Vec::new(), by: None };

/// An instruction on the way to a site: where its result goes is known only later.
struct Draft {
    end: u64,
    /// Cells but for the sink.
    heads: Vec<Cell>,
    goes: Goes,
}

/// Where a result goes.
#[derive(Clone, Copy)]
enum Goes {
    Nowhere,
    To(Sink),
    /// Into another instruction, and from there on.
    Into(usize),
}

fn read(
    mut validator: FuncValidator<ValidatorResources>,
    body: &FunctionBody<'_>,
    function: usize,
    found: &mut Vec<Site>,
) -> Result<(), Unreadable> {
    let mut reader = body.get_binary_reader();
    validator.read_locals(&mut reader)?;
    let params = params(&validator);
    let mut operators = body.get_operators_reader()?;
    let mut stack: Vec<Value> = Vec::new();
    let mut drafts: Vec<Draft> = Vec::new();
    // By open block: what the first arm of an `if` left.
    let mut first_arms: Vec<Vec<Value>> = Vec::new();
    while !operators.eof() {
        let offset = operators.original_position();
        let operator = operators.read()?;
        let end = operators.original_position();
        let reachable = validator.get_control_frame(0).is_some_and(|frame| !frame.unreachable);
        let arity = operator.operator_arity(&validator);
        let depth = validator.control_stack_height();
        let (pops, pushes) = arity.unwrap_or_default();
        let taken = stack.len().saturating_sub(pops as usize);
        let operands: Vec<Value> = stack[taken..].to_vec();
        let types: Vec<Option<ValType>> =
            (0..pops as usize).rev().map(|depth| validator.get_operand_type(depth).flatten()).collect();
        validator.op(offset, &operator)?;
        let height = validator.operand_stack_height() as usize;

        let word = word(&operator);
        if reachable && operands.len() == pops as usize {
            for (position, operand) in operands.iter().enumerate() {
                let goes = match consumer(&operator, position, operands.len(), depth == 1) {
                    Consumer::Sink(sink) => Goes::To(sink),
                    Consumer::Operator => Goes::Into(drafts.len()),
                    Consumer::Lost => continue,
                };
                for maker in &operand.makers {
                    drafts[*maker].goes = goes;
                }
            }
        }
        let maker = (reachable && operands.len() == pops as usize && word.counted).then(|| {
            drafts.push(Draft {
                end,
                heads: heads(word, &operator, &operands, &types, pushes, &validator),
                goes: if pushes == 0 { Goes::To(Sink::State) } else { Goes::Nowhere },
            });
            drafts.len() - 1
        });

        // What lies on the stack behind the instruction.
        match operator {
            Operator::Block { .. } | Operator::Loop { .. } | Operator::TryTable { .. } => first_arms.push(Vec::new()),
            Operator::If { .. } => {
                stack.pop();
                first_arms.push(Vec::new());
            }
            Operator::Else => {
                if let Some(arm) = first_arms.last_mut() {
                    *arm = if reachable { operands } else { Vec::new() };
                }
                stack.truncate(taken);
            }
            // What falls out of a block keeps its origin; branches to its end are not followed.
            Operator::End => {
                let arm = first_arms.pop().unwrap_or_default();
                let kept = stack.len().min(pushes as usize);
                let mut top = stack.split_off(stack.len() - kept);
                if !reachable {
                    top.fill(UNKNOWN);
                }
                for (value, other) in top.iter_mut().zip(arm) {
                    value.makers.extend(other.makers);
                    if value.origin != other.origin {
                        value.origin = Origin::Other;
                    }
                    value.by = value.by.filter(|_| value.by == other.by);
                }
                stack.resize(height.saturating_sub(kept), UNKNOWN);
                stack.extend(top);
            }
            Operator::LocalTee { local_index } => {
                if let Some(top) = stack.last_mut() {
                    *top = Value { origin: Origin::Local(local_index), makers: Vec::new(), by: None };
                }
            }
            _ => {
                stack.truncate(taken);
                let origin = origin(&operator, word, params);
                let value = Value { origin, makers: maker.into_iter().collect(), by: Some(word.name) };
                stack.extend((0..pushes).map(|_| value.clone()));
            }
        }
        if stack.len() != height {
            stack.resize(height, UNKNOWN);
        }
    }

    // Consumers come behind makers, so going backwards resolves every chain.
    let mut sinks: Vec<Option<Sink>> = vec![None; drafts.len()];
    for index in (0..drafts.len()).rev() {
        sinks[index] = match drafts[index].goes {
            Goes::Nowhere => None,
            Goes::To(sink) => Some(sink),
            Goes::Into(other) => sinks.get(other).copied().flatten(),
        };
    }
    for (draft, sink) in drafts.into_iter().zip(sinks) {
        let Some(sink) = sink else { continue };
        let cells = draft.heads.into_iter().map(|head| Cell { sink, ..head }).collect();
        found.push(Site { function, end: draft.end, cells, sink });
    }
    Ok(())
}

/// How many locals are parameters: they stand first.
fn params(validator: &FuncValidator<ValidatorResources>) -> u32 {
    use wasmparser::WasmModuleResources as _;
    let resources = validator.resources();
    let ty = resources.type_index_of_function(validator.index()).and_then(|ty| resources.sub_type_at(ty));
    ty.map_or(0, |ty| ty.unwrap_func().params().len() as u32)
}

/// What is known of an instruction by its name.
struct Word {
    /// The name in the text format.
    name: &'static str,
    /// What stands behind the first dot.
    rest: &'static str,
    /// Whether it has cells: it computes, or it acts on memory.
    counted: bool,
    /// The shape of its result as an operand, as far as the name tells.
    shape: Option<Shape>,
    /// By operand, the instruction that this one undoes or that undoes this one.
    undone_by: [Option<&'static str>; 4],
}

/// Names are worked out once for each kind of instruction, and kept as long as the program runs.
fn word(operator: &Operator<'_>) -> &'static Word {
    static WORDS: OnceLock<HashMap<&'static str, Word>> = OnceLock::new();
    let words = WORDS.get_or_init(|| VISITORS.iter().map(|visitor| (*visitor, Word::of(visitor))).collect());
    &words[visitor_name(operator)]
}

impl Word {
    fn of(visitor: &'static str) -> Self {
        let name: &'static str = String::leak(name(visitor));
        let (family, rest) = name.split_once('.').unwrap_or((name, ""));
        let counted = match family {
            "i32" | "i64" | "f32" | "f64" | "v128" => rest != "const",
            "i8x16" | "i16x8" | "i32x4" | "i64x2" | "f32x4" | "f64x2" | "memory" | "data" | "select" => true,
            "ref" => matches!(rest, "null" | "is_null"),
            _ => false,
        };
        let shape = match rest {
            "const" => Some(Shape::Const),
            _ if rest.starts_with("load") || name == "table.get" => Some(Shape::Loaded),
            _ if rest.starts_with("extend") || rest.starts_with("promote") => Some(Shape::Extended),
            _ if COMPARISONS.contains(&rest) => Some(Shape::Compared),
            _ if name.starts_with("call") => Some(Shape::Called),
            _ => None,
        };
        Self { name, rest, counted, shape, undone_by: std::array::from_fn(|operand| undoing(name, operand)) }
    }
}

fn origin(operator: &Operator<'_>, word: &Word, params: u32) -> Origin {
    match operator {
        Operator::LocalGet { local_index } if *local_index < params => Origin::Param(*local_index),
        Operator::LocalGet { local_index } => Origin::Local(*local_index),
        _ => word.shape.map_or(Origin::Other, Origin::Shape),
    }
}

const COMPARISONS: &[&str] =
    &["eqz", "eq", "ne", "lt", "gt", "le", "ge", "lt_s", "lt_u", "gt_s", "gt_u", "le_s", "le_u", "ge_s", "ge_u"];

/// What becomes of an operand.
enum Consumer {
    Sink(Sink),
    /// It goes into the result of another instruction.
    Operator,
    /// It is dropped, or it goes where it is not followed.
    Lost,
}

fn consumer(operator: &Operator<'_>, position: usize, operands: usize, outermost: bool) -> Consumer {
    use Operator as O;
    let last = position + 1 == operands;
    Consumer::Sink(match operator {
        O::Return => Sink::Return,
        O::End if outermost => Sink::Return,
        O::LocalSet { .. } => Sink::LocalSet,
        O::LocalTee { .. } => Sink::LocalTee,
        O::GlobalSet { .. } => Sink::Global,
        O::TableSet { .. } => {
            if position == 0 {
                Sink::TableIndex
            } else {
                Sink::Store
            }
        }
        O::TableGet { .. } => Sink::TableIndex,
        O::BrIf { .. } if last => Sink::BrIf,
        O::If { .. } if last => Sink::If,
        O::BrTable { .. } if last => Sink::BrTable,
        O::Select | O::TypedSelect { .. } => {
            if last {
                Sink::SelectCondition
            } else {
                Sink::SelectOperand
            }
        }
        O::CallIndirect { .. } | O::ReturnCallIndirect { .. } if last => Sink::TableIndex,
        O::Call { .. }
        | O::CallIndirect { .. }
        | O::CallRef { .. }
        | O::ReturnCall { .. }
        | O::ReturnCallIndirect { .. }
        | O::ReturnCallRef { .. } => Sink::Argument,
        _ => {
            let Word { name, rest, counted, .. } = word(operator);
            if rest.starts_with("store") || rest.starts_with("atomic") {
                if position == 0 { Sink::Address } else { Sink::Store }
            } else if rest.starts_with("load") {
                // A lane's load takes the vector last, which goes into the result.
                if position == 0 {
                    Sink::Address
                } else {
                    return Consumer::Operator;
                }
            } else if *counted && !name.starts_with("memory") {
                return Consumer::Operator;
            } else {
                return Consumer::Lost;
            }
        }
    })
}

/// The cells of an instruction, with a sink to be set.
fn heads(
    word: &Word,
    operator: &Operator<'_>,
    operands: &[Value],
    types: &[Option<ValType>],
    pushes: u32,
    validator: &FuncValidator<ValidatorResources>,
) -> Vec<Cell> {
    let result = || match pushes {
        0 => "none",
        _ => validator.get_operand_type(0).flatten().map_or("none", type_name),
    };
    let opcode = match operator {
        Operator::Select => with_type("select", result()),
        Operator::TypedSelect { .. } => with_type("select.t", result()),
        Operator::RefNull { .. } => with_type(word.name, result()),
        Operator::RefIsNull => with_type(word.name, types.first().copied().flatten().map_or("none", type_name)),
        _ => word.name,
    };
    let cell = |operand, ty, shape| Cell { opcode, operand, ty, shape, sink: Sink::State };
    if operands.is_empty() {
        return vec![cell(0, result(), Shape::None)];
    }
    let mut heads = Vec::new();
    for (position, (operand, ty)) in (0..).zip(operands.iter().zip(types)) {
        let Some(ty) = *ty else { continue };
        if operand.by.is_some() && word.undone_by.get(usize::from(position)).is_some_and(|by| *by == operand.by) {
            heads.push(cell(position, type_name(ty), Shape::Inverse));
        }
        let shape = match operand.origin {
            Origin::Shape(shape) => shape,
            Origin::Param(_) => Shape::Param,
            Origin::Local(_) | Origin::Other => continue,
        };
        heads.push(cell(position, type_name(ty), shape));
    }
    // The same local as every other operand of that type.
    if let Some(ty) = types.iter().flatten().next().copied() {
        let mut of_type = operands.iter().zip(types).filter(|(_, other)| **other == Some(ty));
        if let Some((first, _)) = of_type.next()
            && matches!(first.origin, Origin::Param(_) | Origin::Local(_))
        {
            let mut others = of_type.peekable();
            if others.peek().is_some() && others.all(|(other, _)| other.origin == first.origin) {
                heads.push(cell(0, type_name(ty), Shape::Same));
            }
        }
    }
    heads
}

fn type_name(ty: ValType) -> &'static str {
    match ty {
        ValType::I32 => "i32",
        ValType::I64 => "i64",
        ValType::F32 => "f32",
        ValType::F64 => "f64",
        ValType::V128 => "v128",
        ValType::Ref(RefType::FUNCREF) => "funcref",
        ValType::Ref(RefType::EXTERNREF) => "externref",
        ValType::Ref(_) => "ref",
    }
}

/// An opcode that says of which type it is one.
fn with_type(name: &'static str, ty: &'static str) -> &'static str {
    let ty = if name.starts_with("ref") { ty.trim_end_matches("ref") } else { ty };
    macro_rules! table {
        ($($name:literal: $($ty:literal)*;)*) => {
            match (name, ty) {
                $($(($name, $ty) => concat!($name, ".", $ty),)*)*
                _ => name,
            }
        };
    }
    table! {
        "select": "i32" "i64" "f32" "f64" "v128";
        "select.t": "i32" "i64" "f32" "f64" "v128" "funcref" "externref" "ref";
        "ref.null": "func" "extern";
        "ref.is_null": "func" "extern";
    }
}

macro_rules! names {
    ($(@$proposal:ident $op:ident $({ $($arg:ident: $argty:ty),* })? => $visit:ident ($($ann:tt)*))*) => {
        /// The visitor's name of an operator: the text format's, with other separators.
        fn visitor_name(operator: &Operator<'_>) -> &'static str {
            match operator {
                $(Operator::$op { .. } => stringify!($visit),)*
                _ => "visit_other",
            }
        }

        const VISITORS: &[&str] = &[$(stringify!($visit),)* "visit_other"];
    };
}

wasmparser::for_each_operator!(names);

/// The name of an instruction in the text format.
fn name(visitor: &str) -> String {
    let name = visitor.trim_start_matches("visit_");
    if name == "typed_select" {
        return "select".to_owned();
    }
    let name = name
        .replace("atomic_rmw_", "atomic_rmw.")
        .replace("_atomic_", ".atomic.")
        .replace("atomic_rmw.", "atomic.rmw.");
    match name.split_once('_') {
        Some((family, rest)) if FAMILIES.contains(&family) => format!("{family}.{rest}"),
        _ => name,
    }
}

const FAMILIES: &[&str] = &[
    "i32", "i64", "f32", "f64", "v128", "i8x16", "i16x8", "i32x4", "i64x2", "f32x4", "f64x2", "memory", "data",
    "table", "elem", "local", "global", "ref", "struct", "array", "i31", "any", "extern",
];
