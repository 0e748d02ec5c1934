//! Which kinds of card and which authorities the unattended agent takes.

use std::time::Duration;

use madoguchi_demo::{MockCard, Program};
use madoguchi_test_pki::{CertificateBuilder, Extension, KEY_CERT_SIGN, KeyKind, Name, PrivateKey, Serial};
use madoguchi_tests::town::{Town, Wishes, binaries, random};
use rustls_pki_types::UnixTime;

/// ECDSA on P-384 with SHA-384 from the card to the service: the next generation is data, not a rewrite.
#[tokio::test(flavor = "multi_thread")]
async fn the_hypothetical_next_card_signs_in() {
    for form in ["raw", "der"] {
        let card = MockCard {
            issue_args: vec!["--key".to_owned(), "p384".to_owned()],
            scenario: Some(format!("persona = \"next-generation-p384\"\necdsa_form = \"{form}\"")),
            ..MockCard::default()
        };
        let mut town = Town::with(Wishes { card, ..Wishes::default() }).await;
        let done = town.sign_in();
        assert!(done.has("#done"), "{form}: {}", done.text());
        assert!(town.back_at_service(&done)["sub"].is_string());
        town.stack.stop().await;
    }
}

/// A real card must never meet a test PIN, whatever somebody writes on the command line.
#[tokio::test(flavor = "multi_thread")]
async fn an_authority_of_jpki_is_no_test_anchor() {
    let folder = tempfile::tempdir().expect("a folder");
    for (organisation, status) in [("JPKI", 2), ("JPKI-TEST", 2)] {
        let file = folder.path().join("ca.der");
        std::fs::write(&file, authority(organisation)).expect("written");
        let mut agent = Program::new("agent", binaries().path("madoguchi-agent").expect("it is built"))
            .args(["--pin-stdin", "--gateway", "http://localhost:1", "--test-anchor"])
            .arg(&file)
            .spawn(folder.path())
            .expect("starts");
        assert_eq!(agent.wait().await.expect("a status").code(), Some(status), "{organisation}");
        assert!(agent.log_end().contains("O=JPKI"), "{}", agent.log_end());
    }
}

/// A CA certificate of this organisation.
fn authority(organisation: &str) -> Vec<u8> {
    let key = PrivateKey::generate(KeyKind::P256, random()).expect("a key");
    let name = Name::new(&[("2.5.4.6", "JP"), ("2.5.4.10", organisation)]).expect("a name");
    let builder = CertificateBuilder {
        serial: Serial::new(1).expect("not zero"),
        issuer: name.clone(),
        not_before: UnixTime::since_unix_epoch(Duration::ZERO),
        not_after: UnixTime::since_unix_epoch(Duration::from_hours(1)),
        subject: name,
        subject_public_key_info: key.subject_public_key_info().expect("a key"),
        extensions: vec![
            Extension::key_usage(KEY_CERT_SIGN),
            Extension::basic_constraints_ca(),
            Extension::subject_key_identifier(key.public_key()),
        ],
    };
    builder.sign(&key, random()).expect("a certificate")
}
