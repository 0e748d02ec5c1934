//! The life of a grant against a small reference model: whatever order code, tokens, refreshes, revocations, sign-outs and
//! time come in, the gateway answers as the model does.

use proptest::prelude::*;

use madoguchi_oidc::ClientAuthentication;
use madoguchi_protocol::Octets;
use madoguchi_storage::{REFRESH_GRACE_SECONDS, SessionLimits, Sessions as _};
use madoguchi_tests::gateway::{KeyedService, MIDORI, TestGateway, Visit, post, random};

/// One thing that happens. Numbers choose among the tokens there are.
#[derive(Clone, Copy, Debug)]
enum Step {
    Redeem { own: bool, right_verifier: bool },
    Refresh { own: bool, which: usize },
    RevokeAccess { own: bool, which: usize },
    RevokeRefresh { own: bool, which: usize },
    SignOut,
    UserInfo { which: usize },
    Wait { seconds: u64 },
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    // Mostly one's own.
    let own = || prop::bool::weighted(0.9);
    let which = || 0..6_usize;
    let wait = prop::sample::select(vec![1, 10, 29, 30, 31, 59, 60, 299, 300, 3600, 6 * 3600]);
    let step = prop_oneof![
        3 => (own(), prop::bool::weighted(0.8)).prop_map(|(own, right_verifier)| Step::Redeem { own, right_verifier }),
        8 => (own(), which()).prop_map(|(own, which)| Step::Refresh { own, which }),
        1 => (own(), which()).prop_map(|(own, which)| Step::RevokeAccess { own, which }),
        1 => (own(), which()).prop_map(|(own, which)| Step::RevokeRefresh { own, which }),
        1 => Just(Step::SignOut),
        4 => which().prop_map(|which| Step::UserInfo { which }),
        4 => wait.prop_map(|seconds| Step::Wait { seconds }),
    ];
    // Without a code redeemed well, most of it would be refusals: most lives begin with one.
    (prop::bool::weighted(0.85), prop::collection::vec(step, 1..24)).prop_map(|(begins_well, mut steps)| {
        if begins_well {
            steps.insert(0, Step::Redeem { own: true, right_verifier: true });
        }
        steps
    })
}

/// What should be so, in as few words as it can be said.
struct Model {
    /// Each use of a refresh token gives another one.
    rotates: bool,
    now: u64,
    session_ends: u64,
    code_ends: u64,
    code_used: bool,
    /// When each ends. A dead one is `None`.
    access: Vec<Option<u64>>,
    refresh: Vec<Refresh>,
}

#[derive(Clone)]
struct Refresh {
    parent: Option<usize>,
    alive: bool,
    used_at: Option<u64>,
    put_aside: bool,
}

impl Model {
    fn session_lives(&self) -> bool {
        self.now < self.session_ends
    }

    fn everything_dies(&mut self) {
        self.access.fill(None);
        self.refresh.iter_mut().for_each(|token| token.alive = false);
    }

    fn give(&mut self, refresh: bool, parent: Option<usize>) {
        self.access.push(Some(self.now + 300));
        if refresh {
            self.refresh.push(Refresh { parent, alive: true, used_at: None, put_aside: false });
        }
    }

    /// True: tokens are given.
    fn redeem(&mut self, own: bool, right_verifier: bool) -> bool {
        if !own {
            return false;
        }
        if self.code_used {
            self.everything_dies();
            return false;
        }
        if self.now >= self.code_ends {
            return false;
        }
        self.code_used = true;
        if !right_verifier || !self.session_lives() {
            return false;
        }
        self.give(true, None);
        true
    }

    fn refresh(&mut self, own: bool, which: usize) -> bool {
        let token = self.refresh[which].clone();
        if !own || !token.alive || !self.session_lives() {
            return false;
        }
        if !self.rotates {
            self.give(false, None);
            return true;
        }
        if let Some(used_at) = token.used_at {
            let children = self.refresh.iter().filter(|child| child.parent == Some(which));
            let came_back = children.into_iter().any(|child| child.used_at.is_some() && !child.put_aside);
            if token.put_aside || came_back || self.now >= used_at + REFRESH_GRACE_SECONDS {
                self.everything_dies();
                return false;
            }
        }
        for child in self.refresh.iter_mut().filter(|child| child.parent == Some(which)) {
            if child.used_at.is_none() {
                (child.used_at, child.put_aside) = (Some(self.now), true);
            }
        }
        self.refresh[which].used_at.get_or_insert(self.now);
        self.give(true, Some(which));
        true
    }

    fn access_lives(&self, which: usize) -> bool {
        self.session_lives() && self.access[which].is_some_and(|ends| self.now < ends)
    }

    fn revoke_refresh(&mut self, own: bool, which: usize) {
        if own && self.refresh[which].alive && self.session_lives() {
            self.everything_dies();
        }
    }

    fn sign_out(&mut self) {
        self.session_ends = self.session_ends.min(self.now);
        self.everything_dies();
    }
}

/// The same in the gateway.
struct Life<'g> {
    gateway: &'g TestGateway,
    mine: KeyedService,
    other: KeyedService,
    visit: Visit<'g>,
    code: String,
    access: Vec<String>,
    refresh: Vec<String>,
    model: Model,
}

impl<'g> Life<'g> {
    async fn begin(
        gateway: &'g TestGateway,
        mine: &KeyedService,
        other: &KeyedService,
        rotates: bool,
    ) -> Self {
        gateway.publish_lists();
        let mine = mine.again();
        let service = &mine.service;
        let url =
            service.authorize_url_of(&service.parameters_but(&[("scope", Some("openid offline_access"))]));
        let (visit, code) = Visit::code_at(gateway, service.clone(), &url).await;
        let now = gateway.now();
        let model = Model {
            rotates,
            now,
            session_ends: now + SessionLimits::default().absolute_seconds,
            code_ends: now + 60,
            code_used: false,
            access: Vec::new(),
            refresh: Vec::new(),
        };
        let other = KeyedService { service: other.service.clone(), ..other.clone() };
        Self { gateway, mine, other, visit, code, access: Vec::new(), refresh: Vec::new(), model }
    }

    /// A POST of one of the two clients, as it authenticates.
    async fn post(
        &self,
        own: bool,
        path: &str,
        mut fields: Vec<(&'static str, String)>,
    ) -> (u16, serde_json::Value) {
        let keyed = if own { &self.mine } else { &self.other };
        let answer = if self.model.rotates {
            fields.retain(|(name, _)| *name != "client_id");
            fields.push(("client_id", keyed.service.client_id.clone()));
            post(self.gateway, MIDORI, path, &fields, &[]).await
        } else {
            fields.retain(|(name, _)| *name != "client_id");
            keyed.post(self.gateway, path, &fields, &[]).await
        };
        let json = if answer.body.is_empty() { serde_json::Value::Null } else { answer.json() };
        (answer.status.as_u16(), json)
    }

    /// A POST to the token endpoint, which gives tokens or is refused, as `expected` says.
    async fn token(&mut self, own: bool, fields: Vec<(&'static str, String)>, expected: bool) {
        let (status, tokens) = self.post(own, "/token", fields).await;
        assert_eq!(status, if expected { 200 } else { 400 }, "{tokens}");
        if expected {
            let text = |name: &str| tokens[name].as_str().map(str::to_owned);
            self.access.push(text("access_token").expect("an access token"));
            self.refresh.extend(text("refresh_token"));
        } else {
            assert_eq!(tokens["error"], "invalid_grant");
        }
        assert_eq!(
            (self.access.len(), self.refresh.len()),
            (self.model.access.len(), self.model.refresh.len())
        );
    }

    async fn step(&mut self, step: Step) {
        let unknown = Octets::<32>::generate(random()).expect("randomness").encode();
        match step {
            Step::Redeem { own, right_verifier } => {
                let expected = self.model.redeem(own, right_verifier);
                let mut fields = self.mine.service.token_form(&self.code);
                if !right_verifier {
                    fields.retain(|(name, _)| *name != "code_verifier");
                    fields.push(("code_verifier", unknown));
                }
                self.token(own, fields, expected).await;
            }
            Step::Refresh { own, which } => {
                let which = if self.refresh.is_empty() { None } else { Some(which % self.refresh.len()) };
                let expected = which.is_some_and(|which| self.model.refresh(own, which));
                let token = which.map_or(unknown, |which| self.refresh[which].clone());
                let fields = vec![("grant_type", "refresh_token".to_owned()), ("refresh_token", token)];
                self.token(own, fields, expected).await;
            }
            Step::RevokeAccess { own, which } => {
                let which = if self.access.is_empty() { None } else { Some(which % self.access.len()) };
                if let (true, Some(which)) = (own, which) {
                    self.model.access[which] = None;
                }
                let token = which.map_or(unknown, |which| self.access[which].clone());
                assert_eq!(self.post(own, "/revoke", vec![("token", token)]).await.0, 200);
            }
            Step::RevokeRefresh { own, which } => {
                let which = if self.refresh.is_empty() { None } else { Some(which % self.refresh.len()) };
                if let Some(which) = which {
                    self.model.revoke_refresh(own, which);
                }
                let token = which.map_or(unknown, |which| self.refresh[which].clone());
                assert_eq!(self.post(own, "/revoke", vec![("token", token)]).await.0, 200);
            }
            Step::SignOut => {
                self.model.sign_out();
                self.sign_out().await;
            }
            Step::UserInfo { which } => {
                if !self.access.is_empty() {
                    self.userinfo(which % self.access.len()).await;
                }
            }
            Step::Wait { seconds } => {
                self.model.now += seconds;
                self.gateway.wait(seconds);
            }
        }
    }

    async fn sign_out(&self) {
        let account = self.visit.record().await.and_then(|record| record.account).expect("an account");
        let store = &self.gateway.store;
        for listed in store.sessions_of_account(MIDORI.id, account).await.expect("a look") {
            assert!(store.end_session(MIDORI.id, listed.session.id_hash).await.expect("an outcome"));
        }
    }

    async fn userinfo(&self, which: usize) {
        let answer = self.mine.service.userinfo(self.gateway, &self.access[which]).await;
        let expected = if self.model.access_lives(which) { 200 } else { 401 };
        assert_eq!(answer.status.as_u16(), expected, "access token {which}");
    }
}

fn lives(rotates: bool) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let gateway = runtime.block_on(TestGateway::new());
    let register = async |id: &str| {
        KeyedService::register_as(&gateway, MIDORI, id, |client| {
            client.refresh = true;
            if rotates {
                client.authentication = ClientAuthentication::None;
            }
        })
        .await
    };
    let (mine, other) = runtime.block_on(async { (register("kin").await, register("gin").await) });
    let mut runner = proptest::test_runner::TestRunner::new(ProptestConfig {
        cases: 96,
        failure_persistence: None,
        ..ProptestConfig::default()
    });
    let result = runner.run(&steps(), |steps| {
        runtime.block_on(async {
            let mut life = Life::begin(&gateway, &mine, &other, rotates).await;
            for step in steps {
                life.step(step).await;
            }
            for which in 0..life.access.len() {
                life.userinfo(which).await;
            }
        });
        Ok(())
    });
    if let Err(error) = result {
        panic!("{error}");
    }
}

#[test]
fn the_grant_of_a_public_client_lives_as_the_model_does() {
    lives(true);
}

#[test]
fn the_grant_of_a_confidential_client_lives_as_the_model_does() {
    lives(false);
}
