//! What else the standard allows: an invocation is run again with every other choice that it was asked to make.

use std::collections::{BTreeSet, VecDeque};

use wassay_model::Value;

use super::choices::{Asked, Parameter, Recorded, Relaxed};
use super::store::{FuncAddr, Store};
use super::{ExecError, Host, RestoreError};

/// One way to run an invocation.
#[derive(Clone, Debug, PartialEq)]
pub struct Run {
    /// The parameters of relaxed operators.
    pub relaxed: Relaxed,
    /// The growth that was refused, counted from 0.
    pub refused_growth: Option<u64>,
    /// What was asked for, in order: among others, the class of every NaN that was generated.
    pub asked: Vec<Asked>,
    /// How it ended.
    pub outcome: Result<Vec<Value>, ExecError>,
}

/// The ways to run an invocation that differ in an answer that was asked for.
#[derive(Clone, Debug, PartialEq)]
pub struct Runs {
    /// The first makes the choices that the store had.
    pub runs: Vec<Run>,
    /// Whether there are no others. Not counted are other bits of NaNs, and more than one growth refused.
    pub complete: bool,
}

/// Why there are no runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AllowedError {
    /// The store was not made with [`Recorded`].
    #[error("the store does not record its choices")]
    NotRecorded,
    /// The store could not be put back in between.
    #[error(transparent)]
    Restore(#[from] RestoreError),
}

impl Store {
    /// Invokes a function with all choices that the standard allows, at most `runs_max` times, each time with a new host
    /// and from the same state; afterwards the store is in that state again.
    ///
    /// Parameters are fixed for a whole program, so the results mean something only if the store was never asked for a
    /// parameter before; [`Recorded::asked`] tells.
    ///
    /// # Errors
    /// If the store does not record its choices, is running, or has no room for a snapshot.
    pub fn allowed<H: Host>(
        &mut self,
        func: FuncAddr,
        args: &[Value],
        mut host: impl FnMut() -> H,
        runs_max: usize,
    ) -> Result<Runs, AllowedError> {
        let before = self.snapshot().map_err(|_| RestoreError::Memory)?;
        let relaxed = self.choices_mut::<Recorded>().ok_or(AllowedError::NotRecorded)?.relaxed;
        let mut runs = Runs { runs: Vec::new(), complete: true };
        let mut seen = BTreeSet::from([(relaxed, None)]);
        let mut waiting = VecDeque::from([(relaxed, None)]);
        while let Some((relaxed, refused_growth)) = waiting.pop_front() {
            if runs.runs.len() >= runs_max {
                runs.complete = false;
                break;
            }
            let choices = self.choices_mut::<Recorded>().ok_or(AllowedError::NotRecorded)?;
            *choices = Recorded { relaxed, refused_growth, nan: choices.nan, ..Recorded::default() };
            let outcome = self.invoke(func, args, &mut host());
            let choices = self.choices_mut::<Recorded>().ok_or(AllowedError::NotRecorded)?;
            runs.complete &= choices.unrecorded == 0;
            // A change to one parameter that was asked for leads to all others: the answers up to the first that has to
            // be another one stay as they are.
            let parameters = choices.parameters();
            let asked = std::mem::take(&mut choices.asked);
            let growths = choices.growths;
            let others = parameters.into_iter().flat_map(|parameter| others(relaxed, parameter));
            let refused = (0..growths).filter(|_| refused_growth.is_none()).map(Some);
            let next = others.map(|relaxed| (relaxed, refused_growth)).chain(refused.map(|refused| (relaxed, refused)));
            for choice in next {
                if seen.len() > runs_max {
                    runs.complete = false;
                    break;
                }
                if seen.insert(choice) {
                    waiting.push_back(choice);
                }
            }
            runs.runs.push(Run { relaxed, refused_growth, asked, outcome });
            self.restore(&before)?;
        }
        Ok(runs)
    }
}

/// The same with every other index of one parameter.
fn others(relaxed: Relaxed, parameter: Parameter) -> impl Iterator<Item = Relaxed> {
    let indices = (0..parameter.count()).filter(move |index| *index != relaxed.get(parameter));
    indices.filter_map(move |index| relaxed.with(parameter, index))
}
