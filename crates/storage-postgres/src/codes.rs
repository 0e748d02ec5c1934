//! Authorization codes and access tokens. A code is used up by one conditional UPDATE, which also holds its row while
//! its tokens are given or taken back; a revoked token is deleted.

use async_trait::async_trait;
use sqlx::postgres::PgRow;

use madoguchi_cert_verify::Source;
use madoguchi_oidc::jose::JwkThumbprint;
use madoguchi_oidc::{CodeGrant, RequestReferenceHash, SCOPE_OFFLINE_ACCESS};
use madoguchi_protocol::Octets;
use madoguchi_storage::{
    AccessTokenRecord, AccountId, AuditKind, CodeRecord, Codes, NewAccessToken, NewAudit, NewCode, NewTokens,
    Redemption, SessionFacts, SessionRecord, StorageError,
};

use crate::error::PostgresError;
use crate::store::PostgresStore;
use crate::transaction::{look, settle};
use crate::work::{Work, column, damaged, seconds, time};
use crate::{audit, pushed, refresh_tokens};

#[async_trait]
impl Codes for PostgresStore {
    async fn find_code(
        &self,
        municipality: &str,
        hash: Octets<32>,
    ) -> Result<Option<CodeRecord>, StorageError> {
        look!(self, |work| find(work, municipality, hash))
    }

    async fn redeem_code(
        &self,
        municipality: &str,
        hash: Octets<32>,
        tokens: Option<NewTokens>,
    ) -> Result<Redemption, StorageError> {
        settle!(self, &[], |work| redeem(work, municipality, hash, tokens.as_ref()))
    }

    async fn find_access_token(
        &self,
        municipality: &str,
        hash: Octets<32>,
    ) -> Result<Option<AccessTokenRecord>, StorageError> {
        look!(self, |work| find_access_token(work, municipality, hash))
    }
}

/// The code of an answer that is being handed out; its service is one of the session's from then on. The caller holds the
/// session, and [finishes](finish_request) the request.
pub(crate) async fn hand_out(
    work: &mut Work,
    sign_in: Octets<16>,
    session: &SessionRecord,
    code: &NewCode,
) -> Result<(), PostgresError> {
    let grant = serde_json::to_string(&code.grant).map_err(|_| damaged(TABLE, "code_grant"))?;
    let query = sqlx::query(
        "WITH noted AS (
             INSERT INTO session_clients (municipality, sid, client_id, first_at, last_at)
             VALUES ($1, $2, $3, $4, $4)
             ON CONFLICT (municipality, sid, client_id) DO UPDATE SET last_at = $4)
         INSERT INTO codes (municipality, sid, hash, sign_in, account, auth_time, code_grant, expires_at,
                            keep_until)
         VALUES ($1, $2, $5, $6, $7, $8, $9, $10, $11)",
    );
    let query = query
        .bind(&session.municipality)
        .bind(session.sid.0)
        .bind(&code.grant.client_id)
        .bind(work.now)
        .bind(code.hash.0)
        .bind(sign_in.0)
        .bind(session.account.0.0)
        .bind(seconds(session.auth_time))
        .bind(grant)
        .bind(work.after(code.lifetime))
        .bind(keep_until(work, session, code));
    work.execute(query).await.map(drop)
}

/// Until when the sweep need not look at it. Access tokens are short, and refresh tokens end with the session.
fn keep_until(work: &Work, session: &SessionRecord, code: &NewCode) -> i64 {
    let refreshed = code.grant.scope.split(' ').any(|value| value == SCOPE_OFFLINE_ACCESS);
    let over = work.after(code.lifetime);
    if refreshed { over.max(seconds(session.expires_at)) } else { over }
}

/// Codes of a session that are not over, used or not.
pub(crate) async fn count_of_session(
    work: &mut Work,
    municipality: &str,
    sid: Octets<16>,
) -> Result<u64, PostgresError> {
    let query =
        sqlx::query("SELECT count(*) FROM codes WHERE municipality = $1 AND sid = $2 AND expires_at > $3");
    work.count(query.bind(municipality).bind(sid.0).bind(work.now)).await
}

/// Finishes the request that a code answers, if it was pushed. Answers whether it was open until now.
pub(crate) async fn finish_request(
    work: &mut Work,
    municipality: &str,
    grant: &CodeGrant,
) -> Result<bool, PostgresError> {
    match grant.pushed {
        Some(RequestReferenceHash(pushed)) => pushed::finish(work, municipality, pushed).await,
        None => Ok(true),
    }
}

async fn find(
    work: &mut Work,
    municipality: &str,
    hash: Octets<32>,
) -> Result<Option<CodeRecord>, PostgresError> {
    let query = sqlx::query(
        "SELECT codes.*, sessions.sid IS NOT NULL AS live, sessions.counter, sessions.holder_sealed,
                sessions.revocation_source, sessions.revocation_checked_at
         FROM codes LEFT JOIN sessions ON sessions.municipality = codes.municipality AND sessions.sid = codes.sid
                                      AND sessions.expires_at > $3
         WHERE codes.municipality = $1 AND codes.hash = $2",
    );
    work.find(query.bind(municipality).bind(hash.0).bind(work.now), |row| {
        let live: bool = column(row, TABLE, "live")?;
        Ok(CodeRecord {
            hash: Octets(column(row, TABLE, "hash")?),
            municipality: column(row, TABLE, "municipality")?,
            grant: grant(row)?,
            account: AccountId(Octets(column(row, TABLE, "account")?)),
            sid: Octets(column(row, TABLE, "sid")?),
            auth_time: time(row, TABLE, "auth_time")?,
            expires_at: time(row, TABLE, "expires_at")?,
            holder_sealed: column(row, "sessions", "holder_sealed")?,
            session: if live { Some(session_facts(row)?) } else { None },
        })
    })
    .await
}

/// What a use of a code is told in the audit log with.
struct Used {
    sign_in: Octets<16>,
    client_id: String,
}

async fn redeem(
    work: &mut Work,
    municipality: &str,
    hash: Octets<32>,
    tokens: Option<&NewTokens>,
) -> Result<Redemption, PostgresError> {
    let query = sqlx::query(
        "UPDATE codes SET used = true
         WHERE municipality = $1 AND hash = $2 AND NOT used AND expires_at > $3
         RETURNING sign_in, code_grant",
    );
    let redeemed = work.find(query.bind(municipality).bind(hash.0).bind(work.now), used).await?;
    if let Some(redeemed) = redeemed {
        match tokens {
            Some(tokens) => {
                insert_access_token(work, municipality, hash, &tokens.access).await?;
                if let Some(refresh) = &tokens.refresh {
                    refresh_tokens::insert_first(work, municipality, hash, refresh).await?;
                }
            }
            None => record(work, AuditKind::CodeRefused, municipality, &redeemed).await?,
        }
        return Ok(Redemption::Done);
    }
    // Held: a refresh token that is being used now has given its successor before anything is deleted, or gives none.
    let query = sqlx::query(
        "SELECT used, sign_in, code_grant FROM codes WHERE municipality = $1 AND hash = $2 FOR NO KEY UPDATE",
    );
    let before = work
        .find(query.bind(municipality).bind(hash.0), |row| Ok((column(row, TABLE, "used")?, used(row)?)))
        .await?;
    match before {
        None => Ok(Redemption::NotFound),
        Some((false, _)) => Ok(Redemption::Expired),
        // Its own use, whose answer was lost.
        Some((true, _)) if work.unsure && gave(work, municipality, tokens).await? => Ok(Redemption::Done),
        Some((true, code)) => {
            // RFC 6749 section 4.1.2: whoever presents a code again may have stolen it, or been robbed of it.
            delete_tokens(work, municipality, hash).await?;
            record(work, AuditKind::CodeReused, municipality, &code).await?;
            Ok(Redemption::UsedBefore)
        }
    }
}

async fn gave(
    work: &mut Work,
    municipality: &str,
    tokens: Option<&NewTokens>,
) -> Result<bool, PostgresError> {
    match tokens {
        Some(tokens) => has_access_token(work, municipality, tokens.access.hash).await,
        None => Ok(false),
    }
}

/// Whether this very token was given.
pub(crate) async fn has_access_token(
    work: &mut Work,
    municipality: &str,
    hash: Octets<32>,
) -> Result<bool, PostgresError> {
    let sql = "SELECT count(*) FROM access_tokens WHERE municipality = $1 AND hash = $2";
    Ok(work.count(sqlx::query(sql).bind(municipality).bind(hash.0)).await? == 1)
}

/// Whether this very code was handed out.
pub(crate) async fn has_code(
    work: &mut Work,
    municipality: &str,
    hash: Octets<32>,
) -> Result<bool, PostgresError> {
    let sql = "SELECT count(*) FROM codes WHERE municipality = $1 AND hash = $2";
    Ok(work.count(sqlx::query(sql).bind(municipality).bind(hash.0)).await? == 1)
}

fn used(row: &PgRow) -> Result<Used, PostgresError> {
    Ok(Used { sign_in: Octets(column(row, TABLE, "sign_in")?), client_id: grant(row)?.client_id })
}

/// The audit record of what happened to a code.
async fn record(
    work: &mut Work,
    kind: AuditKind,
    municipality: &str,
    code: &Used,
) -> Result<(), PostgresError> {
    let (sign_in, client_id) = (Some(code.sign_in), Some(code.client_id.as_str()));
    audit::insert(work, kind, &NewAudit { sign_in, client_id, ..NewAudit::of(municipality) }).await
}

/// A token of a code, given by the code itself or by a refresh token of it. The caller holds the code.
pub(crate) async fn insert_access_token(
    work: &mut Work,
    municipality: &str,
    code: Octets<32>,
    token: &NewAccessToken,
) -> Result<(), PostgresError> {
    let query = sqlx::query(
        "INSERT INTO access_tokens (municipality, hash, code, expires_at, jkt, scope)
         VALUES ($1, $2, $3, $4, $5, $6)",
    );
    let query = query.bind(municipality).bind(token.hash.0).bind(code.0).bind(work.after(token.lifetime));
    work.execute(query.bind(token.key.map(|key| key.0)).bind(&token.scope)).await.map(drop)
}

/// Everything that a code gave. The caller holds the code.
pub(crate) async fn delete_tokens(
    work: &mut Work,
    municipality: &str,
    code: Octets<32>,
) -> Result<(), PostgresError> {
    let query = sqlx::query(
        "WITH access AS (DELETE FROM access_tokens WHERE municipality = $1 AND code = $2)
         DELETE FROM refresh_tokens WHERE municipality = $1 AND code = $2",
    );
    work.execute(query.bind(municipality).bind(code.0)).await.map(drop)
}

async fn find_access_token(
    work: &mut Work,
    municipality: &str,
    hash: Octets<32>,
) -> Result<Option<AccessTokenRecord>, PostgresError> {
    let query = sqlx::query(
        "SELECT codes.code_grant, sessions.account, sessions.auth_time, sessions.sid, sessions.holder_sealed,
                access_tokens.jkt, access_tokens.scope, access_tokens.expires_at
         FROM access_tokens
         JOIN codes ON codes.municipality = access_tokens.municipality AND codes.hash = access_tokens.code
         JOIN sessions ON sessions.municipality = codes.municipality AND sessions.sid = codes.sid
         WHERE access_tokens.municipality = $1 AND access_tokens.hash = $2
           AND access_tokens.expires_at > $3 AND sessions.expires_at > $3",
    );
    work.find(query.bind(municipality).bind(hash.0).bind(work.now), |row| {
        let grant = grant(row)?;
        Ok(AccessTokenRecord {
            municipality: municipality.to_owned(),
            client_id: grant.client_id,
            scope: column::<Option<String>>(row, "access_tokens", "scope")?.unwrap_or(grant.scope),
            account: AccountId(Octets(column(row, "sessions", "account")?)),
            redirect_uri: grant.redirect_uri,
            auth_time: time(row, "sessions", "auth_time")?,
            sid: Octets(column(row, "sessions", "sid")?),
            holder_sealed: column(row, "sessions", "holder_sealed")?,
            key: key(row, "access_tokens")?,
            expires_at: time(row, "access_tokens", "expires_at")?,
        })
    })
    .await
}

pub(crate) fn grant(row: &PgRow) -> Result<CodeGrant, PostgresError> {
    let json: &str = column(row, TABLE, "code_grant")?;
    serde_json::from_str(json).map_err(|_| damaged(TABLE, "code_grant"))
}

/// The key that a token is bound to.
pub(crate) fn key(row: &PgRow, table: &'static str) -> Result<Option<JwkThumbprint>, PostgresError> {
    Ok(column::<Option<[u8; 32]>>(row, table, "jkt")?.map(JwkThumbprint))
}

/// What the session knows whose columns are in the row.
pub(crate) fn session_facts(row: &PgRow) -> Result<SessionFacts, PostgresError> {
    let source: &str = column(row, "sessions", "revocation_source")?;
    Ok(SessionFacts {
        counter: column(row, "sessions", "counter")?,
        revocation_source: Source::from_name(source)
            .ok_or_else(|| damaged("sessions", "revocation_source"))?,
        revocation_checked_at: time(row, "sessions", "revocation_checked_at")?,
    })
}

const TABLE: &str = "codes";
