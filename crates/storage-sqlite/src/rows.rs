//! A sign-in row and the record it stands for.

use rusqlite::Row;

use madoguchi_cert_verify::Source;
use madoguchi_protocol::{Lang, Octets};
use madoguchi_storage::{AccountId, Claim, ClaimHashes, NewSignIn, Proof, SignIn, SignInState};

use crate::cells::Cells;
use crate::error::SqliteError;
use crate::work::{Work, damaged, seconds, unix_time};

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
    let mut sql = format!("SELECT {COLUMNS} FROM sign_ins WHERE municipality = ?1");
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

/// In the order of [`COLUMNS`].
fn read(row: &Row<'_>, now: i64) -> Result<SignIn, SqliteError> {
    let mut cells = Cells::new(row, TABLE);
    let new = NewSignIn {
        id: Octets(cells.take("id")?),
        municipality: cells.take("municipality")?,
        browser_hash: Octets(cells.take("browser_hash")?),
        ticket_hash: Octets(cells.take("ticket_hash")?),
        nonce: Octets(cells.take("nonce")?),
        request: serde_json::from_str(cells.take_str("request")?).map_err(|_| damaged(TABLE, "request"))?,
        display: cells.take("display")?,
        lang: Lang::from_tag(cells.take_str("lang")?).ok_or_else(|| damaged(TABLE, "lang"))?,
        network: cells.take("network")?,
        address: cells.take("address")?,
    };
    let created_at = cells.take_time("created_at")?;
    let expires_at = cells.take_time("expires_at")?;
    let state = state(&mut cells, seconds(expires_at) <= now)?;
    let claim = claim(&mut cells)?;
    let finish_hash = cells.take::<Option<_>>("finish_hash")?.map(Octets);
    let evidence: Option<String> = cells.take("evidence")?;
    let account = cells.take::<Option<_>>("account")?.map(|id| AccountId(Octets(id)));
    let proven_at = cells.take::<Option<_>>("proven_at")?.map(unix_time);
    let answered = cells.take("answered")?;
    let (proof, refused_on) = match cells.take::<Option<_>>("account_lookup")? {
        Some(account_lookup) => (Some(proof(&mut cells, account_lookup, evidence)?), None),
        // A finish that proved nothing.
        None => (None, evidence),
    };
    Ok(SignIn {
        new,
        state,
        created_at,
        expires_at,
        claim,
        finish_hash,
        proof,
        refused_on,
        account,
        proven_at,
        answered,
    })
}

fn state(cells: &mut Cells<'_>, over: bool) -> Result<SignInState, SqliteError> {
    let state = cells.take_str("state")?;
    let code: Option<&str> = cells.take_optional_str("code")?;
    let code = || code.and_then(|code| code.parse().ok()).ok_or_else(|| damaged(TABLE, "code"));
    SignInState::read_back(state, over, code)?.ok_or_else(|| damaged(TABLE, "state"))
}

fn claim(cells: &mut Cells<'_>) -> Result<Option<Claim>, SqliteError> {
    let Some(return_verifier) = cells.take::<Option<_>>("return_verifier_hash")? else {
        cells.skip(3);
        return Ok(None);
    };
    let claim_secret = Octets(cells.take("claim_secret_hash")?);
    Ok(Some(Claim {
        hashes: ClaimHashes { return_verifier: Octets(return_verifier), claim_secret },
        counter: cells.take("counter")?,
        agent_version: cells.take("agent_version")?,
    }))
}

fn proof(
    cells: &mut Cells<'_>,
    account_lookup: [u8; 32],
    evidence: Option<String>,
) -> Result<Proof, SqliteError> {
    let holder_sealed = cells.take("holder_sealed")?;
    let not_after = cells.take_time("not_after")?;
    let source = Source::from_name(cells.take_str("revocation_source")?);
    let source = source.ok_or_else(|| damaged(TABLE, "revocation_source"))?;
    let evidence = evidence.ok_or_else(|| damaged(TABLE, "evidence"))?;
    Ok(Proof::read_back(Octets(account_lookup), holder_sealed, not_after, source, evidence))
}

const COLUMNS: &str = "id, municipality, browser_hash, ticket_hash, nonce, request, display, lang, network, address,
    created_at, expires_at, state, code, return_verifier_hash, claim_secret_hash, counter, agent_version, finish_hash,
    evidence, account, proven_at, answered, account_lookup, holder_sealed, not_after, revocation_source";
const TABLE: &str = "sign_ins";
