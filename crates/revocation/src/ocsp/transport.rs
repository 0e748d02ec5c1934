//! HTTP to one responder (RFC 6960 appendix A): connections that are used again, time limits, a cap on the answer. Only
//! a 200 of the right type is an answer; nothing is followed.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::{Request, Response, StatusCode, header};
use http_body_util::{BodyExt as _, Full};
use hyper::body::{Bytes, Incoming};
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use rustls_pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

use crate::HttpUrl;
use crate::ocsp::{Method, OcspLimits};

/// Why there is no answer to look at.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TransportError {
    #[error("no connection: {0}")]
    Connect(std::io::Error),
    #[error("no connection in time")]
    ConnectTime,
    #[error("no whole answer in time")]
    AnswerTime,
    #[error("the connection failed: {0}")]
    Connection(hyper::Error),
    #[error("the answer is HTTP status {}", .0.as_u16())]
    Status(StatusCode),
    #[error("the answer is not of type application/ocsp-response")]
    ContentType,
    #[error("the answer is larger than {limit} octets")]
    TooLarge { limit: usize },
    #[error("the request cannot be written: {0}")]
    Request(http::Error),
}

impl TransportError {
    pub(crate) fn code(&self) -> &'static str {
        match self {
            Self::AnswerTime => "answer_time",
            Self::Connect(_) => "connect",
            Self::ConnectTime => "connect_time",
            Self::Connection(_) => "connection",
            Self::ContentType => "content_type",
            Self::Request(_) => "request",
            Self::Status(_) => "http_status",
            Self::TooLarge { .. } => "too_large",
        }
    }

    /// True when nobody answered: that has nothing to do with the question.
    pub(crate) fn is_silence(&self) -> bool {
        matches!(self, Self::Connect(_) | Self::ConnectTime | Self::AnswerTime)
    }

    /// True when somebody answered, and it was no OCSP response.
    pub(crate) fn is_malformed(&self) -> bool {
        matches!(self, Self::ContentType | Self::TooLarge { .. })
    }
}

/// Connections to one responder.
pub(crate) struct Transport {
    url: HttpUrl,
    method: Method,
    tls: Option<TlsConnector>,
    limits: OcspLimits,
    idle: Mutex<Vec<SendRequest<Full<Bytes>>>>,
}

impl Transport {
    pub(crate) fn new(
        url: HttpUrl,
        method: Method,
        tls: Option<Arc<rustls::ClientConfig>>,
        limits: OcspLimits,
    ) -> Self {
        Self { url, method, tls: tls.map(TlsConnector::from), limits, idle: Mutex::new(Vec::new()) }
    }

    /// Sends a request and reads its answer.
    pub(crate) async fn ask(&self, ocsp_request: &[u8]) -> Result<Vec<u8>, TransportError> {
        if let Some(connection) = self.take_idle() {
            match self.exchange(connection, ocsp_request).await {
                // The responder closed it just when it was used again. It may be asked on a new one.
                Err(TransportError::Connection(error)) if ended_before_the_answer(&error) => {}
                other => return other,
            }
        }
        let connection =
            timeout(self.limits.connect, self.connect()).await.map_err(|_| TransportError::ConnectTime)??;
        self.exchange(connection, ocsp_request).await
    }

    async fn exchange(
        &self,
        mut connection: SendRequest<Full<Bytes>>,
        ocsp_request: &[u8],
    ) -> Result<Vec<u8>, TransportError> {
        let request = self.request(ocsp_request)?;
        let answer = async {
            connection.ready().await.map_err(TransportError::Connection)?;
            let response = connection.send_request(request).await.map_err(TransportError::Connection)?;
            self.read(response).await
        };
        let answer = timeout(self.limits.answer, answer).await.map_err(|_| TransportError::AnswerTime)??;
        self.put_back(connection);
        Ok(answer)
    }

    fn request(&self, ocsp_request: &[u8]) -> Result<Request<Full<Bytes>>, TransportError> {
        let request = Request::builder()
            .header(header::HOST, self.url.authority())
            .header(header::ACCEPT, RESPONSE_TYPE)
            .header(header::USER_AGENT, "madoguchi");
        let short = match self.method {
            Method::Get => Some(in_a_path(ocsp_request)).filter(|encoded| encoded.len() <= MAX_GET_OCTETS),
            Method::Post => None,
        };
        let request = match short {
            Some(encoded) => {
                let folder = self.url.path().trim_end_matches('/');
                request.method("GET").uri(format!("{folder}/{encoded}")).body(Full::default())
            }
            None => request
                .method("POST")
                .uri(self.url.path())
                .header(header::CONTENT_TYPE, "application/ocsp-request")
                .body(Full::from(ocsp_request.to_vec())),
        };
        request.map_err(TransportError::Request)
    }

    async fn read(&self, response: Response<Incoming>) -> Result<Vec<u8>, TransportError> {
        if response.status() != StatusCode::OK {
            return Err(TransportError::Status(response.status()));
        }
        let kind = response.headers().get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
        let kind = kind.and_then(|kind| kind.split(';').next()).unwrap_or_default().trim();
        if !kind.eq_ignore_ascii_case(RESPONSE_TYPE) {
            return Err(TransportError::ContentType);
        }
        let limit = self.limits.max_octets;
        let mut body = response.into_body();
        let mut answer = Vec::new();
        while let Some(frame) = body.frame().await {
            let Ok(octets) = frame.map_err(TransportError::Connection)?.into_data() else { continue };
            if octets.len() > limit - answer.len() {
                return Err(TransportError::TooLarge { limit });
            }
            answer.extend_from_slice(&octets);
        }
        Ok(answer)
    }

    async fn connect(&self) -> Result<SendRequest<Full<Bytes>>, TransportError> {
        let tcp =
            TcpStream::connect((self.url.host(), self.url.port())).await.map_err(TransportError::Connect)?;
        tcp.set_nodelay(true).map_err(TransportError::Connect)?;
        if !self.url.is_tls() {
            return speak_http(tcp).await;
        }
        let tls = self.tls.as_ref().ok_or_else(|| no_tls("TLS is not set up"))?;
        let name = ServerName::try_from(self.url.host().to_owned()).map_err(|_| no_tls("no name for TLS"))?;
        speak_http(tls.connect(name, tcp).await.map_err(TransportError::Connect)?).await
    }

    fn take_idle(&self) -> Option<SendRequest<Full<Bytes>>> {
        let mut idle = self.idle();
        while let Some(connection) = idle.pop() {
            if !connection.is_closed() {
                return Some(connection);
            }
        }
        None
    }

    fn put_back(&self, connection: SendRequest<Full<Bytes>>) {
        let mut idle = self.idle();
        if idle.len() < MAX_IDLE && !connection.is_closed() {
            idle.push(connection);
        }
    }

    fn idle(&self) -> MutexGuard<'_, Vec<SendRequest<Full<Bytes>>>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Starts HTTP/1.1 on a stream. The task that carries it ends with its last user, or with the stream.
async fn speak_http<S>(stream: S) -> Result<SendRequest<Full<Bytes>>, TransportError>
where
    S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    let (sender, connection) = http1::Builder::new()
        .max_buf_size(MAX_HEADER_OCTETS)
        .handshake(TokioIo::new(stream))
        .await
        .map_err(TransportError::Connection)?;
    tokio::spawn(async move {
        // Whoever waits for an answer is told the error; of an idle connection nobody needs to know.
        let _ = connection.await;
    });
    Ok(sender)
}

fn ended_before_the_answer(error: &hyper::Error) -> bool {
    error.is_canceled() || error.is_closed() || error.is_incomplete_message()
}

/// Base64 and then URL encoding of the three characters that need it.
fn in_a_path(ocsp_request: &[u8]) -> String {
    STANDARD.encode(ocsp_request).replace('+', "%2B").replace('/', "%2F").replace('=', "%3D")
}

fn no_tls(why: &str) -> TransportError {
    TransportError::Connect(std::io::Error::other(why.to_owned()))
}

const RESPONSE_TYPE: &str = "application/ocsp-response";
/// RFC 5019 section 5: the encoded request.
const MAX_GET_OCTETS: usize = 255;
const MAX_HEADER_OCTETS: usize = 16 * 1024;
/// Connections that wait for their next use.
const MAX_IDLE: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_in_a_path_has_no_character_with_a_meaning() {
        assert_eq!(in_a_path(&[0xfb, 0xef, 0xff, 0xff]), "%2B%2B%2F%2F%2Fw%3D%3D");
    }

    #[test]
    fn get_is_for_encoded_requests_of_at_most_255_octets() {
        let url = HttpUrl::parse("http://ocsp.example.jp/a/").unwrap();
        let transport = Transport::new(url, Method::Get, None, OcspLimits::default());
        // Zeroes are the letter A, three octets four letters.
        let request = |octets| transport.request(&vec![0; octets]).unwrap();
        let longest = request(189);
        assert_eq!((longest.method().as_str(), longest.uri().path().len()), ("GET", "/a/".len() + 252));
        let longer = request(192);
        assert_eq!((longer.method().as_str(), longer.uri().path()), ("POST", "/a/"));
    }
}
