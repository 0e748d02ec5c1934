//! The OCSP responder's answers (RFC 6960): a delegated responder of the authority for user authentication.
//!
//! It says `good` for what the authority issued and did not revoke, `revoked` with time and reason, and `unknown`
//! for everything else, another authority's certificates included. A nonce is echoed (RFC 9654).

use std::time::Duration;

use rasn::types::{Integer, ObjectIdentifier, OctetString};
use rasn_ocsp::{CertId, OcspRequest};
use ring::{digest, rand::SecureRandom};
use rustls_pki_types::UnixTime;

use crate::{
    CertificateBuilder, Error, Extension, MUNICIPALITIES, OcspBehaviour, OcspCertId, OcspClaim, OcspFault,
    OcspResponderId, OcspResponseBuilder, OcspSingle, OcspStatus, RevocationReason, Serial, TestPki,
    authority::Purpose, der, holder::responder, oid, pki::tampered, validity,
};

/// How long an answer is good for.
const ANSWER_VALIDITY: Duration = Duration::from_mins(10);

/// Octets of a nonce that RFC 9654 section 2.1 lets a responder accept.
const NONCE_OCTETS: std::ops::RangeInclusive<usize> = 1..=128;

// OCSPResponseStatus.
const MALFORMED_REQUEST: u8 = 1;
pub(crate) const INTERNAL_ERROR: u8 = 2;
const TRY_LATER: u8 = 3;
const UNAUTHORIZED: u8 = 6;

impl TestPki {
    /// Answers an OCSP request, DER in and DER out. What cannot be read gets `malformedRequest`.
    pub fn answer_ocsp(
        &self,
        request: &[u8],
        fault: Option<OcspFault>,
        now: UnixTime,
        random: &dyn SecureRandom,
    ) -> Result<Vec<u8>, Error> {
        self.answer_ocsp_so(request, OcspBehaviour { fault, ..OcspBehaviour::default() }, now, random)
    }

    /// The same by a responder that behaves so; HTTP and delay are not its matter.
    pub fn answer_ocsp_so(
        &self,
        request: &[u8],
        behaviour: OcspBehaviour,
        now: UnixTime,
        random: &dyn SecureRandom,
    ) -> Result<Vec<u8>, Error> {
        let fault = behaviour.fault;
        match fault {
            Some(OcspFault::TryLater) => return Ok(OcspResponseBuilder::error(TRY_LATER)),
            Some(OcspFault::Unauthorized) => return Ok(OcspResponseBuilder::error(UNAUTHORIZED)),
            _ => {}
        }
        let Ok(request) = rasn::der::decode::<OcspRequest>(request) else {
            return Ok(OcspResponseBuilder::error(MALFORMED_REQUEST));
        };
        let Ok(nonce) = nonce(&request) else {
            return Ok(OcspResponseBuilder::error(MALFORMED_REQUEST));
        };
        let this_update = match fault {
            Some(OcspFault::Stale) => validity::days_before(now, 2),
            Some(OcspFault::Future) => validity::days_after(now, 2),
            _ => now,
        };
        let mut singles = Vec::new();
        for single in &request.tbs_request.request_list {
            singles.extend(self.singles(&single.req_cert, behaviour, this_update)?);
        }
        let key = match fault {
            Some(OcspFault::OtherResponder) => &self.sign.key,
            _ => &self.responder_key,
        };
        let builder = OcspResponseBuilder {
            response_type: oid::OCSP_BASIC.to_owned(),
            version: None,
            responder: match fault {
                Some(OcspFault::WrongResponderId) => OcspResponderId::Key(vec![0; 20]),
                _ => OcspResponderId::of_key(key),
            },
            produced_at: this_update,
            singles,
            extensions: extensions(nonce, fault),
            algorithm: match fault {
                Some(OcspFault::Sha1Signature) => {
                    Some(der::sequence(&[&der::oid(oid::SHA1_WITH_RSA)?, &der::null()]))
                }
                _ => None,
            },
            certificates: vec![self.responder(fault, now, random)?],
        };
        let tbs = builder.to_tbs()?;
        let mut signature = key.sign(&tbs, random)?;
        if fault == Some(OcspFault::TamperedSignature) {
            signature = tampered(signature);
        }
        let mut response = builder.assemble(&tbs, &key.signature_algorithm()?, &signature)?;
        if fault == Some(OcspFault::TrailingOctet) {
            response.push(0);
        }
        Ok(response)
    }

    /// The responder's certificate, as it is or with the fault.
    fn responder(
        &self,
        fault: Option<OcspFault>,
        now: UnixTime,
        random: &dyn SecureRandom,
    ) -> Result<Vec<u8>, Error> {
        let mut issuer = &self.auth;
        let other;
        let mut not_after = validity::days_after(now, 365);
        match fault {
            Some(OcspFault::OtherResponder) => return Ok(self.sign.certificate.clone()),
            Some(OcspFault::ResponderOfOtherCa) => {
                other = self.other_authority(now, random)?;
                issuer = &other;
            }
            Some(OcspFault::ResponderExpired) => not_after = validity::days_before(now, 1),
            Some(OcspFault::ResponderUnchecked | OcspFault::ResponderWithoutPurpose) => {}
            _ => return Ok(self.responder_certificate.clone()),
        }
        let not_before = validity::days_before(now, 30);
        let serial = self.state.responder_serial;
        let mut builder: CertificateBuilder =
            responder(&self.auth, serial, &self.responder_key, not_before, not_after)?;
        match fault {
            Some(OcspFault::ResponderUnchecked) => {
                builder.extensions.retain(|extension| extension.id != oid::OCSP_NO_CHECK);
                let point = Purpose::Auth.distribution_point(&MUNICIPALITIES[0])?;
                builder.extensions.push(Extension::crl_distribution_points(&point));
            }
            Some(OcspFault::ResponderWithoutPurpose) => {
                builder.extensions.retain(|extension| extension.id != oid::EXT_KEY_USAGE);
            }
            _ => {}
        }
        builder.sign(&issuer.key, random)
    }

    /// What is said about one certificate: once, or twice with the fault.
    fn singles(
        &self,
        id: &CertId,
        OcspBehaviour { fault, status, .. }: OcspBehaviour,
        this_update: UnixTime,
    ) -> Result<Vec<OcspSingle>, Error> {
        let mut serial = id.serial_number.clone();
        if fault == Some(OcspFault::OtherCertificate) {
            serial = Integer::from(self.state.next_serial.number());
        }
        let single = OcspSingle {
            cert_id: OcspCertId {
                hash: dotted(&id.hash_algorithm.algorithm),
                issuer_name_hash: id.issuer_name_hash.to_vec(),
                issuer_key_hash: id.issuer_key_hash.to_vec(),
                serial: rasn::der::encode(&serial)
                    .map_err(|_| Error::NotEncodable { what: "a serial number" })?,
            },
            status: match status {
                Some(claim) => claimed(claim, this_update),
                None => self.status(id)?,
            },
            this_update,
            next_update: Some(validity::later(this_update, ANSWER_VALIDITY)),
            extensions: Vec::new(),
        };
        let mut singles = vec![single.clone()];
        if fault == Some(OcspFault::TwoStatuses) {
            let status = OcspStatus::Revoked { at: this_update, reason: None };
            singles.push(OcspSingle { status, ..single });
        }
        Ok(singles)
    }

    fn status(&self, id: &CertId) -> Result<OcspStatus, Error> {
        let hash = match id.hash_algorithm.algorithm {
            ref algorithm if *algorithm == identifier(oid::SHA1)? => &digest::SHA1_FOR_LEGACY_USE_ONLY,
            ref algorithm if *algorithm == identifier(oid::SHA256)? => &digest::SHA256,
            _ => return Ok(OcspStatus::Unknown),
        };
        let is_hash_of =
            |given: &OctetString, octets: &[u8]| given.as_ref() == digest::digest(hash, octets).as_ref();
        let ours = is_hash_of(&id.issuer_name_hash, self.auth.purpose.name()?.as_der())
            && is_hash_of(&id.issuer_key_hash, self.auth.key.public_key());
        let issued = self.state.issued.iter().find(|issued| {
            issued.purpose == Purpose::Auth && Integer::from(issued.serial.number()) == id.serial_number
        });
        Ok(match issued {
            Some(issued) if ours => self.status_of(issued.serial),
            _ => OcspStatus::Unknown,
        })
    }

    fn status_of(&self, serial: Serial) -> OcspStatus {
        match self.state.revoked(serial) {
            None => OcspStatus::Good,
            Some(revoked) => OcspStatus::Revoked {
                at: revoked.unix_time,
                reason: (revoked.reason != RevocationReason::Unspecified).then(|| revoked.reason.code()),
            },
        }
    }
}

fn claimed(claim: OcspClaim, this_update: UnixTime) -> OcspStatus {
    let revoked = |reason: RevocationReason| OcspStatus::Revoked {
        at: validity::days_before(this_update, 1),
        reason: Some(reason.code()),
    };
    match claim {
        OcspClaim::Good => OcspStatus::Good,
        OcspClaim::Hold => revoked(RevocationReason::CertificateHold),
        OcspClaim::Revoked => revoked(RevocationReason::KeyCompromise),
        OcspClaim::Unknown => OcspStatus::Unknown,
    }
}

/// responseExtensions: the nonce as it came, and what the fault adds.
fn extensions(nonce: Option<Extension>, fault: Option<OcspFault>) -> Vec<Extension> {
    let mut all: Vec<Extension> = nonce.into_iter().collect();
    match fault {
        Some(OcspFault::MissingNonce) => all.clear(),
        Some(OcspFault::OtherNonce) => {
            all = vec![Extension::new(oid::OCSP_NONCE, false, der::octet_string(&[0; 32]))];
        }
        Some(OcspFault::UnknownCriticalExtension) => {
            all.push(Extension::new(oid::UNKNOWN_EXTENSION, true, der::null()));
        }
        _ => {}
    }
    all
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
        Ok(Some(Extension::new(oid::OCSP_NONCE, found.critical, found.extn_value.to_vec())))
    } else {
        Err(Error::MalformedOcspRequest)
    }
}

fn identifier(dotted: &str) -> Result<ObjectIdentifier, Error> {
    rasn::der::decode(&der::oid(dotted)?).map_err(|_| Error::NotEncodable { what: "an object identifier" })
}

fn dotted(identifier: &ObjectIdentifier) -> String {
    identifier.iter().map(ToString::to_string).collect::<Vec<String>>().join(".")
}

#[cfg(test)]
mod tests {
    use rasn_ocsp::{BasicOcspResponse, CertStatus, OcspResponse, OcspResponseStatus};
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
