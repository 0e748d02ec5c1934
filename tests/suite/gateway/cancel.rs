//! The agent stops early and says why.

use madoguchi_protocol::{ErrorCode, PATH_CANCEL};
use madoguchi_storage::SignInState;
use madoguchi_tests::gateway::{HINATA, MIDORI, TestAgent, TestGateway, Visit};
use serde_json::json;

/// What only an agent can know.
const REASONS: [ErrorCode; 24] = [
    ErrorCode::AgentTooOld,
    ErrorCode::AutomationEnded,
    ErrorCode::CardBusy,
    ErrorCode::CardError,
    ErrorCode::CardRemoved,
    ErrorCode::CertificateExpired,
    ErrorCode::CertificateMissing,
    ErrorCode::CertificateNotYetValid,
    ErrorCode::CertificateUnusable,
    ErrorCode::Declined,
    ErrorCode::GatewayUnreachable,
    ErrorCode::Internal,
    ErrorCode::NoCard,
    ErrorCode::NoReader,
    ErrorCode::NotMyNumberCard,
    ErrorCode::PinBlocked,
    ErrorCode::PinLastTry,
    ErrorCode::PinWrong,
    ErrorCode::ReaderServiceUnavailable,
    ErrorCode::RequestInvalid,
    ErrorCode::SeveralCards,
    ErrorCode::SignInExpired,
    ErrorCode::TestCardOnly,
    ErrorCode::TooLittleTime,
];

#[tokio::test]
async fn every_reason_of_an_agent_reaches_the_resident() {
    let gateway = TestGateway::new().await;
    for reason in REASONS {
        let mut visit = Visit::claimed(&gateway).await;
        let answer = visit.agent.cancel(&gateway, visit.id(), reason).await;
        assert_eq!((answer.status.as_u16(), answer.json()), (200, json!({})), "{reason}");
        assert_eq!(answer.header("cache-control"), "no-store");
        assert_eq!(visit.state().await, SignInState::Cancelled(reason));
        visit.stopped().await.is_error_page(200, reason);
        assert_eq!(visit.status().await, json!({ "state": "over" }), "never why");
    }
    assert_eq!(gateway.audit(MIDORI).await, []);
    assert_eq!(gateway.accounts(MIDORI).await, 0);
}

/// An agent has no say about what the gateway decides.
#[tokio::test]
async fn no_other_reason_is_an_agents() {
    let gateway = TestGateway::new().await;
    let mut visit = Visit::claimed(&gateway).await;
    let before = gateway.stored();
    for reason in ErrorCode::ALL.iter().filter(|reason| !REASONS.contains(reason)) {
        let answer = visit.agent.cancel(&gateway, visit.id(), *reason).await;
        answer.is_refusal(400, ErrorCode::RequestInvalid);
    }
    for reason in ["", "because", "PIN_WRONG", "pin_wrong "] {
        let mut cancel = visit.agent.cancel_of(visit.id(), ErrorCode::PinWrong);
        cancel["reason"] = json!(reason);
        let answer = visit.agent.post(&gateway, PATH_CANCEL, &cancel).await;
        answer.is_refusal(400, ErrorCode::RequestInvalid);
    }
    let mut cancel = visit.agent.cancel_of(visit.id(), ErrorCode::PinWrong);
    cancel["tries_left"] = json!(2);
    let answer = visit.agent.post(&gateway, PATH_CANCEL, &cancel).await;
    answer.is_refusal(400, ErrorCode::RequestInvalid);
    assert_eq!(gateway.stored(), before);
    visit.finish().await;
}

#[tokio::test]
async fn the_first_reason_stands() {
    let gateway = TestGateway::new().await;
    let visit = Visit::claimed(&gateway).await;
    visit.agent.cancel(&gateway, visit.id(), ErrorCode::PinWrong).await;
    let before = gateway.stored();
    assert_eq!(visit.agent.cancel(&gateway, visit.id(), ErrorCode::PinWrong).await.json(), json!({}));
    let other = visit.agent.cancel(&gateway, visit.id(), ErrorCode::Declined).await;
    other.is_refusal(403, ErrorCode::PinWrong);
    assert_eq!(gateway.stored(), before);
}

#[tokio::test]
async fn a_proof_cannot_be_taken_back() {
    let gateway = TestGateway::new().await;
    let mut visit = Visit::proven(&gateway).await;
    let before = gateway.stored();
    let answer = visit.agent.cancel(&gateway, visit.id(), ErrorCode::Declined).await;
    answer.is_refusal(410, ErrorCode::SignInOver);
    assert_eq!(gateway.stored(), before);
    visit.come_back().await;
}

#[tokio::test]
async fn a_cancel_needs_the_claims_secret_and_municipality_and_time() {
    let gateway = TestGateway::new().await;
    let mut visit = Visit::claimed(&gateway).await;
    let before = gateway.stored();
    let other = TestAgent::new(MIDORI);
    other.cancel(&gateway, visit.id(), ErrorCode::NoCard).await.is_refusal(404, ErrorCode::SignInUnknown);
    visit.agent.town = HINATA;
    visit
        .agent
        .cancel(&gateway, visit.id(), ErrorCode::NoCard)
        .await
        .is_refusal(404, ErrorCode::SignInUnknown);
    visit.agent.town = MIDORI;
    let headers = [("content-type", "application/json"), ("sec-fetch-mode", "cors")];
    let cancel = visit.agent.cancel_of(visit.id(), ErrorCode::NoCard).to_string();
    let answer = visit.agent.post_with(&gateway, PATH_CANCEL, &headers, cancel).await;
    answer.is_refusal(400, ErrorCode::RequestInvalid);
    assert_eq!(gateway.stored(), before);
    gateway.wait(600);
    let late = visit.agent.cancel(&gateway, visit.id(), ErrorCode::NoCard).await;
    late.is_refusal(410, ErrorCode::SignInExpired);
    assert_eq!(gateway.stored(), before);
}
