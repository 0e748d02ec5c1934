//! Several nodes on one database: the same single-use thing presented to all of them at one moment.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;

use http::StatusCode;
use madoguchi_oidc::CLIENT_ASSERTION_TYPE;
use madoguchi_protocol::sha256;
use madoguchi_tests::nodes::{
    Agent, Ask, Browser, KEYED_CLIENT_ID, KEYED_REDIRECT_URI, Ledger, MUNICIPALITY, Node, Reply, Resident,
    Step, Town, authorize, between, random_text, redemption, refreshment,
};
use serde_json::{Value, json};
use tokio::sync::Barrier;
use tokio::task::JoinSet;

/// Contenders at once: several at each node.
const CONTENDERS: usize = 10;

/// The nodes, and a resident before each race.
pub(super) struct Races {
    town: Arc<Town>,
    nodes: Arc<[SocketAddr]>,
    resident: Resident,
    /// Of each thing: how often it was presented, and accepted.
    counts: BTreeMap<&'static str, (usize, usize)>,
}

impl Races {
    pub(super) fn new(town: &Arc<Town>, nodes: &[SocketAddr]) -> Self {
        let nodes = Arc::<[SocketAddr]>::from(nodes);
        let resident = Resident::new(town, town.lines(&nodes, 0));
        Self { town: Arc::clone(town), nodes, resident, counts: BTreeMap::new() }
    }

    /// One of each. Panics when something was accepted twice, or by nobody.
    pub(super) async fn round(&mut self, round: u64) {
        let round = usize::try_from(round).expect("not so many");
        self.claim().await;
        self.finish(round).await;
        let browser = self.return_and_answer(round).await;
        self.pushed_request(browser).await;
        self.code(round).await;
        self.refresh_token(round).await;
    }

    /// An operator's token registers one service.
    pub(super) async fn registration_token(&mut self, operator: &Node) {
        let new =
            ["clients", "registration-token", "new", "--municipality", MUNICIPALITY, "--profile", "standard"];
        let told = operator.command(&[&new[..], &["--json"]].concat());
        let told: Value = serde_json::from_str(&told).unwrap_or_else(|error| panic!("{error}: {told}"));
        let token = told["initial_access_token"].as_str().expect("a token");
        let metadata =
            json!({ "redirect_uris": ["https://jibun.example/callback"], "client_name": "じぶんで" });
        let register = Ask::json("/register", &metadata).header("authorization", format!("Bearer {token}"));
        let replies = self.contend(vec![register; CONTENDERS]).await;
        let registered = replies.iter().filter(|reply| reply.status == StatusCode::CREATED).count();
        assert_eq!(registered, 1, "registrations: {replies:?}");
        self.count("registration token", registered);
    }

    /// What was presented how often, and accepted.
    pub(super) fn told(&self) -> String {
        let told = |(what, (presented, accepted)): (&&str, &(usize, usize))| {
            format!("{what}: {presented} presented, {accepted} accepted")
        };
        self.counts.iter().map(told).collect::<Vec<_>>().join("; ")
    }

    fn count(&mut self, what: &'static str, accepted: usize) {
        let count = self.counts.entry(what).or_default();
        *count = (count.0 + CONTENDERS, count.1 + accepted);
    }

    /// Different agents with one ticket: one has it.
    async fn claim(&mut self) {
        let started = self.resident.start().await.expect("started");
        let asks = (0..CONTENDERS).map(|_| Agent::new().claim(&started.ticket)).collect();
        let replies = self.contend(asks).await;
        assert_eq!(ok(&replies), 1, "claims: {replies:?}");
        self.count("ticket", ok(&replies));
    }

    /// Different signatures for one claim: the first verdict stands.
    async fn finish(&mut self, round: usize) {
        let started = self.resident.start().await.expect("started");
        let claimed = self.resident.claim(started).await.expect("claimed");
        let asks = (0..CONTENDERS).map(|_| claimed.finish(&self.town, round)).collect();
        let replies = self.contend(asks).await;
        assert_eq!(ok(&replies), 1, "finishes: {replies:?}");
        self.count("finish", ok(&replies));
    }

    /// A browser that comes back in every tab has one session, and its service one code.
    async fn return_and_answer(&mut self, round: usize) -> Browser {
        let proven = self.resident.prove(round).await.expect("proven");
        let back = proven.browser.dressed(Ask::get(proven.return_path(&self.town)));
        let replies = self.contend(vec![back; CONTENDERS]).await;
        let mut live = Vec::new();
        for reply in &replies {
            assert_eq!(reply.status, StatusCode::SEE_OTHER, "returns: {}", reply.told());
            let mut browser = proven.browser.clone();
            browser.keep(reply);
            let silent = Ask::get(authorize("openid", &random_text(), &[("prompt", "none")]));
            if code_in(&self.once(&browser.dressed(silent)).await).is_some() {
                live.push(browser);
            }
        }
        assert_eq!(live.len(), 1, "sessions of one sign-in");
        self.count("return", live.len());
        let mut browser = live.pop().expect("one");
        let answer = browser.dressed(Ask::get(format!("/sign-in/{}/answer", proven.id)));
        let replies = self.contend(vec![answer; CONTENDERS]).await;
        let taken: Vec<&Reply> = replies.iter().filter(|reply| code_in(reply).is_some()).collect();
        assert_eq!(taken.len(), 1, "answers: {replies:?}");
        self.count("answer", taken.len());
        browser.keep(taken[0]);
        browser
    }

    /// An assertion proves once who a service is. The request that it pushed is answered once by the browser's session,
    /// however often it is opened.
    async fn pushed_request(&mut self, browser: Browser) {
        let (assertion, challenge) = (self.town.assertion(), sha256(random_text().as_bytes()).encode());
        let push = Ask::form(
            "/par",
            &[
                ("client_id", KEYED_CLIENT_ID),
                ("redirect_uri", KEYED_REDIRECT_URI),
                ("response_type", "code"),
                ("scope", "openid"),
                ("prompt", "none"),
                ("code_challenge", &challenge),
                ("code_challenge_method", "S256"),
                ("client_assertion_type", CLIENT_ASSERTION_TYPE),
                ("client_assertion", &assertion),
            ],
        );
        let replies = self.contend(vec![push; CONTENDERS]).await;
        let pushed: Vec<&Reply> =
            replies.iter().filter(|reply| reply.status == StatusCode::CREATED).collect();
        assert_eq!(pushed.len(), 1, "assertions: {replies:?}");
        let uri = between(&pushed[0].body, "\"request_uri\":\"", "\"").expect("a request_uri");
        let query = form_urlencoded::Serializer::new(String::new())
            .extend_pairs([("client_id", KEYED_CLIENT_ID), ("request_uri", uri)])
            .finish();
        self.count("assertion", pushed.len());
        let open = browser.dressed(Ask::get(format!("/authorize?{query}")));
        let replies = self.contend(vec![open; CONTENDERS]).await;
        let answered = replies.iter().filter(|reply| code_in(reply).is_some()).count();
        assert_eq!(answered, 1, "pushed requests: {replies:?}");
        self.count("pushed request", answered);
    }

    /// A code gives tokens once; presented again, it takes them back.
    async fn code(&mut self, round: usize) {
        let (code, code_verifier) = self.a_code(round).await;
        let replies = self.contend(vec![redemption(&code, &code_verifier); CONTENDERS]).await;
        assert_eq!(ok(&replies), 1, "redemptions: {replies:?}");
        self.count("code", ok(&replies));
        let tokens = replies.iter().find(|reply| reply.status == StatusCode::OK).expect("one");
        let token = between(&tokens.body, "\"access_token\":\"", "\"").expect("a token");
        let userinfo = Ask::get("/userinfo").header("authorization", format!("Bearer {token}"));
        assert_eq!(self.once(&userinfo).await.status, StatusCode::UNAUTHORIZED, "the code was used twice");
    }

    /// Of all that a refresh token gave at one moment, one at most is of any use afterwards.
    async fn refresh_token(&mut self, round: usize) {
        let (code, code_verifier) = self.a_code(round).await;
        let tokens = self.once(&redemption(&code, &code_verifier)).await;
        let token = between(&tokens.body, "\"refresh_token\":\"", "\"").expect("a refresh token");
        let replies = self.contend(vec![refreshment(token); CONTENDERS]).await;
        assert!(ok(&replies) >= 1, "refreshes: {replies:?}");
        let mut of_use = 0;
        for reply in &replies {
            if let Some(next) = between(&reply.body, "\"refresh_token\":\"", "\"") {
                of_use += usize::from(self.once(&refreshment(next)).await.status == StatusCode::OK);
            }
        }
        assert!(of_use <= 1, "{of_use} refresh tokens of one are of use");
        self.count("refresh token", of_use);
    }

    async fn a_code(&mut self, round: usize) -> (String, String) {
        let mut proven = self.resident.prove(round).await.expect("proven");
        self.resident.come_back(&mut proven).await.expect("a session");
        let code = self.resident.take_answer(&mut proven).await.expect("an answer").expect("a code");
        (code, proven.code_verifier)
    }

    /// Sends each over a connection of its own, which is open before, to a node in turn, all at one moment.
    async fn contend(&self, asks: Vec<Ask>) -> Vec<Reply> {
        let barrier = Arc::new(Barrier::new(asks.len()));
        let mut contenders = JoinSet::new();
        for (number, ask) in asks.into_iter().enumerate() {
            let node = Arc::from([self.nodes[number % self.nodes.len()]]);
            let mut lines = self.town.lines(&node, 0);
            let barrier = Arc::clone(&barrier);
            contenders.spawn(async move {
                lines.send(&Ask::get("/health/live")).await.expect("alive");
                barrier.wait().await;
                lines.send(&ask).await.expect("an answer")
            });
        }
        let replies = contenders.join_all().await;
        for reply in &replies {
            assert!(!reply.status.is_server_error(), "{}", reply.told());
        }
        replies
    }

    async fn once(&self, ask: &Ask) -> Reply {
        self.town.lines(&self.nodes, 0).send(ask).await.expect("an answer")
    }
}

/// Whole sign-ins, every request of them on another node.
pub(super) async fn sign_ins(town: &Arc<Town>, nodes: &[SocketAddr], count: usize) {
    let nodes = Arc::<[SocketAddr]>::from(nodes);
    let before = town.ledger.steps(Step::Refreshed).0;
    for number in 0..count {
        let mut resident = Resident::new(town, town.lines(&nodes, number));
        resident.sign_in(number).await;
    }
    let ledger: &Ledger = &town.ledger;
    assert_eq!(ledger.faults(), []);
    assert_eq!(ledger.steps(Step::Refreshed).0, before + count as u64, "{ledger}");
}

fn ok(replies: &[Reply]) -> usize {
    replies.iter().filter(|reply| reply.status == StatusCode::OK).count()
}

fn code_in(reply: &Reply) -> Option<&str> {
    reply.location().and_then(|location| between(location, "code=", "&"))
}
