//! Discovery document and key set (OpenID Connect Discovery, RFC 7517).

use axum::Json;
use axum::response::{IntoResponse, Response};
use http::{HeaderValue, header};

use madoguchi_oidc::{Discovery, Jwks};
use madoguchi_protocol::Lang;

use crate::tenant::Tenant;

/// `GET /.well-known/openid-configuration`.
pub(crate) async fn discovery(tenant: Tenant) -> Response {
    let locales = [Lang::Japanese.tag(), Lang::PlainJapanese.tag(), Lang::English.tag()];
    cached(Json(Discovery::new(tenant.municipality.origin.as_str(), &locales)).into_response())
}

/// `GET /jwks`.
pub(crate) async fn jwks(tenant: Tenant) -> Response {
    cached(Json(Jwks { keys: vec![tenant.municipality.keys.signing.jwk().clone()] }).into_response())
}

/// Services may keep these for five minutes: a new key is published longer than that before it signs.
fn cached(mut response: Response) -> Response {
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=300"));
    response
}
