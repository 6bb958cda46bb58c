//! Why no engine can be had by a name.

use std::io;
use std::path::PathBuf;

/// Why an engine cannot be found, installed or removed. Every message says what to do about it.
#[derive(Debug, thiserror::Error)]
pub enum FleetError {
    /// No family has the name.
    #[error("no engine is called `{name}`; there are {known}, and exec:PATH for a program of yours")]
    UnknownName {
        /// The name as asked.
        name: String,
        /// Every family.
        known: String,
    },
    /// The family has no such option.
    #[error("`{name}` has no option `{option}`; it has {known}")]
    UnknownOption {
        /// The family.
        name: String,
        /// The option as asked.
        option: String,
        /// Every option.
        known: String,
    },
    /// No release can have this version.
    #[error("`{name}@{version}` names no version: {why}")]
    ImpossibleVersion {
        /// The family.
        name: String,
        /// The version as asked.
        version: String,
        /// What is wrong with it.
        why: &'static str,
    },
    /// The engine is not on this machine.
    #[error("`{name}` is not installed{here}; install it with: {command}")]
    NotInstalled {
        /// The engine as asked.
        name: String,
        /// What is here instead, in brackets; empty where nothing is.
        here: String,
        /// The command that installs it.
        command: String,
    },
    /// The system has one version of it, and another is asked for.
    #[error("`{name}` cannot be had: the package {package} of the system is the only source, and it has {found}")]
    OtherVersion {
        /// The engine as asked.
        name: String,
        /// The system's package.
        package: &'static str,
        /// Its version.
        found: String,
    },
    /// The system has one version of it, so there is nothing to list.
    #[error("`{name}` has no list of releases: the package {package} of the system is the only source")]
    OneRelease {
        /// The engine as asked.
        name: String,
        /// The system's package.
        package: &'static str,
    },
    /// What is installed is not whole.
    #[error("`{name}` is half-installed: {trouble}; install it again with: {command}")]
    HalfInstalled {
        /// The engine as asked.
        name: String,
        /// What is missing, and where.
        trouble: String,
        /// The command that mends it.
        command: String,
    },
    /// `exec:PATH` leads to nothing that can be started.
    #[error("`exec:{path}` cannot be started: {why}")]
    Program {
        /// The path as asked.
        path: String,
        /// What is wrong with it, and how to mend it.
        why: String,
    },
    /// An engine needs a program of the machine to be launched or installed.
    #[error("`{name}` needs {program}, which is not in PATH: {mend}")]
    Needs {
        /// The engine as asked.
        name: String,
        /// The program.
        program: &'static str,
        /// How to get it.
        mend: &'static str,
    },
    /// A program that the caller brings is nothing to install or remove.
    #[error("`{name}` cannot be {what}: {why}")]
    NotOurs {
        /// The engine as asked.
        name: String,
        /// "installed" or "removed".
        what: &'static str,
        /// Why.
        why: &'static str,
    },
    /// There is no place for the cache.
    #[error("there is no folder for engines: set WASSAY_CACHE to one, or HOME")]
    NoFolder,
    /// The cache cannot be read or written.
    #[error("cannot {action} {}: {source}; WASSAY_CACHE names another folder for engines", path.display())]
    Cache {
        /// What was tried.
        action: &'static str,
        /// On what.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// Somebody else has been installing the same engine for long.
    #[error("another install of `{family}` holds {} for {seconds} s; wait for it or end it", lock.display())]
    Busy {
        /// The family.
        family: &'static str,
        /// The file that is locked.
        lock: PathBuf,
        /// How long was waited.
        seconds: u64,
    },
    /// A package manager cannot be started.
    #[error("`{command}` cannot be started: {source}")]
    Start {
        /// The command line.
        command: String,
        /// What the system says.
        source: io::Error,
    },
    /// A package manager failed.
    #[error("`{command}` {how}{hint}{tail}")]
    Failed {
        /// The command line.
        command: String,
        /// How it ended.
        how: String,
        /// What may help, behind a semicolon; empty where nothing is known.
        hint: String,
        /// Its last lines, each on a line of its own.
        tail: String,
    },
    /// A package manager said that it succeeded, and what it should have brought is not there.
    #[error("`{command}` succeeded, but {missing}")]
    Unfit {
        /// The command line.
        command: String,
        /// What is not there.
        missing: String,
    },
}
