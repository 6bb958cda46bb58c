//! The worker protocol for engines whose instances cannot import each other's memories, tables and globals: values
//! cross as texts, and functions of the host are the parent's, which is asked back while an operation runs. It must not
//! know any engine.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::io::{self, BufRead, BufWriter, Write};
use std::process::ExitCode;
use std::rc::Rc;
use std::time::Instant;

use serde_json::{Map, Value as Json, json};

use crate::protocol::{self, End, Hello, Limits};

/// Memories are shown in blocks of this size; those of zeros are left out.
const BLOCK_BYTES: usize = 4096;

/// The type of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Type {
    I32,
    I64,
    F32,
    F64,
}

impl Type {
    const NAMES: [(&'static str, Self); 4] =
        [("i32", Self::I32), ("i64", Self::I64), ("f32", Self::F32), ("f64", Self::F64)];

    fn named(name: &str) -> Option<Self> {
        Self::NAMES.iter().find(|(known, _)| *known == name).map(|(_, ty)| *ty)
    }
}

/// A value, as its type and its bits: those of 32-bit types are in the lower half.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Value {
    pub ty: Type,
    pub bits: u64,
}

impl Value {
    /// A value as the protocol writes it; nothing where it has another type or cannot be understood.
    fn parse(text: &str) -> Option<Self> {
        let (ty, number) = text.split_once(':')?;
        let ty = Type::named(ty)?;
        let hexadecimal = |text: &str| u64::from_str_radix(text.strip_prefix("0x")?, 16).ok();
        let bits = match ty {
            Type::I32 => u64::from(number.parse::<i32>().ok()?.cast_unsigned()),
            Type::I64 => number.parse::<i64>().ok()?.cast_unsigned(),
            Type::F32 => u64::from(u32::try_from(hexadecimal(number)?).ok()?),
            Type::F64 => hexadecimal(number)?,
        };
        Some(Self { ty, bits })
    }

    fn text(self) -> String {
        match self.ty {
            Type::I32 => format!("i32:{}", (self.bits as u32).cast_signed()),
            Type::I64 => format!("i64:{}", self.bits.cast_signed()),
            Type::F32 => format!("f32:{:#010x}", self.bits as u32),
            Type::F64 => format!("f64:{:#018x}", self.bits),
        }
    }
}

fn texts(values: &[Value]) -> Json {
    values.iter().map(|value| value.text()).collect()
}

fn parse_all(list: &Json) -> Option<Vec<Value>> {
    list.as_array()?.iter().map(|value| Value::parse(value.as_str()?)).collect()
}

/// What an import is given.
pub enum Import<'a, I> {
    /// A function of the host.
    Host { name: String, params: Vec<Type>, results: Vec<Type> },
    /// An export of an instance.
    Export { instance: &'a I, name: &'a str },
}

/// A memory, as far as it is to be shown.
pub struct Memory {
    /// How many bytes it has.
    pub size: u64,
    /// All of them; nothing where they are more than are wanted.
    pub bytes: Option<Vec<u8>>,
}

/// An element of a table.
#[derive(Clone, Copy)]
pub enum Element {
    Null,
    /// A function, with a number that is the same for the same function.
    Func(u64),
}

/// A table, as far as it is to be shown.
pub struct Table {
    /// How many elements it has.
    pub size: u64,
    /// The first of them.
    pub elements: Vec<Element>,
}

/// An engine, through all requests.
pub trait Engine {
    type Session: Session;

    /// What the worker says of itself.
    fn hello(&self) -> Hello;

    /// Makes what a request needs. The parent answers for the host.
    fn open(&mut self, limits: &Limits, parent: &Rc<Parent>) -> Self::Session;
}

/// What belongs to a request.
pub trait Session {
    /// An accepted module, which lives longer than a session.
    type Module;
    type Instance;

    /// Decodes, validates and compiles.
    fn compile(&mut self, bytes: Vec<u8>) -> Result<Self::Module, End>;

    /// Links, instantiates and runs the start function; `imports` stand in the module's order.
    fn instantiate(
        &mut self,
        module: &Self::Module,
        imports: Vec<Import<'_, Self::Instance>>,
    ) -> Result<Self::Instance, End>;

    /// Calls an exported function; `absent` where there is none.
    fn invoke(&mut self, instance: &Self::Instance, name: &str, args: &[Value]) -> Result<Vec<Value>, End>;

    /// Reads an exported global; `absent` where there is none.
    fn global(&mut self, instance: &Self::Instance, name: &str) -> Result<Value, End>;

    /// Reads an exported memory; nothing where there is none.
    fn memory(&mut self, instance: &Self::Instance, name: &str, bytes_max: u64) -> Option<Memory>;

    /// Reads an exported table up to so many elements; nothing where there is none.
    fn table(&mut self, instance: &Self::Instance, name: &str, elements_max: usize) -> Option<Table>;
}

/// The other end of the worker's streams.
pub struct Parent {
    input: RefCell<Box<dyn BufRead>>,
    output: RefCell<Box<dyn Write>>,
}

impl Parent {
    /// Calls a function of the host.
    pub fn ask(&self, host: &str, args: &[Value]) -> Result<Vec<Value>, String> {
        self.write(&json!({ "host": host, "args": texts(args) }))?;
        self.flush()?;
        let line = self.line()?.ok_or("the parent has ended the input while a function of the host ran")?;
        let answer: Json =
            serde_json::from_str(&line).map_err(|error| format!("an answer of the host is not understood: {error}"))?;
        parse_all(&answer["results"]).ok_or_else(|| format!("an answer of the host is not understood: {line}"))
    }

    fn line(&self) -> Result<Option<String>, String> {
        let mut line = String::new();
        match self.input.borrow_mut().read_line(&mut line) {
            Ok(0) => Ok(None),
            Ok(_) => Ok(Some(line)),
            Err(error) => Err(format!("cannot read a request: {error}")),
        }
    }

    fn write(&self, line: &Json) -> Result<(), String> {
        writeln!(self.output.borrow_mut(), "{line}").map_err(|error| format!("cannot answer: {error}"))
    }

    fn flush(&self) -> Result<(), String> {
        self.output.borrow_mut().flush().map_err(|error| format!("cannot answer: {error}"))
    }
}

/// Serves requests until the input ends. The engine is made on the thread that serves.
pub fn serve<E: Engine>(make: impl FnOnce(&[String]) -> Result<E, String> + Send + 'static) -> ExitCode {
    protocol::on_a_thread(move || {
        let engine = make(&protocol::options()?)?;
        let input = RefCell::new(Box::new(io::stdin().lock()) as Box<dyn BufRead>);
        let output = RefCell::new(Box::new(BufWriter::new(io::stdout().lock())) as Box<dyn Write>);
        serve_lines(engine, &Rc::new(Parent { input, output }))
    })
}

fn serve_lines<E: Engine>(mut engine: E, parent: &Rc<Parent>) -> Result<(), String> {
    let mut hello = protocol::hello(&engine.hello(), false);
    hello["drivers"] = json!(false);
    parent.write(&hello)?;
    parent.flush()?;
    let mut kept = BTreeMap::new();
    while let Some(line) = parent.line()? {
        if line.trim().is_empty() {
            continue;
        }
        let request: Json =
            serde_json::from_str(&line).map_err(|error| format!("a request is not as the protocol says: {error}"))?;
        let (Some(number), Some(ops)) = (request.get("request"), request.get("ops").and_then(Json::as_array)) else {
            return Err("a request is not as the protocol says: it has no `request` or no `ops`".to_owned());
        };
        let is_stream = request["stream"].as_bool().unwrap_or(false);
        let mut session = engine.open(&protocol::limits(&request), parent);
        let mut case = Case::<E::Session> {
            session: &mut session,
            modules: BTreeMap::new(),
            kept: &mut kept,
            instances: BTreeMap::new(),
        };
        for (position, op) in ops.iter().enumerate() {
            let started = Instant::now();
            let outcome = case.carry_out(op);
            parent.write(&protocol::answer_with(position, started.elapsed().as_nanos(), outcome))?;
            if is_stream {
                parent.flush()?;
            }
        }
        parent.write(&json!({ "done": number }))?;
        parent.flush()?;
    }
    Ok(())
}

type Fields = Map<String, Json>;

struct Case<'a, S: Session> {
    session: &'a mut S,
    modules: BTreeMap<i64, S::Module>,
    kept: &'a mut BTreeMap<i64, S::Module>,
    instances: BTreeMap<i64, S::Instance>,
}

impl<S: Session> Case<'_, S> {
    fn carry_out(&mut self, op: &Json) -> Result<Fields, End> {
        let number = |name: &str| op[name].as_i64();
        if let Some(number) = number("module") {
            self.module(number, op)
        } else if let Some(number) = number("instance") {
            self.instance(number, op)
        } else if let Some(number) = number("invoke") {
            let args = parse_all(&op["args"]).ok_or_else(|| End::refused("the engine has no values of these types"))?;
            let (instance, name) = named(&self.instances, number, op)?;
            let values = self.session.invoke(instance, name, &args)?;
            Ok(fields([("values", texts(&values))]))
        } else if let Some(number) = number("global") {
            let (instance, name) = named(&self.instances, number, op)?;
            let value = self.session.global(instance, name)?;
            Ok(fields([("values", texts(&[value]))]))
        } else if let Some(number) = number("memory") {
            self.memory(number, op)
        } else if let Some(number) = number("table") {
            self.table(number, op)
        } else {
            Err(End::unclassified("the worker has no such operation"))
        }
    }

    fn module(&mut self, number: i64, op: &Json) -> Result<Fields, End> {
        let bytes = protocol::bytes_of(&op["bytes"]);
        let bytes = bytes.ok_or_else(|| End::unclassified("`bytes` are no hexadecimal digits"))?;
        let module = self.session.compile(bytes)?;
        let modules = if number < 0 { &mut *self.kept } else { &mut self.modules };
        modules.insert(number, module);
        Ok(Map::new())
    }

    fn instance(&mut self, number: i64, op: &Json) -> Result<Fields, End> {
        let of = op["of"].as_i64().ok_or_else(|| End::unclassified("`of` is no number"))?;
        let entries = op["imports"].as_array().map_or(&[][..], Vec::as_slice);
        let imports = entries.iter().map(|entry| import(&self.instances, entry)).collect::<Result<Vec<_>, _>>();
        let module = self.modules.get(&of).or_else(|| self.kept.get(&of));
        let module = module.ok_or_else(|| End::absent(format!("no module {of}")))?;
        let instance = self.session.instantiate(module, imports?)?;
        self.instances.insert(number, instance);
        Ok(Map::new())
    }

    fn memory(&mut self, number: i64, op: &Json) -> Result<Fields, End> {
        let (instance, name) = named(&self.instances, number, op)?;
        let bytes_max = op["bytes_max"].as_u64().unwrap_or(u64::MAX);
        let memory = self.session.memory(instance, name, bytes_max);
        let memory = memory.ok_or_else(|| End::absent(format!("no memory `{name}`")))?;
        let mut answer = fields([("bytes", json!(memory.size))]);
        if let Some(bytes) = memory.bytes {
            let blocks = bytes.chunks(BLOCK_BYTES).enumerate().filter(|(_, block)| block.iter().any(|byte| *byte != 0));
            let shown = blocks.map(|(at, block)| json!([at * BLOCK_BYTES, protocol::text_of(block)]));
            answer.insert("blocks".to_owned(), shown.collect());
        }
        Ok(answer)
    }

    fn table(&mut self, number: i64, op: &Json) -> Result<Fields, End> {
        let (instance, name) = named(&self.instances, number, op)?;
        let elements_max = op["elements_max"].as_u64().and_then(|count| usize::try_from(count).ok());
        let table = self.session.table(instance, name, elements_max.unwrap_or(usize::MAX));
        let table = table.ok_or_else(|| End::absent(format!("no table `{name}`")))?;
        let text = |element: &Element| match element {
            Element::Null => "ref:null".to_owned(),
            Element::Func(number) => format!("ref:func:#{number}"),
        };
        let refs = table.elements.iter().map(text).collect();
        Ok(fields([("elements", json!(table.size)), ("refs", refs)]))
    }
}

fn fields<const N: usize>(list: [(&str, Json); N]) -> Fields {
    list.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

/// The instance of a number, and the name that the operation has.
fn named<'a, I>(instances: &'a BTreeMap<i64, I>, number: i64, op: &'a Json) -> Result<(&'a I, &'a str), End> {
    let instance = instances.get(&number).ok_or_else(|| End::absent(format!("no instance {number}")))?;
    let name = op["name"].as_str().ok_or_else(|| End::unclassified("`name` is no text"))?;
    Ok((instance, name))
}

fn import<'a, I>(instances: &'a BTreeMap<i64, I>, entry: &'a Json) -> Result<Import<'a, I>, End> {
    if let Some(name) = entry["host"].as_str() {
        let types = |side: &str| {
            let names = entry[side].as_array().map_or(&[][..], Vec::as_slice);
            let types = names.iter().map(|name| Type::named(name.as_str()?)).collect::<Option<Vec<_>>>();
            types.ok_or_else(|| End::refused("the engine has no functions of this type"))
        };
        return Ok(Import::Host { name: name.to_owned(), params: types("params")?, results: types("results")? });
    }
    if let Some(name) = entry.as_str() {
        return Err(End::unlinkable(format!("no builtin function `{name}`")));
    }
    let entry = entry.as_array().ok_or_else(|| End::unclassified("an import is no list, no text and no host"))?;
    // One pair, or a list of them.
    if let Some((number, name)) = protocol::pair(entry) {
        let instance = instances.get(&number).ok_or_else(|| End::absent(format!("no instance {number}")))?;
        return Ok(Import::Export { instance, name });
    }
    for candidate in entry {
        let candidate = candidate.as_array().and_then(|candidate| protocol::pair(candidate));
        let (number, name) = candidate.ok_or_else(|| End::unclassified("a candidate is no pair"))?;
        if let Some(instance) = instances.get(&number) {
            return Ok(Import::Export { instance, name });
        }
    }
    Err(End::unlinkable("no candidate's instance exists"))
}
