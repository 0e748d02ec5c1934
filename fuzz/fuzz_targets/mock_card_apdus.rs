//! See `madoguchi_fuzz::mock_card_apdus`.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| madoguchi_fuzz::mock_card_apdus(input));
