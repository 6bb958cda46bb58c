//! What a person sees while the run goes on, on standard error.

use std::io::IsTerminal as _;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// How often a line is printed where there is no terminal.
const LINE_EVERY: Duration = Duration::from_secs(10);

pub(crate) struct Progress {
    bar: ProgressBar,
    terminal: bool,
    last_line: Instant,
    teams: Vec<Team>,
    /// The number of files, selected or not.
    files: usize,
    red: u64,
}

/// Engines that are asked together.
struct Team {
    name: String,
    begun: bool,
    /// Files that it was asked.
    asked: usize,
}

impl Progress {
    /// `files` is the number of files, selected or not.
    pub(crate) fn new(teams: Vec<String>, files: usize) -> Self {
        let terminal = std::io::stderr().is_terminal();
        let bar = if terminal {
            let all = files.saturating_mul(teams.len()) as u64;
            let bar = ProgressBar::with_draw_target(Some(all), ProgressDrawTarget::stderr_with_hz(5));
            if let Ok(style) = ProgressStyle::with_template("{bar:24} {percent} %, {elapsed}, {msg}") {
                bar.set_style(style);
            }
            bar
        } else {
            ProgressBar::hidden()
        };
        let teams = teams.into_iter().map(|name| Team { name, begun: false, asked: 0 }).collect();
        Self { bar, terminal, last_line: Instant::now(), teams, files, red: 0 }
    }

    /// A team is being asked from now on.
    pub(crate) fn begin(&mut self, team: usize) {
        if let Some(team) = self.teams.get_mut(team) {
            team.begun = true;
        }
        self.tell();
    }

    /// A team was asked a file, of whose assertions so many are red.
    pub(crate) fn show(&mut self, team: usize, red: u64) {
        if let Some(team) = self.teams.get_mut(team) {
            team.asked += 1;
        }
        self.red += red;
        if self.terminal {
            self.bar.inc(1);
        }
        self.tell();
    }

    /// Shows how far it is, where it is time for that.
    pub(crate) fn tell(&mut self) {
        if self.terminal {
            self.bar.set_message(self.words());
        } else if self.last_line.elapsed() >= LINE_EVERY {
            self.last_line = Instant::now();
            eprintln!("{}", self.words());
        }
    }

    /// How many are done, and who is being asked.
    fn words(&self) -> String {
        let done = self.teams.iter().filter(|team| team.asked == self.files).count();
        let mut words = format!("{} red", self.red);
        if self.teams.len() > 1 {
            words.push_str(&format!(", {done}/{} done", self.teams.len()));
        }
        for team in self.teams.iter().filter(|team| team.begun && team.asked < self.files) {
            words.push_str(&format!(", {} {}/{} files", team.name, team.asked, self.files));
        }
        words
    }

    pub(crate) fn clear(&self) {
        self.bar.finish_and_clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_names_who_is_being_asked_and_how_many_are_done() {
        let mut progress = Progress::new(["made-up", "another", "third", "last"].map(str::to_owned).to_vec(), 2);
        for team in 0..3 {
            progress.begin(team);
        }
        for (team, red) in [(0, 1), (0, 0), (1, 2)] {
            progress.show(team, red);
        }
        assert_eq!(progress.words(), "3 red, 1/4 done, another 1/2 files, third 0/2 files");
    }
}
