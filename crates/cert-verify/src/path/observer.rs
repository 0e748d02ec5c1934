//! Who wants to see each check: `madoguchi verify --explain`.

use std::fmt;

use crate::path::Place;
use crate::{Certificate, Error, Name};

/// Sees every check in the order in which it is made.
pub trait Observer {
    /// A candidate path is judged: the anchor, then the certificates from the one that it issued to the target.
    fn path(&mut self, anchor: &Certificate, certificates: &[&Certificate]);

    /// A check passed or failed.
    fn checked(&mut self, place: Place, subject: &Name, check: Check, result: Result<(), &Error>);
}

/// Nobody looks.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoObserver;

impl Observer for NoObserver {
    fn path(&mut self, _anchor: &Certificate, _certificates: &[&Certificate]) {}

    fn checked(&mut self, _place: Place, _subject: &Name, _check: Check, _result: Result<(), &Error>) {}
}

/// One rule, in the order of the standard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Check {
    /// What RFC 5280 section 4 demands of a certificate by itself.
    Form,
    /// The key is of a kind that is supported.
    Key,
    /// Section 6.1.3 (a)(1).
    Signature,
    /// Section 6.1.3 (a)(2).
    Validity,
    /// Section 6.1.3 (a)(4).
    IssuerName,
    /// Section 6.1.3 (b) and (c).
    NameConstraints,
    /// Section 6.1.3 (d) to (f).
    Policies,
    /// Section 6.1.4 (a) and (b).
    PolicyMappings,
    /// Section 6.1.4 (k).
    BasicConstraints,
    /// Section 6.1.4 (l).
    PathLength,
    /// Section 6.1.4 (n).
    KeyUsage,
    /// Section 6.1.4 (o) and 6.1.5 (f).
    CriticalExtensions,
    /// Section 4.2.1.12.
    KeyPurpose,
    /// Section 6.1.5 (a), (b) and (g).
    RequiredPolicies,
    /// What the profile `jpki-auth` demands of a certificate for user authentication.
    UserAuthentication,
    /// Section 6.1.3 (a)(3).
    Revocation,
}

impl Check {
    /// The rule in words, with the section of RFC 5280.
    pub fn text(self) -> &'static str {
        match self {
            Self::Form => "form of the certificate (section 4)",
            Self::Key => "kind of public key",
            Self::Signature => "signature (6.1.3 a1)",
            Self::Validity => "validity (6.1.3 a2)",
            Self::IssuerName => "issuer's name (6.1.3 a4)",
            Self::NameConstraints => "name constraints (6.1.3 b c)",
            Self::Policies => "certificate policies (6.1.3 d-f)",
            Self::PolicyMappings => "policy mappings (6.1.4 a b)",
            Self::BasicConstraints => "basic constraints (6.1.4 k)",
            Self::PathLength => "path length (6.1.4 l)",
            Self::KeyUsage => "key usage (6.1.4 n)",
            Self::CriticalExtensions => "critical extensions (6.1.4 o, 6.1.5 f)",
            Self::KeyPurpose => "extended key usage (4.2.1.12)",
            Self::RequiredPolicies => "required policies (6.1.5 g)",
            Self::UserAuthentication => "certificate for user authentication (jpki-auth)",
            Self::Revocation => "revocation (6.1.3 a3)",
        }
    }
}

impl fmt::Display for Check {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text())
    }
}
