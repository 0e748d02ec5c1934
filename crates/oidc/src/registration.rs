//! Dynamic client registration (RFC 7591), as much of it as fits a client that an operator would register too.
//!
//! Whoever holds an initial access token chooses metadata; the profile comes with the token, and the client is checked by
//! the same [`Client::check`] as every other. Nothing is fetched: keys are inline, and a sector is the host of the
//! redirect URIs.

use serde_json::{Map, Value, json};
use url::{Host, Url};

use crate::jose::JwsAlg;
use crate::jose::json::object;
use crate::jose::{JwkError, PublicJwkSet};
use crate::reach::is_public_name;
use crate::{AuthenticationMethod, Client, ClientAuthentication, ClientError, ClientSecret, Profile};

/// What a service asks to be registered as, read and not yet checked.
#[derive(Debug)]
pub struct RegistrationRequest {
    metadata: Map<String, Value>,
    method: AuthenticationMethod,
}

/// A client that registered itself.
#[derive(Debug)]
pub struct RegisteredClient {
    /// The client, checked.
    pub client: Client,
    /// `client_name` in Japanese, else without a language (section 2.2).
    pub name: String,
    /// `client_name` in English.
    pub name_en: Option<String>,
}

impl RegistrationRequest {
    /// Reads the metadata of section 2. What this server does not know is ignored, as the section says; what it knows
    /// and cannot do is refused.
    pub fn parse(body: &[u8], profile: Profile) -> Result<Self, RegistrationError> {
        let metadata = object(body).ok_or(RegistrationError::Json)?;
        for (name, only) in [("grant_types", "authorization_code"), ("response_types", "code")] {
            let given = texts(&metadata, name)?;
            let refresh = |text: &&str| name == "grant_types" && *text == "refresh_token";
            let others = given.iter().flatten().filter(|text| **text != only && !refresh(text)).count();
            if others > 0 || given.is_some_and(|given| !given.contains(&only)) {
                return Err(RegistrationError::Unsupported { name });
            }
        }
        for name in ["jwks_uri", "sector_identifier_uri", "software_statement"] {
            if metadata.contains_key(name) {
                return Err(RegistrationError::Unsupported { name });
            }
        }
        if text(&metadata, "subject_type")?.is_some_and(|subject_type| subject_type != "pairwise") {
            return Err(RegistrationError::Unsupported { name: "subject_type" });
        }
        let method = match text(&metadata, "token_endpoint_auth_method")? {
            None if metadata.contains_key("jwks") => AuthenticationMethod::PrivateKeyJwt,
            None => AuthenticationMethod::ClientSecretBasic,
            Some(name) => AuthenticationMethod::from_name(name)
                .filter(|method| profile.authentication_methods().contains(method))
                .ok_or(RegistrationError::Unsupported { name: "token_endpoint_auth_method" })?,
        };
        Ok(Self { metadata, method })
    }

    /// True when the client authenticates by a secret, which the caller then makes.
    pub fn needs_secret(&self) -> bool {
        matches!(
            self.method,
            AuthenticationMethod::ClientSecretBasic | AuthenticationMethod::ClientSecretPost
        )
    }

    /// The client with this id and this secret.
    pub fn client(
        &self,
        profile: Profile,
        id: String,
        secret: Option<&ClientSecret>,
    ) -> Result<RegisteredClient, RegistrationError> {
        let metadata = &self.metadata;
        let uris = |name| {
            texts(metadata, name)
                .map(|uris| uris.unwrap_or_default().into_iter().map(str::to_owned).collect())
        };
        let authentication = match (self.method, secret) {
            (AuthenticationMethod::ClientSecretBasic, Some(secret)) => {
                ClientAuthentication::secret_basic(secret)
            }
            (AuthenticationMethod::ClientSecretPost, Some(secret)) => {
                ClientAuthentication::secret_post(secret)
            }
            (AuthenticationMethod::PrivateKeyJwt, _) => {
                let jwks = metadata.get("jwks").ok_or(RegistrationError::Missing { name: "jwks" })?;
                let jwks = PublicJwkSet::from_json(jwks.to_string().as_bytes())?;
                ClientAuthentication::private_key_jwt(jwks)
            }
            (AuthenticationMethod::None, _) => ClientAuthentication::None,
            _ => return Err(RegistrationError::Missing { name: "client_secret" }),
        };
        let new = Client::new(profile, id, uris("redirect_uris")?, authentication);
        let alg = match text(metadata, "id_token_signed_response_alg")? {
            None => new.id_token_alg,
            Some(name) => JwsAlg::from_name(name)
                .ok_or(RegistrationError::Unsupported { name: "id_token_signed_response_alg" })?,
        };
        let client = Client {
            post_logout_redirect_uris: uris("post_logout_redirect_uris")?,
            backchannel_logout_uri: text(metadata, "backchannel_logout_uri")?.map(str::to_owned),
            id_token_alg: alg,
            require_pushed: new.require_pushed || flag(metadata, "require_pushed_authorization_requests")?,
            require_dpop: new.require_dpop || flag(metadata, "dpop_bound_access_tokens")?,
            ..new
        };
        client.check()?;
        check_backchannel(&client)?;
        let name = text(metadata, "client_name#ja")?.or(text(metadata, "client_name")?);
        Ok(RegisteredClient {
            name: name.ok_or(RegistrationError::Missing { name: "client_name" })?.to_owned(),
            name_en: text(metadata, "client_name#en")?.map(str::to_owned),
            client,
        })
    }
}

/// The gateway sends to this address by itself: it is a host of the service's own, never one that only the gateway reaches
/// (CVE-2026-4874).
fn check_backchannel(client: &Client) -> Result<(), RegistrationError> {
    let Some(uri) = &client.backchannel_logout_uri else { return Ok(()) };
    let url = Url::parse(uri).ok();
    let on_https = |url: &&Url| url.scheme() == "https" && url.port().is_none();
    let host = url.as_ref().filter(on_https).and_then(Url::host);
    match host {
        Some(Host::Domain(name))
            if is_public_name(name) && client.sector_identifier().as_deref() == Some(name) =>
        {
            Ok(())
        }
        _ => Err(RegistrationError::Unsupported { name: "backchannel_logout_uri" }),
    }
}

impl RegisteredClient {
    /// The answer (section 3.2.1): what was registered, whatever was asked for. `secret` is shown here and never again.
    pub fn answer(&self, issued_at: u64, secret: Option<&str>) -> Value {
        let client = &self.client;
        let mut answer = json!({
            "client_id": client.id,
            "client_id_issued_at": issued_at,
            "client_name": self.name,
            "redirect_uris": client.redirect_uris,
            "grant_types": ["authorization_code"],
            "response_types": ["code"],
            "subject_type": "pairwise",
            "token_endpoint_auth_method": client.authentication.method().as_str(),
            "id_token_signed_response_alg": client.id_token_alg,
            "require_pushed_authorization_requests": client.require_pushed,
            "dpop_bound_access_tokens": client.require_dpop,
        });
        if !client.post_logout_redirect_uris.is_empty() {
            answer["post_logout_redirect_uris"] = json!(client.post_logout_redirect_uris);
        }
        if let Some(uri) = &client.backchannel_logout_uri {
            answer["backchannel_logout_uri"] = json!(uri);
        }
        if let Some(name) = &self.name_en {
            answer["client_name#en"] = json!(name);
        }
        if let ClientAuthentication::PrivateKeyJwt(keys) = &client.authentication {
            answer["jwks"] = json!(keys.jwks);
        }
        if let Some(secret) = secret {
            answer["client_secret"] = json!(secret);
            // Never (section 3.2.1): an operator ends it.
            answer["client_secret_expires_at"] = json!(0);
        }
        answer
    }
}

fn text<'m>(
    metadata: &'m Map<String, Value>,
    name: &'static str,
) -> Result<Option<&'m str>, RegistrationError> {
    match metadata.get(name) {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(RegistrationError::Type { name }),
    }
}

fn flag(metadata: &Map<String, Value>, name: &'static str) -> Result<bool, RegistrationError> {
    match metadata.get(name) {
        None => Ok(false),
        Some(Value::Bool(flag)) => Ok(*flag),
        Some(_) => Err(RegistrationError::Type { name }),
    }
}

fn texts<'m>(
    metadata: &'m Map<String, Value>,
    name: &'static str,
) -> Result<Option<Vec<&'m str>>, RegistrationError> {
    let wrong = RegistrationError::Type { name };
    match metadata.get(name) {
        None => Ok(None),
        Some(Value::Array(values)) => {
            values.iter().map(|value| value.as_str().ok_or(wrong.clone())).collect::<Result<_, _>>().map(Some)
        }
        Some(_) => Err(wrong),
    }
}

/// Why a registration is refused (section 3.2.2).
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RegistrationError {
    /// The rules for clients.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// Not a JSON object with unique members.
    #[error("not a JSON object with unique members")]
    Json,
    /// The keys cannot be used.
    #[error("jwks: {0}")]
    Jwks(#[from] JwkError),
    /// Something that must be there is not.
    #[error("{name} is missing")]
    Missing {
        /// The member.
        name: &'static str,
    },
    /// A member has the wrong type.
    #[error("{name} has the wrong type")]
    Type {
        /// The member.
        name: &'static str,
    },
    /// A value that this server, or the token's profile, does not have.
    #[error("{name}: this value is not supported")]
    Unsupported {
        /// The member.
        name: &'static str,
    },
}

impl RegistrationError {
    /// The code of section 3.2.2.
    pub fn error(&self) -> &'static str {
        match self {
            Self::Client(
                ClientError::NoRedirectUri
                | ClientError::OwnOrigin { .. }
                | ClientError::RedirectUri { .. }
                | ClientError::SeveralHosts,
            ) => "invalid_redirect_uri",
            _ => "invalid_client_metadata",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{CALLBACK, public_jwk, signing_key};

    const SECRET: &str = "BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc";

    fn register(profile: Profile, metadata: &Value) -> Result<RegisteredClient, RegistrationError> {
        let request = RegistrationRequest::parse(metadata.to_string().as_bytes(), profile)?;
        let secret = ClientSecret::parse(SECRET).expect("a secret");
        request.client(profile, "a1".to_owned(), request.needs_secret().then_some(&secret))
    }

    fn metadata(changes: Value) -> Value {
        let mut metadata = json!({ "redirect_uris": [CALLBACK], "client_name": "子育て手続き" });
        let Value::Object(changes) = changes else { panic!("changes are an object") };
        for (name, value) in changes {
            metadata[name] = value;
        }
        metadata
    }

    fn standard(changes: Value) -> Result<RegisteredClient, RegistrationError> {
        register(Profile::Standard, &metadata(changes))
    }

    #[test]
    fn the_least_metadata_makes_the_profiles_usual_client() {
        let registered = standard(json!({})).expect("registered");
        let secret = ClientSecret::parse(SECRET).expect("a secret");
        let authentication = ClientAuthentication::secret_basic(&secret);
        let usual = Client::new(Profile::Standard, "a1", vec![CALLBACK.to_owned()], authentication);
        assert_eq!((registered.client, registered.name.as_str()), (usual, "子育て手続き"));
        assert_eq!(registered.name_en, None);
    }

    #[test]
    fn what_is_asked_for_is_registered_and_told() {
        let key = public_jwk(&signing_key());
        let registered = register(
            Profile::Fapi2,
            &metadata(json!({
                "jwks": { "keys": [key] },
                "grant_types": ["authorization_code", "refresh_token"],
                "response_types": ["code"],
                "subject_type": "pairwise",
                "id_token_signed_response_alg": "PS256",
                "post_logout_redirect_uris": ["https://service.example/bye"],
                "backchannel_logout_uri": "https://service.example/logout",
                "client_name#ja": "図書館", "client_name#en": "Library",
                "contacts": ["a@service.example"], "tos_uri": "javascript:alert(1)",
            })),
        )
        .expect("registered");
        let client = &registered.client;
        assert_eq!((client.require_pushed, client.require_dpop, client.refresh), (true, true, false));
        assert_eq!((registered.name.as_str(), registered.name_en.as_deref()), ("図書館", Some("Library")));
        let answer = registered.answer(1_800_000_000, None);
        assert_eq!(answer["client_id"], "a1");
        assert_eq!(answer["token_endpoint_auth_method"], "private_key_jwt");
        assert_eq!(answer["id_token_signed_response_alg"], "PS256");
        assert_eq!(answer["grant_types"], json!(["authorization_code"]));
        assert_eq!(answer["backchannel_logout_uri"], "https://service.example/logout");
        for absent in ["client_secret", "tos_uri", "contacts"] {
            assert_eq!(answer.get(absent), None, "{absent}");
        }
        let with_secret = standard(json!({})).expect("registered").answer(1, Some(SECRET));
        assert_eq!(
            (&with_secret["client_secret"], &with_secret["client_secret_expires_at"]),
            (&json!(SECRET), &json!(0))
        );
    }

    /// What is known and cannot be done is refused, not ignored.
    #[test]
    fn what_cannot_be_done_is_refused_by_name() {
        for (name, value) in [
            ("grant_types", json!(["implicit"])),
            ("grant_types", json!(["authorization_code", "password"])),
            ("grant_types", json!(["refresh_token"])),
            ("grant_types", json!([])),
            ("response_types", json!(["code id_token"])),
            ("response_types", json!(["code", "token"])),
            ("subject_type", json!("public")),
            ("token_endpoint_auth_method", json!("client_secret_jwt")),
            ("token_endpoint_auth_method", json!("client_secret_post")),
            ("id_token_signed_response_alg", json!("none")),
            ("id_token_signed_response_alg", json!("HS256")),
            ("sector_identifier_uri", json!("https://service.example/sector")),
            ("software_statement", json!("a.b.c")),
        ] {
            let mut changes = json!({});
            changes[name] = value.clone();
            let refused = standard(changes).expect_err("refused");
            assert_eq!(refused, RegistrationError::Unsupported { name }, "{name} {value}");
            assert_eq!(refused.error(), "invalid_client_metadata");
        }
    }

    /// Keycloak CVE-2026-4874, CVE-2020-10770: nothing that a service writes makes the gateway connect anywhere but to
    /// that service.
    #[test]
    fn c16_nothing_is_fetched_and_logout_goes_to_the_service_alone() {
        let refused = standard(json!({ "jwks_uri": "https://service.example/jwks" })).err();
        assert_eq!(refused, Some(RegistrationError::Unsupported { name: "jwks_uri" }));
        let local = json!({
            "redirect_uris": ["http://localhost:1/callback"],
            "backchannel_logout_uri": "http://localhost:2/logout",
        });
        let name = "backchannel_logout_uri";
        assert_eq!(standard(local).err(), Some(RegistrationError::Unsupported { name }));
        for uri in ["https://other.example/logout", "https://169.254.169.254/", "https://localhost/"] {
            let refused = standard(json!({ "backchannel_logout_uri": uri })).err();
            assert_eq!(refused, Some(RegistrationError::Unsupported { name }), "{uri}");
        }
        // Hosts of its redirect URIs all of them, and still none of the world's.
        for host in
            ["localhost.", "metadata.google.internal", "printer.local", "intranet", "service.example."]
        {
            let refused = standard(json!({
                "redirect_uris": [format!("https://{host}/callback")],
                "backchannel_logout_uri": format!("https://{host}/logout"),
            }));
            assert_eq!(refused.err(), Some(RegistrationError::Unsupported { name }), "{host}");
        }
        let with_port = standard(json!({ "backchannel_logout_uri": "https://service.example:22/" }));
        assert_eq!(
            with_port.err(),
            Some(RegistrationError::Unsupported { name }),
            "another service of the host"
        );
    }

    #[test]
    fn c2_the_rules_for_clients_hold_for_these_too() {
        for uris in [
            json!([]),
            json!(["javascript:alert(1)"]),
            json!(["http://service.example/"]),
            json!([CALLBACK, "https://other.example/"]),
        ] {
            let refused = standard(json!({ "redirect_uris": uris })).expect_err("refused");
            assert_eq!(refused.error(), "invalid_redirect_uri", "{uris}");
        }
        let refused = register(Profile::Fapi2, &metadata(json!({}))).expect_err("no secret in fapi2");
        assert!(matches!(refused, RegistrationError::Client(_)), "{refused:?}");
        assert!(matches!(
            register(Profile::Fapi2, &metadata(json!({ "token_endpoint_auth_method": "private_key_jwt" }))),
            Err(RegistrationError::Missing { name: "jwks" })
        ));
        let mut private = json!(public_jwk(&signing_key()));
        private["d"] = json!("AA");
        let refused = standard(json!({ "jwks": { "keys": [private] } })).err();
        assert_eq!(refused, Some(RegistrationError::Jwks(JwkError::Private)));
    }

    #[test]
    fn what_is_missing_or_mistyped_is_refused_by_name() {
        let parse = |body: &[u8]| RegistrationRequest::parse(body, Profile::Standard).err();
        for body in [&b""[..], b"[]", b"{\"a\":1,\"a\":2}", b"{} {}"] {
            assert_eq!(parse(body), Some(RegistrationError::Json));
        }
        let nameless = json!({ "redirect_uris": [CALLBACK] });
        let missing = RegistrationError::Missing { name: "client_name" };
        assert_eq!(register(Profile::Standard, &nameless).err(), Some(missing));
        for (name, value) in [
            ("redirect_uris", json!(CALLBACK)),
            ("redirect_uris", json!([1])),
            ("client_name", json!(1)),
            ("dpop_bound_access_tokens", json!("true")),
            ("grant_types", json!("authorization_code")),
        ] {
            let mut changes = json!({});
            changes[name] = value;
            assert_eq!(standard(changes).err(), Some(RegistrationError::Type { name }), "{name}");
        }
    }
}
