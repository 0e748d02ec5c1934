//! A deployment as the gateway has it: three generations of one authority, and a card of the newest.

use std::time::Duration;

use madoguchi_cert_verify::der::Reader;
use madoguchi_cert_verify::{Anchor, PathPolicy, RequiredPolicies};
use madoguchi_test_pki::{AUTH_POLICY, CardFiles, CardOptions, KeyKind, Options, PrivateKey, TestPki};
use ring::rand::SystemRandom;
use ring::signature::{
    ECDSA_P384_SHA384_ASN1, RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey, VerificationAlgorithm,
};
use rustls_pki_types::UnixTime;

/// The kinds of keys that cards have and will have, with how `ring` verifies them and how many calls make a round.
pub(crate) const KINDS: [(&str, KeyKind, u32); 2] =
    [("RSA-2048", KeyKind::Rsa2048, 20), ("P-384", KeyKind::P384, 2)];

/// Whose authority, anchors and card these are.
pub(crate) struct World {
    pub(crate) pki: TestPki,
    pub(crate) anchors: Vec<Anchor>,
    pub(crate) card: CardFiles,
    pub(crate) random: SystemRandom,
}

impl World {
    pub(crate) fn of(kind: KeyKind) -> Self {
        let random = SystemRandom::new();
        let options = Options { authority_key: kind, ..Options::default() };
        let create = || TestPki::create(&options, now(), &random).expect("a test PKI");
        let (older, old, mut pki) = (create(), create(), create());
        let anchors = [&older, &old, &pki].map(|pki| Anchor::new(pki.auth_ca()).expect("an anchor"));
        let options = CardOptions { key: kind, ..CardOptions::default() };
        let card = pki.issue_card(&options, now(), &random).expect("a card");
        Self { pki, anchors: anchors.into(), card, random }
    }

    pub(crate) fn card_key(&self) -> PrivateKey {
        PrivateKey::from_pkcs8(&self.card.auth_key, &self.random).expect("the card's key")
    }

    pub(crate) fn policy() -> PathPolicy {
        let policies = vec![AUTH_POLICY.parse().expect("an identifier")];
        PathPolicy { policies: RequiredPolicies::any_of(policies).expect("policies") }
    }
}

/// One bare verification.
pub(crate) struct Bare<'a> {
    algorithm: &'static dyn VerificationAlgorithm,
    key: &'a [u8],
    message: Vec<u8>,
    signature: Vec<u8>,
}

impl<'a> Bare<'a> {
    pub(crate) fn of_message(key: &'a PrivateKey, message: &[u8], signature: &[u8]) -> Self {
        let algorithm: &dyn VerificationAlgorithm = match key.kind() {
            KeyKind::P384 => &ECDSA_P384_SHA384_ASN1,
            _ => &RSA_PKCS1_2048_8192_SHA256,
        };
        Self { algorithm, key: key.public_key(), message: message.into(), signature: signature.into() }
    }

    /// The signature of a certificate.
    pub(crate) fn of_certificate(issuer: &'a PrivateKey, der: &[u8]) -> Self {
        let mut outer = Reader::new(der).sequence().expect("a certificate");
        let tbs = outer.read().expect("what is signed").whole;
        outer.read().expect("an algorithm");
        Self::of_message(issuer, tbs, outer.bit_string_of_octets().expect("a signature"))
    }

    pub(crate) fn verify(&self) {
        let key = UnparsedPublicKey::new(self.algorithm, self.key);
        key.verify(&self.message, &self.signature).expect("a right signature");
    }
}

/// 2026-11-22T00:00:00Z
pub(crate) fn now() -> UnixTime {
    UnixTime::since_unix_epoch(Duration::from_secs(1_795_305_600))
}
