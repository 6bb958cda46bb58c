//! A worker as a program of its own, for tests and measurements.

use std::process::ExitCode;

use wassay_adapter::wire::{EXIT_PROTOCOL, WorkerArgs};

fn main() -> ExitCode {
    match WorkerArgs::parse(std::env::args_os().skip(1)) {
        Ok(args) => wassay_worker::main(&args),
        Err(error) => {
            eprintln!("wassay-worker: {error}");
            ExitCode::from(EXIT_PROTOCOL)
        }
    }
}
