//! Refresh tokens (RFC 6749 section 6, RFC 9700 section 4.14): off unless a client may have them and asks for
//! `offline_access`, and never longer than the session they come from.

use crate::jose::JwkThumbprint;
use crate::{AuthenticatedClient, ClientAuthentication, CodeGrant, SCOPE_OPENID, TokenError};

/// The scope value that asks for a refresh token (OpenID Connect Core section 11).
pub const SCOPE_OFFLINE_ACCESS: &str = "offline_access";

/// True when the code of this grant also gives a refresh token.
pub fn gives_refresh_token(grant: &CodeGrant, client: &AuthenticatedClient) -> bool {
    client.client().refresh && grant.scope.split(' ').any(|value| value == SCOPE_OFFLINE_ACCESS)
}

/// True when each use gives a new refresh token and ends the old one (RFC 9700 section 4.14.2). A client that
/// authenticates binds its tokens to itself, and one that may have lost an answer must not lose the session.
pub fn rotates_refresh_tokens(client: &AuthenticatedClient) -> bool {
    client.client().authentication == ClientAuthentication::None
}

/// Checks a loaded refresh token: whose it is, whether its client may still have one, and the key. A public client shows
/// the key that the token was bound to; one that authenticates may change its key (RFC 9449 section 5), but never from a
/// bound token to bearer.
pub fn check_refresh(
    grant: &CodeGrant,
    bound_to: Option<JwkThumbprint>,
    client: &AuthenticatedClient,
    proof: Option<JwkThumbprint>,
) -> Result<(), TokenError> {
    if grant.client_id != client.client().id {
        return Err(TokenError::WrongClient);
    }
    // What came through an address that was taken away may be in the hands of whoever has it now.
    if !client.client().redirect_uris.contains(&grant.redirect_uri) {
        return Err(TokenError::RedirectUriUnregistered);
    }
    if !client.client().refresh {
        return Err(TokenError::RefreshNotAllowed);
    }
    let must_prove = bound_to.is_some() || client.client().require_dpop;
    match (bound_to, proof) {
        (_, None) if must_prove => Err(TokenError::DpopProofMissing),
        (Some(bound), Some(shown)) if rotates_refresh_tokens(client) && bound != shown => {
            Err(TokenError::WrongDpopKey)
        }
        _ => Ok(()),
    }
}

/// The scope of new tokens (RFC 6749 section 6): what was granted, or the part of it that is asked for. It keeps `openid`:
/// what comes of a refresh here is an ID token.
pub fn narrowed_scope(granted: &str, asked: Option<&str>) -> Result<String, TokenError> {
    let Some(asked) = asked else { return Ok(granted.to_owned()) };
    let asked: Vec<&str> = asked.split(' ').collect();
    let was_granted = |value: &&str| granted.split(' ').any(|granted| granted == *value);
    if !asked.contains(&SCOPE_OPENID) || !asked.iter().all(was_granted) {
        return Err(TokenError::ScopeNotGranted);
    }
    let kept: Vec<&str> = granted.split(' ').filter(|value| asked.contains(value)).collect();
    Ok(kept.join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{client, grant, random};
    use crate::{Client, ClientSecret, OAuthError};

    const A: JwkThumbprint = JwkThumbprint([1; 32]);
    const B: JwkThumbprint = JwkThumbprint([2; 32]);

    fn public(change: impl FnOnce(&mut Client)) -> AuthenticatedClient {
        let mut client = Client { refresh: true, ..client() };
        change(&mut client);
        AuthenticatedClient::believed(&client)
    }

    #[test]
    fn a_refresh_token_is_given_to_who_may_and_asks() {
        let asking = CodeGrant { scope: "openid offline_access".to_owned(), ..grant() };
        let similar = CodeGrant { scope: "openid offline_access2".to_owned(), ..grant() };
        assert!(gives_refresh_token(&asking, &public(|_| {})));
        assert!(!gives_refresh_token(&asking, &public(|client| client.refresh = false)));
        assert!(!gives_refresh_token(&grant(), &public(|_| {})));
        assert!(!gives_refresh_token(&similar, &public(|_| {})));
    }

    #[test]
    fn a_scope_only_shrinks() {
        let granted = "openid offline_access";
        for (asked, given) in [
            (None, granted),
            (Some("offline_access openid"), granted),
            (Some("openid"), "openid"),
            (Some("openid openid"), "openid"),
        ] {
            assert_eq!(narrowed_scope(granted, asked).as_deref(), Ok(given), "{asked:?}");
        }
        for asked in ["openid email", "offline_access", "OpenID", "openid ", " ", "openid  offline_access"] {
            assert_eq!(narrowed_scope(granted, Some(asked)), Err(TokenError::ScopeNotGranted), "{asked}");
        }
        assert_eq!(narrowed_scope("openid", Some(granted)), Err(TokenError::ScopeNotGranted));
        assert_eq!(TokenError::ScopeNotGranted.error(), OAuthError::InvalidScope);
    }

    #[test]
    fn refresh_token_is_bound_to_client_and_key() {
        let me = public(|_| {});
        let other = public(|client| client.id = "other".to_owned());
        let barred = public(|client| client.refresh = false);
        let moved = public(|client| client.redirect_uris = vec!["https://service.example/new".to_owned()]);
        let strict = public(|client| client.require_dpop = true);
        for (client, bound, shown, outcome) in [
            (&me, None, None, Ok(())),
            (&me, Some(A), Some(A), Ok(())),
            (&me, Some(A), Some(B), Err(TokenError::WrongDpopKey)),
            (&me, Some(A), None, Err(TokenError::DpopProofMissing)),
            (&strict, None, None, Err(TokenError::DpopProofMissing)),
            (&other, Some(A), Some(A), Err(TokenError::WrongClient)),
            (&moved, Some(A), Some(A), Err(TokenError::RedirectUriUnregistered)),
            (&barred, Some(A), Some(A), Err(TokenError::RefreshNotAllowed)),
        ] {
            assert_eq!(check_refresh(&grant(), bound, client, shown), outcome);
        }
        assert_eq!(TokenError::WrongClient.error(), OAuthError::InvalidGrant);
    }

    /// RFC 9449 section 5: its authentication binds its refresh tokens.
    #[test]
    fn a_confidential_client_may_change_its_key_but_not_go_without() {
        let me = public(|client| {
            let secret = ClientSecret::generate(&random()).expect("a secret");
            client.authentication = ClientAuthentication::secret_basic(&secret);
        });
        assert!(!rotates_refresh_tokens(&me) && rotates_refresh_tokens(&public(|_| {})));
        assert_eq!(check_refresh(&grant(), Some(A), &me, Some(B)), Ok(()));
        assert_eq!(check_refresh(&grant(), Some(A), &me, None), Err(TokenError::DpopProofMissing));
        assert_eq!(check_refresh(&grant(), None, &me, None), Ok(()));
    }
}
