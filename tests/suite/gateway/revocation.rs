//! Revoked, on hold, or "cannot check now": three answers, never one for another.

use madoguchi_protocol::{ErrorCode, PATH_FINISH};
use madoguchi_storage::{Audit as _, AuditKind, SignInState};
use madoguchi_test_pki::{CardOptions, CrlFault, RevocationReason};
use madoguchi_tests::gateway::{CRL_MAX_AGE, MIDORI, TestGateway, Visit};

/// A good card's finish is refused; the service is told why, and nobody is burned.
async fn refused(mut visit: Visit<'_>, status: u16, code: ErrorCode, oauth: &str) {
    visit.finish_with(&visit.card).await.is_refusal(status, code);
    assert_eq!(visit.state().await, SignInState::Cancelled(code));
    let stopped = visit.stopped().await;
    stopped.is_error_page(200, code);
    let back = stopped.back().expect("a way back");
    assert!(back.contains(&format!("error={oauth}&error_description={code}&")), "{back}");
    // What is kept is remembered, and nothing else of a sign-in that came to nothing.
    let kept = matches!(code, ErrorCode::CertificateRevoked | ErrorCode::CertificateOnHold);
    let expected = if kept { vec![(AuditKind::RevocationKept, Some(code))] } else { vec![] };
    assert_eq!(visit.gateway.audit(MIDORI).await, expected);
    visit.nobody_is_signed_in().await;
}

#[tokio::test]
async fn a_revoked_certificate_signs_nobody_in() {
    for reason in [
        RevocationReason::Unspecified,
        RevocationReason::KeyCompromise,
        RevocationReason::AffiliationChanged,
        RevocationReason::Superseded,
        RevocationReason::CessationOfOperation,
    ] {
        let gateway = TestGateway::new().await;
        let visit = Visit::claimed(&gateway).await;
        gateway.revoke(&visit.card, reason);
        gateway.publish_lists();
        refused(visit, 403, ErrorCode::CertificateRevoked, "access_denied").await;
    }
}

#[tokio::test]
async fn a_suspended_certificate_has_a_code_of_its_own_and_comes_back() {
    let gateway = TestGateway::new().await;
    let visit = Visit::claimed(&gateway).await;
    let other = gateway.card();
    gateway.revoke(&visit.card, RevocationReason::CertificateHold);
    gateway.publish_lists();
    refused(visit, 403, ErrorCode::CertificateOnHold, "access_denied").await;
    // It stops nobody else.
    let mut visit = Visit::claimed(&gateway).await;
    visit.card = other;
    visit.finish().await;
}

#[tokio::test]
async fn a_list_that_nobody_can_go_by_is_not_called_revoked() {
    for fault in [
        CrlFault::Missing,
        CrlFault::OtherKey,
        CrlFault::Stale,
        CrlFault::TamperedSignature,
        CrlFault::WrongDistributionPoint,
    ] {
        let gateway = TestGateway::new().await;
        let mut visit = Visit::claimed(&gateway).await;
        if fault == CrlFault::WrongDistributionPoint {
            // Each list names the other municipality; with both on the shelf each card still has its list.
            gateway.start_with_faulty_lists(fault);
            gateway.start_without_list_of("99202");
        } else {
            gateway.start_with_faulty_lists(fault);
        }
        println!("{fault:?}");
        visit.card = gateway.card();
        refused(visit, 503, ErrorCode::CannotCheck, "temporarily_unavailable").await;
    }
}

/// Partitions are by municipality: one that is missing stops its own cards and no others.
#[tokio::test]
async fn another_municipalitys_list_says_nothing() {
    let gateway = TestGateway::new().await;
    gateway.start_without_list_of("99201");
    let visit = Visit::claimed(&gateway).await;
    refused(visit, 503, ErrorCode::CannotCheck, "temporarily_unavailable").await;
    let mut visit = Visit::claimed(&gateway).await;
    visit.card =
        gateway.card_with(CardOptions { municipality: "99202".to_owned(), ..CardOptions::default() });
    visit.finish().await;
}

/// A list that was good at start is not good for ever.
#[tokio::test]
async fn a_list_runs_out_while_the_gateway_runs() {
    let gateway = TestGateway::new().await;
    let card = gateway.card();
    gateway.wait(86_400);
    let mut visit = Visit::claimed(&gateway).await;
    visit.card = card;
    visit.finish().await;
    gateway.wait(1);
    let visit = Visit::claimed(&gateway).await;
    refused(visit, 503, ErrorCode::CannotCheck, "temporarily_unavailable").await;
    gateway.publish_lists();
    let mut visit = Visit::claimed(&gateway).await;
    visit.finish().await;
}

/// The same finish again gets the same answer, even when the list has come since: the first verdict stands.
#[tokio::test]
async fn a_verdict_is_not_given_twice() {
    let gateway = TestGateway::new().await;
    let visit = Visit::claimed(&gateway).await;
    let statement = visit.agent.statement(visit.claimed_answer(), &visit.card).build();
    let finish = visit.agent.finish_of(visit.id(), &visit.card.certificate, &visit.card.sign(&statement));
    gateway.start_with_faulty_lists(CrlFault::Missing);
    for _ in 0..2 {
        let answer = visit.agent.post(&gateway, PATH_FINISH, &finish).await;
        answer.is_refusal(503, ErrorCode::CannotCheck);
        gateway.publish_lists();
    }
    assert_eq!(visit.state().await, SignInState::Cancelled(ErrorCode::CannotCheck));
    // Another sign-in is judged anew.
    Visit::proven(&gateway).await;
}

/// nextUpdate is the authority's promise; how old a list may be is the operator's rule.
#[tokio::test]
async fn a_list_that_promises_much_grows_too_old_all_the_same() {
    let gateway = TestGateway::new().await;
    gateway.publish_lists_for(10 * CRL_MAX_AGE);
    gateway.wait(CRL_MAX_AGE.as_secs());
    Visit::proven(&gateway).await;
    gateway.wait(1);
    let visit = Visit::claimed(&gateway).await;
    refused(visit, 503, ErrorCode::CannotCheck, "temporarily_unavailable").await;
}

#[tokio::test]
async fn the_audit_record_says_which_list_was_asked() {
    let gateway = TestGateway::new().await;
    let visit = Visit::completed(&gateway).await;
    let records = gateway.store.audit_records(MIDORI.id, 0, 10).await.unwrap();
    let [record] = &records[..] else { panic!("one record: {records:?}") };
    assert_eq!(record.sign_in, Some(visit.id()));
    assert_eq!(record.client_id.as_deref(), Some("kosodate"));
    let evidence: serde_json::Value = serde_json::from_str(record.evidence.as_deref().unwrap()).unwrap();
    let (now, due) = (gateway.now(), gateway.now() + 86_400);
    let expected = serde_json::json!({
        "rule": "crl_good",
        "source": "crl",
        "ocsp": { "says": "ocsp_not_configured" },
        "crl": { "says": "good", "this_update": now, "next_update": due },
    });
    assert_eq!(evidence, expected);
}
