//! Chromium judges a form's whole chain of redirects by the page's `form-action` (CSP), up to the next page, the
//! service's own onward redirects included. So every form is followed here, with a service that redirects once more, to
//! another origin.

use madoguchi_demo::{AgentFront, Extras, Pin, Program, TEST_PIN};
use madoguchi_tests::chromium::Chromium;
use madoguchi_tests::town::binaries;

use super::elsewhere::Elsewhere;
use super::home::Home;

async fn home_with_onward_redirect(elsewhere: &Elsewhere) -> Home {
    let service_args = vec!["--after-login".to_owned(), elsewhere.url.clone()];
    let extras = Extras { service_args, ..Extras::default() };
    Home::with(Chromium::start().await, AgentFront::Driven, extras).await
}

#[tokio::test(flavor = "multi_thread")]
async fn start_again_and_sign_out_are_not_blocked() {
    let elsewhere = Elsewhere::serve("<h1>別のサイト</h1>".to_owned()).await;
    let mut home = home_with_onward_redirect(&elsewhere).await;
    let service = home.browser.tab().await;
    home.to_start_page().await;
    home.press().await;
    home.pin_wanted().await;
    home.decline().await;
    home.browser.click("main form button").await;
    home.pin_wanted().await;
    home.type_pin().await;
    home.browser.switch_to(&service).await;
    home.browser.arrive_at(&elsewhere.url).await;

    home.browser.open(&home.ports.service_url()).await;
    home.browser.click("#sign-out").await;
    home.browser.see("#sign-in").await;
    home.leave().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn decline_is_not_blocked_and_a_forbidden_form_is() {
    let elsewhere = Elsewhere::serve("<h1>別のサイト</h1>".to_owned()).await;
    let home = home_with_onward_redirect(&elsewhere).await;
    home.to_start_page().await;
    home.browser.click("form[action='/sign-in/decline'] button").await;
    home.refused("access_denied").await;
    assert!(home.browser.blocked().await.is_empty());

    // What the other tests would see.
    home.to_start_page().await;
    let form = format!("const form = document.forms[0]; form.action = '{}'; form.submit();", elsewhere.url);
    home.browser.run(&form).await;
    let blocked = home.browser.blocked().await;
    assert!(blocked.iter().any(|line| line.contains("form-action")), "{blocked:?}");
    home.leave().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn another_port_finds_the_agent_that_the_first_did_not() {
    let elsewhere = Elsewhere::serve("<h1>別のサイト</h1>".to_owned()).await;
    let mut home = home_with_onward_redirect(&elsewhere).await;
    // The gateway again, with a port before the agent's on which nobody listens.
    let config = home.stack.ready().gateway_config.clone();
    let text = std::fs::read_to_string(&config).expect("the configuration");
    let agent = home.ports.agent;
    let dead = madoguchi_demo::Ports::unused().expect("a free port").agent;
    let changed =
        text.replace(&format!("agent_ports = [{agent}]"), &format!("agent_ports = [{dead}, {agent}]"));
    assert_ne!(changed, text);
    std::fs::write(&config, changed).expect("written");
    home.stack.child("gateway").expect("the gateway").stop().await;
    let mut gateway = Program::new("gateway-again", binaries().path("madoguchi").expect("the gateway"))
        .args(["serve", "--config"])
        .arg(&config)
        .spawn(home.stack.folder())
        .expect("starts");
    gateway.wait_until_ready().await.expect("the gateway is ready");

    let service = home.browser.tab().await;
    home.to_start_page().await;
    let lost = home.press().await;
    home.browser.read_words("ERR_CONNECTION_REFUSED").await;
    home.browser.switch_to(&service).await;
    // Nobody answers, and after a while the page helps.
    home.browser.see("#help[open] button[name=port]").await;
    home.browser.picture("start-help").await;
    home.press_button("button[name=port]").await;
    home.pin_wanted().await;
    home.type_pin().await;
    home.browser.switch_to(&service).await;
    home.browser.arrive_at(&elsewhere.url).await;
    home.browser.only_tabs(&[service, lost]).await;
    home.leave().await;
    gateway.stop().await;
}

/// The forms of a session: going on reaches the service and what it redirects to, the others end at a page.
#[tokio::test(flavor = "multi_thread")]
async fn the_forms_of_a_session_are_not_blocked() {
    let elsewhere = Elsewhere::serve("<h1>別のサイト</h1>".to_owned()).await;
    let service_args = vec!["--after-login".to_owned(), elsewhere.url.clone()];
    let extras = Extras { service_args, ..Extras::default() };
    let pin = Pin::new(TEST_PIN.as_bytes()).expect("a PIN");
    let mut home = Home::with(Chromium::start().await, AgentFront::Unattended(pin), extras).await;
    let service = home.browser.tab().await;
    home.to_start_page().await;
    home.press().await;
    assert_eq!(home.agent_result().await, "proven");
    home.browser.switch_to(&service).await;
    home.browser.arrive_at(&elsewhere.url).await;

    let sign_in = format!("{}sign-in", home.ports.service_url());
    home.browser.open(&sign_in).await;
    home.browser.click("form[action='/session/continue'] button").await;
    home.browser.arrive_at(&elsewhere.url).await;
    home.browser.open(&sign_in).await;
    home.browser.click("form[action='/session/decline'] button").await;
    home.refused("access_denied").await;

    // A service that asks by POST: its form is another site's, and the session is there all the same.
    home.browser.open(&sign_in).await;
    home.browser.see("form[action='/session/continue'] button").await;
    let asked = home.browser.url().await;
    let field = |(name, value)| format!("<input type=\"hidden\" name=\"{name}\" value=\"{value}\">");
    let fields: String = asked.query_pairs().map(field).collect();
    let mut action = asked.clone();
    action.set_query(None);
    let form = format!("<form method=\"post\" action=\"{action}\">{fields}<button>POST</button></form>");
    let posting = Elsewhere::serve(form).await;
    home.browser.open(&posting.url).await;
    home.browser.click("button").await;
    home.browser.click("form[action='/session/continue'] button").await;
    home.browser.arrive_at(&elsewhere.url).await;

    let gateway = home.ports.issuer();
    home.browser.open(&format!("{gateway}/sessions")).await;
    home.browser.see("form[action='/sessions/end'] button").await;
    home.browser.open(&format!("{gateway}/logout")).await;
    home.browser.click("form[action='/logout/confirm'] button").await;
    home.browser.read_words("サインアウトしました").await;
    home.browser.open(&format!("{gateway}/sessions")).await;
    assert!(!home.browser.has("form[action='/sessions/end'] button").await);
    home.leave().await;
}
