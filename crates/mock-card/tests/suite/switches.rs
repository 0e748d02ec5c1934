//! Everything that is not known of real cards, or not of all of them, in both settings.

use madoguchi_mock_card::{BlockedQuery, Card, Scenario};

use crate::common::{card, check, files, octets};

const SELECT_JPKI: (&str, &str) = ("00A4040C 0A D392F000260100000001", "9000");
const SELECT_AUTH_KEY: (&str, &str) = ("00A4020C 02 0017", "9000");
const VERIFY_RIGHT: (&str, &str) = ("00200098 04 34363439", "9000");
const VERIFY_WRONG: &str = "00200098 04 30303030";

fn jpki(scenario: &Scenario) -> Card {
    let mut card = card(scenario);
    check(&mut card, &[SELECT_JPKI]);
    card
}

#[test]
fn warm_reset_clears_login() {
    for warm_reset_clears_login in [false, true] {
        let mut card = jpki(&Scenario { warm_reset_clears_login, ..Scenario::default() });
        check(&mut card, &[VERIFY_RIGHT]);
        card.reset();
        assert_eq!(card.is_auth_verified(), !warm_reset_clears_login);
    }
}

#[test]
fn warm_reset_keeps_df() {
    for (warm_reset_keeps_df, status) in [(false, "6A82"), (true, "9000")] {
        let mut card = jpki(&Scenario { warm_reset_keeps_df, ..Scenario::default() });
        card.reset();
        check(&mut card, &[(SELECT_AUTH_KEY.0, status)]);
    }
}

#[test]
fn wrong_verify_keeps_login() {
    for wrong_verify_keeps_login in [false, true] {
        let mut card = jpki(&Scenario { wrong_verify_keeps_login, ..Scenario::default() });
        check(&mut card, &[VERIFY_RIGHT, (VERIFY_WRONG, "63C2")]);
        assert_eq!(card.is_auth_verified(), wrong_verify_keeps_login);
        // A blocked PIN is never a verified one.
        check(&mut card, &[(VERIFY_WRONG, "63C1"), (VERIFY_WRONG, "63C0")]);
        assert!(!card.is_auth_verified());
    }
}

#[test]
fn wrong_length_is_free() {
    for (wrong_length_is_free, status, tries) in [(false, "63C2", 2), (true, "6700", 3)] {
        let mut card = jpki(&Scenario { wrong_length_is_free, ..Scenario::default() });
        check(&mut card, &[("00200098 05 3436343930", status)]);
        assert_eq!(card.auth_tries_left(), Some(tries));
        // Of the right length, or of more than 16 octets, there is no doubt.
        check(&mut card, &[(VERIFY_WRONG, &format!("63C{}", tries - 1))]);
        check(&mut card, &[("00200098 11 3030303030303030303030303030303030", "6700")]);
    }
    // A password may have any of its lengths.
    let mut card = jpki(&Scenario { wrong_length_is_free: true, ..Scenario::default() });
    check(&mut card, &[("0020009B 06 414141414141", "63C4"), ("0020009B 05 4141414141", "6700")]);
}

#[test]
fn verified_query_is_ok() {
    for (verified_query_is_ok, status) in [(false, "63C3"), (true, "9000")] {
        let mut card = jpki(&Scenario { verified_query_is_ok, ..Scenario::default() });
        check(&mut card, &[("00200098", "63C3"), VERIFY_RIGHT, ("00200098", status)]);
    }
}

#[test]
fn blocked_query() {
    for (blocked_query, status) in
        [(BlockedQuery::NoTriesLeft, "63C0"), (BlockedQuery::ReferenceDataNotUsable, "6984")]
    {
        let mut card = jpki(&Scenario { blocked_query, auth_tries: 0, ..Scenario::default() });
        check(&mut card, &[("00200098", status), (VERIFY_RIGHT.0, "6984")]);
    }
}

#[test]
fn unknown_aid_drops_selection() {
    for (unknown_aid_drops_selection, status) in [(false, "9000"), (true, "6A82")] {
        let mut card = jpki(&Scenario { unknown_aid_drops_selection, ..Scenario::default() });
        check(&mut card, &[VERIFY_RIGHT, ("00A4040C 05 F000000001", "6A82"), (SELECT_AUTH_KEY.0, status)]);
        assert_eq!(card.is_auth_verified(), !unknown_aid_drops_selection);
    }
}

#[test]
fn unverified_signature_is_6985() {
    for (unverified_signature_is_6985, status) in [(false, "6982"), (true, "6985")] {
        let mut card = jpki(&Scenario { unverified_signature_is_6985, ..Scenario::default() });
        check(&mut card, &[SELECT_AUTH_KEY, ("802A0080 01 AA 00", status)]);
    }
}

#[test]
fn first_command_fails() {
    for (first_command_fails, status) in [(false, "9000"), (true, "6F00")] {
        let mut card = card(&Scenario { first_command_fails, ..Scenario::default() });
        check(&mut card, &[(SELECT_JPKI.0, status), SELECT_JPKI]);
        // Once after each power-on, and not after a warm reset.
        card.reset();
        check(&mut card, &[SELECT_JPKI]);
        card.power_off();
        card.power_on();
        check(&mut card, &[(SELECT_JPKI.0, status), SELECT_JPKI]);
    }
}

#[test]
fn allocated_octets_and_filler() {
    let certificate = files().auth_certificate.as_slice();
    for (allocated_octets, filler, size) in
        [(0x1000, 0x00, 0x1000), (0x800, 0xFF, 0x800), (0, 0xFF, certificate.len())]
    {
        let mut card = jpki(&Scenario { allocated_octets, filler, ..Scenario::default() });
        check(&mut card, &[("00A4020C 02 000A", "9000")]);
        let mut file = Vec::new();
        loop {
            let [high, low] = u16::try_from(file.len()).expect("a small file").to_be_bytes();
            let mut answer = card.handle(&[0x00, 0xB0, high, low, 0x00]);
            if answer == [0x6B, 0x00] {
                break;
            }
            assert_eq!(answer.split_off(answer.len() - 2), [0x90, 0x00]);
            file.extend(answer);
        }
        assert_eq!(file.len(), size);
        assert_eq!(file[..certificate.len()], *certificate);
        assert!(file[certificate.len()..].iter().all(|octet| *octet == filler));
        // Offset at the end, and after it.
        let [high, low] = u16::try_from(size).expect("a small file").to_be_bytes();
        check(&mut card, &[(&format!("00B0{high:02X}{low:02X} 01"), "6B00"), ("00B07FFF 01", "6B00")]);
    }
}

#[test]
fn availability() {
    for availability in [[0x00, 0x8F, 0x00], [0x8F, 0x00, 0x00], [0x00; 3]] {
        let mut card = jpki(&Scenario { availability: Some(availability), ..Scenario::default() });
        assert_eq!(card.handle(&octets("00B08800 03")), [&availability[..], &[0x90, 0x00]].concat());
    }
}

#[test]
fn token_label() {
    for (label, gated) in [
        ("JPKIAPICCTOKEN2", false),
        ("SOMETHING ELSE", false),
        ("JPKIAPICCTOKEN", false),
        ("JPKIAPGPSETOKEN", true),
        ("JPKIAPIOSTOKEN", true),
    ] {
        let mut card = jpki(&Scenario { token_label: Some(label.to_owned()), ..Scenario::default() });
        let token = card.handle(&octets("00B08600 20"));
        assert_eq!(token[..32], *format!("{label:32}").as_bytes());
        let closed = card.handle(&octets("00B08A00 04")) == [0x69, 0x82];
        assert_eq!(closed, gated, "{label}");
        check(&mut card, &[VERIFY_RIGHT]);
        assert_eq!(card.handle(&octets("00B08A00 04")).len(), 6);
    }
    for label in ["A label of more than 32 octets, so", "市"] {
        let scenario = Scenario { token_label: Some(label.to_owned()), ..Scenario::default() };
        assert!(Card::new(crate::common::contents(), &scenario).is_err());
    }
}

#[test]
fn answer_to_reset() {
    let atr = |name: &str| {
        let atr = Some(name.parse().expect("an answer to reset"));
        card(&Scenario { atr, ..Scenario::default() }).atr().to_vec()
    };
    assert_eq!(card(&Scenario::default()).atr(), atr("contactless"));
    assert_eq!(atr("contact"), octets("3BE000FF8131FE4514"));
    assert_ne!(atr("random:1"), atr("random:2"));
}
