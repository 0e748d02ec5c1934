//! Refresh tokens. One that gives another is used up by one conditional UPDATE; revoked ones are deleted.

use async_trait::async_trait;

use madoguchi_protocol::Octets;
use madoguchi_storage::{
    AccountId, AuditKind, NewAccessToken, NewAudit, NewRefreshToken, REFRESH_GRACE_SECONDS,
    RefreshTokenRecord, RefreshTokens, RefreshUse, StorageError,
};

use crate::audit;
use crate::codes::{delete_tokens, grant, insert_access_token, key, session_facts};
use crate::error::SqliteError;
use crate::store::SqliteStore;
use crate::work::{Work, column, damaged, integer, time};

#[async_trait]
impl RefreshTokens for SqliteStore {
    async fn find_refresh_token(
        &self,
        municipality: &str,
        hash: Octets<32>,
    ) -> Result<Option<RefreshTokenRecord>, StorageError> {
        self.point(|work| find(work, municipality, hash))
    }

    async fn use_refresh_token(
        &self,
        municipality: &str,
        hash: Octets<32>,
        access: NewAccessToken,
        successor: Option<NewRefreshToken>,
    ) -> Result<RefreshUse, StorageError> {
        let municipality = municipality.to_owned();
        self.write(move |work| {
            let Some(token) = live(work, &municipality, hash)? else { return Ok(RefreshUse::NotFound) };
            let given = Given { work, municipality: &municipality, hash, token };
            given.used(&access, successor.as_ref())
        })
        .await
    }

    async fn revoke_token(
        &self,
        municipality: &str,
        client_id: &str,
        access_hash: Octets<32>,
        refresh_hash: Octets<32>,
    ) -> Result<bool, StorageError> {
        let (municipality, client_id) = (municipality.to_owned(), client_id.to_owned());
        self.write(move |work| {
            let revoked = work.execute(
                "DELETE FROM access_tokens WHERE municipality = ?1 AND hash = ?2 AND expires_at > ?4
                   AND EXISTS (SELECT 1 FROM codes WHERE municipality = ?1 AND codes.hash = code
                                 AND json_extract(code_grant, '$.client_id') = ?3)",
                (&municipality, access_hash.0, &client_id, work.now),
            )?;
            if revoked == 1 {
                return Ok(true);
            }
            let Some(token) = live(work, &municipality, refresh_hash)? else { return Ok(false) };
            let own = token.client_id == client_id;
            if own {
                delete_tokens(work, &municipality, token.code)?;
            }
            Ok(own)
        })
        .await
    }
}

/// The refresh token that a code gives. It ends with the code's session; without a live one there is none.
pub(crate) fn insert_first(
    work: &Work<'_>,
    municipality: &str,
    code: Octets<32>,
    token: &NewRefreshToken,
) -> Result<(), SqliteError> {
    work.execute(
        "INSERT INTO refresh_tokens (municipality, hash, code, jkt, expires_at)
         SELECT ?1, ?3, codes.hash, ?4, sessions.expires_at FROM codes JOIN sessions USING (municipality, sid)
         WHERE codes.municipality = ?1 AND codes.hash = ?2 AND sessions.expires_at > ?5",
        (municipality, code.0, token.hash.0, token.key.map(|key| key.0), work.now),
    )?;
    Ok(())
}

fn find(
    work: &Work<'_>,
    municipality: &str,
    hash: Octets<32>,
) -> Result<Option<RefreshTokenRecord>, SqliteError> {
    let sql = format!(
        "SELECT codes.code_grant, sessions.*, refresh_tokens.jkt, refresh_tokens.used_at IS NOT NULL AS used,
                refresh_tokens.expires_at AS ends
         {LIVE}"
    );
    work.find(&sql, (municipality, hash.0, work.now), |row| {
        Ok(RefreshTokenRecord {
            municipality: municipality.to_owned(),
            grant: grant(row)?,
            account: AccountId(Octets(column(row, "sessions", "account")?)),
            sid: Octets(column(row, "sessions", "sid")?),
            auth_time: time(row, "sessions", "auth_time")?,
            session: session_facts(row)?,
            holder_sealed: column(row, "sessions", "holder_sealed")?,
            key: key(row, TABLE)?,
            expires_at: time(row, TABLE, "ends")?,
            used: column(row, TABLE, "used")?,
        })
    })
}

/// As much of a refresh token as its use needs.
struct Token {
    code: Octets<32>,
    sign_in: Octets<16>,
    client_id: String,
    used_at: Option<i64>,
    put_aside: bool,
}

fn live(work: &Work<'_>, municipality: &str, hash: Octets<32>) -> Result<Option<Token>, SqliteError> {
    let sql = format!(
        "SELECT codes.hash, codes.sign_in, codes.code_grant, refresh_tokens.used_at, refresh_tokens.put_aside {LIVE}"
    );
    work.find(&sql, (municipality, hash.0, work.now), |row| {
        Ok(Token {
            code: Octets(column(row, "codes", "hash")?),
            sign_in: Octets(column(row, "codes", "sign_in")?),
            client_id: grant(row)?.client_id,
            used_at: column(row, TABLE, "used_at")?,
            put_aside: column(row, TABLE, "put_aside")?,
        })
    })
}

/// A live refresh token in the hand of its client.
struct Given<'a> {
    work: &'a Work<'a>,
    municipality: &'a str,
    hash: Octets<32>,
    token: Token,
}

impl Given<'_> {
    fn used(
        &self,
        access: &NewAccessToken,
        successor: Option<&NewRefreshToken>,
    ) -> Result<RefreshUse, SqliteError> {
        if self.token.used_at.is_some() && !(successor.is_some() && self.may_be_a_lost_answer()?) {
            return self.revoke_all();
        }
        if let Some(successor) = successor {
            self.put_children_aside()?;
            self.insert(successor)?;
        }
        insert_access_token(self.work, self.municipality, self.token.code, access)?;
        Ok(RefreshUse::Done)
    }

    /// In the grace, and nobody came with what it gave.
    fn may_be_a_lost_answer(&self) -> Result<bool, SqliteError> {
        let in_time = self
            .token
            .used_at
            .is_some_and(|used_at| self.work.now < used_at.saturating_add(integer(REFRESH_GRACE_SECONDS)));
        if !in_time || self.token.put_aside {
            return Ok(false);
        }
        let used_children = self.work.count(
            "SELECT count(*) FROM refresh_tokens
             WHERE municipality = ?1 AND parent = ?2 AND used_at IS NOT NULL AND put_aside = 0",
            (self.municipality, self.hash.0),
        )?;
        Ok(used_children == 0)
    }

    /// Whoever comes with one of them now was not the only one who had the parent.
    fn put_children_aside(&self) -> Result<(), SqliteError> {
        self.work.execute(
            "UPDATE refresh_tokens SET used_at = ?3, put_aside = 1
             WHERE municipality = ?1 AND parent = ?2 AND used_at IS NULL",
            (self.municipality, self.hash.0, self.work.now),
        )?;
        Ok(())
    }

    fn insert(&self, successor: &NewRefreshToken) -> Result<(), SqliteError> {
        // The first use counts: the grace does not begin again.
        self.work.execute(
            "UPDATE refresh_tokens SET used_at = ?3 WHERE municipality = ?1 AND hash = ?2 AND used_at IS NULL",
            (self.municipality, self.hash.0, self.work.now),
        )?;
        let inserted = self.work.execute(
            "INSERT INTO refresh_tokens (municipality, hash, code, jkt, parent, expires_at)
             SELECT municipality, ?3, code, ?4, hash, expires_at FROM refresh_tokens
             WHERE municipality = ?1 AND hash = ?2",
            (self.municipality, self.hash.0, successor.hash.0, successor.key.map(|key| key.0)),
        )?;
        if inserted == 1 { Ok(()) } else { Err(damaged(TABLE, "a row went away")) }
    }

    fn revoke_all(&self) -> Result<RefreshUse, SqliteError> {
        delete_tokens(self.work, self.municipality, self.token.code)?;
        let (kind, sign_in) = (AuditKind::RefreshTokenReused, Some(self.token.sign_in));
        audit::insert(
            self.work,
            kind,
            &NewAudit { sign_in, client_id: Some(&self.token.client_id), ..NewAudit::of(self.municipality) },
        )?;
        Ok(RefreshUse::UsedBefore)
    }
}

/// `?1` municipality, `?2` hash, `?3` now.
const LIVE: &str = "
    FROM refresh_tokens
    JOIN codes ON codes.municipality = refresh_tokens.municipality AND codes.hash = refresh_tokens.code
    JOIN sessions ON sessions.municipality = codes.municipality AND sessions.sid = codes.sid
    WHERE refresh_tokens.municipality = ?1 AND refresh_tokens.hash = ?2
      AND refresh_tokens.expires_at > ?3 AND sessions.expires_at > ?3";
const TABLE: &str = "refresh_tokens";
