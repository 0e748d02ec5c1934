//! Authorization codes and access tokens. A code is used up by one conditional UPDATE; a revoked token is deleted.

use async_trait::async_trait;
use rusqlite::named_params;

use madoguchi_oidc::CodeGrant;
use madoguchi_protocol::Octets;
use madoguchi_storage::{
    AccessTokenRecord, AccountId, AuditKind, CodeRecord, Codes, NewAccessToken, NewCode, Redemption,
    SessionRecord, StorageError,
};

use crate::audit;
use crate::error::SqliteError;
use crate::store::SqliteStore;
use crate::work::{Work, column, damaged, seconds, time};

#[async_trait]
impl Codes for SqliteStore {
    async fn find_code(
        &self,
        municipality: &str,
        hash: Octets<32>,
    ) -> Result<Option<CodeRecord>, StorageError> {
        let municipality = municipality.to_owned();
        self.read(move |work| find(work, &municipality, hash)).await
    }

    async fn redeem_code(
        &self,
        municipality: &str,
        hash: Octets<32>,
        token: Option<NewAccessToken>,
    ) -> Result<Redemption, StorageError> {
        let municipality = municipality.to_owned();
        self.write(move |work| redeem(work, &municipality, hash, token.as_ref())).await
    }

    async fn find_access_token(
        &self,
        municipality: &str,
        hash: Octets<32>,
    ) -> Result<Option<AccessTokenRecord>, StorageError> {
        let municipality = municipality.to_owned();
        self.read(move |work| find_access_token(work, &municipality, hash)).await
    }
}

/// The code of an answer that is being handed out.
pub(crate) fn insert(
    work: &Work<'_>,
    sign_in: Octets<16>,
    session: &SessionRecord,
    code: &NewCode,
) -> Result<(), SqliteError> {
    let grant = serde_json::to_string(&code.grant).map_err(|_| damaged(TABLE, "code_grant"))?;
    work.execute(
        "INSERT INTO codes (municipality, hash, sign_in, sid, account, auth_time, code_grant, expires_at)
         VALUES (:municipality, :hash, :sign_in, :sid, :account, :auth_time, :code_grant, :expires_at)",
        named_params! {
            ":municipality": session.municipality,
            ":hash": code.hash.0,
            ":sign_in": sign_in.0,
            ":sid": session.sid.0,
            ":account": session.account.0.0,
            ":auth_time": seconds(session.auth_time),
            ":code_grant": grant,
            ":expires_at": work.after(code.lifetime),
        },
    )?;
    Ok(())
}

fn find(work: &Work<'_>, municipality: &str, hash: Octets<32>) -> Result<Option<CodeRecord>, SqliteError> {
    work.find(
        "SELECT codes.*, sessions.holder_sealed
         FROM codes
         LEFT JOIN sessions ON sessions.municipality = codes.municipality AND sessions.sid = codes.sid
                           AND sessions.expires_at > ?3
         WHERE codes.municipality = ?1 AND codes.hash = ?2",
        (municipality, hash.0, work.now),
        |row| {
            Ok(CodeRecord {
                hash: Octets(column(row, TABLE, "hash")?),
                municipality: column(row, TABLE, "municipality")?,
                grant: grant(&column::<String>(row, TABLE, "code_grant")?)?,
                account: AccountId(Octets(column(row, TABLE, "account")?)),
                sid: Octets(column(row, TABLE, "sid")?),
                auth_time: time(row, TABLE, "auth_time")?,
                expires_at: time(row, TABLE, "expires_at")?,
                holder_sealed: column(row, "sessions", "holder_sealed")?,
            })
        },
    )
}

fn redeem(
    work: &Work<'_>,
    municipality: &str,
    hash: Octets<32>,
    token: Option<&NewAccessToken>,
) -> Result<Redemption, SqliteError> {
    let redeemed = work.execute(
        "UPDATE codes SET used = 1 WHERE municipality = ?1 AND hash = ?2 AND used = 0 AND expires_at > ?3",
        (municipality, hash.0, work.now),
    )?;
    if redeemed == 1 {
        if let Some(token) = token {
            work.execute(
                "INSERT INTO access_tokens (municipality, hash, code, expires_at) VALUES (?1, ?2, ?3, ?4)",
                (municipality, token.hash.0, hash.0, work.after(token.lifetime)),
            )?;
        }
        return Ok(Redemption::Done);
    }
    let used: Option<(bool, [u8; 16])> = work.find(
        "SELECT used, sign_in FROM codes WHERE municipality = ?1 AND hash = ?2",
        (municipality, hash.0),
        |row| Ok((column(row, TABLE, "used")?, column(row, TABLE, "sign_in")?)),
    )?;
    match used {
        None => Ok(Redemption::NotFound),
        Some((false, _)) => Ok(Redemption::Expired),
        Some((true, sign_in)) => {
            revoke_what_it_gave(work, municipality, hash, Octets(sign_in))?;
            Ok(Redemption::UsedBefore)
        }
    }
}

/// RFC 6749 section 4.1.2: whoever presents a code again may have stolen it, or been robbed of it.
fn revoke_what_it_gave(
    work: &Work<'_>,
    municipality: &str,
    hash: Octets<32>,
    sign_in: Octets<16>,
) -> Result<(), SqliteError> {
    work.execute("DELETE FROM access_tokens WHERE municipality = ?1 AND code = ?2", (municipality, hash.0))?;
    let code = find(work, municipality, hash)?.ok_or_else(|| damaged(TABLE, "a row went away"))?;
    let client_id = Some(code.grant.client_id.as_str());
    audit::insert(work, AuditKind::CodeReused, municipality, Some(sign_in), client_id, None, None)
}

fn find_access_token(
    work: &Work<'_>,
    municipality: &str,
    hash: Octets<32>,
) -> Result<Option<AccessTokenRecord>, SqliteError> {
    work.find(
        "SELECT codes.code_grant, sessions.account, sessions.auth_time, sessions.sid, sessions.holder_sealed
         FROM access_tokens
         JOIN codes ON codes.municipality = access_tokens.municipality AND codes.hash = access_tokens.code
         JOIN sessions ON sessions.municipality = codes.municipality AND sessions.sid = codes.sid
         WHERE access_tokens.municipality = ?1 AND access_tokens.hash = ?2
           AND access_tokens.expires_at > ?3 AND sessions.expires_at > ?3",
        (municipality, hash.0, work.now),
        |row| {
            let grant = grant(&column::<String>(row, TABLE, "code_grant")?)?;
            Ok(AccessTokenRecord {
                municipality: municipality.to_owned(),
                client_id: grant.client_id,
                scope: grant.scope,
                account: AccountId(Octets(column(row, "sessions", "account")?)),
                redirect_uri: grant.redirect_uri,
                auth_time: time(row, "sessions", "auth_time")?,
                sid: Octets(column(row, "sessions", "sid")?),
                holder_sealed: column(row, "sessions", "holder_sealed")?,
            })
        },
    )
}

fn grant(json: &str) -> Result<CodeGrant, SqliteError> {
    serde_json::from_str(json).map_err(|_| damaged(TABLE, "code_grant"))
}

const TABLE: &str = "codes";
