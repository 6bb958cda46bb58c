//! How the program ends.

use std::process::ExitCode;

/// The exit status, which scripts may rely on. The numbers from 64 on are those of `sysexits.h` where that
/// has a fitting one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Exit {
    /// Nothing new.
    Clean = 0,
    /// A new finding, divergence, failure or regression.
    Found = 1,
    /// The command line is wrong.
    Usage = 64,
    /// The input is wrong.
    BadInput = 65,
    /// An engine that was asked for cannot be run.
    EngineUnavailable = 69,
    /// A fault of this program.
    Internal = 70,
    /// The output cannot be written.
    CannotWrite = 73,
    /// A signal ended the run before it was complete: run it again with `--resume`.
    Preempted = 75,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// An error with the exit status that it ends the program with.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) exit: Exit,
    pub(crate) error: anyhow::Error,
}

impl Failure {
    pub(crate) fn new(exit: Exit, error: impl Into<anyhow::Error>) -> Self {
        Self { exit, error: error.into() }
    }
}

/// Gives an error its exit status.
pub(crate) trait OrExit<T> {
    fn or_exit(self, exit: Exit) -> Result<T, Failure>;
}

impl<T, E: Into<anyhow::Error>> OrExit<T> for Result<T, E> {
    fn or_exit(self, exit: Exit) -> Result<T, Failure> {
        self.map_err(|error| Failure::new(exit, error))
    }
}
