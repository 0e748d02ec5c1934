//! See `madoguchi_fuzz::jws`.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| madoguchi_fuzz::jws(input));
