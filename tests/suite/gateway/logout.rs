//! Signing out at a service's wish, by the names of the certification plan "RP-Initiated Logout". Every one of them is
//! confirmed by the resident first.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use madoguchi_protocol::ErrorCode;
use madoguchi_storage::{Audit as _, AuditKind};
use madoguchi_tests::gateway::{
    Answer, HINATA, KOSODATE, MIDORI, SESSION_COOKIE, SignedIn, TOSHO, TestBrowser, TestGateway, TestService,
    asks_for_the_card, form,
};

async fn signed_in(gateway: &TestGateway) -> SignedIn<'_> {
    SignedIn::new(gateway, TestService::kosodate(gateway, MIDORI)).await
}

async fn logout(resident: &mut SignedIn<'_>, parameters: &[(&str, &str)]) -> Answer {
    let url = MIDORI.url(&format!("/logout?{}", form(parameters)));
    resident.browser.open(resident.gateway, &url).await
}

/// Answers the question, which must come.
async fn confirm(resident: &mut SignedIn<'_>, question: &Answer) -> Answer {
    assert_eq!(question.status, 200, "{}", question.body);
    assert_eq!(question.headers.get("refresh"), None, "nothing goes on before the resident said so");
    let sealed = question.sealed("/logout/confirm");
    let url = MIDORI.url("/logout/confirm");
    resident.browser.submit(resident.gateway, &url, &[("sealed", &sealed)]).await
}

/// Signed out here, in the services' tokens, and for `prompt=none`.
async fn is_signed_out(resident: &mut SignedIn<'_>) {
    assert_eq!(resident.cookie(), None);
    let token = resident.tokens["access_token"].as_str().expect("it is there").to_owned();
    assert_eq!(resident.service.userinfo(resident.gateway, &token).await.status, 401);
    let service = TestService::kosodate(resident.gateway, MIDORI);
    let refused = resident.asks(&service, &[("prompt", Some("none"))]).await;
    assert_eq!(refused.location_parameter("error").as_deref(), Some("login_required"));
}

/// The resident is asked, signs out, and the browser stays.
async fn stays_here(changes: impl Fn(&SignedIn<'_>) -> Vec<(&'static str, String)>) {
    let gateway = TestGateway::new().await;
    let mut resident = signed_in(&gateway).await;
    let parameters = changes(&resident);
    let parameters: Vec<_> = parameters.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let question = logout(&mut resident, &parameters).await;
    let after = confirm(&mut resident, &question).await;
    assert_eq!((after.status.as_u16(), after.onward()), (200, None), "{parameters:?}");
    assert_eq!(after.text_of("h1").as_deref(), Some("サインアウトしました"));
    is_signed_out(&mut resident).await;
}

/// Happy: 128 characters of state come back, and nobody is signed in afterwards.
#[tokio::test]
async fn rp_initiated_logout() {
    let gateway = TestGateway::new().await;
    let mut resident = signed_in(&gateway).await;
    let (hint, state) = (resident.id_token().to_owned(), "s+/ &".repeat(26)[..128].to_owned());
    let parameters = [
        ("id_token_hint", hint.as_str()),
        ("post_logout_redirect_uri", KOSODATE.signed_out),
        ("state", &state),
        ("client_id", "kosodate"),
    ];
    let before = gateway.stored();
    let question = logout(&mut resident, &parameters).await;
    assert!(question.body.contains("「子育て手続き」から"), "{}", question.body);
    assert!(question.header("content-security-policy").ends_with("form-action 'self'"));
    assert_eq!(gateway.stored(), before, "a question ends nothing");
    let after = confirm(&mut resident, &question).await;
    assert_eq!(after.status, 200, "a page comes before the service");
    let onward = url::Url::parse(&after.onward().expect("an address")).unwrap();
    let pairs: Vec<_> = onward.query_pairs().collect();
    assert_eq!((pairs.len(), &*pairs[0].0, &*pairs[0].1), (1, "state", state.as_str()));
    assert_eq!(onward.as_str().split('?').next(), Some(KOSODATE.signed_out));
    is_signed_out(&mut resident).await;
    let records = gateway.store.audit_records(MIDORI.id, 0, 100).await.unwrap();
    let ended = records.iter().find(|record| record.kind == AuditKind::SessionEnded).expect("a record");
    assert_eq!(ended.evidence.as_deref(), Some(r#"{"by":"service"}"#));
}

#[tokio::test]
async fn no_state() {
    let gateway = TestGateway::new().await;
    let mut resident = signed_in(&gateway).await;
    let hint = resident.id_token().to_owned();
    let parameters = [("id_token_hint", hint.as_str()), ("post_logout_redirect_uri", KOSODATE.signed_out)];
    let question = logout(&mut resident, &parameters).await;
    let after = confirm(&mut resident, &question).await;
    assert_eq!(after.onward(), Some(format!("{}#", KOSODATE.signed_out)));
}

#[tokio::test]
async fn no_params() {
    stays_here(|_| vec![]).await;
}

#[tokio::test]
async fn only_state() {
    stays_here(|_| vec![("state", "s".to_owned())]).await;
}

#[tokio::test]
async fn no_post_logout_redirect_uri() {
    stays_here(|resident| vec![("id_token_hint", resident.id_token().to_owned()), ("state", "s".to_owned())])
        .await;
}

#[tokio::test]
async fn no_id_token_hint() {
    for client_id in [None, Some("kosodate")] {
        stays_here(|_| {
            let mut parameters = vec![("post_logout_redirect_uri", KOSODATE.signed_out.to_owned())];
            parameters.extend(client_id.map(|client_id| ("client_id", client_id.to_owned())));
            parameters
        })
        .await;
    }
}

#[tokio::test]
async fn bad_post_logout_redirect_uri() {
    // A redirect URI is no post-logout URI, and another client's is another client's.
    for uri in [KOSODATE.redirect_uris[0], TOSHO.signed_out, "https://evil.example/", "javascript:alert(1)"] {
        stays_here(|resident| with_uri(resident, uri)).await;
    }
}

#[tokio::test]
async fn query_added_to_post_logout_redirect_uri() {
    stays_here(|resident| with_uri(resident, &format!("{}?foo=bar", KOSODATE.signed_out))).await;
}

fn with_uri(resident: &SignedIn<'_>, uri: &str) -> Vec<(&'static str, String)> {
    vec![
        ("id_token_hint", resident.id_token().to_owned()),
        ("post_logout_redirect_uri", uri.to_owned()),
        ("state", "s".to_owned()),
    ]
}

fn with_hint(hint: String) -> Vec<(&'static str, String)> {
    vec![("id_token_hint", hint), ("post_logout_redirect_uri", KOSODATE.signed_out.to_owned())]
}

/// Its algorithm is none, or its claims are others.
#[tokio::test]
async fn modified_id_token_hint() {
    stays_here(|resident| {
        let claims = resident.id_token().split('.').nth(1).unwrap().to_owned();
        with_hint(format!("{}.{claims}.", URL_SAFE_NO_PAD.encode(r#"{"alg":"none"}"#)))
    })
    .await;
    stays_here(|resident| {
        let parts: Vec<&str> = resident.id_token().split('.').collect();
        let claims = String::from_utf8(URL_SAFE_NO_PAD.decode(parts[1]).unwrap()).unwrap();
        let claims = URL_SAFE_NO_PAD.encode(claims.replace("kosodate", "kosodata"));
        with_hint(format!("{}.{claims}.{}", parts[0], parts[2]))
    })
    .await;
}

/// Another issuer's: here another municipality's of the same gateway.
#[tokio::test]
async fn bad_id_token_hint() {
    let gateway = TestGateway::new().await;
    let mut resident = signed_in(&gateway).await;
    let there = SignedIn::new(&gateway, TestService::kosodate(&gateway, HINATA)).await;
    let hint = there.id_token();
    let parameters = [("id_token_hint", hint), ("post_logout_redirect_uri", KOSODATE.signed_out)];
    let question = logout(&mut resident, &parameters).await;
    assert!(!question.body.contains("子育て手続き"), "nobody knows who asks");
    assert_eq!(confirm(&mut resident, &question).await.onward(), None);
    is_signed_out(&mut resident).await;
    for hint in ["x", "a.b.c", ""] {
        stays_here(|_| with_hint(hint.to_owned())).await;
    }
    // The session there goes on.
    let token = there.tokens["access_token"].as_str().unwrap();
    assert_eq!(there.service.userinfo(&gateway, token).await.status, 200);
}

/// A hint is good for longer than its token: who signs out late signs out all the same.
#[tokio::test]
async fn an_expired_hint_holds() {
    let gateway = TestGateway::new().await;
    let mut resident = signed_in(&gateway).await;
    let hint = resident.id_token().to_owned();
    gateway.wait(7200);
    let parameters = [("id_token_hint", hint.as_str()), ("post_logout_redirect_uri", KOSODATE.signed_out)];
    let question = logout(&mut resident, &parameters).await;
    // Idle for long, it is ended nevertheless.
    let after = confirm(&mut resident, &question).await;
    assert!(after.onward().is_some());
    assert!(gateway.audit(MIDORI).await.contains(&(AuditKind::SessionEnded, None)));
}

/// `client_id` beside the hint must be its audience.
#[tokio::test]
async fn another_clients_name_beside_the_hint_goes_nowhere() {
    stays_here(|resident| {
        let mut parameters = with_uri(resident, KOSODATE.signed_out);
        parameters.push(("client_id", "tosho".to_owned()));
        parameters
    })
    .await;
}

#[tokio::test]
async fn a_parameter_twice_is_no_request() {
    let gateway = TestGateway::new().await;
    let mut browser = TestBrowser::new();
    let answer = browser.open(&gateway, &MIDORI.url("/logout?state=a&state=b")).await;
    answer.is_error_page(400, ErrorCode::RequestInvalid);
}

/// Another site's form brings no cookie: the resident is asked all the same, and the button ends what this browser has.
#[tokio::test]
async fn a_form_of_the_service_is_asked_about() {
    let gateway = TestGateway::new().await;
    let mut resident = signed_in(&gateway).await;
    let hint = resident.id_token().to_owned();
    let url = MIDORI.url("/logout");
    for parameters in
        [vec![("id_token_hint", hint.as_str()), ("post_logout_redirect_uri", KOSODATE.signed_out)], vec![]]
    {
        let question = TestBrowser::new().submit(&gateway, &url, &parameters).await;
        assert_eq!(question.set_cookies(), Vec::<&str>::new(), "and takes none away");
        let sealed = question.sealed("/logout/confirm");
        // Only a button of this origin: with a cookie, another site's form is not believed.
        let confirm_url = MIDORI.url("/logout/confirm");
        let elsewhere =
            resident.browser.submit_from(&gateway, &confirm_url, "cross-site", &[("sealed", &sealed)]).await;
        elsewhere.is_error_page(400, ErrorCode::FormExpired);
        assert!(resident.cookie().is_some());
    }
    let question = TestBrowser::new().submit(&gateway, &url, &[]).await;
    let after = confirm(&mut resident, &question).await;
    assert_eq!(after.status, 200);
    is_signed_out(&mut resident).await;
}

/// The question's form belongs to the browser that was asked.
#[tokio::test]
async fn a_question_is_answered_by_its_browser() {
    let gateway = TestGateway::new().await;
    let mut resident = signed_in(&gateway).await;
    let mut other = signed_in(&gateway).await;
    let question = logout(&mut resident, &[]).await;
    let before = gateway.stored();
    confirm(&mut other, &question).await.is_error_page(400, ErrorCode::FormExpired);
    let mut bare = TestBrowser::new();
    let sealed = question.sealed("/logout/confirm");
    let url = MIDORI.url("/logout/confirm");
    bare.submit(&gateway, &url, &[("sealed", &sealed)]).await.is_error_page(400, ErrorCode::FormExpired);
    gateway.wait(1801);
    confirm(&mut resident, &question).await.is_error_page(400, ErrorCode::FormExpired);
    assert_eq!(gateway.stored(), before);
    assert!(resident.cookie().is_some() && other.cookie().is_some());
}

/// In a browser without a session nothing is asked, and nothing is ended.
#[tokio::test]
async fn nobody_is_asked_where_nobody_is_signed_in() {
    let gateway = TestGateway::new().await;
    let mut browser = TestBrowser::new();
    let before = gateway.stored();
    let answer = browser.open(&gateway, &MIDORI.url("/logout")).await;
    assert_eq!(answer.text_of("h1").as_deref(), Some("サインアウトしました"));
    assert_eq!((answer.onward(), gateway.stored() == before), (None, true));
}

/// ID tokens travel in addresses and stand in logs: whoever has one, and not the resident's browser, ends nothing.
#[tokio::test]
async fn a_hint_without_the_cookie_ends_nothing() {
    let gateway = TestGateway::new().await;
    let mut resident = signed_in(&gateway).await;
    let tosho = TestService::tosho(MIDORI);
    resident.goes_on(&tosho).await;
    let hint = resident.id_token().to_owned();
    let parameters = [("id_token_hint", hint.as_str()), ("post_logout_redirect_uri", KOSODATE.signed_out)];
    let before = gateway.stored();
    // In another browser nobody is signed in: nothing is asked, and it goes back.
    let mut stranger = TestBrowser::new();
    let url = MIDORI.url(&format!("/logout?{}", form(&parameters)));
    let answer = stranger.get(&gateway, &url, &[]).await;
    assert_eq!(answer.attribute("form", "action"), None, "{}", answer.body);
    assert!(answer.onward().expect("an address").starts_with(KOSODATE.signed_out));
    // A form can be had by POST, and pressed without a browser, or in one with a session of its own.
    let question = stranger.submit(&gateway, &MIDORI.url("/logout"), &parameters).await;
    let (sealed, url) = (question.sealed("/logout/confirm"), MIDORI.url("/logout/confirm"));
    assert_eq!(stranger.submit(&gateway, &url, &[("sealed", &sealed)]).await.status, 200);
    assert_eq!(gateway.stored(), before);
    let mut other = signed_in(&gateway).await;
    assert_eq!(confirm(&mut other, &question).await.status, 200);
    is_signed_out(&mut other).await;
    let token = resident.tokens["access_token"].as_str().expect("text").to_owned();
    assert_eq!(resident.service.userinfo(&gateway, &token).await.status, 200);
    resident.offered(&tosho).await;
    // With the cookie forgotten the tokens live on: they are given back at /revoke.
    resident.browser.forget(SESSION_COOKIE);
    logout(&mut resident, &parameters).await;
    assert_eq!(resident.service.userinfo(&gateway, &token).await.status, 200);
}

/// What one signs out of is what this browser did: all its sessions of this resident, and nobody else's.
#[tokio::test]
async fn signing_out_ends_all_of_this_browser() {
    let gateway = TestGateway::new().await;
    let mut resident = signed_in(&gateway).await;
    let bystander = signed_in(&gateway).await;
    let service = TestService::kosodate(&gateway, MIDORI);
    let start = resident.asks(&service, &[("prompt", Some("login"))]).await;
    assert!(asks_for_the_card(&start));
    let SignedIn { card, browser, tokens: first, .. } = resident;
    let visit = madoguchi_tests::gateway::Visit::shown(&gateway, service, browser, start);
    let mut again = SignedIn::of(madoguchi_tests::gateway::Visit { card, ..visit }).await;
    let question = logout(&mut again, &[]).await;
    confirm(&mut again, &question).await;
    is_signed_out(&mut again).await;
    let token = first["access_token"].as_str().unwrap();
    assert_eq!(again.service.userinfo(&gateway, token).await.status, 401);
    let token = bystander.tokens["access_token"].as_str().unwrap();
    assert_eq!(bystander.service.userinfo(&gateway, token).await.status, 200);
}

#[tokio::test]
async fn the_question_speaks_three_languages() {
    let gateway = TestGateway::new().await;
    let mut resident = signed_in(&gateway).await;
    for (locale, title) in
        [("ja", "サインアウトしますか"), ("ja-x-plain", "サインアウトしますか"), ("en", "Sign out?")]
    {
        let question = logout(&mut resident, &[("ui_locales", locale)]).await;
        assert_eq!(question.text_of("h1").as_deref(), Some(title));
        assert_eq!(question.attribute("html", "lang").as_deref(), Some(locale));
        assert!(!question.body.contains("<script"));
    }
}
