//! `madoguchi serve`.

use std::sync::Arc;
use std::time::Duration;

use ring::rand::SecureRandom;
use tokio::signal::unix::{Signal, SignalKind, signal};

use madoguchi_gateway::{Gateway, router};
use madoguchi_storage::Clock;

use crate::build::{Built, build};
use crate::config::Config;
use crate::crl_reload::Refreshing;
use crate::key_maker::keep_keys;
use crate::listen::Listener;
use crate::logout_sender::{HttpLogoutSender, SERVICE_TIMEOUT, keep_sending};
use crate::{ServerError, operations};

/// Serves until SIGTERM or SIGINT. `ready` is called once with the address when connections are accepted.
pub async fn serve(
    config: Config,
    clock: Arc<dyn Clock>,
    random: Arc<dyn SecureRandom + Send + Sync>,
    ready: impl FnOnce(std::net::SocketAddr),
) -> Result<(), ServerError> {
    let Built { gateway, health, backend, refresher, watched, audit } =
        build(&config, Arc::clone(&clock), random).await?;
    let (listener, shutdown) = Listener::bind(config.listen, config.tls.as_ref())?;
    let address = listener.address().unwrap_or(config.listen);
    let watching = match &config.operations {
        Some(operations) => {
            let (listener, shutdown) = Listener::bind(operations.listen, None)?;
            // It answers until the last request of a resident has ended.
            Some((tokio::spawn(listener.serve(operations::router(watched))), shutdown))
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
    let sealing = tokio::spawn(audit.clone().keep_sealing());
    let looking = tokio::spawn(health.clone().keep_looking(backend.clone()));
    let router = router(gateway.clone()).merge(health.ready_router());
    let notice = Duration::from_secs(config.drain_seconds);
    // Before anybody is told that it is ready.
    let mut ends = EndSignals::listen();
    tokio::spawn(async move {
        ends.wait().await;
        tracing::info!(seconds = notice.as_secs(), "told to end: this node is not ready any more");
        health.drain();
        shutdown.soon();
        // Whoever orders it twice does not want to wait.
        tokio::select! {
            () = tokio::time::sleep(notice) => {}
            () = ends.wait() => {}
        }
        shutdown.now();
    });
    ready(address);
    listener.serve(router).await;
    if let Some((watching, _)) = watching {
        watching.abort();
    }
    looking.abort();
    drop(refreshing);
    sweeping.abort();
    telling.abort();
    registry.abort();
    keys.abort();
    sealing.abort();
    audit.close().await;
    backend.settle().await;
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

/// Waits for the order to end.
pub(crate) async fn wait_for_end() {
    EndSignals::listen().wait().await;
}

/// The orders to end, from the moment that somebody listens: before that they end the program at once.
struct EndSignals(Option<(Signal, Signal)>);

impl EndSignals {
    fn listen() -> Self {
        let both =
            signal(SignalKind::terminate()).and_then(|term| Ok((term, signal(SignalKind::interrupt())?)));
        if let Err(error) = &both {
            tracing::error!(%error, "signals cannot be waited for; end the program by SIGKILL");
        }
        Self(both.ok())
    }

    async fn wait(&mut self) {
        let Some((term, int)) = &mut self.0 else { return std::future::pending().await };
        tokio::select! {
            _ = term.recv() => {}
            _ = int.recv() => {}
        }
    }
}

const REGISTRY_EVERY: Duration = Duration::from_secs(2);
const SWEEP_EVERY: Duration = Duration::from_mins(1);
const SWEEP_ROWS: u32 = 1000;
