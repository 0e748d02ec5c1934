//! A card of a fresh test PKI, and APDUs as people write them.

use std::{fmt::Write as _, path::Path, sync::LazyLock, time::Duration};

use madoguchi_mock_card::{Card, CardContents, Scenario};
use madoguchi_test_pki::{CardFiles, CardOptions, KeyKind, Options, TestPki};
use ring::rand::SystemRandom;
use rustls_pki_types::UnixTime;

pub(crate) const PIN: &str = "4649";
pub(crate) const SIGN_PASSWORD: &str = "MADO1234";

// Keys take a moment to make: once for each process.
static PKI: LazyLock<(TestPki, CardContents)> = LazyLock::new(|| {
    let options = Options { authority_key: KeyKind::P256, ..Options::default() };
    let mut pki = TestPki::create(&options, now(), &random()).expect("a PKI");
    let card = CardOptions {
        name: "default".to_owned(),
        pin: PIN.to_owned(),
        sign_password: SIGN_PASSWORD.to_owned(),
        ..CardOptions::default()
    };
    let contents = issue(&mut pki, &card);
    (pki, contents)
});

pub(crate) fn now() -> UnixTime {
    UnixTime::since_unix_epoch(Duration::from_hours(490_000))
}

#[expect(clippy::disallowed_methods, reason = "a test is its own edge")]
pub(crate) fn random() -> SystemRandom {
    SystemRandom::new()
}

/// Makes a card.
pub(crate) fn issue(pki: &mut TestPki, card: &CardOptions) -> CardContents {
    CardContents {
        files: pki.issue_card(card, now(), &random()).expect("a card"),
        auth_ca_certificate: pki.auth_ca().to_vec(),
        sign_ca_certificate: pki.sign_ca().to_vec(),
    }
}

pub(crate) fn contents() -> &'static CardContents {
    &PKI.1
}

pub(crate) fn files() -> &'static CardFiles {
    &contents().files
}

pub(crate) fn auth_ca() -> &'static [u8] {
    &contents().auth_ca_certificate
}

pub(crate) fn sign_ca() -> &'static [u8] {
    &contents().sign_ca_certificate
}

/// Writes the PKI and its card into an empty folder.
pub(crate) fn save(folder: &Path) {
    PKI.0.save(folder).expect("a PKI");
    files().save(folder).expect("a card");
}

/// A card of this scenario, with power.
pub(crate) fn card(scenario: &Scenario) -> Card {
    let mut card = Card::new(contents(), scenario).expect("a card");
    card.power_on();
    card
}

/// Octets of hexadecimal digits with spaces between.
pub(crate) fn octets(text: &str) -> Vec<u8> {
    text.split_whitespace()
        .flat_map(|word| (0..word.len()).step_by(2).map(move |at| u8::from_str_radix(&word[at..at + 2], 16)))
        .collect::<Result<_, _>>()
        .expect("hexadecimal")
}

/// The hexadecimal digits of octets.
pub(crate) fn digits(octets: &[u8]) -> String {
    let mut digits = String::new();
    for octet in octets {
        write!(digits, "{octet:02X}").expect("room");
    }
    digits
}

/// Sends commands one after the other and compares whole answers, data and status.
pub(crate) fn check(card: &mut Card, exchanges: &[(&str, &str)]) {
    for (number, (command, answer)) in exchanges.iter().enumerate() {
        let given = card.handle(&octets(command));
        assert_eq!(digits(&given), answer.replace(' ', ""), "exchange {number}: {command}");
    }
}

/// VERIFY of the current EF with this text.
pub(crate) fn verify(text: &str) -> Vec<u8> {
    let length = u8::try_from(text.len()).expect("a short text");
    [&[0x00, 0x20, 0x00, 0x80, length], text.as_bytes()].concat()
}
