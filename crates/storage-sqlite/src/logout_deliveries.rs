//! What services have yet to be told about sessions that ended.

use async_trait::async_trait;

use madoguchi_protocol::Octets;
use madoguchi_storage::{AccountId, LogoutDeliveries, LogoutDelivery, PutOff, StorageError};

use crate::error::SqliteError;
use crate::store::SqliteStore;
use crate::work::{Work, column, integer};

#[async_trait]
impl LogoutDeliveries for SqliteStore {
    async fn take_deliveries(
        &self,
        limit: u32,
        places: u32,
        hold: u64,
    ) -> Result<Vec<LogoutDelivery>, StorageError> {
        self.write(move |work| {
            let services = work.all(
                "SELECT municipality, client_id FROM logout_services WHERE next_at <= ?1
                 ORDER BY turn, rowid",
                (work.now,),
                |row| {
                    Ok((
                        column(row, "logout_services", "municipality")?,
                        column(row, "logout_services", "client_id")?,
                    ))
                },
            )?;
            let mut taken = Vec::new();
            for (municipality, client_id) in services {
                let left = u64::from(limit).saturating_sub(u64::try_from(taken.len()).unwrap_or(u64::MAX));
                if left == 0 {
                    break;
                }
                let service = Service { work, municipality, client_id };
                let free = u64::from(places).saturating_sub(service.under_way()?);
                let of_service = service.take(free.min(left), hold)?;
                if of_service.is_empty() {
                    service.forget_if_done()?;
                } else {
                    service.last_in_line()?;
                }
                taken.extend(of_service);
            }
            Ok(taken)
        })
        .await
    }

    async fn put_off_delivery(&self, number: u64, after: u64, what: PutOff) -> Result<(), StorageError> {
        self.write(move |work| {
            work.execute(
                "UPDATE logout_deliveries SET next_at = ?1, held = 0 WHERE number = ?2",
                (work.after(after), integer(number)),
            )?;
            if what == PutOff::Service {
                work.execute(
                    "UPDATE logout_services SET next_at = ?1
                     WHERE (municipality, client_id) IN (SELECT municipality, client_id FROM logout_deliveries WHERE number = ?2)",
                    (work.after(after), integer(number)),
                )?;
            }
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

/// A service that is to be told something.
struct Service<'a> {
    work: &'a Work<'a>,
    municipality: String,
    client_id: String,
}

impl Service<'_> {
    /// Tries whose end nobody has told yet.
    fn under_way(&self) -> Result<u64, SqliteError> {
        self.work.count(
            "SELECT count(*) FROM logout_deliveries
             WHERE municipality = ?1 AND client_id = ?2 AND held = 1 AND next_at > ?3",
            (&self.municipality, &self.client_id, self.work.now),
        )
    }

    fn take(&self, limit: u64, hold: u64) -> Result<Vec<LogoutDelivery>, SqliteError> {
        let mut taken = self.work.all(
            "UPDATE logout_deliveries SET tries = tries + 1, held = 1, next_at = ?3
             WHERE number IN (SELECT number FROM logout_deliveries
                              WHERE municipality = ?1 AND client_id = ?2 AND next_at <= ?4 AND expires_at > ?4
                              ORDER BY next_at, number LIMIT ?5)
             RETURNING *",
            (&self.municipality, &self.client_id, self.work.after(hold), self.work.now, integer(limit)),
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
    }

    /// The others come before it next time.
    fn last_in_line(&self) -> Result<(), SqliteError> {
        self.work
            .execute(
                "UPDATE logout_services SET turn = (SELECT max(turn) + 1 FROM logout_services)
                 WHERE municipality = ?1 AND client_id = ?2",
                (&self.municipality, &self.client_id),
            )
            .map(drop)
    }

    fn forget_if_done(&self) -> Result<(), SqliteError> {
        self.work
            .execute(
                "DELETE FROM logout_services AS service WHERE municipality = ?1 AND client_id = ?2
                   AND NOT EXISTS (SELECT 1 FROM logout_deliveries
                                   WHERE municipality = service.municipality AND client_id = service.client_id)",
                (&self.municipality, &self.client_id),
            )
            .map(drop)
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
    work.execute(
        "INSERT INTO logout_services (municipality, client_id, next_at)
         SELECT municipality, session_clients.client_id, ?3
         FROM sessions JOIN session_clients USING (municipality, sid)
         WHERE municipality = ?1 AND sid = ?2 AND expires_at > ?3
         ORDER BY session_clients.first_at, session_clients.rowid
         ON CONFLICT DO NOTHING",
        (municipality, sid.0, work.now),
    )?;
    Ok(())
}

/// Nobody is told of a sign-out on the day after.
const DAY: u64 = 24 * 60 * 60;
const TABLE: &str = "logout_deliveries";
