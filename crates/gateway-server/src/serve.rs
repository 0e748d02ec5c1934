//! `madoguchi serve`.

use std::sync::Arc;
use std::time::Duration;

use ring::rand::SecureRandom;
use tokio::signal::unix::{SignalKind, signal};

use madoguchi_gateway::{Gateway, router};
use madoguchi_storage::Clock;

use crate::build::{Built, build};
use crate::config::Config;
use crate::crl_reload::Refreshing;
use crate::key_maker::keep_keys;
use crate::listen::{Listener, Shutdown};
use crate::logout_sender::{HttpLogoutSender, SERVICE_TIMEOUT, keep_sending};
use crate::{ServerError, operations};

/// Serves until SIGTERM or SIGINT. `ready` is called once with the address when connections are accepted.
pub async fn serve(
    config: Config,
    clock: Arc<dyn Clock>,
    random: Arc<dyn SecureRandom + Send + Sync>,
    ready: impl FnOnce(std::net::SocketAddr),
) -> Result<(), ServerError> {
    let Built { gateway, refresher, watched, audit } = build(&config, Arc::clone(&clock), random).await?;
    let (listener, shutdown) = Listener::bind(config.listen, config.tls.as_ref())?;
    let address = listener.address().unwrap_or(config.listen);
    let mut shutdowns = vec![shutdown];
    let watching = match &config.operations {
        Some(operations) => {
            let (listener, shutdown) = Listener::bind(operations.listen, None)?;
            shutdowns.push(shutdown);
            Some(tokio::spawn(listener.serve(operations::router(watched))))
        }
        None => None,
    };
    if config.trust.danger_test_trust {
        tracing::warn!("danger_test_trust: cards of a test authority are accepted, and every page says so");
    }
    let every = Duration::from_secs(config.revocation.reload_seconds);
    let private_networks = config.backchannel_private_networks;
    let max_age = config.revocation.max_age();
    let start = |refresher| Refreshing::start(refresher, clock, every, Some(max_age));
    let refreshing = refresher.map(start).transpose()?;
    let sweeping = tokio::spawn(keep_sweeping(gateway.clone()));
    let sender = Arc::new(HttpLogoutSender::new(SERVICE_TIMEOUT, private_networks));
    let telling = tokio::spawn(keep_sending(gateway.clone(), sender));
    let registry = tokio::spawn(keep_registry(gateway.clone()));
    let keys = tokio::spawn(keep_keys(gateway.clone()));
    let sealing = tokio::spawn(audit.clone().keep_sealing(gateway.clone()));
    tokio::spawn(async move {
        wait_for_end().await;
        shutdowns.iter().for_each(Shutdown::now);
    });
    ready(address);
    listener.serve(router(gateway.clone())).await;
    if let Some(watching) = watching {
        watching.abort();
    }
    drop(refreshing);
    sweeping.abort();
    telling.abort();
    registry.abort();
    keys.abort();
    sealing.abort();
    audit.close(&gateway).await;
    Ok(())
}

/// Deletes what is over, a little at a time.
async fn keep_sweeping(gateway: Gateway) {
    let mut interval = tokio::time::interval(SWEEP_EVERY);
    loop {
        interval.tick().await;
        // A little at a time, so that a sign-in never waits long for the writer, until nothing is left.
        loop {
            match gateway.sweep(SWEEP_ROWS).await {
                Ok(swept) if swept >= u64::from(SWEEP_ROWS) => tokio::task::yield_now().await,
                Ok(_) => break,
                Err(error) => {
                    tracing::error!(%error, "sweeping failed");
                    break;
                }
            }
        }
    }
}

/// Sees what operators changed: a client that was disabled stops within this time.
async fn keep_registry(gateway: Gateway) {
    let mut interval = tokio::time::interval(REGISTRY_EVERY);
    loop {
        interval.tick().await;
        gateway.refresh().await;
    }
}

pub(crate) async fn wait_for_end() {
    let (Ok(mut term), Ok(mut int)) = (signal(SignalKind::terminate()), signal(SignalKind::interrupt()))
    else {
        tracing::error!("signals cannot be waited for; end the program by SIGKILL");
        return std::future::pending().await;
    };
    tokio::select! {
        _ = term.recv() => {}
        _ = int.recv() => {}
    }
}

const REGISTRY_EVERY: Duration = Duration::from_secs(2);
const SWEEP_EVERY: Duration = Duration::from_mins(1);
const SWEEP_ROWS: u32 = 1000;
