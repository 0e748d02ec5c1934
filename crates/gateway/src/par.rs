//! `/par` (RFC 9126): an authenticated service leaves its request here and sends the browser with a reference. What
//! the browser carries can then be neither read nor changed.

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, Method, StatusCode};
use serde::Serialize;

use madoguchi_oidc::{
    AuthenticationMethod, AuthorizationRequest, Client, Description, OAuthError, PATH_PAR,
    PUSHED_REQUEST_SECONDS, Parameters, RequestReference, TokenError, request_object,
};
use madoguchi_protocol::Octets;
use madoguchi_storage::{NewPushedRequest, PushedWrite};

use crate::authorize::with_hint;
use crate::client_authentication;
use crate::dpop;
use crate::form_body::urlencoded;
use crate::oauth_failure::{OAuthFailure, never_stored};
use crate::state::Gateway;
use crate::tenant::Tenant;

#[derive(Serialize)]
struct Pushed {
    request_uri: String,
    expires_in: u64,
}

/// `POST /par`: 201 with the reference.
pub(crate) async fn par(
    State(gateway): State<Gateway>,
    tenant: Tenant,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, OAuthFailure> {
    let form = urlencoded(&headers, &body).map_err(TokenError::Parameters)?;
    let client = client_authentication::client(&gateway, &tenant, &headers, &form).await?;
    let client = client.client();
    may_push(client, &form)?;

    let request = read(&gateway, &tenant, client, &form)?;
    let request = bound_to_proof(&gateway, &tenant, &headers, request).await?;
    let reference = RequestReference::generate(&*gateway.0.random).map_err(|error| {
        tracing::error!(%error, "a pushed request");
        OAuthFailure::internal()
    })?;
    let new = NewPushedRequest {
        hash: Octets(reference.hash().0),
        municipality: tenant.municipality.id.clone(),
        request,
        lifetime: PUSHED_REQUEST_SECONDS,
        most: WAITING_OF_A_CLIENT,
    };
    if gateway.0.storage.push_request(new).await? == PushedWrite::TooMany {
        return Err(OAuthFailure::too_many(
            const { Description::new("too many pushed requests of this client are waiting") },
        ));
    }
    let pushed = Pushed { request_uri: reference.to_uri(), expires_in: PUSHED_REQUEST_SECONDS };
    Ok(never_stored((StatusCode::CREATED, Json(pushed)).into_response()))
}

/// RFC 9126 section 2.1. What nobody has vouched for is not stored: a public client sends its requests by the browser.
fn may_push(client: &Client, form: &Parameters) -> Result<(), OAuthFailure> {
    if client.authentication.method() == AuthenticationMethod::None {
        return Err(OAuthFailure::refused(
            OAuthError::UnauthorizedClient,
            const { Description::new("a public client cannot push requests") },
        ));
    }
    if form.value("request_uri").is_some() {
        return Err(OAuthFailure::refused(
            OAuthError::InvalidRequest,
            const { Description::new("a pushed request holds no request_uri") },
        ));
    }
    Ok(())
}

/// The request in the form, or in its request object alone.
fn read(
    gateway: &Gateway,
    tenant: &Tenant,
    client: &Client,
    form: &Parameters,
) -> Result<AuthorizationRequest, OAuthFailure> {
    let issuer = tenant.municipality.origin.as_str();
    let signed = match form.value("request") {
        None => None,
        Some(object) => {
            let now = gateway.0.clock.now().as_secs();
            let signed = request_object(object, client, issuer, now).map_err(|error| {
                let client_id = &client.id;
                tracing::info!(municipality = %tenant.municipality.id, %client_id, %error, "a request object was refused");
                OAuthFailure::refused(error.error(), error.description())
            })?;
            Some(signed)
        }
    };
    let parameters = signed.as_ref().unwrap_or(form);
    AuthorizationRequest::parse(parameters, client)
        .and_then(|request| with_hint(tenant, parameters, request))
        .map_err(|error| {
            let (error, description) = error.told();
            OAuthFailure::refused(error, description)
        })
}

/// Binds the code to the key of the DPoP proof that came along (RFC 9449 section 10.1). With `dpop_jkt` too, both are one
/// key.
async fn bound_to_proof(
    gateway: &Gateway,
    tenant: &Tenant,
    headers: &HeaderMap,
    request: AuthorizationRequest,
) -> Result<AuthorizationRequest, OAuthFailure> {
    let municipality = &tenant.municipality;
    let Some(key) = dpop::check(gateway, municipality, headers, &Method::POST, PATH_PAR, None).await? else {
        return Ok(request);
    };
    if request.dpop_jkt.is_some_and(|bound| bound != key) {
        return Err(OAuthFailure::refused(
            OAuthError::InvalidDpopProof,
            const { Description::new("dpop_jkt is not the key of the DPoP proof") },
        ));
    }
    Ok(AuthorizationRequest { dpop_jkt: Some(key), ..request })
}

/// More residents than a service has at its start page in a minute and a half; a service that pushes in a loop fills no more
/// than this.
const WAITING_OF_A_CLIENT: u64 = 10_000;
