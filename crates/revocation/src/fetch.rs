//! Lists by HTTP(S): one conditional GET (RFC 9110 section 13), streamed into a private file.
//!
//! A redirect is refused, so that nobody is asked but the configured hosts. A list needs no TLS: its signature tells
//! whether it is right; TLS keeps others from holding an old one back unseen.

use std::io;
use std::time::{Duration, SystemTime};

use rustls_pki_types::UnixTime;
use serde::{Deserialize, Serialize};
use ureq::http::header::{ETAG, IF_MODIFIED_SINCE, IF_NONE_MATCH, LAST_MODIFIED};
use ureq::http::{HeaderMap, HeaderName, StatusCode};
use ureq::tls::TlsConfig;

use crate::pem::copy_der;
use crate::{Error, HttpUrl, HttpsTrust};

/// How long a download may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FetchLimits {
    /// Until there is a connection, name look-up and TLS included.
    pub connect: Duration,
    /// Until the next octet.
    pub stall: Duration,
    /// In all.
    pub whole: Duration,
}

impl Default for FetchLimits {
    /// Ten minutes are 365 MB at five megabits a second.
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(10),
            stall: Duration::from_secs(30),
            whole: Duration::from_mins(10),
        }
    }
}

/// What a server said about a list, for the next question (RFC 9110 section 8.8).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Validators {
    etag: Option<String>,
    last_modified: Option<String>,
    /// nextUpdate of the list that they came with, in seconds since 1970. "Not modified" is no answer after it.
    #[serde(default)]
    until: u64,
}

/// An answer.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Fetched {
    /// The list is the one that came before.
    NotModified,
    /// A list, as far as anybody knows, and what to ask with the next time.
    Octets(Validators),
}

/// Why a download failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FetchError {
    /// No connection, or it broke.
    #[error("no connection: {0}")]
    Connection(String),
    /// The server sent something that is no HTTP.
    #[error("no HTTP: {0}")]
    Protocol(String),
    /// The server sends elsewhere, where nobody goes.
    #[error("the server redirects (status {0}); write the address that it redirects to")]
    Redirect(u16),
    /// The server answered something else.
    #[error("the server answered status {0}")]
    Status(u16),
    /// A time limit was reached.
    #[error("no answer in time ({0})")]
    TimedOut(String),
    /// TLS failed.
    #[error("TLS: {0}")]
    Tls(String),
}

impl FetchError {
    /// The stable name of the error.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Connection(_) => "fetch_no_connection",
            Self::Protocol(_) => "fetch_no_http",
            Self::Redirect(_) => "fetch_redirected",
            Self::Status(_) => "fetch_status",
            Self::TimedOut(_) => "fetch_timed_out",
            Self::Tls(_) => "fetch_tls",
        }
    }

    fn of(error: ureq::Error) -> Self {
        match error {
            ureq::Error::Timeout(which) => Self::TimedOut(which.to_string()),
            ureq::Error::Io(error) => Self::of_io(&error),
            ureq::Error::Tls(_) | ureq::Error::Rustls(_) | ureq::Error::Pem(_) => {
                Self::Tls(error.to_string())
            }
            ureq::Error::HostNotFound | ureq::Error::ConnectionFailed => Self::Connection(error.to_string()),
            _ => Self::Protocol(error.to_string()),
        }
    }

    /// While the body is read, everything comes as an error of reading; and during a handshake what TLS refuses.
    fn of_io(error: &io::Error) -> Self {
        if let Some(tls) = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()) {
            return Self::Tls(tls.to_string());
        }
        match error.get_ref().and_then(|inner| inner.downcast_ref::<ureq::Error>()) {
            Some(ureq::Error::Timeout(which)) => Self::TimedOut(which.to_string()),
            _ if error.kind() == io::ErrorKind::TimedOut => Self::TimedOut(error.to_string()),
            _ => Self::Connection(error.to_string()),
        }
    }
}

/// Asks servers for lists.
#[derive(Clone, Debug)]
pub struct Fetcher {
    client: ureq::Agent,
    max_octets: u64,
}

impl Fetcher {
    /// A client that follows nobody elsewhere and takes no proxy from its surroundings.
    pub fn new(limits: FetchLimits, https: &HttpsTrust, max_octets: u64) -> Self {
        let tls = TlsConfig::builder().root_certs(https.root_certs()).build();
        let client = ureq::Agent::config_builder()
            .tls_config(tls)
            .proxy(None)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .http_status_as_error(false)
            .timeout_connect(Some(limits.connect))
            .timeout_recv_response(Some(limits.stall))
            .timeout_per_read(Some(limits.stall))
            .timeout_global(Some(limits.whole))
            .max_idle_connections(0)
            .user_agent("madoguchi")
            .build()
            .new_agent();
        Self { client, max_octets }
    }

    /// Asks for a list; its octets go to `target`. With an error `target` holds who knows what.
    pub(crate) fn fetch(
        &self,
        url: &HttpUrl,
        known: &Validators,
        now: UnixTime,
        target: &mut dyn io::Write,
    ) -> Result<Fetched, Error> {
        let mut request = self.client.get(url.as_str());
        for (name, value) in [(IF_NONE_MATCH, &known.etag), (IF_MODIFIED_SINCE, &known.last_modified)] {
            if let Some(value) = value {
                request = request.header(name, value);
            }
        }
        let mut response = request.call().map_err(FetchError::of)?;
        match response.status() {
            StatusCode::OK => {}
            // Only who asked whether it was modified may be told so.
            StatusCode::NOT_MODIFIED if !known.is_empty() => return Ok(Fetched::NotModified),
            status if status.is_redirection() && status != StatusCode::NOT_MODIFIED => {
                return Err(FetchError::Redirect(status.as_u16()).into());
            }
            status => return Err(FetchError::Status(status.as_u16()).into()),
        }
        let validators = Validators::of(response.headers(), now);
        // PEM is longer than what it holds; the cap is counted on that.
        let mut body =
            Body { reader: response.body_mut().with_config().limit(u64::MAX).reader(), failed: None };
        match (copy_der(&mut body, target, self.max_octets), body.failed) {
            (Ok(_), _) => Ok(Fetched::Octets(validators)),
            (Err(_), Some(failed)) => Err(failed.into()),
            (Err(error), None) => Err(error),
        }
    }
}

/// Tells a connection that broke from a disk that is full.
struct Body<R> {
    reader: R,
    failed: Option<FetchError>,
}

impl<R: io::Read> io::Read for Body<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.reader.read(buffer).inspect_err(|error| self.failed = Some(FetchError::of_io(error)))
    }
}

impl Validators {
    /// Those that may be asked with at a moment.
    pub(crate) fn at(self, now: UnixTime) -> Self {
        if now.as_secs() < self.until { self } else { Self::default() }
    }

    /// They go with a list of this nextUpdate.
    pub(crate) fn until(self, next_update: UnixTime) -> Self {
        Self { until: next_update.as_secs(), ..self }
    }

    fn is_empty(&self) -> bool {
        self.etag.is_none() && self.last_modified.is_none()
    }

    fn of(headers: &HeaderMap, now: UnixTime) -> Self {
        let text = |name: HeaderName| {
            let text = headers.get(name)?.to_str().ok()?;
            (text.len() <= MAX_VALIDATOR).then(|| text.to_owned())
        };
        // RFC 9110 section 8.8.2.1: no origin server sends a time to come. Asked with one, a server would answer "not
        // modified" until then, whatever it has.
        let is_past = |text: &String| {
            let time = httpdate::parse_http_date(text).ok();
            let time = time.and_then(|time| time.duration_since(SystemTime::UNIX_EPOCH).ok());
            time.is_some_and(|time| time.as_secs() <= now.as_secs())
        };
        Self { etag: text(ETAG), last_modified: text(LAST_MODIFIED).filter(is_past), until: 0 }
    }
}

const MAX_VALIDATOR: usize = 1024;
