//! `/authorize`: which requests get a start page, and what the others get.

use madoguchi_protocol::ErrorCode;
use madoguchi_tests::gateway::{MIDORI, TestBrowser, TestGateway, TestService, Visit, form};

/// A changed request answers with a page of this code, and nobody is sent anywhere.
async fn is_page(gateway: &TestGateway, parameters: &[(&'static str, String)], code: ErrorCode) {
    let service = TestService::kosodate(gateway, MIDORI);
    let page = TestBrowser::new().open(gateway, &service.authorize_url_of(parameters)).await;
    page.is_error_page(400, code);
    assert_eq!(page.headers.get("location"), None);
    assert_eq!(page.back(), None, "no way to an address that is not known to be the service's");
    assert!(page.set_cookies().is_empty());
}

#[tokio::test]
async fn an_unknown_client_gets_a_page() {
    let gateway = TestGateway::new().await;
    let service = TestService::kosodate(&gateway, MIDORI);
    for id in ["kosodat", "KOSODATE", "kosodate ", "../kosodate", "窓"] {
        is_page(&gateway, &service.parameters_but(&[("client_id", Some(id))]), ErrorCode::ClientUnknown)
            .await;
    }
    is_page(&gateway, &service.parameters_but(&[("client_id", None)]), ErrorCode::RequestInvalid).await;
}

#[tokio::test]
async fn a_redirect_uri_that_is_nearly_registered_gets_a_page() {
    let gateway = TestGateway::new().await;
    let service = TestService::kosodate(&gateway, MIDORI);
    for uri in [
        "https://kosodate.example/callback/",
        "https://kosodate.example/callback?",
        "https://kosodate.example/callback#",
        "https://kosodate.example/callback?from=mad",
        "https://kosodate.example/callback?from=mado&x=1",
        "https://kosodate.example/Callback",
        "https://KOSODATE.example/callback",
        "https://kosodate.example:443/callback",
        "https://kosodate.example/../callback",
        "https://kosodate.example.evil/callback",
        "https://user@kosodate.example/callback",
        "http://kosodate.example/callback",
        "//kosodate.example/callback",
        "https://evil.example/",
        "http://127.0.0.1:24830/callback",
    ] {
        let parameters = service.parameters_but(&[("redirect_uri", Some(uri))]);
        is_page(&gateway, &parameters, ErrorCode::RedirectUriUnregistered).await;
    }
    let missing = service.parameters_but(&[("redirect_uri", None)]);
    is_page(&gateway, &missing, ErrorCode::RedirectUriUnregistered).await;
}

/// Nothing in such a request can be believed, its redirect URI least.
#[tokio::test]
async fn repeated_parameters_get_a_page() {
    let gateway = TestGateway::new().await;
    let service = TestService::kosodate(&gateway, MIDORI);
    for name in ["client_id", "redirect_uri", "state", "code_challenge", "unheard_of"] {
        let mut parameters = service.parameters();
        parameters.extend([(name, "x".to_owned()), (name, "x".to_owned())]);
        is_page(&gateway, &parameters, ErrorCode::RequestInvalid).await;
    }
}

#[tokio::test]
async fn other_faults_go_back_to_the_service_with_state_and_issuer() {
    let gateway = TestGateway::new().await;
    let before = gateway.stored();
    let service = TestService::kosodate(&gateway, MIDORI);
    let long = "x".repeat(1025);
    for (name, value, error) in [
        ("response_type", None, "invalid_request"),
        ("response_type", Some("token"), "unsupported_response_type"),
        ("response_type", Some("code id_token"), "unsupported_response_type"),
        ("response_mode", Some("fragment"), "invalid_request"),
        ("response_mode", Some("form_post"), "invalid_request"),
        ("scope", None, "invalid_scope"),
        ("scope", Some("profile"), "invalid_scope"),
        ("code_challenge", None, "invalid_request"),
        ("code_challenge", Some("short"), "invalid_request"),
        ("code_challenge_method", None, "invalid_request"),
        ("code_challenge_method", Some("plain"), "invalid_request"),
        ("nonce", Some(long.as_str()), "invalid_request"),
        ("max_age", Some("-1"), "invalid_request"),
        ("prompt", Some("none login"), "invalid_request"),
        ("prompt", Some("sometimes"), "invalid_request"),
        ("prompt", Some("none"), "login_required"),
        ("request", Some("e30."), "request_not_supported"),
        ("request_uri", Some("https://kosodate.example/r"), "request_uri_not_supported"),
        ("registration", Some("{}"), "registration_not_supported"),
    ] {
        let url = service.authorize_url_of(&service.parameters_but(&[(name, value)]));
        let answer = TestBrowser::new().open(&gateway, &url).await;
        assert!(
            answer.location().starts_with("https://kosodate.example/callback?error="),
            "{name}={value:?}"
        );
        assert_eq!(answer.location_parameter("error").as_deref(), Some(error), "{name}={value:?}");
        assert_eq!(answer.location_parameter("state").as_ref(), Some(&service.state), "{name}={value:?}");
        assert_eq!(answer.location_parameter("iss").as_deref(), Some(MIDORI.issuer), "{name}={value:?}");
        assert!(answer.set_cookies().is_empty());
    }
    let stateless = service.parameters_but(&[("state", None), ("scope", None)]);
    let answer = TestBrowser::new().open(&gateway, &service.authorize_url_of(&stateless)).await;
    assert_eq!(answer.location_parameter("state"), None);
    assert_eq!(answer.location_parameter("iss").as_deref(), Some(MIDORI.issuer));
    let long_state = service.parameters_but(&[("state", Some(&long))]);
    let answer = TestBrowser::new().open(&gateway, &service.authorize_url_of(&long_state)).await;
    assert_eq!(answer.location_parameter("error").as_deref(), Some("invalid_request"));
    assert_eq!(gateway.stored(), before);
}

#[tokio::test]
async fn a_posted_request_is_as_good_as_one_in_the_address() {
    let gateway = TestGateway::new().await;
    let service = TestService::kosodate(&gateway, MIDORI);
    let url = MIDORI.url("/authorize");
    let fields = service.parameters();
    let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let mut browser = TestBrowser::new();
    let before = gateway.stored();
    let page = browser.submit_across(&gateway, &url, &fields).await;
    assert_eq!(page.status, 200);
    assert_eq!(gateway.stored(), before);
    assert_eq!(browser.cookie_names().len(), 1);
    let sealed = page.sealed("/sign-in/start");
    let pressed = browser.submit(&gateway, &MIDORI.url("/sign-in/start"), &[("sealed", &sealed)]).await;
    assert!(pressed.location().starts_with("http://127.0.0.1:24817/t/"));
    // What is wrong with it is said at once.
    let wrong = service.parameters_but(&[("response_type", Some("token"))]);
    let wrong: Vec<(&str, &str)> = wrong.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let refused = TestBrowser::new().submit_across(&gateway, &url, &wrong).await;
    assert_eq!(refused.location_parameter("error").as_deref(), Some("unsupported_response_type"));
    let strange = service.parameters_but(&[("redirect_uri", Some("https://evil.example/"))]);
    let strange: Vec<(&str, &str)> = strange.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let page = TestBrowser::new().submit_across(&gateway, &url, &strange).await;
    page.is_error_page(400, ErrorCode::RedirectUriUnregistered);
    // What is ignored does not travel on, and what is read does.
    let full = service.parameters_but(&[
        ("login_hint", Some("hanako")),
        ("ui_locales", Some("en")),
        ("max_age", Some("60")),
        ("claims", Some("{}")),
    ]);
    let full: Vec<(&str, &str)> = full.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let onward = TestBrowser::new().submit_from(&gateway, &url, "cross-site", &full).await;
    let onward = url::Url::parse(&MIDORI.url(onward.location())).expect("an address");
    for (name, value) in full {
        let travels = onward.query_pairs().find(|(travels, _)| travels == name).map(|(_, value)| value);
        assert_eq!(travels.as_deref(), (name != "login_hint").then_some(value), "{name}");
    }
    // What stands in the address of a POST is not part of the request.
    let empty = TestBrowser::new();
    let both = format!("{url}?{}", form(&service.parameters()));
    empty.clone().submit(&gateway, &both, &[]).await.is_error_page(400, ErrorCode::RequestInvalid);
}

#[tokio::test]
async fn no_number_of_requests_stores_anything() {
    let gateway = TestGateway::new().await;
    let before = gateway.stored();
    for _ in 0..50 {
        let visit = Visit::new(&gateway).await;
        assert_eq!(visit.record().await, None);
    }
    assert_eq!(gateway.stored(), before);
}

#[tokio::test]
async fn the_ninth_cookie_takes_the_place_of_the_oldest() {
    let gateway = TestGateway::new().await;
    let mut browser = TestBrowser::new();
    let mut tags = Vec::new();
    for _ in 0..8 {
        let visit = Visit::in_browser(&gateway, TestService::tosho(MIDORI), browser).await;
        assert_eq!(visit.start.set_cookies().len(), 1);
        tags.push(visit.b());
        browser = visit.browser;
    }
    assert_eq!(browser.cookie_names(), tags);
    let visit = Visit::in_browser(&gateway, TestService::tosho(MIDORI), browser).await;
    let gone = format!("{}=; Max-Age=0; Path=/; Secure; HttpOnly; SameSite=Lax", tags[0]);
    assert_eq!(visit.start.set_cookies()[0], gone);
    tags.remove(0);
    tags.push(visit.b());
    assert_eq!(visit.browser.cookie_names(), tags);
}

/// Sessions whose answer nobody took pile up no higher.
#[tokio::test]
async fn the_ninth_session_takes_the_place_of_the_oldest() {
    let gateway = TestGateway::new().await;
    let mut browser = TestBrowser::new();
    let mut sessions = Vec::new();
    // Each asks for the card; the browser's session would answer otherwise.
    let tosho = TestService::tosho(MIDORI);
    let url = tosho.authorize_url_of(&tosho.parameters_but(&[("prompt", Some("login"))]));
    for _ in 0..8 {
        let mut visit = Visit::at(&gateway, tosho.clone(), browser, &url).await;
        visit.press().await;
        visit.claim().await;
        visit.finish().await;
        visit.come_back().await;
        sessions.push(visit.s());
        browser = visit.browser;
    }
    let visit = Visit::at(&gateway, tosho, browser, &url).await;
    sessions.remove(0);
    let kept: Vec<&str> =
        visit.browser.cookie_names().into_iter().filter(|name| name.starts_with("__Host-s-")).collect();
    assert_eq!(kept, sessions);
}

#[tokio::test]
async fn the_resident_reads_the_language_that_was_asked_for() {
    let gateway = TestGateway::new().await;
    let service = TestService::kosodate(&gateway, MIDORI);
    for (ui_locales, accepted, lang, shown) in [
        (None, None, "ja", "子育て手続き"),
        (None, Some("en-GB,en;q=0.8"), "en", "Childcare"),
        (None, Some("fr-CH, fr;q=0.9, en;q=0.8"), "en", "Childcare"),
        (None, Some("fr"), "ja", "子育て手続き"),
        (Some("en"), Some("ja"), "en", "Childcare"),
        (Some("ja-x-plain en"), Some("en"), "ja-x-plain", "子育て手続き"),
        (Some("fr en"), None, "en", "Childcare"),
    ] {
        let url = service.authorize_url_of(&service.parameters_but(&[("ui_locales", ui_locales)]));
        let headers: Vec<(&str, &str)> =
            accepted.into_iter().map(|accepted| ("accept-language", accepted)).collect();
        let page = TestBrowser::new().get(&gateway, &url, &headers).await;
        assert_eq!(page.attribute("html", "lang").as_deref(), Some(lang), "{ui_locales:?} {accepted:?}");
        assert!(page.text_of("dl").is_some_and(|texts| texts.contains(shown)), "{ui_locales:?} {accepted:?}");
        assert_eq!(page.header("vary"), "Accept-Language, Cookie");
    }
}

/// The language chosen at the start stays for the whole sign-in, whatever a later request says.
#[tokio::test]
async fn the_language_stays() {
    let gateway = TestGateway::new().await;
    let service = TestService::kosodate(&gateway, MIDORI);
    let url = service.authorize_url_of(&service.parameters_but(&[("ui_locales", Some("en"))]));
    let mut visit = Visit::of(&gateway, service).await;
    visit.start = visit.browser.open(&gateway, &url).await;
    visit.tag = visit.start.attribute("#status", "data-tag").unwrap();
    visit.press().await;
    visit.claim().await;
    visit.agent.cancel(&gateway, visit.id(), ErrorCode::NoCard).await;
    let stopped = visit.stopped().await;
    assert_eq!(stopped.attribute("html", "lang").as_deref(), Some("en"));
    assert_eq!(stopped.text_of("h1").as_deref(), Some("You are not signed in"));
    // And for the next try.
    visit.press_with(&[("sealed", &stopped.sealed("/sign-in/start"))]).await;
    let url = MIDORI.url("/sign-in/decline");
    let declined =
        visit.browser.submit(&gateway, &url, &[("sealed", &stopped.sealed("/sign-in/start"))]).await;
    assert_eq!(declined.attribute("html", "lang").as_deref(), Some("en"));
}

#[tokio::test]
async fn the_start_page_names_everything_that_the_resident_must_know() {
    let gateway = TestGateway::new().await;
    let visit = Visit::new(&gateway).await;
    let texts = visit.start.text_of("dl").unwrap();
    for shown in ["みどり市", "子育て手続き", "本人確認"] {
        assert!(texts.contains(shown), "{shown}");
    }
    assert!(visit.start.text_of(".code").is_some_and(|code| !code.contains(|c: char| c.is_ascii_digit())));
    // It opens in a tab of its own that cannot reach this one.
    assert_eq!(visit.start.attribute("form#start", "target").as_deref(), Some("_blank"));
    assert_eq!(visit.start.attribute("form#start", "rel").as_deref(), Some("noopener"));
    assert_eq!(visit.start.attribute("form#start", "method").as_deref(), Some("post"));
}
