//! Request objects by value (RFC 9101), as FAPI 2.0 Message Signing section 5.3 narrows them: signed by the client,
//! for us, for at most an hour. They come to the endpoint for pushed requests alone; what stands beside one in the
//! form is not read, so that nobody can add to what the client signed (section 6.3).

use crate::jose::{Claims, CompactJws, JoseError};
use crate::{Client, ClientAuthentication, Description, OAuthError, ParameterError, Parameters};

/// Verifies the request object of an authenticated `client` at `now` (Unix seconds) and gives the parameters in it.
pub fn request_object(
    text: &str,
    client: &Client,
    issuer: &str,
    now: u64,
) -> Result<Parameters, RequestObjectError> {
    let ClientAuthentication::PrivateKeyJwt(keys) = &client.authentication else {
        return Err(RequestObjectError::NoKeys);
    };
    let object = CompactJws::parse(text)?;
    // A JWT that was made to be something else is not a request (RFC 8725 section 3.11).
    if !object.typ().is_none_or(is_request_type) {
        return Err(RequestObjectError::Type);
    }
    let (key, alg) = keys.key_for(&object, client.profile).ok_or(RequestObjectError::Key)?;
    let claims = object.verify(key, alg)?;
    parties(&claims, client, issuer)?;
    times(&claims, now)?;
    // Section 4: a request object holds no other, neither by value nor by reference.
    if ["request", "request_uri"].iter().any(|name| claims.value(name).is_some()) {
        return Err(RequestObjectError::Nested);
    }
    let parameters = claims.iter().filter(|(name, _)| !JWT_CLAIMS.contains(name));
    Ok(Parameters::from_claims(parameters)?)
}

/// Why a request object is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RequestObjectError {
    /// `aud` does not name this issuer.
    #[error("aud is not this issuer")]
    Audience,
    /// `client_id` is not the client's.
    #[error("client_id is not the client's")]
    ClientId,
    /// `exp` is past.
    #[error("the request object is expired")]
    Expired,
    /// `iss` is not the client.
    #[error("iss is not the client")]
    Issuer,
    /// Not a JWS that verifies.
    #[error("{0}")]
    Jose(#[from] JoseError),
    /// None of the client's keys is the one it names, for an algorithm of the client's profile.
    #[error("no registered key verifies it")]
    Key,
    /// It holds another request object.
    #[error("a request object holds no other")]
    Nested,
    /// The client has no keys registered.
    #[error("the client has no keys registered")]
    NoKeys,
    /// `nbf` is in the future.
    #[error("nbf is in the future")]
    NotYet,
    /// A parameter in it is malformed.
    #[error("{0}")]
    Parameter(#[from] ParameterError),
    /// It has a `sub`, as an assertion of the client would have (section 10.8).
    #[error("a request object has no sub")]
    Subject,
    /// `exp` is more than an hour after `nbf`.
    #[error("valid for more than 60 minutes")]
    TooLongLived,
    /// `typ` is that of another kind of JWT.
    #[error("typ is not oauth-authz-req+jwt")]
    Type,
}

impl RequestObjectError {
    /// The code for the client.
    pub fn error(&self) -> OAuthError {
        match self {
            Self::NoKeys => OAuthError::RequestNotSupported,
            _ => OAuthError::InvalidRequestObject,
        }
    }

    /// What the client's developer reads.
    pub fn description(&self) -> Description {
        match self {
            Self::Audience => const { Description::new("aud of the request object is not this issuer") },
            Self::ClientId => {
                const { Description::new("client_id of the request object is missing or another") }
            }
            Self::Expired => const { Description::new("the request object is expired") },
            Self::Issuer => const { Description::new("iss of the request object is not the client") },
            Self::Jose(JoseError::ClaimMissing { name: "exp" | "nbf" }) => {
                const { Description::new("the request object needs exp and nbf") }
            }
            Self::Jose(JoseError::Signature | JoseError::Alg) | Self::Key => {
                const {
                    Description::new(
                        "no registered key and algorithm of the client verifies the request object",
                    )
                }
            }
            Self::Jose(_) => const { Description::new("the request object is malformed") },
            Self::Nested => {
                const { Description::new("a request object holds no request and no request_uri") }
            }
            Self::NoKeys => const { Description::new("the client has no keys registered") },
            Self::NotYet => const { Description::new("nbf of the request object is in the future") },
            Self::Parameter(_) => {
                const { Description::new("a parameter in the request object is malformed") }
            }
            Self::Subject => const { Description::new("a request object has no sub") },
            Self::TooLongLived => {
                const { Description::new("the request object is valid for more than 60 minutes") }
            }
            Self::Type => const { Description::new("typ of a request object is oauth-authz-req+jwt") },
        }
    }
}

/// Media types compare without case; the prefix may be left out (RFC 7515 section 4.1.9). `JWT` is what OpenID Connect
/// Core had before RFC 9101.
fn is_request_type(typ: &str) -> bool {
    ["oauth-authz-req+jwt", "application/oauth-authz-req+jwt", "jwt"]
        .iter()
        .any(|name| typ.eq_ignore_ascii_case(name))
}

/// RFC 9101 sections 4 and 10.8: from this client, to us, and no assertion.
fn parties(claims: &Claims, client: &Client, issuer: &str) -> Result<(), RequestObjectError> {
    if !claims.is("iss", &client.id) {
        return Err(RequestObjectError::Issuer);
    }
    if !claims.audience_holds(issuer) {
        return Err(RequestObjectError::Audience);
    }
    if claims.value("sub").is_some() {
        return Err(RequestObjectError::Subject);
    }
    if claims.is("client_id", &client.id) { Ok(()) } else { Err(RequestObjectError::ClientId) }
}

/// FAPI 2.0 Message Signing section 5.3.1: both dates are there, and an hour lies between them at most.
fn times(claims: &Claims, now: u64) -> Result<(), RequestObjectError> {
    let (exp, nbf) = (claims.numeric_date("exp")?, claims.numeric_date("nbf")?);
    if exp <= now {
        return Err(RequestObjectError::Expired);
    }
    if nbf > now.saturating_add(SKEW_SECONDS) {
        return Err(RequestObjectError::NotYet);
    }
    // As `exp` is to come, an `nbf` of more than an hour ago is refused here too.
    if exp.saturating_sub(nbf) > MAX_SECONDS { Err(RequestObjectError::TooLongLived) } else { Ok(()) }
}

/// Claims of the JWT itself (RFC 7519 section 4.1), which are no parameters.
const JWT_CLAIMS: [&str; 6] = ["iss", "aud", "exp", "nbf", "iat", "jti"];
const MAX_SECONDS: u64 = 60 * 60;
/// Clocks differ. FAPI 2.0 Security Profile section 5.3.2.1 asks for 10 seconds at least and 60 at most.
const SKEW_SECONDS: u64 = 10;

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::jose::PublicJwkSet;
    use crate::testing::{client, jws, public_jwk, signing_key};
    use crate::{Profile, SigningKey};

    const NOW: u64 = 1_800_000_000;
    const ISSUER: &str = "https://madoguchi.example";
    const CLIENT: &str = "kosodate";

    fn with_keys(key: &SigningKey) -> Client {
        let set = json!({ "keys": [public_jwk(key)] }).to_string();
        let set = PublicJwkSet::from_json(set.as_bytes()).expect("a set");
        Client { authentication: ClientAuthentication::private_key_jwt(set), ..client() }
    }

    fn claims() -> Value {
        json!({"iss": CLIENT, "aud": ISSUER, "client_id": CLIENT, "nbf": NOW, "exp": NOW + 300, "iat": NOW,
            "jti": "j", "state": "s", "max_age": 60})
    }

    fn with(name: &str, value: Value) -> Value {
        let mut claims = claims();
        match value {
            Value::Null => drop(claims.as_object_mut().expect("an object").remove(name)),
            value => claims[name] = value,
        }
        claims
    }

    fn header() -> Value {
        json!({"alg": "ES256", "typ": "oauth-authz-req+jwt"})
    }

    fn read(header: &Value, claims: &Value) -> Result<Parameters, RequestObjectError> {
        let key = signing_key();
        request_object(&jws(&key, header, claims), &with_keys(&key), ISSUER, NOW)
    }

    #[track_caller]
    fn refuse(claims: &Value, error: RequestObjectError) {
        assert_eq!(read(&header(), claims).err(), Some(error), "{claims}");
    }

    fn missing(name: &'static str) -> RequestObjectError {
        JoseError::ClaimMissing { name }.into()
    }

    #[test]
    fn the_parameters_are_the_claims_that_are_not_the_jwts() {
        let parameters = read(&header(), &claims()).expect("parameters");
        let names = ["client_id", "state", "max_age", "iss", "aud", "exp", "nbf", "iat", "jti"];
        let values = names.map(|name| parameters.value(name));
        assert_eq!(values[..3], [Some(CLIENT), Some("s"), Some("60")]);
        assert!(values[3..].iter().all(Option::is_none));
        // FAPI 2.0 Message Signing section 5.3.1 lets the audience be a list.
        assert!(read(&header(), &with("aud", json!([ISSUER, "https://other.example"]))).is_ok());
    }

    #[test]
    fn it_is_from_the_client_and_for_us() {
        for other in [json!("other"), json!([CLIENT]), Value::Null] {
            refuse(&with("iss", other.clone()), RequestObjectError::Issuer);
            refuse(&with("client_id", other), RequestObjectError::ClientId);
        }
        for other in [json!("https://other.example"), json!(format!("{ISSUER}/")), json!([]), Value::Null] {
            refuse(&with("aud", other), RequestObjectError::Audience);
        }
        // A client assertion (RFC 7523) would otherwise be a request without parameters.
        refuse(&with("sub", json!(CLIENT)), RequestObjectError::Subject);
    }

    #[test]
    fn exp_and_nbf_are_there_and_an_hour_apart_at_most() {
        refuse(&with("exp", Value::Null), missing("exp"));
        refuse(&with("nbf", Value::Null), missing("nbf"));
        refuse(&with("exp", json!("1800000300")), JoseError::ClaimType { name: "exp" }.into());
        refuse(&with("exp", json!(NOW)), RequestObjectError::Expired);
        assert!(read(&header(), &with("exp", json!(NOW + 1))).is_ok());
        assert!(read(&header(), &with("nbf", json!(NOW + 8))).is_ok());
        refuse(&with("nbf", json!(NOW + 11)), RequestObjectError::NotYet);
        assert!(read(&header(), &with("exp", json!(NOW + 3600))).is_ok());
        refuse(&with("exp", json!(NOW + 3601)), RequestObjectError::TooLongLived);
        refuse(&with("nbf", json!(NOW - 3601)), RequestObjectError::TooLongLived);
        assert!(read(&header(), &with("nbf", json!(NOW - 3300))).is_ok());
    }

    #[test]
    fn c12_the_key_is_the_clients_and_the_algorithm_its_profiles() {
        let (key, other) = (signing_key(), signing_key());
        let read = |text: &str, client: &Client| request_object(text, client, ISSUER, NOW).err();
        let by_other = jws(&other, &header(), &claims());
        assert_eq!(read(&by_other, &with_keys(&key)), Some(JoseError::Signature.into()));
        for alg in ["none", "HS256", "RS256", "ES384"] {
            let text = jws(&key, &json!({ "alg": alg }), &claims());
            assert_eq!(read(&text, &with_keys(&key)), Some(JoseError::Alg.into()), "{alg}");
        }
        let named = jws(&key, &json!({"alg": "ES256", "kid": "unknown"}), &claims());
        assert_eq!(read(&named, &with_keys(&key)), Some(RequestObjectError::Key));
        let good = jws(&key, &header(), &claims());
        assert_eq!(read(&good, &client()), Some(RequestObjectError::NoKeys));
        let basic = Client { profile: Profile::Basic, ..with_keys(&key) };
        assert_eq!(read(&good, &basic), Some(RequestObjectError::Key));
        assert_eq!(read("e30.e30", &with_keys(&key)), Some(JoseError::Malformed.into()));
    }

    #[test]
    fn another_kind_of_jwt_is_no_request() {
        for typ in ["client-authentication+jwt", "dpop+jwt", "logout+jwt", ""] {
            let header = json!({"alg": "ES256", "typ": typ});
            assert_eq!(read(&header, &claims()).err(), Some(RequestObjectError::Type), "{typ}");
        }
        for header in [json!({"alg": "ES256"}), json!({"alg": "ES256", "typ": "JWT"})] {
            assert!(read(&header, &claims()).is_ok(), "{header}");
        }
    }

    #[test]
    fn it_holds_no_other() {
        refuse(&with("request", json!("a.b.c")), RequestObjectError::Nested);
        refuse(&with("request_uri", json!("urn:x")), RequestObjectError::Nested);
    }

    #[test]
    fn a_malformed_parameter_is_told() {
        refuse(&with("state", json!("a\u{0}")), RequestObjectError::Parameter(ParameterError::Control));
    }
}
