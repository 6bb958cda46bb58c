//! What the process may use.

use std::{io, thread};

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// The engines' stack. The 2 MiB of a usual thread are too few: several engines recurse on the host's
/// stack as deep as Wasm does. Pages that are never touched cost nothing.
const STACK_BYTES: usize = 64 << 20;
/// What is tried where the system refuses that much.
const STACK_BYTES_MIN: usize = 8 << 20;

/// Limits the memory, forbids core files and lifts limits on what costs nothing.
///
/// `RLIMIT_DATA` counts private writable pages, where `RLIMIT_AS` would count the gigabytes that an
/// engine reserves without access for each memory, and refuse them.
///
/// A limit that cannot be set is not an error: the parent watches the memory too.
pub(crate) fn set(memory_max_bytes: Option<u64>) {
    if memory_max_bytes.is_some() {
        lower(Resource::Data, memory_max_bytes);
    }
    // 1 and not 0: where cores go to a program, Linux ignores 0 and takes 1 for "write none".
    lower(Resource::Core, Some(1));
    for resource in [Resource::As, Resource::Stack] {
        let Rlimit { maximum, .. } = getrlimit(resource);
        let _ = setrlimit(resource, Rlimit { current: maximum, maximum });
    }
}

/// Sets both limits, but never above what was allowed before.
fn lower(resource: Resource, limit: Option<u64>) {
    let before = getrlimit(resource).maximum;
    let lower = match (before, limit) {
        (Some(before), Some(limit)) => Some(before.min(limit)),
        (before, limit) => limit.or(before),
    };
    let _ = setrlimit(resource, Rlimit { current: lower, maximum: lower });
}

/// Runs `serve` on a thread with a large stack.
pub(crate) fn with_large_stack(serve: impl FnOnce() + Send + 'static) -> io::Result<()> {
    // A thread that could not be made has lost what it was to run, so the stack is tried out first.
    let mut bytes = STACK_BYTES;
    while bytes > STACK_BYTES_MIN && thread::Builder::new().stack_size(bytes).spawn(|| ()).is_err() {
        bytes /= 2;
    }
    thread::Builder::new().name("engines".to_owned()).stack_size(bytes).spawn(serve).map(drop)
}
