//! See `madoguchi_fuzz::parameters`.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| madoguchi_fuzz::parameters(input));
