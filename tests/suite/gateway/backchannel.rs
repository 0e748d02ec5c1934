//! Telling services that a session ended, by the names of the certification plan "Back-Channel Logout" and beyond.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use madoguchi_gateway::{LogoutAddress, LogoutSendError, LogoutSender};
use madoguchi_protocol::Secret;
use madoguchi_storage::{EndedBy, SessionSelection, Sessions as _};
use madoguchi_test_pki::RevocationReason;
use madoguchi_tests::gateway::{HINATA, KOSODATE, MIDORI, SignedIn, TOSHO, TestGateway, TestService, Town};
use serde_json::{Value, json};

/// Services that answer as they are told, and remember what came.
#[derive(Default)]
struct Services {
    heard: Mutex<Vec<(String, String)>>,
    broken: Mutex<bool>,
}

#[async_trait]
impl LogoutSender for Services {
    async fn send(&self, address: LogoutAddress<'_>, logout_token: &str) -> Result<(), LogoutSendError> {
        assert!(address.loopback, "the municipality is on localhost");
        self.heard.lock().expect("it is there").push((address.uri.to_owned(), logout_token.to_owned()));
        if *self.broken.lock().expect("it is there") { Err(LogoutSendError::Status(503)) } else { Ok(()) }
    }
}

impl Services {
    /// Tells whoever is to be told now; what was sent.
    async fn told(&self, gateway: &TestGateway) -> Vec<(String, String)> {
        for delivery in gateway.gateway.due_logouts(100).await.expect("deliveries") {
            gateway.gateway.send_logout(self, &delivery).await.expect("stored");
        }
        std::mem::take(&mut *self.heard.lock().expect("it is there"))
    }
}

async fn signed_in(gateway: &TestGateway, town: Town) -> SignedIn<'_> {
    SignedIn::new(gateway, TestService::kosodate(gateway, town)).await
}

async fn end(gateway: &TestGateway, resident: &SignedIn<'_>) {
    let hash = Secret::<32>::decode(resident.cookie().expect("a cookie")).expect("it is there").hash();
    let selection = SessionSelection::Cookie(hash);
    let ended = gateway.store.end_sessions(resident.service.town.id, selection, EndedBy::Resident).await;
    assert_eq!(ended.expect("it is there"), 1);
}

#[tokio::test]
async fn backchannel_logout_discovery() {
    let gateway = TestGateway::new().await;
    let mut browser = madoguchi_tests::gateway::TestBrowser::new();
    let discovery = browser.get(&gateway, &MIDORI.url("/.well-known/openid-configuration"), &[]).await.json();
    assert_eq!(discovery["backchannel_logout_supported"], true);
    assert_eq!(discovery["backchannel_logout_session_supported"], true);
    assert_eq!(discovery["end_session_endpoint"], MIDORI.url("/logout"));
}

/// The token says what the specification wants, as the ID tokens of each client said it, and nothing more.
#[tokio::test]
async fn backchannel_rp_initiated_logout() {
    let gateway = TestGateway::new().await;
    let mut resident = signed_in(&gateway, MIDORI).await;
    let tosho = TestService::tosho(MIDORI);
    let at_tosho = resident.goes_on(&tosho).await;
    let services = Services::default();
    assert_eq!(services.told(&gateway).await, []);
    gateway.wait(30);
    let question = resident.browser.open(&gateway, &MIDORI.url("/logout")).await;
    let sealed = question.sealed("/logout/confirm");
    let url = MIDORI.url("/logout/confirm");
    resident.browser.submit(&gateway, &url, &[("sealed", &sealed)]).await;

    let told = services.told(&gateway).await;
    let uris: Vec<&str> = told.iter().map(|(uri, _)| uri.as_str()).collect();
    assert_eq!(uris, [KOSODATE.backchannel, TOSHO.backchannel], "the registered addresses, byte for byte");
    let mut ids = Vec::new();
    for ((_, token), id_token) in told.iter().zip([&resident.claims, &at_tosho]) {
        let mut claims = resident.service.claims(&gateway, token).await;
        ids.push(claims.as_object_mut().unwrap().remove("jti").expect("a jti"));
        assert_eq!(
            claims,
            json!({
                "iss": MIDORI.issuer,
                "sub": id_token["sub"],
                "aud": id_token["aud"],
                "iat": gateway.now(),
                "exp": gateway.now() + 120,
                "sid": id_token["sid"],
                "events": { "http://schemas.openid.net/event/backchannel-logout": {} },
            }),
            "and no nonce"
        );
        let header = token.split('.').next().unwrap();
        assert_eq!(header_of(header)["typ"], "logout+jwt");
    }
    assert_ne!(ids[0], ids[1]);
    assert_ne!(resident.claims["sid"], at_tosho["sid"], "nor does the session join what `sub` holds apart");
    assert_eq!(services.told(&gateway).await, [], "told once");
    let service = TestService::kosodate(&gateway, MIDORI);
    let refused = resident.asks(&service, &[("prompt", Some("none"))]).await;
    assert_eq!(refused.location_parameter("error").as_deref(), Some("login_required"));
    assert_eq!(gateway.gateway.logouts()[0], ("delivered", 2));
}

fn header_of(part: &str) -> Value {
    use base64::Engine as _;
    let octets = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(part).expect("base64url");
    serde_json::from_slice(&octets).expect("JSON")
}

/// A logout token is no ID token: as a hint it names nobody.
#[tokio::test]
async fn a_logout_token_is_no_id_token() {
    let gateway = TestGateway::new().await;
    let resident = signed_in(&gateway, MIDORI).await;
    let mut other = signed_in(&gateway, MIDORI).await;
    end(&gateway, &resident).await;
    let token = Services::default().told(&gateway).await.remove(0).1;
    let parameters = [("id_token_hint", token.as_str()), ("post_logout_redirect_uri", KOSODATE.signed_out)];
    let url = MIDORI.url(&format!("/logout?{}", madoguchi_tests::gateway::form(&parameters)));
    let question = other.browser.open(&gateway, &url).await;
    assert!(!question.body.contains("子育て手続き"), "{}", question.body);
}

/// Five tries within the hour that follows, each with a token of its own, and then it is given up.
#[tokio::test]
async fn a_service_that_fails_is_told_again_and_given_up() {
    let gateway = TestGateway::new().await;
    let resident = signed_in(&gateway, MIDORI).await;
    end(&gateway, &resident).await;
    let services = Services::default();
    *services.broken.lock().unwrap() = true;
    let mut tokens = vec![services.told(&gateway).await.remove(0).1];
    for wait in [30, 150, 720, 2700] {
        gateway.wait(wait - 1);
        assert_eq!(services.told(&gateway).await, [], "not before its time");
        gateway.wait(1);
        tokens.push(services.told(&gateway).await.remove(0).1);
    }
    tokens.sort_unstable();
    tokens.dedup();
    assert_eq!(tokens.len(), 5);
    gateway.wait(86_000);
    assert_eq!(services.told(&gateway).await, []);
    assert_eq!(gateway.gateway.waiting_logouts().await.unwrap(), 0);
    assert_eq!(gateway.gateway.logouts(), [("delivered", 0), ("failed", 5), ("given_up", 1)]);
}

#[tokio::test]
async fn a_service_that_comes_back_is_told() {
    let gateway = TestGateway::new().await;
    let resident = signed_in(&gateway, MIDORI).await;
    end(&gateway, &resident).await;
    let services = Services::default();
    *services.broken.lock().unwrap() = true;
    assert_eq!(services.told(&gateway).await.len(), 1);
    *services.broken.lock().unwrap() = false;
    gateway.wait(30);
    assert_eq!(services.told(&gateway).await.len(), 1);
    gateway.wait(3600);
    assert_eq!(services.told(&gateway).await, []);
    assert_eq!(gateway.gateway.logouts(), [("delivered", 1), ("failed", 1), ("given_up", 0)]);
}

/// Whoever took a delivery and died leaves it to the next one: it is in the store.
#[tokio::test]
async fn what_was_taken_and_not_told_is_told_later() {
    let gateway = TestGateway::new().await;
    let resident = signed_in(&gateway, MIDORI).await;
    end(&gateway, &resident).await;
    assert_eq!(gateway.gateway.due_logouts(100).await.unwrap().len(), 1);
    let services = Services::default();
    assert_eq!(services.told(&gateway).await, [], "somebody has it");
    gateway.wait(60);
    assert_eq!(services.told(&gateway).await.len(), 1);
}

/// However a session ends, its services are told: here by the list of revoked certificates and by another person.
#[tokio::test]
async fn a_revoked_and_a_replaced_session_are_told() {
    let gateway = TestGateway::new().await;
    let mut resident = signed_in(&gateway, MIDORI).await;
    gateway.wait(60);
    gateway.revoke(&resident.card, RevocationReason::KeyCompromise);
    gateway.publish_lists();
    resident.asks(&TestService::tosho(MIDORI), &[]).await;
    let services = Services::default();
    assert_eq!(services.told(&gateway).await.len(), 1);

    let first = signed_in(&gateway, MIDORI).await;
    let service = TestService::tosho(MIDORI);
    let mut browser = first.browser;
    let login = service.parameters_but(&[("prompt", Some("login"))]);
    let start = browser.open(&gateway, &service.authorize_url_of(&login)).await;
    let visit = madoguchi_tests::gateway::Visit::shown(&gateway, service, browser, start);
    SignedIn::of(visit).await;
    let told = services.told(&gateway).await;
    assert_eq!(told.len(), 1);
    let claims = first.service.claims(&gateway, &told[0].1).await;
    assert_eq!((&claims["sub"], &claims["sid"]), (&first.claims["sub"], &first.claims["sid"]));
}

/// A municipality tells its own services about its own sessions, under its own name and key.
#[tokio::test]
async fn each_municipality_tells_its_own() {
    let gateway = TestGateway::new().await;
    let (here, there) = (signed_in(&gateway, MIDORI).await, signed_in(&gateway, HINATA).await);
    end(&gateway, &here).await;
    end(&gateway, &there).await;
    let told = Services::default().told(&gateway).await;
    assert_eq!(told.len(), 2);
    for (resident, (_, token)) in [here, there].iter().zip(&told) {
        let claims = resident.service.claims(&gateway, token).await;
        assert_eq!(claims["iss"], resident.service.town.issuer);
        assert_eq!(claims["sub"], resident.claims["sub"]);
    }
}

/// The resident's request only writes; a service that hangs is waited for by nobody but its own delivery.
#[tokio::test]
async fn nobody_waits_for_a_service() {
    struct Hanging;
    #[async_trait]
    impl LogoutSender for Hanging {
        async fn send(&self, _: LogoutAddress<'_>, _: &str) -> Result<(), LogoutSendError> {
            std::future::pending().await
        }
    }
    let gateway = Arc::new(TestGateway::new().await);
    let resident = signed_in(&gateway, MIDORI).await;
    end(&gateway, &resident).await;
    let delivery = gateway.gateway.due_logouts(1).await.unwrap().remove(0);
    let hanging = gateway.gateway.clone();
    let hanging = tokio::spawn(async move { hanging.send_logout(&Hanging, &delivery).await });
    let mut other = signed_in(&gateway, MIDORI).await;
    let question = other.browser.open(&gateway, &MIDORI.url("/logout")).await;
    let sealed = question.sealed("/logout/confirm");
    let url = MIDORI.url("/logout/confirm");
    let after = other.browser.submit(&gateway, &url, &[("sealed", &sealed)]).await;
    assert_eq!(after.status, 200);
    assert_eq!(Services::default().told(&gateway).await.len(), 1, "the other one is told");
    assert!(!hanging.is_finished());
    hanging.abort();
}

/// A service that hangs, with sessions enough for every place, keeps no other from being told; and once it gave no answer it is
/// left alone for half a minute.
#[tokio::test]
async fn a_service_that_hangs_keeps_no_other_waiting() {
    struct Silent;
    #[async_trait]
    impl LogoutSender for Silent {
        async fn send(&self, _: LogoutAddress<'_>, _: &str) -> Result<(), LogoutSendError> {
            Err(LogoutSendError::NoAnswer("in five seconds".to_owned()))
        }
    }
    let gateway = TestGateway::new().await;
    for _ in 0..4 {
        let resident = signed_in(&gateway, MIDORI).await;
        end(&gateway, &resident).await;
    }
    let other = SignedIn::new(&gateway, TestService::tosho(MIDORI)).await;
    end(&gateway, &other).await;
    let hanging = gateway.gateway.due_logouts(4).await.expect("deliveries");
    let names = |due: &[madoguchi_storage::LogoutDelivery]| -> Vec<String> {
        due.iter().map(|delivery| delivery.client_id.clone()).collect()
    };
    assert_eq!(
        names(&hanging),
        [KOSODATE.client_id, KOSODATE.client_id, TOSHO.client_id],
        "two places of four"
    );
    for delivery in &hanging[..2] {
        gateway.gateway.send_logout(&Silent, delivery).await.expect("stored");
    }
    assert_eq!(gateway.gateway.due_logouts(4).await.expect("deliveries"), [], "nobody answers there");
    gateway.wait(30);
    assert_eq!(
        names(&gateway.gateway.due_logouts(4).await.expect("deliveries")),
        [KOSODATE.client_id, KOSODATE.client_id]
    );
}
