//! The one place that authenticates clients: for pushed requests, tokens, introspection and revocation.

use http::{HeaderMap, header};

use madoguchi_oidc::{
    AuthenticatedClient, Authentication, ClientCredentials, Parameters, TokenError, authenticate,
};
use madoguchi_protocol::Octets;
use madoguchi_storage::{ReplayKind, StorageError};

use crate::state::Gateway;
use crate::tenant::Tenant;

/// Why a client is not authenticated.
#[derive(Debug)]
pub(crate) enum ClientFailure {
    /// By a rule.
    Rule(TokenError),
    /// The store failed.
    Store(StorageError),
}

impl From<TokenError> for ClientFailure {
    fn from(error: TokenError) -> Self {
        Self::Rule(error)
    }
}

/// Authenticates the client of a request at this municipality. What may be used once is written down as used before the
/// client is believed.
pub(crate) async fn client(
    gateway: &Gateway,
    tenant: &Tenant,
    headers: &HeaderMap,
    form: &Parameters,
) -> Result<AuthenticatedClient, ClientFailure> {
    let municipality = &tenant.municipality;
    let credentials = ClientCredentials::from_request(authorization(headers)?, form)?;
    let service = gateway
        .service(municipality, credentials.client_id())
        .await
        .ok_or(TokenError::ClientAuthentication)?;
    let now = gateway.0.clock.now().as_secs();
    let proved = match authenticate(&service.client, &credentials, municipality.origin.as_str(), now) {
        Ok(Authentication::Done(client)) => Ok(client),
        Ok(Authentication::IfUnused(assertion)) => {
            let once = assertion.once();
            let kind = ReplayKind::ClientAssertion;
            let first =
                gateway.0.storage.use_once(&municipality.id, kind, Octets(once.key), once.until).await;
            assertion.used(first.map_err(ClientFailure::Store)?)
        }
        Err(error) => Err(error),
    };
    proved.map_err(|error| {
        let (id, client_id) = (municipality.id.as_str(), service.client.id.as_str());
        // Client ids are no secrets: anybody may try.
        if let Some(left_out) = gateway.may_tell("client_not_authenticated", id, Some(client_id)) {
            tracing::info!(municipality = %id, %client_id, %error, left_out, "a client was not authenticated");
        }
        error.into()
    })
}

/// The `Authorization` header; twice is an error, not a choice.
fn authorization(headers: &HeaderMap) -> Result<Option<&str>, TokenError> {
    let mut all = headers.get_all(header::AUTHORIZATION).iter();
    let first = all.next();
    if all.next().is_some() {
        return Err(TokenError::ManyAuthentications);
    }
    first.map(|value| value.to_str().map_err(|_| TokenError::ClientAuthentication)).transpose()
}
