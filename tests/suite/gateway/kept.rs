//! What was decided about a certificate stays decided: through the whole sign-in, with the real store.

use madoguchi_cert_verify::Sources;
use madoguchi_protocol::ErrorCode;
use madoguchi_revocation::Alarm;
use madoguchi_storage::{Audit as _, AuditKind, SignInState};
use madoguchi_test_pki::{CrlFault, OcspClaim, RevocationReason};
use madoguchi_tests::gateway::{HINATA, MIDORI, TestCard, TestGateway, TestService, Town, Visit};
use serde_json::Value;

/// Another sign-in with the card, up to the finish; the error it is refused with.
async fn try_in(gateway: &TestGateway, town: Town, card: &TestCard) -> Result<(), ErrorCode> {
    let mut visit = Visit::of(gateway, TestService::kosodate(gateway, town)).await;
    visit.press().await;
    visit.claim().await;
    let answer = visit.finish_with(card).await;
    if answer.status == 200 {
        return Ok(());
    }
    let code = answer.json()["error"].as_str().expect("an error").parse().expect("a code");
    Err(code)
}

async fn try_again(gateway: &TestGateway, card: &TestCard) -> Result<(), ErrorCode> {
    try_in(gateway, MIDORI, card).await
}

async fn kinds(gateway: &TestGateway) -> Vec<AuditKind> {
    gateway.audit(MIDORI).await.into_iter().map(|(kind, _)| kind).collect()
}

/// The evidence of the last record in the audit log.
async fn last_evidence(gateway: &TestGateway) -> Value {
    let records = gateway.store.audit_records(MIDORI.id, 0, 1000).await.expect("records");
    let evidence = records.last().and_then(|record| record.evidence.clone()).expect("evidence");
    serde_json::from_str(&evidence).expect("JSON")
}

const ON_HOLD: Result<(), ErrorCode> = Err(ErrorCode::CertificateOnHold);
const REVOKED: Result<(), ErrorCode> = Err(ErrorCode::CertificateRevoked);
const CANNOT_CHECK: Result<(), ErrorCode> = Err(ErrorCode::CannotCheck);

/// The list of this morning is put back, still fresh, into a gateway that remembers no other.
#[tokio::test]
async fn an_older_list_after_a_restart_undoes_nothing() {
    let gateway = TestGateway::new().await;
    let (card, bystander) = (gateway.card(), gateway.card());
    let morning = gateway.lists();
    gateway.wait(60);
    gateway.revoke(&card, RevocationReason::KeyCompromise);
    gateway.publish_lists();
    assert_eq!(try_again(&gateway, &card).await, REVOKED);
    assert_eq!(kinds(&gateway).await, [AuditKind::RevocationKept]);

    gateway.start_with_lists(&morning);
    let unseen = gateway.card();
    gateway.revoke(&unseen, RevocationReason::KeyCompromise);
    assert_eq!(
        try_again(&gateway, &unseen).await,
        Ok(()),
        "that list says good of what nobody asked about before"
    );
    assert_eq!(try_again(&gateway, &card).await, REVOKED);
    assert_eq!(try_again(&gateway, &bystander).await, Ok(()));
    let evidence = last_evidence(&gateway).await;
    assert_eq!((&evidence["rule"], &evidence["crl"]["says"]), (&"kept_revoked".into(), &"good".into()));
    assert_eq!(evidence["kept"][0]["reason"], "keyCompromise");
    // It is no one-off: again, and after the next start.
    gateway.start_with_lists(&morning);
    assert_eq!(try_again(&gateway, &card).await, REVOKED);
    // A municipality has what it found itself and nothing else.
    assert_eq!(try_in(&gateway, HINATA, &card).await, Ok(()));
}

/// Silence about a certificate that was revoked is not "cannot check".
#[tokio::test]
async fn missing_evidence_undoes_nothing() {
    let gateway = TestGateway::new().await;
    let (card, bystander) = (gateway.card(), gateway.card());
    gateway.revoke(&card, RevocationReason::Superseded);
    gateway.publish_lists();
    assert_eq!(try_again(&gateway, &card).await, REVOKED);
    gateway.start_with_faulty_lists(CrlFault::Missing);
    assert_eq!(try_again(&gateway, &card).await, REVOKED);
    assert_eq!(try_again(&gateway, &bystander).await, CANNOT_CHECK);
}

#[tokio::test]
async fn what_ocsp_alone_said_is_kept() {
    let gateway = TestGateway::with_sources(Sources::Both).await;
    let (card, bystander) = (gateway.card(), gateway.card());
    gateway.revoke(&card, RevocationReason::KeyCompromise);
    assert_eq!(try_again(&gateway, &card).await, REVOKED);
    gateway.ocsp.silent();
    assert_eq!(try_again(&gateway, &card).await, REVOKED);
    assert_eq!(try_again(&gateway, &bystander).await, Ok(()));
    assert_eq!(gateway.alarms(Alarm::SourcesDisagree), 0, "a list of this morning contradicts nobody");
}

/// Everybody says good of what was revoked: somebody is wrong, and it is not the resident's to profit from.
#[tokio::test]
async fn all_good_against_what_was_kept_is_an_alarm() {
    for sources in [Sources::Both, Sources::CrlOnly, Sources::OcspOnly] {
        let gateway = TestGateway::with_sources(sources).await;
        let card = gateway.card();
        let before = gateway.lists();
        gateway.revoke(&card, RevocationReason::KeyCompromise);
        gateway.publish_lists();
        assert_eq!(try_again(&gateway, &card).await, REVOKED);
        assert_eq!(gateway.alarms(Alarm::SourcesDisagree), 0);
        gateway.wait(60);
        gateway.ocsp.says(OcspClaim::Good);
        gateway.start_with_lists(&before);
        assert_eq!(try_again(&gateway, &card).await, REVOKED, "{sources:?}");
        assert_eq!(gateway.alarms(Alarm::SourcesDisagree), 1, "{sources:?}");
        assert_eq!(kinds(&gateway).await.last(), Some(&AuditKind::SourcesDisagree));
        assert_eq!(last_evidence(&gateway).await["shortfalls"], serde_json::json!(["sources_disagree"]));
    }
}

#[tokio::test]
async fn a_hold_ends_with_a_later_list_and_not_with_an_earlier_one() {
    let gateway = TestGateway::new().await;
    let card = gateway.card();
    let before = gateway.lists();
    gateway.wait(60);
    gateway.revoke(&card, RevocationReason::CertificateHold);
    gateway.publish_lists();
    assert_eq!(try_again(&gateway, &card).await, ON_HOLD);
    gateway.start_with_lists(&before);
    assert_eq!(try_again(&gateway, &card).await, ON_HOLD);
    gateway.start_with_faulty_lists(CrlFault::Missing);
    assert_eq!(try_again(&gateway, &card).await, ON_HOLD);
    assert_eq!(gateway.alarms(Alarm::SourcesDisagree), 0, "a hold is not over, that is all");
    gateway.wait(60);
    gateway.reinstate(&card);
    gateway.start_with_lists(&gateway.lists());
    assert_eq!(try_again(&gateway, &card).await, Ok(()));
    assert_eq!(kinds(&gateway).await, [AuditKind::RevocationKept, AuditKind::HoldEnded]);
    // Over is over: the earlier list does not bring it back.
    gateway.start_with_lists(&before);
    assert_eq!(try_again(&gateway, &card).await, Ok(()));
}

/// Every configured source has to say so, each by later evidence.
#[tokio::test]
async fn a_hold_does_not_end_by_one_source_of_two() {
    let gateway = TestGateway::with_sources(Sources::Both).await;
    let card = gateway.card();
    gateway.wait(60);
    gateway.revoke(&card, RevocationReason::CertificateHold);
    // By OCSP alone: the list is of before.
    assert_eq!(try_again(&gateway, &card).await, ON_HOLD);
    gateway.wait(60);
    gateway.reinstate(&card);
    assert_eq!(try_again(&gateway, &card).await, ON_HOLD, "the list is older than the hold");
    gateway.publish_lists();
    gateway.ocsp.silent();
    assert_eq!(try_again(&gateway, &card).await, ON_HOLD, "OCSP is silent");
    gateway.ocsp.right();
    assert_eq!(try_again(&gateway, &card).await, Ok(()));
    assert_eq!(kinds(&gateway).await, [AuditKind::RevocationKept, AuditKind::HoldEnded]);
    gateway.ocsp.silent();
    assert_eq!(try_again(&gateway, &card).await, Ok(()), "it is over");
}

/// What is final takes the hold's place, and no later "good" ends it.
#[tokio::test]
async fn a_hold_that_became_final_is_final() {
    let gateway = TestGateway::new().await;
    let card = gateway.card();
    gateway.revoke(&card, RevocationReason::CertificateHold);
    gateway.publish_lists();
    assert_eq!(try_again(&gateway, &card).await, ON_HOLD);
    gateway.wait(60);
    gateway.revoke(&card, RevocationReason::CessationOfOperation);
    gateway.publish_lists();
    assert_eq!(try_again(&gateway, &card).await, REVOKED);
    assert_eq!(kinds(&gateway).await, [AuditKind::RevocationKept; 2]);
    gateway.wait(60);
    gateway.start_with_faulty_lists(CrlFault::Missing);
    assert_eq!(try_again(&gateway, &card).await, REVOKED);
}

/// A session's certificate was found revoked by another sign-in, through a source that sessions do not ask.
#[tokio::test]
async fn what_a_sign_in_found_ends_the_sessions_of_the_card() {
    let gateway = TestGateway::with_sources(Sources::Both).await;
    let mut visit = Visit::new(&gateway).await;
    let tokens = visit.tokens().await;
    let token = tokens["access_token"].as_str().expect("text");
    let mut other = Visit::new(&gateway).await;
    let others = other.tokens().await;
    assert_eq!(visit.service.userinfo(&gateway, token).await.status, 200);
    gateway.revoke(&visit.card, RevocationReason::KeyCompromise);
    assert_eq!(visit.service.userinfo(&gateway, token).await.status, 200, "no list has it");
    assert_eq!(try_again(&gateway, &visit.card).await, REVOKED);
    assert_eq!(visit.service.userinfo(&gateway, token).await.status, 401);
    assert_eq!(kinds(&gateway).await.last(), Some(&AuditKind::SessionRevoked));
    let others_token = others["access_token"].as_str().expect("text");
    assert_eq!(other.service.userinfo(&gateway, others_token).await.status, 200);
}

/// And the other way round: what ended a session keeps its card out.
#[tokio::test]
async fn what_a_session_found_keeps_the_card_out() {
    let gateway = TestGateway::new().await;
    let before = gateway.lists();
    let mut visit = Visit::new(&gateway).await;
    let tokens = visit.tokens().await;
    let token = tokens["access_token"].as_str().expect("text");
    gateway.wait(1);
    gateway.revoke(&visit.card, RevocationReason::KeyCompromise);
    gateway.publish_lists();
    assert_eq!(visit.service.userinfo(&gateway, token).await.status, 401);
    gateway.start_with_lists(&before);
    assert_eq!(try_again(&gateway, &visit.card).await, REVOKED);
}

/// Between judgement and write nothing is locked. A sign-in that was judged good, and whose card another one finds revoked before its
/// proof is written, is judged again, by what is kept: also when its own sources say good still.
#[tokio::test]
async fn a_proof_against_what_was_kept_meanwhile_is_judged_again() {
    for (reason, code) in [
        (RevocationReason::KeyCompromise, ErrorCode::CertificateRevoked),
        (RevocationReason::CertificateHold, ErrorCode::CertificateOnHold),
    ] {
        let gateway = TestGateway::new().await;
        let card = gateway.card();
        let morning = gateway.lists();
        let (judged, mut other) = (Visit::claimed(&gateway).await, Visit::claimed(&gateway).await);
        gateway.gate.hold_proofs();
        let ((), outcome) = tokio::join!(
            async {
                gateway.gate.proof_came().await;
                gateway.gate.write_proofs_at_once();
                gateway.wait(60);
                gateway.revoke(&card, reason);
                gateway.publish_lists();
                other.finish_with(&card).await.is_refusal(403, code);
                other.status().await;
                // The list by which it was judged good is back.
                gateway.start_with_lists(&morning);
                gateway.gate.let_proof();
            },
            judged.finish_with(&card)
        );
        outcome.is_refusal(403, code);
        assert_eq!(judged.state().await, SignInState::Cancelled(code));
        judged.nobody_is_signed_in().await;
        let refused_on = judged.record().await.and_then(|record| record.refused_on).expect("evidence");
        let evidence: Value = serde_json::from_str(&refused_on).expect("JSON");
        let rule = if code == ErrorCode::CertificateRevoked { "kept_revoked" } else { "kept_on_hold" };
        assert_eq!(
            (&evidence["rule"], &evidence["crl"]["says"]),
            (&rule.into(), &"good".into()),
            "{evidence}"
        );
    }
}

/// What is kept against another card is no reason to judge again.
#[tokio::test]
async fn a_proof_is_written_whatever_is_kept_against_others() {
    let gateway = TestGateway::new().await;
    let (card, revoked) = (gateway.card(), gateway.card());
    let (judged, other) = (Visit::claimed(&gateway).await, Visit::claimed(&gateway).await);
    gateway.gate.hold_proofs();
    let ((), outcome) = tokio::join!(
        async {
            gateway.gate.proof_came().await;
            gateway.revoke(&revoked, RevocationReason::KeyCompromise);
            gateway.publish_lists();
            other.finish_with(&revoked).await.is_refusal(403, ErrorCode::CertificateRevoked);
            // A second judgement would wait here for ever.
            gateway.gate.let_proof();
        },
        judged.finish_with(&card)
    );
    assert_eq!(outcome.status, 200);
    assert_eq!(judged.state().await, SignInState::Proven);
}
