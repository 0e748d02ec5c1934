//! A page of somebody else, who started a sign-in of their own and wants the resident's card for it.

use madoguchi_demo::{AgentFront, Browser, Extras, Hop};
use madoguchi_tests::chromium::Chromium;

use super::elsewhere::Elsewhere;
use super::home::Home;

#[tokio::test(flavor = "multi_thread")]
async fn prefetch_reaches_nothing_and_a_click_is_burned_at_the_return() {
    let agent_args = ["--log", "madoguchi_agent=debug"].map(str::to_owned).into();
    let extras = Extras { agent_args, ..Extras::default() };
    let mut home = Home::with(Chromium::start().await, AgentFront::Driven, extras).await;
    let ticket = attackers_ticket(&home.ports.service_url());
    let lure = Elsewhere::serve(format!(
        r#"<!DOCTYPE html><script type="speculationrules">
        {{ "prefetch": [{{ "urls": ["{ticket}"], "eagerness": "immediate" }}] }}
        </script><h1>当選しました</h1><a href="{ticket}">受け取る</a>"#
    ))
    .await;

    home.browser.open(&lure.url).await;
    let log = home.agent_refuses("Prefetch").await;
    assert!(!log.contains("sign-in begins"), "{log}");

    home.browser.click("a").await;
    home.browser.read_words("サインインを始めますか").await;
    home.browser.picture("agent-asking").await;
    home.browser.click("section[lang=ja] a").await;
    home.pin_wanted().await;
    home.type_pin().await;
    home.browser.read_words("possible_phishing").await;
    home.browser.picture("possible-phishing").await;
    let sent = home.leave().await;
    let at_agent = sent.iter().filter(|request| request.line == format!("GET {}", path(&ticket))).count();
    assert!(at_agent >= 2, "the prefetch and the click");
}

/// The address to which the gateway sends the attacker's own browser.
fn attackers_ticket(service: &str) -> String {
    tokio::task::block_in_place(|| {
        let mut browser = Browser::new();
        let front = browser.open(service).expect("the service");
        let start = browser.click(&front, "#sign-in").expect("the start page");
        match browser.hop(&start.form("form#start").expect("the form")).expect("an answer") {
            Hop::Redirect(to_agent) => to_agent.url().to_string(),
            Hop::Page(page) => panic!("no redirect: {}", page.text()),
        }
    })
}

fn path(url: &str) -> String {
    url.splitn(4, '/').nth(3).map(|path| format!("/{path}")).unwrap_or_default()
}
