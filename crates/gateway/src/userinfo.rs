//! `/userinfo` (OpenID Connect Core section 5.3). The authentication certificate holds no name or address, so `sub` is all
//! there is; and every use asks about revocation again.

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use serde::Serialize;

use madoguchi_oidc::{BearerError, Parameters, bearer_token};
use madoguchi_protocol::Octets;

use crate::session_use::{SessionUse, Used, use_session};
use crate::state::Gateway;
use crate::tenant::Tenant;
use crate::token::{cannot_check, subject};

#[derive(Serialize)]
struct UserInfo {
    sub: String,
}

enum Failure {
    Bearer(BearerError),
    CannotCheck,
    Internal,
}

impl From<BearerError> for Failure {
    fn from(error: BearerError) -> Self {
        Self::Bearer(error)
    }
}

/// `GET` and `POST /userinfo`.
pub(crate) async fn userinfo(
    State(gateway): State<Gateway>,
    tenant: Tenant,
    method: Method,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let mut response = match lookup(&gateway, &tenant, &method, &headers, &body).await {
        Ok(info) => Json(info).into_response(),
        Err(Failure::Bearer(error)) => {
            let status = StatusCode::from_u16(error.status()).unwrap_or(StatusCode::UNAUTHORIZED);
            let mut response = status.into_response();
            if let Ok(challenge) = HeaderValue::from_str(&error.www_authenticate()) {
                response.headers_mut().insert(header::WWW_AUTHENTICATE, challenge);
            }
            response
        }
        Err(Failure::CannotCheck) => cannot_check(),
        Err(Failure::Internal) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    };
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

async fn lookup(
    gateway: &Gateway,
    tenant: &Tenant,
    method: &Method,
    headers: &HeaderMap,
    body: &[u8],
) -> Result<UserInfo, Failure> {
    let mut authorizations = headers.get_all(header::AUTHORIZATION).iter();
    let authorization = authorizations.next().and_then(|value| value.to_str().ok());
    if authorizations.next().is_some() {
        return Err(BearerError::TwoMethods.into());
    }
    let is_form = headers
        .get(header::CONTENT_TYPE)
        .is_some_and(|value| value.as_bytes() == b"application/x-www-form-urlencoded");
    let form = if method == Method::POST && is_form {
        Some(Parameters::from_urlencoded(body).map_err(|_| BearerError::InvalidToken)?)
    } else {
        None
    };
    let token = bearer_token(authorization, form.as_ref())?;
    let municipality = &tenant.municipality;
    let record = gateway
        .0
        .storage
        .find_access_token(&municipality.id, Octets(token.hash()))
        .await
        .map_err(|error| {
            tracing::error!(municipality = %municipality.id, %error, "the store failed");
            Failure::Internal
        })?
        .ok_or(BearerError::InvalidToken)?;
    let used = Used { sid: record.sid, client_id: &record.client_id, holder_sealed: &record.holder_sealed };
    match use_session(gateway, municipality, used).await {
        SessionUse::GoesOn => {}
        SessionUse::CannotCheck => return Err(Failure::CannotCheck),
        SessionUse::Ended => return Err(BearerError::InvalidToken.into()),
        SessionUse::Failed => return Err(Failure::Internal),
    }
    subject(municipality, &record.redirect_uri, record.account)
        .map(|sub| UserInfo { sub })
        .ok_or(Failure::Internal)
}
