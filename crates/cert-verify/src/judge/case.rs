//! What is to be judged.

use std::time::Duration;

use crate::{
    Certificate, CrlSettings, Error, InitialPolicies, KeyPurpose, OcspSettings, PathPolicy, PathSettings,
    PolicyError, PolicySettings, RequiredPolicies,
};

/// By which rules.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Profile {
    /// RFC 5280 and RFC 6960 as they are, for any purpose. Sources of any age count until their nextUpdate.
    #[default]
    Rfc5280,
    /// A certificate for user authentication (利用者証明用) and nothing else. Sources have an age limit.
    JpkiAuth,
}

/// One certificate and all that is offered about it, in DER. Anything may be malformed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Case {
    /// By which rules.
    pub profile: Profile,
    /// The certificate.
    pub target: Vec<u8>,
    /// Trust anchors.
    pub anchors: Vec<Vec<u8>>,
    /// Certificates that may help, in any order: CAs, issuers of revocation lists.
    pub intermediates: Vec<Vec<u8>>,
    /// Revocation lists, complete and delta.
    pub crls: Vec<Vec<u8>>,
    /// OCSP responses.
    pub ocsp: Vec<Vec<u8>>,
    /// Whether every certificate below the anchor must be shown not to be revoked.
    pub require_revocation: bool,
    /// The initial policy settings. In `jpki-auth` the initial policies are those of which the target must have one;
    /// any stands for the production policy.
    pub policies: PolicySettings,
}

impl Case {
    pub(super) fn target(&self) -> Result<Certificate, Error> {
        match self.profile {
            Profile::Rfc5280 => Certificate::parse_from_anywhere(&self.target),
            Profile::JpkiAuth => Certificate::parse(&self.target),
        }
    }

    pub(super) fn path_settings(&self) -> PathSettings {
        let (initial, key_purpose) = match self.profile {
            Profile::Rfc5280 => (self.policies.initial.clone(), KeyPurpose::Any),
            // Which policy the path must be valid for is asked when it holds, so that the error names the purpose.
            Profile::JpkiAuth => (InitialPolicies::Any, KeyPurpose::ClientAuth),
        };
        let policies = PolicySettings { initial, ..self.policies.clone() };
        PathSettings { policies, key_purpose, ..PathSettings::default() }
    }

    /// What `jpki-auth` asks of the target; none in the general profile.
    pub(super) fn required_policy(&self) -> Result<Option<PathPolicy>, Error> {
        if self.profile == Profile::Rfc5280 {
            return Ok(None);
        }
        let policies = match &self.policies.initial {
            InitialPolicies::Any => RequiredPolicies::default(),
            InitialPolicies::Of(policies) => match RequiredPolicies::any_of(policies.clone()) {
                Ok(required) => required,
                Err(PolicyError::OfSignatureCertificate { oid }) => {
                    return Err(Error::PolicyOfSignatureCertificate { oid });
                }
                Err(_) => return Err(Error::PolicyMissing),
            },
        };
        Ok(Some(PathPolicy { policies }))
    }
}

impl Profile {
    /// The name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Rfc5280 => "rfc5280",
            Self::JpkiAuth => "jpki-auth",
        }
    }

    pub(super) fn crl_settings(self) -> CrlSettings {
        CrlSettings { max_age: self.max_age(), ..CrlSettings::default() }
    }

    pub(super) fn ocsp_settings(self) -> OcspSettings {
        OcspSettings { max_age: self.max_age(), ..OcspSettings::default() }
    }

    fn max_age(self) -> Option<Duration> {
        match self {
            Self::Rfc5280 => None,
            Self::JpkiAuth => Some(MAX_AGE),
        }
    }
}

/// As a gateway has it when its configuration does not say otherwise.
const MAX_AGE: Duration = Duration::from_hours(48);
