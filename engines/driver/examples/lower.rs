//! Measures lowering: `lower [CASES] [SEED]` prints what a usual case takes, and how long its request is.

use std::time::{Duration, Instant};

use wassay_adapter::Prepared;
use wassay_driver::{Builtin, Builtins, Callers, Kept, Request, Script, Worker};
use wassay_generate::{Profile, generate};
use wassay_model::{Capture, Features};

fn main() {
    let mut args = std::env::args().skip(1).filter_map(|text| text.parse::<u64>().ok());
    let (count, seed) = (args.next().unwrap_or(1000), args.next().unwrap_or(1));
    let builtins = Builtins::of(&Builtin::ALL);
    let worker = Worker {
        drivers: true,
        keeps: true,
        builtins,
        seats: true,
        callers: true,
        looks: true,
        features: Features::V3,
    };
    for profile in Profile::all() {
        let mut callers = Callers::default();
        let (mut lowering, mut writing, mut ops, mut bytes) = (Vec::new(), Duration::ZERO, 0, 0);
        for index in 0..count {
            let case = generate(seed, index, &profile);
            let prepared = Prepared::new(&case);
            let start = Instant::now();
            let script = Script::lower(&prepared, Capture::Digests, &worker, &mut callers);
            lowering.push(start.elapsed());
            ops += script.ops().len();
            let start = Instant::now();
            let mut line = Vec::new();
            Request { request: index, stream: false, batch: true, limits: case.limits, ops: script.ops() }
                .write(&mut line, &mut Kept::default());
            writing += start.elapsed();
            bytes += line.len();
        }
        lowering.sort_unstable();
        let (median, slow) = (lowering[lowering.len() / 2], lowering[lowering.len() * 95 / 100]);
        let each = |total: usize| total / lowering.len();
        println!(
            "{}: lowering {median:?} (95 of 100 within {slow:?}), writing {:?}, {} operations, {} bytes a request",
            profile.name(),
            writing / lowering.len() as u32,
            each(ops),
            each(bytes)
        );
    }
}
