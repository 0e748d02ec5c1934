//! How a certification plan goes through this provider: its clients, and the checks that it makes around every step of
//! every module that signs somebody in.

use madoguchi_oidc::jose::JwsAlg;
use madoguchi_oidc::{ACR_CARD_PIN, Client, ClientAuthentication, ClientSecret, PATH_TOKEN, Profile};
use madoguchi_protocol::LocalText;
use madoguchi_storage::{ClientWrite, Clients as _, Registration};
use madoguchi_tests::gateway::{
    Answer, MIDORI, TestBrowser, TestCard, TestGateway, TestService, Visit, post, random,
};
use serde_json::{Value, json};

/// Parameters that a request has instead, or not.
pub(super) type Changes<'a> = [(&'static str, Option<&'a str>)];

/// The Basic plan sends no PKCE, which a client of profile `basic` may be registered for.
const WITHOUT_PKCE: [(&str, Option<&str>); 2] = [("code_challenge", None), ("code_challenge_method", None)];

/// The gateway and the two clients of the Basic plan.
pub(super) struct Plan {
    pub(super) gateway: TestGateway,
    /// Signs in.
    pub(super) first: TestService,
    /// Tries what belongs to the first.
    pub(super) second: TestService,
}

/// Whoever signed in, and what the service has of it.
pub(super) struct Login {
    pub(super) browser: TestBrowser,
    pub(super) card: TestCard,
    pub(super) code: String,
    pub(super) tokens: Value,
    pub(super) claims: Value,
}

impl Login {
    pub(super) fn access_token(&self) -> &str {
        self.tokens["access_token"].as_str().expect("text")
    }

    pub(super) fn id_token(&self) -> &str {
        self.tokens["id_token"].as_str().expect("text")
    }

    pub(super) fn auth_time(&self) -> u64 {
        self.claims["auth_time"].as_u64().expect("a number")
    }
}

impl Plan {
    pub(super) async fn new() -> Self {
        let gateway = TestGateway::new().await;
        let first = client(&gateway, "suite1", |_, _| ()).await;
        let second = client(&gateway, "suite2", |_, _| ()).await;
        Self { gateway, first, second }
    }

    /// The address of a request of the first client.
    pub(super) fn url(&self, changes: &Changes<'_>) -> String {
        url(&self.first, changes)
    }

    /// A resident's answer, with a card and a browser that nobody used before.
    pub(super) async fn sign_in(&self, changes: &Changes<'_>) -> Login {
        self.sign_in_to(&self.first, &self.url(changes)).await
    }

    /// The same at any address of any service.
    pub(super) async fn sign_in_to(&self, service: &TestService, url: &str) -> Login {
        let start = TestBrowser::new();
        let visit = Visit::at(&self.gateway, service.clone(), start, url).await;
        self.finish(visit).await
    }

    /// From a start page on, where this card is shown.
    pub(super) async fn sign_in_again(&self, start: Answer, browser: TestBrowser, card: TestCard) -> Login {
        let visit = Visit::shown(&self.gateway, self.first.clone(), browser, start);
        self.finish(Visit { card, ..visit }).await
    }

    async fn finish(&self, mut visit: Visit<'_>) -> Login {
        visit.press().await;
        visit.claim().await;
        visit.finish().await;
        visit.come_back().await;
        let answer = visit.take_answer().await;
        let Visit { service, browser, card, .. } = visit;
        self.redeem(&service, answer.location(), browser, card).await
    }

    /// Redeems the code in an address, and looks at everything on the way.
    pub(super) async fn redeem(
        &self,
        service: &TestService,
        location: &str,
        browser: TestBrowser,
        card: TestCard,
    ) -> Login {
        let code = code_of(service, location);
        let answer = self.token(service, &code).await;
        let (tokens, claims) = self.looked_at(service, &answer).await;
        Login { browser, card, code, tokens, claims }
    }

    /// A code at the token endpoint.
    pub(super) async fn token(&self, service: &TestService, code: &str) -> Answer {
        let mut fields = service.token_form(code);
        fields.retain(|(name, _)| *name != "code_verifier");
        self.ask(service, PATH_TOKEN, &fields).await
    }

    /// A form with the client's secret in the header.
    pub(super) async fn ask(&self, service: &TestService, path: &str, fields: &[(&str, String)]) -> Answer {
        let authorization = service.authorization().expect("a secret");
        post(&self.gateway, service.town, path, fields, &[("authorization", &authorization)]).await
    }

    /// What the suite checks of every token response and every ID token in it.
    pub(super) async fn looked_at(&self, service: &TestService, answer: &Answer) -> (Value, Value) {
        assert_eq!(answer.status, 200, "{}", answer.body);
        assert_eq!(answer.header("cache-control"), "no-store");
        let tokens = answer.json();
        assert!(tokens["expires_in"].is_u64(), "{tokens}");
        assert!(["Bearer", "DPoP"].contains(&tokens["token_type"].as_str().expect("text")));
        let access = tokens["access_token"].as_str().expect("text");
        // 43 characters of base64url are 256 bits; the suite wants 96.
        assert!(access.len() >= 43 && access.bytes().all(|octet| octet.is_ascii_graphic()), "{access}");
        let id_token = tokens["id_token"].as_str().expect("text");
        let (header, claims) = service.verified(&self.gateway, id_token).await;
        assert!(header["kid"].is_string() && header["alg"] != "none", "{header}");
        is_id_token(&self.gateway, service, &claims);
        (tokens, claims)
    }
}

/// OpenID Connect Core section 2; nothing that is not told.
pub(super) fn is_id_token(gateway: &TestGateway, service: &TestService, claims: &Value) {
    let now = gateway.now();
    assert_eq!(
        (&claims["iss"], &claims["aud"]),
        (&service.town.issuer.into(), &service.client_id.as_str().into())
    );
    assert_eq!(claims["iat"].as_u64(), Some(now));
    assert!(claims["exp"].as_u64().is_some_and(|exp| exp > now), "{claims}");
    assert!(claims["auth_time"].as_u64().is_some_and(|time| time <= now), "{claims}");
    assert!(claims["sub"].as_str().is_some_and(|sub| !sub.is_empty() && sub.len() <= 255), "{claims}");
    assert_eq!(claims["acr"], ACR_CARD_PIN);
    for name in claims.as_object().expect("an object").keys() {
        assert!(ID_TOKEN_CLAIMS.contains(&name.as_str()), "{name}");
    }
}

/// What the suite checks of every callback: nothing but code, state and issuer, each as it should be.
pub(super) fn code_of(service: &TestService, location: &str) -> String {
    let url = url::Url::parse(location).expect("an address");
    assert!(location.starts_with(&service.redirect_uri), "{location}");
    let mut code = None;
    for (name, value) in url.query_pairs() {
        match &*name {
            "code" => code = Some(value.into_owned()),
            "state" => assert_eq!(value, service.state),
            "iss" => assert_eq!(value, service.town.issuer),
            other => panic!("{other} in {location}"),
        }
    }
    let code = code.unwrap_or_else(|| panic!("no code: {location}"));
    assert!(code.len() >= 43, "{code}");
    code
}

/// What the suite checks of every error that goes back: state and issuer, a registered code, a description in ASCII, and
/// no code beside it.
pub(super) fn error_of(service: &TestService, answer: &Answer) -> String {
    assert!(answer.location().starts_with(&service.redirect_uri), "{}", answer.location());
    assert_eq!(answer.location_parameter("state").as_ref(), Some(&service.state));
    assert_eq!(answer.location_parameter("iss").as_deref(), Some(service.town.issuer));
    assert_eq!(answer.location_parameter("code"), None);
    if let Some(description) = answer.location_parameter("error_description") {
        assert!(description.bytes().all(|octet| (0x20..0x7f).contains(&octet)), "{description}");
    }
    answer.location_parameter("error").expect("an error")
}

/// A request without PKCE.
pub(super) fn url(service: &TestService, changes: &Changes<'_>) -> String {
    let changes = [&WITHOUT_PKCE, changes].concat();
    service.authorize_url_of(&service.parameters_but(&changes))
}

/// Registers a client of the Basic plan: profile `basic`, `client_secret_basic`, PKCE lifted, refresh tokens allowed.
pub(super) async fn client(
    gateway: &TestGateway,
    id: &str,
    change: impl FnOnce(&mut Client, &ClientSecret),
) -> TestService {
    let secret = ClientSecret::generate(random()).expect("a secret");
    let redirect_uri = format!("https://{id}.example/callback");
    let mut client = Client {
        danger_pkce_lifted: true,
        refresh: true,
        // RS256 is the profile's own; its key costs seconds to make, and one module is about it.
        id_token_alg: JwsAlg::Es256,
        ..Client::new(
            Profile::Basic,
            id,
            vec![redirect_uri.clone()],
            ClientAuthentication::secret_basic(&secret),
        )
    };
    change(&mut client, &secret);
    client.check().expect("a client that can be registered");
    let text = || LocalText { ja: "検査".to_owned(), ja_x_plain: None, en: Some("Suite".to_owned()) };
    let registration = Registration { client, name: text(), purpose: text() };
    let written = gateway.store.add_client(MIDORI.id, registration, "a test").await.expect("a write");
    assert_eq!(written, ClientWrite::Done);
    gateway.gateway.refresh().await;
    TestService {
        client_id: id.to_owned(),
        secret: Some(secret.encode().to_string()),
        redirect_uri,
        ..TestService::tosho(MIDORI)
    }
}

/// Userinfo's answer is the same `sub`: an authentication certificate holds nothing else to tell.
pub(super) fn is_userinfo(answer: &Answer, login: &Login) {
    assert_eq!(answer.status, 200, "{:?} {}", answer.headers, answer.body);
    assert_eq!(answer.json(), json!({ "sub": login.claims["sub"] }));
}

/// Every claim that an ID token of ours may hold.
const ID_TOKEN_CLAIMS: [&str; 13] = [
    "iss",
    "sub",
    "aud",
    "exp",
    "iat",
    "auth_time",
    "nonce",
    "acr",
    "amr",
    "at_hash",
    "sid",
    "revocation_source",
    "revocation_checked_at",
];
