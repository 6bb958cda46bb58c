//! A case and what is expected of it as a `.wast` that any runner of the official scripts can run.
//!
//! What is *not* guaranteed: that the script shows the difference of every finding. It asserts outcomes,
//! results, and the order and arguments of host calls; what only a snapshot of the state shows is beyond
//! the format. It ends where a limit was met, since nothing behind that is comparable.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;

use wassay_adapter::{ExternKind, Interface};
use wassay_judge::expect::{matches_value, trap_words};
use wassay_model::{
    Action, FuncType, HeapType, Host, HostCall, InstanceIdx, Module, ModuleIdx, Nan, Nullability, Observation,
    OpenChoice, Outcome, Pattern, Ref, Resource, StepIdx, TestCase, ValType, Value, host,
};
use wast::lexer::Lexer;
use wast::parser::{self, ParseBuffer};

/// Texts longer than this are written in the binary format: nobody reads them.
const TEXT_MAX: usize = 1 << 20;
/// The function of the replaying host that tells how often it was called.
const CALLS: &str = "wassay:calls";

/// The text of a module, as far as it can be printed.
///
/// # Errors
///
/// The printer's words, where the module does not decode.
pub fn wat(bytes: &[u8]) -> Result<String, String> {
    wasmprinter::print_bytes(bytes).map_err(|error| error.to_string())
}

/// The script of a case: its modules, and its plan with the outcomes of `observation` as expectations.
///
/// A NaN is asserted bit for bit, unless the observation says that an operator had made one by then.
/// Where the case asks the deterministic host, a module stands for it that replays the recorded answers
/// and traps on any other call.
#[must_use]
pub fn write_wast(case: &TestCase, observation: &Observation) -> String {
    let mut writer = Writer { case, observation, text: String::new(), live: Vec::new(), replays: false };
    writer.header();
    if case.host == Host::Deterministic {
        writer.host();
    }
    for (number, step) in case.plan.steps.iter().enumerate() {
        let step_number = StepIdx(number as u32);
        let Some(observed) = observation.steps.get(number) else {
            writer.remark(&format!("the expectation ends before step {number}: the engine {}", observation.ending));
            return writer.text;
        };
        if let Written::Stop(why) = writer.step(step_number, &step.action, &observed.outcome) {
            writer.remark(&format!("step {number} and what follows cannot be asserted: {why}"));
            return writer.text;
        }
    }
    writer.host_calls_made();
    writer.text
}

/// Whether the script goes on.
enum Written {
    On,
    Stop(String),
}

struct Writer<'a> {
    case: &'a TestCase,
    observation: &'a Observation,
    text: String,
    /// By instance: its module, if it came to be.
    live: Vec<Option<ModuleIdx>>,
    /// Whether a module stands for the host.
    replays: bool,
}

impl Writer<'_> {
    fn line(&mut self, line: &str) {
        self.text.push_str(line);
        self.text.push('\n');
    }

    fn remark(&mut self, words: &str) {
        for line in words.lines() {
            self.line(&format!(";; {line}"));
        }
    }

    fn header(&mut self) {
        let features: Vec<&str> = self.case.features.iter().map(wassay_model::Feature::name).collect();
        self.remark(&format!("Wassay case {}", self.case.id()));
        self.remark(&format!("Expected by {}", self.observation.engine));
        if !features.is_empty() {
            self.remark(&format!("Features: {}", features.join(" ")));
        }
    }

    fn step(&mut self, step: StepIdx, action: &Action, outcome: &Outcome) -> Written {
        match (action, outcome) {
            (_, Outcome::Refused(_) | Outcome::Unclassified(_)) => return Written::Stop(outcome.to_string()),
            // There is no engine's own stack or fuel in the standard; the suite asserts only the stack.
            (_, Outcome::Exhausted(Resource::Fuel | Resource::Memory)) => return Written::Stop(outcome.to_string()),
            (Action::Instantiate { module } | Action::Load { module }, Outcome::Exhausted(_)) => {
                return Written::Stop(format!("instantiating module {module} {outcome}"));
            }
            _ => {}
        }
        match action {
            Action::Load { module } => {
                self.module("definition", *module, outcome);
                Written::On
            }
            Action::Instantiate { module } => {
                let instance = InstanceIdx(self.live.len() as u32);
                self.live.push(matches!(outcome, Outcome::Returned(_)).then_some(*module));
                self.module(&format!("$i{instance}"), *module, outcome);
                Written::On
            }
            Action::Register { instance, name } => {
                match outcome {
                    Outcome::Returned(_) => self.line(&format!("(register {} $i{instance})", quoted(name.as_bytes()))),
                    _ => self.remark(&format!("step {step}: register {name:?}: {outcome}")),
                }
                Written::On
            }
            Action::Invoke { instance, export, args } => {
                let Some(args) = self.args(*instance, export, args) else {
                    return Written::Stop("an argument cannot be written in a script".to_owned());
                };
                self.assert(step, &format!("invoke $i{instance} {}{args}", quoted(export.as_bytes())), outcome);
                Written::On
            }
            Action::Get { instance, export } => {
                self.assert(step, &format!("get $i{instance} {}", quoted(export.as_bytes())), outcome);
                Written::On
            }
        }
    }

    /// Writes a module and what is expected of it; `head` stands behind the keyword where it succeeds.
    fn module(&mut self, head: &str, index: ModuleIdx, outcome: &Outcome) {
        let Some(module) = self.case.modules.get(index.position()) else {
            self.remark(&format!("the case has no module {index}"));
            return;
        };
        let text = match outcome {
            Outcome::Returned(_) => module_text(module, head),
            Outcome::Trapped(kinds) => format!("(assert_trap {} {:?})", module_text(module, ""), trap_words(*kinds)),
            Outcome::Unlinkable => format!("(assert_unlinkable {} \"\")", module_text(module, "")),
            Outcome::Threw(_) => format!("(assert_exception {})", module_text(module, "")),
            Outcome::Malformed => format!("(assert_malformed {} \"\")", module_binary(module, "")),
            Outcome::Invalid | Outcome::Rejected => format!("(assert_invalid {} \"\")", module_binary(module, "")),
            Outcome::Absent | Outcome::Exhausted(_) | Outcome::Refused(_) | Outcome::Unclassified(_) => {
                format!(";; module {index}: {outcome}")
            }
        };
        self.line(&text);
    }

    fn assert(&mut self, step: StepIdx, action: &str, outcome: &Outcome) {
        let text = match outcome {
            Outcome::Returned(values) => {
                let nan_met = |(met, choice): &(StepIdx, OpenChoice)| *choice == OpenChoice::NanBits && *met <= step;
                let open = self.observation.open.iter().any(nan_met);
                let patterns: Option<Vec<String>> = values.iter().map(|value| result(*value, open)).collect();
                match patterns {
                    Some(patterns) if patterns.is_empty() => format!("(assert_return ({action}))"),
                    Some(patterns) => format!("(assert_return ({action}) {})", patterns.join(" ")),
                    // The format has no pattern for it; that the call succeeds is still asserted.
                    None => format!(";; step {step} {outcome}\n({action})"),
                }
            }
            Outcome::Trapped(kinds) => format!("(assert_trap ({action}) {:?})", trap_words(*kinds)),
            Outcome::Exhausted(_) => format!("(assert_exhaustion ({action}) \"call stack exhausted\")"),
            Outcome::Threw(_) => format!("(assert_exception ({action}))"),
            _ => format!(";; step {step} {outcome}: ({action})"),
        };
        self.line(&text);
    }

    /// The arguments, each behind a space. A null needs the type of its parameter.
    fn args(&self, instance: InstanceIdx, export: &str, args: &[Value]) -> Option<String> {
        let ty = self.live.get(instance.position()).copied().flatten().and_then(|module| {
            let interface = Interface::read(&self.case.modules.get(module.position())?.bytes.0)?;
            interface.exports.into_iter().find_map(|found| match found.kind {
                ExternKind::Func(ty) if found.name == export => Some(ty),
                _ => None,
            })
        });
        let mut text = String::new();
        for (position, arg) in args.iter().enumerate() {
            let param = ty.as_ref().and_then(|ty| ty.params.get(position)).copied();
            write!(text, " ({})", argument(*arg, param)?).expect("a string takes all");
        }
        Some(text)
    }

    /// A module that answers as the host did.
    fn host(&mut self) {
        let mut types: BTreeMap<String, Arc<FuncType>> = BTreeMap::new();
        let mut clashes = Vec::new();
        for module in &self.case.modules {
            for import in Interface::read(&module.bytes.0).unwrap_or_default().imports {
                let ExternKind::Func(ty) = import.kind else { continue };
                if import.module != host::MODULE {
                    continue;
                }
                if types.get(&import.name).is_some_and(|known| *known != ty) {
                    clashes.push(import.name);
                } else {
                    types.insert(import.name, ty);
                }
            }
        }
        if types.is_empty() {
            return;
        }
        for name in clashes {
            self.remark(&format!(
                "NOT COMPLETE: {name:?} is imported with two types, and a module has one export of a name"
            ));
        }
        let mut calls: Vec<(u32, &HostCall)> = Vec::new();
        let mut total = 0;
        for (number, step) in self.observation.steps.iter().enumerate() {
            calls.extend(step.host_calls.first.iter().zip(total..).map(|(call, number)| (number, call)));
            total += step.host_calls.count;
            if step.host_calls.count as usize > step.host_calls.first.len() {
                self.remark(&format!("NOT COMPLETE: some of the host calls of step {number} were only digested"));
            }
        }
        self.replays = true;
        self.line("(module $host");
        self.line("  (global $calls (mut i32) (i32.const 0))");
        self.line(&format!("  (func (export \"{CALLS}\") (result i32) (global.get $calls))"));
        for (name, ty) in types {
            let answers = calls.iter().filter(|(_, call)| call.name == name);
            self.host_function(&name, &ty, answers.copied());
        }
        self.line(")");
        self.line(&format!("(register {} $host)", quoted(host::MODULE.as_bytes())));
    }

    fn host_function<'c>(&mut self, name: &str, ty: &FuncType, answers: impl Iterator<Item = (u32, &'c HostCall)>) {
        let list = |keyword: &str, types: &[ValType]| match types {
            [] => String::new(),
            types => format!(" ({keyword} {})", types.iter().map(val_type).collect::<Vec<_>>().join(" ")),
        };
        let (params, results) = (list("param", &ty.params), list("result", &ty.results));
        self.line(&format!("  (func (export {}){params}{results} (local $n i32)", quoted(name.as_bytes())));
        self.line("    (local.set $n (global.get $calls))");
        self.line("    (global.set $calls (i32.add (local.get $n) (i32.const 1)))");
        for (number, call) in answers {
            self.line(&format!("    (if (i32.eq (local.get $n) (i32.const {number})) (then"));
            for (position, arg) in call.args.iter().enumerate() {
                if let Some(differs) = differs(position, *arg) {
                    self.line(&format!("      (if {differs} (then (unreachable)))"));
                }
            }
            let results: Vec<String> = call
                .results
                .iter()
                .zip(&ty.results)
                .filter_map(|(value, ty)| argument(*value, Some(*ty)))
                .map(|value| format!("({value})"))
                .collect();
            self.line(&format!("      (return {})))", results.join(" ")));
        }
        self.line("    (unreachable))");
    }

    fn host_calls_made(&mut self) {
        if self.replays {
            let total: u32 = self.observation.steps.iter().map(|step| step.host_calls.count).sum();
            self.line(&format!("(assert_return (invoke $host \"{CALLS}\") (i32.const {total}))"));
        }
    }
}

/// A condition that holds where the parameter is not `arg`. None where nothing can be said: a NaN's bits
/// may be open, and only null is told of a reference.
fn differs(position: usize, arg: Value) -> Option<String> {
    let local = format!("(local.get {position})");
    Some(match arg {
        Value::I32(bits) => format!("(i32.ne {local} (i32.const {}))", bits.cast_signed()),
        Value::I64(bits) => format!("(i64.ne {local} (i64.const {}))", bits.cast_signed()),
        Value::F32(bits) if f32::from_bits(bits).is_nan() => format!("(f32.eq {local} {local})"),
        Value::F32(bits) => format!("(i32.ne (i32.reinterpret_f32 {local}) (i32.const {bits:#x}))"),
        Value::F64(bits) if f64::from_bits(bits).is_nan() => format!("(f64.eq {local} {local})"),
        Value::F64(bits) => format!("(i64.ne (i64.reinterpret_f64 {local}) (i64.const {bits:#x}))"),
        Value::V128(_) => return None,
        Value::Ref(Ref::Null) => format!("(i32.eqz (ref.is_null {local}))"),
        Value::Ref(_) => format!("(ref.is_null {local})"),
    })
}

/// A value as an instruction or an argument, without its parentheses; none where there is no such form.
fn argument(value: Value, ty: Option<ValType>) -> Option<String> {
    let heap = match ty {
        Some(ValType::Ref(ty)) => ty.heap,
        _ => HeapType::Extern,
    };
    Some(match value {
        Value::Ref(Ref::Null) => format!("ref.null {heap}"),
        Value::Ref(Ref::Extern(number)) if heap == HeapType::Any => format!("ref.host {number}"),
        Value::Ref(Ref::Extern(number)) => format!("ref.extern {number}"),
        Value::Ref(_) => return None,
        number => constant(number)?,
    })
}

fn constant(value: Value) -> Option<String> {
    Some(match value {
        Value::I32(bits) => format!("i32.const {}", bits.cast_signed()),
        Value::I64(bits) => format!("i64.const {}", bits.cast_signed()),
        Value::F32(bits) => format!("f32.const {}", f32_text(bits)),
        Value::F64(bits) => format!("f64.const {}", f64_text(bits)),
        Value::V128(bits) => format!("v128.const i64x2 {:#018x} {:#018x}", bits as u64, (bits >> 64) as u64),
        Value::Ref(_) => return None,
    })
}

/// A result's pattern with its parentheses; none where the format has none. `open`: NaN bits may differ.
fn result(value: Value, open: bool) -> Option<String> {
    let is_nan = |nan: Pattern, value: Value| open && matches_value(&nan, value);
    Some(match value {
        Value::F32(_) if is_nan(Pattern::NanF32(Nan::Arithmetic), value) => "(f32.const nan:arithmetic)".to_owned(),
        Value::F64(_) if is_nan(Pattern::NanF64(Nan::Arithmetic), value) => "(f64.const nan:arithmetic)".to_owned(),
        Value::V128(bits) if open => open_vector(bits),
        Value::Ref(Ref::Null) => "(ref.null)".to_owned(),
        Value::Ref(Ref::Func(_)) => "(ref.func)".to_owned(),
        Value::Ref(Ref::Extern(number)) => format!("(ref.extern {number})"),
        Value::Ref(Ref::I31(_)) => "(ref.i31)".to_owned(),
        Value::Ref(Ref::Struct(_)) => "(ref.struct)".to_owned(),
        Value::Ref(Ref::Array(_)) => "(ref.array)".to_owned(),
        Value::Ref(Ref::Exn(_) | Ref::Opaque(_)) => return None,
        value => format!("({})", constant(value)?),
    })
}

/// A vector, with a pattern for each lane that may hold a NaN. Its lanes' type is not known; a NaN of type
/// `f64` shows as one of type `f32` in its upper half, so `f32` lanes serve both.
fn open_vector(bits: u128) -> String {
    let lane = |position: u32| {
        let bits = (bits >> (position * 32)) as u32;
        match matches_value(&Pattern::NanF32(Nan::Arithmetic), Value::F32(bits)) {
            true => "nan:arithmetic".to_owned(),
            false => f32_text(bits),
        }
    };
    let lanes: Vec<String> = (0..4).map(lane).collect();
    format!("(v128.const f32x4 {})", lanes.join(" "))
}

/// The shortest decimal that reads back as the same bits, or the payload of a NaN.
fn f32_text(bits: u32) -> String {
    let value = f32::from_bits(bits);
    let sign = if value.is_sign_negative() { "-" } else { "" };
    match value {
        _ if value.is_nan() => format!("{sign}nan:{:#x}", bits & 0x007f_ffff),
        _ if value.is_infinite() => format!("{sign}inf"),
        _ => format!("{value:?}"),
    }
}

/// See [`f32_text`].
fn f64_text(bits: u64) -> String {
    let value = f64::from_bits(bits);
    let sign = if value.is_sign_negative() { "-" } else { "" };
    match value {
        _ if value.is_nan() => format!("{sign}nan:{:#x}", bits & 0x000f_ffff_ffff_ffff),
        _ if value.is_infinite() => format!("{sign}inf"),
        _ => format!("{value:?}"),
    }
}

/// A type without defined types: those belong to the module that imports.
fn val_type(ty: &ValType) -> String {
    match ty {
        ValType::Ref(reference) => {
            let heap = match reference.heap {
                // A function of a defined type is at least a function; a mismatch shows on linking.
                HeapType::Concrete(_) => HeapType::Func,
                heap => heap,
            };
            let null = if reference.nullability == Nullability::Nullable { "null " } else { "" };
            format!("(ref {null}{heap})")
        }
        number => number.to_string(),
    }
}

/// A module in the text format if that gives back the same bytes, in the binary format otherwise.
fn module_text(module: &Module, head: &str) -> String {
    let bytes = &module.bytes.0;
    let text = wat(bytes).ok().filter(|text| text.len() <= TEXT_MAX && encodes_to(text, bytes));
    match text.as_deref().and_then(|text| text.trim_end().strip_prefix("(module")) {
        // A module with a name of its own keeps its bytes only if it keeps the name.
        Some(rest) if rest.starts_with(['\n', ')']) && head.is_empty() => format!("(module{rest}"),
        Some(rest) if rest.starts_with(['\n', ')']) => format!("(module {head}{rest}"),
        _ => module_binary(module, head),
    }
}

fn encodes_to(text: &str, bytes: &[u8]) -> bool {
    let mut lexer = Lexer::new(text);
    lexer.allow_confusing_unicode(true);
    let Ok(buffer) = ParseBuffer::new_with_lexer(lexer) else { return false };
    let encoded = parser::parse::<wast::Wat<'_>>(&buffer).and_then(|mut wat| wat.encode());
    encoded.is_ok_and(|encoded| encoded == bytes)
}

fn module_binary(module: &Module, head: &str) -> String {
    let mut text = String::from("(module");
    if !head.is_empty() {
        text.push(' ');
        text.push_str(head);
    }
    text.push_str(" binary");
    for line in module.bytes.0.chunks(32) {
        text.push_str("\n  \"");
        for byte in line {
            write!(text, "\\{byte:02x}").expect("a string takes all");
        }
        text.push('"');
    }
    text.push(')');
    text
}

/// A string of the text format.
fn quoted(bytes: &[u8]) -> String {
    let mut text = String::from("\"");
    for byte in bytes {
        match byte {
            b'"' | b'\\' => write!(text, "\\{}", char::from(*byte)),
            b' '..=b'~' => write!(text, "{}", char::from(*byte)),
            _ => write!(text, "\\{byte:02x}"),
        }
        .expect("a string takes all");
    }
    text.push('"');
    text
}
