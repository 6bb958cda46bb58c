//! What the death of a worker says of the engine that ran in it.

use std::os::unix::process::ExitStatusExt as _;
use std::process::ExitStatus;

use wassay_adapter::wire::EXIT_PROTOCOL;
use wassay_model::{Crash, CrashManner, Ending};

/// What allocators say before they abort, of the standard libraries of Rust and C++.
const OUT_OF_MEMORY: [&str; 3] = ["memory allocation of ", "std::bad_alloc", "std::length_error"];
const SIGABRT: i32 = 6;
pub(crate) const SIGKILL: i32 = 9;

/// The ending of an engine whose program died by itself, from its status and its last words.
pub(crate) fn classify(status: ExitStatus, words: &str) -> Ending {
    let manner = match (status.signal(), status.code()) {
        (Some(SIGABRT), _) if OUT_OF_MEMORY.iter().any(|text| words.contains(text)) => return Ending::OutOfMemory,
        (Some(signal), _) => CrashManner::Signal(signal),
        (None, Some(code)) if code == i32::from(EXIT_PROTOCOL) => {
            return Ending::Unclassified(format!("its worker gave up: {words}"));
        }
        (None, code) => CrashManner::Exit(code.unwrap_or(-1)),
    };
    Ending::Crashed(Crash { manner, words: words.to_owned() })
}

/// The status in words, as in "the worker ...".
pub(crate) fn describe(status: ExitStatus) -> String {
    match (status.signal(), status.code()) {
        (Some(signal), _) => format!("died of signal {signal}"),
        (None, code) => format!("exited with status {}", code.unwrap_or(-1)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_death_is_classified_by_status_and_last_words() {
        let crashed = |manner, words: &str| Ending::Crashed(Crash { manner, words: words.to_owned() });
        let alloc = "memory allocation of 17179869184 bytes failed";
        let stack = "thread 'engines' (7) has overflowed its stack\nfatal runtime error: stack overflow, aborting";
        for (raw, words, expected) in [
            (6, alloc, Ending::OutOfMemory),
            (6, "terminate called after throwing an instance of 'std::bad_alloc'", Ending::OutOfMemory),
            (6, stack, crashed(CrashManner::Signal(6), stack)),
            (6, "", crashed(CrashManner::Signal(6), "")),
            (11, alloc, crashed(CrashManner::Signal(11), alloc)),
            (11 | 0x80, "", crashed(CrashManner::Signal(11), "")),
            (3 << 8, "bye", crashed(CrashManner::Exit(3), "bye")),
            (0, "", crashed(CrashManner::Exit(0), "")),
            (187 << 8, "why", Ending::Unclassified("its worker gave up: why".to_owned())),
        ] {
            assert_eq!(classify(ExitStatus::from_raw(raw), words), expected, "{raw} {words}");
        }
    }
}
