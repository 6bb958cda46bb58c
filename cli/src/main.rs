//! The program `wassay`: flags in, wiring, exit status out. The only crate that sees every room.

mod args;
mod bisect;
mod corpus;
mod digest;
mod engines;
mod exit;
mod fuzz;
mod lineup;
mod off;
mod reduce;
mod regress;
mod replay;
mod report;
mod run;
mod score;
mod spec;
mod summary;
mod triage;

use std::io::ErrorKind;
use std::process::ExitCode;

use clap::Parser as _;

use crate::args::{Args, Command};
use crate::exit::{Exit, Failure};

fn main() -> ExitCode {
    let args = match Args::try_parse() {
        Ok(args) => args,
        Err(error) => {
            let _ = error.print();
            return if error.use_stderr() { Exit::Usage.into() } else { Exit::Clean.into() };
        }
    };
    if let Command::Worker { args } = args.command {
        return match wassay_adapter::wire::WorkerArgs::parse(args) {
            Ok(args) => wassay_worker::main(&args),
            Err(error) => {
                eprintln!("wassay worker: {error}");
                Exit::Usage.into()
            }
        };
    }
    let filter = tracing_subscriber::EnvFilter::try_from_env("WASSAY_LOG")
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("warn"));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(console::colors_enabled_stderr())
        .init();
    let outcome = match args.command {
        Command::Fuzz(fuzz) => fuzz::main(&fuzz),
        Command::Run(run) => run::main(&run),
        Command::Spec(spec) => spec::main(&spec),
        Command::Reduce(reduce) => reduce::main(&reduce),
        Command::Replay(replay) => replay::main(&replay),
        Command::Regress(regress) => regress::main(&regress),
        Command::Bisect(bisect) => bisect::main(&bisect),
        Command::Engines(engines) => engines::main(&engines),
        Command::Report(report) => report::main(&report),
        Command::Digest(digest) => digest::main(&digest),
        Command::Worker { .. } => Ok(Exit::Internal),
    };
    match outcome {
        Ok(exit) => exit.into(),
        // Whoever read the output has read enough.
        Err(Failure { exit: Exit::CannotWrite, error })
            if error.downcast_ref::<std::io::Error>().is_some_and(|error| error.kind() == ErrorKind::BrokenPipe) =>
        {
            Exit::Clean.into()
        }
        Err(Failure { exit, error }) => {
            eprintln!("wassay: {error:#}");
            exit.into()
        }
    }
}
