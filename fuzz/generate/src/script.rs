//! A case under construction: modules, and the steps of the plan, numbered as they are added.

use wassay_model::{
    Action, Alike, Bytes, Features, Host, InstanceIdx, Limits, Module, ModuleIdx, Plan, PlanStep, Provenance, Snapshot,
    StepIdx, TestCase, Value,
};

/// See the module.
#[derive(Debug)]
pub(crate) struct Script {
    modules: Vec<Module>,
    steps: Vec<PlanStep>,
    instances: u32,
    host: Host,
    relations: Vec<Alike>,
}

#[allow(dead_code, reason = "each family needs a part of it")]
impl Script {
    /// Without modules, with the host given.
    pub(crate) const fn new(host: Host) -> Self {
        Self { modules: Vec::new(), steps: Vec::new(), instances: 0, host, relations: Vec::new() }
    }

    /// Adds a module.
    pub(crate) fn module(&mut self, name: &str, bytes: Vec<u8>) -> ModuleIdx {
        self.modules.push(Module { name: name.to_owned(), bytes: Bytes(bytes) });
        ModuleIdx(self.modules.len() as u32 - 1)
    }

    /// Loads a module without an instance.
    pub(crate) fn load(&mut self, module: ModuleIdx) -> StepIdx {
        self.step(Action::Load { module })
    }

    /// Makes an instance.
    pub(crate) fn instantiate(&mut self, module: ModuleIdx) -> InstanceIdx {
        self.step(Action::Instantiate { module });
        self.instances += 1;
        InstanceIdx(self.instances - 1)
    }

    /// Makes an instance's exports importable.
    pub(crate) fn register(&mut self, instance: InstanceIdx, name: &str) -> StepIdx {
        self.step(Action::Register { instance, name: name.to_owned() })
    }

    /// Calls an export.
    pub(crate) fn invoke(&mut self, instance: InstanceIdx, export: &str, args: Vec<Value>) -> StepIdx {
        self.step(Action::Invoke { instance, export: export.to_owned(), args })
    }

    /// Reads an exported global.
    pub(crate) fn get(&mut self, instance: InstanceIdx, export: &str) -> StepIdx {
        self.step(Action::Get { instance, export: export.to_owned() })
    }

    /// Looks at the state after the last step.
    pub(crate) fn snapshot(&mut self) {
        if let Some(last) = self.steps.last_mut() {
            last.snapshot = Snapshot::Take;
        }
    }

    /// The two steps end alike on every engine.
    pub(crate) fn alike(&mut self, original: StepIdx, rewritten: StepIdx) {
        self.relations.push(Alike { original, rewritten });
    }

    fn step(&mut self, action: Action) -> StepIdx {
        self.steps.push(PlanStep { action, snapshot: Snapshot::Skip });
        StepIdx(self.steps.len() as u32 - 1)
    }

    /// The case; `features` is what its modules use. It has no seed yet.
    pub(crate) fn finish(self, features: Features) -> TestCase {
        TestCase {
            modules: self.modules,
            plan: Plan { steps: self.steps },
            host: self.host,
            features,
            limits: limits(),
            provenance: Provenance::Generated { seed: 0, index: 0, profile: String::new(), traits: Vec::new() },
            relations: self.relations,
        }
    }
}

/// Every family bounds a step to far fewer instructions than this: these limits only catch what is wrong.
pub(crate) fn limits() -> Limits {
    Limits { fuel_max: 10_000_000, deadline_ms: 5_000, ..Limits::default() }
}
