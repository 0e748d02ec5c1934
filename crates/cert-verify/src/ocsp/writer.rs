//! Writes the few types of DER that a request is made of.

use crate::SignatureAlgorithm;
use crate::der::tag;
use crate::oid;

pub(crate) fn tlv(tag: u8, content: &[u8]) -> Vec<u8> {
    let mut out = vec![tag];
    if let Ok(length @ 0..0x80) = u8::try_from(content.len()) {
        out.push(length);
    } else {
        let octets = content.len().to_be_bytes();
        let digits: Vec<u8> = octets.into_iter().skip_while(|octet| *octet == 0).collect();
        out.push(0x80 | u8::try_from(digits.len()).unwrap_or(0x7f));
        out.extend(digits);
    }
    out.extend_from_slice(content);
    out
}

pub(crate) fn sequence(parts: &[&[u8]]) -> Vec<u8> {
    tlv(tag::SEQUENCE, &parts.concat())
}

pub(crate) fn explicit(number: u8, content: &[u8]) -> Vec<u8> {
    tlv(tag::context_constructed(number), content)
}

pub(crate) fn object_identifier(octets: &[u8]) -> Vec<u8> {
    tlv(tag::OBJECT_IDENTIFIER, octets)
}

pub(crate) fn octet_string(octets: &[u8]) -> Vec<u8> {
    tlv(tag::OCTET_STRING, octets)
}

pub(crate) fn bit_string(octets: &[u8]) -> Vec<u8> {
    tlv(tag::BIT_STRING, &[&[0], octets].concat())
}

/// AlgorithmIdentifier with NULL parameters or none.
pub(crate) fn algorithm(identifier: &[u8], null: bool) -> Vec<u8> {
    let null: &[u8] = if null { &[tag::NULL, 0] } else { &[] };
    sequence(&[&object_identifier(identifier), null])
}

/// RFC 4055 section 5 wants the NULL, RFC 5758 and RFC 8410 want none.
pub(crate) fn signature_algorithm(algorithm_of_key: SignatureAlgorithm) -> Vec<u8> {
    match algorithm_of_key {
        SignatureAlgorithm::EcdsaP256Sha256 | SignatureAlgorithm::EcdsaP384Sha256 => {
            algorithm(oid::ECDSA_WITH_SHA256, false)
        }
        SignatureAlgorithm::EcdsaP256Sha384 | SignatureAlgorithm::EcdsaP384Sha384 => {
            algorithm(oid::ECDSA_WITH_SHA384, false)
        }
        SignatureAlgorithm::Ed25519 => algorithm(oid::ED25519, false),
        SignatureAlgorithm::RsaSha256 => algorithm(oid::SHA256_WITH_RSA, true),
        SignatureAlgorithm::RsaSha384 => algorithm(oid::SHA384_WITH_RSA, true),
        SignatureAlgorithm::RsaSha512 => algorithm(oid::SHA512_WITH_RSA, true),
    }
}
