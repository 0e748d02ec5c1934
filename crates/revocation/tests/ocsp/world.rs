//! One authority, its cards, responders for it, and clients that ask them.

use std::net::SocketAddr;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use madoguchi_cert_verify::{
    Anchor, CertIdHash, Certificate, OcspAnswer, PathPolicy, RequiredPolicies, VerifiedPath, verify_path,
};
use madoguchi_revocation::{
    Alarms, BreakerSettings, HttpUrl, HttpsTrust, Method, NoResponderCheck, NonceUse, OcspClient,
    OcspClientParts, OcspLimits, OcspSource as _, Responder, ResponderCheck,
};
use madoguchi_test_pki::{
    AUTH_POLICY, CardOptions, HttpFault, KeyKind, OcspBehaviour, OcspClaim, OcspFault, OcspSwitch, Options,
    TestPki, serve_ocsp,
};
use ring::rand::SystemRandom;
use rustls_pki_types::UnixTime;
use tempfile::TempDir;
use tokio::sync::oneshot;

/// 2026-11-22T00:00:00Z, the responder's time.
pub(crate) fn now() -> UnixTime {
    UnixTime::since_unix_epoch(Duration::from_secs(NOW))
}

const NOW: u64 = 1_795_305_600;

pub(crate) fn later(seconds: u64) -> UnixTime {
    UnixTime::since_unix_epoch(Duration::from_secs(now().as_secs() + seconds))
}

pub(crate) struct World {
    pub(crate) anchor: Anchor,
    cards: Vec<Vec<u8>>,
    pub(crate) folder: TempDir,
}

/// The one of this process.
pub(crate) fn world() -> &'static World {
    static WORLD: LazyLock<World> = LazyLock::new(World::new);
    &WORLD
}

impl World {
    fn new() -> Self {
        let options = Options { authority_key: KeyKind::P256, ..Options::default() };
        let mut pki = TestPki::create(&options, now(), &random()).expect("a PKI");
        let options = CardOptions { key: KeyKind::P256, ..CardOptions::default() };
        let mut card = || pki.issue_card(&options, now(), &random()).expect("a card").auth_certificate;
        let cards = (0..4).map(|_| card()).collect();
        let folder = tempfile::tempdir().expect("a folder");
        pki.save(folder.path()).expect("saved");
        Self { anchor: Anchor::new(pki.auth_ca()).expect("an anchor"), cards, folder }
    }

    /// The verified path of a card's certificate.
    pub(crate) fn path(&self, card: usize) -> VerifiedPath {
        let certificate = Certificate::parse(&self.cards[card]).expect("a certificate");
        let policies = vec![AUTH_POLICY.parse().expect("an identifier")];
        let policy = PathPolicy { policies: RequiredPolicies::any_of(policies).expect("a policy") };
        verify_path(&certificate, std::slice::from_ref(&self.anchor), &policy, now()).expect("a path")
    }
}

#[expect(clippy::disallowed_methods, reason = "a test is its own edge")]
pub(crate) fn random() -> SystemRandom {
    SystemRandom::new()
}

/// A responder that runs until it is dropped.
pub(crate) struct TestResponder {
    pub(crate) switch: OcspSwitch,
    pub(crate) address: SocketAddr,
    _stop: oneshot::Sender<()>,
}

impl TestResponder {
    pub(crate) async fn start() -> Self {
        let switch = OcspSwitch::default();
        let (stop, stopped) = oneshot::channel::<()>();
        let (tell, told) = oneshot::channel();
        let (folder, its_switch) = (world().folder.path().to_owned(), switch.clone());
        tokio::spawn(async move {
            let any = "127.0.0.1:0".parse().expect("an address");
            let listening = |address| tell.send(address).expect("somebody waits");
            let stop = async {
                // Dropped is stopped, too.
                let _ = stopped.await;
            };
            serve_ocsp(folder, any, its_switch, now, Arc::new(random()), listening, stop)
                .await
                .expect("served");
        });
        Self { switch, address: told.await.expect("an address"), _stop: stop }
    }

    pub(crate) async fn with(behaviour: OcspBehaviour) -> Self {
        let responder = Self::start().await;
        responder.switch.set(behaviour);
        responder
    }

    pub(crate) fn requests(&self) -> u64 {
        self.switch.requests()
    }
}

pub(crate) fn url(address: SocketAddr) -> HttpUrl {
    HttpUrl::parse(&format!("http://{address}/")).expect("a URL")
}

/// A responder as most tests have it: POST, no nonce, its answers used again for five minutes.
pub(crate) fn responder(address: SocketAddr) -> Responder {
    Responder {
        url: url(address),
        method: Method::Post,
        nonce: NonceUse::None,
        hash: CertIdHash::Sha1,
        max_age: Duration::from_hours(24),
        reuse_for: Duration::from_mins(5),
    }
}

/// No test waits for its limits unless it is about them.
pub(crate) fn limits() -> OcspLimits {
    let long = Duration::from_mins(1);
    OcspLimits {
        connect: long,
        answer: long,
        whole: long,
        breaker: BreakerSettings { failures: 3, open_for: Duration::from_secs(30) },
        ..OcspLimits::default()
    }
}

pub(crate) struct TestClient {
    pub(crate) client: OcspClient,
    pub(crate) alarms: Arc<Alarms>,
}

impl TestClient {
    pub(crate) fn new(responders: Vec<Responder>) -> Self {
        Self::with(responders, limits())
    }

    pub(crate) fn with(responders: Vec<Responder>, limits: OcspLimits) -> Self {
        Self::checked(responders, limits, Arc::new(NoResponderCheck))
    }

    pub(crate) fn checked(
        responders: Vec<Responder>,
        limits: OcspLimits,
        check: Arc<dyn ResponderCheck>,
    ) -> Self {
        Self::of(responders, limits, check, None)
    }

    fn of(
        responders: Vec<Responder>,
        limits: OcspLimits,
        check: Arc<dyn ResponderCheck>,
        tls: Option<Arc<rustls::ClientConfig>>,
    ) -> Self {
        let alarms = Arc::<Alarms>::default();
        let client = OcspClient::new(OcspClientParts {
            responders,
            limits,
            anchors: vec![world().anchor.clone()],
            check,
            random: Arc::new(random()),
            alarms: Arc::clone(&alarms),
            tls,
        });
        Self { client, alarms }
    }

    /// With TLS that trusts these.
    pub(crate) fn trusting(responders: Vec<Responder>, limits: OcspLimits, trust: &HttpsTrust) -> Self {
        let tls = trust.client_config().expect("TLS");
        Self::of(responders, limits, Arc::new(NoResponderCheck), Some(tls))
    }

    /// With TLS that trusts nobody.
    pub(crate) fn trusting_nobody(responders: Vec<Responder>, limits: OcspLimits) -> Self {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let tls = rustls::ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("versions")
            .with_root_certificates(rustls::RootCertStore::empty())
            .with_no_client_auth();
        Self::of(responders, limits, Arc::new(NoResponderCheck), Some(Arc::new(tls)))
    }

    /// Asks about a card.
    pub(crate) async fn ask(&self, card: usize, now: UnixTime) -> OcspAnswer {
        self.client.evidence(&world().path(card), now).await.answer()
    }

    /// The alarms that were raised.
    pub(crate) fn raised(&self) -> Vec<&'static str> {
        self.alarms.counts().filter(|(_, count)| *count > 0).map(|(alarm, _)| alarm.name()).collect()
    }
}

pub(crate) fn fault(fault: OcspFault) -> OcspBehaviour {
    OcspBehaviour { fault: Some(fault), ..OcspBehaviour::default() }
}

pub(crate) fn claim(status: OcspClaim) -> OcspBehaviour {
    OcspBehaviour { status: Some(status), ..OcspBehaviour::default() }
}

pub(crate) fn http(http: HttpFault) -> OcspBehaviour {
    OcspBehaviour { http: Some(http), ..OcspBehaviour::default() }
}

pub(crate) fn is_good(answer: OcspAnswer) -> bool {
    matches!(answer, OcspAnswer::Good(_))
}
