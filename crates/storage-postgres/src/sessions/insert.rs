//! The session of a sign-in that is being completed, and the account it belongs to.

use madoguchi_protocol::Octets;
use madoguchi_storage::{ANSWER_SECONDS, AccountId, EndedBy, NewSession, SessionRecord, SignIn};

use super::end::{self, Group};
use super::{By, TABLE, hold, read};
use crate::error::PostgresError;
use crate::work::{Work, column, damaged, seconds};

/// The caller holds the sign-in.
pub(crate) async fn insert(
    work: &mut Work,
    sign_in: &SignIn,
    new: &NewSession,
) -> Result<SessionRecord, PostgresError> {
    let municipality = sign_in.new.municipality.as_str();
    let incomplete = || damaged("sign_ins", "completed without claim or proof");
    let claim = sign_in.claim.as_ref().ok_or_else(incomplete)?;
    let proof = sign_in.proof.as_ref().ok_or_else(incomplete)?;
    let proven_at = sign_in.proven_at.ok_or_else(incomplete)?;
    let account = account(work, municipality, proof.account_lookup, new.account_if_new).await?;
    let follows = match new.replaces {
        Some(replaced) => replace(work, municipality, replaced, account.id, claim.counter).await?,
        None => None,
    };
    // A shared computer has no session of the browser.
    let browser = new.browser.filter(|_| !claim.counter);
    let query = sqlx::query(
        "INSERT INTO sessions (municipality, sid, id_hash, sign_in, client_id, account, auth_time, counter,
                               holder_sealed, revocation_source, revocation_checked_at, browser, browser_hash,
                               idle_until, relinked_at, expires_at, moved_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $7, $11, $12, $13, $14, $15,
                 (SELECT moved_at FROM moved_cards WHERE municipality = $1 AND lookup = $16))
         RETURNING *",
    );
    let query = query
        .bind(municipality)
        .bind(new.sid.0)
        .bind(new.id_hash.0)
        .bind(sign_in.new.id.0)
        .bind(&sign_in.new.request.client_id)
        .bind(account.id.0.0)
        .bind(seconds(proven_at))
        .bind(claim.counter)
        .bind(&proof.holder_sealed)
        .bind(proof.revocation_source.name())
        .bind(follows.unwrap_or(new.sid).0)
        .bind(browser.map(|browser| browser.hash.0))
        .bind(browser.map(|browser| work.after(browser.idle)))
        .bind(account.relinked_at)
        .bind(work.after(new.lifetime))
        .bind(proof.account_lookup.0);
    let session = work.find(query, read).await?.ok_or_else(|| damaged(TABLE, "a row went away"))?;
    if account.relinked_at.is_some() {
        // Said once.
        let query = sqlx::query("UPDATE accounts SET relinked_at = NULL WHERE municipality = $1 AND id = $2");
        work.execute(query.bind(municipality).bind(account.id.0.0)).await?;
    }
    Ok(session)
}

/// Of the browser's session until now nothing answers any more. Answers which browser the new one belongs to, when it
/// follows it; else it ends.
async fn replace(
    work: &mut Work,
    municipality: &str,
    browser_hash: Octets<32>,
    account: AccountId,
    counter: bool,
) -> Result<Option<Octets<16>>, PostgresError> {
    let Some(old) = hold(work, municipality, By::Browser, &browser_hash.0).await? else { return Ok(None) };
    if old.account == account && !counter {
        let query = sqlx::query(
            "UPDATE sessions SET browser_hash = NULL, idle_until = NULL WHERE municipality = $1 AND sid = $2",
        );
        work.execute(query.bind(municipality).bind(old.sid.0)).await?;
        return Ok(Some(old.browser));
    }
    end::end_group(work, municipality, Group::Answered(old.browser), EndedBy::AnotherSignIn).await?;
    // Another tab of the browser may be about to fetch its own answer: that session serves it, and nothing more.
    let query = sqlx::query(
        "UPDATE sessions SET browser_hash = NULL, idle_until = NULL, expires_at = least(expires_at, $4)
         WHERE municipality = $1 AND browser = $2 AND expires_at > $3",
    );
    let query = query.bind(municipality).bind(old.browser.0).bind(work.now).bind(work.after(ANSWER_SECONDS));
    work.execute(query).await?;
    Ok(None)
}

/// The account of a card. Its row is held: whoever links it to another card does it before, or ends the session that is
/// being made.
struct Account {
    id: AccountId,
    relinked_at: Option<i64>,
}

/// The account of a card, or a new one.
async fn account(
    work: &mut Work,
    municipality: &str,
    lookup: Octets<32>,
    if_new: AccountId,
) -> Result<Account, PostgresError> {
    loop {
        if let Some(account) = hold_account(work, municipality, lookup).await? {
            return Ok(account);
        }
        let query = sqlx::query(
            "INSERT INTO accounts (municipality, lookup, id, created_at) VALUES ($1, $2, $3, $4)
             ON CONFLICT (municipality, lookup) DO NOTHING",
        );
        let query = query.bind(municipality).bind(lookup.0).bind(if_new.0.0).bind(work.now);
        if work.execute(query).await? == 1 {
            return Ok(Account { id: if_new, relinked_at: None });
        }
        // Another sign-in with the same card made it just now; or it was linked to another card just then.
    }
}

async fn hold_account(
    work: &mut Work,
    municipality: &str,
    lookup: Octets<32>,
) -> Result<Option<Account>, PostgresError> {
    let query = sqlx::query(
        "SELECT id, relinked_at FROM accounts WHERE municipality = $1 AND lookup = $2 FOR NO KEY UPDATE",
    );
    work.find(query.bind(municipality).bind(lookup.0), |row| {
        Ok(Account {
            id: AccountId(Octets(column(row, "accounts", "id")?)),
            relinked_at: column(row, "accounts", "relinked_at")?,
        })
    })
    .await
}
