//! Generates and does nothing else: `speed [CASES] [SEED] [PROFILE]`, for a profiler and for `time`.

use wassay_generate::{Profile, generate};

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let number = |position: usize| args.get(position).and_then(|text| text.parse::<u64>().ok());
    let (cases, seed) = (number(0).unwrap_or(10_000), number(1).unwrap_or(1));
    let profile = Profile::parse(args.get(2).map_or("smith", String::as_str)).expect("a profile of this name");
    let bytes: usize = (0..cases).map(|index| generate(seed, index, &profile).modules[0].bytes.0.len()).sum();
    println!("{cases} cases, {bytes} bytes");
}
