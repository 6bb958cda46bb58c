//! A plan as operations, with what is needed to read the answers.

use std::ops::Range;
use std::sync::Arc;

use wassay_adapter::limits::{ELEMENTS_MAX, MEMORY_BYTES_MAX};
use wassay_adapter::{Check, ExternKind, FIRST, FIRST_IN_FULL, Import, Prepared};
use wassay_model::{
    Action, Capture, Feature, Features, FuncType, Host, InstanceIdx, ModuleIdx, Outcome, Snapshot, Value, host,
};

use crate::build::Source;
use crate::caller::{Caller, Callers};
use crate::drive::{Ask, Callee, CallerOf, Crossing, Driver, Item, Look, RefArgs, Wants, driver};
use crate::fixed::{EYE_MODULE, FRAME_MODULE, Pages, TRACE_INSTANCE, TRACE_MODULE, eye, eye_imports, trace_imports};
use crate::host::{HostFunc, HostModule, host_module};
use crate::read::{Entity, Module, Signature};
use crate::slot::{Shape, write_arg};
use crate::{FRAME, Glimpse, ImportEntry, Op, Worker};

/// A case as operations for one worker.
#[derive(Clone, Debug)]
pub struct Script {
    pub(crate) ops: Vec<Op>,
    pub(crate) steps: Vec<StepScript>,
    /// How many modules the case has.
    pub(crate) modules: usize,
    pub(crate) capture: Capture,
    /// The functions of the host, by the number that the trace calls them by.
    pub(crate) hosts: Vec<HostFunc>,
    /// Functions of the host that the worker asks back for.
    pub(crate) asked_back: Vec<(Arc<str>, Arc<FuncType>)>,
}

/// A step as operations.
#[derive(Clone, Debug)]
pub(crate) struct StepScript {
    /// Which operations it needs; those of the first step begin behind what prepares the whole.
    pub(crate) ops: Range<usize>,
    pub(crate) act: Act,
    /// The operation that shows the calls of the host.
    pub(crate) trace: Option<usize>,
    /// The looks at the state, where it is wanted.
    pub(crate) state: Option<Vec<Glance>>,
}

/// What a step does. Operations go by their position.
#[derive(Clone, Debug)]
pub(crate) enum Act {
    Wrong { words: String, instantiates: bool },
    Absent,
    Load { module: usize, load: Option<usize> },
    Instantiate { module: usize, load: Option<usize>, links: Links },
    Register { instance: usize },
    Invoke { instance: usize, how: Result<How<Arc<Crossing>>, Outcome> },
    Get { instance: usize, how: Result<How<Shape>, Outcome> },
}

/// How a function or a global is reached.
#[derive(Clone, Debug)]
pub(crate) enum How<T> {
    /// A driver leaves bytes.
    Driven(usize, T),
    /// The worker tells values.
    Told(usize),
}

/// How an instance is linked.
#[derive(Clone, Debug)]
pub(crate) enum Links {
    /// There is nothing that an import could be given.
    Unlinkable,
    /// The host cannot give what an import asks for.
    Refused(&'static str),
    /// The engine is asked.
    Asked {
        op: usize,
        /// For each import that nothing but instances can provide: which ones.
        providers: Vec<Vec<usize>>,
        /// What makes the driver.
        driver: Range<usize>,
    },
}

/// A look at the state of an instance.
#[derive(Clone, Debug)]
pub(crate) struct Glance {
    pub(crate) instance: usize,
    pub(crate) op: usize,
    pub(crate) at: Seen,
}

/// What is looked at.
#[derive(Clone, Debug)]
pub(crate) enum Seen {
    /// All that a driver shows at once.
    All(Arc<[Item]>),
    /// One export, told by the worker.
    One(Item),
}

impl Script {
    /// Lowers a case for a worker. The worker must have been sent [`setup`](crate::setup) before. The callers are those of
    /// all scripts that the worker is ever sent.
    #[must_use]
    pub fn lower(prepared: &Prepared<'_>, capture: Capture, worker: &Worker, callers: &mut Callers) -> Self {
        let mut lowering = Lowering::new(prepared, capture, worker, callers);
        lowering.want();
        lowering.prepare();
        for index in 0..prepared.case().plan.steps.len() {
            lowering.step(index);
        }
        lowering.script
    }

    /// The operations, in order.
    #[must_use]
    pub fn ops(&self) -> &[Op] {
        &self.ops
    }
}

/// The types of the functions that a case invokes, with the kinds of references that are passed, as far as callers that
/// know nothing of its modules can invoke them.
pub(crate) fn plain_calls(prepared: &Prepared<'_>, worker: &Worker) -> Vec<(Arc<Signature>, Vec<RefArgs>)> {
    let mut callers = Callers::default();
    let mut lowering = Lowering::new(prepared, Capture::Digests, worker, &mut callers);
    lowering.want();
    let tells_tags = lowering.usable.contains(Feature::Exceptions);
    let mut calls = Vec::new();
    for Lowered { read, wants, .. } in lowering.modules {
        let Some(module) = read.filter(|module| !(tells_tags && module.has_tags())) else { continue };
        for (name, args) in wants.funcs {
            if let Some(Entity::Func(ty)) = module.export(&name).map(|export| export.entity)
                && let Some(signature) = module.signature(ty).filter(|signature| signature.is_plain)
            {
                calls.push((Arc::clone(signature), args));
            }
        }
    }
    calls
}

struct Lowering<'p, 'a> {
    prepared: &'p Prepared<'a>,
    capture: Capture,
    worker: &'p Worker,
    usable: Features,
    callers: &'p mut Callers,
    script: Script,
    modules: Vec<Lowered>,
    /// By instance, as the steps make them.
    instances: Vec<Made>,
    registered: Vec<(&'a str, usize)>,
    next_module: i32,
    next_instance: i32,
    frame: i32,
    /// The trace, once a function of the host may be called.
    trace: Option<i32>,
    eyes: Vec<(Pages, i32)>,
}

/// What is known of a module.
#[derive(Default)]
struct Lowered {
    read: Option<Module>,
    wants: Wants,
    loaded: bool,
    driver: Option<(i32, Driver)>,
    /// The functions of the host for its imports; `Some(None)` where they cannot be made.
    host: Option<Option<(i32, HostModule)>>,
}

/// What is known of an instance.
#[derive(Clone, Copy, Default)]
struct Made {
    /// Whether the engine is asked for it at all.
    asked: bool,
    /// The instance of its driver.
    driver: Option<i32>,
}

const NO_DRIVER: &str = "the module could not be read, so nothing drives its instances";
const NO_HOST_FUNC: &str = "a function of the host whose type has too many parameters or results without null";

impl<'p, 'a> Lowering<'p, 'a> {
    fn new(prepared: &'p Prepared<'a>, capture: Capture, worker: &'p Worker, callers: &'p mut Callers) -> Self {
        let case = prepared.case();
        let instances = prepared.instance_modules().len();
        Self {
            prepared,
            capture,
            worker,
            usable: case.features.union(worker.features),
            callers,
            script: Script {
                ops: Vec::with_capacity(case.plan.steps.len() * 2 + 16),
                steps: Vec::with_capacity(case.plan.steps.len()),
                modules: case.modules.len(),
                capture,
                hosts: Vec::new(),
                asked_back: Vec::new(),
            },
            modules: (0..case.modules.len()).map(|_| Lowered::default()).collect(),
            instances: Vec::with_capacity(instances),
            registered: Vec::new(),
            next_module: number(case.modules.len()),
            next_instance: number(instances),
            frame: FRAME.instance,
            trace: None,
            eyes: vec![(Pages::ORDINARY, EYE_MODULE)],
        }
    }

    /// Finds out what the plan wants of each module.
    fn want(&mut self) {
        if !self.worker.drivers {
            return;
        }
        let steps = &self.prepared.case().plan.steps;
        let looks = steps.iter().any(|step| self.looks(step.snapshot));
        for module in self.prepared.instance_modules() {
            let Some(lowered) = self.modules.get_mut(module.position()) else { continue };
            if lowered.read.is_none() && self.prepared.interface(*module).is_some() {
                lowered.read = Module::read(&self.prepared.case().modules[module.position()].bytes.0);
                lowered.wants.state = looks;
                lowered.wants.has_objects = self.prepared.case().features.contains(Feature::Gc);
            }
        }
        for (step, check) in steps.iter().zip(self.prepared.checks()) {
            if !matches!(check, Check::Sound) {
                continue;
            }
            match &step.action {
                Action::Invoke { instance, export, args } => {
                    if let Some(module) = self.module_of(*instance) {
                        self.modules[module].wants.func(export, args);
                    }
                }
                Action::Get { instance, export } => {
                    if let Some(module) = self.module_of(*instance) {
                        self.modules[module].wants.get(export);
                    }
                }
                _ => {}
            }
        }
    }

    fn looks(&self, snapshot: Snapshot) -> bool {
        match (self.capture, snapshot) {
            (Capture::Full, Snapshot::Skip) | (_, Snapshot::Take) => true,
            (Capture::Digests, Snapshot::Skip) | (_, Snapshot::Never) => false,
        }
    }

    /// The module of an instance, where the case has it.
    fn module_of(&self, instance: InstanceIdx) -> Option<usize> {
        let module = self.prepared.instance_modules().get(instance.position())?.position();
        (module < self.modules.len()).then_some(module)
    }

    fn push(&mut self, op: Op) -> usize {
        self.script.ops.push(op);
        self.script.ops.len() - 1
    }

    fn new_module(&mut self, bytes: Arc<[u8]>) -> i32 {
        let module = self.next_module;
        self.next_module += 1;
        self.push(Op::Module { module, bytes });
        module
    }

    fn new_instance(&mut self, of: i32, imports: Vec<ImportEntry>) -> i32 {
        let instance = self.next_instance;
        self.next_instance += 1;
        self.push(Op::Instance { instance, of, imports });
        instance
    }

    fn prepare(&mut self) {
        if !self.worker.drivers {
            return;
        }
        if !self.worker.keeps {
            self.frame = self.new_instance(FRAME_MODULE, Vec::new());
        } else if self.capture == Capture::Full {
            // What an earlier case recorded does not count.
            self.push(Op::Call { call: self.frame, name: "forget".into(), input: Vec::new(), seat: None });
        }
    }

    fn step(&mut self, index: usize) {
        let start = self.script.ops.len();
        let prepared = self.prepared;
        let step = &prepared.case().plan.steps[index];
        let (act, trace) = match &prepared.checks()[index] {
            Check::Wrong(words) => {
                let instantiates = matches!(step.action, Action::Instantiate { .. });
                if instantiates {
                    self.instances.push(Made::default());
                }
                (Act::Wrong { words: words.clone(), instantiates }, None)
            }
            Check::Absent => (Act::Absent, None),
            Check::Sound => self.act(&step.action),
        };
        let state = self.looks(step.snapshot).then(|| self.glances());
        self.script.steps.push(StepScript { ops: start..self.script.ops.len(), act, trace, state });
    }

    fn act(&mut self, action: &'a Action) -> (Act, Option<usize>) {
        match action {
            Action::Load { module } => (Act::Load { module: module.position(), load: self.load(*module) }, None),
            Action::Instantiate { module } => self.instantiate(*module),
            Action::Register { instance, name } => {
                self.registered.push((name, instance.position()));
                (Act::Register { instance: instance.position() }, None)
            }
            Action::Invoke { instance, export, args } => {
                let how = self.invoke(*instance, export, args);
                // A step that the engine is not asked for calls nobody.
                let trace = if how.is_ok() { self.fetch() } else { None };
                (Act::Invoke { instance: instance.position(), how }, trace)
            }
            Action::Get { instance, export } => {
                (Act::Get { instance: instance.position(), how: self.get(*instance, export) }, None)
            }
        }
    }

    fn load(&mut self, module: ModuleIdx) -> Option<usize> {
        let position = module.position();
        if std::mem::replace(&mut self.modules[position].loaded, true) {
            return None;
        }
        let bytes = self.prepared.case().modules[position].bytes.0.as_slice().into();
        Some(self.push(Op::Module { module: number(position), bytes }))
    }

    fn instantiate(&mut self, module: ModuleIdx) -> (Act, Option<usize>) {
        let load = self.load(module);
        let position = module.position();
        let prepared = self.prepared;
        let imports = prepared.interface(module).map_or(&[][..], |interface| &interface.imports);
        let act = |links| Act::Instantiate { module: position, load, links };
        let instance = self.instances.len();
        let (entries, providers) = match self.link(position, imports) {
            Ok(linked) => linked,
            Err(links) => {
                self.instances.push(Made::default());
                return (act(links), None);
            }
        };
        let op = self.push(Op::Instance { instance: number(instance), of: number(position), imports: entries.clone() });
        let starts = self.modules[position].read.as_ref().is_some_and(|read| read.starts);
        let trace = if starts { self.fetch() } else { None };
        let start = self.script.ops.len();
        let driver = self.drive(position, number(instance), &entries);
        self.instances.push(Made { asked: true, driver });
        (act(Links::Asked { op, providers, driver: start..self.script.ops.len() }), trace)
    }

    /// What each import is given, and which instances must be there for that.
    fn link(&mut self, module: usize, imports: &[Import]) -> Result<(Vec<ImportEntry>, Vec<Vec<usize>>), Links> {
        let prepared = self.prepared;
        let by_host = |import: &Import| {
            let func = matches!(import.kind, ExternKind::Func(_));
            func && prepared.case().host == Host::Deterministic && import.module == host::MODULE
        };
        let mut found: Vec<Vec<usize>> = Vec::with_capacity(imports.len());
        for import in imports {
            let candidates: Vec<usize> = self
                .registered
                .iter()
                .rev()
                .filter(|(name, instance)| {
                    let idx = InstanceIdx(u32::try_from(*instance).unwrap_or(u32::MAX));
                    *name == import.module
                        && self.instances.get(*instance).is_some_and(|made| made.asked)
                        && prepared.interface_of(idx).is_some_and(|interface| interface.export(&import.name).is_some())
                })
                .map(|(_, instance)| *instance)
                .collect();
            if candidates.is_empty() && !by_host(import) {
                return Err(Links::Unlinkable);
            }
            found.push(candidates);
        }
        let own = match self.worker.drivers && imports.iter().any(by_host) {
            true => self.host_instance(module, imports, &by_host),
            false => None,
        };
        let mut entries = Vec::with_capacity(imports.len());
        let mut providers = Vec::new();
        for ((position, import), candidates) in imports.iter().enumerate().zip(found) {
            let name: Arc<str> = import.name.as_str().into();
            let mut exports: Vec<(i32, Arc<str>)> =
                candidates.iter().map(|instance| (number(*instance), Arc::clone(&name))).collect();
            match (by_host(import), own, &import.kind) {
                (true, Some(own), _) => exports.push((own, format!("h{position}").into())),
                (true, None, ExternKind::Func(ty)) if !self.worker.drivers && candidates.is_empty() => {
                    self.script.asked_back.push((Arc::clone(&name), Arc::clone(ty)));
                    entries.push(ImportEntry::Host { name, ty: Arc::clone(ty) });
                    continue;
                }
                (true, None, _) if candidates.is_empty() => return Err(Links::Refused(NO_HOST_FUNC)),
                _ => providers.push(candidates),
            }
            entries.push(ImportEntry::Exports(exports));
        }
        Ok((entries, providers))
    }

    /// An instance of the functions that the host gives to a module: each instance has its own.
    fn host_instance(&mut self, module: usize, imports: &[Import], by_host: &dyn Fn(&Import) -> bool) -> Option<i32> {
        if self.modules[module].host.is_none() {
            let wanted: Vec<(usize, Arc<str>)> = imports
                .iter()
                .enumerate()
                .filter(|(_, import)| by_host(import))
                .map(|(position, import)| (position, import.name.as_str().into()))
                .collect();
            let first_max = match self.capture {
                Capture::Digests => FIRST,
                Capture::Full => FIRST_IN_FULL,
            };
            let made = self.modules[module].read.as_ref().and_then(|read| {
                host_module(read, &wanted, first_max as u32, &mut self.script.hosts, self.worker, self.usable)
            });
            self.modules[module].host = Some(made.map(|made| (self.new_module(Arc::clone(&made.bytes)), made)));
        }
        if self.trace.is_none() {
            self.trace = Some(if self.worker.keeps {
                self.push(Op::Call { call: TRACE_INSTANCE, name: "reset".into(), input: Vec::new(), seat: None });
                TRACE_INSTANCE
            } else {
                self.new_instance(TRACE_MODULE, trace_imports(self.frame))
            });
        }
        let (of, made) = self.modules[module].host.as_ref()?.as_ref()?;
        let (of, imports) = (*of, made.sources.iter().map(|source| self.source(source, 0, &[], &[])).collect());
        Some(self.new_instance(of, imports))
    }

    fn source(&self, source: &Source, instance: i32, entries: &[ImportEntry], eyes: &[i32]) -> ImportEntry {
        match source {
            Source::Own(name) => ImportEntry::Exports(vec![(instance, Arc::clone(name))]),
            Source::Frame(name) => ImportEntry::export(self.frame, name),
            // Where there is no trace, nothing asks for it.
            Source::Trace(name) => ImportEntry::export(self.trace.unwrap_or(self.frame), name),
            Source::Eye(position) => ImportEntry::export(eyes[*position], "look"),
            Source::Import(position) => entries[*position].clone(),
            Source::Builtin(builtin) => ImportEntry::Builtin(*builtin),
        }
    }

    /// Makes the driver of an instance, where the plan wants anything of it.
    fn drive(&mut self, module: usize, instance: i32, entries: &[ImportEntry]) -> Option<i32> {
        let lowered = &self.modules[module];
        let read = lowered.read.as_ref()?;
        if lowered.driver.is_none() {
            let made = driver(read, &lowered.wants, self.capture, self.worker, self.usable, self.callers);
            let of = if made.is_idle { -1 } else { self.new_module(Arc::clone(&made.bytes)) };
            self.modules[module].driver = Some((of, made));
        }
        let (of, made) = self.modules[module].driver.as_ref()?;
        let of = *of;
        // Once more for each instance: where one is refused, whoever is called through it says so.
        self.script.ops.extend(made.kept().map(Caller::keep));
        if of < 0 {
            return None;
        }
        let wanted = made.eyes.clone();
        let mut eyes = Vec::with_capacity(wanted.len());
        for (memory, pages) in wanted {
            let of = self.eye(pages);
            eyes.push(self.new_instance(of, eye_imports(self.frame, instance, &memory)));
        }
        let (_, made) = self.modules[module].driver.as_ref()?;
        let imports = made.sources.iter().map(|source| self.source(source, instance, entries, &eyes)).collect();
        Some(self.new_instance(of, imports))
    }

    fn eye(&mut self, pages: Pages) -> i32 {
        if let Some((_, module)) = self.eyes.iter().find(|(known, _)| *known == pages) {
            return *module;
        }
        let module = self.new_module(eye(pages));
        self.eyes.push((pages, module));
        module
    }

    /// Fetches the trace, where a function of the host may have been called.
    fn fetch(&mut self) -> Option<usize> {
        let call = self.trace?;
        Some(self.push(Op::Call { call, name: "trace".into(), input: Vec::new(), seat: None }))
    }

    fn made(&self, instance: InstanceIdx) -> Option<Made> {
        self.instances.get(instance.position()).copied().filter(|made| made.asked)
    }

    fn invoke(&mut self, instance: InstanceIdx, export: &str, args: &[Value]) -> Result<How<Arc<Crossing>>, Outcome> {
        let made = self.made(instance).ok_or(Outcome::Absent)?;
        if !self.worker.drivers {
            let invoke = number(instance.position());
            return Ok(How::Told(self.push(Op::Invoke { invoke, name: export.into(), args: args.to_vec() })));
        }
        let callee = self
            .module_of(instance)
            .and_then(|module| {
                let Lowered { wants, driver, .. } = &mut self.modules[module];
                let position = wants.func(export, args);
                driver.as_ref()?.1.funcs.get(position).cloned()
            })
            .ok_or_else(|| Outcome::Unclassified(NO_DRIVER.to_owned()))?;
        let callee = callee.map_err(|why| Outcome::Refused(why.to_owned()))?;
        let call = match &callee.of {
            CallerOf::Driver => made.driver,
            CallerOf::Kept(caller) => Some(caller.instance),
        };
        let call = call.ok_or_else(|| Outcome::Unclassified(NO_DRIVER.to_owned()))?;
        let mut input = Vec::with_capacity(args.len() * crate::layout::SLOT as usize);
        args.iter().for_each(|arg| write_arg(*arg, &mut input));
        let Callee { func, crossing, .. } = callee;
        // A driver that imports nothing of the instance is told each time what it calls.
        let seat = self.worker.seats.then(|| (number(instance.position()), export.into()));
        let op = self.push(Op::Call { call, name: func, input, seat });
        Ok(How::Driven(op, crossing))
    }

    fn get(&mut self, instance: InstanceIdx, export: &str) -> Result<How<Shape>, Outcome> {
        let made = self.made(instance).ok_or(Outcome::Absent)?;
        if !self.worker.drivers {
            let global = number(instance.position());
            return Ok(How::Told(self.push(Op::Global { global, name: export.into() })));
        }
        let (position, shape) = self
            .module_of(instance)
            .and_then(|module| {
                let Lowered { wants, driver, .. } = &mut self.modules[module];
                let position = wants.get(export);
                Some((position, *driver.as_ref()?.1.gets.get(position)?))
            })
            .ok_or_else(|| Outcome::Unclassified(NO_DRIVER.to_owned()))?;
        let shape = shape.map_err(|why| Outcome::Refused(why.to_owned()))?;
        let call = made.driver.ok_or_else(|| Outcome::Unclassified(NO_DRIVER.to_owned()))?;
        let op = self.push(Op::Call { call, name: format!("g{position}").into(), input: Vec::new(), seat: None });
        Ok(How::Driven(op, shape))
    }

    /// Looks at the state of every instance that there may be.
    fn glances(&mut self) -> Vec<Glance> {
        let mut glances = Vec::new();
        for position in 0..self.instances.len() {
            let made = self.instances[position];
            let idx = InstanceIdx(u32::try_from(position).unwrap_or(u32::MAX));
            if !made.asked {
                continue;
            }
            if !self.worker.drivers {
                self.single_glances(idx, &mut glances);
                continue;
            }
            if self.worker.looks {
                self.look(idx, &mut glances);
                continue;
            }
            let items =
                self.module_of(idx).and_then(|module| Some(Arc::clone(&self.modules[module].driver.as_ref()?.1.state)));
            if let (Some(call), Some(items)) = (made.driver, items)
                && !items.is_empty()
            {
                let op = self.push(Op::Call { call, name: "state".into(), input: Vec::new(), seat: None });
                glances.push(Glance { instance: position, op, at: Seen::All(items) });
            }
        }
        glances
    }

    /// Has the worker look at an instance.
    fn look(&mut self, instance: InstanceIdx, glances: &mut Vec<Glance>) {
        let position = instance.position();
        let driver = self.instances[position].driver;
        let Some((_, made)) = self.module_of(instance).and_then(|module| self.modules[module].driver.as_ref()) else {
            return;
        };
        let items = Arc::clone(&made.state);
        let glimpse = |(item, ask): (&Item, &Ask)| {
            let name = Arc::clone(&item.name);
            match ask {
                Ask::Memory => Glimpse::Memory(name),
                Ask::Number(number, reader) => Glimpse::Number(name, *number, *reader),
                Ask::Reference(referent) => Glimpse::Reference(name, *referent),
                Ask::Table(referent) => Glimpse::Table(name, *referent),
                // Where it has a function for this, there is a driver.
                Ask::Driver(func) => Glimpse::Left(driver.unwrap_or(self.frame), Arc::clone(func)),
            }
        };
        let glimpses: Vec<Glimpse> = items.iter().zip(&made.glances).map(glimpse).collect();
        if glimpses.is_empty() {
            return;
        }
        let full = self.capture == Capture::Full;
        let op = self.push(Op::Look { look: number(position), glimpses, full });
        glances.push(Glance { instance: position, op, at: Seen::All(items) });
    }

    fn single_glances(&mut self, instance: InstanceIdx, glances: &mut Vec<Glance>) {
        let prepared = self.prepared;
        let exports = prepared.interface_of(instance).map_or(&[][..], |interface| &interface.exports);
        let of = number(instance.position());
        for export in exports {
            let name: Arc<str> = export.name.as_str().into();
            let (op, look) = match export.kind {
                ExternKind::Memory => {
                    let name = Arc::clone(&name);
                    (Op::Memory { memory: of, name, bytes_max: MEMORY_BYTES_MAX }, Look::Memory)
                }
                // The worker tells the type.
                ExternKind::Global => (Op::Global { global: of, name: Arc::clone(&name) }, Look::Global(Shape::Ref)),
                ExternKind::Table => {
                    (Op::Table { table: of, name: Arc::clone(&name), elements_max: ELEMENTS_MAX }, Look::Table)
                }
                ExternKind::Func(_) | ExternKind::Tag => continue,
            };
            let op = self.push(op);
            glances.push(Glance { instance: instance.position(), op, at: Seen::One(Item { name, look }) });
        }
    }
}

/// The number of a module or instance of the case.
fn number(position: usize) -> i32 {
    i32::try_from(position).unwrap_or(i32::MAX)
}
