//! Randomness: a stream for each case, and the few ways in which generators draw from it.

use rand::{RngCore as _, SeedableRng as _};
use rand_xoshiro::Xoshiro256PlusPlus;

/// The random stream of one case.
///
/// The stream is xoshiro256++, its state filled by SplitMix64 from one word. That word is
/// `mix(mix(seed) + index)`, where `mix` is the finaliser of SplitMix64, a bijection of 64 bits: two
/// cases of a run never share a stream, and neighbouring seeds share no run of cases. Nothing else goes
/// in, so case *k* is the same whichever worker makes it and whatever was made before.
#[derive(Clone, Debug)]
pub(crate) struct Draw(Xoshiro256PlusPlus);

impl Draw {
    /// The stream of case `index` in the run `seed`.
    pub(crate) fn new(seed: u64, index: u64) -> Self {
        Self(Xoshiro256PlusPlus::seed_from_u64(mix(mix(seed).wrapping_add(index))))
    }

    /// 64 random bits.
    pub(crate) fn bits(&mut self) -> u64 {
        self.0.next_u64()
    }

    /// A number below `bound`, or 0 where there is none. Multiply and shift: the bias is below 2^-32.
    pub(crate) fn below(&mut self, bound: u32) -> u32 {
        (((self.bits() >> 32) * u64::from(bound)) >> 32) as u32
    }

    /// A number from `low` to `high`, both included.
    pub(crate) fn between(&mut self, low: u32, high: u32) -> u32 {
        low + self.below(high.saturating_sub(low) + 1)
    }

    /// Whether an event of this probability happens.
    pub(crate) fn percent(&mut self, percent: u32) -> bool {
        self.below(100) < percent
    }

    /// A position in a list of `len`; 0 for an empty list.
    pub(crate) fn position(&mut self, len: usize) -> usize {
        self.below(u32::try_from(len).unwrap_or(u32::MAX)) as usize
    }

    /// One of `options`, which must not be empty.
    pub(crate) fn pick<T: Copy>(&mut self, options: &[T]) -> T {
        options[self.position(options.len())]
    }

    /// One of the options that belong to the weights; the first where all weights are 0.
    pub(crate) fn weighted<T: Copy>(&mut self, options: &[(T, u32)]) -> T {
        let mut left = self.below(options.iter().map(|(_, weight)| weight).sum());
        for (option, weight) in options {
            if left < *weight {
                return *option;
            }
            left -= weight;
        }
        options[0].0
    }

    /// Fills `bytes`.
    pub(crate) fn fill(&mut self, bytes: &mut [u8]) {
        self.0.fill_bytes(bytes);
    }

    /// The stream itself, for what draws in its own way.
    pub(crate) const fn stream(&mut self) -> &mut Xoshiro256PlusPlus {
        &mut self.0
    }

    /// Puts `items` into a random order.
    pub(crate) fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            items.swap(last, self.position(last + 1));
        }
    }
}

/// The finaliser of SplitMix64 (Steele, Lea, Flood 2014, "Fast splittable pseudorandom number
/// generators", figure 14), with its increment.
const fn mix(word: u64) -> u64 {
    let mut bits = word.wrapping_add(0x9e37_79b9_7f4a_7c15);
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbouring_cases_and_seeds_have_unlike_streams() {
        let mut first: Vec<u64> =
            (0..64).flat_map(|seed| (0..64).map(move |index| Draw::new(seed, index).bits())).collect();
        first.sort_unstable();
        first.dedup();
        assert_eq!(first.len(), 64 * 64);
    }

    #[test]
    fn draws_stay_within_their_bounds_and_reach_them() {
        let mut draw = Draw::new(1, 2);
        let numbers: Vec<u32> = (0..1000).map(|_| draw.between(3, 6)).collect();
        assert_eq!((numbers.iter().min(), numbers.iter().max()), (Some(&3), Some(&6)));
        assert_eq!(draw.below(0), 0);
        assert!(!draw.percent(0) && draw.percent(100));
    }
}
