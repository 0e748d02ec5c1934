//! What a request comes to in a browser that has, or has not, a live session (OpenID Connect Core sections 3.1.2.1 and
//! 3.1.2.3). A pure function of request, session and time: the table in its tests is the policy.

use crate::{AuthorizationRequest, Description, OAuthError, Prompt};

/// A session that could answer, as the client that asks would see it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LiveSession<'a> {
    /// When the card was shown, in seconds since 1970-01-01 UTC.
    pub auth_time: u64,
    /// The pairwise `sub` at this client.
    pub sub: &'a str,
}

/// What is done about a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Interaction {
    /// The client gets this error: it wanted no page, and there would have to be one.
    Refuse(OAuthError, Description),
    /// The start page: a card must be shown.
    AskCard,
    /// A page that says who is signed in since when, and offers to go on or to be another person.
    OfferSession,
    /// The client gets its answer without a page.
    AnswerNow,
}

/// Decides. `session` is the one of this browser, if it lives and its certificate is not revoked.
pub fn interaction(
    request: &AuthorizationRequest,
    session: Option<&LiveSession<'_>>,
    now: u64,
) -> Interaction {
    let usable = session.is_some_and(|session| {
        !request.prompt.contains(&Prompt::Login)
            && is_young_enough(request, session, now)
            && request.is_subject(session.sub)
    });
    // Nothing stands beside `none` (the request would have been refused).
    match (request.prompt.contains(&Prompt::None), usable) {
        (true, true) => Interaction::AnswerNow,
        (true, false) => Interaction::Refuse(OAuthError::LoginRequired, NOBODY),
        (false, true) => Interaction::OfferSession,
        (false, false) => Interaction::AskCard,
    }
}

/// `max_age`: the elapsed time is no greater. 0 always asks, as `prompt=login` does: a card that was shown within this
/// very second was shown for another request.
fn is_young_enough(request: &AuthorizationRequest, session: &LiveSession<'_>, now: u64) -> bool {
    match request.max_age {
        None => true,
        Some(0) => false,
        // Another node's clock may be a moment ahead.
        Some(max_age) => now.saturating_sub(session.auth_time) <= max_age,
    }
}

impl AuthorizationRequest {
    /// Whether an answer about this subject may be given: by `id_token_hint` or the `claims` parameter a client may ask
    /// for one resident alone, and then gets no other (OpenID Connect Core sections 3.1.2.1 and 5.5.1).
    pub fn is_subject(&self, sub: &str) -> bool {
        self.hinted_sub.as_deref().is_none_or(|hinted| hinted == sub)
    }
}

const NOBODY: Description = Description::new("no page may be shown, and nobody is signed in who would do");

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{CALLBACK, CHALLENGE, client, parameters};

    const NOW: u64 = 1_800_000_000;

    /// The whole table: every prompt that a request can have, times every max_age that matters, times every hint, times
    /// every session. What each row must come to is said again here, in other words than above.
    #[test]
    fn every_request_meets_every_session() {
        let prompts: [&[Prompt]; 8] = [
            &[],
            &[Prompt::None],
            &[Prompt::Login],
            &[Prompt::Consent],
            &[Prompt::SelectAccount],
            &[Prompt::Login, Prompt::Consent],
            &[Prompt::SelectAccount, Prompt::Login],
            &[Prompt::Consent, Prompt::SelectAccount],
        ];
        let max_ages = [None, Some(0), Some(1), Some(59), Some(60), Some(61), Some(10_000), Some(u64::MAX)];
        let hints = [None, Some("resident"), Some("another")];
        // Seconds since the card: now, a minute ago, and a moment ahead by another node's clock.
        let sessions = [None, Some(0_i64), Some(60), Some(-2)];
        let bare = bare_request();
        let mut rows = 0;
        for prompt in prompts {
            for max_age in max_ages {
                for hint in hints {
                    for age in sessions {
                        let request = AuthorizationRequest {
                            prompt: prompt.to_vec(),
                            max_age,
                            hinted_sub: hint.map(str::to_owned),
                            ..bare.clone()
                        };
                        let session = age.map(|age| LiveSession {
                            auth_time: NOW.saturating_add_signed(-age),
                            sub: "resident",
                        });
                        let row = (prompt, max_age, hint, age);
                        assert_eq!(interaction(&request, session.as_ref(), NOW), expected(row), "{row:?}");
                        rows += 1;
                    }
                }
            }
        }
        assert_eq!(rows, 8 * 8 * 3 * 4);
    }

    fn bare_request() -> AuthorizationRequest {
        let parameters = parameters(&[
            ("client_id", "kosodate"),
            ("redirect_uri", CALLBACK),
            ("response_type", "code"),
            ("scope", "openid"),
            ("code_challenge", CHALLENGE),
            ("code_challenge_method", "S256"),
        ]);
        AuthorizationRequest::parse(&parameters, &client()).expect("a request")
    }

    #[expect(clippy::match_same_arms, reason = "rows are told apart by why they come to the same")]
    fn expected(row: (&[Prompt], Option<u64>, Option<&str>, Option<i64>)) -> Interaction {
        let login_required = Interaction::Refuse(OAuthError::LoginRequired, NOBODY);
        match row {
            // Nobody is signed in, or somebody else is.
            ([Prompt::None], _, _, None) | ([Prompt::None], _, Some("another"), _) => login_required,
            (_, _, _, None) | (_, _, Some("another"), _) => Interaction::AskCard,
            // The card is asked for again, whoever is signed in.
            ([Prompt::None], Some(0), ..) => login_required,
            (_, Some(0), ..) => Interaction::AskCard,
            ([Prompt::Login, ..] | [_, Prompt::Login], ..) => Interaction::AskCard,
            // A minute is more than 59 seconds and no more than 60.
            ([Prompt::None], Some(1 | 59), _, Some(60)) => login_required,
            (_, Some(1 | 59), _, Some(60)) => Interaction::AskCard,
            ([Prompt::None], ..) => Interaction::AnswerNow,
            // The offer is where a resident consents, and chooses who they are.
            _ => Interaction::OfferSession,
        }
    }
}
