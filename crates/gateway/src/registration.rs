//! `/register` (RFC 7591): a service registers itself, once, with the initial access token that an operator gave it. Off
//! unless the configuration says otherwise.

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use serde_json::json;

use madoguchi_oidc::jose::JwsAlg;
use madoguchi_oidc::{
    ClientSecret, RegisteredClient, RegistrationError, RegistrationRequest, RegistrationToken,
};
use madoguchi_protocol::{Display, LocalText, Octets, comparison_code};
use madoguchi_storage::{ClientWrite, Registration, StorageError};

use crate::municipality::display_texts;
use crate::oauth_failure::never_stored;
use crate::state::Gateway;
use crate::store_failure::store_failed;
use crate::tenant::Tenant;

/// `POST /register`.
pub(crate) async fn register(
    State(gateway): State<Gateway>,
    tenant: Tenant,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    if !gateway.0.dynamic_registration {
        return tenant.not_found().into_response();
    }
    let registered = registered(&gateway, &tenant, &headers, &body).await;
    never_stored(registered.unwrap_or_else(Failure::into_response))
}

enum Failure {
    /// No token, or one that is unknown, used or over.
    Token,
    /// A rule.
    Refused(RegistrationError),
    /// The name cannot be shown to residents.
    Name,
    /// No key signs ID tokens as it wants them. The token is not used up.
    NoSigningKey(JwsAlg),
    /// Something broke inside, and is in the log.
    Internal,
    /// The store failed.
    Store(StatusCode),
}

impl From<RegistrationError> for Failure {
    fn from(error: RegistrationError) -> Self {
        Self::Refused(error)
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let (error, description) = match self {
            Self::Token => {
                let mut response = StatusCode::UNAUTHORIZED.into_response();
                let challenge = HeaderValue::from_static("Bearer error=\"invalid_token\"");
                response.headers_mut().insert(header::WWW_AUTHENTICATE, challenge);
                return response;
            }
            Self::Store(status) => return status.into_response(),
            Self::Internal => return StatusCode::INTERNAL_SERVER_ERROR.into_response(),
            Self::Name => {
                ("invalid_client_metadata", "client_name: 1 to 120 characters, none of control".to_owned())
            }
            Self::NoSigningKey(alg) => {
                let told = "id_token_signed_response_alg: there is no key for";
                ("invalid_client_metadata", format!("{told} {} here yet", alg.as_str()))
            }
            Self::Refused(error) => (error.error(), error.to_string()),
        };
        let body = Json(json!({ "error": error, "error_description": description }));
        (StatusCode::BAD_REQUEST, body).into_response()
    }
}

/// In this order: the token, the metadata, the one write that uses the token up.
async fn registered(
    gateway: &Gateway,
    tenant: &Tenant,
    headers: &HeaderMap,
    body: &[u8],
) -> Result<Response, Failure> {
    let municipality = tenant.municipality.id.as_str();
    let storage = &gateway.0.storage;
    let token = Octets(token(headers).ok_or(Failure::Token)?.hash());
    let failed = |error: StorageError| Failure::Store(store_failed(municipality, &error));
    let profile = storage.registration_token(municipality, token).await.map_err(failed)?;
    let profile = profile.ok_or(Failure::Token)?;

    let request = RegistrationRequest::parse(body, profile)?;
    let random = &*gateway.0.random;
    let id = Octets::<10>::generate(random).map_err(|_| Failure::Internal)?.to_hex();
    let secret = if request.needs_secret() {
        Some(ClientSecret::generate(random).map_err(|_| Failure::Internal)?)
    } else {
        None
    };
    let registered = request.client(profile, id, secret.as_ref())?;
    let own = gateway.municipalities();
    let origins = own.iter().map(|municipality| municipality.origin.as_str());
    registered.client.check_origins(origins).map_err(RegistrationError::Client)?;
    let alg = registered.client.id_token_alg;
    if !gateway.can_sign(&tenant.municipality, alg).await {
        // It has no client id yet.
        gateway.tell_no_key(&tenant.municipality, None, alg);
        return Err(Failure::NoSigningKey(alg));
    }
    let registration = registration(&registered);
    let texts = display_texts(&tenant.municipality.name, &registration.name, &registration.purpose);
    Display::new(&comparison_code([0, 0]), &texts).map_err(|_| Failure::Name)?;

    match storage.register_client(municipality, token, registration).await.map_err(failed)? {
        ClientWrite::Done => {}
        ClientWrite::NotFound => return Err(Failure::Token),
        // Of eighty random bits: a fault of the source of randomness.
        ClientWrite::IdTaken | ClientWrite::Conflict => return Err(Failure::Internal),
    }
    let client_id = &registered.client.id;
    tracing::info!(municipality, %client_id, "a service registered itself");
    let secret = secret.map(|secret| secret.encode());
    let now = gateway.0.clock.now().as_secs();
    let answer = registered.answer(now, secret.as_ref().map(|secret| secret.as_str()));
    Ok((StatusCode::CREATED, Json(answer)).into_response())
}

fn registration(registered: &RegisteredClient) -> Registration {
    Registration {
        client: registered.client.clone(),
        name: LocalText { ja: registered.name.clone(), ja_x_plain: None, en: registered.name_en.clone() },
        purpose: LocalText {
            ja: "サインイン".to_owned(),
            ja_x_plain: Some("サインイン".to_owned()),
            en: Some("Sign-in".to_owned()),
        },
    }
}

/// The initial access token, as a bearer token (RFC 7591 section 3): one header, exactly.
fn token(headers: &HeaderMap) -> Option<RegistrationToken> {
    let mut all = headers.get_all(header::AUTHORIZATION).iter();
    let (scheme, token) = all.next()?.to_str().ok()?.split_once(' ')?;
    if all.next().is_some() || !scheme.eq_ignore_ascii_case("Bearer") {
        return None;
    }
    RegistrationToken::parse(token).ok()
}
