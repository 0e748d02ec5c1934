//! cRLDistributionPoints (RFC 5280 section 4.2.1.13): which revocation lists cover a certificate.

use crate::Name;
use crate::der::{DerError, Reader, Tlv, tag};
use crate::general_name::GeneralName;
use crate::reason::ReasonFlags;

/// One distribution point of a certificate or, in freshestCRL, of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct DistributionPoint {
    /// Its names; empty when distributionPoint is absent. A name relative to the issuer is completed.
    pub(crate) names: Vec<GeneralName>,
    /// The reasons that its lists hold, when not all.
    pub(crate) reasons: Option<ReasonFlags>,
    /// Who signs its lists; empty when the certificate's issuer does.
    pub(crate) crl_issuers: Vec<GeneralName>,
}

impl DistributionPoint {
    /// CRLDistributionPoints: at least one.
    pub(crate) fn all(value: &[u8], issuer: &Name) -> Result<Vec<Self>, DerError> {
        let mut outer = Reader::new(value);
        let mut points = outer.sequence()?;
        outer.finish()?;
        let mut all = vec![Self::read(&mut points, issuer)?];
        while !points.is_empty() {
            all.push(Self::read(&mut points, issuer)?);
        }
        Ok(all)
    }

    /// RFC 5280 section 6.3.3, at its end: the point of lists that no distribution point names.
    pub(crate) fn of_issuer(issuer: &Name) -> Self {
        Self { names: vec![GeneralName::Directory(issuer.clone())], reasons: None, crl_issuers: Vec::new() }
    }

    fn read(reader: &mut Reader<'_>, issuer: &Name) -> Result<Self, DerError> {
        let mut point = reader.sequence()?;
        let name = point.optional(tag::context_constructed(0))?;
        let reasons = match point.optional(tag::context(1))? {
            Some(reasons) => Some(ReasonFlags::from_bits(reasons.value)?),
            None => None,
        };
        let crl_issuers = match point.optional(tag::context_constructed(2))? {
            Some(crl_issuers) => GeneralName::all(crl_issuers.content())?,
            None => Vec::new(),
        };
        point.finish()?;
        let names = match name {
            Some(name) if crl_issuers.is_empty() => point_names(name, &[issuer])?,
            Some(name) => point_names(name, &directory_names(&crl_issuers))?,
            None => Vec::new(),
        };
        // A point that names neither a place nor an issuer says nothing.
        if names.is_empty() && crl_issuers.is_empty() {
            return Err(DerError::Truncated);
        }
        Ok(Self { names, reasons, crl_issuers })
    }

    /// Its lists hold only some reasons, or another issuer signs them: the gateway reads none that is complete for it.
    pub(crate) fn is_partial(&self) -> bool {
        self.reasons.is_some() || !self.crl_issuers.is_empty()
    }
}

/// DistributionPointName: fullName `[0]` or nameRelativeToCRLIssuer `[1]`, which has one CRL issuer to follow.
pub(crate) fn point_names(name: Tlv<'_>, crl_issuers: &[&Name]) -> Result<Vec<GeneralName>, DerError> {
    let mut reader = name.content();
    let tlv = reader.read()?;
    reader.finish()?;
    match (tlv.tag, crl_issuers) {
        (0xa0, _) => GeneralName::all(tlv.content()),
        (0xa1, [issuer]) => Ok(vec![GeneralName::Directory(issuer.with_rdn(tlv)?)]),
        _ => Err(DerError::UnexpectedTag),
    }
}

fn directory_names(names: &[GeneralName]) -> Vec<&Name> {
    names
        .iter()
        .filter_map(|name| if let GeneralName::Directory(name) = name { Some(name) } else { None })
        .collect()
}
