//! See `madoguchi_fuzz::differential`.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| madoguchi_fuzz::differential(input));
