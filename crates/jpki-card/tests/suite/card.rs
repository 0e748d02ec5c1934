//! The driver against the card in software: what a sign-in does, and how it ends when something is not as it should be.

use madoguchi_iso7816::StatusWord;
use madoguchi_jpki_card::{Availability, DigestAlgorithm, JpkiCardError, VerifyOutcome};
use madoguchi_mock_card::{BlockedQuery, InstalledApplication, Scenario};
use ring::{
    digest, rsa,
    signature::{KeyPair as _, RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey},
};

use crate::in_software::{CONTENTS, Wire, card, pin, select};

#[test]
fn a_sign_in_s_use_of_the_card() {
    let mut in_software = card(&Scenario::default());
    let mut card = select(Wire::new(&mut in_software)).expect("a My Number card");
    assert_eq!(card.availability().expect("an answer"), Availability { auth: true, sign: true });
    assert_eq!(card.read_auth_certificate().expect("a certificate"), CONTENTS.files.auth_certificate);
    assert_eq!(card.tries_left().expect("a counter"), 3);
    let outcome = card.verify_pin(pin("4649"), &mut || true).expect("an answer");
    assert_eq!(outcome, VerifyOutcome::Verified);
    // The question for the counter does not tell that the PIN is verified, nor does it end that.
    assert_eq!(card.tries_left().expect("a counter"), 3);
    assert_eq!(card.profile().digest_algorithm(), DigestAlgorithm::Sha256);
    let hash = digest::digest(&digest::SHA256, b"a statement");
    let signature = card.sign(hash.as_ref()).expect("a signature");
    let pair = rsa::KeyPair::from_pkcs8(&CONTENTS.files.auth_key).expect("an RSA key");
    let public_key = UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, pair.public_key().as_ref());
    public_key.verify(b"a statement", &signature).expect("a right signature");
    card.leave().expect("an answer");
    assert!(!in_software.is_auth_verified());
}

#[test]
fn wrong_pins_count_down_to_blocked() {
    for blocked_query in [BlockedQuery::NoTriesLeft, BlockedQuery::ReferenceDataNotUsable] {
        let mut in_software = card(&Scenario { blocked_query, ..Scenario::default() });
        let mut card = select(Wire::new(&mut in_software)).expect("a My Number card");
        assert_eq!(card.tries_left().expect("a counter"), 3);
        for (outcome, tries_left) in [
            (VerifyOutcome::Wrong { tries_left: 2 }, 2),
            (VerifyOutcome::Wrong { tries_left: 1 }, 1),
            (VerifyOutcome::Blocked, 0),
        ] {
            assert_eq!(card.verify_pin(pin("0000"), &mut || true).expect("an answer"), outcome);
            assert_eq!(card.tries_left().expect("a counter"), tries_left);
        }
        assert_eq!(card.verify_pin(pin("4649"), &mut || true).expect("an answer"), VerifyOutcome::Blocked);
    }
}

#[test]
fn another_card_is_told_apart() {
    let mut in_software = card(&Scenario { application: InstalledApplication::None, ..Scenario::default() });
    let error = select(Wire::new(&mut in_software)).map(|_| ()).expect_err("another card");
    assert!(matches!(error, JpkiCardError::NotMyNumberCard { status: StatusWord::NotFound }), "{error}");
}

#[test]
fn a_digest_of_the_wrong_length_never_reaches_the_card() {
    let mut in_software = card(&Scenario::default());
    let mut wire = Wire::new(&mut in_software);
    let mut card = select(&mut wire).expect("a My Number card");
    for octets in [0, 31, 33, 48] {
        let error = card.sign(&vec![0; octets]).expect_err("no digest");
        assert!(matches!(error, JpkiCardError::DigestLength { expected: 32, .. }), "{error}");
    }
    card.leave().expect("an answer");
    // ISD, JPKI, EF 0006, READ BINARY, ISD: nothing for the signatures.
    assert_eq!(wire.commands, 5);
}
