//! A client as it is shown. Nothing of a secret is in it, not even its hash.

use serde_json::{Value, json};

use madoguchi_oidc::ClientAuthentication;
use madoguchi_storage::Registration;

pub(super) fn json_of(municipality: &str, registration: &Registration, from_file: bool) -> Value {
    let client = &registration.client;
    let mut told = json!({
        "municipality": municipality,
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
    told
}

pub(super) fn fields_of(
    municipality: &str,
    registration: &Registration,
    from_file: bool,
) -> Vec<(&'static str, String)> {
    let client = &registration.client;
    let mut fields = vec![
        ("municipality", municipality.to_owned()),
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
        let kid = |key: &madoguchi_oidc::jose::PublicJwk| key.kid().unwrap_or("(without kid)").to_owned();
        fields.extend(keys.jwks.keys().iter().map(|key| ("key", kid(key))));
    }
    let audience = matches!(&client.authentication,
        ClientAuthentication::PrivateKeyJwt(keys) if keys.danger_token_endpoint_audience);
    for (is, what) in [
        (client.require_pushed, "pushes every request"),
        (client.require_dpop, "tokens bound by DPoP"),
        (client.refresh, "may have refresh tokens"),
        (client.danger_pkce_lifted, "DANGER: without PKCE"),
        (audience, "DANGER: assertions may name the token endpoint"),
        (client.disabled, "DISABLED"),
        (from_file, "in the configuration file"),
    ] {
        fields.extend(is.then(|| ("is", what.to_owned())));
    }
    fields
}
