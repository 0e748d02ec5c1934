//! Deletes what nobody can use any more.

use madoguchi_protocol::ErrorCode;
use madoguchi_storage::AuditKind;

use crate::error::SqliteError;
use crate::rows::{By, find_sign_in};
use crate::sign_ins::record;
use crate::work::{Work, column, integer};

/// A row that another one still needs waits for it: a code for its tokens, so that a second use still revokes them.
pub(crate) fn sweep(work: &Work<'_>, limit: u32) -> Result<u64, SqliteError> {
    let over = work.now.saturating_sub(KEPT_SECONDS);
    let mut left = u64::from(limit);
    tell_never_returned(work, over, limit)?;
    for sql in SWEEPS {
        let gone = work.execute(sql, (over, integer(left)))?;
        left = left.saturating_sub(u64::try_from(gone).unwrap_or(u64::MAX));
    }
    Ok(u64::from(limit) - left)
}

/// A card was proven and nobody came back with it: the last word of such a sign-in, before it goes. It is burned by that, so
/// that it is told once though a limit may keep it for the next sweep.
fn tell_never_returned(work: &Work<'_>, over: i64, limit: u32) -> Result<(), SqliteError> {
    let burned: Vec<(String, [u8; 16])> =
        work.all(BURN, (over, limit, ErrorCode::SignInExpired.as_str()), |row| {
            Ok((column(row, "sign_ins", "municipality")?, column(row, "sign_ins", "id")?))
        })?;
    for (municipality, id) in burned {
        if let Some(sign_in) = find_sign_in(work, &municipality, &[(By::Id, &id)])? {
            record(work, AuditKind::SignInNeverReturned, &sign_in)?;
        }
    }
    Ok(())
}

/// Looks where the sweep of sign-ins looks, in the same order; that one deletes none that was not told.
const BURN: &str = "UPDATE sign_ins SET state = 'burned', code = ?3
     WHERE state = 'proven' AND number IN (
         SELECT number FROM sign_ins WHERE created_at <= ?1 AND expires_at <= ?1 ORDER BY created_at LIMIT ?2)
     RETURNING municipality, id";

const SWEEPS: [&str; 12] = [
    "DELETE FROM pushed_requests WHERE rowid IN (
         SELECT rowid FROM pushed_requests WHERE expires_at <= ?1 ORDER BY expires_at LIMIT ?2)",
    "DELETE FROM replays WHERE rowid IN (
         SELECT rowid FROM replays WHERE until <= ?1 ORDER BY until LIMIT ?2)",
    "DELETE FROM registration_tokens WHERE rowid IN (
         SELECT rowid FROM registration_tokens WHERE expires_at <= ?1 ORDER BY expires_at LIMIT ?2)",
    "DELETE FROM access_tokens WHERE rowid IN (
         SELECT rowid FROM access_tokens WHERE expires_at <= ?1 ORDER BY expires_at LIMIT ?2)",
    "DELETE FROM refresh_tokens WHERE rowid IN (
         SELECT rowid FROM refresh_tokens WHERE expires_at <= ?1 ORDER BY expires_at LIMIT ?2)",
    "DELETE FROM codes WHERE rowid IN (
         SELECT rowid FROM codes WHERE keep_until <= ?1
           AND NOT EXISTS (SELECT 1 FROM access_tokens
                           WHERE access_tokens.municipality = codes.municipality AND code = codes.hash)
           AND NOT EXISTS (SELECT 1 FROM refresh_tokens
                           WHERE refresh_tokens.municipality = codes.municipality AND code = codes.hash)
         ORDER BY keep_until LIMIT ?2)",
    "DELETE FROM sessions WHERE rowid IN (
         SELECT rowid FROM sessions WHERE expires_at <= ?1 ORDER BY expires_at LIMIT ?2)",
    "DELETE FROM sign_ins WHERE number IN (
         SELECT number FROM sign_ins WHERE created_at <= ?1 AND expires_at <= ?1 AND state <> 'proven'
         ORDER BY created_at LIMIT ?2)",
    "DELETE FROM signing_keys WHERE number IN (
         SELECT number FROM signing_keys WHERE state = 'retired' AND published_until <= ?1
         ORDER BY published_until LIMIT ?2)",
    "DELETE FROM kept_revocations WHERE rowid IN (
         SELECT rowid FROM kept_revocations WHERE not_after <= ?1 ORDER BY not_after LIMIT ?2)",
    "DELETE FROM relink_orders WHERE rowid IN (
         SELECT rowid FROM relink_orders WHERE expires_at <= ?1 ORDER BY expires_at LIMIT ?2)",
    "DELETE FROM logout_deliveries WHERE number IN (
         SELECT number FROM logout_deliveries WHERE expires_at <= ?1 ORDER BY expires_at LIMIT ?2)",
];

/// An hour: late requests still get their own answer, and a clock that steps deletes nothing that is in use.
const KEPT_SECONDS: i64 = 60 * 60;

#[cfg(test)]
mod tests {
    use rusqlite::Connection;

    use super::*;
    use crate::schema;

    #[test]
    fn no_sweep_looks_at_a_whole_table() {
        let mut connection = Connection::open_in_memory().expect("a database");
        schema::migrate(&mut connection).expect("the schema");
        for sql in SWEEPS.into_iter().chain([BURN]) {
            let plan = schema::plan(&connection, sql);
            assert!(!plan.contains("SCAN"), "{sql}: {plan}");
        }
        // A code that refresh tokens keep for hours is not looked at by every sweep.
        let codes = SWEEPS.iter().find(|sql| sql.contains("DELETE FROM codes")).expect("a sweep of codes");
        let plan = schema::plan(&connection, codes);
        assert!(plan.contains("SEARCH codes USING INDEX codes_by_end (keep_until<?)"), "{plan}");
    }
}
