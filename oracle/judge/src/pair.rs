//! One engine held against the pivot, step by step.

use wassay_model::{
    Allowance, Contents, Difference, Ending, EngineName, ExportName, Feature, Horizon, HostCalls, MemoryState,
    Observation, OpenChoice, Outcome, Reason, Ruling, Site, State, Step, StepIdx, TableState, TestCase, Value,
};

use crate::likeness::{self, Classes, Likeness};
use crate::{REFERENCE, Strictness, Tally, contained, ending_difference, memory, rewritten};

/// What comparing one engine yields.
#[derive(Default)]
pub(crate) struct Found {
    /// By the step at which they show.
    pub(crate) differences: Vec<(StepIdx, Difference)>,
    pub(crate) horizon: Option<Horizon>,
}

impl Found {
    /// An engine that has nobody to be held against: no engine finished.
    pub(crate) fn alone(engine: &Observation) -> Self {
        let Some((ruling, reason)) = rule_ending(&engine.ending) else { return Self::default() };
        let step = StepIdx(engine.steps.len() as u32);
        let difference = ending_difference(engine, &engine.engine.name, "finished", ruling, reason);
        Self { differences: vec![(step, difference)], horizon: None }
    }
}

/// What happened to a program speaks for itself, except that a wait may have had a reason.
fn rule_ending(ending: &Ending) -> Option<(Ruling, Reason)> {
    match ending {
        Ending::Finished | Ending::Declined(_) => None,
        Ending::Crashed(_) | Ending::TimedOut => Some((Ruling::Diverge, Reason::Ending)),
        Ending::OutOfMemory => Some((Ruling::Inconclusive, Reason::Limit)),
        Ending::Unclassified(_) => Some((Ruling::Inconclusive, Reason::BlindSpot)),
    }
}

/// Which choices of the standard may have had an effect, from which step on.
struct Open {
    nan_bits: Option<StepIdx>,
    refused_growth: Option<StepIdx>,
    relaxed_vector: Option<StepIdx>,
    /// Whether the reference is one of the two, so that what it does not say did not happen.
    told: Told,
}

/// See [`Open::told`].
#[derive(Clone, Copy, PartialEq, Eq)]
enum Told {
    Yes,
    No,
}

impl Open {
    fn of(strictness: Strictness, case: &TestCase, pivot: &Observation, engine: &Observation) -> Self {
        let first = |choice| {
            let steps = pivot.open.iter().chain(&engine.open).filter(|(_, met)| *met == choice);
            steps.map(|(step, _)| *step).min()
        };
        let told = [pivot, engine].iter().any(|observation| observation.engine.name.name == REFERENCE);
        let mut relaxed_vector = first(OpenChoice::RelaxedVector);
        // Without the reference nobody says where a relaxed instruction met an input that matters.
        if !told && case.features.contains(Feature::RelaxedSimd) {
            relaxed_vector = Some(StepIdx(0));
        }
        Self {
            nan_bits: first(OpenChoice::NanBits).filter(|_| strictness.grants(Allowance::NanBits)),
            refused_growth: first(OpenChoice::RefusedGrowth),
            relaxed_vector: relaxed_vector.filter(|_| strictness.grants(Allowance::RelaxedVector)),
            told: if told { Told::Yes } else { Told::No },
        }
    }

    /// The choice that may explain any difference at `step`; the one that explains most comes first.
    fn at(&self, step: StepIdx) -> Option<OpenChoice> {
        let met = |first: Option<StepIdx>| first.is_some_and(|first| first <= step);
        [
            (self.refused_growth, OpenChoice::RefusedGrowth),
            (self.relaxed_vector, OpenChoice::RelaxedVector),
            (self.nan_bits, OpenChoice::NanBits),
        ]
        .into_iter()
        .find_map(|(first, choice)| met(first).then_some(choice))
    }
}

/// How judging goes on behind a step.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Flow {
    /// With the next step.
    On,
    /// Not at all: what follows cannot be compared, and is counted.
    Horizon(Reason),
    /// Not at all: what follows are consequences of a divergence.
    Diverged,
}

/// Against what an engine is held.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Held {
    /// Against the pivot.
    Pivot,
    /// Against itself: two steps that say the same.
    Itself,
}

pub(crate) struct Pair<'a> {
    strictness: Strictness,
    case: &'a TestCase,
    held: Held,
    /// What the engine is held against; where that is itself, who tells the open choices that were met.
    pivot: &'a Observation,
    engine: &'a Observation,
    open: Open,
    tally: &'a mut Tally,
    found: Found,
}

impl<'a> Pair<'a> {
    pub(crate) fn new(
        strictness: Strictness,
        case: &'a TestCase,
        pivot: &'a Observation,
        engine: &'a Observation,
        tally: &'a mut Tally,
    ) -> Self {
        let open = Open::of(strictness, case, pivot, engine);
        Self { strictness, case, held: Held::Pivot, pivot, engine, open, tally, found: Found::default() }
    }

    /// Whether the engine contradicts itself: the case's relations, one after the other, until one does not hold
    /// or says nothing, or `relations_max` are judged. Also how many of them were judged and held.
    ///
    /// The tally is for the comparison of engines, so it should be one that nobody reads.
    pub(crate) fn relations(mut self, relations_max: usize) -> (Found, usize) {
        self.held = Held::Itself;
        let limited = |step: &Step| {
            matches!(step.outcome, Outcome::Exhausted(_) | Outcome::Refused(_) | Outcome::Unclassified(_))
        };
        // What a step that was cut short left behind is each instance's own matter.
        let limit = self.engine.steps.iter().position(limited).unwrap_or(usize::MAX);
        let mut held = 0;
        for relation in rewritten::in_order(self.case).into_iter().take(relations_max) {
            let Some((expected, actual)) = rewritten::steps(self.case, relation, self.engine) else { break };
            if limit < relation.rewritten.position() || self.step(relation.rewritten, &expected, &actual) != Flow::On {
                break;
            }
            held += 1;
        }
        (self.found, held)
    }

    pub(crate) fn compare(mut self) -> Found {
        let mut flow = Flow::On;
        for (number, (expected, actual)) in self.pivot.steps.iter().zip(&self.engine.steps).enumerate() {
            let step = StepIdx(number as u32);
            flow = self.step(step, expected, actual);
            if let Flow::Horizon(reason) = flow {
                self.horizon(StepIdx(step.0 + 1), reason);
            }
            if flow != Flow::On {
                break;
            }
        }
        self.ending(flow);
        self.found
    }

    /// Judging of this engine stops: `step` is the first that is not judged.
    fn horizon(&mut self, step: StepIdx, reason: Reason) {
        self.tally.compared.unjudged_steps += (self.case.plan.steps.len().saturating_sub(step.position())) as u32;
        self.found.horizon = Some(Horizon { engine: self.engine.engine.name.clone(), step, reason });
    }

    fn ending(&mut self, flow: Flow) {
        let last = StepIdx(self.engine.steps.len() as u32);
        let short = self.engine.steps.len() < self.pivot.steps.len();
        let Some((mut ruling, mut reason)) = rule_ending(&self.engine.ending) else {
            if short {
                self.note_ending(last, "went through the whole plan", Ruling::Inconclusive, Reason::BlindSpot);
                self.horizon_behind(last, flow, Reason::BlindSpot);
            }
            return;
        };
        let partner = self.pivot.steps.get(last.position());
        if self.engine.ending == Ending::TimedOut {
            // An engine without fuel waits where another runs out of it: both say that the computation is
            // long. What a wait behind a horizon or an open choice would say is not known either.
            if partner.is_some_and(|step| matches!(step.outcome, Outcome::Exhausted(_))) {
                (ruling, reason) = (Ruling::Inconclusive, Reason::Limit);
            } else if let Flow::Horizon(why) = flow {
                (ruling, reason) = (Ruling::Inconclusive, why);
            } else if let Some(choice) = self.open.at(last) {
                (ruling, reason) = (Ruling::Inconclusive, Reason::After(choice));
            }
        }
        let expected = partner.map_or_else(|| "finished".to_owned(), |step| step.outcome.to_string());
        self.note_ending(last, &expected, ruling, reason);
        if short {
            self.horizon_behind(last, flow, reason);
        }
    }

    fn note_ending(&mut self, last: StepIdx, expected: &str, ruling: Ruling, reason: Reason) {
        let difference = ending_difference(self.engine, &self.pivot.engine.name, expected, ruling, reason);
        self.found.differences.push((last, difference));
    }

    fn horizon_behind(&mut self, last: StepIdx, flow: Flow, reason: Reason) {
        if flow == Flow::On {
            self.horizon(last, reason);
        }
    }

    fn step(&mut self, step: StepIdx, expected: &Step, actual: &Step) -> Flow {
        let before = self.found.differences.len();
        let classes = likeness::outcomes(&expected.outcome, &actual.outcome);
        match classes {
            Classes::BlindSpot => {
                self.note_outcome(step, expected, actual, Ruling::Inconclusive, Reason::BlindSpot);
                return Flow::Horizon(Reason::BlindSpot);
            }
            Classes::BothLimited => return Flow::Horizon(Reason::Limit),
            Classes::Limited => {
                self.note_outcome(step, expected, actual, Ruling::Inconclusive, Reason::Limit);
                return Flow::Horizon(Reason::Limit);
            }
            _ => {}
        }
        self.seen(step, expected, actual);
        if expected == actual {
            return Flow::On;
        }
        // A growth that was refused on one side shows in a size first; results, and whether the code
        // behind it traps, follow from it, so sizes are judged before them.
        if self.refused_growth(step, expected, actual) {
            return Flow::Horizon(Reason::After(OpenChoice::RefusedGrowth));
        }
        self.outcome(step, expected, actual, &classes);
        self.host_calls(step, &expected.host_calls, &actual.host_calls);
        match (&expected.state, &actual.state) {
            (Some(expected), Some(actual)) => self.state(step, expected, actual),
            (None, None) => {}
            _ => self.tally.compared.blind += 1,
        }
        self.flow_behind(before)
    }

    /// What the differences of one step mean for the next.
    fn flow_behind(&self, before: usize) -> Flow {
        let differences = &self.found.differences[before..];
        if differences.iter().any(|(_, difference)| difference.ruling == Ruling::Diverge) {
            return Flow::Diverged;
        }
        let refused = Reason::After(OpenChoice::RefusedGrowth);
        match differences.iter().any(|(_, difference)| difference.reason == refused) {
            true => Flow::Horizon(refused),
            false => Flow::On,
        }
    }

    /// Counts a step as compared.
    fn seen(&mut self, step: StepIdx, expected: &Step, actual: &Step) {
        let Some(seen) = self.tally.steps.get_mut(step.position()) else { return };
        let values = |step: &Step| matches!(&step.outcome, Outcome::Returned(values) if !values.is_empty());
        seen.call |= expected.outcome != Outcome::Absent && actual.outcome != Outcome::Absent;
        seen.values |= values(expected) && values(actual);
        seen.state |= expected.state.is_some() && actual.state.is_some();
    }

    fn outcome(&mut self, step: StepIdx, expected: &Step, actual: &Step, classes: &Classes<'_>) {
        match *classes {
            Classes::Values(expected, actual) => self.values(step, expected, actual),
            Classes::Payloads(expected_payload, actual_payload) => {
                if expected_payload.len() != actual_payload.len() {
                    self.judge_outcome(step, expected, actual, Likeness::Unlike);
                    return;
                }
                for (expected, actual) in expected_payload.iter().zip(actual_payload) {
                    let (left, right) = (thrown(*expected), thrown(*actual));
                    self.judge_at(step, Site::Outcome(step), likeness::values(*expected, *actual), left, right);
                }
            }
            Classes::UntoldPayload => self.tally.compared.blind += u32::from(expected.outcome != actual.outcome),
            Classes::Traps(likeness) => {
                let words = |step: &Step| step.outcome.to_string();
                self.judge_at(step, Site::TrapKind(step), likeness, || words(expected), || words(actual));
            }
            Classes::Class(likeness) => self.judge_outcome(step, expected, actual, likeness),
            Classes::BlindSpot | Classes::BothLimited | Classes::Limited => {}
        }
    }

    fn values(&mut self, step: StepIdx, expected: &[Value], actual: &[Value]) {
        let longer = expected.len().max(actual.len());
        for position in 0..longer {
            let (expected, actual) = (expected.get(position), actual.get(position));
            let likeness = match (expected, actual) {
                (Some(expected), Some(actual)) => likeness::values(*expected, *actual),
                _ => Likeness::Unlike,
            };
            let words = |value: Option<&Value>| value.map_or_else(|| "no such result".to_owned(), Value::for_people);
            let site = Site::Result { step, position: position as u32 };
            self.judge_at(step, site, likeness, || words(expected), || words(actual));
        }
    }

    fn host_calls(&mut self, step: StepIdx, expected: &HostCalls, actual: &HostCalls) {
        if expected == actual {
            return;
        }
        let mut untold = false;
        for (number, (left, right)) in expected.first.iter().zip(&actual.first).enumerate() {
            let likeness = if left.name != right.name
                || left.args.len() != right.args.len()
                || left.results.len() != right.results.len()
            {
                Likeness::Unlike
            } else {
                let pairs = left.args.iter().chain(&left.results).zip(right.args.iter().chain(&right.results));
                worst(pairs.map(|(left, right)| likeness::values(*left, *right)))
            };
            untold |= matches!(likeness, Likeness::Untold(_));
            let site = Site::HostCalls { step, call: number as u32 };
            let before = self.found.differences.len();
            self.judge_at(step, site, likeness, || call_words(left), || call_words(right));
            let found = self.found.differences.get(before);
            if found.is_some_and(|(_, difference)| difference.ruling > Ruling::Allowed) {
                // The calls behind it are its consequences.
                return;
            }
        }
        let call = expected.first.len().min(actual.first.len()) as u32;
        let site = Site::HostCalls { step, call };
        if expected.count != actual.count {
            let words = |calls: &HostCalls| match calls.first.get(call as usize) {
                Some(first) => call_words(first),
                None => format!("no call ({} in all)", calls.count),
            };
            self.judge_at(step, site, Likeness::Unlike, || words(expected), || words(actual));
        } else if expected.first.len() == actual.first.len() && expected.rest != actual.rest {
            // The digest is taken over the text of calls, which has identities where they are told.
            let likeness = if untold { Likeness::Untold(Allowance::UntoldIdentity) } else { Likeness::Unlike };
            let words = |calls: &HostCalls| format!("the digest {} of later calls", calls.rest);
            self.judge_at(step, site, likeness, || words(expected), || words(actual));
        }
    }

    /// Whether a memory or a table is smaller than the pivot's. A growth may fail at any time (sections
    /// 4.6.9 and 4.6.10), so this is never wrong by itself; what follows cannot be compared.
    fn refused_growth(&mut self, step: StepIdx, expected: &Step, actual: &Step) -> bool {
        let (Some(expected), Some(actual)) = (&expected.state, &actual.state) else { return false };
        // Without the reference nobody says which of the two was refused.
        let either = self.open.told == Told::No;
        let shrunk = |left: u64, right: u64| right < left || either && right > left;
        let before = self.found.differences.len();
        for (export, left, right) in common(&expected.memories, &actual.memories) {
            if shrunk(left.bytes, right.bytes) {
                let site = Site::MemorySize { step, export: export.clone() };
                self.note_growth(step, site, bytes_words(left.bytes), bytes_words(right.bytes));
            }
        }
        for (export, left, right) in common(&expected.tables, &actual.tables) {
            if shrunk(left.elements, right.elements) {
                let site = Site::TableSize { step, export: export.clone() };
                self.note_growth(step, site, elements_words(left.elements), elements_words(right.elements));
            }
        }
        self.found.differences.len() > before
    }

    fn note_growth(&mut self, step: StepIdx, site: Site, expected: String, actual: String) {
        let reason = Reason::After(OpenChoice::RefusedGrowth);
        self.note(step, site, expected, actual, Ruling::Inconclusive, reason);
    }

    fn state(&mut self, step: StepIdx, expected: &State, actual: &State) {
        if expected == actual {
            return;
        }
        self.missing(step, &expected.memories, &actual.memories, |export| Site::MemorySize { step, export });
        for (export, left, right) in common(&expected.memories, &actual.memories) {
            self.memory(step, export, left, right);
        }
        self.missing(step, &expected.globals, &actual.globals, |export| Site::Global { step, export });
        for (export, left, right) in common(&expected.globals, &actual.globals) {
            let site = || Site::Global { step, export: export.clone() };
            self.judge_lazily(step, site, likeness::values(*left, *right), || left.for_people(), || right.for_people());
        }
        self.missing(step, &expected.tables, &actual.tables, |export| Site::TableSize { step, export });
        for (export, left, right) in common(&expected.tables, &actual.tables) {
            self.table(step, export, left, right);
        }
    }

    /// Exports that one side has and the other has not.
    fn missing<T>(
        &mut self,
        step: StepIdx,
        expected: &[(ExportName, T)],
        actual: &[(ExportName, T)],
        site: impl Fn(ExportName) -> Site,
    ) {
        const PRESENT: &str = "an export";
        const MISSING: &str = "no such export";
        let lacks = |list: &[(ExportName, T)], name: &ExportName| !list.iter().any(|(other, _)| other == name);
        for (name, _) in expected.iter().filter(|(name, _)| lacks(actual, name)) {
            let words = (|| PRESENT.to_owned(), || MISSING.to_owned());
            self.judge_lazily(step, || site(name.clone()), Likeness::Unlike, words.0, words.1);
        }
        for (name, _) in actual.iter().filter(|(name, _)| lacks(expected, name)) {
            let words = (|| MISSING.to_owned(), || PRESENT.to_owned());
            self.judge_lazily(step, || site(name.clone()), Likeness::Unlike, words.0, words.1);
        }
    }

    fn memory(&mut self, step: StepIdx, export: &ExportName, expected: &MemoryState, actual: &MemoryState) {
        if expected.bytes != actual.bytes {
            let site = || Site::MemorySize { step, export: export.clone() };
            self.judge_lazily(
                step,
                site,
                Likeness::Unlike,
                || bytes_words(expected.bytes),
                || bytes_words(actual.bytes),
            );
            return;
        }
        let (Some(left), Some(right)) = (expected.contents.digest(), actual.contents.digest()) else {
            self.tally.compared.blind += u32::from(expected.contents != actual.contents);
            return;
        };
        if left == right {
            return;
        }
        let site = |offset| Site::Memory { step, export: export.clone(), offset };
        let digests = (|| format!("bytes with digest {left}"), || format!("bytes with digest {right}"));
        let (Contents::Full { blocks: left, .. }, Contents::Full { blocks: right, .. }) =
            (&expected.contents, &actual.contents)
        else {
            self.judge_at(step, site(None), Likeness::Unlike, digests.0, digests.1);
            return;
        };
        match memory::unlikeness(left, right) {
            Some(found) => {
                let whole = || memory::is_whole(left, expected) && memory::is_whole(right, actual);
                let nans_only = found.nans_only && whole();
                let likeness = if nans_only { Likeness::Covered(Allowance::NanBits) } else { Likeness::Unlike };
                let words = |byte: u8| format!("byte {byte:#04x}");
                self.judge_at(
                    step,
                    site(Some(found.offset)),
                    likeness,
                    || words(found.expected),
                    || words(found.actual),
                );
            }
            // The difference lies behind the bytes that were recorded.
            None => self.judge_at(step, site(None), Likeness::Unlike, digests.0, digests.1),
        }
    }

    fn table(&mut self, step: StepIdx, export: &ExportName, expected: &TableState, actual: &TableState) {
        if expected.elements != actual.elements {
            let site = || Site::TableSize { step, export: export.clone() };
            let words = (|| elements_words(expected.elements), || elements_words(actual.elements));
            self.judge_lazily(step, site, Likeness::Unlike, words.0, words.1);
            return;
        }
        if let Some((element, left, right, likeness)) = likeness::first_unlike_element(expected, actual) {
            let site = || Site::Table { step, export: export.clone(), element };
            self.judge_lazily(step, site, likeness, || left.to_string(), || right.to_string());
        }
    }

    fn note_outcome(&mut self, step: StepIdx, expected: &Step, actual: &Step, ruling: Ruling, reason: Reason) {
        let (expected, actual) = (expected.outcome.to_string(), actual.outcome.to_string());
        self.note(step, Site::Outcome(step), expected, actual, ruling, reason);
    }

    fn judge_outcome(&mut self, step: StepIdx, expected: &Step, actual: &Step, likeness: Likeness) {
        let words = |step: &Step| step.outcome.to_string();
        self.judge_at(step, Site::Outcome(step), likeness, || words(expected), || words(actual));
    }

    fn judge_at(
        &mut self,
        step: StepIdx,
        site: Site,
        likeness: Likeness,
        expected: impl FnOnce() -> String,
        actual: impl FnOnce() -> String,
    ) {
        self.judge_lazily(step, || site, likeness, expected, actual);
    }

    /// Rules on a likeness, and notes it where it is a difference.
    fn judge_lazily(
        &mut self,
        step: StepIdx,
        site: impl FnOnce() -> Site,
        likeness: Likeness,
        expected: impl FnOnce() -> String,
        actual: impl FnOnce() -> String,
    ) {
        if let Some((ruling, reason)) = self.rule(step, likeness) {
            self.note(step, site(), expected(), actual(), ruling, reason);
        }
    }

    /// The choice that may explain a difference at `step` that no allowance covers.
    fn open_at(&self, step: StepIdx) -> Option<OpenChoice> {
        // Only where the reference tells that no other choice was met. Rarely asked, so the modules are read anew.
        let contained =
            |choice| choice == OpenChoice::NanBits && self.open.told == Told::Yes && contained::nan_bits(self.case);
        self.open.at(step).filter(|choice| !contained(*choice))
    }

    /// The only place that turns a likeness into a ruling.
    fn rule(&mut self, step: StepIdx, likeness: Likeness) -> Option<(Ruling, Reason)> {
        let uncovered = || match self.open_at(step) {
            Some(choice) => (Ruling::Inconclusive, Reason::After(choice)),
            None if self.held == Held::Itself => (Ruling::Diverge, Reason::Rewritten),
            None => (Ruling::Diverge, Reason::Deterministic),
        };
        match likeness {
            Likeness::Same => None,
            // The coarser report may be the same as the finer one: never a divergence.
            Likeness::Untold(allowance) if self.strictness.grants(allowance) => None,
            Likeness::Untold(_) => Some((Ruling::Inconclusive, Reason::BlindSpot)),
            Likeness::Covered(Allowance::NanBits) if !self.nan_may_have_been_made(step) => Some(uncovered()),
            Likeness::Covered(allowance) if self.strictness.grants(allowance) => {
                if allowance == Allowance::NanBits && self.open.told == Told::No {
                    // The two engines have shown by themselves that a NaN was made.
                    self.open.nan_bits = Some(self.open.nan_bits.map_or(step, |first| first.min(step)));
                }
                Some((Ruling::Allowed, Reason::Allowance(allowance)))
            }
            Likeness::Covered(allowance) => Some((Ruling::Diverge, Reason::Allowance(allowance))),
            Likeness::Unlike => Some(uncovered()),
        }
    }

    /// Whether an operator may have made a NaN up to `step`: moves, loads and constants keep bits, so
    /// without one even the bits of a NaN are fixed.
    fn nan_may_have_been_made(&self, step: StepIdx) -> bool {
        let met = || self.pivot.open.iter().chain(&self.engine.open);
        self.open.told == Told::No || met().any(|(first, choice)| *choice == OpenChoice::NanBits && *first <= step)
    }

    fn note(&mut self, step: StepIdx, site: Site, expected: String, actual: String, ruling: Ruling, reason: Reason) {
        let name = |observation: &Observation| -> EngineName { observation.engine.name.clone() };
        let against = match self.held {
            Held::Pivot => name(self.pivot),
            Held::Itself => name(self.engine),
        };
        let engine = name(self.engine);
        self.found.differences.push((step, Difference { site, engine, actual, against, expected, ruling, reason }));
    }
}

fn thrown(value: Value) -> impl FnOnce() -> String {
    move || format!("threw an exception with {}", value.for_people())
}

fn bytes_words(bytes: u64) -> String {
    format!("{bytes} bytes")
}

fn elements_words(elements: u64) -> String {
    format!("{elements} elements")
}

fn call_words(call: &wassay_model::HostCall) -> String {
    let list = |values: &[Value]| values.iter().map(Value::for_people).collect::<Vec<_>>().join(", ");
    format!("{}({}) -> ({})", call.name, list(&call.args), list(&call.results))
}

/// The likeness of a whole from those of its parts.
fn worst(parts: impl Iterator<Item = Likeness>) -> Likeness {
    let weight = |likeness: &Likeness| match likeness {
        Likeness::Same => 0,
        Likeness::Untold(_) => 1,
        Likeness::Covered(_) => 2,
        Likeness::Unlike => 3,
    };
    parts.max_by_key(weight).unwrap_or(Likeness::Same)
}

/// Exports that both sides have, in the pivot's order.
fn common<'a, T>(
    expected: &'a [(ExportName, T)],
    actual: &'a [(ExportName, T)],
) -> impl Iterator<Item = (&'a ExportName, &'a T, &'a T)> {
    expected.iter().enumerate().filter_map(move |(position, (name, left))| {
        // Both lists follow the module's order, so the position is nearly always right.
        let right = match actual.get(position) {
            Some((other, right)) if other == name => Some(right),
            _ => actual.iter().find(|(other, _)| other == name).map(|(_, right)| right),
        };
        right.map(|right| (name, left, right))
    })
}
