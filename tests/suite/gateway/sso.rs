//! Single sign-on inside one municipality.

use madoguchi_protocol::{ErrorCode, Secret};
use madoguchi_storage::{AuditKind, CODES_OF_A_SESSION, EndedBy, SessionSelection, Sessions as _};
use madoguchi_test_pki::RevocationReason;
use madoguchi_tests::gateway::{
    Answer, HINATA, MIDORI, SESSION_COOKIE, SignedIn, TestBrowser, TestGateway, TestService, Visit,
    asks_for_the_card, is_offer, random,
};

const NONE: &[(&str, Option<&str>)] = &[("prompt", Some("none"))];

async fn signed_in(gateway: &TestGateway) -> SignedIn<'_> {
    SignedIn::new(gateway, TestService::kosodate(gateway, MIDORI)).await
}

/// Any secret of the right form.
fn forged() -> String {
    Secret::<32>::generate(random()).expect("randomness").encode().to_string()
}

fn parameter(url: &str, name: &str) -> Option<String> {
    let url = url::Url::parse(url).expect("an address");
    url.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
}

#[track_caller]
fn login_required(answer: &Answer, service: &TestService) {
    assert_eq!(answer.location_parameter("error").as_deref(), Some("login_required"));
    assert_eq!(answer.location_parameter("state"), Some(service.state.clone()));
    assert_eq!(answer.location_parameter("iss").as_deref(), Some(service.town.issuer));
    assert!(answer.location().starts_with(&service.redirect_uri));
    assert_eq!(answer.location_parameter("code"), None);
}

/// The page says when, for which service and for whom now; going on needs no card, and each service has its own `sub`.
#[tokio::test]
async fn a_session_answers_another_service_after_a_page() {
    let gateway = TestGateway::new().await;
    let mut resident = signed_in(&gateway).await;
    gateway.wait(120);
    let tosho = TestService::tosho(MIDORI);
    let before = gateway.stored();
    let offer = resident.offered(&tosho).await;
    let lead = offer.text_of(".lead").expect("a lead");
    assert!(lead.contains("11月22日 9時00分") && lead.contains("子育て手続き"), "{lead}");
    assert!(offer.text_of("#asks").expect("text").contains("図書館"));
    assert!(offer.body.contains("別の人"));
    assert!(!offer.body.contains("code="));
    assert_eq!(gateway.stored(), before, "looking writes nothing");

    let onward = resident.press(&offer, "continue").await;
    assert_eq!(onward.status, 200, "a page comes before the service");
    let location = onward.onward().expect("an address");
    assert!(location.starts_with(&tosho.redirect_uri) && location.ends_with('#'), "{location}");
    assert_eq!(parameter(&location, "state").as_deref(), Some(tosho.state.as_str()));
    assert_eq!(parameter(&location, "iss").as_deref(), Some(MIDORI.issuer));
    let claims = resident.redeemed(&tosho, &location).await;
    let first = &resident.claims;
    assert_eq!(claims["auth_time"], first["auth_time"]);
    assert_eq!(claims["aud"], "tosho");
    for pairwise in ["sub", "sid"] {
        assert_ne!(claims[pairwise], first[pairwise], "{pairwise}");
    }
    assert_eq!(gateway.accounts(MIDORI).await, 1);
}

/// No form of these pages may lead to a service, and nobody may frame, store or script them.
#[tokio::test]
async fn the_offers_forms_stay_here() {
    let gateway = TestGateway::new().await;
    let mut resident = signed_in(&gateway).await;
    let offer = resident.offered(&TestService::tosho(MIDORI)).await;
    for page in [resident.press(&offer, "continue").await, resident.press(&offer, "decline").await, offer] {
        let policy = page.header("content-security-policy");
        assert!(policy.ends_with("form-action 'self'"), "{policy}");
        assert!(policy.contains("frame-ancestors 'none'"), "{policy}");
        assert_eq!(
            (page.header("cache-control"), page.header("referrer-policy")),
            ("no-store", "no-referrer")
        );
        assert!(!page.body.contains("<script"), "it works without one");
    }
}

#[tokio::test]
async fn prompt_none_not_logged_in() {
    let gateway = TestGateway::new().await;
    let service = TestService::kosodate(&gateway, MIDORI);
    let before = gateway.stored();
    let url = service.authorize_url_of(&service.parameters_but(NONE));
    login_required(&TestBrowser::new().open(&gateway, &url).await, &service);
    let mut guessing = TestBrowser::new();
    guessing.plant("localhost", SESSION_COOKIE, &forged());
    login_required(&guessing.open(&gateway, &url).await, &service);
    assert_eq!(gateway.stored(), before);
}

#[tokio::test]
async fn prompt_none_logged_in() {
    let gateway = TestGateway::new().await;
    let mut resident = signed_in(&gateway).await;
    gateway.wait(60);
    let again = TestService::kosodate(&gateway, MIDORI);
    let answer = resident.asks(&again, NONE).await;
    let claims = resident.redeemed(&again, answer.location()).await;
    for same in ["sub", "auth_time", "sid", "acr"] {
        assert_eq!(claims[same], resident.claims[same], "{same}");
    }
    assert_eq!(claims["nonce"], again.nonce.as_str());
}

/// The session is another one afterwards, under another secret (session fixation).
#[tokio::test]
async fn prompt_login() {
    let gateway = TestGateway::new().await;
    let mut resident = signed_in(&gateway).await;
    gateway.wait(60);
    let service = TestService::kosodate(&gateway, MIDORI);
    let start = resident.asks(&service, &[("prompt", Some("login"))]).await;
    assert!(asks_for_the_card(&start), "{}", start.body);
    let (before, old) = (resident.claims.clone(), resident.cookie().expect("a cookie").to_owned());
    let visit = Visit { card: resident.card, ..Visit::shown(&gateway, service, resident.browser, start) };
    let mut again = SignedIn::of(visit).await;
    assert_eq!(again.claims["auth_time"], before["auth_time"].as_u64().unwrap() + 60);
    assert_eq!(again.claims["sub"], before["sub"]);
    assert_ne!(again.claims["sid"], before["sid"]);
    assert_ne!(again.cookie().expect("a cookie"), old);
    let mut thief = TestBrowser::new();
    thief.plant("localhost", SESSION_COOKIE, &old);
    let url = again.service.authorize_url();
    assert!(asks_for_the_card(&thief.open(&gateway, &url).await));
    again.offered(&TestService::tosho(MIDORI)).await;
}

#[tokio::test]
async fn max_age_1() {
    let gateway = TestGateway::new().await;
    let mut resident = signed_in(&gateway).await;
    gateway.wait(2);
    let service = TestService::kosodate(&gateway, MIDORI);
    let start = resident.asks(&service, &[("max_age", Some("1"))]).await;
    assert!(asks_for_the_card(&start), "{}", start.body);
    let refused = resident.asks(&service, &[("max_age", Some("1")), ("prompt", Some("none"))]).await;
    login_required(&refused, &service);
    let first = resident.claims["auth_time"].as_u64().unwrap();
    let visit = Visit { card: resident.card, ..Visit::shown(&gateway, service, resident.browser, start) };
    assert_eq!(SignedIn::of(visit).await.claims["auth_time"], first + 2);
}

#[tokio::test]
async fn max_age_10000() {
    let gateway = TestGateway::new().await;
    let mut resident = signed_in(&gateway).await;
    gateway.wait(60);
    let service = TestService::kosodate(&gateway, MIDORI);
    let answer = resident.asks(&service, &[("max_age", Some("10000")), ("prompt", Some("none"))]).await;
    let claims = resident.redeemed(&service, answer.location()).await;
    assert_eq!(claims["auth_time"], resident.claims["auth_time"]);
    assert!(is_offer(&resident.asks(&service, &[("max_age", Some("10000"))]).await));
}

/// 0 is a wish for the card, even within the second in which it was shown.
#[tokio::test]
async fn max_age_0() {
    let gateway = TestGateway::new().await;
    let mut resident = signed_in(&gateway).await;
    let service = TestService::kosodate(&gateway, MIDORI);
    assert!(asks_for_the_card(&resident.asks(&service, &[("max_age", Some("0"))]).await));
}

#[tokio::test]
async fn the_page_is_where_one_consents_and_chooses() {
    let gateway = TestGateway::new().await;
    let mut resident = signed_in(&gateway).await;
    let service = TestService::tosho(MIDORI);
    for prompt in ["consent", "select_account", "consent select_account"] {
        assert!(is_offer(&resident.asks(&service, &[("prompt", Some(prompt))]).await), "{prompt}");
    }
}

/// A client that knows whom it wants gets nobody else: without a page, by the start page, and after another card.
#[tokio::test]
async fn id_token_hint() {
    let gateway = TestGateway::new().await;
    let mut resident = signed_in(&gateway).await;
    let other = signed_in(&gateway).await;
    let service = TestService::kosodate(&gateway, MIDORI);
    let (own, others) = (resident.id_token().to_owned(), other.id_token().to_owned());
    let (own, others) = (("id_token_hint", Some(own.as_str())), ("id_token_hint", Some(others.as_str())));
    let none = ("prompt", Some("none"));
    // ID tokens live five minutes; as a hint one is good for longer.
    gateway.wait(600);
    let answer = resident.asks(&service, &[own, none]).await;
    assert_eq!(resident.redeemed(&service, answer.location()).await["sub"], resident.claims["sub"]);
    assert!(is_offer(&resident.asks(&service, &[own]).await));
    login_required(&resident.asks(&service, &[others, none]).await, &service);
    let start = resident.asks(&service, &[others]).await;
    assert!(asks_for_the_card(&start), "{}", start.body);
    let visit = Visit::shown(&gateway, service.clone(), resident.browser, start);
    let mut visit = Visit { card: resident.card, ..visit };
    visit.press().await;
    visit.claim().await;
    visit.finish().await;
    visit.come_back().await;
    login_required(&visit.take_answer().await, &service);
}

/// A quarter of an hour without a use, renewed by each; half a day at most.
#[tokio::test]
async fn a_session_is_idle_and_ends() {
    let gateway = TestGateway::new().await;
    let mut resident = signed_in(&gateway).await;
    let service = TestService::tosho(MIDORI);
    gateway.wait(899);
    resident.goes_on(&service).await;
    gateway.wait(899);
    resident.offered(&service).await;
    gateway.wait(1);
    assert!(asks_for_the_card(&resident.asks(&service, &[]).await), "looking at the offer is no use");

    let mut busy = signed_in(&gateway).await;
    for _ in 0..53 {
        gateway.wait(800);
        busy.goes_on(&TestService::kosodate(&gateway, MIDORI)).await;
    }
    gateway.wait(43_200 - 53 * 800);
    assert!(asks_for_the_card(&busy.asks(&service, &[]).await));
}

/// A service that asks again and again keeps nobody signed in on a computer that the resident has left.
#[tokio::test]
async fn a_silent_answer_is_no_use_by_the_resident() {
    let gateway = TestGateway::new().await;
    let mut resident = signed_in(&gateway).await;
    let service = TestService::kosodate(&gateway, MIDORI);
    for wait in [400, 499] {
        gateway.wait(wait);
        resident.asks(&service, NONE).await.location_parameter("code").expect("a code");
    }
    gateway.wait(1);
    login_required(&resident.asks(&service, NONE).await, &service);
    assert!(asks_for_the_card(&resident.asks(&service, &[]).await));
}

/// What a browser loads ahead, as a picture or by a script is nobody's wish; a frame is how scripts of services ask.
#[tokio::test]
async fn a_silent_answer_is_a_navigations() {
    let gateway = TestGateway::new().await;
    let mut resident = signed_in(&gateway).await;
    let service = TestService::kosodate(&gateway, MIDORI);
    let url = service.authorize_url_of(&service.parameters_but(NONE));
    let navigate = ("sec-fetch-mode", "navigate");
    let before = gateway.stored();
    for headers in [
        &[("sec-fetch-mode", "no-cors"), ("sec-fetch-dest", "image"), ("sec-fetch-site", "same-site")][..],
        &[("sec-fetch-mode", "cors"), ("sec-fetch-dest", "empty")],
        &[navigate, ("sec-fetch-dest", "document"), ("sec-purpose", "prefetch")],
        &[navigate, ("sec-fetch-dest", "document"), ("sec-purpose", "prefetch;prerender")],
        &[navigate, ("sec-fetch-dest", "document"), ("purpose", "prefetch")],
    ] {
        login_required(&resident.browser.get(&gateway, &url, headers).await, &service);
    }
    let head = resident.browser.head(&gateway, &url).await;
    assert_eq!((head.status.as_u16(), head.headers.get("location")), (404, None));
    assert_eq!(gateway.stored(), before);
    // Browsers that say nothing are taken at their word.
    for headers in [&[][..], &[navigate, ("sec-fetch-dest", "iframe")]] {
        let answer = resident.browser.get(&gateway, &url, headers).await;
        answer.location_parameter("code").expect("a code");
    }
}

/// A page that loops `prompt=none` gets a bounded number of codes, and the service hears why there is no more.
#[tokio::test]
async fn a_session_gives_so_many_codes_at_a_time() {
    let gateway = TestGateway::new().await;
    let mut resident = signed_in(&gateway).await;
    let service = TestService::kosodate(&gateway, MIDORI);
    for _ in 1..CODES_OF_A_SESSION {
        resident.asks(&service, NONE).await.location_parameter("code").expect("a code");
    }
    let before = gateway.stored();
    let refused = resident.asks(&service, NONE).await;
    assert_eq!(refused.location_parameter("error").as_deref(), Some("temporarily_unavailable"));
    assert_eq!(refused.location_parameter("state"), Some(service.state.clone()));
    assert_eq!(refused.location_parameter("iss").as_deref(), Some(MIDORI.issuer));
    assert_eq!(gateway.stored(), before);
    let offer = resident.offered(&service).await;
    let onward = resident.press(&offer, "continue").await.onward().expect("an address");
    assert_eq!(parameter(&onward, "error").as_deref(), Some("temporarily_unavailable"));
    gateway.wait(60);
    resident.goes_on(&service).await;
}

/// A request by POST comes from another site, whose forms bring no cookie: the session is there all the same, and cookies of
/// sign-ins make room for each other.
#[tokio::test]
async fn a_posted_request_finds_the_session() {
    let gateway = TestGateway::new().await;
    let mut resident = signed_in(&gateway).await;
    let service = TestService::kosodate(&gateway, MIDORI);
    let post = async |resident: &mut SignedIn<'_>, changes: &[(&'static str, Option<&str>)]| {
        let fields = service.parameters_but(changes);
        let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
        resident.browser.submit_across(&gateway, &MIDORI.url("/authorize"), &fields).await
    };
    let answer = post(&mut resident, NONE).await;
    assert_eq!(resident.redeemed(&service, answer.location()).await["sub"], resident.claims["sub"]);
    assert!(is_offer(&post(&mut resident, &[]).await));
    for _ in 0..20 {
        assert!(asks_for_the_card(&post(&mut resident, &[("prompt", Some("login"))]).await));
    }
    let cookies = resident.browser.cookie_names();
    assert_eq!(cookies.iter().filter(|name| name.starts_with("__Host-b-")).count(), 8, "{cookies:?}");
    assert!(cookies.contains(&SESSION_COOKIE));
}

/// A shared computer keeps nothing, and takes away what the browser had.
#[tokio::test]
async fn a_counter_makes_no_session() {
    let gateway = TestGateway::new().await;
    let resident = signed_in(&gateway).await;
    let old = resident.cookie().expect("a cookie").to_owned();
    let service = TestService::kosodate(&gateway, MIDORI);
    let mut browser = resident.browser;
    let login = service.parameters_but(&[("prompt", Some("login"))]);
    let start = browser.open(&gateway, &service.authorize_url_of(&login)).await;
    let mut visit = Visit { card: resident.card, ..Visit::shown(&gateway, service, browser, start) };
    visit.press().await;
    visit.claim_at_a_counter().await;
    visit.finish().await;
    visit.come_back().await;
    visit.code().await;
    assert!(visit.browser.cookie_names().is_empty(), "{:?}", visit.browser.cookie_names());
    visit.browser.plant("localhost", SESSION_COOKIE, &old);
    let url = visit.service.authorize_url();
    assert!(asks_for_the_card(&visit.browser.open(&gateway, &url).await));
    assert!(gateway.audit(MIDORI).await.contains(&(AuditKind::SessionEnded, None)));
}

/// Every use asks the lists again.
#[tokio::test]
async fn a_revoked_certificate_ends_the_session() {
    let gateway = TestGateway::new().await;
    let mut resident = signed_in(&gateway).await;
    let service = TestService::tosho(MIDORI);
    let offer = resident.offered(&service).await;
    gateway.wait(60);
    gateway.revoke(&resident.card, RevocationReason::KeyCompromise);
    gateway.publish_lists();
    let start = resident.press(&offer, "continue").await;
    assert!(asks_for_the_card(&start), "between page and button: {}", start.body);
    let record = (AuditKind::SessionRevoked, Some(ErrorCode::CertificateRevoked));
    assert!(gateway.audit(MIDORI).await.contains(&record));
    assert!(asks_for_the_card(&resident.asks(&service, &[]).await));
    login_required(&resident.asks(&service, NONE).await, &service);
    // And a session is not even offered.
    for changes in [&[][..], NONE] {
        let mut other = signed_in(&gateway).await;
        gateway.wait(60);
        gateway.revoke(&other.card, RevocationReason::KeyCompromise);
        gateway.publish_lists();
        let answer = other.asks(&service, changes).await;
        assert!(
            asks_for_the_card(&answer) || answer.location_parameter("error").is_some(),
            "{}",
            answer.body
        );
    }
}

/// The other person shows a card, and the first one's session is over.
#[tokio::test]
async fn another_person() {
    let gateway = TestGateway::new().await;
    let mut first = signed_in(&gateway).await;
    let service = TestService::tosho(MIDORI);
    let offer = first.offered(&service).await;
    let start = first.press(&offer, "other").await;
    assert!(asks_for_the_card(&start), "{}", start.body);
    let second = SignedIn::of(Visit::shown(&gateway, service, first.browser, start)).await;
    assert_ne!(second.claims["sid"], first.claims["sid"]);
    assert_eq!(gateway.accounts(MIDORI).await, 2);
    let token = first.tokens["access_token"].as_str().unwrap();
    assert_eq!(first.service.userinfo(&gateway, token).await.status, 401);
    assert!(gateway.audit(MIDORI).await.contains(&(AuditKind::SessionEnded, None)));
}

/// A cookie that an attacker planted never comes to name the session of whoever signs in with it.
#[tokio::test]
async fn c5_a_planted_session_is_no_session_of_the_resident() {
    let gateway = TestGateway::new().await;
    let attacker = signed_in(&gateway).await;
    let planted = attacker.cookie().unwrap().to_owned();
    let service = TestService::kosodate(&gateway, MIDORI);
    let mut browser = TestBrowser::new();
    browser.plant("localhost", SESSION_COOKIE, &planted);
    let login = service.parameters_but(&[("prompt", Some("login"))]);
    let start = browser.open(&gateway, &service.authorize_url_of(&login)).await;
    let resident = SignedIn::of(Visit::shown(&gateway, service, browser, start)).await;
    assert_ne!(resident.cookie(), Some(planted.as_str()));
    let mut thief = TestBrowser::new();
    thief.plant("localhost", SESSION_COOKIE, &planted);
    assert!(asks_for_the_card(&thief.open(&gateway, &resident.service.authorize_url()).await));
}

/// The form and its cookie belong together; either alone, or either of another browser, does nothing.
#[tokio::test]
async fn the_buttons_take_their_form_and_their_cookie() {
    let gateway = TestGateway::new().await;
    let mut resident = signed_in(&gateway).await;
    let mut other = signed_in(&gateway).await;
    let offer = resident.offered(&TestService::tosho(MIDORI)).await;
    let before = gateway.stored();
    for button in ["continue", "other", "decline"] {
        other.press(&offer, button).await.is_error_page(400, ErrorCode::FormExpired);
        let action = format!("/session/{button}");
        let (url, sealed) = (MIDORI.url(&action), offer.sealed(&action));
        let bare = TestBrowser::new().submit(&gateway, &url, &[("sealed", &sealed)]).await;
        bare.is_error_page(400, ErrorCode::FormExpired);
        // Another form of the same browser is another form.
        let sessions = resident.browser.open(&gateway, &MIDORI.url("/sessions")).await;
        let ends = sessions.sealed("/sessions/end");
        for wrong in ["", "x", &sealed[1..], &ends] {
            let answer = resident.browser.submit(&gateway, &url, &[("sealed", wrong)]).await;
            answer.is_error_page(400, ErrorCode::FormExpired);
        }
    }
    gateway.wait(1801);
    resident.press(&offer, "continue").await.is_error_page(400, ErrorCode::FormExpired);
    assert_eq!(gateway.stored(), before);
}

/// The same browser at another municipality is a stranger there, whatever cookie and form it brings.
#[tokio::test]
async fn a_session_does_not_reach_another_municipality() {
    let gateway = TestGateway::new().await;
    let mut resident = signed_in(&gateway).await;
    let there = TestService::kosodate(&gateway, HINATA);
    assert!(resident.cookie().is_some(), "cookies do not know ports: the browser sends it");
    assert!(asks_for_the_card(&resident.asks(&there, &[]).await));
    login_required(&resident.asks(&there, NONE).await, &there);
    let offer = resident.offered(&TestService::tosho(MIDORI)).await;
    let sealed = offer.sealed("/session/continue");
    let url = HINATA.url("/session/continue");
    let answer = resident.browser.submit(&gateway, &url, &[("sealed", &sealed)]).await;
    answer.is_error_page(400, ErrorCode::FormExpired);
    let page = resident.browser.open(&gateway, &HINATA.url("/sessions")).await;
    assert_eq!((page.status.as_u16(), page.attribute("form", "action")), (200, None));
    resident.goes_on(&TestService::tosho(MIDORI)).await;
}

/// A session that ended while its page was shown answers nothing: the card is asked for.
#[tokio::test]
async fn a_session_that_ended_meanwhile_goes_nowhere() {
    let gateway = TestGateway::new().await;
    let mut resident = signed_in(&gateway).await;
    let offer = resident.offered(&TestService::tosho(MIDORI)).await;
    let hash = Secret::<32>::decode(resident.cookie().unwrap()).unwrap().hash();
    let selection = SessionSelection::Cookie(hash);
    assert_eq!(gateway.store.end_sessions(MIDORI.id, selection, EndedBy::Resident).await.unwrap(), 1);
    assert!(asks_for_the_card(&resident.press(&offer, "continue").await));
}

#[tokio::test]
async fn declining_tells_the_service_and_keeps_the_session() {
    let gateway = TestGateway::new().await;
    let mut resident = signed_in(&gateway).await;
    let tosho = TestService::tosho(MIDORI);
    let offer = resident.offered(&tosho).await;
    let back = resident.press(&offer, "decline").await.onward().expect("an address");
    assert!(back.starts_with(&tosho.redirect_uri), "{back}");
    assert_eq!(parameter(&back, "error").as_deref(), Some("access_denied"));
    resident.goes_on(&tosho).await;
}

/// Reloading the page that goes on makes another code; each is used once.
#[tokio::test]
async fn each_answer_has_its_own_code() {
    let gateway = TestGateway::new().await;
    let mut resident = signed_in(&gateway).await;
    let tosho = TestService::tosho(MIDORI);
    let offer = resident.offered(&tosho).await;
    let one = resident.press(&offer, "continue").await.onward().unwrap();
    let two = resident.press(&offer, "continue").await.onward().unwrap();
    assert_ne!(one, two);
    resident.redeemed(&tosho, &one).await;
    let code = parameter(&one, "code").unwrap();
    tosho.redeem(&gateway, &code).await.is_oauth_error(400, "invalid_grant");
    resident.redeemed(&tosho, &two).await;
}

#[tokio::test]
async fn the_offer_speaks_three_languages() {
    let gateway = TestGateway::new().await;
    let mut resident = signed_in(&gateway).await;
    let tosho = TestService::tosho(MIDORI);
    for (locale, title, when) in [
        ("ja", "サインインを続けますか", "11月22日 9時00分"),
        ("ja-x-plain", "サインインを 続(つづ)けますか", "11月(がつ)22日(にち)"),
        ("en", "Go on as the same person?", "22 November, 9:00"),
    ] {
        let offer = resident.asks(&tosho, &[("ui_locales", Some(locale))]).await;
        assert_eq!(offer.text_of("h1").as_deref(), Some(title));
        assert_eq!(offer.attribute("html", "lang").as_deref(), Some(locale));
        assert!(offer.text_of(".lead").unwrap().contains(when), "{}", offer.body);
    }
}
