//! DPoP proofs (RFC 9449).

use std::sync::LazyLock;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use madoguchi_oidc::{AccessToken, DpopProof, DpopRequest};
use ring::digest::{SHA256, digest};
use ring::rand::SystemRandom;
use serde_json::{Value, json};

use super::NOW;
use super::judge::{date, is_header, text};
use super::keys::{CLIENTS, OTHER};
use super::message::Message;
use crate::input::Input;

/// A proof for one request, with or without an access token.
pub fn dpop(octets: &[u8]) {
    let mut input = Input::new(octets);
    let token = (input.octet() % 2 == 1).then_some(&*TOKEN);
    let with_private = {
        let mut jwk = CLIENTS.jwk.clone();
        jwk["d"] = json!("AA");
        jwk
    };
    let ath = URL_SAFE_NO_PAD.encode(digest(&SHA256, TOKEN.encode().as_bytes()));
    let message = Message::new(
        &mut input,
        &[
            ("typ", json!("dpop+jwt"), &[json!("JWT"), json!("DPOP+JWT"), json!("application/dpop+jwt")]),
            (
                "alg",
                json!("ES256"),
                &[json!("none"), json!("RS256"), json!("PS256"), json!("HS256"), json!("es256")],
            ),
            ("jwk", CLIENTS.jwk.clone(), &[OTHER.jwk.clone(), with_private]),
            ("crit", Value::Null, &[json!(["exp"])]),
        ],
        &[
            ("htm", json!("POST"), &[json!("post"), json!("GET"), json!("POST ")]),
            ("htu", json!(ADDRESS), &HTU.map(|(htu, _)| json!(htu))),
            ("iat", json!(NOW), &[]),
            ("nbf", Value::Null, &[]),
            ("exp", Value::Null, &[]),
            ("ath", if token.is_some() { json!(ath) } else { Value::Null }, &[json!(format!("{ath}="))]),
            ("jti", json!("j"), &[json!("j".repeat(256)), json!("j".repeat(257))]),
        ],
    );
    let request = DpopRequest { method: "POST", uri: ADDRESS, access_token: token, now: NOW };
    let text = message.text(|claims| {
        // A planted bug: `nbf` is not looked at.
        if cfg!(feature = "planted_dpop") {
            claims.remove("nbf");
        }
    });
    let read = DpopProof::check(&text, &request);
    let may = may_pass(&message, token.is_some().then_some(&ath), read.is_ok());
    assert_eq!(read.is_ok(), may, "{read:?}: {:?} {:?}", message.header, message.claims);
    if let Ok(proof) = read {
        assert!(proof.until > NOW, "it could be used again while it is taken");
    }
}

/// The rules of RFC 9449 section 4.3 by number. An address of the fuzzer's own that passed is believed if it is a URL at all.
fn may_pass(message: &Message, ath: Option<&String>, passed: bool) -> bool {
    let (header, claims) = (&message.header, &message.claims);
    // 2, 4, 5: a JWT of this type, with an asymmetric algorithm.
    let typed =
        is_header(header) && text(header, "typ") == Some("dpop+jwt") && text(header, "alg") == Some("ES256");
    // 6, 7: signed by the key in it, whosever that is, which has no private part.
    let signer = if message.signed { &CLIENTS.jwk } else { &OTHER.jwk };
    let keyed = header.get("jwk") == Some(signer);
    // 8, 9: for this request.
    let address = text(claims, "htu").is_some_and(|htu| match HTU.iter().find(|(known, _)| *known == htu) {
        Some((_, same)) => *same,
        None if htu == ADDRESS => true,
        None => {
            passed
                && htu.bytes().all(|octet| octet.is_ascii_graphic())
                && htu.to_lowercase().starts_with("https://")
        }
    });
    let meant = text(claims, "htm") == Some("POST") && address;
    // 11: of this minute.
    let in_time = date(claims, "iat").needed().is_some_and(|iat| {
        let (nbf, exp) = (date(claims, "nbf").or(iat), date(claims, "exp").or(u64::MAX));
        matches!((nbf, exp), (Some(nbf), Some(exp))
            if iat.max(nbf) <= NOW + 10 && exp >= NOW && iat + 60 >= NOW)
    });
    // 12: with this token.
    let bound = ath.is_none_or(|ath| text(claims, "ath") == Some(ath));
    let once = text(claims, "jti").is_some_and(|jti| jti.len() <= 256);
    typed && keyed && meant && in_time && bound && once
}

const ADDRESS: &str = "https://madoguchi.example/token";

/// Other spellings, and whether they are the same address.
const HTU: [(&str, bool); 12] = [
    ("https://madoguchi.example/token?x=1", true),
    ("https://madoguchi.example/token#x", true),
    ("HTTPS://MADOGUCHI.example:443/./token", true),
    ("https://madoguchi.example/x/../token", true),
    ("https://madoguchi.example/token/", false),
    ("https://madoguchi.example/Token", false),
    ("https://madoguchi.example:444/token", false),
    ("http://madoguchi.example/token", false),
    ("https://a@madoguchi.example/token", false),
    ("https://madoguchi.example./token", false),
    ("https://madoguchi.example/%74oken", false),
    ("/token", false),
];

static TOKEN: LazyLock<AccessToken> =
    LazyLock::new(|| AccessToken::generate(&SystemRandom::new()).expect("a token"));
