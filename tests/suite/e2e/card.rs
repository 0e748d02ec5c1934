//! Bad input at the card.

use madoguchi_demo::{Child, MockCard, Program, TEST_PIN};
use madoguchi_tests::town::{Town, Wishes, shown_code};

fn scenario(toml: &str) -> Wishes {
    Wishes { card: MockCard { scenario: Some(toml.to_owned()), ..MockCard::default() }, ..Wishes::default() }
}

/// The resident reads `code`, the service gets `access_denied` with it, and nobody is signed in.
async fn stops_with(town: &mut Town, code: &str) {
    let stopped = town.sign_in();
    assert_eq!(shown_code(&stopped), code, "{}", stopped.text());
    assert!(stopped.has("form button"), "another try is offered");
    // It comes first only where it may go well with the same card.
    let helps = !["automation_ended", "pin_blocked", "test_card_only"].contains(&code);
    assert_eq!(stopped.has("form button.primary"), helps, "{code}");
    assert_eq!(stopped.has("a.button.primary"), !helps, "{code}");
    let answer = town.back_at_service(&stopped);
    assert_eq!(answer["error"], "access_denied");
    assert_eq!(answer["error_description"], code);
    assert_eq!(town.accounts().await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_pin_costs_one_try_and_nothing_is_retried() {
    let mut town = Town::with(Wishes { pin: Some("0000"), ..Wishes::default() }).await;
    stops_with(&mut town, "pin_wrong").await;
    assert_eq!(town.agent_result().await, "pin_wrong");
    assert_eq!(town.tries_left().await, 2);
    // The first wrong PIN ends automation: the next request does not touch the card.
    stops_with(&mut town, "automation_ended").await;
    assert_eq!(town.tries_left().await, 2);
    town.stack.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_last_try_is_never_taken_without_insisting() {
    let mut town = Town::with(scenario("auth_tries = 1")).await;
    stops_with(&mut town, "pin_last_try").await;
    assert_eq!(town.tries_left().await, 1);
    town.stack.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_blocked_pin_is_told_and_not_tried() {
    for query in ["63C0", "6984"] {
        let mut town = Town::with(scenario(&format!("auth_tries = 0\nblocked_query = \"{query}\""))).await;
        stops_with(&mut town, "pin_blocked").await;
        town.stack.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_resident_who_declines_goes_back_unharmed() {
    let mut town = Town::with(Wishes { pin: Some(""), ..Wishes::default() }).await;
    stops_with(&mut town, "declined").await;
    assert_eq!(town.tries_left().await, 3);
    town.stack.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_card_it_says_so() {
    let mut wishes = Wishes::default();
    wishes.extras.agent_args = vec!["--card-wait".to_owned(), "1".to_owned()];
    let mut town = Town::with(wishes).await;
    town.tell_card("remove").await;
    stops_with(&mut town, "no_card").await;
    town.stack.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_card_put_on_the_reader_while_it_waits_is_used() {
    let mut town = Town::usual().await;
    town.tell_card("remove").await;
    let start = town.start_page();
    let to_agent = town.press(&start);
    town.hop(&to_agent);
    town.tell_card("insert").await;
    let done = town.finish(&to_agent);
    assert!(done.has("#done"), "{}", done.text());
    assert!(town.back_at_service(&done)["sub"].is_string());
    town.stack.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn another_card_is_not_a_my_number_card() {
    let mut town = Town::with(scenario("application = \"none\"")).await;
    stops_with(&mut town, "not_my_number_card").await;
    town.stack.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_reader_it_says_so() {
    let mut town = Town::usual().await;
    let folder = town.stack.folder().join("bare");
    let mut bare = madoguchi_demo::Pcscd::without_readers(&folder).await.expect("pcscd starts");
    let issuer = town.ports.issuer();
    let _agent = town.other_agent(&["--gateway", &issuer, "--card-wait", "1"], bare.socket()).await;
    stops_with(&mut town, "no_reader").await;
    bare.stop().await;
    town.stack.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_the_reader_service_it_says_so() {
    let mut town = Town::usual().await;
    let nowhere = town.stack.folder().join("no-such-socket");
    let issuer = town.ports.issuer();
    let _agent = town.other_agent(&["--gateway", &issuer, "--card-wait", "1"], &nowhere).await;
    stops_with(&mut town, "reader_service_unavailable").await;
    town.stack.stop().await;
}

/// The card is pulled out at each command of a sign-in in turn, with that command's effect and without it. Every run ends
/// and says so, and at most the one try of the PIN that was typed is lost.
async fn pulled_out(fault: &str) {
    let mut town = Town::usual().await;
    let mut outcomes = Vec::new();
    let mut other_agent = None;
    for command in 1..=MOST_COMMANDS {
        other_card(&mut town, &format!("fault = \"{fault}@{command}\"")).await;
        let mut end = town.sign_in();
        if !end.has("#done") && shown_code(&end) == "automation_ended" {
            // After a VERIFY of which nothing is known: it happens once, at the command before this one.
            assert!(other_agent.is_none(), "command {command}: {outcomes:?}");
            other_agent = Some(agent_with_pins(&mut town).await);
            end = town.sign_in();
        }
        if end.has("#done") {
            outcomes.push("signed in".to_owned());
            break;
        }
        let outcome = shown_code(&end);
        outcomes.push(outcome.clone());
        assert_eq!(town.back_at_service(&end)["error"], "access_denied");
        // A card that does not answer its first command was never there: the agent asks for one and waits.
        let expected = if command == 1 { "no_card" } else { "card_removed" };
        assert_eq!(outcome, expected, "command {command}: {outcomes:?}");
        // The card is back on the reader, as it happens once.
        town.tell_card("insert").await;
        let tries = town.tries_left().await;
        assert!((2..=3).contains(&tries), "command {command}: {tries} tries left");
    }
    assert!(other_agent.is_some(), "the answer to VERIFY was lost once");
    let signed_in = outcomes.iter().filter(|outcome| *outcome == "signed in").count();
    assert_eq!(signed_in, 1, "beyond the last command it goes well: {outcomes:?}");
    assert!(outcomes.len() > 10, "a sign-in has more commands than this: {outcomes:?}");
    town.stack.stop().await;
}

/// Another unattended agent, that has the right PIN for every sign-in that may come.
async fn agent_with_pins(town: &mut Town) -> Child {
    let (issuer, socket) = (town.ports.issuer(), town.socket());
    let mut agent = town.other_agent(&["--gateway", &issuer], &socket).await;
    for _ in 0..MOST_COMMANDS {
        agent.tell(TEST_PIN).await.expect("told");
    }
    agent
}

#[tokio::test(flavor = "multi_thread")]
async fn a_card_pulled_out_before_any_command_is_told() {
    pulled_out("remove").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_card_pulled_out_after_any_command_is_told() {
    pulled_out("remove-after").await;
}

/// Ends the mock card and puts another one, of the same authority, into the reader.
async fn other_card(town: &mut Town, scenario: &str) {
    let file = town.stack.folder().join("other-scenario.toml");
    std::fs::write(&file, scenario).expect("written");
    town.replace_card(&file).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_that_may_not_talk_to_this_gateway_says_so() {
    let mut town = Town::usual().await;
    let socket = town.socket();
    let _agent = town.other_agent(&["--gateway", "http://localhost:1"], &socket).await;
    let start = town.start_page();
    let to_agent = town.press(&start);
    let page = town.finish(&to_agent);
    assert!(page.url().as_str().starts_with(&town.ports.agent_url()));
    assert!(page.text().contains("gateway_not_allowed"), "{}", page.text());
    assert_eq!(town.accounts().await, 0);
    town.stack.stop().await;
}

/// A developer's real card must never meet a test PIN.
#[tokio::test(flavor = "multi_thread")]
async fn automation_leaves_a_card_of_another_authority_alone() {
    let mut town = Town::usual().await;
    let other = town.stack.folder().join("other-pki");
    Program::new("other-pki", town.binary("madoguchi-test-pki"))
        .args(["init", "--out"])
        .arg(&other)
        .run(town.stack.folder())
        .await
        .expect("another authority");
    let (issuer, socket) = (town.ports.issuer(), town.socket());
    let anchor = other.join("auth-ca.der");
    let mut agent = town.agent_trusting(&anchor, &["--gateway", &issuer], &socket).await;
    agent.tell(TEST_PIN).await.expect("told");
    stops_with(&mut town, "test_card_only").await;
    assert_eq!(town.tries_left().await, 3);
    town.stack.stop().await;
}

/// More commands than a sign-in sends.
const MOST_COMMANDS: u32 = 60;
