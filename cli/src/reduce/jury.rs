//! Engines that are asked about candidates, several at a time, and what their answers amount to.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use wassay_child::{Crew, CrewError, CrewSpec};
use wassay_judge::{REFERENCE, judge};
use wassay_model::{Capture, EngineName, Observation, Outcome, Ruling, Signature, Step, TestCase, Value, Verdict};

use crate::exit::{Exit, Failure, OrExit as _};
use crate::lineup;

/// What was seen of a case, and what the judge says of it.
#[derive(Clone, Debug)]
pub(crate) struct Judged {
    pub(crate) observations: Vec<Observation>,
    pub(crate) verdict: Verdict,
    /// The signatures of its divergences.
    pub(crate) signatures: Vec<Signature>,
}

/// Crews with the same engines.
pub(crate) struct Jury {
    crews: Vec<Crew>,
    seats: Vec<usize>,
    /// Who answers for the standard.
    reference: Option<usize>,
    /// In place of the case's own deadline.
    pub(crate) deadline_ms: Option<u32>,
    pub(crate) capture: Capture,
    /// Whether every question goes to new processes: some faults of engines show what an earlier case left behind,
    /// and a reduction would come to rely on that.
    pub(crate) fresh: bool,
    /// How often a candidate is looked at before it counts as one that does not show the finding: more than once where
    /// the finding flickers.
    pub(crate) looks: u32,
    spec: CrewSpec,
}

impl Jury {
    /// A jury of so many crews. Its engines are opened, so that one that cannot be is known before anything
    /// else.
    pub(crate) fn new(engines: &[EngineName], crews: usize, memory_mib: u64) -> Result<Self, Failure> {
        let lineup = lineup::lineup(engines.to_vec(), Some(1))?;
        let spec = lineup::crew_spec(&lineup, memory_mib)?;
        let mut crews: Vec<Crew> = (0..crews.max(1)).map(|_| Crew::new(spec.clone())).collect();
        crews[0].muster().or_exit(Exit::EngineUnavailable)?;
        Ok(Self {
            crews,
            seats: (0..lineup.len()).collect(),
            reference: engines.iter().position(|name| name.name == REFERENCE),
            deadline_ms: None,
            capture: Capture::Full,
            fresh: false,
            looks: 1,
            spec,
        })
    }

    /// Asks every engine.
    pub(crate) fn judge(&mut self, case: &TestCase) -> Result<Judged, Failure> {
        if self.fresh {
            self.crews[0] = Crew::new(self.spec.clone());
        }
        ask(&mut self.crews[0], &self.seats, case, self.deadline_ms, self.capture).or_exit(Exit::EngineUnavailable)
    }

    /// Asks every engine so many times, until something diverges.
    pub(crate) fn judge_until_seen(&mut self, case: &TestCase, looks: u32) -> Result<Judged, Failure> {
        let mut look = 0;
        loop {
            look += 1;
            self.capture = Capture::Full;
            let mut judged = self.judge(case)?;
            if judged.signatures.is_empty() {
                // Bytes say more than digests, and may leave open what digests ruled; a campaign looks at digests too.
                self.capture = Capture::Digests;
                judged = self.judge(case)?;
            }
            if !judged.signatures.is_empty() || look >= looks {
                return Ok(judged);
            }
        }
    }

    /// For each candidate whether the finding with the signature shows. What stands behind the first that shows it
    /// may be left unasked, since nobody looks there.
    pub(crate) fn still(&mut self, candidates: &[TestCase], signature: &Signature) -> Result<Vec<bool>, Failure> {
        let (seats, deadline_ms, capture, looks) = (&self.seats, self.deadline_ms, self.capture, self.looks);
        let failure: Mutex<Option<CrewError>> = Mutex::new(None);
        let stop = AtomicBool::new(false);
        let renewed = self.fresh.then(|| self.spec.clone());
        let answer = |crew: &mut Crew, case: &TestCase| {
            for _ in 0..looks {
                if stop.load(Ordering::Relaxed) {
                    return false;
                }
                if let Some(spec) = &renewed {
                    *crew = Crew::new(spec.clone());
                }
                match ask(crew, seats, case, deadline_ms, capture) {
                    Ok(judged) if judged.signatures.iter().any(|found| is_same(found, signature)) => return true,
                    Ok(_) => {}
                    Err(error) => {
                        stop.store(true, Ordering::Relaxed);
                        if let Ok(mut failure) = failure.lock() {
                            *failure = Some(error);
                        }
                    }
                }
            }
            false
        };
        let answers = match candidates {
            [only] => vec![answer(&mut self.crews[0], only)],
            several => {
                let share = several.len().div_ceil(self.crews.len());
                let answer = &answer;
                std::thread::scope(|scope| {
                    let lanes: Vec<_> = several
                        .chunks(share)
                        .zip(&mut self.crews)
                        .map(|(chunk, crew)| {
                            scope.spawn(move || chunk.iter().map(|case| answer(crew, case)).collect::<Vec<_>>())
                        })
                        .collect();
                    let answers = lanes.into_iter().map(|lane| lane.join().unwrap_or_default());
                    answers.flatten().collect()
                })
            }
        };
        match failure.into_inner() {
            Ok(Some(error)) => Err(Failure::new(Exit::EngineUnavailable, error)),
            _ if answers.len() != candidates.len() => {
                Err(Failure::new(Exit::Internal, anyhow::anyhow!("a thread that asked engines ended before its time")))
            }
            _ => Ok(answers),
        }
    }

    /// What the standard says that each step of a case returns, where that is a single value. Nothing, where nobody on
    /// the jury answers for the standard.
    pub(crate) fn values(&mut self, case: &TestCase) -> Result<Vec<Option<Value>>, Failure> {
        let Some(seat) = self.reference else { return Ok(Vec::new()) };
        let mut seen = self.crews[0].ask(case, &[seat], Capture::Digests).or_exit(Exit::EngineUnavailable)?;
        let single = |step: Step| match step.outcome {
            Outcome::Returned(values) => <[Value; 1]>::try_from(values).ok().map(|[value]| value),
            _ => None,
        };
        Ok(seen.remove(0).steps.into_iter().map(single).collect())
    }
}

fn ask(
    crew: &mut Crew,
    seats: &[usize],
    case: &TestCase,
    deadline_ms: Option<u32>,
    capture: Capture,
) -> Result<Judged, CrewError> {
    let observations = match deadline_ms {
        Some(deadline_ms) if deadline_ms < case.limits.deadline_ms => {
            let mut hurried = case.clone();
            hurried.limits.deadline_ms = deadline_ms;
            crew.ask(&hurried, seats, capture)?
        }
        _ => crew.ask(case, seats, capture)?,
    };
    let verdict = judge(case, &observations);
    let signatures = match verdict.ruling {
        Ruling::Diverge => wassay_triage::signatures(case, &verdict, &observations),
        _ => Vec::new(),
    };
    Ok(Judged { observations, verdict, signatures })
}

/// The engines with the one that answers for the standard in front: without it, one engine alone differs from
/// nobody.
pub(crate) fn with_expectation(engines: Vec<EngineName>) -> Vec<EngineName> {
    if engines.iter().any(|name| name.name == REFERENCE) {
        return engines;
    }
    std::iter::once(EngineName::plain(REFERENCE)).chain(engines).collect()
}

/// Whether two signatures are of one finding, whatever is known of its opcodes.
pub(crate) fn is_same(one: &Signature, other: &Signature) -> bool {
    one.parties == other.parties && one.against == other.against && one.site == other.site
}
