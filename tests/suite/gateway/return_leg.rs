//! The return leg: an attacker who relays a sign-in has `b` without `v`; the victim's browser has `v` without `b`.

use madoguchi_protocol::{ErrorCode, Octets, Secret, sign_in_return_url};
use madoguchi_storage::{AuditKind, SignInState};
use madoguchi_tests::gateway::{HINATA, MIDORI, TestBrowser, TestGateway, TestService, Visit, random};
use serde_json::json;

#[tokio::test]
async fn absent_or_wrong_v_is_neutral_and_changes_nothing() {
    let gateway = TestGateway::new().await;
    let mut visit = Visit::proven(&gateway).await;
    let right = visit.return_url();
    let base = right.split_once('?').unwrap().0.to_owned();
    let v = right.split_once("v=").unwrap().1.to_owned();
    let other = Secret::<32>::generate(random()).unwrap();
    let before = gateway.stored();
    for url in [
        base.clone(),
        format!("{base}?v="),
        format!("{base}?v=x"),
        format!("{base}?V={v}"),
        format!("{base}?v={}", &v[1..]),
        format!("{base}?v={v}A"),
        format!("{base}?v={v}="),
        format!("{base}?v={v}&v={v}"),
        format!("{base}?v={}", *visit.agent.claim_secret.encode()),
        sign_in_return_url(&MIDORI.origin(), visit.id(), &other),
        sign_in_return_url(&MIDORI.origin(), Octets([0; 16]), &visit.agent.return_verifier),
        right.replace(MIDORI.issuer, HINATA.issuer),
        right.replace("/sign-in/", "/sign-in/A"),
    ] {
        visit.browser.open(&gateway, &url).await.is_neutral();
        TestBrowser::new().open(&gateway, &url).await.is_neutral();
    }
    assert_eq!(gateway.stored(), before);
    visit.come_back().await;
}

/// The one moment at which an attack shows.
/// Whoever holds `b` cannot take the warning away by pressing again or going back.
#[tokio::test]
async fn a_proven_sign_in_that_was_ended_still_warns_the_other_browser() {
    let gateway = TestGateway::new().await;
    for pressed_again in [true, false] {
        let mut attacker = Visit::proven(&gateway).await;
        let address = attacker.return_url();
        if pressed_again {
            attacker.press().await;
        } else {
            let sealed = attacker.start.sealed("/sign-in/decline");
            let url = MIDORI.url("/sign-in/decline");
            attacker.browser.submit(&gateway, &url, &[("sealed", &sealed)]).await;
        }
        let page = TestBrowser::new().open(&gateway, &address).await;
        page.is_error_page(400, ErrorCode::PossiblePhishing);
        // Its own browser reads what it did, and no alarm.
        let own = attacker.browser.open(&gateway, &address).await;
        assert_ne!(own.text_of(".error-code code").as_deref(), Some("possible_phishing"));
        attacker.nobody_is_signed_in().await;
    }
}

#[tokio::test]
async fn the_right_v_in_another_browser_burns_and_warns() {
    let gateway = TestGateway::new().await;
    let others = Visit::claimed(&gateway).await;
    for mut victim in [TestBrowser::new(), others.browser.clone()] {
        let mut attacker = Visit::proven(&gateway).await;
        let audited = gateway.audit(MIDORI).await.len();
        let page = victim.open(&gateway, &attacker.return_url()).await;
        page.is_error_page(400, ErrorCode::PossiblePhishing);
        assert_eq!(page.text_of("h1").as_deref(), Some("ご注意ください"));
        assert!(page.text_of("[role=alert]").is_some());
        assert_eq!((page.back(), page.attribute("form", "action")), (None, None), "no way on");
        assert!(page.set_cookies().is_empty());
        assert_eq!(attacker.state().await, SignInState::Burned(ErrorCode::PossiblePhishing));
        let audit = gateway.audit(MIDORI).await;
        assert_eq!(audit[audited..], [(AuditKind::SignInBurned, Some(ErrorCode::PossiblePhishing))]);
        attacker.nobody_is_signed_in().await;
        // The attacker learns only that it is over, and that `v` now serves nobody.
        assert_eq!(attacker.status().await, json!({ "state": "over" }));
        let before = gateway.stored();
        let refused = attacker.browser.open(&gateway, &attacker.return_url()).await;
        refused.is_error_page(200, ErrorCode::PossiblePhishing);
        attacker.take_answer().await.is_neutral();
        victim.open(&gateway, &attacker.return_url()).await.is_neutral();
        let cancelled = attacker.agent.cancel(&gateway, attacker.id(), ErrorCode::Declined).await;
        assert_eq!(cancelled.status, 403);
        assert_eq!(gateway.stored(), before);
    }
    assert_eq!(others.state().await, SignInState::Claimed, "the other sign-in is untouched");
}

/// Speculation rules of any page prefetch without a click (tried), and a frame is not where a resident looks.
#[tokio::test]
async fn only_a_top_level_navigation_completes() {
    let gateway = TestGateway::new().await;
    let mut visit = Visit::proven(&gateway).await;
    let url = visit.return_url();
    let before = gateway.stored();
    let navigate = ("sec-fetch-mode", "navigate");
    let document = ("sec-fetch-dest", "document");
    for headers in [
        &[navigate, document, ("sec-purpose", "prefetch")][..],
        &[navigate, document, ("sec-purpose", "prefetch;prerender")],
        &[navigate, document, ("purpose", "prefetch")],
        &[navigate, ("sec-fetch-dest", "iframe")],
        &[navigate, ("sec-fetch-dest", "object")],
        &[("sec-fetch-mode", "cors"), ("sec-fetch-dest", "empty")],
        &[("sec-fetch-mode", "no-cors"), ("sec-fetch-dest", "image")],
        &[navigate, navigate, ("sec-fetch-mode", "cors")],
    ] {
        visit.browser.get(&gateway, &url, headers).await.is_neutral();
        TestBrowser::new().get(&gateway, &url, headers).await.is_neutral();
    }
    assert_eq!(gateway.stored(), before);
    visit.come_back().await;
}

#[tokio::test]
async fn before_the_proof_there_is_nothing_to_come_back_with() {
    let gateway = TestGateway::new().await;
    let mut visit = Visit::claimed(&gateway).await;
    let url = visit.return_url();
    let before = gateway.stored();
    let page = visit.browser.open(&gateway, &url).await;
    assert_eq!((page.status.as_u16(), page.shown_code(), page.back()), (200, None, None));
    TestBrowser::new().open(&gateway, &url).await.is_neutral();
    assert_eq!(gateway.stored(), before, "no alarm either");
    visit.finish().await;
    visit.come_back().await;
}

#[tokio::test]
async fn a_proof_waits_sixty_seconds() {
    let gateway = TestGateway::new().await;
    let mut visit = Visit::proven(&gateway).await;
    gateway.wait(59);
    visit.come_back().await;

    let mut late = Visit::proven(&gateway).await;
    gateway.wait(60);
    let url = late.return_url();
    late.browser.open(&gateway, &url).await.is_error_page(200, ErrorCode::SignInExpired);
    // Not the alarm either, in another browser.
    TestBrowser::new().open(&gateway, &url).await.is_neutral();
    assert_eq!(late.state().await, SignInState::Burned(ErrorCode::SignInExpired));
    assert_eq!(late.record().await.unwrap().account, None);
    assert_eq!(gateway.accounts(MIDORI).await, 1, "the first one's");
    assert!(
        !gateway.audit(MIDORI).await.contains(&(AuditKind::SignInBurned, Some(ErrorCode::PossiblePhishing)))
    );
    late.take_answer().await.is_neutral();
}

/// The first answer, with the session's cookie, may have been lost on the way.
#[tokio::test]
async fn a_lost_answer_can_be_asked_for_again() {
    let gateway = TestGateway::new().await;
    let mut visit = Visit::proven(&gateway).await;
    let mut lost = visit.browser.clone();
    let answer = lost.open(&gateway, &visit.return_url()).await;
    assert_eq!(answer.status, 303);
    gateway.wait(30);
    visit.come_back().await;
    assert_ne!(lost.cookie(&visit.s()), visit.browser.cookie(&visit.s()));
    assert_eq!(gateway.audit(MIDORI).await.len(), 1, "it was completed once");
    assert_eq!(gateway.accounts(MIDORI).await, 1);
    // The session that went astray is none any more.
    lost.open(&gateway, &visit.answer_url()).await.is_neutral();
    let code = visit.code().await;
    assert_eq!(visit.service.redeem(&gateway, &code).await.status, 200);
}

#[tokio::test]
async fn after_that_a_repeated_return_is_over() {
    let gateway = TestGateway::new().await;
    let mut visit = Visit::completed(&gateway).await;
    let url = visit.return_url();
    TestBrowser::new().open(&gateway, &url).await.is_neutral();
    assert_eq!(visit.state().await, SignInState::Completed, "a completed sign-in is not burned");
    let mut tab = visit.browser.clone();
    visit.take_answer().await;
    let before = gateway.stored();
    let page = tab.open(&gateway, &url).await;
    page.is_error_page(200, ErrorCode::SignInOver);
    assert!(page.set_cookies().is_empty());
    visit.browser.open(&gateway, &url).await.is_neutral();
    assert_eq!(gateway.stored(), before);

    let mut visit = Visit::completed(&gateway).await;
    gateway.wait(61);
    let url = visit.return_url();
    let page = visit.browser.open(&gateway, &url).await;
    page.is_error_page(200, ErrorCode::SignInOver);
    assert!(page.set_cookies().is_empty(), "no second session");
}

/// `v` stands in one address, and in nothing that anybody is sent.
#[tokio::test]
async fn no_page_and_no_header_holds_v_or_b() {
    let gateway = TestGateway::new().await;
    let mut visit = Visit::proven(&gateway).await;
    let v = visit.agent.return_verifier.encode().to_string();
    let b = visit.browser.cookie(&visit.b()).unwrap().to_owned();
    let back = visit.come_back().await;
    let done = visit.browser.open(&gateway, &MIDORI.url(back.location())).await;
    let mut tab = visit.browser.clone();
    let answer = visit.take_answer().await;
    let over = tab.open(&gateway, &visit.return_url()).await;
    let start = visit.start.body.clone();
    for answer in [back, done, answer, over] {
        let whole = format!("{:?}{}", answer.headers, answer.body);
        assert!(!whole.contains(&v) && !whole.contains(&b), "{whole}");
    }
    assert!(!start.contains(&b));
}

#[tokio::test]
async fn the_done_page_leads_on_in_its_own_browser_alone() {
    let gateway = TestGateway::new().await;
    let mut visit = Visit::proven(&gateway).await;
    let done = MIDORI.url(visit.come_back().await.location());
    let page = visit.browser.open(&gateway, &done).await;
    assert_eq!(page.status, 200);
    assert_eq!(page.text_of("h1").as_deref(), Some("確認できました"));
    assert_eq!(page.back(), Some(format!("/sign-in/{}/answer", visit.id())));
    assert_eq!(page.attribute("#done", "data-tag").as_ref(), Some(&visit.tag));
    TestBrowser::new().open(&gateway, &done).await.is_neutral();
    let mut half = visit.browser.clone();
    half.forget(&visit.s());
    assert_eq!(half.open(&gateway, &done).await.back(), None, "without its session there is no answer");
    let mut tab = visit.browser.clone();
    visit.take_answer().await;
    tab.open(&gateway, &done).await.is_error_page(200, ErrorCode::SignInOver);
    let unfinished = Visit::claimed(&gateway).await;
    let url = MIDORI.url(&format!("/sign-in/{}/done", unfinished.id()));
    let page = unfinished.browser.clone().open(&gateway, &url).await;
    assert_eq!((page.status.as_u16(), page.back()), (200, None));
}

/// The relay attack, whole: the attacker's browser has `b` and the sign-in is really proven, but without `v` it
/// gets nothing, whatever it asks.
#[tokio::test]
async fn the_attackers_browser_gets_nothing_from_a_victims_proof() {
    let gateway = TestGateway::new().await;
    let mut attacker = Visit::of(&gateway, TestService::tosho(MIDORI)).await;
    attacker.press().await;
    attacker.claim().await;
    attacker.finish().await;
    let before = gateway.stored();
    attacker.take_answer().await.is_neutral();
    let forged = Secret::<32>::generate(random()).unwrap().encode().to_string();
    attacker.browser.plant("localhost", &attacker.s(), &forged);
    attacker.take_answer().await.is_neutral();
    let done = MIDORI.url(&format!("/sign-in/{}/done", attacker.id()));
    assert_eq!(attacker.browser.open(&gateway, &done).await.back(), None);
    assert_eq!(attacker.status().await, json!({ "state": "answered" }));
    assert_eq!(gateway.stored(), before);
}
