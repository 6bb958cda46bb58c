//! Cases and observations in few words.

#![allow(dead_code, reason = "every test file uses its own part of the kit")]

use wassay_model::{
    Action, Bytes, Contents, Crash, CrashManner, Digest, Ending, EngineId, EngineName, Exception, ExportName, Features,
    Host, HostCalls, InstanceIdx, Limits, MemoryState, Module, ModuleIdx, Observation, OpenChoice, Outcome, Plan,
    PlanStep, Provenance, Ref, Resource, Snapshot, State, Step, StepIdx, TableState, TestCase, Timing, TrapKind, Value,
};

/// An instantiation, then `calls` invocations of `f` with one argument each.
pub(crate) fn case(calls: u32) -> TestCase {
    let instantiate = Action::Instantiate { module: ModuleIdx(0) };
    let invoke =
        |call| Action::Invoke { instance: InstanceIdx(0), export: "f".to_owned(), args: vec![Value::I32(call)] };
    let steps = std::iter::once(instantiate).chain((0..calls).map(invoke));
    TestCase {
        modules: vec![Module { name: "m".to_owned(), bytes: Bytes(b"\0asm\x01\0\0\0".to_vec()) }],
        plan: Plan { steps: steps.map(|action| PlanStep { action, snapshot: Snapshot::Take }).collect() },
        host: Host::None,
        features: Features::V2,
        limits: Limits::default(),
        provenance: Provenance::File { path: "kit".to_owned() },
        relations: Vec::new(),
    }
}

pub(crate) fn observation(engine: &str, steps: Vec<Step>) -> Observation {
    Observation {
        engine: EngineId { name: engine.parse::<EngineName>().unwrap(), version: "1".to_owned() },
        steps,
        ending: Ending::Finished,
        open: Vec::new(),
        words: Vec::new(),
        instructions: Vec::new(),
        timing: Timing::default(),
    }
}

pub(crate) fn ended(engine: &str, steps: Vec<Step>, ending: Ending) -> Observation {
    Observation { ending, ..observation(engine, steps) }
}

pub(crate) fn met(mut observation: Observation, step: u32, choice: OpenChoice) -> Observation {
    observation.open.push((StepIdx(step), choice));
    observation
}

pub(crate) fn step(outcome: Outcome) -> Step {
    Step { outcome, host_calls: HostCalls::default(), state: None }
}

/// The step that instantiates.
pub(crate) fn made() -> Step {
    step(Outcome::Returned(vec![]))
}

pub(crate) fn returned(values: &[&str]) -> Step {
    step(Outcome::Returned(values.iter().map(|value| value.parse().unwrap()).collect()))
}

pub(crate) fn trapped(kinds: &[TrapKind]) -> Step {
    step(Outcome::Trapped(wassay_model::TrapKinds::of(kinds)))
}

pub(crate) fn name(name: &str) -> ExportName {
    ExportName { instance: InstanceIdx(0), name: name.to_owned() }
}

/// The same step with a memory `m` of one page that starts with `bytes`, captured as a digest.
pub(crate) fn with_digest(step: Step, bytes: &[u8]) -> Step {
    let contents = Contents::Digest(Digest::of(&padded(bytes)));
    with_memory(step, 65536, contents)
}

/// The same, with the bytes.
pub(crate) fn with_bytes(step: Step, bytes: &[u8]) -> Step {
    let digest = Digest::of(&padded(bytes));
    with_memory(step, 65536, Contents::Full { digest, blocks: vec![(0, Bytes(bytes.to_vec()))] })
}

fn padded(bytes: &[u8]) -> Vec<u8> {
    let mut page = vec![0; 65536];
    page[..bytes.len()].copy_from_slice(bytes);
    page
}

pub(crate) fn with_memory(mut step: Step, bytes: u64, contents: Contents) -> Step {
    let state = step.state.get_or_insert_default();
    state.memories.push((name("m"), MemoryState { bytes, contents }));
    step
}

pub(crate) fn with_global(mut step: Step, value: &str) -> Step {
    step.state.get_or_insert_default().globals.push((name("g"), value.parse().unwrap()));
    step
}

pub(crate) fn with_table(mut step: Step, elements: u64, runs: &[(u64, Ref)]) -> Step {
    let state: &mut State = step.state.get_or_insert_default();
    state.tables.push((name("t"), TableState { elements, runs: runs.to_vec() }));
    step
}

pub(crate) fn with_call(mut step: Step, function: &str, args: &[&str]) -> Step {
    step.host_calls.count += 1;
    step.host_calls.first.push(wassay_model::HostCall {
        name: function.to_owned(),
        args: args.iter().map(|value| value.parse().unwrap()).collect(),
        results: vec![],
    });
    step
}

pub(crate) fn crash() -> Ending {
    Ending::Crashed(Crash { manner: CrashManner::Signal(11), words: "segmentation fault\nat 0".to_owned() })
}

/// One outcome of every class, by name.
pub(crate) fn outcomes() -> Vec<(&'static str, Outcome)> {
    vec![
        ("returned", Outcome::Returned(vec![])),
        ("trapped", Outcome::Trapped(TrapKind::Unreachable.into())),
        ("threw", Outcome::Threw(Exception { payload: Some(vec![]) })),
        ("exhausted", Outcome::Exhausted(Resource::Stack)),
        ("malformed", Outcome::Malformed),
        ("invalid", Outcome::Invalid),
        ("rejected", Outcome::Rejected),
        ("unlinkable", Outcome::Unlinkable),
        ("refused", Outcome::Refused("locals".to_owned())),
        ("absent", Outcome::Absent),
        ("unclassified", Outcome::Unclassified("?".to_owned())),
    ]
}
