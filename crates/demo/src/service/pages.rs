//! The pages, in Japanese with a line of English. Texts live in `templates/`; what depends on an error is here.

use askama::Template;
use axum::response::{Html, IntoResponse, Response};
use http::{HeaderName, HeaderValue, StatusCode, header};
use time::OffsetDateTime;
use time::macros::{format_description, offset};

use super::session::View;

#[derive(Template)]
#[template(path = "front.html")]
pub(super) struct Front;

#[derive(Template)]
#[template(path = "signed_in.html")]
pub(super) struct SignedInPage {
    subject: String,
    auth_time: Option<AuthTime>,
    acr: String,
    csrf: String,
}

struct AuthTime {
    japanese: String,
    machine: String,
}

#[derive(Template)]
#[template(path = "problem.html")]
pub(super) struct Problem {
    what: &'static str,
    action: &'static str,
    english: &'static str,
    code: String,
}

impl SignedInPage {
    pub(super) fn new(view: &View) -> Option<Self> {
        let signed_in = view.signed_in.as_ref()?;
        let auth_time = signed_in.auth_time().and_then(|time| OffsetDateTime::from_unix_timestamp(time).ok());
        Some(Self {
            subject: shortened(signed_in.text("sub")),
            auth_time: auth_time.and_then(AuthTime::new),
            acr: signed_in.text("acr").to_owned(),
            csrf: view.csrf.clone(),
        })
    }
}

impl AuthTime {
    fn new(time: OffsetDateTime) -> Option<Self> {
        let time = time.to_offset(offset!(+9));
        let japanese =
            format_description!("[year]年[month padding:none]月[day padding:none]日 [hour]時[minute]分");
        let machine = format_description!("[year]-[month]-[day]T[hour]:[minute]+09:00");
        Some(Self { japanese: time.format(japanese).ok()?, machine: time.format(machine).ok()? })
    }
}

impl Problem {
    /// The page for an OAuth or OpenID Connect error code.
    pub(super) fn of(code: &str) -> Self {
        let (what, action, english) = match code {
            "access_denied" => (
                "サインインは行われませんでした。",
                "ご本人が取りやめたか、カードで確認できませんでした。もう一度お試しください。",
                "You were not signed in. The sign-in was stopped, or the card could not be confirmed.",
            ),
            "temporarily_unavailable" => (
                "ただいまカードの確認ができません。",
                "しばらくたってから、もう一度お試しください。お急ぎのときは、市役所の窓口でも手続きできます。",
                "Cards cannot be checked at the moment. Please try again later.",
            ),
            "server_error" => (
                "サインインの途中で問題が起きました。",
                "しばらくたってから、もう一度お試しください。",
                "Something went wrong while signing in. Please try again later.",
            ),
            "login_required" | "interaction_required" | "consent_required" | "account_selection_required" => {
                (
                    "サインインが必要です。",
                    "「もう一度」を押して、マイナンバーカードでサインインしてください。",
                    "Please sign in with your card.",
                )
            }
            STALE => (
                "このサインインは、もう使えません。",
                "時間がたったか、別の画面で始めたサインインです。はじめからやり直してください。",
                "This sign-in is over or was started elsewhere. Please start again.",
            ),
            _ => (
                "サインインできませんでした。",
                "もう一度お試しください。続けて起きるときは、子育て支援課にお知らせください。",
                "You were not signed in. Please try again, and tell us if it happens again.",
            ),
        };
        // Only the codes of the standards are shown; anything else in the address is not ours to print.
        let known = code.len() <= 40 && code.bytes().all(|octet| octet.is_ascii_lowercase() || octet == b'_');
        Self { what, action, english, code: if known { code.to_owned() } else { "unknown".to_owned() } }
    }
}

/// Not of a standard: the answer belongs to no request of this session.
pub(super) const STALE: &str = "no_such_request";

/// A page with the headers every page has.
pub(super) fn page(status: StatusCode, template: &impl Template) -> Response {
    match template.render() {
        Ok(text) => (status, headers(), Html(text)).into_response(),
        Err(error) => {
            tracing::error!(%error, "a page cannot be rendered");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

/// No script, nothing from elsewhere, in no frame, in no cache. `form-action` needs no gateway: signing in is a
/// link, because browsers judge a form's whole chain of redirects.
fn headers() -> [(HeaderName, HeaderValue); 6] {
    let value = HeaderValue::from_static;
    [
        (
            header::CONTENT_SECURITY_POLICY,
            value(
                "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
            ),
        ),
        (header::CACHE_CONTROL, value("no-store")),
        (header::CONTENT_LANGUAGE, value("ja")),
        (header::REFERRER_POLICY, value("same-origin")),
        (header::X_CONTENT_TYPE_OPTIONS, value("nosniff")),
        (header::X_FRAME_OPTIONS, value("DENY")),
    ]
}

/// The first characters of the pairwise subject: enough to see that it stays the same.
fn shortened(subject: &str) -> String {
    let mut short: String = subject.chars().take(SUBJECT_CHARACTERS).collect();
    if subject.chars().count() > SUBJECT_CHARACTERS {
        short.push('…');
    }
    short
}

const SUBJECT_CHARACTERS: usize = 8;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_shown_in_japan() {
        let time = AuthTime::new(OffsetDateTime::UNIX_EPOCH).expect("formats");
        assert_eq!(time.japanese, "1970年1月1日 09時00分");
        assert_eq!(time.machine, "1970-01-01T09:00+09:00");
    }

    #[test]
    fn a_subject_is_shortened() {
        assert_eq!(shortened("abcdefghijkl"), "abcdefgh…");
        assert_eq!(shortened("abc"), "abc");
    }

    #[test]
    fn an_invented_error_code_is_not_printed() {
        assert_eq!(Problem::of("<b>").code, "unknown");
        assert_eq!(Problem::of("access_denied").code, "access_denied");
    }
}
