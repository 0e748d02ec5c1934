//! crlExtensions (RFC 5280 section 5.2).

use crate::crl::CrlNumber;
use crate::crl::scope::Scope;
use crate::der::{DerError, Reader, Tlv};
use crate::distribution_point::DistributionPoint;
use crate::extension::{Extension, authority_key_id};
use crate::general_name::GeneralName;
use crate::{Error, Name, Oid, Part, oid};

/// What the extensions of a list say.
#[derive(Clone, Debug, Default)]
pub(super) struct ListExtensions<'a> {
    /// Section 5.2.1: the key identifier.
    pub(super) authority_key_id: Option<&'a [u8]>,
    /// Section 5.2.3.
    pub(super) number: Option<CrlNumber>,
    /// Section 5.2.4: BaseCRLNumber. The list is a delta.
    pub(super) base: Option<CrlNumber>,
    /// Section 5.2.5.
    pub(super) scope: Scope,
    /// The first that is critical and must not be, or the other way round.
    wrong_criticality: Option<Error>,
}

impl<'a> ListExtensions<'a> {
    /// Reads `[0]` of a TBSCertList.
    pub(super) fn read(explicit: Tlv<'a>, issuer: &Name) -> Result<Self, Error> {
        let mut outer = explicit.content();
        let list = outer.sequence().map_err(malformed)?;
        outer.finish().map_err(malformed)?;
        let mut all = Self::default();
        for extension in Extension::all_opaque(list, Part::Crl)? {
            if is_known(extension.oid) {
                // First, since it bounds what reading the value costs.
                extension.check_value(Part::Crl)?;
                all.take(&extension, issuer).map_err(extension.invalid(Part::Crl))?;
                all.note_criticality(&extension);
            } else if extension.critical {
                return Err(extension.unknown_critical(Part::Crl));
            }
            // What is not known is ignored, whatever its value.
        }
        Ok(all)
    }

    /// Which of them must be critical, and which must not.
    pub(super) fn demand_criticality(&self) -> Result<(), Error> {
        self.wrong_criticality.clone().map_or(Ok(()), Err)
    }

    fn take(&mut self, extension: &Extension<'a>, issuer: &Name) -> Result<(), DerError> {
        match extension.oid {
            oid::AUTHORITY_KEY_IDENTIFIER => self.authority_key_id = authority_key_id(extension.value)?,
            oid::ISSUER_ALT_NAME => {
                let mut reader = Reader::new(extension.value);
                GeneralName::all(reader.sequence()?)?;
                reader.finish()?;
            }
            oid::CRL_NUMBER => self.number = Some(CrlNumber::from_value(extension.value)?),
            oid::DELTA_CRL_INDICATOR => self.base = Some(CrlNumber::from_value(extension.value)?),
            oid::ISSUING_DISTRIBUTION_POINT => self.scope = Scope::from_value(extension.value, issuer)?,
            // Where deltas are: whoever fetches wants to know; here they are offered or not.
            oid::FRESHEST_CRL => drop(DistributionPoint::all(extension.value, issuer)?),
            _ => {}
        }
        Ok(())
    }

    /// Sections 5.2.1 to 5.2.6. issuerAltName only SHOULD not be critical.
    fn note_criticality(&mut self, extension: &Extension<'_>) {
        let oid = || Oid::from_octets(extension.oid);
        let must_be = match extension.oid {
            oid::DELTA_CRL_INDICATOR | oid::ISSUING_DISTRIBUTION_POINT => true,
            oid::ISSUER_ALT_NAME => return,
            _ => false,
        };
        if self.wrong_criticality.is_none() && must_be != extension.critical {
            self.wrong_criticality = Some(if must_be {
                Error::ExtensionNotCritical { oid: oid() }
            } else {
                Error::ExtensionCritical { oid: oid() }
            });
        }
    }
}

fn is_known(oid: &[u8]) -> bool {
    matches!(
        oid,
        oid::AUTHORITY_KEY_IDENTIFIER
            | oid::ISSUER_ALT_NAME
            | oid::CRL_NUMBER
            | oid::DELTA_CRL_INDICATOR
            | oid::ISSUING_DISTRIBUTION_POINT
            | oid::FRESHEST_CRL
    )
}

fn malformed(rule: DerError) -> Error {
    Error::Malformed { part: Part::Crl, rule }
}
