//! `/token` (RFC 6749 sections 4.1.3 and 6, OpenID Connect Core sections 3.1.3 and 12): a code becomes an ID token and an
//! access token, once; a refresh token does as long as its session lives.

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, Method};
use ring::rand::SecureRandom;
use serde::Serialize;

use madoguchi_oidc::jose::JwkThumbprint;
use madoguchi_oidc::{
    AMR_CARD_PIN, AccessToken, AuthenticatedClient, Client, CodeGrant, CodeRequest, CryptoError,
    IdTokenClaims, PATH_TOKEN, RefreshRequest, RefreshToken, TokenError, TokenRequest, TokenScheme, at_hash,
    check_code_grant, check_dpop_key, check_refresh, gives_refresh_token, narrowed_scope,
    rotates_refresh_tokens, sign_id_token,
};
use madoguchi_protocol::Octets;
use madoguchi_storage::{
    AccountId, CodeRecord, NewAccessToken, NewRefreshToken, NewTokens, Redemption, RefreshTokenRecord,
    RefreshUse, SessionFacts,
};

use crate::oauth_failure::{OAuthFailure, never_stored};
use crate::session_use::{AskOcsp, SessionUse, UsedSession, use_session};
use crate::sso::{sid_at, sub_at};
use crate::state::Gateway;
use crate::tenant::Tenant;
use crate::{client_authentication, dpop, form_body};

#[derive(Serialize)]
struct TokenAnswer {
    access_token: String,
    token_type: &'static str,
    expires_in: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    refresh_token: Option<String>,
    scope: String,
    id_token: String,
}

/// `POST /token`.
pub(crate) async fn token(
    State(gateway): State<Gateway>,
    tenant: Tenant,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let request = Exchange { gateway: &gateway, tenant: &tenant, headers: &headers };
    match request.answer(&body).await {
        Ok(answer) => never_stored(Json(answer).into_response()),
        Err(failure) => failure.into_response(),
    }
}

/// One request to the endpoint.
struct Exchange<'r> {
    gateway: &'r Gateway,
    tenant: &'r Tenant,
    headers: &'r HeaderMap,
}

impl Exchange<'_> {
    async fn answer(&self, body: &[u8]) -> Result<TokenAnswer, OAuthFailure> {
        let form = form_body::urlencoded(self.headers, body).map_err(TokenError::Parameters)?;
        let client = client_authentication::client(self.gateway, self.tenant, self.headers, &form).await?;
        match TokenRequest::parse(&form)? {
            TokenRequest::Code(request) => self.redeem(&client, &request).await,
            TokenRequest::Refresh(request) => self.refresh(&client, &request).await,
            _ => Err(TokenError::UnsupportedGrantType.into()),
        }
    }

    /// In this order: find the code, check what it is bound to, check the proof, use it up.
    async fn redeem(
        &self,
        client: &AuthenticatedClient,
        request: &CodeRequest,
    ) -> Result<TokenAnswer, OAuthFailure> {
        let storage = &self.gateway.0.storage;
        let id = &self.tenant.municipality.id;
        let hash = Octets(request.code.hash());
        let code = storage.find_code(id, hash).await?.ok_or(TokenError::UnknownCode)?;
        let key = match self.check_code(client, request, &code).await {
            Ok(key) => key,
            Err(Refusal::Failed(failure)) => return Err(failure),
            Err(Refusal::Rule(error)) => {
                if error.consumes_code() {
                    // The code is spent whatever this answers: it is of no more use to anybody.
                    let _ = storage.redeem_code(id, hash, None).await?;
                }
                return Err(error.into());
            }
        };
        let Some(session) = self.live_session(&code).await? else {
            // Spent, and if it had been used before, that is seen. No ID token speaks of a session that ended.
            let _ = storage.redeem_code(id, hash, None).await?;
            return Err(TokenError::SessionEnded.into());
        };
        // A shared computer's sign-in is for this one visit.
        let refreshing = gives_refresh_token(&code.grant, client) && !session.counter;
        let new = self.generate(key, refreshing).map_err(internal)?;
        let facts = Facts {
            grant: &code.grant,
            nonce: code.grant.nonce.clone(),
            account: code.account,
            sid: code.sid,
            auth_time: code.auth_time.as_secs(),
            session,
        };
        // Signed before the code is used up: a failure inside loses no sign-in.
        let id_token = self.id_token(client.client(), &facts, &new.access)?;
        match storage.redeem_code(id, hash, Some(new.records())).await? {
            Redemption::Done => Ok(new.answer(code.grant.scope.clone(), id_token)),
            Redemption::UsedBefore => {
                let client_id = &code.grant.client_id;
                tracing::warn!(municipality = %id, %client_id, "a code was used twice; its tokens are revoked");
                Err(TokenError::UnknownCode.into())
            }
            Redemption::Expired | Redemption::NotFound => Err(TokenError::UnknownCode.into()),
        }
    }

    /// The code's session, if it lives and nothing speaks against its certificate: a minute may have passed since the card
    /// was shown, and with it a list.
    async fn live_session(&self, code: &CodeRecord) -> Result<Option<SessionFacts>, OAuthFailure> {
        let (Some(session), Some(holder_sealed)) = (code.session, code.holder_sealed.as_deref()) else {
            return Ok(None);
        };
        let used = UsedSession { sid: code.sid, client_id: &code.grant.client_id, holder_sealed };
        match use_session(self.gateway, &self.tenant.municipality, used, AskOcsp::IfItAnswers).await {
            SessionUse::GoesOn => Ok(Some(session)),
            SessionUse::Ended => Ok(None),
            SessionUse::CannotCheck => Err(OAuthFailure::cannot_check()),
            SessionUse::Failed => Err(OAuthFailure::internal()),
        }
    }

    /// Whose key its tokens are bound to.
    async fn check_code(
        &self,
        client: &AuthenticatedClient,
        request: &CodeRequest,
        code: &CodeRecord,
    ) -> Result<Option<JwkThumbprint>, Refusal> {
        check_code_grant(&code.grant, client, request)?;
        let proof = self.proof().await?;
        Ok(check_dpop_key(&code.grant, client, proof)?)
    }

    /// Everything is asked again: whether the client may, whether the session lives, what is known of its certificate.
    async fn refresh(
        &self,
        client: &AuthenticatedClient,
        request: &RefreshRequest,
    ) -> Result<TokenAnswer, OAuthFailure> {
        let storage = &self.gateway.0.storage;
        let municipality = &self.tenant.municipality;
        let id = &municipality.id;
        let hash = Octets(request.token.hash());
        let record = storage.find_refresh_token(id, hash).await?.ok_or(TokenError::UnknownRefreshToken)?;
        if record.grant.client_id != client.client().id {
            return Err(TokenError::UnknownRefreshToken.into());
        }
        let proof = self.proof().await?;
        check_refresh(&record.grant, record.key, client, proof)?;
        let scope = narrowed_scope(&record.grant.scope, request.scope.as_deref())?;
        match use_session(self.gateway, municipality, &record, AskOcsp::IfItAnswers).await {
            SessionUse::GoesOn => {}
            SessionUse::Ended => return Err(TokenError::SessionEnded.into()),
            SessionUse::CannotCheck => return Err(OAuthFailure::cannot_check()),
            SessionUse::Failed => return Err(OAuthFailure::internal()),
        }
        let new = self.generate(proof, rotates_refresh_tokens(client)).map_err(internal)?;
        let id_token = self.id_token(client.client(), &Facts::of_refresh(&record), &new.access)?;
        let NewTokens { access, refresh } = new.records();
        let access = NewAccessToken { scope: (scope != record.grant.scope).then(|| scope.clone()), ..access };
        match storage.use_refresh_token(id, hash, access, refresh).await? {
            RefreshUse::Done => Ok(new.answer(scope, id_token)),
            RefreshUse::UsedBefore => {
                let client_id = &record.grant.client_id;
                tracing::warn!(municipality = %id, %client_id, "a refresh token was used twice; all its tokens are revoked");
                Err(TokenError::UnknownRefreshToken.into())
            }
            RefreshUse::NotFound => Err(TokenError::UnknownRefreshToken.into()),
        }
    }

    async fn proof(&self) -> Result<Option<JwkThumbprint>, OAuthFailure> {
        let (municipality, headers) = (&self.tenant.municipality, self.headers);
        Ok(dpop::check(self.gateway, municipality, headers, &Method::POST, PATH_TOKEN, None).await?)
    }

    fn generate(&self, key: Option<JwkThumbprint>, refreshing: bool) -> Result<Generated, CryptoError> {
        let random: &dyn SecureRandom = &*self.gateway.0.random;
        let refresh = if refreshing { Some(RefreshToken::generate(random)?) } else { None };
        Ok(Generated { access: AccessToken::generate(random)?, refresh, key })
    }

    /// By the key that signs for this client now: one set of keys for the whole token, whatever changes meanwhile.
    fn id_token(
        &self,
        client: &Client,
        facts: &Facts<'_>,
        access: &AccessToken,
    ) -> Result<String, OAuthFailure> {
        let municipality = &self.tenant.municipality;
        let now = self.gateway.0.clock.now().as_secs();
        let claims = IdTokenClaims {
            iss: municipality.origin.as_str().to_owned(),
            sub: sub_at(municipality, client, facts.account).ok_or_else(|| internal("no sector"))?,
            aud: client.id.clone(),
            exp: now + ID_TOKEN_SECONDS,
            iat: now,
            auth_time: facts.auth_time,
            nonce: facts.nonce.clone(),
            // What was done, under the name that the client knows it by; never what was asked.
            acr: facts.grant.acr.clone(),
            amr: AMR_CARD_PIN.map(str::to_owned).to_vec(),
            at_hash: Some(at_hash(access)),
            sid: Some(sid_at(municipality, client, facts.sid).ok_or_else(|| internal("no sector"))?),
            revocation_source: Some(facts.session.revocation_source.name().to_owned()),
            revocation_checked_at: Some(facts.session.revocation_checked_at.as_secs()),
        };
        let keys = municipality.keys.signing.current();
        let Some(key) = keys.active(client.id_token_alg) else {
            let (id, alg) = (&municipality.id, client.id_token_alg.as_str());
            tracing::error!(municipality = %id, client_id = %client.id, %alg, "there is no signing key for this client");
            return Err(OAuthFailure::no_signing_key());
        };
        sign_id_token(key, &claims, &*self.gateway.0.random).map_err(internal)
    }
}

/// What an ID token says of a sign-in.
struct Facts<'r> {
    grant: &'r CodeGrant,
    nonce: Option<String>,
    account: AccountId,
    sid: Octets<16>,
    auth_time: u64,
    session: SessionFacts,
}

impl<'r> Facts<'r> {
    /// OpenID Connect Core section 12.2: the same, without the nonce, which was for the first one.
    fn of_refresh(record: &'r RefreshTokenRecord) -> Self {
        Self {
            grant: &record.grant,
            nonce: None,
            account: record.account,
            sid: record.sid,
            auth_time: record.auth_time.as_secs(),
            session: record.session,
        }
    }
}

/// Tokens about to be stored and handed over.
struct Generated {
    access: AccessToken,
    refresh: Option<RefreshToken>,
    key: Option<JwkThumbprint>,
}

impl Generated {
    fn records(&self) -> NewTokens {
        let key = self.key;
        NewTokens {
            access: NewAccessToken {
                hash: Octets(self.access.hash()),
                lifetime: ACCESS_TOKEN_SECONDS,
                key,
                scope: None,
            },
            refresh: self.refresh.as_ref().map(|token| NewRefreshToken { hash: Octets(token.hash()), key }),
        }
    }

    fn answer(&self, scope: String, id_token: String) -> TokenAnswer {
        TokenAnswer {
            access_token: self.access.encode().to_string(),
            token_type: TokenScheme::of(self.key).as_str(),
            expires_in: ACCESS_TOKEN_SECONDS,
            refresh_token: self.refresh.as_ref().map(|token| token.encode().to_string()),
            scope,
            id_token,
        }
    }
}

/// Why a code gives nothing.
enum Refusal {
    Rule(TokenError),
    Failed(OAuthFailure),
}

impl From<TokenError> for Refusal {
    fn from(error: TokenError) -> Self {
        Self::Rule(error)
    }
}

impl From<OAuthFailure> for Refusal {
    fn from(failure: OAuthFailure) -> Self {
        Self::Failed(failure)
    }
}

fn internal(error: impl std::fmt::Display) -> OAuthFailure {
    tracing::error!(%error, "token endpoint");
    OAuthFailure::internal()
}

/// Long enough for the userinfo request that follows a sign-in.
const ACCESS_TOKEN_SECONDS: u64 = 5 * 60;
/// A service checks an ID token when it arrives; it is no session.
const ID_TOKEN_SECONDS: u64 = 5 * 60;
