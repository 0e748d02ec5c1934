//! One resident's way through a sign-in, step by step.

use madoguchi_protocol::{ClaimAnswer, Octets, Secret};
use madoguchi_storage::{SignIn, SignInState, SignIns as _};
use serde_json::Value;

use super::{Answer, MIDORI, TestAgent, TestBrowser, TestCard, TestGateway, TestService};

/// A sign-in under way, with its three parties.
pub struct Visit<'g> {
    /// The gateway.
    pub gateway: &'g TestGateway,
    /// The resident's browser.
    pub browser: TestBrowser,
    /// The agent on the same computer.
    pub agent: TestAgent,
    /// The service that asked.
    pub service: TestService,
    /// The resident's card.
    pub card: TestCard,
    /// The start page.
    pub start: Answer,
    /// The tag of its cookie.
    pub tag: String,
    /// SHA-256 of `b`.
    pub browser_hash: Octets<32>,
    /// The ticket, once the button was pressed.
    pub ticket: String,
    /// The claim's answer, once there was one.
    pub claim: Option<ClaimAnswer>,
}

impl<'g> Visit<'g> {
    /// At the start page of the confidential service in みどり市.
    pub async fn new(gateway: &'g TestGateway) -> Self {
        Self::of(gateway, TestService::kosodate(gateway, MIDORI)).await
    }

    /// At the start page of a service, with a browser that nobody used before.
    pub async fn of(gateway: &'g TestGateway, service: TestService) -> Self {
        Self::in_browser(gateway, service, TestBrowser::new()).await
    }

    /// At the start page of a service, in this browser.
    pub async fn in_browser(gateway: &'g TestGateway, service: TestService, browser: TestBrowser) -> Self {
        let url = service.authorize_url();
        Self::at(gateway, service, browser, &url).await
    }

    /// At the start page that an address shows, in this browser.
    pub async fn at(
        gateway: &'g TestGateway,
        service: TestService,
        mut browser: TestBrowser,
        url: &str,
    ) -> Self {
        let start = browser.open(gateway, url).await;
        Self::shown(gateway, service, browser, start)
    }

    /// At this start page.
    pub fn shown(
        gateway: &'g TestGateway,
        service: TestService,
        browser: TestBrowser,
        start: Answer,
    ) -> Self {
        assert_eq!(start.status, 200, "{}", start.body);
        let tag = start.attribute("#status", "data-tag").expect("a tag");
        let b = browser.cookie(&format!("__Host-b-{tag}")).expect("the cookie b");
        let browser_hash = Secret::<32>::decode(b).expect("a secret").hash();
        let (agent, card) = (TestAgent::new(service.town), gateway.card());
        let (ticket, claim) = (String::new(), None);
        Self { gateway, browser, agent, service, card, start, tag, browser_hash, ticket, claim }
    }

    /// In `Started`.
    pub async fn started(gateway: &'g TestGateway) -> Self {
        let mut visit = Self::new(gateway).await;
        visit.press().await;
        visit
    }

    /// In `Claimed`.
    pub async fn claimed(gateway: &'g TestGateway) -> Self {
        let mut visit = Self::started(gateway).await;
        visit.claim().await;
        visit
    }

    /// In `Proven`.
    pub async fn proven(gateway: &'g TestGateway) -> Self {
        let mut visit = Self::claimed(gateway).await;
        visit.finish().await;
        visit
    }

    /// In `Completed`, the answer not handed out.
    pub async fn completed(gateway: &'g TestGateway) -> Self {
        let mut visit = Self::proven(gateway).await;
        visit.come_back().await;
        visit
    }

    /// All the way from an address to a code, with a card and a browser that nobody used before.
    pub async fn code_at(gateway: &'g TestGateway, service: TestService, url: &str) -> (Self, String) {
        let mut visit = Self::at(gateway, service, TestBrowser::new(), url).await;
        visit.press().await;
        visit.claim().await;
        visit.finish().await;
        visit.come_back().await;
        let code = visit.code().await;
        (visit, code)
    }

    /// Presses the button, and keeps the ticket.
    pub async fn press(&mut self) -> Answer {
        let sealed = self.start.sealed("/sign-in/start");
        let answer = self.press_with(&[("sealed", &sealed)]).await;
        answer.location().rsplit('/').next().expect("a ticket").clone_into(&mut self.ticket);
        answer
    }

    /// Submits any form to the button's address.
    pub async fn press_with(&mut self, fields: &[(&str, &str)]) -> Answer {
        self.browser.submit(self.gateway, &self.service.town.url("/sign-in/start"), fields).await
    }

    /// The agent claims, and keeps the answer.
    pub async fn claim(&mut self) -> Answer {
        let answer = self.agent.claim(self.gateway, &self.ticket).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        self.claim = Some(serde_json::from_str(&answer.body).expect("a claim's answer"));
        answer
    }

    /// An agent on a shared computer claims.
    pub async fn claim_at_a_counter(&mut self) -> Answer {
        let mut claim = self.agent.claim_of(&self.ticket);
        claim["counter"] = true.into();
        let answer = self.agent.post(self.gateway, madoguchi_protocol::PATH_CLAIM, &claim).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        self.claim = Some(serde_json::from_str(&answer.body).expect("a claim's answer"));
        answer
    }

    /// The card signs and the gateway believes it.
    pub async fn finish(&mut self) -> Answer {
        let answer = self.finish_with(&self.card).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        answer
    }

    /// Finishes with another card, whatever comes of it.
    pub async fn finish_with(&self, card: &TestCard) -> Answer {
        self.agent.finish(self.gateway, self.claimed_answer(), card).await
    }

    /// The browser comes back and is sent on to the clean page.
    pub async fn come_back(&mut self) -> Answer {
        let url = self.return_url();
        let answer = self.browser.open(self.gateway, &url).await;
        assert_eq!(answer.location(), format!("/sign-in/{}/done", self.id()));
        answer
    }

    /// Asks for the service's answer in a tab.
    pub async fn take_answer(&mut self) -> Answer {
        let url = self.answer_url();
        self.browser.open(self.gateway, &url).await
    }

    /// All the way to a code.
    pub async fn code(&mut self) -> String {
        self.take_answer().await.location_parameter("code").expect("a code")
    }

    /// All the way from the start page to the token endpoint's answer.
    pub async fn tokens(&mut self) -> Value {
        self.press().await;
        self.claim().await;
        self.finish().await;
        self.come_back().await;
        let code = self.code().await;
        let answer = self.service.redeem(self.gateway, &code).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        answer.json()
    }

    /// The claims of the ID token among these.
    pub async fn claims(&self, tokens: &Value) -> Value {
        self.service.claims(self.gateway, tokens["id_token"].as_str().expect("text")).await
    }

    /// What the start page's script asks.
    pub async fn status(&mut self) -> Value {
        let url = self.service.town.url(&format!("/sign-in/status/{}", self.tag));
        let answer = self.browser.fetch(self.gateway, &url).await;
        assert_eq!(answer.header("cache-control"), "no-store");
        answer.json()
    }

    /// The page of a sign-in that stopped.
    pub async fn stopped(&mut self) -> Answer {
        let url = self.agent.stopped_url(self.id());
        self.browser.open(self.gateway, &url).await
    }

    /// The claim's answer.
    pub fn claimed_answer(&self) -> &ClaimAnswer {
        self.claim.as_ref().expect("it was claimed")
    }

    /// The sign-in's id.
    pub fn id(&self) -> Octets<16> {
        self.claimed_answer().sign_in_id
    }

    /// Where the agent sends the browser after a proof.
    pub fn return_url(&self) -> String {
        self.agent.return_url(self.id())
    }

    /// Where the answer is handed out.
    pub fn answer_url(&self) -> String {
        self.service.town.url(&format!("/sign-in/{}/answer", self.id()))
    }

    /// The name of the cookie `b`.
    pub fn b(&self) -> String {
        format!("__Host-b-{}", self.tag)
    }

    /// The name of the session's cookie.
    pub fn s(&self) -> String {
        format!("__Host-s-{}", self.tag)
    }

    /// The newest sign-in of this start page as it is stored.
    pub async fn record(&self) -> Option<SignIn> {
        let found = self.gateway.store.newest_of_browser(self.service.town.id, self.browser_hash).await;
        found.expect("the store answers")
    }

    /// Where it stands.
    pub async fn state(&self) -> SignInState {
        self.record().await.expect("a sign-in").state
    }

    /// Asserts that nothing came of it: no account, neither of the sign-in nor in the municipality at all.
    pub async fn nobody_is_signed_in(&self) {
        assert_eq!(self.gateway.accounts(self.service.town).await, 0);
        assert_eq!(self.record().await.and_then(|record| record.account), None);
    }
}
