//! A resident at home: a computer with a browser, the agent and a card reader, and the town's gateway and service.

use std::time::Duration;

use madoguchi_demo::{
    AgentEvent, AgentFront, Card, Extras, MockCard, Pin, Ports, Stack, StackOptions, TEST_PIN,
};
use madoguchi_tests::chromium::{Chromium, Sent, Tab};
use madoguchi_tests::town::{OTHER_PERSON, binaries, now, random};
use tokio::time::{interval, timeout};

pub(crate) struct Home {
    pub(crate) stack: Stack,
    pub(crate) ports: Ports,
    pub(crate) browser: Chromium,
}

impl Home {
    /// Somebody sits at the agent: the test.
    pub(crate) async fn usual() -> Self {
        Self::with(Chromium::start().await, AgentFront::Driven, Extras::default()).await
    }

    /// The agent gets the right PIN whenever it asks.
    pub(crate) async fn unattended() -> Self {
        let pin = Pin::new(TEST_PIN.as_bytes()).expect("a PIN");
        Self::with(Chromium::start().await, AgentFront::Unattended(pin), Extras::default()).await
    }

    pub(crate) async fn with(browser: Chromium, agent: AgentFront, extras: Extras) -> Self {
        let ports = Ports::unused().expect("free ports");
        let card = Card::Mock(MockCard::default());
        let options = StackOptions { binaries: binaries(), ports, card, agent, extras };
        let stack = Stack::start(options, now(), random()).await.expect("everything starts");
        Self { stack, ports, browser }
    }

    /// From the service to the gateway's start page, in the current tab; as somebody else where a session is offered.
    pub(crate) async fn to_start_page(&self) {
        self.browser.open(&format!("{}sign-in", self.ports.service_url())).await;
        let other = format!("{OTHER_PERSON} button");
        self.browser.see(&format!("{START}, {other}")).await;
        if self.browser.has(&other).await {
            self.browser.click(&other).await;
        }
        self.browser.see(START).await;
    }

    /// Presses the start page's button, and goes to the tab that opens.
    pub(crate) async fn press(&self) -> Tab {
        self.press_button(START).await
    }

    /// Presses a button that opens a tab, and goes there.
    pub(crate) async fn press_button(&self, css: &str) -> Tab {
        let before = self.browser.tabs().await;
        self.browser.click(css).await;
        let mut opened = self.browser.more_tabs(&before, 1).await;
        let tab = opened.pop().expect("a tab");
        self.browser.switch_to(&tab).await;
        tab
    }

    /// Waits until the agent asks for the PIN.
    pub(crate) async fn pin_wanted(&mut self) {
        self.agent_says("\"pin_wanted\"").await;
    }

    /// Types the PIN, and waits until the gateway took the signature.
    pub(crate) async fn type_pin(&mut self) {
        self.type_line(TEST_PIN).await;
        self.agent_says("\"proven\"").await;
    }

    /// Types an empty line: no.
    pub(crate) async fn decline(&mut self) {
        self.type_line("").await;
        self.agent_says("\"declined\"").await;
    }

    async fn type_line(&mut self, line: &str) {
        self.stack.child("agent").expect("the agent").tell(line).await.expect("typed");
    }

    async fn agent_says(&mut self, words: &str) {
        let agent = self.stack.child("agent").expect("the agent");
        agent.wait_for_line(|line| line.contains(words)).await.expect("the agent says so");
    }

    /// Waits until the agent's log (`--log madoguchi_agent=debug`) tells of a refusal, and answers the log.
    pub(crate) async fn agent_refuses(&mut self, refusal: &str) -> String {
        let log = self.stack.child("agent").expect("the agent").log().to_owned();
        let wanted = format!("refusal={refusal}");
        let looking = async {
            let mut tick = interval(Duration::from_millis(50));
            loop {
                tick.tick().await;
                let text = std::fs::read_to_string(&log).expect("the log");
                if text.contains(&wanted) {
                    return text;
                }
            }
        };
        timeout(Duration::from_secs(30), looking)
            .await
            .unwrap_or_else(|_| panic!("no {wanted} in the agent's log"))
    }

    /// How the unattended agent's next sign-in ends.
    pub(crate) async fn agent_result(&mut self) -> String {
        loop {
            if let AgentEvent::Finished { result } = self.stack.agent_event().await.expect("the agent runs") {
                return result;
            }
        }
    }

    /// The service, in the current tab, says who is signed in.
    pub(crate) async fn signed_in(&self) {
        self.browser.arrive_at(&self.ports.service_url()).await;
        assert!(!self.browser.read("#subject").await.is_empty());
    }

    /// The service, in the current tab, says that nobody was signed in, and why.
    pub(crate) async fn refused(&self, error: &str) {
        self.browser.arrive_at(&self.ports.service_url()).await;
        assert_eq!(self.browser.read("#error").await, error);
    }

    /// Ends everything. On the way no page was stopped by its own policy, and no cookie of the gateway went elsewhere.
    pub(crate) async fn leave(self) -> Vec<Sent> {
        let blocked = self.browser.blocked().await;
        assert!(blocked.is_empty(), "{blocked:?}");
        let sent = self.browser.close().await;
        self.stack.stop().await;
        let gateway = format!("localhost:{}", self.ports.gateway);
        for request in &sent {
            let of_gateway = request.cookies.contains("__Host-");
            assert!(!of_gateway || request.host == gateway, "a cookie of the gateway went out: {request:?}");
        }
        sent
    }
}

/// The button of the start page.
const START: &str = "form#start button";
