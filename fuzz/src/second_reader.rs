//! x509-parser and rasn read what the strict reader has read, and must have read the same. Neither decides anywhere:
//! both take encodings that are not canonical.

use madoguchi_cert_verify::{Certificate, OcspAnswer, RevocationReason, SourceTimes, VerifiedCrl};
use rasn::types::{GeneralizedTime, Integer};
use rasn_ocsp::{BasicOcspResponse, CertStatus, OcspResponse, OcspResponseStatus};
use rustls_pki_types::UnixTime;
use x509_parser::certificate::X509Certificate;
use x509_parser::extensions::{DistributionPointName, GeneralName, ParsedExtension};
use x509_parser::prelude::FromDer;
use x509_parser::revocation_list::CertificateRevocationList;
use x509_parser::time::ASN1Time;

use crate::differential::is_known;
use crate::tree::{Content, Node};

/// Every field that a certificate shows, and each extension readable.
pub(crate) fn same_certificate(ours: &Certificate) {
    let (rest, other) = X509Certificate::from_der(ours.der()).expect("x509-parser reads it too");
    assert!(rest.is_empty());
    assert_eq!(other.raw_serial(), ours.serial());
    assert_eq!(other.issuer().as_raw(), ours.issuer().der());
    assert_eq!(other.subject().as_raw(), ours.subject().der());
    assert_eq!(seconds(other.validity().not_before), ours.not_before().as_secs());
    assert_eq!(seconds(other.validity().not_after), ours.not_after().as_secs());
    assert_eq!(other.public_key().subject_public_key.data.as_ref(), ours.public_key().key());
    assert_eq!(other.signature_algorithm, other.tbs_certificate.signature);
    let mut policies = Vec::new();
    for extension in other.extensions() {
        let parsed = extension.parsed_extension();
        // x509-parser knows extensions of lists, too.
        let is_known = is_known(extension.oid.as_bytes());
        assert!(!is_known || is_readable(parsed), "x509-parser does not read an extension: {extension:?}");
        if let ParsedExtension::CertificatePolicies(all) = parsed {
            policies.extend(all.iter().map(|policy| policy.policy_id.as_bytes().to_vec()));
        }
    }
    let ours: Vec<&[u8]> = ours.policies().iter().map(|policy| policy.as_octets()).collect();
    assert_eq!(policies, ours, "other policies");
}

/// Times, number and every entry.
pub(crate) fn same_list(ours: &VerifiedCrl) {
    let (rest, other) = CertificateRevocationList::from_der(ours.der()).expect("x509-parser reads it too");
    assert!(rest.is_empty());
    assert_eq!(seconds(other.last_update()), ours.this_update().as_secs());
    assert_eq!(other.next_update().map(seconds), Some(ours.next_update().as_secs()));
    let number = other.crl_number().expect("a number").to_bytes_be();
    let hexadecimal: String = number.iter().map(|octet| format!("{octet:02x}")).collect();
    let hexadecimal = if hexadecimal == "00" { "0".to_owned() } else { hexadecimal };
    assert_eq!(hexadecimal, ours.number().to_string());
    let others = other.iter_revoked_certificates();
    let mut entries = ours.entries();
    for other in others {
        let entry = entries.next().expect("fewer entries").expect("read before");
        assert_eq!(entry.serial, other.raw_serial());
        assert_eq!(entry.revoked_at.as_secs(), seconds(other.revocation_date));
        let reason = other.reason_code().map_or(0, |(_, reason)| reason.0);
        assert_eq!(Some(entry.reason), RevocationReason::from_number(reason));
    }
    assert!(entries.next().is_none(), "more entries");
}

/// Some statement about the certificate says what the answer says, with the same times.
pub(crate) fn same_answer(response: &[u8], serial: &[u8], ours: &OcspAnswer) {
    // rasn holds 32 bits of an arc; the strict reader compares identifiers by their octets and holds any.
    if Node::read(response).is_some_and(|tree| has_long_arc(&tree)) {
        return;
    }
    let other: OcspResponse = rasn::der::decode(response).expect("rasn reads it too");
    assert_eq!(other.status, OcspResponseStatus::Successful);
    let basic: BasicOcspResponse =
        rasn::der::decode(&other.bytes.expect("a response").response).expect("rasn reads it too");
    let data = basic.tbs_response_data;
    let produced_at = moment(&data.produced_at);
    let number = Node { tag: 0x02, content: Content::Octets(serial.to_vec()) }.der();
    let number: Integer = rasn::der::decode(&number).expect("a number");
    let said = data.responses.iter().filter(|single| single.cert_id.serial_number == number).any(|single| {
        let times = SourceTimes {
            this_update: moment(&single.this_update),
            next_update: single.next_update.as_ref().map(moment),
            produced_at: Some(produced_at),
        };
        match (&single.cert_status, ours) {
            (CertStatus::Good, OcspAnswer::Good(said))
            | (CertStatus::Unknown(_), OcspAnswer::Unknown(said)) => times == *said,
            (CertStatus::Revoked(info), OcspAnswer::Revoked(said)) => {
                let reason = info.revocation_reason.map_or(Some(RevocationReason::Unspecified), |reason| {
                    RevocationReason::from_number(reason as u8)
                });
                times == said.times
                    && moment(&info.revocation_time) == said.revoked_at
                    && reason == Some(said.reason)
            }
            _ => false,
        }
    });
    assert!(said, "rasn reads no such statement: {ours:?}, {:?}", data.responses);
}

fn has_long_arc(node: &Node) -> bool {
    let long = node.octets().split_inclusive(|octet| octet & 0x80 == 0).any(|digits| digits.len() > 4);
    (node.tag == 0x06 && long) || node.children().iter().any(has_long_arc)
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

fn moment(time: &GeneralizedTime) -> UnixTime {
    UnixTime::since_unix_epoch(std::time::Duration::from_secs(u64::try_from(time.timestamp()).unwrap_or(0)))
}
