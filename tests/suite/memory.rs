//! No PIN stays in the agent's memory: sign-ins through the real pcscd with random PINs that were not there before, and after each
//! one a look through everything that the agent can write to. A scan that finds nothing proves nothing by itself, so it also
//! finds PINs while they are in use, and in agents that keep a copy.

use std::path::Path;

use madoguchi_demo::{Browser, Child, Navigation};
use madoguchi_tests::memory::{Hit, OWN_NAMESPACE, in_own_user_namespace, needles, scan};
use madoguchi_tests::terminal::agent_in_terminal;
use madoguchi_tests::town::{Town, random, shown_code};
use ring::rand::SecureRandom as _;
use serde_json::Value;
use tokio::io::AsyncWriteExt as _;

/// What becomes of a PIN that was typed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    /// It is right, and the resident is signed in.
    Right,
    /// The same, and the scan looks while the card has the VERIFY.
    RightAndWatched,
    /// It is wrong.
    Wrong,
    /// The resident stops after typing it.
    Cancelled,
    /// The card is pulled out before it has executed the VERIFY.
    RemovedBefore,
    /// The card is pulled out when it has executed the VERIFY, before its answer.
    RemovedAfter,
}

impl Fate {
    /// How the sign-in ends.
    fn code(self) -> Option<&'static str> {
        match self {
            Self::Right | Self::RightAndWatched => None,
            Self::Wrong => Some("pin_wrong"),
            Self::Cancelled => Some("declined"),
            Self::RemovedBefore | Self::RemovedAfter => Some("card_removed"),
        }
    }

    /// What the mock card is told when the PIN is asked for. From there to the VERIFY with it: SELECT, the look at the
    /// counter, VERIFY.
    fn fault(self) -> Option<&'static str> {
        match self {
            Self::RightAndWatched => Some("fault hold@3"),
            Self::RemovedBefore => Some("fault remove@3"),
            Self::RemovedAfter => Some("fault remove-after@3"),
            _ => None,
        }
    }
}

/// An agent whose memory is looked at.
struct Watched {
    child: Child,
    pid: u32,
    terminal: bool,
    /// Every PIN that it was given.
    pins: Vec<String>,
}

impl Watched {
    /// The shipped agent, or another program that takes its options after `first`, without a terminal.
    async fn unattended(town: &mut Town, program: &str, first: &[&str]) -> Self {
        town.stack.child("agent").expect("the agent").stop().await;
        let mut child = in_own_user_namespace(program, &town.binary(program))
            .args(first)
            .args(["--pin-stdin", "--log", "warn", "--gateway", &town.ports.issuer()])
            .args(["--port", &town.ports.agent.to_string(), "--test-anchor"])
            .arg(town.anchor())
            .env("PCSCLITE_CSOCK_NAME", town.socket())
            .spawn(town.stack.folder())
            .expect("it starts");
        child.wait_until_ready().await.expect("the agent is ready");
        let pid = child.id().expect("it runs");
        Self { child, pid, terminal: false, pins: Vec::new() }
    }

    /// The shipped agent in a terminal.
    async fn in_terminal(town: &mut Town) -> Self {
        let child = agent_in_terminal(town, &[&["unshare"], &OWN_NAMESPACE[..]].concat()).await;
        let pid = only_child_of(child.id().expect("it runs"));
        Self { child, pid, terminal: true, pins: Vec::new() }
    }

    /// Where the PIN lies in the agent's memory.
    fn hits(&self, pin: &str) -> Vec<Hit> {
        scan(self.pid, &needles(pin)).expect("the agent's memory")
    }

    /// Where any PIN lies that it was given.
    fn leaks(&self) -> Vec<String> {
        let told = |pin: &String| {
            let hits = self.hits(pin).into_iter().filter(|hit| hit.alone);
            hits.map(|hit| format!("{pin}: {hit}")).collect::<Vec<_>>()
        };
        self.pins.iter().flat_map(told).collect()
    }

    /// Four random digits that are nowhere in its memory.
    fn absent_pin(&self) -> String {
        loop {
            let mut octets = [0; 4];
            random().fill(&mut octets).expect("randomness");
            let pin = format!("{:04}", u32::from_ne_bytes(octets) % 10_000);
            if !self.pins.contains(&pin) && self.hits(&pin).is_empty() {
                return pin;
            }
        }
    }

    /// Waits until the PIN is asked for.
    async fn asks(&mut self) {
        if self.terminal {
            self.reads("Check that the words to compare").await;
            self.child.tell("はい").await.expect("typed");
            self.reads("Enter the 4-digit PIN").await;
        } else {
            self.reads("pin_wanted").await;
        }
    }

    async fn reads(&mut self, text: &str) {
        let line = self.child.wait_for_line(|line| line.contains(text)).await;
        line.unwrap_or_else(|error| panic!("waiting for {text}: {error}"));
    }
}

/// One sign-in with a random PIN; afterwards the page at which the browser ended and the agent's memory are as they should be.
async fn sign_in(town: &mut Town, agent: &mut Watched, fate: Fate) {
    let (pin, to_agent) = loop {
        let pin = agent.absent_pin();
        let right = if fate == Fate::Wrong { another(&pin) } else { pin.clone() };
        personalise(town, &right).await;
        let to_agent = begin(town);
        agent.asks().await;
        // What came into the memory meanwhile may hold the digits by chance.
        if agent.hits(&pin).is_empty() {
            break (pin, to_agent);
        }
        agent.child.tell("").await.expect("declined");
        assert_eq!(shown_code(&town.finish(&to_agent)), "declined");
    };
    if let Some(fault) = fate.fault() {
        town.tell_card(fault).await;
    }
    agent.pins.push(pin.clone());
    let typed = if fate == Fate::Cancelled { format!("{pin}\u{4}") } else { pin.clone() };
    agent.child.tell(&typed).await.expect("typed");
    if fate == Fate::RightAndWatched {
        let card = town.stack.child("mock-card").expect("the mock card");
        card.wait_for_line(|line| line.starts_with("event hold")).await.expect("the card has the VERIFY");
        let hits = agent.hits(&pin);
        for form in ["ASCII", "VERIFY"] {
            assert!(
                hits.iter().any(|hit| hit.alone && hit.form == form),
                "{form} is not found while it is in use"
            );
        }
        town.tell_card("go on").await;
    }
    if fate == Fate::Wrong && agent.terminal {
        agent.reads("Wrong PIN").await;
        agent.child.tell("いいえ").await.expect("typed");
    }
    if agent.terminal {
        agent.reads(fate.code().unwrap_or("Done")).await;
    } else {
        agent.reads("finished").await;
    }
    let leaks = agent.leaks();
    let end = town.finish(&to_agent);
    match fate.code() {
        None => assert!(end.has("#done"), "{fate:?}: {}", end.text()),
        Some(code) => assert_eq!(shown_code(&end), code, "{fate:?}"),
    }
    assert_eq!(leaks, Vec::<String>::new(), "{fate:?}");
}

/// From a browser that nobody used before to the agent.
fn begin(town: &mut Town) -> Navigation {
    town.browser = Browser::new();
    let start = town.start_page();
    let to_agent = town.press(&start);
    town.hop(&to_agent);
    to_agent
}

/// Puts the card with this PIN into the reader.
async fn personalise(town: &mut Town, pin: &str) {
    let pki = town.stack.ready().pki_dir.clone().expect("a PKI");
    let file = pki.join("cards/default/card.json");
    let mut card: Value =
        serde_json::from_slice(&std::fs::read(&file).expect("the card's file")).expect("JSON");
    card["pin"] = pin.into();
    std::fs::write(&file, card.to_string()).expect("written");
    let scenario = town.stack.folder().join("healthy.toml");
    std::fs::write(&scenario, "").expect("written");
    town.replace_card(&scenario).await;
}

fn another(pin: &str) -> String {
    if pin == "9999" { "0000".to_owned() } else { "9999".to_owned() }
}

/// The process that `parent` started.
fn only_child_of(parent: u32) -> u32 {
    let children = std::fs::read_dir("/proc").expect("proc(5)").filter_map(Result::ok).filter_map(|entry| {
        let pid: u32 = entry.file_name().to_str()?.parse().ok()?;
        let status = std::fs::read_to_string(Path::new("/proc").join(pid.to_string()).join("status")).ok()?;
        let line = status.lines().find_map(|line| line.strip_prefix("PPid:"))?;
        (line.trim().parse() == Ok(parent)).then_some(pid)
    });
    let children: Vec<u32> = children.collect();
    assert_eq!(children.len(), 1, "{children:?}");
    children[0]
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_sign_ins_leave_no_pin_in_memory() {
    let mut town = Town::usual().await;
    // A PIN that was wrong, or of which the card did not say what became of it, ends automation.
    let runs = [
        &[Fate::RightAndWatched, Fate::Right, Fate::RemovedAfter][..],
        &[Fate::RightAndWatched, Fate::RemovedBefore],
        &[Fate::Wrong],
    ];
    for fates in runs {
        let mut agent = Watched::unattended(&mut town, "madoguchi-agent", &[]).await;
        for fate in fates {
            sign_in(&mut town, &mut agent, *fate).await;
        }
        agent.child.stop().await;
    }
    let mut agent = Watched::in_terminal(&mut town).await;
    for fate in [Fate::RightAndWatched, Fate::Wrong, Fate::Cancelled, Fate::RemovedAfter] {
        sign_in(&mut town, &mut agent, fate).await;
    }
    agent.child.stop().await;
    town.stack.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_that_keeps_a_copy_is_caught_every_time() {
    let mut town = Town::usual().await;
    for (plant, form) in [
        ("buffered-stdin", "ASCII"),
        ("retained-string", "ASCII"),
        ("utf-16", "UTF-16"),
        ("retained-apdu", "VERIFY"),
    ] {
        let mut agent = Watched::unattended(&mut town, "madoguchi-planted-agent", &[plant]).await;
        let mut input = agent.child.take_stdin().expect("its input");
        for _ in 0..3 {
            let pin = agent.absent_pin();
            personalise(&mut town, &pin).await;
            let to_agent = begin(&mut town);
            agent.asks().await;
            // In one piece: a second one would overwrite the first in a buffer.
            input.write_all(format!("{pin}\n").as_bytes()).await.expect("typed");
            agent.reads("proven").await;
            let hits = agent.hits(&pin);
            assert!(hits.iter().any(|hit| hit.alone && hit.form == form), "{plant} is not caught");
            assert!(town.finish(&to_agent).has("#done"));
        }
        agent.child.stop().await;
    }
    town.stack.stop().await;
}

/// The limit is set after the process was made not dumpable, and only then.
#[tokio::test(flavor = "multi_thread")]
async fn the_agent_leaves_no_core_file() {
    let mut town = Town::usual().await;
    let mut agent = Watched::unattended(&mut town, "madoguchi-agent", &[]).await;
    let limits = std::fs::read_to_string(format!("/proc/{}/limits", agent.pid)).expect("proc(5)");
    let core = limits.lines().find(|line| line.starts_with("Max core file size")).expect("the limit");
    assert_eq!(core.split_whitespace().skip(4).take(2).collect::<Vec<_>>(), ["0", "0"], "{core}");
    agent.child.stop().await;
    town.stack.stop().await;
}
