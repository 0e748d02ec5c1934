//! What `madoguchi-agent card` finds out about the card, without using a try: nothing that names its holder.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use madoguchi_cert_verify::{Certificate, purpose_and_expiry};
use madoguchi_iso7816::CardTransaction;
use madoguchi_jpki_card::{CardProfile, JpkiCard};
use madoguchi_protocol::{ErrorCode, Lang, error_text};
use rustls_pki_types::UnixTime;
use serde::Serialize;
use serde_json::{Value, json};
use time::macros::{format_description, offset};
use time::{Duration, OffsetDateTime};

use crate::policy::certificate_code;
use crate::resource::{self, Text};
use crate::source::{card_code, find_card};
use crate::{CardSource, Notice, Patience, ReaderError};

/// A card as `madoguchi-agent card` shows it.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct CardReport {
    /// The card's own name for its kind (label of its PKCS#11 token).
    pub label: &'static str,
    /// Whether it carries a user-authentication certificate.
    pub auth_certificate: bool,
    /// Whether it carries a signature certificate.
    pub sign_certificate: bool,
    /// Start of the user-authentication certificate's validity, seconds since 1970.
    pub not_before: Option<u64>,
    /// End of its validity, seconds since 1970.
    pub not_after: Option<u64>,
    /// Tries left of the user-authentication PIN.
    pub tries_left: u8,
    /// Absent when the certificate can be used now.
    pub problem: Option<ErrorCode>,
}

impl CardReport {
    /// Reads the first My Number card that `source` has within `patience`; `notice` tells what is waited for.
    pub fn read<S: CardSource>(
        source: &mut S,
        patience: &Patience<'_>,
        now: UnixTime,
        notice: &mut dyn FnMut(Notice),
    ) -> Result<Self, ErrorCode> {
        let (_, card) = find_card(source, &[CardProfile::TODAY], patience, notice)?;
        Self::of(card, now)
    }

    fn of<C: CardTransaction<Error = ReaderError>>(
        mut card: JpkiCard<C>,
        now: UnixTime,
    ) -> Result<Self, ErrorCode> {
        let label = card.profile().label();
        let available = card.availability().map_err(|error| card_code(&error))?;
        let (validity, problem) = match available.auth.then(|| card.read_auth_certificate()).transpose() {
            Ok(None) => (None, Some(ErrorCode::CertificateMissing)),
            Ok(Some(octets)) => match Certificate::parse(&octets) {
                Ok(certificate) => {
                    let validity = (certificate.not_before().as_secs(), certificate.not_after().as_secs());
                    let problem = purpose_and_expiry(&certificate, now).err();
                    (Some(validity), problem.map(|error| certificate_code(&error)))
                }
                Err(error) => (None, Some(certificate_code(&error))),
            },
            Err(error) => return Err(card_code(&error)),
        };
        let tries_left = card.tries_left().map_err(|error| card_code(&error))?;
        Ok(Self {
            label,
            auth_certificate: available.auth,
            sign_certificate: available.sign,
            not_before: validity.map(|(not_before, _)| not_before),
            not_after: validity.map(|(_, not_after)| not_after),
            tries_left,
            problem: problem.or((tries_left == 0).then_some(ErrorCode::PinBlocked)),
        })
    }

    /// For programs: the report, or `{"error": code}`.
    pub fn json(report: &Result<Self, ErrorCode>) -> Value {
        match report {
            Ok(report) => json!(report),
            Err(code) => json!({"error": code}),
        }
    }

    /// For people.
    pub fn text(report: &Result<Self, ErrorCode>, lang: Lang) -> String {
        let report = match report {
            Ok(report) => report,
            Err(code) => return problem_text(*code, lang),
        };
        let mut lines = vec![line("kind", lang, &[("label", report.label.to_owned())])];
        lines.push(match (report.not_before, report.not_after) {
            (Some(from), Some(until)) => {
                line("auth_certificate", lang, &[("from", moment(from)), ("until", moment(until))])
            }
            _ if report.auth_certificate => line("auth_certificate_unreadable", lang, &[]),
            _ => line("no_auth_certificate", lang, &[]),
        });
        lines.push(line(
            if report.sign_certificate { "sign_certificate" } else { "no_sign_certificate" },
            lang,
            &[],
        ));
        lines.push(line("tries_left", lang, &[("tries", report.tries_left.to_string())]));
        lines.push(report.problem.map_or_else(|| line("usable", lang, &[]), |code| problem_text(code, lang)));
        lines.join("\n")
    }
}

/// One line of the report.
pub(crate) fn line(key: &str, lang: Lang, values: &[(&'static str, String)]) -> String {
    TEXTS.get(key).map_or_else(String::new, |text| text.fill(lang, values))
}

fn problem_text(code: ErrorCode, lang: Lang) -> String {
    let text = error_text(code, lang);
    format!("{}\n{}\n({code})", text.what, action(code, lang))
}

/// What to do. The texts of errors are for sign-ins, which go on at the service's page; here only what is to be done about
/// the card itself is the same.
fn action(code: ErrorCode, lang: Lang) -> String {
    match code {
        ErrorCode::CertificateExpired
        | ErrorCode::CertificateMissing
        | ErrorCode::CertificateNotYetValid
        | ErrorCode::CertificateUnusable
        | ErrorCode::PinBlocked => error_text(code, lang).action.clone(),
        ErrorCode::CardRemoved | ErrorCode::NoCard | ErrorCode::NotMyNumberCard | ErrorCode::SeveralCards => {
            line("again_with_card", lang, &[])
        }
        _ => line("again", lang, &[]),
    }
}

/// What is waited for; absent where that belongs to a sign-in.
pub(crate) fn notice_text(notice: Notice, lang: Lang) -> Option<String> {
    let key = match notice {
        Notice::CardInUse => "wait_for_other_program",
        Notice::CardUnreadable => "wait_for_readable_card",
        Notice::ConnectReader => "wait_for_reader",
        Notice::OtherCard => "wait_for_my_number_card",
        Notice::PlaceCard => "wait_for_card",
        Notice::WaitForService => "wait_for_service",
        Notice::ReadingCard | Notice::Sending | Notice::Signing | Notice::TryMayBeSpent { .. } => {
            return None;
        }
    };
    Some(line(key, lang, &[]))
}

/// Says so when there are readers and none has `part` in its name.
pub(crate) fn no_such_reader(part: &str, connected: &[String], lang: Lang) -> Option<String> {
    let none = !connected.is_empty() && connected.iter().all(|name| !name.contains(part));
    let values = [("name", part.to_owned()), ("readers", connected.join(", "))];
    none.then(|| line("no_such_reader", lang, &values))
}

/// In Japan time, in which certificates end at the end of a day.
fn moment(seconds: u64) -> String {
    OffsetDateTime::UNIX_EPOCH
        .checked_add(Duration::seconds(i64::try_from(seconds).unwrap_or(i64::MAX)))
        .and_then(|moment| moment.checked_to_offset(offset!(+9)))
        .and_then(|moment| moment.format(format_description!("[year]-[month]-[day] [hour]:[minute]")).ok())
        .unwrap_or_else(|| seconds.to_string())
}

static TEXTS: LazyLock<BTreeMap<String, Text>> =
    LazyLock::new(|| resource::read(include_str!("../texts/card.toml")));

#[cfg(test)]
mod tests;
