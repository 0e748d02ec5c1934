//! Sign-ins that a resident stops, and the ways out that the pages offer.

use super::home::Home;

#[tokio::test(flavor = "multi_thread")]
async fn after_a_no_at_the_agent_another_try_signs_in() {
    let mut home = Home::usual().await;
    let service = home.browser.tab().await;
    home.to_start_page().await;
    let agent = home.press().await;
    home.pin_wanted().await;
    home.decline().await;
    home.browser.read_words("サインインを取りやめました").await;
    home.browser.picture("stopped").await;
    home.browser.switch_to(&service).await;
    home.browser.read_words("このサインインは終わりました").await;
    home.browser.picture("start-over").await;

    home.browser.switch_to(&agent).await;
    home.browser.click("main form button").await;
    home.pin_wanted().await;
    home.type_pin().await;
    home.browser.switch_to(&service).await;
    home.signed_in().await;
    home.browser.only_tabs(&[service]).await;
    home.leave().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_no_at_the_agent_the_link_leads_back() {
    let mut home = Home::usual().await;
    home.to_start_page().await;
    home.press().await;
    home.pin_wanted().await;
    home.decline().await;
    home.browser.read_words("サインインを取りやめました").await;
    home.browser.click("main a.button").await;
    home.refused("access_denied").await;
    home.browser.picture("service-refused").await;
    home.leave().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_no_on_the_start_page_leads_back_by_itself() {
    let home = Home::usual().await;
    home.to_start_page().await;
    home.browser.click("form[action='/sign-in/decline'] button").await;
    home.browser.read_words("サインインをやめました").await;
    home.browser.picture("declined").await;
    home.refused("access_denied").await;
    home.leave().await;
}
