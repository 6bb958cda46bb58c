//! A run seed, a case number and a profile in; a [`TestCase`] out: modules, and a plan whose arguments
//! are all chosen. This room must not know any engine, nor what became of earlier cases.
//!
//! Case *k* is a function of (seed, *k*, profile) and of this crate's version. It is not promised that
//! another version makes the same case: the bytes are the record, and a seed is only provenance.

mod body;
mod boundary;
mod companion;
mod draw;
mod grow;
mod guard;
mod plan;
mod profile;
mod rewrite;
mod smith;
mod values;

pub use boundary::boundary_arguments;
pub use profile::{Family, Profile};
use wassay_model::{Provenance, TestCase};

use crate::draw::Draw;

/// The case `index` of the run `seed`.
#[must_use]
pub fn generate(seed: u64, index: u64, profile: &Profile) -> TestCase {
    let mut draw = Draw::new(seed, index);
    let (mut case, traits) = match draw.weighted(profile.families) {
        Family::Smith => smith::generate(profile.features, &mut draw),
    };
    let traits = traits.into_iter().map(str::to_owned).collect();
    case.provenance = Provenance::Generated { seed, index, profile: profile.name.to_owned(), traits };
    case
}
