//! A municipality with its residents' cards, their authority's lists, and the configuration of its nodes.

use std::fs;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use madoguchi_protocol::{Octets, Origin, Secret};
use madoguchi_test_pki::{AUTH_POLICY, CardOptions, KeyKind, Options, PrivateKey, TestPki};
use rustls_pki_types::UnixTime;
use serde_json::json;
use tempfile::TempDir;

use super::ledger::Ledger;
use super::lines::Lines;
use super::node::Node;
use crate::gateway::ServiceKey;
use crate::town::{now, random};

/// Everything but the gateways.
pub struct Town {
    /// The residents' cards.
    pub cards: Vec<Card>,
    /// The municipality's origin, and its issuer.
    pub origin: Origin,
    /// The origin's host and port.
    pub host: String,
    /// The key of the service that has one.
    pub service_key: ServiceKey,
    /// What was answered.
    pub ledger: Arc<Ledger>,
    folder: TempDir,
}

/// A card without the chip.
pub struct Card {
    /// DER of its certificate for user authentication.
    pub certificate: Vec<u8>,
    /// Its key.
    pub key: PrivateKey,
}

impl Town {
    /// Issues so many cards, with keys that cost little to make and to sign with.
    pub fn new(cards: usize) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let options = Options { authority_key: KeyKind::P256, ..Options::default() };
        let now = UnixTime::since_unix_epoch(Duration::from_secs(
            u64::try_from(now().unix_timestamp()).expect("after 1970"),
        ));
        let mut pki = TestPki::create(&options, now, random()).expect("a PKI");
        let card = CardOptions { key: KeyKind::P256, ..CardOptions::default() };
        let cards = (0..cards).map(|_| {
            let card = pki.issue_card(&card, now, random()).expect("a card");
            let key = PrivateKey::from_pkcs8(&card.auth_key, random()).expect("a key");
            Card { certificate: card.auth_certificate.clone(), key }
        });
        let cards = cards.collect();
        fs::write(folder.path().join("auth-ca.der"), pki.auth_ca()).expect("written");
        let lists = folder.path().join("lists");
        fs::create_dir(&lists).expect("a folder");
        for (name, list) in pki.crls(now, Duration::from_hours(24), random()).expect("lists") {
            fs::write(lists.join(name), list).expect("written");
        }
        let kek = Secret::<32>::generate(random()).expect("randomness");
        put_private(&folder.path().join("kek"), kek.encode().as_bytes());
        // An origin has a port that everybody must know; whether anybody listens there is not asked.
        let host = format!("localhost:{}", free_address().port());
        let origin = Origin::parse(&format!("http://{host}")).expect("an origin");
        let service_key = ServiceKey::generate();
        Self { cards, origin, host, service_key, ledger: Arc::default(), folder }
    }

    /// The folder of everything.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// A node of this number on a database, which is the value of `database` in its configuration.
    pub fn node(&self, number: usize, database: &str) -> Node {
        self.node_with(number, database, "")
    }

    /// The same, with lines before all tables of the configuration.
    pub fn node_with(&self, number: usize, database: &str, lines: &str) -> Node {
        let (address, operations) = (free_address(), free_address());
        let jwk = self.service_key.jwk();
        let text = format!(
            r#"listen = "{address}"
database = "{database}"
kek_file = "kek"
dynamic_registration = true
{lines}

[trust]
anchors = ["auth-ca.der"]
danger_test_trust = true
policies = ["{AUTH_POLICY}"]

[revocation]
sources = "crl"
crl_dir = "lists"
state_dir = "crl-state-{number}"

[operations]
listen = "{operations}"

# All residents come from this machine. What was proven waits for a database that is away.
[sign_in]
open_per_network = 100000
proven_seconds = 600

[[municipality]]
id = "{MUNICIPALITY}"
origin = "{origin}"
name = {{ ja = "みどり市", en = "Midori City" }}

[[municipality.client]]
id = "{CLIENT_ID}"
redirect_uris = ["{REDIRECT_URI}"]
authentication = "none"
refresh = true
service = {{ ja = "子育て手続き", en = "Childcare procedures" }}
purpose = {{ ja = "サインイン", en = "Sign in" }}

[[municipality.client]]
id = "{KEYED_CLIENT_ID}"
redirect_uris = ["{KEYED_REDIRECT_URI}"]
authentication = {{ private_key_jwt = {{ jwks = {{ keys = [{{ {jwk} }}] }} }} }}
service = {{ ja = "鍵のある手続き", en = "A service with a key" }}
purpose = {{ ja = "サインイン", en = "Sign in" }}
"#,
            origin = self.origin.as_str(),
            jwk = ["kty", "crv", "x", "y"].map(|name| format!("{name} = {}", jwk[name])).join(", "),
        );
        let config = self.folder().join(format!("node-{number}.toml"));
        fs::write(&config, text).expect("written");
        Node::new(&format!("node-{number}"), config, address, operations)
    }

    /// An assertion of who the service with a key is, good for one request.
    pub fn assertion(&self) -> String {
        let now = now().unix_timestamp();
        let jti = Octets::<16>::generate(random()).expect("randomness").encode();
        let claims = json!({"iss": KEYED_CLIENT_ID, "sub": KEYED_CLIENT_ID, "aud": self.origin.as_str(), "jti": jti,
            "iat": now, "exp": now + 60});
        self.service_key.sign(&json!({"alg": "ES256"}), &claims)
    }

    /// The way to these nodes; the first request goes to the node of this number.
    pub fn lines(&self, nodes: &Arc<[SocketAddr]>, first: usize) -> Lines {
        Lines::new(nodes, &self.host, first, &self.ledger)
    }
}

/// Writes a file that nobody else reads.
pub(super) fn put_private(path: &Path, octets: &[u8]) {
    let mut file =
        fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path).expect("a new file");
    std::io::Write::write_all(&mut file, octets).expect("written");
}

/// One that is free now. It is below those that the system gives to whoever connects, so that it stays free.
pub(crate) fn free_address() -> SocketAddr {
    loop {
        let mut octets = [0; 2];
        ring::rand::SecureRandom::fill(random(), &mut octets).expect("randomness");
        let port = 15_000 + u16::from_le_bytes(octets) % 15_000;
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        if TcpListener::bind(address).is_ok() {
            return address;
        }
    }
}

/// The municipality's id.
pub const MUNICIPALITY: &str = "midori";
/// The service, a public client with refresh tokens.
pub const CLIENT_ID: &str = "kosodate";
/// Where it is answered.
pub const REDIRECT_URI: &str = "https://kosodate.example/callback";
/// The service that proves with a key who it is.
pub const KEYED_CLIENT_ID: &str = "kagi";
/// Where it is answered.
pub const KEYED_REDIRECT_URI: &str = "https://kagi.example/callback";
