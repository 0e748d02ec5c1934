//! From the configuration to an OCSP client.

use std::sync::Arc;
use std::time::Duration;

use ring::rand::SecureRandom;
use rustls_platform_verifier::BuilderVerifierExt;

use madoguchi_cert_verify::{Anchor, CertIdHash};
use madoguchi_revocation::{
    Alarms, Method, NoResponderCheck, NonceUse, OcspClient, OcspClientParts, OcspLimits, Responder,
};

use crate::ServerError;
use crate::config::{HashConfig, MethodConfig, NonceConfig, OcspConfig, RevocationConfig};

/// The client of a deployment that asks OCSP. Nobody is asked yet.
pub(crate) fn client(
    config: &RevocationConfig,
    anchors: &[Anchor],
    random: Arc<dyn SecureRandom + Send + Sync>,
    alarms: Arc<Alarms>,
) -> Result<Option<Arc<OcspClient>>, ServerError> {
    if !config.sources.sources().ocsp() {
        return Ok(None);
    }
    let tls = if config.ocsp.iter().any(|ocsp| ocsp.url.is_tls()) { Some(tls()?) } else { None };
    Ok(Some(Arc::new(OcspClient::new(OcspClientParts {
        responders: config.ocsp.iter().map(responder).collect(),
        limits: OcspLimits::default(),
        anchors: anchors.to_vec(),
        check: Arc::new(NoResponderCheck),
        random,
        alarms,
        tls,
    }))))
}

fn responder(config: &OcspConfig) -> Responder {
    Responder {
        url: config.url.clone(),
        method: match config.method {
            MethodConfig::Get => Method::Get,
            MethodConfig::Post => Method::Post,
        },
        nonce: match config.nonce {
            NonceConfig::None => NonceUse::None,
            NonceConfig::Prefer => NonceUse::Prefer,
            NonceConfig::Require => NonceUse::Require,
        },
        hash: match config.hash {
            HashConfig::Sha1 => CertIdHash::Sha1,
            HashConfig::Sha256 => CertIdHash::Sha256,
        },
        max_age: Duration::from_secs(config.max_age_minutes.saturating_mul(60)),
        reuse_for: Duration::from_secs(config.reuse_seconds),
    }
}

/// The certificates that the system trusts.
fn tls() -> Result<Arc<rustls::ClientConfig>, ServerError> {
    let wrong = |error: rustls::Error| ServerError::Tls(format!("revocation.ocsp.url: {error}"));
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .and_then(BuilderVerifierExt::with_platform_verifier)
        .map_err(wrong)?;
    Ok(Arc::new(config.with_no_client_auth()))
}
