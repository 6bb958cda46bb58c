//! A run seed, a case number and a profile in; a [`TestCase`] out: modules, and a plan whose arguments
//! are all chosen. This room must not know any engine, nor what became of earlier cases.
//!
//! Case *k* is a function of (seed, *k*, profile) and of this crate's version. It is not promised that
//! another version makes the same case: the bytes are the record, and a seed is only provenance.

mod body;
mod boundary;
mod companion;
mod draft;
mod draw;
mod grow;
mod guard;
mod plain;
mod plan;
mod profile;
mod rewrite;
mod script;
mod shape;
mod smith;
mod values;

pub use boundary::boundary_arguments;
pub use profile::{Family, Profile, ProfileError};
use wassay_model::{Features, Provenance, TestCase};

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
    let mut draw = Draw::new(seed, index);
    let family = draw.weighted(profile.families());
    let turn = (profile.families().len() == 1).then_some(index);
    let order = Order { features: profile.features(), turn };
    let (mut case, mut traits) = match family {
        Family::Smith => smith::generate(order.features, &mut draw),
        Family::Plain => plain::generate(plain::Settings::Defaults, order.features, &mut draw),
        Family::PlainBest => plain::generate(plain::Settings::Best, order.features, &mut draw),
    };
    traits.insert(0, family.name());
    let traits = traits.into_iter().map(str::to_owned).collect();
    case.provenance = Provenance::Generated { seed, index, profile: profile.name().to_owned(), traits };
    case
}
