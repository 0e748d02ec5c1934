//! Tickets that are unknown, used or expired.

use madoguchi_demo::{Hop, Page};
use madoguchi_protocol::{
    ClaimRequest, ErrorAnswer, ErrorCode, KIND_SIGN_IN, Octets, PATH_CLAIM, PROTOCOL_VERSION, Secret,
    gateway_tag,
};
use madoguchi_tests::town::{Town, Wishes, random};

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_ticket_is_told_after_the_resident_agreed_to_ask() {
    let mut town = Town::usual().await;
    let ticket = Secret::<32>::generate(random()).expect("random");
    let address =
        format!("{}/t/{}/{}", town.ports.agent_url(), gateway_tag(&town.issuer()), *ticket.encode());
    // Nobody came from the gateway, so the agent asks first and sends nothing.
    let asking = town.open(&address);
    let link = asking.link("a[href]").expect("the link with its random token");
    assert!(asking.refresh().is_none());
    let first = town.navigate(link.clone());
    let page = settle(&mut town, first);
    assert!(page.text().contains("sign_in_unknown"), "{}", page.text());
    town.stack.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ticket_that_another_agent_claimed_is_burned() {
    let mut town = Town::usual().await;
    let start = town.start_page();
    let to_agent = town.press(&start);
    let ticket = to_agent.url().path().rsplit('/').next().expect("a ticket").to_owned();
    assert_eq!(claim(&town, &ticket), Ok(()));
    let page = town.finish(&to_agent);
    assert!(page.text().contains("ticket_used"), "{}", page.text());
    service_is_told(&mut town, &start, "failed");
    // And the thief's claim is worth nothing any more.
    assert_eq!(claim(&town, &ticket), Err(ErrorCode::TicketUsed));
    assert_eq!(town.accounts().await, 0);
    town.stack.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_finished_ticket_is_over() {
    let mut town = Town::usual().await;
    let start = town.start_page();
    let to_agent = town.press(&start);
    let done = town.finish(&to_agent);
    town.back_at_service(&done);
    // The agent repeats the way back for a while, because browsers repeat requests; the gateway knows that it is over.
    let again = town.finish(&to_agent);
    assert!(!again.has("#done"), "{}", again.text());
    assert_eq!(town.accounts().await, 1);
    town.stack.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_expired_ticket_is_told() {
    let mut wishes = Wishes::default();
    wishes.extras.gateway_toml = "[sign_in]\nstarted_seconds = 1\n".to_owned();
    let mut town = Town::with(wishes).await;
    let start = town.start_page();
    let tag = start.attribute("#status", "data-tag").expect("a tag");
    let to_agent = town.press(&start);
    let status = format!("{}/sign-in/status/{tag}", town.ports.issuer());
    // The gateway's own clock says when.
    while !town.open(&status).text().contains("over") {
        tokio::task::yield_now().await;
    }
    let page = town.finish(&to_agent);
    assert!(page.text().contains("sign_in_expired"), "{}", page.text());
    service_is_told(&mut town, &start, "sign_in_expired");
    town.stack.stop().await;
}

/// The start page's way back to the service carries why it stopped.
fn service_is_told(town: &mut Town, start: &Page, description: &str) {
    let back = start.form("form[action='/sign-in/decline']").expect("the form that leads back");
    let page = town.navigate(back);
    let answer = town.back_at_service(&page);
    assert_eq!(answer["error"], "access_denied");
    assert_eq!(answer["error_description"], description);
}

/// Follows the agent's waiting page to its end.
fn settle(town: &mut Town, page: Page) -> Page {
    match page.refresh() {
        None => page,
        Some((_, next)) => town.finish(&next),
    }
}

/// Another agent's claim, straight to the gateway.
fn claim(town: &Town, ticket: &str) -> Result<(), ErrorCode> {
    let request = ClaimRequest {
        ticket: Secret::decode(ticket).expect("a ticket"),
        return_verifier_hash: Octets::generate(random()).expect("random"),
        claim_secret_hash: Octets::generate(random()).expect("random"),
        version: PROTOCOL_VERSION,
        agent_version: "thief".to_owned(),
        kinds: vec![KIND_SIGN_IN.to_owned()],
        counter: false,
    };
    let body = serde_json::to_vec(&request).expect("JSON");
    let url = format!("{}{PATH_CLAIM}", town.ports.issuer());
    tokio::task::block_in_place(|| {
        let answer = madoguchi_tests::http::post(&url, "application/json", &body);
        if answer.status().is_success() {
            return Ok(());
        }
        let error: ErrorAnswer = madoguchi_tests::http::json(answer);
        Err(error.error)
    })
}

/// The page with the link sends nothing; a request that no navigation made gets nothing at all.
#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_is_no_navigation_gets_a_bare_404() {
    let mut town = Town::usual().await;
    let start = town.start_page();
    let to_agent = town.press(&start);
    let url = to_agent.url().to_string();
    for (name, value) in [
        ("sec-fetch-mode", "cors"),
        ("sec-fetch-dest", "iframe"),
        ("origin", "https://evil.example"),
        ("sec-purpose", "prefetch;prerender"),
        ("purpose", "prefetch"),
        ("host", "evil.example"),
    ] {
        let mut answer = tokio::task::block_in_place(|| madoguchi_tests::http::get(&url, &[(name, value)]));
        assert_eq!(answer.status(), 404, "{name}: {value}");
        assert_eq!(answer.body_mut().read_to_string().expect("a body"), "", "{name}: {value}");
    }
    // None of them started anything: the ticket is still good.
    assert!(matches!(town.hop(&to_agent), Hop::Page(_)));
    let done = town.finish(&to_agent);
    assert!(done.has("#done"), "{}", done.text());
    town.stack.stop().await;
}
