//! Request objects by value (RFC 9101, FAPI 2.0 Message Signing section 5.3).

use std::sync::LazyLock;

use madoguchi_oidc::{Client, request_object as read_object};
use serde_json::{Value, json};

use super::client_assertion::registered;
use super::judge::{date, is_header, text};
use super::message::Message;
use super::{CLIENT, ISSUER, NOW};
use crate::input::Input;

/// A request object with one parameter beside those it needs.
pub fn request_object(octets: &[u8]) {
    let mut input = Input::new(octets);
    let message = Message::new(
        &mut input,
        &[
            (
                "typ",
                json!("oauth-authz-req+jwt"),
                &[
                    json!("JWT"),
                    json!("client-authentication+jwt"),
                    json!("dpop+jwt"),
                    json!("APPLICATION/oauth-authz-req+jwt"),
                    json!("application/jwt"),
                ],
            ),
            ("alg", json!("ES256"), &[json!("none"), json!("RS256"), json!("HS256")]),
            ("kid", json!("k"), &[json!("K")]),
            ("crit", Value::Null, &[json!([])]),
        ],
        &[
            ("iss", json!(CLIENT), &[json!("other"), json!([CLIENT])]),
            ("client_id", json!(CLIENT), &[json!("other"), json!([CLIENT])]),
            (
                "aud",
                json!(ISSUER),
                &[json!([ISSUER]), json!([ISSUER, "b"]), json!([ISSUER, 1]), json!(format!("{ISSUER}/"))],
            ),
            ("sub", Value::Null, &[json!(CLIENT)]),
            ("exp", json!(NOW + 60), &[json!(NOW + 3600), json!(NOW + 3601)]),
            ("nbf", json!(NOW), &[json!(NOW + 10), json!(NOW + 11)]),
            ("request", Value::Null, &[json!("a.b.c")]),
            ("request_uri", Value::Null, &[json!("urn:x")]),
            ("state", json!("s"), &[json!("a b"), json!("\u{0}")]),
        ],
    );
    let text = message.text(|claims| {
        // A planted bug: `sub` is not looked at.
        if cfg!(feature = "planted_request") {
            claims.remove("sub");
        }
    });
    let read = read_object(&text, &REGISTERED, ISSUER, NOW);
    let may = may_pass(&message);
    // A parameter may be malformed beside; that is another target's. Nothing passes that must not.
    assert!(may || read.is_err(), "{read:?}: {:?} {:?}", message.header, message.claims);
    let honest_state = message.claims.get("state") == Some(&json!("s"));
    assert!(!(may && honest_state) || read.is_ok(), "{read:?}: {:?} {:?}", message.header, message.claims);
    if let Ok(parameters) = read {
        let state = message.claims.get("state").and_then(Value::as_str).filter(|state| !state.is_empty());
        assert!(state.is_none() || parameters.value("state") == state);
        assert_eq!(parameters.value("client_id"), Some(CLIENT));
        assert!(["iss", "aud", "exp", "nbf"].iter().all(|name| parameters.value(name).is_none()));
    }
}

fn may_pass(message: &Message) -> bool {
    let (header, claims) = (&message.header, &message.claims);
    let kinds = ["jwt", "oauth-authz-req+jwt", "application/oauth-authz-req+jwt"];
    let typ = header.get("typ").map(|typ| typ.as_str().map(str::to_ascii_lowercase));
    let typed =
        is_header(header) && typ.is_none_or(|typ| typ.is_some_and(|typ| kinds.contains(&typ.as_str())));
    let kid = header.get("kid");
    let keyed = message.signed && text(header, "alg") == Some("ES256") && kid.is_none_or(|kid| kid == "k");
    let parties = text(claims, "iss") == Some(CLIENT) && text(claims, "client_id") == Some(CLIENT);
    let meant = match claims.get("aud") {
        Some(Value::String(audience)) => audience == ISSUER,
        Some(Value::Array(all)) => all.contains(&json!(ISSUER)) && all.iter().all(Value::is_string),
        _ => false,
    };
    let in_time = matches!((date(claims, "exp").needed(), date(claims, "nbf").needed()), (Some(exp), Some(nbf))
        if exp > NOW && nbf <= NOW + 10 && exp.saturating_sub(nbf) <= 3600);
    let alone = ["sub", "request", "request_uri"].iter().all(|name| !claims.contains_key(*name));
    typed && keyed && parties && meant && in_time && alone
}

static REGISTERED: LazyLock<Client> = LazyLock::new(registered);
