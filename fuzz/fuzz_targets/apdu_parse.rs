//! See `madoguchi_fuzz::apdu_parse`.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| madoguchi_fuzz::apdu_parse(input));
