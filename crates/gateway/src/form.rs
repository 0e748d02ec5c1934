//! The start page's form: the request, sealed. Nothing is stored until the button is pressed, and the sealed value
//! together with its cookie is also the CSRF token.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use ring::rand::SecureRandom;
use serde::{Deserialize, Serialize};

use madoguchi_oidc::AuthorizationRequest;
use madoguchi_protocol::{Lang, Octets};

use crate::cookie::FORM_SECONDS;
use crate::seal::{SealError, Sealer};

/// What the form carries from `/authorize` to the button.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct StartForm {
    pub(crate) request: AuthorizationRequest,
    pub(crate) comparison_code: String,
    /// Tag of the cookie that must come with it.
    pub(crate) tag: String,
    /// SHA-256 of that cookie's secret.
    pub(crate) browser_hash: Octets<32>,
    pub(crate) lang: Lang,
    /// Unix seconds.
    pub(crate) sealed_at: u64,
}

impl StartForm {
    /// The value of the form's hidden field.
    pub(crate) fn seal(&self, sealer: &Sealer, random: &dyn SecureRandom) -> Result<String, SealError> {
        // Unwrap safety: a struct of strings and numbers serialises.
        let plain = serde_json::to_vec(self).expect("a form serialises");
        Ok(URL_SAFE_NO_PAD.encode(sealer.seal(random, USE, &plain)?))
    }

    /// Reads the field. `None`: not ours, changed, or older than its cookie can be.
    pub(crate) fn open(sealed: &str, sealer: &Sealer, now: u64) -> Option<Self> {
        let sealed = URL_SAFE_NO_PAD.decode(sealed).ok()?;
        let plain = sealer.open(USE, &sealed)?;
        let form: Self = serde_json::from_slice(&plain).ok()?;
        (now.saturating_sub(form.sealed_at) <= FORM_SECONDS).then_some(form)
    }
}

const USE: &str = "start-form-v1";
