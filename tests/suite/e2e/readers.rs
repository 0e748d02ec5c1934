//! What readers, other programs and the smart card service do to a sign-in, with the shipped agent and a real `pcscd`.

use std::time::Duration;

use madoguchi_demo::{Child, Navigation, Pcscd, Program, TEST_PIN};
use madoguchi_tests::terminal::agent_in_terminal;
use madoguchi_tests::town::{Town, shown_code};
use tokio::time::timeout;

use super::terminal::reads;

/// The town's agent in a terminal, in which its notices can be read.
struct Screen(Child);

impl Screen {
    async fn open(town: &mut Town) -> Self {
        Self(agent_in_terminal(town, &[]).await)
    }

    async fn reads(&mut self, text: &str) {
        reads(&mut self.0, text).await;
    }

    async fn types(&mut self, line: &str) {
        self.0.tell(line).await.expect("typed");
    }

    /// A sign-in up to the resident's yes.
    async fn agree(&mut self, town: &mut Town) -> Navigation {
        let start = town.start_page();
        let to_agent = town.press(&start);
        town.hop(&to_agent);
        self.reads("Check that the words to compare").await;
        self.types("はい").await;
        to_agent
    }

    /// From the PIN question to the end, which is good.
    async fn type_pin(&mut self, town: &mut Town, to_agent: &Navigation) {
        self.reads("Tries left: 3").await;
        self.types(TEST_PIN).await;
        let end = town.finish(to_agent);
        assert!(end.has("#done"), "{}", end.text());
    }
}

/// Ends the service, as an update or a crash does.
async fn stop_service(town: &mut Town) {
    town.stack.pcscd().expect("a PC/SC service").stop().await;
}

/// Starts the service anew, with the card on its reader.
async fn start_service(town: &mut Town) {
    let folder = town.stack.folder().join("pcscd");
    let service = Pcscd::start(&folder).await.expect("pcscd starts");
    *town.stack.pcscd().expect("a PC/SC service") = service;
    put_new_card(town, "").await;
}

/// A card with all its tries on the reader, with this scenario.
async fn put_new_card(town: &mut Town, scenario: &str) {
    let file = town.stack.folder().join("other-scenario.toml");
    std::fs::write(&file, scenario).expect("written");
    town.replace_card(&file).await;
}

/// Another program takes the card.
async fn other_program(town: &Town, way: &str) -> Child {
    let mut child = Program::new("holder", town.binary("madoguchi-card-holder"))
        .arg(way)
        .env("PCSCLITE_CSOCK_NAME", town.socket())
        .spawn(town.stack.folder())
        .expect("starts");
    child.wait_until_ready().await.expect("it has the card");
    child
}

/// A field of what the mock card says about itself.
async fn card_says(town: &mut Town, field: &str) -> String {
    let card = town.stack.child("mock-card").expect("the mock card");
    card.tell("state").await.expect("told");
    let state = card.wait_for_line(|line| line.starts_with("ok state")).await.expect("a state");
    let value = state.split(' ').find_map(|word| word.strip_prefix(field)?.strip_prefix('='));
    value.unwrap_or_else(|| panic!("no {field} in {state}")).to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn another_program_has_the_card() {
    let mut town = Town::usual().await;
    for way in ["exclusive", "transaction"] {
        let mut other = other_program(&town, way).await;
        let end = town.sign_in();
        assert_eq!(shown_code(&end), "card_busy", "{way}");
        assert_eq!(card_says(&mut town, "verifies").await, "0", "{way}");
        other.tell("release").await.expect("told");
        other.wait_for_line(|line| line == "released").await.expect("it is not disturbed");
    }
    // Connected and idle, as programs are that only watch.
    let mut other = other_program(&town, "shared").await;
    let end = town.sign_in();
    assert!(end.has("#done"), "{}", end.text());
    assert_eq!(card_says(&mut town, "auth_verified").await, "false");
    other.tell("release").await.expect("told");
    town.stack.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn another_program_gives_the_card_away_after_a_while() {
    let mut town = Town::usual().await;
    let mut screen = Screen::open(&mut town).await;
    for way in ["exclusive", "transaction"] {
        let mut other = other_program(&town, way).await;
        let to_agent = screen.agree(&mut town).await;
        screen.reads("Another program is using the card").await;
        other.tell("release").await.expect("told");
        screen.type_pin(&mut town, &to_agent).await;
    }
    screen.0.stop().await;
    town.stack.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_card_that_comes_late_is_used_and_the_wait_ends_at_once_when_stopped() {
    let mut town = Town::usual().await;
    town.tell_card("remove").await;
    let mut screen = Screen::open(&mut town).await;
    let to_agent = screen.agree(&mut town).await;
    screen.reads("Place your My Number card").await;
    town.tell_card("insert").await;
    screen.type_pin(&mut town, &to_agent).await;
    screen.reads("Done").await;

    // And while it waits for another one, it is told to stop.
    town.tell_card("remove").await;
    let _ = screen.agree(&mut town).await;
    screen.reads("Place your My Number card").await;
    screen.types("\u{3}").await;
    timeout(Duration::from_secs(1), screen.0.wait()).await.expect("it ends at once").expect("a status");
    town.stack.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_service_starts_while_it_is_waited_for() {
    let mut town = Town::usual().await;
    stop_service(&mut town).await;
    let mut screen = Screen::open(&mut town).await;
    let to_agent = screen.agree(&mut town).await;
    screen.reads("Waiting for the smart card service").await;
    start_service(&mut town).await;
    screen.type_pin(&mut town, &to_agent).await;
    screen.0.stop().await;
    town.stack.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_service_restarts_while_a_card_is_waited_for() {
    let mut town = Town::usual().await;
    town.tell_card("remove").await;
    let mut screen = Screen::open(&mut town).await;
    let to_agent = screen.agree(&mut town).await;
    screen.reads("Place your My Number card").await;
    stop_service(&mut town).await;
    screen.reads("Waiting for the smart card service").await;
    start_service(&mut town).await;
    screen.type_pin(&mut town, &to_agent).await;
    screen.0.stop().await;
    town.stack.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_service_restarts_while_the_pin_is_asked() {
    let mut town = Town::usual().await;
    let mut screen = Screen::open(&mut town).await;
    let to_agent = screen.agree(&mut town).await;
    screen.reads("Tries left: 3").await;
    stop_service(&mut town).await;
    start_service(&mut town).await;
    screen.types(TEST_PIN).await;
    let end = town.finish(&to_agent);
    assert_eq!(shown_code(&end), "reader_service_unavailable");
    assert_eq!(card_says(&mut town, "verifies").await, "0");
    // And the next one is fine.
    let to_agent = screen.agree(&mut town).await;
    screen.type_pin(&mut town, &to_agent).await;
    screen.0.stop().await;
    town.stack.stop().await;
}

/// The service stops at each of the last commands: VERIFY, the selection of the key, the signature, and leaving the card.
#[tokio::test(flavor = "multi_thread")]
async fn the_service_restarts_between_pin_and_signature() {
    let mut town = Town::usual().await;
    put_new_card(&mut town, "").await;
    assert!(town.sign_in().has("#done"));
    let commands: u32 = card_says(&mut town, "commands").await.parse().expect("a number");
    for back in 0..4 {
        put_new_card(&mut town, &format!("fault = \"hold@{}\"", commands - back)).await;
        let start = town.start_page();
        let to_agent = town.press(&start);
        town.hop(&to_agent);
        let card = town.stack.child("mock-card").expect("the mock card");
        card.wait_for_line(|line| line.starts_with("event hold")).await.expect("the command came");
        stop_service(&mut town).await;
        let end = town.finish(&to_agent);
        if back == 0 {
            // The card's work was done.
            assert!(end.has("#done"), "{}", end.text());
        } else {
            assert_eq!(shown_code(&end), "reader_service_unavailable", "{back} commands before the last");
        }
        start_service(&mut town).await;
    }
    // The last one lost the answer to VERIFY: nobody knows what became of that PIN, and no line is tried after it.
    let end = town.sign_in();
    assert_eq!(shown_code(&end), "automation_ended");
    assert_eq!(card_says(&mut town, "verifies").await, "0");
    town.stack.stop().await;
}

/// Sends the service a signal: `-STOP` freezes it as it is, `-CONT` lets it go on.
fn signal_service(town: &mut Town, signal: &str) {
    let id = town.stack.pcscd().expect("a PC/SC service").id().expect("it runs").to_string();
    let sent = std::process::Command::new("kill").args([signal, &id]).status().expect("kill runs");
    assert!(sent.success(), "kill {signal} {id}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_service_gives_no_answer() {
    let mut town = Town::usual().await;
    // From the start.
    signal_service(&mut town, "-STOP");
    let end = town.sign_in();
    assert_eq!(shown_code(&end), "reader_service_unavailable");
    signal_service(&mut town, "-CONT");
    // And in the middle: the look at the counter before the PIN is sent.
    let mut screen = Screen::open(&mut town).await;
    let to_agent = screen.agree(&mut town).await;
    screen.reads("Tries left: 3").await;
    signal_service(&mut town, "-STOP");
    screen.types(TEST_PIN).await;
    let end = town.finish(&to_agent);
    assert_eq!(shown_code(&end), "card_error");
    signal_service(&mut town, "-CONT");
    assert_eq!(card_says(&mut town, "verifies").await, "0");
    // The card is given away as soon as that is possible.
    let to_agent = screen.agree(&mut town).await;
    screen.type_pin(&mut town, &to_agent).await;
    screen.0.stop().await;
    town.stack.stop().await;
}

/// The signature is kept back, with the PIN verified.
#[tokio::test(flavor = "multi_thread")]
async fn a_card_that_gives_no_answer_is_left_when_it_does() {
    let mut town = Town::usual().await;
    put_new_card(&mut town, "").await;
    assert!(town.sign_in().has("#done"));
    let commands: u32 = card_says(&mut town, "commands").await.parse().expect("a number");
    put_new_card(&mut town, &format!("fault = \"hold@{}\"", commands - 1)).await;
    let mut screen = Screen::open(&mut town).await;
    let to_agent = screen.agree(&mut town).await;
    screen.reads("Tries left: 3").await;
    screen.types(TEST_PIN).await;
    let card = town.stack.child("mock-card").expect("the mock card");
    card.wait_for_line(|line| line.starts_with("event hold")).await.expect("the command came");
    assert_eq!(card_says(&mut town, "auth_verified").await, "true");
    // Ctrl-\ and Ctrl-Z do not end or stop the program with the card logged in, and nothing that is typed now is shown.
    screen.types("\u{1c}\u{1a}5566").await;
    // The wait ends at once; the program only when the card was left.
    screen.types("\u{3}").await;
    let end = screen.0.wait_for_line(|line| {
        assert!(!line.contains("5566"), "{line}");
        line.contains("(declined)")
    });
    timeout(Duration::from_secs(10), end).await.expect("it ends at once").expect("it is told");
    assert!(screen.0.ended().is_none(), "it still holds the card");
    town.tell_card("go on").await;
    let status = timeout(Duration::from_secs(10), screen.0.wait()).await.expect("it ends").expect("a status");
    assert!(status.success(), "{status}");
    for (field, value) in [("auth_verified", "false"), ("verifies", "1"), ("powered", "false")] {
        assert_eq!(card_says(&mut town, field).await, value, "{field}");
    }
    // The application was left, and the power taken besides.
    assert_eq!(card_says(&mut town, "commands").await, commands.to_string());
    drop(to_agent);
    town.stack.stop().await;
}

/// Cards on both slots of the virtual reader.
#[tokio::test(flavor = "multi_thread")]
async fn the_my_number_card_is_found_whichever_reader_it_lies_in() {
    let mut town = Town::usual().await;
    let end = town.sign_in();
    assert!(end.has("#done"), "{}", end.text());
    for (first, second, outcome) in [
        ("application = \"none\"", "", "signed in"),
        ("", "application = \"none\"", "signed in"),
        ("", "", "several_cards"),
        ("application = \"none\"", "application = \"none\"", "not_my_number_card"),
    ] {
        put_new_card(&mut town, first).await;
        let mut other = second_card(&mut town, second).await;
        let end = town.sign_in();
        let came = if end.has("#done") { "signed in".to_owned() } else { shown_code(&end) };
        assert_eq!(came, outcome, "{first:?} and {second:?}");
        other.stop().await;
    }
    town.stack.stop().await;
}

/// A card of the same authority on the second reader.
async fn second_card(town: &mut Town, scenario: &str) -> Child {
    let folder = town.stack.folder().to_owned();
    let file = folder.join("second-scenario.toml");
    std::fs::write(&file, scenario).expect("written");
    let pki = town.stack.ready().pki_dir.clone().expect("a PKI");
    let program = Program::new("second-card", town.binary("madoguchi-mock-card"))
        .args(["--vpcd", "127.0.0.1:35964", "--card", "default", "--pki"])
        .arg(pki)
        .arg("--scenario")
        .arg(file);
    let pcscd = town.stack.pcscd().expect("a PC/SC service");
    let mut child = pcscd.spawn_inside(program, &folder).expect("starts");
    child.wait_until_ready().await.expect("the card is in the reader");
    child
}
