//! What others do to a worker, and what becomes of it.

mod common;

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use common::{ask, chaos, crew, is_sound, peace};
use wassay_child::{RestartReason, Statistics};
use wassay_model::{Crash, CrashManner, Ending};

fn kill(signal: &str, pid: u32) {
    assert!(Command::new("kill").args([signal, &pid.to_string()]).status().unwrap().success());
}

/// How many processes were killed from outside.
fn killed(statistics: &Statistics) -> u64 {
    let reasons = statistics.restarts.values().chain([&statistics.restarts_between]);
    reasons.filter_map(|reasons| reasons.get(&RestartReason::Killed)).sum()
}

#[test]
fn a_worker_killed_in_the_middle_of_a_case_changes_no_answer() {
    let engines = ["chaos+calm", "chaos+sleep", "chaos+calm"];
    let mut undisturbed = crew(&engines);
    let expected: Vec<_> =
        ask(&mut undisturbed, &chaos(), 3).into_iter().map(|seen| (seen.steps, seen.ending)).collect();

    let mut crew = crew(&engines);
    crew.muster().unwrap();
    let pid = crew.process_ids()[0];
    let killer = thread::spawn(move || {
        thread::sleep(Duration::from_millis(100));
        kill("-9", pid);
    });
    let seen: Vec<_> = ask(&mut crew, &chaos(), 3).into_iter().map(|seen| (seen.steps, seen.ending)).collect();
    killer.join().unwrap();
    assert_eq!(seen, expected);
    assert_eq!((killed(crew.statistics()), crew.statistics().started), (1, 2));
    assert!(ask(&mut crew, &chaos(), 3).iter().all(is_sound));
}

#[test]
fn a_worker_killed_between_two_cases_changes_no_answer() {
    let mut crew = crew(&["chaos+calm", "chaos+calm"]);
    for _ in 0..3 {
        assert!(ask(&mut crew, &chaos(), 2).iter().all(is_sound));
        kill("-9", crew.process_ids()[0]);
    }
    assert_eq!((killed(crew.statistics()), crew.statistics().started), (2, 3));
}

#[test]
fn an_engine_whose_process_is_killed_again_and_again_is_said_to_have_crashed() {
    let mut crew = crew(&["chaos+sleep"]);
    crew.muster().unwrap();
    let program = std::fs::read_link(format!("/proc/{}/exe", crew.process_ids()[0])).unwrap();
    let me = std::process::id();
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            // Whatever worker this test program has: its parent is this process, and it sleeps in this test only.
            while !done.load(Ordering::Relaxed) {
                for child in sleepers(me, &program) {
                    kill("-9", child);
                }
                thread::sleep(Duration::from_millis(20));
            }
        });
        let seen = ask(&mut crew, &chaos(), 1);
        done.store(true, Ordering::Relaxed);
        assert!(
            matches!(seen[0].ending, Ending::Crashed(Crash { manner: CrashManner::Signal(9), .. })),
            "{:?}",
            seen[0].ending
        );
    });
    assert!(ask(&mut crew, &peace(), 1).iter().all(is_sound));
}

/// Workers of the process `parent` that host exactly one sleeping engine.
fn sleepers(parent: u32, program: &Path) -> Vec<u32> {
    let pids = std::fs::read_dir("/proc").unwrap().flatten();
    pids.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok())
        .filter(|pid| {
            let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
            let fields: Vec<_> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
            let line = std::fs::read_to_string(format!("/proc/{pid}/cmdline")).unwrap_or_default();
            fields.get(1) == Some(&&*parent.to_string())
                && std::fs::read_link(format!("/proc/{pid}/exe")).is_ok_and(|exe| exe == program)
                && line.contains("--engine\0chaos+sleep\0--memory")
                && line.matches("--engine").count() == 1
        })
        .collect()
}

/// Set for a test program that another one has started.
const ROLE: &str = "WASSAY_TEST_ROLE";

/// Runs the test `name` of this program again, in a role of its own, behind a line of the shell.
fn again(shell: &str, name: &str) -> Command {
    let mut command = Command::new("sh");
    command
        .args(["-c", &format!("{shell}exec \"$0\" --exact {name} --nocapture --test-threads=1")])
        .arg(std::env::current_exe().unwrap())
        .env(ROLE, "again");
    command
}

fn is_again() -> bool {
    std::env::var_os(ROLE).is_some()
}

#[test]
fn too_few_open_files_are_an_error_that_says_so() {
    if is_again() {
        let error = crew(&["chaos+calm"]).muster().unwrap_err().to_string();
        assert!(error.contains("chaos+calm") && error.contains("ulimit -n"), "{error}");
        return;
    }
    // Three streams, the progress file, and too little for three pipes.
    let status = again("ulimit -n 8; ", "too_few_open_files_are_an_error_that_says_so").status().unwrap();
    assert!(status.success());
}

#[test]
fn a_shell_with_small_limits_does_no_harm() {
    if is_again() {
        let mut crew = crew(&["chaos+calm", "chaos+stack-overflow"]);
        let seen = ask(&mut crew, &chaos(), 2);
        assert!(is_sound(&seen[0]));
        assert!(matches!(&seen[1].ending, Ending::Crashed(Crash { words, .. }) if words.contains("overflowed")));
        return;
    }
    let limits = "ulimit -S -s 512; ulimit -S -v 4000000; ulimit -S -d 300000; ulimit -c 0; ";
    assert!(again(limits, "a_shell_with_small_limits_does_no_harm").status().unwrap().success());
}

#[test]
fn a_terminated_worker_changes_no_answer_and_is_counted() {
    let mut crew = crew(&["chaos+sleep", "chaos+calm"]);
    crew.muster().unwrap();
    let pid = crew.process_ids()[0];
    let killer = thread::spawn(move || {
        thread::sleep(Duration::from_millis(100));
        kill("-TERM", pid);
    });
    assert!(ask(&mut crew, &chaos(), 2).iter().all(is_sound));
    killer.join().unwrap();
    assert_eq!(crew.statistics().flaky.values().sum::<u64>(), 1);
}

/// The test starts itself again as the parent that is killed.
#[test]
fn a_worker_dies_with_its_parent_even_while_an_engine_hangs() {
    if is_again() {
        let mut crew = crew(&["chaos+hang"]);
        // The thread that starts the worker ends before the worker does, and that must not harm it.
        let mut crew = thread::spawn(move || {
            crew.muster().unwrap();
            crew
        })
        .join()
        .unwrap();
        assert!(ask(&mut crew, &peace(), 1).iter().all(is_sound));
        assert_eq!(crew.statistics().started, 1);
        println!("\nworker {}", crew.process_ids()[0]);
        ask(&mut crew, &chaos(), 1);
        return;
    }
    let mut parent =
        again("", "a_worker_dies_with_its_parent_even_while_an_engine_hangs").stdout(Stdio::piped()).spawn().unwrap();
    let lines = BufReader::new(parent.stdout.take().unwrap()).lines();
    let worker: u32 = lines
        .map_while(Result::ok)
        .find_map(|line| line.strip_prefix("worker ")?.parse().ok())
        .expect("a worker's number");
    let directory = format!("/proc/{worker}");
    assert!(Path::new(&directory).exists());
    thread::sleep(Duration::from_millis(100));
    parent.kill().unwrap();
    parent.wait().unwrap();
    let start = Instant::now();
    while Path::new(&directory).exists() && !is_zombie(worker) {
        assert!(start.elapsed() < Duration::from_secs(60), "worker {worker} still lives");
        thread::sleep(Duration::from_millis(10));
    }
}

/// Whether a process has ended, though whoever inherited it has not asked for its status.
fn is_zombie(pid: u32) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.rsplit(')').next().is_some_and(|rest| rest.trim_start().starts_with('Z'))
}

#[test]
fn processes_end_with_the_crew() {
    let mut crew = crew(&["chaos+calm"]);
    crew.muster().unwrap();
    let directory = format!("/proc/{}", crew.process_ids()[0]);
    assert!(Path::new(&directory).exists());
    drop(crew);
    assert!(!Path::new(&directory).exists());
}
