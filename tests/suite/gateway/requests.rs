//! What a request can ask for, by the names of the modules of the Basic plan (after `oidcc-`) where there is one.

use axum::body::Body;
use http::Request;
use madoguchi_oidc::{ACR_CARD_PIN, PATH_TOKEN, Profile};
use madoguchi_protocol::ErrorCode;
use madoguchi_tests::gateway::{
    Answer, HINATA, KeyedService, MIDORI, TestBrowser, TestGateway, TestService, Visit, form,
};
use serde_json::json;

async fn open(
    gateway: &TestGateway,
    service: &TestService,
    changes: &[(&'static str, Option<&str>)],
) -> Answer {
    let url = service.authorize_url_of(&service.parameters_but(changes));
    TestBrowser::new().open(gateway, &url).await
}

async fn error(
    gateway: &TestGateway,
    service: &TestService,
    changes: &[(&'static str, Option<&str>)],
) -> String {
    let answer = open(gateway, service, changes).await;
    assert_eq!(answer.location_parameter("iss").as_deref(), Some(service.town.issuer));
    answer.location_parameter("error").expect("an error")
}

#[tokio::test]
async fn response_type_missing() {
    let gateway = TestGateway::new().await;
    let service = TestService::kosodate(&gateway, MIDORI);
    assert_eq!(error(&gateway, &service, &[("response_type", None)]).await, "invalid_request");
}

#[tokio::test]
async fn what_must_not_break_a_request() {
    let gateway = TestGateway::new().await;
    let service = TestService::kosodate(&gateway, MIDORI);
    for (name, value) in [
        // display-page, display-popup, login-hint, ui-locales, claims-locales,
        // ensure-request-with-unknown-parameter-succeeds, ensure-request-with-acr-values-succeeds
        ("display", "page"),
        ("display", "popup"),
        ("display", "hologram"),
        ("login_hint", "resident@example.jp"),
        ("login_hint", "窓口\u{202e}"),
        ("ui_locales", "se"),
        ("ui_locales", "fr-CA fr en"),
        ("claims_locales", "se"),
        ("extra", "foobar"),
        ("acr_values", "urn:other aal3 crl 1 2"),
        ("prompt", "consent"),
        ("prompt", "login consent select_account"),
        ("max_age", "0"),
        ("max_age", "10000"),
        ("nonce", ""),
        // claims-essential
        ("claims", r#"{"userinfo":{"name":{"essential":true}}}"#),
        ("claims", r#"{"id_token":{"acr":{"essential":true,"values":["aal3"]}}}"#),
        // scope-all, scope-email and their like: ignored, and not granted.
        ("scope", "openid profile email address phone"),
    ] {
        assert_eq!(open(&gateway, &service, &[(name, Some(value))]).await.status, 200, "{name}={value}");
    }
}

/// login_hint is not shown, nor anything else that a request brings.
#[tokio::test]
async fn login_hint() {
    let gateway = TestGateway::new().await;
    let service = TestService::kosodate(&gateway, MIDORI);
    let page = open(&gateway, &service, &[("login_hint", Some("tarou-of-the-hint"))]).await;
    assert!(!page.body.contains("tarou-of-the-hint"));
}

#[tokio::test]
async fn alternate_happy_flow() {
    let gateway = TestGateway::new().await;
    let service = TestService::kosodate(&gateway, MIDORI);
    let mut parameters = service.parameters_but(&[("scope", Some("profile openid"))]);
    parameters.reverse();
    let url = service.authorize_url_of(&parameters);
    let mut visit = Visit::at(&gateway, service, TestBrowser::new(), &url).await;
    let tokens = visit.tokens().await;
    assert_eq!(tokens["scope"], "openid");
}

#[tokio::test]
async fn an_essential_acr_that_nobody_has_is_an_error_and_a_voluntary_one_is_not_echoed() {
    let gateway = TestGateway::new().await;
    let service = TestService::kosodate(&gateway, MIDORI);
    for values in [json!({"value": "urn:other"}), json!({"values": ["crl"]}), json!({"values": ["1", "2"]})] {
        let mut wish = values;
        wish["essential"] = true.into();
        let claims = json!({"id_token": {"acr": wish}}).to_string();
        let told = error(&gateway, &service, &[("claims", Some(&claims))]).await;
        assert_eq!(told, "unmet_authentication_requirements", "{claims}");
    }
    for claims in ["{", "[]", r#"{"id_token":1}"#, r#"{"id_token":{"acr":"x"}}"#] {
        assert_eq!(
            error(&gateway, &service, &[("claims", Some(claims))]).await,
            "invalid_request",
            "{claims}"
        );
    }
    let url = service.authorize_url_of(&service.parameters_but(&[("acr_values", Some("urn:higher aal3"))]));
    let mut visit = Visit::at(&gateway, service, TestBrowser::new(), &url).await;
    let tokens = visit.tokens().await;
    assert_eq!(visit.claims(&tokens).await["acr"], ACR_CARD_PIN);
}

/// What the Digital Agency's reference demands of a request, and what it asks for that does not exist here.
#[tokio::test]
async fn da_compat_requests() {
    let gateway = TestGateway::new().await;
    let keyed = KeyedService::register_as(&gateway, MIDORI, "daclient", |client| {
        client.profile = Profile::DaCompat;
    })
    .await;
    let service = &keyed.service;
    for name in ["state", "nonce", "code_challenge", "code_challenge_method"] {
        assert_eq!(error(&gateway, service, &[(name, None)]).await, "invalid_request", "{name}");
    }
    for scope in ["name", "address", "birthdate", "gender", "sign"] {
        let asked = format!("openid {scope}");
        let answer = open(&gateway, service, &[("scope", Some(&asked))]).await;
        assert_eq!(answer.location_parameter("error").as_deref(), Some("invalid_scope"));
        let description = answer.location_parameter("error_description").expect("a description");
        assert!(description.contains(scope) && description.contains("certificate"), "{description}");
    }
    assert_eq!(open(&gateway, service, &[("acr_values", Some("aal3 crl"))]).await.status, 200);
    // A standard client's unknown scopes are ignored.
    let standard = TestService::kosodate(&gateway, MIDORI);
    assert_eq!(open(&gateway, &standard, &[("scope", Some("openid name sign"))]).await.status, 200);
}

/// The name that such a client hears is the agency's, if it asked by it.
#[tokio::test]
async fn da_compat_hears_aal3_for_a_card_and_a_pin() {
    let gateway = TestGateway::new().await;
    let keyed = KeyedService::register_as(&gateway, MIDORI, "daclient", |client| {
        client.profile = Profile::DaCompat;
        client.id_token_alg = madoguchi_oidc::jose::JwsAlg::Es256;
    })
    .await;
    for (asked, told) in [(Some("aal3 crl"), "aal3"), (Some("crl"), ACR_CARD_PIN), (None, ACR_CARD_PIN)] {
        let keyed = keyed.again();
        let service = keyed.service.clone();
        let url = service.authorize_url_of(&service.parameters_but(&[("acr_values", asked)]));
        let mut visit = Visit::at(&gateway, service, TestBrowser::new(), &url).await;
        visit.press().await;
        visit.claim().await;
        visit.finish().await;
        visit.come_back().await;
        let code = visit.code().await;
        let tokens = keyed.post(&gateway, PATH_TOKEN, &keyed.service.token_form(&code), &[]).await;
        assert_eq!(tokens.status, 200, "{}", tokens.body);
        let claims = visit.claims(&tokens.json()).await;
        assert_eq!(claims["acr"], told, "{asked:?}");
        assert_eq!(claims["amr"], json!(["sc", "pin", "mfa"]));
    }
}

/// A hint is an ID token of ours for this very client. Anything else is told, and never leads anywhere else.
#[tokio::test]
async fn id_token_hint() {
    let gateway = TestGateway::new().await;
    let mut visit = Visit::new(&gateway).await;
    let tokens = visit.tokens().await;
    let own = tokens["id_token"].as_str().expect("text");
    let service = TestService::kosodate(&gateway, MIDORI);
    assert_eq!(open(&gateway, &service, &[("id_token_hint", Some(own))]).await.status, 200);
    // Expired, and still a hint.
    gateway.wait(24 * 60 * 60);
    assert_eq!(open(&gateway, &service, &[("id_token_hint", Some(own))]).await.status, 200);
    let (signed, _) = own.rsplit_once('.').expect("parts");
    let altered = own.replacen('.', ".A", 1);
    for wrong in ["x", signed, &format!("{signed}."), &altered] {
        assert_eq!(error(&gateway, &service, &[("id_token_hint", Some(wrong))]).await, "invalid_request");
    }
    // Another client's, and another municipality's.
    let other = TestService::tosho(MIDORI);
    assert_eq!(error(&gateway, &other, &[("id_token_hint", Some(own))]).await, "invalid_request");
    let elsewhere = TestService::kosodate(&gateway, HINATA);
    assert_eq!(error(&gateway, &elsewhere, &[("id_token_hint", Some(own))]).await, "invalid_request");
    // It contradicts the claims parameter.
    let claims = r#"{"id_token":{"sub":{"value":"somebody"}}}"#;
    let both = [("id_token_hint", Some(own)), ("claims", Some(claims))];
    assert_eq!(error(&gateway, &service, &both).await, "invalid_request");
}

/// Another resident's card does not answer for the one who was hinted at.
#[tokio::test]
async fn another_resident_than_hinted_is_no_answer() {
    let gateway = TestGateway::new().await;
    let mut visit = Visit::new(&gateway).await;
    let tokens = visit.tokens().await;
    let hint = tokens["id_token"].as_str().expect("text");
    for same in [true, false] {
        let service = TestService::kosodate(&gateway, MIDORI);
        let url = service.authorize_url_of(&service.parameters_but(&[("id_token_hint", Some(hint))]));
        let mut again = Visit::at(&gateway, service, TestBrowser::new(), &url).await;
        if same {
            std::mem::swap(&mut again.card, &mut visit.card);
        }
        again.press().await;
        again.claim().await;
        again.finish().await;
        again.come_back().await;
        let answer = again.take_answer().await;
        let error = answer.location_parameter("error");
        assert_eq!(error.as_deref(), if same { None } else { Some("login_required") });
        assert_eq!(answer.location_parameter("code").is_some(), same);
    }
}

/// request-uri-unsigned-supported-correctly-or-rejected-as-unsupported: nothing is ever fetched (C16).
#[tokio::test]
async fn c16_request_uri_unsigned_supported_correctly_or_rejected_as_unsupported() {
    let gateway = TestGateway::new().await;
    let service = TestService::kosodate(&gateway, MIDORI);
    for uri in [
        "https://kosodate.example/request.jwt",
        "http://169.254.169.254/latest/meta-data",
        "file:///etc/passwd",
        "urn:ietf:params:oauth:request_uri:short",
        "urn:ietf:params:oauth:request_uri:",
    ] {
        let told = error(&gateway, &service, &[("request_uri", Some(uri))]).await;
        assert_eq!(told, "request_uri_not_supported", "{uri}");
    }
    // One of the right shape that was never given out is a page: what it would refer to has the address.
    let unknown = format!("urn:ietf:params:oauth:request_uri:{}", "A".repeat(43));
    open(&gateway, &service, &[("request_uri", Some(&unknown))])
        .await
        .is_error_page(400, ErrorCode::FormExpired);
}

/// C22: whatever goes back to a service ends with an empty fragment of its own.
#[tokio::test]
async fn c22_no_fragment_is_inherited() {
    let gateway = TestGateway::new().await;
    let service = TestService::kosodate(&gateway, MIDORI);
    let refused = open(&gateway, &service, &[("scope", None)]).await;
    assert!(refused.location().ends_with('#'));
    let mut visit = Visit::completed(&gateway).await;
    assert!(visit.take_answer().await.location().ends_with('#'));
    let visit = Visit::new(&gateway).await;
    let sealed = visit.start.sealed("/sign-in/decline");
    let mut browser = visit.browser;
    let declined = browser.submit(&gateway, &MIDORI.url("/sign-in/decline"), &[("sealed", &sealed)]).await;
    assert!(declined.back().expect("a way back").ends_with('#'));
}

async fn posted(gateway: &TestGateway, path: &str, kind: Option<&str>, body: String) -> Answer {
    let mut request = Request::post(path).header("host", "localhost:24810");
    if let Some(kind) = kind {
        request = request.header("content-type", kind);
    }
    gateway.send(request.body(Body::from(body)).expect("a request")).await
}

/// C7 and C18 at the authorization endpoint: one place for parameters, one type of body, bounds before anything is read.
#[tokio::test]
async fn c7_a_posted_request_is_a_form_and_nothing_beside_it() {
    let gateway = TestGateway::new().await;
    let service = TestService::kosodate(&gateway, MIDORI);
    let body = || form(&service.parameters());
    let urlencoded = Some("application/x-www-form-urlencoded");
    assert_eq!(posted(&gateway, "/authorize", urlencoded, body()).await.status, 303, "it goes on by GET");
    assert_eq!(posted(&gateway, "/authorize?", urlencoded, body()).await.status, 303, "it goes on by GET");
    for kind in [None, Some("text/plain"), Some("application/json"), Some("multipart/form-data; boundary=x")]
    {
        let answer = posted(&gateway, "/authorize", kind, body()).await;
        answer.is_error_page(400, ErrorCode::RequestInvalid);
    }
    let beside = posted(&gateway, "/authorize?state=x", urlencoded, body()).await;
    beside.is_error_page(400, ErrorCode::RequestInvalid);
    for bad in ["&state=%00", "&state=%0d%0a", "&x=%zz", "&x=%ff", "&=x", "&state=twice"] {
        let answer = posted(&gateway, "/authorize", urlencoded, format!("{}{bad}", body())).await;
        answer.is_error_page(400, ErrorCode::RequestInvalid);
    }
    let large = format!("{}&x={}", body(), "x".repeat(70_000));
    assert_eq!(posted(&gateway, "/authorize", urlencoded, large).await.status, 413);
    let many = (0..64).map(|n| format!("p{n}=1")).collect::<Vec<_>>().join("&");
    let answer = posted(&gateway, "/authorize", urlencoded, format!("{}&{many}", body())).await;
    answer.is_error_page(400, ErrorCode::RequestInvalid);
}

/// Scripts of registered services may call the endpoints for tokens, others may not; metadata is everybody's.
#[tokio::test]
async fn scripts_of_registered_services_alone_may_read_tokens() {
    let gateway = TestGateway::new().await;
    let ask = async |method: &str, path: &str, origin: &str| {
        let request = Request::builder().method(method).uri(path).header("host", "localhost:24810");
        let request = request.header("origin", origin).body(Body::empty()).expect("a request");
        gateway.send(request).await
    };
    for path in ["/.well-known/openid-configuration", "/.well-known/oauth-authorization-server", "/jwks"] {
        let answer = ask("GET", path, "https://anybody.example").await;
        assert_eq!(answer.header("access-control-allow-origin"), "*");
    }
    for path in ["/token", "/userinfo"] {
        for origin in ["https://kosodate.example", "http://127.0.0.1:24830"] {
            let answer = ask("OPTIONS", path, origin).await;
            assert_eq!(answer.status, 204);
            assert_eq!(answer.header("access-control-allow-origin"), origin);
            assert!(answer.header("access-control-allow-headers").contains("dpop"));
            assert_eq!(answer.headers.get("access-control-allow-credentials"), None);
            assert_eq!(answer.header("vary"), "Origin");
            let answer = ask("POST", path, origin).await;
            assert_eq!(answer.header("access-control-allow-origin"), origin);
        }
        for origin in [
            "https://evil.example",
            "https://kosodate.example.evil.example",
            "https://kosodate.example:443",
            "http://kosodate.example",
            "https://KOSODATE.example",
            "https://",
            "https:",
            "null",
            "*",
            "",
        ] {
            for method in ["OPTIONS", "POST"] {
                let answer = ask(method, path, origin).await;
                assert_eq!(answer.headers.get("access-control-allow-origin"), None, "{origin}");
            }
        }
    }
    let push = ask("POST", "/par", "https://kosodate.example").await;
    assert_eq!(push.headers.get("access-control-allow-origin"), None);
}
