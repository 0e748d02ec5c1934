//! A client as it is shown. Nothing of a secret is in it, not even its hash.

use serde_json::{Value, json};

use rustls_pki_types::UnixTime;

use madoguchi_oidc::{Client, ClientAuthentication, origin_of};
use madoguchi_storage::Registration;

use crate::registry::KnownMunicipality;
use crate::verify::instant;

pub(super) fn json_of(
    municipality: &KnownMunicipality,
    registration: &Registration,
    from_file: bool,
    now: UnixTime,
) -> Value {
    let client = &registration.client;
    let mut told = json!({
        "municipality": municipality.id,
        "issuer": municipality.origin.as_str(),
        "client_id": client.id,
        "name": registration.name,
        "purpose": registration.purpose,
        "profile": client.profile,
        "redirect_uris": client.redirect_uris,
        "post_logout_redirect_uris": client.post_logout_redirect_uris,
        "backchannel_logout_uri": client.backchannel_logout_uri,
        "sector": client.sector_identifier(),
        "token_endpoint_auth_method": client.authentication.method().as_str(),
        "id_token_signed_response_alg": client.id_token_alg,
        "require_pushed_authorization_requests": client.require_pushed,
        "dpop_bound_access_tokens": client.require_dpop,
        "pkce_lifted": client.danger_pkce_lifted,
        "refresh": client.refresh,
        "disabled": client.disabled,
        "registered_in": if from_file { "configuration file" } else { "database" },
    });
    if let ClientAuthentication::PrivateKeyJwt(keys) = &client.authentication {
        told["jwks"] = json!(keys.jwks);
        told["token_endpoint_audience"] = json!(keys.danger_token_endpoint_audience);
    }
    if let Some(until) = old_secret_until(client, now) {
        told["old_secret_until"] = json!(until);
    }
    told
}

/// When the secret before ends, while it still works.
fn old_secret_until(client: &Client, now: UnixTime) -> Option<String> {
    let (ClientAuthentication::SecretBasic(hashed) | ClientAuthentication::SecretPost(hashed)) =
        &client.authentication
    else {
        return None;
    };
    let until =
        hashed.previous.as_ref().map(|previous| previous.until).filter(|until| *until > now.as_secs())?;
    Some(instant::format(UnixTime::since_unix_epoch(std::time::Duration::from_secs(until))))
}

/// The host that residents go back to, which tells clients of one name apart.
pub(super) fn host_of(client: &Client) -> &str {
    let origin = client.redirect_uris.first().and_then(|uri| origin_of(uri)).unwrap_or_default();
    origin.split_once("//").map_or(origin, |(_, host)| host)
}

pub(super) fn fields_of(
    municipality: &KnownMunicipality,
    registration: &Registration,
    from_file: bool,
    now: UnixTime,
) -> Vec<(&'static str, String)> {
    let client = &registration.client;
    let mut fields = vec![
        ("municipality", municipality.id.clone()),
        ("issuer", municipality.origin.to_string()),
        ("client_id", client.id.clone()),
        ("name", registration.name.ja.clone()),
        ("purpose", registration.purpose.ja.clone()),
        ("profile", client.profile.as_str().to_owned()),
        ("authentication", client.authentication.method().as_str().to_owned()),
        ("ID token", client.id_token_alg.as_str().to_owned()),
    ];
    fields.extend(client.redirect_uris.iter().map(|uri| ("redirect URI", uri.clone())));
    fields.extend(client.post_logout_redirect_uris.iter().map(|uri| ("after logout", uri.clone())));
    fields.extend(client.backchannel_logout_uri.iter().map(|uri| ("told of logout", uri.clone())));
    fields.extend(client.sector_identifier().map(|sector| ("sector", sector)));
    if let ClientAuthentication::PrivateKeyJwt(keys) = &client.authentication {
        let kid = |key: &madoguchi_oidc::jose::PublicJwk| key.kid().unwrap_or(NO_KID).to_owned();
        fields.extend(keys.jwks.keys().iter().map(|key| ("key", kid(key))));
    }
    let audience = matches!(&client.authentication,
        ClientAuthentication::PrivateKeyJwt(keys) if keys.danger_token_endpoint_audience);
    fields.extend(old_secret_until(client, now).map(|until| ("old secret ends", until)));
    for (is, name, what) in [
        (client.require_pushed, "requests", "pushed, all of them"),
        (client.require_dpop, "tokens", "bound to a key by DPoP"),
        (client.refresh, "refresh tokens", "when it asks for offline_access"),
        (client.danger_pkce_lifted, "DANGER", "requests without PKCE"),
        (audience, "DANGER", "assertions may name the token endpoint"),
        (client.disabled, "state", "DISABLED"),
        (from_file, "registered in", "configuration file"),
    ] {
        fields.extend(is.then(|| (name, what.to_owned())));
    }
    fields
}

const NO_KID: &str = "without kid: no other key can stand beside it";
