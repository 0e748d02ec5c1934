//! Pushed authorization requests: finished by one conditional UPDATE. Those of one client come one after the other, under its
//! lock: how many wait is a rule over rows.

use async_trait::async_trait;

use madoguchi_protocol::Octets;
use madoguchi_storage::{NewPushedRequest, PushedRequest, PushedRequests, PushedWrite, StorageError};

use crate::error::PostgresError;
use crate::locks::Lock;
use crate::store::PostgresStore;
use crate::transaction::{look, transact};
use crate::work::{Work, column, damaged, integer, time};

#[async_trait]
impl PushedRequests for PostgresStore {
    async fn push_request(&self, new: NewPushedRequest) -> Result<PushedWrite, StorageError> {
        let lock = Lock::pushed_requests(&new.municipality, &new.request.client_id);
        transact!(self, &[lock], |work| insert(work, &new))
    }

    async fn find_pushed_request(
        &self,
        municipality: &str,
        hash: Octets<32>,
    ) -> Result<Option<PushedRequest>, StorageError> {
        look!(self, |work| find(work, municipality, hash))
    }

    async fn finish_pushed_request(
        &self,
        municipality: &str,
        hash: Octets<32>,
    ) -> Result<bool, StorageError> {
        transact!(self, &[], |work| finish(work, municipality, hash.0))
    }
}

async fn insert(work: &mut Work, new: &NewPushedRequest) -> Result<PushedWrite, PostgresError> {
    let request = serde_json::to_string(&new.request).map_err(|_| damaged(TABLE, "request"))?;
    // No further than to the bound: what waits beyond it is not looked at.
    let sql = "INSERT INTO pushed_requests (municipality, hash, client_id, request, expires_at)
               SELECT $1, $2, $3, $4, $5
               WHERE (SELECT count(*) FROM (
                          SELECT 1 FROM pushed_requests
                          WHERE municipality = $1 AND client_id = $3 AND NOT finished AND expires_at > $6
                          LIMIT $7) AS waiting) < $7";
    let insert = sqlx::query(sql).bind(&new.municipality).bind(new.hash.0).bind(&new.request.client_id);
    let insert = insert.bind(request).bind(work.after(new.lifetime)).bind(work.now).bind(integer(new.most));
    Ok(if work.execute(insert).await? == 1 { PushedWrite::Done } else { PushedWrite::TooMany })
}

async fn find(
    work: &mut Work,
    municipality: &str,
    hash: Octets<32>,
) -> Result<Option<PushedRequest>, PostgresError> {
    let sql = "SELECT request, expires_at FROM pushed_requests
               WHERE municipality = $1 AND hash = $2 AND NOT finished AND expires_at > $3";
    work.find(sqlx::query(sql).bind(municipality).bind(hash.0).bind(work.now), |row| {
        let request: &str = column(row, TABLE, "request")?;
        Ok(PushedRequest {
            request: serde_json::from_str(request).map_err(|_| damaged(TABLE, "request"))?,
            expires_at: time(row, TABLE, "expires_at")?,
        })
    })
    .await
}

/// Ends a request's use, over or not, and forgets what it asked for. Answers whether this call did.
pub(crate) async fn finish(
    work: &mut Work,
    municipality: &str,
    hash: [u8; 32],
) -> Result<bool, PostgresError> {
    let sql = "UPDATE pushed_requests SET finished = true, request = ''
               WHERE municipality = $1 AND hash = $2 AND NOT finished";
    Ok(work.execute(sqlx::query(sql).bind(municipality).bind(hash)).await? == 1)
}

const TABLE: &str = "pushed_requests";
