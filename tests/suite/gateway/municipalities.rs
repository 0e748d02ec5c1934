//! Two municipalities share a process and nothing else. Tickets, sealed forms, codes and tokens are tested with their
//! endpoints; here is what browsers bring along.

use madoguchi_protocol::{ErrorCode, PATH_FINISH};
use madoguchi_storage::SignInState;
use madoguchi_tests::gateway::{HINATA, KAWA, MIDORI, TestGateway, TestService, Visit};

/// The same browser sends its cookies to both ports of one host.
#[tokio::test]
async fn a_sign_in_of_one_is_unknown_to_the_other() {
    let gateway = TestGateway::new().await;
    let mut visit = Visit::completed(&gateway).await;
    let before = gateway.stored();
    for page in ["return?v=x", "done", "stopped", "answer"] {
        let url = HINATA.url(&format!("/sign-in/{}/{page}", visit.id()));
        visit.browser.open(&gateway, &url).await.is_neutral();
    }
    let url = visit.return_url().replace(MIDORI.issuer, HINATA.issuer);
    visit.browser.open(&gateway, &url).await.is_neutral();
    assert_eq!(gateway.stored(), before);
    visit.code().await;
}

/// The statement names the origin: one town's proof is worth nothing in another.
#[tokio::test]
async fn a_signature_for_one_is_none_for_the_other() {
    let gateway = TestGateway::new().await;
    let mut visit = Visit::of(&gateway, TestService::kosodate(&gateway, HINATA)).await;
    visit.press().await;
    visit.claim().await;
    let mut statement = visit.agent.statement(visit.claimed_answer(), &visit.card);
    statement.origin = MIDORI.origin();
    let signature = visit.card.sign(&statement.build());
    let finish = visit.agent.finish_of(visit.id(), &visit.card.certificate, &signature);
    visit.agent.post(&gateway, PATH_FINISH, &finish).await.is_refusal(403, ErrorCode::SignatureInvalid);
    assert_eq!(visit.state().await, SignInState::Burned(ErrorCode::SignatureInvalid));
    assert_eq!(gateway.audit(HINATA).await.len(), 1);
    assert_eq!(gateway.audit(MIDORI).await, [], "each has a log of its own");
}

#[tokio::test]
async fn one_card_is_a_resident_of_each() {
    let gateway = TestGateway::new().await;
    for town in [MIDORI, HINATA, KAWA] {
        let mut visit = Visit::of(&gateway, TestService::kosodate(&gateway, town)).await;
        let tokens = visit.tokens().await;
        let claims = visit.claims(&tokens).await;
        assert_eq!(claims["iss"], town.issuer);
        assert_eq!(gateway.accounts(town).await, 1);
    }
}

/// An ID token holds only under its own municipality's keys.
#[tokio::test]
#[should_panic(expected = "the key is published")]
async fn an_id_token_of_one_is_none_of_the_other() {
    let gateway = TestGateway::new().await;
    let mut visit = Visit::new(&gateway).await;
    let tokens = visit.tokens().await;
    let elsewhere = TestService { town: HINATA, ..visit.service.clone() };
    elsewhere.claims(&gateway, tokens["id_token"].as_str().unwrap()).await;
}
