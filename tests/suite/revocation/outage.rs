//! The responder dies while residents sign in: they go on by the lists, marked so, and OCSP comes back by itself.

use madoguchi_tests::revocation::{Lists, Sources};

#[tokio::test(flavor = "multi_thread")]
async fn sign_ins_go_on_by_the_lists_and_ocsp_comes_back() {
    let mut sources = Sources::with(Lists::Good).await;
    assert_eq!(rule(&mut sources).await, "ocsp_and_crl_good");

    // What one card gets for an answer counts once; that nobody answers counts each time.
    sources.ocsp("http silent").await;
    while breaker(&sources) == "closed" {
        assert_eq!(rule(&mut sources).await, "crl_good");
    }
    // Nobody is asked while the breaker is open, and nobody waits for what will not come.
    assert_eq!(breaker(&sources), "open");
    let asked = sources.ocsp_requests().await;
    assert_eq!(rule(&mut sources).await, "crl_good");
    assert_eq!(sources.ocsp_requests().await, asked);

    sources.ocsp("right").await;
    sources.health_until(|health| health["ocsp"]["responders"][0]["breaker"] != "open").await;
    assert_eq!(rule(&mut sources).await, "ocsp_and_crl_good");
    assert_eq!(breaker(&sources), "closed");
    sources.town.stack.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_revocation_outlives_a_gateway_and_good_answers() {
    let mut sources = Sources::with(Lists::Good).await;
    sources.ocsp("status revoked").await;
    assert_eq!(rule(&mut sources).await, "ocsp_revoked");

    // Both sources say good again, and the gateway is another process.
    sources.ocsp("status good").await;
    sources.stop_gateway().await;
    sources.start_gateway().await;
    let (page, learnt) = sources.sign_in().await;
    assert!(!page.has("#done"), "{}", page.text());
    assert_eq!(learnt.rule(), "kept_revoked");
    assert_eq!(learnt.alarm, ["sources_disagree"]);
    sources.town.stack.stop().await;
}

async fn rule(sources: &mut Sources) -> String {
    let (_, learnt) = sources.sign_in().await;
    learnt.rule().to_owned()
}

fn breaker(sources: &Sources) -> String {
    let health = sources.health();
    health["ocsp"]["responders"][0]["breaker"].as_str().expect("a state").to_owned()
}
