//! What the browser does with a sign-in after it started it.

use rusqlite::named_params;

use madoguchi_protocol::{ErrorCode, Octets};
use madoguchi_storage::{
    ANSWER_SECONDS, AnswerTaken, AuditKind, NewCode, NewSession, Returned, SignIn, SignInState, Transition,
};

use super::{record, written};
use crate::audit_chain::count_failure;
use crate::error::SqliteError;
use crate::rows::{By, find_sign_in};
use crate::work::{Work, damaged, integer};
use crate::{codes, sessions};

pub(super) fn cancel(
    work: &Work<'_>,
    municipality: &str,
    id: Octets<16>,
    browser_hash: Octets<32>,
) -> Result<Transition, SqliteError> {
    let cancelled = work.execute(
        "UPDATE sign_ins SET state = 'cancelled', code = :code, expires_at = :now
         WHERE municipality = :municipality AND id = :id AND browser_hash = :browser
           AND state IN ('started', 'claimed', 'proven') AND expires_at > :now",
        named_params! {
            ":code": ErrorCode::Declined.as_str(),
            ":municipality": municipality,
            ":id": id.0,
            ":browser": browser_hash.0,
            ":now": work.now,
        },
    )?;
    let keys = [(By::Id, id.0.as_slice()), (By::Browser, browser_hash.0.as_slice())];
    let Some(sign_in) = find_sign_in(work, municipality, &keys)? else {
        return Ok(Transition::NotFound);
    };
    Ok(if cancelled == 1 {
        count_failure(work, municipality, ErrorCode::Declined)?;
        Transition::Done(Box::new(sign_in))
    } else if sign_in.state == SignInState::Cancelled(ErrorCode::Declined) {
        Transition::Same(Box::new(sign_in))
    } else {
        sign_in.refusal()
    })
}

pub(super) fn complete(
    work: &Work<'_>,
    municipality: &str,
    id: Octets<16>,
    return_verifier_hash: Octets<32>,
    browser_hash: Option<Octets<32>>,
    new: &NewSession,
) -> Result<Returned, SqliteError> {
    let returned =
        Returning { work, municipality, id, return_verifier_hash, browser: browser_hash.map(|hash| hash.0) };
    if returned.by_the_same_browser()? {
        let sign_in = returned.sign_in()?.ok_or_else(|| damaged("sign_ins", "a row went away"))?;
        return completed(work, &sign_in, new);
    }
    if returned.by_another_browser()? {
        let sign_in = returned.sign_in()?.ok_or_else(|| damaged("sign_ins", "a row went away"))?;
        record(work, AuditKind::SignInBurned, &sign_in)?;
        return Ok(Returned::WrongBrowser(sign_in));
    }
    let repeated = returned.again(new)?;
    let Some(sign_in) = returned.sign_in()? else {
        return Ok(Returned::NotFound);
    };
    if repeated {
        let session = sessions::find(work, municipality, new.id_hash)?;
        let session = session.ok_or_else(|| damaged("sessions", "a row went away"))?;
        return Ok(Returned::Completed { sign_in, session: Box::new(session) });
    }
    Ok(Returned::Other(sign_in))
}

/// One arrival of the return leg. Nothing is found or changed without the verifier.
struct Returning<'a> {
    work: &'a Work<'a>,
    municipality: &'a str,
    id: Octets<16>,
    return_verifier_hash: Octets<32>,
    browser: Option<[u8; 32]>,
}

impl Returning<'_> {
    fn sign_in(&self) -> Result<Option<Box<SignIn>>, SqliteError> {
        let keys =
            [(By::Id, self.id.0.as_slice()), (By::ReturnVerifier, self.return_verifier_hash.0.as_slice())];
        Ok(find_sign_in(self.work, self.municipality, &keys)?.map(Box::new))
    }

    fn by_the_same_browser(&self) -> Result<bool, SqliteError> {
        let changed = self.work.execute(
            "UPDATE sign_ins SET state = 'completed', expires_at = :now
             WHERE municipality = :municipality AND id = :id AND return_verifier_hash = :verifier
               AND state = 'proven' AND expires_at > :now AND browser_hash = :browser",
            named_params! {
                ":municipality": self.municipality,
                ":id": self.id.0,
                ":verifier": self.return_verifier_hash.0,
                ":browser": self.browser,
                ":now": self.work.now,
            },
        )?;
        Ok(changed == 1)
    }

    fn by_another_browser(&self) -> Result<bool, SqliteError> {
        let changed = self.work.execute(
            "UPDATE sign_ins SET state = 'burned', code = :code, expires_at = :now
             WHERE municipality = :municipality AND id = :id AND return_verifier_hash = :verifier
               AND state = 'proven' AND expires_at > :now AND browser_hash IS NOT :browser",
            named_params! {
                ":code": ErrorCode::PossiblePhishing.as_str(),
                ":municipality": self.municipality,
                ":id": self.id.0,
                ":verifier": self.return_verifier_hash.0,
                ":browser": self.browser,
                ":now": self.work.now,
            },
        )?;
        Ok(changed == 1)
    }

    /// The same return again, in time: the session gets the new id and keeps everything else.
    fn again(&self, new: &NewSession) -> Result<bool, SqliteError> {
        let changed = self.work.execute(
            "UPDATE sessions SET id_hash = :id_hash,
                 browser_hash = CASE WHEN browser_hash IS NULL THEN NULL ELSE coalesce(:browser_hash, browser_hash) END
             WHERE municipality = :municipality AND sign_in = :id AND expires_at > :now
               AND EXISTS (SELECT 1 FROM sign_ins
                           WHERE municipality = :municipality AND id = :id AND return_verifier_hash = :verifier
                             AND browser_hash = :browser AND state = 'completed' AND answered = 0
                             AND sign_ins.expires_at >= :now - :again_seconds)",
            named_params! {
                ":id_hash": new.id_hash.0,
                ":browser_hash": new.browser.map(|browser| browser.hash.0),
                ":municipality": self.municipality,
                ":id": self.id.0,
                ":verifier": self.return_verifier_hash.0,
                ":browser": self.browser,
                ":now": self.work.now,
                ":again_seconds": integer(self.work.limits.proven_seconds),
            },
        )?;
        Ok(changed == 1)
    }
}

fn completed(work: &Work<'_>, sign_in: &SignIn, new: &NewSession) -> Result<Returned, SqliteError> {
    let municipality = sign_in.new.municipality.as_str();
    let session = sessions::insert(work, sign_in, new)?;
    // The holder is kept in one place, the session, and goes when it goes.
    work.execute(
        "UPDATE sign_ins SET account = :account, holder_sealed = x''
         WHERE municipality = :municipality AND id = :id",
        named_params! {
            ":account": session.account.0.0,
            ":municipality": municipality,
            ":id": sign_in.new.id.0,
        },
    )?;
    record(work, AuditKind::SignInCompleted, sign_in)?;
    let sign_in = written(work, municipality, &[(By::Id, &sign_in.new.id.0)])?;
    Ok(Returned::Completed { sign_in, session: Box::new(session) })
}

pub(super) fn take_answer(
    work: &Work<'_>,
    municipality: &str,
    id: Octets<16>,
    browser_hash: Octets<32>,
    session_id_hash: Octets<32>,
    code: &NewCode,
) -> Result<AnswerTaken, SqliteError> {
    let taken = work.execute(
        "UPDATE sign_ins SET answered = 1
         WHERE municipality = :municipality AND id = :id AND browser_hash = :browser
           AND state = 'completed' AND answered = 0 AND expires_at > :now - :answer_seconds
           AND EXISTS (SELECT 1 FROM sessions
                       WHERE municipality = :municipality AND id_hash = :session AND sign_in = :id
                         AND sessions.expires_at > :now)",
        named_params! {
            ":municipality": municipality,
            ":id": id.0,
            ":browser": browser_hash.0,
            ":session": session_id_hash.0,
            ":answer_seconds": integer(ANSWER_SECONDS),
            ":now": work.now,
        },
    )?;
    // Only who has both may learn that it was handed out before.
    let keys = [(By::Id, id.0.as_slice()), (By::Browser, browser_hash.0.as_slice())];
    let session = sessions::find_of_sign_in(work, municipality, session_id_hash, id)?;
    let (Some(sign_in), Some(session)) = (find_sign_in(work, municipality, &keys)?, session) else {
        return Ok(AnswerTaken::NotFound);
    };
    if taken == 1 {
        // A second page of the same request may end here too; what counts is that none begins any more.
        let _ = codes::finish_request(work, municipality, &code.grant)?;
        codes::insert(work, id, &session, code)?;
        sessions::note_client(work, &session, &code.grant.client_id)?;
        return Ok(AnswerTaken::Taken(Box::new(sign_in)));
    }
    // A session of a sign-in is made by its completion: an earlier hand-out is left, or that nobody came for it in time.
    Ok(if sign_in.answered { AnswerTaken::Before(Box::new(sign_in)) } else { AnswerTaken::NotFound })
}
