//! The one HTTP client of this crate: no redirects, no proxy, time limits. Everything it talks to is on loopback.

use std::time::Duration;

use openidconnect::{HttpRequest, HttpResponse};
use ureq::config::ConfigBuilder;
use ureq::tls::{Certificate, PemItem, RootCerts, TlsConfig, parse_pem};
use ureq::typestate::AgentScope;

/// Why the gateway gave no usable answer.
#[derive(Debug, thiserror::Error)]
pub(super) enum HttpError {
    #[error(transparent)]
    Http(#[from] ureq::Error),
}

/// A client that follows nothing: redirects are the caller's business (a back-channel request must not be led
/// elsewhere, and the scripted browser follows them itself).
pub(crate) fn http_client() -> ureq::Agent {
    ureq::Agent::new_with_config(config().build())
}

/// The same, trusting these certificate authorities (PEM) for TLS. What is no certificate in it is trusted by nobody.
pub(crate) fn http_client_trusting(authorities: &[u8]) -> ureq::Agent {
    let roots: Vec<Certificate<'static>> = parse_pem(authorities)
        .filter_map(|item| match item {
            Ok(PemItem::Certificate(certificate)) => Some(certificate),
            _ => None,
        })
        .collect();
    let tls = TlsConfig::builder().root_certs(RootCerts::from(roots.into_iter())).build();
    ureq::Agent::new_with_config(config().tls_config(tls).build())
}

fn config() -> ConfigBuilder<AgentScope> {
    ureq::Agent::config_builder()
        .max_redirects(0)
        .http_status_as_error(false)
        .proxy(None)
        .timeout_connect(Some(Duration::from_secs(5)))
        .timeout_global(Some(Duration::from_secs(30)))
}

/// What `openidconnect` calls for its back-channel requests.
pub(super) fn call(agent: &ureq::Agent, request: HttpRequest) -> Result<HttpResponse, HttpError> {
    let answer = agent.run(request)?;
    let (parts, mut body) = answer.into_parts();
    let body = body.with_config().limit(MAX_ANSWER).read_to_vec()?;
    Ok(HttpResponse::from_parts(parts, body))
}

/// Discovery documents, key sets and tokens are a few KiB.
const MAX_ANSWER: u64 = 256 * 1024;
