//! The streams of the protocol, moved out of the way of engines that print.

use std::convert::Infallible;
use std::fs::File;
use std::io::{self, Write as _};
use std::os::fd::AsFd;

use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::{Errno, fcntl_dupfd_cloexec};
use rustix::process::{Signal, getpid, kill_process};
use rustix::stdio::{dup2_stdin, dup2_stdout, stderr, stdin, stdout};
use wassay_adapter::wire::{FrameBuffer, WireError};

/// Below this number are the descriptors that C code takes for its own.
const DESCRIPTOR_MIN: i32 = 3;

/// Where requests come from and answers go to.
pub(crate) struct Streams {
    requests: File,
    answers: File,
    buffer: FrameBuffer,
}

impl Streams {
    /// Moves the protocol to descriptors of its own. Standard input becomes empty and standard output
    /// becomes standard error, so that an engine that reads or prints cannot garble the protocol.
    pub(crate) fn take() -> io::Result<Self> {
        let requests = File::from(fcntl_dupfd_cloexec(stdin(), DESCRIPTOR_MIN)?);
        let answers = File::from(fcntl_dupfd_cloexec(stdout(), DESCRIPTOR_MIN)?);
        dup2_stdin(File::open("/dev/null")?)?;
        dup2_stdout(stderr())?;
        Ok(Self { requests, answers, buffer: FrameBuffer::default() })
    }

    /// Something that notices when the parent is gone.
    pub(crate) fn watch(&self) -> io::Result<Parent> {
        Ok(Parent { requests: self.requests.try_clone()? })
    }

    /// The payload of the next request; none at the end of the stream.
    pub(crate) fn read(&mut self) -> Result<Option<&[u8]>, ReadError> {
        // A frame may lie in the buffer already, but asking twice for one would borrow it for too long.
        while !self.buffer.holds_frame()? {
            match self.buffer.fill(&mut self.requests) {
                Ok(0) if self.buffer.pending() == 0 => return Ok(None),
                Ok(0) => return Err(ReadError::Cut),
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(self.buffer.frame()?)
    }

    /// Sends a frame.
    pub(crate) fn write(&mut self, frame: &[u8]) -> io::Result<()> {
        self.answers.write_all(frame)
    }
}

/// Why there is no request.
#[derive(Debug)]
pub(crate) enum ReadError {
    Cut,
    Io(io::Error),
    Wire(WireError),
}

impl std::fmt::Display for ReadError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Cut => f.write_str("the stream ends in the middle of a frame"),
            Self::Io(error) => error.fmt(f),
            Self::Wire(error) => error.fmt(f),
        }
    }
}

impl From<io::Error> for ReadError {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl From<WireError> for ReadError {
    fn from(error: WireError) -> Self {
        Self::Wire(error)
    }
}

/// The parent, seen through its end of the request stream.
pub(crate) struct Parent {
    requests: File,
}

impl Parent {
    /// Waits until the parent has closed the stream, which the system does for it when it dies, and then
    /// ends this process whatever its engines are doing.
    ///
    /// The system's "signal on the death of the parent" is not used: it strikes when the *thread* ends
    /// that started the worker, and crews outlive the threads that they are made in.
    pub(crate) fn outlive(self) -> Result<Infallible, String> {
        self.wait().map_err(|error| format!("the request stream cannot be watched: {error}"))
    }

    fn wait(self) -> Result<Infallible, Errno> {
        loop {
            // No event is asked for, so data wakes nobody: only the hang-up that is always told.
            let mut descriptors = [PollFd::from_borrowed_fd(self.requests.as_fd(), PollFlags::empty())];
            match poll(&mut descriptors, None) {
                Ok(0) | Err(Errno::INTR) => {}
                Ok(_) => kill_process(getpid(), Signal::KILL)?,
                Err(error) => return Err(error),
            }
        }
    }
}
