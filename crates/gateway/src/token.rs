//! `/token` (RFC 6749 section 4.1.3, OpenID Connect Core section 3.1.3): a code becomes an ID token and an access token,
//! once.

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use serde::Serialize;

use madoguchi_oidc::{
    ACR_CARD_PIN, AMR_CARD_PIN, AccessToken, ClientCredentials, IdTokenClaims, OAuthError, Parameters,
    TokenError, TokenRequest, at_hash, authenticate, check_code_grant, pairwise_sub, sector_identifier,
    sign_id_token,
};
use madoguchi_protocol::{ErrorCode, Octets};
use madoguchi_storage::{AccountId, CodeRecord, NewAccessToken, Redemption};

use crate::municipality::Municipality;
use crate::session_use::{ASK_AGAIN_SECONDS, SessionUse, Used, use_session};
use crate::state::Gateway;
use crate::tenant::Tenant;

#[derive(Serialize)]
struct TokenAnswer {
    access_token: String,
    token_type: &'static str,
    expires_in: u64,
    scope: String,
    id_token: String,
}

#[derive(Serialize)]
struct OAuthErrorAnswer {
    error: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    error_description: Option<&'static str>,
}

/// How the endpoint fails: by a rule, or inside.
enum Failure {
    CannotCheck,
    Internal,
    Rule(TokenError),
}

impl From<TokenError> for Failure {
    fn from(error: TokenError) -> Self {
        Self::Rule(error)
    }
}

/// `POST /token`.
pub(crate) async fn token(
    State(gateway): State<Gateway>,
    tenant: Tenant,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let mut response = match exchange(&gateway, &tenant, &headers, &body).await {
        Ok(answer) => Json(answer).into_response(),
        Err(Failure::Rule(error)) => {
            let status = StatusCode::from_u16(error.status()).unwrap_or(StatusCode::BAD_REQUEST);
            let answer = OAuthErrorAnswer {
                error: error.error().as_str(),
                error_description: Some(error.description().as_str()),
            };
            let mut response = (status, Json(answer)).into_response();
            if let Some(challenge) = error.www_authenticate() {
                response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static(challenge));
            }
            response
        }
        Err(Failure::CannotCheck) => cannot_check(),
        Err(Failure::Internal) => {
            let answer =
                OAuthErrorAnswer { error: OAuthError::ServerError.as_str(), error_description: None };
            (StatusCode::INTERNAL_SERVER_ERROR, Json(answer)).into_response()
        }
    };
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::PRAGMA, HeaderValue::from_static("no-cache"));
    response
}

/// Nobody can say now whether a session may go on. Nothing is spent: the same request may come again.
pub(crate) fn cannot_check() -> Response {
    let answer = OAuthErrorAnswer {
        error: OAuthError::TemporarilyUnavailable.as_str(),
        error_description: Some(ErrorCode::CannotCheck.as_str()),
    };
    let retry_after = [(header::RETRY_AFTER, HeaderValue::from_static(ASK_AGAIN_SECONDS))];
    (StatusCode::SERVICE_UNAVAILABLE, retry_after, Json(answer)).into_response()
}

/// In this order: authenticate the client, find the code, check what it is bound to, ask about the certificate again, use
/// the code up.
async fn exchange(
    gateway: &Gateway,
    tenant: &Tenant,
    headers: &HeaderMap,
    body: &[u8],
) -> Result<TokenAnswer, Failure> {
    let municipality = &tenant.municipality;
    let form = Parameters::from_urlencoded(body).map_err(TokenError::Parameters)?;
    let credentials = ClientCredentials::from_request(authorization(headers)?, &form)?;
    let service =
        municipality.services.get(credentials.client_id()).ok_or(TokenError::ClientAuthentication)?;
    let client = authenticate(&service.client, &credentials)?;
    let request = TokenRequest::parse(&form)?;

    let storage = &gateway.0.storage;
    let code_hash = Octets(request.code.hash());
    let code = storage
        .find_code(&municipality.id, code_hash)
        .await
        .map_err(internal)?
        .ok_or(TokenError::UnknownCode)?;
    if let Err(error) = check_code_grant(&code.grant, &client, &request) {
        if error.consumes_code() {
            // The code is spent whatever this answers: it is of no more use to anybody.
            let _ = storage.redeem_code(&municipality.id, code_hash, None).await.map_err(internal)?;
        }
        return Err(error.into());
    }
    if !session_goes_on(gateway, municipality, &code).await? {
        // Spent, or seen to be used a second time.
        let _ = storage.redeem_code(&municipality.id, code_hash, None).await.map_err(internal)?;
        return Err(TokenError::UnknownCode.into());
    }
    let random = &*gateway.0.random;
    let access_token = AccessToken::generate(random).map_err(internal)?;
    let id_token = id_token(gateway, municipality, &code, &access_token)?;
    let new_token = NewAccessToken { hash: Octets(access_token.hash()), lifetime: ACCESS_TOKEN_SECONDS };
    match storage.redeem_code(&municipality.id, code_hash, Some(new_token)).await.map_err(internal)? {
        Redemption::Done => {}
        Redemption::UsedBefore => {
            let client_id = &code.grant.client_id;
            tracing::warn!(municipality = %municipality.id, %client_id, "a code was used twice; its tokens are revoked");
            return Err(TokenError::UnknownCode.into());
        }
        Redemption::Expired | Redemption::NotFound => return Err(TokenError::UnknownCode.into()),
    }
    Ok(TokenAnswer {
        access_token: access_token.encode().to_string(),
        token_type: "Bearer",
        expires_in: ACCESS_TOKEN_SECONDS,
        scope: code.grant.scope,
        id_token,
    })
}

/// Whether the code's session lives and nothing speaks against its certificate: a minute may have passed since the card
/// was shown, and with it a list.
async fn session_goes_on(
    gateway: &Gateway,
    municipality: &Municipality,
    code: &CodeRecord,
) -> Result<bool, Failure> {
    let Some(holder_sealed) = code.holder_sealed.as_deref() else { return Ok(false) };
    let used = Used { sid: code.sid, client_id: &code.grant.client_id, holder_sealed };
    match use_session(gateway, municipality, used).await {
        SessionUse::GoesOn => Ok(true),
        SessionUse::Ended => Ok(false),
        SessionUse::CannotCheck => Err(Failure::CannotCheck),
        SessionUse::Failed => Err(Failure::Internal),
    }
}

fn id_token(
    gateway: &Gateway,
    municipality: &Municipality,
    code: &CodeRecord,
    access_token: &AccessToken,
) -> Result<String, Failure> {
    let now = gateway.0.clock.now().as_secs();
    let claims = IdTokenClaims {
        iss: municipality.origin.as_str().to_owned(),
        sub: subject(municipality, &code.grant.redirect_uri, code.account).ok_or(Failure::Internal)?,
        aud: code.grant.client_id.clone(),
        exp: now + ID_TOKEN_SECONDS,
        iat: now,
        auth_time: code.auth_time.as_secs(),
        nonce: code.grant.nonce.clone(),
        // What was done, never what was asked.
        acr: ACR_CARD_PIN.to_owned(),
        amr: AMR_CARD_PIN.map(str::to_owned).to_vec(),
        at_hash: Some(at_hash(access_token)),
        sid: Some(code.sid.encode()),
    };
    sign_id_token(&municipality.keys.signing, &claims, &*gateway.0.random).map_err(internal)
}

/// The pairwise `sub` (OpenID Connect Core section 8.1) of an account at the sector of a redirect URI.
pub(crate) fn subject(municipality: &Municipality, redirect_uri: &str, account: AccountId) -> Option<String> {
    let sector = sector_identifier(redirect_uri)?;
    let AccountId(Octets(account)) = account;
    Some(pairwise_sub(&municipality.keys.subject_salt, &sector, &account))
}

/// The `Authorization` header; twice is an error, not a choice.
fn authorization(headers: &HeaderMap) -> Result<Option<&str>, TokenError> {
    let mut all = headers.get_all(header::AUTHORIZATION).iter();
    let first = all.next();
    if all.next().is_some() {
        return Err(TokenError::ManyAuthentications);
    }
    first.map(|value| value.to_str().map_err(|_| TokenError::ClientAuthentication)).transpose()
}

fn internal(error: impl std::fmt::Display) -> Failure {
    tracing::error!(%error, "token endpoint");
    Failure::Internal
}

/// Long enough for the userinfo request that follows a sign-in.
const ACCESS_TOKEN_SECONDS: u64 = 5 * 60;
/// A service checks an ID token when it arrives; it is no session.
const ID_TOKEN_SECONDS: u64 = 5 * 60;
