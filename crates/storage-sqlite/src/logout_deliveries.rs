//! What services have yet to be told about sessions that ended.

use async_trait::async_trait;

use madoguchi_protocol::Octets;
use madoguchi_storage::{AccountId, LogoutDeliveries, LogoutDelivery, StorageError};

use crate::error::SqliteError;
use crate::store::SqliteStore;
use crate::work::{Work, column, integer};

#[async_trait]
impl LogoutDeliveries for SqliteStore {
    async fn take_deliveries(&self, limit: u32, hold: u64) -> Result<Vec<LogoutDelivery>, StorageError> {
        self.write(move |work| {
            let mut taken = work.all(
                "UPDATE logout_deliveries SET tries = tries + 1, next_at = ?1
                 WHERE number IN (SELECT number FROM logout_deliveries WHERE next_at <= ?2 AND expires_at > ?2
                                  ORDER BY next_at, number LIMIT ?3)
                 RETURNING *",
                (work.after(hold), work.now, limit),
                |row| {
                    Ok(LogoutDelivery {
                        number: column(row, TABLE, "number")?,
                        municipality: column(row, TABLE, "municipality")?,
                        client_id: column(row, TABLE, "client_id")?,
                        account: AccountId(Octets(column(row, TABLE, "account")?)),
                        sid: Octets(column(row, TABLE, "sid")?),
                        tries: column(row, TABLE, "tries")?,
                    })
                },
            )?;
            // RETURNING has no order.
            taken.sort_unstable_by_key(|delivery| delivery.number);
            Ok(taken)
        })
        .await
    }

    async fn put_off_delivery(&self, number: u64, after: u64) -> Result<(), StorageError> {
        self.write(move |work| {
            work.execute(
                "UPDATE logout_deliveries SET next_at = ?1 WHERE number = ?2",
                (work.after(after), integer(number)),
            )?;
            Ok(())
        })
        .await
    }

    async fn end_delivery(&self, number: u64) -> Result<(), StorageError> {
        self.write(move |work| {
            work.execute("DELETE FROM logout_deliveries WHERE number = ?1", (integer(number),))?;
            Ok(())
        })
        .await
    }

    async fn count_deliveries(&self) -> Result<u64, StorageError> {
        self.read(|work| {
            work.count("SELECT count(*) FROM logout_deliveries WHERE expires_at > ?1", (work.now,))
        })
        .await
    }
}

/// Each service of a live session that is about to end is to be told.
pub(crate) fn of_session(work: &Work<'_>, municipality: &str, sid: Octets<16>) -> Result<(), SqliteError> {
    work.execute(
        "INSERT INTO logout_deliveries (municipality, client_id, account, sid, next_at, expires_at)
         SELECT municipality, session_clients.client_id, account, sid, ?3, ?4
         FROM sessions JOIN session_clients USING (municipality, sid)
         WHERE municipality = ?1 AND sid = ?2 AND expires_at > ?3
         ORDER BY session_clients.first_at, session_clients.rowid",
        (municipality, sid.0, work.now, work.after(DAY)),
    )?;
    Ok(())
}

/// Nobody is told of a sign-out on the day after.
const DAY: u64 = 24 * 60 * 60;
const TABLE: &str = "logout_deliveries";
