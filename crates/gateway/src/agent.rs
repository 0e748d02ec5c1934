//! The agent's three messages (`docs/architecture.md`, "A sign-in"): claim, finish, cancel. Each may be repeated: answers
//! get lost, and the same message again gets the same answer.

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use serde::Serialize;
use serde::de::DeserializeOwned;

use madoguchi_protocol::{
    CancelRequest, ClaimAnswer, ClaimRequest, ErrorAnswer, ErrorCode, FinishAnswer, FinishRequest,
    KIND_SIGN_IN, MAX_CERTIFICATE_OCTETS, MAX_SIGNATURE_OCTETS, Octets, PROTOCOL_VERSION, sha256,
};
use madoguchi_storage::{Claim, ClaimHashes, SignIn, SignInState, StorageError, Transition};

use crate::log_bound::cut;
use crate::municipality::Municipality;
use crate::proof::{NotProven, Proven, Refusal, prove};
use crate::state::Gateway;
use crate::store_failure::store_failed;
use crate::tenant::Tenant;

/// `POST /agent/v1/claim`.
pub(crate) async fn claim(
    State(gateway): State<Gateway>,
    tenant: Tenant,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    answer(&tenant, claim_inner(&gateway, &tenant, &headers, &body).await)
}

/// `POST /agent/v1/finish`.
pub(crate) async fn finish(
    State(gateway): State<Gateway>,
    tenant: Tenant,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    answer(&tenant, finish_inner(&gateway, &tenant, &headers, &body).await)
}

/// `POST /agent/v1/cancel`.
pub(crate) async fn cancel(
    State(gateway): State<Gateway>,
    tenant: Tenant,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    answer(&tenant, cancel_inner(&gateway, &tenant, &headers, &body).await)
}

async fn claim_inner(
    gateway: &Gateway,
    tenant: &Tenant,
    headers: &HeaderMap,
    body: &[u8],
) -> Result<ClaimAnswer, NotAnswered> {
    let request: ClaimRequest = read(headers, body)?;
    // Before anything changes: an agent that cannot go on must not use the ticket up.
    if request.version < PROTOCOL_VERSION || !request.kinds.iter().any(|kind| kind == KIND_SIGN_IN) {
        let id = &tenant.municipality.id;
        // Whoever says so need not have a ticket.
        if let Some(left_out) = gateway.may_tell("agent_too_old", id, None) {
            let (version, agent_version) = (request.version, cut(&request.agent_version));
            tracing::info!(municipality = %id, version, ?agent_version, left_out, "an agent is too old");
        }
        return Err(ErrorCode::AgentTooOld.into());
    }
    // Not every database keeps a NUL, and a log is no place for what a terminal obeys.
    let printable = request.agent_version.bytes().all(|octet| octet.is_ascii_graphic() || octet == b' ');
    if request.agent_version.len() > MAX_AGENT_VERSION || !printable {
        return Err(ErrorCode::RequestInvalid.into());
    }
    let claim = Claim {
        hashes: ClaimHashes {
            return_verifier: request.return_verifier_hash,
            claim_secret: request.claim_secret_hash,
        },
        counter: request.counter,
        agent_version: request.agent_version,
    };
    let municipality = &tenant.municipality;
    let claimed = gateway.0.storage.claim(&municipality.id, request.ticket.hash(), claim).await?;
    let sign_in = match claimed {
        Transition::Done(sign_in) => {
            let agent_version = sign_in.claim.as_ref().map(|claim| claim.agent_version.as_str());
            tracing::info!(municipality = %municipality.id, sign_in = %sign_in.new.id, agent_version, "sign-in claimed");
            sign_in
        }
        Transition::Same(sign_in) => sign_in,
        other => return Err(refused(&other).into()),
    };
    let now = gateway.0.clock.now().as_secs();
    Ok(ClaimAnswer {
        sign_in_id: sign_in.new.id,
        gateway_nonce: sign_in.new.nonce,
        client_id: sign_in.new.request.client_id.clone(),
        kind: KIND_SIGN_IN.to_owned(),
        display: sign_in.new.display.clone(),
        expires_in: sign_in.expires_at.as_secs().saturating_sub(now),
    })
}

async fn finish_inner(
    gateway: &Gateway,
    tenant: &Tenant,
    headers: &HeaderMap,
    body: &[u8],
) -> Result<FinishAnswer, NotAnswered> {
    let request: FinishRequest = read(headers, body)?;
    if request.certificate.len() > MAX_CERTIFICATE_OCTETS || request.signature.len() > MAX_SIGNATURE_OCTETS {
        return Err(ErrorCode::RequestInvalid.into());
    }
    let municipality = &tenant.municipality;
    let finish_hash = finish_hash(&request);
    for _ in 0..MOST_JUDGEMENTS {
        match finish_once(gateway, municipality, &request, finish_hash).await? {
            Transition::Done(sign_in) | Transition::Same(sign_in) => {
                return repeated(gateway, &sign_in, finish_hash);
            }
            // A revocation was kept while this finish was judged: what it was judged by is not all there is.
            Transition::Conflict(SignInState::Claimed) => {}
            other => return Err(refused(&other).into()),
        }
    }
    tracing::error!(municipality = %municipality.id, "a finish was judged again and again");
    Err(ErrorCode::Internal.into())
}

/// Judges a finish and writes the outcome.
async fn finish_once(
    gateway: &Gateway,
    municipality: &Municipality,
    request: &FinishRequest,
    finish_hash: Octets<32>,
) -> Result<Transition, NotAnswered> {
    let storage = &gateway.0.storage;
    let (id, secret_hash) = (request.sign_in_id, request.claim_secret.hash());
    let sign_in =
        storage.claimed(&municipality.id, id, secret_hash).await?.ok_or(ErrorCode::SignInUnknown)?;
    if sign_in.state != SignInState::Claimed {
        // Nothing is verified for a sign-in that this request cannot change.
        return Ok(Transition::Same(Box::new(sign_in)));
    }
    let written = match prove(gateway, municipality, &sign_in, &request.certificate, &request.signature).await
    {
        Ok(Proven { proof, cleared }) => {
            storage.prove(&municipality.id, id, secret_hash, finish_hash, proof, cleared).await
        }
        Err(NotProven::StoreFailed(error)) => Err(error),
        Err(NotProven::Refused(refusal)) => {
            let Refusal { refused, cause } = *refusal;
            let code = refused.code;
            tracing::info!(municipality = %municipality.id, sign_in = %id, %code, %cause, "finish refused");
            storage.refuse(&municipality.id, id, secret_hash, finish_hash, refused).await
        }
    };
    Ok(written?)
}

/// What a finish that was decided before is answered: the same as then, and only to the same request.
fn repeated(
    gateway: &Gateway,
    sign_in: &SignIn,
    finish_hash: Octets<32>,
) -> Result<FinishAnswer, NotAnswered> {
    if sign_in.finish_hash != Some(finish_hash) {
        return Err(sign_in.state.stopped_by().unwrap_or(ErrorCode::SignInOver).into());
    }
    // Proven once, whatever has become of it since: that is the browser's to learn, not the agent's.
    if sign_in.proven_at.is_some() {
        return Ok(FinishAnswer { return_within: gateway.0.limits.proven_seconds });
    }
    Err(sign_in.state.stopped_by().unwrap_or(ErrorCode::SignInOver).into())
}

async fn cancel_inner(
    gateway: &Gateway,
    tenant: &Tenant,
    headers: &HeaderMap,
    body: &[u8],
) -> Result<Cancelled, NotAnswered> {
    let request: CancelRequest = read(headers, body)?;
    let municipality = &tenant.municipality;
    let (id, secret_hash) = (request.sign_in_id, request.claim_secret.hash());
    if !is_agents_reason(request.reason) {
        return Err(ErrorCode::RequestInvalid.into());
    }
    let cancelled = gateway.0.storage.cancel(&municipality.id, id, secret_hash, request.reason).await?;
    match cancelled {
        Transition::Done(_) => {
            tracing::info!(municipality = %municipality.id, sign_in = %id, code = %request.reason, "cancelled");
            Ok(Cancelled {})
        }
        Transition::Same(_) => Ok(Cancelled {}),
        other => Err(refused(&other).into()),
    }
}

#[derive(Serialize)]
struct Cancelled {}

/// Reasons that an agent can know. It has no say about what the gateway decides.
fn is_agents_reason(code: ErrorCode) -> bool {
    matches!(
        code,
        ErrorCode::AgentTooOld
            | ErrorCode::AutomationEnded
            | ErrorCode::CardBusy
            | ErrorCode::CardError
            | ErrorCode::CardRemoved
            | ErrorCode::CertificateExpired
            | ErrorCode::CertificateMissing
            | ErrorCode::CertificateNotYetValid
            | ErrorCode::CertificateUnusable
            | ErrorCode::Declined
            | ErrorCode::GatewayUnreachable
            | ErrorCode::Internal
            | ErrorCode::NoCard
            | ErrorCode::NoReader
            | ErrorCode::NotMyNumberCard
            | ErrorCode::PinBlocked
            | ErrorCode::PinLastTry
            | ErrorCode::PinWrong
            | ErrorCode::ReaderServiceUnavailable
            | ErrorCode::RequestInvalid
            | ErrorCode::SeveralCards
            | ErrorCode::SignInExpired
            | ErrorCode::TestCardOnly
            | ErrorCode::TooLittleTime
    )
}

/// SHA-256 over what the finish brought, each part with its length: which request this is.
fn finish_hash(request: &FinishRequest) -> Octets<32> {
    let mut octets = Vec::with_capacity(16 + request.certificate.len() + request.signature.len());
    for part in [&request.certificate, &request.signature] {
        octets.extend_from_slice(&u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
        octets.extend_from_slice(part);
    }
    sha256(&octets)
}

/// Reads a message. Pages never send these: `Origin` and Fetch Metadata are a browser's, and a form cannot make JSON.
fn read<T: DeserializeOwned>(headers: &HeaderMap, body: &[u8]) -> Result<T, ErrorCode> {
    let json = headers.get(header::CONTENT_TYPE).is_some_and(|value| value.as_bytes() == b"application/json");
    if !json || headers.contains_key(header::ORIGIN) || headers.contains_key("sec-fetch-mode") {
        return Err(ErrorCode::RequestInvalid);
    }
    serde_json::from_slice(body).map_err(|_| ErrorCode::RequestInvalid)
}

fn refused(transition: &Transition) -> ErrorCode {
    match transition {
        Transition::Conflict(state) => state.stopped_by().unwrap_or(ErrorCode::SignInOver),
        Transition::Expired => ErrorCode::SignInExpired,
        Transition::NotFound | Transition::Done(_) | Transition::Same(_) => ErrorCode::SignInUnknown,
    }
}

/// Why a message is not answered as it wishes.
enum NotAnswered {
    Code(ErrorCode),
    Store(StorageError),
}

impl From<ErrorCode> for NotAnswered {
    fn from(code: ErrorCode) -> Self {
        Self::Code(code)
    }
}

impl From<StorageError> for NotAnswered {
    fn from(error: StorageError) -> Self {
        Self::Store(error)
    }
}

fn answer<T: Serialize>(tenant: &Tenant, result: Result<T, NotAnswered>) -> Response {
    let refusal = |status, error| (status, Json(ErrorAnswer { error })).into_response();
    let mut response = match result {
        Ok(answer) => Json(answer).into_response(),
        Err(NotAnswered::Code(code)) => refusal(status(code), code),
        Err(NotAnswered::Store(error)) => {
            refusal(store_failed(&tenant.municipality.id, &error), ErrorCode::Internal)
        }
    };
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

fn status(code: ErrorCode) -> StatusCode {
    match code {
        ErrorCode::AgentTooOld => StatusCode::UPGRADE_REQUIRED,
        ErrorCode::CannotCheck | ErrorCode::Overloaded => StatusCode::SERVICE_UNAVAILABLE,
        ErrorCode::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        ErrorCode::RequestInvalid => StatusCode::BAD_REQUEST,
        ErrorCode::SignInExpired | ErrorCode::SignInOver | ErrorCode::SignInReplaced => StatusCode::GONE,
        ErrorCode::SignInUnknown => StatusCode::NOT_FOUND,
        ErrorCode::TicketUsed => StatusCode::CONFLICT,
        _ => StatusCode::FORBIDDEN,
    }
}

/// Each new one means that yet another revocation was kept meanwhile.
const MOST_JUDGEMENTS: usize = 3;
const MAX_AGENT_VERSION: usize = 64;
