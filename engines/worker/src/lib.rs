//! A line-up of engine names in, and then a [`Request`] in, an answer of observations out, until the
//! parent goes away. This room hosts the engines of a group in one process and keeps them from harming
//! each other as far as a process can: panics are caught, everything else kills the process, and the
//! parent sees to that.
//!
//! It must not know deadlines, what a death means, nor who else is asked: that is the parent's half.

mod host;
mod limits;
mod panics;
mod streams;

use std::convert::Infallible;
use std::process::ExitCode;

use wassay_adapter::wire::{EXIT_PROTOCOL, Hello, PROTOCOL, Request, WorkerArgs, decode, encode};

use crate::host::Host;
use crate::streams::Streams;

/// Runs a worker: says hello, then answers requests until the parent closes the stream or dies.
///
/// The caller must not have written to standard output before, and does nothing after: streams, limits
/// and the panic hook of the process belong to the worker from here on.
#[must_use]
pub fn main(args: &WorkerArgs) -> ExitCode {
    match start(args) {
        Ok(never) => match never {},
        Err(words) => {
            eprintln!("wassay worker: {words}");
            ExitCode::from(EXIT_PROTOCOL)
        }
    }
}

fn start(args: &WorkerArgs) -> Result<Infallible, String> {
    let streams = Streams::take().map_err(|error| format!("the standard streams cannot be moved: {error}"))?;
    let parent = streams.watch().map_err(|error| format!("the request stream cannot be watched: {error}"))?;
    limits::set(args.memory_max_bytes);
    panics::capture();
    let args = args.clone();
    let serve = move || {
        let status = match serve(&args, streams) {
            Ok(()) => 0,
            Err(words) => {
                eprintln!("wassay worker: {words}");
                EXIT_PROTOCOL
            }
        };
        std::process::exit(i32::from(status));
    };
    limits::with_large_stack(serve).map_err(|error| format!("no thread for the engines: {error}"))?;
    parent.outlive()
}

fn serve(args: &WorkerArgs, mut streams: Streams) -> Result<(), String> {
    let mut host = Host::open(&args.engines, args.progress.as_deref())?;
    let mut out = Vec::new();
    let hello = Hello { protocol: PROTOCOL, engines: host.introductions() };
    encode(&hello, &mut out).map_err(|error| error.to_string())?;
    streams.write(&out).map_err(|error| format!("hello cannot be sent: {error}"))?;
    loop {
        let request: Request = {
            let read = streams.read().map_err(|error| format!("the request cannot be read: {error}"))?;
            let Some(payload) = read else { return Ok(()) };
            decode("request", payload).map_err(|error| error.to_string())?
        };
        host.answer(&request, &mut out)?;
        streams.write(&out).map_err(|error| format!("the answer cannot be sent: {error}"))?;
        if host.is_worn_out() {
            return Err("an engine could not be opened again after a panic".to_owned());
        }
        if out.capacity() > OUT_BYTES_KEPT {
            out = Vec::new();
        }
    }
}

/// A buffer that one large answer has made is not kept: the memory limit is the engines'.
const OUT_BYTES_KEPT: usize = 4 << 20;
