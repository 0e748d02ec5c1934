use std::sync::Arc;

use serde_json::{Value, json};

use super::*;
use crate::jose::JwsAlg;
use crate::jose::PublicJwkSet;
use crate::testing::{CALLBACK, jws, parameters, public_jwk, random, signing_key};
use crate::{
    Authentication, ClientAuthentication, ClientCredentials, Profile, SigningKey, TokenError, authenticate,
};

const ISSUER: &str = "https://midori.example";
const NOW: u64 = 1_800_000_000;

/// A client with its key.
struct Party {
    client: Client,
    key: SigningKey,
}

impl Party {
    fn of(profile: Profile, key: SigningKey) -> Self {
        let set = json!({ "keys": [public_jwk(&key)] }).to_string();
        let jwks = PublicJwkSet::from_json(set.as_bytes()).expect("a set");
        let authentication = ClientAuthentication::private_key_jwt(jwks);
        Self { client: Client::new(profile, "kosodate", vec![CALLBACK.to_owned()], authentication), key }
    }

    fn fapi2() -> Self {
        Self::of(Profile::Fapi2, signing_key())
    }

    fn header(&self) -> Value {
        json!({ "alg": self.key.alg(), "kid": self.key.kid() })
    }

    fn check(&self, header: &Value, claims: &Value) -> Result<AssertionUse, ClientAssertionError> {
        let ClientAuthentication::PrivateKeyJwt(keys) = &self.client.authentication else {
            panic!("another method")
        };
        check_client_assertion(&self.client, keys, &jws(&self.key, header, claims), ISSUER, NOW)
    }

    /// The usual claims with these changed; `null` takes one away.
    fn with(&self, changes: Value) -> Result<AssertionUse, ClientAssertionError> {
        self.check(&self.header(), &changed(claims(), changes))
    }
}

fn claims() -> Value {
    json!({ "iss": "kosodate", "sub": "kosodate", "aud": ISSUER, "iat": NOW, "exp": NOW + 60, "jti": "a" })
}

fn changed(mut claims: Value, changes: Value) -> Value {
    let Value::Object(changes) = changes else { panic!("changes are an object") };
    let members = claims.as_object_mut().expect("an object");
    for (name, value) in changes {
        if value.is_null() {
            members.remove(&name);
        } else {
            members.insert(name, value);
        }
    }
    claims
}

fn rsa_key(alg: JwsAlg) -> SigningKey {
    let random = random();
    let pkcs8 = SigningKey::generate(alg, &random).expect("a key");
    SigningKey::from_pkcs8(alg, &pkcs8, &random).expect("a key")
}

#[test]
fn an_assertion_of_the_client_for_us_is_accepted() {
    let party = Party::fapi2();
    let once = party.with(json!({})).expect("accepted");
    assert_eq!(once.until, NOW + 60);
    assert!(party.with(json!({ "iat": null, "nbf": NOW })).is_ok());
    assert!(party.with(json!({ "private": { "a": [1] } })).is_ok());
}

/// Hydra CVE-2020-5300: the same `jti` of the same client has one key, whatever else is in the assertion.
#[test]
fn c9_a_jti_is_one_key_of_one_client() {
    let party = Party::fapi2();
    let key = |changes| party.with(changes).expect("accepted").key;
    assert_eq!(key(json!({})), key(json!({ "exp": NOW + 100 })));
    assert_ne!(key(json!({})), key(json!({ "jti": "b" })));
    let mut other = Party::fapi2();
    other.client.id = "kosodat".to_owned();
    // The same `jti` of another client is another use, and the parts do not run into each other.
    let same = json!({ "iss": "kosodat", "sub": "kosodat" });
    assert_ne!(other.with(same).expect("accepted").key, key(json!({})));
    let named = json!({ "iss": "kosodat", "sub": "kosodat", "jti": "ea" });
    assert_ne!(other.with(named).expect("accepted").key, key(json!({})));
    assert_eq!(party.with(json!({ "jti": "j".repeat(255) })).map(|once| once.until), Ok(NOW + 60));
    assert_eq!(party.with(json!({ "jti": "j".repeat(256) })), Err(ClientAssertionError::LongJti));
}

#[test]
fn c9_an_assertion_lives_five_minutes_at_most() {
    let party = Party::fapi2();
    for (changes, error) in [
        (json!({ "exp": NOW + 300 }), None),
        (json!({ "exp": NOW + 301 }), Some(ClientAssertionError::TooLongLived)),
        (json!({ "iat": NOW - 241, "exp": NOW + 60 }), Some(ClientAssertionError::TooLongLived)),
        (json!({ "iat": null, "exp": NOW + 300 }), None),
        (json!({ "iat": null, "exp": NOW + 301 }), Some(ClientAssertionError::TooLongLived)),
        (json!({ "iat": NOW + 60, "exp": NOW + 360 }), None),
        (json!({ "exp": 9_007_199_254_740_992_u64 }), Some(ClientAssertionError::TooLongLived)),
    ] {
        assert_eq!(party.with(changes.clone()).err(), error, "{changes}");
    }
}

/// CVE-2025-27370 and CVE-2025-27371. The names of the FAPI 2.0 plan: `par-test-array-as-audience-fails`,
/// `par-test-par-endpoint-url-as-audience-fails`, `par-test-token-endpoint-url-as-audience-fails`,
/// `ensure-client-assertion-with-wrong-aud-fails`.
#[test]
fn c10_the_audience_is_our_issuer_as_one_string() {
    let party = Party::fapi2();
    for audience in [
        json!([ISSUER]),
        json!([ISSUER, "https://other.example"]),
        json!(format!("{ISSUER}/")),
        json!(format!("{ISSUER}{PATH_TOKEN}")),
        json!(format!("{ISSUER}/par")),
        json!("https://other.example"),
        json!("HTTPS://midori.example"),
        json!(""),
        json!(1),
        json!({}),
        Value::Null,
    ] {
        let refused = Err(ClientAssertionError::Audience);
        assert_eq!(party.with(json!({ "aud": audience })), refused, "{audience}");
    }
}

/// Services of the Digital Agency's app name the token endpoint. The flag is for that one address.
#[test]
fn c10_the_token_endpoint_is_an_audience_by_flag_alone() {
    let mut party = Party::of(Profile::DaCompat, rsa_key(JwsAlg::Rs256));
    let endpoint = json!({ "aud": format!("{ISSUER}{PATH_TOKEN}") });
    assert_eq!(party.with(endpoint.clone()), Err(ClientAssertionError::Audience));
    let ClientAuthentication::PrivateKeyJwt(keys) = &mut party.client.authentication else {
        panic!("another method")
    };
    keys.danger_token_endpoint_audience = true;
    assert!(party.with(endpoint).is_ok());
    assert!(party.with(json!({})).is_ok());
    for audience in [
        json!([format!("{ISSUER}{PATH_TOKEN}")]),
        json!(format!("{ISSUER}/par")),
        json!("https://other.example/token"),
    ] {
        assert_eq!(party.with(json!({ "aud": audience })), Err(ClientAssertionError::Audience), "{audience}");
    }
}

/// Zitadel CVE-2026-56665: what is missing or mistyped is no limit.
#[test]
fn c11_every_required_claim_is_there_and_of_its_type() {
    let party = Party::fapi2();
    for name in ["iss", "sub", "exp", "jti"] {
        let mut changes = json!({});
        changes[name] = Value::Null;
        let missing = ClientAssertionError::Jose(JoseError::ClaimMissing { name });
        assert_eq!(party.with(changes), Err(missing), "{name}");
        for mistyped in [json!(true), json!([]), json!({ "a": 1 })] {
            let mut changes = json!({});
            changes[name] = mistyped;
            let refused = ClientAssertionError::Jose(JoseError::ClaimType { name });
            assert_eq!(party.with(changes), Err(refused), "{name}");
        }
    }
    for name in ["exp", "iat", "nbf"] {
        let mut changes = json!({});
        changes[name] = json!((NOW + 30).to_string());
        let refused = ClientAssertionError::Jose(JoseError::ClaimType { name });
        assert_eq!(party.with(changes), Err(refused), "{name}");
    }
}

/// `ensure-client-assertion-no-sub-fails`, and a client never speaks for another.
#[test]
fn iss_and_sub_are_the_client() {
    let party = Party::fapi2();
    for name in ["iss", "sub"] {
        for other in ["other", "Kosodate", "kosodate ", ISSUER] {
            let mut changes = json!({});
            changes[name] = json!(other);
            assert_eq!(party.with(changes), Err(ClientAssertionError::OtherClient { name }), "{other}");
        }
    }
}

/// `par-ensure-jwt-client-assertions-nbf-8-seconds-in-the-future-is-accepted`, `…-nbf-over-60-seconds-in-the-future-fails`,
/// `ensure-client-assertion-exp-is-5-minutes-in-past-fails`.
#[test]
fn clocks_may_differ_a_little() {
    let party = Party::fapi2();
    for (changes, error) in [
        (json!({ "nbf": NOW + 8, "iat": NOW + 8 }), None),
        (json!({ "nbf": NOW + 60 }), None),
        (json!({ "nbf": NOW + 61 }), Some(ClientAssertionError::NotYet)),
        (json!({ "iat": NOW + 61, "exp": NOW + 100 }), Some(ClientAssertionError::NotYet)),
        (json!({ "exp": NOW + 1 }), None),
        (json!({ "exp": NOW, "iat": NOW - 60 }), Some(ClientAssertionError::Expired)),
        (json!({ "exp": NOW - 300, "iat": NOW - 360 }), Some(ClientAssertionError::Expired)),
    ] {
        assert_eq!(party.with(changes.clone()).err(), error, "{changes}");
    }
}

/// Authlib CVE-2026-27962: the key comes from the registration. `ensure-signed-client-assertion-with-RS256-fails`.
#[test]
fn c12_key_and_algorithm_are_the_registered_ones() {
    let party = Party::fapi2();
    let foreign = signing_key();
    let ClientAuthentication::PrivateKeyJwt(keys) = &party.client.authentication else {
        panic!("another method")
    };
    let check = |text: &str| check_client_assertion(&party.client, keys, text, ISSUER, NOW);
    let own_kid = json!({ "alg": "ES256", "kid": party.key.kid(), "jwk": public_jwk(&foreign) });
    let signature = ClientAssertionError::Jose(JoseError::Signature);
    assert_eq!(check(&jws(&foreign, &own_kid, &claims())), Err(signature));
    let foreign_kid = json!({ "alg": "ES256", "kid": foreign.kid() });
    assert_eq!(check(&jws(&foreign, &foreign_kid, &claims())), Err(ClientAssertionError::Key));
    for alg in ["none", "HS256", "RS256", "PS256", "es256"] {
        let header = json!({ "alg": alg, "kid": party.key.kid() });
        assert_eq!(party.check(&header, &claims()), Err(ClientAssertionError::Jose(JoseError::Alg)), "{alg}");
    }
    let critical = json!({ "alg": "ES256", "kid": party.key.kid(), "crit": ["exp"] });
    assert_eq!(party.check(&critical, &claims()), Err(ClientAssertionError::Jose(JoseError::Critical)));
    for text in ["", "a.b", "a.b.c", "....", &"a".repeat(20_000)] {
        assert!(matches!(check(text), Err(ClientAssertionError::Jose(_))), "{text}");
    }
}

#[test]
fn c12_an_rsa_key_is_for_one_algorithm() {
    for (profile, registered, accepted) in [
        (Profile::Fapi2, JwsAlg::Ps256, true),
        // Such a client cannot be registered; were it, its assertions would not do.
        (Profile::Fapi2, JwsAlg::Rs256, false),
        (Profile::Standard, JwsAlg::Rs256, true),
        (Profile::DaCompat, JwsAlg::Rs256, true),
    ] {
        let party = Party::of(profile, rsa_key(registered));
        assert_eq!(party.with(json!({})).is_ok(), accepted, "{profile:?} {registered:?}");
    }
}

/// A registered RSA key that does not say its algorithm has its profile's, and no other.
#[test]
fn c12_an_rsa_key_without_alg_is_for_the_profiles() {
    let random = random();
    let pkcs8 = SigningKey::generate(JwsAlg::Rs256, &random).expect("a key");
    let [rs256, ps256] = [JwsAlg::Rs256, JwsAlg::Ps256]
        .map(|alg| SigningKey::from_pkcs8(alg, &pkcs8, &random).expect("a key"));
    let mut jwk = json!(public_jwk(&rs256));
    let members = jwk.as_object_mut().expect("an object");
    assert!(members.remove("alg").is_some() && members.remove("kid").is_some());
    let set = json!({ "keys": [jwk] }).to_string();
    let jwks = PublicJwkSet::from_json(set.as_bytes()).expect("a set");
    for (profile, accepted) in [
        (Profile::Standard, [true, false]),
        (Profile::DaCompat, [true, false]),
        (Profile::Fapi2, [false, true]),
    ] {
        let authentication = ClientAuthentication::private_key_jwt(jwks.clone());
        let client = Client::new(profile, "kosodate", vec![CALLBACK.to_owned()], authentication);
        let ClientAuthentication::PrivateKeyJwt(keys) = &client.authentication else {
            panic!("another method")
        };
        let signed = [&rs256, &ps256].map(|key| {
            let text = jws(key, &json!({ "alg": key.alg() }), &claims());
            check_client_assertion(&client, keys, &text, ISSUER, NOW).is_ok()
        });
        assert_eq!(signed, accepted, "{profile:?}");
    }
}

/// RFC 8725 section 3.11: a DPoP proof or a request object that the client signed is no assertion.
#[test]
fn another_kind_of_jwt_is_no_assertion() {
    let party = Party::fapi2();
    for (typ, accepted) in [
        ("JWT", true),
        ("jwt", true),
        ("client-authentication+jwt", true),
        ("application/client-authentication+jwt", true),
        ("dpop+jwt", false),
        ("oauth-authz-req+jwt", false),
        ("logout+jwt", false),
        ("at+jwt", false),
        ("", false),
    ] {
        let mut header = party.header();
        header["typ"] = json!(typ);
        let expected = if accepted { None } else { Some(ClientAssertionError::Typ) };
        assert_eq!(party.check(&header, &claims()).err(), expected, "{typ}");
    }
}

fn form(assertion: &str, client_id: Option<&str>) -> Result<ClientCredentials, TokenError> {
    let mut form = vec![("client_assertion", assertion), ("client_assertion_type", CLIENT_ASSERTION_TYPE)];
    form.extend(client_id.map(|id| ("client_id", id)));
    ClientCredentials::from_request(None, &parameters(&form))
}

/// RFC 7521 section 4.2: `client_id` may be left out; when it is there it is the same client
/// (`ensure-client-id-in-token-endpoint`).
#[test]
fn the_assertion_names_its_client() {
    let party = Party::fapi2();
    let assertion = jws(&party.key, &party.header(), &claims());
    for named in [None, Some("kosodate")] {
        assert_eq!(form(&assertion, named).expect("credentials").client_id(), "kosodate");
    }
    assert_eq!(form(&assertion, Some("other")).err(), Some(TokenError::ManyAuthentications));
    let other_type = [("client_assertion", assertion.as_str()), ("client_assertion_type", "saml")];
    let refused = ClientCredentials::from_request(None, &parameters(&other_type)).err();
    assert_eq!(refused, Some(TokenError::ClientAuthentication));
}

/// An assertion proves nothing until it is known that nobody used it before.
#[test]
fn c9_an_assertion_is_believed_once_its_use_is_written_down() {
    let party = Party::fapi2();
    let assertion = jws(&party.key, &party.header(), &claims());
    let client = Arc::new(party.client.clone());
    let check = || authenticate(&client, &form(&assertion, None).expect("credentials"), ISSUER, NOW);
    let unused = |authentication| match authentication {
        Ok(Authentication::IfUnused(unused)) => unused,
        other => panic!("{other:?}"),
    };
    let first = unused(check());
    assert_eq!(first.once().until, NOW + 60);
    assert_eq!(first.used(true).expect("a client").client().id, "kosodate");
    let again = unused(check()).used(false).err();
    assert_eq!(again, Some(TokenError::ClientAssertion(ClientAssertionError::UsedBefore)));
    let refused = again.expect("refused");
    assert_eq!((refused.status(), refused.error().as_str()), (401, "invalid_client"));
}

/// A registered key does not make a secret or nothing at all good enough.
#[test]
fn a_client_with_keys_brings_an_assertion() {
    let party = Party::fapi2();
    let client = Arc::new(party.client.clone());
    for bare in [&[("client_id", "kosodate")][..], &[("client_id", "kosodate"), ("client_secret", "x")]] {
        let credentials = ClientCredentials::from_request(None, &parameters(bare)).expect("credentials");
        let refused = authenticate(&client, &credentials, ISSUER, NOW).err();
        assert_eq!(refused, Some(TokenError::ClientAuthentication));
    }
}
