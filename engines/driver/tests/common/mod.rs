//! A worker in this process: it carries out operations on the reference, as a worker of another language would.

use std::collections::HashMap;
use std::sync::Arc;

use wassay_adapter::limits::{ELEMENTS_MAX, MEMORY_BYTES_MAX};
use wassay_adapter::{Engine, Prepared, walk};
use wassay_driver::{
    Answer, Builtin, Builtins, Callers, End, FRAME, Glimpse, ImportEntry, Op, Probes, Raise, SEAT, Script, Worker,
    probes, setup,
};
use wassay_model::{
    Capture, Ending, EngineId, EngineName, Features, FuncType, HeapType, Identity, Limits, Nullability, Observation,
    Ref, RefType, TestCase, ValType, Value,
};
use wassay_reference::exec::{
    Config, ExecError, Extern, Host, HostFuncId, InstantiateError, LoadError, LoadedModule, ModuleInst, Resource, Store,
};

/// Pages beyond a case's limit: the reference counts all memories together, the frame's among them.
const OWN_PAGES: u64 = 4096;

/// The instance that looks at memories.
const EYE: i32 = -3;

/// The reference, hosted as the protocol says.
pub(crate) struct Reference {
    pub(crate) worker: Worker,
    features: Features,
    store: Store,
    modules: HashMap<i32, LoadedModule>,
    kept: HashMap<i32, ModuleInst>,
    /// Of what is kept by an operation, which edition it is.
    editions: HashMap<i32, u64>,
    callers: Callers,
    /// The frame of the request, where none is kept.
    frame: i32,
}

/// What a request has made.
struct Request {
    instances: HashMap<i32, ModuleInst>,
    loaded: HashMap<i32, LoadedModule>,
    /// The names of functions for which the parent is asked.
    names: Vec<String>,
}

type Ask<'a> = &'a mut dyn FnMut(&str, &[Value]) -> Vec<Value>;

/// Builtins, and functions of the host for which the parent is asked.
struct Functions<'a> {
    ask: Ask<'a>,
    names: Vec<String>,
}

impl Host for Functions<'_> {
    fn call(
        &mut self,
        _: &mut Store,
        func: HostFuncId,
        args: &[Value],
        results: &mut Vec<Value>,
    ) -> Result<(), ExecError> {
        let number = |value: Value| match value {
            Value::Ref(
                Ref::Func(Identity::Known(number))
                | Ref::Struct(Identity::Known(number))
                | Ref::Array(Identity::Known(number))
                | Ref::Extern(number),
            ) => number,
            other => panic!("{other} has no number"),
        };
        results.push(match func.0 {
            0 | 3 => Value::I32(number(args[0])),
            1 => match args[0] {
                Value::Ref(Ref::Extern(number)) => Value::I32(number),
                _ => Value::I32(u32::MAX),
            },
            2 => match args[0] {
                Value::I32(number) => Value::Ref(Ref::Extern(number)),
                other => panic!("{other} is no number"),
            },
            asked => {
                let name = &self.names[asked as usize - 4];
                results.extend((self.ask)(name, args));
                return Ok(());
            }
        });
        Ok(())
    }
}

const ANY: ValType = ValType::Ref(RefType { nullability: Nullability::Nullable, heap: HeapType::Any });

fn builtin_type(builtin: Builtin) -> FuncType {
    let (param, result) = match builtin {
        Builtin::FuncId => (ValType::Ref(RefType::FUNC), ValType::I32),
        Builtin::ExternId => (ValType::Ref(RefType::EXTERN), ValType::I32),
        Builtin::HostValue => (ValType::I32, ValType::Ref(RefType::EXTERN)),
        Builtin::AnyId => (ANY, ValType::I32),
    };
    FuncType { params: vec![param], results: vec![result] }
}

impl Reference {
    pub(crate) fn new(features: Features, drivers: bool, keeps: bool) -> Self {
        Self::that(
            Worker {
                drivers,
                keeps,
                builtins: Builtins::of(&Builtin::ALL),
                seats: false,
                callers: false,
                looks: false,
                features: Features::V1,
            },
            features,
        )
    }

    /// One that looks at the state by itself, puts functions into tables and keeps callers.
    pub(crate) fn looking(features: Features) -> Self {
        let builtins = Builtins::of(&Builtin::ALL);
        Self::that(
            Worker {
                drivers: true,
                keeps: true,
                builtins,
                seats: true,
                callers: true,
                looks: true,
                features: Features::V1,
            },
            features,
        )
    }

    fn that(worker: Worker, features: Features) -> Self {
        let store = Store::new(Config::new(features));
        let (modules, kept, editions) = (HashMap::new(), HashMap::new(), HashMap::new());
        let mut own = Self { worker, features, store, modules, kept, editions, callers: Callers::default(), frame: 0 };
        let ops = setup(&own.worker);
        let answers = own.request(&ops, &Limits::default(), None);
        assert!(answers.iter().all(|answer| answer.end.is_none()), "{answers:?}");
        own
    }

    /// Asks what the engine can do.
    pub(crate) fn probe(&mut self) -> Features {
        let probes: Probes = probes(&self.worker);
        let answers = self.request(probes.ops(), &Limits::default(), None);
        let features = probes.features(&answers);
        self.worker.features = features;
        features
    }

    /// Says which cases come next.
    pub(crate) fn foresee(&mut self, cases: &[&TestCase]) {
        self.callers.foresee(cases, &self.worker);
    }

    /// What the engine does with a case.
    pub(crate) fn ask(&mut self, case: &TestCase, capture: Capture) -> Observation {
        let prepared = Prepared::new(case);
        let script = Script::lower(&prepared, capture, &self.worker, &mut self.callers);
        let mut raise = Raise::new(&script, id());
        self.request(script.ops(), &case.limits, Some(&mut raise));
        raise.finish(Ending::Finished)
    }

    /// Carries out a request.
    pub(crate) fn request(
        &mut self,
        ops: &[Op],
        limits: &Limits,
        mut raise: Option<&mut Raise<&Script>>,
    ) -> Vec<Answer> {
        let mut config = Config::new(self.features);
        config.limits.fuel = limits.fuel_max;
        config.limits.frames = limits.frames_max;
        config.limits.pages = u64::from(limits.memory_pages_max) + OWN_PAGES;
        config.limits.table_elements = u64::from(limits.table_elements_max);
        if !self.worker.keeps {
            self.store = Store::new(config);
        }
        let mut request = Request { instances: self.kept.clone(), loaded: HashMap::new(), names: Vec::new() };
        let mut answers = Vec::new();
        // The first operation makes the frame, where none is kept.
        if let (false, Some(Op::Instance { instance, .. })) = (self.worker.keeps, ops.first()) {
            self.frame = *instance;
        }
        for (position, op) in ops.iter().enumerate() {
            let mut ask = |name: &str, args: &[Value]| {
                let raise = raise.as_deref_mut().expect("only a case has functions of the host");
                raise.host_call(name, args).unwrap_or_else(|error| panic!("{error}"))
            };
            let mut answer = self.carry_out(op, &mut request, &mut ask);
            answer.op = position as u64;
            if let Some(raise) = raise.as_deref_mut() {
                raise.answer(answer.clone()).unwrap_or_else(|error| panic!("{error}: {op:?}"));
            }
            answers.push(answer);
        }
        answers
    }

    fn carry_out(&mut self, op: &Op, request: &mut Request, ask: Ask<'_>) -> Answer {
        match op {
            Op::Module { module, bytes } => match self.store.load(bytes) {
                Ok(loaded) => {
                    let place = if *module < 0 { &mut self.modules } else { &mut request.loaded };
                    place.insert(*module, loaded);
                    Answer::default()
                }
                Err(error) => ended(
                    match error {
                        LoadError::Malformed(_) => End::Malformed,
                        LoadError::Invalid(_) => End::Invalid,
                        LoadError::Limit(_) => End::Refused,
                    },
                    error.to_string(),
                ),
            },
            Op::Instance { instance, of, imports } => {
                let place = if *of < 0 { &self.modules } else { &request.loaded };
                let Some(module) = place.get(of).cloned() else { return ended(End::Absent, String::new()) };
                let mut externs = Vec::new();
                for import in imports {
                    match self.give(import, request) {
                        Some(given) => externs.push(given),
                        None => return ended(End::Unlinkable, String::new()),
                    }
                }
                let mut host = Functions { ask, names: request.names.clone() };
                match self.store.instantiate(&module, &externs, &mut host) {
                    Ok(made) => {
                        request.instances.insert(*instance, made);
                        if *instance < 0 {
                            self.kept.insert(*instance, made);
                        }
                        Answer::default()
                    }
                    Err(InstantiateError::Unlinkable(error)) => ended(End::Unlinkable, error.to_string()),
                    Err(InstantiateError::Exec(error)) => failed(&error),
                }
            }
            Op::Keep { keep, edition, bytes, imports } => {
                assert!(*keep < 0, "what is kept has a negative number");
                if self.editions.insert(*keep, *edition) == Some(*edition) {
                    return Answer::default();
                }
                // Below all modules that are kept for themselves.
                let of = *keep - 1_000_000;
                let loaded = self.carry_out(&Op::Module { module: of, bytes: Arc::clone(bytes) }, request, ask);
                if loaded.end.is_some() {
                    return loaded;
                }
                self.carry_out(&Op::Instance { instance: *keep, of, imports: imports.to_vec() }, request, ask)
            }
            Op::Call { call, name, input, seat } => {
                if let Some((of, func)) = seat {
                    let (Some(Extern::Func(func)), Some(Extern::Table(table))) =
                        (export(&self.store, request, *of, func), export(&self.store, request, *call, SEAT))
                    else {
                        return ended(End::Absent, String::new());
                    };
                    assert!(self.store.table_write(table, 0, func));
                }
                let frame = request.instances.get(&FRAME.instance).or_else(|| request.instances.get(&self.frame));
                let memory = frame.and_then(|frame| self.store.export(*frame, FRAME.memory));
                if let Some(Extern::Mem(memory)) = memory {
                    self.store.memory_bytes_mut(memory)[FRAME.input as usize..][..input.len()].copy_from_slice(input);
                }
                let Some(Extern::Func(func)) = export(&self.store, request, *call, name) else {
                    return ended(End::Absent, String::new());
                };
                let mut host = Functions { ask, names: request.names.clone() };
                match self.store.invoke(func, &[], &mut host) {
                    Ok(values) => {
                        let [Value::I32(bytes)] = values[..] else { panic!("{name} returns {values:?}") };
                        let out = match memory {
                            Some(Extern::Mem(memory)) => {
                                self.store.memory_bytes(memory)[FRAME.output as usize..][..bytes as usize].to_vec()
                            }
                            _ => Vec::new(),
                        };
                        Answer { out: Some(out), ..Answer::default() }
                    }
                    Err(error) => failed(&error),
                }
            }
            Op::Look { look, glimpses, full } => {
                let mut out = Vec::new();
                for glimpse in glimpses {
                    if let Err(end) = self.glimpse(*look, glimpse, *full, request, ask, &mut out) {
                        return *end;
                    }
                }
                Answer { out: Some(out), ..Answer::default() }
            }
            Op::Invoke { invoke, name, args } => {
                let Some(Extern::Func(func)) = export(&self.store, request, *invoke, name) else {
                    return ended(End::Absent, String::new());
                };
                let mut host = Functions { ask, names: request.names.clone() };
                match self.store.invoke(func, args, &mut host) {
                    Ok(values) => Answer { values: Some(values), ..Answer::default() },
                    Err(error) => failed(&error),
                }
            }
            Op::Global { global, name } => match export(&self.store, request, *global, name) {
                Some(Extern::Global(global)) => {
                    Answer { values: self.store.global_value(global).map(|value| vec![value]), ..Answer::default() }
                }
                _ => ended(End::Absent, String::new()),
            },
            Op::Memory { memory, name, bytes_max } => match export(&self.store, request, *memory, name) {
                Some(Extern::Mem(memory)) => {
                    let bytes = self.store.memory_bytes(memory);
                    let blocks = bytes.chunks(8).enumerate().filter(|(_, chunk)| chunk.iter().any(|byte| *byte != 0));
                    let blocks = blocks.map(|(index, chunk)| (index as u64 * 8, chunk.to_vec())).collect();
                    let size = bytes.len() as u64;
                    Answer { bytes: Some(size), blocks: (size <= *bytes_max).then_some(blocks), ..Answer::default() }
                }
                _ => ended(End::Absent, String::new()),
            },
            Op::Table { table, name, elements_max } => match export(&self.store, request, *table, name) {
                Some(Extern::Table(table)) => {
                    let elements = self.store.table_elements(table);
                    let size = elements.len() as u64;
                    let refs = elements.take(*elements_max as usize).collect();
                    Answer { elements: Some(size), refs: Some(refs), ..Answer::default() }
                }
                _ => ended(End::Absent, String::new()),
            },
        }
    }

    /// Appends what one thing of a look leaves.
    fn glimpse(
        &mut self,
        look: i32,
        glimpse: &Glimpse,
        full: bool,
        request: &mut Request,
        ask: Ask<'_>,
        out: &mut Vec<u8>,
    ) -> Result<(), Box<Answer>> {
        let absent = || Box::new(ended(End::Absent, String::new()));
        let mut words = |words: &[u64]| words.iter().for_each(|word| out.extend(word.to_le_bytes()));
        match glimpse {
            Glimpse::Number(name, ..) | Glimpse::Reference(name, _) => {
                let Some(Extern::Global(global)) = export(&self.store, request, look, name) else {
                    return Err(absent());
                };
                let [low, high] = match self.store.global_value(global) {
                    Some(Value::I32(bits) | Value::F32(bits)) => [bits.into(), 0],
                    Some(Value::I64(bits) | Value::F64(bits)) => [bits, 0],
                    Some(Value::Ref(reference)) => told(reference),
                    other => panic!("no worker is asked for {other:?}"),
                };
                words(&[low, high]);
            }
            Glimpse::Table(name, _) => {
                let Some(Extern::Table(table)) = export(&self.store, request, look, name) else {
                    return Err(absent());
                };
                let elements = self.store.table_elements(table);
                words(&[elements.len() as u64]);
                let mut runs: Vec<(u64, [u64; 2])> = Vec::new();
                for element in elements.take(ELEMENTS_MAX as usize).map(told) {
                    match runs.last_mut() {
                        Some((count, last)) if *last == element => *count += 1,
                        _ => runs.push((1, element)),
                    }
                }
                runs.iter().for_each(|(count, [kind, number])| words(&[*count, *kind, *number]));
                words(&[u64::MAX]);
            }
            Glimpse::Memory(name) => {
                let Some(Extern::Mem(memory)) = export(&self.store, request, look, name) else {
                    return Err(absent());
                };
                let bytes = self.store.memory_bytes(memory).to_vec();
                if bytes.len() as u64 > MEMORY_BYTES_MAX {
                    words(&[bytes.len() as u64, 0]);
                    return Ok(());
                }
                let eye = |name| export(&self.store, request, EYE, name).expect("the eye is kept");
                let (Extern::Func(fit), Extern::Func(look), Extern::Mem(own)) = (eye("fit"), eye("look"), eye("mem"))
                else {
                    panic!("the eye has other exports")
                };
                let mut host = Functions { ask, names: Vec::new() };
                let fits = self.store.invoke(fit, &[Value::I32(bytes.len() as u32)], &mut host).unwrap();
                assert_eq!(fits, [Value::I32(1)]);
                self.store.memory_bytes_mut(own)[..bytes.len()].copy_from_slice(&bytes);
                let left = self.store.invoke(look, &[Value::I32(full.into())], &mut host).unwrap();
                self.take(&left, request, out);
            }
            Glimpse::Left(instance, name) => {
                let Some(Extern::Func(func)) = export(&self.store, request, *instance, name) else {
                    return Err(absent());
                };
                let mut host = Functions { ask, names: Vec::new() };
                let left = self.store.invoke(func, &[], &mut host).map_err(|error| Box::new(failed(&error)))?;
                self.take(&left, request, out);
            }
        }
        Ok(())
    }

    /// Appends what was left in the frame.
    fn take(&self, left: &[Value], request: &Request, out: &mut Vec<u8>) {
        let (&[Value::I32(bytes)], Some(Extern::Mem(memory))) =
            (left, export(&self.store, request, FRAME.instance, FRAME.memory))
        else {
            panic!("{left:?} is no length, or there is no frame")
        };
        out.extend_from_slice(&self.store.memory_bytes(memory)[FRAME.output as usize..][..bytes as usize]);
    }

    fn give(&mut self, import: &ImportEntry, request: &mut Request) -> Option<Extern> {
        match import {
            ImportEntry::Exports(candidates) => {
                let (instance, name) =
                    candidates.iter().find(|(instance, _)| request.instances.contains_key(instance))?;
                export(&self.store, request, *instance, name)
            }
            ImportEntry::Builtin(builtin) => {
                let id = HostFuncId(*builtin as u32);
                Some(Extern::Func(self.store.alloc_host_func(builtin_type(*builtin), id)))
            }
            ImportEntry::Host { name, ty } => {
                request.names.push(name.to_string());
                let id = HostFuncId(request.names.len() as u32 + 3);
                Some(Extern::Func(self.store.alloc_host_func(FuncType::clone(ty), id)))
            }
        }
    }
}

fn export(store: &Store, request: &Request, instance: i32, name: &str) -> Option<Extern> {
    store.export(*request.instances.get(&instance)?, name)
}

/// A reference as the words of a look.
fn told(reference: Ref) -> [u64; 2] {
    match reference {
        Ref::Null => [0, 0],
        Ref::Func(Identity::Known(number)) => [1, number.into()],
        Ref::Extern(number) => [2, number.into()],
        other => panic!("no worker is asked for {other}"),
    }
}

fn ended(end: End, words: String) -> Answer {
    Answer { end: Some(end), words: Some(words), ..Answer::default() }
}

fn failed(error: &ExecError) -> Answer {
    let end = match error {
        ExecError::Trap(kinds) => End::Trap(*kinds),
        ExecError::Threw(_) => End::Threw,
        ExecError::Exhausted(resource) => End::Exhausted(match resource {
            Resource::Fuel | Resource::Agents => wassay_model::Resource::Fuel,
            Resource::Frames | Resource::Slots | Resource::Nesting => wassay_model::Resource::Stack,
            Resource::Pages | Resource::TableElements | Resource::HeapBytes | Resource::Memory => {
                wassay_model::Resource::Memory
            }
        }),
        ExecError::Arguments | ExecError::HostResults => End::Unclassified,
        ExecError::Internal(words) => panic!("{words}"),
    };
    ended(end, error.to_string())
}

pub(crate) fn id() -> EngineId {
    EngineId { name: EngineName::plain("reference"), version: "0".to_owned() }
}

/// What the reference does with a case when it is asked directly.
pub(crate) fn directly(engine: &mut dyn Engine, case: &TestCase, capture: Capture) -> Observation {
    walk(engine, &Prepared::new(case), capture)
}
