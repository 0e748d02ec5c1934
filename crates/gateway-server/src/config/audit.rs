//! `[audit]`.

use std::time::Duration;

use rustls_pki_types::UnixTime;
use serde::Deserialize;

use crate::ServerError;

/// `[audit]`.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AuditConfig {
    /// Days that records are kept; for ever when absent.
    pub keep_days: Option<u32>,
    /// Days that a sign-in's record keeps the browser's address; 0 keeps none.
    pub address_days: u32,
    /// A checkpoint is signed after so many records, and every minute.
    pub checkpoint_records: u32,
}

impl Default for AuditConfig {
    fn default() -> Self {
        Self { keep_days: None, address_days: 0, checkpoint_records: 1000 }
    }
}

impl AuditConfig {
    pub(super) fn check(self) -> Result<(), ServerError> {
        if self.keep_days == Some(0) {
            return Err(ServerError::value("audit.keep_days", "at least 1; leave it out to keep everything"));
        }
        if self.checkpoint_records == 0 {
            return Err(ServerError::value("audit.checkpoint_records", "at least 1"));
        }
        Ok(())
    }

    /// Records before this moment are retired.
    pub(crate) fn keep_from(self, now: UnixTime) -> Option<UnixTime> {
        self.keep_days.map(|days| days_before(now, days))
    }

    /// Records before this moment forget their addresses.
    pub(crate) fn addresses_from(self, now: UnixTime) -> UnixTime {
        days_before(now, self.address_days)
    }
}

fn days_before(now: UnixTime, days: u32) -> UnixTime {
    UnixTime::since_unix_epoch(Duration::from_secs(now.as_secs().saturating_sub(u64::from(days) * 86_400)))
}
