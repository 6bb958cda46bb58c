//! The engines of a worker and their turns.

use std::fs::{self, File};
use std::os::unix::fs::FileExt as _;
use std::path::Path;

use rustix::time::{ClockId, clock_gettime};
use wassay_adapter::wire::{Introduction, Progress, Request, Stage, WireError, encode_answer};
use wassay_adapter::{Engine, Prepared, walk};
use wassay_model::{Capture, Crash, CrashManner, Ending, EngineId, EngineName, Observation, Timing};

use crate::panics;

/// The engines of a worker.
pub(crate) struct Host {
    seats: Vec<Seat>,
    progress: Option<File>,
    worn_out: bool,
}

struct Seat {
    name: EngineName,
    /// The engine, or why it cannot be opened.
    engine: Result<Box<dyn Engine>, String>,
}

impl Host {
    /// Opens every engine. One that cannot be opened keeps its seat: the parent is told in the hello.
    pub(crate) fn open(names: &[EngineName], progress: Option<&Path>) -> Result<Self, String> {
        let progress = match progress {
            None => None,
            Some(path) => {
                let file = File::options().write(true).open(path);
                let file = file.map_err(|error| format!("the progress file {}: {error}", path.display()))?;
                // Both sides have it open; without a name it goes away with them, however they end.
                let _ = fs::remove_file(path);
                Some(file)
            }
        };
        let mut host = Self { seats: Vec::with_capacity(names.len()), progress, worn_out: false };
        for (position, name) in names.iter().enumerate() {
            host.note(0, Stage::Engine(u16::try_from(position).map_err(|_| "too many engines".to_owned())?));
            host.seats.push(Seat { name: name.clone(), engine: open(name) });
        }
        host.note(0, Stage::Between);
        Ok(host)
    }

    pub(crate) fn introductions(&self) -> Vec<Result<Introduction, String>> {
        let introduce = |seat: &Seat| match &seat.engine {
            Ok(engine) => Ok(Introduction { id: engine.id().clone(), capabilities: engine.capabilities().clone() }),
            Err(words) => Err(words.clone()),
        };
        self.seats.iter().map(introduce).collect()
    }

    /// Whether an engine panicked and could not be opened again: another process is needed.
    pub(crate) const fn is_worn_out(&self) -> bool {
        self.worn_out
    }

    /// Asks the engines of `request` in turn and makes the frame of their answer in `out`.
    pub(crate) fn answer(&mut self, request: &Request, out: &mut Vec<u8>) -> Result<(), String> {
        let prepared = panics::catch(|| Prepared::new(&request.case));
        let mut observations = Vec::with_capacity(request.engines.len());
        for position in &request.engines {
            self.note(request.serial, Stage::Engine(*position));
            let seat = self.seats.get_mut(usize::from(*position)).ok_or("there is no such engine")?;
            let observation = match &prepared {
                Ok(prepared) => seat.ask(prepared, request.capture),
                Err(words) => seat.silent(Ending::Unclassified(format!("our own reading of the case {words}"))),
            };
            self.worn_out |= seat.engine.is_err();
            observations.push(observation);
        }
        self.note(request.serial, Stage::Between);
        if let Err(WireError::Length { bytes }) = encode_answer(request.serial, &observations, out) {
            for observation in &mut observations {
                *observation = Observation {
                    ending: Ending::Unclassified(format!("the answers hold {bytes} bytes, too many to send")),
                    ..silent(observation.engine.clone())
                };
            }
            encode_answer(request.serial, &observations, out).map_err(|error| error.to_string())?;
        }
        Ok(())
    }

    fn note(&self, serial: u64, stage: Stage) {
        if let Some(file) = &self.progress {
            // A clock that runs alike in the parent.
            let now = clock_gettime(ClockId::Monotonic);
            let since_ns = now.tv_sec.cast_unsigned() * 1_000_000_000 + now.tv_nsec.cast_unsigned();
            // Without the record the parent still sees deaths, and finds the culprit by asking one by one.
            let _ = file.write_all_at(&Progress { serial, stage, since_ns }.to_bytes(), 0);
        }
    }
}

impl Seat {
    fn ask(&mut self, prepared: &Prepared<'_>, capture: Capture) -> Observation {
        let Ok(engine) = &mut self.engine else {
            return self.silent(Ending::Unclassified("it could not be opened again after a panic".to_owned()));
        };
        match panics::catch(|| walk(&mut **engine, prepared, capture)) {
            Ok(observation) => observation,
            Err(words) => {
                let observation = self.silent(Ending::Crashed(Crash { manner: CrashManner::Panic, words }));
                self.reopen();
                observation
            }
        }
    }

    /// Makes a new engine: a panic may have left locks poisoned and tables half written.
    fn reopen(&mut self) {
        let broken = std::mem::replace(&mut self.engine, Err("it is being opened".to_owned()));
        // The panic is reported already; that the wreck panics once more says nothing new.
        let _ = panics::catch(|| drop(broken));
        self.engine = open(&self.name);
    }

    fn silent(&self, ending: Ending) -> Observation {
        let engine = match &self.engine {
            Ok(engine) => engine.id().clone(),
            Err(_) => EngineId { name: self.name.clone(), version: String::new() },
        };
        Observation { ending, ..silent(engine) }
    }
}

/// The observation of an engine of which nothing was seen.
fn silent(engine: EngineId) -> Observation {
    Observation {
        engine,
        steps: Vec::new(),
        ending: Ending::Finished,
        open: Vec::new(),
        words: Vec::new(),
        instructions: Vec::new(),
        timing: Timing::default(),
    }
}

fn open(name: &EngineName) -> Result<Box<dyn Engine>, String> {
    match panics::catch(|| wassay_in_process::open(name)) {
        Ok(opened) => opened.map_err(|unavailable| unavailable.to_string()),
        Err(words) => Err(format!("`{name}` does not open: {words}")),
    }
}
