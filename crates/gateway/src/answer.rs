//! The hand-out of the service's answer: once, to whichever tab of the browser asks first.

use axum::extract::{Path, State};
use axum::response::Response;
use http::{HeaderMap, header};

use madoguchi_oidc::{
    AuthorizationCode, CODE_SECONDS, CodeGrant, Description, OAuthError, error_location, success_location,
};
use madoguchi_protocol::{ErrorCode, Octets};
use madoguchi_storage::{AnswerTaken, NewCode, SignIn};

use crate::cookie::CookieKind;
use crate::failure::PageFailure;
use crate::municipality::Service;
use crate::navigation::is_navigation;
use crate::page::see_other;
use crate::return_leg::{own_sign_in, state_page};
use crate::sso::sub_at;
use crate::state::Gateway;
use crate::tenant::Tenant;

/// `GET /sign-in/{id}/answer`, with both cookies of the sign-in: 303 to the service with the code. A page always came
/// before, so no form's redirect chain reaches the service.
pub(crate) async fn answer(
    State(gateway): State<Gateway>,
    tenant: Tenant,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Response, PageFailure> {
    if !is_navigation(&headers) {
        return Err(tenant.not_found());
    }
    let (cookie, sign_in) = own_sign_in(&gateway, &tenant, &id, &headers).await?;
    let service = tenant.service_to_answer(&gateway, &sign_in.new.request).await?;
    let id = sign_in.new.id;
    let session_hash =
        CookieKind::Session.with_tag(&headers, &cookie.tag).ok_or_else(|| tenant.not_found())?;

    let code =
        AuthorizationCode::generate(&*gateway.0.random).map_err(|_| tenant.failure(ErrorCode::Internal))?;
    if !is_for_whom_it_asked(&tenant, &service, &sign_in) {
        // The client asked for one resident alone, and another showed a card.
        const ANOTHER: Description = Description::new("another person signed in than was asked for");
        let request = &sign_in.new.request;
        let (state, issuer) = (request.state.as_deref(), tenant.municipality.origin.as_str());
        let error = OAuthError::LoginRequired;
        return Ok(see_other(&error_location(&request.redirect_uri, error, ANOTHER, state, issuer)));
    }
    let request = sign_in.new.request;
    let new_code =
        NewCode { hash: Octets(code.hash()), grant: CodeGrant::from(&request), lifetime: CODE_SECONDS };
    let municipality = &tenant.municipality;
    let taken = gateway
        .0
        .storage
        .take_answer(&municipality.id, id, cookie.hash, session_hash, new_code)
        .await
        .map_err(|error| tenant.storage_failure(&error))?;
    match taken {
        AnswerTaken::Taken(sign_in) => {
            tracing::info!(municipality = %municipality.id, sign_in = %id, "answer handed out");
            let request = &sign_in.new.request;
            let location = success_location(
                &request.redirect_uri,
                &code,
                request.state.as_deref(),
                municipality.origin.as_str(),
            );
            let mut response = see_other(&location);
            for kind in [CookieKind::Browser, CookieKind::Session] {
                response.headers_mut().append(header::SET_COOKIE, kind.clear(&cookie.tag));
            }
            Ok(response)
        }
        AnswerTaken::Before(sign_in) => Ok(state_page(&tenant, &sign_in, true)),
        AnswerTaken::NotFound => Err(tenant.not_found()),
    }
}

/// By `id_token_hint` a client may ask for one resident alone (OpenID Connect Core section 3.1.2.1).
fn is_for_whom_it_asked(tenant: &Tenant, service: &Service, sign_in: &SignIn) -> bool {
    let request = &sign_in.new.request;
    if request.hinted_sub.is_none() {
        return true;
    }
    let sub = sign_in.account.and_then(|account| sub_at(&tenant.municipality, &service.client, account));
    sub.is_some_and(|sub| request.is_subject(&sub))
}
