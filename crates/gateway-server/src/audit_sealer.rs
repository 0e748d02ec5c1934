//! Keeps the audit log sealed while the gateway runs, and no longer than the configuration says.

use std::sync::Arc;
use std::time::Duration;

use ring::rand::SecureRandom;
use serde_json::json;
use tokio::time::MissedTickBehavior;

use madoguchi_gateway::{AuditLog, AuditLogError, Sealer};
use madoguchi_storage::{Clock, Storage};

use crate::config::AuditConfig;

/// What a sealer is made of.
#[derive(Clone)]
pub(crate) struct AuditSealer {
    pub(crate) storage: Arc<dyn Storage>,
    pub(crate) kek: Arc<Sealer>,
    pub(crate) random: Arc<dyn SecureRandom + Send + Sync>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) config: AuditConfig,
}

impl AuditSealer {
    fn log(&self) -> AuditLog<'_> {
        let (storage, kek, clock) =
            (Arc::clone(&self.storage), Arc::clone(&self.kek), Arc::clone(&self.clock));
        AuditLog::new(storage, kek, &*self.random, clock, u64::from(self.config.checkpoint_records))
    }

    /// Seals within a second, signs checkpoints, forgets addresses and retires what is over, until it is dropped.
    pub(crate) async fn keep_sealing(self) {
        let (log, config, clock) = (self.log(), self.config, &*self.clock);
        tell("the last checkpoints cannot be told", log.tell_last().await);
        let mut interval = tokio::time::interval(SEAL_EVERY);
        interval.set_missed_tick_behavior(MissedTickBehavior::Delay);
        for tick in 0u64.. {
            interval.tick().await;
            if tick.is_multiple_of(LOOK_EVERY_TICKS) {
                tell("the audit logs cannot be looked at", log.look_at_all().await);
                tell("the audit log cannot be swept", sweep(&log, config, clock).await);
            }
            if tick.is_multiple_of(RETIRE_EVERY_TICKS) {
                retire(&log, config, clock).await;
            }
            let (_, sealed) = log.seal().await;
            tell("the audit log cannot be sealed; records wait", sealed);
        }
    }

    /// Seals and signs what is left, at the end of a gateway.
    pub(crate) async fn close(&self) {
        let log = self.log();
        tell("the audit logs cannot be looked at", log.look_at_all().await);
        tell("the end of the audit log cannot be sealed", log.close().await);
    }
}

async fn retire(log: &AuditLog<'_>, config: AuditConfig, clock: &dyn Clock) {
    let Some(before) = config.keep_from(clock.now()) else { return };
    let order = json!({ "keep_days": config.keep_days, "before": before.as_secs() });
    tell("the beginning of an audit log cannot be retired", log.retire_all(before, &order).await);
}

async fn sweep(log: &AuditLog<'_>, config: AuditConfig, clock: &dyn Clock) -> Result<(), AuditLogError> {
    let before = config.addresses_from(clock.now());
    while log.sweep(before, SWEEP_ROWS).await? > 0 {
        tokio::task::yield_now().await;
    }
    Ok(())
}

fn tell(what: &str, result: Result<(), AuditLogError>) {
    if let Err(error) = result {
        tracing::error!(%error, "{what}");
    }
}

const SEAL_EVERY: Duration = Duration::from_millis(500);
const LOOK_EVERY_TICKS: u64 = 120;
/// Every hour.
const RETIRE_EVERY_TICKS: u64 = 120 * 60;
const SWEEP_ROWS: u32 = 1000;
