//! A browser in which a card was shown, and what services may ask of it afterwards.

use serde_json::Value;

use super::{Answer, TestBrowser, TestCard, TestGateway, TestService, Visit};

/// A resident who signed in to a service.
pub struct SignedIn<'g> {
    /// The gateway.
    pub gateway: &'g TestGateway,
    /// The browser, with its session.
    pub browser: TestBrowser,
    /// The card that was shown.
    pub card: TestCard,
    /// The service that it was shown for.
    pub service: TestService,
    /// What the token endpoint answered.
    pub tokens: Value,
    /// The claims of the ID token.
    pub claims: Value,
}

/// The browser's session cookie.
pub const SESSION_COOKIE: &str = "__Host-session";

impl<'g> SignedIn<'g> {
    /// With a card that nobody used before, in a new browser.
    pub async fn new(gateway: &'g TestGateway, service: TestService) -> Self {
        Self::of(Visit::of(gateway, service).await).await
    }

    /// With this card, in this browser, where the start page must come.
    pub async fn with_card(
        gateway: &'g TestGateway,
        service: TestService,
        browser: TestBrowser,
        card: TestCard,
    ) -> Self {
        Self::of(Visit { card, ..Visit::in_browser(gateway, service, browser).await }).await
    }

    /// From the start page on.
    pub async fn of(mut visit: Visit<'g>) -> Self {
        let tokens = visit.tokens().await;
        let claims = visit.claims(&tokens).await;
        let Visit { gateway, browser, card, service, .. } = visit;
        Self { gateway, browser, card, service, tokens, claims }
    }

    /// The ID token.
    pub fn id_token(&self) -> &str {
        self.tokens["id_token"].as_str().expect("text")
    }

    /// Another request of a service in this browser, with some parameters replaced or added.
    pub async fn asks(&mut self, service: &TestService, changes: &[(&'static str, Option<&str>)]) -> Answer {
        let url = service.authorize_url_of(&service.parameters_but(changes));
        self.browser.open(self.gateway, &url).await
    }

    /// The offer that another request gets.
    pub async fn offered(&mut self, service: &TestService) -> Answer {
        let offer = self.asks(service, &[]).await;
        assert!(is_offer(&offer), "{}", offer.body);
        offer
    }

    /// A button of the offer.
    pub async fn press(&mut self, offer: &Answer, button: &str) -> Answer {
        let action = format!("/session/{button}");
        let sealed = offer.sealed(&action);
        self.browser.submit(self.gateway, &self.service.town.url(&action), &[("sealed", &sealed)]).await
    }

    /// The claims that a service gets by going on in the session.
    pub async fn goes_on(&mut self, service: &TestService) -> Value {
        let offer = self.offered(service).await;
        let onward = self.press(&offer, "continue").await;
        self.redeemed(service, &onward.onward().expect("an address")).await
    }

    /// The claims that come of the code in an address.
    pub async fn redeemed(&self, service: &TestService, location: &str) -> Value {
        let code =
            super::answer::parameter(location, "code").unwrap_or_else(|| panic!("no code: {location}"));
        let answer = service.redeem(self.gateway, &code).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        service.claims(self.gateway, answer.json()["id_token"].as_str().expect("text")).await
    }

    /// The session cookie's value.
    pub fn cookie(&self) -> Option<&str> {
        self.browser.cookie(SESSION_COOKIE)
    }
}

/// Whether an answer offers to go on in a session.
pub fn is_offer(answer: &Answer) -> bool {
    answer.status == 200 && answer.attribute("form[action=\"/session/continue\"]", "method").is_some()
}

/// Whether an answer is the start page, which asks for a card.
pub fn asks_for_the_card(answer: &Answer) -> bool {
    answer.status == 200 && answer.attribute("form[action=\"/sign-in/start\"]", "method").is_some()
}
