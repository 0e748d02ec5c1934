//! What the start page asks while the resident is at the agent. It completes nothing; it follows what the return leg
//! completed in the same browser, and until then never says why: whoever holds `b` may be somebody else.

use axum::Json;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use serde::Serialize;

use madoguchi_storage::SignInState;

use crate::cookie::{CookieKind, CookieTag};
use crate::state::Gateway;
use crate::store_failure::store_failed;
use crate::tenant::Tenant;

#[derive(Serialize)]
#[serde(tag = "state", rename_all = "snake_case")]
enum Status {
    /// No agent has answered yet.
    Waiting,
    /// An agent holds the sign-in.
    Answered,
    /// It is over, well or not.
    Over,
    /// This browser completed it; the service's answer waits at `next`.
    Completed { next: String },
}

/// `GET /sign-in/status/{tag}`.
pub(crate) async fn status(
    State(gateway): State<Gateway>,
    tenant: Tenant,
    Path(tag): Path<String>,
    headers: HeaderMap,
) -> Response {
    let Some(tag) = CookieTag::parse(&tag) else { return StatusCode::NOT_FOUND.into_response() };
    let status = match CookieKind::Browser.with_tag(&headers, &tag) {
        None => Status::Over,
        Some(browser_hash) => {
            match gateway.0.storage.newest_of_browser(&tenant.municipality.id, browser_hash).await {
                Ok(None) => Status::Waiting,
                Ok(Some(sign_in)) => match sign_in.state {
                    SignInState::Started => Status::Waiting,
                    SignInState::Claimed | SignInState::Proven => Status::Answered,
                    SignInState::Completed
                        if !sign_in.answered && CookieKind::Session.with_tag(&headers, &tag).is_some() =>
                    {
                        Status::Completed { next: format!("/sign-in/{}/answer", sign_in.new.id) }
                    }
                    _ => Status::Over,
                },
                Err(error) => {
                    return store_failed(&tenant.municipality.id, &error).into_response();
                }
            }
        }
    };
    let mut response = Json(status).into_response();
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
