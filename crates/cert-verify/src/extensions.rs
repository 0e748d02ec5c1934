//! What the extensions of a certificate say (RFC 5280 section 4.2). A known extension whose value is not what its
//! definition says refuses the certificate; a critical one that is not known is remembered, and refused by the
//! rules of the path.

use crate::basic_constraints::BasicConstraints;
use crate::certificate_policies::{CertificatePolicies, PolicyConstraints, policy_mappings, skip_certs};
use crate::der::{DerError, Reader, tag};
use crate::distribution_point::DistributionPoint;
use crate::extension::{AuthorityKey, Extension};
use crate::general_name::{GeneralName, GeneralNames};
use crate::name_constraints::NameConstraints;
use crate::usage::KeyUsage;
use crate::{Error, Name, Oid, Part, oid};

/// The extensions of a certificate. An empty list is an absent extension: none of them may be empty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Extensions {
    /// Section 4.2.1.1.
    pub(crate) authority_key: Option<AuthorityKey>,
    /// Section 4.2.1.2.
    pub(crate) subject_key_id: Option<Vec<u8>>,
    /// Section 4.2.1.3.
    pub(crate) key_usage: Option<KeyUsage>,
    /// Section 4.2.1.4.
    pub(crate) policies: CertificatePolicies,
    /// Section 4.2.1.5: issuerDomainPolicy and subjectDomainPolicy.
    pub(crate) policy_mappings: Vec<(Oid, Oid)>,
    /// Section 4.2.1.6.
    pub(crate) subject_alt_names: GeneralNames,
    /// Section 4.2.1.9.
    pub(crate) basic_constraints: Option<BasicConstraints>,
    /// Section 4.2.1.10.
    pub(crate) name_constraints: Option<NameConstraints>,
    /// Section 4.2.1.11.
    pub(crate) policy_constraints: Option<PolicyConstraints>,
    /// Section 4.2.1.12.
    pub(crate) ext_key_usage: Vec<Oid>,
    /// Section 4.2.1.13.
    pub(crate) distribution_points: Vec<DistributionPoint>,
    /// Section 4.2.1.14.
    pub(crate) inhibit_any_policy: Option<u32>,
    /// Section 4.2.1.15.
    pub(crate) freshest_crl: Vec<DistributionPoint>,
    /// RFC 6960 section 4.2.2.2.1.
    pub(crate) ocsp_no_check: bool,
    /// All that are critical.
    critical: Vec<Oid>,
    /// Those of them that are not known.
    pub(crate) unknown_critical: Vec<Oid>,
}

impl Extensions {
    /// Reads `[3]` of a TBSCertificate into what is still empty, where it stays: it is too much to be moved about.
    pub(crate) fn read(&mut self, list: Reader<'_>, issuer: &Name) -> Result<(), Error> {
        for extension in Extension::all_opaque(list, Part::Certificate)? {
            let taken = self.take(&extension, issuer);
            // What is not known is ignored, whatever its value.
            if taken != Ok(false) {
                extension.check_value(Part::Certificate)?;
            }
            let known = taken.map_err(extension.invalid(Part::Certificate))?;
            if extension.critical {
                let oid = Oid::from_octets(extension.oid);
                if !known {
                    self.unknown_critical.push(oid.clone());
                }
                self.critical.push(oid);
            }
        }
        Ok(())
    }

    /// cA of basicConstraints.
    pub(crate) fn is_ca(&self) -> bool {
        self.basic_constraints.is_some_and(|constraints| constraints.ca)
    }

    /// The key identifier of authorityKeyIdentifier.
    pub(crate) fn authority_key_id(&self) -> Option<&[u8]> {
        self.authority_key.as_ref()?.key_id.as_deref()
    }

    /// Whether an extension is there and critical.
    pub(crate) fn is_critical(&self, oid: &[u8]) -> bool {
        self.critical.iter().any(|critical| critical == oid)
    }

    /// Reads an extension that is known; false when it is not.
    fn take(&mut self, extension: &Extension<'_>, issuer: &Name) -> Result<bool, DerError> {
        let value = extension.value;
        match extension.oid {
            oid::AUTHORITY_KEY_IDENTIFIER => self.authority_key = Some(AuthorityKey::from_value(value)?),
            oid::SUBJECT_KEY_IDENTIFIER => self.subject_key_id = Some(octet_string(value)?.to_vec()),
            oid::KEY_USAGE => self.key_usage = Some(KeyUsage::from_value(value)?),
            oid::CERTIFICATE_POLICIES => self.policies = CertificatePolicies::from_value(value)?,
            oid::POLICY_MAPPINGS => self.policy_mappings = policy_mappings(value)?,
            oid::SUBJECT_ALT_NAME => self.subject_alt_names = general_names(value)?,
            oid::ISSUER_ALT_NAME => drop(general_names(value)?),
            oid::BASIC_CONSTRAINTS => self.basic_constraints = Some(BasicConstraints::from_value(value)?),
            oid::NAME_CONSTRAINTS => self.name_constraints = Some(NameConstraints::read(value)?),
            oid::POLICY_CONSTRAINTS => self.policy_constraints = Some(PolicyConstraints::from_value(value)?),
            oid::EXT_KEY_USAGE => self.ext_key_usage = identifiers(value)?,
            oid::CRL_DISTRIBUTION_POINTS => {
                self.distribution_points = DistributionPoint::all(value, issuer)?;
            }
            oid::INHIBIT_ANY_POLICY => self.inhibit_any_policy = Some(inhibit_any_policy(value)?),
            oid::FRESHEST_CRL => self.freshest_crl = DistributionPoint::all(value, issuer)?,
            oid::AUTHORITY_INFO_ACCESS | oid::SUBJECT_INFO_ACCESS => information_access(value)?,
            oid::OCSP_NO_CHECK => {
                null(value)?;
                self.ocsp_no_check = true;
            }
            _ => return Ok(false),
        }
        Ok(true)
    }
}

fn octet_string(value: &[u8]) -> Result<&[u8], DerError> {
    let mut reader = Reader::new(value);
    let octets = reader.octet_string()?;
    reader.finish()?;
    Ok(octets)
}

fn null(value: &[u8]) -> Result<(), DerError> {
    let mut reader = Reader::new(value);
    reader.expect(tag::NULL)?;
    reader.finish()
}

fn general_names(value: &[u8]) -> Result<GeneralNames, DerError> {
    let mut reader = Reader::new(value);
    let names = GeneralNames::read(reader.sequence()?)?;
    reader.finish()?;
    Ok(names)
}

/// RFC 5280 section 4.2.1.12: at least one.
fn identifiers(value: &[u8]) -> Result<Vec<Oid>, DerError> {
    let mut outer = Reader::new(value);
    let mut reader = outer.sequence()?;
    outer.finish()?;
    let mut all = vec![Oid::from_octets(reader.object_identifier()?)];
    while !reader.is_empty() {
        all.push(Oid::from_octets(reader.object_identifier()?));
    }
    Ok(all)
}

fn inhibit_any_policy(value: &[u8]) -> Result<u32, DerError> {
    let mut reader = Reader::new(value);
    let skip = skip_certs(reader.integer()?)?;
    reader.finish()?;
    Ok(skip)
}

/// RFC 5280 sections 4.2.2.1 and 4.2.2.2: at least one. Where a responder is, configuration says; here it only has
/// to be readable.
fn information_access(value: &[u8]) -> Result<(), DerError> {
    let mut outer = Reader::new(value);
    let mut reader = outer.sequence()?;
    outer.finish()?;
    loop {
        let mut description = reader.sequence()?;
        description.object_identifier()?;
        GeneralName::from_tlv(description.read()?)?;
        description.finish()?;
        if reader.is_empty() {
            return Ok(());
        }
    }
}
