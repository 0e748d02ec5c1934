//! A sign-in row and the record it stands for.

use rusqlite::{Row, types::FromSql};

use madoguchi_cert_verify::Source;
use madoguchi_protocol::{ErrorCode, Lang, Octets};
use madoguchi_storage::{AccountId, Claim, ClaimHashes, NewSignIn, Proof, SignIn, SignInState};

use crate::error::SqliteError;
use crate::work::{Work, column, damaged, time, unix_time};

/// Where in the table a sign-in is looked for; always within its municipality.
#[derive(Clone, Copy)]
pub(crate) enum By {
    Browser,
    ClaimSecret,
    Id,
    ReturnVerifier,
    Ticket,
}

/// The sign-in of a municipality that `keys` name together. Each kind of look has one place.
pub(crate) fn find_sign_in(
    work: &Work<'_>,
    municipality: &str,
    keys: &[(By, &[u8])],
) -> Result<Option<SignIn>, SqliteError> {
    let mut sql = "SELECT * FROM sign_ins WHERE municipality = ?1".to_owned();
    let mut params: Vec<&dyn rusqlite::ToSql> = vec![&municipality];
    for (by, key) in keys {
        params.push(key);
        sql.push_str(match by {
            By::Browser => " AND browser_hash = ?",
            By::ClaimSecret => " AND claim_secret_hash = ?",
            By::Id => " AND id = ?",
            By::ReturnVerifier => " AND return_verifier_hash = ?",
            By::Ticket => " AND ticket_hash = ?",
        });
        sql.push_str(&params.len().to_string());
    }
    sql.push_str(" ORDER BY number DESC LIMIT 1");
    work.find(&sql, params.as_slice(), |row| read(row, work.now))
}

fn read(row: &Row<'_>, now: i64) -> Result<SignIn, SqliteError> {
    let expires_at: u64 = field(row, "expires_at")?;
    let lang: String = field(row, "lang")?;
    let request: String = field(row, "request")?;
    Ok(SignIn {
        new: NewSignIn {
            id: Octets(field(row, "id")?),
            municipality: field(row, "municipality")?,
            browser_hash: Octets(field(row, "browser_hash")?),
            ticket_hash: Octets(field(row, "ticket_hash")?),
            nonce: Octets(field(row, "nonce")?),
            request: serde_json::from_str(&request).map_err(|_| damaged(TABLE, "request"))?,
            display: field(row, "display")?,
            lang: Lang::from_tag(&lang).ok_or_else(|| damaged(TABLE, "lang"))?,
            network: field(row, "network")?,
            address: field(row, "address")?,
        },
        state: state(row, now)?,
        created_at: time(row, TABLE, "created_at")?,
        expires_at: unix_time(expires_at),
        claim: claim(row)?,
        finish_hash: field::<Option<_>>(row, "finish_hash")?.map(Octets),
        proof: proof(row)?,
        refused_on: refused_on(row)?,
        account: field::<Option<_>>(row, "account")?.map(|id| AccountId(Octets(id))),
        proven_at: field::<Option<_>>(row, "proven_at")?.map(unix_time),
        answered: field(row, "answered")?,
    })
}

/// The state that is told: what has run out of time is not told as open, though no write has said so.
fn state(row: &Row<'_>, now: i64) -> Result<SignInState, SqliteError> {
    let over = field::<i64>(row, "expires_at")? <= now;
    let code = || {
        let code: String = field(row, "code")?;
        code.parse().map_err(|_| damaged(TABLE, "code"))
    };
    Ok(match field::<String>(row, "state")?.as_str() {
        "started" | "claimed" if over => SignInState::Expired,
        "proven" if over => SignInState::Burned(ErrorCode::SignInExpired),
        "started" => SignInState::Started,
        "claimed" => SignInState::Claimed,
        "proven" => SignInState::Proven,
        "completed" => SignInState::Completed,
        "cancelled" => SignInState::Cancelled(code()?),
        "burned" => SignInState::Burned(code()?),
        _ => return Err(damaged(TABLE, "state")),
    })
}

fn claim(row: &Row<'_>) -> Result<Option<Claim>, SqliteError> {
    let Some(return_verifier) = field::<Option<_>>(row, "return_verifier_hash")? else {
        return Ok(None);
    };
    Ok(Some(Claim {
        hashes: ClaimHashes {
            return_verifier: Octets(return_verifier),
            claim_secret: Octets(field(row, "claim_secret_hash")?),
        },
        counter: field(row, "counter")?,
        agent_version: field(row, "agent_version")?,
    }))
}

fn proof(row: &Row<'_>) -> Result<Option<Proof>, SqliteError> {
    let Some(account_lookup) = field::<Option<_>>(row, "account_lookup")? else {
        return Ok(None);
    };
    Ok(Some(Proof::read_back(
        Octets(account_lookup),
        field(row, "holder_sealed")?,
        time(row, TABLE, "not_after")?,
        source(&field::<String>(row, "revocation_source")?)?,
        field(row, "evidence")?,
    )))
}

fn source(name: &str) -> Result<Source, SqliteError> {
    Source::from_name(name).ok_or_else(|| damaged(TABLE, "revocation_source"))
}

/// The evidence of a finish that proved nothing.
fn refused_on(row: &Row<'_>) -> Result<Option<String>, SqliteError> {
    match field::<Option<Vec<u8>>>(row, "account_lookup")? {
        Some(_) => Ok(None),
        None => field(row, "evidence"),
    }
}

fn field<T: FromSql>(row: &Row<'_>, name: &str) -> Result<T, SqliteError> {
    column(row, TABLE, name)
}

const TABLE: &str = "sign_ins";
