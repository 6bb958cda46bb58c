//! The worker protocol (`docs/worker-protocol.md`): requests come in as lines, answers go out as lines, and an
//! engine carries out the operations. Every worker takes this file in as a module. It must not know any engine.

use std::collections::BTreeMap;
use std::fmt;
use std::io::{self, BufRead, BufWriter, Write};
use std::process::ExitCode;
use std::thread;
use std::time::Instant;

use serde_json::{Map, Value, json};

/// Engines recurse on the thread that calls them.
const STACK_BYTES: usize = 64 << 20;

/// What a worker says of itself in its first line.
pub struct Hello {
    /// The engine's own version.
    pub version: &'static str,
    /// Whether the engine counts steps; else only the end of the process ends an endless loop.
    pub has_fuel: bool,
    /// The builtin functions that [`Session::builtin`] offers.
    pub builtins: &'static [&'static str],
    /// What cannot be seen of the engine, a word and the reason for each.
    pub blind_spots: &'static [(&'static str, &'static str)],
}

/// The limits of a case, for engines that have such limits.
#[allow(dead_code, reason = "no engine has all limits")]
#[derive(Clone, Copy)]
pub struct Limits {
    /// Steps of an instantiation or a call.
    pub fuel_max: u64,
    /// Nested calls.
    pub frames_max: usize,
    /// Bytes of a memory.
    pub memory_bytes_max: usize,
    /// Elements of a table.
    pub table_elements_max: u32,
}

/// How an operation ended that did not succeed.
#[derive(Debug, Clone)]
pub struct End {
    end: &'static str,
    kinds: Option<&'static [&'static str]>,
    resource: Option<&'static str>,
    words: String,
}

#[allow(dead_code, reason = "no engine has all ends")]
impl End {
    fn new(end: &'static str, words: impl fmt::Display) -> Self {
        Self { end, kinds: None, resource: None, words: words.to_string() }
    }

    /// A trap of one of these kinds.
    pub fn trap(kinds: &'static [&'static str], words: impl fmt::Display) -> Self {
        Self { kinds: Some(kinds), ..Self::new("trap", words) }
    }

    /// `stack`, `fuel` or `memory` ran out.
    pub fn exhausted(resource: &'static str, words: impl fmt::Display) -> Self {
        Self { resource: Some(resource), ..Self::new("exhausted", words) }
    }

    /// An exception left the outermost function.
    pub fn threw(words: impl fmt::Display) -> Self {
        Self::new("threw", words)
    }

    /// The module is malformed.
    pub fn malformed(words: impl fmt::Display) -> Self {
        Self::new("malformed", words)
    }

    /// The module is invalid.
    pub fn invalid(words: impl fmt::Display) -> Self {
        Self::new("invalid", words)
    }

    /// The module is malformed or invalid.
    pub fn rejected(words: impl fmt::Display) -> Self {
        Self::new("rejected", words)
    }

    /// An import is missing or does not match.
    pub fn unlinkable(words: impl fmt::Display) -> Self {
        Self::new("unlinkable", words)
    }

    /// A limit of the implementation.
    pub fn refused(words: impl fmt::Display) -> Self {
        Self::new("refused", words)
    }

    /// What the operation names is not there.
    pub fn absent(words: impl fmt::Display) -> Self {
        Self::new("absent", words)
    }

    /// Anything that is not understood.
    pub fn unclassified(words: impl fmt::Display) -> Self {
        Self::new("unclassified", words)
    }
}

/// An engine, through all requests.
pub trait Engine {
    /// A compiled module, which lives longer than a session.
    type Module;
    /// A request's store.
    type Session: Session<Module = Self::Module>;

    /// What the worker says of itself.
    fn hello(&self) -> Hello;

    /// Makes a store for a request.
    fn open(&mut self, limits: &Limits) -> Result<Self::Session, End>;

    /// Decodes, validates and compiles.
    fn compile(&mut self, session: &mut Self::Session, bytes: &[u8]) -> Result<Self::Module, End>;
}

/// A store with its instances.
pub trait Session {
    /// A compiled module.
    type Module;
    /// A handle of an instance.
    type Instance;
    /// Something that can be imported.
    type Extern;

    /// Whether functions can be put into tables by [`Session::seat`]: then drivers import none of them.
    const SEATS: bool = false;

    /// Links, instantiates and runs the start function; `imports` stand in the module's order.
    fn instantiate(&mut self, module: &Self::Module, imports: Vec<Self::Extern>) -> Result<Self::Instance, End>;

    /// The export of this name.
    fn export(&mut self, instance: &Self::Instance, name: &str) -> Option<Self::Extern>;

    /// One of the builtin functions that [`Hello::builtins`] names.
    fn builtin(&mut self, name: &str) -> Option<Self::Extern>;

    /// Calls an exported function that takes nothing and returns an `i32`; `absent` where there is none.
    fn call(&mut self, instance: &Self::Instance, name: &str) -> Result<i32, End>;

    /// Puts a function into element 0 of a table; nothing where they are none. Only asked where [`Session::SEATS`] holds.
    fn seat(&mut self, _table: Self::Extern, _func: Self::Extern) -> Option<()> {
        None
    }

    /// Copies from an exported memory to `to`; nothing where it is not there or too small.
    fn read(&mut self, instance: &Self::Instance, memory: &str, offset: usize, to: &mut [u8]) -> Option<()>;

    /// Copies `from` to an exported memory; nothing where it is not there or too small.
    fn write(&mut self, instance: &Self::Instance, memory: &str, offset: usize, from: &[u8]) -> Option<()>;

    /// Bytes of an exported memory; nothing where it is not there.
    fn size(&mut self, instance: &Self::Instance, memory: &str) -> Option<usize>;
}

/// Serves requests until the input ends. The engine is made on the thread that serves.
pub fn serve<E: Engine>(make: impl FnOnce(&[String]) -> Result<E, String> + Send + 'static) -> ExitCode {
    on_a_thread(move || {
        let engine = make(&options()?)?;
        serve_lines(engine, io::stdin().lock(), BufWriter::new(io::stdout().lock()))
    })
}

/// Runs what serves on a thread with a stack for engines.
pub fn on_a_thread(serve: impl FnOnce() -> Result<(), String> + Send + 'static) -> ExitCode {
    let served = thread::Builder::new().stack_size(STACK_BYTES).spawn(serve);
    let complaint = match served.map(thread::JoinHandle::join) {
        Ok(Ok(Ok(()))) => return ExitCode::SUCCESS,
        Ok(Ok(Err(complaint))) => complaint,
        // The engine's panic has been reported by the runtime; the status is that of a program that panics.
        Ok(Err(_)) => return ExitCode::from(101),
        Err(error) => format!("cannot start a thread: {error}"),
    };
    // Nobody is left to tell where this fails too.
    let _ = writeln!(io::stderr(), "{complaint}");
    ExitCode::from(2)
}

/// The values of `--option`.
pub fn options() -> Result<Vec<String>, String> {
    let mut options = Vec::new();
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        match (argument.as_str(), arguments.next()) {
            ("--option", Some(option)) => options.push(option),
            _ => return Err(format!("unknown argument `{argument}`: there is only `--option O`")),
        }
    }
    Ok(options)
}

fn serve_lines<E: Engine>(mut engine: E, input: impl BufRead, mut output: impl Write) -> Result<(), String> {
    let gone = |error: io::Error| format!("cannot answer: {error}");
    let hello = hello(&engine.hello(), E::Session::SEATS);
    writeln!(output, "{hello}").and_then(|()| output.flush()).map_err(gone)?;
    let mut kept = BTreeMap::new();
    for line in input.lines() {
        let line = line.map_err(|error| format!("cannot read a request: {error}"))?;
        if line.trim().is_empty() {
            continue;
        }
        let request: Value =
            serde_json::from_str(&line).map_err(|error| format!("a request is not as the protocol says: {error}"))?;
        let (Some(number), Some(ops)) = (request.get("request"), request.get("ops").and_then(Value::as_array)) else {
            return Err("a request is not as the protocol says: it has no `request` or no `ops`".to_owned());
        };
        let is_stream = request["stream"].as_bool().unwrap_or(false);
        let limits = limits(&request);
        let mut session = engine.open(&limits);
        let mut modules = BTreeMap::new();
        let mut instances = BTreeMap::new();
        for (position, op) in ops.iter().enumerate() {
            let started = Instant::now();
            let outcome = match &mut session {
                Ok(session) => Case {
                    engine: &mut engine,
                    session,
                    modules: &mut modules,
                    kept: &mut kept,
                    instances: &mut instances,
                    frame: &request["frame"],
                }
                .carry_out(op),
                Err(end) => Err(end.clone()),
            };
            let answer = answer(position, started.elapsed().as_nanos(), outcome);
            writeln!(output, "{answer}").map_err(gone)?;
            if is_stream {
                output.flush().map_err(gone)?;
            }
        }
        writeln!(output, "{}", json!({ "done": number })).and_then(|()| output.flush()).map_err(gone)?;
    }
    Ok(())
}

/// The worker's first line.
pub fn hello(hello: &Hello, seats: bool) -> Value {
    let blind_spots: Map<String, Value> =
        hello.blind_spots.iter().map(|(what, reason)| ((*what).to_owned(), json!(reason))).collect();
    json!({
        "wassay": 1,
        "version": hello.version,
        "bound": if hello.has_fuel { "fuel" } else { "kill" },
        "drivers": true,
        "keeps": false,
        "seats": seats,
        "builtins": hello.builtins,
        "blind_spots": blind_spots,
    })
}

/// The limits that a request sets.
pub fn limits(request: &Value) -> Limits {
    let number = |name: &str, default: u64| request[name].as_u64().unwrap_or(default);
    let pages = number("memory_pages_max", 65_536);
    Limits {
        fuel_max: number("fuel_max", u64::from(u32::MAX)),
        frames_max: usize::try_from(number("frames_max", 10_000)).unwrap_or(usize::MAX),
        memory_bytes_max: usize::try_from(pages.saturating_mul(65_536)).unwrap_or(usize::MAX),
        table_elements_max: u32::try_from(number("table_elements_max", 10_000_000)).unwrap_or(u32::MAX),
    }
}

fn answer(position: usize, ns: u128, outcome: Result<Option<String>, End>) -> Value {
    let fields = outcome.map(|out| out.map(|out| ("out".to_owned(), json!(out))).into_iter().collect());
    answer_with(position, ns, fields)
}

/// The answer to an operation, with its own fields where it succeeded.
pub fn answer_with(position: usize, ns: u128, outcome: Result<Map<String, Value>, End>) -> Value {
    let mut answer = json!({ "op": position, "ns": u64::try_from(ns).unwrap_or(u64::MAX) });
    match outcome {
        Ok(fields) => fields.into_iter().for_each(|(name, value)| answer[name] = value),
        Err(end) => {
            answer["end"] = json!(end.end);
            answer["words"] = json!(end.words);
            if let Some(kinds) = end.kinds {
                answer["kinds"] = json!(kinds);
            }
            if let Some(resource) = end.resource {
                answer["resource"] = json!(resource);
            }
        }
    }
    answer
}

type InstanceOf<E> = <<E as Engine>::Session as Session>::Instance;
type ExternOf<E> = <<E as Engine>::Session as Session>::Extern;

struct Case<'a, E: Engine> {
    engine: &'a mut E,
    session: &'a mut E::Session,
    modules: &'a mut BTreeMap<i64, E::Module>,
    kept: &'a mut BTreeMap<i64, E::Module>,
    instances: &'a mut BTreeMap<i64, InstanceOf<E>>,
    frame: &'a Value,
}

impl<E: Engine> Case<'_, E> {
    /// Answers with the bytes that a call returned.
    fn carry_out(&mut self, op: &Value) -> Result<Option<String>, End> {
        if let Some(number) = op["module"].as_i64() {
            self.module(number, op)
        } else if let Some(number) = op["instance"].as_i64() {
            self.instance(number, op)
        } else if let Some(number) = op["call"].as_i64() {
            self.call(number, op)
        } else {
            Err(End::unclassified("the worker has no such operation"))
        }
    }

    fn module(&mut self, number: i64, op: &Value) -> Result<Option<String>, End> {
        let bytes = bytes_of(&op["bytes"]).ok_or_else(|| End::unclassified("`bytes` are no hexadecimal digits"))?;
        let module = self.engine.compile(self.session, &bytes)?;
        let modules = if number < 0 { &mut *self.kept } else { &mut *self.modules };
        modules.insert(number, module);
        Ok(None)
    }

    fn instance(&mut self, number: i64, op: &Value) -> Result<Option<String>, End> {
        let of = op["of"].as_i64().ok_or_else(|| End::unclassified("`of` is no number"))?;
        let entries = op["imports"].as_array().map_or(&[][..], Vec::as_slice);
        let imports = entries.iter().map(|entry| self.import(entry)).collect::<Result<Vec<_>, _>>();
        let module = self.modules.get(&of).or_else(|| self.kept.get(&of));
        let module = module.ok_or_else(|| End::absent(format!("no module {of}")))?;
        let instance = self.session.instantiate(module, imports?)?;
        self.instances.insert(number, instance);
        Ok(None)
    }

    fn import(&mut self, entry: &Value) -> Result<ExternOf<E>, End> {
        if let Some(name) = entry.as_str() {
            let builtin = self.session.builtin(name);
            return builtin.ok_or_else(|| End::unlinkable(format!("no builtin function `{name}`")));
        }
        let entry = entry.as_array().ok_or_else(|| End::unclassified("an import is neither a list nor a text"))?;
        // One pair, or a list of them.
        if let Some((number, name)) = pair(entry) {
            let instance = self.instances.get(&number).ok_or_else(|| End::absent(format!("no instance {number}")))?;
            let export = self.session.export(instance, name);
            return export.ok_or_else(|| End::unlinkable(format!("no export `{name}`")));
        }
        for candidate in entry {
            let candidate = candidate.as_array().and_then(|candidate| pair(candidate));
            let (number, name) = candidate.ok_or_else(|| End::unclassified("a candidate is no pair"))?;
            if let Some(instance) = self.instances.get(&number) {
                let export = self.session.export(instance, name);
                return export.ok_or_else(|| End::unlinkable(format!("no export `{name}`")));
            }
        }
        Err(End::unlinkable("no candidate's instance exists"))
    }

    fn call(&mut self, number: i64, op: &Value) -> Result<Option<String>, End> {
        let name = op["name"].as_str().ok_or_else(|| End::unclassified("`name` is no text"))?;
        let instance = self.instances.get(&number).ok_or_else(|| End::absent(format!("no instance {number}")))?;
        if let Some((of, func)) = op["seat"].as_array().and_then(|seat| pair(seat)) {
            let none = || End::absent("there is no such function to be called");
            let func = self.instances.get(&of).and_then(|of| self.session.export(of, func)).ok_or_else(none)?;
            let table = self.session.export(instance, "seat").ok_or_else(none)?;
            self.session.seat(table, func).ok_or_else(none)?;
        }
        let no_frame = || End::absent("the frame's memory is not there");
        let frame = self.frame["instance"].as_i64().and_then(|number| self.instances.get(&number));
        let frame = frame.ok_or_else(no_frame)?;
        let memory = self.frame["memory"].as_str().ok_or_else(no_frame)?;
        let offset = |name: &str| self.frame[name].as_u64().and_then(|offset| usize::try_from(offset).ok());
        let beyond = || End::unclassified("the frame reaches beyond its memory");
        if !op["in"].is_null() {
            let bytes = bytes_of(&op["in"]).ok_or_else(|| End::unclassified("`in` is no hexadecimal digits"))?;
            let input = offset("input").ok_or_else(no_frame)?;
            self.session.write(frame, memory, input, &bytes).ok_or_else(beyond)?;
        }
        let length = self.session.call(instance, name)?.cast_unsigned() as usize;
        let output = offset("output").ok_or_else(no_frame)?;
        // What a wrong engine returns must not make the worker ask for gigabytes.
        let size = self.session.size(frame, memory).ok_or_else(no_frame)?;
        if output.checked_add(length).is_none_or(|end| end > size) {
            return Err(beyond());
        }
        let mut bytes = vec![0; length];
        self.session.read(frame, memory, output, &mut bytes).ok_or_else(beyond)?;
        Ok(Some(text_of(&bytes)))
    }
}

/// An instance and the name of an export.
pub fn pair(entry: &[Value]) -> Option<(i64, &str)> {
    match entry {
        [number, name] => Some((number.as_i64()?, name.as_str()?)),
        _ => None,
    }
}

/// Bytes as hexadecimal digits.
pub fn bytes_of(text: &Value) -> Option<Vec<u8>> {
    let digits = text.as_str()?.as_bytes();
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let pairs = digits.chunks(2);
    pairs.map(|pair| if let [high, low] = pair { Some(digit(*high)? << 4 | digit(*low)?) } else { None }).collect()
}

/// Hexadecimal digits of bytes.
pub fn text_of(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digits = bytes.iter().flat_map(|byte| [DIGITS[usize::from(byte >> 4)], DIGITS[usize::from(byte & 15)]]);
    digits.map(char::from).collect()
}
