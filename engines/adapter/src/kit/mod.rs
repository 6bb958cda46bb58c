//! The kit that every adapter must pass: small cases with exactly the observations that they must give.
//!
//! The kit tests *adapters*: that outcomes are translated, that every bit crosses the border, that state
//! is shown as it is. It tests engines only as far as that takes; the suite does more.

mod cases;

use std::convert::Infallible;
use std::fmt;

use wassay_model::{
    Action, Bound, Bytes, Capabilities, Capture, Contents, Digest, Ending, ExportName, Feature, Features, Host,
    HostCall, Identity, InstanceIdx, Limits, Module, ModuleIdx, Observation, Outcome, Plan, PlanStep, Provenance, Ref,
    Resource, Snapshot, State, Step, TestCase, TrapKind, TrapKinds, Value,
};

use crate::{Engine, Prepared, walk};

pub use cases::cases;

/// A case with what must be seen of it.
#[derive(Clone, Debug)]
pub struct KitCase {
    /// The fact that it shows; unlike all other names.
    pub name: &'static str,
    /// What it is about, in a word that it shares with others.
    pub group: &'static str,
    /// The case.
    pub case: TestCase,
    /// What must be seen, by step.
    pub expected: Vec<Expected>,
    /// Whether only an engine that counts its steps can be asked.
    needs_fuel: bool,
}

/// What must be seen of a step.
#[derive(Clone, Debug)]
pub struct Expected {
    outcome: Pattern,
    /// Exactly these host calls.
    host_calls: Vec<HostCall>,
    /// These memories: size in bytes, and all bytes that are not zero by offset.
    memories: Vec<(ExportName, u64, Blocks)>,
    /// These globals.
    globals: Vec<(ExportName, Value)>,
    /// These tables, element by element.
    tables: Vec<(ExportName, Vec<Ref>)>,
}

type Blocks = Vec<(usize, Vec<u8>)>;

/// What an outcome must be.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Pattern {
    Returned(Vec<Value>),
    /// A trap whose kinds include this one.
    Trapped(TrapKind),
    Threw(Vec<Value>),
    Exhausted(Resource),
    /// Or refused by an engine that does not tell.
    Malformed,
    /// Likewise.
    Invalid,
    Unlinkable,
    Absent,
    /// The case is wrong, and the walk says so.
    Unclassified,
}

/// How an engine did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KitResult {
    /// The case's name.
    pub name: &'static str,
    /// The case's group.
    pub group: &'static str,
    /// What came of it.
    pub verdict: KitVerdict,
}

/// What came of a kit case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KitVerdict {
    /// Everything was seen as it must be.
    Passed,
    /// The engine lacks the feature.
    Declined(Feature),
    /// The case needs an engine that counts its steps.
    Uncounted,
    /// The caller asked for it not to be run.
    Skipped,
    /// Nothing is wrong, but the engine's adapter could not show all of it: what, a line each.
    Blind(Vec<String>),
    /// What was seen instead, a line each.
    Failed(Vec<String>),
}

/// Runs the kit.
///
/// Every case runs with full capture, where all is compared, and once more with digests, where the same
/// must come out: an engine may not depend on what it ran before.
pub fn check(engine: &mut dyn Engine) -> Vec<KitResult> {
    check_except(engine, &[])
}

/// Runs the kit without the cases of these names: for engines that end the process on them.
pub fn check_except(engine: &mut dyn Engine, skipped: &[&str]) -> Vec<KitResult> {
    let capabilities = engine.capabilities().clone();
    let mut ask = |case: &TestCase, capture: Capture| -> Result<Observation, Infallible> {
        Ok(walk(engine, &Prepared::new(case), capture))
    };
    cases()
        .into_iter()
        .map(|case| {
            let verdict = match skipped.contains(&case.name) {
                true => KitVerdict::Skipped,
                false => match check_case(&capabilities, &case, &mut ask) {
                    // An adapter that is linked has the engine before it, and no excuse.
                    Ok(KitVerdict::Blind(lines)) => KitVerdict::Failed(lines),
                    Ok(verdict) => verdict,
                    Err(never) => match never {},
                },
            };
            KitResult { name: case.name, group: case.group, verdict }
        })
        .collect()
}

/// Runs the kit on an engine that is somewhere else, as in a worker. `ask` puts a case to it.
///
/// # Errors
///
/// The first error of `ask`.
pub fn check_with<E>(
    capabilities: &Capabilities,
    ask: &mut dyn FnMut(&TestCase, Capture) -> Result<Observation, E>,
) -> Result<Vec<KitResult>, E> {
    check_while(capabilities, &mut |_, _| true, ask)
}

/// As [`check_with`], as long as `goes_on` says so: it is asked before each case, with the case's position and how many
/// there are. What is left then is [`KitVerdict::Skipped`].
///
/// # Errors
///
/// The first error of `ask`.
pub fn check_while<E>(
    capabilities: &Capabilities,
    goes_on: &mut dyn FnMut(usize, usize) -> bool,
    ask: &mut dyn FnMut(&TestCase, Capture) -> Result<Observation, E>,
) -> Result<Vec<KitResult>, E> {
    let cases = cases();
    let count = cases.len();
    let check = |(position, case): (usize, KitCase)| {
        let verdict =
            if goes_on(position, count) { check_case(capabilities, &case, ask)? } else { KitVerdict::Skipped };
        Ok(KitResult { name: case.name, group: case.group, verdict })
    };
    cases.into_iter().enumerate().map(check).collect()
}

/// The failures of a run of the kit, as text; the empty text where there is none.
#[must_use]
pub fn failures(results: &[KitResult]) -> String {
    let mut text = String::new();
    for result in results {
        if let KitVerdict::Failed(lines) = &result.verdict {
            text.push_str(result.name);
            for line in lines {
                text.push_str("\n    ");
                text.push_str(line);
            }
            text.push('\n');
        }
    }
    text
}

fn check_case<E>(
    capabilities: &Capabilities,
    kit: &KitCase,
    ask: &mut dyn FnMut(&TestCase, Capture) -> Result<Observation, E>,
) -> Result<KitVerdict, E> {
    if kit.needs_fuel && capabilities.bound != Bound::Fuel {
        return Ok(KitVerdict::Uncounted);
    }
    // The last two are said of workers without the builtin functions of these names.
    let is_blind =
        ["reference-identity", "func_id", "any_id"].iter().any(|word| capabilities.blind_spots.contains_key(*word));
    let identities = match is_blind {
        true => Identities::Blind,
        false => Identities::Told,
    };
    let full = ask(&kit.case, Capture::Full)?;
    if let Ending::Declined(feature) = full.ending {
        return Ok(KitVerdict::Declined(feature));
    }
    let mut lines = Vec::new();
    if full.ending != Ending::Finished || full.steps.len() != kit.expected.len() {
        lines.push(format!("the engine {} after {} steps", full.ending, full.steps.len()));
    }
    let mut unseen = Vec::new();
    for (index, (seen, expected)) in full.steps.iter().zip(&kit.expected).enumerate() {
        compare(seen, expected, identities, &mut |sight, line| {
            let words = full.words.iter().find(|(step, _)| step.position() == index);
            let words = words.map_or(String::new(), |(_, words)| format!(" [{words}]"));
            let line = format!("step {index}: {line}{words}");
            // What nobody declared to be unseen should have been seen. What was refused leaves nothing to be seen
            // in later steps.
            match (sight == Sight::Unseen || !unseen.is_empty()) && !capabilities.blind_spots.is_empty() {
                true => unseen.push(line),
                false => lines.push(line),
            }
        });
    }
    let brief = ask(&kit.case, Capture::Digests)?;
    compare_brief(&full, &brief, &mut lines);
    Ok(match (lines.is_empty(), unseen.is_empty()) {
        (true, true) => KitVerdict::Passed,
        (true, false) => KitVerdict::Blind(unseen),
        (false, _) => {
            lines.append(&mut unseen);
            KitVerdict::Failed(lines)
        }
    })
}

/// Whether something else was seen than what must be, or nothing.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Sight {
    Wrong,
    Unseen,
}

/// Whether the engine's adapter claims to tell one reference from another.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Identities {
    Told,
    Blind,
}

fn compare(seen: &Step, expected: &Expected, identities: Identities, wrong: &mut dyn FnMut(Sight, String)) {
    // What was not carried out called nobody.
    let sight = match seen.outcome {
        Outcome::Unclassified(_) | Outcome::Refused(_) => Sight::Unseen,
        _ => Sight::Wrong,
    };
    if !fits(&seen.outcome, &expected.outcome, identities) {
        wrong(sight, format!("expected {}, the engine {}", expected.outcome, seen.outcome));
    }
    if seen.host_calls.first != expected.host_calls || seen.host_calls.count as usize != expected.host_calls.len() {
        wrong(sight, format!("expected host calls {:?}, saw {:?}", expected.host_calls, seen.host_calls));
    }
    let empty = State::default();
    let state = seen.state.as_ref().unwrap_or(&empty);
    for (name, bytes, blocks) in &expected.memories {
        let mut content = vec![0; usize::try_from(*bytes).expect("kit memories are small")];
        for (offset, block) in blocks {
            content[*offset..*offset + block.len()].copy_from_slice(block);
        }
        match state.memories.iter().find(|(known, _)| known == name) {
            None => wrong(Sight::Unseen, format!("memory {name} was not seen")),
            Some((_, memory)) if memory.bytes != *bytes => {
                wrong(Sight::Wrong, format!("memory {name} has {} bytes, expected {bytes}", memory.bytes));
            }
            Some((_, memory)) => match &memory.contents {
                Contents::Full { digest, blocks } => {
                    let mut seen = vec![0; content.len()];
                    for (offset, block) in blocks {
                        let offset = usize::try_from(*offset).expect("kit memories are small");
                        seen[offset..offset + block.0.len()].copy_from_slice(&block.0);
                    }
                    if let Some(offset) = (0..content.len()).find(|offset| content[*offset] != seen[*offset]) {
                        let end = (offset + 16).min(content.len());
                        wrong(
                            Sight::Wrong,
                            format!(
                                "memory {name} holds {:02x?} at offset {offset}, expected {:02x?}",
                                &seen[offset..end],
                                &content[offset..end]
                            ),
                        );
                    } else if *digest != Digest::of(&content) {
                        wrong(Sight::Wrong, format!("the digest of memory {name} is not that of its bytes"));
                    }
                }
                other => wrong(Sight::Wrong, format!("memory {name} was captured as {other:?}")),
            },
        }
    }
    for (name, value) in &expected.globals {
        match state.globals.iter().find(|(known, _)| known == name) {
            None => wrong(Sight::Unseen, format!("global {name} was not seen")),
            Some((_, seen)) if !same_value(*seen, *value, identities) => {
                wrong(Sight::Wrong, format!("global {name} is {seen}, expected {value}"));
            }
            Some(_) => {}
        }
    }
    for (name, elements) in &expected.tables {
        match state.tables.iter().find(|(known, _)| known == name) {
            None => wrong(Sight::Unseen, format!("table {name} was not seen")),
            Some((_, table)) => {
                let seen: Vec<Ref> =
                    table.runs.iter().flat_map(|(count, element)| (0..*count).map(|_| *element)).collect();
                let same = seen.len() == elements.len()
                    && seen.iter().zip(elements).all(|(seen, wanted)| same_ref(*seen, *wanted, identities));
                if !same || table.elements != elements.len() as u64 {
                    wrong(Sight::Wrong, format!("table {name} is {table:?}, expected {elements:?}"));
                }
            }
        }
    }
}

fn fits(seen: &Outcome, expected: &Pattern, identities: Identities) -> bool {
    let same = |seen: &[Value], wanted: &[Value]| {
        seen.len() == wanted.len() && seen.iter().zip(wanted).all(|(a, b)| same_value(*a, *b, identities))
    };
    match (expected, seen) {
        (Pattern::Returned(wanted), Outcome::Returned(seen)) => same(seen, wanted),
        (Pattern::Trapped(kind), Outcome::Trapped(kinds)) => kinds.contains(*kind),
        (Pattern::Threw(wanted), Outcome::Threw(exception)) => {
            exception.payload.as_ref().is_none_or(|seen| same(seen, wanted))
        }
        (Pattern::Exhausted(wanted), Outcome::Exhausted(seen)) => seen == wanted,
        (Pattern::Malformed, Outcome::Malformed | Outcome::Rejected)
        | (Pattern::Invalid, Outcome::Invalid | Outcome::Rejected)
        | (Pattern::Unlinkable, Outcome::Unlinkable)
        | (Pattern::Absent, Outcome::Absent)
        | (Pattern::Unclassified, Outcome::Unclassified(_)) => true,
        _ => false,
    }
}

fn same_value(seen: Value, wanted: Value, identities: Identities) -> bool {
    match (seen, wanted) {
        (Value::Ref(seen), Value::Ref(wanted)) => same_ref(seen, wanted, identities),
        _ => seen == wanted,
    }
}

/// An identity that an adapter says it can't tell must be left untold, and never be wrong.
fn same_ref(seen: Ref, wanted: Ref, identities: Identities) -> bool {
    seen == wanted
        || identities == Identities::Blind
            && match (seen, wanted) {
                (Ref::Func(Identity::Unknown), Ref::Func(_)) | (Ref::Struct(Identity::Unknown), Ref::Struct(_)) => true,
                (Ref::Array(Identity::Unknown), Ref::Array(_)) | (Ref::Exn(Identity::Unknown), Ref::Exn(_)) => true,
                (Ref::Opaque(Identity::Unknown), wanted) => !matches!(wanted, Ref::Null),
                _ => false,
            }
}

fn compare_brief(full: &Observation, brief: &Observation, lines: &mut Vec<String>) {
    if full.ending != brief.ending || full.steps.len() != brief.steps.len() {
        lines.push(format!("the second run {} after {} steps", brief.ending, brief.steps.len()));
    }
    for (index, (full, brief)) in full.steps.iter().zip(&brief.steps).enumerate() {
        if full.outcome != brief.outcome {
            lines.push(format!("step {index}: in the second run the engine {}", brief.outcome));
        }
        let (Some(full), Some(brief)) = (&full.state, &brief.state) else { continue };
        let digests = |state: &State| -> Vec<Option<Digest>> {
            state.memories.iter().map(|(_, memory)| memory.contents.digest()).collect()
        };
        if digests(full) != digests(brief)
            || full.globals.len() != brief.globals.len()
            || full.tables.len() != brief.tables.len()
        {
            lines.push(format!("step {index}: the second run left another state"));
        }
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Returned(values) => Outcome::Returned(values.clone()).fmt(f),
            Self::Trapped(kind) => Outcome::Trapped(TrapKinds::from(*kind)).fmt(f),
            Self::Threw(values) => write!(f, "threw {values:?}"),
            Self::Exhausted(resource) => Outcome::Exhausted(*resource).fmt(f),
            Self::Malformed => f.write_str("malformed"),
            Self::Invalid => f.write_str("invalid"),
            Self::Unlinkable => f.write_str("unlinkable"),
            Self::Absent => f.write_str("absent"),
            Self::Unclassified => f.write_str("unclassified"),
        }
    }
}

/// Builds a case step by step. Values and outcomes are written as text: values as [`Value`] parses them,
/// apart by blanks; outcomes as values, or `trap KIND`, `threw VALUES`, `exhausted RESOURCE`, `malformed`,
/// `invalid`, `unlinkable`, `absent`, `unclassified`.
struct Build(KitCase);

impl Build {
    fn new(name: &'static str) -> Self {
        Self(KitCase {
            name,
            group: "",
            case: TestCase {
                modules: Vec::new(),
                plan: Plan::default(),
                host: Host::Deterministic,
                features: Features::V1,
                limits: Limits::default(),
                provenance: Provenance::File { path: "kit".to_owned() },
                relations: Vec::new(),
            },
            expected: Vec::new(),
            needs_fuel: false,
        })
    }

    fn needs(mut self, features: &[Feature]) -> Self {
        self.0.case.features = self.0.case.features.union(Features::of(features));
        self
    }

    fn fuel(mut self, fuel_max: u64) -> Self {
        self.0.case.limits.fuel_max = fuel_max;
        self.0.needs_fuel = true;
        self
    }

    fn module(self, text: &str) -> Self {
        let bytes = module(text);
        self.bytes(bytes)
    }

    fn bytes(mut self, bytes: Vec<u8>) -> Self {
        let name = format!("{}.{}", self.0.name, self.0.case.modules.len());
        self.0.case.modules.push(Module { name, bytes: Bytes(bytes) });
        self
    }

    fn step(mut self, action: Action, outcome: &str) -> Self {
        self.0.case.plan.steps.push(PlanStep { action, snapshot: Snapshot::Skip });
        self.0.expected.push(Expected {
            outcome: pattern(outcome),
            host_calls: Vec::new(),
            memories: Vec::new(),
            globals: Vec::new(),
            tables: Vec::new(),
        });
        self
    }

    fn load(self, module: u32, outcome: &str) -> Self {
        self.step(Action::Load { module: ModuleIdx(module) }, outcome)
    }

    fn instantiate(self, module: u32, outcome: &str) -> Self {
        self.step(Action::Instantiate { module: ModuleIdx(module) }, outcome)
    }

    fn register(self, instance: u32, name: &str) -> Self {
        self.step(Action::Register { instance: InstanceIdx(instance), name: name.to_owned() }, "")
    }

    fn invoke(self, instance: u32, export: &str, args: &str, outcome: &str) -> Self {
        let action = Action::Invoke { instance: InstanceIdx(instance), export: export.to_owned(), args: values(args) };
        self.step(action, outcome)
    }

    fn get(self, instance: u32, export: &str, outcome: &str) -> Self {
        self.step(Action::Get { instance: InstanceIdx(instance), export: export.to_owned() }, outcome)
    }

    /// What else must be seen of the last step.
    fn last(&mut self) -> &mut Expected {
        self.0.expected.last_mut().expect("a step comes first")
    }

    fn look(&mut self) {
        self.0.case.plan.steps.last_mut().expect("a step comes first").snapshot = Snapshot::Take;
    }

    /// The host call `number` of the case, made by the last step.
    fn host_call(mut self, number: u32, name: &str, args: &str, results: &[wassay_model::ValType]) -> Self {
        let args = values(args);
        let results = wassay_model::host::answer(name, number, &args, results);
        self.last().host_calls.push(HostCall { name: name.to_owned(), args, results });
        self
    }

    fn memory(mut self, instance: u32, export: &str, bytes: u64, blocks: &[(usize, &[u8])]) -> Self {
        self.look();
        let blocks = blocks.iter().map(|(offset, block)| (*offset, block.to_vec())).collect();
        self.last().memories.push((name(instance, export), bytes, blocks));
        self
    }

    fn global(mut self, instance: u32, export: &str, value: &str) -> Self {
        self.look();
        self.last().globals.push((name(instance, export), values(value)[0]));
        self
    }

    fn table(mut self, instance: u32, export: &str, elements: &str) -> Self {
        self.look();
        let elements = values(elements)
            .into_iter()
            .map(|value| match value {
                Value::Ref(reference) => reference,
                other => panic!("{other} is no reference"),
            })
            .collect();
        self.last().tables.push((name(instance, export), elements));
        self
    }
}

fn name(instance: u32, export: &str) -> ExportName {
    ExportName { instance: InstanceIdx(instance), name: export.to_owned() }
}

fn values(text: &str) -> Vec<Value> {
    text.split_whitespace().map(|word| word.parse().unwrap_or_else(|error| panic!("{error}"))).collect()
}

fn pattern(text: &str) -> Pattern {
    let (word, rest) = text.split_once(' ').unwrap_or((text, ""));
    match word {
        "trap" => Pattern::Trapped(
            TrapKind::ALL.into_iter().find(|kind| kind.name() == rest).unwrap_or_else(|| panic!("`{rest}`")),
        ),
        "threw" => Pattern::Threw(values(rest)),
        "exhausted" => Pattern::Exhausted(match rest {
            "stack" => Resource::Stack,
            "fuel" => Resource::Fuel,
            "memory" => Resource::Memory,
            _ => panic!("`{rest}` is no resource"),
        }),
        "malformed" => Pattern::Malformed,
        "invalid" => Pattern::Invalid,
        "unlinkable" => Pattern::Unlinkable,
        "absent" => Pattern::Absent,
        "unclassified" => Pattern::Unclassified,
        _ => Pattern::Returned(values(text)),
    }
}

/// The binary form of a module in text.
///
/// # Panics
///
/// Where the text is no module: a mistake in the text.
#[must_use]
pub fn module(text: &str) -> Vec<u8> {
    let buffer = wast::parser::ParseBuffer::new(text).expect("the text has tokens");
    let mut wat: wast::Wat<'_> = wast::parser::parse(&buffer).unwrap_or_else(|error| panic!("{error}\n{text}"));
    wat.encode().unwrap_or_else(|error| panic!("{error}\n{text}"))
}
