//! `/sessions`: where a resident sees what they are signed in to, and ends it. For whoever has a live session in this
//! browser, and of that account alone.

use axum::body::Bytes;
use axum::extract::State;
use axum::response::Response;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use serde::{Deserialize, Serialize};

use madoguchi_protocol::{ErrorCode, Lang, Octets};
use madoguchi_storage::{EndedBy, ListedSession, SessionSelection};

use crate::failure::PageFailure;
use crate::form_body::own_form;
use crate::page::{Delivery, render, see_other};
use crate::sealed_form::{SealedForm, open_form, seal_form};
use crate::session_cookie::{clear_session, session_hash};
use crate::session_pages::{SessionRow, SessionService, SessionsPage};
use crate::session_use::AskOcsp;
use crate::sso::{BrowserSession, browser_session, service_name};
use crate::state::Gateway;
use crate::tenant::Tenant;
use crate::when::when;

/// What a button of the page ends.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct EndForm {
    /// SHA-256 of the secret in the cookie that must come with it.
    session: Octets<32>,
    end: End,
}

#[derive(Clone, Copy, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum End {
    All,
    /// The sessions of one browser, by the `sid` of one of them.
    Browser(Octets<16>),
}

impl SealedForm for EndForm {
    const USE: &'static str = "end-session-form-v1";
}

/// `GET /sessions`.
pub(crate) async fn sessions(
    State(gateway): State<Gateway>,
    tenant: Tenant,
    headers: HeaderMap,
) -> Result<Response, PageFailure> {
    let (sessions, end_all) = match browser_session(&gateway, &tenant, &headers, AskOcsp::IfItAnswers).await?
    {
        Some(session) => {
            let all = seal(&gateway, &tenant, &session, End::All)?;
            (rows(&gateway, &tenant, &session).await?, Some(all))
        }
        None => (Vec::new(), None),
    };
    // One browser is ended by its own button.
    let end_all = end_all.filter(|_| sessions.len() > 1);
    let page = SessionsPage { frame: tenant.frame(), sessions, end_all };
    let mut response = render(&page, Delivery::plain(StatusCode::OK));
    response.headers_mut().insert(header::VARY, HeaderValue::from_static("Accept-Language, Cookie"));
    Ok(response)
}

/// A row for each browser, this one first, then the newest.
async fn rows(
    gateway: &Gateway,
    tenant: &Tenant,
    own: &BrowserSession,
) -> Result<Vec<SessionRow>, PageFailure> {
    let listed = gateway
        .0
        .storage
        .sessions_of_account(&tenant.municipality.id, own.record.account)
        .await
        .map_err(|error| tenant.storage_failure(&error))?;
    let mut browsers: Vec<Vec<ListedSession>> = Vec::new();
    for session in listed {
        match browsers.iter_mut().find(|browser| browser[0].session.browser == session.session.browser) {
            Some(browser) => browser.push(session),
            None => browsers.push(vec![session]),
        }
    }
    browsers.sort_by_key(|browser| browser[0].session.browser != own.record.browser);
    let row = |browser: Vec<ListedSession>| {
        let newest = &browser[0].session;
        Ok(SessionRow {
            here: newest.browser == own.record.browser,
            since: when(newest.auth_time, tenant.lang),
            until: when(newest.expires_at, tenant.lang),
            services: services(tenant, &browser, tenant.lang),
            sealed: seal(gateway, tenant, own, End::Browser(newest.sid))?,
        })
    };
    browsers.into_iter().map(row).collect()
}

/// Each service once, with its last answer.
fn services(tenant: &Tenant, browser: &[ListedSession], lang: Lang) -> Vec<SessionService> {
    let mut clients: Vec<_> = browser.iter().flat_map(|session| &session.clients).collect();
    clients.sort_by_key(|client| std::cmp::Reverse(client.last_at.as_secs()));
    let mut services: Vec<(&str, SessionService)> = Vec::new();
    for client in clients {
        if services.iter().all(|(known, _)| *known != client.client_id) {
            let name = service_name(tenant, &client.client_id, lang).to_owned();
            services.push((&client.client_id, SessionService { name, at: when(client.last_at, lang) }));
        }
    }
    services.into_iter().map(|(_, service)| service).collect()
}

fn seal(gateway: &Gateway, tenant: &Tenant, own: &BrowserSession, end: End) -> Result<String, PageFailure> {
    let form = EndForm { session: own.hash, end };
    let now = gateway.0.clock.now().as_secs();
    seal_form(&form, &tenant.municipality.keys.flow, &*gateway.0.random, now)
        .map_err(|_| tenant.failure(ErrorCode::Internal))
}

/// `POST /sessions/end`: ends what the button says, and shows the page again.
pub(crate) async fn end(
    State(gateway): State<Gateway>,
    tenant: Tenant,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, PageFailure> {
    let parameters = own_form(&headers, &body).map_err(|_| tenant.failure(ErrorCode::RequestInvalid))?;
    let now = gateway.0.clock.now().as_secs();
    let form = parameters
        .value("sealed")
        .and_then(|sealed| open_form::<EndForm>(sealed, &tenant.municipality.keys.flow, now))
        .filter(|form| session_hash(&headers) == Some(form.session))
        .ok_or_else(|| tenant.failure(ErrorCode::FormExpired))?;
    let mut response = see_other("/sessions");
    let Some(own) = browser_session(&gateway, &tenant, &headers, AskOcsp::IfItAnswers).await? else {
        return Ok(response);
    };
    let municipality = &tenant.municipality;
    let selection = match form.end {
        End::All => SessionSelection::Account(own.record.account),
        End::Browser(sid) => SessionSelection::Browser(sid),
    };
    let storage = &gateway.0.storage;
    let ended = storage
        .end_sessions(&municipality.id, selection, EndedBy::Resident)
        .await
        .map_err(|error| tenant.storage_failure(&error))?;
    tracing::info!(municipality = %municipality.id, ended, "a resident ended sessions");
    let left = storage.find_browser_session(&municipality.id, own.hash).await;
    if left.map_err(|error| tenant.storage_failure(&error))?.is_none() {
        response.headers_mut().append(header::SET_COOKIE, clear_session());
    }
    Ok(response)
}
