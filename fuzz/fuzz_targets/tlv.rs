//! See `madoguchi_fuzz::tlv`.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| madoguchi_fuzz::tlv(input));
