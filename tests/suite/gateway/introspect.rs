//! Introspection (RFC 7662) and revocation (RFC 7009): a client's own tokens, and nobody else's.

use serde_json::{Value, json};

use madoguchi_oidc::{AccessToken, Profile};
use madoguchi_storage::Sessions as _;
use madoguchi_test_pki::RevocationReason;
use madoguchi_tests::gateway::{
    Answer, HINATA, KeyedService, MIDORI, TestGateway, TestService, Visit, form, post, random,
};

/// A signed-in service with refresh.
async fn signed_in<'g>(gateway: &'g TestGateway, id: &str) -> (KeyedService, Visit<'g>, Value) {
    let keyed = KeyedService::register_as(gateway, MIDORI, id, |client| client.refresh = true).await;
    let service = &keyed.service;
    let url = service.authorize_url_of(&service.parameters_but(&[("scope", Some("openid offline_access"))]));
    let (visit, code) = Visit::code_at(gateway, keyed.service.clone(), &url).await;
    let answer = keyed.post(gateway, "/token", &keyed.service.token_form(&code), &[]).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    (keyed, visit, answer.json())
}

async fn ask(gateway: &TestGateway, keyed: &KeyedService, path: &str, token: &str) -> Answer {
    keyed.post(gateway, path, &[("token", token.to_owned())], &[]).await
}

async fn introspect(gateway: &TestGateway, keyed: &KeyedService, token: &str) -> Value {
    let answer = ask(gateway, keyed, "/introspect", token).await;
    assert_eq!(
        (answer.status.as_u16(), answer.header("cache-control")),
        (200, "no-store"),
        "{}",
        answer.body
    );
    answer.json()
}

async fn revoke(gateway: &TestGateway, keyed: &KeyedService, token: &str) {
    let answer = ask(gateway, keyed, "/revoke", token).await;
    assert_eq!((answer.status.as_u16(), answer.body.as_str()), (200, ""));
}

fn text<'v>(tokens: &'v Value, name: &str) -> &'v str {
    tokens[name].as_str().expect("text")
}

#[tokio::test]
async fn a_client_hears_of_its_own_tokens() {
    let gateway = TestGateway::new().await;
    let (keyed, visit, tokens) = signed_in(&gateway, "kin").await;
    let claims = visit.claims(&tokens).await;
    let access = introspect(&gateway, &keyed, text(&tokens, "access_token")).await;
    let expected = json!({
        "active": true,
        "iss": MIDORI.issuer,
        "sub": claims["sub"],
        "client_id": "kin",
        "scope": "openid offline_access",
        "exp": gateway.now() + 300,
        "auth_time": claims["auth_time"],
        "token_type": "Bearer",
    });
    assert_eq!(access, expected);
    let refresh = introspect(&gateway, &keyed, text(&tokens, "refresh_token")).await;
    assert_eq!((&refresh["active"], refresh.get("token_type")), (&json!(true), None));
    gateway.wait(300);
    assert_eq!(introspect(&gateway, &keyed, text(&tokens, "access_token")).await, json!({ "active": false }));
}

/// RFC 9449 section 6.2.
#[tokio::test]
async fn a_bound_token_tells_its_key() {
    let gateway = TestGateway::new().await;
    let keyed = KeyedService::register(&gateway, MIDORI, Profile::Fapi2).await;
    let url = keyed.pushed_url(&gateway).await;
    let (_, code) = Visit::code_at(&gateway, keyed.service.clone(), &url).await;
    let tokens = keyed.redeem(&gateway, &code).await.json();
    let told = introspect(&gateway, &keyed, text(&tokens, "access_token")).await;
    assert_eq!(told["token_type"], "DPoP");
    assert_eq!(told["cnf"], json!({ "jkt": keyed.dpop_key.thumbprint() }));
}

/// What is not a live token of this client in this municipality is not active, and the answers do not differ.
#[tokio::test]
async fn of_all_other_tokens_it_hears_nothing() {
    let gateway = TestGateway::new().await;
    let (keyed, _, tokens) = signed_in(&gateway, "kin").await;
    let (other, _, theirs) = signed_in(&gateway, "gin").await;
    let twin = KeyedService::register_as(&gateway, HINATA, "kin", |client| client.refresh = true).await;
    let unknown = AccessToken::generate(random()).expect("randomness").encode().to_string();
    let inactive = json!({ "active": false });
    for token in [text(&theirs, "access_token"), text(&theirs, "refresh_token"), &unknown, "x"] {
        assert_eq!(introspect(&gateway, &keyed, token).await, inactive);
    }
    for name in ["access_token", "refresh_token"] {
        assert_eq!(introspect(&gateway, &other, text(&tokens, name)).await, inactive);
        assert_eq!(introspect(&gateway, &twin, text(&tokens, name)).await, inactive);
        // C13: truncated ones neither.
        let (short, _) = text(&tokens, name).split_at(42);
        assert_eq!(introspect(&gateway, &keyed, short).await, inactive);
    }
}

/// C14: it is a use like any other.
#[tokio::test]
async fn c14_a_revoked_certificate_makes_tokens_inactive() {
    let gateway = TestGateway::new().await;
    let (keyed, visit, tokens) = signed_in(&gateway, "kin").await;
    gateway.revoke(&visit.card, RevocationReason::KeyCompromise);
    gateway.wait(1);
    gateway.publish_lists();
    let told = introspect(&gateway, &keyed, text(&tokens, "access_token")).await;
    assert_eq!(told, json!({ "active": false }));
}

/// Section 2.1 of RFC 7662: nobody may try tokens out.
#[tokio::test]
async fn whoever_asks_proves_who_it_is() {
    let gateway = TestGateway::new().await;
    let (_, _, tokens) = signed_in(&gateway, "kin").await;
    let token = text(&tokens, "access_token").to_owned();
    let public = TestService::tosho(MIDORI);
    for fields in [
        vec![("token", token.clone())],
        vec![("token", token.clone()), ("client_id", "kin".to_owned())],
        vec![("token", token.clone()), ("client_id", public.client_id.clone())],
    ] {
        let answer = post(&gateway, MIDORI, "/introspect", &fields, &[]).await;
        answer.is_oauth_error(401, "invalid_client");
    }
    let answer = post(&gateway, MIDORI, "/revoke", &[("token", token)], &[]).await;
    answer.is_oauth_error(401, "invalid_client");
}

#[tokio::test]
async fn a_request_names_a_token() {
    let gateway = TestGateway::new().await;
    let (keyed, ..) = signed_in(&gateway, "kin").await;
    for path in ["/introspect", "/revoke"] {
        keyed.post(&gateway, path, &[], &[]).await.is_oauth_error(400, "invalid_request");
        let twice = [("token", "a".to_owned()), ("token", "b".to_owned())];
        keyed.post(&gateway, path, &twice, &[]).await.is_oauth_error(400, "invalid_request");
    }
}

#[tokio::test]
async fn an_access_token_is_given_back_alone() {
    let gateway = TestGateway::new().await;
    let (keyed, _, tokens) = signed_in(&gateway, "kin").await;
    let (access, refresh) = (text(&tokens, "access_token"), text(&tokens, "refresh_token"));
    revoke(&gateway, &keyed, access).await;
    assert_eq!(keyed.service.userinfo(&gateway, access).await.status, 401);
    assert_eq!(introspect(&gateway, &keyed, refresh).await["active"], json!(true));
    // Again, and what never was one: 200 all the same.
    revoke(&gateway, &keyed, access).await;
    revoke(&gateway, &keyed, "no token").await;
}

#[tokio::test]
async fn a_refresh_token_takes_all_with_it() {
    let gateway = TestGateway::new().await;
    let (keyed, _, tokens) = signed_in(&gateway, "kin").await;
    revoke(&gateway, &keyed, text(&tokens, "refresh_token")).await;
    for name in ["access_token", "refresh_token"] {
        assert_eq!(introspect(&gateway, &keyed, text(&tokens, name)).await, json!({ "active": false }));
    }
}

#[tokio::test]
async fn a_public_client_gives_its_tokens_back_too() {
    let gateway = TestGateway::new().await;
    let mut visit = Visit::of(&gateway, TestService::tosho(MIDORI)).await;
    let tokens = visit.tokens().await;
    let token = text(&tokens, "access_token");
    let fields = [("token", token.to_owned()), ("client_id", "tosho".to_owned())];
    assert_eq!(post(&gateway, MIDORI, "/revoke", &fields, &[]).await.status, 200);
    assert_eq!(visit.service.userinfo(&gateway, token).await.status, 401);
}

/// Nobody ends what is another's, in this municipality or in another.
#[tokio::test]
async fn another_clients_token_stays() {
    let gateway = TestGateway::new().await;
    let (keyed, _, tokens) = signed_in(&gateway, "kin").await;
    let (other, ..) = signed_in(&gateway, "gin").await;
    let twin = KeyedService::register_as(&gateway, HINATA, "kin", |client| client.refresh = true).await;
    for name in ["access_token", "refresh_token"] {
        revoke(&gateway, &other, text(&tokens, name)).await;
        revoke(&gateway, &twin, text(&tokens, name)).await;
        assert_eq!(introspect(&gateway, &keyed, text(&tokens, name)).await["active"], json!(true));
    }
}

/// A code whose session ended in between gives nothing: no ID token speaks of it.
#[tokio::test]
async fn a_code_of_an_ended_session_gives_nothing() {
    let gateway = TestGateway::new().await;
    let service = TestService::kosodate(&gateway, MIDORI);
    let (visit, code) = Visit::code_at(&gateway, service.clone(), &service.authorize_url()).await;
    let account = visit.record().await.and_then(|record| record.account).expect("an account");
    let sessions = gateway.store.sessions_of_account(MIDORI.id, account).await.expect("a look");
    assert!(gateway.store.end_session(MIDORI.id, sessions[0].session.id_hash).await.expect("an outcome"));
    let body = form(&service.token_form(&code));
    let answer = service.token(&gateway, service.authorization().as_deref(), &body).await;
    answer.is_oauth_error(400, "invalid_grant");
}
