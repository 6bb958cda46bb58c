//! Running a program of others to its end: its lines as they come, its last ones kept.

use std::collections::VecDeque;
use std::io::{self, BufRead as _, BufReader};
use std::os::unix::process::CommandExt as _;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process_group};

/// Lines that an error shows.
const TAIL_LINES: usize = 15;
/// How often it is seen whether the program still runs, while it says nothing.
const TICK: Duration = Duration::from_millis(50);
/// How long its lines are waited for after its end: a program that it left behind may hold the pipe.
const AFTER_END: Duration = Duration::from_millis(500);

/// How a program ended.
pub(crate) struct Ended {
    /// None where it was killed for taking too long.
    pub(crate) status: Option<ExitStatus>,
    /// Its last lines, of both its streams.
    pub(crate) tail: VecDeque<String>,
}

impl Ended {
    pub(crate) fn succeeded(&self) -> bool {
        self.status.is_some_and(|status| status.success())
    }

    /// How it ended, in words.
    pub(crate) fn how(&self) -> String {
        match self.status {
            None => "did not end in time and was killed".to_owned(),
            Some(status) => match status.code() {
                Some(code) => format!("ended with status {code}"),
                None => format!("ended with {status}"),
            },
        }
    }

    /// The last lines, each behind a line feed and indented.
    pub(crate) fn tail(&self) -> String {
        self.tail.iter().map(|line| format!("\n    {line}")).collect()
    }
}

/// Runs a command without input and hands its lines to `line`.
///
/// Where there is a time limit, the program and what it started are killed after it. Where there is none, it
/// shares our process group, so that a Ctrl-C on the terminal ends it too.
pub(crate) fn run(mut command: Command, limit: Option<Duration>, line: &mut dyn FnMut(&str)) -> io::Result<Ended> {
    let (reader, writer) = io::pipe()?;
    command.stdin(Stdio::null()).stdout(writer.try_clone()?).stderr(writer);
    if limit.is_some() {
        command.process_group(0);
    }
    let mut child = command.spawn()?;
    // It holds the pipe's other end, which must be closed here for the lines to end.
    drop(command);
    let (sender, lines) = channel();
    std::thread::spawn(move || {
        let mut reader = BufReader::new(reader);
        let mut bytes = Vec::new();
        while matches!(reader.read_until(b'\n', &mut bytes), Ok(1..)) {
            let text = String::from_utf8_lossy(&bytes).trim_end().to_owned();
            bytes.clear();
            if sender.send(text).is_err() {
                return;
            }
        }
    });
    let began = Instant::now();
    let mut tail = VecDeque::new();
    let mut ended_at: Option<Instant> = None;
    let mut status = None;
    loop {
        match lines.recv_timeout(TICK) {
            Ok(text) => {
                line(&text);
                if !text.is_empty() {
                    if tail.len() == TAIL_LINES {
                        tail.pop_front();
                    }
                    tail.push_back(text);
                }
            }
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => {
                return Ok(Ended { status: end(&mut child, began, limit)?, tail });
            }
        }
        if status.is_none() {
            status = child.try_wait()?;
            ended_at = status.map(|_| Instant::now());
        }
        if ended_at.is_some_and(|ended| ended.elapsed() > AFTER_END) {
            return Ok(Ended { status, tail });
        }
        if status.is_none() && limit.is_some_and(|limit| began.elapsed() > limit) {
            kill(&mut child)?;
            return Ok(Ended { status: None, tail });
        }
    }
}

/// Waits for a program that has closed its streams.
fn end(child: &mut Child, began: Instant, limit: Option<Duration>) -> io::Result<Option<ExitStatus>> {
    let Some(limit) = limit else { return child.wait().map(Some) };
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(Some(status));
        }
        if began.elapsed() > limit {
            kill(child)?;
            return Ok(None);
        }
        std::thread::sleep(Duration::from_millis(2));
    }
}

fn kill(child: &mut Child) -> io::Result<()> {
    match i32::try_from(child.id()).ok().and_then(Pid::from_raw) {
        // It may have ended by now.
        Some(pid) => drop(kill_process_group(pid, Signal::KILL)),
        None => child.kill()?,
    }
    child.wait().map(drop)
}

/// A command line as a person would type it.
pub(crate) fn typed(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    let quoted = words.map(|word| {
        let word = word.to_string_lossy();
        let plain = |c: char| c.is_ascii_alphanumeric() || "@%+=:,./-_".contains(c);
        match !word.is_empty() && word.chars().all(plain) {
            true => word.into_owned(),
            false => format!("'{}'", word.replace('\'', r"'\''")),
        }
    });
    quoted.collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        command
    }

    #[test]
    fn both_streams_come_line_by_line_and_the_last_lines_stay() {
        let mut seen = 0;
        let script = "i=0; while [ $i -lt 40 ]; do echo out $i; echo err $i >&2; i=$((i+1)); done; exit 3";
        let ended = run(shell(script), None, &mut |_| seen += 1).unwrap();
        assert_eq!((seen, ended.tail.len(), ended.succeeded()), (80, TAIL_LINES, false));
        assert_eq!(ended.how(), "ended with status 3");
        assert!(ended.tail().ends_with("\n    err 39"), "{}", ended.tail());
    }

    #[test]
    fn a_program_that_takes_too_long_is_killed_with_what_it_started() {
        let began = Instant::now();
        let limit = Some(Duration::from_millis(300));
        let ended = run(shell("sleep 60 & echo begun; wait"), limit, &mut |_| {}).unwrap();
        assert!(ended.status.is_none() && began.elapsed() < Duration::from_secs(30));
        assert_eq!(ended.how(), "did not end in time and was killed");
    }

    #[test]
    fn a_program_that_leaves_another_behind_is_not_waited_for_longer() {
        let began = Instant::now();
        let ended = run(shell("sleep 20 & exit 0"), None, &mut |_| {}).unwrap();
        assert!(ended.succeeded() && began.elapsed() < Duration::from_secs(15));
    }

    #[test]
    fn a_command_is_shown_so_that_a_shell_reads_it_back() {
        let mut command = Command::new("npm");
        command.args(["a@1", "it's here", ""]);
        assert_eq!(typed(&command), r"npm a@1 'it'\''s here' ''");
    }
}
