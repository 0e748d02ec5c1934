//! A sign-in whose certificate OCSP is asked about: what each answer comes to, and that nothing waits with it.

use std::collections::BTreeMap;

use madoguchi_cert_verify::Sources;
use madoguchi_protocol::ErrorCode;
use madoguchi_revocation::Alarm;
use madoguchi_storage::{Audit as _, AuditKind, SignInState};
use madoguchi_test_pki::{CrlFault, OcspClaim, OcspFault, RevocationReason};
use madoguchi_tests::gateway::{
    KeyedService, MIDORI, SignedIn, TestGateway, TestService, Visit, asks_for_the_card,
};

/// A claimed sign-in is finished; its error, or nothing.
async fn finished(visit: &Visit<'_>) -> Option<ErrorCode> {
    let answer = visit.finish_with(&visit.card).await;
    if answer.status == 200 {
        return None;
    }
    Some(answer.json()["error"].as_str().expect("an error").parse().expect("a code"))
}

fn wanting(gateway: &TestGateway) -> BTreeMap<&'static str, u64> {
    gateway.gateway.shortfalls().filter(|(_, count)| *count > 0).collect()
}

/// The refusal of a sign-in with its evidence: what it is told as, and by which rule.
async fn refused_on(visit: &Visit<'_>) -> serde_json::Value {
    let refused_on = visit.record().await.and_then(|record| record.refused_on).expect("evidence");
    serde_json::from_str(&refused_on).expect("JSON")
}

#[tokio::test]
async fn ocsp_that_gives_nothing_leaves_it_to_the_lists() {
    for (fault, shortfall) in [
        (None, "ocsp_unavailable"),
        (Some(OcspFault::TryLater), "ocsp_unavailable"),
        (Some(OcspFault::Stale), "ocsp_stale"),
        (Some(OcspFault::Future), "ocsp_stale"),
        (Some(OcspFault::OtherCertificate), "ocsp_unusable"),
        (Some(OcspFault::OtherResponder), "ocsp_unusable"),
        (Some(OcspFault::TamperedSignature), "ocsp_unusable"),
        (Some(OcspFault::TrailingOctet), "ocsp_unusable"),
    ] {
        let gateway = TestGateway::with_sources(Sources::Both).await;
        match fault {
            None => gateway.ocsp.silent(),
            Some(fault) => gateway.ocsp.faulty(fault),
        }
        let mut visit = Visit::claimed(&gateway).await;
        assert_eq!(finished(&visit).await, None, "{fault:?}");
        visit.come_back().await;
        let records = gateway.store.audit_records(MIDORI.id, 0, 10).await.expect("records");
        let evidence = records[0].evidence.as_deref().expect("evidence");
        let evidence: serde_json::Value = serde_json::from_str(evidence).expect("JSON");
        assert_eq!((&evidence["rule"], &evidence["source"]), (&"crl_good".into(), &"crl".into()));
        assert_eq!(evidence["shortfalls"], serde_json::json!([shortfall]), "{fault:?}");
        assert_eq!(wanting(&gateway), BTreeMap::from([(shortfall, 1)]), "{fault:?}");
        // Nothing of the two says anything: refused, by its own name.
        gateway.start_with_faulty_lists(CrlFault::Missing);
        let visit = Visit::claimed(&gateway).await;
        assert_eq!(finished(&visit).await, Some(ErrorCode::CannotCheck), "{fault:?}");
        let evidence = refused_on(&visit).await;
        assert_eq!(evidence["rule"], "no_source");
        assert_eq!(evidence["shortfalls"], serde_json::json!([shortfall, "crl_missing_partition"]));
        assert_eq!(wanting(&gateway), BTreeMap::from([(shortfall, 2), ("crl_missing_partition", 1)]));
    }
}

#[tokio::test]
async fn each_answer_has_its_code_and_its_evidence() {
    for (status, code, rule) in [
        (OcspClaim::Good, None, "ocsp_and_crl_good"),
        (OcspClaim::Hold, Some(ErrorCode::CertificateOnHold), "ocsp_revoked"),
        (OcspClaim::Revoked, Some(ErrorCode::CertificateRevoked), "ocsp_revoked"),
        (OcspClaim::Unknown, Some(ErrorCode::OcspUnknown), "ocsp_unknown"),
    ] {
        let gateway = TestGateway::with_sources(Sources::Both).await;
        gateway.ocsp.says(status);
        let mut visit = Visit::claimed(&gateway).await;
        assert_eq!(finished(&visit).await, code);
        let Some(code) = code else {
            visit.come_back().await;
            continue;
        };
        let evidence = refused_on(&visit).await;
        assert_eq!(evidence["rule"], rule);
        assert_eq!(evidence["ocsp"]["produced_at"], gateway.now(), "{evidence}");
        assert_eq!(evidence["crl"]["says"], "good");
        // The page says what happened and what to do, under the same code; and the service is told.
        let stopped = visit.stopped().await;
        stopped.is_error_page(200, code);
        let back = stopped.back().expect("a way back");
        assert!(back.contains(&format!("error=access_denied&error_description={code}&")), "{back}");
        // "Unknown" is about the responder and never kept against the card.
        gateway.ocsp.right();
        let mut again = Visit::claimed(&gateway).await;
        again.card = visit.card;
        let expected = (code != ErrorCode::OcspUnknown).then_some(code);
        assert_eq!(finished(&again).await, expected, "{status:?}");
    }
}

#[tokio::test]
async fn good_against_a_list_that_says_revoked_is_revoked_and_an_alarm() {
    let gateway = TestGateway::with_sources(Sources::Both).await;
    let visit = Visit::claimed(&gateway).await;
    gateway.revoke(&visit.card, RevocationReason::KeyCompromise);
    gateway.publish_lists();
    gateway.ocsp.says(OcspClaim::Good);
    assert_eq!(finished(&visit).await, Some(ErrorCode::CertificateRevoked));
    assert_eq!(gateway.alarms(Alarm::SourcesDisagree), 1);
    assert_eq!(wanting(&gateway), BTreeMap::from([("sources_disagree", 1)]));
    let code = Some(ErrorCode::CertificateRevoked);
    let expected = [(AuditKind::RevocationKept, code), (AuditKind::SourcesDisagree, code)];
    assert_eq!(gateway.audit(MIDORI).await, expected);
    // The same finish again is no second alarm.
    assert_eq!(finished(&visit).await, code);
    assert_eq!(gateway.alarms(Alarm::SourcesDisagree), 1);
}

/// While one resident's answer is waited for, everybody else goes on.
#[tokio::test]
async fn nothing_is_locked_while_ocsp_is_waited_for() {
    let gateway = TestGateway::with_sources(Sources::Both).await;
    gateway.ocsp.hold_answers();
    let (slow, mut other) = (Visit::claimed(&gateway).await, Visit::claimed(&gateway).await);
    let ((), waited) = tokio::join!(
        async {
            gateway.ocsp.was_asked().await;
            // Pages, claims and cancels of others do not wait; nor does the sign-in's own browser.
            other.status().await;
            Visit::claimed(&gateway).await;
            assert_eq!(slow.state().await, SignInState::Claimed);
            gateway.ocsp.let_answer();
        },
        finished(&slow)
    );
    assert_eq!(waited, None);
    assert_eq!(slow.state().await, SignInState::Proven);
}

/// Where the sign-in stands is asked again when the outcome is written.
#[tokio::test]
async fn a_sign_in_that_ends_while_ocsp_is_waited_for_stays_ended() {
    let gateway = TestGateway::with_sources(Sources::Both).await;
    gateway.ocsp.hold_answers();
    let visit = Visit::claimed(&gateway).await;
    let (cancelled, outcome) = tokio::join!(
        async {
            gateway.ocsp.was_asked().await;
            let cancelled = visit.agent.cancel(&gateway, visit.id(), ErrorCode::CardRemoved).await;
            gateway.ocsp.let_answer();
            cancelled
        },
        finished(&visit)
    );
    assert_eq!(cancelled.status, 200);
    assert_eq!(outcome, Some(ErrorCode::CardRemoved));
    assert_eq!(visit.state().await, SignInState::Cancelled(ErrorCode::CardRemoved));
    visit.nobody_is_signed_in().await;
}

/// What is kept while OCSP is waited for counts: two sign-ins of one card, and the first to be judged finds it revoked.
#[tokio::test]
async fn what_is_kept_while_ocsp_is_waited_for_counts() {
    let gateway = TestGateway::with_sources(Sources::Both).await;
    let (waiting, mut other) = (Visit::claimed(&gateway).await, Visit::claimed(&gateway).await);
    let card = gateway.card();
    gateway.ocsp.hold_answers();
    let ((), outcome) = tokio::join!(
        async {
            gateway.ocsp.was_asked().await;
            gateway.ocsp.says(OcspClaim::Revoked);
            gateway.ocsp.answer_at_once();
            let answer = other.finish_with(&card).await;
            answer.is_refusal(403, ErrorCode::CertificateRevoked);
            other.status().await;
            // The one that waits is told otherwise.
            gateway.ocsp.says(OcspClaim::Good);
            gateway.ocsp.let_answer();
        },
        async { waiting.finish_with(&card).await }
    );
    outcome.is_refusal(403, ErrorCode::CertificateRevoked);
}

/// Where no list covers a certificate, nobody goes on by what OCSP said hours ago: it is asked again, and while it is silent
/// the card is asked for.
#[tokio::test]
async fn a_session_without_lists_asks_again() {
    let gateway = TestGateway::with_sources(Sources::OcspOnly).await;
    let mut resident = SignedIn::new(&gateway, TestService::kosodate(&gateway, MIDORI)).await;
    let service = TestService::kosodate(&gateway, MIDORI);
    let token = resident.tokens["access_token"].as_str().expect("text").to_owned();
    let none = [("prompt", Some("none"))];
    resident.goes_on(&service).await;
    gateway.ocsp.silent();
    let refused = resident.asks(&service, &none).await;
    assert_eq!(refused.location_parameter("error").as_deref(), Some("login_required"));
    assert!(asks_for_the_card(&resident.asks(&service, &[]).await));
    assert_eq!(service.userinfo(&gateway, &token).await.status, 200, "silence ends nothing");
    let sessions = resident.browser.open(&gateway, &MIDORI.url("/sessions")).await;
    sessions.sealed("/sessions/end");
    gateway.ocsp.says(OcspClaim::Unknown);
    assert!(asks_for_the_card(&resident.asks(&service, &[]).await));
    gateway.ocsp.right();
    let offer = resident.offered(&service).await;
    gateway.ocsp.says(OcspClaim::Revoked);
    assert!(asks_for_the_card(&resident.press(&offer, "continue").await), "between page and button");
    let ended = (AuditKind::SessionRevoked, Some(ErrorCode::CertificateRevoked));
    assert!(gateway.audit(MIDORI).await.contains(&ended));
    assert_eq!(service.userinfo(&gateway, &token).await.status, 401);
    // It is kept, whatever OCSP says next.
    gateway.ocsp.right();
    let visit = Visit { card: resident.card, ..Visit::claimed(&gateway).await };
    assert_eq!(finished(&visit).await, Some(ErrorCode::CertificateRevoked));
}

/// A code and a refresh token too: a word against the certificate ends them, silence does not.
#[tokio::test]
async fn tokens_without_lists_ask_again() {
    let gateway = TestGateway::with_sources(Sources::OcspOnly).await;
    let keyed = KeyedService::register_as(&gateway, MIDORI, "kin", |client| client.refresh = true).await;
    let parameters = keyed.service.parameters_but(&[("scope", Some("openid offline_access"))]);
    let url = keyed.service.authorize_url_of(&parameters);
    let redeem =
        async |code: &str| keyed.post(&gateway, "/token", &keyed.service.token_form(code), &[]).await;
    let (_, code) = Visit::code_at(&gateway, keyed.service.clone(), &url).await;
    gateway.ocsp.silent();
    let tokens = redeem(&code).await.json();
    let fields = [
        ("grant_type", "refresh_token".to_owned()),
        ("refresh_token", tokens["refresh_token"].as_str().expect("text").to_owned()),
    ];
    assert_eq!(keyed.post(&gateway, "/token", &fields, &[]).await.status, 200);
    gateway.ocsp.right();
    let (_, other) = Visit::code_at(&gateway, keyed.service.clone(), &url).await;
    gateway.ocsp.says(OcspClaim::Revoked);
    keyed.post(&gateway, "/token", &fields, &[]).await.is_oauth_error(400, "invalid_grant");
    redeem(&other).await.is_oauth_error(400, "invalid_grant");
}

/// Where a fresh list covers the certificate, it speaks for a session alone, and nobody waits for OCSP.
#[tokio::test]
async fn a_session_with_lists_does_not_wait_for_ocsp() {
    let gateway = TestGateway::with_sources(Sources::Both).await;
    let mut resident = SignedIn::new(&gateway, TestService::kosodate(&gateway, MIDORI)).await;
    let service = TestService::kosodate(&gateway, MIDORI);
    gateway.ocsp.silent();
    resident.goes_on(&service).await;
    // Without the list there is OCSP, and without that the card.
    gateway.start_with_faulty_lists(CrlFault::Missing);
    assert!(asks_for_the_card(&resident.asks(&service, &[]).await));
    gateway.ocsp.right();
    resident.goes_on(&service).await;
}
