//! `wassay fuzz --score`: which planted faults the families find, and within how many cases.
//!
//! Every case is generated once and run by the reference once. Beside it run the faults that are not found in an
//! earlier case and that the modules of the case can show at all; a fault is found where the judge rules that its
//! answer diverges. A fault counts with the first case that finds it, which does not depend on how cases are spread
//! over lanes.

mod print;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use anyhow::anyhow;
use serde::Serialize;
use wassay_child::{Crew, CrewError, CrewSpec};
use wassay_generate::{Family, Profile};
use wassay_in_process::Planted;
use wassay_judge::judge;
use wassay_model::{Capture, EngineName, Ruling};

use crate::args::{Format, Fuzz};
use crate::exit::{Exit, Failure, OrExit as _};
use crate::lineup;

/// The version of `score.json`.
const SCHEMA: &str = "wassay-score/1";
/// Cases that a lane takes at a time.
const CHUNK: u64 = 16;
/// How often a line of progress is printed.
const LINE_EVERY: Duration = Duration::from_secs(10);
/// Cases of a profile where nothing is said.
const CASES: u64 = 5_000;
/// Cases of the mix where nothing is said.
const CASES_OF_MIX: u64 = 50_000;
/// The profile that is held against the others.
const MIX: &str = "mix";
/// In place of a chapter: the faults that are modelled on bugs of engines.
const MODELLED: &str = "modelled";
/// Likewise: those of them to which the generators were not fitted.
const HELD_OUT: &str = "held-out";

/// What a score found.
#[derive(Debug, Serialize)]
struct Score {
    schema: &'static str,
    program: &'static str,
    seed: u64,
    /// Whether every profile got all its cases, or had found every fault before.
    complete: bool,
    faults: Vec<FaultRow>,
    profiles: Vec<ProfileRow>,
}

#[derive(Clone, Debug, Serialize)]
struct FaultRow {
    name: &'static str,
    chapter: &'static str,
    section: &'static str,
    /// The bug of an engine on which it is modelled.
    #[serde(skip_serializing_if = "Option::is_none")]
    model: Option<&'static str>,
    /// Whether it was planted after the generators were last changed.
    held_out: bool,
}

#[derive(Debug, Serialize)]
struct ProfileRow {
    profile: String,
    /// How many cases the profile was given.
    cases: u64,
    /// How many cases were made before all was found, or before the end.
    cases_made: u64,
    /// The number of the first case that found each fault, counted from 0.
    found: BTreeMap<&'static str, u64>,
    /// Faults of which nothing was seen.
    missed: Vec<&'static str>,
}

pub(crate) fn main(args: &Fuzz) -> Result<Exit, Failure> {
    let faults = faults(args.faults.as_deref())?;
    let profiles = profiles(args)?;
    let seed = args.seed.unwrap_or(1);
    let jobs = args.jobs.map_or_else(crate::fuzz::processors, usize::from);
    let folder = folder(args, seed)?;
    if let Some(page) = &args.write {
        // Before hours of work, not after them.
        print::check_markers(page)?;
    }
    let stop = crate::fuzz::stop_on_signal()?;
    let rows: Vec<FaultRow> = faults
        .iter()
        .map(|&Planted { name, chapter, section, model, held_out, .. }| FaultRow {
            name,
            chapter,
            section,
            model,
            held_out,
        })
        .collect();
    eprintln!(
        "seed {seed}, {} faults, profiles {}, {jobs} lanes, folder {}",
        rows.len(),
        profiles.iter().map(|(profile, _)| profile.name()).collect::<Vec<_>>().join(" "),
        folder.display()
    );
    let mut score = Score {
        schema: SCHEMA,
        program: env!("CARGO_PKG_VERSION"),
        seed,
        complete: true,
        faults: rows,
        profiles: Vec::new(),
    };
    let spec = crew_spec(&faults, args.memory)?;
    for (profile, cases) in profiles {
        let row = measure(&profile, cases, seed, jobs, &faults, &spec, &stop)?;
        score.complete &= row.cases_made == cases || row.missed.is_empty();
        score.profiles.push(row);
        // After each profile, so that what is known is not lost with the rest.
        write_json(&folder, &score)?;
        if stop.load(Ordering::Relaxed) {
            score.complete = false;
            break;
        }
    }
    write_json(&folder, &score)?;

    let mut out = std::io::stdout().lock();
    match Format::or_fitting(args.format) {
        Format::Json => {
            let text = serde_json::to_string_pretty(&score).or_exit(Exit::Internal)?;
            std::io::Write::write_all(&mut out, format!("{text}\n").as_bytes()).or_exit(Exit::CannotWrite)?;
        }
        Format::Human => print::human(&score, &folder, &mut out).or_exit(Exit::CannotWrite)?,
    }
    if stop.load(Ordering::Relaxed) {
        return Ok(Exit::Preempted);
    }
    if let Some(page) = &args.write {
        print::write_page(page, &score)?;
    }
    Ok(Exit::Clean)
}

/// All faults, or those of a list.
fn faults(list: Option<&str>) -> Result<Vec<Planted>, Failure> {
    let all = wassay_in_process::planted_faults();
    let Some(list) = list else { return Ok(all) };
    let find = |name: &str| {
        all.iter().find(|fault| fault.name == name).copied().ok_or_else(|| {
            Failure::new(Exit::Usage, anyhow!("there is no fault `{name}`; `wassay engines list` has their names"))
        })
    };
    let mut chosen: Vec<Planted> = Vec::new();
    for name in list.split(',').map(str::trim).filter(|name| !name.is_empty()) {
        let name = name.strip_prefix("faulty+").unwrap_or(name);
        // A chapter stands for its faults.
        if wassay_in_process::planted_chapters().contains(&name) {
            chosen.extend(all.iter().filter(|fault| fault.chapter == name));
        } else if name == MODELLED {
            chosen.extend(all.iter().filter(|fault| fault.model.is_some()));
        } else if name == HELD_OUT {
            chosen.extend(all.iter().filter(|fault| fault.held_out));
        } else {
            chosen.push(find(name)?);
        }
    }
    let mut seen = std::collections::BTreeSet::new();
    chosen.retain(|fault| seen.insert(fault.name));
    if chosen.is_empty() {
        // Between a change of the generators and the next list that they were not fitted to, none is held out.
        let why = if list.contains(HELD_OUT) { ": none is held out at present" } else { "" };
        return Err(Failure::new(Exit::Usage, anyhow!("--faults names no fault{why}")));
    }
    Ok(chosen)
}

/// What is measured, and with how many cases: one profile, some families, or every family alone and the mix.
fn profiles(args: &Fuzz) -> Result<Vec<(Profile, u64)>, Failure> {
    let named = |text: &str| Profile::parse(text).or_exit(Exit::Usage);
    let profiles = match (&args.profile, &args.families) {
        (Some(profile), _) => vec![named(profile)?],
        (None, Some(families)) => {
            let words = families.split(',').map(str::trim).filter(|word| !word.is_empty());
            let read = |word: &str| match Family::ALL.iter().find(|family| family.name() == word) {
                Some(family) => Ok(Profile::alone(*family)),
                None => named(word),
            };
            words.map(read).collect::<Result<_, _>>()?
        }
        (None, None) => {
            let mut all = vec![named(MIX)?];
            all.extend(Family::ALL.iter().map(|family| Profile::alone(*family)));
            all
        }
    };
    if profiles.is_empty() {
        return Err(Failure::new(Exit::Usage, anyhow!("--families names no family")));
    }
    let cases = |profile: &Profile| args.cases.unwrap_or(if profile.name() == MIX { CASES_OF_MIX } else { CASES });
    Ok(profiles
        .into_iter()
        .map(|profile| {
            let cases = cases(&profile);
            (profile, cases)
        })
        .collect())
}

fn folder(args: &Fuzz, seed: u64) -> Result<PathBuf, Failure> {
    let date = jiff::Zoned::now().date();
    let folder = args.out.clone().unwrap_or_else(|| PathBuf::from("runs").join(format!("score-{date}-{seed}")));
    std::fs::create_dir_all(&folder).or_exit(Exit::CannotWrite)?;
    Ok(folder)
}

fn write_json(folder: &Path, score: &Score) -> Result<(), Failure> {
    let text = serde_json::to_string_pretty(score).or_exit(Exit::Internal)?;
    // A reader never meets half a file.
    let unfinished = folder.join("score.json.part");
    std::fs::write(&unfinished, format!("{text}\n")).or_exit(Exit::CannotWrite)?;
    std::fs::rename(unfinished, folder.join("score.json")).or_exit(Exit::CannotWrite)
}

/// The reference at seat 0, and behind it the faults in their order.
fn crew_spec(faults: &[Planted], memory_mib: u64) -> Result<CrewSpec, Failure> {
    let reference = wassay_judge::REFERENCE.to_owned();
    let names = std::iter::once(reference).chain(faults.iter().map(|fault| format!("faulty+{}", fault.name)));
    let names = names.map(|name| name.parse::<EngineName>()).collect::<Result<Vec<_>, _>>().or_exit(Exit::Internal)?;
    lineup::crew_spec(&lineup::lineup(names, None)?, memory_mib)
}

fn measure(
    profile: &Profile,
    cases: u64,
    seed: u64,
    jobs: usize,
    faults: &[Planted],
    spec: &CrewSpec,
    stop: &Arc<AtomicBool>,
) -> Result<ProfileRow, Failure> {
    let first: Vec<AtomicU64> = faults.iter().map(|_| AtomicU64::new(u64::MAX)).collect();
    let (next, made, failed) = (AtomicU64::new(0), AtomicU64::new(0), AtomicBool::new(false));
    let began = Instant::now();
    let last_line = Mutex::new(began);
    let report = |force: bool| {
        let Ok(mut last) = last_line.try_lock() else { return };
        if force || last.elapsed() >= LINE_EVERY {
            *last = Instant::now();
            let found = first.iter().filter(|first| first.load(Ordering::Relaxed) < u64::MAX).count();
            eprintln!(
                "{}: {}/{cases} cases in {:.0} s, {found} of {} faults found",
                profile.name(),
                made.load(Ordering::Relaxed),
                began.elapsed().as_secs_f64(),
                faults.len()
            );
        }
    };
    let lane = || -> Result<(), CrewError> {
        let mut crew = Crew::new(spec.clone());
        loop {
            let start = next.fetch_add(CHUNK, Ordering::Relaxed);
            for index in start..(start + CHUNK).min(cases) {
                if stop.load(Ordering::Relaxed) || failed.load(Ordering::Relaxed) {
                    return Ok(());
                }
                case(profile, seed, index, faults, &first, &mut crew)?;
                made.fetch_add(1, Ordering::Relaxed);
            }
            report(false);
            let all_found = first.iter().all(|first| first.load(Ordering::Relaxed) < start);
            if all_found || start + CHUNK >= cases {
                return Ok(());
            }
        }
    };
    std::thread::scope(|scope| {
        let spawn = |index: usize| {
            let lane = || {
                let outcome = lane();
                if outcome.is_err() {
                    failed.store(true, Ordering::Relaxed);
                }
                outcome
            };
            // Generators recurse.
            std::thread::Builder::new().name(format!("lane-{index}")).stack_size(16 << 20).spawn_scoped(scope, lane)
        };
        let lanes = (0..jobs).map(spawn).collect::<Result<Vec<_>, _>>().or_exit(Exit::Internal)?;
        for lane in lanes {
            lane.join()
                .map_err(|_| Failure::new(Exit::Internal, anyhow!("a lane died")))?
                .or_exit(Exit::EngineUnavailable)?;
        }
        Ok::<(), Failure>(())
    })?;
    report(true);
    let firsts = || faults.iter().zip(&first).map(|(fault, first)| (fault.name, first.load(Ordering::Relaxed)));
    // Beyond the last one that was needed, how many there are is chance.
    let last = firsts().map(|(_, first)| first).max().unwrap_or_default();
    let cases_made = if last == u64::MAX { made.load(Ordering::Relaxed) } else { last + 1 };
    Ok(ProfileRow {
        profile: profile.name().to_owned(),
        cases,
        cases_made,
        found: firsts().filter(|(_, first)| *first < u64::MAX).collect(),
        missed: firsts().filter(|(_, first)| *first == u64::MAX).map(|(name, _)| name).collect(),
    })
}

/// Makes a case, and asks the reference and the faults that no earlier case has found.
fn case(
    profile: &Profile,
    seed: u64,
    index: u64,
    faults: &[Planted],
    first: &[AtomicU64],
    crew: &mut Crew,
) -> Result<(), CrewError> {
    let case = wassay_generate::generate(seed, index, profile);
    let open: Vec<usize> = (0..faults.len()).filter(|fault| first[*fault].load(Ordering::Relaxed) > index).collect();
    let names: Vec<&str> = open.iter().map(|fault| faults[*fault].name).collect();
    let mut touching = std::collections::BTreeSet::new();
    for module in &case.modules {
        touching.extend(wassay_in_process::faults_touching(&module.bytes.0, &names));
    }
    let asked: Vec<usize> = open.into_iter().filter(|fault| touching.contains(faults[*fault].name)).collect();
    if asked.is_empty() {
        return Ok(());
    }
    let seats: Vec<usize> = std::iter::once(0).chain(asked.iter().map(|fault| fault + 1)).collect();
    let mut observations = crew.ask(&case, &seats, Capture::Digests)?;
    let faulty = observations.split_off(1);
    let Some(reference) = observations.pop() else { return Ok(()) };
    for (fault, observation) in asked.into_iter().zip(faulty) {
        if observation.ending == reference.ending && observation.steps == reference.steps {
            continue;
        }
        if judge(&case, &[reference.clone(), observation]).ruling == Ruling::Diverge {
            first[fault].fetch_min(index, Ordering::Relaxed);
        }
    }
    Ok(())
}
