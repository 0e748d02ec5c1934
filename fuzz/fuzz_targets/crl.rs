//! See `madoguchi_fuzz::crl`.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| madoguchi_fuzz::crl(input));
