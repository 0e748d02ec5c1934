//! Client authentication (RFC 6749 sections 2.3 and 3.2.1, RFC 7521 section 4.2): one place for every endpoint that
//! clients call.

use std::sync::Arc;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use zeroize::Zeroizing;

use crate::client_assertion::{AssertionUse, CLIENT_ASSERTION_TYPE, check_client_assertion};
use crate::form::decode_component;
use crate::jose::CompactJws;
use crate::{Client, ClientAssertionError, ClientAuthentication, Parameters, TokenError};

/// Who a request says it is from, not yet believed.
#[derive(Debug)]
pub struct ClientCredentials {
    client_id: String,
    presented: Presented,
}

/// By which method it would prove it.
#[derive(Debug)]
enum Presented {
    Assertion(PresentedSecret),
    Nothing,
    SecretBasic(PresentedSecret),
    SecretPost(PresentedSecret),
}

impl ClientCredentials {
    /// Reads the `Authorization` header and the form. One method alone (RFC 6749 section 2.3).
    pub fn from_request(authorization: Option<&str>, form: &Parameters) -> Result<Self, TokenError> {
        let named = form.value("client_id");
        let secret = form.value("client_secret");
        let assertion = form.value("client_assertion");
        let assertion_type = form.value("client_assertion_type");
        let asserted = assertion.is_some() || assertion_type.is_some();
        let methods = [authorization.is_some(), secret.is_some(), asserted];
        if methods.into_iter().filter(|method| *method).count() > 1 {
            return Err(TokenError::ManyAuthentications);
        }
        let credentials = match (authorization, secret, named) {
            (Some(header), ..) => basic(header)?,
            (None, Some(secret), Some(named)) => Self {
                client_id: named.to_owned(),
                presented: Presented::SecretPost(PresentedSecret::of(secret)),
            },
            (None, None, _) if asserted => {
                let known = assertion_type.is_some_and(|name| name == CLIENT_ASSERTION_TYPE);
                assertion.filter(|_| known).and_then(by_assertion).ok_or(TokenError::ClientAuthentication)?
            }
            (None, None, Some(named)) => Self { client_id: named.to_owned(), presented: Presented::Nothing },
            (None, ..) => return Err(TokenError::ClientAuthentication),
        };
        if named.is_some_and(|named| named != credentials.client_id) {
            return Err(TokenError::ManyAuthentications);
        }
        Ok(credentials)
    }

    /// The client to look up and [`authenticate`].
    pub fn client_id(&self) -> &str {
        &self.client_id
    }
}

/// A client that proved who it is, or a public one that need not.
#[derive(Clone, Debug)]
pub struct AuthenticatedClient(Arc<Client>);

impl AuthenticatedClient {
    /// The client.
    pub fn client(&self) -> &Client {
        &self.0
    }

    /// Believed without a proof, for tests of what comes after.
    #[cfg(test)]
    pub(crate) fn believed(client: &Client) -> Self {
        Self(Arc::new(client.clone()))
    }
}

/// What checked credentials come to.
#[derive(Debug)]
#[must_use]
pub enum Authentication {
    /// The client is who it says.
    Done(AuthenticatedClient),
    /// It is, unless what it brought was used before: the store knows.
    IfUnused(UnusedAssertion),
}

/// An assertion in which nothing is wrong but that it may have been used.
#[derive(Debug)]
pub struct UnusedAssertion {
    client: Arc<Client>,
    once: AssertionUse,
}

impl UnusedAssertion {
    /// What to write down as used.
    pub fn once(&self) -> AssertionUse {
        self.once
    }

    /// The client, when `first` says that nobody wrote it down before.
    pub fn used(self, first: bool) -> Result<AuthenticatedClient, TokenError> {
        if first {
            Ok(AuthenticatedClient(self.client))
        } else {
            Err(ClientAssertionError::UsedBefore.into())
        }
    }
}

/// Checks the credentials by the client's registered method alone: a confidential client must bring its secret or its
/// assertion, a public one must bring none. A disabled client is nobody. `issuer` is ours, `now` in seconds since
/// 1970-01-01T00:00:00Z.
pub fn authenticate(
    client: &Arc<Client>,
    credentials: &ClientCredentials,
    issuer: &str,
    now: u64,
) -> Result<Authentication, TokenError> {
    if client.disabled || credentials.client_id != client.id {
        return Err(TokenError::ClientAuthentication);
    }
    let proved = match (&client.authentication, &credentials.presented) {
        (ClientAuthentication::SecretBasic(hashed), Presented::SecretBasic(secret))
        | (ClientAuthentication::SecretPost(hashed), Presented::SecretPost(secret)) => {
            hashed.matches(&secret.0, now)
        }
        (ClientAuthentication::PrivateKeyJwt(keys), Presented::Assertion(assertion)) => {
            let once = check_client_assertion(client, keys, &assertion.0, issuer, now)?;
            return Ok(Authentication::IfUnused(UnusedAssertion { client: Arc::clone(client), once }));
        }
        (ClientAuthentication::None, Presented::Nothing) => true,
        (
            ClientAuthentication::SecretBasic(_)
            | ClientAuthentication::SecretPost(_)
            | ClientAuthentication::PrivateKeyJwt(_)
            | ClientAuthentication::None,
            _,
        ) => false,
    };
    if proved {
        Ok(Authentication::Done(AuthenticatedClient(Arc::clone(client))))
    } else {
        Err(TokenError::ClientAuthentication)
    }
}

struct PresentedSecret(Zeroizing<String>);

impl PresentedSecret {
    fn of(text: &str) -> Self {
        Self(Zeroizing::new(text.to_owned()))
    }
}

impl std::fmt::Debug for PresentedSecret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("PresentedSecret(..)")
    }
}

/// The client that an assertion names (RFC 7521 section 4.2: `client_id` need not be there). It is believed when the
/// signature holds under that client's keys.
fn by_assertion(assertion: &str) -> Option<ClientCredentials> {
    let client_id = CompactJws::parse(assertion).ok()?.unverified_string("sub")?;
    Some(ClientCredentials { client_id, presented: Presented::Assertion(PresentedSecret::of(assertion)) })
}

/// RFC 7617 section 2 with the form encoding that RFC 6749 section 2.3.1 puts inside: one space, canonical base64,
/// both halves decoded strictly.
fn basic(header: &str) -> Result<ClientCredentials, TokenError> {
    let refused = TokenError::ClientAuthentication;
    if header.len() > MAX_HEADER_OCTETS {
        return Err(refused);
    }
    let (scheme, encoded) = header.split_once(' ').ok_or(refused)?;
    if !scheme.eq_ignore_ascii_case("Basic") {
        return Err(refused);
    }
    let decoded = Zeroizing::new(STANDARD.decode(encoded).map_err(|_| refused)?);
    let colon = decoded.iter().position(|&octet| octet == b':').ok_or(refused)?;
    let (id, secret) = decoded.split_at(colon);
    let id = decode_component(id).map_err(|_| refused)?;
    let secret = decode_component(secret.get(1..).unwrap_or_default()).map_err(|_| refused)?;
    if id.is_empty() {
        return Err(refused);
    }
    Ok(ClientCredentials {
        client_id: id.to_string(),
        presented: Presented::SecretBasic(PresentedSecret(secret)),
    })
}

const MAX_HEADER_OCTETS: usize = 4096;

#[cfg(test)]
mod tests;
