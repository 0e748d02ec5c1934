//! Which scripts may call the endpoints for tokens (Fetch Standard, CORS protocol): those of a registered service, that
//! is of the origin of one of its redirect URIs. Never with cookies, which nothing here reads.

use axum::extract::Request;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};

use madoguchi_oidc::origin_of;

use crate::tenant::Tenant;

/// Layer of the endpoints that a script may call.
pub(crate) async fn cors(tenant: Tenant, request: Request, next: Next) -> Response {
    let origin = registered_origin(&tenant, request.headers());
    let preflight = request.method() == Method::OPTIONS;
    let mut response =
        if preflight { StatusCode::NO_CONTENT.into_response() } else { next.run(request).await };
    let headers = response.headers_mut();
    headers.append(header::VARY, HeaderValue::from_static("Origin"));
    let Some(origin) = origin else {
        return response;
    };
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
    if preflight {
        headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static("GET, POST"));
        headers.insert(
            header::ACCESS_CONTROL_ALLOW_HEADERS,
            HeaderValue::from_static("authorization, content-type, dpop"),
        );
        headers.insert(header::ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("600"));
    } else {
        headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static("www-authenticate"));
    }
    response
}

/// The `Origin` of the request, if it is one of a registered service, octet by octet. `null` is nobody's.
fn registered_origin(tenant: &Tenant, headers: &HeaderMap) -> Option<HeaderValue> {
    let mut all = headers.get_all(header::ORIGIN).iter();
    let origin = all.next().filter(|_| all.next().is_none())?;
    let services = tenant.municipality.services.values().filter(|service| !service.client.disabled);
    let mut uris = services.flat_map(|service| service.client.redirect_uris.iter());
    uris.any(|uri| origin_of(uri).is_some_and(|of| of.as_bytes() == origin.as_bytes()))
        .then(|| origin.clone())
}
