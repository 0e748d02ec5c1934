//! Makes the RS256 key of each municipality that has none, in the background.

use std::sync::Arc;
use std::thread;
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::time::MissedTickBehavior;

use madoguchi_gateway::{Gateway, KeyError, Municipality};
use madoguchi_storage::NewSigningKey;

use crate::ServerError;
use crate::give_way::give_way;

/// Looks for municipalities without such a key and makes them one, one after the other, until it is dropped.
pub(crate) async fn keep_keys(gateway: Gateway) {
    let mut interval = tokio::time::interval(LOOK_EVERY);
    interval.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        interval.tick().await;
        if let Err(error) = make_missing(&gateway).await {
            tracing::error!(%error, "an RS256 key cannot be made; tried again in a minute");
            interval.reset_after(RETRY_AFTER);
        }
    }
}

async fn make_missing(gateway: &Gateway) -> Result<(), MakeError> {
    for municipality in gateway.without_first_key().await? {
        let made = make(gateway.clone(), Arc::clone(&municipality)).await?;
        gateway.keep_first_key(&municipality, made).await?;
    }
    Ok(())
}

/// On a thread of its own, since a thread that gave way cannot take its priority back.
async fn make(gateway: Gateway, municipality: Arc<Municipality>) -> Result<NewSigningKey, MakeError> {
    let (made, waiting) = oneshot::channel();
    let make = move || {
        give_way();
        // When nobody waits any more the gateway is ending.
        let _ = made.send(gateway.make_first_key(&municipality));
    };
    thread::Builder::new().name("key-maker".to_owned()).spawn(make).map_err(ServerError::Runtime)?;
    Ok(waiting.await.map_err(|_| MakeError::Lost)??)
}

#[derive(Debug, thiserror::Error)]
enum MakeError {
    #[error(transparent)]
    Key(#[from] KeyError),
    /// It panicked.
    #[error("the thread that makes keys ended without one")]
    Lost,
    #[error(transparent)]
    Thread(#[from] ServerError),
}

const LOOK_EVERY: Duration = Duration::from_secs(2);
const RETRY_AFTER: Duration = Duration::from_mins(1);
