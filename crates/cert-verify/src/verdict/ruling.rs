//! The table of verdicts, row by row: what the two sources say in, what follows out. Whoever judges a certificate asks
//! this one, with whatever evidence it has.

use crate::{CrlAnswer, OcspAnswer, Revocation, Source};

/// What a source says, whatever else is known about its answer.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Says {
    Good,
    Nothing,
    Revoked(Revocation),
    /// Only a responder says so.
    Unknown,
}

/// What follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ruling {
    CannotCheck,
    NotRevoked(Source),
    OcspUnknown,
    /// Revoked or on hold.
    Revoked {
        source: Source,
        revocation: Revocation,
    },
}

/// The row of the table that decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Rule {
    /// A list alone says good.
    CrlGood,
    /// A list says revoked.
    CrlRevoked,
    /// It was on hold before, and not every source has said since that this is over.
    KeptOnHold,
    /// It was revoked before.
    KeptRevoked,
    /// No source gave anything to go by.
    NoSource,
    /// Both say good.
    OcspAndCrlGood,
    /// OCSP alone says good.
    OcspGood,
    /// OCSP says revoked.
    OcspRevoked,
    /// OCSP does not know the certificate.
    OcspUnknown,
}

impl Rule {
    /// The name in the evidence record.
    pub fn name(self) -> &'static str {
        match self {
            Self::CrlGood => "crl_good",
            Self::CrlRevoked => "crl_revoked",
            Self::KeptOnHold => "kept_on_hold",
            Self::KeptRevoked => "kept_revoked",
            Self::NoSource => "no_source",
            Self::OcspAndCrlGood => "ocsp_and_crl_good",
            Self::OcspGood => "ocsp_good",
            Self::OcspRevoked => "ocsp_revoked",
            Self::OcspUnknown => "ocsp_unknown",
        }
    }

    /// What it means, for an operator.
    pub fn meaning(self) -> &'static str {
        match self {
            Self::CrlGood => "a list says good, and OCSP gives nothing to go by",
            Self::CrlRevoked => "a list says revoked",
            Self::KeptOnHold => {
                "it was on hold before, and not every source has said good since, by later evidence than was kept"
            }
            Self::KeptRevoked => "it was revoked before, which only an operator can take back",
            Self::NoSource => "no source gives anything to go by, which says nothing about the certificate",
            Self::OcspAndCrlGood => "OCSP and a list both say good",
            Self::OcspGood => "OCSP says good, and no list gives anything to go by",
            Self::OcspRevoked => "OCSP says revoked",
            Self::OcspUnknown => "the OCSP responder does not know the certificate",
        }
    }
}

/// Revoked by any source is revoked; "unknown" refuses; good needs one source that says so; silence says nothing.
pub(crate) fn ruling(ocsp: Says, crl: Says) -> (Ruling, Rule) {
    use Says::{Good, Nothing, Revoked, Unknown};
    let revoked = |source, revocation| Ruling::Revoked { source, revocation };
    match (ocsp, crl) {
        // A hold that the other source has made final is final.
        (Revoked(hold), Revoked(last)) if hold.is_hold() && !last.is_hold() => {
            (revoked(Source::Crl, last), Rule::CrlRevoked)
        }
        (Revoked(revocation), Revoked(_)) => (revoked(Source::OcspAndCrl, revocation), Rule::OcspRevoked),
        (Revoked(revocation), _) => (revoked(Source::Ocsp, revocation), Rule::OcspRevoked),
        (_, Revoked(revocation)) => (revoked(Source::Crl, revocation), Rule::CrlRevoked),
        (Unknown, _) | (_, Unknown) => (Ruling::OcspUnknown, Rule::OcspUnknown),
        (Good, Good) => (Ruling::NotRevoked(Source::OcspAndCrl), Rule::OcspAndCrlGood),
        (Good, Nothing) => (Ruling::NotRevoked(Source::Ocsp), Rule::OcspGood),
        (Nothing, Good) => (Ruling::NotRevoked(Source::Crl), Rule::CrlGood),
        (Nothing, Nothing) => (Ruling::CannotCheck, Rule::NoSource),
    }
}

impl From<OcspAnswer> for Says {
    fn from(answer: OcspAnswer) -> Self {
        match answer {
            OcspAnswer::Good(_) => Self::Good,
            OcspAnswer::None(_) => Self::Nothing,
            OcspAnswer::Revoked(revocation) => Self::Revoked(revocation),
            OcspAnswer::Unknown(_) => Self::Unknown,
        }
    }
}

impl From<CrlAnswer> for Says {
    fn from(answer: CrlAnswer) -> Self {
        match answer {
            CrlAnswer::Good(_) => Self::Good,
            CrlAnswer::None(_) => Self::Nothing,
            CrlAnswer::Revoked(revocation) => Self::Revoked(revocation),
        }
    }
}
