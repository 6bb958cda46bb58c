//! What the walk asks of an engine, and what it makes of the answers: a scripted engine stands in.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use wassay_adapter::{Engine, Extern, HostHandle, Prepared, Session, kit, walk};
use wassay_model::{
    Action, Bound, Bytes, Capabilities, Capture, Contents, Digest, Ending, EngineId, EngineName, Feature, Features,
    Host, Identity, InstanceIdx, Limits, Module, ModuleIdx, Observation, Outcome, Plan, PlanStep, Provenance, Ref,
    Resource, Snapshot, TestCase, TrapKind, TrapKinds, Value,
};

/// Answers as told, and writes down what it was asked.
struct Scripted {
    id: EngineId,
    capabilities: Capabilities,
    script: Script,
    asked: Rc<RefCell<Vec<String>>>,
}

#[derive(Clone, Default)]
struct Script {
    open: Option<Outcome>,
    load: Option<Outcome>,
    instantiate: Option<Outcome>,
    /// By export.
    invoke: BTreeMap<&'static str, Outcome>,
    memory: Vec<u8>,
    table: Vec<Ref>,
    counts: Option<u64>,
}

impl Scripted {
    fn new(script: Script) -> Self {
        Self {
            id: EngineId { name: EngineName::plain("scripted"), version: "1".to_owned() },
            capabilities: Capabilities { features: Features::V2, bound: Bound::Kill, blind_spots: BTreeMap::new() },
            script,
            asked: Rc::default(),
        }
    }

    fn walk(&mut self, case: &TestCase, capture: Capture) -> Observation {
        walk(self, &Prepared::new(case), capture)
    }

    fn asked(&self) -> Vec<String> {
        self.asked.borrow().clone()
    }
}

impl Engine for Scripted {
    fn id(&self) -> &EngineId {
        &self.id
    }

    fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }

    fn open<'a>(&'a mut self, _: &Limits, _: HostHandle) -> Result<Box<dyn Session + 'a>, Outcome> {
        match &self.script.open {
            Some(outcome) => Err(outcome.clone()),
            None => Ok(Box::new(Scene { script: self.script.clone(), asked: Rc::clone(&self.asked) })),
        }
    }
}

struct Scene {
    script: Script,
    asked: Rc<RefCell<Vec<String>>>,
}

impl Scene {
    fn note(&self, text: String) {
        self.asked.borrow_mut().push(text);
    }
}

const NOTHING: Outcome = Outcome::Returned(Vec::new());

impl Session for Scene {
    fn load(&mut self, module: ModuleIdx, _: &[u8]) -> Outcome {
        self.note(format!("load {module}"));
        self.script.load.clone().unwrap_or(NOTHING)
    }

    fn instantiate(&mut self, module: ModuleIdx, instance: InstanceIdx, imports: &[Extern<'_>]) -> Outcome {
        let imports: Vec<String> = imports
            .iter()
            .map(|import| match import {
                Extern::Export { instance, export } => format!("{export} of {instance}"),
                Extern::Host { name, ty } => format!("host {name} {}->{}", ty.params.len(), ty.results.len()),
            })
            .collect();
        self.note(format!("instantiate {module} as {instance} [{}]", imports.join(", ")));
        self.script.instantiate.clone().unwrap_or(NOTHING)
    }

    fn invoke(&mut self, instance: InstanceIdx, export: &str, _: &[Value]) -> Outcome {
        self.note(format!("invoke {export} of {instance}"));
        self.script.invoke.get(export).cloned().unwrap_or(NOTHING)
    }

    fn global(&mut self, _: InstanceIdx, _: &str) -> Option<Value> {
        Some(Value::I32(3))
    }

    fn memory(&mut self, _: InstanceIdx, _: &str, bytes_max: u64, look: &mut dyn FnMut(&[u8])) -> Option<u64> {
        let bytes = self.script.memory.len() as u64;
        if bytes <= bytes_max {
            look(&self.script.memory);
        }
        Some(bytes)
    }

    fn table(&mut self, _: InstanceIdx, _: &str, look: &mut dyn FnMut(Ref) -> bool) -> Option<u64> {
        for element in &self.script.table {
            if !look(*element) {
                break;
            }
        }
        Some(self.script.table.len() as u64)
    }

    fn words(&mut self) -> Option<String> {
        Some("words".to_owned())
    }

    fn instructions(&mut self) -> Option<u64> {
        self.script.counts
    }
}

fn case(modules: &[&str], steps: Vec<PlanStep>) -> TestCase {
    let modules = modules.iter().map(|text| Module { name: "m".to_owned(), bytes: Bytes(kit::module(text)) }).collect();
    TestCase {
        modules,
        plan: Plan { steps },
        host: Host::Deterministic,
        features: Features::V1,
        limits: Limits::default(),
        provenance: Provenance::File { path: "walk".to_owned() },
        relations: Vec::new(),
    }
}

fn step(action: Action) -> PlanStep {
    PlanStep { action, snapshot: Snapshot::Skip }
}

fn look(action: Action) -> PlanStep {
    PlanStep { action, snapshot: Snapshot::Take }
}

fn instantiate(module: u32) -> Action {
    Action::Instantiate { module: ModuleIdx(module) }
}

fn invoke(export: &str) -> Action {
    Action::Invoke { instance: InstanceIdx(0), export: export.to_owned(), args: Vec::new() }
}

fn register(instance: u32, name: &str) -> Action {
    Action::Register { instance: InstanceIdx(instance), name: name.to_owned() }
}

fn outcomes(observation: &Observation) -> Vec<Outcome> {
    observation.steps.iter().map(|step| step.outcome.clone()).collect()
}

fn func(raw: u32) -> Value {
    Value::Ref(Ref::Func(Identity::Known(raw)))
}

#[test]
fn an_engine_that_lacks_a_feature_is_not_asked() {
    let mut case = case(&["(module)"], vec![step(instantiate(0))]);
    case.features = Features::of(&[Feature::Gc, Feature::Simd, Feature::Threads]);
    let mut engine = Scripted::new(Script::default());
    let observation = engine.walk(&case, Capture::Full);
    assert_eq!(observation.ending, Ending::Declined(Feature::Gc));
    assert!(observation.steps.is_empty());
    assert!(engine.asked().is_empty());
}

#[test]
fn an_engine_without_a_store_ends_the_program() {
    let case = case(&["(module)"], vec![step(instantiate(0))]);
    let ending =
        |open| Scripted::new(Script { open: Some(open), ..Script::default() }).walk(&case, Capture::Digests).ending;
    assert_eq!(ending(Outcome::Exhausted(Resource::Memory)), Ending::OutOfMemory);
    assert!(matches!(ending(Outcome::Refused("no".to_owned())), Ending::Unclassified(words) if words.contains("no")));
}

#[test]
fn a_module_is_loaded_once_however_often_it_is_instantiated() {
    let load = Action::Load { module: ModuleIdx(0) };
    let case = case(&["(module)"], vec![step(instantiate(0)), step(load), step(instantiate(0))]);
    let mut engine = Scripted::new(Script::default());
    assert_eq!(outcomes(&engine.walk(&case, Capture::Digests)), [NOTHING, NOTHING, NOTHING]);
    assert_eq!(engine.asked(), ["load 0", "instantiate 0 as 0 []", "instantiate 0 as 1 []"]);
}

#[test]
fn a_module_that_is_refused_is_refused_at_every_step_and_its_instances_are_absent() {
    let case = case(
        &[r#"(module (func (export "f")))"#],
        vec![step(instantiate(0)), step(instantiate(0)), step(invoke("f")), step(register(0, "x"))],
    );
    let mut engine = Scripted::new(Script { load: Some(Outcome::Invalid), ..Script::default() });
    let seen = engine.walk(&case, Capture::Digests);
    assert_eq!(outcomes(&seen), [Outcome::Invalid, Outcome::Invalid, Outcome::Absent, Outcome::Absent]);
    assert_eq!(engine.asked(), ["load 0"]);
}

#[test]
fn imports_come_from_the_latest_registered_instance_that_has_them_and_then_from_the_host() {
    let case = case(
        &[
            r#"(module (func (export "f")) (memory (export "m") 1))"#,
            r#"(module (import "host" "f" (func)) (import "host" "g" (func (param i32 i32) (result i64))) (import "host" "m" (memory 1)))"#,
            r#"(module (func (export "f")))"#,
        ],
        vec![
            step(instantiate(0)),
            step(instantiate(2)),
            step(register(0, "host")),
            step(register(1, "host")),
            step(instantiate(1)),
        ],
    );
    let mut engine = Scripted::new(Script::default());
    assert_eq!(outcomes(&engine.walk(&case, Capture::Digests)), [NOTHING, NOTHING, NOTHING, NOTHING, NOTHING]);
    assert_eq!(engine.asked()[5], "instantiate 1 as 2 [f of 1, host g 2->1, m of 0]");
}

#[test]
fn an_import_that_nobody_provides_is_unlinkable_without_asking() {
    for (host, text) in [
        (Host::Deterministic, r#"(module (import "host" "m" (memory 1)))"#),
        (Host::Deterministic, r#"(module (import "other" "f" (func)))"#),
        (Host::None, r#"(module (import "host" "f" (func)))"#),
    ] {
        let mut case = case(&[text], vec![step(instantiate(0))]);
        case.host = host;
        let mut engine = Scripted::new(Script::default());
        assert_eq!(outcomes(&engine.walk(&case, Capture::Digests)), [Outcome::Unlinkable], "{text}");
        assert_eq!(engine.asked(), ["load 0"]);
    }
}

#[test]
fn an_engine_that_takes_what_we_cannot_read_is_still_asked() {
    let mut case = case(&["(module)"], vec![look(instantiate(0)), step(invoke("f"))]);
    case.modules[0].bytes = Bytes(b"garbage".to_vec());
    let mut engine = Scripted::new(Script::default());
    assert_eq!(outcomes(&engine.walk(&case, Capture::Digests)), [NOTHING, NOTHING]);
    assert_eq!(engine.asked(), ["load 0", "instantiate 0 as 0 []", "invoke f of 0"]);
}

#[test]
fn a_plan_that_breaks_its_own_rules_is_our_mistake_and_no_engine_is_asked() {
    let wrong = Action::Invoke { instance: InstanceIdx(0), export: "f".to_owned(), args: vec![Value::I64(1)] };
    let case = case(
        &[r#"(module (func (export "f") (param i32)))"#],
        vec![step(instantiate(0)), step(wrong), step(invoke("f")), step(invoke("g")), step(instantiate(7))],
    );
    let mut engine = Scripted::new(Script::default());
    let seen = outcomes(&engine.walk(&case, Capture::Digests));
    for (index, part) in [(1, "argument 0 of type i32"), (2, "0 arguments to a function of 1"), (4, "no module 7")] {
        assert!(matches!(&seen[index], Outcome::Unclassified(words) if words.contains(part)), "{}", seen[index]);
    }
    assert_eq!(seen[3], Outcome::Absent);
    assert_eq!(engine.asked(), ["load 0", "instantiate 0 as 0 []"]);
}

#[test]
fn objects_are_numbered_as_they_are_met_functions_apart_from_others() {
    let object = |raw| Value::Ref(Ref::Struct(Identity::Known(raw)));
    let script = Script {
        invoke: BTreeMap::from([
            ("f", Outcome::Returned(vec![func(900), object(900), func(17), func(900)])),
            ("g", Outcome::Returned(vec![func(5), object(1), Value::Ref(Ref::Func(Identity::Unknown)), func(17)])),
        ]),
        table: vec![Ref::Func(Identity::Known(5)), Ref::Null, Ref::Func(Identity::Known(6))],
        ..Script::default()
    };
    let text = r#"(module (func (export "f")) (func (export "g")) (table (export "t") 3 funcref))"#;
    let case = case(&[text], vec![step(instantiate(0)), step(invoke("f")), look(invoke("g"))]);
    let seen = Scripted::new(script).walk(&case, Capture::Digests);
    assert_eq!(seen.steps[1].outcome, Outcome::Returned(vec![func(0), object(0), func(1), func(0)]));
    let unknown = Value::Ref(Ref::Func(Identity::Unknown));
    assert_eq!(seen.steps[2].outcome, Outcome::Returned(vec![func(2), object(1), unknown, func(1)]));
    let table = &seen.steps[2].state.as_ref().unwrap().tables[0].1;
    let known = |number| Ref::Func(Identity::Known(number));
    assert_eq!(table.runs, [(1, known(2)), (1, Ref::Null), (1, known(3))]);
}

#[test]
fn state_is_recorded_where_the_plan_asks_and_everywhere_in_full_capture() {
    let text = r#"(module (func (export "f")) (global (export "g") i32 (i32.const 0)) (memory (export "m") 1))"#;
    let case = case(&[text], vec![step(instantiate(0)), look(invoke("f")), step(invoke("f"))]);
    let script = Script {
        memory: vec![1, 2, 3],
        invoke: BTreeMap::from([("f", Outcome::Trapped(TrapKinds::from(TrapKind::Unreachable)))]),
        ..Script::default()
    };
    let states = |seen: &Observation| -> Vec<bool> { seen.steps.iter().map(|step| step.state.is_some()).collect() };
    let brief = Scripted::new(script.clone()).walk(&case, Capture::Digests);
    assert_eq!(states(&brief), [false, true, false]);
    assert!(brief.words.is_empty());
    let memory = &brief.steps[1].state.as_ref().unwrap().memories[0].1;
    assert_eq!((memory.bytes, &memory.contents), (3, &Contents::Digest(Digest::of(&[1, 2, 3]))));
    let full = Scripted::new(script).walk(&case, Capture::Full);
    assert_eq!(states(&full), [true, true, true]);
    // Of the traps, not of the instantiation that succeeded.
    assert_eq!(full.words.iter().map(|(step, _)| step.0).collect::<Vec<_>>(), [1, 2]);
}

#[test]
fn full_capture_leaves_out_zeros_merges_neighbours_and_ends_at_a_mebibyte() {
    let text = r#"(module (memory (export "m") 1))"#;
    let case = case(&[text], vec![step(instantiate(0))]);
    let blocks = |memory: Vec<u8>| {
        let seen = Scripted::new(Script { memory, ..Script::default() }).walk(&case, Capture::Full);
        match &seen.steps[0].state.as_ref().unwrap().memories[0].1.contents {
            Contents::Full { blocks, .. } => {
                blocks.iter().map(|(offset, block)| (*offset, block.0.len())).collect::<Vec<_>>()
            }
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(blocks(vec![0; 65_536]), []);
    let mut memory = vec![0; 1000];
    memory[70] = 1;
    memory[130] = 1;
    memory[320] = 1;
    // The last block is shorter than the others.
    memory[999] = 1;
    assert_eq!(blocks(memory), [(64, 128), (320, 64), (960, 40)]);
    assert_eq!(blocks(vec![1; 3 << 20]), [(0, 1 << 20)]);
}

#[test]
fn a_memory_that_is_too_large_is_not_read() {
    let case = case(&[r#"(module (memory (export "m") 1))"#], vec![look(instantiate(0))]);
    let script = Script { memory: vec![0; (64 << 20) + 1], ..Script::default() };
    let seen = Scripted::new(script).walk(&case, Capture::Digests);
    let memory = &seen.steps[0].state.as_ref().unwrap().memories[0].1;
    assert_eq!((memory.bytes, &memory.contents), ((64 << 20) + 1, &Contents::Unread));
}

#[test]
fn a_table_that_is_too_large_is_read_to_its_limit() {
    let case = case(&[r#"(module (table (export "t") 1 funcref))"#], vec![look(instantiate(0))]);
    let script = Script { table: vec![Ref::Null; 200_000], ..Script::default() };
    let seen = Scripted::new(script).walk(&case, Capture::Digests);
    let table = &seen.steps[0].state.as_ref().unwrap().tables[0].1;
    assert_eq!((table.elements, &table.runs[..]), (200_000, &[(100_000, Ref::Null)][..]));
}

#[test]
fn instructions_are_told_for_every_step_or_not_at_all() {
    let case = case(
        &[r#"(module (func (export "f")))"#],
        vec![step(instantiate(0)), step(register(0, "x")), step(invoke("f"))],
    );
    let counted =
        |counts| Scripted::new(Script { counts, ..Script::default() }).walk(&case, Capture::Digests).instructions;
    assert_eq!(counted(Some(7)), [7, 0, 7]);
    assert_eq!(counted(None), [] as [u64; 0]);
}
