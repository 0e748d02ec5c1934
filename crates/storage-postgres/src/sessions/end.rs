//! The end of sessions, by whoever ends them.

use serde_json::json;
use sqlx::AssertSqlSafe;

use madoguchi_protocol::Octets;
use madoguchi_storage::{AccountId, AuditKind, EndedBy, NewAudit, SessionRecord, SessionSelection};

use super::{By, find, hold, read};
use crate::error::PostgresError;
use crate::work::Work;
use crate::{audit, logout_deliveries};

pub(super) async fn end_session(
    work: &mut Work,
    municipality: &str,
    id_hash: Octets<32>,
) -> Result<bool, PostgresError> {
    let Some(session) = hold(work, municipality, By::IdHash, &id_hash.0).await? else { return Ok(false) };
    end_held(work, &session).await?;
    Ok(true)
}

/// Ends the live sessions of a selection, each audited.
pub(crate) async fn end_selected(
    work: &mut Work,
    municipality: &str,
    selection: SessionSelection,
    by: EndedBy,
) -> Result<u64, PostgresError> {
    let one = match selection {
        SessionSelection::Account(account) => {
            return end_group(work, municipality, Group::Account(account), by).await;
        }
        SessionSelection::Browser(sid) => find(work, municipality, By::Sid, &sid.0).await?,
        SessionSelection::Cookie(browser_hash) => {
            find(work, municipality, By::Browser, &browser_hash.0).await?
        }
    };
    match one {
        Some(session) => end_group(work, municipality, Group::Browser(session.browser), by).await,
        None => Ok(0),
    }
}

/// Sessions that end together.
#[derive(Clone, Copy)]
pub(super) enum Group {
    /// All of an account.
    Account(AccountId),
    /// Those that follow each other in a browser and answered a service.
    Answered(Octets<16>),
    /// Those that follow each other in a browser.
    Browser(Octets<16>),
}

/// Ends the live sessions of a group, each audited. Until none is left: while one was waited for, whoever held it may have
/// made the one that follows it.
pub(super) async fn end_group(
    work: &mut Work,
    municipality: &str,
    group: Group,
    by: EndedBy,
) -> Result<u64, PostgresError> {
    let evidence = json!({ "by": by.as_str() }).to_string();
    let mut ended = 0;
    loop {
        let sessions = hold_group(work, municipality, group).await?;
        if sessions.is_empty() {
            return Ok(ended);
        }
        for session in &sessions {
            end_held(work, session).await?;
            let (sign_in, client_id) = (Some(session.sign_in), Some(session.client_id.as_str()));
            let kind = AuditKind::SessionEnded;
            audit::insert(
                work,
                kind,
                &NewAudit { sign_in, client_id, evidence: Some(&evidence), ..NewAudit::of(municipality) },
            )
            .await?;
            ended += 1;
        }
    }
}

async fn hold_group(
    work: &mut Work,
    municipality: &str,
    group: Group,
) -> Result<Vec<SessionRecord>, PostgresError> {
    let (condition, key) = match group {
        Group::Account(account) => ("account = $2", account.0),
        Group::Answered(browser) => (
            "browser = $2 AND EXISTS (SELECT 1 FROM session_clients
                                      WHERE session_clients.municipality = sessions.municipality
                                        AND session_clients.sid = sessions.sid)",
            browser,
        ),
        Group::Browser(browser) => ("browser = $2", browser),
    };
    let sql = format!(
        "SELECT * FROM sessions WHERE municipality = $1 AND expires_at > $3 AND {condition}
         ORDER BY number FOR NO KEY UPDATE"
    );
    let query = sqlx::query(AssertSqlSafe(sql)).bind(municipality).bind(key.0).bind(work.now);
    work.all(query, read).await
}

/// The one end of a live session, which the caller holds: its services are to be told, its tokens are revoked, and all of
/// it goes.
pub(crate) async fn end_held(work: &mut Work, session: &SessionRecord) -> Result<(), PostgresError> {
    let (municipality, sid) = (session.municipality.as_str(), session.sid);
    // The codes are held before their tokens, as everywhere. A token that is being given now belongs to no session then,
    // and nothing finds it.
    let query = sqlx::query(
        "WITH held AS MATERIALIZED (
             SELECT hash FROM codes WHERE municipality = $1 AND sid = $2 ORDER BY hash FOR NO KEY UPDATE),
         access AS (
             DELETE FROM access_tokens WHERE municipality = $1 AND code IN (SELECT hash FROM held))
         DELETE FROM refresh_tokens WHERE municipality = $1 AND code IN (SELECT hash FROM held)",
    );
    work.execute(query.bind(municipality).bind(sid.0)).await?;
    logout_deliveries::of_session(work, municipality, sid).await?;
    let query = sqlx::query("DELETE FROM sessions WHERE municipality = $1 AND sid = $2");
    work.execute(query.bind(municipality).bind(sid.0)).await.map(drop)
}
