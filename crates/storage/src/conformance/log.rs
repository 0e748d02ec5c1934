//! The audit log.

use madoguchi_protocol::ErrorCode;

use super::Backend;
use super::fixture::{Fixture, done};
use super::party::{OTHER_TOWN, Party, TOWN};
use crate::{AuditKind, AuditRecord, Clock as _, Redemption, Returned, SignInTrace};

/// Numbers grow with the insertions; a page begins after the number it is given.
pub async fn the_log_is_in_order_and_pages(backend: &dyn Backend) {
    let fixture = Fixture::open(backend).await;
    for number in 1..=7 {
        fixture.completed(Party::new(number)).await;
        fixture.completed(Party::new(number).twin()).await;
        fixture.advance(1);
    }
    let whole = fixture.log(TOWN).await;
    let sign_ins: Vec<_> = whole.iter().map(|record| record.sign_in.expect("one")).collect();
    assert_eq!(sign_ins, (1..=7).map(|number| Party::new(number).id()).collect::<Vec<_>>());
    assert!(whole.is_sorted_by(|a, b| a.number < b.number && a.at < b.at), "{whole:?}");
    assert!(whole.iter().all(|record| record.municipality == TOWN));
    let mut paged = Vec::new();
    let mut after = 0;
    // A store that never ends a log must not hang its judge.
    while paged.len() <= whole.len() {
        let page = fixture.store.audit_records(TOWN, after, 3).await.expect("a page");
        assert!(page.len() <= 3);
        let Some(last) = page.last() else { break };
        after = last.number;
        paged.extend(page);
    }
    assert_eq!(paged, whole);
    assert_eq!(fixture.log(OTHER_TOWN).await.len(), 7);
    assert_eq!(fixture.log("no such town").await, []);
}

/// Each kind of record, with everything that it says.
pub async fn the_log_says_what_happened(backend: &dyn Backend) {
    let fixture = Fixture::open(backend).await;
    let (good, phished) = (Party::new(1), Party::new(2));
    let first_at = fixture.clock.now();
    fixture.redeemed(good).await;
    fixture.advance(1);
    let second_at = fixture.clock.now();
    assert_eq!(fixture.redeem(good).await, Redemption::UsedBefore);
    fixture.advance(1);
    let third_at = fixture.clock.now();
    fixture.proven(phished).await;
    let outcome =
        fixture.store.complete(TOWN, phished.id(), phished.verifier(), None, phished.session()).await;
    assert!(matches!(outcome, Ok(Returned::WrongBrowser(_))), "{outcome:?}");
    let record = |at, kind, party: Party| AuditRecord {
        number: 0,
        at,
        municipality: TOWN.to_owned(),
        kind,
        sign_in: Some(party.id()),
        client_id: Some(party.code().grant.client_id),
        code: None,
        evidence: Some(party.proof().evidence),
        network: None,
        position: None,
    };
    let expected = [
        record(first_at, AuditKind::SignInCompleted, good),
        AuditRecord { evidence: None, ..record(second_at, AuditKind::CodeReused, good) },
        AuditRecord {
            code: Some(ErrorCode::PossiblePhishing),
            ..record(third_at, AuditKind::SignInBurned, phished)
        },
    ];
    let log: Vec<_> =
        fixture.log(TOWN).await.into_iter().map(|record| AuditRecord { number: 0, ..record }).collect();
    assert_eq!(log, expected);
}

/// Everyday stops and look-ups leave no record.
pub async fn what_is_not_listed_is_not_logged(backend: &dyn Backend) {
    let fixture = Fixture::open(backend).await;
    let [cancelled, refused, expired, replaced] = [1, 2, 3, 4].map(Party::new);
    fixture.claimed(cancelled).await;
    done(fixture.cancel(cancelled, ErrorCode::PinWrong).await);
    fixture.claimed(refused).await;
    done(fixture.refuse(refused, ErrorCode::CertificateRevoked, false).await);
    fixture.started(replaced).await;
    done(fixture.cancel_by_browser(replaced).await);
    fixture.proven(expired).await;
    fixture.advance(fixture.limits.proven_seconds);
    let _ = fixture.complete(expired).await;
    let _ = fixture.store.sweep(100).await.expect("a sweep");
    assert_eq!(fixture.log(TOWN).await, []);
}

/// The session as long as it lives, and the log for ever.
pub async fn a_sign_in_is_traced_through_its_session(backend: &dyn Backend) {
    let fixture = Fixture::open(backend).await;
    let (party, other) = (Party::new(1), Party::new(2));
    fixture.completed(other).await;
    let session = fixture.completed(party).await;
    let trace = async |town, party: Party| fixture.store.trace(town, party.id()).await.expect("a look");
    let traced = trace(TOWN, party).await;
    assert_eq!((traced.session, traced.refused), (Some(session), None));
    assert_eq!(traced.sign_in, fixture.sign_in(party).await);
    assert_eq!(traced.records, fixture.log(TOWN).await[1..]);
    assert_eq!(trace(OTHER_TOWN, party).await, SignInTrace::default());
    assert!(fixture.store.end_session(TOWN, party.session_id()).await.expect("an outcome"));
    assert_eq!(trace(TOWN, party).await.session, None);
    assert_eq!(trace(TOWN, party).await.records.len(), 1);
}
