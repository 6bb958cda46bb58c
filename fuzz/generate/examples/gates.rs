//! Measures the generator on one interpreter: `gates [CASES] [SEED] [PROFILE]`; with a case's number as a
//! fourth argument, prints that case's modules instead.
//!
//! It prints the quality gates (valid, instantiated, calls that return, calls that trap early), what the
//! modules hold, how far results depend on arguments, and where the time goes.

use std::collections::{BTreeMap, HashMap};
use std::time::{Duration, Instant};

use wasmi_2 as wasmi;
use wasmparser::{Operator, Parser, Payload, Validator};
use wassay_adapter::wasm_features;
use wassay_generate::{Profile, generate};
use wassay_model::{Action, Provenance, Ref, TestCase, Value, host};

#[derive(Default)]
struct Gates {
    cases: u32,
    valid: u32,
    instantiated: u32,
    trouble: BTreeMap<String, u32>,
    calls: u32,
    returned_value: u32,
    returned_nothing: u32,
    observed: u32,
    early_traps: u32,
    out_of_fuel: u32,
    traps: BTreeMap<String, u32>,
    traps_by_guard: BTreeMap<String, (u32, u32)>,
    state_changed: u32,
    snapshots: u32,
    traits: BTreeMap<String, u32>,
    sizes: Vec<usize>,
    functions: Vec<u32>,
    generating: Vec<Duration>,
    loading: Vec<Duration>,
    executing: Vec<Duration>,
    /// Functions called at least twice with unlike arguments that returned at least twice, and those of
    /// them with unlike results.
    varied: (u32, u32),
    fuel_used: Vec<u64>,
    opcodes: BTreeMap<String, u64>,
}

fn main() {
    let mut args = std::env::args().skip(1);
    let cases: u64 = args.next().and_then(|text| text.parse().ok()).unwrap_or(2000);
    let seed: u64 = args.next().and_then(|text| text.parse().ok()).unwrap_or(1);
    let name = args.next().unwrap_or_else(|| "smith".to_owned());
    let profile = Profile::parse(&name).expect("a profile of this name");
    if let Some(index) = args.next() {
        for module in generate(seed, index.parse().expect("a number"), &profile).modules {
            println!("{}", wasmprinter::print_bytes(&module.bytes.0).expect("a module"));
        }
        return;
    }

    let mut gates = Gates::default();
    for index in 0..cases {
        let start = Instant::now();
        let case = generate(seed, index, &profile);
        gates.generating.push(start.elapsed());
        gates.look_at(&case);
        gates.run(&case);
    }
    gates.print();
}

impl Gates {
    fn look_at(&mut self, case: &TestCase) {
        self.cases += 1;
        let features = wasm_features(case.features);
        if case
            .modules
            .iter()
            .all(|module| Validator::new_with_features(features).validate_all(&module.bytes.0).is_ok())
        {
            self.valid += 1;
        } else {
            for module in &case.modules {
                if let Err(error) = Validator::new_with_features(features).validate_all(&module.bytes.0) {
                    *self.trouble.entry(format!("invalid: {error}")).or_default() += 1;
                }
            }
        }
        let Provenance::Generated { traits, .. } = &case.provenance else { return };
        for name in traits {
            *self.traits.entry(name.clone()).or_default() += 1;
        }
        for feature in case.features.iter() {
            *self.traits.entry(format!("+{feature}")).or_default() += 1;
        }
        let main = &case.modules[case.modules.len() - 1].bytes.0;
        self.sizes.push(main.len());
        let mut functions = 0;
        for payload in Parser::new(0).parse_all(main).flatten() {
            if let Payload::CodeSectionEntry(body) = payload {
                functions += 1;
                let mut reader = body.get_operators_reader().expect("code");
                while let Ok(operator) = reader.read() {
                    *self.opcodes.entry(opcode(&operator)).or_default() += 1;
                    if reader.eof() {
                        break;
                    }
                }
            }
        }
        self.functions.push(functions);
    }

    fn run(&mut self, case: &TestCase) {
        const FUEL: u64 = 10_000_000;
        let mut config = wasmi::Config::default();
        config.consume_fuel(true);
        let engine = wasmi::Engine::new(&config);
        let mut store = wasmi::Store::new(&engine, 0_u32);
        let mut linker = wasmi::Linker::<u32>::new(&engine);
        let mut instances = Vec::new();
        let (mut loading, mut executing) = (Duration::ZERO, Duration::ZERO);
        let mut answers: HashMap<String, (Vec<Vec<Value>>, Vec<String>)> = HashMap::new();
        let Provenance::Generated { traits, .. } = &case.provenance else { return };
        let guard = traits.iter().find(|name| name.starts_with("guards")).cloned().unwrap_or_default();
        for step in &case.plan.steps {
            self.snapshots += u32::from(step.snapshot == wassay_model::Snapshot::Take);
            match &step.action {
                Action::Load { .. } => {}
                Action::Instantiate { module } => {
                    let start = Instant::now();
                    let bytes = &case.modules[module.position()].bytes.0;
                    let module = match wasmi::Module::new(&engine, bytes) {
                        Ok(module) => module,
                        Err(error) => {
                            // Without the place, which differs from module to module.
                            let error = error.to_string();
                            let why = error.split(" (at offset").next().unwrap_or_default();
                            *self.trouble.entry(format!("refused: {why}")).or_default() += 1;
                            return;
                        }
                    };
                    for import in module.imports().filter(|import| import.module() == host::MODULE) {
                        let ty = import.ty().func().expect("only functions").clone();
                        let name = import.name().to_owned();
                        let _ = linker.func_new(
                            host::MODULE,
                            &name.clone(),
                            ty.clone(),
                            move |mut caller, args, results| {
                                let args: Vec<Value> = args.iter().map(value).collect();
                                let types: Vec<_> = ty.results().iter().map(|ty| model_type(*ty)).collect();
                                let call = *caller.data();
                                *caller.data_mut() += 1;
                                for (slot, value) in results.iter_mut().zip(host::answer(&name, call, &args, &types)) {
                                    *slot = val(&value, slot.ty(), &mut caller);
                                }
                                Ok(())
                            },
                        );
                    }
                    let _ = store.set_fuel(FUEL);
                    match linker.instantiate_and_start(&mut store, &module) {
                        Ok(instance) => instances.push(instance),
                        Err(error) => {
                            *self.trouble.entry(format!("{guard}: {error}")).or_default() += 1;
                            return;
                        }
                    }
                    loading += start.elapsed();
                }
                Action::Register { instance, name } => {
                    let exports: Vec<_> = instances[instance.position()]
                        .exports(&store)
                        .map(|export| (export.name().to_owned(), export.into_extern()))
                        .collect();
                    for (export, item) in exports {
                        let _ = linker.define(name, &export, item);
                    }
                }
                Action::Invoke { instance, export, args } => {
                    let instance = instances[instance.position()];
                    let function = instance.get_func(&store, export).expect("exported");
                    let ty = function.ty(&store);
                    let mut results: Vec<_> = ty.results().iter().map(|ty| wasmi::Val::default_for_ty(*ty)).collect();
                    let args_val: Vec<_> =
                        args.iter().zip(ty.params()).map(|(arg, ty)| val(arg, *ty, &mut store)).collect();
                    let before = state(&instance, &store);
                    let _ = store.set_fuel(FUEL);
                    let start = Instant::now();
                    let outcome = function.call(&mut store, &args_val, &mut results);
                    executing += start.elapsed();
                    let used = FUEL - store.get_fuel().unwrap_or(0);
                    self.fuel_used.push(used);
                    let changed = before != state(&instance, &store);
                    self.state_changed += u32::from(changed);
                    self.calls += 1;
                    let by_guard = self.traps_by_guard.entry(guard.clone()).or_default();
                    by_guard.0 += 1;
                    let fuel = instance.get_global(&store, "fuel").map(|global| global.get(&store));
                    self.out_of_fuel += u32::from(fuel.and_then(|fuel| fuel.i32()) == Some(0));
                    match outcome {
                        Ok(()) if results.is_empty() => {
                            self.returned_nothing += 1;
                            self.observed += u32::from(changed);
                        }
                        Ok(()) => {
                            self.returned_value += 1;
                            self.observed += 1;
                            if !args.is_empty() {
                                let entry = answers.entry(export.clone()).or_default();
                                entry.0.push(args.clone());
                                entry.1.push(results.iter().map(|result| format!("{:?}", value(result))).collect());
                            }
                        }
                        Err(error) => {
                            by_guard.1 += 1;
                            self.early_traps += u32::from(used < 200);
                            *self.traps.entry(error.to_string().chars().take(60).collect()).or_default() += 1;
                        }
                    }
                }
                Action::Get { instance, export } => {
                    assert!(instances[instance.position()].get_global(&store, export).is_some(), "{export} exists");
                }
            }
        }
        self.instantiated += 1;
        self.loading.push(loading);
        self.executing.push(executing);
        for (args, results) in answers.values() {
            if args.windows(2).any(|pair| pair[0] != pair[1]) {
                self.varied.0 += 1;
                self.varied.1 += u32::from(results.windows(2).any(|pair| pair[0] != pair[1]));
            }
        }
    }

    fn print(mut self) {
        let share = |part: u32, whole: u32| format!("{:5.1} %", 100.0 * f64::from(part) / f64::from(whole.max(1)));
        let cases = self.cases;
        println!("cases {cases}");
        println!("valid                 {}", share(self.valid, cases));
        println!("instantiated          {}", share(self.instantiated, cases));
        for (why, count) in &self.trouble {
            println!("   {count:6} {why}");
        }
        println!("calls                 {} ({:.1} a case)", self.calls, f64::from(self.calls) / f64::from(cases));
        println!("returned a value      {}", share(self.returned_value, self.calls));
        println!("observed              {}", share(self.observed, self.calls));
        println!("returned nothing      {}", share(self.returned_nothing, self.calls));
        let traps: u32 = self.traps.values().sum();
        println!("trapped               {}", share(traps, self.calls));
        println!("trapped early         {}", share(self.early_traps, self.calls));
        for (kind, count) in &self.traps {
            println!("   {} {kind}", share(*count, self.calls));
        }
        for (guard, (calls, traps)) in &self.traps_by_guard {
            println!("   {} of the calls, {} of them trap: {guard}", share(*calls, self.calls), share(*traps, *calls));
        }
        println!("out of fuel           {}", share(self.out_of_fuel, self.calls));
        println!("state changed         {}", share(self.state_changed, self.calls));
        println!("results vary          {} of {} functions", share(self.varied.1, self.varied.0), self.varied.0);
        println!("snapshots a case      {:.1}", f64::from(self.snapshots) / f64::from(cases));
        println!("size                  {}", spread(&mut self.sizes));
        println!("functions             {}", spread(&mut self.functions));
        println!("wasmi fuel a call     {}", spread(&mut self.fuel_used));
        println!("generate              {}", times(&mut self.generating));
        println!("wasmi load            {}", times(&mut self.loading));
        println!("wasmi calls           {}", times(&mut self.executing));
        println!("opcodes               {}", self.opcodes.len());
        let mut opcodes: Vec<_> = self.opcodes.iter().collect();
        opcodes.sort_by_key(|(_, count)| **count);
        for (name, count) in opcodes.iter().take(24) {
            print!(" {name}:{count}");
        }
        println!();
        for (name, count) in &self.traits {
            println!("   {} {name}", share(*count, cases));
        }
    }
}

fn spread<T: Ord + Copy + std::fmt::Display>(values: &mut [T]) -> String {
    values.sort_unstable();
    let at = |percent: usize| values[(values.len() - 1) * percent / 100];
    if values.is_empty() {
        String::new()
    } else {
        format!("p10 {} p50 {} p90 {} max {}", at(10), at(50), at(90), at(100))
    }
}

fn times(values: &mut [Duration]) -> String {
    let mean = values.iter().sum::<Duration>().as_micros() / values.len().max(1) as u128;
    let mut micros: Vec<u128> = values.iter().map(Duration::as_micros).collect();
    format!("mean {mean} us, {}", spread(&mut micros))
}

fn opcode(operator: &Operator<'_>) -> String {
    let text = format!("{operator:?}");
    text.split([' ', '{', '(']).next().unwrap_or_default().to_owned()
}

/// Everything that the instance exports and that can change, but for the fuel.
fn state(instance: &wasmi::Instance, store: &wasmi::Store<u32>) -> u128 {
    let mut text = Vec::new();
    for export in instance.exports(store) {
        let name = export.name().to_owned();
        match export.into_extern() {
            wasmi::Extern::Global(global) if name != "fuel" => {
                text.extend_from_slice(format!("{:?}", value(&global.get(store))).as_bytes());
            }
            wasmi::Extern::Memory(memory) => {
                text.extend_from_slice(&wassay_model::Digest::of(memory.data(store)).0.to_le_bytes());
            }
            wasmi::Extern::Table(table) => {
                let nulls = (0..table.size(store)).map(|index| match table.get(store, index) {
                    Some(wasmi::Ref::Func(function)) => function.is_null(),
                    Some(wasmi::Ref::Extern(function)) => function.is_null(),
                    None => false,
                });
                text.extend(nulls.map(u8::from));
            }
            _ => {}
        }
    }
    wassay_model::Digest::of(&text).0
}

fn value(val: &wasmi::Val) -> Value {
    match val {
        wasmi::Val::I32(number) => Value::I32(number.cast_unsigned()),
        wasmi::Val::I64(number) => Value::I64(number.cast_unsigned()),
        wasmi::Val::F32(number) => Value::F32(number.to_bits()),
        wasmi::Val::F64(number) => Value::F64(number.to_bits()),
        wasmi::Val::V128(number) => Value::V128(number.as_u128()),
        wasmi::Val::FuncRef(reference) if reference.is_null() => Value::Ref(Ref::Null),
        wasmi::Val::ExternRef(reference) if reference.is_null() => Value::Ref(Ref::Null),
        _ => Value::Ref(Ref::Opaque(wassay_model::Identity::Unknown)),
    }
}

fn val(value: &Value, ty: wasmi::ValType, store: impl wasmi::AsContextMut) -> wasmi::Val {
    match *value {
        Value::I32(bits) => wasmi::Val::I32(bits.cast_signed()),
        Value::I64(bits) => wasmi::Val::I64(bits.cast_signed()),
        Value::F32(bits) => wasmi::Val::F32(wasmi::F32::from_bits(bits)),
        Value::F64(bits) => wasmi::Val::F64(wasmi::F64::from_bits(bits)),
        Value::V128(bits) => wasmi::Val::V128(bits.into()),
        Value::Ref(Ref::Extern(number)) => wasmi::Val::ExternRef(wasmi::ExternRef::new(store, number).into()),
        Value::Ref(_) => wasmi::Val::default_for_ty(ty),
    }
}

fn model_type(ty: wasmi::ValType) -> wassay_model::ValType {
    use wassay_model::{RefType, ValType};
    match ty {
        wasmi::ValType::I32 => ValType::I32,
        wasmi::ValType::I64 => ValType::I64,
        wasmi::ValType::F32 => ValType::F32,
        wasmi::ValType::F64 => ValType::F64,
        wasmi::ValType::V128 => ValType::V128,
        wasmi::ValType::FuncRef => ValType::Ref(RefType::FUNC),
        wasmi::ValType::ExternRef => ValType::Ref(RefType::EXTERN),
    }
}
