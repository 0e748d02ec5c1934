//! See `madoguchi_fuzz::path_building`.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| madoguchi_fuzz::path_building(input));
