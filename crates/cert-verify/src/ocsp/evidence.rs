//! The one place that makes OCSP evidence for the table of verdicts.

use rustls_pki_types::UnixTime;

use crate::ocsp::{
    NoncePolicy, OcspError, OcspQuestion, OcspResponse, OcspSettings, ResponderStanding, check_ocsp,
};
use crate::{Anchor, Budget, Certificate, OcspEvidence, VerifiedPath};

/// What a response says about the certificate of a verified path, beside why it says nothing. The issuer is the
/// anchor whose key verified the path.
pub fn ocsp_evidence(
    path: &VerifiedPath,
    anchor: &Anchor,
    response: &[u8],
    nonce: NoncePolicy<'_>,
    settings: &OcspSettings,
    standing: &dyn Fn(&Certificate) -> ResponderStanding,
    now: UnixTime,
) -> (OcspEvidence, Option<OcspError>) {
    let question = OcspQuestion {
        certificate: path.certificate(),
        issuer_key: anchor.public_key(),
        algorithms: anchor.algorithms(),
        nonce,
    };
    let answer = if anchor.key_hash() == path.issuer_key_hash() {
        OcspResponse::parse(response).and_then(|response| {
            check_ocsp(&response, &question, settings, standing, now, &mut Budget::default())
        })
    } else {
        Err(OcspError::ResponderUnknown)
    };
    match answer {
        Ok(answer) => (OcspEvidence::new(path, answer), None),
        Err(error) => (OcspEvidence::none(path, error.absence()), Some(error)),
    }
}
