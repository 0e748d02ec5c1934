//! See `madoguchi_fuzz::driver_any_card`.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| madoguchi_fuzz::driver_any_card(input));
