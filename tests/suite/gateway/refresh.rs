//! Refresh tokens: for who may and asks, as long as the session, and everything is asked again at each use.

use serde_json::{Value, json};

use madoguchi_oidc::{Client, ClientAuthentication, Profile};
use madoguchi_storage::{
    AuditKind, ClientChange, Clients as _, REFRESH_GRACE_SECONDS, SessionLimits, Sessions as _,
};
use madoguchi_test_pki::RevocationReason;
use madoguchi_tests::gateway::{
    Answer, HINATA, KeyedService, MIDORI, ServiceKey, SignedIn, TestGateway, TestService, Visit, form,
};

/// A service that may have refresh tokens.
async fn service(gateway: &TestGateway, id: &str, change: impl FnOnce(&mut Client)) -> KeyedService {
    KeyedService::register_as(gateway, MIDORI, id, |client| {
        client.refresh = true;
        change(client);
    })
    .await
}

fn public(client: &mut Client) {
    client.authentication = ClientAuthentication::None;
}

/// A sign-in that asks for `offline_access`, up to the code.
async fn code<'g>(gateway: &'g TestGateway, service: &TestService) -> (Visit<'g>, String) {
    let url = service.authorize_url_of(&service.parameters_but(&[("scope", Some("openid offline_access"))]));
    Visit::code_at(gateway, service.clone(), &url).await
}

async fn tokens<'g>(gateway: &'g TestGateway, keyed: &KeyedService) -> (Visit<'g>, Value) {
    let (visit, code) = code(gateway, &keyed.service).await;
    let answer = keyed.post(gateway, "/token", &keyed.service.token_form(&code), &[]).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    (visit, answer.json())
}

/// Of a public service.
async fn public_tokens<'g>(gateway: &'g TestGateway, service: &TestService) -> (Visit<'g>, Value) {
    let (visit, code) = code(gateway, service).await;
    let answer = service.redeem(gateway, &code).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    (visit, answer.json())
}

fn text<'v>(tokens: &'v Value, name: &str) -> &'v str {
    tokens[name].as_str().unwrap_or_else(|| panic!("{name}: {tokens}"))
}

fn refresh_form(token: &str) -> Vec<(&'static str, String)> {
    vec![("grant_type", "refresh_token".to_owned()), ("refresh_token", token.to_owned())]
}

async fn refresh(gateway: &TestGateway, keyed: &KeyedService, token: &str) -> Answer {
    keyed.post(gateway, "/token", &refresh_form(token), &[]).await
}

async fn public_refresh(gateway: &TestGateway, service: &TestService, token: &str) -> Answer {
    let mut fields = refresh_form(token);
    fields.push(("client_id", service.client_id.clone()));
    service.token(gateway, None, &form(&fields)).await
}

#[tokio::test]
async fn refresh_tokens_are_off_by_default() {
    let gateway = TestGateway::new().await;
    let keyed = KeyedService::register(&gateway, MIDORI, Profile::Standard).await;
    let (_, tokens) = tokens(&gateway, &keyed).await;
    assert_eq!(tokens.get("refresh_token"), None);
    assert_eq!(tokens["scope"], "openid");
    // And on they are for whoever asks.
    let may = service(&gateway, "may", |_| {}).await;
    let url = may.service.authorize_url();
    let (_, code) = Visit::code_at(&gateway, may.service.clone(), &url).await;
    let answer = may.post(&gateway, "/token", &may.service.token_form(&code), &[]).await.json();
    assert_eq!(answer.get("refresh_token"), None);
}

/// OpenID Connect Core section 11: where no page was shown nobody has allowed it.
#[tokio::test]
async fn nothing_offline_without_a_page() {
    let gateway = TestGateway::new().await;
    let keyed = service(&gateway, "may", |_| {}).await;
    let mut resident = SignedIn::new(&gateway, TestService::kosodate(&gateway, MIDORI)).await;
    let offline = ("scope", Some("openid offline_access"));
    let silent = resident.asks(&keyed.service, &[offline, ("prompt", Some("none"))]).await;
    let code = silent.location_parameter("code").expect("a code");
    let answer = keyed.post(&gateway, "/token", &keyed.service.token_form(&code), &[]).await.json();
    assert_eq!((answer.get("refresh_token"), answer["scope"].as_str()), (None, Some("openid")));
    let again = keyed.again();
    let offer = resident.asks(&again.service, &[offline]).await;
    let onward = resident.press(&offer, "continue").await.onward().expect("an address");
    let code = url::Url::parse(&onward).expect("an address");
    let code = code.query_pairs().find(|(name, _)| name == "code").expect("a code").1.into_owned();
    let answer = again.post(&gateway, "/token", &again.service.token_form(&code), &[]).await.json();
    assert!(answer.get("refresh_token").is_some(), "{answer}");
}

/// RFC 6749 section 6: no more than was granted; and what is less, is less everywhere.
#[tokio::test]
async fn a_refresh_may_ask_for_less() {
    let gateway = TestGateway::new().await;
    let keyed = service(&gateway, "kin", |_| {}).await;
    let (_, first) = tokens(&gateway, &keyed).await;
    let token = text(&first, "refresh_token");
    let ask = async |scope: Option<&str>| {
        let mut fields = refresh_form(token);
        fields.extend(scope.map(|scope| ("scope", scope.to_owned())));
        keyed.post(&gateway, "/token", &fields, &[]).await
    };
    for scope in ["openid email", "offline_access", "openid  offline_access"] {
        ask(Some(scope)).await.is_oauth_error(400, "invalid_scope");
    }
    let whole = "openid offline_access";
    for (asked, given) in [(Some("openid"), "openid"), (None, whole), (Some(whole), whole)] {
        let answer = ask(asked).await.json();
        assert_eq!(answer["scope"], given);
        let fields = [("token", text(&answer, "access_token").to_owned())];
        let told = keyed.post(&gateway, "/introspect", &fields, &[]).await.json();
        assert_eq!(told["scope"], given, "{told}");
        assert!(answer.get("id_token").is_some());
    }
}

/// OpenID Connect Core section 12.2: the same resident, card and session, without the nonce. No rotation for a client that
/// authenticates (FAPI 2.0).
#[tokio::test]
async fn refresh_token() {
    let gateway = TestGateway::new().await;
    let keyed = service(&gateway, "kin", |_| {}).await;
    let (visit, first) = tokens(&gateway, &keyed).await;
    assert_eq!(first["scope"], "openid offline_access");
    let before = visit.claims(&first).await;
    let token = text(&first, "refresh_token").to_owned();
    for _ in 0..3 {
        gateway.wait(REFRESH_GRACE_SECONDS + 1);
        let answer = refresh(&gateway, &keyed, &token).await;
        assert_eq!(
            (answer.status.as_u16(), answer.header("cache-control")),
            (200, "no-store"),
            "{}",
            answer.body
        );
        let again = answer.json();
        assert_eq!(again.get("refresh_token"), None, "it stays");
        let claims = visit.claims(&again).await;
        for name in [
            "iss",
            "sub",
            "aud",
            "auth_time",
            "acr",
            "amr",
            "sid",
            "revocation_source",
            "revocation_checked_at",
        ] {
            assert_eq!(claims[name], before[name], "{name}");
        }
        assert_eq!((claims["iat"].as_u64(), claims.get("nonce")), (Some(gateway.now()), None));
        let access = text(&again, "access_token");
        assert_eq!(keyed.service.userinfo(&gateway, access).await.json()["sub"], before["sub"]);
    }
}

#[tokio::test]
async fn a_public_client_gets_another_each_time_and_reuse_ends_all() {
    let gateway = TestGateway::new().await;
    let service = service(&gateway, "open", public).await.service;
    let (_, first) = public_tokens(&gateway, &service).await;
    let one = text(&first, "refresh_token").to_owned();
    let second = public_refresh(&gateway, &service, &one).await.json();
    let two = text(&second, "refresh_token").to_owned();
    assert_ne!(one, two);
    let third = public_refresh(&gateway, &service, &two).await.json();
    let access = text(&third, "access_token").to_owned();
    assert_eq!(service.userinfo(&gateway, &access).await.status, 200);
    public_refresh(&gateway, &service, &one).await.is_oauth_error(400, "invalid_grant");
    for access in [&access, text(&first, "access_token"), text(&second, "access_token")] {
        assert_eq!(service.userinfo(&gateway, access).await.status, 401);
    }
    public_refresh(&gateway, &service, text(&third, "refresh_token"))
        .await
        .is_oauth_error(400, "invalid_grant");
    assert_eq!(gateway.audit(MIDORI).await.last(), Some(&(AuditKind::RefreshTokenReused, None)));
}

/// The answer got lost on its way: asking again at once is no theft.
#[tokio::test]
async fn a_lost_answer_is_no_reuse() {
    let gateway = TestGateway::new().await;
    let service = service(&gateway, "open", public).await.service;
    let (_, first) = public_tokens(&gateway, &service).await;
    let one = text(&first, "refresh_token").to_owned();
    assert_eq!(public_refresh(&gateway, &service, &one).await.status, 200);
    gateway.wait(REFRESH_GRACE_SECONDS - 1);
    let again = public_refresh(&gateway, &service, &one).await.json();
    let next = public_refresh(&gateway, &service, text(&again, "refresh_token")).await;
    assert_eq!(next.status, 200, "{}", next.body);
}

/// RFC 9449 section 5: a public client's refresh token is bound to its key.
#[tokio::test]
async fn a_bound_refresh_token_needs_its_key() {
    let gateway = TestGateway::new().await;
    let keyed = service(&gateway, "open", public).await;
    let (_, code) = code(&gateway, &keyed.service).await;
    let send = |keyed: KeyedService, mut fields: Vec<(&'static str, String)>, proved: bool| {
        let gateway = &gateway;
        async move {
            if !fields.iter().any(|(name, _)| *name == "client_id") {
                fields.push(("client_id", keyed.service.client_id.clone()));
            }
            let proof = keyed.dpop_proof(gateway, "POST", "/token", &json!({}));
            let headers = [("dpop", proof.as_str())];
            let headers = if proved { &headers[..] } else { &[] };
            madoguchi_tests::gateway::post(gateway, MIDORI, "/token", &fields, headers).await
        }
    };
    let first = send(keyed.clone(), keyed.service.token_form(&code), true).await.json();
    assert_eq!(first["token_type"], "DPoP");
    let token = text(&first, "refresh_token");
    let other = KeyedService { dpop_key: ServiceKey::generate(), ..keyed.clone() };
    send(other, refresh_form(token), true).await.is_oauth_error(400, "invalid_grant");
    send(keyed.clone(), refresh_form(token), false).await.is_oauth_error(400, "invalid_dpop_proof");
    let second = send(keyed.clone(), refresh_form(token), true).await;
    assert_eq!(second.json()["token_type"], "DPoP");
}

/// C14: what was allowed at the sign-in is asked again.
#[tokio::test]
async fn c14_a_disabled_client_refreshes_nothing() {
    let gateway = TestGateway::new().await;
    let keyed = service(&gateway, "kin", |_| {}).await;
    let (_, first) = tokens(&gateway, &keyed).await;
    let (token, access) = (text(&first, "refresh_token"), text(&first, "access_token"));
    for (refresh_allowed, disabled, status, error) in
        [(false, false, 400, "unauthorized_client"), (true, true, 401, "invalid_client")]
    {
        let record = gateway.store.client(MIDORI.id, "kin").await.expect("a look").expect("a client");
        let mut registration = record.registration;
        registration.client.refresh = refresh_allowed;
        registration.client.disabled = disabled;
        let change = ClientChange::Disabled;
        let written =
            gateway.store.change_client(MIDORI.id, record.version, registration, change, "a test").await;
        let _ = written.expect("a write");
        gateway.gateway.refresh().await;
        refresh(&gateway, &keyed, token).await.is_oauth_error(status, error);
    }
    assert_eq!(keyed.service.userinfo(&gateway, access).await.status, 401, "nor does its access token");
}

/// C14: the session's end is the end.
#[tokio::test]
async fn c14_an_ended_session_refreshes_nothing() {
    let gateway = TestGateway::new().await;
    let keyed = service(&gateway, "kin", |_| {}).await;
    let (visit, first) = tokens(&gateway, &keyed).await;
    let token = text(&first, "refresh_token");
    let account = visit.record().await.and_then(|record| record.account).expect("an account");
    let sessions = gateway.store.sessions_of_account(MIDORI.id, account).await.expect("a look");
    let session = &sessions[0].session;
    assert_eq!(refresh(&gateway, &keyed, token).await.status, 200);
    assert!(gateway.store.end_session(MIDORI.id, session.id_hash).await.expect("an outcome"));
    refresh(&gateway, &keyed, token).await.is_oauth_error(400, "invalid_grant");
}

/// No refresh token outlives its session.
#[tokio::test]
async fn a_refresh_token_ends_with_its_session() {
    let gateway = TestGateway::new().await;
    let keyed = service(&gateway, "kin", |_| {}).await;
    let (_, first) = tokens(&gateway, &keyed).await;
    let token = text(&first, "refresh_token");
    let lasts = SessionLimits::default().absolute_seconds;
    gateway.wait(lasts - 60);
    gateway.publish_lists();
    assert_eq!(refresh(&gateway, &keyed, token).await.status, 200);
    gateway.wait(60);
    refresh(&gateway, &keyed, token).await.is_oauth_error(400, "invalid_grant");
}

/// C14: every use asks about the certificate.
#[tokio::test]
async fn c14_a_revoked_certificate_refreshes_nothing() {
    let gateway = TestGateway::new().await;
    let keyed = service(&gateway, "kin", |_| {}).await;
    let (visit, first) = tokens(&gateway, &keyed).await;
    gateway.revoke(&visit.card, RevocationReason::KeyCompromise);
    gateway.wait(60);
    gateway.publish_lists();
    refresh(&gateway, &keyed, text(&first, "refresh_token")).await.is_oauth_error(400, "invalid_grant");
    let kinds: Vec<_> = gateway.audit(MIDORI).await.into_iter().map(|(kind, _)| kind).collect();
    assert!(kinds.contains(&AuditKind::SessionRevoked), "{kinds:?}");
}

/// Client 1 cannot use client 2's, and nothing happens to it.
#[tokio::test]
async fn another_clients_refresh_token_is_unknown() {
    let gateway = TestGateway::new().await;
    let mine = service(&gateway, "kin", |_| {}).await;
    let other = service(&gateway, "gin", |_| {}).await;
    let (_, first) = tokens(&gateway, &mine).await;
    let token = text(&first, "refresh_token");
    let theirs = refresh(&gateway, &other, token).await;
    theirs.is_oauth_error(400, "invalid_grant");
    let unknown = refresh(&gateway, &other, text(&first, "access_token")).await;
    assert_eq!(theirs.body, unknown.body, "not even that it exists");
    assert_eq!(refresh(&gateway, &mine, token).await.status, 200);
}

#[tokio::test]
async fn another_municipality_does_not_know_the_refresh_token() {
    let gateway = TestGateway::new().await;
    let keyed = service(&gateway, "kin", |_| {}).await;
    let twin = KeyedService::register_as(&gateway, HINATA, "kin", |client| client.refresh = true).await;
    let (_, first) = tokens(&gateway, &keyed).await;
    let token = text(&first, "refresh_token");
    refresh(&gateway, &twin, token).await.is_oauth_error(400, "invalid_grant");
    assert_eq!(refresh(&gateway, &keyed, token).await.status, 200);
}

/// A shared computer's sign-in is for this one visit.
#[tokio::test]
async fn a_counter_gives_no_refresh_token() {
    let gateway = TestGateway::new().await;
    let keyed = service(&gateway, "kin", |_| {}).await;
    let parameters = keyed.service.parameters_but(&[("scope", Some("openid offline_access"))]);
    let url = keyed.service.authorize_url_of(&parameters);
    let browser = madoguchi_tests::gateway::TestBrowser::new();
    let mut visit = Visit::at(&gateway, keyed.service.clone(), browser, &url).await;
    visit.press().await;
    visit.claim_at_a_counter().await;
    visit.finish().await;
    visit.come_back().await;
    let code = visit.code().await;
    let answer = keyed.post(&gateway, "/token", &keyed.service.token_form(&code), &[]).await;
    assert_eq!((answer.status.as_u16(), answer.json().get("refresh_token")), (200, None));
}

/// The code's reuse takes back what came of it later, too.
#[tokio::test]
async fn code_reuse_ends_the_refresh_token() {
    let gateway = TestGateway::new().await;
    let keyed = service(&gateway, "kin", |_| {}).await;
    let (_, code) = code(&gateway, &keyed.service).await;
    let redeem = || async { keyed.post(&gateway, "/token", &keyed.service.token_form(&code), &[]).await };
    let first = redeem().await.json();
    let token = text(&first, "refresh_token");
    let access = refresh(&gateway, &keyed, token).await.json();
    redeem().await.is_oauth_error(400, "invalid_grant");
    refresh(&gateway, &keyed, token).await.is_oauth_error(400, "invalid_grant");
    let userinfo = keyed.service.userinfo(&gateway, text(&access, "access_token")).await;
    assert_eq!(userinfo.status, 401);
}
