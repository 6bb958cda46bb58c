//! Answers as an observation: exactly what the walk records of an engine that it asks directly.

use std::ops::Deref;

use wassay_adapter::limits::{BLOCK, BLOCK_BYTES_MAX_IN_ALL, MEMORY_BYTES_MAX};
use wassay_adapter::{HostHandle, Identities, blocks};
use wassay_model::{
    Bytes, Capture, Contents, Digest, Ending, EngineId, Exception, ExportName, HeapType, HostCall, HostCalls,
    InstanceIdx, MemoryState, Observation, Outcome, Ref, RefType, State, Step, StepIdx, TableState, Timing, ValType,
    Value,
};

use crate::drive::{Crossing, Item, Look};
use crate::layout::{DIGEST, FULL, NO_MORE, UNREAD};
use crate::script::{Act, Glance, How, Links, Seen, StepScript};
use crate::slot::{Shape, Words, reference};
use crate::{Answer, End, Script};

/// Why something that a worker wrote cannot be an answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AnswerError {
    /// Answers come in the order of the operations, one for each.
    #[error("the worker answers operation {told} where {expected} is next")]
    Order {
        /// Which operation it names.
        told: u64,
        /// Which one is next.
        expected: u64,
    },
    /// The request has fewer operations.
    #[error("the worker answers operation {told}, and the request has {count}")]
    Surplus {
        /// Which operation it names.
        told: u64,
        /// How many there are.
        count: u64,
    },
    /// The answer is not what this operation leaves.
    #[error("the worker's answer to operation {op} is none: {why}")]
    Content {
        /// Which operation.
        op: u64,
        /// What is wrong with it.
        why: &'static str,
    },
    /// No import that takes such arguments is given a function of the host of this name.
    #[error("the worker calls `{name}` of the host with {args} arguments, and no import is given such a function")]
    HostCall {
        /// The name that it calls.
        name: String,
        /// How many arguments it passes.
        args: usize,
    },
}

const NO_OUTPUT: &str = "it has neither `end` nor the bytes that the function left (`out`)";
const LENGTH: &str = "`out` has another length than what the function leaves";
const REFERENCE: &str = "`out` holds a reference of no known kind";
const NO_VALUES: &str = "it has neither `end` nor `values`";
const ONE_VALUE: &str = "a global has one value";
const NO_MEMORY: &str = "it has neither `end` nor the memory's size (`bytes`)";
const BLOCKS: &str = "its blocks are not ascending, or beyond the memory";
const NO_TABLE: &str = "it has neither `end` nor the table's size (`elements`)";
const ELEMENTS: &str = "it has more elements than the table";
const TRACE: &str = "the trace names a function that the host has not";

/// Takes the answers to a script's operations, one by one. It holds the script by any kind of reference.
#[derive(Debug)]
pub struct Raise<S> {
    script: S,
    /// How many operations were answered.
    answered: usize,
    /// The answers from `first` on: those of the step that is not whole yet.
    answers: Vec<Answer>,
    first: usize,
    loaded: Vec<Option<Outcome>>,
    live: Vec<bool>,
    /// Why the driver of an instance did not come to be, by instance.
    undriven: Vec<Option<String>>,
    identities: Identities,
    host: HostHandle,
    /// Bytes recorded by full capture so far, of what a worker told without a driver.
    block_bytes: usize,
    broken: Option<AnswerError>,
    observation: Observation,
}

/// Whether the engine had a part in a step.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Asked {
    Yes,
    No,
}

/// An outcome, whether the engine was asked, and the operation whose words belong to it.
type Told = (Outcome, Asked, Option<usize>);

type Raised<T> = Result<T, AnswerError>;

impl<S: Deref<Target = Script> + Clone> Raise<S> {
    /// Nothing is answered yet.
    #[must_use]
    pub fn new(script: S, engine: EngineId) -> Self {
        let mut raise = Self {
            script: script.clone(),
            answered: 0,
            answers: Vec::new(),
            first: 0,
            loaded: vec![None; script.modules],
            live: Vec::new(),
            undriven: Vec::new(),
            identities: Identities::default(),
            host: HostHandle::new(script.capture),
            block_bytes: 0,
            broken: None,
            observation: Observation {
                engine,
                steps: Vec::with_capacity(script.steps.len()),
                ending: Ending::Finished,
                open: Vec::new(),
                words: Vec::new(),
                instructions: Vec::new(),
                timing: Timing::default(),
            },
        };
        // Steps for which nobody has to be asked.
        raise.broken = raise.advance().err();
        raise
    }

    /// The script whose operations are answered.
    #[must_use]
    pub fn script(&self) -> &Script {
        &self.script
    }

    /// Takes the next answer.
    ///
    /// # Errors
    ///
    /// Where it is not the next operation's, or not what that operation leaves; from then on, for ever.
    pub fn answer(&mut self, answer: Answer) -> Raised<()> {
        if let Some(error) = &self.broken {
            return Err(error.clone());
        }
        let taken = self.take(answer);
        self.broken = taken.as_ref().err().cloned();
        taken
    }

    fn take(&mut self, answer: Answer) -> Raised<()> {
        let (told, expected, count) = (answer.op, self.answered as u64, self.script.ops.len() as u64);
        if told >= count {
            return Err(AnswerError::Surplus { told, count });
        }
        if told != expected {
            return Err(AnswerError::Order { told, expected });
        }
        self.answered += 1;
        self.answers.push(answer);
        self.advance()
    }

    /// Answers a call of a function of the host, for workers without drivers.
    ///
    /// # Errors
    ///
    /// Where no import is given such a function.
    pub fn host_call(&mut self, name: &str, args: &[Value]) -> Raised<Vec<Value>> {
        let fits = |params: &[ValType]| {
            params.len() == args.len() && params.iter().zip(args).all(|(param, arg)| has_type(*param, *arg))
        };
        let found = self.script.asked_back.iter().find(|(known, ty)| **known == *name && fits(&ty.params));
        let Some((_, ty)) = found else {
            return Err(AnswerError::HostCall { name: name.to_owned(), args: args.len() });
        };
        let args: Vec<Value> = args.iter().map(|arg| anonymous(*arg)).collect();
        Ok(self.host.call(name, &args, &ty.results))
    }

    /// How many steps were seen whole.
    #[must_use]
    pub fn steps_done(&self) -> usize {
        self.observation.steps.len()
    }

    /// What was seen, with what happened to the program. One that finished without all answers did not.
    #[must_use]
    pub fn finish(mut self, ending: Ending) -> Observation {
        self.observation.ending = match ending {
            Ending::Finished if self.observation.steps.len() < self.script.steps.len() => {
                Ending::Unclassified(format!("{} of {} operations were answered", self.answered, self.script.ops.len()))
            }
            ending => ending,
        };
        self.observation
    }

    fn advance(&mut self) -> Raised<()> {
        let script = self.script.clone();
        while let Some(step) = script.steps.get(self.observation.steps.len()) {
            if self.answered < step.ops.end {
                break;
            }
            // What came before the first step prepares the whole; whoever depends on it says so.
            self.answers.drain(..step.ops.start.saturating_sub(self.first).min(self.answers.len()));
            self.first = step.ops.start;
            self.step(step)?;
        }
        Ok(())
    }

    fn at(&self, op: usize) -> &Answer {
        &self.answers[op - self.first]
    }

    fn step(&mut self, step: &StepScript) -> Raised<()> {
        let index = StepIdx(u32::try_from(self.observation.steps.len()).unwrap_or(u32::MAX));
        let (mut outcome, asked, words) = self.act(&step.act)?;
        let mut host_calls = HostCalls::default();
        if asked == Asked::Yes {
            if self.script.capture == Capture::Full
                && !matches!(outcome, Outcome::Returned(_))
                && let Some(words) = words.and_then(|op| self.at(op).words.clone())
            {
                self.observation.words.push((index, words));
            }
            host_calls = self.host.take_calls();
            if let Some(op) = step.trace {
                match self.trace(op)? {
                    Ok(calls) => host_calls = calls,
                    Err(words) => outcome = Outcome::Unclassified(words),
                }
            }
        }
        let state = match &step.state {
            None => None,
            Some(glances) => self.state(glances)?,
        };
        self.observation.steps.push(Step { outcome, host_calls, state });
        Ok(())
    }

    fn act(&mut self, act: &Act) -> Raised<Told> {
        Ok(match act {
            Act::Wrong { words, instantiates } => {
                if *instantiates {
                    self.made(false, None);
                }
                (Outcome::Unclassified(words.clone()), Asked::No, None)
            }
            Act::Absent => (Outcome::Absent, Asked::No, None),
            Act::Load { module, load } => self.load(*module, *load),
            Act::Instantiate { module, load, links } => self.instantiate(*module, *load, links),
            Act::Register { instance } | Act::Invoke { instance, .. } | Act::Get { instance, .. }
                if !self.is_live(*instance) =>
            {
                (Outcome::Absent, Asked::No, None)
            }
            Act::Register { .. } => (Outcome::Returned(Vec::new()), Asked::No, None),
            Act::Invoke { instance, how } => self.invoke(*instance, how)?,
            Act::Get { instance, how } => self.get(*instance, how)?,
        })
    }

    fn is_live(&self, instance: usize) -> bool {
        self.live.get(instance).copied().unwrap_or(false)
    }

    fn made(&mut self, live: bool, undriven: Option<String>) {
        self.live.push(live);
        self.undriven.push(undriven);
    }

    fn load(&mut self, module: usize, load: Option<usize>) -> Told {
        if let Some(outcome) = &self.loaded[module] {
            return (outcome.clone(), Asked::No, None);
        }
        let outcome = match load {
            Some(op) => {
                let answer = self.at(op);
                let (outcome, ns) = (plain(answer), answer.ns.unwrap_or(0));
                let timing = &mut self.observation.timing;
                timing.load_ns = timing.load_ns.saturating_add(ns);
                outcome
            }
            None => Outcome::Absent,
        };
        self.loaded[module] = Some(outcome.clone());
        (outcome, Asked::Yes, load)
    }

    fn instantiate(&mut self, module: usize, load: Option<usize>, links: &Links) -> Told {
        let (outcome, asked, words) = self.load(module, load);
        if !matches!(outcome, Outcome::Returned(_)) {
            self.made(false, None);
            return (outcome, asked, words);
        }
        let (op, driver) = match links {
            Links::Asked { op, providers, driver }
                if providers.iter().all(|instances| instances.iter().any(|instance| self.is_live(*instance))) =>
            {
                (*op, driver)
            }
            Links::Asked { .. } | Links::Unlinkable => {
                self.made(false, None);
                return (Outcome::Unlinkable, asked, None);
            }
            Links::Refused(words) => {
                self.made(false, None);
                return (Outcome::Refused((*words).to_owned()), asked, None);
            }
        };
        let answer = self.at(op);
        let (outcome, ns) = (plain(answer), answer.ns.unwrap_or(0));
        let undriven = driver.clone().map(|op| self.at(op)).find(|answer| answer.end.is_some()).map(|answer| {
            format!("the module that drives the instance was refused: {}", plain(answer))
                + &answer.words.as_ref().map(|words| format!(" [{words}]")).unwrap_or_default()
        });
        let timing = &mut self.observation.timing;
        timing.instantiate_ns = timing.instantiate_ns.saturating_add(ns);
        self.made(matches!(outcome, Outcome::Returned(_)), undriven);
        (outcome, Asked::Yes, Some(op))
    }

    fn invoke(&mut self, instance: usize, how: &Result<How<std::sync::Arc<Crossing>>, Outcome>) -> Raised<Told> {
        let how = match how {
            Ok(how) => how,
            Err(outcome) => return Ok((outcome.clone(), Asked::No, None)),
        };
        let (How::Driven(op, _) | How::Told(op)) = how;
        if let (How::Driven(..), Some(Some(why))) = (how, self.undriven.get(instance)) {
            return Ok((Outcome::Unclassified(why.clone()), Asked::No, None));
        }
        let answer = self.at(*op);
        let ns = answer.ns.unwrap_or(0);
        let mut outcome = match (&answer.end, how) {
            (Some(_), _) => plain(answer),
            (None, How::Driven(_, crossing)) => crossed(answer, crossing)?,
            (None, How::Told(_)) => Outcome::Returned(answer.values.clone().ok_or_else(|| content(answer, NO_VALUES))?),
        };
        let timing = &mut self.observation.timing;
        timing.invoke_ns = timing.invoke_ns.saturating_add(ns);
        match &mut outcome {
            Outcome::Returned(values) => values.iter_mut().for_each(|value| self.identities.number(value)),
            Outcome::Threw(exception) => {
                exception.payload.iter_mut().flatten().for_each(|value| self.identities.number(value));
            }
            _ => {}
        }
        Ok((outcome, Asked::Yes, Some(*op)))
    }

    fn get(&mut self, instance: usize, how: &Result<How<Shape>, Outcome>) -> Raised<Told> {
        let how = match how {
            Ok(how) => how,
            Err(outcome) => return Ok((outcome.clone(), Asked::No, None)),
        };
        let (How::Driven(op, _) | How::Told(op)) = how;
        if let (How::Driven(..), Some(Some(why))) = (how, self.undriven.get(instance)) {
            return Ok((Outcome::Unclassified(why.clone()), Asked::No, None));
        }
        let answer = self.at(*op);
        let mut value = match (&answer.end, how) {
            (Some(_), _) => return Ok((plain(answer), Asked::Yes, Some(*op))),
            (None, How::Driven(_, shape)) => {
                let mut words = Words::of(answer.out.as_deref().ok_or_else(|| content(answer, NO_OUTPUT))?);
                let value = words.value(*shape).ok_or_else(|| content(answer, LENGTH))?;
                if !words.is_empty() {
                    return Err(content(answer, LENGTH));
                }
                value
            }
            (None, How::Told(_)) => one_value(answer)?,
        };
        self.identities.number(&mut value);
        Ok((Outcome::Returned(vec![value]), Asked::Yes, Some(*op)))
    }

    /// The calls of the host since the last look; or what is wrong with the engine that cannot show them.
    fn trace(&self, op: usize) -> Raised<Result<HostCalls, String>> {
        let answer = self.at(op);
        if answer.end.is_some() {
            return Ok(Err(format!("the calls of the host cannot be seen: the engine {}", plain(answer))));
        }
        let out = answer.out.as_deref().ok_or_else(|| content(answer, NO_OUTPUT))?;
        if out.is_empty() {
            return Ok(Ok(HostCalls::default()));
        }
        let mut words = Words::of(out);
        let mut next = || words.next().ok_or_else(|| content(answer, LENGTH));
        let [count, lost, low, high, kept] = [next()?, next()?, next()?, next()?, next()?];
        let mut first = Vec::new();
        for _ in 0..kept {
            let number = words.next().ok_or_else(|| content(answer, LENGTH))?;
            let func = usize::try_from(number).ok().and_then(|number| self.script.hosts.get(number));
            let func = func.ok_or_else(|| content(answer, TRACE))?;
            let args = words.values(&func.params).ok_or_else(|| content(answer, LENGTH))?;
            let results = words.values(&func.results).ok_or_else(|| content(answer, LENGTH))?;
            first.push(HostCall { name: func.name.to_string(), args, results });
        }
        if !words.is_empty() {
            return Err(content(answer, LENGTH));
        }
        if lost != 0 {
            return Ok(Err("the calls of the host cannot be seen: the engine has no room for them".to_owned()));
        }
        let rest = Digest(u128::from(high) << 64 | u128::from(low));
        Ok(Ok(HostCalls { count: u32::try_from(count).unwrap_or(u32::MAX), first, rest }))
    }

    /// The state; `None` where the engine refused what would have read a part of it: an export that is not told of would
    /// count as one that is not there.
    fn state(&mut self, glances: &[Glance]) -> Raised<Option<State>> {
        let mut state = State::default();
        let capture = self.script.capture;
        for glance in glances {
            if !self.is_live(glance.instance) {
                continue;
            }
            let instance = InstanceIdx(u32::try_from(glance.instance).unwrap_or(u32::MAX));
            let answer = &self.answers[glance.op - self.first];
            if answer.end.is_some() {
                if self.undriven.get(glance.instance).is_some_and(Option::is_some) {
                    return Ok(None);
                }
                // What the engine cannot show is not there.
                continue;
            }
            match &glance.at {
                Seen::One(item) => {
                    let room = (capture == Capture::Full && self.block_bytes < BLOCK_BYTES_MAX_IN_ALL)
                        .then_some(&mut self.block_bytes);
                    told(answer, instance, item, room, &mut self.identities, &mut state)?;
                }
                Seen::All(items) => {
                    let mut words = Words::of(answer.out.as_deref().ok_or_else(|| content(answer, NO_OUTPUT))?);
                    for item in items.iter() {
                        shown(answer, &mut words, instance, item, &mut self.identities, &mut state)?;
                    }
                    if !words.is_empty() {
                        return Err(content(answer, LENGTH));
                    }
                }
            }
        }
        Ok(Some(state))
    }
}

fn content(answer: &Answer, why: &'static str) -> AnswerError {
    AnswerError::Content { op: answer.op, why }
}

/// The outcome of an operation that has no results.
fn plain(answer: &Answer) -> Outcome {
    let words = || answer.words.clone().unwrap_or_default();
    match answer.end {
        None => Outcome::Returned(Vec::new()),
        Some(End::Trap(kinds)) => Outcome::Trapped(kinds),
        Some(End::Threw) => Outcome::Threw(Exception { payload: None }),
        Some(End::Exhausted(resource)) => Outcome::Exhausted(resource),
        Some(End::Malformed) => Outcome::Malformed,
        Some(End::Invalid) => Outcome::Invalid,
        Some(End::Rejected) => Outcome::Rejected,
        Some(End::Unlinkable) => Outcome::Unlinkable,
        Some(End::Refused) => Outcome::Refused(words()),
        Some(End::Absent) => Outcome::Absent,
        Some(End::Unclassified) => Outcome::Unclassified(words()),
    }
}

/// What a function left in the frame.
fn crossed(answer: &Answer, crossing: &Crossing) -> Raised<Outcome> {
    let mut words = Words::of(answer.out.as_deref().ok_or_else(|| content(answer, NO_OUTPUT))?);
    let status = match crossing.payloads.as_slice() {
        [] => 0,
        _ => words.next().ok_or_else(|| content(answer, LENGTH))?,
    };
    let thrown = match status {
        0 => None,
        _ => Some(
            usize::try_from(status - 1)
                .ok()
                .and_then(|tag| crossing.payloads.get(tag))
                .ok_or_else(|| content(answer, LENGTH))?,
        ),
    };
    let values = words.values(thrown.unwrap_or(&crossing.results)).ok_or_else(|| content(answer, LENGTH))?;
    if !words.is_empty() {
        return Err(content(answer, LENGTH));
    }
    Ok(match thrown {
        None => Outcome::Returned(values),
        Some(_) => Outcome::Threw(Exception { payload: Some(values) }),
    })
}

fn one_value(answer: &Answer) -> Raised<Value> {
    match answer.values.as_deref() {
        None => Err(content(answer, NO_VALUES)),
        Some([value]) => Ok(*value),
        Some(_) => Err(content(answer, ONE_VALUE)),
    }
}

fn export(instance: InstanceIdx, item: &Item) -> ExportName {
    ExportName { instance, name: item.name.to_string() }
}

/// Reads what a driver shows of an export.
fn shown(
    answer: &Answer,
    words: &mut Words<'_>,
    instance: InstanceIdx,
    item: &Item,
    identities: &mut Identities,
    state: &mut State,
) -> Raised<()> {
    let short = || content(answer, LENGTH);
    match item.look {
        Look::Global(shape) => {
            let mut value = words.value(shape).ok_or_else(short)?;
            identities.number(&mut value);
            state.globals.push((export(instance, item), value));
        }
        Look::Memory => {
            let bytes = words.next().ok_or_else(short)?;
            let mode = words.next().ok_or_else(short)?;
            let contents = match mode {
                UNREAD => Contents::Unread,
                DIGEST | FULL => {
                    let (low, high) = (words.next().ok_or_else(short)?, words.next().ok_or_else(short)?);
                    let digest = Digest(u128::from(high) << 64 | u128::from(low));
                    if mode == DIGEST {
                        Contents::Digest(digest)
                    } else {
                        Contents::Full { digest, blocks: shown_blocks(answer, words, bytes)? }
                    }
                }
                _ => return Err(short()),
            };
            state.memories.push((export(instance, item), MemoryState { bytes, contents }));
        }
        Look::Table => {
            let elements = words.next().ok_or_else(short)?;
            let mut runs = Vec::new();
            let mut seen = 0_u64;
            loop {
                let count = words.next().ok_or_else(short)?;
                if count == NO_MORE {
                    break;
                }
                let (kind, number) = (words.next().ok_or_else(short)?, words.next().ok_or_else(short)?);
                let mut element = reference(kind, number).ok_or_else(|| content(answer, REFERENCE))?;
                identities.number_ref(&mut element);
                runs.push((count, element));
                seen = seen.saturating_add(count);
            }
            if seen > elements {
                return Err(content(answer, ELEMENTS));
            }
            state.tables.push((export(instance, item), TableState { elements, runs }));
        }
    }
    Ok(())
}

fn shown_blocks(answer: &Answer, words: &mut Words<'_>, bytes: u64) -> Raised<Vec<(u64, Bytes)>> {
    let mut blocks: Vec<(u64, Bytes)> = Vec::new();
    loop {
        let offset = words.next().ok_or_else(|| content(answer, LENGTH))?;
        if offset == NO_MORE {
            return Ok(blocks);
        }
        let block = words.take(BLOCK).ok_or_else(|| content(answer, LENGTH))?;
        let left = bytes.checked_sub(offset).filter(|left| *left > 0).ok_or_else(|| content(answer, BLOCKS))?;
        let block = &block[..usize::try_from(left).unwrap_or(BLOCK).min(BLOCK)];
        match blocks.last_mut() {
            Some((start, run)) if *start + run.0.len() as u64 == offset => run.0.extend_from_slice(block),
            Some((start, run)) if *start + run.0.len() as u64 > offset => return Err(content(answer, BLOCKS)),
            _ => blocks.push((offset, Bytes(block.to_vec()))),
        }
    }
}

/// Reads what a worker tells of an export.
fn told(
    answer: &Answer,
    instance: InstanceIdx,
    item: &Item,
    room: Option<&mut usize>,
    identities: &mut Identities,
    state: &mut State,
) -> Raised<()> {
    match item.look {
        Look::Global(_) => {
            let mut value = one_value(answer)?;
            identities.number(&mut value);
            state.globals.push((export(instance, item), value));
        }
        Look::Memory => {
            let bytes = answer.bytes.ok_or_else(|| content(answer, NO_MEMORY))?;
            let contents = match &answer.blocks {
                Some(told) if bytes <= MEMORY_BYTES_MAX => {
                    let content = whole(answer, told, bytes)?;
                    let digest = Digest::of(&content);
                    match room {
                        None => Contents::Digest(digest),
                        Some(used) => {
                            let blocks = blocks(&content);
                            *used += blocks.iter().map(|(_, block)| block.0.len()).sum::<usize>();
                            Contents::Full { digest, blocks }
                        }
                    }
                }
                _ => Contents::Unread,
            };
            state.memories.push((export(instance, item), MemoryState { bytes, contents }));
        }
        Look::Table => {
            let elements = answer.elements.ok_or_else(|| content(answer, NO_TABLE))?;
            let refs = answer.refs.as_deref().unwrap_or_default();
            if refs.len() as u64 > elements {
                return Err(content(answer, ELEMENTS));
            }
            let mut runs: Vec<(u64, Ref)> = Vec::new();
            for element in refs {
                let mut element = *element;
                identities.number_ref(&mut element);
                match runs.last_mut() {
                    Some((count, last)) if *last == element => *count += 1,
                    _ => runs.push((1, element)),
                }
            }
            state.tables.push((export(instance, item), TableState { elements, runs }));
        }
    }
    Ok(())
}

/// All bytes of a memory.
fn whole(answer: &Answer, told: &[(u64, Vec<u8>)], bytes: u64) -> Raised<Vec<u8>> {
    let wrong = || content(answer, BLOCKS);
    let mut content = vec![0; usize::try_from(bytes).map_err(|_| wrong())?];
    let mut end = 0;
    for (offset, block) in told {
        let start = usize::try_from(*offset).map_err(|_| wrong())?;
        if start < end {
            return Err(wrong());
        }
        end = start.checked_add(block.len()).ok_or_else(wrong)?;
        content.get_mut(start..end).ok_or_else(wrong)?.copy_from_slice(block);
    }
    Ok(content)
}

fn has_type(ty: ValType, value: Value) -> bool {
    match (ty, value) {
        (ValType::I32, Value::I32(_))
        | (ValType::I64, Value::I64(_))
        | (ValType::F32, Value::F32(_))
        | (ValType::F64, Value::F64(_))
        | (ValType::V128, Value::V128(_))
        | (ValType::Ref(_), Value::Ref(Ref::Null | Ref::Opaque(_))) => true,
        (ValType::Ref(RefType { heap, .. }), Value::Ref(reference)) => match reference {
            Ref::Func(_) => matches!(heap, HeapType::Func | HeapType::Concrete(_)),
            Ref::Exn(_) => heap == HeapType::Exn,
            _ => !matches!(heap, HeapType::Func | HeapType::Exn),
        },
        _ => false,
    }
}

/// What the host is told of an argument: no identities, as no adapter tells them there.
fn anonymous(value: Value) -> Value {
    use wassay_model::Identity::Unknown;
    let Value::Ref(reference) = value else { return value };
    Value::Ref(match reference {
        Ref::Func(_) => Ref::Func(Unknown),
        Ref::Struct(_) => Ref::Struct(Unknown),
        Ref::Array(_) => Ref::Array(Unknown),
        Ref::Exn(_) => Ref::Exn(Unknown),
        Ref::Opaque(_) => Ref::Opaque(Unknown),
        Ref::Null | Ref::Extern(_) | Ref::I31(_) => reference,
    })
}
