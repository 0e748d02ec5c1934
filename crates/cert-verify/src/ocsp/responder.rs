//! Who may sign a response (RFC 6960 section 4.2.2.2): the issuer's own key, or a certificate that the same issuer
//! issued directly for this purpose.
//!
//! The signer is the one that responderID names, wherever its certificate stands in the response.

use madoguchi_protocol::Octets;
use rustls_pki_types::UnixTime;

use crate::ocsp::response::{Basic, ResponderId};
use crate::ocsp::{OcspError, OcspQuestion, spend_steps};
use crate::usage::KeyUsage;
use crate::{Budget, Certificate, Error, KeyKind, Name, PublicKey, SignatureAlgorithm};

/// What revocation lists say about a responder's own certificate, when it has no id-pkix-ocsp-nocheck. Whether a
/// responder that no list covers may answer is the caller's policy (RFC 6960 section 4.2.2.2.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ResponderStanding {
    /// Not revoked, or trusted without a list.
    Good,
    /// Revoked.
    Revoked,
    /// No list covers it.
    Unknown,
}

/// Verifies the signature of a response by the issuer or by a responder of the issuer's. Answers SHA-256 of the
/// SubjectPublicKeyInfo of the key that signed.
pub(crate) fn signed_by_a_right_responder(
    basic: &Basic<'_>,
    question: &OcspQuestion<'_>,
    standing: &dyn Fn(&Certificate) -> ResponderStanding,
    now: UnixTime,
    budget: &mut Budget,
) -> Result<Octets<32>, OcspError> {
    let algorithm = allowed(&basic.algorithm, question.algorithms)?;
    let mut failure = OcspError::ResponderUnknown;
    if basic.responder.is(question.certificate.issuer(), question.issuer_key) {
        match has_signed(question.issuer_key, algorithm, basic, question, budget) {
            Ok(()) => return Ok(question.issuer_key.spki_sha256()),
            Err(error) => failure = error,
        }
    }
    for der in &basic.certificates {
        spend_steps(budget, der.len() / OCTETS_READ_IN_A_STEP + 1)?;
        let delegated = named_certificate(der, &basic.responder).and_then(|named| match named {
            Some(responder) => {
                is_right_responder(&responder, question, now, budget)?;
                has_signed(responder.public_key(), algorithm, basic, question, budget)?;
                is_not_revoked(&responder, standing)?;
                Ok(Some(responder.public_key().spki_sha256()))
            }
            None => Ok(None),
        });
        match delegated {
            Ok(Some(signer_key)) => return Ok(signer_key),
            // Of several that do not do, the one that came furthest tells most.
            Err(error) if rank(&error) >= rank(&failure) => failure = error,
            Ok(None) | Err(_) => {}
        }
    }
    Err(failure)
}

impl ResponderId<'_> {
    fn is(&self, name: &Name, key: &PublicKey) -> bool {
        match self {
            Self::Name(responder) => responder == name,
            Self::Key(hash) => *hash == key.key_sha1(),
        }
    }
}

/// A certificate of the response, when it is the one that responderID names.
fn named_certificate(der: &[u8], responder: &ResponderId<'_>) -> Result<Option<Certificate>, OcspError> {
    let certificate = Certificate::parse(der).map_err(|error| OcspError::ResponderMalformed { error })?;
    let named = responder.is(certificate.subject(), certificate.public_key());
    Ok(named.then_some(certificate))
}

/// RFC 6960 section 4.2.2.2, cheap rules before the signature.
fn is_right_responder(
    responder: &Certificate,
    question: &OcspQuestion<'_>,
    now: UnixTime,
    budget: &mut Budget,
) -> Result<(), OcspError> {
    if responder.issuer() != question.certificate.issuer() {
        return Err(OcspError::ResponderOfOtherIssuer);
    }
    if let Some(oid) = responder.extensions.unknown_critical.first() {
        return Err(OcspError::ResponderCriticalExtension { oid: oid.clone() });
    }
    if !responder.extensions.ext_key_usage.iter().any(|purpose| purpose == OCSP_SIGNING) {
        return Err(OcspError::ResponderWithoutPurpose);
    }
    if responder.extensions.key_usage.is_some_and(|usage| !KeyUsage::may_sign_data(usage)) {
        return Err(OcspError::ResponderKeyUsage);
    }
    if now < responder.not_before() {
        return Err(OcspError::ResponderNotYetValid { now, not_before: responder.not_before() });
    }
    if now > responder.not_after() {
        return Err(OcspError::ResponderExpired { now, not_after: responder.not_after() });
    }
    responder.public_key().is_supported().map_err(|error| OcspError::ResponderKey { error })?;
    let algorithm = responder.algorithm().map_err(|error| OcspError::ResponderAlgorithm { error })?;
    let algorithm = algorithm.of_key(question.issuer_key.kind());
    if !question.algorithms.contains(&algorithm) {
        let error = Error::AlgorithmNotAllowed { algorithm };
        return Err(OcspError::ResponderAlgorithm { error });
    }
    budget.spend_signature(algorithm).map_err(|_| OcspError::BudgetSpent)?;
    let (tbs, signature) = responder.signed();
    if algorithm.verifies(question.issuer_key, tbs, signature) {
        Ok(())
    } else {
        Err(OcspError::ResponderNotSignedByIssuer)
    }
}

/// An algorithm that nobody may use is refused before any signature is checked.
fn allowed(
    algorithm: &Result<SignatureAlgorithm, crate::Oid>,
    algorithms: &[SignatureAlgorithm],
) -> Result<SignatureAlgorithm, OcspError> {
    // The identifier names the hash; with which key, and so by which curve, shows later.
    let is_allowed = |algorithm: &SignatureAlgorithm| {
        let mut kinds = [KeyKind::EcP256, KeyKind::EcP384].into_iter();
        kinds.any(|kind| algorithms.contains(&algorithm.of_key(kind)))
    };
    match algorithm {
        Ok(algorithm) if is_allowed(algorithm) => Ok(*algorithm),
        Ok(algorithm) => Err(OcspError::AlgorithmNotAllowed { algorithm: *algorithm }),
        Err(oid) => Err(OcspError::AlgorithmUnsupported { oid: oid.clone() }),
    }
}

/// The signature over the octets as they came.
fn has_signed(
    key: &PublicKey,
    algorithm: SignatureAlgorithm,
    basic: &Basic<'_>,
    question: &OcspQuestion<'_>,
    budget: &mut Budget,
) -> Result<(), OcspError> {
    let algorithm = algorithm.of_key(key.kind());
    if algorithm.fits(key.kind()) && !question.algorithms.contains(&algorithm) {
        return Err(OcspError::AlgorithmNotAllowed { algorithm });
    }
    spend_steps(budget, basic.tbs.len() / 1024)?;
    budget.spend_signature(algorithm).map_err(|_| OcspError::BudgetSpent)?;
    if algorithm.verifies(key, basic.tbs, basic.signature) {
        Ok(())
    } else {
        Err(OcspError::SignatureInvalid)
    }
}

/// RFC 6960 section 4.2.2.2.1.
fn is_not_revoked(
    responder: &Certificate,
    standing: &dyn Fn(&Certificate) -> ResponderStanding,
) -> Result<(), OcspError> {
    if responder.extensions.ocsp_no_check {
        return Ok(());
    }
    match standing(responder) {
        ResponderStanding::Good => Ok(()),
        ResponderStanding::Revoked => Err(OcspError::ResponderRevoked),
        ResponderStanding::Unknown => Err(OcspError::ResponderUnchecked),
    }
}

fn rank(error: &OcspError) -> u8 {
    match error {
        OcspError::ResponderUnknown => 0,
        OcspError::ResponderMalformed { .. } => 1,
        OcspError::ResponderOfOtherIssuer => 2,
        OcspError::ResponderNotSignedByIssuer => 4,
        OcspError::SignatureInvalid => 5,
        OcspError::ResponderUnchecked => 6,
        OcspError::ResponderRevoked => 7,
        OcspError::BudgetSpent => 8,
        _ => 3,
    }
}

/// Reading a certificate costs many times as much as hashing it.
const OCTETS_READ_IN_A_STEP: usize = 64;
/// id-kp-OCSPSigning, 1.3.6.1.5.5.7.3.9.
const OCSP_SIGNING: &[u8] = &[0x2b, 6, 1, 5, 5, 7, 3, 9];
