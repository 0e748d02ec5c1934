//! Nothing that grants something is ever written to a log, at whatever level.

use madoguchi_protocol::{ErrorCode, PATH_FINISH};
use madoguchi_tests::gateway::{MIDORI, TestAgent, TestBrowser, TestGateway, Visit};
use madoguchi_tests::log::Log;

#[tokio::test]
async fn a_trace_of_everything_holds_no_secret() {
    let log = Log::of_this_process(tracing::Level::TRACE);
    let gateway = TestGateway::new().await;
    let mut secrets = vec![("client secret", gateway.client_secret.clone())];

    // A sign-in that goes well, and its code twice.
    let mut visit = Visit::proven(&gateway).await;
    visit.come_back().await;
    secrets.push(("session", visit.browser.cookie(&visit.s()).unwrap().to_owned()));
    remember(&mut secrets, &visit);
    let code = visit.code().await;
    let tokens = visit.service.redeem(&gateway, &code).await.json();
    visit.service.redeem(&gateway, &code).await;
    let access_token = tokens["access_token"].as_str().unwrap().to_owned();
    visit.service.userinfo(&gateway, &access_token).await;
    secrets.extend([
        ("code", code),
        ("access token", access_token),
        ("ID token", tokens["id_token"].as_str().unwrap().to_owned()),
        ("code verifier", visit.service.code_verifier.clone()),
        ("sub", visit.claims(&tokens).await["sub"].as_str().unwrap().to_owned()),
    ]);

    // Each way to stop.
    let cancelled = Visit::claimed(&gateway).await;
    cancelled.agent.cancel(&gateway, cancelled.id(), ErrorCode::PinWrong).await;
    remember(&mut secrets, &cancelled);
    let stolen = Visit::claimed(&gateway).await;
    TestAgent::new(MIDORI).claim(&gateway, &stolen.ticket).await;
    remember(&mut secrets, &stolen);
    let forged = Visit::claimed(&gateway).await;
    let finish = forged.agent.finish_of(forged.id(), &forged.card.certificate, &[1; 64]);
    forged.agent.post(&gateway, PATH_FINISH, &finish).await;
    remember(&mut secrets, &forged);
    let phished = Visit::proven(&gateway).await;
    TestBrowser::new().open(&gateway, &phished.return_url()).await;
    remember(&mut secrets, &phished);
    let revoked = Visit::claimed(&gateway).await;
    gateway.revoke(&revoked.card, madoguchi_test_pki::RevocationReason::KeyCompromise);
    gateway.publish_lists();
    revoked.finish_with(&revoked.card).await;
    remember(&mut secrets, &revoked);
    gateway.gateway.sweep(100).await.unwrap();

    let text = log.text();
    for line in
        ["sign-in started", "sign-in claimed", "sign-in completed", "finish refused", "possible phishing"]
    {
        assert!(text.contains(line), "the log was captured: {line}");
    }
    for (what, secret) in secrets {
        assert!(!text.contains(&secret), "{what} is in the log:\n{text}");
    }
}

fn remember(secrets: &mut Vec<(&'static str, String)>, visit: &Visit<'_>) {
    let serial = format!("{}", visit.card.serial);
    secrets.extend([
        ("ticket", visit.ticket.clone()),
        ("v", visit.agent.return_verifier.encode().to_string()),
        ("c", visit.agent.claim_secret.encode().to_string()),
        ("b", visit.browser.cookie(&visit.b()).expect("the cookie b").to_owned()),
        ("serial", serial.trim_start_matches('0').to_owned()),
        ("serial", serial.to_ascii_lowercase()),
        ("sealed form", visit.start.sealed("/sign-in/start")),
    ]);
}
