//! Metadata and key set (OpenID Connect Discovery, RFC 8414, RFC 7517).

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::{HeaderValue, header};

use madoguchi_oidc::{Discovery, Offer};
use madoguchi_protocol::Lang;

use crate::state::Gateway;
use crate::tenant::Tenant;

/// `GET /.well-known/openid-configuration`, and the same document at `/.well-known/oauth-authorization-server`.
pub(crate) async fn discovery(State(gateway): State<Gateway>, tenant: Tenant) -> Response {
    let municipality = &tenant.municipality;
    let offer = Offer {
        ui_locales: &[Lang::Japanese.tag(), Lang::PlainJapanese.tag(), Lang::English.tag()],
        id_token_algs: &municipality.keys.signing.current().algs(),
        refresh: municipality.services.values().any(|service| service.client.refresh),
        registration: gateway.0.dynamic_registration,
    };
    for_everybody(Json(Discovery::new(municipality.origin.as_str(), &offer)).into_response())
}

/// `GET /jwks`.
pub(crate) async fn jwks(State(gateway): State<Gateway>, tenant: Tenant) -> Response {
    let now = gateway.0.clock.now().as_secs();
    for_everybody(Json(tenant.municipality.keys.signing.current().jwks(now)).into_response())
}

/// Services may keep these for five minutes: a new key is published longer than that before it signs. Scripts of every
/// origin may read them: they are public and the same for everybody.
fn for_everybody(mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=300"));
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    response
}
