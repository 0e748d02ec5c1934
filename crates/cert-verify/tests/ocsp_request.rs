//! OCSP requests, and the whole way from a request through the test PKI's responder to the evidence.

#![expect(clippy::unwrap_used, reason = "helpers of tests")]

mod support;

use madoguchi_cert_verify::der::Reader;
use madoguchi_cert_verify::{
    Anchor, CertIdHash, Certificate, Name, NoncePolicy, OcspAnswer, OcspNonce, OcspSettings, RequestSigner,
    ResponderStanding, RevocationReason, SignatureAlgorithm, SigningFailed, VerifiedPath, ocsp_evidence,
    ocsp_request,
};
use madoguchi_test_pki::{OcspCertId, OcspFault, PrivateKey, RevocationReason as Reason};
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_ASN1, UnparsedPublicKey};

use support::{World, now, tlv};

struct Signer<'a> {
    name: &'a Name,
    key: &'a PrivateKey,
    random: &'a SystemRandom,
    certificates: Vec<Vec<u8>>,
}

impl RequestSigner for Signer<'_> {
    fn name(&self) -> &Name {
        self.name
    }

    fn algorithm(&self) -> SignatureAlgorithm {
        SignatureAlgorithm::EcdsaP256Sha256
    }

    fn sign(&self, tbs: &[u8]) -> Result<Vec<u8>, SigningFailed> {
        self.key.sign(tbs, self.random).map_err(|_| SigningFailed)
    }

    fn certificates(&self) -> &[Vec<u8>] {
        &self.certificates
    }
}

/// A card of a world, ready to be asked about.
struct Asked {
    world: World,
    certificate: Certificate,
    anchor: Anchor,
    path: VerifiedPath,
}

impl Asked {
    fn new() -> Self {
        let mut world = World::new();
        let card = world.card();
        let certificate = Certificate::parse(&card.auth_certificate).unwrap();
        let (anchor, path) = (world.anchors().remove(0), world.path(&card.auth_certificate).unwrap());
        Self { world, certificate, anchor, path }
    }

    fn request(
        &self,
        hash: CertIdHash,
        nonce: Option<&OcspNonce>,
        signer: Option<&dyn RequestSigner>,
    ) -> Vec<u8> {
        ocsp_request(&self.certificate, self.anchor.public_key(), hash, nonce, signer).unwrap()
    }

    /// The code of what an answer to this request says, and its name in the evidence when it says nothing.
    fn ask(
        &self,
        request: &[u8],
        nonce: NoncePolicy<'_>,
        fault: Option<OcspFault>,
    ) -> (&'static str, &'static str) {
        let response = self.world.pki.answer_ocsp(request, fault, now(), &self.world.random).unwrap();
        self.judge(&self.anchor, &response, nonce)
    }

    fn judge(
        &self,
        anchor: &Anchor,
        response: &[u8],
        nonce: NoncePolicy<'_>,
    ) -> (&'static str, &'static str) {
        let settings = OcspSettings::default();
        let unknown = |_: &Certificate| ResponderStanding::Unknown;
        let (evidence, error) =
            ocsp_evidence(&self.path, anchor, response, nonce, &settings, &unknown, now());
        match (evidence.answer(), error) {
            (OcspAnswer::None(absence), Some(error)) => (error.code(), absence.code()),
            (OcspAnswer::Good(_), None) => ("good", ""),
            (OcspAnswer::Unknown(_), None) => ("unknown", ""),
            (OcspAnswer::Revoked(revocation), None) => match revocation.reason {
                RevocationReason::CertificateHold => ("hold", ""),
                _ => ("revoked", ""),
            },
            (answer, error) => panic!("{answer:?} {error:?}"),
        }
    }
}

/// The responder reads requests with rasn.
#[test]
fn every_kind_of_request_is_answered() {
    let asked = Asked::new();
    let nonce = OcspNonce::random(OcspNonce::OCTETS, &asked.world.random).unwrap();
    let signer = Signer {
        name: asked.certificate.subject(),
        key: asked.world.pki.responder_key(),
        random: &asked.world.random,
        certificates: vec![asked.world.pki.responder_certificate().to_vec()],
    };
    let signers: [Option<&dyn RequestSigner>; 2] = [None, Some(&signer)];
    for hash in [CertIdHash::Sha1, CertIdHash::Sha256] {
        for signer in signers {
            let plain = asked.request(hash, None, signer);
            assert_eq!(asked.ask(&plain, NoncePolicy::Ignore, None), ("good", ""));
            let with_nonce = asked.request(hash, Some(&nonce), signer);
            assert_eq!(asked.ask(&with_nonce, NoncePolicy::Require(&nonce), None), ("good", ""));
            assert_eq!(
                asked.ask(&plain, NoncePolicy::Require(&nonce), None),
                ("ocsp_nonce_missing", "ocsp_wrong_nonce")
            );
        }
    }
}

#[test]
fn every_fault_of_a_responder_has_its_code_and_its_name_in_the_evidence() {
    let asked = Asked::new();
    let nonce = OcspNonce::new(&[7; 32]).unwrap();
    let request = asked.request(CertIdHash::Sha256, Some(&nonce), None);
    for (fault, code, absence) in [
        (OcspFault::Future, "ocsp_produced_in_future", "ocsp_not_yet_valid"),
        (OcspFault::MissingNonce, "ocsp_nonce_missing", "ocsp_wrong_nonce"),
        (OcspFault::OtherCertificate, "ocsp_wrong_serial", "ocsp_wrong_certificate"),
        (OcspFault::OtherNonce, "ocsp_nonce_wrong", "ocsp_wrong_nonce"),
        (OcspFault::OtherResponder, "ocsp_responder_of_other_issuer", "ocsp_wrong_signer"),
        (OcspFault::ResponderExpired, "ocsp_responder_expired", "ocsp_wrong_signer"),
        (OcspFault::ResponderOfOtherCa, "ocsp_responder_not_signed_by_issuer", "ocsp_wrong_signer"),
        (OcspFault::ResponderUnchecked, "ocsp_responder_unchecked", "ocsp_responder_unchecked"),
        (OcspFault::ResponderWithoutPurpose, "ocsp_responder_without_purpose", "ocsp_wrong_signer"),
        (OcspFault::Sha1Signature, "algorithm_sha1", "ocsp_wrong_signer"),
        (OcspFault::Stale, "ocsp_expired", "ocsp_stale"),
        (OcspFault::TamperedSignature, "ocsp_signature_invalid", "ocsp_wrong_signer"),
        (OcspFault::TrailingOctet, "der_trailing_octets", "ocsp_malformed"),
        (OcspFault::TryLater, "ocsp_try_later", "ocsp_error_status"),
        (OcspFault::TwoStatuses, "revoked", ""),
        (OcspFault::Unauthorized, "ocsp_unauthorized", "ocsp_error_status"),
        (OcspFault::UnknownCriticalExtension, "ocsp_critical_extension", "ocsp_critical_extension"),
        (OcspFault::WrongResponderId, "ocsp_responder_unknown", "ocsp_wrong_signer"),
    ] {
        let said = asked.ask(&request, NoncePolicy::Require(&nonce), Some(fault));
        assert_eq!(said, (code, absence), "{fault:?}");
    }
}

#[test]
fn revocations_show_and_count_at_any_age() {
    let mut asked = Asked::new();
    let request = asked.request(CertIdHash::Sha1, None, None);
    let serial = asked.certificate.serial().iter().fold(0, |number, octet| number * 256 + u64::from(*octet));
    let serial = madoguchi_test_pki::Serial::new(serial).unwrap();
    asked.world.pki.revoke(serial, Reason::CertificateHold, now()).unwrap();
    assert_eq!(asked.ask(&request, NoncePolicy::Ignore, None), ("hold", ""));
    asked.world.pki.revoke(serial, Reason::KeyCompromise, now()).unwrap();
    let nonce = OcspNonce::new(&[7; 32]).unwrap();
    assert_eq!(asked.ask(&request, NoncePolicy::Require(&nonce), Some(OcspFault::Stale)), ("revoked", ""));
}

#[test]
fn another_anchor_has_no_say_about_a_path() {
    let (asked, other) = (Asked::new(), Asked::new());
    let request = asked.request(CertIdHash::Sha1, None, None);
    let response = asked.world.pki.answer_ocsp(&request, None, now(), &asked.world.random).unwrap();
    assert_eq!(asked.judge(&asked.anchor, &response, NoncePolicy::Ignore), ("good", ""));
    // What the other authority's responder would say of its own key, for a certificate of this number.
    let request =
        ocsp_request(&asked.certificate, other.anchor.public_key(), CertIdHash::Sha1, None, None).unwrap();
    let response = other.world.pki.answer_ocsp(&request, None, now(), &other.world.random).unwrap();
    let refused = ("ocsp_responder_unknown", "ocsp_wrong_signer");
    assert_eq!(asked.judge(&other.anchor, &response, NoncePolicy::Ignore), refused);
}

/// Byte for byte what RFC 6960 section 4.1 says, put together here from the standard.
#[test]
fn a_request_has_the_standards_shape() {
    let asked = Asked::new();
    let nonce = OcspNonce::new(&[1, 2, 3]).unwrap();
    let plain = asked.request(CertIdHash::Sha1, None, None);
    let id = OcspCertId::sha1(
        asked.certificate.issuer().der(),
        asked.world.pki.auth_ca_key().public_key(),
        tlv(2, asked.certificate.serial()),
    );
    let algorithm = [0x30, 9, 6, 5, 0x2b, 14, 3, 2, 26, 5, 0];
    let hashes = [tlv(4, &id.issuer_name_hash), tlv(4, &id.issuer_key_hash)].concat();
    let cert_id = tlv(0x30, &[&algorithm[..], &hashes, &id.serial].concat());
    let list = tlv(0x30, &tlv(0x30, &cert_id));
    assert_eq!(plain, tlv(0x30, &tlv(0x30, &list)));

    let with_nonce = asked.request(CertIdHash::Sha1, Some(&nonce), None);
    let oid = [6, 9, 0x2b, 6, 1, 5, 5, 7, 48, 1, 2];
    let extension = tlv(0x30, &[oid.to_vec(), tlv(4, &[4, 3, 1, 2, 3])].concat());
    assert_eq!(with_nonce, tlv(0x30, &tlv(0x30, &[list, tlv(0xa2, &tlv(0x30, &extension))].concat())));

    let key = asked.world.pki.responder_key();
    let (name, random) = (asked.certificate.subject(), &asked.world.random);
    let signer = Signer { name, key, random, certificates: vec![vec![0x30, 0]] };
    let signed = asked.request(CertIdHash::Sha1, None, Some(&signer));
    let mut outer = Reader::new(&signed).sequence().unwrap();
    let tbs = outer.read().unwrap();
    let requestor = tbs.content().read().unwrap();
    assert_eq!(requestor.whole, tlv(0xa1, &tlv(0xa4, name.der())));
    let mut signature = outer.expect(0xa0).unwrap().content().sequence().unwrap();
    assert_eq!(signature.read().unwrap().whole, key.signature_algorithm().unwrap());
    let value = signature.bit_string_of_octets().unwrap();
    let public = UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, key.public_key());
    public.verify(tbs.whole, value).expect("the signature is over tbsRequest");
    assert_eq!(signature.read().unwrap().whole, tlv(0xa0, &tlv(0x30, &[0x30, 0])));
}
