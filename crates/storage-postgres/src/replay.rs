//! What works once: one statement that inserts, or takes over a row whose time is over.

use async_trait::async_trait;

use madoguchi_protocol::Octets;
use madoguchi_storage::{ReplayKind, Replays, StorageError};

use crate::error::PostgresError;
use crate::store::PostgresStore;
use crate::transaction::transact;
use crate::work::{Work, integer};

#[async_trait]
impl Replays for PostgresStore {
    async fn use_once(
        &self,
        municipality: &str,
        kind: ReplayKind,
        key: Octets<32>,
        until: u64,
    ) -> Result<bool, StorageError> {
        transact!(self, &[], |work| use_once(work, municipality, kind, key, integer(until)))
    }
}

async fn use_once(
    work: &mut Work,
    municipality: &str,
    kind: ReplayKind,
    key: Octets<32>,
    until: i64,
) -> Result<bool, PostgresError> {
    if until <= work.now {
        return Ok(false);
    }
    // A key whose time is over is as good as forgotten, whether or not a sweep has passed.
    let sql = "INSERT INTO replays (municipality, kind, key, until) VALUES ($1, $2, $3, $4)
               ON CONFLICT (municipality, kind, key) DO UPDATE SET until = excluded.until
               WHERE replays.until <= $5";
    let written =
        sqlx::query(sql).bind(municipality).bind(kind.as_str()).bind(key.0).bind(until).bind(work.now);
    Ok(work.execute(written).await? == 1)
}
