//! A path that holds.

use std::fmt;

use crate::{Anchor, Certificate, PolicySet};

/// A certification path that was verified, for the moment and the settings asked. Not asked: revocation.
#[derive(Clone)]
pub struct VerifiedChain<'a> {
    anchor: &'a Anchor,
    certificates: Vec<&'a Certificate>,
    policies: PolicySet,
}

impl<'a> VerifiedChain<'a> {
    pub(crate) fn new(anchor: &'a Anchor, certificates: Vec<&'a Certificate>, policies: PolicySet) -> Self {
        Self { anchor, certificates, policies }
    }

    /// The trust anchor.
    pub fn anchor(&self) -> &'a Anchor {
        self.anchor
    }

    /// The certificates, from the one that the anchor issued to the target. Never empty.
    pub fn certificates(&self) -> &[&'a Certificate] {
        &self.certificates
    }

    /// Each certificate with the one that issued it, from the anchor's down to the target.
    pub fn links(&self) -> impl Iterator<Item = (&'a Certificate, &'a Certificate)> + '_ {
        let issuers = std::iter::once(self.anchor.certificate()).chain(self.certificates.iter().copied());
        issuers.zip(self.certificates.iter().copied())
    }

    /// The policies that the path is valid for (RFC 5280 section 6.1.5 (g)).
    pub fn policies(&self) -> &PolicySet {
        &self.policies
    }
}

impl fmt::Debug for VerifiedChain<'_> {
    /// A path ends in a person's certificate: nothing of it is shown.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VerifiedChain")
            .field("certificates", &self.certificates.len())
            .finish_non_exhaustive()
    }
}
