//! One connection to the gateway, kept open as a proxy in front of it would.

use std::net::SocketAddr;

use axum::http::{HeaderMap, Method, Request, StatusCode, header};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Bytes;
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

/// A connection.
pub(crate) struct Line {
    host: String,
    sender: SendRequest<Full<Bytes>>,
}

/// An answer, whole.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Line {
    /// Connects; requests are to this `Host`.
    pub(crate) async fn open(address: SocketAddr, host: &str) -> Result<Self, String> {
        let stream = TcpStream::connect(address).await.map_err(|error| error.to_string())?;
        stream.set_nodelay(true).map_err(|error| error.to_string())?;
        let (sender, connection) =
            handshake(TokioIo::new(stream)).await.map_err(|error| error.to_string())?;
        // It ends with the sender.
        tokio::spawn(connection);
        Ok(Self { host: host.to_owned(), sender })
    }

    /// Sends a request and waits for all of its answer.
    pub(crate) async fn send(
        &mut self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: String,
    ) -> Result<Answer, String> {
        let mut request = Request::builder().method(method).uri(path).header(header::HOST, &self.host);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(Full::from(body)).map_err(|error| error.to_string())?;
        self.sender.ready().await.map_err(|error| error.to_string())?;
        let answer = self.sender.send_request(request).await.map_err(|error| error.to_string())?;
        let (parts, body) = answer.into_parts();
        let body = body.collect().await.map_err(|error| error.to_string())?.to_bytes();
        Ok(Answer { status: parts.status, headers: parts.headers, body })
    }
}

impl Answer {
    /// The body as text, when the status is this one.
    pub(crate) fn text(&self, status: StatusCode) -> Result<&str, String> {
        let text = str::from_utf8(&self.body).map_err(|error| error.to_string())?;
        // What a page says is long; what an agent or a service is told is short.
        let told = || text.get(..200).unwrap_or(text).to_owned();
        if self.status == status { Ok(text) } else { Err(format!("{}: {}", self.status, told())) }
    }

    /// Where a 303 leads.
    pub(crate) fn location(&self) -> Result<&str, String> {
        self.text(StatusCode::SEE_OTHER)?;
        let location = self.headers.get(header::LOCATION).and_then(|value| value.to_str().ok());
        location.ok_or_else(|| "303 to nowhere".to_owned())
    }
}
