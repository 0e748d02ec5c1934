//! Why a name is refused under the constraints of the certificates above it.

use crate::general_name::NameForm;

/// Why a certificate's names are refused (RFC 5280 section 6.1.3 (b), (c)).
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NameConstraintError {
    /// A name lies in an excluded subtree.
    #[error("a {form} lies in an excluded subtree")]
    Excluded {
        /// The form of the name.
        form: NameForm,
    },
    /// A name under a constraint of its form is not one that can be compared.
    #[error("a {form} under a constraint is malformed")]
    Malformed {
        /// The form of the name.
        form: NameForm,
    },
    /// A name lies in no permitted subtree of its form.
    #[error("a {form} lies in no permitted subtree")]
    NotPermitted {
        /// The form of the name.
        form: NameForm,
    },
    /// A name has a form that is constrained in a way this verifier does not process.
    #[error("a constraint on {form} that is not processed applies to a name")]
    Unsupported {
        /// The form of the name.
        form: NameForm,
    },
}

impl NameConstraintError {
    /// The stable name of this error.
    pub fn code(self) -> &'static str {
        match self {
            Self::Excluded { .. } => "name_excluded",
            Self::Malformed { .. } => "name_malformed",
            Self::NotPermitted { .. } => "name_not_permitted",
            Self::Unsupported { .. } => "name_constraint_unsupported",
        }
    }
}
