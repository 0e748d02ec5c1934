//! Registering a client, and making the token with which one registers itself.

use std::fs;
use std::path::Path;

use ring::rand::SecureRandom;
use serde_json::{Value, json};

use madoguchi_gateway::display_texts;
use madoguchi_oidc::jose::PublicJwkSet;
use madoguchi_oidc::{
    AssertionKeys, AuthenticationMethod, Client, ClientAuthentication, ClientSecret, CryptoError,
    RegistrationToken,
};
use madoguchi_protocol::{Display, LocalText, Octets, comparison_code};
use madoguchi_storage::{ClientWrite, Clients as _, NewRegistrationToken, Registration};

use crate::clients::arguments::{AddArguments, TokenArguments};
use crate::clients::tell::{fields_of, json_of};
use crate::kek::file_error;
use crate::operator::audited;
use crate::registry::{CommandEdge, KnownMunicipality, RegisterError, known, write_fields, write_json};
use crate::{Config, beside};

pub(super) async fn add(arguments: &AddArguments, edge: &mut CommandEdge<'_>) -> Result<(), RegisterError> {
    let config = Config::read(&arguments.common.config)?;
    let store = beside::to_write(&config, edge.clock.clone()).await?;
    let all = known(&config, Some(&*store)).await?;
    let municipality = of_id(all, &arguments.municipality)?;
    let (registration, secret) = registration(arguments, edge.random)?;
    check(&registration, &municipality)?;
    let client_id = registration.client.id.clone();
    let taken =
        || RegisterError::IdTaken { municipality: municipality.id.clone(), client_id: client_id.clone() };
    if super::look::in_file(&config, &municipality.id, &client_id).is_some() {
        return Err(taken());
    }
    let operator = audited(arguments.ordered.operator.as_deref(), &edge.os_user);
    match store.add_client(&municipality.id, registration.clone(), &operator).await? {
        ClientWrite::Done => {}
        _ => return Err(taken()),
    }
    let secret = secret.map(|secret| secret.encode().to_string());
    if arguments.common.json {
        let mut told = json_of(&municipality.id, &registration, false);
        told["issuer"] = json!(municipality.origin.as_str());
        if let Some(secret) = &secret {
            told["client_secret"] = json!(secret);
        }
        write_json(edge.output, &told)?;
        return Ok(());
    }
    let mut fields = fields_of(&municipality.id, &registration, false);
    fields.insert(1, ("issuer", municipality.origin.to_string()));
    if let Some(secret) = secret {
        fields.push(("client_secret", secret));
        write_fields(edge.output, &fields)?;
        writeln!(edge.output, "The secret is shown this once; only its hash is kept.")?;
    } else {
        write_fields(edge.output, &fields)?;
    }
    Ok(())
}

/// `madoguchi clients registration-token new`.
pub(super) async fn registration_token(
    arguments: &TokenArguments,
    edge: &mut CommandEdge<'_>,
) -> Result<(), RegisterError> {
    let config = Config::read(&arguments.common.config)?;
    let store = beside::to_write(&config, edge.clock.clone()).await?;
    let municipality = of_id(known(&config, Some(&*store)).await?, &arguments.municipality)?;
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
    if arguments.common.json {
        let told = json!({
            "municipality": municipality.id,
            "registration_endpoint": endpoint,
            "initial_access_token": token,
            "profile": arguments.profile,
            "hours": arguments.hours,
            "dynamic_registration": config.dynamic_registration,
        });
        write_json(edge.output, &told)?;
        return Ok(());
    }
    let fields = [
        ("municipality", municipality.id),
        ("registration_endpoint", endpoint),
        ("profile", arguments.profile.as_str().to_owned()),
        ("hours", arguments.hours.to_string()),
        ("initial_access_token", token),
    ];
    write_fields(edge.output, &fields)?;
    if !config.dynamic_registration {
        writeln!(edge.output, "It does not work yet: the configuration lacks dynamic_registration = true.")?;
    }
    Ok(())
}

pub(crate) fn of_id(all: Vec<KnownMunicipality>, id: &str) -> Result<KnownMunicipality, RegisterError> {
    let found = all.into_iter().find(|municipality| municipality.id == id);
    found.ok_or_else(|| RegisterError::MunicipalityUnknown { municipality: id.to_owned() })
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
    let new = Client::new(arguments.profile, id, arguments.redirect_uri.clone(), authentication);
    let client = Client {
        post_logout_redirect_uris: arguments.settings.post_logout_redirect_uri.clone(),
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
        return Err(RegisterError::Options(
            "--jwks and --danger-token-endpoint-audience go with private_key_jwt",
        ));
    }
    let secret = |of: fn(&ClientSecret) -> ClientAuthentication| {
        let secret = ClientSecret::generate(random)?;
        Ok((of(&secret), Some(secret)))
    };
    match method {
        AuthenticationMethod::ClientSecretBasic => secret(ClientAuthentication::secret_basic),
        AuthenticationMethod::ClientSecretPost => secret(ClientAuthentication::secret_post),
        AuthenticationMethod::PrivateKeyJwt => {
            let file = jwks.ok_or(RegisterError::Options("private_key_jwt needs --jwks"))?;
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
    let octets = fs::read(path).map_err(|source| file_error(path, source))?;
    let one = serde_json::from_slice::<Value>(&octets).ok().filter(|value| value.get("kty").is_some());
    let set = match one {
        Some(_) => [&b"{\"keys\":["[..], &octets, b"]}"].concat(),
        None => octets,
    };
    PublicJwkSet::from_json(&set).map_err(|error| RegisterError::Jwks { path: path.to_owned(), error })
}

/// The rules, and that residents can be shown it.
pub(super) fn check(
    registration: &Registration,
    municipality: &KnownMunicipality,
) -> Result<(), RegisterError> {
    registration.client.check()?;
    let texts = display_texts(&municipality.name, &registration.name, &registration.purpose);
    Display::new(&comparison_code([0, 0]), &texts)?;
    Ok(())
}
