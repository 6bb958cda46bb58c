//! A case and a question in, the smallest case found for which the answer is still yes out.
//!
//! The question is the caller's, and only the caller asks engines: this room makes candidates. A candidate is
//! always simpler by some measure that cannot go down for ever, and all passes are repeated until none of them
//! finds anything, or the caller has enough. Modules that were valid stay valid, so that nobody is asked about a
//! module that the reduction itself broke.
//!
//! What is *not* guaranteed: that the result is the smallest there is, nor that it shows the same fault of an
//! engine. It shows a difference with the same signature.

mod body;
mod bytes;
mod facts;
mod first;
mod inline;
mod module;
mod plan;
mod rewrite;
mod sections;
mod sharing;
mod tree;
mod values;

use std::collections::BTreeSet;
use std::ops::ControlFlow;

use wasmparser::WasmFeatures;
use wassay_model::{CaseId, TestCase, Value};

pub(crate) use facts::{Facts, is_valid, wasm_features};

/// Rounds of all passes, at most: each must find something for there to be another one.
const ROUNDS_MAX: u32 = 24;

/// How to go about it.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// In which order pieces are tried: a reduction with the same seed goes the same way.
    pub seed: u64,
    /// Candidates that are asked about at once. It changes how much is asked in vain, and never the result.
    pub batch: usize,
    /// How many attempts of wasm-shrink in a row may be in vain until our own passes begin; 0 does without it.
    pub attempts: u32,
    /// Whether the finding is that an engine does not come to an end: then less fuel changes what is looked for.
    pub endless: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self { seed: 0, batch: 1, attempts: 0, endless: false }
    }
}

/// How far a reduction is.
#[derive(Clone, Copy, Debug)]
pub struct Progress<'a> {
    /// The smallest case so far.
    pub best: &'a TestCase,
    /// Bytes of all its modules.
    pub bytes: usize,
    /// Candidates that were asked about.
    pub asked: u64,
    /// The round of all passes, from 1.
    pub round: u32,
}

/// What a reduction came to.
#[derive(Clone, Debug)]
pub struct Reduced {
    /// The smallest case found.
    pub case: TestCase,
    /// Bytes of all modules before and after.
    pub bytes: (usize, usize),
    /// Candidates that were asked about.
    pub asked: u64,
    /// Whether nothing more was found, rather than the caller having had enough.
    pub complete: bool,
}

/// The caller's side of a reduction.
pub trait Question {
    /// Whether each candidate still shows the same finding, in the order of the candidates.
    fn still(&mut self, candidates: &[TestCase]) -> Vec<bool>;

    /// What the standard says that each step of a case returns, where that is a single value; fewer where the case does
    /// not come that far, and none where nobody can say. The case is not one to ask other engines about.
    fn values(&mut self, case: &TestCase) -> Vec<Option<Value>> {
        let _ = case;
        Vec::new()
    }

    /// Hears how far it is, before each question; a break ends the reduction with the best so far.
    fn go_on(&mut self, progress: Progress<'_>) -> ControlFlow<()>;
}

/// Bytes of all modules of a case.
#[must_use]
pub fn module_bytes(case: &TestCase) -> usize {
    case.modules.iter().map(|module| module.bytes.0.len()).sum()
}

/// Makes a case smaller for as long as the question is answered with yes.
///
/// The case itself is taken to show the finding; it is not asked about.
#[must_use]
pub fn reduce(case: &TestCase, question: &mut dyn Question, options: Options) -> Reduced {
    let before = module_bytes(case);
    let features = wasm_features(case.features);
    let all = WasmFeatures::all();
    let guards = case
        .modules
        .iter()
        .map(|module| match &module.bytes.0 {
            bytes if is_valid(bytes, features) => Some(features),
            bytes if is_valid(bytes, all) => Some(all),
            _ => None,
        })
        .collect();
    let mut session = Session {
        best: case.clone(),
        guards,
        features,
        question,
        options,
        tried: BTreeSet::from([case.id()]),
        asked: 0,
        round: 0,
        stopped: false,
        turns: options.seed,
    };
    plan::unrelated(&mut session);
    sharing::unshare_all(&mut session);
    if !options.endless {
        plan::cheaper(&mut session);
    }
    first::shrink(&mut session, options.attempts);
    let mut complete = false;
    while !complete && session.round < ROUNDS_MAX && !session.stopped {
        session.round += 1;
        // What takes much asking comes when there is little left to ask about.
        complete = !session.pass() && !session.last_resorts();
    }
    plan::restore_limits(&mut session, case.limits);
    Reduced {
        bytes: (before, module_bytes(&session.best)),
        asked: session.asked,
        complete: !session.stopped,
        case: session.best,
    }
}

/// A reduction on its way.
pub(crate) struct Session<'q> {
    pub(crate) best: TestCase,
    /// By module: the features with which it has to stay valid, where it was.
    pub(crate) guards: Vec<Option<WasmFeatures>>,
    features: WasmFeatures,
    question: &'q mut dyn Question,
    options: Options,
    tried: BTreeSet<CaseId>,
    asked: u64,
    round: u32,
    stopped: bool,
    /// How often an order was drawn; it begins with the seed.
    turns: u64,
}

impl Session<'_> {
    /// All passes once; whether one of them found something.
    fn pass(&mut self) -> bool {
        let mut found = plan::shorten(self);
        for index in 0..self.best.modules.len() {
            // A module may have gone with the last step that used it.
            if index < self.best.modules.len() {
                found |= self.module(index);
            }
        }
        found |= plan::shorten(self);
        found | plan::simplify(self)
    }

    /// Operands that become what they were, and functions that others called; whether there were any.
    fn last_resorts(&mut self) -> bool {
        (0..self.best.modules.len()).fold(false, |found, index| {
            let is_alone = values::alone(self, index).is_some();
            found | is_alone | values::known(self, index)
        })
    }

    fn module(&mut self, index: usize) -> bool {
        if Facts::read(&self.best.modules[index].bytes.0).is_none() {
            return bytes::shrink(self, index);
        }
        let mut found = module::shrink(self, index);
        found |= body::shrink(self, index);
        found |= inline::shrink(self, index);
        found |= module::shrink(self, index);
        if self.guards[index].is_none() {
            found |= bytes::shrink(self, index);
        }
        found
    }

    /// Asks about candidates until one still shows the finding, and takes that one. Every candidate is asked
    /// about once in a reduction.
    pub(crate) fn first<K>(&mut self, candidates: impl IntoIterator<Item = (K, TestCase)>) -> Option<K> {
        let mut candidates = candidates.into_iter();
        loop {
            let mut keys = Vec::new();
            let mut batch = Vec::new();
            while batch.len() < self.options.batch.max(1) {
                let Some((key, case)) = candidates.next() else { break };
                if self.tried.insert(case.id()) {
                    keys.push(key);
                    batch.push(case);
                }
            }
            if batch.is_empty() || self.stopped {
                return None;
            }
            let progress =
                Progress { best: &self.best, bytes: module_bytes(&self.best), asked: self.asked, round: self.round };
            if self.question.go_on(progress).is_break() {
                self.stopped = true;
                return None;
            }
            self.asked += batch.len() as u64;
            let answers = self.question.still(&batch);
            if let Some(hit) = answers.iter().position(|still| *still)
                && hit < batch.len()
            {
                // What was asked about for nothing behind the hit may come again on the new ground.
                for case in &batch[hit + 1..] {
                    self.tried.remove(&case.id());
                }
                self.best = batch.swap_remove(hit);
                return Some(keys.swap_remove(hit));
            }
        }
    }

    /// What the last steps of a case return: those that it has more than the best so far.
    pub(crate) fn values(&mut self, case: &TestCase) -> Vec<Option<Value>> {
        let progress =
            Progress { best: &self.best, bytes: module_bytes(&self.best), asked: self.asked, round: self.round };
        if self.stopped || self.question.go_on(progress).is_break() {
            self.stopped = true;
            return Vec::new();
        }
        self.asked += 1;
        self.question.values(case).into_iter().skip(self.best.plan.steps.len()).collect()
    }

    /// Takes a case that engines see no otherwise than the one at hand, where the finding shows without the rest.
    pub(crate) fn take_same(&mut self, case: TestCase) {
        if self.still(&case) == Some(true) {
            self.best = case;
        }
    }

    /// Whether a case that is not taken for that reason still shows the finding; none where the caller has enough.
    fn still(&mut self, case: &TestCase) -> Option<bool> {
        let progress =
            Progress { best: &self.best, bytes: module_bytes(&self.best), asked: self.asked, round: self.round };
        if self.stopped || self.question.go_on(progress).is_break() {
            self.stopped = true;
            return None;
        }
        self.asked += 1;
        Some(self.question.still(std::slice::from_ref(case)).first() == Some(&true))
    }

    /// Whether this very case still shows the finding; then it is taken.
    pub(crate) fn take(&mut self, case: Option<TestCase>) -> bool {
        self.first(case.map(|case| ((), case))).is_some()
    }

    /// What makes candidates out of the case as it is now, by replacing one module.
    pub(crate) fn workshop(&self, index: usize) -> Workshop {
        Workshop { base: self.best.clone(), index, guard: self.guards[index] }
    }

    /// The features that validation and outlines go by.
    pub(crate) fn features(&self, index: usize) -> WasmFeatures {
        self.guards[index].unwrap_or(self.features)
    }

    /// Where in a list of `length` pieces to begin: at the front for the seed 0.
    fn beginning(&mut self, length: usize) -> usize {
        if self.options.seed == 0 || length == 0 {
            return 0;
        }
        self.turns = self.turns.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(0x1405_7b7e_f767_814f);
        (self.turns >> 33) as usize % length
    }

    /// Drops as many of `count` pieces as can be dropped: first all of them, then ever smaller runs. `build` makes
    /// the case without the given pieces, out of the case as it was at first.
    pub(crate) fn drop_pieces(&mut self, count: usize, build: impl Fn(&BTreeSet<usize>) -> Option<TestCase>) -> bool {
        let mut dropped: BTreeSet<usize> = BTreeSet::new();
        let mut size = count;
        while size > 0 && !self.stopped {
            let rest: Vec<usize> = (0..count).filter(|piece| !dropped.contains(piece)).collect();
            let mut runs: Vec<Vec<usize>> = rest.chunks(size).map(<[usize]>::to_vec).collect();
            let beginning = self.beginning(runs.len());
            runs.rotate_left(beginning);
            let mut from = 0;
            while from < runs.len() {
                let base = dropped.clone();
                let candidates = runs[from..].iter().enumerate().filter_map(|(number, run)| {
                    let mut without = base.clone();
                    without.extend(run);
                    Some(((from + number, without.clone()), build(&without)?))
                });
                let Some((hit, without)) = self.first(candidates) else { break };
                dropped = without;
                from = hit + 1;
            }
            size /= 2;
        }
        !dropped.is_empty()
    }
}

/// Makes candidates by replacing one module of a case.
pub(crate) struct Workshop {
    base: TestCase,
    index: usize,
    guard: Option<WasmFeatures>,
}

impl Workshop {
    /// The module as it is.
    pub(crate) fn module(&self) -> &[u8] {
        &self.base.modules[self.index].bytes.0
    }

    /// The case.
    pub(crate) fn case(&self) -> &TestCase {
        &self.base
    }

    /// The case with another module, unless that is the same or is not valid as it should be.
    pub(crate) fn with(&self, module: Vec<u8>) -> Option<TestCase> {
        if module == self.module() || self.guard.is_some_and(|features| !is_valid(&module, features)) {
            return None;
        }
        let mut case = self.base.clone();
        case.modules[self.index].bytes.0 = module;
        Some(case)
    }

    /// The case with a change to the module.
    pub(crate) fn changed(&self, change: &rewrite::Change<'_>) -> Option<TestCase> {
        self.with(change.apply(self.module())?)
    }
}
