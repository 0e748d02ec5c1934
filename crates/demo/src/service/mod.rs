//! The sample online service: 「子育て手続き」 of みどり市, an ordinary relying party.
//!
//! It knows the gateway only as an OpenID provider and never sees the card, the certificate or the PIN. It works
//! without JavaScript. What it shows is a sample; nothing can be filed.

mod error;
mod http_client;
mod pages;
mod relying_party;
mod routes;
mod session;

use std::path::PathBuf;
use std::sync::Arc;

use ring::rand::SecureRandom;
use tokio::net::TcpListener;
use url::Url;

pub use error::ServiceError;
pub(crate) use http_client::{http_client, http_client_trusting};

use relying_party::RelyingParty;
use routes::{Shared, routes};
use session::Sessions;

/// How the service is set up.
#[derive(Clone, Debug)]
pub struct ServiceOptions {
    /// Loopback address and port.
    pub listen: std::net::SocketAddr,
    /// The gateway's issuer.
    pub issuer: String,
    /// The client identifier that the gateway knows this service by.
    pub client_id: String,
    /// The file with the client secret.
    pub client_secret_file: PathBuf,
    /// Where the callback sends the browser after a sign-in; the front page when absent. For the test of a service
    /// that redirects once more to another origin.
    pub after_login: Option<Url>,
}

/// The service, listening.
pub struct Service {
    listener: TcpListener,
    shared: Arc<Shared>,
}

impl Service {
    /// Reads the secret and listens; answers from [`Self::serve`] on.
    pub async fn bind(
        options: ServiceOptions,
        random: Box<dyn SecureRandom + Send + Sync>,
    ) -> Result<Self, ServiceError> {
        if !options.listen.ip().is_loopback() {
            return Err(ServiceError::NotLoopback { listen: options.listen });
        }
        let secret = std::fs::read_to_string(&options.client_secret_file).map_err(|source| {
            ServiceError::SecretFile { path: options.client_secret_file.clone(), source }
        })?;
        let listen = |source| ServiceError::Listen { listen: options.listen, source };
        let listener = TcpListener::bind(options.listen).await.map_err(listen)?;
        let address = listener.local_addr().map_err(listen)?;
        let callback = format!("http://{address}/callback");
        let party = RelyingParty::new(&options.issuer, &options.client_id, secret.trim_end(), &callback)?;
        let after_login = options.after_login.map_or_else(|| "/".to_owned(), String::from);
        let shared = Shared { party: Arc::new(party), sessions: Sessions::new(random), after_login };
        Ok(Self { listener, shared: Arc::new(shared) })
    }

    /// The address of the front page.
    pub fn url(&self) -> Result<String, ServiceError> {
        let address = self.listener.local_addr();
        address.map(|address| format!("http://{address}/")).map_err(|source| ServiceError::Serve { source })
    }

    /// Answers requests until `stop` is done.
    pub async fn serve(self, stop: impl Future<Output = ()> + Send + 'static) -> Result<(), ServiceError> {
        let served = axum::serve(self.listener, routes(self.shared)).with_graceful_shutdown(stop);
        served.await.map_err(|source| ServiceError::Serve { source })
    }
}

#[cfg(test)]
mod tests;
