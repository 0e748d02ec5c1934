//! What a responder says, and what is made of an answer that is none.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use madoguchi_cert_verify::{Anchor, CertIdHash, Certificate, OcspAbsence, OcspAnswer, ResponderStanding};
use madoguchi_revocation::{Method, NonceUse, Responder, ResponderCheck};
use madoguchi_test_pki::{HttpFault, OcspBehaviour, OcspClaim, OcspFault};
use rustls_pki_types::UnixTime;

use crate::world::{TestClient, TestResponder, claim, fault, http, is_good, later, limits, now, responder};

/// The short name of an answer.
fn name(answer: OcspAnswer) -> &'static str {
    match answer {
        OcspAnswer::Good(_) => "good",
        OcspAnswer::None(absence) => absence.code(),
        OcspAnswer::Revoked(revocation) if revocation.is_hold() => "hold",
        OcspAnswer::Revoked(_) => "revoked",
        OcspAnswer::Unknown(_) => "unknown",
    }
}

#[tokio::test]
async fn each_status_arrives_by_post_and_by_get_with_and_without_a_nonce_and_by_both_hashes() {
    for (status, expected) in [
        (OcspClaim::Good, "good"),
        (OcspClaim::Hold, "hold"),
        (OcspClaim::Revoked, "revoked"),
        (OcspClaim::Unknown, "unknown"),
    ] {
        let server = TestResponder::with(claim(status)).await;
        for (method, nonce, hash) in [
            (Method::Post, NonceUse::None, CertIdHash::Sha1),
            (Method::Post, NonceUse::Prefer, CertIdHash::Sha256),
            (Method::Post, NonceUse::Require, CertIdHash::Sha1),
            (Method::Get, NonceUse::None, CertIdHash::Sha1),
            (Method::Get, NonceUse::None, CertIdHash::Sha256),
        ] {
            let responder = Responder { method, nonce, hash, ..responder(server.address) };
            let client = TestClient::new(vec![responder]);
            let answer = client.ask(0, now()).await;
            assert_eq!(name(answer), expected, "{method:?} {nonce:?} {hash:?}");
            assert_eq!(client.raised(), [""; 0]);
        }
    }
}

/// The table of the design's section 4: an answer that is none says nothing, and one that somebody made up alarms.
#[tokio::test]
async fn every_fault_of_an_answer_says_nothing_and_alarms_when_it_should() {
    let (malformed, signer) = (Some("ocsp_malformed"), Some("ocsp_wrong_signer"));
    for (wrong, expected, alarm) in [
        (OcspFault::Future, OcspAbsence::NotYetValid, Some("ocsp_stale")),
        (OcspFault::OtherCertificate, OcspAbsence::WrongCertificate, Some("ocsp_wrong_certificate")),
        (OcspFault::OtherResponder, OcspAbsence::WrongSigner, signer),
        (OcspFault::ResponderExpired, OcspAbsence::WrongSigner, signer),
        (OcspFault::ResponderOfOtherCa, OcspAbsence::WrongSigner, signer),
        (OcspFault::ResponderUnchecked, OcspAbsence::ResponderUnchecked, None),
        (OcspFault::ResponderWithoutPurpose, OcspAbsence::WrongSigner, signer),
        (OcspFault::Sha1Signature, OcspAbsence::WrongSigner, signer),
        (OcspFault::Stale, OcspAbsence::Stale, Some("ocsp_stale")),
        (OcspFault::TamperedSignature, OcspAbsence::WrongSigner, signer),
        (OcspFault::TrailingOctet, OcspAbsence::Malformed, malformed),
        (OcspFault::TryLater, OcspAbsence::ErrorStatus, None),
        (OcspFault::Unauthorized, OcspAbsence::ErrorStatus, None),
        (OcspFault::UnknownCriticalExtension, OcspAbsence::CriticalExtension, malformed),
        (OcspFault::WrongResponderId, OcspAbsence::WrongSigner, signer),
    ] {
        let server = TestResponder::with(fault(wrong)).await;
        let client = TestClient::new(vec![responder(server.address)]);
        let answer = client.ask(0, now()).await;
        assert_eq!(answer, OcspAnswer::None(expected), "{wrong:?}");
        assert_eq!(client.raised(), Vec::from_iter(alarm), "{wrong:?}");
    }
}

/// Anybody may have asked without a nonce before a card was revoked, and play that answer back.
#[tokio::test]
async fn whoever_has_sent_a_nonce_back_always_does() {
    let server = TestResponder::with(fault(OcspFault::MissingNonce)).await;
    let prefers =
        Responder { nonce: NonceUse::Prefer, reuse_for: Duration::ZERO, ..responder(server.address) };
    let client = TestClient::new(vec![prefers]);
    assert!(is_good(client.ask(0, now()).await), "it never does");
    // What revokes is no promise.
    server.switch.set(OcspBehaviour { fault: Some(OcspFault::MissingNonce), ..claim(OcspClaim::Revoked) });
    assert!(matches!(client.ask(0, now()).await, OcspAnswer::Revoked(_)));
    server.switch.set(fault(OcspFault::MissingNonce));
    assert!(is_good(client.ask(0, now()).await));
    server.switch.set(OcspBehaviour::default());
    assert!(is_good(client.ask(0, now()).await));
    assert_eq!(client.raised(), [""; 0]);
    server.switch.set(fault(OcspFault::MissingNonce));
    assert_eq!(client.ask(1, now()).await, OcspAnswer::None(OcspAbsence::WrongNonce));
    assert_eq!(client.raised(), ["ocsp_wrong_nonce"]);
    server.switch.set(OcspBehaviour { fault: Some(OcspFault::MissingNonce), ..claim(OcspClaim::Revoked) });
    assert!(matches!(client.ask(1, now()).await, OcspAnswer::Revoked(_)), "whatever its nonce");
}

#[tokio::test]
async fn the_nonce_policy_decides_about_a_nonce_that_is_missing_or_another() {
    let wrong = OcspAnswer::None(OcspAbsence::WrongNonce);
    for (fault_of_nonce, nonce, good) in [
        (OcspFault::MissingNonce, NonceUse::Prefer, true),
        (OcspFault::MissingNonce, NonceUse::Require, false),
        (OcspFault::OtherNonce, NonceUse::None, true),
        (OcspFault::OtherNonce, NonceUse::Prefer, false),
        (OcspFault::OtherNonce, NonceUse::Require, false),
    ] {
        let server = TestResponder::with(fault(fault_of_nonce)).await;
        let responder = Responder { nonce, ..responder(server.address) };
        let client = TestClient::new(vec![responder]);
        let answer = client.ask(0, now()).await;
        assert!(
            if good { is_good(answer) } else { answer == wrong },
            "{fault_of_nonce:?} {nonce:?}: {answer:?}"
        );
        assert_eq!(client.raised().is_empty(), good, "{fault_of_nonce:?} {nonce:?}");
    }
}

#[tokio::test]
async fn the_worst_of_two_statuses_wins() {
    let server = TestResponder::with(fault(OcspFault::TwoStatuses)).await;
    assert_eq!(name(TestClient::new(vec![responder(server.address)]).ask(0, now()).await), "revoked");
}

#[tokio::test]
async fn what_is_no_ocsp_over_http_says_nothing() {
    for (wrong, expected, alarms) in [
        (HttpFault::Endless, OcspAbsence::Malformed, true),
        (HttpFault::Garbage, OcspAbsence::Malformed, true),
        (HttpFault::InternalError, OcspAbsence::Unreachable, false),
        (HttpFault::Redirect, OcspAbsence::Unreachable, false),
        (HttpFault::Truncated, OcspAbsence::Unreachable, false),
        (HttpFault::Unavailable, OcspAbsence::Unreachable, false),
        (HttpFault::WrongContentType, OcspAbsence::Malformed, true),
    ] {
        let server = TestResponder::with(http(wrong)).await;
        let client = TestClient::new(vec![responder(server.address)]);
        assert_eq!(client.ask(0, now()).await, OcspAnswer::None(expected), "{wrong:?}");
        assert_eq!(!client.raised().is_empty(), alarms, "{wrong:?}");
        // Where a redirect leads, there would be a good answer.
        assert_eq!(server.requests(), 1, "{wrong:?}");
    }
}

/// The responder's clock stands still, and its answers are good for ten minutes; five minutes of skew are forgiven.
#[tokio::test]
async fn an_answer_that_is_older_than_the_policys_age_says_nothing() {
    let server = TestResponder::start().await;
    for (minutes, seconds, good) in [(1, 360, true), (1, 361, false), (30, 361, true), (30, 901, false)] {
        let max_age = Duration::from_mins(minutes);
        let client = TestClient::new(vec![Responder { max_age, ..responder(server.address) }]);
        let answer = client.ask(0, later(seconds)).await;
        assert_eq!(is_good(answer), good, "{minutes} {seconds} {answer:?}");
        assert_eq!(client.raised().contains(&"ocsp_stale"), !good);
    }
}

/// A list that knows one answer.
struct Says(ResponderStanding, AtomicBool);

impl ResponderCheck for Says {
    fn standing(&self, _: &Certificate, _: &Anchor, _: UnixTime) -> ResponderStanding {
        self.1.store(true, Ordering::SeqCst);
        self.0
    }
}

#[tokio::test]
async fn a_responder_without_nocheck_needs_somebody_who_says_that_it_is_not_revoked() {
    for (standing, good) in [
        (ResponderStanding::Good, true),
        (ResponderStanding::Revoked, false),
        (ResponderStanding::Unknown, false),
    ] {
        let server = TestResponder::with(fault(OcspFault::ResponderUnchecked)).await;
        let says = Arc::new(Says(standing, AtomicBool::new(false)));
        let check = Arc::clone(&says) as Arc<dyn ResponderCheck>;
        let client = TestClient::checked(vec![responder(server.address)], limits(), check);
        assert_eq!(is_good(client.ask(0, now()).await), good, "{standing:?}");
        assert!(says.1.load(Ordering::SeqCst));
    }
}
