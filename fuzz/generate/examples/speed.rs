//! Generates and does nothing else: `speed [CASES] [SEED] [PROFILE]`, for a profiler and for `time`.

use wassay_generate::{Profile, generate};

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let number = |at: usize, otherwise| args.get(at).and_then(|text| text.parse::<u64>().ok()).unwrap_or(otherwise);
    let (cases, seed) = (number(0, 10_000), number(1, 1));
    let name = args.get(2).map_or("smith", String::as_str);
    let profile = Profile::parse(name).expect("a profile of this name");
    let bytes: usize = (0..cases).map(|index| generate(seed, index, &profile).modules[0].bytes.0.len()).sum();
    println!("{cases} cases, {bytes} bytes");
}
