//! A sign-in from beginning to end, and what residents do on the way: a double click, a reload, two at once.

use serde_json::json;

use super::home::Home;

#[tokio::test(flavor = "multi_thread")]
async fn a_resident_signs_in_in_the_tab_that_started() {
    let mut home = Home::usual().await;
    let service = home.browser.tab().await;
    home.browser.open(&home.ports.service_url()).await;
    home.browser.run("sessionStorage.setItem('draft', '児童手当')").await;
    home.browser.picture("service-before").await;

    home.browser.click("#sign-in").await;
    home.browser.see("form#start button").await;
    home.browser.picture("start").await;

    home.press().await;
    home.pin_wanted().await;
    home.browser.read_words("自動で切り替わります").await;
    home.browser.picture("agent-waiting").await;
    home.browser.switch_to(&service).await;
    home.browser.read_words("カードリーダーのプログラムの画面をご覧ください").await;
    home.browser.picture("start-answered").await;

    home.type_pin().await;
    home.signed_in().await;
    home.browser.picture("service-after").await;
    let draft = home.browser.run("return sessionStorage.getItem('draft')").await;
    assert_eq!(draft, json!("児童手当"));
    // The tab that came back from the agent closes itself.
    home.browser.only_tabs(&[service]).await;

    let ports = home.ports;
    let sent = home.leave().await;
    let to = |port: u16, start: &str| {
        let found =
            |host: String| sent.iter().any(|request| request.host == host && request.line.starts_with(start));
        found(format!("127.0.0.1:{port}")) || found(format!("localhost:{port}"))
    };
    // What `leave` looks through is the whole way, and there were cookies to see.
    assert!(
        to(ports.agent, "GET /t/")
            && to(ports.gateway, "GET /sign-in/")
            && to(ports.service, "GET /callback?")
    );
    assert!(sent.iter().any(|request| request.cookies.contains("__Host-b-")));
    assert!(sent.iter().any(|request| request.cookies.contains("__Host-s-")));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_double_click_signs_in_once() {
    let mut home = Home::unattended().await;
    let service = home.browser.tab().await;
    home.to_start_page().await;
    home.browser.double_click("form#start button").await;
    let opened = home.browser.more_tabs(std::slice::from_ref(&service), 2).await;

    // An agent that types at once may prove the first one before the second click arrives: then it was for nothing.
    let results = [home.agent_result().await, home.agent_result().await];
    assert!(results.iter().any(|result| result == "proven"), "{results:?}");
    assert!(results.iter().all(|result| result == "proven" || result == "sign_in_replaced"), "{results:?}");
    home.signed_in().await;
    // One tab closes itself, the other says what became of it.
    let left = home.browser.fewer_tabs(&opened, 1).await;
    home.browser.switch_to(&left[0]).await;
    home.browser.read_words("sign_in_replaced").await;
    home.browser.picture("replaced").await;

    home.browser.switch_to(&service).await;
    let sent = home.leave().await;
    let count = |start: &str| sent.iter().filter(|request| request.line.starts_with(start)).count();
    assert_eq!(count("POST /sign-in/start"), 2);
    assert_eq!(count("GET /callback?"), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reload_at_the_agent_goes_on() {
    let mut home = Home::usual().await;
    let service = home.browser.tab().await;
    home.to_start_page().await;
    home.press().await;
    home.pin_wanted().await;
    for _ in 0..2 {
        home.browser.reload().await;
        home.browser.read_words("自動で切り替わります").await;
    }
    home.type_pin().await;
    home.browser.switch_to(&service).await;
    home.signed_in().await;
    home.leave().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_sign_ins_in_two_tabs_do_not_disturb_each_other() {
    let mut home = Home::usual().await;
    let first = home.browser.tab().await;
    let second = home.browser.new_tab().await;
    // Whichever tab asks first is served first.
    for [early, late] in [[&first, &second], [&second, &first]] {
        for tab in [&first, &second] {
            home.browser.switch_to(tab).await;
            home.to_start_page().await;
        }
        home.browser.switch_to(early).await;
        home.press().await;
        home.pin_wanted().await;
        home.browser.switch_to(late).await;
        home.press().await;
        home.browser.read_words("別のサインインが進んでいます").await;
        home.browser.picture("agent-busy").await;

        home.type_pin().await;
        home.browser.switch_to(early).await;
        home.signed_in().await;
        home.pin_wanted().await;
        home.type_pin().await;
        home.browser.switch_to(late).await;
        home.signed_in().await;
        home.browser.only_tabs(&[first.clone(), second.clone()]).await;
    }
    let sent = home.leave().await;
    let answers = sent.iter().filter(|request| request.line.starts_with("GET /callback?code=")).count();
    assert_eq!(answers, 4);
}
