//! See `madoguchi_fuzz::dpop`.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| madoguchi_fuzz::dpop(input));
