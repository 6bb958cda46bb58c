//! The property `decode_validate` on mutants of modules, by the thousand or by the million.

use std::collections::BTreeMap;
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::Broken;
use crate::decode_validate::{Answer, compare, ours};
use crate::mutants::mutant;
use crate::seeds::Seeds;

/// The stack on which mutants are tried. The front end does not recurse, so what a module says cannot overflow it;
/// what `wasmparser` recurses into has limits of its own.
pub const STACK_BYTES: usize = 512 << 10;

/// What decoding and validation may take for a module of some length: a constant, and so much for each byte. The
/// greatest factors are in what a byte or two can say of a type or an operand; the constant is for the tables that a
/// validator starts with.
#[must_use]
pub const fn memory_max(len: usize) -> usize {
    (1 << 20) + 256 * len
}

/// What became of a range of mutants.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// How many were tried.
    pub mutants: u64,
    /// How many of them are as long as they are.
    pub bytes: u64,
    /// How many of each answer there were.
    pub answers: BTreeMap<Answer, u64>,
    /// The most memory that the reference took for one, in bytes.
    pub memory: usize,
    /// On which the property does not hold, each with its number.
    pub broken: Vec<(u64, Broken)>,
}

impl Report {
    /// Adds what became of other mutants.
    pub fn add(&mut self, other: Self) {
        self.mutants += other.mutants;
        self.bytes += other.bytes;
        self.memory = self.memory.max(other.memory);
        self.broken.extend(other.broken);
        for (answer, count) in other.answers {
            *self.answers.entry(answer).or_default() += count;
        }
    }
}

/// Tries the mutants of these numbers. `measure` runs what it is given and returns how many bytes were allocated at
/// most at one time meanwhile.
///
/// A panic is caught and reported like any other failure. An overflow of the stack ends the program: the caller says
/// how far it came.
pub fn run(seeds: &Seeds, seed: u64, numbers: Range<u64>, measure: &dyn Fn(&mut dyn FnMut()) -> usize) -> Report {
    let mut report = Report::default();
    for number in numbers {
        let (features, bytes) = mutant(seeds, seed, number);
        report.mutants += 1;
        report.bytes += bytes.len() as u64;
        let broken = |what: &str| Broken { what: what.to_owned(), bytes: bytes.clone() };
        let tried = catch_unwind(AssertUnwindSafe(|| {
            let memory = measure(&mut || drop(ours(&bytes, features)));
            (memory, compare(&bytes, features))
        }));
        match tried {
            Err(_) => report.broken.push((number, broken("a panic"))),
            Ok((_, Err(broken))) => report.broken.push((number, broken)),
            Ok((memory, Ok(answer))) => {
                *report.answers.entry(answer).or_default() += 1;
                report.memory = report.memory.max(memory);
                if memory > memory_max(bytes.len()) {
                    report.broken.push((number, broken(&format!("{memory} bytes of memory were taken"))));
                }
            }
        }
    }
    report
}
