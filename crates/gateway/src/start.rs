//! The button: only here does a sign-in come to exist, and the browser goes to the agent.

use axum::body::Bytes;
use axum::extract::State;
use axum::response::Response;
use http::{HeaderMap, HeaderValue, StatusCode, header};

use madoguchi_oidc::Parameters;
use madoguchi_protocol::{Display, ErrorCode, Octets, Secret, gateway_tag};
use madoguchi_storage::NewSignIn;

use crate::cookie::{CookieKind, CookieTag};
use crate::failure::PageFailure;
use crate::form::StartForm;
use crate::form_body::own_form;
use crate::page::{Delivery, StoppedPage, render, see_other};
use crate::service_error::service_error_location;
use crate::state::Gateway;
use crate::tenant::{Network, Tenant};

/// `POST /sign-in/start`: 303 to the agent's listener. Pressing again makes a new sign-in and ends the one before.
pub(crate) async fn start(
    State(gateway): State<Gateway>,
    tenant: Tenant,
    network: Network,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, PageFailure> {
    let (form, parameters) = open_form(&gateway, &tenant, &headers, &body)?;
    let port = match parameters.value("port") {
        None => gateway.0.agent_ports.first().copied(),
        Some(wish) => gateway.0.agent_ports.iter().copied().find(|port| port.to_string() == wish),
    };
    let port = port.ok_or_else(|| tenant.failure(ErrorCode::RequestInvalid))?;
    let municipality = &tenant.municipality;
    let service = tenant.service_to_answer(&gateway, &form.request).await?;
    let display = Display::new(&form.comparison_code, &municipality.display_texts(&service)).map_err(|error| {
        // `config check` refuses such texts; this is for a configuration that nobody checked.
        tracing::error!(municipality = %municipality.id, client_id = %form.request.client_id, %error, "display");
        tenant.failure(ErrorCode::Internal)
    })?;

    let random = &*gateway.0.random;
    let internal = |_| tenant.failure(ErrorCode::Internal);
    let ticket = Secret::<32>::generate(random).map_err(internal)?;
    let new = NewSignIn {
        id: Octets::generate(random).map_err(internal)?,
        municipality: municipality.id.clone(),
        browser_hash: form.browser_hash,
        ticket_hash: ticket.hash(),
        nonce: Octets::generate(random).map_err(internal)?,
        request: form.request,
        display: display.to_der(),
        lang: form.lang,
        network: municipality.keys.network_name(&network.prefix),
        address: network.address.filter(|_| gateway.0.audit_addresses).map(|address| address.to_string()),
    };
    let sign_in = gateway.0.storage.start(new).await.map_err(|error| tenant.storage_failure(&error))?;
    tracing::info!(municipality = %municipality.id, sign_in = %sign_in.new.id, "sign-in started");

    let tag = gateway_tag(&municipality.origin);
    let mut response = see_other(&format!("http://127.0.0.1:{port}/t/{tag}/{}", *ticket.encode()));
    // A redirect's own policy governs the request that follows it, and the agent wants to see our origin there.
    response.headers_mut().insert(header::REFERRER_POLICY, HeaderValue::from_static("origin"));
    Ok(response)
}

/// `POST /sign-in/decline`: the resident goes back without a sign-in. A page comes first and goes on by link and
/// refresh, because a form's whole redirect chain is judged by this page's `form-action`.
pub(crate) async fn decline(
    State(gateway): State<Gateway>,
    tenant: Tenant,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, PageFailure> {
    let (form, _) = open_form(&gateway, &tenant, &headers, &body)?;
    let municipality = &tenant.municipality;
    let storage = &gateway.0.storage;
    let newest = storage
        .newest_of_browser(&municipality.id, form.browser_hash)
        .await
        .map_err(|error| tenant.storage_failure(&error))?;
    // What stopped before tells why; otherwise the resident has just said no.
    let code = newest.as_ref().and_then(|sign_in| sign_in.state.stopped_by()).unwrap_or(ErrorCode::Declined);
    if let Some(sign_in) = newest.filter(|sign_in| sign_in.state.is_open()) {
        // Whatever it answers, the browser goes back: a sign-in that is over already needs no ending.
        let _ = storage
            .cancel_by_browser(&municipality.id, sign_in.new.id, form.browser_hash)
            .await
            .map_err(|error| tenant.storage_failure(&error))?;
    }
    if let Some(pushed) = form.request.pushed {
        // Whether it could still have been used does not matter: from now on it cannot.
        let _ = storage
            .finish_pushed_request(&municipality.id, Octets(pushed.0))
            .await
            .map_err(|error| tenant.storage_failure(&error))?;
    }
    let issuer = municipality.origin.as_str();
    let may_go_back = municipality.may_answer(&form.request);
    let location = may_go_back.then(|| service_error_location(&form.request, code, issuer));
    let frame = tenant.frame_in(form.lang);
    let page = StoppedPage {
        title: frame.texts.declined_title.clone(),
        what: frame.texts.declined_text.clone(),
        action: String::new(),
        again: None,
        back: location.clone(),
        code: None,
        alarm: false,
        frame,
    };
    let mut response = render(&page, Delivery::plain(StatusCode::OK));
    if let Some(location) = location
        && let Ok(refresh) = HeaderValue::from_str(&format!("3; url={location}"))
    {
        response.headers_mut().insert(header::REFRESH, refresh);
    }
    // The cookie stays: were the agent's tab to come back now without it, it would look like another browser's.
    Ok(response)
}

/// The sealed form with the cookie it belongs to. Either alone is nothing: a form without its cookie may come from
/// another site, and the request starts again at the service.
fn open_form(
    gateway: &Gateway,
    tenant: &Tenant,
    headers: &HeaderMap,
    body: &[u8],
) -> Result<(StartForm, Parameters), PageFailure> {
    let parameters = own_form(headers, body).map_err(|_| tenant.failure(ErrorCode::RequestInvalid))?;
    let now = gateway.0.clock.now().as_secs();
    let form = parameters
        .value("sealed")
        .and_then(|sealed| StartForm::open(sealed, &tenant.municipality.keys.flow, now))
        .ok_or_else(|| tenant.failure(ErrorCode::FormExpired))?;
    let cookie = CookieTag::parse(&form.tag).and_then(|tag| CookieKind::Browser.with_tag(headers, &tag));
    if cookie != Some(form.browser_hash) {
        return Err(tenant.failure(ErrorCode::FormExpired));
    }
    Ok((form, parameters))
}
