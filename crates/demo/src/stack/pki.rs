//! A test PKI made for this run by the real program, with the fault that an [`Answer`] needs.

use std::path::Path;

use time::format_description::well_known::Rfc3339;
use time::{Duration, OffsetDateTime};

use super::{Answer, MockCard, Ports, Starting, TEST_PIN};
use crate::{DemoError, Program};

/// The name of the card in the PKI folder.
pub(super) const CARD: &str = "default";

pub(super) async fn make(
    starting: &Starting,
    pki: &Path,
    card: &MockCard,
    ports: Ports,
    now: OffsetDateTime,
) -> Result<(), DemoError> {
    let program = |command: &str| {
        let path = starting.binaries.path("madoguchi-test-pki")?;
        Ok::<_, DemoError>(Program::new("test-pki", path).arg(command))
    };
    program("init")?.args(["--ocsp-url", &ports.ocsp_url(), "--out"]).arg(pki).run(&starting.logs).await?;
    program("issue")?
        .arg("--pki")
        .arg(pki)
        .args(["--name", CARD, "--pin", TEST_PIN])
        .args(validity(card.answer, now))
        .args(&card.issue_args)
        .run(&starting.logs)
        .await?;
    if let Some(reason) = revocation(card.answer) {
        let revoke = program("revoke")?.arg("--pki").arg(pki);
        revoke.args(["--card", CARD, "--reason", reason]).run(&starting.logs).await?;
    }
    program("crl")?.arg("--pki").arg(pki).args(freshness(card.answer, now)).run(&starting.logs).await
}

/// Why the certificate is on the list.
fn revocation(answer: Option<Answer>) -> Option<&'static str> {
    match answer {
        Some(Answer::OnHold) => Some("certificateHold"),
        Some(Answer::Revoked) => Some("keyCompromise"),
        _ => None,
    }
}

/// An expired certificate ended yesterday.
fn validity(answer: Option<Answer>, now: OffsetDateTime) -> Vec<String> {
    if answer != Some(Answer::Expired) {
        return Vec::new();
    }
    let (from, to) = (now - Duration::days(1826), now - Duration::days(1));
    vec!["--not-before".to_owned(), rfc3339(from), "--not-after".to_owned(), rfc3339(to)]
}

/// A responder that has no answer, beside a stale CRL.
pub(super) fn responder_faults(answer: Option<Answer>) -> &'static [&'static str] {
    if answer == Some(Answer::CannotCheck) { &["--fault", "try-later"] } else { &[] }
}

/// A stale CRL was made ten days ago for one day.
fn freshness(answer: Option<Answer>, now: OffsetDateTime) -> Vec<String> {
    if answer != Some(Answer::CannotCheck) {
        return Vec::new();
    }
    let made = rfc3339(now - Duration::days(10));
    ["--this-update", &made, "--next-update-hours", "24"].map(str::to_owned).into()
}

fn rfc3339(time: OffsetDateTime) -> String {
    // Unwrap safety: the years of a demo's dates have four digits, which is all that RFC 3339 asks for.
    time.replace_nanosecond(0).unwrap_or(time).format(&Rfc3339).expect("a date of this century")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_answer_that_needs_it_moves_a_date() {
        let now = OffsetDateTime::UNIX_EPOCH + Duration::days(20_000);
        assert!(validity(None, now).is_empty() && freshness(None, now).is_empty());
        assert!(validity(Some(Answer::CannotCheck), now).is_empty());
        assert!(responder_faults(None).is_empty() && !responder_faults(Some(Answer::CannotCheck)).is_empty());
        assert!(freshness(Some(Answer::Expired), now).is_empty());
        let arguments = validity(Some(Answer::Expired), now);
        assert_eq!(arguments.last().map(String::as_str), Some("2024-10-03T00:00:00Z"));
        let arguments = freshness(Some(Answer::CannotCheck), now);
        assert_eq!(arguments.get(1).map(String::as_str), Some("2024-09-24T00:00:00Z"));
    }
}
