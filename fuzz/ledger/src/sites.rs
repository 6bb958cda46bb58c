//! What each instruction of a module is an instance of: read off the code, without running it.

use std::fmt;

use wasmparser::{
    BinaryReaderError, FuncValidator, FunctionBody, Operator, Parser, Payload, ValType, ValidPayload, Validator,
    ValidatorResources, WasmFeatures,
};
use wassay_generate::{Shape, Sink};

/// An instruction with the cells that it is an instance of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Site {
    /// The function, among those that the module defines.
    pub function: usize,
    /// Where the next instruction begins, as an offset into the module.
    pub end: u64,
    /// The texts of its cells; see [`wassay_generate::Cell`].
    pub cells: Vec<String>,
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
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Origin {
    Param(u32),
    Local(u32),
    Shape(Shape),
    Other,
}

const UNKNOWN: Value = Value { origin: Origin::Other, makers: Vec::new() };

/// An instruction on the way to a site: where its result goes is known only later.
struct Draft {
    end: u64,
    /// Cells up to the sink.
    heads: Vec<String>,
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

        let name = name(&operator);
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
        let maker = (reachable && operands.len() == pops as usize && is_counted(&operator)).then(|| {
            drafts.push(Draft {
                end,
                heads: heads(&name, &operator, &operands, &types, pushes, &validator),
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
                }
                stack.resize(height.saturating_sub(kept), UNKNOWN);
                stack.extend(top);
            }
            Operator::LocalTee { local_index } => {
                if let Some(top) = stack.last_mut() {
                    *top = Value { origin: Origin::Local(local_index), makers: Vec::new() };
                }
            }
            _ => {
                stack.truncate(taken);
                let origin = origin(&operator, params);
                stack.extend((0..pushes).map(|_| Value { origin, makers: maker.into_iter().collect() }));
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
        let cells = draft.heads.iter().map(|head| format!("{head}/{sink}")).collect();
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

/// Whether an instruction has cells: it computes, or it acts on memory.
fn is_counted(operator: &Operator<'_>) -> bool {
    let name = name(operator);
    if let Some((family, rest)) = name.split_once('.') {
        return match family {
            "i32" | "i64" | "f32" | "f64" => rest != "const",
            "v128" => rest != "const",
            "i8x16" | "i16x8" | "i32x4" | "i64x2" | "f32x4" | "f64x2" => true,
            "memory" | "data" => true,
            "ref" => matches!(rest, "null" | "is_null"),
            _ => false,
        };
    }
    name == "select"
}

fn origin(operator: &Operator<'_>, params: u32) -> Origin {
    match operator {
        Operator::LocalGet { local_index } if *local_index < params => Origin::Param(*local_index),
        Operator::LocalGet { local_index } => Origin::Local(*local_index),
        Operator::I32Const { .. }
        | Operator::I64Const { .. }
        | Operator::F32Const { .. }
        | Operator::F64Const { .. }
        | Operator::V128Const { .. } => Origin::Shape(Shape::Const),
        Operator::Call { .. } | Operator::CallIndirect { .. } | Operator::CallRef { .. } => {
            Origin::Shape(Shape::Called)
        }
        Operator::TableGet { .. } => Origin::Shape(Shape::Loaded),
        _ => {
            let name = name(operator);
            let rest = name.split_once('.').map_or("", |(_, rest)| rest);
            if rest.starts_with("load") {
                Origin::Shape(Shape::Loaded)
            } else if rest.starts_with("extend") || rest.starts_with("promote") {
                Origin::Shape(Shape::Extended)
            } else if COMPARISONS.contains(&rest) {
                Origin::Shape(Shape::Compared)
            } else {
                Origin::Other
            }
        }
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
            let name = name(operator);
            let rest = name.split_once('.').map_or("", |(_, rest)| rest);
            if rest.starts_with("store") || rest.starts_with("atomic") {
                if position == 0 { Sink::Address } else { Sink::Store }
            } else if rest.starts_with("load") {
                // A lane's load takes the vector last, which goes into the result.
                if position == 0 {
                    Sink::Address
                } else {
                    return Consumer::Operator;
                }
            } else if is_counted(operator) && !name.starts_with("memory") {
                return Consumer::Operator;
            } else {
                return Consumer::Lost;
            }
        }
    })
}

/// The cells of an instruction, up to their sinks.
fn heads(
    name: &str,
    operator: &Operator<'_>,
    operands: &[Value],
    types: &[Option<ValType>],
    pushes: u32,
    validator: &FuncValidator<ValidatorResources>,
) -> Vec<String> {
    let result = || match pushes {
        0 => "none".to_owned(),
        _ => validator.get_operand_type(0).flatten().map_or_else(|| "none".to_owned(), type_name),
    };
    let opcode = match operator {
        Operator::Select => format!("select.{}", result()),
        Operator::TypedSelect { .. } => format!("select.t.{}", result()),
        Operator::RefNull { .. } => format!("{name}.{}", result().trim_end_matches("ref")),
        Operator::RefIsNull => {
            format!(
                "{name}.{}",
                types.first().copied().flatten().map_or_else(String::new, type_name).trim_end_matches("ref")
            )
        }
        _ => name.to_owned(),
    };
    if operands.is_empty() {
        return vec![format!("{opcode}:0/{}/{}", result(), Shape::None)];
    }
    let mut heads = Vec::new();
    for (position, (operand, ty)) in operands.iter().zip(types).enumerate() {
        let Some(ty) = *ty else { continue };
        let shape = match operand.origin {
            Origin::Shape(shape) => shape,
            Origin::Param(_) => Shape::Param,
            Origin::Local(_) | Origin::Other => continue,
        };
        heads.push(format!("{opcode}:{position}/{}/{shape}", type_name(ty)));
    }
    // The same local as every other operand of that type.
    let first = types.iter().flatten().next().copied();
    if let Some(ty) = first {
        let of_type: Vec<&Value> =
            operands.iter().zip(types).filter(|(_, other)| **other == Some(ty)).map(|(operand, _)| operand).collect();
        let is_local = matches!(of_type[0].origin, Origin::Param(_) | Origin::Local(_));
        if of_type.len() > 1 && is_local && of_type.iter().all(|other| other.origin == of_type[0].origin) {
            heads.push(format!("{opcode}:0/{}/{}", type_name(ty), Shape::Same));
        }
    }
    heads
}

fn type_name(ty: ValType) -> String {
    ty.to_string().trim_start_matches("(ref null ").trim_start_matches("(ref ").trim_end_matches(')').to_owned()
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
    };
}

wasmparser::for_each_operator!(names);

/// The name of an instruction in the text format.
fn name(operator: &Operator<'_>) -> String {
    let name = visitor_name(operator).trim_start_matches("visit_");
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
