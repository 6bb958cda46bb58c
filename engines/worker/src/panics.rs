//! Panics of engines: caught, and their words kept.

use std::panic::{AssertUnwindSafe, catch_unwind, set_hook};
use std::sync::{Mutex, PoisonError};

/// Bytes of a panic's words that are kept. Some engines print whole modules into theirs.
const WORDS_BYTES_MAX: usize = 4 << 10;

static LAST: Mutex<Option<String>> = Mutex::new(None);

/// Has the words of every panic kept, and a line of them on the error stream: a panic inside a panic
/// aborts, and then that line is all that is left.
pub(crate) fn capture() {
    set_hook(Box::new(|info| {
        let mut words = info.to_string();
        let end = words.floor_char_boundary(WORDS_BYTES_MAX);
        words.truncate(end);
        eprintln!("{words}");
        *LAST.lock().unwrap_or_else(PoisonError::into_inner) = Some(words);
    }));
}

/// Runs `engine`, which may leave its own state broken by a panic; the words of the panic, if it panics.
pub(crate) fn catch<T>(engine: impl FnOnce() -> T) -> Result<T, String> {
    catch_unwind(AssertUnwindSafe(engine)).map_err(|payload| {
        // Dropping the payload may panic in turn.
        std::mem::forget(payload);
        let last = LAST.lock().unwrap_or_else(PoisonError::into_inner).take();
        last.unwrap_or_else(|| "a panic without words".to_owned())
    })
}
