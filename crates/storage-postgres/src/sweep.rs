//! Deletes what nobody can use any more. It waits for nobody and nobody waits long for it: rows that somebody holds are
//! passed over, and several nodes may sweep at once.

use madoguchi_protocol::ErrorCode;
use madoguchi_storage::{AuditKind, StorageError};

use crate::error::PostgresError;
use crate::rows;
use crate::sign_ins::record;
use crate::store::PostgresStore;
use crate::transaction::transact;
use crate::work::{Work, integer};

/// A row that another one still needs waits for it: a code for its tokens, so that a second use still revokes them.
/// Each table is a transaction of its own: one that takes too long keeps no other from being swept.
pub(crate) async fn sweep(store: &PostgresStore, limit: u32) -> Result<u64, StorageError> {
    let mut left = u64::from(limit);
    let mut failed = transact!(store, &[], |work| tell_never_returned(work, limit)).err();
    for sql in SWEEPS {
        if left == 0 {
            break;
        }
        match transact!(store, &[], |work| delete(work, sql, left)) {
            Ok(gone) => left = left.saturating_sub(gone),
            Err(error) => failed = failed.or(Some(error)),
        }
    }
    failed.map_or(Ok(u64::from(limit) - left), Err)
}

async fn delete(work: &mut Work, sql: &'static str, most: u64) -> Result<u64, PostgresError> {
    let over = work.now.saturating_sub(KEPT_SECONDS);
    work.execute(sqlx::query(sql).bind(over).bind(integer(most))).await
}

/// A card was proven and nobody came back with it: the last word of such a sign-in, before it goes. It is burned by that,
/// so that it is told once though a limit may keep it for the next sweep.
async fn tell_never_returned(work: &mut Work, limit: u32) -> Result<(), PostgresError> {
    let now = work.now;
    let over = now.saturating_sub(KEPT_SECONDS);
    let query = sqlx::query(
        "UPDATE sign_ins SET state = 'burned', code = $3
         WHERE ctid = ANY (ARRAY(
             SELECT ctid FROM sign_ins WHERE state = 'proven' AND expires_at <= $1
             ORDER BY expires_at LIMIT $2 FOR UPDATE SKIP LOCKED))
         RETURNING *",
    );
    let query = query.bind(over).bind(i64::from(limit)).bind(ErrorCode::SignInExpired.as_str());
    for sign_in in work.all(query, |row| rows::read(row, now)).await? {
        record(work, AuditKind::SignInNeverReturned, &sign_in).await?;
    }
    Ok(())
}

const SWEEPS: [&str; 12] = [
    "DELETE FROM pushed_requests WHERE ctid = ANY (ARRAY(
         SELECT ctid FROM pushed_requests WHERE expires_at <= $1
         ORDER BY expires_at LIMIT $2 FOR UPDATE SKIP LOCKED))",
    "DELETE FROM replays WHERE ctid = ANY (ARRAY(
         SELECT ctid FROM replays WHERE until <= $1 ORDER BY until LIMIT $2 FOR UPDATE SKIP LOCKED))",
    "DELETE FROM registration_tokens WHERE ctid = ANY (ARRAY(
         SELECT ctid FROM registration_tokens WHERE expires_at <= $1
         ORDER BY expires_at LIMIT $2 FOR UPDATE SKIP LOCKED))",
    "DELETE FROM access_tokens WHERE ctid = ANY (ARRAY(
         SELECT ctid FROM access_tokens WHERE expires_at <= $1
         ORDER BY expires_at LIMIT $2 FOR UPDATE SKIP LOCKED))",
    "DELETE FROM refresh_tokens WHERE ctid = ANY (ARRAY(
         SELECT ctid FROM refresh_tokens WHERE expires_at <= $1
         ORDER BY expires_at LIMIT $2 FOR UPDATE SKIP LOCKED))",
    "DELETE FROM codes WHERE ctid = ANY (ARRAY(
         SELECT ctid FROM codes WHERE keep_until <= $1
           AND NOT EXISTS (SELECT 1 FROM access_tokens
                           WHERE access_tokens.municipality = codes.municipality AND code = codes.hash)
           AND NOT EXISTS (SELECT 1 FROM refresh_tokens
                           WHERE refresh_tokens.municipality = codes.municipality AND code = codes.hash)
         ORDER BY keep_until LIMIT $2 FOR UPDATE SKIP LOCKED))",
    "DELETE FROM sessions WHERE ctid = ANY (ARRAY(
         SELECT ctid FROM sessions WHERE expires_at <= $1
         ORDER BY expires_at LIMIT $2 FOR UPDATE SKIP LOCKED))",
    "DELETE FROM sign_ins WHERE ctid = ANY (ARRAY(
         SELECT ctid FROM sign_ins WHERE expires_at <= $1 AND state <> 'proven'
         ORDER BY expires_at LIMIT $2 FOR UPDATE SKIP LOCKED))",
    "DELETE FROM signing_keys WHERE ctid = ANY (ARRAY(
         SELECT ctid FROM signing_keys WHERE state = 'retired' AND published_until <= $1
         ORDER BY published_until LIMIT $2 FOR UPDATE SKIP LOCKED))",
    "DELETE FROM kept_revocations WHERE ctid = ANY (ARRAY(
         SELECT ctid FROM kept_revocations WHERE not_after <= $1
         ORDER BY not_after LIMIT $2 FOR UPDATE SKIP LOCKED))",
    "DELETE FROM relink_orders WHERE ctid = ANY (ARRAY(
         SELECT ctid FROM relink_orders WHERE expires_at <= $1
         ORDER BY expires_at LIMIT $2 FOR UPDATE SKIP LOCKED))",
    "DELETE FROM logout_deliveries WHERE ctid = ANY (ARRAY(
         SELECT ctid FROM logout_deliveries WHERE expires_at <= $1
         ORDER BY expires_at LIMIT $2 FOR UPDATE SKIP LOCKED))",
];

/// An hour: late requests still get their own answer, and a clock that steps deletes nothing that is in use.
const KEPT_SECONDS: i64 = 60 * 60;
