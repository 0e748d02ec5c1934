//! The handlers: front page, sign-in, callback, sign-out, `/claims` for headless clients.

use std::sync::Arc;

use axum::Router;
use axum::extract::{RawQuery, State};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use http::{HeaderMap, StatusCode, header};
use serde_json::{Value, json};

use super::pages::{Front, Problem, STALE, SignedInPage, page};
use super::relying_party::RelyingParty;
use super::session::{COOKIE, Failed, Sessions};

pub(super) struct Shared {
    pub(super) party: Arc<RelyingParty>,
    pub(super) sessions: Sessions,
    pub(super) after_login: String,
}

pub(super) fn routes(shared: Arc<Shared>) -> Router {
    Router::new()
        .route("/", get(front))
        .route("/sign-in", get(sign_in))
        .route("/callback", get(callback))
        .route("/sign-out", post(sign_out))
        .route("/claims", get(claims))
        .route("/kosodate.css", get(style))
        .fallback(not_found)
        .with_state(shared)
}

async fn front(State(shared): State<Arc<Shared>>, headers: HeaderMap) -> Response {
    let view = shared.sessions.view(session_id(&headers));
    match SignedInPage::new(&view) {
        Some(signed_in) => page(StatusCode::OK, &signed_in),
        None => page(StatusCode::OK, &Front),
    }
}

/// Sends the browser to the gateway. A GET, because it changes nothing that matters: the answer is accepted only in
/// the session that asked.
async fn sign_in(State(shared): State<Arc<Shared>>, headers: HeaderMap) -> Response {
    let Ok(pending) = shared.sessions.new_pending() else { return problem("server_error") };
    let party = Arc::clone(&shared.party);
    let asked = tokio::task::spawn_blocking(move || {
        let url = party.authorization_url(&pending);
        (pending, url)
    });
    let (pending, url) = match asked.await {
        Ok((pending, Ok(url))) => (pending, url),
        Ok((_, Err(error))) => {
            tracing::warn!(%error, "no sign-in");
            return problem("temporarily_unavailable");
        }
        Err(_) => return problem("server_error"),
    };
    match shared.sessions.start(session_id(&headers), pending) {
        Ok(id) => (cookie(&id), Redirect::to(&url)).into_response(),
        Err(_) => problem("server_error"),
    }
}

/// The gateway's answer. Nothing of it counts before `state` and `iss` do.
async fn callback(
    State(shared): State<Arc<Shared>>,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Response {
    let query = query.unwrap_or_default();
    let parameter = |name: &str| parameter(&query, name);
    let id = session_id(&headers);
    let pending = parameter("state").and_then(|state| shared.sessions.take_pending(id, &state));
    let Some(pending) = pending else { return problem(STALE) };
    if !shared.party.is_issuer(parameter("iss").as_deref()) {
        tracing::warn!("an answer without our gateway's iss");
        return problem(STALE);
    }
    if let Some(error) = parameter("error") {
        let description = parameter("error_description").unwrap_or_default();
        tracing::info!(error, "the gateway answered with an error");
        let answer = problem(&error);
        shared.sessions.fail(id, Failed { error, description });
        return answer;
    }
    let Some(code) = parameter("code") else { return problem("invalid_request") };
    let party = Arc::clone(&shared.party);
    let redeemed = tokio::task::spawn_blocking(move || party.redeem(pending, code)).await;
    let failed = match redeemed {
        Ok(Ok(signed_in)) => match shared.sessions.sign_in(id, signed_in) {
            Ok(id) => return (cookie(&id), Redirect::to(&shared.after_login)).into_response(),
            Err(error) => error.to_string(),
        },
        Ok(Err(error)) => error.to_string(),
        Err(error) => error.to_string(),
    };
    tracing::warn!(failed, "no sign-in");
    shared.sessions.fail(id, Failed { error: "server_error".to_owned(), description: failed });
    problem("server_error")
}

/// Ends the session here. The gateway's own session, where there is one, is its own.
async fn sign_out(State(shared): State<Arc<Shared>>, headers: HeaderMap, body: String) -> Response {
    let csrf = parameter(&body, "csrf").unwrap_or_default();
    if shared.sessions.sign_out(session_id(&headers), &csrf) {
        let gone = format!("{COOKIE}=; HttpOnly; SameSite=Lax; Path=/; Max-Age=0");
        ([(header::SET_COOKIE, gone)], Redirect::to("/")).into_response()
    } else {
        page(StatusCode::FORBIDDEN, &Problem::of(STALE))
    }
}

/// For headless clients: the claims of the verified ID token of one's own session, or how the sign-in failed.
async fn claims(State(shared): State<Arc<Shared>>, headers: HeaderMap) -> Response {
    let view = shared.sessions.view(session_id(&headers));
    let headers = [
        (header::CONTENT_TYPE, "application/json"),
        (header::CACHE_CONTROL, "no-store"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    if let Some(signed_in) = view.signed_in {
        return (headers, Value::from(signed_in.claims).to_string()).into_response();
    }
    let (error, description) = view.failed.map_or_else(
        || ("not_signed_in".to_owned(), String::new()),
        |failed| (failed.error, failed.description),
    );
    let answer = json!({ "error": error, "error_description": description });
    (StatusCode::UNAUTHORIZED, headers, answer.to_string()).into_response()
}

async fn style() -> Response {
    let headers =
        [(header::CONTENT_TYPE, "text/css; charset=utf-8"), (header::X_CONTENT_TYPE_OPTIONS, "nosniff")];
    (headers, include_str!("../../assets/kosodate.css")).into_response()
}

async fn not_found() -> Response {
    (StatusCode::NOT_FOUND, "このページはありません。 / Not found.\n").into_response()
}

fn problem(code: &str) -> Response {
    let status = match code {
        "temporarily_unavailable" => StatusCode::SERVICE_UNAVAILABLE,
        "server_error" => StatusCode::BAD_GATEWAY,
        STALE | "invalid_request" => StatusCode::BAD_REQUEST,
        // The gateway's answer arrived as it should; what it says is no failure of this request.
        _ => StatusCode::OK,
    };
    page(status, &Problem::of(code))
}

/// The parameter, when it is there exactly once (RFC 6749 section 3.1).
fn parameter(query: &str, name: &str) -> Option<String> {
    let mut values = form_urlencoded::parse(query.as_bytes()).filter(|(key, _)| key == name);
    let (_, value) = values.next()?;
    values.next().is_none().then(|| value.into_owned())
}

fn session_id(headers: &HeaderMap) -> Option<&str> {
    let cookies = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut pairs = cookies.flat_map(|value| value.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(name, _)| *name == COOKIE).map(|(_, value)| value)
}

fn cookie(id: &str) -> [(http::HeaderName, String); 1] {
    [(header::SET_COOKIE, format!("{COOKIE}={id}; HttpOnly; SameSite=Lax; Path=/"))]
}
