//! What the browser does with a sign-in after it started it.

use madoguchi_protocol::{ErrorCode, Octets};
use madoguchi_storage::{
    ANSWER_SECONDS, AnswerTaken, AuditKind, NewCode, NewSession, Returned, SessionRecord, SignIn,
    SignInState, Transition,
};

use super::record;
use crate::audit_chain::count_failure;
use crate::error::PostgresError;
use crate::rows::{self, By, find_sign_in, hold_sign_in};
use crate::work::{Work, damaged, integer, seconds};
use crate::{codes, sessions};

pub(super) async fn cancel(
    work: &mut Work,
    municipality: &str,
    id: Octets<16>,
    browser_hash: Octets<32>,
) -> Result<Transition, PostgresError> {
    let now = work.now;
    let query = sqlx::query(
        "UPDATE sign_ins SET state = 'cancelled', code = $5, expires_at = $4
         WHERE municipality = $1 AND id = $2 AND browser_hash = $3
           AND state IN ('started', 'claimed', 'proven') AND expires_at > $4
         RETURNING *",
    );
    let code = ErrorCode::Declined;
    let query = query.bind(municipality).bind(id.0).bind(browser_hash.0).bind(now).bind(code.as_str());
    if let Some(sign_in) = work.find(query, |row| rows::read(row, now)).await? {
        count_failure(work, municipality, code).await?;
        return Ok(Transition::Done(Box::new(sign_in)));
    }
    let keys = [(By::Id, id.0.as_slice()), (By::Browser, browser_hash.0.as_slice())];
    Ok(match find_sign_in(work, municipality, &keys).await? {
        None => Transition::NotFound,
        Some(sign_in) if sign_in.state == SignInState::Cancelled(code) => Transition::Same(Box::new(sign_in)),
        Some(sign_in) => sign_in.refusal(),
    })
}

/// Decided about the row while it is held. Nothing is found or changed without the verifier.
pub(super) async fn complete(
    work: &mut Work,
    municipality: &str,
    id: Octets<16>,
    return_verifier_hash: Octets<32>,
    browser_hash: Option<Octets<32>>,
    new: &NewSession,
) -> Result<Returned, PostgresError> {
    let keys = [(By::Id, id.0.as_slice()), (By::ReturnVerifier, return_verifier_hash.0.as_slice())];
    let Some(sign_in) = hold_sign_in(work, municipality, &keys).await? else {
        return Ok(Returned::NotFound);
    };
    let same_browser = browser_hash == Some(sign_in.new.browser_hash);
    match sign_in.state {
        SignInState::Proven if same_browser => completed(work, &sign_in, new).await,
        SignInState::Proven => burned(work, &sign_in).await,
        SignInState::Completed if same_browser => again(work, sign_in, new).await,
        _ => Ok(Returned::Other(Box::new(sign_in))),
    }
}

async fn completed(work: &mut Work, held: &SignIn, new: &NewSession) -> Result<Returned, PostgresError> {
    let session = sessions::insert(work, held, new).await?;
    let now = work.now;
    // The holder is kept in one place, the session, and goes when it goes.
    let query = sqlx::query(
        "UPDATE sign_ins SET state = 'completed', expires_at = $3, account = $4, holder_sealed = ''
         WHERE municipality = $1 AND id = $2 RETURNING *",
    );
    let query = query.bind(&held.new.municipality).bind(held.new.id.0).bind(now).bind(session.account.0.0);
    let sign_in = written(work.find(query, |row| rows::read(row, now)).await?)?;
    record(work, AuditKind::SignInCompleted, &sign_in).await?;
    Ok(Returned::Completed { sign_in: Box::new(sign_in), session: Box::new(session) })
}

async fn burned(work: &mut Work, held: &SignIn) -> Result<Returned, PostgresError> {
    let now = work.now;
    let query = sqlx::query(
        "UPDATE sign_ins SET state = 'burned', code = $4, expires_at = $3
         WHERE municipality = $1 AND id = $2 RETURNING *",
    );
    let query = query
        .bind(&held.new.municipality)
        .bind(held.new.id.0)
        .bind(now)
        .bind(ErrorCode::PossiblePhishing.as_str());
    let sign_in = written(work.find(query, |row| rows::read(row, now)).await?)?;
    record(work, AuditKind::SignInBurned, &sign_in).await?;
    Ok(Returned::WrongBrowser(Box::new(sign_in)))
}

/// The same return again, in time: the session gets the new id and keeps everything else.
async fn again(work: &mut Work, sign_in: SignIn, new: &NewSession) -> Result<Returned, PostgresError> {
    let in_time = seconds(sign_in.expires_at) >= work.now.saturating_sub(integer(work.limits.proven_seconds));
    if sign_in.answered || !in_time {
        return Ok(Returned::Other(Box::new(sign_in)));
    }
    let query = sqlx::query(
        "UPDATE sessions SET id_hash = $4,
             browser_hash = CASE WHEN browser_hash IS NULL THEN NULL ELSE coalesce($5, browser_hash) END
         WHERE municipality = $1 AND sign_in = $2 AND expires_at > $3
         RETURNING *",
    );
    let query = query
        .bind(&sign_in.new.municipality)
        .bind(sign_in.new.id.0)
        .bind(work.now)
        .bind(new.id_hash.0)
        .bind(new.browser.map(|browser| browser.hash.0));
    let session: Option<SessionRecord> = work.find(query, sessions::read).await?;
    let sign_in = Box::new(sign_in);
    Ok(match session {
        Some(session) => Returned::Completed { sign_in, session: Box::new(session) },
        None => Returned::Other(sign_in),
    })
}

pub(super) async fn take_answer(
    work: &mut Work,
    municipality: &str,
    id: Octets<16>,
    browser_hash: Octets<32>,
    session_id_hash: Octets<32>,
    code: &NewCode,
) -> Result<AnswerTaken, PostgresError> {
    // Only who has both may learn that it was handed out before.
    let keys = [(By::Id, id.0.as_slice()), (By::Browser, browser_hash.0.as_slice())];
    let Some(held) = hold_sign_in(work, municipality, &keys).await? else {
        return Ok(AnswerTaken::NotFound);
    };
    let Some(session) = sessions::hold_of_sign_in(work, municipality, session_id_hash, id).await? else {
        return Ok(AnswerTaken::NotFound);
    };
    let in_time = seconds(held.expires_at) > work.now.saturating_sub(integer(ANSWER_SECONDS));
    if held.answered && work.unsure && codes::has_code(work, municipality, code.hash).await? {
        // Its own try, whose answer was lost.
        return Ok(AnswerTaken::Taken(Box::new(held)));
    }
    if held.answered {
        return Ok(AnswerTaken::Before(Box::new(held)));
    }
    // A session of a sign-in is made by its completion: nobody came for it in time.
    if held.state != SignInState::Completed || !in_time {
        return Ok(AnswerTaken::NotFound);
    }
    let now = work.now;
    let query =
        sqlx::query("UPDATE sign_ins SET answered = true WHERE municipality = $1 AND id = $2 RETURNING *");
    let query = query.bind(municipality).bind(id.0);
    let sign_in = written(work.find(query, |row| rows::read(row, now)).await?)?;
    codes::hand_out(work, id, &session, code).await?;
    // A second page of the same request may end here too; what counts is that none begins any more.
    let _ = codes::finish_request(work, municipality, &code.grant).await?;
    Ok(AnswerTaken::Taken(Box::new(sign_in)))
}

/// A row that is held does not go away.
fn written(sign_in: Option<SignIn>) -> Result<SignIn, PostgresError> {
    sign_in.ok_or_else(|| damaged("sign_ins", "a row went away"))
}
