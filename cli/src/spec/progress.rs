//! What a person sees while the run goes on, on standard error.

use std::io::IsTerminal as _;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use wassay_model::suite::SuiteState;

use super::lanes::Outcome;

/// How often a line is printed where there is no terminal.
const LINE_EVERY: Duration = Duration::from_secs(10);

pub(crate) struct Progress {
    bar: ProgressBar,
    terminal: bool,
    last_line: Instant,
    all: usize,
    files: u64,
    assertions: u64,
    red: u64,
}

impl Progress {
    /// `all` is the number of files, selected or not.
    pub(crate) fn new(all: usize) -> Self {
        let terminal = std::io::stderr().is_terminal();
        let bar = if terminal {
            let bar = ProgressBar::with_draw_target(Some(all as u64), ProgressDrawTarget::stderr_with_hz(5));
            if let Ok(style) = ProgressStyle::with_template("{bar:24} {pos}/{len} files, {msg}, {elapsed}") {
                bar.set_style(style);
            }
            bar
        } else {
            ProgressBar::hidden()
        };
        Self { bar, terminal, last_line: Instant::now(), all, files: 0, assertions: 0, red: 0 }
    }

    pub(crate) fn show(&mut self, outcome: &Outcome) {
        let states = outcome.results.iter().flat_map(|result| result.states.chars());
        self.files += 1;
        self.assertions += outcome.file.assertions.len() as u64;
        self.red += states.filter_map(SuiteState::of_letter).filter(|state| state.is_red()).count() as u64;
        let message = format!("{} assertions, {} red", self.assertions, self.red);
        if self.terminal {
            self.bar.set_position(self.files);
            self.bar.set_message(message);
        } else if self.last_line.elapsed() >= LINE_EVERY {
            self.last_line = Instant::now();
            eprintln!("{}/{} files, {message}", self.files, self.all);
        }
    }

    pub(crate) fn clear(&self) {
        self.bar.finish_and_clear();
    }
}
