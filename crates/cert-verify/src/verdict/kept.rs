//! What was decided before. A revocation outlives the evidence that told of it: an older list put back, or a source that
//! has gone silent, does not undo it.

use rustls_pki_types::UnixTime;

use crate::{CrlAnswer, OcspAnswer, Revocation, Source, SourceTimes, Sources};

/// A revocation of this certificate that was found earlier, as it was kept: by each source by itself, so that a signer
/// that is later disbelieved takes nothing away that another one said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeptRevocation {
    /// The source that said so, one of the two.
    pub source: Source,
    /// What it said.
    pub revocation: Revocation,
}

/// What was kept against a certificate, summed up.
pub(super) enum Before {
    Nothing,
    /// The latest of its holds.
    OnHold(KeptRevocation),
    Revoked(KeptRevocation),
}

impl Before {
    pub(super) fn of(kept: &[KeptRevocation]) -> Self {
        let last = kept.iter().find(|kept| !kept.revocation.is_hold());
        let hold = kept.iter().max_by_key(|kept| kept.revocation.times.this_update);
        match (last, hold) {
            (Some(last), _) => Self::Revoked(*last),
            (None, Some(hold)) => Self::OnHold(*hold),
            (None, None) => Self::Nothing,
        }
    }
}

/// When every configured source says good: the thisUpdate of the one that spoke earliest.
pub(super) fn all_good_since(sources: Sources, ocsp: OcspAnswer, crl: CrlAnswer) -> Option<UnixTime> {
    let ocsp = match ocsp {
        OcspAnswer::Good(times) => Some(times),
        _ => None,
    };
    let crl = match crl {
        CrlAnswer::Good(times) => Some(times),
        _ => None,
    };
    let since = |times: SourceTimes| times.this_update;
    match sources {
        Sources::Both => Some(since(ocsp?).min(since(crl?))),
        Sources::CrlOnly => crl.map(since),
        Sources::OcspOnly => ocsp.map(since),
    }
}
