//! `/authorize` (OpenID Connect Core section 3.1.2): checks the request and shows the start page. Nothing is stored.

use axum::body::Bytes;
use axum::extract::{RawQuery, State};
use axum::response::Response;
use http::{HeaderMap, HeaderValue, StatusCode, header};

use madoguchi_oidc::{
    AuthorizationError, AuthorizationRequest, Description, OAuthError, Parameters, Prompt, error_location,
};
use madoguchi_protocol::{ErrorCode, Lang, Octets, Secret, comparison_code};

use crate::cookie::{CookieKind, CookieTag};
use crate::failure::PageFailure;
use crate::form::StartForm;
use crate::municipality::Service;
use crate::page::{Delivery, StartPage, render, see_other};
use crate::state::Gateway;
use crate::tenant::Tenant;

/// `GET /authorize`.
pub(crate) async fn get(
    State(gateway): State<Gateway>,
    tenant: Tenant,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, PageFailure> {
    authorize(&gateway, &tenant, &headers, query.unwrap_or_default().as_bytes())
}

/// `POST /authorize`, form encoded (OpenID Connect Core section 3.1.2.1).
pub(crate) async fn post(
    State(gateway): State<Gateway>,
    tenant: Tenant,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, PageFailure> {
    authorize(&gateway, &tenant, &headers, &body)
}

fn authorize(
    gateway: &Gateway,
    tenant: &Tenant,
    headers: &HeaderMap,
    encoded: &[u8],
) -> Result<Response, PageFailure> {
    let parameters =
        Parameters::from_urlencoded(encoded).map_err(|_| tenant.failure(ErrorCode::RequestInvalid))?;
    let client_id = AuthorizationRequest::client_id(&parameters)
        .map_err(|_| tenant.failure(ErrorCode::RequestInvalid))?;
    let service = tenant
        .municipality
        .services
        .get(client_id)
        .ok_or_else(|| tenant.failure(ErrorCode::ClientUnknown))?;
    let issuer = tenant.municipality.origin.as_str();
    let request = match AuthorizationRequest::parse(&parameters, &service.client) {
        Ok(request) => request,
        Err(AuthorizationError::Redirectable(refusal)) => return Ok(see_other(&refusal.location(issuer))),
        Err(AuthorizationError::RedirectUriUnregistered | AuthorizationError::RedirectUriMissing) => {
            return Err(tenant.failure(ErrorCode::RedirectUriUnregistered));
        }
        Err(_) => return Err(tenant.failure(ErrorCode::RequestInvalid)),
    };
    if request.prompt.contains(&Prompt::None) {
        // Every sign-in shows a card; there is nothing to answer without showing a page.
        return Ok(see_other(&error_location(
            &request.redirect_uri,
            OAuthError::LoginRequired,
            const { Description::new("no page may be shown, and nobody is signed in") },
            request.state.as_deref(),
            issuer,
        )));
    }
    start_page(gateway, tenant, headers, service, request)
}

fn start_page(
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
