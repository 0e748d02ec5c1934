//! The answer.

use crate::judge::offered::Offered;
use crate::judge::revocation::{Answered, Standing};
use crate::{CrlError, Error, PathError, Place, VerifiedChain};

/// The answer about one case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judgement {
    /// What follows for whoever asks.
    pub outcome: Outcome,
    /// The stable name of what is wrong.
    pub error: Option<&'static str>,
    /// The same in words, with the place in the path and the values compared. Without names and serial numbers.
    pub detail: String,
}

/// What follows for whoever asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The certificate may be relied on.
    Accepted,
    /// It may not.
    Rejected,
    /// Nothing is wrong with it, but whether it is revoked is not known.
    Undetermined,
}

impl Outcome {
    /// The name in an answer.
    pub fn name(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Rejected => "rejected",
            Self::Undetermined => "undetermined",
        }
    }
}

impl Judgement {
    pub(super) fn accepted(chain: &VerifiedChain<'_>, answered: &[Answered]) -> Self {
        let count = chain.certificates().len();
        let certificates = if count == 1 { "certificate" } else { "certificates" };
        let detail =
            format!("{count} {certificates} below the anchor; {}; {}", revocation(answered), policies(chain));
        Self { outcome: Outcome::Accepted, error: None, detail }
    }

    pub(super) fn unreadable(error: &Error) -> Self {
        let detail = format!("{}: {error}", Place::Target);
        Self { outcome: Outcome::Rejected, error: Some(error.code()), detail }
    }

    fn rejected(error: &PathError) -> Self {
        Self { outcome: Outcome::Rejected, error: Some(error.code()), detail: error.to_string() }
    }

    /// No path is left. When none was even found, a certificate that was put aside may be the reason.
    pub(super) fn refused(error: &PathError, offered: &Offered) -> Self {
        let dead_end = matches!(error.error, Error::IssuerUnknown | Error::AuthorityKeyUnknown);
        match (&offered.anchor_refused, &offered.intermediate_refused) {
            (Some(refused), _) if dead_end => Self {
                outcome: Outcome::Rejected,
                error: Some(refused.code()),
                detail: format!("trust anchor: {refused}; {error}"),
            },
            (None, Some(refused)) if dead_end => Self {
                outcome: Outcome::Rejected,
                error: Some(refused.code()),
                detail: format!("an intermediate that was put aside: {refused}; {error}"),
            },
            _ if is_open(&error.error) => {
                Self { outcome: Outcome::Undetermined, error: Some(error.code()), detail: error.to_string() }
            }
            _ => Self::rejected(error),
        }
    }
}

/// Nothing that was offered speaks about the certificate at that time.
pub(super) fn is_open(error: &Error) -> bool {
    match error {
        Error::RevocationUndetermined { reason } => is_open_list(reason),
        Error::OcspUndetermined { reason } => reason.is_of_another_moment(),
        _ => false,
    }
}

/// The same of lists. One that an unknown key has signed, as it is with the generations of an authority that have one
/// name, is about other certificates.
pub(super) fn is_open_list(reason: &CrlError) -> bool {
    match reason {
        CrlError::NotYetValid { .. }
        | CrlError::Expired { .. }
        | CrlError::TooOld { .. }
        | CrlError::SomeReasonsOnly
        | CrlError::DeltaWithoutBase
        | CrlError::SignerUnknown => true,
        CrlError::SignerPath { error } => {
            matches!(error.error, Error::IssuerUnknown | Error::AuthorityKeyUnknown)
        }
        _ => reason.is_absence(),
    }
}

fn revocation(answered: &[Answered]) -> String {
    let good: Vec<String> = answered
        .iter()
        .filter_map(|answer| match &answer.standing {
            Standing::Good(source) => Some(format!("{} by {source}", answer.place)),
            Standing::Open(_) => None,
        })
        .collect();
    let open: Vec<String> = answered
        .iter()
        .filter_map(|answer| match &answer.standing {
            Standing::Good(_) => None,
            Standing::Open(error) => Some(format!("{} ({error})", answer.place)),
        })
        .collect();
    match (good.is_empty(), open.is_empty()) {
        (_, true) => format!("not revoked: {}", good.join(", ")),
        (true, false) => format!("revocation not shown: {}", open.join(", ")),
        (false, false) => {
            format!("not revoked: {}; revocation not shown: {}", good.join(", "), open.join(", "))
        }
    }
}

fn policies(chain: &VerifiedChain<'_>) -> String {
    let all: Vec<String> = chain.policies().user_constrained.iter().map(ToString::to_string).collect();
    if all.is_empty() { "policies: none".to_owned() } else { format!("policies: {}", all.join(" ")) }
}
