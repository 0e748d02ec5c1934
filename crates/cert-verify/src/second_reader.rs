//! x509-parser reads every certificate after the strict reader, and both must have read the same.
//!
//! It never decides alone: it accepts encodings that are not canonical, turns a general name that it cannot read
//! into `GeneralName::Invalid` and goes on, and its own signature check allows SHA-1.

use x509_parser::extensions::{DistributionPointName, GeneralName, ParsedExtension};
use x509_parser::prelude::{FromDer, X509Certificate};
use x509_parser::time::ASN1Time;

use crate::Certificate;

/// Whether x509-parser reads the same fields from the same octets.
pub(crate) fn agrees(certificate: &Certificate) -> bool {
    let Ok((rest, other)) = X509Certificate::from_der(certificate.der()) else { return false };
    let (tbs, signature) = certificate.signed();
    let validity = other.validity();
    rest.is_empty()
        && other.tbs_certificate.as_ref() == tbs
        && other.signature_value.data.as_ref() == signature
        && other.raw_serial() == certificate.serial()
        && other.issuer().as_raw() == certificate.issuer().der()
        && other.subject().as_raw() == certificate.subject().der()
        && seconds(validity.not_before) == certificate.not_before().as_secs()
        && seconds(validity.not_after) == certificate.not_after().as_secs()
        && other.public_key().subject_public_key.data.as_ref() == certificate.public_key().key()
        && other.extensions().iter().all(|extension| is_readable(extension.parsed_extension()))
}

/// A moment before 1970 reads as 1970 in the strict reader.
fn seconds(time: ASN1Time) -> u64 {
    u64::try_from(time.timestamp()).unwrap_or(0)
}

fn is_readable(extension: &ParsedExtension<'_>) -> bool {
    match extension {
        ParsedExtension::ParseError { .. } => false,
        ParsedExtension::SubjectAlternativeName(names) => names.general_names.iter().all(is_valid),
        ParsedExtension::IssuerAlternativeName(names) => names.general_names.iter().all(is_valid),
        ParsedExtension::CRLDistributionPoints(points) => points.iter().all(|point| {
            let full = match &point.distribution_point {
                Some(DistributionPointName::FullName(names)) => names.iter().all(is_valid),
                _ => true,
            };
            full && point.crl_issuer.iter().flatten().all(is_valid)
        }),
        ParsedExtension::AuthorityInfoAccess(access) => {
            access.accessdescs.iter().all(|description| is_valid(&description.access_location))
        }
        ParsedExtension::AuthorityKeyIdentifier(key) => {
            key.authority_cert_issuer.iter().flatten().all(is_valid)
        }
        _ => true,
    }
}

fn is_valid(name: &GeneralName<'_>) -> bool {
    !matches!(name, GeneralName::Invalid(..))
}
