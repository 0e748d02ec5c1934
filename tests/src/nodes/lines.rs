//! The way to the nodes: every request goes to another one, and one that was not answered to the next.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use http::{HeaderMap, Method, Request, StatusCode, header};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Bytes;
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::time::{Instant, interval, timeout};

use super::ledger::Ledger;

/// A request, to be sent as often as it takes.
#[derive(Clone, Debug)]
pub struct Ask {
    method: Method,
    path: String,
    headers: Vec<(&'static str, String)>,
    body: String,
}

impl Ask {
    /// `GET`.
    pub fn get(path: impl Into<String>) -> Self {
        Self { method: Method::GET, path: path.into(), headers: Vec::new(), body: String::new() }
    }

    /// `POST` of a form.
    pub fn form(path: impl Into<String>, fields: &[(&str, &str)]) -> Self {
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        Self::post(path, "application/x-www-form-urlencoded", body)
    }

    /// `POST` of JSON.
    pub fn json(path: impl Into<String>, message: &impl serde::Serialize) -> Self {
        Self::post(path, "application/json", serde_json::to_string(message).expect("plain values"))
    }

    fn post(path: impl Into<String>, content_type: &str, body: String) -> Self {
        Self { method: Method::POST, path: path.into(), headers: Vec::new(), body }
            .header("content-type", content_type)
    }

    /// With a header more.
    #[must_use]
    pub fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }
}

/// An answer, whole.
#[derive(Clone, Debug)]
pub struct Reply {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The body, which is always text here.
    pub body: String,
}

impl Reply {
    /// Where a 303 leads.
    pub fn location(&self) -> Option<&str> {
        let location = self.headers.get(header::LOCATION).filter(|_| self.status == StatusCode::SEE_OTHER);
        location.and_then(|value| value.to_str().ok())
    }

    /// The start of it, for who must look into something.
    pub fn told(&self) -> String {
        let short: String = self.body.split_whitespace().collect::<Vec<_>>().join(" ");
        let from = short.find("error-code").unwrap_or(0);
        format!(
            "{} {}",
            self.status,
            short.get(from..).unwrap_or(&short).chars().take(160).collect::<String>()
        )
    }
}

/// What came of asking until somebody answered.
#[derive(Clone, Debug)]
pub struct Asked {
    /// The answer.
    pub reply: Reply,
    /// Some try before it got no answer: what was asked for may have been done then.
    pub repeated: bool,
}

/// Connections to all nodes, kept open as a proxy in front of them would.
pub struct Lines {
    nodes: Arc<[SocketAddr]>,
    host: String,
    open: Vec<Option<SendRequest<Full<Bytes>>>>,
    next: usize,
    ledger: Arc<Ledger>,
}

impl Lines {
    /// To these nodes; requests are to this `Host`. The first request goes to the node of this number.
    pub fn new(nodes: &Arc<[SocketAddr]>, host: &str, first: usize, ledger: &Arc<Ledger>) -> Self {
        let open = nodes.iter().map(|_| None).collect();
        let (nodes, ledger) = (Arc::clone(nodes), Arc::clone(ledger));
        Self { nodes, host: host.to_owned(), open, next: first, ledger }
    }

    /// Sends it to the next node and, where there is no answer or a failure inside, to the one after it, until there is.
    pub async fn ask(&mut self, ask: &Ask) -> Result<Asked, String> {
        // A node or database that is down: nothing wakes us when it is back.
        let mut again = interval(AGAIN);
        let begin = Instant::now();
        let mut repeated = false;
        loop {
            again.tick().await;
            let failure = match self.send(ask).await {
                Ok(reply) if !reply.status.is_server_error() => return Ok(Asked { reply, repeated }),
                Ok(reply) => format!("{} to {} {}", reply.status, ask.method, first_segment(&ask.path)),
                Err(failure) => failure,
            };
            repeated = true;
            self.ledger.unanswered(&failure);
            if begin.elapsed() > PATIENCE {
                return Err(format!("no answer for {PATIENCE:?}: {failure}"));
            }
        }
    }

    /// Sends it to the next node, once.
    pub async fn send(&mut self, ask: &Ask) -> Result<Reply, String> {
        let node = self.next % self.nodes.len();
        self.next += 1;
        let sent = match timeout(ANSWER, self.send_to(node, ask)).await {
            Ok(sent) => sent,
            Err(_) => Err(format!("no answer within {ANSWER:?}")),
        };
        if sent.is_err() {
            self.open[node] = None;
        }
        sent
    }

    async fn send_to(&mut self, node: usize, ask: &Ask) -> Result<Reply, String> {
        let line = &mut self.open[node];
        // One that the node closed meanwhile is opened again.
        let closed = match line {
            Some(sender) => sender.ready().await.is_err(),
            None => true,
        };
        if closed {
            *line = Some(open(self.nodes[node]).await?);
        }
        let sender = line.as_mut().ok_or("no connection")?;
        let mut request =
            Request::builder().method(&ask.method).uri(&ask.path).header(header::HOST, &self.host);
        for (name, value) in &ask.headers {
            request = request.header(*name, value);
        }
        let request = request.body(Full::from(ask.body.clone())).expect("a request");
        let answer = sender.send_request(request).await.map_err(|error| error.to_string())?;
        let (parts, body) = answer.into_parts();
        let body = body.collect().await.map_err(|error| error.to_string())?.to_bytes();
        let body = String::from_utf8(body.to_vec()).expect("UTF-8");
        Ok(Reply { status: parts.status, headers: parts.headers, body })
    }
}

async fn open(address: SocketAddr) -> Result<SendRequest<Full<Bytes>>, String> {
    let stream = TcpStream::connect(address).await.map_err(|_| "connection refused".to_owned())?;
    stream.set_nodelay(true).map_err(|error| error.to_string())?;
    let (sender, connection) = handshake(TokioIo::new(stream)).await.map_err(|error| error.to_string())?;
    // It ends with the sender.
    tokio::spawn(connection);
    Ok(sender)
}

fn first_segment(path: &str) -> &str {
    path.split(['?']).next().and_then(|path| path.split('/').nth(1)).unwrap_or_default()
}

/// From one try to the next.
const AGAIN: Duration = Duration::from_millis(20);
/// How long a node may take over one request.
const ANSWER: Duration = Duration::from_secs(20);
/// How long nobody may answer.
const PATIENCE: Duration = Duration::from_secs(90);
