//! A resident with browser, agent and card, and the service that asked: whole sign-ins, and everything that was answered
//! asked for again later.

use std::sync::Arc;

use http::StatusCode;
use madoguchi_protocol::{
    ClaimAnswer, ClaimRequest, FinishRequest, KIND_SIGN_IN, Octets, PATH_CLAIM, PATH_FINISH,
    PROTOCOL_VERSION, Secret, SignInStatement, sha256, sign_in_return_url,
};
use serde_json::Value;

use super::browser::Browser;
use super::ledger::{Fault, Ledger, SignedIn, Step};
use super::lines::{Ask, Asked, Lines, Reply};
use super::town::{CLIENT_ID, Card, REDIRECT_URI, Town};
use crate::town::random;

/// One who signs in again and again.
pub struct Resident {
    town: Arc<Town>,
    lines: Lines,
    /// Kills that had happened when the last answer came.
    seen: u64,
}

/// The button was pressed.
pub struct Started {
    /// The browser.
    pub browser: Browser,
    /// The ticket for the agent.
    pub ticket: String,
    /// What redeems the code.
    pub code_verifier: String,
}

/// An agent has claimed the ticket.
pub struct Claimed {
    /// The browser.
    pub browser: Browser,
    /// What redeems the code.
    pub code_verifier: String,
    /// The agent's secrets.
    pub agent: Agent,
    /// What it was answered.
    pub answer: ClaimAnswer,
}

impl Claimed {
    /// The finish with this card. Each has another signature.
    pub fn finish(&self, town: &Town, card: usize) -> Ask {
        let card: &Card = &town.cards[card % town.cards.len()];
        let statement = SignInStatement::new(
            &town.origin,
            self.answer.sign_in_id,
            self.answer.gateway_nonce,
            &self.answer.client_id,
            &self.answer.display,
            self.agent.return_verifier.hash(),
            &card.certificate,
        );
        let claim_secret = Secret::decode(&self.agent.claim_secret.encode()).expect("its own text");
        let finish = FinishRequest {
            sign_in_id: self.answer.sign_in_id,
            claim_secret,
            certificate: card.certificate.clone(),
            signature: card.key.sign(&statement.to_der(), random()).expect("a signature"),
        };
        Ask::json(PATH_FINISH, &finish)
    }
}

/// The secrets of an agent for one sign-in.
pub struct Agent {
    /// `v`.
    pub return_verifier: Secret<32>,
    /// `c`.
    pub claim_secret: Secret<32>,
}

impl Agent {
    /// With fresh secrets.
    #[expect(clippy::new_without_default, reason = "each is another one")]
    pub fn new() -> Self {
        let secret = || Secret::generate(random()).expect("randomness");
        Self { return_verifier: secret(), claim_secret: secret() }
    }

    /// Its claim of a ticket.
    pub fn claim(&self, ticket: &str) -> Ask {
        let claim = ClaimRequest {
            ticket: Secret::decode(ticket).expect("a ticket"),
            return_verifier_hash: self.return_verifier.hash(),
            claim_secret_hash: self.claim_secret.hash(),
            version: PROTOCOL_VERSION,
            agent_version: "0.0.1".to_owned(),
            kinds: vec![KIND_SIGN_IN.to_owned()],
            counter: false,
        };
        Ask::json(PATH_CLAIM, &claim)
    }
}

/// A card has signed and the gateway believed it.
pub struct Proven {
    /// The browser.
    pub browser: Browser,
    /// The sign-in.
    pub id: Octets<16>,
    /// `v`.
    pub return_verifier: Secret<32>,
    /// What redeems the code.
    pub code_verifier: String,
}

impl Proven {
    /// Where the agent sends the browser.
    pub fn return_path(&self, town: &Town) -> String {
        let back = sign_in_return_url(&town.origin, self.id, &self.return_verifier);
        back.strip_prefix(town.origin.as_str()).unwrap_or(&back).to_owned()
    }
}

impl Resident {
    /// Whose requests go this way.
    pub fn new(town: &Arc<Town>, lines: Lines) -> Self {
        Self { town: Arc::clone(town), lines, seen: 0 }
    }

    /// One sign-in, from the service's request to tokens that were refreshed once. What must not be is in the ledger.
    pub async fn sign_in(&mut self, card: usize) {
        if let Err(fault) = self.whole(card).await {
            self.ledger().fault(fault);
        }
    }

    fn ledger(&self) -> Arc<Ledger> {
        Arc::clone(&self.town.ledger)
    }

    async fn whole(&mut self, card: usize) -> Result<(), Fault> {
        self.seen = self.town.ledger.kills();
        let mut proven = self.prove(card).await?;
        self.come_back(&mut proven).await?;
        let Some(code) = self.take_answer(&mut proven).await? else { return Ok(()) };
        let Some(tokens) = self.redeem(&code, &proven.code_verifier).await? else { return Ok(()) };
        let refreshed = self.refresh(&text(&tokens, "refresh_token")?).await?;
        self.ledger().signed_in(SignedIn {
            id: proven.id,
            browser: proven.browser,
            code,
            code_verifier: proven.code_verifier,
            access_token: text(&tokens, "access_token")?,
            refresh_token: text(&refreshed, "refresh_token")?,
        });
        Ok(())
    }

    /// Up to the card's proof: the service's request, the button, the agent's claim and its finish.
    pub async fn prove(&mut self, card: usize) -> Result<Proven, Fault> {
        let started = self.start().await?;
        let claimed = self.claim(started).await?;
        self.finish(claimed, card).await
    }

    /// The service's request and the button.
    pub async fn start(&mut self) -> Result<Started, Fault> {
        let mut browser = Browser::default();
        let code_verifier = random_text();
        let page =
            browser.open(&mut self.lines, &authorize("openid offline_access", &code_verifier, &[])).await;
        let page = page.map_err(Fault::Lost)?.reply;
        let sealed = between(&page.body, "name=\"sealed\" value=\"", "\"");
        let sealed = sealed.ok_or_else(|| Fault::Lost(format!("no start page: {}", page.told())))?.to_owned();
        let started = browser.submit(&mut self.lines, "/sign-in/start", &[("sealed", &sealed)]).await;
        let started = started.map_err(Fault::Lost)?;
        let ticket = started.reply.location().and_then(|to_agent| to_agent.rsplit('/').next());
        let ticket = ticket.ok_or_else(|| lost("the start page", &started.reply))?.to_owned();
        self.step(Step::Started);
        Ok(Started { browser, ticket, code_verifier })
    }

    /// The service's request and the button once, whatever comes of it.
    pub async fn press(&mut self) -> Reply {
        let mut browser = Browser::default();
        let ask = browser.dressed(Ask::get(authorize("openid", &random_text(), &[])));
        let page = self.lines.send(&ask).await.expect("an answer");
        browser.keep(&page);
        let Some(sealed) = between(&page.body, "name=\"sealed\" value=\"", "\"") else { return page };
        let press = browser.dressed(Ask::form("/sign-in/start", &[("sealed", sealed)]));
        self.lines.send(&press).await.expect("an answer")
    }

    /// The agent's claim.
    pub async fn claim(&mut self, started: Started) -> Result<Claimed, Fault> {
        let agent = Agent::new();
        let claimed = self.agent(agent.claim(&started.ticket), "a ticket").await?;
        let answer = serde_json::from_str(&claimed.body).map_err(|error| Fault::Lost(error.to_string()))?;
        self.step(Step::Claimed);
        let Started { browser, code_verifier, .. } = started;
        Ok(Claimed { browser, code_verifier, agent, answer })
    }

    /// The agent's finish with this card.
    pub async fn finish(&mut self, claimed: Claimed, card: usize) -> Result<Proven, Fault> {
        let finish = claimed.finish(&self.town, card);
        self.agent(finish, "a claim").await?;
        self.step(Step::Proven);
        let Claimed { browser, code_verifier, agent, answer } = claimed;
        let return_verifier = agent.return_verifier;
        Ok(Proven { browser, id: answer.sign_in_id, return_verifier, code_verifier })
    }

    /// The way back: a session.
    pub async fn come_back(&mut self, proven: &mut Proven) -> Result<(), Fault> {
        let back = proven.return_path(&self.town);
        let done = proven.browser.open(&mut self.lines, &back).await.map_err(Fault::Lost)?;
        let expected = format!("/sign-in/{}/done", proven.id);
        if done.reply.location() != Some(&expected) {
            return Err(lost("a finish", &done.reply));
        }
        self.ledger().completed(proven.id);
        self.step(Step::Completed);
        let page = proven.browser.open(&mut self.lines, &expected).await.map_err(Fault::Lost)?;
        if page.reply.status == StatusCode::OK && page.reply.body.contains("id=\"done\"") {
            Ok(())
        } else {
            Err(lost("a session of a return", &page.reply))
        }
    }

    /// The service's answer: its code. `None` when it was handed out and nobody got it.
    pub async fn take_answer(&mut self, proven: &mut Proven) -> Result<Option<String>, Fault> {
        let path = format!("/sign-in/{}/answer", proven.id);
        let Asked { reply, repeated } =
            proven.browser.open(&mut self.lines, &path).await.map_err(Fault::Lost)?;
        match reply.location().and_then(|location| between(location, "code=", "&")) {
            Some(code) => {
                self.step(Step::Answered);
                Ok(Some(code.to_owned()))
            }
            None if repeated => {
                self.ledger().unknown("answer");
                Ok(None)
            }
            None => Err(lost("a completed sign-in", &reply)),
        }
    }

    /// The code's tokens. `None` when it was redeemed and nobody got them.
    pub async fn redeem(&mut self, code: &str, code_verifier: &str) -> Result<Option<Value>, Fault> {
        let Asked { reply, repeated } =
            self.lines.ask(&redemption(code, code_verifier)).await.map_err(Fault::Lost)?;
        if reply.status == StatusCode::OK {
            self.step(Step::Redeemed);
            return Ok(Some(json(&reply)?));
        }
        if repeated {
            self.ledger().unknown("tokens");
            return Ok(None);
        }
        Err(lost("a code", &reply))
    }

    /// Other tokens by the refresh token. A lost answer is made good within the grace time.
    async fn refresh(&mut self, token: &str) -> Result<Value, Fault> {
        let asked = self.lines.ask(&refreshment(token)).await.map_err(Fault::Lost)?;
        if asked.reply.status != StatusCode::OK {
            return Err(lost("a refresh token", &asked.reply));
        }
        self.step(Step::Refreshed);
        json(&asked.reply)
    }

    /// Asks for everything that somebody was given: session, access token, refresh token; and presents the code again.
    pub async fn check(&mut self, mut signed_in: SignedIn) {
        let ledger = self.ledger();
        if let Err(fault) = self.ask_again(&ledger, &mut signed_in).await {
            ledger.fault(fault);
        }
    }

    async fn ask_again(&mut self, ledger: &Ledger, signed_in: &mut SignedIn) -> Result<(), Fault> {
        let ask = Ask::get("/userinfo").header("authorization", format!("Bearer {}", signed_in.access_token));
        let userinfo = self.lines.ask(&ask).await.map_err(Fault::Lost)?.reply;
        if userinfo.status != StatusCode::OK {
            return Err(lost("an access token", &userinfo));
        }
        ledger.checked("access token");

        let silent = authorize("openid", &random_text(), &[("prompt", "none")]);
        let silent = signed_in.browser.open(&mut self.lines, &silent).await.map_err(Fault::Lost)?.reply;
        if silent.location().and_then(|location| between(location, "code=", "&")).is_none() {
            return Err(lost("a session", &silent));
        }
        ledger.checked("session");

        let refreshed =
            self.lines.ask(&refreshment(&signed_in.refresh_token)).await.map_err(Fault::Lost)?.reply;
        if refreshed.status != StatusCode::OK {
            return Err(lost("a refresh token", &refreshed));
        }
        ledger.checked("refresh token");

        let again = redemption(&signed_in.code, &signed_in.code_verifier);
        let again = self.lines.ask(&again).await.map_err(Fault::Lost)?.reply;
        if again.status == StatusCode::OK {
            return Err(Fault::Twice(format!("a code of sign-in {}", signed_in.id)));
        }
        ledger.checked("code, refused again");
        Ok(())
    }

    async fn agent(&mut self, ask: Ask, lost_is: &str) -> Result<Reply, Fault> {
        let reply = self.lines.ask(&ask).await.map_err(Fault::Lost)?.reply;
        if reply.status == StatusCode::OK { Ok(reply) } else { Err(lost(lost_is, &reply)) }
    }

    fn step(&mut self, step: Step) {
        self.town.ledger.answered(step, self.seen);
        self.seen = self.town.ledger.kills();
    }
}

/// The service's request.
pub fn authorize(scope: &str, code_verifier: &str, more: &[(&str, &str)]) -> String {
    let challenge = sha256(code_verifier.as_bytes()).encode();
    let (state, nonce) = (random_text(), random_text());
    let query = form_urlencoded::Serializer::new(String::new())
        .extend_pairs([
            ("client_id", CLIENT_ID),
            ("redirect_uri", REDIRECT_URI),
            ("response_type", "code"),
            ("scope", scope),
            ("state", &state),
            ("nonce", &nonce),
            ("code_challenge", &challenge),
            ("code_challenge_method", "S256"),
        ])
        .extend_pairs(more)
        .finish();
    format!("/authorize?{query}")
}

/// The service redeems a code.
pub fn redemption(code: &str, code_verifier: &str) -> Ask {
    Ask::form(
        "/token",
        &[
            ("grant_type", "authorization_code"),
            ("client_id", CLIENT_ID),
            ("redirect_uri", REDIRECT_URI),
            ("code", code),
            ("code_verifier", code_verifier),
        ],
    )
}

/// The service uses a refresh token.
pub fn refreshment(token: &str) -> Ask {
    Ask::form(
        "/token",
        &[("grant_type", "refresh_token"), ("client_id", CLIENT_ID), ("refresh_token", token)],
    )
}

fn lost(what: &str, reply: &Reply) -> Fault {
    Fault::Lost(format!("{what} was answered, and now: {}", reply.told()))
}

fn json(reply: &Reply) -> Result<Value, Fault> {
    serde_json::from_str(&reply.body).map_err(|error| Fault::Lost(error.to_string()))
}

fn text(value: &Value, name: &str) -> Result<String, Fault> {
    value[name].as_str().map(str::to_owned).ok_or_else(|| Fault::Lost(format!("no {name}")))
}

/// What stands between these two.
pub fn between<'t>(text: &'t str, before: &str, after: &str) -> Option<&'t str> {
    text.split_once(before).map(|(_, rest)| rest.split(after).next().unwrap_or(rest))
}

/// A fresh value that nobody guesses.
pub fn random_text() -> String {
    Octets::<32>::generate(random()).expect("randomness").encode()
}
