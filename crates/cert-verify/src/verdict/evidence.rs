//! A source's answer, tied to the certificate that it is about.

use std::fmt;

use madoguchi_protocol::Octets;
use rustls_pki_types::UnixTime;

use crate::crl::{About, CrlSubject};
use crate::{CrlAbsence, CrlAnswer, OcspAbsence, OcspAnswer, Revocation, VerifiedPath};

/// OCSP's answer about one certificate. Only this crate makes one that says something.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct OcspEvidence {
    pub(super) certificate: Octets<32>,
    pub(super) answer: OcspAnswer,
}

impl OcspEvidence {
    pub(crate) fn new(path: &VerifiedPath, answer: OcspAnswer) -> Self {
        Self { certificate: path.certificate_sha256(), answer }
    }

    /// Nothing to go by.
    pub fn none(path: &VerifiedPath, absence: OcspAbsence) -> Self {
        Self { certificate: path.certificate_sha256(), answer: OcspAnswer::None(absence) }
    }

    /// The answer.
    pub fn answer(&self) -> OcspAnswer {
        self.answer
    }
}

/// The revocation lists' answer about one certificate. Only this crate makes one that says something.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct CrlEvidence {
    pub(super) about: About,
    pub(super) answer: CrlAnswer,
}

impl CrlEvidence {
    pub(crate) fn new<'a>(subject: impl Into<CrlSubject<'a>>, answer: CrlAnswer) -> Self {
        Self { about: subject.into().about(), answer }
    }

    /// Nothing to go by.
    pub fn none<'a>(subject: impl Into<CrlSubject<'a>>, absence: CrlAbsence) -> Self {
        Self::new(subject, CrlAnswer::None(absence))
    }

    /// The answer.
    pub fn answer(&self) -> CrlAnswer {
        self.answer
    }

    /// The weightier of two lists' answers about one certificate: revoked by any, else good by any, else the more
    /// telling absence. Of two revocations one that is final outweighs a hold. A hold of a list whose nextUpdate was past
    /// when another list began yields to that one: nobody maintains it any more. An answer about another certificate
    /// weighs nothing.
    pub fn or(self, other: Self) -> Self {
        if other.about != self.about || weight(other.answer) <= weight(self.answer) { self } else { other }
    }
}

/// In ascending order.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Weight {
    None(CrlAbsence),
    /// Good since a moment, or on hold until one: of two, the later moment; of the same moment, the hold.
    Open {
        moment: UnixTime,
        is_hold: bool,
    },
    Final,
}

fn weight(answer: CrlAnswer) -> Weight {
    match answer {
        CrlAnswer::Revoked(revocation) if !revocation.is_hold() => Weight::Final,
        CrlAnswer::Revoked(Revocation { times, .. }) => {
            Weight::Open { moment: times.next_update.unwrap_or(times.this_update), is_hold: true }
        }
        CrlAnswer::Good(times) => Weight::Open { moment: times.this_update, is_hold: false },
        CrlAnswer::None(absence) => Weight::None(absence),
    }
}

impl fmt::Debug for OcspEvidence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("OcspEvidence").field(&self.answer).finish()
    }
}

impl fmt::Debug for CrlEvidence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("CrlEvidence").field(&self.answer).finish()
    }
}
