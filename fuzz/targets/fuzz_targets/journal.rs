//! libFuzzer's glue around the property `journal`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| wassay_properties::hold("journal", bytes));
