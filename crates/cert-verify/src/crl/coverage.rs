//! Whether a list is about a certificate at one of its distribution points: RFC 5280 section 6.3.3 (b) and (d), and
//! where it stands in it.

use crate::crl::error::CrlError;
use crate::crl::list::List;
use crate::crl::scope::Holders;
use crate::crl::walk::directory_names;
use crate::der::{Reader, tag};
use crate::distribution_point::DistributionPoint;
use crate::general_name::GeneralName;
use crate::reason::ReasonFlags;
use crate::{Budget, Certificate, Error, Name, RevocationReason};

use rustls_pki_types::UnixTime;

/// Section 6.3.3 (b) and (d): the reasons for which the list is complete.
pub(super) fn covers(
    list: &List<'_>,
    point: &DistributionPoint,
    certificate: &Certificate,
    budget: &mut Budget,
) -> Result<ReasonFlags, CrlError> {
    budget.spend_steps(cost(list, point)).map_err(|_| CrlError::BudgetSpent)?;
    is_of_issuer(list, point, certificate)?;
    is_of_point(list, point)?;
    is_about_holder(list, certificate)?;
    Ok(interim_reasons(list, point))
}

/// Whether a list of this issuer could be about the certificate.
pub(super) fn may_be_of_issuer(
    issuer: Option<&Name>,
    points: &[&DistributionPoint],
    certificate: &Certificate,
    budget: &mut Budget,
) -> Result<bool, CrlError> {
    let Some(issuer) = issuer else { return Ok(true) };
    let names: usize = points.iter().map(|point| point.crl_issuers.len().saturating_add(1)).sum();
    let cost = u64::try_from(names).unwrap_or(u64::MAX);
    budget.spend_steps(cost).map_err(|_| CrlError::BudgetSpent)?;
    Ok(issuer == certificate.issuer() || points.iter().any(|point| names_issuer(point, issuer)))
}

/// Whether a distribution point names this CRL issuer.
pub(super) fn names_issuer(point: &DistributionPoint, issuer: &Name) -> bool {
    point.crl_issuers.iter().any(|name| matches!(name, GeneralName::Directory(name) if name == issuer))
}

fn cost(list: &List<'_>, point: &DistributionPoint) -> u64 {
    let names = point.names.len().max(point.crl_issuers.len()).saturating_mul(list.scope().names().len());
    u64::try_from(names.saturating_add(point.crl_issuers.len())).unwrap_or(u64::MAX).saturating_add(1)
}

/// Section 6.3.3 (b)(1).
fn is_of_issuer(
    list: &List<'_>,
    point: &DistributionPoint,
    certificate: &Certificate,
) -> Result<(), CrlError> {
    if point.crl_issuers.is_empty() {
        return if list.issuer == *certificate.issuer() { Ok(()) } else { Err(CrlError::NoList) };
    }
    if !names_issuer(point, &list.issuer) {
        Err(CrlError::NoList)
    } else if list.scope().is_indirect() {
        Ok(())
    } else {
        Err(CrlError::NotMarkedIndirect)
    }
}

/// Section 6.3.3 (b)(2)(i): any name of the list is any name of the point.
fn is_of_point(list: &List<'_>, point: &DistributionPoint) -> Result<(), CrlError> {
    let of_list = list.scope().names();
    let of_point = if point.names.is_empty() { &point.crl_issuers } else { &point.names };
    if of_list.is_empty() || of_list.iter().any(|name| of_point.contains(name)) {
        Ok(())
    } else {
        Err(CrlError::OtherDistributionPoint)
    }
}

/// Section 6.3.3 (b)(2)(ii) to (iv). A version 1 certificate does not say whether its subject is a CA.
fn is_about_holder(list: &List<'_>, certificate: &Certificate) -> Result<(), CrlError> {
    let is_ca = certificate.extensions.is_ca();
    let about = match list.scope().holders() {
        Holders::All => true,
        Holders::Attribute => false,
        Holders::Ca => is_ca,
        Holders::User => !is_ca && !is_version_1(certificate),
    };
    if about { Ok(()) } else { Err(CrlError::OtherHolders) }
}

/// A certificate that has no room for extensions.
pub(crate) fn is_version_1(certificate: &Certificate) -> bool {
    let version = Reader::new(certificate.signed().0).sequence().ok().and_then(|tbs| tbs.peek());
    version != Some(tag::context_constructed(0))
}

/// Section 6.3.3 (d): what a list is silent about it is not complete for.
fn interim_reasons(list: &List<'_>, point: &DistributionPoint) -> ReasonFlags {
    let of = |reasons: Option<ReasonFlags>| reasons.unwrap_or(ReasonFlags::ALL);
    of(list.scope().reasons()).and(of(point.reasons))
}

/// What a list says about one certificate.
#[derive(Clone, Copy, Debug)]
pub(super) struct Found {
    pub(super) reason: RevocationReason,
    pub(super) revoked_at: UnixTime,
}

impl Found {
    /// Whether it can never be taken back.
    pub(super) fn is_final(self) -> bool {
        !matches!(self.reason, RevocationReason::CertificateHold | RevocationReason::RemoveFromCrl)
    }

    fn weight(self) -> u8 {
        match self.reason {
            RevocationReason::RemoveFromCrl => 0,
            RevocationReason::CertificateHold => 1,
            _ => 2,
        }
    }
}

/// Section 6.3.3 (i) and (j): the weightiest entry of the certificate's issuer and serial number. In an indirect
/// list an entry is about the issuer that the last certificateIssuer named, at first the list's own (section 5.3.3).
pub(super) fn find(list: &List<'_>, certificate: &Certificate) -> Result<Option<Found>, Error> {
    let mut found: Option<Found> = None;
    let mut is_of_issuer = list.issuer == *certificate.issuer();
    for entry in list.entries_again() {
        let entry = entry?;
        if let Some(names) = entry.certificate_issuer {
            is_of_issuer = directory_names(names).any(|name| is_name(name, certificate.issuer()));
        }
        if is_of_issuer && entry.serial == certificate.serial() {
            let this = Found { reason: entry.reason, revoked_at: entry.revoked_at };
            if found.is_none_or(|earlier| this.weight() > earlier.weight()) {
                found = Some(this);
            }
        }
    }
    Ok(found)
}

fn is_name(der: &[u8], name: &Name) -> bool {
    der == name.der() || Name::read(&mut Reader::new(der)).is_ok_and(|other| other == *name)
}
