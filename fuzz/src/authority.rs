//! A test PKI, made when a target starts: an authority, a card's certificate, its list, and who signs what.

use std::sync::LazyLock;
use std::time::Duration;

use madoguchi_cert_verify::{Anchor, Certificate, PathPolicy, RequiredPolicies, VerifiedPath, verify_path};
use madoguchi_test_pki::{AUTH_POLICY, CardOptions, KeyKind, Options, PrivateKey, RevocationReason, TestPki};
use ring::rand::SystemRandom;
use rustls_pki_types::UnixTime;

use crate::tree::{Content, Node};

pub(crate) struct Authority {
    pub(crate) pki: TestPki,
    pub(crate) anchors: Vec<Anchor>,
    /// The certificate that lists and responses are asked about.
    pub(crate) card: Vec<u8>,
    pub(crate) crl: Node,
    /// A later list, with the card between others.
    pub(crate) crl_with_card: Node,
    pub(crate) other_key: PrivateKey,
    pub(crate) random: SystemRandom,
}

pub(crate) static AUTHORITY: LazyLock<Authority> = LazyLock::new(|| {
    let random = SystemRandom::new();
    let options = Options { authority_key: KeyKind::P256, ..Options::default() };
    let mut pki = TestPki::create(&options, now(), &random).expect("a PKI");
    let anchors = vec![Anchor::new(pki.auth_ca()).expect("an anchor")];
    let options = CardOptions { key: KeyKind::P256, ..CardOptions::default() };
    let card = pki.issue_card(&options, now(), &random).expect("a card");
    let card_serial = card.auth_serial;
    let others = [(); 3].map(|()| pki.issue_card(&options, now(), &random).expect("a card").auth_serial);
    pki.revoke(others[0], RevocationReason::CertificateHold, now()).expect("revoked");
    pki.revoke(others[1], RevocationReason::KeyCompromise, now()).expect("revoked");
    let crl = list(&mut pki, &random);
    pki.revoke(card_serial, RevocationReason::Superseded, now()).expect("revoked");
    pki.revoke(others[2], RevocationReason::KeyCompromise, now()).expect("revoked");
    let crl_with_card = list(&mut pki, &random);
    let other_key = PrivateKey::generate(KeyKind::P256, &random).expect("a key");
    Authority { pki, anchors, card: card.auth_certificate, crl, crl_with_card, other_key, random }
});

fn list(pki: &mut TestPki, random: &SystemRandom) -> Node {
    let list = pki.crls(now(), Duration::from_hours(24), random).expect("lists").remove(0).1;
    Node::read(&list).expect("a tree")
}

impl Authority {
    pub(crate) fn path(&self, certificate: &Certificate) -> Option<VerifiedPath> {
        let policies = RequiredPolicies::any_of(vec![AUTH_POLICY.parse().expect("an identifier")]);
        let policy = PathPolicy { policies: policies.expect("policies") };
        verify_path(certificate, &self.anchors, &policy, now()).ok()
    }

    /// What is signed, its algorithm, and the signature by this key.
    pub(crate) fn sign(&self, tbs: Vec<u8>, algorithm: Vec<u8>, key: &PrivateKey) -> Vec<u8> {
        let signature = [vec![0], key.sign(&tbs, &self.random).expect("a signature")].concat();
        let bits = Node { tag: 0x03, content: Content::Octets(signature) }.der();
        Node { tag: 0x30, content: Content::Octets([tbs, algorithm, bits].concat()) }.der()
    }
}

/// 2026-11-22T00:00:00Z
pub(crate) fn now() -> UnixTime {
    UnixTime::since_unix_epoch(Duration::from_secs(1_795_305_600))
}
