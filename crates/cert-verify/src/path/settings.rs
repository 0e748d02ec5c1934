//! What a path is asked for (the inputs of RFC 5280 section 6.1.1 that are not certificates).

use crate::policy_graph::PolicySettings;

/// What a path must satisfy beside the rules of the standard.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PathSettings {
    /// The user's initial policies and flags.
    pub policies: PolicySettings,
    /// What the target's key must be allowed to do.
    pub key_purpose: KeyPurpose,
    /// The most certificates after the anchor, the target among them.
    pub max_certificates: usize,
}

/// What extKeyUsage must allow, in the target and in every CA certificate that has one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum KeyPurpose {
    /// Nothing in particular: RFC 5280 section 6.1 does not ask.
    Any,
    /// id-kp-clientAuth or anyExtendedKeyUsage.
    ClientAuth,
}

impl Default for PathSettings {
    /// Any policy, any purpose, at most ten certificates.
    fn default() -> Self {
        Self { policies: PolicySettings::default(), key_purpose: KeyPurpose::Any, max_certificates: 10 }
    }
}
