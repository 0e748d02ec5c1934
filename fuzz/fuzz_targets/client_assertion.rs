//! See `madoguchi_fuzz::client_assertion`.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| madoguchi_fuzz::client_assertion(input));
