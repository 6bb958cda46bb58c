//! A run seed, a case number and a profile in; a [`TestCase`] out: modules, and a plan whose arguments
//! are all chosen. This room must not know any engine, nor what became of earlier cases.
//!
//! Case *k* is a function of (seed, *k*, profile) and of this crate's version. It is not promised that
//! another version makes the same case: the bytes are the record, and a seed is only provenance.

mod body;
mod boundary;
mod broken;
mod cell;
mod companion;
mod control;
mod draft;
mod draw;
mod edge;
mod encode;
mod gc;
mod grow;
mod guard;
mod host;
mod idiom;
mod link;
mod mutate;
pub mod mutation;
mod plain;
mod plan;
mod profile;
mod real;
mod rewrite;
mod script;
mod shape;
mod size;
mod smith;
mod sweep;
mod table;
mod universe;
mod values;

pub use boundary::boundary_arguments;
pub use cell::{Cell, Shape, Sink};
pub use edge::edge_cases;
pub use profile::{Family, Profile, ProfileError};
pub use sweep::{sweep_cases, sweep_cells, undoing};
use wassay_model::{Features, Provenance, StepIdx, TestCase};

use crate::draw::Draw;

/// What a family is asked for.
#[derive(Clone, Copy, Debug)]
#[allow(dead_code, reason = "not every family needs all of it")]
pub(crate) struct Order {
    /// What the case may use.
    pub(crate) features: Features,
    /// The number of the case, if its family is the only one of the profile: then a family that has a list to
    /// go through goes through it in order, and otherwise it draws from it.
    pub(crate) turn: Option<u64>,
}

/// The case `index` of the run `seed`.
#[must_use]
pub fn generate(seed: u64, index: u64, profile: &Profile) -> TestCase {
    generate_with_cells(seed, index, profile).0
}

/// The case `index` of the run `seed`, and which cells its calls observe where they return: a step that traps
/// has observed nothing. Ascending by step. Only the family `sweep` knows its cells; other families name none.
#[must_use]
pub fn generate_with_cells(seed: u64, index: u64, profile: &Profile) -> (TestCase, Vec<(StepIdx, Cell)>) {
    let mut draw = Draw::new(seed, index);
    let family = draw.weighted(profile.families());
    let turn = (profile.families().len() == 1).then_some(index);
    let order = Order { features: profile.features(), turn };
    let mut cells = Vec::new();
    let (mut case, mut traits) = match family {
        Family::Broken => broken::generate(&order, &mut draw),
        Family::Real => real::generate(&order, &mut draw),
        Family::Smith => smith::generate(order.features, &mut draw),
        Family::Edge => edge::generate(&order, &mut draw),
        Family::Idiom => idiom::generate(&order, &mut draw),
        Family::Sweep => sweep::generate(&order, &mut draw, &mut cells),
        Family::Control => control::generate(&order, &mut draw),
        Family::Table => table::generate(&order, &mut draw),
        Family::Gc => gc::generate(&order, &mut draw),
        Family::Link => link::generate(&order, &mut draw),
        Family::Mutate => mutate::generate(&order, &mut draw),
        Family::Host => host::generate(&order, &mut draw),
        Family::Size => size::generate(&order, &mut draw),
        Family::Plain => plain::generate(plain::Settings::Defaults, order.features, &mut draw),
        Family::PlainBest => plain::generate(plain::Settings::Best, order.features, &mut draw),
    };
    traits.insert(0, family.name());
    let traits = traits.into_iter().map(str::to_owned).collect();
    case.provenance = Provenance::Generated { seed, index, profile: profile.name().to_owned(), traits };
    (case, cells)
}
