//! The press of the button.

use rusqlite::{OptionalExtension as _, named_params};

use madoguchi_protocol::ErrorCode;
use madoguchi_storage::{NewSignIn, SignIn};

use super::written;
use crate::error::SqliteError;
use crate::rows::By;
use crate::work::{Work, damaged, integer};

pub(super) fn start(work: &Work<'_>, new: &NewSignIn) -> Result<SignIn, SqliteError> {
    replace_earlier(work, new)?;
    keep_network_bound(work, new)?;
    forget_stopped(work, new)?;
    keep_bound_in_all(work, new)?;
    let request = serde_json::to_string(&new.request).map_err(|_| damaged("sign_ins", "request"))?;
    work.execute(
        "INSERT INTO sign_ins (municipality, id, browser_hash, ticket_hash, nonce, request, display, lang, network,
                               address, state, created_at, expires_at)
         VALUES (:municipality, :id, :browser, :ticket, :nonce, :request, :display, :lang, :network, :address,
                 'started', :now, :expires_at)",
        named_params! {
            ":municipality": new.municipality,
            ":id": new.id.0,
            ":browser": new.browser_hash.0,
            ":ticket": new.ticket_hash.0,
            ":nonce": new.nonce.0,
            ":request": request,
            ":display": new.display,
            ":lang": new.lang.tag(),
            ":network": new.network,
            ":address": new.address,
            ":now": work.now,
            ":expires_at": work.after(work.limits.started_seconds),
        },
    )?;
    Ok(*written(work, &new.municipality, &[(By::Id, &new.id.0)])?)
}

/// A double click sends two requests: the later one counts. Of what one browser's presses leave behind, only the last
/// replaced row is kept: rows must not grow with the presses of a stranger.
fn replace_earlier(work: &Work<'_>, new: &NewSignIn) -> Result<(), SqliteError> {
    work.execute(
        "DELETE FROM sign_ins
         WHERE municipality = :municipality AND browser_hash = :browser AND state = 'cancelled' AND code = :code",
        named_params! {
            ":municipality": new.municipality,
            ":browser": new.browser_hash.0,
            ":code": ErrorCode::SignInReplaced.as_str(),
        },
    )?;
    work.execute(
        REPLACE,
        named_params! {
            ":code": ErrorCode::SignInReplaced.as_str(),
            ":now": work.now,
            ":municipality": new.municipality,
            ":browser": new.browser_hash.0,
        },
    )?;
    Ok(())
}

fn keep_network_bound(work: &Work<'_>, new: &NewSignIn) -> Result<(), SqliteError> {
    let open = work.count(
        COUNT_OF_NETWORK,
        named_params! {
            ":municipality": new.municipality,
            ":network": new.network,
            ":now": work.now,
            ":bound": integer(work.limits.open_per_network),
        },
    )?;
    if open >= work.limits.open_per_network {
        give_way(work, &new.municipality, &new.network)
    } else {
        Ok(())
    }
}

/// Of what a network stopped before a card was proven, only the newest rows are kept, as many as may be open: no more
/// than a ticket is needed to stop one.
fn forget_stopped(work: &Work<'_>, new: &NewSignIn) -> Result<(), SqliteError> {
    work.execute(
        FORGET_STOPPED,
        named_params! {
            ":municipality": new.municipality,
            ":network": new.network,
            ":kept": integer(work.limits.open_per_network.saturating_sub(1)),
        },
    )?;
    Ok(())
}

fn keep_bound_in_all(work: &Work<'_>, new: &NewSignIn) -> Result<(), SqliteError> {
    let open = work.count(
        COUNT_IN_ALL,
        named_params! {
            ":municipality": new.municipality,
            ":now": work.now,
            ":bound": integer(work.limits.open_in_all),
        },
    )?;
    if open < work.limits.open_in_all {
        return Ok(());
    }
    let fullest: Option<String> = work
        .connection
        .prepare_cached(
            "SELECT network FROM sign_ins
             WHERE municipality = :municipality
               AND state IN ('started', 'claimed', 'proven') AND expires_at > :now
             GROUP BY network HAVING sum(state <> 'proven') > 0
             ORDER BY count(*) DESC, min(number) LIMIT 1",
        )?
        .query_row(named_params! { ":municipality": new.municipality, ":now": work.now }, |row| row.get(0))
        .optional()?;
    fullest.map_or(Ok(()), |network| give_way(work, &new.municipality, &network))
}

/// Deletes the oldest `Started` row of a network, or the oldest `Claimed` one where all are claimed: claiming takes
/// nothing but a ticket, and must not be a way around the bound. A proven card never gives way.
fn give_way(work: &Work<'_>, municipality: &str, network: &str) -> Result<(), SqliteError> {
    work.execute(
        GIVE_WAY,
        named_params! { ":municipality": municipality, ":network": network, ":now": work.now },
    )?;
    Ok(())
}

/// The plus keeps SQLite to the browser's few rows: the index of all open ones looks as good to it.
const REPLACE: &str = "UPDATE sign_ins SET state = 'cancelled', code = :code, expires_at = :now
         WHERE municipality = :municipality AND browser_hash = :browser
           AND state IN ('started', 'claimed', 'proven') AND +expires_at > :now";

/// Counting stops at the bound.
const COUNT_OF_NETWORK: &str = "SELECT count(*) FROM (
             SELECT 1 FROM sign_ins
             WHERE municipality = :municipality AND network = :network
               AND state IN ('started', 'claimed', 'proven') AND expires_at > :now LIMIT :bound)";

/// The same.
const COUNT_IN_ALL: &str = "SELECT count(*) FROM (
             SELECT 1 FROM sign_ins
             WHERE municipality = :municipality
               AND state IN ('started', 'claimed', 'proven') AND expires_at > :now LIMIT :bound)";

/// All three states are named, so that the index of the open ones is used.
const GIVE_WAY: &str = "DELETE FROM sign_ins WHERE number = (
             SELECT number FROM sign_ins
             WHERE municipality = :municipality AND network = :network
               AND state IN ('started', 'claimed', 'proven') AND state <> 'proven' AND expires_at > :now
             ORDER BY state = 'claimed', number LIMIT 1)";

/// A few at once, so that a bound that was lowered is reached.
const FORGET_STOPPED: &str = "DELETE FROM sign_ins WHERE number IN (
             SELECT number FROM sign_ins
             WHERE municipality = :municipality AND network = :network
               AND state IN ('burned', 'cancelled') AND proven_at IS NULL
             ORDER BY number DESC LIMIT 8 OFFSET :kept)";

#[cfg(test)]
mod tests {
    use rusqlite::Connection;

    use super::*;
    use crate::schema;

    /// A stranger can press the button as often as they like: no press may look at all sign-ins.
    #[test]
    fn each_statement_searches_its_own_index() {
        let mut connection = Connection::open_in_memory().expect("a database");
        schema::migrate(&mut connection).expect("the schema");
        for (sql, index) in [
            (REPLACE, "INDEX sign_ins_by_browser (municipality=? AND browser_hash=?)"),
            (
                COUNT_OF_NETWORK,
                "COVERING INDEX sign_ins_open_by_network (municipality=? AND network=? AND expires_at>?)",
            ),
            (COUNT_IN_ALL, "COVERING INDEX sign_ins_open (municipality=? AND expires_at>?)"),
            (FORGET_STOPPED, "COVERING INDEX sign_ins_stopped_by_network (municipality=? AND network=?)"),
            (
                GIVE_WAY,
                "COVERING INDEX sign_ins_open_by_network (municipality=? AND network=? AND expires_at>?)",
            ),
        ] {
            let plan = schema::plan(&connection, sql);
            assert!(plan.contains(&format!("SEARCH sign_ins USING {index}")), "{sql}: {plan}");
        }
    }
}
