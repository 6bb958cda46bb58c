//! What the parent asks of a worker: operations, and requests of them.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use wassay_adapter::limits::{ELEMENTS_MAX, MEMORY_BYTES_MAX};
use wassay_model::{Features, FuncType, HeapType, Limits, Nullability, RefType, ValType, Value};

use crate::{fixed, hex};

/// The version of the protocol in `docs/worker-protocol.md`.
pub const PROTOCOL: u32 = 1;

/// Where arguments and results cross: a memory of an instance of the parent's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Frame {
    /// The number of the instance.
    pub instance: i32,
    /// The name under which it exports the memory.
    pub memory: &'static str,
    /// Where the bytes go that a call brings along, in bytes from the start of the memory.
    pub input: u32,
    /// Where the bytes are that a call leaves, likewise.
    pub output: u32,
}

/// The frame of workers that keep instances. For others the instance has another number, which
/// [`Request::write`] finds among the operations.
pub const FRAME: Frame = Frame { instance: -1, memory: "mem", input: 0, output: 65_536 };

/// The table of a driver through which it calls.
pub const SEAT: &str = "seat";

/// What matters of a worker for the operations that it is sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Worker {
    /// Whether exports of one instance can be imported by another.
    pub drivers: bool,
    /// Whether instances can live on from request to request.
    pub keeps: bool,
    /// What it offers to modules.
    pub builtins: Builtins,
    /// Whether it puts exported functions into tables of drivers.
    pub seats: bool,
    /// Whether it knows the operation [`Op::Keep`]. Only where it has seats and instances live on.
    pub callers: bool,
    /// Whether it looks at the state by itself, with what it was sent for that. Only where instances live on.
    pub looks: bool,
    /// What the engine can do beyond what a case needs; drivers use it to see more. A worker's hello may name
    /// features; what [`Probes::features`](crate::Probes::features) found is to be put here before a case is lowered.
    pub features: Features,
}

/// A function that a worker offers to modules.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Builtin {
    /// The number of a function.
    FuncId,
    /// The number that a host value carries.
    ExternId,
    /// A host value that carries a number.
    HostValue,
    /// The number of a structure or an array.
    AnyId,
}

impl Builtin {
    /// Every builtin.
    pub const ALL: [Self; 4] = [Self::FuncId, Self::ExternId, Self::HostValue, Self::AnyId];

    /// The name in the protocol.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::FuncId => "func_id",
            Self::ExternId => "extern_id",
            Self::HostValue => "host_value",
            Self::AnyId => "any_id",
        }
    }
}

/// A set of builtins.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Builtins(u8);

impl Builtins {
    /// The set of the given builtins.
    #[must_use]
    pub fn of(builtins: &[Builtin]) -> Self {
        Self(builtins.iter().fold(0, |bits, builtin| bits | 1 << *builtin as u8))
    }

    /// Whether the builtin is in the set.
    #[must_use]
    pub const fn has(self, builtin: Builtin) -> bool {
        self.0 & (1 << builtin as u8) != 0
    }
}

/// One operation. Modules and instances go by numbers; negative ones are kept beyond the request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Op {
    /// Compile a module.
    Module {
        /// Its number.
        module: i32,
        /// The module.
        bytes: Arc<[u8]>,
    },
    /// Link and instantiate a module.
    Instance {
        /// The number of the instance.
        instance: i32,
        /// The number of the module.
        of: i32,
        /// One for each import, in the module's order.
        imports: Vec<ImportEntry>,
    },
    /// Compile and instantiate a module, unless the process has the instance already. Only for workers that know it.
    Keep {
        /// The number of the instance.
        keep: i32,
        /// Which instance of this number it is: another one takes its place.
        edition: u64,
        /// The module.
        bytes: Arc<[u8]>,
        /// One for each import, in the module's order, of instances that are kept.
        imports: Arc<[ImportEntry]>,
    },
    /// Call a function of no parameters that returns how many bytes it left in the frame.
    Call {
        /// Of which instance.
        call: i32,
        /// Its name.
        name: Arc<str>,
        /// What to write into the frame before.
        input: Vec<u8>,
        /// Which export of which instance to put before into element 0 of the table [`SEAT`] of the instance that is
        /// called. Only for workers that do.
        seat: Option<(i32, Arc<str>)>,
    },
    /// Look at exports of an instance. Only for workers that do, where instances live on.
    Look {
        /// Of which instance.
        look: i32,
        /// What is looked at, in order.
        glimpses: Vec<Glimpse>,
        /// Whether the bytes of memories are wanted.
        full: bool,
    },
    /// Invoke a function with values. Only for workers without drivers, as are those below.
    Invoke {
        /// Of which instance.
        invoke: i32,
        /// Its name.
        name: Arc<str>,
        /// What to pass.
        args: Vec<Value>,
    },
    /// Read a global.
    Global {
        /// Of which instance.
        global: i32,
        /// Its name.
        name: Arc<str>,
    },
    /// Read a memory.
    Memory {
        /// Of which instance.
        memory: i32,
        /// Its name.
        name: Arc<str>,
        /// Beyond this size its bytes are not wanted.
        bytes_max: u64,
    },
    /// Read a table.
    Table {
        /// Of which instance.
        table: i32,
        /// Its name.
        name: Arc<str>,
        /// How many elements are wanted at most.
        elements_max: u64,
    },
}

/// The instances that a process keeps by [`Op::Keep`], as far as it was told.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Kept(HashMap<i32, u64>);

impl Kept {
    /// Notes that the process could not do what it was sent: where that was to keep an instance, it is sent anew next
    /// time.
    pub fn fail(&mut self, op: &Op) {
        if let Op::Keep { keep, .. } = op {
            self.0.remove(keep);
        }
    }
}

/// One thing of a look at the state, which leaves what a driver would.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Glimpse {
    /// An exported memory: its size and its digest, or its bytes.
    Memory(Arc<str>),
    /// An exported global with a number, and the module that reads it where its value does not cross.
    Number(Arc<str>, Number, i32),
    /// An exported global with a reference.
    Reference(Arc<str>, Referent),
    /// An exported table.
    Table(Arc<str>, Referent),
    /// What a function of this instance leaves in the frame.
    Left(i32, Arc<str>),
}

/// The types of numbers that workers know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Number {
    /// 32 bits.
    I32,
    /// 64 bits.
    I64,
    /// A float of 32 bits.
    F32,
    /// A float of 64 bits.
    F64,
}

impl Number {
    /// Every type.
    pub const ALL: [Self; 4] = [Self::I32, Self::I64, Self::F32, Self::F64];

    /// The name in the protocol, which is that of the text format.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::I32 => "i32",
            Self::I64 => "i64",
            Self::F32 => "f32",
            Self::F64 => "f64",
        }
    }
}

/// The types of references that workers know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Referent {
    /// Functions.
    Func,
    /// Values of the host.
    Extern,
}

impl Referent {
    /// The name in the protocol.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Func => "funcref",
            Self::Extern => "externref",
        }
    }
}

/// What an import is given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ImportEntry {
    /// The first of these exports whose instance exists; the import is unlinkable where none does.
    Exports(Vec<(i32, Arc<str>)>),
    /// A function that the worker offers.
    Builtin(Builtin),
    /// A function of the host, for which the worker asks back. Only for workers without drivers.
    Host {
        /// The name of the import.
        name: Arc<str>,
        /// Its type.
        ty: Arc<FuncType>,
    },
}

impl ImportEntry {
    /// That export of that instance.
    pub(crate) fn export(instance: i32, name: &str) -> Self {
        Self::Exports(vec![(instance, name.into())])
    }
}

/// A request: operations, and the limits within which they are carried out.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// Its number.
    pub request: u64,
    /// Whether each answer is to be written out at once.
    pub stream: bool,
    /// Whether calls that follow each other may be sent as one operation: where the worker knows that, and answers
    /// need not come at once.
    pub batch: bool,
    /// How far the engine may go.
    pub limits: Limits,
    /// What to do.
    pub ops: &'a [Op],
}

impl Request<'_> {
    /// Appends the request as one line, with its line feed, for a process that keeps so much already; and notes there
    /// what it shall keep from now on.
    pub fn write(&self, line: &mut Vec<u8>, kept: &mut Kept) {
        let Self { request, stream, batch, limits, ops } = self;
        let Limits { fuel_max, frames_max, memory_pages_max, table_elements_max, deadline_ms } = limits;
        let frame = self.frame();
        text(
            line,
            format_args!(
                "{{\"request\":{request},\"stream\":{stream},\"fuel_max\":{fuel_max},\"frames_max\":{frames_max},\
                 \"memory_pages_max\":{memory_pages_max},\"table_elements_max\":{table_elements_max},\
                 \"deadline_ms\":{deadline_ms},\"frame\":{{\"instance\":{},\"memory\":\"{}\",\"input\":{},\
                 \"output\":{}}},\"ops\":[",
                frame.instance, frame.memory, frame.input, frame.output
            ),
        );
        let mut rest = *ops;
        while let Some((op, others)) = rest.split_first() {
            if rest.len() < ops.len() {
                line.push(b',');
            }
            let calls = if *batch { rest.iter().take_while(|op| matches!(op, Op::Call { .. })).count() } else { 0 };
            if calls > 1 {
                write_calls(line, &rest[..calls]);
                rest = &rest[calls..];
            } else {
                write_op(line, op, kept);
                rest = others;
            }
        }
        line.extend_from_slice(b"]}\n");
    }

    /// An instance of the frame's module among the operations, or else the one that is kept.
    fn frame(&self) -> Frame {
        let own = self.ops.iter().find_map(|op| match op {
            Op::Instance { instance, of: fixed::FRAME_MODULE, .. } => Some(*instance),
            _ => None,
        });
        Frame { instance: own.unwrap_or(FRAME.instance), ..FRAME }
    }
}

fn write_op(line: &mut Vec<u8>, op: &Op, kept: &mut Kept) {
    match op {
        Op::Module { module, bytes } => {
            text(line, format_args!("{{\"module\":{module},\"bytes\":\""));
            hex::encode(bytes, line);
            line.push(b'"');
        }
        Op::Instance { instance, of, imports } => {
            text(line, format_args!("{{\"instance\":{instance},\"of\":{of},\"imports\":"));
            write_imports(line, imports);
        }
        Op::Keep { keep, edition, .. } if kept.0.insert(*keep, *edition) == Some(*edition) => {
            text(line, format_args!("{{\"keep\":{keep}"));
        }
        Op::Keep { keep, bytes, imports, .. } => {
            text(line, format_args!("{{\"keep\":{keep},\"bytes\":\""));
            hex::encode(bytes, line);
            line.extend_from_slice(b"\",\"imports\":");
            write_imports(line, imports);
        }
        Op::Call { call, name, input, seat } => {
            named(line, "call", *call, name);
            if !input.is_empty() {
                line.extend_from_slice(b",\"in\":\"");
                hex::encode(input, line);
                line.push(b'"');
            }
            if let Some(seat) = seat {
                line.extend_from_slice(b",\"seat\":");
                pair(line, seat);
            }
        }
        Op::Look { look, glimpses, full } => {
            text(
                line,
                format_args!(
                    "{{\"look\":{look},\"eye\":{},\"full\":{full},\"bytes_max\":{MEMORY_BYTES_MAX},\
                     \"elements_max\":{ELEMENTS_MAX},\"exports\":[",
                    fixed::LOOK_INSTANCE
                ),
            );
            for (position, glimpse) in glimpses.iter().enumerate() {
                if position > 0 {
                    line.push(b',');
                }
                write_glimpse(line, glimpse);
            }
            line.push(b']');
        }
        Op::Invoke { invoke, name, args } => {
            named(line, "invoke", *invoke, name);
            line.extend_from_slice(b",\"args\":[");
            for (position, arg) in args.iter().enumerate() {
                text(line, format_args!("{}\"{arg}\"", if position > 0 { "," } else { "" }));
            }
            line.push(b']');
        }
        Op::Global { global, name } => named(line, "global", *global, name),
        Op::Memory { memory, name, bytes_max } => {
            named(line, "memory", *memory, name);
            text(line, format_args!(",\"bytes_max\":{bytes_max}"));
        }
        Op::Table { table, name, elements_max } => {
            named(line, "table", *table, name);
            text(line, format_args!(",\"elements_max\":{elements_max}"));
        }
    }
    line.push(b'}');
}

/// What calls have in common that go to one function: the number of its instance, its name, the bytes of its input, and
/// where its driver finds it.
type Target<'a> = (i32, &'a str, usize, &'a Option<(i32, Arc<str>)>);

/// Writes calls as one operation: the functions, each once; then which is called when, and all input.
fn write_calls(line: &mut Vec<u8>, calls: &[Op]) {
    let mut targets: Vec<Target<'_>> = Vec::new();
    let mut positions: HashMap<Target<'_>, usize> = HashMap::new();
    let mut order = Vec::with_capacity(calls.len());
    let mut digits = Vec::new();
    for op in calls {
        let Op::Call { call, name, input, seat } = op else { continue };
        let target = (*call, &**name, input.len(), seat);
        order.push(*positions.entry(target).or_insert_with(|| {
            targets.push(target);
            targets.len() - 1
        }));
        hex::encode(input, &mut digits);
    }
    line.extend_from_slice(b"{\"calls\":[");
    for (position, (call, name, bytes, seat)) in targets.into_iter().enumerate() {
        text(line, format_args!("{}[{call},", if position > 0 { "," } else { "" }));
        string(line, name);
        text(line, format_args!(",{bytes}"));
        if let Some(seat) = seat {
            line.push(b',');
            pair(line, seat);
        }
        line.push(b']');
    }
    line.extend_from_slice(b"],\"order\":[");
    for (position, target) in order.into_iter().enumerate() {
        text(line, format_args!("{}{target}", if position > 0 { "," } else { "" }));
    }
    line.extend_from_slice(b"],\"in\":\"");
    line.extend_from_slice(&digits);
    line.extend_from_slice(b"\"}");
}

fn write_glimpse(line: &mut Vec<u8>, glimpse: &Glimpse) {
    line.push(b'[');
    match glimpse {
        Glimpse::Left(instance, _) => text(line, format_args!("{instance}")),
        Glimpse::Memory(name) | Glimpse::Number(name, ..) | Glimpse::Reference(name, _) | Glimpse::Table(name, _) => {
            string(line, name);
        }
    }
    line.push(b',');
    match glimpse {
        Glimpse::Left(_, name) => string(line, name),
        Glimpse::Memory(_) => line.extend_from_slice(b"\"memory\""),
        Glimpse::Number(_, number, reader) => text(line, format_args!("\"{}\",{reader}", number.name())),
        Glimpse::Reference(_, referent) => text(line, format_args!("\"{}\"", referent.name())),
        Glimpse::Table(_, referent) => text(line, format_args!("\"table\",\"{}\"", referent.name())),
    }
    line.push(b']');
}

fn named(line: &mut Vec<u8>, verb: &str, instance: i32, name: &str) {
    text(line, format_args!("{{\"{verb}\":{instance},\"name\":"));
    string(line, name);
}

fn pair(line: &mut Vec<u8>, (instance, name): &(i32, Arc<str>)) {
    text(line, format_args!("[{instance},"));
    string(line, name);
    line.push(b']');
}

fn write_imports(line: &mut Vec<u8>, imports: &[ImportEntry]) {
    line.push(b'[');
    for (position, import) in imports.iter().enumerate() {
        if position > 0 {
            line.push(b',');
        }
        write_import(line, import);
    }
    line.push(b']');
}

fn write_import(line: &mut Vec<u8>, import: &ImportEntry) {
    match import {
        ImportEntry::Exports(exports) => match exports.as_slice() {
            [export] => pair(line, export),
            exports => {
                line.push(b'[');
                for (position, export) in exports.iter().enumerate() {
                    if position > 0 {
                        line.push(b',');
                    }
                    pair(line, export);
                }
                line.push(b']');
            }
        },
        ImportEntry::Builtin(builtin) => text(line, format_args!("\"{}\"", builtin.name())),
        ImportEntry::Host { name, ty } => {
            line.extend_from_slice(b"{\"host\":");
            string(line, name);
            for (field, types) in [("params", &ty.params), ("results", &ty.results)] {
                text(line, format_args!(",\"{field}\":["));
                for (position, ty) in types.iter().enumerate() {
                    text(line, format_args!("{}\"{}\"", if position > 0 { "," } else { "" }, Short(*ty)));
                }
                line.push(b']');
            }
            line.push(b'}');
        }
    }
}

/// A value type as the protocol writes it: with the short forms of the two references that most engines know.
struct Short(ValType);

impl fmt::Display for Short {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            ValType::Ref(RefType { nullability: Nullability::Nullable, heap: HeapType::Func }) => {
                f.write_str("funcref")
            }
            ValType::Ref(RefType { nullability: Nullability::Nullable, heap: HeapType::Extern }) => {
                f.write_str("externref")
            }
            ty => ty.fmt(f),
        }
    }
}

fn text(line: &mut Vec<u8>, arguments: fmt::Arguments<'_>) {
    use std::io::Write as _;
    line.write_fmt(arguments).expect("a vector takes whatever is written to it");
}

fn string(line: &mut Vec<u8>, value: &str) {
    serde_json::to_writer(line, value).expect("a vector takes whatever is written to it");
}
