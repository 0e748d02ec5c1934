//! The service against a small OpenID provider that can lie about one thing at a time.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::{RawQuery, State};
use axum::response::Redirect;
use axum::routing::{get, post};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use http::{HeaderMap, StatusCode, header};
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use serde_json::{Value, json};
use tokio::sync::oneshot;

use super::*;
use crate::{Browser, BrowserError, Hop, Page};

const CLIENT: &str = "kosodate";
const SECRET: &str = "a secret of the test";

/// What the provider says wrongly.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Lie {
    None,
    AnotherAudience,
    AnotherIss,
    AnotherKey,
    AnotherNonce,
    AnotherState,
    AnotherSubject,
    Denied,
    Expired,
    NoIss,
    TwoStates,
}

struct Provider {
    issuer: String,
    lie: Lie,
    key: EcdsaKeyPair,
    other_key: EcdsaKeyPair,
    asked: Mutex<Vec<(String, String)>>,
}

#[expect(clippy::disallowed_methods, reason = "a test needs randomness from somewhere")]
fn random() -> SystemRandom {
    SystemRandom::new()
}

fn new_key() -> EcdsaKeyPair {
    let key = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random()).expect("a key");
    EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, key.as_ref(), &random()).expect("a key")
}

#[expect(clippy::unused_async, reason = "axum's handlers are async")]
impl Provider {
    async fn start(lie: Lie) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let issuer = format!("http://localhost:{}", listener.local_addr().expect("an address").port());
        let asked = Mutex::default();
        let provider =
            Arc::new(Self { issuer: issuer.clone(), lie, key: new_key(), other_key: new_key(), asked });
        let routes = Router::new()
            .route("/.well-known/openid-configuration", get(Self::discovery))
            .route("/jwks", get(Self::jwks))
            .route("/authorize", get(Self::authorize))
            .route("/token", post(Self::token))
            .route("/userinfo", get(Self::userinfo))
            .with_state(provider);
        tokio::spawn(async move { axum::serve(listener, routes).await });
        issuer
    }

    fn asked(&self, name: &str) -> String {
        let asked = self.asked.lock().expect("not poisoned");
        asked.iter().find(|(key, _)| key == name).map(|(_, value)| value.clone()).unwrap_or_default()
    }

    async fn discovery(State(own): State<Arc<Self>>) -> ([(header::HeaderName, &'static str); 1], String) {
        let issuer = &own.issuer;
        let document = json!({
            "issuer": issuer,
            "authorization_endpoint": format!("{issuer}/authorize"),
            "token_endpoint": format!("{issuer}/token"),
            "userinfo_endpoint": format!("{issuer}/userinfo"),
            "jwks_uri": format!("{issuer}/jwks"),
            "response_types_supported": ["code"],
            "subject_types_supported": ["pairwise"],
            "id_token_signing_alg_values_supported": ["ES256"],
        });
        json_answer(&document)
    }

    async fn jwks(State(own): State<Arc<Self>>) -> ([(header::HeaderName, &'static str); 1], String) {
        let point = own.key.public_key().as_ref();
        let (x, y) = point[1..].split_at(32);
        let key = json!({ "kty": "EC", "crv": "P-256", "use": "sig", "alg": "ES256", "kid": "k",
            "x": URL_SAFE_NO_PAD.encode(x), "y": URL_SAFE_NO_PAD.encode(y) });
        json_answer(&json!({ "keys": [key] }))
    }

    async fn authorize(State(own): State<Arc<Self>>, RawQuery(query): RawQuery) -> Redirect {
        let query = query.unwrap_or_default();
        *own.asked.lock().expect("not poisoned") =
            form_urlencoded::parse(query.as_bytes()).into_owned().collect();
        let state = if own.lie == Lie::AnotherState { "x".to_owned() } else { own.asked("state") };
        let mut answer = form_urlencoded::Serializer::new(String::new());
        answer.append_pair("state", &state);
        match own.lie {
            Lie::AnotherIss => answer.append_pair("iss", "http://localhost:1"),
            Lie::NoIss => &mut answer,
            _ => answer.append_pair("iss", &own.issuer),
        };
        match own.lie {
            Lie::Denied => {
                answer.append_pair("error", "access_denied").append_pair("error_description", "declined")
            }
            Lie::TwoStates => answer.append_pair("state", "x").append_pair("code", "c"),
            _ => answer.append_pair("code", "c"),
        };
        Redirect::to(&format!("{}?{}", own.asked("redirect_uri"), answer.finish()))
    }

    async fn token(
        State(own): State<Arc<Self>>,
        headers: HeaderMap,
        body: String,
    ) -> (StatusCode, [(header::HeaderName, &'static str); 1], String) {
        let form: Vec<(String, String)> = form_urlencoded::parse(body.as_bytes()).into_owned().collect();
        let field = |name: &str| form.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str());
        // The verifier must be the one whose hash was sent before, and the client must prove itself.
        let verifier = madoguchi_protocol::sha256(field("code_verifier").unwrap_or_default().as_bytes());
        let basic = format!("{CLIENT}:{}", SECRET.replace(' ', "+"));
        let basic = format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(basic));
        let proven = verifier.encode() == own.asked("code_challenge")
            && own.asked("code_challenge_method") == "S256"
            && headers.get(header::AUTHORIZATION).is_some_and(|value| *value == basic)
            && field("code") == Some("c");
        let json = [(header::CONTENT_TYPE, "application/json")];
        if !proven {
            return (StatusCode::BAD_REQUEST, json, json!({ "error": "invalid_grant" }).to_string());
        }
        let answer = json!({ "access_token": "a", "token_type": "Bearer", "id_token": own.id_token() });
        (StatusCode::OK, json, answer.to_string())
    }

    fn id_token(&self) -> String {
        let now = time::OffsetDateTime::now_utc().unix_timestamp();
        let claims = json!({
            "iss": self.issuer,
            "aud": if self.lie == Lie::AnotherAudience { "another" } else { CLIENT },
            "sub": "subject-of-the-test",
            "nonce": if self.lie == Lie::AnotherNonce { "x".to_owned() } else { self.asked("nonce") },
            "exp": if self.lie == Lie::Expired { now - 3600 } else { now + 300 },
            "iat": now,
            "auth_time": 0,
            "acr": "urn:example:card-and-pin",
        });
        let encode = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let signed = format!("{}.{}", encode(&json!({ "alg": "ES256", "kid": "k" })), encode(&claims));
        let key = if self.lie == Lie::AnotherKey { &self.other_key } else { &self.key };
        let signature = key.sign(&random(), signed.as_bytes()).expect("signs");
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
    }

    async fn userinfo(
        State(own): State<Arc<Self>>,
        headers: HeaderMap,
    ) -> ([(header::HeaderName, &'static str); 1], String) {
        assert_eq!(headers[header::AUTHORIZATION], "Bearer a");
        let subject = if own.lie == Lie::AnotherSubject { "somebody-else" } else { "subject-of-the-test" };
        json_answer(&json!({ "sub": subject }))
    }
}

fn json_answer(value: &Value) -> ([(header::HeaderName, &'static str); 1], String) {
    ([(header::CONTENT_TYPE, "application/json")], value.to_string())
}

/// The service and its provider; stops with the sender.
async fn service(lie: Lie, after_login: Option<Url>) -> (String, oneshot::Sender<()>) {
    let folder = tempfile::tempdir().expect("a folder");
    let client_secret_file = folder.path().join("secret");
    std::fs::write(&client_secret_file, SECRET).expect("written");
    let issuer = Provider::start(lie).await;
    let listen = "127.0.0.1:0".parse().expect("an address");
    let options =
        ServiceOptions { listen, issuer, client_id: CLIENT.to_owned(), client_secret_file, after_login };
    let service = Service::bind(options, Box::new(random())).await.expect("listens");
    let url = service.url().expect("an address");
    let (stop, stopped) = oneshot::channel();
    tokio::spawn(service.serve(async move {
        let _ = stopped.await;
    }));
    (url, stop)
}

/// Runs a script in the stand-in.
async fn browse<T: Send + 'static>(
    script: impl FnOnce(&mut Browser) -> Result<T, BrowserError> + Send + 'static,
) -> T {
    let run = tokio::task::spawn_blocking(move || script(&mut Browser::new()));
    run.await.expect("no panic").expect("the script runs to its end")
}

async fn signed_in_page(lie: Lie) -> (Page, Value) {
    let (url, _stop) = service(lie, None).await;
    browse(move |browser| {
        let front = browser.open(&url)?;
        let page = browser.click(&front, "#sign-in")?;
        let claims = browser.open(&format!("{url}claims"))?;
        Ok((page, serde_json::from_str(claims.text()).expect("JSON")))
    })
    .await
}

#[tokio::test]
async fn a_resident_signs_in_and_out() {
    let (url, _stop) = service(Lie::None, None).await;
    let (page, claims, out, again) = browse(move |browser| {
        let front = browser.open(&url)?;
        assert!(!front.has("#sign-out"));
        let page = browser.click(&front, "#sign-in")?;
        let claims = browser.open(&format!("{url}claims"))?;
        let out = browser.submit(&page, "form[action='/sign-out']")?;
        let again = browser.open(&format!("{url}claims"))?;
        Ok((page, claims, out, again))
    })
    .await;
    assert_eq!(page.text_of("#subject").as_deref(), Some("subject-…"));
    assert_eq!(page.text_of("#auth-time").as_deref(), Some("1970年1月1日 09時00分"));
    assert_eq!(page.text_of("#acr").as_deref(), Some("urn:example:card-and-pin"));
    let claims: Value = serde_json::from_str(claims.text()).expect("JSON");
    assert_eq!(claims["sub"], "subject-of-the-test");
    assert!(out.has("#sign-in"));
    assert_eq!(again.status(), StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn every_lie_of_a_provider_is_refused() {
    for lie in [
        Lie::AnotherAudience,
        Lie::AnotherIss,
        Lie::AnotherKey,
        Lie::AnotherNonce,
        Lie::AnotherState,
        Lie::AnotherSubject,
        Lie::Expired,
        Lie::NoIss,
        Lie::TwoStates,
    ] {
        let (page, claims) = signed_in_page(lie).await;
        assert!(page.has("#try-again"), "{lie:?}: {}", page.status());
        assert!(page.status().is_client_error() || page.status().is_server_error(), "{lie:?}");
        assert!(claims.get("sub").is_none() && claims.get("error").is_some(), "{lie:?}: {claims}");
    }
}

#[tokio::test]
async fn a_declined_sign_in_gets_a_kind_page() {
    let (page, claims) = signed_in_page(Lie::Denied).await;
    assert_eq!(page.status(), StatusCode::OK);
    assert_eq!(page.text_of("#error").as_deref(), Some("access_denied"));
    assert_eq!(claims, json!({ "error": "access_denied", "error_description": "declined" }));
}

#[tokio::test]
async fn an_answer_counts_only_in_the_session_that_asked_and_once() {
    let (url, _stop) = service(Lie::None, None).await;
    browse(move |browser| {
        // Go by hand up to the callback's address, then let another browser open it first.
        let front = browser.open(&url)?;
        let mut navigation = front.link("#sign-in")?;
        while navigation.url().path() != "/callback" {
            let Hop::Redirect(next) = browser.hop(&navigation)? else { panic!("no redirect") };
            navigation = next;
        }
        let mut stranger = Browser::new();
        let refused = stranger.navigate(navigation.clone())?;
        assert_eq!(refused.status(), StatusCode::BAD_REQUEST);
        assert!(!stranger.open(&url)?.has("#sign-out"));
        assert!(browser.navigate(navigation.clone())?.has("#sign-out"));
        assert_eq!(browser.navigate(navigation)?.status(), StatusCode::BAD_REQUEST, "a second time");
        Ok(())
    })
    .await;
}

#[tokio::test]
async fn signing_out_without_the_token_does_nothing() {
    let (url, _stop) = service(Lie::None, None).await;
    browse(move |browser| {
        let front = browser.open(&url)?;
        let page = browser.click(&front, "#sign-in")?;
        // The same form with another token: the page is edited as another site would guess it.
        let forged =
            page.with_text(&page.text().replace("name=\"csrf\" value=\"", "name=\"csrf\" value=\"x"));
        let refused = browser.submit(&forged, "form[action='/sign-out']")?;
        assert_eq!(refused.status(), StatusCode::FORBIDDEN);
        assert!(browser.open(&url)?.has("#sign-out"));
        Ok(())
    })
    .await;
}

#[tokio::test]
async fn the_browser_can_be_sent_elsewhere_afterwards() {
    let elsewhere = Provider::start(Lie::None).await;
    let target = Url::parse(&format!("{elsewhere}/jwks")).expect("a URL");
    let (url, _stop) = service(Lie::None, Some(target.clone())).await;
    let page = browse(move |browser| {
        let front = browser.open(&url)?;
        browser.click(&front, "#sign-in")
    })
    .await;
    assert_eq!(page.url(), &target);
}

#[tokio::test]
async fn pages_run_no_script_and_stay_in_no_cache() {
    let (url, _stop) = service(Lie::None, None).await;
    let page = browse(move |browser| browser.open(&url)).await;
    let header = |name: &str| page.headers()[name].to_str().expect("text").to_owned();
    assert!(header("content-security-policy").starts_with("default-src 'none'; style-src 'self'"));
    assert_eq!(header("cache-control"), "no-store");
    assert_eq!(header("x-frame-options"), "DENY");
    assert!(!page.text().contains("<script") && !page.text().contains(" style="));
}

#[tokio::test]
async fn only_loopback_is_served() {
    let options = ServiceOptions {
        listen: "0.0.0.0:0".parse().expect("an address"),
        issuer: "http://localhost:1".to_owned(),
        client_id: CLIENT.to_owned(),
        client_secret_file: "/dev/null".into(),
        after_login: None,
    };
    let refused = Service::bind(options, Box::new(random())).await;
    assert!(matches!(refused, Err(ServiceError::NotLoopback { .. })));
}

#[tokio::test]
async fn a_scripted_sign_in_ends_with_what_the_service_knows() {
    for (lie, signed_in) in [(Lie::None, true), (Lie::Denied, false)] {
        let (url, _stop) = service(lie, None).await;
        let run = tokio::task::spawn_blocking(move || {
            crate::sign_in(&mut Browser::new(), &url, &mut |delay| panic!("nothing to wait for: {delay:?}"))
        });
        match run.await.expect("no panic").expect("it ends") {
            crate::Outcome::Claims(claims) => assert!(signed_in && claims["sub"] == "subject-of-the-test"),
            crate::Outcome::Failed(error) => assert!(!signed_in && error["error"] == "access_denied"),
        }
    }
}
