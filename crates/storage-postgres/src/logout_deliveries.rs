//! What services have yet to be told about sessions that ended.
//!
//! Senders take one after the other, under a lock: how many of a service are under way is a rule over rows. A service's row
//! stays for good. There is one for each client at most, and one that went away could miss a delivery that is being written.

use async_trait::async_trait;
use sqlx::postgres::PgRow;

use madoguchi_protocol::Octets;
use madoguchi_storage::{AccountId, LogoutDeliveries, LogoutDelivery, PutOff, StorageError};

use crate::error::PostgresError;
use crate::locks::Lock;
use crate::store::PostgresStore;
use crate::transaction::{look, transact};
use crate::work::{Work, column, damaged, integer, number};

#[async_trait]
impl LogoutDeliveries for PostgresStore {
    async fn take_deliveries(
        &self,
        limit: u32,
        places: u32,
        hold: u64,
    ) -> Result<Vec<LogoutDelivery>, StorageError> {
        // Most of the time nothing is due, and no sender keeps another waiting over it.
        if !look!(self, |work| any_due(work))? {
            return Ok(Vec::new());
        }
        transact!(self, &[Lock::deliveries()], |work| take(work, limit, places, hold))
    }

    async fn put_off_delivery(&self, number: u64, after: u64, what: PutOff) -> Result<(), StorageError> {
        transact!(self, &[], |work| put_off(work, number, after, what))
    }

    async fn end_delivery(&self, number: u64) -> Result<(), StorageError> {
        transact!(self, &[], |work| end(work, number))
    }

    async fn count_deliveries(&self) -> Result<u64, StorageError> {
        look!(self, |work| count(work))
    }
}

async fn any_due(work: &mut Work) -> Result<bool, PostgresError> {
    let sql = "SELECT 1 FROM logout_deliveries WHERE next_at <= $1 AND expires_at > $1 LIMIT 1";
    Ok(work.find(sqlx::query(sql).bind(work.now), |_| Ok(())).await?.is_some())
}

async fn take(
    work: &mut Work,
    limit: u32,
    places: u32,
    hold: u64,
) -> Result<Vec<LogoutDelivery>, PostgresError> {
    // Each service has the places that are not taken, and whoever was served goes to the end of the line.
    let sql = "
        WITH services AS (
            SELECT municipality, client_id, row_number() OVER (ORDER BY turn, number) AS place,
                   $3 - (SELECT count(*) FROM logout_deliveries AS held
                         WHERE held.municipality = logout_services.municipality
                           AND held.client_id = logout_services.client_id AND held.held AND held.next_at > $1) AS free
            FROM logout_services WHERE next_at <= $1
        ), due AS (
            SELECT next.number, services.place
            FROM services CROSS JOIN LATERAL (
                SELECT number, next_at FROM logout_deliveries
                WHERE municipality = services.municipality AND client_id = services.client_id
                  AND next_at <= $1 AND expires_at > $1
                ORDER BY next_at, number LIMIT greatest(services.free, 0)
            ) AS next
            ORDER BY services.place, next.next_at, next.number LIMIT $2
        ), taken AS (
            UPDATE logout_deliveries SET tries = tries + 1, held = true, next_at = $4
            FROM due WHERE logout_deliveries.number = due.number AND logout_deliveries.next_at <= $1
            RETURNING logout_deliveries.*, due.place
        ), served AS (
            UPDATE logout_services
            SET turn = (SELECT max(turn) FROM logout_services) + (
                SELECT min(place) FROM taken WHERE taken.municipality = logout_services.municipality
                                               AND taken.client_id = logout_services.client_id)
            WHERE (municipality, client_id) IN (SELECT municipality, client_id FROM taken)
        )
        SELECT * FROM taken ORDER BY place, number";
    let query = sqlx::query(sql).bind(work.now).bind(i64::from(limit)).bind(i64::from(places));
    work.all(query.bind(work.after(hold)), read).await
}

async fn put_off(work: &mut Work, number: u64, after: u64, what: PutOff) -> Result<(), PostgresError> {
    let next_at = work.after(after);
    let put_off = sqlx::query("UPDATE logout_deliveries SET next_at = $1, held = false WHERE number = $2");
    work.execute(put_off.bind(next_at).bind(integer(number))).await?;
    if what == PutOff::Service {
        let sql = "UPDATE logout_services SET next_at = $1 FROM logout_deliveries AS delivery
                   WHERE delivery.number = $2 AND delivery.municipality = logout_services.municipality
                     AND delivery.client_id = logout_services.client_id";
        work.execute(sqlx::query(sql).bind(next_at).bind(integer(number))).await?;
    }
    Ok(())
}

async fn end(work: &mut Work, number: u64) -> Result<(), PostgresError> {
    let delete = sqlx::query("DELETE FROM logout_deliveries WHERE number = $1");
    work.execute(delete.bind(integer(number))).await.map(drop)
}

async fn count(work: &mut Work) -> Result<u64, PostgresError> {
    let sql = "SELECT count(*) FROM logout_deliveries WHERE expires_at > $1";
    let count = sqlx::query(sql).bind(work.now);
    work.count(count).await
}

/// Each service of a live session that is about to end is to be told.
pub(crate) async fn of_session(
    work: &mut Work,
    municipality: &str,
    sid: Octets<16>,
) -> Result<(), PostgresError> {
    let sql = "
        WITH told AS (
            SELECT session_clients.client_id, sessions.account, session_clients.number
            FROM sessions JOIN session_clients USING (municipality, sid)
            WHERE municipality = $1 AND sid = $2 AND expires_at > $3
        ), services AS (
            INSERT INTO logout_services (municipality, client_id, next_at)
            SELECT $1, client_id, $3 FROM told ORDER BY number
            ON CONFLICT DO NOTHING
        )
        INSERT INTO logout_deliveries (municipality, client_id, account, sid, next_at, expires_at)
        SELECT $1, client_id, account, $2, $3, $4 FROM told ORDER BY number";
    let insert = sqlx::query(sql).bind(municipality).bind(sid.0).bind(work.now).bind(work.after(DAY));
    work.execute(insert).await.map(drop)
}

fn read(row: &PgRow) -> Result<LogoutDelivery, PostgresError> {
    let tries: i32 = column(row, TABLE, "tries")?;
    Ok(LogoutDelivery {
        number: number(row, TABLE, "number")?,
        municipality: column(row, TABLE, "municipality")?,
        client_id: column(row, TABLE, "client_id")?,
        account: AccountId(Octets(column(row, TABLE, "account")?)),
        sid: Octets(column(row, TABLE, "sid")?),
        tries: u32::try_from(tries).map_err(|_| damaged(TABLE, "tries"))?,
    })
}

/// Nobody is told of a sign-out on the day after.
const DAY: u64 = 24 * 60 * 60;
const TABLE: &str = "logout_deliveries";
