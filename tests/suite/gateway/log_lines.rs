//! What an operator reads when a service's first request fails, and how often.

use madoguchi_protocol::ErrorCode;
use madoguchi_tests::gateway::{MIDORI, TestBrowser, TestGateway, TestService};
use madoguchi_tests::log::Log;

const REFUSED: &str = "authorization request refused";

/// The commonest mistakes of a new service. Neither page nor service can be told what came, so the log says it, once a
/// second at most.
#[tokio::test]
async fn a_wrong_address_or_client_is_in_the_log() {
    let log = Log::of_this_process(tracing::Level::INFO);
    let gateway = TestGateway::new().await;
    let mut wrong = TestService::kosodate(&gateway, MIDORI);
    wrong.redirect_uri = "https://kosodate.example/callbak".to_owned();
    let ask = async |service: &TestService, code| {
        let answer = TestBrowser::new().get(&gateway, &service.authorize_url(), &[]).await;
        answer.is_error_page(400, code);
    };
    for _ in 0..3 {
        ask(&wrong, ErrorCode::RedirectUriUnregistered).await;
    }
    let lines = log.lines_with(REFUSED);
    assert_eq!(lines.len(), 1, "{lines:?}");
    for part in [
        "INFO",
        "redirect_uri_unregistered",
        "municipality=midori",
        "client_id=kosodate",
        "\"https://kosodate.example/callbak\"",
    ] {
        assert!(lines[0].contains(part), "{part}: {}", lines[0]);
    }
    gateway.wait(1);
    ask(&wrong, ErrorCode::RedirectUriUnregistered).await;
    assert!(log.lines_with(REFUSED)[1].contains("left_out=2"));

    // Names that strangers make up have one line a second together.
    for number in 0..3 {
        let client_id = format!("{number}{}", "x".repeat(400));
        ask(&TestService { client_id, ..wrong.clone() }, ErrorCode::ClientUnknown).await;
    }
    let lines = log.lines_with("client_unknown");
    assert_eq!(lines.len(), 1, "{lines:?}");
    assert!(lines[0].contains("\"0xxx") && lines[0].len() < 500, "{}", lines[0]);
}
