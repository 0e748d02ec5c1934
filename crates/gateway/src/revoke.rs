//! `/revoke` (RFC 7009): a client gives a token back. 200 whether there was one or not; a store that failed is never told as
//! success.

use axum::body::Bytes;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, StatusCode};

use madoguchi_oidc::{AccessToken, RefreshToken, TokenError};
use madoguchi_protocol::Octets;

use crate::oauth_failure::{OAuthFailure, never_stored};
use crate::state::Gateway;
use crate::tenant::Tenant;
use crate::{client_authentication, form_body};

/// `POST /revoke`.
pub(crate) async fn revoke(
    State(gateway): State<Gateway>,
    tenant: Tenant,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    match take_back(&gateway, &tenant, &headers, &body).await {
        Ok(()) => never_stored(StatusCode::OK.into_response()),
        Err(failure) => failure.into_response(),
    }
}

async fn take_back(
    gateway: &Gateway,
    tenant: &Tenant,
    headers: &HeaderMap,
    body: &[u8],
) -> Result<(), OAuthFailure> {
    let form = form_body::urlencoded(headers, body).map_err(TokenError::Parameters)?;
    let client = client_authentication::client(gateway, tenant, headers, &form).await?;
    let text = form.value("token").ok_or(TokenError::ParameterMissing { name: "token" })?;
    // Section 2.2: what is no token needs no revoking.
    let (Ok(access), Ok(refresh)) = (AccessToken::parse(text), RefreshToken::parse(text)) else {
        return Ok(());
    };
    let (id, client_id) = (&tenant.municipality.id, &client.client().id);
    let (access, refresh) = (Octets(access.hash()), Octets(refresh.hash()));
    if gateway.0.storage.revoke_token(id, client_id, access, refresh).await? {
        tracing::info!(municipality = %id, %client_id, "a token was given back");
    }
    Ok(())
}
