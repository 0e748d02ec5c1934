//! Revocations that are kept.

use std::sync::Arc;
use std::time::Duration;

use rustls_pki_types::UnixTime;

use madoguchi_cert_verify::{KeptRevocation, Revocation, RevocationReason, Source, SourceTimes};
use madoguchi_protocol::{ErrorCode, Octets, sha256};

use super::Backend;
use super::fixture::{Fixture, RUNNERS, conflict, done, race};
use super::party::{OTHER_TOWN, Party, TOWN};
use crate::{
    AuditKind, Cleared, KeptCount, KeptRecord, KeptSelection, Refused, Release, RevokedCertificate,
    SignInState, Transition,
};

const HOLD: RevocationReason = RevocationReason::CertificateHold;
const LAST: RevocationReason = RevocationReason::KeyCompromise;
const NOT_AFTER: u64 = 1_900_000_000;

fn at(seconds: u64) -> UnixTime {
    UnixTime::since_unix_epoch(Duration::from_secs(seconds))
}

fn signer(name: &str) -> Octets<32> {
    sha256(name.as_bytes())
}

fn said(source: Source, reason: RevocationReason, this_update: u64) -> KeptRevocation {
    KeptRevocation {
        source,
        revocation: Revocation {
            reason,
            revoked_at: at(this_update - 10),
            times: SourceTimes {
                this_update: at(this_update),
                next_update: (source == Source::Crl).then(|| at(this_update + 100)),
                produced_at: (source == Source::Ocsp).then(|| at(this_update + 1)),
            },
            signer_key: signer(source.name()),
        },
    }
}

fn revoked(party: Party, said: &[KeptRevocation]) -> RevokedCertificate {
    RevokedCertificate {
        certificate: party.certificate(),
        not_after: at(NOT_AFTER),
        said: said.to_vec(),
        sources_disagree: false,
    }
}

fn refused(party: Party, said: &[KeptRevocation]) -> Refused {
    Refused {
        evidence: Some("{}".to_owned()),
        revoked: Some(revoked(party, said)),
        ..ErrorCode::CertificateRevoked.into()
    }
}

impl Fixture {
    async fn refuse_with(&self, party: Party, refused: Refused) -> Transition {
        let secret = party.claim_secret();
        let outcome = self.store.refuse(party.town, party.id(), secret, party.finish(), refused).await;
        outcome.expect("an outcome")
    }

    /// A sign-in of `party` that ends with the certificate of `card` being kept.
    async fn keep(&self, party: Party, card: Party, said: &[KeptRevocation]) {
        self.claimed(party).await;
        done(self.refuse_with(party, refused(card, said)).await);
    }

    async fn kept_records(&self, party: Party) -> Vec<KeptRecord> {
        let mut kept = self.store.kept(party.town, party.certificate()).await.expect("a look");
        kept.sort_by_key(|record| record.kept.source.name());
        kept
    }

    async fn kept(&self, party: Party) -> Vec<KeptRevocation> {
        self.kept_records(party).await.into_iter().map(|record| record.kept).collect()
    }

    async fn prove_cleared(&self, party: Party, hold_over: Option<u64>) -> Transition {
        let cleared = Cleared { certificate: party.certificate(), hold_over: hold_over.map(at) };
        let (id, secret) = (party.id(), party.claim_secret());
        let outcome = self.store.prove(party.town, id, secret, party.finish(), party.proof(), cleared).await;
        outcome.expect("an outcome")
    }

    async fn kinds(&self, town: &str) -> Vec<AuditKind> {
        self.log(town).await.into_iter().map(|record| record.kind).collect()
    }

    async fn release(&self, town: &str, selection: KeptSelection) -> u64 {
        let release =
            Release { selection, operator: "hanako".to_owned(), reason: "誤りの \"訂正\"".to_owned() };
        self.store.release(town, release).await.expect("a number")
    }

    async fn selected(&self, town: &str, selection: KeptSelection) -> u64 {
        self.store.count_selected(town, selection).await.expect("a number")
    }
}

/// Every field reads back; the refusal's evidence stands in the sign-in and in the log.
pub async fn a_refusal_keeps_what_was_said(backend: &dyn Backend) {
    let fixture = Fixture::open(backend).await;
    let party = Party::new(1);
    fixture.claimed(party).await;
    assert_eq!(fixture.kept_records(party).await, []);
    fixture.advance(5);
    let kept_at = fixture.now();
    let both = [said(Source::Crl, HOLD, 1000), said(Source::Ocsp, LAST, 2000)];
    let refusal = Refused { evidence: Some(r#"{"rule":"x"}"#.to_owned()), ..refused(party, &both) };
    let sign_in = done(fixture.refuse_with(party, refusal.clone()).await);
    assert_eq!(sign_in.refused_on, refusal.evidence);
    assert_eq!(sign_in.proof, None);
    let record = |kept| KeptRecord { kept, kept_at: at(kept_at), not_after: at(NOT_AFTER) };
    assert_eq!(fixture.kept_records(party).await, both.map(record));
    let log = fixture.log(TOWN).await;
    assert_eq!(log.len(), 2, "one for each source: {log:?}");
    for record in log {
        assert_eq!((record.kind, record.at), (AuditKind::RevocationKept, at(kept_at)));
        assert_eq!(record.sign_in, Some(party.id()));
        assert_eq!(record.client_id, Some(party.code().grant.client_id));
        assert_eq!(record.code, Some(ErrorCode::CertificateRevoked));
        assert_eq!(record.evidence, refusal.evidence);
    }
    // The same finish again changes nothing and is no event.
    fixture.advance(1);
    let again = fixture.refuse_with(party, refusal).await;
    assert!(matches!(again, Transition::Same(_)), "{again:?}");
    assert_eq!(fixture.kept_records(party).await, both.map(record));
    assert_eq!(fixture.log(TOWN).await.len(), 2);
}

/// Final over hold, a later hold over an earlier one; nothing else.
pub async fn what_takes_the_place_of_what(backend: &dyn Backend) {
    let fixture = Fixture::open(backend).await;
    let cases = [
        ((HOLD, 1000), (HOLD, 1001), true),
        ((HOLD, 1000), (HOLD, 1000), false),
        ((HOLD, 1000), (HOLD, 999), false),
        ((HOLD, 1000), (LAST, 1001), true),
        ((HOLD, 1000), (LAST, 999), true),
        ((LAST, 1000), (LAST, 1001), false),
        ((LAST, 1000), (LAST, 999), false),
        ((LAST, 1000), (HOLD, 1001), false),
    ];
    for (number, (earlier, new, replaces)) in (0..).zip(cases) {
        let card = Party::new(number);
        let earlier = said(Source::Crl, earlier.0, earlier.1);
        let new = said(Source::Crl, new.0, new.1);
        fixture.keep(Party::new(number + 100), card, &[earlier]).await;
        let before = fixture.log(TOWN).await.len();
        fixture.advance(1);
        fixture.keep(Party::new(number + 200), card, &[new]).await;
        let expected = if replaces { new } else { earlier };
        assert_eq!(fixture.kept(card).await, [expected], "{earlier:?} {new:?}");
        let kept_at = fixture.kept_records(card).await[0].kept_at.as_secs();
        assert_eq!(kept_at, fixture.now() - u64::from(!replaces));
        assert_eq!(
            fixture.log(TOWN).await.len() - before,
            usize::from(replaces),
            "only a change is an event"
        );
    }
}

/// What one source says takes nothing of the other's place.
pub async fn each_source_is_kept_by_itself(backend: &dyn Backend) {
    let fixture = Fixture::open(backend).await;
    let card = Party::new(1);
    let (crl, ocsp) = (said(Source::Crl, HOLD, 1000), said(Source::Ocsp, LAST, 2000));
    fixture.keep(Party::new(2), card, &[crl]).await;
    fixture.keep(Party::new(3), card, &[ocsp]).await;
    assert_eq!(fixture.kept(card).await, [crl, ocsp]);
    assert_eq!(fixture.kept(Party::new(2)).await, [], "another card");
}

/// A responder's key changes every month, and one may turn out to be stolen: what the other one said stays.
pub async fn each_signer_is_kept_by_itself(backend: &dyn Backend) {
    let fixture = Fixture::open(backend).await;
    let by = |key: &str, reason, this_update| {
        let mut said = said(Source::Ocsp, reason, this_update);
        said.revocation.signer_key = signer(key);
        said
    };
    let (stolen, right) = (signer("stolen"), signer("right"));
    let all_of = |signer_key| KeptSelection::Signer { signer_key, from: at(0), until: at(NOT_AFTER) };
    let (first, second, held) = (Party::new(1), Party::new(2), Party::new(3));
    let last = by("right", LAST, 2000);
    fixture.keep(Party::new(101), first, &[by("stolen", LAST, 1000)]).await;
    fixture.keep(Party::new(102), first, &[last]).await;
    assert_eq!(fixture.kept(first).await.len(), 2);
    fixture.keep(Party::new(103), second, &[by("stolen", LAST, 1000)]).await;
    // A hold is not overwritten by what another key says.
    let hold = by("right", HOLD, 1000);
    fixture.keep(Party::new(104), held, &[hold]).await;
    fixture.keep(Party::new(105), held, &[by("stolen", LAST, 2000)]).await;
    assert_eq!(fixture.selected(TOWN, all_of(stolen)).await, 3);
    assert_eq!(fixture.release(TOWN, all_of(stolen)).await, 3);
    assert_eq!(fixture.kept(first).await, [last]);
    assert_eq!(fixture.kept(second).await, []);
    assert_eq!(fixture.kept(held).await, [hold]);
    assert_eq!(fixture.selected(TOWN, all_of(right)).await, 2);
}

/// Whatever the caller believed when it judged: what is kept by then stands in the way, unless it is a hold that is
/// over.
pub async fn nothing_is_proven_against_what_is_kept(backend: &dyn Backend) {
    let fixture = Fixture::open(backend).await;
    let (crl_hold, ocsp_hold) = (said(Source::Crl, HOLD, 1000), said(Source::Ocsp, HOLD, 2000));
    let last = said(Source::Crl, LAST, 1000);
    let cases = [
        (vec![crl_hold], None, false),
        (vec![crl_hold], Some(1000), false),
        (vec![crl_hold], Some(1001), true),
        (vec![crl_hold, ocsp_hold], Some(2000), false),
        (vec![crl_hold, ocsp_hold], Some(2001), true),
        (vec![last], None, false),
        (vec![last], Some(5000), false),
        (vec![last, ocsp_hold], Some(5000), false),
    ];
    for (number, (kept, hold_over, proven)) in (1..).zip(cases) {
        let party = Party::new(number);
        fixture.keep(Party::new(number + 100), party, &kept).await;
        let claimed = fixture.claimed(party).await;
        let outcome = fixture.prove_cleared(party, hold_over).await;
        if proven {
            assert_eq!(done(outcome).state, SignInState::Proven, "{kept:?} {hold_over:?}");
            assert_eq!(fixture.kept(party).await, [], "{kept:?} {hold_over:?}");
        } else {
            assert_eq!(conflict(outcome), SignInState::Claimed, "{kept:?} {hold_over:?}");
            assert_eq!(fixture.sign_in(party).await, Some(claimed));
            assert_eq!(fixture.kept(party).await, kept, "{hold_over:?}");
        }
    }
    // Another card's are no obstacle.
    fixture.claimed(Party::new(50)).await;
    done(fixture.prove_cleared(Party::new(50), None).await);
}

/// The proof and the end of the hold are one transaction, with its record in the log.
pub async fn a_hold_that_is_over_goes_with_the_proof(backend: &dyn Backend) {
    let fixture = Fixture::open(backend).await;
    let (party, bystander) = (Party::new(1), Party::new(2));
    let hold = [said(Source::Crl, HOLD, 1000)];
    fixture.keep(Party::new(11), party, &hold).await;
    fixture.keep(Party::new(12), bystander, &hold).await;
    fixture.keep(party.twin(), party.twin(), &hold).await;
    fixture.claimed(party).await;
    done(fixture.prove_cleared(party, Some(1001)).await);
    assert_eq!((fixture.kept(party).await, fixture.kept(bystander).await), (vec![], hold.to_vec()));
    assert_eq!(fixture.kept(party.twin()).await, hold);
    let log = fixture.log(TOWN).await;
    let ended: Vec<_> = log.iter().filter(|record| record.kind == AuditKind::HoldEnded).collect();
    assert_eq!(ended.len(), 1, "{log:?}");
    assert_eq!((ended[0].sign_in, ended[0].code), (Some(party.id()), None));
    assert_eq!(ended[0].evidence, Some(party.proof().evidence));
    // Nothing was on hold: no event.
    let other = Party::new(3);
    fixture.claimed(other).await;
    done(fixture.prove_cleared(other, Some(1001)).await);
    assert_eq!(fixture.log(TOWN).await.len(), log.len());
}

/// A finish that proves nothing ends no hold.
pub async fn a_proof_that_fails_lets_no_hold_go(backend: &dyn Backend) {
    let fixture = Fixture::open(backend).await;
    let party = Party::new(1);
    let hold = [said(Source::Crl, HOLD, 1000)];
    fixture.keep(Party::new(11), party, &hold).await;
    fixture.claimed(party).await;
    done(fixture.cancel(party, ErrorCode::Declined).await);
    let outcome = conflict(fixture.prove_cleared(party, Some(1001)).await);
    assert_eq!(outcome, SignInState::Cancelled(ErrorCode::Declined));
    let late = Party::new(2);
    fixture.keep(Party::new(12), late, &hold).await;
    fixture.claimed(late).await;
    fixture.advance(fixture.limits.claimed_seconds);
    let outcome = fixture.prove_cleared(late, Some(1001)).await;
    assert!(matches!(outcome, Transition::Expired), "{outcome:?}");
    assert_eq!((fixture.kept(party).await, fixture.kept(late).await), (hold.to_vec(), hold.to_vec()));
}

/// Whoever ends the sign-in while it is judged does not keep the verdict away; who never held it keeps nothing.
pub async fn a_revocation_is_kept_whatever_became_of_the_sign_in(backend: &dyn Backend) {
    let fixture = Fixture::open(backend).await;
    let last = [said(Source::Crl, LAST, 1000)];
    let [cancelled, expired, stranger] = [1, 2, 3].map(Party::new);
    fixture.claimed(cancelled).await;
    done(fixture.cancel_by_browser(cancelled).await);
    let outcome = fixture.refuse_with(cancelled, refused(cancelled, &last)).await;
    assert_eq!(conflict(outcome), SignInState::Cancelled(ErrorCode::Declined));
    assert_eq!(fixture.kept(cancelled).await, last);
    fixture.claimed(expired).await;
    fixture.advance(fixture.limits.claimed_seconds);
    let outcome = fixture.refuse_with(expired, refused(expired, &last)).await;
    assert!(matches!(outcome, Transition::Expired), "{outcome:?}");
    assert_eq!(fixture.kept(expired).await, last);
    fixture.started(stranger).await;
    let outcome = fixture.refuse_with(stranger, refused(stranger, &last)).await;
    assert!(matches!(outcome, Transition::NotFound), "{outcome:?}");
    assert_eq!(fixture.kept(stranger).await, []);
    assert_eq!(fixture.kinds(TOWN).await, [AuditKind::RevocationKept; 2]);
}

/// To the second of notAfter; swept an hour later, never more than the limit at once.
pub async fn a_revocation_is_kept_until_not_after(backend: &dyn Backend) {
    let fixture = Fixture::open(backend).await;
    let last = [said(Source::Crl, LAST, 1000)];
    let not_after = fixture.now() + 100_000;
    let cards = [1, 2, 3].map(Party::new);
    for card in cards {
        fixture.claimed(card).await;
        let revoked = RevokedCertificate { not_after: at(not_after), ..revoked(card, &last) };
        let refusal = Refused { revoked: Some(revoked), ..ErrorCode::CertificateRevoked.into() };
        done(fixture.refuse_with(card, refusal).await);
    }
    fixture.keep(Party::new(4), Party::new(4), &last).await;
    fixture.advance(100_000);
    assert_eq!(fixture.kept(cards[0]).await, last);
    while fixture.store.sweep(100).await.expect("a sweep") > 0 {}
    assert_eq!(fixture.kept(cards[0]).await, last, "no sweep takes what still counts");
    fixture.advance(1);
    assert_eq!(fixture.kept(cards[0]).await, []);
    assert_eq!(fixture.store.sweep(100).await.expect("a sweep"), 0, "not yet an hour");
    fixture.advance(3600);
    assert_eq!(fixture.store.sweep(2).await.expect("a sweep"), 2);
    assert_eq!(fixture.store.sweep(2).await.expect("a sweep"), 1);
    assert_eq!(fixture.store.sweep(2).await.expect("a sweep"), 0);
    assert_eq!(fixture.kept(Party::new(4)).await, last);
}

/// A municipality keeps for itself; the same hash in another is another certificate.
pub async fn what_is_kept_is_the_municipalitys_own(backend: &dyn Backend) {
    let fixture = Fixture::open(backend).await;
    let party = Party::new(1);
    let (first, other) = (said(Source::Crl, LAST, 1000), said(Source::Crl, HOLD, 2000));
    fixture.keep(Party::new(11), party, &[first]).await;
    assert_eq!(fixture.kept(party.twin()).await, []);
    fixture.claimed(party.twin()).await;
    done(fixture.prove_cleared(party.twin(), None).await);
    fixture.keep(Party::new(11).twin(), party.twin(), &[other]).await;
    assert_eq!((fixture.kept(party).await, fixture.kept(party.twin()).await), (vec![first], vec![other]));
    let selection = KeptSelection::Certificate(party.certificate());
    assert_eq!(fixture.release(TOWN, selection).await, 1);
    assert_eq!((fixture.kept(party).await, fixture.kept(party.twin()).await), (vec![], vec![other]));
    assert_eq!(fixture.store.count_kept(TOWN).await.expect("counts"), []);
    assert_eq!(fixture.store.count_kept(OTHER_TOWN).await.expect("counts").len(), 1);
}

/// Each time, whether or not anything new is kept.
pub async fn sources_that_disagree_are_audited(backend: &dyn Backend) {
    let fixture = Fixture::open(backend).await;
    let card = Party::new(1);
    let disagree = |party: Party, said: &[KeptRevocation]| Refused {
        revoked: Some(RevokedCertificate { sources_disagree: true, ..revoked(card, said) }),
        evidence: Some(format!("{{\"number\":\"{:?}\"}}", party.id())),
        ..ErrorCode::CertificateRevoked.into()
    };
    for (number, said) in [(2, vec![said(Source::Crl, LAST, 1000)]), (3, vec![])] {
        let party = Party::new(number);
        fixture.claimed(party).await;
        done(fixture.refuse_with(party, disagree(party, &said)).await);
        // Not a second time for the same finish.
        let again = fixture.refuse_with(party, disagree(party, &said)).await;
        assert!(matches!(again, Transition::Same(_)), "{again:?}");
    }
    let kinds = fixture.kinds(TOWN).await;
    let expected = [AuditKind::RevocationKept, AuditKind::SourcesDisagree, AuditKind::SourcesDisagree];
    assert_eq!(kinds, expected);
    let log = fixture.log(TOWN).await;
    let evidence = disagree(Party::new(3), &[]).evidence;
    assert_eq!((log[2].sign_in, &log[2].evidence), (Some(Party::new(3).id()), &evidence));
}

/// Session, tokens and verdict in one; of a session that is over the verdict is kept all the same.
pub async fn a_revoked_session_ends_and_is_kept(backend: &dyn Backend) {
    let fixture = Fixture::open(backend).await;
    let (party, other) = (Party::new(1), Party::new(2));
    fixture.redeemed(party).await;
    fixture.redeemed(party.twin()).await;
    fixture.redeemed(other).await;
    let before = fixture.log(TOWN).await.len();
    let last = [said(Source::Crl, LAST, 1000)];
    let end = async |town, party: Party| {
        let (sid, code) = (party.sid(), ErrorCode::CertificateRevoked);
        let revoked = revoked(party, &last);
        fixture.store.end_revoked_session(town, sid, "library", code, revoked).await.expect("an outcome")
    };
    assert!(end(TOWN, party).await);
    assert_eq!((fixture.session(party).await, fixture.token(party).await), (None, None));
    assert_eq!(fixture.kept(party).await, last);
    let log = fixture.log(TOWN).await.split_off(before);
    let kinds: Vec<_> = log.iter().map(|record| record.kind).collect();
    assert_eq!(kinds, [AuditKind::RevocationKept, AuditKind::SessionRevoked]);
    for record in log {
        assert_eq!((record.sign_in, record.client_id.as_deref()), (Some(party.id()), Some("library")));
        assert_eq!(record.code, Some(ErrorCode::CertificateRevoked));
    }
    assert!(!end(TOWN, party).await, "it was not live any more");
    assert_eq!(fixture.log(TOWN).await.len(), before + 2);
    // Nobody else's.
    for bystander in [party.twin(), other] {
        assert!(fixture.session(bystander).await.is_some());
        assert!(fixture.token(bystander).await.is_some());
        assert_eq!(fixture.kept(bystander).await, []);
    }
    // Over before anybody looked.
    let gone = Party::new(3);
    assert!(!end(TOWN, gone).await);
    assert_eq!(fixture.kept(gone).await, last);
}

/// By source, signer and reason, with the span of time.
pub async fn what_is_kept_is_counted_by_signer(backend: &dyn Backend) {
    let fixture = Fixture::open(backend).await;
    let start = fixture.now();
    let (crl, ocsp) = (said(Source::Crl, LAST, 1000), said(Source::Ocsp, LAST, 1000));
    let hold = said(Source::Crl, HOLD, 1000);
    for (number, said) in [(1, vec![crl]), (2, vec![crl, ocsp]), (3, vec![hold]), (4, vec![crl])] {
        fixture.keep(Party::new(number), Party::new(number), &said).await;
        fixture.advance(10);
    }
    let mut counts = fixture.store.count_kept(TOWN).await.expect("counts");
    counts.sort_by_key(|count| (count.source.name(), count.reason.name()));
    let count = |kept: KeptRevocation, certificates, first, last| KeptCount {
        source: kept.source,
        signer_key: kept.revocation.signer_key,
        reason: kept.revocation.reason,
        certificates,
        first_kept_at: at(start + first),
        last_kept_at: at(start + last),
    };
    assert_eq!(counts, [count(hold, 1, 20, 20), count(crl, 3, 0, 30), count(ocsp, 1, 10, 10)]);
}

/// All that is kept against it, and nothing of another; who, why and how much is in the log.
pub async fn one_certificate_is_released(backend: &dyn Backend) {
    let fixture = Fixture::open(backend).await;
    let (card, other) = (Party::new(1), Party::new(2));
    let both = [said(Source::Crl, LAST, 1000), said(Source::Ocsp, HOLD, 1000)];
    fixture.keep(Party::new(11), card, &both).await;
    fixture.keep(Party::new(12), other, &both).await;
    let before = fixture.log(TOWN).await.len();
    let selection = KeptSelection::Certificate(card.certificate());
    assert_eq!(fixture.selected(TOWN, selection).await, 2);
    assert_eq!(fixture.kept(card).await, both, "counting changes nothing");
    assert_eq!(fixture.log(TOWN).await.len(), before);
    fixture.advance(1);
    assert_eq!(fixture.release(TOWN, selection).await, 2);
    assert_eq!((fixture.kept(card).await, fixture.kept(other).await), (vec![], both.to_vec()));
    assert_eq!(fixture.selected(TOWN, selection).await, 0);
    assert_eq!(fixture.release(TOWN, selection).await, 0);
    let log = fixture.log(TOWN).await.split_off(before);
    assert_eq!(log.len(), 2, "an order that found nothing is an order");
    assert_eq!((log[0].kind, log[0].at), (AuditKind::RevocationReleased, at(fixture.now())));
    assert_eq!((log[0].sign_in, &log[0].client_id, log[0].code), (None, &None, None));
    let told = log[0].evidence.as_deref().expect("what was ordered");
    let certificate = card.certificate().0.encode();
    for part in ["hanako", "誤りの \\\"訂正\\\"", certificate.as_str(), "\"released\":2"] {
        assert!(told.contains(part), "{part} in {told}");
    }
    // It can be kept again.
    fixture.keep(Party::new(13), card, &both[..1]).await;
    assert_eq!(fixture.kept(card).await, both[..1]);
}

/// From the first second to the last, of this signer and no other.
pub async fn what_a_signer_gave_is_released(backend: &dyn Backend) {
    let fixture = Fixture::open(backend).await;
    let start = fixture.now();
    let (crl, ocsp) = (said(Source::Crl, LAST, 1000), said(Source::Ocsp, LAST, 1000));
    for number in 0..5 {
        fixture.keep(Party::new(number), Party::new(number), &[crl, ocsp]).await;
        fixture.keep(Party::new(number).twin(), Party::new(number).twin(), &[crl, ocsp]).await;
        fixture.advance(10);
    }
    let signer_key = ocsp.revocation.signer_key;
    let selection = KeptSelection::Signer { signer_key, from: at(start + 10), until: at(start + 30) };
    assert_eq!(fixture.selected(TOWN, selection).await, 3);
    assert_eq!(fixture.release(TOWN, selection).await, 3);
    for number in 0..5 {
        let expected = if (1..=3).contains(&number) { vec![crl] } else { vec![crl, ocsp] };
        assert_eq!(fixture.kept(Party::new(number)).await, expected, "{number}");
        assert_eq!(fixture.kept(Party::new(number).twin()).await, [crl, ocsp]);
    }
    for (from, until) in [(start + 11, start + 19), (start + 41, u64::MAX), (start + 30, start + 10)] {
        let selection = KeptSelection::Signer { signer_key, from: at(from), until: at(until) };
        assert_eq!(fixture.release(TOWN, selection).await, 0, "{from} {until}");
    }
    let log = fixture.log(TOWN).await;
    let told = log
        .iter()
        .find(|record| record.kind == AuditKind::RevocationReleased)
        .and_then(|record| record.evidence.clone())
        .expect("an order");
    let signer_key = signer_key.to_hex();
    let (from, until) = (start + 10, start + 30);
    for part in [signer_key.as_str(), &from.to_string(), &until.to_string(), "\"released\":3"] {
        assert!(told.contains(part), "{part} in {told}");
    }
}

/// Sixty-four sign-ins of one card at once: one row, one record of it.
pub async fn of_64_refusals_of_one_card_one_is_kept(backend: &dyn Backend) {
    let fixture = Arc::new(Fixture::open(backend).await);
    let last = said(Source::Crl, LAST, 1000);
    let outcomes = race(&fixture, |fixture, number| async move {
        let party = Party::new(number + 1);
        fixture.claimed(party).await;
        done(fixture.refuse_with(party, refused(Party::new(1000), &[last])).await).state
    })
    .await;
    assert_eq!(outcomes.len(), RUNNERS);
    assert_eq!(fixture.kept(Party::new(1000)).await, [last]);
    assert_eq!(fixture.kinds(TOWN).await, [AuditKind::RevocationKept]);
}

/// By the first refusal for as long as it is kept, by every refusal for as long as its sign-in is there.
pub async fn a_sign_in_is_traced_to_what_it_was_refused_with(backend: &dyn Backend) {
    let fixture = Fixture::open(backend).await;
    let (first, again, other) = (Party::new(1), Party::new(2), Party::new(3));
    let last = [said(Source::Crl, LAST, 1000)];
    let trace = async |town, party: Party| fixture.store.trace(town, party.id()).await.expect("a look");
    assert_eq!(trace(TOWN, first).await, crate::SignInTrace::default());
    fixture.keep(first, first, &last).await;
    fixture.keep(again, first, &last).await;
    fixture.claimed(other).await;
    done(fixture.refuse(other, ErrorCode::CannotCheck, false).await);
    let certificate = Some(first.certificate());
    let traced = trace(TOWN, first).await;
    assert_eq!((traced.refused, traced.session), (certificate, None));
    assert_eq!(traced.sign_in, fixture.sign_in(first).await);
    assert_eq!(traced.records, fixture.log(TOWN).await);
    assert_eq!(traced.records.len(), 1, "what was kept before is no event");
    let traced = trace(TOWN, again).await;
    assert_eq!((traced.refused, traced.records), (certificate, vec![]));
    assert_eq!(trace(TOWN, other).await.refused, None);
    assert_eq!(trace(OTHER_TOWN, first).await, crate::SignInTrace::default());
    fixture.advance(2 * 60 * 60);
    assert_eq!(fixture.store.sweep(100).await.expect("a number"), 3);
    assert_eq!((trace(TOWN, first).await.refused, trace(TOWN, again).await.refused), (certificate, None));
    assert_eq!(fixture.release(TOWN, KeptSelection::Certificate(first.certificate())).await, 1);
    let traced = trace(TOWN, first).await;
    assert_eq!((traced.refused, traced.records.len()), (None, 1), "the log stays");
}
