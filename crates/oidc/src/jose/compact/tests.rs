use serde_json::json;

use super::*;
use crate::SigningKey;
use crate::jose::jwk::testing::{PS256_JWS, RS256_JWS, RSA_N};
use crate::testing::{base64url, jws, public_jwk, signing_key};

fn error(text: &str) -> Option<JoseError> {
    CompactJws::parse(text).err()
}

fn with_header(header: &str) -> String {
    format!("{}.{}.{}", base64url(header.as_bytes()), base64url(b"{}"), base64url(&[1; 64]))
}

fn verify(text: &str, key: &SigningKey, alg: JwsAlg) -> Result<Claims, JoseError> {
    CompactJws::parse(text)?.verify(&public_jwk(key), alg)
}

/// What OpenSSL signed verifies, and only as what it is.
#[test]
fn signatures_of_another_program_verify_under_their_own_algorithm_alone() {
    let key = json!({"kty": "RSA", "n": RSA_N, "e": "AQAB"});
    let key = PublicJwk::from_value(&key).expect("a key");
    for (text, own) in [(RS256_JWS, JwsAlg::Rs256), (PS256_JWS, JwsAlg::Ps256)] {
        let message = CompactJws::parse(text).expect("a message");
        let claims = message.verify(&key, own).expect("verifies");
        assert_eq!((claims.string("iss"), claims.numeric_date("exp")), (Ok("a"), Ok(1_800_000_000)));
        for alg in JwsAlg::ALL.into_iter().filter(|alg| *alg != own) {
            assert_eq!(message.verify(&key, alg), Err(JoseError::Alg));
        }
    }
    // The signature of one under the header of the other.
    let (_, rest) = PS256_JWS.split_once('.').expect("parts");
    let swapped = format!("{}.{rest}", base64url(br#"{"alg":"RS256"}"#));
    let swapped = CompactJws::parse(&swapped).expect("a message");
    assert_eq!(swapped.verify(&key, JwsAlg::Rs256), Err(JoseError::Signature));
}

/// RFC 7515 appendix A.3.
#[test]
fn the_es256_vector_of_rfc_7515() {
    let key = json!({"kty": "EC", "crv": "P-256", "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
        "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"});
    let key = PublicJwk::from_value(&key).expect("a key");
    let text = "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q";
    let claims = CompactJws::parse(text).expect("a message").verify(&key, JwsAlg::Es256).expect("verifies");
    assert_eq!(claims.string("iss"), Ok("joe"));
}

/// CVE-2026-27962 (`jwk` believed), CVE-2025-59420 (`crit` ignored), and the old confusions of algorithms.
#[test]
fn c12_the_message_chooses_neither_key_nor_algorithm() {
    let (key, other) = (signing_key(), signing_key());
    let own_header = json!({"alg": "ES256", "jwk": public_jwk(&other), "jku": "https://evil.example/",
        "x5u": "https://evil.example/", "x5c": ["AA"]});
    let by_other = jws(&other, &own_header, &json!({}));
    assert_eq!(verify(&by_other, &key, JwsAlg::Es256), Err(JoseError::Signature));
    // They are ignored, not fatal.
    assert!(verify(&jws(&key, &own_header, &json!({})), &key, JwsAlg::Es256).is_ok());

    for alg in ["none", "None", "HS256", "RS256", "es256", "ES384"] {
        let text = jws(&key, &json!({"alg": alg}), &json!({}));
        assert_eq!(verify(&text, &key, JwsAlg::Es256), Err(JoseError::Alg), "{alg}");
        assert!(verify(&text, &key, JwsAlg::Rs256).is_err(), "{alg}");
    }
    // A key of another kind than the algorithm it is pinned to.
    let text = jws(&key, &json!({"alg": "RS256"}), &json!({}));
    assert_eq!(verify(&text, &key, JwsAlg::Rs256), Err(JoseError::Signature));

    for crit in [json!(["exp"]), json!([]), json!("exp"), json!(null), json!(["b64"])] {
        let text = jws(&key, &json!({"alg": "ES256", "crit": crit, "exp": 1, "b64": false}), &json!({}));
        assert_eq!(error(&text), Some(JoseError::Critical));
    }
}

#[test]
fn every_octet_is_signed() {
    let key = signing_key();
    let text = jws(&key, &json!({"alg": "ES256", "kid": "k", "typ": "JWT"}), &json!({"iss": "a"}));
    let message = CompactJws::parse(&text).expect("a message");
    assert_eq!((message.alg(), message.kid(), message.typ()), ("ES256", Some("k"), Some("JWT")));
    assert_eq!(message.unverified_string("iss").as_deref(), Some("a"));
    assert_eq!(message.unverified_string("sub"), None);
    assert!(verify(&text, &key, JwsAlg::Es256).is_ok());
    for at in 0..text.len() {
        let mut changed = text.clone().into_bytes();
        changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
        let changed = String::from_utf8(changed).expect("ASCII");
        assert!(verify(&changed, &key, JwsAlg::Es256).is_err(), "{at}");
    }
}

#[test]
fn exactly_three_parts_of_canonical_base64url() {
    let good = with_header(r#"{"alg":"ES256"}"#);
    assert_eq!(error(&good), None);
    let (two, _) = good.rsplit_once('.').expect("parts");
    for wrong in [
        String::new(),
        "..".to_owned(),
        two.to_owned(),
        format!("{two}."),
        format!("{good}."),
        format!("{good}.e30"),
        format!("{good}.e30.e30"),
        format!(".{good}"),
        format!("{good}="),
        format!("{good}\n"),
        format!(" {good}"),
        good.replace(".e30.", ".."),
        good.replace(".e30.", ".e30=."),
        good.replace(".e30.", ".e3 0."),
        // Another spelling of the same octets.
        good.replace(".e30.", ".e31."),
        good.replace(".e30.", ".+/8."),
        good.replace('.', "%2E"),
    ] {
        assert_eq!(error(&wrong), Some(JoseError::Malformed), "{wrong}");
    }
}

#[test]
fn the_header_is_one_object_with_a_text_alg() {
    for wrong in
        ["", "[]", "null", "{", r#"{"alg":"ES256"}{}"#, r#"{"alg":"ES256","alg":"none"}"#, "\u{feff}{}"]
    {
        let expected = if wrong.is_empty() { JoseError::Malformed } else { JoseError::Json };
        assert_eq!(error(&with_header(wrong)), Some(expected), "{wrong}");
    }
    for (header, name) in [
        ("{}", "alg"),
        (r#"{"alg":1}"#, "alg"),
        (r#"{"alg":null}"#, "alg"),
        (r#"{"alg":"ES256","kid":1}"#, "kid"),
        (r#"{"alg":"ES256","typ":["JWT"]}"#, "typ"),
    ] {
        assert_eq!(error(&with_header(header)), Some(JoseError::Header { name }), "{header}");
    }
}

#[test]
fn claims_are_one_object_and_come_out_verified_alone() {
    let key = signing_key();
    let header = json!({"alg": "ES256"});
    for payload in ["[]", "1", "{}{}", r#"{"iss":"a","iss":"b"}"#] {
        let text = crate::testing::jws_of_octets(&key, &header, payload.as_bytes());
        assert_eq!(verify(&text, &key, JwsAlg::Es256), Err(JoseError::Json), "{payload}");
        assert_eq!(CompactJws::parse(&text).expect("parts").unverified_string("iss"), None);
    }
}

#[test]
fn c18_the_length_is_bounded() {
    assert_eq!(error(&"a".repeat(16 * 1024 + 1)), Some(JoseError::TooLong));
    assert_eq!(error(&"a".repeat(16 * 1024)), Some(JoseError::Malformed));
}

#[test]
fn the_embedded_key_is_read_only_when_asked_for() {
    let key = signing_key();
    let embedded = |jwk: Value| {
        let text = jws(&key, &json!({"alg": "ES256", "jwk": jwk}), &json!({}));
        CompactJws::parse(&text).expect("a message").embedded_jwk()
    };
    assert_eq!(embedded(json!(public_jwk(&key))), Some(Ok(public_jwk(&key))));
    assert_eq!(embedded(json!("x")), Some(Err(JwkError::Json)));
    let mut private = json!(public_jwk(&key));
    private["d"] = json!("AA");
    assert_eq!(embedded(private), Some(Err(JwkError::Private)));
    let text = jws(&key, &json!({"alg": "ES256"}), &json!({}));
    assert_eq!(CompactJws::parse(&text).expect("a message").embedded_jwk(), None);
}
