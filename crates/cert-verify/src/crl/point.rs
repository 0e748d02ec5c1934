//! Under which names a list is kept, and under which names a certificate's lists are found: what an index of many
//! lists has instead of asking each of them.

use std::borrow::Cow;

use madoguchi_protocol::{Octets, sha256};

use crate::crl::CrlSubject;
use crate::crl::scope::Scope;
use crate::distribution_point::DistributionPoint;
use crate::general_name::GeneralName;
use crate::{Name, VerifiedPath};

/// One name of a list or of a certificate's distribution point, and its issuer: name and key.
///
/// A list that covers a certificate has a point in common with it. The converse does not hold: whoever found a list by
/// its points still asks it for its evidence.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct CrlPoint<'a> {
    issuer_key: Octets<32>,
    /// In its normal form.
    issuer: Cow<'a, [u8]>,
    /// Absent for lists that cover all of the issuer.
    name: Option<Cow<'a, GeneralName>>,
}

impl<'a> CrlPoint<'a> {
    /// The points of a list (RFC 5280 section 5.2.5).
    pub(crate) fn of_scope(
        issuer_key: Octets<32>,
        issuer: &'a Name,
        scope: &'a Scope,
    ) -> impl Iterator<Item = Self> {
        let whole = scope.names().is_empty().then(|| Self::new(issuer_key, issuer, None));
        let named = scope.names().iter().map(move |name| Self::new(issuer_key, issuer, Some(name)));
        whole.into_iter().chain(named)
    }

    /// The points of a certificate (RFC 5280 section 4.2.1.13), and that of lists of the whole issuer.
    pub(super) fn of_certificate(
        issuer_key: Octets<32>,
        issuer: &'a Name,
        points: &'a [DistributionPoint],
    ) -> impl Iterator<Item = Self> + use<'a> {
        let named = points
            .iter()
            .filter(|point| !point.is_partial())
            .flat_map(|point| &point.names)
            .map(move |name| Self::new(issuer_key, issuer, Some(name)));
        named.chain(std::iter::once_with(move || Self::new(issuer_key, issuer, None)))
    }

    fn new(issuer_key: Octets<32>, issuer: &'a Name, name: Option<&'a GeneralName>) -> Self {
        Self { issuer_key, issuer: Cow::Borrowed(issuer.normal()), name: name.map(Cow::Borrowed) }
    }

    /// SHA-256 over the point, for whoever keeps a certificate's points and not the certificate.
    pub fn id(&self) -> Octets<32> {
        let name = self.name.as_ref().map_or(Vec::new(), |name| name.normal());
        let length = u64::try_from(self.issuer.len()).unwrap_or(u64::MAX).to_be_bytes();
        let has_name = [u8::from(self.name.is_some())];
        sha256(&[&self.issuer_key.0[..], &length, &self.issuer, &has_name, &name].concat())
    }

    /// The same without a borrow.
    pub fn into_owned(self) -> CrlPoint<'static> {
        let name = self.name.map(|name| Cow::Owned(name.into_owned()));
        CrlPoint { issuer_key: self.issuer_key, issuer: Cow::Owned(self.issuer.into_owned()), name }
    }
}

impl VerifiedPath {
    /// Under which points the lists that cover the certificate are kept.
    pub fn crl_points(&self) -> impl Iterator<Item = CrlPoint<'_>> {
        CrlSubject::from(self).points()
    }
}
