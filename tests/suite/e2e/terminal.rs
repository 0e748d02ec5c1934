//! The agent in a terminal: a person reads, agrees and types.

use madoguchi_demo::{Child, MockCard, TEST_PIN};
use madoguchi_tests::terminal::agent_in_terminal;
use madoguchi_tests::town::{Town, Wishes};

/// Waits for a line on the screen that holds `text`.
pub(super) async fn reads(terminal: &mut Child, text: &str) -> String {
    terminal
        .wait_for_line(|line| line.contains(text))
        .await
        .unwrap_or_else(|error| panic!("waiting for {text}: {error}"))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_resident_reads_agrees_types_the_pin_unseen_and_is_signed_in() {
    let mut town = Town::usual().await;
    let mut terminal = agent_in_terminal(&mut town, &[]).await;
    let start = town.start_page();
    let code = start.text_of(".code").expect("the words to compare");
    let to_agent = town.press(&start);
    town.hop(&to_agent);
    reads(&mut terminal, "みどり市").await;
    reads(&mut terminal, "子育て手続き").await;
    reads(&mut terminal, "サインイン").await;
    reads(&mut terminal, &town.ports.issuer()).await;
    assert!(reads(&mut terminal, "Words to compare").await.contains(code.trim()), "{code}");
    terminal.tell("はい").await.expect("typed");
    reads(&mut terminal, "Tries left: 3").await;
    terminal.tell(TEST_PIN).await.expect("typed");
    let done = town.finish(&to_agent);
    assert!(town.back_at_service(&done)["sub"].is_string());
    reads(&mut terminal, "Done").await;
    let screen = std::fs::read_to_string(terminal.log()).expect("the screen");
    assert!(!screen.contains(TEST_PIN), "the PIN is not shown");
    terminal.stop().await;
    town.stack.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_wrong_pin_the_resident_is_asked_and_nothing_is_retried() {
    let mut town = Town::usual().await;
    let mut terminal = agent_in_terminal(&mut town, &[]).await;
    let start = town.start_page();
    let to_agent = town.press(&start);
    town.hop(&to_agent);
    reads(&mut terminal, "Check that the words to compare").await;
    terminal.tell("yes").await.expect("typed");
    reads(&mut terminal, "Tries left: 3").await;
    terminal.tell("9999").await.expect("typed");
    reads(&mut terminal, "Wrong PIN. Tries left: 2").await;
    terminal.tell("いいえ").await.expect("typed");
    let stopped = town.finish(&to_agent);
    assert_eq!(madoguchi_tests::town::shown_code(&stopped), "pin_wrong");
    terminal.stop().await;
    assert_eq!(town.tries_left().await, 2);
    town.stack.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_last_try_is_taken_when_the_resident_insists() {
    let card = MockCard { scenario: Some("auth_tries = 1".to_owned()), ..MockCard::default() };
    let mut town = Town::with(Wishes { card, ..Wishes::default() }).await;
    let mut terminal = agent_in_terminal(&mut town, &[]).await;
    let start = town.start_page();
    let to_agent = town.press(&start);
    town.hop(&to_agent);
    reads(&mut terminal, "Check that the words to compare").await;
    terminal.tell("はい").await.expect("typed");
    reads(&mut terminal, "WARNING: one try is left").await;
    terminal.tell("はい").await.expect("typed");
    reads(&mut terminal, "Tries left: 1").await;
    terminal.tell(TEST_PIN).await.expect("typed");
    let done = town.finish(&to_agent);
    assert!(town.back_at_service(&done)["sub"].is_string());
    terminal.stop().await;
    assert_eq!(town.tries_left().await, 3);
    town.stack.stop().await;
}
