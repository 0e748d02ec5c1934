//! The OCSP responder's answers (RFC 6960): a delegated responder of the authority for user authentication.
//!
//! It says `good` for what the authority issued and did not revoke, `revoked` with time and reason, and `unknown`
//! for everything else, another authority's certificates included. A nonce is echoed (RFC 9654).

use std::time::Duration;

use rasn::types::{BitString, GeneralizedTime, Integer, ObjectIdentifier, OctetString, UtcTime};
use rasn_ocsp::{
    BasicOcspResponse, CertId, CertStatus, OcspRequest, OcspResponse, OcspResponseStatus, ResponderId,
    ResponseBytes, ResponseData, RevokedInfo, SingleResponse,
};
use rasn_pkix::{CrlReason, Extension, Extensions};
use ring::{digest, rand::SecureRandom};
use rustls_pki_types::UnixTime;

use crate::{
    Error, OcspFault, PrivateKey, RevocationReason, Serial, TestPki, authority::Purpose, der, oid,
    pki::tampered, validity,
};

/// How long an answer is good for.
const ANSWER_VALIDITY: Duration = Duration::from_mins(10);

/// Octets of a nonce that RFC 9654 section 2.1 lets a responder accept.
const NONCE_OCTETS: std::ops::RangeInclusive<usize> = 1..=128;

impl TestPki {
    /// Answers an OCSP request, DER in and DER out. What cannot be read gets `malformedRequest`.
    pub fn answer_ocsp(
        &self,
        request: &[u8],
        fault: Option<OcspFault>,
        now: UnixTime,
        random: &dyn SecureRandom,
    ) -> Result<Vec<u8>, Error> {
        if fault == Some(OcspFault::TryLater) {
            return without_body(OcspResponseStatus::TryLater);
        }
        let Ok(request) = rasn::der::decode::<OcspRequest>(request) else {
            return without_body(OcspResponseStatus::MalformedRequest);
        };
        let Ok(nonce) = nonce(&request) else {
            return without_body(OcspResponseStatus::MalformedRequest);
        };
        let (key, certificate) = match fault {
            Some(OcspFault::OtherResponder) => (&self.sign.key, &self.sign.certificate),
            _ => (&self.responder_key, &self.responder_certificate),
        };
        let this_update = match fault {
            Some(OcspFault::Stale) => validity::days_before(now, 2),
            _ => now,
        };
        let mut responses = Vec::new();
        for single in request.tbs_request.request_list {
            responses.push(SingleResponse {
                cert_status: self.status(&single.req_cert)?,
                cert_id: single.req_cert,
                this_update: generalized(this_update)?,
                next_update: Some(generalized(validity::later(this_update, ANSWER_VALIDITY))?),
                single_extensions: None,
            });
        }
        let data = ResponseData {
            version: Integer::from(0),
            responder_id: ResponderId::ByKey(OctetString::from(sha1(key.public_key()))),
            produced_at: generalized(this_update)?,
            responses,
            response_extensions: nonce.map(|extension| Extensions::from(vec![extension])),
        };
        signed(data, key, certificate, fault, random)
    }

    fn status(&self, id: &CertId) -> Result<CertStatus, Error> {
        let hash = match id.hash_algorithm.algorithm {
            ref algorithm if *algorithm == identifier(oid::SHA1)? => &digest::SHA1_FOR_LEGACY_USE_ONLY,
            ref algorithm if *algorithm == identifier(oid::SHA256)? => &digest::SHA256,
            _ => return Ok(CertStatus::Unknown(())),
        };
        let is_hash_of =
            |given: &OctetString, octets: &[u8]| given.as_ref() == digest::digest(hash, octets).as_ref();
        let ours = is_hash_of(&id.issuer_name_hash, self.auth.purpose.name()?.as_der())
            && is_hash_of(&id.issuer_key_hash, self.auth.key.public_key());
        let issued = self.state.issued.iter().find(|issued| {
            issued.purpose == Purpose::Auth && Integer::from(issued.serial.number()) == id.serial_number
        });
        match issued {
            Some(issued) if ours => self.status_of(issued.serial),
            _ => Ok(CertStatus::Unknown(())),
        }
    }

    fn status_of(&self, serial: Serial) -> Result<CertStatus, Error> {
        let Some(revoked) = self.state.revoked(serial) else { return Ok(CertStatus::Good) };
        Ok(CertStatus::Revoked(RevokedInfo {
            revocation_time: generalized(revoked.unix_time)?,
            revocation_reason: match revoked.reason {
                RevocationReason::Unspecified => None,
                RevocationReason::KeyCompromise => Some(CrlReason::KeyCompromise),
                RevocationReason::CaCompromise => Some(CrlReason::CaCompromise),
                RevocationReason::AffiliationChanged => Some(CrlReason::AffiliationChanged),
                RevocationReason::Superseded => Some(CrlReason::Superseded),
                RevocationReason::CessationOfOperation => Some(CrlReason::CessationOfOperation),
                RevocationReason::CertificateHold => Some(CrlReason::CertificateHold),
            },
        }))
    }
}

/// An answer that says only why there is none.
pub(crate) fn without_body(status: OcspResponseStatus) -> Result<Vec<u8>, Error> {
    encode("an OCSP response", &OcspResponse { status, bytes: None })
}

fn signed(
    data: ResponseData,
    key: &PrivateKey,
    certificate: &[u8],
    fault: Option<OcspFault>,
    random: &dyn SecureRandom,
) -> Result<Vec<u8>, Error> {
    let mut signature = key.sign(&encode("OCSP response data", &data)?, random)?;
    if fault == Some(OcspFault::TamperedSignature) {
        signature = tampered(signature);
    }
    let basic = BasicOcspResponse {
        tbs_response_data: data,
        signature_algorithm: decode("a signature algorithm", &key.signature_algorithm()?)?,
        signature: BitString::from_vec(signature),
        certs: Some(vec![decode("the responder's certificate", certificate)?]),
    };
    let response = OctetString::from(encode("a basic OCSP response", &basic)?);
    let bytes = ResponseBytes { r#type: identifier(oid::OCSP_BASIC)?, response };
    encode("an OCSP response", &OcspResponse { status: OcspResponseStatus::Successful, bytes: Some(bytes) })
}

/// The nonce extension as it came, if there is one.
fn nonce(request: &OcspRequest) -> Result<Option<Extension>, Error> {
    let wanted = identifier(oid::OCSP_NONCE)?;
    let extensions = request.tbs_request.request_extensions.as_ref();
    let Some(found) = extensions.and_then(|list| list.iter().find(|one| one.extn_id == wanted)) else {
        return Ok(None);
    };
    let nonce: OctetString = rasn::der::decode(&found.extn_value).map_err(|_| Error::MalformedOcspRequest)?;
    if NONCE_OCTETS.contains(&nonce.len()) {
        Ok(Some(found.clone()))
    } else {
        Err(Error::MalformedOcspRequest)
    }
}

fn identifier(dotted: &str) -> Result<ObjectIdentifier, Error> {
    decode("an object identifier", &der::oid(dotted)?)
}

fn generalized(at: UnixTime) -> Result<GeneralizedTime, Error> {
    let time = UtcTime::from_timestamp(validity::date_time(at)?.unix_timestamp(), 0);
    Ok(time.ok_or(Error::TimeOutOfRange { seconds: at.as_secs() })?.fixed_offset())
}

fn sha1(octets: &[u8]) -> Vec<u8> {
    digest::digest(&digest::SHA1_FOR_LEGACY_USE_ONLY, octets).as_ref().to_vec()
}

fn encode<T: rasn::Encode>(what: &'static str, value: &T) -> Result<Vec<u8>, Error> {
    rasn::der::encode(value).map_err(|_| Error::NotEncodable { what })
}

fn decode<T: rasn::Decode>(what: &'static str, octets: &[u8]) -> Result<T, Error> {
    rasn::der::decode(octets).map_err(|_| Error::NotEncodable { what })
}

#[cfg(test)]
mod tests {
    use ring::rand::SystemRandom;

    use super::*;
    use crate::{CardOptions, KeyKind, Options};

    /// An OCSPRequest for the certificate that these hashes and this number name, with a nonce of so many octets.
    fn request(name: &[u8], key: &[u8], serial: Serial, nonce: usize) -> Vec<u8> {
        let algorithm = der::sequence(&[&der::oid(oid::SHA256).unwrap()]);
        let hash = |octets| der::octet_string(digest::digest(&digest::SHA256, octets).as_ref());
        let id = der::sequence(&[&algorithm, &hash(name), &hash(key), &serial.to_der()]);
        let list = der::sequence(&[&der::sequence(&[&id])]);
        let nonce = der::octet_string(&der::octet_string(&vec![7; nonce]));
        let extension = der::sequence(&[&der::oid(oid::OCSP_NONCE).unwrap(), &nonce]);
        der::sequence(&[&der::sequence(&[&list, &der::context(2, &der::sequence(&[&extension]))])])
    }

    #[expect(clippy::disallowed_methods, reason = "a test is its own edge")]
    fn answer(request: impl FnOnce(&TestPki, Serial) -> Vec<u8>) -> OcspResponse {
        let random = SystemRandom::new();
        let now = UnixTime::since_unix_epoch(Duration::from_secs(1_795_323_601));
        let options = Options { authority_key: KeyKind::P256, ..Options::default() };
        let mut pki = TestPki::create(&options, now, &random).unwrap();
        let card = CardOptions { key: KeyKind::P256, ..CardOptions::default() };
        let serial = pki.issue_card(&card, now, &random).unwrap().auth_serial;
        let answer = pki.answer_ocsp(&request(&pki, serial), None, now, &random).unwrap();
        rasn::der::decode(&answer).unwrap()
    }

    #[test]
    fn a_nonce_has_1_to_128_octets() {
        for (octets, expected) in [
            (0, OcspResponseStatus::MalformedRequest),
            (1, OcspResponseStatus::Successful),
            (128, OcspResponseStatus::Successful),
            (129, OcspResponseStatus::MalformedRequest),
        ] {
            assert_eq!(answer(|_, serial| request(b"", b"", serial, octets)).status, expected, "{octets}");
        }
    }

    #[test]
    fn name_key_and_number_must_all_be_ours() {
        let name = |pki: &TestPki| pki.auth.purpose.name().unwrap().as_der().to_vec();
        let key = |pki: &TestPki| pki.auth.key.public_key().to_vec();
        let status = |response: OcspResponse| {
            let basic: BasicOcspResponse = rasn::der::decode(&response.bytes.unwrap().response).unwrap();
            basic.tbs_response_data.responses[0].cert_status.clone()
        };
        let never = Serial::new(1).unwrap();
        let good = answer(|pki, serial| request(&name(pki), &key(pki), serial, 32));
        assert_eq!(status(good), CertStatus::Good);
        for unknown in [
            answer(|pki, serial| request(b"other", &key(pki), serial, 32)),
            answer(|pki, serial| request(&name(pki), b"other", serial, 32)),
            answer(|pki, _| request(&name(pki), &key(pki), never, 32)),
        ] {
            assert_eq!(status(unknown), CertStatus::Unknown(()));
        }
    }
}
