//! Personas: whose card it is.

use std::{path::Path, time::Duration};

use clap::ValueEnum as _;
use madoguchi_mock_card::{Card, MockCardError, Persona, Scenario};
use madoguchi_test_pki::{CardOptions, KeyKind, Options, TestPki};
use rustls_pki_types::UnixTime;
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

use crate::common::{PIN, SIGN_PASSWORD, card, check, contents, digits, issue, now, octets, random, verify};

const SELECT_JPKI: (&str, &str) = ("00A4040C 0A D392F000260100000001", "9000");
const SELECT_TEXT: &str = "00A4040C 0A D3921000310001010408";

fn of(persona: Persona) -> Card {
    card(&Scenario { persona, ..Scenario::default() })
}

/// VERIFY by short EF identifier.
fn present(card: &mut Card, id: u8, value: &str) -> String {
    let mut command = verify(value);
    command[3] = 0x80 | id;
    digits(&card.handle(&command))
}

/// Whether the certificate file has a certificate at its start.
fn has_certificate(card: &mut Card, id: u8) -> bool {
    card.handle(&[0x00, 0xB0, 0x80 | id, 0x00, 0x02]) == [0x30, 0x82, 0x90, 0x00]
}

#[test]
fn who_has_which_certificate_and_pin() {
    for (persona, availability, auth_tries, sign_tries) in [
        (Persona::Adult, "8F8F00", 3, 5),
        (Persona::ChildUnder15, "008F00", 3, 0),
        (Persona::FaceAuthentication, "008F00", 0, 0),
        (Persona::Expired, "8F8F00", 3, 5),
        (Persona::NotYetValid, "8F8F00", 3, 5),
        (Persona::NoCertificate, "000000", 3, 0),
        (Persona::Android, "8F8F00", 3, 5),
        (Persona::Iphone, "8F8F00", 3, 5),
        (Persona::JukiCard, "8F0000", 3, 5),
    ] {
        let mut card = of(persona);
        check(&mut card, &[SELECT_JPKI, ("00B08800 03", &format!("{availability}9000"))]);
        assert_eq!((card.auth_tries_left(), card.sign_tries_left()), (Some(auth_tries), Some(sign_tries)));
        let auth = if auth_tries == 0 { "6984" } else { "9000" };
        assert_eq!(present(&mut card, 0x18, PIN), auth, "{persona}");
        let sign = if sign_tries == 0 { "6984" } else { "9000" };
        assert_eq!(present(&mut card, 0x1B, SIGN_PASSWORD), sign, "{persona}");
        // What is announced is there, what is not is filler, and a key goes with its certificate.
        for (id, key, announced, verified) in [
            (0x0A, 0x97, &availability[2..4] == "8F", auth_tries > 0),
            (0x01, 0x9A, &availability[..2] == "8F", sign_tries > 0),
        ] {
            let readable = verified || id == 0x0A;
            assert_eq!(has_certificate(&mut card, id), announced && readable, "{persona} {id:02X}");
            let answer = card.handle(&[0x80, 0x2A, 0x00, key, 0x01, 0xAA, 0x00]);
            match (announced, verified) {
                (true, true) => assert_eq!(answer.len(), 258, "{persona} {key:02X}"),
                (true, false) => assert_eq!(answer, [0x69, 0x82], "{persona} {key:02X}"),
                (false, _) => assert_eq!(answer, [0x6A, 0x88], "{persona} {key:02X}"),
            }
        }
        // Nobody gives out a PIN that there is not.
        card.reset_counters();
        assert_eq!((card.auth_tries_left(), card.sign_tries_left()), (Some(auth_tries), Some(sign_tries)));
    }
}

#[test]
fn tokens_by_their_labels_and_applications() {
    for (persona, label, town_office) in [
        (Persona::Adult, "JPKIAPICCTOKEN2 ", true),
        (Persona::ChildUnder15, "JPKIAPICCTOKEN2 ", true),
        (Persona::FaceAuthentication, "JPKIAPICCTOKEN2 ", true),
        (Persona::Android, "JPKIAPGPSETOKEN ", false),
        (Persona::Iphone, "JPKIAPIOSTOKEN ", false),
        (Persona::JukiCard, "JPKIAPICCTOKEN ", false),
    ] {
        let mut card = of(persona);
        check(&mut card, &[SELECT_JPKI]);
        assert!(card.handle(&octets("00B08600 20")).starts_with(label.as_bytes()), "{persona}");
        check(&mut card, &[(SELECT_TEXT, if town_office { "9000" } else { "6A82" })]);
    }
}

#[test]
fn a_phone_shows_its_certificate_after_the_pin() {
    for persona in [Persona::Android, Persona::Iphone] {
        let mut card = of(persona);
        check(&mut card, &[SELECT_JPKI, ("00B08A00 02", "6982")]);
        assert_eq!(present(&mut card, 0x18, PIN), "9000");
        check(&mut card, &[("00B08A00 02", "3082 9000")]);
    }
}

#[test]
fn another_card_has_another_answer_and_no_application() {
    let mut other = of(Persona::OtherCard);
    check(&mut other, &[(SELECT_JPKI.0, "6A82"), (SELECT_TEXT, "6A82"), ("00CA0045 00", "6A88")]);
    assert_eq!(digits(other.atr()), "3B88800100000000 9181C100D8".replace(' ', ""));
    assert_ne!(of(Persona::JukiCard).atr(), of(Persona::Adult).atr());
    assert_eq!(other.auth_tries_left(), None);
}

#[test]
fn a_child_is_somebody_else() {
    let birth_date = |persona| {
        let mut card = of(persona);
        check(&mut card, &[(SELECT_TEXT, "9000")]);
        assert_eq!(present(&mut card, 0x11, PIN), "9000");
        String::from_utf8_lossy(&card.handle(&octets("00B08200 00"))).contains("20180405")
    };
    assert!(birth_date(Persona::ChildUnder15) && !birth_date(Persona::Adult));
}

#[test]
fn a_scenario_names_its_persona() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("scenario.toml");
    std::fs::write(&path, "persona = \"child-under-15\"\natr = \"random:5\"\navailability = [0, 0x8F, 0]")
        .expect("written");
    let scenario = Scenario::read(&path).expect("a scenario");
    assert_eq!(scenario.persona, Persona::ChildUnder15);
    assert_eq!(scenario.availability, Some([0x00, 0x8F, 0x00]));
    assert_eq!(scenario.atr, Some("random:5".parse().expect("an answer to reset")));
    for wrong in ["persona = \"Adult\"", "atr = \"3B\""] {
        std::fs::write(&path, wrong).expect("written");
        assert!(matches!(Scenario::read(&path), Err(MockCardError::Scenario { .. })), "{wrong}");
    }
}

#[test]
fn a_card_that_has_run_out_must_have_run_out() {
    let seconds = |at: &str| UnixTime::since_unix_epoch(Duration::from_secs(at.parse().expect("a number")));
    let mut pki = pki();
    let mut with = |name: &str, not_before, not_after| {
        let name = name.to_owned();
        let times = (Some(seconds(not_before)), Some(seconds(not_after)));
        issue(
            &mut pki,
            &CardOptions { name, not_before: times.0, not_after: times.1, ..CardOptions::default() },
        )
    };
    // 2020 to 2025, and 2090 to 2095; now is 2025-11-24.
    let (past, future) =
        (with("past", "1577836800", "1735743599"), with("future", "3786912000", "3944757599"));
    for (persona, fits, fits_not) in [
        (Persona::Expired, &past, [contents(), &future]),
        (Persona::NotYetValid, &future, [contents(), &past]),
    ] {
        fits.check_persona(persona, now(), Path::new("pki")).expect("the card that it needs");
        for other in fits_not {
            let error =
                other.check_persona(persona, now(), Path::new("some/pki")).expect_err("not such a card");
            let line = format!("issue --pki some/pki --name {persona} {}, ", persona.issue_options());
            let told = error.to_string();
            assert!(
                told.contains(&line) && told.ends_with(&format!("start with --card {persona}")),
                "{told}"
            );
        }
        fits.check_persona(Persona::Adult, now(), Path::new("pki")).expect("any card will do");
    }
}

#[test]
fn the_options_of_a_persona_are_right_as_written() {
    let time = |text: &str| {
        let at = OffsetDateTime::parse(text, &Rfc3339).expect("RFC 3339").unix_timestamp();
        Some(UnixTime::since_unix_epoch(Duration::from_secs(at.try_into().expect("after 1970"))))
    };
    let mut pki = pki();
    for persona in Persona::ALL {
        let mut options = CardOptions::default();
        let words: Vec<&str> = persona.issue_options().split_whitespace().collect();
        for option in words.chunks(2) {
            match *option {
                ["--not-before", at] => options.not_before = time(at),
                ["--not-after", at] => options.not_after = time(at),
                ["--key", kind] => options.key = KeyKind::from_str(kind, false).expect("a kind of key"),
                _ => panic!("madoguchi-test-pki has no option {option:?}"),
            }
        }
        let contents = issue(&mut pki, &options);
        contents.check_persona(persona, now(), Path::new("pki")).expect("it fits");
        Card::new(&contents, &Scenario { persona, ..Scenario::default() }).expect("a card");
    }
}

fn pki() -> TestPki {
    let options = Options { authority_key: KeyKind::P256, ..Options::default() };
    TestPki::create(&options, now(), &random()).expect("a PKI")
}
