//! Authorization codes and access tokens. A code is used up by one conditional UPDATE; a revoked token is deleted.

use async_trait::async_trait;
use rusqlite::{Row, named_params};

use madoguchi_cert_verify::Source;
use madoguchi_oidc::jose::JwkThumbprint;
use madoguchi_oidc::{CodeGrant, RequestReferenceHash, SCOPE_OFFLINE_ACCESS};
use madoguchi_protocol::Octets;
use madoguchi_storage::{
    AccessTokenRecord, AccountId, AuditKind, CodeRecord, Codes, NewAccessToken, NewAudit, NewCode, NewTokens,
    Redemption, SessionFacts, SessionRecord, StorageError,
};

use crate::error::SqliteError;
use crate::store::SqliteStore;
use crate::work::{Work, column, damaged, seconds, time};
use crate::{audit, pushed, refresh_tokens};

#[async_trait]
impl Codes for SqliteStore {
    async fn find_code(
        &self,
        municipality: &str,
        hash: Octets<32>,
    ) -> Result<Option<CodeRecord>, StorageError> {
        self.point(|work| find(work, municipality, hash))
    }

    async fn redeem_code(
        &self,
        municipality: &str,
        hash: Octets<32>,
        tokens: Option<NewTokens>,
    ) -> Result<Redemption, StorageError> {
        let municipality = municipality.to_owned();
        self.write(move |work| redeem(work, &municipality, hash, tokens.as_ref())).await
    }

    async fn find_access_token(
        &self,
        municipality: &str,
        hash: Octets<32>,
    ) -> Result<Option<AccessTokenRecord>, StorageError> {
        self.point(|work| find_access_token(work, municipality, hash))
    }
}

/// The code of an answer that is being handed out. The caller [finishes](finish_request) its request.
pub(crate) fn insert(
    work: &Work<'_>,
    sign_in: Octets<16>,
    session: &SessionRecord,
    code: &NewCode,
) -> Result<(), SqliteError> {
    let grant = serde_json::to_string(&code.grant).map_err(|_| damaged(TABLE, "code_grant"))?;
    work.execute(
        "INSERT INTO codes (municipality, hash, sign_in, sid, account, auth_time, code_grant, expires_at,
                            keep_until)
         VALUES (:municipality, :hash, :sign_in, :sid, :account, :auth_time, :code_grant, :expires_at,
                 :keep_until)",
        named_params! {
            ":municipality": session.municipality,
            ":hash": code.hash.0,
            ":sign_in": sign_in.0,
            ":sid": session.sid.0,
            ":account": session.account.0.0,
            ":auth_time": seconds(session.auth_time),
            ":code_grant": grant,
            ":expires_at": work.after(code.lifetime),
            ":keep_until": keep_until(work, session, code),
        },
    )?;
    Ok(())
}

/// Until when the sweep need not look at it. Access tokens are short, and refresh tokens end with the session.
fn keep_until(work: &Work<'_>, session: &SessionRecord, code: &NewCode) -> i64 {
    let refreshed = code.grant.scope.split(' ').any(|value| value == SCOPE_OFFLINE_ACCESS);
    let over = work.after(code.lifetime);
    if refreshed { over.max(seconds(session.expires_at)) } else { over }
}

/// How many codes a session gave that are not over, used or not.
pub(crate) fn count_of_session(
    work: &Work<'_>,
    municipality: &str,
    sid: Octets<16>,
) -> Result<u64, SqliteError> {
    work.count(
        "SELECT count(*) FROM codes WHERE municipality = ?1 AND sid = ?2 AND expires_at > ?3",
        (municipality, sid.0, work.now),
    )
}

/// Finishes the request that a code answers, if it was pushed. Answers whether it was open until now.
pub(crate) fn finish_request(
    work: &Work<'_>,
    municipality: &str,
    grant: &CodeGrant,
) -> Result<bool, SqliteError> {
    match grant.pushed {
        Some(RequestReferenceHash(pushed)) => pushed::finish(work, municipality, pushed),
        None => Ok(true),
    }
}

fn find(work: &Work<'_>, municipality: &str, hash: Octets<32>) -> Result<Option<CodeRecord>, SqliteError> {
    let sql = format!(
        "SELECT codes.*, sessions.sid IS NOT NULL AS live, sessions.counter, sessions.holder_sealed,
                sessions.revocation_source, sessions.revocation_checked_at
         FROM codes LEFT JOIN sessions ON {OF_CODE} AND sessions.expires_at > ?3
         WHERE codes.municipality = ?1 AND codes.hash = ?2"
    );
    work.find(&sql, (municipality, hash.0, work.now), |row| {
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
}

fn redeem(
    work: &Work<'_>,
    municipality: &str,
    hash: Octets<32>,
    tokens: Option<&NewTokens>,
) -> Result<Redemption, SqliteError> {
    let redeemed = work.execute(
        "UPDATE codes SET used = 1 WHERE municipality = ?1 AND hash = ?2 AND used = 0 AND expires_at > ?3",
        (municipality, hash.0, work.now),
    )?;
    if redeemed == 1 {
        if let Some(tokens) = tokens {
            insert_access_token(work, municipality, hash, &tokens.access)?;
            if let Some(refresh) = &tokens.refresh {
                refresh_tokens::insert_first(work, municipality, hash, refresh)?;
            }
        } else {
            record(work, AuditKind::CodeRefused, municipality, hash)?;
        }
        return Ok(Redemption::Done);
    }
    let used: Option<bool> = work.find(
        "SELECT used FROM codes WHERE municipality = ?1 AND hash = ?2",
        (municipality, hash.0),
        |row| column(row, TABLE, "used"),
    )?;
    match used {
        None => Ok(Redemption::NotFound),
        Some(false) => Ok(Redemption::Expired),
        Some(true) => {
            revoke_what_it_gave(work, municipality, hash)?;
            Ok(Redemption::UsedBefore)
        }
    }
}

/// RFC 6749 section 4.1.2: whoever presents a code again may have stolen it, or been robbed of it.
fn revoke_what_it_gave(work: &Work<'_>, municipality: &str, hash: Octets<32>) -> Result<(), SqliteError> {
    delete_tokens(work, municipality, hash)?;
    record(work, AuditKind::CodeReused, municipality, hash)
}

/// The audit record of what happened to a code.
fn record(work: &Work<'_>, kind: AuditKind, municipality: &str, hash: Octets<32>) -> Result<(), SqliteError> {
    let found = work.find(
        "SELECT sign_in, code_grant FROM codes WHERE municipality = ?1 AND hash = ?2",
        (municipality, hash.0),
        |row| Ok((Octets(column(row, TABLE, "sign_in")?), grant(row)?)),
    )?;
    let (sign_in, grant) = found.ok_or_else(|| damaged(TABLE, "a row went away"))?;
    audit::insert(
        work,
        kind,
        &NewAudit { sign_in: Some(sign_in), client_id: Some(&grant.client_id), ..NewAudit::of(municipality) },
    )
}

/// A token of a code, given by the code itself or by a refresh token of it.
pub(crate) fn insert_access_token(
    work: &Work<'_>,
    municipality: &str,
    code: Octets<32>,
    token: &NewAccessToken,
) -> Result<(), SqliteError> {
    work.execute(
        "INSERT INTO access_tokens (municipality, hash, code, expires_at, jkt, scope) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        (
            municipality,
            token.hash.0,
            code.0,
            work.after(token.lifetime),
            token.key.map(|key| key.0),
            &token.scope,
        ),
    )?;
    Ok(())
}

/// Everything that a code gave.
pub(crate) fn delete_tokens(
    work: &Work<'_>,
    municipality: &str,
    code: Octets<32>,
) -> Result<(), SqliteError> {
    for sql in [
        "DELETE FROM access_tokens WHERE municipality = ?1 AND code = ?2",
        "DELETE FROM refresh_tokens WHERE municipality = ?1 AND code = ?2",
    ] {
        work.execute(sql, (municipality, code.0))?;
    }
    Ok(())
}

fn find_access_token(
    work: &Work<'_>,
    municipality: &str,
    hash: Octets<32>,
) -> Result<Option<AccessTokenRecord>, SqliteError> {
    work.find(
        "SELECT codes.code_grant, sessions.account, sessions.auth_time, sessions.sid, sessions.holder_sealed,
                access_tokens.jkt, access_tokens.scope, access_tokens.expires_at
         FROM access_tokens
         JOIN codes ON codes.municipality = access_tokens.municipality AND codes.hash = access_tokens.code
         JOIN sessions ON sessions.municipality = codes.municipality AND sessions.sid = codes.sid
         WHERE access_tokens.municipality = ?1 AND access_tokens.hash = ?2
           AND access_tokens.expires_at > ?3 AND sessions.expires_at > ?3",
        (municipality, hash.0, work.now),
        |row| {
            let grant = grant(row)?;
            Ok(AccessTokenRecord {
                municipality: municipality.to_owned(),
                client_id: grant.client_id,
                scope: column::<Option<_>>(row, "access_tokens", "scope")?.unwrap_or(grant.scope),
                account: AccountId(Octets(column(row, "sessions", "account")?)),
                redirect_uri: grant.redirect_uri,
                auth_time: time(row, "sessions", "auth_time")?,
                sid: Octets(column(row, "sessions", "sid")?),
                holder_sealed: column(row, "sessions", "holder_sealed")?,
                key: key(row, "access_tokens")?,
                expires_at: time(row, "access_tokens", "expires_at")?,
            })
        },
    )
}

pub(crate) fn grant(row: &Row<'_>) -> Result<CodeGrant, SqliteError> {
    let json: String = column(row, TABLE, "code_grant")?;
    serde_json::from_str(&json).map_err(|_| damaged(TABLE, "code_grant"))
}

/// The key that a token is bound to.
pub(crate) fn key(row: &Row<'_>, table: &'static str) -> Result<Option<JwkThumbprint>, SqliteError> {
    Ok(column::<Option<_>>(row, table, "jkt")?.map(JwkThumbprint))
}

/// What the session knows whose columns are in the row.
pub(crate) fn session_facts(row: &Row<'_>) -> Result<SessionFacts, SqliteError> {
    let source: String = column(row, "sessions", "revocation_source")?;
    Ok(SessionFacts {
        counter: column(row, "sessions", "counter")?,
        revocation_source: Source::from_name(&source)
            .ok_or_else(|| damaged("sessions", "revocation_source"))?,
        revocation_checked_at: time(row, "sessions", "revocation_checked_at")?,
    })
}

/// The session of a code.
const OF_CODE: &str = "sessions.municipality = codes.municipality AND sessions.sid = codes.sid";
const TABLE: &str = "codes";
