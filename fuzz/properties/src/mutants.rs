//! Mutants of modules.
//!
//! Mutant *k* of a run is a function of (seed, *k*, the seeds), whatever was made before.

use rand::{RngCore as _, SeedableRng as _};
use rand_xoshiro::Xoshiro256PlusPlus;
use wassay_generate::mutation::Changes;
use wassay_model::{Feature, Features};

use crate::seeds::{Seed, Seeds};

/// Mutant `index` of the run `seed`, and the features under which to ask about it. With no seeds there are no bytes.
#[must_use]
pub fn mutant(seeds: &Seeds, seed: u64, index: u64) -> (Features, Vec<u8>) {
    let mut draw =
        Draw(Xoshiro256PlusPlus::seed_from_u64(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15).wrapping_add(index)));
    let module = if draw.below(8) == 0 { draw.seed(&seeds.broken) } else { draw.seed(&seeds.valid) };
    let other = draw.seed(&seeds.valid);
    let (Some(module), Some(other)) = (module, other) else { return (Features::V1, Vec::new()) };
    let features = match draw.below(8) {
        0 => Features::of(Feature::ALL),
        1 => draw.features_but_one(),
        _ => module.features,
    };
    let mut bytes = module.bytes.clone();
    Changes(&mut draw.0).change(&mut bytes, &other.bytes);
    (features, bytes)
}

/// The random numbers of one mutant.
struct Draw(Xoshiro256PlusPlus);

impl Draw {
    /// A number below `bound`, or 0 where there is none.
    fn below(&mut self, bound: usize) -> usize {
        (self.0.next_u64() % bound.max(1) as u64) as usize
    }

    fn seed<'s>(&mut self, seeds: &'s [Seed]) -> Option<&'s Seed> {
        seeds.get(self.below(seeds.len()))
    }

    /// Every feature but one, and those that build on it.
    fn features_but_one(&mut self) -> Features {
        use Feature as F;
        let one = Feature::ALL[self.below(Feature::ALL.len())];
        let dependents: &[Feature] = match one {
            F::BulkMemory | F::ReferenceTypes => &[F::ReferenceTypes, F::FunctionReferences, F::Gc, F::Exceptions],
            F::FunctionReferences => &[F::Gc],
            F::Simd => &[F::RelaxedSimd],
            _ => &[],
        };
        Features::of(Feature::ALL).minus(Features::of(&[one])).minus(Features::of(dependents))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seeds() -> Seeds {
        let mut seeds = Seeds::default();
        seeds.add_smith(1, 20);
        seeds.broken.push(Seed { features: Features::V1, bytes: b"\0asm\x02\0\0\0".to_vec() });
        seeds
    }

    #[test]
    fn a_mutant_is_a_function_of_seed_and_index() {
        let seeds = seeds();
        let run = |seed| (0..100).map(|index| mutant(&seeds, seed, index)).collect::<Vec<_>>();
        assert_eq!(run(1), run(1));
        assert_ne!(run(1), run(2));
    }

    #[test]
    fn there_are_no_mutants_of_nothing() {
        assert_eq!(mutant(&Seeds::default(), 0, 0), (Features::V1, Vec::new()));
    }
}
