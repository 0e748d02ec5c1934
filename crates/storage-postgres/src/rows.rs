//! A sign-in row and the record it stands for.

use sqlx::postgres::PgRow;
use sqlx::{AssertSqlSafe, Decode, Postgres, Type};

use madoguchi_cert_verify::Source;
use madoguchi_protocol::{Lang, Octets};
use madoguchi_storage::{AccountId, Claim, ClaimHashes, NewSignIn, Proof, SignIn, SignInState};

use crate::error::PostgresError;
use crate::work::{Work, column, damaged, time, time_if_any};

/// Where in the table a sign-in is looked for; always within its municipality.
#[derive(Clone, Copy)]
pub(crate) enum By {
    Browser,
    ClaimSecret,
    Id,
    ReturnVerifier,
    Ticket,
}

/// The sign-in of a municipality that `keys` name together, the newest where there are several.
pub(crate) async fn find_sign_in(
    work: &mut Work,
    municipality: &str,
    keys: &[(By, &[u8])],
) -> Result<Option<SignIn>, PostgresError> {
    look_up(work, municipality, keys, "").await
}

/// The same, held until the transaction ends: nothing changes it meanwhile.
pub(crate) async fn hold_sign_in(
    work: &mut Work,
    municipality: &str,
    keys: &[(By, &[u8])],
) -> Result<Option<SignIn>, PostgresError> {
    look_up(work, municipality, keys, " FOR NO KEY UPDATE").await
}

async fn look_up(
    work: &mut Work,
    municipality: &str,
    keys: &[(By, &[u8])],
    hold: &'static str,
) -> Result<Option<SignIn>, PostgresError> {
    let mut sql = "SELECT * FROM sign_ins WHERE municipality = $1".to_owned();
    for (place, (by, _)) in keys.iter().enumerate() {
        sql.push_str(match by {
            By::Browser => " AND browser_hash = $",
            By::ClaimSecret => " AND claim_secret_hash = $",
            By::Id => " AND id = $",
            By::ReturnVerifier => " AND return_verifier_hash = $",
            By::Ticket => " AND ticket_hash = $",
        });
        sql.push_str(&(place + 2).to_string());
    }
    sql.push_str(" ORDER BY number DESC LIMIT 1");
    sql.push_str(hold);
    let mut query = sqlx::query(AssertSqlSafe(sql)).bind(municipality);
    for (_, key) in keys {
        query = query.bind(*key);
    }
    let now = work.now;
    work.find(query, |row| read(row, now)).await
}

/// The sign-in of a row with all columns.
pub(crate) fn read(row: &PgRow, now: i64) -> Result<SignIn, PostgresError> {
    let lang: String = field(row, "lang")?;
    let request: &str = field(row, "request")?;
    Ok(SignIn {
        new: NewSignIn {
            id: Octets(field(row, "id")?),
            municipality: field(row, "municipality")?,
            browser_hash: Octets(field(row, "browser_hash")?),
            ticket_hash: Octets(field(row, "ticket_hash")?),
            nonce: Octets(field(row, "nonce")?),
            request: serde_json::from_str(request).map_err(|_| damaged(TABLE, "request"))?,
            display: field(row, "display")?,
            lang: Lang::from_tag(&lang).ok_or_else(|| damaged(TABLE, "lang"))?,
            network: field(row, "network")?,
            address: field(row, "address")?,
        },
        state: state(row, now)?,
        created_at: time(row, TABLE, "created_at")?,
        expires_at: time(row, TABLE, "expires_at")?,
        claim: claim(row)?,
        finish_hash: field::<Option<[u8; 32]>>(row, "finish_hash")?.map(Octets),
        proof: proof(row)?,
        refused_on: refused_on(row)?,
        account: field::<Option<[u8; 16]>>(row, "account")?.map(|id| AccountId(Octets(id))),
        proven_at: time_if_any(row, TABLE, "proven_at")?,
        answered: field(row, "answered")?,
    })
}

fn state(row: &PgRow, now: i64) -> Result<SignInState, PostgresError> {
    let over = field::<i64>(row, "expires_at")? <= now;
    let code = || {
        let code: &str = field(row, "code")?;
        code.parse().map_err(|_| damaged(TABLE, "code"))
    };
    SignInState::read_back(field(row, "state")?, over, code)?.ok_or_else(|| damaged(TABLE, "state"))
}

fn claim(row: &PgRow) -> Result<Option<Claim>, PostgresError> {
    let Some(return_verifier) = field::<Option<[u8; 32]>>(row, "return_verifier_hash")? else {
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

fn proof(row: &PgRow) -> Result<Option<Proof>, PostgresError> {
    let Some(account_lookup) = field::<Option<[u8; 32]>>(row, "account_lookup")? else {
        return Ok(None);
    };
    Ok(Some(Proof::read_back(
        Octets(account_lookup),
        field(row, "holder_sealed")?,
        time(row, TABLE, "not_after")?,
        source(field(row, "revocation_source")?)?,
        field(row, "evidence")?,
    )))
}

fn source(name: &str) -> Result<Source, PostgresError> {
    Source::from_name(name).ok_or_else(|| damaged(TABLE, "revocation_source"))
}

/// The evidence of a finish that proved nothing.
fn refused_on(row: &PgRow) -> Result<Option<String>, PostgresError> {
    match field::<Option<&[u8]>>(row, "account_lookup")? {
        Some(_) => Ok(None),
        None => field(row, "evidence"),
    }
}

fn field<'r, T: Decode<'r, Postgres> + Type<Postgres>>(
    row: &'r PgRow,
    name: &str,
) -> Result<T, PostgresError> {
    column(row, TABLE, name)
}

const TABLE: &str = "sign_ins";
