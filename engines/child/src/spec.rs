//! Who is asked and which programs host them.

use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};

use wassay_adapter::wire::WireError;
use wassay_model::{EngineName, Isolation, Lineup};

/// What a [`Crew`](crate::Crew) is made of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CrewSpec {
    /// The program that hosts engines whose seat names no other.
    pub launch: Launch,
    /// The engines, in the order in which the crew counts them.
    pub seats: Vec<Seat>,
    /// How much memory a worker may use, in bytes, its engines' together.
    pub memory_max_bytes: u64,
    /// How long a worker may take to open its engines, in milliseconds.
    pub start_deadline_ms: u32,
}

/// An engine of a crew.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seat {
    /// The engine's name.
    pub engine: EngineName,
    /// Whether it shares a process with the others of its group: all that share and have the same launch.
    pub isolation: Isolation,
    /// The program that hosts it, where that is not the crew's.
    pub launch: Option<Launch>,
}

/// How to start a worker.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Launch {
    /// The program.
    pub program: PathBuf,
    /// Its arguments. Where the dialect is [`Dialect::Frames`], those of
    /// [`WorkerArgs::to_args`](wassay_adapter::wire::WorkerArgs::to_args) follow.
    pub args: Vec<OsString>,
    /// What is set in its environment beside the parent's own.
    pub env: Vec<(OsString, OsString)>,
    /// What it speaks.
    pub dialect: Dialect,
}

/// How a worker and its parent talk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// The binary frames of [`wassay_adapter::wire`]; a worker hosts any number of engines.
    Frames,
    /// The JSON lines of `docs/worker-protocol.md`; a worker hosts one engine.
    Lines,
}

impl Launch {
    /// A program that speaks the JSON lines of `docs/worker-protocol.md`.
    #[must_use]
    pub fn lines(program: impl Into<PathBuf>, args: impl IntoIterator<Item = OsString>) -> Self {
        Self { program: program.into(), args: args.into_iter().collect(), env: Vec::new(), dialect: Dialect::Lines }
    }

    /// The program that is running, with `args`.
    ///
    /// It is named through `/proc` where that exists: the path in the file system may lead to another
    /// build by now.
    #[must_use]
    pub fn this_program(args: impl IntoIterator<Item = OsString>) -> Self {
        let link = Path::new("/proc/self/exe");
        let program = if link.exists() { Ok(link.to_owned()) } else { std::env::current_exe() };
        Self {
            program: program.unwrap_or_else(|_| "wassay".into()),
            args: args.into_iter().collect(),
            env: Vec::new(),
            dialect: Dialect::Frames,
        }
    }
}

impl CrewSpec {
    /// The usual crew of a line-up: 2 GiB for a worker, one minute to start.
    #[must_use]
    pub fn new(launch: Launch, lineup: &[Lineup]) -> Self {
        let seat = |entry: &Lineup| Seat { engine: entry.engine.clone(), isolation: entry.isolation, launch: None };
        Self { launch, seats: lineup.iter().map(seat).collect(), memory_max_bytes: 2 << 30, start_deadline_ms: 60_000 }
    }
}

/// Why engines could not be asked. Never something that an engine did to a case.
#[derive(Debug, thiserror::Error)]
pub enum CrewError {
    /// The system starts no process.
    #[error("the worker program {} cannot be started for {engines}: {source}{hint}", program.display())]
    Spawn {
        /// The program.
        program: PathBuf,
        /// The engines that it was to host.
        engines: String,
        /// What the system says.
        source: io::Error,
        /// What may help, behind a semicolon.
        hint: &'static str,
    },
    /// No file can be made in which a worker keeps its progress.
    #[error("no temporary file can be made in {}: {source}", directory.display())]
    Progress {
        /// Where.
        directory: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// An engine cannot be opened.
    #[error("`{engine}` cannot be opened: {words}")]
    Unavailable {
        /// Which one.
        engine: EngineName,
        /// Why.
        words: String,
    },
    /// A worker died before it could be asked.
    #[error("the worker of {engines} {how} while it was starting{words}")]
    Start {
        /// Its engines, or the one that was being opened.
        engines: String,
        /// How it died.
        how: String,
        /// Its last words, behind a colon.
        words: String,
    },
    /// A worker's first words are no hello.
    #[error("the program {} that should host {engines} is no worker: {words}", program.display())]
    Hello {
        /// The program.
        program: PathBuf,
        /// The engines that it was to host.
        engines: String,
        /// What is wrong with what it said.
        words: String,
    },
    /// Started again, an engine is of another version.
    #[error("`{engine}` was version {was} and, started again, is {is}: it was replaced while it was asked")]
    Changed {
        /// Which one.
        engine: EngineName,
        /// Its version at first.
        was: String,
        /// Its version now.
        is: String,
    },
    /// The case cannot be sent.
    #[error("the case cannot be sent to workers: {0}")]
    Case(#[source] WireError),
    /// Waiting for workers failed.
    #[error("workers cannot be waited for: {0}")]
    Wait(#[source] io::Error),
}
