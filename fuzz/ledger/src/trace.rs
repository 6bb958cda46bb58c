//! Running marked modules on the reference, and reading the marks.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use wassay_adapter::{Engine, Extern, HostHandle, Prepared, Session, walk};
use wassay_generate::{Cell, Sink};
use wassay_model::{
    Bytes, Capabilities, Capture, Ending, EngineId, EngineName, InstanceIdx, Limits, ModuleIdx, Observation,
    OpenChoice, Outcome, PlanStep, Ref, Snapshot, StepIdx, TestCase, Value, Verdict,
};

use crate::{MARKS, Site, mark, sites};

/// A mark is four instructions for one, and the reference counts instructions.
const FUEL_FACTOR: u64 = 6;

/// A cell that a step was the first of its case to execute.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// The step.
    pub step: StepIdx,
    /// The cell.
    pub cell: Cell,
    /// Whether the value shows in the state rather than in a result.
    pub in_state: bool,
}

/// Runs cases with marks.
pub struct Tracer {
    engine: Box<dyn Engine>,
}

impl std::fmt::Debug for Tracer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tracer").finish_non_exhaustive()
    }
}

impl Default for Tracer {
    fn default() -> Self {
        Self::new()
    }
}

impl Tracer {
    /// On the bundled reference.
    ///
    /// # Panics
    ///
    /// Never: the reference is linked, and this crate asks for it.
    #[must_use]
    pub fn new() -> Self {
        let engine = wassay_in_process::open(&EngineName::plain("reference")).expect("the reference is linked");
        Self { engine }
    }

    /// The cells that the case's steps execute, each at the first step that does. Nothing is known of a module that
    /// cannot be read.
    pub fn trace(&mut self, case: &TestCase) -> Vec<Seen> {
        let mut marked = case.clone();
        let mut by_module: Vec<Vec<Site>> = Vec::new();
        for module in &mut marked.modules {
            let found = sites(&module.bytes.0).unwrap_or_default();
            match mark(&module.bytes.0, &found) {
                Ok(bytes) if !found.is_empty() => {
                    module.bytes = Bytes(bytes);
                    by_module.push(found);
                }
                _ => by_module.push(Vec::new()),
            }
        }
        marked.limits.fuel_max = marked.limits.fuel_max.saturating_mul(FUEL_FACTOR);
        for PlanStep { snapshot, .. } in &mut marked.plan.steps {
            *snapshot = Snapshot::Never;
        }
        let record = Rc::new(RefCell::new(Record::default()));
        let capabilities = self.engine.capabilities().clone();
        let id = self.engine.id().clone();
        let mut engine = Marked { engine: &mut *self.engine, capabilities, id, record: Rc::clone(&record) };
        let observation = walk(&mut engine, &Prepared::new(&marked), Capture::Digests);
        let record = record.take();

        let mut seen = Vec::new();
        let mut done = 0;
        for (step, upto) in observation.instructions.iter().enumerate() {
            let upto = usize::try_from(*upto).unwrap_or(usize::MAX).min(record.executed.len());
            for (module, site) in record.executed.get(done..upto).unwrap_or_default() {
                let Some(site) = by_module.get(module.position()).and_then(|sites| sites.get(*site)) else { continue };
                let in_state = matches!(site.sink, Sink::Store | Sink::Global | Sink::State);
                seen.extend(site.cells.iter().map(|cell| Seen {
                    step: StepIdx(u32::try_from(step).unwrap_or(u32::MAX)),
                    cell: *cell,
                    in_state,
                }));
            }
            done = done.max(upto);
        }
        seen
    }
}

/// Whether what a step executed was observed: at least `engines_min` engines finished the case, came as far as this
/// step without a horizon, and the step returned a value; or, for what shows in the state, a snapshot was taken at the
/// step or behind it.
#[must_use]
pub fn is_observed(
    step: StepIdx,
    in_state: bool,
    engines_min: usize,
    case: &TestCase,
    observations: &[Observation],
    verdict: &Verdict,
) -> bool {
    let witnesses: Vec<&Observation> = observations
        .iter()
        .filter(|observation| {
            observation.ending == Ending::Finished
                && observation.steps.len() > step.position()
                && !verdict
                    .horizons
                    .iter()
                    .any(|horizon| horizon.engine == observation.engine.name && horizon.step <= step)
        })
        .collect();
    if witnesses.len() < engines_min {
        return false;
    }
    let returned = witnesses.iter().all(
        |witness| matches!(&witness.steps[step.position()].outcome, Outcome::Returned(values) if !values.is_empty()),
    );
    returned || in_state && case.plan.steps[step.position()..].iter().any(|step| step.snapshot == Snapshot::Take)
}

/// What was executed, in the order in which marks were first seen: the module and the site's number in it.
#[derive(Default)]
struct Record {
    executed: Vec<(ModuleIdx, usize)>,
    /// What is known to be marked, by instance.
    before: BTreeMap<u32, Vec<u8>>,
}

/// The reference, watched: after each of its steps the marks are read. The walk keeps a number for each step, which
/// here is how many sites were executed up to it.
struct Marked<'e> {
    engine: &'e mut dyn Engine,
    capabilities: Capabilities,
    id: EngineId,
    record: Rc<RefCell<Record>>,
}

impl Engine for Marked<'_> {
    fn id(&self) -> &EngineId {
        &self.id
    }

    fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }

    fn open<'a>(&'a mut self, limits: &Limits, host: HostHandle) -> Result<Box<dyn Session + 'a>, Outcome> {
        let session = self.engine.open(limits, host)?;
        Ok(Box::new(Watched { session, modules: BTreeMap::new(), record: Rc::clone(&self.record) }))
    }
}

struct Watched<'e> {
    session: Box<dyn Session + 'e>,
    /// By instance.
    modules: BTreeMap<u32, ModuleIdx>,
    record: Rc<RefCell<Record>>,
}

/// Marks that are compared at once.
const PIECE: usize = 256;

impl Watched<'_> {
    fn read(&mut self) {
        let mut record = self.record.borrow_mut();
        let Record { executed, before } = &mut *record;
        for (instance, module) in &self.modules {
            let before = before.entry(*instance).or_default();
            self.session.memory(InstanceIdx(*instance), MARKS, u64::MAX, &mut |bytes| {
                before.resize(bytes.len(), 0);
                // Nearly all of a page of marks is as it was.
                for (piece, (old, new)) in before.chunks_mut(PIECE).zip(bytes.chunks(PIECE)).enumerate() {
                    if *old == *new {
                        continue;
                    }
                    for (at, (old, new)) in old.iter_mut().zip(new).enumerate() {
                        if *old != *new {
                            *old = *new;
                            executed.push((*module, piece * PIECE + at));
                        }
                    }
                }
            });
        }
    }
}

impl Session for Watched<'_> {
    fn load(&mut self, module: ModuleIdx, bytes: &[u8]) -> Outcome {
        self.session.load(module, bytes)
    }

    fn instantiate(&mut self, module: ModuleIdx, instance: InstanceIdx, imports: &[Extern<'_>]) -> Outcome {
        let outcome = self.session.instantiate(module, instance, imports);
        self.modules.insert(instance.0, module);
        self.read();
        outcome
    }

    fn invoke(&mut self, instance: InstanceIdx, export: &str, args: &[Value]) -> Outcome {
        let outcome = self.session.invoke(instance, export, args);
        self.read();
        outcome
    }

    fn global(&mut self, instance: InstanceIdx, export: &str) -> Option<Value> {
        self.session.global(instance, export)
    }

    fn memory(
        &mut self,
        instance: InstanceIdx,
        export: &str,
        bytes_max: u64,
        look: &mut dyn FnMut(&[u8]),
    ) -> Option<u64> {
        self.session.memory(instance, export, bytes_max, look)
    }

    fn table(&mut self, instance: InstanceIdx, export: &str, look: &mut dyn FnMut(Ref) -> bool) -> Option<u64> {
        self.session.table(instance, export, look)
    }

    fn words(&mut self) -> Option<String> {
        self.session.words()
    }

    fn open_choices(&mut self) -> Vec<OpenChoice> {
        self.session.open_choices()
    }

    fn instructions(&mut self) -> Option<u64> {
        Some(self.record.borrow().executed.len() as u64)
    }
}
