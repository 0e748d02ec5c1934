//! A card that somebody else wrote, `tests/other-card/card.py`: from the public facts of the card alone, in another
//! language, and where those leave a choice with the other choice. What the agent says of it is checked against what the
//! card itself counts.

use std::process::Command;

use madoguchi_demo::{Browser, Child, Program};
use madoguchi_tests::repository;
use madoguchi_tests::town::{Town, Wishes, shown_code};
use serde_json::Value;

/// Takes our mock card off the reader and puts the other one there, personalised with the same keys.
async fn other_card(town: &mut Town, args: &[&str]) -> Child {
    town.stack.child("mock-card").expect("the mock card").stop().await;
    let pki = town.stack.ready().pki_dir.clone().expect("a PKI");
    let folder = town.stack.folder().to_owned();
    let pcscd = town.stack.pcscd().expect("a PC/SC service");
    let program = Program::new("other-card", "python3")
        .arg(repository().join("tests/other-card/card.py"))
        .args(["--vpcd", pcscd.vpcd(), "--card", "default", "--pki"])
        .arg(pki)
        .args(args);
    let mut child = pcscd.spawn_inside(program, &folder).expect("python3 is installed: script/setup test");
    child.wait_until_ready().await.expect("the card is in the reader");
    child
}

/// What the card itself knows: tries left, VERIFY commands with a PIN, and that nobody is left logged in.
async fn state(card: &mut Child) -> (u64, u64) {
    card.tell("state").await.expect("told");
    let line = card.wait_for_line(|line| line.starts_with('{')).await.expect("an answer");
    let state: Value = serde_json::from_str(&line).expect("JSON");
    assert_eq!(state["auth_verified"], false, "the card was left logged in: {state}");
    assert_eq!(state["sign_verified"], false, "nobody gave the password: {state}");
    (state["auth_tries"].as_u64().expect("a number"), state["verifies"].as_u64().expect("a number"))
}

async fn stops_with(town: &mut Town, code: &str) {
    let stopped = town.sign_in();
    assert_eq!(shown_code(&stopped), code, "{}", stopped.text());
    assert_eq!(town.back_at_service(&stopped)["error_description"], code);
    assert_eq!(town.accounts().await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_elses_card_signs_in() {
    let mut town = Town::usual().await;
    let mut subjects = Vec::new();
    for args in [&[][..], &["--more-data"]] {
        let mut card = other_card(&mut town, args).await;
        for verifies in 1..=2 {
            town.browser = Browser::new();
            let done = town.sign_in();
            assert!(done.has("#done"), "{args:?}: {}", done.text());
            subjects.push(town.back_at_service(&done)["sub"].as_str().expect("a subject").to_owned());
            assert_eq!(state(&mut card).await, (3, verifies), "{args:?}");
        }
        card.stop().await;
    }
    subjects.dedup();
    assert_eq!(subjects.len(), 1, "the same certificate is the same person: {subjects:?}");
    town.stack.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_pin_costs_one_try_of_somebody_elses_card() {
    let mut town = Town::with(Wishes { pin: Some("0000"), ..Wishes::default() }).await;
    let mut card = other_card(&mut town, &[]).await;
    stops_with(&mut town, "pin_wrong").await;
    assert_eq!(state(&mut card).await, (2, 1));
    assert_eq!(town.tries_left().await, 2);
    assert_eq!(state(&mut card).await, (2, 1), "asking for the tries costs none");
    town.stack.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_last_try_and_a_blocked_pin_of_somebody_elses_card_are_told_and_not_tried() {
    let mut town = Town::usual().await;
    for (tries, code) in [(0, "pin_blocked"), (1, "pin_last_try")] {
        let mut card = other_card(&mut town, &["--auth-tries", &tries.to_string()]).await;
        stops_with(&mut town, code).await;
        assert_eq!(state(&mut card).await, (tries, 0));
        card.stop().await;
    }
    town.stack.stop().await;
}

/// OpenSC judges the judge: its driver too was made for the real card.
#[tokio::test(flavor = "multi_thread")]
async fn opensc_knows_somebody_elses_card() {
    let mut town = Town::usual().await;
    let _card = other_card(&mut town, &[]).await;
    let output = Command::new("pkcs15-tool")
        .args(["--list-certificates", "--list-pins"])
        .env("PCSCLITE_CSOCK_NAME", town.socket())
        .output()
        .expect("pkcs15-tool is installed: script/setup test");
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(text.contains("User Authentication Certificate"), "{text}");
    assert!(text.contains("Digital Signature PIN"), "{text}");
    assert!(text.contains("Tries left     : 3"), "{text}");
    town.stack.stop().await;
}
