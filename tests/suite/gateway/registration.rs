//! Dynamic registration (RFC 7591): once, with the token that an operator gave.

use http::Request;
use madoguchi_oidc::jose::JwsAlg;
use madoguchi_oidc::{PATH_REGISTRATION, Profile, RegistrationToken};
use madoguchi_protocol::Octets;
use madoguchi_storage::{AuditKind, Clients as _, NewRegistrationToken};
use madoguchi_tests::gateway::{
    Answer, HINATA, MIDORI, ServiceKey, TestBrowser, TestGateway, TestService, Town, Visit, random,
};
use serde_json::{Value, json};

const CALLBACK: &str = "https://jibun.example/callback";

async fn token(gateway: &TestGateway, town: Town, profile: Profile) -> String {
    let token = RegistrationToken::generate(random()).expect("a token");
    let new = NewRegistrationToken { hash: Octets(token.hash()), profile, lifetime: 3600 };
    gateway.store.add_registration_token(town.id, new, "tanaka").await.expect("kept");
    token.encode().to_string()
}

async fn register(gateway: &TestGateway, town: Town, token: &str, metadata: &Value) -> Answer {
    let authority = town.issuer.rsplit('/').next().expect("an authority");
    let request = Request::post(PATH_REGISTRATION)
        .header("host", authority)
        .header("content-type", "application/json")
        .header("authorization", format!("Bearer {token}"));
    gateway.send(request.body(metadata.to_string().into()).expect("a request")).await
}

fn metadata() -> Value {
    json!({ "redirect_uris": [CALLBACK], "client_name": "じぶんで" })
}

#[tokio::test]
async fn a_service_registers_itself_and_signs_residents_in() {
    let gateway = TestGateway::new().await;
    let discovery = MIDORI.url("/.well-known/openid-configuration");
    let discovery = TestBrowser::new().get(&gateway, &discovery, &[]).await.json();
    assert_eq!(discovery["registration_endpoint"], MIDORI.url(PATH_REGISTRATION));
    let token = token(&gateway, MIDORI, Profile::Standard).await;
    let answer = register(&gateway, MIDORI, &token, &metadata()).await;
    assert_eq!(
        (answer.status.as_u16(), answer.header("cache-control")),
        (201, "no-store"),
        "{}",
        answer.body
    );
    let told = answer.json();
    let text = |name: &str| told[name].as_str().expect("text").to_owned();
    assert_eq!(told["client_id_issued_at"], gateway.now());
    let service = TestService {
        client_id: text("client_id"),
        secret: Some(text("client_secret")),
        redirect_uri: CALLBACK.to_owned(),
        ..TestService::tosho(MIDORI)
    };
    let mut visit = Visit::of(&gateway, service).await;
    assert!(visit.start.body.contains("じぶんで"));
    let tokens = visit.tokens().await;
    assert_eq!(visit.claims(&tokens).await["aud"], told["client_id"]);
    let kinds: Vec<_> = gateway.audit(MIDORI).await.into_iter().map(|(kind, _)| kind).collect();
    assert_eq!(kinds[..2], [AuditKind::RegistrationTokenMade, AuditKind::ClientAdded]);
    // The secret is nowhere in what is stored.
    let stored =
        gateway.store.client(MIDORI.id, &text("client_id")).await.expect("a look").expect("a client");
    assert!(!serde_json::to_string(&stored.registration).expect("JSON").contains(&text("client_secret")));
}

/// A service that nobody could sign for is told so, and its token is still good when there is a key, or for another algorithm.
#[tokio::test]
async fn a_registration_without_a_key_is_refused() {
    let gateway = TestGateway::new().await;
    let token = token(&gateway, MIDORI, Profile::Standard).await;
    let rs256 = json!({
        "redirect_uris": [CALLBACK], "client_name": "じぶんで", "id_token_signed_response_alg": "RS256",
    });
    let refused = register(&gateway, MIDORI, &token, &rs256).await;
    refused.is_oauth_error(400, "invalid_client_metadata");
    let description = refused.json()["error_description"].as_str().unwrap_or_default().to_owned();
    assert!(description.contains("there is no key for RS256 here yet"), "{description}");
    gateway.make_key(MIDORI, JwsAlg::Rs256).await;
    assert_eq!(register(&gateway, MIDORI, &token, &rs256).await.status, 201);
}

/// Codes would be sent to our own pages, and scripts of our own origin would be the client's.
#[tokio::test]
async fn no_client_lives_on_an_origin_of_the_gateway() {
    let gateway = TestGateway::new().await;
    let token = token(&gateway, MIDORI, Profile::Standard).await;
    for town in [MIDORI, HINATA] {
        let metadata = json!({ "redirect_uris": [town.url("/cb")], "client_name": "じぶんで" });
        let answer = register(&gateway, MIDORI, &token, &metadata).await;
        answer.is_oauth_error(400, "invalid_redirect_uri");
        let metadata = json!({
            "redirect_uris": [CALLBACK], "client_name": "じぶんで", "post_logout_redirect_uris": [town.url("/")],
        });
        let answer = register(&gateway, MIDORI, &token, &metadata).await;
        answer.is_oauth_error(400, "invalid_redirect_uri");
    }
    assert_eq!(register(&gateway, MIDORI, &token, &metadata()).await.status, 201, "the token is not spent");
}

#[tokio::test]
async fn a_token_is_good_for_one_registration_in_its_municipality() {
    let gateway = TestGateway::new().await;
    let token = token(&gateway, MIDORI, Profile::Standard).await;
    let refused = register(&gateway, HINATA, &token, &metadata()).await;
    assert_eq!(
        (refused.status.as_u16(), refused.header("www-authenticate")),
        (401, "Bearer error=\"invalid_token\"")
    );
    for other in ["", "x", &"A".repeat(43), &token[..42], &format!("{token}A")] {
        assert_eq!(register(&gateway, MIDORI, other, &metadata()).await.status, 401, "{other}");
    }
    // What is refused does not cost the token.
    let bad = json!({ "redirect_uris": ["http://jibun.example/"], "client_name": "じぶんで" });
    let answer = register(&gateway, MIDORI, &token, &bad).await;
    assert_eq!((answer.status.as_u16(), &answer.json()["error"]), (400, &json!("invalid_redirect_uri")));
    let nameless = json!({ "redirect_uris": [CALLBACK] });
    let answer = register(&gateway, MIDORI, &token, &nameless).await;
    assert_eq!((answer.status.as_u16(), &answer.json()["error"]), (400, &json!("invalid_client_metadata")));
    let bidi = json!({ "redirect_uris": [CALLBACK], "client_name": "a\u{202e}b" });
    assert_eq!(register(&gateway, MIDORI, &token, &bidi).await.status, 400);
    assert_eq!(gateway.store.clients(MIDORI.id).await.expect("a list").clients, []);
    assert_eq!(register(&gateway, MIDORI, &token, &metadata()).await.status, 201);
    assert_eq!(register(&gateway, MIDORI, &token, &metadata()).await.status, 401);
    assert_eq!(gateway.store.clients(MIDORI.id).await.expect("a list").clients.len(), 1);
}

#[tokio::test]
async fn a_token_ends_with_its_time() {
    let gateway = TestGateway::new().await;
    let token = token(&gateway, MIDORI, Profile::Standard).await;
    gateway.wait(3600);
    assert_eq!(register(&gateway, MIDORI, &token, &metadata()).await.status, 401);
}

/// The operator chose the profile with the token; metadata cannot weaken it.
#[tokio::test]
async fn the_tokens_profile_holds() {
    let gateway = TestGateway::new().await;
    let token = token(&gateway, MIDORI, Profile::Fapi2).await;
    let secret = register(&gateway, MIDORI, &token, &metadata()).await;
    assert_eq!((secret.status.as_u16(), &secret.json()["error"]), (400, &json!("invalid_client_metadata")));
    let mut keyed = metadata();
    keyed["jwks"] = json!({ "keys": [ServiceKey::generate().jwk()] });
    keyed["require_pushed_authorization_requests"] = json!(false);
    let told = register(&gateway, MIDORI, &token, &keyed).await.json();
    assert_eq!(told["token_endpoint_auth_method"], "private_key_jwt");
    assert_eq!(told["require_pushed_authorization_requests"], true);
    assert_eq!(told["dpop_bound_access_tokens"], true);
    assert_eq!(told.get("client_secret"), None);
}
