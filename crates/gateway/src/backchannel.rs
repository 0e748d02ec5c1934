//! Back-channel logout (OpenID Connect Back-Channel Logout 1.0): services are told that a session ended, by a task beside
//! the requests, so that no resident waits for it. What has yet to be told is in the store and survives a restart.

use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;

use madoguchi_oidc::{LOGOUT_TOKEN_SECONDS, LogoutEvent, LogoutTokenClaims, sign_logout_token};
use madoguchi_protocol::Octets;
use madoguchi_storage::{LogoutDelivery, PutOff, StorageError};

use crate::sso::{sid_at, sub_at};
use crate::state::Gateway;

/// Sends logout tokens. It goes to just the address that it is given, follows nothing, and has a time-out of its own.
#[async_trait]
pub trait LogoutSender: Send + Sync {
    /// `POST`s `logout_token=…`, form encoded, and answers once the service took it (200 or 204; section 2.8).
    async fn send(&self, address: LogoutAddress<'_>, logout_token: &str) -> Result<(), LogoutSendError>;
}

/// Where a service is told.
#[derive(Clone, Copy, Debug)]
pub struct LogoutAddress<'a> {
    /// Its `backchannel_logout_uri`.
    pub uri: &'a str,
    /// It may be on this computer: the municipality is itself.
    pub loopback: bool,
}

/// Why a service was not told.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LogoutSendError {
    /// No connection, or no answer in time.
    #[error("no answer: {0}")]
    NoAnswer(String),
    /// It answered something else; redirects are not followed.
    #[error("it answered status {0}")]
    Status(u16),
}

/// How deliveries went, since the start.
#[derive(Debug, Default)]
pub(crate) struct LogoutCounts {
    delivered: AtomicU64,
    failed: AtomicU64,
    given_up: AtomicU64,
}

/// What became of one delivery.
enum Told {
    /// The service took it.
    Yes,
    /// There is nobody to tell: the service has no address for it, or is not registered any more.
    Nobody,
    /// Another try.
    NotYet(PutOff),
}

impl Gateway {
    /// Takes at most `limit` services that are to be told now. Whoever takes them calls
    /// [`send_logout`](Self::send_logout) for each, several at once or one after the other.
    pub async fn due_logouts(&self, limit: u32) -> Result<Vec<LogoutDelivery>, StorageError> {
        // Nearly always there are none, and looking writes nothing.
        if limit == 0 || self.waiting_logouts().await? == 0 {
            return Ok(Vec::new());
        }
        self.0.storage.take_deliveries(limit, PLACES_OF_A_SERVICE, HOLD_SECONDS).await
    }

    /// Tells one service that a session ended. When it does not take it, it is told again later.
    pub async fn send_logout(
        &self,
        sender: &dyn LogoutSender,
        delivery: &LogoutDelivery,
    ) -> Result<(), StorageError> {
        let counts = &self.0.logouts;
        let storage = &self.0.storage;
        match self.tell(sender, delivery).await {
            Told::Yes => {
                counts.delivered.fetch_add(1, Ordering::Relaxed);
                storage.end_delivery(delivery.number).await
            }
            Told::Nobody => storage.end_delivery(delivery.number).await,
            Told::NotYet(what) => {
                counts.failed.fetch_add(1, Ordering::Relaxed);
                let tries = usize::try_from(delivery.tries).unwrap_or(usize::MAX);
                if let Some(after) = RETRY_SECONDS.get(tries.saturating_sub(1)) {
                    return storage.put_off_delivery(delivery.number, *after, what).await;
                }
                counts.given_up.fetch_add(1, Ordering::Relaxed);
                let LogoutDelivery { municipality, client_id, .. } = delivery;
                tracing::error!(%municipality, %client_id, "a service could not be told that a session ended; given up");
                storage.end_delivery(delivery.number).await
            }
        }
    }

    async fn tell(&self, sender: &dyn LogoutSender, delivery: &LogoutDelivery) -> Told {
        let LogoutDelivery { municipality: id, client_id, account, sid, tries, .. } = delivery;
        let known = self.municipalities().into_iter().find(|municipality| municipality.id == *id);
        let Some(municipality) = known else { return Told::Nobody };
        let Some(service) = self.service(&municipality, client_id).await else { return Told::Nobody };
        let Some(uri) = &service.client.backchannel_logout_uri else { return Told::Nobody };
        let now = self.0.clock.now().as_secs();
        let random = &*self.0.random;
        // A token of its own for each try: the one before may be over, or be taken for a replay.
        let Ok(jti) = Octets::<16>::generate(random) else { return Told::NotYet(PutOff::Delivery) };
        let Some(sub) = sub_at(&municipality, &service.client, *account) else { return Told::Nobody };
        let Some(sid) = sid_at(&municipality, &service.client, *sid) else { return Told::Nobody };
        let claims = LogoutTokenClaims {
            iss: municipality.origin.as_str().to_owned(),
            sub,
            aud: client_id.clone(),
            iat: now,
            exp: now + LOGOUT_TOKEN_SECONDS,
            jti: jti.encode(),
            sid,
            events: LogoutEvent,
        };
        let keys = municipality.keys.signing.current();
        let Some(key) = keys.active(service.client.id_token_alg) else {
            tracing::error!(municipality = %id, %client_id, "there is no signing key for this client");
            return Told::NotYet(PutOff::Delivery);
        };
        let token = match sign_logout_token(key, &claims, random) {
            Ok(token) => token,
            Err(error) => {
                tracing::error!(municipality = %id, %client_id, %error, "a logout token");
                return Told::NotYet(PutOff::Delivery);
            }
        };
        let address = LogoutAddress { uri, loopback: municipality.origin.is_loopback() };
        match sender.send(address, &token).await {
            Ok(()) => {
                tracing::info!(municipality = %id, %client_id, tries, "told that a session ended");
                Told::Yes
            }
            Err(error) => {
                tracing::warn!(municipality = %id, %client_id, tries, %error, "not told that a session ended");
                Told::NotYet(match error {
                    LogoutSendError::NoAnswer(_) => PutOff::Service,
                    LogoutSendError::Status(_) => PutOff::Delivery,
                })
            }
        }
    }

    /// How deliveries of logout tokens went since the start, by their name in the metrics.
    pub fn logouts(&self) -> [(&'static str, u64); 3] {
        let LogoutCounts { delivered, failed, given_up } = &self.0.logouts;
        [("delivered", delivered), ("failed", failed), ("given_up", given_up)]
            .map(|(name, count)| (name, count.load(Ordering::Relaxed)))
    }

    /// How many services have yet to be told.
    pub async fn waiting_logouts(&self) -> Result<u64, StorageError> {
        self.0.storage.count_deliveries().await
    }
}

/// From the first try: half a minute, three minutes, a quarter of an hour, an hour after. Then it is given up.
const RETRY_SECONDS: [u64; 4] = [30, 150, 720, 2700];
/// Tries of one service under way at once, of all nodes together: a service that hangs keeps no other waiting.
const PLACES_OF_A_SERVICE: u32 = 2;
/// Longer than a try can take. Whoever took a delivery and died leaves it to the next one.
const HOLD_SECONDS: u64 = 60;
