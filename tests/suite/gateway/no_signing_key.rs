//! A service whose ID tokens nobody can sign: it is told before a resident looks for their card.

use madoguchi_gateway::SHORTEST_OVERLAP_SECONDS;
use madoguchi_oidc::jose::JwsAlg;
use madoguchi_storage::{KeyChange, SigningKeys as _};
use madoguchi_tests::gateway::{Answer, KeyedService, MIDORI, TestBrowser, TestGateway, Visit};
use madoguchi_tests::log::Log;

async fn service(gateway: &TestGateway) -> KeyedService {
    KeyedService::register_as(gateway, MIDORI, "rs", |client| client.id_token_alg = JwsAlg::Rs256).await
}

async fn ask(gateway: &TestGateway, keyed: &KeyedService) -> Answer {
    TestBrowser::new().get(gateway, &keyed.service.authorize_url(), &[]).await
}

#[tokio::test]
async fn the_service_is_told_before_the_card_is_asked_for() {
    let log = Log::of_this_process(tracing::Level::ERROR);
    let gateway = TestGateway::new().await;
    let keyed = service(&gateway).await;
    for _ in 0..2 {
        let answer = ask(&gateway, &keyed).await;
        assert_eq!(answer.status, 303);
        assert!(answer.location().starts_with(&keyed.service.redirect_uri));
        assert_eq!(answer.location_parameter("error").as_deref(), Some("server_error"));
        assert_eq!(answer.location_parameter("error_description").as_deref(), Some("no_signing_key"));
        assert_eq!(answer.location_parameter("state").as_ref(), Some(&keyed.service.state));
    }
    let lines = log.lines_with("no_signing_key");
    assert_eq!(lines.len(), 1, "{lines:?}");
    assert!(
        lines[0].contains("client_id=\"rs\"")
            && lines[0].contains("keys new --municipality midori --alg RS256")
    );
    // Another service's is there.
    assert_eq!(Visit::new(&gateway).await.start.status, 200);
    // Nobody tells the gateway of a key: it looks.
    gateway.make_key(MIDORI, JwsAlg::Rs256).await;
    assert_eq!(ask(&gateway, &keyed).await.status, 200);
}

/// In the middle of a sign-in: the token endpoint says what it is, and the code is still good when there is a key again.
#[tokio::test]
async fn the_token_endpoint_says_so() {
    let gateway = TestGateway::new().await;
    let kid = gateway.make_key(MIDORI, JwsAlg::Rs256).await;
    let keyed = service(&gateway).await;
    let (_, code) = Visit::code_at(&gateway, keyed.service.clone(), &keyed.service.authorize_url()).await;
    let retired = gateway.store.retire_signing_key(MIDORI.id, &kid, SHORTEST_OVERLAP_SECONDS, "a test").await;
    assert_eq!(retired.expect("an outcome"), KeyChange::Done);
    gateway.gateway.refresh().await;
    let refused = keyed.redeem(&gateway, &code).await;
    refused.is_oauth_error(500, "server_error");
    assert_eq!(refused.json()["error_description"], "no_signing_key");
    gateway.make_key(MIDORI, JwsAlg::Rs256).await;
    gateway.gateway.refresh().await;
    assert_eq!(keyed.redeem(&gateway, &code).await.status, 200);
}
