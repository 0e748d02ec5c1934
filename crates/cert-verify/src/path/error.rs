//! Why no path holds, and where.

use std::fmt;

use crate::{Error, Name};

/// A certificate's place in a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// The trust anchor.
    Anchor,
    /// A CA certificate between them; the first one issued the target.
    Intermediate(usize),
    /// The certificate that the question is about.
    Target,
}

impl Place {
    /// The place this far above the target.
    pub(crate) fn above_target(steps: usize) -> Self {
        if steps == 0 { Self::Target } else { Self::Intermediate(steps) }
    }

    /// The place of whoever issued an intermediate or a target, below the anchor.
    pub(crate) fn above(self) -> Self {
        Self::above_target(self.steps_above_target().saturating_add(1))
    }

    fn steps_above_target(self) -> usize {
        match self {
            Self::Anchor => usize::MAX,
            Self::Intermediate(steps) => steps,
            Self::Target => 0,
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Anchor => f.write_str("trust anchor"),
            Self::Intermediate(number) => write!(f, "intermediate {number}"),
            Self::Target => f.write_str("target"),
        }
    }
}

/// Why no path holds: the most telling error of all paths that were tried.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{place}: {error}")]
pub struct PathError {
    /// The certificate that is refused.
    pub place: Place,
    /// Its subject.
    pub subject: Name,
    /// The rule that it breaks, with the values compared.
    #[source]
    pub error: Error,
}

impl PathError {
    /// The stable name of the error.
    pub fn code(&self) -> &'static str {
        self.error.code()
    }

    /// How much it tells: a path that reached an anchor more than a dead end, a rule that refuses a path whose
    /// signatures hold more than a signature that does not, revocation in a path that holds most of all, and the
    /// nearer to the target the more.
    pub(crate) fn rank(&self) -> Rank {
        let stage = match self.error {
            Error::IssuerUnknown => Stage::NoIssuer,
            Error::AuthorityKeyUnknown => Stage::NoKey,
            Error::PathTooLong { .. } => Stage::TooLong,
            Error::AlgorithmNotAllowed { .. }
            | Error::AlgorithmNotOfKey { .. }
            | Error::AlgorithmUnsupported { .. }
            | Error::KeyUnsupported { .. }
            | Error::SignatureInvalid => Stage::Signature,
            Error::Revoked { .. }
            | Error::OcspUnknown
            | Error::OcspUndetermined { .. }
            | Error::RevocationUndetermined { .. } => Stage::Revocation,
            _ => Stage::Rule,
        };
        Rank { stage, nearness: usize::MAX - self.place.steps_above_target() }
    }
}

/// See [`PathError::rank`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Rank {
    stage: Stage,
    nearness: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Stage {
    NoIssuer,
    NoKey,
    TooLong,
    Signature,
    Rule,
    Revocation,
}
