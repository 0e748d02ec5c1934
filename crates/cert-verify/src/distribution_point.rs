//! cRLDistributionPoints (RFC 5280 section 4.2.1.13): which revocation list covers a certificate.

use crate::Name;
use crate::der::{DerError, Reader, named_bits, tag};
use crate::general_name::GeneralName;

/// One distribution point of a certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct DistributionPoint {
    /// Its names; a name relative to the issuer is completed.
    pub(crate) names: Vec<GeneralName>,
    /// Its lists hold only some reasons, or another issuer signs them: no list read here is complete for it.
    pub(crate) partial: bool,
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

    fn read(reader: &mut Reader<'_>, issuer: &Name) -> Result<Self, DerError> {
        let mut point = reader.sequence()?;
        let names = match point.optional(tag::context_constructed(0))? {
            Some(name) => point_names(name.content(), issuer)?,
            None => Vec::new(),
        };
        let reasons = point.optional(tag::context(1))?;
        if let Some(reasons) = reasons {
            named_bits(reasons.value)?;
        }
        let crl_issuer = point.optional(tag::context_constructed(2))?;
        if let Some(crl_issuer) = crl_issuer {
            GeneralName::all(crl_issuer.content())?;
        }
        point.finish()?;
        // A point that names neither a place nor an issuer says nothing.
        if names.is_empty() && crl_issuer.is_none() {
            return Err(DerError::Truncated);
        }
        Ok(Self { names, partial: reasons.is_some() || crl_issuer.is_some() })
    }
}

/// DistributionPointName: fullName `[0]` or nameRelativeToCRLIssuer `[1]`.
pub(crate) fn point_names(mut reader: Reader<'_>, issuer: &Name) -> Result<Vec<GeneralName>, DerError> {
    let tlv = reader.read()?;
    reader.finish()?;
    match tlv.tag {
        0xa0 => GeneralName::all(tlv.content()),
        0xa1 => Ok(vec![GeneralName::Directory(issuer.with_rdn(tlv)?)]),
        _ => Err(DerError::UnexpectedTag),
    }
}
