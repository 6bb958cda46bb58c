//! One worker process: its streams, its progress record, its memory and its end.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Read, Write as _};
use std::os::fd::AsFd as _;
use std::os::unix::fs::FileExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Child, ChildStderr, ChildStdin, ChildStdout, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::{Errno, ioctl_fionbio};
use rustix::pipe::fcntl_setpipe_size;
use rustix::process::{Pid, Signal, kill_process_group};
use rustix::time::{ClockId, clock_gettime};
use tempfile::TempPath;
use wassay_adapter::wire::{FrameBuffer, Progress, WorkerArgs};
use wassay_driver::{Kept, Request};
use wassay_model::Value;

use crate::conversation::LineBuffer;
use crate::spec::{CrewError, Dialect, Launch};

/// A pipe that holds a usual case and a usual answer whole, so that each is one write.
const PIPE_BYTES: usize = 256 << 10;
/// Bytes of the error stream that are kept.
const TAIL_BYTES: usize = 4 << 10;
/// Reads from a flooded error stream before the other streams are looked at again.
const DRAIN_READS: usize = 16;
/// How long a worker that has closed its stream may take to die.
const DYING_MAX: Duration = Duration::from_secs(2);
/// Processes that a worker has started, of which the memory is looked at.
const DESCENDANTS_MAX: usize = 256;
/// Pauses before starting a process is tried again, where the system is short of something.
const RETRIES_MS: [u64; 6] = [5, 20, 50, 100, 300, 1000];

/// A worker process.
#[derive(Debug)]
pub(crate) struct Process {
    child: Child,
    pid: Option<Pid>,
    requests: ChildStdin,
    answers: ChildStdout,
    /// None once it has ended.
    errors: Option<ChildStderr>,
    tail: Tail,
    /// None where the worker keeps no record.
    progress: Option<File>,
    /// Removes the file's name should the worker not have done so.
    progress_path: Option<TempPath>,
    out: Vec<u8>,
    sent: usize,
    dialect: Dialect,
    /// What has come on the answer stream, where frames are spoken.
    pub(crate) frames: FrameBuffer,
    /// The same where lines are.
    pub(crate) lines: LineBuffer,
    /// What it keeps from request to request, where lines are spoken.
    pub(crate) kept: Kept,
    /// Whether the answer stream has ended.
    pub(crate) closed: bool,
    /// Requests that were answered: none is what "fresh" means.
    pub(crate) answered: u64,
    /// When it was started.
    pub(crate) started_ns: u64,
    /// Whether its hello was read.
    pub(crate) greeted: bool,
    /// When clock and memory were last looked at.
    looked_ns: u64,
    /// Of the turn that began then, how long the process had waited for a processor when that was first asked.
    waited_before: Option<(u64, u64)>,
}

impl Process {
    /// Starts a worker.
    pub(crate) fn start(launch: &Launch, args: WorkerArgs) -> Result<Self, CrewError> {
        let engines = args.engines.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
        let fail = |source: io::Error| CrewError::Spawn {
            program: launch.program.clone(),
            engines: engines.clone(),
            hint: hint(&source),
            source,
        };
        let (progress, path) = match launch.dialect {
            Dialect::Frames => progress_file().map(|(file, path)| (Some(file), Some(path)))?,
            Dialect::Lines => (None, None),
        };
        let mut command = Command::new(&launch.program);
        command
            .args(&launch.args)
            .envs(launch.env.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            // A Ctrl-C on the terminal is for the parent, which finishes the case.
            .process_group(0)
            // Some engines record a backtrace in every error, which takes longer than most cases.
            .env("RUST_BACKTRACE", "0")
            .env("RUST_LIB_BACKTRACE", "0");
        if launch.dialect == Dialect::Frames {
            let args = WorkerArgs { progress: path.as_ref().map(|path| path.to_path_buf()), ..args };
            command.arg0("wassay-worker").args(args.to_args());
        }
        let mut child = spawn(&mut command).map_err(fail)?;
        let (Some(requests), Some(answers), Some(errors)) =
            (child.stdin.take(), child.stdout.take(), child.stderr.take())
        else {
            unreachable!("the three streams were asked for");
        };
        let process = Self {
            pid: i32::try_from(child.id()).ok().and_then(Pid::from_raw),
            child,
            requests,
            answers,
            errors: Some(errors),
            tail: Tail::default(),
            progress,
            progress_path: path,
            out: Vec::new(),
            sent: 0,
            dialect: launch.dialect,
            frames: FrameBuffer::default(),
            lines: LineBuffer::default(),
            kept: Kept::default(),
            closed: false,
            answered: 0,
            started_ns: now_ns(),
            greeted: false,
            looked_ns: 0,
            waited_before: None,
        };
        process.set_up_pipes().map_err(|error| fail(error.into()))?;
        Ok(process)
    }

    fn set_up_pipes(&self) -> Result<(), Errno> {
        ioctl_fionbio(&self.requests, true)?;
        ioctl_fionbio(&self.answers, true)?;
        if let Some(errors) = &self.errors {
            ioctl_fionbio(errors, true)?;
        }
        // A user may have only so many large pipes; small ones work too.
        let _ = fcntl_setpipe_size(&self.requests, PIPE_BYTES);
        let _ = fcntl_setpipe_size(&self.answers, PIPE_BYTES);
        Ok(())
    }

    /// The process's number.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Notes that the hello was read.
    pub(crate) fn greet(&mut self) {
        self.greeted = true;
        self.progress_path = None;
    }

    /// Sends the frame that `make` puts into a buffer. What it said before on its error stream is
    /// forgotten: its last words shall be about this.
    pub(crate) fn send<E>(&mut self, make: impl FnOnce(&mut Vec<u8>) -> Result<(), E>) -> Result<(), E> {
        self.tail.clear();
        make(&mut self.out)?;
        self.sent = 0;
        self.looked_ns = now_ns();
        self.flush();
        Ok(())
    }

    fn flush(&mut self) {
        while self.sent < self.out.len() {
            match self.requests.write(&self.out[self.sent..]) {
                Ok(count) => self.sent += count,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => return,
                // The reader is gone; the end of its answers will say how.
                Err(_) => self.sent = self.out.len(),
            }
        }
    }

    fn receive(&mut self) {
        let filled = match self.dialect {
            Dialect::Frames => self.frames.fill(&mut self.answers),
            Dialect::Lines => self.lines.fill(&mut self.answers),
        };
        match filled {
            Ok(0) => self.closed = true,
            Ok(_) => {}
            Err(error) if matches!(error.kind(), ErrorKind::Interrupted | ErrorKind::WouldBlock) => {}
            Err(_) => self.closed = true,
        }
    }

    fn drain(&mut self, reads_max: usize) {
        let Some(errors) = &mut self.errors else { return };
        for _ in 0..reads_max {
            match self.tail.fill(errors) {
                Ok(0) => {
                    self.errors = None;
                    return;
                }
                Ok(_) => {}
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(_) => return,
            }
        }
    }

    /// Whether it is time to look at clock and memory: not before `pause_ns` have passed since the last
    /// time, or since the request was sent. Most answers come before that.
    pub(crate) fn is_due(&mut self, now_ns: u64, pause_ns: u64) -> bool {
        let is_due = now_ns.saturating_sub(self.looked_ns) >= pause_ns;
        if is_due {
            self.looked_ns = now_ns;
        }
        is_due
    }

    /// Sends a request to a worker that speaks lines, as [`Process::send`] does.
    pub(crate) fn send_lines(&mut self, request: &Request<'_>) {
        self.tail.clear();
        self.out.clear();
        request.write(&mut self.out, &mut self.kept);
        self.sent = 0;
        self.looked_ns = now_ns();
        self.flush();
    }

    /// Answers a worker's call of a host function.
    pub(crate) fn reply(&mut self, results: &[Value]) {
        // What was sent before is read, or the worker would not have called.
        self.out.clear();
        self.sent = 0;
        let results: Vec<String> = results.iter().map(|value| format!("\"{value}\"")).collect();
        self.out.extend_from_slice(format!("{{\"results\":[{}]}}\n", results.join(",")).as_bytes());
        self.flush();
    }

    /// Whether the worker writes a progress record.
    pub(crate) const fn keeps_progress(&self) -> bool {
        self.progress.is_some()
    }

    /// What the worker says it is doing.
    pub(crate) fn progress(&self) -> Option<Progress> {
        let mut bytes = [0; Progress::BYTES];
        let record = self.progress.as_ref()?;
        // A record that is being written is not whole; it is soon.
        for _ in 0..100 {
            record.read_exact_at(&mut bytes, 0).ok()?;
            if let Some(progress) = Progress::from_bytes(&bytes) {
                return Some(progress);
            }
            thread::yield_now();
        }
        None
    }

    /// Memory in use that is the process's own: not the pages of files it has mapped. What a worker of others has
    /// started counts as well, whatever group or session it is in: a bridge hosts its engine that way.
    pub(crate) fn memory_bytes(&self) -> Option<u64> {
        let own = memory_of(self.child.id())?;
        let started = if self.dialect == Dialect::Lines { descendants(self.child.id()) } else { Vec::new() };
        // One that has ended meanwhile has none.
        let all = started.into_iter().filter_map(memory_of).chain([own]);
        let (private, shared) = all.fold((0, 0), |(private, shared), memory| {
            // Processes of a family mostly share the same pages.
            (private + memory.private_bytes, memory.shared_bytes.max(shared))
        });
        Some(private + shared)
    }

    /// How long the process, and what it has started, has waited for a processor since this was first asked in the turn
    /// that began at `since_ns`: 0 the first time, and where the system does not tell. Threads that wait beside each
    /// other count each.
    pub(crate) fn waited_ns(&mut self, since_ns: u64) -> u64 {
        let started = if self.dialect == Dialect::Lines { descendants(self.child.id()) } else { Vec::new() };
        let waited = started.into_iter().chain([self.child.id()]).map(waited_of).sum::<u64>();
        match self.waited_before {
            // A thread that has ended takes its count along.
            Some((turn, before)) if turn == since_ns => waited.saturating_sub(before),
            _ => {
                self.waited_before = Some((since_ns, waited));
                0
            }
        }
    }

    /// Kills the process, and what it has started. Returns its last words.
    pub(crate) fn kill(mut self) -> String {
        self.strike();
        let _ = self.child.wait();
        self.last_words()
    }

    /// Waits for the end of a process that has closed its answer stream. Returns its status, none where
    /// it had to be killed, and its last words.
    pub(crate) fn bury(mut self) -> (Option<ExitStatus>, String) {
        let start = Instant::now();
        let mut pause = Duration::from_micros(50);
        let status = loop {
            match self.child.try_wait() {
                Ok(Some(status)) => break Some(status),
                Ok(None) if start.elapsed() < DYING_MAX => {
                    // It may be blocked on its error stream.
                    self.drain(DRAIN_READS);
                    thread::sleep(pause);
                    pause = (pause * 2).min(Duration::from_millis(5));
                }
                Ok(None) | Err(_) => {
                    self.strike();
                    let _ = self.child.wait();
                    break None;
                }
            }
        };
        (status, self.last_words())
    }

    fn last_words(&mut self) -> String {
        // Something that the worker has started may still be writing: this must end.
        self.drain(1 << 10);
        self.tail.words()
    }

    fn strike(&mut self) {
        if let Some(pid) = self.pid {
            let _ = kill_process_group(pid, Signal::KILL);
        }
        let _ = self.child.kill();
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // After `bury` or `kill` the number may be another process's by now; `try_wait` knows.
        if !matches!(self.child.try_wait(), Ok(Some(_))) {
            self.strike();
            let _ = self.child.wait();
        }
    }
}

/// Memory in use by a process.
struct Memory {
    private_bytes: u64,
    shared_bytes: u64,
}

fn memory_of(process: u32) -> Option<Memory> {
    let status = fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let field = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name))?;
        line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()
    };
    Some(Memory { private_bytes: field("RssAnon:")? << 10, shared_bytes: field("RssShmem:").unwrap_or(0) << 10 })
}

/// How long the threads of a process have waited for a processor although they could have run.
fn waited_of(process: u32) -> u64 {
    let threads = fs::read_dir(format!("/proc/{process}/task")).into_iter().flatten().flatten();
    let waited = threads.filter_map(|thread| {
        // Time on a processor, time waiting for one, turns.
        let text = fs::read_to_string(thread.path().join("schedstat")).ok()?;
        text.split_ascii_whitespace().nth(1)?.parse::<u64>().ok()
    });
    waited.sum()
}

/// What a process has started, and what that has started; nothing where the system does not tell.
fn descendants(process: u32) -> Vec<u32> {
    let mut found = vec![process];
    let mut next = 0;
    while let Some(parent) = found.get(next).copied() {
        next += 1;
        let threads = fs::read_dir(format!("/proc/{parent}/task")).into_iter().flatten().flatten();
        for thread in threads {
            let children = fs::read_to_string(thread.path().join("children")).unwrap_or_default();
            let children = children.split_ascii_whitespace().filter_map(|child| child.parse::<u32>().ok());
            found.extend(children.take(DESCENDANTS_MAX.saturating_sub(found.len())));
        }
    }
    found.split_off(1)
}

fn spawn(command: &mut Command) -> io::Result<Child> {
    for pause in RETRIES_MS {
        match command.spawn() {
            Err(error) if is_shortage(&error) => thread::sleep(Duration::from_millis(pause)),
            other => return other,
        }
    }
    command.spawn()
}

fn is_shortage(error: &io::Error) -> bool {
    let shortages = [Errno::AGAIN, Errno::NOMEM, Errno::MFILE, Errno::NFILE, Errno::TXTBSY];
    Errno::from_io_error(error).is_some_and(|errno| shortages.contains(&errno))
}

fn hint(error: &io::Error) -> &'static str {
    match Errno::from_io_error(error) {
        Some(Errno::AGAIN) => {
            "; the limit on processes is reached (see `ulimit -u`, and pids.max of the control group)"
        }
        Some(Errno::MFILE) => "; the limit on open files is reached (see `ulimit -n`)",
        Some(Errno::NFILE) => "; the system has too many open files",
        Some(Errno::NOMEM) => "; there is too little memory (see `ulimit -v` and `free`)",
        _ => "",
    }
}

fn progress_file() -> Result<(File, TempPath), CrewError> {
    let make = |directory: &Path| tempfile::Builder::new().prefix("wassay-progress-").tempfile_in(directory);
    // Records are written several times a case: in memory, where there is such a directory.
    let made = make(Path::new("/dev/shm")).or_else(|_| make(&std::env::temp_dir()));
    match made {
        Ok(file) => Ok(file.into_parts()),
        Err(source) => Err(CrewError::Progress { directory: std::env::temp_dir(), source }),
    }
}

/// The end of an error stream.
#[derive(Debug, Default)]
struct Tail {
    bytes: Vec<u8>,
}

impl Tail {
    fn clear(&mut self) {
        self.bytes.clear();
    }

    fn fill(&mut self, from: &mut impl Read) -> io::Result<usize> {
        let mut piece = [0; 16 << 10];
        let count = from.read(&mut piece)?;
        self.bytes.extend_from_slice(&piece[..count]);
        if self.bytes.len() > TAIL_BYTES {
            self.bytes.drain(..self.bytes.len() - TAIL_BYTES);
        }
        Ok(count)
    }

    fn words(&self) -> String {
        String::from_utf8_lossy(&self.bytes).trim().to_owned()
    }
}

/// Waits until something comes from one of `processes`, or it is time to look at the clock, and takes
/// what has come.
pub(crate) fn wait<'a>(processes: impl Iterator<Item = &'a mut Process>, timeout: Duration) -> Result<(), CrewError> {
    let mut processes: Vec<&mut Process> = processes.collect();
    let mut descriptors = Vec::with_capacity(3 * processes.len());
    for process in &processes {
        descriptors.push(PollFd::from_borrowed_fd(process.answers.as_fd(), PollFlags::IN));
        if let Some(errors) = &process.errors {
            descriptors.push(PollFd::from_borrowed_fd(errors.as_fd(), PollFlags::IN));
        }
        if process.sent < process.out.len() {
            descriptors.push(PollFd::from_borrowed_fd(process.requests.as_fd(), PollFlags::OUT));
        }
    }
    let timeout = Timespec { tv_sec: 0, tv_nsec: timeout.subsec_nanos().into() };
    match poll(&mut descriptors, Some(&timeout)) {
        Ok(0) | Err(Errno::INTR) => return Ok(()),
        Ok(_) => {}
        Err(error) => return Err(CrewError::Wait(error.into())),
    }
    let ready: Vec<bool> = descriptors.iter().map(|descriptor| !descriptor.revents().is_empty()).collect();
    let mut ready = ready.into_iter();
    let mut next = || ready.next().unwrap_or(false);
    for process in &mut processes {
        let (errors_are_open, is_sending) = (process.errors.is_some(), process.sent < process.out.len());
        if next() {
            process.receive();
        }
        if errors_are_open && next() {
            process.drain(DRAIN_READS);
        }
        if is_sending && next() {
            process.flush();
        }
    }
    Ok(())
}

/// The system's monotonic clock: the one that workers write into their progress records.
pub(crate) fn now_ns() -> u64 {
    let now = clock_gettime(ClockId::Monotonic);
    now.tv_sec.cast_unsigned() * 1_000_000_000 + now.tv_nsec.cast_unsigned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tail_keeps_the_last_words_of_a_flood() {
        let mut tail = Tail::default();
        for number in 0..100_000 {
            tail.fill(&mut format!("line {number}\n").as_bytes()).unwrap();
        }
        assert!(tail.words().ends_with("line 99998\nline 99999"));
        assert!(tail.words().len() <= TAIL_BYTES);
    }

    #[test]
    fn threads_that_share_a_processor_wait_for_it() {
        use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};
        let all = sched_getaffinity(None).unwrap();
        let first = (0..CpuSet::MAX_CPU).find(|cpu| all.is_set(*cpu)).unwrap();
        let mut one = CpuSet::new();
        one.set(first);
        // They live until both counts are read, since a thread takes its count along.
        let (spun, read) = (std::sync::Barrier::new(3), std::sync::Barrier::new(3));
        thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| {
                    sched_setaffinity(None, &one).unwrap();
                    let began = Instant::now();
                    while began.elapsed() < Duration::from_millis(200) {
                        std::hint::spin_loop();
                    }
                    spun.wait();
                    read.wait();
                });
            }
            spun.wait();
            let waited = waited_of(std::process::id());
            read.wait();
            // Each had the processor for about half of the time.
            assert!(waited > 50_000_000, "{waited} ns");
        });
        assert_eq!(waited_of(u32::MAX), 0);
    }

    #[test]
    fn a_program_that_does_not_exist_is_named_with_its_engines() {
        let launch = Launch { program: "/nonexistent/worker".into(), ..Launch::this_program([]) };
        let args = WorkerArgs { engines: vec!["wasmi".parse().unwrap()], ..WorkerArgs::default() };
        let words = Process::start(&launch, args).err().unwrap().to_string();
        assert!(words.contains("/nonexistent/worker") && words.contains("wasmi"), "{words}");
    }
}
