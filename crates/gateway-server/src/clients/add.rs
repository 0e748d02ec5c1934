//! Registering a client, and making the token with which one registers itself.

use std::path::Path;

use ring::rand::SecureRandom;
use serde_json::{Value, json};

use madoguchi_gateway::display_texts;
use madoguchi_oidc::jose::PublicJwkSet;
use madoguchi_oidc::{
    AssertionKeys, AuthenticationMethod, Client, ClientAuthentication, ClientError, ClientSecret,
    CryptoError, RegistrationToken,
};
use madoguchi_protocol::{Display, LocalText, Octets, comparison_code};
use madoguchi_storage::{ClientWrite, NewRegistrationToken, Registration, Storage};

use crate::clients::arguments::{AddArguments, TokenArguments};
use crate::clients::jwk::is_pem;
use crate::clients::signing::{has_key, tell_missing};
use crate::clients::tell::{fields_of, json_of};
use crate::kek::file_error;
use crate::operator::audited;
use crate::register_error::RegisterError;
use crate::registry::{CommandEdge, KnownMunicipality, known, of_id, write_fields, write_json};
use crate::regular_file::{MOST_KEY_OCTETS, read_regular};
use crate::{Config, beside};

pub(super) async fn add(arguments: &AddArguments, edge: &mut CommandEdge<'_>) -> Result<(), RegisterError> {
    let config = Config::read(&arguments.common.config)?;
    let (registration, secret) = registration(arguments, edge.random)?;
    registration.client.check().map_err(|error| match error {
        // It stands in a file, not on the command line.
        ClientError::KeyAlgOfProfile { .. } => RegisterError::Client(error),
        error => RegisterError::ClientOptions(error),
    })?;
    let store = beside::to_write(&config, edge.clock.clone()).await?;
    let all = known(&config, Some(&*store)).await?;
    let municipality = of_id(all.clone(), &arguments.of.municipality)?;
    check(&config, &all, &registration, &municipality)?;
    let client_id = registration.client.id.clone();
    let taken =
        || RegisterError::IdTaken { municipality: municipality.id.clone(), client_id: client_id.clone() };
    if super::look::in_file(&config, &municipality.id, &client_id).is_some() {
        return Err(taken());
    }
    let twins = twins(&*store, &municipality.id, &registration).await?;
    let operator = audited(arguments.ordered.operator.as_deref(), &edge.os_user);
    match store.add_client(&municipality.id, registration.clone(), &operator).await? {
        ClientWrite::Done => {}
        _ => return Err(taken()),
    }
    let signing_key = has_key(&*store, &municipality.id, registration.client.id_token_alg).await?;
    let added = Added { municipality: &municipality, registration: &registration, twins, signing_key };
    let has_secret = secret.is_some();
    let written =
        if arguments.common.json { added.write_json(secret, edge) } else { added.write(secret, edge) };
    written.map_err(|source| {
        if has_secret {
            let done = format!("client {client_id} is registered");
            lost(done, &municipality.id, &client_id, source)
        } else {
            source.into()
        }
    })
}

/// A client that was just registered.
struct Added<'a> {
    municipality: &'a KnownMunicipality,
    registration: &'a Registration,
    /// Other clients that look the same.
    twins: Vec<String>,
    signing_key: bool,
}

impl Added<'_> {
    fn write_json(&self, secret: Option<ClientSecret>, edge: &mut CommandEdge<'_>) -> std::io::Result<()> {
        let mut told = json_of(self.municipality, self.registration, false, edge.clock.now());
        told["signing_key"] = json!(self.signing_key);
        told["same_name_and_redirect_uri"] = json!(self.twins);
        if let Some(secret) = secret {
            told["client_secret"] = json!(*secret.encode());
        }
        write_json(edge.output, &told)
    }

    fn write(&self, secret: Option<ClientSecret>, edge: &mut CommandEdge<'_>) -> std::io::Result<()> {
        let mut fields = fields_of(self.municipality, self.registration, false, edge.clock.now());
        let has_secret = secret.is_some();
        if let Some(secret) = secret {
            // Beside the id: whoever cuts the output off has both.
            fields.insert(AFTER_CLIENT_ID, ("client_secret", secret.encode().to_string()));
        }
        write_fields(edge.output, &fields)?;
        if has_secret {
            writeln!(edge.output, "{NOTE_OF_SECRET}")?;
        }
        for twin in &self.twins {
            writeln!(edge.output, "Note: client {twin} has the same name and redirect URI.")?;
        }
        if !self.signing_key {
            tell_missing(edge.output, &self.municipality.id, self.registration.client.id_token_alg)?;
        }
        Ok(())
    }
}

/// Clients of the database with this name and one of these redirect URIs: perhaps the order was given before.
async fn twins(
    store: &dyn Storage,
    municipality: &str,
    new: &Registration,
) -> Result<Vec<String>, RegisterError> {
    let clients = store.clients(municipality).await?.clients;
    let same = |other: &Registration| {
        let uris = &new.client.redirect_uris;
        other.name.ja == new.name.ja && other.client.redirect_uris.iter().any(|uri| uris.contains(uri))
    };
    let twins = clients.into_iter().map(|record| record.registration).filter(same);
    Ok(twins.map(|twin| twin.client.id).collect())
}

/// The secret was made, and nobody has read it.
pub(super) fn lost(
    done: String,
    municipality: &str,
    client_id: &str,
    source: std::io::Error,
) -> RegisterError {
    let again = format!("madoguchi clients rotate-secret --municipality {municipality} {client_id}");
    RegisterError::SecretLost { done, again, source }
}

/// `madoguchi clients registration-token new`.
pub(super) async fn registration_token(
    arguments: &TokenArguments,
    edge: &mut CommandEdge<'_>,
) -> Result<(), RegisterError> {
    let config = Config::read(&arguments.common.config)?;
    let store = beside::to_write(&config, edge.clock.clone()).await?;
    let municipality = of_id(known(&config, Some(&*store)).await?, &arguments.of.municipality)?;
    let token = RegistrationToken::generate(edge.random)?;
    let new = NewRegistrationToken {
        hash: Octets(token.hash()),
        profile: arguments.profile,
        lifetime: arguments.hours * 60 * 60,
    };
    let operator = audited(arguments.ordered.operator.as_deref(), &edge.os_user);
    store.add_registration_token(&municipality.id, new, &operator).await?;
    let endpoint = format!("{}{}", municipality.origin, madoguchi_oidc::PATH_REGISTRATION);
    let token = token.encode().to_string();
    let written = if arguments.common.json {
        let told = json!({
            "municipality": municipality.id,
            "registration_endpoint": endpoint,
            "initial_access_token": token,
            "profile": arguments.profile,
            "hours": arguments.hours,
            "dynamic_registration": config.dynamic_registration,
        });
        write_json(edge.output, &told)
    } else {
        let fields = [
            ("municipality", municipality.id.clone()),
            ("registration_endpoint", endpoint),
            ("initial_access_token", token),
            ("profile", arguments.profile.as_str().to_owned()),
            ("hours", arguments.hours.to_string()),
        ];
        write_fields(edge.output, &fields)
    };
    written.map_err(|source| {
        let again = format!("madoguchi clients registration-token new --municipality {}", municipality.id);
        RegisterError::SecretLost { done: "a token was made".to_owned(), again, source }
    })?;
    if !config.dynamic_registration && !arguments.common.json {
        writeln!(edge.output, "It does not work yet: the configuration lacks dynamic_registration = true.")?;
    }
    Ok(())
}

fn registration(
    arguments: &AddArguments,
    random: &dyn SecureRandom,
) -> Result<(Registration, Option<ClientSecret>), RegisterError> {
    let id = match &arguments.id {
        Some(id) => id.clone(),
        None => Octets::<10>::generate(random).map_err(|_| CryptoError::NoRandomness)?.to_hex(),
    };
    let (authentication, secret) = authentication(arguments, random)?;
    let new = Client::new(arguments.profile, id, once(&arguments.redirect_uri), authentication);
    let client = Client {
        post_logout_redirect_uris: once(&arguments.settings.post_logout_redirect_uri),
        backchannel_logout_uri: arguments.settings.backchannel_logout_uri.clone(),
        sector: arguments.sector.clone(),
        id_token_alg: arguments.settings.alg.unwrap_or(new.id_token_alg),
        require_pushed: arguments.require_pushed || new.require_pushed,
        require_dpop: arguments.require_dpop || new.require_dpop,
        danger_pkce_lifted: arguments.danger_pkce_lifted,
        refresh: arguments.refresh,
        ..new
    };
    let texts = &arguments.texts;
    let name = LocalText {
        ja: arguments.name.clone(),
        ja_x_plain: texts.name_plain.clone(),
        en: texts.name_en.clone(),
    };
    let purpose = match &texts.purpose {
        Some(ja) => LocalText {
            ja: ja.clone(),
            ja_x_plain: texts.purpose_plain.clone(),
            en: texts.purpose_en.clone(),
        },
        None => usual_purpose(),
    };
    Ok((Registration { client, name, purpose }, secret))
}

/// What is given twice is registered once.
pub(super) fn once(uris: &[String]) -> Vec<String> {
    let first = |(index, uri): &(usize, &String)| !uris.iter().take(*index).any(|other| other == *uri);
    uris.iter().enumerate().filter(first).map(|(_, uri)| uri.clone()).collect()
}

/// What a sign-in is for when nobody says.
fn usual_purpose() -> LocalText {
    LocalText {
        ja: "サインイン".to_owned(),
        ja_x_plain: Some("サインイン".to_owned()),
        en: Some("Sign-in".to_owned()),
    }
}

fn authentication(
    arguments: &AddArguments,
    random: &dyn SecureRandom,
) -> Result<(ClientAuthentication, Option<ClientSecret>), RegisterError> {
    let jwks = arguments.settings.jwks.as_deref();
    // A profile that knows nothing but keys needs no word about it.
    let by_keys_alone = arguments.profile.authentication_methods() == [AuthenticationMethod::PrivateKeyJwt];
    let usual = if jwks.is_some() || by_keys_alone {
        AuthenticationMethod::PrivateKeyJwt
    } else {
        AuthenticationMethod::ClientSecretBasic
    };
    let method = arguments.auth.unwrap_or(usual);
    if method != AuthenticationMethod::PrivateKeyJwt
        && (jwks.is_some() || arguments.danger_token_endpoint_audience)
    {
        let message = "--jwks and --danger-token-endpoint-audience go with private_key_jwt";
        return Err(RegisterError::Options(message.to_owned()));
    }
    let secret = |of: fn(&ClientSecret) -> ClientAuthentication| {
        let secret = ClientSecret::generate(random)?;
        Ok((of(&secret), Some(secret)))
    };
    match method {
        AuthenticationMethod::ClientSecretBasic => secret(ClientAuthentication::secret_basic),
        AuthenticationMethod::ClientSecretPost => secret(ClientAuthentication::secret_post),
        AuthenticationMethod::PrivateKeyJwt => {
            let file = jwks.ok_or_else(|| {
                let profile = arguments.profile.as_str();
                let why = match arguments.auth {
                    Some(_) => "private_key_jwt needs".to_owned(),
                    None => format!("profile {profile} authenticates by keys: give"),
                };
                RegisterError::Options(format!("{why} the service's public keys with --jwks FILE"))
            })?;
            let keys = AssertionKeys {
                jwks: read_jwks(file)?,
                danger_token_endpoint_audience: arguments.danger_token_endpoint_audience,
            };
            Ok((ClientAuthentication::PrivateKeyJwt(keys), None))
        }
        _ => Ok((ClientAuthentication::None, None)),
    }
}

/// A JWK set, or one JWK alone.
pub(super) fn read_jwks(path: &Path) -> Result<PublicJwkSet, RegisterError> {
    let octets = read_regular(path, MOST_KEY_OCTETS).map_err(|source| file_error(path, source))?;
    if let Some(error) = is_pem(path, &octets) {
        return Err(error);
    }
    let one = serde_json::from_slice::<Value>(&octets).ok().filter(|value| value.get("kty").is_some());
    let set = one.map(|_| [&b"{\"keys\":["[..], &octets, b"]}"].concat());
    PublicJwkSet::from_json(set.as_deref().unwrap_or(&octets))
        .map_err(|error| RegisterError::Jwks { path: path.to_owned(), error })
}

/// The rules, that none of its addresses is one of the gateway's or in its own network, and that residents can be shown it.
pub(super) fn check(
    config: &Config,
    all: &[KnownMunicipality],
    registration: &Registration,
    municipality: &KnownMunicipality,
) -> Result<(), RegisterError> {
    let client = &registration.client;
    client.check()?;
    client.check_origins(all.iter().map(|municipality| municipality.origin.as_str()))?;
    if !config.backchannel_private_networks {
        client.check_backchannel_host(municipality.origin.is_loopback())?;
    }
    let texts = display_texts(&municipality.name, &registration.name, &registration.purpose);
    Display::new(&comparison_code([0, 0]), &texts)?;
    Ok(())
}

pub(super) const NOTE_OF_SECRET: &str = "The secret is shown this once; only its hash is kept.";
/// After municipality, issuer and client id.
const AFTER_CLIENT_ID: usize = 3;
