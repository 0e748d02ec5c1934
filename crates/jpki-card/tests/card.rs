//! The driver against the card in software: what a sign-in does, and how it ends when something is not as it should be.

use std::{sync::LazyLock, time::Duration};

use madoguchi_iso7816::StatusWord;
use madoguchi_jpki_card::{
    Availability, Command, DigestAlgorithm, JpkiCard, JpkiCardError, Pin, VerifyOutcome,
};
use madoguchi_mock_card::{
    BlockedQuery, Card, CardContents, CardRemoved, InstalledApplication, Scenario, Slot,
};
use madoguchi_test_pki::{CardOptions, KeyKind, Options, TestPki};
use ring::{
    digest,
    rand::SystemRandom,
    rsa,
    signature::{RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey},
};
use rustls_pki_types::UnixTime;

#[test]
fn a_sign_in_s_use_of_the_card() {
    let mut slot = slot(&Scenario::default());
    let mut card = JpkiCard::select(&mut slot).expect("a My Number card");
    assert_eq!(card.availability().expect("an answer"), Availability { auth: true, sign: true });
    assert_eq!(card.read_auth_certificate().expect("a certificate"), CONTENTS.files.auth_certificate);
    assert_eq!(card.tries_left().expect("a counter"), 3);
    let outcome = card.verify_pin(pin("4649")).expect("an answer");
    assert_eq!(outcome, VerifyOutcome::Verified);
    // The question for the counter does not tell that the PIN is verified, nor does it end that.
    assert_eq!(card.tries_left().expect("a counter"), 3);
    let hash = digest::digest(&digest::SHA256, b"a statement");
    let signature = card.sign(DigestAlgorithm::Sha256, hash.as_ref()).expect("a signature");
    let pair = rsa::KeyPair::from_pkcs8(&CONTENTS.files.auth_key).expect("an RSA key");
    let public_key = UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, pair.public().as_ref());
    public_key.verify(b"a statement", &signature).expect("a right signature");
    card.leave().expect("an answer");
    assert!(!slot.card().is_auth_verified());
}

#[test]
fn a_dropped_card_is_left() {
    let mut slot = slot(&Scenario::default());
    let mut card = JpkiCard::select(&mut slot).expect("a My Number card");
    card.verify_pin(pin("4649")).expect("an answer");
    drop(card);
    assert!(!slot.card().is_auth_verified());
}

#[test]
fn a_login_of_another_program_is_not_inherited() {
    let mut slot = slot(&Scenario::default());
    for command in
        [&b"\x00\xA4\x04\x0C\x0A\xD3\x92\xF0\x00\x26\x01\x00\x00\x00\x01"[..], b"\x00\x20\x00\x98\x044649"]
    {
        assert_eq!(slot.exchange(command), Ok(vec![0x90, 0x00]));
    }
    // With a warm reset in between, too: real cards keep a login over it.
    slot.card_mut().reset();
    assert!(slot.card().is_auth_verified());
    let mut card = JpkiCard::select(&mut slot).expect("a My Number card");
    let error = card.sign(DigestAlgorithm::Sha256, &[0; 32]).expect_err("a closed key");
    let JpkiCardError::UnexpectedStatus { command, status } = error else { panic!("{error}") };
    assert_eq!((command, status), (Command::ComputeDigitalSignature, StatusWord::SecurityStatusNotSatisfied));
}

#[test]
fn wrong_pins_count_down_to_blocked() {
    for blocked_query in [BlockedQuery::NoTriesLeft, BlockedQuery::ReferenceDataNotUsable] {
        let scenario = Scenario { blocked_query, ..Scenario::default() };
        let mut card = JpkiCard::select(slot(&scenario)).expect("a My Number card");
        for (outcome, tries_left) in [
            (VerifyOutcome::Wrong { tries_left: 2 }, 2),
            (VerifyOutcome::Wrong { tries_left: 1 }, 1),
            (VerifyOutcome::Blocked, 0),
        ] {
            assert_eq!(card.verify_pin(pin("0000")).expect("an answer"), outcome);
            assert_eq!(card.tries_left().expect("a counter"), tries_left);
        }
        assert_eq!(card.verify_pin(pin("4649")).expect("an answer"), VerifyOutcome::Blocked);
    }
}

#[test]
fn another_card_is_told_apart() {
    let scenario = Scenario { application: InstalledApplication::None, ..Scenario::default() };
    let error = JpkiCard::select(slot(&scenario)).map(|_| ()).expect_err("another card");
    assert!(matches!(error, JpkiCardError::NotMyNumberCard { status: StatusWord::NotFound }), "{error}");
}

#[test]
fn a_digest_of_the_wrong_length_never_reaches_the_card() {
    let mut slot = slot(&Scenario::default());
    let mut card = JpkiCard::select(&mut slot).expect("a My Number card");
    for octets in [0, 31, 33, 48] {
        let error = card.sign(DigestAlgorithm::Sha256, &vec![0; octets]).expect_err("no digest");
        assert!(matches!(error, JpkiCardError::DigestLength { expected: 32, .. }), "{error}");
    }
    card.leave().expect("an answer");
    // ISD, JPKI, EF 0006, READ BINARY, ISD: nothing for the signatures.
    assert_eq!(slot.commands(), 5);
}

/// Every command of a sign-in, with the card pulled out at it: before it takes effect and after.
#[test]
fn a_card_pulled_out_at_any_command() {
    let mut healthy = slot(&Scenario::default());
    sign_in(&mut healthy).expect("a signature");
    let commands = healthy.commands();
    let mut possibly_consumed = 0;
    for remove_at_apdu in (1..=commands).map(Some) {
        for remove_after_execution in [false, true] {
            let mut slot = slot(&Scenario { remove_at_apdu, remove_after_execution, ..Scenario::default() });
            let error = sign_in(&mut slot).expect_err("no card");
            match error {
                JpkiCardError::Transport { source: CardRemoved, .. } => {}
                JpkiCardError::PossiblyConsumed { source: CardRemoved } => possibly_consumed += 1,
                error => panic!("at command {remove_at_apdu:?}: {error}"),
            }
            assert!(!slot.card().is_auth_verified());
            assert_eq!(slot.card().auth_tries_left(), Some(3));
        }
    }
    assert_eq!(possibly_consumed, 2, "VERIFY before and after it takes effect, and nothing else");
}

#[test]
fn a_lost_answer_to_a_wrong_pin_costs_one_try() {
    // ISD, JPKI, EF 0006, READ BINARY, EF 0018, VERIFY
    let scenario = Scenario { remove_at_apdu: Some(6), remove_after_execution: true, ..Scenario::default() };
    let mut slot = slot(&scenario);
    let mut card = JpkiCard::select(&mut slot).expect("a My Number card");
    let error = card.verify_pin(pin("0000")).expect_err("no answer");
    assert!(matches!(error, JpkiCardError::PossiblyConsumed { .. }), "{error}");
    drop(card);
    slot.insert();
    let mut card = JpkiCard::select(&mut slot).expect("a My Number card");
    assert_eq!(card.tries_left().expect("a counter"), 2);
}

fn sign_in(slot: &mut Slot) -> Result<Vec<u8>, JpkiCardError<CardRemoved>> {
    let mut card = JpkiCard::select(slot)?;
    card.availability()?;
    card.read_auth_certificate()?;
    card.tries_left()?;
    assert_eq!(card.verify_pin(pin("4649"))?, VerifyOutcome::Verified);
    let signature = card.sign(DigestAlgorithm::Sha256, &[0; 32])?;
    card.leave()?;
    Ok(signature)
}

fn pin(digits: &str) -> Pin {
    Pin::parse(digits).expect("four digits")
}

fn slot(scenario: &Scenario) -> Slot {
    Slot::new(Card::new(&CONTENTS, scenario).expect("a card"), scenario)
}

// Keys take a moment to make: once for each process.
static CONTENTS: LazyLock<CardContents> = LazyLock::new(|| {
    #[expect(clippy::disallowed_methods, reason = "a test is its own edge")]
    let random = SystemRandom::new();
    let now = UnixTime::since_unix_epoch(Duration::from_hours(490_000));
    let options = Options { authority_key: KeyKind::P256, ..Options::default() };
    let mut pki = TestPki::create(&options, now, &random).expect("a PKI");
    let card = CardOptions { pin: "4649".to_owned(), ..CardOptions::default() };
    CardContents {
        files: pki.issue_card(&card, now, &random).expect("a card"),
        auth_ca_certificate: pki.auth_ca().to_vec(),
        sign_ca_certificate: pki.sign_ca().to_vec(),
    }
});
