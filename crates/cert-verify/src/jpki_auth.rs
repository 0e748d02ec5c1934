//! The `jpki-auth` profile: from a card's certificate to a trust anchor (RFC 5280 section 6.1, for a path of one
//! certificate), and whether the certificate is one for user authentication.
//!
//! Each rule is one function. Rules that need no anchor are there for the agent too, which asks them before a PIN
//! is spent.

use std::fmt;

use madoguchi_protocol::Octets;
use rustls_pki_types::UnixTime;

use crate::path::{Checker, NoObserver, PathError, PathSettings, is_valid_at, no_unknown_critical};
use crate::usage::KeyUsage;
use crate::{Anchor, Budget, Certificate, Error, PathPolicy, oid};

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

    /// The certificate.
    pub fn certificate(&self) -> &Certificate {
        &self.certificate
    }
}

impl fmt::Debug for VerifiedPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("VerifiedPath(..)")
    }
}

/// Verifies a card's certificate against the configured anchors under the profile `jpki-auth`: the rules of
/// RFC 5280 for a path of one certificate, and those of a certificate for user authentication.
pub fn verify_path(
    certificate: &Certificate,
    anchors: &[Anchor],
    policy: &PathPolicy,
    now: UnixTime,
) -> Result<VerifiedPath, Error> {
    algorithm_is_allowed(certificate, anchors)?.verify_path(anchors, policy, now)
}

/// A certificate whose algorithm some anchor allows: worth a signature check.
#[derive(Clone, Copy, Debug)]
pub struct AllowedCertificate<'a>(&'a Certificate);

impl AllowedCertificate<'_> {
    /// The rest of [`verify_path`], for whoever checks something else in between.
    pub fn verify_path(
        self,
        anchors: &[Anchor],
        policy: &PathPolicy,
        now: UnixTime,
    ) -> Result<VerifiedPath, Error> {
        let Self(certificate) = self;
        let candidates = named_as_issuer(certificate, anchors)?;
        let candidates = with_authority_key(certificate, &candidates)?;
        let anchor = issued_by_one_of(certificate, &candidates, now)?;
        is_for_user_authentication(certificate, policy)?;
        Ok(VerifiedPath { certificate: certificate.clone(), issuer_key: anchor.key_hash() })
    }
}

/// What `jpki-auth` demands of the certificate beside a path.
pub(crate) fn is_for_user_authentication(
    certificate: &Certificate,
    policy: &PathPolicy,
) -> Result<(), Error> {
    is_of_profile(certificate)?;
    has_authentication_key_usage(certificate)?;
    is_for_client_auth(certificate)?;
    policy.policies.judge(&certificate.extensions.policies.oids)?;
    is_no_ca(certificate)?;
    has_distribution_points(certificate)
}

/// The rules of `jpki-auth` that need no anchor: validity, keyUsage, extKeyUsage, not a CA's. The agent asks them
/// before the PIN, so that no try is lost on a certificate that the gateway would refuse.
pub fn purpose_and_expiry(certificate: &Certificate, now: UnixTime) -> Result<(), Error> {
    is_of_profile(certificate)?;
    has_authentication_key_usage(certificate)?;
    is_for_client_auth(certificate)?;
    is_no_ca(certificate)?;
    no_unknown_critical(certificate)?;
    is_valid_at(certificate, now)
}

/// An algorithm that no anchor allows, and a key that nothing verifies with, are refused before any signature is
/// checked.
pub fn algorithm_is_allowed<'a>(
    certificate: &'a Certificate,
    anchors: &[Anchor],
) -> Result<AllowedCertificate<'a>, Error> {
    certificate.public_key().is_supported()?;
    let algorithm = certificate.algorithm()?;
    if anchors.iter().any(|anchor| anchor.may_use(algorithm)) {
        Ok(AllowedCertificate(certificate))
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
    let key_id = certificate.extensions.authority_key_id().ok_or(Error::AuthorityKeyIdMissing)?;
    let with_key: Vec<&Anchor> = named.iter().copied().filter(|anchor| anchor.has_key_id(key_id)).collect();
    if with_key.is_empty() { Err(Error::AuthorityKeyUnknown) } else { Ok(with_key) }
}

/// RFC 5280 section 6.1. A key identifier is a hint, so that every match is tried.
fn issued_by_one_of<'a>(
    certificate: &Certificate,
    candidates: &[&'a Anchor],
    now: UnixTime,
) -> Result<&'a Anchor, Error> {
    let settings = PathSettings { max_certificates: 1, ..PathSettings::default() };
    let mut budget = Budget::new(SIGNATURE_COST, STEPS);
    let mut observer = NoObserver;
    let mut checker = Checker::new(&settings, now, &mut budget, &mut observer);
    let mut best: Option<PathError> = None;
    for anchor in candidates {
        match checker.path(anchor, &[certificate]) {
            Ok(_) => return Ok(anchor),
            Err(error) if best.as_ref().is_none_or(|best| error.rank() > best.rank()) => best = Some(error),
            Err(_) => {}
        }
    }
    Err(best.map_or(Error::IssuerUnknown, |best| best.error))
}

/// What RFC 5280 forbids CAs and lets others read: sections 4.1.2.2, 4.1.2.5 and 4.1.2.8. JPKI does none of it.
fn is_of_profile(certificate: &Certificate) -> Result<(), Error> {
    match certificate.serial() {
        [0x00] => return Err(Error::SerialZero),
        [0x80..=0xff, ..] => return Err(Error::SerialNegative),
        _ => {}
    }
    if !certificate.profiled_times {
        return Err(Error::TimeForm);
    }
    if certificate.unique_identifiers { Err(Error::UniqueIdentifiers) } else { Ok(()) }
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
    if certificate.extensions.is_ca() { Err(Error::IsCa) } else { Ok(()) }
}

/// Without them nobody could say which list covers the certificate.
fn has_distribution_points(certificate: &Certificate) -> Result<(), Error> {
    if certificate.extensions.distribution_points.is_empty() {
        Err(Error::DistributionPointsMissing)
    } else {
        Ok(())
    }
}

/// A few P-384 signatures: more anchors of one name and key identifier than that nobody has.
const SIGNATURE_COST: u64 = 120;
const STEPS: u64 = 100_000;
