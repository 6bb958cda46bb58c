//! What a worker writes: its hello, answers, calls of the host, and the end of a request.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::Deserialize;
use wassay_model::{Bound, Feature, Features, Ref, Resource, TrapKind, TrapKinds, Value};

use crate::{Builtin, Builtins, PROTOCOL, Worker, hex};

/// Why a line of a worker is none of the protocol.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the worker wrote `{beginning}`: {why}")]
pub struct LineError {
    /// The first bytes of the line, escaped.
    beginning: String,
    why: String,
}

/// How many bytes of a line an error shows.
const SHOWN_BYTES: usize = 80;

fn wrong(line: &[u8], why: impl ToString) -> LineError {
    let shown = &line[..line.len().min(SHOWN_BYTES)];
    LineError { beginning: shown.escape_ascii().to_string(), why: why.to_string() }
}

/// The first line of a worker: who it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hello {
    /// The engine's own version.
    pub version: String,
    /// What ends a computation that does not end by itself.
    pub bound: Bound,
    /// The features that it may be sent at most, where it says so.
    pub features: Option<Features>,
    /// What cannot be seen of the engine, a word and the reason for each.
    pub blind_spots: BTreeMap<String, String>,
    /// Whether it carries out several calls as one operation.
    pub calls: bool,
    worker: Worker,
}

#[derive(Deserialize)]
struct RawHello {
    wassay: u32,
    version: String,
    bound: Bound,
    drivers: bool,
    keeps: bool,
    #[serde(default)]
    calls: bool,
    #[serde(default)]
    looks: bool,
    #[serde(default)]
    seats: bool,
    #[serde(default)]
    callers: bool,
    #[serde(default)]
    builtins: Vec<String>,
    features: Option<Vec<String>>,
    #[serde(default)]
    blind_spots: BTreeMap<String, String>,
}

impl Hello {
    /// Reads the line. Fields and builtins that this version does not know are passed over.
    ///
    /// # Errors
    ///
    /// Where the line is no hello of this version of the protocol, or names a feature that there is not.
    pub fn parse(line: &[u8]) -> Result<Self, LineError> {
        #[derive(Deserialize)]
        struct Version {
            wassay: u32,
        }
        let Version { wassay } =
            serde_json::from_slice(line).map_err(|error| wrong(line, format!("no hello: {error}")))?;
        if wassay != PROTOCOL {
            return Err(wrong(
                line,
                format!("the worker speaks version {wassay} of the protocol, we version {PROTOCOL}"),
            ));
        }
        let raw: RawHello = serde_json::from_slice(line).map_err(|error| wrong(line, format!("no hello: {error}")))?;
        debug_assert_eq!(raw.wassay, PROTOCOL);
        let features = match raw.features {
            None => None,
            Some(names) => {
                let mut features = Vec::with_capacity(names.len());
                for name in names {
                    let known = Feature::ALL.iter().copied().find(|feature| feature.name() == name);
                    features.push(known.ok_or_else(|| {
                        wrong(line, format!("`{name}` is none of the features: {}", list(Feature::ALL, |it| it.name())))
                    })?);
                }
                Some(Features::of(&features))
            }
        };
        let builtins: Vec<Builtin> =
            Builtin::ALL.into_iter().filter(|builtin| raw.builtins.iter().any(|name| name == builtin.name())).collect();
        let worker = Worker {
            drivers: raw.drivers,
            keeps: raw.keeps,
            builtins: Builtins::of(&builtins),
            seats: raw.seats && raw.drivers,
            callers: raw.callers && raw.seats && raw.drivers && raw.keeps,
            looks: raw.looks && raw.drivers && raw.keeps,
            features: Features::V1,
        };
        Ok(Self {
            version: raw.version,
            bound: raw.bound,
            features,
            blind_spots: raw.blind_spots,
            calls: raw.calls && raw.drivers,
            worker,
        })
    }

    /// What matters for the operations. Its features are those of 1.0, until the probes were answered.
    #[must_use]
    pub fn worker(&self) -> Worker {
        self.worker.clone()
    }
}

/// A line that a worker writes after its hello.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Line {
    /// How an operation went.
    Answer(Answer),
    /// How several calls went that were one operation, one by one.
    Answers(Vec<Answer>),
    /// The request of this number is done.
    Done(u64),
    /// A function of the host is called and waits for its results. Only from workers without drivers.
    HostCall(HostCall),
}

/// A call of a function of the host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostCall {
    /// The name of the import.
    pub host: String,
    /// What it is passed.
    pub args: Vec<Value>,
}

/// How one operation went.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answer {
    /// The position of the operation in its request.
    pub op: u64,
    /// What a call left in the frame.
    pub out: Option<Vec<u8>>,
    /// What a function returned, or a global holds.
    pub values: Option<Vec<Value>>,
    /// The size of a memory, in bytes.
    pub bytes: Option<u64>,
    /// What a memory holds where it is not zero, by offset.
    pub blocks: Option<Vec<(u64, Vec<u8>)>>,
    /// The size of a table, in elements.
    pub elements: Option<u64>,
    /// What a table holds.
    pub refs: Option<Vec<Ref>>,
    /// Why the operation did not succeed; none where it did.
    pub end: Option<End>,
    /// The engine's own words.
    pub words: Option<String>,
    /// The time that the engine took, in nanoseconds.
    pub ns: Option<u64>,
}

/// Why an operation did not succeed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// A trap.
    Trap(TrapKinds),
    /// An exception left the outermost function.
    Threw,
    /// A resource ran out.
    Exhausted(Resource),
    /// The module does not decode.
    Malformed,
    /// The module does not validate.
    Invalid,
    /// The module does not decode or does not validate.
    Rejected,
    /// An import is missing or does not match.
    Unlinkable,
    /// A limit of the implementation.
    Refused,
    /// There is no such module, instance or export.
    Absent,
    /// Anything else.
    Unclassified,
}

const ENDS: [&str; 10] = [
    "trap",
    "threw",
    "exhausted",
    "malformed",
    "invalid",
    "rejected",
    "unlinkable",
    "refused",
    "absent",
    "unclassified",
];

const RESOURCES: [(&str, Resource); 3] =
    [("stack", Resource::Stack), ("fuel", Resource::Fuel), ("memory", Resource::Memory)];

#[derive(Deserialize)]
struct RawLine<'a> {
    op: Option<u64>,
    done: Option<u64>,
    #[serde(borrow)]
    host: Option<Cow<'a, str>>,
    #[serde(borrow)]
    args: Option<Vec<Cow<'a, str>>>,
    #[serde(borrow)]
    out: Option<Cow<'a, str>>,
    lengths: Option<Vec<usize>>,
    times: Option<Vec<u64>>,
    #[serde(borrow)]
    ends: Option<Vec<(usize, RawEnd<'a>)>>,
    #[serde(borrow)]
    values: Option<Vec<Cow<'a, str>>>,
    bytes: Option<u64>,
    #[serde(borrow)]
    blocks: Option<Vec<(u64, Cow<'a, str>)>>,
    elements: Option<u64>,
    #[serde(borrow)]
    refs: Option<Vec<Cow<'a, str>>>,
    #[serde(borrow)]
    end: Option<Cow<'a, str>>,
    #[serde(borrow)]
    kinds: Option<Vec<Cow<'a, str>>>,
    #[serde(borrow)]
    resource: Option<Cow<'a, str>>,
    words: Option<String>,
    ns: Option<u64>,
}

/// Why one of several calls did not succeed.
#[derive(Deserialize)]
struct RawEnd<'a> {
    #[serde(borrow)]
    end: Cow<'a, str>,
    #[serde(borrow)]
    kinds: Option<Vec<Cow<'a, str>>>,
    #[serde(borrow)]
    resource: Option<Cow<'a, str>>,
    words: Option<String>,
}

impl Line {
    /// Reads a line, with or without its line feed.
    ///
    /// # Errors
    ///
    /// Where it is none of the protocol: no JSON, none of the three kinds, or with a word that the protocol has not.
    pub fn parse(line: &[u8]) -> Result<Self, LineError> {
        let raw: RawLine<'_> = serde_json::from_slice(line).map_err(|error| wrong(line, error))?;
        let parsed = match (raw.op, raw.done, &raw.host) {
            (Some(op), None, None) if raw.lengths.is_some() => answers(op, raw).map(Self::Answers),
            (Some(op), None, None) => answer(op, raw).map(Self::Answer),
            (None, Some(done), None) => Ok(Self::Done(done)),
            (None, None, Some(host)) => {
                let args = texts(raw.args.as_deref().unwrap_or_default());
                args.map(|args| Self::HostCall(HostCall { host: host.to_string(), args }))
            }
            _ => Err("exactly one of the fields `op`, `done` and `host` must be there".to_owned()),
        };
        parsed.map_err(|why| wrong(line, why))
    }
}

fn bytes(text: &str) -> Result<Vec<u8>, String> {
    hex::decode(text).ok_or_else(|| "bytes must be an even number of hexadecimal digits".to_owned())
}

/// The answers to several calls, whose bytes stand one behind the other.
fn answers(op: u64, raw: RawLine<'_>) -> Result<Vec<Answer>, String> {
    let (lengths, times) = (raw.lengths.unwrap_or_default(), raw.times.unwrap_or_default());
    let out = bytes(&raw.out.unwrap_or_default())?;
    let mut left = out.as_slice();
    let mut answers = Vec::with_capacity(lengths.len());
    for ((position, length), ns) in (op..).zip(lengths).zip(times.iter().map(Some).chain(std::iter::repeat(None))) {
        let (own, behind) = left.split_at_checked(length).ok_or("`lengths` are more than the bytes of `out`")?;
        left = behind;
        answers.push(Answer { op: position, out: Some(own.to_vec()), ns: ns.copied(), ..Answer::default() });
    }
    if !left.is_empty() || times.len() > answers.len() {
        return Err("`lengths` are fewer than what stands in `out` and `times`".to_owned());
    }
    for (position, RawEnd { end, kinds, resource, words }) in raw.ends.unwrap_or_default() {
        let answer = answers.get_mut(position).ok_or("`ends` names a call that is not there")?;
        answer.end = Some(parse_end(&end, kinds.as_deref(), resource.as_deref())?);
        (answer.out, answer.words) = (None, words);
    }
    Ok(answers)
}

fn answer(op: u64, raw: RawLine<'_>) -> Result<Answer, String> {
    let end =
        raw.end.as_deref().map(|end| parse_end(end, raw.kinds.as_deref(), raw.resource.as_deref())).transpose()?;
    Ok(Answer {
        op,
        out: raw.out.map(|text| bytes(&text)).transpose()?,
        values: raw.values.map(|values| texts(&values)).transpose()?,
        bytes: raw.bytes,
        blocks: raw
            .blocks
            .map(|blocks| {
                blocks.into_iter().map(|(offset, text)| Ok((offset, bytes(&text)?))).collect::<Result<_, String>>()
            })
            .transpose()?,
        elements: raw.elements,
        refs: raw.refs.map(|refs| refs.iter().map(|text| reference(text)).collect::<Result<_, _>>()).transpose()?,
        end,
        words: raw.words,
        ns: raw.ns,
    })
}

fn texts(values: &[Cow<'_, str>]) -> Result<Vec<Value>, String> {
    values.iter().map(|text| text.parse::<Value>().map_err(|error| error.to_string())).collect()
}

fn reference(text: &str) -> Result<Ref, String> {
    match text.parse::<Value>().map_err(|error| error.to_string())? {
        Value::Ref(reference) => Ok(reference),
        other => Err(format!("`{other}` is no reference")),
    }
}

fn parse_end(end: &str, kinds: Option<&[Cow<'_, str>]>, resource: Option<&str>) -> Result<End, String> {
    Ok(match end {
        "trap" => {
            let mut known = Vec::new();
            for name in kinds.unwrap_or_default() {
                let kind = TrapKind::ALL.into_iter().find(|kind| kind.name() == name);
                known.push(kind.ok_or_else(|| {
                    format!("`{name}` is none of the kinds of traps: {}", list(&TrapKind::ALL, |it| it.name()))
                })?);
            }
            End::Trap(TrapKinds::of(&known))
        }
        "threw" => End::Threw,
        "exhausted" => {
            let name = resource.unwrap_or_default();
            let found = RESOURCES.into_iter().find(|(known, _)| *known == name);
            End::Exhausted(
                found
                    .map(|(_, resource)| resource)
                    .ok_or_else(|| format!("`{name}` is none of the resources: {}", list(&RESOURCES, |it| it.0)))?,
            )
        }
        "malformed" => End::Malformed,
        "invalid" => End::Invalid,
        "rejected" => End::Rejected,
        "unlinkable" => End::Unlinkable,
        "refused" => End::Refused,
        "absent" => End::Absent,
        "unclassified" => End::Unclassified,
        _ => return Err(format!("`{end}` is none of the ends: {}", list(&ENDS, |it| it))),
    })
}

fn list<T>(known: &[T], name: impl Fn(&T) -> &'static str) -> String {
    known.iter().map(name).collect::<Vec<_>>().join(", ")
}
