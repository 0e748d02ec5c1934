//! Every address of the gateway, in the order of a sign-in.

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use http::{HeaderValue, StatusCode, header};

use madoguchi_oidc::{
    PATH_AUTHORIZE, PATH_DISCOVERY, PATH_END_SESSION, PATH_INTROSPECTION, PATH_JWKS, PATH_OAUTH_DISCOVERY,
    PATH_PAR, PATH_REGISTRATION, PATH_REVOCATION, PATH_TOKEN, PATH_USERINFO,
};
use madoguchi_protocol::{MAX_MESSAGE_OCTETS, PATH_CANCEL, PATH_CLAIM, PATH_FINISH};

use crate::colours::STYLE_SHEET;
use crate::failure::PageFailure;
use crate::session_use::ASK_AGAIN_SECONDS;
use crate::state::Gateway;
use crate::tenant::Tenant;
use crate::{
    agent, answer, authorize, cors, discovery, introspect, logo, logout, par, registration, return_leg,
    revoke, sessions_page, sso, start, status, token, userinfo,
};

/// The gateway's routes. Serve it with the peer's address as `ConnectInfo<SocketAddr>`.
pub fn router(gateway: Gateway) -> Router {
    let for_scripts = || middleware::from_fn_with_state(gateway.clone(), cors::cors);
    Router::new()
        .route(PATH_DISCOVERY, get(discovery::discovery))
        .route(PATH_OAUTH_DISCOVERY, get(discovery::discovery))
        .route(PATH_JWKS, get(discovery::jwks))
        .route(PATH_PAR, post(par::par))
        .route(PATH_AUTHORIZE, get(authorize::get).post(authorize::post).head(no_such_page))
        .route("/sign-in/start", post(start::start))
        .route("/sign-in/decline", post(start::decline))
        .route("/sign-in/status/{tag}", get(status::status))
        .route(PATH_CLAIM, post(agent::claim))
        .route(PATH_FINISH, post(agent::finish))
        .route(PATH_CANCEL, post(agent::cancel))
        .route("/sign-in/{id}/return", get(return_leg::return_leg).head(no_such_page))
        .route("/sign-in/{id}/stopped", get(return_leg::stopped))
        .route("/sign-in/{id}/done", get(return_leg::done))
        .route("/sign-in/{id}/answer", get(answer::answer).head(no_such_page))
        .route("/session/continue", post(sso::go_on))
        .route("/session/other", post(sso::other))
        .route("/session/decline", post(sso::decline))
        .route("/sessions", get(sessions_page::sessions))
        .route("/sessions/end", post(sessions_page::end))
        .route(PATH_END_SESSION, get(logout::get).post(logout::post))
        .route("/logout/confirm", post(logout::confirm))
        .route(PATH_REGISTRATION, post(registration::register))
        .route(PATH_TOKEN, post(token::token).layer(for_scripts()))
        .route(PATH_INTROSPECTION, post(introspect::introspect))
        .route(PATH_REVOCATION, post(revoke::revoke).layer(for_scripts()))
        .route(PATH_USERINFO, get(userinfo::userinfo).post(userinfo::userinfo).layer(for_scripts()))
        .route("/health/live", get(|| async { "ok" }))
        .route(
            "/static/madoguchi.css",
            get(|| async { asset("text/css", include_str!("../static/madoguchi.css")) }),
        )
        .route("/static/colours.css", get(colours))
        .route("/static/logo.png", get(logo::logo))
        .route(
            "/static/start.js",
            get(|| async { asset("text/javascript", include_str!("../static/start.js")) }),
        )
        .route(
            "/static/done.js",
            get(|| async { asset("text/javascript", include_str!("../static/done.js")) }),
        )
        .fallback(no_such_page)
        .layer(DefaultBodyLimit::max(MAX_MESSAGE_OCTETS))
        .layer(middleware::from_fn_with_state(gateway.clone(), every_answer))
        .with_state(gateway)
}

async fn no_such_page(tenant: Tenant) -> PageFailure {
    tenant.not_found()
}

/// The municipality's colour.
async fn colours(tenant: Tenant) -> Response {
    let Some(accent) = tenant.municipality.accent else { return tenant.not_found().into_response() };
    let mut response = accent.style_sheet().into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, STYLE_SHEET);
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=300"));
    response
}

fn asset(kind: &'static str, text: &'static str) -> Response {
    let mut response = text.into_response();
    let headers = response.headers_mut();
    if let Ok(kind) = HeaderValue::from_str(&format!("{kind}; charset=utf-8")) {
        headers.insert(header::CONTENT_TYPE, kind);
    }
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=300"));
    response
}

/// What every answer carries, whoever made it.
async fn every_answer(State(gateway): State<Gateway>, request: Request, next: Next) -> Response {
    let host = request.headers().get(header::HOST).cloned();
    let mut response = next.run(request).await;
    // Afterwards: a municipality that was just added is known by now.
    let https = host
        .as_ref()
        .and_then(|host| host.to_str().ok())
        .and_then(|host| gateway.known_municipality(host))
        .is_some_and(|municipality| !municipality.origin.is_loopback());
    let unavailable = response.status() == StatusCode::SERVICE_UNAVAILABLE;
    let headers = response.headers_mut();
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    if unavailable && !headers.contains_key(header::RETRY_AFTER) {
        headers.insert(header::RETRY_AFTER, HeaderValue::from_static(ASK_AGAIN_SECONDS));
    }
    if https {
        headers.insert(
            header::STRICT_TRANSPORT_SECURITY,
            HeaderValue::from_static("max-age=63072000; includeSubDomains"),
        );
    }
    response
}
