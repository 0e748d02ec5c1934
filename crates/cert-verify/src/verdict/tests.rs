use std::time::Duration;

use madoguchi_test_pki::{AUTH_POLICY, CardOptions, KeyKind, Options, TestPki};
use ring::rand::SystemRandom;

use madoguchi_protocol::Octets;

use super::*;
use crate::{Anchor, Certificate, PathPolicy, RequiredPolicies, RevocationReason, verify_path};

mod kept;

const TIMES: SourceTimes =
    SourceTimes { this_update: at(1), next_update: Some(at(2)), produced_at: Some(at(1)) };

const fn at(seconds: u64) -> UnixTime {
    UnixTime::since_unix_epoch(Duration::from_secs(seconds))
}

#[expect(clippy::disallowed_methods, reason = "a test is the edge that makes randomness")]
fn path() -> VerifiedPath {
    let (random, now) = (SystemRandom::new(), at(1_795_305_600));
    let options = Options { authority_key: KeyKind::P256, ..Options::default() };
    let mut pki = TestPki::create(&options, now, &random).unwrap();
    let card = CardOptions { key: KeyKind::P256, ..CardOptions::default() };
    let card = pki.issue_card(&card, now, &random).unwrap();
    let anchors = [Anchor::new(pki.auth_ca()).unwrap()];
    let policies = RequiredPolicies::any_of(vec![AUTH_POLICY.parse().unwrap()]).unwrap();
    let certificate = Certificate::parse(&card.auth_certificate).unwrap();
    verify_path(&certificate, &anchors, &PathPolicy { policies }, now).unwrap()
}

fn revocation(reason: RevocationReason) -> Revocation {
    Revocation { reason, revoked_at: at(1), times: TIMES, signer_key: Octets([7; 32]) }
}

fn ocsp(path: &VerifiedPath, answer: OcspAnswer) -> OcspEvidence {
    OcspEvidence { certificate: path.certificate_sha256(), answer }
}

/// The verdict in one word, with its source where it has one.
fn word(verdict: &Verdict) -> (&'static str, Option<Source>) {
    let source = match verdict {
        Verdict::CannotCheck | Verdict::OcspUnknown => None,
        Verdict::NotRevoked(proof) => Some(proof.source()),
        Verdict::OnHold { source, .. } | Verdict::Revoked { source, .. } => Some(*source),
    };
    (verdict.name(), source)
}

const LAST: RevocationReason = RevocationReason::KeyCompromise;
const HOLD: RevocationReason = RevocationReason::CertificateHold;

#[test]
fn every_row_of_the_table() {
    use {CrlAnswer as C, OcspAnswer as O};
    let (no_ocsp, no_crl) = (O::None(OcspAbsence::Unreachable), C::None(CrlAbsence::MissingPartition));
    let (ocsp_good, crl_good, unknown) = (O::Good(TIMES), C::Good(TIMES), O::Unknown(TIMES));
    let (ocsp_last, crl_last) = (O::Revoked(revocation(LAST)), C::Revoked(revocation(LAST)));
    let (ocsp_hold, crl_hold) = (O::Revoked(revocation(HOLD)), C::Revoked(revocation(HOLD)));
    let (by_ocsp, by_crl, by_both) = (Some(Source::Ocsp), Some(Source::Crl), Some(Source::OcspAndCrl));
    let path = path();
    for (o, c, expected, source, rule, disagree) in [
        (ocsp_last, crl_good, "revoked", by_ocsp, "ocsp_revoked", false),
        (ocsp_last, no_crl, "revoked", by_ocsp, "ocsp_revoked", false),
        (ocsp_last, crl_last, "revoked", by_both, "ocsp_revoked", false),
        (ocsp_last, crl_hold, "revoked", by_both, "ocsp_revoked", false),
        (ocsp_good, crl_last, "revoked", by_crl, "crl_revoked", true),
        (unknown, crl_last, "revoked", by_crl, "crl_revoked", false),
        (no_ocsp, crl_last, "revoked", by_crl, "crl_revoked", false),
        (ocsp_hold, crl_last, "revoked", by_crl, "crl_revoked", false),
        (ocsp_hold, crl_hold, "on_hold", by_both, "ocsp_revoked", false),
        (ocsp_hold, crl_good, "on_hold", by_ocsp, "ocsp_revoked", false),
        (ocsp_hold, no_crl, "on_hold", by_ocsp, "ocsp_revoked", false),
        (ocsp_good, crl_hold, "on_hold", by_crl, "crl_revoked", true),
        (no_ocsp, crl_hold, "on_hold", by_crl, "crl_revoked", false),
        (ocsp_good, crl_good, "not_revoked", by_both, "ocsp_and_crl_good", false),
        (ocsp_good, no_crl, "not_revoked", by_ocsp, "ocsp_good", false),
        (no_ocsp, crl_good, "not_revoked", by_crl, "crl_good", false),
        (unknown, crl_good, "ocsp_unknown", None, "ocsp_unknown", false),
        (unknown, no_crl, "ocsp_unknown", None, "ocsp_unknown", false),
        (no_ocsp, no_crl, "cannot_check", None, "no_source", false),
    ] {
        let decision = decide(&path, Sources::Both, ocsp(&path, o), CrlEvidence::new(&path, c), &[]);
        assert_eq!(word(&decision.verdict), (expected, source), "{o:?} {c:?}");
        assert_eq!((decision.rule.name(), decision.sources_disagree), (rule, disagree), "{o:?} {c:?}");
        assert_eq!((decision.ocsp, decision.crl), (o, c));
    }
}

/// A source that is not configured cannot say "good"; that it says "revoked" always counts.
#[test]
fn sources_that_are_not_configured() {
    let path = path();
    let good_crl = CrlEvidence::new(&path, CrlAnswer::Good(TIMES));
    let bad_crl = CrlEvidence::new(&path, CrlAnswer::Revoked(revocation(LAST)));
    let no_crl = CrlEvidence::none(&path, CrlAbsence::NotConfigured);
    let good_ocsp = ocsp(&path, OcspAnswer::Good(TIMES));
    let unknown = ocsp(&path, OcspAnswer::Unknown(TIMES));
    let no_ocsp = OcspEvidence::none(&path, OcspAbsence::NotConfigured);
    for (sources, ocsp, crl, expected) in [
        (Sources::OcspOnly, no_ocsp, good_crl, "cannot_check"),
        (Sources::OcspOnly, good_ocsp, no_crl, "not_revoked"),
        (Sources::OcspOnly, good_ocsp, bad_crl, "revoked"),
        (Sources::OcspOnly, unknown, good_crl, "ocsp_unknown"),
        (Sources::CrlOnly, good_ocsp, no_crl, "cannot_check"),
        (Sources::CrlOnly, unknown, good_crl, "not_revoked"),
        (Sources::CrlOnly, no_ocsp, good_crl, "not_revoked"),
    ] {
        assert_eq!(word(&decide(&path, sources, ocsp, crl, &[]).verdict).0, expected, "{sources:?}");
    }
}

#[test]
fn ocsp_evidence_about_another_certificate_is_no_evidence() {
    let (own, other) = (path(), path());
    let no_crl = CrlEvidence::none(&own, CrlAbsence::NotConfigured);
    for answer in [OcspAnswer::Good(TIMES), OcspAnswer::Revoked(revocation(LAST))] {
        let decision = decide(&own, Sources::Both, ocsp(&other, answer), no_crl, &[]);
        assert_eq!(word(&decision.verdict).0, "cannot_check");
        assert_eq!(decision.ocsp, OcspAnswer::None(OcspAbsence::WrongCertificate));
    }
}

#[test]
fn the_weightier_of_two_lists_answers_wins() {
    use CrlAnswer as C;
    let path = path();
    let ascending = [
        C::None(CrlAbsence::MissingPartition),
        C::None(CrlAbsence::Expired),
        C::Good(TIMES),
        C::Revoked(revocation(HOLD)),
        C::Revoked(revocation(LAST)),
    ];
    for (index, lighter) in ascending.iter().enumerate() {
        for heavier in ascending.iter().skip(index) {
            let (a, b) = (CrlEvidence::new(&path, *lighter), CrlEvidence::new(&path, *heavier));
            assert_eq!(a.or(b).answer(), *heavier);
            assert_eq!(b.or(a).answer(), *heavier);
        }
    }
    // Lists that a CA gave up, and those that took their place.
    let times = |this_update, next_update| SourceTimes {
        this_update: at(this_update),
        next_update: Some(at(next_update)),
        produced_at: None,
    };
    let hold = |this_update, next_update| {
        C::Revoked(Revocation { times: times(this_update, next_update), ..revocation(HOLD) })
    };
    let ascending = [
        C::None(CrlAbsence::Expired),
        C::Good(times(100, 400)),
        hold(100, 200),
        C::Good(times(201, 300)),
        hold(150, 250),
        C::Good(times(260, 300)),
        C::Revoked(Revocation { times: times(10, 20), ..revocation(LAST) }),
    ];
    for a in ascending {
        for b in ascending {
            for c in ascending {
                let [x, y, z] = [a, b, c].map(|answer| CrlEvidence::new(&path, answer));
                let heaviest = ascending.iter().rfind(|answer| [a, b, c].contains(answer)).expect("one");
                assert_eq!(x.or(y).or(z).answer(), *heaviest, "{a:?} {b:?} {c:?}");
            }
        }
    }
    let foreign = CrlEvidence::new(&self::path(), C::Good(TIMES));
    let own = CrlEvidence::none(&path, CrlAbsence::Expired);
    assert_eq!(own.or(foreign).answer(), C::None(CrlAbsence::Expired));
}
