//! Tries `decode_validate` on mutants, as many as wanted, or writes what a target begins with as a corpus.
//!
//!     cargo run --release -p wassay-properties --example mutants -- --inputs 10000000
//!     cargo run --release -p wassay-properties --example mutants -- --target judge --corpus fuzz/targets/corpus/judge
//!
//! Input *k* is a function of `--seed` and *k*, so `--from` goes on where another run has ended, or looks at one input
//! again.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

use clap::Parser;
use peak_alloc::PeakAlloc;
use wassay_properties::ALL;
use wassay_properties::corpus::corpus;
use wassay_properties::front::{Report, STACK_BYTES, run};
use wassay_properties::seeds::Seeds;

#[global_allocator]
static ALLOCATOR: PeakAlloc = PeakAlloc;

/// Inputs between two lines of progress.
const CHUNK: u64 = 250_000;

#[derive(Parser)]
struct Args {
    /// How many mutants to try.
    #[arg(long, default_value_t = 100_000)]
    inputs: u64,
    /// The first of them.
    #[arg(long, default_value_t = 0)]
    from: u64,
    /// Which run.
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// Modules of wasm-smith beside those of the suite.
    #[arg(long, default_value_t = 2_000)]
    smith: usize,
    /// Writes the inputs that a target begins with into this folder, and tries nothing.
    #[arg(long)]
    corpus: Option<PathBuf>,
    /// Which target.
    #[arg(long, default_value = "decode_validate", requires = "corpus")]
    target: String,
}

/// Runs something and returns how many bytes it had allocated at most.
fn measure(run: &mut dyn FnMut()) -> usize {
    let before = ALLOCATOR.current_usage();
    ALLOCATOR.reset_peak_usage();
    run();
    ALLOCATOR.peak_usage().saturating_sub(before)
}

fn main() -> ExitCode {
    let args = Args::parse();
    let mut seeds = Seeds::of_suite();
    seeds.add_smith(args.seed, args.smith);
    println!("{} valid modules, {} others", seeds.valid.len(), seeds.broken.len());
    if let Some(folder) = &args.corpus {
        let Some(inputs) = corpus(&args.target, &seeds) else {
            let known: Vec<&str> = ALL.iter().map(|property| property.name).collect();
            println!("there is no target {}: there are {}", args.target, known.join(", "));
            return ExitCode::from(64);
        };
        std::fs::create_dir_all(folder).expect("the folder can be made");
        for (number, input) in inputs.iter().enumerate() {
            std::fs::write(folder.join(format!("{number:05}")), input).expect("the folder can be written");
        }
        println!("{} inputs of {}", inputs.len(), args.target);
        return ExitCode::SUCCESS;
    }
    let report = std::thread::scope(|scope| {
        let try_all = || try_all(&args, &seeds);
        let thread = std::thread::Builder::new().stack_size(STACK_BYTES).spawn_scoped(scope, try_all);
        thread.expect("a thread can be started").join().expect("panics are caught")
    });
    for (answer, count) in &report.answers {
        println!("{count:10}  {answer:?}");
    }
    println!("{} inputs, {} bytes, at most {} bytes of memory for one", report.mutants, report.bytes, report.memory);
    println!("{} failures", report.broken.len());
    ExitCode::from(u8::from(!report.broken.is_empty()))
}

fn try_all(args: &Args, seeds: &Seeds) -> Report {
    let start = Instant::now();
    let mut report = Report::default();
    let end = args.from + args.inputs;
    let mut at = args.from;
    while at < end {
        let next = (at + CHUNK).min(end);
        let part = run(seeds, args.seed, at..next, &measure);
        for (number, broken) in &part.broken {
            println!("input {number}: {broken}");
        }
        report.add(part);
        at = next;
        println!("{at} after {} s", start.elapsed().as_secs());
    }
    report
}
