//! Tells services that a session ended (OpenID Connect Back-Channel Logout 1.0): the one outgoing request to a service. It
//! goes to the address that an operator registered and nowhere else: no redirect is followed, no proxy is taken from the
//! surroundings, a network that only the gateway reaches is left alone unless the configuration says otherwise, and nothing
//! of the answer but its status is read.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use tokio::sync::{Notify, Semaphore};
use tokio::time::MissedTickBehavior;
use ureq::tls::{RootCerts, TlsConfig};
use ureq::unversioned::transport::DefaultConnector;

use madoguchi_gateway::{Gateway, LogoutAddress, LogoutSendError, LogoutSender};

use crate::reached::{Reach, ReachResolver};

/// Sends by HTTP(S), on threads that may wait.
pub(crate) struct HttpLogoutSender {
    /// For services of municipalities that are on this computer themselves.
    beside: ureq::Agent,
    elsewhere: ureq::Agent,
}

impl HttpLogoutSender {
    /// `private_networks`: services may be anywhere.
    pub(crate) fn new(whole: Duration, private_networks: bool) -> Self {
        let tls = TlsConfig::builder().root_certs(RootCerts::PlatformVerifier).build();
        let config = ureq::Agent::config_builder()
            .tls_config(tls)
            .proxy(None)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .http_status_as_error(false)
            .timeout_global(Some(whole))
            .max_idle_connections(0)
            .user_agent("madoguchi")
            .build();
        let agent = |reach| {
            let reach = if private_networks { Reach::Anywhere } else { reach };
            ureq::Agent::with_parts(config.clone(), DefaultConnector::default(), ReachResolver(reach))
        };
        Self { beside: agent(Reach::WorldAndLoopback), elsewhere: agent(Reach::World) }
    }
}

#[async_trait]
impl LogoutSender for HttpLogoutSender {
    async fn send(&self, address: LogoutAddress<'_>, logout_token: &str) -> Result<(), LogoutSendError> {
        let client = if address.loopback { &self.beside } else { &self.elsewhere };
        let (client, uri) = (client.clone(), address.uri.to_owned());
        // base64url and points: nothing of it has another form in a form.
        let body = format!("logout_token={logout_token}");
        let sending = tokio::task::spawn_blocking(move || {
            let request = client.post(&uri).header("content-type", "application/x-www-form-urlencoded");
            let answer = request.send(body).map_err(|error| LogoutSendError::NoAnswer(error.to_string()))?;
            match answer.status().as_u16() {
                200 | 204 => Ok(()),
                status => Err(LogoutSendError::Status(status)),
            }
        });
        sending.await.unwrap_or_else(|error| Err(LogoutSendError::NoAnswer(error.to_string())))
    }
}

/// Tells services as their time comes, several at once, until it is dropped. What is under way then is tried again by
/// whoever comes next.
pub(crate) async fn keep_sending(gateway: Gateway, sender: Arc<dyn LogoutSender>) {
    let places = Arc::new(Semaphore::new(AT_ONCE));
    let done = Arc::new(Notify::new());
    let mut interval = tokio::time::interval(LOOK_EVERY);
    interval.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        // A service has a few places only: when one is free again its next delivery need not wait for the clock.
        tokio::select! {
            _ = interval.tick() => {}
            () = done.notified() => {}
        }
        let free = u32::try_from(places.available_permits()).unwrap_or(0);
        let due = match gateway.due_logouts(free).await {
            Ok(due) => due,
            Err(error) => {
                tracing::error!(%error, "which services are to be told is not known");
                continue;
            }
        };
        for delivery in due {
            // Unwrap safety: the semaphore is never closed.
            let place = Arc::clone(&places).acquire_owned().await.expect("an open semaphore");
            let (gateway, sender, done) = (gateway.clone(), Arc::clone(&sender), Arc::clone(&done));
            tokio::spawn(async move {
                if let Err(error) = gateway.send_logout(&*sender, &delivery).await {
                    tracing::error!(%error, "what became of telling a service is not stored");
                }
                drop(place);
                done.notify_one();
            });
        }
    }
}

/// How long a service may take, name look-up and TLS included.
pub(crate) const SERVICE_TIMEOUT: Duration = Duration::from_secs(5);
const LOOK_EVERY: Duration = Duration::from_secs(1);
const AT_ONCE: usize = 32;

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;

    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpListener;

    use super::*;

    /// A service that answers one request with `answer`, or never; what it was sent.
    async fn service(answer: Option<&'static str>) -> (SocketAddr, tokio::task::JoinHandle<String>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let heard = tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.expect("a connection");
            let mut heard = Vec::new();
            while !heard.ends_with(b"logout_token=a.b.c") {
                let mut octets = [0; 1024];
                match stream.read(&mut octets).await.expect("octets") {
                    0 => break,
                    read => heard.extend_from_slice(&octets[..read]),
                }
            }
            match answer {
                Some(answer) => stream.write_all(answer.as_bytes()).await.expect("written"),
                // Until the other side gives up.
                None => drop(stream.read(&mut [0; 1]).await),
            }
            String::from_utf8(heard).expect("text")
        });
        (address, heard)
    }

    async fn send(answer: Option<&'static str>, whole: Duration) -> (Result<(), LogoutSendError>, String) {
        let (address, heard) = service(answer).await;
        let uri = format!("http://{address}/backchannel");
        let to = LogoutAddress { uri: &uri, loopback: true };
        let sent = HttpLogoutSender::new(whole, false).send(to, "a.b.c").await;
        (sent, heard.await.expect("what was heard"))
    }

    #[tokio::test]
    async fn a_service_is_told_in_a_form() {
        for answer in ["HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n", "HTTP/1.1 204 No Content\r\n\r\n"] {
            let (sent, heard) = send(Some(answer), SERVICE_TIMEOUT).await;
            assert_eq!(sent, Ok(()));
            assert!(heard.starts_with("POST /backchannel HTTP/1.1\r\n"), "{heard}");
            assert!(heard.contains("content-type: application/x-www-form-urlencoded\r\n"), "{heard}");
        }
    }

    /// C16: were the redirect followed, the connection to nobody would be the error.
    #[tokio::test]
    async fn c16_a_redirect_is_not_followed_and_other_answers_are_failures() {
        for (answer, status) in [
            ("HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:9/\r\ncontent-length: 0\r\n\r\n", 302),
            (
                "HTTP/1.1 307 Temporary Redirect\r\nlocation: http://127.0.0.1:9/\r\ncontent-length: 0\r\n\r\n",
                307,
            ),
            ("HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n", 400),
            ("HTTP/1.1 501 Not Implemented\r\ncontent-length: 0\r\n\r\n", 501),
        ] {
            assert_eq!(send(Some(answer), SERVICE_TIMEOUT).await.0, Err(LogoutSendError::Status(status)));
        }
    }

    /// An answer without end is not read: its status is all that counts.
    #[tokio::test]
    async fn a_body_without_end_keeps_nobody() {
        let endless = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n";
        assert_eq!(send(Some(endless), SERVICE_TIMEOUT).await.0, Ok(()));
    }

    /// CVE-2026-4874: what a name leads to counts, not how it is written. Where it is refused nothing is connected to.
    #[tokio::test]
    async fn c16_the_gateways_own_network_is_left_alone() {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let send = async |host: &str, loopback, private_networks| {
            let uri = format!("http://{host}:{port}/backchannel");
            let sender = HttpLogoutSender::new(Duration::from_millis(300), private_networks);
            let sent = sender.send(LogoutAddress { uri: &uri, loopback }, "a.b.c").await;
            sent.expect_err("nobody answers here").to_string()
        };
        let refused = "backchannel_private_networks";
        for host in
            ["localhost", "127.0.0.1", "[::ffff:127.0.0.1]", "0.0.0.0", "169.254.169.254", "10.0.0.1", "[::]"]
        {
            let error = send(host, false, false).await;
            assert!(error.contains(refused), "{host}: {error}");
        }
        for host in ["0.0.0.0", "169.254.169.254", "192.168.0.1", "[fd00::1]", "[fe80::1]"] {
            let error = send(host, true, false).await;
            assert!(error.contains(refused), "{host} beside a municipality of this computer: {error}");
        }
        let none = tokio::time::timeout(Duration::ZERO, listener.accept()).await;
        assert!(none.is_err(), "somebody connected");
        for (loopback, private_networks) in [(true, false), (false, true)] {
            let error = send("localhost", loopback, private_networks).await;
            assert!(!error.contains(refused), "{error}");
            listener.accept().await.expect("a connection");
        }
    }

    #[tokio::test]
    async fn a_service_that_says_nothing_is_left() {
        let (sent, _) = send(None, Duration::from_millis(50)).await;
        assert!(matches!(sent, Err(LogoutSendError::NoAnswer(_))), "{sent:?}");
    }
}
