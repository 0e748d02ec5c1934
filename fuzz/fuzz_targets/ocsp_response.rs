//! See `madoguchi_fuzz::ocsp_response`.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| madoguchi_fuzz::ocsp_response(input));
