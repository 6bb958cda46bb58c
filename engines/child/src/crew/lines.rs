//! The part of a crew that talks to workers in lines: one engine in one process.

use std::sync::Arc;

use wassay_adapter::wire::Introduction;
use wassay_driver::{Builtin, Hello, HostCall, Line, Raise, Request, Script};
use wassay_model::{Capabilities, Capture, Ending, EngineId, Feature};

use super::{Books, Failure, Group, Question, RestartReason, STARTS_MAX, Sent, behind_colon};
use crate::conversation::{Stage, probe_limits};
use crate::process::now_ns;
use crate::spec::CrewError;

/// How long one probe of a worker may take, or all of them where it answers them together. What it does not answer by
/// then it cannot do.
const PROBE_MS: u64 = 60_000;
/// How long they may take together, on a machine where others run as well.
const PROBES_MS: u64 = 240_000;

/// What cannot be seen of an engine that has a feature and whose worker lacks a builtin.
const IDENTITIES: [(Builtin, Feature, &str); 2] = [
    (Builtin::FuncId, Feature::ReferenceTypes, "the worker cannot tell one function from another"),
    (Builtin::AnyId, Feature::Gc, "the worker cannot tell one structure or array from another"),
];

impl Group {
    /// Sends the question of the present turn.
    pub(super) fn send_lines(&mut self, question: Question<'_>, books: &mut Books<'_>) {
        let (Some(process), Some(turn), Some(talk), Some(introduction)) =
            (&mut self.process, &mut self.turn, &mut self.talk, self.introductions.first())
        else {
            return;
        };
        let (Some(prepared), Some(worker)) = (question.prepared, &talk.worker) else { return };
        let lacked = prepared.case().features.minus(introduction.capabilities.features);
        if let Some(feature) = lacked.iter().next() {
            self.turn = None;
            self.note(0, Ending::Declined(feature), books);
            return;
        }
        let begun_ns = now_ns();
        let callers = &mut *books.callers;
        let script = books.scripts.of(worker, || Script::lower(prepared, question.capture, worker, callers));
        *books.serial += 1;
        let serial = *books.serial;
        // Where it may die and be believed, we want to know how far it came.
        let stream = question.capture == Capture::Full || process.answered == 0;
        let request = Request {
            request: serial,
            stream,
            batch: !stream && talk.hello.as_ref().is_some_and(|hello| hello.calls),
            limits: prepared.case().limits,
            ops: script.ops(),
        };
        process.send_lines(&request);
        turn.sent = Some(Sent { serial, at_ns: now_ns(), begun_ns });
        talk.stage = Stage::Asked(Box::new(Raise::new(script, introduction.id.clone())));
    }

    /// Reads the lines that have come from the process, or looks at the clock where none has.
    pub(super) fn look_lines(&mut self, question: Question<'_>, books: &mut Books<'_>) -> Result<(), CrewError> {
        loop {
            let (Some(process), Some(talk)) = (&mut self.process, &mut self.talk) else { return Ok(()) };
            let line = match process.lines.line() {
                Ok(Some(line)) => line.to_vec(),
                Ok(None) => break,
                Err(words) => return self.garbage(words, books),
            };
            match &mut talk.stage {
                Stage::Hello => {
                    let hello = match Hello::parse(&line) {
                        Ok(hello) => hello,
                        Err(error) => return self.garbage(error.to_string(), books),
                    };
                    self.open_lines(hello, books)?;
                }
                Stage::Setup { serial, kept, answers, since_ns } => match Line::parse(&line) {
                    Ok(Line::Answer(answer)) if answer.op as usize == *answers => {
                        *answers += 1;
                        *since_ns = now_ns();
                        if *answers > *kept {
                            talk.probed(answer);
                        } else if answer.end.is_some() {
                            let words = answer.words.unwrap_or_default();
                            let words = format!("it cannot compile what drives it{}", behind_colon(&words));
                            return self.garbage(words, books);
                        }
                    }
                    Ok(Line::Done(done)) if done == *serial && *answers >= *kept && talk.is_probed() => {
                        return self.introduce(question, books);
                    }
                    // The probes of workers without drivers import nothing.
                    Ok(_) => return self.garbage(out_of_order(&line), books),
                    Err(error) => return self.garbage(error.to_string(), books),
                },
                // Between questions a worker is silent.
                Stage::Ready => return self.garbage(out_of_order(&line), books),
                Stage::Asked(raise) => match Line::parse(&line) {
                    Ok(Line::Answer(answer)) => {
                        let op = usize::try_from(answer.op).ok().filter(|_| answer.end.is_some());
                        if let Some(op) = op.and_then(|op| raise.script().ops().get(op)) {
                            process.kept.fail(op);
                        }
                        if let Err(error) = raise.answer(answer) {
                            return self.garbage(error.to_string(), books);
                        }
                    }
                    Ok(Line::Answers(answers)) => {
                        if let Err(error) = answers.into_iter().try_for_each(|answer| raise.answer(answer)) {
                            return self.garbage(error.to_string(), books);
                        }
                    }
                    Ok(Line::HostCall(HostCall { host, args })) => match raise.host_call(&host, &args) {
                        Ok(results) => process.reply(&results),
                        Err(error) => return self.garbage(error.to_string(), books),
                    },
                    Ok(Line::Done(done)) => {
                        let expected = self.turn.as_ref().and_then(|turn| turn.sent).map(|sent| sent.serial);
                        if expected != Some(done) {
                            return self.garbage(format!("request {done} is done, which was not asked"), books);
                        }
                        if process.lines.pending() > 0 {
                            let words = format!("something follows behind the answer: {}", process.lines.shown());
                            return self.garbage(words, books);
                        }
                        let Stage::Asked(raise) = std::mem::take(&mut talk.stage) else { return Ok(()) };
                        talk.stage = Stage::Ready;
                        self.succeed(vec![raise.finish(Ending::Finished)], books);
                        return Ok(());
                    }
                    Err(error) => return self.garbage(error.to_string(), books),
                },
            }
        }
        self.look_at_the_clock(question, books)
    }

    /// What to do where no whole line has come.
    fn look_at_the_clock(&mut self, question: Question<'_>, books: &mut Books<'_>) -> Result<(), CrewError> {
        let has_answered_before = self.has_answered_before();
        let (Some(process), Some(talk)) = (&mut self.process, &self.talk) else { return Ok(()) };
        let elapsed_ms = now_ns().saturating_sub(process.started_ns) / 1_000_000;
        match talk.stage {
            Stage::Hello if process.closed => self.fail_to_start(books),
            Stage::Hello if elapsed_ms > question.start_deadline_ms && has_answered_before => {
                let words = format!("it took more than {} ms to start", question.start_deadline_ms);
                self.start_again(words, RestartReason::Deadline, books);
                Ok(())
            }
            Stage::Hello if elapsed_ms > question.start_deadline_ms => Err(self.too_slow(question.start_deadline_ms)),
            Stage::Setup { .. } if process.closed || elapsed_ms > question.start_deadline_ms + PROBES_MS => {
                self.fail_in_setup("it died of the probe", books)
            }
            Stage::Setup { since_ns, .. } if super::is_late(process, now_ns(), since_ns, PROBE_MS * 1_000_000) => {
                self.fail_in_setup("it did not answer the probe", books)
            }
            Stage::Asked(_) if process.closed => {
                self.fail(&Failure::Death, books);
                Ok(())
            }
            Stage::Asked(_) => {
                let sent = self.turn.as_ref().and_then(|turn| turn.sent);
                let memory_max_bytes = self.memory_max_bytes;
                let overrun =
                    sent.and_then(|sent| super::overrun(process, sent, memory_max_bytes, question.deadline_ms));
                if let Some(failure) = overrun {
                    self.fail(&failure, books);
                }
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// Sends what a fresh process shall keep, and the probes that are left.
    fn open_lines(&mut self, hello: Hello, books: &mut Books<'_>) -> Result<(), CrewError> {
        let (Some(process), Some(talk)) = (&mut self.process, &mut self.talk) else { return Ok(()) };
        if let Some(known) = self.introductions.first()
            && known.id.version != hello.version
        {
            return Err(CrewError::Changed {
                engine: self.engines[0].clone(),
                was: known.id.version.clone(),
                is: hello.version,
            });
        }
        talk.greet(hello);
        let (ops, kept) = talk.opening();
        *books.serial += 1;
        let serial = *books.serial;
        process.send_lines(&Request { request: serial, stream: true, batch: false, limits: probe_limits(), ops: &ops });
        talk.stage = Stage::Setup { serial, kept, answers: 0, since_ns: now_ns() };
        Ok(())
    }

    /// Every probe is answered: the engine is known, and can be asked.
    fn introduce(&mut self, question: Question<'_>, books: &mut Books<'_>) -> Result<(), CrewError> {
        let (Some(process), Some(talk)) = (&mut self.process, &mut self.talk) else { return Ok(()) };
        let Some(hello) = &talk.hello else { return Ok(()) };
        process.greet();
        talk.stage = Stage::Ready;
        self.failed_starts = 0;
        let found = talk.features();
        if let Some(worker) = &mut talk.worker {
            // Drivers may use them to see more.
            worker.features = found;
        }
        let mut blind_spots = hello.blind_spots.clone();
        for (builtin, feature, why) in IDENTITIES {
            let lacks = talk.worker.as_ref().is_some_and(|worker| worker.drivers && !worker.builtins.has(builtin));
            if lacks && found.contains(feature) && !blind_spots.contains_key(builtin.name()) {
                blind_spots.insert(builtin.name().to_owned(), why.to_owned());
            }
        }
        let features = hello.features.map_or(found, |named| found.minus(found.minus(named)));
        self.introductions = vec![Introduction {
            id: EngineId { name: self.engines[0].clone(), version: hello.version.clone() },
            capabilities: Capabilities { features, bound: hello.bound, blind_spots },
        }];
        self.send_when_ready(question, books)
    }

    /// A process ended, or was ended, before it could be asked.
    fn fail_in_setup(&mut self, why: &str, books: &mut Books<'_>) -> Result<(), CrewError> {
        let Some(talk) = &mut self.talk else { return Ok(()) };
        let Stage::Setup { kept, answers, .. } = talk.stage else { return Ok(()) };
        if answers < kept || !talk.died_of_probe(why) {
            return self.fail_to_start(books);
        }
        let Some(process) = self.process.take() else { return Ok(()) };
        process.kill();
        *books.statistics.restarts_between.entry(RestartReason::Death).or_default() += 1;
        if let Some(turn) = self.turn.take() {
            self.tasks.push_front(turn.task);
        }
        Ok(())
    }

    /// Ends a worker that wrote what is no answer. In the very first process of an engine that says that the program
    /// is no worker; later it is one more thing that the engine does.
    fn garbage(&mut self, words: String, books: &mut Books<'_>) -> Result<(), CrewError> {
        match self.talk.as_ref().map(|talk| &talk.stage) {
            Some(Stage::Asked(_)) => self.fail(&Failure::Garbage(words), books),
            _ if self.has_answered_before() => self.start_again(words, RestartReason::Garbage, books),
            _ => return Err(self.no_hello(words)),
        }
        Ok(())
    }

    /// Ends a process that cannot be set up, and starts another, or none any more.
    fn start_again(&mut self, words: String, reason: RestartReason, books: &mut Books<'_>) {
        if let Some(process) = self.process.take() {
            process.kill();
        }
        self.failed_starts += 1;
        *books.statistics.restarts_between.entry(reason).or_default() += 1;
        if self.failed_starts >= STARTS_MAX {
            self.set_aside(words, books);
        } else if let Some(turn) = self.turn.take() {
            self.tasks.push_front(turn.task);
        }
    }

    /// Whether a process of this engine was set up once: lines alone are other people's programs.
    pub(super) fn has_answered_before(&self) -> bool {
        self.talk.is_some() && !self.introductions.is_empty()
    }

    /// Gives an engine up, which can no longer be started, for the rest of the crew's life.
    pub(super) fn set_aside(&mut self, words: String, books: &mut Books<'_>) {
        books.statistics.set_aside.insert(self.engines[0].clone(), words.clone());
        self.aside = Some(words);
        if let Some(turn) = self.turn.take() {
            self.tasks.push_front(turn.task);
        }
        self.decline_all(books);
    }

    /// Notes of everything that an engine which was set aside is asked that it was not asked.
    pub(super) fn decline_all(&mut self, books: &mut Books<'_>) {
        let words = self.aside.clone().unwrap_or_default();
        for task in std::mem::take(&mut self.tasks) {
            for engine in task.engines {
                let ending = Ending::Unclassified(format!("its worker could not be started again: {words}"));
                self.note(engine, ending, books);
            }
        }
    }

    fn no_hello(&mut self, words: String) -> CrewError {
        let error = CrewError::Hello { program: self.launch.program.clone(), engines: self.opening(), words };
        self.process = None;
        error
    }

    /// The raise of a question whose process has failed.
    pub(super) fn take_raise(&mut self) -> Option<Raise<Arc<Script>>> {
        match std::mem::take(&mut self.talk.as_mut()?.stage) {
            Stage::Asked(raise) => Some(*raise),
            _ => None,
        }
    }
}

fn out_of_order(line: &[u8]) -> String {
    let shown = line[..line.len().min(80)].escape_ascii();
    format!("this line was not to come here: \"{shown}\"")
}
