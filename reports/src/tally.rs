//! Counts of states: whole and by proposal, what is official, what repeats it, and what is an addition, told apart.

use std::collections::BTreeMap;
use std::ops::AddAssign;

use wassay_model::suite::{SuiteForm, SuiteGroup, SuiteState};

use crate::record::Record;

/// How many assertions are in each state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts([u64; SuiteState::ALL.len()]);

impl Counts {
    /// Counts states.
    #[must_use]
    pub fn of(states: &[SuiteState]) -> Self {
        let mut counts = Self::default();
        for state in states {
            counts.add(*state);
        }
        counts
    }

    /// One more in `state`.
    pub fn add(&mut self, state: SuiteState) {
        self.0[place(state)] += 1;
    }

    /// How many are in `state`.
    #[must_use]
    pub fn get(&self, state: SuiteState) -> u64 {
        self.0[place(state)]
    }

    /// How many there are.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.0.iter().sum()
    }

    /// How many make a run red.
    #[must_use]
    pub fn red(&self) -> u64 {
        SuiteState::ALL.into_iter().filter(|state| state.is_red()).map(|state| self.get(state)).sum()
    }

    /// How many went as the standard says: passes, and passes that nobody expected.
    #[must_use]
    pub fn passed(&self) -> u64 {
        self.get(SuiteState::Pass) + self.get(SuiteState::Unexpected)
    }

    /// How many did not go as the standard says, known or not.
    #[must_use]
    pub fn failed(&self) -> u64 {
        [SuiteState::Fail, SuiteState::Known, SuiteState::Crash, SuiteState::Timeout]
            .into_iter()
            .map(|state| self.get(state))
            .sum()
    }

    /// How many the engine was asked: all but what it lacks and what was skipped.
    #[must_use]
    pub fn asked(&self) -> u64 {
        self.passed() + self.failed()
    }

    /// The states that occur with their counts, best first.
    pub fn present(&self) -> impl Iterator<Item = (SuiteState, u64)> + '_ {
        SuiteState::ALL.into_iter().map(|state| (state, self.get(state))).filter(|(_, count)| *count > 0)
    }

    /// The state that a person has to see first; none where nothing was counted.
    #[must_use]
    pub fn worst(&self) -> Option<SuiteState> {
        const ORDER: [SuiteState; 8] = [
            SuiteState::Crash,
            SuiteState::Timeout,
            SuiteState::Fail,
            SuiteState::Unexpected,
            SuiteState::Known,
            SuiteState::Pass,
            SuiteState::Unsupported,
            SuiteState::Skip,
        ];
        ORDER.into_iter().find(|state| self.get(*state) > 0)
    }
}

impl AddAssign for Counts {
    fn add_assign(&mut self, other: Self) {
        for (mine, other) in self.0.iter_mut().zip(other.0) {
            *mine += other;
        }
    }
}

fn place(state: SuiteState) -> usize {
    SuiteState::ALL.iter().position(|one| *one == state).expect("ALL has every state")
}

/// All counts of a record.
#[derive(Clone, Debug)]
pub struct Tally {
    /// By engine: what the official suite asks of engines.
    pub official: Vec<Counts>,
    /// By engine: what other editions of the core ask of engines.
    pub editions: Vec<Counts>,
    /// By engine: what our additions ask of engines.
    pub additions: Vec<Counts>,
    /// By engine: assertions on quoted text, which ask a reader of the text format.
    pub text: Vec<Counts>,
    /// By group, proposal and engine: what is asked of engines.
    pub proposals: BTreeMap<(SuiteGroup, String), Vec<Counts>>,
    /// By engine: the time that it took, in microseconds.
    pub micros: Vec<u64>,
}

impl Tally {
    /// Counts a record.
    #[must_use]
    pub fn new(record: &Record) -> Self {
        let engines = record.engines().len();
        let none = || vec![Counts::default(); engines];
        let mut tally = Self {
            official: none(),
            editions: none(),
            additions: none(),
            text: none(),
            proposals: BTreeMap::new(),
            micros: vec![0; engines],
        };
        for file in &record.files {
            let proposal = tally.proposals.entry((file.file.group(), file.file.proposal.clone())).or_insert_with(none);
            for (column, answer) in file.answers.iter().enumerate() {
                let (mut asked, mut text) = (Counts::default(), Counts::default());
                for (assertion, state) in file.file.assertions.iter().zip(&answer.states) {
                    match assertion.form {
                        SuiteForm::Binary => asked.add(*state),
                        SuiteForm::Text => text.add(*state),
                    }
                }
                proposal[column] += asked;
                tally.text[column] += text;
                tally.micros[column] += answer.micros;
                match file.file.group() {
                    SuiteGroup::Official => tally.official[column] += asked,
                    SuiteGroup::Edition => tally.editions[column] += asked,
                    SuiteGroup::Addition => tally.additions[column] += asked,
                }
            }
        }
        tally.proposals.retain(|_, counts| counts.iter().any(|counts| counts.total() > 0));
        tally
    }

    /// What is asked by proposal: `core` first, the others by name.
    #[must_use]
    pub fn rows(&self, group: SuiteGroup) -> Vec<(&str, &[Counts])> {
        let mut rows: Vec<(&str, &[Counts])> = self
            .proposals
            .iter()
            .filter(|((one, _), _)| *one == group)
            .map(|((_, name), counts)| (name.as_str(), counts.as_slice()))
            .collect();
        rows.sort_by_key(|(name, _)| *name != "core");
        rows
    }

    /// What an engine was asked, official or not, without quoted text.
    #[must_use]
    pub fn engine(&self, column: usize) -> Counts {
        let mut counts = self.official[column];
        counts += self.editions[column];
        counts += self.additions[column];
        counts
    }
}
