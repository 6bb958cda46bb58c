//! How many cases a second a campaign does, and where the time goes: everything in one run, so that the
//! ratios hold on a noisy machine.
//!
//!     cargo bench -p wassay-cli --bench throughput
//!
//! Each row is one `wassay fuzz` on one lane, by turns, over the same cases; the figure is the median of the
//! turns.

use std::process::{Command, Stdio};

use wassay_model::run::Summary;

const TURNS: u64 = 3;
const CASES: u64 = 4000;

fn main() {
    let rows: [(&str, &[&str]); 4] = [
        ("reference alone", &["--engines", "reference"]),
        ("interpreters", &["--engines", "interpreters"]),
        ("default: + wasmtime x3, one case in 8", &["--engines", "default", "--sample", "8"]),
        ("default, wasmtime x3 on every case", &["--engines", "default", "--sample", "1", "--cases", "500"]),
    ];
    let mut results: Vec<Vec<Row>> = rows.iter().map(|_| Vec::new()).collect();
    for turn in 0..TURNS {
        for ((_, flags), results) in rows.iter().zip(&mut results) {
            results.push(campaign(turn, flags));
        }
    }
    println!(
        "{:38} {:>9} {:>16} {:>8} {:>10} {:>8} {:>9}",
        "one lane", "cases/s", "value calls/s", "engines", "generation", "ours", "gen us"
    );
    for ((name, _), mut turns) in rows.iter().zip(results) {
        turns.sort_by(|a, b| a.cases_per_second.total_cmp(&b.cases_per_second));
        let row = &turns[turns.len() / 2];
        println!(
            "{name:38} {:9.0} {:16.0} {:7.1}% {:9.1}% {:7.1}% {:9.0}",
            row.cases_per_second,
            row.calls_per_second,
            row.engines * 100.0,
            row.generation * 100.0,
            row.ours * 100.0,
            row.generate_us,
        );
    }
}

struct Row {
    cases_per_second: f64,
    calls_per_second: f64,
    engines: f64,
    generation: f64,
    ours: f64,
    generate_us: f64,
}

fn campaign(seed: u64, flags: &[&str]) -> Row {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let out = folder.path().join("run");
    let cases = CASES.to_string();
    let mut args = vec!["fuzz", "--format", "json", "--jobs", "1", "--profile", "smith"];
    args.extend(flags);
    if !flags.contains(&"--cases") {
        args.extend(["--cases", &cases]);
    }
    let seed = seed.to_string();
    args.extend(["--seed", &seed]);
    let output = Command::new(env!("CARGO_BIN_EXE_wassay"))
        .args(&args)
        .arg("--out")
        .arg(&out)
        .stderr(Stdio::null())
        .output()
        .expect("the program starts");
    let summary: Summary = serde_json::from_slice(&output.stdout).expect("the program prints its summary");
    let times = &summary.times;
    let seconds = times.lanes_ns as f64 / 1e9;
    Row {
        cases_per_second: summary.tally.cases as f64 / seconds,
        calls_per_second: summary.tally.calls_with_values as f64 / seconds,
        engines: times.engines_ns() as f64 / times.lanes_ns as f64,
        generation: times.generate_ns as f64 / times.lanes_ns as f64,
        ours: times.overhead(),
        generate_us: times.generate_ns as f64 / 1e3 / summary.tally.cases as f64,
    }
}
