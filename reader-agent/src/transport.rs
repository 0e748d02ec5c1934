//! How messages get to a gateway: HTTP over TLS, behind a trait so that nothing above knows it.

use std::net::ToSocketAddrs as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use madoguchi_protocol::{MAX_MESSAGE_OCTETS, Origin};
use ureq::Body;
use ureq::http::{Response, Uri};
use ureq::tls::{Certificate, PemItem, RootCerts, TlsConfig, parse_pem};

use crate::AgentError;

pub(crate) use trouble::Trouble;

mod trouble;

/// Brings one message to a gateway and its answer back.
pub trait Transport: Send + Sync {
    /// Posts `body` to `path` of `origin`. An answer with any status is an answer.
    fn post(&self, origin: &Origin, path: &str, body: &[u8]) -> Result<TransportAnswer, TransportError>;
}

/// What a gateway answered.
#[derive(Debug)]
pub struct TransportAnswer {
    /// HTTP status.
    pub status: u16,
    /// The body, at most [`MAX_MESSAGE_OCTETS`].
    pub body: Vec<u8>,
}

/// No answer came. The message may or may not have arrived.
#[derive(Debug, thiserror::Error)]
#[error("no answer from {origin}: {reason}")]
pub struct TransportError {
    /// Whom the message was for.
    pub origin: Origin,
    /// For the log: it holds addresses and protocol errors, nothing of the message.
    pub reason: String,
}

/// HTTPS by the system's trusted authorities, and more of them if configured. Plain HTTP happens only where [`Origin`] allows
/// it: to loopback.
pub struct HttpTransport {
    system: ureq::Agent,
    extra: Option<ureq::Agent>,
}

impl HttpTransport {
    /// A transport that also trusts the authorities in the PEM file `extra_roots`.
    pub fn new(extra_roots: Option<&Path>) -> Result<Self, AgentError> {
        let extra = extra_roots
            .map(|file| read_roots(file).map(|roots| client(RootCerts::Specific(Arc::new(roots)))))
            .transpose()?;
        Ok(Self { system: client(RootCerts::PlatformVerifier), extra })
    }
}

impl HttpTransport {
    /// Posts like [`Transport::post`], and tells more: for the doctor.
    pub(crate) fn probe(&self, origin: &Origin, path: &str, body: &[u8]) -> Result<Probe, Trouble> {
        let url = format!("{origin}{path}");
        let mut response = self.post_anywhere(&url, body).map_err(|error| match Trouble::of(&error) {
            // The system's resolver has no error of its own in the standard library.
            Trouble::Other if !has_address(origin) => Trouble::NameUnknown,
            trouble => trouble,
        })?;
        let status = response.status().as_u16();
        let date = response.headers().get("date").and_then(|date| date.to_str().ok()).map(str::to_owned);
        Ok(Probe { status, body: read(&mut response).map_err(|error| Trouble::of(&error))?, date })
    }

    fn post_anywhere(&self, url: &str, body: &[u8]) -> Result<Response<Body>, ureq::Error> {
        match (send(&self.system, url, body), &self.extra) {
            // The handshake failed, so nothing of the message was sent.
            (Err(error), Some(extra)) if is_untrusted(&error) => send(extra, url, body),
            (result, _) => result,
        }
    }
}

/// What the doctor learns from an answer.
#[derive(Debug)]
pub(crate) struct Probe {
    pub(crate) status: u16,
    pub(crate) body: Vec<u8>,
    /// The field `Date` (RFC 9110 section 6.6.1).
    pub(crate) date: Option<String>,
}

impl Transport for HttpTransport {
    fn post(&self, origin: &Origin, path: &str, body: &[u8]) -> Result<TransportAnswer, TransportError> {
        let url = format!("{origin}{path}");
        let result = self.post_anywhere(&url, body).and_then(|mut response| {
            Ok(TransportAnswer { status: response.status().as_u16(), body: read(&mut response)? })
        });
        result.map_err(|error| TransportError { origin: origin.clone(), reason: error.to_string() })
    }
}

fn send(client: &ureq::Agent, url: &str, body: &[u8]) -> Result<Response<Body>, ureq::Error> {
    client.post(url).header("content-type", "application/json").send(body)
}

fn read(response: &mut Response<Body>) -> Result<Vec<u8>, ureq::Error> {
    let limit = u64::try_from(MAX_MESSAGE_OCTETS).unwrap_or(u64::MAX);
    response.body_mut().with_config().limit(limit).read_to_vec()
}

/// Whether the origin's name leads to an address.
fn has_address(origin: &Origin) -> bool {
    let uri: Option<Uri> = origin.as_str().parse().ok();
    uri.as_ref().and_then(Uri::host).is_none_or(|host| (host, 443).to_socket_addrs().is_ok())
}

/// The handshake's errors pass through the reader, which wraps them.
fn is_untrusted(error: &ureq::Error) -> bool {
    match error {
        ureq::Error::Rustls(_) | ureq::Error::Tls(_) => true,
        ureq::Error::Io(error) => error.kind() == std::io::ErrorKind::InvalidData,
        _ => false,
    }
}

fn client(roots: RootCerts) -> ureq::Agent {
    ureq::Agent::config_builder()
        .http_status_as_error(false)
        .max_redirects(0)
        .max_redirects_will_error(false)
        // A proxy named in the environment would see loopback traffic and could end TLS.
        .proxy(None)
        .timeout_connect(Some(CONNECT_TIME))
        .timeout_global(Some(TOTAL_TIME))
        .user_agent(concat!("madoguchi-agent/", env!("CARGO_PKG_VERSION")))
        .tls_config(TlsConfig::builder().root_certs(roots).build())
        .build()
        .new_agent()
}

fn read_roots(file: &Path) -> Result<Vec<Certificate<'static>>, AgentError> {
    let unusable = |reason: String| AgentError::UnusableFile { file: PathBuf::from(file), reason };
    let pem = std::fs::read(file).map_err(|error| unusable(error.to_string()))?;
    let mut roots = Vec::new();
    for item in parse_pem(&pem) {
        if let PemItem::Certificate(certificate) = item.map_err(|error| unusable(error.to_string()))? {
            roots.push(certificate);
        }
    }
    if roots.is_empty() { Err(unusable("no certificate in it".to_owned())) } else { Ok(roots) }
}

const CONNECT_TIME: Duration = Duration::from_secs(5);
const TOTAL_TIME: Duration = Duration::from_secs(15);
