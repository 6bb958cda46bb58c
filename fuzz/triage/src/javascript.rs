//! A case as one JavaScript file that any JavaScript shell can run: modules as hexadecimal digits, the plan as
//! calls, what is expected beside what comes.
//!
//! What is *not* guaranteed: that it shows every finding. JavaScript passes no vectors and loses the payload of a
//! NaN, and what only a look at the memory shows is not in it. The host's functions answer what they answered where
//! the expectation comes from, in that order; a call that was not expected is wrong, and throws.

use std::fmt::Write as _;

use wassay_model::{Action, InstanceIdx, ModuleIdx, Observation, Outcome, Ref, TestCase, Value, host};

use crate::reduce::Facts;

/// The lines before the case's own.
const PRELUDE: &str = r#"const say = typeof print === "function" ? print : console.log;
const bytes = (text) => new Uint8Array((text.match(/../g) || []).map((pair) => parseInt(pair, 16)));
const view = new DataView(new ArrayBuffer(8));
const f32 = (bits) => (view.setUint32(0, bits), view.getFloat32(0));
const f64 = (bits) => (view.setBigUint64(0, bits), view.getFloat64(0));
const hex = (number, digits) => "0x" + number.toString(16).padStart(digits, "0");
const shown = {
  i32: (value) => "i32:" + value,
  i64: (value) => "i64:" + value,
  f32: (value) => Number.isNaN(value) ? "f32:nan" : "f32:" + hex((view.setFloat32(0, value), view.getUint32(0)), 8),
  f64: (value) => Number.isNaN(value) ? "f64:nan" : "f64:" + hex((view.setFloat64(0, value), view.getBigUint64(0)), 16),
  v128: () => "v128",
  ref: (value) => value === null ? "ref:null" : "ref",
};
const show = (results, types) =>
  types.length === 0 ? "returned nothing" :
  "returned " + (types.length === 1 ? [results] : [...results]).map((value, i) => shown[types[i]](value)).join(", ");
const failure = (error) =>
  typeof WebAssembly.Exception === "function" && error instanceof WebAssembly.Exception ? "threw an exception" :
  error instanceof WebAssembly.RuntimeError ? "trapped" :
  error instanceof WebAssembly.CompileError ? "refused the module" :
  error instanceof WebAssembly.LinkError ? "refused to link" :
  error instanceof RangeError || String(error).includes("recursion") ? "exhausted" : "failed";
let wrong = 0;
let called = 0;
const step = (what, expected, callsUntilNow, action) => {
  let actual, words = "";
  try { actual = action(); } catch (error) { actual = failure(error); words = "  (" + error + ")"; }
  if (callsUntilNow !== null && called !== callsUntilNow) {
    wrong += 1;
    say("WRONG  " + what + ": " + called + " calls of the host until now, expected: " + callsUntilNow);
    called = callsUntilNow;
  }
  const good = expected === null || actual === expected;
  if (!good) wrong += 1;
  say((good ? "ok     " : "WRONG  ") + what + ": " + actual + words + (good ? "" : ", expected: " + expected));
};
const registered = {};
const externs = {};
const extern = (number) => (externs[number] ??= { extern: number });
const host = new Proxy({}, {
  get: (_, name) => (...args) => {
    const next = hostCalls[called];
    if (!next || next.name !== String(name)) {
      throw new Error("host call " + called + " is of " + String(name) + ", expected: " + (next ? next.name : "none"));
    }
    const actual = next.types.map((type, i) => shown[type](args[i])).join(", ");
    if (actual !== next.args) {
      wrong += 1;
      say("WRONG  host call " + called + " of " + next.name + " with " + actual + ", expected: " + next.args);
    }
    called += 1;
    if (next.answer === undefined) throw new Error("JavaScript cannot give the answer of " + next.name);
    return next.answer();
  },
});
const imports = new Proxy({}, { get: (_, name) => registered[name] ?? (name === HOST ? host : undefined) });
const instances = [];
"#;

/// The file. What is expected is what `expectation` did; nothing is, at the steps that it did not come to.
#[must_use]
pub fn write_javascript(case: &TestCase, expectation: Option<&Observation>) -> String {
    let mut text = format!("// Wassay case {}\n", case.id());
    if let Some(expectation) = expectation {
        let _ = writeln!(text, "// Expected by {}", one_line(&expectation.engine.to_string()));
    }
    let _ = writeln!(text, "// Run it with any shell: node case.js, d8 case.js, js case.js, jsc case.js\n");
    let _ = writeln!(text, "const HOST = {:?};", host::MODULE);
    text.push_str(PRELUDE);
    for (index, module) in case.modules.iter().enumerate() {
        let digits: String = module.bytes.0.iter().map(|byte| format!("{byte:02x}")).collect();
        let _ = writeln!(text, "const module{index} = bytes(\"{digits}\");");
    }
    text.push_str(&host_calls(expectation));
    text.push('\n');
    let mut calls = 0;
    let mut instances: Vec<ModuleIdx> = Vec::new();
    for (number, step) in case.plan.steps.iter().enumerate() {
        let outcome = expectation.and_then(|seen| seen.steps.get(number)).map(|step| &step.outcome);
        let (what, action) = match &step.action {
            Action::Load { module } => (
                format!("load module {module}"),
                format!("(new WebAssembly.Module(module{module}), \"returned nothing\")"),
            ),
            Action::Instantiate { module } => {
                let instance = instances.len();
                instances.push(*module);
                let made = format!(
                    "(instances[{instance}] = new WebAssembly.Instance(new WebAssembly.Module(module{module}), imports), \
                     \"returned nothing\")"
                );
                (format!("instantiate module {module}"), made)
            }
            Action::Register { instance, name } => (
                format!("register instance {instance}"),
                format!("(registered[{}] = instances[{instance}].exports, \"returned nothing\")", quoted(name)),
            ),
            Action::Get { instance, export } => (
                format!("get {export}"),
                format!("(void instances[{instance}].exports[{}].value, \"returned nothing\")", quoted(export)),
            ),
            Action::Invoke { instance, export, args } => {
                let values: Option<Vec<String>> = args.iter().map(|value| argument(*value)).collect();
                let Some(values) = values else {
                    let _ = writeln!(text, "say(\"step {number} is left out: JavaScript cannot pass its arguments\");");
                    continue;
                };
                let types = result_types(case, &instances, *instance, export);
                let call = format!("instances[{instance}].exports[{}]({})", quoted(export), values.join(", "));
                (format!("call {export}"), format!("show({call}, [{types}])"))
            }
        };
        // What `get` reads has no type here, so only that it can be read is looked at.
        let expected = match (&step.action, outcome) {
            (Action::Get { .. }, Some(Outcome::Returned(_))) => Some("returned nothing".to_owned()),
            (_, outcome) => outcome.and_then(words),
        };
        let expected = expected.map_or_else(|| "null".to_owned(), |words| quoted(&words));
        let made = expectation.and_then(|seen| seen.steps.get(number)).map(|step| step.host_calls.count);
        calls += made.unwrap_or_default();
        let until_now = made.map_or_else(|| "null".to_owned(), |_| calls.to_string());
        let what = quoted(&format!("step {number}, {what}"));
        let _ = writeln!(text, "step({what}, {expected}, {until_now}, () => {action});");
    }
    text.push_str("if (wrong > 0) throw new Error(wrong + \" of the steps went wrong\");\n");
    text
}

/// The calls of host functions that are expected, with their answers.
fn host_calls(expectation: Option<&Observation>) -> String {
    let mut text = String::from("const hostCalls = [\n");
    for step in expectation.iter().flat_map(|seen| &seen.steps) {
        for call in &step.host_calls.first {
            let types: Vec<String> = call.args.iter().map(|value| format!("\"{}\"", type_word(*value))).collect();
            let args: Vec<String> = call.args.iter().map(|value| shown(*value)).collect();
            let answers: Option<Vec<String>> = call.results.iter().map(|value| argument(*value)).collect();
            let answer = match answers.as_deref() {
                None => String::new(),
                Some([]) => ", answer: () => undefined".to_owned(),
                Some([one]) => format!(", answer: () => {one}"),
                Some(several) => format!(", answer: () => [{}]", several.join(", ")),
            };
            let (name, args) = (quoted(&call.name), quoted(&args.join(", ")));
            let _ = writeln!(text, "  {{ name: {name}, types: [{}], args: {args}{answer} }},", types.join(", "));
        }
    }
    text + "];\n"
}

/// The type of a value, as the file names it.
const fn type_word(value: Value) -> &'static str {
    match value {
        Value::I32(_) => "i32",
        Value::I64(_) => "i64",
        Value::F32(_) => "f32",
        Value::F64(_) => "f64",
        Value::V128(_) => "v128",
        Value::Ref(_) => "ref",
    }
}

fn one_line(text: &str) -> String {
    text.chars().filter(|letter| !letter.is_control()).collect()
}

/// A text as a literal of JavaScript.
fn quoted(text: &str) -> String {
    let mut literal = String::from("\"");
    for letter in text.chars() {
        match letter {
            '"' | '\\' => literal.extend(['\\', letter]),
            ' '..='~' => literal.push(letter),
            _ => {
                let mut units = [0; 2];
                for unit in letter.encode_utf16(&mut units) {
                    let _ = write!(literal, "\\u{unit:04x}");
                }
            }
        }
    }
    literal.push('"');
    literal
}

/// A value as an expression; none where JavaScript has none for it.
fn argument(value: Value) -> Option<String> {
    Some(match value {
        Value::I32(bits) => bits.cast_signed().to_string(),
        Value::I64(bits) => format!("{}n", bits.cast_signed()),
        Value::F32(bits) => format!("f32({bits:#x})"),
        Value::F64(bits) => format!("f64({bits:#x}n)"),
        Value::Ref(Ref::Null) => "null".to_owned(),
        Value::Ref(Ref::Extern(number)) => format!("extern({number})"),
        Value::V128(_) | Value::Ref(_) => return None,
    })
}

/// An outcome in the words that the file itself uses; none where nothing is expected.
fn words(outcome: &Outcome) -> Option<String> {
    Some(match outcome {
        Outcome::Returned(values) if values.is_empty() => "returned nothing".to_owned(),
        Outcome::Returned(values) => {
            let values: Vec<String> = values.iter().map(|value| shown(*value)).collect();
            format!("returned {}", values.join(", "))
        }
        Outcome::Trapped(_) => "trapped".to_owned(),
        Outcome::Threw(_) => "threw an exception".to_owned(),
        Outcome::Malformed | Outcome::Invalid | Outcome::Rejected => "refused the module".to_owned(),
        Outcome::Unlinkable => "refused to link".to_owned(),
        Outcome::Exhausted(_) | Outcome::Refused(_) | Outcome::Absent | Outcome::Unclassified(_) => return None,
    })
}

/// A value in the words that the file itself uses.
fn shown(value: Value) -> String {
    match value {
        Value::F32(bits) if f32::from_bits(bits).is_nan() => "f32:nan".to_owned(),
        Value::F64(bits) if f64::from_bits(bits).is_nan() => "f64:nan".to_owned(),
        Value::V128(_) => "v128".to_owned(),
        Value::Ref(Ref::Null) => "ref:null".to_owned(),
        Value::Ref(_) => "ref".to_owned(),
        number => number.to_string(),
    }
}

/// The types of a function's results, as a list of literals.
fn result_types(case: &TestCase, instances: &[ModuleIdx], instance: InstanceIdx, export: &str) -> String {
    let types = instances.get(instance.position()).and_then(|module| {
        let facts = Facts::read(&case.modules.get(module.position())?.bytes.0)?;
        let func = facts.exported_func(export)?;
        let (_, results) = facts.types.get(*facts.funcs.get(func as usize)? as usize)?.clone()?;
        Some(results)
    });
    let name = |ty: wasm_encoder::ValType| match ty {
        wasm_encoder::ValType::I32 => "\"i32\"",
        wasm_encoder::ValType::I64 => "\"i64\"",
        wasm_encoder::ValType::F32 => "\"f32\"",
        wasm_encoder::ValType::F64 => "\"f64\"",
        wasm_encoder::ValType::V128 => "\"v128\"",
        wasm_encoder::ValType::Ref(_) => "\"ref\"",
    };
    types.unwrap_or_default().into_iter().map(name).collect::<Vec<_>>().join(", ")
}
