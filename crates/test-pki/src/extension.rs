//! Certificate and CRL extensions (RFC 5280 sections 4.2 and 5.2), each already encoded.

use ring::digest;

use crate::{Error, Name, Serial, der, oid};

/// keyUsage bit digitalSignature.
pub const DIGITAL_SIGNATURE: u8 = 0b1000_0000;
/// keyUsage bit nonRepudiation, now called contentCommitment.
pub const NON_REPUDIATION: u8 = 0b0100_0000;
/// keyUsage bit keyCertSign.
pub const KEY_CERT_SIGN: u8 = 0b0000_0100;
/// keyUsage bit cRLSign.
pub const CRL_SIGN: u8 = 0b0000_0010;

/// One extension.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Extension {
    /// extnID in dotted form.
    pub id: String,
    /// Whether a reader that does not know it must refuse.
    pub critical: bool,
    /// What is inside extnValue, DER.
    pub value: Vec<u8>,
}

impl Extension {
    /// Any extension.
    pub fn new(id: &str, critical: bool, value: Vec<u8>) -> Self {
        Self { id: id.to_owned(), critical, value }
    }

    /// keyUsage of the given bits, critical.
    pub fn key_usage(bits: u8) -> Self {
        Self::new(oid::KEY_USAGE, true, der::named_bits(bits))
    }

    /// basicConstraints with cA TRUE and no pathLenConstraint, critical.
    pub fn basic_constraints_ca() -> Self {
        Self::new(oid::BASIC_CONSTRAINTS, true, der::sequence(&[&der::boolean_true()]))
    }

    /// extKeyUsage of one purpose.
    pub fn ext_key_usage(purpose: &str) -> Result<Self, Error> {
        Ok(Self::new(oid::EXT_KEY_USAGE, false, der::sequence(&[&der::oid(purpose)?])))
    }

    /// certificatePolicies of one policy with the address of its certification practice statement, critical.
    pub fn certificate_policies(policy: &str, cps: &str) -> Result<Self, Error> {
        let qualifier = der::sequence(&[&der::oid(oid::CPS_QUALIFIER)?, &der::ia5_string(cps)]);
        let information = der::sequence(&[&der::oid(policy)?, &der::sequence(&[&qualifier])]);
        Ok(Self::new(oid::CERTIFICATE_POLICIES, true, der::sequence(&[&information])))
    }

    /// subjectAltName of one directoryName.
    pub fn subject_alt_name(name: &Name) -> Self {
        Self::new(oid::SUBJECT_ALT_NAME, false, der::sequence(&[&name.general_name()]))
    }

    /// subjectAltName of otherNames with UTF8String values, each an OID in dotted form and a text.
    pub fn subject_alt_other_names(names: &[(String, &str)]) -> Result<Self, Error> {
        let mut general_names = Vec::new();
        for (kind, text) in names {
            let value = der::context(0, &der::utf8_string(text));
            general_names.extend(der::context(0, &[der::oid(kind)?, value].concat()));
        }
        Ok(Self::new(oid::SUBJECT_ALT_NAME, false, der::sequence(&[&general_names])))
    }

    /// issuerAltName of one directoryName.
    pub fn issuer_alt_name(name: &Name) -> Self {
        Self::new(oid::ISSUER_ALT_NAME, false, der::sequence(&[&name.general_name()]))
    }

    /// cRLDistributionPoints of one point, a fullName of one directoryName.
    pub fn crl_distribution_points(point: &Name) -> Self {
        let point = der::sequence(&[&distribution_point_name(point)]);
        Self::new(oid::CRL_DISTRIBUTION_POINTS, false, der::sequence(&[&point]))
    }

    /// authorityInfoAccess of one OCSP responder.
    pub fn authority_info_access(ocsp_url: &str) -> Result<Self, Error> {
        let access =
            der::sequence(&[&der::oid(oid::ACCESS_OCSP)?, &der::context_primitive(6, ocsp_url.as_bytes())]);
        Ok(Self::new(oid::AUTHORITY_INFO_ACCESS, false, der::sequence(&[&access])))
    }

    /// authorityKeyIdentifier of the issuer's key, name and serial number.
    pub fn authority_key_identifier(public_key: &[u8], issuer: &Name, serial: Serial) -> Self {
        let value = der::sequence(&[
            &der::context_primitive(0, &key_identifier(public_key)),
            &der::context(1, &issuer.general_name()),
            &der::context_primitive(2, &serial.contents()),
        ]);
        Self::new(oid::AUTHORITY_KEY_IDENTIFIER, false, value)
    }

    /// authorityKeyIdentifier of the issuer's key alone, as CRLs carry it.
    pub fn authority_key_identifier_of_key(public_key: &[u8]) -> Self {
        let key_identifier = der::context_primitive(0, &key_identifier(public_key));
        Self::new(oid::AUTHORITY_KEY_IDENTIFIER, false, der::sequence(&[&key_identifier]))
    }

    /// subjectKeyIdentifier.
    pub fn subject_key_identifier(public_key: &[u8]) -> Self {
        Self::new(oid::SUBJECT_KEY_IDENTIFIER, false, der::octet_string(&key_identifier(public_key)))
    }

    /// id-pkix-ocsp-nocheck (RFC 6960 section 4.2.2.2.1).
    pub fn ocsp_no_check() -> Self {
        Self::new(oid::OCSP_NO_CHECK, false, der::null())
    }

    /// cRLNumber.
    pub fn crl_number(number: u64) -> Self {
        Self::new(oid::CRL_NUMBER, false, der::unsigned(&number.to_be_bytes()))
    }

    /// The `Extension`, DER.
    pub(crate) fn to_der(&self) -> Result<Vec<u8>, Error> {
        let id = der::oid(&self.id)?;
        let value = der::octet_string(&self.value);
        Ok(if self.critical {
            der::sequence(&[&id, &der::boolean_true(), &value])
        } else {
            der::sequence(&[&id, &value])
        })
    }
}

/// `Extensions`, DER.
pub(crate) fn extensions(list: &[Extension]) -> Result<Vec<u8>, Error> {
    let mut all = Vec::new();
    for extension in list {
        all.extend(extension.to_der()?);
    }
    Ok(der::sequence(&[&all]))
}

/// The `distributionPoint` field, the same octets in a certificate's point and in the CRL's issuing point.
fn distribution_point_name(point: &Name) -> Vec<u8> {
    der::context(0, &der::context(0, &point.general_name()))
}

/// RFC 5280 section 4.2.1.2 method 1.
fn key_identifier(public_key: &[u8]) -> Vec<u8> {
    digest::digest(&digest::SHA1_FOR_LEGACY_USE_ONLY, public_key).as_ref().to_vec()
}
