//! Sessions, and the accounts they belong to.

use async_trait::async_trait;
use rusqlite::{Row, named_params};

use madoguchi_protocol::Octets;
use madoguchi_storage::{AccountId, Accounts, NewSession, SessionRecord, Sessions, SignIn, StorageError};

use crate::error::SqliteError;
use crate::store::SqliteStore;
use crate::work::{Work, column, damaged, seconds, time};

#[async_trait]
impl Sessions for SqliteStore {
    async fn find_session(
        &self,
        municipality: &str,
        id_hash: Octets<32>,
    ) -> Result<Option<SessionRecord>, StorageError> {
        let municipality = municipality.to_owned();
        self.read(move |work| find(work, &municipality, id_hash)).await
    }

    async fn end_session(&self, municipality: &str, id_hash: Octets<32>) -> Result<bool, StorageError> {
        let municipality = municipality.to_owned();
        self.write(move |work| end(work, &municipality, id_hash)).await
    }
}

#[async_trait]
impl Accounts for SqliteStore {
    async fn count_accounts(&self, municipality: &str) -> Result<u64, StorageError> {
        let municipality = municipality.to_owned();
        self.read(move |work| {
            work.count("SELECT count(*) FROM accounts WHERE municipality = ?1", (municipality,))
        })
        .await
    }
}

pub(crate) fn find(
    work: &Work<'_>,
    municipality: &str,
    id_hash: Octets<32>,
) -> Result<Option<SessionRecord>, SqliteError> {
    work.find(
        "SELECT * FROM sessions WHERE municipality = ?1 AND id_hash = ?2 AND expires_at > ?3",
        (municipality, id_hash.0, work.now),
        read,
    )
}

/// A live session, if it is the one that a sign-in made.
pub(crate) fn find_of_sign_in(
    work: &Work<'_>,
    municipality: &str,
    id_hash: Octets<32>,
    sign_in: Octets<16>,
) -> Result<Option<SessionRecord>, SqliteError> {
    work.find(
        "SELECT * FROM sessions WHERE municipality = ?1 AND id_hash = ?2 AND expires_at > ?3 AND sign_in = ?4",
        (municipality, id_hash.0, work.now, sign_in.0),
        read,
    )
}

/// The live session of a sign-in, whoever asks.
pub(crate) fn of_sign_in(
    work: &Work<'_>,
    municipality: &str,
    sign_in: Octets<16>,
) -> Result<Option<SessionRecord>, SqliteError> {
    work.find(
        "SELECT * FROM sessions WHERE municipality = ?1 AND sign_in = ?2 AND expires_at > ?3",
        (municipality, sign_in.0, work.now),
        read,
    )
}

/// What ending a live session by its public name needs.
pub(crate) struct Named {
    pub(crate) id_hash: Octets<32>,
    pub(crate) sign_in: Octets<16>,
}

/// A live session by its public name, the `sid` claim.
pub(crate) fn find_by_sid(
    work: &Work<'_>,
    municipality: &str,
    sid: Octets<16>,
) -> Result<Option<Named>, SqliteError> {
    work.find(
        "SELECT id_hash, sign_in FROM sessions WHERE municipality = ?1 AND sid = ?2 AND expires_at > ?3",
        (municipality, sid.0, work.now),
        |row| {
            let id_hash = Octets(column(row, TABLE, "id_hash")?);
            Ok(Named { id_hash, sign_in: Octets(column(row, TABLE, "sign_in")?) })
        },
    )
}

fn read(row: &Row<'_>) -> Result<SessionRecord, SqliteError> {
    Ok(SessionRecord {
        id_hash: Octets(column(row, TABLE, "id_hash")?),
        municipality: column(row, TABLE, "municipality")?,
        sid: Octets(column(row, TABLE, "sid")?),
        account: AccountId(Octets(column(row, TABLE, "account")?)),
        auth_time: time(row, TABLE, "auth_time")?,
        counter: column(row, TABLE, "counter")?,
        holder_sealed: column(row, TABLE, "holder_sealed")?,
        expires_at: time(row, TABLE, "expires_at")?,
    })
}

/// The session of a sign-in that was just completed.
pub(crate) fn insert(
    work: &Work<'_>,
    sign_in: &SignIn,
    new: &NewSession,
) -> Result<SessionRecord, SqliteError> {
    let municipality = sign_in.new.municipality.as_str();
    let incomplete = || damaged("sign_ins", "completed without claim or proof");
    let claim = sign_in.claim.as_ref().ok_or_else(incomplete)?;
    let proof = sign_in.proof.as_ref().ok_or_else(incomplete)?;
    let proven_at = sign_in.proven_at.ok_or_else(incomplete)?;
    let account = account(work, municipality, proof.account_lookup, new.account_if_new)?;
    work.execute(
        "INSERT INTO sessions (municipality, sid, id_hash, sign_in, account, auth_time, counter, holder_sealed,
                               expires_at)
         VALUES (:municipality, :sid, :id_hash, :sign_in, :account, :auth_time, :counter, :holder, :expires_at)",
        named_params! {
            ":municipality": municipality,
            ":sid": new.sid.0,
            ":id_hash": new.id_hash.0,
            ":sign_in": sign_in.new.id.0,
            ":account": account.0.0,
            ":auth_time": seconds(proven_at),
            ":counter": claim.counter,
            ":holder": proof.holder_sealed,
            ":expires_at": work.after(new.lifetime),
        },
    )?;
    find(work, municipality, new.id_hash)?.ok_or_else(|| damaged(TABLE, "a session that lives no second"))
}

/// The account of a card, or a new one.
fn account(
    work: &Work<'_>,
    municipality: &str,
    lookup: Octets<32>,
    if_new: AccountId,
) -> Result<AccountId, SqliteError> {
    work.execute(
        "INSERT INTO accounts (municipality, lookup, id, created_at) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT (municipality, lookup) DO NOTHING",
        (municipality, lookup.0, if_new.0.0, work.now),
    )?;
    work.find(
        "SELECT id FROM accounts WHERE municipality = ?1 AND lookup = ?2",
        (municipality, lookup.0),
        |row| column(row, "accounts", "id").map(|id| AccountId(Octets(id))),
    )?
    .ok_or_else(|| damaged("accounts", "a row went away"))
}

pub(crate) fn end(work: &Work<'_>, municipality: &str, id_hash: Octets<32>) -> Result<bool, SqliteError> {
    work.execute(
        "DELETE FROM access_tokens WHERE municipality = ?1 AND code IN (
             SELECT codes.hash FROM codes JOIN sessions USING (municipality, sid)
             WHERE codes.municipality = ?1 AND sessions.id_hash = ?2)",
        (municipality, id_hash.0),
    )?;
    let ended = work.execute(
        "DELETE FROM sessions WHERE municipality = ?1 AND id_hash = ?2 AND expires_at > ?3",
        (municipality, id_hash.0, work.now),
    )?;
    Ok(ended == 1)
}

const TABLE: &str = "sessions";
