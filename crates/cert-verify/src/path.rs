//! The `jpki-auth` profile: from a card's certificate to a trust anchor (RFC 5280 section 6.1, for a path of one
//! certificate), and whether the certificate is one for user authentication.
//!
//! Each rule is one function. Rules that need no anchor are there for the agent too, which asks them before a PIN
//! is spent.

use std::fmt;

use madoguchi_protocol::Octets;
use rustls_pki_types::UnixTime;

use crate::distribution_point::DistributionPoint;
use crate::usage::KeyUsage;
use crate::{Anchor, Certificate, Error, Name, PathPolicy, oid};

/// Proof: this certificate is a user-authentication certificate of a trusted issuer, valid at the moment asked.
pub struct VerifiedPath {
    certificate: Certificate,
    issuer_key: Octets<32>,
}

impl VerifiedPath {
    /// SHA-256 of the certificate that the proof is about.
    pub fn certificate_sha256(&self) -> Octets<32> {
        self.certificate.sha256()
    }

    /// SHA-256 of the SubjectPublicKeyInfo of the key that signed the certificate.
    pub fn issuer_key_hash(&self) -> Octets<32> {
        self.issuer_key
    }

    /// The content octets of the serial number.
    pub fn serial(&self) -> &[u8] {
        self.certificate.serial()
    }

    /// The last second of the certificate's validity.
    pub fn not_after(&self) -> UnixTime {
        self.certificate.not_after()
    }

    pub(crate) fn issuer(&self) -> &Name {
        self.certificate.issuer()
    }

    pub(crate) fn distribution_points(&self) -> &[DistributionPoint] {
        &self.certificate.extensions.distribution_points
    }
}

impl fmt::Debug for VerifiedPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("VerifiedPath(..)")
    }
}

/// Verifies a card's certificate against the configured anchors under the profile `jpki-auth`.
pub fn verify_path(
    certificate: &Certificate,
    anchors: &[Anchor],
    policy: &PathPolicy,
    now: UnixTime,
) -> Result<VerifiedPath, Error> {
    algorithm_is_allowed(certificate, anchors)?;
    let candidates = named_as_issuer(certificate, anchors)?;
    let candidates = with_authority_key(certificate, &candidates)?;
    let anchor = signed_by_one_of(certificate, &candidates)?;
    anchor.is_valid_at(now)?;
    is_valid_at(certificate, now)?;
    has_authentication_key_usage(certificate)?;
    is_for_client_auth(certificate)?;
    policy.policies.judge(&certificate.extensions.policies)?;
    is_no_ca(certificate)?;
    has_distribution_points(certificate)?;
    Ok(VerifiedPath { certificate: certificate.clone(), issuer_key: anchor.key_hash() })
}

/// The rules of `jpki-auth` that need no anchor: validity, keyUsage, extKeyUsage, not a CA's. The agent asks them
/// before the PIN, so that no try is lost on a certificate that the gateway would refuse.
pub fn purpose_and_expiry(certificate: &Certificate, now: UnixTime) -> Result<(), Error> {
    has_authentication_key_usage(certificate)?;
    is_for_client_auth(certificate)?;
    is_no_ca(certificate)?;
    is_valid_at(certificate, now)
}

/// An algorithm that no anchor allows is refused before any signature is checked.
pub fn algorithm_is_allowed(certificate: &Certificate, anchors: &[Anchor]) -> Result<(), Error> {
    let algorithm = certificate.algorithm();
    if anchors.iter().any(|anchor| anchor.may_use(algorithm)) {
        Ok(())
    } else {
        Err(Error::AlgorithmNotAllowed { algorithm })
    }
}

/// RFC 5280 section 6.1.3 (a)(4).
fn named_as_issuer<'a>(certificate: &Certificate, anchors: &'a [Anchor]) -> Result<Vec<&'a Anchor>, Error> {
    let named: Vec<&Anchor> = anchors.iter().filter(|anchor| anchor.name() == certificate.issuer()).collect();
    if named.is_empty() { Err(Error::IssuerUnknown) } else { Ok(named) }
}

/// RFC 5280 section 4.2.1.1. JPKI has three CA generations of one name; only the key identifier tells which.
fn with_authority_key<'a>(certificate: &Certificate, named: &[&'a Anchor]) -> Result<Vec<&'a Anchor>, Error> {
    let key_id = certificate.extensions.authority_key_id.as_deref().ok_or(Error::AuthorityKeyIdMissing)?;
    let with_key: Vec<&Anchor> = named.iter().copied().filter(|anchor| anchor.has_key_id(key_id)).collect();
    if with_key.is_empty() { Err(Error::AuthorityKeyUnknown) } else { Ok(with_key) }
}

/// RFC 5280 section 6.1.3 (a)(1). A key identifier is a hint, so that every match is tried.
fn signed_by_one_of<'a>(certificate: &Certificate, candidates: &[&'a Anchor]) -> Result<&'a Anchor, Error> {
    let algorithm = certificate.algorithm();
    let (tbs, signature) = certificate.signed();
    candidates
        .iter()
        .copied()
        .find(|anchor| anchor.may_use(algorithm) && algorithm.verifies(anchor.public_key(), tbs, signature))
        .ok_or(Error::SignatureInvalid)
}

/// RFC 5280 section 6.1.3 (a)(2); both ends belong to the validity.
fn is_valid_at(certificate: &Certificate, now: UnixTime) -> Result<(), Error> {
    let (not_before, not_after) = (certificate.not_before(), certificate.not_after());
    if now < not_before {
        return Err(Error::NotYetValid { now, not_before });
    }
    if now > not_after {
        return Err(Error::Expired { now, not_after });
    }
    Ok(())
}

/// Exactly digitalSignature: nonRepudiation beside it makes a signature certificate (署名用), which never
/// authenticates.
fn has_authentication_key_usage(certificate: &Certificate) -> Result<(), Error> {
    if certificate.extensions.key_usage == Some(KeyUsage::DIGITAL_SIGNATURE) {
        Ok(())
    } else {
        Err(Error::KeyUsageNotAuthentication)
    }
}

/// RFC 5280 section 4.2.1.12; anyExtendedKeyUsage is not enough.
fn is_for_client_auth(certificate: &Certificate) -> Result<(), Error> {
    if certificate.extensions.ext_key_usage.iter().any(|purpose| purpose == oid::CLIENT_AUTH) {
        Ok(())
    } else {
        Err(Error::NotForClientAuth)
    }
}

fn is_no_ca(certificate: &Certificate) -> Result<(), Error> {
    if certificate.extensions.ca { Err(Error::IsCa) } else { Ok(()) }
}

/// Without them nobody could say which list covers the certificate.
fn has_distribution_points(certificate: &Certificate) -> Result<(), Error> {
    if certificate.extensions.distribution_points.is_empty() {
        Err(Error::DistributionPointsMissing)
    } else {
        Ok(())
    }
}
