//! The resident goes back to the service without a sign-in.

use madoguchi_protocol::ErrorCode;
use madoguchi_storage::SignInState;
use madoguchi_tests::gateway::{Answer, HINATA, MIDORI, TestBrowser, TestGateway, Visit};

async fn decline(visit: &mut Visit<'_>) -> Answer {
    let sealed = visit.start.sealed("/sign-in/decline");
    visit.browser.submit(visit.gateway, &MIDORI.url("/sign-in/decline"), &[("sealed", &sealed)]).await
}

/// The browser goes back with `access_denied` and why, by refresh and by link, and its cookie is gone.
fn goes_back(visit: &Visit<'_>, page: &Answer, why: ErrorCode) {
    assert_eq!(page.status, 200, "a page comes first: a form's redirect chain never reaches a service");
    let back = page.back().expect("a way back");
    assert_eq!(page.header("refresh"), format!("3; url={back}"));
    let url = url::Url::parse(&back).expect("a URL");
    let parameter =
        |name: &str| url.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned());
    assert!(back.starts_with("https://kosodate.example/callback?"));
    assert_eq!(parameter("error").as_deref(), Some("access_denied"));
    assert_eq!(parameter("error_description").as_deref(), Some(why.as_str()));
    assert_eq!(parameter("state").as_ref(), Some(&visit.service.state));
    assert_eq!(parameter("iss").as_deref(), Some(MIDORI.issuer));
    // The cookie stays: a tab that comes back from the agent is still this browser's.
    assert_eq!(visit.browser.cookie_names().len(), 1);
}

#[tokio::test]
async fn before_the_button_nothing_was_stored_and_nothing_is() {
    let gateway = TestGateway::new().await;
    let before = gateway.stored();
    let mut visit = Visit::new(&gateway).await;
    let page = decline(&mut visit).await;
    goes_back(&visit, &page, ErrorCode::Declined);
    assert_eq!(gateway.stored(), before);
}

#[tokio::test]
async fn a_sign_in_under_way_ends() {
    let gateway = TestGateway::new().await;
    for steps in 1..=3 {
        let mut visit = Visit::started(&gateway).await;
        if steps > 1 {
            visit.claim().await;
        }
        if steps > 2 {
            visit.finish().await;
        }
        let page = decline(&mut visit).await;
        goes_back(&visit, &page, ErrorCode::Declined);
        assert_eq!(visit.state().await, SignInState::Cancelled(ErrorCode::Declined));
        if steps == 2 {
            visit.finish_with(&visit.card).await.is_refusal(403, ErrorCode::Declined);
        }
        if steps > 1 {
            let url = visit.return_url();
            visit.browser.open(&gateway, &url).await.is_error_page(200, ErrorCode::Declined);
        }
        visit.nobody_is_signed_in().await;
    }
    assert_eq!(gateway.audit(MIDORI).await, []);
}

/// The service learns why it stopped, which is not that the resident said no.
#[tokio::test]
async fn what_is_over_stays_as_it_is() {
    let gateway = TestGateway::new().await;
    let mut visit = Visit::claimed(&gateway).await;
    visit.agent.cancel(&gateway, visit.id(), ErrorCode::NoCard).await;
    let before = gateway.stored();
    let page = decline(&mut visit).await;
    goes_back(&visit, &page, ErrorCode::NoCard);
    assert_eq!(gateway.stored(), before);
}

/// The sealed value with its cookie is the CSRF token here too.
#[tokio::test]
async fn nobody_else_can_decline() {
    let gateway = TestGateway::new().await;
    let mut visit = Visit::claimed(&gateway).await;
    let sealed = visit.start.sealed("/sign-in/decline");
    let before = gateway.stored();
    let url = MIDORI.url("/sign-in/decline");
    for (mut browser, url, sealed) in [
        (TestBrowser::new(), url.as_str(), sealed.as_str()),
        (visit.browser.clone(), HINATA.url("/sign-in/decline").as_str(), sealed.as_str()),
        (visit.browser.clone(), url.as_str(), &sealed[..sealed.len() - 4]),
    ] {
        let page = browser.submit(&gateway, url, &[("sealed", sealed)]).await;
        page.is_error_page(400, ErrorCode::FormExpired);
        assert_eq!(page.headers.get("refresh"), None);
    }
    assert_eq!(gateway.stored(), before);
    visit.finish().await;
}
