//! Whether an answer still counts (RFC 6960 sections 2.4, 3.2 and 4.2.2.1).

use rustls_pki_types::UnixTime;

use crate::SourceTimes;
use crate::ocsp::{OcspError, OcspSettings};

/// producedAt and thisUpdate are not to come, nextUpdate is not past, and thisUpdate is not older than the limit.
pub(crate) fn is_fresh(times: &SourceTimes, settings: &OcspSettings, now: UnixTime) -> Result<(), OcspError> {
    let skew = settings.skew.as_secs();
    let latest = now.as_secs().saturating_add(skew);
    let SourceTimes { this_update, next_update, produced_at } = *times;
    if let Some(produced_at) = produced_at.filter(|produced_at| produced_at.as_secs() > latest) {
        return Err(OcspError::ProducedInFuture { now, produced_at });
    }
    if this_update.as_secs() > latest {
        return Err(OcspError::NotYetValid { now, this_update });
    }
    if let Some(next_update) = next_update {
        if next_update < this_update {
            return Err(OcspError::TimesReversed { this_update, next_update });
        }
        if now.as_secs() > next_update.as_secs().saturating_add(skew) {
            return Err(OcspError::Expired { now, next_update });
        }
    }
    if let Some(limit) = settings.max_age {
        let last = this_update.as_secs().saturating_add(limit.as_secs()).saturating_add(skew);
        if now.as_secs() > last {
            return Err(OcspError::TooOld { now, this_update });
        }
    }
    Ok(())
}
