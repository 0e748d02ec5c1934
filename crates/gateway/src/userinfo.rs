//! `/userinfo` (OpenID Connect Core section 5.3). The authentication certificate holds no name or address, so `sub` is all
//! there is; and every use asks about client, session and revocation again.

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use serde::Serialize;

use madoguchi_oidc::{BearerError, PATH_USERINFO, Parameters, TokenScheme, check_token_key, presented_token};
use madoguchi_protocol::Octets;
use madoguchi_storage::StorageError;

use crate::dpop::{self, DpopFailure};
use crate::form_body;
use crate::oauth_failure::OAuthFailure;
use crate::session_use::{AskOcsp, SessionUse, use_session};
use crate::sso::sub_at;
use crate::state::Gateway;
use crate::store_failure::store_failed;
use crate::tenant::Tenant;

#[derive(Serialize)]
struct UserInfo {
    sub: String,
}

enum Failure {
    Bearer(BearerError),
    CannotCheck,
    Internal,
    Store(StorageError),
}

impl From<BearerError> for Failure {
    fn from(error: BearerError) -> Self {
        Self::Bearer(error)
    }
}

impl From<DpopFailure> for Failure {
    fn from(failure: DpopFailure) -> Self {
        match failure {
            DpopFailure::Rule(error) => Self::Bearer(error.into()),
            DpopFailure::Store(error) => Self::Store(error),
        }
    }
}

impl From<StorageError> for Failure {
    fn from(error: StorageError) -> Self {
        Self::Store(error)
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
        Err(Failure::CannotCheck) => OAuthFailure::cannot_check().into_response(),
        Err(Failure::Store(error)) => store_failed(&tenant.municipality.id, &error).into_response(),
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
    let presented = presented_token(authorization, form(method, headers, body)?.as_ref())?;
    let invalid = BearerError::InvalidToken(presented.scheme);
    let municipality = &tenant.municipality;
    let token = &presented.token;
    let record = gateway.0.storage.find_access_token(&municipality.id, Octets(token.hash())).await?;
    let record = record.ok_or(invalid)?;
    // A bearer token needs no proof, and one that comes along proves nothing of it.
    let proof = match presented.scheme {
        TokenScheme::Dpop => {
            dpop::check(gateway, municipality, headers, method, PATH_USERINFO, Some(token)).await?
        }
        _ => None,
    };
    check_token_key(presented.scheme, record.key, proof)?;
    // A client that was disabled since has no more use of it.
    let service = gateway.service(municipality, &record.client_id).await.ok_or(invalid)?;
    match use_session(gateway, municipality, &record, AskOcsp::No).await {
        SessionUse::GoesOn => {}
        SessionUse::Ended => return Err(invalid.into()),
        SessionUse::CannotCheck => return Err(Failure::CannotCheck),
        SessionUse::Failed => return Err(Failure::Internal),
    }
    let sub = sub_at(municipality, &service.client, record.account);
    sub.map(|sub| UserInfo { sub }).ok_or(Failure::Internal)
}

/// The form of a POST that has one. Another body is no form, and holds no token.
fn form(method: &Method, headers: &HeaderMap, body: &[u8]) -> Result<Option<Parameters>, BearerError> {
    let is_form = headers
        .get(header::CONTENT_TYPE)
        .is_some_and(|value| value.as_bytes().starts_with(b"application/x-www-form-urlencoded"));
    if method != Method::POST || !is_form {
        return Ok(None);
    }
    let form = form_body::urlencoded(headers, body);
    form.map(Some).map_err(|_| BearerError::InvalidToken(TokenScheme::Bearer))
}
