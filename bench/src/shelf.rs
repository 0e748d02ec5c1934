//! A shelf with the refresher that fills it, as the gateway has them.

use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use madoguchi_cert_verify::Anchor;
use madoguchi_revocation::{
    CrlFiles, CrlRefresher, CrlRefresherParts, FetchLimits, HttpsTrust, SharedCrls, StateDir, Unobserved,
};
use ring::rand::SystemRandom;

/// A shelf of what the state folder holds, and who fills it from a drop folder.
pub(crate) fn refreshed(
    state: &Path,
    drop: Option<PathBuf>,
    anchors: &[Anchor],
) -> (Arc<SharedCrls>, CrlRefresher) {
    let shared = Arc::<SharedCrls>::default();
    let refresher = CrlRefresher::open(CrlRefresherParts {
        state: StateDir::open(state).expect("a state folder"),
        files: CrlFiles { directory: drop, files: Vec::new() },
        urls: Vec::new(),
        https: HttpsTrust::System,
        limits: FetchLimits::default(),
        max_octets: u64::from(u32::MAX),
        anchors: anchors.to_vec(),
        shared: Arc::clone(&shared),
        random: Arc::new(SystemRandom::new()),
        stopwatch,
        observer: Arc::new(Unobserved),
    });
    (shared, refresher.expect("a refresher"))
}

fn stopwatch() -> Duration {
    static START: OnceLock<Instant> = OnceLock::new();
    START.get_or_init(Instant::now).elapsed()
}
