//! See `madoguchi_fuzz::request_object`.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| madoguchi_fuzz::request_object(input));
