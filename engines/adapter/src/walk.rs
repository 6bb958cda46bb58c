//! The walk of a plan over an engine.
//!
//! The walk resolves imports by itself and asks for exports by the names of [`Interface`], so that
//! engines are asked alike. It catches no panic: an engine that panics takes the walk with it, and the
//! program that hosts it says so.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::time::{Duration, Instant};

use wassay_model::{
    Action, Bytes, Capture, Contents, Digest, Ending, ExportName, FuncType, HeapType, Host, HostCalls, Identity,
    InstanceIdx, MemoryState, ModuleIdx, Nullability, Observation, OpenChoice, Outcome, Ref, RefType, Resource,
    Snapshot, State, Step, StepIdx, TableState, TestCase, Timing, ValType, Value, host,
};

use crate::{Engine, Extern, ExternKind, HostHandle, Interface, Session};

/// Memories beyond this size are not read: digesting one would take longer than the case.
pub const MEMORY_BYTES_MAX: u64 = 64 << 20;
/// Bytes of one memory that full capture records. Blocks behind them are left out, which does not hide
/// the first difference between two memories: up to there both records hold the same blocks.
pub const BLOCK_BYTES_MAX: usize = 1 << 20;
/// Bytes of all memories that full capture records over a whole observation; then it takes digests. A
/// plan of fifty steps over a megabyte would otherwise make a record of fifty.
pub const BLOCK_BYTES_MAX_IN_ALL: usize = 16 << 20;
/// Elements of one table that a snapshot looks at.
pub const ELEMENTS_MAX: u64 = 100_000;
/// The grain at which full capture leaves out zeros.
pub const BLOCK: usize = 64;

/// A case with all that every engine needs of it, worked out once.
#[derive(Debug)]
pub struct Prepared<'a> {
    case: &'a TestCase,
    /// By module; none where our reader can't read it.
    interfaces: Vec<Option<Interface>>,
    /// By instance.
    modules: Vec<ModuleIdx>,
    /// By step.
    checks: Vec<Check>,
}

/// What is known of a step before any engine is asked.
#[derive(Debug)]
pub enum Check {
    /// Nothing speaks against it.
    Sound,
    /// It names an export that its module has not.
    Absent,
    /// The case breaks its own rules: our mistake, no engine's.
    Wrong(String),
}

impl<'a> Prepared<'a> {
    /// Reads the interfaces of the modules and checks the plan against them.
    #[must_use]
    pub fn new(case: &'a TestCase) -> Self {
        let interfaces: Vec<_> = case.modules.iter().map(|module| Interface::read(&module.bytes.0)).collect();
        let modules: Vec<ModuleIdx> = case
            .plan
            .steps
            .iter()
            .filter_map(|step| match step.action {
                Action::Instantiate { module } => Some(module),
                _ => None,
            })
            .collect();
        let checks = case.plan.steps.iter().map(|step| check(&step.action, &interfaces, &modules)).collect();
        Self { case, interfaces, modules, checks }
    }

    /// The case.
    #[must_use]
    pub const fn case(&self) -> &'a TestCase {
        self.case
    }

    /// The interface of a module, where it can be read.
    #[must_use]
    pub fn interface(&self, module: ModuleIdx) -> Option<&Interface> {
        self.interfaces.get(module.position())?.as_ref()
    }

    /// The modules of the instances that the plan makes, by instance.
    #[must_use]
    pub fn instance_modules(&self) -> &[ModuleIdx] {
        &self.modules
    }

    /// What is known of each step before any engine is asked, by step.
    #[must_use]
    pub fn checks(&self) -> &[Check] {
        &self.checks
    }

    /// The interface of an instance's module, where it can be read.
    #[must_use]
    pub fn interface_of(&self, instance: InstanceIdx) -> Option<&Interface> {
        self.interface(*self.modules.get(instance.position())?)
    }
}

fn check(action: &Action, interfaces: &[Option<Interface>], modules: &[ModuleIdx]) -> Check {
    let interface_of = |instance: &InstanceIdx| interfaces.get(modules.get(instance.position())?.position())?.as_ref();
    match action {
        Action::Load { module } | Action::Instantiate { module } if module.position() >= interfaces.len() => {
            Check::Wrong(format!("the case has no module {module}"))
        }
        Action::Load { .. } | Action::Instantiate { .. } | Action::Register { .. } => Check::Sound,
        Action::Invoke { instance, export, args } => match interface_of(instance).map(|known| known.export(export)) {
            None => Check::Sound,
            Some(Some(ExternKind::Func(ty))) => match mismatch(ty, args) {
                None => Check::Sound,
                Some(words) => Check::Wrong(words),
            },
            Some(_) => Check::Absent,
        },
        Action::Get { instance, export } => match interface_of(instance).map(|known| known.export(export)) {
            None | Some(Some(ExternKind::Global)) => Check::Sound,
            Some(_) => Check::Absent,
        },
    }
}

/// Why the arguments do not fit the type, if they do not.
fn mismatch(ty: &FuncType, args: &[Value]) -> Option<String> {
    if ty.params.len() != args.len() {
        return Some(format!("the plan passes {} arguments to a function of {}", args.len(), ty.params.len()));
    }
    let position = ty.params.iter().zip(args).position(|(param, arg)| !fits(*param, *arg))?;
    Some(format!("the plan passes {} as argument {position} of type {}", args[position], ty.params[position]))
}

fn fits(param: ValType, arg: Value) -> bool {
    match (param, arg) {
        (ValType::I32, Value::I32(_))
        | (ValType::I64, Value::I64(_))
        | (ValType::F32, Value::F32(_))
        | (ValType::F64, Value::F64(_))
        | (ValType::V128, Value::V128(_)) => true,
        (ValType::Ref(RefType { nullability, .. }), Value::Ref(Ref::Null)) => nullability == Nullability::Nullable,
        (ValType::Ref(RefType { heap, .. }), Value::Ref(Ref::Extern(_))) => {
            matches!(heap, HeapType::Extern | HeapType::Any)
        }
        (ValType::Ref(RefType { heap, .. }), Value::Ref(Ref::I31(_))) => {
            matches!(heap, HeapType::I31 | HeapType::Eq | HeapType::Any)
        }
        _ => false,
    }
}

/// Asks `engine` every question of the plan and records what it does.
pub fn walk(engine: &mut dyn Engine, prepared: &Prepared<'_>, capture: Capture) -> Observation {
    let case = prepared.case;
    let mut observation = Observation {
        engine: engine.id().clone(),
        steps: Vec::new(),
        ending: Ending::Finished,
        open: Vec::new(),
        words: Vec::new(),
        instructions: Vec::new(),
        timing: Timing::default(),
    };
    if let Some(feature) = case.features.minus(engine.capabilities().features).iter().next() {
        observation.ending = Ending::Declined(feature);
        return observation;
    }
    let host = HostHandle::new(capture);
    let start = Instant::now();
    let session = engine.open(&case.limits, host.clone());
    observation.timing.instantiate_ns += nanos(start.elapsed());
    let session = match session {
        Ok(session) => session,
        Err(Outcome::Exhausted(Resource::Memory)) => {
            observation.ending = Ending::OutOfMemory;
            return observation;
        }
        Err(outcome) => {
            observation.ending = Ending::Unclassified(format!("no store: the engine {outcome}"));
            return observation;
        }
    };
    observation.steps.reserve_exact(case.plan.steps.len());
    let mut walk = Walk {
        prepared,
        session,
        host,
        capture,
        loaded: vec![None; case.modules.len()],
        live: Vec::with_capacity(prepared.modules.len()),
        registered: Vec::new(),
        identities: Identities::default(),
        block_bytes: 0,
        counts: true,
        observation,
    };
    for index in 0..case.plan.steps.len() {
        walk.step(index);
    }
    let Walk { session, counts, mut observation, .. } = walk;
    if !counts {
        observation.instructions = Vec::new();
    }
    // Giving a store back is the engine's own work, and not a small part of it.
    let start = Instant::now();
    drop(session);
    observation.timing.instantiate_ns += nanos(start.elapsed());
    observation
}

struct Walk<'p, 'a, 'e> {
    prepared: &'p Prepared<'a>,
    session: Box<dyn Session + 'e>,
    host: HostHandle,
    capture: Capture,
    /// What loading said, by module, once it was asked.
    loaded: Vec<Option<Outcome>>,
    /// Whether an instance came to be, by instance.
    live: Vec<bool>,
    /// Names for imports; a later one hides an earlier one.
    registered: Vec<(&'a str, InstanceIdx)>,
    identities: Identities,
    /// Bytes recorded by full capture so far.
    block_bytes: usize,
    /// Whether the engine has counted its instructions for every step so far.
    counts: bool,
    observation: Observation,
}

/// Whether the engine had a part in a step.
enum Asked {
    Yes,
    No,
}

impl<'a> Walk<'_, 'a, '_> {
    fn step(&mut self, index: usize) {
        let prepared = self.prepared;
        let step = &prepared.case.plan.steps[index];
        let (outcome, asked) = match &prepared.checks[index] {
            Check::Wrong(words) => {
                if let Action::Instantiate { .. } = step.action {
                    self.live.push(false);
                }
                (Outcome::Unclassified(words.clone()), Asked::No)
            }
            Check::Absent => (Outcome::Absent, Asked::No),
            Check::Sound => self.act(&step.action),
        };
        let host_calls = match asked {
            Asked::Yes => self.evidence(index, &outcome),
            Asked::No => {
                self.observation.instructions.push(0);
                HostCalls::default()
            }
        };
        let state = match (self.capture, step.snapshot) {
            (Capture::Full, Snapshot::Skip) | (_, Snapshot::Take) => Some(self.state()),
            (Capture::Digests, Snapshot::Skip) | (_, Snapshot::Never) => None,
        };
        self.observation.steps.push(Step { outcome, host_calls, state });
    }

    /// Records what stands beside the outcome.
    fn evidence(&mut self, index: usize, outcome: &Outcome) -> HostCalls {
        let step = StepIdx(u32::try_from(index).unwrap_or(u32::MAX));
        if self.capture == Capture::Full
            && !matches!(outcome, Outcome::Returned(_))
            && let Some(words) = self.session.words()
        {
            self.observation.words.push((step, words));
        }
        let open: Vec<OpenChoice> = self.session.open_choices();
        self.observation.open.extend(open.into_iter().map(|choice| (step, choice)));
        if self.counts {
            match self.session.instructions() {
                Some(count) => self.observation.instructions.push(count),
                None => self.counts = false,
            }
        }
        self.host.take_calls()
    }

    fn act(&mut self, action: &'a Action) -> (Outcome, Asked) {
        match action {
            Action::Load { module } => self.load(*module),
            Action::Instantiate { module } => {
                let (outcome, asked) = self.instantiate(*module);
                self.live.push(matches!(outcome, Outcome::Returned(_)));
                (outcome, asked)
            }
            Action::Register { instance, .. } | Action::Invoke { instance, .. } | Action::Get { instance, .. }
                if !self.is_live(*instance) =>
            {
                (Outcome::Absent, Asked::No)
            }
            Action::Register { instance, name } => {
                self.registered.push((name, *instance));
                (Outcome::Returned(Vec::new()), Asked::No)
            }
            Action::Invoke { instance, export, args } => {
                let start = Instant::now();
                let mut outcome = self.session.invoke(*instance, export, args);
                self.observation.timing.invoke_ns += nanos(start.elapsed());
                match &mut outcome {
                    Outcome::Returned(values) => values.iter_mut().for_each(|value| self.identities.number(value)),
                    Outcome::Threw(exception) => {
                        exception.payload.iter_mut().flatten().for_each(|value| self.identities.number(value));
                    }
                    _ => {}
                }
                (outcome, Asked::Yes)
            }
            Action::Get { instance, export } => match self.session.global(*instance, export) {
                Some(mut value) => {
                    self.identities.number(&mut value);
                    (Outcome::Returned(vec![value]), Asked::Yes)
                }
                None => (Outcome::Absent, Asked::Yes),
            },
        }
    }

    fn is_live(&self, instance: InstanceIdx) -> bool {
        self.live.get(instance.position()).copied().unwrap_or(false)
    }

    fn load(&mut self, module: ModuleIdx) -> (Outcome, Asked) {
        let position = module.position();
        if let Some(outcome) = &self.loaded[position] {
            return (outcome.clone(), Asked::No);
        }
        let start = Instant::now();
        let outcome = self.session.load(module, &self.prepared.case.modules[position].bytes.0);
        self.observation.timing.load_ns += nanos(start.elapsed());
        self.loaded[position] = Some(outcome.clone());
        (outcome, Asked::Yes)
    }

    fn instantiate(&mut self, module: ModuleIdx) -> (Outcome, Asked) {
        let (outcome, asked) = self.load(module);
        if !matches!(outcome, Outcome::Returned(_)) {
            return (outcome, asked);
        }
        let prepared = self.prepared;
        // Where our reader cannot read what the engine could load, the engine is asked to instantiate
        // without imports: had we answered for it, nobody would see that it took the module.
        let imports = prepared.interface(module).map_or(&[][..], |interface| &interface.imports);
        let mut externs = Vec::with_capacity(imports.len());
        for import in imports {
            let instance = self.registered.iter().rev().find_map(|(name, instance)| {
                (*name == import.module && prepared.interface_of(*instance)?.export(&import.name).is_some())
                    .then_some(*instance)
            });
            externs.push(match (instance, &import.kind) {
                (Some(instance), _) => Extern::Export { instance, export: &import.name },
                (None, ExternKind::Func(ty))
                    if prepared.case.host == Host::Deterministic && import.module == host::MODULE =>
                {
                    Extern::Host { name: &import.name, ty }
                }
                (None, _) => return (Outcome::Unlinkable, asked),
            });
        }
        let instance = InstanceIdx(u32::try_from(self.live.len()).unwrap_or(u32::MAX));
        let start = Instant::now();
        let outcome = self.session.instantiate(module, instance, &externs);
        self.observation.timing.instantiate_ns += nanos(start.elapsed());
        (outcome, Asked::Yes)
    }

    /// The exported state of every live instance.
    fn state(&mut self) -> State {
        let prepared = self.prepared;
        let mut state = State::default();
        for position in 0..self.live.len() {
            if !self.live[position] {
                continue;
            }
            let instance = InstanceIdx(u32::try_from(position).unwrap_or(u32::MAX));
            let exports = prepared.interface_of(instance).map_or(&[][..], |interface| &interface.exports);
            for export in exports {
                let name = || ExportName { instance, name: export.name.clone() };
                match export.kind {
                    ExternKind::Memory => {
                        if let Some(memory) = self.memory(instance, &export.name) {
                            state.memories.push((name(), memory));
                        }
                    }
                    ExternKind::Global => {
                        if let Some(mut value) = self.session.global(instance, &export.name) {
                            self.identities.number(&mut value);
                            state.globals.push((name(), value));
                        }
                    }
                    ExternKind::Table => {
                        if let Some(table) = self.table(instance, &export.name) {
                            state.tables.push((name(), table));
                        }
                    }
                    ExternKind::Func(_) | ExternKind::Tag => {}
                }
            }
        }
        state
    }

    fn memory(&mut self, instance: InstanceIdx, export: &str) -> Option<MemoryState> {
        let mut contents = Contents::Unread;
        let room = match self.capture {
            Capture::Digests => None,
            Capture::Full => (self.block_bytes < BLOCK_BYTES_MAX_IN_ALL).then_some(&mut self.block_bytes),
        };
        let mut room = room;
        let bytes = self.session.memory(instance, export, MEMORY_BYTES_MAX, &mut |bytes| {
            let digest = Digest::of(bytes);
            contents = match &mut room {
                None => Contents::Digest(digest),
                Some(used) => {
                    let blocks = blocks(bytes);
                    **used += blocks.iter().map(|(_, block)| block.0.len()).sum::<usize>();
                    Contents::Full { digest, blocks }
                }
            };
        })?;
        Some(MemoryState { bytes, contents })
    }

    fn table(&mut self, instance: InstanceIdx, export: &str) -> Option<TableState> {
        let mut runs: Vec<(u64, Ref)> = Vec::new();
        let mut seen = 0;
        let identities = &mut self.identities;
        let elements = self.session.table(instance, export, &mut |mut element| {
            if seen == ELEMENTS_MAX {
                return false;
            }
            seen += 1;
            identities.number_ref(&mut element);
            match runs.last_mut() {
                Some((count, last)) if *last == element => *count += 1,
                _ => runs.push((1, element)),
            }
            true
        })?;
        Some(TableState { elements, runs })
    }
}

/// All blocks that are not all zero, neighbours merged, up to [`BLOCK_BYTES_MAX`] bytes.
#[must_use]
pub fn blocks(bytes: &[u8]) -> Vec<(u64, Bytes)> {
    let mut blocks: Vec<(u64, Bytes)> = Vec::new();
    let mut room = BLOCK_BYTES_MAX;
    for (index, block) in bytes.chunks(BLOCK).enumerate() {
        if block == &[0; BLOCK][..block.len()] {
            continue;
        }
        if room < block.len() {
            break;
        }
        room -= block.len();
        let offset = (index * BLOCK) as u64;
        match blocks.last_mut() {
            Some((start, run)) if *start + run.0.len() as u64 == offset => run.0.extend_from_slice(block),
            _ => blocks.push((offset, Bytes(block.to_vec()))),
        }
    }
    blocks
}

/// Numbers objects in the order in which the walk meets them, functions apart from structures and so
/// on: an engine that cannot tell one kind's identities has the same numbers for the others.
#[derive(Debug, Default)]
pub struct Identities {
    known: HashMap<(Kind, u32), u32>,
    met: [u32; 5],
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Kind {
    Func,
    Struct,
    Array,
    Exn,
    Opaque,
}

impl Identities {
    /// Gives the object that a value refers to, if it does, its number in place of the engine's.
    pub fn number(&mut self, value: &mut Value) {
        if let Value::Ref(reference) = value {
            self.number_ref(reference);
        }
    }

    /// Likewise for a reference.
    pub fn number_ref(&mut self, reference: &mut Ref) {
        let (kind, identity) = match reference {
            Ref::Null | Ref::Extern(_) | Ref::I31(_) => return,
            Ref::Func(identity) => (Kind::Func, identity),
            Ref::Struct(identity) => (Kind::Struct, identity),
            Ref::Array(identity) => (Kind::Array, identity),
            Ref::Exn(identity) => (Kind::Exn, identity),
            Ref::Opaque(identity) => (Kind::Opaque, identity),
        };
        let Identity::Known(raw) = identity else { return };
        *raw = match self.known.entry((kind, *raw)) {
            Entry::Occupied(known) => *known.get(),
            Entry::Vacant(place) => {
                let next = &mut self.met[kind as usize];
                let number = *next;
                *next += 1;
                *place.insert(number)
            }
        };
    }
}

fn nanos(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}
