//! The button, and the sealed form that it submits.

use madoguchi_protocol::ErrorCode;
use madoguchi_storage::SignInState;
use madoguchi_tests::gateway::{HINATA, MIDORI, PORTS, TestBrowser, TestGateway, TestService, Visit};

/// Pressing with this form is refused, and nothing is stored.
async fn is_refused(visit: &mut Visit<'_>, fields: &[(&str, &str)], code: ErrorCode) {
    let before = visit.gateway.stored();
    let answer = visit.press_with(fields).await;
    answer.is_error_page(400, code);
    assert_eq!(answer.headers.get("location"), None);
    assert_eq!(visit.gateway.stored(), before);
}

#[tokio::test]
async fn a_form_that_was_changed_is_refused() {
    let gateway = TestGateway::new().await;
    let mut visit = Visit::new(&gateway).await;
    let sealed = visit.start.sealed("/sign-in/start");
    for position in [0, 20, 43, 60, sealed.len() / 2, sealed.len() - 2] {
        let mut changed = sealed.clone().into_bytes();
        changed[position] = if changed[position] == b'A' { b'B' } else { b'A' };
        let changed = String::from_utf8(changed).unwrap();
        is_refused(&mut visit, &[("sealed", &changed)], ErrorCode::FormExpired).await;
    }
    for changed in
        ["", "A", &sealed[4..], &sealed[..sealed.len() - 4], &format!("{sealed}AAAA"), &format!("{sealed}=")]
    {
        is_refused(&mut visit, &[("sealed", changed)], ErrorCode::FormExpired).await;
    }
    is_refused(&mut visit, &[], ErrorCode::FormExpired).await;
    is_refused(&mut visit, &[("sealed", &sealed), ("sealed", &sealed)], ErrorCode::RequestInvalid).await;
    // Whole, it is as good as ever.
    assert_eq!(visit.press().await.status, 303);
}

#[tokio::test]
async fn a_form_lives_thirty_minutes() {
    let gateway = TestGateway::new().await;
    let mut visit = Visit::new(&gateway).await;
    let sealed = visit.start.sealed("/sign-in/start");
    gateway.wait(30 * 60);
    assert_eq!(visit.press().await.status, 303);
    gateway.wait(1);
    is_refused(&mut visit, &[("sealed", &sealed)], ErrorCode::FormExpired).await;
}

/// A form without its cookie may come from another site.
#[tokio::test]
async fn a_form_without_its_own_cookie_is_refused() {
    let gateway = TestGateway::new().await;
    let mut visit = Visit::new(&gateway).await;
    let sealed = visit.start.sealed("/sign-in/start");
    let b = visit.browser.cookie(&visit.b()).unwrap().to_owned();

    visit.browser.forget(&visit.b());
    is_refused(&mut visit, &[("sealed", &sealed)], ErrorCode::FormExpired).await;

    // Another tab's cookie, under its own name and under this one's.
    let other = Visit::in_browser(&gateway, TestService::tosho(MIDORI), visit.browser.clone()).await;
    visit.browser = other.browser.clone();
    is_refused(&mut visit, &[("sealed", &sealed)], ErrorCode::FormExpired).await;
    let others = other.browser.cookie(&other.b()).unwrap();
    visit.browser.plant("localhost", &visit.b(), others);
    is_refused(&mut visit, &[("sealed", &sealed)], ErrorCode::FormExpired).await;

    visit.browser.plant("localhost", &visit.b(), &b);
    assert_eq!(visit.press().await.status, 303);
}

#[tokio::test]
async fn a_form_of_another_municipality_is_refused() {
    let gateway = TestGateway::new().await;
    let mut visit = Visit::new(&gateway).await;
    let sealed = visit.start.sealed("/sign-in/start");
    let before = gateway.stored();
    // The cookie does come along: it does not know ports.
    let answer = visit.browser.submit(&gateway, &HINATA.url("/sign-in/start"), &[("sealed", &sealed)]).await;
    answer.is_error_page(400, ErrorCode::FormExpired);
    assert_eq!(gateway.stored(), before);
}

#[tokio::test]
async fn only_ports_of_agents_are_gone_to() {
    let gateway = TestGateway::new().await;
    let mut visit = Visit::new(&gateway).await;
    let sealed = visit.start.sealed("/sign-in/start");
    for port in ["80", "24816", "24821", "024817", "+24817", "24817 ", "24817@evil.example", "x"] {
        is_refused(&mut visit, &[("sealed", &sealed), ("port", port)], ErrorCode::RequestInvalid).await;
    }
    for port in PORTS {
        let answer = visit.press_with(&[("sealed", &sealed), ("port", &port.to_string())]).await;
        assert!(answer.location().starts_with(&format!("http://127.0.0.1:{port}/t/")));
    }
    let offered = visit.start.attribute("form button[name=port]", "value");
    assert_eq!(offered.as_deref(), Some("24818"), "the help offers the next port");
}

/// Double clicks send the form twice (tried).
#[tokio::test]
async fn pressing_again_replaces_the_sign_in_before() {
    let gateway = TestGateway::new().await;
    let mut visit = Visit::claimed(&gateway).await;
    let (first, first_ticket) = (visit.id(), visit.ticket.clone());
    let display = visit.claimed_answer().display.clone();
    visit.press().await;
    assert_ne!(visit.ticket, first_ticket);
    visit
        .agent
        .finish(&gateway, visit.claimed_answer(), &visit.card)
        .await
        .is_refusal(410, ErrorCode::SignInReplaced);
    let stopped = visit.stopped().await;
    stopped.is_error_page(200, ErrorCode::SignInReplaced);
    assert_eq!(stopped.back(), None, "the newer sign-in brings the service its answer");
    assert_eq!(stopped.attribute("form", "action"), None, "another try would end the newer one");
    // The second one goes all the way, with the same words to compare.
    visit.agent = madoguchi_tests::gateway::TestAgent::new(MIDORI);
    visit.claim().await;
    assert_ne!(visit.id(), first);
    assert_eq!(visit.claimed_answer().display, display);
    visit.finish().await;
    visit.come_back().await;
    assert!(!visit.code().await.is_empty());
    assert_eq!(gateway.accounts(MIDORI).await, 1);
}

#[tokio::test]
async fn a_ticket_replaced_before_it_was_claimed_is_over() {
    let gateway = TestGateway::new().await;
    let mut visit = Visit::started(&gateway).await;
    let first = visit.ticket.clone();
    visit.press().await;
    let before = gateway.stored();
    visit.agent.claim(&gateway, &first).await.is_refusal(410, ErrorCode::SignInReplaced);
    assert_eq!(gateway.stored(), before);
    assert_eq!(visit.state().await, SignInState::Started, "the newer one is untouched");
}

#[tokio::test]
async fn the_form_cannot_be_fetched() {
    let gateway = TestGateway::new().await;
    for path in ["/sign-in/start", "/sign-in/decline"] {
        assert_eq!(TestBrowser::new().open(&gateway, &MIDORI.url(path)).await.status, 405);
    }
}
