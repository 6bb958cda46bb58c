//! Lanes and processors.
//!
//! A lane and its worker take turns: one sleeps while the other works. On one processor the turn is passed in
//! a few microseconds; between two, the sleeper's processor has to be woken, which on a virtual machine takes
//! longer than many engines take for a case. So each lane stays on one processor, and its workers with it,
//! since a child inherits where its parent may run.

use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

/// The processors for lanes, one each; none where there are fewer processors than lanes, or the system does
/// not say.
pub(crate) fn places(lanes: usize) -> Vec<usize> {
    let Ok(allowed) = sched_getaffinity(None) else { return Vec::new() };
    let mut places: Vec<usize> = (0..CpuSet::MAX_CPU).filter(|cpu| allowed.is_set(*cpu)).collect();
    if lanes > places.len() {
        return Vec::new();
    }
    // Several runs side by side, with fewer lanes than processors each, should not meet on the first one.
    let turn = std::process::id() as usize % places.len();
    places.rotate_left(turn);
    places.truncate(lanes);
    places
}

/// Keeps this thread, and the processes that it will start, on one processor. Where the system refuses, the
/// lane is slower and nothing else.
pub(crate) fn stay_on(cpu: usize) {
    let mut set = CpuSet::new();
    set.set(cpu);
    if let Err(error) = sched_setaffinity(None, &set) {
        tracing::debug!(cpu, %error, "a lane is not kept on its processor");
    }
}
