//! From the configuration to an OCSP client.

use std::sync::Arc;
use std::time::Duration;

use ring::rand::SecureRandom;

use madoguchi_cert_verify::{Anchor, CertIdHash};
use madoguchi_revocation::{
    Alarms, BreakerSettings, ListedResponders, Method, NonceUse, OcspClient, OcspClientParts, OcspLimits,
    Responder, RetrySettings, SharedCrls,
};

use crate::ServerError;
use crate::config::{HashConfig, MethodConfig, NonceConfig, OcspConfig, OcspLimitsConfig, RevocationConfig};
use crate::https::https_trust;

/// The client of a deployment that asks OCSP; the lists in use say whether a responder is revoked. Nobody is asked yet.
pub(crate) fn client(
    config: &RevocationConfig,
    anchors: &[Anchor],
    crls: Arc<SharedCrls>,
    random: Arc<dyn SecureRandom + Send + Sync>,
    alarms: Arc<Alarms>,
) -> Result<Option<Arc<OcspClient>>, ServerError> {
    if !config.sources.sources().ocsp() {
        return Ok(None);
    }
    let tls = if config.ocsp.iter().any(|ocsp| ocsp.url.is_tls()) {
        let tls = https_trust(config)?.client_config();
        Some(tls.map_err(|error| ServerError::Tls(format!("revocation.ocsp.url: {error}")))?)
    } else {
        None
    };
    Ok(Some(Arc::new(OcspClient::new(OcspClientParts {
        responders: config.ocsp.iter().map(responder).collect(),
        limits: limits(&config.ocsp_limits),
        anchors: anchors.to_vec(),
        check: Arc::new(ListedResponders { crls, max_age: Some(config.max_age()) }),
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

/// The bounds of asking.
pub(crate) fn limits(config: &OcspLimitsConfig) -> OcspLimits {
    let retries = RetrySettings { percent: config.retry_percent, saved: config.retries_saved };
    OcspLimits {
        connect: Duration::from_secs(config.connect_seconds),
        answer: Duration::from_secs(config.answer_seconds),
        whole: Duration::from_secs(config.question_seconds),
        breaker: BreakerSettings {
            failures: config.failures_to_open,
            open_for: Duration::from_secs(config.open_seconds),
        },
        retries,
        ..OcspLimits::default()
    }
}
