//! Which certificate policies a path must have.

use std::sync::LazyLock;

use crate::{Error, Oid, OidError};

/// Policy of JPKI's user-authentication certificates (利用者証明用), the production one.
pub const PRODUCTION_AUTH_POLICY: &str = "1.2.392.200149.8.5.1.3.30";

/// Policies of JPKI's signature certificates (署名用), production and test: they never authenticate.
const SIGNATURE_POLICIES: [&str; 2] = ["1.2.392.200149.8.5.1.1.20", "1.2.392.200149.8.5.1.0.20"];

/// What the `jpki-auth` profile leaves to configuration.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PathPolicy {
    /// The certificate policies, one of which the certificate must have.
    pub policies: RequiredPolicies,
}

/// A set of certificate policies, one of which must be there. The default is the production policy alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequiredPolicies(Required);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Required {
    AnyOf(Vec<Oid>),
    DangerAny,
}

impl RequiredPolicies {
    /// One of these instead of the production policy. A signature certificate's policy cannot be among them.
    pub fn any_of(policies: Vec<Oid>) -> Result<Self, PolicyError> {
        if policies.is_empty() {
            return Err(PolicyError::None);
        }
        if let Some(oid) = policies.iter().find(|oid| is_signature_policy(oid)) {
            return Err(PolicyError::OfSignatureCertificate { oid: oid.clone() });
        }
        Ok(Self(Required::AnyOf(policies)))
    }

    /// Any policy except those of signature certificates. Only together with test trust.
    pub fn danger_any_policy() -> Self {
        Self(Required::DangerAny)
    }

    /// RFC 5280 section 4.2.1.4, for a path of one certificate. anyPolicy names no purpose and satisfies nothing.
    pub(crate) fn judge(&self, policies: &[Oid]) -> Result<(), Error> {
        if let Some(oid) = policies.iter().find(|oid| is_signature_policy(oid)) {
            return Err(Error::PolicyOfSignatureCertificate { oid: oid.clone() });
        }
        let satisfied = match &self.0 {
            Required::AnyOf(required) => policies.iter().any(|policy| required.contains(policy)),
            Required::DangerAny => !policies.is_empty(),
        };
        if satisfied { Ok(()) } else { Err(Error::PolicyMissing) }
    }
}

impl Default for RequiredPolicies {
    fn default() -> Self {
        // Unwrap safety: the constant is an identifier, as a test shows.
        let oid = PRODUCTION_AUTH_POLICY.parse().expect("the production policy is an identifier");
        Self(Required::AnyOf(vec![oid]))
    }
}

/// Why policies cannot be required.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PolicyError {
    /// No policy at all.
    #[error("no policy is required")]
    None,
    /// A policy of signature certificates.
    #[error("the policy {oid} is that of signature certificates")]
    OfSignatureCertificate {
        /// The policy.
        oid: Oid,
    },
    /// Not an object identifier.
    #[error(transparent)]
    Oid(#[from] OidError),
}

fn is_signature_policy(oid: &Oid) -> bool {
    // Read once. Unwrap safety: the constants are identifiers, as a test shows.
    static POLICIES: LazyLock<[Oid; 2]> =
        LazyLock::new(|| SIGNATURE_POLICIES.map(|policy| policy.parse().expect("an identifier")));
    POLICIES.contains(oid)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn oids(texts: &[&str]) -> Vec<Oid> {
        texts.iter().map(|text| text.parse().expect("an identifier")).collect()
    }

    #[test]
    fn the_default_is_production_alone() {
        let policies = RequiredPolicies::default();
        assert_eq!(policies.judge(&oids(&["1.2.3", "1.2.392.200149.8.5.1.3.30"])), Ok(()));
        for other in
            [&[][..], &["1.2.392.200149.8.5.1.0.30"], &["2.5.29.32.0"], &["1.2.392.200149.8.5.1.3.31"]]
        {
            assert_eq!(policies.judge(&oids(other)), Err(Error::PolicyMissing));
        }
    }

    #[test]
    fn signature_policies_never_pass() {
        for policies in [
            RequiredPolicies::default(),
            RequiredPolicies::danger_any_policy(),
            RequiredPolicies::any_of(oids(&["1.2.3"])).expect("a policy"),
        ] {
            for signature in SIGNATURE_POLICIES {
                let all = oids(&["1.2.3", PRODUCTION_AUTH_POLICY, signature]);
                let error = policies.judge(&all).expect_err("a signature certificate");
                assert_eq!(error.code(), "policy_of_signature_certificate");
            }
        }
        assert!(RequiredPolicies::any_of(oids(&SIGNATURE_POLICIES)).is_err());
    }

    #[test]
    fn replaced_and_dangerous() {
        let replaced = RequiredPolicies::any_of(oids(&["1.2.3"])).expect("a policy");
        assert_eq!(replaced.judge(&oids(&["1.2.3"])), Ok(()));
        assert_eq!(replaced.judge(&oids(&[PRODUCTION_AUTH_POLICY])), Err(Error::PolicyMissing));
        assert_eq!(RequiredPolicies::any_of(Vec::new()), Err(PolicyError::None));
        assert_eq!(RequiredPolicies::danger_any_policy().judge(&oids(&["1.2.3"])), Ok(()));
        assert_eq!(RequiredPolicies::danger_any_policy().judge(&[]), Err(Error::PolicyMissing));
    }
}
