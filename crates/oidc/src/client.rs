//! An online service as the gateway knows it (RFC 6749 section 2): registered by an operator, or with a token that an
//! operator gave.

use serde::{Deserialize, Serialize};
use url::{Host, Url};

use crate::jose::JwsAlg;
use crate::pairwise::sector_identifier;
use crate::redirect_uri::{RedirectUriError, check_redirect_uri};
use crate::{AuthenticationMethod, ClientAuthentication, Profile};

/// A registered client. Its names and texts are the gateway's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a setting of its own, with a name that operators write"
)]
pub struct Client {
    /// `client_id`: 1 to 255 of `A-Z a-z 0-9 - . _ ~`.
    pub id: String,
    /// The rules that it lives by.
    #[serde(default)]
    pub profile: Profile,
    /// Where answers may go, compared octet by octet.
    pub redirect_uris: Vec<String>,
    /// Where the browser may go after signing out.
    #[serde(default)]
    pub post_logout_redirect_uris: Vec<String>,
    /// Where it is told that a session ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub backchannel_logout_uri: Option<String>,
    /// The sector of its pairwise `sub` (OpenID Connect Core section 8.1), a host: clients of one sector see the same
    /// `sub`. Without it, the host of the redirect URIs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sector: Option<String>,
    /// How the client proves who it is: in files `"none"` or `{"client_secret_basic": {"sha256": "<base64url>"}}`,
    /// `client_secret_post` likewise, or `{"private_key_jwt": {"jwks": {"keys": […]}}}`.
    pub authentication: ClientAuthentication,
    /// How its ID tokens are signed.
    pub id_token_alg: JwsAlg,
    /// It pushes every authorization request (RFC 9126).
    #[serde(default)]
    pub require_pushed: bool,
    /// Its tokens are bound to a key by DPoP (RFC 9449).
    #[serde(default)]
    pub require_dpop: bool,
    /// It need not send a PKCE challenge. One that it sends is held to.
    #[serde(default)]
    pub danger_pkce_lifted: bool,
    /// It may have refresh tokens.
    #[serde(default)]
    pub refresh: bool,
    /// It is answered as if it were not registered.
    #[serde(default)]
    pub disabled: bool,
}

impl Client {
    /// A client with what its profile demands, and nothing that is optional.
    pub fn new(
        profile: Profile,
        id: impl Into<String>,
        redirect_uris: Vec<String>,
        authentication: ClientAuthentication,
    ) -> Self {
        Self {
            id: id.into(),
            profile,
            redirect_uris,
            post_logout_redirect_uris: Vec::new(),
            backchannel_logout_uri: None,
            sector: None,
            authentication,
            id_token_alg: profile.id_token_algs().first().copied().unwrap_or_default(),
            require_pushed: profile.requires_pushed(),
            require_dpop: profile.requires_dpop(),
            danger_pkce_lifted: false,
            refresh: false,
            disabled: false,
        }
    }

    /// Checks what is registered, and after every change. A client is stored only after this.
    pub fn check(&self) -> Result<(), ClientError> {
        self.check_id()?;
        self.check_uris()?;
        self.check_sector()?;
        self.check_profile()
    }

    /// The sector of its pairwise `sub`. A client that passed [`check`](Self::check) has one.
    pub fn sector_identifier(&self) -> Option<String> {
        match &self.sector {
            Some(sector) => Some(sector.clone()),
            None => self.redirect_uris.first().and_then(|uri| sector_identifier(uri)),
        }
    }

    fn check_id(&self) -> Result<(), ClientError> {
        let strict = self.profile.client_id_is_alphanumeric();
        let allowed = |octet: u8| octet.is_ascii_alphanumeric() || (!strict && b"-._~".contains(&octet));
        if (1..=255).contains(&self.id.len()) && self.id.bytes().all(allowed) {
            Ok(())
        } else if strict {
            Err(ClientError::IdOfProfile { profile: self.profile.as_str() })
        } else {
            Err(ClientError::Id)
        }
    }

    fn check_uris(&self) -> Result<(), ClientError> {
        if self.redirect_uris.is_empty() {
            return Err(ClientError::NoRedirectUri);
        }
        let logout = self.post_logout_redirect_uris.iter().chain(&self.backchannel_logout_uri);
        let mut count = 0;
        for uri in self.redirect_uris.iter().chain(logout) {
            count += 1;
            if count > MOST_URIS {
                return Err(ClientError::ManyUris);
            }
            check_redirect_uri(uri).map_err(|error| ClientError::RedirectUri { uri: uri.clone(), error })?;
        }
        Ok(())
    }

    /// OpenID Connect Core section 8.1: with several hosts the pairwise `sub` would depend on the one used.
    fn check_sector(&self) -> Result<(), ClientError> {
        if let Some(sector) = &self.sector {
            return if is_host(sector) {
                Ok(())
            } else {
                Err(ClientError::Sector { sector: sector.clone() })
            };
        }
        let mut sectors = self.redirect_uris.iter().map(|uri| sector_identifier(uri));
        let first = sectors.next();
        if sectors.any(|sector| Some(sector) != first) { Err(ClientError::SeveralHosts) } else { Ok(()) }
    }

    fn check_profile(&self) -> Result<(), ClientError> {
        let profile = self.profile;
        let method = self.authentication.method();
        let refuse = |what| Err(ClientError::Profile { profile: profile.as_str(), what });
        if !profile.authentication_methods().contains(&method) {
            return Err(ClientError::AuthenticationOfProfile { profile: profile.as_str(), method });
        }
        if !profile.id_token_algs().contains(&self.id_token_alg) {
            return Err(ClientError::AlgOfProfile {
                profile: profile.as_str(),
                alg: self.id_token_alg.as_str(),
            });
        }
        if profile.requires_pushed() && !self.require_pushed {
            return refuse("require_pushed cannot be false");
        }
        if profile.requires_dpop() && !self.require_dpop {
            return refuse("require_dpop cannot be false");
        }
        if self.danger_pkce_lifted && !profile.may_lift_pkce() {
            return refuse("PKCE cannot be lifted");
        }
        // A pushed request is an authenticated one (RFC 9126 section 2).
        if self.require_pushed && method == AuthenticationMethod::None {
            return Err(ClientError::PublicPushed);
        }
        if let ClientAuthentication::PrivateKeyJwt(keys) = &self.authentication {
            if keys.danger_token_endpoint_audience && !profile.may_accept_endpoint_audience() {
                return refuse("the audience of an assertion is the issuer");
            }
            keys.check(profile)?;
        }
        Ok(())
    }
}

/// A host name as URLs spell it: lower case, A-labels, no port.
fn is_host(sector: &str) -> bool {
    let plain = |octet: u8| octet.is_ascii_lowercase() || octet.is_ascii_digit() || b"-.".contains(&octet);
    let url = Url::parse(&format!("https://{sector}/"));
    sector.bytes().all(plain)
        && url.is_ok_and(|url| matches!(url.host(), Some(Host::Domain(_))) && url.host_str() == Some(sector))
}

/// More than any honest service registers.
const MOST_URIS: usize = 100;

/// Why a client cannot be registered.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ClientError {
    /// The profile has other algorithms.
    #[error("profile {profile}: ID tokens are not signed with {alg}")]
    AlgOfProfile {
        /// The profile.
        profile: &'static str,
        /// What was asked.
        alg: &'static str,
    },
    /// The profile has other methods.
    #[error("profile {profile}: a client does not authenticate by {}", method.as_str())]
    AuthenticationOfProfile {
        /// The profile.
        profile: &'static str,
        /// What was asked.
        method: AuthenticationMethod,
    },
    /// The gateway would connect to a network that the world does not reach.
    #[error(
        "URI {uri}: the gateway connects to it by itself, so its host is a public one; where services are in private \
         networks: backchannel_private_networks = true"
    )]
    BackchannelHost {
        /// The URI.
        uri: String,
    },
    /// The identifier has another length or alphabet.
    #[error("a client id is 1 to 255 of A-Z a-z 0-9 - . _ ~")]
    Id,
    /// The identifier has another alphabet than the profile's.
    #[error("profile {profile}: a client id is 1 to 255 of A-Z a-z 0-9")]
    IdOfProfile {
        /// The profile.
        profile: &'static str,
    },
    /// A registered key is for an algorithm that the profile has not.
    #[error("profile {profile}: a client does not sign with {alg}")]
    KeyAlgOfProfile {
        /// The profile.
        profile: &'static str,
        /// The key's algorithm.
        alg: &'static str,
    },
    /// More URIs than any honest service has.
    #[error("more than {MOST_URIS} URIs")]
    ManyUris,
    /// No redirect URI at all.
    #[error("a client needs a redirect URI")]
    NoRedirectUri,
    /// One of the URIs is on the gateway itself.
    #[error("URI {uri}: that is the gateway's own origin, not the service's")]
    OwnOrigin {
        /// The URI.
        uri: String,
    },
    /// The profile rules out a setting.
    #[error("profile {profile}: {what}")]
    Profile {
        /// The profile.
        profile: &'static str,
        /// What it rules out.
        what: &'static str,
    },
    /// Whoever cannot authenticate cannot push.
    #[error("a public client cannot be required to push its requests: pushing needs authentication")]
    PublicPushed,
    /// One of the URIs cannot be registered.
    #[error("URI {uri}: {error}")]
    RedirectUri {
        /// The URI.
        uri: String,
        /// What is wrong with it.
        error: RedirectUriError,
    },
    /// The sector is no host name.
    #[error("sector {sector}: a host name in lower case, such as service.example")]
    Sector {
        /// What was given.
        sector: String,
    },
    /// The redirect URIs have more than one host.
    #[error("all redirect URIs of a client have the same host; name a sector, or register a client for each")]
    SeveralHosts,
}

#[cfg(test)]
mod tests;
