//! Changes of whole modules, for fuzzers that ask for them.

use rand::{RngCore as _, SeedableRng as _};
use rand_xoshiro::Xoshiro256PlusPlus;
use wassay_generate::mutation::Changes;
use wassay_generate::{Family, Profile, generate};

/// Where the pieces come from that may get into a module: small, valid, and of all parts of the language.
const DONORS: &[Family] = &[Family::Smith, Family::Control, Family::Table, Family::Gc, Family::Link, Family::Host];
/// How many cases of each of them.
const DONOR_CASES: u64 = 64;

/// Changes the module in the first `size` bytes of `data`, and returns its new size, at most `size_max`. Whatever is no
/// module, and one module in eight, is given to `bytewise`, which takes data, size and greatest size.
pub fn mutate(
    data: &mut [u8],
    size: usize,
    size_max: usize,
    seed: u32,
    bytewise: impl FnOnce(&mut [u8], usize, usize) -> usize,
) -> usize {
    let mut random = Xoshiro256PlusPlus::seed_from_u64(u64::from(seed));
    let size_max = size_max.min(data.len());
    if !data.get(..size).is_some_and(|module| module.starts_with(b"\0asm")) || random.next_u64() % 8 == 0 {
        return bytewise(data, size, size_max);
    }
    let mut module = data[..size].to_vec();
    let donor = donor(&mut random);
    Changes(&mut random).change(&mut module, &donor);
    if module.len() > size_max {
        return bytewise(data, size, size_max);
    }
    data[..module.len()].copy_from_slice(&module);
    module.len()
}

fn donor(random: &mut Xoshiro256PlusPlus) -> Vec<u8> {
    let family = DONORS[random.next_u64() as usize % DONORS.len()];
    let case = generate(0, random.next_u64() % DONOR_CASES, &Profile::alone(family));
    case.modules.into_iter().next().map(|module| module.bytes.0).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn module() -> Vec<u8> {
        generate(1, 1, &Profile::alone(Family::Control)).modules.remove(0).bytes.0
    }

    #[test]
    fn modules_are_changed_as_modules_within_their_bounds() {
        let module = module();
        let mut changed = 0;
        for seed in 0..200 {
            let size_max = module.len() + 10;
            let mut data = module.clone();
            data.resize(size_max, 0);
            let size = mutate(&mut data, module.len(), size_max, seed, |_, size, _| size);
            assert!(size <= size_max);
            changed += u32::from(data[..size] != module);
        }
        assert!((120..200).contains(&changed), "{changed}");
    }

    #[test]
    fn what_is_no_module_is_left_to_the_fuzzer() {
        let mut data = *b"no module";
        assert_eq!(
            mutate(&mut data, 9, 9, 1, |data, size, _| {
                data[0] = b'N';
                size - 1
            }),
            8
        );
        assert_eq!(&data, b"No module");
    }

    #[test]
    fn the_same_seed_makes_the_same_change() {
        let run = |seed| {
            let mut data = module();
            data.resize(1 << 16, 0);
            let size = mutate(&mut data, module().len(), 1 << 16, seed, |_, size, _| size);
            data[..size].to_vec()
        };
        assert_eq!(run(7), run(7));
    }
}
