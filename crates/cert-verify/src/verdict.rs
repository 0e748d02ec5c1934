//! Is this certificate revoked? The table of the design's section 4, as one pure function, and the only place
//! that makes [`NotRevoked`].
//!
//! Each source's answer comes reduced: what it says, about which certificate, as of when. "Nothing to go by" is
//! never "revoked", and silence is never "good". What was decided stays decided: a revocation that was kept outweighs
//! missing and older evidence.

mod answer;
mod evidence;
mod kept;
mod not_revoked;
mod ruling;
mod shortfall;
mod source;
#[cfg(test)]
mod tests;

pub use answer::{CrlAbsence, CrlAnswer, OcspAbsence, OcspAnswer};
pub use evidence::{CrlEvidence, OcspEvidence};
pub use kept::KeptRevocation;
pub use not_revoked::NotRevoked;
pub use ruling::Rule;
pub(crate) use ruling::{Ruling, Says, ruling};
pub use shortfall::Shortfall;
pub use source::{Revocation, Source, SourceTimes, Sources};

use rustls_pki_types::UnixTime;

use crate::VerifiedPath;
use crate::crl::About;
use crate::verdict::kept::{Before, all_good_since};

/// What was decided.
#[derive(Debug)]
pub enum Verdict {
    /// Cannot check now: this is not "revoked".
    CannotCheck,
    /// Not revoked.
    NotRevoked(NotRevoked),
    /// The responder does not know the certificate.
    OcspUnknown,
    /// Stopped for the time being.
    OnHold {
        /// The source that says so.
        source: Source,
        /// When.
        revocation: Revocation,
    },
    /// Revoked.
    Revoked {
        /// The source that says so.
        source: Source,
        /// When and why.
        revocation: Revocation,
    },
}

impl Verdict {
    /// Its name.
    pub fn name(&self) -> &'static str {
        match self {
            Self::CannotCheck => "cannot_check",
            Self::NotRevoked(_) => "not_revoked",
            Self::OcspUnknown => "ocsp_unknown",
            Self::OnHold { .. } => "on_hold",
            Self::Revoked { .. } => "revoked",
        }
    }
}

/// A verdict with the evidence that is stored beside it.
#[derive(Debug)]
pub struct Decision {
    /// The verdict.
    pub verdict: Verdict,
    /// The rule that decided.
    pub rule: Rule,
    /// OCSP said good and a list said revoked, or every source said good against a revocation that was kept: an
    /// operator must know.
    pub sources_disagree: bool,
    /// A hold was kept, and it is over: every source has said good after this moment, and the holds kept of before it
    /// are to be forgotten.
    pub hold_over: Option<UnixTime>,
    /// What OCSP said.
    pub ocsp: OcspAnswer,
    /// What the revocation lists said.
    pub crl: CrlAnswer,
    sources: Sources,
}

impl Decision {
    /// What is to be kept against the certificate: what each source said of its revocation just now.
    pub fn to_keep(&self) -> Vec<KeptRevocation> {
        let ocsp =
            self.ocsp.revocation().map(|revocation| KeptRevocation { source: Source::Ocsp, revocation });
        let crl = self.crl.revocation().map(|revocation| KeptRevocation { source: Source::Crl, revocation });
        ocsp.into_iter().chain(crl).collect()
    }

    /// What was wanting, whether or not the sign-in goes on.
    pub fn shortfalls(&self) -> Vec<Shortfall> {
        let disagree = self.sources_disagree.then_some(Shortfall::SourcesDisagree);
        [Shortfall::of_ocsp(self.sources, self.ocsp), Shortfall::of_crl(self.sources, self.crl), disagree]
            .into_iter()
            .flatten()
            .collect()
    }
}

/// Decides about one certificate; `kept` is what was kept against it, in any order.
///
/// A revocation counts whoever says it; "good" and "unknown" count only from a source that is configured, and
/// evidence about another certificate is no evidence. Against a revocation that was kept nothing counts; a hold that
/// was kept ends when every configured source, with a later thisUpdate, says good.
pub fn decide(
    path: &VerifiedPath,
    sources: Sources,
    ocsp: OcspEvidence,
    crl: CrlEvidence,
    kept: &[KeptRevocation],
) -> Decision {
    let certificate = path.certificate_sha256();
    let ocsp = match ocsp.answer {
        _ if ocsp.certificate != certificate => OcspAnswer::None(OcspAbsence::WrongCertificate),
        OcspAnswer::Good(_) | OcspAnswer::Unknown(_) if !sources.ocsp() => {
            OcspAnswer::None(OcspAbsence::NotConfigured)
        }
        answer => answer,
    };
    let crl = match crl.answer {
        _ if crl.about != About::Card(certificate) => CrlAnswer::None(CrlAbsence::MissingPartition),
        CrlAnswer::Good(_) if !sources.crl() => CrlAnswer::None(CrlAbsence::NotConfigured),
        answer => answer,
    };
    let (ruling, rule) = ruling(ocsp.into(), crl.into());
    let all_good_since = all_good_since(sources, ocsp, crl);
    let (ruling, rule, hold_over) = match (ruling, Before::of(kept)) {
        (Ruling::Revoked { revocation, .. }, _) if !revocation.is_hold() => (ruling, rule, None),
        (_, Before::Revoked(KeptRevocation { source, revocation })) => {
            (Ruling::Revoked { source, revocation }, Rule::KeptRevoked, None)
        }
        (Ruling::Revoked { .. }, _) | (_, Before::Nothing) => (ruling, rule, None),
        (_, Before::OnHold(KeptRevocation { source, revocation })) => {
            match all_good_since.filter(|since| *since > revocation.times.this_update) {
                None => (Ruling::Revoked { source, revocation }, Rule::KeptOnHold, None),
                over => (ruling, rule, over),
            }
        }
    };
    let against_list = matches!((ocsp, crl), (OcspAnswer::Good(_), CrlAnswer::Revoked(_)));
    let against_kept = rule == Rule::KeptRevoked && all_good_since.is_some();
    let verdict = match ruling {
        Ruling::CannotCheck => Verdict::CannotCheck,
        Ruling::NotRevoked(source) => {
            Verdict::NotRevoked(NotRevoked { certificate, source, rule, ocsp, crl })
        }
        Ruling::OcspUnknown => Verdict::OcspUnknown,
        Ruling::Revoked { source, revocation } if revocation.is_hold() => {
            Verdict::OnHold { source, revocation }
        }
        Ruling::Revoked { source, revocation } => Verdict::Revoked { source, revocation },
    };
    Decision { verdict, rule, sources_disagree: against_list || against_kept, hold_over, ocsp, crl, sources }
}
