//! A throw-away PKI, folders, and a refresher over them.

#![expect(
    clippy::disallowed_methods,
    reason = "a test is the edge that makes randomness and reads files' times"
)]

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use madoguchi_cert_verify::{
    Anchor, Certificate, CrlAbsence, CrlAnswer, PathPolicy, RequiredPolicies, VerifiedPath, verify_path,
};
use madoguchi_revocation::{
    CrlEvent, CrlFiles, CrlObserver, CrlRefresher, CrlRefresherParts, CrlShelf, CrlUrl, Error, FetchLimits,
    HttpsTrust, Problem, SharedCrls, StateDir,
};
use madoguchi_test_pki::{
    AUTH_POLICY, CardFiles, CardOptions, CrlFault, KeyKind, MUNICIPALITIES, Options, RevocationReason,
    TestPki,
};
use ring::rand::SystemRandom;
use rustls_pki_types::UnixTime;
use tempfile::TempDir;

pub(crate) const DAY: Duration = Duration::from_hours(24);
pub(crate) const MISSING: CrlAnswer = CrlAnswer::None(CrlAbsence::MissingPartition);

/// The moment of the lists: the system's, since files have its times.
pub(crate) fn now() -> u64 {
    UnixTime::now().as_secs()
}

pub(crate) fn at(seconds: u64) -> UnixTime {
    UnixTime::since_unix_epoch(Duration::from_secs(seconds))
}

/// Long enough after now for a file to be done.
pub(crate) fn later() -> UnixTime {
    at(now() + 90)
}

/// What happened, as words.
#[derive(Default)]
pub(crate) struct Events(pub(crate) Mutex<Vec<String>>, AtomicUsize);

impl CrlObserver for Events {
    fn event(&self, event: &CrlEvent<'_>) {
        let word = match event {
            CrlEvent::Building { .. } => {
                self.1.fetch_add(1, Ordering::Relaxed);
                return;
            }
            CrlEvent::FolderBack { .. } => "folder back".to_owned(),
            CrlEvent::FolderLost { problem, .. } => format!("folder lost: {}", problem.code),
            CrlEvent::Gone { why, .. } => format!("gone: {why}"),
            CrlEvent::Refused { problem, .. } => format!("refused: {}", problem.code),
            CrlEvent::Taken(taken) => format!("taken: {}", taken.entries),
            CrlEvent::Unchanged { .. } => "unchanged".to_owned(),
            other => format!("{other:?}"),
        };
        self.0.lock().expect("a lock").push(word);
    }
}

pub(crate) struct World {
    pub(crate) pki: TestPki,
    pub(crate) random: SystemRandom,
    pub(crate) folder: TempDir,
    pub(crate) now: u64,
    pub(crate) max_octets: u64,
    pub(crate) single: Vec<PathBuf>,
    pub(crate) urls: Vec<CrlUrl>,
    pub(crate) https: HttpsTrust,
    pub(crate) limits: FetchLimits,
    pub(crate) events: Arc<Events>,
}

/// A refresher and what it puts in use.
pub(crate) struct Running {
    pub(crate) refresher: CrlRefresher,
    pub(crate) shared: Arc<SharedCrls>,
}

impl World {
    pub(crate) fn new() -> Self {
        let random = SystemRandom::new();
        let options = Options { authority_key: KeyKind::P256, ..Options::default() };
        let now = now();
        let pki = TestPki::create(&options, at(now), &random).expect("a PKI");
        let folder = TempDir::new().expect("a folder");
        fs::create_dir(folder.path().join("drop")).expect("a folder");
        Self {
            pki,
            random,
            folder,
            now,
            max_octets: 1 << 20,
            single: Vec::new(),
            urls: Vec::new(),
            https: HttpsTrust::default(),
            limits: FetchLimits::default(),
            events: Arc::default(),
        }
    }

    pub(crate) fn card(&mut self, municipality: usize) -> CardFiles {
        let municipality = MUNICIPALITIES[municipality].code.to_owned();
        let options = CardOptions { key: KeyKind::P256, municipality, ..CardOptions::default() };
        self.pki.issue_card(&options, at(self.now), &self.random).expect("a card")
    }

    pub(crate) fn revoke(&mut self, card: &CardFiles, reason: RevocationReason) {
        self.pki.revoke(card.auth_serial, reason, at(self.now)).expect("revoked");
    }

    pub(crate) fn path(&self, card: &CardFiles) -> VerifiedPath {
        let policies =
            RequiredPolicies::any_of(vec![AUTH_POLICY.parse().expect("a policy")]).expect("policies");
        let certificate = Certificate::parse(&card.auth_certificate).expect("a certificate");
        verify_path(&certificate, &self.anchors(), &PathPolicy { policies }, at(self.now)).expect("a path")
    }

    pub(crate) fn anchors(&self) -> Vec<Anchor> {
        vec![Anchor::new(self.pki.auth_ca()).expect("an anchor")]
    }

    /// Lists of both municipalities, each time with the next number.
    pub(crate) fn lists(&mut self, seconds: u64) -> Vec<Vec<u8>> {
        let lists = self.pki.crls(at(seconds), DAY, &self.random).expect("lists");
        lists.into_iter().map(|(_, der)| der).collect()
    }

    pub(crate) fn faulty(&mut self, fault: CrlFault) -> Vec<u8> {
        self.pki.faulty_crls(at(self.now), DAY, fault, &self.random).expect("lists").remove(0).1
    }

    pub(crate) fn drop_folder(&self) -> PathBuf {
        self.folder.path().join("drop")
    }

    /// Writes a file into the drop folder.
    pub(crate) fn put(&self, name: &str, octets: &[u8]) -> PathBuf {
        let path = self.drop_folder().join(name);
        fs::write(&path, octets).expect("written");
        path
    }

    pub(crate) fn state(&self) -> PathBuf {
        self.folder.path().join("state")
    }

    /// The files of the state folder's lists.
    pub(crate) fn kept(&self, kind: &str) -> Vec<PathBuf> {
        let entries = fs::read_dir(self.state().join("lists")).expect("a folder");
        let paths = entries.map(|entry| entry.expect("an entry").path());
        paths.filter(|path| path.extension().is_some_and(|extension| extension == kind)).collect()
    }

    pub(crate) fn start(&self) -> Running {
        self.start_with(self.anchors()).expect("a refresher")
    }

    pub(crate) fn start_with(&self, anchors: Vec<Anchor>) -> Result<Running, Error> {
        let shared = Arc::new(SharedCrls::default());
        let refresher = CrlRefresher::open(CrlRefresherParts {
            state: StateDir::open(&self.state())?,
            files: CrlFiles { directory: Some(self.drop_folder()), files: self.single.clone() },
            urls: self.urls.clone(),
            https: self.https.clone(),
            limits: self.limits,
            max_octets: self.max_octets,
            anchors,
            shared: Arc::clone(&shared),
            random: Arc::new(self.random.clone()),
            stopwatch: || Duration::ZERO,
            observer: Arc::clone(&self.events) as Arc<dyn CrlObserver + Send + Sync>,
        })?;
        Ok(Running { refresher, shared })
    }

    pub(crate) fn events(&self) -> Vec<String> {
        std::mem::take(&mut *self.events.0.lock().expect("a lock"))
    }

    /// How many times it was told since the last question that a list is being read.
    pub(crate) fn readings(&self) -> usize {
        self.events.1.swap(0, Ordering::Relaxed)
    }

    pub(crate) fn answer(&self, shelf: &CrlShelf, path: &VerifiedPath) -> CrlAnswer {
        shelf.evidence(path, at(self.now), Some(DAY)).answer()
    }
}

impl Running {
    /// Looks now.
    pub(crate) fn look(&mut self) -> Arc<CrlShelf> {
        self.refresher.look(at(now()));
        self.shelf()
    }

    /// Looks when files have been as they are for a while.
    pub(crate) fn look_later(&mut self) -> Arc<CrlShelf> {
        self.refresher.look(later());
        self.shelf()
    }

    pub(crate) fn shelf(&self) -> Arc<CrlShelf> {
        self.shared.shelf_to_keep()
    }

    pub(crate) fn problems(&self) -> Vec<(PathBuf, String)> {
        let report = self.shared.report();
        report
            .problems
            .iter()
            .map(|Problem { place, code, .. }| (Path::new(place).to_owned(), code.clone()))
            .collect()
    }
}

pub(crate) fn is_good(answer: CrlAnswer) -> bool {
    matches!(answer, CrlAnswer::Good(_))
}

pub(crate) fn is_revoked(answer: CrlAnswer) -> bool {
    matches!(answer, CrlAnswer::Revoked(_))
}

pub(crate) fn pem(der: &[u8]) -> String {
    use base64::Engine as _;
    let text = base64::engine::general_purpose::STANDARD.encode(der);
    let lines: Vec<&str> =
        text.as_bytes().chunks(64).map(|line| std::str::from_utf8(line).expect("ASCII")).collect();
    format!("-----BEGIN X509 CRL-----\n{}\n-----END X509 CRL-----\n", lines.join("\n"))
}
