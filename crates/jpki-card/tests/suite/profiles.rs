//! Which kind of card is taken, and what each is given to sign.

use madoguchi_jpki_card::{CardProfile, DigestAlgorithm, JpkiCard, JpkiCardError, VerifyOutcome};
use madoguchi_mock_card::{Card, EcdsaForm, Persona, Scenario};
use madoguchi_test_pki::KeyKind;
use ring::{
    digest,
    signature::{ECDSA_P384_SHA384_ASN1, UnparsedPublicKey},
};

use crate::{
    in_software::{Wire, contents, pin},
    script::{Script, Torn, digits, octets},
};

#[test]
fn the_label_finds_the_profile_among_those_offered() {
    let both = [CardProfile::TODAY, CardProfile::HYPOTHETICAL_P384];
    for profile in both {
        let card = select(&both, profile.label()).expect("a card");
        assert_eq!(card.profile(), &profile);
    }
    for (offered, label) in [
        (&both[..1], CardProfile::HYPOTHETICAL_P384.label()),
        (&both[1..], CardProfile::TODAY.label()),
        (&[], CardProfile::TODAY.label()),
        (&both, "JPKIAPICCTOKEN"),
        (&both, "JPKIAPGPSETOKEN"),
        (&both, "JPKIAPIOSTOKEN"),
        (&both, "JPKIAPICCTOKEN2X"),
    ] {
        match select(offered, label).map(|_| ()) {
            Err(JpkiCardError::UnsupportedToken { label: told }) => assert_eq!(told, label),
            other => panic!("{label}: {other:?}"),
        }
    }
}

#[test]
fn a_sign_in_with_the_hypothetical_card() {
    let contents = contents(KeyKind::P384);
    // SubjectPublicKeyInfo ends in the point; so does the key's PKCS#8, which has it last (RFC 5915).
    let point = contents.files.auth_key.last_chunk::<97>().expect("a point");
    for ecdsa_form in [EcdsaForm::Raw, EcdsaForm::Der] {
        let scenario = Scenario { persona: Persona::NextGenerationP384, ecdsa_form, ..Scenario::default() };
        let mut in_software = Card::new(&contents, &scenario).expect("a card");
        in_software.power_on();
        let profiles = [CardProfile::TODAY, CardProfile::HYPOTHETICAL_P384];
        let mut card = JpkiCard::select(Wire::new(&mut in_software), &profiles).expect("a card");
        assert_eq!(card.read_auth_certificate().expect("a certificate"), contents.files.auth_certificate);
        assert_eq!(card.tries_left().expect("a counter"), 3);
        assert_eq!(card.verify_pin(pin("4649"), &mut || true).expect("an answer"), VerifyOutcome::Verified);
        let hash = digest::digest(&digest::SHA384, b"a statement");
        let signature = card.sign(hash.as_ref()).expect("a signature");
        let public_key = UnparsedPublicKey::new(&ECDSA_P384_SHA384_ASN1, point);
        public_key.verify(b"a statement", &signature).expect("a right signature");
        drop(card);
        // Not offered, it is refused.
        let error = JpkiCard::select(Wire::new(&mut in_software), &profiles[..1]).map(|_| ());
        assert!(matches!(error, Err(JpkiCardError::UnsupportedToken { .. })));
    }
}

#[test]
fn ecdsa_signs_the_digest_itself_and_answers_der() {
    let der = "3006020101020102";
    let raw = format!("{:096X}{:096X}", 1, 2);
    for answer in [der, &raw] {
        let mut card = p384(&["9000", &format!("{answer}9000")]);
        assert_eq!(card.profile().digest_algorithm(), DigestAlgorithm::Sha384);
        assert_eq!(card.sign(&[0x11; 48]).expect("a signature"), octets(der));
    }
    let (transaction, sent) =
        Script::new(&["9000", "9000", "9000", &label("MADOGUCHI-P384-HYPO"), "9000", &format!("{der}9000")]);
    let mut card = JpkiCard::select(transaction, &[CardProfile::HYPOTHETICAL_P384]).expect("a card");
    card.sign(&[0x11; 48]).expect("a signature");
    assert_eq!(sent.borrow()[5], format!("802A008030{}00", "11".repeat(48)));
}

#[test]
fn what_is_no_ecdsa_signature() {
    for answer in ["", "00", &"00".repeat(96), &"AA".repeat(256), "30060201010201", "3006020101020102FF"] {
        let error = p384(&["9000", &format!("{answer}9000")]).sign(&[0x11; 48]).expect_err("no signature");
        assert!(matches!(error, JpkiCardError::NoSignature), "{answer}: {error}");
    }
    let error = p384(&[]).sign(&[0x11; 32]).expect_err("a digest of the wrong length");
    assert!(matches!(error, JpkiCardError::DigestLength { octets: 32, expected: 48 }), "{error}");
}

fn p384(answers: &[&str]) -> JpkiCard<Script> {
    let label = label(CardProfile::HYPOTHETICAL_P384.label());
    let answers = [&["9000", "9000", "9000", label.as_str()], answers].concat();
    JpkiCard::select(Script::new(&answers).0, &[CardProfile::HYPOTHETICAL_P384]).expect("a card")
}

fn select(profiles: &[CardProfile], name: &str) -> Result<JpkiCard<Script>, JpkiCardError<Torn>> {
    JpkiCard::select(Script::new(&["9000", "9000", "9000", &label(name)]).0, profiles)
}

/// The answer to reading this label.
fn label(name: &str) -> String {
    let padded = format!("{name:<32}");
    format!("{}9000", digits(padded.as_bytes()))
}
