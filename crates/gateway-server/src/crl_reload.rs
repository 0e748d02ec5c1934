//! CRL files come and go while the gateway serves: they are looked at again and again, and a new shelf takes the place
//! of the old one at once.

use std::time::Duration;

use madoguchi_cert_verify::Anchor;
use madoguchi_gateway::Gateway;
use madoguchi_revocation::{CrlFiles, CrlShelf};

use crate::config::RevocationConfig;

/// Reads the configured CRLs. The shelf logs each file that cannot be used by name.
pub(crate) fn load_shelf(config: &RevocationConfig, anchors: &[Anchor]) -> CrlShelf {
    let files = CrlFiles {
        directory: config.crl_dir.clone(),
        files: config.crl_files.clone(),
        max_octets: config.max_crl_octets,
    };
    CrlShelf::load(files, anchors.to_vec())
}

/// Looks at the files every `reload_seconds`, for ever.
pub(crate) async fn keep_reloading(gateway: Gateway, config: RevocationConfig) {
    let mut interval = tokio::time::interval(Duration::from_secs(config.reload_seconds));
    interval.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    // The first tick is immediate, and the shelf was loaded at the start.
    interval.tick().await;
    loop {
        interval.tick().await;
        let current = gateway.clone();
        // Parsing is work for a thread of its own: requests go on meanwhile.
        let reloaded = tokio::task::spawn_blocking(move || current.crls().reload());
        match reloaded.await {
            Ok(shelf) => gateway.replace_crls(shelf),
            Err(error) => tracing::error!(%error, "reloading the CRLs failed; the old ones stay in use"),
        }
    }
}
