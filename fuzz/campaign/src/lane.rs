//! A lane: one thread with its own crew of engines, going through chunks of cases.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::time::Instant;

use wassay_child::{Crew, CrewError, RestartReason};
use wassay_generate::{Cell, Profile};
use wassay_judge::{explain, judge};
use wassay_ledger::{Tracer, is_observed};
use wassay_model::run::{Chunk, EngineTally, Manifest, Tally, Times};
use wassay_model::{
    Action, Capture, CaseId, Ending, EngineName, Finding, Lineup, Observation, Outcome, Provenance, Reason, Ruling,
    Signature, Snapshot, StepIdx, TestCase, Verdict,
};

use crate::evidence::Evidence;

/// A call that traps within this many instructions has shown next to nothing.
const EARLY_INSTRUCTIONS: u64 = 100;
/// One case in so many is traced for the ledger: it costs as much as an engine, and a rare cell comes again.
pub(crate) const TRACED_EVERY: u64 = 8;
/// How many cases are made at once. With more, less of a worker's time goes into what is not the engine's; but they are
/// made in vain where a run ends.
const AHEAD: usize = 8;
/// On how many engines a result is compared before what made it counts as observed: with two, a mistake that they
/// share would count.
const OBSERVED_BY: usize = 3;

/// On how many engines of a line-up a cell is to be observed.
pub(crate) fn observed_by(manifest: &Manifest) -> usize {
    OBSERVED_BY.min(manifest.lineup.len())
}

/// A chunk as a lane leaves it.
#[derive(Debug, Default)]
pub(crate) struct Done {
    pub(crate) chunk: Chunk,
    pub(crate) findings: Vec<(Finding, Evidence)>,
    /// Inconclusive cases, by reason.
    pub(crate) open: Vec<(String, Evidence)>,
    /// Cells that its cases were observed to execute, with the number of cases.
    pub(crate) cells: BTreeMap<Cell, u64>,
    /// Signatures that had a second look in this chunk. By chunk and not by run, so that the journal does not
    /// depend on how chunks are spread over lanes.
    looked_at: BTreeSet<Signature>,
}

/// A case that was made and not asked yet.
struct Drawn {
    index: u64,
    case: TestCase,
    cells: Vec<(StepIdx, Cell)>,
    /// The seats of the engines whose turn it is.
    wanted: Vec<usize>,
}

pub(crate) struct Lane<'a> {
    pub(crate) manifest: &'a Manifest,
    pub(crate) profile: &'a Profile,
    pub(crate) crew: Crew,
    pub(crate) times: Times,
    pub(crate) tracer: Tracer,
}

impl Lane<'_> {
    /// Where this lane's time went, and which workers it lost.
    pub(crate) fn leave(mut self) -> Times {
        let statistics = self.crew.statistics();
        for (engine, reasons) in &statistics.restarts {
            for (reason, count) in reasons {
                *self.times.restarts.entry(format!("{engine}:{}", restart_word(*reason))).or_default() += count;
            }
        }
        for (reason, count) in &statistics.restarts_between {
            *self.times.restarts.entry(format!("between cases:{}", restart_word(*reason))).or_default() += count;
        }
        for (engine, turns) in &statistics.turns {
            self.times.turns.insert(key(engine), (turns.asked_ns, turns.own_ns, turns.count));
        }
        for (engine, why) in &statistics.set_aside {
            self.times.set_aside.insert(key(engine), why.clone());
        }
        self.times
    }

    /// Goes through a chunk, case by case, until `stop` says so.
    ///
    /// # Errors
    ///
    /// A worker cannot be started at all.
    pub(crate) fn chunk(
        &mut self,
        number: u64,
        mut stop: impl FnMut() -> bool,
        mut after_case: impl FnMut(&Tally),
    ) -> Result<Done, CrewError> {
        let mut done = Done { chunk: Chunk { number, ..Chunk::default() }, ..Done::default() };
        let mut ids = Vec::new();
        let mut rest = self.manifest.cases_of(number);
        loop {
            let began = Instant::now();
            let drawn = self.draw(&mut rest);
            self.times.lanes_ns += nanoseconds(began);
            if drawn.is_empty() {
                break;
            }
            for drawn in drawn {
                if stop() {
                    rest = 0..0;
                    break;
                }
                let began = Instant::now();
                let mut tally = Tally::default();
                ids.push(self.case(drawn, &mut tally, &mut done)?);
                after_case(&tally);
                done.chunk.tally.add(&tally);
                self.times.lanes_ns += nanoseconds(began);
            }
        }
        done.chunk.cells = done.cells.iter().map(|(cell, count)| (cell.to_string(), *count)).collect();
        if !ids.is_empty() {
            let names: Vec<[u8; 16]> = ids.iter().map(|id| id.0.0.to_be_bytes()).collect();
            done.chunk.cases_digest = Some(CaseId::of(names.iter().map(<[u8; 16]>::as_slice)));
        }
        Ok(done)
    }

    /// Makes the next few cases: what several of them need of a worker is made once.
    fn draw(&mut self, rest: &mut Range<u64>) -> Vec<Drawn> {
        let began = Instant::now();
        let generate = |index| {
            let (case, cells) = wassay_generate::generate_with_cells(self.manifest.seed, index, self.profile);
            let lineup = self.manifest.lineup.iter().enumerate();
            let takes =
                |(position, lineup): &(usize, &Lineup)| lineup.takes(index) && !self.crew.is_set_aside(*position);
            Drawn { index, case, cells, wanted: lineup.filter(takes).map(|(position, _)| position).collect() }
        };
        let drawn: Vec<Drawn> = rest.by_ref().take(AHEAD).map(generate).collect();
        self.times.generate_ns += nanoseconds(began);
        let ahead: Vec<(&TestCase, &[usize])> = drawn.iter().map(|drawn| (&drawn.case, &*drawn.wanted)).collect();
        self.crew.foresee(&ahead);
        drawn
    }

    fn case(&mut self, drawn: Drawn, tally: &mut Tally, done: &mut Done) -> Result<CaseId, CrewError> {
        let Drawn { index, case, cells, mut wanted } = drawn;
        let id = case.id();
        // One may have been set aside since.
        wanted.retain(|position| !self.crew.is_set_aside(*position));
        let mut observations = self.ask(&case, &wanted, Capture::Digests)?;
        self.ask_more(index, &case, &mut wanted, &mut observations)?;
        let first = self.judge(&case, &observations);
        count(&case, &observations, &first, tally);
        self.enter(&cells, &case, &observations, &first, done);
        if cells.is_empty() && index.is_multiple_of(TRACED_EVERY) {
            self.trace(&case, &observations, &first, done);
        }
        let mut ruling = first.ruling;
        if ruling == Ruling::Diverge {
            let known = groups(&first)
                .iter()
                .all(|group| done.looked_at.contains(&wassay_triage::signature(&case, &group.verdict, &observations)));
            if known {
                // One look more at each kind of finding a chunk: an engine with a common fault would otherwise
                // take most of the time of a run.
                for group in groups(&first) {
                    done.findings.push(finding(index, id, &case, group.verdict, &observations, (1, 1)));
                }
            } else {
                ruling = self.look_again(index, id, &case, &wanted, (&first, &observations), done)?;
            }
        } else if ruling == Ruling::Inconclusive {
            leave_open(case, &first, observations, done);
        }
        *tally.rulings.entry(ruling.to_string()).or_default() += 1;
        Ok(id)
    }

    /// Enters into the ledger the cells that the generator built in, each of which its step returns.
    fn enter(
        &self,
        cells: &[(StepIdx, Cell)],
        case: &TestCase,
        observations: &[Observation],
        verdict: &Verdict,
        done: &mut Done,
    ) {
        let engines_min = observed_by(self.manifest);
        let mut entered = BTreeSet::new();
        for of_step in cells.chunk_by(|(step, _), (other, _)| step == other) {
            if is_observed(of_step[0].0, false, engines_min, case, observations, verdict) {
                entered.extend(of_step.iter().map(|(_, cell)| *cell));
            }
        }
        for cell in entered {
            *done.cells.entry(cell).or_default() += 1;
        }
    }

    /// Enters into the ledger what the case executed and what became visible of it.
    fn trace(&mut self, case: &TestCase, observations: &[Observation], verdict: &Verdict, done: &mut Done) {
        let began = Instant::now();
        let engines_min = observed_by(self.manifest);
        let cells: BTreeSet<Cell> = self
            .tracer
            .trace(case)
            .into_iter()
            .filter(|seen| is_observed(seen.step, seen.in_state, engines_min, case, observations, verdict))
            .map(|seen| seen.cell)
            .collect();
        for cell in cells {
            *done.cells.entry(cell).or_default() += 1;
        }
        self.times.trace_ns += nanoseconds(began);
    }

    /// Of one case in as many as expensive engines are asked for one of, asks engines whose turn it is not, until as many
    /// have taken it as its results need to count as observed: what cheap engines decline would never be compared on so
    /// many, since the turns of the others do not meet. To do so for every such case made a run of the mix take 2.7 times
    /// as long.
    fn ask_more(
        &mut self,
        index: u64,
        case: &TestCase,
        wanted: &mut Vec<usize>,
        observations: &mut Vec<Observation>,
    ) -> Result<(), CrewError> {
        let every = self.manifest.lineup.iter().map(|row| row.every).max().unwrap_or(1);
        if !index.is_multiple_of(every) {
            return Ok(());
        }
        let takes = |seen: &Observation| !matches!(seen.ending, Ending::Declined(_));
        let mut missing =
            observed_by(self.manifest).saturating_sub(observations.iter().filter(|seen| takes(seen)).count());
        let count = self.manifest.lineup.len();
        for turn in 0..count {
            // Another one first each time.
            let seat = (turn + (index / every % count as u64) as usize) % count;
            if missing == 0 {
                break;
            }
            if wanted.contains(&seat) || self.crew.is_set_aside(seat) {
                continue;
            }
            let seen = self.ask(case, &[seat], Capture::Digests)?;
            missing -= seen.iter().filter(|seen| takes(seen)).count();
            let place = wanted.partition_point(|other| *other < seat);
            wanted.insert(place, seat);
            observations.splice(place..place, seen);
        }
        Ok(())
    }

    fn ask(&mut self, case: &TestCase, wanted: &[usize], capture: Capture) -> Result<Vec<Observation>, CrewError> {
        let began = Instant::now();
        let observations = self.crew.ask(case, wanted, capture)?;
        self.times.ask_ns += nanoseconds(began);
        for observation in &observations {
            let (total, cases) = match self.times.engines.get_mut(&*key(&observation.engine.name)) {
                Some(entry) => entry,
                None => self.times.engines.entry(key(&observation.engine.name)).or_default(),
            };
            total.add(observation.timing);
            *cases += 1;
        }
        Ok(observations)
    }

    /// Runs a case on which engines differ once more, in full capture, and turns the looks into findings:
    /// digests say that memories differ and not where, and what does not come back is no property of the case.
    fn look_again(
        &mut self,
        index: u64,
        id: CaseId,
        case: &TestCase,
        wanted: &[usize],
        (first, first_seen): (&Verdict, &[Observation]),
        done: &mut Done,
    ) -> Result<Ruling, CrewError> {
        let case = &shortened(case, first);
        let asked = &with_late_snapshots(case);
        let second_seen = self.ask(asked, wanted, Capture::Full)?;
        let second = self.judge(case, &second_seen);
        let mut ruling = second.ruling;

        let anew: Vec<Group> = groups(&second);
        let lost: Vec<Group> = groups(first)
            .into_iter()
            .filter(|group| !is_explained(group, &second) && !has_hung(group, first_seen))
            .collect();
        // Full capture sees more, so what only the second look shows is not flaky for that; and what only the
        // first one shows deserves another chance.
        let third = if lost.is_empty() && anew.iter().all(|group| group.shows_in(first)) {
            None
        } else {
            let seen = self.ask(asked, wanted, Capture::Full)?;
            Some(self.judge(case, &seen))
        };
        let in_third = |group: &Group| third.as_ref().is_some_and(|third| group.shows_in(third));
        for group in anew {
            let confirmed = if group.shows_in(first) || in_third(&group) { (2, 2) } else { (1, 2) };
            let found = finding(index, id, case, group.verdict, &second_seen, confirmed);
            done.looked_at.insert(found.0.signature.clone());
            done.findings.push(found);
        }
        for group in lost {
            ruling = Ruling::Diverge;
            let confirmed = if in_third(&group) { (2, 3) } else { (1, 3) };
            done.findings.push(finding(index, id, case, group.verdict, first_seen, confirmed));
        }
        for group in groups(first) {
            done.looked_at.insert(wassay_triage::signature(case, &group.verdict, first_seen));
        }
        if ruling == Ruling::Inconclusive {
            leave_open(case.clone(), &second, second_seen, done);
        }
        Ok(ruling)
    }

    fn judge(&mut self, case: &TestCase, observations: &[Observation]) -> Verdict {
        let began = Instant::now();
        let verdict = judge(case, observations);
        self.times.judge_ns += nanoseconds(began);
        verdict
    }
}

/// Keeps a case whose ruling is open: what a better judge may want to see.
fn leave_open(case: TestCase, verdict: &Verdict, observations: Vec<Observation>, done: &mut Done) {
    let reason = verdict
        .differences
        .iter()
        .find(|difference| difference.ruling == Ruling::Inconclusive)
        .map_or_else(|| "horizon".to_owned(), |difference| reason_word(difference.reason));
    let explanation = explain(verdict, &case);
    done.open.push((reason, Evidence { case, observations, explanation }));
}

fn nanoseconds(since: Instant) -> u64 {
    u64::try_from(since.elapsed().as_nanos()).unwrap_or(u64::MAX)
}

fn key(name: &EngineName) -> String {
    name.to_string()
}

fn diverges(verdict: &Verdict, engine: &EngineName) -> bool {
    verdict.differences.iter().any(|difference| difference.ruling == Ruling::Diverge && difference.engine == *engine)
}

/// The case up to the last step at which a divergence showed first: what comes behind has nothing to say
/// about it. A program's end has no step, and then the whole case is kept.
fn shortened(case: &TestCase, verdict: &Verdict) -> TestCase {
    let steps: Option<Vec<usize>> = groups(verdict)
        .iter()
        .map(|group| group.verdict.differences[0].site.step().map(wassay_model::StepIdx::position))
        .collect();
    let mut case = case.clone();
    if let Some(last) = steps.and_then(|steps| steps.into_iter().max()) {
        case.plan.steps.truncate(last + 1);
    }
    case
}

/// The case with its state recorded only since the snapshot before the last one: up to there engines agreed,
/// and bytes after every step are the dearest part of a second look.
fn with_late_snapshots(case: &TestCase) -> TestCase {
    let mut case = case.clone();
    let last = case.plan.steps.len().saturating_sub(1);
    let before = case.plan.steps[..last].iter().rposition(|step| step.snapshot == Snapshot::Take).unwrap_or(0);
    for step in &mut case.plan.steps[..before] {
        step.snapshot = Snapshot::Never;
    }
    case
}

/// Whether a second look accounts for the group's divergence: it shows one of the same engine, it rules the
/// same site otherwise now that bytes are known, or it stops before that site. A difference elsewhere accounts
/// for nothing.
fn is_explained(group: &Group, second: &Verdict) -> bool {
    group.verdict.differences.iter().all(|ours| {
        let (engine, kind, step) = (&ours.engine, ours.site.kind(), ours.site.step());
        diverges(second, engine)
            || second
                .differences
                .iter()
                .any(|theirs| theirs.engine == *engine && theirs.site.kind() == kind && theirs.site.step() == step)
            || second.horizons.iter().any(|horizon| horizon.engine == *engine && Some(horizon.step) <= step)
    })
}

/// Whether the group is of engines that did not answer in time: when that does not come back, the machine was
/// busy.
fn has_hung(group: &Group, seen: &[Observation]) -> bool {
    seen.iter().any(|observation| {
        observation.ending == Ending::TimedOut && group.engines().any(|engine| *engine == observation.engine.name)
    })
}

/// The divergences of engines that differ from the expectation in the same way.
struct Group {
    verdict: Verdict,
}

impl Group {
    fn shows_in(&self, verdict: &Verdict) -> bool {
        self.engines().all(|engine| diverges(verdict, engine))
    }

    fn engines(&self) -> impl Iterator<Item = &EngineName> {
        let names: BTreeSet<&EngineName> =
            self.verdict.differences.iter().map(|difference| &difference.engine).collect();
        names.into_iter()
    }
}

/// Splits a verdict: two engines that break in two ways are two findings, and two engines that break in
/// one way are one.
fn groups(verdict: &Verdict) -> Vec<Group> {
    let mut by_engine: BTreeMap<&EngineName, Vec<_>> = BTreeMap::new();
    for difference in verdict.differences.iter().filter(|difference| difference.ruling == Ruling::Diverge) {
        by_engine.entry(&difference.engine).or_default().push(difference.clone());
    }
    let mut groups: Vec<Group> = Vec::new();
    for differences in by_engine.into_values() {
        let alike = |group: &&mut Group| {
            let (theirs, ours) = (&group.verdict.differences[0], &differences[0]);
            theirs.site == ours.site && theirs.actual == ours.actual
        };
        match groups.iter_mut().find(alike) {
            Some(group) => group.verdict.differences.extend(differences),
            None => groups.push(Group {
                verdict: Verdict {
                    ruling: Ruling::Diverge,
                    differences,
                    horizons: Vec::new(),
                    compared: verdict.compared,
                },
            }),
        }
    }
    groups
}

fn finding(
    index: u64,
    id: CaseId,
    case: &TestCase,
    verdict: Verdict,
    observations: &[Observation],
    confirmed: (u32, u32),
) -> (Finding, Evidence) {
    let explanation = explain(&verdict, case);
    let finding = Finding {
        case: id,
        index,
        signature: wassay_triage::signature(case, &verdict, observations),
        engines: observations.iter().map(|observation| observation.engine.clone()).collect(),
        explanation: explanation.clone(),
        verdict,
        confirmed,
    };
    (finding, Evidence { case: case.clone(), observations: observations.to_vec(), explanation })
}

/// A reason as a key of counts and a folder's name.
fn reason_word(reason: Reason) -> String {
    match serde_json::to_value(reason) {
        Ok(serde_json::Value::String(word)) => word,
        Ok(serde_json::Value::Object(map)) => {
            map.iter().map(|(kind, of)| format!("{kind}-{}", of.as_str().unwrap_or_default())).collect()
        }
        _ => "other".to_owned(),
    }
}

fn count(case: &TestCase, observations: &[Observation], verdict: &Verdict, tally: &mut Tally) {
    tally.cases += 1;
    tally.module_bytes += case.modules.iter().map(|module| module.bytes.0.len() as u64).sum::<u64>();
    // Such a case is made of modules that are to be refused.
    let mut is_broken = false;
    if let Provenance::Generated { traits, .. } = &case.provenance {
        is_broken = traits.iter().any(|name| name == wassay_generate::Family::Broken.name());
        for name in traits {
            *tally.traits.entry(name.clone()).or_default() += 1;
        }
    }
    let is_call = |action: &Action| matches!(action, Action::Invoke { .. });
    tally.calls += case.plan.steps.iter().filter(|step| is_call(&step.action)).count() as u64;
    tally.calls_compared += u64::from(verdict.compared.calls);
    tally.calls_with_values += u64::from(verdict.compared.calls_with_values);
    tally.states += u64::from(verdict.compared.states);
    tally.unjudged_steps += u64::from(verdict.compared.unjudged_steps);
    for difference in verdict.differences.iter().filter(|difference| difference.ruling != Ruling::Diverge) {
        *tally.reasons.entry(reason_word(difference.reason)).or_default() += 1;
    }
    for horizon in &verdict.horizons {
        *tally.reasons.entry(format!("horizon-{}", reason_word(horizon.reason))).or_default() += 1;
    }
    // The expectation's side: the engine that counts instructions, where there is one.
    let expectation =
        observations.iter().find(|observation| !observation.instructions.is_empty()).or(observations.first());
    if let Some(expectation) = expectation {
        let refused = |outcome: &Outcome| matches!(outcome, Outcome::Malformed | Outcome::Invalid | Outcome::Rejected);
        tally.refused_modules += u64::from(!is_broken && expectation.steps.iter().any(|step| refused(&step.outcome)));
        for (position, (planned, step)) in case.plan.steps.iter().zip(&expectation.steps).enumerate() {
            if !is_call(&planned.action) {
                continue;
            }
            *tally.outcomes.entry(outcome_word(&step.outcome)).or_default() += 1;
            if matches!(step.outcome, Outcome::Trapped(_))
                && expectation.instructions.get(position).is_some_and(|count| *count < EARLY_INSTRUCTIONS)
            {
                tally.calls_trapped_early += 1;
            }
        }
    }
    for observation in observations {
        let engine: &mut EngineTally = tally.engines.entry(key(&observation.engine.name)).or_default();
        engine.asked += 1;
        *engine.endings.entry(ending_word(&observation.ending)).or_default() += 1;
    }
}

fn outcome_word(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Returned(values) if values.is_empty() => "returned-nothing".to_owned(),
        Outcome::Returned(_) => "returned".to_owned(),
        Outcome::Trapped(kinds) => format!("trapped:{kinds}"),
        Outcome::Threw(_) => "threw".to_owned(),
        Outcome::Exhausted(resource) => {
            format!("exhausted:{}", resource.to_string().rsplit(' ').next().unwrap_or_default())
        }
        Outcome::Malformed => "malformed".to_owned(),
        Outcome::Invalid => "invalid".to_owned(),
        Outcome::Rejected => "rejected".to_owned(),
        Outcome::Unlinkable => "unlinkable".to_owned(),
        Outcome::Refused(_) => "refused".to_owned(),
        Outcome::Absent => "absent".to_owned(),
        Outcome::Unclassified(_) => "unclassified".to_owned(),
    }
}

const fn restart_word(reason: RestartReason) -> &'static str {
    match reason {
        RestartReason::Death => "death",
        RestartReason::Deadline => "deadline",
        RestartReason::Memory => "memory",
        RestartReason::Garbage => "garbage",
        RestartReason::Killed => "killed",
    }
}

fn ending_word(ending: &Ending) -> String {
    match ending {
        Ending::Finished => "finished".to_owned(),
        Ending::Crashed(_) => "crashed".to_owned(),
        Ending::TimedOut => "timed-out".to_owned(),
        Ending::OutOfMemory => "out-of-memory".to_owned(),
        Ending::Declined(feature) => format!("declined:{feature}"),
        Ending::Unclassified(_) => "unclassified".to_owned(),
    }
}
