//! `/logout` (OpenID Connect RP-Initiated Logout 1.0): a service sends the browser here to sign out. The resident is asked
//! first, always; whatever is wrong with the service's request keeps the browser here afterwards and is logged.
//!
//! What ends is the session of this browser's cookie. An `id_token_hint` says which service asks, so where the browser
//! goes afterwards, and no more: ID tokens travel in addresses, and whoever finds one signs nobody out with it.

use axum::body::Bytes;
use axum::extract::{RawQuery, State};
use axum::response::Response;
use http::{HeaderMap, StatusCode, header};
use serde::{Deserialize, Serialize};

use madoguchi_oidc::{EndSessionError, EndSessionRequest, Parameters};
use madoguchi_protocol::{ErrorCode, Lang, Octets};
use madoguchi_storage::{EndedBy, SessionSelection};

use crate::failure::PageFailure;
use crate::form_body::{own_form, urlencoded};
use crate::id_token_hint::hint_of;
use crate::municipality::Service;
use crate::page::{Delivery, render};
use crate::sealed_form::{SealedForm, open_form, seal_form};
use crate::session_cookie::{clear_session, session_hash};
use crate::session_pages::{LogoutPage, OnwardPage};
use crate::sso::{READ_SECONDS, onward};
use crate::state::Gateway;
use crate::tenant::Tenant;

/// What the question carries to its button.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct LogoutForm {
    /// SHA-256 of the secret in the cookie that the browser had; a POST from a service brings none.
    session: Option<Octets<32>>,
    /// Where the browser goes afterwards.
    location: Option<String>,
    lang: Lang,
}

impl SealedForm for LogoutForm {
    const USE: &'static str = "logout-form-v1";
}

/// `GET /logout`.
pub(crate) async fn get(
    State(gateway): State<Gateway>,
    tenant: Tenant,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, PageFailure> {
    let parameters = Parameters::from_urlencoded(query.unwrap_or_default().as_bytes())
        .map_err(|_| tenant.failure(ErrorCode::RequestInvalid))?;
    logout(&gateway, &tenant, session_hash(&headers), false, &parameters).await
}

/// `POST /logout`, form encoded (section 2).
pub(crate) async fn post(
    State(gateway): State<Gateway>,
    tenant: Tenant,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, PageFailure> {
    let parameters = urlencoded(&headers, &body).map_err(|_| tenant.failure(ErrorCode::RequestInvalid))?;
    // A browser sends no cookie of ours with another site's form: whether it has one is not known.
    logout(&gateway, &tenant, session_hash(&headers), true, &parameters).await
}

async fn logout(
    gateway: &Gateway,
    tenant: &Tenant,
    session: Option<Octets<32>>,
    may_have_one: bool,
    parameters: &Parameters,
) -> Result<Response, PageFailure> {
    let request = EndSessionRequest::read(parameters);
    let municipality = &tenant.municipality;
    let hint = request.id_token_hint.and_then(|hint| hint_of(tenant, hint));
    let service = match &hint {
        Some(claims) => gateway.service(municipality, &claims.aud).await,
        None => None,
    };
    let location =
        request.location(service.as_ref().map(|service| &*service.client)).unwrap_or_else(|error| {
            tell_refused(gateway, &municipality.id, service.as_deref(), error);
            None
        });
    let mut locales = request.ui_locales.split(' ').filter(|locale| !locale.is_empty()).peekable();
    let lang = if locales.peek().is_none() { tenant.lang } else { Lang::choose(locales) };
    let form = LogoutForm { session, location, lang };
    // Nobody is signed in in this browser: there is nothing to ask.
    if session.is_none() && !may_have_one {
        return Ok(signed_out(tenant, form));
    }
    let now = gateway.0.clock.now().as_secs();
    let sealed = seal_form(&form, &municipality.keys.flow, &*gateway.0.random, now)
        .map_err(|_| tenant.failure(ErrorCode::Internal))?;
    let frame = tenant.frame_in(lang);
    let asked_by = |name: &str| frame.texts.logout_asked_by.replace("{service}", name);
    let page =
        LogoutPage { asked_by: service.map(|service| asked_by(service.name.get(lang))), sealed, frame };
    Ok(render(&page, Delivery::plain(StatusCode::OK)))
}

/// Why the browser stays here, for the operator of a service that asked by an ID token of its own. Anybody else may send
/// anything.
fn tell_refused(gateway: &Gateway, municipality: &str, service: Option<&Service>, error: EndSessionError) {
    let Some(service) = service else {
        if let Some(left_out) = gateway.may_tell("logout_request_unverified", municipality, None) {
            tracing::debug!(%municipality, %error, left_out, "after signing out the browser stays here");
        }
        return;
    };
    let client_id = service.client.id.as_str();
    if let Some(left_out) = gateway.may_tell("logout_request_refused", municipality, Some(client_id)) {
        tracing::warn!(%municipality, %client_id, %error, left_out, "after signing out the browser stays here");
    }
}

/// `POST /logout/confirm`: ends the session whose cookie this browser holds, with all that belong to it, and none without.
/// A 200 page goes on to the service, because a form's redirect chain must not reach it.
pub(crate) async fn confirm(
    State(gateway): State<Gateway>,
    tenant: Tenant,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, PageFailure> {
    let parameters = own_form(&headers, &body).map_err(|_| tenant.failure(ErrorCode::RequestInvalid))?;
    let municipality = &tenant.municipality;
    let now = gateway.0.clock.now().as_secs();
    let cookie = session_hash(&headers);
    // A form that knows of no cookie (it came of a service's POST, which brings none) ends the one of now, if the button
    // was pressed on this origin's page.
    let form = parameters
        .value("sealed")
        .and_then(|sealed| open_form::<LogoutForm>(sealed, &municipality.keys.flow, now))
        .filter(|form| form.session.is_none() || form.session == cookie)
        .filter(|_| from_own_page(&headers))
        .ok_or_else(|| tenant.failure(ErrorCode::FormExpired))?;
    let mut response = signed_out(&tenant, form);
    if let Some(cookie) = cookie {
        let selection = SessionSelection::Cookie(cookie);
        let ended = gateway.0.storage.end_sessions(&municipality.id, selection, EndedBy::Service).await;
        let ended = ended.map_err(|error| tenant.storage_failure(&error))?;
        tracing::info!(municipality = %municipality.id, ended, "signed out");
        response.headers_mut().append(header::SET_COOKIE, clear_session());
    }
    Ok(response)
}

fn signed_out(tenant: &Tenant, form: LogoutForm) -> Response {
    let frame = tenant.frame_in(form.lang);
    let what = match form.location {
        Some(_) => &frame.texts.declined_text,
        None => &frame.texts.signed_out_text,
    };
    let (title, what) = (frame.texts.signed_out_title.clone(), what.clone());
    onward(&OnwardPage { frame, title, what, onward: form.location }, READ_SECONDS)
}

/// Fetch Metadata: browsers that send none are taken at their word.
fn from_own_page(headers: &HeaderMap) -> bool {
    headers.get_all("sec-fetch-site").iter().all(|site| site == "same-origin")
}
