//! A town on loopback for one test: the real pcscd, vpcd, mock card, gateway, agent and sample service, each the
//! program that ships or that developers run, and a scripted browser.

use std::path::{Path, PathBuf};
use std::time::Duration;

use madoguchi_demo::{
    AgentEvent, AgentFront, Binaries, Browser, Card, Child, Extras, Hop, MockCard, Navigation, Page, Pin,
    Ports, Program, Stack, StackOptions, TEST_PIN,
};
use madoguchi_protocol::Origin;
use serde_json::Value;
use url::Url;

/// Everything running, and a browser that nobody used before.
pub struct Town {
    /// The parts.
    pub stack: Stack,
    /// The resident's browser.
    pub browser: Browser,
    /// The ports in use.
    pub ports: Ports,
}

/// What a test wants different from the usual town.
#[derive(Default)]
pub struct Wishes {
    /// The card and its authority.
    pub card: MockCard,
    /// The PIN line that the unattended agent gives; the right one by default, an empty one declines.
    pub pin: Option<&'static str>,
    /// Additions to the parts' own set-up.
    pub extras: Extras,
}

impl Town {
    /// A town where every request is answered with the right PIN.
    pub async fn usual() -> Self {
        Self::with(Wishes::default()).await
    }

    /// A town with wishes.
    pub async fn with(wishes: Wishes) -> Self {
        let pin = match wishes.pin {
            None => Pin::new(TEST_PIN.as_bytes()).expect("a PIN"),
            Some("") => Pin::for_answer(Some(madoguchi_demo::Answer::AccessDenied)),
            Some(digits) => Pin::new(digits.as_bytes()).expect("four digits"),
        };
        let ports = Ports::unused().expect("free ports");
        let options = StackOptions {
            binaries: binaries(),
            ports,
            card: Card::Mock(wishes.card),
            agent: AgentFront::Unattended(pin),
            extras: wishes.extras,
        };
        let stack = Stack::start(options, now(), random()).await.expect("everything starts");
        Self { stack, browser: Browser::new(), ports }
    }

    /// The gateway's origin.
    pub fn issuer(&self) -> Origin {
        Origin::parse(&self.ports.issuer()).expect("an origin")
    }

    /// Opens the sample service and goes to the gateway's start page, as somebody else where a session is offered.
    pub fn start_page(&mut self) -> Page {
        let service = self.ports.service_url();
        let browser = &mut self.browser;
        tokio::task::block_in_place(|| {
            let front = browser.open(&service).expect("the service's front page");
            let mut start = browser.click(&front, "#sign-in").expect("a page of the gateway");
            if start.has(OTHER_PERSON) {
                start = browser.submit(&start, OTHER_PERSON).expect("the start page");
            }
            assert!(start.has("form#start"), "{}", start.text());
            start
        })
    }

    /// Presses the button of the start page and stops before the agent: the address that the browser would open next.
    pub fn press(&mut self, start: &Page) -> Navigation {
        let navigation = start.form("form#start").expect("the form");
        match self.hop(&navigation) {
            Hop::Redirect(to_agent) => to_agent,
            Hop::Page(page) => panic!("no redirect to the agent: {} {}", page.status(), page.text()),
        }
    }

    /// One request of the browser, nothing followed.
    pub fn hop(&mut self, navigation: &Navigation) -> Hop {
        let browser = &mut self.browser;
        tokio::task::block_in_place(|| browser.hop(navigation).expect("an answer"))
    }

    /// A navigation of the browser, with its redirects.
    pub fn navigate(&mut self, navigation: Navigation) -> Page {
        let browser = &mut self.browser;
        tokio::task::block_in_place(|| browser.navigate(navigation).expect("a page"))
    }

    /// Opens an address as if typed.
    pub fn open(&mut self, url: &str) -> Page {
        let browser = &mut self.browser;
        tokio::task::block_in_place(|| browser.open(url).expect("a page"))
    }

    /// Waits at the agent's page, as a browser does, until it leads somewhere else; answers the address and follows
    /// nothing.
    pub fn wait_at_agent(&mut self, to_agent: &Navigation) -> Option<Navigation> {
        let mut navigation = to_agent.clone();
        for _ in 0..PATIENCE {
            match self.hop(&navigation) {
                Hop::Redirect(away) => return Some(away),
                Hop::Page(page) => match page.refresh() {
                    Some((delay, next)) => {
                        wait(delay);
                        navigation = next;
                    }
                    None => return None,
                },
            }
        }
        panic!("the agent's page renewed itself {PATIENCE} times");
    }

    /// From the service through everything to the page at which it ends.
    pub fn sign_in(&mut self) -> Page {
        let start = self.start_page();
        let to_agent = self.press(&start);
        self.finish(&to_agent)
    }

    /// From the agent's address to the page at which it ends: refreshes are followed, links are not.
    pub fn finish(&mut self, to_agent: &Navigation) -> Page {
        let browser = &mut self.browser;
        tokio::task::block_in_place(|| {
            let mut page = browser.navigate(to_agent.clone()).expect("the agent's page");
            for _ in 0..PATIENCE {
                match browser.refresh(&page, &mut wait).expect("the next page") {
                    Some(next) => page = next,
                    None => return page,
                }
            }
            panic!("no end after {PATIENCE} pages: {}", page.url());
        })
    }

    /// Presses the link that leads back to the service, and answers what the service then knows: claims, or the error.
    pub fn back_at_service(&mut self, page: &Page) -> Value {
        let service = self.ports.service_url();
        let browser = &mut self.browser;
        tokio::task::block_in_place(|| {
            let back = browser.click(page, "main a.button[href]").expect("the service's page");
            assert_eq!(back.url().origin(), Url::parse(&service).expect("a URL").origin());
            let claims = browser.open(&format!("{service}claims")).expect("claims");
            serde_json::from_str(claims.text()).expect("JSON")
        })
    }

    /// What the unattended agent says next about an end of a sign-in.
    pub async fn agent_result(&mut self) -> String {
        loop {
            if let AgentEvent::Finished { result } = self.stack.agent_event().await.expect("the agent runs") {
                return result;
            }
        }
    }

    /// Tells the mock card a line and waits for its answer.
    pub async fn tell_card(&mut self, line: &str) {
        let card = self.stack.child("mock-card").expect("the mock card");
        card.tell(line).await.expect("told");
        card.wait_for_line(|answer| answer.starts_with("ok")).await.expect("done");
    }

    /// Tries left on the card, as `madoguchi-agent card --json` sees them. Uses none.
    pub async fn tries_left(&self) -> u64 {
        let card = self.agent_card().await;
        card["tries_left"].as_u64().unwrap_or_else(|| panic!("no tries left in {card}"))
    }

    /// What `madoguchi-agent card --json` says.
    pub async fn agent_card(&self) -> Value {
        let mut child = Program::new("agent-card", self.binary("madoguchi-agent"))
            .args(["card", "--json", "--card-wait", "5"])
            .env("PCSCLITE_CSOCK_NAME", self.socket())
            .spawn(self.stack.folder())
            .expect("starts");
        let line = child.line().await.unwrap_or_else(|| panic!("no line: {}", child.log_end()));
        // It leaves the card before it ends; killed earlier, it would still hold it for a moment.
        let _ = child.wait().await.expect("a status");
        serde_json::from_str(&line).expect("JSON")
    }

    /// Ends the town's agent and starts another on its port, with these arguments instead.
    pub async fn other_agent(&mut self, args: &[&str], socket: &Path) -> Child {
        let anchor = self.anchor();
        self.agent_trusting(&anchor, args, socket).await
    }

    /// The same, with another authority of test cards.
    pub async fn agent_trusting(&mut self, anchor: &Path, args: &[&str], socket: &Path) -> Child {
        self.stack.child("agent").expect("the agent").stop().await;
        let mut child = Program::new("other-agent", self.binary("madoguchi-agent"))
            .args(["--port", &self.ports.agent.to_string(), "--pin-stdin", "--test-anchor"])
            .arg(anchor)
            .args(args)
            .env("PCSCLITE_CSOCK_NAME", socket)
            .spawn(self.stack.folder())
            .expect("starts");
        child.wait_until_ready().await.expect("the agent is ready");
        child
    }

    /// Waits until somebody listens on the agent's port.
    pub async fn agent_listens(&self) {
        let address = ("127.0.0.1", self.ports.agent);
        while tokio::net::TcpStream::connect(address).await.is_err() {
            tokio::task::yield_now().await;
        }
    }

    /// Ends the mock card and puts another one of the same authority into the reader, with this scenario.
    pub async fn replace_card(&mut self, scenario: &Path) {
        self.stack.child("mock-card").expect("the mock card").stop().await;
        let pki = self.stack.ready().pki_dir.clone().expect("a PKI");
        let folder = self.stack.folder().to_owned();
        let binary = self.binary("madoguchi-mock-card");
        let pcscd = self.stack.pcscd().expect("a PC/SC service");
        let program = Program::new("mock-card", binary)
            .args(["--vpcd", pcscd.vpcd(), "--card", "default", "--pki"])
            .arg(pki)
            .arg("--scenario")
            .arg(scenario);
        let mut child = pcscd.spawn_inside(program, &folder).expect("starts");
        child.wait_until_ready().await.expect("the card is in the reader");
        *self.stack.child("mock-card").expect("the mock card") = child;
    }

    /// The socket of the private PC/SC service.
    pub fn socket(&self) -> PathBuf {
        self.stack.ready().pcsc_socket.clone().expect("a PC/SC service")
    }

    /// The test authority's certificate.
    pub fn anchor(&self) -> PathBuf {
        self.stack.ready().pki_dir.clone().expect("a PKI").join("auth-ca.der")
    }

    /// A program of ours.
    pub fn binary(&self, name: &str) -> PathBuf {
        binaries().path(name).expect("the programs are built: cargo build --workspace --bins")
    }

    /// How many accounts the gateway's database has: what a sign-in that failed must not change.
    pub async fn accounts(&self) -> u64 {
        use madoguchi_storage::Accounts as _;
        self.store().count_accounts("midori").await.expect("a number")
    }

    /// The newest record of the gateway's audit log.
    pub async fn newest_audit_record(&self) -> madoguchi_storage::AuditRecord {
        use madoguchi_storage::Audit as _;
        let records = self.store().audit_records("midori", 0, u32::MAX).await.expect("records");
        records.into_iter().last().expect("a record")
    }

    fn store(&self) -> madoguchi_storage_sqlite::SqliteStore {
        let path = self.stack.folder().join("madoguchi.sqlite3");
        let clock = std::sync::Arc::new(madoguchi_gateway_server::SystemClock);
        let limits = madoguchi_storage::SignInLimits::default();
        madoguchi_storage_sqlite::SqliteStore::open(&path, clock, limits).expect("the store")
    }
}

/// The error code that a page shows to the resident.
pub fn shown_code(page: &Page) -> String {
    // The gateway's pages, and the agent's.
    page.text_of(".error-code code, p.code")
        .unwrap_or_else(|| panic!("no error code on {}: {}", page.url(), page.text()))
}

/// Where the programs are: beside the folder of the test.
pub fn binaries() -> Binaries {
    let test = std::env::current_exe().expect("this program has a path");
    Binaries::in_folder(test.parent().and_then(Path::parent).expect("target/debug/deps/…"))
}

/// Waits before it follows `Refresh`: a browser in a hurry, which the agent must bear as it bears reloads.
#[expect(clippy::disallowed_methods, reason = "this is the browser's own waiting, not a test's")]
pub fn wait(delay: Duration) {
    std::thread::sleep(delay / HURRY);
}

/// Real randomness.
#[expect(clippy::disallowed_methods, reason = "a test is its own edge")]
pub fn random() -> &'static ring::rand::SystemRandom {
    static RANDOM: std::sync::LazyLock<ring::rand::SystemRandom> =
        std::sync::LazyLock::new(ring::rand::SystemRandom::new);
    &RANDOM
}

/// The time now.
pub fn now() -> time::OffsetDateTime {
    time::OffsetDateTime::now_utc()
}

/// The form of whoever is not the one whose session is offered.
pub const OTHER_PERSON: &str = "form[action='/session/other']";
/// How much faster than asked pages are renewed.
const HURRY: u32 = 5;
/// Most pages that a browser renews before a test gives up: five a second.
const PATIENCE: usize = 300;
