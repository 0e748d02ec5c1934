//! Pushed authorization requests: finished by one conditional UPDATE.

use async_trait::async_trait;

use madoguchi_protocol::Octets;
use madoguchi_storage::{NewPushedRequest, PushedRequest, PushedRequests, PushedWrite, StorageError};

use crate::error::SqliteError;
use crate::store::SqliteStore;
use crate::work::{Work, column, damaged, integer, time};

#[async_trait]
impl PushedRequests for SqliteStore {
    async fn push_request(&self, new: NewPushedRequest) -> Result<PushedWrite, StorageError> {
        self.write(move |work| insert(work, &new)).await
    }

    async fn find_pushed_request(
        &self,
        municipality: &str,
        hash: Octets<32>,
    ) -> Result<Option<PushedRequest>, StorageError> {
        self.point(|work| find(work, municipality, hash))
    }

    async fn finish_pushed_request(
        &self,
        municipality: &str,
        hash: Octets<32>,
    ) -> Result<bool, StorageError> {
        let municipality = municipality.to_owned();
        self.write(move |work| finish(work, &municipality, hash.0)).await
    }
}

fn insert(work: &Work<'_>, new: &NewPushedRequest) -> Result<PushedWrite, SqliteError> {
    let client_id = &new.request.client_id;
    // No further than to the bound: what waits beyond it is not looked at.
    let waiting = work.count(
        "SELECT count(*) FROM (SELECT 1 FROM pushed_requests
                               WHERE municipality = ?1 AND client_id = ?2 AND finished = 0 AND expires_at > ?3 LIMIT ?4)",
        (&new.municipality, client_id, work.now, integer(new.most)),
    )?;
    if waiting >= new.most {
        return Ok(PushedWrite::TooMany);
    }
    let request = serde_json::to_string(&new.request).map_err(|_| damaged(TABLE, "request"))?;
    work.execute(
        "INSERT INTO pushed_requests (municipality, hash, client_id, request, expires_at) VALUES (?1, ?2, ?3, ?4, ?5)",
        (&new.municipality, new.hash.0, client_id, request, work.after(new.lifetime)),
    )?;
    Ok(PushedWrite::Done)
}

fn find(work: &Work<'_>, municipality: &str, hash: Octets<32>) -> Result<Option<PushedRequest>, SqliteError> {
    work.find(
        "SELECT request, expires_at FROM pushed_requests
         WHERE municipality = ?1 AND hash = ?2 AND finished = 0 AND expires_at > ?3",
        (municipality, hash.0, work.now),
        |row| {
            let request: String = column(row, TABLE, "request")?;
            Ok(PushedRequest {
                request: serde_json::from_str(&request).map_err(|_| damaged(TABLE, "request"))?,
                expires_at: time(row, TABLE, "expires_at")?,
            })
        },
    )
}

/// Ends a request's use, over or not, and forgets what it asked for. Answers whether this call did.
pub(crate) fn finish(work: &Work<'_>, municipality: &str, hash: [u8; 32]) -> Result<bool, SqliteError> {
    let finished = work.execute(
        "UPDATE pushed_requests SET finished = 1, request = ''
         WHERE municipality = ?1 AND hash = ?2 AND finished = 0",
        (municipality, hash),
    )?;
    Ok(finished == 1)
}

const TABLE: &str = "pushed_requests";
