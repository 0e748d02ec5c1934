//! Every municipality can sign ID tokens with RS256, which OpenID Connect Discovery section 3 requires. Making an RSA key
//! takes a good part of a second, so a running gateway makes it in the background and nobody waits for it.

use std::sync::Arc;

use madoguchi_oidc::jose::JwsAlg;
use madoguchi_storage::{NewSigningKey, SigningKeyState};

use crate::keys::KeyError;
use crate::municipality::Municipality;
use crate::state::Gateway;

/// What is made in the background for whoever has none.
pub(crate) const FIRST_KEY_ALG: JwsAlg = JwsAlg::Rs256;

impl Gateway {
    /// The municipalities that have no key for RS256. This asks the store only about those of which this node knows none.
    pub async fn without_first_key(&self) -> Result<Vec<Arc<Municipality>>, KeyError> {
        let mut without = Vec::new();
        for municipality in self.municipalities() {
            if municipality.keys.signing.current().active(FIRST_KEY_ALG).is_some() {
                continue;
            }
            let keys = self.0.storage.signing_keys(&municipality.id).await?;
            let signs =
                keys.iter().any(|key| key.alg == FIRST_KEY_ALG && key.state == SigningKeyState::Active);
            if !signs {
                without.push(municipality);
            }
        }
        Ok(without)
    }

    /// Makes a key. It takes its time: for a thread that may wait.
    pub fn make_first_key(&self, municipality: &Municipality) -> Result<NewSigningKey, KeyError> {
        municipality.keys.signing.generate(FIRST_KEY_ALG, &*self.0.random)
    }

    /// Stores a key, published and active at once: no service holds a key set in which one of its algorithm is missing. It
    /// is thrown away when there is an active one by now: of two nodes one wins.
    pub async fn keep_first_key(
        &self,
        municipality: &Municipality,
        made: NewSigningKey,
    ) -> Result<(), KeyError> {
        let kid = made.kid.clone();
        let active = self.0.storage.signing_key_or_insert(&municipality.id, made).await?;
        let alg = FIRST_KEY_ALG.as_str();
        if active.is_some_and(|active| active.kid == kid) {
            tracing::info!(municipality = %municipality.id, %kid, %alg, "made the first signing key of its algorithm");
        }
        self.refresh().await;
        Ok(())
    }
}
