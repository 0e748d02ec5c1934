//! Compact JWS, against a second reader.

use std::sync::LazyLock;

use base64::Engine as _;
use base64::alphabet::URL_SAFE;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use madoguchi_oidc::jose::{Claims, CompactJws, JoseError, JwsAlg, PublicJwk};
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use serde_json::{Map, Value};

use crate::input::Input;

/// A message of any text, or one that was signed and then perhaps changed.
pub fn jws(octets: &[u8]) {
    let mut input = Input::new(octets);
    match input.octet() % 3 {
        0 => any_text(input.octets(usize::MAX)),
        1 => changed(&mut input),
        _ => any_payload(&mut input),
    }
}

/// Whatever is read, a lenient reader reads the same way; nothing of it verifies.
fn any_text(octets: &[u8]) {
    let Ok(text) = std::str::from_utf8(octets) else { return };
    let Ok(message) = read(text) else { return };
    let (header, _) = second_reader(text).expect("a second reader reads it too");
    assert_eq!(Some(message.alg()), header.get("alg").and_then(Value::as_str));
    assert_eq!(message.kid(), header.get("kid").and_then(Value::as_str));
    assert_eq!(message.typ(), header.get("typ").and_then(Value::as_str));
    assert!(!header.contains_key("crit"), "an extension that nobody understood");
    assert!(JwsAlg::ALL.into_iter().all(|alg| message.verify(&KEY.1, alg).is_err()), "nobody signed this");
}

/// A signed message with an octet put in, taken out or replaced verifies only when nothing is changed.
fn changed(input: &mut Input<'_>) {
    let (kind, place, with) = (input.octet() % 3, input.octet(), input.octet());
    let with = SPELLINGS[usize::from(with) % SPELLINGS.len()];
    let original = sign(br#"{"alg":"ES256"}"#, input.octets(usize::MAX));
    if verify(&original).is_err() {
        // The payload is no object with unique members.
        return;
    }
    let mut text = original.clone().into_bytes();
    let back = from_the_end(&original, place);
    match kind {
        0 => text.insert(text.len() - back % (text.len() + 1), with),
        1 => drop(text.remove(text.len() - 1 - back % text.len())),
        _ => {
            let at = text.len() - 1 - back % text.len();
            text[at] = with;
        }
    }
    if let Ok(text) = String::from_utf8(text) {
        assert_eq!(verify(&text).is_ok(), text == original, "a second spelling: {text}");
    }
}

/// How far from the end: half of all places are at the borders of the three parts, where spellings differ.
fn from_the_end(text: &str, place: u8) -> usize {
    let dots = text.bytes().enumerate().filter(|(_, octet)| *octet == b'.').map(|(at, _)| text.len() - at);
    let borders: Vec<usize> = [0].into_iter().chain(dots.flat_map(|back| [back - 1, back])).collect();
    match place % 2 {
        0 => borders[usize::from(place / 2) % borders.len()],
        _ => usize::from(place / 2),
    }
}

/// Claims that come out are those of a lenient reader, each member once, each of its type.
fn any_payload(input: &mut Input<'_>) {
    let text = sign(br#"{"alg":"ES256"}"#, input.octets(usize::MAX));
    let Ok(claims) = verify(&text) else { return };
    let (_, payload) = second_reader(&text).expect("a second reader reads it too");
    assert_eq!(claims.iter().count(), payload.len());
    for (name, value) in &payload {
        assert_eq!(claims.value(name), Some(value));
        assert_eq!(claims.is(name, "a"), value == "a");
    }
    for (name, read) in [("exp", claims.numeric_date("exp")), ("nbf", claims.numeric_date("nbf"))] {
        match (payload.get(name), read) {
            (None, read) => assert_eq!(read, Err(JoseError::ClaimMissing { name })),
            (Some(Value::Number(number)), Ok(seconds)) => {
                let float = number.as_f64().expect("a number");
                assert!(float >= 0.0 && seconds.to_string() == format!("{:.0}", float.trunc()), "{number}");
            }
            (Some(value), Ok(_)) => panic!("{value} is no date"),
            (Some(_), Err(_)) => {}
        }
    }
    let audience = payload.get("aud");
    let holds = claims.audience_holds("a");
    let listed = || audience.and_then(Value::as_array).is_some_and(|all| all.contains(&Value::from("a")));
    assert!(!holds || audience == Some(&Value::from("a")) || listed());
}

fn verify(text: &str) -> Result<Claims, JoseError> {
    read(text)?.verify(&KEY.1, JwsAlg::Es256)
}

fn read(text: &str) -> Result<CompactJws<'_>, JoseError> {
    // A planted bug: padding behind the signature is cut off.
    let text = if cfg!(feature = "planted_jws") { text.trim_end_matches('=') } else { text };
    CompactJws::parse(text)
}

fn sign(header: &[u8], payload: &[u8]) -> String {
    let input = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(payload));
    let signature = KEY.0.sign(&SystemRandom::new(), input.as_bytes()).expect("a signature");
    format!("{input}.{}", URL_SAFE_NO_PAD.encode(signature))
}

/// Header and payload as a lenient library reads them: any trailing bits, padding or none, the last of two members.
fn second_reader(text: &str) -> Option<(Map<String, Value>, Map<String, Value>)> {
    let lenient = GeneralPurpose::new(
        &URL_SAFE,
        GeneralPurposeConfig::new()
            .with_decode_allow_trailing_bits(true)
            .with_decode_padding_mode(DecodePaddingMode::Indifferent),
    );
    let mut parts = text.split('.');
    let header = serde_json::from_slice(&lenient.decode(parts.next()?).ok()?).ok()?;
    let payload = serde_json::from_slice(&lenient.decode(parts.next()?).ok()?).unwrap_or_default();
    Some((header, payload))
}

/// What could make another spelling of the same message.
const SPELLINGS: &[u8; 16] = b"=.AQgwBZ09-_+/ \n";

static KEY: LazyLock<(EcdsaKeyPair, PublicJwk)> = LazyLock::new(|| {
    let (algorithm, random) = (&ECDSA_P256_SHA256_FIXED_SIGNING, SystemRandom::new());
    let pkcs8 = EcdsaKeyPair::generate_pkcs8(algorithm, &random).expect("a key");
    let pair = EcdsaKeyPair::from_pkcs8(algorithm, pkcs8.as_ref(), &random).expect("a key");
    let (x, y) = pair.public_key().as_ref()[1..].split_at(32);
    let [x, y] = [x, y].map(|coordinate| URL_SAFE_NO_PAD.encode(coordinate));
    let jwk = format!(r#"{{"kty":"EC","crv":"P-256","x":"{x}","y":"{y}"}}"#);
    (pair, PublicJwk::from_json(jwk.as_bytes()).expect("a public key"))
});
