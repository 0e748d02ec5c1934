//! `/introspect` (RFC 7662): a client asks whether a token of its own lives. Of other clients' tokens, and of what is none, it
//! hears the same: not active.

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::HeaderMap;
use serde::Serialize;

use madoguchi_oidc::jose::JwkThumbprint;
use madoguchi_oidc::{
    AccessToken, AuthenticatedClient, ClientAuthentication, RefreshToken, TokenError, TokenScheme,
};
use madoguchi_protocol::Octets;
use madoguchi_storage::{AccessTokenRecord, AccountId, RefreshTokenRecord};

use crate::oauth_failure::{OAuthFailure, never_stored};
use crate::session_use::{AskOcsp, SessionUse, use_session};
use crate::sso::sub_at;
use crate::state::Gateway;
use crate::tenant::Tenant;
use crate::{client_authentication, form_body};

/// RFC 7662 section 2.2.
#[derive(Serialize)]
struct Introspection {
    active: bool,
    #[serde(flatten)]
    token: Option<LiveToken>,
}

#[derive(Serialize)]
struct LiveToken {
    iss: String,
    sub: String,
    client_id: String,
    scope: String,
    exp: u64,
    auth_time: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    token_type: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cnf: Option<Confirmation>,
}

/// RFC 9449 section 6.2.
#[derive(Serialize)]
struct Confirmation {
    jkt: JwkThumbprint,
}

/// `POST /introspect`.
pub(crate) async fn introspect(
    State(gateway): State<Gateway>,
    tenant: Tenant,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    match look(&gateway, &tenant, &headers, &body).await {
        Ok(token) => never_stored(Json(Introspection { active: token.is_some(), token }).into_response()),
        Err(failure) => failure.into_response(),
    }
}

async fn look(
    gateway: &Gateway,
    tenant: &Tenant,
    headers: &HeaderMap,
    body: &[u8],
) -> Result<Option<LiveToken>, OAuthFailure> {
    let form = form_body::urlencoded(headers, body).map_err(TokenError::Parameters)?;
    let client = client_authentication::client(gateway, tenant, headers, &form).await?;
    // Section 2.1: the endpoint is protected, or it would tell anybody which tokens live.
    if client.client().authentication == ClientAuthentication::None {
        return Err(TokenError::ClientAuthentication.into());
    }
    let text = form.value("token").ok_or(TokenError::ParameterMissing { name: "token" })?;
    let found = match find(gateway, tenant, text).await? {
        Some(found) if found.client_id() == client.client().id => found,
        _ => return Ok(None),
    };
    let used = match &found {
        Found::Access(record) => use_session(gateway, &tenant.municipality, record, AskOcsp::No).await,
        Found::Refresh(record) => use_session(gateway, &tenant.municipality, &**record, AskOcsp::No).await,
    };
    match used {
        SessionUse::GoesOn => found.told(tenant, &client).map(Some),
        SessionUse::Ended => Ok(None),
        SessionUse::CannotCheck => Err(OAuthFailure::cannot_check()),
        SessionUse::Failed => Err(OAuthFailure::internal()),
    }
}

enum Found {
    Access(AccessTokenRecord),
    Refresh(Box<RefreshTokenRecord>),
}

/// The two kinds have keyspaces of their own, so `token_type_hint` would save one look-up and is not read.
async fn find(gateway: &Gateway, tenant: &Tenant, text: &str) -> Result<Option<Found>, OAuthFailure> {
    let id = &tenant.municipality.id;
    let storage = &gateway.0.storage;
    let (Ok(access), Ok(refresh)) = (AccessToken::parse(text), RefreshToken::parse(text)) else {
        return Ok(None);
    };
    if let Some(record) = storage.find_access_token(id, Octets(access.hash())).await? {
        return Ok(Some(Found::Access(record)));
    }
    let record = storage.find_refresh_token(id, Octets(refresh.hash())).await?;
    Ok(record.filter(|record| !record.used).map(|record| Found::Refresh(Box::new(record))))
}

impl Found {
    fn client_id(&self) -> &str {
        match self {
            Self::Access(record) => &record.client_id,
            Self::Refresh(record) => &record.grant.client_id,
        }
    }

    fn told(self, tenant: &Tenant, client: &AuthenticatedClient) -> Result<LiveToken, OAuthFailure> {
        let sub = |account: AccountId| {
            sub_at(&tenant.municipality, client.client(), account).ok_or_else(OAuthFailure::internal)
        };
        let iss = tenant.municipality.origin.as_str().to_owned();
        let cnf = |key: Option<JwkThumbprint>| key.map(|jkt| Confirmation { jkt });
        Ok(match self {
            Self::Access(record) => LiveToken {
                iss,
                sub: sub(record.account)?,
                client_id: record.client_id,
                scope: record.scope,
                exp: record.expires_at.as_secs(),
                auth_time: record.auth_time.as_secs(),
                token_type: Some(TokenScheme::of(record.key).as_str()),
                cnf: cnf(record.key),
            },
            Self::Refresh(record) => LiveToken {
                iss,
                sub: sub(record.account)?,
                client_id: record.grant.client_id,
                scope: record.grant.scope,
                exp: record.expires_at.as_secs(),
                auth_time: record.auth_time.as_secs(),
                token_type: None,
                cnf: cnf(record.key),
            },
        })
    }
}
