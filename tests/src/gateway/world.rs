//! The gateway under test with everything below it.

use std::collections::BTreeMap;
use std::fs::Permissions;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::ConnectInfo;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use http::Request;
use ring::rand::SystemRandom;
use tempfile::TempDir;
use tower::ServiceExt as _;

use madoguchi_cert_verify::{Anchor, PathPolicy, RequiredPolicies, Sources};
use madoguchi_gateway::{
    Gateway, GatewayParts, Municipality, MunicipalityKeys, RevocationPolicy, Sealer, Service,
    SigningKeySealer, Trust, router,
};
use madoguchi_oidc::jose::JwsAlg;
use madoguchi_oidc::{Client, ClientAuthentication, ClientSecret, Profile};
use madoguchi_protocol::{ErrorCode, LocalText};
use madoguchi_revocation::{
    Alarm, Alarms, CrlFiles, CrlRefresher, CrlRefresherParts, FetchLimits, HttpsTrust, NoOcsp, OcspSource,
    SharedCrls, StateDir, Unobserved,
};
use madoguchi_storage::{
    Accounts as _, Audit as _, AuditKind, Clock, ManualClock, SessionLimits, SignInLimits, SigningKeys as _,
};
use madoguchi_storage_sqlite::SqliteStore;
use madoguchi_test_pki::{
    AUTH_POLICY, CardOptions, CertificateFault, CrlFault, KeyKind, Options, RevocationReason, TestPki,
};

use super::{Answer, GatedStore, HINATA, KOSODATE, MIDORI, TOSHO, TestCard, TestOcsp, Town};

/// The time at which every test begins: 2026-11-22T00:00:00Z.
pub const NOW: u64 = 1_795_305_600;

/// Ports of agents that the gateway under test knows.
pub const PORTS: [u16; 4] = [24817, 24818, 24819, 24820];

/// The gateway with its store, clock and certification authority.
pub struct TestGateway {
    /// The gateway itself.
    pub gateway: Gateway,
    /// Its store.
    pub store: Arc<SqliteStore>,
    /// The gate that the gateway has before the store.
    pub gate: Arc<GatedStore>,
    /// Its clock and the store's.
    pub clock: Arc<ManualClock>,
    /// The OCSP responder, asked where the gateway has OCSP among its sources.
    pub ocsp: Arc<TestOcsp>,
    /// The secret of the confidential client, the same in every municipality.
    pub client_secret: String,
    router: Router,
    peer: Mutex<IpAddr>,
    pki: Arc<Mutex<TestPki>>,
    folder: TempDir,
    anchors: Vec<Anchor>,
    crls: Arc<SharedCrls>,
    alarms: Arc<Alarms>,
    refresher: Mutex<CrlRefresher>,
}

impl TestGateway {
    /// A gateway of three municipalities with two services each, whose lists are fresh.
    pub async fn new() -> Self {
        Self::build(true, Sources::CrlOnly).await
    }

    /// The same with these sources.
    pub async fn with_sources(sources: Sources) -> Self {
        Self::build(true, sources).await
    }

    /// The same, but its pages do not say that the trust is a test's.
    pub async fn without_test_banner() -> Self {
        Self::build(false, Sources::CrlOnly).await
    }

    async fn build(danger_test_trust: bool, sources: Sources) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::create_dir(folder.path().join("crl")).expect("a folder");
        let clock = Arc::new(ManualClock::new(NOW));
        let limits = SignInLimits::default();
        let time: Arc<dyn Clock> = Arc::clone(&clock) as Arc<dyn Clock>;
        let store = SqliteStore::open(&folder.path().join("m.sqlite3"), Arc::clone(&time), limits);
        let store = Arc::new(store.expect("a store"));
        let gate = Arc::new(GatedStore::new(Arc::clone(&store)));
        let options = Options { authority_key: KeyKind::P256, ..Options::default() };
        let pki = TestPki::create(&options, clock.now(), random()).expect("a PKI");
        let anchors = vec![Anchor::new(pki.auth_ca()).expect("an anchor")];
        let pki = Arc::new(Mutex::new(pki));
        let ocsp = Arc::new(TestOcsp::new(Arc::clone(&pki)));
        let (alarms, crls) = (Arc::<Alarms>::default(), Arc::<SharedCrls>::default());
        let policies = vec![AUTH_POLICY.parse().expect("an identifier")];
        let policies = RequiredPolicies::any_of(policies).expect("a policy");
        let secret = ClientSecret::generate(random()).expect("a secret");
        let kek = Arc::new(Sealer::new(&[7; 32]));
        let mut municipalities = Vec::new();
        for town in Town::ALL {
            let keys = MunicipalityKeys::load(&*store, &kek, town.id, random()).await.expect("keys");
            municipalities.push(municipality(town, &secret, keys));
        }
        let parts = GatewayParts {
            storage: Arc::clone(&gate) as Arc<dyn madoguchi_storage::Storage>,
            clock: time,
            random: Arc::new(random().clone()),
            municipalities,
            kek,
            dynamic_registration: true,
            trust: Trust { anchors: anchors.clone(), policy: PathPolicy { policies }, danger_test_trust },
            revocation: RevocationPolicy { sources, crl_max_age: CRL_MAX_AGE },
            crls: Arc::clone(&crls),
            ocsp: if sources.ocsp() { Arc::clone(&ocsp) as Arc<dyn OcspSource> } else { Arc::new(NoOcsp) },
            alarms: Arc::clone(&alarms),
            agent_ports: PORTS.to_vec(),
            limits,
            session_limits: SessionLimits::default(),
            audit_addresses: false,
        };
        let gateway = Gateway::new(parts);
        gateway.load_registry().await.expect("a registry");
        let world = Self {
            router: router(gateway.clone()),
            gateway,
            store,
            gate,
            clock,
            ocsp,
            client_secret: secret.encode().to_string(),
            peer: Mutex::new(IpAddr::V4(Ipv4Addr::LOCALHOST)),
            pki,
            refresher: Mutex::new(refresher(&folder, &anchors, &crls)),
            folder,
            anchors,
            crls,
            alarms,
        };
        world.publish_lists();
        world
    }

    /// A configuration of this very gateway, for an operator command beside it.
    pub fn config(&self) -> PathBuf {
        let put = |name: &str, octets: &[u8]| {
            let path = self.folder.path().join(name);
            std::fs::write(&path, octets).expect("written");
            std::fs::set_permissions(&path, Permissions::from_mode(0o600)).expect("a mode");
            path
        };
        put("kek", URL_SAFE_NO_PAD.encode([7; 32]).as_bytes());
        put("ca.der", self.pki.lock().expect("a lock").auth_ca());
        let mut text = format!(
            "listen = \"127.0.0.1:0\"\ndatabase = \"m.sqlite3\"\nkek_file = \"kek\"\n[trust]\nanchors = [\"ca.der\"]\n\
             danger_test_trust = true\npolicies = [\"{AUTH_POLICY}\"]\n[revocation]\nsources = \"crl\"\ncrl_dir = \"crl\"\n"
        );
        text.extend([MIDORI, HINATA].map(|Town { id, issuer, name }| {
            format!("[[municipality]]\nid = \"{id}\"\norigin = \"{issuer}\"\nname = {{ ja = \"{name}\" }}\n")
        }));
        put("madoguchi.toml", text.as_bytes())
    }

    /// From now on requests come from this address.
    pub fn move_to(&self, peer: &str) {
        *self.peer.lock().expect("a lock") = peer.parse().expect("an address");
    }

    /// Sends a request.
    pub async fn send(&self, mut request: Request<Body>) -> Answer {
        let peer = *self.peer.lock().expect("a lock");
        request.extensions_mut().insert(ConnectInfo(SocketAddr::new(peer, 50_000)));
        let response = self.router.clone().oneshot(request).await.expect("the router never fails");
        let (parts, body) = response.into_parts();
        let body = to_bytes(body, usize::MAX).await.expect("a body");
        let is_image =
            parts.headers.get("content-type").is_some_and(|kind| kind.as_bytes().starts_with(b"image/"));
        let body = if is_image {
            String::from_utf8_lossy(&body).into_owned()
        } else {
            String::from_utf8(body.to_vec()).expect("UTF-8")
        };
        Answer { status: parts.status, headers: parts.headers, body }
    }

    /// Makes a key that signs with this algorithm, where none does; its id. The gateway is told nothing.
    pub async fn make_key(&self, town: Town, alg: JwsAlg) -> String {
        let sealer = SigningKeySealer::load(&*self.store, &Sealer::new(&[7; 32]), town.id, random()).await;
        let new = sealer.expect("a sealer").generate(alg, random()).expect("a key");
        let kid = new.kid.clone();
        self.store.signing_key_or_insert(town.id, new).await.expect("a key");
        kid
    }

    /// A card as residents have it.
    pub fn card(&self) -> TestCard {
        self.card_with(CardOptions::default())
    }

    /// A card whose certificate has a fault.
    pub fn faulty_card(&self, fault: CertificateFault) -> TestCard {
        self.card_with(CardOptions { fault: Some(fault), ..CardOptions::default() })
    }

    /// A card with a key of this kind.
    pub fn card_of_kind(&self, key: KeyKind) -> TestCard {
        self.issue(&CardOptions { key, ..CardOptions::default() })
    }

    /// A card with these options and a P-256 key, which costs no time to make.
    pub fn card_with(&self, options: CardOptions) -> TestCard {
        self.issue(&CardOptions { key: KeyKind::P256, ..options })
    }

    fn issue(&self, options: &CardOptions) -> TestCard {
        let mut pki = self.pki.lock().expect("a lock");
        TestCard::new(&pki.issue_card(options, self.clock.now(), random()).expect("a card"))
    }

    /// Revokes a card's certificate. Nobody knows before the next list.
    pub fn revoke(&self, card: &TestCard, reason: RevocationReason) {
        self.pki.lock().expect("a lock").revoke(card.serial, reason, self.clock.now()).expect("revoked");
    }

    /// Takes a card's hold back. Nobody knows before the next list.
    pub fn reinstate(&self, card: &TestCard) {
        self.pki.lock().expect("a lock").reinstate(card.serial).expect("it was on hold");
    }

    /// Lists of now for a day, by the names of their files; nobody has them yet.
    pub fn lists(&self) -> Vec<(String, Vec<u8>)> {
        self.pki.lock().expect("a lock").crls(self.clock.now(), DAY, random()).expect("lists")
    }

    /// Publishes lists of now for a day, and the gateway reads them as it does while it runs.
    pub fn publish_lists(&self) {
        self.publish_lists_for(DAY);
    }

    /// The same, but nextUpdate is as far away as asked for.
    pub fn publish_lists_for(&self, validity: Duration) {
        let lists =
            self.pki.lock().expect("a lock").crls(self.clock.now(), validity, random()).expect("lists");
        self.put_lists(&lists);
        self.read_lists();
    }

    /// A gateway that starts with these faulty lists.
    pub fn start_with_faulty_lists(&self, fault: CrlFault) {
        let lists = self.pki.lock().expect("a lock").faulty_crls(self.clock.now(), DAY, fault, random());
        self.start_with_lists(&lists.expect("lists"));
    }

    /// A gateway that starts with the lists that are there, but for that of the municipality with this code.
    pub fn start_without_list_of(&self, code: &str) {
        std::fs::remove_file(self.folder.path().join("crl").join(format!("{code}.crl"))).expect("removed");
        self.start();
    }

    /// A gateway that starts with these lists and remembers no other: a new computer, or a backup put back.
    pub fn start_with_lists(&self, lists: &[(String, Vec<u8>)]) {
        self.put_lists(lists);
        self.start();
    }

    /// The lists that are there are read with nothing of the earlier ones left. The database stays.
    fn start(&self) {
        // Let go first: of one state folder there is one writer.
        let mut running = self.refresher.lock().expect("a lock");
        *running = refresher(&self.folder, &self.anchors, &self.crls);
        drop(running);
        self.read_lists();
    }

    fn read_lists(&self) {
        let mut refresher = self.refresher.lock().expect("a lock");
        for entry in std::fs::read_dir(self.folder.path().join("crl")).expect("a folder") {
            // What is refused is not on the shelf; that is what tests look for.
            let _ = refresher.take(&entry.expect("an entry").path(), self.clock.now());
        }
    }

    fn put_lists(&self, lists: &[(String, Vec<u8>)]) {
        let folder = self.folder.path().join("crl");
        for old in std::fs::read_dir(&folder).expect("a folder") {
            std::fs::remove_file(old.expect("an entry").path()).expect("removed");
        }
        for (name, der) in lists {
            std::fs::write(folder.join(name), der).expect("written");
        }
    }

    /// The private copies of the lists in use are overwritten where they lie, as a disk does that fails.
    pub fn damage_lists(&self) {
        for state in std::fs::read_dir(self.folder.path()).expect("a folder") {
            let lists = state.expect("an entry").path().join("state/lists");
            let Ok(lists) = std::fs::read_dir(lists) else { continue };
            for list in lists.map(|list| list.expect("an entry").path()) {
                if list.extension().is_some_and(|kind| kind == "crl") {
                    let mut file = std::fs::OpenOptions::new().write(true).open(&list).expect("ours");
                    let octets = file.metadata().expect("a length").len();
                    let damage = vec![0xff; usize::try_from(octets).expect("a short list")];
                    std::io::Write::write_all(&mut file, &damage).expect("written");
                }
            }
        }
    }

    /// How often each answer of a list was counted, by its name.
    pub fn lookups(&self) -> std::collections::BTreeMap<&'static str, u64> {
        self.crls.lookups().map(|(lookup, count)| (lookup.name(), count)).collect()
    }

    /// How often an alarm was raised.
    pub fn alarms(&self, alarm: Alarm) -> u64 {
        self.alarms.counts().filter(|(kind, _)| *kind == alarm).map(|(_, count)| count).sum()
    }

    /// Moves the clock.
    pub fn wait(&self, seconds: u64) {
        self.clock.advance(Duration::from_secs(seconds));
    }

    /// The time by the gateway's clock.
    pub fn now(&self) -> u64 {
        self.clock.now().as_secs()
    }

    /// The octets of database and log: as long as they stay the same, nothing at all was written.
    pub fn stored(&self) -> Stored {
        let read = |name| std::fs::read(self.folder.path().join(name)).expect("a file");
        Stored(read("m.sqlite3"), read("m.sqlite3-wal"))
    }

    /// The audit log of a municipality: what, and why.
    pub async fn audit(&self, town: Town) -> Vec<(AuditKind, Option<ErrorCode>)> {
        let records = self.store.audit_records(town.id, 0, 1000).await.expect("records");
        records.into_iter().map(|record| (record.kind, record.code)).collect()
    }

    /// How many residents a municipality knows.
    pub async fn accounts(&self, town: Town) -> u64 {
        self.store.count_accounts(town.id).await.expect("a number")
    }
}

/// What is on the disk.
#[derive(PartialEq, Eq)]
pub struct Stored(Vec<u8>, Vec<u8>);

impl std::fmt::Debug for Stored {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Stored({} and {} octets)", self.0.len(), self.1.len())
    }
}

/// Real randomness.
#[expect(clippy::disallowed_methods, reason = "a test is its own edge")]
pub fn random() -> &'static SystemRandom {
    static RANDOM: std::sync::LazyLock<SystemRandom> = std::sync::LazyLock::new(SystemRandom::new);
    &RANDOM
}

fn municipality(town: Town, secret: &ClientSecret, keys: MunicipalityKeys) -> Municipality {
    let text = |ja: &str, en: &str| LocalText { ja: ja.into(), ja_x_plain: None, en: Some(en.into()) };
    let services = [
        (KOSODATE, ClientAuthentication::secret_basic(secret), "子育て手続き", "Childcare"),
        (TOSHO, ClientAuthentication::None, "図書館", "Library"),
    ];
    let services = services.map(|(registered, authentication, ja, en)| {
        let uris = registered.redirect_uris.map(str::to_owned).to_vec();
        let client = Client {
            post_logout_redirect_uris: vec![registered.signed_out.to_owned()],
            backchannel_logout_uri: Some(registered.backchannel.to_owned()),
            ..Client::new(Profile::Standard, registered.client_id, uris, authentication)
        };
        client.check().expect("a client that can be registered");
        let service = Service {
            client: Arc::new(client),
            name: text(ja, en),
            purpose: text("本人確認", "To know who you are"),
        };
        (registered.client_id.to_owned(), Arc::new(service))
    });
    Municipality {
        id: town.id.to_owned(),
        origin: town.origin(),
        name: text(town.name, town.id),
        accent: None,
        logo: None,
        services: BTreeMap::from(services),
        keys: Arc::new(keys),
    }
}

/// Reads lists, in a state folder of its own.
fn refresher(folder: &TempDir, anchors: &[Anchor], crls: &Arc<SharedCrls>) -> CrlRefresher {
    let state = tempfile::Builder::new().prefix("state").tempdir_in(folder.path()).expect("a folder");
    let parts = CrlRefresherParts {
        state: StateDir::open(&state.keep().join("state")).expect("a state folder"),
        files: CrlFiles::default(),
        urls: Vec::new(),
        https: HttpsTrust::System,
        limits: FetchLimits::default(),
        max_octets: 1 << 20,
        anchors: anchors.to_vec(),
        shared: Arc::clone(crls),
        random: Arc::new(random().clone()),
        stopwatch: || Duration::ZERO,
        observer: Arc::new(Unobserved),
    };
    CrlRefresher::open(parts).expect("an empty state folder")
}

const DAY: Duration = Duration::from_hours(24);

/// The oldest list that the gateway under test goes by, whatever its nextUpdate says.
pub const CRL_MAX_AGE: Duration = Duration::from_hours(48);
