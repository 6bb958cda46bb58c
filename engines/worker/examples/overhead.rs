//! Prints what a question costs beyond the engines' own time: the round trip of an empty case through a
//! worker with five engines that do nothing.
//!
//!     cargo run --release -p wassay-worker --example overhead [ENGINE]...

use std::time::Instant;

use wassay_child::{Crew, CrewSpec, Launch, Seat};
use wassay_model::{
    Action, Bytes, Capture, Features, Host, Isolation, Limits, Module, ModuleIdx, Plan, PlanStep, Provenance, Snapshot,
    TestCase,
};

fn main() {
    // The program starts itself again as its worker.
    let args: Vec<_> = std::env::args_os().skip(1).collect();
    if args.first().is_some_and(|arg| arg == "worker") {
        let args = wassay_adapter::wire::WorkerArgs::parse(args.into_iter().skip(1)).unwrap();
        let _ = wassay_worker::main(&args);
        return;
    }
    let step = |action| PlanStep { action, snapshot: Snapshot::Skip };
    let mut case = TestCase {
        modules: vec![Module { name: "empty".to_owned(), bytes: Bytes(b"\0asm\x01\0\0\0".to_vec()) }],
        plan: Plan { steps: vec![step(Action::Instantiate { module: ModuleIdx(0) })] },
        host: Host::None,
        features: Features::V1,
        limits: Limits::default(),
        provenance: Provenance::File { path: "empty".to_owned() },
        relations: Vec::new(),
    };
    let named: Vec<String> = args.iter().filter_map(|arg| arg.to_str().map(str::to_owned)).collect();
    if !named.is_empty() {
        measure("these engines in one process", &named, Isolation::Group, &case);
        return;
    }
    let calm = |count| vec!["chaos+calm".to_owned(); count];
    measure("5 engines in one process", &calm(5), Isolation::Group, &case);
    measure("1 engine", &calm(1), Isolation::Group, &case);
    measure("5 engines in 5 processes", &calm(5), Isolation::Own, &case);
    // A custom section of 4095 bytes with an empty name.
    case.modules[0].bytes.0.extend([0, 0xff, 0x1f, 0]);
    case.modules[0].bytes.0.extend([1; 4094]);
    measure("5 engines in one process, 4 KiB more of module", &calm(5), Isolation::Group, &case);
}

fn measure(what: &str, engines: &[String], isolation: Isolation, case: &TestCase) {
    let start = Instant::now();
    let seat = |name: &String| Seat { engine: name.parse().unwrap(), isolation, launch: None };
    let mut crew = Crew::new(CrewSpec {
        launch: Launch::this_program(["worker".into()]),
        seats: engines.iter().map(seat).collect(),
        memory_max_bytes: 1 << 30,
        start_deadline_ms: 10_000,
    });
    crew.muster().unwrap();
    let mustered = start.elapsed();
    let wanted: Vec<usize> = (0..engines.len()).collect();
    let (mut whole, mut beyond): (Vec<f64>, Vec<f64>) = (0..20_000)
        .map(|_| {
            let start = Instant::now();
            let seen = crew.ask(case, &wanted, Capture::Digests).unwrap();
            let whole = start.elapsed().as_secs_f64() * 1e6;
            let own: u64 = seen.iter().map(|observation| observation.timing.total_ns()).sum();
            (whole, whole - own as f64 / 1e3)
        })
        .unzip();
    whole.sort_by(f64::total_cmp);
    beyond.sort_by(f64::total_cmp);
    println!(
        "{what}: {:.1} us, of which {:.1} beyond the engines' own time (medians; 90 % below {:.1} and {:.1}); started in {:.1} ms",
        whole[whole.len() / 2],
        beyond[beyond.len() / 2],
        whole[whole.len() * 9 / 10],
        beyond[beyond.len() * 9 / 10],
        mustered.as_secs_f64() * 1e3
    );
}
