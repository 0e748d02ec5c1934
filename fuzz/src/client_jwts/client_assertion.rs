//! Client assertions (RFC 7523, with the audience of draft-ietf-oauth-rfc7523bis).

use std::sync::{Arc, LazyLock};

use madoguchi_oidc::jose::PublicJwkSet;
use madoguchi_oidc::{
    Authentication, CLIENT_ASSERTION_TYPE, Client, ClientAuthentication, ClientCredentials, Parameters,
    Profile, authenticate,
};
use serde_json::{Value, json};

use super::judge::{date, is_header, text};
use super::keys::CLIENTS;
use super::message::Message;
use super::{CLIENT, ISSUER, NOW};
use crate::input::Input;

/// An assertion of a client whose key has a name.
pub fn client_assertion(octets: &[u8]) {
    let mut input = Input::new(octets);
    let message = Message::new(
        &mut input,
        &[
            (
                "typ",
                Value::Null,
                &[
                    json!("JWT"),
                    json!("client-authentication+jwt"),
                    json!("dpop+jwt"),
                    json!("oauth-authz-req+jwt"),
                    json!("application/jwt"),
                ],
            ),
            ("alg", json!("ES256"), &[json!("none"), json!("RS256"), json!("HS256")]),
            ("kid", json!("k"), &[json!("K")]),
            ("crit", Value::Null, &[json!([])]),
        ],
        &[
            ("iss", json!(CLIENT), &[json!("other"), json!([CLIENT])]),
            ("sub", json!(CLIENT), &[json!("other"), json!([CLIENT])]),
            (
                "aud",
                json!(ISSUER),
                &[json!([ISSUER]), json!(format!("{ISSUER}/")), json!(format!("{ISSUER}/token"))],
            ),
            ("exp", json!(NOW + 60), &[json!(NOW + 300), json!(NOW + 301)]),
            ("iat", Value::Null, &[json!(NOW + 60), json!(NOW + 61)]),
            ("nbf", Value::Null, &[json!(NOW + 60), json!(NOW + 61)]),
            ("jti", json!("j"), &[json!("j".repeat(255)), json!("j".repeat(256))]),
        ],
    );
    let may = may_pass(&message);
    let assertion = message.text(|claims| {
        // A planted bug: an audience in a list of one is one.
        if cfg!(feature = "planted_assertion") && claims.get("aud") == Some(&json!([ISSUER])) {
            claims.insert("aud".to_owned(), json!(ISSUER));
        }
    });
    let kind = CLIENT_ASSERTION_TYPE.replace(':', "%3A");
    let form = format!("client_assertion_type={kind}&client_assertion={assertion}");
    let form = Parameters::from_urlencoded(form.as_bytes()).expect("a form");
    let read = ClientCredentials::from_request(None, &form)
        .and_then(|credentials| authenticate(&REGISTERED, &credentials, ISSUER, NOW));
    assert_eq!(read.is_ok(), may, "{read:?}: {:?} {:?}", message.header, message.claims);
    match read {
        Ok(Authentication::IfUnused(assertion)) => assert!(assertion.once().until > NOW),
        Ok(Authentication::Done(_)) => panic!("believed without asking whether it was used"),
        Err(_) => {}
    }
}

fn may_pass(message: &Message) -> bool {
    let (header, claims) = (&message.header, &message.claims);
    let kinds =
        ["jwt", "application/jwt", "client-authentication+jwt", "application/client-authentication+jwt"];
    let typ = header.get("typ").map(|typ| typ.as_str().map(str::to_ascii_lowercase));
    let typed =
        is_header(header) && typ.is_none_or(|typ| typ.is_some_and(|typ| kinds.contains(&typ.as_str())));
    // A key that has a name is found by it, or, being the only one, without.
    let kid = header.get("kid");
    let keyed = message.signed && text(header, "alg") == Some("ES256") && kid.is_none_or(|kid| kid == "k");
    let parties = text(claims, "iss") == Some(CLIENT) && text(claims, "sub") == Some(CLIENT);
    let meant = text(claims, "aud") == Some(ISSUER);
    let in_time = date(claims, "exp").needed().is_some_and(|exp| {
        let (iat, nbf) = (date(claims, "iat").or(NOW), date(claims, "nbf").or(NOW));
        matches!((iat, nbf), (Some(iat), Some(nbf))
            if exp > NOW && iat <= NOW + 60 && nbf <= NOW + 60 && exp.saturating_sub(iat) <= 300)
    });
    let once = text(claims, "jti").is_some_and(|jti| jti.len() <= 255);
    typed && keyed && parties && meant && in_time && once
}

static REGISTERED: LazyLock<Arc<Client>> = LazyLock::new(|| Arc::new(registered()));

/// A client with one key of the name `k`.
pub(super) fn registered() -> Client {
    let mut jwk = CLIENTS.jwk.clone();
    jwk["kid"] = json!("k");
    let set = PublicJwkSet::from_json(json!({ "keys": [jwk] }).to_string().as_bytes()).expect("a set");
    let uris = vec!["https://service.example/callback".to_owned()];
    Client::new(Profile::Fapi2, CLIENT, uris, ClientAuthentication::private_key_jwt(set))
}
