//! CRL files come and go while the gateway serves: they are looked at again and again, and a new shelf takes the place
//! of the old one at once.

use std::time::Duration;

use madoguchi_cert_verify::Anchor;
use madoguchi_gateway::Gateway;
use madoguchi_revocation::{CrlFiles, CrlShelf, Problem};

use crate::config::RevocationConfig;

/// Reads the configured CRLs, and logs each file that cannot be used by name.
pub(crate) fn load_shelf(config: &RevocationConfig, anchors: &[Anchor]) -> CrlShelf {
    let files = CrlFiles {
        directory: config.crl_dir.clone(),
        files: config.crl_files.clone(),
        max_octets: config.max_crl_octets,
    };
    let shelf = CrlShelf::load(files, anchors.to_vec());
    report(&shelf, &[]);
    if shelf.is_empty() {
        tracing::warn!("no CRL was found: every sign-in ends in cannot_check until one arrives");
    }
    shelf
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
        let reloaded = tokio::task::spawn_blocking(move || {
            let shelf = current.crls();
            (!shelf.is_current()).then(|| shelf.reload())
        });
        match reloaded.await {
            Ok(Some(shelf)) => {
                let before: Vec<String> = gateway.crls().problems().iter().map(told).collect();
                report(&shelf, &before);
                tracing::info!("the CRL files changed and were read again");
                gateway.replace_crls(shelf);
            }
            Ok(None) => {}
            Err(error) => tracing::error!(%error, "reloading the CRLs failed; the old ones stay in use"),
        }
    }
}

/// Logs what cannot be used, each thing once.
fn report(shelf: &CrlShelf, before: &[String]) {
    for problem in shelf.problems().iter().map(told).filter(|problem| !before.contains(problem)) {
        tracing::error!(%problem, "a CRL cannot be used");
    }
}

fn told(problem: &Problem) -> String {
    format!("{}: {}", problem.path.display(), problem.error)
}
