//! Generates and does nothing else: `speed [CASES] [SEED]`, for a profiler and for `time`.

use wassay_generate::{Profile, generate};

fn main() {
    let mut args = std::env::args().skip(1).filter_map(|text| text.parse::<u64>().ok());
    let (cases, seed) = (args.next().unwrap_or(10_000), args.next().unwrap_or(1));
    let profile = Profile::parse("smith").expect("the profile");
    let bytes: usize = (0..cases).map(|index| generate(seed, index, &profile).modules[0].bytes.0.len()).sum();
    println!("{cases} cases, {bytes} bytes");
}
