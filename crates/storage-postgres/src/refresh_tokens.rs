//! Refresh tokens. Whoever uses one holds its code's row, and so sees all that the code gave as the one before left it.

use async_trait::async_trait;
use sqlx::AssertSqlSafe;

use madoguchi_protocol::Octets;
use madoguchi_storage::{
    AccountId, AuditKind, NewAccessToken, NewAudit, NewRefreshToken, REFRESH_GRACE_SECONDS,
    RefreshTokenRecord, RefreshTokens, RefreshUse, StorageError,
};

use crate::audit;
use crate::codes::{delete_tokens, grant, has_access_token, insert_access_token, key, session_facts};
use crate::error::PostgresError;
use crate::store::PostgresStore;
use crate::transaction::{look, settle, transact};
use crate::work::{Work, column, damaged, integer, time};

#[async_trait]
impl RefreshTokens for PostgresStore {
    async fn find_refresh_token(
        &self,
        municipality: &str,
        hash: Octets<32>,
    ) -> Result<Option<RefreshTokenRecord>, StorageError> {
        look!(self, |work| find(work, municipality, hash))
    }

    async fn use_refresh_token(
        &self,
        municipality: &str,
        hash: Octets<32>,
        access: NewAccessToken,
        successor: Option<NewRefreshToken>,
    ) -> Result<RefreshUse, StorageError> {
        settle!(self, &[], |work| used(work, municipality, hash, &access, successor.as_ref()))
    }

    async fn revoke_token(
        &self,
        municipality: &str,
        client_id: &str,
        access_hash: Octets<32>,
        refresh_hash: Octets<32>,
    ) -> Result<bool, StorageError> {
        transact!(self, &[], |work| revoke(work, municipality, client_id, access_hash, refresh_hash))
    }
}

/// The refresh token that a code gives. It ends with the code's session; without a live one there is none.
pub(crate) async fn insert_first(
    work: &mut Work,
    municipality: &str,
    code: Octets<32>,
    token: &NewRefreshToken,
) -> Result<(), PostgresError> {
    let sql = "INSERT INTO refresh_tokens (municipality, hash, code, jkt, expires_at)
               SELECT $1, $3, codes.hash, $4, sessions.expires_at
               FROM codes JOIN sessions USING (municipality, sid)
               WHERE codes.municipality = $1 AND codes.hash = $2 AND sessions.expires_at > $5";
    let insert = sqlx::query(sql).bind(municipality).bind(code.0).bind(token.hash.0);
    let insert = insert.bind(token.key.map(|key| key.0)).bind(work.now);
    work.execute(insert).await.map(drop)
}

async fn find(
    work: &mut Work,
    municipality: &str,
    hash: Octets<32>,
) -> Result<Option<RefreshTokenRecord>, PostgresError> {
    let sql = format!(
        "SELECT codes.code_grant, sessions.account, sessions.sid, sessions.auth_time, sessions.counter,
                sessions.holder_sealed, sessions.revocation_source, sessions.revocation_checked_at,
                refresh_tokens.jkt, refresh_tokens.used_at, refresh_tokens.expires_at
         {LIVE}"
    );
    let query = sqlx::query(AssertSqlSafe(sql)).bind(municipality).bind(hash.0).bind(work.now);
    work.find(query, |row| {
        Ok(RefreshTokenRecord {
            municipality: municipality.to_owned(),
            grant: grant(row)?,
            account: AccountId(Octets(column(row, "sessions", "account")?)),
            sid: Octets(column(row, "sessions", "sid")?),
            auth_time: time(row, "sessions", "auth_time")?,
            session: session_facts(row)?,
            holder_sealed: column(row, "sessions", "holder_sealed")?,
            key: key(row, TABLE)?,
            expires_at: time(row, TABLE, "expires_at")?,
            used: column::<Option<i64>>(row, TABLE, "used_at")?.is_some(),
        })
    })
    .await
}

async fn used(
    work: &mut Work,
    municipality: &str,
    hash: Octets<32>,
    access: &NewAccessToken,
    successor: Option<&NewRefreshToken>,
) -> Result<RefreshUse, PostgresError> {
    match hold(work, municipality, hash).await? {
        None => Ok(RefreshUse::NotFound),
        // Its own use, whose answer was lost.
        Some(_) if work.unsure && has_access_token(work, municipality, access.hash).await? => {
            Ok(RefreshUse::Done)
        }
        Some(token) => Given { work, municipality, hash, token }.used(access, successor).await,
    }
}

async fn revoke(
    work: &mut Work,
    municipality: &str,
    client_id: &str,
    access_hash: Octets<32>,
    refresh_hash: Octets<32>,
) -> Result<bool, PostgresError> {
    let sql = "DELETE FROM access_tokens WHERE municipality = $1 AND hash = $2 AND expires_at > $4
                 AND EXISTS (SELECT 1 FROM codes WHERE municipality = $1 AND codes.hash = code
                               AND code_grant::json ->> 'client_id' = $3)";
    let delete = sqlx::query(sql).bind(municipality).bind(access_hash.0).bind(client_id).bind(work.now);
    if work.execute(delete).await? == 1 {
        return Ok(true);
    }
    let Some(token) = hold(work, municipality, refresh_hash).await? else { return Ok(false) };
    let own = token.client_id == client_id;
    if own {
        delete_tokens(work, municipality, token.code).await?;
    }
    Ok(own)
}

/// As much of a refresh token as its use needs.
struct Token {
    code: Octets<32>,
    sign_in: Octets<16>,
    client_id: String,
    used_at: Option<i64>,
    put_aside: bool,
}

/// A live refresh token, its code's row held. That comes first: what is read before it may have changed when it is held.
async fn hold(work: &mut Work, municipality: &str, hash: Octets<32>) -> Result<Option<Token>, PostgresError> {
    let sql = "SELECT 1 FROM codes WHERE municipality = $1
                 AND hash = (SELECT code FROM refresh_tokens WHERE municipality = $1 AND hash = $2)
               FOR NO KEY UPDATE";
    let held = work.find(sqlx::query(sql).bind(municipality).bind(hash.0), |_| Ok(())).await?;
    if held.is_none() {
        return Ok(None);
    }
    let sql = format!(
        "SELECT codes.hash, codes.sign_in, codes.code_grant, refresh_tokens.used_at, refresh_tokens.put_aside {LIVE}"
    );
    let query = sqlx::query(AssertSqlSafe(sql)).bind(municipality).bind(hash.0).bind(work.now);
    work.find(query, |row| {
        Ok(Token {
            code: Octets(column(row, "codes", "hash")?),
            sign_in: Octets(column(row, "codes", "sign_in")?),
            client_id: grant(row)?.client_id,
            used_at: column(row, TABLE, "used_at")?,
            put_aside: column(row, TABLE, "put_aside")?,
        })
    })
    .await
}

/// A live refresh token in the hand of its client.
struct Given<'a> {
    work: &'a mut Work,
    municipality: &'a str,
    hash: Octets<32>,
    token: Token,
}

impl Given<'_> {
    async fn used(
        &mut self,
        access: &NewAccessToken,
        successor: Option<&NewRefreshToken>,
    ) -> Result<RefreshUse, PostgresError> {
        if self.token.used_at.is_some() && !(successor.is_some() && self.may_be_a_lost_answer().await?) {
            return self.revoke_all().await;
        }
        if let Some(successor) = successor {
            self.put_aside_and_mark_used().await?;
            self.insert(successor).await?;
        }
        insert_access_token(self.work, self.municipality, self.token.code, access).await?;
        Ok(RefreshUse::Done)
    }

    /// In the grace, and nobody came with what it gave.
    async fn may_be_a_lost_answer(&mut self) -> Result<bool, PostgresError> {
        let in_time = self
            .token
            .used_at
            .is_some_and(|used_at| self.work.now < used_at.saturating_add(integer(REFRESH_GRACE_SECONDS)));
        if !in_time || self.token.put_aside {
            return Ok(false);
        }
        let sql = "SELECT count(*) FROM refresh_tokens
                   WHERE municipality = $1 AND code = $2 AND parent = $3 AND used_at IS NOT NULL AND NOT put_aside";
        let used_children =
            sqlx::query(sql).bind(self.municipality).bind(self.token.code.0).bind(self.hash.0);
        Ok(self.work.count(used_children).await? == 0)
    }

    /// Whoever comes with a child now was not the only one who had the parent. Of the parent the first use counts: the
    /// grace does not begin again.
    async fn put_aside_and_mark_used(&mut self) -> Result<(), PostgresError> {
        let sql = "UPDATE refresh_tokens SET used_at = $4, put_aside = put_aside OR hash != $3
                   WHERE municipality = $1 AND code = $2 AND (hash = $3 OR parent = $3) AND used_at IS NULL";
        let update = sqlx::query(sql).bind(self.municipality).bind(self.token.code.0).bind(self.hash.0);
        let update = update.bind(self.work.now);
        self.work.execute(update).await.map(drop)
    }

    async fn insert(&mut self, successor: &NewRefreshToken) -> Result<(), PostgresError> {
        let sql = "INSERT INTO refresh_tokens (municipality, hash, code, jkt, parent, expires_at)
                   SELECT municipality, $3, code, $4, hash, expires_at FROM refresh_tokens
                   WHERE municipality = $1 AND hash = $2";
        let insert = sqlx::query(sql).bind(self.municipality).bind(self.hash.0);
        let insert = insert.bind(successor.hash.0).bind(successor.key.map(|key| key.0));
        let inserted = self.work.execute(insert).await?;
        if inserted == 1 { Ok(()) } else { Err(damaged(TABLE, "a row went away")) }
    }

    async fn revoke_all(&mut self) -> Result<RefreshUse, PostgresError> {
        delete_tokens(self.work, self.municipality, self.token.code).await?;
        let (kind, sign_in) = (AuditKind::RefreshTokenReused, Some(self.token.sign_in));
        let client_id = Some(self.token.client_id.as_str());
        audit::insert(self.work, kind, &NewAudit { sign_in, client_id, ..NewAudit::of(self.municipality) })
            .await?;
        Ok(RefreshUse::UsedBefore)
    }
}

/// `$1` municipality, `$2` hash, `$3` now.
const LIVE: &str = "
    FROM refresh_tokens
    JOIN codes ON codes.municipality = refresh_tokens.municipality AND codes.hash = refresh_tokens.code
    JOIN sessions ON sessions.municipality = codes.municipality AND sessions.sid = codes.sid
    WHERE refresh_tokens.municipality = $1 AND refresh_tokens.hash = $2
      AND refresh_tokens.expires_at > $3 AND sessions.expires_at > $3";
const TABLE: &str = "refresh_tokens";
