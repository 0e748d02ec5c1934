//! What the commands have in common: the edge, anchors, a refresher for a folder.

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use ring::rand::SecureRandom;

use madoguchi_cert_verify::Anchor;
use madoguchi_revocation::{
    CrlFiles, CrlObserver, CrlRefresher, CrlRefresherParts, FetchLimits, HttpsTrust, SharedCrls, StateDir,
};
use madoguchi_storage::Clock;

use crate::crl::CrlUsage;
use crate::crl::arguments::Target;
use crate::crl_reload::stopwatch;

/// What only a program's main makes.
#[derive(Clone)]
pub struct Edge {
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// Randomness.
    pub random: Arc<dyn SecureRandom + Send + Sync>,
}

pub(super) fn anchors(files: &[PathBuf]) -> Result<Vec<Anchor>, CrlUsage> {
    let read = |path: &PathBuf| {
        let octets = fs::read(path).map_err(|error| CrlUsage::of_file(path, &error))?;
        Anchor::new(&octets).map_err(|error| {
            CrlUsage::of_file(path, &format!("no anchor that can be used: {error} ({})", error.code()))
        })
    };
    files.iter().map(read).collect()
}

pub(super) fn refresher(
    target: &Target,
    files: CrlFiles,
    edge: &Edge,
    observer: Arc<dyn CrlObserver + Send + Sync>,
) -> Result<CrlRefresher, CrlUsage> {
    let anchors = anchors(&target.anchor)?;
    let state = StateDir::open(&target.out).map_err(|error| CrlUsage::of_state(&target.out, &error))?;
    let parts = CrlRefresherParts {
        state,
        files,
        urls: Vec::new(),
        https: HttpsTrust::System,
        limits: FetchLimits::default(),
        max_octets: target.max_octets,
        anchors,
        shared: Arc::new(SharedCrls::default()),
        random: Arc::clone(&edge.random),
        stopwatch,
        observer,
    };
    CrlRefresher::open(parts).map_err(|error| CrlUsage::of_state(&target.out, &error))
}
