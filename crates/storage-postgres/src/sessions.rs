//! Sessions, and the accounts they belong to. A session ends in one place, [`end_held`], which is also where its services
//! come to be told.

mod end;
mod insert;

use async_trait::async_trait;
use sqlx::AssertSqlSafe;
use sqlx::postgres::PgRow;

use madoguchi_cert_verify::Source;
use madoguchi_protocol::Octets;
use madoguchi_storage::{
    AccountId, Accounts, AuditKind, CODES_OF_A_SESSION, EndedBy, ListedSession, NewAudit, NewCode,
    SessionAnswer, SessionClient, SessionRecord, SessionSelection, Sessions, StorageError,
};

use crate::error::PostgresError;
use crate::store::PostgresStore;
use crate::transaction::{look, settle, transact};
use crate::work::{Work, column, damaged, seconds, time, time_if_any};
use crate::{audit, codes};

pub(crate) use end::{end_held, end_selected};
pub(crate) use insert::insert;

#[async_trait]
impl Sessions for PostgresStore {
    async fn find_session(
        &self,
        municipality: &str,
        id_hash: Octets<32>,
    ) -> Result<Option<SessionRecord>, StorageError> {
        look!(self, |work| find(work, municipality, By::IdHash, &id_hash.0))
    }

    async fn end_session(&self, municipality: &str, id_hash: Octets<32>) -> Result<bool, StorageError> {
        transact!(self, &[], |work| end::end_session(work, municipality, id_hash))
    }

    async fn find_browser_session(
        &self,
        municipality: &str,
        browser_hash: Octets<32>,
    ) -> Result<Option<SessionRecord>, StorageError> {
        look!(self, |work| usable(work, municipality, browser_hash))
    }

    async fn answer_in_session(
        &self,
        municipality: &str,
        browser_hash: Octets<32>,
        idle: Option<u64>,
        code: NewCode,
    ) -> Result<SessionAnswer, StorageError> {
        settle!(self, &[], |work| answer(work, municipality, browser_hash, idle, &code))
    }

    async fn sessions_of_account(
        &self,
        municipality: &str,
        account: AccountId,
    ) -> Result<Vec<ListedSession>, StorageError> {
        look!(self, |work| list(work, municipality, account))
    }

    async fn end_sessions(
        &self,
        municipality: &str,
        selection: SessionSelection,
        by: EndedBy,
    ) -> Result<u64, StorageError> {
        transact!(self, &[], |work| end_selected(work, municipality, selection, by))
    }
}

#[async_trait]
impl Accounts for PostgresStore {
    async fn count_accounts(&self, municipality: &str) -> Result<u64, StorageError> {
        look!(self, |work| work
            .count(sqlx::query("SELECT count(*) FROM accounts WHERE municipality = $1").bind(municipality)))
    }
}

/// Where in the table a session is looked for; always within its municipality.
#[derive(Clone, Copy)]
pub(crate) enum By {
    /// The secret in the browser's cookie, idle or not.
    Browser,
    IdHash,
    Sid,
    SignIn,
}

/// A live session.
pub(crate) async fn find(
    work: &mut Work,
    municipality: &str,
    by: By,
    key: &[u8],
) -> Result<Option<SessionRecord>, PostgresError> {
    look_up(work, municipality, by, key, "").await
}

/// The same, held until the transaction ends: nobody ends or changes it meanwhile.
pub(crate) async fn hold(
    work: &mut Work,
    municipality: &str,
    by: By,
    key: &[u8],
) -> Result<Option<SessionRecord>, PostgresError> {
    look_up(work, municipality, by, key, "FOR NO KEY UPDATE").await
}

async fn look_up(
    work: &mut Work,
    municipality: &str,
    by: By,
    key: &[u8],
    lock: &str,
) -> Result<Option<SessionRecord>, PostgresError> {
    let column = match by {
        By::Browser => "browser_hash",
        By::IdHash => "id_hash",
        By::Sid => "sid",
        By::SignIn => "sign_in",
    };
    let sql = format!(
        "SELECT * FROM sessions WHERE municipality = $1 AND {column} = $2 AND expires_at > $3 {lock}"
    );
    work.find(sqlx::query(AssertSqlSafe(sql)).bind(municipality).bind(key).bind(work.now), read).await
}

/// Holds a live session, if it is the one that a sign-in made.
pub(crate) async fn hold_of_sign_in(
    work: &mut Work,
    municipality: &str,
    id_hash: Octets<32>,
    sign_in: Octets<16>,
) -> Result<Option<SessionRecord>, PostgresError> {
    let session = hold(work, municipality, By::IdHash, &id_hash.0).await?;
    Ok(session.filter(|session| session.sign_in == sign_in))
}

/// Holds a live session by its name.
pub(crate) async fn hold_by_sid(
    work: &mut Work,
    municipality: &str,
    sid: Octets<16>,
) -> Result<Option<SessionRecord>, PostgresError> {
    hold(work, municipality, By::Sid, &sid.0).await
}

/// The live session of a sign-in, whoever asks.
pub(crate) async fn of_sign_in(
    work: &mut Work,
    municipality: &str,
    sign_in: Octets<16>,
) -> Result<Option<SessionRecord>, PostgresError> {
    find(work, municipality, By::SignIn, &sign_in.0).await
}

/// A live session by the browser's cookie, if it is not idle.
async fn usable(
    work: &mut Work,
    municipality: &str,
    browser_hash: Octets<32>,
) -> Result<Option<SessionRecord>, PostgresError> {
    let session = find(work, municipality, By::Browser, &browser_hash.0).await?;
    Ok(session.filter(|session| is_usable(work, session)))
}

fn is_usable(work: &Work, session: &SessionRecord) -> bool {
    session.idle_until.is_some_and(|until| seconds(until) > work.now)
}

async fn list(
    work: &mut Work,
    municipality: &str,
    account: AccountId,
) -> Result<Vec<ListedSession>, PostgresError> {
    let query = sqlx::query(
        "SELECT * FROM sessions WHERE municipality = $1 AND account = $2 AND expires_at > $3
         ORDER BY auth_time DESC, number DESC",
    );
    let sessions = work.all(query.bind(municipality).bind(account.0.0).bind(work.now), read).await?;
    let query = sqlx::query(
        "SELECT session_clients.* FROM session_clients JOIN sessions USING (municipality, sid)
         WHERE municipality = $1 AND account = $2 ORDER BY first_at, session_clients.number",
    );
    let clients = work.all(query.bind(municipality).bind(account.0.0), |row| {
        let sid: Octets<16> = Octets(column(row, CLIENTS, "sid")?);
        let client = SessionClient {
            client_id: column(row, CLIENTS, "client_id")?,
            first_at: time(row, CLIENTS, "first_at")?,
            last_at: time(row, CLIENTS, "last_at")?,
        };
        Ok((sid, client))
    });
    let clients = clients.await?;
    let listed = sessions.into_iter().map(|session| {
        let own = clients.iter().filter(|(sid, _)| *sid == session.sid);
        ListedSession { clients: own.map(|(_, client)| client.clone()).collect(), session }
    });
    Ok(listed.collect())
}

async fn answer(
    work: &mut Work,
    municipality: &str,
    browser_hash: Octets<32>,
    idle: Option<u64>,
    code: &NewCode,
) -> Result<SessionAnswer, PostgresError> {
    let session = hold(work, municipality, By::Browser, &browser_hash.0).await?;
    let Some(mut session) = session.filter(|session| is_usable(work, session)) else {
        return Ok(SessionAnswer::NoSession);
    };
    if work.unsure && codes::has_code(work, municipality, code.hash).await? {
        // Its own try, whose answer was lost.
        return Ok(SessionAnswer::Answered(Box::new(session)));
    }
    if codes::count_of_session(work, municipality, session.sid).await? >= CODES_OF_A_SESSION {
        return Ok(SessionAnswer::TooMany);
    }
    if !codes::finish_request(work, municipality, &code.grant).await? {
        return Ok(SessionAnswer::RequestFinished);
    }
    if let Some(idle) = idle {
        let query = sqlx::query(
            "UPDATE sessions SET idle_until = $3 WHERE municipality = $1 AND sid = $2 RETURNING *",
        );
        let query = query.bind(municipality).bind(session.sid.0).bind(work.after(idle));
        session = work.find(query, read).await?.ok_or_else(|| damaged(TABLE, "a row went away"))?;
    }
    codes::hand_out(work, session.sign_in, &session, code).await?;
    let (kind, client_id) = (AuditKind::SessionAnswered, Some(code.grant.client_id.as_str()));
    audit::insert(
        work,
        kind,
        &NewAudit { sign_in: Some(session.sign_in), client_id, ..NewAudit::of(municipality) },
    )
    .await?;
    Ok(SessionAnswer::Answered(Box::new(session)))
}

/// The session of a row with all columns.
pub(crate) fn read(row: &PgRow) -> Result<SessionRecord, PostgresError> {
    let source: &str = column(row, TABLE, "revocation_source")?;
    Ok(SessionRecord {
        id_hash: Octets(column(row, TABLE, "id_hash")?),
        municipality: column(row, TABLE, "municipality")?,
        sid: Octets(column(row, TABLE, "sid")?),
        sign_in: Octets(column(row, TABLE, "sign_in")?),
        client_id: column(row, TABLE, "client_id")?,
        account: AccountId(Octets(column(row, TABLE, "account")?)),
        auth_time: time(row, TABLE, "auth_time")?,
        counter: column(row, TABLE, "counter")?,
        holder_sealed: column(row, TABLE, "holder_sealed")?,
        revocation_source: Source::from_name(source).ok_or_else(|| damaged(TABLE, "revocation_source"))?,
        revocation_checked_at: time(row, TABLE, "revocation_checked_at")?,
        browser: Octets(column(row, TABLE, "browser")?),
        idle_until: time_if_any(row, TABLE, "idle_until")?,
        relinked_at: time_if_any(row, TABLE, "relinked_at")?,
        moved_at: time_if_any(row, TABLE, "moved_at")?,
        expires_at: time(row, TABLE, "expires_at")?,
    })
}

const TABLE: &str = "sessions";
const CLIENTS: &str = "session_clients";
