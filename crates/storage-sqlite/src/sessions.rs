//! Sessions, and the accounts they belong to. A session ends in one place, [`end_sid`], which is also where its services
//! come to be told.

use async_trait::async_trait;
use rusqlite::{Row, named_params};
use serde_json::json;

use madoguchi_cert_verify::Source;
use madoguchi_protocol::Octets;
use madoguchi_storage::{
    ANSWER_SECONDS, AccountId, Accounts, AuditKind, CODES_OF_A_SESSION, EndedBy, ListedSession, NewAudit,
    NewCode, NewSession, SessionAnswer, SessionClient, SessionRecord, SessionSelection, Sessions, SignIn,
    StorageError,
};

use crate::error::SqliteError;
use crate::store::SqliteStore;
use crate::work::{Work, column, damaged, seconds, time, unix_time};
use crate::{audit, codes, logout_deliveries};

#[async_trait]
impl Sessions for SqliteStore {
    async fn find_session(
        &self,
        municipality: &str,
        id_hash: Octets<32>,
    ) -> Result<Option<SessionRecord>, StorageError> {
        self.point(|work| find(work, municipality, id_hash))
    }

    async fn end_session(&self, municipality: &str, id_hash: Octets<32>) -> Result<bool, StorageError> {
        let municipality = municipality.to_owned();
        self.write(move |work| match find(work, &municipality, id_hash)? {
            Some(session) => end_sid(work, &municipality, session.sid),
            None => Ok(false),
        })
        .await
    }

    async fn find_browser_session(
        &self,
        municipality: &str,
        browser_hash: Octets<32>,
    ) -> Result<Option<SessionRecord>, StorageError> {
        self.point(|work| usable(work, municipality, browser_hash))
    }

    async fn answer_in_session(
        &self,
        municipality: &str,
        browser_hash: Octets<32>,
        idle: Option<u64>,
        code: NewCode,
    ) -> Result<SessionAnswer, StorageError> {
        let municipality = municipality.to_owned();
        self.write(move |work| answer(work, &municipality, browser_hash, idle, &code)).await
    }

    async fn sessions_of_account(
        &self,
        municipality: &str,
        account: AccountId,
    ) -> Result<Vec<ListedSession>, StorageError> {
        let municipality = municipality.to_owned();
        self.read(move |work| {
            let sessions = work.all(
                "SELECT * FROM sessions WHERE municipality = ?1 AND account = ?2 AND expires_at > ?3
                 ORDER BY auth_time DESC, rowid DESC",
                (&municipality, account.0.0, work.now),
                read,
            )?;
            let listed = sessions.into_iter().map(|session| {
                let clients = clients(work, &municipality, session.sid)?;
                Ok(ListedSession { session, clients })
            });
            listed.collect()
        })
        .await
    }

    async fn end_sessions(
        &self,
        municipality: &str,
        selection: SessionSelection,
        by: EndedBy,
    ) -> Result<u64, StorageError> {
        let municipality = municipality.to_owned();
        self.write(move |work| end_selected(work, &municipality, selection, by)).await
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
    Ok(find(work, municipality, id_hash)?.filter(|session| session.sign_in == sign_in))
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

/// A live session by its name.
pub(crate) fn find_by_sid(
    work: &Work<'_>,
    municipality: &str,
    sid: Octets<16>,
) -> Result<Option<SessionRecord>, SqliteError> {
    work.find(
        "SELECT * FROM sessions WHERE municipality = ?1 AND sid = ?2 AND expires_at > ?3",
        (municipality, sid.0, work.now),
        read,
    )
}

/// A live session by the browser's cookie, idle or not.
fn of_browser(
    work: &Work<'_>,
    municipality: &str,
    browser_hash: Octets<32>,
) -> Result<Option<SessionRecord>, SqliteError> {
    work.find(
        "SELECT * FROM sessions WHERE municipality = ?1 AND browser_hash = ?2 AND expires_at > ?3",
        (municipality, browser_hash.0, work.now),
        read,
    )
}

/// The same, if it is not idle.
fn usable(
    work: &Work<'_>,
    municipality: &str,
    browser_hash: Octets<32>,
) -> Result<Option<SessionRecord>, SqliteError> {
    let session = of_browser(work, municipality, browser_hash)?;
    Ok(session.filter(|session| session.idle_until.is_some_and(|until| seconds(until) > work.now)))
}

fn clients(work: &Work<'_>, municipality: &str, sid: Octets<16>) -> Result<Vec<SessionClient>, SqliteError> {
    work.all(
        "SELECT * FROM session_clients WHERE municipality = ?1 AND sid = ?2 ORDER BY first_at, rowid",
        (municipality, sid.0),
        |row| {
            Ok(SessionClient {
                client_id: column(row, "session_clients", "client_id")?,
                first_at: time(row, "session_clients", "first_at")?,
                last_at: time(row, "session_clients", "last_at")?,
            })
        },
    )
}

fn read(row: &Row<'_>) -> Result<SessionRecord, SqliteError> {
    let source: String = column(row, TABLE, "revocation_source")?;
    let idle: Option<u64> = column(row, TABLE, "idle_until")?;
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
        revocation_source: Source::from_name(&source).ok_or_else(|| damaged(TABLE, "revocation_source"))?,
        revocation_checked_at: time(row, TABLE, "revocation_checked_at")?,
        browser: Octets(column(row, TABLE, "browser")?),
        idle_until: idle.map(unix_time),
        relinked_at: column::<Option<u64>>(row, TABLE, "relinked_at")?.map(unix_time),
        moved_at: column::<Option<u64>>(row, TABLE, "moved_at")?.map(unix_time),
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
    let follows = match new.replaces {
        Some(replaced) => replace(work, municipality, replaced, account, claim.counter)?,
        None => None,
    };
    // A shared computer has no session of the browser.
    let browser = new.browser.filter(|_| !claim.counter);
    work.execute(
        "INSERT INTO sessions (municipality, sid, id_hash, sign_in, client_id, account, auth_time, counter,
                               holder_sealed, revocation_source, revocation_checked_at, browser, browser_hash,
                               idle_until, relinked_at, moved_at, expires_at)
         VALUES (:municipality, :sid, :id_hash, :sign_in, :client_id, :account, :auth_time, :counter,
                 :holder, :source, :auth_time, :browser, :browser_hash, :idle_until,
                 (SELECT relinked_at FROM accounts WHERE municipality = :municipality AND id = :account),
                 (SELECT moved_at FROM moved_cards WHERE municipality = :municipality AND lookup = :lookup),
                 :expires_at)",
        named_params! {
            ":municipality": municipality,
            ":sid": new.sid.0,
            ":id_hash": new.id_hash.0,
            ":sign_in": sign_in.new.id.0,
            ":client_id": sign_in.new.request.client_id,
            ":account": account.0.0,
            ":lookup": proof.account_lookup.0,
            ":auth_time": seconds(proven_at),
            ":counter": claim.counter,
            ":holder": proof.holder_sealed,
            ":source": proof.revocation_source.name(),
            ":browser": follows.unwrap_or(new.sid).0,
            ":browser_hash": browser.map(|browser| browser.hash.0),
            ":idle_until": browser.map(|browser| work.after(browser.idle)),
            ":expires_at": work.after(new.lifetime),
        },
    )?;
    // Said once.
    work.execute(
        "UPDATE accounts SET relinked_at = NULL WHERE municipality = ?1 AND id = ?2 AND relinked_at IS NOT NULL",
        (municipality, account.0.0),
    )?;
    find(work, municipality, new.id_hash)?.ok_or_else(|| damaged(TABLE, "a session that lives no second"))
}

/// Of the browser's session until now nothing answers any more. Answers which browser the new one belongs to, when it
/// follows it; else it ends.
fn replace(
    work: &Work<'_>,
    municipality: &str,
    browser_hash: Octets<32>,
    account: AccountId,
    counter: bool,
) -> Result<Option<Octets<16>>, SqliteError> {
    let Some(old) = of_browser(work, municipality, browser_hash)? else { return Ok(None) };
    if old.account == account && !counter {
        work.execute(
            "UPDATE sessions SET browser_hash = NULL, idle_until = NULL WHERE municipality = ?1 AND sid = ?2",
            (municipality, old.sid.0),
        )?;
        return Ok(Some(old.browser));
    }
    let answered = work.all(
        "SELECT * FROM sessions WHERE municipality = ?1 AND browser = ?2 AND expires_at > ?3
           AND EXISTS (SELECT 1 FROM session_clients
                       WHERE session_clients.municipality = sessions.municipality
                         AND session_clients.sid = sessions.sid)
         ORDER BY rowid",
        (municipality, old.browser.0, work.now),
        read,
    )?;
    end_all(work, &answered, EndedBy::AnotherSignIn)?;
    // Another tab of the browser may be about to fetch its own answer: that session serves it, and nothing more.
    work.execute(
        "UPDATE sessions SET browser_hash = NULL, idle_until = NULL, expires_at = min(expires_at, ?4)
         WHERE municipality = ?1 AND browser = ?2 AND expires_at > ?3",
        (municipality, old.browser.0, work.now, work.after(ANSWER_SECONDS)),
    )?;
    Ok(None)
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

fn answer(
    work: &Work<'_>,
    municipality: &str,
    browser_hash: Octets<32>,
    idle: Option<u64>,
    code: &NewCode,
) -> Result<SessionAnswer, SqliteError> {
    let Some(session) = usable(work, municipality, browser_hash)? else {
        return Ok(SessionAnswer::NoSession);
    };
    if codes::count_of_session(work, municipality, session.sid)? >= CODES_OF_A_SESSION {
        return Ok(SessionAnswer::TooMany);
    }
    if !codes::finish_request(work, municipality, &code.grant)? {
        return Ok(SessionAnswer::RequestFinished);
    }
    if let Some(idle) = idle {
        work.execute(
            "UPDATE sessions SET idle_until = ?3 WHERE municipality = ?1 AND sid = ?2",
            (municipality, session.sid.0, work.after(idle)),
        )?;
    }
    codes::insert(work, session.sign_in, &session, code)?;
    note_client(work, &session, &code.grant.client_id)?;
    let (kind, client_id) = (AuditKind::SessionAnswered, Some(code.grant.client_id.as_str()));
    audit::insert(
        work,
        kind,
        &NewAudit { sign_in: Some(session.sign_in), client_id, ..NewAudit::of(municipality) },
    )?;
    let session = of_browser(work, municipality, browser_hash)?;
    Ok(SessionAnswer::Answered(Box::new(session.ok_or_else(|| damaged(TABLE, "a row went away"))?)))
}

/// A service was answered in a session.
pub(crate) fn note_client(
    work: &Work<'_>,
    session: &SessionRecord,
    client_id: &str,
) -> Result<(), SqliteError> {
    work.execute(
        "INSERT INTO session_clients (municipality, sid, client_id, first_at, last_at) VALUES (?1, ?2, ?3, ?4, ?4)
         ON CONFLICT (municipality, sid, client_id) DO UPDATE SET last_at = ?4",
        (&session.municipality, session.sid.0, client_id, work.now),
    )?;
    Ok(())
}

/// Ends the live sessions of a selection, each audited.
pub(crate) fn end_selected(
    work: &Work<'_>,
    municipality: &str,
    selection: SessionSelection,
    by: EndedBy,
) -> Result<u64, SqliteError> {
    let sessions = match selection {
        SessionSelection::Cookie(browser_hash) => {
            let Some(session) = of_browser(work, municipality, browser_hash)? else { return Ok(0) };
            return end_browser(work, municipality, session.browser, by);
        }
        SessionSelection::Account(account) => work.all(
            "SELECT * FROM sessions WHERE municipality = ?1 AND account = ?2 AND expires_at > ?3 ORDER BY rowid",
            (municipality, account.0.0, work.now),
            read,
        )?,
        SessionSelection::Browser(sid) => {
            let Some(session) = find_by_sid(work, municipality, sid)? else { return Ok(0) };
            return end_browser(work, municipality, session.browser, by);
        }
    };
    end_all(work, &sessions, by)
}

/// Ends every live session of every municipality, each audited.
pub(crate) fn end_every(work: &Work<'_>, by: EndedBy) -> Result<u64, SqliteError> {
    let sessions =
        work.all("SELECT * FROM sessions WHERE expires_at > ?1 ORDER BY rowid", (work.now,), read)?;
    end_all(work, &sessions, by)
}

/// Ends the live sessions that follow each other in a browser.
fn end_browser(
    work: &Work<'_>,
    municipality: &str,
    browser: Octets<16>,
    by: EndedBy,
) -> Result<u64, SqliteError> {
    let sessions = work.all(
        "SELECT * FROM sessions WHERE municipality = ?1 AND browser = ?2 AND expires_at > ?3 ORDER BY rowid",
        (municipality, browser.0, work.now),
        read,
    )?;
    end_all(work, &sessions, by)
}

fn end_all(work: &Work<'_>, sessions: &[SessionRecord], by: EndedBy) -> Result<u64, SqliteError> {
    let evidence = json!({ "by": by.as_str() }).to_string();
    let mut ended = 0;
    for session in sessions {
        let municipality = session.municipality.as_str();
        if end_sid(work, municipality, session.sid)? {
            ended += 1;
            let (sign_in, client_id) = (Some(session.sign_in), Some(session.client_id.as_str()));
            let kind = AuditKind::SessionEnded;
            audit::insert(
                work,
                kind,
                &NewAudit { sign_in, client_id, evidence: Some(&evidence), ..NewAudit::of(municipality) },
            )?;
        }
    }
    Ok(ended)
}

/// The one end of a live session: its services are to be told, its tokens are revoked, and all of it goes. Answers
/// whether it was live.
pub(crate) fn end_sid(work: &Work<'_>, municipality: &str, sid: Octets<16>) -> Result<bool, SqliteError> {
    logout_deliveries::of_session(work, municipality, sid)?;
    for table in ["access_tokens", "refresh_tokens"] {
        let sql = format!(
            "DELETE FROM {table} WHERE municipality = ?1 AND code IN (
                 SELECT hash FROM codes WHERE municipality = ?1 AND sid = ?2)"
        );
        work.execute(&sql, (municipality, sid.0))?;
    }
    let ended = work.execute(
        "DELETE FROM sessions WHERE municipality = ?1 AND sid = ?2 AND expires_at > ?3",
        (municipality, sid.0, work.now),
    )?;
    Ok(ended == 1)
}

const TABLE: &str = "sessions";
