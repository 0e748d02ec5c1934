//! OCSPRequest (RFC 6960 section 4.1) for one certificate.

use crate::ocsp::cert_id::{self, CertIdHash};
use crate::ocsp::extension::NONCE;
use crate::ocsp::{OcspNonce, writer};
use crate::{Certificate, Name, PublicKey, SignatureAlgorithm};

/// Who signs requests, for responders that ask it (`sigRequired`).
pub trait RequestSigner {
    /// The subject of the signer's certificate: requestorName.
    fn name(&self) -> &Name;
    /// The algorithm of its key.
    fn algorithm(&self) -> SignatureAlgorithm;
    /// The signature over these octets.
    fn sign(&self, tbs: &[u8]) -> Result<Vec<u8>, SigningFailed>;
    /// The signer's certificate and those that lead to an anchor, DER.
    fn certificates(&self) -> &[Vec<u8>];
}

/// The signer could not sign.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the request could not be signed")]
pub struct SigningFailed;

/// The DER of a request about one certificate whose issuer has this key.
pub fn ocsp_request(
    certificate: &Certificate,
    issuer_key: &PublicKey,
    hash: CertIdHash,
    nonce: Option<&OcspNonce>,
    signer: Option<&dyn RequestSigner>,
) -> Result<Vec<u8>, SigningFailed> {
    let cert_id = cert_id::encode(certificate, issuer_key, hash);
    let list = writer::sequence(&[&writer::sequence(&[&cert_id])]);
    // directoryName [4] in requestorName [1]; both explicit.
    let requestor = signer
        .map(|signer| writer::explicit(1, &writer::explicit(4, signer.name().der())))
        .unwrap_or_default();
    let extensions = nonce.map(nonce_extension).unwrap_or_default();
    let tbs = writer::sequence(&[&requestor, &list, &extensions]);
    let signature = match signer {
        Some(signer) => signature(signer, &tbs)?,
        None => Vec::new(),
    };
    Ok(writer::sequence(&[&tbs, &signature]))
}

/// requestExtensions `[2]`, with the nonce alone.
fn nonce_extension(nonce: &OcspNonce) -> Vec<u8> {
    let value = writer::octet_string(&writer::octet_string(nonce.as_octets()));
    let extension = writer::sequence(&[&writer::object_identifier(NONCE), &value]);
    writer::explicit(2, &writer::sequence(&[&extension]))
}

/// optionalSignature `[0]`.
fn signature(signer: &dyn RequestSigner, tbs: &[u8]) -> Result<Vec<u8>, SigningFailed> {
    let signed = writer::bit_string(&signer.sign(tbs)?);
    let certificates = signer.certificates().concat();
    let certificates = if certificates.is_empty() {
        Vec::new()
    } else {
        writer::explicit(0, &writer::sequence(&[&certificates]))
    };
    let algorithm = writer::signature_algorithm(signer.algorithm());
    Ok(writer::explicit(0, &writer::sequence(&[&algorithm, &signed, &certificates])))
}
