//! Single sign-on inside one municipality: what a live session of the browser answers, and how.
//!
//! It is used only after a page that says when the card was shown, for which service, and offers another person; the one
//! exception is `prompt=none`, which is no use by the resident and renews nothing. At every use the certificate is asked about again.

use axum::body::Bytes;
use axum::extract::State;
use axum::response::Response;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use serde::{Deserialize, Serialize};

use madoguchi_oidc::{
    AuthorizationCode, AuthorizationRequest, CODE_SECONDS, Client, CodeGrant, Description, Interaction,
    LiveSession, OAuthError, error_location, interaction, pairwise_sid, pairwise_sub, success_location,
};
use madoguchi_protocol::{ErrorCode, Lang, Octets};
use madoguchi_storage::{AccountId, NewCode, SessionAnswer, SessionRecord};

use crate::authorize::start_page;
use crate::failure::PageFailure;
use crate::form_body::own_form;
use crate::municipality::{Municipality, Service};
use crate::navigation::may_answer_silently;
use crate::page::{Delivery, render, see_other};
use crate::sealed_form::{SealedForm, open_form, seal_form};
use crate::service_error::service_error_location;
use crate::session_cookie::session_hash;
use crate::session_pages::{OfferPage, OnwardPage};
use crate::session_use::{AskOcsp, SessionUse, use_session};
use crate::state::Gateway;
use crate::tenant::Tenant;
use crate::when::when;

/// What the offer's form carries from `/authorize` to its buttons.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct OfferForm {
    request: AuthorizationRequest,
    /// SHA-256 of the secret in the cookie that must come with it.
    session: Octets<32>,
    lang: Lang,
}

impl SealedForm for OfferForm {
    const USE: &'static str = "offer-form-v1";
}

/// The browser's session, and what its cookie's secret hashes to.
pub(crate) struct BrowserSession {
    pub(crate) hash: Octets<32>,
    pub(crate) record: SessionRecord,
}

/// The session of this browser that may be used now: live, not idle for too long, its certificate not revoked. When it
/// cannot be asked about, it is not used: a card will do.
pub(crate) async fn browser_session(
    gateway: &Gateway,
    tenant: &Tenant,
    headers: &HeaderMap,
    ask: AskOcsp,
) -> Result<Option<BrowserSession>, PageFailure> {
    let Some(hash) = session_hash(headers) else { return Ok(None) };
    let municipality = &tenant.municipality;
    let found = gateway.0.storage.find_browser_session(&municipality.id, hash).await;
    let Some(record) = found.map_err(|error| tenant.storage_failure(&error))? else { return Ok(None) };
    match use_session(gateway, municipality, &record, ask).await {
        SessionUse::GoesOn => Ok(Some(BrowserSession { hash, record })),
        SessionUse::CannotCheck | SessionUse::Ended | SessionUse::Failed => Ok(None),
    }
}

/// What a checked request comes to in this browser.
pub(crate) async fn route(
    gateway: &Gateway,
    tenant: &Tenant,
    headers: &HeaderMap,
    service: &Service,
    request: AuthorizationRequest,
) -> Result<Response, PageFailure> {
    let session = browser_session(gateway, tenant, headers, AskOcsp::ItMustAnswer).await?;
    match (decide(gateway, tenant, service, &request, session.as_ref())?, session) {
        (Interaction::Refuse(error, description), _) => {
            Ok(see_other(&refusal(tenant, &request, error, description)))
        }
        // Before anybody looks for their card.
        _ if !gateway.can_sign(&tenant.municipality, service.client.id_token_alg).await => {
            let client = &service.client;
            gateway.tell_no_key(&tenant.municipality, Some(&client.id), client.id_token_alg);
            let issuer = tenant.municipality.origin.as_str();
            Ok(see_other(&service_error_location(&request, ErrorCode::NoSigningKey, issuer)))
        }
        (Interaction::OfferSession, Some(session)) => offer(gateway, tenant, service, request, &session),
        // What a browser loads ahead, or as a picture of some page, is nobody's wish to sign in.
        (Interaction::AnswerNow, Some(_)) if !may_answer_silently(headers) => {
            const UNASKED: Description = Description::new("this is no navigation");
            Ok(see_other(&refusal(tenant, &request, OAuthError::LoginRequired, UNASKED)))
        }
        (Interaction::AnswerNow, Some(session)) => {
            // It may have ended this very moment.
            let location =
                answer(gateway, tenant, &request, session.hash, None).await?.unwrap_or_else(|| {
                    const GONE: Description = Description::new("nobody is signed in any more");
                    refusal(tenant, &request, OAuthError::LoginRequired, GONE)
                });
            Ok(see_other(&location))
        }
        (Interaction::AskCard | Interaction::OfferSession | Interaction::AnswerNow, _) => {
            start_page(gateway, tenant, headers, service, request)
        }
    }
}

fn decide(
    gateway: &Gateway,
    tenant: &Tenant,
    service: &Service,
    request: &AuthorizationRequest,
    session: Option<&BrowserSession>,
) -> Result<Interaction, PageFailure> {
    let now = gateway.0.clock.now().as_secs();
    let Some(BrowserSession { record, .. }) = session else { return Ok(interaction(request, None, now)) };
    let sub = sub_at(&tenant.municipality, &service.client, record.account)
        .ok_or_else(|| tenant.failure(ErrorCode::Internal))?;
    let live = LiveSession { auth_time: record.auth_time.as_secs(), sub: &sub };
    Ok(interaction(request, Some(&live), now))
}

fn refusal(
    tenant: &Tenant,
    request: &AuthorizationRequest,
    error: OAuthError,
    description: Description,
) -> String {
    let issuer = tenant.municipality.origin.as_str();
    error_location(&request.redirect_uri, error, description, request.state.as_deref(), issuer)
}

/// The page that asks. Its forms lead to this origin alone.
fn offer(
    gateway: &Gateway,
    tenant: &Tenant,
    service: &Service,
    request: AuthorizationRequest,
    session: &BrowserSession,
) -> Result<Response, PageFailure> {
    let lang = if request.ui_locales.is_empty() {
        tenant.lang
    } else {
        Lang::choose(request.ui_locales.iter().map(String::as_str))
    };
    let form = OfferForm { request, session: session.hash, lang };
    let now = gateway.0.clock.now().as_secs();
    let sealed = seal_form(&form, &tenant.municipality.keys.flow, &*gateway.0.random, now)
        .map_err(|_| tenant.failure(ErrorCode::Internal))?;
    let frame = tenant.frame_in(lang);
    let record = &session.record;
    let name = service.name.get(lang);
    let page = OfferPage {
        lead: frame
            .texts
            .offer_lead
            .replace("{when}", &when(record.auth_time, lang))
            .replace("{service}", service_name(tenant, &record.client_id, lang)),
        asks: frame.texts.offer_asks.replace("{service}", name),
        service: name.to_owned(),
        purpose: service.purpose.get(lang).to_owned(),
        sealed,
        frame,
    };
    let mut response = render(&page, Delivery::plain(StatusCode::OK));
    response.headers_mut().insert(header::VARY, HeaderValue::from_static("Accept-Language, Cookie"));
    Ok(response)
}

/// The pairwise `sub` of an account at a client.
pub(crate) fn sub_at(municipality: &Municipality, client: &Client, account: AccountId) -> Option<String> {
    let AccountId(Octets(account)) = account;
    Some(pairwise_sub(&municipality.keys.subject_salt, &client.sector_identifier()?, &account))
}

/// The `sid` of a session at a client: what it hears in ID tokens and logout tokens. The session's own name leaves this
/// house nowhere.
pub(crate) fn sid_at(municipality: &Municipality, client: &Client, sid: Octets<16>) -> Option<String> {
    Some(pairwise_sid(&municipality.keys.subject_salt, &client.sector_identifier()?, &sid.0))
}

/// The name of a service as residents know it; one that was removed since is told by its client id.
pub(crate) fn service_name<'a>(tenant: &'a Tenant, client_id: &'a str, lang: Lang) -> &'a str {
    tenant.municipality.services.get(client_id).map_or(client_id, |service| service.name.get(lang))
}

/// `POST /session/continue`: the answer, in a 200 page that goes on by itself, because a form's whole redirect chain is
/// judged by its page's `form-action`.
pub(crate) async fn go_on(
    State(gateway): State<Gateway>,
    tenant: Tenant,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, PageFailure> {
    let (form, service) = open(&gateway, &tenant, &headers, &body).await?;
    let session = browser_session(&gateway, &tenant, &headers, AskOcsp::ItMustAnswer).await?;
    // Decided again: since the page was shown time has passed, and the certificate may have been revoked.
    let decided = decide(&gateway, &tenant, &service, &form.request, session.as_ref())?;
    let location = match (decided, session) {
        (Interaction::OfferSession, Some(session)) => {
            let idle = Some(gateway.0.session_limits.idle_seconds);
            answer(&gateway, &tenant, &form.request, session.hash, idle).await?
        }
        _ => None,
    };
    match location {
        Some(location) => {
            let frame = tenant.frame_in(form.lang);
            let (title, what) = (frame.texts.onward_title.clone(), frame.texts.onward_text.clone());
            Ok(onward(&OnwardPage { frame, title, what, onward: Some(location) }, GO_ON_SECONDS))
        }
        None => start_page(&gateway, &tenant, &headers, &service, form.request),
    }
}

/// `POST /session/other`: the start page, for a card.
pub(crate) async fn other(
    State(gateway): State<Gateway>,
    tenant: Tenant,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, PageFailure> {
    let (form, service) = open(&gateway, &tenant, &headers, &body).await?;
    start_page(&gateway, &tenant, &headers, &service, form.request)
}

/// `POST /session/decline`: back to the service without a sign-in. The session stays.
pub(crate) async fn decline(
    State(gateway): State<Gateway>,
    tenant: Tenant,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, PageFailure> {
    let (form, _) = open(&gateway, &tenant, &headers, &body).await?;
    let issuer = tenant.municipality.origin.as_str();
    let location = service_error_location(&form.request, ErrorCode::Declined, issuer);
    let frame = tenant.frame_in(form.lang);
    let (title, what) = (frame.texts.declined_title.clone(), frame.texts.declined_text.clone());
    Ok(onward(&OnwardPage { frame, title, what, onward: Some(location) }, READ_SECONDS))
}

/// The sealed form with the cookie it belongs to. Either alone is nothing.
async fn open(
    gateway: &Gateway,
    tenant: &Tenant,
    headers: &HeaderMap,
    body: &[u8],
) -> Result<(OfferForm, std::sync::Arc<Service>), PageFailure> {
    let parameters = own_form(headers, body).map_err(|_| tenant.failure(ErrorCode::RequestInvalid))?;
    let now = gateway.0.clock.now().as_secs();
    let form = parameters
        .value("sealed")
        .and_then(|sealed| open_form::<OfferForm>(sealed, &tenant.municipality.keys.flow, now))
        .filter(|form| session_hash(headers) == Some(form.session))
        .ok_or_else(|| tenant.failure(ErrorCode::FormExpired))?;
    let service = tenant.service_to_answer(gateway, &form.request).await?;
    Ok((form, service))
}

/// Where the answer leads. `None` when the session is over. A request that was pushed gets one: the button again is a page,
/// as its reference is again at `/authorize`.
async fn answer(
    gateway: &Gateway,
    tenant: &Tenant,
    request: &AuthorizationRequest,
    session: Octets<32>,
    idle: Option<u64>,
) -> Result<Option<String>, PageFailure> {
    let code =
        AuthorizationCode::generate(&*gateway.0.random).map_err(|_| tenant.failure(ErrorCode::Internal))?;
    let new_code =
        NewCode { hash: Octets(code.hash()), grant: CodeGrant::from(request), lifetime: CODE_SECONDS };
    let municipality = &tenant.municipality;
    let answered = gateway.0.storage.answer_in_session(&municipality.id, session, idle, new_code).await;
    let answered = answered.map_err(|error| tenant.storage_failure(&error))?;
    let record = match answered {
        SessionAnswer::Answered(record) => record,
        SessionAnswer::NoSession => return Ok(None),
        SessionAnswer::RequestFinished => return Err(tenant.failure(ErrorCode::FormExpired)),
        SessionAnswer::TooMany => {
            const TOO_MANY: Description = Description::new("this session was answered too often in a minute");
            return Ok(Some(refusal(tenant, request, OAuthError::TemporarilyUnavailable, TOO_MANY)));
        }
    };
    let client_id = &request.client_id;
    tracing::info!(municipality = %municipality.id, sign_in = %record.sign_in, %client_id, "answered in a session");
    let issuer = municipality.origin.as_str();
    Ok(Some(success_location(&request.redirect_uri, &code, request.state.as_deref(), issuer)))
}

/// A page that goes on by itself after some seconds.
pub(crate) fn onward(page: &OnwardPage, seconds: u8) -> Response {
    let mut response = render(page, Delivery::plain(StatusCode::OK));
    if let Some(location) = &page.onward
        && let Ok(refresh) = HeaderValue::from_str(&format!("{seconds}; url={location}"))
    {
        response.headers_mut().insert(header::REFRESH, refresh);
    }
    response
}

/// The resident just said so: there is nothing to read.
const GO_ON_SECONDS: u8 = 0;
/// As long as it takes to read one line.
pub(crate) const READ_SECONDS: u8 = 3;
