//! A browser in which JavaScript is switched off.

use madoguchi_demo::{AgentFront, Extras};
use madoguchi_tests::chromium::Chromium;

use super::home::Home;

#[tokio::test(flavor = "multi_thread")]
async fn the_returning_tab_leads_on() {
    let mut home = Home::with(Chromium::without_scripts().await, AgentFront::Driven, Extras::default()).await;
    home.to_start_page().await;
    home.press().await;
    home.pin_wanted().await;
    home.type_pin().await;
    home.browser.read_words("確認できました").await;
    home.browser.picture("done").await;
    home.browser.click("main a.button").await;
    home.signed_in().await;
    // Scripts were really off: nobody fetched them, and nobody asked for the status.
    for request in home.leave().await {
        assert!(!request.line.contains(".js") && !request.line.contains("/status/"), "{request:?}");
    }
}
