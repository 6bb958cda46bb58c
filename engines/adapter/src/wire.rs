//! The worker protocol: how the program that asks and the program that hosts engines talk.
//!
//! The parent writes frames to the worker's standard input and reads frames from its standard output. A
//! worker says [`Hello`] once, then answers every [`Request`] with one answer, in order. A frame is
//! [`MAGIC`], the length of the payload and the CRC-32 of the payload, both as four bytes little-endian,
//! then the payload in postcard's format. The checksum is there because engines run in the worker's
//! process and may write anywhere: what arrives is either what was sent or an error.
//!
//! The worker also keeps a [`Progress`] record in a file, which it writes and the parent reads without
//! waking each other: after a death it says which engine was running.
//!
//! It is *not* guaranteed that two versions understand each other: [`PROTOCOL`] is compared and unlike
//! versions part.

use std::ffi::OsString;
use std::io::{self, Read};
use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use wassay_model::{
    Capabilities, Capture, Ending, EngineId, EngineName, Observation, OpenChoice, Step, StepIdx, TestCase, Timing,
};

/// The version of everything in this module.
pub const PROTOCOL: u32 = 1;
/// How every frame starts.
pub const MAGIC: [u8; 4] = *b"WSY1";
/// Bytes before the payload.
pub const HEADER_BYTES: usize = 12;
/// Bytes of payload in one frame. Without a limit, four garbled bytes would make the reader wait for, and
/// store, gigabytes.
pub const PAYLOAD_BYTES_MAX: usize = 512 << 20;
/// The status with which a worker exits when it cannot read what it is sent, or cannot be asked again.
pub const EXIT_PROTOCOL: u8 = 187;

/// Why bytes are not a frame, or a frame is not what was to come.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WireError {
    /// The bytes do not start with [`MAGIC`].
    #[error("a frame should start here, but these bytes do: \"{found}\"")]
    Magic {
        /// The first of them, escaped.
        found: String,
    },
    /// The payload is longer than [`PAYLOAD_BYTES_MAX`].
    #[error("a frame announces {bytes} bytes, which is more than {PAYLOAD_BYTES_MAX}")]
    Length {
        /// Its length.
        bytes: usize,
    },
    /// The payload's checksum is not the one in the header.
    #[error("a frame of {bytes} bytes has the checksum {found:#010x} and announces {announced:#010x}")]
    Checksum {
        /// The length of the payload.
        bytes: usize,
        /// As computed.
        found: u32,
        /// As announced.
        announced: u32,
    },
    /// The payload does not decode.
    #[error("a frame's payload is not a {what}: {words}")]
    Payload {
        /// What it should be.
        what: &'static str,
        /// The decoder's words.
        words: String,
    },
    /// An answer to another question.
    #[error("the answer is to request {found} and not to {expected}")]
    Serial {
        /// The request that was made.
        expected: u64,
        /// The one that was answered.
        found: u64,
    },
    /// Too few or too many observations.
    #[error("the answer holds {found} observations and not {expected}")]
    Count {
        /// As many as were asked for.
        expected: usize,
        /// As many as came.
        found: usize,
    },
    /// An entry says that it equals one that is not before it.
    #[error("observation {position} refers to observation {of}, which is not before it")]
    Same {
        /// Which entry.
        position: usize,
        /// To what it refers.
        of: u16,
    },
    /// Bytes follow where the other side should be silent.
    #[error("{bytes} bytes follow behind the answer")]
    Surplus {
        /// How many have come so far.
        bytes: usize,
    },
    /// The other side speaks another version.
    #[error("the worker speaks version {found} of the protocol and not {PROTOCOL}: it comes from another build")]
    Version {
        /// Its version.
        found: u32,
    },
}

/// The first frame of a worker: who answers, in the order of the worker's line-up.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hello {
    /// [`PROTOCOL`].
    pub protocol: u32,
    /// Each engine, or why it cannot be opened.
    pub engines: Vec<Result<Introduction, String>>,
}

/// Who an engine is and what it can do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Introduction {
    /// Who.
    pub id: EngineId,
    /// What it can do.
    pub capabilities: Capabilities,
}

/// A question to some engines of a worker.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Request {
    /// The number that the answer repeats; never 0.
    pub serial: u64,
    /// Which engines, as positions in the worker's line-up.
    pub engines: Vec<u16>,
    /// How much to record.
    pub capture: Capture,
    /// The case. It stands last, so that its bytes are made once for several workers.
    pub case: TestCase,
}

/// Appends the bytes of a case as [`encode_request`] wants them.
///
/// # Errors
///
/// [`WireError::Payload`], where a value has no form in postcard.
pub fn encode_case(case: &TestCase, out: &mut Vec<u8>) -> Result<(), WireError> {
    append(case, "case", out)
}

/// Makes the frame of a [`Request`] in `out`, from a case that [`encode_case`] has encoded.
///
/// # Errors
///
/// [`WireError::Length`], where the case is too large.
pub fn encode_request(
    serial: u64,
    engines: &[u16],
    capture: Capture,
    case: &[u8],
    out: &mut Vec<u8>,
) -> Result<(), WireError> {
    begin(out);
    append(&(serial, engines, capture), "request", out)?;
    out.extend_from_slice(case);
    finish(out)
}

/// Makes the frame of any message in `out`.
///
/// # Errors
///
/// [`WireError::Length`], where the message is too large.
pub fn encode<T: Serialize>(message: &T, out: &mut Vec<u8>) -> Result<(), WireError> {
    begin(out);
    append(message, "message", out)?;
    finish(out)
}

/// Reads a message from a frame's payload.
///
/// # Errors
///
/// [`WireError::Payload`], where the payload is no such message, or is longer than one.
pub fn decode<'de, T: Deserialize<'de>>(what: &'static str, payload: &'de [u8]) -> Result<T, WireError> {
    match postcard::take_from_bytes(payload) {
        Ok((message, [])) => Ok(message),
        Ok((_, rest)) => Err(WireError::Payload { what, words: format!("{} bytes are left over", rest.len()) }),
        Err(error) => Err(WireError::Payload { what, words: error.to_string() }),
    }
}

/// An observation on the wire: without the engine, which the asker knows, and without steps where an
/// earlier engine of the same answer has the same.
#[derive(Serialize)]
struct EntryRef<'a> {
    sight: SightRef<'a>,
    open: &'a [(StepIdx, OpenChoice)],
    words: &'a [(StepIdx, String)],
    instructions: &'a [u64],
    timing: Timing,
}

#[derive(Serialize)]
enum SightRef<'a> {
    Own { steps: &'a [Step], ending: &'a Ending },
    Same { of: u16 },
}

#[derive(Deserialize)]
struct Entry {
    sight: Sight,
    open: Vec<(StepIdx, OpenChoice)>,
    words: Vec<(StepIdx, String)>,
    instructions: Vec<u64>,
    timing: Timing,
}

#[derive(Deserialize)]
enum Sight {
    Own { steps: Vec<Step>, ending: Ending },
    Same { of: u16 },
}

/// Makes the frame of an answer in `out`.
///
/// # Errors
///
/// [`WireError::Length`], where the observations are too large together.
pub fn encode_answer(serial: u64, observations: &[Observation], out: &mut Vec<u8>) -> Result<(), WireError> {
    // The first engine of each distinct sight. Most cases have one, so a list is enough.
    let mut distinct: Vec<u16> = Vec::new();
    let mut entries = Vec::with_capacity(observations.len());
    for (position, observation) in observations.iter().enumerate() {
        let earlier = distinct.iter().copied().find(|earlier| {
            let earlier = &observations[usize::from(*earlier)];
            earlier.ending == observation.ending && earlier.steps == observation.steps
        });
        let sight = match earlier {
            Some(of) => SightRef::Same { of },
            None => {
                distinct.extend(u16::try_from(position));
                SightRef::Own { steps: &observation.steps, ending: &observation.ending }
            }
        };
        entries.push(EntryRef {
            sight,
            open: &observation.open,
            words: &observation.words,
            instructions: &observation.instructions,
            timing: observation.timing,
        });
    }
    encode(&(serial, entries), out)
}

/// Reads the answer to request `serial` from a frame's payload: one observation for each of `engines`.
///
/// # Errors
///
/// [`WireError`], where the payload is anything else.
pub fn decode_answer<'a>(
    payload: &[u8],
    serial: u64,
    engines: impl ExactSizeIterator<Item = &'a EngineId>,
) -> Result<Vec<Observation>, WireError> {
    let (found, entries): (u64, Vec<Entry>) = decode("answer", payload)?;
    if found != serial {
        return Err(WireError::Serial { expected: serial, found });
    }
    if entries.len() != engines.len() {
        return Err(WireError::Count { expected: engines.len(), found: entries.len() });
    }
    let mut observations: Vec<Observation> = Vec::with_capacity(entries.len());
    for (engine, entry) in engines.zip(entries) {
        let (steps, ending) = match entry.sight {
            Sight::Own { steps, ending } => (steps, ending),
            Sight::Same { of } => match observations.get(usize::from(of)) {
                Some(earlier) => (earlier.steps.clone(), earlier.ending.clone()),
                None => return Err(WireError::Same { position: observations.len(), of }),
            },
        };
        observations.push(Observation {
            engine: engine.clone(),
            steps,
            ending,
            open: entry.open,
            words: entry.words,
            instructions: entry.instructions,
            timing: entry.timing,
        });
    }
    Ok(observations)
}

fn begin(out: &mut Vec<u8>) {
    out.clear();
    out.resize(HEADER_BYTES, 0);
}

fn append<T: Serialize + ?Sized>(message: &T, what: &'static str, out: &mut Vec<u8>) -> Result<(), WireError> {
    match postcard::to_extend(message, std::mem::take(out)) {
        Ok(longer) => {
            *out = longer;
            Ok(())
        }
        Err(error) => Err(WireError::Payload { what, words: error.to_string() }),
    }
}

fn finish(out: &mut [u8]) -> Result<(), WireError> {
    let bytes = out.len() - HEADER_BYTES;
    let length = match u32::try_from(bytes) {
        Ok(length) if bytes <= PAYLOAD_BYTES_MAX => length,
        _ => return Err(WireError::Length { bytes }),
    };
    let sum = crc32fast::hash(&out[HEADER_BYTES..]);
    out[..4].copy_from_slice(&MAGIC);
    out[4..8].copy_from_slice(&length.to_le_bytes());
    out[8..12].copy_from_slice(&sum.to_le_bytes());
    Ok(())
}

/// Collects bytes and cuts them into frames.
#[derive(Debug)]
pub struct FrameBuffer {
    bytes: Vec<u8>,
    start: usize,
    end: usize,
    /// Whether the checksum of the next frame has been computed and was right.
    sound: bool,
}

/// Room for a usual message; beyond it the buffer grows as bytes arrive, never by what a header announces.
const ROOM: usize = 64 << 10;
/// Above this size the buffer is given back once it is empty: one large answer should not stay forever.
const ROOM_KEPT: usize = 4 << 20;

impl Default for FrameBuffer {
    fn default() -> Self {
        Self { bytes: vec![0; ROOM], start: 0, end: 0, sound: false }
    }
}

impl FrameBuffer {
    /// Bytes that belong to no frame yet.
    #[must_use]
    pub const fn pending(&self) -> usize {
        self.end - self.start
    }

    /// Reads once. Returns how many bytes came; 0 is the end of the stream.
    ///
    /// # Errors
    ///
    /// Those of `from`, [`io::ErrorKind::WouldBlock`] among them.
    pub fn fill(&mut self, from: &mut impl Read) -> io::Result<usize> {
        if self.start == self.end {
            (self.start, self.end) = (0, 0);
            if self.bytes.len() > ROOM_KEPT {
                self.bytes = vec![0; ROOM];
            }
        }
        if self.end == self.bytes.len() {
            if self.start > 0 {
                self.bytes.copy_within(self.start..self.end, 0);
                (self.start, self.end) = (0, self.end - self.start);
            }
            if self.end * 2 > self.bytes.len() {
                self.bytes.resize(self.bytes.len() * 2, 0);
            }
        }
        let count = from.read(&mut self.bytes[self.end..])?;
        self.end += count;
        Ok(count)
    }

    /// Whether all of the next frame has come, and is sound.
    ///
    /// # Errors
    ///
    /// [`WireError`], where the bytes are no frame. There is no way to find the next one: the stream is of
    /// no more use.
    pub fn holds_frame(&mut self) -> Result<bool, WireError> {
        Ok(self.payload()?.is_some())
    }

    /// The payload of the next frame, if all of it has come.
    ///
    /// # Errors
    ///
    /// As [`FrameBuffer::holds_frame`].
    pub fn frame(&mut self) -> Result<Option<&[u8]>, WireError> {
        let Some(bytes) = self.payload()? else { return Ok(None) };
        self.sound = false;
        let from = self.start + HEADER_BYTES;
        self.start = from + bytes;
        Ok(Some(&self.bytes[from..from + bytes]))
    }

    /// The length of the next frame's payload, if all of it has come.
    fn payload(&mut self) -> Result<Option<usize>, WireError> {
        let found = &self.bytes[self.start..self.end];
        let visible = found.len().min(MAGIC.len());
        if found[..visible] != MAGIC[..visible] {
            let found = found[..found.len().min(48)].escape_ascii().to_string();
            return Err(WireError::Magic { found });
        }
        let Some((header, rest)) = found.split_first_chunk::<HEADER_BYTES>() else { return Ok(None) };
        let number = |at: usize| u32::from_le_bytes([header[at], header[at + 1], header[at + 2], header[at + 3]]);
        let (bytes, announced) = (number(4) as usize, number(8));
        if bytes > PAYLOAD_BYTES_MAX {
            return Err(WireError::Length { bytes });
        }
        let Some(payload) = rest.get(..bytes) else { return Ok(None) };
        if !self.sound {
            let sum = crc32fast::hash(payload);
            if sum != announced {
                return Err(WireError::Checksum { bytes, found: sum, announced });
            }
            self.sound = true;
        }
        Ok(Some(bytes))
    }
}

/// Where a worker is: written by the worker before each engine's turn, read by the parent when it has a
/// reason to look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// The request, or 0 while engines are being opened.
    pub serial: u64,
    /// What goes on.
    pub stage: Stage,
    /// Since when, on the system's monotonic clock, in nanoseconds.
    pub since_ns: u64,
}

/// What a worker does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// No engine is running: the request is being read or the answer written.
    Between,
    /// The engine at this position of the worker's line-up is running.
    Engine(u16),
}

impl Progress {
    /// Bytes of the record.
    pub const BYTES: usize = 32;

    /// The record as it stands in the file.
    #[must_use]
    pub fn to_bytes(self) -> [u8; Self::BYTES] {
        let stage = match self.stage {
            Stage::Between => u64::MAX,
            Stage::Engine(position) => u64::from(position),
        };
        // The last word shows a record that was read while it was being written.
        let words = [self.serial, stage, self.since_ns, !(self.serial ^ stage ^ self.since_ns)];
        let mut bytes = [0; Self::BYTES];
        for (slot, word) in bytes.as_chunks_mut::<8>().0.iter_mut().zip(words) {
            *slot = word.to_le_bytes();
        }
        bytes
    }

    /// Reads a record; none where it is not whole.
    #[must_use]
    pub fn from_bytes(bytes: &[u8; Self::BYTES]) -> Option<Self> {
        let mut words = [0; 4];
        for (word, slot) in words.iter_mut().zip(bytes.as_chunks::<8>().0) {
            *word = u64::from_le_bytes(*slot);
        }
        let [serial, stage, since_ns, sum] = words;
        if sum != !(serial ^ stage ^ since_ns) {
            return None;
        }
        let stage = if stage == u64::MAX { Stage::Between } else { Stage::Engine(u16::try_from(stage).ok()?) };
        Some(Self { serial, stage, since_ns })
    }
}

/// What a worker is told when it is started.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WorkerArgs {
    /// Its line-up.
    pub engines: Vec<EngineName>,
    /// How much memory it may use, in bytes.
    pub memory_max_bytes: Option<u64>,
    /// Where to keep the [`Progress`] record. The worker removes the file's name once it has opened it.
    pub progress: Option<PathBuf>,
}

/// Why arguments are not those of a worker.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{argument}`: {why}; a worker takes --engine NAME..., --memory-max-bytes N and --progress FILE")]
pub struct WorkerArgsError {
    argument: String,
    why: String,
}

impl WorkerArgs {
    /// The arguments as a command line.
    #[must_use]
    pub fn to_args(&self) -> Vec<OsString> {
        let mut args: Vec<OsString> = Vec::new();
        for engine in &self.engines {
            args.extend(["--engine".into(), engine.to_string().into()]);
        }
        if let Some(bytes) = self.memory_max_bytes {
            args.extend(["--memory-max-bytes".into(), bytes.to_string().into()]);
        }
        if let Some(path) = &self.progress {
            args.extend(["--progress".into(), path.into()]);
        }
        args
    }

    /// Reads a command line. Of an option that comes twice, the first stands: what a launcher puts in
    /// front overrides what is appended for it.
    ///
    /// # Errors
    ///
    /// A sentence about the argument that is wrong.
    pub fn parse(args: impl IntoIterator<Item = OsString>) -> Result<Self, WorkerArgsError> {
        let mut parsed = Self::default();
        let mut args = args.into_iter();
        while let Some(option) = args.next() {
            let wrong = |argument: &OsString, why: String| WorkerArgsError {
                argument: argument.to_string_lossy().into_owned(),
                why,
            };
            let known = ["--engine", "--memory-max-bytes", "--progress"];
            if !known.iter().any(|known| option == *known) {
                return Err(wrong(&option, "there is no such option".to_owned()));
            }
            let value = args.next().ok_or_else(|| wrong(&option, "the value is missing".to_owned()))?;
            if option == "--progress" {
                parsed.progress.get_or_insert(value.into());
                continue;
            }
            let text = value.to_str().ok_or_else(|| wrong(&value, "this is not UTF-8".to_owned()))?;
            if option == "--engine" {
                parsed.engines.push(text.parse().map_err(|error| wrong(&value, format!("{error}")))?);
            } else {
                let bytes = text.parse().map_err(|_| wrong(&value, "this is not a number of bytes".to_owned()))?;
                parsed.memory_max_bytes.get_or_insert(bytes);
            }
        }
        Ok(parsed)
    }
}

#[cfg(test)]
mod tests {
    use wassay_model::{
        Action, Bytes, Features, Host, HostCalls, Limits, Module, ModuleIdx, Outcome, Plan, PlanStep, Provenance,
        Snapshot, Value,
    };

    use super::*;

    fn case() -> TestCase {
        TestCase {
            modules: vec![Module { name: "m".to_owned(), bytes: Bytes(b"\0asm\x01\0\0\0".to_vec()) }],
            plan: Plan {
                steps: vec![PlanStep {
                    action: Action::Instantiate { module: ModuleIdx(0) },
                    snapshot: Snapshot::Take,
                }],
            },
            host: Host::Deterministic,
            features: Features::V2,
            limits: Limits::default(),
            provenance: Provenance::Generated {
                seed: 1,
                index: 2,
                profile: "default".to_owned(),
                traits: vec!["canonicalised".to_owned()],
            },
            relations: Vec::new(),
        }
    }

    fn observation(engine: &EngineId, value: u32) -> Observation {
        Observation {
            engine: engine.clone(),
            steps: vec![Step {
                outcome: Outcome::Returned(vec![Value::I32(value)]),
                host_calls: HostCalls::default(),
                state: None,
            }],
            ending: Ending::Finished,
            open: vec![(StepIdx(0), OpenChoice::NanBits)],
            words: vec![(StepIdx(0), "words".to_owned())],
            instructions: vec![u64::from(value)],
            timing: Timing { load_ns: 1, instantiate_ns: 2, invoke_ns: 3 },
        }
    }

    fn id(name: &str) -> EngineId {
        EngineId { name: EngineName::plain(name), version: "1".to_owned() }
    }

    /// Feeds `bytes` in pieces of `piece` bytes and returns the payloads.
    fn cut(bytes: &[u8], piece: usize) -> Result<Vec<Vec<u8>>, WireError> {
        let mut buffer = FrameBuffer::default();
        let mut payloads = Vec::new();
        for mut piece in bytes.chunks(piece) {
            buffer.fill(&mut piece).unwrap();
            while let Some(payload) = buffer.frame()? {
                payloads.push(payload.to_vec());
            }
        }
        Ok(payloads)
    }

    #[test]
    fn a_request_round_trips_whatever_the_pieces_it_comes_in() {
        let (mut bytes, mut frame) = (Vec::new(), Vec::new());
        encode_case(&case(), &mut bytes).unwrap();
        encode_request(7, &[0, 2], Capture::Full, &bytes, &mut frame).unwrap();
        let twice = [&*frame, &*frame].concat();
        for piece in [1, 3, 11, 13, 4096] {
            let payloads = cut(&twice, piece).unwrap();
            assert_eq!(payloads.len(), 2, "pieces of {piece}");
            let request: Request = decode("request", &payloads[1]).unwrap();
            assert_eq!(request, Request { serial: 7, engines: vec![0, 2], capture: Capture::Full, case: case() });
        }
    }

    #[test]
    fn an_answer_round_trips_and_tells_equal_observations_once() {
        let ids = [id("a"), id("b"), id("c"), id("d")];
        let observations: Vec<_> = ids.iter().zip([1, 2, 1, 2]).map(|(id, value)| observation(id, value)).collect();
        let mut frame = Vec::new();
        encode_answer(9, &observations, &mut frame).unwrap();
        let payload = cut(&frame, 4096).unwrap().remove(0);
        assert_eq!(decode_answer(&payload, 9, ids.iter()).unwrap(), observations);
        assert_eq!(decode_answer(&payload, 8, ids.iter()), Err(WireError::Serial { expected: 8, found: 9 }));
        assert_eq!(decode_answer(&payload, 9, ids[1..].iter()), Err(WireError::Count { expected: 3, found: 4 }));
    }

    #[test]
    fn a_frame_larger_than_the_buffer_comes_through() {
        let long = vec![7_u8; 5 << 20];
        let mut frame = Vec::new();
        encode(&long, &mut frame).unwrap();
        let mut buffer = FrameBuffer::default();
        let mut rest = &*frame;
        while !rest.is_empty() {
            buffer.fill(&mut rest).unwrap();
        }
        assert_eq!(decode::<Vec<u8>>("bytes", buffer.frame().unwrap().unwrap()).unwrap(), long);
        assert_eq!(buffer.pending(), 0);
    }

    #[test]
    fn garbage_is_an_error_that_says_what_came() {
        let mut frame = Vec::new();
        encode(&case(), &mut frame).unwrap();
        assert!(matches!(cut(b"hello", 5), Err(WireError::Magic { found }) if found == "hello"));
        assert!(matches!(cut(b"x", 1), Err(WireError::Magic { .. })));
        for (at, expected) in [(1, "start here"), (7, "announces"), (9, "checksum"), (20, "checksum")] {
            let mut broken = frame.clone();
            broken[at] ^= 0xff;
            let words = cut(&broken, 4096).unwrap_err().to_string();
            assert!(words.contains(expected), "{at}: {words}");
        }
        let payload = cut(&frame, 4096).unwrap().remove(0);
        assert!(matches!(decode::<TestCase>("case", &payload[1..]), Err(WireError::Payload { .. })));
        let longer = [&*payload, b"x"].concat();
        assert!(decode::<TestCase>("case", &longer).unwrap_err().to_string().contains("left over"));
    }

    #[test]
    fn progress_round_trips_and_a_torn_record_is_seen() {
        for stage in [Stage::Between, Stage::Engine(0), Stage::Engine(u16::MAX)] {
            let progress = Progress { serial: 5, stage, since_ns: 123_456_789 };
            let mut bytes = progress.to_bytes();
            assert_eq!(Progress::from_bytes(&bytes), Some(progress));
            bytes[0] ^= 1;
            assert_eq!(Progress::from_bytes(&bytes), None);
        }
        assert_eq!(Progress::from_bytes(&[0; Progress::BYTES]), None);
    }

    #[test]
    fn arguments_round_trip_and_the_first_of_two_stands() {
        let args = WorkerArgs {
            engines: vec![EngineName::plain("a"), "b@1+c".parse().unwrap()],
            memory_max_bytes: Some(5),
            progress: Some("progress".into()),
        };
        assert_eq!(WorkerArgs::parse(args.to_args()).unwrap(), args);
        let twice = ["--memory-max-bytes", "1", "--memory-max-bytes", "2"].map(OsString::from);
        assert_eq!(WorkerArgs::parse(twice).unwrap().memory_max_bytes, Some(1));
        for wrong in [&["--engine"][..], &["--engine", "@"], &["--memory-max-bytes", "x"], &["x"]] {
            WorkerArgs::parse(wrong.iter().map(OsString::from)).unwrap_err();
        }
    }
}
