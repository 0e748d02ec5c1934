//! The page of a sign-in that stopped: why, another try, and the way back with the right OAuth error.

use madoguchi_protocol::{ErrorCode, Octets};
use madoguchi_storage::SignInState;
use madoguchi_tests::gateway::{MIDORI, TestAgent, TestBrowser, TestGateway, Visit};

fn parameter(url: &str, name: &str) -> Option<String> {
    let url = url::Url::parse(url).expect("a URL");
    url.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
}

#[tokio::test]
async fn the_way_back_carries_the_right_error() {
    let gateway = TestGateway::new().await;
    for (reason, error) in [
        (ErrorCode::Declined, "access_denied"),
        (ErrorCode::PinWrong, "access_denied"),
        (ErrorCode::PinBlocked, "access_denied"),
        (ErrorCode::CardRemoved, "access_denied"),
        (ErrorCode::NoReader, "access_denied"),
        (ErrorCode::Internal, "server_error"),
        (ErrorCode::RequestInvalid, "invalid_request"),
    ] {
        let mut visit = Visit::claimed(&gateway).await;
        visit.agent.cancel(&gateway, visit.id(), reason).await;
        let back = visit.stopped().await.back().unwrap();
        assert!(back.starts_with("https://kosodate.example/callback?error="), "{back}");
        assert_eq!(parameter(&back, "error").as_deref(), Some(error), "{reason}");
        assert_eq!(parameter(&back, "error_description").as_deref(), Some(reason.as_str()));
        assert_eq!(parameter(&back, "state").as_ref(), Some(&visit.service.state));
        assert_eq!(parameter(&back, "iss").as_deref(), Some(MIDORI.issuer));
        assert_eq!(parameter(&back, "code"), None);
    }
}

/// Where another try ends the same way, the way back comes first and is the one that stands out.
#[tokio::test]
async fn the_way_that_helps_comes_first() {
    let gateway = TestGateway::new().await;
    for (code, again, first) in [
        (ErrorCode::CardRemoved, "もう一度する", true),
        (ErrorCode::PinWrong, "もう一度する", true),
        (ErrorCode::CertificateMissing, "ほかのカードを使う", false),
        (ErrorCode::PinBlocked, "ほかのカードを使う", false),
        (ErrorCode::AutomationEnded, "もう一度する", false),
    ] {
        let mut visit = Visit::claimed(&gateway).await;
        visit.agent.cancel(&gateway, visit.id(), code).await;
        let page = visit.stopped().await;
        assert_eq!(page.text_of("form button").as_deref(), Some(again), "{code}");
        let classes = (page.attribute("form button", "class"), page.attribute("main a.button", "class"));
        let expected = if first { ("primary", "button quiet") } else { ("quiet", "button primary") };
        assert_eq!(classes, (Some(expected.0.to_owned()), Some(expected.1.to_owned())), "{code}");
        let at = |part: &str| page.body.find(part).unwrap_or_else(|| panic!("{code}: {}", page.body));
        assert_eq!(at("<form") < at("<a class=\"button"), first, "{code}");
    }
}

/// After an attack the service learns only that it failed.
#[tokio::test]
async fn the_service_does_not_learn_of_an_attack() {
    let gateway = TestGateway::new().await;
    let mut stolen = Visit::claimed(&gateway).await;
    TestAgent::new(MIDORI).claim(&gateway, &stolen.ticket).await;
    let mut forged = Visit::claimed(&gateway).await;
    let finish = forged.agent.finish_of(forged.id(), &forged.card.certificate, &[0; 64]);
    forged.agent.post(&gateway, madoguchi_protocol::PATH_FINISH, &finish).await;
    let mut phished = Visit::proven(&gateway).await;
    TestBrowser::new().open(&gateway, &phished.return_url()).await;
    for (visit, code, title) in [
        (&mut stolen, ErrorCode::TicketUsed, "ご注意ください"),
        (&mut forged, ErrorCode::SignatureInvalid, "サインインできませんでした"),
        (&mut phished, ErrorCode::PossiblePhishing, "ご注意ください"),
    ] {
        assert_eq!(visit.state().await, SignInState::Burned(code));
        let stopped = visit.stopped().await;
        stopped.is_error_page(200, code);
        assert_eq!(stopped.text_of("h1").as_deref(), Some(title), "{code}");
        let alarm = stopped.text_of("[role=alert]").is_some();
        assert_eq!(alarm, code != ErrorCode::SignatureInvalid, "{code}");
        // Where somebody else may have a hand in it, the resident starts at the service again.
        let again = stopped.attribute("form", "action").is_some();
        assert_eq!(again, code != ErrorCode::PossiblePhishing, "{code}");
        let back = stopped.back().unwrap();
        assert_eq!(parameter(&back, "error").as_deref(), Some("access_denied"), "{code}");
        assert_eq!(parameter(&back, "error_description").as_deref(), Some("failed"), "{code}");
    }
}

#[tokio::test]
async fn an_expired_sign_in_says_so() {
    let gateway = TestGateway::new().await;
    let mut visit = Visit::claimed(&gateway).await;
    gateway.wait(600);
    let stopped = visit.stopped().await;
    stopped.is_error_page(200, ErrorCode::SignInExpired);
    assert_eq!(parameter(&stopped.back().unwrap(), "error").as_deref(), Some("access_denied"));
}

/// Whoever has not started it learns nothing of it, not even that it exists.
#[tokio::test]
async fn without_the_cookie_the_page_is_neutral() {
    let gateway = TestGateway::new().await;
    let visit = Visit::claimed(&gateway).await;
    visit.agent.cancel(&gateway, visit.id(), ErrorCode::PinWrong).await;
    let mut stranger = TestBrowser::new();
    let known = stranger.open(&gateway, &visit.agent.stopped_url(visit.id())).await;
    known.is_neutral();
    let unknown = stranger.open(&gateway, &visit.agent.stopped_url(Octets([0; 16]))).await;
    unknown.is_neutral();
    assert_eq!(known.body, unknown.body);
    // Nor does a browser with a sign-in of its own.
    let mut other = Visit::claimed(&gateway).await;
    other.browser.open(&gateway, &visit.agent.stopped_url(visit.id())).await.is_neutral();
}

#[tokio::test]
async fn one_press_tries_again() {
    let gateway = TestGateway::new().await;
    let mut visit = Visit::claimed(&gateway).await;
    visit.agent.cancel(&gateway, visit.id(), ErrorCode::NoCard).await;
    let (first, shown) = (visit.id(), visit.claimed_answer().display.clone());
    let sealed = visit.stopped().await.sealed("/sign-in/start");
    let answer = visit.press_with(&[("sealed", &sealed)]).await;
    visit.ticket = answer.location().rsplit('/').next().unwrap().to_owned();
    visit.agent = TestAgent::new(MIDORI);
    visit.claim().await;
    assert_ne!(visit.id(), first);
    assert_eq!(visit.claimed_answer().display, shown, "the words on the start page still hold");
    visit.finish().await;
    visit.come_back().await;
    let code = visit.code().await;
    assert_eq!(visit.service.redeem(&gateway, &code).await.status, 200);
}

#[tokio::test]
async fn a_sign_in_that_goes_on_has_nothing_to_say_yet() {
    let gateway = TestGateway::new().await;
    let mut visit = Visit::claimed(&gateway).await;
    let waiting = visit.stopped().await;
    assert_eq!((waiting.status.as_u16(), waiting.shown_code(), waiting.back()), (200, None, None));
    visit.finish().await;
    let proven = visit.stopped().await;
    assert_eq!(proven.body, waiting.body, "nor does a proof show before the return leg");
    assert_eq!(visit.state().await, SignInState::Proven);
}
