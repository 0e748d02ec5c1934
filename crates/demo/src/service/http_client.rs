//! The one HTTP client of this crate: no redirects, no proxy, time limits. Everything it talks to is on loopback.

use std::time::Duration;

use openidconnect::{HttpRequest, HttpResponse};

/// Why the gateway gave no usable answer.
#[derive(Debug, thiserror::Error)]
pub(super) enum HttpError {
    #[error(transparent)]
    Http(#[from] ureq::Error),
}

/// A client that follows nothing: redirects are the caller's business (a back-channel request must not be led
/// elsewhere, and the scripted browser follows them itself).
pub(crate) fn http_client() -> ureq::Agent {
    let config = ureq::Agent::config_builder()
        .max_redirects(0)
        .http_status_as_error(false)
        .proxy(None)
        .timeout_connect(Some(Duration::from_secs(5)))
        .timeout_global(Some(Duration::from_secs(30)))
        .build();
    ureq::Agent::new_with_config(config)
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
