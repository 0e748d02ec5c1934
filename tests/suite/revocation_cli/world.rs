//! A deployment with both sources and two municipalities, and the program beside it.

use std::io::{BufRead as _, BufReader};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};
use std::sync::Arc;
use std::time::Duration;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use madoguchi_cert_verify::{KeptRevocation, Revocation, RevocationReason, Source, SourceTimes};
use madoguchi_gateway::{CertificateIds, Sealer};
use madoguchi_gateway_server::SystemClock;
use madoguchi_protocol::{ErrorCode, Octets, sha256};
use madoguchi_storage::{
    Audit as _, AuditRecord, CertificateId, Clock as _, KeptRevocations as _, RevokedCertificate,
    SignInLimits,
};
use madoguchi_storage_sqlite::SqliteStore;
use madoguchi_test_pki::{
    AUTH_POLICY, CardFiles, CardOptions, KeyKind, OcspBehaviour, OcspSwitch, Options, TestPki, serve_ocsp,
};
use madoguchi_tests::town::random;
use madoguchi_tests::verify::program;
use rustls_pki_types::UnixTime;
use serde_json::Value;
use tempfile::TempDir;
use tokio::sync::oneshot;

pub(super) const MIDORI: &str = "midori";
pub(super) const HINATA: &str = "hinata";
const KEK: [u8; 32] = [7; 32];

pub(super) struct World {
    pub(super) folder: TempDir,
    pub(super) pki: TestPki,
    pub(super) switch: OcspSwitch,
    pub(super) anchor_hash: Octets<32>,
    gateway: Option<Child>,
    _stop: oneshot::Sender<()>,
}

impl World {
    /// A responder that runs, lists that are there, and a gateway that serves.
    pub(super) async fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let now = SystemClock.now();
        let options = Options { authority_key: KeyKind::P256, ..Options::default() };
        let pki = TestPki::create(&options, now, random()).expect("a PKI");
        pki.save(&folder.path().join("pki")).expect("saved");
        let switch = OcspSwitch::default();
        let (listening, address) = oneshot::channel();
        let (stopper, stop) = oneshot::channel::<()>();
        tokio::spawn(serve_ocsp(
            folder.path().join("pki"),
            "127.0.0.1:0".parse().expect("an address"),
            switch.clone(),
            UnixTime::now,
            Arc::new(random().clone()),
            |address| listening.send(address).expect("somebody waits"),
            async {
                // Dropped is stopped, too.
                let _ = stop.await;
            },
        ));
        let responder = address.await.expect("it listens");
        let mut kek = std::fs::OpenOptions::new();
        let mut kek =
            kek.write(true).create_new(true).mode(0o600).open(folder.path().join("kek")).expect("a file");
        std::io::Write::write_all(&mut kek, URL_SAFE_NO_PAD.encode(KEK).as_bytes()).expect("written");
        std::fs::write(folder.path().join("ca.der"), pki.auth_ca()).expect("written");
        std::fs::create_dir(folder.path().join("crl")).expect("a folder");
        std::fs::write(folder.path().join("madoguchi.toml"), config(responder)).expect("written");
        let anchor_hash = madoguchi_cert_verify::Anchor::new(pki.auth_ca()).expect("an anchor").key_hash();
        let mut world = Self { folder, pki, switch, anchor_hash, gateway: None, _stop: stopper };
        world.publish();
        world.start();
        world
    }

    /// Lists of now into the drop folder.
    pub(super) fn publish(&mut self) {
        let lists = self.pki.crls(SystemClock.now(), Duration::from_hours(24), random()).expect("lists");
        for (name, der) in lists {
            std::fs::write(self.folder.path().join("crl").join(name), der).expect("written");
        }
    }

    /// A gateway, until it is killed: lists in the drop folder are read before it says that it is ready.
    pub(super) fn start(&mut self) {
        let mut child = Command::new(program())
            .args(["serve", "--config"])
            .arg(self.config())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("madoguchi starts; cargo build --workspace --bins");
        let mut line = String::new();
        BufReader::new(child.stdout.take().expect("its output")).read_line(&mut line).expect("a line");
        assert!(line.contains("ready"), "{line}");
        self.gateway = Some(child);
    }

    /// SIGKILL.
    pub(super) fn kill(&mut self) {
        if let Some(mut gateway) = self.gateway.take() {
            gateway.kill().expect("killed");
            gateway.wait().expect("an end");
        }
    }

    pub(super) fn config(&self) -> PathBuf {
        self.folder.path().join("madoguchi.toml")
    }

    /// A card whose certificate lies in a file.
    pub(super) fn card(&mut self, name: &str) -> Card {
        let options = CardOptions { key: KeyKind::P256, ..CardOptions::default() };
        let files = self.pki.issue_card(&options, SystemClock.now(), random()).expect("a card");
        self.pki.save(&self.folder.path().join("pki")).expect("saved");
        let file = self.folder.path().join(name);
        std::fs::write(&file, &files.auth_certificate).expect("written");
        Card { files, file }
    }

    /// Runs `madoguchi revocation …`.
    pub(super) fn run(&self, arguments: &[&str]) -> Output {
        let mut command = Command::new(program());
        command.arg("revocation").args(arguments).arg("--config").arg(self.config());
        command.output().expect("madoguchi runs")
    }

    /// The same, done; its one JSON line.
    pub(super) fn json(&self, arguments: &[&str]) -> Value {
        let output = self.run(&[arguments, &["--json"]].concat());
        assert!(output.status.success(), "{output:?}");
        let text = String::from_utf8(output.stdout).expect("UTF-8");
        assert_eq!(text.lines().count(), 1, "{text}");
        serde_json::from_str(&text).expect("JSON")
    }

    fn store(&self) -> SqliteStore {
        let path = self.folder.path().join("madoguchi.sqlite3");
        SqliteStore::open(&path, Arc::new(SystemClock), SignInLimits::default()).expect("the store")
    }

    async fn id(&self, store: &SqliteStore, municipality: &str, card: &Card) -> CertificateId {
        let ids = CertificateIds::read(store, &Sealer::new(&KEK), municipality).await.expect("a key");
        let serial = madoguchi_cert_verify::Certificate::parse(&card.files.auth_certificate).expect("one");
        ids.expect("a gateway served it").id(&self.anchor_hash.0, serial.serial())
    }

    /// Keeps a revocation as a gateway does.
    pub(super) async fn keep(&self, municipality: &str, card: &Card, said: &[KeptRevocation]) {
        let store = self.store();
        let revoked = RevokedCertificate {
            certificate: self.id(&store, municipality, card).await,
            not_after: UnixTime::since_unix_epoch(Duration::from_secs(4_000_000_000)),
            said: said.to_vec(),
            sources_disagree: false,
        };
        let code = ErrorCode::CertificateRevoked;
        // No session is live: nothing but the verdict comes of it.
        let ended = store.end_revoked_session(municipality, Octets([0; 16]), "kosodate", code, revoked).await;
        assert!(!ended.expect("an outcome"));
    }

    /// How much is kept against a card.
    pub(super) async fn kept(&self, municipality: &str, card: &Card) -> usize {
        let store = self.store();
        store.kept(municipality, self.id(&store, municipality, card).await).await.expect("a look").len()
    }

    pub(super) async fn log(&self, municipality: &str) -> Vec<AuditRecord> {
        self.store().audit_records(municipality, 0, 1000).await.expect("records")
    }
}

impl Drop for World {
    fn drop(&mut self) {
        self.kill();
    }
}

pub(super) struct Card {
    pub(super) files: CardFiles,
    pub(super) file: PathBuf,
}

impl Card {
    pub(super) fn file(&self) -> &str {
        self.file.to_str().expect("UTF-8")
    }
}

/// What a source said an hour ago.
pub(super) fn said(source: Source, reason: RevocationReason) -> KeptRevocation {
    let then = UnixTime::since_unix_epoch(Duration::from_secs(SystemClock.now().as_secs() - 3600));
    KeptRevocation {
        source,
        revocation: Revocation {
            reason,
            revoked_at: then,
            times: SourceTimes { this_update: then, next_update: None, produced_at: None },
            signer_key: signer(source),
        },
    }
}

pub(super) fn signer(source: Source) -> Octets<32> {
    sha256(source.name().as_bytes())
}

/// How a responder behaves that says this of everybody.
pub(super) fn claiming(status: madoguchi_test_pki::OcspClaim) -> OcspBehaviour {
    OcspBehaviour { status: Some(status), ..OcspBehaviour::default() }
}

fn config(responder: std::net::SocketAddr) -> String {
    let municipality = |id: &str, port: u16| {
        format!(
            "[[municipality]]\nid = \"{id}\"\norigin = \"http://localhost:{port}\"\nname = {{ ja = \"{id}\" }}\n"
        )
    };
    format!(
        "listen = \"127.0.0.1:0\"\ndatabase = \"madoguchi.sqlite3\"\nkek_file = \"kek\"\n\
         [trust]\nanchors = [\"ca.der\"]\ndanger_test_trust = true\npolicies = [\"{AUTH_POLICY}\"]\n\
         [revocation]\nsources = \"both\"\ncrl_dir = \"crl\"\n\
         [[revocation.ocsp]]\nurl = \"http://{responder}/\"\n{}{}",
        municipality(MIDORI, 24810),
        municipality(HINATA, 24811)
    )
}
