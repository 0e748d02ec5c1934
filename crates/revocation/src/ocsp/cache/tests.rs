//! With certificates that nobody has: what the evidence is about is not the cache's affair. Answers that say something
//! only cert-verify makes, so they come from a responder.

use std::time::Duration;

use madoguchi_cert_verify::{
    Anchor, CertIdHash, Certificate, NoncePolicy, OcspSettings, PathPolicy, RequiredPolicies,
    ResponderStanding, ocsp_evidence, ocsp_request, verify_path,
};
use madoguchi_test_pki::{AUTH_POLICY, CardOptions, KeyKind, OcspBehaviour, OcspClaim, Options, TestPki};
use ring::rand::SystemRandom;

use super::*;

fn at(seconds: u64) -> UnixTime {
    UnixTime::since_unix_epoch(Duration::from_secs(1_795_305_600 + seconds))
}

fn key(number: usize) -> [u8; 32] {
    let mut key = [0; 32];
    key[..8].copy_from_slice(&number.to_be_bytes());
    key
}

/// Good and revoked, about the same certificate.
#[expect(clippy::disallowed_methods, reason = "a test is its own edge")]
fn good_and_revoked() -> (OcspEvidence, OcspEvidence) {
    let random = SystemRandom::new();
    let options = Options { authority_key: KeyKind::P256, ..Options::default() };
    let mut pki = TestPki::create(&options, at(0), &random).unwrap();
    let card = CardOptions { key: KeyKind::P256, ..CardOptions::default() };
    let card = pki.issue_card(&card, at(0), &random).unwrap();
    let anchor = Anchor::new(pki.auth_ca()).unwrap();
    let certificate = Certificate::parse(&card.auth_certificate).unwrap();
    let policies = RequiredPolicies::any_of(vec![AUTH_POLICY.parse().unwrap()]).unwrap();
    let anchors = std::slice::from_ref(&anchor);
    let path = verify_path(&certificate, anchors, &PathPolicy { policies }, at(0)).unwrap();
    let request = ocsp_request(&certificate, anchor.public_key(), CertIdHash::Sha1, None, None).unwrap();
    let evidence = |claim| {
        let behaviour = OcspBehaviour { status: Some(claim), ..OcspBehaviour::default() };
        let response = pki.answer_ocsp_so(&request, behaviour, at(0), &random).unwrap();
        let standing = |_: &Certificate| ResponderStanding::Unknown;
        let settings = OcspSettings::default();
        let (evidence, error) =
            ocsp_evidence(&path, &anchor, &response, NoncePolicy::Ignore, &settings, &standing, at(0));
        assert_eq!(error, None);
        evidence
    };
    (evidence(OcspClaim::Good), evidence(OcspClaim::Revoked))
}

#[test]
fn good_does_not_take_the_place_of_a_revocation_and_a_revocation_takes_that_of_good() {
    let (good, revoked) = good_and_revoked();
    let mut cache = Cache::new(10);
    assert_eq!(cache.keep(key(1), good, at(0), at(100)), good);
    assert_eq!(cache.keep(key(1), revoked, at(1), at(50)), revoked);
    assert_eq!(cache.keep(key(1), good, at(2), at(100)), revoked, "good that came late");
    assert_eq!(cache.keep(key(1), good, at(2), at(2)), revoked, "good that would not even be kept");
    assert_eq!(cache.find(key(1), at(49)), Some(revoked));
    assert_eq!(cache.keep(key(1), good, at(50), at(100)), good, "the revocation is over");
}

#[test]
fn what_may_not_be_used_again_takes_what_was_there_away() {
    let (good, _) = good_and_revoked();
    let mut cache = Cache::new(10);
    cache.keep(key(1), good, at(0), at(100));
    cache.keep(key(1), good, at(1), at(1));
    assert_eq!((cache.find(key(1), at(1)), cache.len()), (None, 0));
}

#[test]
fn a_cache_of_none_keeps_none() {
    let (good, _) = good_and_revoked();
    let mut cache = Cache::new(0);
    assert_eq!(cache.keep(key(1), good, at(0), at(100)), good);
    assert_eq!((cache.find(key(1), at(0)), cache.len()), (None, 0));
}

/// One that lives long stands in front of many that come and go.
#[test]
fn memory_is_bounded_whatever_comes() {
    let (good, _) = good_and_revoked();
    let mut cache = Cache::new(10);
    cache.keep(key(0), good, at(0), at(1_000_000));
    for second in 1..10_000 {
        let number = usize::try_from(second).unwrap() % 5 + 1;
        cache.keep(key(number), good, at(second), at(second + 1));
        assert!(cache.answers.len() <= 10 && cache.order.len() <= 21, "{second}");
    }
    assert_eq!(cache.find(key(0), at(9_999)), Some(good));
    for number in 0..1_000 {
        cache.keep(key(number), good, at(10_000), at(20_000));
        assert!(cache.answers.len() <= 10);
    }
    assert!(cache.find(key(999), at(10_000)).is_some() && cache.find(key(0), at(10_000)).is_none());
}
