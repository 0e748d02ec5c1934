//! What works once.

use async_trait::async_trait;

use madoguchi_protocol::Octets;
use madoguchi_storage::{ReplayKind, Replays, StorageError};

use crate::store::SqliteStore;
use crate::work::integer;

#[async_trait]
impl Replays for SqliteStore {
    async fn use_once(
        &self,
        municipality: &str,
        kind: ReplayKind,
        key: Octets<32>,
        until: u64,
    ) -> Result<bool, StorageError> {
        let municipality = municipality.to_owned();
        self.write(move |work| {
            let until = integer(until);
            if until <= work.now {
                return Ok(false);
            }
            // A key whose time is over is as good as forgotten, whether or not a sweep has passed.
            let written = work.execute(
                "INSERT INTO replays (municipality, kind, key, until) VALUES (?1, ?2, ?3, ?4)
                 ON CONFLICT (municipality, kind, key) DO UPDATE SET until = excluded.until
                 WHERE replays.until <= ?5",
                (&municipality, kind.as_str(), key.0, until, work.now),
            )?;
            Ok(written == 1)
        })
        .await
    }
}
