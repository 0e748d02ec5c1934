//! The certificate that lists are asked about.

use madoguchi_protocol::Octets;

use crate::crl::CrlPoint;
use crate::distribution_point::DistributionPoint;
use crate::{Anchor, Certificate, Name, VerifiedPath};

/// A certificate with the key that its signature holds with. What lists say about an OCSP responder is no evidence about
/// any card.
#[derive(Clone, Copy, Debug)]
pub struct CrlSubject<'a> {
    certificate: &'a Certificate,
    issuer_key: Octets<32>,
    is_responder: bool,
}

/// Which certificate evidence is about.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum About {
    /// A card's.
    Card(Octets<32>),
    /// An OCSP responder's.
    Responder(Octets<32>),
}

impl<'a> CrlSubject<'a> {
    /// The certificate of an OCSP responder, whose signature by this issuer holds.
    pub fn of_responder(responder: &'a Certificate, issuer: &Anchor) -> Self {
        Self { certificate: responder, issuer_key: issuer.key_hash(), is_responder: true }
    }

    /// The content octets of the serial number.
    pub fn serial(&self) -> &'a [u8] {
        self.certificate.serial()
    }

    /// Under which points the lists that cover the certificate are kept: every name of each of its distribution points
    /// (RFC 5280 section 4.2.1.13), and lists of the whole issuer.
    pub fn points(&self) -> impl Iterator<Item = CrlPoint<'a>> + use<'a> {
        CrlPoint::of_certificate(self.issuer_key, self.issuer(), self.distribution_points())
    }

    pub(crate) fn about(&self) -> About {
        let hash = self.certificate.sha256();
        if self.is_responder { About::Responder(hash) } else { About::Card(hash) }
    }

    pub(crate) fn issuer_key_hash(&self) -> Octets<32> {
        self.issuer_key
    }

    pub(crate) fn issuer(&self) -> &'a Name {
        self.certificate.issuer()
    }

    pub(crate) fn distribution_points(&self) -> &'a [DistributionPoint] {
        &self.certificate.extensions.distribution_points
    }

    pub(crate) fn is_ca(&self) -> bool {
        self.certificate.extensions.is_ca()
    }
}

impl<'a> From<&'a VerifiedPath> for CrlSubject<'a> {
    fn from(path: &'a VerifiedPath) -> Self {
        Self { certificate: path.certificate(), issuer_key: path.issuer_key_hash(), is_responder: false }
    }
}
