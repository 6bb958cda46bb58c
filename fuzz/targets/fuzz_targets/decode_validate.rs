//! libFuzzer's glue around the property `decode_validate`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| wassay_properties::hold("decode_validate", bytes));
