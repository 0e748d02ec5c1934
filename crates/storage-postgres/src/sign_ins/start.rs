//! The press of the button.

use sqlx::Row as _;

use madoguchi_protocol::ErrorCode;
use madoguchi_storage::{NewSignIn, SignIn};

use crate::error::PostgresError;
use crate::locks::Lock;
use crate::rows;
use crate::work::{Work, damaged, integer};

/// The caller holds the lock of the browser. Bounds come first: their locks are taken before any row's.
pub(super) async fn start(work: &mut Work, new: &NewSignIn) -> Result<SignIn, PostgresError> {
    keep_bounds(work, new).await?;
    insert(work, new).await
}

/// A double click sends two requests: the later one counts. Of what one browser's presses leave behind, only the last
/// replaced row is kept: rows must not grow with the presses of a stranger.
async fn insert(work: &mut Work, new: &NewSignIn) -> Result<SignIn, PostgresError> {
    let request = serde_json::to_string(&new.request).map_err(|_| damaged("sign_ins", "request"))?;
    let (now, expires_at) = (work.now, work.after(work.limits.started_seconds));
    let query = sqlx::query(
        "WITH earlier AS (
             DELETE FROM sign_ins
             WHERE municipality = $1 AND browser_hash = $2 AND state = 'cancelled' AND code = $3),
         replaced AS (
             UPDATE sign_ins SET state = 'cancelled', code = $3, expires_at = $4
             WHERE municipality = $1 AND browser_hash = $2
               AND state IN ('started', 'claimed', 'proven') AND expires_at > $4)
         INSERT INTO sign_ins (municipality, browser_hash, id, ticket_hash, nonce, request, display, lang, network,
                               address, state, created_at, expires_at)
         VALUES ($1, $2, $5, $6, $7, $8, $9, $10, $11, $12, 'started', $4, $13)
         RETURNING *",
    );
    let query = query
        .bind(&new.municipality)
        .bind(new.browser_hash.0)
        .bind(ErrorCode::SignInReplaced.as_str())
        .bind(now)
        .bind(new.id.0)
        .bind(new.ticket_hash.0)
        .bind(new.nonce.0)
        .bind(request)
        .bind(&new.display)
        .bind(new.lang.tag())
        .bind(&new.network)
        .bind(&new.address)
        .bind(expires_at);
    work.find(query, |row| rows::read(row, now)).await?.ok_or_else(|| damaged("sign_ins", "a row went away"))
}

/// A bound is far away for as long as all that the server runs beside this could not reach it. Only near it do starts
/// wait for each other.
async fn keep_bounds(work: &mut Work, new: &NewSignIn) -> Result<(), PostgresError> {
    let limits = work.limits;
    let (of_network, in_all, stopped) = count_open(work, new).await?;
    let near = |open: u64, bound: u64| open.saturating_add(work.most_beside) >= bound;
    let (near_network, near_all) =
        (near(of_network, limits.open_per_network), near(in_all, limits.open_in_all));
    if near_network {
        work.lock(Lock::network(&new.municipality, &new.network)).await?;
    }
    if near_all {
        work.lock(Lock::open_in_all(&new.municipality)).await?;
    }
    if stopped >= limits.open_per_network {
        forget_stopped(work, new).await?;
    }
    if near_network && count_open(work, new).await?.0 >= limits.open_per_network {
        give_way(work, new, &new.network).await?;
    }
    if near_all
        && count_open(work, new).await?.1 >= limits.open_in_all
        && let Some(network) = fullest(work, new).await?
    {
        give_way(work, new, &network).await?;
    }
    Ok(())
}

/// Open sign-ins of the network and in all, but for those that this one replaces, and those of the network that were
/// stopped before a card was proven. Counting stops at the bound.
async fn count_open(work: &mut Work, new: &NewSignIn) -> Result<(u64, u64, u64), PostgresError> {
    let limits = work.limits;
    let query = sqlx::query(
        "SELECT (SELECT count(*) FROM (
                    SELECT 1 FROM sign_ins
                    WHERE municipality = $1 AND network = $2 AND browser_hash <> $3
                      AND state IN ('started', 'claimed', 'proven') AND expires_at > $4 LIMIT $5) AS open),
                (SELECT count(*) FROM (
                    SELECT 1 FROM sign_ins
                    WHERE municipality = $1 AND browser_hash <> $3
                      AND state IN ('started', 'claimed', 'proven') AND expires_at > $4 LIMIT $6) AS open),
                (SELECT count(*) FROM (
                    SELECT 1 FROM sign_ins
                    WHERE municipality = $1 AND network = $2
                      AND state IN ('burned', 'cancelled') AND proven_at IS NULL LIMIT $5) AS stopped)",
    );
    let query = query
        .bind(&new.municipality)
        .bind(&new.network)
        .bind(new.browser_hash.0)
        .bind(work.now)
        .bind(integer(limits.open_per_network))
        .bind(integer(limits.open_in_all));
    let counted = work.find(query, |row| {
        let counted =
            |index: usize| Ok::<_, sqlx::Error>(u64::try_from(row.try_get::<i64, _>(index)?).unwrap_or(0));
        Ok((counted(0)?, counted(1)?, counted(2)?))
    });
    Ok(counted.await?.unwrap_or_default())
}

/// Of what a network stopped before a card was proven, only the newest rows are kept, as many as may be open: no more
/// than a ticket is needed to stop one. A few at once, so that a bound that was lowered is reached.
async fn forget_stopped(work: &mut Work, new: &NewSignIn) -> Result<(), PostgresError> {
    let query = sqlx::query(
        "DELETE FROM sign_ins WHERE ctid = ANY (ARRAY(
             SELECT ctid FROM sign_ins
             WHERE municipality = $1 AND network = $2 AND browser_hash <> $3
               AND state IN ('burned', 'cancelled') AND proven_at IS NULL
             ORDER BY number DESC LIMIT 8 OFFSET $4 FOR UPDATE SKIP LOCKED))",
    );
    let kept = integer(work.limits.open_per_network.saturating_sub(1));
    let query = query.bind(&new.municipality).bind(&new.network).bind(new.browser_hash.0).bind(kept);
    work.execute(query).await.map(drop)
}

async fn fullest(work: &mut Work, new: &NewSignIn) -> Result<Option<String>, PostgresError> {
    let query = sqlx::query(
        "SELECT network FROM sign_ins
         WHERE municipality = $1 AND browser_hash <> $2
           AND state IN ('started', 'claimed', 'proven') AND expires_at > $3
         GROUP BY network HAVING bool_or(state <> 'proven')
         ORDER BY count(*) DESC, min(number) LIMIT 1",
    );
    let query = query.bind(&new.municipality).bind(new.browser_hash.0).bind(work.now);
    work.find(query, |row| Ok(row.try_get(0)?)).await
}

/// Deletes the oldest `Started` row of a network, or the oldest `Claimed` one where all are claimed: claiming takes
/// nothing but a ticket, and must not be a way around the bound. A proven card never gives way, nor does a row that
/// somebody holds at this moment.
async fn give_way(work: &mut Work, new: &NewSignIn, network: &str) -> Result<(), PostgresError> {
    work.execute(
        sqlx::query(
            "DELETE FROM sign_ins WHERE municipality = $1 AND id = (
                 SELECT id FROM sign_ins
                 WHERE municipality = $1 AND network = $2 AND browser_hash <> $3
                   AND state IN ('started', 'claimed') AND expires_at > $4
                 ORDER BY state = 'claimed', number LIMIT 1 FOR UPDATE SKIP LOCKED)",
        )
        .bind(&new.municipality)
        .bind(network)
        .bind(new.browser_hash.0)
        .bind(work.now),
    )
    .await
    .map(drop)
}
