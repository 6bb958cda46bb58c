//! `wassay regress`: two versions, builds or configurations of an engine on one corpus, transitions only.

mod print;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use anyhow::{Context as _, anyhow};
use wassay_child::Crew;
use wassay_judge::REFERENCE;
use wassay_model::regress::{
    LeftOut, REGRESS_SCHEMA, RegressCorpus, RegressRecord, SlowerRule, Transition, TransitionKind,
};
use wassay_model::suite::SuiteState;
use wassay_model::{EngineId, EngineName, Observation, Signature};

use crate::args::{Format, Regress};
use crate::corpus::{Corpus, Item, Mark};
use crate::exit::{Exit, Failure, OrExit as _};
use crate::lineup;
use crate::reduce::known::{self, Known};

/// Where nothing else is said.
const CORPUS: &str = "fuzz/regressions";
/// Items of a corpus whose time is measured again, where the corpus as a whole seems to be slower: those that add
/// most to it.
const HEAVIEST: usize = 50;
/// How often a line of progress is printed.
const LINE_EVERY: Duration = Duration::from_secs(10);
/// The places of the engines in a line-up.
const SEATS: [usize; 3] = [0, 1, 2];

pub(crate) fn main(args: &Regress) -> Result<Exit, Failure> {
    let began = Instant::now();
    if args.old == args.new {
        let error = anyhow!("{} is compared with itself; name two versions, builds or configurations", args.old);
        return Err(Failure::new(Exit::Usage, error));
    }
    if args.slower <= 1.0 || !args.slower.is_finite() {
        return Err(Failure::new(Exit::Usage, anyhow!("--slower is a factor above 1, as in 1.5")));
    }
    let names = match args.corpus.is_empty() {
        true => vec![CORPUS.to_owned()],
        false => args.corpus.clone(),
    };
    let corpora = names.iter().map(|name| Corpus::read(name, &args.profile)).collect::<Result<Vec<_>, _>>()?;
    if args.install {
        for name in [&args.old, &args.new] {
            ensure(name)?;
        }
    }
    let stop = stop_on_signals()?;
    let bench = Bench::open(args)?;
    let mut record = RegressRecord {
        schema: REGRESS_SCHEMA.to_owned(),
        program: env!("CARGO_PKG_VERSION").to_owned(),
        started: started(),
        command: command(),
        machine: format!("{} {}", std::env::consts::OS, std::env::consts::ARCH),
        old: bench.ids[0].clone(),
        new: bench.ids[1].clone(),
        slower: SlowerRule {
            factor: args.slower,
            floor_micros: u64::try_from(args.floor.as_micros()).unwrap_or(u64::MAX),
            looks: u32::from(args.looks),
        },
        corpora: Vec::new(),
        transitions: Vec::new(),
        left_out: Vec::new(),
        elapsed_ms: 0,
    };
    for corpus in &corpora {
        bench.corpus(corpus, &mut record, &stop)?;
    }
    record.transitions.sort_by(|a, b| (a.kind, &a.corpus, &a.id).cmp(&(b.kind, &b.corpus, &b.id)));
    record.elapsed_ms = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
    write(args, &record)?;
    print::print(&record, Format::or_fitting(args.format))?;
    if stop.load(Ordering::Relaxed) {
        eprintln!("wassay: a signal ended this: what was asked until then is above");
        return Ok(Exit::Preempted);
    }
    let broken = corpora.iter().any(|corpus| !corpus.broken.is_empty());
    Ok(match () {
        () if record.has_regression() => Exit::Found,
        () if broken => Exit::BadInput,
        () if !record.left_out.is_empty() => Exit::EngineUnavailable,
        () => Exit::Clean,
    })
}

fn stop_on_signals() -> Result<Arc<AtomicBool>, Failure> {
    let stop = Arc::new(AtomicBool::new(false));
    let flag = Arc::clone(&stop);
    ctrlc::set_handler(move || {
        // The first signal ends it in order; a second one at once.
        if flag.swap(true, Ordering::Relaxed) {
            std::process::exit(i32::from(Exit::Preempted as u8));
        }
    })
    .or_exit(Exit::Internal)?;
    Ok(stop)
}

/// Brings a release of another program here, unless it is.
pub(crate) fn ensure(name: &EngineName) -> Result<(), Failure> {
    if lineup::is_linked(name) {
        return Ok(());
    }
    let plain = EngineName { options: Vec::new(), ..name.clone() };
    let fleet = lineup::fleet()?;
    if fleet.find(&plain).is_ok() {
        return Ok(());
    }
    let mut show = |progress: wassay_fleet::Progress<'_>| {
        crate::engines::show(&plain, progress);
    };
    fleet.install(&plain, &mut show).or_exit(Exit::EngineUnavailable)?;
    Ok(())
}

pub(crate) fn started() -> String {
    let now = jiff::Timestamp::now();
    now.round(jiff::Unit::Second).unwrap_or(now).to_string()
}

fn command() -> String {
    let quoted = |word: String| if word.contains(char::is_whitespace) { format!("'{word}'") } else { word };
    let words: Vec<String> = std::env::args().skip(1).map(quoted).collect();
    format!("wassay {}", words.join(" "))
}

fn write(args: &Regress, record: &RegressRecord) -> Result<(), Failure> {
    let put = |path: &std::path::Path, text: String| {
        std::fs::write(path, text)
            .with_context(|| format!("cannot write {}", path.display()))
            .or_exit(Exit::CannotWrite)
    };
    if let Some(path) = &args.junit {
        put(path, wassay_reports::regress_junit(record).or_exit(Exit::Internal)?)?;
    }
    if let Some(path) = &args.sarif {
        let log = wassay_reports::regress_sarif(record);
        put(path, serde_json::to_string_pretty(&log).or_exit(Exit::Internal)? + "\n")?;
    }
    if let Some(path) = &args.markdown {
        put(path, wassay_reports::regress_markdown(record))?;
    }
    Ok(())
}

/// The three engines, ready to be asked by several lanes.
struct Bench {
    ids: [EngineId; 2],
    /// How workers are started.
    spec: wassay_child::CrewSpec,
    jobs: usize,
    looks: u32,
    factor: f64,
    floor_micros: u64,
    known: Known,
}

/// What was seen of an item.
struct Seen {
    marks: [Vec<Mark>; 2],
    /// Loading and all else on the old engine and on the new one, in microseconds.
    load: [u64; 2],
    run: [u64; 2],
}

impl Bench {
    fn open(args: &Regress) -> Result<Self, Failure> {
        let names = vec![EngineName::plain(REFERENCE), args.old.clone(), args.new.clone()];
        let lineup = lineup::lineup(names, Some(1))?;
        let spec = lineup::crew_spec(&lineup, args.memory)?;
        let mut introduced = Crew::new(spec.clone()).muster().or_exit(Exit::EngineUnavailable)?.into_iter().skip(1);
        let mut id = || introduced.next().map(|introduction| introduction.id);
        let (Some(old), Some(new)) = (id(), id()) else {
            return Err(Failure::new(Exit::Internal, anyhow!("a worker did not introduce its engine")));
        };
        Ok(Self {
            ids: [old, new],
            spec,
            jobs: args.jobs.map_or_else(crate::fuzz::processors, usize::from),
            looks: u32::from(args.looks),
            factor: args.slower,
            floor_micros: u64::try_from(args.floor.as_micros()).unwrap_or(u64::MAX),
            known: known::read(&known::today()?)?,
        })
    }

    /// Asks all of a corpus once, and what changed again.
    fn corpus(&self, corpus: &Corpus, record: &mut RegressRecord, stop: &AtomicBool) -> Result<(), Failure> {
        let seen = self.all(corpus, stop);
        let mut row = RegressCorpus { name: corpus.name.clone(), items: seen.len() as u64, ..RegressCorpus::default() };
        for (item, why) in &corpus.broken {
            eprintln!("wassay: {item}: {why}; the others are asked");
            record.left_out.push(LeftOut { corpus: corpus.name.clone(), item: item.clone(), why: why.clone() });
        }
        let mut crew = Crew::new(self.spec.clone());
        for (item, seen) in corpus.items.iter().zip(&seen) {
            if stop.load(Ordering::Relaxed) {
                break;
            }
            let seen = match seen {
                Ok(seen) => seen,
                Err(why) => {
                    let (item, why) = (item.name.clone(), why.clone());
                    eprintln!("wassay: {item}: {why}; the others are asked");
                    record.left_out.push(LeftOut { corpus: corpus.name.clone(), item, why });
                    continue;
                }
            };
            for (states, marks) in [&mut row.old, &mut row.new].into_iter().zip(&seen.marks) {
                for mark in marks {
                    *states.entry(mark.state).or_default() += 1;
                }
            }
            for side in 0..2 {
                row.load_micros[side] += seen.load[side];
                row.run_micros[side] += seen.run[side];
            }
            record.transitions.extend(self.item(corpus, item, seen, &mut crew));
        }
        if !stop.load(Ordering::Relaxed) {
            record.transitions.extend(self.whole(corpus, &seen, &row, &mut crew));
        }
        record.corpora.push(row);
        Ok(())
    }

    /// Asks every item once, on all lanes.
    fn all(&self, corpus: &Corpus, stop: &AtomicBool) -> Vec<Result<Seen, String>> {
        let next = AtomicUsize::new(0);
        let done: Mutex<BTreeMap<usize, Result<Seen, String>>> = Mutex::new(BTreeMap::new());
        let last_line = Mutex::new(Instant::now());
        std::thread::scope(|scope| {
            for _ in 0..self.jobs.min(corpus.items.len()).max(1) {
                scope.spawn(|| {
                    let mut crew = Crew::new(self.spec.clone());
                    loop {
                        let number = next.fetch_add(1, Ordering::Relaxed);
                        let Some(item) = corpus.items.get(number).filter(|_| !stop.load(Ordering::Relaxed)) else {
                            break;
                        };
                        let seen = look(&mut crew, item);
                        if let Ok(mut done) = done.lock() {
                            done.insert(number, seen);
                            if let Ok(mut last_line) = last_line.lock()
                                && last_line.elapsed() >= LINE_EVERY
                            {
                                *last_line = Instant::now();
                                eprintln!("{}: {} of {} asked", corpus.name, done.len(), corpus.items.len());
                            }
                        }
                    }
                });
            }
        });
        done.into_inner().unwrap_or_default().into_values().collect()
    }

    /// The transitions of an item. Where there is one, it is looked at again, so that a flicker is told from a change.
    fn item(&self, corpus: &Corpus, item: &Item, seen: &Seen, crew: &mut Crew) -> Vec<Transition> {
        let mut found: Vec<Transition> = Vec::new();
        let transition = |kind, before: &Mark, after: &Mark| Transition {
            kind,
            corpus: corpus.name.clone(),
            item: item.name.clone(),
            id: after.id.clone(),
            line: after.line,
            before: before.state,
            after: after.state,
            before_words: before.words.clone(),
            after_words: after.words.clone(),
            confirmed: (1, 1),
            known: self.known(item, after),
            command: item.again(&self.ids[0].name.to_string(), &self.ids[1].name.to_string()),
        };
        for (before, after) in seen.marks[0].iter().zip(&seen.marks[1]) {
            found
                .extend(TransitionKind::between(before.state, after.state).map(|kind| transition(kind, before, after)));
        }
        let slow = [(TransitionKind::SlowerLoad, seen.load), (TransitionKind::SlowerRun, seen.run)];
        let slow: Vec<_> = slow.into_iter().filter(|(_, times)| self.is_slower(*times)).collect();
        if found.is_empty() && slow.is_empty() {
            return found;
        }
        let mut times = vec![(seen.load, seen.run)];
        for _ in 1..self.looks {
            // Who cannot be asked any more has said all that he will.
            let Ok(again) = look(crew, item) else { break };
            times.push((again.load, again.run));
            for transition in &mut found {
                transition.confirmed.1 += 1;
                let mut pairs = again.marks[0].iter().zip(&again.marks[1]);
                let shows = |(before, after): (&Mark, &Mark)| {
                    after.id == transition.id
                        && TransitionKind::between(before.state, after.state) == Some(transition.kind)
                };
                transition.confirmed.0 += u32::from(pairs.any(shows));
            }
        }
        let all_run =
            |side: usize| seen.marks[side].iter().all(|mark| matches!(mark.state, SuiteState::Pass | SuiteState::Skip));
        // What fails on one side stops early, or late.
        if all_run(0) && all_run(1) {
            for (kind, _) in slow {
                let of =
                    |(load, run): &([u64; 2], [u64; 2])| if kind == TransitionKind::SlowerLoad { *load } else { *run };
                let medians = medians(times.iter().map(of).collect());
                if self.is_slower(medians) {
                    found.push(self.slower(kind, corpus, &item.name, medians, item));
                }
            }
        }
        found
    }

    /// The corpus as a whole: many items that are each a little slower.
    fn whole(
        &self,
        corpus: &Corpus,
        seen: &[Result<Seen, String>],
        row: &RegressCorpus,
        crew: &mut Crew,
    ) -> Vec<Transition> {
        let mut found = Vec::new();
        for (kind, times) in
            [(TransitionKind::SlowerLoad, row.load_micros), (TransitionKind::SlowerRun, row.run_micros)]
        {
            if !self.is_slower(times) || corpus.items.len() < 2 {
                continue;
            }
            let of = |seen: &Seen| if kind == TransitionKind::SlowerLoad { seen.load } else { seen.run };
            let mut heaviest: Vec<(&Item, &Seen)> =
                corpus.items.iter().zip(seen).filter_map(|(item, seen)| Some((item, seen.as_ref().ok()?))).collect();
            heaviest.sort_by_key(|(_, seen)| std::cmp::Reverse(of(seen)[1]));
            let mut sum = [0, 0];
            for (item, seen) in heaviest.iter().take(HEAVIEST) {
                let mut times = vec![of(seen)];
                for _ in 1..self.looks {
                    times.extend(look(crew, item).ok().map(|seen| of(&seen)));
                }
                let medians = medians(times);
                sum[0] += medians[0];
                sum[1] += medians[1];
            }
            if self.is_slower(sum) {
                found.push(self.slower(kind, corpus, "the whole corpus", sum, heaviest[0].0));
            }
        }
        found
    }

    fn slower(&self, kind: TransitionKind, corpus: &Corpus, id: &str, times: [u64; 2], item: &Item) -> Transition {
        let words = |micros: u64| format!("{:.3} ms, the median of {} looks", micros as f64 / 1000.0, self.looks);
        Transition {
            kind,
            corpus: corpus.name.clone(),
            item: id.to_owned(),
            id: id.to_owned(),
            line: None,
            before: SuiteState::Pass,
            after: SuiteState::Pass,
            before_words: words(times[0]),
            after_words: words(times[1]),
            confirmed: (self.looks, self.looks),
            known: None,
            command: item.again(&self.ids[0].name.to_string(), &self.ids[1].name.to_string()),
        }
    }

    fn is_slower(&self, [before, after]: [u64; 2]) -> bool {
        after as f64 > before as f64 * self.factor && after.saturating_sub(before) > self.floor_micros
    }

    /// The known issue of the new engine that accounts for a failure.
    fn known(&self, item: &Item, after: &Mark) -> Option<String> {
        if !after.is_red() {
            return None;
        }
        let engine = &self.ids[1];
        let opcodes = wassay_triage::opcodes(&item.case);
        let with = |signature: &Signature| Signature { skeleton: opcodes.clone(), ..signature.clone() };
        after
            .signatures
            .iter()
            .chain(&after.failure)
            .find_map(|signature| self.known.of_signature(&with(signature), &[engine]).map(|issue| issue.name.clone()))
    }
}

/// Asks all three once.
fn look(crew: &mut Crew, item: &Item) -> Result<Seen, String> {
    let observations = item.ask(crew, &SEATS).map_err(|error| error.to_string())?;
    let [reference, old, new] = &observations[..] else { return Err("an engine did not answer".to_owned()) };
    let load = |seen: &Observation| seen.timing.load_ns / 1000;
    let run = |seen: &Observation| (seen.timing.instantiate_ns + seen.timing.invoke_ns) / 1000;
    Ok(Seen {
        marks: [item.marks(reference, old), item.marks(reference, new)],
        load: [load(old), load(new)],
        run: [run(old), run(new)],
    })
}

fn medians(times: Vec<[u64; 2]>) -> [u64; 2] {
    [0, 1].map(|side: usize| {
        let mut own: Vec<u64> = times.iter().map(|times| times[side]).collect();
        own.sort_unstable();
        own.get(own.len() / 2).copied().unwrap_or_default()
    })
}
