//! libFuzzer's glue around the property `reference_wasmi`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| wassay_properties::hold("reference_wasmi", bytes));
libfuzzer_sys::fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    wassay_properties::mutator::mutate(data, size, max_size, seed, libfuzzer_sys::fuzzer_mutate)
});
