//! A municipality with its residents' cards, their authority's lists and responder, and the shipped gateway as a process.

use std::fs::{self, File};
use std::io::{BufRead as _, BufReader};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::http::{Method, StatusCode};
use madoguchi_protocol::{Origin, Secret};
use madoguchi_test_pki::{AUTH_POLICY, CardOptions, KeyKind, Options, PrivateKey, TestPki};
use ring::rand::SystemRandom;
use rustix::process::{Pid, Signal, kill_process};
use rustls_pki_types::UnixTime;
use tempfile::TempDir;

use crate::crl::timing::cpu_of_process;
use crate::sign_ins::line::Line;
use crate::slow_responder::SlowResponder;

/// Everything but the gateway.
pub(crate) struct Town {
    folder: TempDir,
    pub(crate) cards: Vec<Card>,
    pub(crate) responder: Arc<SlowResponder>,
    responder_address: SocketAddr,
}

/// A card without the chip.
pub(crate) struct Card {
    pub(crate) certificate: Vec<u8>,
    pub(crate) key: PrivateKey,
}

/// What a gateway asks about a card.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Asks {
    Lists,
    /// Lists and OCSP, whose answers are used again.
    Both,
    /// Lists and OCSP, with a nonce each time: no answer is used again.
    BothEachTime,
}

impl Town {
    /// Issues the cards and starts the responder. The keys are P-256, so that this process, which signs for all cards
    /// and the responder, leaves the gateway as much of the machine as it can.
    pub(crate) async fn new(cards: usize, delay: Duration) -> Self {
        let random = SystemRandom::new();
        let folder = tempfile::tempdir().expect("a folder");
        let options = Options { authority_key: KeyKind::P256, ..Options::default() };
        let now = UnixTime::now();
        let mut pki = TestPki::create(&options, now, &random).expect("a PKI");
        let card = CardOptions { key: KeyKind::P256, ..CardOptions::default() };
        let cards = (0..cards).map(|_| {
            let card = pki.issue_card(&card, now, &random).expect("a card");
            let key = PrivateKey::from_pkcs8(&card.auth_key, &random).expect("a key");
            Card { certificate: card.auth_certificate.clone(), key }
        });
        let cards = cards.collect();
        fs::write(folder.path().join(AUTHORITY), pki.auth_ca()).expect("written");
        let lists = folder.path().join("lists");
        fs::create_dir(&lists).expect("a folder");
        for (name, list) in pki.crls(now, Duration::from_hours(24), &random).expect("lists") {
            fs::write(lists.join(name), list).expect("written");
        }
        let responder = Arc::new(SlowResponder::new(pki, delay));
        let responder_address = responder.serve().await;
        Self { folder, cards, responder, responder_address }
    }

    /// The authority that signed the cards' certificates: a file of DER.
    pub(crate) fn authority(&self) -> PathBuf {
        self.folder.path().join(AUTHORITY)
    }

    fn config(&self, asks: Asks, database: &str, gateway: SocketAddr, operations: SocketAddr) -> String {
        let (sources, nonce) = match asks {
            Asks::Lists => ("crl", None),
            Asks::Both => ("both", Some("prefer")),
            Asks::BothEachTime => ("both", Some("require")),
        };
        let responder = nonce.map_or_else(String::new, |nonce| {
            let url = self.responder_address;
            format!("[[revocation.ocsp]]\nurl = \"http://{url}/\"\nnonce = \"{nonce}\"\n")
        });
        format!(
            r#"listen = "{gateway}"
database = "{database}"
kek_file = "kek"

[trust]
anchors = ["../{AUTHORITY}"]
danger_test_trust = true
policies = ["{AUTH_POLICY}"]

[revocation]
sources = "{sources}"
crl_dir = "../lists"

{responder}
[operations]
listen = "{operations}"

# All residents come from this machine.
[sign_in]
open_per_network = 100000

[[municipality]]
id = "{MUNICIPALITY}"
origin = "http://localhost:{port}"
name = {{ ja = "みどり市", "ja-x-plain" = "みどり市(し)", en = "Midori City" }}

[[municipality.client]]
id = "{CLIENT_ID}"
redirect_uris = ["https://kosodate.example/callback"]
authentication = "none"
service = {{ ja = "子育て手続き", "ja-x-plain" = "子育(こそだ)ての手続(てつづ)き", en = "Childcare procedures" }}
purpose = {{ ja = "サインイン", "ja-x-plain" = "サインイン", en = "Sign in" }}
"#,
            port = gateway.port(),
        )
    }
}

/// The shipped gateway, in a process that ends with this value.
pub(crate) struct RunningGateway {
    process: Child,
    pub(crate) address: SocketAddr,
    pub(crate) host: String,
    pub(crate) origin: Origin,
    pub(crate) database: PathBuf,
    operations: SocketAddr,
}

impl RunningGateway {
    /// Starts it with an empty database, and waits until it serves.
    pub(crate) fn start(binary: &Path, town: &Town, asks: Asks) -> Result<Self, String> {
        Self::start_on(binary, town, asks, &format!("{asks:?}"), SQLITE_FILE)
    }

    /// The same with a folder of this name in the town's, and this database: a file in it, or a server's address.
    pub(crate) fn start_on(
        binary: &Path,
        town: &Town,
        asks: Asks,
        name: &str,
        database: &str,
    ) -> Result<Self, String> {
        let folder = town.folder.path().join(name);
        fs::create_dir(&folder).map_err(|error| error.to_string())?;
        let [address, operations] = free_addresses().map_err(|error| error.to_string())?;
        let config = town.config(asks, database, address, operations);
        fs::write(folder.join(CONFIG), config).map_err(|error| error.to_string())?;
        let kek = Secret::<32>::generate(&SystemRandom::new()).map_err(|error| error.to_string())?;
        let mut options = fs::OpenOptions::new();
        let kek_file = options.write(true).create_new(true).mode(0o600).open(folder.join("kek"));
        kek_file
            .and_then(|mut file| std::io::Write::write_all(&mut file, kek.encode().as_bytes()))
            .map_err(|error| error.to_string())?;
        let host = format!("localhost:{}", address.port());
        let origin = Origin::parse(&format!("http://{host}")).map_err(|error| error.to_string())?;
        let process = serve(binary, &folder)?;
        Ok(Self { process, address, host, origin, database: folder.join(SQLITE_FILE), operations })
    }

    /// Ends it in good order.
    pub(crate) fn end(&mut self) -> Result<(), String> {
        self.signal(Signal::TERM)?;
        self.process.wait().map_err(|error| error.to_string())?;
        Ok(())
    }

    /// Starts it again after its end: how long it took until it served.
    pub(crate) fn start_again(&mut self, binary: &Path) -> Result<Duration, String> {
        let start = Instant::now();
        self.process = serve(binary, self.database.parent().unwrap_or(Path::new(".")))?;
        Ok(start.elapsed())
    }

    /// Tells it to end, to stop where it is, or to go on.
    pub(crate) fn signal(&self, signal: Signal) -> Result<(), String> {
        kill_process(Pid::from_child(&self.process), signal).map_err(|error| error.to_string())
    }

    /// The process.
    pub(crate) fn id(&self) -> u32 {
        self.process.id()
    }

    /// Its configuration file.
    pub(crate) fn config(&self) -> PathBuf {
        self.database.with_file_name(CONFIG)
    }

    /// CPU time that it has used, of the kernel for it too.
    pub(crate) fn cpu(&self) -> Duration {
        let stat = format!("/proc/{}/stat", self.process.id());
        cpu_of_process(Path::new(&stat)).unwrap_or_default()
    }

    /// What it says of OCSP at `/health/revocation`.
    pub(crate) async fn ocsp(&self) -> Result<serde_json::Value, String> {
        let mut line = Line::open(self.operations, "localhost").await?;
        let health = line.send(Method::GET, "/health/revocation", &[], String::new()).await?;
        let health: serde_json::Value =
            serde_json::from_str(health.text(StatusCode::OK)?).map_err(|error| error.to_string())?;
        Ok(health["ocsp"].clone())
    }
}

impl Drop for RunningGateway {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Starts the gateway that is configured in this folder, and waits until it serves.
fn serve(binary: &Path, folder: &Path) -> Result<Child, String> {
    let log = folder.join("gateway.log");
    let file = File::create(&log).map_err(|error| error.to_string())?;
    let mut process = Command::new(binary)
        .args(["serve", "--config"])
        .arg(folder.join(CONFIG))
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(file)
        .spawn()
        .map_err(|error| format!("{}: {error}", binary.display()))?;
    let mut ready = String::new();
    let stdout = process.stdout.take().expect("piped");
    BufReader::new(stdout).read_line(&mut ready).map_err(|error| error.to_string())?;
    if ready.is_empty() {
        // Its end is in its log.
        let _ = process.wait();
        return Err(format!("the gateway ended: {}", fs::read_to_string(&log).unwrap_or_default()));
    }
    Ok(process)
}

/// Two that are free now: an origin has a port that everybody must know before the gateway listens.
fn free_addresses() -> std::io::Result<[SocketAddr; 2]> {
    let any = || TcpListener::bind((Ipv4Addr::LOCALHOST, 0));
    let (first, second) = (any()?, any()?);
    Ok([first.local_addr()?, second.local_addr()?])
}

pub(crate) const MUNICIPALITY: &str = "midori";
pub(crate) const CLIENT_ID: &str = "kosodate";
/// As it travels in a query.
pub(crate) const REDIRECT_URI: &str = "https%3A%2F%2Fkosodate.example%2Fcallback";
const AUTHORITY: &str = "auth-ca.der";
const CONFIG: &str = "gateway.toml";
/// In the gateway's folder.
pub(crate) const SQLITE_FILE: &str = "madoguchi.sqlite3";
