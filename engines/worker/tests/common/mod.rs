//! Crews of the worker program under test, and cases for them.

#![allow(dead_code, reason = "every test file uses a part")]

use wassay_child::{Crew, CrewSpec, Dialect, Launch, Seat};
use wassay_model::{
    Action, Bytes, Capture, Ending, Features, Host, InstanceIdx, Isolation, Limits, Module, ModuleIdx, Observation,
    Outcome, Plan, PlanStep, Provenance, Snapshot, TestCase,
};

/// Time enough on a busy machine for what should take none.
pub(crate) const DEADLINE_MS: u32 = 60_000;

/// How the worker under test is started.
pub(crate) fn launch() -> Launch {
    Launch {
        program: env!("CARGO_BIN_EXE_wassay-worker").into(),
        args: Vec::new(),
        env: Vec::new(),
        dialect: Dialect::Frames,
    }
}

/// A crew of engines in one process.
pub(crate) fn spec(engines: &[&str]) -> CrewSpec {
    let seat = |name: &&str| Seat { engine: name.parse().unwrap(), isolation: Isolation::Group, launch: None };
    CrewSpec {
        launch: launch(),
        seats: engines.iter().map(seat).collect(),
        memory_max_bytes: 512 << 20,
        start_deadline_ms: DEADLINE_MS,
    }
}

/// A crew of engines in one process.
pub(crate) fn crew(engines: &[&str]) -> Crew {
    Crew::new(spec(engines))
}

/// A case of one module, and the invocation of one of its functions.
pub(crate) fn case(wat: &str, export: &str) -> TestCase {
    let buffer = wast::parser::ParseBuffer::new(wat).unwrap();
    let bytes = wast::parser::parse::<wast::Wat<'_>>(&buffer).unwrap().encode().unwrap();
    let step = |action| PlanStep { action, snapshot: Snapshot::Skip };
    TestCase {
        modules: vec![Module { name: "m".to_owned(), bytes: Bytes(bytes) }],
        plan: Plan {
            steps: vec![
                step(Action::Instantiate { module: ModuleIdx(0) }),
                step(Action::Invoke { instance: InstanceIdx(0), export: export.to_owned(), args: Vec::new() }),
            ],
        },
        host: Host::None,
        features: Features::V1,
        limits: Limits { deadline_ms: DEADLINE_MS, ..Limits::default() },
        provenance: Provenance::File { path: "test".to_owned() },
        relations: Vec::new(),
    }
}

/// The case that makes `chaos` misbehave.
pub(crate) fn chaos() -> TestCase {
    case("(module (func (export \"chaos\")))", "chaos")
}

/// The case that does not.
pub(crate) fn peace() -> TestCase {
    let mut case = chaos();
    case.plan.steps.pop();
    case
}

/// Asks every engine of the crew.
pub(crate) fn ask(crew: &mut Crew, case: &TestCase, engines: usize) -> Vec<Observation> {
    crew.ask(case, &(0..engines).collect::<Vec<_>>(), Capture::Digests).unwrap()
}

/// Whether an engine has gone through the plan and everything returned.
pub(crate) fn is_sound(observation: &Observation) -> bool {
    observation.ending == Ending::Finished
        && observation.steps.iter().all(|step| matches!(step.outcome, Outcome::Returned(_)))
}
