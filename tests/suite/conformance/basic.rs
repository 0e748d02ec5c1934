//! Plan `oidcc-basic`, all of it, with the clients that the plan wants: `client_secret_basic`, no PKCE.

use madoguchi_gateway::SigningKeySealer;
use madoguchi_oidc::jose::JwsAlg;
use madoguchi_oidc::{ClientAuthentication, PATH_TOKEN};
use madoguchi_storage::SigningKeys as _;
use madoguchi_tests::gateway::{
    Answer, MIDORI, TestBrowser, Visit, asks_for_the_card, is_offer, post, random,
};

use super::plan::{Changes, Plan, client, error_of, is_userinfo, url};

/// A request that this must not break, all the way to userinfo.
async fn signs_in(changes: &Changes<'_>) {
    let plan = Plan::new().await;
    let login = plan.sign_in(changes).await;
    assert_eq!(login.claims["nonce"], plan.first.nonce.as_str());
    is_userinfo(&plan.first.userinfo(&plan.gateway, login.access_token()).await, &login);
}

/// A scope for attributes that no authentication certificate holds: no error, not granted, and userinfo has none.
async fn attributes_do_not_exist(scope: &str) {
    let plan = Plan::new().await;
    let login = plan.sign_in(&[("scope", Some(scope))]).await;
    assert_eq!(login.tokens["scope"], "openid");
    is_userinfo(&plan.first.userinfo(&plan.gateway, login.access_token()).await, &login);
}

async fn refused(changes: &Changes<'_>) -> String {
    let plan = Plan::new().await;
    let answer = TestBrowser::new().open(&plan.gateway, &plan.url(changes)).await;
    error_of(&plan.first, &answer)
}

#[tokio::test]
async fn oidcc_server() {
    signs_in(&[]).await;
}

#[tokio::test]
async fn oidcc_response_type_missing() {
    assert_eq!(refused(&[("response_type", None)]).await, "invalid_request");
}

/// A client without a wish of its own has RS256 in the suite; here the operator says so, and makes the key.
#[tokio::test]
async fn oidcc_idtoken_signature() {
    let plan = Plan::new().await;
    let store = &*plan.gateway.store;
    let kek = madoguchi_gateway::Sealer::new(&[7; 32]);
    let sealer = SigningKeySealer::load(store, &kek, MIDORI.id, random()).await.expect("a sealer");
    let key = sealer.generate(JwsAlg::Rs256, random()).expect("a key");
    store.signing_key_or_insert(MIDORI.id, key).await.expect("a key");
    let service = client(&plan.gateway, "rsa", |client, _| client.id_token_alg = JwsAlg::Rs256).await;
    let login = plan.sign_in_to(&service, &url(&service, &[])).await;
    let (header, _) = service.verified(&plan.gateway, login.id_token()).await;
    assert_eq!(header["alg"], "RS256");
    let path = MIDORI.url("/.well-known/openid-configuration");
    let discovery = TestBrowser::new().get(&plan.gateway, &path, &[]).await.json();
    let algs = discovery["id_token_signing_alg_values_supported"].as_array().expect("a list").clone();
    assert!(algs.iter().any(|alg| alg == "RS256"), "{algs:?}");
}

/// `none` is no algorithm that a client could have.
#[tokio::test]
async fn oidcc_idtoken_unsigned() {
    assert_eq!(JwsAlg::from_name("none"), None);
    let plan = Plan::new().await;
    let path = MIDORI.url("/.well-known/openid-configuration");
    let discovery = TestBrowser::new().get(&plan.gateway, &path, &[]).await;
    assert!(!discovery.json()["id_token_signing_alg_values_supported"].to_string().contains("none"));
}

#[tokio::test]
async fn oidcc_userinfo_get() {
    let plan = Plan::new().await;
    let login = plan.sign_in(&[]).await;
    is_userinfo(&plan.first.userinfo(&plan.gateway, login.access_token()).await, &login);
}

#[tokio::test]
async fn oidcc_userinfo_post_header() {
    let plan = Plan::new().await;
    let login = plan.sign_in(&[]).await;
    let bearer = format!("Bearer {}", login.access_token());
    is_userinfo(&plan.first.userinfo_with(&plan.gateway, "POST", &bearer, &[]).await, &login);
}

#[tokio::test]
async fn oidcc_userinfo_post_body() {
    let plan = Plan::new().await;
    let login = plan.sign_in(&[]).await;
    let fields = [("access_token", login.access_token())];
    is_userinfo(&post(&plan.gateway, MIDORI, "/userinfo", &fields, &[]).await, &login);
}

#[tokio::test]
async fn oidcc_ensure_request_without_nonce_succeeds_for_code_flow() {
    let plan = Plan::new().await;
    let login = plan.sign_in(&[("nonce", None)]).await;
    assert_eq!(login.claims.get("nonce"), None);
}

#[tokio::test]
async fn oidcc_scope_profile() {
    attributes_do_not_exist("openid profile").await;
}

#[tokio::test]
async fn oidcc_scope_email() {
    attributes_do_not_exist("openid email").await;
}

#[tokio::test]
async fn oidcc_scope_address() {
    attributes_do_not_exist("openid address").await;
}

#[tokio::test]
async fn oidcc_scope_phone() {
    attributes_do_not_exist("openid phone").await;
}

#[tokio::test]
async fn oidcc_scope_all() {
    attributes_do_not_exist("openid profile email address phone").await;
}

/// The order of parameters and scopes says nothing.
#[tokio::test]
async fn oidcc_alternate_happy_flow() {
    let plan = Plan::new().await;
    let changes =
        [("code_challenge", None), ("code_challenge_method", None), ("scope", Some("email openid"))];
    let mut parameters = plan.first.parameters_but(&changes);
    parameters.reverse();
    let login = plan.sign_in_to(&plan.first, &plan.first.authorize_url_of(&parameters)).await;
    assert_eq!(login.tokens["scope"], "openid");
}

#[tokio::test]
async fn oidcc_display_page() {
    signs_in(&[("display", Some("page"))]).await;
}

#[tokio::test]
async fn oidcc_display_popup() {
    signs_in(&[("display", Some("popup"))]).await;
}

/// The second time the card is asked for, and `auth_time` is later.
#[tokio::test]
async fn oidcc_prompt_login() {
    let plan = Plan::new().await;
    let first = plan.sign_in(&[]).await;
    plan.gateway.wait(1);
    let (time, mut browser) = (first.auth_time(), first.browser);
    let start = browser.open(&plan.gateway, &plan.url(&[("prompt", Some("login"))])).await;
    assert!(asks_for_the_card(&start), "{}", start.body);
    assert_eq!(plan.sign_in_again(start, browser, first.card).await.auth_time(), time + 1);
}

#[tokio::test]
async fn oidcc_prompt_none_not_logged_in() {
    assert_eq!(refused(&[("prompt", Some("none"))]).await, "login_required");
}

/// No page; the same `sub` and the same `auth_time`.
#[tokio::test]
async fn oidcc_prompt_none_logged_in() {
    let plan = Plan::new().await;
    let first = plan.sign_in(&[]).await;
    plan.gateway.wait(1);
    let mut browser = first.browser;
    let answer = browser.open(&plan.gateway, &plan.url(&[("prompt", Some("none"))])).await;
    let second = plan.redeem(&plan.first, answer.location(), browser, first.card).await;
    for name in ["sub", "auth_time"] {
        assert_eq!(second.claims[name], first.claims[name], "{name}");
    }
}

#[tokio::test]
async fn oidcc_max_age_1() {
    let plan = Plan::new().await;
    let first = plan.sign_in(&[]).await;
    plan.gateway.wait(2);
    let (time, mut browser) = (first.auth_time(), first.browser);
    let start = browser.open(&plan.gateway, &plan.url(&[("max_age", Some("1"))])).await;
    assert!(asks_for_the_card(&start), "{}", start.body);
    assert_eq!(plan.sign_in_again(start, browser, first.card).await.auth_time(), time + 2);
}

/// The card is not asked for again; a page offers to go on, and `auth_time` stays.
#[tokio::test]
async fn oidcc_max_age_10000() {
    let plan = Plan::new().await;
    let first = plan.sign_in(&[("max_age", Some("15000"))]).await;
    plan.gateway.wait(2);
    let mut browser = first.browser;
    let offer = browser.open(&plan.gateway, &plan.url(&[("max_age", Some("10000"))])).await;
    assert!(is_offer(&offer), "{}", offer.body);
    let sealed = offer.sealed("/session/continue");
    let to = MIDORI.url("/session/continue");
    let onward = browser.submit(&plan.gateway, &to, &[("sealed", &sealed)]).await.onward();
    let second = plan.redeem(&plan.first, &onward.expect("an address"), browser, first.card).await;
    for name in ["sub", "auth_time"] {
        assert_eq!(second.claims[name], first.claims[name], "{name}");
    }
}

#[tokio::test]
async fn oidcc_ensure_request_with_unknown_parameter_succeeds() {
    signs_in(&[("extra", Some("foobar"))]).await;
}

#[tokio::test]
async fn oidcc_id_token_hint() {
    let plan = Plan::new().await;
    let first = plan.sign_in(&[]).await;
    let hint = first.id_token().to_owned();
    let changes = [("prompt", Some("none")), ("id_token_hint", Some(hint.as_str()))];
    let mut browser = first.browser;
    let answer = browser.open(&plan.gateway, &plan.url(&changes)).await;
    let second = plan.redeem(&plan.first, answer.location(), browser, first.card).await;
    assert_eq!(second.claims["sub"], first.claims["sub"]);
}

#[tokio::test]
async fn oidcc_login_hint() {
    signs_in(&[("login_hint", Some("buffy@suite.example"))]).await;
}

#[tokio::test]
async fn oidcc_ui_locales() {
    signs_in(&[("ui_locales", Some("se"))]).await;
}

#[tokio::test]
async fn oidcc_claims_locales() {
    signs_in(&[("claims_locales", Some("se"))]).await;
}

/// What comes is what was done, and no name that was merely asked for.
#[tokio::test]
async fn oidcc_ensure_request_with_acr_values_succeeds() {
    // The checks around every module compare `acr` with the one way in which a card is used.
    signs_in(&[("acr_values", Some("1 2"))]).await;
    signs_in(&[("acr_values", Some(madoguchi_oidc::ACR_CARD_PIN))]).await;
}

async fn is_spent(plan: &Plan, code: &str, access_token: &str) {
    plan.token(&plan.first, code).await.is_oauth_error(400, "invalid_grant");
    assert_eq!(plan.first.userinfo(&plan.gateway, access_token).await.status, 401);
}

#[tokio::test]
async fn oidcc_codereuse() {
    let plan = Plan::new().await;
    let login = plan.sign_in(&[]).await;
    is_spent(&plan, &login.code, login.access_token()).await;
}

/// The access token of the first use is dead as well.
#[tokio::test]
async fn oidcc_codereuse_30seconds() {
    let plan = Plan::new().await;
    let login = plan.sign_in(&[]).await;
    plan.gateway.wait(30);
    assert_eq!(plan.first.userinfo(&plan.gateway, login.access_token()).await.status, 200);
    is_spent(&plan, &login.code, login.access_token()).await;
}

/// A page, and nobody is sent anywhere.
fn is_a_page(answer: &Answer) {
    assert_eq!((answer.headers.get("location"), answer.back()), (None, None));
    assert_eq!(answer.status, 400);
}

#[tokio::test]
async fn oidcc_ensure_registered_redirect_uri() {
    let plan = Plan::new().await;
    let other = format!("{}/x", plan.first.redirect_uri);
    let answer = TestBrowser::new().open(&plan.gateway, &plan.url(&[("redirect_uri", Some(&other))])).await;
    is_a_page(&answer);
    assert!(answer.shown_code().is_some());
}

#[tokio::test]
async fn oidcc_ensure_post_request_succeeds() {
    let plan = Plan::new().await;
    let fields = plan.first.parameters_but(&[("code_challenge", None), ("code_challenge_method", None)]);
    let fields: Vec<_> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let mut browser = TestBrowser::new();
    let url = MIDORI.url("/authorize");
    let start = browser.submit_across(&plan.gateway, &url, &fields).await;
    assert!(asks_for_the_card(&start), "{}", start.body);
    let card = plan.gateway.card();
    plan.sign_in_again(start, browser, card).await;
}

#[tokio::test]
async fn oidcc_server_client_secret_post() {
    let plan = Plan::new().await;
    let service = client(&plan.gateway, "inform", |client, secret| {
        client.authentication = ClientAuthentication::secret_post(secret);
    })
    .await;
    let (_, code) = Visit::code_at(&plan.gateway, service.clone(), &url(&service, &[])).await;
    let mut fields = service.token_form(&code);
    fields.retain(|(name, _)| *name != "code_verifier");
    fields.push(("client_id", service.client_id.clone()));
    fields.push(("client_secret", service.secret.clone().expect("a secret")));
    let answer = post(&plan.gateway, MIDORI, PATH_TOKEN, &fields, &[]).await;
    plan.looked_at(&service, &answer).await;
}

#[tokio::test]
async fn oidcc_request_uri_unsigned_supported_correctly_or_rejected_as_unsupported() {
    let uri = "https://suite1.example/requests/1";
    assert_eq!(refused(&[("request_uri", Some(uri))]).await, "request_uri_not_supported");
}

/// {"alg":"none"} and an object that asks for another state: refused, never ignored.
#[tokio::test]
async fn oidcc_unsigned_request_object_supported_correctly_or_rejected_as_unsupported() {
    let object = "eyJhbGciOiJub25lIn0.eyJzdGF0ZSI6Im90aGVyIn0.";
    assert_eq!(refused(&[("request", Some(object))]).await, "request_not_supported");
}

/// An essential claim that nobody has is no error (OpenID Connect Core section 5.5.1).
#[tokio::test]
async fn oidcc_claims_essential() {
    signs_in(&[("claims", Some(r#"{"userinfo":{"name":{"essential":true}}}"#))]).await;
}

/// The object's redirect_uri is another than the parameter's: the request is refused whole.
#[tokio::test]
async fn oidcc_ensure_request_object_with_redirect_uri() {
    let object = "eyJhbGciOiJub25lIn0.eyJyZWRpcmVjdF91cmkiOiJodHRwczovL290aGVyLmV4YW1wbGUvIn0.";
    assert_eq!(refused(&[("request", Some(object))]).await, "request_not_supported");
}

/// It works, and the second client cannot use the first one's.
#[tokio::test]
async fn oidcc_refresh_token() {
    let plan = Plan::new().await;
    let login = plan.sign_in(&[("scope", Some("openid offline_access"))]).await;
    let token = login.tokens["refresh_token"].as_str().expect("text").to_owned();
    assert!(token.bytes().all(|octet| (0x20..0x7f).contains(&octet)), "{token}");
    let fields = [("grant_type", "refresh_token".to_owned()), ("refresh_token", token)];
    plan.ask(&plan.second, PATH_TOKEN, &fields).await.is_oauth_error(400, "invalid_grant");
    plan.gateway.wait(1);
    let (tokens, claims) =
        plan.looked_at(&plan.first, &plan.ask(&plan.first, PATH_TOKEN, &fields).await).await;
    for name in ["sub", "aud", "auth_time"] {
        assert_eq!(claims[name], login.claims[name], "{name}");
    }
    assert_ne!(tokens["access_token"], login.tokens["access_token"]);
    let access = tokens["access_token"].as_str().expect("text");
    is_userinfo(&plan.first.userinfo(&plan.gateway, access).await, &login);
}

/// PKCE holds for whoever uses it, lifted or not: with a challenge there is no way without its verifier.
#[tokio::test]
async fn oidcc_ensure_request_with_valid_pkce_succeeds() {
    let plan = Plan::new().await;
    let (_, code) = Visit::code_at(&plan.gateway, plan.first.clone(), &plan.first.authorize_url()).await;
    let answer = plan.first.redeem(&plan.gateway, &code).await;
    plan.looked_at(&plan.first, &answer).await;
    let (_, code) = Visit::code_at(&plan.gateway, plan.first.clone(), &plan.first.authorize_url()).await;
    let without = plan.token(&plan.first, &code).await;
    assert!(without.status == 400 && without.json().get("access_token").is_none(), "{}", without.body);
}

/// And the other half of the second client's trial (OpenID Connect Core section 3.1.3.2).
#[tokio::test]
async fn a_code_is_the_first_clients() {
    let plan = Plan::new().await;
    let (_, code) = Visit::code_at(&plan.gateway, plan.first.clone(), &plan.url(&[])).await;
    plan.token(&plan.second, &code).await.is_oauth_error(400, "invalid_grant");
    plan.looked_at(&plan.first, &plan.token(&plan.first, &code).await).await;
}
