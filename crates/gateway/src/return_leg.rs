//! The return leg: the browser comes back from the agent with `v`, and only here does a session come to exist.
//!
//! Why it holds: an attacker who relays a sign-in has `b` without `v`; the victim's browser has `v` without `b`.

use axum::extract::{Path, RawQuery, State};
use axum::response::Response;
use http::{HeaderMap, StatusCode, header};
use rustls_pki_types::UnixTime;

use madoguchi_oidc::Parameters;
use madoguchi_protocol::{Display, ErrorCode, Octets, Secret};
use madoguchi_storage::{AccountId, NewBrowserSession, NewSession, Returned, SignIn, SignInState};

use crate::cookie::{CookieKind, MAX_COOKIES, SignInCookie};
use crate::failure::PageFailure;
use crate::form::StartForm;
use crate::navigation::is_navigation;
use crate::page::{Delivery, DonePage, StoppedPage, render, see_other};
use crate::service_error::service_error_location;
use crate::session_cookie::{clear_session, session_hash, set_session};
use crate::state::Gateway;
use crate::tenant::Tenant;
use crate::when::when;

/// `GET /sign-in/{id}/return?v=…`.
pub(crate) async fn return_leg(
    State(gateway): State<Gateway>,
    tenant: Tenant,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, PageFailure> {
    let not_found = || tenant.not_found();
    if !is_navigation(&headers) {
        return Err(not_found());
    }
    let id = Octets::<16>::decode(&id).map_err(|_| not_found())?;
    let parameters =
        Parameters::from_urlencoded(query.unwrap_or_default().as_bytes()).map_err(|_| not_found())?;
    let verifier = parameters.value("v").and_then(|v| Secret::<32>::decode(v).ok()).ok_or_else(not_found)?;

    let storage_failure = |error| tenant.storage_failure(&error);
    let municipality = &tenant.municipality;
    let own = own_cookie(&gateway, &tenant, id, &headers).await?;
    let random = &*gateway.0.random;
    let internal = |_| tenant.failure(ErrorCode::Internal);
    let session_secret = Secret::<32>::generate(random).map_err(internal)?;
    // New at each sign-in: what was planted in the browser before is worth nothing.
    let browser_secret = Secret::<32>::generate(random).map_err(internal)?;
    let limits = gateway.0.session_limits;
    let counter =
        own.as_ref().and_then(|(_, sign_in)| sign_in.claim.as_ref()).is_some_and(|claim| claim.counter);
    let session = NewSession {
        id_hash: session_secret.hash(),
        sid: Octets::generate(random).map_err(internal)?,
        account_if_new: AccountId(Octets::generate(random).map_err(internal)?),
        lifetime: if counter {
            COUNTER_SECONDS.min(limits.absolute_seconds)
        } else {
            limits.absolute_seconds
        },
        replaces: session_hash(&headers),
        browser: (!counter)
            .then(|| NewBrowserSession { hash: browser_secret.hash(), idle: limits.idle_seconds }),
    };
    let browser_hash = own.as_ref().map(|(cookie, _)| cookie.hash);
    let returned = gateway
        .0
        .storage
        .complete(&municipality.id, id, verifier.hash(), browser_hash, session)
        .await
        .map_err(storage_failure)?;
    match (returned, own) {
        (Returned::Completed { sign_in, session }, Some((cookie, _))) => {
            tracing::info!(municipality = %municipality.id, sign_in = %sign_in.new.id, "sign-in completed");
            let mut response = see_other(&format!("/sign-in/{id}/done"));
            let set = response.headers_mut();
            set.append(header::SET_COOKIE, CookieKind::Session.set(&cookie.tag, &session_secret));
            if session.idle_until.is_some() {
                set.append(header::SET_COOKIE, set_session(&browser_secret));
            } else if session_hash(&headers).is_some() {
                // A shared computer keeps none.
                set.append(header::SET_COOKIE, clear_session());
            }
            Ok(response)
        }
        (Returned::WrongBrowser(sign_in), _) => {
            tracing::warn!(
                municipality = %municipality.id,
                sign_in = %sign_in.new.id,
                client_id = %sign_in.new.request.client_id,
                "return leg in another browser: burned as possible phishing"
            );
            Err(tenant.failure(ErrorCode::PossiblePhishing))
        }
        // Proven, and then ended by whoever holds `b`: the verifier is in another browser all the same.
        (Returned::Other(sign_in), None) if was_taken_away(&sign_in) => {
            tracing::warn!(
                municipality = %municipality.id,
                sign_in = %sign_in.new.id,
                client_id = %sign_in.new.request.client_id,
                "return leg in another browser of a proven sign-in that was ended: possible phishing"
            );
            Err(tenant.failure(ErrorCode::PossiblePhishing))
        }
        // That state's page, never the alarm.
        (Returned::Other(sign_in), own) => Ok(state_page(&tenant, &sign_in, own.is_some())),
        (Returned::Completed { .. }, None) | (Returned::NotFound, _) => Err(not_found()),
    }
}

/// True when a card had proven the sign-in and the browser that started it ended it before the return.
fn was_taken_away(sign_in: &SignIn) -> bool {
    let ended_by_browser =
        matches!(sign_in.state, SignInState::Cancelled(ErrorCode::Declined | ErrorCode::SignInReplaced));
    ended_by_browser && sign_in.proven_at.is_some()
}

/// `GET /sign-in/{id}/done`: the clean page that the return leg leads to.
pub(crate) async fn done(
    State(gateway): State<Gateway>,
    tenant: Tenant,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Response, PageFailure> {
    let (cookie, sign_in) = own_sign_in(&gateway, &tenant, &id, &headers).await?;
    let session_hash = CookieKind::Session.with_tag(&headers, &cookie.tag);
    let Some(session_hash) =
        session_hash.filter(|_| sign_in.state == SignInState::Completed && !sign_in.answered)
    else {
        return Ok(state_page(&tenant, &sign_in, true));
    };
    let session = gateway
        .0
        .storage
        .find_session(&tenant.municipality.id, session_hash)
        .await
        .map_err(|error| tenant.storage_failure(&error))?;
    let frame = tenant.frame_in(sign_in.new.lang);
    let (moved_at, relinked_at) =
        session.map_or((None, None), |session| (session.moved_at, session.relinked_at));
    let said = |text: &str, at: Option<UnixTime>| at.map(|at| text.replace("{when}", &when(at, frame.lang)));
    // That somebody has another card's account now is what its resident must hear, each time.
    let notice =
        said(&frame.texts.moved_notice, moved_at).or_else(|| said(&frame.texts.relinked_notice, relinked_at));
    let page =
        DonePage { notice, frame, tag: cookie.tag.as_str().to_owned(), sign_in: sign_in.new.id.encode() };
    Ok(render(&page, Delivery::plain(StatusCode::OK)))
}

/// `GET /sign-in/{id}/stopped`: where the agent sends the browser when it stopped early. With the cookie the page says
/// why and offers another try and the way back; without it, it is neutral.
pub(crate) async fn stopped(
    State(gateway): State<Gateway>,
    tenant: Tenant,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Response, PageFailure> {
    let (cookie, sign_in) = own_sign_in(&gateway, &tenant, &id, &headers).await?;
    let Some(code) = sign_in.state.stopped_by() else {
        return Ok(state_page(&tenant, &sign_in, true));
    };
    let shown = Display::from_der(&sign_in.new.display).map_err(|_| tenant.failure(ErrorCode::Internal))?;
    let form = StartForm {
        request: sign_in.new.request.clone(),
        // The start page still shows these words in its tab.
        comparison_code: shown.comparison_code().to_owned(),
        tag: cookie.tag.as_str().to_owned(),
        browser_hash: cookie.hash,
        lang: sign_in.new.lang,
        sealed_at: gateway.0.clock.now().as_secs(),
    };
    let again = form
        .seal(&tenant.municipality.keys.flow, &*gateway.0.random)
        .map_err(|_| tenant.failure(ErrorCode::Internal))?;
    let mut page = stopped_page(&tenant, &sign_in, code);
    // Another try would take the place of the newer sign-in in its turn; and where somebody else may have a hand in it,
    // the resident starts at the service, not here.
    let no_more = matches!(code, ErrorCode::PossiblePhishing | ErrorCode::SignInReplaced);
    page.again = (!no_more).then_some(again);
    let targets = gateway.agent_origins();
    Ok(render(&page, Delivery { status: StatusCode::OK, form_targets: &targets, referrer: "origin" }))
}

/// The sign-in that an address names, with the cookie that started it. The neutral 404 when it is not this browser's.
pub(crate) async fn own_sign_in(
    gateway: &Gateway,
    tenant: &Tenant,
    id: &str,
    headers: &HeaderMap,
) -> Result<(SignInCookie, SignIn), PageFailure> {
    let id = Octets::<16>::decode(id).map_err(|_| tenant.not_found())?;
    own_cookie(gateway, tenant, id, headers).await?.ok_or_else(|| tenant.not_found())
}

/// The cookie of this browser that started the sign-in, with the sign-in.
async fn own_cookie(
    gateway: &Gateway,
    tenant: &Tenant,
    id: Octets<16>,
    headers: &HeaderMap,
) -> Result<Option<(SignInCookie, SignIn)>, PageFailure> {
    // The newest first: a browser that opened many pages at once may hold more than it should.
    for cookie in CookieKind::Browser.all(headers).into_iter().rev().take(2 * MAX_COOKIES) {
        let found = gateway
            .0
            .storage
            .of_browser(&tenant.municipality.id, id, cookie.hash)
            .await
            .map_err(|error| tenant.storage_failure(&error))?;
        if let Some(sign_in) = found {
            return Ok(Some((cookie, sign_in)));
        }
    }
    Ok(None)
}

/// The page of a sign-in that is not where the address expects it. It tells more only to its own browser.
pub(crate) fn state_page(tenant: &Tenant, sign_in: &SignIn, own: bool) -> Response {
    let frame = tenant.frame_in(sign_in.new.lang);
    if !own {
        return render(&StoppedPage::neutral(frame), Delivery::plain(StatusCode::NOT_FOUND));
    }
    match sign_in.state {
        SignInState::Started | SignInState::Claimed | SignInState::Proven => {
            let texts = frame.texts;
            let page = StoppedPage {
                title: texts.waiting_title.clone(),
                what: texts.waiting_text.clone(),
                action: String::new(),
                again: None,
                back: None,
                code: None,
                alarm: false,
                frame,
            };
            render(&page, Delivery::plain(StatusCode::OK))
        }
        SignInState::Completed => {
            let title = frame.texts.done_title.clone();
            let page = StoppedPage::of(frame, &title, ErrorCode::SignInOver);
            render(&page, Delivery::plain(StatusCode::OK))
        }
        SignInState::Cancelled(code) | SignInState::Burned(code) => {
            render(&stopped_page(tenant, sign_in, code), Delivery::plain(StatusCode::OK))
        }
        SignInState::Expired => {
            render(&stopped_page(tenant, sign_in, ErrorCode::SignInExpired), Delivery::plain(StatusCode::OK))
        }
    }
}

fn stopped_page(tenant: &Tenant, sign_in: &SignIn, code: ErrorCode) -> StoppedPage {
    let frame = tenant.frame_in(sign_in.new.lang);
    let title = match code {
        ErrorCode::Declined => frame.texts.declined_title.clone(),
        ErrorCode::PossiblePhishing | ErrorCode::TicketUsed => frame.texts.phishing_title.clone(),
        _ => frame.texts.stopped_title.clone(),
    };
    let issuer = tenant.municipality.origin.as_str();
    let mut page = StoppedPage::of(frame, &title, code);
    let request = &sign_in.new.request;
    // A sign-in that a newer one replaced has no answer of its own: the newer one brings it.
    if code != ErrorCode::SignInReplaced && tenant.municipality.may_answer(request) {
        page.back = Some(service_error_location(request, code, issuer));
    }
    page
}

/// On a shared computer a session serves the hand-out of its answer and the tokens that come of it.
const COUNTER_SECONDS: u64 = 60 * 60;
