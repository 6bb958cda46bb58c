//! A worker that speaks lines: what it has said, and how far the conversation has come.

use std::io::{self, Read};
use std::sync::Arc;

use wassay_driver::{Answer, End, Hello, Probes, Raise, Script, Worker, probes, setup};
use wassay_model::{Features, Limits};

/// Bytes of one line. A snapshot in full capture may hold 16 MiB of memory, in hexadecimal; a worker that
/// writes more without an end is flooding.
const LINE_BYTES_MAX: usize = 128 << 20;
/// Bytes that are read at once.
const PIECE_BYTES: usize = 64 << 10;
/// Above this size the buffer is given back once it is empty.
const ROOM_KEPT: usize = 4 << 20;

/// Collects bytes and cuts them into lines.
#[derive(Debug, Default)]
pub(crate) struct LineBuffer {
    bytes: Vec<u8>,
    /// Where the next line starts.
    start: usize,
    /// Up to where no line feed was found.
    searched: usize,
}

impl LineBuffer {
    /// Reads once. Returns how many bytes came; 0 is the end of the stream.
    pub(crate) fn fill(&mut self, from: &mut impl Read) -> io::Result<usize> {
        if self.start > 0 {
            self.bytes.drain(..self.start);
            self.searched -= self.start;
            self.start = 0;
        }
        if self.bytes.is_empty() && self.bytes.capacity() > ROOM_KEPT {
            self.bytes = Vec::new();
        }
        let end = self.bytes.len();
        self.bytes.resize(end + PIECE_BYTES, 0);
        let read = from.read(&mut self.bytes[end..]);
        self.bytes.truncate(end + read.as_ref().copied().unwrap_or(0));
        read
    }

    /// The next line without its end, if all of it has come.
    ///
    /// # Errors
    ///
    /// A sentence, where the line is too long. The stream is of no more use.
    pub(crate) fn line(&mut self) -> Result<Option<&[u8]>, String> {
        let Some(length) = self.bytes[self.searched..].iter().position(|byte| *byte == b'\n') else {
            self.searched = self.bytes.len();
            if self.pending() > LINE_BYTES_MAX {
                return Err(format!("a line goes on for more than {LINE_BYTES_MAX} bytes: {}", self.shown()));
            }
            return Ok(None);
        };
        let (start, end) = (self.start, self.searched + length);
        (self.start, self.searched) = (end + 1, end + 1);
        Ok(Some(&self.bytes[start..end]))
    }

    /// Bytes that were not read as lines yet.
    pub(crate) const fn pending(&self) -> usize {
        self.bytes.len() - self.start
    }

    /// The first of them, for an error.
    pub(crate) fn shown(&self) -> String {
        let rest = &self.bytes[self.start..];
        rest[..rest.len().min(80)].escape_ascii().to_string()
    }
}

/// The conversation with the one engine of a worker that speaks lines. It outlives the process: what was
/// learnt of the engine holds for the next one.
#[derive(Debug, Default)]
pub(crate) struct Conversation {
    pub(crate) stage: Stage,
    /// Its hello, once it has come.
    pub(crate) hello: Option<Hello>,
    /// What the hello says of how to talk.
    pub(crate) worker: Option<Worker>,
    /// The probes, and the answers to them so far: a worker that dies of a probe is started again and
    /// asked the rest.
    probes: Option<Probes>,
    answered: Vec<Answer>,
}

/// How far the conversation with the present process has come.
#[derive(Debug, Default)]
pub(crate) enum Stage {
    /// It has not said hello.
    #[default]
    Hello,
    /// It was sent what it shall keep, and the probes that are left.
    Setup {
        /// The number of the request.
        serial: u64,
        /// How many operations come before the probes.
        kept: usize,
        /// How many answers have come.
        answers: usize,
        /// When it was sent, or its last answer came.
        since_ns: u64,
    },
    /// It can be asked.
    Ready,
    /// It was asked.
    Asked(Box<Raise<Arc<Script>>>),
}

impl Conversation {
    /// Begins anew with a fresh process.
    pub(crate) fn restart(&mut self) {
        self.stage = Stage::Hello;
    }

    /// Reads what the hello says of how to talk.
    pub(crate) fn greet(&mut self, hello: Hello) {
        let worker = hello.worker();
        if self.probes.is_none() {
            self.probes = Some(probes(&worker));
        }
        (self.worker, self.hello) = (Some(worker), Some(hello));
    }

    /// What a fresh process is to keep, and the probes that were not answered yet.
    pub(crate) fn opening(&self) -> (Vec<wassay_driver::Op>, usize) {
        let mut ops = self.worker.as_ref().map(setup).unwrap_or_default();
        let probes = self.probes.as_ref().map_or(&[][..], Probes::ops);
        let answered = self.answered.len().min(probes.len());
        let keeps_nothing = self.worker.as_ref().is_some_and(|worker| worker.drivers && !worker.keeps);
        // The frame, which the first probe made in the process that died, and without which none is carried out.
        ops.extend_from_slice(&probes[..answered.min(usize::from(keeps_nothing))]);
        let kept = ops.len();
        ops.extend_from_slice(&probes[answered..]);
        (ops, kept)
    }

    fn probes_len(&self) -> usize {
        self.probes.as_ref().map_or(0, |probes| probes.ops().len())
    }

    /// Takes the answer to a probe.
    pub(crate) fn probed(&mut self, answer: Answer) {
        // What is kept comes before the probes, and what was answered by an earlier process is not asked again.
        self.answered.push(Answer { op: self.answered.len() as u64, ..answer });
    }

    /// Notes that the worker died of the next probe. Returns whether there was one.
    pub(crate) fn died_of_probe(&mut self, why: &str) -> bool {
        let is_left = self.answered.len() < self.probes_len();
        if is_left {
            let op = self.answered.len() as u64;
            let (end, words) = (Some(End::Unclassified), Some(why.to_owned()));
            self.answered.push(Answer { op, end, words, ..Answer::default() });
        }
        is_left
    }

    /// Whether every probe was answered.
    pub(crate) fn is_probed(&self) -> bool {
        self.probes.is_some() && self.answered.len() == self.probes_len()
    }

    /// What the probes have found.
    pub(crate) fn features(&self) -> Features {
        self.probes.as_ref().map_or(Features::V1, |probes| probes.features(&self.answered))
    }
}

/// The limits under which an engine is probed: those of a usual case.
pub(crate) fn probe_limits() -> Limits {
    Limits::default()
}

/// The scripts of one question, made once for all workers that are talked to alike.
#[derive(Debug, Default)]
pub(crate) struct Scripts(Vec<(Worker, Arc<Script>)>);

impl Scripts {
    /// The script for `worker`.
    pub(crate) fn of(&mut self, worker: &Worker, make: impl FnOnce() -> Script) -> Arc<Script> {
        if let Some((_, script)) = self.0.iter().find(|(known, _)| known == worker) {
            return Arc::clone(script);
        }
        let script = Arc::new(make());
        self.0.push((worker.clone(), Arc::clone(&script)));
        script
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_come_whole_whatever_the_pieces() {
        let text = b"{\"a\":1}\n\n{\"long\":\"xxxxxxxxxxxxxxxxxxxxxxxxxxx\"}\nrest";
        for piece in [1, 2, 7, 100] {
            let mut buffer = LineBuffer::default();
            let mut lines: Vec<Vec<u8>> = Vec::new();
            for mut piece in text.chunks(piece) {
                buffer.fill(&mut piece).unwrap();
                while let Some(line) = buffer.line().unwrap() {
                    lines.push(line.to_vec());
                }
            }
            assert_eq!(lines, [&b"{\"a\":1}"[..], b"", b"{\"long\":\"xxxxxxxxxxxxxxxxxxxxxxxxxxx\"}"], "{piece}");
            assert_eq!((buffer.pending(), &*buffer.shown()), (4, "rest"));
        }
    }

    #[test]
    fn a_line_without_end_is_an_error_and_not_all_of_memory() {
        let mut buffer = LineBuffer::default();
        let words = loop {
            buffer.fill(&mut io::repeat(b'x')).unwrap();
            if let Err(words) = buffer.line() {
                break words;
            }
        };
        assert!(words.contains("xxx") && words.len() < 300, "{words}");
    }
}
