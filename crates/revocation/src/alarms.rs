//! What an operator must look at: logged as an error once each time, and counted for the metrics.

use std::sync::atomic::{AtomicU64, Ordering};

use madoguchi_cert_verify::OcspAbsence;

/// What somebody must look at. None of them says which certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Alarm {
    /// A responder's answer is not a well-formed response, or holds what nobody here knows.
    OcspMalformed,
    /// A responder's own certificate is revoked.
    OcspResponderRevoked,
    /// A responder's answer is too old, or of a time to come: its clock, ours, or a replay.
    OcspStale,
    /// A responder's answer is about another certificate.
    OcspWrongCertificate,
    /// A responder's answer carries another nonce, or none where one is required.
    OcspWrongNonce,
    /// Somebody else signed a responder's answer.
    OcspWrongSigner,
    /// One source says good and another, or what was kept, says revoked.
    SourcesDisagree,
}

impl Alarm {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::OcspMalformed,
        Self::OcspResponderRevoked,
        Self::OcspStale,
        Self::OcspWrongCertificate,
        Self::OcspWrongNonce,
        Self::OcspWrongSigner,
        Self::SourcesDisagree,
    ];

    /// The name in log and metrics.
    pub fn name(self) -> &'static str {
        match self {
            Self::OcspMalformed => "ocsp_malformed",
            Self::OcspResponderRevoked => "ocsp_responder_revoked",
            Self::OcspStale => "ocsp_stale",
            Self::OcspWrongCertificate => "ocsp_wrong_certificate",
            Self::OcspWrongNonce => "ocsp_wrong_nonce",
            Self::OcspWrongSigner => "ocsp_wrong_signer",
            Self::SourcesDisagree => "sources_disagree",
        }
    }

    /// The alarm that an answer which says nothing is: somebody answered, and it was no answer. Silence and the error
    /// statuses of RFC 6960 are everyday; a list that is wanting is not the responder's.
    pub fn of_absence(absence: OcspAbsence) -> Option<Self> {
        match absence {
            OcspAbsence::Malformed | OcspAbsence::CriticalExtension | OcspAbsence::BudgetSpent => {
                Some(Self::OcspMalformed)
            }
            OcspAbsence::ResponderRevoked => Some(Self::OcspResponderRevoked),
            OcspAbsence::Stale | OcspAbsence::NotYetValid => Some(Self::OcspStale),
            OcspAbsence::WrongCertificate => Some(Self::OcspWrongCertificate),
            OcspAbsence::WrongNonce => Some(Self::OcspWrongNonce),
            OcspAbsence::WrongSigner => Some(Self::OcspWrongSigner),
            _ => None,
        }
    }
}

/// How often each alarm was raised since the start.
#[derive(Debug, Default)]
pub struct Alarms {
    counts: [AtomicU64; Alarm::ALL.len()],
}

impl Alarms {
    /// Raises one; `detail` says what an operator may know (a responder's address, an error's code, a rule).
    pub fn raise(&self, alarm: Alarm, detail: &str) {
        tracing::error!(alarm = alarm.name(), %detail, "revocation: an operator must look at this");
        if let Some((_, count)) = self.all().find(|(kind, _)| *kind == alarm) {
            count.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Every alarm with how often it was raised.
    pub fn counts(&self) -> impl Iterator<Item = (Alarm, u64)> {
        self.all().map(|(alarm, count)| (alarm, count.load(Ordering::Relaxed)))
    }

    fn all(&self) -> impl Iterator<Item = (Alarm, &AtomicU64)> {
        Alarm::ALL.into_iter().zip(&self.counts)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_alarm_is_counted_by_itself() {
        let alarms = Alarms::default();
        for (times, alarm) in Alarm::ALL.into_iter().enumerate() {
            (0..times).for_each(|_| alarms.raise(alarm, ""));
        }
        let counts: Vec<(Alarm, u64)> = alarms.counts().collect();
        for (times, (alarm, count)) in counts.into_iter().enumerate() {
            assert_eq!((alarm, count), (Alarm::ALL[times], u64::try_from(times).unwrap()));
        }
    }

    #[test]
    fn an_answer_that_says_nothing_is_an_alarm_and_silence_is_none() {
        for everyday in [
            OcspAbsence::ErrorStatus,
            OcspAbsence::NotConfigured,
            OcspAbsence::ResponderUnchecked,
            OcspAbsence::Unreachable,
        ] {
            assert_eq!(Alarm::of_absence(everyday), None, "{everyday:?}");
        }
        for (absence, alarm) in [
            (OcspAbsence::Malformed, Alarm::OcspMalformed),
            (OcspAbsence::CriticalExtension, Alarm::OcspMalformed),
            (OcspAbsence::ResponderRevoked, Alarm::OcspResponderRevoked),
            (OcspAbsence::Stale, Alarm::OcspStale),
            (OcspAbsence::NotYetValid, Alarm::OcspStale),
            (OcspAbsence::WrongCertificate, Alarm::OcspWrongCertificate),
            (OcspAbsence::WrongNonce, Alarm::OcspWrongNonce),
            (OcspAbsence::WrongSigner, Alarm::OcspWrongSigner),
        ] {
            assert_eq!(Alarm::of_absence(absence), Some(alarm), "{absence:?}");
        }
    }
}
