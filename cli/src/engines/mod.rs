//! `wassay engines`: which there are, which can be had, and what they can do.

mod install;
mod list;
mod probe;

pub(crate) use install::show;
use wassay_adapter::wire::Introduction;
use wassay_child::Crew;
use wassay_model::EngineName;

use crate::args::{Engines, EnginesCommand, Format};
use crate::exit::{Exit, Failure};
use crate::lineup;

pub(crate) fn main(engines: &Engines) -> Result<Exit, Failure> {
    match &engines.command {
        EnginesCommand::List { format } => list::main(Format::or_fitting(*format)),
        EnginesCommand::Install { names, format } => install::main(names, Format::or_fitting(*format)),
        EnginesCommand::Remove { names } => install::remove(names),
        EnginesCommand::Probe(probe) => probe::main(probe),
    }
}

/// What an engine says of itself: asked in a worker, as every engine is. The crew can be asked more.
fn muster(name: &EngineName, memory_mib: u64, start_deadline_ms: u32) -> Result<(Crew, Introduction), Failure> {
    let seats = lineup::lineup(vec![name.clone()], Some(1))?;
    let mut spec = lineup::crew_spec(&seats, memory_mib)?;
    spec.start_deadline_ms = start_deadline_ms;
    let mut crew = Crew::new(spec);
    let introduced = crew.muster().map_err(|error| Failure::new(Exit::EngineUnavailable, error))?;
    match introduced.into_iter().next() {
        Some(introduction) => Ok((crew, introduction)),
        None => Err(Failure::new(Exit::Internal, anyhow::anyhow!("the worker of `{name}` did not introduce it"))),
    }
}
