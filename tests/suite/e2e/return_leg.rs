//! The way back from the agent: with the wrong browser or the wrong verifier.

use madoguchi_demo::{Browser, Navigation};
use madoguchi_tests::town::{Town, shown_code};
use url::Url;

/// The address that the agent gives the browser after a proof.
fn return_address(town: &mut Town) -> Navigation {
    let start = town.start_page();
    let to_agent = town.press(&start);
    let back = town.wait_at_agent(&to_agent).expect("the agent leads back");
    assert!(back.url().path().ends_with("/return"), "{}", back.url().path());
    back
}

#[tokio::test(flavor = "multi_thread")]
async fn another_browser_burns_the_sign_in_and_warns() {
    let mut town = Town::usual().await;
    let back = return_address(&mut town);
    let mut other = Browser::new();
    let warning = tokio::task::block_in_place(|| other.navigate(back.clone())).expect("a page");
    assert_eq!(shown_code(&warning), "possible_phishing");
    // The browser that asked gets no session either, and its service learns only that it failed.
    let mine = town.navigate(back);
    assert_eq!(shown_code(&mine), "possible_phishing");
    let answer = town.back_at_service(&mine);
    assert_eq!(answer["error"], "access_denied");
    assert_eq!(answer["error_description"], "failed");
    assert_eq!(town.accounts().await, 0);
    town.stack.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_or_absent_verifier_is_a_neutral_404_and_changes_nothing() {
    let mut town = Town::usual().await;
    let back = return_address(&mut town);
    let mut wrong = back.url().clone();
    wrong.set_query(Some(&format!("v={}", "A".repeat(43))));
    let mut absent = back.url().clone();
    absent.set_query(None);
    for url in [wrong, absent] {
        let page = town.open(url.as_str());
        assert_eq!(page.status(), 404, "{url}");
        assert!(!page.has(".error-code"), "{}", page.text());
    }
    let done = town.navigate(back);
    assert!(done.has("#done"), "{}", done.text());
    assert!(town.back_at_service(&done)["sub"].is_string());
    town.stack.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_verifier_stands_on_no_page_and_in_no_log() {
    let mut town = Town::usual().await;
    let back = return_address(&mut town);
    let verifier = back.url().query_pairs().find(|(name, _)| name == "v").expect("v").1.into_owned();
    let done = town.navigate(back);
    assert!(!done.text().contains(&verifier) && Url::as_str(done.url()).find(&verifier).is_none());
    town.back_at_service(&done);
    let logs = town.stack.folder().join("logs");
    let mut looked_at = 0;
    for entry in std::fs::read_dir(logs).expect("logs") {
        let log = std::fs::read(entry.expect("a log").path()).expect("read");
        looked_at += 1;
        let text = String::from_utf8_lossy(&log);
        assert!(!text.contains(&verifier));
    }
    assert!(looked_at >= 4, "gateway, agent, service, card");
    town.stack.stop().await;
}
