//! `/authorize` (OpenID Connect Core section 3.1.2): checks the request and shows the start page. Nothing is stored.
//!
//! A form that another site sends brings none of our cookies (SameSite=Lax), so a POST would see no session, and no cookie that
//! must make room for one more. It is checked and goes on as the same request by GET, which brings them.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{RawQuery, State};
use axum::response::Response;
use http::{HeaderMap, HeaderValue, StatusCode, header};

use madoguchi_oidc::{
    AuthorizationError, AuthorizationRequest, Description, OAuthError, PATH_AUTHORIZE, Parameters,
    RequestReference,
};
use madoguchi_protocol::{ErrorCode, Lang, Octets, Secret, comparison_code};

use crate::cookie::{CookieKind, CookieTag};
use crate::failure::PageFailure;
use crate::form::StartForm;
use crate::form_body::urlencoded;
use crate::id_token_hint::hint_of;
use crate::log_bound::cut;
use crate::municipality::Service;
use crate::page::{Delivery, StartPage, render, see_other};
use crate::sso;
use crate::state::Gateway;
use crate::tenant::Tenant;

/// `GET /authorize`.
pub(crate) async fn get(
    State(gateway): State<Gateway>,
    tenant: Tenant,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, PageFailure> {
    let parameters = Parameters::from_urlencoded(query.unwrap_or_default().as_bytes())
        .map_err(|_| tenant.failure(ErrorCode::RequestInvalid))?;
    match checked(&gateway, &tenant, &parameters).await? {
        Checked::Refused(answer) => Ok(answer),
        Checked::Request(service, request) => {
            sso::route(&gateway, &tenant, &headers, &service, *request).await
        }
    }
}

/// `POST /authorize`, form encoded (OpenID Connect Core section 3.1.2.1). A query beside the form would be a second
/// place for parameters, so there is none.
pub(crate) async fn post(
    State(gateway): State<Gateway>,
    tenant: Tenant,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, PageFailure> {
    let invalid = || tenant.failure(ErrorCode::RequestInvalid);
    if query.is_some_and(|query| !query.is_empty()) {
        return Err(invalid());
    }
    let parameters = urlencoded(&headers, &body).map_err(|_| invalid())?;
    match checked(&gateway, &tenant, &parameters).await? {
        Checked::Refused(answer) => Ok(answer),
        Checked::Request(..) => {
            let query = AuthorizationRequest::query_of(&parameters);
            // A service with that much to say pushes it.
            if query.len() > MOST_QUERY_OCTETS {
                return Err(invalid());
            }
            Ok(see_other(&format!("{PATH_AUTHORIZE}?{query}")))
        }
    }
}

/// What the parameters come to, whichever way they came.
enum Checked {
    /// A request that every rule lets pass, of this service.
    Request(Arc<Service>, Box<AuthorizationRequest>),
    /// The service hears why not.
    Refused(Response),
}

async fn checked(
    gateway: &Gateway,
    tenant: &Tenant,
    parameters: &Parameters,
) -> Result<Checked, PageFailure> {
    let client_id =
        AuthorizationRequest::client_id(parameters).map_err(|_| tenant.failure(ErrorCode::RequestInvalid))?;
    let service = gateway.service(&tenant.municipality, client_id).await.ok_or_else(|| {
        tell_client_unknown(gateway, tenant, client_id);
        tenant.failure(ErrorCode::ClientUnknown)
    })?;
    let request = match parameters.value("request_uri").and_then(RequestReference::from_uri) {
        Some(reference) => Ok(pushed(gateway, tenant, &service, &reference).await?),
        None => sent_by_browser(tenant, &service, parameters),
    };
    match request {
        Ok(request) => Ok(Checked::Request(service, Box::new(request))),
        Err(AuthorizationError::Redirectable(refusal)) => {
            Ok(Checked::Refused(see_other(&refusal.location(tenant.municipality.origin.as_str()))))
        }
        Err(AuthorizationError::RedirectUriUnregistered | AuthorizationError::RedirectUriMissing) => {
            tell_redirect_uri_unregistered(gateway, tenant, client_id, parameters.value("redirect_uri"));
            Err(tenant.failure(ErrorCode::RedirectUriUnregistered))
        }
        Err(_) => Err(tenant.failure(ErrorCode::RequestInvalid)),
    }
}

/// The commonest mistakes of a new service, and only the operator can be told what came. It is a stranger's text: quoted,
/// cut, and not more often than once a second.
fn tell_client_unknown(gateway: &Gateway, tenant: &Tenant, client_id: &str) {
    let id = &tenant.municipality.id;
    if let Some(left_out) = gateway.may_tell("client_unknown", id, None) {
        let client_id = cut(client_id);
        tracing::info!(municipality = %id, ?client_id, left_out, "authorization request refused: client_unknown");
    }
}

/// See [`tell_client_unknown`].
fn tell_redirect_uri_unregistered(
    gateway: &Gateway,
    tenant: &Tenant,
    client_id: &str,
    redirect_uri: Option<&str>,
) {
    let id = &tenant.municipality.id;
    if let Some(left_out) = gateway.may_tell("redirect_uri_unregistered", id, Some(client_id)) {
        let redirect_uri = redirect_uri.map_or("", cut);
        tracing::info!(municipality = %id, %client_id, ?redirect_uri, left_out, "authorization request refused: redirect_uri_unregistered");
    }
}

/// The request that this client pushed. Nothing that stands beside the reference is read, so that nobody can add to what
/// was pushed. Unknown, over, finished and another client's are one answer: a page, since no address is known.
async fn pushed(
    gateway: &Gateway,
    tenant: &Tenant,
    service: &Service,
    reference: &RequestReference,
) -> Result<AuthorizationRequest, PageFailure> {
    let hash = reference.hash();
    let found = gateway
        .0
        .storage
        .find_pushed_request(&tenant.municipality.id, Octets(hash.0))
        .await
        .map_err(|error| tenant.storage_failure(&error))?;
    found
        .map(|pushed| AuthorizationRequest { pushed: Some(hash), ..pushed.request })
        // The registration may have changed since, as little as a minute and a half is.
        .filter(|request| service.may_be_answered(request))
        .ok_or_else(|| tenant.failure(ErrorCode::FormExpired))
}

/// The request in the parameters themselves.
fn sent_by_browser(
    tenant: &Tenant,
    service: &Service,
    parameters: &Parameters,
) -> Result<AuthorizationRequest, AuthorizationError> {
    let request = AuthorizationRequest::parse(parameters, &service.client)?;
    if service.client.require_pushed {
        return Err(request.refuse(
            OAuthError::InvalidRequest,
            const { Description::new("this client pushes its requests") },
        ));
    }
    with_hint(tenant, parameters, request)
}

/// Reads the `id_token_hint` that came with a request: an ID token of ours for this client, expired or not.
pub(crate) fn with_hint(
    tenant: &Tenant,
    parameters: &Parameters,
    request: AuthorizationRequest,
) -> Result<AuthorizationRequest, AuthorizationError> {
    let Some(hint) = parameters.value("id_token_hint") else {
        return Ok(request);
    };
    let claims = hint_of(tenant, hint).filter(|claims| claims.aud == request.client_id);
    request.hint(claims.as_ref().map(|claims| claims.sub.as_str()))
}

/// The page with the button, for whoever must show a card.
pub(crate) fn start_page(
    gateway: &Gateway,
    tenant: &Tenant,
    headers: &HeaderMap,
    service: &Service,
    request: AuthorizationRequest,
) -> Result<Response, PageFailure> {
    let random = &*gateway.0.random;
    let internal = || tenant.failure(ErrorCode::Internal);
    let lang = if request.ui_locales.is_empty() {
        tenant.lang
    } else {
        Lang::choose(request.ui_locales.iter().map(String::as_str))
    };
    let tag = CookieTag::generate(random).map_err(|_| internal())?;
    let browser_secret = Secret::<32>::generate(random).map_err(|_| internal())?;
    let Octets(words) = Octets::<2>::generate(random).map_err(|_| internal())?;
    let form = StartForm {
        request,
        comparison_code: comparison_code(words),
        tag: tag.as_str().to_owned(),
        browser_hash: browser_secret.hash(),
        lang,
        sealed_at: gateway.0.clock.now().as_secs(),
    };
    let sealed = form.seal(&tenant.municipality.keys.flow, random).map_err(|_| internal())?;
    let frame = tenant.frame_in(lang);
    let name = service.name.get(lang);
    let page = StartPage {
        lead: frame.texts.start_lead.replace("{service}", name),
        service: name.to_owned(),
        purpose: service.purpose.get(lang).to_owned(),
        comparison_code: form.comparison_code,
        sealed,
        tag: form.tag,
        other_ports: gateway.0.agent_ports.iter().skip(1).copied().collect(),
        frame,
    };
    let targets = gateway.agent_origins();
    // The agent goes on at once only when the browser says that it comes from this origin.
    let delivery = Delivery { status: StatusCode::OK, form_targets: &targets, referrer: "origin" };
    let mut response = render(&page, delivery);
    let response_headers = response.headers_mut();
    for gone in
        CookieKind::Browser.make_room(headers).into_iter().chain(CookieKind::Session.make_room(headers))
    {
        response_headers.append(header::SET_COOKIE, gone);
    }
    response_headers.append(header::SET_COOKIE, CookieKind::Browser.set(&tag, &browser_secret));
    response_headers.insert(header::VARY, HeaderValue::from_static("Accept-Language, Cookie"));
    Ok(response)
}

/// As an address it must pass every server on its way, and those take far less.
const MOST_QUERY_OCTETS: usize = 32 * 1024;
