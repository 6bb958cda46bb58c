//! Which lane asks which team what: the files that each team has left, and how fast it goes through them.

use std::cmp::Reverse;
use std::time::Duration;

/// A team that will be done by itself within this time is not worth the start of more processes.
const HELP_FROM: Duration = Duration::from_secs(3);

/// The files that each team has left.
pub(super) struct Board {
    /// Of each file, how much there is to do, in any unit.
    weights: Vec<u64>,
    /// The files, largest first, so that no lane is left alone with a large one at the end.
    order: Vec<usize>,
    teams: Vec<State>,
}

#[derive(Clone, Debug, Default)]
struct State {
    /// How many of the files have been handed out.
    handed_out: usize,
    /// Lanes that are with the team.
    lanes: usize,
    /// The weight that was done, and the time that it took.
    done: u64,
    spent: Duration,
    /// The weight that has not been handed out.
    left: u64,
}

impl Board {
    pub(super) fn new(weights: Vec<u64>, teams: usize) -> Self {
        let mut order: Vec<usize> = (0..weights.len()).collect();
        order.sort_by_key(|file| Reverse(weights[*file]));
        let team = State { left: weights.iter().sum(), ..State::default() };
        Self { weights, order, teams: vec![team; teams] }
    }

    /// The next team and file for a lane that is with `present`; nothing where there is no work for it any more.
    pub(super) fn next(&mut self, present: Option<usize>) -> Option<(usize, usize)> {
        let has_more = |state: &State| state.handed_out < self.order.len();
        let team = match present {
            Some(team) if has_more(&self.teams[team]) => team,
            _ => {
                if let Some(team) = present {
                    self.teams[team].lanes -= 1;
                }
                let open = (0..self.teams.len()).filter(|team| has_more(&self.teams[*team]));
                let rank = |team: &usize| (self.teams[*team].lanes, Reverse(self.teams[*team].remaining()));
                let team = open.min_by_key(rank).filter(|team| {
                    let state = &self.teams[*team];
                    state.lanes == 0 || state.remaining() >= HELP_FROM
                })?;
                self.teams[team].lanes += 1;
                team
            }
        };
        let state = &mut self.teams[team];
        let file = self.order[state.handed_out];
        state.handed_out += 1;
        state.left -= self.weights[file];
        Some((team, file))
    }

    /// Notes that a team has been asked a file.
    pub(super) fn note(&mut self, team: usize, file: usize, spent: Duration) {
        self.teams[team].done += self.weights[file];
        self.teams[team].spent += spent;
    }
}

impl State {
    /// How long one lane will take for what was not handed out; for ever, where nothing has been done yet.
    fn remaining(&self) -> Duration {
        match self.done {
            0 => Duration::MAX,
            done => Duration::try_from_secs_f64(self.spent.as_secs_f64() * (self.left as f64 / done as f64))
                .unwrap_or(Duration::MAX),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lane_stays_with_its_team_and_asks_it_the_largest_file_first() {
        let mut board = Board::new(vec![5, 9, 7], 2);
        let mut seen = Vec::new();
        let mut team = None;
        while let Some((next, file)) = board.next(team) {
            board.note(next, file, Duration::from_secs(1));
            team = Some(next);
            seen.push((next, file));
        }
        assert_eq!(seen, [(0, 1), (0, 2), (0, 0), (1, 1), (1, 2), (1, 0)]);
    }

    #[test]
    fn every_team_has_a_lane_before_any_has_two_and_the_slowest_is_helped() {
        let mut board = Board::new(vec![10; 100], 3);
        for team in 0..3 {
            assert_eq!(board.next(None), Some((team, 0)));
        }
        board.note(0, 0, Duration::from_millis(100));
        board.note(1, 0, Duration::from_millis(900));
        board.note(2, 0, Duration::from_millis(100));
        assert_eq!(board.next(None), Some((1, 1)));
    }

    #[test]
    fn nobody_helps_where_little_is_left() {
        let mut board = Board::new(vec![10; 3], 1);
        assert_eq!(board.next(None), Some((0, 0)));
        board.note(0, 0, Duration::from_millis(50));
        assert_eq!(board.next(None), None);
        assert_eq!(board.next(Some(0)), Some((0, 1)), "the lane that is there goes on");
    }

    #[test]
    fn every_team_is_asked_every_file_once_by_any_number_of_lanes() {
        for lanes in 1..6 {
            let mut board = Board::new((0..40).map(|file| file * file).collect(), 4);
            let mut with: Vec<Option<usize>> = vec![None; lanes];
            let mut seen = Vec::new();
            let mut idle = 0;
            while idle < lanes {
                idle = 0;
                for lane in &mut with {
                    match board.next(*lane) {
                        Some((team, file)) => {
                            board.note(team, file, Duration::from_secs(team as u64));
                            *lane = Some(team);
                            seen.push((team, file));
                        }
                        None => {
                            // It is gone: a lane that was told so asks no more.
                            *lane = None;
                            idle += 1;
                        }
                    }
                }
            }
            seen.sort_unstable();
            let all: Vec<(usize, usize)> = (0..4).flat_map(|team| (0..40).map(move |file| (team, file))).collect();
            assert_eq!(seen, all, "{lanes} lanes");
        }
    }
}
