//! CHANGE REFERENCE DATA.

use madoguchi_mock_card::{Card, Scenario};

use crate::common::{SIGN_PASSWORD, card, check, digits};

fn jpki() -> Card {
    let mut card = card(&Scenario::default());
    check(&mut card, &[("00A4040C 0A D392F000260100000001", "9000")]);
    card
}

/// A command with a text in it.
fn with(header: &str, text: &str) -> String {
    format!("{header} {:02X} {}", text.len(), digits(text.as_bytes()))
}

#[test]
fn a_pin_is_changed_after_it_was_verified() {
    let mut card = jpki();
    check(
        &mut card,
        &[
            ("00A4020C 02 0018", "9000"),
            ("00240180 04 31323334", "6982"),
            ("00200080 04 34363439", "9000"),
            // the form with the old value in front, and none that is known
            ("00240080 04 31323334", "6A86"),
            ("00240180", "6700"),
            ("80240180 04 31323334", "6E00"),
            ("00240180 04 31323334", "9000"),
            ("00200080", "63C3"),
            ("00200080 04 34363439", "63C2"),
            ("00200080 04 31323334", "9000"),
            // by short EF identifier
            ("00240198 04 35363738", "9000"),
        ],
    );
    // Power ends what was verified, and not what was changed.
    card.power_off();
    card.power_on();
    check(&mut card, &[("00A4040C 0A D392F000260100000001", "9000"), ("00200098 04 31323334", "63C2")]);
    check(&mut card, &[("00200098 04 35363738", "9000")]);
}

#[test]
fn a_new_pin_has_four_digits() {
    let mut card = jpki();
    check(&mut card, &[("00200098 04 34363439", "9000")]);
    for bad in ["123", "12345", "123A", "12 4", "1"] {
        check(&mut card, &[(&with("00240198", bad), "6A80")]);
    }
    check(&mut card, &[(&with("00240198", "00000000000000000"), "6700"), ("00200098 04 34363439", "9000")]);
}

#[test]
fn a_new_password_has_6_to_16_capital_letters_and_digits() {
    let mut card = jpki();
    // The other PIN does not allow it.
    check(&mut card, &[("00200098 04 34363439", "9000"), (&with("0024019B", "ABC123"), "6982")]);
    check(&mut card, &[(&with("0020009B", SIGN_PASSWORD), "9000")]);
    for bad in ["AB123", "abc123", "ABC 123", "ABC-123", "ＡＢ"] {
        check(&mut card, &[(&with("0024019B", bad), "6A80")]);
    }
    check(&mut card, &[(&with("0024019B", "ABCDEFGH123456789"), "6700")]);
    for good in ["ABC123", "ABCDEFGH12345678"] {
        check(&mut card, &[(&with("0024019B", good), "9000"), (&with("0020009B", good), "9000")]);
    }
}

#[test]
fn what_is_no_pin_and_what_is_fixed_is_not_changed() {
    let mut card = jpki();
    check(&mut card, &[("00240197 04 31323334", "6981"), ("00240183 04 31323334", "6A82")]);
    check(&mut card, &[("00A4040C 0A D3921000310001010408", "9000"), ("00240180 04 31323334", "6986")]);
    // 照合番号A is the individual number: nobody changes that.
    check(&mut card, &[(&with("00200094", "000000000001"), "9000")]);
    check(&mut card, &[(&with("00240194", "000000000002"), "6985")]);
    check(&mut card, &[("00200091 04 34363439", "9000"), ("00240191 04 31323334", "9000")]);
}
