//! Generates and does nothing else: `speed [CASES] [SEED] [PROFILE]`, for a profiler and for `time`.

use wassay_generate::{Profile, generate};

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let number = |position: usize, or: u64| args.get(position).and_then(|text| text.parse().ok()).unwrap_or(or);
    let (cases, seed) = (number(0, 10_000), number(1, 1));
    let profile = Profile::parse(args.get(2).map_or("smith", |name| name)).unwrap_or_else(|error| panic!("{error}"));
    let start = std::time::Instant::now();
    let bytes: usize =
        (0..cases).flat_map(|index| generate(seed, index, &profile).modules).map(|module| module.bytes.0.len()).sum();
    println!("{cases} cases, {bytes} bytes, {:.0} cases a second", cases as f64 / start.elapsed().as_secs_f64());
}
