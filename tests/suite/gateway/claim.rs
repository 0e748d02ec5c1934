//! The claim: one agent, one ticket.

use madoguchi_protocol::{ErrorCode, MAX_MESSAGE_OCTETS, PATH_CLAIM, Secret};
use madoguchi_storage::{AuditKind, SignInState};
use madoguchi_tests::gateway::{HINATA, MIDORI, TestAgent, TestGateway, Visit, random};
use serde_json::{Value, json};

#[tokio::test]
async fn an_unknown_ticket_opens_nothing() {
    let gateway = TestGateway::new().await;
    let visit = Visit::started(&gateway).await;
    let before = gateway.stored();
    let other = Secret::<32>::generate(random()).unwrap().encode().to_string();
    visit.agent.claim(&gateway, &other).await.is_refusal(404, ErrorCode::SignInUnknown);
    assert_eq!(gateway.stored(), before);
}

#[tokio::test]
async fn the_same_claim_again_gets_the_same_answer() {
    let gateway = TestGateway::new().await;
    let mut visit = Visit::started(&gateway).await;
    let first = visit.claim().await;
    let before = gateway.stored();
    assert_eq!(visit.claim().await.json(), first.json());
    gateway.wait(60);
    let mut later = first.json();
    later["expires_in"] = json!(540);
    assert_eq!(visit.claim().await.json(), later, "less time is left, all else is the same");
    assert_eq!(gateway.stored(), before);
    visit.finish().await;
    let again = visit.claim().await.json();
    assert_eq!(again["sign_in_id"], first.json()["sign_in_id"]);
}

/// Whoever claims second may be the honest one, so neither goes on.
#[tokio::test]
async fn a_claim_by_another_agent_burns_the_sign_in() {
    let gateway = TestGateway::new().await;
    for proven in [false, true] {
        let mut visit = Visit::claimed(&gateway).await;
        if proven {
            visit.finish().await;
        }
        let audited = gateway.audit(MIDORI).await.len();
        let other = TestAgent::new(MIDORI);
        other.claim(&gateway, &visit.ticket).await.is_refusal(409, ErrorCode::TicketUsed);
        assert_eq!(visit.state().await, SignInState::Burned(ErrorCode::TicketUsed));
        let audit = gateway.audit(MIDORI).await;
        // Without a card it can be done as often as one likes: that is counted by the minute.
        let told: &[_] = if proven { &[(AuditKind::SignInBurned, Some(ErrorCode::TicketUsed))] } else { &[] };
        assert_eq!(audit[audited..], *told);
        visit.agent.claim(&gateway, &visit.ticket).await.is_refusal(409, ErrorCode::TicketUsed);
        visit.browser.open(&gateway, &visit.return_url()).await.is_error_page(200, ErrorCode::TicketUsed);
        assert_eq!(visit.status().await, json!({ "state": "over" }));
        visit.nobody_is_signed_in().await;
    }
}

/// One of the two hashes is enough to be another agent.
#[tokio::test]
async fn half_the_hashes_are_another_agents() {
    let gateway = TestGateway::new().await;
    for name in ["return_verifier_hash", "claim_secret_hash"] {
        let visit = Visit::claimed(&gateway).await;
        let mut claim = visit.agent.claim_of(&visit.ticket);
        claim[name] = TestAgent::new(MIDORI).claim_of(&visit.ticket)[name].clone();
        visit.agent.post(&gateway, PATH_CLAIM, &claim).await.is_refusal(409, ErrorCode::TicketUsed);
        assert_eq!(visit.state().await, SignInState::Burned(ErrorCode::TicketUsed));
    }
}

#[tokio::test]
async fn a_ticket_lives_five_minutes_to_the_second() {
    let gateway = TestGateway::new().await;
    let mut visit = Visit::started(&gateway).await;
    gateway.wait(299);
    visit.claim().await;

    let late = Visit::started(&gateway).await;
    gateway.wait(300);
    let before = gateway.stored();
    late.agent.claim(&gateway, &late.ticket).await.is_refusal(410, ErrorCode::SignInExpired);
    assert_eq!(gateway.stored(), before);
    assert_eq!(late.state().await, SignInState::Expired);
}

/// The agent can be brought up to date and try the same ticket again.
#[tokio::test]
async fn an_old_agent_changes_nothing() {
    let gateway = TestGateway::new().await;
    let mut visit = Visit::started(&gateway).await;
    let before = gateway.stored();
    for (name, value) in [
        ("version", json!(0)),
        ("kinds", json!([])),
        ("kinds", json!(["sign-in-v0"])),
        ("kinds", json!(["SIGN-IN-V1", "sign-in-v1 "])),
    ] {
        let mut claim = visit.agent.claim_of(&visit.ticket);
        claim[name] = value;
        visit.agent.post(&gateway, PATH_CLAIM, &claim).await.is_refusal(426, ErrorCode::AgentTooOld);
    }
    assert_eq!(gateway.stored(), before);
    visit.claim().await;
}

#[tokio::test]
async fn an_agent_that_can_more_is_welcome() {
    let gateway = TestGateway::new().await;
    let visit = Visit::started(&gateway).await;
    let mut claim = visit.agent.claim_of(&visit.ticket);
    claim["version"] = json!(2);
    claim["kinds"] = json!(["sign-v2", "sign-in-v1"]);
    claim["counter"] = json!(true);
    assert_eq!(visit.agent.post(&gateway, PATH_CLAIM, &claim).await.json()["kind"], "sign-in-v1");
    let stored = visit.record().await.unwrap().claim.unwrap();
    assert!(stored.counter);
    assert_eq!(stored.agent_version, "0.0.1");
}

#[tokio::test]
async fn what_is_not_exactly_a_claim_changes_nothing() {
    let gateway = TestGateway::new().await;
    let mut visit = Visit::started(&gateway).await;
    let good = visit.agent.claim_of(&visit.ticket);
    let before = gateway.stored();
    let without = |name: &str| {
        let mut claim = good.clone();
        claim.as_object_mut().unwrap().remove(name);
        claim
    };
    let with = |name: &str, value: Value| {
        let mut claim = good.clone();
        claim[name] = value;
        claim
    };
    let mut claims: Vec<Value> = good.as_object().unwrap().keys().map(|name| without(name)).collect();
    claims.extend([
        with("more", json!(1)),
        with("ticket", json!(format!("{}=", visit.ticket))),
        with("ticket", json!(&visit.ticket[1..])),
        with("ticket", json!(format!("{}A", visit.ticket))),
        with("version", json!(-1)),
        with("version", json!("1")),
        with("counter", json!("false")),
        with("agent_version", json!("x".repeat(65))),
        with("agent_version", json!("窓")),
        with("agent_version", json!("a\u{0}b")),
        with("agent_version", json!("a\u{1b}[2J")),
        json!([]),
        json!(null),
    ]);
    for claim in &claims {
        let answer = visit.agent.post(&gateway, PATH_CLAIM, claim).await;
        answer.is_refusal(400, ErrorCode::RequestInvalid);
    }
    let json = [("content-type", "application/json")];
    let twice = good.to_string().replacen('{', "{\"version\":1,", 1);
    for body in ["", "{", "\u{0}", &twice, &format!("{good}{good}")] {
        let answer = visit.agent.post_with(&gateway, PATH_CLAIM, &json, body.to_owned()).await;
        answer.is_refusal(400, ErrorCode::RequestInvalid);
    }
    assert_eq!(gateway.stored(), before);
    visit.claim().await;
}

/// Pages never send these messages: a form cannot make JSON, and a browser cannot hide that it is one.
#[tokio::test]
async fn what_a_browser_may_have_made_changes_nothing() {
    let gateway = TestGateway::new().await;
    let mut visit = Visit::started(&gateway).await;
    let body = visit.agent.claim_of(&visit.ticket).to_string();
    let before = gateway.stored();
    let json = ("content-type", "application/json");
    for headers in [
        &[json, ("origin", "http://localhost:24810")][..],
        &[json, ("origin", "null")],
        &[json, ("sec-fetch-mode", "cors")],
        &[json, ("sec-fetch-mode", "navigate")],
        &[("content-type", "text/plain")],
        &[("content-type", "application/x-www-form-urlencoded")],
        &[("content-type", "application/jsonp")],
        &[],
    ] {
        let answer = visit.agent.post_with(&gateway, PATH_CLAIM, headers, body.clone()).await;
        answer.is_refusal(400, ErrorCode::RequestInvalid);
    }
    assert_eq!(gateway.stored(), before);
    visit.claim().await;
}

#[tokio::test]
async fn an_oversized_message_changes_nothing() {
    let gateway = TestGateway::new().await;
    let mut visit = Visit::started(&gateway).await;
    let before = gateway.stored();
    let mut body = visit.agent.claim_of(&visit.ticket).to_string();
    body.push_str(&" ".repeat(MAX_MESSAGE_OCTETS));
    let json = [("content-type", "application/json")];
    let answer = visit.agent.post_with(&gateway, PATH_CLAIM, &json, body).await;
    assert_eq!(answer.status, 413);
    assert_eq!(gateway.stored(), before);
    visit.claim().await;
}

#[tokio::test]
async fn another_municipality_knows_nothing_of_the_ticket() {
    let gateway = TestGateway::new().await;
    let mut visit = Visit::started(&gateway).await;
    let before = gateway.stored();
    visit.agent.town = HINATA;
    visit.agent.claim(&gateway, &visit.ticket).await.is_refusal(404, ErrorCode::SignInUnknown);
    assert_eq!(gateway.stored(), before);
    visit.agent.town = MIDORI;
    visit.claim().await;
}

#[tokio::test]
async fn an_unknown_host_is_misdirected() {
    let gateway = TestGateway::new().await;
    let visit = Visit::started(&gateway).await;
    let before = gateway.stored();
    let request = http::Request::post(PATH_CLAIM)
        .header("host", "localhost:9")
        .header("content-type", "application/json")
        .body(axum::body::Body::from(visit.agent.claim_of(&visit.ticket).to_string()))
        .unwrap();
    assert_eq!(gateway.send(request).await.status, 421);
    assert_eq!(gateway.stored(), before);
}
