//! CRLs come and go while the gateway serves. A thread of its own looks at files and addresses again and again; a new
//! shelf takes the place of the old one at once, and nobody who is signing in waits for any of it.

use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, LazyLock, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use ring::rand::SecureRandom;
use rustls_pki_types::UnixTime;

use madoguchi_cert_verify::Anchor;
use madoguchi_revocation::{
    CrlEvent, CrlFiles, CrlObserver, CrlRefresher, CrlRefresherParts, CrlReport, CrlShelf, CrlUrl, Download,
    Downloaded, FetchLimits, HttpUrl, RevocationHealth, SharedCrls, StateDir, Unobserved,
};
use madoguchi_storage::Clock;

use crate::ServerError;
use crate::config::RevocationConfig;
use crate::give_way::give_way;
use crate::https::https_trust;

/// Opens the state folder and puts what it holds in use. When it holds nothing the files are read first.
pub(crate) fn open(
    config: &RevocationConfig,
    anchors: &[Anchor],
    now: UnixTime,
    random: Arc<dyn SecureRandom + Send + Sync>,
) -> Result<CrlRefresher, ServerError> {
    let state = config.state_dir.as_deref().unwrap_or(Path::new("crl-state"));
    let parts = parts(config, state, anchors, random, Arc::new(LogObserver::default()))?;
    let mut refresher = CrlRefresher::open(parts).map_err(|error| state_error(&error))?;
    if refresher.is_empty() {
        refresher.look(now);
        if refresher.is_empty() {
            tracing::warn!(
                "no CRL was found: every sign-in that needs one ends in cannot_check until one arrives"
            );
        }
    }
    Ok(refresher)
}

/// `madoguchi config check`: reads every file without moving or keeping anything, beside a gateway that may be running.
/// Answers with a warning when no list may say good any more.
pub(crate) fn check(
    config: &RevocationConfig,
    anchors: &[Anchor],
    now: UnixTime,
    random: Arc<dyn SecureRandom + Send + Sync>,
) -> Result<Option<String>, ServerError> {
    let sources = config.sources.sources();
    let state = config.state_dir.as_deref().unwrap_or(Path::new("crl-state"));
    StateDir::check_to_write(state).map_err(|error| state_error(&error))?;
    // What a gateway has taken before stays in use, also when its file is gone.
    let held = StateDir::open_to_read(state).and_then(|state| CrlShelf::read(&state, anchors));
    let held = held.map(|(shelf, _)| shelf).unwrap_or_default();
    let scratch = state.with_extension(format!("check-{}", std::process::id()));
    let mut parts = parts(config, &scratch, anchors, random, Arc::new(Unobserved))?;
    let problem = |message: String| ServerError::value("revocation", message);
    let checked =
        parts.files.by_name().map_err(|error| problem(format!("crl_dir: {error}"))).and_then(|files| {
            parts.files = files;
            let mut refresher = CrlRefresher::open(parts).map_err(|error| state_error(&error))?;
            refresher.look(now);
            let report = refresher.shared().report();
            let none = refresher.is_empty() && held.is_empty();
            match report.problems.first() {
                Some(found) => Err(problem(format!("{}: {} ({})", found.place, found.message, found.code))),
                None if none && config.crl_urls.is_empty() && sources.crl() => {
                    Err(problem("no CRL was found: every sign-in would end in cannot_check".to_owned()))
                }
                None => Ok(all_stale(&[&held, &refresher.shared().shelf()], config.max_age(), now)),
            }
        });
    // Only this process knows the folder; what is left of it takes room and does no harm.
    drop(std::fs::remove_dir_all(&scratch));
    checked
}

/// Words for an operator when there are lists and none of them says good any more.
fn all_stale(shelves: &[&CrlShelf], max_age: Duration, now: UnixTime) -> Option<String> {
    let stale: Vec<Stale> = shelves.iter().map(|shelf| Stale::of(shelf, max_age, now)).collect();
    let lists: usize = shelves.iter().map(|shelf| shelf.len()).sum();
    let too_old: usize = stale.iter().map(|stale| stale.partitions.len()).sum();
    let newest = stale.iter().filter_map(|stale| stale.youngest).min()?;
    (lists == too_old).then(|| {
        format!(
            "revocation: every CRL is past its nextUpdate or older than max_age_hours ({} h): it says who is revoked, \
             and good of nobody; the newest is {} h old",
            max_age.as_secs() / 3600,
            newest / 3600
        )
    })
}

/// The lists that say good of nobody any more.
struct Stale {
    /// Their partitions.
    partitions: BTreeSet<String>,
    /// How many of them are past their nextUpdate.
    expired: usize,
    /// The least age of any list, in seconds.
    youngest: Option<u64>,
    /// The greatest.
    oldest: Option<u64>,
}

impl Stale {
    fn of(shelf: &CrlShelf, max_age: Duration, now: UnixTime) -> Self {
        let health = RevocationHealth::new(shelf, &CrlReport::default(), &[], now);
        let stale = health
            .partitions
            .iter()
            .filter(|partition| partition.expired || partition.age_seconds > max_age.as_secs());
        Self {
            partitions: stale.map(|partition| partition.partition.clone()).collect(),
            expired: health.expired,
            youngest: health.partitions.iter().map(|partition| partition.age_seconds).min(),
            oldest: health.worst_age_seconds,
        }
    }
}

fn parts(
    config: &RevocationConfig,
    state: &Path,
    anchors: &[Anchor],
    random: Arc<dyn SecureRandom + Send + Sync>,
    observer: Arc<dyn CrlObserver + Send + Sync>,
) -> Result<CrlRefresherParts, ServerError> {
    let urls = config.crl_urls.iter().map(|url| CrlUrl {
        url: url.url.clone(),
        every: Duration::from_secs(url.every_minutes.saturating_mul(60)),
    });
    Ok(CrlRefresherParts {
        state: StateDir::open(state).map_err(|error| state_error(&error))?,
        files: CrlFiles { directory: config.crl_dir.clone(), files: config.crl_files.clone() },
        urls: urls.collect(),
        https: https_trust(config)?,
        limits: FetchLimits { whole: Duration::from_secs(config.fetch_seconds), ..FetchLimits::default() },
        max_octets: config.max_crl_octets,
        anchors: anchors.to_vec(),
        shared: Arc::new(SharedCrls::default()),
        random,
        stopwatch,
        observer,
    })
}

fn state_error(error: &madoguchi_revocation::Error) -> ServerError {
    ServerError::value("revocation.state_dir", format!("{error} ({})", error.code()))
}

/// The thread that refreshes. It ends when this value goes, after the step that it is at.
#[derive(Debug)]
pub(crate) struct Refreshing {
    messages: Sender<Message>,
}

enum Message {
    Downloaded(Downloaded),
    Lost(HttpUrl),
    Stop,
}

impl Refreshing {
    /// Starts the thread: it looks at once, and then every so often. Where there is a greatest age it warns of lists
    /// that are older or past their nextUpdate.
    pub(crate) fn start(
        refresher: CrlRefresher,
        clock: Arc<dyn Clock>,
        every: Duration,
        max_age: Option<Duration>,
    ) -> Result<Self, ServerError> {
        let (messages, received) = channel();
        let work = Work {
            refresher,
            clock,
            every,
            max_age,
            messages: messages.clone(),
            told: BTreeSet::new(),
            stale: BTreeSet::new(),
        };
        let thread = thread::Builder::new().name("crl-refresh".to_owned());
        thread.spawn(move || work.run(&received)).map_err(ServerError::Runtime)?;
        Ok(Self { messages })
    }
}

impl Drop for Refreshing {
    fn drop(&mut self) {
        // A thread that is gone needs no message.
        let _ = self.messages.send(Message::Stop);
    }
}

struct Work {
    refresher: CrlRefresher,
    clock: Arc<dyn Clock>,
    every: Duration,
    max_age: Option<Duration>,
    messages: Sender<Message>,
    /// Problems that were logged.
    told: BTreeSet<(String, String)>,
    /// Partitions whose lists were logged as too old.
    stale: BTreeSet<String>,
}

impl Work {
    fn run(mut self, received: &Receiver<Message>) {
        give_way();
        loop {
            guarded(|| self.look());
            let next = stopwatch().saturating_add(self.every);
            // What a start took from the disk by its checksums is verified in the background.
            let mut may_verify = true;
            loop {
                let wait = if may_verify { Duration::ZERO } else { next.saturating_sub(stopwatch()) };
                match received.recv_timeout(wait) {
                    Ok(Message::Downloaded(downloaded)) => guarded(|| {
                        self.refresher.downloaded(downloaded, self.clock.now());
                        self.start_due();
                    }),
                    Ok(Message::Lost(url)) => guarded(|| {
                        self.refresher.download_lost(&url, self.clock.now());
                        self.start_due();
                    }),
                    Ok(Message::Stop) | Err(RecvTimeoutError::Disconnected) => return,
                    Err(RecvTimeoutError::Timeout) if may_verify => {
                        may_verify = false;
                        guarded(|| may_verify = self.refresher.verify_one_again());
                    }
                    Err(RecvTimeoutError::Timeout) => break,
                }
            }
        }
    }

    fn look(&mut self) {
        self.refresher.look(self.clock.now());
        self.start_due();
        let report = self.refresher.shared().report();
        // A folder that is lost was logged as such.
        let problems = report.problems.iter().filter(|problem| problem.code != "folder_unreadable");
        let problems: BTreeSet<_> =
            problems.map(|problem| (problem.place.clone(), problem.message.clone())).collect();
        for (place, problem) in problems.difference(&self.told) {
            tracing::warn!(%place, %problem, "a CRL cannot be used as it is");
        }
        self.told = problems;
        self.warn_of_stale();
    }

    /// Warns when lists became too old since the last look, and at the first one.
    fn warn_of_stale(&mut self) {
        let Some(max_age) = self.max_age else { return };
        let shelf = self.refresher.shared().shelf_to_keep();
        let stale = Stale::of(&shelf, max_age, self.clock.now());
        if stale.partitions.difference(&self.stale).next().is_some() {
            tracing::warn!(
                lists = shelf.len(),
                too_old = stale.partitions.len(),
                past_next_update = stale.expired,
                oldest_hours = stale.oldest.unwrap_or_default() / 3600,
                "CRLs are past their nextUpdate or older than max_age_hours: they say good of nobody"
            );
        } else if stale.partitions.is_empty() && !self.stale.is_empty() {
            tracing::info!(lists = shelf.len(), "every CRL is fresh again");
        }
        self.stale = stale.partitions;
    }

    fn start_due(&mut self) {
        for download in self.refresher.due(self.clock.now()) {
            self.start(download);
        }
    }

    /// Each download on a thread of its own: it may take minutes, and lists in files go on meanwhile.
    fn start(&mut self, download: Download) {
        let (messages, url) = (self.messages.clone(), download.url().clone());
        let asked = url.clone();
        let run = move || {
            let message = catch_unwind(AssertUnwindSafe(|| download.run()));
            // When nobody receives any more the gateway is ending.
            let _ = messages.send(message.map_or(Message::Lost(asked), Message::Downloaded));
        };
        if let Err(error) = thread::Builder::new().name("crl-fetch".to_owned()).spawn(run) {
            tracing::error!(%error, %url, "a download cannot be started");
            self.refresher.download_lost(&url, self.clock.now());
        }
    }
}

/// One step. When it panics the lists that are in use stay, and the next step is tried in its turn.
fn guarded(step: impl FnOnce()) {
    if catch_unwind(AssertUnwindSafe(step)).is_err() {
        tracing::error!("reading CRLs panicked; the lists in use stay in use");
    }
}

/// Logs what happens.
#[derive(Debug, Default)]
struct LogObserver {
    progress: Mutex<Duration>,
}

impl CrlObserver for LogObserver {
    fn event(&self, event: &CrlEvent<'_>) {
        match event {
            CrlEvent::Building { place, done, octets } => {
                let mut told = self.progress.lock().unwrap_or_else(PoisonError::into_inner);
                if stopwatch().saturating_sub(*told) >= PROGRESS_EVERY {
                    *told = stopwatch();
                    tracing::info!(place, done, octets, "a CRL is being verified and indexed");
                }
            }
            CrlEvent::FolderBack { path } => {
                tracing::info!(path = %path.display(), "the drop folder is back");
            }
            CrlEvent::FolderLost { path, problem } => {
                tracing::error!(
                    path = %path.display(),
                    problem = problem.message,
                    "the drop folder is lost; the lists in use stay in use"
                );
            }
            CrlEvent::Gone { path, why } => {
                tracing::error!(path = %path.display(), why, "a CRL is no longer used");
            }
            CrlEvent::Refused { problem, .. } if problem.code.starts_with("fetch_") => {
                tracing::error!(
                    place = problem.place,
                    problem = problem.message,
                    code = problem.code,
                    "a CRL cannot be fetched; the one in use stays in use"
                );
            }
            CrlEvent::Refused { problem, moved_to } => {
                let moved_to = moved_to.map(|path| path.display().to_string()).unwrap_or_default();
                tracing::error!(
                    place = problem.place,
                    problem = problem.message,
                    code = problem.code,
                    moved_to,
                    "a CRL is refused"
                );
            }
            CrlEvent::Taken(taken) => {
                let (partition, number) = (taken.partition.to_string(), taken.number.to_string());
                let (entries, milliseconds, delta) = (taken.entries, taken.milliseconds, taken.is_delta);
                tracing::info!(
                    place = taken.place,
                    partition,
                    number,
                    entries,
                    delta,
                    milliseconds,
                    "a CRL is in use"
                );
            }
            CrlEvent::Unchanged { place } => tracing::debug!(place, "a CRL is the one in use"),
            other => tracing::debug!(?other, "CRL"),
        }
    }
}

/// The time since the program first asked.
#[expect(clippy::disallowed_methods, reason = "the edge: it measures how long work takes, and waits")]
pub(crate) fn stopwatch() -> Duration {
    static START: LazyLock<Instant> = LazyLock::new(Instant::now);
    START.elapsed()
}

const PROGRESS_EVERY: Duration = Duration::from_secs(5);

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, Ordering};

    use madoguchi_revocation::HttpsTrust;
    use madoguchi_storage::ManualClock;
    use madoguchi_test_pki::{KeyKind, Options, TestPki};

    use super::*;

    /// Tells the number of each list that is taken, and panics once when it is told to.
    struct Panics {
        taken: Mutex<Sender<String>>,
        armed: AtomicBool,
    }

    impl CrlObserver for Panics {
        fn event(&self, event: &CrlEvent<'_>) {
            let CrlEvent::Taken(taken) = event else { return };
            let sender = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
            sender.send(taken.number.to_string()).expect("somebody waits");
            assert!(!self.armed.swap(false, Ordering::SeqCst), "a test of what a panic leaves behind");
        }
    }

    #[test]
    #[expect(clippy::disallowed_methods, reason = "a test is its own edge")]
    fn a_panic_while_lists_are_read_ends_the_step_and_not_the_thread() {
        let (random, clock) = (ring::rand::SystemRandom::new(), Arc::new(ManualClock::new(1_795_305_600)));
        let options = Options { authority_key: KeyKind::P256, ..Options::default() };
        let mut pki = TestPki::create(&options, clock.now(), &random).expect("a PKI");
        let folder = tempfile::tempdir().expect("a folder");
        let drop_folder = folder.path().join("drop");
        std::fs::create_dir(&drop_folder).expect("a folder");
        let anchor = Anchor::new(pki.auth_ca()).expect("an anchor");
        let mut publish = |name: &str| {
            clock.advance(Duration::from_mins(1));
            let list = pki.crls(clock.now(), Duration::from_hours(24), &random).expect("lists").remove(0).1;
            // Whole from the first moment on.
            let written = folder.path().join("written");
            std::fs::write(&written, list).expect("written");
            std::fs::rename(written, drop_folder.join(name)).expect("renamed");
        };
        let (sender, taken) = channel();
        let observer = Arc::new(Panics { taken: Mutex::new(sender), armed: AtomicBool::new(false) });
        let shared = Arc::<SharedCrls>::default();
        let mut refresher = CrlRefresher::open(CrlRefresherParts {
            state: StateDir::open(&folder.path().join("state")).expect("a state folder"),
            files: CrlFiles { directory: Some(drop_folder.clone()), files: Vec::new() },
            urls: Vec::new(),
            https: HttpsTrust::System,
            limits: FetchLimits::default(),
            max_octets: 1 << 20,
            anchors: vec![anchor],
            shared: Arc::clone(&shared),
            random: Arc::new(random.clone()),
            stopwatch,
            observer: Arc::clone(&observer) as Arc<dyn CrlObserver + Send + Sync>,
        })
        .expect("an empty state folder");
        let next = || taken.recv_timeout(Duration::from_secs(20)).expect("a list is taken");
        publish("1.crl");
        refresher.look(clock.now());
        assert_eq!(next(), "01");
        observer.armed.store(true, Ordering::SeqCst);
        let every = Duration::from_millis(1);
        let _refreshing = Refreshing::start(refresher, Arc::clone(&clock) as Arc<dyn Clock>, every, None)
            .expect("a thread");
        publish("2.crl");
        assert_eq!(next(), "02");
        // The thread has panicked, or will at once; either way it goes on, and lists stay in use.
        publish("3.crl");
        assert_eq!(next(), "03");
        assert!(!observer.armed.load(Ordering::SeqCst), "it panicked");
        assert_eq!(shared.shelf().len(), 1);
    }
}
