//! Why a path is valid for no policy that is asked for.

/// What is wrong with the policies of a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PolicyGraphError {
    /// policyMappings maps from or to anyPolicy (RFC 5280 section 6.1.4 (a)).
    #[error("policyMappings maps from or to anyPolicy")]
    AnyPolicyMapped,
    /// A policy is required, and no policy reaches this certificate (section 6.1.3 (f)).
    #[error("an explicit policy is required, and none is valid up to this certificate")]
    NoPolicyLeft,
    /// A policy is required, and the path is valid for none that the user asked for (section 6.1.5).
    #[error("an explicit policy is required, and the path is valid for none of those asked for")]
    NoUserPolicy,
}

impl PolicyGraphError {
    /// The stable name of this error.
    pub fn code(self) -> &'static str {
        match self {
            Self::AnyPolicyMapped => "policy_mapping_any",
            Self::NoPolicyLeft => "policy_required",
            Self::NoUserPolicy => "policy_not_asked_for",
        }
    }
}
